"""How far each subscription has come, in the database that holds its effects.

A subscription has a mark for every partition of its topics from the beginning. A topic that another version takes the
place of is superseded: its marks stand still from then on, and tell which events of the other were handled already.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg
from aiokafka import TopicPartition

from eventstore.kafka.envelope import Message
from eventstore.kafka.partitioning import partition_of
from eventstore.kafka.topics import TopicUnusable, next_version

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('marks of ' || $1, 0))"
_OF_TOPIC: Final = """
    SELECT count(*) AS partitions, bool_or(superseded) AS superseded, bool_or(caught_up IS NULL) AS older
    FROM marks WHERE subscription = $1 AND topic = $2
"""
_BEGIN: Final = """
    INSERT INTO marks (subscription, topic, partition, position, caught_up)
    SELECT $1, $2, generate_series(0, $3 - 1), 0, false
    ON CONFLICT (subscription, topic, partition) DO UPDATE SET caught_up = coalesce(marks.caught_up, false)
"""
_SUPERSEDE: Final = "UPDATE marks SET superseded = true WHERE subscription = $1 AND topic = ANY ($2::text[])"
_TOPICS: Final = "SELECT DISTINCT topic FROM marks WHERE subscription = $1 AND starts_with(topic, $2)"
_OF_TOPICS: Final = """
    SELECT topic, array_agg(position ORDER BY partition) AS positions
    FROM marks WHERE subscription = $1 AND topic = ANY ($2::text[]) GROUP BY topic
"""
_READ: Final = """
    SELECT topic, partition, position
    FROM marks JOIN unnest($2::text[], $3::int[]) AS asked (topic, partition) USING (topic, partition)
    WHERE subscription = $1
"""
_MOVE: Final = """
    WITH moved AS (
        UPDATE marks
        SET position = moves.position, recorded_at = moves.recorded_at
        FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::timestamptz[])
             AS moves (topic, partition, was, position, recorded_at)
        WHERE marks.subscription = $1 AND marks.topic = moves.topic AND marks.partition = moves.partition
          AND marks.position = moves.was AND NOT marks.superseded
        RETURNING 1
    )
    SELECT count(*) FROM moved
"""
_HOLD: Final = """
    SELECT true FROM marks
    WHERE subscription = $1 AND topic = $2 AND partition = $3 AND position = $4 AND NOT superseded
    FOR UPDATE
"""
_CAUGHT_UP: Final = """
    UPDATE marks SET caught_up = true
    FROM unnest($2::text[], $3::int[]) AS asked (topic, partition)
    WHERE marks.subscription = $1 AND marks.topic = asked.topic AND marks.partition = asked.partition
      AND NOT marks.caught_up
"""


_CURRENT: Final = """
    UPDATE marks SET current_at = clock_timestamp() - $4::interval
    FROM unnest($2::text[], $3::int[], $5::bigint[]) AS asked (topic, partition, position)
    WHERE marks.subscription = $1 AND marks.topic = asked.topic AND marks.partition = asked.partition
      AND marks.position = asked.position
"""


class StaleOwner(Exception):
    """Another owner of a partition has moved its mark in the meantime."""


@dataclass(frozen=True)
class Handled:
    """What a subscription handled in a topic that another version took the place of."""

    positions: Sequence[int]
    """The mark of each partition."""

    def includes(self, message: Message) -> bool:
        """Whether this event was among it."""
        return message.position <= self.positions[partition_of(message.stream_id.encode(), len(self.positions))]


async def begin_topic(pool: asyncpg.Pool, subscription: str, topic: str, partitions: int) -> list[Handled]:
    """Makes the marks of a topic unless they are there; returns what was handled in those that it supersedes.

    Raises TopicUnusable where the topic had another number of partitions before, or is superseded itself.
    """
    name, _, version = topic.rpartition(".v")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK, subscription)
        known = await connection.fetchrow(_OF_TOPIC, subscription, topic)
        assert known is not None  # It is an aggregate.
        if known["superseded"]:
            raise TopicUnusable(f"another version has taken the place of the topic {topic}: set TOPIC_VERSIONS to it")
        if known["partitions"] and not known["older"] and known["partitions"] != partitions:
            raise TopicUnusable(
                f"the topic {topic} has {partitions} partitions and had {known['partitions']}: events would be missed. "
                f"Give it up: with TOPIC_VERSIONS for {next_version(topic)}, that one takes its place"
            )
        others = [row["topic"] for row in await connection.fetch(_TOPICS, subscription, f"{name}.v")]
        before = [other for other in others if int(other.rpartition(".v")[2]) < int(version)]
        # Whoever still reads those finds the marks superseded when it next moves them.
        await connection.execute(_SUPERSEDE, subscription, before)
        await connection.execute(_BEGIN, subscription, topic, partitions)
        return [Handled(row["positions"]) for row in await connection.fetch(_OF_TOPICS, subscription, before)]


async def read_marks(
    pool: asyncpg.Pool, subscription: str, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, int]:
    """The position of the last event applied of each partition, 0 before the first."""
    rows = await pool.fetch(
        _READ, subscription, [asked.topic for asked in partitions], [asked.partition for asked in partitions]
    )
    return {TopicPartition(topic, number): position for topic, number, position in rows}


async def move_marks(
    connection: asyncpg.Connection,
    subscription: str,
    marks: Mapping[TopicPartition, int],
    messages: Sequence[Message],
) -> dict[TopicPartition, int]:
    """Moves marks on to the last of the messages of each partition, and returns them as they are now.

    Raises StaleOwner, before anything else is done in the transaction, unless all stood where they are said to.
    """
    last = {TopicPartition(message.topic, message.partition): message for message in messages}
    rows = sorted(
        (place.topic, place.partition, marks[place], message.position, message.recorded_at)
        for place, message in last.items()
    )
    moved = await connection.fetchval(_MOVE, subscription, *zip(*rows, strict=True))
    if moved != len(rows):
        raise StaleOwner(f"{len(rows) - moved} of {len(rows)} partitions were moved on by another owner")
    return {place: message.position for place, message in last.items()}


async def hold_mark(connection: asyncpg.Connection, subscription: str, place: TopicPartition, mark: int) -> None:
    """Keeps everybody from moving a mark until the transaction ends.

    Raises StaleOwner, before anything else is done in it, unless the mark stands where it is said to.
    """
    if not await connection.fetchval(_HOLD, subscription, place.topic, place.partition, mark):
        raise StaleOwner(f"the mark of {place.topic}[{place.partition}] was moved on by another owner")


async def were_current(
    pool: asyncpg.Pool, subscription: str, marks: Mapping[TopicPartition, int], ago: timedelta
) -> None:
    """Notes that a subscription was at the end of these partitions so long ago, at most, unless marks are elsewhere."""
    topics, numbers = [place.topic for place in marks], [place.partition for place in marks]
    await pool.execute(_CURRENT, subscription, topics, numbers, ago, list(marks.values()))


async def have_caught_up(pool: asyncpg.Pool, subscription: str, partitions: Collection[TopicPartition]) -> None:
    """Notes that a subscription has come to the end that these partitions had when it began to read them."""
    await pool.execute(
        _CAUGHT_UP, subscription, [place.topic for place in partitions], [place.partition for place in partitions]
    )
