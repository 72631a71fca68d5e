"""Job seekers, and the priority groups that advisers know them to belong to: their age is checked where it is told."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from contracts.employment.priority import PriorityFlag, PriorityGroup
from contracts.model import Day, EnteredDay
from contracts.personal import Person
from contracts.values import EmailAddress, PersonName, PhoneNumber
from eventstore.refusal import Refusal

YOUNGEST: Final = 15
"""Years at which somebody may be hired, as an apprentice (Code du travail, art. L6222-1)."""
SENIOR_FROM: Final = 50
"""Years."""
YOUTH_UNTIL: Final = 26
"""Years; who is as old is no youth any more."""


class Seeker(Person, recognised_by=("family_name", "given_name", "born_on")):
    """Somebody who looks for work [demandeur d'emploi]."""

    family_name: Annotated[PersonName, Field(examples=["Exemple"])]
    given_name: Annotated[PersonName, Field(examples=["Camille"])]
    born_on: Annotated[EnteredDay, Field(examples=["1990-05-13"])]
    email: EmailAddress | None = None
    phone: PhoneNumber | None = None


class EnteredFlag(PriorityFlag, extra="forbid"):
    """A priority group, as it is entered."""

    established_on: EnteredDay
    """The day on which it was true."""

    def recorded(self) -> PriorityFlag:
        """As events tell it."""
        return PriorityFlag(group=self.group, established_on=self.established_on, source=self.source)


EnteredFlags = Annotated[tuple[EnteredFlag, ...], Field(max_length=5)]

SEEKER_TOO_YOUNG = Refusal(
    "seeker-too-young",
    "nobody is hired before the age of {least}: check the day of birth",
    "personne n'est embauché avant {least} ans : vérifiez la date de naissance",
    least=int,
)
FLAG_TWICE = Refusal("flag-twice", "{group} is given twice", "« {group} » est indiqué deux fois", group=PriorityGroup)
FLAG_DATED_AFTER = Refusal(
    "flag-dated-after",
    "{group} is dated {established_on}, after {on}",
    "« {group} » est daté du {established_on}, après le {on}",
    group=PriorityGroup,
    established_on=Day,
    on=Day,
)
FLAG_NOT_OF_THIS_AGE = Refusal(
    "flag-not-of-this-age",
    "{group} is not for somebody of this age on {established_on}",
    "« {group} » ne correspond pas à l'âge de la personne le {established_on}",
    group=PriorityGroup,
    established_on=Day,
)


def check_age(born_on: Day, on: Day) -> None:
    """Refuses whoever cannot be hired yet, and days of birth that can only be mistakes. Raises Rejected."""
    if _years(born_on, on) < YOUNGEST:
        raise SEEKER_TOO_YOUNG(least=YOUNGEST)


def checked(flags: Sequence[EnteredFlag], on: Day, born_on: Day | None = None) -> tuple[PriorityFlag, ...]:
    """The flags as events tell them. Raises Rejected."""
    for place, flag in enumerate(flags):
        if any(other.group == flag.group for other in flags[:place]):
            raise FLAG_TWICE(group=flag.group)
        if flag.established_on > on:
            raise FLAG_DATED_AFTER(group=flag.group, established_on=flag.established_on, on=on)
        if born_on and not _fits(flag, born_on):
            raise FLAG_NOT_OF_THIS_AGE(group=flag.group, established_on=flag.established_on)
    return tuple(flag.recorded() for flag in flags)


def _fits(flag: EnteredFlag, born_on: Day) -> bool:
    years = _years(born_on, flag.established_on)
    return {"senior": years >= SENIOR_FROM, "youth": 0 <= years < YOUTH_UNTIL}.get(flag.group, years >= 0)


def _years(since: date, on: date) -> int:
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))
