"""The peer of a reaction: a consumer as written by hand, which inserts a row for each event and commits offsets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from aiokafka import AIOKafkaConsumer
from pydantic_core import from_json

TABLE: Final = """
    CREATE TABLE vacancies (
        event_id    uuid PRIMARY KEY,
        company     text        NOT NULL,
        posts       integer     NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
INSERT: Final = "INSERT INTO vacancies (event_id, company, posts) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
LED: Final = "SELECT event_id, recorded_at FROM vacancies WHERE event_id = ANY ($1::uuid[])"


@asynccontextmanager
async def consuming(url: str, bootstrap: str, topic: str) -> AsyncIterator[None]:
    """Consumes the topic as long as the block."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="by-hand",
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        # A partition whose records are not all read is left out of the next fetch, and waits for it to end.
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    task = asyncio.create_task(_consume(consumer, connection))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()
        await connection.close()


async def _consume(consumer: AIOKafkaConsumer, connection: asyncpg.Connection) -> None:
    insert = await connection.prepare(INSERT)
    while True:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            for record in records:
                headers = dict(record.headers)
                if headers["ce_type"] == b"InvestmentCompleted":
                    said = from_json(record.value)
                    await insert.fetch(headers["ce_id"].decode(), said["company"], said["jobs_planned"])
        await consumer.commit()
