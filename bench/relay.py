"""The relay: events that wait in the store, until they are committed in Kafka."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter, process_time
from typing import Final

from bench import sends
from bench.runner import Row
from bench.sample import begin_streams
from bench.servers import Servers
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.store import Recorded, Store
from eventstore.publishing.publisher import Compression
from eventstore.publishing.relay import Relay

SOURCE: Final = "/issoudun/companies"
MICROSECONDS: Final = 1_000_000
COMPRESSION: Final[Compression] = "lz4"


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of the relay."""
    url = await servers.store()
    await begin_streams(url, reported=2)
    events = await _events(url)
    records = [sends.ready(event, SOURCE) for event in events]
    ours = partial(_relay, url, servers.kafka, events[-1].position)
    peer = partial(_send, servers.kafka, records)
    # Java compiles what it runs often: before that, neither is what a broker in service gives.
    for measure in (ours, peer):
        await measure()
    work = f"relay, {len(events):,} events in the store → committed in Kafka, {COMPRESSION}"
    against = "idempotent send of the same ready records"

    async def rate(measure: Callable[[], Awaitable[sends.Spent]]) -> float:
        return len(events) / (await measure()).seconds

    async def processor_time(measure: Callable[[], Awaitable[sends.Spent]]) -> float:
        return (await measure()).processor / len(events) * MICROSECONDS

    yield [
        Row(work, against, 1.1, partial(rate, ours), partial(rate, peer)),
        Row(
            "the same: processor time of an event, beside servers",
            against,
            0.8,
            partial(processor_time, ours),
            partial(processor_time, peer),
            unit=" µs",
            at_most=True,
        ),
    ]


async def _events(url: str) -> list[Recorded]:
    async with Store.open(url) as store:
        return await store.read(after=0, limit=1_000_000)


async def _relay(url: str, bootstrap: str, last: int) -> sends.Spent:
    """What it takes to commit all events, from when the relay leads."""
    async with leading(
        Relay(url, topic=await _topic(bootstrap), bootstrap=bootstrap, compression=COMPRESSION)
    ) as relay:
        begun, used = perf_counter(), process_time()
        await reached(relay, last)
        return sends.Spent(perf_counter() - begun, process_time() - used)


@asynccontextmanager
async def leading(relay: Relay) -> AsyncIterator[Relay]:
    """Runs a relay as long as the block, which begins once it leads."""
    running = asyncio.create_task(relay.run())
    try:
        await _until(lambda: relay.leading)
        yield relay
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def reached(relay: Relay, position: int) -> None:
    """Waits until a relay has published what is up to a position."""
    await _until(lambda: relay.mark >= position)


async def _send(bootstrap: str, records: list[sends.Ready]) -> sends.Spent:
    return await sends.send(bootstrap, await _topic(bootstrap), records, COMPRESSION)


async def _topic(bootstrap: str) -> str:
    topic = f"bench.{uuid.uuid4().hex}.v1"
    await ensure_topic(bootstrap, topic, partitions=12)
    return topic


async def _until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110  a relay tells how far it is, not when it gets there
        await asyncio.sleep(0.002)
