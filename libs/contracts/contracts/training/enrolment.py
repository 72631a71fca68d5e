"""What happens to an enrolment [inscription] of a person in a training session, the stream `enrolment-<id>`.

Each event says which session, course and certification it is for, as the session said when the person applied, and
knows the person by a pseudonym. That somebody was completed, or certified, counts on the day it says (`ended_on`,
`certified_on`); `effective_on` is the day on which somebody said so.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Event
from contracts.values import (
    AttendedHours,
    CalendarMonth,
    Certification,
    Commune,
    CourseHours,
    Moment,
    QualificationLevel,
    RecordId,
    Rome,
    Siret,
    Subject,
)

CATEGORY: Final = Category("enrolment", service="training", path="/v1/enrolments", persons=True)

EnrolmentStatus = Literal[
    "applied",
    "waiting",
    "admitted",
    "attending",
    "completed",
    "dropped",
    "certified",
    "not_certified",
    "placed_at_6_months",
    "not_placed_at_6_months",
    "refused",
    "cancelled",
]
EnrolmentQuestion = Literal["outcome", "certification", "placement"]
"""What somebody is asked to tell: whether the person stayed until the end, was certified, had work six months later."""
EnrolmentRefusal = Literal[
    "prerequisites", "level", "other_training_fits", "financing", "session_full", "did_not_come_to_interview", "other"
]
EnrolmentCancellation = Literal[
    "trainee_withdrew",
    "found_job",
    "other_training",
    "financing",
    "entered_by_mistake",
    "session_cancelled",
    "session_over",
    "person_erased",
    "other",
]
DropReason = Literal[
    "did_not_come", "found_job", "other_training", "family_reasons", "financing", "excluded", "gave_up", "other"
]
AttendanceCorrection = Literal["typing_error", "late_document", "checked", "other"]
EnrolmentOutcome = Literal["completed", "dropped"]
EnrolmentCorrection = Literal["typing_error", "late_document", "wrong_outcome", "other"]
CertificationOutcome = Literal["certified", "not_certified"]
CertificationUndoing = Literal["typing_error", "wrong_person", "jury_decided_again", "appeal", "other"]
EmploymentSituation = Literal["employed", "self_employed", "in_training", "without_work", "unknown"]
"""Six months after the last day of training. The first two are work."""
HireUndoing = Literal["hire_cancelled", "hire_ended", "other_enrolment"]


class _Enrolment(Event):
    trainee: Subject
    session: RecordId
    course: RecordId
    certification: Certification
    """What the session leads to."""
    romes: tuple[Rome, ...]
    """The occupations that it leads to."""
    level: QualificationLevel | None
    body: Siret | None
    """The training body whose session it is; None is AFPA Issoudun."""
    commune: Commune
    """Where the session is held."""
    need: RecordId | None
    """The need for skills that the session answers, if it is for one."""
    hours: CourseHours
    """Of training, as planned for each trainee."""
    starts_on: Day
    ends_on: Day
    """The session's first and last day, as far as they are known after the event."""
    path: RecordId | None
    """The person's path to work, if an adviser named it: an id of the service employment, and no pseudonym."""


class EnrolmentApplied(_Enrolment, version=1):
    """Somebody is to be in a session, as an adviser or the training body says."""


class EnrolmentQueued(_Enrolment, version=1):
    """The training body would take the person, and has no seat: the person waits for one."""

    queued_at: Moment


class EnrolmentAdmitted(_Enrolment, version=1):
    """The person has a seat: at once, or, where it fell free, because nobody had waited longer."""

    queued_at: Moment | None
    """Since when the person had waited, if so."""


class EnrolmentRefused(_Enrolment, version=1):
    """The training body does not take the person."""

    reason: EnrolmentRefusal


class EnrolmentCancelled(_Enrolment, version=1):
    """The person does not come after all, or there is nothing to come to."""

    status_before: EnrolmentStatus
    """Whether there is a seat free now."""
    reason: EnrolmentCancellation


class EnrolmentRescheduled(_Enrolment, Aside, version=1):
    """The session has other days. The person stays in it."""

    starts_on_before: Day
    ends_on_before: Day


class EnrolmentBegan(_Enrolment, version=1):
    """The session has begun, and the person is in it."""


class _Attendance(_Enrolment):
    month: CalendarMonth
    attended_on: Day
    """The last day of the session in that month."""
    attended: AttendedHours
    """How many hours the person attended in that month."""
    hours_attended: AttendedHours
    """How many in all months after the event."""


class EnrolmentHoursRecorded(_Attendance, Aside, version=1):
    """The training body says how many hours the person attended in a month."""


class EnrolmentHoursCorrected(_Attendance, Correction, version=1):
    """How many hours the person attended in a month had been recorded wrongly."""

    attended_before: AttendedHours
    reason: AttendanceCorrection


class _Ended(_Enrolment):
    ended_on: Day
    """The person's last day in the session."""


class EnrolmentCompleted(_Ended, version=1):
    """The person stayed until the end."""


class EnrolmentDropped(_Ended, version=1):
    """The person left before the end: the seat is free."""

    reason: DropReason


class EnrolmentOutcomeCorrected(_Ended, Correction, version=1):
    """That the person had stayed, or had left, had been recorded wrongly: it is open again."""

    outcome_before: EnrolmentOutcome
    reason: EnrolmentCorrection


class EnrolmentAnswerDue(_Enrolment, Aside, version=1):
    """Some time has gone by, and somebody is asked how it came out."""

    awaits: EnrolmentQuestion


class EnrolmentCertified(_Ended, version=1):
    """The person has the certification."""

    certified_on: Day
    """The day of the jury's decision."""


class EnrolmentNotCertified(_Ended, version=1):
    """The person does not get the certification."""

    decided_on: Day
    """The day of the jury's decision."""


class EnrolmentCertificationUndone(_Ended, Aside, version=1):
    """Whether the person is certified had been recorded wrongly, or is decided anew: it is open again."""

    outcome_before: CertificationOutcome
    certified_on: Day | None
    """The day on which it had counted as certified, or else None."""
    reason: CertificationUndoing


class EnrolmentFollowedUp(_Ended, version=1):
    """Somebody says what the person did six months after the last day."""

    six_months_on: Day
    """The day that this is about."""
    situation: EmploymentSituation
    placed: bool
    """Whether that is work."""


class EnrolmentFollowUpCorrected(_Ended, Correction, version=1):
    """What the person did six months after the last day had been recorded wrongly: it is open again."""

    six_months_on: Day
    situation_before: EmploymentSituation
    placed_before: bool
    reason: EnrolmentCorrection


class EnrolmentPathNamed(_Enrolment, Aside, version=1):
    """An adviser says which path to work this is on."""

    certified_on: Day | None
    """The day on which it counts as certified, or else None."""


class EnrolmentPathUnnamed(_Enrolment, Aside, version=1):
    """It is not on that path after all."""

    path_before: RecordId
    certified_on: Day | None
    """The day on which it counts as certified, or else None."""


class EnrolmentLedToHire(_Enrolment, Aside, version=1):
    """A hire was confirmed or recorded, and an adviser said that it came of this."""

    hire: RecordId


class EnrolmentHireUndone(_Enrolment, Aside, version=1):
    """That hire is none any more, or came of something else."""

    hire: RecordId
    reason: HireUndoing
