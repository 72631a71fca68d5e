"""Targets and actions as partners' frontends meet them: over HTTP, with tokens, on a real database and broker."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from replays import calling, settings_for

from devstack.issuer import Issuer
from devstack.prepared import prepare
from devstack.topics import read_topic
from indicators.app import app
from service.running.reconciling import verify

pytestmark = pytest.mark.anyio

TARGETS: Final = "/indicators/v1/targets"
ACTIONS: Final = "/indicators/v1/actions"
NETWORK: Final = {
    "indicator": "members",
    "dimensions": {"zone": "zi-limoise", "naf": "2562B"},
    "aim": "at_least",
    "value": 12,
    "due": "2027-12-31",
    "on": "2024-01-15",
}
WATER: Final = {
    "axis": 1,
    "title": "Boucle d'eau de la ZI Limoise",
    "pilot": "epci",
    "partners": ["network", "company"],
    "planned_from": "2024-03-01",
    "planned_until": "2025-12-31",
    "budget": 100_000,
    "indicators": ["members"],
    "on": "2024-01-15",
}


class Partners:
    """Clients of the service, by the role that their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.token('indicators:read indicators:write', [role])}"}

    async def post(self, path: str, body: Any = None, by: str = "steering", **headers: str) -> httpx.Response:
        """Sends a command."""
        return await self._client.post(path, json=body or {}, headers=self._bearer(by) | headers)

    async def get(self, path: str, by: str = "school", **query: Any) -> httpx.Response:
        """Reads."""
        return await self._client.get(path, params=query or None, headers=self._bearer(by))


@pytest.fixture
async def partners(database: str, issuer: Issuer) -> AsyncIterator[Partners]:
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer) as client:
        yield Partners(client, issuer)


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body = done(answer, status)
    assert body["type"] == f"/indicators/problems/{slug}", body
    return body


async def test_a_target_is_set_revised_corrected_and_withdrawn(partners: Partners) -> None:
    answer = await partners.post(TARGETS, NETWORK)
    created = done(answer, 201)
    path = answer.headers["location"]
    assert path == f"{TARGETS}/{created['id']}"
    assert created["dimensions"] == {"naf": "25.62B", "zone": "zi-limoise"}
    assert (created["title"], created["unit"], created["status"]) == ("Active member companies", "companies", "set")

    same = {**NETWORK, "dimensions": {"naf": "25.62B", "zone": "zi-limoise"}, "value": 15}
    taken = problem(await partners.post(TARGETS, same), 409, "target-already-set")
    assert [fault["pointer"] for fault in taken["errors"]] == ["#/due"]
    assert taken["collides_with"] == created["id"]
    whole = done(await partners.post(TARGETS, {**NETWORK, "dimensions": {}, "value": 30}), 201)

    revised = done(await partners.post(f"{path}/revise", {"value": 14, "on": "2025-01-15"}))
    assert (revised["value"], revised["since"], revised["status"]) == (14, "2025-01-15", "revised")
    corrected = done(await partners.post(f"{path}/correct", {"value": 13, "reason": "typing_error"}))
    assert (corrected["value"], corrected["since"], corrected["allowed"]) == (
        13,
        "2025-01-15",
        ["revise", "correct", "withdraw"],
    )

    listed = done(await partners.get(TARGETS, indicator="members", status="set"))
    assert ([each["id"] for each in listed["items"]], listed["allowed"]) == ([whole["id"]], [])
    assert done(await partners.get(path))["allowed"] == []

    withdrawn = done(await partners.post(f"{path}/withdraw", {"reason": "replaced"}))
    assert (withdrawn["status"], withdrawn["allowed"]) == ("withdrawn", [])
    done(await partners.post(TARGETS, same), 201)
    history = done(await partners.get(f"{path}/events"))["items"]
    assert [(each["type"], each["data"].get("value_before")) for each in history] == [
        ("TargetSet", None),
        ("TargetRevised", 12),
        ("TargetCorrected", 14),
        ("TargetWithdrawn", 13),
    ]


