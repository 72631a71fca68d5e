"""The relay of a service: every event of its store into its topic, once and in order, whatever crashes.

    relay = Relay(database_url, topic="issoudun.companies.v1", source="/issoudun/companies", bootstrap="kafka:9092")
    await relay.run()

Any number may run; one leads. What it has published is read from the topic, so there is nothing to configure, and no
mark to lose.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import asyncpg
from aiokafka import TopicPartition

from eventstore.backlog import Backlog
from eventstore.connection import connect
from eventstore.discretion import described
from eventstore.kafka_logs import throttle_kafka_logs
from eventstore.persistence import persist
from eventstore.places import Places
from eventstore.publisher import Compression, Publisher, Run
from eventstore.store import CHANNEL
from eventstore.topics import ensure_topic

log = logging.getLogger(__name__)

POLL: Final = 1.0
"""Seconds after which a leader that nobody woke looks for events, and whether its topic is still whole."""
ELECTION: Final = 0.3
"""Seconds between two attempts to lead."""
PATIENCE: Final = 20.0
"""Seconds that taking over, or a transaction, may last."""
LONGEST_PAUSE: Final = 5.0
"""Seconds before starting over after errors, at most."""

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
_TRY_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended('relay of ' || $1, 0))"


class TopicAhead(Exception):
    """The topic holds events that the store does not: the store was restored, or the topic is another's."""


class Relay:
    """One candidate of a service's relay. `leading`, `mark` and `error` tell how it fares."""

    def __init__(
        self,
        store_url: str,
        *,
        topic: str,
        source: str,
        bootstrap: str,
        partitions: int = 12,
        compression: Compression | None = "lz4",
        wakers: set[Callable[[], None]] | None = None,
    ) -> None:
        self._store_url = store_url
        self._topic = topic
        self._source = source
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._compression = compression
        self._wakers = wakers if wakers is not None else set()
        """A store's `wakers`: the relay is among them while it leads, so that a store without a leader beside it sends
        a NOTIFY."""
        self._woken = asyncio.Event()
        self.leading = False
        self.mark = 0
        """While it leads: the position of the last event published."""
        self.error: str | None = None
        """What went wrong last, until it leads or stands by again."""

    def wake(self) -> None:
        """Tells that events were appended."""
        self._woken.set()

    async def run(self) -> None:
        """Leads, or stands by to lead, until cancelled. After an error it starts over from taking over."""
        throttle_kafka_logs()
        await persist(self._campaign, self._report, longest=LONGEST_PAUSE)

    def _report(self, error: BaseException, pause: float) -> None:
        self.error = described(error)
        log.warning("the relay of %s starts over in %.1f s after %s", self._topic, pause, self.error)

    async def _campaign(self) -> None:
        async with _connection(self._store_url) as connection:
            await self._stand_by(connection)
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(PATIENCE):
                    publisher = await self._take_over(stack, connection)
                    backlog = await stack.enter_async_context(Backlog.open(connection))
                log.info("relaying to %s from position %d", self._topic, self.mark)
                self.leading, self.error = True, None
                self._wakers.add(self.wake)
                try:
                    await self._lead(publisher, backlog)
                finally:
                    self._wakers.discard(self.wake)
                    self.leading = False

    async def _stand_by(self, connection: asyncpg.Connection) -> None:
        # Tried again and again: a statement that waits would keep its snapshot, and vacuum waiting with it.
        while True:
            if await connection.fetchval(_TRY_LOCK, self._topic):
                return
            self.error = None
            await asyncio.sleep(ELECTION)

    async def _take_over(self, stack: AsyncExitStack, connection: asyncpg.Connection) -> Publisher:
        await ensure_topic(self._bootstrap, self._topic, self._partitions)
        # In this order: once the publisher is open, what the relay before this one had begun is committed or aborted
        # and nothing of it can follow, so what the topic holds now is where to continue.
        publisher = await stack.enter_async_context(
            Publisher.open(self._bootstrap, self._topic, self._source, self._partitions, self._compression)
        )
        partitions = [TopicPartition(self._topic, number) for number in range(self._partitions)]
        async with Places.open(self._bootstrap, partitions) as places:
            self.mark = max((await places.last_positions()).values(), default=0)
            publisher.ends = {partition.partition: end for partition, end in (await places.ends()).items()}
        last: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
        if self.mark > last:
            raise TopicAhead(
                f"the topic {self._topic} holds position {self.mark} and the store ends at {last}: new events would "
                "take positions that are in the topic"
            )
        await connection.add_listener(CHANNEL, lambda *_: self.wake())
        return publisher

    async def _lead(self, publisher: Publisher, backlog: Backlog) -> None:
        async def prepare(after: int) -> Run | None:
            events, full = await backlog.read(after)
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
                async with asyncio.timeout(PATIENCE):
                    await publisher.publish(run)
                self.mark = run.last
                run = await following if following else None
            finally:
                if following is not None:
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)

    async def _is_woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._woken.wait()
        except TimeoutError:
            return False


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url, timeout=5, command_timeout=10, server_settings=_CONNECTION)
    try:
        yield connection
    finally:
        # A server that is away is not waited for.
        with contextlib.suppress(Exception):
            await connection.close(timeout=1)
