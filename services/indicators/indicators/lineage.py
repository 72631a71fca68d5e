"""The events behind a figure: the facts it is made of, page after page at the same positions.

Their values add up to the figure. Of a level that is each subject's last step, and what corrects it; of a duration and
of a mean, each fact that holds on a day of the period; of a distinct and of a quantile, each that counts in it; of what
is observed, the last observation and what revised it; of what is computed, the facts of its inputs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field

from contracts.model import FIRST_DAY
from indicators.columns import PATIENCE, Positions
from indicators.measures import Derived, Duration, Indicator, Level, Mean, Measure, Observed
from indicators.query import Snapshot, days_of, ended
from indicators.question import ALWAYS, Question
from indicators.statements import Bound


@dataclass(frozen=True)
class FactBehind:
    """One event's part in a figure."""

    indicator: str
    """The figure's own, or that of what it is computed of."""
    event_id: UUID
    ordinal: int
    type: str
    topic: str
    """As its category names it."""
    position: int
    subject: str
    effective_on: date
    recorded_at: datetime
    value: Decimal
    times: int
    sample: bool
    dimensions: dict[str, Any]
    contributor: str
    """Who or what it counts for. It is not shown: of persons nobody needs to know which events are of one."""


class Place(NamedTuple):
    """Where a page ends: a measure of the figure, and the last fact shown of it."""

    measure: Annotated[int, Field(ge=0)] = 0
    topic: Annotated[str, Field(pattern=r"^[a-z0-9.-]*$")] = ""
    position: Annotated[int, Field(ge=0, lt=2**63)] = 0
    ordinal: Annotated[int, Field(ge=0, lt=2**15)] = 0


async def facts_behind(
    snapshot: Snapshot,
    indicator: Indicator,
    question: Question,
    at: Mapping[str, Positions],
    after: Place,
    limit: int,
    known_after: datetime | None = None,
) -> tuple[list[FactBehind], Place | None]:
    """A page of facts in the order of their positions, topic by topic, and where it ends if more follow.

    `at` are the positions of the first page, by chapter: events folded since then do not appear in the later ones.
    With `known_after` only those of them are shown that were recorded from then on.
    Raises CatchingUp.
    """
    facts: list[FactBehind] = []
    question = ended(indicator, question)
    readings = list(dict.fromkeys(_readings(indicator)))
    for index in range(after.measure, len(readings)):
        name, measure, over = readings[index]
        bound = Bound(snapshot.number(measure))
        if over is not None:
            held = await snapshot.begun(measure, question) if over is Mean else question
            days = days_of(held) if over is Mean else 7
            found = _held(held, days, bound)
        elif isinstance(measure, Level):
            found = _level(question, bound)
        elif isinstance(measure, Observed):
            found = _last(question, bound)
        else:
            found = _counted(question, bound)
        start = after if index == after.measure else Place()
        positions = at[snapshot.catalogue.chapter_of(measure).name]
        statement = _page(found, question, positions, start, limit + 1 - len(facts), known_after, bound)
        rows = await snapshot.connection.fetch(statement, *bound.values, timeout=PATIENCE)
        facts += [
            FactBehind(name, **{**row, "dimensions": _in_order(measure, json.loads(row["dimensions"]))}) for row in rows
        ]
        if len(facts) > limit:
            last = facts[limit - 1]
            of = [name for name, _, _ in readings].index(last.indicator)
            return facts[:limit], Place(of, last.topic, last.position, last.ordinal)
    return facts, None


def _readings(indicator: Indicator) -> Iterator[tuple[str, Measure, type[Duration | Mean] | None]]:
    """What an indicator is made of, each with its measure, and with what it is held over days for, if it is."""
    match indicator:
        case Duration():
            yield indicator.name, indicator, Duration
        case Measure():
            yield indicator.name, indicator, None
        case Mean(of=(Level() as level,)):
            yield indicator.name, level, Mean
        case Derived():
            for each in indicator.of:
                yield from _readings(each)


def _in_order(measure: Measure, dimensions: dict[str, Any]) -> dict[str, Any]:
    return {name: dimensions[name] for name in measure.dimensions if name in dimensions}


_COLUMNS: Final = "event_id, ordinal, type, topic, position, subject, effective_on, recorded_at, value, times, sample"


