"""How an indicator is declared: one function that says what an event counts for, under a measure.

    @sums(unit="EUR", dimensions=("company", "axis"))
    def invested_productive(event: InvestmentCompleted | AmountSpentCorrected) -> Iterator[Count]:
        '''Productive investment carried out.

        The amount spent, on the day of completion. A correction ...
        '''

The annotation of `event` names the source events, the docstring's first line is the title and the rest the definition
that analysts read. Whoever changes what an indicator means raises its `version`: the figures of its chapter are then
folded anew, beside those that serve.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, ClassVar, Final, Literal, TypeVar, get_args, get_type_hints

from contracts.model import Event
from indicators.dimensions import DIMENSIONS, Name

Kind = Literal["sum", "level", "distinct", "quantile", "observed", "duration", "mean", "formula", "series"]
Silence = Literal["zero", "unknown"]
"""What it means that nothing was recorded: that there is nothing, or that nobody knows."""
Contributor = Literal[
    "company",
    "school",
    "equipment",
    "plot",
    "unit",
    "synergy",
    "event",
    "carpool_area",
    "bike",
    "bike_parking",
    "ride",
    "shared_service",
    "travel_survey",
    "rehabilitation",
    "labour_series",
    "skills_campaign",
    "course",
    "session",
    "trainee",
    "room",
    "seeker",
    "indicator",
    "action",
]
Counted = Literal[
    "person",
    "firm",
    "school",
    "machine",
    "unit",
    "plot",
    "synergy",
    "event",
    "carpool_area",
    "bike",
    "bike_parking",
    "ride",
    "shared_service",
    "travel_survey",
    "rehabilitation",
    "labour_series",
    "skills_campaign",
    "course",
    "session",
    "room",
    "nobody",
]
"""Who or what `n` counts, those first whom confidentiality protects most."""
CONTRIBUTORS: Final[Mapping[Contributor, Counted]] = {
    "company": "firm",
    "school": "school",
    "equipment": "machine",
    "plot": "plot",
    "unit": "unit",
    "synergy": "synergy",
    "event": "event",
    "carpool_area": "carpool_area",
    "bike": "bike",
    "bike_parking": "bike_parking",
    "ride": "ride",
    "shared_service": "shared_service",
    "travel_survey": "travel_survey",
    "rehabilitation": "rehabilitation",
    "skills_campaign": "skills_campaign",
    "course": "course",
    "session": "session",
    "trainee": "person",
    "room": "room",
    "labour_series": "labour_series",
    "seeker": "person",
    "indicator": "nobody",
    "action": "nobody",
}
"""Who or what `n` counts, which confidentiality is about, by the event's field that names it."""
STREAMS: Final[frozenset[Contributor]] = frozenset(
    {"synergy", "event", "ride", "action", "rehabilitation", "course", "session"}
)
"""Those that no field names: each stream is one."""


