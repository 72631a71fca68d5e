"""What is decided on a trial is what the store would do, and nothing of it is stored."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.postgres.appending import (
    Append,
    Appended,
    ClaimTaken,
    EventTooLarge,
    Holding,
    Named,
    NewEvent,
    PersonUnknown,
)
from eventstore.postgres.store import Store
from eventstore.trying import Trial

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database, personal_key="k" * 32) as store:
        yield store


class Step(NamedTuple):
    """A stream goes on, and holds this from then on; None where it holds what it held."""

    stream: str
    holds: Sequence[Holding] | None


hours = st.none() | st.integers(0, 6).map(lambda hour: NOON + timedelta(hours=hour))
slots = st.builds(
    lambda key, since, until: Holding("slot-taken", key, *_in_order(since, until), 1, None),
    st.sampled_from(["e1", "e2"]),
    hours,
    hours,
)
shares = st.builds(
    lambda since, until, amount, limit: Holding("quota-spent", "q", *_in_order(since, until), amount, limit),
    hours,
    hours,
    st.integers(1, 3),
    st.integers(3, 6),
)
steps = st.builds(Step, st.sampled_from(["b-1", "b-2", "b-3", "b-4"]), st.none() | st.lists(slots | shares, max_size=3))


def _in_order(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    if since and until:
        return min(since, until), max(since, until) + timedelta(hours=1)
    return since, until


async def outcome(store: Store | Trial, step: Step) -> object:
    """What becomes of a step, made on the stream as it stands there."""
    found = await store.load(step.stream)
    version = found.version if found else 0
    event, state = NewEvent("Stepped", 1, "{}"), f'{{"version": {version + 1}}}'
    try:
        return await store.append(Append(step.stream, "b", version, [event], state, 1, "{}", holds=step.holds))
    except ClaimTaken as taken:
        return taken.kind, taken.by, taken.taken


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stored=st.lists(steps, max_size=6), tried=st.lists(steps, min_size=1, max_size=10))
async def test_a_trial_ends_as_the_store_would(store: Store, stored: list[Step], tried: list[Step]) -> None:
    await store.pool.execute("TRUNCATE streams, events, claims")
    for step in stored:
        await outcome(store, step)
    before = await store.pool.fetch("SELECT * FROM streams ORDER BY stream_id")
    with Trial(store) as trial:
        foreseen = [await outcome(trial, step) for step in tried]
        states = [
            found and (found.version, found.state) for found in await trial.load_all(["b-1", "b-2", "b-3", "b-4"])
        ]
    assert await store.pool.fetch("SELECT * FROM streams ORDER BY stream_id") == before
    assert foreseen == [await outcome(store, step) for step in tried]
    assert states == [
        found and (found.version, found.state) for found in await store.load_all(["b-1", "b-2", "b-3", "b-4"])
    ]


def named(subject: str, *, by: bytes | None = b"hash") -> Append:
    person = Named(subject, "Guest", by, '{"name": "Odile"}')
    return Append(f"stay-{subject}", "stay", 0, [NewEvent("Stayed", 1, "{}")], "{}", 1, "{}", persons=[person])


async def test_whom_commands_name_is_recognised_by_the_next_ones_alone_on_the_trial(store: Store) -> None:
    await store.append(named("anna", by=b"anna"))
    with Trial(store) as trial:
        await trial.append(named("odile", by=b"odile"))
        assert await trial.recognised([b"odile", b"anna", b"nobody"]) == {
            b"odile": ("odile", "{}"),
            b"anna": ("anna", '{"name": "Odile"}'),
        }
        erase = Append("erasure-anna", "erasure", 0, [NewEvent("Erased", 1, "{}")], "{}", 1, "{}", erases="anna")
        assert await trial.append(erase) == Appended("erasure-anna", 1, replayed=False)
        assert set(await trial.recognised([b"odile", b"anna"])) == {b"odile"}
        with pytest.raises(PersonUnknown):
            await trial.append(erase._replace(stream_id="erasure-nobody", erases="nobody"))
    assert set(await store.recognised([b"odile", b"anna"])) == {b"anna"}


async def test_what_was_looked_at_and_changed_is_told(store: Store) -> None:
    await outcome(store, Step("b-1", [Holding("slot-taken", "e1", None, None, 1, None)]))
    with Trial(store) as trial:
        await trial.load("b-1")
        assert trial.touched() == ({"b-1"}, set())
        await outcome(trial, Step("b-2", [Holding("slot-taken", "e2", None, None, 1, None)]))
        assert trial.touched() == (set(), {"b-2", "slot-taken\ne2"})
        await outcome(trial, Step("b-1", []))
        assert trial.touched() == (set(), {"b-1", "slot-taken\ne1"})
        assert trial.touched() == (set(), set())


async def test_what_was_loaded_before_gives_way_to_what_was_decided(store: Store) -> None:
    await outcome(store, Step("b-1", None))
    with Trial(store) as trial:
        await trial.prefetch(["b-1", "b-2"])
        await outcome(trial, Step("b-1", None))
        await outcome(trial, Step("b-2", None))
        assert [found and found.version for found in await trial.load_all(["b-2", "b-1", "b-3"])] == [1, 2, None]


async def test_an_event_that_is_too_large_is_refused(store: Store) -> None:
    event = NewEvent("Stepped", 1, f'"{"x" * 256_000}"')
    with Trial(store) as trial, pytest.raises(EventTooLarge):
        await trial.append(Append("b-1", "b", 0, [event], "{}", 1, "{}"))
