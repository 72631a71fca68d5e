"""The indicators over HTTP: the catalogue, one figure, and the events behind it."""

import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal, Self

import asyncpg
from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from contracts.registry import REGISTRY, Registry
from indicators import sentences
from indicators.chapters import Catalogue
from indicators.dimensions import DIMENSIONS
from indicators.lineage import Place, facts_behind
from indicators.measures import Indicator, Level, events_behind, inputs
from indicators.projection import generations_of
from indicators.query import CatchingUp, Positions, Snapshot, ended, snapshot
from indicators.question import Question
from indicators.representation import (
    Entries,
    Entry,
    EventBehind,
    EventsBehind,
    Figure,
    Input,
    figure,
    link,
    positions,
    table,
)
from service.http.auth import Caller
from service.http.listing import CURSOR
from service.http.problems import Problem, invalid_parameter, unavailable
from service.http.routes import AskedDay, CurrentPool, CurrentSettings, requires
from service.http.sentences import NOT_A_CURSOR, Said
from service.running.settings import Settings

READ: Final = "indicators:read"
PERSONS: Final = "indicators:persons"
"""The scope for what is behind figures about persons."""
CSV_EXAMPLE: Final = "indicator,zone,month,value,unit,n\ninvested_productive,zi-limoise,2023-12,22000000,EUR,6\n"


BY: Final = (*DIMENSIONS, "month")
# The pattern is for readers of the document: who breaks it is told what the indicator is given by.
Broken = Annotated[str, Field(max_length=64, json_schema_extra={"pattern": f"^({'|'.join(BY)})(,({'|'.join(BY)}))*$"})]
"""One or several dimensions, comma-separated."""


class Selected(BaseModel):
    """What a figure counts, but for its dimensions."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    first: Annotated[AskedDay | None, Field(alias="from")] = None
    """The first day a sum or a duration counts. A level is a state of its last day: this only begins the months of
    `by=month`."""
    last: Annotated[AskedDay | None, Field(alias="to")] = None
    """The last day that counts, by the days on which things took effect. It may be to come: bookings are counted on the
    day of their slot, placements on the Monday of their week. A duration, and what is computed of one, ends today
    unless another day is asked for."""
    known_on: AskedDay | None = None
    """Count only what was recorded by the end of that day (Europe/Paris): the figure as it was known then."""
    without: Literal["largest"] | None = None
    """`largest` leaves out the largest contributor on the last day. For `headcount`."""

    def question(self, indicator: Indicator, by: tuple[str, ...] = ()) -> Question:
        """The question, if the indicator can answer it. Raises Problem."""
        if self.first and self.last and self.first > self.last:
            raise invalid_parameter("from", Said(sentences.ENDS_BEFORE_IT_BEGINS, first=self.first, last=self.last))
        if self.without and not (isinstance(indicator, Level) and indicator.without_largest):
            raise invalid_parameter("without", Said(sentences.NOT_WITHOUT_LARGEST, indicator=indicator.name))
        asked = ((name, getattr(self, name)) for name in DIMENSIONS)
        where: dict[str, tuple[str | int, ...]] = {name: (code,) for name, code in asked if code is not None}
        for name in where:
            if name not in indicator.dimensions:
                said = Said(sentences.OTHER_DIMENSIONS, indicator=indicator.name, dimensions=indicator.dimensions)
                raise invalid_parameter(name, said)
        question = Question(self.first, self.last, by, self.known_on, self.without is not None, where)
        question = ended(indicator, question)
        if self.first and not self.last and question.last and self.first > question.last:
            raise invalid_parameter("from", Said(sentences.ENDS_TODAY, indicator=indicator.name, first=self.first))
        return question


_DIMENSIONS: Final[dict[str, Any]] = {
    name: (each.asked | None, Field(None, description=each.counts)) for name, each in DIMENSIONS.items()
}
Selection = create_model(
    "Selection",
    __base__=Selected,
    __doc__="What a figure counts.",
    **_DIMENSIONS,
)


class Asked(Selection):
    """What a figure counts, and how it is broken down."""

    by: list[Broken] = Field(default=[], max_length=len(BY), examples=[["zone", "month"]])
    """Break the figure down by one or several of company, axis, naf, commune, zone, funder, equipment, rome, contract,
    grade, week, school and month, as far as the indicator has them: `by=zone&by=month` or `by=zone,month`. A sum's
    month is that of the day things took effect; a duration's has its days in the month; a level's month shows it at the
    end of the month."""

    def dimensions(self, indicator: Indicator) -> tuple[str, ...]:
        """What it is broken down by. Raises Problem."""
        possible = (*indicator.dimensions, "month")
        asked = tuple(dict.fromkeys(name for part in self.by for name in part.split(",")))
        for name in asked:
            if name not in possible:
                said = Said(sentences.NOT_GIVEN_BY, indicator=indicator.name, asked=name, possible=possible)
                raise invalid_parameter("by", said)
        return asked


class AskedEvents(Selection):
    """What a figure counts, and which page of the events behind it."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    """How many events a page has at most."""
    cursor: Annotated[str, Field(max_length=4_096, json_schema_extra={"pattern": CURSOR})] | None = None
    """Where the page before ended, from its `Link` header."""


class Cursor(BaseModel):
    """Where a page ended, and the positions all pages are read at."""

    at: Mapping[str, Positions]
    after: Place

    @classmethod
    def read(cls, written: str) -> Self:
        """A cursor that a client sends back. Raises ValueError."""
        return cls.model_validate_json(base64.b64decode(written.encode(), altchars=b"-_", validate=True))

    def written(self) -> str:
        """The cursor as a client keeps it."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode()


