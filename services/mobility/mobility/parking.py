"""What carpool areas and bike parkings have in common: how they are described, for which days a number of places stood,
and when that may be corrected."""

from typing import TypeVar

from contracts.model import Day, Detail, Model
from eventstore.refusal import Refusal

CORRECTED_BEFORE_IT_WAS_PLANNED = Refusal(
    "corrected-before-it-was-planned",
    "it was planned on {planned_on}, and is not corrected before that, on {on}",
    "le projet date du {planned_on} et ne se rectifie pas avant, le {on}",
    at="on",
    on=Day,
    planned_on=Day,
)

D = TypeVar("D", bound=Detail)


def described(model: type[D], source: Model) -> D:
    """What a command or a state tells of it, as a part of an event."""
    return model.model_validate({name: getattr(source, name) for name in model.model_fields})


def check_corrected(on: Day, planned_on: Day) -> None:
    """What is corrected was there by the day of its correction. Raises Rejected."""
    if on < planned_on:
        raise CORRECTED_BEFORE_IT_WAS_PLANNED(on=on, planned_on=planned_on)


def stood(begun: Day | None, changed: Day | None, ended: Day | None) -> tuple[Day | None, Day | None]:
    """From when, and until before when, somebody could park there while it had as many places as it has now.

    `begun` and `ended` are the days on which it opened and closed last, `changed` that on which its places changed
    since it opened. Neither where there was no such day.
    """
    since = begun and max(begun, changed or begun)
    if since is None or (ended and ended <= since):
        return None, None
    return since, ended
