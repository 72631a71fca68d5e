"""The file of a published series: a row for each period, as publishers give them, each an observation.

Where a period is there already the row is refused: what a publisher has revised is revised, and not recorded again.
"""

from collections.abc import Mapping
from typing import Final

from contracts.employment.observation import CATEGORY
from service.importing.tables import Column, Table

UNITS: Final[Mapping[str, str]] = {
    "%": "percent",
    "percent": "percent",
    "pourcentage": "percent",
    "persons": "persons",
    "personnes": "persons",
}
"""What publishers call a unit."""
SERIES: Final = Table(
    CATEGORY.path,
    "a published series of the labour market",
    {
        "id": Column("labour_series", needed=True),
        "source": Column("source", needed=True),
        "definition": Column("definition", needed=True),
        "unit": Column("unit", needed=True, words=UNITS),
        "period": Column("period", needed=True),
        "value": Column("value", needed=True),
        "published_on": Column("on"),
    },
)
TABLES: Final[Mapping[str, Table]] = {"labour-series": SERIES}
