"""Erasures: streams that tell of a person that nothing is known any more, but the pseudonym."""

from datetime import date, timedelta
from typing import Final

from contracts.erasure import ErasureReason, ErasureStatus, PersonErased
from contracts.model import Day
from contracts.values import Subject
from eventstore.decider import PLATFORM, By, Command, Decider, State, tell
from eventstore.finding import Finding

_CATEGORY: Final = "erasure"
NOTICE: Final = timedelta(days=30)
"""How long before somebody is erased for nobody's need it can be seen that this will be."""


class Erase(Command):
    """Nothing is kept any more of a person but the pseudonym."""

    person: Subject
    reason: ErasureReason


class Erasure(State):
    """The erasure of a person, by the pseudonym. Nothing else is left."""

    person: str
    status: ErasureStatus
    reason: ErasureReason
    erased_on: Day


def erasing(*by: By) -> Decider[Erasure]:
    """The erasures of a service: on the word of these roles, and the platform's once nobody needs a person any more."""
    erasures = Decider(
        _CATEGORY,
        Erasure,
        identified_by="person",
        final="erased",
        finding=Finding(found_by=("reason",), sorted_by=("erased_on",)),
    )

    @erasures.creates(by=(*by, PLATFORM), when="erased", to="erased", day="erased_on", erases="person")
    def erase(erasure: Erasure | None, command: Erase) -> PersonErased | tuple[()]:
        return () if erasure else tell(PersonErased, command)

    return erasures


def of_person(subject: str) -> str:
    """The stream of a person's erasure."""
    return f"{_CATEGORY}-{subject}"


def notice_from(needed_until: date) -> date:
    """The first day on which it can be seen that somebody whom nothing needs after a day will be erased on the next."""
    return needed_until + timedelta(days=1) - NOTICE
