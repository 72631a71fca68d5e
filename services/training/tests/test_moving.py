"""What a room that closes asks of the sessions that are in it, and how timetables move: also at random."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from training_facts import (
    DESCRIBED,
    ENDS,
    OFFERED,
    STARTS,
    TODAY,
    WORKSHOP,
    at,
    on,
    opened,
    planned,
    record_id,
    room,
    room_retired,
    slot,
    works,
    works_begun,
)

from contracts import Event
from contracts.training.room import RoomCorrected, RoomMovesAccepted, RoomWorksEnded, RoomWorksUnplanned
from contracts.training.session import SessionMoveAsked, SessionMoveProposed, SessionSlot
from eventstore.decider import Command
from eventstore.reactions import Found, Identity
from training.reactions import (
    MOST_TRIED,
    accept_what_is_proposed,
    ask_for_other_rooms,
    drop_what_is_proposed,
    propose_another_room,
)
from training.room import Room
from training.session import AcceptMove, AskMove, DropMove, ProposeMove, Session, sessions
from training.timetable import days_of, moved, occurrences, within

SINCE, UNTIL = on(9, 8), on(9, 16)
asked = SessionMoveAsked(
    **{**OFFERED, "effective_on": TODAY},
    status="open",
    moving_from="salle-12",
    moving_since=SINCE,
    moving_until=UNTIL,
)
offered = SessionMoveProposed(**asked.model_dump(), moving_to="salle-14", proposed_at=at(TODAY, "12:00"))


def found(number: int, *then: Event) -> Found[Session]:
    state = sessions.fold((planned, opened, *then))
    assert state is not None
    return Found(record_id(number), state)


def asks(event: Any, *there: Found[Session]) -> list[tuple[str | None, tuple[Command, ...]]]:
    return [(issue.identity, issue.commands) for issue in ask_for_other_rooms(event, there)]


@pytest.mark.parametrize(
    ("event", "since", "until"),
    [
        (works(SINCE, UNTIL), SINCE, UNTIL),
        (works_begun(SINCE, UNTIL), SINCE, UNTIL),
        (room_retired, on(5, 4), None),
    ],
)
def test_what_is_in_a_room_that_closes_is_to_be_elsewhere_then(event: Any, since: date, until: date | None) -> None:
    ask = AskMove(moving_from="salle-12", moving_since=since, moving_until=until)
    assert asks(event, found(1), found(2)) == [(record_id(1), (ask,)), (record_id(2), (ask,))]


def test_what_is_elsewhere_then_or_has_been_asked_already_is_left_alone() -> None:
    assert asks(works(on(9, 9), on(9, 15)), found(1)) == []
    assert asks(works(SINCE, UNTIL), found(1, asked), found(2, asked, offered)) == []


def test_works_that_are_put_off_ask_anew_or_leave_it_where_it_is() -> None:
    later = AskMove(moving_from="salle-12", moving_since=on(9, 21), moving_until=on(9, 30))
    assert asks(works(on(9, 21), on(9, 30)), found(1, asked)) == [(record_id(1), (later,))]
    assert asks(works(on(10, 1), on(10, 30)), found(1, asked)) == [(record_id(1), (DropMove(moving_from="salle-12"),))]


@pytest.mark.parametrize(("capacity", "is_asked"), [(12, False), (11, True)])
def test_a_room_that_was_found_to_be_too_small_is_left(capacity: int, is_asked: bool) -> None:
    said: dict[str, Any] = {**WORKSHOP, **DESCRIBED, "capacity": capacity}
    corrected = RoomCorrected(
        **said,
        status="in_service",
        area_in_service=85,
        name_before=said["name"],
        capacity_before=14,
        area_before=85,
        equipment_before=said["equipment"],
        reason="typing_error",
        effective_on=TODAY,
    )
    ask = AskMove(moving_from="salle-12", moving_since=TODAY)
    assert asks(corrected, found(1)) == ([(record_id(1), (ask,))] if is_asked else [])


def there(code: str, **changes: Any) -> Found[Room]:
    return Found(code, room(code, **changes))


def test_the_smallest_room_with_all_that_the_other_has_is_tried_first() -> None:
    rooms = [
        there("salle-20", capacity=20),
        there("salle-12"),
        there("salle-16", capacity=16),
        there("salle-15", capacity=16, equipment=("welding_booths", "projector", "computers")),
        there("salle-11", capacity=11),
        there("salle-13", equipment=("projector",)),
        Found("salle-30", room("salle-30", room_retired)),
    ]
    (issue,) = propose_another_room(asked, Identity(record_id(1)), rooms)
    tried = ("salle-15", "salle-16", "salle-20", None)
    assert issue.identity == record_id(1)
    assert issue.commands == tuple(ProposeMove(moving_from="salle-12", moving_to=code) for code in tried)


def test_where_there_is_no_other_room_that_is_said_and_of_many_some_are_tried() -> None:
    (issue,) = propose_another_room(asked, Identity(record_id(1)), [there("salle-12")])
    assert issue.commands == (ProposeMove(moving_from="salle-12"),)
    many = [there(f"salle-{n}") for n in range(100, 150)]
    (issue,) = propose_another_room(asked, Identity(record_id(1)), many)
    assert len(issue.commands) == MOST_TRIED + 1


def test_what_was_proposed_by_then_is_accepted_and_else_looked_for_anew() -> None:
    facts: dict[str, Any] = {**WORKSHOP, "status": "works", "area_in_service": 0, "effective_on": TODAY}
    accepted = RoomMovesAccepted(**facts, accepted_at=at(TODAY, "12:00"))
    waiting = (
        found(1, asked),
        found(2, asked, offered),
        found(3, asked, offered.model_copy(update={"moving_to": None})),
    )
    (issue,) = accept_what_is_proposed(accepted, waiting)
    assert issue.identity == record_id(2)
    assert issue.commands == (
        AcceptMove(moving_from="salle-12", moving_to="salle-14"),
        AskMove(moving_from="salle-12", moving_since=SINCE, moving_until=UNTIL),
    )
    earlier = RoomMovesAccepted(**facts, accepted_at=at(TODAY, "11:59"))
    assert [*accept_what_is_proposed(earlier, waiting)] == []


@pytest.mark.parametrize("event", [RoomWorksUnplanned, RoomWorksEnded])
def test_what_has_not_moved_stays_once_the_room_is_open(event: type[RoomWorksUnplanned | RoomWorksEnded]) -> None:
    told = event(**WORKSHOP, status="in_service", area_in_service=85, effective_on=TODAY)
    (issue,) = drop_what_is_proposed(told, [found(1, asked, offered)])
    assert (issue.identity, issue.commands) == (record_id(1), (DropMove(moving_from="salle-12"),))


ROOMS = ("salle-12", "salle-14", "salle-16", None)
OFF = (on(9, 14),)


def counted(slots: tuple[SessionSlot, ...]) -> dict[tuple[Any, Any], str | None]:
    """Where a session is, by when."""
    told = [((each.starts, each.ends), slot.room) for slot, each in occurrences(slots, OFF)]
    assert len({when for when, _ in told}) == len(told), "it is in one room at a time"
    return dict(told)


@pytest.mark.parametrize("seed", range(40))
def test_however_a_session_is_moved_it_has_all_its_hours_each_in_one_room(seed: int) -> None:
    chance = random.Random(seed)
    slots: tuple[SessionSlot, ...] = (
        slot(STARTS, ENDS),
        slot(STARTS, ENDS, starts="13:00", ends="16:00", weekdays=("monday", "wednesday")),
    )
    where = counted(slots)
    for _ in range(20):
        source, target = chance.choice(ROOMS), chance.choice(ROOMS)
        since = STARTS + timedelta(days=chance.randrange(-3, 20))
        until = chance.choice((None, since + timedelta(days=chance.randrange(1, 12))))
        leaving = within(slots, source, since, until, OFF)
        slots = moved(slots, source, target, None, since, until, OFF)
        expected = {
            when: target
            if code == source and since <= when[0].date() and (not until or when[0].date() < until)
            else code
            for when, code in where.items()
        }
        assert sum(1 for part in leaving for _ in days_of(part, OFF)) == sum(
            code == source and since <= when[0].date() and (not until or when[0].date() < until)
            for when, code in where.items()
        )
        where = counted(slots)
        assert where == expected
    assert len(slots) <= len(where)
