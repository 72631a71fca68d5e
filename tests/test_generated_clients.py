"""The documents as linters and generators of clients take them: rules without findings, clients that work.

Needs Node and the generators, which `make test-long` installs.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from contracts import package_of, sample_siret
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY
from devstack.running import SERVICES
from employment.vacancy import Draft as DraftVacancy
from eventstore.postgres.migrate import migrate
from service.documents import openapi
from service.documents.examples import example_of
from training.skill_need import Declare as DeclareNeed
from youth_events.offer import Open as OpenOffer

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).parents[1]
TOOLS = REPOSITORY / ".venv/long/bin"
NODE = REPOSITORY / "tests/node"
COMMANDS = NODE / "node_modules/.bin"
CLIENTS = REPOSITORY / "tests/clients"

PROBES: Mapping[str, tuple[str, Mapping[str, object] | None]] = {
    "youth-events": ("v1/offers", example_of(OpenOffer)),
    "employment": ("v1/vacancies", example_of(DraftVacancy)),
    "training": ("v1/skill-needs", example_of(DeclareNeed)),
    "indicators": ("v1/figures?indicator=members,jobs_created,placements,platform_companies,hires,carpool_areas", None),
}
"""What is refused by what a mirror shows, or made of what each chapter has folded, and not answered before."""
every_service = pytest.mark.parametrize("service", SERVICES)


def run(*command: object, cwd: Path, **environment: str) -> str:
    """What a tool prints; its output is the reason where it fails."""
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-8000:]
    return ran.stdout


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with the document of every service: `companies.json`."""
    for name in SERVICES:
        (tmp_path / f"{name}.json").write_text(json.dumps(openapi.document(service_of(name))))
    return tmp_path


@contextmanager
def serving(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a service that runs: API, relay and subscriptions."""
    address = f"http://127.0.0.1:{environment['PORT']}"
    process = subprocess.Popen([sys.executable, "-m", package_of(name), "all"], env={**os.environ, **environment})
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/live")
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def start(databases: Callable[[], str], kafka: str, issuer: Issuer) -> Iterator[Callable[[str], str]]:
    """Starts a service, with a database of its own, in the territory of the test, and tells its address."""
    territory = f"test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:

        def start(name: str) -> str:
            url = databases()
            asyncio.run(migrate(url, service_of(name).all_migrations))
            environment = {
                "DATABASE_URL": url,
                "KAFKA_BOOTSTRAP": kafka,
                "OIDC_ISSUER": issuer.url,
                "OIDC_AUDIENCE": issuer.audience,
                "OIDC_JWKS_URL": issuer.jwks_url,
                "PERSONAL_KEY": PERSONAL_KEY,
                "TERRITORY": territory,
                "TOPIC_PARTITIONS": "3",
                "PORT": str(free_port()),
            }
            return stack.enter_context(serving(name, environment))

        yield start


@pytest.fixture
def travellers(start: Callable[[str], str], issuer: Issuer) -> list[str]:
    """What a journey is told: the services' addresses, a token for them, and the companies it is about."""
    token = issuer.token("companies:read companies:write indicators:read", company=sample_siret(0))
    return [start("companies"), start("indicators"), token, sample_siret(0), sample_siret(1)]


@every_service
def test_spectral_and_its_owasp_rules_find_nothing(documents: Path, service: str) -> None:
    document = documents / f"{service}.json"
    run(COMMANDS / "spectral", "lint", document, "--ruleset", "spectral.mjs", "--fail-severity", "hint", cwd=NODE)


@every_service
def test_redocly_finds_nothing(documents: Path, service: str) -> None:
    document = documents / f"{service}.json"
    printed = run(COMMANDS / "redocly", "lint", document, "--config", "redocly.yaml", cwd=NODE)
    assert "Your API description is valid" in printed
    assert "warning" not in printed, printed


def test_the_rules_are_in_force(documents: Path) -> None:
    """A text without bounds in a command is found, so what is turned off is no more than what is told."""
    path = documents / "companies.json"
    document = json.loads(path.read_text())
    document["components"]["schemas"]["ApplyCompany"]["properties"]["name"] = {"type": "string"}
    path.write_text(json.dumps(document))
    with pytest.raises(AssertionError, match="owasp:api4:2023-string-limit"):
        run(COMMANDS / "spectral", "lint", path, "--ruleset", "spectral.mjs", cwd=NODE)


def test_a_generated_python_client_makes_a_journey(documents: Path, travellers: list[str]) -> None:
    for name in SERVICES:
        generated = documents / f"{name}-client"
        run(
            TOOLS / "openapi-python-client", "generate", "--fail-on-warning", "--config", CLIENTS / "python.yaml",
            "--path", documents / f"{name}.json", "--output-path", generated, cwd=documents,
        )  # fmt: skip
        run(TOOLS / "python", "-m", "compileall", "-q", generated, cwd=documents)
    clients = os.pathsep.join(str(documents / f"{name}-client") for name in SERVICES)
    assert "arrived" in run(TOOLS / "python", CLIENTS / "journey.py", *travellers, cwd=documents, PYTHONPATH=clients)


def test_a_generated_typescript_client_makes_a_journey(documents: Path, travellers: list[str]) -> None:
    (documents / "node_modules").symlink_to(NODE / "node_modules")
    (documents / "package.json").write_text('{"type": "module"}')
    shutil.copy(CLIENTS / "journey.ts", documents)
    for name in SERVICES:
        run(COMMANDS / "openapi-typescript", f"{name}.json", "--output", f"{name}.d.ts", cwd=documents)
    run(
        COMMANDS / "tsc", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess",
        "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--module", "nodenext", "--outDir", "built",
        "journey.ts", cwd=documents,
    )  # fmt: skip
    shutil.copy(documents / "package.json", documents / "built")
    assert "arrived" in run(TOOLS / "node", "built/journey.js", *travellers, cwd=documents)


@every_service
def test_schemathesis_finds_nothing(start: Callable[[str], str], issuer: Issuer, tmp_path: Path, service: str) -> None:
    scopes = f"{service}:read {service}:write {service}:personal"
    token = issuer.token(scopes, company=sample_siret(0), school="0369901S")
    # What others mirror and figures are made of.
    for other in SERVICES if service == "indicators" else ("companies",):
        if other != service:
            start(other)
    address = f"{start(service)}/{service}"
    # A projection that has just begun answers 503, and so does a mirror, which would be taken for a finding.
    asked = PROBES.get(service, (f"v1/{service}", None))
    while _status(f"{address}/{asked[0]}", token, asked[1]) == HTTPStatus.SERVICE_UNAVAILABLE:
        time.sleep(0.1)
    run(
        TOOLS / "schemathesis", "--config-file", REPOSITORY / "tests/clients/schemathesis.toml", "run",
        f"{address}/openapi.json", "--url", address,
        "--header", f"Authorization: Bearer {token}", cwd=tmp_path,
        PYTHONPATH=str(CLIENTS), SCHEMATHESIS_HOOKS="schemathesis_checks",
    )  # fmt: skip


def _status(url: str, token: str, body: Mapping[str, object] | None) -> int:
    """What is answered to a GET, or to a POST with a body."""
    headers = {"Authorization": f"Bearer {token}"}
    return (
        httpx.get(url, headers=headers) if body is None else httpx.post(url, headers=headers, json=body)
    ).status_code