@dataclass(frozen=True, slots=True)
class Count:
    """A value that an event adds on a day (or, being negative, takes back)."""

    on: date
    value: int | float | Decimal
    dimensions: Mapping[Name, str | int | None] = field(default_factory=dict)
    """The dimensions that are not simply the event's fields of the same name."""
    times: int = 1
    """Of a quantile, and of what is observed: how often the value is there more from now on. -1 takes one back."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What a level is from the day of its event on, where one number does not say it."""

    value: int | float | Decimal
    part: str = ""
    """Which of several subjects of one stream it is of: a state of plots, a grade."""
    dimensions: Mapping[Name, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a level should have been: `value` instead of `before`, from `since` until the day before `until`.

    Without `until` it is so until the next step, as far as there is none yet.
    """

    since: date
    until: date | None
    before: int | float | Decimal
    value: int | float | Decimal
    part: str = ""
    dimensions: Mapping[Name, str | int | None] = field(default_factory=dict)
    dimensions_before: Mapping[Name, str | int | None] | None = None
    """Where they were wrong, too."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What one event counts for in one measure.

    Of a level's step, `value` is what the level is from that day on: the fold knows what it was before.
    """

    effective_on: date
    contributor: str | None
    """None where it is the event's stream."""
    dimensions: Mapping[Name, str | int | None]
    value: Decimal
    times: int = 1
    part: str = ""
    is_step: bool = False
    """Of a level: whether it says what the level is, and not by how much it was wrong."""
    reaches_now: bool = False
    """Of a correction: whether it holds until the next step."""


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """What every indicator says of itself."""

    kind: ClassVar[Kind]
    name: str
    title: str
    definition: str
    unit: str
    version: int
    dimensions: tuple[Name, ...]


@dataclass(frozen=True, kw_only=True)
class Measure(Indicator):
    """An indicator folded from events."""

    events: frozenset[type[Event]]
    contributor: Contributor
    counts: Callable[[Any], Iterable[Count | Stand | Corrected]]
    silence: Silence = "zero"
    breaks: tuple[date, ...] = ()
    """The days from which on its values do not compare with those before: its source counts otherwise since then."""
    shown: bool = True
    """Whether it is an indicator of its own, and not only what others are made of."""
    so_far: bool = False
    """Whether what counts on a day to come is left out until then: it may still turn out otherwise."""

    def can_be_read_as(self, folded: Mapping[str, Any]) -> bool:
        """Whether facts of another definition of it answer the same questions."""
        return folded["kind"] == self.kind and {*self.dimensions} <= {*folded["dimensions"]}

    def facts(self, event: Event) -> Iterator[Fact]:
        """What the event counts for, in the order of its ordinals."""
        contributor = self._contributor(event)
        for count in self.counts(event):
            dimensions = self._dimensions(event, count.dimensions)
            match count:
                case Count():
                    yield Fact(count.on, contributor, dimensions, _exact(count.value), count.times)
                case Stand():
                    value = _exact(count.value)
                    yield Fact(event.effective_on, contributor, dimensions, value, 1, count.part, is_step=True)
                case Corrected():
                    before, after = -_exact(count.before), _exact(count.value)
                    changes = [(dimensions, before + after)]
                    if count.dimensions_before is not None:
                        changes = [(self._dimensions(event, count.dimensions_before), before), (dimensions, after)]
                    now = count.until is None
                    for where, change in changes:
                        yield Fact(count.since, contributor, where, change, 1, count.part, reaches_now=now)
                    if count.until is not None:
                        for where, change in changes:
                            yield Fact(count.until, contributor, where, -change, 1, count.part)

    def _contributor(self, event: Event) -> str | None:
        """Who or what it counts for; None where that is the event's stream. A person by what does not lead back to the
        pseudonym, which stays in its service."""
        if self.contributor in STREAMS:
            return None
        named: str = getattr(event, self.contributor)
        is_person = CONTRIBUTORS[self.contributor] == "person"
        return blake2b(named.encode(), digest_size=16, person=b"contributor").hexdigest() if is_person else named

    def _dimensions(self, event: Event, told: Mapping[Name, str | int | None]) -> Mapping[Name, str | int | None]:
        return {name: told[name] if name in told else getattr(event, name) for name in self.dimensions}


def _exact(value: int | float | Decimal) -> Decimal:
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


@dataclass(frozen=True, kw_only=True)
class Sum(Measure):
    """A flow: values added up over a period."""

    kind = "sum"
    counts: Callable[[Any], Iterable[Count]]


@dataclass(frozen=True, kw_only=True)
class Level(Measure):
    """A stock: the last value of each subject up to a day, added up over the subjects."""

    kind = "level"
    without_largest: bool = False
    """Whether it may be asked for without its largest contributor."""


@dataclass(frozen=True, kw_only=True)
class Distinct(Measure):
    """How many contribute in a period: each counts once in it, and once in each cell.

    Whoever's counts in the period add up to zero does not: what was taken back never was.
    """

    kind = "distinct"
    counts: Callable[[Any], Iterable[Count]]


@dataclass(frozen=True, kw_only=True)
class Quantile(Measure):
    """The value below which a share of all values of a period lies, between the two nearest in proportion."""

    kind = "quantile"
    counts: Callable[[Any], Iterable[Count]]
    at: Decimal
    """0.5 is the median."""


@dataclass(frozen=True, kw_only=True)
class Observed(Measure):
    """What was observed last in a period: rates, and stocks that are read from time to time.

    Observations are never added up: where there are several contributors, each has a value of its own, and all of them
    together have none. What was not observed in a period is not known in it.
    """

    kind = "observed"
    counts: Callable[[Any], Iterable[Count]]
    broken_by: Level | None = None
    """The series breaks that somebody has declared, by the dimension `break_on`."""


@dataclass(frozen=True, kw_only=True)
class Duration(Measure):
    """A level that is told a week, added up over a period: a seventh of it for each day on which it holds.

    What is known to hold today holds on the days to come, as far as the period goes. A period without a last day ends
    today.
    """

    kind = "duration"


@dataclass(frozen=True, kw_only=True)
class Derived(Indicator):
    """What is made of the answers of others when it is asked for, and never stored."""

    of: tuple[Indicator, ...]


@dataclass(frozen=True, kw_only=True)
class Mean(Derived):
    """What a level is on an average day of a period, which ends today unless it says otherwise."""

    kind = "mean"


@dataclass(frozen=True)
class Goal:
    """What a formula aims at: the next target of an indicator, and while none is set, a value by a day."""

    of: Indicator
    value: Decimal
    due: date


@dataclass(frozen=True, kw_only=True)
class Formula(Derived):
    """What is computed of the values of others for the same period and cell, whichever they are."""

    kind = "formula"
    compute: Callable[..., Decimal | None]
    goal: Goal | None = None
    """What is aimed at, where that is in it."""


@dataclass(frozen=True, kw_only=True)
class Series(Derived):
    """How a level, or what is observed, moves: its pace a quarter, and when that pace reaches the target, each with an
    interval."""

    kind = "series"
    quarters: int
    """How many ends of quarters the pace is taken from, at most."""


def inputs(indicator: Indicator) -> tuple[Measure, ...]:
    """The measures that a derived indicator is made of, in the end. A measure has none."""
    if not isinstance(indicator, Derived):
        return ()
    found = [measure for each in indicator.of for measure in ((each,) if isinstance(each, Measure) else inputs(each))]
    return tuple(dict.fromkeys(found))


def measures_of(indicator: Indicator) -> tuple[Measure, ...]:
    """The measures behind an indicator: itself, where it is one."""
    return (indicator,) if isinstance(indicator, Measure) else inputs(indicator)


def events_behind(indicator: Indicator) -> frozenset[type[Event]]:
    """The events that an indicator is folded from, itself or by its inputs."""
    return frozenset[type[Event]]().union(*(measure.events for measure in measures_of(indicator)))


def sums(
    *,
    unit: str,
    dimensions: tuple[Name, ...],
    version: int = 1,
    contributor: Contributor = "company",
    silence: Silence = "zero",
    shown: bool = True,
    so_far: bool = False,
) -> Callable[[Callable[[Any], Iterable[Count]]], Sum]:
    """Declares a flow: the function yields what an event adds or takes back, and on which day.

    With `so_far` days to come are not counted, and neither are they in whatever is computed of it.
    """

    return _declared(
        Sum,
        _as_said,
        unit=unit,
        version=version,
        dimensions=dimensions,
        contributor=contributor,
        silence=silence,
        shown=shown,
        so_far=so_far,
    )


Stands = int | float | Decimal | Iterable[Stand | Corrected]
"""What a level's function says of an event: what it is from that day on, or of several subjects, or of other days."""


def levels(
    *,
    unit: str,
    dimensions: tuple[Name, ...],
    version: int = 1,
    contributor: Contributor = "company",
    silence: Silence = "zero",
    without_largest: bool = False,
    breaks: tuple[date, ...] = (),
    shown: bool = True,
) -> Callable[[Callable[[Any], Stands]], Level]:
    """Declares a stock: the function returns the subject's value after an event, from its `effective_on` on."""

    return _declared(
        Level,
        _of_stands,
        unit=unit,
        version=version,
        dimensions=dimensions,
        contributor=contributor,
        silence=silence,
        without_largest=without_largest,
        breaks=breaks,
        shown=shown,
    )


def distinct(
    *, unit: str, dimensions: tuple[Name, ...], version: int = 1, contributor: Contributor = "company"
) -> Callable[[Callable[[Any], Iterable[Count]]], Distinct]:
    """Declares how many contribute: the function yields what makes one, or takes that back, and on which day."""

    return _declared(Distinct, _as_said, unit=unit, version=version, dimensions=dimensions, contributor=contributor)


def quantiles(
    *,
    unit: str,
    at: str,
    dimensions: tuple[Name, ...],
    version: int = 1,
    contributor: Contributor = "company",
) -> Callable[[Callable[[Any], Iterable[Count]]], Quantile]:
    """Declares a quantile: the function yields values, each on its day. `at` is from 0 to 1; "0.5" is the median."""

    return _declared(
        Quantile,
        _as_said,
        unit=unit,
        version=version,
        dimensions=dimensions,
        contributor=contributor,
        silence="unknown",
        at=Decimal(at),
    )


def observed(
    *,
    unit: str,
    dimensions: tuple[Name, ...],
    contributor: Contributor,
    broken_by: Level | None = None,
    version: int = 1,
) -> Callable[[Callable[[Any], Iterable[Count]]], Observed]:
    """Declares what is observed from time to time: the function yields values, each on the day that it is of."""

    return _declared(
        Observed,
        _as_said,
        unit=unit,
        version=version,
        dimensions=dimensions,
        contributor=contributor,
        silence="unknown",
        broken_by=broken_by,
    )


def durations(
    *, unit: str, dimensions: tuple[Name, ...], version: int = 1, contributor: Contributor = "company"
) -> Callable[[Callable[[Any], Stands]], Duration]:
    """Declares a level held over time: the function returns how much a week it is after an event, from its
    `effective_on` on."""

    return _declared(Duration, _of_stands, unit=unit, version=version, dimensions=dimensions, contributor=contributor)


def mean(*, unit: str, of: Level, version: int = 1) -> Callable[[Callable[[], None]], Mean]:
    """Declares a level's mean over the days of a period: the function has a name and a docstring, and nothing to do."""

    def declare(function: Callable[[], None]) -> Mean:
        return Mean(**_described(function), unit=unit, version=version, dimensions=of.dimensions, of=(of,))

    return declare


def formula(
    *, unit: str, of: tuple[Indicator, ...], goal: Goal | None = None, version: int = 1
) -> Callable[[Callable[..., Decimal | None]], Formula]:
    """Declares what is computed of others: the function takes their values in order, and returns None where it has
    none. With a `goal` it takes what is aimed at, seen from the last day (`trend.Ahead`), behind them.

    Where one of them has none, neither has it, and the function is not asked.
    """

    def declare(function: Callable[..., Decimal | None]) -> Formula:
        return Formula(
            **_described(function),
            unit=unit,
            version=version,
            dimensions=tuple(name for name in DIMENSIONS if all(name in each.dimensions for each in of)),
            of=of,
            compute=function,
            goal=goal,
        )

    return declare


def series(
    *, unit: str, of: Level | Observed, quarters: int = 12, version: int = 1
) -> Callable[[Callable[[], None]], Series]:
    """Declares how a level, or what is observed, moves: the function has a name and a docstring, and nothing to do.

    `unit` is a quarter's.
    """

    def declare(function: Callable[[], None]) -> Series:
        return Series(
            **_described(function),
            unit=unit,
            version=version,
            dimensions=of.dimensions,
            of=(of,),
            quarters=quarters,
        )

    return declare


M = TypeVar("M", bound=Measure)


def _declared(
    kind: type[M], counts: Callable[[Callable[[Any], Any]], Callable[[Any], Any]], **told: Any
) -> Callable[[Callable[[Any], Any]], M]:
    """What makes a measure of a function: its name, its docstring, the events it takes, and what it says of them."""

    def declare(function: Callable[[Any], Any]) -> M:
        return kind(**_described(function), **told, events=_source_events(function), counts=counts(function))

    return declare


def _as_said(function: Callable[[Any], Iterable[Count]]) -> Callable[[Any], Iterable[Count]]:
    return function


def _of_stands(function: Callable[[Any], Stands]) -> Callable[[Any], Iterable[Stand | Corrected]]:
    def counts(event: Event) -> Iterable[Stand | Corrected]:
        said = function(event)
        return (Stand(said),) if isinstance(said, int | float | Decimal) else said

    return counts


def _described(function: Callable[..., Any]) -> dict[str, Any]:
    title, _, definition = inspect.getdoc(function).partition("\n")  # type: ignore[union-attr]  # each has one: tested
    return {"name": function.__name__, "title": title.rstrip("."), "definition": " ".join(definition.split())}


def _source_events(function: Callable[..., Any]) -> frozenset[type[Event]]:
    annotation = get_type_hints(function)["event"]
    return frozenset(get_args(annotation) or (annotation,))
