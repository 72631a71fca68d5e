"""What is derived is folded anew, and every service replaced by its next release, while everybody works."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from fleets import is_ready, nginx
from programme.checking import settle
from programme.processes import Process
from programme.running import PATIENCE, accepts

from devstack.host import service_of
from devstack.ports import free_port
from devstack.running import SERVICES
from eventstore.postgres.migrate import Migrations, migrate
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

GROWING: Final = ("members", "referrals")
"""Figures that never go down in daily work."""
NEXT: Final = 9999
"""The number of a migration that the next release comes with."""
DRAINING: Final = {"DRAIN_SECONDS": "2", "IDLE_TIMEOUT": "3"}


@asynccontextmanager
async def read_throughout(scene: Scene, ports: Sequence[int]) -> AsyncIterator[dict[tuple[int, str], list[int]]]:
    """What figures said one after the other, of each process of the indicators, while the block lasted."""
    told: dict[tuple[int, str], list[int]] = {(port, name): [] for port in ports for name in GROWING}
    ends = asyncio.Event()
    headers = {"Authorization": f"Bearer {scene.programme.issuer.token('indicators:read')}"}

    async def read(client: httpx.AsyncClient, port: int, name: str) -> None:
        while not ends.is_set():
            answer = await client.get(f"http://127.0.0.1:{port}/indicators/v1/indicators/{name}")
            # Busy databases are told of; what is answered is whole.
            assert answer.is_success or answer.json()["type"].endswith("/unavailable"), answer.text
            if answer.is_success:
                told[port, name].append(answer.json()["value"])
            await asyncio.sleep(0.05)

    async with httpx.AsyncClient(headers=headers, timeout=30) as client, asyncio.TaskGroup() as group:
        for place in told:
            group.create_task(read(client, *place))
        try:
            yield told
        finally:
            ends.set()


async def test_all_that_is_derived_is_folded_anew_under_writes(scene: Scene) -> None:
    programme, port = scene.programme, free_port()
    anew = ["with other definitions of figures"]
    # What nothing was ever folded of has no figures that could serve meanwhile.
    await scene.clients.works(1)
    await settle(programme)
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        beside = programme.begin_beside("indicators", "all", changes=anew, PORT=str(port))
        await all_ready([port])
        async with read_throughout(scene, [programme.ports["indicators"], port]) as told:
            for name in scene.chance.sample(SERVICES, len(SERVICES)):
                assert (await programme.command(name, "refold", told=1))[0] == 0
            async with asyncio.timeout(PATIENCE):
                while (await programme.command("indicators", "chapters", changes=anew, told=0))[0] == 1:  # noqa: ASYNC110
                    await asyncio.sleep(3)
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
    assert all(values == sorted(values) for values in told.values())
    assert any(len(set(values)) > 1 for values in told.values())
    await settle(programme)
    assert (await programme.command("indicators", "verify", changes=anew, told=1))[0] == 0
    # As this release defines them they were folded all the while; the others are forgotten.
    beside.stop()
    assert (await programme.command("indicators", "forget"))[0] == 0
    await scene.is_whole()


async def all_ready(ports: Sequence[int]) -> None:
    """Waits until all these processes are."""
    async with asyncio.timeout(PATIENCE):
        for port in ports:
            while not await asyncio.to_thread(is_ready, port):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


def of_the_next_release(service: str, folder: Path) -> Sequence[Migrations]:
    """The migrations of a service with one more: what every command reads and writes is locked for it."""
    eventstore, *own = service_of(service).all_migrations
    shutil.copytree(eventstore.folder, folder, dirs_exist_ok=True)
    (folder / f"{NEXT}_tints.sql").write_text("ALTER TABLE streams ADD COLUMN tint text")
    return [Migrations(eventstore.name, folder), *own]


async def test_the_next_release_takes_over_in_all_services(scene: Scene) -> None:
    programme, own = scene.programme, dict(scene.programme.ports)
    ports: Mapping[str, list[int]] = {name: [free_port(), free_port()] for name in SERVICES}

    def begin(release: str, number: int) -> list[Process]:
        return [
            programme.begin_beside(name, "all", PORT=str(ports[name][number]), RELEASE=release, **DRAINING)
            for name in SERVICES
        ]

    await asyncio.to_thread(programme.end)
    replicas = [begin("1", number) for number in (0, 1)]
    await all_ready([port for each in ports.values() for port in each])
    with nginx(programme.folder / "nginx", {f"/{name}/": each for name, each in ports.items()}) as address:
        programme.ports = dict.fromkeys(SERVICES, int(address.rpartition(":")[2]))
        await programme.until(accepts)
        async with scene.busy():
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
            for name in SERVICES:
                following = of_the_next_release(name, programme.folder / "following")
                assert await migrate(programme.database(name), following) == 1
            for number, replaced in enumerate(replicas):
                await asyncio.gather(*(asyncio.to_thread(each.stop) for each in replaced))
                replicas[number] = begin("2", number)
                await all_ready([each[number] for each in ports.values()])
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        programme.ports = own
    assert scene.failed == [], [each.problem for each in scene.failed]
    await asyncio.gather(*(asyncio.to_thread(each.stop) for replaced in replicas for each in replaced))
    for name in SERVICES:
        await programme.fetch(name, "ALTER TABLE streams DROP COLUMN tint")
        await programme.fetch(name, "DELETE FROM schema_migrations WHERE number = $1", NEXT)
    programme.begin()
    await programme.until(accepts)
    await scene.is_whole()
