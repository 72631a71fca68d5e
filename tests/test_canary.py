"""The canary against running services, through a proxy and with an issuer, as from outside."""

import asyncio
import base64
import json
import os
import re
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import asyncpg
import httpx
import pytest
from fleets import is_ready, nginx

from canary.failure import Failed
from canary.run import Runs
from canary.settings import INDICATORS, Settings
from canary.tokens import SCOPES
from companies.app import app as companies
from contracts.values import sample_siret
from devstack.child import Child
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY
from eventstore.postgres.migrate import migrate
from indicators.app import app as indicators

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(400)]

SECRET: Final = "a secret of the canary's"  # noqa: S105  It opens nothing.
PARTITIONS: Final = 3
COMPANY: Final = {
    "siret": sample_siret(1),
    "name": "Exemple",
    "legal_form": "5710",
    "naf": "25.62B",
    "commune": "36088",
    "zone": "zi-limoise",
    "headcount": 42,
}


@contextmanager
def giving_tokens(issuer: Issuer) -> Iterator[str]:
    """Gives tokens for the credentials of the canary, as an OIDC server does; its address."""
    expected = f"Basic {base64.b64encode(f'canary:{SECRET}'.encode()).decode()}"

    class Giving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.tell({"token_endpoint": f"http://{self.headers['Host']}/token"})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Authorization"] != expected:
                self.send_error(401)
                return
            self.tell({"access_token": issuer.token(SCOPES, ["ops"], client="canary"), "expires_in": 300})

        def tell(self, document: dict[str, Any]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Giving) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@dataclass(frozen=True)
class Stack:
    """Services that run, each process by what it does."""

    processes: dict[str, Child]
    folded: str
    """The database of the figures."""
    settings: Settings


@pytest.fixture
async def stack(database: str, other_database: str, kafka: str, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Stack]:
    """Companies and figures behind a proxy."""
    await migrate(database, companies.all_migrations)
    await migrate(other_database, indicators.all_migrations)
    told = {
        **os.environ,
        "KAFKA_BOOTSTRAP": kafka,
        "TERRITORY": f"t{uuid.uuid4().hex[:8]}",
        "TOPIC_PARTITIONS": str(PARTITIONS),
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCE": issuer.audience,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "PERSONAL_KEY": PERSONAL_KEY,
    }
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    with ExitStack() as opened:
        ports, processes = {}, {}
        for service, command, url in (
            ("companies", "api", database),
            ("companies", "worker", database),
            ("indicators", "all", other_database),
        ):
            name = f"{service} {command}"
            port = ports[name] = free_port()
            processes[name] = Child(
                name,
                [sys.executable, "-m", service, command],
                log=tmp_path / f"{service}-{command}.log",
                marker=service,
                environment={**told, "DATABASE_URL": url, "PORT": str(port)},
            )
            opened.callback(processes[name].stop, signal.SIGTERM, seconds=20)
        for name, process in processes.items():
            process.await_ready(partial(is_ready, ports[name]), seconds=90)
        paths = {"/companies/": [ports["companies api"]], "/indicators/": [ports["indicators all"]]}
        yield Stack(
            processes,
            other_database,
            Settings(
                public_url=opened.enter_context(nginx(tmp_path / "nginx", paths)),
                oidc_issuer=opened.enter_context(giving_tokens(issuer)),
                client_id="canary",
                client_secret_file=secret,
                topic_partitions=PARTITIONS,
                patience=90,
            ),
        )


async def told(client: httpx.AsyncClient, stack: Stack) -> dict[str, Any]:
    """What the figures say, without what they have read."""
    answer = await client.get(f"{stack.settings.public_url}/indicators/v1/figures", params={"indicator": INDICATORS})
    assert answer.status_code == httpx.codes.OK, answer.text
    document: dict[str, Any] = answer.json()
    for figure in document["items"]:
        del figure["positions"]
    return document


async def partners(stack: Stack) -> list[asyncpg.Record]:
    """Whom the programme has heard of."""
    connection = await asyncpg.connect(stack.folded)
    try:
        return await connection.fetch("SELECT * FROM heard WHERE role <> 'ops' ORDER BY heard")
    finally:
        await connection.close()


async def failure(runs: Runs) -> str:
    """What comes of a run that fails."""
    with pytest.raises(Failed) as failed:
        await runs.measure()
    return failed.value.outcome


