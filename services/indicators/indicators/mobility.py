"""How employees come to work [mobilité]: where they meet to ride together, and where they park their bikes (axis 2)."""

from collections.abc import Iterator
from typing import Final

from contracts.mobility.bike_parking import (
    BikeParkingEnteredService,
    BikeParkingRemoved,
    BikePlacesChanged,
    BikePlacesCorrected,
)
from contracts.mobility.carpool_area import (
    CarpoolAreaClosed,
    CarpoolAreaOpened,
    CarpoolAreaReopened,
    CarpoolPlacesChanged,
    CarpoolPlacesCorrected,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Stand, levels

PLACE: Final[tuple[Name, ...]] = ("commune", "zone")


@levels(unit="areas", dimensions=PLACE, contributor="carpool_area")
def carpool_areas(event: CarpoolAreaOpened | CarpoolAreaReopened | CarpoolAreaClosed) -> int:
    """Carpool areas that are open.

    How many areas to meet and ride together there are at the end of the day, from the day on which each opens until the
    day before it closes; one that opens again counts again from then on. What is only planned does not count.
    """
    return 1 if event.status == "open" else 0


@levels(unit="places", dimensions=PLACE, contributor="carpool_area")
def carpool_places(
    event: CarpoolAreaOpened | CarpoolAreaReopened | CarpoolAreaClosed | CarpoolPlacesChanged | CarpoolPlacesCorrected,
) -> Iterator[Stand | Corrected]:
    """Places of the carpool areas that are open.

    How many cars may park in the open areas at the end of the day, places for disabled persons included. A corrected
    number replaces the one that was wrong on the days on which the area was open with it. n counts areas.
    """
    match event:
        case CarpoolPlacesCorrected():
            if event.open_from:
                yield Corrected(event.open_from, event.open_until, event.places_before, event.places)
        case _:
            yield Stand(event.places if event.status == "open" else 0)


@levels(unit="places", dimensions=PLACE, contributor="bike_parking")
def bike_parking_places(
    event: BikeParkingEnteredService | BikeParkingRemoved | BikePlacesChanged | BikePlacesCorrected,
) -> Iterator[Stand | Corrected]:
    """Places of the bike parkings in service.

    How many bikes may park at the end of the day, places for large bikes included, from the day on which each parking
    is in service until the day before it is removed. A corrected number replaces the one that was wrong on the days on
    which the parking was in service with it. n counts parkings.
    """
    match event:
        case BikePlacesCorrected():
            if event.in_service_from:
                yield Corrected(event.in_service_from, event.in_service_until, event.places_before, event.places)
        case _:
            yield Stand(event.places if event.status == "in_service" else 0)


CHAPTER: Final = Chapter("mobility", carpool_areas, carpool_places, bike_parking_places)
