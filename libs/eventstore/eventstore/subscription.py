"""A subscription: each event of some topics handled once, in the order of its stream, whatever crashes.

    async def count(connection, messages):
        await connection.execute("UPDATE counters SET value = value + $1", len(messages))

    topics = ["issoudun.companies.v1"]
    await Subscription("counter", topics=topics, bootstrap="kafka:9092", pool=pool, handle=count).run()

Any number may run under one name: a consumer group of that name, or of another given, spreads the partitions over them.
What was handled is told by marks beside the effects, moved in the same transaction by compare-and-set; the offsets that
Kafka is told only inform those who look at the lag.

A partition stops before what cannot be: a record that is not its relay's, an event of a type nobody has heard of, a
position that goes back, a gap. Where a topic takes the place of another version of it, what was handled there is not
handled again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Container, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

import asyncpg
from aiokafka import ConsumerRecord, TopicPartition

from eventstore.connection import StoreUnavailable, is_outage
from eventstore.discretion import described
from eventstore.envelope import Message, NotAnEvent, Origin
from eventstore.kafka_logs import throttle_kafka_logs
from eventstore.marks import Handled, StaleOwner, begin_topic, have_caught_up, move_marks, read_marks
from eventstore.membership import Membership
from eventstore.persistence import pause_after, persist
from eventstore.topics import existing_topics

log = logging.getLogger(__name__)

Handle = Callable[[asyncpg.Connection, Sequence[Message]], Awaitable[None]]
"""Has its effects on the connection, in the transaction that is open there, and nowhere else."""

BATCH: Final = 500
"""Messages handled in one transaction, at most."""
SESSION: Final = 10.0
"""Seconds without a sign of life after which an instance's partitions are given to others."""
HOUSEKEEPING: Final = 5.0
"""Seconds between two reports of offsets, and between two looks for topics that did not exist."""
LONGEST_PAUSE: Final = 30.0
"""Seconds before another attempt, at most."""


@dataclass(frozen=True, slots=True)
class _Stuck:
    """A partition that stands before a message that cannot be handled."""

    reason: str
    attempts: int
    until: float
    """When it is tried again, by the loop's clock."""


