"""What an event asks of streams of this service: another room for each session whose room closes."""

from collections.abc import Iterable, Sequence
from typing import Final

from contracts.model import Day
from contracts.training.room import (
    RoomCorrected,
    RoomMovesAccepted,
    RoomRetired,
    RoomWorksBegan,
    RoomWorksEnded,
    RoomWorksPlanned,
    RoomWorksProlonged,
    RoomWorksUnplanned,
)
from contracts.training.session import SessionMoveAsked
from eventstore.reactions import Found, Identity, Issue, Reactions
from training.room import Room, rooms
from training.session import (
    HOLDING,
    MOVE_NOT_PROPOSED,
    NOT_IN_THE_ROOM,
    ROOM_CLOSED_THEN,
    ROOM_NOT_OPEN,
    ROOM_TAKEN,
    ROOM_TOO_SMALL,
    TIMETABLE_TOO_LONG,
    AcceptMove,
    AskMove,
    DropMove,
    ProposeMove,
    Session,
    sessions,
)
from training.timetable import within

MOST_TRIED: Final = 20
"""Rooms that are tried one after the other."""

reactions = Reactions()

_NOT_FREE: Final = (ROOM_TAKEN, ROOM_CLOSED_THEN, ROOM_NOT_OPEN, ROOM_TOO_SMALL)
"""Why a room cannot be held for a session: another has it, or it is closed or smaller by now."""
_NOT_MOVED: Final = (*_NOT_FREE, MOVE_NOT_PROPOSED, NOT_IN_THE_ROOM, TIMETABLE_TOO_LONG)


@reactions.to(finds=sessions, by={"rooms": "room"}, among={"status": HOLDING})
def ask_for_other_rooms(
    event: RoomWorksPlanned | RoomWorksBegan | RoomWorksProlonged | RoomRetired | RoomCorrected,
    there: Sequence[Found[Session]],
) -> Iterable[Issue]:
    """Whatever is in a room that closes, or has become too small, is to be elsewhere then."""
    since, until = _closed(event)
    for found in there:
        session = found.state
        move = session.pending(event.room)
        fits = isinstance(event, RoomCorrected) and session.seats <= event.capacity
        if not fits and within(session.slots, event.room, since, until, session.days_off):
            if move is None or (move.moving_since, move.moving_until) != (since, until):
                ask = AskMove(moving_from=event.room, moving_since=since, moving_until=until)
                yield Issue(sessions, found.identity, ask, expects=(NOT_IN_THE_ROOM, *sessions.not_for(AskMove)))
        elif move and isinstance(event, RoomWorksPlanned):
            yield _drop(found, event.room)


@reactions.to(finds=rooms, by={"commune": "commune"}, among={"status": ("in_service", "works", "retired")})
def propose_another_room(event: SessionMoveAsked, session: Identity, there: Sequence[Found[Room]]) -> Iterable[Issue]:
    """The smallest room that is large enough and has all that the other one has, where one is free; or else none is."""
    needed = {item for found in there if found.identity == event.moving_from for item in found.state.equipment}
    fitting = [
        found.state
        for found in there
        if found.identity != event.moving_from
        and found.state.status == "in_service"
        and found.state.capacity >= event.seats
        and needed <= {*found.state.equipment}
    ]
    fitting.sort(key=lambda room: (room.capacity, room.room))
    offers = [ProposeMove(moving_from=event.moving_from, moving_to=room.room) for room in fitting[:MOST_TRIED]]
    none = ProposeMove(moving_from=event.moving_from)
    yield Issue(sessions, session, *offers, none, expects=(*_NOT_FREE, *sessions.not_for(ProposeMove)))


@reactions.to(finds=sessions, by={"moving_from": "room"}, among={"status": HOLDING})
def accept_what_is_proposed(event: RoomMovesAccepted, leaving: Sequence[Found[Session]]) -> Iterable[Issue]:
    """Each session moves to the room that was proposed when all were accepted; if that cannot be had, another one is
    looked for."""
    for found in leaving:
        move = found.state.pending(event.room)
        if move is None or move.moving_to is None or not move.proposed_at or move.proposed_at > event.accepted_at:
            continue
        accept = AcceptMove(moving_from=event.room, moving_to=move.moving_to)
        anew = AskMove(moving_from=event.room, moving_since=move.moving_since, moving_until=move.moving_until)
        yield Issue(sessions, found.identity, accept, anew, expects=(*_NOT_MOVED, *sessions.not_for(AcceptMove)))


@reactions.to(finds=sessions, by={"moving_from": "room"}, among={"status": HOLDING})
def drop_what_is_proposed(
    event: RoomWorksUnplanned | RoomWorksEnded, leaving: Sequence[Found[Session]]
) -> Iterable[Issue]:
    """Whatever has not moved yet stays."""
    for found in leaving:
        yield _drop(found, event.room)


def _closed(
    event: RoomWorksPlanned | RoomWorksBegan | RoomWorksProlonged | RoomRetired | RoomCorrected,
) -> tuple[Day, Day | None]:
    """From which day on a room is closed, or too small, and until before which, if that is known."""
    if isinstance(event, RoomRetired | RoomCorrected):
        return event.effective_on, None
    return event.closed_from, event.closed_until


def _drop(found: Found[Session], room: str) -> Issue:
    return Issue(sessions, found.identity, DropMove(moving_from=room), expects=tuple(sessions.not_for(DropMove)))
