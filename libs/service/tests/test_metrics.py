"""What a service tells of itself as metrics, and in `/ready`: each moves when what it tells of happens."""

import asyncio
import json
import re
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import bells
import httpx
import pytest
from bells import BellRung, Echo, Ring
from lamps import bearer, service, settings_for
from scraping import Scraper, Told, value

from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import prepare
from devstack.servers import Kafka, Postgres
from eventstore.kafka.topics import ensure_topic
from eventstore.measuring import Distribution
from eventstore.postgres.store import Store
from eventstore.reactions import Issue, Reactions
from service.application import Application, build
from service.definition import Service
from service.importing.working import Importing
from service.metrics import telling
from service.metrics.declared import COMMANDS, MAIL_WAITING, METRICS, table
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

LAMP = {"company": "00000001800017", "watts": 70}


@asynccontextmanager
async def running(
    served: Service, settings: Settings, headers: dict[str, str], *, worker: bool = True
) -> AsyncIterator[tuple[httpx.AsyncClient, Scraper, Application]]:
    """A service, a client of it, and who reads its metrics."""
    application = build(served, settings, worker=worker)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(application), base_url="http://lamps.test", headers=headers
        ) as client,
    ):
        yield client, Scraper(application), application


@pytest.fixture
def settings(migrated_database: str, kafka: str, issuer: Issuer) -> Settings:
    return settings_for(
        migrated_database,
        issuer,
        personal_key=None,
        territory=f"t{uuid.uuid4().hex[:8]}",
        topic_partitions=2,
        release="1.4.2",
    ).model_copy(update={"kafka_bootstrap": kafka})


