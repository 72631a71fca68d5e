"""Folds the events of a chapter into facts, their slices, and the latest value of each subject of a level.

Facts commute, so partitions are folded independently, in any order, by as many replicas as there are partitions; those
of one stream keep its order, since a partition is one worker's. Each event is folded once, as the subscription's marks
move in the same transaction. Rows that replicas share are written in the order of their keys, so that they wait for
each other and never deadlock.

A level's step is stored as the difference to the value before, which the table of latest values knows. Where its
dimensions have changed with it, the old value is taken out where it was, and the new one is put in where it is.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import asyncpg

from eventstore.kafka.envelope import Message
from eventstore.kafka.topics import name_of
from eventstore.postgres.connection import connect
from indicators.chapters import Catalogue, Chapter
from indicators.measures import Fact, Measure
from service.running.settings import Names, Settings

PREFIX: Final = "indicators-"
"""Begins the names of our subscriptions; chapter and generation follow."""

BATCH: Final = 2000
"""Events folded in one transaction, at most."""

_FACT_COLUMNS: Final = (
    "measure",
    "topic",
    "partition",
    "position",
    "ordinal",
    "event_id",
    "type",
    "subject",
    "slice",
    "effective_on",
    "recorded_at",
    "value",
    "stands",
    "times",
    "sample",
)
_BEGIN: Final = """
WITH begun AS (
    INSERT INTO generations (generation, chapter, definitions) VALUES ($1, $2, $3::jsonb) ON CONFLICT DO NOTHING
)
INSERT INTO measures (id, generation, name)
SELECT * FROM unnest($4::bigint[], $5::text[], $6::text[]) ON CONFLICT DO NOTHING
"""
_HAS_BEGUN: Final = "SELECT EXISTS (SELECT FROM generations WHERE generation = $1)"
_SLICES: Final = """
INSERT INTO slices (id, measure, contributor, dimensions)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[]) AS new (id) ORDER BY id
ON CONFLICT DO NOTHING
"""
_READ_LATEST: Final = """
SELECT measure, subject, slice, effective_on, value
FROM latest JOIN unnest($1::bigint[], $2::text[]) AS asked (measure, subject) USING (measure, subject)
"""
_WRITE_LATEST: Final = """
INSERT INTO latest (measure, subject, slice, effective_on, value)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::date[], $5::numeric[])
ON CONFLICT (measure, subject) DO UPDATE
SET slice = excluded.slice, effective_on = excluded.effective_on, value = excluded.value
"""


class StepGoesBack(Exception):
    """A step of a level is of a day before the one from which it is known already: no service decides that."""


class Subject(NamedTuple):
    """What a level has one value of."""

    measure: int
    subject: str


class Latest(NamedTuple):
    """What a subject's level was last."""

    slice: int
    effective_on: date
    value: Decimal


class _Counted(NamedTuple):
    """A fact as it was declared, with where it belongs."""

    measure: int
    message: Message
    subject: str
    slice: int
    fact: Fact


def measure_id(generation: str, name: str) -> int:
    """The number of a measure in a generation."""
    return _number(generation, name)


@lru_cache(maxsize=100_000)
def _slice(measure: int, contributor: str, *dimensions: tuple[str, str | int | None]) -> tuple[int, str]:
    """The number of a slice, and its dimensions as they are written down."""
    written = json.dumps(dict(dimensions))
    return _number(measure, contributor, written), written


def _number(*told: str | int) -> int:
    """A number that always says the same. Two that meet by accident are to be expected among four billion."""
    return int.from_bytes(blake2b(json.dumps(told).encode(), digest_size=8).digest(), signed=True)


def subscription_of(chapter: Chapter, generation: str) -> str:
    """The name of the subscription that feeds a generation of a chapter, which is that of its facts, too."""
    return f"{PREFIX}{chapter.name}-{generation}"


