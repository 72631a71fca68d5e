"""The platform of shared equipment as frontends meet it: over HTTP, with tokens, on a real database and broker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any, Final

import pytest
from partners import FOUNDRY, MILL, Partners, done, member, problem, serving

from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.prepared import prepare
from service.clock import today

pytestmark = pytest.mark.anyio

EQUIPMENT: Final = "/companies/v1/equipment"
LICENCES: Final = "/companies/v1/licences"
BOOKINGS: Final = "/companies/v1/bookings"
EVERY_DAY: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COBOT: Final = {
    "code": "cobot-1",
    "name": "Cobot de soudage",
    "kind": "robotics",
    "commune": "36088",
    "weekdays": EVERY_DAY,
    "opens": 0,
    "closes": 24,
    "quota_hours": 200,
    "on": "2024-02-01",
}
MONTH: Final = (today().replace(day=1) + timedelta(days=64)).replace(day=1)
"""The month after the next: all of it lies ahead."""


def at(day: int, hour: int) -> datetime:
    return datetime.combine(MONTH + timedelta(days=day - 1), time(hour), PARIS)


class Platform:
    """The partners, two member companies, a machine, and a licence for each company."""

    def __init__(self, partners: Partners) -> None:
        self.partners = partners
        self.licences: dict[str, str] = {}

    async def open(self, **changes: Any) -> None:
        """Puts the machine into service and trains somebody of each company."""
        done(await self.partners.post(EQUIPMENT, {**COBOT, **changes}), 201)
        done(await self.partners.post(f"{EQUIPMENT}/cobot-1/enter-service", {"on": "2024-02-02"}))
        for siret in (FOUNDRY, MILL):
            await member(self.partners, siret)
            licence = {"equipment": "cobot-1", "company": siret, "valid_until": "2099-12-31", "on": "2024-03-01"}
            self.licences[siret] = done(await self.partners.post(LICENCES, licence), 201)["id"]

    def slot(self, starts: datetime, hours: int = 2, of: str = FOUNDRY, **changes: Any) -> dict[str, Any]:
        """What is asked for."""
        asked = {"company": of, "equipment": "cobot-1", "licence": self.licences[of], "hours": hours}
        return {**asked, "starts": starts.isoformat(), **changes}

    async def ask(self, starts: datetime, hours: int = 2, of: str = FOUNDRY, **changes: Any) -> Any:
        """The answer to a company that asks for a slot."""
        return await self.partners.post(BOOKINGS, self.slot(starts, hours, of, **changes), by="company", of=of)

    async def booking(self, identity: str) -> dict[str, Any]:
        """A booking as the network reads it."""
        return done(await self.partners.get(f"{BOOKINGS}/{identity}"))

    async def becomes(self, identity: str, status: str) -> dict[str, Any]:
        """Waits until a booking has this status."""
        async with asyncio.timeout(30):
            while True:
                booking = await self.booking(identity)
                if booking["status"] == status:
                    return booking
                await asyncio.sleep(0.05)


@pytest.fixture
async def platform(partners: Partners) -> Platform:
    platform = Platform(partners)
    await platform.open()
    return platform


async def test_a_slot_is_asked_for_approved_and_read(platform: Platform) -> None:
    asked = done(await platform.ask(at(5, 9)), 201)
    assert (asked["status"], asked["starts"], asked["ends"]) == (
        "requested",
        at(5, 9).isoformat(),
        at(5, 11).isoformat(),
    )
    assert asked["allowed"] == ["cancel"]
    approved = done(await platform.partners.post(f"{BOOKINGS}/{asked['id']}/approve"))
    assert approved["status"] == "approved"
    early = await platform.partners.post(f"{BOOKINGS}/{asked['id']}/begin-use", by="company", of=FOUNDRY)
    problem(early, 409, "slot-not-begun")
    licence = done(await platform.partners.get(f"{LICENCES}/{platform.licences[FOUNDRY]}", by="company", of=FOUNDRY))
    assert licence["company"] == FOUNDRY
    assert done(await platform.partners.get(LICENCES, by="company", of=MILL))["items"][0]["company"] == MILL


async def test_of_fifty_at_once_one_has_the_slot_and_the_others_are_told_which(platform: Platform) -> None:
    answers = await asyncio.gather(*(platform.ask(at(5, 9), of=(FOUNDRY, MILL)[n % 2]) for n in range(50)))
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 49
    for answer in refused:
        assert problem(answer, 409, "slot-taken")["collides_with"] == made["id"]


async def test_a_quota_is_never_passed_by_a_hundred_at_once(platform: Platform) -> None:
    slots = [at(1 + n // 10, 2 * (n % 10)) for n in range(100)]
    change = {**{name: COBOT[name] for name in ("weekdays", "opens", "closes")}, "quota_hours": 41}
    done(await platform.partners.post(f"{EQUIPMENT}/cobot-1/change-opening", change))
    answers = await asyncio.gather(*(platform.ask(slot) for slot in slots))
    assert sum(answer.status_code == 201 for answer in answers) == 20
    said = problem(next(answer for answer in answers if answer.status_code == 409), 409, "quota-exhausted")
    assert said["parameters"] == {"limit": 41, "taken": 40}
    done(await platform.ask(at(5, 21), 1), 201)
    done(await platform.ask(at(6, 21), 1, of=MILL), 201)
    following = (MONTH + timedelta(days=32)).replace(day=1)
    done(await platform.ask(datetime.combine(following, time(9), PARIS)), 201)


async def test_a_quota_that_was_lowered_leaves_what_is_booked(platform: Platform) -> None:
    asked = done(await platform.ask(at(5, 9)), 201)
    change = {**{name: COBOT[name] for name in ("weekdays", "opens", "closes")}, "quota_hours": 1}
    done(await platform.partners.post(f"{EQUIPMENT}/cobot-1/change-opening", change))
    done(await platform.partners.post(f"{BOOKINGS}/{asked['id']}/approve"))
    problem(await platform.ask(at(6, 9), 1), 409, "quota-exhausted")
    done(await platform.partners.post(f"{BOOKINGS}/{asked['id']}/cancel", {"reason": "not_needed"}))
    done(await platform.ask(at(6, 9), 1), 201)


async def test_another_company_sees_when_a_machine_is_taken_and_not_by_whom(platform: Platform) -> None:
    asked = done(await platform.ask(at(5, 9)), 201)
    shown = done(await platform.partners.get(BOOKINGS, by="company", of=MILL, equipment="cobot-1", status="requested"))
    assert shown["items"] == [
        {
            "id": asked["id"],
            "version": 1,
            "equipment": "cobot-1",
            "status": "requested",
            "starts": at(5, 9).isoformat(),
            "ends": at(5, 11).isoformat(),
            "allowed": [],
        }
    ]
    assert shown["allowed"] == ["request"]
    by_company = done(await platform.partners.get(BOOKINGS, by="company", of=MILL, company=FOUNDRY))
    assert by_company["items"] == []
    path = f"{BOOKINGS}/{asked['id']}"
    cancel = await platform.partners.post(f"{path}/cancel", {"reason": "not_needed"}, by="company", of=MILL)
    problem(cancel, 403, "not-your-record")
    problem(await platform.partners.post(f"{path}/approve", by="company", of=FOUNDRY), 403, "role-missing")
    problem(await platform.partners.get(f"{path}/events", by="company", of=MILL), 403, "not-your-record")


async def test_slots_are_found_by_machine_and_moment(platform: Platform) -> None:
    for day in (5, 3, 4):
        done(await platform.ask(at(day, 9)), 201)
    asked = {"equipment": "cobot-1", "starts_from": at(4, 0).isoformat(), "sort": "starts"}
    found = done(await platform.partners.get(BOOKINGS, **asked))
    assert [item["starts"] for item in found["items"]] == [at(4, 9).isoformat(), at(5, 9).isoformat()]
    until = done(await platform.partners.get(BOOKINGS, starts_to=at(4, 9).isoformat(), sort="-starts"))
    assert [item["starts"] for item in until["items"]] == [at(4, 9).isoformat(), at(3, 9).isoformat()]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"starts_from": "2026-12-01"}, "starts_from"),
        ({"starts_from": "tomorrow"}, "starts_from"),
        ({"machine": "cobot-1"}, "machine"),
        ({"equipment": "Cobot 1"}, "equipment"),
        ({"status": "booked"}, "status"),
        ({"sort": "company"}, "sort"),
    ],
)
async def test_a_filter_that_is_none_is_told_by_its_name(
    partners: Partners, query: dict[str, str], pointer: str
) -> None:
    answer = await partners.get(BOOKINGS, **query)
    assert [error["parameter"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("starts", "slug", "french"),
    [
        ("2030-03-31T02:15:00+01:00", "moment-skipped", "cette heure n'existe pas cette nuit-là"),
        ("2030-07-01T09:00:00+01:00", "moment-offset", "ce n'est pas l'avance de Paris sur UTC"),
        ("2030-07-01T09:05:00+02:00", "quarter-of-an-hour", "à la minute 00, 15, 30 ou 45"),
        ("2030-07-01 09:00", "moment", "s'écrit avec son décalage"),
    ],
)
async def test_a_moment_that_is_none_is_told_in_french(platform: Platform, starts: str, slug: str, french: str) -> None:
    body = {**platform.slot(at(5, 9)), "starts": starts}
    answer = await platform.partners.post(BOOKINGS, body, by="company", of=FOUNDRY, Accept_Language="fr")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#/starts", slug)
    assert french in error["detail"]


async def test_what_cannot_be_booked_has_a_problem_of_its_own_in_french(platform: Platform) -> None:
    french = {"by": "company", "of": FOUNDRY, "Accept_Language": "fr"}
    past = await platform.partners.post(BOOKINGS, platform.slot(at(5, 9) - timedelta(days=150)), **french)
    assert "ce moment est passé" in problem(past, 409, "slot-in-the-past")["detail"]
    done(await platform.partners.post(f"{LICENCES}/{platform.licences[FOUNDRY]}/withdraw", {"reason": "other"}))
    gone = await platform.partners.post(BOOKINGS, platform.slot(at(5, 9)), **french)
    assert "l'habilitation a été retirée" in problem(gone, 409, "licence-is-withdrawn")["detail"]
    short = {"equipment": "cobot-1", "company": FOUNDRY, "valid_until": (MONTH - timedelta(days=1)).isoformat()}
    licence = done(await platform.partners.post(LICENCES, short), 201)["id"]
    ended = await platform.partners.post(BOOKINGS, {**platform.slot(at(5, 9)), "licence": licence}, **french)
    assert "l'habilitation est valable jusqu'au" in problem(ended, 409, "licence-ended")["detail"]


# What follows for others, with a worker


@pytest.fixture
async def working(database: str, kafka: str, issuer: Issuer) -> AsyncIterator[Platform]:
    await prepare(database)
    async with serving(database, issuer, kafka=kafka) as partners:
        platform = Platform(partners)
        await platform.open(opens=8, closes=18)
        yield platform


@pytest.mark.slow
async def test_a_waiting_list_moves(working: Platform) -> None:
    holder = done(await working.ask(at(5, 9)), 201)
    problem(await working.ask(at(5, 10), of=MILL), 409, "slot-taken")
    waiting = done(await working.ask(at(5, 10), of=MILL, wait=True), 201)
    later = done(await working.ask(at(5, 9), 1, of=FOUNDRY, wait=True), 201)
    assert (waiting["status"], later["status"]) == ("waiting", "waiting")
    given_up = {"reason": "not_needed"}
    done(await working.partners.post(f"{BOOKINGS}/{holder['id']}/cancel", given_up, by="company", of=FOUNDRY))
    offered = await working.becomes(waiting["id"], "offered")
    until = datetime.fromisoformat(offered["offered_until"])
    assert timedelta(hours=23) < until - datetime.now(PARIS) <= timedelta(days=1)
    # Nothing of it was asked for by the other, so both are held for who waited.
    await working.becomes(later["id"], "offered")
    taken = await working.partners.post(f"{BOOKINGS}/{waiting['id']}/accept", by="company", of=MILL)
    assert done(taken)["status"] == "requested"
    declined = await working.partners.post(f"{BOOKINGS}/{later['id']}/decline", by="company", of=FOUNDRY)
    assert (done(declined)["status"], declined.json()["reason"]) == ("lapsed", "offer_declined")
    history = done(await working.partners.get(f"{BOOKINGS}/{waiting['id']}/events"))["items"]
    assert [event["type"] for event in history] == ["BookingQueued", "BookingOffered", "OfferAccepted"]
    assert history[1]["metadata"]["actor"] == "platform"


@pytest.mark.slow
async def test_a_free_slot_that_one_waits_for_is_offered_at_once(working: Platform) -> None:
    waiting = done(await working.ask(at(5, 9), wait=True), 201)
    await working.becomes(waiting["id"], "offered")


@pytest.mark.slow
async def test_maintenance_moves_what_is_booked_and_a_retired_machine_cancels_it(working: Platform) -> None:
    first = done(await working.ask(at(1, 9)), 201)
    second = done(await working.ask(at(1, 9) + timedelta(hours=2), of=MILL), 201)
    done(await working.partners.post(f"{BOOKINGS}/{first['id']}/approve"))
    ends = {"maintenance_until": (MONTH + timedelta(days=1)).isoformat()}
    done(await working.partners.post(f"{EQUIPMENT}/cobot-1/begin-maintenance", ends))
    moved = [await working.becomes(each["id"], "offered") for each in (first, second)]
    assert [each["starts"] for each in moved] == [at(2, 9).isoformat(), at(2, 11).isoformat()]
    problem(await working.ask(at(1, 14)), 409, "equipment-in-maintenance")
    done(await working.partners.post(f"{BOOKINGS}/{first['id']}/accept", by="company", of=FOUNDRY))
    done(await working.partners.post(f"{EQUIPMENT}/cobot-1/retire", {"reason": "worn_out"}))
    for each in (first, second):
        assert (await working.becomes(each["id"], "cancelled"))["reason"] == "equipment_retired"


@pytest.mark.slow
async def test_who_leaves_or_loses_a_licence_loses_what_is_booked(working: Platform) -> None:
    first = done(await working.ask(at(1, 9)), 201)
    second = done(await working.ask(at(1, 11), of=MILL), 201)
    done(await working.partners.post(f"{LICENCES}/{working.licences[FOUNDRY]}/withdraw", {"reason": "left_company"}))
    assert (await working.becomes(first["id"], "cancelled"))["reason"] == "licence_withdrawn"
    done(await working.partners.post(f"/companies/v1/companies/{MILL}/leave", {"reason": "moved"}))
    assert (await working.becomes(second["id"], "cancelled"))["reason"] == "member_left"
    problem(await working.ask(at(1, 9), of=MILL), 409, "not-a-member")


@pytest.mark.slow
async def test_planned_maintenance_moves_what_is_booked_in_its_days(working: Platform) -> None:
    within, after = done(await working.ask(at(3, 9)), 201), done(await working.ask(at(5, 9), of=MILL), 201)
    days = {"maintenance_from": at(3, 0).date().isoformat(), "maintenance_until": at(5, 0).date().isoformat()}
    machine = done(await working.partners.post(f"{EQUIPMENT}/cobot-1/plan-maintenance", days))
    assert (machine["status"], machine["planned_from"]) == ("in_service", days["maintenance_from"])
    moved = await working.becomes(within["id"], "offered")
    assert (moved["starts"], moved["moved_from"]) == (at(5, 11).isoformat(), at(3, 9).isoformat())
    assert (await working.booking(after["id"]))["status"] == "requested"
    problem(await working.ask(at(4, 9)), 409, "equipment-in-maintenance")
    done(await working.partners.post(f"{EQUIPMENT}/cobot-1/unplan-maintenance"))
    done(await working.ask(at(4, 9)), 201)
