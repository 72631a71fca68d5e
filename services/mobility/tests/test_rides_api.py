"""Rides as partners' frontends meet them: over HTTP, on a real database, many at once."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts import sample_siret
from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.prepared import prepare
from mobility import search
from mobility.app import app
from service.clock import today

pytestmark = pytest.mark.anyio

COMPANY: Final = sample_siret(0)
NEIGHBOUR: Final = sample_siret(1)
DAY: Final = today() + timedelta(days=5)
CHAROST: Final = [2.0836, 46.9481]
LIMOISE: Final = [1.974, 46.952]
RIDE: Final[dict[str, Any]] = {
    "company": COMPANY,
    "commune": "18055",
    "day": str(DAY),
    "departs": "07:20",
    "origin": CHAROST,
    "destination": LIMOISE,
    "metres": 14_500,
    "minutes": 20,
    "seats": 2,
}
PAST: Final = str(today() - timedelta(days=10))


def person(name: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": name, "email": f"{name.lower()}@example.org"}


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body = done(answer, status)
    assert body["type"] == f"/mobility/problems/{slug}", body
    return body


class Frontends:
    """Clients of the service, by the role that their token carries: the network unless told."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, by: str, of: str | None, scopes: str) -> dict[str, str]:
        claims: dict[str, Any] = {by: of} if of else {}
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by], **claims)}"}

    async def post(self, path: str, by: str = "network", of: str | None = None, **body: Any) -> httpx.Response:
        headers = self._bearer(by, of, "mobility:read mobility:write")
        return await self._client.post(f"/v1/{path}", json=body, headers=headers)

    async def get(
        self, path: str, by: str = "network", of: str | None = None, scopes: str = "mobility:read", **query: Any
    ) -> httpx.Response:
        return await self._client.get(f"/v1/{path}", params=query, headers=self._bearer(by, of, scopes))

    async def ride(self, driver: str = "Camille", **changes: Any) -> str:
        """Offers a ride; returns its id."""
        return str(done(await self.post("rides", **{**RIDE, "driver": person(driver), **changes}), 201)["id"])

    async def ask(self, ride: str, passenger: str, **more: Any) -> httpx.Response:
        return await self.post(f"rides/{ride}/ask", passenger=person(passenger), **more)

    async def confirmed(self, *passengers: str, on: str | None = None, **changes: Any) -> str:
        """A ride that its driver and these passengers have confirmed; returns its id."""
        day = {"on": on} if on else {}
        ride = await self.ride(**changes, **day)
        for number, passenger in enumerate(passengers, 1):
            done(await self.ask(ride, passenger, **day))
            for verb in ("match", "confirm-passenger"):
                done(await self.post(f"rides/{ride}/{verb}", number=number, **day))
        done(await self.post(f"rides/{ride}/confirm-driver", **day))
        return ride


@asynccontextmanager
async def serving(database: str, issuer: Issuer, **where: Any) -> AsyncIterator[Frontends]:
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer, **where) as client:
        yield Frontends(client, issuer)


