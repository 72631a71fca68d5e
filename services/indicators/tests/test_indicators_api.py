"""The indicators over HTTP: parameters, CSV, lineage, refusals, documentation."""

import asyncio
import base64
import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import ModuleType
from typing import Any, Final

import asyncpg
import httpx
import pytest

from contracts.companies import booking, company, equipment, investment
from contracts.companies.booking import BookingApproved
from contracts.companies.company import CompanyActivated
from contracts.companies.equipment import EquipmentEnteredService, EquipmentRetired
from contracts.companies.investment import (
    AmountSpentCorrected,
    Evidence,
    GrantAwarded,
    InvestmentCompleted,
    JobsAudited,
)
from contracts.employment import hire, vacancy
from contracts.language import Sentence
from contracts.model import PARIS
from contracts.registry import Registry
from contracts.values import sample_siret
from contracts.youth_events import offer, placement
from devstack.issuer import Issuer
from devstack.log import Log, deliver
from devstack.prepared import prepare
from indicators import sentences
from indicators.api import routes
from indicators.app import app
from indicators.catalogue import catalogue
from indicators.projection import Projection
from service.application import build
from service.clock import today
from service.definition import Service
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

FONDERIE: Final = sample_siret(1)
USINAGE: Final = sample_siret(2)
INDICATORS: Final = "/indicators/v1/indicators"


@pytest.fixture(scope="module")
async def indicators(shared_database: str) -> str:
    """The address of a database where the history is folded; the tests only read."""
    await prepare(shared_database, app.all_migrations)
    connection = await asyncpg.connect(shared_database)
    projection = Projection(catalogue)
    await deliver(connection, projection.subscription, projection, history().messages)
    await connection.close()
    return shared_database


