"""Days of what happened, when they are corrected: they keep their order."""

from contracts.model import Day
from eventstore.refusal import Refusal

_CORRECTED = ("day", "awarded_on", "paid_on", "repaid_on", "sold_on", "begun_on", "met_on")
"""What commands call such a day."""

DAY_BEFORE_PREVIOUS_STEP = Refusal(
    "day-before-previous-step",
    "{day} is before what came before, on {previous}",
    "le {day} précède ce qui vient avant, du {previous}",
    at=_CORRECTED,
    day=Day,
    previous=Day,
)
DAY_AFTER_NEXT_STEP = Refusal(
    "day-after-next-step",
    "{day} is after what came next, on {next}",
    "le {day} suit ce qui vient après, du {next}",
    at=_CORRECTED,
    day=Day,
    next=Day,
)


def check_day(day: Day, *, after: Day, before: Day) -> None:
    """What happened keeps its order when its day is corrected. Raises Rejected."""
    if day < after:
        raise DAY_BEFORE_PREVIOUS_STEP(day=day, previous=after)
    if day > before:
        raise DAY_AFTER_NEXT_STEP(day=day, next=before)
