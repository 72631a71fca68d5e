"""A service restored from a dump, by the runbook of docs/runbooks.md."""

import asyncio
import os
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from companies.app import app
from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.postgres import INSTALLED
from devstack.prepared import PERSONAL_KEY
from devstack.topics import read_topic
from eventstore.postgres.migrate import migrate
from service.application import build
from service.running.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PAGE: Final = Path(__file__).parents[1] / "docs" / "runbooks.md"


def runbook() -> list[list[str]]:
    """The commands of the section, in their order."""
    section = PAGE.read_text(encoding="utf-8").split("## After a restore or a failover")[1].split("\n## ")[0]
    return [line.split()[1:] for line in re.findall(r"^ +(python -m companies .*)$", section, re.MULTILINE)]


def settings_for(url: str, kafka: str, issuer: Issuer, territory: str) -> Settings:
    return Settings(
        database_url=url,
        kafka_bootstrap=kafka,
        territory=territory,
        topic_partitions=3,
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
        personal_key=PERSONAL_KEY,
    )


@asynccontextmanager
async def serving(settings: Settings, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """The API and the worker of a database, and a client with every right."""
    application = build(app, settings)
    scopes = "companies:read companies:write companies:personal"
    token = issuer.token(scopes, ["network", "town_hall", "state", "region", "ops"])
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(application),
            base_url="http://companies.test/companies",
            headers={"Authorization": f"Bearer {token}"},
        ) as client,
    ):
        yield client


async def until_ready(client: httpx.AsyncClient, commands: str, relay: str) -> None:
    """Waits until commands are accepted or refused, and the relay says something."""
    async with asyncio.timeout(30):
        while True:
            answer = (await client.get("/ready")).json()
            if answer["commands"] == commands and relay in answer["work"]["relay"]:
                return
            await asyncio.sleep(0.05)


def apply(number: int) -> dict[str, Any]:
    return {
        "siret": sample_siret(number),
        "name": f"Exemple {number}",
        "legal_form": "5710",
        "naf": "25.62B",
        "commune": "36088",
        "zone": "zi-limoise",
        "headcount": 10,
    }


def sole_trader(number: int) -> dict[str, Any]:
    trader = {"family_name": "Exemple", "given_name": "Camille"}
    return {**apply(number), "name": None, "legal_form": "1000", "trader": trader}


async def restored_from(url: str) -> str:
    """The address of a new database made of a dump."""
    name = f"test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    await connection.close()
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def run(
    program: list[str], *, given: bytes = b"", environment: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """The exit status and the output of a program."""
    done = await asyncio.to_thread(
        lambda: subprocess.run(
            program, input=given, capture_output=True, check=False, env={**os.environ, **(environment or {})}
        )
    )
    return done.returncode, done.stdout


async def test_the_runbook_puts_a_restored_service_right(database: str, kafka: str, issuer: Issuer) -> None:
    territory = f"restore-{uuid.uuid4().hex[:8]}"
    await migrate(database, app.all_migrations)
    settings = settings_for(database, kafka, issuer, territory)
    async with serving(settings, issuer) as client:
        await until_ready(client, "accepted", "leading")
        for number in range(5):
            assert (await client.post("/v1/companies", json=apply(number))).status_code == 201
        trader = await client.post("/v1/companies", json=sole_trader(5))
        assert trader.json()["personal"]["trader"]["family_name"] == "Exemple"
        status, dumped = await run([str(INSTALLED / "bin" / "pg_dump"), database])
        assert status == 0
        for number in range(4):
            assert (await client.post(f"/v1/companies/{sample_siret(number)}/activate")).status_code == 200
        for number in range(10, 14):
            assert (await client.post("/v1/companies", json=apply(number))).status_code == 201
        erased = await client.post("/v1/erasures", json={"person": trader.json()["trader"], "reason": "request"})
        assert erased.status_code == 201
        async with asyncio.timeout(20):
            while len(await read_topic(kafka, settings.topic("companies.persons"))) < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    restored = await restored_from(database)
    status, _ = await run([str(INSTALLED / "bin" / "psql"), "-q", "-v", "ON_ERROR_STOP=1", restored], given=dumped)
    assert status == 0
    settings = settings_for(restored, kafka, issuer, territory)
    async with serving(settings, issuer) as client:
        await until_ready(client, "refused", "reconcile")
        assert (await client.get(f"/v1/companies/{sample_siret(0)}")).status_code == 200
        known = await client.get(f"/v1/companies/{sample_siret(5)}")
        assert (known.status_code, known.json()["type"]) == (503, "/companies/problems/store-unconfirmed")
        refused = await client.post("/v1/companies", json=apply(20))
        assert refused.status_code == 503
        assert refused.json()["type"].endswith("/problems/store-unconfirmed")
        assert "reconcile" in refused.json()["detail"]
        assert int(refused.headers["retry-after"]) > 0

        environment = {
            "DATABASE_URL": restored,
            "KAFKA_BOOTSTRAP": kafka,
            "TERRITORY": territory,
            "TOPIC_PARTITIONS": "3",
            "OIDC_ISSUER": issuer.url,
            "OIDC_AUDIENCE": issuer.audience,
            "OIDC_JWKS_URL": issuer.jwks_url,
            "PERSONAL_KEY": PERSONAL_KEY,
        }
        ends = []
        for command in runbook():
            status, printed = await run([sys.executable, *command], environment=environment)
            ends.append((command[-1], status, printed.decode().splitlines()[-1]))
            if command[-1] == "reconcile":
                await until_ready(client, "accepted", "leading")
        assert [(name, status) for name, status, _ in ends] == [("verify", 1), ("reconcile", 0), ("verify", 0)]
        assert ends[0][2] == "6 events are in the store and in its topics: 9 differences"
        assert ends[1][2].startswith("9 events taken back from the topic, 0 of the store given new positions, 0 lost")
        assert ends[2][2] == "15 events are in the store and in its topics: no differences"
        elsewhere = {**environment, "TERRITORY": "nowhere"}
        status, printed = await run([sys.executable, "-m", "companies", "verify"], environment=elsewhere)
        assert (status, b"There is no topic nowhere.companies.v1" in printed) == (1, True)

        assert (await client.get(f"/v1/companies/{sample_siret(5)}")).json()["personal"] == {}
        status, dumped = await run([str(INSTALLED / "bin" / "pg_dump"), restored])
        assert (status, b"Camille" in dumped) == (0, False)
        again = (await client.get(f"/v1/companies/{sample_siret(2)}")).json()
        assert (again["status"], again["version"]) == ("active", 2)
        listed = (await client.get("/v1/companies?status=active")).json()["items"]
        assert len(listed) == 4
        assert (await client.post("/v1/companies", json=apply(20))).status_code == 201
