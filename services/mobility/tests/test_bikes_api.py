"""Bikes, loans and the public feeds as partners' frontends and the public meet them."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lending import AT_GARE, AT_LIMOISE, GARE, LIMOISE, bike, station
from replays import calling

from contracts.mobility.bike import BikeKind
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.postgres.store import Store
from mobility.app import app
from mobility.bike import FULL_CHARGE
from mobility.gbfs import FORMS, TTL, Fleet, GbfsSettings, data_of, vehicle_id
from service import clock
from service.running.settings import SettingsError, load

pytestmark = pytest.mark.anyio

SCHEMAS: Final = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "gbfs-3.0").glob("*.json")
}


class Partners:
    """Clients of the service: the community of communes unless told, and the public."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self._issuer = issuer

    def _bearer(self, by: str, scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by])}"}

    async def ask(self, path: str, by: str = "epci", **body: Any) -> httpx.Response:
        headers = self._bearer(by, "mobility:read mobility:write")
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def get(self, path: str, by: str = "epci", scopes: str = "mobility:read", **query: Any) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", params=query, headers=self._bearer(by, scopes))

    async def read(self, path: str, **query: Any) -> dict[str, Any]:
        return done(await self.get(path, **query))

    async def feed(self, name: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/gbfs/{name}.json", headers=headers)

    async def data(self, name: str) -> Any:
        """What a feed says, which is as its schema asks."""
        told = done(await self.feed(name))
        check(name, told)
        return next(iter(told["data"].values())) if name != "system_information" else told["data"]

    async def opened(self, *bikes: str, docks: int = 4, kind: BikeKind = "e_bike") -> None:
        """Two stations in service, and bikes that stand in the first."""
        for code, zone, position in ((GARE, None, [1.987, 46.949]), (LIMOISE, "zi-limoise", [1.962, 46.951])):
            place: dict[str, Any] = {"commune": "36088", "zone": zone, "position": position}
            done(await self.ask("bike-stations", code=code, name=code, docks=docks, **place), 201)
            done(await self.ask(f"bike-stations/{code}/enter-service"))
        for code in bikes:
            done(await self.ask("bikes", code=code, kind=kind, station=GARE), 201)

    async def borrow(self, bike: str, who: str = "a", **changes: Any) -> httpx.Response:
        return await self.ask("loans", bike=bike, borrower=person(who), **{"due_back": due_back(), **changes})

    async def lent(self, bike: str, who: str = "a") -> str:
        """A loan that is taken; its id."""
        loan = str(done(await self.borrow(bike, who), 201)["id"])
        done(await self.ask(f"loans/{loan}/take"))
        return loan


def due_back(hours: int = 8) -> str:
    later = clock.now() + timedelta(hours=hours)
    return later.replace(minute=0, second=0, microsecond=0).isoformat()


def person(who: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": "Dominique", "email": f"{who}@example.org"}


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body = done(answer, status)
    assert body["type"] == f"/mobility/problems/{slug}", body
    return body


def check(name: str, told: Mapping[str, Any]) -> None:
    """A feed is as the official schema of its name asks, formats included."""
    validator = jsonschema.Draft7Validator(SCHEMAS[name], format_checker=jsonschema.FormatChecker())
    assert [*validator.iter_errors(told)] == []
    # Not among the formats that the checker knows by itself.
    for moment in re.findall(r'"(?:last_updated|last_reported)": "([^"]*)"', json.dumps(told)):
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}", moment), moment
        assert timedelta() <= clock.now() - datetime.fromisoformat(moment) <= timedelta(minutes=5)


@asynccontextmanager
async def serving(database: str, issuer: Issuer, **where: Any) -> AsyncIterator[Partners]:
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer, **where) as client:
        yield Partners(client, issuer)


@pytest.fixture
async def partners(database: str, issuer: Issuer) -> AsyncIterator[Partners]:
    async with serving(database, issuer) as partners:
        yield partners


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what a worker does."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  it is another task's to do
            await asyncio.sleep(0.05)


