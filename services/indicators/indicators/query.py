"""Figures, read in one snapshot with the positions they are complete up to.

A figure is made of exactly the events up to its positions, whose facts are read from columns. A level on a day is the
sum of all differences up to it, so that levels and sums are read alike.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, Final, cast

import asyncpg

from contracts.model import FIRST_DAY
from eventstore.kafka.topics import name_of
from indicators import statements
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Code, Columns, Generation, Moment, Numbers, Positions, Row
from indicators.measures import (
    Derived,
    Distinct,
    Duration,
    Formula,
    Indicator,
    Level,
    Mean,
    Measure,
    Observed,
    Quantile,
    Series,
    Silence,
    Sum,
    measures_of,
)
from indicators.projection import PREFIX, measure_id, subscription_of
from indicators.question import ALWAYS, Key, Period, Question
from indicators.statements import Bound, Read
from indicators.steering import TARGET
from indicators.trend import Ahead, Aim, Trend, next_of, trend
from service.clock import today


@dataclass(frozen=True)
class Value:
    """A figure: its value, how many contribute to it, and when its latest event was recorded."""

    value: Decimal | None
    n: int
    as_of: datetime | None
    sample: bool = False
    """Whether any event in it is made up."""


ZERO: Final = Value(Decimal(0), 0, None)
UNKNOWN: Final = Value(None, 0, None)


@dataclass(frozen=True)
class Answer:
    """The total asked for, and those of its cells that have contributors, or, of a formula, a value."""

    total: Value
    cells: Mapping[Key, Value]
    excluded: Code = None
    """The contributor that `without_largest` leaves out."""
    trend: Trend | None = None
    """Of a series."""


class CatchingUp(Exception):
    """The events of a chapter are not all folded yet, and no generation before has what is asked for."""

    def __init__(self, chapter: str) -> None:
        super().__init__(chapter)
        self.chapter = chapter


@dataclass(frozen=True)
class Served:
    """The generation that a chapter is answered from."""

    generation: str
    """As its subscription is named."""
    versions: Mapping[str, int]
    """The definition that each measure's facts are made by."""
    positions: Positions
    partitions: Mapping[str, int]
    """Of each topic."""

    @property
    def held(self) -> Generation:
        """What columns hold of it."""
        return Generation([measure_id(self.generation, name) for name in self.versions], self.positions)


