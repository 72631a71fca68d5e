"""Each means by which nothing is lost and nothing is there twice, taken away: a scene that rests on it turns red.

Subscriptions that move their marks without comparing turn red in libs/eventstore/tests/test_kafka_faults.py: what they
do here rests on keys as well.
"""

import random
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest
from programme.clients import Clients, clients_of
from programme.proxies import Proxy
from programme.running import Programme, new_folder, running
from programme.telling import say

from devstack.issuer import Issuer
from devstack.running import SERVICES
from faults import test_answers, test_lost_servers, test_reactions, test_relay, test_subscribers
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

TRIES: Final = 6
"""Seeds, at most: what chance chooses need not rest on the means each time."""
PATIENCE: Final = 40.0
"""Seconds within which services do what they never do without it."""


async def killed_between_effect_and_mark(scene: Scene) -> None:
    """The scene, with what it is given as a test."""
    with Proxy(lambda: scene.programme.postgres.port).open() as way:
        await test_subscribers.test_a_subscriber_is_killed_again_and_again_between_its_effects_and_its_mark(scene, way)


RESTS_ON: Final[dict[str, tuple[Callable[[Scene], Awaitable[None]], str]]] = {
    "without detecting what was sent before": (
        test_answers.test_one_command_is_sent_many_times_at_once,
        r"all have its answer|had \d+ effects",
    ),
    "without If-Match": (
        test_answers.test_many_write_on_one_stream_and_one_of_them_wins_each_version,
        r"Counter\(\{200: \d+",
    ),
    "without fencing off": (
        test_relay.test_a_relay_stands_still_in_mid_transaction_until_another_has_gone_on,
        # It does not stand by, or it has written what is there already, and readers have stopped.
        r"'relay': 'leading|-reactions of \S+ is at \d+ of",
    ),
    "without claims": (
        test_reactions.test_who_waits_has_what_falls_free_in_order_whatever_becomes_of_workers,
        r"claims are set\(\)",
    ),
    "without keys of reactions": (killed_between_effect_and_mark, r"led to \{"),
    "without confirming the store": (
        test_lost_servers.test_stores_come_back_as_dumps_have_them,
        r"'commands': 'accepted'",
    ),
}
"""The scene for each, and what its red says."""

TURNS: Final = "PERFORM pg_advisory_xact_lock(7220001);"
"""How a store has those who append come one after the other."""
_APPENDING: Final = "SELECT pg_get_functiondef(oid) AS function FROM pg_proc WHERE strpos(prosrc, $1) > 0"


@asynccontextmanager
async def lacking(issuer: Issuer, *changes: str) -> AsyncIterator[tuple[Programme, Clients]]:
    """A platform without one of them."""
    folder = new_folder("territory-faults-")
    try:
        async with (
            running(folder, issuer, changes=["in a hurry", *changes]) as programme,
            clients_of(programme) as clients,
        ):
            yield programme, clients
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes is not waited for as long as elsewhere."""
    for module in ("programme.running", "programme.checking", "programme.clients", "faults.scene"):
        monkeypatch.setattr(f"{module}.PATIENCE", PATIENCE)


@pytest.mark.parametrize("change", RESTS_ON)
async def test_a_scene_turns_red(change: str, issuer: Issuer) -> None:
    async with lacking(issuer, change) as platform:
        await turns_red(platform, *RESTS_ON[change])


async def test_a_scene_turns_red_where_nobody_waits_for_the_commits_before(issuer: Issuer) -> None:
    async with lacking(issuer) as platform:
        for service in SERVICES:
            (appending,) = await platform[0].fetch(service, _APPENDING, TURNS)
            await platform[0].fetch(service, appending["function"].replace(TURNS, ""))
        await turns_red(platform, test_relay.test_an_append_is_slow_while_others_commit, r"\d+ events of ")


async def turns_red(
    platform: tuple[Programme, Clients], scene_of: Callable[[Scene], Awaitable[None]], because: str
) -> None:
    """Plays a scene until it is. It says why: whatever else goes wrong on a busy machine proves nothing."""
    for seed in range(1, TRIES + 1):
        platform[1].chance = random.Random(seed)
        try:
            await scene_of(Scene(*platform, seed, random.Random(seed)))
        except AssertionError as red:
            say(f"seed {seed} is red: {str(red)[:300]}")
            if not re.search(because, str(red)):
                raise
            return
    pytest.fail(f"nothing turned red in {TRIES} tries")
