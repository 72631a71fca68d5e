"""What happens without a caller: claims, what is due, reactions, and dead letters, through a running service."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any

import httpx
import lamps
import pytest
from bells import PATH, Echo, bells, service
from lamps import LampLit, bearer, settings_for

from contracts.registry import Registry, UnknownEvent
from devstack.issuer import Issuer
from devstack.prepared import prepare
from eventstore.decider import PLATFORM
from eventstore.reactions import Issue, Reactions
from service.application import build
from service.definition import Service
from service.documents import openapi
from service.running.letters import dead_letters
from service.running.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(migrated_database: str, kafka: str, issuer: Issuer) -> Settings:
    return settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    )


@pytest.fixture
async def client(settings: Settings, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    application = build(service, settings)
    transport = httpx.ASGITransport(application)
    headers = bearer(issuer, "bells:read bells:write")
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://bells.test", headers=headers) as client,
    ):
        yield client


async def statuses(client: httpx.AsyncClient, *expected: tuple[str, str]) -> None:
    """Waits until these towers have bells in these statuses, and no others."""
    async with asyncio.timeout(60):
        while True:
            items = (await client.get(PATH)).json()["items"]
            if sorted((item["tower"], item["status"]) for item in items) == sorted(expected):
                return
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_what_is_due_is_issued_and_what_it_led_to_is_reacted_to(client: httpx.AsyncClient) -> None:
    hung = await client.post(PATH, json={"tower": "north"}, headers={"X-Correlation-Id": "feast"})
    assert hung.status_code == 201
    await statuses(client, ("north", "rung"), ("beyond north", "echoed"))
    echoed = next(item for item in (await client.get(PATH)).json()["items"] if item["status"] == "echoed")
    (event,) = (await client.get(f"{PATH}/{echoed['id']}/events")).json()["items"]
    rung = (await client.get(f"{hung.headers['location']}/events")).json()["items"][-1]
    assert event["metadata"] == {"actor": PLATFORM, "causation_id": rung["event_id"]}
    work = (await client.get("/ready")).json()["work"]
    assert (work["issuing of what is due"], work["reactions"]) == ("running", "running")


async def test_who_would_hold_what_another_holds_is_told_which_if_he_may_read_it(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    (await client.post(PATH, json={"tower": "silent"})).raise_for_status()
    answers = await asyncio.gather(*(client.post(PATH, json={"tower": "south"}) for _ in range(50)))
    made = [answer for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    # The bell rings within a second, and another may be hung then.
    assert made
    assert len(made) + len(refused) == 50
    silent = await client.post(PATH, json={"tower": "silent"}, headers={"Accept-Language": "fr"})
    assert silent.json()["detail"] == "une autre cloche y est suspendue"
    holder = next(item for item in (await client.get(PATH)).json()["items"] if item["tower"] == "silent")
    assert silent.json()["collides_with"] == holder["id"]
    stranger = bearer(issuer, "bells:write", roles=["company"], company="B")
    hidden = await client.post(PATH, json={"tower": "silent", "company": "B"}, headers=stranger)
    assert hidden.status_code == 409
    assert "collides_with" not in hidden.json()


async def test_what_only_the_platform_issues_has_no_route(client: httpx.AsyncClient) -> None:
    made = (await client.post(PATH, json={"tower": "silent"})).json()
    assert made["allowed"] == []
    assert (await client.post(f"{PATH}/{made['id']}/ring")).status_code == 404
    written = json.dumps(openapi.document(service))
    assert "ring_bell" not in written
    assert "echo_bell" not in written
    assert "tower-taken" in written


@pytest.mark.slow
async def test_what_is_refused_is_a_dead_letter_that_ops_can_retry_and_discard(
    client: httpx.AsyncClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (await client.post(PATH, json={"tower": "cracked"})).raise_for_status()
    async with asyncio.timeout(30):
        while (await client.get("/ready")).json()["dead_letters"] != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await dead_letters(service, settings, ["list"]) == 0
    name, _, stream_id, command, reason = capsys.readouterr().out.strip().split("\t")
    assert (stream_id[:5], command, reason) == ("bell-", "Ring {}", "bell-cracked: the bell of cracked is cracked")
    assert await dead_letters(service, settings, ["show", name]) == 0
    assert f"id: {name}\nkind: due\nstream_id: {stream_id}\nname: Ring\nbody: {{}}\n" in capsys.readouterr().out
    assert await dead_letters(service, settings, ["show", "due-nothing"]) == 1
    assert await dead_letters(service, settings, ["retry", name]) == 0
    async with asyncio.timeout(30):
        while (await client.get("/ready")).json()["dead_letters"] != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await dead_letters(service, settings, ["discard", name]) == 0
    assert (await client.get("/ready")).json()["dead_letters"] == 0
    assert await dead_letters(service, settings, ["discard", name]) == 1
    assert await dead_letters(service, settings, ["burn", name]) == 2


def tolling(**changes: Any) -> Service:
    """The bells, one of which echoes whenever a lamp is lit."""
    tolls = Reactions()

    @tolls.to()
    def toll(event: LampLit) -> Iterable[Issue]:
        yield Issue(bells, None, Echo(tower=f"of {event.watts} W"))

    return replace(service, reactions=tolls, **changes)


@pytest.mark.slow
async def test_an_event_of_another_service_is_reacted_to(
    settings: Settings, other_database: str, issuer: Issuer
) -> None:
    await prepare(other_database)
    answering = tolling(registry=Registry([lamps]))
    assert answering.reacts_to == ("lamps",)
    lighting = build(lamps.service, settings.model_copy(update={"database_url": other_database}))
    ringing = build(answering, settings)
    headers = bearer(issuer, "lamps:write lamps:read bells:read")
    to_lamps, to_bells = httpx.ASGITransport(lighting), httpx.ASGITransport(ringing)
    async with (
        lighting.router.lifespan_context(lighting),
        ringing.router.lifespan_context(ringing),
        httpx.AsyncClient(transport=to_lamps, base_url="http://lamps.test", headers=headers) as town,
        httpx.AsyncClient(transport=to_bells, base_url="http://bells.test", headers=headers) as client,
    ):
        installed = await town.post("/v1/lamps", json={"company": "00000001800017", "watts": 70})
        lamp = installed.headers["location"]
        (await town.post(f"{lamp}/light", headers={"X-Correlation-Id": "dusk"})).raise_for_status()
        await statuses(client, ("of 70 W", "echoed"))
        (echoed,) = (await client.get(PATH)).json()["items"]
        (event,) = (await client.get(f"{PATH}/{echoed['id']}/events")).json()["items"]
        lit = (await town.get(f"{lamp}/events")).json()["items"][-1]
        assert event["metadata"] == {
            "actor": PLATFORM,
            "causation_id": lit["event_id"],
            "correlation_id": "dusk",
        }


def test_a_reaction_to_what_nobody_publishes_is_found_out_when_the_service_is_put_together() -> None:
    with pytest.raises(UnknownEvent, match="LampLit"):
        tolling()
