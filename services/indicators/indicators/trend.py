"""How a level, or what is observed, moves: the pace of its last quarters, and when that pace reaches a target.

The pace is the slope of the straight line through the values at the ends of quarters (ordinary least squares), its
interval the one in which it lies with 95 % probability by Student's distribution, as if quarters were independent.
The day of arrival goes on from the last value with that pace, and its interval with the ends of the pace's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from contracts.model import LAST_DAY
from indicators.question import Period, Question

QUARTER: Final = 365.25 / 4
"""Days."""
CONFIDENCE: Final = 0.95
FEWEST: Final = 4
"""Quarters that a pace and its interval are taken from, at least."""


@dataclass(frozen=True)
class Aim:
    """A value that a figure is to have reached by a day [objectif]."""

    value: Decimal
    due: date
    at_least: bool
    """Whether it is reached by as much or more, and not by as little or less."""
    of: Mapping[str, str | int]
    """The part of the indicator that it is for, by its dimensions."""

    @classmethod
    def told(cls, told: Mapping[str, Any]) -> "Aim":
        """As the chapter of targets tells it."""
        of = json.loads(told["of"])
        return cls(Decimal(told["value"]), date.fromisoformat(told["due"]), told["aim"] == "at_least", of)

    def is_of(self, question: Question) -> bool:
        """Whether it is for all that a question asks for, or for one of its cells."""
        return all(self._agrees(question, name) for name in {*self.of, *question.where})

    def _agrees(self, question: Question, name: str) -> bool:
        asked = question.where.get(name)
        if name not in question.by:
            return asked == (self.of.get(name),)
        return asked is None or self.of.get(name) in asked

    def is_reached_by(self, value: Decimal) -> bool:
        """Whether a value is the target's, or beyond it."""
        return value >= self.value if self.at_least else value <= self.value


@dataclass(frozen=True)
class Ahead:
    """What is aimed at, seen from a day."""

    value: Decimal
    quarters: int
    """Until the one in which it is due, with that: those that are not over at the end of the day."""

    @classmethod
    def seen(cls, value: Decimal, due: date, on: date) -> "Ahead":
        """From a day: of one that is due at the end of 2027 there are 6 quarters left on 30 June 2026.

        >>> Ahead.seen(Decimal(5), date(2027, 12, 31), date(2026, 6, 30)).quarters
        6
        """
        left = Period.between("quarter", on + timedelta(days=1), due)
        return cls(value, sum(1 for _ in left) if on < due else 0)


@dataclass(frozen=True)
class Trend:
    """How a level moves. Whatever cannot be told is None."""

    pace: Decimal | None = None
    """A quarter."""
    pace_between: tuple[Decimal, Decimal] | None = None
    points: int = 0
    """The ends of quarters that the pace is taken from."""
    since: date | None = None
    """The first of them."""
    goes_on_from: date | None = None
    """The day that the last value is of, and so what the pace takes on from."""
    broken_on: date | None = None
    """The series break that it begins after: the values before do not compare."""
    target: Aim | None = None
    reached: bool | None = None
    """Whether the last value is the target's, or beyond it."""
    arrives_on: date | None = None
    """None where the pace leads away from the target, or takes longer than days are counted."""
    arrives_between: tuple[date, date | None] | None = None
    """Its end is None where the slowest pace of the interval does not lead there."""


def next_of(aims: Sequence[Aim], on: date) -> Aim | None:
    """Of targets in the order of their days the next that is due on a day, or else the last."""
    return next((aim for aim in aims if aim.due >= on), aims[-1] if aims else None)


def trend(
    points: Sequence[tuple[date, Decimal]],
    now: tuple[date, Decimal | None],
    aims: Sequence[Aim],
    breaks: Sequence[date] = (),
    *,
    known_on: date | None = None,
) -> Trend:
    """From values on days in order, the value now, and targets in the order of their days, of which the next counts.

    What is observed is of a day before now, `known_on`, and goes on from there.
    """
    on, value = now
    broken_on = max((each for each in breaks if each <= on), default=None)
    points = [(day, each) for day, each in points if broken_on is None or day >= broken_on]
    target = next_of(aims, on)
    since = points[0][0] if points else None
    reached = target.is_reached_by(value) if target and value is not None else None
    if len(points) < FEWEST:
        return Trend(points=len(points), since=since, broken_on=broken_on, target=target, reached=reached)
    slope, low, high = _slope(points)
    since_then = known_on or on
    arrives_on = arrives_between = None
    if target and value is not None and not reached:
        left = float(target.value - value)
        arrives_on = _arrival(since_then, left, slope)
        ends = [_arrival(since_then, left, each) for each in (high, low)]
        soonest, latest = ends if left > 0 else reversed(ends)
        arrives_between = (soonest, latest) if soonest else None
    return Trend(
        pace=_a_quarter(slope),
        pace_between=(_a_quarter(low), _a_quarter(high)),
        points=len(points),
        since=since,
        goes_on_from=since_then,
        broken_on=broken_on,
        target=target,
        reached=reached,
        arrives_on=arrives_on,
        arrives_between=arrives_between,
    )


def _slope(points: Sequence[tuple[date, Decimal]]) -> tuple[float, float, float]:
    """A day, and the interval that it is in."""
    if len({value for _, value in points}) == 1:
        return 0.0, 0.0, 0.0  # Of a line that is flat, no error can be estimated: it is none.
    # It takes half a second and 60 MB, which a service that is asked for no trend can do without.
    from scipy import stats

    fitted = stats.linregress([day.toordinal() for day, _ in points], [float(value) for _, value in points])
    margin = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(points) - 2) * fitted.stderr)
    return float(fitted.slope), float(fitted.slope) - margin, float(fitted.slope) + margin


def _a_quarter(slope: float) -> Decimal:
    return Decimal(slope * QUARTER).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _arrival(on: date, left: float, slope: float) -> date | None:
    if slope * left <= 0 or left / slope > (LAST_DAY - on).days:
        return None
    return on + timedelta(days=round(left / slope))
