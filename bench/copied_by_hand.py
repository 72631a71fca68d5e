"""The peer of the fold that does the least there is to do: records read, decoded, and copied into a bare table.

Its offsets are in the transaction of the rows: `python -m bench.copied_by_hand DATABASE BOOTSTRAP TOPIC GROUP`.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic_core import from_json

BATCH: Final = 5_000
"""Records in a transaction, at most: more are not quicker."""
TABLES: Final = """
    CREATE TABLE facts (event_id uuid, company text, zone text, effective_on date, value numeric);
    CREATE TABLE offsets (partition integer PRIMARY KEY, next bigint NOT NULL);
"""
MOVE: Final = """
    INSERT INTO offsets (partition, next) SELECT * FROM unnest($1::int[], $2::bigint[])
    ON CONFLICT (partition) DO UPDATE SET next = excluded.next
"""
COPIED: Final = "SELECT count(*) FROM facts"
GROWN: Final = "SELECT sum(value) FROM facts"


async def copy(url: str, bootstrap: str, topic: str, group: str) -> None:
    """Copies until it is ended."""
    connection = await asyncpg.connect(url)
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    while True:
        polled: Mapping[TopicPartition, Sequence[ConsumerRecord]] = await consumer.getmany(
            timeout_ms=1000, max_records=BATCH
        )
        if not polled:
            continue
        rows = [_row(record) for records in polled.values() for record in records]
        offsets = [(place.partition, records[-1].offset + 1) for place, records in polled.items()]
        async with connection.transaction():
            await connection.copy_records_to_table("facts", records=rows)
            await connection.execute(MOVE, *zip(*offsets, strict=True))


def _row(record: ConsumerRecord) -> tuple[Any, ...]:
    said = from_json(record.value)
    return (
        UUID(dict(record.headers)["ce_id"].decode()),
        said["company"],
        said["zone"],
        date.fromisoformat(said["effective_on"]),
        said["headcount"] - said.get("headcount_before", 0),
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(copy(*sys.argv[1:]))
