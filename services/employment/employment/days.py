"""Days that are counted in months and years."""

from calendar import monthrange
from datetime import date


def months_later(day: date, months: int) -> date:
    """The day so many months later: of that month the last, where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def years_between(since: date, on: date) -> int:
    """Whole years from one day to another: an age, on a birthday one more."""
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))
