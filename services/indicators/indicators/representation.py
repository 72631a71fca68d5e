"""How figures and the events behind them are written, as JSON and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Self
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema, create_model

from contracts.model import Day
from contracts.registry import REGISTRY
from contracts.values import Siret, sample_siret
from indicators.dimensions import DIMENSIONS
from indicators.lineage import FactBehind
from indicators.measures import Derived, Indicator, Kind, events_behind
from indicators.query import Answer, Positions, Value
from indicators.question import Key, Period, Question

PATH: Final = "/indicators/v1/indicators"


def plain(value: Decimal) -> int | float:
    """A number as JSON and CSV show it: 55, not 55.0. Two decimals survive a float exactly up to a trillion."""
    return int(value) if value == value.to_integral_value() else float(value)


Number = Annotated[
    Decimal, PlainSerializer(plain, return_type=int | float), WithJsonSchema({"type": "number", "examples": [400000]})
]
Name = Annotated[str, Field(examples=["invested_productive"])]


class Representation(BaseModel):
    """What an answer is made of."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, populate_by_name=True)


class ServicePositions(Representation):
    """How much of one topic is in an answer: every event up to these positions, and none after."""

    position: Annotated[int, Field(examples=[1234])]
    """The greatest of them."""
    partitions: Annotated[Mapping[int, int], Field(examples=[{"0": 1201, "7": 1234}])]
    """Per partition of the topic, the `ce_position` of the last event in the answer; the exact form. A partition that
    is not listed has none."""


ChapterPositions = Mapping[str, Mapping[str, ServicePositions]]
"""By chapter and topic."""


class FigureValue(Representation):
    """A value and what it rests on."""

    name: Name
    value: Annotated[Number | None, Field(examples=[22000000])]
    """The total asked for. Null where a formula has none, as a cost per job without jobs."""
    unit: Annotated[str, Field(examples=["EUR"])]
    n: Annotated[int, Field(examples=[6])]
    """How many firms, or machines, contribute: those whose share is not zero. Of a formula, the smallest `n` of its
    inputs."""
    as_of: datetime | None
    """When the latest event in it was recorded. Null where there is none."""
    sample: bool
    """Whether any event in it is made up, for trying and showing."""
    definition_version: Annotated[int, Field(examples=[1])]
    """Raised whenever the meaning changes. All values, of the past too, are by this one."""


class Entry(FigureValue):
    """An indicator and its current value."""

    title: Annotated[str, Field(examples=["Productive investment carried out"])]
    definition: str
    kind: Kind
    """A sum adds up what happened in a period; a level is a state on a day; a duration adds up over a period a state
    that is told a week; a formula is computed of others; contributors are how many contribute to another."""
    dimensions: tuple[str, ...]
    """What `by` takes, besides `month`."""
    events: tuple[str, ...]
    """The event types it is folded from."""
    of: tuple[str, ...]
    """The indicators it is computed of, where it is."""
    href: str
    """Where its figures are."""

    @classmethod
    def of_indicator(cls, indicator: Indicator, current: Value, version: int) -> Self:
        """The catalogue's entry."""
        return cls(
            **asdict(current),
            name=indicator.name,
            title=indicator.title,
            definition=indicator.definition,
            unit=indicator.unit,
            kind=indicator.kind,
            definition_version=version,
            dimensions=indicator.dimensions,
            events=tuple(sorted({event.event_type for event in events_behind(indicator)})),
            of=tuple(each.name for each in indicator.of) if isinstance(indicator, Derived) else (),
            href=f"{PATH}/{indicator.name}",
        )


class Entries(Representation):
    """The catalogue."""

    positions: ChapterPositions
    """Per chapter of the indicators and topic, what the values are made of."""
    items: list[Entry]


class Measured(Representation):
    """What a cell says, but for its dimensions."""

    month: Annotated[str | None, Field(examples=["2023-12"])] = None
    value: Number | None
    n: int


_DIMENSIONS: Final[dict[str, Any]] = {
    name: (each.shown | None, Field(None, description=each.absent or None)) for name, each in DIMENSIONS.items()
}
Cell = create_model(
    "Cell",
    __base__=Measured,
    __doc__="The part of a figure that has these dimensions; only those asked for with `by` are present.",
    **_DIMENSIONS,
)


class Figure(FigureValue):
    """The answer to a question."""

    first: Annotated[Day | None, Field(alias="from")]
    """As asked."""
    last: Annotated[Day | None, Field(alias="to")]
    """As asked. A duration, and what is computed of one, ends today where no day is asked for."""
    known_on: Day | None
    """As asked."""
    excluded: Siret | None
    """The company that `without=largest` leaves out."""
    positions: ChapterPositions
    """Per chapter of the indicators that it is made of, and topic, the events that are in it."""
    events: Annotated[str, Field(examples=[f"{PATH}/invested_productive/events?to=2023-12-31"])]
    """Where the events behind it are."""
    cells: list[Cell]
    """What `by` asked for, in order. A cell to which nobody contributes is left out, unless a formula has a value in
    it."""


