"""Folds the events of a chapter into facts, and those into what questions read: slices, cells and latest values.

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
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import asyncpg

from eventstore.kafka.envelope import Message
from eventstore.kafka.topics import name_of
from eventstore.postgres.connection import connect
from indicators.chapters import Catalogue, Chapter
from indicators.measures import Distinct, Fact, Level, Measure, Sum
from service.running.settings import Settings

PREFIX: Final = "indicators-"
"""Begins the names of our subscriptions; chapter and generation follow."""

EVER, YEAR, MONTH = 0, 1, 2
"""The grains of cells: all facts, those of a year, and those of a month."""

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
_SLICES: Final = """
INSERT INTO slices (id, measure, contributor, dimensions)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[]) AS new (id) ORDER BY id
ON CONFLICT DO NOTHING
"""
_CELLS: Final = """
INSERT INTO cells AS cell (measure, grain, since, slice, value, recorded_at, sample)
SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::date[], $4::bigint[], $5::numeric[], $6::timestamptz[],
                     $7::boolean[]) AS more (measure, grain, since, slice)
ORDER BY measure, grain, since, slice
ON CONFLICT (measure, grain, since, slice) DO UPDATE
SET value = cell.value + excluded.value, recorded_at = greatest(cell.recorded_at, excluded.recorded_at),
    sample = cell.sample OR excluded.sample
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
    """A step of a level is of a day before the one of the step before it: no service decides that."""


class Subject(NamedTuple):
    """What a level has one value of."""

    measure: int
    subject: str


@dataclass(frozen=True, slots=True)
class Latest:
    """What a subject's level was last."""

    slice: int
    effective_on: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class _Row:
    """A fact as it is stored: `value` adds up."""

    measure: int
    message: Message
    ordinal: int
    subject: str
    slice: int
    fact: Fact
    value: Decimal
    stands: Decimal | None = None

    @property
    def columns(self) -> tuple[Any, ...]:
        message = self.message
        return (
            self.measure,
            name_of(message.topic),
            message.partition,
            message.position,
            self.ordinal,
            message.event_id,
            message.type,
            self.subject,
            self.slice,
            self.fact.effective_on,
            message.recorded_at,
            self.value,
            self.stands,
            self.fact.times,
            message.sample,
        )


def measure_id(generation: str, name: str) -> int:
    """The number of a measure in a generation."""
    return _number(generation, name)


