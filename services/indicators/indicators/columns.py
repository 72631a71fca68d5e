"""The facts that figures are made of, in columns that this process holds: PostgreSQL keeps facts, DuckDB adds them up.

Facts are only ever added, and the marks of a generation tell up to which position of each partition they are there. So
before a question is answered, those between the marks that are held and the marks of now are copied, and no others:
columns hold what PostgreSQL held at one moment, and can be thrown away at any.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, Final, NamedTuple, TypeVar, get_args
from uuid import uuid4

import asyncpg
import duckdb

from indicators.dimensions import Name

T = TypeVar("T")

Row = Mapping[str, Any]
"""What a statement found."""

Positions = Mapping[str, Mapping[int, int]]
"""Per topic, as categories name it, and partition of it, the position up to which all its events are in:
{"companies": {0: 1201}}."""

PATIENCE: Final = 10.0
"""Seconds that a figure may take. A database that is away is found out before, when the marks are read."""
COPYING: Final = 300.0
"""Seconds that columns may take to come as far as PostgreSQL is. It is once that they have to copy all."""

_DIMENSIONS: Final[Sequence[Name]] = get_args(Name)
_FACTS: Final = {
    "measure": "bigint",
    "slice": "bigint",
    "effective_on": "date",
    "recorded_at": "timestamp",  # of UTC
    "value": "decimal(18, 6)",
    "times": "smallint",
    "sample": "boolean",
}
_SLICES: Final = {
    "id": "bigint",
    "measure": "bigint",
    "contributor": "varchar",
    **{f"by_{name}": "varchar" for name in _DIMENSIONS},  # as JSON
}


def _typed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_ in columns.items())


# Contributors have numbers, since it takes twice the time to tell texts apart.
_TABLES: Final = f"""
CREATE TABLE facts ({_typed(_FACTS)});
CREATE TABLE slices ({_typed(_SLICES)}, who integer);
CREATE SEQUENCE numbers;
CREATE TABLE contributors (contributor varchar PRIMARY KEY, who integer DEFAULT nextval('numbers'));
"""
# All partitions of a topic share its positions, by which PostgreSQL finds facts.
_ARRIVED: Final = """
WITH held AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::bigint[])
                      AS held (measure, topic, partition, upto)
), since AS (
    SELECT measure, topic, min(upto) AS least FROM held GROUP BY measure, topic
)
SELECT measure, slice, effective_on, recorded_at AT TIME ZONE 'UTC', value, times, sample
FROM since JOIN facts USING (measure, topic) JOIN held USING (measure, topic, partition)
WHERE position > least AND position > upto
"""
_UNKNOWN: Final = "SELECT DISTINCT slice FROM arrived WHERE slice NOT IN (SELECT id FROM slices)"
_AS_JSON: Final = ", ".join(f"coalesce((dimensions -> '{name}')::text, 'null')" for name in _DIMENSIONS)
_SLICED: Final = f"""
SELECT id, measure, contributor, {_AS_JSON}
FROM slices
WHERE id = ANY ($1::bigint[])
"""  # noqa: S608  names of ours
_ADD_SLICES: Final = """
INSERT INTO contributors (contributor)
SELECT DISTINCT contributor FROM sliced WHERE contributor NOT IN (SELECT contributor FROM contributors);
INSERT INTO slices SELECT sliced.*, who FROM sliced JOIN contributors USING (contributor);
DROP TABLE sliced;
"""


class Generation(NamedTuple):
    """What is served of a chapter, or held of it."""

    measures: Sequence[int]
    positions: Positions


class Moment:
    """What columns held at one moment, whatever is copied later."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM facts LIMIT 1")  # A transaction begins with the first that it reads.

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]:
        """The rows found. Times are of a zone, those given and those found. Raises TimeoutError."""
        bound = [_unzoned(value) for value in values]

        def rows() -> Sequence[Row]:
            names = [column[0] for column in self._cursor.execute(statement, bound).description]
            return [dict(zip(names, map(_zoned, row), strict=True)) for row in self._cursor.fetchall()]

        async with asyncio.timeout(PATIENCE):
            return await _in_thread(rows, self._cursor)

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
        self.lock = asyncio.Lock()
        """For whoever looks how far PostgreSQL is, until columns have come as far and the moment is taken."""
        spilled = Path(gettempdir(), f"columns-{uuid4()}")  # It is only there when memory does not suffice.
        self._database = duckdb.connect(":memory:", config={"temp_directory": str(spilled)})
        self._database.execute(_TABLES)
        self._held: dict[str, Generation] = {}

    async def moment(self, connection: asyncpg.Connection, served: Mapping[str, Generation]) -> Moment:
        """What PostgreSQL holds of these generations in the transaction of the connection. It is to be closed."""
        if gone := self._held.keys() - served.keys():
            await _in_thread(lambda: self._drop(gone), self._database)
        if served != self._held:
            await self._copy(connection, served)
        return Moment(self._database.cursor())

    async def _copy(self, connection: asyncpg.Connection, served: Mapping[str, Generation]) -> None:
        behind = [*self._behind(served)]
        if not behind:
            self._held = {**served}
            return
        with TemporaryDirectory(prefix="columns-") as folder:
            arrived, sliced = Path(folder, "arrived.csv"), Path(folder, "sliced.csv")
            await _copy_to(arrived, connection, _ARRIVED, *zip(*behind, strict=True))
            if unknown := await _in_thread(lambda: self._arrive(arrived), self._database):
                await _copy_to(sliced, connection, _SLICED, unknown)
                await _in_thread(lambda: self._slice(sliced), self._database)
        await _in_thread(lambda: self._add(served), self._database)

    def _behind(self, served: Mapping[str, Generation]) -> Iterator[tuple[int, str, int, int]]:
        """Up to where each partition is held, of those that have gone on: by measure, topic and partition."""
        for name, (measures, positions) in served.items():
            known = self._held[name].positions if name in self._held else {}
            for topic, partitions in positions.items():
                for partition, position in partitions.items():
                    upto = known.get(topic, {}).get(partition, 0)
                    if position > upto:
                        yield from ((measure, topic, partition, upto) for measure in measures)

    def _arrive(self, file: Path) -> Sequence[int]:
        """Reads what arrives; tells the slices in it that are not known."""
        self._read("arrived", file, _FACTS)
        return [slice_ for (slice_,) in self._database.execute(_UNKNOWN).fetchall()]

    def _slice(self, file: Path) -> None:
        self._read("sliced", file, _SLICES)
        self._database.execute(_ADD_SLICES)

    def _add(self, served: Mapping[str, Generation]) -> None:
        self._database.execute("INSERT INTO facts FROM arrived; DROP TABLE arrived")
        self._held = {**served}

    def _read(self, table: str, file: Path, columns: Mapping[str, str]) -> None:
        self._database.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_csv('{file}', header = false, auto_detect = false, "
            f"allow_quoted_nulls = false, columns = {columns})"
        )

    def _drop(self, gone: Collection[str]) -> None:
        measures = [measure for name in gone for measure in self._held[name].measures]
        for table in ("facts", "slices"):
            self._database.execute(f"DELETE FROM {table} WHERE measure IN (SELECT unnest($1))", [measures])  # noqa: S608
        self._held = {name: held for name, held in self._held.items() if name not in gone}


async def _copy_to(file: Path, connection: asyncpg.Connection, query: str, *values: object) -> None:
    await connection.copy_from_query(query, *values, output=file, format="csv", timeout=COPYING)


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
