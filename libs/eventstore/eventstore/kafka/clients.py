"""aiokafka's producer and consumer, made fit for brokers that are away.

Their `stop` waits for as long as a broker does not answer, and may end as if the task that called it were cancelled.
`discard` closes them within seconds, whatever the brokers do, and raises nothing; `is_cancelled` tells the truth.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import LeaderNotAvailableError, for_code
from aiokafka.protocol.offset import OffsetRequest

REQUEST_TIMEOUT: Final = 10_000
"""Milliseconds after which a request to Kafka is given up."""
_PARTING: Final = 2.0
"""Seconds given to a broker when a client closes."""
_LATEST: Final = -1
_LOOKS: Final = 50
_UNCOMMITTED: Final = 0


def is_cancelled() -> bool:
    """Whether the running task was really told to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Producer(AIOKafkaProducer):  # type: ignore[misc]
    """A producer that can also tell where partitions end."""

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset behind the last record of each partition, committed or not. Raises KafkaError."""
        by_leader: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for place in places:
            by_leader[await self._leader(place)][place.topic].append((place.partition, _LATEST))
        ends: dict[TopicPartition, int] = {}
        for leader, asked in by_leader.items():
            response = await self.client.send(leader, OffsetRequest(-1, _UNCOMMITTED, list(asked.items())))
            for topic, partitions in response.topics:
                for partition, code, _, offset, *_ in partitions:
                    if code:
                        raise for_code(code)(f"{topic}[{partition}]")
                    ends[TopicPartition(topic, partition)] = offset
        return ends

    async def _leader(self, partition: TopicPartition) -> int:
        """Who leads a partition. That of a topic made a moment ago is not known at once, nor looked for by itself."""
        for _ in range(_LOOKS):
            leader: int | None = self.client.cluster.leader_for_partition(partition)
            if leader is not None and leader >= 0:
                return leader
            await self.client.force_metadata_update()
            await asyncio.sleep(0.02)
        raise LeaderNotAvailableError(f"{partition.topic}[{partition.partition}]")

    async def discard(self) -> None:
        """Closes without delivering what was not delivered yet."""
        self._closed = True
        sender = self._sender.sender_task
        # Cancelled once, it waits for the requests that are under way.
        while sender is not None and not sender.done():
            sender.cancel()
            await asyncio.wait([sender], timeout=0.2)
        await _within(_PARTING, self.client.close())


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer of committed records that commits no offsets by itself."""

    def __init__(self, **settings: object) -> None:
        super().__init__(isolation_level="read_committed", enable_auto_commit=False, **settings)

    async def start(self) -> None:
        """Connects. Told to end meanwhile, it does when it has: the connection it begins with would stay open."""
        starting = asyncio.ensure_future(super().start())
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _within(_PARTING, starting)
            raise

    def let_wait(self, milliseconds: int) -> None:
        """Lets fetches that begin from now on wait at the broker for so long, at most, until there is a record."""
        self._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001  # It can be given only once.

    async def discard(self) -> None:
        """Closes, and leaves the group if it is in one."""
        if await _within(_PARTING, self.stop()):
            return
        # What `stop` did not come to.
        if self._group_id is not None and self._coordinator is not None:
            await _within(_PARTING, self._coordinator._stop_heartbeat_task())  # noqa: SLF001
            await _within(_PARTING, self._coordinator._stop_commit_offsets_refresh_task())  # noqa: SLF001
        if self._fetcher is not None:
            await _within(_PARTING, self._fetcher.close())
        await _within(_PARTING, self._client.close())


async def to_its_end(doing: Coroutine[Any, Any, None]) -> None:
    """Does something that should not be left halfway: told to end meanwhile, it ends when that has, or in seconds."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await _within(_PARTING, task)
        raise


async def _within(seconds: float, closing: Awaitable[None]) -> bool:
    """Whether it came to its end in time."""
    task = asyncio.ensure_future(closing)
    await asyncio.wait([task], timeout=seconds)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=seconds)
    return task.done() and not task.cancelled() and task.exception() is None
