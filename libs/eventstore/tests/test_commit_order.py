"""Readers by position see everything, in order, while others write and roll back; and would not without the lock."""

import asyncio
import random
import re
from itertools import pairwise

import asyncpg
import pytest

from eventstore.postgres.appending import APPEND_GROUP, Append, NewEvent, written
from eventstore.postgres.confirmation import TELL_PLACE
from eventstore.postgres.store import Recorded, Store

pytestmark = pytest.mark.anyio

LOCK = r"PERFORM pg_advisory_xact_lock\(\d+\);"


async def begin_event(connection: asyncpg.Connection, stream_id: str) -> asyncpg.transaction.Transaction:
    """Appends one event in a transaction left open."""
    await connection.execute(TELL_PLACE)
    transaction = connection.transaction()
    await transaction.start()
    append = Append(stream_id, "lamp", 0, [NewEvent("Stepped", 1, "{}")], "{}", 1, "{}")
    await connection.execute(APPEND_GROUP, *written([append]))
    return transaction


async def remove_lock(url: str) -> None:
    """Puts in place the same function but for its lock."""
    connection = await asyncpg.connect(url)
    unlocked, removed = re.subn(
        LOCK, "", await connection.fetchval("SELECT pg_get_functiondef('append_group'::regproc)")
    )
    assert removed == 1, "the append takes exactly one lock"
    await connection.execute(unlocked)
    await connection.close()


async def positions_seen_around_a_slow_append(url: str) -> tuple[list[str], list[str]]:
    """What a reader by position sees, and what there is, when a later append may commit before an earlier one."""
    slow, fast = await asyncpg.connect(url), await asyncpg.connect(url)
    seen: list[Recorded] = []
    async with Store.open(url) as store:
        earlier = await begin_event(slow, "lamp-slow")
        later = asyncio.create_task(begin_event(fast, "lamp-fast"))
        await asyncio.wait([later], timeout=0.3)
        if later.done():
            await later.result().commit()
        seen += await store.read(0, 10)
        await earlier.commit()
        if not seen:
            await (await later).commit()
        seen += await store.read(seen[-1].position if seen else 0, 10)
        everything = await store.read(0, 10)
    await slow.close()
    await fast.close()
    return [event.stream_id for event in seen], [event.stream_id for event in everything]


async def test_a_slow_append_holds_back_the_ones_after_it_so_that_no_reader_skips_it(migrated_database: str) -> None:
    seen, everything = await positions_seen_around_a_slow_append(migrated_database)
    assert seen == everything == ["lamp-slow", "lamp-fast"]


async def test_without_the_lock_the_same_reader_loses_an_event(migrated_database: str) -> None:
    await remove_lock(migrated_database)
    seen, everything = await positions_seen_around_a_slow_append(migrated_database)
    assert everything == ["lamp-slow", "lamp-fast"]
    assert seen == ["lamp-fast"]


async def test_under_concurrent_writers_and_roll_backs_a_reader_by_position_misses_nothing(
    migrated_database: str,
) -> None:
    rng = random.Random(2026)
    writing = True

    async def write_through_a_store(n: int) -> None:
        async with Store.open(migrated_database) as store:
            for version in range(60):
                events = [NewEvent("Stepped", 1, "{}")] * rng.randint(1, 3)
                await store.append(Append(f"lamp-{n}.{version}", "lamp", 0, events, "{}", 1, "{}"))

    async def write_and_roll_back(n: int) -> None:
        connection = await asyncpg.connect(migrated_database)
        for version in range(40):
            transaction = await begin_event(connection, f"lamp-raw{n}.{version}")
            await asyncio.sleep(rng.random() / 200)
            if rng.random() < 0.5:
                await transaction.rollback()
            else:
                await transaction.commit()
        await connection.close()

    async def follow() -> list[Recorded]:
        followed: list[Recorded] = []
        async with Store.open(migrated_database) as store:
            while True:
                last_round = not writing
                found = await store.read(followed[-1].position if followed else 0, 50)
                followed += found
                if last_round and not found:
                    return followed

    follower = asyncio.create_task(follow())
    await asyncio.gather(*(write_through_a_store(n) for n in range(4)), *(write_and_roll_back(n) for n in range(3)))
    writing = False
    followed = await follower
    async with Store.open(migrated_database) as store:
        everything = await store.read(0, 100_000)
    assert len(everything) > 240
    assert [event.event_id for event in followed] == [event.event_id for event in everything]
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(everything))
