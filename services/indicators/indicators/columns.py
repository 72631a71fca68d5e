"""The facts that figures are made of, in columns that this process holds: PostgreSQL keeps facts, DuckDB adds them up.

Facts are only ever added, and the marks of a generation tell up to which position of each partition they are there. So
before a question is answered, those between the marks that are held and the marks of now are copied, and no others:
columns hold what PostgreSQL held at one moment, and can be thrown away at any.
"""

import asyncio
import csv
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import Any, Final, NamedTuple, TypeVar, get_args
from uuid import uuid4

import asyncpg
import duckdb

from indicators.dimensions import Name

T = TypeVar("T")

Code = str | int | None
"""A contributor, or the value of a dimension."""
Row = Mapping[str, Any]
"""What a statement found."""

Positions = Mapping[str, Mapping[int, int]]
"""Per topic, as categories name it, and partition of it, the position up to which all its events are in:
{"companies": {0: 1201}}."""

PATIENCE: Final = 10.0
"""Seconds that a figure may take. A database that is away is found out before, when the marks are read."""
COPYING: Final = 300.0
"""Seconds that columns may take to come as far as PostgreSQL is. It is once that they have to copy all."""

AT_ONCE: Final = 5
"""Questions that have a connection. The others wait, so that however much is asked, facts are folded and commands are
decided over the rest of the pool: one question waits for another while columns are brought up to now."""

_DIMENSIONS: Final[Sequence[Name]] = get_args(Name)
_ARRIVED: Final = {
    "measure": "bigint",
    "slice": "bigint",
    "effective_on": "date",
    "recorded_at": "timestamp",  # of UTC
    "value": "decimal(18, 6)",
    "times": "smallint",
    "sample": "boolean",
}
_SLICES: Final = {
    "slice": "bigint",
    "contributor": "varchar",
    "who": "integer",
    **{f"by_{name}": "integer" for name in _DIMENSIONS},
}


def _typed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_ in columns.items())


# What facts are added up by are numbers, and there is nothing to join: either takes half of the time that it took.
_TABLES: Final = f"""
CREATE TABLE slices ({_typed(_SLICES)});
CREATE TABLE facts ({_typed({**_ARRIVED, **_SLICES})});
ALTER TABLE facts DROP COLUMN slice;
ALTER TABLE facts DROP COLUMN contributor;
"""
# All partitions of a topic share its positions, by which PostgreSQL finds facts: behind the least that is held of any.
_READ_FACTS: Final = """
SELECT measure, slice, effective_on, recorded_at AT TIME ZONE 'UTC', value, times, sample
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::jsonb[]) AS behind (measure, topic, least, held)
     JOIN facts USING (measure, topic)
WHERE position > least AND position > (held ->> partition::text)::bigint
"""
_READ_SLICES: Final = "SELECT id, contributor, dimensions FROM slices WHERE id = ANY ($1::bigint[])"
_UNKNOWN: Final = "SELECT DISTINCT slice FROM arrived WHERE slice NOT IN (SELECT slice FROM slices)"
_ADD_FACTS: Final = (
    "INSERT INTO facts BY NAME SELECT * EXCLUDE (slice, contributor) FROM arrived JOIN slices USING (slice)"
)


class Generation(NamedTuple):
    """What is served of a chapter, or held of it."""

    measures: Sequence[int]
    positions: Positions


class Numbers:
    """The numbers of dimensions' values, and of contributors: columns have nothing else of them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str | None, Code], int] = {}
        self._codes: list[Code] = []

    def give(self, dimension: str | None, code: Code) -> int:
        """The number of a value, or, of no dimension, of a contributor: the same as long as there are columns."""
        number = self._numbers.setdefault((dimension, code), len(self._codes))
        if number == len(self._codes):
            self._codes.append(code)
        return number

    def of(self, dimension: str | None, code: Code) -> int:
        """The number that was given; one that nothing has, if none was."""
        return self._numbers.get((dimension, code), -1)

    def occurs(self, dimension: str, code: Code) -> bool:
        """Whether any fact has the value."""
        return (dimension, code) in self._numbers

    def code(self, number: int) -> Code:
        """What the number stands for."""
        return self._codes[number]


class Moment:
    """What columns held at one moment, whatever is copied later."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, numbers: Numbers) -> None:
        self.numbers = numbers
        self._cursor = cursor
        self._found: dict[tuple[str, str], Sequence[Row]] = {}
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM facts LIMIT 1")  # A transaction begins with the first that it reads.

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        """The rows found. Times are of a zone, those given and those found. Raises TimeoutError.

        What was asked before is not asked again: figures are often computed of the same others.
        """
        bound = [_unzoned(value) for value in values]
        if (asked := (statement, repr(bound))) in self._found:
            return self._found[asked]

        def rows() -> Sequence[Row]:
            names = [column[0] for column in self._cursor.execute(statement, bound).description]
            return [dict(zip(names, map(_zoned, row), strict=True)) for row in self._cursor.fetchall()]

        async with asyncio.timeout(PATIENCE):
            found = self._found[asked] = await _in_thread(rows, self._cursor)
            return found

    async def fetchval(self, statement: str, *values: object) -> Any:
        """What the only row found has in its first column. Raises TimeoutError."""
        (row,) = await self.fetch(statement, *values)
        return next(iter(row.values()))

    def close(self) -> None:
        """Lets go of the moment."""
        self._cursor.close()


