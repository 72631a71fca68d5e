"""The OpenAPI document is complete and true, and the page that shows it asks nothing of any other address."""

import contextlib
import doctest
import hashlib
import io
import json
import re
import runpy
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from lamps import Lamp, bearer, calling, lamps, service, settings_for
from poles import poles

import service as package
from contracts.language import Sentence
from devstack.issuer import Issuer
from eventstore.refusal import Refusal
from service.documents import components, openapi
from service.documents.refusals import refusals_of
from service.http.kinds import Kind

pytestmark = pytest.mark.anyio

METHODS = {"get", "post", "put", "patch", "delete"}
SAID = Sentence("it is so", "il en est ainsi")


@pytest.fixture
async def client(shared_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(settings_for(shared_database, issuer, cors_origins="https://app.test")) as client:
        yield client


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(json.dumps(openapi.document(service)))
    return written


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                shared = methods.get("parameters", [])
                yield f"{method.upper()} {path}", {**operation, "parameters": shared + operation.get("parameters", [])}


def resolve(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_the_example_of_the_package_runs(tmp_path: Path) -> None:
    # As a script: doctest's own way with sources is at odds with pydantic's under Python 3.13.
    examples = doctest.DocTestParser().get_examples(package.__doc__ or "")
    script = tmp_path / "example.py"
    script.write_text("".join(example.source for example in examples))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(script), run_name="example_of_the_package")
    assert printed.getvalue() == "".join(example.want for example in examples) != ""


def test_it_is_openapi_of_the_right_version_under_the_right_address(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Street lamps"
    assert document["servers"] == [{"url": "/lamps", "x-internal": False}]


def test_every_path_is_there(document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} == {
        "GET /live",
        "GET /ready",
        "GET /problems",
        "GET /problems/{slug}",
        "GET /v1/reference",
        "GET /v1/reference/{name}",
        "POST /v1/imports",
        "GET /v1/imports",
        "GET /v1/imports/{id}",
        "GET /v1/imports/{id}/report",
        "GET /v1/imports/{id}/report.csv",
        "GET /v1/report",
        "POST /v1/readings",
        "GET /v1/slow",
        "GET /v1/broken",
        "GET /v1/lamps",
        "POST /v1/lamps",
        "GET /v1/lamps/{id}",
        "GET /v1/lamps/{id}/events",
        "GET /v1/lamps/{lamp}/shade",
        *(f"POST /v1/lamps/{{id}}/{verb}" for verb in ("light", "put-out", "dim", "inspect", "break")),
        "GET /v1/poles",
        "POST /v1/poles",
        "GET /v1/poles/{id}",
        "GET /v1/poles/{id}/events",
    }


def test_every_reference_leads_somewhere_and_nothing_is_unused(document: dict[str, Any]) -> None:
    used = set(references(document))
    for reference in used:
        assert resolve(document, {"$ref": reference})
    defined = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "headers", "parameters")
        for name in document["components"][kind]
    }
    assert defined == {reference for reference in used if "/responses/" not in reference}


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert {"install_lamp", "put_out_lamp", "get_lamp", "list_lamp", "list_lamp_events"} <= set(names)


