"""Kafka is away, silent, or hard to reach: commands are taken as ever, and what they led to is published afterwards."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import pytest
from programme.running import PATIENCE, accepts
from prometheus_client.parser import text_string_to_metric_families

from devstack.running import SERVICES
from faults.records import begin
from faults.scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

OLD: Final = 3.0
"""Seconds after which a backlog is told of, in a hurry."""
ANEW: Final = 6
"""Connections that a client may open for one that it lost: a relay that starts over has several."""
GIVEN_UP: Final = 45.0
"""Seconds within which a relay gives up a broker that is silent: twice those that a transaction may last, and some."""


async def are_taken(scene: Scene) -> None:
    """Every service takes a command, at the first time of asking."""
    for sent in await asyncio.gather(*(begin(scene.clients, service) for service in SERVICES)):
        assert [each.status for each in sent.answers] == [httpx.codes.CREATED], sent


async def taken_within(scene: Scene, seconds: float) -> int:
    """How many commands are taken one after the other, of all services in turn."""
    ends, number = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        sent = await begin(scene.clients, SERVICES[number % len(SERVICES)])
        assert [each.status for each in sent.answers] == [httpx.codes.CREATED], sent
        number += 1
    return number


async def metrics(scene: Scene, service: str) -> Mapping[str, float]:
    """What a process tells Prometheus of its relay."""
    async with httpx.AsyncClient(timeout=10) as client:
        told = await client.get(f"http://127.0.0.1:{scene.programme.metrics_ports[service]}/metrics")
    families = text_string_to_metric_families(told.raise_for_status().text)
    samples = (sample for family in families for sample in family.samples)
    return {each.name: each.value for each in samples if each.name.startswith("eventstore_relay_")}


async def backlog(scene: Scene, service: str) -> tuple[float, float]:
    """How many events of a service wait to be published, and for how long the first has."""
    told = await metrics(scene, service)
    return told["eventstore_relay_backlog_events"], told["eventstore_relay_backlog_age_seconds"]


async def until_greater(scene: Scene, service: str, events: float, age: float) -> None:
    """Waits until more wait and the first has for longer: what is told may be some seconds old."""
    async with asyncio.timeout(PATIENCE):
        while True:
            more, older = await backlog(scene, service)
            if more > events and older > age:
                return
            await asyncio.sleep(0.5)


async def until_none(scene: Scene, service: str) -> None:
    """Waits until none is told of any more."""
    async with asyncio.timeout(PATIENCE):
        while await backlog(scene, service) != (0, 0):  # noqa: ASYNC110
            await asyncio.sleep(0.5)


def leads_no_more(ready: dict[str, Any]) -> bool:
    """Whether the relay of a process has given up."""
    return not ready["work"]["relay"].startswith("leading")


def tells_that_it_is_late(ready: dict[str, Any]) -> bool:
    """Whether a process that serves has people see to what waits to be published."""
    late: Sequence[str] = [each for each in ready["attention"] if each.startswith("late: events")]
    return bool(late) and ready["ready"] and leads_no_more(ready)


@pytest.mark.chosen
async def test_the_broker_dies_and_comes_back_again_and_again(scene: Scene) -> None:
    programme = scene.programme
    async with scene.busy():
        for _ in range(2):
            await asyncio.sleep(scene.chance.uniform(0.2, 1.5))
            await asyncio.to_thread(programme.kafka.kill)
            await are_taken(scene)
            await asyncio.sleep(scene.chance.uniform(0.0, 1.0))
            await asyncio.to_thread(programme.kafka.start)
    scene.everyone_was_answered()
    await scene.is_whole()


async def test_kafka_is_away_for_long(scene: Scene) -> None:
    programme = scene.programme
    async with scene.busy(at_once=2):
        await asyncio.sleep(scene.chance.uniform(0.2, 1.0))
        await asyncio.to_thread(programme.kafka.stop)
        await are_taken(scene)
        await programme.until(tells_that_it_is_late)
        told = {service: await backlog(scene, service) for service in SERVICES}
        assert all(events >= 1 and age > OLD for events, age in told.values()), told
        await are_taken(scene)
        for service in SERVICES:
            await until_greater(scene, service, *told[service])
        await asyncio.to_thread(programme.kafka.start)
    await programme.until(accepts)
    scene.everyone_was_answered()
    await scene.is_whole()
    for service in SERVICES:
        await until_none(scene, service)


async def test_kafka_does_not_answer_and_nobody_is_told(scene: Scene) -> None:
    programme = scene.programme
    async with scene.busy(at_once=1):
        before = await taken_within(scene, 2)
        failures = {name: (await metrics(scene, name))["eventstore_relay_failures_total"] for name in SERVICES}
        programme.to_kafka.hold()
        meanwhile = await taken_within(scene, 2)
        assert meanwhile > before / 4, (before, meanwhile)
        async with asyncio.timeout(GIVEN_UP):
            await programme.until(leads_no_more)
        assert await taken_within(scene, 2) > before / 4
        for name in SERVICES:
            assert (await metrics(scene, name))["eventstore_relay_failures_total"] > failures[name]
        programme.to_kafka.forward()
    await programme.until(accepts)
    scene.everyone_was_answered()
    await scene.is_whole()


async def test_the_network_is_slow_and_loses_connections(scene: Scene) -> None:
    programme = scene.programme
    ways = (programme.to_postgres, programme.to_kafka)
    for way in ways:
        way.chance.seed(scene.seed)
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.2, 1.0))
        before = [(way.connected, way.lost) for way in ways]
        programme.to_postgres.delay, programme.to_postgres.losses = 0.02, 0.005
        programme.to_kafka.delay, programme.to_kafka.losses = 0.05, 0.01
        await asyncio.sleep(6)
        await scene.until(
            lambda: all(way.lost > lost for way, (_, lost) in zip(ways, before, strict=True)),
            "each network loses a connection",
        )
        after = [(way.connected, way.lost) for way in ways]
        for way in ways:
            way.forward()
    for (had, had_lost), (connected, lost) in zip(before, after, strict=True):
        assert connected - had <= ANEW * (lost - had_lost + len(SERVICES)), (connected - had, lost - had_lost)
    scene.everyone_was_answered()
    await scene.is_whole()
