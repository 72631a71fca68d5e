"""The log tells what went wrong and where, and nothing of what was sent."""

import asyncio
import json
import logging
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import jwt
from lamps import LampDimmed, bearer, running, variables

from devstack.issuer import Issuer
from devstack.prepared import prepare
from devstack.servers import Postgres
from eventstore.discretion import described
from service.running.logs import LINES, Discreet

SENT = "Jeanne-Martin"
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
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=5) as connection:
        connection.sendall(text.encode())
        return connection.recv(4096)


def test_nothing_that_was_sent_is_logged(tmp_path: Path, issuer: Issuer) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "log"
    stranger = jwt.encode({"sub": SENT}, "secret" * 8, algorithm="HS256", headers={"kid": SENT})
    with (
        Postgres(tmp_path / "postgres", durable=False) as postgres,
        path.open("wb") as log,
    ):
        asyncio.run(prepare(postgres.url))
        asyncio.run(refuse_rows(postgres.url))
        environment = variables(postgres.url, issuer, MAX_BODY_BYTES="2000", REQUEST_TIMEOUT="2")
        with running("all", environment, log=log) as (_, address), httpx.Client(timeout=10) as client:
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
                *(
                    client.post(f"{lamp}/light", headers={name: f"{SENT} é".encode()})
                    for name in (b"If-Match", b"Idempotency-Key", b"X-Correlation-Id", b"traceparent", b"Authorization")
                ),
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
