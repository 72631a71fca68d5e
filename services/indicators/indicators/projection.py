"""Folds events into facts, and the facts of sums into cells: each event once, however often it is delivered.

Facts commute, so partitions are folded independently, in any order, by as many replicas as there are partitions. A
batch is one statement: only facts that were not there yet change cells, and rows are written in key order, so that
replicas wait for each other and never deadlock.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import asyncpg

from eventstore.kafka.envelope import Message
from eventstore.kafka.topics import name_of
from eventstore.postgres.connection import connect
from indicators.measures import Catalogue, Measure, Sum
from service.running.settings import Settings

PREFIX: Final = "indicators-"
"""Begins the names of our subscriptions; the generation of the definitions follows."""

_FOLD: Final = """
WITH begun AS (
    INSERT INTO generations (generation, definitions) VALUES ($1, $16::jsonb) ON CONFLICT DO NOTHING
), added AS (
    INSERT INTO facts (generation, indicator, event_id, ordinal, type, service, partition, position, subject,
                       contributor, effective_on, recorded_at, dimensions, value)
    SELECT $1, f.*
    FROM unnest($2::text[], $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::smallint[], $8::bigint[],
                $9::text[], $10::text[], $11::date[], $12::timestamptz[], $13::jsonb[], $14::numeric[])
         AS f (indicator, event_id, ordinal, type, service, partition, position, subject,
               contributor, effective_on, recorded_at, dimensions, value)
    ORDER BY f.indicator COLLATE "C", f.event_id, f.ordinal
    ON CONFLICT DO NOTHING
    RETURNING indicator, contributor, effective_on, recorded_at, dimensions, value
)
INSERT INTO cells AS cell (generation, indicator, month, contributor, dimensions, value, recorded_at)
SELECT $1, indicator, date_trunc('month', effective_on::timestamp)::date AS month, contributor, dimensions, sum(value),
       max(recorded_at)
FROM added
WHERE indicator = ANY ($15::text[])
GROUP BY indicator, month, contributor, dimensions
ORDER BY indicator, month, contributor, dimensions
ON CONFLICT (generation, indicator, month, contributor, dimensions) DO UPDATE
SET value = cell.value + excluded.value, recorded_at = greatest(cell.recorded_at, excluded.recorded_at)
"""

_FORGET: Final = (
    "DELETE FROM facts WHERE generation <> $1",
    "DELETE FROM cells WHERE generation <> $1",
    "DELETE FROM generations WHERE generation <> $1",
    "DELETE FROM marks WHERE starts_with(subscription, 'indicators-') AND subscription <> 'indicators-' || $1",
    (
        "DELETE FROM parked_messages"
        " WHERE starts_with(subscription, 'indicators-') AND subscription <> 'indicators-' || $1"
    ),
)


class Projection:
    """The handler of the subscription that feeds a catalogue's indicators."""

    def __init__(self, catalogue: Catalogue, generation: str | None = None) -> None:
        self._generation = generation or catalogue.generation
        self.subscription = PREFIX + self._generation
        self._definitions = json.dumps(catalogue.definitions)
        self._sums = [measure.name for measure in catalogue.measures if isinstance(measure, Sum)]
        self._counted_by: dict[str, list[Measure]] = defaultdict(list)
        for measure in catalogue.measures:
            for event in measure.events:
                self._counted_by[event.event_type].append(measure)

    async def __call__(self, connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        """Folds a batch, in the transaction that moves the subscription's marks."""
        rows = [row for message in messages for row in self._rows(message)]
        columns = zip(*rows, strict=True) if rows else [()] * 13
        await connection.execute(_FOLD, self._generation, *columns, self._sums, self._definitions)

    def _rows(self, message: Message) -> Iterator[tuple[Any, ...]]:
        measures = self._counted_by.get(message.type)
        if not measures:
            return
        event = message.event()
        # It goes into the column `service`, from when a service had one topic.
        topic = name_of(message.topic)
        for measure in measures:
            for ordinal, fact in enumerate(measure.facts(event)):
                yield (
                    measure.name,
                    message.event_id,
                    ordinal,
                    message.type,
                    topic,
                    message.partition,
                    message.position,
                    message.stream_id,
                    fact.contributor,
                    fact.effective_on,
                    message.recorded_at,
                    json.dumps(fact.dimensions),
                    fact.value,
                )


def generation_of(catalogue: Catalogue, settings: Settings) -> str:
    """What is folded under these definitions from these topics: facts say in which partition their events are."""
    replaced = (f"-{service}-v{version}" for service, version in sorted(settings.topic_versions.items()) if version > 1)
    return catalogue.generation + "".join(replaced)


def begin(catalogue: Catalogue, settings: Settings) -> tuple[str, Projection]:
    """The subscription that feeds a catalogue's indicators: its name and its handler."""
    projection = Projection(catalogue, generation_of(catalogue, settings))
    return projection.subscription, projection


async def forget(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """`python -m indicators forget`: deletes what was folded under other definitions than this release's."""
    connection = await connect(settings.database_url)
    try:
        async with connection.transaction():
            for statement in _FORGET:
                await connection.execute(statement, generation_of(catalogue, settings))
    finally:
        await connection.close()
    return 0
