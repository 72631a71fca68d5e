"""Counting a second time: what each stream comes to, and what all of them answer.

Nothing here, nor in the recounts beside it, uses the declarations, the facts or the event models. A recount replays the
plain JSON of one stream, corrections made in place, and says what it comes to: values on days, or what holds from one
day to another. Questions are asked first; then streams go through one after the other, in any order, and nothing is
kept of them but what the answers are made of.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, zip_longest
from math import ceil, floor
from typing import Any, Final, Generic, TypeVar

from contracts.model import FIRST_DAY
from indicators.query import UNKNOWN, ZERO, Answer, Value
from indicators.question import Key, Period, PeriodName, Question
from service.clock import today


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a stream, as read from its topic."""

    type: str
    data: Mapping[str, Any]
    recorded_at: datetime
    position: int
    stream: str
    """The id of its stream."""

    def day(self, field: str = "effective_on") -> date:
        """A day that the event tells."""
        return date.fromisoformat(self.data[field])


Stream = Sequence[Happened]
"""At least one event, in the order of their versions."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one stream contributes on a day."""

    on: date
    told: Mapping[str, Any]
    """What the stream says of itself: company, axis, zone ..."""
    value: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """What one stream contributes from a day on, until the day on which it no longer does."""

    since: date
    until: date | None
    told: Mapping[str, Any]
    value: Decimal


def held(moments: Iterable[Share]) -> Iterator[Held]:
    """What is said on days holds until the next of them."""
    in_order = sorted(moments, key=lambda moment: moment.on)
    for moment, following in zip_longest(in_order, in_order[1:]):
        yield Held(moment.on, following.on if following else None, moment.told, moment.value)


# How an indicator is counted.


@dataclass(frozen=True)
class Flow:
    """Values on days, added up over a period."""

    category: str | tuple[str, ...]
    """Whose streams it is counted from, as their ids begin."""
    counts: Callable[[Stream], Iterable[Share]]
    contributor: str = "company"
    """What says who or what `n` counts."""
    unknown: bool = False
    """Whether nobody knows what was not told."""
    so_far: bool = False
    """Whether days to come are never counted."""

    def begin(self, question: Question) -> "Tally[Share]":
        """Nothing is counted yet."""
        return _Added(self, question)


@dataclass(frozen=True)
class Distinct(Flow):
    """How many contribute to a flow."""

    def begin(self, question: Question) -> "Tally[Share]":
        """Nothing is counted yet."""
        return _Contributors(self, question)


@dataclass(frozen=True)
class Quantile(Flow):
    """The value of a flow below which a share of its values lies."""

    at: Decimal = Decimal("0.5")
    unknown: bool = True

    def begin(self, question: Question) -> "Tally[Share]":
        """Nothing is counted yet."""
        return _Values(self, question)


@dataclass(frozen=True)
class Observed(Flow):
    """The value of a flow that is of the latest day, of one contributor."""

    unknown: bool = True

    def begin(self, question: Question) -> "Tally[Share]":
        """Nothing is counted yet."""
        return _Latest(self, question)


@dataclass(frozen=True)
class Stock:
    """What holds at the end of a day."""

    category: str | tuple[str, ...]
    """Whose streams it is counted from, as their ids begin."""
    counts: Callable[[Stream], Iterable[Held]]
    contributor: str = "company"
    """What says who or what `n` counts."""
    unknown: bool = False
    """Whether nobody knows what was not told."""

    def begin(self, question: Question) -> "Tally[Held]":
        """Nothing is counted yet."""
        return _Standing(self, question)


@dataclass(frozen=True)
class Weekly(Stock):
    """What holds is told a week, and added up over the days of a period."""

    def begin(self, question: Question) -> "Tally[Held]":
        """Nothing is counted yet."""
        return _OverDays(self, question)


@dataclass(frozen=True)
class Average:
    """What a stock is on an average day."""

    of: str


@dataclass(frozen=True)
class Computed:
    """What is made of the values of others, and of the target of one, where it is told: its value, its day and the day
    that it is seen from come behind them."""

    of: tuple[str, ...]
    compute: Callable[..., Decimal | None]
    target_of: str | None = None
    unless_set: tuple[Decimal, date] | None = None
    """What is aimed at while there is no target."""


