"""What the tests of bikes and loans begin with: two stations, a bike, and who borrows it. All of it is made up."""

from datetime import date, datetime
from typing import Any, Final

from contracts import Event
from contracts.mobility.bike import BikeBroughtBack, BikeCommissioned, BikeLeft, BikeLost
from contracts.mobility.bike_station import BikeStationDescription, BikeStationEnteredService, BikeStationPlanned
from contracts.model import PARIS
from contracts.personal import Personal
from mobility.bike import Bike, bikes
from mobility.bike_station import BikeStation, bike_stations
from mobility.loan import Borrower

TODAY: Final = date(2026, 5, 4)
SINCE: Final = date(2026, 3, 2)
"""The day on which the bike was commissioned."""
GARE: Final = "gare-velos"
LIMOISE: Final = "limoise-velos"
BIKE: Final = "velo-07"
LOAN: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000000a"
OTHER_LOAN: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000000b"
BORROWER: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000001"
OTHER_BORROWER: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000002"
AT_GARE: Final[dict[str, Any]] = {"station": GARE, "commune": "36088", "zone": None}
AT_LIMOISE: Final[dict[str, Any]] = {"station": LIMOISE, "commune": "36088", "zone": "zi-limoise"}
NOWHERE: Final[dict[str, Any]] = {**AT_GARE, "station": None}
DESCRIPTION: Final = BikeStationDescription(name="Gare d'Issoudun", position=(1.987, 46.949))


def on_bike(status: str = "in_service", place: dict[str, Any] = AT_GARE, **changes: Any) -> dict[str, Any]:
    """What each event of the bike says."""
    return {
        "bike": BIKE, "kind": "e_bike", "status": status, "trips": 0, **place, "effective_on": TODAY, **changes
    }  # fmt: skip


COMMISSIONED: Final = BikeCommissioned(**on_bike(effective_on=SINCE), metres_left=60_000)
LEFT: Final = BikeLeft(**on_bike(place=NOWHERE, trips=1), loan=LOAN, station_before=GARE)
BROUGHT_BACK: Final = BikeBroughtBack(**on_bike(place=AT_LIMOISE, trips=1), loan=LOAN)
LOST: Final = BikeLost(**on_bike("maintenance", NOWHERE, trips=1), loan=LOAN)


def bike(*events: Event) -> Bike:
    """The bike, standing at the station of the town, and what happened to it since."""
    state = bikes.fold((COMMISSIONED, *events))
    assert state is not None
    return state


def station(place: dict[str, Any] = AT_GARE, *events: Event, docks: int = 10) -> BikeStation:
    """A station that is in service, and what happened to it since."""
    facts = {"bike_station": place["station"], "commune": place["commune"], "zone": place["zone"], "docks": docks}
    planned = BikeStationPlanned(**facts, status="planned", description=DESCRIPTION, effective_on=TODAY)
    opened = BikeStationEnteredService(**facts, status="in_service", effective_on=TODAY)
    state = bike_stations.fold((planned, opened, *events))
    assert state is not None
    return state


def borrower(subject: str = BORROWER) -> Personal[Borrower]:
    told = Borrower(family_name="Exemple", given_name="Dominique", email="emprunt@example.org")
    return Personal(told, subject)


def at(hour: int, minute: int = 0, day: date = TODAY) -> datetime:
    """A moment of a day in Paris."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)