@pytest.fixture
async def frontends(database: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service without a worker."""
    async with serving(database, issuer) as frontends:
        yield frontends


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what a worker does."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  it is another task's to do
            await asyncio.sleep(0.05)


# Many at once


async def test_of_fifty_who_ask_for_the_last_seat_at_once_one_has_it(frontends: Frontends) -> None:
    ride = await frontends.ride()
    done(await frontends.ask(ride, "Dominique"))
    names = [f"Passager {chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(50)]
    answers = await asyncio.gather(*(frontends.ask(ride, name.replace(" ", "")) for name in names))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "ride-full")
    state = done(await frontends.get(f"rides/{ride}"))
    assert (state["seats_taken"], len(state["passengers"])) == (2, 2)


async def test_of_one_person_in_many_rides_of_one_time_one_takes_place(frontends: Frontends) -> None:
    departures = ["07:20", "07:30", "07:50", "08:05"]
    rides = [await frontends.ride(f"Conducteur{name}", departs=at) for name, at in zip("ABCD", departures, strict=True)]
    answers = await asyncio.gather(*(frontends.ask(ride, "Dominique") for ride in rides for _ in range(3)))
    won = {
        ride for ride, answer in zip([r for r in rides for _ in range(3)], answers, strict=True) if answer.is_success
    }
    assert len(won) == 1
    (held,) = won
    said = [answer for answer in answers if not answer.is_success]
    for answer in said:
        body = done(answer, 409)
        assert body["type"].rsplit("/", 1)[1] in ("in-another-ride", "passenger-twice")
        if body["type"].endswith("in-another-ride"):
            assert body["collides_with"] == held
            assert [fault["pointer"] for fault in body["errors"]] == ["#/passenger"]
    assert len(said) == 11


async def test_one_driver_offers_two_rides_at_once_and_one_is_there(frontends: Frontends) -> None:
    told = [{**RIDE, "driver": person("Camille"), "departs": at} for at in ("07:20", "07:40")]
    answers = await asyncio.gather(*(frontends.post("rides", **each) for each in told))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (lost,) = [answer for answer in answers if answer.status_code == 409]
    said = refused(lost, 409, "in-another-ride")
    assert [fault["pointer"] for fault in said["errors"]] == ["#/driver"]
    assert "30 minutes" in said["detail"]
    # 30 minutes after it has arrived there is another, and a fifth of a day is one too many.
    for departs in ("08:30", "12:00", "17:00"):
        await frontends.ride(departs=departs)
    said = refused(await frontends.post("rides", **{**told[0], "departs": "20:00"}), 409, "too-many-rides")
    assert "4 times a day" in said["detail"]


async def test_a_driver_of_one_ride_is_no_passenger_of_another_at_that_time(frontends: Frontends) -> None:
    await frontends.ride("Camille")
    other = await frontends.ride("Claude", departs="07:30")
    refused(await frontends.ask(other, "Camille"), 409, "in-another-ride")
    later = await frontends.ride("Sacha", departs="08:10")
    done(await frontends.ask(later, "Camille"))


# A week of it


async def test_a_ride_from_its_offer_to_what_it_counts_for(frontends: Frontends) -> None:
    ride = await frontends.confirmed("Dominique", "Claude", on=PAST, day=PAST)
    done(await frontends.post(f"rides/{ride}/record-missed", number=2, on=PAST))
    came = [{"number": 1, "otherwise": "drove_alone"}]
    state = done(await frontends.post(f"rides/{ride}/complete", came=came, on=PAST))
    assert (state["status"], state["passenger_km"], state["co2_avoided_kg"]) == ("completed", 14.5, 2.784)
    assert state["factor"] == {"factor": "car-use-2024", "year": 2024, "scope": "use", "kg_per_km": 0.192}
    assert [(each["number"], each["status"]) for each in state["places"]] == [(1, "came"), (2, "no_show")]
    came = [{"number": 1, "otherwise": "bike"}, {"number": 2, "otherwise": "drove_alone"}]
    corrected = done(await frontends.post(f"rides/{ride}/correct-outcome", came=came, reason="checked"))
    assert (corrected["passenger_km"], corrected["co2_avoided_kg"]) == (29.0, 2.784)
    history = done(await frontends.get(f"rides/{ride}/events"))["items"]
    assert history[-1]["type"] == "RideOutcomeCorrected"
    assert "Exemple" not in str(history)


async def test_what_is_wrong_is_told_by_its_field(frontends: Frontends) -> None:
    told = {**RIDE, "driver": person("Camille")}
    for changes, status, slug, pointer in (
        ({"metres": 1_999}, 409, "ride-too-short", "#/metres"),
        ({"meeting_point": "nowhere"}, 409, "meeting-point-unknown", "#/meeting_point"),
        ({"seats": 9}, 422, "invalid", "#/seats"),
        ({"metres": "14 km"}, 422, "invalid", "#/metres"),
        ({"departs": "7:20"}, 422, "invalid", "#/departs"),
        ({"origin": [46.9481, 2.0836]}, 422, "invalid", "#/origin"),
        ({"driver": {"family_name": "Exemple"}}, 422, "invalid", "#/driver/given_name"),
    ):
        said = refused(await frontends.post("rides", **{**told, **changes}), status, slug)
        assert pointer in [fault["pointer"] for fault in said["errors"]], said


# Who may, and who reads what


async def test_a_company_drives_its_own_and_reads_its_own(frontends: Frontends) -> None:
    told = {**RIDE, "driver": person("Camille")}
    refused(await frontends.post("rides", "company", NEIGHBOUR, **told), 403, "not-your-record")
    refused(await frontends.post("rides", "company", COMPANY, **{**told, "company": None}), 403, "not-your-record")
    refused(await frontends.post("rides", "epci", **told), 403, "role-missing")
    ride = str(done(await frontends.post("rides", "company", COMPANY, **told), 201)["id"])
    asked = {"passenger": person("Dominique")}
    refused(await frontends.post(f"rides/{ride}/ask", "company", NEIGHBOUR, **asked), 403, "not-your-record")
    done(await frontends.post(f"rides/{ride}/ask", "company", COMPANY, **asked))
    whole = done(await frontends.get(f"rides/{ride}", "company", COMPANY))
    assert len(whole["passengers"]) == 1
    for by, of in (("company", NEIGHBOUR), ("epci", None), ("school", None)):
        shown = done(await frontends.get(f"rides/{ride}", by, of))
        assert (shown["seats"], shown["seats_taken"], shown["departs"]) == (2, 1, "07:20")
        assert not {"driver", "passengers", "places", "company", "regular_ride"} & shown.keys()
        refused(await frontends.get(f"rides/{ride}/events", by, of), 403, "not-your-record")
    done(await frontends.post(f"rides/{ride}/cancel", "company", COMPANY, reason="driver_unavailable"))
    assert (await frontends.get(f"rides/{ride}", "epci")).status_code == 404


async def test_who_may_know_sees_who_rides_along(frontends: Frontends) -> None:
    ride = await frontends.confirmed("Dominique", "Claude")
    shown = done(await frontends.get(f"rides/{ride}", scopes="mobility:read mobility:personal"))
    first, second = shown["passengers"]
    assert shown["personal"]["driver"]["given_name"] == "Camille"
    assert shown["personal"]["passengers"][first] == {**person("Dominique"), "phone": None}
    assert shown["personal"]["passengers"][second]["given_name"] == "Claude"
    done(await frontends.post("erasures", "ops", person=second, reason="request"), 201)
    shown = done(await frontends.get(f"rides/{ride}", scopes="mobility:read mobility:personal"))
    assert shown["personal"]["passengers"].keys() == {first}
    nothing = done(await frontends.get(f"rides/{ride}", "epci", scopes="mobility:read mobility:personal"))
    assert "personal" not in nothing


async def test_lists_find_what_a_screen_shows(frontends: Frontends) -> None:
    mine = await frontends.confirmed("Dominique")
    theirs = await frontends.ride("Sacha", company=NEIGHBOUR, commune="36088", day=str(DAY + timedelta(days=1)))

    async def found(**query: Any) -> list[str]:
        return [item["id"] for item in done(await frontends.get("rides", **query))["items"]]

    assert await found(status="confirmed") == [mine]
    assert await found(day=str(DAY + timedelta(days=1))) == [theirs]
    assert await found(company=NEIGHBOUR) == [theirs]
    assert await found(commune="18055") == [mine]
    assert await found(sort="-departs_at") == [theirs, mine]
    (passenger,) = done(await frontends.get(f"rides/{mine}"))["passengers"]
    assert await found(passengers=passenger) == [mine]
    listed = done(await frontends.get("rides", "epci", passengers=passenger))
    assert listed["items"] == [], "nobody finds by what he may not read"


# Looking for a ride


def window(day: str = str(DAY), first: str = "06:00", last: str = "09:00") -> dict[str, str]:
    offset = datetime.fromisoformat(f"{day}T12:00:00").astimezone(PARIS).strftime("%z")
    return {name: f"{day}T{at}:00{offset[:3]}:{offset[3:]}" for name, at in (("from", first), ("until", last))}


LOOKED_FOR: Final[dict[str, Any]] = {
    "origin_lon": CHAROST[0],
    "origin_lat": CHAROST[1],
    "destination_lon": LIMOISE[0],
    "destination_lat": LIMOISE[1],
}


async def test_whoever_looks_for_a_ride_finds_those_with_seats_and_nobody_s_name(
    frontends: Frontends, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = await frontends.ride("Camille", departs="07:00")
    late = await frontends.ride("Claude", departs="08:40")
    far = await frontends.ride("Sacha", departs="07:00", origin=[2.0836, 46.9535])
    full = await frontends.ride("Dominique", departs="07:00", seats=1)
    done(await frontends.ask(full, "Passager"))
    await frontends.ride("Ailleurs", departs="07:00", day=str(DAY + timedelta(days=1)))
    for by in ("epci", "school", "france_travail"):
        answer = done(await frontends.get("ride-offers", by, **LOOKED_FOR, **window()))
        assert [item["id"] for item in answer["items"]] == [near, far, late]
        assert answer["complete"]
    first = answer["items"][0]
    assert (first["seats_left"], first["walk_to_origin"], first["wait"]) == (2, 0, 60)
    assert first["points"] == sum(reason["points"] for reason in first["reasons"])
    assert {reason["code"] for reason in first["reasons"]} == {
        *("seats_left", "walk_to_origin", "walk_from_destination", "wait")
    }
    assert not {"driver", "passengers", "places", "company"} & first.keys()
    state = done(await frontends.get(f"rides/{near}"))
    assert state["driver"] not in str(answer)
    one = done(await frontends.get("ride-offers", **LOOKED_FOR, **window(), limit=1))
    assert ([item["id"] for item in one["items"]], one["complete"]) == ([near], False)
    close = done(await frontends.get("ride-offers", **LOOKED_FOR, **window(), walking=100))
    assert [item["id"] for item in close["items"]] == [near, late]
    monkeypatch.setattr(search, "AT_ONCE", 1)
    monkeypatch.setattr(search, "MOST_RIDES", 2)
    assert not done(await frontends.get("ride-offers", **LOOKED_FOR, **window()))["complete"]


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"from": "tomorrow"}, "from"),
        ({"until": "2026-13-01T00:00:00Z"}, "until"),
        (window(first="09:00", last="06:00"), "until"),
        ({"until": f"{DAY + timedelta(days=2)}T09:00:00Z"}, "until"),
        ({"walking": "5001"}, "walking"),
        ({"origin_lat": "91"}, "origin_lat"),
        ({"destination_lon": ""}, "destination_lon"),
        ({"company": COMPANY}, "company"),
    ],
)
async def test_what_cannot_be_looked_for_is_told_by_the_parameter(
    frontends: Frontends, wrong: dict[str, str], parameter: str
) -> None:
    answer = await frontends.get("ride-offers", **{**LOOKED_FOR, **window(), **wrong})
    said = refused(answer, 422, "invalid")
    assert parameter in [fault["parameter"] for fault in said["errors"]], said


# What the platform does


@pytest.mark.slow
async def test_a_regular_ride_offers_its_days_once_and_says_which_it_skips(
    database: str, kafka: str, issuer: Issuer
) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    days = [today() + timedelta(days=ahead) for ahead in range(1, 8)]
    async with serving(database, issuer, worker=True, **where) as frontends:
        busy = await frontends.ride("Camille", day=str(days[1]), departs="07:40")
        told = {name: value for name, value in RIDE.items() if name != "day"}
        weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        body = {**told, "driver": person("Camille"), "weekdays": weekdays}
        body |= {"first": str(days[0]), "until": str(days[2])}
        regular = done(await frontends.post("regular-rides", **body), 201)["id"]

        async def offered() -> list[tuple[str, str, str | None]]:
            items = done(await frontends.get("rides", regular_ride=regular, sort="departs_at"))["items"]
            return [(item["day"], item["status"], item["reason"]) for item in items]

        async def three() -> bool:
            return len(await offered()) == 3

        await until(three)
        assert await offered() == [
            (str(days[0]), "offered", None),
            (str(days[1]), "cancelled", "driver_in_another_ride"),
            (str(days[2]), "offered", None),
        ]
        assert done(await frontends.get(f"rides/{busy}"))["status"] == "offered"
        done(await frontends.post(f"regular-rides/{regular}/end", reason="driver_stops"))
        assert len(await offered()) == 3
        (ride, *_) = done(await frontends.get("rides", regular_ride=regular, sort="departs_at"))["items"]

        # Who is erased drives nobody: what is offered is cancelled.
        done(await frontends.post("erasures", "ops", person=ride["driver"], reason="request"), 201)

        async def cancelled() -> bool:
            return {status for _, status, _ in await offered()} == {"cancelled"}

        await until(cancelled)
        assert {reason for _, _, reason in await offered()} == {"driver_in_another_ride", "person_erased"}


@pytest.mark.slow
async def test_a_passenger_who_is_erased_frees_the_seat(database: str, kafka: str, issuer: Issuer) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with serving(database, issuer, worker=True, **where) as frontends:
        ride = await frontends.confirmed("Dominique", "Claude")
        first, second = done(await frontends.get(f"rides/{ride}"))["passengers"]
        done(await frontends.post("erasures", "ops", person=first, reason="request"), 201)

        async def freed() -> bool:
            state = done(await frontends.get(f"rides/{ride}"))
            return (state["passengers"], state["status"]) == ([second], "confirmed")

        await until(freed)