class EventBehind(Representation):
    """One event's part in a figure: an event that corrects another has two, a minus and a plus."""

    indicator: Name
    """The figure's own, or a formula's input."""
    event_id: UUID
    type: Annotated[str, Field(examples=["InvestmentCompleted"])]
    service: Annotated[str, Field(examples=["companies"])]
    topic: Annotated[str, Field(examples=["companies"])]
    """Its topic, as `positions` names it: that of the service, or the one of its events about persons."""
    subject: Annotated[str, Field(examples=["investment-01890f0e-7c2b-7cc3-8000-0123456789ab"])]
    """Its stream."""
    position: int
    """In the service, and in the topic as `ce_position`."""
    ordinal: int
    """Which of the event's parts in this indicator it is, from 0."""
    effective_on: Day
    """The day it counts on, or from which on. A correction counts on the days it corrects."""
    recorded_at: datetime
    value: Number
    """Of a duration it is not rounded; the figure is."""
    dimensions: Annotated[Mapping[str, Any], Field(examples=[{"company": sample_siret(0), "axis": 2}])]
    href: Annotated[str, Field(examples=["/companies/v1/investments/01890f0e-7c2b-7cc3-8000-0123456789ab/events"])]
    """The history of its stream."""

    @classmethod
    def of_fact(cls, fact: FactBehind) -> Self:
        """A fact with a way to its stream."""
        service = fact.topic.partition(".")[0]
        return cls(**asdict(fact), service=service, href=f"{REGISTRY.record(service, fact.subject)}/events")


class Input(Representation):
    """A measure that a figure is made of."""

    name: Name
    href: str
    """Its own figure, for the same question."""
    events: str
    """The events behind it."""


class EventsBehind(Representation):
    """A page of the events behind a figure. Over all pages, their values add up to it (or to its inputs)."""

    name: Name
    definition_version: Annotated[int, Field(examples=[1])]
    positions: ChapterPositions
    """Those of the first page: later events do not appear in the pages that follow."""
    inputs: list[Input]
    """What it is computed of, where it is."""
    items: list[EventBehind]


def positions(read: Mapping[str, Positions]) -> ChapterPositions:
    """The positions as an answer gives them."""
    return {
        chapter: {
            topic: ServicePositions(position=max(partitions.values()), partitions=dict(sorted(partitions.items())))
            for topic, partitions in sorted(topics.items())
        }
        for chapter, topics in sorted(read.items())
    }


def link(indicator: Indicator, question: Question, *, events: bool = False, **more: str) -> str:
    """Where the answer to a question is, or the events behind it."""
    asked: dict[str, object] = {
        "from": question.first,
        "to": question.last,
        "known_on": question.known_on,
        "without": "largest" if question.without_largest else None,
        **{name: codes[0] for name, codes in question.where.items()},
        **more,
    }
    query = urlencode({name: str(value) for name, value in asked.items() if value is not None})
    return f"{PATH}/{indicator.name}{'/events' if events else ''}{'?' if query else ''}{query}"


def figure(
    indicator: Indicator, question: Question, answer: Answer, version: int, read: Mapping[str, Positions]
) -> Figure:
    """The answer as JSON shows it."""
    return Figure(
        **asdict(answer.total),
        name=indicator.name,
        unit=indicator.unit,
        definition_version=version,
        first=question.first,
        last=question.last,
        known_on=question.known_on,
        excluded=answer.excluded,
        positions=positions(read),
        events=link(indicator, question, events=True),
        cells=[
            Cell(**dict(zip(question.by, _written(key), strict=True)), value=cell.value, n=cell.n)
            for key, cell in in_order(answer.cells)
        ],
    )


def table(indicator: Indicator, question: Question, answer: Answer) -> str:
    """The answer as CSV: a row for each cell, or one for the total where `by` asks for none."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["indicator", *question.by, "value", "unit", "n"])
    for key, cell in in_order(answer.cells) if question.by else [((), answer.total)]:
        value = None if cell.value is None else plain(cell.value)
        rows.writerow([indicator.name, *_written(key), value, indicator.unit, cell.n])
    return written.getvalue()


def _written(key: Key) -> Sequence[str | int | None]:
    return [str(part) if isinstance(part, Period) else part for part in key]


def in_order(cells: Mapping[Key, Value]) -> Sequence[tuple[Key, Value]]:
    """Cells by their dimensions, those that have none last."""
    return sorted(
        cells.items(),
        key=lambda cell: [(part is None, part if isinstance(part, int) else 0, str(part)) for part in cell[0]],
    )