@dataclass(frozen=True)
class Moving:
    """How a stock, or what is observed, moves from quarter to quarter."""

    of: str
    quarters: int = 12
    breaks: tuple[date, ...] = ()
    broken_by: str | None = None
    """What counts the breaks that are declared, by `break_on`."""


Recounted = Flow | Stock | Average | Computed | Moving
Recounts = Mapping[str, Recounted]
"""By the name of the indicator."""


def ratio(one: Decimal, other: Decimal, digits: str) -> Decimal | None:
    """One value divided by another, rounded to so many digits; none while the other is nothing."""
    return (one / other).quantize(Decimal(digits), ROUND_HALF_UP) if other > 0 else None


# What is kept of the streams.

Group = tuple[Any, ...]
"""The dimensions that are asked for."""
Amounts = dict[Any, Decimal]
"""Who contributes how much: nothing, where something was told of them."""
C = TypeVar("C", Share, Held)
_NOTHING: Final = Decimal(0)


class Tally(ABC, Generic[C]):
    """What one question counts."""

    def __init__(self, recounted: Flow | Stock, question: Question) -> None:
        self._question = question
        self._dimensions, self._period = question.dimensions, question.period
        self._today = today()
        self._contributor = recounted.contributor
        self._unknown = recounted.unknown
        self._whole: Amounts = {}
        self._cells: dict[Group, dict[Period | None, Amounts]] = defaultdict(lambda: defaultdict(dict))

    @abstractmethod
    def add(self, counted: C) -> None:
        """One more."""

    def answer(self) -> Answer:
        """What all come to."""
        excluded = self._largest() if self._question.without_largest else None
        whole_only = self._question.filled and not self._dimensions
        periods = [*self._periods()]
        cells: dict[Key, Value] = {}
        for group in list(self._cells) or ([()] if whole_only else []):
            for period, amounts in self._parts(group, periods):
                value = self._value(_without(amounts, excluded), period)
                if value.n or self._question.filled:
                    cells[self._key(group, period)] = value
        return Answer(self._value(_without(self._whole, excluded), None), cells, excluded)

    def _is_asked(self, told: Mapping[str, Any]) -> bool:
        return all(told.get(name) in codes for name, codes in self._question.where.items())

    def _group(self, told: Mapping[str, Any]) -> Group:
        return tuple([told[name] for name in self._dimensions])

    def _key(self, group: Group, period: Period | None) -> Key:
        named = dict(zip(self._dimensions, group, strict=True))
        return tuple(period if name == self._period else named[name] for name in self._question.by)

    def _parts(self, group: Group, periods: Sequence[Period]) -> Iterable[tuple[Period | None, Amounts]]:
        """Who contributes to a group, in each period if it is asked by one."""
        known = self._cells[group]
        if self._period is None or not self._question.filled:
            return known.items()
        return [(period, known.get(period, {})) for period in periods]

    def _periods(self) -> Iterator[Period]:
        """All of them, from the first that is asked for, or told of, to the last."""
        name, (first, last) = self._period, self._range()
        while name and first and last and begin_of(name, first) <= last:
            yield _period_of(name, first)
            first = _following(name, first)

    def _range(self) -> tuple[date | None, date | None]:
        """Days of the first and of the last period."""
        told: list[date] = [period.first for known in self._cells.values() for period in known if period]
        begins, ends = min(told, default=None), max(told, default=None)
        if ends and self._question.cumulative:
            ends = max(ends, self._today)
        return self._begins(begins), self._question.last or ends

    def _begins(self, told: date | None) -> date | None:
        first = self._question.first
        if first and self._question.filled:
            return first
        return max(told, first or FIRST_DAY) if told else None

    def _largest(self) -> str | None:
        ranking = sorted((-amount, who) for who, amount in self._whole.items() if amount > 0)
        return ranking[0][1] if ranking else None

    def _value(self, amounts: Amounts, _: Period | None) -> Value:
        """What they come to."""
        if not amounts:
            return UNKNOWN if self._unknown else ZERO
        return Value(sum(amounts.values(), Decimal(0)), sum(1 for amount in amounts.values() if amount), None)


