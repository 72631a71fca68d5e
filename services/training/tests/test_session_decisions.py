"""What becomes of a session: planned or proposed, opened, confirmed, held, postponed, cancelled, moved."""

from datetime import timedelta
from typing import Any

import pytest
from training_facts import (
    ANOTHER,
    COURSE,
    DECIDED,
    ENDS,
    IT,
    MEETS,
    NEED,
    OFFERED,
    STARTS,
    TODAY,
    at,
    course,
    on,
    opened,
    planned,
    record_id,
    room,
    room_planned,
    room_retired,
    slot,
    withdrawn,
    works,
)

from contracts import Event
from contracts.training.session import (
    SessionBegan,
    SessionCancellationProposed,
    SessionCancelled,
    SessionCompleted,
    SessionCompletionCorrected,
    SessionConfirmed,
    SessionDismissed,
    SessionMoveAsked,
    SessionMoved,
    SessionMoveDropped,
    SessionMoveProposed,
    SessionPostponed,
    SessionProposed,
    SessionRescheduled,
    SessionSeatFreed,
    SessionSeatsChanged,
    SessionSeatTaken,
    SessionStatus,
    SessionTimetableChanged,
)
from contracts.values import MOST_SEATS
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Due
from eventstore.specification import Specification
from training.room import rooms
from training.session import (
    MOST_WAITING,
    NO_SEAT_LEFT,
    ROOM_TAKEN,
    SEAT_WAITED_FOR,
    AcceptMove,
    Admit,
    AskMove,
    Begin,
    Cancel,
    ChangeSeats,
    ChangeTimetable,
    Complete,
    Confirm,
    CorrectCompletion,
    Dismiss,
    DropMove,
    Leave,
    Move,
    Open,
    Plan,
    PlanProposed,
    Postpone,
    Propose,
    ProposeCancellation,
    ProposeMove,
    Reschedule,
    seat,
    sessions,
)
from training.timetable import MOST_SLOTS, WeeklySlot

given = Specification(sessions, today=TODAY)
WEEK = (WeeklySlot(weekdays=("tuesday", "monday"), starts="08:30", ends="12:00"),)
BARE = rooms.fold([room_planned])
DAYS: dict[str, Any] = {
    "room": "salle-12",
    "slots": WEEK,
    "days_off": (on(9, 14),),
    "starts_on": STARTS,
    "ends_on": ENDS,
    "decision_on": DECIDED,
}
plan = Plan(course=COURSE, commune="36088", seats=12, minimum=2, **DAYS, on=on(5, 4))
plan_proposed = PlanProposed(course=COURSE, commune="36088", seats=12, minimum=2, **DAYS, on=on(5, 4))
FACTS: dict[str, Any] = {**OFFERED, "effective_on": TODAY}
"""Of an event of today on an open session."""
SEATS_MISSING = (
    Claim(NO_SEAT_LEFT, ITSELF, amount=MOST_SEATS - 12, limit=MOST_SEATS),
    Claim(SEAT_WAITED_FOR, ITSELF, amount=MOST_SEATS - 12, limit=MOST_SEATS + MOST_WAITING),
)
"""Those that a session of twelve seats does not have."""


def taken(number: int, admitted: int, **changes: Any) -> SessionSeatTaken:
    told = {**OFFERED, "status": "open", "admitted": admitted, "effective_on": on(5, 20), **changes}
    return SessionSeatTaken(**told, enrolment=record_id(number))


