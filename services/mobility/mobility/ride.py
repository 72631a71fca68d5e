"""Rides [trajets]: somebody who drives to work takes others along (axis 2).

The town hall or the network offers a ride for a driver, a company for its own employees, and asks for a seat for
whoever rides along. A seat that is asked for is taken until the driver's side answers. Once that agrees, both sides
say before departure that they come; afterwards it is told who did, and how each would have travelled otherwise.

Drivers and passengers are known by pseudonyms. Whoever drives or has asked for a seat is expected there: nobody is in
two rides at once, there are 30 minutes between two, and at most 4 a day, whichever car one is in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, JsonValue

from contracts.codes import emission_factor
from contracts.mobility.carpool_area import CarpoolAreaStatus
from contracts.mobility.ride import (
    CATEGORY,
    DriverConfirmed,
    FactorScope,
    Missing,
    Otherwise,
    PassengerAsked,
    PassengerCame,
    PassengerConfirmed,
    PassengerMatched,
    PassengerMissed,
    PassengerRelease,
    PassengerReleased,
    PassengerStatus,
    RideCancellation,
    RideCancelled,
    RideCompleted,
    RideCorrection,
    RideFactor,
    RideMissed,
    RideOffered,
    RideOutcomeCorrected,
    RideSkipped,
    RideStatus,
)
from contracts.model import PARIS, Day, Detail, EnteredDay, Model
from contracts.personal import Person, Personal
from contracts.values import (
    CarbonDioxide,
    CarpoolAreaCode,
    Commune,
    EmailAddress,
    EnteredCommune,
    EnteredZone,
    Moment,
    Ordinal,
    PassengerKilometres,
    PersonName,
    PhoneNumber,
    Position,
    RecordId,
    RideMetres,
    RideMinutes,
    Seats,
    Siret,
    Subject,
    Tally,
    TimeOfDay,
    Zone,
)
from eventstore.decider import PLATFORM, By, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.bounds import Plausible
from mobility.carpool_area import CarpoolArea, carpool_areas

MATCHING: Final = ("network", "town_hall", "company")
"""Who brings drivers and passengers together: a company those of its own."""
SHORTEST: Final = 2_000
"""Metres from which on a ride is one: nearer, people walk or cycle."""
BETWEEN: Final = timedelta(minutes=30)
"""How much time there is between two rides of one person."""
MOST_RIDES: Final = 4
"""Of one person on one day: there and back, twice."""
LATE: Final = timedelta(days=1)
"""How long seats of a ride can be asked for that is entered after its departure."""
MOST_NUMBERS: Final = 1_000
"""Times that somebody may ask for a seat of one ride."""
OPEN: Final = ("offered", "matched", "confirmed")
"""The statuses in which a ride is still to be, or nobody has told how it was."""
RIDES_ALONG: Final[tuple[PassengerStatus, ...]] = ("requested", "matched", "confirmed", "came")
RESERVED: Final[Mapping[By, tuple[RideCancellation, ...]]] = {
    PLATFORM: (
        "nobody_confirmed",
        "not_recorded",
        "driver_in_another_ride",
        "meeting_point_closed",
        "person_erased",
    )
}


class Rider(Person, recognised_by=("family_name", "given_name", "email")):
    """Somebody who drives or rides along."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class EnteredTerms(Model):
    """Where a ride goes and how many it takes, as it is entered."""

    company: Siret | None = None
    """Whose employees it is for, if it is for those of one company."""
    commune: EnteredCommune
    """Where it begins."""
    zone: EnteredZone | None = None
    """The business zone where it begins, if it is in one."""
    departs: Annotated[TimeOfDay, Field(examples=["07:20"])]
    origin: Annotated[Position, Field(examples=[(2.0836, 46.9481)])]
    destination: Position
    meeting_point: CarpoolAreaCode | None = None
    """The code of the carpool area where one meets, if it is one: it is open."""
    metres: RideMetres
    minutes: RideMinutes
    seats: Annotated[Seats, Field(examples=[2])]


