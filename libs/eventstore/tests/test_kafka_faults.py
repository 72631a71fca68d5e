"""Relays and subscriptions whose processes are killed, stopped and woken, and whose broker dies.

However it comes, who reads what is committed finds each event of the store once and in order, in its topic, and each
has had its effect once. Set SEED to repeat a run.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from devstack.servers import Kafka
from devstack.topics import read_topics, topic_faults
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Recorded, Store

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PATIENCE = 40


def topics_of(topic: str) -> Mapping[str, str]:
    """The topic of each type of event: keepers have one of their own."""
    return {"LampLit": topic, "KeeperPaid": topic.replace(".v1", ".persons.v1")}


class Processes:
    """Relays and subscriptions of a topic and that of its keepers, by process id."""

    def __init__(self, mother: "subprocess.Popen[str]", url: str, bootstrap: str, topic: str) -> None:
        self._mother = mother
        self._where = (url, bootstrap, ",".join(topics_of(topic).values()))
        self._begun: list[int] = []

    def begin(self, command: str) -> int:
        """Begins a process."""
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(" ".join([*self._where, command]) + "\n")
        self._mother.stdin.flush()
        self._begun.append(int(self._mother.stdout.readline()))
        return self._begun[-1]

    def close(self) -> None:
        """Ends them all."""
        for process in self._begun:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def mother() -> Iterator["subprocess.Popen[str]"]:
    """Begins the processes, quickly, having loaded all they need."""
    program = Path(__file__).with_name("eventstore_processes.py")
    command = [sys.executable, str(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as mother:
        yield mother


@pytest.fixture
def processes(mother: "subprocess.Popen[str]", migrated_database: str, kafka: str, topic: str) -> Iterator[Processes]:
    """Relays and subscriptions that end with the test."""
    begun = Processes(mother, migrated_database, kafka, topic)
    yield begun
    begun.close()


class Lamps:
    """Streams that events are appended to: of lamps, and of keepers."""

    def __init__(self, store: Store, count: int = 20) -> None:
        self._store = store
        kinds = ("lamp", "lamp", "keeper")
        self._versions = dict.fromkeys((f"{kinds[number % 3]}-{number}" for number in range(count)), 0)

    async def light(self, rounds: int = 1) -> None:
        """Appends an event to each stream, concurrently."""
        for _ in range(rounds):
            await asyncio.gather(*map(self._append, self._versions))
            await asyncio.sleep(0.02)

    async def _append(self, stream_id: str) -> None:
        version = self._versions[stream_id]
        category = stream_id.partition("-")[0]
        event = NewEvent("LampLit" if category == "lamp" else "KeeperPaid", 1, f'{{"hour": {version}}}')
        await self._store.append(Append(stream_id, category, version, [event], "{}", 1, "{}"))
        self._versions[stream_id] = version + 1

    async def all(self) -> list[Recorded]:
        """What was appended."""
        return await self._store.read(0, 1_000_000)


@asynccontextmanager
async def lamps_of(url: str) -> AsyncIterator[Lamps]:
    """Streams in a store that is closed with the block."""
    async with Store.open(url) as store:
        yield Lamps(store)


async def faults_when_complete(bootstrap: str, topic: str, events: list[Recorded]) -> list[str]:
    """What is wrong with the topics once they have as many events as the store."""
    deadline = time.monotonic() + PATIENCE
    while True:
        messages = await read_topics(bootstrap, topics_of(topic).values())
        if len(messages) >= len(events) or time.monotonic() > deadline:
            return topic_faults(messages, events, topics_of(topic))
        await asyncio.sleep(0.2)


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.05)


def is_stopped(process: int) -> bool:
    """Whether a process stands still."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def cut_off_the_leader(url: str) -> bool:
    """Ends the connection that holds the relays' lock, as a server that misses keepalives does."""
    connection = await asyncpg.connect(url)
    try:
        return bool(
            await connection.fetchval(
                "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
                " AND application_name = 'relay'"
            )
        )
    finally:
        await connection.close()


@pytest.fixture
def seed() -> int:
    """What chance depends on."""
    chosen = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={chosen}")
    return chosen


@pytest.mark.parametrize("fenced", [True, False])
async def test_a_relay_woken_in_mid_transaction_beside_its_successor_can_do_nothing(
    processes: Processes, migrated_database: str, kafka: str, topic: str, *, fenced: bool
) -> None:
    how = "" if fenced else " unfenced"
    async with lamps_of(migrated_database) as lamps:
        first = processes.begin(f"relay{how} stalls")
        while not is_stopped(first):
            await lamps.light()
            await asyncio.sleep(0.3)
        processes.begin(f"relay{how}")
        assert await cut_off_the_leader(migrated_database)
        await lamps.light()
        await asyncio.sleep(1.5)
        os.kill(first, signal.SIGCONT)
        await asyncio.sleep(0.5)
        await lamps.light()
        faults = await faults_when_complete(kafka, topic, await lamps.all())
    assert (faults == []) == fenced, faults


async def test_a_run_that_was_cut_off_before_its_commit_is_in_no_topic_and_then_in_both(
    processes: Processes, migrated_database: str, kafka: str, topic: str
) -> None:
    topics = topics_of(topic).values()
    async with lamps_of(migrated_database) as lamps:
        await lamps.light(rounds=2)
        relay = processes.begin("relay tens stalls")
        await until(lambda: is_stopped(relay))
        committed = await read_topics(kafka, topics)
        sent = await read_topics(kafka, topics, "read_uncommitted")
        assert sorted(message.position for message in committed) == list(range(1, 21))
        assert {message.topic for message in sent if message.position > 20} == {*topics}
        os.kill(relay, signal.SIGKILL)
        processes.begin("relay")
        assert await faults_when_complete(kafka, topic, await lamps.all()) == []


