import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from devstack.topics import delete_topic, read_topic, topic_faults
from eventstore import backlog as backlog_module
from eventstore import relay as relay_module
from eventstore.appending import Append, NewEvent
from eventstore.envelope import source_of
from eventstore.relay import Relay
from eventstore.store import Recorded, Store
from eventstore.topics import ensure_topic

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    """A store of the test's own."""
    async with Store.open(migrated_database) as store:
        yield store


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    """A relay that runs as long as the block."""
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def light(store: Store, lamps: int, hours: int = 1, *, after: int = 0, data: str = "{}") -> None:
    """Appends an event to each of many streams, and again."""
    for hour in range(after, after + hours):
        event = NewEvent("LampLit", 1, data)
        await asyncio.gather(
            *[store.append(Append(f"lamp-{n}", "lamp", hour, [event], "{}", 1, "{}")) for n in range(lamps)]
        )


async def events_of(store: Store) -> list[Recorded]:
    """All that the store has."""
    return await store.read(0, 100_000)


async def test_all_events_reach_the_topic_once_and_in_order(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    await light(store, lamps=100, hours=5)

    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=4, wakers=store.wakers)
    async with running(relay):
        await until(lambda: relay.mark == 500)
        await light(store, lamps=100, hours=5, after=5)
        await until(lambda: relay.mark == 1000)

    messages = await read_topic(kafka, topic)
    assert topic_faults(messages, await events_of(store)) == []
    assert {message.source for message in messages} == {source_of(topic)}
    assert len({message.partition for message in messages}) == 4
    assert not relay.leading


async def test_a_backlog_of_several_runs_is_relayed_in_order(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_module, "RUN_EVENTS", 7)
    await light(store, lamps=30, hours=5)

    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=3)
    async with running(relay):
        await until(lambda: relay.mark == 150)

    assert topic_faults(await read_topic(kafka, topic), await events_of(store)) == []


async def test_a_run_of_large_events_is_cut_and_each_fits_in_a_batch(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_module, "RUN_BYTES", 1_000_000)
    # Of the greatest size, and hard to compress.
    hex_digits = "".join(f"{n * 2_654_435_761 % 2**32:08x}" for n in range(31_998))
    await light(store, lamps=12, data=json.dumps(hex_digits))

    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=2)
    async with running(relay):
        await until(lambda: relay.mark == 12)

    assert topic_faults(await read_topic(kafka, topic), await events_of(store)) == []


async def test_it_is_woken_by_its_own_process_and_by_others(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 60.0)
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=1, wakers=store.wakers)
    async with running(relay), Store.open(migrated_database) as elsewhere:
        await until(lambda: relay.leading)
        await light(store, lamps=1)
        await until(lambda: relay.mark == 1, seconds=5)
        await light(elsewhere, lamps=1, after=1)
        await until(lambda: relay.mark == 2, seconds=5)


async def test_without_being_woken_it_finds_what_was_appended(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.1)
    monkeypatch.setattr(Relay, "wake", lambda _: None)
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=1)
    async with running(relay):
        await until(lambda: relay.leading)
        await light(store, lamps=1)
        await until(lambda: relay.mark == 1, seconds=5)


async def test_one_leads_and_the_next_continues_where_it_ended(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    def candidate() -> Relay:
        return Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=3, wakers=store.wakers)

    async with running(candidate()) as second:
        await until(lambda: second.leading)
        async with running(candidate()) as third:
            await light(store, lamps=10)
            await until(lambda: second.mark == 10)
            await asyncio.sleep(0.5)
            assert not third.leading
            assert store.wakers == {second.wake}

    async with running(candidate()) as fourth:
        await until(lambda: fourth.leading)
        assert fourth.mark == 10
        await light(store, lamps=10, after=1)
        await until(lambda: fourth.mark == 20)
    assert store.wakers == set()
    assert topic_faults(await read_topic(kafka, topic), await events_of(store)) == []


async def test_a_leader_whose_lock_is_lost_takes_over_anew(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=3, wakers=store.wakers)
    async with running(relay):
        await until(lambda: relay.leading)
        await light(store, lamps=10)
        await store.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'relay' AND datname = current_database()"
        )
        await light(store, lamps=10, after=1)
        await until(lambda: relay.leading and relay.mark == 20)
        assert relay.error is None

    assert topic_faults(await read_topic(kafka, topic), await events_of(store)) == []


