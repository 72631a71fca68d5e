"""The service as frontends meet it: over HTTP, on a real database, persons recognised and posts raced for."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import httpx
import pytest
from people import COMPANY, JOINED, NEIGHBOUR, PLACE
from replays import calling

from contracts.model import PARIS
from contracts.youth_events.immersion import Agency
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import PERSONAL_KEY, prepare
from employment import hire, lead
from employment.app import app
from employment.hire import hires
from employment.lead import leads
from employment.members import members, projects
from eventstore.decider import Command, Decider
from eventstore.execution import execute
from eventstore.issuing import OURS
from eventstore.postgres.store import Store

pytestmark = pytest.mark.anyio

CAMILLE: Final[dict[str, Any]] = {"family_name": "Exemple", "given_name": "Camille", "born_on": "1990-05-13"}
VACANCY: Final[dict[str, Any]] = {
    "company": COMPANY,
    "title": "Chaudronnier soudeur",
    "rome": "H2902",
    "contract": "permanent",
    "weekly_hours": 35,
    "posts": 1,
}


class Advisers:
    """Clients of the service, an adviser unless told."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, by: str, of: str | None, more: str = "") -> dict[str, str]:
        scopes = f"employment:read employment:write {more}"
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by], company=of)}"}

    async def post(self, path: str, by: str = "mission_locale", of: str | None = None, **body: Any) -> httpx.Response:
        return await self._client.post(path, json=body, headers=self._bearer(by, of))

    async def get(self, path: str, by: str = "mission_locale", of: str | None = None, more: str = "") -> httpx.Response:
        return await self._client.get(path, headers=self._bearer(by, of, more))

    async def opened(self, **changes: Any) -> str:
        """An open vacancy; its path."""
        drafted = done(await self.post("/v1/vacancies", "company", COMPANY, **{**VACANCY, **changes}), 201)
        path = f"/v1/vacancies/{drafted['id']}"
        done(await self.post(f"{path}/open", "company", COMPANY))
        return path

    async def applied(self, vacancy: str, **seeker: str) -> str:
        """An application; its path."""
        made = await self.post("/v1/applications", vacancy=vacancy.rpartition("/")[2], seeker={**CAMILLE, **seeker})
        return f"/v1/applications/{done(made, 201)['id']}"


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def slug(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.fixture
async def advisers(database: str, issuer: Issuer) -> AsyncIterator[Advisers]:
    await prepare(database, app.all_migrations)
    await show(database, members, COMPANY, *JOINED)
    await show(database, projects, "none")
    async with calling(app, database, issuer) as client:
        yield Advisers(client, issuer)


async def test_of_all_who_are_accepted_at_once_for_the_last_post_one_is(advisers: Advisers) -> None:
    vacancy = await advisers.opened()
    applied = [await advisers.applied(vacancy, family_name=f"Exemple {letter}") for letter in "ABCDEFGH"]
    assert slug(await advisers.post(f"{applied[0]}/accept", "company", COMPANY)) == (
        409,
        "acceptance-without-start-day",
    )
    starts_on = datetime.now(PARIS).date().isoformat()
    answers = await asyncio.gather(
        *(advisers.post(f"{each}/accept", "company", COMPANY, starts_on=starts_on) for each in applied)
    )
    refused = [slug(each) for each in answers if not each.is_success]
    assert refused == [(409, "no-post-left")] * (len(applied) - 1)


@pytest.mark.parametrize(
    "written", [{"family_name": "EXEMPLE"}, {"given_name": " camille "}, {"family_name": "Éxemple", "email": "c@e.org"}]
)
async def test_one_person_however_written_applies_once(advisers: Advisers, written: dict[str, str]) -> None:
    vacancy = await advisers.opened()
    first = await advisers.applied(vacancy)
    again: dict[str, Any] = {"vacancy": vacancy.rpartition("/")[2], "seeker": {**CAMILLE, **written}}
    refused = await advisers.post("/v1/applications", "france_travail", **again)
    assert slug(refused) == (409, "applied-already")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["#/seeker"]
    done(await advisers.post(f"{first}/cancel", reason="entered_by_mistake"))
    done(await advisers.post("/v1/applications", "france_travail", **again), 201)
    namesake = {**again, "seeker": {**CAMILLE, "born_on": "1990-05-14"}}
    done(await advisers.post("/v1/applications", **namesake), 201)


async def test_who_is_no_member_drafts_nothing_and_no_investment_is_made_up(advisers: Advisers) -> None:
    stranger = await advisers.post("/v1/vacancies", "france_travail", **{**VACANCY, "company": NEIGHBOUR})
    assert slug(stranger) == (409, "not-a-member")
    invented = await advisers.post("/v1/vacancies", "france_travail", **VACANCY, investment=str(uuid.uuid4()))
    assert slug(invented) == (409, "investment-unknown")
    others = await advisers.post("/v1/vacancies", "company", NEIGHBOUR, **VACANCY)
    assert others.status_code == 403
    unlisted = await advisers.post("/v1/vacancies", "company", COMPANY, **{**VACANCY, "rome": "H9999"})
    assert unlisted.status_code == 422


async def test_who_reads_of_whom(advisers: Advisers) -> None:
    vacancy = await advisers.opened()
    application = await advisers.applied(vacancy)
    for by, of in (("mission_locale", None), ("france_travail", None), ("company", COMPANY)):
        state = done(await advisers.get(application, by, of))
        assert "Camille" not in str(state)
    for by, of in (("network", None), ("town_hall", None), ("company", NEIGHBOUR), ("school", None)):
        assert (await advisers.get(application, by, of)).status_code == 404
        listed = done(await advisers.get("/v1/applications", by, of))
        assert listed["items"] == []
    known = done(await advisers.get(application, more="employment:personal"))
    assert "Camille" in str(known)
    assert "accepted" in done(await advisers.get(vacancy, "town_hall"))
    public = done(await advisers.get(vacancy, "school"))
    assert (public["rome"], public["status"]) == ("H2902", "open")
    assert "accepted" not in public
    # What nobody can apply for yet is a company's plan.
    draft = done(await advisers.post("/v1/vacancies", "company", COMPANY, **VACANCY), 201)
    assert (await advisers.get(f"/v1/vacancies/{draft['id']}", "school")).status_code == 404
    assert (await advisers.get(f"/v1/vacancies/{draft['id']}", "company", NEIGHBOUR)).status_code == 404
    assert done(await advisers.get("/v1/vacancies?status=draft", "school"))["items"] == []


async def test_screens_find_what_is_to_be_done(advisers: Advisers) -> None:
    vacancy = await advisers.opened()
    await advisers.opened(title="Fraiseur", rome="H2903")
    application = await advisers.applied(vacancy)
    hired: dict[str, Any] = {"hired_on": "2024-01-08", "rome": "H2902", "contract": "permanent", "weekly_hours": 35}
    hire = done(await advisers.post("/v1/hires", company=COMPANY, seeker=CAMILLE, **hired), 201)
    person = done(await advisers.get(application))["seeker"]
    assert hire["seeker"] == person
    found: dict[str, str] = {
        "/v1/vacancies?status=open&rome=H2902": vacancy,
        "/v1/vacancies?q=chaudronnier": vacancy,
        f"/v1/applications?seeker={person}&status=new": application,
        f"/v1/applications?vacancy={vacancy.rpartition('/')[2]}": application,
        f"/v1/hires?status=recorded&seeker={person}": f"/v1/hires/{hire['id']}",
    }
    for asked, path in found.items():
        (item,) = done(await advisers.get(asked))["items"]
        assert path.endswith(item["id"]), asked
    again = await advisers.post("/v1/hires", company=COMPANY, seeker=CAMILLE, **{**hired, "hired_on": "2024-03-01"})
    assert slug(again) == (409, "hired-already")


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        yield store


async def issued(store: Store, decider: Decider[Any], command: Command) -> str:
    """What a reaction asks for; the id of what it began."""
    now = datetime.now(PARIS)
    return (await execute(store, decider, command, identity=None, actor=OURS, now=now, metadata="{}")).identity


async def lead_of(store: Store, agency: Agency = "mission_locale") -> str:
    """A lead that an immersion proposed; its path."""
    told: dict[str, Any] = {**PLACE, "agency": agency, "rome": "H2902", "contract": "permanent"}
    proposed = await issued(store, leads, lead.Propose(immersion=str(uuid.uuid4()), **told))
    return f"/v1/hire-leads/{proposed}"


LINK: Final[dict[str, Any]] = {"seeker": CAMILLE, "weekly_hours": 35}


async def test_the_agency_of_the_immersion_links_the_lead_once_and_the_other_reads_it(
    advisers: Advisers, store: Store
) -> None:
    path = await lead_of(store)
    other = await advisers.post(f"{path}/link", "france_travail", **LINK)
    assert slug(other) == (403, "not-your-record")
    assert (await advisers.post(f"{path}/link", "company", COMPANY, **LINK)).status_code == 403
    answers = await asyncio.gather(*(advisers.post(f"{path}/link", **LINK) for _ in range(50)))
    assert sum(each.is_success for each in answers) == 1
    assert {slug(each) for each in answers if not each.is_success} == {(409, "hire-lead-not-proposed")}
    for by, of in (("mission_locale", None), ("france_travail", None), ("company", COMPANY)):
        state = done(await advisers.get(path, by, of))
        assert state["status"] == "linked"
        assert "Camille" not in str(state)
    for by, of in (("network", None), ("steering", None), ("company", NEIGHBOUR), ("school", None)):
        assert (await advisers.get(path, by, of)).status_code == 404
        assert done(await advisers.get("/v1/hire-leads", by, of))["items"] == []
    assert "Camille" in str(done(await advisers.get(path, more="employment:personal")))
    person = done(await advisers.get(path))["seeker"]
    (found,) = done(await advisers.get(f"/v1/hire-leads?status=linked&seeker={person}"))["items"]
    assert path.endswith(found["id"])
    assert "unlink" in done(await advisers.get(path))["allowed"]
    assert done(await advisers.get(path, "france_travail"))["allowed"] == []


@pytest.mark.parametrize("undoing", ["unlink", "dismiss"])
async def test_a_hire_is_recorded_of_a_lead_or_the_link_is_undone_and_never_both(
    advisers: Advisers, store: Store, undoing: str
) -> None:
    for born_on in ("1990-05-13", "1991-05-13", "1992-05-13", "1993-05-13"):
        path = await lead_of(store)
        link = {**LINK, "seeker": {**CAMILLE, "born_on": born_on}}
        linked = done(await advisers.post(f"{path}/link", **link))
        terms: dict[str, Any] = {"rome": "H2902", "contract": "permanent", "weekly_hours": 35, "flags": ()}
        proposal = hire.Propose(**PLACE, **terms, seeker=linked["seeker"], lead=linked["id"])
        of_lead = f"/v1/hires/{await issued(store, hires, proposal)}"
        reason = {"reason": "other"} if undoing == "dismiss" else {}
        hired_on = datetime.now(PARIS).date().isoformat()
        confirmed, undone = await asyncio.gather(
            advisers.post(f"{of_lead}/confirm", "company", COMPANY, hired_on=hired_on),
            advisers.post(f"{path}/{undoing}", **reason),
        )
        assert [confirmed.is_success, undone.is_success].count(True) == 1
        lost = undone if confirmed.is_success else confirmed
        assert slug(lost) == (409, "hire-stands")
        if confirmed.is_success:
            done(await advisers.post(f"{of_lead}/cancel", "company", COMPANY, reason="did_not_start"))
            done(await advisers.post(f"{path}/{undoing}", **reason))


async def test_somebody_whose_hire_is_recorded_already_is_not_hired_by_a_lead_again(
    advisers: Advisers, store: Store
) -> None:
    hired_on = datetime.now(PARIS).date().isoformat()
    terms: dict[str, Any] = {"rome": "H2902", "contract": "permanent", "weekly_hours": 35}
    done(await advisers.post("/v1/hires", company=COMPANY, seeker=CAMILLE, hired_on=hired_on, **terms), 201)
    path = await lead_of(store)
    linked = done(await advisers.post(f"{path}/link", **LINK))
    proposal = hire.Propose(**PLACE, **terms, flags=(), seeker=linked["seeker"], lead=linked["id"])
    of_lead = await issued(store, hires, proposal)
    again = await advisers.post(f"/v1/hires/{of_lead}/confirm", hired_on=hired_on)
    assert slug(again) == (409, "hired-already")
    done(await advisers.post(f"{path}/dismiss", reason="hired_already_recorded"))
