"""Job seekers, and the priority groups that advisers know them to belong to: checked by their age, and by how long they
are registered, where that is told."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from contracts.employment.path import AgeGroup
from contracts.employment.priority import PriorityFlag, PriorityGroup
from contracts.model import Day, EnteredDay
from contracts.personal import Person
from contracts.values import EmailAddress, PersonName, PhoneNumber, months_later
from employment.bounds import Plausible
from employment.days import years_between
from eventstore.refusal import Refusal

YOUNGEST: Final = 15
"""Years at which somebody may be hired, as an apprentice (Code du travail, art. L6222-1)."""


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


EnteredFlags = Annotated[
    tuple[EnteredFlag, ...],
    Field(max_length=5, examples=[[{"group": "long_term", "established_on": "2024-05-13", "source": "interview"}]]),
]

SEEKER_TOO_YOUNG = Refusal(
    "seeker-too-young",
    "nobody is hired before the age of {least}: check the day of birth",
    "personne n'est embauché avant {least} ans : vérifiez la date de naissance",
    at="seeker",
    least=int,
)
FLAG_TWICE = Refusal(
    "flag-twice", "{group} is given twice", "« {group} » est indiqué deux fois", at="flags", group=PriorityGroup
)
FLAG_DATED_AFTER = Refusal(
    "flag-dated-after",
    "{group} is dated {established_on}, after {on}",
    "« {group} » est daté du {established_on}, après le {on}",
    at="flags",
    group=PriorityGroup,
    established_on=Day,
    on=Day,
)
FLAG_NOT_OF_THIS_AGE = Refusal(
    "flag-not-of-this-age",
    "{group} is not for somebody of this age on {established_on}",
    "« {group} » ne correspond pas à l'âge de la personne le {established_on}",
    at="flags",
    group=PriorityGroup,
    established_on=Day,
)

FLAG_NOT_OF_THIS_REGISTRATION = Refusal(
    "flag-not-of-this-registration",
    "{group} is for {least} months of registration, and on {established_on} it was since {registered_since}",
    "« {group} » suppose {least} mois d'inscription ; le {established_on}, l'inscription datait du {registered_since}",
    at="flags",
    group=PriorityGroup,
    least=int,
    established_on=Day,
    registered_since=Day,
)
REGISTRATION_NOT_TOLD = Refusal(
    "registration-not-told",
    "the register cannot show {group}, as the path does not tell since when the person is registered: tell that with "
    "the referral, or give another source",
    "l'inscription ne peut attester « {group} », car le parcours n'en indique pas la date : indiquez-la avec "
    "l'orientation, ou choisissez une autre source",
    at="flags",
    group=PriorityGroup,
)


def check_age(born_on: Day, on: Day) -> None:
    """Refuses whoever cannot be hired yet, and days of birth that can only be mistakes. Raises Rejected."""
    if years_between(born_on, on) < YOUNGEST:
        raise SEEKER_TOO_YOUNG(least=YOUNGEST)


def age_group(born_on: Day, on: Day, plausible: Plausible) -> AgeGroup:
    """What is kept of somebody's age."""
    years = years_between(born_on, on)
    return "youth" if years < plausible.youth_until else "senior" if years >= plausible.senior_from else "adult"


def check_age_group(flags: Sequence[PriorityFlag], told: AgeGroup, on: Day, plausible: Plausible) -> None:
    """Refuses flags that nobody can have had on their day who was of an age group on the day `on`. Raises Rejected."""
    least = {"youth": YOUNGEST, "adult": plausible.youth_until, "senior": plausible.senior_from}[told]
    below = {"youth": plausible.youth_until, "adult": plausible.senior_from}.get(told)
    for flag in flags:
        # The youngest of the age group were youths for longest, and the oldest are seniors first.
        if flag.group == "youth":
            fits = flag.established_on < months_later(on, 12 * (plausible.youth_until - least))
        elif flag.group == "senior" and below is not None:
            fits = flag.established_on > months_later(on, 12 * (plausible.senior_from - below))
        else:
            fits = True
        if not fits:
            raise FLAG_NOT_OF_THIS_AGE(group=flag.group, established_on=flag.established_on)


def check_registration_told(flags: Sequence[PriorityFlag], registered_since: Day | None) -> None:
    """Refuses flags that the register is said to show where it is not told since when. Raises Rejected."""
    if registered_since:
        return
    for flag in flags:
        if flag.group in ("long_term", "very_long_term") and flag.source == "registration":
            raise REGISTRATION_NOT_TOLD(group=flag.group)


def checked(
    flags: Sequence[EnteredFlag],
    on: Day,
    plausible: Plausible,
    *,
    born_on: Day | None = None,
    registered_since: Day | None = None,
) -> tuple[PriorityFlag, ...]:
    """The flags as events tell them. Raises Rejected."""
    for place, flag in enumerate(flags):
        if any(other.group == flag.group for other in flags[:place]):
            raise FLAG_TWICE(group=flag.group)
        if flag.established_on > on:
            raise FLAG_DATED_AFTER(group=flag.group, established_on=flag.established_on, on=on)
        if born_on and not _fits(flag, born_on, plausible):
            raise FLAG_NOT_OF_THIS_AGE(group=flag.group, established_on=flag.established_on)
    check_registration(flags, registered_since, plausible)
    return tuple(flag.recorded() for flag in flags)


def check_registration(flags: Sequence[PriorityFlag], registered_since: Day | None, plausible: Plausible) -> None:
    """Refuses flags that the register is said to show, and does not. Raises Rejected.

    Somebody may have been without work for longer than registered: another source then says how that is known.
    """
    least_months = {"long_term": plausible.long_term_months, "very_long_term": plausible.very_long_term_months}
    for flag in flags:
        least = least_months.get(flag.group)
        if least is None or registered_since is None or flag.source != "registration":
            continue
        if months_later(registered_since, least) > flag.established_on:
            raise FLAG_NOT_OF_THIS_REGISTRATION(
                group=flag.group, least=least, established_on=flag.established_on, registered_since=registered_since
            )


def _fits(flag: PriorityFlag, born_on: Day, plausible: Plausible) -> bool:
    years = years_between(born_on, flag.established_on)
    return {"senior": years >= plausible.senior_from, "youth": 0 <= years < plausible.youth_until}.get(
        flag.group, years >= 0
    )
