"""Street lamps: a service small enough to see through, for the tests of this library.

python libs/service/tests/lamps.py migrate|api|worker|all|openapi
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import IO, Annotated, Any, Literal

import httpx
from fastapi import APIRouter
from poles import poles
from pydantic import BaseModel, Field

from contracts.category import Category
from contracts.model import Event
from devstack.issuer import Issuer
from devstack.ports import free_port
from eventstore.decider import Command, Decider, State, tell
from eventstore.files import resolve
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from service.application import build
from service.definition import Service
from service.http.auth import Caller
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource
from service.http.routes import CurrentPool, CurrentSettings, CurrentStore, requires
from service.running.cli import main
from service.running.settings import Settings

Watts = Annotated[int, Field(gt=0, le=400, examples=[70])]


class Fixing(BaseModel):
    """How a lamp is fixed."""

    height: Annotated[float, Field(gt=0)]
    arms: list[Annotated[str, Field(max_length=10)]] = []


class Install(Command):
    """A company installs a lamp."""

    company: str
    watts: Watts
    label: str = "lamp"
    fixing: Fixing | None = None


class Light(Command):
    """The town hall lights a lamp."""


class PutOut(Command):
    """The town hall, or the company that owns it, puts a lamp out."""


class Dim(Command):
    """The town hall dims a lamp that is lit."""

    watts: Annotated[Watts, Field(examples=[40])]


class Inspect(Command):
    """Somebody looks at a lamp, and nothing changes."""


class Break(Command):
    """Shows what a bug looks like from outside, where nothing is left of a lamp."""

    into: Annotated[int, Field(ge=0, examples=[2])]

    word: str | None = None


CATEGORY = Category("lamp", service="lamps", path="/v1/lamps")


class LampInstalled(Event, version=1):
    company: str
    watts: int
    label: str


class LampLit(Event, version=1):
    watts: int


class LampDimmed(Event, version=1):
    watts: int


class LampPutOut(Event, version=1):
    pass


class Lamp(State):
    """A street lamp."""

    company: str
    status: Literal["dark", "lit"]
    watts: Watts
    label: str


NOT_DIMMER = Refusal(
    "not-dimmer",
    "{wanted} W is no less than {watts} W",
    "{wanted} W ne font pas moins que {watts} W",
    wanted=Watts,
    watts=Watts,
)

lamps = Decider(
    "lamp",
    Lamp,
    finding=Finding(found_by=("status", "watts", "company"), sorted_by=("watts", "label"), searched_by=("label",)),
)


@lamps.creates(by=("town_hall", "company"), to="dark")
def install(command: Install) -> LampInstalled:
    return tell(LampInstalled, command)


lamps.steps(Light, LampLit, by="town_hall", when="dark", to="lit")
lamps.steps(PutOut, LampPutOut, by=("town_hall", "company"), when="lit", to="dark")


@lamps.decides(by="town_hall", to="lit", takes=("watts",))
def dim(lamp: Lamp, command: Dim) -> LampDimmed:
    _check_brightness(lamp, command)
    return tell(LampDimmed, command)


@lamps.decides(by="town_hall")
def inspect(_lamp: Lamp, _command: Inspect) -> tuple[()]:
    return ()


@lamps.decides(by="town_hall")
def break_(_lamp: Lamp, command: Break) -> tuple[()]:
    if command.word:
        LampDimmed.model_validate({"watts": command.word, command.word: 1, "effective_on": command.on})
    if not command.into:
        raise ZeroDivisionError("the secret of the lamp")
    return ()


def _check_brightness(lamp: Lamp, command: Dim) -> None:
    if command.watts >= lamp.watts:
        raise NOT_DIMMER(wanted=command.watts, watts=lamp.watts)


class Reading(BaseModel):
    """What a meter shows."""

    kwh: int


router = APIRouter(prefix="/v1", tags=["reports"])


@router.get("/report")
async def report(
    caller: Annotated[Caller, requires("lamps:read")],
    store: CurrentStore,
    pool: CurrentPool,
    settings: CurrentSettings,
    least: int = 0,
) -> dict[str, Any]:
    """How many lamps there are."""
    count = await pool.fetchval("SELECT count(*) FROM streams WHERE version > $1", least)
    return {"lamps": count, "for": caller.actor.client, "of": settings.territory, "same": store.pool is pool}


@router.get("/lamps/{lamp}/shade")
async def shade(lamp: str, caller: Annotated[Caller, requires("lamps:read")]) -> dict[str, str]:
    """What is made up of a lamp, beside its record and what that has."""
    return {"lamp": lamp, "for": caller.actor.client}


@router.post("/readings", dependencies=[requires("lamps:write")])
async def record(reading: Reading) -> Reading:
    """Takes a meter's reading."""
    return reading


@router.get("/slow")
async def slow() -> None:
    """Never ends."""
    await asyncio.sleep(3600)


@router.get("/broken")
async def broken() -> None:
    """Has a bug."""
    raise ZeroDivisionError("the secret of the route")


service = Service(
    "lamps",
    title="Street lamps",
    description="Lamps, and the <poles> they hang on.",
    resources=(
        Resource(
            lamps,
            "/v1/lamps",
            reads=Reads(all=("town_hall", "network"), own=("company",), public=("status", "watts")),
        ),
        Resource(poles, "/v1/poles", reads=EVERYBODY),
    ),
    router=router,
)


def settings_for(database: str, issuer: Issuer, **others: Any) -> Settings:
    """Settings of a service on a database, without Kafka."""
    return Settings(
        database_url=database,
        kafka_bootstrap="127.0.0.1:9",
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
        **others,
    )


def bearer(
    issuer: Issuer, scopes: str = "lamps:read lamps:write", roles: Iterable[str] = ("town_hall",), **claims: Any
) -> dict[str, str]:
    """The header of a caller; the town hall's unless told."""
    return {"Authorization": f"Bearer {issuer.token(scopes, roles, **claims)}"}


def calling(settings: Settings, **headers: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of the running service."""
    return calling_other(service, settings, **headers)


@asynccontextmanager
async def calling_other(served: Service, settings: Settings, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of another one."""
    application = build(served, settings, worker=False)
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://lamps.test", headers=headers) as client,
    ):
        yield client


def variables(database: str, issuer: Issuer, **others: str) -> dict[str, str]:
    """The same settings, as environment variables."""
    settings = settings_for(database, issuer)
    return {
        "DATABASE_URL": resolve(settings.database_url),
        "KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "OIDC_ISSUER": settings.oidc_issuer,
        "OIDC_AUDIENCE": settings.oidc_audience,
        "OIDC_JWKS_URL": settings.oidc_jwks_url,
        **others,
    }


@contextmanager
def running(
    command: str, environment: Mapping[str, str], *, script: str = __file__, log: IO[bytes] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service's process, and the address it answers at. What it logs goes to a file, where one is given."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, script, command], env={**os.environ, **environment, "PORT": str(port)}, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/live")
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)
        yield process, address
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main(service)
