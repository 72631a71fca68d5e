"""The indicators over HTTP: the catalogue, figures, what changed in one, the events behind it, and its dimensions."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from contracts.language import Language
from contracts.model import PARIS
from contracts.registry import REGISTRY, Registry
from eventstore.postgres.connection import StoreUnavailable, is_outage
from indicators import sentences
from indicators.asking import Asked, AskedChanges, AskedEvents, BrokenDown, Cursor, parts, refused, resume
from indicators.chapters import Catalogue
from indicators.columns import Columns
from indicators.dimensions import DIMENSIONS
from indicators.dimensions import Name as DimensionName
from indicators.labels import Code, labels_of, unknown_of, values_of
from indicators.lineage import facts_behind
from indicators.measures import Indicator, Series, events_behind, inputs
from indicators.names import known_to
from indicators.projection import generations_of
from indicators.query import CatchingUp, Snapshot, counts_so_far, snapshot
from indicators.question import Question, end_of
from indicators.representation import (
    Changes,
    Dimension,
    Dimensions,
    DimensionValue,
    DimensionValues,
    Entries,
    Entry,
    EventBehind,
    EventsBehind,
    Figure,
    Figures,
    Input,
    changes,
    figure,
    link,
    occurring,
    positions,
    targets_of,
)
from indicators.tables import changes_table, table
from service.clock import today
from service.http.auth import Caller
from service.http.headers import matches
from service.http.languages import VARIES, language_of
from service.http.problems import Problem, unavailable
from service.http.routes import CurrentPool, CurrentSettings, requires
from service.http.sentences import Said
from service.running.runtime import Runtime

READ: Final = "indicators:read"
PERSONS: Final = "indicators:persons"
"""The scope for what is behind figures about persons."""
MOST_INDICATORS: Final = 20
"""Of one question."""
CSV: Final = "text/csv"
COPYING: Final = "copying of facts"
"""The task that begins with the process."""
UNTIL_NEXT: Final = 1.0
"""Seconds until facts are to be copied again while the database is away."""

log = logging.getLogger(__name__)


class FiguresOf:
    """The figures of the database that an application is of."""

    def __init__(self, request: Request, pool: CurrentPool, settings: CurrentSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._columns = _columns_of(request.app)

    @asynccontextmanager
    async def now(self, catalogue: Catalogue) -> AsyncIterator[Snapshot]:
        """Those of this moment. What is behind is a Problem."""
        generations = generations_of(catalogue, self._settings)
        try:
            async with snapshot(self._pool, catalogue, generations, self._columns) as now:
                yield now
        except CatchingUp as behind:
            raise unavailable(Said(sentences.CATCHING_UP, chapter=behind.chapter), retry_after=10) from None


@asynccontextmanager
async def _copied_early(catalogue: Catalogue, application: FastAPI) -> AsyncIterator[None]:
    """Has facts copied as soon as the store is open, beside all else: the first question finds them in columns."""
    copying = asyncio.create_task(_copy(catalogue, application), name=COPYING)
    try:
        yield
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)


async def _copy(catalogue: Catalogue, application: FastAPI) -> None:
    runtime: Runtime = application.state.runtime
    generations = generations_of(catalogue, runtime.settings)
    while True:
        try:
            async with snapshot(runtime.store.pool, catalogue, generations, _columns_of(application)):
                return
        except Exception as error:
            if not (isinstance(error, StoreUnavailable) or is_outage(error)):
                log.exception("facts are copied with the first question")
                return
        await asyncio.sleep(UNTIL_NEXT)


def _columns_of(application: FastAPI) -> Columns:
    """Those of the database that an application is of."""
    state = application.state
    if not hasattr(state, "columns"):
        state.columns = Columns()
    columns: Columns = state.columns
    return columns


class Kept:
    """What the client keeps of an answer, told by its tag: made of all that the answer depends on."""

    def __init__(
        self,
        response: Response,
        if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> None:
        self._response = response
        self._tags = if_none_match

    def same(self, now: Snapshot, indicators: Iterable[Indicator], *asked: object) -> Response | None:
        """That nothing has changed, if so; the tag goes into the headers either way. Raises CatchingUp.

        What an answer says depends on the day, too: where no last day is asked for, and of what is aimed at.
        """
        behind = [
            (
                each.name,
                now.version(each),
                {served.generation: served.positions for served in now.behind(each).values()},
            )
            for each in indicators
        ]
        told = json.dumps([behind, today(), *asked], default=str, sort_keys=True)
        tag = f'"{blake2b(told.encode(), digest_size=16).hexdigest()}"'
        self._response.headers["ETag"] = tag
        return Response(status_code=304, headers=self._response.headers) if matches(self._tags, tag) else None


class Written:
    """How the client wants an answer: as JSON or as CSV, and in which language labels are told in CSV."""

    def __init__(
        self, request: Request, response: Response, accept: Annotated[str, Header(include_in_schema=False)] = "*/*"
    ) -> None:
        self._response = response
        self.as_csv = _prefers_csv(accept)
        self.language = language_of(request.scope["headers"])
        response.headers.add_vary_header("Accept")

    def about(self, *, labelled: bool) -> tuple[bool, Language | None]:
        """What the answer's form depends on."""
        if labelled:
            self._response.headers.add_vary_header(VARIES)
        return self.as_csv, self.language if labelled and self.as_csv else None

    def csv(self, table: str, *, labelled: bool) -> Response:
        """A table as the answer."""
        if labelled:
            self._response.headers["Content-Language"] = self.language
        return Response(table, media_type=CSV, headers=self._response.headers)