@lru_cache(maxsize=100_000)
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
        self._in_cells = {self._ids[each.name] for each in chapter.measures if isinstance(each, Sum | Distinct | Level)}
        self._counted_by: dict[str, list[Measure]] = defaultdict(list)
        for measure in chapter.measures:
            for event in measure.events:
                self._counted_by[event.event_type].append(measure)

    async def __call__(self, connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        """Folds a batch, in the transaction that moves the subscription's marks."""
        slices: dict[int, tuple[int, str, str]] = {}
        counted = list(self._count(messages, slices))
        await connection.execute(
            _BEGIN,
            self.subscription,
            self._chapter.name,
            json.dumps(self._chapter.definitions),
            [*self._ids.values()],
            [self.subscription] * len(self._ids),
            [*self._ids],
        )
        if not counted:
            return
        asked = {Subject(row.measure, row.subject) for row in counted if row.fact.is_step or row.fact.reaches_now}
        before: dict[Subject, Latest] = {}
        if asked:
            for measure, subject, *latest in await connection.fetch(_READ_LATEST, *zip(*asked, strict=True)):
                before[Subject(measure, subject)] = Latest(*latest)
        changed: dict[Subject, Latest] = {}
        rows = list(_differences(counted, before, changed))
        await connection.execute(_SLICES, [*slices], *zip(*slices.values(), strict=True))
        await connection.copy_records_to_table("facts", records=(row.columns for row in rows), columns=_FACT_COLUMNS)
        if cells := _cells(row for row in rows if row.measure in self._in_cells):
            await connection.execute(_CELLS, *zip(*((*place, *cell) for place, cell in cells.items()), strict=True))
        if changed:
            columns = ((*key, latest.slice, latest.effective_on, latest.value) for key, latest in changed.items())
            await connection.execute(_WRITE_LATEST, *zip(*columns, strict=True))

    def _count(self, messages: Sequence[Message], slices: dict[int, tuple[int, str, str]]) -> Iterator[_Row]:
        """What the messages count for; the slices that it is in are noted."""
        for message in messages:
            measures = self._counted_by.get(message.type)
            if not measures:
                continue
            event = message.event()
            for measure in measures:
                number = self._ids[measure.name]
                for fact in measure.facts(event):
                    dimensions = json.dumps(fact.dimensions)
                    slice_ = _number(number, fact.contributor, dimensions)
                    slices[slice_] = (number, fact.contributor, dimensions)
                    subject = f"{message.stream_id}#{fact.part}" if fact.part else message.stream_id
                    yield _Row(number, message, 0, subject, slice_, fact, fact.value)


def _differences(
    counted: Sequence[_Row], before: Mapping[Subject, Latest], changed: dict[Subject, Latest]
) -> Iterator[_Row]:
    """The rows as they are stored, numbered within each event and measure; latest values that change are noted.

    Raises StepGoesBack.
    """
    ordinals: dict[tuple[str, int, int], int] = defaultdict(int)
    for row in counted:
        fact, subject = row.fact, Subject(row.measure, row.subject)
        stored = [row]
        latest = changed.get(subject) or before.get(subject)
        if fact.is_step:
            if latest and fact.effective_on < latest.effective_on:
                raise StepGoesBack(f"{row.message}: {fact.effective_on} is before {latest.effective_on}")
            stored = list(_step(row, latest))
            changed[subject] = Latest(row.slice, fact.effective_on, fact.value)
        elif fact.reaches_now and latest:
            changed[subject] = replace(latest, slice=row.slice, value=latest.value + fact.value)
        for each in stored:
            place = (each.message.topic, each.message.position, each.measure)
            yield replace(each, ordinal=ordinals[place])
            ordinals[place] += 1


def _step(row: _Row, latest: Latest | None) -> Iterator[_Row]:
    """What a step changes."""
    stands = row.fact.value
    if latest is None or latest.slice == row.slice:
        yield replace(row, value=stands - (latest.value if latest else 0), stands=stands)
        return
    yield replace(row, stands=stands)
    if latest.value:
        yield replace(row, slice=latest.slice, value=-latest.value)


def _cells(
    rows: Iterator[_Row],
) -> Mapping[tuple[int, int, date, int], tuple[Decimal, datetime, bool]]:
    """What the rows add to the cells of each grain."""
    cells: dict[tuple[int, int, date, int], tuple[Decimal, datetime, bool]] = {}
    for row in rows:
        on, recorded_at, sample = row.fact.effective_on, row.message.recorded_at, row.message.sample
        for grain, since in ((EVER, date.min), (YEAR, on.replace(month=1, day=1)), (MONTH, on.replace(day=1))):
            place = (row.measure, grain, since, row.slice)
            if there := cells.get(place):
                cells[place] = (there[0] + row.value, max(there[1], recorded_at), there[2] or sample)
            else:
                cells[place] = (row.value, recorded_at, sample)
    return cells


def generation_of(chapter: Chapter, settings: Settings) -> str:
    """What is folded under these definitions from these topics: facts say in which partition their events are."""
    replaced = (f"-{name}-v{version}" for name, version in sorted(settings.topic_versions.items()) if version > 1)
    return chapter.generation + "".join(replaced)


def generations_of(catalogue: Catalogue, settings: Settings) -> Mapping[str, str]:
    """The generation of each chapter."""
    return {name: generation_of(chapter, settings) for name, chapter in catalogue.chapters.items()}


def begin(chapter: Chapter, settings: Settings) -> tuple[str, Projection]:
    """The subscription that feeds a chapter's indicators: its name and its handler."""
    projection = Projection(chapter, generation_of(chapter, settings))
    return projection.subscription, projection


async def forget(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """`python -m indicators forget`: deletes what was folded under other definitions than this release's."""
    kept = [subscription_of(chapter, generation_of(chapter, settings)) for chapter in catalogue.chapters.values()]
    connection = await connect(settings.database_url)
    try:
        async with connection.transaction():
            for table in ("facts", "cells", "latest", "slices"):
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
