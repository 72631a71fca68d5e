"""The programme's lines as partners' frontends read them: over HTTP, on a real database; and from commands to the
line, over a real broker."""

import asyncio
import csv
import io
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx
import pytest
from proving import EMPTY, fold
from replays import calling

from contracts.companies.company import CompanyActivated
from contracts.employment.hire import HireRecorded
from contracts.indicators.action import (
    ActionAdopted,
    ActionProposed,
    ActionStarted,
    MilestoneReached,
    PlannedMilestone,
    SpendingRecorded,
)
from contracts.indicators.target import TargetSet
from contracts.registry import REGISTRY
from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.log import Log, deliver
from devstack.prepared import prepare
from eventstore.kafka.topics import ensure_topic
from indicators.app import app
from indicators.catalogue import catalogue
from indicators.partners import SUBSCRIPTION, keep
from service.clock import today

pytestmark = pytest.mark.anyio

PROGRAMME: Final = "/v1/programme"
SET: Final = date(2024, 1, 15)
ADOPTED: Final = date(2024, 2, 12)
ACTION: Final[dict[str, Any]] = {"axis": 7, "pilot": "mission_locale", "budget": 1_000}
PLAN: Final[dict[str, Any]] = {"planned_from": ADOPTED, "planned_until": date(2027, 12, 31)}
SOMEBODY: Final = "01890f0e-7c2b-7cc3-8000-0123456789ab"
LONG_AGO: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)


def hired(number: int, on: date) -> HireRecorded:
    company: dict[str, Any] = {
        "company": sample_siret(number),
        "naf": "25.62B",
        "commune": "36088",
        "zone": "zi-limoise",
    }
    said: dict[str, Any] = {"application": None, "vacancy": None, "investment": None, "seeker": SOMEBODY, "flags": ()}
    contract: dict[str, Any] = {
        "rome": "H2901",
        "contract": "permanent",
        "weekly_hours": 35,
        "hired_on": on,
        "effective_on": on,
    }
    return HireRecorded(**company, **said, **contract)


def told() -> list[Log]:
    """An action of axis 7 that is late, its targets, hires, and an old word of the network's."""
    steering, hires, companies = Log("indicators"), Log("employment.persons"), Log("companies", sample=True)
    steering.roles = ("steering",)
    planned = [date(2024, 9, 30), date(2025, 12, 19), date(2099, 12, 31)]
    milestones = tuple(
        PlannedMilestone(milestone=number, title="Jalon", planned_on=day, late_from=day + timedelta(days=1))
        for number, day in enumerate(planned, 1)
    )
    steering.append(
        "action-1",
        ActionProposed(
            **ACTION, **PLAN, status="proposed", title="Plein emploi", partners=(), indicators=(), effective_on=SET
        ),
        ActionAdopted(**ACTION, **PLAN, status="adopted", milestones=milestones, effective_on=ADOPTED),
    )
    steering.roles = ("mission_locale",)
    going: dict[str, Any] = {**ACTION, "status": "in_progress"}
    first: dict[str, Any] = {"milestone": 1, "planned_on": planned[0], "late_from": date(2024, 10, 1)}
    steering.append(
        "action-1",
        ActionStarted(**going, planned_from=ADOPTED, effective_on=date(2024, 4, 2)),
        MilestoneReached(**going, **first, effective_on=date(2024, 9, 23)),
        SpendingRecorded(**going, spending=1, amount=250, spent=250, effective_on=date(2025, 6, 30)),
    )
    aimed: dict[str, Any] = {"title": "Hires", "unit": "hires", "dimensions": {}, "effective_on": SET}
    due, ever = date(2099, 12, 31), date(2026, 1, 1)
    steering.roles = ("steering",)
    for number, (indicator, axis, value, until) in enumerate(
        [("hires", None, 2, due), ("hires_sustained", 7, 5, ever), ("members", None, 30, due), ("members", 2, 12, due)]
    ):
        aim = {"indicator": indicator, "axis": axis, "aim": "at_least", "value": value, "due": until}
        steering.append(f"target-{number}", TargetSet(**{**aimed, **aim}))
    hires.roles = ("france_travail",)
    hires.now = datetime.combine(today() - timedelta(days=1), datetime.min.time(), UTC)
    for number in range(3):
        hires.append(f"hire-{number}", hired(number, date(2025, 5, 5)))
    companies.roles = ("network",)
    companies.append("company-0", CompanyActivated(**_member(), effective_on=SET))
    return [steering, hires, companies]


