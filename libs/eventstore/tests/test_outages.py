import asyncio
import logging

import pytest

from eventstore.outages import REMINDER, Outage

pytestmark = pytest.mark.anyio
log = logging.getLogger(__name__)


async def test_it_is_told_when_it_begins_for_each_reason_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(log, "it goes on, after %(times)d failures in %(seconds).0f s")
    for reason in ("away", "away", "too busy", "away"):
        outage.fail(reason)
    outage.end()
    assert caplog.messages == ["away", "too busy", "it goes on, after 4 failures in 0 s"]


async def test_what_goes_well_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(log, "it goes on")
    outage.end()
    outage.fail("away")
    outage.end()
    outage.end()
    assert caplog.messages == ["away", "it goes on"]


async def test_it_is_over_by_itself_once_nothing_fails_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(log, "%(times)d requests were answered 503", quiet=0.2)
    for _ in range(5):
        outage.fail("away")
        await asyncio.sleep(0.1)
    assert caplog.messages == ["away"], "longer than quiet, and no pause was"
    await asyncio.sleep(0.4)
    assert caplog.messages == ["away", "5 requests were answered 503"]
    outage.fail("away")
    assert caplog.messages[2:] == ["away"], "the next one"


async def test_one_that_lasts_is_told_again_each_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(log, "it goes on, after %(times)d failures in %(seconds).0f s")
    now = 1000.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    for _ in range(121):
        outage.fail("away")
        now += REMINDER / 60
    outage.end()
    assert caplog.messages == [
        "away",
        "away (61 failures in 60 s)",
        "away (121 failures in 120 s)",
        "it goes on, after 121 failures in 121 s",
    ]
