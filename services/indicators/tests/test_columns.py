"""Columns hold what PostgreSQL holds at one moment, whatever is folded, asked and cut short meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import asyncpg
import pytest

from contracts.companies.company import CompanyActivated
from contracts.values import sample_siret
from devstack.log import Log, deliver
from devstack.prepared import prepare
from eventstore.kafka.envelope import Message
from indicators import columns as module
from indicators.app import app
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Columns
from indicators.measures import Count, levels, sums
from indicators.projection import Projection
from indicators.query import Snapshot, snapshot
from indicators.question import Question

pytestmark = pytest.mark.anyio


@sums(unit="companies", dimensions=("company", "zone"))
def joined(event: CompanyActivated) -> Iterator[Count]:
    """Companies that joined."""
    yield Count(event.effective_on, 1)


@levels(unit="FTE", dimensions=("company", "zone"))
def employed(event: CompanyActivated) -> float:
    """Headcount of the companies."""
    return event.headcount


CATALOGUE: Final = Catalogue(Chapter("joining", joined), Chapter("employing", employed))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare(database, app.all_migrations)
    # Without a time-out, which the platform has, a cancellation that is not acknowledged is waited for forever.
    async with asyncpg.create_pool(database, min_size=1, max_size=6, command_timeout=20) as pool:
        yield pool


def activated(number: int) -> CompanyActivated:
    return CompanyActivated(
        company=sample_siret(number % 50 + 1),
        effective_on=date(2020, 1, 1) + timedelta(days=number),
        naf="25.62B",
        commune="36088",
        zone="zi-limoise",
        headcount=2,
        size_band="01",
    )


def a_log(size: int) -> Log:
    log = Log("companies")
    for number in range(size):
        log.append(f"company-{number}", activated(number))
    return log


async def fold(pool: asyncpg.Pool, messages: list[Message], catalogue: Catalogue = CATALOGUE) -> None:
    async with pool.acquire() as connection:
        for chapter in catalogue.chapters.values():
            projection = Projection(chapter)
            await deliver(connection, projection.subscription, projection, messages)


async def check(now: Snapshot, log: Log) -> int:
    """How many events a snapshot is made of: both chapters of exactly those up to their positions."""
    folded = 0
    for indicator, each in ((joined, 1), (employed, 2)):
        answer = await now.answer(now.catalogue[indicator.name], Question(by=("company",)))
        ends = now.served(indicator).positions.get("companies", {})
        folded = sum(message.position <= ends.get(message.partition, 0) for message in log.messages)
        assert answer.total.value == folded * each
        assert answer.total.n == len(answer.cells)
    return folded


async def test_a_snapshot_stays_as_it_is_while_others_go_on(pool: asyncpg.Pool) -> None:
    log, columns = a_log(60), Columns()
    await fold(pool, log.messages[:20])
    async with snapshot(pool, CATALOGUE, columns=columns) as before:
        assert await check(before, log) == 20
        await fold(pool, log.messages[20:])
        async with snapshot(pool, CATALOGUE, columns=columns) as after:
            assert await check(after, log) == 60
            assert await check(before, log) == 20
    assert after.positions(CATALOGUE["joined"]) != before.positions(CATALOGUE["joined"])


async def test_whoever_asks_while_others_fold_is_answered_of_exactly_the_events_up_to_the_positions(
    pool: asyncpg.Pool,
) -> None:
    log, columns, rng = a_log(600), Columns(), random.Random(36089)
    await fold(pool, log.messages[:1])
    partitions = [[each for each in log.messages if each.partition == number] for number in range(log.partitions)]
    seen: set[int] = set()

    async def replica(messages: list[Message]) -> None:
        while messages:
            size = rng.randint(1, 15)
            await fold(pool, messages[:size])
            del messages[:size]

    async def client() -> None:
        while any(partitions):
            asking = asyncio.create_task(ask())
            if rng.random() < 0.3:  # Some do not wait for their answer.
                await asyncio.sleep(rng.random() / 50)
                asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                seen.add(asking.result())

    async def ask() -> int:
        async with snapshot(pool, CATALOGUE, columns=columns) as now:
            return await check(now, log)

    await asyncio.gather(*(replica(partition) for partition in partitions), *(client() for _ in range(3)))
    assert await ask() == 600
    assert len(seen) > 3


async def test_what_serves_no_more_is_held_no_more(pool: asyncpg.Pool) -> None:
    log, columns = a_log(30), Columns()
    await fold(pool, log.messages)
    changed = Catalogue(Chapter("joining", replace(joined, version=2)), Chapter("employing", employed))
    async with snapshot(pool, CATALOGUE, columns=columns) as now:
        assert await now.columns.fetchval("SELECT count(*) FROM facts") == 60
    await fold(pool, log.messages, changed)
    async with snapshot(pool, changed, columns=columns) as now:
        assert await check(now, log) == 30
        assert await now.columns.fetchval("SELECT count(*) FROM facts") == 60
        assert await now.columns.fetchval("SELECT count(DISTINCT measure) FROM facts") == 2


async def test_a_database_that_was_restored_is_copied_anew(pool: asyncpg.Pool) -> None:
    log, columns = a_log(30), Columns()
    await fold(pool, log.messages)
    async with snapshot(pool, CATALOGUE, columns=columns) as now:
        assert await check(now, log) == 30
    await pool.execute("TRUNCATE facts, latest, slices; DELETE FROM marks")
    await fold(pool, log.messages[:10])
    async with snapshot(pool, CATALOGUE, columns=columns) as now:
        assert await check(now, log) == 10
    await fold(pool, log.messages)
    async with snapshot(pool, CATALOGUE, columns=columns) as now:
        assert await check(now, log) == 30


async def test_a_figure_that_takes_too_long_is_given_up(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    log, columns = a_log(10), Columns()
    await fold(pool, log.messages)
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    async with snapshot(pool, CATALOGUE, columns=columns) as now:
        with pytest.raises(TimeoutError):
            await now.columns.fetch("SELECT sum(a.range * b.range) FROM range(1000000) AS a, range(1000000) AS b")
    async with snapshot(pool, CATALOGUE, columns=columns) as now:
        assert await check(now, log) == 10


async def test_whatever_a_dimension_says_is_told_apart(pool: asyncpg.Pool) -> None:
    """Quotes, separators, line ends, letters beyond ASCII, and what may stand for nothing."""
    said = ['a "zone"', "a,b;c", "line\nend", "Saint-Aoûstrille", "\\N", "null", "", None]

    @sums(unit="companies", dimensions=("aim",))
    def saying(event: CompanyActivated) -> Iterator[Count]:
        """Companies that joined, by what is said."""
        yield Count(event.effective_on, 1, {"aim": said[(event.effective_on - date(2020, 1, 1)).days]})

    log, catalogue = a_log(len(said)), Catalogue(Chapter("saying", saying))
    await fold(pool, log.messages, catalogue)
    async with snapshot(pool, catalogue) as now:
        answer = await now.answer(catalogue["saying"], Question(by=("aim",)))
        assert {aim: cell.value for (aim,), cell in answer.cells.items()} == dict.fromkeys(said, 1)
        for aim in said:
            if aim is not None:
                only = await now.answer(catalogue["saying"], Question(where={"aim": (aim,)}))
                assert only.total.value == 1, aim


async def test_however_many_ask_others_have_connections(pool: asyncpg.Pool) -> None:
    columns = Columns()

    async def ask() -> None:
        async with snapshot(pool, CATALOGUE, columns=columns):
            pass

    async with columns.lock:
        asking = [asyncio.create_task(ask()) for _ in range(20)]
        await asyncio.sleep(0.2)
        async with asyncio.timeout(60):
            assert await pool.fetchval("SELECT true")
        assert not any(each.done() for each in asking)
    await asyncio.gather(*asking)
