"""How a store stands, in one look: what ops must know of it, and what routing needs."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import asyncpg
from pydantic_core import from_json


class Standing(NamedTuple):
    """How a store stood a moment ago."""

    confirmed: bool
    """Whether it appends (see `confirmation`)."""
    last_position: int
    unpublished_seconds: float
    """Since the first event behind a position was recorded; 0 where there is none."""
    due: int
    """Commands that are due and not issued yet."""
    due_seconds: float
    """Since the first of them was due; 0 where there is none."""
    due_refused: int
    """Commands that were due and were refused."""
    parked: Mapping[str, int]
    """Streams that are parked, by the subscriptions that have any."""
    imports_waiting: int
    """Files of commands that have arrived and have not come to their end."""

    @property
    def dead_letters(self) -> int:
        """How much is parked (see `parking`)."""
        return self.due_refused + sum(self.parked.values())


async def standing(pool: asyncpg.Pool, behind: int | None) -> Standing:
    """How a store stands, and for how long what is `behind` a position waits to be published."""
    row = await pool.fetchrow(_STANDING, behind)
    assert row is not None  # It is made of expressions alone.
    return Standing(**{**row, "parked": from_json(row["parked"])})


_STANDING: Final = """
    SELECT
        EXISTS (SELECT FROM confirmation WHERE place = connected_place() AND events_table = 'events'::regclass)
            AS confirmed,
        coalesce((SELECT max(position) FROM events), 0) AS last_position,
        greatest(coalesce((
            SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8
            FROM events WHERE position > $1::bigint ORDER BY position LIMIT 1
        ), 0), 0) AS unpublished_seconds,
        d.due,
        greatest(coalesce(extract(epoch FROM clock_timestamp() - d.since)::float8, 0), 0) AS due_seconds,
        (SELECT count(*) FROM due WHERE parked_at IS NOT NULL) AS due_refused,
        coalesce((
            SELECT json_object_agg(subscription, streams)
            FROM (SELECT subscription, count(DISTINCT (source, stream_id)) AS streams
                  FROM parked_messages GROUP BY subscription) AS p
        ), '{}')::text AS parked,
        (SELECT count(*) FROM imports WHERE ended_at IS NULL AND status <> 'arriving') AS imports_waiting
    FROM (SELECT count(*) AS due, min(at) AS since
          FROM due WHERE parked_at IS NULL AND at <= clock_timestamp()) AS d
"""
