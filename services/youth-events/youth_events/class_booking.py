"""Schools' bookings for their classes at an event [réservations des établissements] (axis 3).

A school books places for a class, with the adults who come along; they are held from then on, and the network or the
town hall confirms. Once the event was held, the booking tells how many girls and boys came, or that nobody did; that is
corrected where it was counted wrongly. A booking that is cancelled frees its places.

Nobody is named: a class has a label and a level, pupils and adults are counts.
"""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.model import Day
from contracts.values import MOST_PUPILS, ClassLabel, Commune, Pupils, RecordId, Rome, Tally, Uai
from contracts.youth_events.class_booking import (
    CATEGORY,
    AttendanceCorrection,
    ClassAttendanceCorrected,
    ClassAttended,
    ClassBookingCancellation,
    ClassBookingCancelled,
    ClassBookingChanged,
    ClassBookingConfirmed,
    ClassBookingRequested,
    ClassBookingStatus,
    ClassMissed,
)
from contracts.youth_events.event import ClassAttendance, EventKind, EventStatus, Level
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from youth_events.bounds import Plausible
from youth_events.event import (
    ATTENDANCE_MISSING,
    BOOKABLE,
    CAPACITY_BELOW_BOOKED,
    ORGANISERS,
    YouthEvent,
    check_ahead,
    check_since,
    events,
)

BOOKING: Final = ("school", *ORGANISERS)
"""A school for its own classes; who organises the event, for a school."""
PENDING: Final = ("requested", "confirmed")
"""The statuses in which a class is expected."""

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-03-18",
    "event": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "school": "0360024F",
    "class_label": "3e B",
    "level": "3e",
    "pupils": 28,
    "adults": 2,
}
Adults = Annotated[Tally, Field(examples=[2])]


