"""Days that are counted in months and years."""

from datetime import date

from contracts.values import months_later

__all__ = ["months_later", "years_between"]


def years_between(since: date, on: date) -> int:
    """Whole years from one day to another: an age, on a birthday one more."""
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))
