"""An API that dies, and answers that are lost: whoever asks again under the same key has one effect."""

import asyncio

import pytest

from devstack.running import SERVICES
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(300)]

APPENDS = b"append_group"


async def test_an_api_dies_between_its_commit_and_its_answer(scene: Scene) -> None:
    programme, service = scene.programme, scene.chance.choice(SERVICES)
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        # What was committed from now on is not answered.
        programme.to_postgres.hold(to_server=False)
        await asyncio.sleep(scene.chance.uniform(0.05, 0.3))
        programme.processes[service].kill()
        programme.to_postgres.forward()
        programme.begin([service])
        await asyncio.sleep(0.5)
    await scene.is_whole()


async def test_a_reply_to_a_commit_is_lost(scene: Scene) -> None:
    programme = scene.programme
    async with scene.busy():
        for _ in range(3):
            await asyncio.sleep(scene.chance.uniform(0.1, 0.6))
            programme.to_postgres.hold(to_server=False)
            await asyncio.sleep(scene.chance.uniform(0.02, 0.2))
            programme.to_postgres.cut()
            programme.to_postgres.forward()
    await scene.is_whole()
