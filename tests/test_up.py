"""`make up` as its user meets it: what it prints works, and nothing is lost, doubled or left behind."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from devstack import lodging
from devstack.child import Child
from devstack.ports import free_port
from devstack.running import FRONTENDS, SERVICES, Running, only_one
from devstack.servers import Postgres
from devstack.stack import Servers
from sample import LAST_DAY, stories

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(720)]

REPOSITORY = Path(__file__).parents[1]
STEPS = [step for story in stories(LAST_DAY) for step in story.steps]
EVIDENCED = sum((step.category.name, "investment" in step.body) == ("hire", True) for step in STEPS)
"""Jobs that hires evidence: each of these has lasted."""
EVENTS = EVIDENCED + sum(
    (step.category.service == "companies") + ((step.category.name, step.command) == ("synergy", "start"))
    for step in STEPS
)
"""Those of companies: one for each step that is told to it, and for each job that a hire evidences. The last company
that agrees to a synergy tells two, and each that starts had one such."""


class System:
    """The system as it runs on one state folder."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.port = free_port()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "DATABASE_URL", "KAFKA_BOOTSTRAP", "TERRITORY", "METRICS_PORT")
        } | {"STATE": str(self.state), "PORT": str(self.port), "COLUMNS": "200"}
        self._log = folder / "up.log"
        self._started: list[Child] = []

    def start(self) -> Child:
        self._log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "devstack", "up"]
        up = Child("make up", command, log=self._log, marker=str(self.state), environment=self.environment)
        self._started.append(up)
        return up

    def stop(self) -> None:
        for up in self._started:
            up.stop(signal.SIGTERM, seconds=20)

    def printed(self) -> str:
        return self._log.read_text()

    def all_printed(self) -> bool:
        return "Ctrl-C stops everything" in self.printed()

    def run(self, *command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )

    def followed(self, start: int, count: int) -> list[Any]:
        """The events from a position on that whoever follows is told, so many."""
        command = [sys.executable, "-m", "devstack", "topic", "--from", str(start), "--follow"]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as following:
            assert following.stdout
            events = [json.loads(following.stdout.readline()) for _ in range(count)]
            assert following.poll() is None
            following.terminate()
        return events

    def processes(self) -> list[str]:
        found = []
        data = (self.state / "postgres" / "data").resolve()
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if any(ours in line for ours in (str(self.state), str(data), f":{self.port}")):
                found.append(line)
        return found

    async def events(self) -> int:
        """How many events companies has recorded, once it has reacted to what the sample told others."""
        async with asyncio.timeout(30):
            while await self.count("SELECT count(*) FROM events WHERE type = 'JobEvidenced'") < EVIDENCED:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return await self.count("SELECT count(*) FROM events")

    async def count(self, query: str) -> int:
        running = json.loads((self.state / "running.json").read_text())
        connection = await asyncpg.connect(running["databases"]["companies"])
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close()


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    system = System(tmp_path)
    yield system
    system.stop()
    assert until(lambda: not system.processes()), system.processes()
    lodging.leave(system.state / "postgres" / "data")


