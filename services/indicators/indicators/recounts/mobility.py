"""Carpool areas and bike parkings: each is replayed as how many places it had from which day on, and whether one could
park there; a correction rewrites the latest of these. A bike is in service as its last event says, a loan counts
once it is taken, and a ride for what was told of it last."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import (
    Computed,
    Flow,
    Happened,
    Held,
    Recounts,
    Share,
    Stock,
    Stream,
    Weekly,
    held,
    ratio,
)

OPENS: Final = ("CarpoolAreaOpened", "CarpoolAreaReopened", "BikeParkingEnteredService")
CLOSES: Final = ("CarpoolAreaClosed", "BikeParkingRemoved")
STAYS: Final = ("CarpoolAreaPlanned", "CarpoolPlacesChanged", "BikeParkingPlanned", "BikePlacesChanged")
"""Whether one can park there stays as it was."""
PLACED: Final = (
    *("BikeCommissioned", "BikeMoved", "BikeMaintenanceBegan", "BikeMaintenanceEnded", "BikeLeft", "BikeBroughtBack"),
    *("BikeLost", "BikeRetired"),
)
"""What tells where a bike is, and whether it is in service."""


@dataclass
class Moment:
    """What it was from a day on."""

    on: date
    is_open: bool
    places: int


def _replayed(stream: Stream) -> Iterator[Moment]:
    moments: list[Moment] = []
    last: Happened | None = None
    for event in stream:
        if event.type in (*OPENS, *CLOSES, *STAYS):
            is_open = event.type in OPENS or (event.type not in CLOSES and bool(moments) and moments[-1].is_open)
            moments.append(Moment(event.day(), is_open, event.data["places"]))
            last = event
        elif event.type in ("CarpoolPlacesCorrected", "BikePlacesCorrected"):
            # Once it is closed, the number that was wrong is the one before: unless it has changed since.
            at = -2 if last and last.type in CLOSES else -1
            moments[at].places = event.data["places"]
    yield from moments


def _stock(category: str, contributor: str, size: Callable[[Moment], int]) -> Stock:
    """What it comes to while one can park there."""

    def count(stream: Stream) -> Iterator[Held]:
        return held(
            Share(moment.on, stream[0].data, Decimal(size(moment) if moment.is_open else 0))
            for moment in _replayed(stream)
        )

    return Stock(category, count, contributor=contributor)


def _ridden(value: Callable[[dict[str, Any]], float]) -> Flow:
    """What a ride comes to that took place in the end."""

    def count(stream: Stream) -> Iterator[Share]:
        said = [event for event in stream if event.type in ("RideCompleted", "RideOutcomeCorrected")]
        if said and said[-1].data["came"]:
            told = {**said[-1].data, "ride": said[-1].stream}
            if counts := Decimal(str(value(told))):
                yield Share(said[-1].day("day"), told, counts)

    return Flow("ride", count, contributor="ride")


def _lent_from(each: int) -> Callable[[Stream], Iterator[Held]]:
    """A bike, from each event on, as long as it is in service: so much each.

    Streams of parkings and stations begin like those of bikes.
    """

    def count(stream: Stream) -> Iterator[Held]:
        steps = [event for event in stream if event.type in PLACED]
        out = ("maintenance", "retired")
        return held(
            Share(event.day(), event.data, Decimal(0 if event.data["status"] in out else each)) for event in steps
        )

    return count


def _taken(stream: Stream) -> Iterator[Share]:
    for event in stream:
        if event.type == "LoanTaken":
            yield Share(event.day(), event.data, Decimal(1))


RECOUNTS: Final[Recounts] = {
    "carpool_areas": _stock("carpool-area", "carpool_area", lambda _: 1),
    "carpool_places": _stock("carpool-area", "carpool_area", lambda moment: moment.places),
    "bike_parking_places": _stock("bike-parking", "bike_parking", lambda moment: moment.places),
    "bike_parking_per_100_staff": Computed(
        ("headcount", "bike_parking_places"), lambda staff, places: ratio(100 * places, staff, "0.1")
    ),
    "rides": _ridden(lambda _: 1),
    "ride_passengers": _ridden(lambda ride: len(ride["came"])),
    "ride_seats": _ridden(lambda ride: ride["seats"]),
    "seat_occupancy": Computed(
        ("ride_seats", "ride_passengers"), lambda seats, passengers: ratio(passengers, seats, "0.0001")
    ),
    "passenger_km": _ridden(lambda ride: ride["passenger_km"]),
    "co2_avoided_kg": _ridden(lambda ride: ride["co2_avoided_kg"]),
    "bikes_in_service": Stock("bike", _lent_from(1), contributor="bike"),
    "bike_days": Weekly("bike", _lent_from(7), contributor="bike"),
    "bike_loans": Flow("loan", _taken, contributor="bike"),
    "loans_per_bike_and_day": Computed(("bike_days", "bike_loans"), lambda days, lent: ratio(lent, days, "0.0001")),
}
