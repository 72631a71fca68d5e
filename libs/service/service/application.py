"""A service put together: its resources and routes, the relay of its events, its subscriptions.

app = Service(
    "lamps",
    title="Street lamps",
    resources=(Resource(lamps, "/v1/lamps", filters=("status",)),),
)
"""

import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from eventstore.migrate import EVENTSTORE, Migrations
from eventstore.store import Store
from service import health
from service.auth import Tokens
from service.boundary import Boundary
from service.resource import Endpoints, Resource
from service.runtime import Runtime
from service.settings import Settings
from service.supervision import supervised

Command = Callable[[Settings, list[str]], Coroutine[Any, Any, int]]
"""A command of a service's own: from the settings and its arguments to its exit status."""

EXPOSED_HEADERS = ("ETag", "Link", "Location", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate")
"""What a frontend on another origin may read of an answer."""


@dataclass(frozen=True)
class Subscribes:
    """What a service does with the events of others."""

    name: str
    to: tuple[str, ...]
    """The services whose topics it reads."""
    handle: Any


@dataclass(frozen=True)
class Service:
    """The table of contents of one service. `migrations` is the folder of its own tables', if it has any."""

    name: str
    title: str
    description: str = ""
    resources: tuple[Resource, ...] = ()
    router: APIRouter | None = None
    subscriptions: tuple[Subscribes, ...] = ()
    migrations: Path | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise TypeError(f"a service's name is made of lower-case letters, digits and hyphens, not {self.name!r}")
        paths = [resource.path for resource in self.resources]
        if len(set(paths)) < len(paths):
            raise TypeError(f"{self.name}: two resources share a path")
        for resource in self.resources:
            resource.decider.check()

    @property
    def all_migrations(self) -> list[Migrations]:
        """The event store's, then its own."""
        own = [Migrations(self.name, self.migrations)] if self.migrations else []
        return [EVENTSTORE, *own]


class Application(FastAPI):
    """The FastAPI application of a service, behind its boundary."""

    def __init__(self, service: Service, runtime: Runtime, *, api: bool, **options: Any) -> None:
        super().__init__(
            title=service.title,
            description=service.description,
            openapi_url="/openapi.json" if api else None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            **options,
        )
        self.state.runtime = runtime
        self._service = service
        self._resources = {resource.path: Endpoints(resource, runtime) for resource in service.resources if api}

    def build_middleware_stack(self) -> ASGIApp:
        """The boundary, around FastAPI's routes: it takes the place of the framework's own pages for errors."""
        settings = self.state.runtime.settings
        stack: ASGIApp = Boundary(
            AsyncExitStackMiddleware(self.router),
            name=self._service.name,
            resources=self._resources,
            settings=settings,
        )
        if settings.cors_origins:
            stack = CORSMiddleware(
                stack,
                allow_origins=settings.cors_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"),
                expose_headers=EXPOSED_HEADERS,
                max_age=3600,
            )
        return stack


def build(service: Service, settings: Settings, *, api: bool = True, worker: bool = True) -> Application:  # noqa: ARG001
    """The application of a service; its lifespan opens the store and runs the relay and the subscriptions."""
    tokens = Tokens(issuer=settings.oidc_issuer, audience=settings.oidc_audience, jwks_url=settings.oidc_jwks_url)
    runtime = Runtime(service.name, settings, tokens)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            runtime.opened = await stack.enter_async_context(Store.open(settings.database_url))
            await stack.enter_async_context(supervised(runtime.tasks))
            yield
        runtime.opened = None

    application = Application(service, runtime, api=api, lifespan=lifespan)
    application.include_router(health.router)
    return application
