"""PostgreSQL dies, has no connection to give, stands still or has no room: who asks is told soon, and it passes."""

import asyncio
import contextlib
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import asyncpg
import httpx
import pytest
from programme.disks import small_disk
from programme.running import PATIENCE, accepts

from devstack.running import SERVICES
from faults.records import begin
from faults.scene import Scene
from faults.test_relay import holding_up

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

SOON: Final = 8.0
"""Seconds within which even a busy machine says that the database is away."""
_OTHERS: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name <> 'somebody else'
"""


def were_told_soon(scene: Scene, since: float) -> bool:
    """Whether requests were answered 503 since a moment; none of these answers took long."""
    told = [each for each in scene.failed_since(since) if each.status == httpx.codes.SERVICE_UNAVAILABLE]
    assert all(answer.seconds < SOON for answer in told), [answer.seconds for answer in told]
    return bool(told)


async def until_told(scene: Scene, since: float) -> None:
    """Waits until some were."""
    await scene.until(lambda: were_told_soon(scene, since), "requests are answered 503")


async def all_live(scene: Scene) -> None:
    """Every process lives, and says so at once."""
    async with asyncio.timeout(SOON):
        shown = await asyncio.gather(*(scene.clients.reads(name, "/live") for name in SERVICES))
    assert {each.status_code for each in shown} == {httpx.codes.OK}


@pytest.mark.chosen
async def test_postgresql_is_killed_and_starts_again(scene: Scene) -> None:
    postgres = scene.programme.postgres
    async with scene.busy():
        for _ in range(2):
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
            await asyncio.to_thread(postgres.kill)
            killed = time.monotonic()
            await asyncio.sleep(scene.chance.uniform(0.1, 1.5))
            await all_live(scene)
            await until_told(scene, killed)
            await asyncio.to_thread(postgres.start)
            await scene.programme.until(accepts)
    scene.everyone_was_answered()
    await scene.is_whole(figures=True)


@asynccontextmanager
async def somebody_else(url: str) -> AsyncIterator[None]:
    """Takes every connection that there is, those that services have too."""
    async with AsyncExitStack() as stack:

        async def take() -> asyncpg.Connection:
            connection = await asyncpg.connect(url, server_settings={"application_name": "somebody else"}, timeout=20)
            stack.push_async_callback(connection.close)
            return connection

        first = await take()
        for _ in range(2):
            with contextlib.suppress(asyncpg.TooManyConnectionsError):
                while True:
                    await take()
            await first.execute(_OTHERS)
        yield


@pytest.mark.chosen
async def test_somebody_else_has_all_connections(scene: Scene) -> None:
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        async with somebody_else(scene.programme.postgres.url):
            await until_told(scene, time.monotonic())
            await all_live(scene)
        await scene.programme.until(accepts)
    scene.everyone_was_answered()
    await scene.is_whole()


@pytest.mark.parametrize("whose", ["append", "load"])
async def test_a_backend_stands_still(scene: Scene, whose: str) -> None:
    service = scene.chance.choice(SERVICES)
    async with scene.busy(), asyncio.TaskGroup() as sending:
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        backend = await stopped(scene, service, whose, sending)
        since = time.monotonic()
        try:
            await all_live(scene)
            # The service gives it up, and does without it.
            await another_backend(scene, service, whose, than=backend)
            if whose == "append":
                await until_told(scene, since)
            await asyncio.sleep(scene.chance.uniform(0.5, 2))
            await all_live(scene)
        finally:
            os.kill(backend, signal.SIGCONT)
        await scene.programme.until(accepts)
    were_told_soon(scene, since)
    scene.everyone_was_answered()
    await scene.is_whole()


async def stopped(scene: Scene, service: str, whose: str, sending: asyncio.TaskGroup) -> int:
    """The process of PostgreSQL by which a service appends or loads, which stands still: in the middle of an append,
    with the lock of all."""
    if whose == "load":
        backend = await another_backend(scene, service, whose)
        os.kill(backend, signal.SIGSTOP)
        return backend
    before, key = await begin(scene.clients, service), str(uuid.uuid4())
    async with holding_up(scene, service, before.key, key):
        sending.create_task(begin(scene.clients, service, key=key))
        backend = await another_backend(scene, service, whose, waits=True)
        os.kill(backend, signal.SIGSTOP)
    return backend


async def another_backend(scene: Scene, service: str, whose: str, *, than: int = 0, waits: bool = False) -> int:
    """The process of PostgreSQL by which a service appends or loads: one that waits for somebody's row, if that is
    asked for."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() AND pid <> $2"
        " AND (NOT $3 OR wait_event = 'transactionid')"
    )
    async with asyncio.timeout(PATIENCE):
        while not (found := await scene.programme.fetch(service, query, whose, than, waits)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return int(found[0]["pid"])


async def test_the_disk_of_the_data_is_full(scene: Scene) -> None:
    with small_disk(scene.programme, "base") as disk:
        await scene.programme.until(accepts)
        async with scene.busy():
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
            full = time.monotonic()
            await asyncio.to_thread(disk.fill)
            await until_told(scene, full)
            await all_live(scene)
            for path in ("/v1/companies", "/v1/investments"):
                assert (await scene.clients.reads("companies", path)).is_success
            await asyncio.sleep(scene.chance.uniform(0.5, 2))
            disk.free()
            await scene.programme.until(accepts)
        scene.everyone_was_answered()
        await scene.is_whole()


async def test_the_disk_of_the_log_is_full_and_postgresql_ends(scene: Scene) -> None:
    postgres = scene.programme.postgres
    with small_disk(scene.programme, "pg_wal") as disk:
        await scene.programme.until(accepts)
        async with scene.busy():
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
            await asyncio.to_thread(disk.fill)
            await uses_up_the_log(scene)
            # What has no room for its log cannot begin either: that is left to whoever started it.
            await scene.until(lambda: not postgres.running, "PostgreSQL has ended")
            await until_told(scene, time.monotonic())
            await all_live(scene)
            disk.free()
            await asyncio.to_thread(postgres.start)
            await scene.programme.until(accepts)
        scene.everyone_was_answered()
        await scene.is_whole()


async def uses_up_the_log(scene: Scene) -> None:
    """Goes from file to file of the log, until there is no room for the next."""
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection = await asyncpg.connect(scene.programme.postgres.url)
        while True:
            await connection.execute("SELECT pg_switch_wal()")
            await asyncio.sleep(0.02)
