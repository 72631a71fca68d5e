"""Figures, read from facts and cells in one snapshot, with the positions they are complete up to.

Sums take whole months from cells and the days at either end from facts; levels and durations, and whatever is asked
with `known_on`, come from facts alone. Either way a figure is made of exactly the events up to its positions.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import asyncpg

from contracts.model import FIRST_DAY
from eventstore.decider import PARIS
from eventstore.kafka.topics import name_of
from indicators.measures import Contributors, Duration, Formula, Indicator, Level, inputs
from indicators.projection import PREFIX
from service.clock import today

ALWAYS: Final = date.max
"""Stands for no last day; PostgreSQL reads it as infinity."""

Key = tuple[str | int | None, ...]
"""What a cell is of, in the order asked for; a month is `2023-12`."""

Positions = Mapping[str, Mapping[int, int]]
"""Per topic, as categories name it, and partition of it, the position up to which all its events are in:
{"companies": {0: 1201}}."""


PATIENCE: Final = 10.0
"""Seconds that a figure may take. A database that is away is found out before, when the marks are read."""


@dataclass(frozen=True)
class Question:
    """What is asked of an indicator."""

    first: date | None = None
    """Sums and durations count from this day on. A level is a state of its last day: this only begins its months."""
    last: date | None = None
    by: tuple[str, ...] = ()
    """Dimensions of the indicator, or `month`."""
    known_on: date | None = None
    """Counts only what was recorded by the end of that day."""
    without_largest: bool = False
    where: Mapping[str, str | int] = field(default_factory=dict)
    """Counts only what has these dimensions."""

    @property
    def until(self) -> date:
        """The day after the last."""
        return ALWAYS if self.last is None else self.last + timedelta(days=1)

    @property
    def known_before(self) -> datetime | None:
        """The end of `known_on` in Europe/Paris."""
        if self.known_on is None:
            return None
        return datetime.combine(self.known_on + timedelta(days=1), time(), PARIS)


@dataclass(frozen=True)
class Value:
    """A figure: its value, how many contribute to it, and when its latest event was recorded."""

    value: Decimal | None
    n: int
    as_of: datetime | None


ZERO: Final = Value(Decimal(0), 0, None)


@dataclass(frozen=True)
class Answer:
    """The total asked for, and those of its cells that have contributors, or, of a formula, a value."""

    total: Value
    cells: Mapping[Key, Value]
    excluded: str | None = None
    """The contributor that `without_largest` leaves out."""


class CatchingUp(Exception):
    """The events are not all folded yet, for the first time or anew, as definitions or topics have changed."""


@dataclass(frozen=True)
class Snapshot:
    """One moment of the projection: whatever is read of it is made of the same events."""

    connection: asyncpg.Connection
    generation: str
    positions: Positions
    partitions: Mapping[str, int]
    """Of each topic."""

    async def answer(self, indicator: Indicator, question: Question) -> Answer:
        """The figure asked for. The question has only what the indicator knows."""
        question = ended(indicator, question)
        match indicator:
            case Formula():
                return _compute(indicator, [await self.answer(measure, question) for measure in indicator.of])
            case Contributors(of=(measure,)):
                return _contributors(await self.answer(measure, question))
            case Level():
                read, arguments = _level(question)
            case Duration():
                read, arguments = _duration(question)
            case _:
                read, arguments = _sum(question)
        rows = await self.connection.fetch(
            read,
            self.generation,
            indicator.name,
            json.dumps(dict(question.where)),
            list(question.by),
            *arguments,
            timeout=PATIENCE,
        )
        values = {
            row["key"] and tuple(json.loads(row["key"])): Value(row["value"], row["n"], row["as_of"]) for row in rows
        }
        return Answer(values.pop(None), values, rows[0]["excluded"])


def ended(indicator: Indicator, question: Question) -> Question:
    """The question with the last day it has if none is asked for: today, where a duration is in the figure.

    Whatever is computed of a duration is asked for the same days.
    """
    if question.last is None and any(isinstance(each, Duration) for each in (indicator, *inputs(indicator))):
        return replace(question, last=today())
    return question


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool, generation: str) -> AsyncIterator[Snapshot]:
    """The projection as it is now. Raises CatchingUp."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(_MARKS, PREFIX, generation)
        if not all(row["caught_up"] for row in rows) or not rows:
            raise CatchingUp
        positions: dict[str, dict[int, int]] = {}
        partitions: dict[str, int] = defaultdict(int)
        for row in rows:
            topic = name_of(row["topic"])
            partitions[topic] += 1
            if row["position"]:
                positions.setdefault(topic, {})[row["partition"]] = row["position"]
        yield Snapshot(connection, generation, positions, partitions)  # type: ignore[arg-type]