# Who wins, and who may


async def test_of_fifty_borrowers_who_ask_for_one_bike_at_once_one_gets_it(partners: Partners) -> None:
    await partners.opened("velo-1")
    answers = await asyncio.gather(*(partners.borrow("velo-1", f"p{n}") for n in range(50)))
    (won,) = [answer.json() for answer in answers if answer.status_code == 201]
    for answer in answers:
        if answer.status_code != 201:
            said = problem(answer, 409, "bike-taken")
            assert said["collides_with"] == won["id"]
            assert [fault["pointer"] for fault in said["errors"]] == ["#/bike"]


async def test_of_one_borrower_who_asks_for_many_bikes_at_once_one_is_kept(partners: Partners) -> None:
    names = [f"velo-{n}" for n in range(10)]
    await partners.opened(*names, docks=10)
    answers = await asyncio.gather(*(partners.borrow(name) for name in names))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 9]
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "borrower-has-a-loan")


async def test_bikes_that_are_brought_back_at_once_do_not_exceed_the_docks(partners: Partners) -> None:
    names = [f"velo-{n}" for n in range(8)]
    await partners.opened(*names, docks=8)
    done(await partners.ask(f"bike-stations/{LIMOISE}/change-docks", docks=3))
    out = [await partners.lent(name, name) for name in names]
    answers = await asyncio.gather(*(partners.ask(f"loans/{loan}/return", returned_to=LIMOISE) for loan in out))
    assert sorted(answer.status_code for answer in answers) == [*[200] * 3, *[409] * 5]
    for answer in answers:
        if answer.status_code != 200:
            said = problem(answer, 409, "station-full")
            assert [fault["pointer"] for fault in said["errors"]] == ["#/returned_to"]
    problem(await partners.ask(f"bike-stations/{LIMOISE}/close", reason="works"), 409, "docks-taken")
    said = problem(await partners.ask(f"bike-stations/{LIMOISE}/change-docks", docks=2), 409, "docks-taken")
    assert said["parameters"] == {"taken": 3}


async def test_a_bike_is_lent_or_looked_after_and_never_both(partners: Partners) -> None:
    await partners.opened("velo-1")
    lending, looking = await asyncio.gather(
        partners.borrow("velo-1"), partners.ask("bikes/velo-1/begin-maintenance", reason="repair")
    )
    assert {lending.status_code, looking.status_code} in ({201, 409}, {200, 409})
    if looking.status_code == 409:
        problem(looking, 409, "bike-taken")


async def test_a_full_station_takes_no_more_bikes(partners: Partners) -> None:
    await partners.opened("velo-1", "velo-2", docks=2)
    said = problem(await partners.ask("bikes", code="velo-3", kind="bike", station=GARE), 409, "station-full")
    assert [fault["pointer"] for fault in said["errors"]] == ["#/station"]
    done(await partners.ask("bikes", code="velo-3", kind="bike", station=LIMOISE), 201)
    problem(await partners.ask("bikes/velo-3/move", station=GARE), 409, "station-full")


@pytest.mark.parametrize("role", ["network", "company", "town_hall"])
async def test_everybody_reads_stations_and_bikes_and_who_lends_them_the_loans(partners: Partners, role: str) -> None:
    await partners.opened("velo-1")
    loan = await partners.lent("velo-1")
    assert done(await partners.get(f"bike-stations/{GARE}", by=role))["docks"] == 4
    shown = done(await partners.get("bikes/velo-1", by=role))
    assert shown.keys() == {
        "id", "version", "allowed", "bike", "kind", "status", "station", "commune", "zone", "trips", "metres_left",
        "commissioned_on", "retired_on",
    }  # fmt: skip
    problem(await partners.get(f"loans/{loan}", by=role), 404, "not-found")
    assert done(await partners.get("loans", by=role))["items"] == []
    problem(await partners.ask("bikes", by=role, code="velo-2", kind="bike", station=GARE), 403, "role-missing")
    for reader in ("epci", "ops"):
        assert done(await partners.get(f"loans/{loan}", by=reader))["status"] == "active"


