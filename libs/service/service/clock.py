"""The one clock: days are days in Europe/Paris, wherever the process runs."""

from datetime import date, datetime

from eventstore.decider import PARIS


def now() -> datetime:
    """The moment it is for the programme's partners."""
    return datetime.now(PARIS)


def today() -> date:
    """The day it is for them."""
    return now().date()
