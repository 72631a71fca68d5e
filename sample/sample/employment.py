"""Vacancies, applications and hires, and paths of job seekers to work. All job seekers are invented.

Hires for jobs of investments that the second programme completed have lasted six months, where that is long enough ago.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.employment.application import CATEGORY as APPLICATION
from contracts.employment.hire import CATEGORY as HIRE
from contracts.employment.path import CATEGORY as PATH
from contracts.employment.vacancy import CATEGORY as VACANCY
from contracts.values import sample_siret
from sample import companies
from sample.story import LAST_DAY, Made, Step, Story
from sample.youth_events import FAMILIES, GIVEN

BEGUN: Final = date(2024, 10, 1)
"""Hires for jobs of investments are of those completed since: of older ones nobody would be known any more."""
FIRST_HIRED: Final = 30
"""The number of the job seeker whom the first of these hires is of."""
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


@dataclass(frozen=True)
class Accompanied:
    """A job seeker whom an agency takes on, and how far they come together before a hire takes the path further."""

    seeker: int
    agency: str
    residence: str
    referred: date
    rome: str
    until: str
    """`refer`, `diagnose`, `engage` or `pause`; or why the agency does not accompany the person any more."""


ACCOMPANIED: Final = (
    Accompanied(3, "france_travail", "town", date(2026, 3, 2), "H2902", "engage"),
    Accompanied(6, "mission_locale", "town", date(2026, 3, 9), "H3203", "diagnose"),
    Accompanied(9, "france_travail", "community", date(2026, 5, 11), "N1103", "refer"),
    Accompanied(10, "france_travail", "town", date(2026, 5, 18), "I1304", "diagnose"),
    Accompanied(12, "mission_locale", "elsewhere", date(2025, 9, 15), "H2906", "moved_away"),
    Accompanied(13, "france_travail", "town", date(2025, 11, 3), "H2903", "own_business"),
    Accompanied(14, "mission_locale", "community", date(2026, 1, 12), "H2913", "pause"),
    # These are trained, and one of them is hired then.
    Accompanied(50, "france_travail", "town", date(2025, 1, 6), "H2903", "engage"),
    Accompanied(51, "mission_locale", "community", date(2025, 1, 13), "H2903", "engage"),
    Accompanied(56, "france_travail", "town", date(2025, 6, 2), "H2913", "engage"),
)
HIRED_FROM_A_PATH: Final = (0, 3, 5)
"""Of the hires for jobs of investments, those of whom an agency had accompanied for two months and a half."""


def stories() -> list[Story]:
    """Whom agencies accompanied, what companies looked for, and whom they hired."""
    return [
        Story("paths", [step for each in _accompanied() for step in _path(each)]),
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
        body = {"vacancy": Made("vacancy"), "seeker": job_seeker(seeker), "flags": _flags(seeker, applied)}
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
        hired, seeker = _hired(number, completed), FIRST_HIRED + number
        body = {
            **company,
            "seeker": job_seeker(seeker),
            "hired_on": hired.isoformat(),
            "rome": _rome_of_hire(number),
            "contract": "permanent",
            "weekly_hours": 35,
            "flags": _flags(seeker, hired),
            "investment": Made(investment, story=siret),
        }
        yield Step(hired + timedelta(days=3), HIRE, f"hire-{number}", "record", body, creates=True)
        yield Step(hired + HALF_A_YEAR, HIRE, f"hire-{number}", "sustain", {}, acts_for=company)


def _hired(number: int, completed: date) -> date:
    return completed + timedelta(days=20 + number)


def _rome_of_hire(number: int) -> str:
    return ("H2903", "H2906", "I1304")[number % 3]


def _accompanied() -> Iterator[Accompanied]:
    yield from ACCOMPANIED
    for number, (_, _, completed) in enumerate(_completed()):
        if number in HIRED_FROM_A_PATH:
            referred = _hired(number, completed) - timedelta(days=75)
            agency = ("france_travail", "mission_locale")[number % 2]
            yield Accompanied(FIRST_HIRED + number, agency, "town", referred, _rome_of_hire(number), "engage")


def _path(each: Accompanied) -> Iterator[Step]:
    def on(days: int) -> date:
        return each.referred + timedelta(days=days)

    record = f"path-{each.seeker}"
    known = {"seeker": job_seeker(each.seeker), "flags": _flags(each.seeker, each.referred)}
    referred = {**known, "agency": each.agency, "residence": each.residence}
    yield Step(on(0), PATH, record, "refer", referred, creates=True)
    if each.until == "refer":
        return
    diagnosed = {
        "needs": ["training", "mobility_help"] if each.seeker % 2 else ["job_search_help"],
        "romes": [each.rome],
        "available_from": on(14).isoformat(),
        "weekly_hours": 35,
        "obstacles": ["driving_licence"] if each.seeker % 2 else ["qualification", "experience"],
    }
    yield Step(on(10), PATH, record, "diagnose", diagnosed)
    if each.until == "diagnose":
        return
    yield Step(on(20), PATH, record, "engage", {})
    if each.until == "pause":
        yield Step(on(60), PATH, record, "pause", {"reason": "temporary_work"})
    elif each.until != "engage":
        yield Step(on(90), PATH, record, "exit", {"reason": each.until})


def _completed() -> Iterator[tuple[str, str, date]]:
    """Company, investment and day of those whose hires have lasted by the last day of the sample."""
    for story in companies.stories():
        for step in story.steps:
            if step.command == "complete" and step.on and BEGUN <= step.on <= LAST_DAY - timedelta(days=250):
                yield story.name, step.record, step.on


def job_seeker(number: int) -> Mapping[str, str]:
    """The same person wherever the sample tells of this number."""
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
