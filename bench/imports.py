"""A file of readings, from its first byte until all are carried out, against the same commands executed at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import count
from time import perf_counter
from typing import Final
from uuid import UUID

import httpx

from bench.runner import Measure, Row
from bench.sample import COMMUNE, METADATA, append_all, begun, company, sirets
from bench.servers import Servers
from bench.services import issuing
from companies.app import app
from companies.company import companies
from companies.meter import RecordReading, meters
from contracts.companies.meter import MeterInstalled
from eventstore.decider import Actor
from eventstore.execution import execute
from eventstore.postgres.store import Store
from service import clock
from service.application import build
from service.importing.working import AT_ONCE, Importing
from service.running.settings import Settings

METERS: Final = 5_000
"""Each is read once in a measurement: as many commands."""
INSTALLED: Final = date(2015, 1, 1)


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of imports."""
    url = await servers.database(app.all_migrations)
    with issuing() as issuer:
        settings = Settings(
            database_url=url,
            kafka_bootstrap="127.0.0.1:9",
            oidc_issuer=issuer.url,
            oidc_audience=issuer.audience,
            oidc_jwks_url=issuer.jwks_url,
            personal_key="x" * 32,
        )
        application = build(app, settings, worker=False)
        token = issuer.token("companies:write", ("company",), company=sirets()[0])
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(application),
                base_url="http://bench.test/companies",
                headers={"Authorization": f"Bearer {token}", "Content-Type": "text/csv"},
            ) as client,
            Store.open(url) as store,
        ):
            await append_all(store, [begun(companies, sirets()[0], company(sirets()[0])[1])])
            await append_all(store, (begun(meters, _meter(number), [_installed(number)]) for number in range(METERS)))
            await store.pool.execute("VACUUM ANALYZE streams, events")
            months = count(1)
            yield [
                Row(
                    f"import {METERS:,} readings: send, check, carry out",
                    f"execute the same commands, {AT_ONCE} at once",
                    0.5,
                    _rate(lambda month: _import(client, store, month), months),
                    _rate(lambda month: _execute(store, month), months),
                ),
            ]


def _rate(act: Callable[[int], Awaitable[None]], months: Iterator[int]) -> Measure:
    async def measure() -> float:
        month = next(months)
        begun = perf_counter()
        await act(month)
        return METERS / (perf_counter() - begun)

    return measure


async def _import(client: httpx.AsyncClient, store: Store, month: int) -> None:
    async def file() -> AsyncIterator[bytes]:
        yield b"id,index,on\n"
        for number in range(METERS):
            yield f"{_meter(number)},{100 * month},{_day(month)}\n".encode()

    answer = await client.post(
        "/v1/imports", params={"path": "/v1/meters/{id}/record-reading"}, content=file(), timeout=None
    )
    importing = Importing(app, store)
    while await importing.next():
        pass
    ended = (await client.get(f"/v1/imports/{answer.raise_for_status().json()['id']}")).json()
    if ended["done"] != METERS:
        raise AssertionError(f"not all was imported: {ended}")


async def _execute(store: Store, month: int) -> None:
    left = iter(range(METERS))
    actor = Actor("bench", frozenset({"company"}), {"company": sirets()[0]})

    async def act() -> None:
        for number in left:
            command = RecordReading(index=100 * month, on=_day(month))
            await execute(
                store,
                meters,
                command,
                identity=_meter(number),
                actor=actor,
                now=clock.now(),
                metadata=METADATA,
            )

    async with asyncio.TaskGroup() as clients:
        for _ in range(AT_ONCE):
            clients.create_task(act())


def _meter(number: int) -> str:
    return str(UUID(int=number))


def _day(month: int) -> date:
    return INSTALLED + timedelta(30 * month)


def _installed(number: int) -> MeterInstalled:
    return MeterInstalled(
        company=sirets()[0],
        naf="28.29B",
        commune=COMMUNE,
        zone="zi-limoise",
        kind="water",
        reference=f"C{number}",
        index=0,
        effective_on=INSTALLED,
    )
