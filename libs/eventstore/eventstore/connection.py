"""The one way to get a connection to PostgreSQL, and what counts as its being away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

CONNECT_TIMEOUT = 1.0
STATEMENT_TIMEOUT = 1.5
"""Seconds after which a caller is told that the database is away rather than kept waiting; a call that queues behind
another's statement waits for both."""

SESSION = {
    # Frees the append lock, and whatever else a transaction holds, from a client that stalls.
    "transaction_timeout": "30s",
    "lock_timeout": "1s",
    "jit": "off",
}

DEDICATED = SESSION | {
    "transaction_timeout": "5s",
    # The few statements of a dedicated connection look streams up by their key, a group at a time. A plan made while a
    # table was small would scan it whole, and is kept until statistics are next gathered.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}


class StoreUnavailable(Exception):
    """The database cannot be reached or does not answer in time."""


def is_outage(error: BaseException) -> bool:
    """Whether an error passes by itself: the database is away, starting, full, or too busy."""
    return isinstance(
        error,
        OSError
        | TimeoutError
        | asyncpg.InterfaceError
        # What a statement meets when the connection was lost a moment ago.
        | asyncpg.InternalClientError
        | asyncpg.PostgresConnectionError
        | asyncpg.InsufficientResourcesError
        | asyncpg.OperatorInterventionError
        | asyncpg.TransactionTimeoutError
        | asyncpg.TransactionRollbackError
        | asyncpg.LockNotAvailableError
        | asyncpg.PostgresSystemError
        # A primary that became a replica: the next connection is led to the new one.
        | asyncpg.ReadOnlySQLTransactionError,
    ) and not isinstance(error, ValueError)


@asynccontextmanager
async def open_pool(url: str, size: int = 10) -> AsyncIterator[asyncpg.Pool]:
    """A pool that connects when first used."""
    pool = asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT,
        command_timeout=STATEMENT_TIMEOUT,
        server_settings=SESSION,
        # Nothing here leaves session state behind, and a reset is a round trip.
        reset=_leave,
    )
    await pool
    try:
        yield pool
    finally:
        # Given up, it breaks off its connections: a server that stands still is not waited for.
        with suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), CONNECT_TIMEOUT)


async def _leave(_: asyncpg.Connection) -> None:
    return None


class Line:
    """A connection of its own for one kind of statement, connected when first used and again when lost."""

    def __init__(self, url: str, name: str, *, begins: str | None = None) -> None:
        """`begins` is a statement that each new connection begins with."""
        self._url = url
        self._begins = begins
        self._settings = DEDICATED | {"application_name": name}
        self._connection: asyncpg.Connection | None = None

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of a statement, prepared once. Raises StoreUnavailable, or what PostgreSQL says of the statement."""
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            return await self._connection.fetch(query, *arguments, timeout=STATEMENT_TIMEOUT)
        except asyncio.CancelledError:
            self.terminate()
            raise
        except Exception as error:
            if is_outage(error):
                # What it was doing is unknown: the next call begins on a new connection.
                self.terminate()
                raise StoreUnavailable(str(error) or type(error).__name__) from error
            raise

    async def _connect(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(self._url, timeout=CONNECT_TIMEOUT, server_settings=self._settings)
        try:
            if self._begins is not None:
                await connection.execute(self._begins, timeout=STATEMENT_TIMEOUT)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def terminate(self) -> None:
        """Ends the connection at once: the next call begins on a new one."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None and not self._connection.is_closed():
            with suppress(OSError):
                await self._connection.close(timeout=CONNECT_TIMEOUT)
