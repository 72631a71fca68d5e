"""What happens to a carpool area [aire de covoiturage], the stream `carpool-area-<code>`.

Each event says what the area is and how many places it has from then on. What corrects its places says on which days it
was open with as many as had been recorded, so that figures of these days can be put right.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.mobility.parking import DescriptionCorrection, ParkingEnd, PlacesCorrection
from contracts.model import Correction, Day, Detail, Event, Model
from contracts.values import (
    CarpoolAreaCode,
    Commune,
    Minutes,
    NationalCarpoolId,
    OpeningHours,
    ParkingPlaces,
    Position,
    ShortText,
    Zone,
)

CATEGORY: Final = Category("carpool-area", service="mobility", path="/v1/carpool-areas")

CarpoolAreaStatus = Literal["planned", "open", "closed"]
CarpoolAreaKind = Literal[
    "carpool_area", "motorway_exit", "car_park", "supermarket", "park_and_ride", "road_verge", "hitchhiking"
]
"""Those of the national schema of carpool areas 0.2.0 (`data/mobility`), in English."""


class CarpoolFacts(Model):
    """What is told of a carpool area beside how many places it has, as far as it is known."""

    name: ShortText
    kind: CarpoolAreaKind
    position: Position
    """Its entrance."""
    address: ShortText | None
    lit: bool | None
    """Whether it is lit at night."""
    opening_hours: OpeningHours | None
    longest_stay: Minutes | None
    """How long one may park there, in minutes, where that is limited."""
    owner: ShortText | None
    """The public or private body whose the ground is."""
    amenities: ShortText | None
    """What there is: shelter, sanitary facilities, sockets, a bus stop."""
    national_id: NationalCarpoolId | None
    """The number that the national access point has given it."""


class CarpoolDescription(CarpoolFacts, Detail):
    """What is told of a carpool area, as a part of an event."""


class _CarpoolArea(Event):
    carpool_area: CarpoolAreaCode
    commune: Commune
    zone: Zone | None
    """The business zone it is in, if it is in one."""
    status: CarpoolAreaStatus
    """What it is from now on."""
    places: ParkingPlaces
    """How many cars may park there from now on."""
    accessible_places: ParkingPlaces
    """How many of the places are reserved for disabled persons [places PMR]."""


class CarpoolAreaPlanned(_CarpoolArea, version=1):
    """The community of communes will make a carpool area."""

    description: CarpoolDescription


class CarpoolAreaOpened(_CarpoolArea, version=1):
    """People meet there."""


class CarpoolPlacesChanged(_CarpoolArea, version=1):
    """It has more places from now on, or fewer."""

    places_before: ParkingPlaces
    accessible_places_before: ParkingPlaces


class CarpoolAreaClosed(_CarpoolArea, version=1):
    """Nobody parks there any more, for good or for a while; or what was planned is given up."""

    reason: ParkingEnd


class CarpoolAreaReopened(_CarpoolArea, version=1):
    """It is open again."""


class CarpoolPlacesCorrected(_CarpoolArea, Correction, version=1):
    """It has had another number of places than was recorded, since it opened last or they changed."""

    places_before: ParkingPlaces
    accessible_places_before: ParkingPlaces
    open_from: Day | None
    """The first day on which it was open with the number that was wrong; none where it never was."""
    open_until: Day | None
    """The first day on which it was so no more; none where it is so today."""
    reason: PlacesCorrection


class CarpoolDescriptionCorrected(_CarpoolArea, Correction, version=1):
    """What is told of it was put right, or has changed."""

    description_before: CarpoolDescription
    description: CarpoolDescription
    reason: DescriptionCorrection
