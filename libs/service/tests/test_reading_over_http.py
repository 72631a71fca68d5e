"""Reading over HTTP: one record, lists with filters and cursors, a record's history."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from lamps import bearer, calling, calling_other, lamps, service, settings_for
from poles import Pole, poles

from devstack.issuer import Issuer
from eventstore.decider import Decider
from service.definition import Service
from service.http.listing import MOST_FAULTS
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

pytestmark = pytest.mark.anyio

WHOLE = {"id", "version", "effective_on", "company", "status", "watts", "label", "allowed"}
"""The members of a lamp, for who may read all of it."""
PUBLIC = {"id", "version", "status", "watts", "allowed"}

OWNER, OTHER = "00000001800017", "00000002600010"


@pytest.fixture
async def client(migrated_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        yield client


async def installed(
    client: httpx.AsyncClient, watts: int = 70, company: str = OWNER, correlation: str = "", label: str = "lamp"
) -> str:
    """The path of a new lamp."""
    headers = {"X-Correlation-Id": correlation} if correlation else {}
    lamp = {"company": company, "watts": watts, "label": label}
    answer = await client.post("/v1/lamps", json=lamp, headers=headers)
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
        ("watts_from=x", "watts_from"),
        ("watts_from=inf", "watts_from"),
        ("watts_from=80&watts_to=70", "watts_to"),
        ("label_from=a", "label_from"),
        ("&".join(f"watts={n}" for n in range(1, 52)), "watts"),
        ("q=", "q"),
        ("q=%2B%2B", "q"),
        ("q=a+b+c+d+e+f", "q"),
        ("sort=status", "sort"),
        ("sort=", "sort"),
        ("sort=watts&sort=label", "sort"),
        ("count=yes", "count"),
        ("updated_since=2024-05-13", "updated_since"),
        ("updated_since=2024-05-13T08:30:00", "updated_since"),
        ("updated_since=2024-13-13T08:30:00Z", "updated_since"),
        ("updated_since=0001-01-01T00:00:00Z", "updated_since"),
        ("updated_since=1715589000", "updated_since"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    answer = await client.get(f"/v1/lamps?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


async def test_all_that_is_wrong_with_a_query_is_told_at_once(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    said = {}
    for path, query in (
        (
            "/v1/lamps",
            "colour=red&watts=x&limit=0&status=lit&watts=70&watts=y&colour=blue&watts_from=80&watts_to=70&q=",
        ),
        ("/v1/lamps", "sort=status&cursor=!&count=yes&updated_since=now&company=%00&limit=1&limit=2&limit=3"),
        (f"{lamp}/events", "limit=x&cursor=AA&sort=watts"),
        (lamp, "a=1&b=2&a=3"),
    ):
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 422
        said[query] = [error["parameter"] for error in answer.json()["errors"]]
    assert list(said.values()) == [
        ["colour", "watts", "watts", "limit", "watts_to", "q"],
        ["limit", "company", "cursor", "sort", "updated_since", "count"],
        ["sort", "limit", "cursor"],
        ["a", "b"],
    ]
    assert answer.json()["detail"] == "a: there is no such parameter; there are none here (and 1 more fault)"


async def test_what_is_wrong_with_a_query_is_not_told_without_end(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/lamps?" + "&".join(f"x{number}=" for number in range(500)))
    assert len(answer.json()["errors"]) == MOST_FAULTS


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


async def test_a_route_of_the_services_own_may_lie_below_a_record(client: httpx.AsyncClient) -> None:
    lamp = await installed(client)
    for path in (lamp, lamp.removeprefix("/lamps")):
        shade = await client.get(f"{path}/shade")
        assert (shade.status_code, shade.json()["lamp"]) == (200, lamp.rpartition("/")[2])
    assert (await client.head(f"{lamp}/shade")).status_code == 200
    assert (await client.post(f"{lamp}/shade")).status_code == 405
    # What a record has beside it is where it was, and nothing else is there.
    assert (await client.get(f"{lamp}/events")).status_code == 200
    for nothing in ("/v1/lamps/shade", f"{lamp}/shadow", f"{lamp}/shade/shade", "/v1/poles/1/shade"):
        assert (await client.get(nothing)).status_code == 404, nothing


async def labels(client: httpx.AsyncClient, query: str, headers: dict[str, str] | None = None) -> list[str]:
    """What the lamps of a list are called."""
    answer = await client.get(f"/v1/lamps?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item.get("label", "-") for item in answer.json()["items"]]


async def test_a_list_is_sorted_found_by_several_values_in_ranges_and_by_words(client: httpx.AsyncClient) -> None:
    for watts, label in ((40, "Rue de l'Étang"), (60, "Place du Bœuf"), (100, "rue étroite"), (60, "ÉTANG")):
        await installed(client, watts, label=label)
    assert await labels(client, "sort=watts") == ["Rue de l'Étang", "Place du Bœuf", "ÉTANG", "rue étroite"]
    assert await labels(client, "sort=-watts") == ["rue étroite", "ÉTANG", "Place du Bœuf", "Rue de l'Étang"]
    assert await labels(client, "sort=label") == ["ÉTANG", "Place du Bœuf", "Rue de l'Étang", "rue étroite"]
    assert await labels(client, "watts=40&watts=100&watts=7") == ["Rue de l'Étang", "rue étroite"]
    assert await labels(client, "watts_from=60&watts_to=99.5&status=dark") == ["Place du Bœuf", "ÉTANG"]
    assert await labels(client, "q=etang") == ["Rue de l'Étang", "ÉTANG"]
    assert await labels(client, "q=L%27%C3%A9t+RU") == ["Rue de l'Étang"]
    assert await labels(client, "q=boeu") == ["Place du Bœuf"]
    assert await labels(client, "q=tang") == []
    counted = (await client.get("/v1/lamps?q=et&sort=-watts&limit=1&count=true")).json()
    assert (counted["count"], [item["label"] for item in counted["items"]]) == (3, ["rue étroite"])
    assert "count" not in (await client.get("/v1/lamps?count=false")).json()


async def test_pages_keep_every_parameter_and_a_cursor_is_of_its_order_only(client: httpx.AsyncClient) -> None:
    for watts in (10, 20, 30, 40, 50, 60):
        await installed(client, watts, label=f"rue {watts}")
    query = "watts=10&watts=20&watts=40&watts=60&q=rue&sort=-watts&watts_from=15&count=true&limit=2"
    first = await client.get(f"/v1/lamps?{query}")
    assert first.json()["count"] == 3
    await installed(client, 60, label="rue 60 bis")
    rest = await pages(client, first.links["next"]["url"])
    seen = [item["watts"] for page in [first.json()["items"], *rest] for item in page]
    assert seen == [60, 40, 20]
    cursor = first.links["next"]["url"].rpartition("cursor=")[2]
    for order in ("", "&sort=watts", "&sort=label"):
        answer = await client.get(f"/v1/lamps?cursor={cursor}{order}")
        assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]


async def test_what_changed_since_a_moment_is_listed(client: httpx.AsyncClient, migrated_database: str) -> None:
    lamps = [await installed(client, label=str(n)) for n in range(4)]
    connection = await asyncpg.connect(migrated_database)
    await connection.execute(
        "UPDATE events SET recorded_at = '2024-05-13 08:00Z'::timestamptz + position * '1 h'::interval"
    )
    await connection.execute(
        "UPDATE streams SET updated_at = (SELECT max(recorded_at) FROM events e WHERE e.stream_id = streams.stream_id)"
    )
    await connection.close()
    assert await labels(client, "updated_since=2024-05-13T11:00:00Z") == ["2", "3"]
    assert await labels(client, "updated_since=2024-05-13T13:00:00.5%2B02:00") == ["3"]
    assert await labels(client, "updated_since=1999-01-01T00:00:00Z&sort=-label") == ["3", "2", "1", "0"]
    assert await labels(client, "updated_since=2024-05-13T12:00:01Z") == []
    await client.post(f"{lamps[0]}/light")
    assert await labels(client, "updated_since=2024-05-13T12:00:00Z&count=true") == ["0", "3"]


async def test_others_read_what_is_public_and_find_by_nothing_else(client: httpx.AsyncClient, issuer: Issuer) -> None:
    mine, others = await installed(client, 40, label="mine"), await installed(client, 60, OTHER, label="theirs")
    company = bearer(issuer, "lamps:read lamps:write", ["company"], company=OWNER)
    anybody = bearer(issuer, "lamps:read", [])

    async def shown(path: str, headers: dict[str, str]) -> set[str]:
        answer = await client.get(path, headers=headers)
        assert answer.headers["etag"] == '"1"'
        return {*answer.json()}

    assert await shown(mine, company) == WHOLE
    assert await shown(others, company) == await shown(mine, anybody) == PUBLIC
    listed = (await client.get("/v1/lamps", headers=company)).json()
    assert [{*item} for item in listed["items"]] == [WHOLE, PUBLIC]
    assert await labels(client, "sort=-watts", company) == ["-", "mine"]
    assert await labels(client, "watts=40&watts=60&status=dark&count=true", company) == ["mine", "-"]
    # By what is not public everybody finds, sorts and searches only what he may read.
    for query in ("q=theirs", f"company={OTHER}", "q=t"):
        assert await labels(client, query, company) == []
    for query in ("q=mine", "sort=label", f"company={OWNER}&company={OTHER}", "watts_from=1&sort=-label"):
        assert await labels(client, query, company) == ["mine"]
        assert await labels(client, query, anybody) == []
        assert (await client.get(f"/v1/lamps?count=true&{query}", headers=company)).json()["count"] == 1
        assert (await client.get(f"/v1/lamps?count=true&{query}", headers=anybody)).json()["count"] == 0


async def test_a_history_is_for_those_who_read_the_whole_record(client: httpx.AsyncClient, issuer: Issuer) -> None:
    mine, others = await installed(client), await installed(client, company=OTHER)
    company = bearer(issuer, "lamps:read", ["company"], company=OWNER)
    assert (await client.get(f"{mine}/events", headers=company)).status_code == 200
    for headers in (company, bearer(issuer, "lamps:read", [])):
        refused = await client.get(f"{others}/events", headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (403, "/lamps/problems/not-your-record")


async def test_what_nobody_else_may_read_is_not_there_for_them(migrated_database: str, issuer: Issuer) -> None:
    closed = Service(
        "lamps", title="Lamps", resources=(Resource(lamps, "/v1/lamps", Reads(("town_hall",), ("company",))),)
    )
    async with calling_other(closed, settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        mine, others = await installed(client, label="mine"), await installed(client, company=OTHER, label="theirs")
        company = bearer(issuer, roles=["company"], company=OWNER)
        assert await labels(client, "count=true", company) == ["mine"]
        assert (await client.get(mine, headers=company)).status_code == 200
        for path in (others, f"{others}/events"):
            assert (await client.get(path, headers=company)).status_code == 404
        assert (await client.post(f"{others}/put-out", headers=company)).status_code == 404
        assert (await client.post(f"{others}/light", headers=company)).status_code == 404
        # One's own is there, even where another role decides.
        assert (await client.post(f"{mine}/light", headers=company)).status_code == 403
        assert (await client.post(f"{mine}/light")).status_code == 200


async def test_a_list_says_what_its_reader_may_begin(client: httpx.AsyncClient, issuer: Issuer) -> None:
    async def allowed(roles: list[str], **claims: str) -> object:
        answer = await client.get("/v1/lamps", headers=bearer(issuer, "lamps:read", roles, **claims))
        return answer.json()["allowed"]

    assert await allowed(["town_hall"]) == ["install"]
    assert await allowed(["company"], company=OWNER) == ["install"]
    assert await allowed(["company"]) == []
    assert await allowed(["network"]) == []


async def test_a_record_of_a_category_that_begins_alike_is_another(migrated_database: str, issuer: Issuer) -> None:
    posts = Decider("lamp-post", Pole, identified_by="number")
    posts.decisions, posts._evolutions = poles.decisions, poles._evolutions  # noqa: SLF001
    alike = Service("lamps", title="Lamps", resources=(*service.resources, Resource(posts, "/v1/posts", EVERYBODY)))
    async with calling_other(alike, settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        assert (await client.post("/v1/posts", json={"number": "042"})).status_code == 201
        await installed(client)
        assert (await client.get("/v1/posts/042")).json()["number"] == "042"
        for path in ("/v1/lamps/post-042", "/v1/lamps/post-042/events"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/v1/lamps/post-042/light")).status_code == 404
        assert len((await client.get("/v1/lamps")).json()["items"]) == 1
        assert (await client.get("/v1/lamps?count=true&limit=1")).json()["count"] == 1


async def test_lists_of_codes_have_labels_in_both_languages(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/v1/reference")).json()["items"]
    assert {"name": "naf", "codes": 732} in listed
    assert "suspension-reasons" not in {item["name"] for item in listed}
    axes = await client.get("/v1/reference/axes")
    assert axes.headers["cache-control"] == "private, max-age=3600"
    assert axes.json()["items"][6] == {"code": 7, "label": {"fr": "Plein emploi", "en": "Full employment"}}
    found = (await client.get("/v1/reference/naf", params={"q": "MECANIQUE indus"})).json()["items"]
    assert {"code": "25.62B", "label": {"fr": "Mécanique industrielle", "en": None}} in found
    assert [item["code"] for item in (await client.get("/v1/reference/communes?q=36088")).json()["items"]] == ["36088"]
    assert (await client.get("/v1/reference/colours")).status_code == 404
    assert (await client.get("/v1/reference/naf?p=1")).status_code == 422
