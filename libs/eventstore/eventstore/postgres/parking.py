"""What is due and what reactions led to, as the database keeps it, and what is parked, as ops see it (`dead-letters`).

They list what could not be done, have it tried again, or discard it. Parked messages of subscriptions are among it:
`subscribing.parked` says how they come and go.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import asyncpg

from eventstore.postgres.confirmation import IS_CONFIRMED, StoreUnconfirmed

_RECORD: Final = f"""
    WITH store AS ({IS_CONFIRMED}), told AS (
        INSERT INTO reactions (key, outcome, stream_id, version, recorded_at)
        SELECT $1::text, $2::text, $3::text, $4::integer, clock_timestamp() FROM store WHERE confirmed
        ON CONFLICT (key) DO NOTHING
    )
    SELECT confirmed FROM store
"""  # noqa: S608  ours alone

LEASE: Final = timedelta(seconds=30)
"""How long what a worker took is left to it: a worker that is killed or frozen loses it then."""


class TakenDue(NamedTuple):
    """A command that is due on a stream."""

    stream_id: str
    category: str
    name: str
    body: str
    at: datetime


class Parked(NamedTuple):
    """What could not be done. `id` names it to the commands that try it again or discard it."""

    id: str
    kind: str
    """`due` or `message`."""
    stream_id: str
    name: str
    """The command's that was due, or the type of the event."""
    body: str
    """The command, or which event it is and for which subscription."""
    reason: str
    parked_at: datetime
    behind: int
    """How many later messages of its stream wait behind it."""


class Tried(NamedTuple):
    """How often a parked message was tried, and what came of it last."""

    attempts: int
    reason: str


async def take_due(pool: asyncpg.Pool, now: datetime, limit: int) -> Sequence[TakenDue]:
    """What is due by now and nobody else has taken, the oldest first."""
    rows = await pool.fetch(
        """
        WITH moved_on AS (
            UPDATE due d SET parked_at = NULL, parked_on = NULL, reason = NULL
            FROM streams s
            WHERE d.parked_at IS NOT NULL AND s.stream_id = d.stream_id AND s.version <> d.parked_on
        ), next AS (
            SELECT d.stream_id, d.name, d.body
            FROM due d
            WHERE d.parked_at IS NULL AND d.at <= $1 AND (d.taken_until IS NULL OR d.taken_until < clock_timestamp())
            ORDER BY d.at, d.stream_id, d.name
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE due d SET taken_until = clock_timestamp() + $3::interval
            FROM next n
            WHERE d.stream_id = n.stream_id AND d.name = n.name AND d.body = n.body
            RETURNING d.*
        )
        SELECT t.stream_id, s.category, t.name, t.body, t.at
        FROM taken t JOIN streams s ON s.stream_id = t.stream_id
        ORDER BY t.at, t.stream_id, t.name
        """,
        now,
        limit,
        LEASE,
    )
    return [TakenDue._make(row) for row in rows]


async def release_due(pool: asyncpg.Pool, due: TakenDue) -> None:
    """Lets anybody take it again."""
    await pool.execute(
        "UPDATE due SET taken_until = NULL WHERE stream_id = $1 AND name = $2 AND body = $3 AND at = $4",
        *_named(due),
        due.at,
    )


async def drop_due(pool: asyncpg.Pool, due: TakenDue, version: int) -> None:
    """Forgets what the stream, at this version, has no longer due."""
    await pool.execute(
        """
        DELETE FROM due d USING streams s
        WHERE d.stream_id = $1 AND d.name = $2 AND d.body = $3 AND d.at = $4
          AND s.stream_id = d.stream_id AND s.version = $5
        """,
        *_named(due),
        due.at,
        version,
    )


async def park_due(pool: asyncpg.Pool, due: TakenDue, version: int, reason: str) -> None:
    """Keeps aside what was refused on this version, unless the stream has moved on since."""
    await pool.execute(
        """
        UPDATE due d SET parked_at = clock_timestamp(), parked_on = $5, reason = $6, taken_until = NULL
        FROM streams s
        WHERE d.stream_id = $1 AND d.name = $2 AND d.body = $3 AND d.at = $4
          AND s.stream_id = d.stream_id AND s.version = $5
        """,
        *_named(due),
        due.at,
        version,
        reason,
    )


class Led(NamedTuple):
    """What a reaction led to where no event was appended."""

    key: str
    outcome: str
    """`unchanged`; `passed`: refused, as may be expected; or `done`: all that a reaction asked of what it found."""
    stream_id: str
    """The stream that was asked, at its version; of what is `done` the one that the event is of."""
    version: int


async def record_reaction(pool: asyncpg.Pool, led: Led) -> None:
    """Remembers what a reaction led to, unless that is known. Raises StoreUnconfirmed, as what a restored store lacks
    was not asked."""
    (row,) = await pool.fetch(_RECORD, *led)
    if not row["confirmed"]:
        raise StoreUnconfirmed(f"what the reaction {led.key} led to is not known before the store is confirmed")


async def is_reacted(pool: asyncpg.Pool, key: str) -> bool:
    """Whether it is known what a reaction led to."""
    return bool(await pool.fetchval("SELECT EXISTS (SELECT FROM reactions WHERE key = $1)", key))


async def parked(pool: asyncpg.Pool) -> Sequence[Parked]:
    """All that could not be done, the oldest first."""
    rows = await pool.fetch(
        "SELECT id, kind, stream_id, name, body, reason, parked_at, behind FROM dead_letters ORDER BY parked_at, id"
    )
    return [Parked._make(row) for row in rows]


async def unpark_due(pool: asyncpg.Pool, name: str) -> bool:
    """Has what is due tried again. Returns whether there is one of this name."""
    return _is_any(
        await pool.execute(
            """
            UPDATE due d SET parked_at = NULL, parked_on = NULL, reason = NULL
            FROM dead_letters l
            WHERE l.id = $1 AND l.kind = 'due' AND d.stream_id = l.stream_id AND d.name = l.name AND d.body = l.body
            """,
            name,
        )
    )


async def ask_for_message(pool: asyncpg.Pool, name: str) -> Tried | None:
    """Asks whoever has its partition to try a parked message again. Returns how it fared so far, if there is one."""
    row = await pool.fetchrow(
        """
        UPDATE parked_messages SET asked = true
        WHERE id = (SELECT id FROM dead_letters WHERE id = $1)
        RETURNING attempts, reason
        """,
        name,
    )
    return Tried._make(row) if row else None


async def tried(pool: asyncpg.Pool, name: str) -> Tried | None:
    """How a parked message fared so far; None where it is parked no more."""
    row = await pool.fetchrow("SELECT attempts, reason FROM parked_messages WHERE id = $1", name)
    return Tried._make(row) if row else None


async def discard(pool: asyncpg.Pool, name: str) -> bool:
    """Gives up what is parked; what waits behind a message is tried. Returns whether there is one of this name."""
    due = await pool.execute(
        """
        DELETE FROM due d USING dead_letters l
        WHERE l.id = $1 AND l.kind = 'due' AND d.stream_id = l.stream_id AND d.name = l.name AND d.body = l.body
        """,
        name,
    )
    # The next one of the stream has no reason yet, and so is tried.
    message = await pool.execute(
        "DELETE FROM parked_messages WHERE id = (SELECT id FROM dead_letters WHERE id = $1)", name
    )
    return _is_any(due) or _is_any(message)


def _is_any(status: str) -> bool:
    """Whether a statement touched any row, from how PostgreSQL tells it."""
    return not status.endswith(" 0")


def _named(due: TakenDue) -> tuple[str, str, str]:
    return due.stream_id, due.name, due.body
