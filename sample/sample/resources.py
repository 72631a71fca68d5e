"""Meters of water, electricity and gas, read at the end of each month for three years.

Consumption follows the seasons and falls a little from year to year. What is usual in such a record is in it: a month
that nobody read, a reading that came late, one that was mistyped and corrected, and a meter that was replaced.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.companies.meter import CATEGORY as METER
from contracts.values import last_of_month
from sample.companies_data import by_name
from sample.story import LAST_DAY, Step, Story

SEED: Final = 36100
INSTALLED: Final = date(2023, 6, 30)
MONTHS: Final = tuple(
    month
    for month in (f"{year}-{number:02}" for year in range(2023, 2027) for number in range(1, 13))
    if INSTALLED < last_of_month(month) <= LAST_DAY
)
"""Three years, up to the last month that is over."""

MISTYPED: Final = 10_000
"""One digit too high."""

PRODUCTION: Final = (1.04, 1.0, 1.1, 1.03, 0.97, 1.05, 0.98, 0.55, 1.08, 1.12, 1.06, 0.82)
"""From January on, the share of a mean month: the site is closed in August and at the end of the year."""
COOLING: Final = (0.86, 0.86, 0.93, 0.98, 1.05, 1.18, 1.25, 0.92, 1.1, 1.02, 0.95, 0.9)
"""As production, but with the most of it in summer."""
HEATING: Final = (2.35, 2.0, 1.55, 0.9, 0.35, 0.12, 0.1, 0.06, 0.27, 0.95, 1.6, 1.95)
PROCESS: Final = (1.08, 1.05, 1.06, 1.0, 0.98, 0.95, 0.78, 0.9, 1.02, 1.06, 1.07, 1.05)
"""Of a process that never stops."""


@dataclass(frozen=True)
class Meter:
    """A meter, and how much it counts; its months are written as in 2024-05."""

    company: str
    kind: str
    reference: str
    index: int
    """What it showed on the day from which on it counts."""
    monthly: int
    """Of a mean month of the first year, in m³ or kWh."""
    seasons: Sequence[float]
    trend: float
    """By which share it changes in a year."""
    unread: str | None = None
    """A month at whose end nobody read it."""
    late: str | None = None
    """A month whose reading was told after the next one."""
    mistyped: str | None = None
    """A month whose reading was recorded with too high an index, and corrected."""
    replaced: tuple[date, str] | None = None
    """The day on which a smart meter took its place, and the number of that."""


METERS: Final = (
    Meter("Exemple Aérosièges", "water", "C12FA-180331", 41_870, 1_460, PRODUCTION, -0.07,
          replaced=(date(2026, 2, 17), "D25FA-300118")),
    Meter("Exemple Aérosièges", "electricity", "PDL-36088-0001", 18_204_500, 612_000, PRODUCTION, -0.03),
    Meter("Exemple Aérosièges", "gas", "PCE-36088-0001", 9_310_000, 298_000, HEATING, -0.05, late="2025-02"),
    Meter("Exemple Traitement de Surface", "water", "C16FB-022760", 27_140, 790, PRODUCTION, -0.12),
    Meter("Exemple Films et Sachets", "electricity", "PDL-36088-0004", 7_718_200, 386_000, COOLING, -0.02),
    Meter("Exemple Plasturgie", "electricity", "PDL-36088-0010", 5_093_400, 251_000, COOLING, -0.015, unread="2025-08"),
    Meter("Exemple Malterie", "water", "C09LA-004412", 632_900, 8_450, PROCESS, -0.04, mistyped="2024-11"),
    Meter("Exemple Malterie", "gas", "PCE-36088-0003", 88_140_000, 1_720_000, PROCESS, -0.06),
    Meter("Exemple Fromagerie", "water", "C18FA-117025", 70_260, 2_380, PROCESS, -0.025),
)  # fmt: skip


def stories() -> list[Story]:
    """What each meter was read at, and what the manager of the zone made of it."""
    return [Story(f"meter-{number}", [*_meter(meter)], follows=True) for number, meter in enumerate(METERS)]


def _meter(meter: Meter) -> Iterator[Step]:
    siret, company = by_name(meter.company)
    acts_for = {"company": siret}
    installed = {
        **acts_for,
        "kind": meter.kind,
        "reference": meter.reference,
        "commune": company.commune,
        "zone": company.zone,
        "index": meter.index,
    }
    yield Step(INSTALLED, METER, "meter", "install", installed, creates=True, acts_for=acts_for)
    chance = random.Random(f"{SEED}-{meter.reference}")
    index, late = meter.index, None
    for number, month in enumerate(MONTHS):
        day = last_of_month(month)
        usual = meter.monthly * meter.seasons[day.month - 1] * (1 + meter.trend) ** (number / 12)
        consumed = round(usual * chance.uniform(0.97, 1.03))
        if meter.replaced and f"{meter.replaced[0]:%Y-%m}" == month:
            on, reference = meter.replaced
            until_then = consumed * on.day // day.day
            replaced = {
                "index": index + until_then,
                "restarts_at": 0,
                "reference": reference,
                "reason": "smart_meter",
            }
            yield Step(on, METER, "meter", "replace", replaced, acts_for=acts_for)
            index, consumed = 0, consumed - until_then
        index += consumed
        told = {"index": index + MISTYPED if month == meter.mistyped else index}
        reading = Step(day, METER, "meter", "record-reading", told, acts_for=acts_for)
        if month == meter.late:
            late = reading
            continue
        if month != meter.unread:
            yield reading
        if late:
            yield late
            late = None
        about = {"reading": day.isoformat()}
        if month == meter.mistyped:
            right = {**about, "index": index, "reason": "typing_error"}
            yield Step(day + timedelta(days=9), METER, "meter", "correct-reading", right)
        if day.month == 12:
            yield Step(day + timedelta(days=20), METER, "meter", "validate-reading", about)