@dataclass(frozen=True)
class Snapshot:
    """One moment of all chapters: whatever is read in it of one of them is made of the same events."""

    connection: asyncpg.Connection
    columns: Moment
    """What the connection sees of facts, in columns."""
    catalogue: Catalogue
    chapters: Mapping[str, Served]
    """Those that can be asked."""

    def served(self, measure: Measure) -> Served:
        """What a measure is answered from. Raises CatchingUp."""
        chapter = self.catalogue.chapter_of(measure)
        served = self.chapters.get(chapter.name)
        if served is None or measure.name not in served.versions:
            raise CatchingUp(chapter.name)
        return served

    def counted_in(self, indicator: Indicator) -> Mapping[str, Served]:
        """The chapters that an indicator's values are made of. Raises CatchingUp."""
        return {self.catalogue.chapter_of(each).name: self.served(each) for each in measures_of(indicator)}

    def behind(self, indicator: Indicator) -> Mapping[str, Served]:
        """The chapters that an indicator's answers are made of: that of its targets as well, as far as it is folded.

        Raises CatchingUp.
        """
        chapters = {**self.counted_in(indicator)}
        if (targets := self.catalogue.targets) and (self.has_targets or _aims(indicator)):
            chapters[self.catalogue.chapter_of(targets).name] = self.served(targets)
        return chapters

    @property
    def has_targets(self) -> bool:
        """Whether what is aimed at is folded."""
        targets = self.catalogue.targets
        return targets is not None and self.catalogue.chapter_of(targets).name in self.chapters

    def can_answer(self, indicator: Indicator) -> bool:
        """Whether all that an indicator is made of is folded."""
        try:
            self.behind(indicator)
        except CatchingUp:
            return False
        return True

    def positions(self, indicator: Indicator) -> Mapping[str, Positions]:
        """What an indicator's answers are made of, by chapter. Raises CatchingUp."""
        return {name: served.positions for name, served in self.behind(indicator).items()}

    def version(self, indicator: Indicator) -> int:
        """The definition that answers are by: of a measure, the one that its facts are made by. Raises CatchingUp."""
        return self.served(indicator).versions[indicator.name] if isinstance(indicator, Measure) else indicator.version

    def number(self, measure: Measure) -> int:
        """What the facts of a measure are told by. Raises CatchingUp."""
        return measure_id(self.served(measure).generation, measure.name)

    async def answer(self, indicator: Indicator, question: Question) -> Answer:
        """The figure asked for. The question has only what the indicator knows. Raises CatchingUp."""
        question = ended(indicator, question)
        match indicator:
            case Formula():
                answers = [await self.answer(each, question) for each in indicator.of]
                return _compute(indicator, answers, await self._ahead(indicator, question), filled=question.filled)
            case Mean(of=(Level() as level,)):
                return await self._mean(level, question)
            case Series(of=(Level() | Observed() as moving,)):
                return await self._series(indicator, moving, question)
            case Duration():
                held = _answer(indicator, question, await self._fetch(indicator, question, statements.held))
                return _each(held, lambda value, _: _rounded(value / 7))
            case Quantile():
                return _quantile(indicator, question, await self._fetch(indicator, question, statements.values))
            case Observed():
                return _answer(indicator, question, await self._fetch(indicator, question, statements.last))
            case Measure():
                answer = await self._added_up(indicator, question)
                return _numbers(answer) if isinstance(indicator, Distinct) else answer
        raise AssertionError(indicator)

    async def current(self, indicators: Iterable[Indicator]) -> Mapping[str, Answer]:
        """What those of some indicators say now that can be asked, by name: the same as each says by itself.

        What cells of all facts tell is read at once, whoever it is of.
        """
        asked = [each for each in indicators if self.can_answer(each)]
        measures = {
            self.number(measure): measure
            for each in asked
            for measure in measures_of(each)
            if isinstance(measure, Sum | Level | Distinct)
        }
        found = {row["measure"]: row for row in await self.columns.fetch(statements.EVERY_TOTAL, [*measures])}
        known: dict[tuple[str, date | None], Answer] = {}
        for number, measure in measures.items():
            answer = Answer(_value(measure, found.get(number, _NOTHING)), {})
            known[measure.name, None] = _numbers(answer) if isinstance(measure, Distinct) else answer
        return {each.name: await self._now(each, Question(), known) for each in asked}

    async def _now(
        self, indicator: Indicator, question: Question, known: dict[tuple[str, date | None], Answer]
    ) -> Answer:
        """The answer, of which whatever is made of another is computed, and nothing is asked for twice."""
        question = ended(indicator, question)
        place = (indicator.name, question.last)
        if place not in known:
            if isinstance(indicator, Formula):
                answers = [await self._now(each, question, known) for each in indicator.of]
                known[place] = _compute(indicator, answers, await self._ahead(indicator, question), filled=False)
            else:
                known[place] = await self.answer(indicator, question)
        return known[place]

    async def first_day(self, indicator: Indicator) -> date | None:
        """The day of the first fact that an indicator is made of. Raises CatchingUp."""
        numbers = [self.number(measure) for measure in measures_of(indicator)]
        statement = "SELECT min(effective_on) FROM facts WHERE measure IN (SELECT unnest($1))"
        return cast(date | None, await self.columns.fetchval(statement, numbers))

    async def first_known(self, indicator: Indicator) -> datetime | None:
        """When the first fact that an indicator is made of was recorded. Raises CatchingUp."""
        numbers = [self.number(measure) for measure in measures_of(indicator)]
        statement = "SELECT min(recorded_at) FROM facts WHERE measure IN (SELECT unnest($1))"
        return cast(datetime | None, await self.columns.fetchval(statement, numbers))

    async def _added_up(self, measure: Measure, question: Question) -> Answer:
        level = isinstance(measure, Level)
        since = None if level else question.first
        if question.period is None or not (level or question.cumulative):
            begun = replace(question, first=since)
            return _answer(measure, begun, await self._fetch(measure, begun, statements.total))
        whole = replace(question, by=(), first=since)
        answer = _answer(measure, whole, await self._fetch(measure, whole, statements.total))
        if level:
            question = replace(question, last=min(question.last or ALWAYS, today()), cumulative=True)
        excluded = None if answer.excluded is None else self.columns.numbers.of(None, answer.excluded)
        stock = partial(statements.stock, since=since, excluded=excluded)
        return replace(answer, cells=_by_period(measure, question, await self._fetch(measure, question, stock)))

    async def begun(self, level: Measure, question: Question) -> Question:
        """The question with the first day it has if none is asked for: that of the level's first fact known."""
        if question.first:
            return question
        statement = "SELECT min(effective_on) FROM facts WHERE measure = $1 AND recorded_at < $2"
        known_before = question.known_before or datetime.max.replace(tzinfo=UTC)
        began: date | None = await self.columns.fetchval(statement, self.number(level), known_before)
        return replace(question, first=min(began or FIRST_DAY, question.last or FIRST_DAY))

    async def _mean(self, level: Level, question: Question) -> Answer:
        question = await self.begun(level, question)
        held = _answer(level, question, await self._fetch(level, question, statements.held))
        return _each(held, lambda value, key: _rounded(value / days_of(question, key)))

    async def _series(self, indicator: Series, moving: Level | Observed, question: Question) -> Answer:
        last = question.last or today()
        known = await self.answer(moving, replace(question, last=last, by=("quarter",), filled=True))
        points = [
            (period.last, cell.value)
            for (period,), cell in known.cells.items()
            if isinstance(period, Period) and period.last <= min(last, today()) and cell.value is not None
        ]
        aims, breaks = await self.aims(indicator, question), await self.breaks(indicator, question)
        known_on, value = last, known.total.value
        if isinstance(moving, Observed):
            known_on, value = points[-1] if points else (last, None)
        found = trend(points[-indicator.quarters :], (last, value), aims, breaks, known_on=known_on)
        return Answer(replace(known.total, value=found.pace), {}, known.excluded, found)

    async def _ahead(self, indicator: Formula, question: Question) -> Callable[[Key], Sequence[Ahead]]:
        """What a formula aims at, if anything, seen from the last day of each cell. Raises CatchingUp."""
        goal, last = indicator.goal, question.last or today()
        if goal is None:
            return lambda _: ()
        whole = replace(question, by=(), cumulative=False, filled=False)
        aim = next_of((await self.aims_of([goal.of], whole))[goal.of.name], last)
        value, due = (aim.value, aim.due) if aim else (goal.value, goal.due)
        return lambda key: (Ahead.seen(value, due, last_of(key, last)),)

    async def breaks(self, indicator: Indicator, question: Question) -> Sequence[date]:
        """The series breaks of an indicator, in order: those of its source, and those that somebody has declared of
        what is asked for, as far as they are no later than the last day. Raises CatchingUp."""
        measures = measures_of(indicator)
        found = {day for measure in measures for day in measure.breaks}
        for level in {each.broken_by for each in measures if isinstance(each, Observed) and each.broken_by}:
            where: Mapping[str, tuple[str | int, ...]] = {
                name: codes for name, codes in question.where.items() if name in level.dimensions
            }
            asked = Question(last=question.last or today(), known_on=question.known_on, by=("break_on",), where=where)
            told = (await self.answer(level, asked)).cells
            found |= {date.fromisoformat(str(day)) for (day,) in told}
        return sorted(found)

    async def aims(self, indicator: Indicator, question: Question) -> Sequence[Aim]:
        """What was aimed at on the last day asked for, of all that is asked for and of its cells, the next due first.

        Raises CatchingUp.
        """
        return (await self.aims_of([indicator], question))[indicator.name]

    async def aims_of(self, indicators: Iterable[Indicator], question: Question) -> Mapping[str, Sequence[Aim]]:
        """The same of several indicators at once, by name; a series is aimed at by what moves. Raises CatchingUp."""
        aimed_at = {each.name: (each.of[0] if isinstance(each, Series) else each).name for each in indicators}
        found: dict[str, list[Aim]] = defaultdict(list)
        if self.catalogue.targets is not None:
            where = {"indicator": tuple(dict.fromkeys(aimed_at.values()))}
            in_force = Question(last=question.last, known_on=question.known_on, by=TARGET, where=where)
            answer = await self.answer(self.catalogue.targets, in_force)
            for key in answer.cells:
                told: dict[str, Any] = dict(zip(TARGET, key, strict=True))
                if (aim := Aim.told(told)).is_of(question):
                    found[told["indicator"]].append(aim)
        return {
            name: sorted(found[of], key=lambda aim: (aim.due, sorted(aim.of.items()))) for name, of in aimed_at.items()
        }

    async def _fetch(self, measure: Measure, question: Question, read: Read) -> Sequence[Row]:
        """What a statement finds: columns have numbers for codes."""
        numbers, bound = self.columns.numbers, Bound(self.number(measure))
        where = {name: tuple(numbers.of(name, code) for code in codes) for name, codes in question.where.items()}
        statement = read(replace(question, where=where), bound)
        rows = await self.columns.fetch(statement, *bound.values)
        return [{**row, **_told(row, numbers)} for row in rows]


