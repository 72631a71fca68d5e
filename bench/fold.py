"""Events of a topic into facts: one worker beside others that read the same, two workers, and questions meanwhile."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

import asyncpg

from bench import copied_by_hand, peers
from bench.chapter import MIGRATIONS, Figures, employed, growth, version
from bench.gate import Shut, filled
from bench.programme import COMPANIES, PARTITIONS, Happened, headcounts
from bench.runner import Row, throughput
from bench.servers import Servers
from devstack.child import Child
from indicators.measures import Measure
from indicators.projection import subscription_of
from indicators.question import Question

EVENTS: Final = 100_000
"""Unless told otherwise."""
ROUNDS: Final = 3
"""In each, all of the events are folded."""
WARM_UP: Final = 10_000
"""Events that each folds before."""
CLIENTS: Final = 4
"""Who ask while events are folded."""
PATIENCE: Final = 600.0
"""Seconds after which whoever reads a topic is given up."""

_PLACED: Final = "SELECT bool_and(caught_up) FROM marks WHERE subscription = $1 AND topic = $2"
_REACHED: Final = "SELECT coalesce(sum(position), 0) FROM marks WHERE subscription = $1 AND topic = $2"


@asynccontextmanager
async def rows(servers: Servers, events: int = EVENTS) -> AsyncIterator[list[Row]]:
    """The rows of the fold, over so many events."""
    fold = Fold(servers, list(headcounts(events)))
    answering = await servers.database(MIGRATIONS)
    async with Figures.open(answering, version(employed, 1)) as figures, filled(servers.kafka, fold.events) as topic:
        await figures.fold(fold.events)
        await topic.open()
        live = Live(servers, answering, figures, topic)
        # Java compiles what it runs often: before that, a broker gives less than one in service.
        begins = Fold(servers, list(headcounts(WARM_UP)))
        for measure in (begins.copied, begins.quix, partial(begins.ours, 1)):
            await measure()
        of = f"fold of {events:,} events of {COMPANIES:,} companies"
        yield [
            Row(
                f"{of}, one worker",
                "Quix Streams, exactly once: the same sums by company and month",
                1.5,
                partial(fold.ours, 1),
                fold.quix,
                rounds=ROUNDS,
            ),
            Row(
                f"{of}, one worker",
                "the same records read, decoded and copied into a bare table",
                0.6,
                partial(fold.ours, 1),
                fold.copied,
                rounds=ROUNDS,
            ),
            Row(
                f"{of}, two workers",
                "one worker",
                1.6,
                partial(fold.ours, 2),
                partial(fold.ours, 1),
                rounds=ROUNDS,
            ),
            Row(
                f"level, by zone, {CLIENTS} at once, while it is folded anew",
                "without that",
                0.6,
                live.asked_meanwhile,
                live.asked,
                rounds=ROUNDS,
            ),
        ]


class Fold:
    """Whoever folds some events, measured from when these can be read until all that they lead to is committed."""

    def __init__(self, servers: Servers, happened: Sequence[Happened]) -> None:
        self._servers = servers
        self.events = [each.event for each in happened]
        values = {fact.subject: fact.value for each in happened for fact in each.facts}
        self._grown = sum(values.values())
        """What the sums come to: the last headcounts, since each company began with none."""

    async def ours(self, workers: int) -> float:
        """Events folded a second, by so many workers."""
        url, chapter = await self._servers.database(MIGRATIONS), version(growth, 1)
        async with (
            filled(self._servers.kafka, self.events) as topic,
            asyncpg.create_pool(url, min_size=1, max_size=1) as pool,
        ):
            name = _subscription(growth, 1)
            with ExitStack() as stack:
                for _ in range(workers):
                    stack.enter_context(worker(self._servers, url, topic.name, growth, 1))
                await topic.await_group(f"{topic.name}.{name}", workers)
                await _until(partial(_is_placed, pool, name, topic))
                rate = await self._rate(topic, partial(_is_at_end, pool, name, topic))
        async with Figures.open(url, chapter) as figures:
            answer = await figures.answer(growth.name, Question())
        assert answer[()].value == self._grown
        return rate

    async def quix(self) -> float:
        """Events summed up a second, by Quix Streams."""
        bootstrap = self._servers.kafka
        async with filled(bootstrap, self.events) as topic:
            folder = self._servers.folder / topic.name
            arguments = [bootstrap, topic.name, topic.name, len(self.events), folder]
            with _program(self._servers, peers.PYTHON, "bench.summed_by_quix", *arguments) as program:

                async def placed() -> bool:
                    return len([*folder.glob("*/default/*/*")]) == PARTITIONS

                async def committed() -> bool:
                    return await topic.committed(topic.name) == len(self.events)

                # It makes a store for each partition, one by one, before it begins to read.
                await _until(placed)
                await topic.await_group(topic.name, 1)
                rate = await self._rate(topic, committed)
                await asyncio.to_thread(program.await_end, seconds=60)
                assert float(program.log.read_text().split()[-1]) == self._grown
        return rate

    async def copied(self) -> float:
        """Events copied a second, by hand."""
        url, bootstrap = await self._servers.database(), self._servers.kafka
        async with filled(bootstrap, self.events) as topic, asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
            await pool.execute(copied_by_hand.TABLES)
            arguments = [url, bootstrap, topic.name, topic.name]
            with _program(self._servers, sys.executable, "bench.copied_by_hand", *arguments):

                async def copied() -> bool:
                    return bool(await pool.fetchval(copied_by_hand.COPIED) == len(self.events))

                await topic.await_group(topic.name, 1)
                rate = await self._rate(topic, copied)
            assert await pool.fetchval(copied_by_hand.GROWN) == self._grown
        return rate

    async def _rate(self, topic: Shut, done: Callable[[], Awaitable[bool]]) -> float:
        begun = perf_counter()
        await topic.open()
        await _until(done)
        return len(self.events) / (perf_counter() - begun)


class Live:
    """Figures that are asked for, and folded anew beside."""

    def __init__(self, servers: Servers, url: str, figures: Figures, topic: Shut) -> None:
        self._servers = servers
        self._url = url
        self._figures = figures
        self._topic = topic
        self._versions = count(2)

    async def asked(self) -> float:
        """Questions answered a second."""
        return await throughput([partial(self._figures.answer, employed.name, Question(by=("zone",)))] * CLIENTS)

    async def asked_meanwhile(self) -> float:
        """Questions answered a second, while the events are folded under another definition."""
        number = next(self._versions)
        name = _subscription(employed, number)
        async with asyncpg.create_pool(self._url, min_size=1, max_size=1) as pool:

            async def begun() -> bool:
                return bool(await pool.fetchval(_REACHED, name, self._topic.name))

            with worker(self._servers, self._url, self._topic.name, employed, number):
                await _until(begun)
                rate = await self.asked()
                assert not await _is_at_end(pool, name, self._topic), "too few events to ask while they are folded"
        return rate


@contextmanager
def worker(servers: Servers, url: str, topic: str, measure: Measure, number: int) -> Iterator[None]:
    """Folds a topic into the facts of a measure, as a process of its own."""
    with _program(servers, sys.executable, "bench.worker", url, servers.kafka, topic, measure.name, number):
        yield


@contextmanager
def _program(servers: Servers, python: str | Path, module: str, *arguments: object) -> Iterator[Child]:
    """Runs a module of ours."""
    name = f"{module}-{uuid.uuid4().hex}"
    child = Child(
        name,
        [python, "-m", module, *map(str, arguments)],
        log=servers.folder / f"{name}.log",
        marker=name,
        environment=peers.ENVIRONMENT,
    )
    try:
        yield child
    finally:
        child.kill()


def _subscription(measure: Measure, number: int) -> str:
    chapter = version(measure, number)
    return subscription_of(chapter, chapter.generation)


async def _is_at_end(pool: asyncpg.Pool, name: str, topic: Shut) -> bool:
    """Whether a subscription has come to the end of the topic."""
    return bool(await pool.fetchval(_REACHED, name, topic.name) == topic.last)


async def _is_placed(pool: asyncpg.Pool, name: str, topic: Shut) -> bool:
    """Whether a subscription has come to the end of the topic while there was nothing to read in it."""
    return bool(await pool.fetchval(_PLACED, name, topic.name))


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await done():  # noqa: ASYNC110  who does it is another process
            await asyncio.sleep(0.02)
