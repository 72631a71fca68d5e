"""Days that are counted in years."""

from datetime import date


def years_between(since: date, on: date) -> int:
    """Whole years from one day to another: an age, on a birthday one more."""
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))
