"""Events into a Kafka topic, a run of positions at a time, all or nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from aiokafka.producer.message_accumulator import BatchBuilder

from eventstore.envelope import Origin, to_headers, to_timestamp
from eventstore.kafka_clients import REQUEST_TIMEOUT, Producer
from eventstore.partitioning import partition_of
from eventstore.store import Recorded

Compression = Literal["lz4", "zstd"]

BATCH_BYTES: Final = 512 * 1024
"""Before compression; a broker refuses batches above a megabyte."""
TRANSACTION_TIMEOUT: Final = 20_000
"""Milliseconds after which Kafka itself ends the transaction of a relay that died and has no successor."""
_COURTESY: Final = 100
"""Events that are encoded before other tasks of the process get their turn."""


class TopicCutShort(Exception):
    """Records that were in the topic are gone: it was lost and created anew, or cut off by a broker's failure."""


@dataclass(frozen=True, slots=True)
class Run:
    """Events ready to be sent."""

    last: int
    """The position of the last one."""
    full: bool
    """Whether more events wait behind it."""
    batches: Sequence[tuple[int, BatchBuilder]]
    """With the partition of each."""


class Publisher:
    """The one producer of a topic: opening a second one ends whatever the first left open, and it can do no more."""

    def __init__(self, producer: Producer, origin: Origin) -> None:
        self._producer = producer
        self._topic = origin.topic
        self._source = origin.source
        partitions = origin.partitions
        self.previous = dict.fromkeys(range(partitions), 0)
        """Per partition the position of the last event that was encoded."""
        self.ends = dict.fromkeys(range(partitions), 0)
        """Per partition the offset behind the last record that is known to have been there."""
        self._place = lru_cache(maxsize=1 << 16)(
            lambda stream_id: (key := stream_id.encode(), partition_of(key, partitions))
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, bootstrap: str, origin: Origin, compression: Compression | None) -> "AsyncIterator[Publisher]":
        """Becomes the topic's producer, fencing off the one before."""
        producer = Producer(
            bootstrap_servers=bootstrap,
            transactional_id=f"{origin.topic}.relay",
            transaction_timeout_ms=TRANSACTION_TIMEOUT,
            compression_type=compression,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT,
        )
        try:
            await producer.start()
            yield cls(producer, origin)
        finally:
            await producer.discard()

    async def encode(self, events: Sequence[Recorded], *, full: bool) -> Run:
        """The records of events, in batches per partition."""
        batches: list[tuple[int, BatchBuilder]] = []
        filling: dict[int, BatchBuilder] = {}
        for count, event in enumerate(events, 1):
            key, partition = self._place(event.stream_id)
            timestamp, value, headers = (
                to_timestamp(event.recorded_at),
                event.data.encode(),
                to_headers(event, self._source, self.previous[partition]),
            )
            self.previous[partition] = event.position
            batch = filling.get(partition)
            if batch is None or batch.append(timestamp=timestamp, key=key, value=value, headers=headers) is None:
                batch = filling[partition] = self._producer.create_batch()
                batches.append((partition, batch))
                batch.append(timestamp=timestamp, key=key, value=value, headers=headers)
            if count % _COURTESY == 0:
                await asyncio.sleep(0)
        return Run(events[-1].position, full, batches)

    async def publish(self, run: Run) -> None:
        """Commits a run in one transaction.

        Raises TopicCutShort, ProducerFenced where another producer took over, and other errors of Kafka; after any of
        them the publisher is good for nothing but to be closed.
        """
        await self._producer.begin_transaction()
        # One after the other: a partition's second batch waits until its first is on its way.
        sent = [
            await self._producer.send_batch(batch, self._topic, partition=partition) for partition, batch in run.batches
        ]
        # All is looked at before the commit, which aiokafka would ask for even if a batch had been refused.
        _, *delivered = await asyncio.gather(self.check_whole(), *sent)
        for (partition, batch), where in zip(run.batches, delivered, strict=True):
            if where.offset < self.ends[partition]:
                raise TopicCutShort(f"{self._topic}[{partition}] goes on at offset {where.offset}, before its end")
            self.ends[partition] = where.offset + batch.record_count()
        await self._producer.commit_transaction()

    async def check_whole(self) -> None:
        """Raises TopicCutShort when a partition is shorter than it was."""
        ends = await self._producer.ends(self._topic, self.ends)
        for partition, end in self.ends.items():
            if ends[partition] < end:
                raise TopicCutShort(f"{self._topic}[{partition}] ends at offset {ends[partition]}, and once had {end}")
