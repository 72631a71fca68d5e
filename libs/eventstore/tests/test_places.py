"""Places found by position, in partitions with the remains of aborted transactions."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from eventstore.kafka.envelope import Message, Origin, source_of, to_headers, to_timestamp
from eventstore.kafka.partitioning import partition_of
from eventstore.kafka.places import Places
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.store import Recorded

pytestmark = pytest.mark.anyio

PARTITIONS = 3


@pytest.fixture
async def producer(kafka: str, topic: str) -> AsyncIterator[AIOKafkaProducer]:
    """Writes to the topic in transactions."""
    await ensure_topic(kafka, topic, PARTITIONS)
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=topic, acks="all") as producer:
        yield producer


async def write(
    producer: AIOKafkaProducer, topic: str, positions: dict[int, list[int]], *, commit: bool = True
) -> dict[int, dict[int, int]]:
    """Writes records with these positions per partition, and returns where each is."""
    await producer.begin_transaction()
    offsets: dict[int, dict[int, int]] = {}
    for partition, own in positions.items():
        sent = [await send(producer, topic, position, partition) for position in own]
        offsets[partition] = {position: (await one).offset for position, one in zip(own, sent, strict=True)}
    await (producer.commit_transaction() if commit else producer.abort_transaction())
    return offsets


STREAMS = [
    next(
        stream for number in range(100) if partition_of((stream := f"lamp-{number}").encode(), PARTITIONS) == partition
    )
    for partition in range(PARTITIONS)
]
"""A stream of each partition."""


async def send(producer: AIOKafkaProducer, topic: str, position: int, partition: int) -> Any:
    """Sends the event at a position, as the topic's relay would."""
    recorded_at = datetime(2026, 1, 5, tzinfo=UTC)
    event = Recorded(position, STREAMS[partition], 1, uuid4(), "LampLit", 1, "{}", "{}", recorded_at)
    return await producer.send(
        topic,
        b"{}",
        key=event.stream_id.encode(),
        partition=partition,
        timestamp_ms=to_timestamp(recorded_at),
        headers=to_headers(event, source_of(topic), 0),
    )


@asynccontextmanager
async def looking(kafka: str, topic: str) -> AsyncIterator[Places]:
    """A look at all partitions of the topic."""
    async with Places.open(kafka, partitions_of(topic), [Origin(topic, PARTITIONS)]) as places:
        yield places


def positions(last: Mapping[TopicPartition, Message]) -> dict[TopicPartition, int]:
    """The position of each last event."""
    return {partition: message.position for partition, message in last.items()}


def partitions_of(topic: str) -> list[TopicPartition]:
    """All partitions of the topic."""
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]


async def test_an_empty_topic_has_no_last_position_and_begins_at_its_beginning(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    assert producer is not None
    async with looking(kafka, topic) as places:
        assert positions(await places.last()) == {}
        assert await places.after(dict.fromkeys(partitions_of(topic), 17)) == dict.fromkeys(partitions_of(topic), 0)


async def test_the_last_position_is_found_behind_much_that_was_aborted(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    await write(producer, topic, {0: [1, 4, 5], 1: [2, 3]})
    await write(producer, topic, {0: list(range(6, 400)), 2: [400]}, commit=False)
    for position in range(6, 40):
        await write(producer, topic, {0: [position]}, commit=False)

    async with looking(kafka, topic) as places:
        assert positions(await places.last()) == {TopicPartition(topic, 0): 5, TopicPartition(topic, 1): 3}


@pytest.mark.parametrize("seed", range(3))
async def test_wherever_a_mark_stands_its_place_is_behind_it_and_near(
    kafka: str, topic: str, producer: AIOKafkaProducer, seed: int
) -> None:
    chance = random.Random(seed)
    position = 0
    where: dict[int, dict[int, int]] = {partition: {} for partition in range(PARTITIONS)}
    for _ in range(40):
        run: dict[int, list[int]] = {}
        for _ in range(chance.choice([1, 1, 5, 60])):
            position += chance.choice([1, 1, 2, 50])
            run.setdefault(chance.choice([0, 0, 0, 1, 2]), []).append(position)
        commit = chance.random() < 0.7
        offsets = await write(producer, topic, run, commit=commit)
        if commit:
            for partition, own in offsets.items():
                where[partition] |= own

    last = {TopicPartition(topic, partition): max(own) for partition, own in where.items() if own}
    async with looking(kafka, topic) as places:
        # The broker tells that a transaction is committed before each partition has it in writing.
        async with asyncio.timeout(60):
            while (seen := positions(await places.last())) != last:
                assert all(position <= last[place] for place, position in seen.items())
                await asyncio.sleep(0.05)
        for _ in range(8):
            marks = {partition: chance.randint(0, position) for partition in partitions_of(topic)}
            for partition, offset in (await places.after(marks)).items():
                own = where[partition.partition]
                later = [at for later, at in own.items() if later > marks[partition]]
                skipped = [earlier for earlier, at in own.items() if at < offset]
                assert all(earlier <= marks[partition] for earlier in skipped)
                # What is read again of what was applied is little, except from the very beginning.
                if marks[partition]:
                    assert min(later, default=offset) - offset <= 128


async def test_records_of_someone_else_are_passed_over_wherever_they_are(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    foreign: list[dict[str, Any]] = [
        {"headers": []},
        {"headers": [("ce_position", b"1000000000")]},
        {"key": STREAMS[0].encode(), "headers": [("ce_position", b"x"), ("ce_id", b"\xff")]},
        {"key": b"lamp-of-elsewhere", "headers": forged(source_of(topic), STREAMS[0])},
        {"key": STREAMS[1].encode(), "headers": forged(source_of(topic), STREAMS[1])},
        {"key": STREAMS[0].encode(), "headers": forged("/elsewhere/lamps", STREAMS[0])},
    ]
    wanted: dict[int, int] = {}
    for position in range(1, 400):
        wanted |= (await write(producer, topic, {0: [position]}))[0]
        async with producer.transaction():
            await producer.send_and_wait(topic, b"not ours", partition=0, **foreign[position % len(foreign)])

    async with looking(kafka, topic) as places:
        assert positions(await places.last()) == {TopicPartition(topic, 0): 399}
        for mark in (1, 17, 200, 398):
            (offset,) = (await places.after({TopicPartition(topic, 0): mark})).values()
            assert offset <= wanted[mark + 1]
            assert wanted[mark + 1] - offset <= 128


def forged(source: str, stream_id: str) -> list[tuple[str, bytes]]:
    """The headers of an event that nobody recorded."""
    event = Recorded(10**9, stream_id, 1, uuid4(), "LampStolen", 1, "{}", "{}", datetime(2026, 1, 5, tzinfo=UTC))
    return to_headers(event, source, 0)
