"""Replicas restarted one after the other under load: whoever calls them notices nothing."""

import asyncio
from pathlib import Path

import pytest
from fleets import Fleet, Routes, calls, fleet, nginx
from lamps import bearer, variables

from devstack.issuer import Issuer

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(300)]

ROUNDS = 2
DRAINING = {"DRAIN_SECONDS": "2", "IDLE_TIMEOUT": "2"}


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
        nginx(tmp_path / "nginx", replicas.ports, idle=1) as address,
    ):
        async with calls(lambda: address, bearer(issuer)) as outcomes:
            await restart_all(replicas)
    assert outcomes.keys() == {"201"}, outcomes


async def test_a_rolling_restart_loses_no_request_of_who_goes_by_readiness(
    migrated_database: str, issuer: Issuer, tmp_path: Path
) -> None:
    with fleet(tmp_path / "replicas", "api", variables(migrated_database, issuer, **DRAINING)) as replicas:
        routes = Routes(replicas.ports)
        watching = asyncio.create_task(routes.watch())
        async with calls(routes.next, bearer(issuer)) as outcomes:
            await restart_all(replicas)
        watching.cancel()
    assert outcomes.keys() == {"201"}, outcomes