class _Added(Tally[Share]):
    def add(self, counted: Share) -> None:
        first, last = self._question.first or date.min, self._question.last or date.max
        if not first <= counted.on <= last or not self._is_asked(counted.told):
            return
        who, amount = self._part(counted)
        _put(self._whole, who, amount)
        if self._question.by:
            name = self._period
            period = _period_of(name, counted.on) if name else None
            _put(self._cells[self._group(counted.told)][period], who, amount)

    def _part(self, counted: Share) -> tuple[Any, Decimal]:
        return counted.told[self._contributor], counted.value

    def _parts(self, group: Group, periods: Sequence[Period]) -> Iterable[tuple[Period | None, Amounts]]:
        return (self._running if self._question.cumulative else super()._parts)(group, periods)

    def _running(self, group: Group, periods: Sequence[Period]) -> Iterator[tuple[Period, Amounts]]:
        """All that counts up to the end of each period."""
        known = self._cells[group]
        told = sorted(period for period in known if period)
        running: Amounts = {}
        for period in periods:
            while told and told[0] <= period:
                for who, amount in known[told.pop(0)].items():
                    _put(running, who, amount)
            yield period, {**running}


class _Contributors(_Added):
    def _value(self, amounts: Amounts, period: Period | None) -> Value:
        counted = super()._value(amounts, period)
        return replace(counted, value=Decimal(counted.n))


class _Values(_Added):
    """Counts how often each contributor has each value."""

    def __init__(self, recounted: Quantile, question: Question) -> None:
        super().__init__(recounted, question)
        self._at = recounted.at

    def _part(self, counted: Share) -> tuple[Any, Decimal]:
        return (counted.told[self._contributor], counted.value), Decimal(1)

    def _value(self, amounts: Amounts, _: Period | None) -> Value:
        values: dict[Decimal, int] = defaultdict(int)
        for (_who, value), times in amounts.items():
            values[value] += int(times)
        return Value(quantile(values, self._at), len({who for who, _value in amounts}), None)


class _Latest(_Added):
    """Looks at the last day of each contributor."""

    def _part(self, counted: Share) -> tuple[Any, Decimal]:
        return (counted.told[self._contributor], counted.on), counted.value

    def _value(self, amounts: Amounts, _: Period | None) -> Value:
        latest = {who: amounts[who, on] for who, on in sorted(amounts, key=lambda key: key[1])}
        return Value(next(iter(latest.values())) if len(latest) == 1 else None, len(latest), None)


class _Standing(Tally[Held]):
    """Looks at the end of the last day, and at the end of each period that is over, or today."""

    def __init__(self, recounted: Flow | Stock, question: Question) -> None:
        super().__init__(recounted, question)
        self._last = question.last or date.max
        self._ends = min(self._last, self._today)
        """A day of the last period."""
        self._since: dict[Group, dict[str | None, date]] = defaultdict(dict)
        """When anything was told first: of each contributor where that makes a difference."""

    def add(self, counted: Held) -> None:
        if counted.since > self._last or not self._is_asked(counted.told):
            return
        who = counted.told[self._contributor]
        _put(self._whole, who, self._part(counted, None))
        if not self._question.by:
            return
        group, name = self._group(counted.told), self._period
        known, since = self._cells[group], self._since[group]
        told = who if self._unknown else None
        since[told] = min(counted.since, since.get(told, date.max))
        if name is None:
            _put(known[None], who, self._part(counted, None))
        elif counted.value:
            last = min(self._ends, counted.until or date.max)
            period = _period_of(name, max(counted.since, self._first))
            while period.first <= last:
                if part := self._part(counted, period):
                    _put(known[period], who, part)
                period = _period_of(name, _following(name, period.first))

    @property
    def _first(self) -> date:
        return self._question.first or FIRST_DAY

    def _part(self, counted: Held, period: Period | None) -> Decimal:
        """How much of it is in a period, or in the answer as a whole."""
        day = min(end_of(period), self._ends) if period else self._last
        return counted.value if counted.since <= day and (counted.until is None or day < counted.until) else _NOTHING

    def _parts(self, group: Group, periods: Sequence[Period]) -> Iterable[tuple[Period | None, Amounts]]:
        return self._series(group, periods) if self._period else self._cells[group].items()

    def _series(self, group: Group, periods: Sequence[Period]) -> Iterator[tuple[Period, Amounts]]:
        since = sorted((day, who) for who, day in self._since[group].items()) if self._unknown else []
        told: Amounts = {}
        for period in periods:
            while since and since[0][0] <= min(end_of(period), self._ends):
                told[since.pop(0)[1]] = _NOTHING
            yield period, told | self._cells[group].get(period, {})

    def _range(self) -> tuple[date | None, date | None]:
        told = [day for since in self._since.values() for day in since.values()]
        return self._begins(min(told, default=None)), self._ends


