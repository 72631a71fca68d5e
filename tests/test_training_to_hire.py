"""From a path over training to a hire, over two services and Kafka: what advisers name, what comes of it, and that it
can be undone."""

import asyncio
import uuid
from datetime import date, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling
from test_personal_data import dumped

from contracts.companies.company import CompanyActivated
from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import prepare
from employment.app import app as employment
from employment.members import members, projects
from service.clock import today
from training.app import app as training

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

COMPANY: Final = sample_siret(0)
CAMILLE: Final = {"family_name": "Exemple", "given_name": "Camille", "born_on": "1990-05-13"}
STARTS: Final = today() - timedelta(days=120)
ENDS: Final = today() - timedelta(days=40)
BEFORE: Final = str(STARTS - timedelta(days=30))
CERTIFIED_ON: Final = str(ENDS + timedelta(days=10))


class Partners:
    """Clients of one of the services."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, service: str) -> None:
        self._client = client
        self._issuer = issuer
        self._scopes = f"{service}:read {service}:write"

    def _bearer(self, by: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.token(self._scopes, [by])}"}

    async def post(self, path: str, by: str, /, **body: Any) -> dict[str, Any]:
        answer = await self._client.post(f"/v1/{path}", json=body, headers=self._bearer(by))
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def becomes(self, path: str, /, **said: Any) -> dict[str, Any]:
        """A record, once it says this: what another service tells comes to it."""
        async with asyncio.timeout(60):
            while True:
                answer = await self._client.get(f"/v1/{path}", headers=self._bearer("mission_locale"))
                assert answer.is_success, answer.text
                record: dict[str, Any] = answer.json()
                if all(record[name] == value for name, value in said.items()):
                    return record
                await asyncio.sleep(0.05)

    async def shows(self, path: str, number: int, /) -> list[dict[str, Any]]:
        """The skills of a path, once there are as many."""
        async with asyncio.timeout(60):
            while True:
                skills: list[dict[str, Any]] = (await self.becomes(path))["skills"]
                if len(skills) == number:
                    return skills
                await asyncio.sleep(0.05)


@pytest.mark.timeout(180)
async def test_whoever_is_trained_has_the_skill_and_a_hire_says_what_it_came_of(
    database: str, other_database: str, kafka: str, issuer: Issuer
) -> None:
    await prepare(database, training.all_migrations)
    await prepare(other_database, employment.all_migrations)
    joined = CompanyActivated(
        company=COMPANY, naf="25.62B", commune="36088", zone="zi-limoise", headcount=42, size_band="12",
        effective_on=date(2024, 1, 15),
    )  # fmt: skip
    await show(other_database, members, COMPANY, joined)
    await show(other_database, projects, "none")
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with (
        calling(training, database, issuer, worker=True, **where) as theirs,
        calling(employment, other_database, issuer, worker=True, **where) as ours,
    ):
        trainers, advisers = Partners(theirs, issuer, "training"), Partners(ours, issuer, "employment")
        referral = {"seeker": CAMILLE, "agency": "mission_locale", "residence": "town", "on": BEFORE}
        path = (await advisers.post("paths", "mission_locale", **referral))["id"]

        enrolment = await certified(trainers, path)
        (skill,) = await advisers.shows(f"paths/{path}", 1)
        assert (skill["certification"], skill["romes"]) == ("RNCP35094", ["H2913"])
        assert (skill["enrolment"], skill["acquired_on"]) == (enrolment, CERTIFIED_ON)

        # It is undone, and decided again.
        await trainers.post(f"enrolments/{enrolment}/undo-certification", "afpa", reason="appeal")
        await advisers.shows(f"paths/{path}", 0)
        await trainers.post(f"enrolments/{enrolment}/certify", "afpa", certified_on=CERTIFIED_ON)
        await advisers.shows(f"paths/{path}", 1)
        # It was not this path, and then it was.
        await trainers.post(f"enrolments/{enrolment}/unname-path", "mission_locale")
        await advisers.shows(f"paths/{path}", 0)
        # An id that is nobody's holds nothing up.
        await trainers.post(f"enrolments/{enrolment}/name-path", "mission_locale", path=str(uuid.uuid4()))
        await trainers.post(f"enrolments/{enrolment}/unname-path", "mission_locale")
        await trainers.post(f"enrolments/{enrolment}/name-path", "mission_locale", path=path)
        await advisers.shows(f"paths/{path}", 1)

        hired = {"rome": "H2913", "contract": "permanent", "weekly_hours": 35, "hired_on": str(today())}
        recorded = await advisers.post(
            "hires", "mission_locale", company=COMPANY, seeker=CAMILLE, enrolment=enrolment, **hired
        )
        hire = recorded["id"]
        state = await trainers.becomes(f"enrolments/{enrolment}", hires=[hire])
        await advisers.post(f"hires/{hire}/correct-enrolment", "france_travail", reason="typing_error")
        await trainers.becomes(f"enrolments/{enrolment}", hires=[])
        named = {"enrolment": enrolment, "reason": "typing_error"}
        await advisers.post(f"hires/{hire}/correct-enrolment", "france_travail", **named)
        await trainers.becomes(f"enrolments/{enrolment}", hires=[hire])
        await advisers.post(f"hires/{hire}/cancel", "mission_locale", reason="did_not_start")
        await trainers.becomes(f"enrolments/{enrolment}", hires=[])

        # One person, known to each service by a pseudonym of its own, which stays there.
        assert state["trainee"] != recorded["seeker"]
        ids = {state["trainee"]: database, recorded["seeker"]: other_database}
        for pseudonym, home in ids.items():
            assert {url for url in (database, other_database) if pseudonym in await dumped(url)} == {home}


async def certified(trainers: Partners, path: str) -> str:
    """Somebody is trained and certified, on a path that an adviser names; the enrolment's id."""
    course = await trainers.post(
        "courses", "afpa", title="Soudeur", certification="RNCP35094", romes=["H2913"], level=3, hours=420,
        valid_from="2020-01-01", valid_until="2099-12-31", on=BEFORE,
    )  # fmt: skip
    session = await trainers.post(
        "sessions", "afpa", course=course["id"], commune="36088", seats=8, minimum=1, starts_on=str(STARTS),
        ends_on=str(ENDS), decision_on=str(STARTS), on=BEFORE,
        slots=[{"weekdays": ["monday"], "starts": "09:00", "ends": "12:00"}],
    )  # fmt: skip
    await trainers.post(f"sessions/{session['id']}/open", "afpa", on=BEFORE)
    applied = await trainers.post(
        "enrolments", "mission_locale", session=session["id"], trainee=CAMILLE, path=path, on=BEFORE
    )
    enrolment = f"enrolments/{applied['id']}"
    await trainers.post(f"{enrolment}/admit", "afpa", on=BEFORE)
    await trainers.post(f"sessions/{session['id']}/confirm", "afpa", on=BEFORE)
    await trainers.becomes(enrolment, awaits="outcome")
    await trainers.post(f"{enrolment}/complete", "afpa", on=str(ENDS))
    await trainers.post(f"{enrolment}/certify", "afpa", certified_on=CERTIFIED_ON, on=CERTIFIED_ON)
    return str(applied["id"])
