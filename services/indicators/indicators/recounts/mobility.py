"""Carpool areas and bike parkings: each is replayed as how many places it had from which day on, and whether one could
park there; a correction rewrites the latest of these. A bike is in service as its last event says, and a loan counts
once it is taken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

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
    "bikes_in_service": Stock("bike", _lent_from(1), contributor="bike"),
    "bike_days": Weekly("bike", _lent_from(7), contributor="bike"),
    "bike_loans": Flow("loan", _taken, contributor="bike"),
    "loans_per_bike_and_day": Computed(("bike_days", "bike_loans"), lambda days, lent: ratio(lent, days, "0.0001")),
}