_TERMS: Final[dict[str, JsonValue]] = {
    "company": "00000001800010",
    "commune": "36088",
    "departs": "07:20",
    "origin": [2.0836, 46.9481],
    "destination": [1.974, 46.952],
    "metres": 14_500,
    "minutes": 20,
    "seats": 2,
}
_DRIVER: Final[dict[str, JsonValue]] = {
    "family_name": "Exemple",
    "given_name": "Camille",
    "email": "camille@example.org",
}
_EXAMPLE: Final[dict[str, JsonValue]] = {**_TERMS, "day": "2024-05-14", "driver": _DRIVER}
_SCHEDULED: Final[dict[str, JsonValue]] = {
    **_TERMS,
    "day": "2024-05-14",
    "driver": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c60",
    "regular_ride": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0a",
}


class Offer(Command, EnteredTerms, json_schema_extra={"examples": [_EXAMPLE]}):
    """A driver takes others along."""

    day: EnteredDay
    driver: Personal[Rider]


class OfferScheduled(Command, EnteredTerms, json_schema_extra={"examples": [_SCHEDULED]}):
    """A regular ride goes on this day."""

    day: Day
    driver: Subject
    regular_ride: RecordId


class SkipScheduled(OfferScheduled):
    """A regular ride does not go on this day: its driver is in another ride, or its meeting point is closed."""


class Ask(Command, json_schema_extra={"examples": [{"passenger": {**_DRIVER, "given_name": "Dominique"}}]}):
    """Somebody asks to ride along, and has a seat until the driver's side answers."""

    passenger: Personal[Rider]


class Match(Command):
    """The driver's side agrees to a passenger."""

    number: Ordinal


class Release(Command):
    """A passenger does not ride along after all, on the word of either side. The seat is free."""

    number: Ordinal
    reason: PassengerRelease


class ConfirmPassenger(Command):
    """A passenger with whom the driver's side has agreed says that they come."""

    number: Ordinal


class ConfirmDriver(Command):
    """The driver says that the ride takes place, for whoever is agreed to and whoever will be."""


class RecordMissed(Command):
    """A passenger who had confirmed did not come. Where no other did, either, the ride did not take place."""

    number: Ordinal


class RecordDriverMissed(Command):
    """The driver did not come."""


class Came(Model):
    """A passenger who came."""

    number: Ordinal
    otherwise: Annotated[Otherwise, Field(examples=["drove_alone"])]
    """How they would have travelled without the ride."""


class Complete(Command):
    """The ride took place: who came, of all who had confirmed and were not recorded as missing."""

    came: Annotated[tuple[Came, ...], Field(min_length=1, max_length=8)]


class CorrectOutcome(Command):
    """It had been recorded wrongly who came, or how they would have travelled. Who had confirmed and is not named did
    not come; where nobody is, the ride did not take place."""

    came: Annotated[tuple[Came, ...], Field(max_length=8)]
    reason: RideCorrection


class Cancel(Command):
    """It does not take place, and nobody is expected."""

    reason: Annotated[RideCancellation, Field(examples=["driver_unavailable"])]


class Lapse(Command):
    """Somebody has not answered or confirmed in time, or nobody has told how it was."""


class RidePassenger(Detail):
    """Somebody who rides along, or asks to."""

    number: Ordinal
    passenger: Subject
    status: PassengerStatus
    asked_on: Day
    answer_until: Moment
    """Until when the driver's side has to answer."""
    confirmed_on: Day | None = None
    """When the passenger's side said that they come."""
    otherwise: Otherwise | None = None
    """How they would have travelled, once they came."""


