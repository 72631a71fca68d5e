"""Files in the national schemas as imports: the schemas' own examples, what is wrong in a row, and there and back."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import pytest
from replays import calling
from table_schemas import faults, rows, standard

from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.postgres.store import Store
from mobility.app import app
from mobility.national import BIKES, CARPOOL, FRENCH_TRUTHS, TABLES, TRUTHS, code_of, position_of
from service.clock import today
from service.importing.tables import Table
from service.importing.working import Importing

pytestmark = pytest.mark.anyio

SCHEMAS: Final = {
    "lieux-covoiturage": "mobility/schema_lieux_covoiturage_0.2.0.json",
    "stationnement-cyclable": "mobility/schema_stationnement_cyclable_1.1.2.json",
}
EXAMPLES: Final = {
    "lieux-covoiturage": standard("mobility/exemple_lieux_covoiturage.csv"),
    "stationnement-cyclable": standard("mobility/exemple_stationnement_cyclable.csv"),
}
PATHS: Final = {"lieux-covoiturage": "carpool-areas", "stationnement-cyclable": "bike-parkings"}
AREA: Final[Mapping[str, str]] = {**rows(EXAMPLES["lieux-covoiturage"])[0], "horaires": "24/7"}
PARKING: Final[Mapping[str, str]] = rows(EXAMPLES["stationnement-cyclable"])[0]

AREA_OF_OURS: Final = {
    "code": "limoise-entree",
    "name": "Entrée de la ZI la Limoise",
    "kind": "carpool_area",
    "position": [1.97400004, 46.952],
    "address": "Rue de la Limoise, dite « la grande »",
    "commune": "36088",
    "zone": "zi-limoise",
    "places": 24,
    "accessible_places": 2,
    "opening_hours": "Mo-Sa 05:00-22:00",
    "longest_stay": 720,
    "amenities": 'Abri, dit "la halle"',
    "national_id": "36088-C-001",
    "on": "2024-01-08",
}
PARKING_OF_OURS: Final = {
    "code": "gare_nord-2",
    "name": "Gare, côté nord",
    "position": [0.00001, 46.949],
    "commune": "36088",
    "places": 12,
    "cargo_places": 2,
    "fastening": "wheel",
    "rack": "none",
    "covered": False,
    "website": "https://www.example.org/velos",
    "on": "2023-01-08",
}


class Importer:
    """A client of the service, as the community of communes, and the worker that imports what it sends."""

    def __init__(self, client: httpx.AsyncClient, store: Store) -> None:
        self._client = client
        self._store = store

    async def take(self, table: str, content: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        """How an import ends, and what became of its rows."""
        answer = await self._client.post(
            f"/v1/imports?table={table}", content=content.encode(), headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == 202, answer.text
        assert await Importing(app, self._store).next()
        path = f"/v1/imports/{answer.json()['id']}"
        return await self.get(path), (await self.get(f"{path}/report"))["items"]

    async def refused(self, table: str, *told: Mapping[str, str]) -> Mapping[int, Sequence[tuple[str, str]]]:
        """What is wrong with rows, by their number: the columns and the codes of their faults."""
        progress, lines = await self.take(table, written(told))
        assert progress["status"] == "refused"
        return {
            number: [(fault["pointer"], fault["code"]) for fault in line["problem"]["errors"]]
            for number, line in enumerate(lines)
            if line["problem"]
        }

    async def get(self, path: str) -> dict[str, Any]:
        body: dict[str, Any] = (await self._client.get(path)).raise_for_status().json()
        return body

    async def tell(self, path: str, body: Mapping[str, Any]) -> None:
        """A command."""
        (await self._client.post(f"/v1/{path}", json=body)).raise_for_status()

    async def exported(self, table: str) -> str:
        """The national file."""
        return (await self._client.get(f"/v1/inventory/{PATHS[table]}")).raise_for_status().text


def written(told: Sequence[Mapping[str, str]], delimiter: str = ",") -> str:
    """Rows as a file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*told[0]], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(told)
    return text.getvalue()