CurrentFigures = Annotated[FiguresOf, Depends()]
CurrentlyKept = Annotated[Kept, Depends()]
AskedForm = Annotated[Written, Depends()]
_ETAG: Final[dict[str, Any]] = {
    "headers": {
        "ETag": {
            "description": "Tells the answer, for If-None-Match.",
            "required": True,
            "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
        }
    }
}
_UNCHANGED: Final[dict[str, Any]] = {"description": "The answer that is kept is still right."}


def described(csv: str | None = None) -> dict[int | str, dict[str, Any]]:
    """What the document says of answers: their tags, and an example of CSV where there is one."""
    content = {"content": {CSV: {"schema": {"type": "string"}, "example": csv}}} if csv else {}
    return {200: {**_ETAG, **content}, 304: _UNCHANGED}


def routes(catalogue: Catalogue, registry: Registry = REGISTRY) -> APIRouter:
    """The routes that serve a catalogue; the registry tells which events are about persons."""
    router = APIRouter(
        prefix="/v1",
        tags=["indicators"],
        dependencies=[requires(READ)],
        generate_unique_id_function=lambda route: route.name,
        lifespan=partial(_copied_early, catalogue),
    )
    names = {"enum": list(catalogue)}
    name_of = Annotated[str, Path(description="An indicator of the catalogue.", json_schema_extra=names)]
    one_of = Annotated[str, Field(json_schema_extra=names)]
    dimension_of = Annotated[
        str, Path(description="A dimension of figures.", json_schema_extra={"enum": list(DIMENSIONS)})
    ]

    chapters = {
        indicator.name: chapter
        for chapter in catalogue.chapters.values()
        for indicator in chapter.indicators
        if indicator.name in catalogue
    }
    shown_chapters = list(dict.fromkeys(chapter.name for chapter in chapters.values()))
    chapter_of = Annotated[str, Field(json_schema_extra={"enum": shown_chapters})]

    class AskedFigures(Asked):
        """What several figures count, and how they are broken down."""

        indicator: list[one_of] = Field(min_length=1, max_length=MOST_INDICATORS, examples=[["members", "headcount"]])
        """Which indicators, up to 20: `indicator=members&indicator=headcount` or `indicator=members,headcount`."""

    class AskedCatalogue(BaseModel):
        """What is wanted of the catalogue: all of it unless something is named."""

        name: list[one_of] = Field(default=[], description="Only these indicators.", max_length=len(catalogue))
        chapter: list[chapter_of] = Field(default=[], description="Only these chapters.", max_length=len(catalogue))

    about_persons = {
        indicator.name
        for indicator in catalogue.values()
        if any(
            category.persons
            for event in events_behind(indicator)
            for category in registry.published(event.event_type, event.schema_version).categories
        )
    }

    def find(name: str) -> Indicator:
        if name not in catalogue:
            raise Problem("not-found", Said(sentences.NO_INDICATOR, known=[*catalogue]))
        return catalogue[name]

    def named(asked: Sequence[str], parameter: str) -> list[Indicator]:
        found = []
        for name in parts(asked):
            if name not in catalogue:
                raise refused("unknown-indicator", parameter, sentences.NO_INDICATOR, known=[*catalogue])
            found.append(catalogue[name])
        return found

    @router.get(
        "/indicators",
        summary="Indicators with their current values",
        response_model=Entries,
        responses=described(),
    )
    async def list_indicators(
        asked: Annotated[AskedCatalogue, Query()], figures: CurrentFigures, kept: CurrentlyKept
    ) -> Entries | Response:
        """What each indicator means, what it may be broken down by, what is aimed at, and its value now.

        All of them, or those named. One whose events are still being folded is there without a value.
        """
        wanted = named(asked.name, "name") or [*catalogue.values()]
        for name in (in_chapters := parts(asked.chapter)):
            if name not in shown_chapters:
                raise refused("unknown-chapter", "chapter", sentences.NO_CHAPTER, known=shown_chapters)
        wanted = [each for each in wanted if not in_chapters or chapters[each.name].name in in_chapters]
        async with figures.now(catalogue) as now:
            ready = [each for each in wanted if now.can_answer(each)]
            said = [(each.name, each.title, each.definition) for each in wanted]
            if same := kept.same(now, ready, said):
                return same
            values = await now.current(ready)
            targets = await targets_of(now, wanted, Question())
            items = [
                Entry.of_indicator(
                    each,
                    chapters[each.name],
                    values[each.name].total if each.name in values else None,
                    now.version(each) if each.name in values else each.version,
                    targets[each.name],
                    await now.breaks(each, Question()) if each.name in values else (),
                )
                for each in wanted
            ]
            behind = {name: served.positions for each in ready for name, served in now.behind(each).items()}
        return Entries(positions=positions(behind), items=items)

    @router.get(
        "/figures",
        summary="Several figures at once",
        response_model=Figures,
        response_model_exclude_unset=True,
        responses=described(
            "indicator,year,begins,ends,value,n,as_of,sample,unit,definition_version\n"
            "members,2023,2023-01-01,2023-12-31,12,12,2024-01-05T08:00:00Z,false,companies,1\n"
        ),
    )
    async def read_figures(
        asked: Annotated[AskedFigures, Query()],
        figures: CurrentFigures,
        kept: CurrentlyKept,
        written: AskedForm,
    ) -> Figures | Response:
        """What several indicators say to the same question, all of the same moment.

        JSON, or CSV with `Accept: text/csv`: a header row, then a row for each cell. Where one of them cannot be asked
        like this, the problem names it.
        """
        wanted = named(asked.indicator, "indicator")
        if len(wanted) > MOST_INDICATORS:
            raise refused("not-answered", "indicator", sentences.TOO_MANY_INDICATORS, most=MOST_INDICATORS)
        questions = [(each, asked.question(each)) for each in wanted]
        async with figures.now(catalogue) as now:
            about = await _form(now, written, asked)
            if same := kept.same(now, wanted, [question for _, question in questions], *about):
                return same
            shown = [await _figure(now, *each, labelled=asked.labels) for each in questions]
        if written.as_csv:
            return written.csv(_table(shown, questions, written), labelled=asked.labels)
        return Figures(items=shown)

    @router.get(
        "/indicators/{name}",
        summary="A figure",
        response_model=Figure,
        response_model_exclude_unset=True,
        responses=described(
            "indicator,zone,month,begins,ends,value,n,as_of,sample,unit,definition_version\n"
            "invested_productive,zi-limoise,2023-12,2023-12-01,2023-12-31,22000000,6,2024-01-05T08:00:00Z,false,EUR,1\n"
        ),
    )
    async def read_figure(
        name: name_of,
        asked: Annotated[Asked, Query()],
        figures: CurrentFigures,
        kept: CurrentlyKept,
        written: AskedForm,
    ) -> Figure | Response:
        """The value of an indicator over a period or on a day, broken down as asked.

        JSON, or CSV with `Accept: text/csv`: a header row, then a row for each cell.
        """
        indicator = find(name)
        question = asked.question(indicator)
        async with figures.now(catalogue) as now:
            about = await _form(now, written, asked)
            if same := kept.same(now, [indicator], question, *about):
                return same
            shown = await _figure(now, indicator, question, labelled=asked.labels)
        if written.as_csv:
            return written.csv(_table([shown], [(indicator, question)], written), labelled=asked.labels)
        return shown

    @router.get(
        "/indicators/{name}/changes",
        summary="How a figure changed between two days of knowledge",
        response_model=Changes,
        response_model_exclude_unset=True,
        responses=described(
            "indicator,value_before,n_before,as_of_before,sample_before,value_after,n_after,as_of_after,sample_after,"
            "difference,unit,definition_version\n"
            "invested_productive,790000,1,2024-01-05T08:00:00Z,false,795000,1,2024-02-01T10:30:00Z,false,5000,EUR,1\n"
        ),
    )
    async def read_changes(
        name: name_of,
        asked: Annotated[AskedChanges, Query()],
        figures: CurrentFigures,
        kept: CurrentlyKept,
        written: AskedForm,
    ) -> Changes | Response:
        """A figure as it was known at the end of `from` and at the end of `to`, and the difference.

        By today's definition both times. JSON, or CSV with `Accept: text/csv`.
        """
        indicator = find(name)
        questions = asked.questions(indicator)
        async with figures.now(catalogue) as now:
            about = await _form(now, written, asked)
            if same := kept.same(now, [indicator], questions, *about):
                return same
            await _require_known(now, questions[1])
            before, after = [await now.answer(indicator, question) for question in questions]
            await _require_days(now, indicator, questions[1], after.total.as_of, ends=("effective_to", "to"))
            values = occurring(questions[1], before, after)
            labels = await labels_of(now.connection, values) if asked.labels else None
            shown = changes(
                indicator,
                questions,
                (before, after),
                now.version(indicator),
                now.positions(indicator),
                await now.breaks(indicator, questions[1]),
                labels,
            )
        if written.as_csv:
            return written.csv(changes_table(shown, questions[1].by, written.language), labelled=asked.labels)
        return shown

    @router.get(
        "/indicators/{name}/events",
        summary="The events behind a figure",
        response_model=EventsBehind,
        response_model_exclude_unset=True,
        responses=described(),
    )
    async def list_events(
        caller: Annotated[Caller, requires(READ)],
        name: name_of,
        asked: Annotated[AskedEvents, Query()],
        figures: CurrentFigures,
        response: Response,
        kept: CurrentlyKept,
    ) -> EventsBehind | Response:
        """Every event that makes the figure, with its part in it and a way to its stream, in the order of positions.

        Of a level: the latest event of each subject, and what corrects it since. Of what is observed: the last
        observation of each series, and what revised it. Of a duration and of a mean: each
        event that holds on a day of the period. Of what is computed: the events of its inputs. All pages that the
        `Link` header leads to are read at the positions of the first one, so their values add up to the figure.

        What is behind a figure that is made of events about persons needs the scope `indicators:persons` as well: even
        by a pseudonym, a person can be told in a small town.
        """
        indicator = find(name)
        if name in about_persons:
            caller.require(PERSONS)
        question = asked.question(indicator)
        async with figures.now(catalogue) as now:
            start = resume(asked, indicator, question, now)
            about = asked.known_after, asked.limit, start.model_dump(), await _names(now, labelled=asked.labels)
            if same := kept.same(now, [indicator], question, *about):
                return same
            await _require_known(now, question)
            at = {chapter: start.at[served.generation] for chapter, served in now.counted_in(indicator).items()}
            known_after = end_of(asked.known_after) if asked.known_after else None
            facts, end = await facts_behind(now, indicator, question, at, start.after, asked.limit, known_after)
            if not facts:
                await _require_days(now, indicator, question, None)
            version = now.version(indicator)
            values: dict[DimensionName, set[Code]] = {name: set() for name in indicator.dimensions}
            for fact in facts:
                for dimension in values:
                    if (code := fact.dimensions.get(dimension)) is not None:
                        values[dimension].add(code)
            labels = {"labels": await labels_of(now.connection, values)} if asked.labels else {}
        if end is not None:
            cursor = Cursor(of=start.of, at=start.at, after=end).written()
            more = {"known_after": asked.known_after, "labels": "true" if asked.labels else None}
            following = link(indicator, question, events=True, **more, limit=asked.limit, cursor=cursor)
            response.headers["Link"] = f'<{following}>; rel="next"'
        return EventsBehind(
            name=indicator.name,
            definition_version=version,
            positions=positions(at),
            inputs=[
                Input(name=each.name, href=link(each, question), events=link(each, question, events=True))
                for each in inputs(indicator)
            ],
            items=[EventBehind.of_fact(fact) for fact in facts],
            **labels,
        )

    @router.get(
        "/dimensions",
        summary="What figures may be broken down by",
        response_model=Dimensions,
        responses=described(),
    )
    async def list_dimensions(figures: CurrentFigures, kept: CurrentlyKept) -> Dimensions | Response:
        """Each dimension, what it is called, and which indicators have it."""
        items = [Dimension.called(name, catalogue.values()) for name in DIMENSIONS]
        async with figures.now(catalogue) as now:
            if same := kept.same(now, (), [item.model_dump() for item in items]):
                return same
        return Dimensions(items=items)

    @router.get(
        "/dimensions/{dimension}",
        summary="The values of a dimension",
        response_model=DimensionValues,
        responses=described(),
    )
    async def read_dimension(
        dimension: dimension_of, figures: CurrentFigures, kept: CurrentlyKept
    ) -> DimensionValues | Response:
        """The values of its list, in the list's order, then others that occur in figures, with what they are called.

        A company is called as it applied; a sole trader's has no name.
        """
        if dimension not in DIMENSIONS:
            raise Problem("not-found", Said(sentences.NO_DIMENSION, known=[*DIMENSIONS]))
        name: DimensionName = dimension  # type: ignore[assignment]  # One of them.
        async with figures.now(catalogue) as now:
            served = [each for each in catalogue.measures if now.can_answer(each)]
            if same := kept.same(now, served, dimension, await _names(now, labelled=True)):
                return same
            values = await values_of(now, name)
        return DimensionValues(
            items=[DimensionValue(code=code, label=label, occurs=occurs) for code, (label, occurs) in values.items()]
        )

    return router


