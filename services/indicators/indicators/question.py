"""What may be asked of an indicator."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple, get_args

from contracts.model import PARIS

ALWAYS: Final = date.max
"""Stands for no last day; PostgreSQL reads it as infinity."""

PeriodName = Literal["month", "quarter", "year"]
PERIODS: Final[tuple[PeriodName, ...]] = get_args(PeriodName)


def end_of(day: date) -> datetime:
    """When a day ends in Europe/Paris."""
    return datetime.combine(day + timedelta(days=1), time(), PARIS)


class Period(NamedTuple):
    """A month, a quarter or a year."""

    name: PeriodName
    first: date

    @classmethod
    def of(cls, name: PeriodName, day: date) -> "Period":
        """The one that a day is in."""
        month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[name]
        return cls(name, day.replace(month=month, day=1))

    @property
    def following(self) -> "Period":
        """The next one."""
        months = self.first.year * 12 + self.first.month - 1 + {"month": 1, "quarter": 3, "year": 12}[self.name]
        return Period(self.name, date(months // 12, months % 12 + 1, 1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.following.first - timedelta(days=1)

    def __str__(self) -> str:
        """As answers write it: `2023-12`, `2023-Q4`, `2023`."""
        match self.name:
            case "month":
                return f"{self.first:%Y-%m}"
            case "quarter":
                return f"{self.first:%Y}-Q{(self.first.month + 2) // 3}"
            case "year":
                return f"{self.first:%Y}"

    @classmethod
    def between(cls, name: PeriodName, first: date, last: date) -> "Iterator[Period]":
        """Those from the one that a day is in to the one that another is in."""
        period = cls.of(name, first)
        while period.first <= last:
            yield period
            period = period.following


Key = tuple[str | int | Period | None, ...]
"""What a cell is of, in the order asked for."""


@dataclass(frozen=True)
class Question:
    """What is asked of an indicator."""

    first: date | None = None
    """Sums and durations count from this day on. A level is a state of its last day: this only begins its periods."""
    last: date | None = None
    by: tuple[str, ...] = ()
    """Dimensions of the indicator, and one of the periods at most."""
    known_on: date | None = None
    """Counts only what was recorded by the end of that day."""
    without_largest: bool = False
    where: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    """Counts only what has one of these values of a dimension."""
    cumulative: bool = False
    """Whether each period has all that counts up to its end, and not only in it."""
    filled: bool = False
    """Whether every period is given, from the first that has anything, or that is asked for, to the last."""

    @property
    def until(self) -> date:
        """The day after the last."""
        return ALWAYS if self.last is None or self.last == ALWAYS else self.last + timedelta(days=1)

    @property
    def known_before(self) -> datetime | None:
        """The end of `known_on` in Europe/Paris."""
        return None if self.known_on is None else end_of(self.known_on)

    @property
    def period(self) -> PeriodName | None:
        """What it is asked by, of the periods."""
        return next((name for name in PERIODS if name in self.by), None)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What it is asked by, of the dimensions."""
        return tuple(name for name in self.by if name not in PERIODS)
