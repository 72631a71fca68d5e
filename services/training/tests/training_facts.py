"""What the tests of training share: a welding workshop, a course, and a session of it in the autumn."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

from contracts import Event, sample_siret
from contracts.model import PARIS
from contracts.training.course import CourseRegistered, CourseWithdrawn
from contracts.training.room import RoomEnteredService, RoomPlanned, RoomRetired, RoomWorksBegan, RoomWorksPlanned
from contracts.training.session import SessionOpened, SessionPlanned, SessionSlot
from training.course import Course, courses
from training.room import Room, rooms

TODAY: Final = date(2026, 6, 1)
BODY, ANOTHER = sample_siret(0), sample_siret(1)


def record_id(number: int) -> str:
    return f"0190a3c4-5e6f-7a8b-9c0d-{number:012x}"


COURSE, NEED, SESSION = record_id(1), record_id(2), record_id(3)


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def at(day: date, hour: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hour), PARIS)


WORKSHOP: Final[dict[str, Any]] = {"room": "salle-12", "commune": "36088", "capacity": 12, "area": 85}
DESCRIBED: Final[dict[str, Any]] = {"name": "Atelier de soudage", "equipment": ("projector", "welding_booths")}
room_planned: Final = RoomPlanned(**WORKSHOP, **DESCRIBED, status="planned", area_in_service=0, effective_on=on(1, 5))
room_opened: Final = RoomEnteredService(**WORKSHOP, status="in_service", area_in_service=85, effective_on=on(2, 2))
OPEN_ROOM: Final = (room_planned, room_opened)


def room(code: str = "salle-12", *then: Event, **changes: Any) -> Room:
    """A room in service, and what became of it."""
    past = [event.model_copy(update={"room": code, **changes}) for event in (*OPEN_ROOM, *then)]
    state = rooms.fold(past)
    assert state is not None
    return state


def works(since: date, until: date) -> RoomWorksPlanned:
    return RoomWorksPlanned(
        **WORKSHOP,
        status="in_service",
        area_in_service=85,
        closed_from=since,
        closed_until=until,
        effective_on=on(5, 4),
    )


def works_begun(since: date, until: date) -> RoomWorksBegan:
    closed: dict[str, Any] = {"closed_from": since, "closed_until": until, "reviewed_on": until}
    return RoomWorksBegan(**WORKSHOP, status="works", area_in_service=0, **closed, effective_on=since)


room_retired: Final = RoomRetired(
    **WORKSHOP,
    status="retired",
    area_in_service=0,
    status_before="in_service",
    reason="other_use",
    effective_on=on(5, 4),
)
WELDING: Final[dict[str, Any]] = {
    "certification": "RNCP35094",
    "romes": ("H2913", "H2914"),
    "level": 3,
    "hours": 560,
}
registered: Final = CourseRegistered(
    **WELDING,
    body=None,
    title="Soudeur assembleur",
    valid_from=on(1, 1),
    valid_until=on(12, 31, 2027),
    effective_on=on(1, 12),
)
withdrawn: Final = CourseWithdrawn(
    **WELDING,
    body=None,
    valid_from=on(1, 1),
    valid_until=on(12, 31, 2027),
    reason="not_renewed",
    effective_on=on(5, 4),
)


def course(*then: Event, **changes: Any) -> Course:
    state = courses.fold([registered.model_copy(update=changes), *then])
    assert state is not None
    return state


def slot(
    since: date, until: date, *, code: str | None = "salle-12", capacity: int | None = 12, **changes: Any
) -> SessionSlot:
    told = {"weekdays": ("monday", "tuesday"), "starts": "08:30", "ends": "12:00", **changes}
    return SessionSlot(room=code, capacity=capacity, since=since, until=until, **told)


STARTS, ENDS, DECIDED = on(9, 7), on(9, 22), on(7, 15)
"""Three Mondays and Tuesdays."""
IT: Final[dict[str, Any]] = {
    **WELDING,
    "course": COURSE,
    "body": None,
    "need": None,
    "commune": "36088",
    "starts_on": STARTS,
    "ends_on": ENDS,
    "seats": 12,
    "minimum": 2,
    "admitted": 0,
    "seats_offered": 0,
}
TIMETABLE: Final[dict[str, Any]] = {"slots": (slot(STARTS, ENDS),), "days_off": (on(9, 14),)}
planned: Final = SessionPlanned(
    **IT, **TIMETABLE, title="Soudeur assembleur", decision_on=DECIDED, status="planned", effective_on=on(5, 4)
)
OFFERED: Final[dict[str, Any]] = {**IT, "seats_offered": 12}
opened: Final = SessionOpened(**OFFERED, status="open", effective_on=on(5, 11))
MEETS: Final[Sequence[date]] = (on(9, 7), on(9, 8), on(9, 15), on(9, 21), on(9, 22))
"""The days on which it is, without the day off."""
