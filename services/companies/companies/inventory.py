"""The inventory of plots [inventaire des terrains], as the CNIG's standard of economic sites writes it (1.0.1, class
TERRAIN-ECO): what a community of communes keeps of its business zones (Code de l'urbanisme, L318-8-2).

Sites and plots are known by the platform's own codes. Of a plot that was sold the kind of owner is unknown, since a
SIRET does not tell; names of buyers are not held.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Response

from companies.plot import Plot, plots
from contracts.companies.plot import PlotStatus
from eventstore.execution import pages
from eventstore.postgres.listing import Wanted
from service.http.auth import Caller
from service.http.reading import Readers, Reads
from service.http.routes import CurrentStore, requires

SQUARE_METRES: Final = 10_000
"""Of a hectare."""
AT_ONCE: Final = 200
"""How many plots are read at a time."""
COLUMNS: Final = (
    *("terr_id", "site_id", "terr_refcad", "terr_surf_brute", "terr_utile", "terr_identif_date", "terr_actu_date"),
    *("terr_maitrise_fonc", "terr_stade_amngt", "terr_stade_comm", "terr_etat_occup", "terr_usage"),
    *("terr_url_cartofriches", "terr_geomsurf", "terr_cle_en_main", "terr_acquereur", "terr_cession_date"),
    *("terr_vente_montant", "terr_m2_prix"),
)
"""Of the standard, in its order."""
SERVICING: Final[Mapping[PlotStatus, str]] = {
    "reserve": "non aménagé, non viabilisé",
    "servicing": "viabilisation en cours",
    "on_market": "viabilisé non aménagé",
    "optioned": "viabilisé non aménagé",
    "promised": "viabilisé non aménagé",
    "sold": "viabilisé non aménagé",
    "built": "viabilisé et aménagé",
}
MARKETING: Final[Mapping[PlotStatus, str]] = {
    "reserve": "non commercialisé",
    "servicing": "non commercialisé",
    "on_market": "en vente",
    "optioned": "réservé par option de réservation",
    "promised": "réservé par une délibération de l'EPCI",
    "sold": "vendu, commercialisation achevée",
    "built": "vendu, commercialisation achevée",
}


class Csv(Response):
    """A table with semicolons, as the standard's own examples."""

    media_type = "text/csv"


def row(plot: Plot, *, whole: bool) -> dict[str, Any]:
    """A plot as the standard tells it; what a sale was made for and when only where the record is read whole."""
    told: dict[str, Any] = {
        "terr_id": plot.plot,
        "site_id": plot.zone,
        "terr_refcad": "|".join(plot.parcels),
        "terr_surf_brute": plot.area / SQUARE_METRES,
        "terr_identif_date": plot.registered_on,
        "terr_actu_date": plot.effective_on,
        "terr_maitrise_fonc": "inconnu" if plot.status in ("sold", "built") else "structure intercommunale",
        "terr_stade_amngt": SERVICING[plot.status],
        "terr_stade_comm": MARKETING[plot.status],
        "terr_etat_occup": "occupé" if plot.status == "built" else "inoccupé",
        "terr_usage": "bâti productif" if plot.status == "built" else "sans objet",
        "terr_geomsurf": json.dumps({"type": "Polygon", "coordinates": [plot.outline]}),
        "terr_m2_prix": plot.price_per_m2,
    }
    if whole and plot.sold_on:
        told |= {"terr_cession_date": plot.sold_on, "terr_vente_montant": plot.amount}
        told["terr_m2_prix"] = plot.amount and round(plot.amount / plot.area, 2)
    return told


def inventory(reads: Reads) -> APIRouter:
    """The route of the inventory, for those who read plots as is told."""
    router = APIRouter(prefix="/v1/inventory", tags=["plots"])
    readers = Readers(plots, reads)

    @router.get(
        "/plots",
        name="read-inventory-of-plots",
        summary="The plots in the national standard of economic sites",
        response_class=Csv,
        responses={200: {"content": {"text/csv": {"example": _EXAMPLE}}}},
    )
    async def read_inventory(
        caller: Annotated[Caller, requires("companies:read")], store: CurrentStore, response: Response
    ) -> Response:
        """All plots as a table of the CNIG's standard 1.0.1, class TERRAIN-ECO: a header row, then a row for each.

        Columns are separated by semicolons; areas are in hectares. What the platform does not hold is empty, and so is
        what the caller may not read of a plot: on which day, and for how much, it was sold.
        """
        rows = [
            row(each.state, whole=readers.reads_whole(each.state, caller.actor))
            async for page in pages(store, plots, Wanted(plots.category, limit=AT_ONCE))
            for each in page
        ]
        return Csv(table(rows), headers=dict(response.headers))

    return router


def table(rows: list[dict[str, Any]]) -> str:
    """Rows of the standard as CSV."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


_EXAMPLE: Final = (
    f"{';'.join(COLUMNS)}\n"
    "limoise-12;zi-limoise;36088000AB0012;0.85;;2024-01-08;2024-05-13;structure intercommunale;viabilisé non aménagé;"
    'en vente;inoccupé;sans objet;;"{""type"": ""Polygon"", ""coordinates"": [[[1.972, 46.951], [1.976, 46.951], '
    '[1.976, 46.953], [1.972, 46.951]]]}";;;;;18.5\n'
)