async def test_relays_killed_stopped_cut_off_and_woken_at_random_leave_each_event_once_and_in_order(
    processes: Processes, migrated_database: str, kafka: str, topic: str, seed: int
) -> None:
    chance = random.Random(seed)
    running = [processes.begin("relay") for _ in range(3)]
    stopped: list[int] = []
    async with lamps_of(migrated_database) as lamps:
        appending = asyncio.create_task(lamps.light(rounds=10_000))
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            await asyncio.sleep(chance.uniform(0.05, 0.5))
            match chance.choice(["kill", "stop", "stop", "wake", "cut off"]):
                case "kill" if running:
                    os.kill(running.pop(chance.randrange(len(running))), signal.SIGKILL)
                    running.append(processes.begin("relay"))
                case "stop" if len(running) > 1:
                    stopped.append(running.pop(chance.randrange(len(running))))
                    os.kill(stopped[-1], signal.SIGSTOP)
                    await cut_off_the_leader(migrated_database)
                case "wake" if stopped:
                    running.append(stopped.pop(chance.randrange(len(stopped))))
                    os.kill(running[-1], signal.SIGCONT)
                case "cut off":
                    await cut_off_the_leader(migrated_database)
        appending.cancel()
        await asyncio.gather(appending, return_exceptions=True)
        for process in stopped:
            os.kill(process, signal.SIGCONT)
        events = await lamps.all()
        assert await faults_when_complete(kafka, topic, events) == []
        assert len(events) > 500


async def test_a_broker_killed_and_paused_loses_and_doubles_nothing(
    mother: "subprocess.Popen[str]", migrated_database: str, tmp_path: Path, topic: str
) -> None:
    with (
        Kafka(tmp_path) as broker,
        contextlib.closing(Processes(mother, migrated_database, broker.bootstrap, topic)) as processes,
    ):
        processes.begin("relay")
        processes.begin("relay")
        async with lamps_of(migrated_database) as lamps:
            appending = asyncio.create_task(lamps.light(rounds=10_000))
            await asyncio.sleep(2)
            broker.kill()
            await asyncio.to_thread(broker.start)
            await asyncio.sleep(1)
            broker.pause()
            await asyncio.sleep(1)
            broker.resume()
            await asyncio.sleep(0.5)
            appending.cancel()
            await asyncio.gather(appending, return_exceptions=True)
            assert await faults_when_complete(broker.bootstrap, topic, await lamps.all()) == []


async def effects(url: str) -> tuple[int, int, int]:
    """How many effects there are, of how many events, and how many came out of order within their stream."""
    connection = await asyncpg.connect(url)
    try:
        (row,) = await connection.fetch(
            "SELECT count(*), count(DISTINCT event_id), count(*) FILTER (WHERE version <> before + 1) FROM ("
            "SELECT *, lag(version, 1, 0) OVER (PARTITION BY stream_id ORDER BY number) AS before FROM effects) AS e"
        )
        return row[0], row[1], row[2]
    finally:
        await connection.close()


@pytest.fixture
async def noting(migrated_database: str) -> str:
    """A database where effects are noted."""
    connection = await asyncpg.connect(migrated_database)
    await connection.execute("CREATE TABLE effects (number bigserial, event_id uuid, stream_id text, version integer)")
    await connection.close()
    return migrated_database


async def effects_when_complete(url: str, events: int) -> tuple[int, int, int]:
    """The effects, once each event had one."""
    deadline = time.monotonic() + PATIENCE
    while True:
        _, noted, _ = await effects(url)
        if noted >= events or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    # For what comes too often to come.
    await asyncio.sleep(0.5)
    return await effects(url)


@pytest.mark.parametrize("how", ["", " unsafe"])
async def test_what_a_subscriber_does_that_was_stopped_beyond_its_session_changes_nothing(
    processes: Processes, noting: str, how: str
) -> None:
    processes.begin("relay")
    async with lamps_of(noting) as lamps:
        await lamps.light()
        first = processes.begin(f"subscription stalls{how}")
        await until(lambda: is_stopped(first))
        processes.begin("subscription")
        await effects_when_complete(noting, events=20)
        os.kill(first, signal.SIGCONT)
        await asyncio.sleep(1)
        await lamps.light()
        total, events, disorder = await effects_when_complete(noting, events=40)
    assert events == 40
    assert (total, disorder) == (40, 0) if how == "" else total > 40


async def test_each_event_has_its_effect_once_while_subscribers_come_go_and_stand_still(
    processes: Processes, noting: str, seed: int
) -> None:
    chance = random.Random(seed)
    processes.begin("relay")
    running = [processes.begin("subscription")]
    stopped: list[int] = []
    async with lamps_of(noting) as lamps:
        appending = asyncio.create_task(lamps.light(rounds=10_000))
        ends = time.monotonic() + 6
        while time.monotonic() < ends:
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            match chance.choice(["begin", "kill", "stop", "wake"]):
                case "begin" if len(running) < 3:
                    running.append(processes.begin("subscription"))
                case "kill" if len(running) > 1:
                    os.kill(running.pop(chance.randrange(len(running))), signal.SIGKILL)
                case "stop" if len(running) > 1:
                    stopped.append(running.pop(chance.randrange(len(running))))
                    os.kill(stopped[-1], signal.SIGSTOP)
                case "wake" if stopped:
                    running.append(stopped.pop(chance.randrange(len(stopped))))
                    os.kill(running[-1], signal.SIGCONT)
        appending.cancel()
        await asyncio.gather(appending, return_exceptions=True)
        for process in stopped:
            os.kill(process, signal.SIGCONT)
        appended = len(await lamps.all())
        assert await effects_when_complete(noting, appended) == (appended, appended, 0)
        assert appended > 500
