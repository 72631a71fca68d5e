"""The event store: appending, alone and at once, from one process and from several, and the way of a command."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from bench import by_hand, inserts, library
from bench.processes import Clients, Processes
from bench.runner import Action, Row, throughput
from bench.sample import METADATA, NOW, begin_streams, choose, command, reports, states
from bench.servers import Servers
from companies.company import Company, companies
from eventstore.decider import Actor
from eventstore.execution import execute
from eventstore.postgres.appending import Append, Key, NewEvent
from eventstore.postgres.store import Store

PROCESSES = 4


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of the store."""
    ours, inserted, hand = await servers.store(), await servers.database(), await servers.database()
    await begin_streams(ours)
    await inserts.create(inserted)
    await by_hand.create(hand)
    insert = partial(_rate, inserts.inserting, inserted)
    async with AsyncExitStack() as stack:
        shelf = stack.enter_context(library.opened(await servers.database()))
        several = stack.enter_context(Processes(appending, ours, PROCESSES, each=16))
        several_inserts = stack.enter_context(Processes(inserts.inserting, inserted, PROCESSES, each=4))
        append = partial(_rate, appending, ours)
        yield [
            Row("append, 64 at once", "insert, 16 connections", 2.5, partial(append, clients=64), insert),
            Row("append, 256 at once", "insert, 16 connections", 3, partial(append, clients=256), insert),
            Row(
                "append with an Idempotency-Key, 64 at once",
                "insert, 16 connections",
                2,
                partial(append, clients=64, keyed=True),
                insert,
            ),
            Row(
                "append, 64 at once",
                "eventsourcing, 64 threads",
                25,
                partial(append, clients=64),
                partial(asyncio.to_thread, shelf.throughput),
            ),
            Row("append, one at a time", "insert", 0.6, partial(append, clients=1), partial(insert, clients=1)),
            Row(
                "append from 4 processes, 64 at once in all",
                "insert from 4 processes, 16 connections in all",
                1,
                several.throughput,
                several_inserts.throughput,
            ),
            Row(
                "load + decide + append, 64 at once",
                "the same by hand, no grouping",
                3,
                partial(_rate, executing, ours, clients=64),
                partial(_rate, by_hand.reporting, hand, clients=64),
            ),
        ]


async def _rate(opened: Clients, url: str, **options: Any) -> float:
    async with opened(url, **options) as actions:
        return await throughput(actions)


@asynccontextmanager
async def appending(
    url: str, clients: int, first: int = 0, of: int | None = None, *, keyed: bool = False
) -> AsyncIterator[Sequence[Action]]:
    """Clients that append to known versions; they are those from `first` on, of so many in all processes."""
    async with Store.open(url) as store:
        rows = await store.pool.fetch("SELECT stream_id, version FROM streams")
        versions = {row["stream_id"]: row["version"] for row in rows}
        yield [
            _appender(store, versions, choose(number, of or clients), keyed=keyed)
            for number in range(first, first + clients)
        ]


def _appender(store: Store, versions: dict[str, int], chosen: Callable[[], str], *, keyed: bool) -> Action:
    events, folded = reports(), states()

    async def append() -> None:
        siret = chosen()
        stream_id = f"company-{siret}"
        appended = await store.append(
            Append(
                stream_id,
                "company",
                versions[stream_id],
                [NewEvent("HeadcountReported", 1, events[siret])],
                folded[siret],
                Company.revision,
                METADATA,
                Key(str(uuid.uuid4()), bytes(32)) if keyed else None,
                # As a command that changes nothing that lists go by.
                labelling=companies.labelling.mark,
            )
        )
        versions[stream_id] = appended.version

    return append


@asynccontextmanager
async def executing(url: str, clients: int) -> AsyncIterator[Sequence[Action]]:
    """Clients that report headcounts."""
    async with Store.open(url) as store:
        yield [_executor(store, choose(client, clients)) for client in range(clients)]


def _executor(store: Store, chosen: Callable[[], str]) -> Action:
    actor = Actor("bench", frozenset({"network"}))

    async def report() -> None:
        await execute(store, companies, command(), identity=chosen(), actor=actor, now=NOW, metadata=METADATA)

    return report
