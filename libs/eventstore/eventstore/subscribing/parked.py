"""Messages that a subscription could not handle, kept beside its marks until they can be, or are given up.

The first of a stream is there with the reason; what comes later of the stream waits behind it, so that its order holds.
Whoever has the partition tries a first that has no reason (yet, or since the one before it is gone) and one that ops
ask for. They are found by stream, not by partition: whatever version takes the place of the topic they were read in,
they are whose the stream is there.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from eventstore.discretion import described
from eventstore.kafka.envelope import Message

_FIELDS: Final = ", ".join(f'"{field}"' for field in Message._fields)
_GIVEN: Final = ", ".join(f"${number}" for number in range(1, len(Message._fields) + 5))
_PARK: Final = f"""
    INSERT INTO parked_messages ({_FIELDS}, subscription, reason, unknown, attempts)
    VALUES ({_GIVEN})
    ON CONFLICT DO NOTHING
"""  # noqa: S608  made of names
_FIRST: Final = """
    SELECT DISTINCT ON (source, stream_id) source, stream_id, position, topic, type, schema_version, unknown,
           asked OR reason IS NULL AS wanted
    FROM parked_messages
    WHERE subscription = $1 AND ($2::text IS NULL OR source = $2) AND ($3::text IS NULL OR stream_id = $3)
    ORDER BY source, stream_id, position
"""
_TAKE: Final = f"""
    DELETE FROM parked_messages
    WHERE subscription = $1 AND source = $2 AND stream_id = $3 AND position = $4
    RETURNING {_FIELDS}
"""  # noqa: S608
_PARK_AGAIN: Final = f"""
    UPDATE parked_messages SET reason = $5, unknown = $6, asked = false, attempts = attempts + 1
    WHERE subscription = $1 AND source = $2 AND stream_id = $3 AND position = $4
    RETURNING {_FIELDS}
"""  # noqa: S608


class Parked(NamedTuple):
    """A message that is parked, and why, unless it only waits behind another."""

    message: Message
    fault: Exception | None = None
    unknown: bool = False
    """Whether that is that its type is not known."""


class First(NamedTuple):
    """Of a parked stream, the message that all others wait for."""

    source: str
    stream_id: str
    position: int
    topic: str
    """Where it was read."""
    type: str
    schema_version: int
    unknown: bool
    wanted: bool
    """Whether it is to be tried."""


async def parked_streams(pool: asyncpg.Pool, subscription: str) -> dict[tuple[str, str], First]:
    """The streams that are parked, by source and id, whoever has their partitions."""
    rows = await pool.fetch(_FIRST, subscription, None, None)
    return {(first.source, first.stream_id): first for first in map(First._make, rows)}


async def first_of(connection: asyncpg.Connection, subscription: str, before: First) -> First | None:
    """What is first of the same stream now; None where nothing of it is parked any more."""
    row = await connection.fetchrow(_FIRST, subscription, before.source, before.stream_id)
    return First._make(row) if row else None


async def park(connection: asyncpg.Connection, subscription: str, parked: Sequence[Parked]) -> None:
    """Parks messages, unless they are parked already."""
    rows = [
        (*message, subscription, fault and described(fault), unknown, int(fault is not None))
        for message, fault, unknown in parked
    ]
    await connection.executemany(_PARK, rows)


async def take_parked(connection: asyncpg.Connection, subscription: str, first: First) -> Message | None:
    """Takes a message out, for the transaction to handle; None where ops discarded it meanwhile."""
    row = await connection.fetchrow(_TAKE, subscription, *_which(first))
    return Message._make(row) if row else None


async def park_again(
    connection: asyncpg.Connection, subscription: str, first: First, fault: Exception, *, unknown: bool
) -> Parked | None:
    """Notes why a message could still not be handled; None where ops discarded it meanwhile."""
    row = await connection.fetchrow(_PARK_AGAIN, subscription, *_which(first), described(fault), unknown)
    return Parked(Message._make(row), fault, unknown) if row else None


def _which(first: First) -> tuple[str, str, int]:
    return first.source, first.stream_id, first.position