class Ride(State):
    """A ride that is offered, or was."""

    driver: Subject
    regular_ride: RecordId | None
    company: Siret | None
    commune: Commune
    zone: Zone | None
    day: Day
    departs: TimeOfDay
    departs_at: Moment
    arrives_at: Moment
    origin: Position
    destination: Position
    meeting_point: CarpoolAreaCode | None
    metres: RideMetres
    minutes: RideMinutes
    seats: Seats
    seats_taken: Tally = 0
    passengers: tuple[Subject, ...] = ()
    """Those who ride along or ask to, in the order in which they asked."""
    places: tuple[RidePassenger, ...] = ()
    """How it stands with each of them."""
    numbers: Tally = 0
    """How many numbers of passengers are given."""
    status: RideStatus
    open_until: Moment
    record_until: Moment
    offered_on: Day | None = None
    """None of a day of a regular ride on which it could not be offered."""
    driver_confirmed_on: Day | None = None
    ended_on: Day | None = None
    """The day on which somebody told how it was, or it was cancelled."""
    missing: Missing | None = None
    came: tuple[PassengerCame, ...] = ()
    passenger_km: PassengerKilometres = 0.0
    co2_avoided_kg: CarbonDioxide = 0.0
    factor: RideFactor | None = None
    corrected_on: Day | None = None
    reason: RideCancellation | None = None

    def place(self, number: int) -> RidePassenger:
        """A passenger of the ride. Raises Rejected."""
        for place in self.places:
            if place.number == number:
                return place
        raise PASSENGER_UNKNOWN(number=number)


