# ruff: noqa: S608  Only names of ours are put into texts.
"""The statements that questions become. Each gives a row for the total, whose `key` is null, and rows for the cells.

`key` has the dimensions asked for as an array, `period` the first day of the period. What is put into the text are
names of dimensions and of periods; everything else is bound.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from contracts.model import FIRST_DAY
from indicators.projection import EVER, MONTH, YEAR
from indicators.question import ALWAYS, Period, PeriodName, Question


class Bound:
    """The values of a statement: that of `$1` is the measure's number."""

    def __init__(self, measure: int) -> None:
        self.values: list[object] = [measure]

    def __call__(self, value: object) -> str:
        """Binds a value, and says what stands for it."""
        self.values.append(value)
        return f"${len(self.values)}"


Read = Callable[[Question, Bound], str]

EVERY_TOTAL: Final = """
WITH everyone AS (
    SELECT cells.measure, contributor, sum(value) AS value, max(recorded_at) AS recorded_at, bool_or(sample) AS sample
    FROM cells JOIN slices ON id = slice
    WHERE cells.measure = ANY ($1::bigint[]) AND grain = $2
    GROUP BY cells.measure, contributor
)
SELECT measure, sum(value) AS value, count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of,
       bool_or(sample) AS sample
FROM everyone
GROUP BY measure
"""
"""What many measures add up to, of all days: what `total` says of each where nothing is asked for beside."""

_TOTAL: Final = """
SELECT NULL::text AS key, NULL::date AS period, coalesce(sum(value), 0) AS value,
       count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of, bool_or(sample) AS sample"""
_CELL: Final = """
       sum(value) AS value, count(*) FILTER (WHERE value <> 0) AS n, max(recorded_at) AS as_of,
       bool_or(sample) AS sample"""
_ADDED: Final = "sum(value) AS value, max(recorded_at) AS recorded_at, bool_or(sample) AS sample"


def total(question: Question, bound: Bound) -> str:
    """What sums, levels and distincts add up to, and their cells by dimensions alone."""
    cells = f"""
UNION ALL
SELECT key, NULL, {_CELL}, NULL
FROM shares
WHERE contributor NOT IN (SELECT contributor FROM largest)
GROUP BY key
HAVING count(*) FILTER (WHERE value <> 0) > 0"""
    return f"""
WITH {_asked(question, bound)}, counted AS (
    SELECT slice, {_ADDED}
    FROM ({_parts(question.first, question, bound)}) AS parts
    GROUP BY slice
), shares AS (
    SELECT key, contributor, {_ADDED}
    FROM counted JOIN asked ON id = slice
    GROUP BY key, contributor
), everyone AS (
    SELECT contributor, {_ADDED}
    FROM shares
    GROUP BY contributor
), largest AS (
    SELECT contributor
    FROM everyone
    WHERE value > 0 AND {bound(question.without_largest)}::boolean
    ORDER BY value DESC, contributor
    LIMIT 1
)
{_TOTAL}, (SELECT contributor FROM largest) AS excluded
FROM everyone
WHERE contributor NOT IN (SELECT contributor FROM largest){cells if question.dimensions else ""}
"""


def flow(question: Question, bound: Bound) -> str:
    """What counts in each period."""
    return f"""
WITH {_shares(question.first, question, bound)}, counted AS (
    SELECT cell, period, {_CELL}
    FROM shares
    GROUP BY cell, period
)
SELECT key, period, value, n, as_of, sample
FROM counted JOIN keys USING (cell)
"""


def stock(question: Question, bound: Bound, *, since: date | None, excluded: str | None) -> str:
    """What has been added up, since a day if there is one, to the end of each period in which anything changes.

    How many contribute changes with each of them who begins or ceases to.
    """
    return f"""
WITH {_shares(since, question, bound, excluded)}, running AS (
    SELECT cell, period, value, recorded_at, sample, sum(value) OVER (PARTITION BY share ORDER BY period) AS after
    FROM shares
), changes AS (
    SELECT cell, period, {_ADDED}, sum((after <> 0)::int - (after <> value)::int) AS n
    FROM running
    GROUP BY cell, period
)
SELECT key, period, sum(value) OVER upto AS value, (sum(n) OVER upto)::int AS n, max(recorded_at) OVER upto AS as_of,
       bool_or(sample) OVER upto AS sample
FROM changes JOIN keys USING (cell)
WINDOW upto AS (PARTITION BY cell ORDER BY period)
"""


