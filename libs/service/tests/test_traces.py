"""A request's trace: through the decision into the store, and nothing in it of what was sent."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import asyncpg
import httpx
import lamps
import pytest
from lamps import bearer, calling, running, settings_for, variables
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import SpanKind, StatusCode
from recorded_spans import Spans, recorded

from devstack.issuer import Issuer

pytestmark = pytest.mark.anyio

SENT = "Jeanne-Martin"
LAMP = {"company": "00000001800017", "watts": 70}
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


@pytest.fixture
def spans() -> Iterator[Spans]:
    with recorded() as spans:
        yield spans


@pytest.fixture
async def client(migrated_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        yield client


async def events_told(database: str) -> list[str]:
    """The traces that the events belong to."""
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT metadata FROM events ORDER BY position")
    await connection.close()
    return [json.loads(row["metadata"])["traceparent"] for row in rows]


async def test_a_command_is_traced_from_its_request_into_the_store(
    spans: Spans, client: httpx.AsyncClient, migrated_database: str
) -> None:
    made = await client.post("/v1/lamps", json=LAMP, headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    await client.post(f"{made.headers['location']}/light")
    assert spans.ways() == {
        ("POST /v1/lamps",),
        ("POST /v1/lamps", "lamp install"),
        ("POST /v1/lamps", "lamp install", "SELECT append_group"),
        ("POST /v1/lamps/{id}/light",),
        ("POST /v1/lamps/{id}/light", "lamp light"),
        ("POST /v1/lamps/{id}/light", "lamp light", "SELECT streams"),
        ("POST /v1/lamps/{id}/light", "lamp light", "SELECT append_group"),
    }
    (request,), (decision,), (append, _) = map(spans.named, ("POST /v1/lamps", "lamp install", "SELECT append_group"))
    assert request.parent is not None
    assert (f"{request.parent.trace_id:032x}", f"{request.parent.span_id:016x}") == (TRACE, CALLER)
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/lamps",
        "http.response.status_code": 201,
        "url.scheme": "http",
    }
    assert [span.kind for span in (request, decision, append)] == [SpanKind.SERVER, SpanKind.INTERNAL, SpanKind.CLIENT]
    first, _ = await events_told(migrated_database)
    assert first == f"00-{TRACE}-{decision.context.span_id:016x}-01", "its events come from the decision"


async def test_what_the_caller_does_not_sample_is_not_traced(
    spans: Spans, client: httpx.AsyncClient, migrated_database: str
) -> None:
    answer = await client.post("/v1/lamps", json=LAMP, headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})
    assert answer.status_code == 201
    assert not spans.all
    (told,) = await events_told(migrated_database)
    assert (told.split("-")[1], told.split("-")[3]) == (TRACE, "00"), "and whoever handles its event does not either"


async def test_a_refusal_is_no_fault_and_a_bug_is_one(spans: Spans, client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/lamps", json=LAMP)
    lamp = made.headers["location"]
    assert (await client.post(f"{lamp}/put-out")).status_code == 409
    broken = await client.post(f"{lamp}/break", json={"into": 0, "word": None})
    assert broken.status_code == 500
    (refused,), (request,) = spans.named("lamp put-out"), spans.named("POST /v1/lamps/{id}/put-out")
    assert (refused.status.status_code, request.status.status_code) == (StatusCode.UNSET, StatusCode.UNSET)
    assert dict(refused.attributes or {})["error.type"] == "lamp-not-lit"
    (bug,), (failed,) = spans.named("lamp break"), spans.named("POST /v1/lamps/{id}/break")
    for span in (bug, failed):
        assert span.status.status_code is StatusCode.ERROR
        assert [dict(event.attributes or {})["exception.type"] for event in span.events] == ["ZeroDivisionError"]
    assert f"{failed.context.trace_id:032x}" == broken.json()["trace_id"]


async def test_nothing_that_was_sent_is_in_a_span(
    spans: Spans, client: httpx.AsyncClient, issuer: Issuer, migrated_database: str
) -> None:
    connection = await asyncpg.connect(migrated_database)
    await connection.execute(f"ALTER TABLE streams ADD CHECK (state::text NOT LIKE '%{SENT}%')")
    await connection.close()
    lamp = (await client.post("/v1/lamps", json=LAMP)).headers["location"]
    answers = [
        await client.post("/v1/lamps", json=LAMP | {"label": SENT}),
        await client.post(f"{lamp}/break", json={"into": 1, "word": SENT}),
        await client.post("/v1/lamps", json=LAMP | {"watts": SENT}),
        await client.get(f"/v1/lamps/{SENT}?{SENT}={SENT}"),
        await client.get(f"/{SENT}"),
        await client.get(f"/v1/report?least={SENT}"),
        await client.get("/v1/broken", headers={"X-Request-Id": SENT, "X-Correlation-Id": SENT, "User-Agent": SENT}),
        await client.get("/v1/lamps", headers={"Authorization": f"Bearer {SENT}"}),
        await client.get("/v1/lamps", headers=bearer(issuer, client=SENT)),
    ]
    assert {answer.status_code for answer in answers} >= {200, 401, 404, 422, 500}
    assert len(spans.named("POST /v1/lamps")) == 3
    assert SENT not in spans.written()
    assert lamp.rpartition("/")[2] not in spans.written(), "nor whose record it is"


def test_without_a_collector_nothing_of_the_sdk_is_loaded() -> None:
    code = (
        "import sys, companies.app, service.running.cli, service.application\n"
        "from service.running.traces import traced\n"
        "with traced('companies'):\n"
        "    print(*(name for name in sys.modules if name.startswith('opentelemetry.sdk')))\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_a_protocol_that_is_not_spoken_is_told(migrated_database: str, issuer: Issuer) -> None:
    environment = variables(
        migrated_database,
        issuer,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    )
    done = subprocess.run(
        [sys.executable, lamps.__file__, "api"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "Settings: OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, the only one spoken here.\n",
    )


@pytest.mark.slow
def test_a_process_gives_its_spans_to_the_collector_before_it_ends(migrated_database: str, issuer: Issuer) -> None:
    taken: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            taken.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        environment = variables(
            migrated_database,
            issuer,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server_port}",
            OTEL_BSP_SCHEDULE_DELAY="60000",
        )
        with running("api", environment) as (process, address):
            assert httpx.post(f"{address}/v1/lamps", json=LAMP, headers=bearer(issuer)).status_code == 201
            process.terminate()
            assert process.wait(timeout=60) == 128 + 15
        collector.shutdown()
    resources = [resource for body in taken for resource in ExportTraceServiceRequest.FromString(body).resource_spans]
    names = {span.name for resource in resources for scope in resource.scope_spans for span in scope.spans}
    assert names >= {"POST /v1/lamps", "lamp install", "SELECT append_group"}
    assert {
        attribute.value.string_value
        for resource in resources
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    } == {"lamps"}
