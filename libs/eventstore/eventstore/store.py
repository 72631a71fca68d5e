"""The event store of one service: streams, their events in commit order, and the state the events add up to.

async with Store.open(url) as store:
    await store.append(Append("lamp-1", "lamp", 0, [NewEvent("LampInstalled", 1, "{}")], "{}", 1, "{}"))
    events = await store.read(after=0, limit=100)
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

from eventstore.connection import Line, StoreUnavailable, is_outage, open_pool
from eventstore.grouping import Grouped
from eventstore.ids import new_id

log = logging.getLogger(__name__)

MAX_EVENT_BYTES = 256_000
CHANNEL = "appended"
NOTIFY_EVERY = 0.01
"""Seconds between two NOTIFYs: each is a commit of its own, so under load one stands for several groups."""


class VersionConflict(Exception):
    """The stream, or one that was looked up, is no longer at the version the decision was made on."""

    def __init__(self, stream_id: str, expected: int) -> None:
        super().__init__(f"{stream_id} is no longer at version {expected}")
        self.stream_id = stream_id
        self.expected = expected


class KeyReused(Exception):
    """The idempotency key was used before, for another body."""


class EventTooLarge(Exception):
    """An event is above MAX_EVENT_BYTES."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to store; `data` is its JSON."""

    type: str
    schema_version: int
    data: str


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key, unique in the service, and the hash of what was asked under it."""

    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """What one command leaves behind, all or nothing."""

    stream_id: str
    category: str
    expected: int
    """The version the decision was made on; 0 begins a stream."""
    events: Sequence[NewEvent]
    state: str
    state_revision: int
    metadata: str
    key: Key | None = None
    guards: Sequence[tuple[str, int]] = ()
    """Other streams the decision looked at, with the versions it saw."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a command led; `replayed` where its key had led there before."""

    stream_id: str
    version: int
    replayed: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """A stream as it stands. The state is to be folded again unless it is fresh."""

    stream_id: str
    version: int
    state: str
    state_revision: int
    state_version: int

    def is_fresh(self, revision: int) -> bool:
        """Whether the stored state is of this revision of the fold, and up to date."""
        return self.state_revision == revision and self.state_version == self.version


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as stored."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    data: str
    metadata: str
    recorded_at: datetime


