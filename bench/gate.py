"""A topic that holds its events already, and that nobody can read until it is opened: whoever waits begins then."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from bench.programme import PARTITIONS, in_partitions
from eventstore.kafka.clients import Producer
from eventstore.kafka.envelope import source_of, to_headers, to_timestamp
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.store import Recorded

BATCH_BYTES: Final = 512 * 1024
_TRANSACTION_TIMEOUT: Final = 600_000
"""Milliseconds that the topic may stay shut."""
_SETTLED: Final = 1.5
"""Seconds from a group's being complete until each of its members is where it begins to read."""


class Shut(NamedTuple):
    """A topic whose records are in a transaction that is open."""

    name: str
    last: int
    """The positions of the last event of each partition, added up."""
    bootstrap: str
    admin: AIOKafkaAdminClient
    producer: Producer

    async def open(self) -> None:
        """Lets the records be read."""
        await self.producer.commit_transaction()

    async def await_group(self, group: str, members: int) -> None:
        """Waits until a consumer group has so many members, which all know what they are to read."""
        while await self._members(group) != members:  # noqa: ASYNC110  Kafka has to be asked
            await asyncio.sleep(0.1)
        await asyncio.sleep(_SETTLED)

    async def _members(self, group: str) -> int:
        """How many members a group has, once it is at rest."""
        try:
            [response] = await self.admin.describe_consumer_groups([group])
        except KafkaError:
            return 0
        [(_, _, state, _, _, members, *_)] = response.groups
        return len(members) if state == "Stable" else 0

    async def committed(self, group: str) -> int:
        """How many records a group has committed."""
        offsets = await self.admin.list_consumer_group_offsets(group)
        # After the records of a partition stands a mark of the transaction, which is not counted by every consumer.
        return sum(at.offset for place, at in offsets.items() if place.topic == self.name)


@asynccontextmanager
async def filled(bootstrap: str, events: Sequence[Recorded]) -> AsyncIterator[Shut]:
    """A new topic with these events, as a relay writes them. It is gone afterwards."""
    name = f"bench-{uuid.uuid4().hex}.companies.v1"
    await ensure_topic(bootstrap, name, PARTITIONS)
    producer = Producer(
        bootstrap,
        transactional_id=name,
        transaction_timeout_ms=_TRANSACTION_TIMEOUT,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await producer.start()
    try:
        await producer.begin_transaction()
        last = await _fill(producer, name, events)
        yield Shut(name, last, bootstrap, admin, producer)
    finally:
        await producer.discard()
        await admin.delete_topics([name])
        await admin.close()


async def _fill(producer: Producer, topic: str, events: Sequence[Recorded]) -> int:
    source = source_of(topic)
    filling: dict[int, BatchBuilder] = {}
    last: dict[int, int] = {}
    sent = []
    for event, partition, previous in in_partitions(events):
        last[partition] = event.position
        written = {
            "timestamp": to_timestamp(event.recorded_at),
            "key": event.stream_id.encode(),
            "value": event.data.encode(),
            "headers": to_headers(event, source, previous),
        }
        batch = filling.get(partition)
        if batch is None or batch.append(**written) is None:
            if batch is not None:
                sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = filling[partition] = producer.create_batch()
            batch.append(**written)
    for partition, batch in filling.items():
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)
    return sum(last.values())