async def _figure(now: Snapshot, indicator: Indicator, question: Question, *, labelled: bool) -> Figure:
    """The answer to a question. Raises Problem, and CatchingUp."""
    await _require_known(now, question)
    answer = await now.answer(indicator, question)
    await _require_days(now, indicator, question, answer.total.as_of)
    labels = await labels_of(now.connection, occurring(question, answer)) if labelled else None
    targets = await targets_of(now, [indicator], question)
    return figure(
        indicator,
        question,
        answer,
        now.version(indicator),
        now.positions(indicator),
        targets[indicator.name],
        await now.breaks(indicator, question),
        labels,
    )


async def _require_known(now: Snapshot, question: Question) -> None:
    """Raises Problem where a figure is asked for of what is in no list, in no event, and has no name."""
    for dimension, codes in question.where.items():
        name: DimensionName = dimension  # type: ignore[assignment]  # It is asked by one.
        if unknown := await unknown_of(now, name, codes):
            raise refused("unknown-value", name, sentences.UNKNOWN_VALUE, dimension=name, asked=unknown)


async def _require_days(
    now: Snapshot,
    indicator: Indicator,
    question: Question,
    as_of: datetime | None,
    *,
    ends: tuple[str, str] = ("to", "known_on"),
) -> None:
    """Raises Problem where nothing is in a figure since all of the indicator is later, or was recorded later.

    `ends` are the parameters that the last day and the day of knowledge are asked for by.
    """
    if as_of is not None:
        return
    nothing_yet = counts_so_far(indicator) and question.last == today()
    if question.last and not nothing_yet and (first := await now.first_day(indicator)) and question.last < first:
        raise refused("before-first-event", ends[0], sentences.BEGINS_LATER, indicator=indicator.name, first=first)
    if question.known_before and (known := await now.first_known(indicator)) and question.known_before <= known:
        first = known.astimezone(PARIS).date()
        raise refused("before-first-event", ends[1], sentences.KNOWN_LATER, indicator=indicator.name, first=first)


async def _names(now: Snapshot, *, labelled: bool) -> object:
    """What labels depend on."""
    return await known_to(now.connection) if labelled else None


async def _form(now: Snapshot, written: Written, asked: BrokenDown) -> tuple[object, ...]:
    """What the form of an answer depends on, and what it calls things."""
    return (*written.about(labelled=asked.labels), await _names(now, labelled=asked.labels))


def _table(figures: Sequence[Figure], questions: Sequence[tuple[Indicator, Question]], written: Written) -> str:
    series = any(isinstance(indicator, Series) for indicator, _ in questions)
    return table(figures, questions[0][1].by, written.language, series=series)


def _prefers_csv(accept: str) -> bool:
    """Whether CSV is asked for, above JSON."""
    named = re.findall(r"([a-z*]+/[a-z*]+)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?", accept.lower())
    weights = {media_type: float(weight or 1) for media_type, weight in named}
    return weights.get("text/csv", 0) > weights.get("application/json", 0)
