"""What a plain FastAPI route of a service may ask for.

@router.get("/v1/indicators")
async def catalogue(
    caller: Annotated[Caller, requires("indicators:read")], pool: CurrentPool
) -> list[Indicator]: ...
"""

from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from eventstore.store import Store
from service.auth import Caller
from service.runtime import Runtime
from service.settings import Settings

SCHEME = "token"
"""The name of the security scheme in the OpenAPI document."""


class _Bearer(SecurityBase):
    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="A token of the platform's OIDC issuer.")
        self.scheme_name = SCHEME

    async def __call__(self, request: Request, scopes: SecurityScopes) -> Caller:
        runtime = _runtime(request)
        authorization = request.headers.get("authorization")
        return await runtime.caller(None if authorization is None else authorization.encode("latin-1"), *scopes.scopes)


_bearer = _Bearer()


def requires(*scopes: str) -> Any:
    """A dependency that gives the Caller, whose token must hold these scopes; the document says so."""
    return Security(_bearer, scopes=list(scopes))


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def _store(request: Request) -> Store:
    return _runtime(request).store


def _pool(request: Request) -> asyncpg.Pool:
    return _store(request).pool


def _settings(request: Request) -> Settings:
    return _runtime(request).settings


CurrentStore = Annotated[Store, Depends(_store)]
"""The service's open store."""
CurrentPool = Annotated[asyncpg.Pool, Depends(_pool)]
"""Connections to the service's database, for tables of its own."""
CurrentSettings = Annotated[Settings, Depends(_settings)]
"""The settings the service was started with."""
