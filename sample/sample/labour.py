"""The labour market: a published rate of the department, and the programme's proxy of the town. All is invented.

Each quarter is told some weeks after its end. Seekers are counted otherwise since 2025, so the proxy's progress is
measured from its first quarter after that break.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from contracts.employment.labour_series import CATEGORY as SERIES
from contracts.employment.observation import CATEGORY as OBSERVATION
from contracts.values import days_of_period
from sample.story import Step, Story

DECLARED: Final = date(2024, 1, 15)
PUBLISHED_AFTER: Final = timedelta(days=75)
"""The end of a quarter."""
REFERENCE: Final[Mapping[str, Any]] = {
    "title": "Exemple Taux de chômage localisé, département de l'Indre",
    "source": "Exemple Insee",
    "definition": "Taux de chômage au sens du BIT, moyenne trimestrielle corrigée des variations saisonnières",
    "unit": "percent",
}
PROXY: Final[Mapping[str, Any]] = {
    "title": "Exemple Demandeurs d'emploi rapportés aux actifs, Issoudun",
    "source": "Exemple France Travail et recensement",
    "definition": "Demandeurs d'emploi de catégorie A en fin de trimestre, pour 100 actifs résidents",
    "unit": "percent",
}
SINCE_2025: Final = "Demandeurs d'emploi de catégorie A en fin de trimestre, catégories F et G à part depuis 2025"
RATES: Final = (7.2, 7.2, 7.1, 7.0, 6.8, 6.8, 6.6, 6.4, 6.2, 6.1)
"""From the last quarter of 2023 on."""
SEEKERS: Final = (
    (604, 160),
    (598, 163),
    (590, 158),
    (583, 166),
    (561, 170),
    (548, 171),
    (531, 165),
    (514, 169),
    (500, 172),
)
"""Of the categories A and B, from the first quarter of 2024 on."""
ACTIVE_RESIDENTS: Final = 8_153


def stories() -> list[Story]:
    """What was observed."""
    return [Story("labour", sorted(_steps(), key=lambda step: step.on or DECLARED))]


def _steps() -> Iterator[Step]:
    reference, proxy = "exemple-chomage-indre", "exemple-proxy-issoudun"
    of_indre = {"code": reference, "kind": "published_rate", "area_kind": "department", "area": "36", "reference": True}
    of_town = {"code": proxy, "kind": "proxy_rate", "area_kind": "commune", "area": "36088", "counted": ("A",)}
    yield Step(DECLARED, SERIES, reference, "declare", {**REFERENCE, **of_indre, "frequency": "quarter"}, creates=True)
    yield Step(DECLARED, SERIES, proxy, "declare", {**PROXY, **of_town, "frequency": "quarter"}, creates=True)
    changed = {"from_period": "2025-Q1", "reason": "definition_changed", "definition": SINCE_2025}
    yield Step(date(2025, 1, 6), SERIES, proxy, "declare-break", changed)
    for quarter, rate in zip(_quarters("2023-Q4"), RATES, strict=False):
        told = {**_described(REFERENCE), "labour_series": reference, "period": quarter, "value": rate}
        yield _told(quarter, f"reference-{quarter}", told)
    yield Step(_on("2024-Q2"), OBSERVATION, "reference-2023-Q4", "choose-baseline", {})
    # The publisher has looked at this quarter once more.
    revised = {"value": 6.9, "reason": "revised_by_source"}
    yield Step(_on("2024-Q4"), OBSERVATION, "reference-2024-Q3", "revise", revised)
    for quarter, (only_seekers, with_some_work) in zip(_quarters("2024-Q1"), SEEKERS, strict=False):
        definition = SINCE_2025 if quarter >= "2025" else PROXY["definition"]
        told = {
            **_described(PROXY),
            "definition": definition,
            "labour_series": proxy,
            "period": quarter,
            "active_residents": ACTIVE_RESIDENTS,
            "by_category": (
                {"category": "A", "seekers": only_seekers},
                {"category": "B", "seekers": with_some_work},
            ),
        }
        yield _told(quarter, f"proxy-{quarter}", told)
    yield Step(_on("2025-Q2"), OBSERVATION, "proxy-2025-Q1", "choose-baseline", {})


def _told(quarter: str, record: str, body: Mapping[str, object]) -> Step:
    return Step(_on(quarter), OBSERVATION, record, "record", body, creates=True)


def _on(quarter: str) -> date:
    """The day on which a quarter is told."""
    return days_of_period(quarter)[1] + PUBLISHED_AFTER


def _described(series: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: series[name] for name in ("source", "definition", "unit")}


def _quarters(first: str) -> Sequence[str]:
    """Those from one on, until the first of 2026, whose figures are the last of the sample."""
    every = [f"{year}-Q{number}" for year in range(2023, 2027) for number in range(1, 5)]
    return [quarter for quarter in every if first <= quarter <= "2026-Q1"]
