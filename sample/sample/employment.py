"""Vacancies, applications and hires. All job seekers are invented.

Hires for jobs of investments that the second programme completed have lasted six months, where that is long enough ago.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.employment.application import CATEGORY as APPLICATION
from contracts.employment.hire import CATEGORY as HIRE
from contracts.employment.vacancy import CATEGORY as VACANCY
from contracts.values import sample_siret
from sample import companies
from sample.story import LAST_DAY, Made, Step, Story
from sample.youth_events import FAMILIES, GIVEN

BEGUN: Final = date(2024, 10, 1)
"""Hires for jobs of investments are of those completed since: of older ones nobody would be known any more."""
HALF_A_YEAR: Final = timedelta(days=184)
"""Six months, and no less."""


@dataclass(frozen=True)
class Opening:
    """A vacancy of a company, and who applied."""

    company: int
    title: str
    rome: str
    contract: str
    posts: int
    opened: date
    applied: tuple[tuple[int, str], ...]
    """A job seeker, and `accept`, `refuse`, `process`, `pool`, `cancel` or nothing."""


OPENINGS: Final = (
    Opening(5, "Exemple Opérateur sur machine à commande numérique", "H2903", "permanent", 2, date(2026, 2, 9),
            ((0, "accept"), (1, "accept"), (2, "refuse"))),
    Opening(6, "Exemple Chaudronnier soudeur", "H2902", "permanent", 2, date(2026, 3, 16),
            ((2, "accept"), (3, "pool"))),
    Opening(0, "Exemple Opérateur en matériaux composites", "H3203", "fixed_term", 4, date(2026, 4, 7),
            ((4, "accept"), (5, "accept"), (6, "process"), (7, "cancel"))),
    Opening(14, "Exemple Préparateur de commandes", "N1103", "temporary", 3, date(2026, 5, 18),
            ((8, "process"), (9, ""))),
    Opening(16, "Exemple Technicien de maintenance", "I1304", "permanent", 1, date(2026, 6, 8), ((10, ""),)),
    Opening(9, "Exemple Conducteur de ligne automatisée", "H2906", "apprenticeship", 2, date(2026, 6, 15), ()),
)  # fmt: skip


def stories() -> list[Story]:
    """What companies looked for, and whom they hired."""
    return [
        *(Story(f"vacancy-{n}", [*_vacancy(opening)], follows=True) for n, opening in enumerate(OPENINGS)),
        Story("hires", [*_hires()], follows=True),
    ]


def _vacancy(opening: Opening) -> Iterator[Step]:
    company = {"company": sample_siret(opening.company)}
    drafted = {
        **company,
        "title": opening.title,
        "rome": opening.rome,
        "contract": opening.contract,
        "weekly_hours": 35,
        "posts": opening.posts,
    }
    draft = opening.opened - timedelta(days=7)
    yield Step(draft, VACANCY, "vacancy", "draft", drafted, creates=True, acts_for=company)
    yield Step(opening.opened, VACANCY, "vacancy", "open", {}, acts_for=company)
    for seeker, _ in opening.applied:
        applied = opening.opened + timedelta(days=10 + seeker)
        body = {"vacancy": Made("vacancy"), "seeker": _seeker(seeker), "flags": _flags(seeker, applied)}
        yield Step(applied, APPLICATION, f"application-{seeker}", "submit", body, creates=True)
    for seeker, answer in opening.applied:
        if answer:
            on = opening.opened + timedelta(days=30 + seeker)
            reasons = {"refuse": "experience", "cancel": "training"}
            said = {"reason": reasons[answer]} if answer in reasons else {}
            if answer == "accept":
                said = {"starts_on": (on + timedelta(days=14)).isoformat()}
            acts_for = {} if answer == "cancel" else company
            yield Step(on, APPLICATION, f"application-{seeker}", answer, said, acts_for=acts_for)


def _hires() -> Iterator[Step]:
    """One for each investment of the second programme that was completed early enough for it to have lasted."""
    for number, (siret, investment, completed) in enumerate(_completed()):
        company = {"company": siret}
        hired = completed + timedelta(days=20 + number)
        seeker = 30 + number
        body = {
            **company,
            "seeker": _seeker(seeker),
            "hired_on": hired.isoformat(),
            "rome": ("H2903", "H2906", "I1304")[number % 3],
            "contract": "permanent",
            "weekly_hours": 35,
            "flags": _flags(seeker, hired),
            "investment": Made(investment, story=siret),
        }
        yield Step(hired + timedelta(days=3), HIRE, f"hire-{number}", "record", body, creates=True)
        yield Step(hired + HALF_A_YEAR, HIRE, f"hire-{number}", "sustain", {}, acts_for=company)


def _completed() -> Iterator[tuple[str, str, date]]:
    """Company, investment and day of those whose hires have lasted by the last day of the sample."""
    for story in companies.stories():
        for step in story.steps:
            if step.command == "complete" and step.on and BEGUN <= step.on <= LAST_DAY - timedelta(days=250):
                yield story.name, step.record, step.on


def _seeker(number: int) -> Mapping[str, str]:
    return {
        "family_name": FAMILIES[number // 11 % 4],
        "given_name": GIVEN[number % 11],
        "born_on": date(1966 + number * 7 % 40, 1 + number % 12, 1 + number % 28).isoformat(),
    }


def _flags(number: int, on: date) -> list[dict[str, str]]:
    """Some belong to priority groups, as an adviser has established a month before."""
    age = on.year - (1966 + number * 7 % 40) - 1
    groups = ["senior"] if age >= 51 else ["youth"] if age < 24 else []
    groups += ["long_term"] if number % 3 == 0 else []
    established_on = (on - timedelta(days=30)).isoformat()
    return [{"group": group, "established_on": established_on, "source": "interview"} for group in groups]
