import asyncio
import logging
import re
import statistics
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from towns import Loner, Town, lit, noting, running, until, write

from devstack.topics import delete_topic
from eventstore.kafka.clients import Consumer
from eventstore.kafka.envelope import Message, source_of, to_headers
from eventstore.kafka.partitioning import partition_of
from eventstore.kafka.topics import ensure_topic
from eventstore.mirroring import MirrorBehind
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing import subscription as subscription_module
from eventstore.subscribing.subscription import SESSION, Subscription

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    """A store of the test's own, where effects are noted."""
    async with noting(migrated_database) as store:
        yield store


@pytest.fixture
async def town(migrated_database: str, store: Store, kafka: str, topic: str) -> AsyncIterator[Town]:
    """A store whose events are relayed."""
    async with Town(migrated_database, store, kafka, topic).relayed() as town:
        yield town


async def test_each_event_has_its_effect_once_and_the_marks_tell_how_far(town: Town) -> None:
    await town.light(lamps=50)
    async with running(town.subscription()) as subscription:
        await town.until_handled(50)
        await town.light(lamps=50, hours=3)
        await town.until_handled(200)
        assert (subscription.error, subscription.failing) == (None, None)

    marks = await town.store.pool.fetch("SELECT * FROM marks WHERE subscription = $1", f"of.{town.topic}")
    last = await town.store.read(199, 1)
    assert max(mark["position"] for mark in marks) == 200
    assert max(mark["recorded_at"] for mark in marks) == last[0].recorded_at


async def test_what_was_handled_is_not_handled_again_by_who_comes_later(town: Town) -> None:
    async with running(town.subscription()):
        await town.light(lamps=40, hours=5)
        await town.until_handled(200)
    await town.light(lamps=40)
    async with running(town.subscription()):
        await town.until_handled(240)


async def test_a_database_that_was_restored_is_told_again_though_nothing_new_comes(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_module, "HOUSEKEEPING", 0.5)
    await town.light(lamps=20)
    async with running(town.subscription()):
        await town.until_handled(20)
        # Under its feet, so that it notices nothing of it: marks and effects are as they were.
        await town.store.pool.execute("BEGIN; UPDATE marks SET position = 0; DELETE FROM effects; COMMIT")
        await town.until_handled(20)


async def test_an_effect_that_is_rolled_back_is_had_later(town: Town) -> None:
    failures = iter([OSError("the network"), StoreUnavailable("away"), asyncpg.DeadlockDetectedError("again")])
    note = town.note("someone")

    async def fail_first(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        await note(connection, messages)
        for failure in failures:
            raise failure

    await town.light(lamps=20)
    async with running(town.subscription(fail_first)) as subscription:
        await until(lambda: subscription.error)
        assert subscription.failing is None
        await town.until_handled(20)
        await until(lambda: subscription.error is None)


async def test_a_database_that_drops_its_connections_is_waited_out(town: Town) -> None:
    async with running(town.subscription()):
        await town.light(lamps=20)
        await town.until_handled(20)
        await town.store.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name NOT IN ('append', 'load')"
            " AND pid <> pg_backend_pid()"
        )
        await town.light(lamps=20)
        await town.until_handled(40)


