"""What the tests of events and bookings begin with: a forum in spring, and a class of a school. All is made up."""

from datetime import date
from typing import Any, Final

from pupils import COMPANY, PLACE, SCHOOL

from contracts import Event
from contracts.youth_events.class_booking import ClassAttended, ClassBookingConfirmed, ClassBookingRequested
from contracts.youth_events.event import (
    ClassAttendance,
    ClassCounted,
    ClassOutcome,
    CompanyTookPart,
    EventBookingCounted,
    EventCancelled,
    EventClosed,
    EventCompanyAdded,
    EventDrafted,
    EventHeld,
    EventOpened,
    EventPublished,
    EventReported,
    LevelAttendance,
)
from youth_events.event import YouthEvent, events

PLANNED_ON: Final = date(2026, 1, 5)
FORUM_DAY: Final = date(2026, 4, 14)
FORUM_ID: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000000f"
BOOKINGS: Final = [f"0190a3c4-5e6f-7a8b-9c0d-0000000000c{number}" for number in range(4)]

FORUM: Final[dict[str, Any]] = {
    "kind": "forum",
    "rome": ("H2902", "H2913"),
    "commune": "36088",
    "day": FORUM_DAY,
    "capacity": 60,
}
TERMS: Final[dict[str, Any]] = {
    **FORUM,
    "title": "Forum des métiers de l'industrie",
    "place": "Halle des expositions",
    "starts": "09:00",
    "ends": "12:00",
    "levels": ("4e", "3e"),
}
DRAFTED: Final = EventDrafted(**TERMS, effective_on=PLANNED_ON)
PUBLISHED: Final = EventPublished(**FORUM, effective_on=PLANNED_ON)
OPENED: Final = EventOpened(**FORUM, closes_on=FORUM_DAY, effective_on=PLANNED_ON)
OPEN: Final = (DRAFTED, PUBLISHED, OPENED)
CLOSED: Final = EventClosed(**FORUM, reason="enough_bookings", booked=0, effective_on=PLANNED_ON)
CANCELLED: Final = EventCancelled(
    **FORUM, status_before="open", booked=0, reason="no_companies", effective_on=PLANNED_ON
)
HELD: Final = EventHeld(**FORUM, booked=0, companies=(), effective_on=FORUM_DAY)
REPORTED: Final = EventReported(
    **FORUM, classes=0, classes_missed=0, attended=0, adults=0, levels_attended=(), effective_on=FORUM_DAY
)
PART: Final[dict[str, Any]] = {
    "kind": "forum",
    "rome": FORUM["rome"],
    "day": FORUM_DAY,
    "company": COMPANY,
    **PLACE,
}
ADDED: Final = EventCompanyAdded(**PART, effective_on=PLANNED_ON)
TOOK_PART: Final = CompanyTookPart(**PART, effective_on=FORUM_DAY)
CAME: Final = ClassAttendance(girls=13, boys=14, untold=1, adults=3)
THIRD_YEAR: Final = LevelAttendance(level="3e", girls=13, boys=14, untold=1)

CLASS: Final[dict[str, Any]] = {
    "event": FORUM_ID,
    "kind": "forum",
    "rome": FORUM["rome"],
    "commune": "36088",
    "day": FORUM_DAY,
    "school": SCHOOL,
    "class_label": "3e B",
    "level": "3e",
    "pupils": 28,
    "adults": 2,
}
REQUESTED: Final = ClassBookingRequested(**CLASS, capacity=60, effective_on=PLANNED_ON)
CONFIRMED: Final = ClassBookingConfirmed(**CLASS, effective_on=PLANNED_ON)
ATTENDED: Final = ClassAttended(**CLASS, attended=28, attendance=CAME, effective_on=FORUM_DAY)


def forum(*more: Event, **changes: Any) -> YouthEvent:
    """A forum that is open for bookings, planned so, and what happened to it since."""
    state = events.fold((DRAFTED.model_copy(update=changes), PUBLISHED, OPENED, *more))
    assert state is not None
    return state


def booked(number: int, outcome: ClassOutcome = "expected", pupils: int = 28) -> ClassCounted:
    """One of the classes that book in their order, and what becomes of it."""
    attendance = CAME if outcome == "attended" else None
    return ClassCounted(booking=BOOKINGS[number], level="3e", pupils=pupils, outcome=outcome, attendance=attendance)


def counted(number: int, before: int, after: int, outcome: ClassOutcome = "expected", **said: Any) -> Event:
    """A class is counted at the forum: how many places are booked before and after, and what more is said."""
    pupils = said.pop("pupils", 28)
    told: dict[str, Any] = {"status": "open", "effective_on": PLANNED_ON, **said}
    return EventBookingCounted(
        **FORUM, counted=booked(number, outcome, pupils), booked_before=before, booked=after, **told
    )
