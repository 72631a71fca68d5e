"""Finding places in a topic by the events' positions, without any stored offset.

In one partition positions only grow, so the place after a position is found by bisection, and the last position by
looking at the end. Between records lie what ends transactions and what was aborted: an offset need not hold a record.
What the topic's relay did not write is passed over.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal

from aiokafka import TopicPartition

from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import REQUEST_TIMEOUT, Consumer
from eventstore.kafka.envelope import Message, Origin

_NEAR: Final = 64
"""Offsets that are rather read through than halved again."""
_FETCH_BYTES: Final = 256 * 1024


class Places:
    """Looks records up in partitions, as a reader of committed records."""

    def __init__(self, consumer: Consumer, origins: Mapping[str, Origin]) -> None:
        self._consumer = consumer
        self._origins = origins

    @classmethod
    @asynccontextmanager
    async def open(
        cls, bootstrap: Bootstrap, partitions: Collection[TopicPartition], origins: Collection[Origin]
    ) -> "AsyncIterator[Places]":
        """A look at these partitions, which must exist, of topics that these write."""
        consumer = Consumer(
            bootstrap,
            auto_offset_reset="earliest",
            request_timeout_ms=REQUEST_TIMEOUT,
            # A look that has found nothing to read must not wait for something to be written.
            fetch_max_wait_ms=10,
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        consumer.assign(list(partitions))
        consumer.pause(*partitions)
        try:
            await consumer.start()
            yield cls(consumer, {origin.topic: origin for origin in origins})
        finally:
            await consumer.discard()

    async def ends(self) -> dict[TopicPartition, int]:
        """The offset behind the last committed record of each partition."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._consumer.assignment())
        return ends

    async def last(self) -> dict[TopicPartition, Message]:
        """The last committed event of each partition that has one."""
        begins = await self._begins()
        ends = await self.ends()
        found: dict[TopicPartition, Message] = {}
        step = _NEAR
        while ends:
            starts = {partition: max(begins[partition], end - step) for partition, end in ends.items()}
            found |= await self._scan(starts, ends, "last")
            ends = {
                partition: start
                for partition, start in starts.items()
                if partition not in found and start > begins[partition]
            }
            step *= 8
        return found

    async def after(self, positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Per partition an offset before which no event is later than the given position, and little is earlier."""
        low = await self._begins()
        high = await self.ends()
        while near_not := {
            partition: (low[partition] + high[partition]) // 2
            for partition, position in positions.items()
            if position and high[partition] - low[partition] > _NEAR
        }:
            found = await self._scan(near_not, high, "first")
            for partition, middle in near_not.items():
                if partition in found and found[partition].position <= positions[partition]:
                    low[partition] = found[partition].offset + 1
                else:
                    high[partition] = middle
        return {partition: low[partition] for partition in positions}

    async def _begins(self) -> dict[TopicPartition, int]:
        begins: dict[TopicPartition, int] = await self._consumer.beginning_offsets(self._consumer.assignment())
        return begins

    async def _scan(
        self,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        wanted: Literal["first", "last"],
    ) -> dict[TopicPartition, Message]:
        """The first or last event from a start up to an end, in the partitions that have one there."""
        found: dict[TopicPartition, Message] = {}
        reading = {partition for partition, start in starts.items() if start < ends[partition]}
        for partition in reading:
            self._consumer.seek(partition, starts[partition])
            self._consumer.resume(partition)
        while reading:
            for partition, records in (await self._consumer.getmany(timeout_ms=10)).items():
                if wanted == "first" and partition in found:
                    continue
                for record in records if wanted == "first" else reversed(records):
                    message = self._origins[partition.topic].find(record) if record.offset < ends[partition] else None
                    if message is not None:
                        found[partition] = message
                        break
            for partition in list(reading):
                done = wanted == "first" and partition in found
                if done or await self._consumer.position(partition) >= ends[partition]:
                    self._consumer.pause(partition)
                    reading.remove(partition)
        return found
