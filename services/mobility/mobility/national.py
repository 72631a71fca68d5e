"""The national files of where one carpools [lieux de covoiturage] and parks a bike [stationnement cyclable].

Each is a table of the schema that the national access point to transport data takes, `contracts/data/mobility`: its
columns, in its order, in its words. They are read as imports, too: what is told of a column is told once for both ways.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Response

from contracts import codes
from contracts.mobility import bike_parking, carpool_area
from contracts.mobility.bike_parking import BikeFastening, BikeParkingAccess, BikeProtection, BikeRack
from contracts.mobility.carpool_area import CarpoolAreaKind
from eventstore.decider import Decider, State
from eventstore.execution import pages
from eventstore.postgres.listing import Wanted
from mobility.bike_parking import BikeParking, bike_parkings
from mobility.carpool_area import CarpoolArea, carpool_areas
from service.http.auth import Caller
from service.http.routes import CurrentStore, requires
from service.importing.tables import Column, Table

AT_ONCE: Final = 200
"""How many records are read at a time."""
KINDS: Final[Mapping[CarpoolAreaKind, str]] = {
    "carpool_area": "Aire de covoiturage",
    "motorway_exit": "Sortie d'autoroute",
    "car_park": "Parking",
    "supermarket": "Supermarché",
    "park_and_ride": "Parking relais",
    "road_verge": "Délaissé routier",
    "hitchhiking": "Auto-stop",
}
FASTENINGS: Final[Mapping[BikeFastening, str]] = {
    "wheel": "ROUE",
    "frame": "CADRE",
    "frame_and_wheel": "CADRE ET ROUE",
    "none": "SANS ACCROCHE",
}
RACKS: Final[Mapping[BikeRack, str]] = {
    "hoop": "ARCEAU",
    "wheel_rack": "RATELIER",
    "double_deck": "RACK DOUBLE ETAGE",
    "hook": "CROCHET",
    "handlebar_holder": "SUPPORT GUIDON",
    "bollard": "POTELET",
    "large_bike_hoop": "ARCEAU VELO GRANDE TAILLE",
    "none": "AUCUN EQUIPEMENT",
    "other": "AUTRE",
}
ACCESSES: Final[Mapping[BikeParkingAccess, str]] = {
    "free_access": "LIBRE ACCES",
    "subscription": "ABONNEMENT OU INSCRIPTION PREALABLE",
    "private": "PRIVE",
}
PROTECTIONS: Final[Mapping[BikeProtection, str]] = {
    "open": "STATIONNEMENT NON FERME",
    "shared_shelter": "CONSIGNE COLLECTIVE FERMEE",
    "single_box": "BOX INDIVIDUEL FERME",
    "other": "AUTRE",
}
TRUTHS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0"), False),
}
"""How a Table Schema writes whether something is so, unless it says otherwise."""
FRENCH_TRUTHS: Final[Mapping[str, bool]] = {
    **TRUTHS,
    **dict.fromkeys(("vrai", "Vrai", "VRAI"), True),
    **dict.fromkeys(("faux", "Faux", "FAUX"), False),
}
_DEGREES: Final = r"-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,17})?(e-[0-9]{2})?"
_POSITION: Final = re.compile(rf"\s*\[\s*{_DEGREES}\s*,\s*{_DEGREES}\s*\]\s*")

S = TypeVar("S", bound=State)


def code_of(local: str) -> str:
    """A code in our form, of what a table knows something by: `STSI 01` is `stsi-01`, and a code of ours stays."""
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", lambda found: found[0] if found[0] in ("-", "_") else "-", plain).strip("-_")


def position_of(cell: str) -> object:
    """A `geopoint` as the schema writes it, `[longitude, latitude]`; another text stays as it is."""
    return json.loads(cell) if _POSITION.fullmatch(cell) else cell


def _meant(words: Mapping[Any, str]) -> Mapping[str, object]:
    """Our codes by the schema's words."""
    return {word: code for code, word in words.items()}


