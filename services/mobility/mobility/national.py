"""The national files of where one carpools [lieux de covoiturage] and parks a bike [stationnement cyclable].

Each is a table of the schema that the national access point to transport data takes, `contracts/data/mobility`: its
columns, in its order, in its words.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Response

from contracts import codes
from contracts.mobility.bike_parking import BikeFastening, BikeParkingAccess, BikeProtection, BikeRack
from contracts.mobility.carpool_area import CarpoolAreaKind
from eventstore.decider import Decider, State
from eventstore.execution import pages
from eventstore.postgres.listing import Wanted
from mobility.bike_parking import BikeParking, bike_parkings
from mobility.carpool_area import CarpoolArea, carpool_areas
from service.http.auth import Caller
from service.http.routes import CurrentStore, requires

AT_ONCE: Final = 200
"""How many records are read at a time."""
CARPOOL: Final = (
    *("id_lieu", "nom_lieu", "ad_lieu", "com_lieu", "insee", "type", "date_maj", "ouvert", "source", "Xlong", "Ylat"),
    *("nbre_pl", "nbre_pmr", "duree", "horaires", "proprio", "lumiere", "comm"),
)
"""The columns of the schema of carpool areas, 0.2.0."""
BIKES: Final = (
    *("id_local", "id_osm", "code_com", "coordonneesxy", "capacite", "capacite_cargo", "type_accroche", "mobilier"),
    *("acces", "gratuit", "protection", "couverture", "surveillance", "lumiere", "url_info", "d_service", "source"),
    *("proprietaire", "gestionnaire", "date_maj", "commentaires"),
)
"""The columns of the schema of bicycle parking, 1.1.2."""
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

S = TypeVar("S", bound=State)


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
        "d_service": parking.in_service_on and parking.in_service_on.year,
        "proprietaire": parking.owner,
        "gestionnaire": parking.operator,
        "date_maj": max(parking.effective_on, parking.corrected_on or parking.effective_on),
        "commentaires": parking.remarks,
    }


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
        table = await _table(store, carpool_areas, "open", CARPOOL, carpool_row)
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
        table = await _table(store, bike_parkings, "in_service", BIKES, bike_row)
        return Csv(table, headers=dict(response.headers))

    return router


async def _table(
    store: CurrentStore,
    decider: Decider[S],
    status: str,
    columns: tuple[str, ...],
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
    f"{','.join(CARPOOL)}\n"
    "36088-C-001,Entrée de la ZI la Limoise,Rue de la Limoise,Issoudun,36088,Aire de covoiturage,2024-05-13,true,,"
    "1.9740000,46.9520000,24,2,,24/7,CC Pays d'Issoudun,true,\n"
)
_BIKES_EXAMPLE: Final = (
    f"{','.join(BIKES)}\n"
    'gare-nord,,36088,"[1.974, 46.952]",12,2,CADRE ET ROUE,ARCEAU,LIBRE ACCES,true,STATIONNEMENT NON FERME,true,false,'
    "true,,2024,,CC Pays d'Issoudun,,2024-05-13,\n"
)
