"""Waste of the companies on its way to treatment: lots that are treated, and some at each step before.

What can be recycled goes to the recycler that is a member; what is hazardous, burnt or buried to a treatment centre
outside the network, which the sample knows by its SIRET alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.companies.waste_movement import CATEGORY as MOVEMENT
from contracts.values import sample_siret
from sample.companies_data import APPLICANTS, COMPANIES, by_name
from sample.story import Step, Story

CARRIER: Final = by_name("Exemple Transports")[0]
RECYCLER: Final = by_name("Exemple Recyclage")[0]
TREATMENT_CENTRE: Final = sample_siret(len(COMPANIES) + len(APPLICANTS))
"""None of the companies of the sample."""
RECYCLING: Final = ("R3", "R4")

WAY: Final = ("draft", "seal", "sign", "send", "receive", "accept", "process")
BEFORE: Final[Mapping[str, str]] = {"cancel": "send", "refuse": "accept"}
"""Which step is not taken any more."""


@dataclass(frozen=True)
class Movement:
    """A lot of waste: what it is, how it is treated, and how far it came."""

    company: str
    waste: str
    description: str
    lot: str
    tonnes: float
    """As sent."""
    treatment: str
    drafted: date
    mode: str | None = None
    """What became of it, once it is processed; nothing of a treatment that is never final."""
    until: str = "process"
    """The last command: what did not come further is still there, was refused or is cancelled."""
    reason: str | None = None
    """Why it was refused, or cancelled."""
    received: float | None = None
    """Where the treatment site weighed another amount than was sent."""
    days: int = 12
    """From its acceptance until it was processed."""
    corrected: Mapping[str, object] | None = None
    """What the community of communes corrected of its tonnes thirty days after it was drafted."""


MOVEMENTS: Final = (
    Movement("Exemple Usinage", "120109*", "Émulsions d'usinage", "CUVE-01", 9.6, "D10", date(2024, 3, 11), "disposal"),
    Movement("Exemple Usinage", "120101", "Copeaux d'acier", "BENNE-03", 17.2, "R4", date(2024, 4, 8), "recycling"),
    Movement("Exemple Films et Sachets", "070213", "Chutes de films", "BENNE-11", 28.4, "R1", date(2024, 5, 13),
             "energy_recovery"),
    Movement("Exemple Cartonnages", "150101", "Rognures de carton", "BALLES-05", 22.8, "R3", date(2024, 6, 10),
             "recycling", received=22.56),
    Movement("Exemple Traitement de Surface", "110109*", "Boues d'hydroxydes", "BIG-BAG-01", 8.1, "D5",
             date(2024, 9, 16), "disposal", days=47),
    Movement("Exemple Mobilier", "030105", "Chutes de panneaux", "BENNE-02", 6.3, "R1", date(2024, 10, 14),
             "energy_recovery"),
    Movement("Exemple Maintenance", "130205*", "Huiles usagées", "FUT-07", 2.4, "R9", date(2024, 11, 18), "recycling"),
    Movement("Exemple Malterie", "020704", "Radicelles et poussières d'orge", "SILO-01", 41.5, "R3", date(2025, 1, 20),
             "recycling"),
    Movement("Exemple Usinage", "120109*", "Émulsions d'usinage", "CUVE-01", 8.7, "R3", date(2025, 3, 10),
             "other_recovery", received=8.58),
    Movement("Exemple Peintures", "080111*", "Boues de peinture solvantées", "FUT-21", 3.2, "R1", date(2025, 4, 7),
             until="refuse", reason="packaging"),
    Movement("Exemple Peintures", "080111*", "Boues de peinture solvantées", "FUT-21", 3.2, "R1", date(2025, 5, 5),
             "energy_recovery"),
    Movement("Exemple Films et Sachets", "070213", "Chutes de films", "BENNE-11", 26.9, "R3", date(2025, 6, 16),
             "recycling", corrected={"weighing": "received", "tonnes": 27.3, "reason": "weighing_error"}),
    Movement("Exemple Cartonnages", "150101", "Rognures de carton", "BALLES-06", 24.1, "R3", date(2025, 9, 15),
             "recycling"),
    Movement("Exemple Traitement de Surface", "110109*", "Boues d'hydroxydes", "BIG-BAG-02", 6.9, "D9",
             date(2025, 11, 17)),
    Movement("Exemple Confection", "040222", "Chutes de tissus", "PALETTE-04", 2.7, "R3", date(2026, 1, 19), "reuse"),
    Movement("Exemple Usinage", "120101", "Copeaux d'acier", "BENNE-03", 18.9, "R4", date(2026, 2, 9), "recycling"),
    Movement("Exemple Malterie", "020704", "Radicelles et poussières d'orge", "SILO-01", 43.8, "R3", date(2026, 3, 16),
             "recycling"),
    Movement("Exemple Mobilier", "030105", "Chutes de panneaux", "BENNE-02", 7.1, "R3", date(2026, 4, 13), "recycling"),
    # Nobody has said that this was treated: it is late a month after the sample is told, as of any that is told late.
    Movement("Exemple Traitement de Surface", "110109*", "Boues d'hydroxydes", "BIG-BAG-03", 7.4, "R4",
             date(2026, 4, 20), until="accept"),
    Movement("Exemple Palettes", "150103", "Bois de palettes cassées", "BENNE-01", 11.6, "R3", date(2026, 5, 18),
             until="cancel", reason="carrier_unavailable"),
    Movement("Exemple Peintures", "080111*", "Boues de peinture solvantées", "FUT-22", 2.9, "R1", date(2026, 6, 15),
             until="receive", received=2.84),
    Movement("Exemple Films et Sachets", "070213", "Chutes de films", "BENNE-12", 25.3, "R3", date(2026, 6, 22),
             until="send"),
    Movement("Exemple Maintenance", "130205*", "Huiles usagées", "FUT-08", 1.9, "R9", date(2026, 6, 24), until="sign"),
    Movement("Exemple Palettes", "150103", "Bois de palettes cassées", "BENNE-01", 12.0, "R3", date(2026, 6, 26),
             until="seal"),
    Movement("Exemple Cartonnages", "150101", "Rognures de carton", "BALLES-07", 23.0, "R3", date(2026, 6, 29),
             until="draft"),
)  # fmt: skip


def stories() -> list[Story]:
    """What became of the waste of each company, one lot after the other."""
    producers = dict.fromkeys(movement.company for movement in MOVEMENTS)
    return [Story(f"waste-{by_name(name)[0]}", [*_movements(name)], follows=True) for name in producers]


def _movements(producer: str) -> Iterator[Step]:
    for number, movement in enumerate(MOVEMENTS):
        if movement.company == producer:
            yield from _way(movement, f"movement-{number}")


def _way(movement: Movement, record: str) -> Iterator[Step]:
    """The steps of a movement as far as it came, each by the company whose step it is."""
    drafted, hazardous = movement.drafted, movement.waste.endswith("*")
    site = TREATMENT_CENTRE if hazardous or movement.treatment not in RECYCLING else RECYCLER
    producer = by_name(movement.company)[0]
    slip = {
        "company": producer,
        "carrier": CARRIER,
        "treatment_site": site,
        "waste": movement.waste,
        "description": movement.description,
        "lot": movement.lot,
        "slip": f"BSD-{drafted:%Y%m%d}-{movement.lot}" if hazardous else None,
        "treatment_planned": movement.treatment,
        "tonnes_planned": float(round(movement.tonnes)),
    }
    received = movement.received or movement.tonnes
    processed = {"treatment": movement.treatment, "mode": movement.mode, "tonnes_processed": received}
    steps: Mapping[str, tuple[int, Mapping[str, object], str]] = {
        "draft": (0, slip, producer),
        "seal": (1, {}, producer),
        "sign": (1, {}, producer),
        "cancel": (3, {"reason": movement.reason}, producer),
        "send": (4, {"tonnes_sent": movement.tonnes}, CARRIER),
        "receive": (5, {"tonnes_received": received}, site),
        "refuse": (6, {"reason": movement.reason}, site),
        "accept": (6, {}, site),
        "process": (6 + movement.days, processed, site),
    }
    for command in (*WAY[: WAY.index(BEFORE.get(movement.until, movement.until))], movement.until):
        days, body, whose = steps[command]
        on, begins = drafted + timedelta(days=days), command == "draft"
        yield Step(on, MOVEMENT, record, command, body, creates=begins, acts_for={"company": whose})
    if movement.corrected:
        yield Step(drafted + timedelta(days=30), MOVEMENT, record, "correct-tonnes", movement.corrected)
