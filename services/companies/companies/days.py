"""Days of what happened, when it is corrected: they keep their order, and nothing is corrected before it happened."""

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
CORRECTED_BEFORE_IT_HAPPENED = Refusal(
    "corrected-before-it-happened",
    "what is corrected is of {happened_on}, and is not corrected before that, on {on}",
    "ce qui est rectifié date du {happened_on} et ne se rectifie pas avant, le {on}",
    at="on",
    on=Day,
    happened_on=Day,
)


def check_corrected(on: Day, happened_on: Day | None) -> None:
    """What is corrected had happened by the day of its correction. Raises Rejected."""
    if happened_on and on < happened_on:
        raise CORRECTED_BEFORE_IT_HAPPENED(on=on, happened_on=happened_on)


def check_day(day: Day, *, after: Day, before: Day) -> None:
    """What happened keeps its order when its day is corrected. Raises Rejected."""
    if day < after:
        raise DAY_BEFORE_PREVIOUS_STEP(day=day, previous=after)
    if day > before:
        raise DAY_AFTER_NEXT_STEP(day=day, next=before)