class Request(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """A school books places for a class. They are its own from then on."""

    event: RecordId
    school: Uai
    class_label: ClassLabel
    level: Level
    pupils: Pupils
    adults: Adults
    """Who come with them."""


class ChangeNumbers(Command, json_schema_extra={"examples": [{"on": "2024-04-08", "pupils": 26, "adults": 2}]}):
    """The class has more pupils, or fewer, or others come with it."""

    pupils: Pupils
    adults: Adults


class Confirm(Command):
    """The network or the town hall expects the class."""


class RecordAttendance(Command):
    """The class has come: how many of it."""

    girls: Annotated[Tally, Field(examples=[13])]
    boys: Annotated[Tally, Field(examples=[14])]
    untold: Annotated[Tally, Field(examples=[0])] = 0
    """Pupils who came, and of whom it is not told whether they are girls or boys."""
    adults: Adults
    """Who came with them."""


class RecordNoShow(Command):
    """Nobody of the class has come."""


class CorrectAttendance(RecordAttendance):
    """It had been recorded wrongly how many came. Where nobody did, all are 0."""

    reason: AttendanceCorrection


class Cancel(Command):
    """The school gives the places up, or who organises the event does not expect the class."""

    reason: ClassBookingCancellation


class ClassBooking(State):
    """Places of a class at an event."""

    event: RecordId
    kind: EventKind
    """With what follows: of the event, as when it was booked."""
    rome: tuple[Rome, ...]
    commune: Commune
    day: Day
    capacity: Pupils
    """How many places the event has for all, as when these were booked or changed."""
    school: Uai
    class_label: ClassLabel
    level: Level
    pupils: Pupils
    """How many places it has."""
    adults: Tally
    """How many are to come with them."""
    status: ClassBookingStatus
    attended: Tally = 0
    """How many of its pupils came."""
    attendance: ClassAttendance | None = None
    """None unless some came."""
    requested_on: Day
    confirmed_on: Day | None = None
    recorded_on: Day | None = None
    """The day on which it was recorded whether it came."""
    cancelled_on: Day | None = None
    reason: ClassBookingCancellation | None = None


EVENT_UNKNOWN = Refusal(
    "event-unknown", "there is no event {event}", "il n'y a pas de rencontre {event}", at="event", event=RecordId
)
EVENT_TAKES_NO_BOOKINGS = Refusal(
    "event-takes-no-bookings",
    "no places of the event can be booked or changed: it is {status}",
    "aucune place de la rencontre ne peut être réservée ou changée : son état est « {status} »",
    at="event",
    status=EventStatus,
)
EVENT_NOT_HELD = Refusal(
    "event-not-held",
    "who came is recorded once the event was held; it is {status}",
    "la présence s'enregistre quand la rencontre a eu lieu ; son état est « {status} »",
    status=EventStatus,
)
LEVEL_NOT_EXPECTED = Refusal(
    "level-not-expected",
    "the event is for other levels than {level}: {levels}",
    "la rencontre ne s'adresse pas au niveau « {level} », mais à : {levels}",
    at="level",
    level=Level,
    levels=tuple[Level, ...],
)
TOO_FEW_ADULTS = Refusal(
    "too-few-adults",
    "one adult looks after {most} pupils at most: with {pupils} at least {least} come",
    "un adulte encadre {most} élèves au plus : il en faut au moins {least} pour {pupils} élèves",
    at="adults",
    most=int,
    pupils=Pupils,
    least=int,
)
ADULTS_BEYOND_REASON = Refusal(
    "adults-beyond-reason",
    "{adults} adults with one class are beyond {most}: check whether these are the pupils",
    "{adults} adultes pour une classe dépassent {most} : vérifiez s'il ne s'agit pas des élèves",
    at="adults",
    adults=Tally,
    most=int,
)
NOT_ENOUGH_PLACES = Refusal(
    "not-enough-places",
    "{left} of {limit} places {left:is|are} left",
    "il reste {left} {left:place|places} sur {limit}",
    at="pupils",
    left=int,
    limit=int,
)
CLASS_BOOKED = Refusal(
    "class-booked",
    "this class has a booking for the event already",
    "cette classe a déjà une réservation pour cette rencontre",
    at="class_label",
)
NOBODY_CAME = Refusal(
    "nobody-came",
    "no pupil came: that is recorded as a no-show",
    "aucun élève n'est venu : cela s'enregistre comme une absence",
    at="girls",
)
ADULTS_ALONE = Refusal(
    "adults-alone",
    "no pupil came, so no adult came with them",
    "aucun élève n'est venu, donc aucun adulte ne les a accompagnés",
    at="adults",
)
MORE_THAN_BOOKED = Refusal(
    "more-than-booked",
    "{attended} pupils came, and {pupils} places were booked: at most {most} more are taken for right",
    "{attended} élèves sont venus pour {pupils} places réservées : {most} de plus sont admis au maximum",
    at="girls",
    attended=int,
    pupils=Pupils,
    most=int,
)
DAY_PASSED = Refusal(
    "event-day-passed",
    "the event was on {day}: whether the class came is recorded, and nothing is cancelled",
    "la rencontre avait lieu le {day} : on enregistre si la classe est venue, on n'annule plus",
    day=Day,
)

class_bookings = Decider(
    CATEGORY.name,
    ClassBooking,
    final="cancelled",
    finding=Finding(
        found_by=("status", "event", "school", "level", "kind", "rome", "commune"),
        sorted_by=("day", "pupils"),
        searched_by=("class_label",),
    ),
)


@class_bookings.creates(by=BOOKING, to="requested", day="requested_on", looks_up=Lookup(events, "event"))
def request(command: Request, event: YouthEvent | None, context: Context) -> ClassBookingRequested:
    # To who books, a draft is not there yet.
    if event is None or event.status == "draft":
        raise EVENT_UNKNOWN(event=command.event)
    _check_open(event, command)
    if event.levels and command.level not in event.levels:
        raise LEVEL_NOT_EXPECTED(level=command.level, levels=event.levels)
    _check_adults(command.pupils, command.adults, context)
    return tell(ClassBookingRequested, command, event)


@class_bookings.decides(
    by=BOOKING, when=PENDING, takes=("pupils", "adults", "capacity"), looks_up=Lookup(events, "event")
)
def change_numbers(
    booking: ClassBooking, command: ChangeNumbers, event: YouthEvent | None, context: Context
) -> ClassBookingChanged | tuple[()]:
    if (command.pupils, command.adults) == (booking.pupils, booking.adults):
        return ()
    if event is None:
        raise EVENT_UNKNOWN(event=booking.event)
    _check_open(event, command)
    _check_adults(command.pupils, command.adults, context)
    return tell(ClassBookingChanged, command, booking, capacity=event.capacity)


class_bookings.steps(
    Confirm, ClassBookingConfirmed, by=ORGANISERS, when="requested", to="confirmed", day="confirmed_on"
)


@class_bookings.decides(
    by=BOOKING,
    when="confirmed",
    to="attended",
    day="recorded_on",
    takes=("attended", "attendance"),
    looks_up=Lookup(events, "event"),
)
def record_attendance(
    booking: ClassBooking, command: RecordAttendance, event: YouthEvent | None, context: Context
) -> ClassAttended:
    _check_held(booking, event, command)
    attended, attendance = _came(booking, command, context)
    if attendance is None:
        raise NOBODY_CAME()
    # Who came with them is told there; who was to come stays as it was.
    adults = booking.adults
    return tell(ClassAttended, command, booking, attended=attended, attendance=attendance, adults=adults)


@class_bookings.decides(by=BOOKING, when="confirmed", to="no_show", day="recorded_on", looks_up=Lookup(events, "event"))
def record_no_show(booking: ClassBooking, command: RecordNoShow, event: YouthEvent | None) -> ClassMissed:
    _check_held(booking, event, command)
    return tell(ClassMissed, command, booking)


@class_bookings.decides(by=BOOKING, when=("attended", "no_show"), to=("attended", "no_show"))
def correct_attendance(
    booking: ClassBooking, command: CorrectAttendance, context: Context
) -> ClassAttendanceCorrected | tuple[()]:
    attended, attendance = _came(booking, command, context)
    if attendance == booking.attendance:
        return ()
    check_since(booking.day, command.on)
    return tell(
        ClassAttendanceCorrected,
        command,
        booking,
        attended=attended,
        attendance=attendance,
        adults=booking.adults,
    )


@class_bookings.decides(
    by=(*BOOKING, PLATFORM),
    when=PENDING,
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
    reserves={PLATFORM: ("event_cancelled",)},
)
def cancel(booking: ClassBooking, command: Cancel) -> ClassBookingCancelled:
    expected = booking.status == "confirmed" and command.reason != "event_cancelled"
    if expected and command.on > booking.day:
        raise DAY_PASSED(day=booking.day)
    return tell(ClassBookingCancelled, command, booking)


@class_bookings.evolves
def _(booking: ClassBooking, event: ClassAttendanceCorrected) -> ClassBooking:
    status = "attended" if event.attendance else "no_show"
    return booking.after(event, status=status, attended=event.attended, attendance=event.attendance)


@class_bookings.claims
def _(booking: ClassBooking) -> Iterable[Claim]:
    if booking.status == "cancelled":
        return
    yield Claim(CLASS_BOOKED, f"{booking.event}/{booking.school}/{booking.class_label.lower()}")
    # First what tells how many places are left; then what keeps the event from having fewer.
    yield Claim(NOT_ENOUGH_PLACES, booking.event, amount=booking.pupils, limit=booking.capacity)
    yield Claim(CAPACITY_BELOW_BOOKED, booking.event, amount=booking.pupils, limit=MOST_PUPILS)
    if booking.status in PENDING:
        yield Claim(ATTENDANCE_MISSING, booking.event, limit=MOST_PUPILS)


def _check_open(event: YouthEvent, command: Command) -> None:
    if event.status not in BOOKABLE:
        raise EVENT_TAKES_NO_BOOKINGS(status=event.status)
    check_ahead(event.day, command.on)


def _check_held(booking: ClassBooking, event: YouthEvent | None, command: Command) -> None:
    if event is None or event.status != "held":
        raise EVENT_NOT_HELD(status=event.status if event else "draft")
    check_since(booking.day, command.on)


def _check_adults(pupils: int, adults: int, context: Context) -> None:
    taken_for_right = context.of(Plausible)
    most = taken_for_right.pupils_per_adult
    if adults < (least := -(-pupils // most)):
        raise TOO_FEW_ADULTS(most=most, pupils=pupils, least=least)
    if adults > taken_for_right.most_adults_a_class:
        raise ADULTS_BEYOND_REASON(adults=adults, most=taken_for_right.most_adults_a_class)


def _came(booking: ClassBooking, counts: RecordAttendance, context: Context) -> tuple[int, ClassAttendance | None]:
    """How many pupils came, and who; None where nobody did. Raises Rejected."""
    attended = counts.girls + counts.boys + counts.untold
    if attended == 0:
        if counts.adults:
            raise ADULTS_ALONE()
        return 0, None
    taken_for_right = context.of(Plausible)
    if attended > booking.pupils + (most := taken_for_right.most_beyond_booked):
        raise MORE_THAN_BOOKED(attended=attended, pupils=booking.pupils, most=most)
    if counts.adults > taken_for_right.most_adults_a_class:
        raise ADULTS_BEYOND_REASON(adults=counts.adults, most=taken_for_right.most_adults_a_class)
    said = counts.model_dump(include={*ClassAttendance.model_fields})
    return attended, ClassAttendance(**said)
