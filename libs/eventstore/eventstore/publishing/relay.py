"""The relay of a service: every event of its store into its topic, once and in order, whatever crashes.

    relay = Relay(database_url, topic="issoudun.companies.v1", bootstrap="kafka:9092")
    await relay.run()

Any number may run; one leads. What it has published is read from the topic, so there is nothing to configure, and no
mark to lose. Taking over, it compares the store with the topic, and lets it append only where it holds what the topic
ends with.

A store may have several topics, for events of different types. One relay leads for all of them, and each transaction
holds a run of positions over all.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
from opentelemetry.trace import SpanKind

from eventstore import tracing
from eventstore.discretion import described
from eventstore.files import Told
from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import to_its_end
from eventstore.kafka.envelope import Message, Origin
from eventstore.kafka.logs import throttle_kafka_logs
from eventstore.kafka.places import Places
from eventstore.kafka.topics import TopicUnusable, check_topic, ensure_topic
from eventstore.outages import Outage
from eventstore.persistence import persist
from eventstore.postgres.confirmation import confirm, is_confirmed, unknown, withdraw
from eventstore.postgres.connection import connect
from eventstore.postgres.store import CHANNEL
from eventstore.publishing.backlog import Backlog
from eventstore.publishing.publisher import Compression, Publisher, Run
from eventstore.publishing.routes import Routes, UnknownDestination

log = logging.getLogger(__name__)

POLL: Final = 1.0
"""Seconds after which a leader that nobody woke looks for events, and whether its topic is still whole."""
ELECTION: Final = 0.3
"""Seconds between two attempts to lead."""
PATIENCE: Final = 20.0
"""Seconds that reading where the topics end, or a transaction, may last."""
LONGEST_PAUSE: Final = 5.0
"""Seconds before starting over after errors, at most."""
CLOCKS: Final = timedelta(minutes=1)
"""How far the time of an event may be ahead of this machine's before it is told."""

_CONNECTION: Final = {
    "application_name": "relay",
    # The lock of a node that died, or of a process that stands still, is free again after so long.
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "idle_session_timeout": "30s",
    # A plan made while the table was small would be kept.
    "enable_seqscan": "off",
    "jit": "off",
}
TRY_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended('relay of ' || $1, 0))"
"""Whoever has it may lead. It goes with the connection."""


class StoreDiffers(Exception):
    """The store does not hold what its topics end with, or there is no telling; the message names the way out."""


_LASTING: Final = (StoreDiffers, TopicUnusable, UnknownDestination)
"""What stays until somebody puts it right."""


