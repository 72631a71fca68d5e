"""The peer of the relay: an idempotent producer of aiokafka that sends records which are ready, one by one."""

from collections.abc import Sequence
from time import perf_counter, process_time
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer

from eventstore.kafka.envelope import Headers, to_headers, to_timestamp
from eventstore.postgres.store import Recorded

BATCH_BYTES: Final = 256 * 1024
LINGER: Final = 5
"""Milliseconds that a batch waits to be filled."""


class Spent(NamedTuple):
    """On records, until the last one is stored."""

    seconds: float
    processor: float
    """Seconds of this process's."""


class Ready(NamedTuple):
    """A record as it is sent."""

    key: bytes
    value: bytes
    headers: Headers
    timestamp: int


def ready(event: Recorded, source: str) -> Ready:
    """The record that the relay makes of an event."""
    return Ready(
        event.stream_id.encode(),
        event.data.encode(),
        to_headers(event, source, event.position - 1),
        to_timestamp(event.recorded_at),
    )


async def send(bootstrap: str, topic: str, records: Sequence[Ready], compression: str) -> Spent:
    """Sends the records and waits for all."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        compression_type=compression,
        max_batch_size=BATCH_BYTES,
        linger_ms=LINGER,
    )
    await producer.start()
    try:
        await producer.partitions_for(topic)
        begun, used = perf_counter(), process_time()
        sent = [
            await producer.send(
                topic,
                value=record.value,
                key=record.key,
                headers=record.headers,
                timestamp_ms=record.timestamp,
            )
            for record in records
        ]
        await producer.flush()
        spent = Spent(perf_counter() - begun, process_time() - used)
    finally:
        await producer.stop()
    for one in sent:
        one.result()
    return spent
