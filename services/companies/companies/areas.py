"""Areas in m² [surfaces], and what a plot or a unit was on each day: what corrections of days that have passed need."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Protocol, TypeVar

from contracts.companies.land import Spell
from contracts.model import Day, Model
from contracts.values import SquareMetres
from eventstore.refusal import Refusal

MOST_CHANGES: Final = 200
"""Of what a plot or a unit is, and of its area: several a year over decades. So its state stays small."""


class Measured(Model):
    """An area, and the day from which on it is right."""

    since: Day
    area: SquareMetres


class Standing(Protocol):
    """What something is, and since when."""

    @property
    def since(self) -> Day:
        """The day on which it became so."""
        ...

    @property
    def status(self) -> Any:
        """What it is since then."""
        ...


HISTORY_FULL = Refusal(
    "history-full",
    "it has changed {most} times, and its record holds no more",
    "il a changé {most} fois, et son enregistrement n'en retient pas davantage",
    most=int,
)
AREA_BEFORE_REGISTRATION = Refusal(
    "area-before-registration",
    "it was registered on {registered_on}, and has no area before that, on {since}",
    "il a été enregistré le {registered_on} et n'a pas de surface avant cela, le {since}",
    at="since",
    since=Day,
    registered_on=Day,
)
AREA_AHEAD = Refusal(
    "area-ahead",
    "{since} is after {on}, the day of the correction",
    "le {since} est après le {on}, jour de la rectification",
    at="since",
    since=Day,
    on=Day,
)

S = TypeVar("S", bound=Spell)


def check_room(changes: Sequence[object]) -> None:
    """Raises Rejected where a record holds as many changes as it may."""
    if len(changes) >= MOST_CHANGES:
        raise HISTORY_FULL(most=MOST_CHANGES)


def check_since(areas: Sequence[Measured], since: Day, on: Day) -> None:
    """Whether an area may be corrected from a day on. Raises Rejected."""
    check_room(areas)
    if since < areas[0].since:
        raise AREA_BEFORE_REGISTRATION(since=since, registered_on=areas[0].since)
    if since > on:
        raise AREA_AHEAD(since=since, on=on)


def measured(areas: Sequence[Measured], since: Day, area: int) -> tuple[Measured, ...]:
    """The areas where it is another one from a day on."""
    return *(each for each in areas if each.since < since), Measured(since=since, area=area)


def spells(
    kind: type[S], standings: Sequence[Standing], areas: Sequence[Measured], since: Day, until: Day | None = None
) -> tuple[S, ...]:
    """What it was, and how large, from a day on, at the earliest the first, until another, or until now."""
    days = {since, *(each.since for each in standings), *(each.since for each in areas)}
    between = sorted(day for day in days if day >= since and (until is None or day < until))
    return tuple(
        kind.model_validate(
            {"since": day, "until": following, "status": _at(standings, day).status, "area": _at(areas, day).area}
        )
        for day, following in pairwise((*between, until))
        if day is not None
    )


D = TypeVar("D", bound=Standing | Measured)


def _at(dated: Sequence[D], day: Day) -> D:
    """The last of them on a day."""
    return next(each for each in reversed(dated) if each.since <= day)
