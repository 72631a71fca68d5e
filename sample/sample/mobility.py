"""How employees come to work: two carpool areas, where bikes are parked at the station and on the ZI Limoise; rides; a
canteen, and a survey.

One area was made larger, and its places counted anew; the older racks of the station gave way to a shelter. Who drives
from Reuilly to the ZI Limoise took others along, and offers to go on. Drivers, passengers and guests are invented.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.category import Category
from contracts.mobility.bike_parking import CATEGORY as BIKE_PARKING
from contracts.mobility.carpool_area import CATEGORY as CARPOOL_AREA
from contracts.mobility.regular_ride import CATEGORY as REGULAR_RIDE
from contracts.mobility.ride import CATEGORY as RIDE
from contracts.mobility.service_reservation import CATEGORY as RESERVATION
from contracts.mobility.shared_service import CATEGORY as SHARED_SERVICE
from contracts.mobility.travel_survey import CATEGORY as TRAVEL_SURVEY
from contracts.values import sample_siret
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


@dataclass(frozen=True)
class Ridden:
    """A ride to the ZI Limoise: how each passenger would have travelled otherwise, or `missed` who did not come."""

    day: date
    passengers: tuple[str, ...]
    ended: str = "complete"
    """Or `record-driver-missed` or `cancel`."""


ROUTE: Final[Mapping[str, object]] = {
    "commune": "36171",
    "departs": "07:10",
    "origin": [2.0437, 47.0853],
    "destination": [1.9662, 46.9527],
    "meeting_point": "reuilly-gare",
    "metres": 18_400,
    "minutes": 22,
    "seats": 3,
}
RIDDEN: Final = (
    Ridden(date(2026, 6, 2), ("drove_alone", "bus_or_train")),
    Ridden(date(2026, 6, 4), ("drove_alone", "missed")),
    Ridden(date(2026, 6, 9), ("drove_alone", "drove_alone"), "record-driver-missed"),
    Ridden(date(2026, 6, 11), ("drove_alone",), "cancel"),
    Ridden(date(2026, 6, 16), ("drove_alone", "drove_alone", "not_at_all")),
)
RIDERS: Final = ("Camille", "Dominique", "Claude", "Sacha")
"""The first one drives."""


def _rider(number: int) -> Mapping[str, str]:
    name = RIDERS[number]
    return {"family_name": "Exemple", "given_name": name, "email": f"{name.lower()}@example.org"}


def _ridden(ride: Ridden) -> Iterator[Step]:
    """What was agreed two days before, and how it was."""
    before, day, told = ride.day - timedelta(days=2), ride.day, ride.day.isoformat()
    yield Step(before, RIDE, told, "offer", {**ROUTE, "day": told, "driver": _rider(0)}, creates=True)
    for number in range(1, len(ride.passengers) + 1):
        yield Step(before, RIDE, told, "ask", {"passenger": _rider(number)})
        yield Step(before, RIDE, told, "match", {"number": number})
        yield Step(before, RIDE, told, "confirm-passenger", {"number": number})
    if ride.ended == "cancel":
        yield Step(before, RIDE, told, "cancel", {"reason": "vehicle_unavailable"})
        return
    yield Step(before, RIDE, told, "confirm-driver", {})
    if ride.ended != "complete":
        yield Step(day, RIDE, told, ride.ended, {})
        return
    came = {number: otherwise for number, otherwise in enumerate(ride.passengers, 1) if otherwise != "missed"}
    for number in {*range(1, len(ride.passengers) + 1)} - came.keys():
        yield Step(day, RIDE, told, "record-missed", {"number": number})
    named = [{"number": number, "otherwise": otherwise} for number, otherwise in came.items()]
    yield Step(day, RIDE, told, "complete", {"came": named})


def _regular(today: date) -> Step:
    """The same ride, on two days of each week from tomorrow on."""
    days = {"first": (today + timedelta(days=1)).isoformat(), "until": (today + timedelta(days=180)).isoformat()}
    body = {**ROUTE, **days, "weekdays": ["tuesday", "thursday"], "driver": _rider(0)}
    return Step(None, REGULAR_RIDE, "regular", "offer", body, creates=True)


CANTEEN: Final = "cantine-limoise"
LUNCH: Final = {
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "starts": "12:00",
    "ends": "12:45",
    "places": 2,
}
"""A small one, so that somebody waits."""
GUESTS: Final = ("Alix", "Maxime", "Noa", "Charlie", "Lou")


@dataclass(frozen=True)
class Lunch:
    """Who had reserved a place on a day, by number, whose employee that is, and what became of it: a command."""

    day: date
    guest: int
    company: int
    became: str
    told: Mapping[str, object]


LUNCHES: Final = (
    Lunch(date(2026, 3, 10), 0, 0, "serve", {}),
    Lunch(date(2026, 3, 10), 1, 1, "serve", {}),
    Lunch(date(2026, 3, 12), 0, 0, "serve", {}),
    Lunch(date(2026, 3, 12), 2, 5, "record-missed", {}),
    Lunch(date(2026, 6, 16), 1, 1, "serve", {}),
    Lunch(date(2026, 6, 16), 3, 9, "record-missed", {}),
    Lunch(date(2026, 6, 18), 4, 9, "serve", {}),
)
PUT_RIGHT: Final = 5
"""Of which it was told wrongly that nobody came."""


def _reservation(day: date, guest: int, company: int, **told: object) -> dict[str, object]:
    name = GUESTS[guest]
    person = {"family_name": "Exemple", "given_name": name, "email": f"{name.lower()}@example.org"}
    place = {"shared_service": CANTEEN, "day": str(day), "starts": "12:00", "subsidy_cents": 350}
    return {"company": sample_siret(company), "guest": person, **place, **told}


def _canteen() -> Iterator[Step]:
    """It was opened with a slot, which later had another price."""
    place = {"commune": "36088", "zone": "zi-limoise", "place": "Exemple Hall 3, rez-de-chaussée"}
    terms = {"slots": [LUNCH], "price_cents": 900, "subsidy_cap_cents": 7_000}
    told = {"code": CANTEEN, "name": "Exemple Restaurant de la ZI la Limoise", "kind": "canteen", **place, **terms}
    yield Step(date(2025, 10, 6), SHARED_SERVICE, CANTEEN, "announce", told, creates=True)
    yield Step(date(2026, 1, 12), SHARED_SERVICE, CANTEEN, "open", {})
    dearer = {**terms, "price_cents": 950}
    yield Step(date(2026, 2, 2), SHARED_SERVICE, CANTEEN, "change-terms", dearer)


def _lunches() -> Iterator[Step]:
    """Who came, and who did not."""
    for number, lunch in enumerate(LUNCHES):
        asked = _reservation(lunch.day, lunch.guest, lunch.company)
        record = f"lunch-{number}"
        yield Step(lunch.day - timedelta(days=1), RESERVATION, record, "book", asked, creates=True)
        yield Step(lunch.day, RESERVATION, record, lunch.became, lunch.told)
    right = {"outcome": "served", "reason": "late_list"}
    yield Step(date(2026, 6, 17), RESERVATION, f"lunch-{PUT_RIGHT}", "correct-outcome", right)


def _lunches_to_come(today: date) -> Iterator[Step]:
    """A day on which two have a place, and one waits for it."""
    monday = today + timedelta(days=7 - today.weekday())
    for number, wait in enumerate((False, False, True)):
        asked = _reservation(monday, number, number, wait=wait)
        yield Step(None, RESERVATION, f"lunch-to-come-{number}", "book", asked, creates=True)


ANSWERS: Final = (
    ("drove_alone", "2_to_5_km", 31),
    ("drove_alone", "5_to_10_km", 52),
    ("drove_alone", "10_to_20_km", 68),
    ("drove_alone", "20_to_50_km", 23),
    ("carpool", "10_to_20_km", 14),
    ("carpool", "20_to_50_km", 9),
    ("bus_or_train", "20_to_50_km", 6),
    ("bike", "under_2_km", 11),
    ("bike", "2_to_5_km", 13),
    ("walk", "under_2_km", 9),
    ("remote", "untold", 2),
)


def _survey() -> Iterator[Step]:
    """Who works in the zone was asked on paper; a heap of forms had been counted twice."""
    code = "limoise-2025"
    told = {"code": code, "title": "Exemple Déplacements domicile-travail, ZI la Limoise", "asked": 420}
    place = {"commune": "36088", "zone": "zi-limoise"}
    yield Step(date(2025, 9, 15), TRAVEL_SURVEY, code, "open", {**told, **place}, creates=True)
    answers = [{"mode": mode, "distance": distance, "people": people} for mode, distance, people in ANSWERS]
    yield Step(date(2025, 9, 29), TRAVEL_SURVEY, code, "record-answers", {"answers": answers[:7]})
    yield Step(date(2025, 10, 6), TRAVEL_SURVEY, code, "record-answers", {"answers": answers[2:]})
    for each in answers[2:7]:
        yield Step(date(2025, 10, 8), TRAVEL_SURVEY, code, "correct-answers", {**each, "reason": "counted_twice"})
    yield Step(date(2025, 10, 10), TRAVEL_SURVEY, code, "close", {})
    yield Step(date(2025, 11, 3), TRAVEL_SURVEY, code, "publish", {})


def stories(today: date) -> list[Story]:
    """What became of each. The regular ride goes from the day after `today` on, and lunches to come are on a Monday."""
    steps = [
        step
        for spot in SPOTS
        for step in (
            Step(spot.planned, spot.category, spot.code, "plan", {"code": spot.code, **spot.told}, creates=True),
            *(Step(on, spot.category, spot.code, command, said) for on, command, said in spot.turns),
        )
    ]
    ridden = [step for ride in RIDDEN for step in _ridden(ride)]
    return [
        Story("mobility", [*steps, *_canteen(), *_survey()]),
        Story("rides", ridden, follows=True),
        Story("regular-ride", [_regular(today)], follows=True),
        Story("lunches", [*_lunches()], follows=True),
        Story("lunches-to-come", [*_lunches_to_come(today)], follows=True),
    ]
