"""Migrations run once, in order, and refuse what they do not understand."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from eventstore.postgres.migrate import EVENTSTORE, Migrations, SchemaMismatch, check, migrate

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


def contents(folder: Path) -> dict[str, str]:
    """The migrations of a release."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def release(folder: Path, files: dict[str, str]) -> None:
    """Puts the migrations of a release in the place of another's."""
    for path in folder.iterdir():
        path.unlink()
    for name, sql in files.items():
        (folder / name).write_text(sql)


async def test_a_release_runs_beside_later_migrations_unless_one_says_that_it_breaks_it(
    database: str, folder: Path
) -> None:
    sets = [Migrations("lamps", folder)]
    before = contents(folder)
    later = {
        "0003_shades.sql": "-- Nobody minds.\nALTER TABLE lamps ADD COLUMN shade text;",
        "0004_ids.sql": "-- breaks the release before: it would write texts\n"
        "ALTER TABLE lamps ALTER id TYPE uuid USING id::uuid;",
    }

    release(folder, before | {"0003_shades.sql": later["0003_shades.sql"]})
    assert await migrate(database, sets) == 3
    release(folder, before)
    await check(database, sets)
    assert await migrate(database, sets) == 0

    release(folder, before | later)
    assert await migrate(database, sets) == 1
    release(folder, before)
    for refuse in (migrate, check):
        with pytest.raises(SchemaMismatch, match=r"has migration 4, which .* cannot run beside: it would write texts"):
            await refuse(database, sets)


async def test_what_was_applied_before_it_was_kept_is_remembered_to_break(database: str, folder: Path) -> None:
    sets = [Migrations("lamps", folder)]
    breaking = folder / "0003_wattage.sql"
    breaking.write_text("-- breaks the release before: it reads watts\nALTER TABLE lamps DROP COLUMN watts;")
    await migrate(database, sets)
    connection = await asyncpg.connect(database)
    await connection.execute("ALTER TABLE schema_migrations DROP COLUMN breaks")
    await check(database, sets)
    assert await migrate(database, sets) == 0
    assert await connection.fetchval("SELECT breaks FROM schema_migrations WHERE number = 3") == "it reads watts"
    await connection.close()
    breaking.unlink()
    with pytest.raises(SchemaMismatch, match="cannot run beside: it reads watts"):
        await check(database, sets)


async def test_a_migration_changed_after_the_fact_is_refused(database: str, folder: Path) -> None:
    sets = [Migrations("lamps", folder)]
    await migrate(database, sets)
    (folder / "0001_lamps.sql").write_text("CREATE TABLE lamps (id uuid PRIMARY KEY);")
    with pytest.raises(SchemaMismatch, match="migration 1 of 'lamps' was changed"):
        await migrate(database, sets)


async def test_streams_that_held_something_before_limits_were_kept_are_stale(database: str, folder: Path) -> None:
    release(folder, {name: sql for name, sql in contents(EVENTSTORE.folder).items() if name < "0005"})
    await migrate(database, [Migrations("eventstore", folder)])
    connection = await asyncpg.connect(database)
    for stream in ("booking-1", "booking-2"):
        await connection.execute("INSERT INTO streams VALUES ($1, 'booking', 1, '{}', 1, 1, now())", stream)
    await connection.execute("INSERT INTO claims VALUES ('quota', 'e1', '-infinity', 'infinity', 1, 'booking-2')")
    await migrate(database)
    stale = await connection.fetch("SELECT stream_id FROM streams WHERE labelling <> 0")
    await connection.close()
    assert [stream_id for (stream_id,) in stale] == ["booking-2"]


async def test_reactions_that_were_refused_before_messages_were_parked_are_messages_now(
    database: str, folder: Path
) -> None:
    release(folder, {name: sql for name, sql in contents(EVENTSTORE.folder).items() if name < "0006"})
    await migrate(database, [Migrations("eventstore", folder)])
    connection = await asyncpg.connect(database)
    own, foreign = (f"0198f0c0-0000-7000-8000-00000000000{number}" for number in (1, 2))
    await connection.execute(
        """
        INSERT INTO events (stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
        VALUES ('booking-1', 3, $1, 'BookingCancelled', 1, '{"é": 1}', '{"sample": true, "correlation_id": "x"}', now())
        """,
        own,
    )
    for service in ("companies", "mobility"):
        await connection.execute(
            "INSERT INTO marks VALUES ('companies-reactions', $1, 0, 7, NULL, true)", f"issoudun.{service}.v1"
        )
    for key, outcome in (
        (f"{own}/offer/booking-2", "refused"),
        (f"{own}/offer/booking-3", "done"),
        (f"{own}/review/booking-4", "refused"),
        (f"{foreign}/offer/booking-5", "refused"),
        (f"{foreign}/offer/booking-6", "discarded"),
    ):
        await connection.execute(
            "INSERT INTO reactions VALUES ($1, $2, 's', 0, now(), 'Offer', '{}', '{}', 'why')", key, outcome
        )
    await migrate(database)
    ((letter, message),) = await connection.fetch("SELECT d, p FROM dead_letters d JOIN parked_messages p USING (id)")
    assert (letter["kind"], letter["stream_id"], letter["reason"]) == ("message", "booking-1", "why")
    assert (message["subscription"], message["source"], message["position"]) == (
        "companies-reactions",
        "/issoudun/companies",
        1,
    )
    assert (message["data"].decode(), message["sample"], message["correlation_id"]) == ('{"é": 1}', True, "x")
    left = await connection.fetch("SELECT key, outcome FROM reactions ORDER BY key")
    await connection.close()
    # What was refused is asked again with its event; what is to another service's is given up.
    assert [tuple(row) for row in left] == [
        (f"{own}/offer/booking-3", "done"),
        (f"{foreign}/offer/booking-5", "passed"),
        (f"{foreign}/offer/booking-6", "passed"),
    ]
