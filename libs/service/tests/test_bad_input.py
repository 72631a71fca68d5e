"""What bad input gets: a problem that says what to do, and nothing half done."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from lamps import bearer, calling, service, settings_for
from starlette.types import Message

from devstack.issuer import Issuer
from service.application import build

pytestmark = pytest.mark.anyio

LAMP = {"company": "00000001800017", "watts": 70}
JSON = {"Content-Type": "application/json"}
NOBODY = "01a208f7-f16f-7485-b569-57556200edb8"


@pytest.fixture
async def client(shared_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(shared_database, issuer, max_body_bytes=2000)
    async with calling(settings, **bearer(issuer)) as client:
        yield client
        assert (await client.get("/v1/lamps")).json()["items"] == [], "nothing half done"


@pytest.fixture
async def impatient(shared_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that waits for half a second."""
    async with calling(settings_for(shared_database, issuer, request_timeout=0.5), **bearer(issuer)) as client:
        yield client


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/lamps/problems/{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["#/company", "#/watts"]),
        (LAMP | {"watts": "70", "company": 1}, ["#/company", "#/watts"]),
        (LAMP | {"watts": 0}, ["#/watts"]),
        (LAMP | {"colour/~": "red"}, ["#/colour~1~0"]),
        (LAMP | {"fixing": {"height": 0, "arms": ["left", "much too long"]}}, ["#/fixing/height", "#/fixing/arms/1"]),
        (LAMP | {"on": "yesterday"}, ["#/on"]),
        ([LAMP], ["#"]),
        (None, ["#"]),
    ],
)
async def test_a_body_of_another_form_gets_a_pointer_to_each_fault(
    client: httpx.AsyncClient, body: object, pointers: list[str]
) -> None:
    answer = await client.post("/v1/lamps", content=json.dumps(body), headers=JSON)
    errors = problem(answer, 422, "invalid")["errors"]
    assert [error["pointer"] for error in errors] == pointers
    assert all(error["detail"] and error["code"] for error in errors)


