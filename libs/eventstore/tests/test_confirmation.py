"""A store that was restored, copied or promoted appends only once it holds what its topic ends with."""

import asyncio
import json
import os
import subprocess
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from devstack.postgres import INSTALLED
from devstack.prepared import prepare
from devstack.servers import Postgres
from devstack.topics import delete_topic, read_topic, read_topics, topic_faults
from eventstore.kafka.envelope import Message
from eventstore.postgres import importing
from eventstore.postgres.appending import Append, ClaimTaken, DueAt, Holding, NewEvent
from eventstore.postgres.confirmation import StoreUnconfirmed, confirm
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.derived import Derived
from eventstore.postgres.ids import new_id
from eventstore.postgres.migrate import migrate
from eventstore.postgres.store import Recorded, Store
from eventstore.publishing.reconciliation import CannotReconcile, Reconciled, compare, reconcile
from eventstore.publishing.relay import Relay
from eventstore.subscribing.subscription import Subscription

pytestmark = pytest.mark.anyio

PARTITIONS = 3


NIGHT = datetime(2026, 5, 4, 22, tzinfo=UTC)


def lit(times: int, fuse: str | None) -> Derived:
    """A lamp that was lit so often: it is found by that, and where it has a fuse holds it, and is put out at night."""
    holds = [Holding("fuse-taken", fuse, None, None, 1, None)] if fuse else []
    due = [DueAt("PutOut", "{}", NIGHT)] if fuse else []
    return Derived("lamp", f'{{"lit": {times}}}', 1, f"'{times}'", 7, [("lit", f"{times}")], holds, due, [])


def fold(history: Sequence[Recorded]) -> Derived | None:
    """Lamps count how often they were lit, keepers how often they were paid, and nothing else makes sense."""
    if any(event.type not in ("LampLit", "KeeperPaid") for event in history):
        return None
    return lit(len(history), json.loads(history[-1].data).get("fuse"))


@dataclass
class Town:
    """One database of lamps, and the topic it is published to; or topics, by the types of events."""

    url: str
    kafka: str
    topic: str
    types: Mapping[str, str] | None = None

    async def light(self, *lamps: str, after: int = 0, event: str = "LampLit", fuse: str | None = None) -> None:
        """Lights lamps that were lit so often before."""
        new = NewEvent(event, 1, json.dumps({"fuse": fuse} if fuse else {}))
        category, state, revision, labels, labelling, order, holds, due, _ = lit(after + 1, fuse)
        async with Store.open(self.url) as store:
            for lamp in lamps:
                await store.append(
                    Append(
                        lamp,
                        category,
                        after,
                        [new],
                        state,
                        revision,
                        "{}",
                        labels=labels,
                        labelling=labelling,
                        order=order,
                        holds=holds,
                        due=due,
                        due_anew=True,
                    )
                )

    async def beside(self) -> dict[str, list[tuple[object, ...]]]:
        """What stands beside the events of lamps: what they hold, have due, and are sorted and found by."""
        asked = {
            "claims": "SELECT stream_id, kind, key, since, until, amount, most FROM claims ORDER BY stream_id",
            "due": "SELECT stream_id, name, body, at FROM due ORDER BY stream_id",
            "order": "SELECT stream_id, field, value FROM ordered ORDER BY stream_id",
            "labels": "SELECT stream_id, labels::text, labelling FROM streams ORDER BY stream_id",
        }
        connection = await asyncpg.connect(self.url)
        try:
            return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in asked.items()}
        finally:
            await connection.close()

    async def events(self) -> list[Recorded]:
        """All that is stored."""
        async with Store.open(self.url) as store:
            return await store.read(0, 10_000)

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[Relay]:
        """A relay that runs as long as the block."""
        relay = Relay(self.url, topic=self.topic, types=self.types, bootstrap=self.kafka, partitions=PARTITIONS)
        running = asyncio.create_task(relay.run())
        try:
            yield relay
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def publish(self) -> None:
        """Brings all that is stored into the topic."""
        last = (await self.events())[-1].position
        async with self.relay() as relay, asyncio.timeout(20):
            while not (relay.leading and relay.mark >= last):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def refusal(self) -> str:
        """What a relay says that does not lead, as its store differs."""
        async with self.relay() as relay, asyncio.timeout(20):
            while not (said := relay.error or "").startswith("StoreDiffers"):
                assert not relay.leading
                await asyncio.sleep(0.01)
            return said

    async def reconcile(self, beyond: int | None = None) -> Reconciled:
        """What the command of that name does."""
        connection = await asyncpg.connect(self.url)
        try:
            return await reconcile(connection, self.kafka, self.topic, fold, types=self.types, beyond=beyond)
        finally:
            await connection.close()

    async def differences(self) -> list[str]:
        """What the command `verify` says."""
        connection = await asyncpg.connect(self.url)
        try:
            return (await compare(connection, self.kafka, self.topic, self.types)).told()
        finally:
            await connection.close()

    async def is_whole(self) -> bool:
        """Whether the topics hold just what is stored, once and in order."""
        topics = {self.topic, *(self.types or {}).values()}
        return topic_faults(await read_topics(self.kafka, topics), await self.events(), self.types) == []


