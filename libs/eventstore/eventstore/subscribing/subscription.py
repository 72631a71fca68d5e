"""A subscription: each event of some topics handled once, in the order of its stream, whatever crashes.

    async def count(connection, messages):
        await connection.execute("UPDATE counters SET value = value + $1", len(messages))

    topics = ["issoudun.companies.v1"]
    await Subscription("counter", topics=topics, bootstrap="kafka:9092", pool=pool, handle=count).run()

Any number may run under one name: a consumer group of that name, or of another given, spreads the partitions over them.
What was handled is told by marks beside the effects, moved in the same transaction by compare-and-set; the offsets that
Kafka is told only inform those who look at the lag.

An event that cannot be handled, or is of a type that nobody here has heard of, is parked with the reason in the
transaction that moves the mark past it (`parked`). The later ones of its stream are parked behind it, and all others go
on. What passes by itself, such as a database that is away, is waited out and parks nothing.

A partition stops before what cannot be: a record that is not its relay's, a position that goes back, a gap. Where a
topic takes the place of another version of it, what was handled or parked there is not handled again.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final, NamedTuple, cast

import asyncpg
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from opentelemetry.trace import SpanKind

from contracts.registry import UnknownEvent
from eventstore import tracing
from eventstore.discretion import described
from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.envelope import Message, NotAnEvent, Origin
from eventstore.kafka.logs import throttle_kafka_logs
from eventstore.kafka.partitioning import partition_of
from eventstore.kafka.topics import TopicUnusable, existing_topics, name_of
from eventstore.outages import Outage
from eventstore.persistence import pause_after, persist
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.subscribing.marks import (
    Handled,
    StaleOwner,
    begin_topic,
    have_caught_up,
    hold_mark,
    move_marks,
    read_marks,
    were_current,
)
from eventstore.subscribing.membership import Membership
from eventstore.subscribing.parked import First, Parked, first_of, park, park_again, parked_streams, take_parked

log = logging.getLogger(__name__)

Handle = Callable[[asyncpg.Connection, Sequence[Message]], Awaitable[None]]
"""Has its effects on the connection, in the transaction that is open there, and nowhere else."""

BATCH: Final = 500
"""Messages handled in one transaction, at most, where a subscription says nothing else."""
SESSION: Final = 10.0
"""Seconds without a sign of life after which an instance's partitions are given to others."""
HOUSEKEEPING: Final = 5.0
"""Seconds between two reports of offsets, two looks for topics that did not exist, and two whether marks were moved."""
LEFT_ALONE: Final = 3
"""Looks at which Kafka has answered others and not this consumer, one after the other, before it is given up."""
PLACING: Final = 60.0
"""Seconds that finding where to go on may last."""
LONGEST_PAUSE: Final = 30.0
"""Seconds before another attempt, at most."""
TOLD: Final = 2.0
"""Seconds between two notes that marks are at the ends of their partitions."""
LAG: Final = 0.5
"""Seconds that marks may stand still while nothing is to be handled. Then they are moved with the next look."""
_MILLISECONDS: Final = 1000
"""Of a second: what records are timed in."""
LOOK: Final = 1.0
"""Seconds between two looks for parked messages to try, and that one may take before new messages have their turn."""


@dataclass(frozen=True, slots=True)
class _Stuck:
    """A partition that stands before what cannot be."""

    reason: str
    offset: int
    attempts: int
    until: float
    """When it is tried again, by the loop's clock."""


@dataclass(frozen=True, slots=True)
class _Left:
    """What is not read yet of what the partitions held when they were placed."""

    most: int
    """When partitions were last placed."""
    left: int
    since: float
    """When that was, by the loop's clock."""


class Lag(NamedTuple):
    """How far a subscription is behind in the partitions of a topic that this instance reads."""

    events: int | None
    """Not handled yet, and besides what ends their transactions; None where there is no telling."""
    seconds: float | None
    """Since the oldest of them was recorded; None where there is no telling."""
    read: int
    """Partitions that this instance reads."""
    partitions: int
    """Partitions of the topic."""