@asynccontextmanager
async def importing(database: str, issuer: Issuer) -> AsyncIterator[Importer]:
    await prepare(database, app.all_migrations)
    async with (
        calling(app, database, issuer) as client,
        Store.open(database, personal_key=PERSONAL_KEY) as store,
    ):
        client.headers["Authorization"] = f"Bearer {issuer.token('mobility:read mobility:write', ['epci'])}"
        yield Importer(client, store)


@pytest.fixture
async def importer(database: str, issuer: Issuer) -> AsyncIterator[Importer]:
    async with importing(database, issuer) as importer:
        yield importer


@pytest.fixture
def other_database(databases: Callable[[], str]) -> str:
    return databases()


@pytest.fixture
async def elsewhere(other_database: str, issuer: Issuer) -> AsyncIterator[Importer]:
    async with importing(other_database, issuer) as importer:
        yield importer


# What the schemas say


@pytest.mark.parametrize("name", [*TABLES])
def test_a_table_is_that_of_its_schema(name: str) -> None:
    table = TABLES[name]
    fields = json.loads(standard(SCHEMAS[name]))["fields"]
    assert [*table.columns] == [field["name"] for field in fields]
    for field in fields:
        column = table.columns[field["name"]]
        assert column.needed or not field["constraints"]["required"], field["name"]
        if "enum" in field["constraints"]:
            assert [*column.words] == field["constraints"]["enum"], field["name"]
        elif field["type"] == "boolean":
            # Those of Table Schema itself where the schema says none.
            right = field.get("trueValues", ["true", "True", "TRUE", "1"])
            wrong = field.get("falseValues", ["false", "False", "FALSE", "0"])
            assert {word: word in right for word in (*right, *wrong)} == column.words, field["name"]
        else:
            assert not column.words, field["name"]


def test_what_the_schemas_do_not_need_and_a_command_does() -> None:
    def beyond(name: str, table: Table) -> set[str]:
        fields = json.loads(standard(SCHEMAS[name]))["fields"]
        required = {field["name"] for field in fields if field["constraints"]["required"]}
        return {column for column, about in table.columns.items() if about.needed} - required

    assert (beyond("lieux-covoiturage", CARPOOL), beyond("stationnement-cyclable", BIKES)) == (
        {"nbre_pl"},
        {"code_com"},
    )


@pytest.mark.parametrize(
    ("local", "code"),
    [
        ("STSI01", "stsi01"),
        ("76217-C-001", "76217-c-001"),
        ("velo_07", "velo_07"),
        ("Gare, côté Nord", "gare-cote-nord"),
        ("--a__b--", "a-b"),
        ("№ 4", "no-4"),
        ("???", ""),
    ],
)
def test_a_code_is_made_of_what_it_is_known_by_elsewhere(local: str, code: str) -> None:
    assert code_of(local) == code
    assert code_of(code) == code


@pytest.mark.parametrize("text", ["[1.98, 46.9]", "[1.98,46.9]\n", " [ -0.5 , 46 ] ", "[5e-05, 46.9]"])
def test_a_position_is_read_as_the_schema_writes_it(text: str) -> None:
    assert position_of(text) == json.loads(text)


@pytest.mark.parametrize(
    "text", ["1.98,46.9", "[01.98, 46.9]", "[1,98, 46,9]", "[[1.98, 46.9]]", "[NaN, 1]", "[" * 9999]
)
def test_another_text_is_no_position(text: str) -> None:
    assert position_of(text) == text


# The schemas' own examples


