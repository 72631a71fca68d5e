"""Bikes that are lent between the railway station and the ZI Limoise: two stations, five bikes, and who borrowed them.

Each bike is lent once: what follows from a loan follows by itself, a moment after it was told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.mobility.bike import CATEGORY as BIKE
from contracts.mobility.bike_station import CATEGORY as STATION
from contracts.mobility.loan import CATEGORY as LOAN
from sample.story import Step, Story

GARE: Final = "gare-velos"
LIMOISE: Final = "limoise-velos"
OPENED: Final = date(2026, 3, 23)
STATIONS: Final = (
    (GARE, "Exemple Gare d'Issoudun, vélos", [1.9874, 46.9496], None, 10),
    (LIMOISE, "Exemple ZI la Limoise, vélos", [1.9660, 46.9525], "zi-limoise", 6),
)
BIKES: Final = (
    ("velo-01", "e_bike", GARE),
    ("velo-02", "e_bike", GARE),
    ("velo-03", "e_bike", LIMOISE),
    ("velo-04", "bike", GARE),
    ("velo-05", "e_cargo_bike", LIMOISE),
)


@dataclass(frozen=True)
class Lent:
    """A loan: of which bike, by whom, on which day, and where and after how many kilometres it ended."""

    bike: str
    family_name: str
    given_name: str
    on: date
    returned_to: str | None
    kilometres: int | None = None


LOANS: Final = (
    Lent("velo-01", "Exemple", "Camille", date(2026, 4, 14), LIMOISE, 4),
    Lent("velo-02", "Exemple", "Dominique", date(2026, 5, 18), GARE, 9),
    Lent("velo-03", "Exemple", "Claude", date(2026, 6, 9), GARE),
    # Whose bike is still waited for.
    Lent("velo-04", "Exemple", "Alix", date(2026, 6, 22), None),
)


def stories() -> list[Story]:
    """Stations, bikes and loans."""
    return [Story("bikes", [*_stations(), *_bikes(), *_loans()])]


def _stations() -> Iterator[Step]:
    for code, name, position, zone, docks in STATIONS:
        told = {"name": name, "position": position, "commune": "36088", "zone": zone, "docks": docks}
        yield Step(date(2025, 11, 17), STATION, code, "plan", {"code": code, **told}, creates=True)
        yield Step(OPENED, STATION, code, "enter-service", {})
    yield Step(date(2026, 6, 1), STATION, LIMOISE, "change-docks", {"docks": 8})


def _bikes() -> Iterator[Step]:
    for code, kind, station in BIKES:
        told = {"code": code, "kind": kind, "station": station}
        yield Step(OPENED, BIKE, code, "commission", told, creates=True)
    yield Step(date(2026, 6, 15), BIKE, "velo-05", "begin-maintenance", {"reason": "battery"})
    yield Step(date(2026, 6, 15), BIKE, "velo-05", "report-range", {"metres_left": 3_000})


def _loans() -> Iterator[Step]:
    for number, lent in enumerate(LOANS, 1):
        name = f"loan-{number}"
        person = {
            "family_name": lent.family_name,
            "given_name": lent.given_name,
            "email": f"{lent.given_name.lower()}@example.org",
        }
        asked = {"bike": lent.bike, "borrower": person, "due_back": f"{lent.on}T18:30:00+02:00"}
        yield Step(lent.on, LOAN, name, "request", asked, creates=True)
        yield Step(lent.on, LOAN, name, "take", {})
        if lent.returned_to is None:
            yield Step(lent.on, LOAN, name, "mark-overdue", {})
            continue
        yield Step(lent.on, LOAN, name, "return", {"returned_to": lent.returned_to, "kilometres": lent.kilometres})