RIDE_TOO_SHORT = Refusal(
    "ride-too-short",
    "a ride is {least} metres or longer, and this one has {metres}: so near, one walks or takes a bike",
    "un trajet compte au moins {least} mètres, et celui-ci en compte {metres} : si près, on marche ou on prend un vélo",
    at="metres",
    least=RideMetres,
    metres=RideMetres,
)
RIDE_DEPARTED = Refusal(
    "ride-departed",
    "the ride departed at {departs_at:%Y-%m-%d %H:%M}: this is for the time before",
    "le trajet est parti le {departs_at:%d/%m/%Y à %H:%M} : ceci se fait avant",
    departs_at=Moment,
)
RIDE_NOT_DEPARTED = Refusal(
    "ride-not-departed",
    "the ride departs at {departs_at:%Y-%m-%d %H:%M}: how it was is told afterwards",
    "le trajet part le {departs_at:%d/%m/%Y à %H:%M} : ce qu'il en a été se dit après",
    departs_at=Moment,
)
RIDE_TOO_FAR_AHEAD = Refusal(
    "ride-too-far-ahead",
    "rides are offered {most} days ahead at most, and this one is on {day}",
    "les trajets se proposent {most} jours à l'avance au plus, et celui-ci est le {day}",
    at="day",
    most=int,
    day=Day,
)
MEETING_POINT_UNKNOWN = Refusal(
    "meeting-point-unknown",
    "there is no carpool area {meeting_point}",
    "il n'y a pas d'aire de covoiturage {meeting_point}",
    at="meeting_point",
    meeting_point=CarpoolAreaCode,
)
MEETING_POINT_NOT_OPEN = Refusal(
    "meeting-point-not-open",
    "one meets at carpool areas that are open; {meeting_point} is {status}",
    "on se retrouve sur les aires de covoiturage ouvertes ; l'état de {meeting_point} est « {status} »",
    at="meeting_point",
    meeting_point=CarpoolAreaCode,
    status=CarpoolAreaStatus,
)
DRIVER_IS_PASSENGER = Refusal(
    "driver-is-passenger",
    "who drives is no passenger of the same ride",
    "qui conduit n'est pas passager du même trajet",
    at="passenger",
)
PASSENGER_TWICE = Refusal(
    "passenger-twice",
    "this person has asked for a seat of this ride already",
    "cette personne a déjà demandé une place de ce trajet",
    at="passenger",
)
RIDE_FULL = Refusal(
    "ride-full",
    "none of the {seats} {seats:seat|seats} of the ride is free: all are taken or asked for",
    "aucune des places du trajet ({seats}) n'est libre : toutes sont prises ou demandées",
    seats=Seats,
)
TOO_OFTEN_ASKED = Refusal(
    "too-often-asked",
    "seats of this ride were asked for {most} times: offer another ride",
    "des places de ce trajet ont été demandées {most} fois : proposez un autre trajet",
    most=int,
)
PASSENGER_UNKNOWN = Refusal(
    "passenger-unknown",
    "there is no passenger {number} of this ride, or none any more",
    "ce trajet n'a pas, ou n'a plus, de passager {number}",
    at="number",
    number=Ordinal,
)
PASSENGER_NOT_IN_STATUS = Refusal(
    "passenger-status",
    "this is for a passenger who is {wanted}, and passenger {number} is {status}",
    "ceci suppose un passager dans l'état « {wanted} », et l'état du passager {number} est « {status} »",
    at="number",
    number=Ordinal,
    wanted=PassengerStatus,
    status=PassengerStatus,
)
NAMED_TWICE = Refusal(
    "came-twice",
    "passenger {number} is named twice",
    "le passager {number} est nommé deux fois",
    at="came",
    number=Ordinal,
)
OUTCOME_MISSING = Refusal(
    "outcome-missing",
    "of passenger {number}, who had confirmed, it is not told how it was: they came, or are recorded as missing before",
    "on ne dit rien du passager {number}, qui avait confirmé : il est venu, ou son absence s'enregistre avant",
    at="came",
    number=Ordinal,
)
HAD_NOT_CONFIRMED = Refusal(
    "had-not-confirmed",
    "passenger {number} had not confirmed, or was recorded as missing, and is not among those who came",
    "le passager {number} n'avait pas confirmé, ou son absence est enregistrée : il n'est pas parmi les présents",
    at="came",
    number=Ordinal,
)
CORRECTED_BEFORE_THE_RIDE = Refusal(
    "corrected-before-the-ride",
    "the ride was on {day}, and how it was is not corrected before that",
    "le trajet a eu lieu le {day} et ne se rectifie pas avant",
    at="on",
    day=Day,
)
IN_ANOTHER_RIDE = Refusal(
    "in-another-ride",
    "nobody is in two rides at once, and between two of one person there are 30 minutes at least: this person is "
    "expected in another ride then",
    "nul n'est dans deux trajets à la fois, et au moins 30 minutes séparent deux trajets d'une personne : celle-ci est "
    "attendue dans un autre trajet à ce moment",
    at=("passenger", "driver"),
)
TOO_MANY_RIDES = Refusal(
    "too-many-rides",
    "one person drives or rides along {limit} times a day at most, and is expected in {taken} rides on that day",
    "une personne fait au plus {limit} trajets par jour, et celle-ci est attendue dans {taken} trajets ce jour-là",
    at=("passenger", "driver"),
    limit=int,
    taken=int,
)

rides = Decider(
    CATEGORY.name,
    Ride,
    final="cancelled",
    finding=Finding(
        found_by=("status", "day", "company", "commune", "zone", "driver", "passengers", "regular_ride"),
        sorted_by=("departs_at",),
    ),
)

AT_A_MEETING_POINT: Final = Lookup(carpool_areas, "meeting_point")


@rides.creates(by=MATCHING, to="offered", day="offered_on", looks_up=AT_A_MEETING_POINT)
def offer(command: Offer, area: CarpoolArea | None, context: Context) -> RideOffered:
    departs_at, arrives_at = _times(command)
    check_terms(command, area)
    if command.day < command.on or (command.on == context.today and departs_at <= context.now):
        raise RIDE_DEPARTED(departs_at=departs_at)
    most = context.of(Plausible).ride_days_ahead
    if command.day > context.today + timedelta(days=most):
        raise RIDE_TOO_FAR_AHEAD(most=most, day=command.day)
    return tell(RideOffered, command, regular_ride=None, **_moments(departs_at, arrives_at, context))


