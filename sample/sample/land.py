"""Plots and units of the ZI Limoise: what is in reserve, for sale, optioned, sold and built, and what is let or vacant.

What lasts until a day to come, an option, a reservation or a notice, begins on the day on which the sample is told, so
that it lasts still. Everything else is the same each time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.companies.plot import CATEGORY as PLOT
from contracts.companies.unit import CATEGORY as UNIT
from contracts.values import sample_siret
from sample.companies_data import APPLICANTS, COMPANIES, by_name
from sample.story import Step, Story

METRES_NORTH: Final = 111_200
"""Of a degree of latitude."""
METRES_EAST: Final = 75_900
"""Of a degree of longitude, at the latitude of Issoudun."""

Turn = tuple[date | None, str, Mapping[str, object]]
"""The day, None for that on which the sample is told, the command, and its content: a time in it is that long after."""


@dataclass(frozen=True)
class Plot:
    """A plot, its area in m², and what became of it."""

    code: str
    area: int
    registered: date
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Unit:
    """A unit, its area in m², and what became of it."""

    code: str
    name: str
    kind: str
    area: int
    rent: float
    registered: date
    turns: tuple[Turn, ...] = ()
    owner: str | None = None
    """The company whose it is, if it is none of the community of communes'."""


def _to(company: str, **others: object) -> Mapping[str, object]:
    return {"company": by_name(company)[0], **others}


def _let(company: str, reserved: date, begun: date, origin: str) -> tuple[Turn, Turn]:
    """A lease that began, and the reservation before it."""
    held = {"begins_on": begun.isoformat(), "held_until": (begun + timedelta(days=14)).isoformat()}
    return (reserved, "reserve", {"company": company, **held}), (begun, "let", {"origin": origin})


_OTHERS: Final = len(COMPANIES) + len(APPLICANTS)
BUYER: Final = sample_siret(_OTHERS + 1)
FOUNDED: Final = sample_siret(_OTHERS + 2)
"""Companies that are no members: one from elsewhere that looks for a place, and one that was founded here."""

PLOTS: Final = (
    Plot("limoise-1", 22_400, date(2023, 2, 6)),
    Plot("limoise-2", 15_800, date(2023, 2, 6), ((date(2025, 9, 1), "begin-servicing", {}),)),
    Plot("limoise-3", 12_600, date(2022, 5, 9), (
        (date(2023, 3, 6), "begin-servicing", {}),
        (date(2024, 3, 4), "put-on-market", {"price_per_m2": 14}),
    )),
    # An option that the company gave up: it is for sale again, and for less.
    Plot("limoise-4", 8_500, date(2022, 5, 9), (
        (date(2022, 9, 5), "begin-servicing", {}),
        (date(2023, 6, 5), "put-on-market", {"price_per_m2": 17}),
        (date(2025, 2, 10), "grant-option", _to("Exemple Machines Spéciales", option_until="2025-08-29")),
        (date(2025, 7, 7), "give-up-option", {"reason": "financing"}),
        (date(2025, 9, 1), "change-price", {"price_per_m2": 15.5}),
    )),
    Plot("limoise-5", 6_200, date(2022, 5, 9), (
        (date(2023, 3, 6), "begin-servicing", {}),
        (date(2024, 3, 4), "put-on-market", {"price_per_m2": 16}),
        (None, "grant-option", _to("Exemple Machines Spéciales", option_until=timedelta(days=180))),
    )),
    Plot("limoise-6", 9_300, date(2021, 10, 4), (
        (date(2022, 9, 5), "begin-servicing", {}),
        (date(2023, 6, 5), "put-on-market", {"price_per_m2": 15}),
        (date(2026, 1, 12), "grant-option", {"company": BUYER, "option_until": "2026-06-30"}),
        (date(2026, 5, 18), "promise", {}),
    )),
    # Measured anew by the surveyor once it was sold.
    Plot("limoise-7", 7_400, date(2021, 10, 4), (
        (date(2022, 9, 5), "begin-servicing", {}),
        (date(2023, 6, 5), "put-on-market", {"price_per_m2": 15}),
        (date(2025, 4, 7), "grant-option", _to("Exemple Manutention", option_until="2025-12-19")),
        (date(2025, 10, 13), "promise", {}),
        (date(2026, 3, 23), "sell", {"origin": "on_territory", "amount": 111_000}),
        (date(2026, 4, 20), "correct-area", {"area": 7_360, "since": "2026-03-23", "reason": "survey"}),
    )),
    Plot("limoise-8", 11_200, date(2021, 10, 4), (
        (date(2022, 3, 7), "begin-servicing", {}),
        (date(2022, 11, 7), "put-on-market", {"price_per_m2": 14}),
        (date(2023, 4, 3), "grant-option", _to("Exemple Peintures", option_until="2023-10-02")),
        (date(2023, 9, 18), "promise", {}),
        (date(2024, 2, 19), "sell", {"origin": "from_elsewhere", "amount": 156_800}),
        (date(2024, 12, 16), "record-built", {}),
    )),
)  # fmt: skip
UNITS: Final = (
    # Its company has outgrown it, and an option on a plot.
    Unit("hall-1", "Exemple Hall 1, rue de la Limoise", "workshop", 1_450, 42, date(2021, 3, 1), (
        *_let(by_name("Exemple Machines Spéciales")[0], date(2021, 9, 13), date(2021, 11, 2), "from_elsewhere"),
        (None, "give-notice", {"free_on": timedelta(days=270), "reason": "growth"}),
    )),
    Unit("hall-2", "Exemple Hall 2, quai nord", "warehouse", 2_400, 36, date(2024, 4, 8),
         _let(by_name("Exemple Aérosièges")[0], date(2024, 6, 17), date(2024, 9, 2), "on_territory"),
         owner="Exemple Logistique"),
    Unit("bureau-1", "Exemple Bureau 1, pépinière", "office", 140, 96, date(2020, 1, 13),
         _let(by_name("Exemple Ingénierie")[0], date(2020, 5, 18), date(2020, 7, 6), "newly_founded")),
    Unit("bureau-2", "Exemple Bureau 2, pépinière", "office", 95, 96, date(2020, 1, 13), (
        (None, "reserve", {"company": BUYER, "begins_on": timedelta(days=30), "held_until": timedelta(days=60)}),
    )),
    Unit("atelier-1", "Exemple Atelier 1, pépinière", "workshop", 260, 52, date(2020, 1, 13),
         _let(FOUNDED, date(2025, 3, 10), date(2025, 5, 5), "newly_founded")),
    Unit("atelier-2", "Exemple Atelier 2, pépinière", "workshop", 260, 52, date(2020, 1, 13), (
        (date(2025, 10, 6), "reserve", _to("Exemple Logiciels Industriels", begins_on="2025-12-01",
                                           held_until="2026-01-30")),
        (date(2025, 12, 8), "give-up-reservation", {"reason": "not_needed"}),
        (date(2026, 2, 2), "change-rent", {"rent_per_m2": 49}),
    )),
    Unit("labo-1", "Exemple Laboratoire, pépinière", "laboratory", 180, 70, date(2024, 10, 7), (
        (date(2026, 4, 13), "begin-works", {}),
    )),
)  # fmt: skip


