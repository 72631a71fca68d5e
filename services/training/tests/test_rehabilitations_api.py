"""Rehabilitations as partners' frontends meet them: who reads what, who wins a race, what is due, the forecast."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any, Final

import httpx
import pytest

from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.issuing import issue_due
from eventstore.postgres.store import Store
from service.application import build
from service.clock import today
from service.running.settings import Settings
from training.app import app

pytestmark = pytest.mark.anyio

REHABILITATIONS: Final = "/training/v1/rehabilitations"
SHEET: Final = {
    "title": "Réhabilitation du bâtiment de l'AFPA",
    "building": "Bâtiment principal",
    "commune": "36088",
    "floor_area": 4_200,
    "rehabilitated_area": 3_100,
    "phase": "works",
    "plan": [{"phase": "in_service", "begins_on": "2027-09-01"}],
    "on": "2025-01-06",
}
LINE: Final = {"purpose": "works", "funder": "epci", "budget": 1_800_000, "on": "2025-01-06"}
CONTRACT: Final = {
    "line": 1,
    "reference": "2025-MT-03",
    "amount": 450_000,
    "lot": "structure",
    "supplier": "00000001800010",
    "on": "2025-02-03",
}


class Partners:
    """Clients of the service, by the role that their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, role: str, scopes: str) -> dict[str, str]:
        token = self._issuer.token(scopes, [role], client=f"{role}-frontend")
        return {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Any, by: str = "afpa") -> httpx.Response:
        """Sends a command."""
        return await self._client.post(path, json=body, headers=self._bearer(by, "training:read training:write"))

    async def get(self, path: str, by: str = "afpa", scopes: str = "training:read", **asked: str) -> httpx.Response:
        """Reads."""
        return await self._client.get(path, params=asked, headers=self._bearer(by, scopes))

    async def begun(self, *steps: tuple[str, dict[str, Any]], **changes: Any) -> str:
        """The path of a rehabilitation that was registered, and what became of it."""
        answer = await self.post(REHABILITATIONS, {**SHEET, **changes})
        done(answer, 201)
        path = answer.headers["location"]
        for verb, body in steps:
            done(await self.post(f"{path}/{verb}", body))
        return path


MONEY: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("set-line", LINE),
    ("commit", CONTRACT),
    ("pay", {"commitment": 1, "amount": 60_000, "on": "2025-03-03"}),
    ("accept-situation", {"commitment": 1, "amount": 90_000, "on": "2025-03-03"}),
)


@pytest.fixture
async def partners(database: str, issuer: Issuer) -> AsyncIterator[Partners]:
    await prepare(database, app.all_migrations)
    settings = Settings(
        database_url=database,
        kafka_bootstrap="localhost:9",
        territory=f"t{uuid.uuid4().hex[:8]}",
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
        personal_key=PERSONAL_KEY,
    )
    service = build(app, settings, worker=False)
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://territory.test") as client,
    ):
        yield Partners(client, issuer)


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body = done(answer, status)
    assert body["type"] == f"/training/problems/{slug}", body
    return body


async def test_the_town_hall_and_afpa_carry_it_together(partners: Partners) -> None:
    path = await partners.begun(*MONEY)
    done(await partners.post(f"{path}/accept-works", {"on": "2025-06-02"}, by="town_hall"))
    whole = done(await partners.post(f"{path}/put-in-service", {"on": "2025-07-01"}))
    assert (whole["status"], whole["budget"], whole["committed"], whole["paid"], whole["accepted"]) == (
        "in_service",
        1_800_000,
        450_000,
        60_000,
        90_000,
    )
    refused = problem(
        await partners.post(f"{path}/pay", {"commitment": 1, "amount": 390_001}), 409, "paid-above-commitment"
    )
    assert refused["parameters"] == {"commitment": 1, "paid": 450_001, "amount": 450_000}
    problem(await partners.post(f"{path}/pay", {"commitment": 1, "amount": 1}, by="region"), 403, "role-missing")
    done(await partners.post(f"{path}/pay", {"commitment": 1, "amount": 390_000}))


async def test_everybody_reads_the_building_and_those_who_pay_the_contracts(partners: Partners) -> None:
    path = await partners.begun(*MONEY, ("add-milestone", {"title": "Hors d'eau", "planned_on": "2025-09-01"}))
    for role in ("afpa", "town_hall", "epci", "region", "state", "steering", "ops"):
        whole = done(await partners.get(path, by=role))
        assert whole["commitments"][0]["supplier"] == "00000001800010"
        assert done(await partners.get(f"{path}/events", by=role))["items"]
    for role in ("network", "mission_locale", "france_travail"):
        public = done(await partners.get(path, by=role))
        assert whole.keys() - public.keys() == {"commitments", "payments", "situations"}
        assert public["lines"][0]["paid"] == 60_000
        assert public["milestones"][0]["title"] == "Hors d'eau"
        assert public["allowed"] == []
        assert "00000001800010" not in str(public)
        problem(await partners.get(f"{path}/events", by=role), 403, "not-your-record")
    problem(await partners.get(path, scopes="companies:read"), 403, "scope-missing")


