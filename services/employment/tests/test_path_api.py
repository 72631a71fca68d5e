"""Paths over HTTP: one active path of a person, who reads and decides, what hires change, and a person's file."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from people import COMPANY, JOINED
from replays import calling
from test_employment_api import CAMILLE, Advisers, done, slug

from contracts.model import PARIS
from contracts.values import months_later
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import PERSONAL_KEY, prepare
from employment.app import app
from employment.members import members, projects
from eventstore.issuing import issue_due
from eventstore.postgres.store import Store

pytestmark = pytest.mark.anyio

REFERRAL: Final[Mapping[str, Any]] = {"agency": "mission_locale", "seeker": CAMILLE, "residence": "town"}
DIAGNOSIS: Final[Mapping[str, Any]] = {
    "needs": ["training"],
    "romes": ["H2902"],
    "available_from": "2026-01-05",
    "weekly_hours": 35,
}


@pytest.fixture
async def advisers(database: str, issuer: Issuer) -> AsyncIterator[Advisers]:
    await prepare(database, app.all_migrations)
    await show(database, members, COMPANY, *JOINED)
    await show(database, projects, "none")
    async with calling(app, database, issuer) as client:
        yield Advisers(client, issuer)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        yield store


async def referred(advisers: Advisers, **changes: Any) -> dict[str, Any]:
    return done(await advisers.post("/v1/paths", changes.pop("by", "mission_locale"), **{**REFERRAL, **changes}), 201)


async def test_of_all_who_refer_somebody_at_once_one_does_and_again_after_the_exit(advisers: Advisers) -> None:
    agencies = ("mission_locale", "france_travail")
    answers = await asyncio.gather(
        *(advisers.post("/v1/paths", agencies[n % 2], **{**REFERRAL, "agency": agencies[n % 2]}) for n in range(50))
    )
    (first,) = [done(each, 201) for each in answers if each.is_success]
    assert {slug(each) for each in answers if not each.is_success} == {(409, "path-active")}
    path, agency = f"/v1/paths/{first['id']}", first["agency"]
    done(await advisers.post(f"{path}/exit", agency, reason="moved_away"))
    again = await referred(advisers)
    assert again["seeker"] == first["seeker"]
    assert again["id"] != first["id"]


async def test_the_agency_decides_the_other_reads_and_nobody_else_knows_of_it(advisers: Advisers) -> None:
    made = await referred(advisers)
    path = f"/v1/paths/{made['id']}"
    others = await advisers.post(
        "/v1/paths", "france_travail", **{**REFERRAL, "seeker": {**CAMILLE, "given_name": "A"}}
    )
    assert slug(others) == (403, "not-your-record")
    refused = await advisers.post(f"{path}/diagnose", "france_travail", **DIAGNOSIS)
    assert slug(refused) == (403, "not-your-record")
    read = done(await advisers.get(path, "france_travail"))
    assert read["allowed"] == []
    assert "Camille" not in str(read)
    assert "Camille" in str(done(await advisers.get(path, more="employment:personal")))
    for by, of in (("company", COMPANY), ("network", None), ("steering", None), ("ops", None)):
        assert (await advisers.get(path, by, of)).status_code == 404
        assert done(await advisers.get("/v1/paths", by, of))["items"] == []
    done(await advisers.post(f"{path}/hand-over", agency="france_travail"))
    done(await advisers.post(f"{path}/diagnose", "france_travail", **DIAGNOSIS))
    assert slug(await advisers.post(f"{path}/engage")) == (403, "not-your-record")
    for asked in ("status=diagnosed&agency=france_travail", "romes=H2902&residence=town", f"seeker={made['seeker']}"):
        (item,) = done(await advisers.get(f"/v1/paths?{asked}"))["items"]
        assert item["id"] == made["id"], asked


@pytest.mark.parametrize(
    ("diagnosis", "pointer"),
    [
        ({**DIAGNOSIS, "obstacles": ["health"]}, "#/obstacles/0"),
        ({**DIAGNOSIS, "romes": ["H9999"]}, "#/romes/0"),
        ({**DIAGNOSIS, "weekly_hours": 60}, "#/weekly_hours"),
        ({**DIAGNOSIS, "needs": []}, "#/needs"),
        ({**DIAGNOSIS, "note": "Camille a un souci de santé"}, "#/note"),
    ],
)
async def test_nothing_is_told_of_somebody_but_codes(
    advisers: Advisers, diagnosis: dict[str, Any], pointer: str
) -> None:
    made = await referred(advisers)
    answer = await advisers.post(f"/v1/paths/{made['id']}/diagnose", **diagnosis)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert "Camille" not in answer.text


async def test_a_notice_is_given_and_a_contact_prolongs_it(advisers: Advisers, store: Store) -> None:
    now = datetime.now(PARIS)
    today = now.date()
    last_contact = months_later(today + timedelta(days=21), -24)
    made = await referred(advisers, on=last_contact.isoformat())
    path = f"/v1/paths/{made['id']}"
    assert done(await advisers.get("/v1/paths?notice=true"))["items"] == []
    await issue_due(store, app.deciders, now)
    (told,) = done(await advisers.get("/v1/paths?notice=true"))["items"]
    assert (told["id"], told["last_contact"]) == (made["id"], last_contact.isoformat())
    assert "record-contact" in told["allowed"]
    answer = done(await advisers.post(f"{path}/record-contact", channel="phone"))
    assert (answer["notice"], answer["last_contact"]) == (False, today.isoformat())
    assert done(await advisers.get("/v1/paths?notice=true"))["items"] == []
    assert await issue_due(store, app.deciders, now) == 0


async def test_a_file_tells_what_is_held_on_what_ground_and_until_when(advisers: Advisers) -> None:
    made = await referred(advisers)
    hired: dict[str, Any] = {"rome": "H2902", "contract": "permanent", "weekly_hours": 35}
    day = datetime.now(PARIS).date()
    hire = done(
        await advisers.post("/v1/hires", company=COMPANY, seeker=CAMILLE, hired_on=day.isoformat(), **hired), 201
    )
    file = f"/v1/persons/{made['seeker']}"
    answer = await advisers.get(file, more="employment:personal")
    assert answer.headers["cache-control"] == "no-store"
    held = done(answer)
    assert held["personal"]["given_name"] == "Camille"
    records = {each["category"]: each for each in held["records"]}
    assert {name: each["path"] for name, each in records.items()} == {
        "hire": f"/v1/hires/{hire['id']}",
        "path": f"/v1/paths/{made['id']}",
    }
    for each in records.values():
        assert (each["ground"], each["named_as"]) == ("public_task", ["seeker"])
        assert each["needed_until"] == held["needed_until"]
        assert len(each["events"]) == 1
    assert held["needed_until"].startswith(str(day.year + 2))
    assert held["notice_from"] < held["needed_until"]
    assert (await advisers.get(file)).status_code == 403
    assert (await advisers.get(file, "network", more="employment:personal")).status_code == 404
    company = done(await advisers.get(file, "company", COMPANY, more="employment:personal"))
    assert [each["category"] for each in company["records"]] == ["hire"]
    done(await advisers.post("/v1/erasures", person=made["seeker"], reason="request"), 201)
    assert (await advisers.get(file, more="employment:personal")).status_code == 404
    assert done(await advisers.get(f"/v1/hires/{hire['id']}", more="employment:personal"))["personal"] == {}


async def until(advisers: Advisers, path: str, **expected: Any) -> dict[str, Any]:
    """A record, once it says so: a reaction takes a moment."""
    async with asyncio.timeout(60):
        while True:
            record = done(await advisers.get(path))
            if {name: record[name] for name in expected} == expected:
                return record
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_path_follows_a_hire_and_ends_with_an_erasure_and_what_was_counted_stays(
    database: str, kafka: str, issuer: Issuer
) -> None:
    await prepare(database, app.all_migrations)
    await show(database, members, COMPANY, *JOINED)
    await show(database, projects, "none")
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with calling(app, database, issuer, worker=True, **where) as client:
        advisers = Advisers(client, issuer)
        today = datetime.now(PARIS).date()
        made = await referred(advisers, on=(today - timedelta(days=40)).isoformat())
        path = f"/v1/paths/{made['id']}"
        terms: dict[str, Any] = {"company": COMPANY, "rome": "H2902", "contract": "permanent", "weekly_hours": 35}
        hired_on = (today - timedelta(days=10)).isoformat()
        recorded = await advisers.post("/v1/hires", "company", COMPANY, seeker=CAMILLE, hired_on=hired_on, **terms)
        hire = f"/v1/hires/{done(recorded, 201)['id']}"
        in_job = await until(advisers, path, status="in_job")
        assert in_job["access"] == {"hired_on": hired_on, "days": 30, "days_engaged": None, "within_6_months": True}
        sooner = (today - timedelta(days=12)).isoformat()
        done(await advisers.post(f"{hire}/correct-day", hired_on=sooner, reason="typing_error"))
        moved = await until(advisers, path, access={**in_job["access"], "hired_on": sooner, "days": 28})
        done(await advisers.post(f"{hire}/end", ended_on=today.isoformat(), reason="resigned"))
        over = await until(advisers, path, status="referred")
        assert over["access"] == moved["access"]
        before = await history(advisers, path)
        done(await advisers.post("/v1/erasures", person=made["seeker"], reason="request"), 201)
        erased = await until(advisers, path, status="erased")
        assert (erased["access"], erased["flags"]) == (over["access"], over["flags"])
        after = await history(advisers, path)
        assert after[:-1] == before
        assert after[-1]["type"] == "PathErased"
        assert "Camille" not in str(after)


async def history(advisers: Advisers, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = done(await advisers.get(f"{path}/events"))["items"]
    return items
