"""The platform that scenes are played on: begun once for several, and anew after one that did not leave it whole.

`SEEDS=20` plays each scene with the seeds 1 to 20, `SEEDS=7,9` with these two.
"""

import os
import random
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

import pytest
from key_servers import KeyServer
from programme.clients import Clients, clients_of
from programme.running import Programme, new_folder, running
from programme.telling import say

from devstack.issuer import Issuer
from faults.scene import Scene

SCENES: Final = 15
"""Played on one platform: looking at everything takes longer with each."""


def seeds() -> Sequence[int]:
    """Those that scenes are played with."""
    told = os.environ.get("SEEDS", "1")
    return [int(seed) for seed in told.split(",")] if "," in told else range(1, int(told) + 1)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", "chosen: a scene that `make test-long` plays, too")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every scene with every seed."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", seeds(), ids="seed-{}".format)


class Stage:
    """The platform as it stands, if it does."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._stack = AsyncExitStack()
        self._programme: Programme | None = None
        self._clients: Clients | None = None
        self._played = 0

    async def for_a_scene(self) -> tuple[Programme, Clients]:
        """A platform that is whole, and those who use it."""
        if self._programme is None or self._clients is None or self._played == SCENES:
            await self.clear(whole=self._programme is not None)
            self._programme, self._clients = await self._build()
        self._played += 1
        return self._programme, self._clients

    async def clear(self, *, whole: bool) -> None:
        """Ends it. Of one that should be whole the figures are compared with the topics first."""
        programme, self._programme, self._played = self._programme, None, 0
        try:
            if whole and programme is not None:
                status, lines = await programme.command("indicators", "verify", told=1)
                assert status == 0, lines[-5:]
        finally:
            await self._stack.aclose()
            self._stack = AsyncExitStack()

    async def _build(self) -> tuple[Programme, Clients]:
        folder = new_folder("territory-faults-")
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        programme = await self._stack.enter_async_context(running(folder, self._issuer, changes=["in a hurry"]))
        clients = await self._stack.enter_async_context(clients_of(programme))
        say("PostgreSQL, Kafka and the six services run")
        return programme, clients


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One loop for all scenes, as the platform outlives them."""
    return "asyncio"


@pytest.fixture(scope="session")
def keys() -> Iterator[KeyServer]:
    """Where the keys of the issuer are published."""
    server = KeyServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def issuer(keys: KeyServer) -> Issuer:
    """Signs tokens, by keys that a scene may change."""
    issuer = Issuer(keys.url.removesuffix("/jwks"))
    keys.jwks = issuer.jwks
    return issuer


@pytest.fixture(scope="session")
async def stage(issuer: Issuer) -> AsyncIterator[Stage]:
    """Where scenes are played."""
    stage = Stage(issuer)
    yield stage
    await stage.clear(whole=True)


@pytest.fixture
async def scene(stage: Stage, seed: int, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """One scene, on a platform that is whole."""
    programme, clients = await stage.for_a_scene()
    scene = Scene(programme, clients, seed, random.Random(seed))
    clients.chance = random.Random(seed)
    say(f"{request.node.name}")
    yield scene
    if not scene.stands:
        await stage.clear(whole=False)