async def heard(pool: asyncpg.Pool, *logs: Log) -> None:
    async with pool.acquire() as connection:
        for log in logs:
            await deliver(connection, SUBSCRIPTION, keep, log.messages, topic=f"test.{log.service}.v1")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare(database, app.all_migrations)
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        yield pool


@pytest.fixture
async def client(pool: asyncpg.Pool, database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    logs = told()
    await fold(pool, catalogue.chapters.values(), *logs)
    await heard(pool, *logs)
    async with calling(app, database, issuer) as client:
        client.headers["Authorization"] = f"Bearer {issuer.token('indicators:read', ['school'])}"
        client.base_url = httpx.URL(f"{client.base_url}/indicators")
        yield client


def read(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_line_tells_how_an_axis_stands_and_why(client: httpx.AsyncClient) -> None:
    programme = read(await client.get(PROGRAMME))
    assert [line["axis"] for line in programme["items"]] == [1, 2, 3, 4, 5, 6, 7]
    assert (programme["as_of"], programme["known_on"]) == (today().isoformat(), None)
    line = programme["items"][6]
    assert line["label"] == {"en": "Full employment", "fr": "Plein emploi"}
    assert line["status"] == "late"
    assert [reason["code"] for reason in line["reasons"]] == ["milestones-late", "targets-missed"]
    assert line["reasons"][0]["label"] == {"en": "1 milestone is late", "fr": "1 jalon est en retard"}
    assert line["reasons"][1]["label"] == {
        "en": f"not reached by its day: « {catalogue['hires_sustained'].title} »",
        "fr": "objectif non atteint à son échéance : hires_sustained",
    }
    assert line["actions"].pop("href") == "/indicators/v1/actions?axis=7"
    assert {status: count for status, count in line["actions"].items() if count} == {"in_progress": 1}
    assert line["milestones"] == {"planned": 3, "reached": 1, "late": 1}
    assert line["money"] == {"budget": 1_000, "spent": 250, "share": 0.25}
    assert [(each["indicator"], each["now"], each["value"], each["status"]) for each in line["targets"]] == [
        ("hires_sustained", 0, 5, "missed"),
        ("hires", 3, 2, "reached"),
    ]
    assert not line["sample"]
    nothing = programme["items"][3]
    assert (nothing["status"], nothing["headline"]["indicator"], nothing["targets"]) == ("no_plan", "skill_gap", [])
    assert {point["value"] for point in nothing["headline"]["points"]} == {0}
    assert [(each["indicator"], each["value"]) for each in programme["targets"]] == [("members", 30)]


async def test_what_is_told_is_where_it_says(client: httpx.AsyncClient) -> None:
    line = read(await client.get(f"{PROGRAMME}/7"))
    for target in line["targets"]:
        figure = read(await client.get(target["href"].removeprefix("/indicators")))
        assert figure["value"] == target["now"]
    headline = line["headline"]
    figure = read(await client.get(headline["href"].removeprefix("/indicators")))
    shown = [(cell["quarter"], cell["value"]) for cell in figure["cells"]]
    assert shown == [(point["quarter"], point["value"]) for point in headline["points"]]
    assert len(shown) == 4
    (same,) = [each for each in read(await client.get(PROGRAMME))["items"] if each["axis"] == 7]
    assert {name: line[name] for name in same} == same
    assert line["positions"]["partners"].keys() == {"indicators", "employment.persons", "companies"}
    assert {"actions", "steering", "employment"} <= line["positions"].keys()


async def test_a_sum_is_measured_from_nothing_and_what_is_to_stay_below_by_the_month(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    log = Log("indicators")
    said: dict[str, Any] = {"title": "Hires", "unit": "hires", "dimensions": {"zone": "zi-limoise"}, "axis": None}
    for number, (indicator, aim, value) in enumerate(
        [("diverted_tonnes", "at_least", 1), ("hires", "at_most", 2), ("hires", "at_least", 3_000)]
    ):
        said |= {"indicator": indicator, "aim": aim, "value": value, "due": date(2099, 12, 1 + number)}
        log.append(f"target-{number}", TargetSet(**said, effective_on=SET))
    await pool.execute(EMPTY)
    await fold(pool, catalogue.chapters.values(), *told()[1:], log)
    await heard(pool, log)
    found = read(await client.get(f"{PROGRAMME}/7"))["targets"]
    assert [(each["now"], each["status"]) for each in found] == [(0, "reached"), (3, "behind")]
    month = today().replace(day=1) - timedelta(days=1)
    first = f"from={month.replace(day=1)}&to={month}"
    assert found[0]["href"] == f"/indicators/v1/indicators/hires?{first}&zone=zi-limoise"
    assert 0 < found[1]["line"] < 3_000
    (tonnes,) = read(await client.get(f"{PROGRAMME}/1"))["targets"]
    assert (tonnes["now"], tonnes["status"]) == (None, "unknown")
    assert 0 < tonnes["line"] < 1


async def test_who_was_not_heard_of_for_a_quarter_is_flagged(client: httpx.AsyncClient) -> None:
    partners = {each["role"]: each for each in read(await client.get(f"{PROGRAMME}/7"))["partners"]}
    assert [*partners] == ["mission_locale", "france_travail", "company"]
    assert partners["mission_locale"]["last"] == {
        "on": "2026-01-05",
        "type": "SpendingRecorded",
        "service": "indicators",
        "sample": False,
    }
    assert partners["france_travail"]["last"]["type"] == "HireRecorded"
    assert partners["company"]["last"] is None
    assert {role: each["silent"] for role, each in partners.items()} == {
        "mission_locale": True,
        "france_travail": False,
        "company": True,
    }
    # The committee is no partner, and what a company's membership tells is of no axis.
    everybody = read(await client.get(PROGRAMME))["items"]
    assert all(each["last"] is None for line in everybody[:6] for each in line["partners"])


async def test_the_programme_is_told_as_it_was_known(client: httpx.AsyncClient) -> None:
    before = read(await client.get(f"{PROGRAMME}/7", params={"known_on": "2026-01-04"}))
    assert (before["status"], before["as_of"], before["known_on"]) == ("no_plan", "2026-01-04", "2026-01-04")
    assert not any(each["last"] for each in before["partners"])
    then = read(await client.get(f"{PROGRAMME}/7", params={"known_on": "2026-04-07"}))
    assert [each["silent"] for each in then["partners"]] == [False, True, True]
    assert [(each["indicator"], each["now"]) for each in then["targets"]] == [("hires_sustained", 0), ("hires", 0)]
    later = read(await client.get(f"{PROGRAMME}/7", params={"known_on": "2026-04-08"}))
    assert [each["silent"] for each in later["partners"]] == [True, True, True]
    to_come = read(await client.get(PROGRAMME, params={"known_on": "2100-12-31"}))
    assert to_come["as_of"] == today().isoformat()


async def test_an_answer_is_kept_until_something_happens(client: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
    for path in (PROGRAMME, f"{PROGRAMME}/2"):
        tag = (await client.get(path)).headers["ETag"]
        assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 304
        assert (await client.get(path, params={"known_on": "2026-03-31"}, headers={"If-None-Match": tag})).is_success
        log = Log("mobility", roles=("epci",), now=LONG_AGO)
        log.append("company-1", CompanyActivated(**_member(), effective_on=SET))
        await heard(pool, log)
        assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200
        await pool.execute("DELETE FROM marks WHERE topic = 'test.mobility.v1'")


def _member() -> dict[str, Any]:
    place = {"company": sample_siret(1), "naf": "25.62B", "commune": "36088", "zone": None}
    return {**place, "headcount": 9, "size_band": "03"}


async def test_a_table_has_a_row_for_each_axis_in_the_readers_language(client: httpx.AsyncClient) -> None:
    answer = await client.get(PROGRAMME, headers={"Accept": "text/csv", "Accept-Language": "fr"})
    assert answer.headers["Content-Language"] == "fr"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["axis"] for row in rows] == ["1", "2", "3", "4", "5", "6", "7"]
    last = rows[-1]
    assert (last["label"], last["status"], last["reasons"]) == (
        "Plein emploi",
        "late",
        "milestones-late targets-missed",
    )
    assert (last["in_progress"], last["milestones_late"], last["budget"], last["spent"]) == ("1", "1", "1000", "250")
    assert (last["targets_reached"], last["targets_missed"], last["silent"]) == ("1", "1", "mission_locale company")
    assert last["headline"] == "progress_2027"
    english = await client.get(PROGRAMME, headers={"Accept": "text/csv"})
    assert "Full employment" in english.text
    assert english.headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        (f"{PROGRAMME}/8", 404, "not-found"),
        (f"{PROGRAMME}/07", 404, "not-found"),
        (f"{PROGRAMME}?known_on=yesterday", 422, "invalid"),
        (f"{PROGRAMME}?zone=zi-limoise", 422, "invalid"),
    ],
)
async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient, path: str, status: int, slug: str) -> None:
    assert read(await client.get(path), status)["type"] == f"/indicators/problems/{slug}"