async def test_a_record_of_someone_else_is_reported_and_never_skipped(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    await until(lambda: town.relay.leading)
    async with AIOKafkaProducer(bootstrap_servers=town.kafka) as stranger:
        await stranger.send_and_wait(town.topic, b"hello", partition=0)
    async with running(town.subscription()) as subscription:
        await until(lambda: subscription.failing)
        assert f"what is at {town.topic}[0] offset 0: NotAnEvent" in str(subscription.failing)
    assert any(record.levelno == logging.ERROR and "cannot handle" in record.getMessage() for record in caplog.records)


async def test_instances_that_come_and_go_share_the_work(town: Town) -> None:
    async with AsyncExitStack() as others, running(town.subscription(town.note("first"))):
        await town.light(lamps=30)
        await town.until_handled(30)
        for who in ("second", "third"):
            await others.enter_async_context(running(town.subscription(town.note(who))))
        hours = 1
        # How long a group takes to let its members in is Kafka's affair: there is work for as long as that takes.
        async with asyncio.timeout(60):
            while len(await town.store.pool.fetch("SELECT DISTINCT handled_by FROM effects")) < 3:
                await town.light(lamps=30)
                hours += 1
                await asyncio.sleep(0.05)
        lighting = asyncio.create_task(town.light(lamps=30, hours=50))
        await others.aclose()
        await lighting
        await town.until_handled(30 * (hours + 50))


@pytest.mark.slow
async def test_what_one_that_leaves_had_is_read_by_the_others_at_once(town: Town) -> None:
    lamps, clock = 30, asyncio.get_running_loop().time
    handled = "SELECT min(hours) FROM (SELECT count(*) AS hours FROM effects GROUP BY stream_id) AS of_lamps"
    working = "SELECT FROM effects WHERE handled_by = $1 LIMIT 1"
    hours, ended = 0, asyncio.Event()

    async def light() -> None:
        nonlocal hours
        while not ended.is_set():
            await town.light(lamps)
            hours += 1
            await asyncio.sleep(0.05)

    async def until_lit(seen: int) -> None:
        async with asyncio.timeout(30):
            while (await town.store.pool.fetchval(handled) or 0) < seen:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    lighting = asyncio.create_task(light())
    gaps = []
    async with running(town.subscription(town.note("stayer"), session=SESSION)):
        for number in range(4):
            async with running(town.subscription(town.note(f"leaver {number}"), session=SESSION)):
                async with asyncio.timeout(30):
                    while not await town.store.pool.fetch(working, f"leaver {number}"):  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                told = clock()
            # In each partition there is something that nobody read before it left.
            await until_lit(hours + 1)
            gaps.append(clock() - told)
        ended.set()
        await lighting
        await town.until_handled(lamps * hours)
    # A second on a machine that does nothing else; as long as a session where they did not leave.
    assert statistics.median(gaps) < SESSION / 2, gaps


FORGED: dict[str, Callable[[str], dict[str, Any]]] = {
    "garbage": lambda _: {"headers": [], "value": b"\xff\x00"},
    "of another source": lambda _: {"headers": to_headers(lit("lamp-0", 10**9), "/vierzon/lamps", 0)},
    "with another key": lambda topic: {
        "key": b"lamp-1",
        "partition": partition_of(b"lamp-0", 3),
        "headers": to_headers(lit("lamp-0", 10**9), source_of(topic), 0),
    },
    "in another partition": lambda topic: {
        "partition": (partition_of(b"lamp-0", 3) + 1) % 3,
        "headers": to_headers(lit("lamp-0", 10**9), source_of(topic), 0),
    },
    "behind what is missing": lambda topic: {"headers": to_headers(lit("lamp-0", 10**9), source_of(topic), 10**8)},
    "of a position that was passed": lambda topic: {"headers": to_headers(lit("lamp-0", 1), source_of(topic), 0)},
}


@pytest.mark.parametrize("forged", FORGED)
async def test_what_a_relay_cannot_have_written_stops_its_partition_and_moves_no_mark(town: Town, forged: str) -> None:
    async with running(town.subscription()) as subscription:
        await town.light(lamps=20)
        await town.until_handled(20)
        marks = await town.store.pool.fetch("SELECT partition, position FROM marks ORDER BY partition")
        await write(town.kafka, town.topic, lit("lamp-0", 10**9), **FORGED[forged](town.topic))
        await until(lambda: subscription.failing)
        assert await town.store.pool.fetch("SELECT partition, position FROM marks ORDER BY partition") == marks
    # The relay goes on behind what is its own, and so do the other partitions.
    async with running(town.subscription()):
        await town.light(lamps=20)
        async with asyncio.timeout(20):
            while (await town.effects())[0] < 25:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    relay = Relay(town.url, topic=town.topic, bootstrap=town.kafka, partitions=3)
    await town.stop_relay()
    async with running(relay):
        await until(lambda: relay.leading)
        assert relay.mark == 40


async def test_a_topic_of_the_next_version_takes_over_and_no_effect_is_had_twice(town: Town) -> None:
    following = town.topic.removesuffix("1") + "2"
    async with running(town.subscription()) as old:
        await town.light(lamps=30, hours=3)
        await town.until_handled(90)
        await town.stop_relay()
        refill = Relay(town.url, topic=following, bootstrap=town.kafka, partitions=5, wakers=town.store.wakers)
        async with running(refill), running(town.subscription(topic=following)) as new:
            # Those of the release before go on meanwhile, and give way.
            await town.light(lamps=30, hours=3)
            await town.until_handled(180)
            assert new.failing is None
        assert old.failing is None
    async with running(town.subscription()) as late:
        await until(lambda: late.error)
        assert "another version has taken the place" in str(late.error)


async def test_another_number_of_partitions_under_the_same_name_is_refused(town: Town) -> None:
    async with running(town.subscription()):
        await town.light(lamps=10)
        await town.until_handled(10)
        await town.stop_relay()
        await delete_topic(town.kafka, town.topic)
        await asyncio.sleep(0.2)
        await ensure_topic(town.kafka, town.topic, 4)
    async with running(town.subscription()) as subscription:
        await until(lambda: subscription.error)
        assert "has 4 partitions and had 3" in str(subscription.error)


async def test_more_partitions_while_it_runs_are_noticed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_module, "HOUSEKEEPING", 0.2)
    async with running(town.subscription()) as subscription:
        await town.light(lamps=10)
        await town.until_handled(10)
        admin = AIOKafkaAdminClient(bootstrap_servers=town.kafka)
        await admin.start()
        await admin.create_partitions({town.topic: NewPartitions(5)})
        await admin.close()
        await until(lambda: subscription.error and "has 5 partitions and had 3" in subscription.error)


