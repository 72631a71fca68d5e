"""The system as Docker Compose runs it: what its files say, and that it starts, where there is a Docker engine."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml
from stand_ins import build, provide, run

from contracts import package_of
from devstack.child import DevstackError
from devstack.ports import free_port
from devstack.running import SERVICES

REPOSITORY: Final = Path(__file__).parents[1]
COMPOSE: Final = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
CONTAINERS: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = {f"{service}-{process}" for service in SERVICES for process in ("migrate", "api", "worker")}
INVESTED: Final = 22_000_000
"""What the sample's companies had invested by the end of 2023, in euros."""
OFFICIAL: Final = {
    "python:3.11-slim-bookworm": "python",
    "keycloak/keycloak:26.4": "keycloak",
    "postgres:18": "postgres",
    "apache/kafka:4.1.1": "kafka",
    "nginx:1.28": "nginx",
}


def test_each_service_is_migrated_and_then_runs_as_an_api_and_a_worker() -> None:
    assert CONTAINERS.keys() >= OURS
    for service in SERVICES:
        for process in ("migrate", "api", "worker"):
            container = CONTAINERS[f"{service}-{process}"]
            assert container["command"] == ["python", "-m", package_of(service), process]
            assert [each["source"] for each in container["secrets"]] == [
                f"{package_of(service)}_database_url",
                f"{package_of(service)}_personal_key",
            ]
        for process in ("api", "worker"):
            assert CONTAINERS[f"{service}-{process}"]["depends_on"] == {
                f"{service}-migrate": {"condition": "service_completed_successfully"},
                "kafka": {"condition": "service_healthy"},
            }


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_may_do_and_take_only_what_it_needs(name: str) -> None:
    container = CONTAINERS[name]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert container["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    # What the makers of these images write beside their volumes differs from release to release.
    assert container.get("read_only") or name in {"kafka", "grafana"}
    assert all(re.match(r"127\.0\.0\.1:|\$\{BIND:-127\.0\.0\.1\}:", port) for port in container.get("ports", []))


def test_grace_covers_draining_and_what_requests_may_take() -> None:
    for name in OURS:
        assert CONTAINERS[name]["stop_grace_period"] == "35s"
    assert CONTAINERS["companies-api"]["environment"]["DRAIN_SECONDS"] == "5"


def test_every_secret_is_a_file_that_the_command_makes_once(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "deploy/compose/secrets.sh", tmp_path)
    run(tmp_path / "secrets.sh", "")
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {f"deploy/compose/secrets/{name}" for name in made} == {each["file"] for each in COMPOSE["secrets"].values()}
    assert len(set(made.values())) == len(made)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    run(tmp_path / "secrets.sh", "")
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made


def test_the_way_in_leads_to_every_service() -> None:
    configured = (REPOSITORY / "deploy/compose/nginx.conf").read_text(encoding="utf-8")
    [led] = re.findall(r"location ~ \^/\(\?<service>(.*)\)/ { proxy_pass http://\$service-api:8000; }", configured)
    assert set(led.split("|")) == set(SERVICES)


def test_the_way_in_stays_while_what_it_leads_to_is_made_anew() -> None:
    # Compose ends whatever depends on a container that it replaces.
    assert "depends_on" not in CONTAINERS["entry"]


def test_an_archive_changes_nothing_else_of_the_database() -> None:
    archived = yaml.safe_load((REPOSITORY / "deploy/compose/backup.yml").read_text(encoding="utf-8"))
    assert archived["services"].keys() == {"postgres"}
    plain = CONTAINERS["postgres"]["command"]
    assert archived["services"]["postgres"]["command"][: len(plain)] == plain


def test_a_file_of_the_log_is_archived_again_where_it_is_the_same_and_never_by_another(tmp_path: Path) -> None:
    archived = yaml.safe_load((REPOSITORY / "deploy/compose/backup.yml").read_text(encoding="utf-8"))
    (told,) = [part for part in archived["services"]["postgres"]["command"] if part.startswith("archive_command=")]
    segment, archive = tmp_path / "segment", tmp_path / "archive"
    archive.mkdir()
    command = told.removeprefix("archive_command=").replace("/archive", str(archive))
    command = command.replace("%p", str(segment)).replace("%f", "0001")
    for content, succeeds in ((b"one", True), (b"one", True), (b"another", False)):
        segment.write_bytes(content)
        assert (subprocess.run(["sh", "-c", command], check=False).returncode == 0) == succeeds  # noqa: S607
        assert {file.name: file.read_bytes() for file in archive.iterdir()} == {"0001": b"one"}


def test_what_an_operator_writes_is_not_committed() -> None:
    for name in (".env", "settings.env", "docker-compose.override.yml"):
        assert run("git", "check-ignore", name, folder=REPOSITORY) == name


def test_prometheus_finds_every_process() -> None:
    configured = yaml.safe_load((REPOSITORY / "deploy/compose/prometheus.yml").read_text(encoding="utf-8"))
    [found] = configured["scrape_configs"][0]["dns_sd_configs"]
    assert set(found["names"]) == {"canary"} | {name for name in OURS if not name.endswith("-migrate")}


def test_the_realm_is_made_of_the_platforms_roles_and_scopes() -> None:
    command = ["-c", "import realm; print(realm.text(), end='')"]
    made = subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY / "deploy/compose", capture_output=True, text=True, check=True
    )
    assert (REPOSITORY / "deploy/compose/realm.json").read_text(encoding="utf-8") == made.stdout


