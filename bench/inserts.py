"""The peer of an append: a table of events as written by hand, and one INSERT per event."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import asyncpg

from bench.runner import Action
from bench.sample import BEGUN, METADATA, choose, reports

CONNECTIONS: Final = 16
TABLE: Final = """
    CREATE TABLE events (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        stream_id   text COLLATE "C" NOT NULL,
        version     integer          NOT NULL,
        type        text             NOT NULL,
        data        json             NOT NULL,
        metadata    json             NOT NULL,
        recorded_at timestamptz      NOT NULL DEFAULT now(),
        UNIQUE (stream_id, version)
    )
"""
INSERT: Final = "INSERT INTO events (stream_id, version, type, data, metadata) VALUES ($1, $2, $3, $4, $5)"


async def create(url: str) -> None:
    """Creates the table."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    await connection.close()


@asynccontextmanager
async def inserting(
    url: str, clients: int = CONNECTIONS, first: int = 0, of: int | None = None
) -> AsyncIterator[Sequence[Action]]:
    """Clients with a connection each, which insert; they are those from `first` on, of so many in all processes."""
    async with AsyncExitStack() as stack:
        versions = await _versions(url)
        actions = []
        for number in range(first, first + clients):
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            actions.append(await _inserter(connection, versions, choose(number, of or clients)))
        yield actions


async def _versions(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT stream_id, max(version) AS version FROM events GROUP BY stream_id")
    await connection.close()
    return {row["stream_id"]: row["version"] for row in rows}


async def _inserter(connection: asyncpg.Connection, versions: dict[str, int], chosen: Callable[[], str]) -> Action:
    statement = await connection.prepare(INSERT)
    events = reports()

    async def insert() -> None:
        siret = chosen()
        stream_id = f"company-{siret}"
        version = versions[stream_id] = versions.get(stream_id, BEGUN) + 1
        await statement.fetch(stream_id, version, "HeadcountReported", events[siret], METADATA)

    return insert
