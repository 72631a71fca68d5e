"""Reservations and surveys as frontends of companies and of the network meet them: over HTTP, on a real database."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.prepared import prepare
from mobility.app import app

pytestmark = pytest.mark.anyio

COMPANY: Final = sample_siret(1)
OTHER: Final = sample_siret(2)
SOON: Final = datetime.now(UTC).date() + timedelta(days=3)
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SLOT: Final = {"weekdays": [*DAYS], "starts": "12:00", "ends": "12:45", "places": 3}
CANTEEN: Final[dict[str, Any]] = {
    "code": "cantine-limoise",
    "name": "Restaurant de la ZI la Limoise",
    "kind": "canteen",
    "commune": "36088",
    "zone": "zi-limoise",
    "place": "Hall 3",
    "slots": [SLOT],
    "price_cents": 950,
    "subsidy_cap_cents": 1_000,
    "on": "2024-03-04",
}
SURVEY: Final = {"code": "limoise-2024", "title": "Domicile-travail", "commune": "36088", "asked": 40}


class Frontends:
    """Clients of the service, by the role that their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, by: str, of: str | None, scopes: str) -> dict[str, str]:
        claims: dict[str, Any] = {by: of} if of else {}
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by], **claims)}"}

    async def post(self, by: str, of: str | None, path: str, **body: Any) -> httpx.Response:
        headers = self._bearer(by, of, "mobility:read mobility:write")
        return await self._client.post(f"/v1/{path}", json=body, headers=headers)

    async def get(
        self, by: str, of: str | None, path: str, *, scopes: str = "mobility:read", **query: Any
    ) -> httpx.Response:
        return await self._client.get(f"/v1/{path}", params=query, headers=self._bearer(by, of, scopes))

    async def canteen(self, **changes: Any) -> None:
        done(await self.post("network", None, "shared-services", **{**CANTEEN, **changes}), 201)
        done(await self.post("network", None, "shared-services/cantine-limoise/open", on="2024-04-02"))

    async def book(self, name: str, *, company: str = COMPANY, day: date = SOON, **changes: Any) -> httpx.Response:
        guest = {"family_name": name, "given_name": "Exemple", "email": "convive@example.org"}
        body = {"shared_service": "cantine-limoise", "company": company, "guest": guest, "day": str(day)}
        return await self.post("company", company, "service-reservations", **{**body, "starts": "12:00", **changes})

    async def statuses(self, **query: Any) -> Counter[str]:
        listed = done(await self.get("network", None, "service-reservations", limit=100, **query))
        return Counter(each["status"] for each in listed["items"])


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def refused(answer: httpx.Response, slug: str, pointer: str | None = None) -> dict[str, Any]:
    body = done(answer, 409)
    assert body["type"] == f"/mobility/problems/{slug}", body
    if pointer:
        assert body["errors"][0]["pointer"] == pointer
    return body


def named(number: int) -> str:
    """A name for each of many guests."""
    return f"Convive {chr(65 + number // 26)}{chr(65 + number % 26)}"


