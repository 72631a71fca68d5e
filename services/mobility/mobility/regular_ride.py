"""Regular rides [trajets réguliers]: a driver takes others along on certain days of the week (axis 2).

It is offered from a day until another one, at most a school year. Some days ahead each day becomes a ride of its own,
which passengers ask for seats of; it goes its own way from then on, also where the regular ride is suspended or ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, NamedTuple, get_args

from pydantic import Field, JsonValue

from contracts.mobility.regular_ride import (
    CATEGORY,
    RegularRideEnd,
    RegularRideEnded,
    RegularRideOffered,
    RegularRideResumed,
    RegularRideScheduled,
    RegularRideStatus,
    RegularRideSuspended,
    RideWeekday,
)
from contracts.model import Day, EnteredDay
from contracts.personal import Personal
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
from eventstore.decider import PLATFORM, By, Command, Context, Decider, Due, Keep, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.bounds import Plausible
from mobility.carpool_area import CarpoolArea
from mobility.ride import AT_A_MEETING_POINT, MATCHING, EnteredTerms, Rider, a_year_after, check_terms

WEEKDAYS: Final[tuple[RideWeekday, ...]] = get_args(RideWeekday)
RESERVED: Final[Mapping[By, tuple[RegularRideEnd, ...]]] = {PLATFORM: ("over", "person_erased")}

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "company": "00000001800010",
    "commune": "36088",
    "weekdays": ["monday", "thursday"],
    "departs": "07:20",
    "first": "2024-05-20",
    "until": "2025-04-30",
    "origin": [2.0836, 46.9481],
    "destination": [1.974, 46.952],
    "metres": 14_500,
    "minutes": 20,
    "seats": 2,
    "driver": {"family_name": "Exemple", "given_name": "Camille", "email": "camille@example.org"},
}


class Offer(Command, EnteredTerms, json_schema_extra={"examples": [_EXAMPLE]}):
    """A driver takes others along on certain days of the week."""

    weekdays: Annotated[tuple[RideWeekday, ...], Field(min_length=1, max_length=7)]
    first: EnteredDay
    """The first day on which it may go. What has passed when it is entered is not offered."""
    until: EnteredDay
    """The last one."""
    driver: Personal[Rider]


class Schedule(Command):
    """Some of the days on which it goes are near enough to be offered."""


class Suspend(Command):
    """It does not go for a while. What is offered already stays."""


class Resume(Command):
    """It goes again, from the next day of which it is in time."""


class End(Command):
    """It does not go any more. What is offered already stays."""

    reason: Annotated[RegularRideEnd, Field(examples=["driver_stops"])]


class Finish(Command):
    """Its last day has passed."""


class RegularRide(State):
    """A ride that is offered week by week."""

    driver: Subject
    company: Siret | None
    commune: Commune
    zone: Zone | None
    weekdays: tuple[RideWeekday, ...]
    departs: TimeOfDay
    first: Day
    until: Day
    origin: Position
    destination: Position
    meeting_point: CarpoolAreaCode | None
    metres: RideMetres
    minutes: RideMinutes
    seats: Seats
    status: RegularRideStatus
    next_day: Day | None
    """The next day of which the ride is not scheduled yet."""
    schedules_on: Day | None
    offered_on: Day
    suspended_on: Day | None = None
    ended_on: Day | None = None
    reason: RegularRideEnd | None = None


WEEKDAY_TWICE = Refusal(
    "weekday-twice", "a weekday is named twice", "un jour de la semaine est nommé deux fois", at="weekdays"
)
REGULAR_RIDE_REVERSED = Refusal(
    "regular-ride-reversed",
    "it ends on {until}, before its first day, {first}",
    "il se termine le {until}, avant son premier jour, le {first}",
    at="until",
    first=Day,
    until=Day,
)
REGULAR_RIDE_TOO_LONG = Refusal(
    "regular-ride-too-long",
    "a regular ride goes for {most} days at most, and from {first} to {until} there are more",
    "un trajet régulier dure {most} jours au plus, et il y en a davantage du {first} au {until}",
    at="until",
    most=int,
    first=Day,
    until=Day,
)
REGULAR_RIDE_NEVER_GOES = Refusal(
    "regular-ride-never-goes",
    "until {until} there is no day any more on which it could go",
    "d'ici le {until}, il n'y a plus aucun jour où il pourrait circuler",
    at=("until", "weekdays"),
    until=Day,
)

regular_rides = Decider(
    CATEGORY.name,
    RegularRide,
    final="ended",
    finding=Finding(
        found_by=("status", "weekdays", "company", "commune", "zone", "driver"), sorted_by=("departs", "until")
    ),
)


@regular_rides.creates(by=MATCHING, to="active", day="offered_on", looks_up=AT_A_MEETING_POINT)
def offer(command: Offer, area: CarpoolArea | None, context: Context) -> RegularRideOffered:
    check_terms(command, area)
    if len(set(command.weekdays)) < len(command.weekdays):
        raise WEEKDAY_TWICE()
    if command.until < command.first:
        raise REGULAR_RIDE_REVERSED(first=command.first, until=command.until)
    most = context.of(Plausible).regular_ride_longest_days
    if max(command.until - command.first, command.until - context.today) >= timedelta(days=most):
        raise REGULAR_RIDE_TOO_LONG(most=most, first=command.first, until=command.until)
    following = _following(command, command.first, context)
    if following.day is None:
        raise REGULAR_RIDE_NEVER_GOES(until=command.until)
    return tell(RegularRideOffered, command, **following.told)


@regular_rides.decides(by=PLATFORM, when="active", to=("active", "ended"))
def schedule(
    ride: RegularRide, command: Schedule, context: Context
) -> Sequence[RegularRideScheduled | RegularRideEnded]:
    # Where the platform stood still, what is too late now is passed over, and the next one is offered at once.
    following = _following(ride, ride.next_day or ride.until, context)
    scheduled: list[RegularRideScheduled] = []
    while (day := following.day) and (not scheduled or following.schedules_on == context.today):
        following = _following(ride, day + timedelta(days=1), context)
        scheduled.append(tell(RegularRideScheduled, command, ride, day=day, **following.told))
    return scheduled or (tell(RegularRideEnded, command, ride, reason="over"),)


regular_rides.steps(
    Suspend,
    RegularRideSuspended,
    by=MATCHING,
    when="active",
    to="suspended",
    day="suspended_on",
    clears=("next_day", "schedules_on"),
)


@regular_rides.decides(
    by=MATCHING,
    when="suspended",
    to="active",
    takes=("next_day", "schedules_on"),
    clears=("suspended_on",),
)
def resume(ride: RegularRide, command: Resume, context: Context) -> RegularRideResumed:
    following = _following(ride, ride.first, context)
    if following.day is None:
        raise REGULAR_RIDE_NEVER_GOES(until=ride.until)
    return tell(RegularRideResumed, command, ride, **following.told)


regular_rides.steps(
    End,
    RegularRideEnded,
    by=(*MATCHING, PLATFORM),
    when=("active", "suspended"),
    to="ended",
    day="ended_on",
    takes=("reason",),
    clears=("next_day", "schedules_on"),
    reserves=RESERVED,
)
regular_rides.steps(
    Finish,
    RegularRideEnded,
    by=PLATFORM,
    when=("active", "suspended"),
    to="ended",
    day="ended_on",
    takes=("reason",),
    clears=("next_day", "schedules_on"),
    reason="over",
)


@regular_rides.evolves
def _(ride: RegularRide, event: RegularRideScheduled) -> RegularRide:
    return ride.after(event, next_day=event.next_day, schedules_on=event.schedules_on)


@regular_rides.due
def _(ride: RegularRide) -> Iterable[Due]:
    if ride.schedules_on:
        yield Due(ride.schedules_on, Schedule())
    elif ride.status != "ended":
        yield Due(ride.until + timedelta(days=1), Finish())


@regular_rides.keeps
def _(ride: RegularRide) -> Iterable[Keep]:
    yield Keep(ride.driver, a_year_after(ride.ended_on or ride.until))


class _Following(NamedTuple):
    day: date | None
    schedules_on: date | None

    @property
    def told(self) -> Mapping[str, date | None]:
        """As events tell it."""
        return {"next_day": self.day, "schedules_on": self.schedules_on}


def _following(ride: RegularRide | Offer, since: date, context: Context) -> _Following:
    """The first day from `since` on, and after today, on which it goes, and when that is scheduled."""
    day = max(since, context.today + timedelta(days=1))
    while day <= ride.until and WEEKDAYS[day.weekday()] not in ride.weekdays:
        day += timedelta(days=1)
    if day > ride.until:
        return _Following(None, None)
    ahead = timedelta(days=context.of(Plausible).regular_ride_days_ahead)
    return _Following(day, max(day - ahead, context.today))
