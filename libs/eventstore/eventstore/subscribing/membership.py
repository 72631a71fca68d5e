"""One instance's part in a consumer group: which partitions it reads, and from where.

Every assignment begins by finding the place of each partition anew, by the marks. Until that is done its records are
left out, so what `poll` gives always follows the mark without a gap.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import Consumer
from eventstore.kafka.envelope import Origin
from eventstore.kafka.places import Places

log = logging.getLogger(__name__)

POLL: Final = 1.0
"""Seconds that a poll waits for records, at most. It returns at once when there are any."""
_FETCH_WAIT: Final = 100
"""Milliseconds a fetch may wait at the broker; aiokafka leaves out of it the partitions it has unread records of."""
_IDLE_FETCH_WAIT: Final = 1000
"""The same of one that is begun while all is read: it has all partitions, and the first record of any ends it. Half a
session at most, since a broker that answers is heard of no sooner."""
_HEARTBEAT: Final = 500
"""Milliseconds between two signs of life, at most. By the answer to one a member hears that another has left, whose
partitions nobody reads until then."""


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """A member of a consumer group."""

    def __init__(self, bootstrap: Bootstrap, consumer: Consumer, origins: Collection[Origin], session: float) -> None:
        self._bootstrap = bootstrap
        self._consumer = consumer
        self.origins = {origin.topic: origin for origin in origins}
        """Who writes each topic."""
        self._session = session
        self._polled_at = asyncio.get_running_loop().time()
        self._assignments = 0
        self._without_since: float | None = self._polled_at
        """Since when the group has not said which partitions are its own, by the loop's clock; None where it has."""
        self._wait: asyncio.Timeout | None = None
        """Of the poll that waits for records, if one does."""
        self._reporting: asyncio.Task[None] | None = None
        self._reported: dict[TopicPartition, int] = {}
        self.marks: dict[TopicPartition, int] = {}
        """The partitions being read, and the position of the last event applied of each."""
        self.read: dict[TopicPartition, int] = {}
        """The position of the last event read of each since it was placed: positions only grow."""
        self._ends: dict[TopicPartition, int] = {}
        self.left = 0
        """Records not read yet of those that the partitions held when they were placed."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, bootstrap: Bootstrap, group: str, origins: Collection[Origin], session: float
    ) -> "AsyncIterator[Membership]":
        """Joins a group that reads these topics; `session` is how many seconds without a sign of life end it."""
        consumer = Consumer(
            bootstrap,
            group_id=group,
            # Where there is no telling, from the beginning: what is not after the mark is left out.
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_WAIT,
            # What there is to fetch anew wakes aiokafka by itself; this is how often it looks besides.
            consumer_timeout_ms=int(POLL * 1000),
            session_timeout_ms=int(session * 1000),
            heartbeat_interval_ms=int(min(session * 250, _HEARTBEAT)),
            # Longer than the group may wait for a member that is gone.
            request_timeout_ms=int(session * 1000) + 5000,
            # In which a topic that was deleted and created anew is noticed.
            metadata_max_age_ms=3000,
        )
        member = cls(bootstrap, consumer, origins, session)
        try:
            await consumer.start()
            consumer.subscribe(list(member.origins), listener=member)
            yield member
        finally:
            await member._close()

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002
        """Called when the group distributes its partitions anew: until that is done this member has none."""
        self._assignments += 1
        self._without_since = asyncio.get_running_loop().time()
        self._forget(list(self.marks))

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Called when this member has its partitions."""
        self._assignments += 1
        self._without_since = None
        self._forget(list(self.marks))
        self._consumer.pause(*assigned)
        if self._wait is not None:
            # They are placed first.
            self._wait.reschedule(0)

    @property
    def partitions(self) -> frozenset[TopicPartition]:
        """The partitions it has been given."""
        return frozenset(self._consumer.assignment())

    @property
    def silence(self) -> float:
        """Seconds since Kafka last answered for the partitions being read."""
        answers = [self._consumer.last_poll_timestamp(partition) for partition in self.marks]
        answered = max((milliseconds for milliseconds in answers if milliseconds), default=None)
        return 0 if answered is None else time.time() - answered / 1000

    @property
    def is_left_alone(self) -> bool:
        """Whether for longer than a session it has had no answer, or waits to be told its partitions."""
        since = self._without_since
        return self.silence > self._session or (
            since is not None and asyncio.get_running_loop().time() - since > self._session
        )

    async def unanswered(self) -> str | None:
        """What there is to tell where Kafka has not answered for longer than a session."""
        silence = self.silence
        if silence <= self._session:
            return None
        why = await self._consumer.refused()
        return f"Kafka has not answered for {silence:.0f} s" + (f": {why}" if why else "")

    def leave_out(self, partitions: Collection[TopicPartition]) -> None:
        """Stops reading partitions, until they are placed again."""
        for partition in self.partitions.intersection(partitions):
            self._consumer.pause(partition)
        self._forget(partitions)

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            self.marks.pop(partition, None)
            self.read.pop(partition, None)
            self._ends.pop(partition, None)

    async def place(
        self,
        partitions: Collection[TopicPartition],
        read_marks: Callable[[Collection[TopicPartition]], Awaitable[dict[TopicPartition, int]]],
    ) -> None:
        """Begins to read partitions, behind their marks."""
        assignments = self._assignments
        marks = await read_marks(partitions)
        async with Places.open(self._bootstrap, partitions, self.origins.values()) as places:
            ends = await places.ends()
            offsets = await places.after(marks)
        if assignments != self._assignments:
            return
        for partition, offset in offsets.items():
            self._consumer.seek(partition, offset)
            self._consumer.resume(partition)
            self.marks[partition] = marks[partition]
            self.read[partition] = 0
            self._ends[partition] = ends[partition]
            self.left += ends[partition] - offset

    async def poll(self, limit: int) -> list[ConsumerRecord]:
        """The next records of the partitions being read, in order within each; none after a while without any, or when
        there are others to be placed."""
        self._consumer.let_wait(min(_IDLE_FETCH_WAIT, int(self._session * 500)))
        try:
            # While its group distributes partitions anew aiokafka would wait until that is done, however long.
            async with asyncio.timeout(1.5 * POLL) as self._wait:
                polled = await self._consumer.getmany(timeout_ms=int(POLL * 1000), max_records=limit)
        except TimeoutError:
            polled = {}
        finally:
            self._wait = None
            self._consumer.let_wait(_FETCH_WAIT)
        last, self._polled_at = self._polled_at, asyncio.get_running_loop().time()
        if self._polled_at - last > max(self._session, 2 * POLL):
            # It stood still. What it has from before is good, but not what it was sent since: a topic may have been
            # replaced by one of the same name, whose offsets mean other events.
            self.leave_out(self.partitions)
            return []
        return [record for partition, records in polled.items() if partition in self.marks for record in records]

    @property
    def is_changed(self) -> bool:
        """Whether a topic has another number of partitions than when this member joined."""
        found = {topic: self._consumer.partitions_for_topic(topic) for topic in self.origins}
        return any(found[topic] and len(found[topic]) != origin.partitions for topic, origin in self.origins.items())

    async def caught_up(self) -> list[TopicPartition]:
        """Partitions of which all is read that they held when they were placed; each is told of once."""
        left = {place: end - await self._consumer.position(place) for place, end in list(self._ends.items())}
        self.left = sum(records for records in left.values() if records > 0)
        reached = [place for place, records in left.items() if records <= 0]
        for place in reached:
            self._ends.pop(place, None)
        return reached

    async def current(self, seconds: float) -> list[TopicPartition]:
        """Partitions that are read to their end, as Kafka told within so many seconds."""
        since = (time.time() - seconds) * 1000
        return [
            place
            for place in list(self.marks)
            if (self._consumer.last_poll_timestamp(place) or 0) >= since
            and (end := self._consumer.last_stable_offset(place)) is not None
            and await self._consumer.position(place) >= end
        ]

    async def unread(self, stuck: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Offsets from where it is, or is `stuck`, up to the end of each partition, as Kafka last told it.

        Each is an event, or what ends a transaction.
        """
        left = {}
        for place in self.partitions:
            end = max(self._consumer.last_stable_offset(place) or 0, self._ends.get(place, 0))
            if place in stuck:
                left[place] = max(end - stuck[place], 1)
            elif place in self.marks:
                left[place] = max(end - await self._consumer.position(place), 0)
        return left

    async def report(self) -> None:
        """Commits offsets where one has changed, for those who look at the group's lag; nothing waits for it."""
        offsets = {partition: await self._consumer.position(partition) for partition in self.marks}
        if offsets and offsets != self._reported and (self._reporting is None or self._reporting.done()):
            self._reporting = asyncio.create_task(self._commit(offsets))

    async def _close(self) -> None:
        if self._reporting is not None:
            self._reporting.cancel()
            await asyncio.gather(self._reporting, return_exceptions=True)
        await self._consumer.discard()

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        with contextlib.suppress(KafkaError):
            await self._consumer.commit(offsets)
            self._reported = offsets
