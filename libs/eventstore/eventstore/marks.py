"""How far each subscription has come, in the database that holds its effects."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import asyncpg
from aiokafka import TopicPartition

from eventstore.envelope import Message

_READ: Final = """
    SELECT topic, partition, position
    FROM marks JOIN unnest($2::text[], $3::int[]) AS asked (topic, partition) USING (topic, partition)
    WHERE subscription = $1
"""
_MOVE: Final = """
    WITH moves AS (
        SELECT * FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::timestamptz[])
            AS m (topic, partition, was, position, recorded_at)
    ),
    begun AS (
        INSERT INTO marks (subscription, topic, partition, position, recorded_at)
        SELECT $1, topic, partition, position, recorded_at FROM moves WHERE was = 0
        ON CONFLICT DO NOTHING
        RETURNING 1
    ),
    moved AS (
        UPDATE marks
        SET position = moves.position, recorded_at = moves.recorded_at
        FROM moves
        WHERE marks.subscription = $1 AND marks.topic = moves.topic AND marks.partition = moves.partition
          AND marks.position = moves.was AND moves.was > 0
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM begun) + (SELECT count(*) FROM moved)
"""


class StaleOwner(Exception):
    """Another owner of a partition has moved its mark in the meantime."""


async def read_marks(
    pool: asyncpg.Pool, subscription: str, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, int]:
    """The position of the last event applied of each partition, 0 before the first."""
    rows = await pool.fetch(
        _READ, subscription, [asked.topic for asked in partitions], [asked.partition for asked in partitions]
    )
    return dict.fromkeys(partitions, 0) | {TopicPartition(topic, number): position for topic, number, position in rows}


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
