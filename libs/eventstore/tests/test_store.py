"""What the store promises to whoever appends, loads and reads."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.postgres.appending import (
    MAX_EVENT_BYTES,
    Append,
    Appended,
    EventTooLarge,
    Key,
    KeyReused,
    NewEvent,
    VersionConflict,
)
from eventstore.postgres.connection import Line, StoreUnavailable
from eventstore.postgres.ids import new_id
from eventstore.postgres.listing import Place, Wanted
from eventstore.postgres.store import Store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


def step(
    stream: str,
    expected: int,
    *,
    events: int = 1,
    key: Key | None = None,
    guards: tuple[tuple[str, int], ...] = (),
    revision: int = 1,
) -> Append:
    """A command's effect on a stream, its events and state telling the version they led to."""
    versions = range(expected + 1, expected + events + 1)
    return Append(
        stream,
        stream.split("-")[0],
        expected,
        [NewEvent("Stepped", 1, json.dumps({"stream": stream, "version": version})) for version in versions],
        json.dumps({"version": expected + events, "revision": revision}),
        revision,
        '{"actor":"test"}',
        key,
        guards,
    )


async def test_a_stream_remembers_its_events_in_order_and_the_state_after_them(store: Store) -> None:
    assert await store.append(step("lamp-1", 0, events=2)) == Appended("lamp-1", 2, replayed=False)
    assert await store.append(step("lamp-1", 2)) == Appended("lamp-1", 3, replayed=False)
    history = await store.history("lamp-1")
    assert [event.version for event in history] == [1, 2, 3]
    assert [json.loads(event.data)["version"] for event in history] == [1, 2, 3]
    assert [event.version for event in await store.history("lamp-1", after=1, upto=2)] == [2]
    stored = await store.load("lamp-1")
    assert stored is not None
    assert (stored.version, json.loads(stored.state)["version"]) == (3, 3)
    assert await store.load("lamp-2") is None


async def test_several_streams_are_loaded_in_the_order_asked(store: Store) -> None:
    await store.append(step("lamp-1", 0))
    await store.append(step("lamp-2", 0, events=2))
    asked = ["lamp-2", "lamp-3", "lamp-1", "lamp-2"]
    several, one, none = await asyncio.gather(store.load_all(asked), store.load("lamp-1"), store.load("lamp-3"))
    assert [stored and (stored.stream_id, stored.version) for stored in several] == [
        ("lamp-2", 2),
        None,
        ("lamp-1", 1),
        ("lamp-2", 2),
    ]
    assert one is not None
    assert one.stream_id == "lamp-1"
    assert none is None


async def test_an_append_on_another_version_than_the_current_one_stores_nothing(store: Store) -> None:
    await store.append(step("lamp-1", 0))
    for stale in (step("lamp-1", 0), step("lamp-1", 2), step("lamp-2", 1)):
        with pytest.raises(VersionConflict) as conflict:
            await store.append(stale)
        assert conflict.value.expected == stale.expected
    assert [(event.stream_id, event.version) for event in await store.read(0, 10)] == [("lamp-1", 1)]


async def test_each_command_of_a_group_is_judged_by_itself(store: Store) -> None:
    await store.append(step("lamp-1", 0))
    conflict, *appended = await asyncio.gather(
        store.append(step("lamp-1", 5)),
        store.append(step("lamp-2", 0)),
        store.append(step("lamp-3", 0)),
        return_exceptions=True,
    )
    assert isinstance(conflict, VersionConflict)
    assert appended == [Appended("lamp-2", 1, replayed=False), Appended("lamp-3", 1, replayed=False)]


async def test_a_command_that_breaks_its_group_gets_the_error_alone(store: Store) -> None:
    broken = Append("lamp-0", "lamp", 0, [NewEvent("Stepped", 1, "not json")], "{}", 1, "{}")
    outcomes = await asyncio.gather(
        *(store.append(step(f"lamp-{n}", 0)) for n in range(1, 6)), store.append(broken), return_exceptions=True
    )
    assert outcomes[:5] == [Appended(f"lamp-{n}", 1, replayed=False) for n in range(1, 6)]
    assert isinstance(outcomes[5], asyncpg.InvalidTextRepresentationError)
    assert len(await store.read(0, 100)) == 5


