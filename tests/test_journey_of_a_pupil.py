"""A pupil's event, a placement, an immersion and a job: what each service and each topic shows on the way."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import pytest
from journeys import ADDRESS, COMPANY, Calendar, Partner, Programme, joins, running

from devstack.issuer import Issuer
from devstack.mail_server import MailServer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SCHOOL: Final = "0369901S"
BEGINS: Final = date(2024, 9, 2)
CAMILLE: Final = {"family_name": "Exemple", "given_name": "Camille", "born_on": "2009-03-14"}
HOURS: Final = {
    "weekdays": ["monday", "tuesday", "wednesday", "thursday"],
    "arrives": "09:00",
    "leaves": "16:00",
    "break_minutes": 60,
}


def named(name: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": name, "email": f"{name.lower()}@example.org"}


@pytest.mark.timeout(240)
async def test_a_pupil_meets_a_company_comes_for_a_week_returns_and_stays(
    databases: Callable[[], str],
    kafka: str,
    issuer: Issuer,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(BEGINS, monkeypatch)
    async with running(databases, kafka, issuer, mail_server) as programme:
        network, town_hall = programme.partner("network"), programme.partner("town_hall")
        company, school = programme.partner("company", company=COMPANY), programme.partner("school", school=SCHOOL)
        agency = programme.partner("mission_locale")
        await joins(network)

        event = await meets(town_hall, school, calendar)
        await programme.told("youth-events", f"event-{event}", *EVENT_HELD)
        await programme.figure("pupils_reached", 24)

        placement = await comes_for_a_week(programme, company, school, calendar)
        pupil = (await school.reads(f"youth-events/v1/placements/{placement}"))["pupil"]
        await programme.told("youth-events.persons", f"placement-{placement}", *PLACEMENT_ASSESSED)

        immersion = await comes_to_try(programme, agency, company, calendar)
        assessed = await programme.told("youth-events.persons", f"immersion-{immersion}", *IMMERSION_ASSESSED)
        beneficiary = (await agency.reads(f"youth-events/v1/immersions/{immersion}"))["beneficiary"]
        await programme.figure("immersions", 1)
        assert beneficiary != pupil, "who comes back years later is not said to be who came then"

        # Nothing tells employment who it was: an adviser does.
        lead = await agency.sees(f"employment/v1/hire-leads/{immersion}", status="proposed", seeker=None)
        assert (lead["company"], lead["contract"]) == (COMPANY, "apprenticeship")
        linked = await agency.does(f"employment/v1/hire-leads/{immersion}/link", seeker=CAMILLE, weekly_hours=35)
        assert linked["seeker"] not in (pupil, beneficiary), "no pseudonym crosses services by itself"
        (hire,) = await agency.finds(f"employment/v1/hires?lead={immersion}&status=proposed")
        await programme.figure("hires", 0)
        first_day = calendar.pass_by(days=14)
        await company.does(f"employment/v1/hires/{hire['id']}/confirm", hired_on=first_day.isoformat())
        await programme.figure("hires", 1)
        await programme.told("employment.persons", f"hire-{hire['id']}", "HireProposed", "HireConfirmed")
        assert "Camille" not in "".join(str(each) for each in assessed)

        calendar.pass_by(days=190)
        await agency.sees(f"employment/v1/hires/{hire['id']}", status="to_confirm")
        await company.does(f"employment/v1/hires/{hire['id']}/sustain")
        await programme.figure("hires_sustained", 1)
        told = ("HireProposed", "HireConfirmed", "SustainmentDue", "HireSustained")
        (*_, sustained) = await programme.told("employment.persons", f"hire-{hire['id']}", *told)
        assert (sustained["seeker"], sustained["company"]) == (linked["seeker"], COMPANY)


EVENT_HELD: Final = (
    "EventDrafted",
    "EventPublished",
    "EventCompanyAdded",
    "EventOpened",
    "EventBookingCounted",
    "EventHeld",
    "CompanyTookPart",
    "EventBookingCounted",
)
PLACEMENT_ASSESSED: Final = (
    "PlacementSubmitted",
    "PlacementValidated",
    "PlacementApproved",
    "PlacementAgreementDrawnUp",
    *("PlacementAgreementSigned",) * 3,
    "PlacementStarted",
    "PlacementCompleted",
    "PlacementAssessed",
)
IMMERSION_ASSESSED: Final = (
    "ImmersionPrepared",
    *("ImmersionSigned",) * 4,
    "ImmersionAccepted",
    "ImmersionStarted",
    "ImmersionCompleted",
    "ImmersionAssessed",
)


async def meets(town_hall: Partner, school: Partner, calendar: Calendar) -> str:
    """A class visits the company."""
    day = calendar.today + timedelta(days=30)
    event = await town_hall.does(
        "youth-events/v1/events",
        kind="visit",
        title="Exemple de visite d'un atelier d'usinage",
        rome=["H2903"],
        commune="36088",
        day=day.isoformat(),
        starts="09:00",
        ends="11:30",
        capacity=30,
    )
    path = f"youth-events/v1/events/{event['id']}"
    await town_hall.does(f"{path}/publish")
    company = {"company": COMPANY}
    await town_hall.does_once_known("participant-not-a-member", f"{path}/add-company", **company)
    await town_hall.does(f"{path}/open")
    booked = {"class_label": "3e A", "level": "3e", "pupils": 25, "adults": 2}
    booking = await school.does("youth-events/v1/class-bookings", event=event["id"], school=SCHOOL, **booked)
    await town_hall.does(f"youth-events/v1/class-bookings/{booking['id']}/confirm")
    await town_hall.sees(path, booked=25)
    calendar.come(day)
    await town_hall.does(f"{path}/record-held")
    came = {"girls": 11, "boys": 13, "adults": 2}
    await school.does(f"youth-events/v1/class-bookings/{booking['id']}/record-attendance", **came)
    await town_hall.sees(path, status="held")
    return str(event["id"])


async def comes_for_a_week(programme: Programme, company: Partner, school: Partner, calendar: Calendar) -> str:
    """The pupil asks for a week, by the school, and spends it there."""
    monday = calendar.today + timedelta(days=42 - calendar.today.weekday())
    week = "{}-W{:02}".format(*monday.isocalendar())
    offer = await company.does_once_known(
        "host-not-a-member", "youth-events/v1/offers", company=COMPANY, week=week, grade="3e", places=1
    )
    asked = {"offer": offer["id"], "company": COMPANY, "school": SCHOOL, "pupil": CAMILLE}
    placement = await school.does("youth-events/v1/placements", **asked)
    path = f"youth-events/v1/placements/{placement['id']}"
    await company.does(f"{path}/validate", tutor=named("Dominique"))
    await school.does(f"{path}/approve")
    await company.sees(f"youth-events/v1/offers/{offer['id']}", status="full")
    await school.does(f"{path}/draw-up-agreement", **HOURS)
    await school.does(f"{path}/sign-for-school")
    await school.does(f"{path}/record-guardian-signature", guardian={"family_name": "Exemple", "given_name": "Lou"})
    await company.does(f"{path}/sign-for-company")
    calendar.come(monday)
    await company.does(f"{path}/start")
    calendar.pass_by(days=4)
    await company.does(f"{path}/complete")
    await company.does(f"{path}/assess", attendance="full", hosts_again=True)
    await programme.figure("placements", 1)
    return str(placement["id"])


async def comes_to_try(programme: Programme, agency: Partner, company: Partner, calendar: Calendar) -> str:
    """Two years later, sixteen by now: a fortnight to begin an apprenticeship, agreed by links in four mailboxes."""
    begins = calendar.pass_by(weeks=92) + timedelta(days=14)
    immersion = await agency.does(
        "youth-events/v1/immersions",
        agency="mission_locale",
        company=COMPANY,
        beneficiary={**CAMILLE, "email": "camille@example.org"},
        guardian=named("Lou"),
        tutor=named("Dominique"),
        representative=named("Claude"),
        adviser=named("Sacha"),
        objective="start_recruitment",
        rome="H2903",
        begins_on=begins.isoformat(),
        ends_on=(begins + timedelta(days=10)).isoformat(),
        **HOURS,
    )
    path = f"youth-events/v1/immersions/{immersion['id']}"
    for name in ("camille", "lou", "claude", "sacha"):
        link = await link_to(programme, f"{name}@example.org")
        read = await programme.follow(link)
        await Partner(programme, {}).does(f"{link}/sign", document=read["document"])
    await agency.sees(path, status="in_review")
    await agency.does(f"{path}/accept")
    calendar.come(begins)
    await company.does(f"{path}/start")
    calendar.pass_by(days=10)
    await company.does(f"{path}/complete")
    await company.does(f"{path}/assess", outcome="completed", job_obtained=True, contract="apprenticeship")
    return str(immersion["id"])


async def link_to(programme: Programme, address: str) -> str:
    """The link that somebody was written."""
    letter = await programme.written_to(address)
    found = re.search(rf"{ADDRESS}/(youth-events/v1/signatures/\S+)", letter)
    assert found, letter
    return found[1]
