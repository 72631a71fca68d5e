"""Rooms, courses and sessions as frontends meet them: over HTTP, rooms raced for, sessions moved when a room closes."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts import sample_siret
from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.decider import Command
from eventstore.execution import execute
from eventstore.issuing import OURS
from eventstore.postgres.store import Store
from training.app import app
from training.session import Admit, Propose, sessions

pytestmark = pytest.mark.anyio

BODY, ANOTHER = sample_siret(0), sample_siret(1)
TODAY: Final = datetime.now(PARIS).date()
MONDAY: Final = TODAY + timedelta(days=70 - TODAY.weekday())
"""Ten weeks or so ahead: the first day of the sessions."""
COURSE: Final[dict[str, Any]] = {
    "title": "Soudeur assembleur",
    "certification": "RNCP35094",
    "romes": ["H2913"],
    "level": 3,
    "hours": 105,
    "valid_from": "2024-01-01",
    "valid_until": (MONDAY + timedelta(days=60)).isoformat(),
}
WEEK: Final = [{"weekdays": ["monday", "tuesday", "friday"], "starts": "08:30", "ends": "12:00"}]


def day(number: int) -> str:
    """A day counted from the first one of the sessions."""
    return (MONDAY + timedelta(days=number)).isoformat()


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body = answer.json()
    assert isinstance(body, dict)
    assert (answer.status_code, body["type"].rpartition("/")[2]) == (status, slug), body
    return body


class Trainers:
    """Clients of the service, AFPA unless told."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, store: Store) -> None:
        self._client = client
        self._issuer = issuer
        self._store = store
        self.course = ""

    def _bearer(self, by: str, of: str | None) -> dict[str, str]:
        token = self._issuer.token("training:read training:write", [by], training_body=of)
        return {"Authorization": f"Bearer {token}", "Accept-Language": "fr"}

    async def post(self, path: str, by: str = "afpa", of: str | None = None, **body: Any) -> httpx.Response:
        return await self._client.post(path, json=body, headers=self._bearer(by, of))

    async def get(self, path: str, by: str = "afpa", of: str | None = None, **query: Any) -> httpx.Response:
        return await self._client.get(path, params=query, headers=self._bearer(by, of))

    async def open(self) -> None:
        """Two rooms that are alike, one that lacks something, and a course."""
        for code, capacity, equipment in (
            ("salle-12", 12, ["welding_booths"]),
            ("salle-14", 14, ["welding_booths", "projector"]),
            ("salle-20", 20, ["projector"]),
        ):
            await self.room(code, capacity=capacity, equipment=equipment)
        self.course = done(await self.post("/v1/courses", **COURSE), 201)["id"]

    async def room(self, code: str, **changes: Any) -> None:
        facts = {"name": code, "commune": "36088", "area": 85, "capacity": 12, "on": "2024-01-08", **changes}
        done(await self.post("/v1/rooms", code=code, **facts), 201)
        done(await self.post(f"/v1/rooms/{code}/enter-service", on="2024-01-15"))

    def plan(self, room: str | None = "salle-12", **changes: Any) -> dict[str, Any]:
        days = {"starts_on": day(0), "ends_on": day(18), "decision_on": day(-14)}
        held = {"room": room, "slots": WEEK, "commune": "36088", "seats": 12, "minimum": 2}
        return {"course": self.course, **days, **held, **changes}

    async def planned(self, room: str | None = "salle-12", **changes: Any) -> str:
        return str(done(await self.post("/v1/sessions", **self.plan(room, **changes)), 201)["id"])

    async def session(self, identity: str, **asked: Any) -> dict[str, Any]:
        return done(await self.get(f"/v1/sessions/{identity}", **asked))

    async def becomes(self, identity: str, **said: Any) -> dict[str, Any]:
        """Waits until a session says so."""
        return await self.until(identity, lambda session: said.items() <= session.items())

    async def offered(self, identity: str, room: str) -> dict[str, Any]:
        """Waits until a session is offered this room."""
        return await self.until(
            identity, lambda session: [each.get("moving_to") for each in session["moves"]] == [room]
        )

    async def until(self, identity: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                session = await self.session(identity)
                if wanted(session):
                    return session
                await asyncio.sleep(0.05)

    async def platform(self, command: Command, identity: str | None = None) -> str:
        """What only the platform issues."""
        now = datetime.now(PARIS)
        outcome = await execute(
            self._store, sessions, command, identity=identity, actor=OURS, now=now, metadata='{"actor":"platform"}'
        )
        return outcome.identity


@pytest.fixture
async def trainers(database: str, issuer: Issuer) -> AsyncIterator[Trainers]:
    await prepare(database, app.all_migrations)
    async with Store.open(database, personal_key=PERSONAL_KEY) as store, calling(app, database, issuer) as client:
        trainers = Trainers(client, issuer, store)
        await trainers.open()
        yield trainers


@pytest.fixture
async def working(database: str, kafka: str, issuer: Issuer) -> AsyncIterator[Trainers]:
    """With a worker, so that reactions and what is due are issued."""
    await prepare(database, app.all_migrations)
    topics = {"territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with (
        Store.open(database, personal_key=PERSONAL_KEY) as store,
        calling(app, database, issuer, worker=True, kafka_bootstrap=kafka, **topics) as client,
    ):
        trainers = Trainers(client, issuer, store)
        await trainers.open()
        yield trainers


async def test_a_session_is_planned_opened_confirmed_and_read_by_everybody(trainers: Trainers) -> None:
    planned = done(await trainers.post("/v1/sessions", **trainers.plan()), 201)
    assert (planned["status"], planned["certification"], planned["rooms"]) == ("planned", "RNCP35094", ["salle-12"])
    path = f"/v1/sessions/{planned['id']}"
    assert done(await trainers.post(f"{path}/open"))["status"] == "open"
    confirmed = done(await trainers.post(f"{path}/confirm"))
    assert (confirmed["status"], "confirm" in confirmed["allowed"]) == ("confirmed", False)
    problem(await trainers.post(f"{path}/begin"), 409, "session-not-begun")
    public = done(await trainers.get(path, "company"))
    assert (public["title"], public["seats"], public["slots"][0]["room"]) == ("Soudeur assembleur", 12, "salle-12")
    assert public.keys().isdisjoint({"enrolments", "moves", "need"})


async def test_of_thirty_at_once_one_has_the_room_and_the_others_are_told_which(trainers: Trainers) -> None:
    plans = [trainers.plan(slots=[{**WEEK[0], "starts": ("08:30", "11:00")[n % 2]}]) for n in range(30)]
    answers = await asyncio.gather(*(trainers.post("/v1/sessions", **each) for each in plans))
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 29
    for answer in refused:
        said = problem(answer, 409, "room-taken")
        assert (said["collides_with"], said["errors"][0]["pointer"]) == (made["id"], "#/room")
    await trainers.planned(slots=[{**WEEK[0], "starts": "13:00", "ends": "16:30"}])
    await trainers.planned(days_off=[], slots=[{**WEEK[0], "weekdays": ["wednesday"]}])


async def test_a_room_that_is_freed_can_be_had(trainers: Trainers) -> None:
    first = await trainers.planned()
    problem(await trainers.post("/v1/sessions", **trainers.plan()), 409, "room-taken")
    done(await trainers.post(f"/v1/sessions/{first}/postpone", reason="no_trainer"))
    second = await trainers.planned()
    days = {name: trainers.plan()[name] for name in ("starts_on", "ends_on", "decision_on", "room", "slots")}
    again = await trainers.post(f"/v1/sessions/{first}/reschedule", **days)
    assert problem(again, 409, "room-taken")["collides_with"] == second
    done(await trainers.post(f"/v1/sessions/{second}/cancel", reason="financing"))
    assert done(await trainers.post(f"/v1/sessions/{first}/reschedule", **days))["status"] == "planned"


async def test_what_a_session_is_refused_for_says_so_in_french(trainers: Trainers) -> None:
    late = await trainers.post("/v1/sessions", **trainers.plan(starts_on=day(61), ends_on=day(70)))
    said = problem(late, 409, "course-not-valid-then")
    assert said["parameters"]["starts_on"] == day(61)
    assert said["parameters"]["valid_until"] == COURSE["valid_until"]
    assert "la session commence le" in said["detail"]
    small = await trainers.post("/v1/sessions", **trainers.plan(seats=13))
    assert "accueille 12 stagiaires" in problem(small, 409, "room-too-small")["detail"]
    unlisted = await trainers.post("/v1/courses", **{**COURSE, "romes": ["H9999"]})
    formless = await trainers.post("/v1/courses", **{**COURSE, "certification": "RNCP-35094"})
    assert [each.status_code for each in (unlisted, formless)] == [422, 422]
    assert "RNCP ou RS" in formless.text


async def test_a_body_decides_on_its_own_courses_and_sessions_and_afpa_on_those_that_name_none(
    trainers: Trainers,
) -> None:
    own = done(await trainers.post("/v1/courses", "training_body", BODY, **COURSE, body=BODY), 201)["id"]
    for by, of, body in (("training_body", ANOTHER, BODY), ("training_body", BODY, None), ("afpa", None, BODY)):
        problem(await trainers.post("/v1/courses", by, of, **COURSE, body=body), 403, "not-your-record")
    plan = {**trainers.plan(None), "course": own, "body": BODY}
    session = done(await trainers.post("/v1/sessions", "training_body", BODY, **plan), 201)["id"]
    path = f"/v1/sessions/{session}"
    for by, of in (("training_body", ANOTHER), ("afpa", None)):
        problem(await trainers.post(f"{path}/open", by, of), 403, "not-your-record")
        problem(await trainers.post(f"/v1/courses/{own}/withdraw", by, of, reason="other"), 403, "not-your-record")
    others = {**plan, "course": trainers.course}
    problem(await trainers.post("/v1/sessions", "training_body", BODY, **others), 409, "course-of-another-body")
    assert done(await trainers.post(f"{path}/open", "training_body", BODY))["status"] == "open"
    problem(
        await trainers.post("/v1/rooms/salle-12/retire", "training_body", BODY, reason="other"), 403, "role-missing"
    )


async def test_a_course_that_is_withdrawn_opens_no_session(trainers: Trainers) -> None:
    session = await trainers.planned()
    done(await trainers.post(f"/v1/courses/{trainers.course}/withdraw", reason="no_demand"))
    problem(await trainers.post(f"/v1/sessions/{session}/open"), 409, "course-not-offered")
    problem(await trainers.post("/v1/sessions", **trainers.plan("salle-14")), 409, "course-not-offered")


async def test_a_proposal_is_read_by_those_who_plan_and_advise_alone(trainers: Trainers) -> None:
    need = "0190a3c4-5e6f-7a8b-9c0d-000000000001"
    proposal = await trainers.platform(Propose(need=need, romes=("H2913",), seats=8, commune="36088"))
    path = f"/v1/sessions/{proposal}"
    for by in ("afpa", "network", "epci", "steering", "mission_locale", "france_travail"):
        assert done(await trainers.get(path, by))["need"] == need
    for by, of in (("training_body", BODY), ("company", None), ("school", None)):
        assert (await trainers.get(path, by, of)).status_code == 404
        assert done(await trainers.get("/v1/sessions", by, of))["items"] == []
    plan = trainers.plan()
    taken_up = done(await trainers.post(f"{path}/plan-proposed", **plan))
    assert (taken_up["status"], taken_up["need"], taken_up["seats"]) == ("planned", need, 12)
    assert done(await trainers.get(path, "company"))["status"] == "planned"


async def test_screens_find_what_there_is(trainers: Trainers) -> None:
    first = await trainers.planned()
    second = await trainers.planned("salle-14", starts_on=day(7))
    done(await trainers.post(f"/v1/sessions/{second}/open"))

    async def found(path: str = "/v1/sessions", **query: Any) -> list[str]:
        return [each["id"] for each in done(await trainers.get(path, **query))["items"]]

    assert await found(status="open") == [second]
    assert await found(rooms="salle-12") == [first]
    assert set(await found(course=trainers.course, romes="H2913", commune="36088")) == {first, second}
    assert await found(starts_on_from=day(1)) == [second]
    assert await found(starts_on_to=day(1)) == [first]
    assert await found(sort="-starts_on") == [second, first]
    assert await found(body=BODY) == []
    assert await found(cancellation_proposed_on_from="2024-01-01") == []
    assert set(await found("/v1/rooms", equipment="welding_booths")) == {"salle-12", "salle-14"}
    assert await found("/v1/rooms", capacity_from=20) == ["salle-20"]
    assert await found("/v1/courses", certification="RNCP35094") == [trainers.course]


async def test_seats_are_never_fewer_than_are_taken(trainers: Trainers) -> None:
    session = await trainers.planned()
    done(await trainers.post(f"/v1/sessions/{session}/open"))
    for n in range(3):
        await trainers.platform(Admit(enrolment=f"0190a3c4-5e6f-7a8b-9c0d-{n:012x}"), session)
    fewer = await trainers.post(f"/v1/sessions/{session}/change-seats", seats=2, minimum=1)
    assert problem(fewer, 409, "seats-below-admitted")["parameters"] == {"admitted": 3, "seats": 2}
    assert done(await trainers.post(f"/v1/sessions/{session}/change-seats", seats=3, minimum=1))["seats"] == 3


# What follows by itself, with a worker


@pytest.mark.slow
async def test_works_propose_a_move_for_each_session_and_one_decision_accepts_all(working: Trainers) -> None:
    morning = await working.planned()
    afternoon = await working.planned(slots=[{**WEEK[0], "starts": "13:00", "ends": "16:30"}])
    elsewhere = await working.planned("salle-14", slots=[{**WEEK[0], "starts": "13:30", "ends": "14:30"}])
    done(await working.post("/v1/rooms/salle-12/plan-works", closed_from=day(7), closed_until=day(14)))
    await working.offered(morning, "salle-14")
    # The other workshop is taken in the afternoon, and the third room has no booths.
    missing = await working.becomes(afternoon, room_missing=True)
    assert (missing["status"], missing["rooms"]) == ("planned", ["salle-12"])
    assert (await working.session(elsewhere))["moves"] == []
    listed = done(await working.get("/v1/sessions", room_missing="true"))["items"]
    assert [each["id"] for each in listed] == [afternoon]

    # What is proposed is held.
    week = {"starts_on": day(7), "ends_on": day(8), "decision_on": day(-1)}
    held = await working.post("/v1/sessions", **working.plan("salle-14", **week))
    assert problem(held, 409, "room-taken")["collides_with"] == morning
    done(await working.post("/v1/rooms/salle-12/accept-moves"))
    moved = await working.becomes(morning, moving_from=[])
    assert [(each["room"], each["since"], each["until"]) for each in moved["slots"]] == [
        ("salle-12", day(0), day(6)),
        ("salle-14", day(7), day(13)),
        ("salle-12", day(14), day(18)),
    ]
    # Where none was free somebody finds one.
    rest = await working.session(afternoon)
    assert rest["moving_from"] == ["salle-12"]
    by_hand = {"moved_from": "salle-12", "room": "salle-20", "since": day(7), "until": day(14)}
    assert done(await working.post(f"/v1/sessions/{afternoon}/move", **by_hand))["room_missing"] is False


@pytest.mark.slow
async def test_a_room_that_closes_meanwhile_is_not_moved_to_and_another_is_looked_for(working: Trainers) -> None:
    session = await working.planned()
    done(await working.post("/v1/rooms/salle-12/plan-works", closed_from=day(7), closed_until=day(14)))
    await working.offered(session, "salle-14")
    await working.room("salle-16", capacity=16, equipment=["welding_booths"])
    done(await working.post("/v1/rooms/salle-14/retire", reason="unsafe"))
    done(await working.post("/v1/rooms/salle-12/accept-moves"))
    await working.offered(session, "salle-16")
    accept = {"moving_from": "salle-12", "moving_to": "salle-16"}
    moved = done(await working.post(f"/v1/sessions/{session}/accept-move", **accept))
    assert moved["rooms"] == ["salle-12", "salle-16"]


@pytest.mark.slow
async def test_works_that_are_given_up_leave_sessions_where_they_are(working: Trainers) -> None:
    session = await working.planned()
    done(await working.post("/v1/rooms/salle-12/plan-works", closed_from=day(7), closed_until=day(14)))
    await working.becomes(session, moving_from=["salle-12"])
    done(await working.post("/v1/rooms/salle-12/unplan-works"))
    kept = await working.becomes(session, moving_from=[])
    assert (kept["rooms"], kept["moves"]) == (["salle-12"], [])
    await working.planned("salle-14")


@pytest.mark.slow
async def test_on_the_day_of_decision_its_cancellation_is_proposed_and_a_human_decides(working: Trainers) -> None:
    session = await working.planned(decision_on=TODAY.isoformat())
    doubted = await working.becomes(session, cancellation_proposed_on=TODAY.isoformat())
    assert doubted["status"] == "planned"
    listed = done(await working.get("/v1/sessions", cancellation_proposed_on_from=TODAY.isoformat()))["items"]
    assert [each["id"] for each in listed] == [session]
    done(await working.post(f"/v1/sessions/{session}/open"))
    kept = done(await working.post(f"/v1/sessions/{session}/confirm"))
    assert (kept["status"], kept.get("cancellation_proposed_on")) == ("confirmed", None)


@pytest.mark.slow
async def test_what_is_entered_late_begins_and_is_over_by_itself(working: Trainers) -> None:
    past = {"starts_on": day(-84), "ends_on": day(-78), "decision_on": day(-84), "on": day(-100)}
    session = await working.planned(**past)
    done(await working.post(f"/v1/sessions/{session}/open", on=day(-99)))
    # However long whoever enters it takes: what was due by now has been issued when this one says so.
    due = await working.planned("salle-14", decision_on=TODAY.isoformat())
    await working.becomes(due, cancellation_proposed_on=TODAY.isoformat())
    done(await working.post(f"/v1/sessions/{session}/confirm", on=day(-98)))
    over = await working.becomes(session, status="completed")
    assert (over["began_on"], over["completed_on"], over["trainee_hours"]) == (day(-84), day(-77), 12 * 105)
