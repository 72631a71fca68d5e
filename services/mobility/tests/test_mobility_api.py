"""Carpool areas and bike parkings as partners' frontends meet them: who wins, what is found, the national files."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final, get_args

import httpx
import pytest
from replays import calling
from table_schemas import faults, rows, standard

from contracts.mobility.bike_parking import BikeFastening, BikeParkingAccess, BikeProtection, BikeRack
from contracts.mobility.carpool_area import CarpoolAreaKind
from devstack.issuer import Issuer
from devstack.prepared import prepare
from mobility.app import app
from mobility.national import ACCESSES, FASTENINGS, KINDS, PROTECTIONS, RACKS
from service.clock import today

pytestmark = pytest.mark.anyio

AREA: Final = {
    "code": "limoise-entree",
    "name": "Entrée de la ZI la Limoise",
    "kind": "carpool_area",
    "position": [1.974, 46.952],
    "address": "Rue de la Limoise",
    "commune": "36088",
    "zone": "zi-limoise",
    "places": 24,
    "accessible_places": 2,
    "lit": True,
    "opening_hours": "Mo-Sa 05:00-22:00",
    "longest_stay": 720,
    "owner": "CC Pays d'Issoudun",
    "amenities": "Abri, arrêt de bus",
    "national_id": "36088-C-001",
    "on": "2024-01-08",
}
PARKING: Final = {
    "code": "gare-nord",
    "name": "Gare, côté nord",
    "position": [1.987, 46.949],
    "commune": "36088",
    "places": 12,
    "cargo_places": 2,
    "fastening": "frame_and_wheel",
    "rack": "hoop",
    "access": "free_access",
    "free_of_charge": True,
    "protection": "open",
    "covered": True,
    "watched": False,
    "lit": True,
    "website": "https://www.example.org/velos",
    "owner": "CC Pays d'Issoudun",
    "operator": "Ville d'Issoudun",
    "remarks": 'Sous l\'auvent, dit "la halle"',
    "osm_id": "n34172",
    "on": "2024-01-08",
}


class Partners:
    """Clients of the service, by the role that their token carries: the community of communes unless told."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    async def ask(self, path: str, body: dict[str, Any], by: str = "epci", **headers: str) -> httpx.Response:
        token = self._issuer.token("mobility:read mobility:write", [by])
        return await self._client.post(
            f"/v1/{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {token}",
                **{name.replace("_", "-"): text for name, text in headers.items()},
            },
        )

    async def get(self, path: str, by: str = "company", scopes: str = "mobility:read", **query: Any) -> httpx.Response:
        token = self._issuer.token(scopes, [by])
        return await self._client.get(f"/v1/{path}", params=query, headers={"Authorization": f"Bearer {token}"})

    async def found(self, path: str, **query: Any) -> list[str]:
        """The ids of what a list has."""
        return [item["id"] for item in done(await self.get(path, **query))["items"]]

    async def area(self, *steps: tuple[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
        """An area that is planned, and what becomes of it."""
        return await self._made("carpool-areas", {**AREA, **changes}, *steps)

    async def parking(self, *steps: tuple[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
        """A parking that is planned, and what becomes of it."""
        return await self._made("bike-parkings", {**PARKING, **changes}, *steps)

    async def _made(self, path: str, body: dict[str, Any], *steps: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        record = done(await self.ask(path, body), 201)
        for verb, asked in steps:
            record = done(await self.ask(f"{path}/{record['id']}/{verb}", asked))
        return record


OPEN: Final = ("open", {"on": "2024-05-13"})
IN_SERVICE: Final = ("enter-service", {"on": "2024-05-13"})


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = done(answer, status)
    assert body["type"] == f"/mobility/problems/{slug}", body
    return body


@pytest.fixture
async def partners(database: str, issuer: Issuer) -> AsyncIterator[Partners]:
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer) as client:
        yield Partners(client, issuer)


# Who wins, and who may


async def test_of_fifty_that_plan_areas_of_one_national_number_one_does_and_the_others_are_told(
    partners: Partners,
) -> None:
    answers = await asyncio.gather(*(partners.ask("carpool-areas", {**AREA, "code": f"area-{n}"}) for n in range(50)))
    (won,) = [answer.json() for answer in answers if answer.status_code == 201]
    for answer in answers:
        if answer.status_code != 201:
            said = problem(answer, 409, "national-id-taken")
            assert said["collides_with"] == won["id"]
            assert [fault["pointer"] for fault in said["errors"]] == ["#/national_id"]


async def test_of_fifty_that_put_a_parking_in_service_at_once_one_does(partners: Partners) -> None:
    await partners.parking()
    answers = await asyncio.gather(*(partners.ask("bike-parkings/gare-nord/enter-service", {}) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 49]
    for answer in answers:
        if answer.status_code != 200:
            problem(answer, 409, "bike-parking-not-planned")
    assert done(await partners.get("bike-parkings/gare-nord"))["version"] == 2


@pytest.mark.parametrize("role", ["network", "town_hall", "company"])
async def test_the_community_of_communes_decides_and_everybody_with_the_scope_reads(
    partners: Partners, role: str
) -> None:
    area = await partners.area(OPEN)
    problem(await partners.ask("carpool-areas", {**AREA, "code": "other"}, by=role), 403, "role-missing")
    problem(await partners.ask("bike-parkings", PARKING, by=role), 403, "role-missing")
    read = done(await partners.get("carpool-areas/limoise-entree", by=role))
    assert read == {**area, "allowed": []}
    assert (read["status"], read["opened_on"], read["position"]) == ("open", "2024-05-13", [1.974, 46.952])
    problem(await partners.get("carpool-areas/limoise-entree", by=role, scopes="companies:read"), 403, "scope-missing")


async def test_areas_and_parkings_are_found_by_commune_zone_status_and_words(partners: Partners) -> None:
    await partners.area(OPEN)
    await partners.area(
        code="reuilly-gare", name="Gare de Reuilly", commune="36171", zone=None, places=8, national_id=None
    )
    await partners.parking(IN_SERVICE)
    await partners.parking(code="limoise-hall", name="Hall 1", zone="zi-limoise", covered=None, places=30)
    for path, query, found in (
        ("carpool-areas", {"commune": "36171"}, ["reuilly-gare"]),
        ("carpool-areas", {"zone": "zi-limoise"}, ["limoise-entree"]),
        ("carpool-areas", {"status": "open"}, ["limoise-entree"]),
        ("carpool-areas", {"q": "reui"}, ["reuilly-gare"]),
        ("carpool-areas", {"sort": "-places"}, ["limoise-entree", "reuilly-gare"]),
        ("bike-parkings", {"commune": "36088", "sort": "places"}, ["gare-nord", "limoise-hall"]),
        ("bike-parkings", {"zone": "zi-limoise"}, ["limoise-hall"]),
        ("bike-parkings", {"status": "in_service"}, ["gare-nord"]),
        ("bike-parkings", {"covered": "true"}, ["gare-nord"]),
        ("bike-parkings", {"q": "cote nord"}, ["gare-nord"]),
    ):
        assert await partners.found(path, **query) == found, (path, query)


@pytest.mark.parametrize(
    ("changes", "pointer", "code", "french"),
    [
        ({"position": [46.952, 1.974]}, "#/position", "position", "France métropolitaine"),
        ({"position": [1.974]}, "#/position", "position", "France métropolitaine"),
        ({"national_id": "36088-1"}, "#/national_id", "national-carpool-id", "comme 36088-C-001"),
        ({"opening_hours": "8 h à 20 h"}, "#/opening_hours", "opening-hours", "comme dans OpenStreetMap"),
        ({"places": 10_000}, "#/places", "parking-places", "de 0 à 5"),
        ({"kind": "aire"}, "#/kind", "literal_error", "carpool_area"),
        ({"commune": "99999"}, "#/commune", "commune", "pas une commune de la liste actuelle"),
        ({"zone": "za-nouvelle"}, "#/zone", "zone", "pas une zone du territoire"),
        ({"code": "Entrée"}, "#/code", "carpool-area-code", "le code d'une aire de covoiturage s'écrit"),
    ],
)
async def test_what_is_wrong_with_an_area_is_told_by_its_field_in_french(
    partners: Partners, changes: dict[str, Any], pointer: str, code: str, french: str
) -> None:
    answer = await partners.ask("carpool-areas", {**AREA, **changes}, Accept_Language="fr")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert french in error["detail"]


async def test_a_refusal_points_to_its_field_and_says_why_in_french(partners: Partners) -> None:
    answer = await partners.ask("bike-parkings", {**PARKING, "cargo_places": 13}, Accept_Language="fr")
    said = problem(answer, 409, "more-for-cargo-than-places")
    assert said["detail"] == "13 places sont réservées aux vélos de grande taille, pour 12 en tout"
    assert said["parameters"] == {"cargo_places": 13, "places": 12}
    assert [fault["pointer"] for fault in said["errors"]] == ["#/cargo_places"]


# The national files

_CARPOOL: Final = "mobility/schema_lieux_covoiturage_0.2.0.json"
_BIKES: Final = "mobility/schema_stationnement_cyclable_1.1.2.json"
_EXAMPLES: Final = {
    _CARPOOL: "mobility/exemple_lieux_covoiturage.csv",
    _BIKES: "mobility/exemple_stationnement_cyclable.csv",
}


@pytest.mark.parametrize(
    ("schema", "right", "wrong", "name"),
    [
        (_CARPOOL, "76217-C-001", "76217-001", "id_lieu"),
        (_CARPOOL, ",Parking,", ",Car park,", "type"),
        (_CARPOOL, "2019-06-25", "25/06/2019", "date_maj"),
        (_CARPOOL, ",true,217602176", ",oui,217602176", "ouvert"),
        (_CARPOOL, "1.081183", "1081.183", "Xlong"),
        (_CARPOOL, "20,2", "-20,2", "nbre_pl"),
        (_CARPOOL, "id_lieu,nom_lieu", "nom_lieu,id_lieu", "columns"),
        (_BIKES, "CADRE ET ROUE", "CADRE + ROUE", "type_accroche"),
        (_BIKES, ",8,3,", ",,3,", "capacite"),
        (_BIKES, "[5.7145295,45.191463]", "5.7145295;45.191463", "coordonneesxy"),
        (_BIKES, "LIBRE ACCES", "LIBRE", "acces"),
    ],
)
def test_a_national_schema_takes_its_own_example_and_not_another(
    schema: str, right: str, wrong: str, name: str
) -> None:
    example = standard(_EXAMPLES[schema])
    assert faults(example, schema) == []
    broken = example.replace(right, wrong, 1)
    assert broken != example
    assert faults(broken, schema) == [name]


async def test_open_carpool_areas_are_a_table_of_the_national_schema(partners: Partners) -> None:
    await partners.area(OPEN, ("change-places", {"places": 30, "accessible_places": 3, "on": "2024-06-03"}))
    await partners.area(code="planned", national_id="36088-C-002")
    await partners.area(OPEN, ("close", {"reason": "works"}), code="closed", national_id="36088-C-003")
    await partners.area(OPEN, code="not-numbered", national_id=None)
    answer = await partners.get("inventory/carpool-areas")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert faults(answer.text, _CARPOOL) == []
    assert rows(answer.text) == [
        {
            "id_lieu": "36088-C-001",
            "nom_lieu": "Entrée de la ZI la Limoise",
            "ad_lieu": "Rue de la Limoise",
            "com_lieu": "Issoudun",
            "insee": "36088",
            "type": "Aire de covoiturage",
            "date_maj": "2024-06-03",
            "ouvert": "true",
            "source": "",
            "Xlong": "1.9740000",
            "Ylat": "46.9520000",
            "nbre_pl": "30",
            "nbre_pmr": "3",
            "duree": "720",
            "horaires": "Mo-Sa 05:00-22:00",
            "proprio": "CC Pays d'Issoudun",
            "lumiere": "true",
            "comm": "Abri, arrêt de bus",
        }
    ]


async def test_bike_parkings_in_service_are_a_table_of_the_national_schema(partners: Partners) -> None:
    await partners.parking(IN_SERVICE)
    await partners.parking(code="planned")
    await partners.parking(IN_SERVICE, ("remove", {"reason": "works"}), code="removed")
    answer = await partners.get("inventory/bike-parkings")
    assert faults(answer.text, _BIKES) == []
    assert rows(answer.text) == [
        {
            "id_local": "gare-nord",
            "id_osm": "n34172",
            "code_com": "36088",
            "coordonneesxy": "[1.987, 46.949]",
            "capacite": "12",
            "capacite_cargo": "2",
            "type_accroche": "CADRE ET ROUE",
            "mobilier": "ARCEAU",
            "acces": "LIBRE ACCES",
            "gratuit": "true",
            "protection": "STATIONNEMENT NON FERME",
            "couverture": "true",
            "surveillance": "false",
            "lumiere": "true",
            "url_info": "https://www.example.org/velos",
            "d_service": "2024",
            "source": "",
            "proprietaire": "CC Pays d'Issoudun",
            "gestionnaire": "Ville d'Issoudun",
            "date_maj": "2024-05-13",
            "commentaires": 'Sous l\'auvent, dit "la halle"',
        }
    ]


async def test_what_is_not_known_is_empty_and_what_was_corrected_is_of_that_day(partners: Partners) -> None:
    told = {name: PARKING[name] for name in ("name", "position", "fastening")}
    await partners.parking(IN_SERVICE, ("correct-description", {**told, "reason": "typing_error"}))
    (row,) = rows((await partners.get("inventory/bike-parkings")).text)
    assert {name for name, value in row.items() if value} == {
        "id_local", "code_com", "coordonneesxy", "capacite", "capacite_cargo", "type_accroche", "d_service", "date_maj",
    }  # fmt: skip
    assert row["date_maj"] == today().isoformat()


@pytest.mark.parametrize(
    ("schema", "name", "codes", "words"),
    [
        (_CARPOOL, "type", CarpoolAreaKind, KINDS),
        (_BIKES, "type_accroche", BikeFastening, FASTENINGS),
        (_BIKES, "mobilier", BikeRack, RACKS),
        (_BIKES, "acces", BikeParkingAccess, ACCESSES),
        (_BIKES, "protection", BikeProtection, PROTECTIONS),
    ],
)
def test_every_code_is_one_of_the_schema_and_the_other_way_round(
    schema: str, name: str, codes: Any, words: dict[str, str]
) -> None:
    (field,) = [each for each in json.loads(standard(schema))["fields"] if each["name"] == name]
    assert [words[code] for code in get_args(codes)] == field["constraints"]["enum"]


async def test_a_file_of_many_areas_has_them_all(partners: Partners) -> None:
    await asyncio.gather(
        *(partners.area(OPEN, code=f"area-{n:03d}", national_id=f"36088-C-{n:03d}") for n in range(205))
    )
    table = rows((await partners.get("inventory/carpool-areas")).text)
    assert [row["id_lieu"] for row in table] == [f"36088-C-{n:03d}" for n in range(205)]
