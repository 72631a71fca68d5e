"""The front door of `make up`: whatever is asked, the answer is one that a program and a browser can read."""

import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from devstack.host import FrontDoor
from devstack.running import FRONTENDS, SERVICES, Running

pytestmark = pytest.mark.anyio

ORIGIN = FRONTENDS[0]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    """One for all: it is asked, and keeps nothing."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STATE", str(tmp_path_factory.mktemp("state")))
        environment.delenv("CORS_ORIGINS", raising=False)
        databases = {name: f"postgresql://postgres@127.0.0.1:9/{name}" for name in SERVICES}
        yield FrontDoor(Running(1, "http://localhost:8000", "127.0.0.1:9", databases, "issoudun"))


@pytest.fixture
async def client(door: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(door), base_url="http://localhost:8000", headers={"Origin": ORIGIN}
    ) as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/foo",
        "/foo/",
        "/%0A",
        "/%00",
        "/problems",
        "/issuer",
        "/issuer/jwks",
        "/issuer/jwks/",
        "/issuer/jwks%0A",
        "/companies",
        "/companies/",
        "/companies%0A",
        "/companies/%0A",
        "/companies/live/",
        "/companies/foo",
        "/companies/v1/companies",
        "/companies/v1/companies/",
        "/indicators",
        "/indicators/v1",
        "/indicators/v1/indicators/",
    ],
)
async def test_every_answer_is_itself_or_a_problem(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    if answer.status_code != 200:
        assert answer.status_code in (401, 404, 405)
        assert answer.headers["content-type"] == "application/problem+json"
        if method != "HEAD":
            meaning = await client.get(answer.json()["type"])
            assert meaning.json()["status"] == answer.status_code


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        ("GET", "/foo", "il n'y a rien à cette adresse"),
        ("POST", "/issuer/jwks", "les méthodes possibles ici sont GET, HEAD"),
        ("GET", "/companies/foo", "il n'y a rien à cette adresse"),
        ("GET", "/indicators/v1/indicators", "un jeton (Bearer) est nécessaire"),
    ],
)
async def test_a_problem_is_told_in_french_to_who_asks_for_it(
    client: httpx.AsyncClient, method: str, path: str, detail: str
) -> None:
    answer = await client.request(method, path, headers={"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"})
    assert (answer.headers["content-language"], answer.json()["detail"]) == ("fr", detail)
    assert "Accept-Language" in answer.headers["vary"]


async def test_the_entrance_leads_to_what_is_there(client: httpx.AsyncClient) -> None:
    seen, waiting = set[str](), ["/"]
    while waiting:
        place = waiting.pop()
        answer = await client.get(place)
        assert answer.status_code == (503 if place.endswith("/ready") else 200), place
        seen.add(place)
        waiting += [there for there in re.findall('href="(/[^"]*)"', answer.text) if there not in seen]
    assert seen >= {f"/{name}/docs" for name in SERVICES} | {"/issuer/jwks"}
