"""How far subscriptions are behind, and how far relays have come, as they tell it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from towns import Town, noting, running, until

from eventstore.kafka.envelope import Message
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing.subscription import Lag, Subscription

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


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


async def lag_of(subscription: Subscription, topic: str, condition: Callable[[Lag], object]) -> Lag:
    """How far it is behind in a topic, once that meets a condition."""
    async with asyncio.timeout(30):
        while (lag := (await subscription.lags()).get(topic)) is None or not condition(lag):  # noqa: ASYNC110 -- what it looks at has no event
            await asyncio.sleep(0.02)
    return lag


async def test_who_handles_slowly_is_behind_by_what_is_read_and_not_handled_and_then_is_not(town: Town) -> None:
    goes_on = asyncio.Event()
    note = town.note("someone")

    async def slow(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        await goes_on.wait()
        await note(connection, messages)

    async with running(town.subscription(slow, session=30)) as subscription:
        caught_up = await lag_of(subscription, town.topic, lambda lag: lag.read == lag.partitions)
        assert caught_up == Lag(events=0, seconds=0, read=3, partitions=3)
        await town.light(lamps=30)
        waited = await lag_of(subscription, town.topic, lambda lag: lag.seconds and lag.seconds > 1)
        assert waited.events
        assert waited.seconds is not None
        assert waited.seconds < 10
        assert subscription.handled == 0
        goes_on.set()
        await town.until_handled(30)
        assert (await lag_of(subscription, town.topic, lambda lag: lag.events == 0)).seconds == 0
        assert subscription.handled == 30


async def test_a_partition_that_nobody_wrote_to_for_long_is_not_taken_for_one_that_is_behind(town: Town) -> None:
    await town.light(lamps=30)
    async with running(town.subscription()) as subscription:
        await town.until_handled(30)
        await lag_of(subscription, town.topic, lambda lag: lag.events == 0)
        await asyncio.sleep(2)
        lags = []
        for _ in range(5):
            await town.light(lamps=30)
            lags += [(await subscription.lags())[town.topic]]
        await town.until_handled(180)
    assert all(lag.seconds is not None and lag.seconds < 1.5 for lag in lags), lags


async def test_a_partition_that_stands_before_what_cannot_be_is_told_of_and_not_read(town: Town) -> None:
    await until(lambda: town.relay.leading)
    async with AIOKafkaProducer(bootstrap_servers=town.kafka) as stranger:
        await stranger.send_and_wait(town.topic, b"hello", partition=0)
    async with running(town.subscription()) as subscription:
        lag = await lag_of(subscription, town.topic, lambda lag: lag.read == 2 and lag.seconds and lag.seconds > 1)
        assert subscription.stopped
        assert lag.events
        assert lag.partitions == 3


async def test_what_several_read_is_all_that_there_is(town: Town) -> None:
    async with running(town.subscription()) as one, running(town.subscription()) as other:

        async def read() -> list[int]:
            lags = [(await each.lags()).get(town.topic) for each in (one, other)]
            return sorted(lag.read for lag in lags if lag is not None)

        async with asyncio.timeout(30):
            while await read() != [1, 2]:  # noqa: ASYNC110 -- nor this
                await asyncio.sleep(0.05)


async def test_while_the_database_is_away_there_is_no_telling(town: Town) -> None:
    attempts = 0

    async def fail(_: asyncpg.Connection, __: Sequence[Message]) -> None:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(0.2)
        raise OSError("the network")

    await town.light(lamps=3)
    async with running(town.subscription(fail)) as subscription:
        await lag_of(subscription, town.topic, lambda lag: attempts and lag.events is None)
        while attempts < 4:
            lag = (await subscription.lags())[town.topic]
            assert lag == Lag(events=None, seconds=None, read=0, partitions=3), "nor while it is tried again"
            await asyncio.sleep(0.02)


async def test_a_relay_knows_how_far_it_came_until_another_leads(town: Town) -> None:
    await town.light(lamps=5)
    await until(lambda: town.relay.reached == 5)
    assert town.relay.published == 5
    other = Relay(town.url, topic=town.topic, bootstrap=town.kafka, partitions=3)
    async with running(other):
        await asyncio.sleep(1)
        assert (other.leading, other.reached) == (False, None), "while it stands by"
        await town.stop_relay()
        await until(lambda: other.leading)
        assert other.reached == 5
        assert other.published == 0
