"""The peer of the whole way: what it cannot do without, which is a commit, a transaction of Kafka and a commit."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.inserts import INSERT
from bench.sample import METADATA, reports, sirets
from bench.sends import Ready


class Steps:
    """A connection and a producer, ready."""

    def __init__(self, connection: asyncpg.Connection, producer: AIOKafkaProducer, topic: str, record: Ready) -> None:
        self._connection = connection
        self._producer = producer
        self._topic = topic
        self._record = record

    async def take(self) -> float:
        """The seconds that the three take, one after the other."""
        begun = perf_counter()
        await self._commit()
        async with self._producer.transaction():
            await self._producer.send_and_wait(
                self._topic, self._record.value, self._record.key, headers=self._record.headers
            )
        await self._commit()
        return perf_counter() - begun

    async def _commit(self) -> None:
        await self._connection.fetch(
            INSERT, str(uuid.uuid4()), 1, "HeadcountReported", reports()[sirets()[0]], METADATA
        )


@asynccontextmanager
async def steps(url: str, bootstrap: str, topic: str, record: Ready) -> AsyncIterator[Steps]:
    """The steps on a database with the table of inserts.py, and on a topic."""
    connection = await asyncpg.connect(url)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"{topic}.bench", compression_type="lz4")
    await producer.start()
    try:
        yield Steps(connection, producer, topic, record)
    finally:
        await producer.stop()
        await connection.close()