@pytest.mark.parametrize(
    "body", [b"{", b"lamp", b"\xff", b'{"company": "\xff"}', b'{"company": "\\ud800"}', b"[" * 1500, b"\xef\xbb\xbf{}"]
)
async def test_what_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    errors = problem(await client.post("/v1/lamps", content=body, headers=JSON), 422, "invalid")["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [("#", "json_invalid")]


async def test_no_body_is_a_body_without_fields(client: httpx.AsyncClient) -> None:
    problem(await client.post("/v1/lamps"), 422, "invalid")


async def test_nul_is_refused_wherever_it_hides(client: httpx.AsyncClient) -> None:
    body = LAMP | {"label": "a\0b", "fixing": {"height": 1, "arms": ["left", "\0"]}}
    errors = problem(await client.post("/v1/lamps", json=body), 422, "invalid")["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [("#/label", "nul"), ("#/fixing/arms/1", "nul")]
    problem(await client.get("/v1/lamps/%00"), 404, "not-found")
    problem(await client.post(f"/v1/lamps/{NOBODY}%00/light"), 404, "not-found")


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=latin-1", "application/xml", ""])
async def test_another_kind_of_content_is_refused(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/v1/lamps", content=json.dumps(LAMP), headers={"Content-Type": kind})
    problem(answer, 415, "unsupported-media-type")
    problem(await client.post("/v1/lamps", content=json.dumps(LAMP)), 415, "unsupported-media-type")


async def test_a_body_that_was_encoded_is_refused(client: httpx.AsyncClient) -> None:
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await client.post("/v1/lamps", content=gzip.compress(json.dumps(LAMP).encode()), headers=sent)
    assert "gzip" in problem(answer, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
async def test_json_may_be_called_so_in_several_ways(client: httpx.AsyncClient, kind: str) -> None:
    problem(await client.post("/v1/lamps", content=b"{}", headers={"Content-Type": kind}), 422, "invalid")


@pytest.mark.parametrize("path", ["/v1/lamps", "/v1/readings"])
async def test_a_body_that_is_too_large_is_refused_while_it_comes(client: httpx.AsyncClient, path: str) -> None:
    body = json.dumps(LAMP | {"label": "a" * 2000}).encode()
    assert problem(await client.post(path, content=body, headers=JSON), 413, "body-too-large")["limit"] == 2000
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 500
            yield b" " * 500

    problem(await client.post(path, content=endless(), headers=JSON), 413, "body-too-large")
    assert sent <= 3000


@pytest.mark.parametrize("path", ["/v1/lamps", "/v1/readings"])
@pytest.mark.parametrize("left", [b"", json.dumps(LAMP).encode()])
async def test_less_than_was_announced_is_not_decided_whatever_the_server_says(
    client: httpx.AsyncClient, path: str, left: bytes
) -> None:
    answer = await client.post(path, content=left, headers=JSON | {"Content-Length": "100"})
    problem(answer, 400, "malformed-request")
    assert answer.headers["connection"] == "close"


async def test_a_body_that_does_not_come_is_not_waited_for(impatient: httpx.AsyncClient) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(3600)

    problem(await impatient.post("/v1/lamps", content=stalling(), headers=JSON), 408, "request-timeout")
    problem(await impatient.post("/v1/readings", content=stalling(), headers=JSON), 408, "request-timeout")


async def test_an_answer_that_does_not_come_is_not_waited_for(impatient: httpx.AsyncClient) -> None:
    answer = await impatient.get("/v1/slow")
    problem(answer, 503, "timed-out")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("GET", "/v1/lamps/"),
        ("GET", f"/v1/lamps/{NOBODY}"),
        ("GET", f"/v1/lamps/{NOBODY}/events"),
        ("POST", f"/v1/lamps/{NOBODY}/light"),
        ("POST", f"/v1/lamps/{NOBODY}/explode"),
        ("GET", f"/v1/lamps/{NOBODY}/explode"),
        ("GET", f"/v1/lamps/{NOBODY}/events/1"),
        ("GET", "/v1/lamps/" + "a" * 3000),
        ("GET", "/problems/nothing"),
        ("GET", "/lampsv1/lamps"),
        ("GET", "/%0A"),
        ("GET", "/live%0A"),
        ("GET", "/lamps/docs%0A"),
        ("GET", "/v1/report%0A"),
    ],
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, method: str, path: str) -> None:
    problem(await client.request(method, path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/lamps", "GET, HEAD, POST"),
        ("POST", f"/v1/lamps/{NOBODY}", "GET, HEAD"),
        ("POST", f"/v1/lamps/{NOBODY}/events", "GET, HEAD"),
        ("GET", f"/v1/lamps/{NOBODY}/light", "POST"),
        ("PATCH", f"/v1/lamps/{NOBODY}/light", "POST"),
        ("POST", "/live", "GET, HEAD"),
        ("DELETE", "/v1/imports", "GET, HEAD, POST"),
        ("POST", f"/v1/imports/{NOBODY}", "GET, HEAD"),
    ],
)
async def test_a_method_the_path_does_not_have(client: httpx.AsyncClient, method: str, path: str, allow: str) -> None:
    answer = await client.request(method, path)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allow


async def test_a_plain_route_is_refused_in_the_same_words(client: httpx.AsyncClient) -> None:
    errors = problem(await client.get("/v1/report?least=few"), 422, "invalid")["errors"]
    assert errors[0]["parameter"] == "least"
    errors = problem(await client.post("/v1/readings", json={"kwh": "x"}), 422, "invalid")["errors"]
    assert errors[0]["pointer"] == "#/kwh"
    problem(await client.post("/v1/readings", content=b"{", headers=JSON), 422, "invalid")


async def test_parameters_are_declared_and_given_once_everywhere(client: httpx.AsyncClient) -> None:
    for path in ("/v1/report", "/v1/lamps", f"/v1/lamps/{NOBODY}"):
        assert "there is no such" in problem(await client.get(f"{path}?colour=red"), 422, "invalid")["detail"]
    assert "given twice" in problem(await client.get("/v1/report?least=1&least=2"), 422, "invalid")["detail"]


async def test_a_plain_route_tells_all_that_is_wrong_with_a_query_at_once(client: httpx.AsyncClient) -> None:
    said = problem(await client.get("/v1/report?colour=red&least=few&shape=round&least=1"), 422, "invalid")
    assert [(error["parameter"], error["code"]) for error in said["errors"]] == [
        ("colour", "invalid_parameter"),
        ("shape", "invalid_parameter"),
        ("least", "invalid_parameter"),
    ]
    said = problem(await client.get("/v1/report?colour=red&least=few"), 422, "invalid")
    assert [(error["parameter"], error["code"]) for error in said["errors"]] == [
        ("colour", "invalid_parameter"),
        ("least", "int_parsing"),
    ]


async def test_head_is_where_get_is(client: httpx.AsyncClient) -> None:
    for path in ("/live", "/docs", "/v1/report", "/v1/lamps"):
        assert (await client.head(path)).status_code == 200
    assert (await client.get("/v1/report")).headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/", "/lamps", "/lamps/"])
async def test_the_root_leads_to_what_is_there(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    places = re.findall('href="([^"]+)"', answer.text)
    assert "/lamps/docs" in places
    assert [(await client.get(place)).status_code for place in places] == [200] * len(places)


async def test_a_preflight_that_is_answered_no_is_a_problem(shared_database: str, issuer: Issuer) -> None:
    asked = {"Origin": "https://a.test", "Access-Control-Request-Method": "POST"}
    async with calling(settings_for(shared_database, issuer, cors_origins=("https://a.test",))) as client:
        assert (await client.options("/v1/lamps", headers=asked)).status_code == 200
        for other in ({"Origin": "https://b.test"}, {"Access-Control-Request-Method": "DELETE"}):
            answer = await client.options("/v1/lamps", headers=asked | other)
            assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
            assert answer.json()["type"] == "/lamps/problems/preflight-refused"
            assert answer.headers.get("access-control-allow-origin") == (
                None if "Origin" in other else "https://a.test"
            )


async def test_who_is_answered_when_a_service_stops_is_told_to_try_again(shared_database: str, issuer: Issuer) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    application = build(service, settings_for(shared_database, issuer), worker=False)
    scope = {"type": "http", "method": "GET", "path": "/v1/slow", "query_string": b"", "headers": []}
    running = asyncio.create_task(application(scope, receive, send))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    start, body = sent
    assert (start["status"], json.loads(body["body"])["type"]) == (503, "/lamps/problems/unavailable")


async def test_a_bug_shows_nothing_of_the_inside(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await client.get("/v1/broken", headers={"traceparent": trace})
    assert problem(answer, 500, "internal")["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert "0af7651916cd43dd8448eb211c80319c" in caplog.text
    assert "the secret of the route" in caplog.text
