"""Weeks of the calendar, as ISO 8601 numbers them, the school years that they are in, months, quarters and years."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.language import Sentence
from contracts.values.saying import Says


def monday_of(week: str) -> date:
    """The day on which a week begins. Raises ValueError where the year has no such week.

    >>> monday_of("2027-W05")
    datetime.date(2027, 2, 1)
    """
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def school_year_end(day: date) -> date:
    """The last day of the school year that a day is in: 31 August.

    >>> school_year_end(date(2027, 8, 31)), school_year_end(date(2027, 9, 1))
    (datetime.date(2027, 8, 31), datetime.date(2028, 8, 31))
    """
    return date(day.year + (day.month > 8), 8, 31)


def last_of_month(month: str) -> date:
    """The day on which a month ends.

    >>> last_of_month("2024-02")
    datetime.date(2024, 2, 29)
    """
    begins = date.fromisoformat(f"{month}-01")
    return (begins + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def months_later(day: date, months: int) -> date:
    """The day so many months later: of that month the last, where it has no such day.

    >>> months_later(date(2023, 8, 31), 6), months_later(date(2024, 3, 15), -3)
    (datetime.date(2024, 2, 29), datetime.date(2023, 12, 15))
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_of_period(period: str) -> tuple[date, date]:
    """The first and the last day of a month, a quarter or a year.

    >>> days_of_period("2024-Q1")
    (datetime.date(2024, 1, 1), datetime.date(2024, 3, 31))
    >>> days_of_period("2024-02")[1], days_of_period("2024")[0]
    (datetime.date(2024, 2, 29), datetime.date(2024, 1, 1))
    """
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        last = int(part[1:]) * 3
        first = last - 2
    else:
        first, last = (int(part), int(part)) if part else (1, 12)
    return date(int(year), first, 1), last_of_month(f"{year}-{last:02d}")


def _existing(week: str) -> str:
    monday_of(week)
    return week


IsoWeek = Annotated[
    str,
    Field(max_length=8, pattern=r"^(19|20)[0-9]{2}-W(0[1-9]|[1-4][0-9]|5[0-3])$"),
    AfterValidator(_existing),
    Says(
        "iso-week",
        Sentence(
            "a week is written as in 2027-W05, and the year must have it: most end with week 52, some with week 53",
            "une semaine s'écrit comme 2027-W05, et l'année doit la compter : la plupart finissent par la semaine 52, "
            "quelques-unes par la semaine 53",
        ),
        "A week of the calendar from Monday on, by its number (ISO 8601).",
        ("2027-W05", "2026-W53"),
    ),
]
CalendarMonth = Annotated[
    str,
    Field(max_length=7, pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"),
    Says(
        "calendar-month",
        Sentence("a month is written as in 2024-05", "un mois s'écrit comme 2024-05"),
        "A month of the calendar.",
        ("2024-05",),
    ),
]
CalendarPeriod = Annotated[
    str,
    Field(max_length=7, pattern=r"^(19|20)[0-9]{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?$"),
    Says(
        "calendar-period",
        Sentence(
            "a period is a quarter, as in 2024-Q1, a month, as in 2024-03, or a year, as in 2024",
            "une période est un trimestre, comme 2024-Q1, un mois, comme 2024-03, ou une année, comme 2024",
        ),
        "A quarter, a month or a year of the calendar.",
        ("2024-Q1", "2024-03", "2024"),
    ),
]