confirmed = SessionConfirmed(**OFFERED, status="confirmed", effective_on=on(5, 25))
began = SessionBegan(**OFFERED, status="running", effective_on=STARTS)
completed = SessionCompleted(**IT, status="completed", trainee_hours=6_720, effective_on=on(9, 23))
postponed = SessionPostponed(
    **IT, status="postponed", status_before="open", reason="no_trainer", effective_on=on(5, 25)
)
cancelled = SessionCancelled(
    **IT, status="cancelled", status_before="open", reason="below_minimum", effective_on=on(5, 25)
)
proposed = SessionProposed(need=NEED, romes=("H2913",), seats=8, commune="36088", effective_on=on(4, 1))
dismissed = SessionDismissed(
    need=NEED, romes=("H2913",), seats=8, commune="36088", reason="no_course", effective_on=on(5, 1)
)
PASTS: dict[str, tuple[Event, ...]] = {
    "proposed": (proposed,),
    "planned": (planned,),
    "open": (planned, opened),
    "confirmed": (planned, opened, confirmed),
    "running": (planned, opened, confirmed, began),
    "completed": (planned, opened, confirmed, began, completed),
    "postponed": (planned, opened, postponed),
    "cancelled": (planned, opened, cancelled),
    "dismissed": (proposed, dismissed),
}
HOLDING = ("planned", "open", "confirmed", "running")
AFTER = at(on(9, 30), "12:00")
"""When all of these pasts are over."""


def room_claims(code: str = "salle-12", days: tuple[Any, ...] = tuple(MEETS)) -> list[Claim]:
    return [Claim(ROOM_TAKEN, code, during=(at(day, "08:30"), at(day, "12:00"))) for day in days]


# Planning


def test_a_session_takes_over_what_its_course_leads_to_and_holds_its_room() -> None:
    given().knowing(course(), room()).when(plan).then(planned)
    given().knowing(course(), room()).when(plan).then_state(
        status="planned", title="Soudeur assembleur", rooms=("salle-12",), planned_on=on(5, 4), hours=560
    )
    given(planned).holds(*SEATS_MISSING, *room_claims())
    assert seat("x") == Claim(NO_SEAT_LEFT, "x", limit=MOST_SEATS)


def test_a_session_may_be_elsewhere_and_holds_no_room_then() -> None:
    elsewhere = plan.model_copy(update={"room": None})
    given().knowing(course(), None).when(elsewhere).then_state(rooms=())
    told = planned.model_copy(update={"slots": (slot(STARTS, ENDS, code=None, capacity=None),)})
    given().knowing(course(), None).when(elsewhere).then(told)
    given(told).holds(*SEATS_MISSING)


def test_a_need_proposes_a_session_that_a_human_plans_or_dismisses() -> None:
    propose = Propose(need=NEED, romes=("H2913",), seats=8, commune="36088", on=on(4, 1))
    given().when(propose).then(proposed)
    given(proposed).holds()
    given(proposed).is_due()
    told = planned.model_copy(update={"need": NEED})
    given(proposed).knowing(course(), room()).when(plan_proposed).then(told)
    given(proposed).knowing(course(), room()).when(plan_proposed).then_state(
        need=NEED, proposed_on=on(4, 1), planned_on=on(5, 4)
    )
    given(proposed).by("afpa").when(Dismiss(reason="no_course", on=on(5, 1))).then(dismissed)
    given(proposed).by("afpa").when(Dismiss(reason="need_withdrawn")).rejected("reason-of-another-role")
    given(proposed).by(PLATFORM).when(Dismiss(reason="need_withdrawn")).then_state(status="dismissed")


@pytest.mark.parametrize(
    ("known", "slug"),
    [
        (None, "course-unknown"),
        (course(body=ANOTHER), "course-of-another-body"),
        (course(withdrawn), "course-not-offered"),
        (course(valid_until=STARTS - timedelta(days=1)), "course-not-valid-then"),
        (course(valid_from=STARTS + timedelta(days=1)), "course-not-valid-then"),
    ],
)
def test_a_session_is_of_a_course_of_its_body_that_is_valid_when_it_starts(known: Any, slug: str) -> None:
    given().knowing(known, room()).when(plan).rejected(slug)
    given(planned).knowing(known).when(Open()).rejected(slug)
    reschedule = Reschedule(**DAYS)
    given(*PASTS["postponed"]).knowing(known, room()).when(reschedule).rejected(slug)


