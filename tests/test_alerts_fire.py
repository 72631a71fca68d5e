"""Every alert, provoked by what it is for: a real Prometheus watches real processes, and what happens to them."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from alarms.faults import AFTERWARDS, FAULTS, Fault
from alarms.hastening import alerts, hastened
from alarms.platform import Platform, servers
from alarms.prometheus import Prometheus
from fleets import LAMP

from devstack.issuer import Issuer

pytestmark = pytest.mark.anyio

HASTE: Final = 60
"""How many times faster alerts are than deployed."""
SLOWER: Final = {
    # A canary measures every 20 seconds at most, and processes take seconds to start.
    "CanaryFailing": 20,
    "CanarySlow": 20,
    "ProcessesRestart": 10,
    "RelayFailing": 20,
    # What takes long may take so for a moment because of who else is at work.
    "AnswersSlow": 20,
    "AppendsSlow": 20,
}
FASTER: Final = dict.fromkeys(
    ("MailWaiting", "ImportsWaiting", "ReleasesMixed", "SubscriptionFarBehind", "ChapterNotItsOwn"), 360
)
"""Those that wait for half an hour or longer."""
HEALTHY: Final = 30
"""Seconds for which all is well."""
PATIENCE: Final = 180
"""Seconds within which an alert fires, or ends."""


def test_every_alert_is_provoked() -> None:
    provoked = {name for lane in FAULTS.values() for fault in lane for name in fault.alerts}
    assert provoked == set(alerts())


def test_every_alert_can_be_hastened() -> None:
    for alert in alerts().values():
        quick = hastened(alert, HASTE)
        assert quick["for"] != alert["for"] or alert["for"] == "0s"


@pytest.mark.parametrize(
    "expression",
    [
        "rate(things_total[5m:1m]) > 0",
        "things_age_seconds >= 60",
        "60 < things_age_seconds",
        "things_age_seconds > bool 60",
        "predict_linear(things[1h], 4 * 3600) > 0 and things offset -5m",
    ],
)
def test_an_alert_of_which_a_duration_would_stay_is_refused(expression: str) -> None:
    with pytest.raises(AssertionError):
        hastened({**alerts()["DueLate"], "expr": expression}, HASTE)


@pytest.fixture
async def platform(issuer: Issuer, tmp_path: Path) -> AsyncIterator[Platform]:
    times = defaultdict(lambda: HASTE, {**SLOWER, **FASTER})
    with ExitStack() as stack:
        postgres, kafka = stack.enter_context(servers(tmp_path))
        prometheus = stack.enter_context(Prometheus(tmp_path / "prometheus", times))
        platform = Platform(postgres, kafka, issuer, tmp_path, prometheus, stack)
        await platform.start()
        yield platform


async def nothing_fires_while_all_is_well(platform: Platform) -> None:
    """Asks of every service what it is there for, and sees no alert."""
    async with AsyncExitStack() as busy:
        for service, path in (
            ("companies", "/v1/companies"),
            ("mobility", "/v1/parkings"),
            ("training", "/v1/rooms"),
            ("employment", "/v1/vacancies"),
            ("youth-events", "/v1/immersions"),
            ("indicators", "/v1/targets"),
        ):
            await busy.enter_async_context(platform.asking(service, "GET", path, pause=1))
        await busy.enter_async_context(platform.asking("lamps", "POST", "/v1/lamps", body=LAMP))
        await asyncio.sleep(5)
        ends = time.monotonic() + HEALTHY
        while time.monotonic() < ends:
            assert await platform.prometheus.firing() == []
            await asyncio.sleep(0.5)


async def is_noticed(platform: Platform, fault: Fault) -> list[str]:
    """A fault happens, and its alerts fire and end. Returns what of it was not so."""
    wrong: list[str] = []

    async def expect(does: Callable[..., Awaitable[None]]) -> None:
        for name, labels in fault.alerts.items():
            try:
                await does(name, labels, seconds=PATIENCE)
            except AssertionError as error:
                wrong.append(f"{fault.happens.__name__}: {error}")

    await expect(platform.prometheus.ends)
    async with fault.happens(platform):
        await expect(platform.prometheus.fires)
    if fault.ends:
        await expect(platform.prometheus.ends)
    return wrong


async def befall(platform: Platform, lane: list[Fault]) -> list[str]:
    """Faults happen one after the other. Returns what of them was not noticed as it should be."""
    return [each for fault in lane for each in await is_noticed(platform, fault)]


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_each_fault_fires_its_alerts_which_end_with_it_and_none_fires_without(platform: Platform) -> None:
    await nothing_fires_while_all_is_well(platform)
    lanes = [lane for name, lane in FAULTS.items() if name != AFTERWARDS]
    wrong = [each for lane in await asyncio.gather(*map(partial(befall, platform), lanes)) for each in lane]
    wrong += await befall(platform, FAULTS[AFTERWARDS])
    assert wrong == []