async def test_what_is_no_target_is_refused_in_both_languages(partners: Partners) -> None:
    refusals: dict[str, tuple[dict[str, Any], str]] = {
        "indicator-unknown": ({"indicator": "happiness"}, "le catalogue n'a pas d'indicateur happiness"),
        "dimension-unknown": (
            {"dimensions": {"axis": 2}},
            "members n'a pas de dimension axis ; ses dimensions sont company, naf, commune, zone",
        ),
        "dimension-value-unknown": (
            {"dimensions": {"naf": "99.99Z"}},
            "99.99Z n'est pas une valeur de la dimension naf",
        ),
    }
    for slug, (changes, french) in refusals.items():
        told = problem(await partners.post(TARGETS, {**NETWORK, **changes}, **{"Accept-Language": "fr"}), 409, slug)
        assert told["detail"] == french
        english = problem(await partners.post(TARGETS, {**NETWORK, **changes}), 409, slug)
        assert english["detail"] != french
        assert english["parameters"] == told["parameters"]
        assert [f"#/{field}" for field in changes] == [fault["pointer"] for fault in told["errors"]]
    problem(await partners.post(TARGETS, NETWORK, by="network"), 403, "role-missing")
    faults = problem(await partners.post(TARGETS, {**NETWORK, "dimensions": {"zone": True}}), 422, "invalid")
    assert [(each["pointer"], each["code"]) for each in faults["errors"]] == [("#/dimensions/zone", "dimension-value")]


async def test_an_action_is_adopted_by_the_committee_and_carried_out_by_its_pilot(partners: Partners) -> None:
    answer = await partners.post(ACTIONS, WATER)
    path = answer.headers["location"]
    assert done(answer, 201)["status"] == "proposed"
    for title, planned_on in (("Diagnostic remis", "2024-06-03"), ("Travaux réceptionnés", "2025-06-02")):
        milestone = {"title": title, "planned_on": planned_on, "on": "2024-01-15"}
        done(await partners.post(f"{path}/add-milestone", milestone))
    problem(await partners.post(f"{path}/adopt", {}, by="epci"), 403, "role-missing")
    adopted = done(await partners.post(f"{path}/adopt", {"on": "2024-02-01"}))
    assert (adopted["status"], adopted["adopted_on"]) == ("adopted", "2024-02-01")

    start = {"on": "2024-03-01"}
    problem(await partners.post(f"{path}/start", start, by="network"), 403, "not-your-record")
    assert "start" not in done(await partners.get(path, by="network"))["allowed"]
    assert "start" in done(await partners.get(path, by="epci"))["allowed"]
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("start", start),
        ("reach-milestone", {"milestone": 1, "on": "2024-07-10"}),
        ("record-spending", {"amount": 40_000, "on": "2024-05-02"}),
        ("hold", {"reason": "permit", "on": "2024-06-01"}),
        ("resume", {"on": "2024-09-02"}),
        ("correct-milestone", {"milestone": 1, "reached_on": "2024-06-20", "reason": "late_document"}),
    )
    for step, body in steps:
        done(await partners.post(f"{path}/{step}", body, by="epci"))

    open_ones = problem(await partners.post(f"{path}/finish", {}, by="epci"), 409, "milestones-open")
    assert open_ones["parameters"] == {"milestones": [2]}
    done(await partners.post(f"{path}/drop-milestone", {"milestone": 2, "reason": "not_needed"}, by="epci"))
    finished = done(await partners.post(f"{path}/finish", {}, by="epci"))
    assert (finished["status"], finished["spent"], finished["spendings"]) == (
        "done",
        40_000,
        [{"on": "2024-05-02", "amount": 40_000}],
    )
    assert [each["reached_on"] for each in finished["milestones"]] == ["2024-06-20", None]
    events = done(await partners.get(f"{path}/events"))["items"]
    reached = next(each["data"] for each in events if each["type"] == "MilestoneReached")
    assert (reached["effective_on"], reached["late_from"], reached["status"]) == (
        "2024-07-10",
        "2024-06-04",
        "in_progress",
    )
    found = done(await partners.get(ACTIONS, axis=1, pilot="epci", q="eau"))["items"]
    assert [each["id"] for each in found] == [finished["id"]]


async def test_what_is_decided_is_published_beside_the_figures(database: str, kafka: str, issuer: Issuer) -> None:
    await prepare(database, app.all_migrations)
    place = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with calling(app, database, issuer, worker=True, **place) as client, asyncio.timeout(60):
        partners = Partners(client, issuer)
        # Until the store is confirmed.
        while (answer := await partners.post(ACTIONS, WATER)).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        identity = done(answer, 201)["id"]
        done(await partners.post(TARGETS, NETWORK), 201)
        work = done(await client.get("/ready"))["work"]
        assert any(name.startswith("subscription indicators-") for name in work)
        topic = f"{place['territory']}.indicators.v1"
        while len(messages := await read_topic(kafka, topic)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert {each.type for each in messages} == {"ActionProposed", "TargetSet"}
    assert f"action-{identity}" in {each.stream_id for each in messages}
    assert await verify(app, settings_for(database, issuer, **place), []) == 0
