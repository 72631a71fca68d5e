"""The events of a store as a relay reads them: in order, many at once, the next ones while the last are dealt with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from eventstore.postgres.store import Recorded

RUN_EVENTS: Final = 4000
RUN_BYTES: Final = 8_000_000
"""How much is read at once, at most."""

_READ: Final = """
    SELECT position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at
    FROM (
        SELECT *, sum(octet_length(data::text)) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes
        FROM (SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2) AS following
    ) AS measured
    WHERE bytes - octet_length(data::text) < $3
    ORDER BY position
"""
_POSTGRES_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Backlog:
    """Reads events on a connection that nobody else uses meanwhile."""

    def __init__(self, statement: PreparedStatement) -> None:
        self._statement = statement
        self._ahead: asyncio.Task[list[asyncpg.Record]] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, connection: asyncpg.Connection) -> "AsyncIterator[Backlog]":
        """A backlog that is read as long as the block."""
        await connection.set_type_codec(
            "timestamptz", schema="pg_catalog", encoder=_not_sent, decoder=_to_time, format="tuple"
        )
        backlog = cls(await connection.prepare(_READ))
        try:
            yield backlog
        finally:
            if backlog._ahead is not None:
                backlog._ahead.cancel()
                await asyncio.gather(backlog._ahead, return_exceptions=True)

    async def read(self, after: int) -> tuple[list[Recorded], bool]:
        """Events behind a position, and whether there are more, which are then to be read next."""
        rows = await (self._ahead or self._fetch(after))
        full = len(rows) == RUN_EVENTS
        self._ahead = asyncio.create_task(self._fetch(rows[-1][0])) if full else None
        return list(map(Recorded._make, rows)), full

    async def _fetch(self, after: int) -> list[asyncpg.Record]:
        return await self._statement.fetch(after, RUN_EVENTS, RUN_BYTES)


@lru_cache(maxsize=1024)
def _to_time(microseconds: tuple[int]) -> datetime:
    """A time as PostgreSQL sends it. It is what costs most of reading an event, unless events have it in common."""
    return _POSTGRES_EPOCH + timedelta(microseconds=microseconds[0])


def _not_sent(_: datetime) -> tuple[int]:
    raise TypeError("times are only read on this connection")