def until(holds: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def walks() -> str:
    """The commands of the guide for frontends of a placement, a hire, a training, a target, and imports."""
    page = (REPOSITORY / "docs" / "frontends.md").read_text(encoding="utf-8")
    sections = page.split("## A pupil's placement")[1].split("## What another service knows")[0]
    return "\n".join(line[4:] for line in sections.splitlines() if line.startswith("    "))


def figures(printed: str) -> dict[str, tuple[str, str]]:
    """The value to the end of 2023 and the value now of each indicator in the printed table."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    return {row[0]: (row[2], row[3]) for row in rows}


async def test_what_it_prints_is_true_and_works_and_it_ends_with_sigterm(system: System) -> None:
    up = system.start()
    up.await_ready(system.all_printed, seconds=120)

    shown = figures(system.printed())
    assert shown["invested_productive"][0] == "22,000,000"
    assert shown["jobs_created"][0] == "55"
    assert shown["cost_per_job"][0] == "400,000"
    assert shown["members"][1] == "30"
    lines = re.findall(r"^│ ([1-7]) [^│]*│ (\w+)", system.printed(), re.MULTILINE)
    assert [axis for axis, _ in lines] == ["1", "2", "3", "4", "5", "6", "7"]
    assert dict(lines)["1"] == "late"
    assert (shown["reference_progress_2027"][1], shown["progress_2027"][1]) == ("0.50", "0.40")
    assert await system.events() == EVENTS
    assert await system.count("SELECT count(*) FROM events WHERE metadata->>'sample' = 'true'") == EVENTS

    read, write = re.findall(r"^ *(curl .*)$", system.printed(), re.MULTILINE)
    figure: dict[str, Any] = json.loads(system.run("sh", "-c", read).stdout)
    assert (figure["name"], figure["value"]) == ("jobs_created", 55)
    investment = json.loads(system.run("sh", "-c", write).stdout)
    assert investment["status"] == "announced"
    address, origin = f"http://localhost:{system.port}", {"Origin": FRONTENDS[0]}
    async with httpx.AsyncClient(base_url=address, headers=origin) as browser:
        for path, status in {"/": 200, "/companies": 200, "/companies/docs": 200, "/foo": 404, "/%0A": 404}.items():
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, FRONTENDS[0])
            assert status == 200 or answer.headers["content-type"] == "application/problem+json"
        long = await browser.get("/foo?" + "a" * 9000)
        assert (long.status_code, long.json()["type"]) == (414, "/companies/problems/target-too-long")
        assert long.headers["access-control-allow-origin"] == FRONTENDS[0]
    events = [json.loads(line) for line in system.run("make", "topic").stdout.splitlines()]
    assert [event["position"] for event in events] == list(range(1, EVENTS + 2))
    last = events[-1]
    assert (last["type"], last["subject"], last["sequence"]) == (
        "InvestmentAnnounced",
        f"investment-{investment['id']}",
        1,
    )
    assert last["data"]["amount"] == 250_000
    assert "sample" not in last
    assert events[0]["sample"] is True
    assert [json.loads(line) for line in system.run("make", "topic", f"FROM={EVENTS}").stdout.splitlines()] == events[
        -2:
    ]
    few = system.run("sh", "-c", "make topic | head -n 1")
    assert (few.returncode, few.stdout.count("\n"), few.stderr) == (0, 1, "")
    assert system.followed(EVENTS, 2) == events[-2:]
    for wrong, said in (("FROM=x", "FROM is x, which is not a position"), ("TOPIC=none", "There is no topic none")):
        refused = system.run("make", "topic", wrong)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith(said)

    walked = system.run(
        "sh", "-c", f'BASE_URL={address}; JSON="Content-Type: application/json"\n{walks()}', seconds=200
    )
    assert "agreement_signed\nstarted\ncompleted\nassessed\n" in walked.stdout, walked
    assert "dict_keys(['tutor', 'guardian'])" in walked.stdout, walked
    assert "open\naccepted\nrecorded\nsustained\n1\nqualified\n1\nplanned\nopen\nadmitted\n" in walked.stdout, walked
    assert "confirmed\ncompleted\ncertified\ncovered\nRNCP40216\nActive member companies\n" in walked.stdout, walked
    assert "proposed\nadopted\nin_progress\nin_progress\nin_progress\ndone\n" in walked.stdout, walked
    _, _, imported = walked.stdout.partition("in_progress\ndone\n")
    assert imported.startswith("done\nrefused\n/companies/problems/index-falls\nline,status,id,problem,"), walked
    assert ",refused,,index-falls,#/index," in imported, walked
    verified = system.run("make", "verify", seconds=450)
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout + verified.stderr

    second = system.run(sys.executable, "-m", "devstack", "up")
    assert (second.returncode, second.stderr.count("\n")) == (1, 1)
    assert "is already running on" in second.stderr

    up.stop(signal.SIGTERM, seconds=20)
    assert "Stopping (SIGTERM) ..." in system.printed()
    assert until(lambda: not system.processes(), seconds=1), system.processes()

    again = system.start()
    again.await_ready(system.all_printed, seconds=120)
    # An investment of the summary's, one that was walked through to a hire, and a meter that was read.
    assert await system.events() == EVENTS + 1 + 6 + 2
    again.stop(signal.SIGINT, seconds=20)


@pytest.mark.long
async def test_killed_in_the_middle_of_the_sample_it_goes_on_where_it_was(system: System) -> None:
    up = system.start()
    up.await_ready(lambda: (system.state / "running.json").exists(), seconds=60)
    sent = 0
    while sent < EVENTS // 4:
        try:
            sent = await system.count("SELECT count(*) FROM events")
        except asyncpg.PostgresError:
            sent = 0
    os.kill(up.pid, signal.SIGKILL)
    assert sent < EVENTS
    assert until(lambda: not system.processes()), system.processes()

    again = system.start()
    again.await_ready(system.all_printed, seconds=120)

    assert figures(system.printed())["jobs_created"][0] == "55"
    assert figures(system.printed())["members"][1] == "30"
    assert await system.events() == EVENTS
    verified = system.run("make", "verify", seconds=450)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    again.stop(signal.SIGTERM, seconds=20)


def test_a_kafka_that_stands_still_is_one_sentence_of_verify(system: System) -> None:
    sent = system.state / "postgres" / "sample-sent-issoudun"
    sent.parent.mkdir(parents=True)
    sent.touch()  # It takes the sample to be there: what it is filled with is nothing to Kafka's end.
    up = system.start()
    up.await_ready(system.all_printed, seconds=120)
    kafka = psutil.Process(int((system.state / "kafka" / "kafka.pid").read_text()))
    kafka.suspend()
    try:
        verified = system.run("make", "verify", seconds=450)
    finally:
        kafka.resume()

    assert verified.returncode == 2
    assert re.fullmatch(r"Kafka at \S+ does not answer\.\n", verified.stdout), verified
    kafka.kill()
    assert until(lambda: not up.running)
    assert "Stopping (Kafka ended) ..." in system.printed()


async def test_servers_given_by_address_are_used(system: System, tmp_path: Path, servers: Servers) -> None:
    territory = f"test-{uuid.uuid4().hex}"
    with Postgres(tmp_path / "given", durable=False) as postgres:
        system.environment |= {
            "DATABASE_URL": postgres.url,
            "KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
            "TERRITORY": territory,
        }
        up = system.start()
        up.await_ready(system.all_printed, seconds=120)

        assert not (system.state / "postgres").exists()
        assert not (system.state / "kafka").exists()
        assert figures(system.printed())["jobs_created"][0] == "55"
        assert await system.events() == EVENTS
        addresses = system.run("make", "env").stdout
        assert f"KAFKA_BOOTSTRAP={servers.kafka_bootstrap}\n" in addresses
        database = shlex.quote(postgres.database_url(f"{territory}_companies"))
        assert f"COMPANIES_DATABASE_URL={database}\n" in addresses
        (metrics_url,) = re.findall("METRICS_URL=(.*)\n", addresses)
        assert metrics_url in system.printed()
        told = system.run("curl", "-s", metrics_url).stdout
        assert set(re.findall('eventstore_confirmed{service="(.*)"} 1', told)) == {*SERVICES}
        up.stop(signal.SIGTERM, seconds=20)
        assert postgres.running


def test_a_taken_port_is_one_sentence(system: System) -> None:
    with socket.create_server(("127.0.0.1", system.port)):
        refused = system.run(sys.executable, "-m", "devstack", "up")

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Port {system.port} is taken")
    assert len(refused.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(system: System) -> None:
    system.state.write_text("a file where the folder should be")

    refused = system.run(sys.executable, "-m", "devstack", "up")

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Cannot write to {system.state}")
    assert len(refused.stderr.splitlines()) == 1


def test_a_missing_java_is_one_sentence(system: System) -> None:
    system.environment["PATH"] = ""
    system.environment.pop("JAVA_HOME", None)

    refused = system.run(sys.executable, "-m", "devstack", "up")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Kafka needs Java and none was found")
    assert len(refused.stderr.splitlines()) == 1


def test_servers_given_by_address_that_do_not_answer_are_one_sentence(system: System) -> None:
    system.environment["DATABASE_URL"] = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    system.environment["KAFKA_BOOTSTRAP"] = f"127.0.0.1:{free_port()}"

    refused = system.run(sys.executable, "-m", "devstack", "up")

    assert refused.returncode == 1
    assert refused.stderr.startswith("PostgreSQL at DATABASE_URL cannot be used")
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "postgresql://postgres:a/hunter2@127.0.0.1/postgres", "DATABASE_URL is not an address of"),
        ("CORS_ORIGINS", "hunter2", "Settings: CORS_ORIGINS must be origins as browsers send them"),
    ],
)
def test_a_setting_that_does_not_hold_is_one_sentence(system: System, name: str, value: str, said: str) -> None:
    system.environment[name] = value

    refused = system.run(sys.executable, "-m", "devstack", "up")

    assert refused.returncode == 1
    assert refused.stderr.startswith(said)
    assert len(refused.stderr.splitlines()) == 1
    assert "hunter2" not in refused.stderr


def test_a_given_kafka_that_does_not_answer_is_one_sentence_and_nothing_was_made(system: System, database: str) -> None:
    system.environment |= {"DATABASE_URL": database, "KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}"}

    refused = system.run(sys.executable, "-m", "devstack", "up")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Kafka at KAFKA_BOOTSTRAP cannot be used")
    assert len(refused.stderr.splitlines()) == 1
    assert not (system.state / "running.json").exists()
    assert not refused.stdout


@pytest.mark.parametrize(("option", "kind"), [("--scopes", "scope"), ("--roles", "role")])
def test_a_token_for_what_does_not_exist_is_refused(system: System, option: str, kind: str) -> None:
    asked = ["--scopes", "companies:read", option, "fishing"]

    refused = system.run(sys.executable, "-m", "devstack", "token", *asked)

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"There is no {kind} fishing: choose from ")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--roles", "company network"], "The role company acts for nobody yet: add COMPANY=<its SIRET>.\n"),
        (["--roles", "school"], "The role school acts for nobody yet: add SCHOOL=<its UAI>.\n"),
        (["--roles", "training_body"], "The role training_body acts for nobody yet: add TRAINING_BODY=<its SIRET>.\n"),
        (["--roles", "company", "--company", "00000001800010"], ""),
        (["--roles", "network", "--company", ""], ""),
        ([], ""),
    ],
)
def test_a_token_of_a_role_that_acts_for_nobody_says_what_to_add(
    system: System, monkeypatch: pytest.MonkeyPatch, asked: list[str], said: str
) -> None:
    monkeypatch.setenv("STATE", str(system.state))
    with only_one():
        Running(os.getpid(), f"http://localhost:{system.port}", "localhost:1", {}, "issoudun").save()
        given = system.run(sys.executable, "-m", "devstack", "token", "--scopes", "companies:read", *asked)

    assert (given.returncode, given.stderr) == (0, said)
    assert len(given.stdout.split(".")) == 3


def test_without_a_running_system_a_token_is_one_sentence(system: System) -> None:
    refused = system.run(sys.executable, "-m", "devstack", "token", "--scopes", "companies:read")

    assert refused.returncode == 1
    assert refused.stderr == "The system is not running: start it with make up, in another terminal.\n"


def test_without_a_running_system_a_topic_is_one_sentence(system: System) -> None:
    refused = system.run("make", "topic")

    assert refused.returncode == 2
    assert refused.stderr.startswith("The system is not running: start it with make up, in another terminal.\n")