class _OverDays(_Standing):
    """Adds up what holds on each day, and gives it as told a week."""

    def __init__(self, recounted: Flow | Stock, question: Question) -> None:
        super().__init__(recounted, question)
        self._last = self._ends = question.last or self._today

    def _part(self, counted: Held, period: Period | None) -> Decimal:
        begins = max(counted.since, self._first, period.first if period else date.min)
        ends = min(self._last, end_of(period) if period else date.max)
        days = (ends - begins).days + 1
        if counted.until is not None:
            days = min(days, (counted.until - begins).days)
        return counted.value * max(days, 0)

    def _value(self, amounts: Amounts, period: Period | None) -> Value:
        held = super()._value(amounts, period)
        return held if held.value is None else replace(held, value=rounded(held.value / self._over(period)))

    def _over(self, _: Period | None) -> int:
        return 7


class OnAverage(_OverDays):
    """Adds up what holds on each day, and gives it as on one of them. The first is when the stock begins."""

    _began: date | None = None

    def add(self, counted: Held) -> None:
        self._began = min(counted.since, self._began or date.max)
        super().add(counted)

    @property
    def _first(self) -> date:
        return self._question.first or date.min

    def _begins(self, told: date | None) -> date | None:
        first = self._question.first or min(self._began or FIRST_DAY, self._last)
        return first if self._question.filled or told is None else max(told, first)

    def _over(self, period: Period | None) -> int:
        first, last = self._question.first or min(self._began or FIRST_DAY, self._last), self._last
        if period:
            first, last = max(first, period.first), min(last, end_of(period))
        return (last - first).days + 1


def _put(amounts: Amounts, who: Any, amount: Decimal) -> None:
    amounts[who] = amounts[who] + amount if who in amounts else amount


def _without(amounts: Amounts, excluded: str | None) -> Amounts:
    return amounts if excluded is None else {who: each for who, each in amounts.items() if who != excluded}


@lru_cache(maxsize=100_000)
def _period_of(name: PeriodName, day: date) -> Period:
    """The month, quarter or year that a day is in."""
    return Period(name, begin_of(name, day))


@lru_cache(maxsize=100_000)
def begin_of(name: PeriodName, day: date) -> date:
    """The first day of the month, quarter or year that a day is in."""
    return date(day.year, {"month": day.month, "quarter": (1, 4, 7, 10)[(day.month - 1) // 3], "year": 1}[name], 1)


@lru_cache(maxsize=10_000)
def end_of(period: Period) -> date:
    """Its last day."""
    return _following(period.name, period.first) - timedelta(days=1)


@lru_cache(maxsize=10_000)
def _following(name: PeriodName, day: date) -> date:
    """The first day of the next period: some days on from there, however long this one is."""
    return begin_of(name, begin_of(name, day) + timedelta(days={"month": 32, "quarter": 93, "year": 366}[name]))


def quantile(values: Mapping[Decimal, int], at: Decimal) -> Decimal | None:
    """The value below which a share of these lies, each as often as it says; None of none."""
    in_order = sorted(value for value, times in values.items() if times > 0)
    upto = list(accumulate(values[value] for value in in_order))
    if not upto:
        return None
    place = Fraction(at) * (upto[-1] - 1)
    lower, upper = (Fraction(in_order[bisect_right(upto, nth)]) for nth in (floor(place), ceil(place)))
    exact = lower + (upper - lower) * (place - floor(place))
    return rounded(Decimal(exact.numerator) / exact.denominator)


def rounded(value: Decimal) -> Decimal:
    """To the hundredth, half a hundredth up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
