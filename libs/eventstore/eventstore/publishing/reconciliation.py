"""A store and its topics compared event by event, and put right where they have parted.

They part when a store is restored to an earlier moment, or a replica that lagged takes over: the topics then hold
events that the store lost. What continues its stream is taken back from the topic. The rest is listed, for people to
enter again, and kept as lost. What the store recorded meanwhile, under positions that the topic had, gets new ones.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from aiokafka import TopicPartition
from pydantic_core import to_json

from contracts.erasure import PersonErased
from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import REQUEST_TIMEOUT, Consumer
from eventstore.kafka.envelope import Message, NotAnEvent, Origin
from eventstore.kafka.topics import existing_topics
from eventstore.postgres.confirmation import confirm, is_confirmed, withdraw
from eventstore.postgres.derived import Collision, Derived, collisions, put_beside
from eventstore.postgres.importing import halt
from eventstore.postgres.store import SELECT_EVENTS, Recorded
from eventstore.publishing.relay import TRY_LOCK
from eventstore.publishing.routes import Routes, UnknownDestination

PATIENCE: Final = 20.0
"""Seconds without an answer after which Kafka is given up; or that relays are waited for."""
_AT_ONCE: Final = 2000

Fold = Callable[[Sequence[Recorded]], Derived | None]
"""What a stream's events add up to; None where they make no sense."""


class CannotReconcile(Exception):
    """Nothing was changed; the message says what is needed."""


@dataclass
class Comparison:
    """What the topics and their store have, and what only one of them has."""

    absent: Sequence[str] = ()
    """The topics that there are not."""
    reached: dict[str, int] = field(default_factory=dict)
    """The greatest position in each topic."""
    events: int = 0
    """Events that were found in both."""
    lost: int = 0
    """Events of the topics that were recorded as lost before."""
    only_in_topic: list[Message] = field(default_factory=list)
    """Events that the store does not have, by position."""
    unpublished: list[Recorded] = field(default_factory=list)
    """Events of the store that their topic has gone beyond without, by position."""
    behind: list[Recorded] = field(default_factory=list)
    """Events of the store that come after all that their topic has, while another topic has gone beyond them, by
    position. Their topic was lost: its relay puts them there."""
    faults: list[str] = field(default_factory=list)
    """What the topics' relay cannot have written, and what differs in both."""

    @property
    def last(self) -> int:
        """The greatest position in any topic."""
        return max(self.reached.values())

    def told(self) -> list[str]:
        """Each difference, in a sentence."""
        return [
            *self.faults,
            *(f"{message}: position {message.position} is not in the store" for message in self.only_in_topic),
            *(
                f"{event.type} {event.event_id} of {event.stream_id}: position {event.position} is not in the topic"
                for event in (*self.unpublished, *self.behind)
            ),
        ]


@dataclass(frozen=True)
class Reconciled:
    """What was done."""

    taken_back: Sequence[Message]
    """From the topic into the store."""
    lost: Sequence[Message]
    """What only the topic has for good."""
    moved: Sequence[Recorded]
    """What the store had under positions that a topic gave to others, or its own went beyond; as it was before."""
    collisions: Sequence[Collision]
    """What streams hold now that they may not: taken back all the same, for the topic has published it."""
    goes_on_after: int
    """The position that the next event's is greater than."""


async def compare(
    connection: asyncpg.Connection, bootstrap: Bootstrap, topic: str, types: Mapping[str, str] | None = None
) -> Comparison:
    """Reads the topics of a store, given as to its relay, to their end beside it.

    Raises KafkaError, and TimeoutError when Kafka does not answer.
    """
    routes = Routes(topic, types)
    comparison = Comparison(reached=dict.fromkeys(routes.topics, 0))
    published: set[int] = set()
    async with asyncio.timeout(PATIENCE):
        existing = await existing_topics(bootstrap, routes.topics)
    comparison.absent = [each for each in routes.topics if each not in existing]
    for name, partitions in existing.items():
        async for batch in _read(bootstrap, Origin(name, partitions), comparison.faults):
            positions = [message.position for message in batch]
            comparison.reached[name] = max([comparison.reached[name], *positions])
            published.update(positions)
            comparison.faults += _astray(batch, routes)
            await _compare(connection, batch, comparison)
    comparison.only_in_topic.sort(key=lambda message: message.position)
    after = 0
    while rows := await connection.fetch(_POSITIONS, after, comparison.last, 50 * _AT_ONCE):
        after = rows[-1][0]
        absent = [position for (position,) in rows if position not in published]
        for row in await connection.fetch(_EVENTS, absent) if absent else ():
            event = Recorded._make(row)
            try:
                is_behind = event.position > comparison.reached[routes.topic_of(event.type)]
            except UnknownDestination as unknown:
                comparison.faults.append(f"position {event.position}: {unknown}")
            else:
                (comparison.behind if is_behind else comparison.unpublished).append(event)
    comparison.unpublished.sort(key=lambda event: event.position)
    return comparison


