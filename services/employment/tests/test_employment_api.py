"""The service as frontends meet it: over HTTP, on a real database, persons recognised and posts raced for."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from people import COMPANY, JOINED, NEIGHBOUR
from replays import calling

from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import prepare
from employment.app import app
from employment.members import members, projects

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
    answers = await asyncio.gather(*(advisers.post(f"{each}/accept", "company", COMPANY) for each in applied))
    refused = [slug(each) for each in answers if not each.is_success]
    assert refused == [(409, "no-post-left")] * (len(applied) - 1)


@pytest.mark.parametrize(
    "written", [{"family_name": "EXEMPLE"}, {"given_name": " camille "}, {"family_name": "Éxemple", "email": "c@e.org"}]
)
async def test_one_person_however_written_applies_once(advisers: Advisers, written: dict[str, str]) -> None:
    vacancy = await advisers.opened()
    first = await advisers.applied(vacancy)
    again: dict[str, Any] = {"vacancy": vacancy.rpartition("/")[2], "seeker": {**CAMILLE, **written}}
    assert slug(await advisers.post("/v1/applications", "france_travail", **again)) == (409, "applied-already")
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
