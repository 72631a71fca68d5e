"""The service as partners' frontends meet it, for its tests: over HTTP, with tokens, on a real database."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from pydantic import TypeAdapter

from companies.app import app
from contracts import sample_siret
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY
from service.application import build
from service.documents.refusals import refusals
from service.running.settings import Settings

FOUNDRY: Final = sample_siret(0)
MILL: Final = sample_siret(1)
COMPANIES: Final = "/companies/v1/companies"


def application(siret: str = FOUNDRY, **changes: Any) -> dict[str, Any]:
    return {
        "siret": siret,
        "name": "Fonderie de la Théols",
        "legal_form": "5710",
        "naf": "2454Z",
        "commune": "36088",
        "zone": "zi-limoise",
        "headcount": 42,
        "on": "2024-01-08",
        **changes,
    }


class Partners:
    """Clients of the service, by the role their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, role: str, company: str | None, scopes: str) -> dict[str, str]:
        token = self._issuer.token(scopes, [role], client=f"{role}-frontend", company=company)
        return {"Authorization": f"Bearer {token}"}

    async def post(
        self,
        path: str,
        body: Any = None,
        *,
        by: str = "network",
        of: str | None = None,
        scopes: str = "companies:read companies:write",
        **headers: str,
    ) -> httpx.Response:
        """Sends a command."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.post(
            path, json={} if body is None else body, headers={**self._bearer(by, of, scopes), **named}
        )

    async def get(
        self, path: str, *, by: str = "network", of: str | None = None, language: str = "", **query: Any
    ) -> httpx.Response:
        """Reads."""
        headers = self._bearer(by, of, "companies:read") | {"Accept-Language": language}
        return await self._client.get(path, params=query or None, headers=headers)


@asynccontextmanager
async def serving(database: str, issuer: Issuer, kafka: str | None = None) -> AsyncIterator[Partners]:
    """The service, with its worker where a broker is given."""
    settings = Settings(
        database_url=database,
        kafka_bootstrap=kafka or "localhost:9",
        territory=f"t{uuid.uuid4().hex[:8]}",
        topic_partitions=2,
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
        personal_key=PERSONAL_KEY,
    )
    service = build(app, settings, worker=kafka is not None)
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://territory.test") as client,
    ):
        yield Partners(client, issuer)


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The answer is this problem, told as RFC 9457 says."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert isinstance(body, dict)
    assert (answer.status_code, body["status"], body["type"]) == (status, status, f"/companies/problems/{slug}"), body
    assert body["title"]
    assert body["detail"]
    if status == 409:
        path = answer.request.url.path
        decider = next(each.decider for each in app.resources if path.startswith(f"/companies{each.path}"))
        documented = refusals(decider)[slug].parameters
        said = body.get("parameters", {})
        assert said.keys() == documented.keys(), slug
        for name, annotation in documented.items():
            TypeAdapter(annotation).validate_json(json.dumps(said[name]))
    return body


async def member(partners: Partners, siret: str = FOUNDRY, **changes: Any) -> None:
    done(await partners.post(COMPANIES, application(siret, **changes)), 201)
    done(await partners.post(f"{COMPANIES}/{siret}/activate", {"on": "2024-01-15"}))