class Subscription:
    """One instance of a subscription. `error`, `failing` and `parked` tell how it fares."""

    def __init__(
        self,
        name: str,
        *,
        topics: Collection[str],
        bootstrap: Bootstrap,
        pool: asyncpg.Pool,
        handle: Handle,
        known: Container[tuple[str, int]] | None = None,
        group: str | None = None,
        session: float = SESSION,
        tells_current: bool = False,
        batch: int = BATCH,
        types: Collection[str] | None = None,
    ) -> None:
        self._name = name
        self.handled = 0
        """Events, by this instance."""
        self._member: Membership | None = None
        self._at_hand: set[TopicPartition] = set()
        """Partitions of which events were read that are not handled yet."""
        self._since: dict[TopicPartition, float] = {}
        """By partition, in seconds since 1970: what was recorded before is handled."""
        self._unusable = False
        """Whether what its topics are keeps it from reading them, until somebody puts that right."""
        self._group = group or name
        """The consumer group: a name among all that share the brokers, while marks are named within a database."""
        self._known = known
        """Types and schema versions of the events there are; any, unless given."""
        self._types = types
        """Of the events that it handles; all, unless given. The others are read past."""
        self._passed: dict[TopicPartition, Message] = {}
        """The last event read of each partition whose mark was not moved since, as there was nothing to handle."""
        self._passed_at = 0.0
        self._topics = frozenset(topics)
        self._before: dict[str, list[Handled]] = {}
        self._bootstrap = bootstrap
        self._pool = pool
        self._handle = handle
        self._session = session
        self._batch = batch
        """Messages handled in one transaction, at most."""
        self._limit = batch
        self._stuck: dict[TopicPartition, _Stuck] = {}
        self._parked: dict[TopicPartition, set[str]] = {}
        """The parked streams of each partition, at least: read at its mark, behind which only its owner parks more."""
        self._look_at = 0.0
        self._tells_current = tells_current
        """Whether it notes beside its marks when they were at the ends of their partitions (`current_at`)."""
        self._told_current_at = 0.0
        self._compared_at = 0.0
        self._left = _Left(0, 0, 0)
        self._outage = Outage(log, f"the subscription {name} goes on, after %(times)d failures in %(seconds).0f s")
        self.error: str | None = None
        """What is being waited out: a database or a broker that is away, a topic that does not exist yet."""

    @property
    def name(self) -> str:
        """Names it within its database."""
        return self._name

    @property
    def catching_up(self) -> str | None:
        """How far it is, and how long it still takes, where it has yet to read what its topics held as it began."""
        if not self._left.left:
            return None
        read, left = self._left.most - self._left.left, self._left.left
        elapsed = asyncio.get_running_loop().time() - self._left.since
        about = f", about {timedelta(seconds=round(elapsed * left / read))} left" if read else ""
        return f"catching up: {read / self._left.most:.1%} of {self._left.most} records read{about}"

    @property
    def failing(self) -> str | None:
        """What its partitions stand before, with the reason. Everything later in them waits behind it."""
        return "; ".join(stuck.reason for stuck in self._stuck.values()) or None

    @property
    def parked(self) -> int:
        """How many streams of its partitions wait behind a message that could not be handled."""
        return sum(map(len, self._parked.values()))

    @property
    def stopped(self) -> bool:
        """Whether it, or one of its partitions, stands before what does not pass by itself."""
        return bool(self._stuck) or self._unusable

    async def lags(self) -> Mapping[str, Lag]:
        """How far it is behind in each of its topics; nothing of those that it does not follow yet."""
        member = self._member
        if member is None:
            return {}
        if self.error is not None:
            return {topic: Lag(None, None, 0, origin.partitions) for topic, origin in member.origins.items()}
        unread = await member.unread({place: stuck.offset for place, stuck in self._stuck.items()})
        now = time.time()
        lags = {}
        for topic, origin in member.origins.items():
            places = [place for place in unread if place.topic == topic]
            behind = [place for place in places if unread[place] or place in self._at_hand]
            self._since.update({place: now for place in places if place not in behind})
            oldest = min((self._since.get(place, now) for place in behind), default=now)
            events = sum(max(unread[place], 1) for place in behind)
            read = sum(place in member.marks for place in places)
            lags[topic] = Lag(events, max(now - oldest, 0), read, origin.partitions)
        return lags

    async def run(self) -> None:
        """Handles messages until cancelled; after an error it begins anew."""
        throttle_kafka_logs()
        await persist(self._serve, self._report, longest=LONGEST_PAUSE)

    async def _serve(self) -> None:
        """Returns when there is more of its topics than before, or one has changed, or its consumer is given up."""
        topics = await self._existing_topics()
        self._before = {
            topic: await begin_topic(self._pool, self._name, topic, partitions) for topic, partitions in topics.items()
        }
        origins = [Origin(*topic) for topic in topics.items()]
        clock = asyncio.get_running_loop().time
        failures, left_alone, due = 0, 0, clock() + HOUSEKEEPING
        async with self._joined(origins) as member:
            while True:
                try:
                    if await self._step(member):
                        left_alone = 0
                    failures = 0
                    if self.error is None:
                        self._outage.end()
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
                    left_alone = left_alone + 1 if member.is_left_alone and await self._are_others_answered() else 0
                    if left_alone >= LEFT_ALONE:
                        log.warning("the subscription %s begins anew: Kafka answers, but not its consumer", self._name)
                        return

    async def _are_others_answered(self) -> bool:
        try:
            async with asyncio.timeout(HOUSEKEEPING):
                return bool(await existing_topics(self._bootstrap, self._topics))
        except (OSError, TimeoutError, KafkaError):
            return False

    @asynccontextmanager
    async def _joined(self, origins: Collection[Origin]) -> AsyncIterator[Membership]:
        async with Membership.open(self._bootstrap, self._group, origins, self._session) as member:
            self._member, self._unusable = member, False
            try:
                yield member
            finally:
                self._member = None

    async def _existing_topics(self) -> dict[str, int]:
        for attempt in count(1):
            if topics := await existing_topics(self._bootstrap, self._topics):
                break
            self.error = f"none of its topics exists yet, or may be read: {', '.join(sorted(self._topics))}"
            await asyncio.sleep(pause_after(attempt, HOUSEKEEPING))
        return topics

    async def _step(self, member: Membership) -> bool:
        """Handles what is there next; whether there was anything."""
        now, partitions = asyncio.get_running_loop().time(), member.partitions
        self._stuck = {place: stuck for place, stuck in self._stuck.items() if place in partitions}
        self._parked = {place: streams for place, streams in self._parked.items() if place in partitions}
        self._since = {place: since for place, since in self._since.items() if place in partitions}
        self._at_hand &= partitions
        waiting = {place for place, stuck in self._stuck.items() if stuck.until > now}
        unplaced = partitions - member.marks.keys() - waiting
        if unplaced:
            async with asyncio.timeout(PLACING):
                await member.place(unplaced, partial(self._read_marks, member))
            self._passed = {place: passed for place, passed in self._passed.items() if place not in unplaced}
            self._left = _Left(member.left, member.left, now)
            # It may be another's mark that it was found by.
            self._at_hand -= unplaced
        records = await member.poll(self._limit)
        self._take_up(records)
        unanswered = await member.unanswered()
        if records or self._is_to_move(now):
            try:
                await self._apply(member, records)
            except Exception as error:
                if _passes(error):
                    raise
                await self._apply_singly(member, records)
            self._limit = min(self._batch, 2 * self._limit)
            self._put_down(records)
        reached = await member.caught_up()
        if records or unanswered or not member.left:
            # Not before: an attempt that fails as the one before did would pass for the end of what is waited out.
            self.error = unanswered
        self._left = replace(self._left, left=member.left)
        if reached:
            await have_caught_up(self._pool, self._name, reached)
        if now - self._compared_at > HOUSEKEEPING:
            self._compared_at = now
            await self._compare(dict(member.marks))
        if self._tells_current and now - self._told_current_at > TOLD:
            self._told_current_at = now
            current = {place: member.marks[place] for place in await member.current(TOLD) if place in member.marks}
            await were_current(self._pool, self._name, current, timedelta(seconds=TOLD))
        if self.parked and now >= self._look_at:
            await self._try_parked(member)
        return bool(records)

    def _take_up(self, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place not in self._at_hand:
                self._at_hand.add(place)
                self._since[place] = record.timestamp / _MILLISECONDS

    def _put_down(self, records: Sequence[ConsumerRecord]) -> None:
        """Of what is stuck, all before it is handled."""
        self._at_hand &= self._stuck.keys()
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place not in self._at_hand or record.offset <= self._stuck[place].offset:
                self._since[place] = record.timestamp / _MILLISECONDS

    async def _compare(self, marks: dict[TopicPartition, int]) -> None:
        """Raises StaleOwner where marks are not where they were left.

        Whoever moves one finds out. But a database that was restored lacks what was handled since, and would lack it
        for as long as nothing new comes.
        """
        if marks and await read_marks(self._pool, self._name, marks) != marks:
            raise StaleOwner("the marks are not where they were left: others moved them, or the database was restored")

    async def _read_marks(self, member: Membership, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The marks of partitions; then, so that none is missed that was parked up to there, their parked streams."""
        marks = await read_marks(self._pool, self._name, places)
        # By name, as another version of the topic may have taken the place of the one that they were read in.
        origins = {name_of(topic): origin for topic, origin in member.origins.items()}
        self._parked.update({place: set() for place in places})
        for first in (await parked_streams(self._pool, self._name)).values():
            if origin := origins.get(name_of(first.topic)):
                place = TopicPartition(origin.topic, partition_of(first.stream_id.encode(), origin.partitions))
                if place in places:
                    self._parked[place].add(first.stream_id)
        return marks

    async def _apply(
        self, member: Membership, records: Sequence[ConsumerRecord], fault: Exception | None = None
    ) -> None:
        """Handles records, those of all partitions in one transaction, unless they are behind the marks already.

        What cannot be handled yet is parked: with a `fault`, all of it.
        """
        marks, read = dict(member.marks), dict(member.read)
        messages = []
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place not in marks:
                # It stands before an earlier record, or is another's meanwhile.
                continue
            message = member.origins[record.topic].read(record)
            if message.position <= read[place]:
                raise NotAnEvent(f"{message} has position {message.position}, and one before it {read[place]}")
            if message.position > marks[place]:
                self._check(message, max(marks[place], read[place]))
                messages.append(message)
            read[place] = message.position
        moved: dict[TopicPartition, int] = {}
        passed = [passed for place, passed in self._passed.items() if place in marks]
        new, parked = self._part([message for message in messages if not self._is_handled(message)], fault)
        new = [message for message in new if self._handles(message)]
        now = asyncio.get_running_loop().time()
        if self._types is not None and not (new or parked or self._is_to_move(now)):
            self._passed.update({_place_of(message): message for message in messages})
        elif messages or passed:
            async with self._pool.acquire() as lent, lent.transaction():
                connection = cast(asyncpg.Connection, lent)
                moved = await move_marks(connection, self._name, marks, [*passed, *messages])
                if parked:
                    await park(connection, self._name, parked)
                if new:
                    await self._handle_traced(connection, new)
            self.handled += len(new)
            self._passed.clear()
            self._passed_at = now
        for each in parked:
            self._parked[_place_of(each.message)].add(each.message.stream_id)
            self._tell(each)
        for place in moved.keys() & member.marks.keys():
            self._stuck.pop(place, None)
            member.marks[place] = moved[place]
        member.read.update({place: read[place] for place in read.keys() & member.read.keys()})

    async def _handle_traced(self, connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        if not tracing.is_on():
            await self._handle(connection, messages)
            return
        with tracing.together(SpanKind.CONSUMER, [self._rider(message) for message in messages]) as told:
            followed = [message._replace(traceparent=at) for message, at in zip(messages, told, strict=True)]
            await self._handle(connection, followed)

    def _rider(self, message: Message) -> tracing.Rider:
        return tracing.Rider(
            f"process {message.topic}",
            message.traceparent,
            message.recorded_at,
            {
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": message.topic,
                "messaging.destination.partition.id": str(message.partition),
                "messaging.consumer.group.name": self._group,
                "messaging.message.id": str(message.event_id),
                "messaging.kafka.offset": message.offset,
                "cloudevents.event_type": message.type,
            },
        )

    def _handles(self, message: Message) -> bool:
        return self._types is None or message.type in self._types

    def _is_to_move(self, now: float) -> bool:
        """Whether marks that lag behind what was read past are to be moved on, for whoever looks at them."""
        return bool(self._passed) and now - self._passed_at > LAG

    def _check(self, message: Message, before: int) -> None:
        """Raises NotAnEvent where a message cannot be what follows the one of position `before` in its partition."""
        if message.previous is not None and message.previous > before:
            raise NotAnEvent(
                f"{message} follows position {message.previous}, and what was read before it is {before}: the topic "
                "was replaced meanwhile, which a second look will show, or has a gap"
            )

    def _part(self, messages: Sequence[Message], fault: Exception | None) -> tuple[list[Message], list[Parked]]:
        """What is to be handled, and what is to be parked: behind others, as of an unknown type, or for a fault."""
        new: list[Message] = []
        parked: list[Parked] = []
        waiting: set[tuple[str, str]] = set()
        for message in messages:
            stream = (message.topic, message.stream_id)
            unknown = self._unknown(message)
            if stream in waiting or message.stream_id in self._parked[_place_of(message)]:
                parked.append(Parked(message))
            elif unknown or fault:
                parked.append(Parked(message, unknown or fault, unknown is not None))
                waiting.add(stream)
            else:
                new.append(message)
        return new, parked

    def _unknown(self, event: Message | First) -> UnknownEvent | None:
        """What there is to say of an event of a type that is not known here."""
        if self._known is None or (event.type, event.schema_version) in self._known:
            return None
        return UnknownEvent(event.type, event.schema_version)

    def _is_handled(self, message: Message) -> bool:
        return any(handled.includes(message) for handled in self._before[message.topic])

    async def _apply_singly(self, member: Membership, records: Sequence[ConsumerRecord]) -> None:
        """Handles or parks records one by one; a partition stops before the first that cannot even be parked."""
        for record in records:
            try:
                await self._apply_or_park(member, record)
            except Exception as error:
                if _passes(error):
                    raise
                place = TopicPartition(record.topic, record.partition)
                self._stick(member, place, record, error)
                member.leave_out([place])

    async def _apply_or_park(self, member: Membership, record: ConsumerRecord) -> None:
        try:
            await self._apply(member, [record])
        except Exception as error:
            if _passes(error) or isinstance(error, NotAnEvent):
                raise
            await self._apply(member, [record], error)

    async def _try_parked(self, member: Membership) -> None:
        """Handles parked messages that are wanted, those of each stream in order, until the next look is due."""
        clock = asyncio.get_running_loop().time
        parked = await parked_streams(self._pool, self._name)
        self._look_at = clock() + LOOK
        for place, streams in self._parked.items():
            for stream_id in list(streams):
                first = parked.get((member.origins[place.topic].source, stream_id))
                while first is not None and self._is_wanted(first) and place in member.marks:
                    if clock() >= self._look_at:
                        return
                    first = await self._try_first(first, place, member.marks[place])
                if first is None:
                    streams.discard(stream_id)

    def _is_wanted(self, first: First) -> bool:
        """Whether it is to be tried now. What a release before did not know is, by one that knows it."""
        return first.wanted or (first.unknown and self._unknown(first) is None)

    async def _try_first(self, first: First, place: TopicPartition, mark: int) -> First | None:
        """Handles the first of a parked stream, or notes why not; returns what is the first then, if any is left."""
        unknown = self._unknown(first)
        try:
            if unknown:
                raise unknown
            async with self._holding(place, mark) as connection:
                message = await take_parked(connection, self._name, first)
                if message is not None and self._handles(message):
                    await self._handle_traced(connection, [message])
                    self.handled += 1
                return await first_of(connection, self._name, first)
        except Exception as error:
            if _passes(error):
                raise
            async with self._holding(place, mark) as connection:
                again = await park_again(connection, self._name, first, error, unknown=unknown is not None)
                left = await first_of(connection, self._name, first)
            if again is not None:
                self._tell(again)
            return left

    @asynccontextmanager
    async def _holding(self, place: TopicPartition, mark: int) -> AsyncIterator[asyncpg.Connection]:
        """A transaction in which nobody else handles or parks anything of the partition. Raises StaleOwner."""
        async with self._pool.acquire() as lent, lent.transaction():
            connection = cast(asyncpg.Connection, lent)
            await hold_mark(connection, self._name, place, mark)
            yield connection

    def _tell(self, parked: Parked) -> None:
        """Logs what could not be handled, and nothing of what only waits behind it."""
        if parked.fault is not None:
            with tracing.following(parked.message.leads_to()):
                log.error(
                    "the subscription %s cannot handle %s, which is parked: %s",
                    self._name,
                    parked.message,
                    described(parked.fault),
                    exc_info=parked.fault,
                )

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
        self._stuck[place] = _Stuck(reason, record.offset, attempts, asyncio.get_running_loop().time() + pause)

    def _report(self, error: BaseException, _: float) -> None:
        self.error = described(error)
        self._unusable = isinstance(error, TopicUnusable)
        self._outage.fail(f"the subscription {self._name} waits after {self.error}")


def _place_of(message: Message) -> TopicPartition:
    return TopicPartition(message.topic, message.partition)


def _passes(error: Exception) -> bool:
    """Whether an error has nothing to do with the message at hand."""
    return isinstance(error, StaleOwner | StoreUnavailable) or is_outage(error)
