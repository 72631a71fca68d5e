"""The whole platform under half of its load for an hour: what it is like at the end, beside the beginning."""

import asyncio
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from time import perf_counter
from typing import Final, NamedTuple, Self

import asyncpg
import httpx
import psutil

from bench.day import Partners
from bench.load import Callers, UnexpectedAnswer
from bench.runner import Measure, Row
from bench.servers import Servers
from bench.services import issuing, process_at, serving, settings
from bench.visible import MILLISECONDS
from contracts import package_of
from devstack.host import service_of
from devstack.ports import free_port
from devstack.running import SERVICES
from indicators.network import CHAPTER, headcount
from indicators.projection import measure_id, subscription_of

MINUTES: Final = 60.0
"""Unless told otherwise."""
PARTS: Final = 6
"""Of the whole time: the first warms up, the second is what the last is measured beside."""
FLAT_OUT: Final = 30.0
"""Seconds for which as much is asked as is answered, before half of it is."""
PARTNERS: Final = 16
"""Who ask for one thing after the other."""
WAITING: Final = 64
"""Who ask for half of it, so that none is late for want of somebody to ask."""
CONNECTIONS: Final = 8
"""To each service."""
FOLLOWED: Final = 1.0
"""Seconds between two headcounts that are followed to their figure."""
LOOKED: Final = 5.0
"""Seconds between two looks at memory and backlog."""
PATIENCE: Final = 60.0
"""Seconds within which what one service tells is known to the others."""
REFUSED: Final = 0.01
"""Of all that is asked, at most."""
MINUTE: Final = 60.0
MEGABYTE: Final = 1_000_000

COMMANDS: Final = "commands"
READINGS: Final = "readings"
FIGURES: Final = "command → figure"
BACKLOG: Final = "backlog of the relays"

_BACKLOG: Final = re.compile(r"^eventstore_relay_backlog_events(?:\{.*\})? (\S+)$", re.MULTILINE)
_LATEST: Final = "SELECT value FROM latest WHERE measure = $1 AND subject = $2"


class TooMuchRefused(Exception):
    """What was measured is not what was meant. The message is one of the answers."""


class Service(NamedTuple):
    """A running service."""

    process: psutil.Process
    callers: Callers
    metrics_url: str


@asynccontextmanager
async def rows(servers: Servers, minutes: float = MINUTES) -> AsyncIterator[list[Row]]:
    """The rows of the last part of so many minutes, beside the second."""
    part = minutes * MINUTE / PARTS
    async with Platform.running(servers) as platform:
        rate = await platform.worked(PARTNERS, None, min(FLAT_OUT, part)) / min(FLAT_OUT, part)
        _tell(f"flat out {rate:.0f} requests/s; now {rate / 2:.0f}/s for {minutes:g} minutes")
        platform.noted.clear()
        begun = perf_counter()
        async with platform.watched():
            await platform.worked(WAITING, rate / 2, PARTS * part)
    platform.require_done()
    whole, each = f"soak of {minutes:g} minutes at half of the load", f"{minutes / PARTS:g}"

    def figure(kind: str, measure: Callable[[Sequence[float]], float], number: int) -> Measure:
        value = measure(platform.between(kind, begun + number * part, begun + (number + 1) * part))

        async def measured() -> float:
            return value

        return measured

    yield [
        Row(
            f"{whole}: {work}, the last {each}",
            f"the same in as many from minute {each} on",
            goal,
            figure(kind, measure, PARTS - 1),
            figure(kind, measure, 1),
            unit=unit,
            at_most=True,
            rounds=1,
        )
        for work, kind, measure, unit, goal in _works()
    ]


def _works() -> Sequence[tuple[str, str, Callable[[Sequence[float]], float], str, float]]:
    """What is told, what is noted of it, how that makes a figure, of which unit, and its goal."""
    return (
        *((_memory(name), _memory(name), statistics.median, " MB", 1.1) for name in SERVICES),
        *(
            (f"{kind}, {name}", kind, measure, " ms", 1.25)
            for kind in (COMMANDS, READINGS, FIGURES)
            for name, measure in (("p50", statistics.median), ("p99", _p99))
        ),
        # Most of the time there is none, and nothing can be compared with that.
        (f"{BACKLOG}, and one", BACKLOG, lambda noted: statistics.mean(noted) + 1, " events", 1.25),
    )


def _memory(service: str) -> str:
    return f"memory of {service}"