@asynccontextmanager
async def serving(
    database: str, issuer: Issuer, service: Service = app, scopes: str = "indicators:read"
) -> AsyncIterator[httpx.AsyncClient]:
    """A partner's client of the service on a database."""
    settings = Settings(
        database_url=database,
        kafka_bootstrap="localhost:9",
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
    )
    application = build(service, settings, worker=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application),
            base_url="http://territory.test",
            headers={"Authorization": f"Bearer {issuer.token(scopes)}"},
        ) as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def client(indicators: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(indicators, issuer) as client:
        yield client


def of(siret: str, on: date, zone: str | None = "zi-limoise") -> dict[str, Any]:
    return {"company": siret, "naf": "25.62B", "commune": "36088", "zone": zone, "effective_on": on}


def history() -> Log:
    """Two companies, an investment each, a grant, an audit and a correction; a machine that one of them booked."""
    log = Log("companies")
    log.append(f"company-{FONDERIE}", CompanyActivated(**of(FONDERIE, date(2018, 3, 1)), headcount=120, size_band="22"))
    log.append(
        f"company-{USINAGE}",
        CompanyActivated(**of(USINAGE, date(2019, 9, 1), None), headcount=12.5, size_band="11"),
    )
    log.append(
        "investment-01890f0e-7c2b-7cc3-8000-000000000001",
        InvestmentCompleted(**of(FONDERIE, date(2021, 4, 20)), axis=2, amount=800_000, amount_spent=790_000),
        AmountSpentCorrected(
            **of(FONDERIE, date(2021, 7, 1)),
            axis=2,
            reason="audit_finding",
            amount_spent_before=790_000,
            amount_spent=795_000,
            completed_on=date(2021, 4, 20),
        ),
        JobsAudited(
            **of(FONDERIE, date(2021, 12, 31)),
            axis=2,
            created_before=0,
            created=2.5,
            maintained_before=0,
            maintained=110,
            audited_before=None,
            evidence=Evidence(kind="dsn", reference="DSN-2021-12", dated=date(2021, 12, 31)),
        ),
    )
    log.append(
        "investment-01890f0e-7c2b-7cc3-8000-000000000002",
        GrantAwarded(
            **of(USINAGE, date(2022, 5, 10), None),
            axis=6,
            funder="state",
            scheme="france-relance",
            eligible_base=100_000,
            aid_rate=0.4,
            amount=40_000,
        ),
        InvestmentCompleted(**of(USINAGE, date(2022, 6, 1), None), axis=6, amount=100_000, amount_spent=105_000),
    )
    machine: dict[str, Any] = {
        "equipment": "cobot-1",
        "kind": "robotics",
        "commune": "36088",
        "weekdays": ("monday", "thursday"),
        "opens": 8,
        "closes": 18,
    }
    log.append(
        "equipment-cobot-1",
        EquipmentEnteredService(**machine, effective_on=date(2023, 1, 2), weekly_hours=20),
        EquipmentRetired(**machine, effective_on=date(2023, 2, 28), weekly_hours=0, reason="sold"),
    )
    starts = datetime(2023, 1, 5, 9, tzinfo=PARIS)
    slot: dict[str, Any] = {"equipment": "cobot-1", "starts": starts, "ends": starts + timedelta(hours=8), "hours": 8}
    log.append(
        "booking-01890f0e-7c2b-7cc3-8000-000000000003", BookingApproved(**of(USINAGE, date(2023, 1, 3), None), **slot)
    )
    return log


async def read(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(
        f"{INDICATORS}{path}", params={name.rstrip("_"): value for name, value in parameters.items()}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_catalogue_lists_every_indicator_with_its_current_value(client: httpx.AsyncClient) -> None:
    answer = await read(client, "")
    entries = {item["name"]: item for item in answer["items"]}
    assert list(entries) == list(catalogue)
    assert entries["members"] == {
        "name": "members",
        "title": "Active member companies",
        "definition": catalogue["members"].definition,
        "unit": "companies",
        "kind": "level",
        "definition_version": 1,
        "dimensions": ["company", "naf", "commune", "zone"],
        "events": ["CompanyActivated", "CompanyLeft", "CompanyReinstated", "CompanySuspended"],
        "of": [],
        "target": 30,
        "href": f"{INDICATORS}/members",
        "value": 2,
        "n": 2,
        "as_of": "2026-01-05T08:00:02Z",
    }
    assert entries["cost_per_job"]["of"] == ["invested_productive", "jobs_created"]
    assert entries["cost_per_job"]["value"] == 360_000
    assert {name: entry["kind"] for name, entry in entries.items() if name.startswith("platform")} == {
        "platform_hours_booked": "sum",
        "platform_open_hours": "duration",
        "platform_use": "formula",
        "platform_companies": "contributors",
    }
    assert entries["platform_companies"]["of"] == ["platform_hours_booked"]
    assert entries["platform_companies"]["events"] == entries["platform_hours_booked"]["events"]
    assert entries["platform_use"]["dimensions"] == ["equipment"]
    assert answer["positions"]["companies"]["position"] == 19


async def test_a_figure_says_what_it_is_made_of(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/invested_productive", to="2021-12-31")
    partitions = answer["positions"]["companies"].pop("partitions")
    assert max(partitions.values()) == 19
    assert answer == {
        "name": "invested_productive",
        "value": 795_000,
        "unit": "EUR",
        "n": 1,
        "as_of": "2026-01-05T08:00:04Z",
        "positions": {"companies": {"position": 19}},
        "definition_version": 1,
        "from": None,
        "to": "2021-12-31",
        "known_on": None,
        "excluded": None,
        "events": f"{INDICATORS}/invested_productive/events?to=2021-12-31",
        "cells": [],
    }


async def test_whole_numbers_are_written_without_a_point(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{INDICATORS}/headcount", params={"by": "company"})
    assert '"value":132.5' in answer.text
    assert '"value":120,' in answer.text


async def test_by_takes_several_dimensions_in_either_form(client: httpx.AsyncClient) -> None:
    expected = [
        {"zone": "zi-limoise", "month": "2021-04", "value": 795_000, "n": 1},
        {"zone": None, "month": "2022-06", "value": 105_000, "n": 1},
    ]
    assert (await read(client, "/invested_productive", by="zone,month"))["cells"] == expected
    assert (await read(client, "/invested_productive", by=["zone", "month"]))["cells"] == expected


@pytest.mark.parametrize(
    ("name", "by", "expected"),
    [
        ("invested_productive", "axis", [(2, 795_000), (6, 105_000)]),
        ("invested_productive", "naf", [("25.62B", 900_000)]),
        ("jobs_maintained", "commune", [("36088", 110)]),
        ("grants_granted", "funder", [("state", 40_000)]),
        ("grants_granted", "company", [(USINAGE, 40_000)]),
        ("cost_per_job", "axis", [(2, 318_000)]),
        ("members", "zone", [("zi-limoise", 1), (None, 1)]),
        ("platform_hours_booked", "equipment", [("cobot-1", 8)]),
        ("platform_open_hours", "equipment", [("cobot-1", 162.86)]),
        ("platform_use", "equipment", [("cobot-1", 0.0491)]),
        ("platform_use", "month", [("2023-01", 0.0933), ("2023-02", 0)]),
        ("platform_companies", "zone", [(None, 1)]),
    ],
)
async def test_each_dimension(client: httpx.AsyncClient, name: str, by: str, expected: list[Any]) -> None:
    answer = await read(client, f"/{name}", by=by)
    assert [(cell[by], cell["value"]) for cell in answer["cells"]] == expected


async def test_from_and_to_bound_the_days_on_which_things_took_effect(client: httpx.AsyncClient) -> None:
    assert (await read(client, "/invested_productive", from_="2021-04-21"))["value"] == 105_000
    assert (await read(client, "/invested_productive", from_="2021-04-20", to="2022-05-31"))["value"] == 795_000
    assert (await read(client, "/members", to="2019-08-31"))["value"] == 1


async def test_a_level_by_month_between_two_days(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/headcount", by="month", from_="2019-08-15", to="2019-10-15")
    assert [(cell["month"], cell["value"]) for cell in answer["cells"]] == [
        ("2019-08", 120),
        ("2019-09", 132.5),
        ("2019-10", 132.5),
    ]
    assert answer["value"] == 132.5


async def test_known_on(client: httpx.AsyncClient) -> None:
    assert (await read(client, "/members", known_on="2026-01-04"))["value"] == 0
    answer = await read(client, "/members", known_on="2026-01-05")
    assert (answer["value"], answer["known_on"]) == (2, "2026-01-05")


async def test_without_the_largest(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/headcount", without="largest", by="zone")
    assert (answer["value"], answer["excluded"]) == (12.5, FONDERIE)
    assert answer["cells"] == [{"zone": None, "value": 12.5, "n": 1}]
    assert answer["events"] == f"{INDICATORS}/headcount/events?without=largest"


async def test_only_what_has_a_dimension(client: httpx.AsyncClient) -> None:
    assert (await read(client, "/invested_productive", axis=6))["value"] == 105_000
    assert (await read(client, "/invested_productive", company=FONDERIE, zone="zi-limoise"))["value"] == 795_000
    assert (await read(client, "/invested_productive", naf="2562B"))["value"] == 900_000
    assert (await read(client, "/grants_granted", funder="region"))["value"] == 0
    assert (await read(client, "/platform_use", equipment="cobot-1", to="2023-01-15"))["value"] == 0.2
    assert (await read(client, "/platform_use", equipment="cobot-2"))["value"] is None


async def test_a_duration_says_the_day_it_ends(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/platform_open_hours", from_="2023-02-21")
    assert (answer["value"], answer["n"], answer["to"]) == (20, 1, str(today()))
    assert answer["events"] == f"{INDICATORS}/platform_open_hours/events?from=2023-02-21&to={today()}"
    assert (await read(client, "/platform_use"))["to"] == str(today())
    assert (await read(client, "/platform_companies"))["to"] is None


async def table(client: httpx.AsyncClient, path: str, accept: str = "text/csv", **parameters: str) -> list[list[str]]:
    answer = await client.get(f"{INDICATORS}{path}", params=parameters, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Authorization"
    return list(csv.reader(io.StringIO(answer.text)))


async def test_csv_has_the_same_numbers(client: httpx.AsyncClient) -> None:
    assert await table(client, "/invested_productive", by="zone,month") == [
        ["indicator", "zone", "month", "value", "unit", "n"],
        ["invested_productive", "zi-limoise", "2021-04", "795000", "EUR", "1"],
        ["invested_productive", "", "2022-06", "105000", "EUR", "1"],
    ]
    assert await table(client, "/headcount", "application/json;q=0.5, text/csv") == [
        ["indicator", "value", "unit", "n"],
        ["headcount", "132.5", "FTE", "2"],
    ]
    assert (await table(client, "/cost_per_job", to="2020-12-31"))[1] == ["cost_per_job", "", "EUR/job", "0"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/csv;q=0.5, application/json", "text/html"])
async def test_json_is_what_others_get(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get(f"{INDICATORS}/members", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"


# Lineage


async def test_the_events_behind_a_figure_lead_to_their_streams(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/invested_productive/events", to="2021-12-31")
    assert [(item["type"], item["value"]) for item in answer["items"]] == [
        ("InvestmentCompleted", 790_000),
        ("AmountSpentCorrected", -790_000),
        ("AmountSpentCorrected", 795_000),
    ]
    recorded = history().messages
    stream = "investment-01890f0e-7c2b-7cc3-8000-000000000001"
    assert answer["items"][1] | {"event_id": "-"} == {
        "indicator": "invested_productive",
        "event_id": "-",
        "type": "AmountSpentCorrected",
        "service": "companies",
        "topic": "companies",
        "subject": stream,
        "ordinal": 0,
        "position": next(each.position for each in recorded if each.type == "AmountSpentCorrected"),
        "effective_on": "2021-04-20",
        "recorded_at": "2026-01-05T08:00:04Z",
        "value": -790_000,
        "dimensions": {"company": FONDERIE, "axis": 2, "naf": "25.62B", "commune": "36088", "zone": "zi-limoise"},
        "href": "/companies/v1/investments/01890f0e-7c2b-7cc3-8000-000000000001/events",
    }


async def test_a_formulas_events_are_those_of_its_inputs(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/cost_per_job/events", to="2021-12-31", axis=2)
    assert [(item["indicator"], item["value"]) for item in answer["items"]] == [
        ("invested_productive", 790_000),
        ("invested_productive", -790_000),
        ("invested_productive", 795_000),
        ("jobs_created", 2.5),
    ]
    assert answer["inputs"][1] == {
        "name": "jobs_created",
        "href": f"{INDICATORS}/jobs_created?to=2021-12-31&axis=2",
        "events": f"{INDICATORS}/jobs_created/events?to=2021-12-31&axis=2",
    }
    figure = await client.get(answer["inputs"][1]["href"])
    assert figure.json()["value"] == 2.5


async def test_pages_follow_each_other_and_add_up(client: httpx.AsyncClient) -> None:
    values = []
    answer = await client.get(f"{INDICATORS}/cost_per_job/events", params={"limit": 1, "from": "2021-01-01"})
    while True:
        [item] = answer.json()["items"]
        values.append((item["indicator"], item["value"]))
        if "next" not in answer.links:
            break
        answer = await client.get(answer.links["next"]["url"])
    assert values == [
        ("invested_productive", 790_000),
        ("invested_productive", -790_000),
        ("invested_productive", 795_000),
        ("invested_productive", 105_000),
        ("jobs_created", 2.5),
    ]


async def test_the_events_of_the_platforms_use_are_those_of_its_hours(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/platform_use/events", from_="2023-01-02", to="2023-01-08")
    assert [(item["indicator"], item["type"], item["value"]) for item in answer["items"]] == [
        ("platform_open_hours", "EquipmentEnteredService", 20),
        ("platform_hours_booked", "BookingApproved", 8),
    ]
    assert answer["items"][0]["href"] == "/companies/v1/equipment/cobot-1/events"
    assert answer["inputs"][1]["href"] == f"{INDICATORS}/platform_hours_booked?from=2023-01-02&to=2023-01-08"
    until_today = await read(client, "/platform_use/events")
    assert until_today["inputs"][1]["href"] == f"{INDICATORS}/platform_hours_booked?to={today()}"
    behind = await read(client, "/platform_companies/events")
    assert [item["indicator"] for item in behind["items"]] == ["platform_hours_booked"]
    assert [each["name"] for each in behind["inputs"]] == ["platform_hours_booked"]


# What is refused


@pytest.mark.parametrize(
    ("path", "parameters", "parameter", "says"),
    [
        ("/jobs_created", {"by": "funder"}, "by", "company, axis, naf, commune, zone, month"),
        ("/members", {"by": "colour"}, "by", "company, naf, commune, zone, month"),
        ("/cost_per_job", {"by": "company,funder"}, "by", "no funder"),
        ("/members", {"by": ""}, "by", "company, naf, commune, zone, month"),
        ("/members", {"axis": "2"}, "axis", "company, naf, commune, zone"),
        ("/members", {"equipment": "cobot-1"}, "equipment", "company, naf, commune, zone"),
        ("/platform_open_hours", {"by": "company"}, "by", "equipment, month"),
        ("/platform_use", {"company": sample_siret(1)}, "company", "has only equipment"),
        ("/platform_hours_booked", {"equipment": "Cobot 1"}, "equipment", "lower-case"),
        ("/platform_open_hours", {"from": "2100-12-31"}, "from", "ends today"),
        ("/jobs_created", {"axis": "8"}, "axis", "1 to 7"),
        ("/members", {"company": "123"}, "company", "14 digits"),
        ("/members", {"to": "31/12/2023"}, "to", "2024-05-13"),
        ("/members", {"to": "2023-02-30"}, "to", "2024-05-13"),
        ("/members", {"to": "1703980800"}, "to", "2024-05-13"),
        ("/members", {"to": "9999-12-31"}, "to", "2100-12-31"),
        ("/members", {"from": "1000-01-01", "by": "month"}, "from", "1900-01-01"),
        ("/members", {"known_on": "1899-12-31"}, "known_on", "1900-01-01"),
        ("/members", {"known_on": "yesterday"}, "known_on", "2024-05-13"),
        ("/members", {"from": "2024-01-02", "to": "2024-01-01"}, "from", "after"),
        ("/members", {"without": "largest"}, "without", "members"),
        ("/headcount", {"without": "smallest"}, "without", "largest"),
        ("/members", {"frm": "2024-01-02"}, "frm", ""),
        ("/members/events", {"by": "zone"}, "by", ""),
        ("/members/events", {"limit": "0"}, "limit", "1"),
        ("/members/events", {"limit": "201"}, "limit", "200"),
        ("/members/events", {"cursor": "x"}, "cursor", "cursor"),
        ("/members/events", {"cursor": "e30="}, "cursor", "cursor"),
        ("/members/events", {"cursor": "\x00é"}, "cursor", "cursor"),
    ],
)
async def test_a_question_that_has_no_answer_is_refused_with_its_parameter(
    client: httpx.AsyncClient, path: str, parameters: dict[str, str], parameter: str, says: str
) -> None:
    answer = await client.get(f"{INDICATORS}{path}", params=parameters)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [fault] = answer.json()["errors"]
    assert fault["parameter"] == parameter
    assert says in fault["detail"]


@pytest.mark.parametrize(
    ("path", "parameters", "status", "says"),
    [
        ("/nothing", {}, 404, "aucun indicateur ne porte ce nom"),
        ("/members", {"by": "colour"}, 422, "members ne se ventile pas par colour"),
        ("/members", {"axis": "2"}, 422, "members n'a que les dimensions suivantes : company, naf, commune, zone"),
        ("/members", {"from": "2024-01-02", "to": "2024-01-01"}, 422, "2024-01-02 est postérieur à `to`"),
        ("/platform_use", {"from": "2100-12-31"}, 422, "s'arrête à aujourd'hui"),
        ("/members", {"without": "largest"}, 422, "ne se calcule pas sans son principal contributeur"),
        ("/headcount", {"without": "smallest"}, 422, "valeurs possibles : 'largest'"),
        ("/members", {"company": "123"}, 422, "un SIRET compte 14 chiffres"),
        ("/members/events", {"limit": "0"}, 422, "le nombre doit être au moins égal à 1"),
        ("/members/events", {"cursor": "x"}, 422, "ce n'est pas un curseur fourni par cette liste"),
        ("/members/events", {"by": "zone"}, 422, "ce paramètre n'existe pas"),
    ],
)
async def test_a_question_that_has_no_answer_is_refused_in_french(
    client: httpx.AsyncClient, path: str, parameters: dict[str, str], status: int, says: str
) -> None:
    answer = await client.get(f"{INDICATORS}{path}", params=parameters, headers={"Accept-Language": "fr"})
    assert (answer.status_code, answer.headers["content-language"]) == (status, "fr")
    assert says in answer.json()["detail"]


def test_every_sentence_is_in_both_languages() -> None:
    said = [value for value in vars(sentences).values() if isinstance(value, Sentence)]
    assert said
    assert [sentence for sentence in said if sentence.fr == sentence.en] == []


async def test_a_forged_cursor_reads_nothing_beyond_the_projection(client: httpx.AsyncClient) -> None:
    for forged in (
        {"at": {"companies": {"0": 10**6}}, "after": [0, "companies", 0, 0]},
        {"at": {"companies": {"0": -(10**30)}}, "after": [0, "companies", 0, 0]},
        {"at": {"companies": {}}, "after": [0, "companies", 0, 0]},
        {"at": {"\x00": {"0": 0}}, "after": [0, "companies", 0, 0]},
        {"at": {}, "after": [0, "companies", 10**30, 0]},
        {"at": {}, "after": [-1, "companies", 1, 0]},
        {"at": {}, "after": [0, "\x00", 1, 0]},
    ):
        cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
        answer = await client.get(f"{INDICATORS}/members/events", params={"cursor": cursor})
        assert answer.status_code == 422, forged
    cursor = base64.urlsafe_b64encode(b'{"at":{},"after":[9,"companies",1,0]}').decode()
    assert (await read(client, "/members/events", cursor=cursor))["items"] == []


@pytest.mark.parametrize("path", ["/unemployment", "/unemployment/events", "/members/history"])
async def test_an_unknown_indicator_or_path_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"{INDICATORS}{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/indicators/problems/not-found"


@pytest.mark.parametrize("path", ["", "/members", "/members/events"])
async def test_reading_needs_a_token_with_the_scope(client: httpx.AsyncClient, issuer: Issuer, path: str) -> None:
    unknown = await client.get(f"{INDICATORS}{path}", headers={"Authorization": ""})
    assert unknown.status_code == 401
    assert unknown.headers["www-authenticate"].startswith("Bearer")
    elsewhere = {"Authorization": f"Bearer {issuer.token('companies:read indicators:write')}"}
    forbidden = await client.get(f"{INDICATORS}{path}", headers=elsewhere)
    assert forbidden.status_code == 403
    assert forbidden.json()["scope"] == "indicators:read"


async def test_only_get(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{INDICATORS}/members", json={})
    assert answer.status_code == 405


async def test_while_figures_are_folded_anew_they_are_not_served(client: httpx.AsyncClient, indicators: str) -> None:
    connection = await asyncpg.connect(indicators)
    await connection.execute("UPDATE marks SET caught_up = false WHERE partition = 0")
    answer = await client.get(f"{INDICATORS}/members")
    await connection.execute("UPDATE marks SET caught_up = true")
    await connection.close()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_without_its_database_it_says_when_to_come_back(issuer: Issuer, free_tcp_port: int) -> None:
    async with serving(f"postgresql://nobody@127.0.0.1:{free_tcp_port}/indicators", issuer) as client:
        for path in ("", "/members", "/members/events"):
            answer = await asyncio.wait_for(client.get(f"{INDICATORS}{path}"), 2)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0


async def test_the_document_describes_every_route(client: httpx.AsyncClient) -> None:
    document = (await client.get("/indicators/openapi.json")).json()
    paths = {path: operations["get"] for path, operations in document["paths"].items() if "/v1/indicators" in path}
    assert len(paths) == 3
    for path, operation in paths.items():
        assert operation["summary"], path
        assert operation["description"], path
        assert {"200", "401", "403"} <= operation["responses"].keys(), path
        assert all(
            parameter["description"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
        ), path
    figure: Callable[..., Any] = paths["/v1/indicators/{name}"]["responses"]["200"]["content"].get
    assert figure("text/csv")["example"]
    assert figure("application/json")


def about_persons(module: ModuleType) -> ModuleType:
    """A module of events as it would be if its streams were each about a person."""
    made = ModuleType(module.__name__)
    vars(made).update(vars(module), CATEGORY=replace(module.CATEGORY, persons=True))
    return made


async def test_what_is_behind_a_figure_about_persons_needs_a_scope_of_its_own(
    indicators: str, issuer: Issuer, client: httpx.AsyncClient
) -> None:
    registry = Registry([company, about_persons(investment), equipment, booking, hire, vacancy, offer, placement])
    service = replace(app, router=routes(catalogue, registry))
    behind = [f"/v1/indicators/{name}/events" for name in ("jobs_created", "cost_per_job")]
    async with serving(indicators, issuer, service) as partner:
        for path in behind:
            refused = await partner.get(path)
            assert (refused.status_code, refused.json()["type"]) == (403, "/indicators/problems/scope-missing")
            assert refused.json()["scope"] == "indicators:persons"
        for path in ("jobs_created", "cost_per_job?by=axis", "headcount/events", "platform_companies/events"):
            assert (await partner.get(f"/v1/indicators/{path}")).is_success
        assert (await partner.get("/v1/indicators/nothing/events")).status_code == 404
    async with serving(indicators, issuer, service, "indicators:read indicators:persons") as partner:
        for path in behind:
            assert (await partner.get(path)).json() == (await client.get(path)).json()
    async with serving(indicators, issuer, service, "indicators:persons") as partner:
        assert (await partner.get(behind[0])).json()["scope"] == "indicators:read"