@pytest.mark.long
def test_the_dockerfiles_are_without_fault() -> None:
    hadolint = REPOSITORY / ".venv/long/bin/hadolint"
    run(hadolint, "Dockerfile", folder=REPOSITORY)
    run(hadolint, "deploy/compose/keycloak.Dockerfile", folder=REPOSITORY)


def _compose(*arguments: str) -> str:
    return run("docker", "compose", *arguments, folder=REPOSITORY)


def _why_not() -> str:
    """Why there is no engine to try it on; empty where there is one."""
    for asked in (["docker", "version"], ["docker", "compose", "version"]):
        try:
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return "docker was not found"
        if done.returncode != 0:
            return f"`{' '.join(asked)}` failed: {done.stderr.strip()}"
    return ""


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Where the system answers, which is started from nothing and taken away again."""
    if why := _why_not():
        pytest.skip(f"Compose was not tried, as there is no Docker engine with it: {why}")
    project, port = f"territory-test-{secrets.token_hex(3)}", free_port()
    os.environ |= {"COMPOSE_PROJECT_NAME": project, "PORT": str(port)}
    run(REPOSITORY / "deploy/compose/secrets.sh", "")
    provide(OFFICIAL)
    build(REPOSITORY, "territory-platform:local")
    build(REPOSITORY, "territory-sample:local", "--target", "sample")
    folder = REPOSITORY / "deploy/compose"
    build(folder, "territory-keycloak:local", "--file", str(folder / "keycloak.Dockerfile"))
    try:
        _compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "900")
        yield f"http://localhost:{port}"
    finally:
        _compose("--profile", "*", "down", "--volumes", "--timeout", "40")


def _token(base_url: str, client: str, scope: str) -> str:
    secret = (REPOSITORY / "deploy/compose/secrets/clients_secret").read_text()
    asks = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": scope}
    answer = httpx.post(f"{base_url}/issuer/realms/territory/protocol/openid-connect/token", data=asks, timeout=60)
    return str(answer.raise_for_status().json()["access_token"])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_from_nothing_to_figures_and_again_after_a_restart(base_url: str) -> None:
    states = [json.loads(line) for line in _compose("ps", "--all", "--format", "json").splitlines()]
    assert {state["Service"]: state["ExitCode"] for state in states if state["State"] == "exited"} == {
        f"{service}-migrate": 0 for service in SERVICES
    }
    for name in ("companies-api", "indicators-worker"):
        assert _compose("exec", "--no-TTY", name, "id", "-u") == "10001"
        with pytest.raises(DevstackError, match="Read-only file system"):
            _compose("exec", "--no-TTY", name, "touch", "/opt/territory/code/there")

    _compose("run", "--rm", "--no-TTY", "sample")
    assert _invested(base_url, at_least=INVESTED) == INVESTED
    company = {"Authorization": f"Bearer {_token(base_url, 'company', 'companies:write')}"}
    investment = {"company": "00000001800010", "title": "Banc", "axis": 6, "amount": 250_000, "jobs_planned": 1}
    made = httpx.post(f"{base_url}/companies/v1/investments", headers=company, json=investment, timeout=60)
    assert made.status_code == 201, made.text
    recorded = made.headers["Location"]

    _compose("down", "--timeout", "40")
    _compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "900")
    company = {"Authorization": f"Bearer {_token(base_url, 'company', 'companies:read')}"}
    assert httpx.get(f"{base_url}{recorded}", headers=company, timeout=60).status_code == 200
    assert _invested(base_url) == INVESTED


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_request_fails_in_an_upgrade(base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _compose("run", "--rm", "--no-TTY", "sample")
    on_the_machines_network = {name: {"build": {"network": "host"}} for name in ("companies-migrate", "keycloak")}
    (tmp_path / "build.yml").write_text(yaml.safe_dump({"services": on_the_machines_network}))
    monkeypatch.setenv("COMPOSE_FILE", f"docker-compose.yml:{tmp_path / 'build.yml'}")
    monkeypatch.setenv("RELEASE", "another")
    company = {"Authorization": f"Bearer {_token(base_url, 'company', 'companies:write')}"}
    investment = {"company": "00000001800010", "title": "Banc", "axis": 6, "amount": 1, "jobs_planned": 1}
    asked = [httpx.Request("GET", f"{base_url}/{service}/docs") for service in SERVICES]
    asked.append(httpx.Request("POST", f"{base_url}/companies/v1/investments", headers=company, json=investment))
    over, answers = threading.Event(), Counter[str]()

    def asks() -> None:
        with httpx.Client(timeout=60) as client:
            while not over.is_set():
                answers.update(_told(client, request) for request in asked)

    with ThreadPoolExecutor(2) as threads:
        asking = [threads.submit(asks) for _ in range(2)]
        try:
            run(REPOSITORY / "deploy/compose/upgrade.sh", "")
        finally:
            over.set()
    for each in asking:
        each.result()
    assert answers.keys() == {"200", "201"}, answers
    assert {_compose("exec", "--no-TTY", f"{service}-api", "printenv", "RELEASE") for service in SERVICES} == {
        "another"
    }

    runs = _compose("ps", "--quiet")
    _compose("up", "--detach", "--wait", "--wait-timeout", "900")
    assert _compose("ps", "--quiet") == runs


def _told(client: httpx.Client, request: httpx.Request) -> str:
    """The status of an answer, or why there is none."""
    try:
        return str(client.send(request).status_code)
    except httpx.HTTPError as error:
        return f"{request.url.path}: {error!r}"


def _invested(base_url: str, *, at_least: int = 0) -> int:
    """What companies had invested by the end of 2023 in euros, asked until it is what must come of what was sent."""
    headers = {"Authorization": f"Bearer {_token(base_url, 'steering', 'indicators:read')}"}
    asked = f"{base_url}/indicators/v1/indicators/invested_productive?to=2023-12-31"
    deadline = time.monotonic() + 300
    while True:
        answer = httpx.get(asked, headers=headers, timeout=60)
        value = int(answer.json()["value"]) if answer.is_success else -1
        if value >= at_least or time.monotonic() > deadline:
            return value
        time.sleep(1)
