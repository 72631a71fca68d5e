"""Imports as the database keeps them: what was sent, how far it is, and what became of each line.

An import is `arriving`, then `checking`: all its lines are decided without storing. Then it is `refused`, or `running`
until it is `done`. It is `halted` where the store was put right before any of these ends, or a worker met a bug.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, get_args
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from eventstore.postgres.ids import new_id

ImportStatus = Literal["arriving", "checking", "refused", "running", "done", "halted"]
STATUSES: Final[Sequence[ImportStatus]] = get_args(ImportStatus)

Connection = asyncpg.Connection | PoolConnectionProxy
Line = tuple[int, str]
"""A line as it was sent, behind its number in the file."""


class Planned(NamedTuple):
    """What checking a line found out."""

    line: int
    identity: str | None
    """The id of its record; None where the line is not carried out."""
    waits_for: Sequence[int]
    """Places, in its part, of lines that it comes after."""


class Failed(NamedTuple):
    """A line that is not carried out, with the problem as it is written, by language."""

    line: int
    problem: str


class Import(NamedTuple):
    """An import, and how far it is."""

    id: UUID
    sender: str
    status: ImportStatus
    form: str
    partial: bool
    metadata: str
    lines: int
    checked: int
    done: int
    refused: int
    parts_done: int
    received_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None


class Reported(NamedTuple):
    """A line, and what became of it."""

    line: int
    identity: str | None
    is_done: bool
    problem: str | None
    """As it is written, by language."""


async def begin(pool: asyncpg.Pool, identity: UUID, *, sender: str, form: str, partial: bool, metadata: str) -> None:
    """Begins an import, of which nothing has arrived."""
    await pool.execute(
        "INSERT INTO imports (id, sender, status, form, partial, metadata) VALUES ($1, $2, 'arriving', $3, $4, $5)",
        identity,
        sender,
        form,
        partial,
        metadata,
    )


async def add_part(pool: asyncpg.Pool, identity: UUID, part: int, lines: Sequence[Line]) -> None:
    """Keeps the next lines, with the personal data."""
    await pool.execute(
        """
        WITH told AS (
            INSERT INTO personal_data (subject, kind, data, recorded_at) VALUES ($3, 'ImportedLines', $4, now())
        ), needed AS (
            INSERT INTO kept (stream_id, subject, until) VALUES ($5, $3, 'infinity')
        )
        INSERT INTO import_parts (import, part, last_line, subject) VALUES ($1, $2, $6, $3)
        """,
        identity,
        part,
        str(new_id()),
        json.dumps(lines, ensure_ascii=False),
        _keeper(identity),
        lines[-1][0],
    )


async def settle(pool: asyncpg.Pool, identity: UUID, content: bytes, lines: int) -> tuple[Import, bool]:
    """The import of what has arrived, to be checked; or the one before of the same content. And whether it is new."""
    while True:
        try:
            (settled,) = await pool.fetch(_SETTLE, identity, content, lines)
        except asyncpg.UniqueViolationError:
            # It may be refused by now.
            if alike := await pool.fetch(_ALIKE, identity, content):
                await drop(pool, identity)
                return Import._make(alike[0]), False
        else:
            return Import._make(settled), True


async def drop(pool: asyncpg.Pool, identity: UUID) -> None:
    """Forgets an import with all that was sent."""
    await pool.execute(_FORGET_FILE, [identity])
    await pool.execute("DELETE FROM imports WHERE id = $1", identity)


async def find(pool: asyncpg.Pool, identity: UUID, sender: str) -> Import | None:
    """A sender's import."""
    row = await pool.fetchrow(_FIND, identity, sender)
    return Import._make(row) if row else None


async def latest(pool: asyncpg.Pool, sender: str, limit: int) -> Sequence[Import]:
    """A sender's imports that have arrived, the latest first."""
    return [Import._make(row) for row in await pool.fetch(_LATEST, sender, limit)]


async def next_open(pool: asyncpg.Pool) -> Import | None:
    """The import whose turn it is: they go in the order in which they came."""
    row = await pool.fetchrow(_NEXT)
    return Import._make(row) if row else None


