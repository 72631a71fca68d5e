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

from contracts.companies import (
    booking,
    company,
    equipment,
    investment,
    meter,
    need,
    plot,
    survey,
    synergy,
    unit,
    waste_movement,
)
from contracts.companies.booking import BookingApproved
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanyLeft, HeadcountReported
from contracts.companies.equipment import EquipmentCommissioned, EquipmentEnteredService, EquipmentRetired
from contracts.companies.investment import (
    AmountSpentCorrected,
    Evidence,
    GrantAwarded,
    InvestmentCompleted,
    JobsAudited,
)
from contracts.employment import hire, labour_series, observation, vacancy
from contracts.employment import path as path_of_a_seeker
from contracts.employment.labour_series import LabourSeriesDeclared, SeriesBreak, SeriesBreakDeclared
from contracts.employment.observation import LabourObserved
from contracts.indicators.target import TargetSet
from contracts.language import Sentence
from contracts.mobility import (
    bike,
    bike_parking,
    carpool_area,
    loan,
    ride,
    service_reservation,
    shared_service,
    travel_survey,
)
from contracts.model import PARIS
from contracts.registry import Registry
from contracts.training import course, enrolment, rehabilitation, room, session, skill_need, skills_campaign
from contracts.values import sample_siret
from contracts.youth_events import class_booking, event, immersion, offer, placement
from devstack.issuer import Issuer
from devstack.log import Log, deliver
from devstack.prepared import prepare
from eventstore.kafka.envelope import Message
from indicators import network, sentences, steering
from indicators.api import COPYING, routes
from indicators.app import app
from indicators.catalogue import catalogue
from indicators.chapters import Catalogue, Chapter
from indicators.measures import Series, levels, mean, series
from indicators.names import SUBSCRIPTION, keep
from indicators.projection import Projection
from service.application import build
from service.clock import today
from service.definition import Service
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

FONDERIE: Final = sample_siret(1)
USINAGE: Final = sample_siret(2)
INDICATORS: Final = "/indicators/v1/indicators"
FIGURES: Final = "/indicators/v1/figures"
DIMENSIONS: Final = "/indicators/v1/dimensions"
LAST: Final = 25
"""The position of the last event of the history."""


@pytest.fixture(scope="module")
async def indicators(shared_database: str) -> str:
    """The address of a database where the history is folded; the tests only read."""
    await prepare(shared_database, app.all_migrations)
    connection = await asyncpg.connect(shared_database)
    await fold(connection, recorded())
    await connection.close()
    return shared_database


@pytest.fixture
async def prepared(database: str) -> str:
    """The address of a database of the test's own, without events."""
    await prepare(database, app.all_migrations)
    return database


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


def applied(siret: str, on: date, name: str | None) -> CompanyApplied:
    return CompanyApplied(**of(siret, on), name=name, legal_form="5710", headcount=10, size_band="11")


def recorded() -> list[Message]:
    """The history as a subscription receives it; the booking is sample data."""
    return [each._replace(sample=each.stream_id.startswith("booking")) for each in history().messages]


async def fold(connection: asyncpg.Connection, messages: list[Message], of: Catalogue = catalogue) -> None:
    """Hands events to all that makes figures and labels of them."""
    for chapter in of.chapters.values():
        projection = Projection(chapter)
        await deliver(connection, projection.subscription, projection, messages)
    await deliver(connection, SUBSCRIPTION, keep, messages)


def history() -> Log:
    """Two companies, one of them a sole trader's; an investment each, a grant, an audit and a correction; a machine
    that one of them booked."""
    log = Log("companies")
    log.append(
        f"company-{FONDERIE}",
        applied(FONDERIE, date(2018, 2, 1), "Fonderie de la Théols"),
        CompanyActivated(**of(FONDERIE, date(2018, 3, 1)), headcount=120, size_band="22"),
    )
    log.append(
        f"company-{USINAGE}",
        applied(USINAGE, date(2019, 8, 1), None),
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
        EquipmentCommissioned(
            **machine, effective_on=date(2022, 12, 1), weekly_hours=0, name="Cobot de soudage", quota_hours=40
        ),
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


async def copied() -> None:
    """Returns once the task that begins with the process has ended."""
    async with asyncio.timeout(30):
        while any(task.get_name() == COPYING for task in asyncio.all_tasks()):  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)


async def test_facts_are_copied_before_the_first_question_and_nothing_waits_for_them(
    prepared: str, issuer: Issuer
) -> None:
    connection = await asyncpg.connect(prepared)
    await fold(connection, recorded())
    hold = connection.transaction()
    await hold.start()
    await connection.execute("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE")
    async with serving(prepared, issuer) as client:
        assert (await client.get("/ready")).status_code == 200
        assert any(task.get_name() == COPYING for task in asyncio.all_tasks())
        await hold.rollback()
        await copied()
        # Nothing of the rows is read again: what is told of them was copied before anybody asked.
        await connection.execute("DELETE FROM facts")
        assert (await read(client, "/headcount"))["value"] == 132.5
    async with serving(prepared, issuer) as client:
        await copied()
        assert (await read(client, "/headcount"))["value"] == 0
    await connection.close()