CARPOOL: Final = Table(
    carpool_area.CATEGORY.path,
    "carpool areas in the national schema 0.2.0",
    {
        "id_lieu": Column("national_id", needed=True, also={"code": code_of}),
        "nom_lieu": Column("name", needed=True),
        "ad_lieu": Column("address"),
        "com_lieu": Column(),
        "insee": Column("commune", needed=True),
        "type": Column("kind", needed=True, words=_meant(KINDS)),
        "date_maj": Column("on", needed=True),
        "ouvert": Column("is_open", needed=True, words=TRUTHS),
        "source": Column(),
        "Xlong": Column("position.0", needed=True),
        "Ylat": Column("position.1", needed=True),
        "nbre_pl": Column("places", needed=True),
        "nbre_pmr": Column("accessible_places"),
        "duree": Column("longest_stay"),
        "horaires": Column("opening_hours"),
        "proprio": Column("owner"),
        "lumiere": Column("lit", words=TRUTHS),
        "comm": Column("amenities"),
    },
    given={"accessible_places": 0},
)
"""Those that are not open are planned. How many cars may park there is needed here, though not by the schema."""
BIKES: Final = Table(
    bike_parking.CATEGORY.path,
    "bicycle parking in the national schema 1.1.2",
    {
        "id_local": Column("name", needed=True, also={"code": code_of}),
        "id_osm": Column("osm_id"),
        "code_com": Column("commune", needed=True),
        "coordonneesxy": Column("position", needed=True, reads=position_of),
        "capacite": Column("places", needed=True),
        "capacite_cargo": Column("cargo_places"),
        "type_accroche": Column("fastening", needed=True, words=_meant(FASTENINGS)),
        "mobilier": Column("rack", words=_meant(RACKS)),
        "acces": Column("access", words=_meant(ACCESSES)),
        "gratuit": Column("free_of_charge", words=FRENCH_TRUTHS),
        "protection": Column("protection", words=_meant(PROTECTIONS)),
        "couverture": Column("covered", words=FRENCH_TRUTHS),
        "surveillance": Column("watched", words=FRENCH_TRUTHS),
        "lumiere": Column("lit", words=FRENCH_TRUTHS),
        "url_info": Column("website"),
        "d_service": Column("in_service_since"),
        "source": Column(),
        "proprietaire": Column("owner"),
        "gestionnaire": Column("operator"),
        "date_maj": Column("on"),
        "commentaires": Column("remarks"),
    },
    given={"cargo_places": 0, "is_in_service": True},
)
"""All are in service. The schema has no names: each is called what it is known by. The commune is needed here."""
TABLES: Final[Mapping[str, Table]] = {"lieux-covoiturage": CARPOOL, "stationnement-cyclable": BIKES}
"""By the names of their schemas."""


class Csv(Response):
    """A table with commas, as the schemas' own examples."""

    media_type = "text/csv"


def carpool_row(area: CarpoolArea) -> dict[str, Any] | None:
    """An area as the schema tells it; none for one that the national access point has not numbered."""
    if area.national_id is None:
        return None
    longitude, latitude = area.position
    return {
        "id_lieu": area.national_id,
        "nom_lieu": area.name,
        "ad_lieu": area.address,
        "com_lieu": codes.communes().get(area.commune),
        "insee": area.commune,
        "type": KINDS[area.kind],
        "date_maj": max(area.effective_on, area.corrected_on or area.effective_on),
        "ouvert": "true",
        "Xlong": _degrees(longitude),
        "Ylat": _degrees(latitude),
        "nbre_pl": area.places,
        "nbre_pmr": area.accessible_places,
        "duree": area.longest_stay,
        "horaires": area.opening_hours,
        "proprio": area.owner,
        "lumiere": _truth(area.lit),
        "comm": area.amenities,
    }


