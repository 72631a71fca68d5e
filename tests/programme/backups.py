"""How PostgreSQL is saved and restored: by a base backup and the archive of its log, by dumps, and by a replica."""

import asyncio
import shutil
from pathlib import Path

import asyncpg

from devstack import lodging
from devstack.running import SERVICES, database_of
from devstack.servers import Postgres
from programme.running import TERRITORY, Programme, hand_over, tool
from programme.telling import say, step


def base_backup(programme: Programme, name: str = "base", *options: str) -> Path:
    """A copy of the whole server, taken while it works."""
    backup = programme.folder / name
    with step("A base backup"):
        tool("pg_basebackup", "-d", programme.postgres.url, "-D", str(backup), "--checkpoint=fast", *options)
    return backup


async def name_this_moment(programme: Programme, point: str) -> None:
    """Names a point that can be restored to, and waits until it is archived."""
    connection = await asyncpg.connect(programme.postgres.url)
    try:
        say(f"SELECT pg_create_restore_point('{point}')")
        await connection.execute("SELECT pg_create_restore_point($1)", point)
        file = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
        async with asyncio.timeout(60):
            while not (programme.archive / file).exists():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def restore(programme: Programme, backup: Path, point: str | None) -> None:
    """Another server in the place of one that is gone: as it was at a point that was named, or at the archive's end."""
    with step(f"Restored from the base backup and the archive, to {point or 'its end'}"):
        target = f"recovery_target_name = '{point}'\nrecovery_target_action = 'promote'\n" if point else ""
        with (backup / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {programme.archive}/%f %p'\n{target}")
        (backup / "recovery.signal").touch()
        await asyncio.to_thread(_take_its_place, programme, backup)
        await _promoted(programme)


def dump(programme: Programme) -> dict[str, Path]:
    """A dump of each database."""
    dumps = {name: programme.folder / f"{name}.dump" for name in SERVICES}
    with step("A dump of each database"):
        for name, file in dumps.items():
            tool("pg_dump", "--format=custom", f"--file={file}", programme.database(name))
    return dumps


def restore_dumps(programme: Programme, dumps: dict[str, Path]) -> None:
    """Each database as it was when it was dumped, one after the other: no two at the same moment."""
    with step("Restored from the dumps"):
        for name, file in dumps.items():
            make_anew(programme, name)
            tool("pg_restore", "--exit-on-error", f"--dbname={programme.database(name)}", str(file))


def make_anew(programme: Programme, service: str) -> None:
    """An empty database in the place of a service's."""
    server, database = f"--maintenance-db={programme.postgres.url}", database_of(TERRITORY, service)
    tool("dropdb", server, "--force", database)
    tool("createdb", server, "--template=template0", database)


def replica_of(programme: Programme, name: str = "replica") -> Postgres:
    """A server that follows the programme's."""
    backup = base_backup(programme, f"{name}-base", "-R")
    replica = Postgres(programme.folder / name)
    _put(backup, replica)
    replica.start()
    return replica


async def lag(replica: Postgres) -> None:
    """Cuts a replica off, once it follows: it gets nothing more."""
    connection = await asyncpg.connect(replica.url)
    await _follows(connection, 1)
    await connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
    await connection.execute("SELECT pg_reload_conf()")
    await _follows(connection, 0)
    await connection.close()


async def _follows(replica: asyncpg.Connection, receivers: int) -> None:
    async with asyncio.timeout(60):
        while await replica.fetchval("SELECT count(*) FROM pg_stat_wal_receiver") != receivers:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def fail_over(programme: Programme, replica: Postgres) -> None:
    """The replica takes the place of a server that is gone, at its address."""
    with step("The replica is promoted, and its address is the service's"):
        replica.stop()
        moved = Postgres(replica.folder, port=programme.postgres.port)
        programme.postgres = moved
        await asyncio.to_thread(moved.start)
        connection = await asyncpg.connect(moved.url)
        await connection.execute("SELECT pg_promote(true, 60)")
        await connection.close()


def lose(programme: Programme) -> None:
    """The server dies, and its disk with it."""
    programme.postgres.kill()
    data = programme.postgres.folder / "data"
    lodging.leave(data)
    shutil.rmtree(data, ignore_errors=True)


def _take_its_place(programme: Programme, backup: Path) -> None:
    """The server's settings stay: it goes on archiving, on its new timeline."""
    _put(backup, programme.postgres)
    programme.postgres.start()


def _put(backup: Path, server: Postgres) -> None:
    server.folder.mkdir(exist_ok=True)
    backup.rename(server.folder / "data")
    hand_over(server.folder / "data")


async def _promoted(programme: Programme) -> None:
    connection = await asyncpg.connect(programme.postgres.url)
    try:
        async with asyncio.timeout(120):
            while await connection.fetchval("SELECT pg_is_in_recovery()"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        timeline = await connection.fetchval("SELECT timeline_id FROM pg_control_checkpoint()")
    finally:
        await connection.close()
    say(f"    on timeline {timeline}")