def _compute(indicator: Formula, answers: list[Answer]) -> Answer:
    def value(values: list[Value]) -> Value:
        as_of = max((each.as_of for each in values if each.as_of), default=None)
        return Value(indicator.compute(*(each.value for each in values)), min(each.n for each in values), as_of)

    cells = {key: value([each.cells.get(key, ZERO) for each in answers]) for key in answers[0].cells}
    shown = {key: cell for key, cell in cells.items() if cell.n or cell.value is not None}
    return Answer(value([each.total for each in answers]), shown)


def _contributors(answer: Answer) -> Answer:
    def number(value: Value) -> Value:
        return replace(value, value=Decimal(value.n))

    return Answer(number(answer.total), {key: number(cell) for key, cell in answer.cells.items()})


def _sum(question: Question) -> tuple[str, tuple[object, ...]]:
    """The whole months, the days before and after them, and the limit of what was known."""
    first, until = question.first or date.min, question.until
    whole_first = first if first.day == 1 else (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    whole_until = until if until == ALWAYS else until.replace(day=1)
    if question.known_on is not None or whole_first > whole_until:
        whole_first = whole_until = until
    return _SUM, (whole_first, whole_until, [first, whole_until], [whole_first, until], question.known_before)


def _level(question: Question) -> tuple[str, tuple[object, ...]]:
    """The day, the limit of what was known, the days that months may be shown of, and who is left out."""
    last = question.last or ALWAYS
    first = question.first or FIRST_DAY  # an event of before the days were bounded may be older
    return _LEVEL, (last, question.known_before, first, min(last, today()), question.without_largest)


def _duration(question: Question) -> tuple[str, tuple[object, ...]]:
    """The days, and the limit of what was known."""
    return _DURATION, (question.first or FIRST_DAY, question.until, question.known_before)


_MARKS: Final = "SELECT topic, partition, position, caught_up FROM marks WHERE subscription = $1 || $2"

# What all kinds end with: contributors' shares of the total and of each cell, the total first. A made-up share of
# nobody sees to it that there is a total.
_SHARES: Final = """shares AS (
    SELECT NULL::jsonb AS key, contributor, sum(value) AS value, max(recorded_at) AS recorded_at
    FROM parts
    GROUP BY contributor
    UNION ALL
    SELECT key, contributor, sum(value), max(recorded_at)
    FROM (
        SELECT (SELECT jsonb_agg(CASE name WHEN 'month' THEN to_jsonb(to_char(month, 'YYYY-MM'))
                                           ELSE dimensions -> name END ORDER BY n)
                FROM unnest($4::text[]) WITH ORDINALITY AS asked (name, n)) AS key,
               contributor, value, recorded_at
        FROM parts
        WHERE cardinality($4::text[]) > 0
    ) AS keyed
    GROUP BY key, contributor
    UNION ALL
    SELECT NULL, NULL, 0, NULL
)"""

_SUM: Final = f"""
WITH parts AS (
    SELECT month, contributor, dimensions, value, recorded_at
    FROM cells
    WHERE generation = $1 AND indicator = $2 AND dimensions @> $3::jsonb AND month >= $5 AND month < $6
    UNION ALL
    SELECT effective_on, contributor, dimensions, value, recorded_at
    FROM unnest($7::date[], $8::date[]) AS edge (first, until)
    JOIN facts ON effective_on >= edge.first AND effective_on < edge.until
    WHERE generation = $1 AND indicator = $2 AND dimensions @> $3::jsonb
      AND ($9::timestamptz IS NULL OR recorded_at < $9)
), {_SHARES}
SELECT key, sum(value) AS value, count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of, NULL AS excluded
FROM shares
GROUP BY key
HAVING key IS NULL OR count(*) FILTER (WHERE value <> 0) > 0
"""  # noqa: S608  made of what stands here

_DURATION: Final = f"""
WITH spans AS (
    SELECT contributor, dimensions, value, recorded_at, effective_on AS begins,
           lead(effective_on) OVER (PARTITION BY subject ORDER BY effective_on, position, ordinal) AS ends
    FROM facts
    WHERE generation = $1 AND indicator = $2 AND effective_on < $6 AND ($7::timestamptz IS NULL OR recorded_at < $7)
), held AS (
    SELECT contributor, dimensions, value, recorded_at, greatest(begins, $5::date) AS begins,
           coalesce(ends, $6::date) AS ends
    FROM spans
    WHERE dimensions @> $3::jsonb
), parts AS (
    SELECT month, contributor, dimensions, recorded_at,
           value * (least(ends, (month + interval '1 month')::date) - greatest(begins, month::date)) AS value
    FROM held, generate_series(date_trunc('month', begins::timestamp), ends - interval '1 day', '1 month') AS month
    WHERE begins < ends
), {_SHARES}
SELECT key, round(sum(value) / 7, 2) AS value, count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of,
       NULL AS excluded
FROM shares
GROUP BY key
HAVING key IS NULL OR count(*) FILTER (WHERE value <> 0) > 0
"""  # noqa: S608  made of what stands here

_LEVEL: Final = """
WITH spans AS (
    SELECT contributor, dimensions, value, recorded_at, effective_on AS begins,
           lead(effective_on) OVER (PARTITION BY subject ORDER BY effective_on, position, ordinal) AS ends
    FROM facts
    WHERE generation = $1 AND indicator = $2 AND effective_on <= $5 AND ($6::timestamptz IS NULL OR recorded_at < $6)
), days AS (
    SELECT true AS total, $5::date AS day, NULL::date AS month
    UNION ALL
    SELECT false, $5, NULL WHERE cardinality($4::text[]) > 0 AND NOT 'month' = ANY ($4)
    UNION ALL
    SELECT false, least(month + interval '1 month - 1 day', $8::date)::date, month
    FROM generate_series(date_trunc('month', greatest($7::date, (SELECT min(begins) FROM spans))::timestamp),
                         $8::date::timestamp, interval '1 month') AS month
    WHERE 'month' = ANY ($4)
), everyone AS (
    SELECT total, month, contributor, dimensions, value, recorded_at
    FROM days
    JOIN spans ON begins <= day AND (ends > day OR ends IS NULL)
    WHERE dimensions @> $3::jsonb
), largest AS (
    SELECT contributor
    FROM everyone
    WHERE total AND $9::boolean
    GROUP BY contributor
    HAVING sum(value) > 0
    ORDER BY sum(value) DESC, contributor
    LIMIT 1
), parts AS (
    SELECT * FROM everyone WHERE contributor NOT IN (SELECT contributor FROM largest)
), shares AS (
    SELECT NULL::jsonb AS key, contributor, sum(value) AS value, max(recorded_at) AS recorded_at
    FROM parts
    WHERE total
    GROUP BY contributor
    UNION ALL
    SELECT key, contributor, sum(value), max(recorded_at)
    FROM (
        SELECT (SELECT jsonb_agg(CASE name WHEN 'month' THEN to_jsonb(to_char(month, 'YYYY-MM'))
                                           ELSE dimensions -> name END ORDER BY n)
                FROM unnest($4::text[]) WITH ORDINALITY AS asked (name, n)) AS key,
               contributor, value, recorded_at
        FROM parts
        WHERE NOT total
    ) AS keyed
    GROUP BY key, contributor
    UNION ALL
    SELECT NULL, NULL, 0, NULL
)
SELECT key, sum(value) AS value, count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of,
       (SELECT contributor FROM largest) AS excluded
FROM shares
GROUP BY key
HAVING key IS NULL OR count(*) FILTER (WHERE value <> 0) > 0
"""