@pytest.mark.parametrize("partitions_again", [None, 3])
async def test_a_lost_topic_fills_itself_again(
    store: Store, migrated_database: str, kafka: str, topic: str, partitions_again: int | None
) -> None:
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=3, wakers=store.wakers)
    async with running(relay):
        await light(store, lamps=10)
        await until(lambda: relay.mark == 10)

        await delete_topic(kafka, topic)
        if partitions_again:
            # By someone else, so quickly that nobody saw it missing.
            await ensure_topic(kafka, topic, partitions_again)
        await light(store, lamps=10, after=1)

        await until_whole(kafka, topic, store)


async def until_whole(bootstrap: str, topic: str, store: Store) -> None:
    """Waits until the topic has what it should; it may not exist at the moment."""
    deadline = time.monotonic() + 20
    while True:
        faults = ["it cannot be read"]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                faults = topic_faults(await read_topic(bootstrap, topic), await events_of(store))
        if not faults:
            return
        assert time.monotonic() < deadline, faults
        await asyncio.sleep(0.1)


async def test_a_topic_lost_while_nothing_happens_fills_itself_too(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.1)
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=3, wakers=store.wakers)
    async with running(relay):
        await light(store, lamps=10)
        await until(lambda: relay.mark == 10)

        await delete_topic(kafka, topic)

        await until_whole(kafka, topic, store)


async def test_a_clock_that_was_hours_ahead_is_told_and_stops_nothing(
    store: Store, migrated_database: str, kafka: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    # As an older release made it: with the broker's limit to what a record's time may be ahead of its own clock.
    await admin.create_topics([NewTopic(topic, 2, 1, topic_configs={"retention.ms": "-1"})])
    await admin.close()
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=2, wakers=store.wakers)
    async with running(relay):
        await light(store, lamps=3)
        await until(lambda: relay.mark == 3)
        assert "clock" not in caplog.text
        await store.pool.execute("UPDATE events SET recorded_at = now() + interval '2 hours' WHERE position = 3")
        await light(store, lamps=3, after=1)
        await until(lambda: relay.mark == 6)
        assert "ahead of this machine's clock" in caplog.text
    assert [message.version for message in await read_topic(kafka, topic)].count(2) == 3


async def test_a_topic_made_a_moment_ago_is_led_from_the_first_look_on(
    migrated_database: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.05)
    for _ in range(5):
        relay = Relay(migrated_database, topic=f"test.{uuid.uuid4().hex}.v1", bootstrap=kafka, partitions=12)
        async with running(relay):
            await until(partial(getattr, relay, "leading"))
            for _ in range(20):
                await asyncio.sleep(0.01)
                assert relay.leading, relay.error


async def test_a_topic_with_other_partitions_is_refused_with_what_to_do(
    migrated_database: str, kafka: str, topic: str
) -> None:
    await ensure_topic(kafka, topic, 2)
    async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=5)) as relay:
        await until(lambda: relay.error is not None)
        assert "set TOPIC_PARTITIONS=2" in str(relay.error)
        assert not relay.leading


async def test_a_wrong_number_of_partitions_shows_where_a_relay_only_stands_by(
    migrated_database: str, kafka: str, topic: str
) -> None:
    async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=2)) as leader:
        await until(lambda: leader.leading)
        async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=12)) as standby:
            await until(lambda: standby.error is not None)
            assert "set TOPIC_PARTITIONS=2" in str(standby.error)


async def test_a_store_behind_its_topic_is_refused(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    await light(store, lamps=10)
    async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=1)) as relay:
        await until(lambda: relay.mark == 10)
    await store.pool.execute("DELETE FROM events WHERE position > 7")
    # What the restored store records before anybody notices passes the end of the topic.
    await light(store, lamps=5, after=1)

    async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=1)) as relay:
        await until(lambda: relay.error is not None)
        assert "at position 10, and the store does not" in str(relay.error)
        assert not relay.leading


async def test_a_broker_that_is_away_shows_and_ends_nothing(migrated_database: str, topic: str) -> None:
    relay = Relay(migrated_database, topic=topic, bootstrap="127.0.0.1:1", partitions=1)
    async with running(relay):
        await until(lambda: relay.error is not None)
        assert "127.0.0.1" in str(relay.error)


async def test_the_lock_is_freed_from_a_process_that_stands_still(
    migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(relay_module)["_CONNECTION"], "idle_session_timeout", "500ms")
    monkeypatch.setattr(relay_module, "POLL", 60.0)

    def candidate() -> Relay:
        return Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=1)

    async with running(candidate()) as first:
        await until(lambda: first.leading)
        async with running(candidate()) as second:
            await until(lambda: second.leading, seconds=5)
