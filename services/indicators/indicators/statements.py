# ruff: noqa: S608  Only names of ours are put into texts.
"""The statements that questions become. Each gives a row for the total, whose `key` is null, and rows for the cells.

`key` has the dimensions asked for, each as JSON, `period` the first day of the period. What is put into the text are
names of dimensions and of periods; everything else is bound. They are asked of columns.
"""

import json
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
SELECT NULL::varchar[] AS key, NULL::date AS period, coalesce(sum(value), 0) AS value,
       count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of, bool_or(sample) AS sample"""

EVERY_TOTAL: Final = f"""
WITH everyone AS (
    SELECT facts.measure, who, {_ADDED}
    FROM facts JOIN slices ON id = slice
    WHERE facts.measure IN (SELECT unnest($1::bigint[]))
    GROUP BY ALL
)
SELECT measure, {_CELL}
FROM everyone
GROUP BY measure
"""
"""What many measures add up to, of all days: what `total` says of each where nothing is asked for beside."""


def total(question: Question, bound: Bound) -> str:
    """What sums, levels and distincts add up to, and their cells by dimensions alone."""
    cells = f"""
UNION ALL
SELECT {_key(question)}, NULL, {_CELL}, NULL
FROM shares
WHERE who NOT IN (SELECT who FROM largest)
GROUP BY {_by(question)[:-2]}
HAVING n > 0"""
    return f"""
WITH {_shares(question.first, question, bound)}, everyone AS (
    SELECT who, {_ADDED}
    FROM shares
    GROUP BY who
), largest AS (
    SELECT who, contributor
    FROM everyone JOIN contributors USING (who)
    WHERE value > 0 AND {bound(question.without_largest)}::boolean
    ORDER BY value DESC, contributor
    LIMIT 1
)
{_TOTAL}, (SELECT contributor FROM largest) AS excluded
FROM everyone
WHERE who NOT IN (SELECT who FROM largest){cells if question.dimensions else ""}
"""


def flow(question: Question, bound: Bound) -> str:
    """What counts in each period."""
    return f"""
WITH {_shares(question.first, question, bound)}
SELECT {_key(question)}, period, {_CELL}
FROM shares
GROUP BY {_by(question)}period
"""


def stock(question: Question, bound: Bound, *, since: date | None, excluded: str | None) -> str:
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
    periods = (
        f"generate_series(date_trunc('{question.period}', begins)::timestamp, (ends - 1)::timestamp, INTERVAL '{step}')"
    )
    days = f"least(ends, (period + INTERVAL '{step}')::date) - greatest(begins, period::date)"
    return f"""
WITH {_asked(question, bound)}, changes AS (
    SELECT slice, effective_on, {_ADDED}
    FROM facts
    WHERE measure = $1 AND effective_on < {until}{_known(question, bound)}
    GROUP BY ALL
), spans AS (
    SELECT slice, sum(value) OVER upto AS value, max(recorded_at) OVER upto AS recorded_at,
           bool_or(sample) OVER upto AS sample, greatest(effective_on, {first}::date) AS begins,
           coalesce(lead(effective_on) OVER upto, {until}::date) AS ends
    FROM changes
    WINDOW upto AS (PARTITION BY slice ORDER BY effective_on)
), parts AS (
    SELECT slice, {"period::date" if period else "NULL::date"} AS period, recorded_at, sample,
           value * ({days if period else "ends - begins"}) AS value
    FROM spans{f", unnest({periods}) AS periods (period)" if period else ""}
    WHERE begins < ends
), shares AS (
    SELECT {by}period, who, {_ADDED}
    FROM parts JOIN asked ON id = slice
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
GROUP BY {_by(question)}period
HAVING {bound(question.filled and question.period is not None)} OR n > 0
"""


def values(question: Question, bound: Bound) -> str:
    """All values of a quantile, in order, those that were taken back left out. `value` is an array."""
    return f"""
WITH {_asked(question, bound)}, told AS (
    SELECT {_by(question)}{_begins(question.period)} AS period, who, value, sum(times) AS times,
           max(recorded_at) AS recorded_at, bool_or(sample) AS sample
    FROM facts JOIN asked ON id = slice
    WHERE {_counted(question.first, question, bound)}
    GROUP BY ALL
    HAVING sum(times) > 0
), each AS (
    SELECT told.*, unnest(range(times::bigint)) FROM told
)
SELECT NULL::varchar[] AS key, NULL::date AS period, array_agg(value ORDER BY value) AS value,
       count(DISTINCT who) AS n, max(recorded_at) AS as_of, bool_or(sample) AS sample, NULL AS excluded
FROM each
UNION ALL
SELECT {_key(question)}, period, array_agg(value ORDER BY value), count(DISTINCT who), max(recorded_at),
       bool_or(sample), NULL
FROM each
WHERE {bound(bool(question.by))}
GROUP BY {_by(question)}period
"""


_STEP: Final[dict[PeriodName | None, str]] = {"month": "1 month", "quarter": "3 months", "year": "1 year", None: ""}


def _by(question: Question) -> str:
    """The dimensions asked for, as columns before others."""
    return "".join(f"by_{name}, " for name in question.dimensions)


def _key(question: Question) -> str:
    return f"[{', '.join(f'by_{name}' for name in question.dimensions)}]::varchar[] AS key"


def _begins(period: PeriodName | None) -> str:
    """The first day of the period that a fact is in."""
    return f"date_trunc('{period}', effective_on)::date" if period else "NULL::date"


def _asked(question: Question, bound: Bound) -> str:
    """The slices that are counted."""
    only = "".join(
        f" AND by_{name} IN (SELECT unnest({bound([written(code) for code in codes])}::varchar[]))"
        for name, codes in question.where.items()
    )
    return f"""asked AS (
    SELECT {_by(question)}who, id
    FROM slices
    WHERE measure = $1{only}
)"""


def written(code: str | int) -> str:
    """A dimension's value, as columns have it."""
    return json.dumps(code, ensure_ascii=False)


def _counted(first: date | None, question: Question, bound: Bound) -> str:
    """Which facts are counted."""
    since = f" AND effective_on >= {bound(first)}" if first else ""
    return f"facts.measure = $1{since} AND effective_on < {bound(question.until)}{_known(question, bound)}"


def _known(question: Question, bound: Bound) -> str:
    return f" AND recorded_at < {bound(question.known_before)}" if question.known_before else ""


def _shares(since: date | None, question: Question, bound: Bound, excluded: str | None = None) -> str:
    """Who contributes how much, in each cell and in each period."""
    but = f" AND who <> (SELECT who FROM contributors WHERE contributor = {bound(excluded)})" if excluded else ""
    return f"""{_asked(question, bound)}, shares AS (
    SELECT {_by(question)}who, {_begins(question.period)} AS period, {_ADDED}
    FROM facts JOIN asked ON id = slice
    WHERE {_counted(since, question, bound)}{but}
    GROUP BY ALL
)"""