def held(question: Question, bound: Bound) -> str:
    """A level added up over the days of a period, and of each period in it."""
    first, until = bound(question.first or FIRST_DAY), bound(question.until)
    period = question.period
    periods = f"generate_series(date_trunc('{period}', begins::timestamp), ends - interval '1 day', '{_STEP[period]}')"
    days = f"least(ends, (period + interval '{_STEP[period]}')::date) - greatest(begins, period::date)"
    return f"""
WITH {_asked(question, bound)}, changes AS (
    SELECT slice, effective_on, {_ADDED}
    FROM facts
    WHERE measure = $1 AND effective_on < {until}{_known(question, bound)}
    GROUP BY slice, effective_on
), spans AS (
    SELECT slice, sum(value) OVER upto AS value, max(recorded_at) OVER upto AS recorded_at,
           bool_or(sample) OVER upto AS sample, greatest(effective_on, {first}::date) AS begins,
           coalesce(lead(effective_on) OVER upto, {until}::date) AS ends
    FROM changes
    WINDOW upto AS (PARTITION BY slice ORDER BY effective_on)
), parts AS (
    SELECT slice, {"period::date" if period else "NULL::date"} AS period, recorded_at, sample,
           value * ({days if period else "ends - begins"}) AS value
    FROM spans{", " + periods + " AS period" if period else ""}
    WHERE begins < ends
), shares AS (
    SELECT key, period, contributor, {_ADDED}
    FROM parts JOIN asked ON id = slice
    GROUP BY key, period, contributor
), everyone AS (
    SELECT contributor, {_ADDED}
    FROM shares
    GROUP BY contributor
)
{_TOTAL}, NULL AS excluded
FROM everyone
UNION ALL
SELECT key, period, {_CELL}, NULL
FROM shares
WHERE {bound(bool(question.by))}
GROUP BY key, period
HAVING {bound(question.filled and period is not None)} OR count(*) FILTER (WHERE value <> 0) > 0
"""


def values(question: Question, bound: Bound) -> str:
    """All values of a quantile, in order, those that were taken back left out. `value` is an array."""
    period = f"date_trunc('{question.period}', effective_on::timestamp)::date" if question.period else "NULL::date"
    return f"""
WITH {_asked(question, bound)}, told AS (
    SELECT key, {period} AS period, contributor, facts.value, sum(times) AS times, max(recorded_at) AS recorded_at,
           bool_or(sample) AS sample
    FROM facts JOIN asked ON id = slice
    WHERE facts.measure = $1 AND effective_on >= {bound(question.first or date.min)}
      AND effective_on < {bound(question.until)}{_known(question, bound)}
    GROUP BY 1, 2, 3, 4
    HAVING sum(times) > 0
), each AS (
    SELECT told.* FROM told, generate_series(1, times)
)
SELECT NULL::text AS key, NULL::date AS period, array_agg(value ORDER BY value) AS value,
       count(DISTINCT contributor) AS n, max(recorded_at) AS as_of, bool_or(sample) AS sample, NULL AS excluded
FROM each
UNION ALL
SELECT key, period, array_agg(value ORDER BY value), count(DISTINCT contributor), max(recorded_at), bool_or(sample),
       NULL
FROM each
WHERE {bound(bool(question.by))}
GROUP BY key, period
"""


_STEP: Final[dict[PeriodName | None, str]] = {"month": "1 month", "quarter": "3 months", "year": "1 year", None: ""}


def _asked(question: Question, bound: Bound) -> str:
    """The slices that are counted, with the key of their cell."""
    key = ", ".join(f"dimensions -> '{name}'" for name in question.dimensions)
    return f"""asked AS MATERIALIZED (
    SELECT id, contributor, json_build_array({key})::text COLLATE "C" AS key
    FROM slices
    WHERE measure = $1{only(question, bound)}
)"""


def only(question: Question, bound: Bound) -> str:
    """What is asked for, of the dimensions of slices."""
    return "".join(
        f" AND dimensions -> '{name}' = ANY ({bound([json.dumps(code) for code in codes])}::jsonb[])"
        for name, codes in question.where.items()
    )


