"""What happens to a bike station [station de vélos], the stream `bike-station-<code>`.

Each event says what the station is and how many docks it has from then on. Which bikes stand in them is told by the
bikes.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.mobility.parking import DescriptionCorrection, ParkingEnd, PlacesCorrection
from contracts.model import Correction, Detail, Event, Model
from contracts.values import BikeStationCode, Commune, Docks, Position, ShortText, Zone

CATEGORY: Final = Category("bike-station", service="mobility", path="/v1/bike-stations")

BikeStationStatus = Literal["planned", "in_service", "closed"]


class BikeStationFacts(Model):
    """What is told of a bike station beside how many docks it has."""

    name: ShortText
    position: Position
    """Its middle."""


class BikeStationDescription(BikeStationFacts, Detail):
    """What is told of a bike station, as a part of an event."""


class _BikeStation(Event):
    bike_station: BikeStationCode
    commune: Commune
    zone: Zone | None
    """The business zone it is in, if it is in one."""
    status: BikeStationStatus
    """What it is from now on."""
    docks: Docks
    """How many it has from now on."""


class BikeStationPlanned(_BikeStation, version=1):
    """The community of communes will put up a bike station."""

    description: BikeStationDescription


class BikeStationEnteredService(_BikeStation, version=1):
    """Bikes are lent and brought back there."""


class BikeDocksChanged(_BikeStation, version=1):
    """It has more docks from now on, or fewer; never fewer than bikes that stand in them."""

    docks_before: Docks


class BikeStationClosed(_BikeStation, version=1):
    """It is gone, or what was planned is given up. No bike stands there."""

    reason: ParkingEnd


class BikeDocksCorrected(_BikeStation, Correction, version=1):
    """It has had another number of docks than was recorded."""

    docks_before: Docks
    reason: PlacesCorrection


class BikeStationDescriptionCorrected(_BikeStation, Correction, version=1):
    """What is told of it was put right, or has changed."""

    description_before: BikeStationDescription
    description: BikeStationDescription
    reason: DescriptionCorrection
