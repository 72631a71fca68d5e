"""How figures and the events behind them are written as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self, get_args
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema, create_model

from contracts.model import Day
from contracts.registry import REGISTRY
from contracts.values import Siret, sample_siret
from indicators.chapters import Chapter
from indicators.columns import Positions
from indicators.dimensions import DIMENSIONS
from indicators.dimensions import Name as DimensionName
from indicators.labels import Code, Labels
from indicators.lineage import FactBehind
from indicators.measures import CONTRIBUTORS, Counted, Derived, Indicator, Kind, Silence, events_behind, measures_of
from indicators.query import Answer, Snapshot, Value, nothing_of, silence_of
from indicators.question import Key, Period, Question
from indicators.trend import Aim, Trend
from service.reference import ReferenceLabel

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


ChapterPositions = Annotated[
    Mapping[str, Mapping[str, ServicePositions]],
    Field(examples=[{"investment": {"companies": {"position": 1234, "partitions": {"0": 1201, "7": 1234}}}}]),
]
"""By chapter and topic."""


class TargetOfFigure(Representation):
    """A value that is aimed at."""

    value: Number
    due: Day
    """The day by which it is to be reached."""
    aim: Literal["at_least", "at_most"]
    """From which side it is reached."""
    where: Annotated[Mapping[str, Code], Field(examples=[{"zone": "zi-limoise"}])]
    """Which part of the indicator it is for, by its dimensions; all of it where there are none."""

    @classmethod
    def told(cls, aim: Aim) -> Self:
        """An aim as answers give it."""
        return cls(value=aim.value, due=aim.due, aim="at_least" if aim.at_least else "at_most", where=aim.of)


class FigureValue(Representation):
    """A value and what it rests on."""

    name: Name
    value: Annotated[Number | None, Field(examples=[22000000])]
    """The total asked for; of a series its pace a quarter. Null where there is none: a cost per job without jobs, or
    nothing recorded of what `silence` says is unknown then."""
    unit: Annotated[str, Field(examples=["EUR"])]
    n: Annotated[int, Field(examples=[6])]
    """How many contribute, of what `counted` says: those whose share is not zero. Of a formula, the smallest `n` of its
    inputs."""
    counted: Annotated[Counted, Field(examples=["firm"])]
    """Who or what `n` counts, which tells whose confidentiality a value touches. Of what is computed of several, whom
    that protects most: persons before firms before machines."""
    as_of: datetime | None
    """When the latest event in it was recorded. Null where there is none."""
    sample: bool
    """Whether any event in it is made up, for trying and showing."""
    definition_version: Annotated[int, Field(examples=[1])]
    """Raised whenever the meaning changes. All values, of the past too, are by this one."""
    series_breaks: Annotated[Sequence[Day], Field(examples=[["2025-01-01"]])]
    """The days from which on values do not compare with those before, as the source counts otherwise since then: those
    that the definition says, and those that were declared of a labour series, up to the last day asked for."""
    targets: Sequence[TargetOfFigure]
    """What is aimed at, in all that is asked for and in its cells, the next due first; of a series, by its level. None
    are told while `positions` lacks `steering`, the chapter of targets."""


class Entry(FigureValue):
    """An indicator and its current value."""

    title: Annotated[str, Field(examples=["Productive investment carried out"])]
    definition: str
    chapter: Annotated[str, Field(examples=["investment"])]
    """The indicators that are folded together; `positions` has those of the chapters behind an answer."""
    kind: Kind
    """A sum adds up what happened in a period; a level is a state on a day; distinct counts who contributes in a
    period; a quantile is the value below which a share of all lies; what is observed is the last value of a period, and
    of several series none, for they are not added; a duration adds up over a period a state that is
    told a week; a mean is a level on an average day; a formula is computed of others; a series tells how a level
    moves."""
    silence: Silence
    """What it means that nothing was recorded: that there is nothing (`zero`), or that nobody knows (`unknown`)."""
    dimensions: tuple[str, ...]
    """What `by` takes, besides a period."""
    events: tuple[str, ...]
    """The event types it is folded from."""
    of: tuple[str, ...]
    """The indicators it is computed of, where it is."""
    catching_up: bool
    """Whether its events are still being folded, so that it has no value yet. It is answered with 503 meanwhile."""
    href: str
    """Where its figures are."""

    @classmethod
    def of_indicator(
        cls,
        indicator: Indicator,
        chapter: Chapter,
        current: Value | None,
        version: int,
        targets: Sequence[TargetOfFigure],
        breaks: Sequence[date],
    ) -> Self:
        """The catalogue's entry; without a current value it is still catching up."""
        return cls(
            **_what_it_rests_on(indicator, current or Value(None, 0, None), version, targets, breaks),
            title=indicator.title,
            definition=indicator.definition,
            chapter=chapter.name,
            kind=indicator.kind,
            silence=silence_of(indicator),
            dimensions=indicator.dimensions,
            events=tuple(sorted({event.event_type for event in events_behind(indicator)})),
            of=tuple(each.name for each in indicator.of) if isinstance(indicator, Derived) else (),
            catching_up=current is None,
            href=f"{PATH}/{indicator.name}",
        )


