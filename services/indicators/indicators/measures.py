"""How an indicator is declared: one function that says what an event counts for, under a measure.

    @sums(unit="EUR", dimensions=("company", "axis"))
    def invested_productive(event: InvestmentCompleted | AmountSpentCorrected) -> Iterator[Count]:
        '''Productive investment carried out.

        The amount spent, on the day of completion. A correction ...
        '''

The annotation of `event` names the source events, the docstring's first line is the title and the rest the definition
that analysts read. Whoever changes what an indicator means raises its `version`: its figures are then folded anew.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar, Literal, get_args, get_type_hints

from contracts.model import Event
from indicators.dimensions import DIMENSIONS, Name

Kind = Literal["sum", "level", "duration", "formula", "contributors"]


@dataclass(frozen=True, slots=True)
class Count:
    """A value that an event adds (or, being negative, takes back) on a day."""

    on: date
    value: int | float
    dimensions: Mapping[Name, str | int | None] = field(default_factory=dict)
    """The dimensions that are not simply the event's fields of the same name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What one event counts for in one measure."""

    effective_on: date
    contributor: str
    dimensions: Mapping[Name, str | int | None]
    value: Decimal


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
    target: int | None = None


@dataclass(frozen=True, kw_only=True)
class Measure(Indicator):
    """An indicator folded from events."""

    events: frozenset[type[Event]]
    contributor: str
    """The event's field that names whom `n` counts: a person, a firm, a machine."""
    counts: Callable[[Any], Iterable[Count]]

    def facts(self, event: Event) -> Iterator[Fact]:
        """What the event counts for, in the order of its ordinals."""
        for count in self.counts(event):
            yield Fact(
                count.on,
                getattr(event, self.contributor),
                {
                    name: count.dimensions[name] if name in count.dimensions else getattr(event, name)
                    for name in self.dimensions
                },
                Decimal(str(count.value)),
            )


@dataclass(frozen=True, kw_only=True)
class Sum(Measure):
    """A flow: values added up over a period."""

    kind = "sum"


@dataclass(frozen=True, kw_only=True)
class Level(Measure):
    """A stock: the last value of each subject up to a day, by (effective_on, position), added up over the subjects."""

    kind = "level"
    without_largest: bool = False
    """Whether it may be asked for without its largest contributor."""


@dataclass(frozen=True, kw_only=True)
class Duration(Measure):
    """A level that is told a week, added up over a period: a seventh of it for each day on which it holds.

    What is known to hold today holds on the days to come, as far as the period goes. A period without a last day ends
    today.
    """

    kind = "duration"


@dataclass(frozen=True, kw_only=True)
class Derived(Indicator):
    """What is made of the answers of measures when it is asked for, and never stored."""

    of: tuple[Indicator, ...]


@dataclass(frozen=True, kw_only=True)
class Formula(Derived):
    """A ratio of measures, or of how many contribute to one."""

    kind = "formula"
    compute: Callable[..., Decimal | None]


@dataclass(frozen=True, kw_only=True)
class Contributors(Derived):
    """How many contribute to a measure: its `n`, so that each counts once in a period, and once in each cell."""

    kind = "contributors"


def inputs(indicator: Indicator) -> tuple[Measure, ...]:
    """The measures that a derived indicator is made of, in the end. A measure has none."""
    if not isinstance(indicator, Derived):
        return ()
    found = [measure for each in indicator.of for measure in ((each,) if isinstance(each, Measure) else inputs(each))]
    return tuple(dict.fromkeys(found))


def events_behind(indicator: Indicator) -> frozenset[type[Event]]:
    """The events that an indicator is folded from, itself or by its inputs."""
    measures = inputs(indicator) or (indicator,)
    return frozenset[type[Event]]().union(*(each.events for each in measures if isinstance(each, Measure)))


def sums(
    *, unit: str, dimensions: tuple[Name, ...], version: int = 1, contributor: str = "company"
) -> Callable[[Callable[[Any], Iterable[Count]]], Sum]:
    """Declares a flow: the function yields what an event adds or takes back, and on which day."""

    def declare(function: Callable[[Any], Iterable[Count]]) -> Sum:
        return Sum(
            **_described(function),
            unit=unit,
            version=version,
            dimensions=dimensions,
            events=_source_events(function),
            contributor=contributor,
            counts=function,
        )

    return declare