async def test_of_many_writers_on_one_version_one_wins(store: Store) -> None:
    for version in range(5):
        outcomes = await asyncio.gather(
            *(store.append(step("lamp-1", version)) for _ in range(20)), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Appended"] + ["VersionConflict"] * 19


async def test_a_key_has_one_effect_however_often_and_wherever_it_is_sent(migrated_database: str) -> None:
    key = Key("client/route/1", b"body")
    async with Store.open(migrated_database) as one, Store.open(migrated_database) as other:
        outcomes = await asyncio.gather(
            *(store.append(step(f"lamp-{n}", 0, key=key)) for n in range(10) for store in (one, other)),
            return_exceptions=True,
        )
        appended = [outcome for outcome in outcomes if isinstance(outcome, Appended)]
        assert len(appended) == len(outcomes)
        assert len({outcome.stream_id for outcome in appended}) == 1
        assert sum(not outcome.replayed for outcome in appended) == 1
        assert len(await one.read(0, 100)) == 1


async def test_a_key_speaks_before_the_version_does(store: Store) -> None:
    key = Key("k", b"body")
    await store.append(step("lamp-1", 0, key=key))
    await store.append(step("lamp-1", 1))
    assert await store.append(step("lamp-1", 0, key=key)) == Appended("lamp-1", 1, replayed=True)
    assert await store.find_key(key) == Appended("lamp-1", 1, replayed=True)
    assert await store.find_key(Key("unknown", b"body")) is None


async def test_a_key_under_another_body_is_refused(store: Store) -> None:
    await store.append(step("lamp-1", 0, key=Key("k", b"body")))
    with pytest.raises(KeyReused):
        await store.append(step("lamp-2", 0, key=Key("k", b"another")))
    with pytest.raises(KeyReused):
        await store.find_key(Key("k", b"another"))
    assert len(await store.read(0, 100)) == 1


async def test_a_key_under_two_bodies_at_once_does_not_break_its_group(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights = []

    async def fly(line: Line, query: str, *columns: object, fetch: Any = Line.fetch) -> Any:
        flights.append(columns)
        return await fetch(line, query, *columns)

    monkeypatch.setattr(Line, "fetch", fly)
    outcomes = await asyncio.gather(
        *(store.append(step(f"lamp-{n}", 0)) for n in range(10)),
        store.append(step("lamp-10", 0, key=Key("k", b"body"))),
        store.append(step("lamp-11", 0, key=Key("k", b"another"))),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Appended] * 11 + [KeyReused]
    assert len(flights) == 2


async def test_a_refused_command_leaves_its_key_free(store: Store) -> None:
    key = Key("k", b"body")
    with pytest.raises(VersionConflict):
        await store.append(step("lamp-1", 3, key=key))
    assert await store.append(step("lamp-1", 0, key=key)) == Appended("lamp-1", 1, replayed=False)


async def test_keys_are_forgotten_after_their_time(store: Store) -> None:
    await store.append(step("lamp-1", 0, key=Key("k", b"body")))
    assert await store.forget_keys(timedelta(days=7)) == 0
    assert await store.forget_keys(timedelta(0)) == 1
    assert await store.find_key(Key("k", b"body")) is None


async def test_a_stream_that_was_looked_at_must_not_have_moved(store: Store) -> None:
    await store.append(step("member-1", 0))
    await store.append(step("lamp-1", 0, guards=(("member-1", 1),)))
    await store.append(step("lamp-2", 0, guards=(("member-2", 0),)))
    await store.append(step("member-1", 1))
    with pytest.raises(VersionConflict):
        await store.append(step("lamp-1", 1, guards=(("member-1", 1),)))
    # Riding together, the change and the one that looked cannot both be right.
    outcomes = await asyncio.gather(
        store.append(step("member-1", 2)),
        store.append(step("lamp-3", 0, guards=(("member-1", 2),))),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], VersionConflict)


async def test_an_event_above_the_limit_is_refused(store: Store) -> None:
    def lamp(text: str) -> Append:
        return Append(
            "lamp-1", "lamp", 0, [NewEvent("Stepped", 1, json.dumps(text, ensure_ascii=False))], "{}", 1, "{}"
        )

    with pytest.raises(EventTooLarge):
        await store.append(lamp("é" * (MAX_EVENT_BYTES // 2)))
    await store.append(lamp("é" * (MAX_EVENT_BYTES // 2 - 1)))


async def test_recorded_at_never_goes_back_even_if_the_clock_does(store: Store) -> None:
    await store.append(step("lamp-1", 0))
    await store.pool.execute("UPDATE events SET recorded_at = recorded_at + interval '2 hours'")
    await store.append(step("lamp-1", 1))
    first, second = await store.read(0, 10)
    assert second.recorded_at >= first.recorded_at


async def test_older_code_does_not_overwrite_the_state_of_newer_code(store: Store) -> None:
    await store.append(step("lamp-1", 0, revision=2))
    await store.append(step("lamp-1", 1, revision=1))
    stored = await store.load("lamp-1")
    assert stored is not None
    assert (stored.version, stored.state_version, json.loads(stored.state)["revision"]) == (2, 1, 2)
    assert not stored.is_fresh(1)
    assert not stored.is_fresh(2)
    await store.append(step("lamp-1", 2, revision=2))
    stored = await store.load("lamp-1")
    assert stored is not None
    assert stored.is_fresh(2)


async def test_a_list_is_of_one_category_and_stable_under_inserts(store: Store) -> None:
    await asyncio.gather(*(store.append(step(f"lamp-{n}", 0, events=1 + n % 2)) for n in range(6)))
    await store.append(step("lampshade-1", 0))
    await store.append(step("lam-9", 0))
    page = await store.list_streams(Wanted("lamp", limit=3))
    assert [stored.stream_id for stored in page.streams] == ["lamp-0", "lamp-1", "lamp-2"]
    await store.append(step("lamp-00", 0))
    rest = await store.list_streams(Wanted("lamp", after=page.places[-1]))
    assert [stored.stream_id for stored in rest.streams] == ["lamp-3", "lamp-4", "lamp-5"]


async def test_a_list_has_every_stream_of_its_category_and_none_of_one_that_begins_alike(store: Store) -> None:
    names = ["lamp-~1", "lamp-1", "lamp-Étoile", "lamp-post-1", "lamp-post-2"]
    for name in (*names, "lamps-1"):
        category = next((known for known in ("lamp-post-", "lamp-") if name.startswith(known)), name).rstrip("-")
        await store.append(step(name, 0)._replace(category=category))

    async def listed(wanted: Wanted) -> list[str]:
        return [stream.stream_id for stream in (await store.list_streams(wanted)).streams]

    assert await listed(Wanted("lamp")) == ["lamp-1", "lamp-~1", "lamp-Étoile"]
    assert await listed(Wanted("lamp-post", limit=1)) == ["lamp-post-1"]
    assert await listed(Wanted("lamp", after=Place("", "lamp-1"), limit=1)) == ["lamp-~1"]
    assert (await store.list_streams(Wanted("lamp", limit=1, counted=True))).in_all == 3


async def test_however_many_lists_are_asked_for_what_commands_need_does_not_wait(store: Store) -> None:
    await store.append(step("lamp-1", 0))
    locker = await store.pool.acquire()
    try:
        async with locker.transaction():
            await locker.execute("LOCK TABLE streams IN ACCESS EXCLUSIVE MODE")
            lists = [asyncio.create_task(store.list_streams(Wanted("lamp"))) for _ in range(30)]
            await asyncio.sleep(0.1)
            assert await asyncio.wait_for(store.history("lamp-1"), 0.5)
            assert not any(listed.done() for listed in lists)
    finally:
        await store.pool.release(locker)
    assert {len((await listed).streams) for listed in lists} == {1}


async def test_other_processes_are_told_of_appends_and_this_one_is_woken(migrated_database: str) -> None:
    told = asyncio.Event()
    woken = asyncio.Event()
    listener = await asyncpg.connect(migrated_database)
    await listener.add_listener("appended", lambda *_: told.set())
    async with Store.open(migrated_database) as store:
        await store.append(step("lamp-1", 0))
        await asyncio.wait_for(told.wait(), timeout=60)
        store.wakers.add(woken.set)
        await store.append(step("lamp-1", 1))
        await asyncio.wait_for(woken.wait(), timeout=60)
    await listener.close()


async def test_a_primary_that_became_a_replica_is_left_for_the_new_one(store: Store) -> None:
    database = await store.pool.fetchval("SELECT current_database()")
    await store.pool.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
    with pytest.raises(StoreUnavailable):
        await store.append(step("lamp-1", 0))
    await store.pool.execute(f'ALTER DATABASE "{database}" RESET default_transaction_read_only')
    assert await store.append(step("lamp-1", 0)) == Appended("lamp-1", 1, replayed=False)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tries=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(1, 3), st.none() | st.integers(0, 3)),
        min_size=1,
        max_size=40,
    ),
)
async def test_whatever_is_tried_at_once_streams_have_no_gap_and_keys_one_effect(
    store: Store, tries: list[tuple[int, int, int, int | None]]
) -> None:
    run = new_id()
    before = await store.read(0, 100_000)
    start = before[-1].position if before else 0
    outcomes = await asyncio.gather(
        *(
            store.append(
                step(
                    f"lamp-{run}.{stream}",
                    expected,
                    events=events,
                    key=None if key is None else Key(f"{run}/{key}", b"body"),
                )
            )
            for stream, expected, events, key in tries
        ),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, Appended | VersionConflict) for outcome in outcomes), outcomes
    stored = await store.read(start, 100_000)
    assert [event.position for event in stored] == sorted(event.position for event in stored)
    assert all(earlier.recorded_at <= later.recorded_at for earlier, later in pairwise(stored))
    for stream in {event.stream_id for event in stored}:
        versions = [event.version for event in stored if event.stream_id == stream]
        assert versions == list(range(1, len(versions) + 1))
        last = await store.load(stream)
        assert last is not None
        assert last.version == len(versions)
    effects = [outcome for outcome in outcomes if isinstance(outcome, Appended) and not outcome.replayed]
    # Everything acknowledged is there, and nothing else is.
    assert {(effect.stream_id, effect.version) for effect in effects} <= {(e.stream_id, e.version) for e in stored}
    assert len(stored) == sum(
        events
        for (_, _, events, _), outcome in zip(tries, outcomes, strict=True)
        if isinstance(outcome, Appended) and not outcome.replayed
    )
