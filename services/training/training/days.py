"""Days that are some years apart."""

from datetime import date

from contracts.values import months_later


def years_after(day: date, years: int) -> date:
    """The same day of a later year; of a leap day the one before."""
    return months_later(day, 12 * years)