def _told(row: Row, numbers: Numbers) -> Row:
    key, excluded = row["key"], row.get("excluded")
    return {
        "key": None if key is None else tuple(map(numbers.code, key)),
        "excluded": None if excluded is None else numbers.code(excluded),
    }


def ended(indicator: Indicator, question: Question) -> Question:
    """The question with the last day it has if none is asked for: today, where a level is held in the figure, or moves.
    Where only what was until now counts, no later day than today is asked for.

    Whatever is computed of such a figure is asked for the same days.
    """
    if counts_so_far(indicator):
        return replace(question, last=min(question.last or ALWAYS, today()))
    if question.last is None and _holds(indicator):
        return replace(question, last=today())
    return question


def counts_so_far(indicator: Indicator) -> bool:
    """Whether no day to come is counted."""
    return any(measure.so_far for measure in measures_of(indicator))


def _holds(indicator: Indicator) -> bool:
    of = indicator.of if isinstance(indicator, Derived) else ()
    return isinstance(indicator, Duration | Mean) or _aims(indicator) or any(_holds(each) for each in of)


def _aims(indicator: Indicator) -> bool:
    """Whether what is aimed at is in the figure."""
    return isinstance(indicator, Series) or (isinstance(indicator, Formula) and indicator.goal is not None)


