"""What the tests of rides begin with: who drives from Chârost to the ZI la Limoise, and rides along. All made up."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from contracts import sample_siret
from contracts.mobility.carpool_area import (
    CarpoolAreaClosed,
    CarpoolAreaOpened,
    CarpoolAreaPlanned,
    CarpoolDescription,
)
from contracts.mobility.regular_ride import RegularRideOffered
from contracts.mobility.ride import (
    DriverConfirmed,
    PassengerAsked,
    PassengerConfirmed,
    PassengerMatched,
    RideFactor,
    RideOffered,
)
from contracts.model import PARIS
from contracts.personal import Personal
from mobility.ride import Rider

TODAY: Final = date(2026, 1, 5)  # a Monday
DAY: Final = date(2026, 1, 8)
COMPANY: Final = sample_siret(0)
NEIGHBOUR: Final = sample_siret(1)
DRIVER: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000001"
PASSENGER: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000002"
OTHER: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000003"
THIRD: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000004"
REGULAR: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000000a"
FACTOR: Final = RideFactor(factor="car-use-2024", year=2024, scope="use", kg_per_km=0.192)

PLACE: Final[dict[str, Any]] = {"company": COMPANY, "commune": "18055", "zone": None}
ROUTE: Final[dict[str, Any]] = {
    **PLACE,
    "departs": "07:20",
    "origin": (2.0836, 46.9481),
    "destination": (1.974, 46.952),
    "meeting_point": None,
    "metres": 14_500,
    "minutes": 20,
    "seats": 2,
}
ON_THE_DAY: Final[dict[str, Any]] = {**PLACE, "day": DAY, "effective_on": TODAY}


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


def after(moment: datetime, **time: int) -> datetime:
    """So much later, also where the clocks change in between."""
    return (moment.astimezone(UTC) + timedelta(**time)).astimezone(PARIS)


DEPARTS: Final = paris(DAY, 7, 20)
ARRIVES: Final = paris(DAY, 7, 40)
RECORDED_BY: Final = after(DEPARTS, days=30)
ANSWERED_BY: Final = paris(DAY - timedelta(days=1), 19, 20)

OFFERED: Final = RideOffered(
    **ROUTE,
    day=DAY,
    driver=DRIVER,
    regular_ride=None,
    departs_at=DEPARTS,
    arrives_at=ARRIVES,
    open_until=DEPARTS,
    record_until=RECORDED_BY,
    effective_on=TODAY,
)


_AREA: Final[dict[str, Any]] = {
    "carpool_area": "limoise-entree",
    "commune": "36088",
    "zone": "zi-limoise",
    "places": 24,
    "accessible_places": 2,
    "effective_on": TODAY,
}
AREA_PLANNED: Final = CarpoolAreaPlanned(
    **_AREA,
    status="planned",
    description=CarpoolDescription(
        name="Entrée de la ZI la Limoise",
        kind="carpool_area",
        position=(1.974, 46.952),
        address=None,
        lit=None,
        opening_hours=None,
        longest_stay=None,
        owner=None,
        amenities=None,
        national_id=None,
    ),
)
AREA_OPENED: Final = CarpoolAreaOpened(**_AREA, status="open")
AREA_CLOSED: Final = CarpoolAreaClosed(**_AREA, status="closed", reason="works")


def rider(subject: str = DRIVER) -> Personal[Rider]:
    name = {DRIVER: "Camille", PASSENGER: "Dominique", OTHER: "Claude", THIRD: "Sacha"}[subject]
    return Personal(
        Rider(family_name="Exemple", given_name=name, email=f"{name.lower()}@example.org"),
        subject,
    )


def asked(number: int = 1, passenger: str = PASSENGER, **changes: Any) -> PassengerAsked:
    told = {**ON_THE_DAY, "answer_until": ANSWERED_BY, **changes}
    return PassengerAsked(number=number, passenger=passenger, **told)


def matched(number: int = 1, passenger: str = PASSENGER) -> PassengerMatched:
    return PassengerMatched(number=number, passenger=passenger, **ON_THE_DAY)


def confirmed(number: int = 1, passenger: str = PASSENGER) -> PassengerConfirmed:
    return PassengerConfirmed(number=number, passenger=passenger, **ON_THE_DAY)


DRIVER_CONFIRMED: Final = DriverConfirmed(**ON_THE_DAY)
ONE_CONFIRMED: Final = (OFFERED, asked(), matched(), confirmed(), DRIVER_CONFIRMED)
TWO_CONFIRMED: Final = (
    *(OFFERED, asked(), asked(2, OTHER), matched(), matched(2, OTHER)),
    *(confirmed(), confirmed(2, OTHER), DRIVER_CONFIRMED),
)

REGULAR_OFFERED: Final = RegularRideOffered(
    **ROUTE,
    driver=DRIVER,
    weekdays=("monday", "thursday"),
    first=DAY,
    until=date(2026, 1, 20),
    next_day=DAY,
    schedules_on=TODAY,
    effective_on=TODAY,
)
