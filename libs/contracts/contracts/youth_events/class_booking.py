"""What happens to a school's booking for a class [réservation d'un établissement], the stream `class-booking-<id>`.

A class has places at an event, and comes or not. Nobody is named: pupils and adults are counts.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Event
from contracts.values import ClassLabel, Commune, Pupils, RecordId, Rome, Tally, Uai
from contracts.youth_events.event import ClassAttendance, EventKind, Level

CATEGORY: Final = Category("class-booking", service="youth-events", path="/v1/class-bookings")

ClassBookingStatus = Literal["requested", "confirmed", "attended", "no_show", "cancelled"]
ClassBookingCancellation = Literal[
    "class_unavailable",
    "no_transport",
    "no_adults",
    "unsuitable",
    "entered_by_mistake",
    "event_cancelled",
    "other",
]
AttendanceCorrection = Literal["miscounted", "late_list", "typing_error", "other"]


class _ClassBooking(Event):
    event: RecordId
    kind: EventKind
    """With what follows: of the event, as when it was booked."""
    rome: tuple[Rome, ...]
    commune: Commune
    day: Day
    school: Uai
    class_label: ClassLabel
    level: Level
    pupils: Pupils
    """How many places it has after the event."""
    adults: Tally
    """How many are to come with them."""


class ClassBookingRequested(_ClassBooking, version=1):
    """A school has booked places for a class."""

    capacity: Pupils
    """How many places the event had for all then."""


class ClassBookingChanged(_ClassBooking, version=1):
    """The class has more places, or fewer, or others come with it."""

    capacity: Pupils
    pupils_before: Pupils
    adults_before: Tally


class ClassBookingConfirmed(_ClassBooking, version=1):
    """The network or the town hall expects the class."""


class ClassAttended(_ClassBooking, version=1):
    """The class has come."""

    attended: Tally
    """How many of its pupils."""
    attendance: ClassAttendance


class ClassMissed(_ClassBooking, version=1):
    """Nobody of the class has come."""


class ClassAttendanceCorrected(_ClassBooking, Correction, version=1):
    """How many of the class came, or whether it did, had been recorded wrongly."""

    attended_before: Tally
    attended: Tally
    attendance_before: ClassAttendance | None
    attendance: ClassAttendance | None
    """None where nobody came."""
    reason: AttendanceCorrection


class ClassBookingCancelled(_ClassBooking, version=1):
    """The class does not come, and its places are free."""

    status_before: ClassBookingStatus
    reason: ClassBookingCancellation