@asynccontextmanager
async def snapshot(
    pool: asyncpg.Pool,
    catalogue: Catalogue,
    generations: Mapping[str, str] | None = None,
    columns: Columns | None = None,
) -> AsyncIterator[Snapshot]:
    """All chapters as they are now, by name in these generations: those of their definitions, unless given.

    A chapter whose generation is not folded yet is answered from the latest that is. Whoever asks again has columns of
    this database, which are brought up to now; others have all facts copied.
    """
    columns = columns or Columns()
    async with (
        columns.turns,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async with columns.lock:
            chapters = await serving(connection, catalogue, generations or {}, columns.held)  # type: ignore[arg-type]
            moment = await columns.moment(connection, {each.generation: each.held for each in chapters.values()})  # type: ignore[arg-type]
        with closing(moment):
            yield Snapshot(connection, moment, catalogue, chapters)  # type: ignore[arg-type]


async def serving(
    connection: asyncpg.Connection, catalogue: Catalogue, generations: Mapping[str, str], held: Collection[str] = ()
) -> Mapping[str, Served]:
    """What each chapter is answered from, of those that can be asked.

    One that was answered from a generation before, which is `held`, goes on to its own where that has come as far: both
    may be folded side by side, and no figure goes back.
    """
    marks: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(_MARKS, PREFIX):
        marks[row["subscription"]].append(row)
    folded = {
        row["generation"]: (row["chapter"], json.loads(row["definitions"]))
        for row in await connection.fetch("SELECT * FROM generations ORDER BY began_at")
    }
    chapters: dict[str, Served] = {}
    for name, chapter in catalogue.chapters.items():
        subscription = subscription_of(chapter, generations.get(name, chapter.generation))
        others = [generation for generation, (of, _) in folded.items() if of == name and generation != subscription]
        others = [*reversed(others)]
        before = [marks[each] for each in others if each in held and subscription not in held]
        own = () if any(_is_behind(marks[subscription], each) for each in before) else (subscription,)
        for generation in (*own, *others):
            if all(mark["caught_up"] for mark in marks[generation]) and marks[generation]:
                known = chapter.definitions if generation == subscription else folded[generation][1]
                chapters[name] = _served(chapter, generation, known, marks[generation])
                break
    return chapters


def _is_behind(own: Sequence[asyncpg.Record], before: Sequence[asyncpg.Record]) -> bool:
    """Whether one generation lacks what another has, of any partition that both read."""
    reached = {(mark["topic"], mark["partition"]): mark["position"] for mark in own}
    return any(mark["position"] > reached.get((mark["topic"], mark["partition"]), mark["position"]) for mark in before)


def _served(
    chapter: Chapter, generation: str, known: Mapping[str, Mapping[str, Any]], marks: Sequence[asyncpg.Record]
) -> Served:
    positions: dict[str, dict[int, int]] = {}
    partitions: dict[str, int] = defaultdict(int)
    for mark in marks:
        topic = name_of(mark["topic"])
        partitions[topic] += 1
        if mark["position"]:
            positions.setdefault(topic, {})[mark["partition"]] = mark["position"]
    versions = {
        each.name: known[each.name]["version"]
        for each in chapter.measures
        if each.name in known and each.can_be_read_as(known[each.name])
    }
    return Served(generation, versions, positions, partitions)


def _answer(measure: Measure, question: Question, rows: Sequence[Row]) -> Answer:
    whole = next(row for row in rows if row["key"] is None)
    cells = [row for row in rows if row["key"] is not None]
    if question.period:
        return Answer(_value(measure, whole), _by_period(measure, question, cells), whole["excluded"])
    return Answer(
        _value(measure, whole),
        {row["key"]: _value(measure, row) for row in cells},
        whole["excluded"],
    )


def _value(measure: Measure, row: Row) -> Value:
    """What a row says. Where nothing was recorded, a measure may say that nobody knows."""
    unknown = row["as_of"] is None and measure.silence == "unknown"
    return Value(None if unknown else row["value"], row["n"], row["as_of"], row["sample"] or False)


def _by_period(measure: Measure, question: Question, rows: Sequence[Row]) -> Mapping[Key, Value]:
    """The cells of periods: where they are cumulative, those in which nothing changes are like the one before."""
    name = question.period
    assert name is not None  # It is asked by one.
    found: dict[Key, dict[Period, Row]] = defaultdict(dict)
    for row in rows:
        found[row["key"]][Period(name, row["period"])] = row
    if not found and not question.filled:
        return {}
    told = [period.first for cells in found.values() for period in cells]
    begins = question.first
    if told and not (begins and question.filled):
        begins = max(begins or FIRST_DAY, min(told))
    ends = question.last if question.last or not told else max(today() if question.cumulative else date.min, *told)
    if begins is None or ends is None:
        return {}
    asked = [*Period.between(name, begins, ends)] if question.filled or question.cumulative else None
    place = question.by.index(name)
    cells: dict[Key, Value] = {}
    for key, known in (found or {(): {}}).items():
        if found or not question.dimensions:
            for period, row in _in_turn(known, asked, cumulative=question.cumulative):
                if row["n"] or question.filled:
                    cells[(*key[:place], period, *key[place:])] = _value(measure, row)
    return cells


def _in_turn(
    known: Mapping[Period, Row],
    asked: Sequence[Period] | None,
    *,
    cumulative: bool,
) -> Iterator[tuple[Period, Row]]:
    """Each period asked for with what is known of it; all that anything is known of, unless any are asked for."""
    if asked is None or not cumulative:
        yield from sorted(known.items()) if asked is None else ((each, known.get(each, _NOTHING)) for each in asked)
        return
    changes = sorted(known.items(), reverse=True)
    latest = _NOTHING
    for period in asked:
        while changes and changes[-1][0] <= period:
            _, latest = changes.pop()
        yield period, latest


def _quantile(measure: Quantile, question: Question, rows: Sequence[Row]) -> Answer:
    return _answer(measure, question, [{**row, "value": between(row["value"] or (), measure.at)} for row in rows])


def between(values: Sequence[Decimal], at: Decimal) -> Decimal | None:
    """The quantile of values in order, in proportion between the two nearest; None of none. To the hundredth."""
    if not values:
        return None
    place = at * (len(values) - 1)
    lower = int(place)
    upper = min(lower + 1, len(values) - 1)
    return _rounded(values[lower] + (values[upper] - values[lower]) * (place - lower))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _each(answer: Answer, change: Callable[[Decimal, Key], Decimal]) -> Answer:
    """The answer with its values changed, where there are any."""

    def changed(value: Value, key: Key) -> Value:
        return value if value.value is None else replace(value, value=change(value.value, key))

    cells = {key: changed(cell, key) for key, cell in answer.cells.items()}
    return replace(answer, total=changed(answer.total, ()), cells=cells)


def _numbers(answer: Answer) -> Answer:
    def number(value: Value) -> Value:
        return replace(value, value=Decimal(value.n))

    return replace(answer, total=number(answer.total), cells={key: number(cell) for key, cell in answer.cells.items()})


def days_of(question: Question, key: Key = ()) -> int:
    """How many days of a question the period of a cell has, if it has one."""
    first, last = question.first or FIRST_DAY, question.last or today()
    for period in key:
        if isinstance(period, Period):
            first, last = max(first, period.first), min(last, period.last)
    return (last - first).days + 1


def last_of(key: Key, last: date) -> date:
    """The last day of a cell: that of its period, if it is over by the last day asked for."""
    return min(last, *(part.last for part in key if isinstance(part, Period)), date.max)


def _compute(
    indicator: Formula, answers: Sequence[Answer], ahead: Callable[[Key], Sequence[Ahead]], *, filled: bool
) -> Answer:
    absent = [nothing_of(each) for each in indicator.of]

    def value(values: Sequence[Value], key: Key = ()) -> Value:
        told = [each.value for each in values]
        return Value(
            None if None in told else indicator.compute(*told, *ahead(key)),
            min(each.n for each in values),
            max((each.as_of for each in values if each.as_of), default=None),
            any(each.sample for each in values),
        )

    cells = {
        key: value([each.cells.get(key, other) for each, other in zip(answers, absent, strict=True)], key)
        for key in answers[0].cells
    }
    shown = {key: cell for key, cell in cells.items() if filled or cell.n or cell.value is not None}
    return Answer(value([each.total for each in answers]), shown)


def nothing_of(indicator: Indicator) -> Value:
    """What a cell that is not there stands for: that there is nothing, or that nobody knows."""
    return UNKNOWN if silence_of(indicator) == "unknown" else ZERO


def silence_of(indicator: Indicator) -> Silence:
    """What it means that nothing was recorded. Of nothing, no formula and no series tells a value."""
    unknown = isinstance(indicator, Formula | Series)
    return "unknown" if unknown or any(each.silence == "unknown" for each in measures_of(indicator)) else "zero"


_MARKS: Final = """
SELECT subscription, topic, partition, position, caught_up FROM marks WHERE starts_with(subscription, $1)
"""
_NOTHING: Final[Row] = {"value": Decimal(0), "n": 0, "as_of": None, "sample": False}
"""Of what has no facts."""
