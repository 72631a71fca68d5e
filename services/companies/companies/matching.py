"""Which surpluses could answer which needs, and why. Nothing here does I/O or reads a clock.

What matches is of one kind or waste code and in one unit, of two companies, and there on the same days from today on.
What is in a synergy that goes on is worked on, and not proposed again. Matches come in the order of their points, of
which each reason tells its own: half for how much of the need is covered, the others for how near and how long.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from companies.flow import GOING_ON, Flow
from contracts import codes
from contracts.language import Language, Sentence

OF_QUANTITY: Final = 50
"""Points of a surplus that covers the whole need."""
OF_DISTANCE: Final = 30
"""Points of two sites in one commune."""
OF_PERIOD: Final = 20
"""Points of flows that are both there for a year, or without a known end."""
FAR_KM: Final = 50
"""From here on, distance has no points."""
LONG: Final = 12
"""Months from which on the period has all points."""
_EARTH_KM: Final = 6371
"""The mean radius."""

ReasonCode = Literal["same_flow", "quantity", "period", "endless", "distance"]
SENTENCES: Final = MappingProxyType[ReasonCode, Sentence](
    {
        "same_flow": Sentence(
            "the same kind or code, in the same unit", "même nature ou même code, dans la même unité"
        ),
        "quantity": Sentence("the surplus covers {value} % of the need", "l'excédent couvre {value} % du besoin"),
        "period": Sentence(
            "months in common from today on: {value}", "mois en commun à partir d'aujourd'hui : {value}"
        ),
        "endless": Sentence("neither has a known end", "aucun des deux n'a de fin connue"),
        "distance": Sentence("{value} km between the two communes", "{value} km entre les deux communes"),
    }
)


class Reason(NamedTuple):
    """Why two flows match, and how well."""

    code: ReasonCode
    points: int
    value: float | None = None
    """Percent, months or km."""

    def told(self, language: Language) -> str:
        """As people say it."""
        return SENTENCES[self.code].told(language, value=self.value)


class Declared(NamedTuple):
    """A flow, and its id."""

    id: str
    flow: Flow


class Place(NamedTuple):
    """Where a match stands: those with the most points first, then by the ids of surplus and need."""

    lacking: int
    """100 less the points."""
    surplus: str
    need: str


class Match(NamedTuple):
    """A surplus that could answer a need."""

    place: Place
    surplus: Declared
    need: Declared
    reasons: Sequence[Reason]

    @property
    def points(self) -> int:
        """Out of 100."""
        return 100 - self.place.lacking


def best(
    flows: Iterable[Declared],
    today: date,
    *,
    limit: int,
    taken: Collection[str] = (),
    companies: Collection[str] = (),
    after: Place | None = None,
) -> list[Match]:
    """The matches with the most points, at most so many: those `after` another, in which all of `companies` take part.

    `taken` are the ids of the flows that are in a synergy that goes on.
    """
    found = matches((each for each in flows if each.id not in taken), today)
    wanted = (
        match
        for match in found
        if all(company in (match.surplus.flow.company, match.need.flow.company) for company in companies)
        and (after is None or match.place > after)
    )
    return heapq.nsmallest(limit, wanted, key=lambda match: match.place)


def matches(flows: Iterable[Declared], today: date) -> Iterator[Match]:
    """Every surplus with every need that it could answer."""
    alike: defaultdict[tuple[str, str | None, str], tuple[list[Declared], list[Declared]]]
    alike = defaultdict(lambda: ([], []))
    for each in flows:
        if each.flow.status in GOING_ON:
            key = (each.flow.kind, each.flow.waste, each.flow.unit)
            alike[key][each.flow.direction == "need"].append(each)
    for surpluses, needs in alike.values():
        for surplus in surpluses:
            for need in needs:
                if match := _match(surplus, need, today):
                    yield match


def _match(surplus: Declared, need: Declared, today: date) -> Match | None:
    gives, takes = surplus.flow, need.flow
    if gives.company == takes.company:
        return None
    begins = max(gives.first, takes.first, today)
    ends = min((last for last in (gives.last, takes.last) if last), default=None)
    if ends is not None and ends < begins:
        return None
    percent = min(100, int(100 * gives.quantity / takes.quantity))
    reasons = [Reason("same_flow", 0), Reason("quantity", percent * OF_QUANTITY // 100, percent)]
    if ends is None:
        reasons.append(Reason("endless", OF_PERIOD))
    else:
        months = (ends.year - begins.year) * 12 + ends.month - begins.month + 1
        reasons.append(Reason("period", OF_PERIOD * min(months, LONG) // LONG, months))
    km = distance_km(gives.commune, takes.commune)
    if km is not None:
        reasons.append(Reason("distance", int(OF_DISTANCE * max(0, 1 - km / FAR_KM)), km))
    points = sum(reason.points for reason in reasons)
    return Match(Place(100 - points, surplus.id, need.id), surplus, need, reasons)


@lru_cache(maxsize=1 << 14)
def distance_km(one: str, other: str) -> float | None:
    """How far the middles of two communes are apart, as the crow flies; None where it is not known where one is.

    >>> distance_km("36088", "18055")
    10.5
    """
    if one == other:
        return 0.0
    places = codes.centroids()
    if one not in places or other not in places:
        return None
    (north, east), (north_too, east_too) = (map(radians, places[commune]) for commune in (one, other))
    across = sin((north_too - north) / 2) ** 2 + cos(north) * cos(north_too) * sin((east_too - east) / 2) ** 2
    return round(2 * _EARTH_KM * asin(sqrt(across)), 1)