def levels(
    *,
    unit: str,
    dimensions: tuple[Name, ...],
    version: int = 1,
    contributor: str = "company",
    target: int | None = None,
    without_largest: bool = False,
) -> Callable[[Callable[[Any], int | float]], Level]:
    """Declares a stock: the function returns the subject's value after an event, from its `effective_on` on."""

    def declare(function: Callable[[Any], int | float]) -> Level:
        return Level(
            **_described(function),
            unit=unit,
            version=version,
            dimensions=dimensions,
            target=target,
            events=_source_events(function),
            contributor=contributor,
            counts=lambda event: (Count(event.effective_on, function(event)),),
            without_largest=without_largest,
        )

    return declare


def durations(
    *, unit: str, dimensions: tuple[Name, ...], version: int = 1, contributor: str = "company"
) -> Callable[[Callable[[Any], int | float]], Duration]:
    """Declares a level held over time: the function returns how much a week it is after an event, from its
    `effective_on` on."""

    def declare(function: Callable[[Any], int | float]) -> Duration:
        return Duration(
            **_described(function),
            unit=unit,
            version=version,
            dimensions=dimensions,
            events=_source_events(function),
            contributor=contributor,
            counts=lambda event: (Count(event.effective_on, function(event)),),
        )

    return declare


def formula(
    *, unit: str, of: tuple[Measure | Contributors, ...], version: int = 1
) -> Callable[[Callable[..., Decimal | None]], Formula]:
    """Declares a ratio: the function takes the values it is made of in order, and returns None where it has none."""

    def declare(function: Callable[..., Decimal | None]) -> Formula:
        return Formula(
            **_described(function),
            unit=unit,
            version=version,
            dimensions=tuple(name for name in DIMENSIONS if all(name in each.dimensions for each in of)),
            of=of,
            compute=function,
        )

    return declare


def contributors(*, unit: str, of: Measure, version: int = 1) -> Callable[[Callable[[], None]], Contributors]:
    """Declares how many contribute to a measure: the function has a name and a docstring, and nothing to do."""

    def declare(function: Callable[[], None]) -> Contributors:
        return Contributors(**_described(function), unit=unit, version=version, dimensions=of.dimensions, of=(of,))

    return declare


class Catalogue(Mapping[str, Indicator]):
    """The indicators by name, in the order they are shown. TypeError where two collide or an input is missing."""

    def __init__(self, *indicators: Indicator) -> None:
        self._indicators = {indicator.name: indicator for indicator in indicators}
        if len(self._indicators) != len(indicators):
            raise TypeError("two indicators have the same name")
        self.measures = tuple(indicator for indicator in indicators if isinstance(indicator, Measure))
        for indicator in indicators:
            if not set(inputs(indicator)) <= set(self.measures):
                raise TypeError(f"{indicator.name} is computed of a measure that is not in the catalogue")
        self.events = frozenset[type[Event]]().union(*(measure.events for measure in self.measures))
        self.definitions = {measure.name: measure.version for measure in self.measures}
        self.generation = sha256(repr(sorted(self.definitions.items())).encode()).hexdigest()[:8]
        """Names the definitions as a whole: facts of one generation never mix with those of another."""

    def __getitem__(self, name: str) -> Indicator:
        return self._indicators[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._indicators)

    def __len__(self) -> int:
        return len(self._indicators)


def _described(function: Callable[..., Any]) -> dict[str, Any]:
    title, _, definition = inspect.getdoc(function).partition("\n")  # type: ignore[union-attr]  # each has one: tested
    return {"name": function.__name__, "title": title.rstrip("."), "definition": " ".join(definition.split())}


def _source_events(function: Callable[..., Any]) -> frozenset[type[Event]]:
    annotation = get_type_hints(function)["event"]
    return frozenset(get_args(annotation) or (annotation,))
