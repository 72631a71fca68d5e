"""What the tests of the labour market share: a published rate of the department, and a proxy of the town."""

from datetime import date
from typing import Any, Final

from contracts import Event
from contracts.employment.labour_series import LabourSeriesDeclared, SeriesBreak, SeriesBreakDeclared
from employment.labour_series import LabourSeries, labour_series

DECLARED_ON: Final = date(2024, 1, 8)
REFERENCE: Final[dict[str, Any]] = {
    "labour_series": "chomage-indre",
    "kind": "published_rate",
    "unit": "percent",
    "area_kind": "department",
    "area": "36",
    "frequency": "quarter",
    "reference": True,
}
PROXY: Final[dict[str, Any]] = {
    "labour_series": "proxy-issoudun",
    "kind": "proxy_rate",
    "unit": "percent",
    "area_kind": "commune",
    "area": "36088",
    "frequency": "quarter",
    "reference": False,
}
DESCRIBED: Final[dict[str, Any]] = {
    "title": "Taux de chômage localisé de l'Indre",
    "source": "Insee",
    "definition": "Au sens du BIT",
}
OF_PROXY: Final[dict[str, Any]] = {
    "title": "Demandeurs d'emploi pour 100 actifs, Issoudun",
    "source": "France Travail",
    "definition": "Catégorie A en fin de trimestre",
}
reference_declared = LabourSeriesDeclared(**REFERENCE, **DESCRIBED, counted=(), effective_on=DECLARED_ON)
proxy_declared = LabourSeriesDeclared(**PROXY, **OF_PROXY, counted=("A",), effective_on=DECLARED_ON)
BREAK: Final = SeriesBreak(
    from_period="2025-Q1",
    begins_on=date(2025, 1, 1),
    reason="definition_changed",
    definition="Catégorie A, depuis 2025",
)
break_declared = SeriesBreakDeclared(**PROXY, declared=BREAK, effective_on=date(2024, 12, 2))


def series(*events: Event) -> LabourSeries:
    """A series after these events."""
    folded: LabourSeries | None = None
    for event in events:
        folded = labour_series.evolve(folded, event)
    assert folded is not None
    return folded
