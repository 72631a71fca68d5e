"""Whoever handles what services publish: killed, frozen, many and few, and before messages that it cannot handle."""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from programme.checking import settle, topics_of
from programme.proxies import Proxy
from programme.running import PARTITIONS, PATIENCE, TERRITORY, Programme, accepts

from devstack.running import SERVICES
from employment.members import projects
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

REACTING: Final = ("employment", "mobility", "training", "youth-events")
"""Services that follow much of daily work, their own or others'."""
POISON: Final = 123_457
"""An amount that no fact is made of while a database has a fault."""
BEYOND: Final = 1_000_000
"""A position that no event has."""
WRITERS: Final = 30
ROUNDS: Final = 5
_FAULT: Final = """
    CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a fault'; END $$
"""
_MEMBERS: Final = 5
"""Where Kafka's description of a group has them."""


@pytest.fixture
def way(scene: Scene) -> Iterator[Proxy]:
    """A way to the databases for one process alone."""
    with Proxy(lambda: scene.programme.postgres.port).open() as way:
        yield way


async def test_a_subscriber_that_stood_still_beyond_its_session_changes_nothing(scene: Scene, way: Proxy) -> None:
    programme, service = scene.programme, scene.chance.choice([*REACTING, "indicators"])
    log = programme.folder / f"{service}.log"
    settings = {"DATABASE_URL": programme.database_by(way, service), "LOG_LEVEL": "INFO"}
    before = _found_out(log)
    worker = programme.begin_beside(service, "worker", changes=["waiting for answers"], **settings)
    try:
        async with scene.busy(), asyncio.timeout(PATIENCE):
            while _found_out(log) == before:
                await _shared_among(programme, {service: 2})
                # It has read something, and would move its marks: others do so before it can.
                await _told(way.hold_all(lambda chunk: b"BEGIN" in chunk))
                worker.freeze()
                await _shared_among(programme, {service: 1})
                await asyncio.sleep(scene.chance.uniform(1.0, 2.0))
                way.forward()
                worker.thaw()
                await asyncio.sleep(0.5)
    finally:
        worker.kill()
    await scene.is_whole(figures=True)


@pytest.mark.chosen
async def test_a_subscriber_is_killed_again_and_again_between_its_effects_and_its_mark(
    scene: Scene, way: Proxy
) -> None:
    programme, service = scene.programme, scene.chance.choice(REACTING)
    address = {"DATABASE_URL": programme.database_by(way, service)}
    ahead = kills = 0
    with _apart(programme, service):
        async with scene.busy(), asyncio.timeout(PATIENCE):
            while kills < 3 or not ahead:
                worker = programme.begin_beside(service, "worker", **address)
                try:
                    await _told(way.halve(_commit_of_a_reaction()))
                    ahead += await _ahead_of_their_marks(programme, service)
                finally:
                    worker.kill()
                    way.forward()
                kills += 1
    await scene.is_whole(figures=True)


async def test_replicas_become_six_and_then_two_under_load(scene: Scene) -> None:
    programme = scene.programme
    services = ["indicators", *scene.chance.sample(REACTING, 2)]
    workers = {service: [programme.begin_beside(service, "worker") for _ in range(5)] for service in services}
    try:
        async with scene.busy():
            await _shared_among(programme, dict.fromkeys(services, 6))
            await asyncio.sleep(scene.chance.uniform(0.5, 1.5))
            for several in workers.values():
                for worker in several[1:]:
                    await asyncio.to_thread(scene.chance.choice([worker.kill, worker.stop]))
            await _shared_among(programme, dict.fromkeys(services, 2))
            await asyncio.sleep(scene.chance.uniform(0.5, 1.5))
    finally:
        for several in workers.values():
            for worker in several:
                worker.kill()
    await scene.is_whole(figures=True)