async def test_it_takes_the_scope_and_a_store_that_is_folded(
    client: httpx.AsyncClient, pool: asyncpg.Pool, issuer: Issuer
) -> None:
    async def caught_up(subscription: str, *, is_so: bool) -> None:
        change = "UPDATE marks SET caught_up = $1 WHERE starts_with(subscription, $2)"
        await pool.execute(change, is_so, subscription)

    other = {"Authorization": f"Bearer {issuer.token('companies:read')}"}
    assert read(await client.get(PROGRAMME, headers=other), 403)["type"].endswith("/scope-missing")
    for subscription, chapter in (("indicators-actions-", "actions"), (SUBSCRIPTION, "partners")):
        await caught_up(subscription, is_so=False)
        assert read(await client.get(PROGRAMME), 503)["parameters"] == {"chapter": chapter}
        await caught_up(subscription, is_so=True)
    for subscription in ("indicators-aim-", "indicators-employment-"):
        await caught_up(subscription, is_so=False)
    line = read(await client.get(f"{PROGRAMME}/7"))
    assert line["headline"] is None
    assert {each["status"] for each in line["targets"]} == {"unknown"}
    assert {each["href"] for each in line["targets"]} == {None}


async def test_a_batch_that_is_handled_again_changes_nothing(pool: asyncpg.Pool) -> None:
    await heard(pool, *told())
    before = await pool.fetch("SELECT * FROM heard ORDER BY 1, 2, 3, 4, 5, 6, 7")
    async with pool.acquire() as connection:
        for log in told():
            await keep(connection, log.messages[::-1])  # type: ignore[arg-type]  # a connection of the pool
    after = await pool.fetch("SELECT * FROM heard ORDER BY 1, 2, 3, 4, 5, 6, 7")
    assert len(before) == len(after) > 0