async def part(pool: asyncpg.Pool, identity: UUID, number: int) -> tuple[Sequence[Line], Sequence[Planned]] | None:
    """A part's lines, and what checking them found out; None behind the last part."""
    row = await pool.fetchrow(
        "SELECT d.data, p.plan FROM import_parts p JOIN personal_data d USING (subject)"
        " WHERE p.import = $1 AND p.part = $2",
        identity,
        number,
    )
    if row is None:
        return None
    return [(line, text) for line, text in json.loads(row["data"])], _planned(row["plan"])


class Overtaken(Exception):
    """Another worker has taken over."""


async def check_anew(pool: asyncpg.Pool, identity: UUID) -> UUID:
    """Forgets what a check that was broken off had found; returns the turn that the next one has. Raises Overtaken."""
    turn = new_id()
    async with pool.acquire() as connection, connection.transaction():
        await _of_turn(
            connection,
            "UPDATE imports SET turn = $2, checked = 0, refused = 0 WHERE id = $1 AND status = 'checking' RETURNING 1",
            identity,
            turn,
        )
        await connection.execute("DELETE FROM import_faults WHERE import = $1", identity)
        await connection.execute("DELETE FROM import_names WHERE import = $1", identity)
    return turn


async def checked(
    pool: asyncpg.Pool,
    identity: UUID,
    turn: UUID,
    number: int,
    plan: Sequence[Planned],
    failed: Sequence[Failed],
    names: Mapping[str, str],
) -> None:
    """Keeps what checking a part found out. Raises Overtaken."""
    async with pool.acquire() as connection, connection.transaction():
        await _of_turn(
            connection,
            "UPDATE imports SET checked = checked + $3, refused = refused + $4"
            " WHERE id = $1 AND turn = $2 AND status = 'checking' RETURNING 1",
            identity,
            turn,
            len(plan),
            len(failed),
        )
        await connection.execute(
            "UPDATE import_parts SET plan = $3 WHERE import = $1 AND part = $2", identity, number, json.dumps(plan)
        )
        await connection.executemany(
            "INSERT INTO import_names VALUES ($1, $2, $3)", [(identity, *named) for named in names.items()]
        )
        await _put_failed(connection, identity, failed)


async def names(pool: asyncpg.Pool, identity: UUID, wanted: Iterable[str]) -> Mapping[str, str]:
    """The ids of the records that lines call by these names."""
    rows = await pool.fetch(
        "SELECT name, identity FROM import_names WHERE import = $1 AND name = ANY ($2::text[])", identity, list(wanted)
    )
    return {row["name"]: row["identity"] for row in rows}


async def run(pool: asyncpg.Pool, identity: UUID, turn: UUID) -> None:
    """All lines were checked, and those that can be are carried out from now on. Raises Overtaken."""
    await _of_turn(
        pool,
        "UPDATE imports SET status = 'running', begun_at = now()"
        " WHERE id = $1 AND turn = $2 AND status = 'checking' RETURNING 1",
        identity,
        turn,
    )


async def ran(pool: asyncpg.Pool, identity: UUID, number: int, done: int, failed: Sequence[Failed]) -> None:
    """Keeps what became of a part. Raises Overtaken."""
    async with pool.acquire() as connection, connection.transaction():
        await _of_turn(
            connection,
            "UPDATE imports SET parts_done = parts_done + 1, done = done + $3, refused = refused + $4"
            " WHERE id = $1 AND parts_done = $2 AND status = 'running' RETURNING 1",
            identity,
            number,
            done,
            len(failed),
        )
        await _put_failed(connection, identity, failed)


async def end(pool: asyncpg.Pool, identity: UUID, status: ImportStatus) -> None:
    """It has ended, if it had not, and what was sent is not kept any longer."""
    await pool.execute(_FORGET_FILE, [identity])
    await pool.execute(
        "UPDATE imports SET status = $2, ended_at = now() WHERE id = $1 AND ended_at IS NULL", identity, status
    )


async def report(pool: asyncpg.Pool, identity: UUID, after: int) -> Sequence[Reported]:
    """What became of some lines behind a line, in their order; nothing behind the last that was checked."""
    return [Reported._make(row) for row in await pool.fetch(_REPORT, identity, after)]


