"""Plain SQL migrations, applied in order, once, by one process at a time.

A set of migrations is a folder of files `0001_title.sql`, 0002 and so on. What was applied never changes: a file whose
checksum differs from the one applied is refused.

While a release is rolled out, and after it is rolled back, code runs beside migrations that it does not know. It must
not where one of those says so, in its first line:

    -- breaks the release before: it would append without labels
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg

from eventstore.files import Told
from eventstore.postgres.connection import connect

LOCK = 7220002
CONNECT_TIMEOUT = 5.0
"""Seconds: who starts has more patience than a caller who waits for an answer."""


_BREAKS: Final = re.compile(r"-- breaks the release before: (.+)")


class SchemaMismatch(Exception):
    """The database's schema is not the one this code was made for."""


class Migration(NamedTuple):
    """One file of a set."""

    number: int
    sql: str
    checksum: str
    breaks: str | None
    """Why the release before, which does not know it, must not run beside it; None where it may."""

    @classmethod
    def read(cls, path: Path) -> "Migration":
        """A file, with what its first line says."""
        sql = path.read_text(encoding="utf-8")
        breaks = _BREAKS.match(sql)
        checksum = hashlib.sha256(sql.encode()).hexdigest()
        return cls(int(path.name.split("_")[0]), sql, checksum, breaks[1] if breaks else None)


@dataclass(frozen=True)
class Migrations:
    """One named folder of migrations."""

    name: str
    folder: Path

    def files(self) -> list[Migration]:
        """Each migration, in order."""
        return [Migration.read(path) for path in sorted(self.folder.glob("[0-9]*.sql"))]


EVENTSTORE = Migrations("eventstore", Path(__file__).parent / "migrations")


async def migrate(url: Told, sets: Sequence[Migrations] = (EVENTSTORE,)) -> int:
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
        await connection.execute("ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS breaks text")
        await _refuse_others(connection, sets)
        for migrations in sets:
            for each in await _missing(connection, migrations):
                async with connection.transaction():
                    await connection.execute(each.sql)
                    await connection.execute(
                        "INSERT INTO schema_migrations (name, number, checksum, breaks) VALUES ($1, $2, $3, $4)",
                        migrations.name,
                        each.number,
                        each.checksum,
                        each.breaks,
                    )
                applied += 1
            # Those, too, that were applied before this was kept.
            await connection.executemany(
                "UPDATE schema_migrations SET breaks = $3 WHERE name = $1 AND number = $2 AND breaks IS NULL",
                [(migrations.name, each.number, each.breaks) for each in migrations.files() if each.breaks],
            )
    finally:
        await connection.close()
    return applied


async def check(url: Told, sets: Sequence[Migrations] = (EVENTSTORE,)) -> None:
    """Raises SchemaMismatch unless this code can run on the schema; StoreUnavailable and DatabaseRefused."""
    connection = await connect(url, timeout=CONNECT_TIMEOUT)
    try:
        if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
            raise SchemaMismatch("the database has no schema yet: run the command `migrate`")
        await _refuse_others(connection, sets)
        for migrations in sets:
            missing = await _missing(connection, migrations)
            if missing:
                raise SchemaMismatch(
                    f"the schema {migrations.name!r} lacks migration {missing[0].number}: run the command `migrate`"
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


async def _missing(connection: asyncpg.Connection, migrations: Migrations) -> list[Migration]:
    """What is to be applied. Raises SchemaMismatch where something was that this code cannot run beside."""
    # By name through JSON: a database of an earlier release lacks the column.
    rows = await connection.fetch(
        "SELECT number, checksum, to_jsonb(m) ->> 'breaks' AS breaks FROM schema_migrations AS m WHERE name = $1",
        migrations.name,
    )
    applied = {row["number"]: row["checksum"] for row in rows}
    files = migrations.files()
    known = {each.number for each in files}
    for row in rows:
        if row["number"] not in known and row["breaks"]:
            raise SchemaMismatch(
                f"the schema {migrations.name!r} has migration {row['number']}, which this release does not know and "
                f"cannot run beside: {row['breaks']}"
            )
    for each in files:
        if applied.get(each.number, each.checksum) != each.checksum:
            raise SchemaMismatch(
                f"migration {each.number} of {migrations.name!r} was changed after it had been applied"
            )
    return [each for each in files if each.number not in applied]
