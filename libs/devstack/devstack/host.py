"""Every service behind one port, each under its name, beside the issuer of tokens.

    python -m devstack.host

The addresses are those of the running system that the state folder tells.
"""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from devstack.issuer import Issuer
from devstack.running import SERVICES, Running
from eventstore.migrate import migrate
from service.application import Application, build
from service.definition import Service
from service.settings import Settings


def service_of(package: str) -> Service:
    """The table of contents of a service."""
    service = importlib.import_module(f"{package}.app").app
    assert isinstance(service, Service)
    return service


def host(running: Running) -> Starlette:
    """The application that holds those of all services, and runs their lifespans with its own."""
    issuer = running.issuer
    applications: dict[str, Application] = {}
    for name in SERVICES:
        settings = {key.lower(): value for key, value in running.environment(name).items()}
        applications[name] = build(service_of(name), Settings.model_validate(settings))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for application in applications.values():
                await stack.enter_async_context(application.router.lifespan_context(application))
            yield

    routes: list[BaseRoute] = [Mount(f"/{name}", application) for name, application in applications.items()]
    return Starlette(routes=[Route("/", _index(running)), *_issuer_routes(issuer), *routes], lifespan=lifespan)


def _index(running: Running):  # type: ignore[no-untyped-def]  # an endpoint
    def index(_: Request) -> JSONResponse:
        return JSONResponse({name: f"{running.base_url}/{name}/docs" for name in SERVICES})

    return index


def _issuer_routes(issuer: Issuer) -> list[Route]:
    def jwks(_: Request) -> JSONResponse:
        return JSONResponse(issuer.jwks)

    def metadata(_: Request) -> JSONResponse:
        return JSONResponse(issuer.metadata)

    return [Route("/issuer/jwks", jwks), Route("/issuer/.well-known/openid-configuration", metadata)]


async def _migrate(running: Running) -> None:
    for name in SERVICES:
        await migrate(running.databases[name], service_of(name).all_migrations)


def main() -> None:
    """Migrates the databases, then serves until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
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