@rides.creates(by=PLATFORM, to="offered", day="offered_on", looks_up=AT_A_MEETING_POINT)
def offer_scheduled(command: OfferScheduled, area: CarpoolArea | None, context: Context) -> RideOffered:
    departs_at, arrives_at = _times(command)
    check_terms(command, area)
    if departs_at <= context.now:
        raise RIDE_DEPARTED(departs_at=departs_at)
    return tell(RideOffered, command, **_moments(departs_at, arrives_at, context))


@rides.creates(by=PLATFORM, to="cancelled", day="ended_on", looks_up=AT_A_MEETING_POINT)
def skip_scheduled(command: SkipScheduled, area: CarpoolArea | None, context: Context) -> RideSkipped:
    closed = command.meeting_point is not None and (area is None or area.status != "open")
    reason: RideCancellation = "meeting_point_closed" if closed else "driver_in_another_ride"
    return tell(RideSkipped, command, reason=reason, **_moments(*_times(command), context))


@rides.decides(by=MATCHING, when=OPEN)
def ask(ride: Ride, command: Ask, context: Context) -> PassengerAsked:
    _check_before_departure(ride, command, context)
    subject = command.passenger.subject
    if subject == ride.driver:
        raise DRIVER_IS_PASSENGER()
    if subject in ride.passengers:
        raise PASSENGER_TWICE()
    if ride.seats_taken >= ride.seats:
        raise RIDE_FULL(seats=ride.seats)
    if ride.numbers >= MOST_NUMBERS:
        raise TOO_OFTEN_ASKED(most=MOST_NUMBERS)
    hours = timedelta(hours=context.of(Plausible).ride_hours_to_answer)
    answer_until = ride.departs_at - hours
    if answer_until <= context.now:
        answer_until = ride.open_until
    return tell(PassengerAsked, command, ride, number=ride.numbers + 1, answer_until=answer_until)


@rides.decides(by=MATCHING, when=OPEN, to=("matched", "confirmed"))
def match(ride: Ride, command: Match, context: Context) -> PassengerMatched | tuple[()]:
    _check_before_departure(ride, command, context)
    place = ride.place(command.number)
    if place.status != "requested":
        return ()
    return tell(PassengerMatched, command, ride, passenger=place.passenger)


@rides.decides(
    by=(*MATCHING, PLATFORM),
    when=OPEN,
    to=OPEN,
    reserves={PLATFORM: ("not_answered", "not_confirmed", "person_erased")},
)
def release(ride: Ride, command: Release, context: Context) -> PassengerReleased:
    _check_before_departure(ride, command, context)
    return tell(PassengerReleased, command, ride, passenger=ride.place(command.number).passenger)


@rides.decides(by=MATCHING, when=("matched", "confirmed"), to=("matched", "confirmed"))
def confirm_passenger(ride: Ride, command: ConfirmPassenger, context: Context) -> PassengerConfirmed | tuple[()]:
    _check_before_departure(ride, command, context)
    place = ride.place(command.number)
    if place.confirmed_on:
        return ()
    if place.status != "matched":
        raise PASSENGER_NOT_IN_STATUS(number=place.number, wanted="matched", status=place.status)
    return tell(PassengerConfirmed, command, ride, passenger=place.passenger)


@rides.decides(by=MATCHING, when="matched", to=("matched", "confirmed"))
def confirm_driver(ride: Ride, command: ConfirmDriver, context: Context) -> DriverConfirmed | tuple[()]:
    _check_before_departure(ride, command, context)
    return () if ride.driver_confirmed_on else tell(DriverConfirmed, command, ride)


