"""Enrolments as frontends of training bodies and advisers meet them: over HTTP, on a real database and broker."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts.companies.company import CompanyActivated
from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import prepare
from service.clock import today
from training.app import app
from training.members import members

pytestmark = pytest.mark.anyio

COMPANY: Final = sample_siret(0)
CENTRE: Final = sample_siret(3)
OTHER: Final = sample_siret(4)
COURSE: Final[dict[str, Any]] = {
    "title": "Soudeur assembleur industriel",
    "certification": "RNCP35094",
    "romes": ["H2913"],
    "level": 3,
    "hours": 420,
    "valid_from": "2020-01-01",
    "valid_until": "2099-12-31",
}
CAMILLE: Final = {"family_name": "Exemple", "given_name": "Camille", "born_on": "1990-05-13"}
SOON: Final = 30
LONG_AGO: Final = -300
"""Days from today on which a session starts."""
LASTS: Final = 60


class Frontends:
    """Clients of the service, by the role that their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, by: str, of: str | None, scopes: str) -> dict[str, str]:
        claims: dict[str, Any] = {by: of} if of else {}
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by], **claims)}"}

    async def post(self, path: str, /, by: str = "afpa", of: str | None = None, **body: Any) -> httpx.Response:
        headers = self._bearer(by, of, "training:read training:write")
        return await self._client.post(f"/v1/{path}", json=body, headers=headers)

    async def get(
        self, path: str, /, by: str = "afpa", of: str | None = None, *, scopes: str = "training:read", **query: Any
    ) -> httpx.Response:
        return await self._client.get(f"/v1/{path}", params=query, headers=self._bearer(by, of, scopes))

    async def opened(self, starts_in: int = SOON, *, seats: int = 3, body: str | None = None, **changes: Any) -> str:
        """A session that people can enrol in; its id."""
        by, starts = "training_body" if body else "afpa", today() + timedelta(days=starts_in)
        on = str(min(today(), starts - timedelta(days=40)))
        owner = {"body": body} if body else {}
        course = done(await self.post("courses", by, body, on=on, **COURSE, **owner), 201)
        plan = {
            "on": on,
            "course": course["id"],
            "commune": "36088",
            "seats": seats,
            "minimum": 1,
            "starts_on": str(starts),
            "ends_on": str(starts + timedelta(days=LASTS)),
            "decision_on": str(starts),
            "slots": [{"weekdays": ["monday", "tuesday"], "starts": "09:00", "ends": "12:00"}],
        }
        session = done(await self.post("sessions", by, body, **plan, **owner, **changes), 201)["id"]
        done(await self.post(f"sessions/{session}/open", by, body, on=on))
        return str(session)

    async def apply(
        self, session: str, name: str = "Exemple", by: str = "mission_locale", of: str | None = None, **changes: Any
    ) -> httpx.Response:
        trainee = {**CAMILLE, "family_name": name}
        return await self.post("enrolments", by, of, **{"session": session, "trainee": trainee, **changes})

    async def applied(self, session: str, name: str = "Exemple", **changes: Any) -> str:
        """An enrolment; its id."""
        return str(done(await self.apply(session, name, **changes), 201)["id"])

    async def admitted(self, session: str, name: str = "Exemple", **on: Any) -> str:
        enrolment = await self.applied(session, name, **on)
        done(await self.post(f"enrolments/{enrolment}/admit", **on))
        return enrolment

    async def queued(self, session: str, name: str) -> str:
        enrolment = await self.applied(session, name)
        done(await self.post(f"enrolments/{enrolment}/queue"))
        return enrolment

    async def statuses(self, **query: Any) -> dict[str, str]:
        listed = done(await self.get("enrolments", limit=100, **query))
        return {each["id"]: each["status"] for each in listed["items"]}

    async def becomes(self, path: str, **said: Any) -> dict[str, Any]:
        """A record, once it says this."""
        async with asyncio.timeout(60):
            while True:
                record = done(await self.get(path))
                if all(record[name] == value for name, value in said.items()):
                    return record
                await asyncio.sleep(0.05)


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def slug(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def named(number: int) -> str:
    """A name for each of many trainees."""
    return f"Stagiaire {chr(65 + number // 26)}{chr(65 + number % 26)}"


@pytest.fixture
async def frontends(database: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service without a worker."""
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer) as client:
        yield Frontends(client, issuer)


@pytest.fixture
async def with_a_worker(database: str, kafka: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service with what it does by itself."""
    await prepare(database, app.all_migrations)
    joined = CompanyActivated(
        company=COMPANY, naf="25.62B", commune="36088", zone="zi-limoise", headcount=42, size_band="12",
        effective_on=date(2024, 1, 15),
    )  # fmt: skip
    await show(database, members, COMPANY, joined)
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with calling(app, database, issuer, worker=True, **where) as client:
        yield Frontends(client, issuer)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what a worker does."""
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110  it is another task's to do
            await asyncio.sleep(0.05)


async def test_of_fifty_who_are_admitted_at_once_to_the_last_seat_one_has_it(frontends: Frontends) -> None:
    session = await frontends.opened()
    for number in range(2):
        await frontends.admitted(session, named(60 + number))
    applied = [await frontends.applied(session, named(number)) for number in range(50)]
    answers = await asyncio.gather(*(frontends.post(f"enrolments/{each}/admit") for each in applied))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    assert {slug(answer) for answer in answers if answer.is_error} == {(409, "no-seat-left")}
    assert Counter((await frontends.statuses(session=session)).values()) == {"admitted": 3, "applied": 49}


async def test_a_session_never_has_fewer_seats_than_are_taken_at_the_same_time(frontends: Frontends) -> None:
    session = await frontends.opened(seats=6)
    applied = [await frontends.applied(session, named(number)) for number in range(6)]
    changes = [frontends.post(f"sessions/{session}/change-seats", seats=seats, minimum=1) for seats in (2, 3, 4)]
    await asyncio.gather(*(frontends.post(f"enrolments/{each}/admit") for each in applied), *changes)
    admitted = Counter((await frontends.statuses(session=session)).values())["admitted"]
    assert admitted <= done(await frontends.get(f"sessions/{session}"))["seats"]
    assert slug(await frontends.post(f"sessions/{session}/change-seats", seats=admitted - 1, minimum=1))[0] == 409


async def test_nobody_is_admitted_to_a_seat_that_fell_free_while_somebody_waits_for_it(frontends: Frontends) -> None:
    session = await frontends.opened()
    first, *_ = [await frontends.admitted(session, named(number)) for number in range(3)]
    await frontends.queued(session, "Attente")
    done(await frontends.post(f"enrolments/{first}/cancel", "mission_locale", reason="found_job"))
    # Without a worker the seat is free, and stays free.
    others = [await frontends.applied(session, named(10 + number)) for number in range(10)]
    answers = await asyncio.gather(*(frontends.post(f"enrolments/{each}/admit") for each in others))
    assert {slug(answer) for answer in answers} == {(409, "seat-waited-for")}
    done(await frontends.post(f"enrolments/{others[0]}/queue"))


@pytest.mark.slow
async def test_whoever_has_waited_longest_has_the_seat_that_falls_free(with_a_worker: Frontends) -> None:
    frontends = with_a_worker
    session = await frontends.opened()
    admitted = [await frontends.admitted(session, named(number)) for number in range(3)]
    waiting = [await frontends.queued(session, named(10 + number)) for number in range(4)]
    await asyncio.gather(
        *(
            frontends.post(f"enrolments/{each}/cancel", "france_travail", reason="trainee_withdrew")
            for each in admitted[:2]
        )
    )
    for each in waiting[:2]:
        await frontends.becomes(f"enrolments/{each}", status="admitted")
    told = sorted([admitted[2], *waiting[:2]])
    await until(lambda: _has_enrolled(frontends, session, told))
    done(await frontends.post(f"sessions/{session}/change-seats", seats=4, minimum=1))
    await frontends.becomes(f"enrolments/{waiting[2]}", status="admitted")
    assert (await frontends.statuses(session=session))[waiting[3]] == "waiting"
    # Whoever is known no more waits no more.
    person = done(await frontends.get(f"enrolments/{waiting[3]}"))["trainee"]
    done(await frontends.post("erasures", "mission_locale", person=person, reason="request"), 201)
    await frontends.becomes(f"enrolments/{waiting[3]}", status="cancelled", reason="person_erased")


async def _has_enrolled(frontends: Frontends, session: str, enrolments: list[str]) -> bool:
    return sorted(done(await frontends.get(f"sessions/{session}"))["enrolments"]) == enrolments


@pytest.mark.slow
async def test_a_session_that_is_cancelled_or_has_other_days_takes_its_enrolments_with_it(
    with_a_worker: Frontends,
) -> None:
    frontends = with_a_worker
    session = await frontends.opened()
    admitted, applied = await frontends.admitted(session, named(0)), await frontends.applied(session, named(1))
    state = done(await frontends.get(f"sessions/{session}"))
    ends = date.fromisoformat(state["ends_on"]) + timedelta(days=7)
    slots = [{"weekdays": ["friday"], "starts": "09:00", "ends": "12:00"}]
    done(await frontends.post(f"sessions/{session}/change-timetable", ends_on=str(ends), slots=slots))
    for each, status in ((admitted, "admitted"), (applied, "applied")):
        await frontends.becomes(f"enrolments/{each}", ends_on=str(ends), status=status)
    done(await frontends.post(f"sessions/{session}/postpone", reason="no_trainer"))
    assert slug(await frontends.apply(session, named(2))) == (409, "session-not-offered")
    starts = date.fromisoformat(state["starts_on"]) + timedelta(days=90)
    days = {"starts_on": str(starts), "ends_on": str(starts + timedelta(days=LASTS)), "decision_on": str(starts)}
    done(await frontends.post(f"sessions/{session}/reschedule", **days, slots=slots))
    await frontends.becomes(f"enrolments/{admitted}", status="admitted", starts_on=str(starts))
    done(await frontends.post(f"sessions/{session}/cancel", reason="below_minimum"))
    for each in (admitted, applied):
        await frontends.becomes(f"enrolments/{each}", status="cancelled", reason="session_cancelled")


@pytest.mark.slow
async def test_whoever_is_trained_for_a_need_covers_it_once_certified(with_a_worker: Frontends) -> None:
    frontends = with_a_worker
    declared = {"rome": "H2913", "level": 3, "persons": 1, "horizon": 1, "cause": "growth"}
    need = done(await frontends.post("skill-needs", "company", COMPANY, company=COMPANY, **declared), 201)["id"]
    done(await frontends.post(f"skill-needs/{need}/qualify", "network"))
    session = await frontends.opened(LONG_AGO, need=need)
    starts = today() + timedelta(days=LONG_AGO)
    ends, on = starts + timedelta(days=LASTS), str(starts - timedelta(days=20))
    enrolment = await frontends.admitted(session, on=on)
    late = await frontends.applied(session, "Trop tard", on=on)
    path = f"enrolments/{enrolment}"
    done(await frontends.post(f"sessions/{session}/confirm", on=on))
    # What is due since long ago is done at once: it begins, and is over.
    await frontends.becomes(path, status="attending", awaits="outcome")
    await frontends.becomes(f"enrolments/{late}", status="cancelled", reason="session_over")

    month = f"{starts + timedelta(days=31):%Y-%m}"
    assert slug(await frontends.post(f"{path}/record-hours", month=month, attended=421)) == (409, "hours-beyond-days")
    recorded = done(await frontends.post(f"{path}/record-hours", month=month, attended=112.5))
    assert [each["attended"] for each in recorded["attendance"]] == [112.5]
    done(await frontends.post(f"{path}/complete", on=str(ends)))
    certified_on = str(ends + timedelta(days=14))
    done(await frontends.post(f"{path}/certify", certified_on=certified_on, on=certified_on))
    await frontends.becomes(path, awaits="placement")

    async def covered() -> bool:
        return bool(done(await frontends.get(f"skill-needs/{need}", "network"))["status"] == "covered")

    async def qualified() -> bool:
        return bool(done(await frontends.get(f"skill-needs/{need}", "network"))["status"] == "qualified")

    await until(covered)
    done(await frontends.post(f"{path}/undo-certification", reason="jury_decided_again"))
    await until(qualified)
    done(await frontends.post(f"{path}/certify", certified_on=certified_on))
    await until(covered)
    followed = done(await frontends.post(f"{path}/follow-up", "france_travail", situation="employed"))
    assert (followed["status"], followed["awaits"]) == ("placed_at_6_months", None)


async def test_who_reads_and_decides_what(frontends: Frontends) -> None:
    session = await frontends.opened(body=CENTRE)
    path = f"enrolments/{await frontends.applied(session)}"
    readers = [("training_body", CENTRE), ("afpa", None), ("mission_locale", None), ("france_travail", None)]
    for by, of in readers:
        read = done(await frontends.get(path, by, of))
        assert read["trainee"]
        assert "Camille" not in str(read)
    assert "Camille" in str(done(await frontends.get(path, "mission_locale", scopes="training:read training:personal")))
    for stranger, of in (("training_body", OTHER), ("company", COMPANY), ("network", None), ("steering", None)):
        assert (await frontends.get(path, stranger, of)).status_code == 404
        assert done(await frontends.get("enrolments", stranger, of))["items"] == []
    assert slug(await frontends.post(f"{path}/admit", "afpa")) == (403, "not-your-record")
    assert slug(await frontends.post(f"{path}/admit", "training_body", OTHER)) == (404, "not-found")
    assert slug(await frontends.post(f"{path}/admit", "mission_locale")) == (403, "role-missing")
    done(await frontends.post(f"{path}/admit", "training_body", CENTRE))
    foreign = await frontends.apply(session, by="training_body", of=OTHER, body=OTHER)
    assert slug(foreign) == (409, "session-of-another-body")
    own = await frontends.apply(session, named(1), by="training_body", of=CENTRE, body=CENTRE)
    done(own, 201)


async def test_one_person_however_written_is_enrolled_in_a_session_once(frontends: Frontends) -> None:
    session = await frontends.opened()
    first = await frontends.applied(session)
    for changes in ({"family_name": "EXEMPLE"}, {"given_name": " camille "}, {"email": "c@example.org"}):
        again = await frontends.apply(session, by="france_travail", trainee={**CAMILLE, **changes})
        assert slug(again) == (409, "enrolled-already")
    done(await frontends.post(f"enrolments/{first}/cancel", "mission_locale", reason="entered_by_mistake"))
    done(await frontends.apply(session), 201)


async def test_enrolments_are_found_by_what_they_are_of(frontends: Frontends) -> None:
    one, other = await frontends.opened(), await frontends.opened(body=CENTRE)
    path = str(uuid.uuid4())
    ours, theirs = await frontends.applied(one, path=path), await frontends.applied(other)
    course = done(await frontends.get(f"enrolments/{ours}"))["course"]
    for query, expected in (
        ({"session": one}, [ours]),
        ({"course": course}, [ours]),
        ({"path": path}, [ours]),
        ({"body": CENTRE}, [theirs]),
        ({"romes": "H2913"}, [ours, theirs]),
        ({"status": "waiting"}, []),
    ):
        assert sorted(await frontends.statuses(**query)) == sorted(expected), query
    assert slug(await frontends.get("enrolments", romes="wrong"))[0] == 422
