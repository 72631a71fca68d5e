"""Migrations run once, in order, and refuse what they do not understand."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from eventstore.postgres.migrate import Migrations, SchemaMismatch, check, migrate

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_lamps.sql").write_text("CREATE TABLE lamps (id text PRIMARY KEY);")
    (tmp_path / "0002_watts.sql").write_text(
        "ALTER TABLE lamps ADD COLUMN watts integer; CREATE INDEX ON lamps (watts);"
    )
    return tmp_path


async def test_migrations_are_applied_once_also_by_several_at_a_time(database: str, folder: Path) -> None:
    sets = [Migrations("lamps", folder)]
    with pytest.raises(SchemaMismatch, match="no schema yet"):
        await check(database, sets)
    assert sorted(await asyncio.gather(*(migrate(database, sets) for _ in range(4)))) == [0, 0, 0, 2]
    await check(database, sets)


async def test_one_that_fails_leaves_those_before_it_and_nothing_of_itself(database: str, folder: Path) -> None:
    sets = [Migrations("lamps", folder)]
    (folder / "0003_broken.sql").write_text("CREATE TABLE shades (id text); SELECT nonsense;")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(database, sets)
    (folder / "0003_broken.sql").write_text("CREATE TABLE shades (id text);")
    with pytest.raises(SchemaMismatch, match="lacks migration 3"):
        await check(database, sets)
    assert await migrate(database, sets) == 1


async def test_a_database_that_knows_more_than_the_code_is_refused(database: str, folder: Path) -> None:
    sets = [Migrations("lamps", folder)]
    await migrate(database, sets)
    (folder / "0002_watts.sql").unlink()
    for refuse in (migrate, check):
        with pytest.raises(SchemaMismatch, match="migration 2, which this code does not know"):
            await refuse(database, sets)


async def test_a_migration_changed_after_the_fact_is_refused(database: str, folder: Path) -> None:
    sets = [Migrations("lamps", folder)]
    await migrate(database, sets)
    (folder / "0001_lamps.sql").write_text("CREATE TABLE lamps (id uuid PRIMARY KEY);")
    with pytest.raises(SchemaMismatch, match="migration 1 of 'lamps' was changed"):
        await migrate(database, sets)
