"""Events that classes came to, and observation placements: weeks that are over, and offers for weeks to come; and
immersions that are prepared. Pupils, tutors, guardians and everybody else are invented.

What happened is the same each time. What is to come is in the weeks after the day on which the sample is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.values import sample_siret
from contracts.youth_events.class_booking import CATEGORY as CLASS_BOOKING
from contracts.youth_events.event import CATEGORY as EVENT
from contracts.youth_events.immersion import CATEGORY as IMMERSION
from contracts.youth_events.offer import CATEGORY as OFFER
from contracts.youth_events.placement import CATEGORY as PLACEMENT
from sample.story import Made, Step, Story

SCHOOLS: Final = ("0369901S", "0369902T", "0189903S")
"""Invented ones, whose letters are right."""
FAMILIES: Final = ("Exemple", "Modèle", "Fictif", "Imaginaire")
GIVEN: Final = ("Camille", "Dominique", "Claude", "Sacha", "Alix", "Maxime", "Noa", "Charlie", "Lou", "Andrea", "Sam")
_AGREED: Final = {
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "arrives": "09:00",
    "leaves": "16:00",
    "break_minutes": 60,
}


@dataclass(frozen=True)
class Hosting:
    """A company that offered places for a week: of whom pupils came, by number, and how far that went."""

    company: int
    monday: date
    grade: str
    places: int
    pupils: tuple[tuple[int, str], ...]
    """A pupil, and `full`, `partial` (how the pupil attended), `rejected` or `cancelled`."""


PAST: Final = (
    Hosting(0, date(2025, 11, 17), "3e", 4, ((0, "full"), (1, "full"), (2, "partial"), (3, "rejected"))),
    Hosting(1, date(2025, 11, 17), "3e", 2, ((4, "full"), (5, "full"))),
    Hosting(5, date(2025, 12, 8), "4e", 2, ((6, "full"),)),
    Hosting(9, date(2026, 2, 2), "3e", 3, ((7, "full"), (8, "full"), (9, "cancelled"))),
    Hosting(14, date(2026, 6, 15), "2de", 3, ((10, "full"), (11, "partial"), (12, "full"))),
    Hosting(3, date(2026, 6, 15), "2de", 1, ((13, "full"),)),
)


@dataclass(frozen=True)
class Class:
    """A class that booked places, by the number of its school, and who came: girls and boys; None where nobody did."""

    school: int
    label: str
    level: str
    pupils: int
    came: tuple[int, int] | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class Meeting:
    """An event that was held: its companies by number, the first of which did not come if it says so."""

    kind: str
    title: str
    rome: tuple[str, ...]
    day: date
    capacity: int
    companies: tuple[int, ...]
    classes: tuple[Class, ...]
    first_missing: bool = False


MEETINGS: Final = (
    Meeting(
        "forum",
        "Exemple de forum des métiers de l'industrie",
        ("H2902", "H2913", "H2903"),
        date(2025, 11, 27),
        150,
        (14, 0, 1, 3, 5, 9),
        (
            Class(0, "3e A", "3e", 27, (13, 14)),
            Class(0, "3e B", "3e", 28, (15, 11)),
            Class(1, "4e C", "4e", 25, (12, 13)),
            Class(2, "2de 4", "2de", 30, cancelled=True),
            Class(2, "2de 5", "2de", 31),
        ),
        first_missing=True,
    ),
    Meeting(
        "visit",
        "Exemple de visite d'un atelier d'usinage",
        ("H2903",),
        date(2026, 3, 17),
        30,
        (1,),
        (Class(1, "3e D", "3e", 26, (12, 14)),),
    ),
    Meeting(
        "visit",
        "Exemple de visite d'une fonderie",
        ("H2902",),
        date(2026, 5, 21),
        45,
        (5,),
        (Class(0, "4e B", "4e", 24, (10, 13)), Class(2, "CAP 1", "cap", 12, (3, 8))),
    ),
)


def stories(today: date) -> list[Story]:
    """The weeks and events that are over, and what is offered in the weeks that follow this day."""
    monday = today + timedelta(days=28 - today.weekday())
    return [
        *events(today),
        *(Story(f"hosting-{n}", [*_hosted(hosting, n)], follows=True) for n, hosting in enumerate(PAST)),
        Story("offers", [*_offered(monday)], follows=True),
        *immersions(today),
    ]


def events(today: date) -> list[Story]:
    """The events that are over, and one in the weeks that follow this day."""
    day = today + timedelta(days=31 - today.weekday())
    return [
        *(Story(f"event-{n}", [*_held(meeting)], follows=True) for n, meeting in enumerate(MEETINGS)),
        Story("event-to-come", [*_planned(day)], follows=True),
    ]


def immersions(today: date) -> list[Story]:
    """Immersions in the weeks that follow this day: one of a minor that nobody has signed yet, one that was edited
    since it was prepared, and one that the company did not agree to. Who signs does so by a link in the own mailbox,
    which these people do not have."""
    monday = today + timedelta(days=21 - today.weekday())
    return [Story("immersions", [*_prepared(monday)], follows=True)]


def _prepared(monday: date) -> Iterator[Step]:
    minor = {
        "beneficiary": {**_person("Charlie", "beneficiaire-1"), "born_on": _born(monday, 17)},
        "guardian": _person("Noa", "parent-1"),
    }
    adult = {"beneficiary": {**_person("Andrea", "beneficiaire-2"), "born_on": _born(monday, 24)}}
    other = {"beneficiary": {**_person("Maxime", "beneficiaire-3"), "born_on": _born(monday, 41)}}
    edited = {**_terms(monday, 3, "I1304", "confirm_project"), **adult}
    for record, agency, company, body in (
        ("of-a-minor", "mission_locale", 5, {**_terms(monday, 5, "H2902", "discover_trade"), **minor}),
        ("edited", "mission_locale", 3, edited),
        ("rejected", "france_travail", 9, {**_terms(monday, 9, "H2903", "start_recruitment"), **other}),
    ):
        prepared = {**body, "agency": agency, "company": sample_siret(company)}
        yield Step(None, IMMERSION, record, "prepare", prepared, creates=True)
    yield Step(None, IMMERSION, "edited", "amend", {**edited, "leaves": "16:00"})
    hosts = {"company": sample_siret(9)}
    yield Step(None, IMMERSION, "rejected", "reject", {"reason": "no_capacity"}, acts_for=hosts)


def _terms(monday: date, company: int, rome: str, objective: str) -> Mapping[str, object]:
    return {
        "tutor": _person("Lou", f"tuteur-immersion-{company}"),
        "representative": _person("Claude", f"direction-{company}"),
        "adviser": _person("Sacha", "conseil"),
        "objective": objective,
        "rome": rome,
        "begins_on": monday.isoformat(),
        "ends_on": (monday + timedelta(days=11)).isoformat(),
        **_AGREED,
    }


def _person(given: str, address: str) -> Mapping[str, str]:
    return {"family_name": "Exemple", "given_name": given, "email": f"{address}@example.org"}


def _born(monday: date, years: int) -> str:
    """A birthday that makes somebody so old on a day."""
    return (monday - timedelta(days=366 * years + 30)).isoformat()


def _held(meeting: Meeting) -> Iterator[Step]:
    def on(days: int) -> date:
        return meeting.day + timedelta(days=days)

    event: Mapping[str, object] = {
        "kind": meeting.kind,
        "title": meeting.title,
        "rome": [*meeting.rome],
        "commune": "36088",
        "day": meeting.day.isoformat(),
        "starts": "09:00",
        "ends": "11:30",
        "capacity": meeting.capacity,
    }
    yield Step(on(-90), EVENT, "event", "draft", event, creates=True)
    yield Step(on(-85), EVENT, "event", "publish", {})
    for number in meeting.companies:
        yield Step(on(-80), EVENT, "event", "add-company", {"company": sample_siret(number)})
    yield Step(on(-70), EVENT, "event", "open", {})
    for each in meeting.classes:
        yield _booking(each, on(-50))
    for each in meeting.classes:
        yield Step(on(-45), CLASS_BOOKING, each.label, "confirm", {})
    for each in meeting.classes:
        if each.cancelled:
            reason = {"reason": "no_transport"}
            yield Step(on(-10), CLASS_BOOKING, each.label, "cancel", reason, acts_for=_of(each))
    yield Step(on(0), EVENT, "event", "record-held", {})
    for number, each in enumerate(meeting.classes):
        if each.came:
            # Of the first class an adult was counted as a pupil.
            mistaken = int(number == 0)
            counted = {"girls": each.came[0] + mistaken, "boys": each.came[1], "adults": 2}
            yield Step(on(1), CLASS_BOOKING, each.label, "record-attendance", counted, acts_for=_of(each))
        elif not each.cancelled:
            yield Step(on(1), CLASS_BOOKING, each.label, "record-no-show", {}, acts_for=_of(each))
    if meeting.first_missing:
        first_one = {"company": sample_siret(meeting.companies[0]), "took_part": False, "reason": "did_not_come"}
        yield Step(on(2), EVENT, "event", "correct-company", first_one)
    first = meeting.classes[0]
    if first.came:
        recounted = {"girls": first.came[0], "boys": first.came[1], "adults": 3, "reason": "miscounted"}
        yield Step(on(6), CLASS_BOOKING, first.label, "correct-attendance", recounted, acts_for=_of(first))
    yield Step(on(15), EVENT, "event", "report", {})


def _planned(day: date) -> Iterator[Step]:
    """An event that is open, with a booking that nobody has confirmed yet, and one that is only planned."""
    event: Mapping[str, object] = {
        "kind": "showcase",
        "title": "Exemple de présentation des métiers de la maintenance",
        "rome": ["I1304", "I1309"],
        "commune": "36088",
        "day": day.isoformat(),
        "starts": "14:00",
        "ends": "16:00",
        "levels": ["4e", "3e"],
        "capacity": 60,
    }
    yield Step(None, EVENT, "event", "draft", event, creates=True)
    yield Step(None, EVENT, "event", "publish", {})
    yield Step(None, EVENT, "event", "add-company", {"company": sample_siret(9)})
    yield Step(None, EVENT, "event", "open", {})
    yield _booking(Class(0, "4e A", "4e", 26), None)
    planned = {**event, "kind": "talk", "title": "Exemple de témoignages d'apprentis", "capacity": 90}
    yield Step(None, EVENT, "planned", "draft", planned, creates=True)


def _booking(booked: Class, on: date | None) -> Step:
    body = {
        "event": Made("event"),
        **_of(booked),
        "class_label": booked.label,
        "level": booked.level,
        "pupils": booked.pupils,
        "adults": 3 if booked.pupils > 30 else 2,
    }
    return Step(on, CLASS_BOOKING, booked.label, "request", body, creates=True, acts_for=_of(booked))


def _of(booked: Class) -> Mapping[str, str]:
    return {"school": SCHOOLS[booked.school]}


def _hosted(hosting: Hosting, number: int) -> Iterator[Step]:
    company, monday = {"company": sample_siret(hosting.company)}, hosting.monday
    asked = monday - timedelta(days=40)
    offer = {
        **company,
        "week": "{}-W{:02}".format(*monday.isocalendar()),
        "grade": hosting.grade,
        "places": hosting.places,
    }
    yield Step(monday - timedelta(days=60), OFFER, "offer", "open", offer, creates=True, acts_for=company)
    for pupil, _ in hosting.pupils:
        yield _submission(f"placement-{pupil}", pupil, hosting, asked)
    for pupil, outcome in hosting.pupils:
        record, school = f"placement-{pupil}", {"school": _school(pupil)}
        if outcome == "rejected":
            rejection = {"reason": "no_tutor"}
            yield Step(asked + timedelta(days=5), PLACEMENT, record, "reject", rejection, acts_for=company)
            continue
        named = {"tutor": _tutor(number)}
        yield Step(asked + timedelta(days=4), PLACEMENT, record, "validate", named, acts_for=company)
        yield Step(asked + timedelta(days=6), PLACEMENT, record, "approve", {}, acts_for=school)
        if outcome == "cancelled":
            given_up = {"reason": "pupil_unavailable"}
            yield Step(asked + timedelta(days=9), PLACEMENT, record, "cancel", given_up, acts_for=school)
            continue
        guardian = {"guardian": {"family_name": FAMILIES[pupil % 4], "given_name": GIVEN[(pupil + 5) % 11]}}
        signed = asked + timedelta(days=12)
        yield Step(signed, PLACEMENT, record, "draw-up-agreement", _AGREED, acts_for=school)
        yield Step(signed, PLACEMENT, record, "sign-for-school", {}, acts_for=school)
        yield Step(signed, PLACEMENT, record, "record-guardian-signature", guardian, acts_for=school)
        yield Step(signed + timedelta(days=3), PLACEMENT, record, "sign-for-company", {}, acts_for=company)
        yield Step(monday, PLACEMENT, record, "start", {}, acts_for=company)
        yield Step(monday + timedelta(days=4), PLACEMENT, record, "complete", {}, acts_for=company)
        assessed = {"attendance": outcome, "hosts_again": outcome == "full"}
        yield Step(monday + timedelta(days=9), PLACEMENT, record, "assess", assessed, acts_for=company)


def _offered(monday: date) -> Iterator[Step]:
    """Offers that are open, and requests that nobody has answered yet."""
    for week in range(3):
        company = {"company": sample_siret((1, 5, 9)[week])}
        begins = monday + timedelta(days=7 * week)
        offer = {
            **company,
            "week": "{}-W{:02}".format(*begins.isocalendar()),
            "grade": "3e",
            "places": 2,
            "schools": [] if week else [SCHOOLS[0]],
        }
        yield Step(None, OFFER, f"to-come-{week}", "open", offer, creates=True, acts_for=company)
        pupil = 20 + week
        body = {"offer": Made(f"to-come-{week}"), **company, "school": SCHOOLS[0], "pupil": _pupil(pupil, begins)}
        school = {"school": SCHOOLS[0]}
        yield Step(None, PLACEMENT, f"asked-{week}", "submit", body, creates=True, acts_for=school)


def _submission(record: str, pupil: int, hosting: Hosting, on: date) -> Step:
    school = {"school": _school(pupil)}
    body = {
        "offer": Made("offer"),
        "company": sample_siret(hosting.company),
        **school,
        "pupil": _pupil(pupil, hosting.monday, 15 if hosting.grade == "2de" else 14),
    }
    return Step(on, PLACEMENT, record, "submit", body, creates=True, acts_for=school)


def _school(pupil: int) -> str:
    return SCHOOLS[pupil % 3]


def _pupil(number: int, monday: date, years: int = 14) -> Mapping[str, str]:
    born_on = monday - timedelta(days=365 * years + 100 + number)
    return {
        "family_name": FAMILIES[number % 4],
        "given_name": GIVEN[number % 11],
        "born_on": born_on.isoformat(),
    }


def _tutor(number: int) -> Mapping[str, str]:
    given = GIVEN[(number + 3) % 11]
    return {"family_name": FAMILIES[(number + 1) % 4], "given_name": given, "email": f"tuteur-{number}@example.org"}