def routes(catalogue: Catalogue, registry: Registry = REGISTRY) -> APIRouter:
    """The routes that serve a catalogue; the registry tells which events are about persons."""
    router = APIRouter(
        prefix="/v1/indicators",
        tags=["indicators"],
        dependencies=[requires(READ)],
        generate_unique_id_function=lambda route: route.name,
    )
    name_of = Annotated[
        str, Path(description="An indicator of the catalogue.", json_schema_extra={"enum": list(catalogue)})
    ]

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

    @router.get("", summary="All indicators with their current values")
    async def list_indicators(pool: CurrentPool, settings: CurrentSettings) -> Entries:
        """What each indicator means, what it may be broken down by, its target if it has one, and its value now."""
        async with _now(pool, catalogue, settings) as now:
            current = [
                (each, (await now.answer(each, Question())).total, now.version(each)) for each in catalogue.values()
            ]
        served = {name: chapter.positions for name, chapter in now.chapters.items()}
        return Entries(positions=positions(served), items=[Entry.of_indicator(*each) for each in current])

    @router.get(
        "/{name}",
        summary="A figure",
        response_model=Figure,
        response_model_exclude_unset=True,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": CSV_EXAMPLE}}}},
    )
    async def read_figure(
        name: name_of,
        asked: Annotated[Asked, Query()],
        pool: CurrentPool,
        settings: CurrentSettings,
        response: Response,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    ) -> Figure | Response:
        """The value of an indicator over a period or on a day, broken down as asked.

        JSON, or CSV with `Accept: text/csv`: a header row, then a row for each cell.
        """
        response.headers["Vary"] = "Accept, Authorization"
        indicator = find(name)
        question = asked.question(indicator, asked.dimensions(indicator))
        async with _now(pool, catalogue, settings) as now:
            answer = await now.answer(indicator, question)
        if _prefers_csv(accept):
            return Response(table(indicator, question, answer), media_type="text/csv", headers=response.headers)
        return figure(indicator, question, answer, now.version(indicator), now.positions(indicator))

    @router.get("/{name}/events", summary="The events behind a figure")
    async def list_events(
        caller: Annotated[Caller, requires(READ)],
        name: name_of,
        asked: Annotated[AskedEvents, Query()],
        pool: CurrentPool,
        settings: CurrentSettings,
        response: Response,
    ) -> EventsBehind:
        """Every event that makes the figure, with its part in it and a way to its stream, in the order of positions.

        Of a level: the latest event of each subject. Of a duration: each event that holds on a day of the period. Of
        what is computed: the events of its inputs. All pages that the `Link` header leads to are read at the positions
        of the first one, so their values add up to the figure.

        What is behind a figure that is made of events about persons needs the scope `indicators:persons` as well: even
        by a pseudonym, a person can be told in a small town.
        """
        indicator = find(name)
        if name in about_persons:
            caller.require(PERSONS)
        question = asked.question(indicator)
        async with _now(pool, catalogue, settings) as now:
            start = _resume(asked.cursor, now.positions(indicator))
            version = now.version(indicator)
            facts, end = await facts_behind(now, indicator, question, start.at, start.after, asked.limit)
        if end is not None:
            cursor = Cursor(at=start.at, after=end).written()
            following = link(indicator, question, events=True, limit=str(asked.limit), cursor=cursor)
            response.headers["Link"] = f'<{following}>; rel="next"'
        return EventsBehind(
            name=indicator.name,
            definition_version=version,
            positions=positions(start.at),
            inputs=[
                Input(name=each.name, href=link(each, question), events=link(each, question, events=True))
                for each in inputs(indicator)
            ],
            items=[EventBehind.of_fact(fact) for fact in facts],
        )

    return router


@asynccontextmanager
async def _now(pool: asyncpg.Pool, catalogue: Catalogue, settings: Settings) -> AsyncIterator[Snapshot]:
    try:
        async with snapshot(pool, catalogue, generations_of(catalogue, settings)) as now:
            yield now
    except CatchingUp:
        raise unavailable(Said(sentences.CATCHING_UP), retry_after=10) from None


def _resume(cursor: str | None, current: Mapping[str, Positions]) -> Cursor:
    """Where a page begins, and the positions it is read at. Raises Problem."""
    if cursor is None:
        return Cursor(at=current, after=Place())
    try:
        place = Cursor.read(cursor)
    except ValueError:
        raise invalid_parameter("cursor", Said(NOT_A_CURSOR)) from None
    if place.at.keys() != current.keys():
        raise invalid_parameter("cursor", Said(sentences.CURSOR_OF_OTHER_EVENTS))
    for chapter, topics in place.at.items():
        for topic, partitions in topics.items():
            here = current[chapter].get(topic, {})
            if not partitions or any(not 0 < place <= here.get(number, 0) for number, place in partitions.items()):
                raise invalid_parameter("cursor", Said(sentences.CURSOR_OF_OTHER_EVENTS))
    return place


def _prefers_csv(accept: str) -> bool:
    """Whether CSV is asked for, above JSON."""
    named = re.findall(r"([a-z*]+/[a-z*]+)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?", accept.lower())
    weights = {media_type: float(weight or 1) for media_type, weight in named}
    return weights.get("text/csv", 0) > weights.get("application/json", 0)
