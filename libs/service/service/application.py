"""A service put together: its resources and routes, the relay of its events, its subscriptions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from eventstore.bounds import Bounds
from eventstore.postgres.store import Store
from service import persons, reference
from service.definition import Service
from service.documents import documentation, openapi
from service.documents.components import PROBLEM
from service.http.auth import Tokens
from service.http.boundary import Boundary
from service.http.counting import Requests
from service.http.languages import VARIES, language_of
from service.http.problems import Problem
from service.http.resource import Endpoints
from service.http.sentences import HEADERS_REFUSED, METHOD_REFUSED, NETWORK_REFUSED, ORIGIN_REFUSED, Said
from service.importing import routes as imports
from service.running import health
from service.running.runtime import Runtime
from service.running.settings import OwnSettings, Settings, SettingsError, bounds, load
from service.running.supervision import supervised
from service.running.work import work

ACCEPTED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Correlation-Id",
    "X-Request-Id",
    "traceparent",
)
"""What a frontend on another origin may send."""
EXPOSED_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "Idempotency-Replayed",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
)
"""What a frontend on another origin may read of an answer."""


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
            # Asked for at each request, even while nobody collects it.
            telemetry={"tracing": False, "metrics": False, "logs": False},
            **options,
        )
        self.state.runtime = runtime
        self._service = service
        self._resources = {resource.path: Endpoints(resource, runtime) for resource in service.resources if api}

    def build_middleware_stack(self) -> ASGIApp:
        """The boundary, around FastAPI's routes: it takes the place of the framework's own pages for errors."""
        return guarded(
            AsyncExitStackMiddleware(self.router),
            name=self._service.name,
            resources=self._resources,
            routes=self._service.routes,
            files=(imports.PATH,) if self._service.resources else (),
            settings=self.state.runtime.settings,
            requests=self.state.runtime.requests,
        )

    def openapi(self) -> dict[str, Any]:
        """The service's OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.document(self._service)
        return self.openapi_schema


def guarded(
    application: ASGIApp,
    *,
    name: str,
    settings: Settings,
    resources: Mapping[str, Endpoints] | None = None,
    routes: Collection[str] = (),
    files: Collection[str] = (),
    requests: Requests | None = None,
) -> ASGIApp:
    """What stands around every application: its boundary, and what browsers need around that."""
    boundary = Boundary(
        application,
        name=name,
        resources=resources or {},
        routes=routes,
        files=files,
        settings=settings,
        requests=requests,
    )
    if not settings.cors_origins:
        return boundary
    return _Origins(
        boundary,
        name=name,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST"),
        allow_headers=ACCEPTED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=3600,
    )


class _Origins(CORSMiddleware):
    """Lets in frontends of the origins that are allowed; a question that is answered no is a problem, too."""

    def __init__(self, application: ASGIApp, *, name: str, **allowed: Any) -> None:
        super().__init__(application, **allowed)
        self._root_path = f"/{name}"

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a browser is told before it sends a script's request."""
        response = super().preflight_response(request_headers)
        if response.status_code != HTTPStatus.BAD_REQUEST:
            return response
        refused = Problem("preflight-refused", _why(bytes(response.body).decode(), request_headers))
        language = language_of(request_headers.raw)
        allowed = {name: response.headers[name] for name in response.headers if not name.startswith("content-")}
        answer = Response(refused.written(self._root_path, language), refused.status, allowed, PROBLEM)
        answer.headers["content-language"] = language
        answer.headers.add_vary_header(VARIES)
        return answer


def _why(refused: str, asked: Headers) -> Said:
    """Why a preflight is answered no, from what Starlette says of it and what was asked."""
    if "origin" in refused:
        return Said(ORIGIN_REFUSED, origin=asked["origin"])
    if "method" in refused:
        return Said(METHOD_REFUSED, method=asked["access-control-request-method"])
    if "headers" in refused:
        return Said(HEADERS_REFUSED, headers=asked["access-control-request-headers"])
    return Said(NETWORK_REFUSED)


def own_settings(service: Service, settings: Settings) -> tuple[Bounds, OwnSettings]:
    """What a service is told beside the settings of all: by what bounds it judges, and what its routes ask for.

    Raises SettingsError where these are none, or where a service that names persons has no key to recognise them by.
    """
    if service.names_persons and settings.personal_key is None:
        raise SettingsError("Settings: PERSONAL_KEY is not set, and this service recognises persons by it.")
    return bounds(service.bounds), load(service.settings)


def build(
    service: Service,
    settings: Settings,
    *,
    api: bool = True,
    worker: bool = True,
    usable: Awaitable[None] | None = None,
) -> Application:
    """The application of a service; its lifespan opens the store and runs the relay and the subscriptions.

    With `usable` that waits until it is done; what needs the store is answered with 503 meanwhile.
    """
    judged_by, own = own_settings(service, settings)
    tokens = Tokens(issuer=settings.oidc_issuer, audience=settings.oidc_audience, jwks_url=settings.oidc_jwks_url)
    runtime = Runtime(
        service.name,
        settings,
        tokens,
        takes_commands=bool(service.resources),
        serves=api,
        writes_mail=bool(service.mail),
        tells=service.tells,
        own=own,
    )

    async def begin(stack: AsyncExitStack) -> None:
        if usable is not None:
            await usable
        runtime.opened = await stack.enter_async_context(
            Store.open(settings.database_url, personal_key=settings.personal_key or "", bounds=judged_by)
        )
        runtime.tasks = work(service, settings, runtime.opened) if worker else []
        await stack.enter_async_context(supervised(runtime.tasks))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            beginning = asyncio.create_task(begin(stack), name="begin")
            if usable is None:
                await beginning
            try:
                yield
            finally:
                beginning.cancel()
                await asyncio.gather(beginning, return_exceptions=True)
        runtime.opened = None

    application = Application(service, runtime, api=api, lifespan=lifespan)
    application.include_router(health.router)
    if api:
        application.include_router(documentation.router(service))
        application.include_router(reference.router(service))
        if service.resources:
            application.include_router(imports.router(service))
        if service.names_persons:
            application.include_router(persons.router(service))
        if service.router is not None:
            application.include_router(service.router)
    return application
