"""What happens to a regular ride [trajet régulier], the stream `regular-ride-<id>`.

Each day on which it goes is told by an event of its own some days before, which a ride follows from.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import (
    CarpoolAreaCode,
    Commune,
    Position,
    RideMetres,
    RideMinutes,
    Seats,
    Siret,
    Subject,
    TimeOfDay,
    Zone,
)

CATEGORY: Final = Category("regular-ride", service="mobility", path="/v1/regular-rides", persons=True)

RegularRideStatus = Literal["active", "suspended", "ended"]
RideWeekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
RegularRideEnd = Literal["over", "driver_stops", "other_hours", "entered_by_mistake", "person_erased", "other"]
"""`over`: its last day has passed."""


class _RegularRide(Event):
    commune: Commune
    """With `zone`: where it begins."""
    zone: Zone | None
    company: Siret | None
    """Whose employees it is for, if it is for those of one company."""


class _Going(_RegularRide):
    driver: Subject
    departs: TimeOfDay
    origin: Position
    destination: Position
    meeting_point: CarpoolAreaCode | None
    metres: RideMetres
    minutes: RideMinutes
    seats: Seats
    next_day: Day | None
    """The next day of which the ride is not scheduled yet; none where there is none."""
    schedules_on: Day | None
    """The day on which that is scheduled."""


class RegularRideOffered(_Going, version=1):
    """A driver takes others along on certain days of the week."""

    weekdays: tuple[RideWeekday, ...]
    first: Day
    until: Day
    """The last day on which it may go."""


class RegularRideScheduled(_Going, version=1):
    """It goes on this day."""

    day: Day


class RegularRideSuspended(_RegularRide, version=1):
    """It does not go for a while: nothing more is scheduled. What is scheduled goes on."""


class RegularRideResumed(_RegularRide, version=1):
    """It goes again."""

    next_day: Day | None
    schedules_on: Day | None


class RegularRideEnded(_RegularRide, version=1):
    """It does not go any more. What is scheduled goes on."""

    reason: RegularRideEnd
