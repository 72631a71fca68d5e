"""The log tells what went wrong and where, and nothing of what was sent."""

import asyncio
import io
import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
from lamps import LampDimmed, bearer, calling, running, settings_for, variables

from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import prepare
from devstack.servers import Postgres
from eventstore import tracing
from eventstore.discretion import described
from eventstore.tracing import About
from service.http import boundary
from service.running.logs import LINES, Discreet, Json

SENT = "Jeanne-Martin"
SENT_IN = (
    *(b"If-Match", b"Idempotency-Key", b"X-Correlation-Id", b"X-Request-Id", b"traceparent", b"Authorization"),
    *(b"User-Agent", b"Accept-Language", b"Cookie"),
)
LAMP = {"company": "00000001800017", "watts": 70}
JSON = {"Content-Type": "application/json"}


async def refuse_rows(database: str) -> None:
    """Makes PostgreSQL quote what was sent, as it does where a constraint is broken."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(f"ALTER TABLE streams ADD CHECK (state::text NOT LIKE '%{SENT}%')")
    finally:
        await connection.close()


def ask(address: str, text: str) -> bytes:
    """What is answered to a request that no client would write so."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=60) as connection:
        connection.sendall(text.encode())
        return connection.recv(4096)


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_that_was_sent_is_logged(tmp_path: Path, issuer: Issuer, form: str) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "log"
    stranger = jwt.encode({"sub": SENT}, "secret" * 8, algorithm="HS256", headers={"kid": SENT})
    with (
        Postgres(tmp_path / "postgres", durable=False) as postgres,
        path.open("wb") as log,
    ):
        asyncio.run(prepare(postgres.url))
        asyncio.run(refuse_rows(postgres.url))
        environment = variables(
            postgres.url, issuer, MAX_BODY_BYTES="2000", REQUEST_TIMEOUT="2", LOG_FORMAT=form, LOG_REQUESTS="true"
        )
        with running("all", environment, log=log) as (_, address), httpx.Client(timeout=60) as client:
            client.headers.update(bearer(issuer))
            lamp = f"{address}{client.post(f'{address}/lamps/v1/lamps', json=LAMP).headers['location']}"
            lamps = f"{address}/v1/lamps"
            answers = [
                # A bug and a row that the database refuses.
                client.post(f"{lamp}/break", json={"into": 1, "word": SENT}),
                client.post(lamps, json=LAMP | {"label": SENT}),
                # A form that does not hold, in each part of a request.
                client.post(lamps, json=LAMP | {"watts": SENT, SENT: 1}),
                client.post(lamps, content=f'{{"{SENT}', headers=JSON),
                client.post(lamps, content=SENT, headers={"Content-Type": SENT}),
                client.post(lamps, content=json.dumps(LAMP | {"label": SENT * 300}), headers=JSON),
                client.post(f"{address}/v1/readings", json={"kwh": SENT}),
                client.get(f"{lamps}?{SENT}={SENT}"),
                client.get(f"{lamps}?cursor={SENT}"),
                client.get(f"{address}/v1/report?least={SENT}"),
                client.get(f"{lamps}/{SENT}"),
                client.post(f"{lamp}/{SENT}"),
                client.get(f"{address}/{SENT}"),
                client.request("PATCH", f"{lamps}/{SENT}"),
                *(client.post(f"{lamp}/light", headers={name: f"{SENT} é".encode()}) for name in SENT_IN),
                # What is all right, and names somebody.
                client.get(f"{lamps}?q={SENT}", headers={"X-Correlation-Id": SENT, "X-Request-Id": SENT}),
                client.post(f"{lamp}/light", headers={"X-Correlation-Id": SENT, "X-Request-Id": SENT}),
                client.get(lamps, headers={"Authorization": f"Bearer {stranger}"}),
                client.get(lamps, headers=bearer(issuer, company=SENT, sample=SENT)),
                # Time that is over.
                client.get(f"{address}/v1/slow?{SENT}"),
            ]
            assert {answer.status_code for answer in answers} >= {500, 422, 413, 415, 400, 401, 404, 405, 503}
            host = "Host: lamps.test\r\n"
            raw = [
                ask(address, request)
                for request in (
                    f"GET /{SENT} {SENT}\r\n\r\n",
                    f"{SENT} / HTTP/1.1\r\n{host}\r\n",
                    f"GET /v1/lamps HTTP/1.1\r\n{host}{SENT}\r\n\r\n",
                    f"GET /v1/lamps HTTP/1.1\r\n{host}{SENT} é: 1\r\n\r\n",
                    f"POST /v1/lamps HTTP/1.1\r\n{host}Content-Length: {SENT}\r\n\r\n",
                    f"POST /v1/lamps HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n{SENT}\r\n",
                    f"GET /v1/{SENT}%0A%0A{SENT} HTTP/1.1\r\n{host}Connection: close\r\n\r\n",
                )
            ]
            assert all(answer.startswith(b"HTTP/1.1 4") for answer in raw)
            postgres.kill()
            time.sleep(0.2)
            away = [client.get(f"{lamps}/{SENT}"), client.post(lamps, json=LAMP | {"label": SENT})]
            assert [answer.status_code for answer in away] == [503, 503]
    logged = path.read_text()
    assert SENT not in logged
    assert issuer.token("")[:20] not in logged, "nor the token, of which all begin alike"
    if form == "json":
        lines = [json.loads(line) for line in logged.splitlines()]
        assert all({"time", "level", "logger", "message", "service"} <= line.keys() for line in lines)
        logged = "\n".join(f"{line['message']}\n{line.get('exception', '')}" for line in lines)
    # What was sent is left out, and what helps is not.
    for said in (
        "POST /v1/lamps/{id}/break failed, trace",
        "in break_",
        "ValidationError: LampDimmed (int_type)",
        "POST /v1/lamps failed, trace",
        "CheckViolationError: 23514 streams streams_state_check",
        "GET /v1/slow took too long",
        f"GET /v1/lamps/{{id}}: StoreUnavailable: PostgreSQL at 127.0.0.1:{postgres.port} does not answer",
    ):
        assert said in logged, said


