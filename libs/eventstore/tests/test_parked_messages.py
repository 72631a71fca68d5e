"""Messages that cannot be handled: parked with their stream, tried again in its order, and nothing else held up."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import pairwise

import asyncpg
import pytest
from aiokafka import TopicPartition
from towns import Loner, Town, lit, noting, running, until, write

from eventstore.kafka.envelope import Message
from eventstore.kafka.partitioning import partition_of
from eventstore.kafka.topics import ensure_topic
from eventstore.mirroring import MirrorBehind
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.parking import Parked, ask_for_message, discard, parked, tried
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing import subscription as subscription_module
from eventstore.subscribing.marks import StaleOwner, hold_mark
from eventstore.subscribing.subscription import Subscription

pytestmark = pytest.mark.anyio

BAD = "lamp-7"
NEAR = [
    stream_id
    for stream_id in (f"lamp-{number}" for number in range(40))
    if partition_of(stream_id.encode(), 3) == partition_of(BAD.encode(), 3) and stream_id != BAD
]
"""Lamps whose events are in the same partition."""


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with noting(migrated_database) as store:
        yield store


@pytest.fixture
async def town(
    migrated_database: str, store: Store, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    monkeypatch.setattr(subscription_module, "LOOK", 0.1)
    async with Town(migrated_database, store, kafka, topic).relayed() as town:
        yield town


class Picky:
    """Handles messages, but for some."""

    def __init__(self, town: Town, *bad: tuple[str, int]) -> None:
        self.faults: dict[tuple[str, int], Exception] = dict.fromkeys(bad, ValueError("an hour like no other"))
        """By stream and version."""
        self._note = town.note("someone")

    async def __call__(self, connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        """Notes all, or none."""
        await self._note(connection, messages)
        for message in messages:
            if fault := self.faults.get((message.stream_id, message.version)):
                raise fault


async def versions(town: Town, stream_id: str) -> list[int]:
    """Which events of a stream have had their effect, in the order in which they had."""
    rows = await town.store.pool.fetch("SELECT version FROM effects WHERE stream_id = $1 ORDER BY number", stream_id)
    return [row["version"] for row in rows]


async def until_effects(town: Town, count: int) -> None:
    """Waits until there are so many effects; a little longer, for what should not come."""
    async with asyncio.timeout(60):
        while (await town.effects())[0] < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    assert (await town.effects())[:2] == (count, count)


async def letter(town: Town, *, behind: int) -> Parked:
    """The one that is parked, once so many wait behind it."""
    async with asyncio.timeout(60):
        while [each.behind for each in await parked(town.store.pool)] != [behind]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return (await parked(town.store.pool))[0]


async def retried(town: Town, name: str) -> str | None:
    """Has one tried again; why it could not be handled, or None where it was."""
    before = await ask_for_message(town.store.pool, name)
    assert before is not None
    async with asyncio.timeout(60):
        while now := await tried(town.store.pool, name):
            if now.attempts > before.attempts:
                return now.reason
            await asyncio.sleep(0.02)
    return None


async def test_its_stream_waits_and_all_others_of_its_batch_go_on(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    picky = Picky(town, (BAD, 2))
    await town.light(lamps=30, hours=4)
    await until(lambda: town.relay.mark == 120)
    async with running(town.subscription(picky)) as subscription:
        await until_effects(town, 117)
        first = await letter(town, behind=2)
        assert (subscription.error, subscription.failing, subscription.parked) == (None, None, 1)
        (bad,) = await town.store.pool.fetch("SELECT * FROM events WHERE stream_id = $1 AND version = 2", BAD)
        assert (first.kind, first.stream_id, first.name) == ("message", BAD, "LampLit")
        assert json.loads(first.body) == {
            "event_id": str(bad["event_id"]),
            "version": 2,
            "subscription": f"of.{town.topic}",
        }
        assert first.reason == "ValueError", "its words may quote the event"
        await town.light(lamps=30)
        await until_effects(town, 146)
        assert await versions(town, BAD) == [1]
        assert all([await versions(town, near) == [1, 2, 3, 4, 5] for near in NEAR if int(near[5:]) < 30])
        (line,) = [each.getMessage() for each in caplog.records if each.name == subscription_module.__name__]
        assert f"LampLit {bad['event_id']} at {town.topic}[" in line
        assert "an hour like" not in line

        picky.faults[BAD, 2] = KeyError("another")
        assert await retried(town, first.id) == "KeyError"
        assert (await letter(town, behind=3)).id == first.id
        del picky.faults[BAD, 2]
        assert await retried(town, first.id) is None
        await town.until_handled(150)
        await until(lambda: subscription.parked == 0)
        assert (await town.store.standing(None)).dead_letters == 0
        await town.light(lamps=30)
        await town.until_handled(180)


async def test_what_waits_behind_one_that_is_given_up_is_tried_in_its_order(town: Town) -> None:
    picky = Picky(town, (BAD, 1), (BAD, 4))
    await town.light(lamps=10, hours=6)
    async with running(town.subscription(picky)):
        first = await letter(town, behind=5)
        assert await discard(town.store.pool, first.id)
        assert not await discard(town.store.pool, first.id)
        await until_effects(town, 56)
        assert await versions(town, BAD) == [2, 3]
        assert await discard(town.store.pool, (await letter(town, behind=2)).id)
        await until_effects(town, 58)
        assert await versions(town, BAD) == [2, 3, 5, 6]


async def test_what_comes_just_when_the_last_of_its_stream_is_given_up_waits_for_nobody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_module, "LOOK", 1.5)
    async with running(town.subscription(Picky(town, (BAD, 1)))) as subscription:
        await town.append(BAD)
        await until(lambda: subscription.parked)
        # Whoever has the partition has not looked since, and parks what comes behind nothing.
        await asyncio.sleep(0.3)
        assert await discard(town.store.pool, (await letter(town, behind=0)).id)
        for _ in range(3):
            await town.append(BAD)
        await letter(town, behind=2)
        await until_effects(town, 3)
        assert await versions(town, BAD) == [2, 3, 4]
        await until(lambda: not subscription.parked)


async def test_what_a_release_does_not_know_waits_for_one_that_does(town: Town) -> None:
    await town.append(BAD)
    await town.append(BAD, "LampStolen")
    await town.append(BAD)
    await town.append(NEAR[0])
    async with running(town.subscription()) as old:
        await until_effects(town, 2)
        first = await letter(town, behind=1)
        assert first.reason == "UnknownEvent: no event LampStolen, version 1"
        assert await retried(town, first.id) == first.reason
        await town.append(NEAR[0])
        await until_effects(town, 3)
        assert old.failing is None
    async with running(town.subscription(known=("LampLit", "LampStolen"))):
        await until_effects(town, 5)
        assert await versions(town, BAD) == [1, 2, 3]
        assert (await town.store.standing(None)).dead_letters == 0


@pytest.mark.parametrize("passing", [OSError("the network"), StoreUnavailable("away"), MirrorBehind("behind")])
async def test_what_passes_by_itself_is_waited_out_and_parks_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch, passing: Exception
) -> None:
    monkeypatch.setattr(subscription_module, "LONGEST_PAUSE", 0.1)
    picky = Picky(town, (BAD, 3))
    picky.faults[BAD, 1] = passing
    async with running(town.subscription(picky)) as subscription:
        await town.light(lamps=10, hours=3)
        await until(lambda: type(passing).__name__ in (subscription.error or ""))
        await asyncio.sleep(1)
        assert (await town.store.standing(None)).dead_letters == 0
        del picky.faults[BAD, 1]
        first = await letter(town, behind=0)
        assert await versions(town, BAD) == [1, 2]

        # So it is for one that is tried again: it is asked for until there is an answer.
        picky.faults[BAD, 3] = passing
        assert await ask_for_message(town.store.pool, first.id) == (1, "ValueError")
        await until(lambda: type(passing).__name__ in (subscription.error or ""))
        await town.light(lamps=10)
        await until_effects(town, 38)
        assert await tried(town.store.pool, first.id) == (1, "ValueError")
        picky.faults.clear()
        await town.until_handled(40)


async def test_who_does_not_have_the_partition_any_more_tries_nothing(town: Town) -> None:
    async with running(town.subscription(Picky(town, (BAD, 1)))) as subscription:
        await town.append(BAD)
        await until(lambda: subscription.parked)
    place = TopicPartition(town.topic, partition_of(BAD.encode(), 3))
    async with town.store.pool.acquire() as connection:
        for mark in (0, 2):
            with pytest.raises(StaleOwner):
                async with connection.transaction():
                    await hold_mark(connection, f"of.{town.topic}", place, mark)  # type: ignore[arg-type]
        async with connection.transaction():
            await hold_mark(connection, f"of.{town.topic}", place, 1)  # type: ignore[arg-type]
            with pytest.raises(asyncpg.LockNotAvailableError):
                await town.store.pool.execute("UPDATE marks SET position = 2 WHERE position = 1")


async def test_what_is_parked_is_still_so_when_another_version_of_the_topic_takes_over(town: Town) -> None:
    picky = Picky(town, (BAD, 2))
    following = town.topic.removesuffix("1") + "2"
    async with running(town.subscription(picky)):
        await town.light(lamps=20, hours=3)
        await letter(town, behind=1)
        await town.stop_relay()
    refill = Relay(town.url, topic=following, bootstrap=town.kafka, partitions=5, wakers=town.store.wakers)
    async with running(refill), running(town.subscription(picky, topic=following)):
        await town.light(lamps=20)
        first = await letter(town, behind=2)
        await until_effects(town, 77)
        picky.faults.clear()
        assert await retried(town, first.id) is None
        await town.until_handled(80)


async def test_what_is_parked_of_either_topic_of_a_service_still_is_when_somebody_else_begins(town: Town) -> None:
    streams = {town.topic: BAD, town.topic.replace(".v1", ".persons.v1"): NEAR[0]}
    picky = Picky(town, (BAD, 1), (NEAR[0], 1))
    await town.stop_relay()

    def both() -> Subscription:
        name = f"of.{town.topic}"
        return Subscription(name, topics=streams, bootstrap=town.kafka, pool=town.store.pool, handle=picky, session=1.0)

    async def write_all(version: int) -> None:
        for number, (topic, stream_id) in enumerate(streams.items(), start=1):
            await ensure_topic(town.kafka, topic, 3)
            event = lit(stream_id, 2 * version + number)._replace(version=version)
            await write(town.kafka, topic, event, previous=event.position - 2 if version > 1 else 0)

    await write_all(1)
    async with running(both()) as one:
        await until(lambda: one.parked == 2)
    async with running(both()) as other:
        await until(lambda: other.parked == 2)
        await write_all(2)
        async with asyncio.timeout(60):
            while [each.behind for each in await parked(town.store.pool)] != [1, 1]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        picky.faults.clear()
        for each in await parked(town.store.pool):
            assert await retried(town, each.id) is None
        await town.until_handled(4)


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True], ids=["sharing", "each owning all"])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 9))])
async def test_whoever_is_tried_again_or_given_up_each_other_message_has_its_effect_once_and_in_order(
    town: Town, monkeypatch: pytest.MonkeyPatch, seed: int, *, alone: bool
) -> None:
    if alone:
        monkeypatch.setattr(subscription_module, "Membership", Loner)
    chance = random.Random(seed)
    lamps, hours = 15, 24
    places = [(f"lamp-{number}", version) for number in range(lamps) for version in range(1, hours + 1)]
    picky = Picky(town, *chance.sample(places, 30))
    stolen = set(chance.sample(places, 8))
    given_up: set[str] = set()

    async def live() -> None:
        for version in range(1, hours + 1):
            lit = [f"lamp-{number}" for number in range(lamps)]
            chance.shuffle(lit)
            for stream_id in lit:
                await town.append(stream_id, "LampStolen" if (stream_id, version) in stolen else "LampLit")
            await asyncio.sleep(chance.uniform(0, 0.3))

    async def meddle() -> None:
        while not living.done():
            for each in await parked(town.store.pool):
                match chance.choice(["nothing", "nothing", "retry", "mend", "discard"]):
                    case "retry":
                        await ask_for_message(town.store.pool, each.id)
                    case "mend":
                        picky.faults.pop((each.stream_id, json.loads(each.body)["version"]), None)
                        await ask_for_message(town.store.pool, each.id)
                    case "discard" if await discard(town.store.pool, each.id):
                        given_up.add(json.loads(each.body)["event_id"])
            await asyncio.sleep(chance.uniform(0, 0.2))

    # A release that knows no stolen lamps, and the next one, which takes over in the middle of it.
    async with AsyncExitStack() as old, running(town.subscription(picky)):
        await old.enter_async_context(running(town.subscription(picky)))
        living = asyncio.create_task(live())
        meddling = asyncio.create_task(meddle())
        await asyncio.sleep(1.5)
        async with running(town.subscription(picky, known=("LampLit", "LampStolen"))):
            await asyncio.sleep(0.5)
            await old.aclose()
            await asyncio.gather(living, meddling)
    picky.faults.clear()
    async with running(town.subscription(picky, known=("LampLit", "LampStolen"))), asyncio.timeout(40):
        while (await town.effects())[1] < lamps * hours - len(given_up):
            for each in await parked(town.store.pool):
                await ask_for_message(town.store.pool, each.id)
            await asyncio.sleep(0.2)
    effects = await town.store.pool.fetch("SELECT * FROM effects ORDER BY number")
    events = {str(event.event_id) for event in await town.store.read(0, 10_000)}
    assert sorted(str(effect["event_id"]) for effect in effects) == sorted(events - given_up)
    by_stream = [[each["version"] for each in effects if each["stream_id"] == f"lamp-{n}"] for n in range(lamps)]
    assert all(one < other for order in by_stream for one, other in pairwise(order))
    assert (await town.store.standing(None)).dead_letters == 0
    assert given_up