def _p99(noted: Sequence[float]) -> float:
    return statistics.quantiles(noted, n=100, method="inclusive")[-1]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Platform:
    """All services, those who work with them, and what is noted meanwhile."""

    def __init__(self, services: Mapping[str, Service], figures: asyncpg.Pool) -> None:
        self._services = services
        self._figures = figures
        self._measure = measure_id(subscription_of(CHAPTER, CHAPTER.generation), headcount.name)
        self._partners: Partners
        self._pause = 0.0
        """Seconds between two requests; 0 where each is sent at once."""
        self._next = 0.0
        """When the next one is to be sent."""
        self._refused: list[str] = []
        self.noted: dict[str, list[tuple[float, float]]] = defaultdict(list)
        """When, and how much."""

    @classmethod
    @asynccontextmanager
    async def running(cls, servers: Servers) -> AsyncIterator[Self]:
        """The services as processes, with what there is before the day begins."""
        async with AsyncExitStack() as stack:
            issuer = stack.enter_context(issuing())
            services, urls = dict[str, Service](), dict[str, str]()
            for name in SERVICES:
                urls[name] = await servers.database(service_of(name).all_migrations)
                metrics_port = free_port()
                told = settings(urls[name], servers.kafka, issuer) | {
                    "METRICS_PORT": str(metrics_port),
                    # Connections stay open, however seldom one is used.
                    "IDLE_TIMEOUT": "7200",
                    "HEADER_TIMEOUT": "7200",
                }
                port = stack.enter_context(serving(name, servers.folder, [package_of(name), "all"], told, "/ready"))
                callers = await stack.enter_async_context(Callers.open(port, CONNECTIONS))
                services[name] = Service(process_at(port), callers, f"http://127.0.0.1:{metrics_port}/metrics")
            pool = await stack.enter_async_context(asyncpg.create_pool(urls["indicators"], min_size=1, max_size=1))
            platform = cls(services, pool)
            platform._partners = Partners(issuer, commands=platform._command, readings=platform._read)
            await platform._partners.begin()
            async with asyncio.timeout(PATIENCE):
                while not await platform._partners.are_known():  # noqa: ASYNC110  the services have to be asked
                    await asyncio.sleep(0.5)
            yield platform

    async def worked(self, partners: int, pace: float | None, seconds: float) -> int:
        """How many requests so many partners sent for some seconds, so many a second at most."""
        self._pause, self._next = 1 / pace if pace else 0.0, perf_counter()
        ends = perf_counter() + seconds
        before = self._sent

        async def work() -> None:
            while perf_counter() < ends:
                try:
                    await self._partners.work()
                except UnexpectedAnswer as refused:
                    self._refused.append(str(refused))

        async with asyncio.TaskGroup() as tasks:
            for _ in range(partners):
                tasks.create_task(work())
        return self._sent - before

    def require_done(self) -> None:
        """Raises TooMuchRefused."""
        if len(self._refused) > REFUSED * self._sent:
            raise TooMuchRefused(f"{len(self._refused)} times, such as {self._refused[-1]}")

    def between(self, kind: str, begin: float, end: float) -> list[float]:
        """What was noted from one moment to another."""
        return [value for at, value in self.noted[kind] if begin <= at < end]

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Notes memory, backlog and the way to figures as long as the block, and tells of each minute."""
        watching = [asyncio.create_task(each) for each in (self._look(), self._follow(), self._report())]
        yield
        for task in watching:
            task.cancel()
        for ended in await asyncio.gather(*watching, return_exceptions=True):
            if ended is not None and not isinstance(ended, asyncio.CancelledError):
                raise ended

    @property
    def _sent(self) -> int:
        return len(self.noted[COMMANDS]) + len(self.noted[READINGS])

    async def _command(self, service: str, sent: bytes) -> bytes:
        return await self._call(COMMANDS, service, sent)

    async def _read(self, service: str, sent: bytes) -> bytes:
        return await self._call(READINGS, service, sent)

    async def _call(self, kind: str, service: str, sent: bytes) -> bytes:
        """Sends a request when it is its turn. One that could not be sent then was late, which is counted."""
        turn = perf_counter()
        if self._pause:
            turn = self._next
            self._next += self._pause
            await asyncio.sleep(turn - perf_counter())
        try:
            return await self._services[service].callers.call(sent)
        finally:
            self._note(kind, (perf_counter() - turn) * MILLISECONDS)

    def _note(self, kind: str, value: float) -> None:
        self.noted[kind].append((perf_counter(), value))

    async def _look(self) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            while True:
                backlog = 0.0
                for name, service in self._services.items():
                    self._note(_memory(name), service.process.memory_info().rss / MEGABYTE)
                    told = _BACKLOG.search((await client.get(service.metrics_url)).text)
                    backlog += float(told[1]) if told else 0
                self._note(BACKLOG, backlog)
                await asyncio.sleep(LOOKED)

    async def _follow(self) -> None:
        for told in cycle(range(1, 1000)):
            begun = perf_counter()
            stream_id = await self._partners.report(told)
            while await self._figures.fetchval(_LATEST, self._measure, stream_id) != told:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            self._note(FIGURES, (perf_counter() - begun) * MILLISECONDS)
            await asyncio.sleep(FOLLOWED)

    async def _report(self) -> None:
        minute = 0
        while True:
            begun, used = perf_counter(), self._used()
            await asyncio.sleep(MINUTE)
            minute += 1
            of_minute = {kind: self.between(kind, begun, perf_counter()) for kind in [*self.noted]}
            requests = len(of_minute[COMMANDS]) + len(of_minute[READINGS])
            times = [
                f"{kind} {statistics.median(of_minute[kind]):.1f} and {_p99(of_minute[kind]):.1f} ms"
                for kind in (COMMANDS, READINGS, FIGURES)
            ]
            services = [
                f"{name} {of_minute[_memory(name)][-1]:.0f} MB {(now - before) / MINUTE:.2f}"
                for (name, before), now in zip(used.items(), self._used().values(), strict=True)
            ]
            _tell(
                f"minute {minute}: {requests / MINUTE:.0f} requests/s, {len(self._refused)} refused so far; "
                f"p50 and p99 of {', '.join(times)}; backlog up to {max(of_minute[BACKLOG]):.0f} events; "
                f"memory and cores: {', '.join(services)}"
            )

    def _used(self) -> dict[str, float]:
        """Seconds of processors that each service has used."""
        return {name: sum(service.process.cpu_times()[:2]) for name, service in self._services.items()}
