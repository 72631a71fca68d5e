"""What happens without a caller: claims, what is due, reactions, and dead letters, through a running service."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import lamps
import pytest
from bells import PATH, BellHung, BellRung, Echo, Ring, bells, service
from lamps import LampLit, bearer, settings_for, variables

from contracts.registry import Registry, UnknownEvent
from devstack.issuer import Issuer
from devstack.prepared import prepare
from eventstore.decider import PLATFORM
from eventstore.files import resolve
from eventstore.kafka.envelope import Message
from eventstore.postgres.store import Store
from eventstore.reactions import Issue, Reactions
from service.application import build
from service.definition import Service, Subscribes
from service.documents import openapi
from service.running import letters
from service.running.letters import dead_letters
from service.running.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(migrated_database: str, kafka: str, issuer: Issuer) -> Settings:
    return settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    )


@asynccontextmanager
async def ringing(service: Service, settings: Settings, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the bells of some release, which have their worker."""
    application = build(service, settings)
    transport = httpx.ASGITransport(application)
    headers = bearer(issuer, "bells:read bells:write")
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://bells.test", headers=headers) as client,
    ):
        yield client


@pytest.fixture
async def client(settings: Settings, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with ringing(service, settings, issuer) as client:
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
    assert event["metadata"] == {
        "actor": PLATFORM,
        "causation_id": rung["event_id"],
        "reaction": f"{rung['event_id']}/answer/0",
    }
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
    assert await dead_letters(settings, ["list"]) == 0
    name, _, stream_id, command, behind, reason = capsys.readouterr().out.strip().split("\t")
    assert (stream_id[:5], command, behind) == ("bell-", "Ring {}", "0 behind")
    assert reason == "bell-cracked: the bell of cracked is cracked"
    assert await dead_letters(settings, ["show", name]) == 0
    assert f"id: {name}\nkind: due\nstream_id: {stream_id}\nname: Ring\nbody: {{}}\n" in capsys.readouterr().out
    assert await dead_letters(settings, ["show", "due-nothing"]) == 1
    assert await dead_letters(settings, ["retry", name]) == 0
    async with asyncio.timeout(30):
        while (await client.get("/ready")).json()["dead_letters"] != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await dead_letters(settings, ["discard", name]) == 0
    assert (await client.get("/ready")).json()["dead_letters"] == 0
    assert await dead_letters(settings, ["discard", name]) == 1
    assert await dead_letters(settings, ["burn", name]) == 2


class Answering:
    """The bells' reactions of a release that does not know how to answer a cracked bell, and of the next one."""

    def __init__(self) -> None:
        self.mended = False
        self.all = Reactions()

        @self.all.to()
        def answer(event: BellHung | BellRung) -> Iterable[Issue]:
            if event.tower.startswith("cursed") and not self.mended:
                yield Issue(bells, "nobody's", Ring())
            yield Issue(bells, None, Echo(tower=f"beyond {event.tower}, {event.event_type}"))


async def commanded(settings: Settings, issuer: Issuer, *arguments: str) -> tuple[int | None, str]:
    """How `dead-letters` ended, as a process of its own, and what it printed."""
    program = "from bells import service; from service.running.cli import main; main(service)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "dead-letters", *arguments),
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent),
            **variables(resolve(settings.database_url), issuer),
        },
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def until(told: Callable[[], Awaitable[object]], expected: object) -> None:
    """Waits until something is told."""
    async with asyncio.timeout(60):
        while await told() != expected:  # noqa: ASYNC110 -- others' work has no event
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_an_event_whose_reactions_are_refused_waits_for_ops_and_later_ones_of_its_stream_for_it(
    settings: Settings, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering = Answering()

    async def listed() -> list[list[str]]:
        status, printed = await commanded(settings, issuer, "list")
        assert status == 0
        return [line.split("\t") for line in printed.splitlines()]

    async def stand() -> list[tuple[str, str]]:
        return sorted((letter[3].partition(" ")[0], letter[4]) for letter in await listed())

    async with ringing(replace(service, reactions=answering.all), settings, issuer) as client:

        async def echoed() -> list[str]:
            items = (await client.get(PATH)).json()["items"]
            return sorted(item["tower"].removeprefix("beyond ") for item in items if item["status"] == "echoed")

        async def reacting() -> tuple[int, str]:
            ready = (await client.get("/ready")).json()
            return ready["dead_letters"], ready["work"]["reactions"]

        one, other, _ = [
            (await client.post(PATH, json={"tower": tower})).json() for tower in ("cursed", "cursed too", "north")
        ]
        # What they are rung for waits behind; what else they were hung for is done.
        so_far = ["cursed too, BellHung", "cursed, BellHung", "north, BellHung", "north, BellRung"]
        await until(echoed, so_far)
        await until(stand, [("BellHung", "1 behind")] * 2)
        assert await reacting() == (2, "running; 2 streams parked")
        reason = "ReactionsRefused: Ring on bell-nobody's: StreamNotFound: there is no bell nobody's (asked by answer)"
        names = {letter[2]: letter[0] for letter in await listed()}
        assert {letter[5] for letter in await listed()} == {reason}
        first, second = names[f"bell-{one['id']}"], names[f"bell-{other['id']}"]
        status, shown = await commanded(settings, issuer, "show", first)
        assert (status, shown.splitlines()[:4]) == (
            0,
            [f"id: {first}", "kind: message", f"stream_id: bell-{one['id']}", "name: BellHung"],
        )
        assert f"reason: {reason}" in shown
        assert await commanded(settings, issuer, "retry", first) == (1, f"It is refused again: {reason}.\n")

        answering.mended = True
        assert await commanded(settings, issuer, "retry", first) == (0, "Done.\n")
        await until(reacting, (1, "running; 1 stream parked"))
        assert await echoed() == sorted([*so_far, "cursed, BellRung"]), "nothing is done twice"

        answering.mended = False
        assert await commanded(settings, issuer, "discard", second) == (0, "Done.\n")
        # The next one of its stream is tried, and refused as well.
        await until(stand, [("BellRung", "0 behind")])
        await until(echoed, sorted([*so_far, "cursed, BellRung", "cursed too, BellRung"]))
        await until(reacting, (1, "running; 1 stream parked"))

    monkeypatch.setattr(letters, "PATIENCE", 0.3)
    ((last, *_),) = await listed()
    assert await dead_letters(settings, ["retry", last]) == 0
    assert capsys.readouterr().out == "It is asked for: a worker will try it.\n"
    assert await dead_letters(settings, ["retry", first]) == 1
    answering.mended = True
    async with ringing(replace(service, reactions=answering.all), settings, issuer):
        await until(listed, [])


@pytest.mark.slow
async def test_what_is_folded_anew_or_delivered_anew_is_not_reacted_to_again(
    settings: Settings, issuer: Issuer
) -> None:
    answering = Answering()
    tallied: dict[str, set[str]] = {"tally": set(), "tally-anew": set()}

    def tallying(name: str) -> Service:
        async def note(_: asyncpg.Connection, messages: Sequence[Message]) -> None:
            tallied[name] |= {str(message.event_id) for message in messages}

        subscribes = Subscribes([BellRung], lambda _: (name, note), Registry([sys.modules[BellRung.__module__]]))
        return replace(service, reactions=answering.all, subscriptions=(subscribes,))

    async with Store.open(settings.database_url) as store:

        async def events() -> int:
            return len(await store.read(0, 1000))

        async def marks(of: str) -> dict[int, int]:
            rows = await store.pool.fetch("SELECT partition, position FROM marks WHERE subscription = $1", of)
            return {row["partition"]: row["position"] for row in rows}

        async def end(of: str) -> int:
            return max((await marks(of)).values(), default=0)

        async with ringing(tallying("tally"), settings, issuer) as client:
            for tower in ("north", "south", "cursed"):
                (await client.post(PATH, json={"tower": tower})).raise_for_status()
            # All are hung and rung, and answered, but for what waits behind the one that is refused.
            await until(events, 11)
            await until(partial(end, "tally"), 11)
            await until(partial(end, "bells-reactions"), 11)
        before = await store.read(0, 1000)
        parked = await store.pool.fetch("SELECT * FROM dead_letters")
        assert len(parked) == 1
        ends = await marks("bells-reactions")

        await store.pool.execute("DELETE FROM marks WHERE subscription = 'tally'")
        await store.pool.execute("UPDATE marks SET position = 0 WHERE subscription = 'bells-reactions'")
        async with ringing(tallying("tally-anew"), settings, issuer):
            await until(partial(marks, "tally-anew"), ends)
            await until(partial(marks, "bells-reactions"), ends)
            # Time for what is delivered anew of the stream that waits: it is tried before what it waits for.
            await asyncio.sleep(2)
        rung = {str(event.event_id) for event in before if event.type == BellRung.event_type}
        assert tallied["tally-anew"] == tallied["tally"] == rung
        assert await store.read(0, 1000) == before
        assert await store.pool.fetch("SELECT * FROM dead_letters") == parked


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
    bell_tower = build(answering, settings)
    headers = bearer(issuer, "lamps:write lamps:read bells:read")
    to_lamps, to_bells = httpx.ASGITransport(lighting), httpx.ASGITransport(bell_tower)
    async with (
        lighting.router.lifespan_context(lighting),
        bell_tower.router.lifespan_context(bell_tower),
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
            "reaction": f"{lit['event_id']}/toll/0",
        }


def test_a_reaction_to_what_nobody_publishes_is_found_out_when_the_service_is_put_together() -> None:
    with pytest.raises(UnknownEvent, match="LampLit"):
        tolling()