def _page(
    found: str,
    question: Question,
    at: Positions,
    start: Place,
    limit: int,
    known_after: datetime | None,
    bound: Bound,
) -> str:
    """A page of the facts found, with their dimensions. A level may leave out whoever is largest of those asked for."""
    return f"""
WITH known AS NOT MATERIALIZED (
    SELECT * FROM facts
    WHERE measure = $1 AND position <= (({bound(json.dumps(at))}::jsonb -> topic) ->> partition::text)::bigint
      AND ({bound(question.known_before)}::timestamptz IS NULL OR recorded_at < {bound(question.known_before)})
), found AS (
    {found}
), asked AS (
    SELECT found.*, contributor, dimensions
    FROM found JOIN slices ON id = slice
    WHERE true{_only(question, bound)}
)
SELECT {_COLUMNS}, dimensions, contributor
FROM asked
WHERE (topic, position, ordinal) > ({bound(start.topic)}, {bound(start.position)}::bigint, {bound(start.ordinal)}::int)
  AND ({bound(known_after)}::timestamptz IS NULL OR recorded_at >= {bound(known_after)})
  AND contributor NOT IN (
      SELECT contributor FROM asked WHERE {bound(question.without_largest)}::boolean GROUP BY contributor
      HAVING sum(value) > 0 ORDER BY sum(value) DESC, contributor LIMIT 1
  )
ORDER BY topic, position, ordinal
LIMIT {bound(limit)}
"""  # noqa: S608  names of ours; what is asked is bound


def _only(question: Question, bound: Bound) -> str:
    """What is asked for, of the dimensions of slices."""
    return "".join(
        f" AND dimensions -> '{name}' = ANY ({bound([json.dumps(code) for code in codes])}::jsonb[])"
        for name, codes in question.where.items()
    )


def _counted(question: Question, bound: Bound) -> str:
    first, until = bound(question.first or date.min), bound(question.until)
    return f"SELECT {_COLUMNS}, slice FROM known WHERE effective_on >= {first} AND effective_on < {until}"  # noqa: S608


def _last(question: Question, bound: Bound) -> str:
    """What tells the last observation of each contributor: of one, all facts of a slice are."""
    return f"""
    WITH counted AS (
        {_counted(question, bound)}
    ), days AS (
        SELECT slice, effective_on FROM counted GROUP BY slice, effective_on, value HAVING sum(times) > 0
    )
    SELECT counted.*
    FROM counted JOIN (SELECT slice, max(effective_on) AS effective_on FROM days GROUP BY slice) AS latest
         USING (slice, effective_on)
    """  # noqa: S608


def _level(question: Question, bound: Bound) -> str:
    """Each subject's last step, and the corrections recorded since that hold on the day."""
    last = bound(question.last or ALWAYS)
    return f"""
    WITH steps AS (
        SELECT DISTINCT ON (subject) *
        FROM known
        WHERE stands IS NOT NULL AND effective_on <= {last}
        ORDER BY subject, effective_on DESC, position DESC, ordinal DESC
    )
    SELECT event_id, ordinal, type, topic, position, subject, effective_on, recorded_at, stands AS value, times, sample,
           slice
    FROM steps
    UNION ALL
    SELECT event_id, min(ordinal), type, topic, position, subject, min(effective_on), recorded_at, sum(value), times,
           sample, slice
    FROM known LEFT JOIN (SELECT subject, position AS stepped_at FROM steps) AS stepped USING (subject)
    WHERE position > coalesce(stepped_at, 0) AND effective_on <= {last}
    GROUP BY event_id, type, topic, position, subject, recorded_at, times, sample, slice
    HAVING sum(value) <> 0
    """  # noqa: S608


def _held(question: Question, days: int, bound: Bound) -> str:
    """Each step with the days on which it holds, and each correction with those until the next step after it."""
    first, until, share = bound(question.first or FIRST_DAY), bound(question.until), bound(Decimal(days))
    return f"""
    WITH steps AS (
        SELECT *, lead(effective_on) OVER (PARTITION BY subject ORDER BY effective_on, position, ordinal) AS ends
        FROM known
        WHERE stands IS NOT NULL AND effective_on < {until}
    ), spans AS (
        SELECT {_COLUMNS.replace("value", "stands AS value")}, slice, ends FROM steps
        UNION ALL
        SELECT {_COLUMNS}, slice, (
                   SELECT min(effective_on) FROM steps
                   WHERE steps.subject = known.subject AND steps.position > known.position
               )
        FROM known
        WHERE stands IS NULL AND effective_on < {until}
          AND NOT EXISTS (
              SELECT FROM steps  -- What a step takes out elsewhere comes next to it; it has ended what it takes out.
              WHERE (topic, position, ordinal, subject, effective_on)
                    = (known.topic, known.position, known.ordinal - 1, known.subject, known.effective_on)
          )
    )
    SELECT event_id, ordinal, type, topic, position, subject, effective_on, recorded_at,
           value * (coalesce(ends, {until}::date) - greatest(effective_on, {first}::date)) / {share}::numeric AS value,
           times, sample, slice
    FROM spans
    WHERE coalesce(ends, {until}::date) > greatest(effective_on, {first}::date)
    """  # noqa: S608