def bike_row(parking: BikeParking) -> dict[str, Any]:
    """A parking as the schema tells it."""
    return {
        "id_local": parking.bike_parking,
        "id_osm": parking.osm_id,
        "code_com": parking.commune,
        "coordonneesxy": json.dumps(parking.position),
        "capacite": parking.places,
        "capacite_cargo": parking.cargo_places,
        "type_accroche": FASTENINGS[parking.fastening],
        "mobilier": parking.rack and RACKS[parking.rack],
        "acces": parking.access and ACCESSES[parking.access],
        "gratuit": _truth(parking.free_of_charge),
        "protection": parking.protection and PROTECTIONS[parking.protection],
        "couverture": _truth(parking.covered),
        "surveillance": _truth(parking.watched),
        "lumiere": _truth(parking.lit),
        "url_info": parking.website,
        "d_service": _service_year(parking),
        "proprietaire": parking.owner,
        "gestionnaire": parking.operator,
        "date_maj": max(parking.effective_on, parking.corrected_on or parking.effective_on),
        "commentaires": parking.remarks,
    }


def _service_year(parking: BikeParking) -> int | None:
    """The year of `d_service`; none where all that is known is that bikes parked there when it was entered."""
    told = parking.in_service_on
    if parking.in_service_since is not None or told is None or told == parking.planned_on:
        return parking.in_service_since
    return told.year


def national() -> APIRouter:
    """The routes of the two files, for whoever reads the records."""
    router = APIRouter(prefix="/v1/inventory")

    @router.get(
        "/carpool-areas",
        name="read-inventory-of-carpool-areas",
        tags=["carpool-areas"],
        summary="The open carpool areas in the national schema",
        response_class=Csv,
        responses={200: {"content": {"text/csv": {"example": _CARPOOL_EXAMPLE}}}},
    )
    async def read_carpool_areas(
        _caller: Annotated[Caller, requires("mobility:read")], store: CurrentStore, response: Response
    ) -> Response:
        """All open carpool areas as a table of the national schema 0.2.0: a header row, then a row for each.

        What the platform does not hold is empty. Areas that the national access point has not numbered yet
        (`national_id`) are left out, for the schema asks for that number.
        """
        table = await _table(store, carpool_areas, "open", CARPOOL.columns, carpool_row)
        return Csv(table, headers=dict(response.headers))

    @router.get(
        "/bike-parkings",
        name="read-inventory-of-bike-parkings",
        tags=["bike-parkings"],
        summary="The bike parkings in service in the national schema",
        response_class=Csv,
        responses={200: {"content": {"text/csv": {"example": _BIKES_EXAMPLE}}}},
    )
    async def read_bike_parkings(
        _caller: Annotated[Caller, requires("mobility:read")], store: CurrentStore, response: Response
    ) -> Response:
        """All bike parkings in service as a table of the national schema 1.1.2: a header row, then a row for each.

        What the platform does not hold is empty.
        """
        table = await _table(store, bike_parkings, "in_service", BIKES.columns, bike_row)
        return Csv(table, headers=dict(response.headers))

    return router


async def _table(
    store: CurrentStore,
    decider: Decider[S],
    status: str,
    columns: Collection[str],
    row: Callable[[S], dict[str, Any] | None],
) -> str:
    """The records in a status, as CSV."""
    wanted = Wanted(decider.category, labels=decider.labelling.having([("status", status)]), limit=AT_ONCE)
    written = io.StringIO()
    writer = csv.DictWriter(written, columns)
    writer.writeheader()
    async for page in pages(store, decider, wanted):
        writer.writerows(told for each in page if (told := row(each.state)))
    return written.getvalue()


def _degrees(value: float) -> str:
    """As the schema asks, with at least four decimals: seven are a centimetre."""
    return f"{value:.7f}"


def _truth(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


_CARPOOL_EXAMPLE: Final = (
    f"{','.join(CARPOOL.columns)}\n"
    "36088-C-001,Entrée de la ZI la Limoise,Rue de la Limoise,Issoudun,36088,Aire de covoiturage,2024-05-13,true,,"
    "1.9740000,46.9520000,24,2,,24/7,CC Pays d'Issoudun,true,\n"
)
_BIKES_EXAMPLE: Final = (
    f"{','.join(BIKES.columns)}\n"
    'gare-nord,,36088,"[1.974, 46.952]",12,2,CADRE ET ROUE,ARCEAU,LIBRE ACCES,true,STATIONNEMENT NON FERME,true,false,'
    "true,,2024,,CC Pays d'Issoudun,,2024-05-13,\n"
)
