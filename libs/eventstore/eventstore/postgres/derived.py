"""What stands beside the events of streams, written whole: whatever was there, and whoever else holds the same.

An append writes what is otherwise than before, and is refused what others hold. Where code tells otherwise than what
stands there, or events were taken back from a topic, there is no before, and what streams hold is a fact.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from eventstore.postgres.appending import DueAt, Holding, KeptUntil

Connection = asyncpg.Connection | PoolConnectionProxy


class Derived(NamedTuple):
    """What a stream's events add up to, and all that follows from it; as an append tells it."""

    category: str
    state: str
    state_revision: int
    labels: str | None
    labelling: int
    order: Sequence[tuple[str, str]]
    holds: Sequence[Holding]
    due: Sequence[DueAt]
    keeps: Sequence[KeptUntil]


class Collision(NamedTuple):
    """What streams hold together though they may not."""

    kind: str
    """The slug of the refusal that who asks for it now would get."""
    key: str
    streams: Sequence[str]
    """Two that exclude each other, or all that hold more than the limit together."""
    taken: int | None = None
    """How much they hold, where there is a limit."""
    limit: int | None = None

    def __str__(self) -> str:
        streams = " and ".join(self.streams)
        if self.limit is None:
            return f"{self.kind}: {self.key} is held by {streams}"
        return f"{self.kind}: of {self.key} {self.taken} are held, of at most {self.limit}, by {streams}"


async def put_beside(connection: Connection, derived: Mapping[str, Derived]) -> None:
    """Writes order, claims, due and whom they keep, of streams by their ids; labels stand with the state.

    What is due as it was is left as it is, taken or parked. Called under the lock of appends.
    """
    ids = list(derived)
    await connection.execute("DELETE FROM ordered WHERE stream_id = ANY ($1::text[])", ids)
    await connection.executemany(
        "INSERT INTO ordered (stream_id, category, field, value) VALUES ($1, $2, $3, $4)",
        [(stream_id, each.category, *ordered) for stream_id, each in derived.items() for ordered in each.order],
    )
    await connection.execute("DELETE FROM claims WHERE stream_id = ANY ($1::text[])", ids)
    await connection.executemany(
        _PUT_CLAIM, [(stream_id, *holding) for stream_id, each in derived.items() for holding in each.holds]
    )
    due = [(stream_id, *told) for stream_id, each in derived.items() for told in each.due]
    await connection.execute(_DELETE_DUE, ids, *([row[n] for row in due] for n in range(3)))
    await connection.executemany(_PUT_DUE, due)
    await connection.execute("DELETE FROM kept WHERE stream_id = ANY ($1::text[])", ids)
    await connection.executemany(
        "INSERT INTO kept (stream_id, subject, until) VALUES ($1, $2, $3)",
        [(stream_id, *keep) for stream_id, each in derived.items() for keep in each.keeps],
    )


async def collisions(connection: Connection | asyncpg.Pool) -> Sequence[Collision]:
    """What streams of the service hold together though they may not, by kind and key.

    Of more than two that exclude each other, each is told of with the first that it meets.
    """
    rows = await connection.fetch(_COLLISIONS)
    return [Collision._make(row) for row in rows]


_PUT_CLAIM: Final = """
    INSERT INTO claims (stream_id, kind, key, since, until, amount, most)
    VALUES ($1, $2, $3, coalesce($4::timestamptz, '-infinity'), coalesce($5::timestamptz, 'infinity'), $6, $7)
"""
_DELETE_DUE: Final = """
    DELETE FROM due d
    WHERE d.stream_id = ANY ($1::text[])
      AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[], $4::text[]) AS told (stream_id, name, body)
                      WHERE told.stream_id = d.stream_id AND told.name = d.name AND told.body = d.body)
"""
_PUT_DUE: Final = """
    INSERT INTO due (stream_id, name, body, at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (stream_id, name, body)
    DO UPDATE SET at = excluded.at, taken_until = NULL, parked_at = NULL, parked_on = NULL, reason = NULL
    WHERE due.at <> excluded.at
"""
# Windows find what may collide in one pass each, and only of that it is asked who holds it: asked of every claim, that
# would be every two of a key. A limit that was lowered is no collision while one who holds it was told the greater one.
_COLLISIONS: Final = """
    WITH met AS (
        SELECT c.*,
               max(until) OVER (PARTITION BY kind, key ORDER BY since, stream_id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until_then,
               bool_or(most IS NULL) OVER (PARTITION BY kind, key) AS for_one
        FROM claims c
    ), edges AS (
        SELECT kind, key, since AS moment, amount AS more, most FROM claims WHERE most IS NOT NULL
        UNION ALL
        SELECT kind, key, until, -amount, most FROM claims WHERE most IS NOT NULL
    ), levels AS (
        SELECT kind, key, moment,
               -- What ends at a moment does so before anything begins.
               sum(more) OVER (PARTITION BY kind, key ORDER BY moment, more) AS taken,
               min(most) OVER (PARTITION BY kind, key) AS least
        FROM edges
    )
    SELECT DISTINCT c.kind, c.key, ARRAY[first.stream_id, c.stream_id] AS streams, NULL::bigint AS taken,
           NULL::integer AS most
    FROM met c
    CROSS JOIN LATERAL (
        SELECT f.stream_id
        FROM claims f
        WHERE f.kind = c.kind AND f.key = c.key AND f.until > c.since AND f.since < c.until
          AND (f.most IS NULL OR c.most IS NULL)
          AND f.stream_id <> c.stream_id AND (f.since, f.stream_id) < (c.since, c.stream_id)
        ORDER BY f.since, f.stream_id
        LIMIT 1
    ) first
    WHERE c.for_one AND c.until_then > c.since
    UNION ALL
    (
        SELECT DISTINCT ON (l.kind, l.key) l.kind, l.key, held.streams, held.taken, held.most
        FROM (SELECT DISTINCT kind, key, moment FROM levels WHERE taken > least) l
        CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT h.stream_id) AS streams, sum(h.amount) AS taken, max(h.most) AS most
            FROM claims h
            WHERE h.kind = l.kind AND h.key = l.key AND h.until > l.moment AND h.since <= l.moment
              AND h.most IS NOT NULL
        ) held
        WHERE held.taken > held.most
        ORDER BY l.kind, l.key, held.taken DESC
    )
    ORDER BY kind, key, streams
"""
