# ruff: noqa: S608  Only names of ours are put into texts.
"""The statements that questions become. Each gives a row for the total, whose `key` is null, and rows for the cells.

`key` has the dimensions asked for, `period` the first day of the period. What is put into the text are names of
dimensions and of periods; everything else is bound. They are asked of columns, which have numbers for contributors and
for the values of dimensions.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from contracts.model import FIRST_DAY
from indicators.question import PeriodName, Question


class Bound:
    """The values of a statement: that of `$1` is the measure's number."""

    def __init__(self, measure: int) -> None:
        self.values: list[object] = [measure]

    def __call__(self, value: object) -> str:
        """Binds a value, and says what stands for it."""
        self.values.append(value)
        return f"${len(self.values)}"


Read = Callable[[Question, Bound], str]

_ADDED: Final = "sum(value) AS value, max(recorded_at) AS recorded_at, bool_or(sample) AS sample"
_CELL: Final = """sum(value) AS value, count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of,
       bool_or(sample) AS sample"""
_TOTAL: Final = """
SELECT NULL::integer[] AS key, NULL::date AS period, coalesce(sum(value), 0) AS value,
       count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of, bool_or(sample) AS sample"""

EVERY_TOTAL: Final = f"""
WITH everyone AS (
    SELECT measure, who, {_ADDED}
    FROM facts
    WHERE measure IN (SELECT unnest($1::bigint[]))
    GROUP BY ALL
)
SELECT measure, {_CELL}
FROM everyone
GROUP BY measure
"""
"""What many measures add up to, of all days: what `total` says of each where nothing is asked for beside."""


def total(question: Question, bound: Bound) -> str:
    """What sums, levels and distincts add up to, and what counts in each cell."""
    by, but = _by(question), "WHERE who NOT IN (FROM largest)" if question.without_largest else ""
    largest = """, largest AS (
    SELECT who
    FROM everyone JOIN (SELECT DISTINCT who, contributor FROM slices) USING (who)
    WHERE value > 0
    ORDER BY value DESC, contributor
    LIMIT 1
)"""
    cells = f"""
UNION ALL
SELECT {_key(question)}, period, {_CELL}, NULL
FROM shares
{but}
GROUP BY {by}period{_shown(question)}"""
    added = f"SELECT who, {_ADDED} FROM shares GROUP BY who" if question.by else "FROM shares"
    return f"""
WITH {_shares(question.first, question, bound)}, everyone AS (
    {added}
){largest if but else ""}
{_TOTAL}, {"(FROM largest)" if but else "NULL"} AS excluded
FROM everyone
{but}{cells if question.by else ""}
"""


def stock(question: Question, bound: Bound, *, since: date | None, excluded: int | None) -> str:
    """What has been added up, since a day if there is one, to the end of each period in which anything changes.

    How many contribute changes with each of them who begins or ceases to.
    """
    by = _by(question)
    return f"""
WITH {_shares(since, question, bound, excluded)}, running AS (
    SELECT *, sum(value) OVER (PARTITION BY {by}who ORDER BY period) AS after
    FROM shares
), changes AS (
    SELECT {by}period, {_ADDED}, sum((after <> 0)::int - (after <> value)::int) AS n
    FROM running
    GROUP BY ALL
)
SELECT {_key(question)}, period, sum(value) OVER upto AS value, sum(n) OVER upto AS n,
       max(recorded_at) OVER upto AS as_of, bool_or(sample) OVER upto AS sample
FROM changes
WINDOW upto AS (PARTITION BY {by}true ORDER BY period)
"""


def held(question: Question, bound: Bound) -> str:
    """A level added up over the days of a period, and of each period in it."""
    first, until = bound(question.first or FIRST_DAY), bound(question.until)
    period, step, by = question.period, _STEP[question.period], _by(question)
    periods = f"unnest(range(date_trunc('{period}', begins)::timestamp, ends::timestamp, INTERVAL '{step}'))::date"
    days = f"least(ends, (period + INTERVAL '{step}')::date) - greatest(begins, period)"
    return f"""
WITH changes AS (
    SELECT {by}who, effective_on, {_ADDED}
    FROM facts
    WHERE {_counted(None, question, bound)}
    GROUP BY ALL
), spans AS (
    SELECT {by}who, sum(value) OVER upto AS value, max(recorded_at) OVER upto AS recorded_at,
           bool_or(sample) OVER upto AS sample, greatest(effective_on, {first}::date) AS begins,
           coalesce(lead(effective_on) OVER upto, {until}::date) AS ends
    FROM changes
    WINDOW upto AS (PARTITION BY {by}who ORDER BY effective_on)
), parts AS (
    SELECT *, {periods if period else "NULL::date"} AS period
    FROM spans
    WHERE begins < ends
), held AS (
    SELECT * REPLACE (value * ({days if period else "ends - begins"}) AS value)
    FROM parts
), shares AS (
    SELECT {by}who, period, {_ADDED}
    FROM held
    GROUP BY ALL
), everyone AS (
    SELECT who, {_ADDED}
    FROM shares
    GROUP BY who
)
{_TOTAL}, NULL AS excluded
FROM everyone
UNION ALL
SELECT {_key(question)}, period, {_CELL}, NULL
FROM shares
WHERE {bound(bool(question.by))}
GROUP BY {by}period{_shown(question)}
"""


