"""The servers all measurements run on: durable as in production, and the same for ours and the peers."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from devstack.prepared import prepare
from devstack.servers import Kafka, Postgres
from eventstore.postgres.migrate import EVENTSTORE, Migrations

_POSTGRES: Final = {
    # A commit is on disk when it returns. Checkpoints are as rare as on a server that is meant for writing.
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}


class Servers:
    """PostgreSQL, and Kafka once it is asked for, with their data in a folder that is gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = Postgres(folder / "postgres", durable=True, settings=_POSTGRES)
        self._kafka = Kafka(folder / "kafka", peak=True)

    @property
    def kafka(self) -> str:
        """Kafka's address."""
        self._kafka.start()
        return self._kafka.bootstrap

    async def database(self, migrations: Sequence[Migrations] = ()) -> str:
        """The address of a new database, with these tables."""
        name = f"bench_{uuid.uuid4().hex}"
        connection = await asyncpg.connect(self.postgres.url)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        await connection.close()
        url = self.postgres.database_url(name)
        if migrations:
            await prepare(url, migrations)
        return url

    async def store(self) -> str:
        """The address of a new database with an event store."""
        return await self.database([EVENTSTORE])

    @asynccontextmanager
    async def copied(self, url: str) -> AsyncIterator[str]:
        """The address of a copy of a database that nobody is connected to; it is gone afterwards."""
        name, source = f"bench_{uuid.uuid4().hex}", urlsplit(url).path[1:]
        connection = await asyncpg.connect(self.postgres.url)
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}", timeout=600)
            copy = self.postgres.database_url(name)
            # Its store is confirmed for the one that it was copied from.
            await prepare(copy)
            yield copy
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await connection.close()

    def stop(self) -> None:
        """Stops them."""
        self._kafka.stop()
        self.postgres.stop()


@contextmanager
def running() -> Iterator[Servers]:
    """PostgreSQL running, and Kafka when needed."""
    folder = Path(tempfile.mkdtemp(prefix="territory-bench-"))
    folder.chmod(0o711)
    servers = Servers(folder)
    try:
        servers.postgres.start()
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
