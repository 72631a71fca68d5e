"""Plain SQL migrations, applied in order, once, by one process at a time.

A set of migrations is a folder of files `0001_title.sql`, 0002 and so on. What was applied never changes: a file whose
checksum differs from the one applied is refused, and so is a database that knows later migrations than this code.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from eventstore.postgres.connection import connect

LOCK = 7220002
CONNECT_TIMEOUT = 5.0
"""Seconds: who starts has more patience than a caller who waits for an answer."""


class SchemaMismatch(Exception):
    """The database's schema is not the one this code was made for."""


@dataclass(frozen=True)
class Migrations:
    """One named folder of migrations."""

    name: str
    folder: Path

    def files(self) -> list[tuple[int, str, str]]:
        """Number, SQL and checksum of each migration, in order."""
        files = []
        for path in sorted(self.folder.glob("[0-9]*.sql")):
            sql = path.read_text(encoding="utf-8")
            files.append((int(path.name.split("_")[0]), sql, hashlib.sha256(sql.encode()).hexdigest()))
        return files


EVENTSTORE = Migrations("eventstore", Path(__file__).parent / "migrations")


async def migrate(url: str, sets: Sequence[Migrations] = (EVENTSTORE,)) -> int:
    """Applies what is missing, each migration in a transaction of its own; returns how many.

    Raises SchemaMismatch, StoreUnavailable and DatabaseRefused.
    """
    connection = await connect(url, timeout=CONNECT_TIMEOUT)
    applied = 0
    try:
        # A session lock: it outlasts the transactions, and goes with the connection.
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name text NOT NULL, number integer NOT NULL, checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (name, number)
            )
            """
        )
        await _refuse_others(connection, sets)
        for migrations in sets:
            for number, sql, checksum in await _missing(connection, migrations):
                async with connection.transaction():
                    await connection.execute(sql)
                    await connection.execute(
                        "INSERT INTO schema_migrations (name, number, checksum) VALUES ($1, $2, $3)",
                        migrations.name,
                        number,
                        checksum,
                    )
                applied += 1
    finally:
        await connection.close()
    return applied


async def check(url: str, sets: Sequence[Migrations] = (EVENTSTORE,)) -> None:
    """Raises SchemaMismatch unless the schema is exactly this code's; StoreUnavailable and DatabaseRefused."""
    connection = await connect(url, timeout=CONNECT_TIMEOUT)
    try:
        if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
            raise SchemaMismatch("the database has no schema yet: run the command `migrate`")
        await _refuse_others(connection, sets)
        for migrations in sets:
            missing = await _missing(connection, migrations)
            if missing:
                raise SchemaMismatch(
                    f"the schema {migrations.name!r} lacks migration {missing[0][0]}: run the command `migrate`"
                )
    finally:
        await connection.close()


async def _refuse_others(connection: asyncpg.Connection, sets: Sequence[Migrations]) -> None:
    """Raises SchemaMismatch where the database has tables of another service."""
    names = [migrations.name for migrations in sets]
    others = await connection.fetch(
        "SELECT DISTINCT name FROM schema_migrations WHERE name <> ALL ($1) ORDER BY 1", names
    )
    if others:
        raise SchemaMismatch(
            f"the database is another service's, for it has the schema {others[0][0]!r}: look at DATABASE_URL"
        )


async def _missing(connection: asyncpg.Connection, migrations: Migrations) -> list[tuple[int, str, str]]:
    rows = await connection.fetch("SELECT number, checksum FROM schema_migrations WHERE name = $1", migrations.name)
    applied = {row["number"]: row["checksum"] for row in rows}
    files = migrations.files()
    newer = applied.keys() - {number for number, _, _ in files}
    if newer:
        raise SchemaMismatch(
            f"the schema {migrations.name!r} is at migration {max(newer)}, which this code does not know yet"
        )
    for number, _, checksum in files:
        if applied.get(number, checksum) != checksum:
            raise SchemaMismatch(f"migration {number} of {migrations.name!r} was changed after it had been applied")
    return [file for file in files if file[0] not in applied]