@pytest.fixture
def ringer(issuer: Issuer) -> dict[str, str]:
    return bearer(issuer, "bells:read bells:write")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is asked each time, unless a test says otherwise."""
    monkeypatch.setattr(telling, "KEPT", 0.0)


def outcomes(told: Told) -> dict[tuple[str, ...], float]:
    """Commands by category, decision and outcome."""
    return {tuple(labels): count for (name, *labels), count in told.items() if name == COMMANDS.name}


async def test_each_command_is_counted_once_by_what_came_of_it(settings: Settings, issuer: Issuer) -> None:
    async with running(service, settings, bearer(issuer), worker=False) as (client, scraper, _):
        keyed = {"Idempotency-Key": "one"}
        made = await client.post("/v1/lamps", json=LAMP, headers=keyed)
        lamp = made.headers["location"]
        stale = {"If-Match": '"7"'}
        owner = bearer(issuer, roles=["company"], company="00000001800017")
        answers = [
            await client.post("/v1/lamps", json=LAMP, headers=keyed),
            await client.post("/v1/lamps", json=LAMP | {"watts": 90}, headers=keyed),
            await client.post("/v1/lamps", json={"watts": "many"}),
            await client.post(f"{lamp}/inspect"),
            await client.post(f"{lamp}/dim", json={"watts": 200}),
            await client.post(f"{lamp}/light", headers=stale),
            await client.post(f"{lamp}/light", headers=owner),
            await client.post("/v1/lamps/nowhere/light"),
            await client.post(f"{lamp}/break", json={"into": 0}),
        ]
        assert [answer.status_code for answer in answers] == [201, 422, 422, 200, 409, 412, 403, 404, 500]
        expected = {
            ("lamp", "install", "accepted"): 1,
            ("lamp", "install", "replayed"): 1,
            ("lamp", "install", "conflict"): 1,
            ("lamp", "install", "invalid"): 1,
            ("lamp", "inspect", "unchanged"): 1,
            ("lamp", "dim", "refused"): 1,
            ("lamp", "light", "stale"): 1,
            ("lamp", "light", "forbidden"): 1,
            ("lamp", "light", "invalid"): 1,
            ("lamp", "break", "failed"): 1,
        }
        assert outcomes(await scraper.told()) == expected


async def test_lines_of_a_file_are_counted_when_they_are_carried_out_and_refused_ones_when_they_are_checked(
    settings: Settings, issuer: Issuer
) -> None:
    async with running(service, settings, bearer(issuer), worker=False) as (client, scraper, application):
        lines = [
            {"path": "/v1/lamps", "name": "hall", "body": LAMP},
            {"path": "/v1/lamps/{hall}/light"},
            {"path": "/v1/lamps/{hall}/light"},
        ]
        content = "\n".join(map(json.dumps, lines))
        sent = await client.post(
            "/v1/imports?mode=partial", content=content, headers={"Content-Type": "application/jsonl"}
        )
        assert sent.status_code == 202
        assert (await scraper.told())["service_imports_waiting",] == 1
        working = Importing(service, application.state.runtime.store)
        while await working.next():
            pass
        told = await scraper.told()
        assert outcomes(told) == {
            ("lamp", "install", "accepted"): 1,
            ("lamp", "light", "accepted"): 1,
            ("lamp", "light", "refused"): 1,
        }
        assert told["service_imports_waiting",] == 0


@pytest.mark.slow
async def test_what_is_due_and_what_reacts_to_it_are_counted(settings: Settings, ringer: dict[str, str]) -> None:
    async with running(bells.service, settings, ringer) as (client, scraper, _):
        assert (await client.post(bells.PATH, json={"tower": "north"})).status_code == 201
        told = await scraper.until(value("eventstore_reactions_total", "issued", "answer"))
        assert outcomes(told) == {
            ("bell", "hang", "accepted"): 1,
            ("bell", "ring", "accepted"): 1,
            ("bell", "echo", "accepted"): 1,
        }
        (await client.post(bells.PATH, json={"tower": "cracked"})).raise_for_status()
        told = await scraper.until(lambda told: told["eventstore_dead_letters", "due"] == 1)
        assert outcomes(told)["bell", "ring", "refused"] == 1
        assert told["eventstore_dead_letters", "message"] == 0
        assert await attention(client) == ["refused: 1 command that came due"]


async def attention(client: httpx.AsyncClient) -> list[str]:
    answer = await client.get("/ready")
    assert answer.status_code == 200
    told: list[str] = answer.json()["attention"]
    return told


@pytest.mark.slow
async def test_a_message_that_cannot_be_handled_is_told(settings: Settings, ringer: dict[str, str]) -> None:
    refusing = Reactions()

    @refusing.to()
    def answer(event: BellRung) -> Iterable[Issue]:
        yield Issue(bells.bells, "nobody's", Ring())
        yield Issue(bells.bells, None, Echo(tower=event.tower))

    async with running(replace(bells.service, reactions=refusing), settings, ringer) as (client, scraper, _):
        (await client.post(bells.PATH, json={"tower": "north"})).raise_for_status()
        told = await scraper.until(value("eventstore_parked_streams", "bells-reactions"))
        assert told["eventstore_dead_letters", "message"] == 1
        assert told["eventstore_reactions_total", "refused", "answer"] >= 1
        assert told["eventstore_subscription_stopped", "bells-reactions"] == 0
        assert await attention(client) == [
            "parked: 1 stream of bells-reactions, behind a message that could not be handled"
        ]


@pytest.mark.slow
async def test_every_declared_metric_is_told_by_a_running_service(settings: Settings, ringer: dict[str, str]) -> None:
    async with running(bells.service, settings, ringer) as (client, scraper, _):
        await client.post(bells.PATH, json={"tower": "north"})
        await scraper.until(value("eventstore_reactions_total", "issued", "answer"))
        text = await scraper.text()
    helped = dict(re.findall(r"^# HELP (\w+) (.+)$", text, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    for metric in METRICS:
        if metric is not MAIL_WAITING:
            assert (helped[metric.name], kinds[metric.name]) == (metric.help, metric.kind), metric.name
    assert {"process_resident_memory_bytes", "python_gc_collections_total"} <= helped.keys()
    samples = [line for line in text.splitlines() if line and not line.startswith(("#", "process_", "python_"))]
    assert all('{service="bells"' in line or ',service="bells"' in line for line in samples)
    assert 'service_info{release="1.4.2",service="bells"} 1.0' in samples


@pytest.mark.slow
async def test_what_the_relay_and_the_subscriptions_do_is_told(settings: Settings, ringer: dict[str, str]) -> None:
    async with running(bells.service, settings, ringer) as (client, scraper, _):
        await scraper.until(value("eventstore_relay_leading"))
        for number in range(3):
            await client.post(bells.PATH, json={"tower": f"silent {number}"})
        topic = settings.topic("bells")
        told = await scraper.until(
            lambda told: (
                told["eventstore_relay_published_total",] == told["eventstore_last_position",] > 0
                and told.get(("eventstore_subscription_lag_events", "bells-reactions", topic)) == 0
                and told["eventstore_subscription_partitions_read", "bells-reactions", topic] == 2
            )
        )
        assert told["eventstore_relay_position",] == told["eventstore_last_position",]
        assert told["eventstore_relay_backlog_events",] == told["eventstore_relay_backlog_age_seconds",] == 0
        assert told["eventstore_relay_stopped",] == 0
        assert told["eventstore_confirmed",] == told["eventstore_database_answers",] == 1
        assert told["eventstore_subscription_lag_seconds", "bells-reactions", topic] == 0
        assert told["eventstore_subscription_partitions", "bells-reactions", topic] == 2
        assert told["eventstore_subscription_handled_total", "bells-reactions"] >= 3
        assert told["service_work_running", "relay"] == 1
        # What came due as it was entered is so for a moment.
        async with asyncio.timeout(30):
            while True:
                if await attention(client) == []:
                    break
                await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_a_relay_that_has_stopped_for_good_says_so(settings: Settings, ringer: dict[str, str]) -> None:
    await ensure_topic(settings.kafka_bootstrap, settings.topic("bells"), 3)
    async with running(bells.service, settings, ringer) as (client, scraper, _):
        told = await scraper.until(value("eventstore_relay_stopped"))
        assert told["eventstore_relay_leading",] == 0
        assert told["eventstore_relay_failures_total",] > 0
        assert ("eventstore_relay_position",) not in told, "what it does not know it does not tell"
        told_of = await attention(client)
        assert told_of[0].startswith(f"the relay has stopped: TopicUnusable: the topic {settings.topic('bells')} has 3")


@pytest.mark.slow
async def test_while_kafka_is_away_the_age_of_what_waits_grows(
    settings: Settings, ringer: dict[str, str], tmp_path: Path
) -> None:
    with Kafka(tmp_path / "kafka") as kafka:
        there = settings.model_copy(update={"kafka_bootstrap": kafka.bootstrap})
        async with running(bells.service, there, ringer) as (client, scraper, _):
            await scraper.until(value("eventstore_relay_leading"))
            kafka.kill()
            (await client.post(bells.PATH, json={"tower": "silent"})).raise_for_status()
            told = await scraper.until(lambda told: told["eventstore_relay_backlog_age_seconds",] > 2)
            assert told["eventstore_relay_backlog_events",] == 1
            assert told["eventstore_relay_stopped",] == 0, "it passes by itself"
            kafka.start()
            told = await scraper.until(lambda told: told["eventstore_relay_backlog_age_seconds",] == 0)
            assert told["eventstore_relay_backlog_events",] == 0
            assert told["eventstore_relay_failures_total",] > 0


@pytest.mark.slow
async def test_while_the_database_is_away_nothing_of_it_is_told(tmp_path: Path, issuer: Issuer) -> None:
    with Postgres(tmp_path / "postgres") as postgres:
        url = postgres.database_url("postgres")
        await prepare(url)
        async with running(service, settings_for(url, issuer), bearer(issuer), worker=False) as (_, scraper, _app):
            told = await scraper.told()
            assert told["eventstore_database_answers",] == 1
            assert ("eventstore_last_position",) in told
            postgres.pause()
            told = await scraper.told()
            assert told["eventstore_database_answers",] == 0
            gone = {
                "eventstore_last_position",
                "eventstore_confirmed",
                "eventstore_due_backlog",
                "eventstore_dead_letters",
            }
            assert not gone & {name for name, *_ in told}
            assert ("eventstore_append_group_size_count",) in told, "what is counted here is told all the same"
            postgres.resume()
            await scraper.until(lambda told: told["eventstore_database_answers",] == 1)


async def test_however_many_ask_the_database_is_asked_once_in_some_seconds(
    settings: Settings, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "KEPT", 60.0)
    asked = 0
    standing = Store.standing

    async def counting(store: Store, behind: int | None) -> Any:
        nonlocal asked
        asked += 1
        return await standing(store, behind)

    monkeypatch.setattr(Store, "standing", counting)
    async with running(service, settings, bearer(issuer), worker=False) as (_, scraper, _app):
        await asyncio.gather(*(scraper.told() for _ in range(20)))
    assert asked == 1


async def test_groups_and_connections_are_told(settings: Settings, issuer: Issuer) -> None:
    async with running(service, settings, bearer(issuer), worker=False) as (client, scraper, application):
        answers = await asyncio.gather(*(client.post("/v1/lamps", json=LAMP) for _ in range(40)))
        assert {answer.status_code for answer in answers} == {201}
        told = await scraper.told()
        assert told["eventstore_append_group_size_sum",] == 40
        assert 0 < told["eventstore_append_group_size_count",] < 40, "some rode together"
        assert told["eventstore_append_duration_seconds_count",] == told["eventstore_append_group_size_count",]
        async with application.state.runtime.store.pool.acquire(), application.state.runtime.store.pool.acquire():
            told = await scraper.told()
        assert (told["eventstore_pool_connections", "used"], told["eventstore_pool_connections", "idle"]) == (2, 8)
        assert told["http_server_open_connections",] == 7
        assert told["http_server_open_connections_limit",] == 1000


async def test_an_issuer_that_is_away_is_told_since_when(settings: Settings, issuer: Issuer) -> None:
    nowhere = settings.model_copy(update={"oidc_jwks_url": f"http://127.0.0.1:{free_port()}/jwks"})
    async with running(service, nowhere, bearer(issuer), worker=False) as (client, scraper, _):
        assert (await scraper.told())["service_issuer_away_seconds",] == 0, "nobody was asked yet"
        assert (await client.get("/v1/lamps")).status_code == 503
        told = await scraper.told()
        assert 0 < told["service_issuer_away_seconds",] < 60
        assert ("service_issuer_keys_age_seconds",) not in told
        assert re.fullmatch(r"the issuer of tokens has not told its keys for \d+ s", (await attention(client))[0])
    async with running(service, settings, bearer(issuer), worker=False) as (client, scraper, _):
        assert (await client.get("/v1/lamps")).status_code == 200
        told = await scraper.told()
        assert told["service_issuer_away_seconds",] == 0
        assert 0 <= told["service_issuer_keys_age_seconds",] < 60


async def test_requests_are_told_by_routes_and_by_nothing_that_was_sent(settings: Settings, issuer: Issuer) -> None:
    async with running(service, settings, bearer(issuer), worker=False) as (client, scraper, _):
        made = await client.post("/v1/lamps", json=LAMP | {"label": "Mme Planchon"})
        lamp = made.headers["location"]
        for path in (lamp, f"{lamp}/events", f"{lamp}/shade", "/v1/report", "/ready", "/nowhere/at/all"):
            await client.get(path)
        await client.post(f"{lamp}/light")
        for number in range(50):
            await client.get(f"/v1/lamps/Planchon-{number}")
            await client.get(f"/v1/lamps/Planchon/events/Planchon-{number}")
            await client.post(f"/v1/lamps/Planchon/verb-{number}")
            await client.get(f"/Planchon-{number}", params={"name": "Planchon"})
            await client.request(f"PLANCHON{number}", lamp)
        text = await scraper.text()
    assert "lanchon" not in text.lower()
    counted = Counter(re.findall(r'duration_seconds_count\{.*?http_route="([^"]*)"', text))
    assert counted.keys() == {
        "/v1/lamps",
        "/v1/lamps/{id}",
        "/v1/lamps/{id}/events",
        "/v1/lamps/{id}/light",
        "/v1/lamps/{id}/…",
        "/v1/lamps/{lamp}/shade",
        "/v1/report",
        "/ready",
        "",
    }
    methods = set(re.findall(r'http_request_method="([^"]*)"', text))
    assert methods == {"GET", "POST", "_OTHER"}
    assert sum(counted.values()) < 20


def test_a_distribution_counts_a_value_up_to_each_bound() -> None:
    found = Distribution((1, 2, 4))
    for number in (0.5, 1, 1.5, 4, 5):
        found.add(number)
    assert (found.counts, found.total) == ([2, 1, 1, 1], 12)


def test_a_sample_has_the_labels_of_its_metric() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        COMMANDS.at(1, "lamp")


def test_the_page_for_ops_has_every_metric() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    assert table(METRICS) in page