@pytest.fixture
async def town(migrated_database: str, kafka: str, topic: str) -> Town:
    """A town whose first ten lamps are lit, and published."""
    town = Town(migrated_database, kafka, topic)
    await town.light(*(f"lamp-{number}" for number in range(10)))
    await town.publish()
    return town


@pytest.fixture
async def staffed(town: Town) -> Town:
    """The town with two keepers, whose events are in a topic of their own."""
    keepers = town.topic.replace(".v1", ".persons.v1")
    staffed = replace(town, types={"LampLit": town.topic, "KeeperPaid": keepers})
    await staffed.light("keeper-1", "keeper-2", event="KeeperPaid")
    await staffed.publish()
    return staffed


async def run(program: str, *arguments: str, given: bytes = b"") -> bytes:
    """What one of PostgreSQL's programs writes."""

    def call() -> bytes:
        command = [str(INSTALLED / "bin" / program), *arguments]
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return await asyncio.to_thread(call)


async def dump(url: str) -> bytes:
    """What pg_dump writes of a database."""
    return await run("pg_dump", url)


async def restore(url: str, dumped: bytes) -> str:
    """The address of a new database of the same server, restored from a dump."""
    name = f"test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    await connection.close()
    restored = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    await run("psql", "-q", "-v", "ON_ERROR_STOP=1", restored, given=dumped)
    return restored


@pytest.fixture
async def restored(town: Town) -> Town:
    """The town restored from a dump, after which eight more events had been recorded and published."""
    dumped = await dump(town.url)
    await town.light(*(f"lamp-{number}" for number in range(5)), after=1)
    await town.light("lamp-20", "lamp-21", "lamp-22")
    await town.publish()
    return Town(await restore(town.url, dumped), town.kafka, town.topic)


async def test_a_database_that_was_only_migrated_does_not_append(database: str) -> None:
    await migrate(database)
    async with Store.open(database) as store:
        assert not (await store.standing(None)).confirmed
        with pytest.raises(StoreUnconfirmed):
            await store.append(Append("lamp-1", "lamp", 0, [NewEvent("LampLit", 1, "{}")], "{}", 1, "{}"))


async def test_a_new_store_beside_a_new_topic_is_confirmed_by_its_relay(database: str, kafka: str, topic: str) -> None:
    await migrate(database)
    town = Town(database, kafka, topic)
    async with town.relay() as relay, asyncio.timeout(20):
        while not relay.leading:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await town.light("lamp-1")
    await town.publish()
    assert await town.is_whole()


async def test_a_new_store_beside_the_topic_of_another_appends_nothing(town: Town) -> None:
    empty = Town(await restore(town.url, b""), town.kafka, town.topic)
    await migrate(empty.url)
    assert "at position 10, and the store does not" in await empty.refusal()
    with pytest.raises(StoreUnconfirmed):
        await empty.light("lamp-1")


