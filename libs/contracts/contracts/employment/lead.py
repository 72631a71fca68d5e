"""What happens to a hire lead [piste d'embauche], the stream `hire-lead-<id>`, by the id of its immersion.

An immersion led to a job; who was in it is known to youth-events alone. So a lead is of nobody until an adviser says
whose job it is, and of nobody again once that is undone.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import ContractType
from contracts.model import Day, Event
from contracts.values import Commune, Naf, RecordId, Rome, Siret, Subject, WorkingHours, Zone
from contracts.youth_events.immersion import Agency

CATEGORY: Final = Category("hire-lead", service="employment", path="/v1/hire-leads", persons=True)

LeadStatus = Literal["proposed", "linked", "dismissed"]
LeadDismissal = Literal["not_hired_after_all", "hired_already_recorded", "person_erased", "other"]


class _Lead(Event):
    immersion: RecordId
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the immersion was prepared."""
    commune: Commune
    zone: Zone | None
    agency: Agency
    """Who prescribed the immersion, and so knows who was in it."""
    rome: Rome
    """The occupation that the immersion showed."""
    contract: ContractType
    """Of the job, as it was told when the immersion was assessed."""


class HireLeadProposed(_Lead, version=1):
    """An immersion was assessed with a job: an adviser is to say whose it is."""


class HireLeadLinked(_Lead, version=1):
    """An adviser says whose job it is: the hire is proposed."""

    seeker: Subject
    weekly_hours: WorkingHours
    flags: tuple[PriorityFlag, ...]
    """The priority groups that the adviser knows the person to belong to."""


class HireLeadUnlinked(_Lead, version=1):
    """It is not this person's job: the lead is of nobody again, and the hire that it proposed is cancelled."""

    seeker: Subject
    """Whom it was linked to."""
    linked_on: Day


class HireLeadDismissed(_Lead, version=1):
    """No hire comes of it. One that it had proposed is cancelled."""

    seeker: Subject | None
    """Whom it was linked to, if it was."""
    status_before: LeadStatus
    reason: LeadDismissal