async def test_the_example_of_carpool_areas_is_taken_but_for_its_opening_hours(importer: Importer) -> None:
    progress, (line,) = await importer.take("lieux-covoiturage", EXAMPLES["lieux-covoiturage"])
    assert progress["status"] == "refused"
    # It says `true` there, which tells no hours.
    assert [(fault["pointer"], fault["code"]) for fault in line["problem"]["errors"]] == [
        ("#/horaires", "opening-hours")
    ]
    progress, _ = await importer.take("lieux-covoiturage", written([{**AREA, "horaires": ""}]))
    assert (progress["status"], progress["done"]) == ("done", 1)
    area = await importer.get("/v1/carpool-areas/76217-c-001")
    assert {name: area[name] for name in area if name not in ("id", "version", "allowed")} == {
        "carpool_area": "76217-c-001",
        "national_id": "76217-C-001",
        "status": "open",
        "name": "Gare SNCF de Dieppe",
        "kind": "car_park",
        "position": [1.081183, 49.921823],
        "address": "2 Boulevard Georges Clemenceau",
        "commune": "76217",
        "zone": None,
        "places": 20,
        "accessible_places": 2,
        "lit": True,
        "opening_hours": None,
        "longest_stay": None,
        "owner": "Ville de Dieppe",
        "amenities": "Correspondance avec la ligne TER Dieppe-Rouen",
        "planned_on": "2019-06-25",
        "opened_on": "2019-06-25",
        "effective_on": "2019-06-25",
        "changed_on": None,
        "closed_on": None,
        "corrected_on": None,
        "reason": None,
    }


async def test_the_example_of_bike_parkings_is_taken(importer: Importer) -> None:
    progress, _ = await importer.take("stationnement-cyclable", EXAMPLES["stationnement-cyclable"])
    assert (progress["status"], progress["done"]) == ("done", 1)
    parking = await importer.get("/v1/bike-parkings/stsi01")
    assert {name: parking[name] for name in parking if name not in ("id", "version", "allowed")} == {
        "bike_parking": "stsi01",
        "status": "in_service",
        "name": "STSI01",
        "osm_id": "n71729735",
        "position": [5.7145295, 45.191463],
        "commune": "38185",
        "zone": None,
        "places": 8,
        "cargo_places": 3,
        "fastening": "frame_and_wheel",
        "rack": "hoop",
        "access": "free_access",
        "free_of_charge": True,
        "protection": "open",
        "covered": True,
        "watched": True,
        "lit": True,
        "website": "https://www.grenoble.fr/se-garer-dans-un-parking-velo/",
        "in_service_since": 2017,
        "owner": "Ville de Grenoble",
        "operator": "Ville de Grenoble",
        "remarks": "L’accès au parking vélo est au sous-sol de la gare",
        "planned_on": "2020-09-17",
        "in_service_on": "2020-09-17",
        "effective_on": "2020-09-17",
        "changed_on": None,
        "removed_on": None,
        "corrected_on": None,
        "reason": None,
    }
    # What the platform holds of it comes back as it was told.
    (told,) = rows(await importer.exported("stationnement-cyclable"))
    assert {name: text for name, text in told.items() if text != PARKING[name]} == {
        "id_local": "stsi01",
        "coordonneesxy": "[5.7145295, 45.191463]",
        "source": "",
        **dict.fromkeys(("gratuit", "couverture", "surveillance", "lumiere"), "true"),
    }


# Rows


async def test_an_area_that_is_not_open_is_planned_and_what_is_not_told_is_not_known(importer: Importer) -> None:
    least = ("id_lieu", "nom_lieu", "insee", "type", "date_maj", "ouvert", "Xlong", "Ylat", "nbre_pl")
    told = {name: AREA[name] for name in least} | {"ouvert": "FALSE", "Xlong": "1,0812"}
    progress, _ = await importer.take("lieux-covoiturage", written([told], ";"))
    assert progress["done"] == 1
    area = await importer.get("/v1/carpool-areas/76217-c-001")
    assert (area["status"], area["opened_on"], area["accessible_places"]) == ("planned", None, 0)
    assert (area["position"], area["lit"], area["address"]) == ([1.0812, 49.921823], None, None)