def test_an_error_is_told_with_those_that_led_to_it_and_without_their_words() -> None:
    try:
        try:
            LampDimmed.model_validate({"watts": SENT})
        except ValueError as error:
            raise ExceptionGroup(SENT, [KeyError(SENT), OSError(5, "Input/output error")]) from error
    except ExceptionGroup as group:
        told = Discreet(LINES).formatException((type(group), group, group.__traceback__))
    assert SENT not in told
    assert [line for line in told.splitlines() if line[0] != " "] == [
        "Traceback (most recent call last):",
        "ValidationError: LampDimmed (int_type, missing)",
        "which led to:",
        "Traceback (most recent call last):",
        "ExceptionGroup",
        "Traceback (most recent call last):",
        "KeyError",
        "Traceback (most recent call last):",
        "OSError: [Errno 5] Input/output error",
    ]


def test_a_task_that_nobody_waited_for_is_told_without_its_words() -> None:
    line = f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SENT}')>"
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, line, (), None)
    assert Discreet("%(message)s").format(record) == "Task exception was never retrieved"


def test_words_are_kept_where_they_quote_nothing() -> None:
    assert described(TimeoutError()) == "TimeoutError"
    assert described(asyncpg.TooManyConnectionsError("too many")) == "TooManyConnectionsError: too many"
    assert described(ValueError(SENT)) == "ValueError"


REQUEST: Final = "0198c0de-0000-7000-8000-00000000beef"
TRACE: Final = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, in JSON."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Json("lamps"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def told(lines: io.StringIO, logger: str) -> list[dict[str, Any]]:
    """The lines of a logger."""
    everything = map(json.loads, lines.getvalue().splitlines())
    return [line for line in everything if line["logger"] == logger]


@pytest.mark.anyio
async def test_a_request_has_a_line_on_demand_and_its_ids_on_each(
    migrated_database: str, issuer: Issuer, lines: io.StringIO
) -> None:
    settings = settings_for(migrated_database, issuer, log_requests=True)
    given = {"X-Request-Id": REQUEST, "X-Correlation-Id": REQUEST, "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    async with calling(settings, **bearer(issuer, client="front")) as client:
        made = await client.post("/v1/lamps", json=LAMP, headers=given)
        broken = await client.post(f"{made.headers['location']}/break", json={"into": 0}, headers=given)
        plain = await client.get("/live")
    assert [answer.headers["x-request-id"] for answer in (made, broken)] == [REQUEST, REQUEST]
    first, second, third = told(lines, "service.requests")
    ids = {"request_id": REQUEST, "correlation_id": REQUEST, "trace_id": TRACE}
    expected = ids | {"method": "POST", "route": "/v1/lamps", "status": 201, "client": "front"}
    assert expected.items() <= first.items()
    assert (first["bytes"], first["duration_ms"] > 0) == (len(made.content), True)
    assert (second["route"], second["status"]) == ("/v1/lamps/{id}/break", 500)
    (fault,) = told(lines, "service.http.boundary")
    assert ids.items() <= fault.items()
    assert fault["exception"].endswith("ZeroDivisionError")
    assert (third["route"], third["client"]) == ("/live", None)
    assert third["request_id"] == plain.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", third["request_id"])


@pytest.mark.anyio
async def test_without_demand_requests_have_none(migrated_database: str, issuer: Issuer, lines: io.StringIO) -> None:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        assert (await client.get("/v1/lamps")).status_code == 200
    assert not told(lines, "service.requests")


@pytest.mark.anyio
@pytest.mark.parametrize("sent", [SENT, f"{REQUEST} {SENT}", "a" * 31, "é", ""])
async def test_a_request_id_that_could_be_words_is_replaced(migrated_database: str, issuer: Issuer, sent: str) -> None:
    async with calling(settings_for(migrated_database, issuer)) as client:
        answer = await client.get("/live", headers=[(b"X-Request-Id", sent.encode())])
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.anyio
async def test_an_outage_is_told_once_and_counted_when_it_is_over(
    migrated_database: str,
    issuer: Issuer,
    lines: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    impatient: None,  # noqa: ARG001
) -> None:
    monkeypatch.setattr(boundary, "QUIET", 0.3)
    gone = settings_for(migrated_database, issuer).model_copy(
        update={"database_url": f"postgresql://postgres@127.0.0.1:{free_port()}/gone"}
    )
    async with calling(gone, **bearer(issuer)) as client:
        answers = await asyncio.gather(*(client.get(f"/v1/lamps/{uuid4()}") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {503}
        async with asyncio.timeout(60):
            while len(told(lines, "service.http.boundary")) < 2:  # noqa: ASYNC110 -- a log has no event
                await asyncio.sleep(0.05)
    begun, over = (line["message"] for line in told(lines, "service.http.boundary"))
    assert begun.startswith("GET /v1/lamps/{id}: StoreUnavailable: PostgreSQL at 127.0.0.1:")
    assert re.fullmatch(r"lamps: 50 requests were answered 503 in \d+ s, StoreUnavailable", over)


def test_a_line_of_text_ends_with_the_ends_of_its_ids() -> None:
    record = logging.LogRecord("lamps", logging.INFO, __file__, 1, "lit", (), None)
    with tracing.following(About(request_id=REQUEST, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")):
        assert Discreet("%(message)s").format(record) == "lit [request 0000beef, trace 1c80319c]"
    assert Discreet("%(message)s").format(record) == "lit"