class Relay:
    """One candidate of a service's relay. `leading`, `mark` and `error` tell how it fares.

    `types` says which topic events of each type go into, where they do not all go into `topic`; of a type that it lacks
    none is published, nor what comes after it. Each topic has as many partitions.
    """

    def __init__(
        self,
        store_url: Told,
        *,
        topic: str,
        types: Mapping[str, str] | None = None,
        bootstrap: Bootstrap,
        partitions: int = 12,
        compression: Compression | None = "lz4",
        wakers: set[Callable[[], None]] | None = None,
    ) -> None:
        self._store_url = store_url
        self._topic = topic
        self._routes = Routes(topic, types)
        self._partitions = partitions
        self._bootstrap = bootstrap
        self._compression = compression
        self._wakers = wakers if wakers is not None else set()
        """A store's `wakers`: the relay is among them while it leads, so that a store without a leader beside it sends
        a NOTIFY."""
        self._woken = asyncio.Event()
        self.leading = False
        self.mark = 0
        """While it leads: the position of the last event published."""
        self.reached: int | None = None
        """The same also while it fails to lead; None where another may have gone on since, or none has led yet."""
        self.published = 0
        """Events, by this one."""
        self.failures = 0
        """How often it has started over."""
        self.error: str | None = None
        """What went wrong last, until it leads or stands by again."""
        self.stopped = False
        """Whether that does not pass by itself."""
        self._clock_ahead = False
        self._outage = Outage(log, f"the relay of {topic} goes on, after %(times)d failures in %(seconds).0f s")

    def wake(self) -> None:
        """Tells that events were appended."""
        self._woken.set()

    async def run(self) -> None:
        """Leads, or stands by to lead, until cancelled. After an error it starts over from taking over."""
        throttle_kafka_logs()
        await persist(self._campaign, self._report, longest=LONGEST_PAUSE)

    def _report(self, error: BaseException, _: float) -> None:
        self.error = described(error)
        self.stopped = isinstance(error, _LASTING)
        self.failures += 1
        self._outage.fail(f"the relay of {self._topic} starts over after {self.error}")

    async def _campaign(self) -> None:
        # Said by those that stand by, too, before it is their turn to lead.
        async with asyncio.timeout(PATIENCE):
            for topic in self._routes.topics:
                await check_topic(self._bootstrap, topic, self._partitions)
        async with _connection(self._store_url) as connection:
            await self._stand_by(connection)
            async with AsyncExitStack() as stack:
                publisher = await self._take_over(stack, connection)
                backlog = await stack.enter_async_context(Backlog.open(connection))
                log.info("relaying to %s from position %d", ", ".join(self._routes.topics), self.mark)
                self.leading, self.error, self.stopped = True, None, False
                self._outage.end()
                self._wakers.add(self.wake)
                try:
                    await self._lead(publisher, backlog)
                finally:
                    self._wakers.discard(self.wake)
                    self.leading = False

    async def _stand_by(self, connection: asyncpg.Connection) -> None:
        # Tried again and again: a statement that waits would keep its snapshot, and vacuum waiting with it.
        while True:
            if await connection.fetchval(TRY_LOCK, self._topic):
                return
            self.error, self.stopped, self.reached = None, False, None
            self._outage.end()
            await asyncio.sleep(ELECTION)

    async def _take_over(self, stack: AsyncExitStack, connection: asyncpg.Connection) -> Publisher:
        origins = [Origin(topic, self._partitions) for topic in self._routes.topics]
        async with asyncio.timeout(PATIENCE):
            for origin in origins:
                await ensure_topic(self._bootstrap, origin.topic, origin.partitions)
            # In this order: once the publisher is open, what the relay before this one had begun is committed or
            # aborted and nothing of it can follow, so what the topics hold now is where to continue.
            publisher = await stack.enter_async_context(
                Publisher.open(self._bootstrap, self._routes, self._partitions, self._compression)
            )
            async with Places.open(self._bootstrap, publisher.places, origins) as places:
                last = await places.last()
                publisher.continues(last, await places.ends())
        # Each statement has its own limit of time; how many there are depends on the store.
        self.mark = self.reached = await self._compare(connection, list(last.values()))
        await connection.add_listener(CHANNEL, lambda *_: self.wake())
        return publisher

    async def _compare(self, connection: asyncpg.Connection, last: list[Message]) -> int:
        """Confirms that the store may append, or refuses it; the position behind which to go on. Raises StoreDiffers.

        That is the greatest in any topic, for what comes before it is in all of them: unless one of them was lost.
        """
        reached = dict.fromkeys(self._routes.topics, 0)
        for topic in reached:
            ends_with = {message.position: message.event_id for message in last if message.topic == topic}
            reached[topic] = max(ends_with, default=0)
            missing = await unknown(connection, ends_with)
            if missing:
                await withdraw(connection)
                position, event_id = missing[0]
                raise StoreDiffers(
                    f"the topic {topic} holds event {event_id} at position {position}, and the store does not: it "
                    "was restored to an earlier moment, or a replica that lagged took over, or the topic is another's. "
                    "Nothing is appended until the command `reconcile` has put that right"
                )
        lacking = await self._routes.lacking(connection, reached)
        if lacking and not await is_confirmed(connection):
            raise StoreDiffers(
                f"the topic {' and the topic '.join(lacking)} was lost, or never filled, and this store was not "
                "compared with it before: whether it was restored cannot be told. Nothing is appended until the "
                "command `reconcile` was told what to go beyond"
            )
        await confirm(connection)
        return min([max(reached.values()), *(position - 1 for position in lacking.values())])

    async def _lead(self, publisher: Publisher, backlog: Backlog) -> None:
        async def prepare(after: int) -> Run | None:
            events, full = await backlog.read(after)
            self._look_at_clock(events[-1].recorded_at if events else None)
            return await publisher.encode(events, full=full) if events else None

        run: Run | None = None
        while True:
            self._woken.clear()
            run = run or await prepare(self.mark)
            if run is None:
                if not await self._is_woken_within(POLL):
                    async with asyncio.timeout(PATIENCE):
                        await publisher.check_whole()
                continue
            # While a full run is committed, the next one is made ready.
            following = asyncio.create_task(prepare(run.last)) if run.full else None
            try:
                with tracing.together(SpanKind.PRODUCER, run.riders):
                    async with asyncio.timeout(PATIENCE):
                        await to_its_end(publisher.publish(run))
                self.mark = self.reached = run.last
                self.published += run.events
                run = await following if following else None
            finally:
                if following is not None:
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)

    def _look_at_clock(self, recorded_at: datetime | None) -> None:
        """Tells of events from the future: a clock jumped, and all later events carry that time until it has come."""
        if recorded_at is None:
            return
        ahead = recorded_at - datetime.now(UTC)
        if (ahead > CLOCKS) != self._clock_ahead:
            self._clock_ahead = not self._clock_ahead
            if self._clock_ahead:
                log.error(
                    "events of %s are recorded %s ahead of this machine's clock: the database's clock jumped, or this "
                    "one is wrong. Their order and their days are right, their time is not before that has passed",
                    self._topic,
                    ahead,
                )
            else:
                log.info("events of %s are recorded by a clock that agrees with this machine's again", self._topic)

    async def _is_woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._woken.wait()
        except TimeoutError:
            return False


@asynccontextmanager
async def _connection(url: Told) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url, timeout=5, command_timeout=10, server_settings=_CONNECTION)
    try:
        yield connection
    finally:
        # A server that is away is not waited for.
        with contextlib.suppress(Exception):
            await connection.close(timeout=1)