async def test_it_measures_and_changes_no_figure_and_notices_what_is_wrong(
    stack: Stack, issuer: Issuer, tmp_path: Path
) -> None:
    scopes = "companies:read companies:write indicators:read"
    headers = {"Authorization": f"Bearer {issuer.token(scopes, ['network'])}"}
    async with httpx.AsyncClient(timeout=90) as canary, httpx.AsyncClient(timeout=90, headers=headers) as partner:
        runs = Runs(stack.settings, canary)
        # The first one also waits until everything has begun.
        await begun(runs)

        company = f"{stack.settings.public_url}/companies/v1/companies"
        applied = await partner.post(
            company,
            json=COMPANY,
        )
        assert applied.status_code == httpx.codes.CREATED, applied.text
        assert (await partner.post(f"{company}/{sample_siret(1)}/activate")).status_code == httpx.codes.OK
        await runs.measure()

        figures, known = await told(partner, stack), await partners(stack)
        assert figures["items"][0]["value"] == COMPANY["headcount"]
        assert known
        for _ in range(3):
            await runs.measure()
        assert (await told(partner, stack), await partners(stack)) == (figures, known)

        stack.processes["companies worker"].pause()
        impatient = Runs(stack.settings.model_copy(update={"patience": 4}), canary)
        assert await failure(impatient) == "late"
        stack.processes["companies worker"].resume()
        assert await runs.measure() < stack.settings.patience

        stack.settings.client_secret_file.write_text("another")  # type: ignore[union-attr]  # It is given.
        assert await failure(Runs(stack.settings, canary)) == "unauthorised"
        token = tmp_path / "token"
        for refused in (issuer.token(SCOPES, ["ops"], seconds=-120), issuer.token(SCOPES, ["network"])):
            token.write_text(refused)
            assert (
                await failure(Runs(stack.settings.model_copy(update={"token_file": token}), canary)) == "unauthorised"
            )
        token.write_text(issuer.token(SCOPES, ["ops"], client="canary"))
        by_file = Runs(stack.settings.model_copy(update={"token_file": token}), canary)

        stack.processes["indicators all"].stop(signal.SIGTERM, seconds=20)
        assert await failure(by_file) == "unanswered"
        stack.processes["companies api"].stop(signal.SIGTERM, seconds=20)
        assert await failure(by_file) == "unrecorded"


async def begun(runs: Runs) -> None:
    """Waits until a run comes to its end."""
    async with asyncio.timeout(120):
        while True:
            try:
                await runs.measure()
            except Failed:
                await asyncio.sleep(1)
            else:
                return


async def test_it_tells_by_metrics_and_in_its_log(stack: Stack, issuer: Issuer, tmp_path: Path) -> None:
    async with httpx.AsyncClient(timeout=90) as client:
        await begun(Runs(stack.settings, client))
    token, log, port = tmp_path / "token", tmp_path / "canary.log", free_port()
    token.write_text(issuer.token(SCOPES, ["ops"], client="canary"))
    environment = {
        **os.environ,
        "PUBLIC_URL": stack.settings.public_url,
        "TOKEN_FILE": str(token),
        "TOPIC_PARTITIONS": str(PARTITIONS),
        "METRICS_PORT": str(port),
        "PERIOD": "20",
        "LOG_FORMAT": "json",
    }

    def samples() -> dict[str, float]:
        lines = httpx.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def has_run(outcome: str) -> bool:
        try:
            return samples().get(f'canary_runs_total{{outcome="{outcome}"}}', 0) > 0
        except httpx.TransportError:
            return False

    canary = Child("canary", [sys.executable, "-m", "canary"], log=log, marker="canary", environment=environment)
    try:
        canary.await_ready(lambda: has_run("measured"), seconds=60)
        assert samples()["canary_command_to_figure_seconds_count"] == 1
        assert abs(samples()["canary_last_success_timestamp_seconds"] - time.time()) < 60
        token.unlink()
        canary.await_ready(lambda: has_run("unauthorised"), seconds=60)
    finally:
        ended = time.monotonic()
        canary.stop(signal.SIGTERM, seconds=10)
    assert time.monotonic() - ended < 5
    first, second = map(json.loads, log.read_text().splitlines())
    assert (first["level"], first["service"]) == ("INFO", "canary")
    assert first["message"].startswith("measured: figures knew of a command after")
    assert second["level"] == "WARNING"
    assert re.fullmatch(r"unauthorised: .* \(measured 1 times before\)", second["message"])