async def test_a_partner_is_heard_of_as_soon_as_he_decides(database: str, kafka: str, issuer: Issuer) -> None:
    await prepare(database, app.all_migrations)
    place = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    for topic in {category.topic for category in REGISTRY.categories}:
        await ensure_topic(kafka, f"{place['territory']}.{topic}.v1", 2)
    async with calling(app, database, issuer, worker=True, **place) as client, asyncio.timeout(120):

        def by(*roles: str) -> dict[str, str]:
            return {"Authorization": f"Bearer {issuer.token('indicators:read indicators:write', roles)}"}

        sheet = {
            "axis": 5,
            "title": "Réhabilitation",
            "pilot": "afpa",
            "budget": 10_000,
            "on": "2024-01-15",
            "planned_from": "2024-03-01",
            "planned_until": "2027-12-31",
        }
        actions = "/indicators/v1/actions"
        # Until the store is confirmed.
        while (answer := await client.post(actions, json=sheet, headers=by("steering"))).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        action = f"{actions}/{read(answer, 201)['id']}"
        read(await client.post(f"{action}/adopt", json={"on": "2024-02-01"}, headers=by("steering")))
        read(await client.post(f"{action}/start", json={"on": "2024-03-01"}, headers=by("afpa", "school")))
        while True:
            answer = await client.get(f"/indicators{PROGRAMME}/5", headers=by("ops"))
            if answer.is_success and answer.json()["actions"]["in_progress"] and answer.json()["partners"][1]["last"]:
                break
            await asyncio.sleep(0.1)
    line = read(answer)
    assert (line["status"], line["money"]["budget"]) == ("on_track", 10_000)
    assert {each["role"]: each["silent"] for each in line["partners"]} == {
        "town_hall": True,
        "afpa": False,
        "training_body": True,
    }
    assert line["partners"][1]["last"]["type"] == "ActionStarted"
    history = read(await _history(database, issuer, action))
    assert [each["metadata"]["roles"] for each in history["items"]] == [["steering"], ["steering"], ["afpa"]]


async def _history(database: str, issuer: Issuer, action: str) -> httpx.Response:
    async with calling(app, database, issuer) as client:
        token = issuer.token("indicators:read", ["ops"])
        return await client.get(f"{action}/events", headers={"Authorization": f"Bearer {token}"})
