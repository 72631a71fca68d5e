"""Every service behind one port, each under its name, beside the issuer of tokens.

    python -m devstack.host

The addresses are those of the running system that the state folder tells.
"""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send
from uvicorn.loops.auto import auto_loop_factory

from contracts import package_of
from devstack.running import SERVICES, Running
from eventstore.postgres.migrate import migrate
from service.application import build, guarded
from service.definition import Service
from service.documents.documentation import entrance
from service.http.serving import serve
from service.running.logs import begin_log
from service.running.runtime import Runtime
from service.running.traces import traced

GRACE: Final = 5
"""Seconds that requests under way may take to end once the process is asked to stop."""


def service_of(name: str) -> Service:
    """The table of contents of a service."""
    service = importlib.import_module(f"{package_of(name)}.app").app
    assert isinstance(service, Service)
    return service


class FrontDoor:
    """Leads each request to the service that it names, and answers the others itself."""

    def __init__(self, running: Running) -> None:
        self._services = {name: build(service_of(name), running.settings(name)) for name in running.databases}
        issuer = running.issuer
        own = Router(
            [
                Route("/", self._entrance),
                _document("/issuer/jwks", issuer.jwks),
                _document("/issuer/.well-known/openid-configuration", issuer.metadata),
            ],
            redirect_slashes=False,
            lifespan=self._lifespan,
        )
        # What may go wrong here may go wrong at every service: the first one says what it means.
        self._own = guarded(own, name=SERVICES[0], settings=running.settings(SERVICES[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; as for the lifespan, the services' is its own."""
        if scope["type"] == "http":
            service = self._services.get(scope["path"].partition("/")[2].partition("/")[0])
            if service is not None:
                await service(scope, receive, send)
                return
            # Starlette's routes then leave it to others to answer what they cannot.
            scope["app"] = self
        await self._own(scope, receive, send)

    @property
    def runtimes(self) -> list[Runtime]:
        """The running services."""
        return [service.state.runtime for service in self._services.values()]

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for service in self._services.values():
                await stack.enter_async_context(service.router.lifespan_context(service))
            yield

    async def _entrance(self, _: Request) -> Response:
        places = {f"/{name}/": service.title for name, service in self._services.items()}
        return entrance("Territoires d'industrie, Issoudun", places | {"/issuer/jwks": "Keys of the tokens' issuer"})


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
    place = {"host": "127.0.0.1", "port": urlsplit(running.base_url).port, "metrics_port": running.metrics_port}
    settings = running.settings(SERVICES[0]).model_copy(update={**place, "grace_seconds": GRACE})
    with traced("territory"), asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        door = FrontDoor(running)
        sys.exit(runner.run(serve("front-door", door, settings, told=door.runtimes)))


if __name__ == "__main__":
    main()
