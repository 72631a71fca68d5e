import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from operator import itemgetter

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from devstack.topics import delete_topic, read_topic, read_topics, topic_faults
from eventstore.kafka.clients import Producer
from eventstore.kafka.envelope import source_of
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Recorded, Store
from eventstore.publishing import backlog as backlog_module
from eventstore.publishing import relay as relay_module
from eventstore.publishing import routes
from eventstore.publishing.relay import Relay

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


async def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def light(
    store: Store, lamps: int, hours: int = 1, *, after: int = 0, data: str = "{}", keepers: int = 0
) -> None:
    """Appends an event to each of many streams, lamps and their keepers by turns, and again."""
    lit, paid = NewEvent("LampLit", 1, data), NewEvent("KeeperPaid", 1, data)
    for hour in range(after, after + hours):
        appended = [(n, Append(f"lamp-{n}", "lamp", hour, [lit], "{}", 1, "{}")) for n in range(lamps)]
        appended += [(n, Append(f"keeper-{n}", "keeper", hour, [paid], "{}", 1, "{}")) for n in range(keepers)]
        await asyncio.gather(*[store.append(each) for _, each in sorted(appended, key=itemgetter(0))])


def apart(topic: str) -> Mapping[str, str]:
    """The topic of each type of event, where that of keepers is one of its own."""
    return {"LampLit": topic, "KeeperPaid": topic.replace(".v1", ".persons.v1")}


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
        await until(lambda: relay.mark == 1)
        await light(elsewhere, lamps=1, after=1)
        await until(lambda: relay.mark == 2)


async def test_without_being_woken_it_finds_what_was_appended(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.1)
    monkeypatch.setattr(Relay, "wake", lambda _: None)
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=1)
    async with running(relay):
        await until(lambda: relay.leading)
        await light(store, lamps=1)
        await until(lambda: relay.mark == 1)


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


async def test_told_to_end_it_commits_the_transaction_that_it_is_in(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    begin = Producer.begin_transaction

    async def begin_and_tell(producer: Producer) -> None:
        await begin(producer)
        begun.set()

    monkeypatch.setattr(Producer, "begin_transaction", begin_and_tell)
    await light(store, lamps=100)
    async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=4, wakers=store.wakers)):
        await begun.wait()
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


async def until_whole(bootstrap: str, topic: str, store: Store, types: Mapping[str, str] | None = None) -> None:
    """Waits until the topic has what it should, or those of the types; they may not exist at the moment."""
    deadline = time.monotonic() + 60
    while True:
        faults = ["it cannot be read"]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                messages = await read_topics(bootstrap, {topic, *(types or {}).values()})
                faults = topic_faults(messages, await events_of(store), types)
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
            await until(lambda: second.leading)