async def test_loans_and_bikes_are_found(partners: Partners) -> None:
    await partners.opened("velo-1", "velo-2", "velo-3")
    one, other = await partners.lent("velo-1", "a"), done(await partners.borrow("velo-2", "b"), 201)
    who = other["borrower"]
    for path, query, found in (
        ("loans", {"status": "active"}, [one]),
        ("loans", {"bike": "velo-2"}, [other["id"]]),
        ("loans", {"borrower": who}, [other["id"]]),
        ("loans", {"station": GARE, "sort": "-requested_on", "status": "requested"}, [other["id"]]),
        ("bikes", {"station": GARE, "q": "velo-3"}, ["velo-3"]),
        ("bike-stations", {"zone": "zi-limoise"}, [LIMOISE]),
        ("bike-stations", {"q": "gare"}, [GARE]),
    ):
        assert [item["id"] for item in (await partners.read(path, **query))["items"]] == found, (path, query)


async def test_what_is_wrong_with_a_loan_is_told_by_its_field(partners: Partners) -> None:
    await partners.opened("velo-1")
    for bike_code, hours, slug, pointer in (
        ("velo-1", -2, "due-before-it-begins", "#/due_back"),
        ("velo-1", 80, "loan-too-long", "#/due_back"),
        ("velo-9", 8, "bike-unknown", "#/bike"),
    ):
        said = problem(await partners.borrow(bike_code, due_back=due_back(hours)), 409, slug)
        assert [fault["pointer"] for fault in said["errors"]] == [pointer]


@pytest.mark.slow
async def test_a_bike_follows_its_loan_by_itself_and_is_somebody_else_to_the_public(
    database: str, kafka: str, issuer: Issuer
) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with serving(database, issuer, worker=True, **where) as partners:
        await partners.opened("velo-1", docks=1)
        done(await partners.ask("bikes/velo-1/report-range", metres_left=41_000))
        (before,) = await partners.data("vehicle_status")
        loan = str(done(await partners.borrow("velo-1"), 201)["id"])
        (kept,) = await partners.data("vehicle_status")
        assert kept == {**before, "is_reserved": True, "last_reported": kept["last_reported"]}
        done(await partners.ask(f"loans/{loan}/take"))
        assert await partners.data("vehicle_status") == []

        async def has_left() -> bool:
            return bool((await partners.read("bikes/velo-1"))["loan"] == loan)

        await until(has_left)
        # Its dock is free for another, and it comes back elsewhere.
        done(await partners.ask("bikes", code="velo-2", kind="bike", station=GARE), 201)
        done(await partners.ask(f"loans/{loan}/return", returned_to=LIMOISE, kilometres=5))

        async def is_back() -> bool:
            return bool((await partners.read(f"loans/{loan}"))["settled"])

        await until(is_back)
        back = await partners.read("bikes/velo-1")
        assert (back["station"], back["trips"], back["loan"], back["brought_by"]) == (LIMOISE, 1, None, loan)
        assert (await partners.read(f"loans/{loan}"))["kilometres"] == 5
        (after,) = [each for each in await partners.data("vehicle_status") if each["station_id"] == LIMOISE]
        assert after["vehicle_id"] != before["vehicle_id"]
        assert after["current_range_meters"] == 41_000
        await partners.lent("velo-1", "b")


# The public feeds