class Entries(Representation):
    """The catalogue, or what was asked of it."""

    positions: ChapterPositions
    """Per chapter of the indicators and topic, what the values are made of. A chapter that is catching up has none."""
    items: list[Entry]


class Measured(Representation):
    """What a cell says, but for its dimensions."""

    month: Annotated[str | None, Field(examples=["2023-12"])] = None
    quarter: Annotated[str | None, Field(examples=["2023-Q4"])] = None
    year: Annotated[str | None, Field(examples=["2023"])] = None
    begins: Day | None = None
    """The first day of its month, quarter or year: where a chart puts it."""
    ends: Day | None = None
    """The last one."""


_DIMENSIONS: Final[dict[str, Any]] = {
    name: (each.shown | None, Field(None, description=each.absent or None)) for name, each in DIMENSIONS.items()
}
Part = create_model("Part", __base__=Measured, __doc__="The dimensions of a part of a figure.", **_DIMENSIONS)


class CellValue(Representation):
    """A value of a part of a figure, or at a time."""

    value: Number | None
    n: int
    as_of: datetime | None
    sample: bool


class Cell(CellValue, Part):
    """The part of a figure that has these dimensions; only those asked for with `by` are present."""


class PaceBetween(Representation):
    """An interval of paces."""

    low: Number
    high: Number


class ArrivesBetween(Representation):
    """An interval of days."""

    first: Day
    last: Day | None
    """Null where the slower pace does not lead there."""


class Movement(Representation):
    """How a level moves, from its values at the ends of quarters; what is observed, from the last of each quarter."""

    pace: Number | None
    """How much a quarter: the slope of the straight line through the points (least squares). Null of fewer than four
    points."""
    pace_between: PaceBetween | None
    """The interval in which the pace lies with 95 % probability, as if quarters were independent."""
    points: int
    """The ends of quarters that it is taken from."""
    since: Day | None
    """The first of them."""
    broken_on: Day | None
    """The series break that they begin after, if any: the values before do not compare."""
    target: TargetOfFigure | None
    """The next target of the level, or its last, if it has any. Its value is in the unit of the level."""
    reached: bool | None
    """Whether the last value is the target's, or beyond it."""
    arrives_on: Day | None
    """The day on which the last value reaches the target if it goes on at the pace, of what is observed from the last
    quarter that was. Null where there is no target, it is reached, or the pace does not lead there."""
    arrives_between: ArrivesBetween | None
    """The same at the ends of the interval of the pace."""


