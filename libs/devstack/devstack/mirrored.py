"""Mirrors that show what a test or an example tells, without the service whose streams they show."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from contracts.model import Event
from eventstore.kafka.envelope import Message
from eventstore.mirroring import mirror_messages
from eventstore.mirrors import Mirror

_FOR_LONG: Final = timedelta(hours=1)
"""However long a test takes."""


async def show(url: str, mirror: Mirror[Any], identity: str, *events: Event, current: bool = True) -> None:
    """Lets a mirror in the database at `url` show a stream by these events alone, and be at its topic's end or not."""
    messages = [
        Message(
            position=version,
            stream_id=mirror.of.stream_id(identity),
            version=version,
            previous=0,
            event_id=uuid.uuid4(),
            type=event.event_type,
            schema_version=event.schema_version,
            recorded_at=datetime.now(UTC),
            sample=False,
            data=event.model_dump_json().encode(),
            source=f"/issoudun/{mirror.of.service}",
            topic=f"issoudun.{mirror.of.topic}.v1",
            partition=0,
            offset=version,
        )
        for version, event in enumerate(events, 1)
    ]
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM streams WHERE stream_id = $1", mirror.stream_id(identity))
            await mirror_messages(connection, mirror, messages)
            await connection.execute(
                "INSERT INTO marks (subscription, topic, partition, position, current_at) VALUES ($1, 't.v1', 0, 1, $2)"
                " ON CONFLICT (subscription, topic, partition) DO UPDATE SET current_at = excluded.current_at",
                mirror.subscription,
                datetime.now(UTC) + (_FOR_LONG if current else -_FOR_LONG),
            )
    finally:
        await connection.close()