class Projection:
    """The handler of the subscription that feeds a chapter."""

    def __init__(self, chapter: Chapter, generation: str | None = None) -> None:
        self.subscription = subscription_of(chapter, generation or chapter.generation)
        self._chapter = chapter
        self._ids = {measure.name: measure_id(self.subscription, measure.name) for measure in chapter.measures}
        self._counted_by: dict[str, list[Measure]] = defaultdict(list)
        for measure in chapter.measures:
            for event in measure.events:
                self._counted_by[event.event_type].append(measure)

    async def __call__(self, connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        """Folds a batch, in the transaction that moves the subscription's marks."""
        await self._begin(connection)
        slices: dict[int, tuple[int, str, str]] = {}
        counted = [*self._count(messages, slices)]
        if not counted:
            return
        steps = {Subject(each.measure, each.subject) for each in counted if each.fact.is_step or each.fact.reaches_now}
        before: dict[Subject, Latest] = {}
        if steps:
            for measure, subject, *latest in await connection.fetch(_READ_LATEST, *zip(*steps, strict=True)):
                before[Subject(measure, subject)] = Latest(*latest)
        batch = _Batch(before)
        for each in counted:
            batch.add(each)
        there = await connection.fetch("SELECT id FROM slices WHERE id = ANY ($1)", slices.keys())
        if new := slices.keys() - {row["id"] for row in there}:
            await connection.execute(_SLICES, new, *zip(*(slices[each] for each in new), strict=True))
        await connection.copy_records_to_table("facts", records=batch.facts, columns=_FACT_COLUMNS)
        if batch.changed:
            await connection.execute(
                _WRITE_LATEST, *zip(*((*k, *latest) for k, latest in batch.changed.items()), strict=True)
            )

    async def _begin(self, connection: asyncpg.Connection) -> None:
        if await connection.fetchval(_HAS_BEGUN, self.subscription):
            return
        await connection.execute(
            _BEGIN,
            self.subscription,
            self._chapter.name,
            json.dumps(self._chapter.definitions),
            [*self._ids.values()],
            [self.subscription] * len(self._ids),
            [*self._ids],
        )

    def _count(self, messages: Sequence[Message], slices: dict[int, tuple[int, str, str]]) -> Iterator[_Counted]:
        """What the messages count for; the slices that it is in are noted."""
        for message in messages:
            measures = self._counted_by.get(message.type)
            if not measures:
                continue
            event = message.event()
            for measure in measures:
                number = self._ids[measure.name]
                for fact in measure.facts(event):
                    contributor = message.stream_id if fact.contributor is None else fact.contributor
                    slice_, dimensions = _slice(number, contributor, *fact.dimensions.items())
                    slices[slice_] = (number, contributor, dimensions)
                    subject = f"{message.stream_id}#{fact.part}" if fact.part else message.stream_id
                    yield _Counted(number, message, subject, slice_, fact)


class _Batch:
    """What is stored of a batch."""

    def __init__(self, before: Mapping[Subject, Latest]) -> None:
        self.facts: list[tuple[Any, ...]] = []
        self.changed: dict[Subject, Latest] = {}
        self._before = before
        self._ordinals: dict[tuple[str, int, int], int] = defaultdict(int)

    def add(self, counted: _Counted) -> None:
        """Takes in a fact: of a level's step, what changes with it. Raises StepGoesBack."""
        fact = counted.fact
        if not (fact.is_step or fact.reaches_now):
            self._store(counted, counted.slice, fact.value)
            return
        subject = Subject(counted.measure, counted.subject)
        latest = self.changed.get(subject) or self._before.get(subject)
        if not fact.is_step:
            self._store(counted, counted.slice, fact.value)
            if latest:
                since = max(latest.effective_on, fact.effective_on)
                self.changed[subject] = Latest(counted.slice, since, latest.value + fact.value)
            return
        if latest and fact.effective_on < latest.effective_on:
            raise StepGoesBack(f"{counted.message}: {fact.effective_on} is before {latest.effective_on}")
        stays = latest is None or latest.slice == counted.slice
        self._store(counted, counted.slice, fact.value - latest.value if latest and stays else fact.value, fact.value)
        if latest and not stays and latest.value:
            self._store(counted, latest.slice, -latest.value)
        self.changed[subject] = Latest(counted.slice, fact.effective_on, fact.value)

    def _store(self, counted: _Counted, slice_: int, value: Decimal, stands: Decimal | None = None) -> None:
        measure, message, subject, _, fact = counted
        topic, position, recorded_at, on = message.topic, message.position, message.recorded_at, fact.effective_on
        ordinal = self._ordinals[topic, position, measure]
        self._ordinals[topic, position, measure] = ordinal + 1
        self.facts.append(
            (
                measure,
                name_of(topic),
                message.partition,
                position,
                ordinal,
                message.event_id,
                message.type,
                subject,
                slice_,
                on,
                recorded_at,
                value,
                stands,
                fact.times,
                message.sample,
            )
        )


def generation_of(chapter: Chapter, settings: Names) -> str:
    """What is folded under these definitions from these topics: facts say in which partition their events are."""
    replaced = (f"-{name}-v{version}" for name, version in sorted(settings.topic_versions.items()) if version > 1)
    return chapter.generation + "".join(replaced)


def generations_of(catalogue: Catalogue, settings: Names) -> Mapping[str, str]:
    """The generation of each chapter."""
    return {name: generation_of(chapter, settings) for name, chapter in catalogue.chapters.items()}


def begin(chapter: Chapter, settings: Names) -> tuple[str, Projection]:
    """The subscription that feeds a chapter's indicators: its name and its handler."""
    projection = Projection(chapter, generation_of(chapter, settings))
    return projection.subscription, projection


async def forget(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """`python -m indicators forget`: deletes what was folded under other definitions than this release's."""
    kept = [subscription_of(chapter, generation_of(chapter, settings)) for chapter in catalogue.chapters.values()]
    connection = await connect(settings.database_url)
    try:
        async with connection.transaction():
            for table in ("facts", "latest", "slices"):
                await connection.execute(
                    f"DELETE FROM {table} USING measures WHERE measure = measures.id AND generation <> ALL ($1)",  # noqa: S608  ours
                    kept,
                )
            await connection.execute("DELETE FROM measures WHERE generation <> ALL ($1)", kept)
            await connection.execute("DELETE FROM generations WHERE generation <> ALL ($1)", kept)
            for table in ("marks", "parked_messages"):
                await connection.execute(
                    f"DELETE FROM {table} WHERE starts_with(subscription, $2) AND subscription <> ALL ($1)",  # noqa: S608  ours
                    kept,
                    PREFIX,
                )
    finally:
        await connection.close()
    return 0