async def test_a_restored_store_appends_nothing_and_is_reconciled(restored: Town) -> None:
    with pytest.raises(StoreUnconfirmed):
        await restored.light("lamp-9", after=1)
    assert "command `reconcile`" in await restored.refusal()
    with pytest.raises(StoreUnconfirmed):
        await restored.light("lamp-9", after=1)
    assert len(await restored.differences()) == 8

    done = await restored.reconcile()

    assert [message.position for message in done.taken_back] == list(range(11, 19))
    assert (done.lost, done.moved, done.goes_on_after) == ([], [], 18)
    async with Store.open(restored.url) as store:
        lamp, late = await store.load("lamp-3"), await store.load("lamp-21")
        assert lamp is not None
        assert late is not None
        assert (lamp.version, lamp.state, lamp.is_fresh(1)) == (2, '{"lit": 2}', True)
        assert (late.version, late.state, late.is_fresh(1)) == (1, '{"lit": 1}', True)
    await restored.light("lamp-9", after=1)
    await restored.publish()
    assert await restored.differences() == []
    assert await restored.is_whole()


async def test_a_restored_store_that_went_on_is_found_out_and_nothing_it_recorded_is_lost(restored: Town) -> None:
    # As a release did that did not look: the same lamps again, other ones, and past the end of the topic.
    connection = await asyncpg.connect(restored.url)
    await confirm(connection)
    await restored.light(*(f"lamp-{number}" for number in range(4)), after=1)
    await restored.light(*(f"lamp-{number}" for number in range(30, 36)))
    recorded = await restored.events()
    assert recorded[-1].position > 18

    assert "the store does not" in await restored.refusal()
    with pytest.raises(StoreUnconfirmed):
        await restored.light("lamp-99")
    done = await restored.reconcile()

    # What the new timeline has gone beyond is lost; what only the old one had is taken back.
    assert [message.stream_id for message in done.lost] == ["lamp-0", "lamp-1", "lamp-2", "lamp-3"]
    assert [message.stream_id for message in done.taken_back] == ["lamp-4", "lamp-20", "lamp-21", "lamp-22"]
    assert [event.stream_id for event in done.moved] == [event.stream_id for event in recorded[10:18]]
    await restored.publish()
    assert await restored.differences() == []
    published = await read_topic(restored.kafka, restored.topic)
    assert {event.event_id for event in await restored.events()} == (
        {message.event_id for message in published} - {message.event_id for message in done.lost}
    )
    assert await connection.fetchval("SELECT count(*) FROM lost_events") == 4
    await connection.close()


async def test_what_is_held_and_due_is_as_it_was_at_once(town: Town) -> None:
    await town.light("lamp-1", after=1, fuse="hall")
    await town.light("lamp-2", after=1, fuse="yard")
    dumped = await dump(town.url)
    await town.light("lamp-1", after=2)
    await town.light("lamp-2", after=2, fuse="yard")
    await town.light("lamp-3", after=1)
    await town.light("lamp-3", after=2, fuse="hall")
    await town.light("lamp-20", fuse="quay")
    await town.publish()
    restored = Town(await restore(town.url, dumped), town.kafka, town.topic)
    connection = await asyncpg.connect(restored.url)
    await connection.execute(
        "UPDATE due SET parked_at = now(), parked_on = 2, reason = 'none' WHERE stream_id = 'lamp-2'"
    )
    assert (await restored.reconcile()).collisions == []
    assert await restored.beside() == await town.beside()
    assert await connection.fetchval("SELECT reason FROM due WHERE stream_id = 'lamp-2'") == "none"
    await connection.close()
    for fuse, holder in (("hall", "lamp-3"), ("quay", "lamp-20")):
        with pytest.raises(ClaimTaken, match=holder):
            await restored.light("lamp-9", after=1, fuse=fuse)
    await restored.light("lamp-3", after=3)
    await restored.light("lamp-9", after=1, fuse="hall")