def values(question: Question, bound: Bound) -> str:
    """All values of a quantile, in order, those that were taken back left out. `value` is an array."""
    by = _by(question)
    return f"""
WITH told AS (
    SELECT {by}{_begins(question.period)} AS period, who, value, sum(times) AS times,
           max(recorded_at) AS recorded_at, bool_or(sample) AS sample
    FROM facts
    WHERE {_counted(question.first, question, bound)}
    GROUP BY ALL
    HAVING sum(times) > 0
), each AS (
    SELECT told.*, unnest(range(times::bigint)) FROM told
)
SELECT NULL::integer[] AS key, NULL::date AS period, array_agg(value ORDER BY value) AS value,
       count(DISTINCT who) AS n, max(recorded_at) AS as_of, bool_or(sample) AS sample, NULL AS excluded
FROM each
UNION ALL
SELECT {_key(question)}, period, array_agg(value ORDER BY value), count(DISTINCT who), max(recorded_at),
       bool_or(sample), NULL
FROM each
WHERE {bound(bool(question.by))}
GROUP BY {by}period
"""


def last(question: Question, bound: Bound) -> str:
    """What was observed last, those that were taken back left out: of several contributors no value, but how many."""
    by = _by(question)
    latest = """arg_max(value, effective_on) AS value, arg_max(recorded_at, effective_on) AS recorded_at,
           arg_max(sample, effective_on) AS sample"""
    alone = """CASE WHEN count(*) = 1 THEN any_value(value) END AS value, count(*) AS n, max(recorded_at) AS as_of,
       bool_or(sample) AS sample"""
    return f"""
WITH told AS (
    SELECT {by}{_begins(question.period)} AS period, who, effective_on, value, max(recorded_at) AS recorded_at,
           bool_or(sample) AS sample
    FROM facts
    WHERE {_counted(question.first, question, bound)}
    GROUP BY ALL
    HAVING sum(times) > 0
), everyone AS (
    SELECT who, {latest} FROM told GROUP BY who
), shares AS (
    SELECT {by}period, who, {latest} FROM told GROUP BY {by}period, who
)
SELECT NULL::integer[] AS key, NULL::date AS period, {alone}, NULL AS excluded
FROM everyone
UNION ALL
SELECT {_key(question)}, period, {alone}, NULL
FROM shares
WHERE {bound(bool(question.by))}
GROUP BY {by}period
"""


_STEP: Final[dict[PeriodName | None, str]] = {"month": "1 month", "quarter": "3 months", "year": "1 year", None: ""}


def _by(question: Question) -> str:
    """The dimensions asked for, as columns before others."""
    return "".join(f"by_{name}, " for name in question.dimensions)


def _key(question: Question) -> str:
    return f"[{', '.join(f'by_{name}' for name in question.dimensions)}]::integer[] AS key"


def _shown(question: Question) -> str:
    """Cells without contributors are not, unless every period is to be given."""
    return "" if question.filled and question.period else "\nHAVING n > 0"


def _begins(period: PeriodName | None) -> str:
    """The first day of the period that a fact is in."""
    return f"date_trunc('{period}', effective_on)::date" if period else "NULL::date"


def _counted(first: date | None, question: Question, bound: Bound) -> str:
    """Which facts are counted."""
    conditions = ["measure = $1", f"effective_on < {bound(question.until)}"]
    conditions += [f"effective_on >= {bound(first)}"] if first else []
    conditions += [f"recorded_at < {bound(question.known_before)}"] if question.known_before else []
    conditions += [f"by_{name} IN (SELECT unnest({bound([*codes])}))" for name, codes in question.where.items()]
    return " AND ".join(conditions)


def _shares(since: date | None, question: Question, bound: Bound, excluded: int | None = None) -> str:
    """Who contributes how much, in each cell and in each period."""
    but = "" if excluded is None else f" AND who <> {bound(excluded)}"
    return f"""shares AS (
    SELECT {_by(question)}who, {_begins(question.period)} AS period, {_ADDED}
    FROM facts
    WHERE {_counted(since, question, bound)}{but}
    GROUP BY ALL
)"""