async def test_events_go_into_the_topics_of_their_types_each_once_and_in_order(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    await light(store, lamps=60, keepers=40, hours=3)
    relay = Relay(
        migrated_database, topic=topic, types=apart(topic), bootstrap=kafka, partitions=4, wakers=store.wakers
    )
    async with running(relay):
        await until(lambda: relay.mark == 300)
        await light(store, lamps=60, keepers=40, hours=3, after=3)
        await until(lambda: relay.mark == 600)

    messages = await read_topics(kafka, apart(topic).values())
    assert topic_faults(messages, await events_of(store), apart(topic)) == []
    assert {message.source for message in messages} == {source_of(topic)}
    assert len({(message.topic, message.partition) for message in messages}) == 8
    last: dict[tuple[str, int], int] = {}
    for message in messages:
        place = message.topic, message.partition
        assert message.previous == last.get(place, 0)
        last[place] = message.position


async def test_where_one_of_two_topics_is_silent_the_next_relay_goes_on_behind_the_other(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    def candidate() -> Relay:
        return Relay(migrated_database, topic=topic, types=apart(topic), bootstrap=kafka, partitions=3)

    marks = []
    for lamps, keepers, after in ((5, 0, 0), (0, 5, 0), (5, 0, 1)):
        async with running(candidate()) as relay:
            await until(lambda relay=relay: relay.leading)  # type: ignore[misc]
            marks.append(relay.mark)
            await light(store, lamps=lamps, keepers=keepers, after=after)
            await until(lambda relay=relay: relay.mark == marks[-1] + 5)  # type: ignore[misc]
    assert marks == [0, 5, 10]
    messages = await read_topics(kafka, apart(topic).values())
    assert topic_faults(messages, await events_of(store), apart(topic)) == []


@pytest.mark.parametrize("lost", ["LampLit", "KeeperPaid"])
async def test_one_of_two_topics_that_is_lost_fills_itself_however_often_its_relay_begins_anew(
    store: Store, migrated_database: str, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    # So that it takes a while, and a relay ends in the middle of it.
    monkeypatch.setattr(backlog_module, "RUN_EVENTS", 2)
    monkeypatch.setattr(routes, "LOOK_EVENTS", 3)

    def candidate() -> Relay:
        return Relay(
            migrated_database, topic=topic, types=apart(topic), bootstrap=kafka, partitions=3, wakers=store.wakers
        )

    async with running(candidate()) as relay:
        await light(store, lamps=20, keepers=20)
        await until(lambda: relay.mark == 40)
        await delete_topic(kafka, apart(topic)[lost])
        # What is published meanwhile goes beyond what the lost one had.
        await light(store, lamps=5, keepers=5, after=1)
    for part in range(1, 4):
        async with running(candidate()) as relay:
            await until(lambda relay=relay, part=part: relay.leading and relay.mark > 10 * part)  # type: ignore[misc]
    async with running(candidate()) as relay:
        await light(store, lamps=5, keepers=5, after=2)
        await until_whole(kafka, topic, store, apart(topic))
        await until(lambda: relay.mark == 60)


async def test_a_store_gets_its_second_topic_where_the_first_is_long(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    async with running(Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=2)) as relay:
        await light(store, lamps=10)
        await until(lambda: relay.mark == 10)
    await light(store, lamps=0, keepers=3)
    relay = Relay(migrated_database, topic=topic, types=apart(topic), bootstrap=kafka, partitions=2)
    async with running(relay):
        await until(lambda: relay.mark == 13)
    messages = await read_topics(kafka, apart(topic).values())
    assert topic_faults(messages, await events_of(store), apart(topic)) == []


async def test_an_event_whose_topic_is_not_known_stops_the_relay_and_goes_nowhere(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    await light(store, lamps=3)
    before = Relay(migrated_database, topic=topic, types={"LampLit": topic}, bootstrap=kafka, partitions=2)
    async with running(before):
        await until(lambda: before.mark == 3)
        await light(store, lamps=3, after=1)
        await until(lambda: before.mark == 6)
        await light(store, lamps=0, keepers=3)
        await until(lambda: before.error is not None)
        await light(store, lamps=3, after=2)
        assert "the topic of events of the type KeeperPaid is not known to this release" in str(before.error)
        await asyncio.sleep(1)
    assert {message.type for message in await read_topic(kafka, topic)} == {"LampLit"}
    assert len(await read_topic(kafka, topic)) == 6

    after = Relay(migrated_database, topic=topic, types=apart(topic), bootstrap=kafka, partitions=2)
    async with running(after):
        await until(lambda: after.mark == 12)
    messages = await read_topics(kafka, apart(topic).values())
    assert topic_faults(messages, await events_of(store), apart(topic)) == []


async def test_relays_of_one_and_of_two_topics_do_not_lead_side_by_side(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    two = Relay(migrated_database, topic=topic, types=apart(topic), bootstrap=kafka, partitions=2, wakers=store.wakers)
    one = Relay(migrated_database, topic=topic, types={"LampLit": topic}, bootstrap=kafka, partitions=2)
    async with running(two):
        await until(lambda: two.leading)
        async with running(one):
            await light(store, lamps=5, keepers=5)
            await until(lambda: two.mark == 10)
            await asyncio.sleep(0.5)
            assert not one.leading