@rides.decides(by=MATCHING, when="confirmed", to=("confirmed", "no_show"))
def record_missed(ride: Ride, command: RecordMissed, context: Context) -> Sequence[PassengerMissed | RideMissed]:
    _check_departed(ride, command, context)
    place = ride.place(command.number)
    if place.status != "confirmed":
        raise PASSENGER_NOT_IN_STATUS(number=place.number, wanted="confirmed", status=place.status)
    missed = tell(PassengerMissed, command, ride, passenger=place.passenger)
    if any(other.status == "confirmed" for other in ride.places if other != place):
        return (missed,)
    return missed, tell(RideMissed, command, ride, missing="passengers")


@rides.decides(by=MATCHING, when="confirmed", to="no_show")
def record_driver_missed(ride: Ride, command: RecordDriverMissed, context: Context) -> RideMissed:
    _check_departed(ride, command, context)
    return tell(RideMissed, command, ride, missing="driver")


@rides.decides(by=MATCHING, when="confirmed", to="completed")
def complete(ride: Ride, command: Complete, context: Context) -> RideCompleted:
    _check_departed(ride, command, context)
    expected = {place.number for place in ride.places if place.status == "confirmed"}
    came = _came(command.came, expected)
    for number in sorted(expected - {each.number for each in came}):
        raise OUTCOME_MISSING(number=number)
    return tell(RideCompleted, command, ride, came=came, **_counted(ride, came, _factor(ride.day)))


@rides.decides(by=MATCHING, when=("completed", "no_show"), to=("completed", "no_show"))
def correct_outcome(ride: Ride, command: CorrectOutcome) -> RideOutcomeCorrected | tuple[()]:
    came = _came(command.came, {place.number for place in ride.places if place.confirmed_on})
    if came == ride.came:
        return ()
    if command.on < ride.day:
        raise CORRECTED_BEFORE_THE_RIDE(day=ride.day)
    return tell(
        RideOutcomeCorrected,
        command,
        ride,
        status="completed" if came else "no_show",
        came=came,
        passengers_before=len(ride.came),
        **_counted(ride, came, ride.factor or _factor(ride.day)),
    )


@rides.decides(
    by=(*MATCHING, PLATFORM),
    when=OPEN,
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    reserves=RESERVED,
)
def cancel(ride: Ride, command: Cancel, context: Context) -> RideCancelled:
    _check_before_departure(ride, command, context)
    return tell(RideCancelled, command, ride)


@rides.decides(by=PLATFORM, when=OPEN, to=(*OPEN, "cancelled"))
def lapse(ride: Ride, command: Lapse, context: Context) -> Sequence[PassengerReleased | RideCancelled]:
    if context.now >= ride.record_until:
        return (tell(RideCancelled, command, ride, reason="not_recorded"),)
    if context.now >= ride.open_until and ride.status != "confirmed":
        return (tell(RideCancelled, command, ride, reason="nobody_confirmed"),)
    return [
        tell(
            PassengerReleased,
            command,
            ride,
            number=place.number,
            passenger=place.passenger,
            reason="not_answered" if place.status == "requested" else "not_confirmed",
        )
        for place in ride.places
        if (until := _lapses(ride, place)) and context.now >= until
    ]


@rides.evolves
def _(ride: Ride, event: PassengerAsked) -> Ride:
    place = RidePassenger(
        number=event.number,
        passenger=event.passenger,
        status="requested",
        asked_on=event.effective_on,
        answer_until=event.answer_until,
    )
    return ride.after(event, numbers=event.number, **_standing((*ride.places, place)))


@rides.evolves
def _(ride: Ride, event: PassengerMatched) -> Ride:
    return ride.after(event, **_standing(_changed(ride, event.number, status="matched")))


@rides.evolves
def _(ride: Ride, event: PassengerConfirmed) -> Ride:
    status = "confirmed" if ride.driver_confirmed_on else "matched"
    places = _changed(ride, event.number, status=status, confirmed_on=event.effective_on)
    return ride.after(event, **_standing(places))