@pytest.fixture
async def frontends(database: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service without a worker."""
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer) as client:
        yield Frontends(client, issuer)


@pytest.fixture
async def with_a_worker(database: str, kafka: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service with what it does by itself."""
    await prepare(database, app.all_migrations)
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with calling(app, database, issuer, worker=True, **where) as client:
        yield Frontends(client, issuer)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what a worker does."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  it is another task's to do
            await asyncio.sleep(0.05)


async def test_of_fifty_who_ask_at_once_as_many_have_a_place_as_there_are(frontends: Frontends) -> None:
    await frontends.canteen()
    answers = await asyncio.gather(*(frontends.book(named(n)) for n in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 47}
    for answer in answers:
        if answer.is_error:
            problem = refused(answer, "slot-full", "#/starts")
            assert problem["parameters"] == {"limit": 3}
            assert problem["detail"] == "all 3 places of this slot are taken; with `wait` the guest waits for one"


async def test_nobody_takes_a_place_that_fell_free_while_somebody_waits_for_it(frontends: Frontends) -> None:
    await frontends.canteen()
    first, *_ = [done(await frontends.book(named(n)), 201)["id"] for n in range(3)]
    done(await frontends.book("Attente", wait=True), 201)
    done(await frontends.post("company", COMPANY, f"service-reservations/{first}/cancel", reason="absent"))
    # Without a worker the place is free, and stays free.
    answers = await asyncio.gather(*(frontends.book(named(10 + n)) for n in range(20)))
    for answer in answers:
        problem = refused(answer, "slot-waited-for", "#/starts")
        assert problem["parameters"] == {"limit": 3, "taken": 3}
    done(await frontends.book(named(10), wait=True), 201)


@pytest.mark.slow
async def test_whoever_has_waited_longest_has_the_place_that_falls_free(with_a_worker: Frontends) -> None:
    frontends = with_a_worker
    await frontends.canteen()
    booked = [done(await frontends.book(named(n)), 201)["id"] for n in range(3)]
    waiting = [done(await frontends.book(named(10 + n), wait=True), 201)["id"] for n in range(4)]
    cancels = [
        frontends.post("company", COMPANY, f"service-reservations/{each}/cancel", reason="absent")
        for each in booked[:2]
    ]
    for answer in await asyncio.gather(*cancels):
        done(answer)

    async def moved_up() -> bool:
        return await frontends.statuses() == {"booked": 3, "waiting": 2, "cancelled": 2}

    await until(moved_up)
    paths = [f"service-reservations/{each}" for each in waiting]
    read = [done(await frontends.get("network", None, path))["status"] for path in paths]
    assert read == ["booked", "booked", "waiting", "waiting"]
    # Suspended, nobody comes and nobody waits.
    done(await frontends.post("network", None, "shared-services/cantine-limoise/suspend", reason="works"))

    async def all_cancelled() -> bool:
        return await frontends.statuses() == {"cancelled": 7}

    await until(all_cancelled)


async def test_nobody_is_twice_in_a_slot_even_when_asked_for_at_once(frontends: Frontends) -> None:
    await frontends.canteen(slots=[{**SLOT, "places": 60}])
    answers = await asyncio.gather(*(frontends.book("Exemple", wait=n % 2 == 0) for n in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    for answer in answers:
        if answer.is_error:
            refused(answer, "guest-has-asked", "#/guest")


async def test_what_employers_give_in_a_month_never_exceeds_the_cap(frontends: Frontends) -> None:
    later = {**SLOT, "starts": "13:00", "ends": "13:45", "places": 60}
    slots = [
        {**later, "starts": f"{hour:02}:{minute:02}", "ends": "23:59"} for hour in (12, 13) for minute in range(12)
    ]
    await frontends.canteen(slots=slots)
    # 24 slots of one day at once, with 300 cents each, out of 1,000.
    answers = await asyncio.gather(
        *(frontends.book("Exemple", starts=slot["starts"], subsidy_cents=300) for slot in slots)
    )
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 21}
    problem = refused(next(each for each in answers if each.is_error), "subsidy-exhausted", "#/subsidy_cents")
    assert problem["parameters"] == {"limit": 1_000, "left": 100}
    assert problem["detail"].endswith("and 100 are left")
    free = next(slot["starts"] for slot, each in zip(slots, answers, strict=True) if each.is_error)
    refused(await frontends.book("Exemple", company=OTHER, starts=free, subsidy_cents=101), "subsidy-exhausted")
    done(await frontends.book("Exemple", starts=free, subsidy_cents=100), 201)
    done(await frontends.book("Autre", starts=free, subsidy_cents=900), 201)


async def test_who_reads_and_decides_what(frontends: Frontends) -> None:
    await frontends.canteen()
    reservation = done(await frontends.book("Exemple"), 201)
    path = f"service-reservations/{reservation['id']}"
    assert "convive@example.org" not in str(reservation)
    known = done(await frontends.get("company", COMPANY, path, scopes="mobility:read mobility:personal"))
    assert known["personal"]["guest"]["email"] == "convive@example.org"
    assert (await frontends.get("company", OTHER, path)).status_code == 404
    assert done(await frontends.get("company", OTHER, "service-reservations"))["items"] == []
    for by, of in (("company", OTHER), ("epci", None)):
        # What they do not read is not there for them.
        assert (await frontends.post(by, of, f"{path}/cancel", reason="absent")).status_code == 404
    assert (await frontends.post("company", COMPANY, "shared-services/cantine-limoise/open")).status_code == 403
    canteen = done(await frontends.get("school", "0360024F", "shared-services/cantine-limoise"))
    assert canteen["weekly_places"] == 21
    found = done(await frontends.get("network", None, "service-reservations", day=str(SOON), starts="12:00"))
    assert [each["id"] for each in found["items"]] == [reservation["id"]]


@pytest.mark.slow
async def test_whoever_is_erased_is_not_expected_any_more(with_a_worker: Frontends) -> None:
    await with_a_worker.canteen()
    reservation = done(await with_a_worker.book("Exemple"), 201)
    erase = {"person": reservation["guest"], "reason": "request"}
    done(await with_a_worker.post("ops", None, "erasures", **erase), 201)

    async def cancelled() -> bool:
        return await with_a_worker.statuses() == {"cancelled": 1}

    await until(cancelled)


async def test_what_cannot_be_has_a_problem_of_its_own_that_points_to_the_field(frontends: Frontends) -> None:
    slot = {**SLOT, "ends": "11:00"}
    refused(
        await frontends.post("network", None, "shared-services", **{**CANTEEN, "slots": [slot]}),
        "slot-reversed",
        "#/slots",
    )
    await frontends.canteen()
    for changes, slug, pointer in (
        ({"shared_service": "autre"}, "shared-service-unknown", "#/shared_service"),
        ({"starts": "11:00"}, "slot-unknown", "#/starts"),
        ({"day": SOON + timedelta(days=90)}, "reserved-too-far-ahead", "#/day"),
        ({"subsidy_cents": 951}, "subsidy-beyond-price", "#/subsidy_cents"),
        ({"day": SOON - timedelta(days=10)}, "reserved-slot-begun", None),
    ):
        refused(await frontends.book("Exemple", **changes), slug, pointer)
    halves = done(await frontends.book("Exemple", subsidy_cents=2.5), 422)
    assert (halves["errors"][0]["pointer"], halves["errors"][0]["code"]) == ("#/subsidy_cents", "cents")
    noon = done(await frontends.book("Exemple", starts="midi"), 422)
    assert noon["errors"][0]["pointer"] == "#/starts"


async def test_a_survey_is_public_once_it_is_published(frontends: Frontends) -> None:
    done(await frontends.post("epci", None, "travel-surveys", **SURVEY), 201)
    answers = [{"mode": "drove_alone", "distance": "5_to_10_km", "people": 1}]
    path = "travel-surveys/limoise-2024"
    # Fifty forms at once: 40 people were asked.
    told = await asyncio.gather(
        *(frontends.post("network", None, f"{path}/record-answers", answers=answers) for _ in range(50))
    )
    assert Counter(answer.status_code for answer in told) == {200: 40, 409: 10}
    refused(next(each for each in told if each.is_error), "more-answers-than-asked")
    assert (await frontends.get("company", COMPANY, path)).status_code == 404
    assert done(await frontends.get("town_hall", None, path))["answered"] == 40
    done(await frontends.post("epci", None, f"{path}/close"))
    refused(
        await frontends.post("network", None, f"{path}/record-answers", answers=answers), "travel-survey-not-opened"
    )
    done(await frontends.post("epci", None, f"{path}/publish"))
    published = done(await frontends.get("company", COMPANY, path))
    assert published["answers"] == [{**answers[0], "people": 40}]
    assert (published["asked"], published["answered"]) == (40, 40)
