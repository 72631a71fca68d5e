"""The one way to get a connection to PostgreSQL, and what counts as its being away."""

import asyncio
import configparser
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import unquote

import asyncpg
from asyncpg import connect_utils

from eventstore.files import File, Told, resolve

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

LISTING = SESSION | {
    # What is best for one value is bad for another, and workers cost more than these queries take.
    "plan_cache_mode": "force_custom_plan",
    "max_parallel_workers_per_gather": "0",
}


_FORM: Final = (
    "is not an address of PostgreSQL: write postgresql://user:password@host:5432/companies, and percent-encode what a "
    "password has of / ? # [ ] @ % (an @ is %40)"
)
_LEFT_TO_THE_URL: Final = dict.fromkeys(
    (
        *("host", "port", "user", "password", "passfile", "database", "service", "servicefile", "ssl", "direct_tls"),
        *("server_settings", "target_session_attrs", "krbsrvname", "gsslib"),
    )
)


_NO_TLS: Final = "rejected SSL upgrade"
"""What asyncpg says where a server has no TLS; it has no kind of its own for that."""


class StoreUnavailable(Exception):
    """The database cannot be reached or does not answer in time."""


class DatabaseRefused(StoreUnavailable):
    """The database lets nobody in as its address says: a wrong password, no such database, a certificate of another.

    It does not pass by itself, so nobody waits for it who is only beginning.
    """


def place_of(url: str) -> str:
    """Where a database is by its address: `127.0.0.1:5432`; several are separated by commas.

    Raises ValueError where connecting could not use the address. The message goes on after the name of who gave it, and
    quotes nothing of it: a password that is written wrongly may be anywhere in it.
    """
    scheme, _, rest = url.partition("://")
    authority = re.split("[/?#]", rest)[0]
    # One @ ends the password: behind a second one, or beyond a slash, the parser would take a piece of it for a host.
    misread = authority.count("@") > 1 or "@" in rest[len(authority) :] or "#" in rest or "\0" in unquote(rest)
    if misread or scheme not in ("postgresql", "postgres"):
        raise ValueError(_FORM)
    try:
        places = _parsed(url)
    except ValueError:
        if "?" not in url:
            raise
        _parsed(url.partition("?")[0])
        raise ValueError("has something behind its ? that cannot be used, such as a file that is not there") from None
    return ", ".join(place if isinstance(place, str) else _host_and_port(*place) for place in places)


def _host_and_port(host: str, port: int) -> str:
    if not host or not host.isprintable() or " " in host:
        raise ValueError(_FORM)
    if not 0 < port < 65536:
        raise ValueError("names a port that is none: ports are from 1 to 65535")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _parsed(url: str) -> list[tuple[str, int] | str]:
    """Hosts with their ports, and paths of sockets, as asyncpg reads them. Raises ValueError."""
    try:
        # Connecting reads the address by this: what passes here can be used there. It has no public name.
        parse = connect_utils._parse_connect_dsn_and_args  # type: ignore[attr-defined]  # noqa: SLF001
        places, _ = parse(dsn=url, **_LEFT_TO_THE_URL)
    except (ValueError, LookupError, OSError, configparser.Error):
        # Their words may quote the address.
        raise ValueError(_FORM) from None
    return list(places)


async def connect(url: Told, **options: Any) -> asyncpg.Connection:
    """A connection, with asyncpg's options. Raises StoreUnavailable and DatabaseRefused, which name host and port.

    A file that has the address is read each time, as are the certificates that it names. What it has now may be what
    was right before or will be in a moment, so that to be refused by it may pass.
    """
    try:
        address = resolve(url)
        place = place_of(address)
    except (OSError, ValueError) as error:
        raise StoreUnavailable(f"the address of PostgreSQL cannot be used ({_why(error)})") from error
    try:
        return await asyncpg.connect(address, **options)
    except Exception as error:
        if isinstance(url, File) and isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
            raise StoreUnavailable(f"PostgreSQL at {place} refuses what a file says ({_why(error)})") from error
        if _is_refusal(error):
            raise DatabaseRefused(f"PostgreSQL at {place} cannot be used ({_why(error)})") from error
        if is_outage(error):
            raise StoreUnavailable(f"PostgreSQL at {place} does not answer ({_why(error)})") from error
        raise


def _is_refusal(error: Exception) -> bool:
    """Whether an attempt to connect failed for what does not pass by itself."""
    if isinstance(error, ssl.SSLError):
        # An alert is what the server sends whom it does not believe. The rest may be its end.
        return isinstance(error, ssl.SSLCertVerificationError) or "ALERT" in (error.reason or "")
    return _NO_TLS in str(error) or (isinstance(error, asyncpg.PostgresError | ValueError) and not is_outage(error))


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {error.verify_message.rstrip('.')}"
    if _NO_TLS in str(error):
        return "it has no TLS, which the address asks for"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        # Each event loop words these otherwise.
        return os.strerror(error.errno)
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


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
async def open_pool(url: Told, size: int = 10, settings: Mapping[str, str] = SESSION) -> AsyncIterator[asyncpg.Pool]:
    """A pool that connects when first used."""
    pool = asyncpg.create_pool(
        url,
        connect=connect,  # type: ignore[call-overload]  # the stub names each option
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT,
        command_timeout=STATEMENT_TIMEOUT,
        server_settings={**settings},
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

    def __init__(self, url: Told, name: str, *, begins: str | None = None) -> None:
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
        connection = await connect(self._url, timeout=CONNECT_TIMEOUT, server_settings=self._settings)
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
