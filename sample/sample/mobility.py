"""How employees come to work: two carpool areas, and where bikes are parked at the station and on the ZI Limoise.

One area was made larger, and its places counted anew; the older racks of the station gave way to a shelter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.category import Category
from contracts.mobility.bike_parking import CATEGORY as BIKE_PARKING
from contracts.mobility.carpool_area import CATEGORY as CARPOOL_AREA
from sample.story import Step, Story

Turn = tuple[date, str, Mapping[str, object]]
"""The day, the command, and its content."""


@dataclass(frozen=True)
class Spot:
    """A carpool area or a bike parking, and what became of it."""

    category: Category
    code: str
    planned: date
    told: Mapping[str, object]
    turns: tuple[Turn, ...]


SPOTS: Final = (
    Spot(CARPOOL_AREA, "limoise-entree", date(2022, 9, 5), {
        "name": "Exemple Entrée de la ZI la Limoise",
        "kind": "carpool_area",
        "commune": "36088",
        "zone": "zi-limoise",
        "position": [1.9614, 46.9506],
        "address": "Rue de la Limoise, après le rond-point",
        "places": 24,
        "accessible_places": 1,
        "lit": True,
        "opening_hours": "24/7",
        "owner": "CC Pays d'Issoudun",
        "amenities": "Abri, arrêt de bus",
        "national_id": "36088-C-901",
    }, (
        (date(2023, 4, 17), "open", {}),
        (date(2024, 10, 7), "change-places", {"places": 38, "accessible_places": 2}),
        (date(2025, 1, 20), "correct-places", {"places": 36, "accessible_places": 2, "reason": "count"}),
    )),
    # Closed while the road beside it was made anew.
    Spot(CARPOOL_AREA, "reuilly-gare", date(2023, 6, 12), {
        "name": "Exemple Gare de Reuilly",
        "kind": "car_park",
        "commune": "36171",
        "position": [2.0437, 47.0853],
        "address": "Place de la Gare",
        "places": 12,
        "accessible_places": 1,
        "lit": False,
        "owner": "Ville de Reuilly",
        "national_id": "36171-C-901",
    }, (
        (date(2023, 9, 4), "open", {}),
        (date(2025, 3, 3), "close", {"reason": "works"}),
        (date(2025, 6, 16), "reopen", {}),
    )),
    Spot(BIKE_PARKING, "gare-racks", date(2019, 3, 4), {
        "name": "Exemple Gare d'Issoudun, râteliers",
        "commune": "36088",
        "position": [1.9872, 46.9494],
        "places": 16,
        "cargo_places": 0,
        "fastening": "wheel",
        "rack": "wheel_rack",
        "access": "free_access",
        "free_of_charge": True,
        "protection": "open",
        "covered": False,
        "owner": "Ville d'Issoudun",
    }, (
        (date(2019, 5, 13), "enter-service", {}),
        (date(2024, 9, 2), "remove", {"reason": "replaced"}),
    )),
    Spot(BIKE_PARKING, "gare-abri", date(2024, 2, 5), {
        "name": "Exemple Gare d'Issoudun, abri",
        "commune": "36088",
        "position": [1.9875, 46.9495],
        "places": 30,
        "cargo_places": 2,
        "fastening": "frame_and_wheel",
        "rack": "double_deck",
        "access": "subscription",
        "free_of_charge": True,
        "protection": "shared_shelter",
        "covered": True,
        "watched": True,
        "lit": True,
        "website": "https://www.example.org/abri-velos",
        "owner": "CC Pays d'Issoudun",
        "operator": "Ville d'Issoudun",
    }, (
        (date(2024, 9, 2), "enter-service", {}),
    )),
    Spot(BIKE_PARKING, "limoise-halls", date(2025, 10, 6), {
        "name": "Exemple ZI la Limoise, devant les halls",
        "commune": "36088",
        "zone": "zi-limoise",
        "position": [1.9662, 46.9527],
        "places": 12,
        "cargo_places": 0,
        "fastening": "frame_and_wheel",
        "rack": "hoop",
        "access": "free_access",
        "free_of_charge": True,
        "protection": "open",
        "covered": True,
        "lit": True,
        "owner": "CC Pays d'Issoudun",
    }, (
        (date(2026, 3, 16), "enter-service", {}),
    )),
)  # fmt: skip


def stories() -> list[Story]:
    """What became of each."""
    steps = [
        step
        for spot in SPOTS
        for step in (
            Step(spot.planned, spot.category, spot.code, "plan", {"code": spot.code, **spot.told}, creates=True),
            *(Step(on, spot.category, spot.code, command, said) for on, command, said in spot.turns),
        )
    ]
    return [Story("mobility", steps)]
