"""Carpool areas and bike parkings: each is replayed as how many places it had from which day on, and whether one could
park there; a correction rewrites the latest of these."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Happened, Held, Recounts, Share, Stock, Stream, held

OPENS: Final = ("CarpoolAreaOpened", "CarpoolAreaReopened", "BikeParkingEnteredService")
CLOSES: Final = ("CarpoolAreaClosed", "BikeParkingRemoved")
STAYS: Final = ("CarpoolAreaPlanned", "CarpoolPlacesChanged", "BikeParkingPlanned", "BikePlacesChanged")
"""Whether one can park there stays as it was."""


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


RECOUNTS: Final[Recounts] = {
    "carpool_areas": _stock("carpool-area", "carpool_area", lambda _: 1),
    "carpool_places": _stock("carpool-area", "carpool_area", lambda moment: moment.places),
    "bike_parking_places": _stock("bike-parking", "bike_parking", lambda moment: moment.places),
}
