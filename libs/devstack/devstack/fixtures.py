"""The fixtures of every test of the repository: real servers, fresh databases and topics, an issuer of tokens.

Loaded as a pytest plugin. Servers begin when the first test asks for them (see `devstack.stack`).
"""

import asyncio
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import settings

from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.prepared import prepare
from devstack.stack import LOCATOR, Servers, Stack, locate_from_worker
from eventstore.postgres import connection

_STACK: Final = pytest.StashKey[Stack]()
_PATIENCE: Final = {"CONNECT_TIMEOUT": connection.CONNECT_TIMEOUT, "STATEMENT_TIMEOUT": connection.STATEMENT_TIMEOUT}
"""For how long services wait for their databases."""
_EMPTYING: Final = (
    (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ),
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)
"""Leaves a database as it was made, without whoever is still connected to it."""


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers, and prepares the servers in the one process that owns them."""
    settings.register_profile("unhurried", deadline=None)  # How long an example takes tells of who else is at work.
    settings.load_profile("unhurried")
    # A service within the tests' process waits for whatever that does, which is no reason to take a database for away.
    connection.CONNECT_TIMEOUT = connection.STATEMENT_TIMEOUT = 5.0
    config.addinivalue_line("markers", "slow: takes seconds, so it runs after all others")
    config.addinivalue_line(
        "markers", "long: needs Node or a browser, or takes minutes, so only `make test-long` runs it"
    )
    if not hasattr(config, "workerinput"):
        stack = config.stash[_STACK] = Stack(os.environ.get("STACK", "embedded"))
        if config.getoption("numprocesses", None):
            stack.serve()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the servers."""
    if _STACK in config.stash:
        config.stash[_STACK].stop()
        os.environ.pop(LOCATOR, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what is slow last, so that what is broken shows early; and first of that what may take longest, so that
    nobody waits for it alone in the end."""

    def patience(item: pytest.Item) -> float:
        if item.get_closest_marker("slow") is None:
            return 0
        timeout = item.get_closest_marker("timeout")
        return 1 / timeout.args[0] if timeout else 1

    items.sort(key=patience)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service within the tests' process takes a database for away as soon as one that is deployed does."""
    for name, seconds in _PATIENCE.items():
        monkeypatch.setattr(connection, name, seconds)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """PostgreSQL and Kafka."""
    return Servers(pytestconfig.stash[_STACK].locate if _STACK in pytestconfig.stash else locate_from_worker)


@pytest.fixture(scope="session")
def empty_databases(servers: Servers) -> Iterator["_Databases"]:
    """Those that tests are lent."""
    databases = _Databases(servers.database_url)
    yield databases
    databases.drop()


@pytest.fixture
def database(empty_databases: "_Databases") -> Iterator[str]:
    """The address of an empty database of the test's own."""
    with empty_databases.lent() as url:
        yield url


@pytest.fixture
def other_database(empty_databases: "_Databases") -> Iterator[str]:
    """The address of another empty database, for a test of two services."""
    with empty_databases.lent() as url:
        yield url


@pytest.fixture
def databases(empty_databases: "_Databases") -> Iterator[Callable[[], str]]:
    """Gives the address of another empty database each time, for a test of several services."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(empty_databases.lent())


@pytest.fixture
def migrated_database(database: str) -> str:
    """The address of a database of the test's own that has the tables of an event store, which is confirmed."""
    asyncio.run(prepare(database))
    return database


@pytest.fixture(scope="module")
def shared_database(empty_databases: "_Databases") -> Iterator[str]:
    """The address of a database with the tables of an event store, for all tests of a module that leave it empty."""
    with empty_databases.lent() as url:
        asyncio.run(prepare(url))
        yield url


@pytest.fixture
def kafka(servers: Servers) -> str:
    """Kafka's address, `host:port`."""
    return servers.kafka_bootstrap


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    """A mail server of the test's own."""
    with MailServer(tmp_path) as server:
        yield server


@pytest.fixture
def topic() -> str:
    """The name of a topic of the test's own, which does not exist yet."""
    return f"test.{uuid.uuid4().hex}.v1"


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """Signs tokens, and publishes its keys at its `jwks_url`."""
    published = b""

    class Publish(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(published)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Publisher(ThreadingHTTPServer):
        # Five, as is usual, are too few for six services that begin at once on a busy machine.
        request_queue_size = 128

    with Publisher(("127.0.0.1", 0), Publish) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        published = json.dumps(issuer.jwks).encode()
        Thread(target=server.serve_forever, daemon=True).start()
        yield issuer
        server.shutdown()


class _Databases:
    """Databases of the tests' own. One that a test has left is emptied for the next: making another takes ten times as
    long."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._empty: list[str] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of an empty one."""
        name = self._empty.pop() if self._empty else self._made()
        url = urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))
        yield url
        try:
            asyncio.run(_execute(url, *_EMPTYING))
        except (asyncpg.PostgresError, OSError):
            self._drop(name)
        else:
            self._empty.append(name)

    def drop(self) -> None:
        """Leaves nothing on the server."""
        while self._empty:
            self._drop(self._empty.pop())

    def _made(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        asyncio.run(_execute(self._server, f"CREATE DATABASE {name} TEMPLATE template0"))
        return name

    def _drop(self, name: str) -> None:
        asyncio.run(_execute(self._server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