async def test_a_process_ends_while_facts_are_copied(prepared: str, issuer: Issuer) -> None:
    connection = await asyncpg.connect(prepared)
    await fold(connection, recorded())
    async with connection.transaction():
        await connection.execute("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(60):
            async with serving(prepared, issuer) as client:
                assert (await client.get("/live")).status_code == 200
    await copied()
    await connection.close()


OF_CAMPAIGNS = (
    *("campaign_companies", "campaign_headcount", "retirements_5y"),
    *("trade_needs_1y", "trade_needs_3y", "trade_needs_5y"),
)
ABOUT_TRAINEES = (
    *("enrolments", "seat_fill_rate", "training_ended", "training_completed", "completion_rate"),
    *("certification_decided", "certified", "certification_rate", "followed_up", "placed_6_months"),
    *("placement_rate_6_months", "trainee_hours", "trainee_hours_afpa", "training_density"),
)


async def test_the_catalogue_lists_every_indicator_with_its_current_value(client: httpx.AsyncClient) -> None:
    answer = await read(client, "")
    entries = {item["name"]: item for item in answer["items"]}
    assert list(entries) == list(catalogue)
    assert entries["members"] == {
        "name": "members",
        "title": "Active member companies",
        "definition": catalogue["members"].definition,
        "unit": "companies",
        "chapter": "network",
        "kind": "level",
        "silence": "zero",
        "counted": "firm",
        "definition_version": 1,
        "series_breaks": [],
        "dimensions": ["company", "naf", "commune", "zone"],
        "events": ["CompanyActivated", "CompanyLeft", "CompanyReinstated", "CompanySuspended"],
        "of": [],
        "targets": [],
        "href": f"{INDICATORS}/members",
        "value": 2,
        "n": 2,
        "as_of": "2026-01-05T08:00:04Z",
        "sample": False,
        "catching_up": False,
    }
    assert entries["cost_per_job"]["of"] == ["invested_productive", "jobs_created"]
    assert (entries["cost_per_job"]["value"], entries["cost_per_job"]["silence"]) == (360_000, "unknown")
    assert {name: entry["kind"] for name, entry in entries.items() if name.startswith("platform")} == {
        "platform_hours_booked": "sum",
        "platform_open_hours": "duration",
        "platform_use": "formula",
        "platform_companies": "distinct",
    }
    assert {entry["name"]: entry["counted"] for entry in answer["items"] if entry["counted"] != "firm"} == {
        "platform_open_hours": "machine",
        "available_land": "plot",
        "plots": "plot",
        "lettable_area": "unit",
        "let_area": "unit",
        "vacancy_rate": "unit",
        "synergies": "synergy",
        "events_held": "event",
        "pupils_reached": "school",
        "carpool_areas": "carpool_area",
        "carpool_places": "carpool_area",
        "bike_parking_places": "bike_parking",
        "rides": "ride",
        "ride_passengers": "ride",
        "ride_seats": "ride",
        "seat_occupancy": "ride",
        "passenger_km": "ride",
        "co2_avoided_kg": "ride",
        "bikes_in_service": "bike",
        "bike_days": "bike",
        "bike_loans": "bike",
        "loans_per_bike_and_day": "bike",
        "service_places_reserved": "shared_service",
        "service_places_offered": "shared_service",
        "service_occupancy": "shared_service",
        "travel_survey_asked": "travel_survey",
        "travel_survey_answers": "travel_survey",
        "travel_drove_alone": "travel_survey",
        "modal_share": "travel_survey",
        "travel_response_rate": "travel_survey",
        "rehabilitation_budget": "rehabilitation",
        "works_budget": "rehabilitation",
        "works_accepted": "rehabilitation",
        "works_progress": "rehabilitation",
        "budget_committed": "rehabilitation",
        "budget_paid": "rehabilitation",
        "milestones_late": "rehabilitation",
        "building_energy": "rehabilitation",
        "energy_area": "rehabilitation",
        "energy_per_m2": "rehabilitation",
        **{name: "labour_series" for name, entry in entries.items() if entry["chapter"] == "aim"},
        **{entry["name"]: "person" for entry in answer["items"] if entry["chapter"] == "paths"},
        **dict.fromkeys((*OF_CAMPAIGNS, "senior_share", "tension_share"), "skills_campaign"),
        **dict.fromkeys(("sessions", "seats_offered", "seats_open"), "session"),
        **dict.fromkeys(("room_area", "room_area_days"), "room"),
        **dict.fromkeys(ABOUT_TRAINEES, "person"),
        "courses": "course",
    }
    assert {entry["name"] for entry in answer["items"] if entry["sample"]} == {
        "platform_hours_booked",
        "platform_companies",
        "platform_use",
    }
    assert entries["platform_use"]["dimensions"] == ["equipment"]
    assert {name: each["companies"]["position"] for name, each in answer["positions"].items()} == dict.fromkeys(
        catalogue.chapters.keys() - {"actions"}, LAST
    )


async def test_the_catalogue_says_what_each_figure_says_by_itself(client: httpx.AsyncClient) -> None:
    said = ("value", "n", "as_of", "sample", "definition_version", "counted", "series_breaks", "targets", "unit")
    for entry in (await read(client, ""))["items"]:
        alone = await read(client, f"/{entry['name']}")
        assert {name: entry[name] for name in said} == {name: alone[name] for name in said}


async def test_the_catalogue_by_name_and_chapter(client: httpx.AsyncClient) -> None:
    answer = await read(client, "", name=["host_rate", "members"])
    assert [item["name"] for item in answer["items"]] == ["host_rate", "members"]
    assert answer["positions"].keys() == {"network", "youth-events", "steering"}
    answer = await read(client, "", chapter="network,equipment")
    assert {item["chapter"] for item in answer["items"]} == {"network", "equipment"}
    assert [item["name"] for item in (await read(client, "", chapter="network", name="members,hires"))["items"]] == [
        "members"
    ]


async def test_a_figure_says_what_it_is_made_of(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/invested_productive", to="2021-12-31")
    partitions = answer["positions"]["investment"]["companies"].pop("partitions")
    assert max(partitions.values()) == LAST
    assert answer["positions"].pop("steering")
    assert answer == {
        "name": "invested_productive",
        "value": 795_000,
        "unit": "EUR",
        "n": 1,
        "counted": "firm",
        "as_of": "2026-01-05T08:00:06Z",
        "sample": False,
        "positions": {"investment": {"companies": {"position": LAST}}},
        "definition_version": 1,
        "series_breaks": [],
        "targets": [],
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
    april = {"month": "2021-04", "begins": "2021-04-01", "ends": "2021-04-30"}
    june = {"month": "2022-06", "begins": "2022-06-01", "ends": "2022-06-30"}
    expected = [
        {"zone": "zi-limoise", **april, "value": 795_000, "n": 1, "as_of": "2026-01-05T08:00:06Z", "sample": False},
        {"zone": None, **june, "value": 105_000, "n": 1, "as_of": "2026-01-05T08:00:09Z", "sample": False},
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
    answer = await read(client, "/members", known_on="2026-01-05")
    assert (answer["value"], answer["known_on"]) == (2, "2026-01-05")


async def test_without_the_largest(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/headcount", without="largest", by="zone")
    assert (answer["value"], answer["excluded"]) == (12.5, FONDERIE)
    assert [(cell["zone"], cell["value"], cell["n"]) for cell in answer["cells"]] == [(None, 12.5, 1)]
    assert answer["events"] == f"{INDICATORS}/headcount/events?without=largest"


async def test_only_what_has_a_dimension(client: httpx.AsyncClient) -> None:
    assert (await read(client, "/invested_productive", axis=6))["value"] == 105_000
    assert (await read(client, "/invested_productive", company=FONDERIE, zone="zi-limoise"))["value"] == 795_000
    assert (await read(client, "/invested_productive", naf="2562B"))["value"] == 900_000
    assert (await read(client, "/grants_granted", funder="region-centre-val-de-loire"))["value"] == 0
    assert (await read(client, "/platform_use", equipment="cobot-1", to="2023-01-15"))["value"] == 0.2


@pytest.mark.parametrize("parameters", [{"axis": ["2", "6"]}, {"axis": "2,6"}, {"axis": ["2,6", "2"]}])
async def test_what_has_one_of_several_values(client: httpx.AsyncClient, parameters: dict[str, Any]) -> None:
    answer = await read(client, "/invested_productive", **parameters, by="axis", to="2022-12-31")
    assert (answer["value"], [cell["axis"] for cell in answer["cells"]]) == (900_000, [2, 6])
    assert answer["events"] == f"{INDICATORS}/invested_productive/events?to=2022-12-31&axis=2&axis=6"
    behind = (await client.get(answer["events"])).json()
    assert sum(item["value"] for item in behind["items"]) == 900_000
    assert (await read(client, "/invested_productive", axis="2,3"))["value"] == 795_000


async def points(client: httpx.AsyncClient, name: str, period: str, **parameters: Any) -> dict[str, Any]:
    cells = (await read(client, f"/{name}", by=period, **parameters))["cells"]
    return {cell[period]: cell["value"] for cell in cells}


async def test_periods(client: httpx.AsyncClient) -> None:
    assert await points(client, "invested_productive", "quarter") == {"2021-Q2": 795_000, "2022-Q2": 105_000}
    assert await points(client, "invested_productive", "year") == {"2021": 795_000, "2022": 105_000}
    assert await points(client, "members", "year", to="2020-06-30") == {"2018": 1, "2019": 2, "2020": 2}
    [cell] = (await read(client, "/jobs_created", by="quarter"))["cells"]
    assert (cell["begins"], cell["ends"]) == ("2021-10-01", "2021-12-31")


async def test_periods_without_anything_are_filled(client: httpx.AsyncClient) -> None:
    assert await points(client, "invested_productive", "quarter", fill="true") == {
        "2021-Q2": 795_000,
        "2021-Q3": 0,
        "2021-Q4": 0,
        "2022-Q1": 0,
        "2022-Q2": 105_000,
    }
    asked = {"from_": "2020-02-01", "to": "2023-03-31", "fill": "true"}
    assert await points(client, "invested_productive", "year", **asked) == {
        "2020": 0,
        "2021": 795_000,
        "2022": 105_000,
        "2023": 0,
    }
    assert await points(client, "cost_per_job", "year", **asked) == {
        "2020": None,
        "2021": 318_000,
        "2022": None,
        "2023": None,
    }
    assert await points(client, "members", "year", from_="2017-01-01", to="2019-12-31", fill="true") == {
        "2017": 0,
        "2018": 1,
        "2019": 2,
    }


async def test_cumulative(client: httpx.AsyncClient) -> None:
    cumulative = await points(client, "invested_productive", "quarter", cumulative="true", to="2022-12-31")
    assert cumulative["2021-Q2"] == cumulative["2022-Q1"] == 795_000
    assert cumulative["2022-Q2"] == cumulative["2022-Q4"] == 900_000
    assert min(cumulative) == "2021-Q2"
    since = await points(client, "invested_productive", "year", cumulative="true", from_="2022-01-01", to="2022-12-31")
    assert since == {"2022": 105_000}


async def test_a_duration_says_the_day_it_ends(client: httpx.AsyncClient) -> None:
    answer = await read(client, "/platform_open_hours", from_="2023-02-21")
    assert (answer["value"], answer["n"], answer["to"]) == (20, 1, str(today()))
    assert answer["events"] == f"{INDICATORS}/platform_open_hours/events?from=2023-02-21&to={today()}"
    assert (await read(client, "/platform_use"))["to"] == str(today())
    assert (await read(client, "/platform_companies"))["to"] is None


VALUE: Final = ["value", "n", "as_of", "sample", "unit", "definition_version"]


async def table(
    client: httpx.AsyncClient, path: str, accept: str = "text/csv", language: str = "en", **parameters: str
) -> list[list[str]]:
    headers = {"Accept": accept, "Accept-Language": language}
    answer = await client.get(f"{INDICATORS}{path}", params=parameters, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert {"Accept", "Authorization"} <= {*answer.headers["vary"].split(", ")}
    return list(csv.reader(io.StringIO(answer.text)))


async def test_csv_has_the_same_numbers(client: httpx.AsyncClient) -> None:
    assert await table(client, "/invested_productive", by="zone,month") == [
        ["indicator", "zone", "month", "begins", "ends", *VALUE],
        [
            "invested_productive",
            *("zi-limoise", "2021-04", "2021-04-01", "2021-04-30"),
            *("795000", "1", "2026-01-05T08:00:06Z", "false", "EUR", "1"),
        ],
        [
            "invested_productive",
            *("", "2022-06", "2022-06-01", "2022-06-30"),
            *("105000", "1", "2026-01-05T08:00:09Z", "false", "EUR", "1"),
        ],
    ]
    assert await table(client, "/headcount", "application/json;q=0.5, text/csv") == [
        ["indicator", *VALUE],
        ["headcount", "132.5", "2", "2026-01-05T08:00:04Z", "false", "FTE", "1"],
    ]
    assert (await table(client, "/cost_per_job", to="2021-05-31"))[1] == [
        *("cost_per_job", "", "0", "2026-01-05T08:00:06Z", "false", "EUR/job", "2"),
    ]
    assert (await table(client, "/platform_hours_booked"))[1][4] == "true"


async def test_csv_has_labels_in_the_language_that_is_asked_for(client: httpx.AsyncClient) -> None:
    for language, zone in (("fr", "ZI la Limoise"), ("en", "Limoise industrial zone")):
        header, first, second = await table(
            client, "/members", by="zone,company", labels="true", language=language, to="2023-12-31"
        )
        assert header[1:5] == ["zone", "zone_label", "company", "company_label"]
        assert first[1:5] == ["zi-limoise", zone, FONDERIE, "Fonderie de la Théols"]
        assert second[1:5] == ["", "", USINAGE, ""]
    answer = await client.get(
        f"{INDICATORS}/members?by=zone&labels=true", headers={"Accept": "text/csv", "Accept-Language": "fr"}
    )
    assert answer.headers["content-language"] == "fr"
    assert "Accept-Language" in answer.headers["vary"]


async def test_several_figures_as_csv(client: httpx.AsyncClient) -> None:
    asked = {"indicator": "members,invested_productive", "by": "year", "from": "2021-01-01", "to": "2022-12-31"}
    answer = await client.get(FIGURES, params=asked, headers={"Accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["indicator", "year", "begins", "ends", *VALUE]
    assert [row[:2] + row[4:5] for row in rows[1:]] == [
        ["members", "2021", "2"],
        ["members", "2022", "2"],
        ["invested_productive", "2021", "795000"],
        ["invested_productive", "2022", "105000"],
    ]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/csv;q=0.5, application/json", "text/html"])
async def test_json_is_what_others_get(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get(f"{INDICATORS}/members", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"


# Several figures


async def test_several_figures_answer_one_question(client: httpx.AsyncClient) -> None:
    asked = {"to": "2022-12-31", "by": "zone,year"}
    for indicator in (["members", "jobs_created"], "members,jobs_created"):
        answer = await client.get(FIGURES, params={"indicator": indicator, **asked})
        assert [item["name"] for item in answer.json()["items"]] == ["members", "jobs_created"]
        for item in answer.json()["items"]:
            assert item == await read(client, f"/{item['name']}", **asked)


async def test_a_figure_among_several_that_cannot_be_asked_like_this_is_named(client: httpx.AsyncClient) -> None:
    for parameters, slug, parameter, says in (
        ({"indicator": "members,jobs_created", "axis": "2"}, "unknown-dimension", "axis", "members has only"),
        ({"indicator": "members,nothing"}, "unknown-indicator", "indicator", "headcount"),
        (
            {"indicator": "jobs_created,members", "by": "year", "cumulative": "true"},
            "not-answered",
            "cumulative",
            "members",
        ),
        (
            {"indicator": "members,jobs_created", "to": "2018-12-31"},
            "before-first-event",
            "to",
            "jobs_created is of 2021",
        ),
        ({"indicator": ",".join([*catalogue][:21])}, "not-answered", "indicator", "at most 20"),
        ({"indicator": ""}, "unknown-indicator", "indicator", "members"),
        ({}, "invalid", "indicator", "missing"),
    ):
        answer = await client.get(FIGURES, params=parameters)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/indicators/problems/{slug}"), parameters
        [fault] = answer.json()["errors"]
        assert fault["parameter"] == parameter
        assert says in fault["detail"]


# Labels


async def test_labels_say_what_the_values_in_an_answer_are_called(client: httpx.AsyncClient) -> None:
    assert "labels" not in await read(client, "/members", by="company")
    answer = await read(client, "/members", by="company,zone,naf,year", labels="true", to="2019-12-31")
    assert answer["labels"]["company"] == {
        FONDERIE: {"fr": "Fonderie de la Théols", "en": "Fonderie de la Théols"},
        USINAGE: None,
    }
    assert answer["labels"]["zone"] == {"zi-limoise": {"fr": "ZI la Limoise", "en": "Limoise industrial zone"}}
    assert answer["labels"]["naf"].keys() == {"25.62B"}
    assert answer["labels"]["naf"]["25.62B"]["fr"] == "Mécanique industrielle"
    assert answer["labels"].keys() == {"company", "zone", "naf"}
    assert (await read(client, "/members", labels="true"))["labels"] == {}
    axes = (await read(client, "/invested_productive", by="axis", labels="true"))["labels"]["axis"]
    assert axes["6"] == {"fr": "Industrie 4.0", "en": "Industry 4.0"}
    machines = (await read(client, "/platform_use", by="equipment", labels="true"))["labels"]["equipment"]
    assert machines == {"cobot-1": {"fr": "Cobot de soudage", "en": "Cobot de soudage"}}
    behind = await read(client, "/grants_granted/events", labels="true")
    assert behind["labels"]["funder"] == {"state": {"fr": "État", "en": "State"}}


async def test_dimensions_and_their_values(client: httpx.AsyncClient) -> None:
    dimensions = (await client.get(DIMENSIONS)).json()["items"]
    assert [each["name"] for each in dimensions][:3] == ["company", "axis", "naf"]
    zone = next(each for each in dimensions if each["name"] == "zone")
    assert zone["label"] == {"fr": "Zone d'activités", "en": "Business zone"}
    assert zone["absent"] == "Null for companies outside any zone."
    assert "members" in zone["indicators"]
    assert "platform_open_hours" not in zone["indicators"]
    zones = (await client.get(zone["href"])).json()["items"]
    assert [(each["code"], each["occurs"]) for each in zones] == [("zi-limoise", True), ("za-avenir", False)]
    companies = {each["code"]: each for each in (await client.get(f"{DIMENSIONS}/company")).json()["items"]}
    assert companies == {
        FONDERIE: {
            "code": FONDERIE,
            "label": {"fr": "Fonderie de la Théols", "en": "Fonderie de la Théols"},
            "occurs": True,
        },
        USINAGE: {"code": USINAGE, "label": None, "occurs": True},
    }
    naf = (await client.get(f"{DIMENSIONS}/naf")).json()["items"]
    assert len(naf) == 732
    assert [each["code"] for each in naf if each["occurs"]] == ["25.62B"]
    axes = (await client.get(f"{DIMENSIONS}/axis")).json()["items"]
    assert [(each["code"], each["occurs"]) for each in axes] == [(each, each in (2, 6)) for each in range(1, 8)]
    assert (await client.get(f"{DIMENSIONS}/colour")).status_code == 404


async def test_a_value_in_no_list_is_listed_where_it_occurs(prepared: str, issuer: Issuer) -> None:
    log = Log("companies")
    log.append(
        f"company-{FONDERIE}",
        CompanyActivated(**of(FONDERIE, date(2024, 1, 1), "za-nouvelle"), headcount=1, size_band="01"),
    )
    connection = await asyncpg.connect(prepared)
    await fold(connection, log.messages)
    await connection.close()
    async with serving(prepared, issuer) as client:
        zones = (await client.get(f"{DIMENSIONS}/zone")).json()["items"]
        assert zones[-1] == {"code": "za-nouvelle", "label": None, "occurs": True}
        answer = await read(client, "/members", by="zone", labels="true")
        assert answer["labels"] == {"zone": {"za-nouvelle": None}}
        rows = await table(client, "/members", by="zone", labels="true")
        assert rows[1][1:3] == ["za-nouvelle", ""]


async def test_a_name_is_the_last_one_and_goes_where_a_sole_trader_takes_the_place(prepared: str) -> None:
    log = Log("companies")
    connection = await asyncpg.connect(prepared)
    names = []
    for name in ("Fonderie", "Fonderie neuve", None, "Fonderie encore"):
        log.append(f"company-{FONDERIE}", applied(FONDERIE, date(2024, 1, 1), name))
        await deliver(connection, SUBSCRIPTION, keep, log.messages)
        names.append(await connection.fetchval("SELECT name FROM names WHERE code = $1", FONDERIE))
    assert names == ["Fonderie", "Fonderie neuve", None, "Fonderie encore"]
    await connection.execute("TRUNCATE names, marks")
    await deliver(connection, SUBSCRIPTION, keep, log.messages)
    assert await connection.fetchval("SELECT name FROM names WHERE code = $1", FONDERIE) == "Fonderie encore"
    await connection.close()


# What changed


def over_two_days() -> list[Message]:
    """The history, and on the day after it what one company spent is corrected, and the other reports a headcount."""
    log = history()
    log.now += timedelta(days=1)
    log.append(
        "investment-01890f0e-7c2b-7cc3-8000-000000000001",
        AmountSpentCorrected(
            **of(FONDERIE, date(2021, 9, 1)),
            axis=2,
            reason="audit_finding",
            amount_spent_before=795_000,
            amount_spent=800_000,
            completed_on=date(2021, 4, 20),
        ),
    )
    log.append(
        f"company-{FONDERIE}",
        HeadcountReported(**of(FONDERIE, date(2025, 1, 1)), headcount_before=120, headcount=130, size_band="22"),
    )
    return log.messages


@pytest.fixture
async def later(prepared: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    connection = await asyncpg.connect(prepared)
    await fold(connection, over_two_days())
    await connection.close()
    async with serving(prepared, issuer) as client:
        yield client


async def test_what_changed_between_two_days_of_knowledge(later: httpx.AsyncClient) -> None:
    asked = {"from": "2026-01-05", "to": "2026-01-06"}
    answer = await read(later, "/invested_productive/changes", **asked, by="axis")
    assert (answer["before"]["value"], answer["after"]["value"], answer["difference"]) == (900_000, 905_000, 5_000)
    assert (answer["from"], answer["to"], answer["effective_to"]) == ("2026-01-05", "2026-01-06", None)
    assert [(each["axis"], each["before"]["value"], each["difference"]) for each in answer["cells"]] == [
        (2, 795_000, 5_000),
        (6, 105_000, 0),
    ]
    for when, day in (("before", "2026-01-05"), ("after", "2026-01-06")):
        known = await read(later, "/invested_productive", known_on=day)
        assert answer[when] == {name: known[name] for name in ("value", "n", "as_of", "sample")}
    behind = (await later.get(answer["events"])).json()
    assert [item["type"] for item in behind["items"]] == ["AmountSpentCorrected"] * 2
    assert sum(item["value"] for item in behind["items"]) == answer["difference"]
    assert (await read(later, "/invested_productive/changes", **asked, axis="6"))["difference"] == 0
    until = await read(later, "/headcount/changes", **asked, effective_to="2024-12-31")
    assert (until["difference"], until["effective_to"]) == (0, "2024-12-31")
    level = await read(later, "/headcount/changes", **asked, by="zone")
    assert (level["difference"], [each["difference"] for each in level["cells"]]) == (10, [10, 0])
    assert [item["value"] for item in (await later.get(level["events"])).json()["items"]] == [130]


async def test_what_changed_since_nothing_was_known(later: httpx.AsyncClient) -> None:
    asked = {"from": "2025-12-01", "to": "2026-01-05"}
    answer = await read(later, "/invested_productive/changes", **asked, by="year")
    assert (answer["before"]["value"], answer["before"]["as_of"], answer["difference"]) == (0, None, 900_000)
    assert [(each["year"], each["difference"]) for each in answer["cells"]] == [("2021", 795_000), ("2022", 105_000)]
    formula = await read(later, "/cost_per_job/changes", **asked)
    assert (formula["before"]["value"], formula["after"]["value"], formula["difference"]) == (None, 360_000, None)


async def test_what_changed_as_csv(later: httpx.AsyncClient) -> None:
    asked = {"from": "2026-01-05", "to": "2026-01-06"}
    rows = await table(later, "/invested_productive/changes", **asked, by="axis")
    assert rows[0] == [
        "indicator",
        "axis",
        *(f"{name}_before" for name in ("value", "n", "as_of", "sample")),
        *(f"{name}_after" for name in ("value", "n", "as_of", "sample")),
        "difference",
        "unit",
        "definition_version",
    ]
    assert [row[1:4] + row[6:8] + row[-3:] for row in rows[1:]] == [
        ["2", "795000", "1", "800000", "1", "5000", "EUR", "1"],
        ["6", "105000", "1", "105000", "1", "0", "EUR", "1"],
    ]


async def test_events_recorded_after_a_day(later: httpx.AsyncClient) -> None:
    answer = await later.get(
        f"{INDICATORS}/invested_productive/events", params={"known_after": "2026-01-05", "limit": "1", "labels": "true"}
    )
    assert [item["value"] for item in answer.json()["items"]] == [-795_000]
    following = (await later.get(answer.links["next"]["url"])).json()
    assert [item["value"] for item in following["items"]] == [800_000]
    assert following["labels"]["axis"].keys() == {"2"}
    assert (await read(later, "/invested_productive/events", known_after="2026-01-06"))["items"] == []


# A series and a mean


@mean(unit="companies", of=network.members)
def members_mean() -> None:
    """Members on an average day.

    As members.
    """


@series(unit="companies/quarter", of=network.members)
def members_pace() -> None:
    """How the network grows.

    As members.
    """


@levels(unit="FTE", dimensions=network.COMPANY, silence="unknown", breaks=(date(2024, 1, 1),))
def members_asked(event: CompanyLeft) -> float:
    """What nobody has been told of yet.

    It is counted otherwise since 2024.
    """
    return event.headcount


growing: Final = Catalogue(
    Chapter("network", network.members, network.headcount, members_mean, members_pace, members_asked),
    steering.CHAPTER,
    targets=steering.targets,
)


def aimed(value: float, due: date, **dimensions: str | int) -> TargetSet:
    """What the committee aimed at in February 2023."""
    return TargetSet(
        effective_on=date(2023, 2, 1),
        indicator="members",
        title="Active member companies",
        unit="companies",
        dimensions=dimensions,
        axis=None,
        aim="at_least",
        value=value,
        due=due,
    )


async def aim(connection: asyncpg.Connection, *targets: TargetSet) -> None:
    """Has the committee aim at these, and folds that."""
    log = Log("indicators")
    for number, target in enumerate(targets):
        log.append(f"target-{number}", target)
    projection = Projection(steering.CHAPTER)
    await deliver(connection, projection.subscription, projection, log.messages, topic="test.indicators.v1")


@pytest.fixture
async def grown(prepared: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Two members more in each quarter of 2023, from the first on; twenty are aimed at."""
    log = Log("companies")
    for number in range(8):
        siret = sample_siret(number)
        on = date(2023, 1 + 3 * (number // 2), 10)
        log.append(f"company-{siret}", CompanyActivated(**of(siret, on), headcount=10, size_band="11"))
    connection = await asyncpg.connect(prepared)
    await fold(connection, log.messages, growing)
    await aim(connection, aimed(20, date(2027, 12, 31)))
    await connection.close()
    async with serving(prepared, issuer, replace(app, router=routes(growing))) as client:
        yield client


async def test_a_series_says_how_a_level_moves(grown: httpx.AsyncClient) -> None:
    answer = await read(grown, "/members_pace", to="2023-12-31")
    assert answer["value"] == answer["trend"]["pace"]
    assert 1.9 < answer["value"] < 2.1
    assert answer["trend"]["pace_between"]["low"] < answer["value"] < answer["trend"]["pace_between"]["high"]
    assert answer["targets"] == [{"value": 20, "due": "2027-12-31", "aim": "at_least", "where": {}}]
    assert {name: answer["trend"][name] for name in ("points", "since", "broken_on", "target", "reached")} == {
        "points": 4,
        "since": "2023-03-31",
        "broken_on": None,
        "target": answer["targets"][0],
        "reached": False,
    }
    assert "2025-06" < answer["trend"]["arrives_on"] < "2025-08"
    between = answer["trend"]["arrives_between"]
    assert between["first"] < answer["trend"]["arrives_on"] < between["last"]
    before = (await read(grown, "/members_pace", to="2023-01-31"))["trend"]
    assert (before["target"], before["reached"], before["arrives_on"], before["arrives_between"]) == (None,) * 4
    few = await read(grown, "/members_pace", to="2023-06-30")
    assert (few["value"], few["trend"]["points"]) == (None, 2)
    assert "trend" not in await read(grown, "/members", to="2023-12-31")
    assert (await read(grown, "/members_pace", to="2023-12-31", zone="za-avenir"))["value"] is None


async def test_a_series_as_csv(grown: httpx.AsyncClient) -> None:
    trend = (await read(grown, "/members_pace", to="2023-12-31"))["trend"]
    header, row = await table(grown, "/members_pace", to="2023-12-31")
    told = dict(zip(header, row, strict=True))
    assert [float(told[name]) for name in ("value", "pace", "pace_low", "pace_high")] == [
        trend["pace"],
        trend["pace"],
        trend["pace_between"]["low"],
        trend["pace_between"]["high"],
    ]
    assert (told["points"], told["since"], told["unit"]) == ("4", "2023-03-31", "companies/quarter")
    assert [told[name] for name in ("arrives_on", "arrives_first", "arrives_last")] == [
        trend["arrives_on"],
        trend["arrives_between"]["first"],
        trend["arrives_between"]["last"],
    ]
    both = await grown.get(
        FIGURES, params={"indicator": "members,members_pace", "to": "2023-12-31"}, headers={"Accept": "text/csv"}
    )
    rows = list(csv.DictReader(io.StringIO(both.text)))
    assert [(each["indicator"], each["points"]) for each in rows] == [("members", ""), ("members_pace", "4")]


async def test_the_catalogue_and_the_changes_of_a_series(grown: httpx.AsyncClient) -> None:
    entries = {item["name"]: item for item in (await read(grown, ""))["items"]}
    assert (entries["members_pace"]["kind"], entries["members_pace"]["of"]) == ("series", ["members"])
    for name in ("members_mean", "members_pace"):
        assert entries[name]["value"] == (await read(grown, f"/{name}"))["value"]
    asked = {"from": "2026-01-05", "to": "2026-01-06"}
    assert (await read(grown, "/members_pace/changes", **asked, effective_to="2023-12-31"))["difference"] == 0
    behind = await read(grown, "/members_pace/events", to="2023-12-31")
    assert sum(item["value"] for item in behind["items"]) == 8


async def test_what_nobody_knows_is_no_zero(grown: httpx.AsyncClient) -> None:
    [entry] = (await read(grown, "", name="members_asked"))["items"]
    assert (entry["silence"], entry["series_breaks"]) == ("unknown", ["2024-01-01"])
    asked = {"from_": "2023-01-01", "to": "2024-12-31", "by": "year", "fill": "true"}
    answer = await read(grown, "/members_asked", **asked)
    for told in (entry, answer, *answer["cells"]):
        assert (told["value"], told["n"], told["as_of"]) == (None, 0, None)
    assert (answer["series_breaks"], len(answer["cells"])) == (["2024-01-01"], 2)
    changed = await read(grown, "/members_asked/changes", from_="2026-01-04", to="2026-01-05")
    assert (changed["difference"], changed["series_breaks"]) == (None, ["2024-01-01"])
    rows = await table(grown, "/members_asked", by="year", fill="true", to="2024-12-31", **{"from": "2023-01-01"})
    assert [row[4:8] for row in rows[1:]] == [["", "0", "", "false"]] * 2


async def test_a_series_is_not_broken_down(grown: httpx.AsyncClient) -> None:
    for parameters, says in (
        ({"by": "zone"}, "not broken down"),
        ({"by": "year"}, "not broken down"),
        ({"cumulative": "true"}, "cannot be cumulative"),
        ({"fill": "true"}, "needs a period"),
    ):
        answer = await grown.get(f"{INDICATORS}/members_pace", params=parameters)
        assert (answer.status_code, answer.json()["type"]) == (422, "/indicators/problems/not-answered")
        assert says in answer.json()["detail"]
    mean_of = await grown.get(f"{INDICATORS}/members_mean", params={"by": "year", "cumulative": "true"})
    assert "cannot be cumulative" in mean_of.json()["detail"]


async def test_what_is_aimed_at_is_beside_the_value(prepared: str, issuer: Issuer) -> None:
    connection = await asyncpg.connect(prepared)
    await fold(connection, recorded())
    async with serving(prepared, issuer) as client:
        tag = (await client.get(f"{INDICATORS}/members")).headers["etag"]
        await aim(
            connection,
            aimed(40, date(2030, 12, 31)),
            aimed(30, date(2027, 12, 31)),
            aimed(12, date(2027, 12, 31), zone="zi-limoise"),
        )
        thirty = {"value": 30, "due": "2027-12-31", "aim": "at_least", "where": {}}
        forty = {**thirty, "value": 40, "due": "2030-12-31"}
        in_zone = {**thirty, "value": 12, "where": {"zone": "zi-limoise"}}
        answer = await client.get(f"{INDICATORS}/members")
        assert (answer.json()["targets"], answer.headers["etag"] == tag) == ([thirty, forty], False)
        assert answer.json()["positions"]["steering"]["indicators"]["position"] == 5
        assert (await read(client, "/members", by="zone"))["targets"] == [thirty, in_zone, forty]
        assert (await read(client, "/members", zone="zi-limoise"))["targets"] == [in_zone]
        assert (await read(client, "/members", to="2023-01-31"))["targets"] == []
        assert (await read(client, "/headcount"))["targets"] == []
        entries = {item["name"]: item for item in (await read(client, ""))["items"]}
        assert entries["members"]["targets"] == entries["members_pace"]["targets"] == [thirty, forty]
        assert {name for name, entry in entries.items() if entry["targets"]} == {"members", "members_pace"}
    await connection.close()


async def test_figures_are_answered_before_what_is_aimed_at_is_folded(
    client: httpx.AsyncClient, indicators: str
) -> None:
    connection = await asyncpg.connect(indicators)
    change = "UPDATE marks SET caught_up = NOT caught_up WHERE subscription = $1"
    await connection.execute(change, Projection(steering.CHAPTER).subscription)
    try:
        answer = await read(client, "/members")
        assert (answer["value"], answer["targets"], answer["positions"].keys()) == (2, [], {"network"})
        entries = {item["name"]: item for item in (await read(client, ""))["items"]}
        aiming = {name for name, each in catalogue.items() if isinstance(each, Series) or getattr(each, "goal", None)}
        assert {name for name, entry in entries.items() if entry["catching_up"]} == aiming
        pace = await client.get(f"{INDICATORS}/members_pace")
        assert (pace.status_code, pace.json()["parameters"]) == (503, {"chapter": "steering"})
    finally:
        await connection.execute(change, Projection(steering.CHAPTER).subscription)
        await connection.close()


# What is observed


async def test_what_is_observed_has_its_series_breaks_and_what_the_series_are_called(
    prepared: str, issuer: Issuer
) -> None:
    log = Log("employment")
    kind: dict[str, Any] = {"kind": "proxy_rate", "unit": "percent", "frequency": "quarter", "reference": False}
    place: dict[str, Any] = {"area_kind": "commune", "area": "36088", "effective_on": date(2025, 5, 6)}
    for code, seekers in (("proxy-issoudun", 500), ("proxy-territoire", 900)):
        told: dict[str, Any] = {"labour_series": code, **kind, **place}
        described: dict[str, Any] = {"title": f"Exemple {code}", "source": "Exemple", "definition": "Catégorie A"}
        log.append(f"labour-series-{code}", LabourSeriesDeclared(**told, **described, counted=("A",)))
        observed = LabourObserved(
            **told,
            period="2025-Q1",
            ends_on=date(2025, 3, 31),
            value=round(seekers / 81.53, 2),
            active_residents=8_153,
            seekers=seekers,
            baseline=False,
            definition="Catégorie A",
            counted=("A",),
            by_category=(),
            by_group=(),
        )
        log.append(f"labour-observation-{code}", observed)
    begun = SeriesBreak(from_period="2025-Q1", begins_on=date(2025, 1, 1), reason="definition_changed", definition=None)
    of_town: dict[str, Any] = {"labour_series": "proxy-issoudun", **kind, **place}
    log.append("labour-series-proxy-issoudun", SeriesBreakDeclared(**of_town, declared=begun))
    connection = await asyncpg.connect(prepared)
    await fold(connection, log.messages)
    await connection.close()
    async with serving(prepared, issuer) as client:
        both = await read(client, "/unemployment_proxy", by="labour_series", labels="true")
        assert (both["value"], both["n"], both["counted"], both["series_breaks"]) == (
            None,
            2,
            "labour_series",
            ["2025-01-01"],
        )
        assert [(each["labour_series"], each["value"]) for each in both["cells"]] == [
            ("proxy-issoudun", 6.13),
            ("proxy-territoire", 11.04),
        ]
        assert both["labels"]["labour_series"]["proxy-issoudun"]["fr"] == "Exemple proxy-issoudun"
        one = await read(client, "/full_employment_gap", labour_series="proxy-issoudun")
        assert (one["value"], one["series_breaks"], one["to"]) == (1.13, ["2025-01-01"], today().isoformat())
        other = await read(client, "/full_employment_gap", labour_series="proxy-territoire")
        assert (other["value"], other["series_breaks"]) == (6.04, [])
        changed = await read(
            client,
            "/unemployment_proxy/changes",
            labour_series="proxy-issoudun",
            to=today().isoformat(),
            **{"from": "2025-12-31"},
        )
        assert changed["series_breaks"] == ["2025-01-01"]
        entries = {item["name"]: item for item in (await read(client, "", chapter="aim"))["items"]}
        assert entries["seekers"]["kind"] == "observed"
        assert (entries["seekers"]["silence"], entries["seekers"]["series_breaks"]) == ("unknown", ["2025-01-01"])
        cumulative = await client.get(f"{INDICATORS}/seekers", params={"by": "quarter", "cumulative": "true"})
        assert cumulative.json()["type"] == "/indicators/problems/not-answered"
        behind = await read(client, "/exits_needed_per_quarter/events", labour_series="proxy-issoudun")
        assert [(each["indicator"], each["value"], each["times"]) for each in behind["items"]] == [
            ("seekers", 500, 1),
            ("active_residents", 8_153, 1),
        ]
        header, row = await table(client, "/unemployment_proxy", labour_series="proxy-issoudun")
        assert row[header.index("value")] == "6.13"


# What is kept


KEEPABLE: Final = [
    (INDICATORS, {}),
    (INDICATORS, {"name": "members"}),
    (f"{INDICATORS}/members", {"by": "company", "labels": "true"}),
    (FIGURES, {"indicator": "members,jobs_created"}),
    (f"{INDICATORS}/members/changes", {"from": "2026-01-05", "to": "2026-01-06"}),
    (f"{INDICATORS}/members/events", {"limit": "1"}),
    (DIMENSIONS, {}),
    (f"{DIMENSIONS}/zone", {}),
]


@pytest.mark.parametrize(("path", "parameters"), KEEPABLE)
async def test_an_answer_that_is_kept_is_not_sent_again(
    client: httpx.AsyncClient, path: str, parameters: dict[str, str]
) -> None:
    first = await client.get(path, params=parameters)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    for sent in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = await client.get(path, params=parameters, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "private, no-cache"
        assert again.headers["vary"] == first.headers["vary"]
    other = await client.get(path, params=parameters, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.json()) == (200, first.json())


async def test_each_answer_has_a_tag_of_its_own(client: httpx.AsyncClient) -> None:
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = [
        (path, parameters | more, headers)
        for path in (f"{INDICATORS}/members", f"{INDICATORS}/headcount")
        for parameters in (
            {},
            {"by": "zone"},
            {"zone": "zi-limoise"},
            {"to": "2024-12-31"},
            {"by": "year", "fill": "true"},
        )
        for more in ({}, {"labels": "true"})
        for headers in ({}, {"Accept": "text/csv"})
    ]
    asked += [
        (f"{INDICATORS}/members", {"labels": "true", "by": "zone"}, {"Accept": "text/csv", "Accept-Language": "fr"}),
        (f"{INDICATORS}/members/events", {}, {}),
        (f"{INDICATORS}/members/events", {"limit": "1"}, {}),
        (f"{INDICATORS}/members/events", {"known_after": "2026-01-05"}, {}),
        *((path, parameters, {}) for path, parameters in KEEPABLE[:2] + KEEPABLE[3:5]),
    ]
    tags = [
        (await client.get(path, params=parameters, headers=headers)).headers["etag"]
        for path, parameters, headers in asked
    ]
    assert len(set(tags)) == len(asked)


async def test_a_tag_changes_with_what_is_behind_the_answer_alone(prepared: str, issuer: Issuer) -> None:
    messages = over_two_days()
    connection = await asyncpg.connect(prepared)
    await fold(connection, messages[:-2])
    async with serving(prepared, issuer) as client:

        async def tags() -> dict[str, str]:
            paths = ("", "/members", "/members?labels=true", "/hires", "/host_rate", "/members/events")
            return {path: (await client.get(f"{INDICATORS}{path}")).headers["etag"] for path in paths}

        before = await tags()
        assert await tags() == before
        members = Projection(catalogue.chapters["network"])
        await deliver(connection, members.subscription, members, messages)
        between = await tags()
        assert {path for path in before if between[path] != before[path]} == {
            "",
            "/members",
            "/members?labels=true",
            "/host_rate",
            "/members/events",
        }
        await deliver(connection, SUBSCRIPTION, keep, messages)
        after = await tags()
        assert {path for path in before if after[path] != between[path]} == {"/members?labels=true"}
    await connection.close()


async def test_a_tag_changes_with_the_day(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = (await client.get(f"{INDICATORS}/members")).headers["etag"]
    tomorrow = today() + timedelta(days=1)
    monkeypatch.setattr("indicators.api.today", lambda: tomorrow)
    assert (await client.get(f"{INDICATORS}/members")).headers["etag"] != tag


async def test_what_is_kept_is_answered_without_asking_for_the_figure(indicators: str, issuer: Issuer) -> None:
    """Facts may be locked away then: positions are all that is read."""
    async with serving(indicators, issuer) as client:
        tag = (await client.get(f"{INDICATORS}/headcount")).headers["etag"]
        connection = await asyncpg.connect(indicators)
        async with connection.transaction():
            await connection.execute("LOCK TABLE facts, slices IN ACCESS EXCLUSIVE MODE")
            async with asyncio.timeout(60):
                again = await client.get(f"{INDICATORS}/headcount", headers={"If-None-Match": tag})
        await connection.close()
    assert again.status_code == 304


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
        "recorded_at": "2026-01-05T08:00:06Z",
        "value": -790_000,
        "times": 1,
        "sample": False,
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
    assert [item["indicator"] for item in behind["items"]] == ["platform_companies"]
    assert behind["inputs"] == []


# What is refused


@pytest.mark.parametrize(
    ("path", "parameters", "parameter", "says"),
    [
        ("/jobs_created", {"by": "funder"}, "by", "company, axis, naf, commune, zone, month, quarter, year"),
        ("/members", {"by": "colour"}, "by", "company, naf, commune, zone, month, quarter, year"),
        ("/cost_per_job", {"by": "company,funder"}, "by", "no funder"),
        ("/members", {"by": ""}, "by", "company, naf, commune, zone, month, quarter, year"),
        ("/members", {"axis": "2"}, "axis", "company, naf, commune, zone"),
        ("/members", {"equipment": "cobot-1"}, "equipment", "company, naf, commune, zone"),
        ("/platform_open_hours", {"by": "company"}, "by", "equipment, month, quarter, year"),
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
        ("/members", {"cumulative": "yes"}, "cumulative", "true or false"),
        ("/members", {"by": "month,quarter"}, "by", "one period, not by month, quarter"),
        ("/members", {"by": "decade"}, "by", "month, quarter, year"),
        ("/members", {"zone": "zi-limoise,"}, "zone", "its zones are zi-limoise"),
        ("/members", {"company": f"{FONDERIE},123"}, "company", "14 digits"),
        ("/members/changes", {"from": "2024-01-02"}, "to", "missing"),
        ("/members/changes", {"from": "2024-01-02", "to": "2024-01-02", "known_on": "2024-01-02"}, "known_on", ""),
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
        ("", {"name": "nothing"}, 422, "aucun indicateur ne porte ce nom"),
        ("", {"chapter": "nothing"}, 422, "aucun chapitre ne porte ce nom"),
        ("/members", {"to": "2018-02-28"}, 422, "le premier événement de members est du 01/03/2018"),
        ("/members", {"by": "colour"}, 422, "members ne se ventile pas par colour"),
        ("/members", {"axis": "2"}, 422, "members n'a que les dimensions suivantes : company, naf, commune, zone"),
        (
            "/members",
            {"from": "2024-01-02", "to": "2024-01-01"},
            422,
            "le 02/01/2024 est postérieur à `to`, qui est le 01/01/2024",
        ),
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


@pytest.mark.parametrize(
    ("path", "parameters", "slug", "parameter"),
    [
        ("", {"name": "members,nothing"}, "unknown-indicator", "name"),
        ("", {"chapter": "nothing"}, "unknown-chapter", "chapter"),
        ("", {"chapters": "network"}, "invalid", "chapters"),
        ("/members", {"axis": "2"}, "unknown-dimension", "axis"),
        ("/members", {"by": "decade"}, "unknown-dimension", "by"),
        ("/members", {"frm": "2024-01-02"}, "invalid", "frm"),
        ("/members", {"company": "123"}, "invalid", "company"),
        ("/members", {"zone": "ZI"}, "invalid", "zone"),
        ("/members", {"by": "month,year"}, "not-answered", "by"),
        ("/members", {"by": "year", "cumulative": "true"}, "not-answered", "cumulative"),
        ("/platform_open_hours", {"by": "year", "cumulative": "true"}, "not-answered", "cumulative"),
        ("/cost_per_job", {"by": "year", "cumulative": "true"}, "not-answered", "cumulative"),
        ("/hires", {"cumulative": "true"}, "not-answered", "cumulative"),
        ("/hires", {"by": "zone", "fill": "true"}, "not-answered", "fill"),
        ("/members", {"without": "largest"}, "not-answered", "without"),
        ("/members", {"zone": "nowhere"}, "unknown-value", "zone"),
        ("/members", {"zone": "zi-limoise,nowhere", "by": "zone"}, "unknown-value", "zone"),
        ("/members", {"company": sample_siret(99)}, "unknown-value", "company"),
        ("/members/events", {"zone": "nowhere"}, "unknown-value", "zone"),
        ("/members/changes", {"zone": "nowhere", "from": "2026-01-05", "to": "2026-01-06"}, "unknown-value", "zone"),
        ("/grants_granted", {"funder": "region"}, "unknown-value", "funder"),
        ("/platform_use", {"equipment": "cobot-99"}, "unknown-value", "equipment"),
        ("/cost_per_job", {"zone": "nowhere", "to": "2021-04-19"}, "unknown-value", "zone"),
        ("/members", {"from": "2024-01-02", "to": "2024-01-01"}, "range-reversed", "from"),
        ("/platform_use", {"from": "2100-12-31"}, "range-reversed", "from"),
        ("/sustained_rate_6m", {"from": "2100-12-30", "to": "2100-12-31"}, "range-reversed", "from"),
        ("/members/events", {"known_after": "2026-01-06", "known_on": "2026-01-05"}, "range-reversed", "known_after"),
        ("/members/changes", {"from": "2026-01-06", "to": "2026-01-05"}, "range-reversed", "from"),
        ("/members", {"to": "2018-02-28"}, "before-first-event", "to"),
        ("/members", {"to": "2018-02-28", "zone": "za-avenir"}, "before-first-event", "to"),
        ("/members", {"to": "2018-02-28", "by": "year", "fill": "true"}, "before-first-event", "to"),
        ("/cost_per_job", {"to": "2021-04-19"}, "before-first-event", "to"),
        ("/members", {"known_on": "2026-01-04"}, "before-first-event", "known_on"),
        ("/members/events", {"to": "2018-02-28"}, "before-first-event", "to"),
        ("/members/events", {"known_on": "2026-01-04"}, "before-first-event", "known_on"),
        ("/members/changes", {"from": "2025-01-05", "to": "2025-01-06"}, "before-first-event", "to"),
        (
            "/members/changes",
            {"from": "2026-01-05", "to": "2026-01-06", "effective_to": "2018-02-28"},
            "before-first-event",
            "effective_to",
        ),
        (
            "/members/changes",
            {"from": "2026-01-05", "to": "2026-01-06", "effective_from": "2024-02-28", "effective_to": "2018-02-28"},
            "range-reversed",
            "effective_from",
        ),
    ],
)
async def test_each_question_without_an_answer_has_a_problem_of_its_own(
    client: httpx.AsyncClient, path: str, parameters: dict[str, str], slug: str, parameter: str
) -> None:
    for language in ("en", "fr"):
        answer = await client.get(f"{INDICATORS}{path}", params=parameters, headers={"Accept-Language": language})
        assert (answer.status_code, answer.headers["content-language"]) == (422, language)
        problem = answer.json()
        assert problem["type"] == f"/indicators/problems/{slug}"
        assert [fault["parameter"] for fault in problem["errors"]] == [parameter]
        kind = (await client.get(problem["type"], headers={"Accept-Language": language})).json()
        assert (kind["slug"], kind["title"]) == (slug, problem["title"])
        assert "etag" not in answer.headers


async def test_all_parameters_without_the_form_they_need_are_told_at_once(client: httpx.AsyncClient) -> None:
    asked = {"frm": "2024-01-02", "company": "123", "fill": "yes", "zone": ["zi-limoise,ZI", "é"], "to": "May"}
    answer = await client.get(f"{INDICATORS}/members", params=asked)
    told = [fault["parameter"] for fault in answer.json()["errors"]]
    assert (answer.status_code, told[0], sorted(told[1:])) == (422, "frm", ["company", "fill", "to", "zone", "zone"])


async def test_what_a_filter_leaves_nothing_of_is_no_problem(client: httpx.AsyncClient) -> None:
    assert (await read(client, "/members", zone="za-avenir"))["value"] == 0
    assert (await read(client, "/members", to="2018-03-01", zone="za-avenir"))["value"] == 0
    assert (await read(client, "/invested_productive", from_="2023-01-01"))["value"] == 0
    assert (await read(client, "/cost_per_job", zone="za-avenir"))["value"] is None
    assert (await read(client, "/hires", to="1950-01-01"))["value"] == 0


async def test_a_cursor_is_of_one_question(client: httpx.AsyncClient) -> None:
    first = await client.get(f"{INDICATORS}/cost_per_job/events", params={"limit": "1"})
    cursor = dict(httpx.URL(first.links["next"]["url"]).params)["cursor"]
    assert (await read(client, "/cost_per_job/events", limit="2", cursor=cursor))["items"]
    for path, parameters in (
        ("/invested_productive/events", {}),
        ("/cost_per_job/events", {"axis": "2"}),
        ("/cost_per_job/events", {"to": "2023-12-31"}),
        ("/cost_per_job/events", {"known_on": "2026-01-05"}),
        ("/cost_per_job/events", {"known_after": "2026-01-04"}),
    ):
        answer = await client.get(f"{INDICATORS}{path}", params={**parameters, "cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "/indicators/problems/cursor-of-another-question")
        assert [fault["parameter"] for fault in answer.json()["errors"]] == ["cursor"]


def test_every_sentence_is_in_both_languages() -> None:
    said = [value for value in vars(sentences).values() if isinstance(value, Sentence)]
    said += [sentence for kind in sentences.KINDS.values() for sentence in (kind.title, kind.advice)]
    assert said
    assert [sentence for sentence in said if sentence.fr == sentence.en] == []


async def test_a_forged_cursor_reads_nothing_beyond_the_projection(client: httpx.AsyncClient) -> None:
    first = await client.get(f"{INDICATORS}/invested_productive/events", params={"limit": "1"})
    cursor = dict(httpx.URL(first.links["next"]["url"]).params)["cursor"]
    true = json.loads(base64.urlsafe_b64decode(cursor))
    [generation] = true["at"]
    forgeries: tuple[dict[str, Any], ...] = (
        {"at": {generation: {"companies": {"0": 10**6}}}},
        {"at": {generation: {"companies": {"0": -(10**30)}}}},
        {"at": {generation: {"companies": {}}}},
        {"at": {generation: {"\x00": {"0": 0}}}},
        {"at": {"indicators-investment-0": {"companies": {"0": 1}}}},
        {"at": {}},
        {"after": [0, "companies", 10**30, 0]},
        {"after": [-1, "companies", 1, 0]},
        {"after": [0, "\x00", 1, 0]},
        {"of": None},
    )
    for forged in forgeries:
        cursor = base64.urlsafe_b64encode(json.dumps({**true, **forged}).encode()).decode()
        answer = await client.get(f"{INDICATORS}/invested_productive/events", params={"cursor": cursor})
        assert answer.status_code == 422, forged
    cursor = base64.urlsafe_b64encode(json.dumps({**true, "after": [9, "companies", 1, 0]}).encode()).decode()
    assert (await read(client, "/invested_productive/events", cursor=cursor))["items"] == []


@pytest.mark.parametrize("path", ["/unemployment", "/unemployment/events", "/members/history"])
async def test_an_unknown_indicator_or_path_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"{INDICATORS}{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/indicators/problems/not-found"


@pytest.mark.parametrize(
    "path", ["", "/members", "/members/events", "/members/changes", "/../figures", "/../dimensions"]
)
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


async def test_a_chapter_that_is_folded_for_the_first_time_is_not_served_and_all_others_are(
    client: httpx.AsyncClient, indicators: str
) -> None:
    named = Projection(catalogue.chapters["investment"]).subscription
    connection = await asyncpg.connect(indicators)
    change = "UPDATE marks SET caught_up = NOT caught_up WHERE subscription = $1"
    await connection.execute(change, named)
    try:
        for path in ("/jobs_created", "/jobs_created/events", "/cost_per_job"):
            for language, says in (("en", "the events of the chapter investment"), ("fr", "du chapitre investment")):
                answer = await client.get(f"{INDICATORS}{path}", headers={"Accept-Language": language})
                assert (answer.status_code, answer.json()["parameters"]) == (503, {"chapter": "investment"})
                assert says in answer.json()["detail"]
                assert int(answer.headers["retry-after"]) > 0
        assert (await client.get(f"{FIGURES}?indicator=members,jobs_created")).status_code == 503
        assert (await read(client, "/members"))["value"] == 2
        catching = await client.get(INDICATORS)
        entries = {item["name"]: item for item in catching.json()["items"]}
        assert {entry["chapter"] for entry in entries.values() if entry["catching_up"]} == {"investment"}
        assert (entries["jobs_created"]["value"], entries["jobs_created"]["n"]) == (None, 0)
        assert (entries["members"]["value"], entries["host_rate"]["catching_up"]) == (2, False)
        assert catching.json()["positions"].keys() == catalogue.chapters.keys() - {"investment", "actions"}
        values = (await client.get(f"{DIMENSIONS}/axis")).json()["items"]
        assert not any(value["occurs"] for value in values)
    finally:
        await connection.execute(change, named)
        await connection.close()
    assert (await client.get(INDICATORS)).headers["etag"] != catching.headers["etag"]


async def test_without_its_database_it_says_when_to_come_back(issuer: Issuer, free_tcp_port: int) -> None:
    async with serving(f"postgresql://nobody@127.0.0.1:{free_tcp_port}/indicators", issuer) as client:
        for path in ("", "/members", "/members/events", "/../figures?indicator=members", "/../dimensions/zone"):
            answer = await asyncio.wait_for(client.get(f"{INDICATORS}{path}"), 2)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0


async def test_the_document_describes_every_route(client: httpx.AsyncClient) -> None:
    document = (await client.get("/indicators/openapi.json")).json()
    paths = {path: operations["get"] for path, operations in document["paths"].items() if "/v1/indicators" in path}
    assert len(paths) == 4
    paths |= {path: document["paths"][path]["get"] for path in ("/v1/figures", "/v1/dimensions")}
    for path, operation in paths.items():
        assert operation["summary"], path
        assert operation["description"], path
        assert {"200", "304", "401", "403"} <= operation["responses"].keys(), path
        assert all(
            parameter["description"] for parameter in operation["parameters"] if parameter.get("in") == "query"
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
    kept = (company, meter, waste_movement, synergy, plot, unit, equipment, booking, survey, need)
    of_companies = [about_persons(investment), *kept]
    of_events = [class_booking, event, immersion, offer, placement]
    of_mobility = [carpool_area, bike_parking, bike, loan, ride, shared_service, service_reservation, travel_survey]
    of_training = [course, enrolment, rehabilitation, room, session, skill_need, skills_campaign]
    of_partners = [
        hire,
        labour_series,
        observation,
        path_of_a_seeker,
        vacancy,
        *of_training,
        *of_events,
        *of_mobility,
    ]
    registry = Registry([*of_companies, *of_partners])
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