async def reconcile(
    connection: asyncpg.Connection,
    bootstrap: Bootstrap,
    topic: str,
    fold: Fold,
    *,
    types: Mapping[str, str] | None = None,
    beyond: int | None = None,
) -> Reconciled:
    """Makes the store one that its relay confirms, in one transaction. Meanwhile no relay leads and nobody appends.

    The topics are given as to the relay. `beyond` is a position that none of a lost topic's was greater than; it is
    needed only where one is empty, or was not filled again. Raises CannotReconcile, KafkaError and TimeoutError.
    """
    await _be_alone(connection, topic)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(7220001)")
        confirmed = await is_confirmed(connection)
        await withdraw(connection)
        comparison = await compare(connection, bootstrap, topic, types)
        lacking = await Routes(topic, types).lacking(connection, comparison.reached)
        if lacking and not confirmed and beyond is None:
            raise CannotReconcile(
                f"the topic {' and the topic '.join(lacking)} was lost, or never filled, so there is no telling which "
                "positions were published: give --beyond a number that none of them was greater than. Gaps cost "
                "nothing, so far beyond is safe"
            )
        goes_on_after: int = await connection.fetchval(_GO_BEYOND, max(comparison.last, beyond or 0))
        for event in comparison.unpublished:
            await connection.execute("UPDATE events SET position = DEFAULT WHERE event_id = $1", event.event_id)
        taken_back: list[Message] = []
        lost: list[Message] = []
        derived: dict[str, Derived] = {}
        for message in comparison.only_in_topic:
            folded = await _take_back(connection, message, fold)
            if folded is None:
                lost.append(message)
            else:
                taken_back.append(message)
                derived[message.stream_id] = folded
        await put_beside(connection, derived)
        # Whether an erasure is taken back or not, whoever was erased since the store was saved is erased.
        erased = [json.loads(each.data)["person"] for each in comparison.only_in_topic if each.type == _ERASED]
        await connection.execute("DELETE FROM personal_data WHERE subject = ANY ($1::text[])", erased)
        await connection.executemany(
            "INSERT INTO lost_events VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            [
                (
                    each.position,
                    each.event_id,
                    each.stream_id,
                    each.version,
                    each.type,
                    each.data.decode(),
                    each.recorded_at,
                )
                for each in lost
            ],
        )
        await halt(connection)
        colliding = await collisions(connection)
        await confirm(connection)
    return Reconciled(taken_back, lost, comparison.unpublished, colliding, goes_on_after)


def _astray(batch: Sequence[Message], routes: Routes) -> Iterator[str]:
    """The events that are in another topic than they belong in."""
    for message in batch:
        try:
            belongs = routes.topic_of(message.type)
        except UnknownDestination as unknown:
            yield f"{message}: {unknown}"
        else:
            if belongs != message.topic:
                yield f"{message}: it belongs in {belongs}"


async def _compare(connection: asyncpg.Connection, batch: Sequence[Message], comparison: Comparison) -> None:
    positions = [message.position for message in batch]
    stored = {row[0]: Recorded._make(row) for row in await connection.fetch(_EVENTS, positions)}
    lost = {row[0]: row[1] for row in await connection.fetch(_LOST, positions)}
    for message in batch:
        event = stored.get(message.position)
        if event is None or event.event_id != message.event_id:
            if event is not None:
                # It stands where the topic has another.
                comparison.unpublished.append(event)
            if lost.get(message.position) == message.event_id:
                comparison.lost += 1
            else:
                comparison.only_in_topic.append(message)
        elif (event.stream_id, event.version, event.type, event.data.encode()) != (
            message.stream_id,
            message.version,
            message.type,
            message.data,
        ):
            comparison.faults.append(f"{message}: the store has something else of this id")
        else:
            comparison.events += 1


