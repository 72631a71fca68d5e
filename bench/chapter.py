"""What is measured of the indicators: their declarations, the fold of events into facts, and questions."""

import dataclasses
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Final, Self, TypeVar

import asyncpg

from bench.programme import messages
from contracts.companies.company import CompanyActivated, CompanyReinstated, CompanySuspended, HeadcountReported
from contracts.companies.investment import DayCorrected, InvestmentCompleted
from devstack.log import deliver
from eventstore.postgres.store import Recorded, Store
from indicators.app import app
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Columns
from indicators.measures import Count, Measure, levels, sums
from indicators.projection import Projection
from indicators.query import ZERO, Answer, Value, snapshot
from indicators.question import Key, Question

T = TypeVar("T")

MIGRATIONS: Final = app.all_migrations
_TOPIC: Final = "issoudun.companies.v1"
_AT_ONCE: Final = 10_000
"""Facts folded in one transaction, at most, where nobody measures it."""


@levels(unit="FTE", dimensions=("company", "naf", "commune", "zone"))
def employed(event: CompanyActivated | CompanyReinstated | CompanySuspended | HeadcountReported) -> float:
    """Headcount of the companies."""
    return event.headcount


@sums(unit="EUR", dimensions=("company", "axis", "naf", "commune", "zone"))
def spent(event: InvestmentCompleted | DayCorrected) -> Iterator[Count]:
    """What was spent on investments, on the day they are completed."""
    match event:
        case InvestmentCompleted():
            yield Count(event.effective_on, event.amount_spent)
        case DayCorrected(amount_spent=amount) if amount:
            yield Count(event.day_before, -amount)
            yield Count(event.day, amount)


@sums(unit="FTE", dimensions=("company", "naf", "commune", "zone"))
def growth(event: CompanyActivated | CompanyReinstated | CompanySuspended | HeadcountReported) -> Iterator[Count]:
    """How much the headcount grew."""
    before = event.headcount_before if isinstance(event, CompanySuspended | HeadcountReported) else 0
    yield Count(event.effective_on, event.headcount - before)


MEASURES: Final = {measure.name: measure for measure in (employed, spent, growth)}


def version(measure: Measure, number: int) -> Chapter:
    """A chapter of one measure in some version: each is folded for itself."""
    return Chapter(measure.name, dataclasses.replace(measure, version=number))


def alike(measures: Sequence[Measure], count: int) -> Chapter:
    """A chapter of so many indicators, which are the measures again and again under other names."""
    chosen = [(measures[number % len(measures)], number) for number in range(count)]
    return Chapter("alike", *(dataclasses.replace(each, name=f"{each.name}_{number}") for each, number in chosen))


class Figures:
    """The figures of a chapter, in a database of their own."""

    def __init__(self, chapter: Chapter, pool: asyncpg.Pool) -> None:
        self.catalogue = Catalogue(chapter)
        self._projection = Projection(chapter)
        self._pool = pool
        self._columns = Columns()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, chapter: Chapter) -> AsyncIterator[Self]:
        """Over the connections that a service has."""
        async with Store.open(url) as store:
            yield cls(chapter, store.pool)

    async def fold(self, events: Iterable[Recorded]) -> None:
        """Folds events, the last of which are then read."""
        size = _AT_ONCE // len(self.catalogue.measures)
        async with self._pool.acquire() as connection:
            for some in chunks(messages(events, _TOPIC), size):
                await deliver(connection, self._projection.subscription, self._projection, some, topic=_TOPIC)
            await connection.execute("VACUUM ANALYZE", timeout=600)

    async def answer(self, name: str, question: Question) -> Mapping[Key, Value]:
        """The cells of a figure, as it is asked for over HTTP: the total, where no others are asked for."""
        async with snapshot(self._pool, self.catalogue, columns=self._columns) as now:
            return _cells(await now.answer(self.catalogue[name], question), question)

    async def difference(self, name: str, before: Question, after: Question) -> Mapping[Key, Value]:
        """By how much two answers differ, cell by cell, each with what the later was recorded by."""
        async with snapshot(self._pool, self.catalogue, columns=self._columns) as now:
            known, later = [_cells(await now.answer(self.catalogue[name], each), each) for each in (before, after)]
        cells = ((key, known.get(key, ZERO), later.get(key, ZERO)) for key in {**known, **later})
        return {
            key: Value(value.value - other.value, value.n - other.n, value.as_of)  # type: ignore[operator]  # all known
            for key, other, value in cells
        }

    async def all_at_once(self) -> None:
        """What each figure of the catalogue is now, as they are listed over HTTP."""
        async with snapshot(self._pool, self.catalogue, columns=self._columns) as now:
            await now.current(self.catalogue.values())

    async def one_by_one(self) -> None:
        """The same, asked for one after the other."""
        for name in self.catalogue:
            await self.answer(name, Question())


def _cells(answer: Answer, question: Question) -> Mapping[Key, Value]:
    return answer.cells if question.by else {(): answer.total}


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, so many at a time."""
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
