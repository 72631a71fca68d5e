"""Starting a service from the command line: settings, the schema it needs, what goes wrong said in a sentence."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import asyncpg
import httpx
import lamps
import neighbours
import pytest
from lamps import bearer, running, service, variables

from contracts.roles import Role
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import prepare
from devstack.servers import Postgres
from eventstore.decider import Decider
from eventstore.files import resolve
from eventstore.postgres.connection import place_of
from eventstore.postgres.migrate import EVENTSTORE, migrate
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource
from service.running import cli
from service.running import settings as settings_module
from service.running.cli import main
from service.running.settings import Settings, SettingsError

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
    topics = [settings.topic(name) for name in ("companies", "youth-events", "youth-events.persons", "mobility")]
    assert topics == [
        "issoudun.companies.v2",
        "issoudun.youth-events.v3",
        "issoudun.youth-events.persons.v3",
        "issoudun.mobility.v1",
    ]


FORM = "is not an address of PostgreSQL: write postgresql://user:password@host:5432/companies"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "", "is not set"),
        ("DATABASE_URL", "mysql://lamps:hunter2@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql:lamps", FORM),
        # What a password may hold only percent-encoded: each is where a parser takes a piece of it for something else.
        ("DATABASE_URL", "postgresql://lamps:a@hunter2@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2/a@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:7/hunter2@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2#a@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:a?hunter2@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:7?hunter2=@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:[hunter2@localhost/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2@local host/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2@localhost:54x2/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2@::1/lamps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2@localhost/lam%00ps", FORM),
        ("DATABASE_URL", "postgresql://lamps:hunter2@localhost:65536/lamps", "names a port that is none"),
        ("DATABASE_URL", "postgresql://lamps:hunter2@localhost/lamps?sslmode=loud", "has something behind its ?"),
        ("DATABASE_URL", "postgresql://lamps:hunter2@localhost/lamps?hunter2", "has something behind its ?"),
        (
            "DATABASE_URL",
            "postgresql://lamps:hunter2@localhost/lamps?sslmode=verify-full&sslrootcert=/nowhere",
            "has something behind its ?",
        ),
        ("KAFKA_BOOTSTRAP", "localhost", "must be addresses of brokers, host:port, separated by commas"),
        ("KAFKA_BOOTSTRAP", "localhost:9092, other:9092", "must be addresses of brokers"),
        ("TOPIC_PARTITIONS", "0", "must be a whole number, 1 or more"),
        ("PORT", "70000", "must be a whole number from 0 to 65535"),
        ("PORT", "http", "must be a whole number from 0 to 65535"),
        ("TERRITORY", "Issoudun", "must be a name of small letters, digits and hyphens, a letter first"),
        ("OIDC_ISSUER", "", "is not set"),
        ("OIDC_JWKS_URL", "issuer.test", "must be an address http://… or https://…"),
        ("OIDC_JWKS_URL", "https://lamps:hunter2@issuer.test/jwks", "must be an address http://… or https://…"),
        ("OIDC_JWKS_URL", "https://issuer.test:jwks", "must be an address http://… or https://…"),
        ("MAX_BODY_BYTES", "1 MB", "must be a whole number of bytes, 1 or more"),
        ("REQUEST_TIMEOUT", "0", "must be a number of seconds, greater than 0"),
        ("REQUEST_TIMEOUT", "inf", "must be a number of seconds, greater than 0"),
        ("TOPIC_VERSIONS", "2", "must be services with the versions of their topics, such as companies=2"),
        ("TOPIC_VERSIONS", "companies=0", "must be services with the versions of their topics, such as companies=2"),
        ("HEADER_TIMEOUT", "0", "must be a number of seconds, greater than 0"),
        ("IDLE_TIMEOUT", "0", "must be a whole number of seconds, 1 or more"),
        ("MAX_HEADER_BYTES", "32k", "must be a whole number of bytes, 1 or more"),
        ("MAX_TARGET_BYTES", "0", "must be a whole number of bytes, 1 or more"),
        ("MAX_CONNECTIONS", "-1", "must be a whole number, 1 or more"),
        ("DRAIN_SECONDS", "-1", "must be a number of seconds, 0 or more"),
        ("GRACE_SECONDS", "0", "must be a whole number of seconds, 1 or more"),
        ("LOG_LEVEL", "DEBUG", "must be INFO, WARNING or ERROR"),
        *(
            ("CORS_ORIGINS", f"https://a.test,{origin}", "must be origins as browsers send them")
            for origin in (
                *("foo", "*", "null", "//a.test", "https://", "https://a.test/", "https://a.test/path", "https:a.test"),
                *("https://A.test", "https://a.test:443", "http://a.test:80", "https://a.test:x", "https://a.test:0"),
                *(
                    "https://a.test:65536",
                    "https://u@a.test",
                    "https://a.test?b",
                    "https://a.test#b",
                    "https://a b.test",
                ),
            )
        ),
    ],
)
def test_a_setting_that_does_not_hold_is_named_in_a_sentence_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    given(monkeypatch, **{name: value})
    with pytest.raises(SettingsError) as refused:
        settings_module.load(Settings)
    sentence = str(refused.value)
    assert sentence.startswith(f"Settings: {name} {said}")
    assert sentence.endswith(".")
    assert sentence.count(name) == 1
    assert "hunter2" not in sentence
    assert not set(sentence) & set("^$\\*+{}")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://lamps:p%40ss%2Fw%3Frd@db.test/lamps", "db.test:5432"),
        ("postgresql://lamps@[::1]:5433/lamps", "[::1]:5433"),
        ("postgres://lamps@a.test:1,b.test:2/lamps?target_session_attrs=primary", "a.test:1, b.test:2"),
        ("postgresql:///lamps?host=/run/postgresql&user=lamps", "/run/postgresql/.s.PGSQL.5432"),
        ("postgresql://lamps@db.test/lamps?sslmode=require&application_name=lamps", "db.test:5432"),
    ],
)
def test_an_address_of_postgresql_may_be_written_in_many_ways(
    monkeypatch: pytest.MonkeyPatch, url: str, place: str
) -> None:
    given(monkeypatch, DATABASE_URL=url)
    assert place_of(resolve(settings_module.load(Settings).database_url)) == place


def test_origins_are_those_that_browsers_send(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = ("https://a.test", "http://localhost:3000", "http://[::1]:8080", "https://a.test:8443", "app://localhost")
    given(monkeypatch, CORS_ORIGINS=",".join(origins))
    assert settings_module.load(Settings).cors_origins == origins


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
    assert "PORT must be a whole number" in said


def test_a_command_that_is_none_is_answered_by_those_there_are() -> None:
    for command in ("", "serve", "api 8000"):
        ended = run(command, {})
        assert ended.returncode == 1
        assert (
            ended.stderr.strip()
            == "usage: python -m lamps api|worker|all|migrate|verify|reconcile|refold|dead-letters|status|openapi|acls"
        )


def test_the_document_needs_no_settings() -> None:
    ended = run("openapi", {})
    assert ended.returncode == 0
    assert "/v1/lamps" in json.loads(ended.stdout)["paths"]


def test_a_service_waits_for_its_schema(database: str, issuer: Issuer) -> None:
    environment = variables(database, issuer)
    for command in ("api", "verify", "reconcile", "dead-letters"):
        assert "run the command `migrate`" in sentence(run(command, environment))
    assert run("migrate", environment).returncode == 0
    assert "0 migrations applied" in run("migrate", environment).stdout

    async def make_newer() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(
            "INSERT INTO schema_migrations (name, number, checksum, breaks)"
            " VALUES ('eventstore', 9998, '', NULL), ('eventstore', 9999, '', 'lamps have other ids')"
        )
        await connection.close()

    asyncio.run(make_newer())
    for command in ("api", "worker", "migrate"):
        assert "migration 9999, which this release does not know" in sentence(run(command, environment))


def test_another_service_s_database_is_refused(database: str, issuer: Issuer) -> None:
    environment = variables(database, issuer)
    assert run("migrate", environment).returncode == 0

    async def give_away() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("INSERT INTO schema_migrations (name, number, checksum) VALUES ('bells', 1, '')")
        await connection.close()

    asyncio.run(give_away())
    for command in ("api", "worker", "migrate", "verify", "dead-letters"):
        assert "has the schema 'bells': look at DATABASE_URL" in sentence(run(command, environment))


def test_migrating_waits_a_while_for_a_database_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    postgres = Postgres(tmp_path / "postgres", durable=False)
    away = f"PostgreSQL at 127.0.0.1:{postgres.port} does not answer (Connection refused)"
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    with subprocess.Popen(
        [sys.executable, lamps.__file__, "migrate"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as migrating:
        assert migrating.stderr is not None
        assert f"waiting for the database: {away}" in migrating.stderr.readline()
        with postgres:
            assert migrating.communicate(timeout=30)[0] == f"{len(EVENTSTORE.files())} migrations applied\n"
    monkeypatch.setattr(sys, "argv", ["lamps", "migrate"])
    monkeypatch.setattr(cli, "MIGRATING_WAITS", 0.0)
    with pytest.raises(SystemExit) as ended:
        main(service)
    assert ended.value.code == f"{away}."


@pytest.mark.parametrize("command", ["api", "worker", "all"])
def test_a_service_that_starts_before_its_database_waits_for_it(tmp_path: Path, issuer: Issuer, command: str) -> None:
    tmp_path.chmod(0o755)
    postgres = Postgres(tmp_path / "postgres", durable=False)
    # Not left as one without durability is: it is started again.
    postgres.start()
    asyncio.run(prepare(postgres.url))
    postgres.stop()
    log = tmp_path / "log"
    environment = variables(postgres.url, issuer)
    with log.open("wb") as written, running(command, environment, log=written) as (_, address):
        for _ in range(3):
            time.sleep(0.5)
            assert httpx.get(f"{address}/live").status_code == 200
            ready = httpx.get(f"{address}/ready")
            away = {
                "ready": False,
                "database": "away",
                "commands": "refused",
                "dead_letters": 0,
                "attention": ["the database is away: StoreUnavailable: the service is starting"],
                "work": {},
                "ending": False,
            }
            assert (ready.status_code, ready.json()) == (503, away)
        if command != "worker":
            refused = httpx.post(f"{address}/v1/lamps", json=LAMP, headers=bearer(issuer))
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        waits = (
            f"waiting for the database: PostgreSQL at 127.0.0.1:{postgres.port} does not answer (Connection refused)"
        )
        assert log.read_text().count(waits) == 1
        with postgres:
            deadline = time.monotonic() + 60
            while httpx.get(f"{address}/ready").status_code != 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            if command != "worker":
                assert httpx.post(f"{address}/v1/lamps", json=LAMP, headers=bearer(issuer)).status_code == 201
            if command != "api":
                assert "relay" in httpx.get(f"{address}/ready").json()["work"]


def test_a_service_that_waited_for_a_database_it_cannot_use_ends_with_a_sentence(
    tmp_path: Path, issuer: Issuer
) -> None:
    tmp_path.chmod(0o755)
    postgres = Postgres(tmp_path / "postgres", durable=False)
    log = tmp_path / "log"
    with (
        log.open("wb") as written,
        running("all", variables(postgres.url, issuer), log=written) as (process, _),
        postgres,
    ):
        assert process.wait(60) == 1
    assert log.read_text().endswith("the database has no schema yet: run the command `migrate`.\n")
    assert "Traceback" not in log.read_text()


def test_a_service_that_waits_for_its_database_ends_when_told_to(tmp_path: Path, issuer: Issuer) -> None:
    log = tmp_path / "log"
    nowhere = f"postgresql://lamps@127.0.0.1:{free_port()}/lamps"
    with log.open("wb") as written, running("all", variables(nowhere, issuer), log=written) as (process, _):
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM)
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
def test_a_database_that_lets_nobody_in_is_said_in_a_sentence(database: str, issuer: Issuer, command: str) -> None:
    elsewhere = urlsplit(database)._replace(path="/nodb").geturl()
    parts = urlsplit(database)
    assert (
        sentence(run(command, variables(elsewhere, issuer)))
        == f'PostgreSQL at {parts.hostname}:{parts.port} cannot be used (database "nodb" does not exist).'
    )
    stranger = parts._replace(netloc=f"stranger:wrong@{parts.netloc.rpartition('@')[2]}").geturl()
    assert "stranger" in sentence(run(command, variables(stranger, issuer)))
    odd = parts._replace(query="nonsense=1").geturl()
    assert 'unrecognized configuration parameter "nonsense"' in sentence(run(command, variables(odd, issuer)))


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
            "dead_letters": 0,
            "attention": [],
            "work": {},
            "ending": False,
        }
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM)


def test_a_worker_serves_its_health_alone(migrated_database: str, issuer: Issuer) -> None:
    with running("worker", variables(migrated_database, issuer)) as (_, address):
        assert httpx.get(f"{address}/live").status_code == 200
        assert "relay" in httpx.get(f"{address}/lamps/ready").json()["work"]
        assert httpx.get(f"{address}/v1/lamps", headers=bearer(issuer)).status_code == 404
        assert httpx.get(f"{address}/openapi.json").status_code == 404


def test_the_status_of_a_process_is_told_beside_it(migrated_database: str, issuer: Issuer) -> None:
    environment = variables(migrated_database, issuer)
    with running("worker", environment) as (process, address):
        beside = environment | {"PORT": address.rpartition(":")[2], "HOST": "0.0.0.0"}  # noqa: S104
        # Of the worker's database nothing is asked but by the worker.
        beside |= {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}
        told = run("status", beside)
        assert told.returncode == 0, told.stderr
        assert "relay" in json.loads(told.stdout)["work"]
        process.kill()
        process.wait()
        silent = run("status", beside)
        assert silent.returncode == 1
        assert silent.stdout.startswith(f"{address}/ready does not answer (")


def test_a_service_has_migrations_and_commands_of_its_own(
    database: str, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "0001_bulbs.sql").write_text("CREATE TABLE bulbs (id integer)")

    async def count(settings: Settings, arguments: list[str]) -> int:
        connection = await asyncpg.connect(resolve(settings.database_url))
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


def test_a_command_that_every_service_has_does_what_the_service_adds_as_well(
    migrated_database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def count(_: Settings, arguments: list[str]) -> int:
        print("counted", *arguments)
        return 7

    for name, value in variables(migrated_database, issuer).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["lamps", "refold", "lamp"])
    with pytest.raises(SystemExit) as ended:
        main(replace(service, commands={"refold": count}))
    assert ended.value.code == 7
    folded, *counted = capsys.readouterr().out.splitlines()
    assert "lamp" in folded
    assert counted[-1] == "counted lamp"


ROLES = get_args(Role)


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"path": "v1/lamps"}, "a path is made of"),
        ({"path": "/v1/lamps/"}, "a path is made of"),
        ({"reads": Reads(all=ROLES, public=("colour",))}, "colour is public, and no field of Lamp"),
        ({"reads": Reads(all=ROLES, own=("school",))}, "no field of Lamp tells which records are those of a school"),
        ({"reads": Reads(all=("town_hall",))}, "company decides on records that it may not read"),
        ({"reads": Reads(all=ROLES, public=("watts",), public_when=("broken",))}, "public when it is broken"),
        ({"reads": Reads(all=None, public=("watts",))}, "nothing more is to be said"),
        ({"decider": Decider("lamp", lamps.Lamp)}, "one decision creates"),
        ({"ground": "consent"}, "it names nobody, so there is no ground"),
        ({"decider": neighbours.requests}, "it names people, and does not say on what ground"),
    ],
)
def test_a_resource_that_could_not_be_served_is_refused(resource: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Resource(**{"decider": lamps.lamps, "path": "/v1/lamps", "reads": EVERYBODY, **resource})


def test_a_service_that_could_not_be_served_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        Service("Lamps", title="")
    with pytest.raises(TypeError, match="share a path"):
        Service("lamps", title="", resources=(service.resources[0], service.resources[0]))


def test_a_service_whose_streams_could_be_taken_for_each_other_is_refused() -> None:
    resources = (Resource(lamps.lamps, "/v1/lamps", EVERYBODY), Resource(lamps.lamps, "/v1/posts", EVERYBODY))
    with pytest.raises(TypeError, match="two resources have one category"):
        Service("lamps", title="", resources=resources)
