"""Events as a service's relay would publish them, for tests of what a subscription does with them.

log = Log("companies")
log.append("company-00000001800017", CompanyActivated(...))
await deliver(connection, "indicators", projection, log.messages)
"""

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from contracts.model import Event
from eventstore.kafka.envelope import Message
from eventstore.kafka.partitioning import partition_of
from eventstore.postgres.store import Recorded

STEP = timedelta(seconds=1)


@dataclass
class Log:
    """A service's events in commit order: positions have gaps, streams keep to their partition, time goes on."""

    service: str
    partitions: int = 4
    sample: bool = False
    """Whether its events are made up, for trying and showing."""
    roles: tuple[str, ...] = ()
    """In which the next event is decided."""
    now: datetime = datetime(2026, 1, 5, 8, tzinfo=UTC)
    """When the next event is recorded; a second passes with each."""
    recorded: list[Recorded] = field(default_factory=list)
    _versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def append(self, stream_id: str, *events: Event) -> None:
        """Events of one stream, after those it has."""
        for event in events:
            self._versions[stream_id] += 1
            self.now += STEP
            self.recorded.append(
                Recorded(
                    position=2 * len(self.recorded) + 1,
                    stream_id=stream_id,
                    version=self._versions[stream_id],
                    event_id=uuid4(),
                    type=event.event_type,
                    schema_version=event.schema_version,
                    data=event.model_dump_json(),
                    metadata=json.dumps({"roles": self.roles}),
                    recorded_at=self.now,
                )
            )

    @property
    def messages(self) -> list[Message]:
        """All of them, as a subscription receives them."""
        previous: dict[int, int] = defaultdict(int)
        messages = []
        for event in self.recorded:
            partition = partition_of(event.stream_id.encode(), self.partitions)
            messages.append(
                Message(
                    position=event.position,
                    stream_id=event.stream_id,
                    version=event.version,
                    previous=previous[partition],
                    event_id=event.event_id,
                    type=event.type,
                    schema_version=event.schema_version,
                    recorded_at=event.recorded_at,
                    sample=self.sample,
                    data=event.data.encode(),
                    source=f"/test/{self.service}",
                    topic=f"test.{self.service}.v1",
                    partition=partition,
                    offset=event.position,
                    roles=",".join(json.loads(event.metadata)["roles"]) or None,
                )
            )
            previous[partition] = event.position
        return messages


async def deliver(
    connection: asyncpg.Connection | PoolConnectionProxy,
    subscription: str,
    handle: Callable[[Any, Sequence[Message]], Awaitable[None]],
    messages: Sequence[Message],
    *,
    topic: str = "test.companies.v1",
    caught_up: bool = True,
) -> None:
    """Hands a batch to a subscription's handler as a subscription does: without what is behind the marks, which move in
    the same transaction.

    Where there is nothing to hand, it has begun to read the topic all the same.
    """
    ends: dict[tuple[str, int], int] = {}
    for message in messages:
        ends[message.topic, message.partition] = max(message.position, ends.get((message.topic, message.partition), 0))
    places = sorted({(topic, 0), *ends})
    async with connection.transaction():
        await connection.executemany(
            """
            INSERT INTO marks (subscription, topic, partition, position, caught_up) VALUES ($1, $2, $3, 0, false)
            ON CONFLICT DO NOTHING
            """,
            [(subscription, *place) for place in places],
        )
        marks = await connection.fetch(
            "SELECT topic, partition, position FROM marks WHERE subscription = $1 ORDER BY 1, 2 FOR UPDATE",
            subscription,
        )
        behind = {(mark["topic"], mark["partition"]): mark["position"] for mark in marks}
        new = [each for each in messages if each.position > behind[each.topic, each.partition]]
        if new:
            await handle(connection, new)
        await connection.executemany(
            """
            UPDATE marks SET position = greatest(position, $4), recorded_at = now(), caught_up = $5
            WHERE subscription = $1 AND topic = $2 AND partition = $3
            """,
            [(subscription, *place, ends.get(place, 0), caught_up) for place in places],
        )
