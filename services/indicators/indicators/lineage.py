"""The events behind a figure: the facts it is made of, page after page at the same positions.

Their values add up to the figure. Of a level that is each subject's last fact; of a duration, each fact that holds on
a day of the period; of what is computed, the facts of its inputs.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field

from contracts.model import FIRST_DAY
from indicators.measures import Duration, Indicator, Level, inputs
from indicators.query import ALWAYS, PATIENCE, Positions, Question, Snapshot, ended


@dataclass(frozen=True)
class FactBehind:
    """One event's part in a figure."""

    indicator: str
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
    dimensions: dict[str, Any]


class Place(NamedTuple):
    """Where a page ends: a measure of the figure, and the last fact shown of it."""

    measure: Annotated[int, Field(ge=0)] = 0
    topic: Annotated[str, Field(pattern=r"^[a-z0-9.-]*$")] = ""
    position: Annotated[int, Field(ge=0, lt=2**63)] = 0
    ordinal: Annotated[int, Field(ge=0, lt=2**15)] = 0


async def facts_behind(
    snapshot: Snapshot, indicator: Indicator, question: Question, at: Positions, after: Place, limit: int
) -> tuple[list[FactBehind], Place | None]:
    """A page of facts in the order of their positions, topic by topic, and where it ends if more follow.

    `at` are the positions of the first page: events folded since then do not appear in the later ones.
    """
    facts: list[FactBehind] = []
    question = ended(indicator, question)
    measures = inputs(indicator) or (indicator,)
    for index in range(after.measure, len(measures)):
        measure = measures[index]
        start = after if index == after.measure else Place()
        common = (
            snapshot.generation,
            measure.name,
            json.dumps(dict(question.where)),
            question.known_before,
            json.dumps(at),
            start.topic,
            start.position,
            start.ordinal,
            limit + 1 - len(facts),
        )
        if isinstance(measure, Level):
            rows = await snapshot.connection.fetch(
                _LEVEL, *common, question.last or ALWAYS, question.without_largest, timeout=PATIENCE
            )
        elif isinstance(measure, Duration):
            rows = await snapshot.connection.fetch(
                _DURATION, *common, question.first or FIRST_DAY, question.until, timeout=PATIENCE
            )
        else:
            rows = await snapshot.connection.fetch(
                _SUM, *common, question.first or date.min, question.until, timeout=PATIENCE
            )
        facts += [
            FactBehind(measure.name, **{**row, "dimensions": _in_order(measure, json.loads(row["dimensions"]))})
            for row in rows
        ]
        if len(facts) > limit:
            last = facts[limit - 1]
            of = [measure.name for measure in measures].index(last.indicator)
            return facts[:limit], Place(of, last.topic, last.position, last.ordinal)
    return facts, None


def _in_order(indicator: Indicator, dimensions: dict[str, Any]) -> dict[str, Any]:
    return {name: dimensions[name] for name in indicator.dimensions}


_SUM: Final = """
SELECT event_id, ordinal, type, service AS topic, position, subject, effective_on, recorded_at, value, dimensions
FROM facts
WHERE generation = $1 AND indicator = $2 AND dimensions @> $3::jsonb AND ($4::timestamptz IS NULL OR recorded_at < $4)
  AND position <= (($5::jsonb -> service) ->> partition::text)::bigint
  AND (service, position, ordinal) > ($6, $7::bigint, $8::smallint)
  AND effective_on >= $10 AND effective_on < $11
ORDER BY service, position, ordinal
LIMIT $9
"""

_LEVEL: Final = """
WITH last_facts AS (
    SELECT DISTINCT ON (subject)
           contributor,
           event_id, ordinal, type, service, position, subject, effective_on, recorded_at, value, dimensions
    FROM facts
    WHERE generation = $1 AND indicator = $2 AND effective_on <= $10 AND ($4::timestamptz IS NULL OR recorded_at < $4)
      AND position <= (($5::jsonb -> service) ->> partition::text)::bigint
    ORDER BY subject, effective_on DESC, position DESC, ordinal DESC
), asked AS (
    SELECT * FROM last_facts WHERE dimensions @> $3::jsonb
)
SELECT event_id, ordinal, type, service AS topic, position, subject, effective_on, recorded_at, value, dimensions
FROM asked
WHERE (service, position, ordinal) > ($6, $7::bigint, $8::smallint)
  AND contributor NOT IN (SELECT contributor FROM asked WHERE $11::boolean GROUP BY contributor HAVING sum(value) > 0
                          ORDER BY sum(value) DESC, contributor LIMIT 1)
ORDER BY service, position, ordinal
LIMIT $9
"""

_DURATION: Final = """
WITH spans AS (
    SELECT event_id, ordinal, type, service, position, subject, effective_on, recorded_at, value, dimensions,
           coalesce(lead(effective_on) OVER (PARTITION BY subject ORDER BY effective_on, position, ordinal), $11::date)
             - greatest(effective_on, $10::date) AS days
    FROM facts
    WHERE generation = $1 AND indicator = $2 AND effective_on < $11 AND ($4::timestamptz IS NULL OR recorded_at < $4)
      AND position <= (($5::jsonb -> service) ->> partition::text)::bigint
)
SELECT event_id, ordinal, type, service AS topic, position, subject, effective_on, recorded_at,
       value * days / 7 AS value, dimensions
FROM spans
WHERE dimensions @> $3::jsonb AND days > 0 AND (service, position, ordinal) > ($6, $7::bigint, $8::smallint)
ORDER BY service, position, ordinal
LIMIT $9
"""
