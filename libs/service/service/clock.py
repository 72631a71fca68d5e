"""The one clock: days are days in Europe/Paris, wherever the process runs."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def today() -> date:
    """The day it is now for the programme's partners."""
    return datetime.now(PARIS).date()
