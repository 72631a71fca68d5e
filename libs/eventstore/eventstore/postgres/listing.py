"""The streams of a category in pages: found by labels, in ranges, changed since, in the order of a field or their ids.

A page begins behind the last stream of the one before, wherever that stands in the order: what is added meanwhile
shifts nothing.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from eventstore.finding import ABSENT

Connection = asyncpg.Connection | PoolConnectionProxy

RECENT: Final = 20_000
"""Events since a moment, up to which the streams that changed are found by these; beyond, most streams did."""


class Stored(NamedTuple):
    """A stream as it stands. The state is to be folded again unless it is fresh."""

    stream_id: str
    category: str
    version: int
    state: str
    state_revision: int
    state_version: int
    labelling: int
    """As which declaration its labels and order were written."""

    def is_fresh(self, revision: int) -> bool:
        """Whether the stored state is of this revision of the fold, and up to date."""
        return self.state_revision == revision and self.state_version == self.version

    def is_stale(self, revision: int, labelling: int) -> bool:
        """Whether what stands beside the events is to be written anew. What newer code wrote is left to it."""
        return self.state_revision <= revision and not (self.is_fresh(revision) and self.labelling == labelling)


STORED: Final = "s.stream_id, s.category, s.version, s.state, s.state_revision, s.state_version, s.labelling"
"""The columns of a Stored."""


class Place(NamedTuple):
    """Where a stream stands in a list."""

    value: str
    """Of the field that the list is in the order of, as written; empty where that is the order of ids."""
    stream_id: str


class Range(NamedTuple):
    """Values of a field as written, from one to another, both included; None leaves an end open."""

    field: str
    least: str | None
    greatest: str | None


@dataclass(frozen=True)
class Wanted:
    """Which streams of a category are wanted, and in which order."""

    category: str
    labels: str = ""
    """A `tsquery`; empty for all."""
    ranges: Sequence[Range] = ()
    since: datetime | None = None
    """Only those that an event was recorded of since; aware."""
    sort: str | None = None
    """The field they are in the order of; None for the order of ids. Those without a value come last either way."""
    descending: bool = False
    after: Place | None = None
    """The stream that the page comes after."""
    limit: int = 50
    counted: bool = False


class Listed(NamedTuple):
    """A page of streams."""

    streams: Sequence[Stored]
    places: Sequence[Place]
    """Where each of them stands."""
    in_all: int | None
    """How many streams are wanted in all; None unless it was asked for."""


NONE: Final = Listed((), (), 0)
"""The page where nothing may be found."""


async def listed(connection: Connection, wanted: Wanted) -> Listed:
    """A page, as of one moment."""
    spans = _spans(wanted)
    # One statement is of one moment by itself.
    alone = len(spans) == 1 and wanted.since is None and not wanted.counted
    async with nullcontext() if alone else connection.transaction(isolation="repeatable_read", readonly=True):
        conditions = _Conditions()
        conditions.add("s.category = {}", wanted.category)
        if wanted.labels:
            conditions.add("s.labels @@ {}::text::tsquery", wanted.labels)
        for each in wanted.ranges:
            conditions.add(
                "EXISTS (SELECT FROM ordered r WHERE r.stream_id = s.stream_id AND r.category = {} AND r.field = {}"
                " AND r.value >= {} AND r.value <= {})",
                wanted.category,
                each.field,
                _LEAST if each.least is None else each.least,
                _GREATEST if each.greatest is None else each.greatest,
            )
        if wanted.since is not None:
            ((position, last),) = await connection.fetch(POSITION_BEFORE, wanted.since)
            if last - position <= RECENT:
                # As an array: to a subquery a planner prefers reading the whole index of ids.
                conditions.add(
                    "s.stream_id = ANY (ARRAY(SELECT DISTINCT e.stream_id FROM events e WHERE e.position > {}))",
                    position,
                )
            else:
                conditions.add("s.updated_at >= {}", wanted.since)
        count = None
        if wanted.counted:
            count = await connection.fetchval(
                f"SELECT count(*) FROM streams s WHERE {conditions.text}",  # noqa: S608  made of what stands here
                *conditions.arguments,
            )
        rows: list[asyncpg.Record] = []
        for span in spans:
            rows += await _fetch(connection, wanted, conditions, span, wanted.limit - len(rows))
            if len(rows) == wanted.limit:
                break
    return Listed(
        [Stored._make(tuple(row)[:-1]) for row in rows], [Place(row["place"], row["stream_id"]) for row in rows], count
    )


_LEAST: Final = "!"
_GREATEST: Final = "\U0010ffff"
"""Before and after all values, but not before the absence of one."""


class _Conditions:
    """What wanted streams meet, with the arguments of it."""

    def __init__(self) -> None:
        self.text = ""
        self.arguments: list[object] = []

    def add(self, condition: str, *arguments: object) -> None:
        """One more; each `{}` stands for an argument."""
        places = [f"${len(self.arguments) + n}" for n in range(1, len(arguments) + 1)]
        self.text += (" AND " if self.text else "") + condition.format(*places)
        self.arguments += arguments

    def and_(self, condition: str, *arguments: object) -> "_Conditions":
        """These and one more."""
        both = _Conditions()
        both.text, both.arguments = self.text, [*self.arguments]
        both.add(condition, *arguments)
        return both


class _Span(NamedTuple):
    """A part of an order: a condition with its arguments."""

    condition: str
    arguments: Sequence[object]


def _spans(wanted: Wanted) -> list[_Span]:
    """The parts of the order that are still to be read, one after the other."""
    after = wanted.after
    if wanted.sort is None:
        return [_Span("s.stream_id > {}", [after.stream_id if after else ""])]
    if wanted.descending:
        # What has no value is before all others, and so comes last.
        return [_Span("(o.value, o.stream_id) < ({}, {})", after or [_GREATEST, ""])]
    absent = _Span("o.value = {} AND o.stream_id > {}", [ABSENT, ""])
    if after is None:
        return [_Span("o.value > {}", [ABSENT]), absent]
    if after.value == ABSENT:
        return [absent._replace(arguments=after)]
    return [_Span("(o.value, o.stream_id) > ({}, {})", after), absent]


async def _fetch(
    connection: Connection, wanted: Wanted, conditions: _Conditions, span: _Span, limit: int
) -> list[asyncpg.Record]:
    within = conditions.and_(span.condition, *span.arguments)
    if wanted.sort is None:
        query = f"SELECT {STORED}, '' AS place FROM streams s WHERE {within.text} ORDER BY s.stream_id"  # noqa: S608
    else:
        within.add("o.category = {} AND o.field = {}", wanted.category, wanted.sort)
        direction = " DESC" if wanted.descending else ""
        query = (
            f"SELECT {STORED}, o.value AS place FROM ordered o JOIN streams s ON s.stream_id = o.stream_id"  # noqa: S608
            f" WHERE {within.text} ORDER BY o.value{direction}, o.stream_id{direction}"
        )
    rows: list[asyncpg.Record] = await connection.fetch(f"{query} LIMIT {limit:d}", *within.arguments)
    return rows


POSITION_BEFORE: Final = """
    WITH RECURSIVE bounds (low, high) AS (
        SELECT 0::bigint, coalesce((SELECT max(position) FROM events), 0)
        UNION ALL
        SELECT CASE WHEN e.recorded_at < $1 THEN e.position ELSE b.low END,
               CASE WHEN e.recorded_at < $1 THEN b.high ELSE middle END
        FROM bounds b, LATERAL (SELECT (b.low + b.high) / 2) AS m (middle),
             LATERAL (SELECT position, recorded_at FROM events WHERE position > middle ORDER BY position LIMIT 1) e
        WHERE b.low < b.high
    )
    SELECT low, coalesce((SELECT max(position) FROM events), 0) FROM bounds WHERE low >= high
"""
"""The position up to which all events were recorded before a moment, and the last one. Times never go back as positions
grow, so it is found by halving, over the primary key."""
