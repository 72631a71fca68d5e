"""Sessions of courses [sessions de formation]: when one is held, for how many, and in which rooms (axis 5).

A training body plans a session of a course that is valid on its first day, by itself or because a need for skills that
no session answers proposed one; opens it to enrolments; confirms it once enough trainees have come together, and
otherwise cancels or postpones it. It begins and is over by itself, on its days.

A room is one session's at a time. When it closes, another is proposed and held for the session: it is moved, never
lost.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue

from contracts import codes
from contracts.model import Day, EnteredDay, Model
from contracts.training.course import CourseStatus
from contracts.training.room import RoomStatus
from contracts.training.session import (
    CATEGORY,
    CompletionCorrection,
    SessionBegan,
    SessionCancellation,
    SessionCancellationProposed,
    SessionCancelled,
    SessionCompleted,
    SessionCompletionCorrected,
    SessionConfirmed,
    SessionDismissal,
    SessionDismissed,
    SessionMoveAsked,
    SessionMoved,
    SessionMoveDropped,
    SessionMoveProposed,
    SessionOpened,
    SessionPlanned,
    SessionPostponed,
    SessionPostponement,
    SessionProposed,
    SessionRescheduled,
    SessionSeatFreed,
    SessionSeatsChanged,
    SessionSeatTaken,
    SessionSlot,
    SessionStatus,
    SessionTimetableChanged,
)
from contracts.values import (
    MOST_SEATS,
    Certification,
    Commune,
    CourseHours,
    EnteredCommune,
    Moment,
    QualificationLevel,
    RecordId,
    Rome,
    RoomCode,
    ShortText,
    Siret,
    Tally,
    TraineeHours,
    TrainingSeats,
)
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, Due, E, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.course import BODIES, Course, courses
from training.room import Room, rooms
from training.timetable import MOST_RUNS, WEEK, Timetable, laid_out, moved, occurrences, within

AHEAD: Final = timedelta(days=1_096)
"""How far ahead a session starts, at most: three years, as plans for skills look ahead."""
LONGEST: Final = timedelta(days=1_096)
"""From its first to its last day: three years, as of an apprenticeship."""
COMING: Final = ("planned", "open", "confirmed")
"""The statuses in which a session is still to begin, and its days are known."""
HOLDING: Final = (*COMING, "running")
"""Those in which it holds its rooms."""
OFFERING: Final = ("open", "confirmed", "running")
"""Those in which its seats are offered, and so can be taken."""
MOST_WAITING: Final = 50
"""For seats of one session: beyond it nobody hopes for one."""
KNOWN: Final = (*HOLDING, "postponed", "completed")
"""Those in which enrolments may still tell who has a seat."""

FirstDay = Annotated[EnteredDay, Field(examples=["2024-09-02"])]
LastDay = Annotated[EnteredDay, Field(examples=["2024-12-20"])]
DecisionDay = Annotated[EnteredDay, Field(examples=["2024-07-15"])]
Minimum = Annotated[TrainingSeats, Field(examples=[6])]


class Days(Timetable):
    """When a session is held."""

    starts_on: FirstDay
    ends_on: LastDay
    decision_on: DecisionDay
    """The day on which it is to be decided whether enough trainees have come together: its first, or before."""


_DAYS: Final[dict[str, JsonValue]] = {
    "starts_on": "2024-09-02",
    "ends_on": "2024-12-20",
    "decision_on": "2024-07-15",
    "room": "salle-12",
    "slots": WEEK,
}
_PLAN: Final[dict[str, JsonValue]] = {
    **_DAYS,
    "course": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "commune": "36088",
    "seats": 12,
    "minimum": 6,
}


_MOVE: Final[dict[str, JsonValue]] = {
    "moved_from": "salle-12",
    "room": "salle-14",
    "since": "2024-09-02",
    "until": "2024-10-07",
}


class Propose(Command):
    """No session answers a need for skills: one is proposed."""

    need: RecordId
    romes: Annotated[tuple[Rome, ...], Field(examples=[["H2913"]])]
    seats: TrainingSeats
    commune: Commune


class Plan(Command, Days, json_schema_extra={"examples": [{"on": "2024-05-13", **_PLAN}]}):
    """A training body plans a session of a course."""

    course: RecordId
    body: Annotated[Siret, Field(examples=["00000001800010"])] | None = None
    """The training body; none is given for AFPA Issoudun."""
    need: RecordId | None = None
    """The need for skills that it answers, if it is planned for one."""
    commune: EnteredCommune
    """Where it is held."""
    seats: TrainingSeats
    minimum: Minimum
    """How many trainees it is held for at least."""


class PlanProposed(Command, Days, json_schema_extra={"examples": [{"on": "2024-05-13", **_PLAN}]}):
    """What was proposed is planned."""

    course: RecordId
    commune: EnteredCommune
    seats: TrainingSeats
    minimum: Minimum


class Dismiss(Command):
    """Nobody plans what was proposed."""

    reason: SessionDismissal


class Open(Command):
    """People can enrol."""


class ChangeSeats(Command):
    """It has more seats, or fewer, but never fewer than are taken; or it is held for another minimum."""

    seats: Annotated[TrainingSeats, Field(examples=[10])]
    minimum: Minimum


class ChangeTimetable(
    Command,
    Timetable,
    json_schema_extra={"examples": [{"on": "2024-05-13", "ends_on": "2024-12-13", "room": "salle-12", "slots": WEEK}]},
):
    """It is held at other hours, in another room, or until another day. Its first day stays."""

    ends_on: LastDay


class ProposeCancellation(Command):
    """The day of decision has come, and it has fewer trainees than its minimum."""


class Confirm(Command):
    """It will take place: also with fewer trainees than its minimum, where that is decided."""


class Begin(Command):
    """Its first day has come. What is confirmed begins by itself on that day."""


class Complete(Command):
    """It is over. By itself, it is on the day after its last."""


class CorrectCompletion(Command, json_schema_extra={"examples": [{"seats": 10, "reason": "typing_error"}]}):
    """When it ended, or how many seats it had, is put right. What is not given stays as it is."""

    ends_on: Annotated[EnteredDay, Field(examples=["2024-12-13"])] | None = None
    seats: Annotated[TrainingSeats, Field(examples=[10])] | None = None
    reason: CompletionCorrection


class Postpone(Command):
    """It does not start on its day; another is not known yet. Its rooms are free, and who was admitted stays so."""

    reason: SessionPostponement


class Reschedule(Command, Days, json_schema_extra={"examples": [{"on": "2024-05-13", **_DAYS}]}):
    """What was postponed has new days."""


class Cancel(Command):
    """It does not take place, or is broken off."""

    reason: SessionCancellation


class Admit(Command):
    """An enrolment has taken a seat."""

    enrolment: RecordId


class Leave(Command):
    """An enrolment has given its seat up."""

    enrolment: RecordId


class AskMove(Command, json_schema_extra={"examples": [{"moving_from": "salle-12", "moving_since": "2024-09-02"}]}):
    """The session is to be in another room for a time, or for good.

    One that is free and large enough, and has all that is in this one, is looked for, and held for it.
    """

    moving_from: RoomCode
    moving_since: Annotated[EnteredDay, Field(examples=["2024-09-02"])]
    moving_until: Annotated[EnteredDay, Field(examples=["2024-10-07"])] | None = None
    """The first day on which it can be in its room again; none is given where it cannot."""


class ProposeMove(Command, json_schema_extra={"examples": [{"moving_from": "salle-12", "moving_to": "salle-14"}]}):
    """A room was found, or none."""

    moving_from: RoomCode
    moving_to: Annotated[RoomCode, Field(examples=["salle-14"])] | None = None


class AcceptMove(Command):
    """It moves to the room that was proposed."""

    moving_from: RoomCode
    moving_to: Annotated[RoomCode, Field(examples=["salle-14"])]


class DropMove(Command):
    """Its room stays open after all."""

    moving_from: RoomCode


class Move(Command, json_schema_extra={"examples": [_MOVE]}):
    """It is in another room for a time, or for good, as somebody decides."""

    moved_from: Annotated[RoomCode, Field(examples=["salle-12"])] | None = None
    """None where it is in no room of the building."""
    room: Annotated[RoomCode, Field(examples=["salle-14"])] | None = None
    since: Annotated[EnteredDay, Field(examples=["2024-09-02"])]
    until: Annotated[EnteredDay, Field(examples=["2024-10-07"])] | None = None
    """The first day on which it is where it was again; none is given where it stays."""


class PendingMove(Model):
    """Another room that is looked for, or held."""

    moving_from: RoomCode
    moving_to: RoomCode | None = None
    moving_since: Day
    moving_until: Day | None
    proposed_at: Moment | None = None
    """None while none has been looked for yet."""


class Session(State):
    """A session of a course, or the proposal of one."""

    status: SessionStatus
    body: Siret | None = None
    """The training body; None is AFPA Issoudun."""
    need: RecordId | None = None
    """The need for skills that it answers."""
    course: RecordId | None = None
    """None while it is only proposed, as all that the training body has to say."""
    title: ShortText | None = None
    certification: Certification | None = None
    romes: tuple[Rome, ...]
    level: QualificationLevel | None = None
    hours: CourseHours | None = None
    commune: Commune
    starts_on: Day | None = None
    ends_on: Day | None = None
    decision_on: Day | None = None
    decision_due_on: Day | None = None
    """The day on which its cancellation is proposed, where that is not the day of decision: that had passed when it was
    entered, and what is entered late is not decided between two entries."""
    seats: TrainingSeats
    minimum: TrainingSeats | None = None
    slots: tuple[SessionSlot, ...] = ()
    days_off: tuple[Day, ...] = ()
    rooms: tuple[RoomCode, ...] = ()
    """Those that it is in at some time."""
    enrolments: tuple[RecordId, ...] = ()
    """Those that have a seat."""
    moves: tuple[PendingMove, ...] = ()
    """Moves that are looked for or proposed, one for each room that it has to leave."""
    moving_from: tuple[RoomCode, ...] = ()
    """The rooms that it has to leave."""
    room_missing: bool = False
    """Whether for one of these no other was free, so that somebody has to find one."""
    trainee_hours: TraineeHours | None = None
    """As planned, once it is completed: its hours, once for each seat."""
    proposed_on: Day | None = None
    planned_on: Day | None = None
    opened_on: Day | None = None
    cancellation_proposed_on: Day | None = None
    """Since when somebody is to decide whether it is cancelled, while it has fewer trainees than its minimum."""
    confirmed_on: Day | None = None
    began_on: Day | None = None
    completed_on: Day | None = None
    postponed_on: Day | None = None
    cancelled_on: Day | None = None
    dismissed_on: Day | None = None
    reason: SessionPostponement | SessionCancellation | SessionDismissal | None = None

    @property
    def admitted(self) -> Tally:
        """How many seats are taken."""
        return len(self.enrolments)

    @property
    def is_below_minimum(self) -> bool:
        """Whether it has fewer trainees than it is held for."""
        return self.minimum is not None and self.admitted < self.minimum

    def pending(self, room: str) -> PendingMove | None:
        """The move out of a room, if it has to leave that."""
        return next((move for move in self.moves if move.moving_from == room), None)

    def moving(self, moves: Sequence[PendingMove]) -> dict[str, Any]:
        """What is said of these moves."""
        return {
            "moves": tuple(moves),
            "moving_from": tuple(move.moving_from for move in moves),
            "room_missing": any(move.proposed_at is not None and move.moving_to is None for move in moves),
        }


COURSE_UNKNOWN = Refusal(
    "course-unknown", "there is no course {course}", "il n'y a pas de formation {course}", at="course", course=RecordId
)
COURSE_OF_ANOTHER_BODY = Refusal(
    "course-of-another-body",
    "the course is of another training body",
    "la formation est celle d'un autre organisme de formation",
    at="course",
)
COURSE_NOT_OFFERED = Refusal(
    "course-not-offered",
    "no session of the course opens any more: it is {status}",
    "aucune session de cette formation ne s'ouvre plus : son état est « {status} »",
    at="course",
    status=CourseStatus,
)
COURSE_NOT_VALID_THEN = Refusal(
    "course-not-valid-then",
    "the course is valid from {valid_from} to {valid_until}, and the session starts on {starts_on}",
    "la formation est valable du {valid_from} au {valid_until}, et la session commence le {starts_on}",
    at=("starts_on", "course"),
    valid_from=Day,
    valid_until=Day,
    starts_on=Day,
)
COURSE_FOR_OTHER_OCCUPATIONS = Refusal(
    "course-for-other-occupations",
    "the session was proposed for {proposed}, and the course leads to {romes}",
    "la session a été proposée pour {proposed}, et la formation mène à {romes}",
    at="course",
    proposed=tuple[Rome, ...],
    romes=tuple[Rome, ...],
)
SESSION_ENDS_BEFORE_IT_STARTS = Refusal(
    "session-ends-before-it-starts",
    "it would end on {ends_on}, before it starts, on {starts_on}",
    "elle finirait le {ends_on}, avant de commencer, le {starts_on}",
    at="ends_on",
    starts_on=Day,
    ends_on=Day,
)
SESSION_TOO_LONG = Refusal(
    "session-too-long",
    "a session lasts {days} days at most, and this one would last until {ends_on}",
    "une session dure {days} jours au plus, et celle-ci durerait jusqu'au {ends_on}",
    at="ends_on",
    days=int,
    ends_on=Day,
)
SESSION_TOO_FAR = Refusal(
    "session-too-far",
    "sessions are planned {days} days ahead at most, and this one starts on {starts_on}",
    "les sessions se préparent {days} jours à l'avance au plus, et celle-ci commence le {starts_on}",
    at="starts_on",
    days=int,
    starts_on=Day,
)
DECISION_AFTER_START = Refusal(
    "decision-after-start",
    "it starts on {starts_on}, so it cannot be decided on {decision_on} only",
    "elle commence le {starts_on}, la décision ne peut donc pas attendre le {decision_on}",
    at="decision_on",
    starts_on=Day,
    decision_on=Day,
)
MINIMUM_ABOVE_SEATS = Refusal(
    "minimum-above-seats",
    "it has {seats} {seats:seat|seats}, so it cannot be held for {minimum} trainees at least",
    "elle compte {seats} {seats:place|places}, le minimum ne peut donc pas être de {minimum} stagiaires",
    at="minimum",
    seats=TrainingSeats,
    minimum=TrainingSeats,
)
SEATS_BELOW_ADMITTED = Refusal(
    "seats-below-admitted",
    "{admitted} {admitted:seat is|seats are} taken, so it cannot have {seats}",
    "{admitted} {admitted:place est prise|places sont prises}, elle ne peut donc pas en compter {seats}",
    at="seats",
    admitted=Tally,
    seats=TrainingSeats,
)
NO_SEAT_LEFT = Refusal(
    "no-seat-left", "every seat of the session is taken", "toutes les places de la session sont prises", at="seats"
)
SEAT_WAITED_FOR = Refusal(
    "seat-waited-for",
    "every seat is taken, or waited for by others, who come first",
    "toutes les places sont prises, ou attendues par d'autres, qui passent avant",
)
ROOM_UNKNOWN = Refusal(
    "room-unknown",
    "there is no room {room}",
    "il n'y a pas de salle {room}",
    at=("room", "moving_to"),
    room=RoomCode,
)
ROOM_NOT_OPEN = Refusal(
    "room-not-open",
    "{room} is no room for sessions: it is {status}",
    "{room} n'accueille pas de session : son état est « {status} »",
    at=("room", "moving_to"),
    room=RoomCode,
    status=RoomStatus,
)
ROOM_CLOSED_THEN = Refusal(
    "room-closed-then",
    "{room} is closed from {closed_from} until {closed_until}, and the session is there on {day}",
    "{room} est fermée du {closed_from} jusqu'au {closed_until}, et la session y est le {day}",
    at=("room", "moving_to"),
    room=RoomCode,
    closed_from=Day,
    closed_until=Day,
    day=Day,
)
ROOM_ELSEWHERE = Refusal(
    "room-elsewhere",
    "{room} is in the commune {of_room}, and the session is held in {commune}",
    "{room} se trouve dans la commune {of_room}, et la session se tient dans la commune {commune}",
    at=("room", "moving_to"),
    room=RoomCode,
    of_room=Commune,
    commune=Commune,
)
ROOM_TOO_SMALL = Refusal(
    "room-too-small",
    "{room} is for {capacity} {capacity:trainee|trainees}, and the session has {seats} seats",
    "{room} accueille {capacity} {capacity:stagiaire|stagiaires}, et la session compte {seats} places",
    at=("room", "moving_to", "seats"),
    room=RoomCode,
    capacity=TrainingSeats,
    seats=TrainingSeats,
)
ROOM_TAKEN = Refusal(
    "room-taken",
    "another session is in the room at one of these hours",
    "une autre session occupe la salle à l'une de ces heures",
    at=("room", "moving_to"),
)
SESSION_NOT_BEGUN = Refusal(
    "session-not-begun",
    "it starts on {starts_on} only",
    "elle ne commence que le {starts_on}",
    at="on",
    starts_on=Day,
)
SESSION_NOT_OVER = Refusal(
    "session-not-over",
    "its last day is {ends_on}: before that it is broken off or shortened, not completed",
    "son dernier jour est le {ends_on} : avant, elle est interrompue ou raccourcie, pas achevée",
    at="on",
    ends_on=Day,
)
COMPLETED_AFTER_CORRECTION = Refusal(
    "ended-after-correction",
    "it cannot have ended on {ends_on}, after the correction, on {on}",
    "elle ne peut pas avoir fini le {ends_on}, après la correction, le {on}",
    at="ends_on",
    ends_on=Day,
    on=Day,
)
NOT_IN_THE_ROOM = Refusal(
    "session-not-in-the-room",
    "the session is not there in these days",
    "la session n'y est pas ces jours-là",
    at=("moving_from", "moved_from"),
)
PERIOD_REVERSED = Refusal(
    "period-reversed",
    "{until} is not after {since}",
    "le {until} n'est pas après le {since}",
    at=("moving_until", "until"),
    since=Day,
    until=Day,
)
MOVE_NOT_PROPOSED = Refusal(
    "move-not-proposed",
    "no move to {moving_to} is proposed",
    "aucun déplacement vers {moving_to} n'est proposé",
    at="moving_to",
    moving_to=RoomCode,
)
TIMETABLE_TOO_LONG = Refusal(
    "timetable-too-long",
    "it has been moved so often that its timetable has more than {most} lines: enter the timetable anew",
    "elle a été déplacée si souvent que son emploi du temps dépasse {most} lignes : saisissez-le de nouveau",
    most=int,
)

sessions = Decider(
    CATEGORY.name,
    Session,
    owned_by={"training_body": "body", "afpa": "body"},
    unnamed="afpa",
    final=("completed", "cancelled", "dismissed"),
    finding=Finding(
        found_by=(
            "status",
            "body",
            "course",
            "certification",
            "romes",
            "commune",
            "need",
            "rooms",
            "moving_from",
            "room_missing",
        ),
        sorted_by=("starts_on", "ends_on", "decision_on", "cancellation_proposed_on", "seats", "title"),
        searched_by=("title",),
    ),
)
OF_COURSE: Final = ("course", "certification", "romes", "level", "hours", "title")
"""What a session takes over from its course."""


@sessions.creates(by=PLATFORM, to="proposed", day="proposed_on")
def propose(command: Propose) -> SessionProposed:
    return tell(SessionProposed, command)


@sessions.creates(by=BODIES, to="planned", looks_up=(Lookup(courses, "course"), Lookup(rooms, "room")))
def plan(command: Plan, course: Course | None, room: Room | None, context: Context) -> SessionPlanned:
    return _planned(command, command.body, command.need, course, room, context)


@sessions.decides(by=BODIES, when="proposed", to="planned", looks_up=(Lookup(courses, "course"), Lookup(rooms, "room")))
def plan_proposed(
    session: Session, command: PlanProposed, course: Course | None, room: Room | None, context: Context
) -> SessionPlanned:
    event = _planned(command, session.body, session.need, course, room, context)
    if not any(codes.rome_kin(one, other) for one in session.romes for other in event.romes):
        raise COURSE_FOR_OTHER_OCCUPATIONS(proposed=session.romes, romes=event.romes)
    return event


sessions.steps(
    Dismiss,
    SessionDismissed,
    by=(*BODIES, PLATFORM),
    when="proposed",
    to="dismissed",
    day="dismissed_on",
    takes=("reason",),
    reserves={PLATFORM: ("need_withdrawn",)},
)


@sessions.decides(by=BODIES, when="planned", to="open", day="opened_on", looks_up=Lookup(courses, "course"))
def open_session(session: Session, command: Open, course: Course | None) -> SessionOpened:
    if session.course and session.starts_on:
        _check_course(course, session.course, session.body, session.starts_on)
    return _tell(SessionOpened, command, session, status="open")


@sessions.decides(by=BODIES, when=HOLDING)
def change_seats(session: Session, command: ChangeSeats) -> SessionSeatsChanged | tuple[()]:
    if (command.seats, command.minimum) == (session.seats, session.minimum):
        return ()
    _check_minimum(command)
    if command.seats < session.admitted:
        raise SEATS_BELOW_ADMITTED(admitted=session.admitted, seats=command.seats)
    for slot in session.slots:
        if slot.capacity is not None and slot.capacity < command.seats > session.seats:
            raise ROOM_TOO_SMALL(room=slot.room, capacity=slot.capacity, seats=command.seats)
    return _tell(SessionSeatsChanged, command, session, seats=command.seats)


@sessions.decides(by=BODIES, when=HOLDING, looks_up=Lookup(rooms, "room"))
def change_timetable(
    session: Session, command: ChangeTimetable, room: Room | None
) -> SessionTimetableChanged | tuple[()]:
    if session.starts_on is None:
        return ()
    slots = _slots(command, session.starts_on, command.ends_on, session, room)
    days_off = _days_off(command)
    if (slots, days_off, command.ends_on) == (session.slots, session.days_off, session.ends_on):
        return ()
    return _tell(SessionTimetableChanged, command, session, slots=slots, days_off=days_off)


@sessions.decides(by=PLATFORM, when=("planned", "open"), day="cancellation_proposed_on")
def propose_cancellation(session: Session, command: ProposeCancellation) -> SessionCancellationProposed | tuple[()]:
    return _tell(SessionCancellationProposed, command, session) if session.is_below_minimum else ()


@sessions.decides(by=BODIES, when="open", to="confirmed", day="confirmed_on", clears=("cancellation_proposed_on",))
def confirm(session: Session, command: Confirm) -> SessionConfirmed:
    return _tell(SessionConfirmed, command, session, status="confirmed")


@sessions.decides(by=(*BODIES, PLATFORM), when="confirmed", to="running", day="began_on")
def begin(session: Session, command: Begin) -> SessionBegan:
    if session.starts_on and command.on < session.starts_on:
        raise SESSION_NOT_BEGUN(starts_on=session.starts_on)
    return _tell(SessionBegan, command, session, status="running")


@sessions.decides(
    by=(*BODIES, PLATFORM),
    when="running",
    to="completed",
)
def complete(session: Session, command: Complete) -> SessionCompleted:
    if session.ends_on and command.on < session.ends_on:
        raise SESSION_NOT_OVER(ends_on=session.ends_on)
    hours = (session.hours or 0) * session.seats
    return _tell(SessionCompleted, command, session, status="completed", trainee_hours=hours)


@sessions.decides(by=BODIES, when="completed", takes=("ends_on", "seats", "trainee_hours"))
def correct_completion(session: Session, command: CorrectCompletion) -> SessionCompletionCorrected | tuple[()]:
    seats, ends_on = command.seats or session.seats, command.ends_on or session.ends_on
    if (seats, ends_on) == (session.seats, session.ends_on):
        return ()
    if ends_on and session.starts_on and ends_on < session.starts_on:
        raise SESSION_ENDS_BEFORE_IT_STARTS(starts_on=session.starts_on, ends_on=ends_on)
    if command.ends_on and command.ends_on > command.on:
        raise COMPLETED_AFTER_CORRECTION(ends_on=command.ends_on, on=command.on)
    if seats < session.admitted:
        raise SEATS_BELOW_ADMITTED(admitted=session.admitted, seats=seats)
    hours = (session.hours or 0) * seats
    return _tell(SessionCompletionCorrected, command, session, seats=seats, ends_on=ends_on, trainee_hours=hours)


@sessions.decides(by=BODIES, when=COMING, to="postponed")
def postpone(session: Session, command: Postpone) -> SessionPostponed:
    return _tell(SessionPostponed, command, session, status="postponed")


@sessions.decides(
    by=BODIES,
    when="postponed",
    to=("planned", "open"),
    looks_up=(Lookup(courses, "course"), Lookup(rooms, "room")),
)
def reschedule(
    session: Session, command: Reschedule, course: Course | None, room: Room | None, context: Context
) -> SessionRescheduled:
    if session.course:
        _check_course(course, session.course, session.body, command.starts_on)
    _check_days(command, command.on)
    slots = _slots(command, command.starts_on, command.ends_on, session, room)
    status, due_on = "open" if session.opened_on else "planned", _decision_due(command, context.today)
    return _tell(
        SessionRescheduled,
        command,
        session,
        status=status,
        decision_due_on=due_on,
        slots=slots,
        days_off=_days_off(command),
    )


@sessions.decides(by=BODIES, when=(*HOLDING, "postponed"), to="cancelled")
def cancel(session: Session, command: Cancel) -> SessionCancelled:
    return _tell(SessionCancelled, command, session, status="cancelled")


# What enrolments tell comes in any order, so for a while more may seem admitted than there are seats.
@sessions.decides(by=PLATFORM, when=KNOWN)
def admit(session: Session, command: Admit) -> SessionSeatTaken | tuple[()]:
    if command.enrolment in session.enrolments:
        return ()
    return _tell(SessionSeatTaken, command, session, admitted=session.admitted + 1)


@sessions.decides(by=PLATFORM, when=KNOWN)
def leave(session: Session, command: Leave) -> SessionSeatFreed | tuple[()]:
    if command.enrolment not in session.enrolments:
        return ()
    return _tell(SessionSeatFreed, command, session, admitted=session.admitted - 1)


@sessions.decides(by=(*BODIES, PLATFORM), when=HOLDING)
def ask_move(session: Session, command: AskMove) -> SessionMoveAsked:
    _check_there(session, command.moving_from, command.moving_since, command.moving_until)
    return _tell(SessionMoveAsked, command, session)


@sessions.decides(by=PLATFORM, when=HOLDING, looks_up=Lookup(rooms, "moving_to"))
def propose_move(
    session: Session, command: ProposeMove, room: Room | None, context: Context
) -> SessionMoveProposed | tuple[()]:
    move = session.pending(command.moving_from)
    if move is None or move.proposed_at:
        return ()
    _check_room(room, command.moving_to, session, _leaving(session, move), session.days_off)
    return _tell(
        SessionMoveProposed,
        command,
        session,
        moving_since=move.moving_since,
        moving_until=move.moving_until,
        proposed_at=context.now,
    )


@sessions.decides(
    by=(*BODIES, PLATFORM),
    when=HOLDING,
    looks_up=Lookup(rooms, "moving_to"),
    offered=lambda session: any(move.moving_to for move in session.moves),
)
def accept_move(session: Session, command: AcceptMove, room: Room | None) -> SessionMoved:
    move = session.pending(command.moving_from)
    if move is None or move.moving_to != command.moving_to:
        raise MOVE_NOT_PROPOSED(moving_to=command.moving_to)
    return _moved(session, command, room, command.moving_from, command.moving_to, move.moving_since, move.moving_until)


@sessions.decides(by=PLATFORM, when=HOLDING)
def drop_move(session: Session, command: DropMove) -> SessionMoveDropped | tuple[()]:
    move = session.pending(command.moving_from)
    return _tell(SessionMoveDropped, command, session, moving_to=move.moving_to) if move else ()


@sessions.decides(by=BODIES, when=HOLDING, looks_up=Lookup(rooms, "room"))
def move(session: Session, command: Move, room: Room | None) -> SessionMoved | tuple[()]:
    _check_there(session, command.moved_from, command.since, command.until)
    event = _moved(session, command, room, command.moved_from, command.room, command.since, command.until)
    return () if event.slots == session.slots else event


@sessions.evolves
def _(session: Session | None, event: SessionPlanned) -> Session:
    told = {name: value for name, value in event if name in Session.model_fields}
    kept = {"proposed_on": session.proposed_on if session else None}
    return Session(**{**told, **kept, "planned_on": event.effective_on, "rooms": _rooms(event.slots)})


@sessions.evolves
def _(session: Session, event: SessionSeatsChanged) -> Session:
    return _decided(session.after(event, seats=event.seats, minimum=event.minimum))


@sessions.evolves
def _(session: Session, event: SessionTimetableChanged) -> Session:
    timetable = {"slots": event.slots, "days_off": event.days_off, "rooms": _rooms(event.slots)}
    # What was to be moved is where it is told to be now, and may have to move from there.
    return session.after(event, ends_on=event.ends_on, **timetable, **session.moving(()))


@sessions.evolves
def _(session: Session, event: SessionRescheduled) -> Session:
    names = ("starts_on", "ends_on", "decision_on", "decision_due_on")
    days = {name: getattr(event, name) for name in names}
    timetable = {"slots": event.slots, "days_off": event.days_off, "rooms": _rooms(event.slots)}
    return session.after(event, status=event.status, **days, **timetable, postponed_on=None, reason=None)


@sessions.evolves
def _(session: Session, event: SessionPostponed) -> Session:
    ended = {"postponed_on": event.effective_on, "confirmed_on": None, "cancellation_proposed_on": None}
    return session.after(event, status="postponed", reason=event.reason, **ended, **session.moving(()))


@sessions.evolves
def _(session: Session, event: SessionCancelled) -> Session:
    ended = {"cancelled_on": event.effective_on, "cancellation_proposed_on": None}
    return session.after(event, status="cancelled", reason=event.reason, **ended, **session.moving(()))


@sessions.evolves
def _(session: Session, event: SessionCompleted) -> Session:
    ended = {"completed_on": event.effective_on, "trainee_hours": event.trainee_hours}
    return session.after(event, status="completed", **ended, **session.moving(()))


@sessions.evolves
def _(session: Session, event: SessionSeatTaken) -> Session:
    return _decided(session.after(event, enrolments=(*session.enrolments, event.enrolment)))


@sessions.evolves
def _(session: Session, event: SessionSeatFreed) -> Session:
    return session.after(event, enrolments=tuple(each for each in session.enrolments if each != event.enrolment))


@sessions.evolves
def _(session: Session, event: SessionMoveAsked | SessionMoveProposed) -> Session:
    move = PendingMove(**event.model_dump(include={*PendingMove.model_fields}))
    others = [each for each in session.moves if each.moving_from != event.moving_from]
    return session.after(event, **session.moving([*others, move]))


@sessions.evolves
def _(session: Session, event: SessionMoveDropped) -> Session:
    return session.after(
        event, **session.moving([each for each in session.moves if each.moving_from != event.moving_from])
    )


@sessions.evolves
def _(session: Session, event: SessionMoved) -> Session:
    there = session.model_copy(update={"slots": event.slots})
    still = [move for move in session.moves if _leaving(there, move)]
    return session.after(event, slots=event.slots, rooms=_rooms(event.slots), **session.moving(still))


@sessions.claims
def _(session: Session) -> Iterable[Claim]:
    # The seats that it does not have: so enrolments hold no more than it has, and it has no fewer than they hold.
    if session.status not in ("proposed", "dismissed") and session.seats < MOST_SEATS:
        yield Claim(NO_SEAT_LEFT, ITSELF, amount=MOST_SEATS - session.seats, limit=MOST_SEATS)
        yield Claim(SEAT_WAITED_FOR, ITSELF, amount=MOST_SEATS - session.seats, limit=MOST_SEATS + MOST_WAITING)
    if session.status in HOLDING:
        for slot, at in occurrences(session.slots, session.days_off):
            if slot.room is not None:
                yield Claim(ROOM_TAKEN, slot.room, during=(at.starts, at.ends))
        for move in session.moves:
            if move.moving_to is not None:
                for _slot, at in occurrences(_leaving(session, move), session.days_off):
                    yield Claim(ROOM_TAKEN, move.moving_to, during=(at.starts, at.ends))


@sessions.due
def _(session: Session) -> Iterable[Due]:
    match session.status:
        case "planned" | "open" if session.decision_on and session.is_below_minimum:
            if session.cancellation_proposed_on is None:
                yield Due(session.decision_due_on or session.decision_on, ProposeCancellation())
        case "confirmed" if session.starts_on:
            yield Due(session.starts_on, Begin())
        case "running" if session.ends_on:
            yield Due(session.ends_on + timedelta(days=1), Complete())


def seat(session: str) -> Claim:
    """A seat of a session, as an enrolment holds it."""
    return Claim(NO_SEAT_LEFT, session, limit=MOST_SEATS)


def seat_or_wait(session: str, *, has_waited: bool) -> Claim:
    """That an enrolment has a seat of a session or waits for one. Who has not waited has none while somebody waits for
    it."""
    return Claim(SEAT_WAITED_FOR, session, limit=MOST_SEATS + (MOST_WAITING if has_waited else 0))


def _tell(model: type[E], command: Command, session: Session, **given: Any) -> E:
    """An event with the levels that it leads to."""
    status, seats = given.get("status", session.status), given.get("seats", session.seats)
    levels = {"status": status, "seats": seats, "seats_offered": seats if status in OFFERING else 0}
    return tell(model, command, session, **{**given, **levels})


def _planned(
    command: Plan | PlanProposed,
    body: Siret | None,
    need: RecordId | None,
    course: Course | None,
    room: Room | None,
    context: Context,
) -> SessionPlanned:
    _check_days(command, command.on)
    checked = _check_course(course, command.course, body, command.starts_on)
    _check_minimum(command)
    return tell(
        SessionPlanned,
        command,
        checked,
        body=body,
        need=need,
        status="planned",
        admitted=0,
        seats_offered=0,
        decision_due_on=_decision_due(command, context.today),
        slots=_slots(command, command.starts_on, command.ends_on, command, room),
        days_off=_days_off(command),
    )


def _moved(
    session: Session,
    command: AcceptMove | Move,
    room: Room | None,
    moved_from: RoomCode | None,
    to: RoomCode | None,
    since: Day,
    until: Day | None,
) -> SessionMoved:
    leaving = within(session.slots, moved_from, since, until, session.days_off)
    _check_room(room, to, session, leaving, session.days_off)
    capacity = room.capacity if room and to else None
    slots = moved(session.slots, moved_from, to, capacity, since, until, session.days_off)
    if len(slots) > MOST_RUNS:
        raise TIMETABLE_TOO_LONG(most=MOST_RUNS)
    return _tell(SessionMoved, command, session, moved_from=moved_from, room=to, since=since, until=until, slots=slots)


def _leaving(session: Session, move: PendingMove) -> Sequence[SessionSlot]:
    """The slots that a pending move is about."""
    return within(session.slots, move.moving_from, move.moving_since, move.moving_until, session.days_off)


def _decided(session: Session) -> Session:
    """A session whose cancellation is not proposed any more where it has enough trainees."""
    return session if session.is_below_minimum else session.model_copy(update={"cancellation_proposed_on": None})


def _rooms(slots: Iterable[SessionSlot]) -> tuple[RoomCode, ...]:
    return tuple(sorted({slot.room for slot in slots if slot.room is not None}))


def _days_off(timetable: Timetable) -> tuple[Day, ...]:
    return tuple(sorted(set(timetable.days_off)))


def _slots(
    timetable: Timetable, starts_on: Day, ends_on: Day, held: Session | Plan | PlanProposed, room: Room | None
) -> tuple[SessionSlot, ...]:
    """The slots of a timetable, in a room that is there for them. Raises Rejected."""
    if ends_on < starts_on:
        raise SESSION_ENDS_BEFORE_IT_STARTS(starts_on=starts_on, ends_on=ends_on)
    if ends_on - starts_on > LONGEST:
        raise SESSION_TOO_LONG(days=LONGEST.days, ends_on=ends_on)
    slots = laid_out(timetable, starts_on, ends_on, room.capacity if room and timetable.room else None)
    _check_room(room, timetable.room, held, slots, timetable.days_off)
    return slots


def _decision_due(days: Days, today: Day) -> Day | None:
    return today + timedelta(days=1) if days.decision_on < today else None


def _check_days(days: Days, on: Day) -> None:
    if days.starts_on - on > AHEAD:
        raise SESSION_TOO_FAR(days=AHEAD.days, starts_on=days.starts_on)
    if days.decision_on > days.starts_on:
        raise DECISION_AFTER_START(starts_on=days.starts_on, decision_on=days.decision_on)


def _check_course(course: Course | None, identity: str, body: str | None, starts_on: Day) -> Course:
    """A course of the training body that a session may be of. Raises Rejected."""
    if course is None:
        raise COURSE_UNKNOWN(course=identity)
    if course.body != body:
        raise COURSE_OF_ANOTHER_BODY()
    if course.status != "registered":
        raise COURSE_NOT_OFFERED(status=course.status)
    if not course.valid_from <= starts_on <= course.valid_until:
        raise COURSE_NOT_VALID_THEN(valid_from=course.valid_from, valid_until=course.valid_until, starts_on=starts_on)
    return course


def _check_minimum(said: Plan | PlanProposed | ChangeSeats) -> None:
    if said.minimum > said.seats:
        raise MINIMUM_ABOVE_SEATS(seats=said.seats, minimum=said.minimum)


def _check_there(session: Session, room: str | None, since: Day, until: Day | None) -> None:
    if until is not None and until <= since:
        raise PERIOD_REVERSED(since=since, until=until)
    if not within(session.slots, room, since, until, session.days_off):
        raise NOT_IN_THE_ROOM()


def _check_room(
    room: Room | None,
    code: str | None,
    held: Session | Plan | PlanProposed,
    slots: Iterable[SessionSlot],
    days_off: Sequence[Day],
) -> None:
    """A room that takes a session in these slots, as far as its place, works and its size go. Raises Rejected."""
    if code is None:
        return
    if room is None:
        raise ROOM_UNKNOWN(room=code)
    if room.status in ("planned", "retired"):
        raise ROOM_NOT_OPEN(room=code, status=room.status)
    if room.commune != held.commune:
        raise ROOM_ELSEWHERE(room=code, of_room=room.commune, commune=held.commune)
    for _, at in occurrences(slots, days_off):
        if room.is_closed(at.day):
            raise ROOM_CLOSED_THEN(room=code, closed_from=room.closed_from, closed_until=room.closed_until, day=at.day)
    if held.seats > room.capacity:
        raise ROOM_TOO_SMALL(room=code, capacity=room.capacity, seats=held.seats)
