"""Replicas restarted one after the other under load: whoever calls them notices nothing."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import releases
from fleets import Fleet, Routes, calls, fleet, nginx
from lamps import bearer, service, variables

from devstack.issuer import Issuer
from devstack.prepared import prepare
from eventstore.postgres.migrate import EVENTSTORE, Migrations

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(300)]

ROUNDS = 2
DRAINING = {"DRAIN_SECONDS": "3", "IDLE_TIMEOUT": "3"}


def migrate(environment: Mapping[str, str]) -> None:
    """Runs the command of the release whose migrations the environment names."""
    subprocess.run(
        [sys.executable, releases.__file__, "migrate"], env={**os.environ, **environment}, check=True, timeout=60
    )


async def restart_all(replicas: Fleet) -> None:
    """Restarts each replica, several times, while the others serve."""
    for _ in range(ROUNDS):
        for port in replicas.ports:
            await asyncio.sleep(1)
            await asyncio.to_thread(replicas.restart, port)
    await asyncio.sleep(1)


async def test_a_rolling_restart_behind_a_proxy_loses_no_request(
    migrated_database: str, issuer: Issuer, tmp_path: Path
) -> None:
    with (
        fleet(tmp_path / "replicas", "api", variables(migrated_database, issuer, **DRAINING)) as replicas,
        nginx(tmp_path / "nginx", {"/": replicas.ports}) as address,
    ):
        async with calls(lambda: address, bearer(issuer)) as outcomes:
            await restart_all(replicas)
    assert outcomes.keys() == {"201"}, outcomes


async def test_a_rolling_restart_loses_no_request_of_who_goes_by_readiness(
    migrated_database: str, issuer: Issuer, tmp_path: Path
) -> None:
    with fleet(tmp_path / "replicas", "api", variables(migrated_database, issuer, **DRAINING)) as replicas:
        async with Routes(replicas.ports).watched() as routes, calls(routes.next, bearer(issuer)) as outcomes:
            await restart_all(replicas)
    assert outcomes.keys() == {"201"}, outcomes


async def test_the_next_release_takes_over_with_its_migration_and_no_request_is_lost(
    database: str, issuer: Issuer, tmp_path: Path
) -> None:
    this, following = tmp_path / "this", tmp_path / "following"
    for folder in (this, following):
        folder.mkdir()
        (folder / "0001_shades.sql").write_text("CREATE TABLE shades (id integer)")
    # What every command reads and writes is locked for it.
    (following / "0002_tints.sql").write_text("ALTER TABLE streams ADD COLUMN tint text; ALTER TABLE shades ADD t text")
    environment = variables(database, issuer, MIGRATIONS=str(this), **DRAINING)
    await prepare(database, [EVENTSTORE, Migrations(service.name, this)])
    with fleet(tmp_path / "replicas", "api", environment, script=releases.__file__) as replicas:
        async with Routes(replicas.ports).watched() as routes, calls(routes.next, bearer(issuer)) as outcomes:
            await asyncio.sleep(1)
            await asyncio.to_thread(migrate, environment | {"MIGRATIONS": str(following)})
            # One of the release before may be started beside it.
            await asyncio.to_thread(replicas.restart, replicas.ports[0])
            replicas.environment["MIGRATIONS"] = str(following)
            for port in replicas.ports:
                await asyncio.to_thread(replicas.restart, port)
            await asyncio.sleep(1)
    assert outcomes.keys() == {"201"}, outcomes
