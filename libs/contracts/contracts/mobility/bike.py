"""What happens to a bike of the stations [vélo], the stream `bike-<code>`.

Each event says what the bike is and where it stands from then on. Commune and zone are those of the station where it
stands, or else stood last. Who has it is not told: a loan is known by its id.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Event
from contracts.values import BikeCode, BikeRange, BikeStationCode, Commune, RecordId, Trips, Zone

CATEGORY: Final = Category("bike", service="mobility", path="/v1/bikes")

BikeStatus = Literal["in_service", "maintenance", "retired"]
BikeKind = Literal["bike", "e_bike", "cargo_bike", "e_cargo_bike"]
"""The `e_` ones are assisted by a motor."""
BikeMaintenance = Literal["inspection", "repair", "battery", "damage", "other"]
BikeEnd = Literal["worn_out", "lost", "stolen", "sold", "entered_by_mistake", "other"]
BikeCorrection = Literal["typing_error", "late_document", "other"]


class _Bike(Event):
    bike: BikeCode
    kind: BikeKind
    status: BikeStatus
    """What it is from now on. A bike in service that stands nowhere is on loan."""
    station: BikeStationCode | None
    """The station where it stands in a dock from now on, if it does."""
    commune: Commune
    zone: Zone | None
    trips: Trips
    """How many times it has been lent, up to now."""


class BikeCommissioned(_Bike, version=1):
    """The community of communes has got a bike, and lends it from a station."""

    metres_left: BikeRange | None
    """How far its battery assists it; none where it has none."""


class BikeMoved(_Bike, version=1):
    """The community of communes has taken it to another station, or back to one."""

    station_before: BikeStationCode | None


class BikeMaintenanceBegan(_Bike, version=1):
    """It is not lent, and stays in its dock or is taken to the workshop."""

    station_before: BikeStationCode | None
    reason: BikeMaintenance


class BikeMaintenanceEnded(_Bike, version=1):
    """It is lent again."""


class BikeRetired(_Bike, version=1):
    """It is gone for good."""

    station_before: BikeStationCode | None
    reason: BikeEnd


class BikeLeft(_Bike, version=1):
    """A borrower took it out of its dock."""

    loan: RecordId
    station_before: BikeStationCode | None


class BikeBroughtBack(_Bike, version=1):
    """A borrower put it into a dock."""

    loan: RecordId


class BikeLost(_Bike, version=1):
    """It was not brought back from a loan, which was given up."""

    loan: RecordId


class BikeRangeReported(_Bike, Aside, version=1):
    """How far its battery assists it now."""

    metres_left_before: BikeRange
    metres_left: BikeRange


class BikeKindCorrected(_Bike, Correction, version=1):
    """It is of another kind than was recorded."""

    kind_before: BikeKind
    metres_left: BikeRange | None
    reason: BikeCorrection