@rides.evolves
def _(ride: Ride, event: DriverConfirmed) -> Ride:
    places = tuple(
        place.model_copy(update={"status": "confirmed"}) if place.confirmed_on else place for place in ride.places
    )
    return ride.after(event, driver_confirmed_on=event.effective_on, **_standing(places))


@rides.evolves
def _(ride: Ride, event: PassengerReleased) -> Ride:
    return ride.after(event, **_standing(tuple(place for place in ride.places if place.number != event.number)))


@rides.evolves
def _(ride: Ride, event: PassengerMissed) -> Ride:
    return ride.after(event, places=_changed(ride, event.number, status="no_show"))


@rides.evolves
def _(ride: Ride, event: RideMissed) -> Ride:
    return ride.after(event, status="no_show", missing=event.missing, ended_on=event.effective_on)


@rides.evolves
def _(ride: Ride, event: RideCompleted | RideOutcomeCorrected) -> Ride:
    told = {each.number: each.otherwise for each in event.came}
    places = tuple(
        place.model_copy(
            update={
                "status": "came" if place.number in told else "no_show",
                "otherwise": told.get(place.number),
            }
        )
        for place in ride.places
        if place.confirmed_on
    )
    corrected = isinstance(event, RideOutcomeCorrected)
    return ride.after(
        event,
        status=event.status if isinstance(event, RideOutcomeCorrected) else "completed",
        places=places,
        passengers=tuple(place.passenger for place in places),
        seats_taken=len(places),
        came=event.came,
        passenger_km=event.passenger_km,
        co2_avoided_kg=event.co2_avoided_kg,
        factor=event.factor,
        missing=None if event.came else "passengers",
        ended_on=ride.ended_on if corrected else event.effective_on,
        corrected_on=event.effective_on if corrected else None,
    )


@rides.claims
def _(ride: Ride) -> Iterable[Claim]:
    for subject in _in_it(ride):
        yield Claim(IN_ANOTHER_RIDE, subject, during=(ride.departs_at, ride.arrives_at + BETWEEN))
        yield Claim(TOO_MANY_RIDES, f"{subject}/{ride.day}", limit=MOST_RIDES)


@rides.due
def _(ride: Ride) -> Iterable[Due]:
    if ride.status in OPEN:
        ends = ride.record_until if ride.status == "confirmed" else ride.open_until
        yield Due(min((ends, *(until for place in ride.places if (until := _lapses(ride, place))))), Lapse())


@rides.keeps
def _(ride: Ride) -> Iterable[Keep]:
    for subject in (ride.driver, *ride.passengers):
        yield Keep(subject, a_year_after(ride.day))


def avoided(metres: int, alone: int, kg_per_km: Decimal) -> Decimal:
    """Kilograms of CO2 that so many passengers avoid who would have driven alone, to the gram, half to the even one.

    >>> avoided(14_500, 2, Decimal("0.192"))
    Decimal('5.568')
    """
    return (metres * alone * kg_per_km / 1000).quantize(Decimal("0.001"), ROUND_HALF_EVEN)


def _times(terms: Offer | OfferScheduled) -> tuple[datetime, datetime]:
    """When it departs and arrives. An hour that the clocks of Paris skip is the one that they go to."""
    departs = datetime.combine(terms.day, time.fromisoformat(terms.departs), PARIS).astimezone(UTC)
    return departs.astimezone(PARIS), (departs + timedelta(minutes=terms.minutes)).astimezone(PARIS)


def _moments(departs_at: datetime, arrives_at: datetime, context: Context) -> dict[str, datetime]:
    """When it departs and arrives, and until when it is open and may be recorded: what is entered late, for a day."""
    late = (context.now + LATE).replace(microsecond=0)
    open_until = departs_at if departs_at > context.now else late
    record_until = open_until + timedelta(days=context.of(Plausible).ride_days_to_record)
    return {
        "departs_at": departs_at,
        "arrives_at": arrives_at,
        "open_until": open_until,
        "record_until": record_until,
    }


