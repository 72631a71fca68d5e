"""Towns whose lamps are lit, for tests of those who subscribe to what happens there."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaProducer

from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.envelope import Message, Origin, source_of, to_headers
from eventstore.kafka.partitioning import partition_of
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Recorded, Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing.membership import Membership
from eventstore.subscribing.subscription import BATCH, Handle, Subscription

Runs = TypeVar("Runs", Relay, Subscription)


@asynccontextmanager
async def noting(url: str) -> AsyncIterator[Store]:
    """A store beside which effects are noted."""
    async with Store.open(url) as store:
        await store.pool.execute(
            "CREATE TABLE effects (number bigserial, event_id uuid, stream_id text, version int, handled_by text)"
        )
        yield store


class Town:
    """A store, its topic, and those who subscribe to it."""

    def __init__(self, url: str, store: Store, kafka: str, topic: str) -> None:
        self.url = url
        self.store = store
        self.kafka = kafka
        self.topic = topic
        self.relay = Relay(url, topic=topic, bootstrap=kafka, partitions=3, wakers=store.wakers)
        self.relaying: asyncio.Task[None] | None = None
        self._versions: dict[str, int] = defaultdict(int)

    @asynccontextmanager
    async def relayed(self) -> "AsyncIterator[Town]":
        """Relays its events as long as the block."""
        self.relaying = asyncio.create_task(self.relay.run())
        yield self
        await self.stop_relay()

    async def stop_relay(self) -> None:
        """Ends the relay."""
        if self.relaying is not None:
            self.relaying.cancel()
            await asyncio.gather(self.relaying, return_exceptions=True)

    async def light(self, lamps: int, hours: int = 1) -> None:
        """Appends events to each of many streams."""
        for _ in range(hours):
            await asyncio.gather(*[self.append(f"lamp-{number}") for number in range(lamps)])

    async def append(self, stream_id: str, event_type: str = "LampLit") -> None:
        """Appends an event to one stream."""
        version = self._versions[stream_id]
        event = NewEvent(event_type, 1, f'{{"hour": {version}}}')
        await self.store.append(Append(stream_id, "lamp", version, [event], "{}", 1, "{}"))
        self._versions[stream_id] = version + 1

    def subscription(
        self,
        handle: Handle | None = None,
        *,
        topic: str | None = None,
        session: float = 1.0,
        known: Collection[str] = ("LampLit",),
        batch: int = BATCH,
        types: Collection[str] | None = None,
    ) -> Subscription:
        """Another instance of the one subscription."""
        return Subscription(
            f"of.{self.topic}",
            topics=[topic or self.topic],
            bootstrap=self.kafka,
            pool=self.store.pool,
            handle=handle or self.note("someone"),
            known={(event_type, 1) for event_type in known},
            session=session,
            batch=batch,
            types=types,
        )

    def note(self, who: str) -> Handle:
        """A handler whose effect is a line in a table."""

        async def note(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
            await connection.executemany(
                "INSERT INTO effects (event_id, stream_id, version, handled_by) VALUES ($1, $2, $3, $4)",
                [(message.event_id, message.stream_id, message.version, who) for message in messages],
            )

        return note

    async def effects(self) -> tuple[int, int, int]:
        """How many effects there are, of how many events, and how many came out of order within their stream."""
        (row,) = await self.store.pool.fetch(
            "SELECT count(*), count(DISTINCT event_id), count(*) FILTER (WHERE version <> before + 1) FROM ("
            "SELECT *, lag(version, 1, 0) OVER (PARTITION BY stream_id ORDER BY number) AS before FROM effects) AS e"
        )
        return row[0], row[1], row[2]

    async def until_handled(self, events: int, seconds: float = 60) -> None:
        """Waits until so many events had their effect, and checks that each had it once and in order."""
        async with asyncio.timeout(seconds):
            while (await self.effects())[1] < events:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await self.effects() == (events, events, 0)


@asynccontextmanager
async def running(what: Runs) -> AsyncIterator[Runs]:
    """Runs it as long as the block."""
    task = asyncio.create_task(what.run())
    try:
        yield what
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def lit(stream_id: str, position: int, event_type: str = "LampLit") -> Recorded:
    """A first event of a lamp."""
    recorded_at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    return Recorded(position, stream_id, 1, uuid.uuid4(), event_type, 1, "{}", "{}", recorded_at)


async def write(
    kafka: str, topic: str, event: Recorded, *, partitions: int = 3, previous: int = 0, **other: Any
) -> None:
    """Writes an event as the topic's relay would, but for what is given otherwise."""
    key = event.stream_id.encode()
    record: dict[str, Any] = {
        "key": key,
        "partition": partition_of(key, partitions),
        "value": event.data.encode(),
        "headers": to_headers(event, source_of(topic), previous),
        **other,
    }
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(topic, **record)


class Loner(Membership):
    """Is alone in a group of its own, and so owns all partitions whatever others do."""

    @classmethod
    def open(cls, bootstrap: Bootstrap, group: str, origins: Collection[Origin], session: float) -> Any:
        """Joins a group that nobody else knows."""
        return super().open(bootstrap, f"{group}.{uuid.uuid4()}", origins, session)