class Store:
    """One service's database. Every method raises StoreUnavailable while it cannot be reached."""

    def __init__(self, pool: asyncpg.Pool, writer: Line, loader: Line) -> None:
        self.pool = pool
        self.wakers: set[Callable[[], None]] = set()
        """Called after each group of this process. While empty, other processes are told by NOTIFY instead."""
        self._writer = writer
        self._loader = loader
        self._append = Grouped(self._fly_appends, _touches)
        self._load = Grouped(self._fly_loads)
        self._untold = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """A store on the database at `url`. Opening needs no server: one that is away is found out by the calls."""
        async with open_pool(url) as pool:
            store = cls(pool, Line(url, "append"), Line(url, "load"))
            notifier = asyncio.create_task(store._notify())
            try:
                yield store
            finally:
                notifier.cancel()
                await asyncio.gather(notifier, return_exceptions=True)
                await store._append.close()
                await store._load.close()
                await store._writer.close()
                await store._loader.close()

    async def append(self, append: Append) -> Appended:
        """Stores the events of one command with all that goes with them.

        Raises VersionConflict, KeyReused and EventTooLarge, with nothing stored; after StoreUnavailable it is unknown
        whether anything was, and a retry with the same key is safe.
        """
        if any(
            len(event.data) > MAX_EVENT_BYTES // 4 and len(event.data.encode()) > MAX_EVENT_BYTES
            for event in append.events
        ):
            raise EventTooLarge(f"an event is at most {MAX_EVENT_BYTES} bytes of JSON")
        return await self._append(append)

    async def load(self, stream_id: str) -> Stored | None:
        """The stream as it stands."""
        return await self._load(stream_id)

    async def find_key(self, key: Key) -> Appended | None:
        """Where the command under this key led before. Raises KeyReused."""
        row = await self._fetchrow("SELECT stream_id, version, body_hash FROM idempotency_keys WHERE key = $1", key.key)
        if row is None:
            return None
        if row["body_hash"] != key.body_hash:
            raise KeyReused(key.key)
        return Appended(row["stream_id"], row["version"], replayed=True)

    async def history(
        self, stream_id: str, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> list[Recorded]:
        """A stream's events after a version, up to another."""
        rows = await self._fetch(
            f"{_SELECT_EVENTS} WHERE stream_id = $1 AND version > $2 AND version <= coalesce($3, version)"
            " ORDER BY version LIMIT $4",
            stream_id,
            after,
            upto,
            limit,
        )
        return [Recorded(*row) for row in rows]

    async def read(self, after: int, limit: int) -> list[Recorded]:
        """The service's events after a position, in the one order they have."""
        rows = await self._fetch(READ_EVENTS, after, limit)
        return [Recorded(*row) for row in rows]

    async def list_streams(
        self, category: str, *, filters: Mapping[str, str] | None = None, after: str = "", limit: int = 50
    ) -> list[Stored]:
        """The streams of a category, by id, whose states have these values in these fields."""
        filters = filters or {}
        rows = await self._fetch(
            """
            SELECT stream_id, version, state, state_revision, state_version
            FROM streams
            WHERE stream_id > greatest($1, $2) COLLATE "C" AND stream_id < $1 || '~'
              AND NOT EXISTS (
                  SELECT FROM unnest($4::text[], $5::text[]) AS f (field, value)
                  WHERE state ->> f.field IS DISTINCT FROM f.value
              )
            ORDER BY stream_id
            LIMIT $3
            """,
            f"{category}-",
            after,
            limit,
            list(filters.keys()),
            list(filters.values()),
        )
        return [Stored(*row) for row in rows]

    async def forget_keys(self, older_than: timedelta) -> int:
        """Deletes the idempotency keys of effects older than this; returns how many."""
        rows = await self._fetch(
            "WITH gone AS (DELETE FROM idempotency_keys WHERE recorded_at < now() - $1::interval RETURNING 1)"
            " SELECT count(*) FROM gone",
            older_than,
        )
        count: int = rows[0][0]
        return count

    async def ping(self) -> None:
        """Raises StoreUnavailable unless the database answers."""
        await self._fetch("SELECT 1")

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            return await self.pool.fetch(query, *arguments)
        except Exception as error:
            if is_outage(error):
                raise StoreUnavailable(str(error)) from error
            raise

    async def _fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        rows = await self._fetch(query, *arguments)
        return rows[0] if rows else None

    async def _fly_appends(self, group: Sequence[Append]) -> Sequence[Appended | Exception]:
        try:
            answers = await self._append_group(group)
        except StoreUnavailable:
            raise
        except asyncpg.PostgresError as error:
            # Something one of them holds is at fault: run singly, so that only the culprit gets the error.
            if len(group) == 1:
                return [error]
            return [(await self._fly_appends([append]))[0] for append in group]
        self._tell()
        return answers

    async def _append_group(self, group: Sequence[Append]) -> Sequence[Appended | Exception]:
        events = [
            (n, append.stream_id, version, new_id(), event.type, event.schema_version, event.data, append.metadata)
            for n, append in enumerate(group, 1)
            for version, event in enumerate(append.events, append.expected + 1)
        ]
        keys = [(n, append.key.key, append.key.body_hash) for n, append in enumerate(group, 1) if append.key]
        guards = [(n, *guard) for n, append in enumerate(group, 1) for guard in append.guards]
        refused = await self._writer.fetch(
            APPEND_GROUP,
            [append.stream_id for append in group],
            [append.category for append in group],
            [append.expected for append in group],
            [len(append.events) for append in group],
            [append.state for append in group],
            [append.state_revision for append in group],
            *_columns(events, 8),
            *_columns(keys, 3),
            *_columns(guards, 3),
        )
        answers: list[Appended | Exception] = [
            Appended(append.stream_id, append.expected + len(append.events), replayed=False) for append in group
        ]
        # A replay may also show as a conflict, when the stream has moved on: the key speaks first.
        for row in sorted(refused, key=lambda row: row["outcome"] != "conflict"):
            n = row["command"] - 1
            match row["outcome"]:
                case "replayed":
                    answers[n] = Appended(row["in_stream"], row["at_version"], replayed=True)
                case "reused":
                    answers[n] = KeyReused(group[n].key)
                case _:
                    answers[n] = VersionConflict(row["in_stream"], group[n].expected)
        return answers

    async def _fly_loads(self, group: Sequence[str]) -> Sequence[Stored | None]:
        rows = await self._loader.fetch(LOAD_STREAMS, list(set(group)))
        found = {row[0]: Stored(*row) for row in rows}
        return [found.get(stream_id) for stream_id in group]

    def _tell(self) -> None:
        for wake in self.wakers:
            wake()
        if not self.wakers:
            self._untold.set()

    async def _notify(self) -> None:
        # Outside the append: a NOTIFY inside it would more than halve its throughput.
        while True:
            await self._untold.wait()
            self._untold.clear()
            try:
                await self.pool.execute(f"NOTIFY {CHANNEL}")
            except Exception as error:
                log.warning("could not notify of appended events: %s", error)
            await asyncio.sleep(NOTIFY_EVERY)


_SELECT_EVENTS = (
    "SELECT position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at FROM events"
)
READ_EVENTS = f"{_SELECT_EVENTS} WHERE position > $1 ORDER BY position LIMIT $2"
LOAD_STREAMS = (
    "SELECT stream_id, version, state, state_revision, state_version FROM streams WHERE stream_id = ANY($1::text[])"
)
APPEND_GROUP = (
    "SELECT * FROM append_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
    " $20)"
)


def _touches(append: Append) -> Iterable[object]:
    yield append.stream_id
    if append.key:
        yield append.key
    for stream_id, _ in append.guards:
        yield stream_id


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> Sequence[Sequence[object]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