def stories(today: date) -> list[Story]:
    """What became of each plot and unit. Those of which something begins on this day are a story of their own."""
    told = [[*_plot(plot, place, today)] for place, plot in enumerate(PLOTS)]
    told += [[*_unit(unit, today)] for unit in UNITS]
    fixed, to_come = (
        [step for steps in told if all(step.on for step in steps) == over for step in steps] for over in (True, False)
    )
    return [Story("land", fixed), Story("land-to-come", to_come)]


def _plot(plot: Plot, place: int, today: date) -> Iterator[Step]:
    registered = {
        "code": plot.code,
        "name": f"Exemple Lot {place + 1}, ZI la Limoise",
        "zone": "zi-limoise",
        "commune": "36088",
        "parcels": [f"36088000ZL{place + 41:04}"],
        "outline": _outline(plot, place),
        "area": plot.area,
    }
    yield Step(plot.registered, PLOT, plot.code, "register", registered, creates=True)
    for on, command, said in plot.turns:
        yield Step(on, PLOT, plot.code, command, _from(today, said))


def _unit(unit: Unit, today: date) -> Iterator[Step]:
    owner = by_name(unit.owner)[0] if unit.owner else None
    acts_for = {"company": owner} if owner else {}
    registered = {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "owner": owner,
        "zone": "zi-limoise",
        "commune": "36088",
        "area": unit.area,
        "rent_per_m2": unit.rent,
    }
    yield Step(unit.registered, UNIT, unit.code, "register", registered, creates=True, acts_for=acts_for)
    for on, command, said in unit.turns:
        yield Step(on, UNIT, unit.code, command, _from(today, said), acts_for=acts_for)


def _outline(plot: Plot, place: int) -> list[tuple[float, float]]:
    """A rectangle of that area, 100 m from south to north, the plots in a row along a street."""
    west, south = 1.962 + 0.004 * place, 46.951
    east, north = round(west + plot.area / 100 / METRES_EAST, 6), round(south + 100 / METRES_NORTH, 6)
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def _from(today: date, said: Mapping[str, object]) -> Mapping[str, object]:
    return {
        name: (today + value).isoformat() if isinstance(value, timedelta) else value for name, value in said.items()
    }
