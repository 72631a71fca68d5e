"""Who could be proposed for a vacancy, in which order, and why. Nothing here does I/O or reads a clock.

A candidate is on a path that is diagnosed or engaged, and looks for work in the vacancy's occupation or near it.
What counts is the occupation, what shows that the person can do it, from when they are free, and the hours they want.
All else that is known of somebody is left behind when a `Seeking` is made of their path, so it cannot weigh: not sex or
age, nor how long they have been without work, where they live or what is in their way (Code du travail, art. L1132-1).

Only where the partners chose so, members of some priority groups stand before all others. That moves places, never
points. Of several with as many points the order is drawn by lot, another for each vacancy: neither who came first nor
anybody else has an advantage that stays.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from contracts import codes
from contracts.employment.path import PathStatus, Skill, SkillSource
from contracts.employment.priority import PriorityGroup
from contracts.language import Language, Sentence
from contracts.values import months_later
from employment.days import years_between
from employment.path import Path

PROPOSED: Final[tuple[PathStatus, ...]] = ("diagnosed", "engaged")
"""The statuses of a path in which somebody is proposed: it is known what they look for, and they have no job."""

OF_AVAILABILITY: Final = 15
"""Points of somebody who can begin today."""
LATE_DAYS: Final = 90
"""Days from which on being free later has no points."""
OF_HOURS: Final = 10
"""Points of a post with the hours that the person wants."""
FAR_HOURS: Final = 20
"""Hours a week from which on a difference has no points."""
RECENT_MONTHS: Final = 60
"""For so long a skill has all its points since it was shown, and half of them afterwards. It may be shown again."""

ReasonCode = Literal[
    "same_occupation",
    "same_trade",
    "same_domain",
    "same_family",
    "skill_certified",
    "skill_shown",
    "skill_declared",
    "no_skill",
    "available_now",
    "available_later",
    "hours_as_wanted",
    "hours_differ",
]
Nearness = Literal["same_occupation", "same_trade", "same_domain", "same_family"]
OF_OCCUPATION: Final = MappingProxyType[Nearness, int](
    {"same_occupation": 50, "same_trade": 40, "same_domain": 20, "same_family": 5}
)
"""Points of an occupation that the person looks for, by how near it is to the vacancy's."""
OF_SKILL: Final = MappingProxyType[SkillSource, tuple[ReasonCode, int]](
    {
        "certification": ("skill_certified", 25),
        "document": ("skill_shown", 15),
        "test": ("skill_shown", 15),
        "interview": ("skill_shown", 15),
        "declaration": ("skill_declared", 5),
    }
)
"""Points of a skill for the vacancy's occupation or trade, by what shows it. The one with the most counts."""
SENTENCES: Final = MappingProxyType[ReasonCode, Sentence](
    {
        "same_occupation": Sentence("looks for this occupation: {rome}", "recherche ce métier : {rome}"),
        "same_trade": Sentence(
            "looks for a part of the same trade: {rome}", "recherche une spécialité du même métier : {rome}"
        ),
        "same_domain": Sentence(
            "looks for an occupation of the same domain: {rome}", "recherche un métier du même domaine : {rome}"
        ),
        "same_family": Sentence(
            "looks for an occupation of the same family: {rome}", "recherche un métier de la même famille : {rome}"
        ),
        "skill_certified": Sentence(
            "has a certification for {rome}; years since then: {value}",
            "a une certification pour {rome} ; années écoulées depuis : {value}",
        ),
        "skill_shown": Sentence(
            "has shown a skill for {rome}; years since then: {value}",
            "a fait attester une compétence pour {rome} ; années écoulées depuis : {value}",
        ),
        "skill_declared": Sentence(
            "has declared a skill for {rome}; years since then: {value}",
            "a déclaré une compétence pour {rome} ; années écoulées depuis : {value}",
        ),
        "no_skill": Sentence(
            "no skill is recorded for this occupation", "aucune compétence n'est enregistrée pour ce métier"
        ),
        "available_now": Sentence("is available now", "est disponible dès maintenant"),
        "available_later": Sentence(
            "is available in {value} {value:day|days}", "est disponible dans {value} {value:jour|jours}"
        ),
        "hours_as_wanted": Sentence(
            "wants to work the hours of the post", "souhaite la durée hebdomadaire de travail du poste"
        ),
        "hours_differ": Sentence(
            "wants to work {value} {value:hour|hours} a week more or less than the post has",
            "souhaite travailler {value} {value:heure|heures} de plus ou de moins par semaine que le poste",
        ),
    }
)


class Reason(NamedTuple):
    """Why somebody is proposed, or is not the first, and what that weighs."""

    code: ReasonCode
    points: int
    value: float | None = None
    """Years, days or hours a week."""
    rome: str | None = None
    """The occupation that it speaks of."""

    def told(self, language: Language) -> str:
        """As people say it."""
        label = codes.rome().get(self.rome or "")
        rome = f"{label} ({self.rome})" if label else self.rome
        return SENTENCES[self.code].told(language, value=self.value, rome=rome)


class Post(NamedTuple):
    """What a vacancy asks."""

    vacancy: str
    """Its id."""
    rome: str
    weekly_hours: float


