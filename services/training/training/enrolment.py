"""Enrolments [inscriptions] of people in training sessions: who asks for a seat, who has one, and how it comes out
(axis 5).

An adviser or the training body applies for somebody, and the training body admits the person, or has them wait for a
seat: when one falls free, whoever has waited longest has it. Once the session has begun it records the hours of each
month, and afterwards whether the person stayed until the end and was certified. Six months later somebody is asked
whether the person has work. What was recorded wrongly is corrected, an outcome by opening it again.

Two claims keep the seats. Whoever has one claims it; and all who have one or wait claim that they do, so that nobody is
admitted to a seat that fell free while somebody waits for it. Trainees are known by pseudonyms, and none crosses
services: an adviser names the path in employment that an enrolment is on, and takes that back.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.model import Day, EnteredDay, Model
from contracts.personal import Person, Personal
from contracts.training.enrolment import (
    CATEGORY,
    AttendanceCorrection,
    CertificationUndoing,
    DropReason,
    EmploymentSituation,
    EnrolmentAdmitted,
    EnrolmentAnswerDue,
    EnrolmentApplied,
    EnrolmentBegan,
    EnrolmentCancellation,
    EnrolmentCancelled,
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentCompleted,
    EnrolmentCorrection,
    EnrolmentDropped,
    EnrolmentFollowedUp,
    EnrolmentFollowUpCorrected,
    EnrolmentHireUndone,
    EnrolmentHoursCorrected,
    EnrolmentHoursRecorded,
    EnrolmentLedToHire,
    EnrolmentNotCertified,
    EnrolmentOutcomeCorrected,
    EnrolmentPathNamed,
    EnrolmentPathUnnamed,
    EnrolmentQuestion,
    EnrolmentQueued,
    EnrolmentRefusal,
    EnrolmentRefused,
    EnrolmentRescheduled,
    EnrolmentStatus,
    HireUndoing,
)
from contracts.training.session import SessionStatus
from contracts.values import (
    AttendedHours,
    CalendarMonth,
    Certification,
    Commune,
    CourseHours,
    EmailAddress,
    Moment,
    PersonName,
    PhoneNumber,
    QualificationLevel,
    RecordId,
    Rome,
    Siret,
    Subject,
    last_of_month,
    months_later,
)
from eventstore.decider import PLATFORM, By, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.course import BODIES
from training.days import years_after
from training.session import OFFERING, Session, seat, seat_or_wait, sessions

ADVISERS: Final = ("mission_locale", "france_travail")
PENDING: Final = ("applied", "waiting", "admitted")
"""The statuses in which a person is to come, or hopes to."""
OVER: Final = ("refused", "cancelled")
BEGUN: Final = (
    "attending",
    "completed",
    "dropped",
    "certified",
    "not_certified",
    "placed_at_6_months",
    "not_placed_at_6_months",
)
"""Those in which the person has been in the session."""
SEATED: Final = ("admitted", *(status for status in BEGUN if status != "dropped"))
YOUNGEST: Final = 16
"""Years on the first day: until then school is compulsory (Code de l'éducation, art. L131-1)."""
MOST_HOURS_A_DAY: Final = 10
"""As of work (Code du travail, L3121-18): more in the days of a month can only be a mistake."""
CERTIFIED_WITHIN: Final = timedelta(days=365)
"""How long after the last day a jury decides, at most."""
CERTIFICATION_ASKED_AFTER: Final = 2
"""Months after the last day."""
FOLLOWED_UP_AFTER: Final = 6
"""Months after the last day."""
KEPT_YEARS: Final = 2
"""How long a person is known after the session's last day, or after the latest step if that is later."""
PLACED: Final = ("employed", "self_employed")
"""The situations that are work."""
RESERVED: Final[Mapping[By, tuple[EnrolmentCancellation, ...]]] = {
    PLATFORM: ("session_cancelled", "session_over", "person_erased")
}
"""Why the platform alone cancels."""

Month = Annotated[CalendarMonth, Field(examples=["2024-09"])]
_OVER: Final[dict[str, JsonValue]] = {"on": "2025-01-20"}


class Trainee(Person, recognised_by=("family_name", "given_name", "born_on")):
    """Somebody who is to be trained [stagiaire]."""

    family_name: Annotated[PersonName, Field(examples=["Exemple"])]
    given_name: Annotated[PersonName, Field(examples=["Camille"])]
    born_on: Annotated[EnteredDay, Field(examples=["1990-05-13"])]
    email: EmailAddress | None = None
    phone: PhoneNumber | None = None


class Apply(Command):
    """An adviser or the training body asks for a seat for somebody."""

    session: RecordId
    body: Annotated[Siret, Field(examples=["00000001800010"])] | None = None
    """The training body whose session it is; none is given for AFPA Issoudun, and an adviser need not."""
    trainee: Personal[Trainee]
    path: RecordId | None = None
    """The person's path in employment, by its id, where an adviser names it."""


class Admit(Command):
    """The training body gives the person a seat."""


class Queue(Command):
    """The training body would take the person, and has no seat: the person waits, behind those who wait already. If
    there is one, it is given at once."""


class MoveUp(Command):
    """A seat fell free, and the person has it."""


class Refuse(Command):
    """The training body does not take the person."""

    reason: EnrolmentRefusal


class Cancel(Command):
    """The person does not come after all. Whoever has begun drops out, unless it was entered by mistake."""

    reason: EnrolmentCancellation


class Reschedule(Command):
    """The session has other days."""

    starts_on: Day
    ends_on: Day


class Begin(Command):
    """The person is in the session. Whoever is admitted begins with it by themselves."""


class RecordHours(
    Command, json_schema_extra={"examples": [{"on": "2024-10-01", "month": "2024-09", "attended": 112.5}]}
):
    """The training body says how many hours the person attended in a month, once that is over."""

    month: Month
    attended: AttendedHours


class CorrectHours(
    Command,
    json_schema_extra={
        "examples": [{"on": "2024-10-02", "month": "2024-09", "attended": 105, "reason": "typing_error"}]
    },
):
    """How many hours the person attended in a month had been recorded wrongly."""

    month: Month
    attended: AttendedHours
    reason: AttendanceCorrection


class Complete(Command, json_schema_extra={"examples": [{"on": "2024-12-20"}]}):
    """The person stayed until the end."""

    ended_on: EnteredDay | None = None
    """The person's last day, where it was earlier than the session's."""


class Drop(
    Command,
    json_schema_extra={"examples": [{"on": "2024-10-15", "ended_on": "2024-10-11", "reason": "found_job"}]},
):
    """The person left before the end, or never came."""

    ended_on: EnteredDay
    """The person's last day; the first of the session where the person never came."""
    reason: DropReason


class CorrectOutcome(Command):
    """That the person had stayed, or had left, was recorded wrongly: it is open again."""

    reason: EnrolmentCorrection


class Remind(Command):
    """Some time has gone by: somebody is asked how it came out."""


class Certify(Command, json_schema_extra={"examples": [{**_OVER, "certified_on": "2025-01-15"}]}):
    """The person has the certification."""

    certified_on: EnteredDay
    """The day of the jury's decision."""


class RecordNotCertified(Command, json_schema_extra={"examples": [{**_OVER, "decided_on": "2025-01-15"}]}):
    """The person does not get the certification."""

    decided_on: EnteredDay
    """The day of the jury's decision."""


class UndoCertification(Command):
    """Whether the person is certified was recorded wrongly, or is decided anew: it is open again. What was told of the
    months after it is corrected first."""

    reason: CertificationUndoing


class FollowUp(Command, json_schema_extra={"examples": [{"on": "2025-06-20", "situation": "employed"}]}):
    """Somebody says what the person did six months after the last day."""

    situation: EmploymentSituation


class CorrectFollowUp(Command):
    """What the person did six months after the last day was recorded wrongly: it is open again."""

    reason: EnrolmentCorrection


class NamePath(Command):
    """An adviser says which path in employment this is on: once the person is certified, the skill is added to it."""

    path: RecordId


class UnnamePath(Command):
    """It is not on that path after all."""


class TellHired(Command):
    """A hire was confirmed or recorded, and an adviser said that it came of this."""

    hire: RecordId


class TellNotHired(Command):
    """That hire is none any more, or came of something else."""

    hire: RecordId
    reason: HireUndoing


class Attendance(Model):
    """How many hours the person attended in a month."""

    month: CalendarMonth
    attended_on: Day
    """The last day of the session in that month, as far as was known then."""
    attended: AttendedHours


class Enrolment(State):
    """An enrolment of a person in a session."""

    trainee: Subject
    session: RecordId
    course: RecordId
    certification: Certification
    """What the session leads to; as occupations, level and hours, as when the person applied."""
    romes: tuple[Rome, ...]
    level: QualificationLevel | None
    body: Siret | None
    """The training body; None is AFPA Issoudun."""
    commune: Commune
    need: RecordId | None
    hours: CourseHours
    starts_on: Day
    ends_on: Day
    path: RecordId | None
    """The person's path in employment, if an adviser named it."""
    status: EnrolmentStatus
    awaits: EnrolmentQuestion | None = None
    """What somebody is asked to tell, once it is due."""
    applied_on: Day
    queued_at: Moment | None = None
    """Since when the person waits for a seat, or had waited."""
    admitted_on: Day | None = None
    began_on: Day | None = None
    attendance: tuple[Attendance, ...] = ()
    ended_on: Day | None = None
    """The person's last day in the session."""
    certified_on: Day | None = None
    """The day of the jury's decision, of whoever has the certification."""
    decided_on: Day | None = None
    """That of whoever does not."""
    six_months_on: Day | None = None
    """The day that `situation` is about."""
    situation: EmploymentSituation | None = None
    hires: tuple[RecordId, ...] = ()
    """The hires that came of it, as advisers say, by their ids in employment."""
    closed_on: Day | None = None
    """The day on which it was refused or cancelled."""
    reason: EnrolmentRefusal | EnrolmentCancellation | DropReason | None = None

    @property
    def hours_attended(self) -> AttendedHours:
        """In all months that are recorded."""
        return round(sum(each.attended for each in self.attendance), 2)

    @property
    def placed(self) -> bool | None:
        """Whether the person had work six months after the last day; None while nobody has told."""
        return None if self.situation is None else self.situation in PLACED

    @property
    def last_day(self) -> Day:
        """The person's last day in the session, as far as is known yet."""
        return self.ended_on or self.ends_on

    def attended_in(self, month: str) -> Attendance | None:
        """What is recorded of a month."""
        return next((each for each in self.attendance if each.month == month), None)


SESSION_UNKNOWN = Refusal(
    "session-unknown", "there is no session {session}", "il n'y a pas de session {session}", at="session",
    session=RecordId,
)  # fmt: skip
SESSION_NOT_OFFERED = Refusal(
    "session-not-offered",
    "nobody can apply for a seat or be given one: the session is {status}",
    "personne ne peut demander ou recevoir une place : l'état de la session est « {status} »",
    at="session",
    status=SessionStatus,
)
SESSION_NOT_RUNNING = Refusal(
    "session-not-running",
    "nobody is in the session before it has begun: it is {status}",
    "personne n'est en formation avant le début de la session : son état est « {status} »",
    status=SessionStatus,
)
SESSION_OF_ANOTHER_BODY = Refusal(
    "session-of-another-body",
    "the session is of another training body",
    "la session est celle d'un autre organisme de formation",
    at=("body", "session"),
)
ENROLLED_ALREADY = Refusal(
    "enrolled-already",
    "this person is enrolled in this session already",
    "cette personne est déjà inscrite à cette session",
    at="trainee",
)
TRAINEE_TOO_YOUNG = Refusal(
    "trainee-too-young",
    "trainees are at least {least} on the first day: check the day of birth",
    "un stagiaire a au moins {least} ans le premier jour : vérifiez la date de naissance",
    at="trainee",
    least=int,
)
PATH_IS_FOR_ADVISERS = Refusal(
    "path-is-for-advisers",
    "which path somebody is on is for an adviser to say",
    "le parcours d'une personne est indiqué par un conseiller",
    at="path",
)
PATH_NAMED_ALREADY = Refusal(
    "path-named-already",
    "another path is named: it is taken back first",
    "un autre parcours est indiqué : retirez-le d'abord",
    at="path",
)
ENROLMENT_HAS_BEGUN = Refusal(
    "enrolment-has-begun",
    "the person is in the session already, and drops out, unless this was entered by mistake",
    "la personne est déjà en formation : elle abandonne, sauf s'il s'agit d'une saisie par erreur",
    at="reason",
)
HOURS_STAND = Refusal(
    "hours-stand",
    "hours are recorded that the person attended: they are corrected to 0 first",
    "des heures suivies sont enregistrées : corrigez-les d'abord à 0",
)
MONTH_OUTSIDE_SESSION = Refusal(
    "month-outside-session",
    "{month} is not between {starts_on} and {last_day}, the person's days in the session",
    "{month} n'est pas compris entre le {starts_on} et le {last_day}, les jours de formation de la personne",
    at="month",
    month=CalendarMonth,
    starts_on=Day,
    last_day=Day,
)
ATTENDANCE_NOT_OVER = Refusal(
    "attendance-not-over",
    "the hours of {month} are recorded from {attended_on} on, when they are over",
    "les heures du mois {month} s'enregistrent à partir du {attended_on}, une fois suivies",
    at=("on", "month"),
    month=CalendarMonth,
    attended_on=Day,
)
HOURS_RECORDED = Refusal(
    "hours-recorded",
    "{attended} {attended:hour is|hours are} recorded for {month}: what is wrong is corrected",
    "{attended} {attended:heure est enregistrée|heures sont enregistrées} pour {month} : une erreur se corrige",
    at="month",
    month=CalendarMonth,
    attended=AttendedHours,
)
HOURS_NOT_RECORDED = Refusal(
    "hours-not-recorded",
    "no hours are recorded for {month}",
    "aucune heure n'est enregistrée pour {month}",
    at="month",
    month=CalendarMonth,
)
HOURS_BEYOND_DAYS = Refusal(
    "hours-beyond-days",
    "the session has {days} {days:day|days} of {month}, and nobody attends more than {most} hours a day",
    "la session compte {days} {days:jour|jours} de {month}, et personne ne suit plus de {most} heures par jour",
    at="attended",
    days=int,
    month=CalendarMonth,
    most=int,
)
HOURS_BEYOND_COURSE = Refusal(
    "hours-beyond-course",
    "the person would have attended {hours_attended} hours, and the course has {hours}",
    "la personne aurait suivi {hours_attended} heures, et la formation en compte {hours}",
    at="attended",
    hours_attended=AttendedHours,
    hours=CourseHours,
)
ENDED_OUTSIDE_SESSION = Refusal(
    "ended-outside-session",
    "{ended_on} is not between the first day of the session, {starts_on}, and {until}",
    "le {ended_on} n'est pas compris entre le premier jour de la session, le {starts_on}, et le {until}",
    at=("ended_on", "on"),
    ended_on=Day,
    starts_on=Day,
    until=Day,
)
HOURS_AFTER_END = Refusal(
    "hours-after-end",
    "hours are recorded for {month}, which is after {ended_on}",
    "des heures sont enregistrées pour {month}, après le {ended_on}",
    at="ended_on",
    month=CalendarMonth,
    ended_on=Day,
)
DECIDED_OUTSIDE = Refusal(
    "decided-outside",
    "{decided_on} is not between the first day of the session, {starts_on}, and {until}",
    "le {decided_on} n'est pas compris entre le premier jour de la session, le {starts_on}, et le {until}",
    at=("certified_on", "decided_on"),
    decided_on=Day,
    starts_on=Day,
    until=Day,
)
SIX_MONTHS_NOT_OVER = Refusal(
    "six-months-not-over",
    "six months are over on {six_months_on}",
    "les six mois sont écoulés le {six_months_on}",
    at="on",
    six_months_on=Day,
)

enrolments = Decider(
    CATEGORY.name,
    Enrolment,
    owned_by={"training_body": "body", "afpa": "body"},
    unnamed="afpa",
    final=OVER,
    finding=Finding(
        found_by=(
            "status",
            "awaits",
            "session",
            "course",
            "certification",
            "romes",
            "level",
            "body",
            "need",
            "commune",
            "trainee",
            "path",
            "hires",
        ),
        sorted_by=("applied_on", "queued_at", "starts_on", "ended_on", "certified_on"),
    ),
)


@enrolments.creates(by=(*BODIES, *ADVISERS), to="applied", day="applied_on", looks_up=Lookup(sessions, "session"))
def apply(command: Apply, session: Session | None, context: Context) -> EnrolmentApplied:
    offered = _offered(session, command.session)
    advised = not context.roles.isdisjoint(ADVISERS)
    if command.body != offered.body and (command.body or not advised):
        raise SESSION_OF_ANOTHER_BODY()
    if command.path and not advised:
        raise PATH_IS_FOR_ADVISERS()
    if offered.starts_on and years_after(command.trainee.told.born_on, YOUNGEST) > offered.starts_on:
        raise TRAINEE_TOO_YOUNG(least=YOUNGEST)
    return tell(EnrolmentApplied, command, offered, body=offered.body)


@enrolments.decides(by=BODIES, when="applied", to="admitted", day="admitted_on", looks_up=Lookup(sessions, "session"))
def admit(enrolment: Enrolment, command: Admit, session: Session | None) -> EnrolmentAdmitted:
    _offered(session, enrolment.session)
    return tell(EnrolmentAdmitted, command, enrolment)


@enrolments.decides(by=BODIES, when="applied", to="waiting", takes=("queued_at",), looks_up=Lookup(sessions, "session"))
def queue(enrolment: Enrolment, command: Queue, session: Session | None, context: Context) -> EnrolmentQueued:
    _offered(session, enrolment.session)
    return tell(EnrolmentQueued, command, enrolment, queued_at=context.now)


@enrolments.decides(by=PLATFORM, when="waiting", to="admitted", day="admitted_on", looks_up=Lookup(sessions, "session"))
def move_up(enrolment: Enrolment, command: MoveUp, session: Session | None) -> EnrolmentAdmitted:
    _offered(session, enrolment.session)
    return tell(EnrolmentAdmitted, command, enrolment)


enrolments.steps(
    Refuse,
    EnrolmentRefused,
    by=BODIES,
    when=("applied", "waiting"),
    to="refused",
    day="closed_on",
    takes=("reason",),
)


@enrolments.decides(
    by=(*BODIES, *ADVISERS, PLATFORM),
    when=(*PENDING, "attending"),
    to="cancelled",
    day="closed_on",
    takes=("reason",),
    clears=("awaits",),
    reserves=RESERVED,
)
def cancel(enrolment: Enrolment, command: Cancel) -> EnrolmentCancelled:
    if enrolment.status == "attending" and command.reason != "session_cancelled":
        if command.reason != "entered_by_mistake":
            raise ENROLMENT_HAS_BEGUN()
        if enrolment.hours_attended:
            raise HOURS_STAND()
    return tell(EnrolmentCancelled, command, enrolment)


@enrolments.decides(by=PLATFORM, when=(*PENDING, "attending"), takes=("starts_on", "ends_on"), clears=("awaits",))
def reschedule(enrolment: Enrolment, command: Reschedule) -> EnrolmentRescheduled | tuple[()]:
    if (command.starts_on, command.ends_on) == (enrolment.starts_on, enrolment.ends_on):
        return ()
    return tell(EnrolmentRescheduled, command, enrolment)


@enrolments.decides(
    by=(*BODIES, PLATFORM), when="admitted", to="attending", day="began_on", looks_up=Lookup(sessions, "session")
)
def begin(enrolment: Enrolment, command: Begin, session: Session | None) -> EnrolmentBegan:
    if session is None:
        raise SESSION_UNKNOWN(session=enrolment.session)
    if session.status not in ("running", "completed"):
        raise SESSION_NOT_RUNNING(status=session.status)
    return tell(EnrolmentBegan, command, enrolment)


@enrolments.decides(by=BODIES, when=BEGUN)
def record_hours(enrolment: Enrolment, command: RecordHours) -> EnrolmentHoursRecorded:
    if recorded := enrolment.attended_in(command.month):
        raise HOURS_RECORDED(month=command.month, attended=recorded.attended)
    attended_on, hours_attended = _attended(enrolment, command, before=0)
    return tell(EnrolmentHoursRecorded, command, enrolment, attended_on=attended_on, hours_attended=hours_attended)


@enrolments.decides(by=BODIES, when=BEGUN, offered=lambda enrolment: bool(enrolment.attendance))
def correct_hours(enrolment: Enrolment, command: CorrectHours) -> EnrolmentHoursCorrected | tuple[()]:
    recorded = enrolment.attended_in(command.month)
    if recorded is None:
        raise HOURS_NOT_RECORDED(month=command.month)
    if command.attended == recorded.attended:
        return ()
    _, hours_attended = _attended(enrolment, command, before=recorded.attended)
    return tell(
        EnrolmentHoursCorrected,
        command,
        enrolment,
        attended_on=recorded.attended_on,
        attended_before=recorded.attended,
        hours_attended=hours_attended,
    )


@enrolments.decides(by=BODIES, when="attending", to="completed", takes=("ended_on",), clears=("awaits",))
def complete(enrolment: Enrolment, command: Complete) -> EnrolmentCompleted:
    ended_on = command.ended_on or enrolment.ends_on
    _check_ended(enrolment, ended_on, command.on)
    return tell(EnrolmentCompleted, command, enrolment, ended_on=ended_on)


@enrolments.decides(by=BODIES, when="attending", to="dropped", takes=("ended_on", "reason"), clears=("awaits",))
def drop(enrolment: Enrolment, command: Drop) -> EnrolmentDropped:
    _check_ended(enrolment, command.ended_on, command.on)
    return tell(EnrolmentDropped, command, enrolment)


@enrolments.decides(by=BODIES, when=("completed", "dropped"), to="attending", clears=("ended_on", "reason", "awaits"))
def correct_outcome(enrolment: Enrolment, command: CorrectOutcome) -> EnrolmentOutcomeCorrected:
    return tell(EnrolmentOutcomeCorrected, command, enrolment, outcome_before=enrolment.status)


@enrolments.decides(by=PLATFORM, when=("attending", "completed", "certified", "not_certified"), takes=("awaits",))
def remind(enrolment: Enrolment, command: Remind) -> EnrolmentAnswerDue | tuple[()]:
    asked = _asked(enrolment)
    return tell(EnrolmentAnswerDue, command, enrolment, awaits=asked[0]) if asked else ()


@enrolments.decides(by=BODIES, when="completed", to="certified", takes=("certified_on",), clears=("awaits",))
def certify(enrolment: Enrolment, command: Certify) -> EnrolmentCertified:
    _check_decided(enrolment, command.certified_on, command.on)
    return tell(EnrolmentCertified, command, enrolment)


@enrolments.decides(by=BODIES, when="completed", to="not_certified", takes=("decided_on",), clears=("awaits",))
def record_not_certified(enrolment: Enrolment, command: RecordNotCertified) -> EnrolmentNotCertified:
    _check_decided(enrolment, command.decided_on, command.on)
    return tell(EnrolmentNotCertified, command, enrolment)


@enrolments.decides(
    by=BODIES,
    when=("certified", "not_certified"),
    to="completed",
    clears=("certified_on", "decided_on", "awaits"),
)
def undo_certification(enrolment: Enrolment, command: UndoCertification) -> EnrolmentCertificationUndone:
    return tell(EnrolmentCertificationUndone, command, enrolment, outcome_before=enrolment.status)


@enrolments.decides(
    by=(*BODIES, *ADVISERS),
    when=("certified", "not_certified"),
    to=("placed_at_6_months", "not_placed_at_6_months"),
)
def follow_up(enrolment: Enrolment, command: FollowUp) -> EnrolmentFollowedUp:
    six_months_on = months_later(enrolment.last_day, FOLLOWED_UP_AFTER)
    if command.on < six_months_on:
        raise SIX_MONTHS_NOT_OVER(six_months_on=six_months_on)
    placed = command.situation in PLACED
    return tell(EnrolmentFollowedUp, command, enrolment, six_months_on=six_months_on, placed=placed)


@enrolments.decides(
    by=(*BODIES, *ADVISERS),
    when=("placed_at_6_months", "not_placed_at_6_months"),
    to=("certified", "not_certified"),
)
def correct_follow_up(enrolment: Enrolment, command: CorrectFollowUp) -> EnrolmentFollowUpCorrected:
    return tell(EnrolmentFollowUpCorrected, command, enrolment)


@enrolments.decides(by=ADVISERS, when=(*PENDING, *BEGUN), takes=("path",))
def name_path(enrolment: Enrolment, command: NamePath) -> EnrolmentPathNamed | tuple[()]:
    if command.path == enrolment.path:
        return ()
    if enrolment.path:
        raise PATH_NAMED_ALREADY()
    return tell(EnrolmentPathNamed, command, enrolment)


@enrolments.decides(
    by=ADVISERS, when=(*PENDING, *BEGUN), takes=("path",), offered=lambda enrolment: bool(enrolment.path)
)
def unname_path(enrolment: Enrolment, command: UnnamePath) -> EnrolmentPathUnnamed | tuple[()]:
    return tell(EnrolmentPathUnnamed, command, enrolment, path=None) if enrolment.path else ()


# Whatever became of the enrolment, the hire came of it if an adviser says so.
@enrolments.decides(by=PLATFORM)
def tell_hired(enrolment: Enrolment, command: TellHired) -> EnrolmentLedToHire | tuple[()]:
    return () if command.hire in enrolment.hires else tell(EnrolmentLedToHire, command, enrolment)


@enrolments.decides(by=PLATFORM)
def tell_not_hired(enrolment: Enrolment, command: TellNotHired) -> EnrolmentHireUndone | tuple[()]:
    return tell(EnrolmentHireUndone, command, enrolment) if command.hire in enrolment.hires else ()


@enrolments.evolves
def _(enrolment: Enrolment, event: EnrolmentHoursRecorded | EnrolmentHoursCorrected) -> Enrolment:
    attendance = {
        **{each.month: each for each in enrolment.attendance},
        event.month: Attendance(month=event.month, attended_on=event.attended_on, attended=event.attended),
    }
    return enrolment.after(event, attendance=tuple(attendance[month] for month in sorted(attendance)))


@enrolments.evolves
def _(enrolment: Enrolment, event: EnrolmentFollowedUp) -> Enrolment:
    return enrolment.after(
        event,
        status="placed_at_6_months" if event.placed else "not_placed_at_6_months",
        six_months_on=event.six_months_on,
        situation=event.situation,
        awaits=None,
    )


@enrolments.evolves
def _(enrolment: Enrolment, event: EnrolmentFollowUpCorrected) -> Enrolment:
    status = "certified" if enrolment.certified_on else "not_certified"
    return enrolment.after(event, status=status, six_months_on=None, situation=None)


@enrolments.evolves
def _(enrolment: Enrolment, event: EnrolmentLedToHire) -> Enrolment:
    return enrolment.after(event, hires=(*enrolment.hires, event.hire))


@enrolments.evolves
def _(enrolment: Enrolment, event: EnrolmentHireUndone) -> Enrolment:
    return enrolment.after(event, hires=tuple(each for each in enrolment.hires if each != event.hire))


@enrolments.claims
def _(enrolment: Enrolment) -> Iterable[Claim]:
    if enrolment.status in OVER:
        return
    yield Claim(ENROLLED_ALREADY, f"{enrolment.session}/{enrolment.trainee}")
    if enrolment.status in SEATED:
        yield seat(enrolment.session)
    if enrolment.status in SEATED or enrolment.status == "waiting":
        yield seat_or_wait(enrolment.session, has_waited=enrolment.queued_at is not None)


@enrolments.due
def _(enrolment: Enrolment) -> Iterable[Due]:
    if enrolment.awaits is None and (asked := _asked(enrolment)):
        yield Due(asked[1], Remind())


@enrolments.keeps
def _(enrolment: Enrolment) -> Iterable[Keep]:
    since = enrolment.closed_on or max(enrolment.effective_on, enrolment.ends_on)
    yield Keep(enrolment.trainee, years_after(since, KEPT_YEARS))


def _offered(session: Session | None, identity: str) -> Session:
    """The session whose seats are offered. Raises Rejected."""
    if session is None:
        raise SESSION_UNKNOWN(session=identity)
    if session.status not in OFFERING:
        raise SESSION_NOT_OFFERED(status=session.status)
    return session


def _attended(enrolment: Enrolment, command: RecordHours | CorrectHours, *, before: float) -> tuple[Day, float]:
    """The last day of the session in a month, and how many hours were attended in all months. Raises Rejected."""
    last_day = enrolment.last_day
    first = max(enrolment.starts_on, date.fromisoformat(f"{command.month}-01"))
    last = min(last_day, last_of_month(command.month))
    if first > last:
        raise MONTH_OUTSIDE_SESSION(month=command.month, starts_on=enrolment.starts_on, last_day=last_day)
    if command.on < last:
        raise ATTENDANCE_NOT_OVER(month=command.month, attended_on=last)
    days = (last - first).days + 1
    if command.attended > days * MOST_HOURS_A_DAY:
        raise HOURS_BEYOND_DAYS(days=days, month=command.month, most=MOST_HOURS_A_DAY)
    hours_attended = round(enrolment.hours_attended - before + command.attended, 2)
    if hours_attended > enrolment.hours:
        raise HOURS_BEYOND_COURSE(hours_attended=hours_attended, hours=enrolment.hours)
    return last, hours_attended


def _check_ended(enrolment: Enrolment, ended_on: Day, on: Day) -> None:
    until = min(enrolment.ends_on, on)
    if not enrolment.starts_on <= ended_on <= until:
        raise ENDED_OUTSIDE_SESSION(ended_on=ended_on, starts_on=enrolment.starts_on, until=until)
    for each in enrolment.attendance:
        if each.attended and each.month > f"{ended_on:%Y-%m}":
            raise HOURS_AFTER_END(month=each.month, ended_on=ended_on)


def _check_decided(enrolment: Enrolment, decided_on: Day, on: Day) -> None:
    until = min(on, enrolment.last_day + CERTIFIED_WITHIN)
    if not enrolment.starts_on <= decided_on <= until:
        raise DECIDED_OUTSIDE(decided_on=decided_on, starts_on=enrolment.starts_on, until=until)


def _asked(enrolment: Enrolment) -> tuple[EnrolmentQuestion, Day] | None:
    """What somebody is asked next, and when."""
    match enrolment.status:
        case "attending":
            return "outcome", enrolment.ends_on + timedelta(days=1)
        case "completed":
            return "certification", months_later(enrolment.last_day, CERTIFICATION_ASKED_AFTER)
        case "certified" | "not_certified":
            return "placement", months_later(enrolment.last_day, FOLLOWED_UP_AFTER)
        case _:
            return None
