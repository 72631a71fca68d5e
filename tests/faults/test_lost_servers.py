"""Servers that are lost: stores come back as they were before, and topics empty."""

import asyncio
import shutil
import time
from typing import Final

import pytest
from programme import backups
from programme.checking import topics_of
from programme.clients import Clients, Person
from programme.putting_right import (
    Published,
    everything_published,
    is_read_only,
    persons_are_right,
    places_are_kept,
    put_right,
)
from programme.running import accepts, refuses

from devstack.running import SERVICES
from devstack.topics import delete_topic
from eventstore.kafka.topics import existing_topics
from faults.records import begin
from faults.scene import Scene
from faults.test_relay import published_all_of

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

SHORT_OF_WORK: Final = 3.0
"""Seconds of work that a store lacks, at most, when it comes back."""


async def is_met(clients: Clients) -> Person:
    """Somebody whom daily work has not erased by chance."""
    person = await clients.trader_joins()
    clients.persons.remove(person)
    return person


async def leaves(clients: Clients, person: Person) -> None:
    """That somebody is erased."""
    clients.persons.append(person)
    await clients.is_erased(person)


async def test_stores_come_back_as_dumps_have_them(scene: Scene) -> None:
    programme, clients = scene.programme, scene.clients
    leaving, since = await is_met(clients), time.monotonic()
    async with scene.busy():
        # One after the other: what services know of each other differs in them.
        dumps = await asyncio.to_thread(backups.dump, programme)
        await leaves(clients, leaving)
        await asyncio.sleep(scene.chance.uniform(1, SHORT_OF_WORK))
    published = await everything_published(programme)
    await asyncio.to_thread(programme.end)
    await asyncio.to_thread(backups.restore_dumps, programme, dumps)
    programme.begin()
    await stores_are_put_right(scene, leaving, published, since)


async def test_a_replica_that_lagged_takes_over(scene: Scene) -> None:
    programme, clients = scene.programme, scene.clients
    leaving, since = await is_met(clients), time.monotonic()
    async with scene.busy():
        replica = await asyncio.to_thread(backups.replica_of, programme, f"replica-{scene.seed}")
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        await backups.lag(replica)
        await leaves(clients, leaving)
        await asyncio.sleep(scene.chance.uniform(1, SHORT_OF_WORK))
    published = await everything_published(programme)
    await asyncio.to_thread(backups.lose, programme)
    await backups.fail_over(programme, replica)
    await stores_are_put_right(scene, leaving, published, since)


async def stores_are_put_right(scene: Scene, leaving: Person, published: Published, since: float) -> None:
    """They refuse whoever goes on asking, until ops have run what they are told to; and then all is there.

    `leaving` was erased since, and is known again to stores until then.
    """
    programme, clients = scene.programme, scene.clients
    async with clients.working():
        await programme.until(refuses, [leaving.service])
        await is_read_only(clients, leaving)
        await put_right(programme)
        await programme.until(accepts)
    await persons_are_right(programme, clients, since)
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(1, 2))
    await scene.is_whole(figures=True)
    await places_are_kept(programme, published)


async def test_a_topic_is_deleted(scene: Scene) -> None:
    programme = scene.programme
    service = scene.chance.choice(SERVICES)
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.5, 2))
        await begin(scene.clients, service)
        await programme.until(await published_all_of(scene, service), [service])
        published = {service: await topics_of(programme, service)}
        topic = scene.chance.choice(sorted({each.topic for each in published[service]}))
        await delete_topic(programme.kafka.bootstrap, topic)
        while topic not in await existing_topics(programme.kafka.bootstrap, [topic]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await programme.until(accepts, [service])
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
    await scene.is_whole(figures=True)
    await places_are_kept(programme, published)


async def test_an_empty_kafka_takes_the_place_of_the_one_there_was(scene: Scene) -> None:
    programme, kafka = scene.programme, scene.programme.kafka
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        published = {service: await topics_of(programme, service) for service in SERVICES}
        await asyncio.to_thread(kafka.kill)
        shutil.rmtree(kafka.folder / "data")
        await asyncio.sleep(scene.chance.uniform(0.1, 1.0))
        await asyncio.to_thread(kafka.start)
        await programme.until(accepts)
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
    await scene.is_whole(figures=True)
    await places_are_kept(programme, published)
