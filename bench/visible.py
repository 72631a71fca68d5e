"""From a command to the figure it moves: when the fact of it is committed, at a moderate pace."""

import asyncio
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Any, Final, Self

import asyncpg

from bench import commits, inserts, sends
from bench.load import Callers, request
from bench.runner import Row, paced
from bench.sample import begin_streams, sirets
from bench.servers import Servers
from bench.services import issuing, serving, settings
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.store import Store
from indicators.app import app as indicators
from indicators.chapters import Chapter
from indicators.measures import Measure
from indicators.network import CHAPTER, headcount
from indicators.projection import measure_id, subscription_of

PACE: Final = 50
"""Commands a second."""
COMMANDS: Final = 150
COMPANIES: Final = 3_000
CONNECTIONS: Final = 8
MILLISECONDS: Final = 1000

Told = Callable[[], tuple[str, Coroutine[Any, Any, object]]]
"""Tells something of a stream, which is named: an event that counts once."""

_FOUND: Final = "SELECT count(*), max(position) FROM facts WHERE measure = $1 AND position > $2"
_SINCE: Final = "SELECT subject, partition, position FROM facts WHERE measure = $1 AND position > $2"
_MARKS: Final = "SELECT partition, position FROM marks WHERE subscription = $1"


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The row of the whole way."""
    written, folded = await servers.store(), await servers.database(indicators.all_migrations)
    inserted = await servers.database()
    await begin_streams(written, count=COMPANIES)
    await inserts.create(inserted)
    async with Store.open(written) as store:
        record = sends.ready((await store.read(after=0, limit=1))[0], "/issoudun/companies")
    topic = "bench.steps.v1"
    await ensure_topic(servers.kafka, topic, partitions=12)
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(issuing())
        port = stack.enter_context(
            serving(
                "companies", servers.folder, ["companies", "all"], settings(written, servers.kafka, issuer), "/ready"
            )
        )
        stack.enter_context(
            serving(
                "indicators", servers.folder, ["indicators", "worker"], settings(folded, servers.kafka, issuer), "/live"
            )
        )
        figures = await stack.enter_async_context(Figures.open(folded, CHAPTER, headcount))
        authorization = f"Bearer {issuer.token('companies:write', ['network'])}"
        steps = await stack.enter_async_context(commits.steps(inserted, servers.kafka, topic, record))
        ours, peer = partial(_visible, port, figures, _commands(authorization)), partial(_summed, steps)
        # Java compiles what it runs often: before that, neither is what a broker in service gives.
        for measure in (ours, peer):
            await measure()
        yield [
            Row(
                f"command → figure visible, p50, at {PACE} commands/s",
                "one commit + one transaction of Kafka + one commit",
                3,
                ours,
                peer,
                unit=" ms",
                at_most=True,
            )
        ]


class Figures:
    """What the indicators have applied of a measure, and when that was seen."""

    def __init__(self, pool: asyncpg.Pool, chapter: Chapter, measure: Measure) -> None:
        self._pool = pool
        self._subscription = subscription_of(chapter, chapter.generation)
        self._measure = measure_id(self._subscription, measure.name)
        self._seen: dict[int, list[tuple[int, float]]] = defaultdict(list)
        """Per partition the positions it was seen at, and when."""

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, chapter: Chapter, measure: Measure) -> AsyncIterator[Self]:
        """Looked at over connections of their own."""
        async with asyncpg.create_pool(url, min_size=2, max_size=2) as pool:
            yield cls(pool, chapter, measure)

    async def milliseconds(self, tell: Told, after: int) -> float:
        """The median from the telling of an event until its fact is committed, of some that come after a position."""
        sent: dict[str, float] = {}

        async def act() -> None:
            stream_id, telling = tell()
            sent[stream_id] = perf_counter()
            await telling

        watching = asyncio.create_task(self._watch())
        await paced(act, COMMANDS, PACE)
        await self.last(after, COMMANDS)
        watching.cancel()
        seen = await self._since(after)
        return statistics.median(seen[stream_id] - sent[stream_id] for stream_id in sent) * MILLISECONDS

    async def _watch(self) -> None:
        """Looks every millisecond where the marks are, which move with the facts."""
        while True:
            await self._look()
            await asyncio.sleep(0.001)

    async def _look(self) -> None:
        rows = await self._pool.fetch(_MARKS, self._subscription)
        now = perf_counter()
        for partition, position in rows:
            seen = self._seen[partition]
            if not seen or seen[-1][0] < position:
                seen.append((position, now))

    async def last(self, after: int, count: int) -> int:
        """Waits until so many facts come after a position, and returns the position of the last."""
        while True:
            [(found, last)] = await self._pool.fetch(_FOUND, self._measure, after)
            if found >= count:
                return int(last)
            await asyncio.sleep(0.05)

    async def _since(self, position: int) -> dict[str, float]:
        """When the fact of each stream that came after a position was seen, by stream."""
        rows = await self._pool.fetch(_SINCE, self._measure, position)
        await self._look()
        return {
            row["subject"]: next(seen for reached, seen in self._seen[row["partition"]] if reached >= row["position"])
            for row in rows
        }


async def _visible(port: int, figures: Figures, commands: Iterator[tuple[str, bytes]]) -> float:
    """The median of milliseconds from the sending of a command until its fact is committed."""

    def tell() -> tuple[str, Coroutine[Any, Any, object]]:
        stream_id, command = next(commands)
        return stream_id, callers.call(command)

    before = await figures.last(0, COMPANIES)
    async with Callers.open(port, CONNECTIONS) as callers:
        return await figures.milliseconds(tell, before)


async def _summed(steps: commits.Steps) -> float:
    """The median of milliseconds that the steps take."""
    taken: list[float] = []
    free = asyncio.Lock()

    async def act() -> None:
        async with free:
            taken.append(await steps.take())

    await paced(act, COMMANDS, PACE)
    return statistics.median(taken) * MILLISECONDS


def _commands(authorization: str) -> Iterator[tuple[str, bytes]]:
    """Streams, and a command for each: every company in turn, each time with another headcount."""
    headcount = 20
    while True:
        headcount += 1
        body = f'{{"full_time_equivalents":{headcount}}}'.encode()
        for siret in sirets()[:COMPANIES]:
            path = f"/v1/companies/{siret}/report-headcount"
            yield f"company-{siret}", request(path, body, {"authorization": authorization})
