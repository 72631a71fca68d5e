"""The peer of figures: DuckDB, asked in SQL about the same facts in a file of its own.

It is a program in the peers' environment (`python -m bench.counted_in_duckdb FILE`), which answers on its standard
output what is asked on its standard input, a line each.
"""

import asyncio
import csv
import json
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TextIO

from bench.peers import ENVIRONMENT, PYTHON
from bench.runner import milliseconds

TABLE: Final = """
    CREATE TABLE {table} (
        subject      varchar        NOT NULL,
        position     bigint         NOT NULL,
        ordinal      smallint       NOT NULL,
        company      varchar        NOT NULL,
        zone         varchar,
        effective_on date           NOT NULL,
        recorded_at  timestamp      NOT NULL,
        value        decimal(18, 2) NOT NULL
    )
"""
COPY: Final = "COPY {table} FROM '{file}' (FORMAT csv, HEADER false, NULLSTR '')"

_MONTH: Final = "12 * year(effective_on) + month(effective_on) - 1"
_SAID: Final = "printf('%d-%02d', month // 12, month % 12 + 1)"
# A subject's last fact is found by one number, which takes a quarter of the time of a row to compare: an event counts
# once in a level.
_LAST: Final = "max_by(position, ((effective_on - DATE '1900-01-01')::bigint << 40) + position)"

_SUM: Final = f"""
    WITH parts AS (SELECT company, zone, value, recorded_at, {_MONTH} AS month FROM spent {{where}})
"""  # noqa: S608  made of what stands here
_LEVEL: Final = f"""
    WITH parts AS (
        SELECT company, zone, value, recorded_at
        FROM employed
        WHERE position IN (SELECT {_LAST} FROM employed {{where}} GROUP BY subject)
    )
"""  # noqa: S608  made of what stands here
# The last fact of a month holds in all months up to the next that has one.
_LEVEL_BY_MONTH: Final = f"""
    WITH ends AS (
        SELECT subject, {_MONTH} AS month, {_LAST} AS position FROM employed {{where}} GROUP BY subject, month
    ), spans AS (
        SELECT position, month, lead(month, 1, {{until}}) OVER (PARTITION BY subject ORDER BY month) AS until FROM ends
    ), parts AS (
        SELECT unnest(range(month, until)) AS month, company, zone, value, recorded_at
        FROM spans JOIN employed USING (position)
    )
"""  # noqa: S608  made of what stands here
_SHARES: Final = """
    SELECT {said} sum(share) AS value, count(*) FILTER (share <> 0) AS n, max(latest) AS as_of
    FROM (
        SELECT {keys} company, sum(value) AS share, max(recorded_at) AS latest FROM parts GROUP BY {keys} company
    )
    {group}
    HAVING n > 0
"""


def sql(measure: str, by: Sequence[str], last: date | None, known_before: datetime | None) -> str:
    """Asks for a measure by `zone` or `month` or both: each cell with its value, contributors, and latest record.

    Months of a level have a last day.
    """
    conditions = [
        *([f"effective_on <= DATE '{last}'"] if last else []),
        *([f"recorded_at < TIMESTAMP '{known_before.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"] if known_before else []),
    ]
    parts = _SUM if measure == "spent" else _LEVEL_BY_MONTH if "month" in by else _LEVEL
    return parts.format(
        where=f"WHERE {' AND '.join(conditions)}" if conditions else "",
        until=12 * last.year + last.month if last else None,
    ) + _SHARES.format(
        said="".join(f"{_SAID if name == 'month' else name} AS {name}, " for name in by),
        keys="".join(f"{name}, " for name in by),
        group=f"GROUP BY {', '.join(by)}" if by else "",
    )


def difference(before: str, after: str, by: Sequence[str]) -> str:
    """Asks by how much two such answers differ, cell by cell."""
    keys = "".join(f"{name}, " for name in by)
    return f"""
        SELECT {keys} sum(value), sum(n), max(as_of)
        FROM (
            SELECT {keys} -value AS value, -n AS n, NULL AS as_of FROM ({before})
            UNION ALL
            SELECT {keys} value, n, as_of FROM ({after})
        )
        {f"GROUP BY {', '.join(by)}" if by else ""}
    """  # noqa: S608  made of what stands here


class Columns:
    """Writes the facts that DuckDB is to hold."""

    def __init__(self, folder: Path, table: str) -> None:
        self.table = table
        self.file = folder / f"{table}.csv"
        self._output: TextIO = self.file.open("w")
        self._writer = csv.writer(self._output)

    def add(self, facts: Iterable[Sequence[Any]]) -> None:
        """Writes facts, whose times are of UTC."""
        self._writer.writerows(
            [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in fact] for fact in facts
        )

    def close(self) -> None:
        """Ends the file."""
        self._output.close()


class DuckDB:
    """A DuckDB that answers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, tables: Iterable[Columns]) -> AsyncIterator[Self]:
        """With these tables, in a file."""
        process = await asyncio.create_subprocess_exec(
            *(PYTHON, "-m", "bench.counted_in_duckdb", folder / "facts.duckdb"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
            limit=2**26,
        )
        try:
            duckdb = cls(process)
            for columns in tables:
                columns.close()
                await duckdb.answers([TABLE.format(table=columns.table)])
                await duckdb.answers([COPY.format(table=columns.table, file=columns.file)])
            await duckdb.answers(["CHECKPOINT"])
            yield duckdb
        finally:
            process.stdin.close()  # type: ignore[union-attr]  # it has one
            await process.wait()

    async def answers(self, statements: Sequence[str]) -> Sequence[Any]:
        """The rows of each statement."""
        answers: Sequence[Any] = await self._say(statements, None)
        return answers

    async def milliseconds(self, statements: Sequence[str], window: float) -> float:
        """What one of some statements takes, at the median: each once, then one after the other for so many seconds."""
        taken: float = await self._say(statements, window)
        return taken

    async def _say(self, *said: object) -> Any:
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        writer.write(json.dumps(said).encode() + b"\n")
        return json.loads(await reader.readline())


async def main(file: str) -> None:
    """Answers until nobody asks any more."""
    import duckdb

    connection = duckdb.connect(file)

    async def ask(statement: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
        return rows

    for line in sys.stdin:  # nothing else is to be done meanwhile
        statements, window = json.loads(line)
        if window is None:
            said: Any = [await ask(each) for each in statements]
        else:
            said = await milliseconds([partial(ask, each) for each in statements], window)
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
