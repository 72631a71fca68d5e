"""What happens to a hire [embauche], the stream `hire-<id>`: of a person, by a pseudonym.

Each event says all that a hire is counted by, as it is known then. It counts on `hired_on`, and as sustained on
`sustained_on`, the day on which it has lasted six months; `effective_on` is the day on which somebody said so.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import ContractType
from contracts.model import Correction, Day, Event
from contracts.values import Commune, Naf, RecordId, Rome, Siret, Subject, WorkingHours, Zone

CATEGORY: Final = Category("hire", service="employment", path="/v1/hires", persons=True)

HireStatus = Literal["proposed", "recorded", "to_confirm", "sustained", "ended", "cancelled"]
"""`to_confirm`: six months have gone by, and somebody is to say whether it lasted."""
HireOutcome = Literal["sustained", "ended"]
EndReason = Literal["resigned", "dismissed", "trial_ended", "term_ended", "by_agreement", "company_closed", "other"]
HireCancellation = Literal[
    "did_not_start", "entered_by_mistake", "recorded_twice", "acceptance_undone", "lead_undone", "other"
]
HireCorrection = Literal["typing_error", "late_document", "wrong_outcome", "other"]


class _Hire(Event):
    seeker: Subject
    application: RecordId | None
    """The application that led to it, if any, as `vacancy`."""
    vacancy: RecordId | None
    investment: RecordId | None
    """The productive investment that it is a job of, if any."""
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was proposed or recorded."""
    commune: Commune
    zone: Zone | None
    rome: Rome
    contract: ContractType
    weekly_hours: WorkingHours
    flags: tuple[PriorityFlag, ...]
    """The priority groups that an adviser knows the person to belong to."""


class HireProposed(_Hire, version=1):
    """An application was accepted, or a lead linked: the hire is to be confirmed once work has begun."""

    lead: RecordId | None = None
    """The lead that it comes of, if any, by the id of the immersion."""


class _Begun(_Hire):
    hired_on: Day
    """The first day of work."""
    enrolment: RecordId | None = None
    """The enrolment in training that it came of, if an adviser named one."""


class HireConfirmed(_Begun, version=1):
    """Work has begun as it was proposed."""


class HireRecorded(_Begun, version=1):
    """Somebody was hired without an application or a lead here."""


class SustainmentDue(_Begun, version=1):
    """Six months have gone by: somebody is asked whether it lasted."""

    sustained_on: Day


class HireSustained(_Begun, version=1):
    """It has lasted six months, and somebody says so."""

    sustained_on: Day


class HireEnded(_Begun, version=1):
    """It ended before it had lasted six months."""

    ended_on: Day
    """The last day of work."""
    reason: EndReason


class HireCancelled(_Hire, version=1):
    """There was no hire after all."""

    hired_on: Day | None
    """None where it was only proposed."""
    enrolment: RecordId | None = None
    """The enrolment in training that it was said to come of, if any."""
    reason: HireCancellation


class _Correction(_Begun, Correction):
    reason: HireCorrection


class HireDayCorrected(_Correction, version=1):
    """The first day of work was corrected. Six months are counted anew from it."""

    hired_on_before: Day


class HireTermsCorrected(_Correction, version=1):
    """The occupation, the contract or the hours were corrected."""

    rome_before: Rome
    contract_before: ContractType
    weekly_hours_before: WorkingHours
    sustained_on: Day | None
    """Where it counts as sustained, the day."""


class HireFlagsCorrected(_Correction, version=1):
    """The priority groups were corrected, or first known."""

    flags_before: tuple[PriorityFlag, ...]
    sustained_on: Day | None
    """Where it counts as sustained, the day."""


class HireOutcomeCorrected(_Correction, version=1):
    """That it was sustained, or had ended, had been recorded wrongly: its outcome is open again."""

    outcome_before: HireOutcome
    sustained_on: Day | None
    """The day on which it had counted as sustained, or else None."""


class HireEnrolmentCorrected(_Correction, version=1):
    """An adviser named the enrolment in training that it came of, or another one, or none."""

    enrolment_before: RecordId | None
    sustained_on: Day | None
    """Where it counts as sustained, the day."""
    ended_on: Day | None
    """Where it had ended early, the last day of work."""
