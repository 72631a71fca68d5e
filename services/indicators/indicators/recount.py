"""The second count of a catalogue, by the recounts of its chapters: it answers as `query` does, and shares nothing with
it but the words of questions and answers."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import Any, Final

from contracts.model import LAST_DAY
from indicators.query import UNKNOWN, ZERO, Answer, Value
from indicators.question import Key, Period, Question
from indicators.recounts.counting import (
    Average,
    Computed,
    Flow,
    Moving,
    Observed,
    OnAverage,
    Recounted,
    Recounts,
    Stock,
    Stream,
    Tally,
    Weekly,
    end_of,
    rounded,
)
from indicators.trend import Aim, Trend
from service.clock import today

TARGETS: Final = "targets"
"""What is aimed at, as it is counted."""


class Recount:
    """The second count of the indicators of some chapters: asked first, then shown every stream, then it answers."""

    def __init__(self, chapters: Mapping[str, Recounts]) -> None:
        self._recounts = {name: each for recounts in chapters.values() for name, each in recounts.items()}
        self._chapter_of = {name: chapter for chapter, recounts in chapters.items() for name in recounts}
        self._tallies: dict[tuple[str, str], Tally[Any]] = {}
        self._shown: dict[tuple[str, datetime | None], list[Tally[Any]]] = defaultdict(list)

    def __getitem__(self, name: str) -> Recounted:
        return self._recounts[name]

    def ask(self, name: str, question: Question) -> None:
        """What is to be counted."""
        for leaf, asked in (*self._leaves(name, question), *self._aims(name, question), *self._breaks(name, question)):
            if (leaf, repr(asked)) not in self._tallies:
                recounted = self._recounts[leaf]
                of = recounted.of if isinstance(recounted, Average) else leaf
                counted = self._counted(of)
                average = isinstance(recounted, Average)
                tally: Tally[Any] = OnAverage(counted, asked) if average else counted.begin(asked)
                self._tallies[leaf, repr(asked)] = tally
                self._shown[of, asked.known_before].append(tally)

    def show(self, stream: str, events: Stream, ends: Mapping[str, int]) -> None:
        """The events of a stream, of which each chapter counts those up to a position."""
        for (name, known_before), tallies in self._shown.items():
            recounted = self._counted(name)
            categories = (recounted.category,) if isinstance(recounted.category, str) else recounted.category
            if not stream.startswith(tuple(f"{category}-" for category in categories)):
                continue
            end = ends.get(self._chapter_of[name], 0)
            known = [
                event
                for event in events
                if event.position <= end and (known_before is None or event.recorded_at < known_before)
            ]
            for counted in recounted.counts(known) if known else ():
                for tally in tallies:
                    tally.add(counted)

    def answer(self, name: str, question: Question) -> Answer:
        """What all come to. Raises KeyError where it was not asked."""
        question = self._ended(name, question)
        match self._recounts[name]:
            case Computed(of=of) as computed:
                absent = [UNKNOWN if self.is_unknown(each) else ZERO for each in of]
                aims = self._told(self._own_aims(computed, question))
                answers = [self.answer(each, question) for each in of]
                return _computed(computed, question, answers, absent, *aims)
            case Moving(of=of) as moving:
                ((leaf, asked),) = self._leaves(name, question)
                breaks = {
                    date.fromisoformat(str(day))
                    for answer in self._told(self._breaks(name, question))
                    for (day,) in answer.cells
                }
                moving = replace(moving, breaks=(*moving.breaks, *breaks))
                known = self._tallies[leaf, repr(asked)].answer()
                aims = self._told(self._aims(name, question))
                return _moved(moving, asked, known, *aims, observed=isinstance(self._recounts[of], Observed))
            case _:
                return self._tallies[name, repr(question)].answer()

    def _told(self, asked: Iterable[tuple[str, Question]]) -> list[Answer]:
        return [self._tallies[of, repr(question)].answer() for of, question in asked]

    def behind(self, name: str, question: Question) -> Mapping[str, Value]:
        """What the events behind a figure add up to, by the name of what they count in."""
        return {leaf: self._tallies[leaf, repr(asked)].answer().total for leaf, asked in self._leaves(name, question)}

    def _leaves(self, name: str, question: Question) -> Iterator[tuple[str, Question]]:
        """What is counted for a question, and how that is asked for."""
        question = self._ended(name, question)
        match self._recounts[name]:
            case Computed(of=of):
                for each in of:
                    yield from self._leaves(each, question)
            case Moving(of=of):
                yield of, replace(question, by=("quarter",), filled=True)
            case _:
                yield name, question

    def _aims(self, name: str, question: Question) -> Iterator[tuple[str, Question]]:
        """The targets in force that a trend is to reach, if any are counted, and how they are asked for."""
        question = self._ended(name, question)
        match self._recounts[name]:
            case Computed(of=of) as computed:
                for each in of:
                    yield from self._aims(each, question)
                yield from self._own_aims(computed, question)
            case Moving(of=of) if TARGETS in self._recounts:
                yield TARGETS, _in_force(of, question)

    def _own_aims(self, computed: Computed, question: Question) -> Iterator[tuple[str, Question]]:
        if computed.target_of is not None and TARGETS in self._recounts:
            yield TARGETS, _in_force(computed.target_of, question)

    def _breaks(self, name: str, question: Question) -> Iterator[tuple[str, Question]]:
        """The breaks that are declared of what moves, and how they are asked for."""
        question = self._ended(name, question)
        match self._recounts[name]:
            case Computed(of=of):
                for each in of:
                    yield from self._breaks(each, question)
            case Moving(broken_by=str(broken_by)):
                yield broken_by, replace(question, first=None, by=("break_on",))

    def _ended(self, name: str, question: Question) -> Question:
        """What goes on day by day ends today, and so does all that is made of it; what counts so far ends no later."""
        if self._is_so_far(name):
            return replace(question, last=min(question.last or LAST_DAY, today()))
        ends_today = question.last is None and self._goes_on(name)
        return replace(question, last=today()) if ends_today else question

    def _is_so_far(self, name: str) -> bool:
        match self._recounts[name]:
            case Computed(of=of):
                return any(self._is_so_far(each) for each in of)
            case Flow(so_far=so_far):
                return so_far
            case _:
                return False

    def _goes_on(self, name: str) -> bool:
        recounted = self._recounts[name]
        if isinstance(recounted, Computed):
            return recounted.unless_set is not None or any(self._goes_on(each) for each in recounted.of)
        return isinstance(recounted, Weekly | Average | Moving)

    def is_unknown(self, name: str) -> bool:
        """Whether what is not there is not known, and not nothing."""
        match self._recounts[name]:
            case Computed() | Moving():
                return True
            case Average(of=of):
                return self.is_unknown(of)
            case Flow() | Stock() as counted:
                return counted.unknown

    def _counted(self, name: str) -> Flow | Stock:
        recounted = self._recounts[name]
        assert isinstance(recounted, Flow | Stock)  # An average is one of a stock.
        return recounted


def _in_force(of: str, question: Question) -> Question:
    """How the targets of an indicator are asked for."""
    in_force = Question(last=question.last, known_on=question.known_on, where={"indicator": (of,)})
    return replace(in_force, by=("of", "aim", "value", "due"))


def _computed(
    computed: Computed, asked: Question, answers: Sequence[Answer], absent: Sequence[Value], *aims: Answer
) -> Answer:
    ends = asked.last or today()
    aim = next((_next_of(each, asked, ends) for each in aims), None)
    aimed_at = (aim.value, aim.due) if aim else computed.unless_set

    def value(values: Sequence[Value], key: Key = ()) -> Value:
        told = [each.value for each in values]
        on = min([ends, *(end_of(part) for part in key if isinstance(part, Period))])
        behind = () if aimed_at is None else (*aimed_at, on)
        return Value(None if None in told else computed.compute(*told, *behind), min(each.n for each in values), None)

    cells = {
        key: value([each.cells.get(key, other) for each, other in zip(answers, absent, strict=True)], key)
        for key in answers[0].cells
    }
    return Answer(
        value([each.total for each in answers]),
        {key: cell for key, cell in cells.items() if cell.n or cell.value is not None},
    )


def _moved(moving: Moving, asked: Question, of: Answer, *aims: Answer, observed: bool) -> Answer:
    last = asked.last or today()
    ends = ((end_of(period), cell.value) for (period,), cell in of.cells.items() if isinstance(period, Period))
    points = [(day, value) for day, value in ends if day <= min(last, today()) and value is not None]
    target = next((_next_of(each, asked, last) for each in aims), None)
    now = of.total.value
    if observed:
        now = points[-1][1] if points else None
    known_on = points[-1][0] if observed and points else last
    trend = movement(points[-moving.quarters :], (last, now), moving.breaks, target, known_on)
    return Answer(replace(of.total, value=trend.pace), {}, of.excluded, trend)


def _next_of(aims: Answer, asked: Question, on: date) -> Aim | None:
    """The target of exactly what is asked for that is due next, or else was due last."""
    part = {name: codes[0] for name, codes in asked.where.items()}
    told = [
        Aim(Decimal(str(value)), date.fromisoformat(str(due)), aim == "at_least", part)
        for of, aim, value, due in aims.cells
        if json.loads(str(of)) == part and all(len(codes) == 1 for codes in asked.where.values())
    ]
    return min(told, key=lambda each: (each.due < on, abs(each.due - on)), default=None)


def movement(
    points: Sequence[tuple[date, Decimal]],
    now: tuple[date, Decimal | None],
    breaks: Sequence[date],
    target: Aim | None,
    known_on: date | None = None,
) -> Trend:
    """The pace of these values, and when a target is reached with it, from the day on that the last one is of."""
    on, value = now
    broken_on = max((day for day in breaks if day <= on), default=None)
    points = [point for point in points if broken_on is None or point[0] >= broken_on]
    known = Trend(points=len(points), since=points[0][0] if points else None, broken_on=broken_on, target=target)
    if target and value is not None:
        known = replace(known, reached=value >= target.value if target.at_least else value <= target.value)
    if len(points) < 4:
        return known
    pace, margin = _pace(points)
    known = replace(known, pace=_a_quarter(pace), pace_between=(_a_quarter(pace - margin), _a_quarter(pace + margin)))
    known = replace(known, goes_on_from=known_on or on)
    if target is None or value is None or known.reached:
        return known
    left, paces = target.value - value, (pace, pace - margin, pace + margin)
    arrives, *ends = (_arrival(known_on or on, left, each) for each in paces)
    between = sorted(day for day in ends if day)
    return replace(
        known,
        arrives_on=arrives,
        arrives_between=(between[0], between[1] if len(between) == 2 else None) if between else None,
    )


def _pace(points: Sequence[tuple[date, Decimal]]) -> tuple[float, float]:
    """A day, by least squares, and how much less or more it may be."""
    from scipy.stats import t  # It takes half a second, which a catalogue without any trend can do without.

    days, values = [Fraction(day.toordinal()) for day, _ in points], [Fraction(value) for _, value in points]
    day, value = sum(days) / len(days), sum(values) / len(values)
    spread = sum((each - day) ** 2 for each in days)
    pace = sum((one - day) * (other - value) for one, other in zip(days, values, strict=True)) / spread
    left = sum((other - value - pace * (one - day)) ** 2 for one, other in zip(days, values, strict=True))
    freedom = len(points) - 2
    return float(pace), float(t.ppf(0.975, freedom)) * sqrt(left / freedom / spread)


def _a_quarter(pace: float) -> Decimal:
    return rounded(Decimal(pace * 365.25 / 4))


def _arrival(on: date, left: Decimal, pace: float) -> date | None:
    days = float(left) / pace if pace else -1
    return on + timedelta(days=round(days)) if 0 < days <= (LAST_DAY - on).days else None
