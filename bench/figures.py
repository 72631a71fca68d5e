"""Figures over many facts: beside a columnar database that is asked the same, beside few facts, and all at once."""

from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Final

from bench.chapter import MIGRATIONS, Figures, alike, employed, spent
from bench.counted_in_duckdb import Columns, DuckDB, difference, sql
from bench.programme import COMPANIES, FIRST, LAST, Happened, both
from bench.runner import Measure, Row, milliseconds
from bench.servers import Servers
from eventstore.postgres.store import Recorded
from indicators.chapters import Chapter
from indicators.query import Value
from indicators.question import Key, Period, Question

FACTS: Final = 100_000
"""Of one level and of one sum, unless told otherwise."""
FEW: Final = 10_000
INDICATORS: Final = 60
ROUNDS: Final = 3
WINDOW: Final = 0.3
"""Seconds that questions are asked one after the other."""

_KNOWN_ON: Final = date(2022, 3, 15)
_KNOWN_FIRST: Final = date(2020, 9, 15)
_PAST: Final = [FIRST + (LAST - FIRST) * n // 18 for n in range(2, 18)]


@dataclass(frozen=True)
class _Work:
    """Questions of one kind, and what they are to reach beside DuckDB."""

    name: str
    measure: str
    goal: float
    questions: Sequence[Question]
    known_first: date | None = None
    """Where it is asked how the answers differ from what was known on that day."""

    def ask(self, figures: Figures, question: Question) -> Awaitable[Mapping[Key, Value]]:
        """Asks us."""
        if self.known_first is None:
            return figures.answer(self.measure, question)
        return figures.difference(self.measure, replace(question, known_on=self.known_first), question)

    def sql(self, question: Question) -> str:
        """What asks DuckDB."""
        asked = sql(self.measure, question.by, question.last, question.known_before)
        if self.known_first is None:
            return asked
        first = replace(question, known_on=self.known_first)
        return difference(sql(self.measure, first.by, first.last, first.known_before), asked, question.by)

    def ours(self, figures: Figures) -> Measure:
        """How long one takes us."""
        return partial(milliseconds, [partial(self.ask, figures, each) for each in self.questions], WINDOW)

    def peers(self, duckdb: DuckDB) -> Measure:
        """How long one takes DuckDB."""
        return partial(duckdb.milliseconds, [self.sql(each) for each in self.questions], WINDOW)

    async def agree(self, figures: Figures, duckdb: DuckDB) -> None:
        """Sees to it that both give the same answers."""
        told = await duckdb.answers([self.sql(each) for each in self.questions])
        for question, rows in zip(self.questions, told, strict=True):
            ours = {
                tuple(str(part) if isinstance(part, Period) else part for part in key): (cell.value, cell.n, cell.as_of)
                for key, cell in (await self.ask(figures, question)).items()
            }
            theirs = {
                tuple(key): (Decimal(value), int(n), as_of and datetime.fromisoformat(as_of).replace(tzinfo=UTC))
                for *key, value, n, as_of in rows
            }
            assert ours, f"{self.name}: {question} finds nothing"
            assert ours == theirs, f"{self.name}: {question}"


def _works(facts: int) -> list[_Work]:
    by_month = 1 if facts <= FACTS else 3
    past = [Question(last=day) for day in _PAST]
    zones, months = Question(by=("zone",)), Question(by=("month",), last=LAST)
    both_ways = replace(months, by=("zone", "month"))
    return [
        _Work("level, now", "employed", 0.5, [Question()]),
        _Work("level, a day in the past", "employed", 0.5, past),
        _Work("level, by zone", "employed", 0.5, [zones]),
        _Work("level, by month", "employed", by_month, [months]),
        _Work("level, by zone and month", "employed", by_month, [both_ways]),
        _Work("sum", "spent", 2, [Question()]),
        _Work("sum, up to a day in the past", "spent", 1, past),
        _Work("sum, by zone", "spent", 1, [zones]),
        _Work("sum, by month", "spent", 1, [months]),
        _Work("sum, by zone and month", "spent", 1, [both_ways]),
    ]


def _known(works: Sequence[_Work]) -> Iterator[_Work]:
    """What was known in the past, and what has changed since another day in it."""
    for work in works:
        if work.name in {"level, now", "level, by month", "sum", "sum, by month"}:
            known = replace(work, goal=3, questions=[replace(each, known_on=_KNOWN_ON) for each in work.questions])
            yield replace(known, name=f"{work.name}, as known on a day in the past")
            yield replace(
                known, name=f"{work.name}, what changed between two days it was known on", known_first=_KNOWN_FIRST
            )


@asynccontextmanager
async def rows(servers: Servers, facts: int = FACTS) -> AsyncIterator[list[Row]]:
    """The rows of figures, over so many facts of a level and as many of a sum."""
    async with AsyncExitStack() as stack:

        async def folded(chapter: Chapter, count: int, columns: Mapping[str, Columns] | None = None) -> Figures:
            """The figures of so many facts of either kind, which are written into columns, too."""
            figures = await stack.enter_async_context(Figures.open(await servers.database(MIGRATIONS), chapter))
            await figures.fold(_written(both(count), columns or {}))
            return figures

        measured = Chapter("measured", employed, spent)
        columns = {each.name: Columns(servers.folder, each.name) for each in measured.measures}
        many = await folded(measured, facts, columns)
        few = await folded(measured, FEW)
        listed = await folded(alike([employed, spent], INDICATORS), facts // INDICATORS)
        duckdb = await stack.enter_async_context(DuckDB.open(servers.folder, columns.values()))
        works = _works(facts)
        compared = [*works, *_known(works)]
        for work in compared:
            await work.agree(many, duckdb)
        of = f"{facts:,} facts of {COMPANIES:,} companies in 100 months"
        yield [
            *(
                Row(
                    f"{work.name}: {of}",
                    "DuckDB, the same facts in a file, the same question in SQL",
                    work.goal,
                    work.ours(many),
                    work.peers(duckdb),
                    unit=" ms",
                    at_most=True,
                    rounds=ROUNDS,
                )
                for work in compared
            ),
            *(
                Row(
                    f"{work.name}: {of}",
                    f"the same of {FEW:,} facts",
                    5,
                    work.ours(many),
                    work.ours(few),
                    unit=" ms",
                    at_most=True,
                    rounds=ROUNDS,
                )
                for work in works
                if facts > FEW
            ),
            Row(
                f"catalogue with all values: {INDICATORS} indicators, {facts:,} facts",
                "as many questions one after the other",
                0.2,
                partial(milliseconds, [listed.all_at_once], WINDOW),
                partial(milliseconds, [listed.one_by_one], WINDOW),
                unit=" ms",
                at_most=True,
                rounds=ROUNDS,
            ),
        ]


def _written(history: Iterable[Happened], columns: Mapping[str, Columns]) -> Iterator[Recorded]:
    """The events, whose facts are written into the columns that there are."""
    for happened in history:
        if happened.measure in columns:
            columns[happened.measure].add(happened.facts)
        yield happened.event