async def _read(bootstrap: Bootstrap, origin: Origin, faults: list[str]) -> AsyncIterator[list[Message]]:
    """The events that a topic holds now, in batches; what is none, and what is out of order, goes to the faults."""
    places = [TopicPartition(origin.topic, number) for number in range(origin.partitions)]
    before = dict.fromkeys(places, 0)
    consumer = Consumer(bootstrap, auto_offset_reset="earliest", request_timeout_ms=REQUEST_TIMEOUT)
    try:
        async with asyncio.timeout(PATIENCE) as deadline:
            await consumer.start()
            consumer.assign(places)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(places)
            while waiting := [place for place, end in ends.items() if await consumer.position(place) < end]:
                for place, records in (await consumer.getmany(*waiting, timeout_ms=1000, max_records=_AT_ONCE)).items():
                    deadline.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                    messages = []
                    for record in records:
                        try:
                            message = origin.read(record)
                        except NotAnEvent as foreign:
                            faults.append(str(foreign))
                            continue
                        if message.position <= before[place]:
                            faults.append(f"{message}: position {message.position} comes after {before[place]}")
                            continue
                        before[place] = message.position
                        messages.append(message)
                    yield messages
    finally:
        await consumer.discard()


async def _take_back(connection: asyncpg.Connection, message: Message, fold: Fold) -> Derived | None:
    """What a stream adds up to with an event that continued it, and is part of it again; None where it did not."""
    version = await connection.fetchval("SELECT version FROM streams WHERE stream_id = $1", message.stream_id)
    if message.version != (version or 0) + 1:
        return None
    event = Recorded(
        message.position,
        message.stream_id,
        message.version,
        message.event_id,
        message.type,
        message.schema_version,
        message.data.decode(),
        to_json(message.metadata("reconcile")).decode(),
        message.recorded_at,
    )
    history = [Recorded._make(row) for row in await connection.fetch(_HISTORY, message.stream_id)]
    folded = fold([*history, event])
    if folded is None:
        return None
    await connection.execute(_INSERT, *event)
    # The state up to its labelling.
    await connection.execute(_PUT_STREAM, event.stream_id, event.version, event.recorded_at, *folded[:5])
    if message.reaction is not None:
        await connection.execute(_PUT_REACTION, message.reaction, event.stream_id, event.version, event.recorded_at)
    return folded


async def _be_alone(connection: asyncpg.Connection, topic: str) -> None:
    """Keeps every relay of the topic from leading, until the connection is closed."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await connection.fetchval(TRY_LOCK, topic):  # noqa: ASYNC110  a lock in the database
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise CannotReconcile(
            "a relay leads, as only one does whose store holds what its topics end with: there is nothing to put right"
        ) from None


_ERASED: Final = PersonErased.event_type
_EVENTS: Final = f"{SELECT_EVENTS} WHERE position = ANY ($1::bigint[]) ORDER BY position"
_HISTORY: Final = f"{SELECT_EVENTS} WHERE stream_id = $1 ORDER BY version"
_POSITIONS: Final = "SELECT position FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3"
_LOST: Final = "SELECT position, event_id FROM lost_events WHERE position = ANY ($1::bigint[])"
_GO_BEYOND: Final = """
    SELECT setval(pg_get_serial_sequence('events', 'position'),
                  greatest(1, $1, (SELECT max(position) FROM events),
                           (SELECT last_value FROM pg_sequences
                            WHERE format('%I.%I', schemaname, sequencename)
                                  = pg_get_serial_sequence('events', 'position'))))
"""
_INSERT: Final = """
    INSERT INTO events (position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
    OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_PUT_STREAM: Final = """
    INSERT INTO streams
        (stream_id, version, state_version, updated_at, category, state, state_revision, labels, labelling)
    VALUES ($1, $2, $2, $3, $4, $5, $6, coalesce($7::text, '')::tsvector, $8)
    ON CONFLICT (stream_id) DO UPDATE
    SET version = excluded.version, state_version = excluded.state_version, updated_at = excluded.updated_at,
        state = excluded.state, state_revision = excluded.state_revision, labels = excluded.labels,
        labelling = excluded.labelling
"""
# Of what it asked for all at once, the last.
_PUT_REACTION: Final = """
    INSERT INTO reactions (key, outcome, stream_id, version, recorded_at) VALUES ($1, 'done', $2, $3, $4)
    ON CONFLICT (key) DO UPDATE SET version = excluded.version
"""