async def report_refused(pool: asyncpg.Pool, identity: UUID, after: int, limit: int) -> Sequence[Reported]:
    """Lines behind a line that were refused, in their order."""
    return [Reported._make(row) for row in await pool.fetch(_REPORT_REFUSED, identity, after, limit)]


async def forget(pool: asyncpg.Pool, ended: timedelta, arriving: timedelta) -> None:
    """Forgets imports that ended so long ago, and what began to arrive so long ago and never did."""
    stale = [
        row["id"]
        for row in await pool.fetch(
            "SELECT id FROM imports WHERE ended_at < now() - $1::interval"
            " OR status = 'arriving' AND received_at < now() - $2::interval",
            ended,
            arriving,
        )
    ]
    for identity in stale:
        await drop(pool, identity)


async def halt(connection: asyncpg.Connection) -> None:
    """Ends imports that had not: the store has come to another state than they were checked on."""
    halted = await connection.fetch(
        "UPDATE imports SET status = 'halted', ended_at = now() WHERE ended_at IS NULL RETURNING id"
    )
    await connection.execute(_FORGET_FILE, [row["id"] for row in halted])


async def _of_turn(connection: Connection | asyncpg.Pool, statement: str, *arguments: object) -> None:
    """Runs a statement that finds nothing where another worker has taken over. Raises Overtaken."""
    if not await connection.fetch(statement, *arguments):
        raise Overtaken


async def _put_failed(connection: Connection, identity: UUID, failed: Sequence[Failed]) -> None:
    await connection.executemany(
        "INSERT INTO import_faults VALUES ($1, $2, $3)", [(identity, each.line, each.problem) for each in failed]
    )


def _planned(plan: str | None) -> Sequence[Planned]:
    told: Any = json.loads(plan) if plan else []
    return [Planned._make(each) for each in told]


def _keeper(identity: UUID) -> str:
    """Who says that what was sent is needed: no stream, as its id is none of a category."""
    return f"import-{identity}"


_COLUMNS: Final = ", ".join(Import._fields)
_IMPORT: Final = f"SELECT {_COLUMNS} FROM imports"  # noqa: S608  made of names
_SETTLE: Final = f"""
    UPDATE imports SET status = 'checking', content = $2, lines = $3 WHERE id = $1 RETURNING {_COLUMNS}
"""  # noqa: S608  made of names
_ALIKE: Final = f"""
    {_IMPORT} WHERE sender = (SELECT sender FROM imports WHERE id = $1) AND content = $2
    AND status NOT IN ('refused', 'halted')
"""  # noqa: S608  made of names
_FIND: Final = f"{_IMPORT} WHERE id = $1 AND sender = $2"
_LATEST: Final = f"{_IMPORT} WHERE sender = $1 AND status <> 'arriving' ORDER BY received_at DESC, id DESC LIMIT $2"
_NEXT: Final = f"{_IMPORT} WHERE status IN ('checking', 'running') ORDER BY received_at, id LIMIT 1"
_REPORT: Final = """
    SELECT l.line, CASE WHEN f.line IS NULL THEN l.identity END, p.part < i.parts_done AND f.line IS NULL, f.problem
    FROM imports i
    JOIN import_parts p ON p.import = i.id
    CROSS JOIN LATERAL (
        SELECT (planned ->> 0)::integer, planned ->> 1 FROM json_array_elements(p.plan::json) AS planned
    ) l (line, identity)
    LEFT JOIN import_faults f ON f.import = i.id AND f.line = l.line
    WHERE i.id = $1 AND l.line > $2
      AND p.part = (SELECT min(part) FROM import_parts WHERE import = $1 AND last_line > $2)
    ORDER BY l.line
"""
_REPORT_REFUSED: Final = """
    SELECT line, NULL, false, problem FROM import_faults WHERE import = $1 AND line > $2 ORDER BY line LIMIT $3
"""
_FORGET_FILE: Final = """
    WITH gone AS (
        DELETE FROM kept WHERE stream_id IN (SELECT 'import-' || id FROM unnest($1::uuid[]) AS ended (id))
        RETURNING subject
    )
    DELETE FROM personal_data d USING gone WHERE d.subject = gone.subject
"""
