"""Commands over HTTP: what they answer, If-Match, Idempotency-Key, what is recorded beside the events."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from lamps import bearer, calling, settings_for

from devstack.issuer import Issuer
from eventstore.decider import PARIS
from service.clock import today

pytestmark = pytest.mark.anyio

LAMP = {"company": "00000001800017", "watts": 70}


@pytest.fixture
async def client(migrated_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        yield client


async def installed(client: httpx.AsyncClient, **changes: Any) -> str:
    """The path of a new lamp."""
    answer = await client.post("/v1/lamps", json=LAMP | changes)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"].startswith("/lamps/problems/")
    assert problem["title"]
    assert problem["detail"]
    return str(problem["type"].rpartition("/")[2])


async def test_creating_answers_where_and_what(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/lamps", json=LAMP)
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    lamp = answer.json()
    assert lamp == {
        "id": str(UUID(lamp["id"])),
        "version": 1,
        "effective_on": str(today()),
        "company": "00000001800017",
        "status": "dark",
        "watts": 70,
        "label": "lamp",
        "allowed": ["light", "dim", "inspect", "break"],
    }
    assert answer.headers["location"] == f"/lamps/v1/lamps/{lamp['id']}"
    assert (await client.get(answer.headers["location"])).json() == lamp


async def test_an_aggregate_may_have_a_name_of_its_own(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/poles", json={"number": "042"})
    assert answer.headers["location"] == "/lamps/v1/poles/042"
    again = await client.post("/v1/poles", json={"number": "042"})
    assert again.status_code == 409
    assert slug(again) == "pole-exists"
    assert [fault["pointer"] for fault in again.json()["errors"]] == ["#/number"]
    assert again.json()["collides_with"] == "042"


async def test_a_decision_answers_the_new_version(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    answer = await client.post(f"{lamp}/light", json={})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["status"] == "lit"
    assert answer.json()["allowed"] == ["put-out", "dim", "inspect", "break"]


async def test_a_decision_without_fields_needs_no_body(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{await installed(client)}/light")).status_code == 200


async def test_a_decision_that_changes_nothing_leaves_the_version(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{await installed(client)}/inspect")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')


async def test_on_is_the_day_it_took_effect(client: httpx.AsyncClient) -> None:
    lamp = await installed(client, on="2024-05-13")
    assert (await client.post(f"{lamp}/light", json={"on": "2024-05-14"})).json()["effective_on"] == "2024-05-14"
    before = await client.post(f"{lamp}/put-out", json={"on": "2024-05-13"})
    assert (before.status_code, slug(before)) == (409, "on-before-previous-step")
    assert before.json()["parameters"] == {"on": "2024-05-13", "previous": "2024-05-14"}
    later = await client.post(f"{lamp}/put-out", json={"on": "2099-12-31"})
    assert (later.status_code, slug(later)) == (409, "on-in-the-future")
    said = later.json()
    fault = {"pointer": "#/on", "detail": said["detail"], "code": "on-in-the-future", "parameters": said["parameters"]}
    assert said["errors"] == [fault]


async def test_today_is_a_day_in_paris() -> None:
    assert today() == datetime.now(PARIS).date()


async def test_a_refusal_says_why_to_programs_and_people(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    refused = await client.post(f"{lamp}/dim", json={"watts": 90})
    assert (refused.status_code, slug(refused)) == (409, "not-dimmer")
    assert refused.json()["detail"] == "90 W is no less than 70 W"
    assert refused.json()["parameters"] == {"wanted": 90, "watts": 70}
    assert "errors" not in refused.json()
    wrong_status = await client.post(f"{lamp}/put-out")
    assert (wrong_status.status_code, slug(wrong_status)) == (409, "lamp-not-lit")
    assert (await client.get(lamp)).headers["etag"] == '"1"'


@pytest.mark.parametrize(("value", "status"), [('"1"', 200), ("*", 200), ('"2"', 412), ('W/"1"', 412), ('"x"', 412)])
async def test_if_match_is_the_version_decided_on(client: httpx.AsyncClient, value: str, status: int) -> None:
    lamp = await installed(client)
    answer = await client.post(f"{lamp}/light", headers={"If-Match": value})
    assert answer.status_code == status
    if status == 412:
        assert slug(answer) == "stale"
        assert (await client.get(lamp)).headers["etag"] == '"1"'


@pytest.mark.parametrize("value", ["1", '"1', "", '"1", "2"'])
async def test_a_malformed_if_match_is_refused(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.post(f"{await installed(client)}/light", headers={"If-Match": value})
    assert (answer.status_code, slug(answer)) == (400, "malformed-header")


async def test_if_match_makes_no_sense_for_what_is_not_there_yet(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/lamps", json=LAMP, headers={"If-Match": "*"})
    assert (answer.status_code, slug(answer)) == (400, "malformed-header")


async def test_of_fifty_writers_with_if_match_one_wins_per_version(client: httpx.AsyncClient) -> None:
    lamp = await installed(client, watts=400)
    for version in (1, 2, 3):
        answers = await asyncio.gather(
            *(
                client.post(f"{lamp}/dim", json={"watts": 300 - version}, headers={"If-Match": f'"{version}"'})
                for _ in range(50)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 49}
        assert (await client.get(lamp)).headers["etag"] == f'"{version + 1}"'


async def test_without_if_match_all_of_fifty_writers_are_served(client: httpx.AsyncClient) -> None:
    lamp = await installed(client, watts=400)
    answers = await asyncio.gather(*(client.post(f"{lamp}/inspect") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    answers = await asyncio.gather(*(client.post(f"{lamp}/dim", json={"watts": 399 - n}) for n in range(50)))
    stored = [answer for answer in answers if answer.status_code == 200]
    assert {slug(answer) for answer in answers if answer not in stored} <= {"not-dimmer"}
    assert sorted(answer.json()["version"] for answer in stored) == list(range(2, 2 + len(stored)))


async def test_the_same_key_and_body_have_one_effect_and_one_answer(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "install the first"}
    first = await client.post("/v1/lamps", json=LAMP, headers=key)
    lamp = first.headers["location"]
    await client.post(f"{lamp}/light")
    again = await client.post("/v1/lamps", json=LAMP, headers=key)
    assert again.status_code == first.status_code == 201
    assert again.content == first.content
    assert again.headers["location"] == lamp
    assert again.headers["etag"] == '"1"'
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers


async def test_a_retry_is_recognised_though_the_decision_would_now_be_refused(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    headers = {"Idempotency-Key": "light", "If-Match": '"1"'}
    first = await client.post(f"{lamp}/light", headers=headers)
    again = await client.post(f"{lamp}/light", headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_the_same_key_with_another_body_is_refused(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    await client.post("/v1/lamps", json=LAMP, headers=key)
    other = await client.post("/v1/lamps", json=LAMP | {"watts": 71}, headers=key)
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")
    assert len((await client.get("/v1/lamps")).json()["items"]) == 1


async def test_the_same_key_twenty_times_at_once_has_one_effect(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(client.post("/v1/lamps", json=LAMP, headers={"Idempotency-Key": "once"}) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len((await client.get("/v1/lamps")).json()["items"]) == 1


async def test_a_key_counts_for_one_client_and_one_path(client: httpx.AsyncClient, issuer: Issuer) -> None:
    key = {"Idempotency-Key": "k"}
    one = (await client.post("/v1/lamps", json=LAMP, headers=key)).headers["location"]
    other = await client.post("/v1/lamps", json=LAMP, headers=key | bearer(issuer, client="another"))
    assert other.status_code == 201
    assert other.headers["location"] != one
    for lamp in (one, other.headers["location"]):
        lit = await client.post(f"{lamp}/light", headers=key)
        assert (lit.status_code, lit.json()["version"]) == (200, 2)
    assert (await client.post(f"{one}/inspect", headers=key)).status_code == 200


async def test_a_refusal_is_decided_anew(client: httpx.AsyncClient) -> None:
    lamp, key = await installed(client), {"Idempotency-Key": "k"}
    assert (await client.post(f"{lamp}/put-out", headers=key)).status_code == 409
    await client.post(f"{lamp}/light")
    assert (await client.post(f"{lamp}/put-out", headers=key)).status_code == 200


@pytest.mark.parametrize("key", ["", "é", "a" * 256])
async def test_a_malformed_key_is_refused(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/v1/lamps", json=LAMP, headers=[(b"Idempotency-Key", key.encode())])
    assert (answer.status_code, slug(answer)) == (400, "malformed-header")


async def test_what_is_recorded_beside_the_events(
    client: httpx.AsyncClient, issuer: Issuer, migrated_database: str
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await client.post(
        "/v1/lamps",
        json=LAMP,
        headers={"traceparent": trace, "X-Correlation-Id": "fair-2026"} | bearer(issuer, client="fair", sample=True),
    )
    await client.post("/v1/lamps", json=LAMP, headers={"traceparent": "nonsense"})
    connection = await asyncpg.connect(migrated_database)
    rows = await connection.fetch("SELECT metadata FROM events ORDER BY position")
    await connection.close()
    assert [json.loads(row["metadata"]) for row in rows] == [
        {
            "actor": "fair",
            "sample": True,
            "correlation_id": "fair-2026",
            "traceparent": trace,
            "roles": ["town_hall"],
        },
        {"actor": "developer", "roles": ["town_hall"]},
    ]


async def test_a_malformed_correlation_id_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/lamps", json=LAMP, headers={"X-Correlation-Id": "a b"})
    assert (answer.status_code, slug(answer)) == (400, "malformed-header")


async def test_a_bug_in_a_decision_is_ours(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    lamp = await installed(client)
    answer = await client.post(f"{lamp}/break", json={"into": 0})
    assert (answer.status_code, slug(answer)) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.json()["trace_id"] in caplog.text
    assert (await client.get(lamp)).headers["etag"] == '"1"'


async def test_an_event_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    # Within the limit of a body, and above that of an event.
    answer = await client.post("/v1/lamps", json=LAMP | {"label": "a" * 256_001})
    assert (answer.status_code, slug(answer)) == (413, "event-too-large")
