"""Plots and units as partners' frontends meet them: who wins a race, who reads what, what is due, the inventory."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import pytest
from partners import FOUNDRY, MILL, Partners, done, problem, serving
from table_schemas import faults, rows, standard

from companies.app import app
from contracts import sample_siret
from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.issuing import issue_due
from eventstore.postgres.store import Store
from service.clock import today

pytestmark = pytest.mark.anyio

PLOTS: Final = "/companies/v1/plots"
UNITS: Final = "/companies/v1/units"
INVENTORY: Final = "/companies/v1/inventory/plots"
OWNER: Final = sample_siret(2)
RING: Final = [[1.972, 46.951], [1.976, 46.951], [1.976, 46.953], [1.972, 46.951]]
LOT: Final = {
    "code": "limoise-12",
    "name": "Lot 12, rue de la Théols",
    "zone": "zi-limoise",
    "commune": "36088",
    "parcels": ["36088000AB0012", "36088000AB0013"],
    "outline": RING,
    "area": 8_500,
    "on": "2024-01-08",
}
ATELIER: Final = {
    "code": "atelier-3",
    "name": "Atelier 3",
    "kind": "workshop",
    "zone": "zi-limoise",
    "commune": "36088",
    "area": 420,
    "on": "2024-01-08",
}
UNTIL: Final = (today() + timedelta(days=60)).isoformat()


class Zone:
    """The partners, and what is asked in the role of the zone's manager unless told."""

    def __init__(self, partners: Partners) -> None:
        self.partners = partners

    async def plot(self, *steps: tuple[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
        """A plot that was registered, and what became of it."""
        plot = done(await self.ask(PLOTS, {**LOT, **changes}), 201)
        for verb, body in steps:
            plot = done(await self.ask(f"{PLOTS}/{plot['id']}/{verb}", body))
        return plot

    async def unit(self, *steps: tuple[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
        """A unit that was registered, and what became of it."""
        unit = done(await self.ask(UNITS, {**ATELIER, **changes}), 201)
        for verb, body in steps:
            unit = done(await self.ask(f"{UNITS}/{unit['id']}/{verb}", body))
        return unit

    async def ask(self, path: str, body: dict[str, Any], by: str = "epci", of: str | None = None, **more: str) -> Any:
        """The answer to a command."""
        return await self.partners.post(path, body, by=by, of=of, **more)

    async def becomes(self, path: str, status: str) -> dict[str, Any]:
        """Waits until a record has this status."""
        async with asyncio.timeout(30):
            while True:
                record = done(await self.partners.get(path, by="epci"))
                if record["status"] == status:
                    return record
                await asyncio.sleep(0.05)


ON_MARKET: Final = (
    ("begin-servicing", {"on": "2024-02-01"}),
    ("put-on-market", {"price_per_m2": 18.5, "on": "2024-03-01"}),
)
OPTIONED: Final = (*ON_MARKET, ("grant-option", {"company": FOUNDRY, "option_until": UNTIL}))
SOLD: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    *OPTIONED,
    ("promise", {}),
    ("sell", {"origin": "from_elsewhere", "amount": 157_000}),
)
RESERVED: Final = ("reserve", {"company": FOUNDRY, "begins_on": UNTIL, "held_until": UNTIL})
LET: Final = (
    ("reserve", {"company": FOUNDRY, "begins_on": "2024-03-01", "held_until": "2024-03-15", "on": "2024-02-01"}),
    ("let", {"origin": "newly_founded", "on": "2024-03-01"}),
)


@pytest.fixture
async def zone(partners: Partners) -> Zone:
    return Zone(partners)


# Who wins


async def test_of_fifty_that_want_a_unit_at_once_one_has_it_and_the_others_are_told_that_it_is_reserved(
    zone: Zone,
) -> None:
    await zone.unit()
    reserve = RESERVED[1]
    answers = await asyncio.gather(
        *(zone.ask(f"{UNITS}/atelier-3/reserve", {**reserve, "company": sample_siret(n)}) for n in range(50))
    )
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code != 200:
            said = problem(answer, 409, "unit-reserved")["parameters"]
            assert said == {"company": won["company"], "held_until": UNTIL}
    unit = done(await zone.partners.get(f"{UNITS}/atelier-3", by="epci"))
    assert (unit["company"], unit["version"]) == (won["company"], 2)


async def test_of_fifty_leases_begun_at_once_one_begins_and_it_is_of_whom_the_unit_was_held_for(zone: Zone) -> None:
    await zone.unit(LET[0])
    answers = await asyncio.gather(*(zone.ask(f"{UNITS}/atelier-3/let", LET[1][1]) for _ in range(50)))
    assert sum(answer.status_code == 200 for answer in answers) == 1
    for answer in answers:
        if answer.status_code != 200:
            said = problem(answer, 409, "unit-let")["parameters"]
            assert said == {"company": FOUNDRY, "let_since": "2024-03-01"}
    history = done(await zone.partners.get(f"{UNITS}/atelier-3/events", by="epci"))["items"]
    assert [event["type"] for event in history] == ["UnitRegistered", "UnitReserved", "UnitLet"]
    assert history[-1]["data"]["company"] == FOUNDRY


async def test_of_fifty_options_on_a_plot_one_is_granted(zone: Zone) -> None:
    await zone.plot(*ON_MARKET)
    options = [{"company": sample_siret(n), "option_until": UNTIL} for n in range(50)]
    answers = await asyncio.gather(*(zone.ask(f"{PLOTS}/limoise-12/grant-option", option) for option in options))
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code != 200:
            said = problem(answer, 409, "plot-optioned")["parameters"]
            assert said == {"company": won["company"], "option_until": UNTIL}


async def test_who_has_a_unit_or_a_plot_is_told_to_those_who_decide_on_it_alone(zone: Zone) -> None:
    await zone.plot(*OPTIONED)
    await zone.unit(*LET, owner=OWNER)
    reserve = {**RESERVED[1], "company": MILL}
    for by, of in (("epci", None), ("company", OWNER)):
        refused = problem(await zone.ask(f"{UNITS}/atelier-3/reserve", reserve, by=by, of=of), 409, "unit-let")
        assert refused["detail"] == f"it has been let to {FOUNDRY} since 2024-03-01"
    option = {"company": MILL, "option_until": UNTIL}
    for path, body in ((f"{UNITS}/atelier-3/reserve", reserve), (f"{PLOTS}/limoise-12/grant-option", option)):
        refused = await zone.ask(path, body, by="company", of=MILL)
        assert refused.status_code == 403
        assert FOUNDRY not in refused.text


async def test_a_code_is_given_once(zone: Zone) -> None:
    answers = await asyncio.gather(*(zone.ask(PLOTS, LOT) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 49]
    said = problem(await zone.ask(PLOTS, LOT), 409, "plot-exists")
    assert [fault["pointer"] for fault in said["errors"]] == ["#/code"]
    assert said["collides_with"] == "limoise-12"


# Who may do and read what


@pytest.mark.parametrize("role", ["network", "town_hall", "state", "company"])
async def test_the_community_of_communes_decides_on_plots(zone: Zone, role: str) -> None:
    await zone.plot()
    refused = await zone.ask(f"{PLOTS}/limoise-12/begin-servicing", {}, by=role, of=FOUNDRY)
    problem(refused, 403, "role-missing")
    problem(await zone.ask(PLOTS, {**LOT, "code": "limoise-13"}, by=role, of=FOUNDRY), 403, "role-missing")


async def test_a_company_finds_what_is_on_the_market_and_not_who_wants_it(zone: Zone) -> None:
    await zone.plot(*ON_MARKET)
    await zone.plot(*OPTIONED, code="limoise-13")
    shown = done(await zone.partners.get(PLOTS, by="company", of=MILL, status="on_market", sort="price_per_m2"))
    assert shown["items"] == [
        {
            "id": "limoise-12",
            "version": 3,
            "plot": "limoise-12",
            "name": "Lot 12, rue de la Théols",
            "zone": "zi-limoise",
            "commune": "36088",
            "parcels": ["36088000AB0012", "36088000AB0013"],
            "outline": RING,
            "area": 8_500,
            "status": "on_market",
            "price_per_m2": 18.5,
            "allowed": [],
        }
    ]
    for of in (MILL, FOUNDRY):
        optioned = done(await zone.partners.get(f"{PLOTS}/limoise-13", by="company", of=of))
        assert optioned["status"] == "optioned"
        assert not optioned.keys() & {"company", "option_until", "standings"}
        assert done(await zone.partners.get(PLOTS, by="company", of=of, company=FOUNDRY))["items"] == []
        problem(await zone.partners.get(f"{PLOTS}/limoise-13/events", by="company", of=of), 403, "not-your-record")
    for role in ("epci", "town_hall", "network"):
        (found,) = done(await zone.partners.get(PLOTS, by=role, company=FOUNDRY))["items"]
        assert (found["id"], found["option_until"]) == ("limoise-13", UNTIL)


async def test_plots_are_found_by_words_parcels_sizes_and_ends_of_options(zone: Zone) -> None:
    await zone.plot(*OPTIONED)
    await zone.plot(code="avenir-2", name="Lot 2, l'Avenir", zone="za-avenir", area=2_000, parcels=["36088000ZC0007"])
    for query, found in (
        ({"q": "theols"}, ["limoise-12"]),
        ({"q": "36088000zc"}, ["avenir-2"]),
        ({"area_from": "1000", "area_to": "5000"}, ["avenir-2"]),
        ({"zone": "zi-limoise"}, ["limoise-12"]),
        ({"option_until_to": UNTIL}, ["limoise-12"]),
        ({"sort": "-area"}, ["limoise-12", "avenir-2"]),
    ):
        items = done(await zone.partners.get(PLOTS, by="epci", **query))["items"]
        assert [item["id"] for item in items] == found, query


async def test_a_company_lets_its_own_unit_and_its_tenant_reads_what_is_public(zone: Zone) -> None:
    own = {**ATELIER, "owner": OWNER}
    unit = done(await zone.ask(UNITS, own, by="company", of=OWNER), 201)
    assert (unit["owner"], unit["allowed"]) == (OWNER, ["change-rent", "reserve", "begin-works", "correct-area"])
    for verb, body in LET:
        done(await zone.ask(f"{UNITS}/atelier-3/{verb}", body, by="company", of=OWNER))
    for of in (MILL, FOUNDRY):
        notice = {"free_on": UNTIL, "reason": "growth"}
        refused = await zone.ask(f"{UNITS}/atelier-3/give-notice", notice, by="company", of=of)
        problem(refused, 403, "not-your-record")
        shown = done(await zone.partners.get(f"{UNITS}/atelier-3", by="company", of=of))
        assert shown.keys() == {
            "id", "version", "allowed", "unit", "name", "kind", "zone", "commune", "area", "rent_per_m2", "status",
            "free_on",
        }  # fmt: skip
    done(await zone.ask(f"{UNITS}/atelier-3/give-notice", {"free_on": UNTIL, "reason": "growth"}))
    shown = done(await zone.partners.get(UNITS, by="company", of=MILL, status="notice"))
    assert [item["free_on"] for item in shown["items"]] == [UNTIL]
    assert done(await zone.partners.get(f"{UNITS}/atelier-3", by="company", of=OWNER))["company"] == FOUNDRY
    for others in ({}, {"owner": FOUNDRY}):
        refused = await zone.ask(UNITS, {**ATELIER, **others}, by="company", of=OWNER, Accept_Language="fr")
        said = problem(refused, 403, "not-your-record")
        assert "« owner » doit la désigner" in said["detail"]
        assert [fault["pointer"] for fault in said["errors"]] == ["#/owner"]


async def test_units_are_found_by_tenant_kind_and_the_day_they_are_free(zone: Zone) -> None:
    await zone.unit(*LET, ("give-notice", {"free_on": UNTIL, "reason": "moving"}))
    await zone.unit(code="bureau-1", name="Bureau 1", kind="office", area=35)
    for query, found in (
        ({"company": FOUNDRY}, ["atelier-3"]),
        ({"kind": "office", "status": "available"}, ["bureau-1"]),
        ({"free_on_to": UNTIL}, ["atelier-3"]),
        ({"q": "atel"}, ["atelier-3"]),
        ({"sort": "area"}, ["bureau-1", "atelier-3"]),
    ):
        items = done(await zone.partners.get(UNITS, by="town_hall", **query))["items"]
        assert [item["id"] for item in items] == found, query


@pytest.mark.parametrize(
    ("changes", "pointer", "code", "french"),
    [
        ({"area": "8500"}, "#/area", "square-metres", "une surface est un nombre"),
        ({"outline": [[46.951, 1.972], *RING[1:3], [46.951, 1.972]]}, "#/outline", "outline", "France métropolitaine"),
        ({"outline": [*RING[:3], [1.972]]}, "#/outline", "outline", "France métropolitaine"),
        ({"parcels": ["AB 12", "36088000AB0013"]}, "#/parcels/0", "parcel", "comme 36088000AB0012"),
        ({"parcels": ["AB 12"]}, "#/parcels/0", "parcel", "comme 36088000AB0012"),
        ({"parcels": ["36088000AB0012", "99999000AB0013"]}, "#/parcels/1", "parcel", "le code INSEE actuel"),
        ({"commune": "99999"}, "#/commune", "commune", "pas une commune de la liste actuelle"),
        ({"zone": None}, "#/zone", "zone", "ses zones sont zi-limoise, za-avenir"),
        ({"zone": "za-nouvelle"}, "#/zone", "zone", "pas une zone du territoire"),
        ({"code": "Lot 12"}, "#/code", "plot-code", "le code d'un terrain s'écrit"),
    ],
)
async def test_what_is_wrong_with_a_plot_is_told_by_its_field_in_french(
    zone: Zone, changes: dict[str, Any], pointer: str, code: str, french: str
) -> None:
    answer = await zone.ask(PLOTS, {**LOT, **changes}, Accept_Language="fr")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert french in error["detail"]


async def test_a_refusal_says_why_in_french(zone: Zone) -> None:
    await zone.plot(*OPTIONED)
    refused = await zone.ask(
        f"{PLOTS}/limoise-12/extend-option", {"option_until": today().isoformat()}, Accept_Language="fr"
    )
    said = problem(refused, 409, "option-not-prolonged")
    assert said["detail"] == f"l'entreprise a déjà une option jusqu'au {date.fromisoformat(UNTIL):%d/%m/%Y}"


# What nobody sends


async def test_what_is_due_happens_by_itself(zone: Zone, database: str) -> None:
    await zone.plot(*OPTIONED)
    await zone.unit(RESERVED)
    notice = {"free_on": UNTIL, "reason": "closing"}
    await zone.unit(*LET, ("give-notice", notice), code="atelier-4")
    await zone.unit(*LET, ("give-notice", {**notice, "works_follow": True}), code="atelier-5")
    day = date.fromisoformat(UNTIL)
    before, on_it, after = (datetime.combine(day + timedelta(days=n), time(0, 1), PARIS) for n in (-1, 0, 1))
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        assert [await issue_due(store, app.deciders, now) for now in (before, on_it, after, after)] == [0, 2, 2, 0]
    free, in_works, held, plot = [
        done(await zone.partners.get(path, by="epci"))
        for path in (f"{UNITS}/atelier-4", f"{UNITS}/atelier-5", f"{UNITS}/atelier-3", f"{PLOTS}/limoise-12")
    ]
    assert (free["status"], free["effective_on"], free["company"]) == ("available", UNTIL, None)
    assert (in_works["status"], in_works["effective_on"]) == ("works", UNTIL)
    assert (held["status"], held["company"]) == ("available", None)
    assert (plot["status"], plot["effective_on"]) == ("on_market", after.date().isoformat())
    history = done(await zone.partners.get(f"{PLOTS}/limoise-12/events", by="epci"))["items"]
    assert (history[-1]["type"], history[-1]["metadata"]["actor"]) == ("PlotOptionLapsed", "platform")


@pytest.mark.slow
async def test_a_worker_ends_a_lease_on_its_day_though_the_notice_was_entered_late(
    database: str, kafka: str, issuer: Issuer
) -> None:
    await prepare(database)
    async with serving(database, issuer, kafka=kafka) as partners:
        zone = Zone(partners)
        late = {"free_on": "2024-09-01", "reason": "moving", "on": "2024-06-01"}
        await zone.unit(*LET, ("give-notice", late))
        unit = await zone.becomes(f"{UNITS}/atelier-3", "available")
        assert (unit["effective_on"], unit["company"]) == ("2024-09-01", None)
        assert (unit["last_lease"]["company"], unit["last_lease"]["ended_on"]) == (FOUNDRY, "2024-09-01")
        done(await zone.ask(f"{UNITS}/atelier-3/begin-works", {"on": "2024-09-01"}))


# The inventory

_STANDARD: Final = "sites_eco/cnig_terrain-eco_1.0.1.schema.json"


def plots_of(table: str) -> Sequence[Mapping[str, str]]:
    return rows(table, delimiter=";")


def broken(table: str) -> list[str]:
    """What a table breaks of the standard."""
    return faults(table, _STANDARD, delimiter=";")


def test_the_standard_takes_its_own_example_and_not_another() -> None:
    example = standard("sites_eco/cnig_terrain-eco_exemple.csv")
    assert broken(example) == []
    for right, wrong, name in (
        ("9.9", "9,9", "terr_surf_brute"),
        ("9.9", "", "terr_surf_brute"),
        ("2023-08-29;structure", "29/08/2023;structure", "terr_actu_date"),
        ("structure intercommunale", "communauté de communes", "terr_maitrise_fonc"),
        ("80024000ZO0030|", "ZO 30|", "terr_refcad"),
        ('"{""type""', '"{""kind""', "terr_geomsurf"),
    ):
        other = example.replace(right, wrong, 1)
        assert other != example
        assert broken(other) == [name]


async def test_the_inventory_is_a_table_of_the_national_standard(zone: Zone) -> None:
    for place, count in enumerate((0, 1, 2, 3, 4, 5)):
        await zone.plot(*SOLD[:count], code=f"limoise-{place}")
    await zone.plot(*SOLD, ("record-built", {}), code="limoise-6", parcels=["36088000AB0012"])
    answer = await zone.partners.get(INVENTORY, by="epci")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert broken(answer.text) == []
    inventory = {row["terr_id"]: row for row in plots_of(answer.text)}
    assert [row["terr_stade_comm"] for row in inventory.values()] == [
        "non commercialisé",
        "non commercialisé",
        "en vente",
        "réservé par option de réservation",
        "réservé par une délibération de l'EPCI",
        "vendu, commercialisation achevée",
        "vendu, commercialisation achevée",
    ]
    sold = inventory["limoise-5"]
    assert (sold["terr_surf_brute"], sold["terr_refcad"]) == ("0.85", "36088000AB0012|36088000AB0013")
    assert (sold["terr_cession_date"], sold["terr_vente_montant"]) == (today().isoformat(), "157000")
    assert sold["terr_m2_prix"] == "18.47"
    assert inventory["limoise-6"]["terr_etat_occup"] == "occupé"
    assert json.loads(sold["terr_geomsurf"]) == {"type": "Polygon", "coordinates": [RING]}


async def test_the_inventory_tells_nobody_more_than_the_records_do(zone: Zone) -> None:
    await zone.plot(*SOLD)
    (public,) = plots_of((await zone.partners.get(INVENTORY, by="company", of=FOUNDRY)).text)
    assert (public["terr_cession_date"], public["terr_vente_montant"], public["terr_m2_prix"]) == ("", "", "18.5")
    (whole,) = plots_of((await zone.partners.get(INVENTORY, by="town_hall")).text)
    assert {name for name, value in whole.items() if value != public[name]} == {
        "terr_cession_date",
        "terr_vente_montant",
        "terr_m2_prix",
    }


async def test_an_inventory_of_many_plots_has_them_all(zone: Zone) -> None:
    await asyncio.gather(*(zone.ask(PLOTS, {**LOT, "code": f"lot-{n:03d}"}) for n in range(205)))
    inventory = plots_of((await zone.partners.get(INVENTORY, by="epci")).text)
    assert [row["terr_id"] for row in inventory] == [f"lot-{n:03d}" for n in range(205)]
