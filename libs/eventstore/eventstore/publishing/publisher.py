"""Events into the Kafka topics of a store, a run of positions at a time, all or nothing over all of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import REQUEST_TIMEOUT, Producer
from eventstore.kafka.envelope import Message, source_of, to_headers, to_timestamp
from eventstore.kafka.partitioning import partition_of
from eventstore.postgres.store import Recorded
from eventstore.publishing.routes import Routes

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
    """With the place of each, by its number."""


class _Begins(dict[str, int]):
    """By the type of an event, the number of the first partition of its topic. Raises UnknownDestination."""

    def __init__(self, routes: Routes, partitions: int) -> None:
        super().__init__()
        self._begins = {topic: number * partitions for number, topic in enumerate(routes.topics)}
        self._routes = routes

    def __missing__(self, event_type: str) -> int:
        begins = self[event_type] = self._begins[self._routes.topic_of(event_type)]
        return begins


class Publisher:
    """The one producer of a store: opening a second one ends whatever the first left open, and it can do no more."""

    def __init__(self, producer: Producer, routes: Routes, partitions: int) -> None:
        self._producer = producer
        self._source = source_of(routes.topics[0])
        self.places = [TopicPartition(topic, number) for topic in routes.topics for number in range(partitions)]
        """The partitions of all topics. In what follows they go by their numbers here."""
        self._begins = _Begins(routes, partitions)
        self._previous = [0 for _ in self.places]
        """The position of the last event that each has, or that was encoded for it."""
        self._ends = [0 for _ in self.places]
        """The offset behind the last record that is known to have been in each."""
        self._partition = lru_cache(maxsize=1 << 16)(
            lambda stream_id: (key := stream_id.encode(), partition_of(key, partitions))
        )

    @classmethod
    @asynccontextmanager
    async def open(
        cls, bootstrap: Bootstrap, routes: Routes, partitions: int, compression: Compression | None
    ) -> "AsyncIterator[Publisher]":
        """Becomes the producer of topics that have so many partitions each, fencing off the one before."""
        producer = Producer(
            bootstrap,
            # Whoever writes to any of the topics writes to the first.
            transactional_id=f"{routes.topics[0]}.relay",
            transaction_timeout_ms=TRANSACTION_TIMEOUT,
            compression_type=compression,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT,
        )
        try:
            await producer.start()
            publisher = cls(producer, routes, partitions)
            # Of a topic made a moment ago aiokafka would ask by name, and from then on know no other one.
            await producer.ends(publisher.places)
            yield publisher
        finally:
            await producer.discard()

    def continues(self, last: Mapping[TopicPartition, Message], ends: Mapping[TopicPartition, int]) -> None:
        """Is told what the topics hold: the last event of each partition that has one, and where each ends."""
        self._previous = [last[place].position if place in last else 0 for place in self.places]
        self._ends = [ends[place] for place in self.places]

    async def encode(self, events: Sequence[Recorded], *, full: bool) -> Run:
        """The records of events that the topics lack, in batches per partition. Raises UnknownDestination."""
        batches: list[tuple[int, BatchBuilder]] = []
        filling: dict[int, BatchBuilder] = {}
        for count, event in enumerate(events, 1):
            key, partition = self._partition(event.stream_id)
            place = self._begins[event.type] + partition
            previous = self._previous[place]
            if event.position <= previous:
                # It is there: another topic is being filled.
                continue
            timestamp, value, headers = (
                to_timestamp(event.recorded_at),
                event.data.encode(),
                to_headers(event, self._source, previous),
            )
            self._previous[place] = event.position
            batch = filling.get(place)
            if batch is None or batch.append(timestamp=timestamp, key=key, value=value, headers=headers) is None:
                batch = filling[place] = self._producer.create_batch()
                batches.append((place, batch))
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
            await self._producer.send_batch(batch, self.places[place].topic, partition=self.places[place].partition)
            for place, batch in run.batches
        ]
        # All is looked at before the commit, which aiokafka would ask for even if a batch had been refused.
        _, *delivered = await asyncio.gather(self.check_whole(), *sent)
        for (place, batch), where in zip(run.batches, delivered, strict=True):
            if where.offset < self._ends[place]:
                raise TopicCutShort(f"{_told(self.places[place])} goes on at offset {where.offset}, before its end")
            self._ends[place] = where.offset + batch.record_count()
        await self._producer.commit_transaction()

    async def check_whole(self) -> None:
        """Raises TopicCutShort when a partition is shorter than it was."""
        ends = await self._producer.ends(self.places)
        for place, end in zip(self.places, self._ends, strict=True):
            if ends[place] < end:
                raise TopicCutShort(f"{_told(place)} ends at offset {ends[place]}, and once had {end}")


def _told(place: TopicPartition) -> str:
    return f"{place.topic}[{place.partition}]"
