"""Starting a service from the command line: settings, the schema it needs, what goes wrong said in a sentence."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import lamps
import pytest
from lamps import bearer, running, service, variables

from devstack.issuer import Issuer
from devstack.ports import free_port
from eventstore.decider import Decider
from eventstore.migrate import migrate
from service import settings as settings_module
from service.cli import main
from service.definition import Service
from service.resource import Resource
from service.settings import Settings, SettingsError

LAMP = {"company": "00000001800017", "watts": 70}
COMPLETE = {
    "DATABASE_URL": "postgresql://lamps@localhost/lamps",
    "KAFKA_BOOTSTRAP": "localhost:9092,other:9092",
    "OIDC_ISSUER": "https://issuer.test",
    "OIDC_AUDIENCE": "territory",
    "OIDC_JWKS_URL": "https://issuer.test/jwks",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in (COMPLETE | variables).items():
        monkeypatch.setenv(name, value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, CORS_ORIGINS="https://a.test, https://b.test", PORT="8123", TERRITORY="")
    settings = settings_module.load(Settings)
    assert settings.cors_origins == ("https://a.test", "https://b.test")
    assert settings.port == 8123
    assert settings.topic("companies") == "issoudun.companies.v1"


def test_a_topic_may_have_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, TOPIC_VERSIONS="companies=2, youth-events=3")
    settings = settings_module.load(Settings)
    topics = [settings.topic(service) for service in ("companies", "youth-events", "mobility")]
    assert topics == ["issoudun.companies.v2", "issoudun.youth-events.v3", "issoudun.mobility.v1"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "mysql://secret@localhost", "DATABASE_URL is not valid"),
        ("KAFKA_BOOTSTRAP", "localhost", "KAFKA_BOOTSTRAP is not valid"),
        ("PORT", "70000", "PORT is not valid"),
        ("TERRITORY", "Issoudun", "TERRITORY is not valid"),
        ("OIDC_JWKS_URL", "issuer.test", "OIDC_JWKS_URL is not valid"),
        ("REQUEST_TIMEOUT", "0", "REQUEST_TIMEOUT is not valid"),
        ("HEADER_TIMEOUT", "0", "HEADER_TIMEOUT is not valid"),
        ("IDLE_TIMEOUT", "0", "IDLE_TIMEOUT is not valid"),
        ("MAX_HEADER_BYTES", "32k", "MAX_HEADER_BYTES is not valid"),
        ("MAX_TARGET_BYTES", "0", "MAX_TARGET_BYTES is not valid"),
        ("MAX_CONNECTIONS", "-1", "MAX_CONNECTIONS is not valid"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is not valid"),
    ],
)
def test_a_setting_that_does_not_hold_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    given(monkeypatch, **{name: value})
    with pytest.raises(SettingsError, match=said) as refused:
        settings_module.load(Settings)
    assert "secret" not in str(refused.value)


def run(command: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, lamps.__file__, *command.split()],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def sentence(ended: subprocess.CompletedProcess[str]) -> str:
    """What a command that can't do its work says: one line, and exit status 1."""
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    [line] = ended.stderr.strip().splitlines()
    assert line.endswith(".")
    return line


def test_what_is_not_set_is_said_in_a_sentence() -> None:
    said = sentence(run("api", {"PORT": "x"}))
    assert "DATABASE_URL is not set" in said
    assert "PORT is not valid" in said


def test_a_command_that_is_none_is_answered_by_those_there_are() -> None:
    for command in ("", "serve", "api 8000"):
        ended = run(command, {})
        assert ended.returncode == 1
        assert ended.stderr.strip() == "usage: python -m lamps api|worker|all|migrate|verify|reconcile|openapi"


def test_the_document_needs_no_settings() -> None:
    ended = run("openapi", {})
    assert ended.returncode == 0
    assert "/v1/lamps" in json.loads(ended.stdout)["paths"]


def test_a_service_waits_for_its_schema(database: str, issuer: Issuer) -> None:
    environment = variables(database, issuer)
    assert "run the command `migrate`" in sentence(run("api", environment))
    assert run("migrate", environment).returncode == 0
    assert "0 migrations applied" in run("migrate", environment).stdout

    async def make_newer() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("UPDATE schema_migrations SET number = 9999 WHERE number = 1")
        await connection.close()

    asyncio.run(make_newer())
    for command in ("api", "worker", "migrate"):
        assert "is at migration 9999" in sentence(run(command, environment))


