"""Observation placements: weeks that are over, and offers for weeks to come. Pupils, tutors and guardians are invented.

What happened is the same each time. Offers to come are for the weeks after the day on which the sample is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.values import sample_siret
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


def stories(today: date) -> list[Story]:
    """The weeks that are over, and the offers for three weeks that follow this day."""
    monday = today + timedelta(days=28 - today.weekday())
    return [
        *(Story(f"hosting-{n}", [*_hosted(hosting, n)], follows=True) for n, hosting in enumerate(PAST)),
        Story("offers", [*_offered(monday)], follows=True),
    ]


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
