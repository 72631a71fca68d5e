"""Reading over HTTP: one record, lists with filters and cursors, a record's history."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from lamps import bearer, calling, lamps, settings_for

from devstack.issuer import Issuer

pytestmark = pytest.mark.anyio

OWNER, OTHER = "00000001800017", "00000002600010"


@pytest.fixture
async def client(migrated_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        yield client


async def installed(client: httpx.AsyncClient, watts: int = 70, company: str = OWNER, correlation: str = "") -> str:
    """The path of a new lamp."""
    headers = {"X-Correlation-Id": correlation} if correlation else {}
    answer = await client.post("/v1/lamps", json={"company": company, "watts": watts}, headers=headers)
    return str(answer.headers["location"])


async def pages(client: httpx.AsyncClient, path: str) -> list[list[dict[str, Any]]]:
    """All pages of a list, by their links."""
    found = []
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        path = answer.links.get("next", {}).get("url", "")
    return found


async def test_a_version_already_known_is_not_sent_again(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    known = await client.get(lamp, headers={"If-None-Match": '"1"'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", '"1"')
    for value in ('W/"1"', '"7", "1"', "*"):
        assert (await client.get(lamp, headers={"If-None-Match": value})).status_code == 304
    await client.post(f"{lamp}/light")
    assert (await client.get(lamp, headers={"If-None-Match": '"1"'})).json()["version"] == 2


async def test_a_stored_state_that_this_code_cannot_read_is_our_fault_and_not_the_client_s(
    client: httpx.AsyncClient, migrated_database: str
) -> None:
    lamp = await installed(client)
    connection = await asyncpg.connect(migrated_database)
    await connection.execute("UPDATE streams SET state = '{}'")
    await connection.close()
    for answer in (await client.get(lamp), await client.post(f"{lamp}/light")):
        assert (answer.status_code, answer.json()["type"]) == (500, "/lamps/problems/internal")


async def test_no_shared_cache_keeps_what_depends_on_the_caller(client: httpx.AsyncClient) -> None:
    answer = await client.get(await installed(client))
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Authorization"


async def test_allowed_is_what_this_caller_may_decide(client: httpx.AsyncClient, issuer: Issuer) -> None:
    lamp = await installed(client)
    await client.post(f"{lamp}/light")

    async def allowed(roles: list[str], **claims: str) -> list[str]:
        headers = bearer(issuer, "lamps:read", roles, **claims)
        decisions: list[str] = (await client.get(lamp, headers=headers)).json()["allowed"]
        assert (await client.get("/v1/lamps", headers=headers)).json()["items"][0]["allowed"] == decisions
        return decisions

    assert await allowed(["town_hall"]) == ["put-out", "dim", "inspect", "break"]
    assert await allowed(["company"], company=OWNER) == ["put-out"]
    assert await allowed(["company"], company=OTHER) == []
    assert await allowed(["company"]) == []
    assert await allowed([]) == []


async def test_a_list_is_read_in_pages_that_stay_right_while_it_grows(client: httpx.AsyncClient) -> None:
    made = [await installed(client, watts) for watts in range(1, 6)]
    first = await client.get("/v1/lamps?limit=2")
    await installed(client)
    rest = await pages(client, first.links["next"]["url"])
    seen = [item["id"] for page in [first.json()["items"], *rest] for item in page]
    assert seen[:5] == [path.rpartition("/")[2] for path in made]
    assert [len(page) for page in rest] == [2, 2]


async def test_a_list_without_more_has_no_next_page(client: httpx.AsyncClient) -> None:
    await installed(client)
    answer = await client.get("/v1/lamps?limit=1")
    assert "link" not in answer.headers
    assert len(answer.json()["items"]) == 1


async def test_a_list_can_be_empty(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/poles")).json() == {"items": [], "allowed": ["erect"]}


async def test_filters_are_kept_from_page_to_page(client: httpx.AsyncClient) -> None:
    for company in (OWNER, OTHER, OWNER, OTHER, OWNER):
        await installed(client, company=company)
    found = await pages(client, f"/v1/lamps?company={OWNER}&status=dark&limit=2")
    assert [[item["company"] for item in page] for page in found] == [[OWNER, OWNER], [OWNER]]
    assert await pages(client, "/v1/lamps?status=lit") == [[]]
    assert await pages(client, "/v1/lamps?watts=70&limit=200") != [[]]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=broken", "status"),
        ("watts=many", "watts"),
        ("company=%00", "company"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=000000200999", "limit"),
        ("limit=x", "limit"),
        ("limit=%C2%B2", "limit"),
        ("cursor=%C3%A9", "cursor"),
        ("cursor=AA", "cursor"),
        ("cursor=", "cursor"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    answer = await client.get(f"/v1/lamps?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


async def test_a_history_tells_each_event_as_recorded(client: httpx.AsyncClient) -> None:
    lamp = await installed(client, correlation="works")
    await client.post(f"{lamp}/light", json={})
    [[first], [second]] = await pages(client, f"{lamp}/events?limit=1")
    assert (first["position"], first["version"], first["type"], first["schema_version"]) == (1, 1, "LampInstalled", 1)
    assert first["data"] == {
        "effective_on": first["data"]["effective_on"],
        "company": OWNER,
        "watts": 70,
        "label": "lamp",
    }
    assert first["metadata"] == {"actor": "developer", "correlation_id": "works"}
    assert first["recorded_at"] <= second["recorded_at"]
    assert (second["version"], second["type"]) == (2, "LampLit")


async def test_a_history_has_cursors_of_its_own(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    await installed(client)
    cursor = (await client.get("/v1/lamps?limit=1")).links["next"]["url"].rpartition("cursor=")[2]
    answer = await client.get(f"{lamp}/events?cursor={cursor}")
    assert answer.status_code == 422


async def test_a_head_request_is_answered_like_a_get(client: httpx.AsyncClient) -> None:
    answer = await client.head(await installed(client))
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')


async def test_a_state_of_another_revision_is_folded_again(client: httpx.AsyncClient, migrated_database: str) -> None:
    lamp = await installed(client)
    connection = await asyncpg.connect(migrated_database)
    await connection.execute("""UPDATE streams SET state_revision = 0, state = '{"stale": true}'""")
    await connection.close()
    assert lamps.state.revision == 1
    assert (await client.get(lamp)).json()["watts"] == 70
    assert (await client.get("/v1/lamps")).json()["items"][0]["watts"] == 70


async def test_links_lead_back_to_where_the_caller_came_in(client: httpx.AsyncClient) -> None:
    made = [await installed(client) for _ in range(2)]
    under_name = await client.get("/lamps/v1/lamps?limit=1")
    assert under_name.links["next"]["url"].startswith("/lamps/v1/lamps?")
    assert (await client.get(under_name.links["next"]["url"])).json()["items"][0]["id"] == made[1].rpartition("/")[2]