def test_a_database_that_is_away_at_the_start_is_said_in_a_sentence(issuer: Issuer) -> None:
    environment = variables(f"postgresql://nobody@127.0.0.1:{free_port()}/lamps", issuer)
    for command in ("api", "migrate"):
        assert "database" in sentence(run(command, environment))


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
def test_a_database_that_lets_nobody_in_is_said_in_a_sentence(database: str, issuer: Issuer, command: str) -> None:
    elsewhere = urlsplit(database)._replace(path="/nodb").geturl()
    assert 'database "nodb" does not exist' in sentence(run(command, variables(elsewhere, issuer)))
    parts = urlsplit(database)
    stranger = parts._replace(netloc=f"stranger:wrong@{parts.netloc.rpartition('@')[2]}").geturl()
    assert "stranger" in sentence(run(command, variables(stranger, issuer)))


def test_migrating_needs_the_database_alone(database: str) -> None:
    assert run("migrate", {"DATABASE_URL": database}).returncode == 0


def test_a_port_that_is_taken_is_said_in_a_sentence(migrated_database: str, issuer: Issuer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Cannot listen on 127.0.0.1:{port}" in sentence(
            run("api", variables(migrated_database, issuer, PORT=port, LOG_LEVEL="ERROR"))
        )


def test_an_api_serves_and_ends_in_order(migrated_database: str, issuer: Issuer) -> None:
    with running("api", variables(migrated_database, issuer)) as (process, address):
        made = httpx.post(f"{address}/lamps/v1/lamps", json=LAMP, headers=bearer(issuer))
        assert made.status_code == 201
        assert "server" not in made.headers
        assert httpx.get(f"{address}/ready").json() == {
            "ready": True,
            "database": "answers",
            "commands": "accepted",
            "work": {},
        }
        process.terminate()
        assert process.wait(10) in (0, -signal.SIGTERM)


def test_a_worker_serves_its_health_alone(migrated_database: str, issuer: Issuer) -> None:
    with running("worker", variables(migrated_database, issuer)) as (_, address):
        assert httpx.get(f"{address}/live").status_code == 200
        assert "relay" in httpx.get(f"{address}/lamps/ready").json()["work"]
        assert httpx.get(f"{address}/v1/lamps", headers=bearer(issuer)).status_code == 404
        assert httpx.get(f"{address}/openapi.json").status_code == 404


def test_a_service_has_migrations_and_commands_of_its_own(
    database: str, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "0001_bulbs.sql").write_text("CREATE TABLE bulbs (id integer)")

    async def count(settings: Settings, arguments: list[str]) -> int:
        connection = await asyncpg.connect(settings.database_url)
        print(arguments, await connection.fetchval("SELECT count(*) FROM bulbs"))
        await connection.close()
        return 7

    own = Service("bulbs", title="Bulbs", migrations=tmp_path, commands={"count": count})
    asyncio.run(migrate(database, own.all_migrations))
    for name, value in variables(database, issuer).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["bulbs", "count", "all", "of", "them"])
    with pytest.raises(SystemExit) as ended:
        main(own)
    assert ended.value.code == 7
    assert capsys.readouterr().out == "['all', 'of', 'them'] 0\n"


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"path": "v1/lamps"}, "a path is made of"),
        ({"path": "/v1/lamps/"}, "a path is made of"),
        ({"path": "/v1/lamps", "filters": ("colour",)}, "colour is no field of Lamp"),
        ({"path": "/v1/lamps", "decider": Decider("lamp", lamps.Lamp)}, "one decision creates"),
    ],
)
def test_a_resource_that_could_not_be_served_is_refused(resource: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Resource(**({"decider": lamps.lamps} | resource))


def test_a_service_that_could_not_be_served_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        Service("Lamps", title="")
    with pytest.raises(TypeError, match="share a path"):
        Service("lamps", title="", resources=(service.resources[0], service.resources[0]))
