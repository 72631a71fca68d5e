"""`GET /v1/forecasts/{id}/figures` and `/comparison`: what forecasts come to, explained, and two of them side by side.

A forecast that is adopted says what was calculated then. Of a draft the figures are those of now: of its assumptions,
and of the seats that sessions have at the moment.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.training.forecast import CATEGORY, ForecastStatus, NumberSource, OccupationYear
from contracts.values import CalendarYear, PersonsExpected, RecordId, Rome, ShortText
from eventstore.execution import Outcome, StreamNotFound, current, pages
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from service.http.auth import Caller
from service.http.reading import Readers, Reads
from service.http.routes import CurrentStore, requires
from training.forecast import Forecast, forecasts
from training.forecasting import ENDING, Part, PartName, Seats, explained, figures, seats_of
from training.session import sessions

AT_ONCE: Final = 200
"""How many sessions are read at a time."""


class AskedComparison(BaseModel):
    """What a forecast is compared with."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    other: Annotated[RecordId, Field(alias="with")]
    """The id of the other forecast."""


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ForecastSentence(_Answer):
    """How a number is made, as people say it."""

    en: Annotated[str, Field(examples=["staff of 120 × 2.00% a year = 2.4"])]
    fr: Annotated[str, Field(examples=["effectif de 120 × 2,00 % par an = 2,4"])]


class ForecastInput(_Answer):
    """A number that another is made of."""

    name: Annotated[str, Field(max_length=64, examples=["staff"])]
    """As the assumption or the figure is called."""
    value: Annotated[float, Field(examples=[120])]


class ForecastPart(_Answer):
    """A number of an occupation's year, and what it is made of."""

    name: PartName
    value: PersonsExpected
    inputs: list[ForecastInput]
    sentence: ForecastSentence


class ExplainedYear(_Answer):
    """What an occupation will need in a year."""

    rome: Rome
    year: CalendarYear
    staff: PersonsExpected
    """Employed when the year begins."""
    need: PersonsExpected
    """Growth, retirements and turnover, less the pipeline; negative where more people come than are needed."""
    parts: list[ForecastPart]
    """Those, and how the need is their sum."""


class OccupationSources(_Answer):
    """Where what is assumed of an occupation is from."""

    rome: Rome
    sources: list[NumberSource]


class ForecastFigures(_Answer):
    """What a forecast comes to."""

    id: RecordId
    title: ShortText
    status: ForecastStatus
    live: bool
    """Whether the pipeline is of the seats that sessions have now, and not of those they had when it was adopted."""
    items: list[ExplainedYear]
    """By occupation and year."""
    sources: list[OccupationSources]


class Compared(_Answer):
    """A number as two forecasts have it. None where a forecast says nothing of the occupation in that year."""

    ours: PersonsExpected | None
    """As the forecast of the path has it."""
    theirs: PersonsExpected | None
    """As the one it is compared with has it."""
    difference: PersonsExpected | None
    """Ours less theirs."""


class ComparedYear(_Answer):
    """An occupation's year in two forecasts."""

    rome: Rome
    year: CalendarYear
    growth: Compared
    retirements: Compared
    turnover: Compared
    pipeline: Compared
    need: Compared


class Comparison(_Answer):
    """Two forecasts side by side."""

    id: RecordId
    title: ShortText
    with_id: RecordId
    with_title: ShortText
    items: list[ComparedYear]
    """Each occupation and year that either speaks of, in their order."""


ForecastPath = Annotated[RecordId, Path(description="The id of the forecast.")]