async def test_a_parking_of_which_little_is_told(importer: Importer) -> None:
    least = ("id_local", "code_com", "coordonneesxy", "capacite", "type_accroche")
    progress, _ = await importer.take("stationnement-cyclable", written([{name: PARKING[name] for name in least}]))
    assert progress["done"] == 1
    (told,) = rows(await importer.exported("stationnement-cyclable"))
    # Since when bikes have parked there nobody said.
    assert {name: text for name, text in told.items() if text} == {
        **{name: PARKING[name] for name in ("code_com", "capacite", "type_accroche")},
        "id_local": "stsi01",
        "coordonneesxy": "[5.7145295, 45.191463]",
        "capacite_cargo": "0",
        "date_maj": today().isoformat(),
    }


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"id_lieu": "76217-001"}, [("#/id_lieu", "national-carpool-id")]),
        ({"id_lieu": ""}, [("#/id_lieu", "missing")]),
        ({"insee": "99999"}, [("#/insee", "commune")]),
        ({"type": "Car park"}, [("#/type", "literal_error")]),
        ({"type": "car_park"}, [("#/type", "literal_error")]),
        ({"type": ""}, [("#/type", "missing")]),
        ({"date_maj": "25/06/2019"}, [("#/date_maj", "day")]),
        ({"date_maj": "2098-06-25"}, [("#/date_maj", "on-in-the-future")]),
        ({"ouvert": "oui"}, [("#/ouvert", "literal_error")]),
        ({"ouvert": "vrai", "lumiere": "vrai"}, [("#/lumiere", "literal_error"), ("#/ouvert", "literal_error")]),
        ({"Xlong": "1081.183"}, [("#/Xlong", "position")]),
        ({"Ylat": ""}, [("#/Xlong", "position")]),
        ({"nbre_pl": ""}, [("#/nbre_pl", "missing")]),
        ({"nbre_pl": "vingt"}, [("#/nbre_pl", "parking-places")]),
        ({"nbre_pmr": "21"}, [("#/nbre_pmr", "more-accessible-than-places")]),
        ({"comm": "x" * 201}, [("#/comm", "short-text")]),
    ],
)
async def test_what_is_wrong_with_an_area_is_told_by_its_column(
    importer: Importer, changes: Mapping[str, str], wrong: Sequence[tuple[str, str]]
) -> None:
    found = await importer.refused("lieux-covoiturage", {**AREA, **changes})
    assert {number: sorted(each) for number, each in found.items()} == {0: sorted(wrong)}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"id_local": ""}, [("#/id_local", "missing")]),
        ({"id_local": "???"}, [("#/id_local", "bike-parking-code")]),
        ({"code_com": ""}, [("#/code_com", "missing")]),
        ({"coordonneesxy": "45.19, 5.71"}, [("#/coordonneesxy", "position")]),
        ({"capacite": "0", "capacite_cargo": ""}, [("#/capacite", "some-places")]),
        ({"capacite_cargo": "9"}, [("#/capacite_cargo", "more-for-cargo-than-places")]),
        ({"mobilier": "hoop"}, [("#/mobilier", "literal_error")]),
        ({"gratuit": "oui"}, [("#/gratuit", "literal_error")]),
        ({"d_service": "2021"}, [("#/d_service", "in-service-since-a-year-to-come")]),
        ({"d_service": "17"}, [("#/d_service", "calendar-year")]),
    ],
)
async def test_what_is_wrong_with_a_parking_is_told_by_its_column(
    importer: Importer, changes: Mapping[str, str], wrong: Sequence[tuple[str, str]]
) -> None:
    assert await importer.refused("stationnement-cyclable", {**PARKING, **changes}) == {0: wrong}