class Subscription:
    """One instance of a subscription. `failing` and `error` tell how it fares."""

    def __init__(
        self,
        name: str,
        *,
        topics: Collection[str],
        bootstrap: str,
        pool: asyncpg.Pool,
        handle: Handle,
        known: Container[tuple[str, int]] | None = None,
        group: str | None = None,
        session: float = SESSION,
    ) -> None:
        self._name = name
        self._group = group or name
        """The consumer group: a name among all that share the brokers, while marks are named within a database."""
        self._known = known
        """Types and schema versions of the events there are; any, unless given."""
        self._topics = frozenset(topics)
        self._before: dict[str, list[Handled]] = {}
        self._bootstrap = bootstrap
        self._pool = pool
        self._handle = handle
        self._session = session
        self._limit = BATCH
        self._stuck: dict[TopicPartition, _Stuck] = {}
        self.error: str | None = None
        """What is being waited out: a database or a broker that is away, a topic that does not exist yet."""

    @property
    def failing(self) -> str | None:
        """The messages that cannot be handled, with the reason. Later ones of their partitions wait behind them."""
        return "; ".join(stuck.reason for stuck in self._stuck.values()) or None

    async def run(self) -> None:
        """Handles messages until cancelled; after an error it begins anew."""
        throttle_kafka_logs()
        await persist(self._serve, self._report, longest=LONGEST_PAUSE)

    async def _serve(self) -> None:
        """Returns when there is more of its topics than before, or one has changed."""
        topics = await self._existing_topics()
        self._before = {
            topic: await begin_topic(self._pool, self._name, topic, partitions) for topic, partitions in topics.items()
        }
        origins = [Origin(*topic) for topic in topics.items()]
        clock = asyncio.get_running_loop().time
        failures, due = 0, clock() + HOUSEKEEPING
        async with Membership.open(self._bootstrap, self._group, origins, self._session) as member:
            while True:
                try:
                    await self._step(member)
                    failures = 0
                except StaleOwner as stale:
                    log.info("the subscription %s: %s", self._name, stale)
                    member.leave_out(member.partitions)
                except Exception as error:
                    if not _passes(error):
                        raise
                    # A batch may be more than a database that is slow can do in time.
                    self._limit = max(1, self._limit // 4)
                    member.leave_out(member.partitions)
                    failures += 1
                    pause = pause_after(failures, LONGEST_PAUSE)
                    self._report(error, pause)
                    await asyncio.sleep(pause)
                if clock() > due:
                    due = clock() + HOUSEKEEPING
                    await member.report()
                    if member.is_changed:
                        return
                    if topics.keys() != self._topics and topics != await existing_topics(self._bootstrap, self._topics):
                        return

    async def _existing_topics(self) -> dict[str, int]:
        while not (topics := await existing_topics(self._bootstrap, self._topics)):
            self.error = f"none of its topics exists yet: {', '.join(sorted(self._topics))}"
            await asyncio.sleep(0.3)
        return topics

    async def _step(self, member: Membership) -> None:
        now = asyncio.get_running_loop().time()
        self._stuck = {place: stuck for place, stuck in self._stuck.items() if place in member.partitions}
        waiting = {place for place, stuck in self._stuck.items() if stuck.until > now}
        unplaced = member.partitions - member.marks.keys() - waiting
        if unplaced:
            await member.place(unplaced, partial(read_marks, self._pool, self._name))
        records = await member.poll(self._limit)
        silence = member.silence
        self.error = f"Kafka has not answered for {silence:.0f} s" if silence > self._session else None
        if records:
            try:
                await self._apply(member, records)
            except Exception as error:
                if _passes(error):
                    raise
                await self._apply_singly(member, records)
            self._limit = min(BATCH, 2 * self._limit)
        if reached := await member.caught_up():
            await have_caught_up(self._pool, self._name, reached)

    async def _apply(self, member: Membership, records: Sequence[ConsumerRecord]) -> None:
        """Handles records, those of all partitions in one transaction, unless they are behind the marks already."""
        marks, read = dict(member.marks), dict(member.read)
        messages = []
        for record in records:
            message = member.origins[record.topic].read(record)
            place = TopicPartition(message.topic, message.partition)
            if message.position <= read[place]:
                raise NotAnEvent(f"{message} has position {message.position}, and one before it {read[place]}")
            if message.position > marks[place]:
                self._check(message, max(marks[place], read[place]))
                messages.append(message)
            read[place] = message.position
        moved: dict[TopicPartition, int] = {}
        if messages:
            new = [message for message in messages if not self._is_handled(message)]
            async with self._pool.acquire() as lent, lent.transaction():
                connection = cast(asyncpg.Connection, lent)
                moved = await move_marks(connection, self._name, marks, messages)
                if new:
                    await self._handle(connection, new)
        for place in moved.keys() & member.marks.keys():
            self._stuck.pop(place, None)
            member.marks[place] = moved[place]
        member.read.update({place: read[place] for place in read.keys() & member.read.keys()})

    def _check(self, message: Message, before: int) -> None:
        """Raises NotAnEvent where a message cannot be what follows the one of position `before` in its partition."""
        if message.previous is not None and message.previous > before:
            raise NotAnEvent(
                f"{message} follows position {message.previous}, and what was read before it is {before}: the topic "
                "was replaced meanwhile, which a second look will show, or has a gap"
            )
        if self._known is not None and (message.type, message.schema_version) not in self._known:
            raise NotAnEvent(f"{message} is of a type, {message.type} {message.schema_version}, that is not known here")

    def _is_handled(self, message: Message) -> bool:
        return any(handled.includes(message) for handled in self._before[message.topic])

    async def _apply_singly(self, member: Membership, records: Sequence[ConsumerRecord]) -> None:
        """Handles records one by one; a partition stops before the first that cannot be handled."""
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place not in member.marks:
                continue
            try:
                await self._apply(member, [record])
            except Exception as error:
                if _passes(error):
                    raise
                self._stick(member, place, record, error)
                member.leave_out([place])

    def _stick(self, member: Membership, place: TopicPartition, record: ConsumerRecord, error: Exception) -> None:
        message = member.origins[place.topic].find(record)
        what = str(message or f"what is at {place.topic}[{place.partition}] offset {record.offset}")
        reason = f"{what}: {described(error)}"
        attempts = self._stuck[place].attempts + 1 if place in self._stuck else 1
        pause = pause_after(attempts, LONGEST_PAUSE)
        log.error(
            "the subscription %s cannot handle %s (attempt %d, the next in %.1f s)",
            self._name,
            reason,
            attempts,
            pause,
            exc_info=error,
        )
        self._stuck[place] = _Stuck(reason, attempts, asyncio.get_running_loop().time() + pause)

    def _report(self, error: BaseException, pause: float) -> None:
        self.error = described(error)
        log.warning("the subscription %s waits %.1f s after %s", self._name, pause, self.error)


def _passes(error: Exception) -> bool:
    """Whether an error has nothing to do with the message at hand."""
    return isinstance(error, StaleOwner | StoreUnavailable) or is_outage(error)