@pytest.mark.chosen
async def test_what_cannot_be_handled_is_parked_with_its_stream_and_handled_in_order_once_it_can(scene: Scene) -> None:
    programme, clients = scene.programme, scene.clients
    company = await clients.company_joins()
    of_the_company = f"NEW.category = '{projects.category}' AND NEW.state ->> 'company' = '{company}'"
    faulty = {"indicators": ("facts", f"NEW.value = {POISON}"), "employment": ("streams", of_the_company)}
    for service, (table, row) in faulty.items():
        await programme.fetch(service, _FAULT)
        when = f"BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({row})"
        await programme.fetch(service, f"CREATE TRIGGER fault {when} EXECUTE FUNCTION fault()")
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        poisoned = await clients.company_invests(company, amount=POISON)
        await asyncio.sleep(0.5)
    await settle(programme)
    letters = {service: await _letters(programme, service) for service in faulty}
    for parked in letters.values():
        assert [stream for stream, _ in parked.values()] == [f"investment-{poisoned}"], letters
        assert all(behind for _, behind in parked.values()), letters
    # Of no other stream anything waits.
    assert await clients.faults_of_work() == []
    for service, parked in letters.items():
        for name in parked:
            assert (await programme.command(service, "dead-letters", "retry", name))[0] == 1
        await programme.fetch(service, "DROP FUNCTION fault CASCADE")
        for name in parked:
            assert (await programme.command(service, "dead-letters", "retry", name))[0] == 0
    async with asyncio.timeout(PATIENCE):
        # What waited behind follows by itself.
        while any([await _letters(programme, service) for service in faulty]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await scene.is_whole(figures=True)


async def test_events_of_a_later_release_are_parked_until_it_runs(scene: Scene) -> None:
    programme = scene.programme
    readers = ["indicators", scene.chance.choice(["employment", "training", "youth-events"])]
    async with scene.busy():
        for name in readers:
            await asyncio.to_thread(programme.processes[name].stop)
        programme.begin(readers, changes=["of a release before"])
        unknown = ("CompanyApplied, version 2", "InvestmentStarted, version 1")
        for name in readers:
            async with asyncio.timeout(PATIENCE):
                while not all([await _is_parked(programme, name, each) for each in unknown]):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            _, (letter, *_) = await programme.command(name, "dead-letters", "list", told=1)
            assert (await programme.command(name, "dead-letters", "retry", letter.split("\t")[0]))[0] == 1
        # Neither a partition stands still nor does a process end.
        await programme.until(lambda ready: not any("stopped" in told for told in ready["attention"]), readers)
        assert all(programme.processes[name].running for name in readers)
        for name in readers:
            await asyncio.to_thread(programme.processes[name].stop)
        programme.begin(readers)
    await programme.until(lambda ready: ready["dead_letters"] == 0, readers)
    await scene.is_whole()


@pytest.mark.chosen
async def test_a_crowded_stream_keeps_its_order_and_so_do_its_reactions_and_readers(scene: Scene) -> None:
    clients = scene.clients
    company, session = await clients.company_joins(), await clients.session_opens(seats=WRITERS * ROUNDS)

    async def write(writer: int) -> None:
        for number in range(ROUNDS):
            headcount = {"full_time_equivalents": writer * ROUNDS + number + 1}
            await clients.does("companies", f"/v1/companies/{company}/report-headcount", headcount)
            enrolment = await clients.trainee_applies(session)
            await clients.does("training", f"/v1/enrolments/{enrolment}/admit", {})

    async with scene.busy(at_once=1):
        await asyncio.gather(*map(write, range(WRITERS)))
    await scene.is_whole()
    for service, stream in (("companies", f"company-{company}"), ("training", f"session-{session}")):
        ((events,),) = await scene.programme.fetch(service, "SELECT count(*) FROM events WHERE stream_id = $1", stream)
        assert events >= WRITERS * ROUNDS


async def test_forged_records_are_noticed_and_not_applied_and_a_new_topic_is_free_of_them(scene: Scene) -> None:
    programme = scene.programme
    await scene.clients.works(1)
    await settle(programme)
    # What was folded from this topic is looked at no more.
    await scene.figures_are_those_of_the_topics()
    (topic, *_) = programme.topics("companies")
    readers = ("employment", "indicators", "training", "youth-events")
    async with scene.busy():
        await _forge(programme, topic, scene.chance)
        await programme.until(lambda ready: any("has stopped" in told for told in ready["attention"]), readers)
        assert (await programme.command("companies", "verify"))[0] == 1
        for name in readers:
            query = "SELECT max(position) FROM marks WHERE topic = $1"
            ((reached,),) = await programme.fetch(name, query, topic)
            assert reached < BEYOND
        # By the runbook.
        programme.versions["companies"] = 2
        for name in SERVICES:
            programme.processes[name].kill()
        programme.begin()
    await programme.until(accepts)
    # What was folded from the other topic stands still.
    assert (await programme.command("indicators", "forget"))[0] == 0
    await scene.is_whole(figures=True)
    assert (await programme.command("companies", "verify", told=1))[0] == 0
    # Another scene may go by the topic's first version.
    scene.stands = False


async def _forge(programme: Programme, topic: str, chance: random.Random) -> None:
    """Somebody writes into a topic: what is no event, comes from elsewhere, is there already, and leaves a gap."""
    bootstrap = programme.kafka.bootstrap
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        last: dict[int, ConsumerRecord] = {}
        while len(last) < PARTITIONS:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                last.update({record.partition: record for record in records})
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for partition, record in last.items():
            headers = dict(record.headers)
            beyond = {"ce_position": str(BEYOND).encode(), "ce_previous": str(BEYOND - 1).encode()}
            forged = [{}, headers | {"ce_source": b"/elsewhere/companies"}, headers, headers | beyond]
            for each in chance.sample(forged, len(forged)):
                await producer.send_and_wait(
                    topic, record.value, key=record.key, partition=partition, headers=list(each.items())
                )


def _commit_of_a_reaction() -> Callable[[bytes], bool]:
    """Chooses the end of the transaction that a reaction's marks are moved in, once it has appended something."""
    reacted = False

    def chosen(chunk: bytes) -> bool:
        nonlocal reacted
        reacted = reacted or b'"reaction"' in chunk
        return reacted and b"COMMIT" in chunk

    return chosen


async def _told(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, PATIENCE)


def _found_out(log: Path) -> int:
    """How often subscriptions of a service found out that others had handled what they were at."""
    return log.read_text().count("moved on by another owner")


@contextmanager
def _apart(programme: Programme, service: str) -> Iterator[None]:
    """At the service's address there is its API alone, as long as the block lasts."""
    programme.processes[service].stop()
    programme.processes[service] = programme.begin_beside(service, "api", PORT=str(programme.ports[service]))
    try:
        yield
    finally:
        programme.processes[service].stop()
        programme.begin([service])


async def _ahead_of_their_marks(programme: Programme, service: str) -> int:
    """How many events of others have led to something in a service, and are not known by its marks to be handled."""
    query = "SELECT DISTINCT metadata ->> 'causation_id' AS cause FROM events WHERE metadata ->> 'reaction' IS NOT NULL"
    causes = {row["cause"] for row in await programme.fetch(service, query)}
    marks = {
        (row["topic"], row["partition"]): row["position"]
        for row in await programme.fetch(service, "SELECT * FROM marks WHERE subscription = $1", f"{service}-reactions")
    }
    messages = [message for each in SERVICES for message in await topics_of(programme, each)]
    return sum(
        str(message.event_id) in causes and message.position > marks.get((message.topic, message.partition), 0)
        for message in messages
    )


async def _is_parked(programme: Programme, service: str, event: str) -> bool:
    """Whether a service has put an event aside that it does not know."""
    query = "SELECT FROM dead_letters WHERE reason LIKE '%UnknownEvent: no event ' || $1 || '%'"
    return bool(await programme.fetch(service, query, event))


async def _letters(programme: Programme, service: str) -> dict[str, tuple[str, int]]:
    """The streams that are parked, and how many messages wait behind the first of each, by the name of that."""
    rows = await programme.fetch(service, "SELECT id, stream_id, behind FROM dead_letters")
    return {row["id"]: (row["stream_id"], row["behind"]) for row in rows}


async def _shared_among(programme: Programme, wanted: Mapping[str, int]) -> None:
    """Waits until so many processes of each service share what it follows."""
    groups = {service: await _group_of(programme, service) for service in wanted}
    admin = AIOKafkaAdminClient(bootstrap_servers=programme.kafka.bootstrap)
    await admin.start()
    found: dict[str, int] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            while found != wanted:
                for service, group in groups.items():
                    (answer,) = await admin.describe_consumer_groups([group])
                    found[service] = len(answer.groups[0][_MEMBERS])
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{wanted} do not share the work, but {found}") from None
    finally:
        await admin.close()


async def _group_of(programme: Programme, service: str) -> str:
    """The consumer group of one of its subscriptions."""
    if service in REACTING:
        return f"{TERRITORY}.{service}-reactions"
    rows = await programme.fetch(service, "SELECT subscription FROM marks ORDER BY 1 LIMIT 1")
    return f"{TERRITORY}.{rows[0]['subscription']}"
