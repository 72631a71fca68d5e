"""Every service behind one port, each under its name, beside the issuer of tokens.

    python -m devstack.host

The addresses are those of the running system that the state folder tells.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from devstack.running import SERVICES, Running
from eventstore.migrate import migrate
from service.application import build
from service.definition import Service
from service.logs import begin_log


def service_of(package: str) -> Service:
    """The table of contents of a service."""
    service = importlib.import_module(f"{package}.app").app
    assert isinstance(service, Service)
    return service


def host(running: Running) -> Starlette:
    """The application that holds those of all services, and runs their lifespans with its own."""
    applications = {name: build(service_of(name), running.settings(name)) for name in SERVICES}
    issuer = running.issuer

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for application in applications.values():
                await stack.enter_async_context(application.router.lifespan_context(application))
            yield

    return Starlette(
        routes=[
            _document("/", {name: f"{running.base_url}/{name}/docs" for name in SERVICES}),
            _document("/issuer/jwks", issuer.jwks),
            _document("/issuer/.well-known/openid-configuration", issuer.metadata),
            *(Mount(f"/{name}", application) for name, application in applications.items()),
        ],
        lifespan=lifespan,
    )


def _document(path: str, content: dict[str, Any]) -> Route:
    def read(_: Request) -> JSONResponse:
        return JSONResponse(content)

    return Route(path, read)


async def _migrate(running: Running) -> None:
    for name in SERVICES:
        await migrate(running.databases[name], service_of(name).all_migrations)


def main() -> None:
    """Migrates the databases, then serves until SIGTERM."""
    begin_log("INFO")
    running = Running.find()
    asyncio.run(_migrate(running))
    uvicorn.run(
        host(running),
        host="127.0.0.1",
        port=urlsplit(running.base_url).port or 80,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
