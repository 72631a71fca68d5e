"""Whoever handles what services publish: killed, frozen, many and few, and before messages that it cannot handle."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from programme.checking import topics_of
from programme.processes import Process
from programme.proxies import Proxy
from programme.running import PATIENCE, TERRITORY, Programme

from devstack.running import SERVICES
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(300)]

REACTING: Final = ("employment", "mobility", "training", "youth-events")
"""Services that follow much of daily work, their own or others'."""
SESSION: Final = 1.5
"""Seconds without a sign of life after which partitions are given to others, in a hurry."""
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
    worker = programme.begin_beside(service, "worker", **settings)
    try:
        await _shared_among(programme, {service: 2})
        async with scene.busy():
            for _ in range(2):
                # It has read something and is about to handle it: what it asks for comes when others have done so.
                await _told(way.hold_at(lambda chunk: b"BEGIN" in chunk))
                worker.freeze()
                await asyncio.sleep(SESSION + scene.chance.uniform(1.0, 2.0))
                way.forward()
                worker.thaw()
                await asyncio.sleep(scene.chance.uniform(0.5, 1.0))
    finally:
        worker.kill()
    print("STALE", service, _found_out(log) - before)
    await scene.is_whole()


async def _told(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, PATIENCE)


def _found_out(log: Path) -> int:
    """How often subscriptions of a service found out that others had handled what they were at."""
    return log.read_text().count("moved on by another owner")


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