@pytest.mark.parametrize(
    ("romes", "slug"),
    [
        (("H2902", "H2913"), None),
        (("H2916",), None),
        (("H2902", "H2914"), "course-for-other-occupations"),
    ],
    ids=["the occupation among others", "one that was part of it", "others"],
)
def test_what_was_proposed_is_planned_with_a_course_for_its_occupation(
    romes: tuple[str, ...], slug: str | None
) -> None:
    answer = given(proposed).knowing(course(romes=romes), room()).when(plan_proposed)
    if slug is None:
        answer.then_state(romes=romes, need=NEED)
    else:
        answer.rejected(slug)
        assert answer.refusal is not None
        assert answer.refusal.told("en") == "the session was proposed for H2913, and the course leads to H2902, H2914"


def test_a_course_is_valid_on_its_first_and_its_last_day() -> None:
    known = course(valid_from=STARTS, valid_until=STARTS)
    given().knowing(known, room()).when(plan).then(planned)


@pytest.mark.parametrize(
    ("known", "slug"),
    [
        (None, "room-unknown"),
        (BARE, "room-not-open"),
        (room("salle-12", room_retired), "room-not-open"),
        (room(commune="36044"), "room-elsewhere"),
        (room("salle-12", works(on(9, 15), on(9, 16))), "room-closed-then"),
        (room(capacity=11), "room-too-small"),
    ],
)
def test_a_session_is_in_a_room_of_its_commune_that_is_open_then_and_large_enough(known: Any, slug: str) -> None:
    given().knowing(course(), known).when(plan).rejected(slug)
    given(proposed).knowing(course(), known).when(plan_proposed).rejected(slug)
    given(*PASTS["postponed"]).knowing(course(), known).when(Reschedule(**DAYS)).rejected(slug)
    change = ChangeTimetable(**{name: DAYS[name] for name in ("room", "slots", "days_off", "ends_on")})
    given(planned).knowing(known).when(change).rejected(slug)


@pytest.mark.parametrize("days", [(on(9, 9), on(9, 14)), (on(9, 14), on(9, 15)), (on(9, 23), on(9, 30))])
def test_works_on_days_on_which_it_is_not_there_are_none_of_its_business(days: tuple[Any, Any]) -> None:
    given().knowing(course(), room("salle-12", works(*days))).when(plan).then(planned)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"ends_on": STARTS - timedelta(days=1)}, "session-ends-before-it-starts"),
        ({"ends_on": STARTS + timedelta(days=1_097)}, "session-too-long"),
        ({"starts_on": on(9, 7, 2029), "ends_on": on(9, 8, 2029)}, "session-too-far"),
        ({"decision_on": STARTS + timedelta(days=1)}, "decision-after-start"),
        ({"slots": (WeeklySlot(weekdays=("monday",), starts="12:00", ends="12:00"),)}, "slot-reversed"),
        ({"slots": (WeeklySlot(weekdays=("monday",), starts="05:45", ends="12:00"),)}, "slot-at-night"),
        ({"slots": (WeeklySlot(weekdays=("monday",), starts="20:00", ends="23:15"),)}, "slot-at-night"),
        (
            {"slots": (*WEEK, WeeklySlot(weekdays=("friday", "monday"), starts="11:45", ends="13:00"))},
            "slots-overlap",
        ),
        (
            {"slots": (WeeklySlot(weekdays=("sunday",), starts="09:00", ends="10:00"),), "ends_on": on(9, 12)},
            "session-without-slots",
        ),
    ],
)
def test_days_and_hours_hold_together(changes: dict[str, Any], slug: str) -> None:
    known = course(valid_until=on(12, 31, 2029))
    given().knowing(known, room()).when(plan.model_copy(update=changes)).rejected(slug)
    given(*PASTS["postponed"]).knowing(known, room()).when(Reschedule(**{**DAYS, **changes})).rejected(slug)