def check_terms(terms: EnteredTerms, area: CarpoolArea | None) -> None:
    """Refuses what is no ride, and where nobody can meet. Raises Rejected."""
    if terms.metres < SHORTEST:
        raise RIDE_TOO_SHORT(least=SHORTEST, metres=terms.metres)
    if terms.meeting_point is None:
        return
    if area is None:
        raise MEETING_POINT_UNKNOWN(meeting_point=terms.meeting_point)
    if area.status != "open":
        raise MEETING_POINT_NOT_OPEN(meeting_point=terms.meeting_point, status=area.status)


def _check_before_departure(ride: Ride, command: Command, context: Context) -> None:
    """Raises Rejected."""
    if command.on > ride.day or context.now >= ride.open_until:
        raise RIDE_DEPARTED(departs_at=ride.departs_at)


def _check_departed(ride: Ride, command: Command, context: Context) -> None:
    """Raises Rejected."""
    if command.on < ride.day or context.now < ride.departs_at:
        raise RIDE_NOT_DEPARTED(departs_at=ride.departs_at)


def _came(told: tuple[Came, ...], expected: set[int]) -> tuple[PassengerCame, ...]:
    """Those who came, in the order of their numbers. Raises Rejected."""
    came = tuple(
        PassengerCame(number=each.number, otherwise=each.otherwise)
        for each in sorted(told, key=lambda each: each.number)
    )
    for each, following in pairwise(came):
        if each.number == following.number:
            raise NAMED_TWICE(number=each.number)
    for each in came:
        if each.number not in expected:
            raise HAD_NOT_CONFIRMED(number=each.number)
    return came


def _factor(day: date) -> RideFactor:
    """What a car counts for on a day."""
    factor = emission_factor("car", day)
    (scope,) = (each for each in get_args(FactorScope) if each == factor.scope)
    return RideFactor(factor=factor.id, year=factor.year, scope=scope, kg_per_km=float(factor.kg_per_km))


def _counted(ride: Ride, came: tuple[PassengerCame, ...], factor: RideFactor) -> dict[str, object]:
    """What a ride on which these came counts for."""
    alone = sum(each.otherwise == "drove_alone" for each in came)
    return {
        "passengers": len(came),
        "passenger_km": float(Decimal(ride.metres * len(came)) / 1000),
        "co2_avoided_kg": float(avoided(ride.metres, alone, Decimal(str(factor.kg_per_km)))),
        "factor": factor,
    }


def _changed(ride: Ride, number: int, **changes: object) -> tuple[RidePassenger, ...]:
    """All passengers, one of them changed."""
    return tuple(place.model_copy(update=changes) if place.number == number else place for place in ride.places)


def _standing(places: tuple[RidePassenger, ...]) -> dict[str, object]:
    """What a ride is with these passengers."""
    statuses = {place.status for place in places}
    status: Literal["confirmed", "matched", "offered"] = "offered"
    if "confirmed" in statuses or "no_show" in statuses:
        status = "confirmed"
    elif "matched" in statuses:
        status = "matched"
    return {
        "places": places,
        "passengers": tuple(place.passenger for place in places),
        "seats_taken": len(places),
        "status": status,
    }


def _lapses(ride: Ride, place: RidePassenger) -> datetime | None:
    """When a passenger falls away; none where both sides have confirmed."""
    if place.status == "requested":
        return min(place.answer_until, ride.open_until)
    return ride.open_until if place.status == "matched" else None


def _in_it(ride: Ride) -> Iterable[str]:
    """Who is expected in the ride, or was in it."""
    if ride.status == "cancelled" or ride.missing == "driver":
        return
    if ride.status != "no_show":
        yield ride.driver
    yield from (place.passenger for place in ride.places if place.status in RIDES_ALONG)


def a_year_after(day: date) -> date:
    """The same day of the next year; of a leap day the one before."""
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)