async def test_rehabilitations_are_found(partners: Partners) -> None:
    await partners.begun()
    await partners.begun(building="Atelier", phase="studies", floor_area=900, rehabilitated_area=800, plan=[])
    asked: tuple[dict[str, str], ...] = ({"phase": "works"}, {"energy_obliged": "true"}, {"q": "principal"})
    for each in asked:
        listed = done(await partners.get(REHABILITATIONS, by="network", **each))["items"]
        assert [one["building"] for one in listed] == ["Bâtiment principal"], each


async def test_of_many_who_register_a_building_one_does(partners: Partners) -> None:
    answers = await asyncio.gather(*(partners.post(REHABILITATIONS, SHEET) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 11]
    (path,) = [answer.headers["location"] for answer in answers if answer.status_code == 201]
    taken = problem(next(each for each in answers if each.status_code == 409), 409, "building-taken")
    assert taken["collides_with"] == path.rpartition("/")[2]
    problem(await partners.post(REHABILITATIONS, {**SHEET, "building": "BÂTIMENT PRINCIPAL"}), 409, "building-taken")
    done(await partners.post(f"{path}/accept-works", {}))
    done(await partners.post(f"{path}/put-in-service", {}))
    done(await partners.post(REHABILITATIONS, SHEET), 201)


async def test_of_many_who_commit_a_line_no_more_is_committed_than_its_budget(partners: Partners) -> None:
    path = await partners.begun(MONEY[0])
    answers = await asyncio.gather(
        *(partners.post(f"{path}/commit", {**CONTRACT, "reference": f"2025-MT-{n:02d}"}) for n in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [*[200] * 4, *[409] * 6]
    assert done(await partners.get(path))["committed"] == 4 * 450_000


async def test_a_milestone_is_late_on_the_day_after_its_own(partners: Partners, database: str) -> None:
    planned = today() + timedelta(days=10)
    path = await partners.begun(
        ("add-milestone", {"title": "Hors d'eau", "planned_on": planned.isoformat()}),
        ("add-milestone", {"title": "Hors d'air", "planned_on": planned.isoformat()}),
        ("reach-milestone", {"milestone": 2}),
    )
    on_it, after = (datetime.combine(planned + timedelta(days=n), time(0, 1), PARIS) for n in (0, 1))
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        assert [await issue_due(store, app.deciders, now) for now in (on_it, after, after)] == [0, 1, 0]
    late, reached = done(await partners.get(path, by="network"))["milestones"]
    assert late["late"] == {"since": after.date().isoformat(), "until": None}
    assert reached["late"] is None
    history = done(await partners.get(f"{path}/events"))["items"]
    assert (history[-1]["type"], history[-1]["metadata"]["actor"]) == ("BuildingMilestoneLate", "platform")


async def test_everybody_reads_what_is_to_be_expected(partners: Partners) -> None:
    planned = today() - timedelta(days=20)
    path = await partners.begun(
        *MONEY,
        ("estimate-line", {"line": 1, "estimate": 1_900_000, "reason": "unforeseen_works"}),
        ("add-milestone", {"title": "Hors d'eau", "planned_on": planned.isoformat(), "on": "2025-01-06"}),
    )
    identity = path.rpartition("/")[2]
    forecast = done(await partners.get(f"{REHABILITATIONS}/{identity}/forecast", by="network"))
    assert "00000001800010" not in str(forecast)
    assert (forecast["on"], forecast["largest_delay"], forecast["slippage"]) == (today().isoformat(), 20, 20)
    assert (forecast["end_first_planned"], forecast["end_forecast"]) == ("2027-09-01", "2027-09-21")
    assert (forecast["forecast"], forecast["overrun"], forecast["progress"]) == (1_900_000, 100_000, 0.05)
    assert forecast["lines"] == [
        {
            "line": 1,
            "purpose": "works",
            "funder": "epci",
            "budget": 1_800_000,
            "committed": 450_000,
            "paid": 60_000,
            "accepted": 90_000,
            "to_commit": 1_450_000,
            "forecast": 1_900_000,
            "overrun": 100_000,
        }
    ]
    problem(await partners.get(f"{REHABILITATIONS}/0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d/forecast"), 404, "not-found")
    problem(await partners.get(f"{REHABILITATIONS}/1/forecast"), 422, "invalid")
    problem(await partners.get(f"{REHABILITATIONS}/{identity}/forecast", scopes="companies:read"), 403, "scope-missing")


async def test_energy_is_compared_with_a_reference(partners: Partners) -> None:
    path = await partners.begun(
        ("record-energy", {"year": 2019, "kwh": 610_000}),
        ("record-energy", {"year": 2024, "kwh": 420_000}),
        ("choose-reference", {"year": 2019}),
        ("correct-energy", {"year": 2019, "kwh": 600_000, "reason": "late_document"}),
    )
    whole = done(await partners.get(path, by="network"))
    assert (whole["reference_year"], whole["energy_target"], whole["energy_obliged"]) == (2019, 360_000, True)
    assert whole["energy"] == [{"year": 2019, "kwh": 600_000}, {"year": 2024, "kwh": 420_000}]
    problem(await partners.post(f"{path}/record-energy", {"year": today().year, "kwh": 1}), 409, "year-not-over")
