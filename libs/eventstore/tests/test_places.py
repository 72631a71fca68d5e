"""Places found by position, in partitions with the remains of aborted transactions."""

import random
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from eventstore.envelope import NotAnEvent
from eventstore.places import Places
from eventstore.topics import ensure_topic

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
        sent = [
            await producer.send(topic, b"{}", partition=partition, headers=[("ce_position", str(position).encode())])
            for position in own
        ]
        offsets[partition] = {position: (await one).offset for position, one in zip(own, sent, strict=True)}
    await (producer.commit_transaction() if commit else producer.abort_transaction())
    return offsets


def partitions_of(topic: str) -> list[TopicPartition]:
    """All partitions of the topic."""
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]


async def test_an_empty_topic_has_no_last_position_and_begins_at_its_beginning(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    assert producer is not None
    async with Places.open(kafka, partitions_of(topic)) as places:
        assert await places.last_positions() == {}
        assert await places.after(dict.fromkeys(partitions_of(topic), 17)) == dict.fromkeys(partitions_of(topic), 0)


async def test_the_last_position_is_found_behind_much_that_was_aborted(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    await write(producer, topic, {0: [1, 4, 5], 1: [2, 3]})
    await write(producer, topic, {0: list(range(6, 400)), 2: [400]}, commit=False)
    for position in range(6, 40):
        await write(producer, topic, {0: [position]}, commit=False)

    async with Places.open(kafka, partitions_of(topic)) as places:
        assert await places.last_positions() == {TopicPartition(topic, 0): 5, TopicPartition(topic, 1): 3}


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

    async with Places.open(kafka, partitions_of(topic)) as places:
        assert await places.last_positions() == {
            TopicPartition(topic, partition): max(own) for partition, own in where.items() if own
        }
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


async def test_a_record_of_someone_else_at_the_end_is_reported(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    async with producer.transaction():
        await producer.send_and_wait(topic, b"not ours", partition=0)

    async with Places.open(kafka, partitions_of(topic)) as places:
        with pytest.raises(NotAnEvent, match="only relays may write"):
            await places.last_positions()