async def test_it_tells_when_it_has_come_to_the_end_of_each_partition(town: Town) -> None:
    await town.light(lamps=30, hours=5)
    await until(lambda: town.relay.mark == 150)

    async def slowly(_: asyncpg.Connection, messages: Sequence[Message]) -> None:
        if messages[-1].position > 100:
            raise MirrorBehind("the lamps of another town are not here yet")

    behind = "SELECT count(*) FROM marks WHERE NOT caught_up"
    async with running(town.subscription(slowly)) as subscription:
        await until(lambda: subscription.error)
        assert str(subscription.error).startswith("MirrorBehind: the lamps")
        assert await town.store.pool.fetchval(behind) > 0
    async with running(town.subscription()), asyncio.timeout(20):
        while await town.store.pool.fetchval(behind) > 0:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_it_does_not_handle_is_read_past_and_marks_follow(town: Town) -> None:
    async def at() -> list[int]:
        rows = await town.store.pool.fetch("SELECT position FROM marks ORDER BY position DESC LIMIT 1")
        return [row["position"] for row in rows]

    note = town.note("picky")
    told: list[str] = []

    async def handle(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        told.extend(message.type for message in messages)
        await note(connection, messages)

    async with running(town.subscription(handle, known=("LampLit", "LampStolen"), types=("LampStolen",))):
        await town.light(lamps=20, hours=2)
        async with asyncio.timeout(20):
            while await at() != [40]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await town.append("lamp-7", "LampStolen")
        async with asyncio.timeout(20):
            while not (await town.effects())[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await at() == [41], "with what is handled, at once"
    await town.light(lamps=20)
    await town.append("lamp-8", "LampStolen")
    async with running(town.subscription(handle, known=("LampLit", "LampStolen"), types=("LampStolen",))):
        async with asyncio.timeout(20):
            while (await town.effects())[0] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await at() == [62]
    assert told == ["LampStolen"] * 2


async def test_it_tells_how_much_it_has_yet_to_read_of_what_there_was_when_it_began(town: Town) -> None:
    await town.light(lamps=40, hours=3)
    await until(lambda: town.relay.mark == 120)
    batches = asyncio.Semaphore(2)
    note = town.note("slow")

    async def handle(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        await batches.acquire()
        await note(connection, messages)

    async with running(town.subscription(handle, batch=30)) as subscription:
        await until(lambda: batches.locked() and subscription.catching_up)
        told = re.fullmatch(
            r"catching up: (\d+\.\d)% of (\d+) records read, about \d:\d\d:\d\d left", subscription.catching_up or ""
        )
        assert told is not None, subscription.catching_up
        assert 0 < float(told[1]) < 100
        assert int(told[2]) >= 120, "and what ended their transactions"
        for _ in range(10):
            batches.release()
        await town.until_handled(120)
        await until(lambda: subscription.catching_up is None)


async def test_two_owners_of_all_partitions_have_each_effect_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_module, "Membership", Loner)
    first, second = town.subscription(town.note("first")), town.subscription(town.note("second"))
    async with running(first), running(second):
        await town.light(lamps=20, hours=30)
        await town.until_handled(600)


async def test_it_waits_for_its_topic(migrated_database: str, store: Store, kafka: str, topic: str) -> None:
    town = Town(migrated_database, store, kafka, topic)
    async with running(town.subscription()) as subscription:
        await until(lambda: subscription.error)
        assert topic in str(subscription.error)
        await town.light(lamps=10)
        async with running(town.relay):
            await town.until_handled(10)
            assert subscription.error is None


def fetches_no_more(consumer: Consumer) -> None:
    """What fetches has ended."""
    consumer._fetcher._fetch_task.cancel()  # noqa: SLF001


def joins_for_ever(consumer: Consumer) -> None:
    """It joins its group anew, and never comes to an end with that."""
    consumer._coordinator._do_rejoin_group = lambda _: asyncio.Event().wait()  # noqa: SLF001
    consumer._coordinator.request_rejoin()  # noqa: SLF001


@pytest.mark.parametrize("hangs", [fetches_no_more, joins_for_ever])
async def test_a_consumer_that_alone_hears_nothing_is_given_up(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hangs: Callable[[Consumer], None]
) -> None:
    monkeypatch.setattr(subscription_module, "HOUSEKEEPING", 0.5)
    async with running(town.subscription()) as subscription:
        await town.light(lamps=10)
        await town.until_handled(10)
        member = subscription._member  # noqa: SLF001
        assert member is not None
        hangs(member._consumer)  # noqa: SLF001
        await until(lambda: "Kafka answers, but not its consumer" in caplog.text)
        await town.light(lamps=10)
        await town.until_handled(20)
        await until(lambda: subscription.error is None)


async def test_a_topic_that_appears_later_is_read_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_module, "HOUSEKEEPING", 0.2)
    later = f"later.{town.topic}"
    seen: list[str] = []

    async def see(_: asyncpg.Connection, messages: Sequence[Message]) -> None:
        seen.extend(message.topic for message in messages)

    both = Subscription(
        f"of.{town.topic}", topics=[town.topic, later], bootstrap=town.kafka, pool=town.store.pool, handle=see
    )
    async with running(both):
        await town.light(lamps=3)
        await until(lambda: seen == [town.topic] * 3)
        await ensure_topic(town.kafka, later, 1)
        await write(town.kafka, later, lit("lamp-1", 1), partitions=1)
        await until(lambda: later in seen)


async def test_a_topic_deleted_and_filled_again_changes_nothing(town: Town) -> None:
    async with running(town.subscription()) as subscription:
        # One by one, so that the topic has more between the records than it will have when filled in one go.
        for _ in range(30):
            await town.light(lamps=1)
            await asyncio.sleep(0.01)
        await town.until_handled(30)
        await delete_topic(town.kafka, town.topic)
        await town.light(lamps=20, hours=3)
        await town.until_handled(90)
        assert subscription.failing is None


async def test_a_broker_that_is_away_shows_and_ends_nothing(store: Store, topic: str) -> None:
    town = Town("", store, "127.0.0.1:1", topic)
    async with running(town.subscription()) as subscription:
        await until(lambda: subscription.error)
        assert "127.0.0.1" in str(subscription.error)