def scenarios(reads: Reads) -> APIRouter:
    """The routes of figures and comparisons, for those who read forecasts."""
    router = APIRouter(tags=["forecasts"], generate_unique_id_function=lambda route: route.name)
    readers = Readers(forecasts, reads)

    async def readable(identity: str, caller: Caller, store: Store) -> Outcome[Forecast]:
        found = await current(store, forecasts, identity)
        if found is None or not readers.reads_whole(found.state, caller.actor):
            raise StreamNotFound(forecasts.category, identity)
        return found

    @router.get(f"{CATEGORY.path}/{{id}}/figures", name="explain-forecast", summary="What a forecast comes to, and why")
    async def explain_forecast(
        id: ForecastPath,  # noqa: A002  as every record has it
        caller: Annotated[Caller, requires("training:read")],
        store: CurrentStore,
    ) -> ForecastFigures:
        """Each occupation and year with growth, retirements, turnover and pipeline, each with the numbers that it is
        made of and how. Of a draft the pipeline is of the seats that sessions have now."""
        found = (await readable(id, caller, store)).state
        assumed = {each.rome: each for each in found.occupations}
        return ForecastFigures(
            id=id,
            title=found.title,
            status=found.status,
            live=_is_live(found),
            items=[
                ExplainedYear(
                    rome=each.rome,
                    year=each.year,
                    staff=each.staff,
                    need=each.need,
                    parts=[_part(part) for part in explained(assumed[each.rome], each)],
                )
                for each in await _figures(store, found)
            ],
            sources=[OccupationSources(rome=each.rome, sources=[*each.sources]) for each in found.occupations],
        )

    @router.get(f"{CATEGORY.path}/{{id}}/comparison", name="compare-forecasts", summary="Two forecasts side by side")
    async def compare_forecasts(
        id: ForecastPath,  # noqa: A002  as every record has it
        caller: Annotated[Caller, requires("training:read")],
        store: CurrentStore,
        asked: Annotated[AskedComparison, Query()],
    ) -> Comparison:
        """Growth, retirements, turnover, pipeline and need of each occupation and year in either, and by how much they
        differ."""
        ours, theirs = [(await readable(each, caller, store)).state for each in (id, asked.other)]
        return Comparison(
            id=id,
            title=ours.title,
            with_id=asked.other,
            with_title=theirs.title,
            items=compared(await _figures(store, ours), await _figures(store, theirs)),
        )

    return router


def compared(ours: Sequence[OccupationYear], theirs: Sequence[OccupationYear]) -> list[ComparedYear]:
    """Two forecasts, by occupation and year."""
    one, other = ({(each.rome, each.year): each for each in figures} for figures in (ours, theirs))
    return [
        ComparedYear(rome=rome, year=year, **_compared(one.get((rome, year)), other.get((rome, year))))
        for rome, year in sorted(one.keys() | other.keys())
    ]


def _compared(one: OccupationYear | None, other: OccupationYear | None) -> Mapping[str, Any]:
    parts = {}
    for name in ("growth", "retirements", "turnover", "pipeline", "need"):
        ours, theirs = getattr(one, name, None), getattr(other, name, None)
        difference = None if ours is None or theirs is None else round(ours - theirs, 2)
        parts[name] = Compared(ours=ours, theirs=theirs, difference=difference)
    return parts


def _is_live(forecast: Forecast) -> bool:
    """Whether the figures are of now: of a draft, and of what is adopted for the moment until it is calculated."""
    return forecast.status != "superseded" and not (forecast.status == "adopted" and forecast.calculated_at)


async def _figures(store: Store, forecast: Forecast) -> Sequence[OccupationYear]:
    if not _is_live(forecast):
        return forecast.figures
    seats = await _seats(store)
    return figures(forecast.base_year, forecast.years, forecast.occupations, seats)


async def _seats(store: Store) -> Mapping[tuple[str, int], Seats]:
    wanted = Wanted(sessions.category, labels=sessions.labelling.having_all({"status": ENDING}), limit=AT_ONCE)
    return seats_of([each.state async for page in pages(store, sessions, wanted) for each in page])


def _part(part: Part) -> ForecastPart:
    return ForecastPart(
        name=part.name,
        value=part.value,
        inputs=[ForecastInput(name=each.name, value=each.value) for each in part.inputs],
        sentence=ForecastSentence(en=part.told("en"), fr=part.told("fr")),
    )
