"""What streams hold, and what is due on them, raced on the real server."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.postgres.appending import (
    COLUMNS,
    Append,
    ClaimTaken,
    DueAt,
    Holding,
    Key,
    NewEvent,
    VersionConflict,
    looks_at,
    touches,
)
from eventstore.postgres.parking import drop_due, park_due, parked, release_due, take_due, unpark_due
from eventstore.postgres.store import Store

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


def holding(
    key: str, since: datetime | None = None, until: datetime | None = None, *, amount: int = 1, limit: int | None = None
) -> Holding:
    return Holding("slot-taken" if limit is None else "quota-spent", key, since, until, amount, limit)


def step(
    stream: str,
    expected: int,
    holds: Sequence[Holding] | None = None,
    *,
    due: Sequence[DueAt] = (),
    key: Key | None = None,
    guards: Sequence[tuple[str, int]] = (),
) -> Append:
    event = NewEvent("Stepped", 1, json.dumps({"stream": stream, "version": expected + 1}))
    state = json.dumps({"version": expected + 1})
    return Append(stream, "booking", expected, [event], state, 1, "{}", key, guards, holds=holds, due=due)


async def test_the_columns_are_those_of_the_function(store: Store) -> None:
    arguments = await store.pool.fetchval("SELECT pg_get_function_arguments('append_group'::regproc)")
    assert arguments.split(", ") == [
        f"{part}_{name} {kind if kind != 'timestamptz' else 'timestamp with time zone'}[]"
        for part, columns in COLUMNS.items()
        for name, kind in columns.items()
    ]


async def test_of_50_at_once_for_one_key_one_has_it_and_the_others_are_told_who(migrated_database: str) -> None:
    async with Store.open(migrated_database) as one, Store.open(migrated_database) as other:
        outcomes = await asyncio.gather(
            *((one, other)[n % 2].append(step(f"booking-{n}", 0, [holding("e1")])) for n in range(50)),
            return_exceptions=True,
        )
        holders = await one.pool.fetch("SELECT stream_id FROM claims")
    refused = [outcome for outcome in outcomes if isinstance(outcome, ClaimTaken)]
    assert (len(refused), len(holders)) == (49, 1)
    assert {(each.kind, each.by) for each in refused} == {("slot-taken", holders[0]["stream_id"])}


async def test_of_100_at_once_for_40_places_40_have_one(migrated_database: str) -> None:
    async with Store.open(migrated_database) as one, Store.open(migrated_database) as other:
        asked = (step(f"booking-{n}", 0, [holding("c1:2026-05", amount=2, limit=80)]) for n in range(100))
        outcomes = await asyncio.gather(
            *((one, other)[n % 2].append(append) for n, append in enumerate(asked)), return_exceptions=True
        )
        held = await one.pool.fetchval("SELECT sum(amount) FROM claims")
    refused = [outcome for outcome in outcomes if isinstance(outcome, ClaimTaken)]
    assert (held, len(refused)) == (80, 60)
    assert {(each.by, each.taken) for each in refused} == {(None, 80)}


async def test_periods_that_only_meet_do_not_collide(store: Store) -> None:
    await store.append(step("booking-1", 0, [holding("e1", NOON, NOON + HOUR)]))
    await store.append(step("booking-2", 0, [holding("e1", NOON + HOUR, NOON + 2 * HOUR)]))
    await store.append(step("booking-3", 0, [holding("e2", NOON, NOON + HOUR)]))
    with pytest.raises(ClaimTaken) as taken:
        await store.append(step("booking-4", 0, [holding("e1", NOON + HOUR / 2, NOON + 2 * HOUR)]))
    assert taken.value.by == "booking-1"
    with pytest.raises(ClaimTaken):
        await store.append(step("booking-5", 0, [holding("e1")]))
    assert await store.load("booking-4") is None


async def test_a_stream_does_not_collide_with_what_it_held_itself(store: Store) -> None:
    await store.append(step("booking-1", 0, [holding("e1", NOON, NOON + HOUR), holding("q", amount=3, limit=4)]))
    await store.append(step("booking-1", 1, [holding("e1", NOON, NOON + 2 * HOUR), holding("q", amount=4, limit=4)]))
    await store.append(step("booking-1", 2))
    with pytest.raises(ClaimTaken):
        await store.append(step("booking-2", 0, [holding("q", limit=4)]))
    await store.append(step("booking-1", 3, []))
    await store.append(step("booking-2", 0, [holding("e1"), holding("q", amount=4, limit=4)]))


async def test_what_a_stream_holds_it_keeps_though_its_limit_was_lowered(store: Store) -> None:
    held = [holding("e1"), holding("q", amount=3, limit=4)]
    await store.append(step("booking-1", 0, held))
    await store.append(step("booking-2", 0, [holding("q", limit=4)]))
    lowered = holding("q", amount=3, limit=2)
    await store.append(step("booking-1", 1, [lowered]))
    # Somebody was told the greater limit, until nobody was.
    assert await store.collisions() == []
    await store.append(step("booking-2", 1, [holding("q", limit=2)]))
    assert await store.collisions() == [("quota-spent", "q", ["booking-1", "booking-2"], 4, 2)]
    await store.append(step("booking-3", 0, [holding("e1")]))
    for more in (
        [holding("q", amount=4, limit=2)],
        [lowered, lowered],
        [lowered, holding("q", NOON, NOON + HOUR, limit=2)],
        [holding("q", NOON, NOON + HOUR, amount=3, limit=2)],
    ):
        with pytest.raises(ClaimTaken) as taken:
            await store.append(step("booking-1", 2, more))
        assert (taken.value.kind, taken.value.by) == ("quota-spent", None)
    with pytest.raises(ClaimTaken):
        await store.append(step("booking-4", 0, [holding("q", limit=2)]))
    await store.append(step("booking-1", 2, [holding("q", amount=2, limit=2)]))
    with pytest.raises(ClaimTaken):
        await store.append(step("booking-1", 3, [lowered]))


async def test_two_that_hold_the_same_may_both_go_on_and_neither_may_have_more_of_it(store: Store) -> None:
    slot = holding("e1", NOON, NOON + HOUR)
    await store.append(step("booking-1", 0, [slot, holding("e2")]))
    await store.append(step("booking-2", 0, [holding("e3")]))
    # As where a release came to tell otherwise what they hold.
    await store.pool.execute("INSERT INTO claims SELECT kind, key, since, until, 1, 'booking-2' FROM claims LIMIT 1")
    await store.append(step("booking-1", 1, [slot]))
    await store.append(step("booking-2", 1, [slot, holding("e4")]))
    for stream in ("booking-1", "booking-2"):
        with pytest.raises(ClaimTaken):
            await store.append(step(stream, 2, [holding("e1", NOON, NOON + 2 * HOUR)]))
    await store.append(step("booking-1", 2, []))
    await store.append(step("booking-2", 2, [holding("e1", NOON, NOON + 2 * HOUR)]))


async def test_what_two_claims_of_one_command_add_up_to_counts(store: Store) -> None:
    with pytest.raises(ClaimTaken):
        await store.append(step("booking-1", 0, [holding("q", amount=3, limit=4), holding("q", amount=2, limit=4)]))


async def test_a_claim_is_looked_at_only_where_the_version_matches_and_the_key_is_new(store: Store) -> None:
    key = Key("k", b"h")
    await store.append(step("booking-1", 0, [holding("e1")], key=key))
    assert (await store.append(step("booking-9", 0, [holding("e1")], key=key))).replayed
    with pytest.raises(VersionConflict):
        await store.append(step("booking-1", 0, [holding("e1")]))
    await store.append(step("booking-2", 0))
    with pytest.raises(VersionConflict):
        await store.append(step("booking-2", 0, [holding("e1")]))


def test_commands_that_look_at_one_stream_ride_together_and_those_that_claim_one_key_do_not() -> None:
    one, other = step("booking-1", 0, guards=[("equipment-1", 3)]), step("booking-2", 0, guards=[("equipment-1", 3)])
    assert set(touches(one)).isdisjoint(touches(other))
    assert set(looks_at(one)) == set(looks_at(other)) == {"equipment-1"}
    assert not rides(holding("e1"), holding("e1"))
    assert rides(holding("e1"), holding("e2"))


def rides(one: Holding, other: Holding) -> bool:
    """Whether two bookings that hold these may be judged in one statement."""
    first, second = step("booking-1", 0, [one]), step("booking-2", 0, [other])
    return all(set(touches(a)).isdisjoint({*touches(b), *looks_at(b)}) for a, b in ((first, second), (second, first)))


def test_short_periods_of_one_key_ride_together_where_they_are_apart() -> None:
    slot = holding("e1", NOON, NOON + HOUR)
    assert rides(slot, holding("e1", NOON + HOUR, NOON + 2 * HOUR))
    assert rides(slot, holding("e1", NOON - 23 * HOUR, NOON))
    assert not rides(slot, holding("e1", NOON + 0.9 * HOUR, NOON + 2 * HOUR))
    assert not rides(slot, holding("e1", NOON + 100 * HOUR, NOON + 200 * HOUR))
    assert not rides(slot, holding("e1", NOON))


minutes = st.none() | st.integers(-100, 100) | st.integers(-3000, 3000)
periods = st.tuples(minutes, minutes)


@given(periods, periods)
@settings(max_examples=500)
def test_what_overlaps_never_rides_together(
    one: tuple[int | None, int | None], other: tuple[int | None, int | None]
) -> None:
    (begin, end), (other_begin, other_end) = (
        (-math.inf if since is None else since, math.inf if until is None else until) for since, until in (one, other)
    )
    if begin < other_end and other_begin < end:
        held, wanted = (
            holding("e1", *(None if minute is None else NOON + minute * HOUR / 60 for minute in period))
            for period in (one, other)
        )
        assert not rides(held, wanted)


Move = tuple[int, int, int, int]
moves = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 6), st.integers(1, 3)), max_size=40)


@given(moves)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_whatever_is_claimed_at_once_no_two_streams_hold_the_same_and_no_limit_is_passed(
    store: Store, asked: list[Move]
) -> None:
    await store.pool.execute("TRUNCATE streams, events, claims")

    async def move(stream: int, key: int, start: int, hours: int) -> None:
        found = await store.load(f"booking-{stream}")
        holds = [
            holding(f"e{key}", NOON + start * HOUR, NOON + (start + hours) * HOUR),
            holding(f"q{key}", amount=hours, limit=4),
        ]
        try:
            await store.append(step(f"booking-{stream}", found.version if found else 0, holds if start else []))
        except (ClaimTaken, VersionConflict):
            return

    await asyncio.gather(*(move(*each) for each in asked))
    overlaps = await store.pool.fetchval(
        """
        SELECT count(*) FROM claims a JOIN claims b USING (kind, key)
        WHERE a.kind = 'slot-taken' AND a.stream_id < b.stream_id AND a.since < b.until AND b.since < a.until
        """
    )
    spent = await store.pool.fetch("SELECT sum(amount) AS spent FROM claims WHERE kind = 'quota-spent' GROUP BY key")
    assert overlaps == 0
    assert all(row["spent"] <= 4 for row in spent)
    assert await store.collisions() == []


helds = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(0, 6), st.integers(1, 3), st.sampled_from([1, 2, 3])),
    max_size=12,
)


@given(helds, st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_collisions_are_the_streams_that_overlap_and_the_moments_when_a_limit_is_passed(
    store: Store, held: list[tuple[int, int, int, int, int]], exclusive: bool
) -> None:
    await store.pool.execute("TRUNCATE claims")
    await store.pool.executemany(
        "INSERT INTO claims (stream_id, kind, key, since, until, amount, most) VALUES ($1, 'k', $2, $3, $4, $5, $6)",
        [
            (
                f"s{stream}",
                f"{key}",
                NOON + start * HOUR,
                NOON + (start + hours) * HOUR,
                amount,
                None if exclusive else 4,
            )
            for stream, key, start, hours, amount in held
        ],
    )
    found = await store.collisions()
    at = {
        (key, hour): [(s, amount) for s, k, start, hours, amount in held if k == key and start <= hour < start + hours]
        for key in range(2)
        for hour in range(10)
    }
    if exclusive:
        meet = {(f"{key}", s) for (key, _), there in at.items() for s, _ in there if len({s for s, _ in there}) > 1}
        assert {(each.key, int(s[1:])) for each in found for s in each.streams} == meet
    else:
        most = {key: max(sum(n for _, n in there) for (k, _), there in at.items() if k == key) for key in range(2)}
        assert {each.key: each.taken for each in found} == {f"{key}": n for key, n in most.items() if n > 4}
    assert all(len(each.streams) == 2 or not exclusive for each in found)


async def test_what_is_due_is_taken_once_until_its_taker_gives_it_back_or_is_late(store: Store) -> None:
    due = [DueAt("Lapse", "{}", NOON), DueAt("Remind", '{"of":1}', NOON + HOUR)]
    await store.append(step("booking-1", 0, due=due))
    assert await take_due(store.pool, NOON - HOUR, 10) == []
    (lapse,) = await take_due(store.pool, NOON, 10)
    assert lapse[:4] == ("booking-1", "booking", "Lapse", "{}")
    assert await take_due(store.pool, NOON, 10) == []
    await release_due(store.pool, lapse)
    assert await take_due(store.pool, NOON, 10) == [lapse]
    await store.pool.execute("UPDATE due SET taken_until = clock_timestamp() - interval '1 second'")
    taken = await asyncio.gather(*(take_due(store.pool, NOON + HOUR, 10) for _ in range(4)))
    assert sorted(each.name for some in taken for each in some) == ["Lapse", "Remind"]


async def test_what_a_stream_says_of_its_due_is_all_there_is(store: Store) -> None:
    await store.append(step("booking-1", 0, due=[DueAt("Lapse", "{}", NOON), DueAt("Remind", "{}", NOON)]))
    await store.append(step("booking-1", 1, due=[DueAt("Lapse", "{}", None), DueAt("Remind", "{}", NOON + HOUR)]))
    rows = await store.pool.fetch("SELECT name, at FROM due")
    assert [tuple(row) for row in rows] == [("Remind", NOON + HOUR)]
    with pytest.raises(VersionConflict):
        await store.append(step("booking-1", 1, due=[DueAt("Remind", "{}", None)]))
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 1


async def test_what_is_due_is_told_anew_where_what_was_due_before_is_not_known(store: Store) -> None:
    due = [DueAt("Lapse", "{}", NOON), DueAt("Remind", '{"of":1}', NOON), DueAt("Remind", '{"of":2}', NOON)]
    await asyncio.gather(*(store.append(step(f"booking-{n}", 0, due=due)) for n in range(3)))
    await take_due(store.pool, NOON, 10)
    anew = [DueAt("Lapse", "{}", NOON), DueAt("Remind", '{"of":2}', NOON + HOUR), DueAt("Invoice", "{}", NOON)]
    await asyncio.gather(
        store.append(step("booking-0", 1, due=anew)._replace(due_anew=True)),
        store.append(step("booking-1", 1)._replace(due_anew=True)),
        store.append(step("booking-2", 1)),
    )
    rows = await store.pool.fetch(
        "SELECT stream_id, name, body, at, taken_until IS NOT NULL FROM due ORDER BY stream_id, name, body"
    )
    assert [tuple(row) for row in rows] == [
        ("booking-0", "Invoice", "{}", NOON, False),
        ("booking-0", "Lapse", "{}", NOON, True),
        ("booking-0", "Remind", '{"of":2}', NOON + HOUR, False),
        *(("booking-2", *each, True) for each in due),
    ]
    with pytest.raises(VersionConflict):
        await store.append(step("booking-2", 1)._replace(due_anew=True))
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 6


async def test_what_is_parked_stays_aside_until_it_is_tried_again_or_its_stream_moves_on(store: Store) -> None:
    await store.append(step("booking-1", 0, due=[DueAt("Lapse", "{}", NOON)]))
    (lapse,) = await take_due(store.pool, NOON, 10)
    await park_due(store.pool, lapse, 7, "a version that it is not at")
    assert await parked(store.pool) == []
    await park_due(store.pool, lapse, 1, "booking-done: it is done")
    (letter,) = await parked(store.pool)
    assert letter[1:6] == ("due", "booking-1", "Lapse", "{}", "booking-done: it is done")
    assert await take_due(store.pool, NOON, 10) == []
    assert not await unpark_due(store.pool, "due-unknown")
    assert await unpark_due(store.pool, letter.id)
    assert await take_due(store.pool, NOON, 10) == [lapse]
    await park_due(store.pool, lapse, 1, "again")
    await store.append(step("booking-1", 1))
    # The one look lets it go, the next takes it.
    assert [await take_due(store.pool, NOON, 10) for _ in range(2)][-1] == [lapse]
    await drop_due(store.pool, lapse, 1)
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 1
    await drop_due(store.pool, lapse, 2)
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 0
