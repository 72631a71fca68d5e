"""Analysts who read everything again and again, as fast as they can: services and relays go on.

That a quota of the brokers slows such an analyst down is shown in `tests/test_secured_platform.py`: brokers have quotas
where they know who asks.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from programme.clients import LISTS
from programme.processes import FOUND_IN
from programme.running import PATIENCE, TERRITORY, Programme

from contracts import REGISTRY
from devstack.running import SERVICES
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

AGAIN: Final = 2
"""Times that each has read everything before it is enough."""


@contextmanager
def analyst(log: Path, *arguments: str) -> Iterator[Path]:
    """One who reads as long as the block lasts, and what it says."""
    with log.open("w") as said:
        # It has a machine of its own: what it asks for takes from others, and not what it does with that.
        command = ["nice", "-n", "10", sys.executable, "-m", "programme.analyst", *arguments]
        process = subprocess.Popen(command, stdout=said, env={**os.environ, "PYTHONPATH": str(FOUND_IN)})
    try:
        yield log
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def greed(programme: Programme, service: str) -> Iterator[tuple[str, ...]]:
    """What analysts are to read of all topics, and of a service."""
    topics = [f"{TERRITORY}.{topic}.v1" for name in SERVICES for topic in REGISTRY.topics_of(name)]
    for isolation in ("read_committed", "read_uncommitted"):
        # Past the proxy, which is no broker and soon has enough to do.
        yield ("topics", programme.kafka.own_bootstrap, isolation, *topics)
    address = f"http://127.0.0.1:{programme.ports[service]}/{service}{LISTS[service]}"
    yield ("list", address, programme.issuer.token(f"{service}:read"))


async def test_services_go_on_beside_greedy_analysts(scene: Scene) -> None:
    programme, clients = scene.programme, scene.clients
    with ExitStack() as stack:
        async with scene.busy():
            analysts = [
                stack.enter_context(analyst(programme.folder / f"analyst-{number}", *arguments))
                for number, arguments in enumerate(greed(programme, scene.chance.choice(SERVICES)))
            ]
            await scene.until(
                lambda: all(len(each.read_text().splitlines()) >= AGAIN for each in analysts), "all is read again"
            )
            # What happens comes to be known all the same.
            before = await members(scene)
            await clients.company_joins()
            async with asyncio.timeout(PATIENCE):
                while await members(scene) <= before:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
    await scene.is_whole()


async def members(scene: Scene) -> int:
    """How many there are, as far as figures tell."""
    shown = await scene.clients.reads("indicators", "/v1/indicators/members")
    return int(shown.json()["value"]) if shown.is_success else 0
