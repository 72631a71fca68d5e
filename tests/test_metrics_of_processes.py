"""Metrics as Prometheus finds them at running processes, and what rests on their names."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml

from contracts import REGISTRY, package_of
from devstack.child import Child
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY, prepare
from devstack.running import SERVICES
from eventstore.kafka.topics import ensure_topic
from service.metrics.declared import COMMANDS, MAIL_WAITING, METRICS, REACTIONS, table
from service.metrics.metric import Metric, Teller

OBSERVABILITY = Path(__file__).parents[1] / "deploy" / "observability"
PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
OWN = tuple(metric for name in SERVICES if (tells := service_of(name).tells) for metric in tells.metrics)
DECLARED = {metric.name: metric for metric in (*METRICS, *OWN)}
OTHERS = ("process_", "python_gc_", "canary_")
"""What the client library tells of the process, and the canary of what it sees."""
FOUND_ELSEWHERE = {"namespace", "instance", "job", "pod", "le", "service"}
"""Labels that Prometheus adds, or that samples of ours have."""


def test_the_page_for_ops_has_the_metrics_of_each_service() -> None:
    assert table(OWN) in PAGE.read_text()


def expressions() -> Iterator[tuple[str, str]]:
    """What alerts and dashboards ask."""
    for group in sorted((OBSERVABILITY / "alerts").glob("*.yaml")):
        for rule in yaml.safe_load(group.read_text())["groups"][0]["rules"]:
            yield rule["alert"], rule["expr"]
    for dashboard in sorted((OBSERVABILITY / "dashboards").glob("*.json")):
        for panel in json.loads(dashboard.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"{dashboard.stem}: {panel['title']}", target["expr"]


def metric_of(name: str) -> Metric | None:
    """The declared metric that a sample of this name is of."""
    return DECLARED.get(name) or DECLARED.get(re.sub("_(bucket|sum|count)$", "", name))


def test_alerts_and_dashboards_ask_for_what_is_told() -> None:
    for where, expression in expressions():
        names = set(re.findall(r"\b(?:http|eventstore|service|indicators|process|python|canary)_\w+", expression))
        labels_ = {label for metric in DECLARED.values() for label in metric.labels}
        names = {name for name in names if not name.startswith(OTHERS)} - labels_
        for name in names:
            assert metric_of(name) is not None, f"{where} asks for {name}"
        for name, selected in re.findall(r"(\w+)\{([^}]*)\}", expression):
            metric = metric_of(name)
            if metric is not None:
                labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected))
                assert labels <= {*metric.labels, *FOUND_ELSEWHERE}, f"{where} asks for {labels} of {name}"


class Processes:
    """An API and a worker of a service, as deployed."""

    def __init__(self, name: str, settings: Mapping[str, str], folder: Path, stack: ExitStack) -> None:
        self.service = service_of(name)
        self._settings = settings
        self._folder = folder
        self._stack = stack
        self._metrics: dict[str, str] = {}
        self.api, _ = self._begin("api"), self._begin("worker")

    def _begin(self, command: str) -> str:
        port, metrics_port = free_port(), free_port()
        address, self._metrics[command] = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}/metrics"
        child = Child(
            command,
            [sys.executable, "-m", package_of(self.service.name), command],
            log=self._folder / f"{command}.log",
            marker=str(port),
            environment={**os.environ, **self._settings, "PORT": str(port), "METRICS_PORT": str(metrics_port)},
        )
        self._stack.callback(child.kill)

        def is_ready() -> bool:
            try:
                return httpx.get(f"{address}/ready").is_success
            except httpx.TransportError:
                return False

        child.await_ready(is_ready, seconds=90)
        return address

    def told(self, command: str) -> str:
        """What a process tells."""
        return httpx.get(self._metrics[command]).raise_for_status().text

    def metrics(self, command: Teller) -> set[str]:
        """What it is to tell once it was asked for something, but for what other services have to happen before."""
        own = self.service.tells.metrics if self.service.tells else ()
        left_out = {
            REACTIONS,
            *(() if self.service.mail else (MAIL_WAITING,)),
            *((COMMANDS,) if command == "worker" else ()),
        }
        return {metric.name for metric in {*METRICS, *own} - left_out if metric.by in ("all", command)}


@pytest.fixture
def processes(
    database: str, kafka: str, issuer: Issuer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Processes]:
    asyncio.run(prepare(database, service_of(request.param).all_migrations))
    settings = {
        "DATABASE_URL": database,
        "KAFKA_BOOTSTRAP": kafka,
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCE": issuer.audience,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "PERSONAL_KEY": PERSONAL_KEY,
        "TERRITORY": f"t{uuid.uuid4().hex[:8]}",
    }
    # What its subscriptions read is there, as of services that were deployed before.
    for topic in REGISTRY.topics({event for each in SERVICES for event in service_of(each).events}):
        asyncio.run(ensure_topic(kafka, f"{settings['TERRITORY']}.{topic}.v1", 12))
    with ExitStack() as stack:
        yield Processes(request.param, settings, tmp_path, stack)


def promtool(text: str) -> str:
    """What promtool has to say of what a process tells."""
    tool = shutil.which("promtool")
    assert tool, "the Debian package prometheus is needed, which has promtool"
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("processes", ["youth-events", "indicators"], indirect=True)
def test_processes_tell_all_that_is_declared_as_prometheus_wants_it(processes: Processes, issuer: Issuer) -> None:
    service = processes.service
    path = next(resource.path for resource in service.resources if resource.begun_by_callers)
    headers = {"Authorization": f"Bearer {issuer.token(f'{service.name}:write', ['network'])}"}
    assert httpx.post(f"{processes.api}{path}", json={"no": "such field"}, headers=headers).status_code == 422
    commands: tuple[Teller, ...] = ("api", "worker")
    for command in commands:
        expected = processes.metrics(command)
        deadline = time.monotonic() + 60
        while missing := expected - set(re.findall(r"^# TYPE (\w+) ", processes.told(command), re.MULTILINE)):
            assert time.monotonic() < deadline, f"the {command} does not tell {', '.join(sorted(missing))}"
            time.sleep(0.2)
        told = processes.told(command)
        found = {name for name in re.findall(r"^# TYPE (\w+) ", told, re.MULTILINE) if not name.startswith(OTHERS)}
        assert found == expected, "and nothing else"
        assert promtool(told) == ""
