"""Whether a store may append: only where it was found to hold what its topic ends with.

A store that was restored, or a replica that was promoted, may lack what was published. If it went on appending it would
give positions a second time, and the relay would take what is new for published. So the relay compares both whenever it
takes over, and confirms the store for this server, timeline, database and table; whoever appends elsewhere is refused.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import StoreUnavailable

UNCONFIRMED: Final = "TI001"
"""The SQLSTATE of a refused append."""

TELL_PLACE: Final = "SELECT set_config('eventstore.place', connected_place(), false)"
"""Said once by each connection that appends, as it does not change while a connection lives."""

_CONFIRM: Final = """
    INSERT INTO confirmation (place, events_table, confirmed_at)
    VALUES (connected_place(), 'events'::regclass, now())
    ON CONFLICT (one) DO UPDATE
    SET place = excluded.place, events_table = excluded.events_table, confirmed_at = excluded.confirmed_at
    WHERE (confirmation.place, confirmation.events_table) <> (excluded.place, excluded.events_table)
"""
IS_CONFIRMED: Final = """
    SELECT EXISTS (
        SELECT FROM confirmation WHERE place = connected_place() AND events_table = 'events'::regclass
    ) AS confirmed
"""
STANDING: Final = f"SELECT pg_is_in_recovery() AS replica, confirmed FROM ({IS_CONFIRMED}) AS store"  # noqa: S608  ours
_UNKNOWN: Final = """
    SELECT position, event_id
    FROM unnest($1::bigint[], $2::uuid[]) AS published (position, event_id)
    WHERE NOT EXISTS (SELECT FROM events e WHERE e.position = published.position AND e.event_id = published.event_id)
      AND NOT EXISTS (SELECT FROM lost_events l
                      WHERE l.position = published.position AND l.event_id = published.event_id)
    ORDER BY position DESC
"""


class StoreUnconfirmed(StoreUnavailable):
    """The store has not been found to hold what its topic ends with, so nothing is appended, and nothing refused."""


async def confirm(connection: asyncpg.Connection) -> None:
    """Lets the store append where this connection leads."""
    await connection.execute(_CONFIRM)


async def withdraw(connection: asyncpg.Connection) -> None:
    """Refuses every append from now on."""
    await connection.execute("DELETE FROM confirmation")


async def is_confirmed(connection: asyncpg.Connection | asyncpg.Pool) -> bool:
    """Whether the store appends where this connection leads."""
    confirmed: bool = await connection.fetchval(IS_CONFIRMED)
    return confirmed


async def unknown(connection: asyncpg.Connection, published: Mapping[int, UUID]) -> list[tuple[int, UUID]]:
    """Those of some published events, by position, that the store neither has nor recorded as lost; the last first."""
    rows = await connection.fetch(_UNKNOWN, list(published.keys()), list(published.values()))
    return [(row["position"], row["event_id"]) for row in rows]