async def test_every_feed_is_public_as_its_schema_asks_and_may_be_kept(partners: Partners) -> None:
    await partners.opened("velo-1", "velo-2", "velo-3", "velo-4")
    done(await partners.ask("bikes/velo-2/begin-maintenance", reason="battery"))
    done(await partners.ask("bikes/velo-3/begin-maintenance", reason="repair", in_dock=False))
    done(await partners.borrow("velo-4", "a"), 201)
    for name, ttl in TTL.items():
        answer = await partners.feed(name)
        check(name, done(answer))
        assert (answer.json()["ttl"], answer.json()["version"]) == (ttl, "3.0")
        assert answer.headers["cache-control"] == f"public, max-age={ttl}"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["content-type"] == "application/json"
    (gare, limoise) = await partners.data("station_status")
    told = {name: gare[name] for name in ("num_vehicles_available", "num_vehicles_disabled", "num_docks_available")}
    assert told == {"num_vehicles_available": 1, "num_vehicles_disabled": 1, "num_docks_available": 1}
    assert (limoise["num_vehicles_available"], limoise["num_docks_available"]) == (0, 4)
    vehicles = await partners.data("vehicle_status")
    assert sorted((each["is_reserved"], each["is_disabled"]) for each in vehicles) == [
        (False, False), (False, True), (True, False),
    ]  # fmt: skip
    assert not any("velo" in each["vehicle_id"] for each in vehicles)