class Seeking(NamedTuple):
    """What counts of somebody who looks for work, and the groups that may move a place."""

    path: str
    """The id of the path."""
    romes: tuple[str, ...]
    skills: tuple[Skill, ...]
    available_from: date
    weekly_hours: float
    groups: frozenset[PriorityGroup]


class Place(NamedTuple):
    """Where a candidate stands: those whom the partners put first, then those with the most points, then by lot."""

    later: int
    """0 where the partners put the person first."""
    lacking: int
    """100 less the points."""
    lot: str


class Candidate(NamedTuple):
    """Somebody who could be proposed."""

    place: Place
    path: str
    rank: int
    """The first is 1."""
    rank_by_points: int
    """What it would be if the partners put nobody first."""
    first_as: tuple[PriorityGroup, ...]
    """The groups for which they do."""
    reasons: Sequence[Reason]

    @property
    def points(self) -> int:
        """Out of 100."""
        return 100 - self.place.lacking


def seeking(identity: str, path: Path) -> Seeking | None:
    """What of a path counts; None where nobody is to be proposed."""
    if path.status not in PROPOSED or path.available_from is None or path.weekly_hours is None:
        return None
    groups = frozenset(flag.group for flag in path.flags)
    return Seeking(identity, path.romes, path.skills, path.available_from, path.weekly_hours, groups)


def ranked(
    people: Iterable[Seeking], post: Post, today: date, first: Collection[PriorityGroup] = ()
) -> list[Candidate]:
    """Those who look for work near the vacancy's occupation, the first to be proposed first.

    `first` are the priority groups that the partners put before all others.
    """
    scored = []
    for person in people:
        reasons = reasons_for(person, post, today)
        if reasons is not None:
            lacking = 100 - sum(reason.points for reason in reasons)
            groups = tuple(group for group in first if group in person.groups)
            scored.append((Place(0 if groups else 1, lacking, lot(post.vacancy, person.path)), person, groups, reasons))
    by_points = {place: rank for rank, place in enumerate(sorted((each[0] for each in scored), key=_by_points), 1)}
    return [
        Candidate(place, person.path, rank, by_points[place], groups, reasons)
        for rank, (place, person, groups, reasons) in enumerate(sorted(scored, key=lambda each: each[0]), 1)
    ]


def reasons_for(person: Seeking, post: Post, today: date) -> Sequence[Reason] | None:
    """What speaks for proposing somebody, of which the points add up; None where the occupation is another one."""
    wanted = ((rome, nearness(rome, post.rome)) for rome in person.romes)
    occupations = [Reason(how, OF_OCCUPATION[how], rome=rome) for rome, how in wanted if how]
    if not occupations:
        return None
    return (
        max(occupations, key=_weight),
        _skill(person, post, today),
        _availability(person, today),
        _hours(person, post),
    )


def nearness(one: str, other: str) -> Nearness | None:
    """How near two occupations are in ROME; None where they have nothing in common.

    A trade is an older occupation with all that are parts of it; a domain is a letter and two digits, and a family the
    letter.

    >>> nearness("H2916", "H2913"), nearness("H2902", "H2913"), nearness("H3302", "H2913"), nearness("N1101", "H2913")
    ('same_trade', 'same_domain', 'same_family', None)
    """
    if one == other:
        return "same_occupation"
    parents = codes.rome_parents()
    if parents.get(one, one) == parents.get(other, other):
        return "same_trade"
    if one[:3] == other[:3]:
        return "same_domain"
    return "same_family" if one[0] == other[0] else None


@lru_cache(maxsize=1 << 8)
def near(rome: str) -> Sequence[str]:
    """All occupations that have something in common with one, itself included."""
    return tuple(other for other in codes.rome() if nearness(other, rome))


def lot(vacancy: str, path: str) -> str:
    """What is drawn for a path of a vacancy: always the same, and as good as chance."""
    return sha256(f"{vacancy}/{path}".encode()).hexdigest()[:32]


def _skill(person: Seeking, post: Post, today: date) -> Reason:
    recent = months_later(today, -RECENT_MONTHS)
    found = []
    for skill in person.skills:
        code, points = OF_SKILL[skill.source]
        points = points if skill.acquired_on >= recent else points // 2
        years = max(0, years_between(skill.acquired_on, today))
        found += [
            Reason(code, points, years, rome)
            for rome in skill.romes
            if nearness(rome, post.rome) in ("same_occupation", "same_trade")
        ]
    return max(found, key=_weight, default=Reason("no_skill", 0))


def _availability(person: Seeking, today: date) -> Reason:
    days = (person.available_from - today).days
    if days <= 0:
        return Reason("available_now", OF_AVAILABILITY)
    return Reason("available_later", int(OF_AVAILABILITY * max(0, 1 - days / LATE_DAYS)), days)


def _hours(person: Seeking, post: Post) -> Reason:
    hours = round(abs(person.weekly_hours - post.weekly_hours), 2)
    if not hours:
        return Reason("hours_as_wanted", OF_HOURS)
    return Reason("hours_differ", int(OF_HOURS * max(0, 1 - hours / FAR_HOURS)), hours)


def _weight(reason: Reason) -> int:
    return reason.points


def _by_points(place: Place) -> tuple[int, str]:
    return place.lacking, place.lot
