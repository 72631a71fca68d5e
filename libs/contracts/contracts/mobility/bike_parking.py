"""What happens to a bike parking [stationnement cyclable], the stream `bike-parking-<code>`.

Each event says what the parking is and how many places it has from then on. What corrects its places says on which days
it was in service with as many as had been recorded, so that figures of these days can be put right.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.mobility.parking import DescriptionCorrection, ParkingEnd, PlacesCorrection
from contracts.model import Correction, Day, Detail, Event, Model
from contracts.values import (
    BikeParkingCode,
    CalendarYear,
    Commune,
    OsmId,
    ParkingPlaces,
    Position,
    ShortText,
    SomePlaces,
    WebAddress,
    Zone,
)

CATEGORY: Final = Category("bike-parking", service="mobility", path="/v1/bike-parkings")

BikeParkingStatus = Literal["planned", "in_service", "removed"]
BikeFastening = Literal["wheel", "frame", "frame_and_wheel", "none"]
"""What a bike is locked by. This and the next three are those of the national schema of bicycle parking 1.1.2
(`data/mobility`), in English."""
BikeRack = Literal[
    "hoop", "wheel_rack", "double_deck", "hook", "handlebar_holder", "bollard", "large_bike_hoop", "none", "other"
]
"""What it is locked to."""
BikeParkingAccess = Literal["free_access", "subscription", "private"]
"""`subscription`: for those who have subscribed or registered before."""
BikeProtection = Literal["open", "shared_shelter", "single_box", "other"]
"""`shared_shelter` and `single_box` can be locked."""


class BikeParkingFacts(Model):
    """What is told of a bike parking beside how many places it has, as far as it is known."""

    name: ShortText
    position: Position
    """Its middle."""
    fastening: BikeFastening
    rack: BikeRack | None
    access: BikeParkingAccess | None
    free_of_charge: bool | None
    protection: BikeProtection | None
    covered: bool | None
    """Whether it is sheltered from rain, snow and hail."""
    watched: bool | None
    """Whether a guard or cameras watch it."""
    lit: bool | None
    """Whether it is lit at night."""
    website: WebAddress | None
    """Where one subscribes, or reads more."""
    owner: ShortText | None
    """The body whose it is."""
    operator: ShortText | None
    """The body that looks after it."""
    remarks: ShortText | None
    osm_id: OsmId | None
    in_service_since: CalendarYear | None = None
    """The year in which bikes came to park there, where that is told apart from when the platform learnt of it."""


class BikeParkingDescription(BikeParkingFacts, Detail):
    """What is told of a bike parking, as a part of an event."""


class _BikeParking(Event):
    bike_parking: BikeParkingCode
    commune: Commune
    zone: Zone | None
    """The business zone it is in, if it is in one."""
    status: BikeParkingStatus
    """What it is from now on."""
    places: SomePlaces
    """How many bikes may park there from now on."""
    cargo_places: ParkingPlaces
    """How many of the places are for cargo bikes and others that are large."""


class BikeParkingPlanned(_BikeParking, version=1):
    """The community of communes will put up a bike parking."""

    description: BikeParkingDescription


class BikeParkingEnteredService(_BikeParking, version=1):
    """Bikes park there."""


class BikePlacesChanged(_BikeParking, version=1):
    """It has more places from now on, or fewer."""

    places_before: SomePlaces
    cargo_places_before: ParkingPlaces


class BikeParkingRemoved(_BikeParking, version=1):
    """It is gone, or what was planned is given up."""

    reason: ParkingEnd


class BikePlacesCorrected(_BikeParking, Correction, version=1):
    """It has had another number of places than was recorded, since it is in service or they changed."""

    places_before: SomePlaces
    cargo_places_before: ParkingPlaces
    in_service_from: Day | None
    """The first day on which it was in service with the number that was wrong; none where it never was."""
    in_service_until: Day | None
    """The first day on which it was so no more; none where it is so today."""
    reason: PlacesCorrection


class BikeParkingDescriptionCorrected(_BikeParking, Correction, version=1):
    """What is told of it was put right, or has changed."""

    description_before: BikeParkingDescription
    description: BikeParkingDescription
    reason: DescriptionCorrection
