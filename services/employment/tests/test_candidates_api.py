"""Candidates for a vacancy over HTTP: who asks, who is proposed, in pages, and what the partners' setting does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from people import COMPANY, JOINED, record_id
from replays import calling
from test_employment_api import CAMILLE, Advisers, done, slug

from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import prepare
from employment import candidates
from employment.app import app
from employment.candidates import CandidateSettings
from employment.members import members, projects
from service.running.settings import SettingsError, load

pytestmark = pytest.mark.anyio

SETTING: Final = "PRIORITY_GROUPS_FIRST"
DIAGNOSIS: Final[dict[str, Any]] = {"needs": ["training"], "romes": ["H2902"], "weekly_hours": 35}


@pytest.fixture
async def advisers(database: str, issuer: Issuer) -> AsyncIterator[Advisers]:
    await prepare(database, app.all_migrations)
    await show(database, members, COMPANY, *JOINED)
    await show(database, projects, "none")
    async with calling(app, database, issuer) as client:
        yield Advisers(client, issuer)


async def looking(
    advisers: Advisers, name: str, agency: str = "mission_locale", flags: tuple[str, ...] = (), **diagnosis: Any
) -> dict[str, Any]:
    """Somebody of that name who is on a path and looks for work."""
    today = datetime.now(PARIS).date().isoformat()
    told = [{"group": group, "established_on": today, "source": "interview"} for group in flags]
    person = {**CAMILLE, "given_name": name}
    referral: dict[str, Any] = {"agency": agency, "seeker": person, "residence": "town", "flags": told}
    made = done(await advisers.post("/v1/paths", agency, **referral), 201)
    diagnosed = {**DIAGNOSIS, "available_from": today, **diagnosis}
    return done(await advisers.post(f"/v1/paths/{made['id']}/diagnose", agency, **diagnosed))


async def proposed(advisers: Advisers, vacancy: str, query: str = "", **asked: Any) -> dict[str, Any]:
    return done(await advisers.get(f"{vacancy}/candidates{query}", **asked))


async def test_advisers_are_told_whom_they_could_propose_and_why_and_nobody_is_named(advisers: Advisers) -> None:
    vacancy = await advisers.opened()
    later = (datetime.now(PARIS).date() + timedelta(days=45)).isoformat()
    certified = await looking(advisers, "Camille", flags=("woman",))
    shown: dict[str, Any] = {"romes": ["H2902"], "source": "certification", "certification": "RNCP37250"}
    skill = {**shown, "acquired_on": datetime.now(PARIS).date().isoformat()}
    done(await advisers.post(f"/v1/paths/{certified['id']}/add-skill", **skill))
    welder = await looking(
        advisers, "Dominique", "france_travail", romes=["H2913"], available_from=later, weekly_hours=28
    )
    await looking(advisers, "Maxime", romes=["D1102"])
    for by in ("mission_locale", "france_travail"):
        told = await proposed(advisers, vacancy, by=by, more="employment:personal")
        assert (told["count"], told["complete"], told["priority_first"]) == (2, True, [])
        assert [(each["path"], each["seeker"], each["agency"], each["points"]) for each in told["items"]] == [
            (certified["id"], certified["seeker"], "mission_locale", 100),
            (welder["id"], welder["seeker"], "france_travail", 33),
        ]
        first, second = told["items"]
        assert (first["rank"], first["rank_by_points"], first["first_as"]) == (1, 1, [])
        assert [(each["code"], each["points"], each["value"], each["rome"]) for each in second["reasons"]] == [
            ("same_domain", 20, None, "H2913"),
            ("no_skill", 0, None, None),
            ("available_later", 7, 45, None),
            ("hours_differ", 6, 7, None),
        ]
        assert second["reasons"][2]["sentence"] == {
            "en": "is available in 45 days",
            "fr": "est disponible dans 45 jours",
        }
        for secret in ("Camille", "Dominique", "1990", "woman", "residence", "age_group", "flags"):
            assert secret not in str(told), secret


async def test_nobody_else_asks_and_only_of_a_vacancy_that_is_open(advisers: Advisers) -> None:
    vacancy = await advisers.opened()
    await looking(advisers, "Camille")
    for by, of in (("company", COMPANY), ("network", None), ("steering", None), ("epci", None), ("ops", None)):
        refused = await advisers.get(f"{vacancy}/candidates", by, of)
        assert slug(refused) == (403, "role-missing")
        assert refused.json()["parameters"]["roles"] == ["mission_locale", "france_travail"]
    assert slug(await advisers.get(f"/v1/vacancies/{record_id(77)}/candidates")) == (404, "not-found")
    assert slug(await advisers.get("/v1/vacancies/none/candidates")) == (422, "invalid")
    assert slug(await advisers.get(f"{vacancy}/candidates/x")) == (404, "not-found")
    assert slug(await advisers.post(f"{vacancy}/candidates")) == (405, "method-not-allowed")
    done(await advisers.post(f"{vacancy}/withdraw", "company", COMPANY, reason="not_needed"))
    closed = await advisers.get(f"{vacancy}/candidates")
    assert slug(closed) == (409, "vacancy-not-open")
    assert closed.json()["parameters"] == {"status": "withdrawn"}
    assert slug(await advisers.get(f"{vacancy}/candidates", "company", COMPANY)) == (403, "role-missing")


async def test_whoever_has_applied_is_on_pause_or_works_is_not_proposed(advisers: Advisers) -> None:
    vacancy, another = await advisers.opened(), await advisers.opened()
    paths = {name: await looking(advisers, name) for name in ("Applied", "Paused", "Works", "There")}
    application = await advisers.applied(vacancy, given_name="Applied")
    done(await advisers.post(f"/v1/paths/{paths['Paused']['id']}/pause", reason="training"))
    today = datetime.now(PARIS).date().isoformat()
    terms: dict[str, Any] = {"rome": "H2902", "contract": "permanent", "weekly_hours": 35}
    works = {**CAMILLE, "given_name": "Works"}
    hire = done(await advisers.post("/v1/hires", company=COMPANY, seeker=works, hired_on=today, **terms), 201)
    done(await advisers.post(f"/v1/paths/{paths['Works']['id']}/start-job", hire=hire["id"]))

    async def names(of: str) -> set[str]:
        told = await proposed(advisers, of)
        return {name for name, path in paths.items() if path["id"] in {each["path"] for each in told["items"]}}

    assert await names(vacancy) == {"There"}
    assert await names(another) == {"There", "Applied"}, "for another vacancy they may be"
    done(await advisers.post(f"{application}/refuse", "company", COMPANY, reason="other"))
    assert await names(vacancy) == {"There"}, "nor again, once the company has answered"
    again = await advisers.applied(another, given_name="Applied")
    done(await advisers.post(f"{again}/cancel", reason="other"))
    assert await names(another) == {"There", "Applied"}, "what was given up may be begun again"
    done(await advisers.post(f"/v1/paths/{paths['Paused']['id']}/resume"))
    assert await names(vacancy) == {"There", "Paused"}


async def test_pages_lead_through_all_once(advisers: Advisers) -> None:
    vacancy = await advisers.opened()
    made = await asyncio.gather(*(looking(advisers, f"N {'abcdefg'[n]}") for n in range(7)))
    whole = await proposed(advisers, vacancy)
    assert {each["path"] for each in whole["items"]} == {each["id"] for each in made}
    met, address = [], f"{vacancy}/candidates?limit=3"
    while address:
        answer = await advisers.get(address)
        page = done(answer)
        assert (page["count"], len(page["items"]) <= 3) == (7, True)
        met += page["items"]
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    assert met == whole["items"]
    assert [each["rank"] for each in met] == [1, 2, 3, 4, 5, 6, 7]
    for query in ("limit=0", "limit=101", "limit=x", "cursor=!", "cursor=MS8y", "sort=rank", "limit=1&limit=2"):
        refused = await advisers.get(f"{vacancy}/candidates?{query}")
        assert slug(refused) == (422, "invalid"), query


async def test_no_more_paths_are_compared_than_is_told(advisers: Advisers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_PATHS", 2)
    monkeypatch.setattr(candidates, "AT_ONCE", 1)
    vacancy = await advisers.opened()
    today = datetime.now(PARIS).date()
    made = []
    for n in (3, 1, 2):
        free = (today + timedelta(days=n)).isoformat()
        made.append(await looking(advisers, "xyz"[n - 1], available_from=free))
        if n == 1:
            assert (await proposed(advisers, vacancy))["complete"]
    told = await proposed(advisers, vacancy)
    assert (told["complete"], told["count"]) == (False, 2)
    assert {each["path"] for each in told["items"]} == {made[1]["id"], made[2]["id"]}, "those available first"


async def test_the_partners_setting_moves_groups_and_the_answer_says_so(
    database: str, issuer: Issuer, advisers: Advisers, monkeypatch: pytest.MonkeyPatch
) -> None:
    vacancy = await advisers.opened()
    best = await looking(advisers, "Camille")
    youth = await looking(advisers, "Dominique", flags=("long_term",), romes=["H2913"])
    other = await looking(advisers, "Maxime", flags=("woman",), romes=["H2913"], weekly_hours=28)
    plain = await proposed(advisers, vacancy)
    assert [each["path"] for each in plain["items"]] == [best["id"], youth["id"], other["id"]]
    monkeypatch.setenv(SETTING, "woman, long_term")
    async with calling(app, database, issuer) as client:
        chosen = Advisers(client, issuer)
        moved = await proposed(chosen, vacancy)
        assert moved["priority_first"] == ["woman", "long_term"]
        assert [(each["path"], each["rank"], each["rank_by_points"], each["first_as"]) for each in moved["items"]] == [
            (youth["id"], 1, 2, ["long_term"]),
            (other["id"], 2, 3, ["woman"]),
            (best["id"], 3, 1, []),
        ]
        pages = []
        address = f"{vacancy}/candidates?limit=1"
        while address:
            answer = await chosen.get(address)
            pages += done(answer)["items"]
            address = answer.links["next"]["url"] if "next" in answer.links else ""
        assert pages == moved["items"]

    def told(answer: dict[str, Any]) -> dict[str, Any]:
        return {each["path"]: (each["points"], each["reasons"]) for each in answer["items"]}

    assert told(moved) == told(plain), "no points change"


@pytest.mark.parametrize("value", ["young", "long_term;woman", "woman,disabled"])
def test_a_setting_of_other_groups_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, value)
    with pytest.raises(SettingsError, match=f"{SETTING} must be priority groups") as refused:
        load(CandidateSettings)
    assert value not in str(refused.value)


def test_without_the_setting_no_group_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(CandidateSettings).priority_groups_first == ()
    monkeypatch.setenv(SETTING, " ")
    assert load(CandidateSettings).priority_groups_first == ()
    monkeypatch.setenv(SETTING, "senior,senior , youth")
    assert load(CandidateSettings).priority_groups_first == ("senior", "youth")