def _shares(since: date | None, question: Question, bound: Bound, excluded: str | None = None) -> str:
    """Who contributes how much in each period, with numbers for cells and shares: there are few slices, and many parts.

    A slice has one part in a month. Most are the only one of their share, so that nothing of them is to be added up.
    """
    lone = "count(*) OVER (PARTITION BY key, contributor) = 1" if question.period == "month" else "false"
    return f"""{_asked(question, bound).replace("asked", "found", 1)}, asked AS MATERIALIZED (
    SELECT id, dense_rank() OVER (ORDER BY key) AS cell, dense_rank() OVER (ORDER BY key, contributor) AS share, key,
           {lone} AS lone
    FROM found
    WHERE contributor IS DISTINCT FROM {bound(excluded)}::text
), keys AS (
    SELECT DISTINCT cell, key FROM asked
), told AS MATERIALIZED (
    SELECT share, period, cell, value, recorded_at, sample, lone
    FROM ({_parts(since, question, bound)}) AS parts JOIN asked ON id = slice
), shares AS (
    SELECT share, period, cell, value, recorded_at, sample
    FROM told
    WHERE lone
    UNION ALL
    SELECT share, period, cell, {_ADDED}
    FROM told
    WHERE NOT lone
    GROUP BY share, period, cell
)"""


def _known(question: Question, bound: Bound) -> str:
    return f" AND recorded_at < {bound(question.known_before)}" if question.known_before else ""


def _parts(first: date | None, question: Question, bound: Bound) -> str:
    """What is added up from a day on: the widest cells there are for it, and the facts of the days at either end."""
    period = question.period
    parts = [
        f"SELECT slice, {_begins(period, grain)} AS period, value, recorded_at, sample FROM cells"
        f" WHERE measure = $1 AND grain = {grain} AND since >= {bound(begins)} AND since < {bound(ends)}"
        for grain, begins, ends in _grains(first, question)
    ]
    parts += [
        f"SELECT slice, {_begins(period, None)} AS period, {_ADDED} FROM facts"
        f" WHERE measure = $1 AND effective_on >= {bound(begins)} AND effective_on < {bound(ends)}"
        f"{_known(question, bound)} GROUP BY 1, 2"
        for begins, ends in _days(first, question)
    ]
    return "\n    UNION ALL ".join(parts)


def _begins(period: PeriodName | None, grain: int | None) -> str:
    """The first day of the period that a part is in."""
    if period is None:
        return "NULL::date"
    if (period, grain) in (("month", MONTH), ("year", YEAR)):
        return "since"
    return f"date_trunc('{period}', {'effective_on' if grain is None else 'since'}::timestamp)::date"


def _months(first: date | None, question: Question) -> tuple[date, date]:
    """The whole months of a question: the first day of the first, and the day behind the last. None where equal."""
    begins = date.min if first is None else first if first.day == 1 else Period.of("month", first).following.first
    ends = question.until if question.until == ALWAYS else question.until.replace(day=1)
    return (begins, ends) if begins < ends and question.known_on is None else (ALWAYS, ALWAYS)


def _grains(first: date | None, question: Question) -> Iterator[tuple[int, date, date]]:
    """The cells that are read, each grain with the days that they begin on."""
    begins, ends = _months(first, question)
    period = question.period
    if begins == ends:
        return
    if period is None and begins == date.min and ends == ALWAYS:
        yield EVER, date.min, ALWAYS
        return
    year_begins = begins if begins == date.min else begins.replace(month=1, day=1)
    if year_begins != begins:
        year_begins = year_begins.replace(year=begins.year + 1)
    year_ends = ends if ends == ALWAYS else ends.replace(month=1, day=1)
    if period in ("month", "quarter") or year_begins >= year_ends:
        yield MONTH, begins, ends
        return
    yield YEAR, year_begins, year_ends
    if begins < year_begins:
        yield MONTH, begins, year_begins
    if year_ends < ends:
        yield MONTH, year_ends, ends


def _days(first: date | None, question: Question) -> Iterator[tuple[date, date]]:
    """The days that facts are read of."""
    begins, ends = _months(first, question)
    first = first or date.min
    if begins == ends:
        yield first, question.until
        return
    if first < begins:
        yield first, begins
    if ends < question.until:
        yield ends, question.until