async def test_what_was_published_is_taken_back_though_somebody_else_holds_the_same_by_now(town: Town) -> None:
    dumped = await dump(town.url)
    await town.light("lamp-0", after=1, fuse="yard")
    await town.light("lamp-1", after=1, fuse="hall")
    await town.publish()
    restored = Town(await restore(town.url, dumped), town.kafka, town.topic)
    connection = await asyncpg.connect(restored.url)
    await confirm(connection)
    await connection.close()
    # At the positions of the two.
    await restored.light("lamp-0", after=1, fuse="quay")
    await restored.light("lamp-30", fuse="hall")
    recorded = await restored.events()

    done = await restored.reconcile()

    assert [message.stream_id for message in done.taken_back] == ["lamp-1"]
    assert [message.stream_id for message in done.lost] == ["lamp-0"]
    assert done.moved == recorded[-2:]
    assert done.collisions == [("fuse-taken", "hall", ["lamp-1", "lamp-30"], None, None)]
    assert [row[:3] for row in (await restored.beside())["claims"]] == [
        ("lamp-0", "fuse-taken", "quay"),
        ("lamp-1", "fuse-taken", "hall"),
        ("lamp-30", "fuse-taken", "hall"),
    ]
    await restored.light("lamp-30", after=1, fuse="hall")
    await restored.light("lamp-1", after=2)
    with pytest.raises(ClaimTaken):
        await restored.light("lamp-9", after=1, fuse="hall")
    await restored.publish()
    assert (await restored.reconcile()).collisions == []


async def test_what_makes_no_sense_here_is_lost_rather_than_taken_back(town: Town) -> None:
    dumped = await dump(town.url)
    await town.light("lamp-1", after=1, event="LampStolen")
    await town.light("lamp-1", after=2)
    await town.publish()
    restored = Town(await restore(town.url, dumped), town.kafka, town.topic)
    done = await restored.reconcile()
    assert [(message.type, message.version) for message in done.lost] == [("LampStolen", 2), ("LampLit", 3)]
    await restored.light("lamp-1", after=1)
    await restored.publish()


async def test_a_store_restored_beside_a_lost_topic_goes_beyond_what_subscribers_have_seen(restored: Town) -> None:
    await delete_topic(restored.kafka, restored.topic)
    assert "whether it was restored cannot be told" in await restored.refusal()
    with pytest.raises(StoreUnconfirmed):
        await restored.light("lamp-9", after=1)
    with pytest.raises(CannotReconcile, match="--beyond"):
        await restored.reconcile()
    with pytest.raises(StoreUnconfirmed):
        await restored.light("lamp-9", after=1)
    assert (await restored.reconcile(beyond=1000)).goes_on_after == 1000
    await restored.light("lamp-9", after=1)
    assert (await restored.events())[-1].position == 1001


async def test_a_lost_topic_is_filled_by_the_store_that_was_confirmed(town: Town) -> None:
    await delete_topic(town.kafka, town.topic)
    await town.light("lamp-1", after=1)
    await town.publish()
    assert await town.is_whole()


async def test_tables_restored_in_place_are_not_the_ones_that_were_confirmed(town: Town) -> None:
    async with Store.open(town.url) as store:
        lit = Append("lamp-1", "lamp", 1, [NewEvent("LampLit", 1, "{}")], "{}", 1, "{}")
        await store.append(lit)
        await store.pool.execute("ALTER TABLE events RENAME TO old; CREATE TABLE events (LIKE old INCLUDING ALL)")
        with pytest.raises(StoreUnconfirmed):
            await store.append(lit._replace(expected=2))


