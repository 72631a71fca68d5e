"""Workers killed and frozen at random: what is due is issued once in effect, and what happened is answered once."""

import asyncio
import contextlib
import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import httpx
import pytest
from bells import PATH, service
from blows import Workers, working
from lamps import bearer, calling_other, settings_for

from devstack.issuer import Issuer
from devstack.topics import read_topic, topic_faults
from eventstore.kafka.envelope import Message
from eventstore.postgres.store import Recorded, Store
from service import clock
from service.running.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BLOWS = 7
BELLS = 20
"""Hung before each blow."""
FROZEN = (0.6, 1.6)
"""Seconds that a frozen worker stands still: longer than what it took is left to it, and than it waits for an answer
or not."""
PATIENCE = 40
TAKEN = "(SELECT count(*) FROM due WHERE taken_until > clock_timestamp())"
ANSWERED = "(SELECT count(*) FROM events WHERE type = 'BellEchoed')"


@pytest.fixture
def settings(migrated_database: str, kafka: str, issuer: Issuer) -> Settings:
    return settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 3}
    )


@pytest.fixture
def workers(settings: Settings, issuer: Issuer) -> Iterator[Workers]:
    with working("bells", settings, issuer, 3) as workers:
        yield workers


async def hang(client: httpx.AsyncClient, tower: str, rings_at: datetime | None) -> None:
    """Hangs a bell, however often that takes."""
    body = {"tower": tower} | ({"rings_at": rings_at.isoformat()} if rings_at else {})
    while True:
        answer = await client.post(PATH, json=body, headers={"Idempotency-Key": tower})
        if answer.status_code == 201:
            return
        # A worker was frozen with a lock that this needs.
        assert answer.status_code == 503, answer.text
        await asyncio.sleep(0.1)


async def amid(store: Store, chance: random.Random) -> None:
    """Waits for a moment: any, one when bells are about to ring, or one when they are being answered."""
    match chance.choice(["any", "ringing", "answering"]):
        case "any":
            await asyncio.sleep(chance.uniform(0.2, 0.8))
        case "ringing":
            await until(store, f"SELECT {TAKEN} >= {BELLS // 2}")
            await asyncio.sleep(chance.uniform(0, 0.03))
        case "answering":
            before = await store.pool.fetchval(f"SELECT {ANSWERED}")
            await until(store, f"SELECT {ANSWERED} >= {before + chance.randint(1, BELLS // 2)}")


async def until(store: Store, condition: str) -> None:
    """Waits until something is so in the database; not for long, as there may be no worker to bring it about."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.5):
            while not await store.pool.fetchval(condition):  # noqa: ASYNC110 -- others' work has no event
                await asyncio.sleep(0.002)


async def strike(client: httpx.AsyncClient, store: Store, workers: Workers, chance: random.Random) -> None:
    """Bells are hung that ring at once or all at one moment a little later, and one worker or all are struck."""
    for blow in range(BLOWS):
        later = clock.now() + timedelta(seconds=0.4)
        moments = [None if number % 4 == 0 else later for number in range(BELLS)]
        await asyncio.gather(*(hang(client, f"{blow}/{number}", at) for number, at in enumerate(moments)))
        await amid(store, chance)
        workers.strike(chance, FROZEN)
        await asyncio.sleep(chance.uniform(0, 0.5))
    await workers.thawed()


async def all_done(store: Store, topic: str, bootstrap: str) -> tuple[Sequence[Recorded], Sequence[Message]]:
    """The events and what the topic has, once nothing is due and all is relayed and reacted to."""
    async with asyncio.timeout(PATIENCE):
        while True:
            due = await store.pool.fetchval("SELECT count(*) FROM due WHERE parked_at IS NULL")
            marks = await store.pool.fetch("SELECT partition, position FROM marks WHERE topic = $1", topic)
            events, messages = await store.read(0, 1_000_000), await read_topic(bootstrap, topic)
            ends = {message.partition: message.position for message in messages}
            if not due and len(messages) >= len(events) and ends.items() <= {tuple(mark) for mark in marks}:
                return events, messages
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 9))])
async def test_whatever_worker_is_killed_or_frozen_each_bell_rings_once_and_is_answered_once(
    settings: Settings, issuer: Issuer, workers: Workers, kafka: str, seed: int
) -> None:
    headers = bearer(issuer, "bells:read bells:write")
    async with calling_other(service, settings, **headers) as client, Store.open(settings.database_url) as store:
        await strike(client, store, workers, random.Random(seed))
        # What a worker had in mind while it was frozen it does now.
        await asyncio.sleep(1)
        events, messages = await all_done(store, settings.topic("bells"), kafka)
        assert (await store.standing(None)).dead_letters == 0

    hung = [event.stream_id for event in events if event.type == "BellHung"]
    rung = [event for event in events if event.type == "BellRung"]
    echoed = [event for event in events if event.type == "BellEchoed"]
    led_to = [json.loads(event.metadata)["causation_id"] for event in echoed]
    assert len(hung) == BLOWS * BELLS
    assert Counter(event.stream_id for event in rung) == Counter(hung)
    assert Counter(led_to) == Counter(str(event.event_id) for event in rung)
    assert len({event.stream_id for event in echoed}) == len(echoed)
    assert topic_faults(messages, events) == []