async def test_what_has_not_changed_is_not_sent_again(partners: Partners, monkeypatch: pytest.MonkeyPatch) -> None:
    await partners.opened("velo-1")
    now = clock.now().replace(second=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    tag = (await partners.feed("station_status")).headers["etag"]
    now += timedelta(seconds=28)
    again = await partners.feed("station_status", **{"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    done(await partners.borrow("velo-1"), 201)
    assert (await partners.feed("station_status", **{"If-None-Match": tag})).status_code == 200


async def test_only_stations_and_bikes_that_serve_are_told(partners: Partners) -> None:
    await partners.opened("velo-1", "velo-2")
    done(
        await partners.ask("bike-stations", code="plan", name="P", commune="36088", position=[1.9, 46.9], docks=1), 201
    )
    done(await partners.ask(f"bike-stations/{LIMOISE}/close", reason="works"))
    done(await partners.ask("bikes/velo-1/retire", reason="sold"))
    assert [each["station_id"] for each in await partners.data("station_information")] == [GARE]
    assert [each["station_id"] for each in await partners.data("station_status")] == [GARE]
    (left,) = await partners.data("vehicle_status")
    assert left["station_id"] == GARE
    problem(await partners.feed("system_alerts"), 404, "not-found")


async def test_the_feeds_name_the_address_that_is_set_or_that_they_were_asked_at(
    database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database, issuer) as partners:
        answer = await partners.feed("gbfs")
        urls = {each["name"]: each["url"] for each in done(answer)["data"]["feeds"]}
        assert urls == {name: f"http://territory.test/mobility/gbfs/{name}.json" for name in TTL}
        assert answer.headers["vary"] == "Host"
        for name, url in urls.items():
            check(name, done(await partners.client.get(url)))
    monkeypatch.setenv("GBFS_SYSTEM_ID", "another")
    monkeypatch.setenv("GBFS_CONTACT", "bikes@example.org")
    async with calling(app, database, issuer, public_url="https://example.org") as client:
        answer = await client.get("/gbfs/gbfs.json")
        assert {each["url"] for each in done(answer)["data"]["feeds"]} == {
            f"https://example.org/mobility/gbfs/{name}.json" for name in TTL
        }
        assert "vary" not in answer.headers
        system = done(await client.get("/gbfs/system_information.json"))["data"]
        assert (system["system_id"], system["feed_contact_email"]) == ("another", "bikes@example.org")
        assert (system["timezone"], system["languages"]) == ("Europe/Paris", ["fr", "en"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("GBFS_SYSTEM_ID", "vélos"), ("GBFS_CONTACT", "nobody"), ("GBFS_NAME", "x" * 101)],
)
def test_settings_that_no_feed_could_tell_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"{name} must be .*") as refused:
        load(GbfsSettings)
    assert value not in str(refused.value)


async def test_what_a_bike_is_known_by_changes_with_each_trip_and_tells_nothing_without_the_key(database: str) -> None:
    await prepare(database, app.all_migrations)
    one, again, other = bike(), bike().model_copy(update={"trips": 1}), bike().model_copy(update={"bike": "velo-8"})
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        names = [vehicle_id(store, each) for each in (one, again, other)]
        assert len({*names}) == 3
        assert vehicle_id(store, bike()) == names[0]
    async with Store.open(database, personal_key=PERSONAL_KEY[::-1]) as store:
        assert vehicle_id(store, one) not in names


FLEETS = st.lists(
    st.tuples(
        st.sampled_from([*FORMS]),
        st.sampled_from([AT_GARE, AT_LIMOISE]),
        st.sampled_from(["in_service", "maintenance"]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(fleet=FLEETS)
def test_feeds_agree_with_each_other_whatever_stands_where(fleet: list[tuple[BikeKind, Any, str, bool]]) -> None:
    standing, reserved = {}, set()
    for number, (kind, place, status, is_reserved) in enumerate(fleet):
        told = {"bike": f"velo-{number}", "kind": kind, "status": status, "metres_left": FULL_CHARGE.get(kind), **place}
        standing[f"v{number}"] = bike().model_copy(update=told)
        if is_reserved and status == "in_service":
            reserved.add(f"velo-{number}")
    at = clock.now().replace(microsecond=0)
    stations = {GARE: station(docks=12), LIMOISE: station(AT_LIMOISE, docks=12)}
    there = Fleet(at, stations, standing, reserved)
    feeds = {name: data_of(name, there, GbfsSettings(), "https://example.org/gbfs") for name in TTL}
    for name, data in feeds.items():
        check(name, {"last_updated": at.isoformat(), "ttl": TTL[name], "version": "3.0", "data": data})
    kinds = {each["vehicle_type_id"]: each for each in feeds["vehicle_types"]["vehicle_types"]}
    information = {each["station_id"]: each for each in feeds["station_information"]["stations"]}
    statuses = {each["station_id"]: each for each in feeds["station_status"]["stations"]}
    vehicles = feeds["vehicle_status"]["vehicles"]
    assert information.keys() == statuses.keys()
    assert len({each["vehicle_id"] for each in vehicles}) == len(vehicles) == len(fleet)
    for vehicle in vehicles:
        kind = kinds[vehicle["vehicle_type_id"]]
        assert vehicle["station_id"] in statuses
        assert not {"lat", "lon"} & vehicle.keys()
        assert ("current_range_meters" in vehicle) == ("max_range_meters" in kind)
        assert vehicle.get("current_range_meters", 0) <= kind.get("max_range_meters", 0)
        assert not (vehicle["is_reserved"] and vehicle["is_disabled"])
    for code, status in statuses.items():
        here = [each for each in vehicles if each["station_id"] == code]
        free = [each for each in here if not (each["is_reserved"] or each["is_disabled"])]
        assert status["num_vehicles_available"] == len(free)
        assert status["num_vehicles_disabled"] == sum(each["is_disabled"] for each in here)
        assert len(here) + status["num_docks_available"] == information[code]["capacity"]
        by_kind = {each["vehicle_type_id"]: each["count"] for each in status["vehicle_types_available"]}
        assert by_kind.keys() <= kinds.keys()
        assert sum(by_kind.values()) == status["num_vehicles_available"]


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("vehicle_status", {"vehicles": [{"vehicle_id": "v", "is_reserved": False, "is_disabled": False}]}),
        (
            "vehicle_types",
            {
                "vehicle_types": [
                    {"vehicle_type_id": "e_bike", "form_factor": "bicycle", "propulsion_type": "electric_assist"}
                ]
            },
        ),
        ("station_status", {"stations": [{"station_id": GARE, "num_vehicles_available": -1}]}),
        ("system_information", {"system_id": "x"}),
        ("gbfs", {"feeds": [{"name": "gbfs", "url": "https://example.org"}]}),
    ],
)
def test_a_schema_takes_nothing_else(name: str, broken: dict[str, Any]) -> None:
    told = {"last_updated": clock.now().replace(microsecond=0).isoformat(), "ttl": 30, "version": "3.0", "data": broken}
    with pytest.raises(AssertionError):
        check(name, told)
