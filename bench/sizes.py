"""What becomes of the platform as it fills: the same asked of a store of many events, and of one of few."""

import statistics
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import count, islice, takewhile
from random import Random
from time import perf_counter
from typing import Any, Final

from bench.chapter import MIGRATIONS, employed, version
from bench.directory import FOUND
from bench.fold import worker
from bench.lists import listing
from bench.relay import leading, reached
from bench.runner import Action, Row, throughput
from bench.sample import COMMUNE, DAY, METADATA, STREAMS, append_all
from bench.servers import Servers
from bench.stored import Stored, last_position, stored
from bench.visible import COMMANDS, MILLISECONDS, PACE, Figures
from companies.company import Company, companies
from contracts.companies.company import HeadcountReported
from contracts.values import sample_siret
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Store

LEAST: Final = 10_000
"""Events of the store that all others are measured beside."""
CLIENTS: Final = 64
NEW: Final = 4_000
"""Events that a relay finds, each time."""
TAKEN_OVER: Final = 3
"""How often a relay takes over in a measurement."""
ROUNDS: Final = 5
GROWING: Final = 3
"""Rounds of what stays in the store and in the topic."""
_STREAMS: Final = "SELECT stream_id, version, state FROM streams WHERE version > 1 ORDER BY md5(stream_id) LIMIT $1"
"""As many of the active companies as in other measurements, from all over the store."""


@asynccontextmanager
async def rows(servers: Servers, events: int, least: int = LEAST) -> AsyncIterator[list[Row]]:
    """The rows of each size that is tenfold of the one before, up to so many events."""
    few = await Sized.fill(servers, least)
    many = [await Sized.fill(servers, size) for size in takewhile(events.__ge__, (least * 10**n for n in count(1)))]
    works: Sequence[tuple[str, Callable[[Sized], Coroutine[Any, Any, float]], str, int]] = (
        (f"append, {CLIENTS} at once", Sized.append, "/s", ROUNDS),
        (f"load, {CLIENTS} at once", Sized.load, "/s", ROUNDS),
        (f"list filtered to {FOUND} streams, one at a time", Sized.list, "/s", ROUNDS),
        ("a relay takes over", Sized.take_over, " ms", ROUNDS),
        (f"relay of {NEW:,} new events", Sized.relay, "/s", GROWING),
        (f"event → fact visible, p50, at {PACE} events/s", Sized.show, " ms", GROWING),
    )
    yield [
        Row(
            f"{work}, where there are {size.events:,} events",
            f"the same, {least:,} events",
            1.25 if unit == " ms" else 0.8,
            partial(measure, size),
            partial(measure, few),
            unit=unit,
            at_most=unit == " ms",
            rounds=rounds,
        )
        for work, measure, unit, rounds in works
        for size in many
    ]


class Sized:
    """A store of some size, and what is measured of it."""

    def __init__(self, servers: Servers, filled: Stored, figures: str) -> None:
        self.events = filled.events
        self._servers = servers
        self._stored = filled
        self._figures = figures
        """The database of a chapter that counts the events."""

    @classmethod
    async def fill(cls, servers: Servers, events: int) -> "Sized":
        """A new store, its topic, and a chapter that has still to be folded."""
        return cls(servers, await stored(servers, events), await servers.database(MIGRATIONS))

    async def append(self) -> float:
        """Events appended a second, to a copy: in a second there would be as many again as the least store has."""
        async with self._servers.copied(self._stored.url) as url, Store.open(url) as store:
            reporting = await Reporting.of(store)
            return await throughput([reporting.client(number) for number in range(CLIENTS)])

    async def load(self) -> float:
        """Streams loaded a second."""
        async with Store.open(self._stored.url) as store:
            reporting = await Reporting.of(store)
            return await throughput([reporting.reader(number) for number in range(CLIENTS)])

    async def list(self) -> float:
        """Lists of a page a second."""
        async with listing(self._stored.url, 1, searching=False, communes=self._stored.communes) as actions:
            return await throughput(actions)

    async def take_over(self) -> float:
        """Milliseconds until a relay leads that has nothing to publish, at the median."""
        taken = []
        for _ in range(TAKEN_OVER):
            begun = perf_counter()
            async with leading(self._stored.relay(self._servers.kafka)):
                taken.append(perf_counter() - begun)
        return statistics.median(taken) * MILLISECONDS

    async def relay(self) -> float:
        """New events committed in Kafka a second, from when the relay leads."""
        async with Store.open(self._stored.url) as store:
            reporting = await Reporting.of(store)
            await append_all(store, islice(reporting.appends(), NEW))
            last = await last_position(store)
        async with leading(self._stored.relay(self._servers.kafka)) as relay:
            begun = perf_counter()
            await reached(relay, last)
            return NEW / (perf_counter() - begun)

    async def show(self) -> float:
        """Milliseconds from an append until its fact is committed, in a chapter that has a fact of each event."""
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(Store.open(self._stored.url))
            await stack.enter_async_context(leading(self._stored.relay(self._servers.kafka, store)))
            stack.enter_context(worker(self._servers, self._figures, self._stored.topic, employed, 1))
            figures = await stack.enter_async_context(Figures.open(self._figures, version(employed, 1), employed))
            appends = (await Reporting.of(store)).appends()

            def tell() -> tuple[str, Coroutine[Any, Any, object]]:
                append = next(appends)
                return append.stream_id, store.append(append)

            # Once these are seen, in all partitions, so is all that was there before.
            before = await last_position(store)
            await append_all(store, islice(appends, COMMANDS))
            return await figures.milliseconds(tell, await figures.last(before, COMMANDS))


class Reporting:
    """Active companies that report their headcounts."""

    def __init__(self, store: Store, versions: dict[str, int], states: dict[str, str]) -> None:
        self._store = store
        self._streams = [*versions]
        self._versions = versions
        self._states = states
        self._random = Random(1)

    @classmethod
    async def of(cls, store: Store) -> "Reporting":
        """Some of those of a store."""
        rows = await store.pool.fetch(_STREAMS, STREAMS, timeout=60)
        return cls(
            store,
            {row["stream_id"]: row["version"] for row in rows},
            {row["stream_id"]: row["state"] for row in rows},
        )

    def appends(self) -> Iterator[Append]:
        """Reports of all of them in turn."""
        while True:
            for stream_id in self._streams:
                append = self._append(stream_id)
                self._versions[stream_id] += 1
                yield append

    def client(self, number: int) -> Action:
        """Appends reports to streams of its own."""
        share = self._streams[number::CLIENTS]

        async def append() -> None:
            stream_id = self._random.choice(share)
            appended = await self._store.append(self._append(stream_id))
            self._versions[stream_id] = appended.version

        return append

    def reader(self, number: int) -> Action:
        """Loads streams of its own."""
        share = self._streams[number::CLIENTS]
        return lambda: self._store.load(self._random.choice(share))

    def _append(self, stream_id: str) -> Append:
        return Append(
            stream_id,
            companies.category,
            self._versions[stream_id],
            [NewEvent("HeadcountReported", 1, _REPORT.replace(_SIRET, stream_id.rpartition("-")[2]))],
            self._states[stream_id],
            Company.revision,
            METADATA,
            labelling=companies.labelling.mark,
        )


_SIRET: Final = sample_siret(0)
_REPORT: Final = HeadcountReported(
    company=_SIRET,
    naf="28.29B",
    commune=COMMUNE,
    zone="zi-limoise",
    effective_on=DAY,
    headcount_before=12.5,
    headcount=13.5,
    size_band="11",
).model_dump_json()
