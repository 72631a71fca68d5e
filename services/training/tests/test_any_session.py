"""Whatever happens to a session in whatever order: it adds up, and what is due on it can always be done."""

import random
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from training_facts import COURSE, DECIDED, ENDS, STARTS, course, on, record_id, room

from contracts.model import PARIS
from eventstore.decider import PLATFORM, Command, Context, State
from eventstore.execution import moment
from eventstore.refusal import Rejected
from training.session import (
    COMING,
    HOLDING,
    OFFERING,
    ROOM_TAKEN,
    AcceptMove,
    Admit,
    AskMove,
    Cancel,
    ChangeSeats,
    ChangeTimetable,
    Confirm,
    CorrectCompletion,
    DropMove,
    Leave,
    Move,
    Open,
    Plan,
    Postpone,
    ProposeMove,
    Reschedule,
    Session,
    sessions,
)
from training.timetable import WeeklySlot

WEEK = (WeeklySlot(weekdays=("monday", "thursday"), starts="08:30", ends="12:00"),)
ROOMS = ("salle-12", "salle-14", None)


def days(chance: random.Random) -> dict[str, Any]:
    starts = STARTS + timedelta(days=chance.randrange(60))
    decided = min(starts, DECIDED + timedelta(days=chance.randrange(60)))
    return {"starts_on": starts, "ends_on": starts + timedelta(days=chance.randrange(7, 60)), "decision_on": decided}


def asked(chance: random.Random) -> Command:
    """A command that may or may not be for the session."""
    timetable: dict[str, Any] = {"room": chance.choice(ROOMS), "slots": WEEK}
    period: dict[str, Any] = {"since": STARTS + timedelta(days=chance.randrange(80))}
    period["until"] = chance.choice((None, period["since"] + timedelta(days=chance.randrange(1, 20))))
    leaving = str(chance.choice(ROOMS[:2]))
    seats = chance.randrange(1, 13)
    commands: tuple[Command, ...] = (
        Open(),
        Confirm(),
        ChangeSeats(seats=seats, minimum=chance.randrange(1, seats + 1)),
        ChangeTimetable(**timetable, ends_on=ENDS + timedelta(days=chance.randrange(30))),
        Postpone(reason="no_trainer"),
        Reschedule(**timetable, **days(chance)),
        *(Admit(enrolment=record_id(chance.randrange(8))) for _ in range(3)),
        Leave(enrolment=record_id(chance.randrange(8))),
        AskMove(moving_from=leaving, moving_since=period["since"], moving_until=period["until"]),
        *(ProposeMove(moving_from=leaving, moving_to=chance.choice(ROOMS)) for _ in range(2)),
        AcceptMove(moving_from=leaving, moving_to=str(chance.choice(ROOMS[:2]))),
        DropMove(moving_from=leaving),
        Move(moved_from=chance.choice(ROOMS), room=chance.choice(ROOMS), **period),
        CorrectCompletion(seats=seats, reason="typing_error"),
        *((Cancel(reason="financing"),) if chance.random() < 0.02 else ()),
    )
    return chance.choice(commands)


def known(command: Command, state: Session | None) -> list[State | None]:
    """What its decision looks up."""
    found: list[State | None] = []
    for lookup in sessions.decision(type(command)).looks_up:
        key = getattr(command if lookup.key in type(command).model_fields else state, lookup.key)
        found.append(None if key is None else course() if lookup.key == "course" else room(key))
    return found


def issue(state: Session | None, command: Command, now: datetime) -> Session:
    """The state that a command leads to, where it does not refuse."""
    context = Context(now, frozenset({"afpa", PLATFORM}))
    events = sessions.decide(state, command, context, known(command, state))
    after = sessions.fold([type(event).model_validate_json(event.model_dump_json()) for event in events], state)
    assert after is not None
    if events:
        sessions.check_status(command, state, after)
        last = events[-1]
        assert (last.admitted, last.seats) == (after.admitted, after.seats)  # type: ignore[attr-defined]
        assert last.status == after.status  # type: ignore[attr-defined]
        assert last.seats_offered == (after.seats if after.status in OFFERING else 0)  # type: ignore[attr-defined]
    return after


def check(state: Session) -> None:
    held = [claim for claim in sessions.claims_of(state) if claim.refusal is ROOM_TAKEN]
    assert not held or state.status in HOLDING
    in_rooms = {slot.room for slot in state.slots if slot.room}
    assert set(state.rooms) == in_rooms
    assert {move.moving_from for move in state.moves} == set(state.moving_from) <= in_rooms
    assert state.status in HOLDING or not state.moves
    by_room: dict[str, list[tuple[datetime, datetime]]] = {}
    for claim in held:
        assert claim.during is not None
        by_room.setdefault(claim.key, []).append(claim.during)
    assert state.minimum is not None
    assert state.minimum <= state.seats or state.status == "completed"
    assert state.cancellation_proposed_on is None or (state.is_below_minimum and state.status in COMING)


@pytest.mark.parametrize("seed", range(60))
def test_any_history_of_a_session_adds_up_and_what_is_due_is_done(seed: int) -> None:
    chance = random.Random(seed)
    today = on(5, 4)
    plan = Plan(course=COURSE, commune="36088", seats=12, minimum=3, room="salle-12", slots=WEEK, **days(chance))
    state = issue(None, plan, noon(today))
    for _ in range(120):
        today += timedelta(days=chance.randrange(4))
        state = overdue(state, today)
        try:
            state = issue(state, asked(chance), noon(today))
        except Rejected:
            continue
        check(state)
        assert sessions.labelling.changes(None, state).labels


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), PARIS)


def overdue(state: Session, today: date) -> Session:
    """The state once all that is due by a day was issued: none of it is refused, and each changes something."""
    for _ in range(10):
        due = [each for each in sessions.due_of(state) if moment(each.at) <= noon(today)]
        if not due:
            return state
        day = max(moment(due[0].at).date(), state.effective_on)
        after = issue(state, due[0].command.model_copy(update={"on": day}), noon(today))
        assert after != state, "it would be due for ever"
        state = after
    raise AssertionError("there is always more due")