class Columns:
    """The columns of one database."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(AT_ONCE)
        """For whoever asks, before it takes a connection."""
        self.lock = asyncio.Lock()
        """For whoever looks how far PostgreSQL is, until columns have come as far and the moment is taken."""
        spilled = Path(gettempdir(), f"columns-{uuid4()}")  # It is only there when memory does not suffice.
        # Questions are asked side by side, each in a thread of its own.
        self._database = duckdb.connect(":memory:", config={"temp_directory": str(spilled), "threads": 1})
        self._database.execute(_TABLES)
        self._held: dict[str, Generation] = {}
        self._numbers = Numbers()

    @property
    def held(self) -> Collection[str]:
        """The generations that figures were last answered from."""
        return self._held.keys()

    async def moment(self, connection: asyncpg.Connection, served: Mapping[str, Generation]) -> Moment:
        """What PostgreSQL holds of these generations in the transaction of the connection. It is to be closed."""
        if gone := [name for name, held in self._held.items() if not _is_of(held, served.get(name))]:
            await _in_thread(lambda: self._drop(gone), self._database)
        if served != self._held:
            await self._copy(connection, served)
        return Moment(self._database.cursor(), self._numbers)

    async def _copy(self, connection: asyncpg.Connection, served: Mapping[str, Generation]) -> None:
        behind = [*self._behind(served)]
        if not behind:
            self._held = {**served}
            return
        with NamedTemporaryFile(prefix="columns-") as arrived, NamedTemporaryFile(prefix="columns-") as sliced:
            columns = zip(*behind, strict=True)
            # A file of ours: one that asyncpg opens by its name stays open if it is cancelled just then.
            await connection.copy_from_query(_READ_FACTS, *columns, output=arrived, format="csv", timeout=COPYING)
            arrived.flush()
            if unknown := await _in_thread(lambda: self._arrive(Path(arrived.name)), self._database):
                slices = await connection.fetch(_READ_SLICES, unknown, timeout=COPYING)
                await _in_thread(lambda: self._slice(Path(sliced.name), slices), self._database)
        await _in_thread(lambda: self._add(served), self._database)

    def _behind(self, served: Mapping[str, Generation]) -> Iterator[tuple[int, str, int, str]]:
        """Up to where those partitions are held that have gone on: of each measure and topic the least, and each."""
        for name, (measures, positions) in served.items():
            known = self._held[name].positions if name in self._held else {}
            for topic, partitions in positions.items():
                held = {partition: known.get(topic, {}).get(partition, 0) for partition in partitions}
                if behind := {each: upto for each, upto in held.items() if upto < partitions[each]}:
                    yield from ((measure, topic, min(behind.values()), json.dumps(behind)) for measure in measures)

    def _arrive(self, file: Path) -> Sequence[int]:
        """Reads what arrives; tells the slices in it that are not known."""
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE arrived AS FROM {_csv(file, _ARRIVED)}")
        return [slice_ for (slice_,) in self._database.execute(_UNKNOWN).fetchall()]

    def _slice(self, file: Path, slices: Iterable[asyncpg.Record]) -> None:
        """Makes slices known."""
        with file.open("w", newline="") as output:
            writer = csv.writer(output)
            for slice_, contributor, told in slices:
                dimensions = json.loads(told)
                numbers = (
                    self._numbers.give(name, dimensions[name]) if name in dimensions else None for name in _DIMENSIONS
                )
                writer.writerow((slice_, contributor, self._numbers.give(None, contributor), *numbers))
        self._database.execute(f"INSERT INTO slices FROM {_csv(file, _SLICES)}")

    def _add(self, served: Mapping[str, Generation]) -> None:
        self._database.execute(_ADD_FACTS)
        self._held = {**served}  # Before anything else can be interrupted: facts are added once.
        self._database.execute("DROP TABLE arrived")

    def _drop(self, gone: Collection[str]) -> None:
        measures = [measure for name in gone for measure in self._held[name].measures]
        self._database.execute("DELETE FROM facts WHERE measure IN (SELECT unnest($1))", [measures])
        self._held = {name: held for name, held in self._held.items() if name not in gone}


def _is_of(held: Generation, now: Generation | None) -> bool:
    """Whether what is held is part of what is served now: not where a database was restored to an earlier moment."""
    if now is None or now.measures != held.measures:
        return False
    return all(
        position <= now.positions.get(topic, {}).get(partition, 0)
        for topic, partitions in held.positions.items()
        for partition, position in partitions.items()
    )


def _csv(file: Path, columns: Mapping[str, str]) -> str:
    return f"read_csv('{file}', header = false, auto_detect = false, columns = {columns})"


async def _in_thread(work: Callable[[], T], cursor: duckdb.DuckDBPyConnection) -> T:
    """Ends when the work has ended, even where nobody waits for it any more: a cursor is for one at a time."""
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        cursor.interrupt()
        with suppress(duckdb.Error):
            await working
        raise


def _unzoned(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _zoned(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
