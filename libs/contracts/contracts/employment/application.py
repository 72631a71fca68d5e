"""What happens to an application for a vacancy [candidature], the stream `application-<id>`.

It is of a person, by a pseudonym. Each event says what the vacancy was when the person applied; that of an acceptance,
what it is then.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import ContractType
from contracts.model import Day, Event
from contracts.values import Commune, Naf, RecordId, Rome, Siret, Subject, WorkingHours, Zone

CATEGORY: Final = Category("application", service="employment", path="/v1/applications", persons=True)

ApplicationStatus = Literal[
    "new",
    "processing",
    "postponed",
    "pool",
    "prior_to_hire",
    "accepted",
    "refused",
    "cancelled",
    "obsolete",
]
"""`pool`: kept for another time [vivier]; `prior_to_hire`: tried before a hire, as in an immersion."""
RefusalReason = Literal[
    "skills", "experience", "availability", "mobility", "other_candidate", "did_not_come", "post_gone", "other"
]
CancellationReason = Literal["seeker_withdrew", "found_elsewhere", "training", "entered_by_mistake", "other"]
UndoingReason = Literal["seeker_withdrew", "did_not_start", "company_withdrew", "entered_by_mistake", "other"]
Obsolescence = Literal["accepted_elsewhere", "vacancy_withdrawn", "person_erased"]


class _Application(Event):
    seeker: Subject
    vacancy: RecordId
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are those that the vacancy says."""
    commune: Commune
    zone: Zone | None
    investment: RecordId | None
    """The productive investment that the vacancy is for, if any."""
    rome: Rome
    contract: ContractType
    flags: tuple[PriorityFlag, ...]
    """The priority groups that an adviser knows the person to belong to."""


class ApplicationSubmitted(_Application, version=1):
    """An adviser presented somebody for a vacancy."""


class ApplicationProcessed(_Application, version=1):
    """The company looks at it."""


class ApplicationPostponed(_Application, version=1):
    """The company will look at it later."""


class ApplicationPooled(_Application, version=1):
    """The company keeps it for another time."""


class HirePrepared(_Application, version=1):
    """The company wants to try the person, or to have them trained, before it hires."""


class ApplicationAccepted(_Application, version=1):
    """The company takes the person: a post of the vacancy is taken."""

    weekly_hours: WorkingHours
    starts_on: Day | None = None
    """The day on which work is to begin; None where it was accepted before that had to be said."""


class ApplicationRefused(_Application, version=1):
    """The company does not take the person."""

    reason: RefusalReason


class ApplicationCancelled(_Application, version=1):
    """The person, or the adviser, gave it up before the company answered."""

    reason: CancellationReason


class AcceptanceUndone(_Application, version=1):
    """The person was accepted, and is not hired after all: the post is open again."""

    accepted_on: Day
    reason: UndoingReason


class ApplicationObsolete(_Application, version=1):
    """There is nothing to answer any more."""

    reason: Obsolescence
