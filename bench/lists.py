"""Lists: a page of 20 streams found among 200,000, by two fields or by the beginnings of two words."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from bench import listed_by_hand
from bench.directory import COMMUNES, COMPANIES, FOUND, PAGE, listed, some_commune, some_name
from bench.processes import Clients
from bench.runner import Action, Row, throughput
from bench.sample import append_all, begun
from bench.servers import Servers
from companies.company import companies
from eventstore.postgres.appending import Append
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store

CLIENTS: Final = (1, 16)
SETTLED: Final = 20_000
"""Appends after which labels are put into their index, as a worker does all the time."""


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of lists."""
    ours, hand = await servers.store(), await servers.database()
    async with Store.open(ours) as store:
        for begin in range(0, COMPANIES, SETTLED):
            await append_all(store, map(_append, range(begin, begin + SETTLED)))
            await store.settle_labels()
        await store.pool.execute("VACUUM ANALYZE streams, events, ordered", timeout=60)
    await listed_by_hand.create(hand)
    yield [
        Row(
            f"{work} {COMPANIES:,} streams, {'one at a time' if clients == 1 else f'{clients} at once'}",
            "a table by hand, each field in an indexed column",
            0.5,
            partial(_rate, listing, ours, clients=clients, searching=searching),
            partial(_rate, listed_by_hand.listing, hand, clients=clients, searching=searching),
        )
        for work, searching in ((f"list filtered to {FOUND} of", False), ("q= over", True))
        for clients in CLIENTS
    ]


def _append(number: int) -> Append:
    state, events = listed(number)
    return begun(companies, state.siret, events)


async def _rate(opened: Clients, url: str, **options: Any) -> float:
    async with opened(url, **options) as actions:
        return await throughput(actions)


@asynccontextmanager
async def listing(
    url: str, clients: int, *, searching: bool, communes: int = COMMUNES
) -> AsyncIterator[Sequence[Action]]:
    """Clients that ask for the first page of what they find."""
    async with Store.open(url) as store:
        yield [_searcher(store) if searching else _lister(store, communes)] * clients


def _lister(store: Store, communes: int) -> Action:
    def found_by() -> dict[str, str]:
        return {"commune": some_commune(communes), "status": "active"}

    return lambda: _page(store, [companies.labelling.having_all(found_by())])


def _searcher(store: Store) -> Action:
    return lambda: _page(store, map(companies.labelling.wording, some_name()))


async def _page(store: Store, queries: Iterable[str]) -> None:
    found = await store.list_streams(Wanted(companies.category, " & ".join(queries), limit=PAGE))
    assert len(found.streams) == FOUND
