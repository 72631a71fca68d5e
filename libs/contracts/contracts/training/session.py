"""What happens to a training session [session de formation], the stream `session-<id>`.

Each event speaks for itself: it says which course and certification the session is of, and the seats that it offers
from then on, a level that is 0 unless the session is open, confirmed or running. Who was admitted is told by the id of
the enrolment, which means nothing to those who may not read that.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import (
    Certification,
    Commune,
    CourseHours,
    Moment,
    QualificationLevel,
    RecordId,
    Rome,
    RoomCode,
    ShortText,
    Siret,
    Tally,
    TimeOfDay,
    TraineeHours,
    TrainingSeats,
)

CATEGORY: Final = Category("session", service="training", path="/v1/sessions")

SessionStatus = Literal[
    "proposed", "planned", "open", "confirmed", "running", "completed", "postponed", "cancelled", "dismissed"
]
SessionWeekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SessionDismissal = Literal["session_elsewhere", "too_few_people", "no_course", "need_withdrawn", "other"]
SessionPostponement = Literal["too_few_trainees", "no_room", "no_trainer", "financing", "other"]
SessionCancellation = Literal[
    "below_minimum", "no_room", "no_trainer", "financing", "interrupted", "entered_by_mistake", "other"
]
CompletionCorrection = Literal["typing_error", "ended_early", "prolonged", "other"]


class SessionSlot(Detail):
    """When a session is in a room: on some days of the week, at the same hours, from a day until another."""

    room: RoomCode | None
    """None where it is in no room of the building: on the training body's own premises, or in a company."""
    weekdays: tuple[SessionWeekday, ...]
    starts: TimeOfDay
    ends: TimeOfDay
    since: Day
    until: Day
    """The last day."""
    capacity: TrainingSeats | None
    """How many trainees the room had seats for when the session took it; None where it is in none."""


class _Proposal(Event):
    need: RecordId
    """The need for skills that it would answer."""
    romes: tuple[Rome, ...]
    seats: TrainingSeats
    commune: Commune


class SessionProposed(_Proposal, version=1):
    """No session answers a need for skills: one is proposed, for a training body to plan or to dismiss."""


class SessionDismissed(_Proposal, version=1):
    """Nobody plans what was proposed."""

    reason: SessionDismissal


class _Session(Event):
    course: RecordId
    certification: Certification
    """What it leads to, as its course said when it was planned; so are occupations, level and hours."""
    romes: tuple[Rome, ...]
    level: QualificationLevel | None
    hours: CourseHours
    """Of training, for each trainee."""
    body: Siret | None
    """The training body whose session it is; None is AFPA Issoudun."""
    need: RecordId | None
    """The need for skills that it answers, if it was planned for one."""
    commune: Commune
    """Where it is held."""
    starts_on: Day
    ends_on: Day
    status: SessionStatus
    """What it is from now on."""
    seats: TrainingSeats
    """How many it has after the event."""
    minimum: TrainingSeats
    """How many trainees it is held for at least."""
    admitted: Tally
    """How many seats are taken after the event, as far as enrolments have told yet."""
    seats_offered: Tally
    """How many seats it offers from now on: all that it has, or 0 unless it is open, confirmed or running."""


class SessionPlanned(_Session, version=1):
    """A training body plans a session, by itself or because one was proposed."""

    title: ShortText
    """Of its course."""
    decision_on: Day
    """The day on which it is to be decided whether enough trainees have come together."""
    decision_due_on: Day | None = None
    """The day after it was entered, where the day of decision had passed by then; else None."""
    slots: tuple[SessionSlot, ...]
    days_off: tuple[Day, ...]
    """Days on which there is none: holidays, weeks in a company."""


class SessionOpened(_Session, version=1):
    """People can enrol."""


class SessionSeatsChanged(_Session, version=1):
    """It has more seats, or fewer, or is held for fewer trainees or only for more."""

    seats_before: TrainingSeats
    minimum_before: TrainingSeats


class SessionTimetableChanged(_Session, version=1):
    """It is held at other hours, in another room, or until another day."""

    ends_on_before: Day
    slots: tuple[SessionSlot, ...]
    days_off: tuple[Day, ...]


class SessionCancellationProposed(_Session, version=1):
    """The day of decision has come, and it has fewer trainees than its minimum: somebody cancels it, postpones it, or
    confirms it nevertheless."""

    decision_on: Day


class SessionConfirmed(_Session, version=1):
    """It will take place: also with fewer trainees than its minimum, where somebody decides so."""


class SessionBegan(_Session, version=1):
    """Its first day has come."""


class SessionCompleted(_Session, version=1):
    """Its last day has passed."""

    trainee_hours: TraineeHours
    """As planned: its hours, once for each seat. How many were attended is told by enrolments."""


class SessionCompletionCorrected(_Session, Correction, version=1):
    """When it ended, or how many seats it had, had been recorded wrongly."""

    ends_on_before: Day
    seats_before: TrainingSeats
    trainee_hours_before: TraineeHours
    trainee_hours: TraineeHours
    reason: CompletionCorrection


class SessionPostponed(_Session, version=1):
    """It does not start on its day; another is not known yet. Its rooms are free, and who was admitted stays so."""

    status_before: SessionStatus
    reason: SessionPostponement


class SessionRescheduled(_Session, version=1):
    """What was postponed has new days: it is planned or open again, as it was before."""

    starts_on_before: Day
    ends_on_before: Day
    decision_on: Day
    decision_due_on: Day | None = None
    """As of `SessionPlanned`."""
    slots: tuple[SessionSlot, ...]
    days_off: tuple[Day, ...]


class SessionCancelled(_Session, version=1):
    """It does not take place, or was broken off."""

    status_before: SessionStatus
    reason: SessionCancellation


class SessionSeatTaken(_Session, Aside, version=1):
    """Somebody was admitted."""

    enrolment: RecordId


class SessionSeatFreed(_Session, Aside, version=1):
    """Somebody who was admitted has left, or is not to come after all."""

    enrolment: RecordId


class SessionMoveAsked(_Session, Aside, version=1):
    """It is in a room that will be closed then, or is too small: another one is looked for."""

    moving_from: RoomCode
    moving_since: Day
    moving_until: Day | None
    """The first day on which it can be in its room again; None where it cannot."""


class SessionMoveProposed(_Session, Aside, version=1):
    """Another room is free then and large enough, and is held for it; or none is, and somebody has to find one."""

    moving_from: RoomCode
    moving_to: RoomCode | None
    """None where no room is free."""
    moving_since: Day
    moving_until: Day | None
    proposed_at: Moment


class SessionMoveDropped(_Session, Aside, version=1):
    """Its room stays open after all: it is not moved."""

    moving_from: RoomCode
    moving_to: RoomCode | None


class SessionMoved(_Session, Aside, version=1):
    """It is in another room, for a time or from a day on: as was proposed, or as somebody decided."""

    moved_from: RoomCode | None
    room: RoomCode | None
    since: Day
    until: Day | None
    """The first day on which it is where it was again; None where it stays."""
    slots: tuple[SessionSlot, ...]
    """All of them, after the event."""
