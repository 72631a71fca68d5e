"""A relay that dies or stands still in the middle of its transaction, and appends that come to their end late."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import Any, Final

import asyncpg
import pytest
from programme.checking import topics_of
from programme.running import PATIENCE, TERRITORY, accepts

from contracts import REGISTRY
from devstack.topics import read_topics
from faults.records import begin
from faults.scene import Scene, met

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

_LEADER: Final = """
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name = 'relay'
"""
_GIVEN: Final = """
    SELECT (SELECT last_value FROM pg_sequences WHERE sequencename = 'events_position_seq') AS given,
           (SELECT max(position) FROM events) AS seen
"""
_HELD_UP: Final = """
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'append' AND wait_event = 'transactionid'
"""


class Request(IntEnum):
    """What a relay asks of Kafka in the course of a transaction, by the numbers of its protocol."""

    ADD_PARTITIONS = 24
    PRODUCE = 0
    END = 26


def asks(request: Request, service: str) -> Callable[[bytes], bool]:
    """What chooses a request of the relay of a service."""
    relay = f"{TERRITORY}.{service}.v1.relay".encode()
    return lambda chunk: chunk[4:6] == request.to_bytes(2, "big") and relay in chunk


async def leader(scene: Scene, service: str) -> int | None:
    """Whose connection the lock of a service's relays is held by."""
    rows = await scene.programme.fetch(service, _LEADER)
    return rows[0]["pid"] if rows else None


async def is_in_mid_transaction(scene: Scene, service: str) -> bool:
    """Whether topics of a service hold what was not committed so far, under whichever transaction."""
    names = [f"{TERRITORY}.{name}.v1" for name in REGISTRY.topics_of(service)]
    sent = await read_topics(scene.programme.kafka.bootstrap, names, "read_uncommitted")
    committed = await topics_of(scene.programme, service)
    return max(each.position for each in sent) > max((each.position for each in committed), default=0)


async def published_all_of(scene: Scene, service: str) -> Callable[[dict[str, Any]], bool]:
    """What tells whether the relay of a process leads, and has sent all that a service has stored by now."""
    ((stored,),) = await scene.programme.fetch(service, "SELECT max(position) FROM events")

    def leads_so_far(ready: dict[str, Any]) -> bool:
        told = str(ready["work"]["relay"])
        return told.startswith("leading, at position ") and int(told.rpartition(" ")[2]) >= stored

    return leads_so_far


def stands_by(ready: dict[str, Any]) -> bool:
    """Whether the relay of a process waits for another's end."""
    return bool(ready["work"]["relay"] == "standing by")


@asynccontextmanager
async def holding_up(scene: Scene, service: str, before: str, key: str) -> AsyncIterator[asyncpg.Connection]:
    """As long as the block lasts, an append under a key waits with all that it has written: somebody may be about to
    write that key. `before` is that of an earlier command of the kind."""
    connection = await asyncpg.connect(scene.programme.database(service))
    try:
        transaction = connection.transaction()
        await transaction.start()
        done = await connection.execute(
            "INSERT INTO idempotency_keys (key, body_hash, stream_id, version, recorded_at)"
            " SELECT replace(key, $1, $2), body_hash, stream_id, version, recorded_at"
            " FROM idempotency_keys WHERE key LIKE '%' || $1",
            before,
            key,
        )
        assert done == "INSERT 0 1"
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()


@pytest.mark.chosen
async def test_relays_are_killed_with_their_transactions_open(scene: Scene) -> None:
    programme = scene.programme
    first, *others = scene.some()
    moments = {service: scene.chance.choice(list(Request)) for service in others} | {first: Request.END}
    # What is done by the last of these requests is done, only nobody hears of it.
    unheard = [service for service in others if scene.chance.random() < 0.5]

    async def dies(service: str) -> None:
        wait = programme.to_kafka.silence if service in unheard else programme.to_kafka.halve
        cut = wait(asks(moments[service], service))
        await begin(scene.clients, service)
        await met(cut)
        programme.processes[service].kill()
        if service == first:
            assert await is_in_mid_transaction(scene, service)
        programme.begin([service])

    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.2, 1.0))
        await asyncio.gather(*map(dies, moments))
        await programme.until(accepts, list(moments))
    await scene.is_whole()


@asynccontextmanager
async def letting_go_soon(scene: Scene, services: list[str]) -> AsyncIterator[None]:
    """As long as the block lasts, the relays that lead lose their lock when they stand still for some seconds."""
    programme = scene.programme
    programme.end(services)
    programme.begin(services, changes=["letting go of its lock soon"])
    await programme.until(accepts, services)
    yield
    programme.end(services)
    programme.begin(services)
    await programme.until(accepts, services)


async def test_a_relay_stands_still_in_mid_transaction_until_another_has_gone_on(scene: Scene) -> None:
    programme, services = scene.programme, scene.some(2)
    async with letting_go_soon(scene, services), scene.busy():
        for service in services:
            process = programme.processes[service]
            ending = programme.to_kafka.hold_back(asks(Request.END, service))
            sending = asyncio.create_task(begin(scene.clients, service))
            await met(ending)
            process.freeze()
            led = await leader(scene, service)
            assert await is_in_mid_transaction(scene, service)
            # Only now is there another, so that it is the first that stands still.
            async with scene.beside([service], "worker") as ports:
                await programme.until(await published_all_of(scene, service), [service], ports)
                leads = await leader(scene, service)
                assert leads not in (led, None)
                # It wakes, and is heard by Kafka only now that it was about to commit.
                process.thaw()
                programme.to_kafka.forward()
                await sending
                await programme.until(stands_by, [service])
                assert await leader(scene, service) == leads
    await scene.is_whole()


@pytest.mark.chosen
async def test_an_append_is_slow_while_others_commit(scene: Scene) -> None:
    async def is_slow(service: str, other: int) -> None:
        clients = scene.clients
        before = await begin(clients, service)
        key = str(uuid.uuid4())
        async with holding_up(scene, service, before.key, key) as connection:
            slow = asyncio.create_task(begin(clients, service, key=key))
            async with asyncio.timeout(PATIENCE):
                while not await connection.fetch(_HELD_UP):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            (given,) = await connection.fetch(_GIVEN)
            assert given["given"] > given["seen"], "it has its positions, and nobody sees them"
            others = [asyncio.create_task(begin(clients, service, port=port)) for port in (other, None, other)]
            await asyncio.sleep(scene.chance.uniform(0.2, 0.7))
            assert not slow.done()
        await asyncio.gather(slow, *others)

    async with scene.busy(), scene.beside(scene.some(), "api") as others:
        for _ in range(2):
            await asyncio.gather(*(is_slow(service, port) for service, port in others.items()))
    await scene.is_whole()