def test_slots_that_meet_do_not_overlap_and_there_are_so_many_at_most() -> None:
    afternoon = WeeklySlot(weekdays=("monday", "tuesday"), starts="12:00", ends="17:00")
    given().knowing(course(), room()).when(plan.model_copy(update={"slots": (*WEEK, afternoon)})).then_state(
        status="planned"
    )
    hours = tuple(
        WeeklySlot(
            weekdays=("monday", "tuesday", "wednesday", "thursday", "friday"), starts=f"{n:02}:00", ends=f"{n:02}:45"
        )
        for n in range(8, 18)
    )
    ends = STARTS + timedelta(days=7 * MOST_SLOTS // 50 - 3)
    many = plan.model_copy(update={"slots": hours, "ends_on": ends, "days_off": ()})
    given().knowing(course(), room()).when(many).then_state(ends_on=ends)
    more = many.model_copy(update={"ends_on": ends + timedelta(days=7)})
    given().knowing(course(), room()).when(more).rejected("session-too-many-slots")


def test_a_minimum_is_at_most_as_many_as_there_are_seats() -> None:
    above = plan.model_copy(update={"minimum": 13})
    given().knowing(course(), room()).when(above).rejected("minimum-above-seats")
    given(planned).when(ChangeSeats(seats=5, minimum=6)).rejected("minimum-above-seats")


# Seats


def test_seats_change_within_the_room_and_never_below_what_is_taken() -> None:
    changed = SessionSeatsChanged(
        **{**FACTS, "seats": 10, "seats_offered": 10, "minimum": 4},
        status="open",
        seats_before=12,
        minimum_before=2,
    )
    given(planned, opened).when(ChangeSeats(seats=10, minimum=4)).then(changed)
    given(planned, opened).when(ChangeSeats(seats=12, minimum=2)).then()
    given(planned, opened).when(ChangeSeats(seats=13, minimum=2)).rejected("room-too-small")
    full = (planned, opened, taken(1, 1), taken(2, 2))
    given(*full).when(ChangeSeats(seats=1, minimum=1)).rejected("seats-below-admitted")
    given(*full).when(ChangeSeats(seats=2, minimum=1)).then_state(seats=2, minimum=1)


def test_enrolments_tell_who_has_a_seat_each_once_in_any_order_and_of_any_day() -> None:
    given(planned, opened).when(Admit(enrolment=record_id(1), on=on(5, 20))).then(taken(1, 1))
    one = (planned, opened, taken(1, 1))
    given(*one).when(Admit(enrolment=record_id(1))).then()
    given(*one).when(Leave(enrolment=record_id(2))).then()
    freed = SessionSeatFreed(**FACTS, status="open", enrolment=record_id(1))
    given(*one).when(Leave(enrolment=record_id(1))).then(freed)
    given(*one, freed).when(Admit(enrolment=record_id(2), on=on(4, 1))).then_state(
        enrolments=(record_id(2),), effective_on=on(5, 11)
    )
    for status in ("running", "completed", "postponed"):
        given(*PASTS[status]).at(AFTER).when(Admit(enrolment=record_id(1))).then_state(admitted=1, status=status)
    given(*PASTS["cancelled"]).when(Admit(enrolment=record_id(1))).rejected("session-cancelled")


# The day of decision


@pytest.mark.parametrize("past", [(planned,), (planned, opened), (planned, opened, taken(1, 1))])
def test_below_its_minimum_its_cancellation_is_proposed_on_the_day_of_decision(past: tuple[Event, ...]) -> None:
    given(*past).is_due(Due(DECIDED, ProposeCancellation()))
    given(*past).at(at(DECIDED, "00:00")).when(ProposeCancellation(on=DECIDED)).then_state(
        cancellation_proposed_on=DECIDED
    )


def test_what_is_entered_after_its_day_of_decision_is_left_until_the_next_day() -> None:
    entered = DECIDED + timedelta(days=30)
    left = entered + timedelta(days=1)
    now = at(entered, "10:00")
    late = given().knowing(course(), room()).at(now).when(plan).events
    given(*late).is_due(Due(left, ProposeCancellation()))
    given(*late).at(now).knowing(course()).when(Open(on=on(5, 5))).then_state(status="open", decision_on=DECIDED)
    again = given(*PASTS["postponed"]).knowing(course(), room()).at(now).when(Reschedule(**DAYS)).events
    given(*PASTS["postponed"], *again).is_due(Due(left, ProposeCancellation()))
    # On the day itself it is decided as it is on any other.
    prompt = given().knowing(course(), room()).at(at(DECIDED, "10:00")).when(plan).events
    given(*prompt).is_due(Due(DECIDED, ProposeCancellation()))


def test_enough_trainees_need_no_decision() -> None:
    enough = (planned, opened, taken(1, 1), taken(2, 2))
    given(*enough).is_due()
    given(*enough).when(ProposeCancellation()).then()


def test_what_is_proposed_is_cancelled_kept_or_overtaken() -> None:
    facts = {**OFFERED, "status": "open", "admitted": 1, "effective_on": TODAY}
    doubted = SessionCancellationProposed(**facts, decision_on=DECIDED)
    given(planned, opened, taken(1, 1)).when(ProposeCancellation()).then(doubted)
    past = (planned, opened, taken(1, 1), doubted)
    given(*past).is_due()
    given(*past).when(Cancel(reason="below_minimum")).then_state(status="cancelled", cancellation_proposed_on=None)
    given(*past).when(Confirm()).then_state(status="confirmed", cancellation_proposed_on=None)
    given(*past).when(Admit(enrolment=record_id(2))).then_state(cancellation_proposed_on=None)
    given(*past).when(ChangeSeats(seats=12, minimum=1)).then_state(cancellation_proposed_on=None)
    given(*past).when(ChangeSeats(seats=12, minimum=3)).then_state(cancellation_proposed_on=TODAY)
    given(*past, taken(2, 2)).when(Leave(enrolment=record_id(1))).then_state(admitted=1)
    left = given(*past, taken(2, 2)).when(Leave(enrolment=record_id(1))).events
    given(*past, taken(2, 2), *left).is_due(Due(DECIDED, ProposeCancellation()))


# From its first to its last day


def test_what_is_confirmed_begins_and_is_over_by_itself() -> None:
    given(planned, opened).when(Confirm(on=on(5, 25))).then(confirmed)
    given(*PASTS["confirmed"]).is_due(Due(STARTS, Begin()))
    given(*PASTS["confirmed"]).at(at(STARTS, "00:00")).when(Begin(on=STARTS)).then(began)
    given(*PASTS["running"]).is_due(Due(ENDS + timedelta(days=1), Complete()))
    given(*PASTS["running"]).at(AFTER).when(Complete(on=on(9, 23))).then(completed)
    given(*PASTS["completed"]).is_due()
    given(*PASTS["completed"]).holds(*SEATS_MISSING)


def test_a_session_neither_begins_nor_is_over_before_its_day() -> None:
    given(*PASTS["confirmed"]).when(Begin()).rejected("session-not-begun")
    early = Complete(on=ENDS - timedelta(days=1))
    given(*PASTS["running"]).at(AFTER).when(early).rejected("session-not-over")
    given(*PASTS["running"]).at(AFTER).when(Complete(on=ENDS)).then_state(status="completed")


def test_how_it_ended_is_put_right() -> None:
    corrected = SessionCompletionCorrected(
        **{**IT, "seats": 10, "ends_on": on(9, 21), "effective_on": on(9, 30)},
        status="completed",
        seats_before=12,
        ends_on_before=ENDS,
        trainee_hours_before=6_720,
        trainee_hours=5_600,
        reason="typing_error",
    )
    past = given(*PASTS["completed"]).at(AFTER)
    past.when(CorrectCompletion(ends_on=on(9, 21), seats=10, reason="typing_error")).then(corrected)
    past.when(CorrectCompletion(seats=10, reason="typing_error")).then_state(
        seats=10, ends_on=ENDS, trainee_hours=5_600, completed_on=on(9, 23)
    )
    past.when(CorrectCompletion(seats=12, ends_on=ENDS, reason="other")).then()
    before = CorrectCompletion(ends_on=STARTS - timedelta(days=1), reason="other")
    past.when(before).rejected("session-ends-before-it-starts")
    past.when(CorrectCompletion(ends_on=on(10, 1), reason="other")).rejected("ended-after-correction")
    ended = {"status": "completed", "seats_offered": 0}
    two = given(*PASTS["completed"], taken(1, 1, **ended), taken(2, 2, **ended)).at(AFTER)
    two.when(CorrectCompletion(seats=1, reason="other")).rejected("seats-below-admitted")


@pytest.mark.parametrize(("status", "back"), [("planned", "planned"), ("open", "open"), ("confirmed", "open")])
def test_what_is_postponed_frees_its_room_and_comes_back_as_it_was(status: SessionStatus, back: SessionStatus) -> None:
    told = SessionPostponed(
        **{**IT, "effective_on": TODAY}, status="postponed", status_before=status, reason="no_trainer"
    )
    given(*PASTS[status]).when(Postpone(reason="no_trainer")).then(told)
    past = (*PASTS[status], told)
    given(*past).holds(*SEATS_MISSING)
    given(*past).is_due()
    later = {name: day + timedelta(days=28) for name, day in (("starts_on", STARTS), ("ends_on", ENDS))}
    again = SessionRescheduled(
        **{**IT, **later, "seats_offered": 12 if back == "open" else 0, "effective_on": TODAY},
        status=back,
        starts_on_before=STARTS,
        ends_on_before=ENDS,
        decision_on=DECIDED,
        slots=(slot(later["starts_on"], later["ends_on"]),),
        days_off=(on(9, 14),),
    )
    given(*past).knowing(course(), room()).when(Reschedule(**{**DAYS, **later})).then(again)
    given(*past).knowing(course(), room()).when(Reschedule(**{**DAYS, **later})).then_state(
        status=back, reason=None, postponed_on=None, confirmed_on=None, **later
    )


@pytest.mark.parametrize("status", [*HOLDING, "postponed"])
def test_it_is_cancelled_before_it_is_over(status: SessionStatus) -> None:
    told = SessionCancelled(
        **{**IT, "effective_on": on(9, 30)}, status="cancelled", status_before=status, reason="interrupted"
    )
    given(*PASTS[status]).at(AFTER).when(Cancel(reason="interrupted")).then(told)
    given(*PASTS[status], told).is_due()


def test_its_timetable_changes_and_its_first_day_stays() -> None:
    change = ChangeTimetable(room="salle-14", slots=WEEK, ends_on=on(9, 29))
    told = SessionTimetableChanged(
        **{**FACTS, "ends_on": on(9, 29)},
        status="open",
        ends_on_before=ENDS,
        slots=(slot(STARTS, on(9, 29), code="salle-14", capacity=20),),
        days_off=(),
    )
    large = room("salle-14", capacity=20)
    given(planned, opened).knowing(large).when(change).then(told)
    given(planned, opened).knowing(large).when(change).then_state(rooms=("salle-14",), ends_on=on(9, 29))
    same = ChangeTimetable(**{name: DAYS[name] for name in ("room", "slots", "days_off", "ends_on")})
    given(planned, opened).knowing(room()).when(same).then()


# Another room


LOOKED_FOR: dict[str, Any] = {"moving_from": "salle-12", "moving_since": on(9, 8), "moving_until": on(9, 16)}
asked = SessionMoveAsked(**FACTS, **LOOKED_FOR, status="open")


def offered(to: str | None = "salle-14") -> SessionMoveProposed:
    return SessionMoveProposed(**FACTS, **LOOKED_FOR, status="open", moving_to=to, proposed_at=at(TODAY, "12:00"))


OPEN = (planned, opened)
AWAY = (on(9, 8), on(9, 15))
"""The days on which it is there from 8 September to 15 September."""


def test_another_room_is_looked_for_where_it_is_in_the_one_that_closes() -> None:
    ask = AskMove(moving_from="salle-12", moving_since=on(9, 8), moving_until=on(9, 16))
    given(*OPEN).when(ask).then(asked)
    given(*OPEN).when(ask).then_state(moving_from=("salle-12",), room_missing=False)
    given(*OPEN).when(ask.model_copy(update={"moving_from": "salle-13"})).rejected("session-not-in-the-room")
    between = {"moving_since": on(9, 9), "moving_until": on(9, 15)}
    given(*OPEN).when(ask.model_copy(update=between)).rejected("session-not-in-the-room")
    given(*OPEN).when(ask.model_copy(update={"moving_until": on(9, 8)})).rejected("period-reversed")


def test_a_room_that_is_proposed_is_held_beside_the_one_that_it_has() -> None:
    propose = ProposeMove(moving_from="salle-12", moving_to="salle-14")
    given(*OPEN, asked).knowing(room("salle-14")).when(propose).then(offered())
    given(*OPEN, asked, offered()).holds(*SEATS_MISSING, *room_claims(), *room_claims("salle-14", AWAY))
    given(*OPEN, asked, offered()).knowing(room("salle-14")).when(propose).then()
    given(*OPEN).knowing(room("salle-14")).when(propose).then()
    for known, slug in (
        (room("salle-14", capacity=8), "room-too-small"),
        (room("salle-14", works(on(9, 15), on(9, 20))), "room-closed-then"),
        (room("salle-14", room_retired), "room-not-open"),
        (room("salle-14", commune="36044"), "room-elsewhere"),
        (None, "room-unknown"),
    ):
        given(*OPEN, asked).knowing(known).when(propose).rejected(slug)


def test_where_no_room_is_free_that_is_said_and_nothing_is_lost() -> None:
    given(*OPEN, asked).when(ProposeMove(moving_from="salle-12")).then(offered(None))
    given(*OPEN, asked).when(ProposeMove(moving_from="salle-12")).then_state(
        room_missing=True, moving_from=("salle-12",), status="open"
    )
    given(*OPEN, asked, offered(None)).holds(*SEATS_MISSING, *room_claims())


def test_it_moves_for_the_time_that_was_proposed() -> None:
    accept = AcceptMove(moving_from="salle-12", moving_to="salle-14")
    slots = (
        slot(STARTS, on(9, 7)),
        slot(on(9, 8), on(9, 15), code="salle-14"),
        slot(on(9, 16), ENDS),
    )
    told = SessionMoved(
        **FACTS, status="open", moved_from="salle-12", room="salle-14", since=on(9, 8), until=on(9, 16), slots=slots
    )
    past = (*OPEN, asked, offered())
    given(*past).knowing(room("salle-14")).when(accept).then(told)
    given(*past).knowing(room("salle-14")).when(accept).then_state(
        rooms=("salle-12", "salle-14"), moves=(), moving_from=()
    )
    stays = tuple(day for day in MEETS if day not in AWAY)
    given(*past, told).holds(
        *SEATS_MISSING, *room_claims(days=stays[:1]), *room_claims("salle-14", AWAY), *room_claims(days=stays[1:])
    )
    given(*past).knowing(room("salle-14", room_retired)).when(accept).rejected("room-not-open")
    given(*past).knowing(room("salle-15")).when(accept.model_copy(update={"moving_to": "salle-15"})).rejected(
        "move-not-proposed"
    )
    given(*OPEN).knowing(room("salle-14")).when(accept).rejected("move-not-proposed")


def test_a_room_that_stays_open_is_kept() -> None:
    dropped = SessionMoveDropped(**FACTS, status="open", moving_from="salle-12", moving_to="salle-14")
    given(*OPEN, asked, offered()).when(DropMove(moving_from="salle-12")).then(dropped)
    given(*OPEN, asked, offered()).when(DropMove(moving_from="salle-12")).then_state(moves=(), moving_from=())
    given(*OPEN).when(DropMove(moving_from="salle-12")).then()


def test_a_human_moves_it_where_no_room_was_found_and_what_is_left_waits_still() -> None:
    past = (*OPEN, asked, offered(None))
    part = Move(moved_from="salle-12", room="salle-20", since=on(9, 8), until=on(9, 9))
    given(*past).knowing(room("salle-20")).when(part).then_state(room_missing=True, moving_from=("salle-12",))
    all_of_it = part.model_copy(update={"until": None})
    given(*past).knowing(room("salle-20")).when(all_of_it).then_state(
        room_missing=False,
        moving_from=(),
        slots=(slot(STARTS, on(9, 7)), slot(on(9, 8), ENDS, code="salle-20")),
    )
    outside = part.model_copy(update={"room": None})
    given(*past).when(outside).then_state(rooms=("salle-12",))
    given(*past).knowing(room("salle-20")).when(part.model_copy(update={"moved_from": None})).rejected(
        "session-not-in-the-room"
    )
    given(*past).knowing(room("salle-20", capacity=3)).when(part).rejected("room-too-small")
    given(*past).knowing(room("salle-20", commune="36044")).when(part).rejected("room-elsewhere")
    given(*past).knowing(room()).when(part.model_copy(update={"room": "salle-12"})).then()


def test_a_larger_room_lets_it_have_more_seats_once_it_is_told_again() -> None:
    again = Move(moved_from="salle-12", room="salle-12", since=STARTS)
    enlarged = room(capacity=20)
    moved = given(*OPEN).knowing(enlarged).when(again).events
    given(*OPEN, *moved).when(ChangeSeats(seats=20, minimum=2)).then_state(seats=20)


def test_its_lines_stay_few() -> None:
    past: list[Event] = [*OPEN]
    for n in range(10):
        move = Move(
            moved_from="salle-12" if n % 2 == 0 else "salle-14",
            room="salle-14" if n % 2 == 0 else "salle-12",
            since=on(9, 8),
            until=on(9, 16),
        )
        past += given(*past).knowing(room(str(move.room))).when(move).events
    state = given(*past).state
    assert state is not None
    assert state.slots == (slot(STARTS, ENDS),)


def test_two_rooms_that_close_are_two_moves() -> None:
    split = Move(moved_from="salle-12", room="salle-14", since=on(9, 21))
    past = [*OPEN, *given(*OPEN).knowing(room("salle-14")).when(split).events]
    for code, since in (("salle-12", on(9, 7)), ("salle-14", on(9, 21))):
        past += given(*past).when(AskMove(moving_from=code, moving_since=since)).events
    past += given(*past).when(ProposeMove(moving_from="salle-14")).events
    state = given(*past).state
    assert state is not None
    assert (state.moving_from, state.room_missing) == (("salle-12", "salle-14"), True)


COMMANDS: dict[Command, set[str]] = {
    PlanProposed(course=COURSE, commune="36088", seats=12, minimum=2, **DAYS): {"proposed"},
    Dismiss(reason="other"): {"proposed"},
    Open(): {"planned"},
    ChangeSeats(seats=10, minimum=2): {*HOLDING},
    ChangeTimetable(room="salle-12", slots=WEEK, ends_on=ENDS): {*HOLDING},
    ProposeCancellation(): {"planned", "open"},
    Confirm(): {"open"},
    Begin(): {"confirmed"},
    Complete(): {"running"},
    CorrectCompletion(seats=10, reason="other"): {"completed"},
    Postpone(reason="other"): {"planned", "open", "confirmed"},
    Reschedule(**DAYS): {"postponed"},
    Cancel(reason="other"): {*HOLDING, "postponed"},
    Admit(enrolment=record_id(1)): {*HOLDING, "postponed", "completed"},
    Leave(enrolment=record_id(1)): {*HOLDING, "postponed", "completed"},
    AskMove(moving_from="salle-12", moving_since=STARTS): {*HOLDING},
    ProposeMove(moving_from="salle-12"): {*HOLDING},
    DropMove(moving_from="salle-12"): {*HOLDING},
    Move(moved_from="salle-12", since=STARTS): {*HOLDING},
}


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_what_is_for_another_status_is_refused(status: str, command: Command) -> None:
    looked_up = {"course": course(), "room": room(), "moving_to": None}
    found = [looked_up[lookup.key] for lookup in sessions.decision(type(command)).looks_up]
    answer = given(*PASTS[status]).at(AFTER).by("afpa").knowing(*found).when(command)
    assert (answer.refusal is None) == (status in COMMANDS[command]), str(answer.refusal)