async def test_a_wrong_word_is_answered_by_those_of_the_table(importer: Importer) -> None:
    _, (line,) = await importer.take("lieux-covoiturage", written([{**AREA, "type": "Parc", "ouvert": "oui"}]))
    said = {fault["pointer"]: fault["detail"] for fault in line["problem"]["errors"]}
    assert "'Parking relais'" in said["#/type"]
    assert all(f"'{word}'" in said["#/ouvert"] for word in TRUTHS)
    assert "car_park" not in said["#/type"]


async def test_all_that_may_be_said_for_yes_and_no_is_understood(importer: Importer) -> None:
    told = [{**PARKING, "id_local": f"P{n}", "gratuit": word} for n, word in enumerate(FRENCH_TRUTHS)]
    progress, lines = await importer.take("stationnement-cyclable", written(told))
    assert progress["done"] == len(told)
    found = [(await importer.get(f"/v1/bike-parkings/{line['id']}"))["free_of_charge"] for line in lines]
    assert found == [*FRENCH_TRUTHS.values()]


# There and back


async def test_what_is_there_already_is_told_and_importing_again_changes_nothing(importer: Importer) -> None:
    others = [{**AREA, "id_lieu": "36088-C-002"}, {**AREA, "id_lieu": "36088-C-002", "nom_lieu": "Autre"}]
    assert await importer.refused("lieux-covoiturage", *others) == {1: [("#/id_lieu", "carpool-area-exists")]}
    await importer.take("lieux-covoiturage", written([AREA]))
    before = await importer.get("/v1/carpool-areas/76217-c-001")
    # With another comment it is another file: the same one would be the same import.
    again = {**AREA, "comm": "Abri"}
    assert await importer.refused("lieux-covoiturage", again) == {0: [("#/id_lieu", "carpool-area-exists")]}
    assert await importer.get("/v1/carpool-areas/76217-c-001") == before


async def test_an_area_that_has_its_national_number_under_another_code_is_there_already(importer: Importer) -> None:
    await importer.tell("carpool-areas", {**AREA_OF_OURS, "is_open": True})
    exported = await importer.exported("lieux-covoiturage")
    progress, (line,) = await importer.take("lieux-covoiturage", exported)
    assert progress["status"] == "refused"
    assert line["problem"]["collides_with"] == "limoise-entree"
    assert [fault["pointer"] for fault in line["problem"]["errors"]] == ["#/id_lieu"]


async def test_what_is_exported_is_imported_and_exported_the_same(importer: Importer, elsewhere: Importer) -> None:
    await importer.tell("carpool-areas", AREA_OF_OURS)
    await importer.tell("carpool-areas/limoise-entree/open", {"on": "2024-05-13"})
    counted = {"places": 30, "accessible_places": 2, "reason": "count", "on": "2025-02-03"}
    await importer.tell("carpool-areas/limoise-entree/correct-places", counted)
    sparse = {"address": None, "opening_hours": None, "longest_stay": None, "amenities": None}
    other = {**AREA_OF_OURS, **sparse, "code": "other", "national_id": "36171-C-001", "kind": "hitchhiking"}
    await importer.tell("carpool-areas", {**other, "is_open": True, "places": 0, "accessible_places": 0})
    await importer.tell("bike-parkings", PARKING_OF_OURS)
    await importer.tell("bike-parkings/gare_nord-2/enter-service", {"on": "2024-05-13"})
    # The year it came into service is not that of the latest correction.
    await importer.tell(
        "bike-parkings/gare_nord-2/correct-places",
        {"places": 14, "cargo_places": 2, "reason": "count", "on": "2025-02-03"},
    )
    await importer.tell("bike-parkings", {**PARKING_OF_OURS, "code": "old", "is_in_service": True})
    exported = {table: await importer.exported(table) for table in TABLES}
    for table, content in exported.items():
        assert (len(rows(content)), faults(content, SCHEMAS[table])) == (2, []), table
    for table, content in exported.items():
        progress, _ = await elsewhere.take(table, content)
        assert (progress["status"], progress["done"]) == ("done", 2), table
        assert await elsewhere.exported(table) == content
