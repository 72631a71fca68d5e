"""Clocks that are wrong, keys that change and their issuer away, and wishes for another protocol."""

import asyncio
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from key_servers import KeyServer
from programme.clients import LISTS
from programme.processes import Process
from programme.running import Programme, accepts

from devstack.child import DevstackError
from devstack.issuer import Issuer
from devstack.running import SERVICES
from faults.scene import Scene
from service.http.auth import REFETCH

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

HOUR: Final = 3600
OUT_OF_ORDER: Final = """
    SELECT position FROM (
        SELECT position, recorded_at > now() OR recorded_at < lag(recorded_at) OVER (ORDER BY position) AS wrong
        FROM events
    ) AS recorded WHERE wrong
"""
UPGRADES: Final = (
    {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA"},
    {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
)


def by_a_clock_that_is_off(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is ahead by so many seconds. Raises DevstackError."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        raise DevstackError("This test needs libfaketime: install it (on Debian and Ubuntu: apt-get install faketime).")
    # Seconds pass as they do: what waits for so many waits no longer.
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


async def answer_to(programme: Programme, service: str, issuer: Issuer | None = None, **claims: Any) -> httpx.Response:
    """What a service answers to a token with these claims, of the programme's issuer unless of another."""
    token = (issuer or programme.issuer).token(f"{service}:read", **claims)
    async with httpx.AsyncClient(timeout=30) as client:
        address = f"http://127.0.0.1:{programme.ports[service]}/{service}{LISTS[service]}"
        return await client.get(address, headers={"Authorization": f"Bearer {token}"})


async def test_the_clocks_of_two_processes_are_hours_off(scene: Scene) -> None:
    programme = scene.programme
    behind, ahead = scene.chance.sample(SERVICES, 2)
    queues_before = len(scene.clients.queues)
    workers = []
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        # To a clock that is behind, all others are from the future.
        scene.clients.claims = {"iat": None}
        for name, off in ((behind, -2 * HOUR), (ahead, HOUR)):
            await asyncio.to_thread(programme.processes[name].stop)
            programme.processes[name] = programme.begin_beside(
                name, "all", **by_a_clock_that_is_off(off), PORT=str(programme.ports[name])
            )
        # The relays that are off lead; what there is to be done others share with them.
        await programme.until(accepts, [behind, ahead])
        workers += [programme.begin_beside(name, "worker") for name in (behind, ahead)]
        await asyncio.sleep(scene.chance.uniform(2, 4))
        for refused in (
            await answer_to(programme, behind),
            await answer_to(programme, ahead, iat=None, seconds=HOUR // 2),
        ):
            assert refused.status_code == httpx.codes.UNAUTHORIZED
        await all_answer(programme, iat=None)
        for name in (behind, ahead):
            await asyncio.to_thread(programme.processes[name].stop)
            forget_its_clock(programme.processes[name])
        programme.begin([behind, ahead])
        for worker in workers:
            await asyncio.to_thread(worker.stop)
        await programme.until(accepts)
        scene.clients.claims = {}
    for queue in scene.clients.queues[queues_before:]:
        queue.in_order = queue.service not in (behind, ahead)
    await scene.is_whole()
    for name in SERVICES:
        assert await programme.fetch(name, OUT_OF_ORDER) == []


def forget_its_clock(process: Process) -> None:
    """Removes what the library leaves of a process that has ended."""
    for left in Path("/dev/shm").glob(f"*faketime_*_{process.pid}"):  # noqa: S108  its place, not ours
        left.unlink()


def published(*issuers: Issuer) -> dict[str, Any]:
    """The keys of all these."""
    return {"keys": [key for each in issuers for key in each.jwks["keys"]]}


@pytest.mark.chosen
async def test_keys_are_rotated_and_then_their_issuer_is_away(scene: Scene, keys: KeyServer, issuer: Issuer) -> None:
    programme, before = scene.programme, scene.programme.issuer
    successor, unheard = (
        Issuer(before.url, kid=f"{before.kid}, {kid}") for kid in (str(scene.seed), "never published")
    )
    try:
        async with scene.busy():
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
            # Each has asked for the keys there are.
            await all_answer(programme)
            keys.jwks = published(before, successor)
            # Keys are published before they sign anything.
            await asyncio.sleep(REFETCH)
            asked = keys.asked
            programme.issuer = successor
            await all_answer(programme)
            assert keys.asked >= asked + len(SERVICES)
            keys.jwks = published(successor)
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
            await asyncio.to_thread(keys.stop)
            await asyncio.sleep(REFETCH)
            for name in SERVICES:
                told = await answer_to(programme, name, unheard)
                assert (told.status_code, told.headers["Retry-After"]) == (httpx.codes.SERVICE_UNAVAILABLE, "5")
            await all_answer(programme, client="newcomer")
            await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
    finally:
        await asyncio.to_thread(keys.stop)
        # For the platform as it stands, and for the next.
        keys.jwks = published(programme.issuer, issuer)
        keys.start()
    assert httpx.codes.UNAUTHORIZED not in {answer.status for answer in scene.answers}
    await scene.is_whole()


async def all_answer(programme: Programme, **claims: Any) -> None:
    """Every service accepts a token with these claims."""
    told = await asyncio.gather(*(answer_to(programme, name, **claims) for name in SERVICES))
    assert {each.status_code for each in told} == {httpx.codes.OK}


@pytest.mark.chosen
async def test_whoever_wishes_for_another_protocol_is_answered_by_this_one(scene: Scene) -> None:
    scene.clients.beside = UPGRADES
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(3, 5))
        shown = [await scene.clients.reads(name, path) for name, path in LISTS.items()]
    assert {each.status_code for each in shown} == {httpx.codes.OK}
    scene.clients.beside = ({},)
    await scene.is_whole()