class Figure(FigureValue):
    """The answer to a question."""

    first: Annotated[Day | None, Field(alias="from")]
    """As asked."""
    last: Annotated[Day | None, Field(alias="to")]
    """As asked. A duration, and what is computed of one, ends today where no day is asked for; what counts no days to
    come ends today at the latest."""
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
    it, or `fill` asks for it."""
    trend: Movement | None = None
    """Of a series."""
    labels: Labels | None = None
    """With `labels=true`, by dimension and code, what the values in it are called; null where no list says."""


class Figures(Representation):
    """The answers of several indicators to one question, all of one moment."""

    items: list[Figure]


class ChangedCell(Part):
    """What changed in a part of a figure; only the dimensions asked for with `by` are present."""

    before: CellValue
    after: CellValue
    difference: Number | None


class Changes(Representation):
    """How a figure changed between two days of knowledge."""

    name: Name
    unit: Annotated[str, Field(examples=["EUR"])]
    counted: Annotated[Counted, Field(examples=["firm"])]
    """Who or what `n` counts."""
    definition_version: Annotated[int, Field(examples=[1])]
    """Both values are by this one."""
    series_breaks: Annotated[Sequence[Day], Field(examples=[["2025-01-01"]])]
    known_first: Annotated[Day, Field(alias="from")]
    """As asked."""
    known_last: Annotated[Day, Field(alias="to")]
    """As asked."""
    effective_from: Day | None
    """As asked."""
    effective_to: Day | None
    """As asked. A duration, and what is computed of one, ends today where no day is asked for; what counts no days to
    come ends today at the latest."""
    before: CellValue
    """As it was known at the end of `from`."""
    after: CellValue
    """As it was known at the end of `to`."""
    difference: Annotated[Number | None, Field(examples=[5000])]
    """The value after less the value before. Null where one of them is."""
    positions: ChapterPositions
    """Per chapter of the indicators that it is made of, and topic, the events that were looked at."""
    events: Annotated[
        str,
        Field(examples=[f"{PATH}/invested_productive/events?known_on=2026-03-31&known_after=2025-12-31"]),
    ]
    """Where those events behind the figure after are that were recorded in between. Those of a sum add up to the
    difference."""
    cells: list[ChangedCell]
    """What `by` asked for, in order: every cell that there is before or after."""
    labels: Labels | None = None
    """With `labels=true`, by dimension and code, what the values in it are called; null where no list says."""


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
    times: int
    """Of a quantile, and of what is observed: how often the value is there more, or less, from now on. 1 of all
    others."""
    sample: bool
    """Whether it is made up, for trying and showing."""
    dimensions: Annotated[Mapping[str, Any], Field(examples=[{"company": sample_siret(0), "axis": 2}])]
    href: Annotated[str, Field(examples=["/companies/v1/investments/01890f0e-7c2b-7cc3-8000-0123456789ab/events"])]
    """The history of its stream."""

    @classmethod
    def of_fact(cls, fact: FactBehind) -> Self:
        """A fact with a way to its stream."""
        service, stream = fact.topic.partition(".")[0], fact.subject.partition("#")[0]
        shown = {name: each for name, each in asdict(fact).items() if name in cls.model_fields}
        return cls(**{**shown, "subject": stream}, service=service, href=f"{REGISTRY.record(service, stream)}/events")


class Input(Representation):
    """A measure that a figure is made of."""

    name: Name
    href: str
    """Its own figure, for the same question."""
    events: str
    """The events behind it."""


class EventsBehind(Representation):
    """A page of the events behind a figure. Over all pages, their values add up to it (or to its inputs), unless
    `known_after` leaves some out."""

    name: Name
    definition_version: Annotated[int, Field(examples=[1])]
    positions: ChapterPositions
    """Those of the first page: later events do not appear in the pages that follow."""
    inputs: list[Input]
    """What it is computed of, where it is."""
    items: list[EventBehind]
    labels: Labels | None = None
    """With `labels=true`, by dimension and code, what the values of the page are called; null where no list says."""


class DimensionValue(Representation):
    """A value of a dimension."""

    code: Annotated[Code, Field(examples=["zi-limoise"])]
    label: Annotated[ReferenceLabel | None, Field(examples=[{"fr": "ZI la Limoise", "en": "Limoise industrial zone"}])]
    """Null where no list and no event says."""
    occurs: bool
    """Whether there is anything of it in the figures."""


class Dimension(Representation):
    """What figures may be broken down and filtered by."""

    name: Annotated[str, Field(examples=["zone"])]
    label: Annotated[ReferenceLabel, Field(examples=[{"fr": "Zone d'activités", "en": "Business zone"}])]
    absent: Annotated[str | None, Field(examples=["Null for companies outside any zone."])]
    """What null means in an answer, where it may be there."""
    indicators: Annotated[list[str], Field(examples=[["members", "headcount"]])]
    """Those that have it."""
    href: Annotated[str, Field(examples=["/indicators/v1/dimensions/zone"])]
    """Where its values are."""

    @classmethod
    def called(cls, name: DimensionName, indicators: Iterable[Indicator]) -> Self:
        """A dimension and which of some indicators have it."""
        dimension = DIMENSIONS[name]
        return cls(
            name=name,
            label=ReferenceLabel(fr=dimension.called.fr, en=dimension.called.en),
            absent=dimension.absent or None,
            indicators=[each.name for each in indicators if name in each.dimensions],
            href=f"/indicators/v1/dimensions/{name}",
        )


class Dimensions(Representation):
    """All of them."""

    items: list[Dimension]


class DimensionValues(Representation):
    """The values of a dimension: those of its list, in its order, then others that occur."""

    items: list[DimensionValue]


def positions(read: Mapping[str, Positions]) -> Mapping[str, Mapping[str, ServicePositions]]:
    """The positions as an answer gives them."""
    return {
        chapter: {
            topic: ServicePositions(position=max(partitions.values()), partitions=dict(sorted(partitions.items())))
            for topic, partitions in sorted(topics.items())
        }
        for chapter, topics in sorted(read.items())
    }


def link(indicator: Indicator, question: Question, *, events: bool = False, **more: object) -> str:
    """Where the answer to a question is, or the events behind it."""
    asked: dict[str, object] = {
        "from": question.first,
        "to": question.last,
        "known_on": question.known_on,
        "without": "largest" if question.without_largest else None,
        **question.where,
    }
    if not events:
        asked["by"] = question.by
        asked["cumulative"] = "true" if question.cumulative else None
        asked["fill"] = "true" if question.filled else None
    query = urlencode({name: value for name, value in (asked | more).items() if value is not None}, doseq=True)
    return f"{PATH}/{indicator.name}{'/events' if events else ''}{'?' if query else ''}{query}"


async def targets_of(
    now: Snapshot, indicators: Sequence[Indicator], question: Question
) -> Mapping[str, Sequence[TargetOfFigure]]:
    """What is aimed at in what a question asks for, by indicator. Nothing is told of it until it is folded."""
    if not now.has_targets:
        return {each.name: () for each in indicators}
    aims = await now.aims_of(indicators, question)
    return {name: [TargetOfFigure.told(aim) for aim in known] for name, known in aims.items()}


def figure(
    indicator: Indicator,
    question: Question,
    answer: Answer,
    version: int,
    read: Mapping[str, Positions],
    targets: Sequence[TargetOfFigure],
    breaks: Sequence[date],
    labels: Labels | None,
) -> Figure:
    """The answer as JSON shows it."""
    more: dict[str, Any] = {} if labels is None else {"labels": labels}
    if answer.trend:
        more["trend"] = _movement(answer.trend)
    return Figure(
        **_what_it_rests_on(indicator, answer.total, version, targets, breaks),
        first=question.first,
        last=question.last,
        known_on=question.known_on,
        excluded=answer.excluded,
        positions=positions(read),
        events=link(indicator, question, events=True),
        cells=[Cell(**_part(question, key), **asdict(cell)) for key, cell in in_order(answer.cells)],
        **more,
    )


def changes(
    indicator: Indicator,
    questions: tuple[Question, Question],
    answers: tuple[Answer, Answer],
    version: int,
    read: Mapping[str, Positions],
    breaks: Sequence[date],
    labels: Labels | None,
) -> Changes:
    """What changed between two answers, each as known on its day."""
    (asked_before, asked), (before, after) = questions, answers
    nothing = nothing_of(indicator)
    keys = in_order({**before.cells, **after.cells})
    return Changes(
        name=indicator.name,
        unit=indicator.unit,
        counted=counted(indicator),
        definition_version=version,
        series_breaks=breaks,
        known_first=_known(asked_before),
        known_last=_known(asked),
        effective_from=asked.first,
        effective_to=asked.last,
        **_change(before.total, after.total),
        positions=positions(read),
        events=link(indicator, asked, events=True, known_after=asked_before.known_on),
        cells=[
            ChangedCell(**_part(asked, key), **_change(before.cells.get(key, nothing), after.cells.get(key, nothing)))
            for key, _ in keys
        ],
        **({} if labels is None else {"labels": labels}),
    )


def counted(indicator: Indicator) -> Counted:
    """Who or what `n` counts: of several, whom confidentiality protects most."""
    kinds = {CONTRIBUTORS[measure.contributor] for measure in measures_of(indicator)}
    return next(kind for kind in get_args(Counted) if kind in kinds)


def occurring(question: Question, *answers: Answer) -> Mapping[DimensionName, set[Code]]:
    """The values of dimensions in the cells of answers, by dimension."""
    return {
        name: {
            part
            for answer in answers
            for key in answer.cells
            if (part := key[index]) is not None and not isinstance(part, Period)
        }
        for name in DIMENSIONS
        if name in question.by
        for index in (question.by.index(name),)
    }


def in_order(cells: Mapping[Key, Value]) -> Sequence[tuple[Key, Value]]:
    """Cells by their dimensions, those that have none last."""
    return sorted(
        cells.items(),
        key=lambda cell: [(part is None, part if isinstance(part, int) else 0, str(part)) for part in cell[0]],
    )


def _what_it_rests_on(
    indicator: Indicator, value: Value, version: int, targets: Sequence[TargetOfFigure], breaks: Sequence[date]
) -> dict[str, Any]:
    return {
        **asdict(value),
        "name": indicator.name,
        "unit": indicator.unit,
        "counted": counted(indicator),
        "definition_version": version,
        "series_breaks": breaks,
        "targets": targets,
    }


def _known(question: Question) -> date:
    assert question.known_on  # Changes are between two days of knowledge.
    return question.known_on


def _change(before: Value, after: Value) -> dict[str, Any]:
    told = before.value is not None and after.value is not None
    return {
        "before": CellValue(**asdict(before)),
        "after": CellValue(**asdict(after)),
        "difference": after.value - before.value if told else None,  # type: ignore[operator]  # neither is None
    }


def _part(question: Question, key: Key) -> dict[str, Any]:
    """What tells a cell: dimensions, and its period with its days."""
    told: dict[str, Any] = {}
    for name, part in zip(question.by, key, strict=True):
        told[name] = part
        if isinstance(part, Period):
            told |= {name: str(part), "begins": part.first, "ends": part.last}
    return told


def _movement(found: Trend) -> Movement:
    told = asdict(found)
    told["target"] = TargetOfFigure.told(found.target) if found.target else None
    if found.pace_between:
        told["pace_between"] = dict(zip(("low", "high"), found.pace_between, strict=True))
    if found.arrives_between:
        told["arrives_between"] = dict(zip(("first", "last"), found.arrives_between, strict=True))
    return Movement(**told)
