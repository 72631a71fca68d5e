"""The hours that the law allows whoever comes to a company: by age, for a row of hours that is the same each day."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, Protocol

from contracts.values import BreakMinutes, Minutes, TimeOfDay
from contracts.youth_events.placement import AgeBand
from eventstore.refusal import Refusal


class Limit(NamedTuple):
    """So many minutes, and who says so."""

    minutes: int
    source: str


class Night(NamedTuple):
    """From when to when nobody is there."""

    latest: str
    """When a day ends at last ..."""
    earliest: str
    """... and when it begins at first."""
    source: str


class Hours(NamedTuple):
    """What the law allows at an age."""

    daily: Limit
    weekly: Limit
    rest: Limit
    """Between two days."""
    without_break: int
    """The minutes after which there is a break ..."""
    pause: Limit
    """... of so many at least."""
    night: Night | None


LAW: Final = "Code du travail, art. "
MINORS: Final = Hours(
    daily=Limit(8 * 60, LAW + "L3162-1"),
    weekly=Limit(35 * 60, LAW + "L3162-1"),
    rest=Limit(12 * 60, LAW + "L3164-1"),
    without_break=4 * 60 + 30,
    pause=Limit(30, LAW + "L3162-3"),
    night=Night("22:00", "06:00", LAW + "L3163-1, L3163-2"),
)
"""From 16 on."""
ADULTS: Final = Hours(
    daily=Limit(10 * 60, LAW + "L3121-18"),
    weekly=Limit(48 * 60, LAW + "L3121-20"),
    rest=Limit(11 * 60, LAW + "L3131-1"),
    without_break=6 * 60,
    pause=Limit(20, LAW + "L3121-16"),
    night=None,
)

DAY_TOO_LONG = Refusal(
    "day-too-long",
    "at this age a day has at most {most} minutes, and this one has {minutes} ({source})",
    "à cet âge, une journée compte au plus {most} minutes, et celle-ci en compte {minutes} ({source})",
    at="leaves",
    most=Minutes,
    minutes=Minutes,
    source=str,
)
WEEK_TOO_LONG = Refusal(
    "week-too-long",
    "at this age a week has at most {most} minutes, and this one has {minutes} ({source})",
    "à cet âge, une semaine compte au plus {most} minutes, et celle-ci en compte {minutes} ({source})",
    at="weekdays",
    most=Minutes,
    minutes=Minutes,
    source=str,
)
BREAK_TOO_SHORT = Refusal(
    "break-too-short",
    "at this age a day of more than {after} minutes has a break of at least {least} minutes ({source})",
    "à cet âge, une journée de plus de {after} minutes comprend une pause d'au moins {least} minutes ({source})",
    at="break_minutes",
    after=Minutes,
    least=BreakMinutes,
    source=str,
)
REST_TOO_SHORT = Refusal(
    "rest-too-short",
    "at this age there are at least {least} minutes between two days, and here there are {minutes} ({source})",
    "à cet âge, au moins {least} minutes séparent deux journées, et il y en a ici {minutes} ({source})",
    at="leaves",
    least=Minutes,
    minutes=Minutes,
    source=str,
)
HOURS_AT_NIGHT = Refusal(
    "hours-at-night",
    "at this age nobody comes before {earliest}, or leaves after {latest} ({source})",
    "à cet âge, on n'arrive pas avant {earliest} et on ne part pas après {latest} ({source})",
    earliest=TimeOfDay,
    latest=TimeOfDay,
    source=str,
)
HOURS_REVERSED = Refusal(
    "hours-reversed",
    "the day ends at {leaves}, and begins at {arrives}: between them there must be more than the break",
    "la journée finit à {leaves} et commence à {arrives} : il faut plus que la pause entre les deux",
    at="leaves",
    arrives=TimeOfDay,
    leaves=TimeOfDay,
)
WEEKDAY_TWICE = Refusal(
    "weekday-twice", "a weekday is named twice", "un jour de la semaine est nommé deux fois", at="weekdays"
)


class Agreed(Protocol):
    """A row of hours, on some days of each week."""

    @property
    def weekdays(self) -> Sequence[str]:
        """On which days."""

    @property
    def arrives(self) -> str:
        """A time of the day, as `leaves`."""

    @property
    def leaves(self) -> str:
        """Of the same day."""

    @property
    def break_minutes(self) -> int:
        """How long the break of each day lasts."""


def checked(agreed: Agreed, law: Hours, week_too_long: Refusal) -> tuple[int, int]:
    """The minutes of a day and of a week that are agreed. Raises Rejected where the law does not allow them."""
    if len(set(agreed.weekdays)) < len(agreed.weekdays):
        raise WEEKDAY_TWICE()
    arrives, leaves = _minutes(agreed.arrives), _minutes(agreed.leaves)
    daily = leaves - arrives - agreed.break_minutes
    weekly = daily * len(agreed.weekdays)
    if daily <= 0:
        raise HOURS_REVERSED(arrives=agreed.arrives, leaves=agreed.leaves)
    if law.night and (agreed.arrives < law.night.earliest or agreed.leaves > law.night.latest):
        raise HOURS_AT_NIGHT(**law.night._asdict())
    if daily > law.daily.minutes:
        raise DAY_TOO_LONG(most=law.daily.minutes, minutes=daily, source=law.daily.source)
    if weekly > law.weekly.minutes:
        raise week_too_long(most=law.weekly.minutes, minutes=weekly, source=law.weekly.source)
    if daily > law.without_break and agreed.break_minutes < law.pause.minutes:
        raise BREAK_TOO_SHORT(after=law.without_break, least=law.pause.minutes, source=law.pause.source)
    rest = 24 * 60 - (leaves - arrives)
    if rest < law.rest.minutes:
        raise REST_TOO_SHORT(least=law.rest.minutes, minutes=rest, source=law.rest.source)
    return daily, weekly


def age(born_on: date, on: date) -> int:
    """In full years, as on that day."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def age_band(years: int) -> AgeBand:
    """How old somebody is, as far as the law on working hours asks."""
    if years < 15:
        return "under_15"
    if years < 16:
        return "15"
    return "16_or_17" if years < 18 else "adult"


def _minutes(time_of_day: str) -> int:
    return 60 * int(time_of_day[:2]) + int(time_of_day[3:])