async def test_what_was_imported_when_a_store_was_saved_is_not_gone_on_with(restored: Town) -> None:
    ended, open_ = new_id(), new_id()
    async with Store.open(restored.url) as store:
        for import_ in (ended, open_):
            about = {"sender": "c", "form": "{}", "metadata": "{}"}
            await importing.begin(store.pool, import_, partial=False, **about)
            await importing.add_part(store.pool, import_, 0, [(1, "{}")])
            await importing.settle(store.pool, import_, import_.bytes, 1)
        await importing.end(store.pool, ended, "done")
        await restored.reconcile()
        found = {each.id: each.status for each in await importing.latest(store.pool, "c", 10)}
        assert found == {ended: "done", open_: "halted"}
        assert await importing.next_open(store.pool) is None
        assert await store.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_a_store_does_not_reconcile_while_a_relay_leads(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventstore.publishing.reconciliation.PATIENCE", 0.5)
    async with town.relay() as relay, asyncio.timeout(20):
        while not relay.leading:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        with pytest.raises(CannotReconcile, match="a relay leads"):
            await town.reconcile()


async def test_verify_tells_of_whatever_is_wrong(town: Town) -> None:
    connection = await asyncpg.connect(town.url)
    assert await town.differences() == []
    await connection.execute('UPDATE events SET data = \'{"by": "night"}\' WHERE position = 3')
    await connection.execute("DELETE FROM events WHERE position = 7")
    await connection.execute(
        "INSERT INTO events (position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)"
        " OVERRIDING SYSTEM VALUE VALUES (7, 'lamp-50', 1, gen_random_uuid(), 'LampLit', 1, '{}', '{}', now())"
    )
    await connection.close()
    something_else, not_stored, unpublished = await town.differences()
    assert "the store has something else" in something_else
    assert "position 7 is not in the store" in not_stored
    assert "position 7 is not in the topic" in unpublished


async def test_a_restored_store_is_refused_where_one_of_two_topics_is_ahead(staffed: Town) -> None:
    dumped = await dump(staffed.url)
    await staffed.light("keeper-1", after=1, event="KeeperPaid")
    await staffed.light("keeper-3", event="KeeperPaid")
    await staffed.publish()
    restored = replace(staffed, url=await restore(staffed.url, dumped))
    keepers = staffed.types["KeeperPaid"] if staffed.types else ""

    assert f"the topic {keepers} holds event" in await restored.refusal()
    with pytest.raises(StoreUnconfirmed):
        await restored.light("lamp-1", after=1)
    done = await restored.reconcile()

    assert [(message.topic, message.position) for message in done.taken_back] == [(keepers, 13), (keepers, 14)]
    assert (done.moved, done.lost, done.goes_on_after) == ([], [], 14)
    await restored.light("lamp-1", after=1)
    await restored.publish()
    assert await restored.differences() == []
    assert await restored.is_whole()


async def test_what_a_restored_store_recorded_beside_two_topics_is_published_to_its_own(staffed: Town) -> None:
    dumped = await dump(staffed.url)
    await staffed.light("keeper-1", after=1, event="KeeperPaid")
    await staffed.light("lamp-1", "lamp-2", after=1)
    await staffed.publish()
    restored = replace(staffed, url=await restore(staffed.url, dumped))
    connection = await asyncpg.connect(restored.url)
    await confirm(connection)
    await connection.close()
    # At the positions of the three, and past them: what one topic gave to a lamp is here a keeper's.
    await restored.light("lamp-2", after=1)
    await restored.light("keeper-2", after=1, event="KeeperPaid")
    await restored.light("lamp-1", after=1)
    await restored.light("keeper-3", event="KeeperPaid")
    recorded = await restored.events()

    done = await restored.reconcile()

    assert [message.stream_id for message in done.taken_back] == ["keeper-1"]
    assert [message.stream_id for message in done.lost] == ["lamp-1", "lamp-2"]
    assert done.moved == recorded[12:15]
    await restored.publish()
    assert await restored.differences() == []
    lost = {message.event_id for message in done.lost}
    topics = set((restored.types or {}).values())
    published = [each for each in await read_topics(restored.kafka, topics) if each.event_id not in lost]
    assert sorted((message.position, message.event_id) for message in published) == [
        (event.position, event.event_id) for event in await restored.events()
    ]
    assert all((restored.types or {})[message.type] == message.topic for message in published)


async def test_where_one_of_two_topics_is_lost_its_events_get_no_new_positions(staffed: Town) -> None:
    await staffed.light("lamp-1", after=1)
    await staffed.publish()
    before = await staffed.events()
    await delete_topic(staffed.kafka, (staffed.types or {})["KeeperPaid"])
    connection = await asyncpg.connect(staffed.url)
    compared = await compare(connection, staffed.kafka, staffed.topic, staffed.types)
    await connection.close()
    assert compared.absent == [(staffed.types or {})["KeeperPaid"]]
    assert [event.position for event in compared.behind] == [11, 12]
    assert len(compared.told()) == 2

    done = await staffed.reconcile()

    assert (done.moved, done.taken_back, done.lost) == ([], [], [])
    await staffed.light("keeper-1", after=1, event="KeeperPaid")
    await staffed.publish()
    assert (await staffed.events())[:-1] == before
    assert await staffed.is_whole()


async def test_a_store_restored_beside_one_lost_topic_goes_beyond_what_its_subscribers_have_seen(staffed: Town) -> None:
    dumped = await dump(staffed.url)
    await staffed.light("keeper-1", after=1, event="KeeperPaid")
    await staffed.publish()
    restored = replace(staffed, url=await restore(staffed.url, dumped))
    await delete_topic(staffed.kafka, (staffed.types or {})["KeeperPaid"])

    assert "whether it was restored cannot be told" in await restored.refusal()
    with pytest.raises(StoreUnconfirmed):
        await restored.light("keeper-1", after=1, event="KeeperPaid")
    with pytest.raises(CannotReconcile, match="--beyond"):
        await restored.reconcile()
    assert (await restored.reconcile(beyond=100)).moved == []
    await restored.light("keeper-1", after=1, event="KeeperPaid")
    await restored.publish()
    assert [event.position for event in await restored.events()] == [*range(1, 13), 101]
    assert await restored.is_whole()


async def test_an_event_in_another_topic_than_its_own_is_a_fault(town: Town) -> None:
    await town.light("keeper-1", event="KeeperPaid")
    await town.publish()
    keepers = town.topic.replace(".v1", ".persons.v1")
    (fault,) = await replace(town, types={"LampLit": town.topic, "KeeperPaid": keepers}).differences()
    assert fault.startswith("KeeperPaid")
    assert fault.endswith(f"it belongs in {keepers}")
    assert "is not known to this release" in (await replace(town, types={"LampLit": town.topic}).differences())[0]


@pytest.mark.slow
async def test_a_promoted_replica_that_lagged_appends_nothing_until_it_is_reconciled(
    tmp_path: Path, kafka: str, topic: str
) -> None:
    with Postgres(tmp_path / "primary", durable=False) as primary:
        await prepare(primary.url)
        town = Town(primary.url, kafka, topic)
        await town.light("lamp-1", "lamp-2")
        await town.publish()
        replica = Postgres(tmp_path / "replica", durable=False)
        await run("pg_basebackup", "-R", "-d", primary.url, "-D", str(replica.folder / "data"))
        if os.geteuid() == 0:
            # The server runs as another user then.
            await asyncio.to_thread(subprocess.run, ["chown", "-R", "nobody", str(replica.folder)], check=True)
        with replica:
            promoted = Town(replica.url, kafka, topic)
            async with Store.open(replica.url) as store:
                lit = Append("lamp-1", "lamp", 1, [NewEvent("LampLit", 1, "{}")], "{}", 1, "{}")
                with pytest.raises(StoreUnavailable) as read_only:
                    await store.append(lit)
                assert not isinstance(read_only.value, StoreUnconfirmed)
                connection = await asyncpg.connect(replica.url)
                # From here on it gets nothing more.
                await connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
                await connection.execute("SELECT pg_reload_conf()")
                while await connection.fetchval("SELECT count(*) FROM pg_stat_wal_receiver"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                await town.light("lamp-1", after=1)
                await town.publish()
                primary.kill()
                await connection.execute("SELECT pg_promote(true, 30)")
                await connection.close()

                with pytest.raises(StoreUnconfirmed):
                    await store.append(lit)
                assert "a replica that lagged" in await promoted.refusal()
                assert len((await promoted.reconcile()).taken_back) == 1
                await store.append(lit._replace(expected=2))
            await promoted.publish()
            assert await promoted.is_whole()


async def test_a_topic_refilled_in_no_time_hides_nothing_from_who_was_reading_it(town: Town) -> None:
    """A reader that goes on at its offset in a topic of the same name would miss what now lies before that."""
    seen: list[int] = []

    async def see(_: asyncpg.Connection, messages: Sequence[Message]) -> None:
        seen.extend(message.position for message in messages)

    # One transaction each, so that the offsets run ahead of what they will be when all is filled in one go.
    for after in range(1, 15):
        await town.light("lamp-1", after=after)
        await town.publish()
    async with asyncpg.create_pool(town.url) as pool:
        subscription = Subscription("see", topics=[town.topic], bootstrap=town.kafka, pool=pool, handle=see)
        running = asyncio.create_task(subscription.run())
        try:
            async with asyncio.timeout(30):
                while len(seen) < 24:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                await delete_topic(town.kafka, town.topic)
                for after in range(15, 60):
                    await town.light("lamp-1", after=after)
                await town.publish()
                while len(seen) < 69:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert sorted(seen) == [event.position for event in await town.events()]
