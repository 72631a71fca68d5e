"""What happens to a ride [trajet], the stream `ride-<id>`.

A driver and whoever rides along are known by pseudonyms; within a ride passengers are told apart by a number. Each
event says where the ride begins, for whose employees it is if it is for those of one, and on which day it is. Once it
is over, an event says what it counts for.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.values import (
    CarbonDioxide,
    CarpoolAreaCode,
    Commune,
    EmissionFactor,
    EmissionFactorId,
    Moment,
    Ordinal,
    PassengerKilometres,
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

CATEGORY: Final = Category("ride", service="mobility", path="/v1/rides", persons=True)

RideStatus = Literal["offered", "matched", "confirmed", "completed", "no_show", "cancelled"]
"""`matched`: the driver's side has agreed to a passenger; `confirmed`: with one at least both have said that they
come."""
PassengerStatus = Literal["requested", "matched", "confirmed", "came", "no_show"]
Otherwise = Literal["drove_alone", "carpool", "bus_or_train", "bike", "walk", "not_at_all", "other"]
"""How a passenger would have travelled without the ride."""
PassengerRelease = Literal[
    "withdrew", "declined", "changed_plans", "not_answered", "not_confirmed", "person_erased", "other"
]
"""Why somebody does not ride along: `withdrew` is the passenger's word, `declined` the driver's."""
RideCancellation = Literal[
    "driver_unavailable",
    "vehicle_unavailable",
    "no_passengers",
    "entered_by_mistake",
    "nobody_confirmed",
    "not_recorded",
    "driver_in_another_ride",
    "meeting_point_closed",
    "person_erased",
    "other",
]
"""`not_recorded`: nobody said whether it took place."""
Missing = Literal["driver", "passengers"]
"""Who did not come."""
RideCorrection = Literal["typing_error", "late_report", "checked", "other"]
FactorScope = Literal["use"]
"""What a factor counts: to run the vehicle, and not to build it."""


class RideFactor(Detail):
    """The emission factor that a ride is counted by, as it was then."""

    factor: EmissionFactorId
    year: Annotated[int, Field(ge=1990, le=2100, examples=[2024])]
    """The first year that it is for."""
    scope: FactorScope
    kg_per_km: EmissionFactor


class PassengerCame(Detail):
    """A passenger who came."""

    number: Ordinal
    otherwise: Otherwise


class _Ride(Event):
    commune: Commune
    """With `zone`: where it begins."""
    zone: Zone | None
    company: Siret | None
    """Whose employees it is for, if it is for those of one company."""
    day: Day


class _Offered(_Ride):
    driver: Subject
    departs: TimeOfDay
    departs_at: Moment
    arrives_at: Moment
    origin: Position
    destination: Position
    meeting_point: CarpoolAreaCode | None
    """The carpool area where one meets, if it is one."""
    metres: RideMetres
    minutes: RideMinutes
    seats: Seats
    open_until: Moment
    """Until when passengers may ask and be agreed to: its departure, or later where it is entered late."""
    record_until: Moment
    """Until when it may be told whether it took place."""


class RideOffered(_Offered, version=1):
    """A driver takes others along."""

    regular_ride: RecordId | None
    """The regular ride that it is one of, if it is."""


class RideSkipped(_Offered, version=1):
    """A day of a regular ride on which it cannot be offered: it is cancelled as it begins."""

    regular_ride: RecordId
    reason: RideCancellation


class _Passenger(_Ride):
    number: Ordinal
    """Which passenger of the ride, in the order in which they asked. None is given twice."""
    passenger: Subject


class PassengerAsked(_Passenger, version=1):
    """Somebody asks to ride along, and a seat is theirs until the driver's side answers."""

    answer_until: Moment


class PassengerMatched(_Passenger, version=1):
    """The driver's side agrees."""


class PassengerConfirmed(_Passenger, version=1):
    """The passenger's side says that they come."""


class DriverConfirmed(_Ride, version=1):
    """The driver's side says that the ride takes place."""


class PassengerReleased(_Passenger, version=1):
    """They do not ride along, and the seat is free."""

    reason: PassengerRelease


class PassengerMissed(_Passenger, version=1):
    """A passenger did not come."""


class RideMissed(_Ride, version=1):
    """The ride did not take place: the driver did not come, or nobody of the passengers did."""

    seats: Seats
    missing: Missing


class RideCompleted(_Ride, version=1):
    """The ride took place."""

    seats: Seats
    came: tuple[PassengerCame, ...]
    passengers: Tally
    """How many came."""
    passenger_km: PassengerKilometres
    co2_avoided_kg: CarbonDioxide
    """Only of those who would have driven alone: their kilometres by the factor of a car. The driver's car runs with
    them or without, so nothing is taken off for it; who would have come by bus, by bike or not at all avoids
    nothing."""
    factor: RideFactor


class RideCancelled(_Ride, version=1):
    """It does not take place."""

    reason: RideCancellation


class RideOutcomeCorrected(_Ride, Correction, version=1):
    """It had been recorded wrongly who came, or how they would have travelled. Where nobody came, none is named."""

    seats: Seats
    status_before: RideStatus
    status: RideStatus
    came_before: tuple[PassengerCame, ...]
    came: tuple[PassengerCame, ...]
    passengers_before: Tally
    passengers: Tally
    passenger_km_before: PassengerKilometres
    passenger_km: PassengerKilometres
    co2_avoided_kg_before: CarbonDioxide
    co2_avoided_kg: CarbonDioxide
    factor: RideFactor
    reason: RideCorrection
