"""What companies have to give each month and what they need, and two synergies that the network made of it.

Broken pallets go from two companies to one that mends them, as long as the sample lasts. Of cooling water a study says
how much can be used a second time. Other flows answer each other and are in no synergy yet: those are proposed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.companies.flow import CATEGORY as FLOW
from contracts.companies.synergy import CATEGORY as SYNERGY
from contracts.values import last_of_month
from sample.companies_data import by_name
from sample.story import LAST_DAY, Made, Step, Story


@dataclass(frozen=True)
class Flow:
    """What a company gives (`surplus`) or takes (`need`), and what became of it."""

    name: str
    """What the sample calls it."""
    company: str
    direction: str
    kind: str
    unit: str
    quantity: float
    """Per month."""
    description: str
    declared: date
    waste: str | None = None
    last: date | None = None
    then: tuple[tuple[date, str, Mapping[str, object]], ...] = ()


FLOWS: Final = (
    Flow("pallets-logistics", "Exemple Logistique", "surplus", "waste", "t", 4.5,
         "Palettes perdues, cassées", date(2024, 6, 3), "150103"),
    Flow("pallets-cardboard", "Exemple Cartonnages", "surplus", "waste", "t", 2.8,
         "Palettes et bois de calage", date(2024, 7, 1), "150103"),
    Flow("pallets-mended", "Exemple Palettes", "need", "waste", "t", 9,
         "Palettes à réparer, bois non traité", date(2024, 6, 10), "150103"),
    Flow("cooling-water", "Exemple Films et Sachets", "surplus", "water", "m3", 640,
         "Eau de refroidissement propre, 28 °C", date(2025, 2, 3)),
    Flow("mixing-water", "Exemple Béton", "need", "water", "m3", 420, "Eau de gâchage", date(2025, 2, 17)),
    Flow("kiln-heat", "Exemple Malterie", "surplus", "heat", "kwh", 210_000,
         "Chaleur fatale du touraillage, 55 °C", date(2025, 9, 8),
         then=((date(2026, 4, 13), "change",
                {"quantity": 185_000, "description": "Chaleur fatale du touraillage, 50 °C", "first": "2025-09-08"}),)),
    Flow("workshop-heat", "Exemple Imprimerie", "need", "heat", "kwh", 38_000,
         "Chauffage de l'atelier", date(2026, 1, 12)),
    Flow("cartons-received", "Exemple Logistique", "surplus", "packaging", "pieces", 1_800,
         "Cartons en bon état, 60 × 40 × 40 cm", date(2026, 2, 2)),
    Flow("cartons-sent", "Exemple Maroquinerie", "need", "packaging", "pieces", 1_200,
         "Cartons d'expédition, 60 × 40 × 40 cm", date(2026, 3, 9)),
    Flow("cold", "Exemple Plasturgie", "need", "cold", "kwh", 26_000, "Eau glacée des moules", date(2024, 10, 7),
         then=((date(2026, 5, 11), "end", {"reason": "process_changed"}),)),
)  # fmt: skip
STARTED: Final = date(2025, 1, 6)
"""When the pallets began to go where they are mended."""
GIVEN: Final[Mapping[str, tuple[float, ...]]] = {
    "pallets-logistics": (3.2, 3.9, 4.1, 4.4, 4.0, 4.3, 3.7, 1.9, 4.5, 4.4, 4.2, 2.6, 4.1, 4.3, 4.6, 4.4, 4.2, 4.5),
    "pallets-cardboard": (1.1, 1.8, 2.2, 2.4, 2.1, 2.6, 2.3, 0.0, 2.7, 2.5, 2.6, 1.4, 2.4, 2.6, 2.8, 2.5, 2.7, 2.6),
}
"""Tonnes by month, from that one on."""


def stories() -> list[Story]:
    """The flows, and what was made of them."""
    steps = [step for flow in FLOWS for step in _flow(flow)]
    return [Story("synergies", [*steps, *_pallets(), *_water()], follows=True)]


def _flow(flow: Flow) -> Iterator[Step]:
    siret, company = by_name(flow.company)
    acts_for = {"company": siret}
    declared = {
        **acts_for,
        "direction": flow.direction,
        "kind": flow.kind,
        "waste": flow.waste,
        "unit": flow.unit,
        "quantity": flow.quantity,
        "description": flow.description,
        "commune": company.commune,
        "zone": company.zone,
        "first": flow.declared.isoformat(),
    }
    yield Step(flow.declared, FLOW, flow.name, "declare", declared, creates=True, acts_for=acts_for)
    for on, command, said in flow.then:
        yield Step(on, FLOW, flow.name, command, said, acts_for=acts_for)


def _pallets() -> Iterator[Step]:
    """A synergy that operates: what each surplus gives is recorded once the month is over."""
    found = {
        "title": "Exemple Palettes réparées sur place",
        "surplus": Made("pallets-logistics"),
        "need": Made("pallets-mended"),
    }
    mender = by_name("Exemple Palettes")[0]
    agreeing = ("Exemple Logistique", "Exemple Palettes", "Exemple Cartonnages")
    yield Step(date(2024, 6, 24), SYNERGY, "pallets", "detect", found, creates=True)
    yield Step(date(2024, 7, 8), SYNERGY, "pallets", "add-flow", {"flow": Made("pallets-cardboard")})
    yield Step(date(2024, 9, 2), SYNERGY, "pallets", "qualify", {})
    yield Step(date(2024, 11, 4), SYNERGY, "pallets", "find-feasible", {"quantity": 7})
    for weeks, name in enumerate(agreeing):
        on = date(2024, 11, 18) + timedelta(weeks=weeks)
        yield Step(on, SYNERGY, "pallets", "agree", {}, acts_for={"company": by_name(name)[0]})
    yield Step(STARTED, SYNERGY, "pallets", "start", {})
    for number in range(18):
        month = f"{STARTED.year + number // 12}-{number % 12 + 1:02}"
        on = min(last_of_month(month) + timedelta(days=6), LAST_DAY)
        for surplus, tonnes in GIVEN.items():
            given = {"flow": Made(surplus), "month": month, "exchanged": tonnes[number]}
            yield Step(on, SYNERGY, "pallets", "record-exchange", given, acts_for={"company": mender})
    weighed = {
        "flow": Made("pallets-logistics"),
        "month": "2026-03",
        "exchanged": 4.2,
        "reason": "weighing_error",
    }
    yield Step(date(2026, 5, 4), SYNERGY, "pallets", "correct-exchange", weighed)


def _water() -> Iterator[Step]:
    """A synergy of which a study found that it can be done, and nobody has agreed to yet."""
    found = {
        "title": "Exemple Eau de refroidissement pour le béton",
        "surplus": Made("cooling-water"),
        "need": Made("mixing-water"),
    }
    yield Step(date(2025, 3, 3), SYNERGY, "water", "detect", found, creates=True)
    yield Step(date(2025, 5, 12), SYNERGY, "water", "qualify", {})
    yield Step(date(2026, 3, 16), SYNERGY, "water", "find-feasible", {"quantity": 360})