def test_every_operation_says_what_it_may_answer(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        answers = set(operation["responses"])
        assert operation["summary"], name
        assert "500" in answers, name
        if operation.get("security"):
            assert {"401", "403", "503"} <= answers, name
        if "{id}" in name:
            assert "404" in answers, name
        if name.startswith(("POST /v1/lamps", "POST /v1/poles")):
            assert {"400", "408", "409", "413", "415", "422"} <= answers, name
            assert ("201" in answers) == ("{id}" not in name), name
            assert ("412" in answers) == ("{id}" in name), name


def test_every_problem_is_shown_by_an_example_of_its_status(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            content = resolve(document, answer).get("content", {})
            if status >= "400" and name != "GET /ready":
                examples = content["application/problem+json"]["examples"]
                assert examples, (name, status)
                for slug, example in examples.items():
                    assert example["value"]["status"] == int(status), (name, slug)
                    assert example["value"]["type"] == f"/lamps/problems/{slug}"


def test_scopes_roles_and_headers_are_told(document: dict[str, Any]) -> None:
    dim = document["paths"]["/v1/lamps/{id}/dim"]["post"]
    assert dim["security"] == [{"token": ["lamps:write"]}]
    assert dim["x-roles"] == ["town_hall"]
    names = {resolve(document, parameter)["name"] for parameter in dim["parameters"]}
    assert names == {"Idempotency-Key", "If-Match", "X-Correlation-Id", "traceparent"}
    put_out = document["paths"]["/v1/lamps/{id}/put-out"]["post"]
    assert put_out["x-roles"] == ["town_hall", "company"]
    assert "The role company only on its own records." in put_out["description"]
    assert "While the lamp is lit." in put_out["description"]
    created = document["paths"]["/v1/lamps"]["post"]["responses"]["201"]
    assert set(created["headers"]) == {"ETag", "Location", "Idempotency-Replayed"}
    listed = document["paths"]["/v1/lamps"]["get"]
    assert listed["security"] == [{"token": ["lamps:read"]}]
    assert "Link" in listed["responses"]["200"]["headers"]
    parameters = {resolve(document, parameter)["name"] for parameter in listed["parameters"]}
    assert parameters == {
        *("status", "watts", "company", "watts_from", "watts_to", "q", "sort"),
        *("updated_since", "count", "limit", "cursor"),
    }
    assert listed["x-reads"] == {
        "all": ["town_hall", "network"],
        "own": ["company"],
        "public": ["status", "watts"],
    }
    assert document["paths"]["/v1/report"]["get"]["security"] == [{"token": ["lamps:read"]}]
    assert list(document["components"]["securitySchemes"]) == ["token"]


def test_the_refusals_of_a_decision_are_found_in_its_code(document: dict[str, Any]) -> None:
    def slugs(path: str) -> set[str]:
        answer = document["paths"][path]["post"]["responses"]["409"]
        return set(answer["content"]["application/problem+json"]["examples"])

    always = {"on-in-the-future", "on-before-previous-step"}
    assert slugs("/v1/lamps") == always
    assert slugs("/v1/poles") == {*always, "pole-exists"}
    assert slugs("/v1/lamps/{id}/light") == {*always, "lamp-not-dark"}
    assert slugs("/v1/lamps/{id}/dim") == {*always, "not-dimmer"}


def test_a_sentence_of_a_refusal_leaves_out_what_it_speaks_of() -> None:
    dim = next(decision for decision in lamps.decisions.values() if decision.name == "dim")
    assert refusals_of(lamps, dim)["not-dimmer"].advice.en == "… W is no less than … W."


def _is_dimmer(refusal: Refusal = poles.exists) -> NoReturn:
    raise refusal()


def _dim() -> NoReturn:
    _is_dimmer()


def test_a_refusal_that_is_taken_for_given_is_found_out() -> None:
    dim = next(decision for decision in lamps.decisions.values() if decision.name == "dim")
    with pytest.raises(TypeError, match="_is_dimmer takes a refusal for given"):
        refusals_of(lamps, replace(dim, function=_dim))


def test_a_field_with_a_default_may_be_left_out_and_says_so(document: dict[str, Any]) -> None:
    install = document["components"]["schemas"]["InstallLamp"]
    assert install["required"] == ["company", "watts"]
    assert install["properties"]["label"] == {"type": "string", "description": '`"lamp"` unless given.'}
    assert "default" not in install["properties"]["fixing"]
    # What is sent is closed and what is read is open, so a model on both ways has two schemas.
    assert install["properties"]["fixing"]["anyOf"][0] == {"$ref": "#/components/schemas/FixingInput"}


FORBIDDEN = [
    ("If-Match", '"0"'),
    ("If-Match", "3"),
    ("If-Match", '"1234567890"'),
    ("Idempotency-Key", "k" * 256),
    ("Idempotency-Key", "é"),
    ("X-Correlation-Id", "c" * 129),
    ("X-Correlation-Id", "two words"),
    ("cursor", "c" * 1025),
    ("cursor", "!"),
    ("limit", "201"),
    ("limit", "0"),
]


async def test_what_the_document_forbids_of_a_parameter_is_refused(
    document: dict[str, Any], migrated_database: str, issuer: Issuer
) -> None:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        lamp = (await client.post("/v1/lamps", json={"company": "x", "watts": 70})).headers["location"]
        for name, value in FORBIDDEN:
            parameter = document["components"]["parameters"][name]
            assert not allows(parameter["schema"], value), name
            if parameter["in"] == "query":
                answer = await client.get("/v1/lamps", params={name: value})
            else:
                answer = await client.post(f"{lamp}/light", headers=[(name.encode(), value.encode())])
            assert answer.status_code in (400, 412, 422), (name, value, answer.text)
        assert (await client.post(f"{lamp}/light", headers={"If-Match": '"1"'})).status_code == 200


def allows(schema: dict[str, Any], value: str) -> bool:
    """Whether a parameter's schema allows what is written."""
    if "anyOf" in schema:
        return any(allows(each, value) for each in schema["anyOf"])
    if "const" in schema:
        return bool(value == schema["const"])
    if schema["type"] == "integer":
        return bool(schema["minimum"] <= int(value) <= schema["maximum"])
    fits = schema.get("minLength", 0) <= len(value) <= schema["maxLength"]
    return fits and re.search(schema["pattern"], value) is not None


@pytest.mark.parametrize("value", ['"3"', '"999999999"', "*"])
def test_if_match_takes_an_etag_or_a_star(document: dict[str, Any], value: str) -> None:
    assert allows(document["components"]["parameters"]["If-Match"]["schema"], value)


async def test_examples_are_accepted_as_they_stand(
    document: dict[str, Any], migrated_database: str, issuer: Issuer
) -> None:
    token = issuer.token("lamps:read lamps:write")
    async with calling(settings_for(migrated_database, issuer), Authorization=f"Bearer {token}") as client:
        body = document["paths"]["/v1/lamps"]["post"]["requestBody"]["content"]["application/json"]["example"]
        made = await client.post("/v1/lamps", json=body)
        assert made.status_code == 201, made.text
        example = document["paths"]["/v1/lamps"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
        assert example.keys() == made.json().keys()
        schema = document["components"]["schemas"]["Lamp"]
        assert schema["required"] == list(schema["properties"]) == list(made.json())
        recorded = (await client.get(f"{made.headers['location']}/events")).json()["items"][0]
        assert recorded.keys() == set(document["components"]["schemas"]["RecordedLampInstalled"]["properties"])
        decided = document["paths"]["/v1/lamps/{id}/dim"]["post"]["requestBody"]["content"]["application/json"]
        assert decided["example"] == {"watts": 40}
    Lamp.model_validate_json(json.dumps({name: example[name] for name in Lamp.model_fields}))


async def test_the_service_serves_its_document(client: httpx.AsyncClient, document: dict[str, Any]) -> None:
    for path in ("/openapi.json", "/lamps/openapi.json"):
        assert (await client.get(path)).json() == document


async def test_every_problem_has_a_page_that_says_what_it_means(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    known = {item["slug"]: item for item in (await client.get("/problems")).json()["items"]}
    assert {"stale", "not-dimmer", "lamp-not-lit", "pole-exists", "unavailable"} <= known.keys()
    shown = set(re.findall(r'"type": "(/lamps/problems/[a-z-]+)"', json.dumps(document)))
    assert len(shown) > 20
    for path in shown:
        item = (await client.get(path)).json()
        assert item == known[item["slug"]]
        assert item["type"] == path
        assert item["advice"]


class Addresses(HTMLParser):
    """What a page asks for, or leads to, and what would run or colour it without being asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.others: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        address = given.get("src") or given.get("href")
        if address and tag in ("script", "link", "img"):
            self.asked.append(address)
        elif address:
            self.others.append(address)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("prefix", ["", "/lamps"])
async def test_the_page_and_all_that_it_asks_for_come_from_the_service(client: httpx.AsyncClient, prefix: str) -> None:
    answer = await client.get(f"{prefix}/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy.pop("img-src") == "'self' data:"
    assert policy == dict.fromkeys(("script-src", "style-src", "connect-src"), "'self'") | dict.fromkeys(
        ("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'"
    )
    assert '<html lang="en">' in answer.text
    assert "<title>Street lamps</title>" in answer.text
    addresses = Addresses()
    addresses.feed(answer.text)
    assert addresses.inline == []
    assert addresses.others == ["openapi.json"]
    assert (await client.get(str(answer.url.join("openapi.json")))).status_code == 200
    assert sorted(Path(address).suffix for address in addresses.asked) == [".css", ".css", ".js", ".js", ".png"]
    for address in addresses.asked:
        assert "//" not in address
        file = await client.get(str(answer.url.join(address)))
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(file.content).hexdigest()[:16] in address, "another content has another address"
        assert file.headers["x-content-type-options"] == "nosniff"
        kind = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png"}
        assert file.headers["content-type"] == kind[Path(address).suffix]
        if address.endswith(".css"):
            assert not re.search(r"@import|url\((?![\"']?data:)", file.text)
        if "documentation-" in address:
            assert "://" not in file.text


async def test_the_files_of_the_page_are_compressed_for_who_understands_it(client: httpx.AsyncClient) -> None:
    addresses = Addresses()
    addresses.feed((await client.get("/docs")).text)
    for address in addresses.asked:
        plain = await client.get(f"/{address}", headers={"Accept-Encoding": "identity"})
        small = await client.get(f"/{address}", headers={"Accept-Encoding": "br, gzip"})
        assert "content-encoding" not in plain.headers
        assert all(answer.headers["vary"].startswith("accept-encoding") for answer in (plain, small))
        assert small.content == plain.content
        if address.endswith(".png"):
            assert "content-encoding" not in small.headers
        else:
            assert small.headers["content-encoding"] == "gzip"
            assert int(small.headers["content-length"]) * 1.5 < int(plain.headers["content-length"])
    gone = await client.get("/docs/swagger-ui-bundle-0123456789abcdef.js")
    assert (gone.status_code, gone.json()["type"]) == (404, "/lamps/problems/not-found")


async def test_frontends_of_listed_origins_may_call(client: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization, content-type, idempotency-key, if-match, x-correlation-id"
    allowed = await client.options("/v1/lamps", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://app.test")
    answer = await client.get("/v1/lamps", headers={"Origin": "https://app.test"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://app.test"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    refused = await client.options("/v1/lamps", headers=asked | {"Origin": "https://elsewhere.test"})
    assert "access-control-allow-origin" not in refused.headers


def test_poles_have_ids_of_their_own_form(document: dict[str, Any]) -> None:
    assert poles.identified_by == "number"
    identity = document["paths"]["/v1/poles/{id}"]["parameters"][0]
    assert identity["schema"]["pattern"] == "^[0-9]{3}$"
    assert identity["example"] == "042"


def test_a_kind_of_problem_of_its_own_is_documented_by_its_status() -> None:
    own = {"unknown-street": Kind(422, SAID, SAID), "street-closed": Kind(409, SAID, SAID)}
    told = components.responses("lamps", own)["Invalid"]["content"]["application/problem+json"]["examples"]
    assert [*told] == ["invalid", "unknown-street"]
