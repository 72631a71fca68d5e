"""The event store of one service: streams, their events in commit order, and the state the events add up to.

async with Store.open(url) as store:
    await store.append(Append("lamp-1", "lamp", 0, [NewEvent("LampInstalled", 1, "{}")], "{}", 1, "{}"))
    events = await store.read(after=0, limit=100)
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import NamedTuple, Self
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


class NewEvent(NamedTuple):
    """An event to store; `data` is its JSON."""

    type: str
    schema_version: int
    data: str


class Key(NamedTuple):
    """An idempotency key, unique in the service, and the hash of what was asked under it."""

    key: str
    body_hash: bytes


class Append(NamedTuple):
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


class Appended(NamedTuple):
    """Where a command led; `replayed` where its key had led there before."""

    stream_id: str
    version: int
    replayed: bool


class Stored(NamedTuple):
    """A stream as it stands. The state is to be folded again unless it is fresh."""

    stream_id: str
    version: int
    state: str
    state_revision: int
    state_version: int

    def is_fresh(self, revision: int) -> bool:
        """Whether the stored state is of this revision of the fold, and up to date."""
        return self.state_revision == revision and self.state_version == self.version


class Recorded(NamedTuple):
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
        return [Recorded._make(row) for row in rows]

    async def read(self, after: int, limit: int) -> list[Recorded]:
        """The service's events after a position, in the one order they have."""
        rows = await self._fetch(READ_EVENTS, after, limit)
        return [Recorded._make(row) for row in rows]

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
        return [Stored._make(row) for row in rows]

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
        except (asyncpg.PostgresError, ValueError) as error:
            # Something one of them holds is at fault: run singly, so that only the culprit gets the error.
            if len(group) == 1:
                return [error]
            return [(await self._fly_appends([append]))[0] for append in group]
        self._tell()
        return answers

    async def _append_group(self, group: Sequence[Append]) -> Sequence[Appended | Exception]:
        numbered = list(enumerate(group, 1))
        events = [
            (n, version, event)
            for n, append in numbered
            for version, event in enumerate(append.events, append.expected + 1)
        ]
        keys = [(n, append.key) for n, append in numbered if append.key]
        guards = [(n, stream_id, version) for n, append in numbered for stream_id, version in append.guards]
        first_id = new_id().int
        refused = await self._writer.fetch(
            APPEND_GROUP,
            _texts([append.stream_id for append in group]),
            _texts([append.category for append in group]),
            _numbers([append.expected for append in group]),
            _numbers([len(append.events) for append in group]),
            _texts([append.state for append in group]),
            _numbers([append.state_revision for append in group]),
            _texts([append.metadata for append in group]),
            _numbers([n for n, _, _ in events]),
            _numbers([version for _, version, _ in events]),
            # Ids of one group count up from the first, as RFC 9562 (6.2) has it.
            _texts([f"{number:032x}" for number in range(first_id, first_id + len(events))]),
            _texts([event.type for _, _, event in events]),
            _numbers([event.schema_version for _, _, event in events]),
            _texts([event.data for _, _, event in events]),
            _numbers([n for n, _ in keys]),
            _texts([key.key for _, key in keys]),
            [key.body_hash for _, key in keys],
            _numbers([n for n, _, _ in guards]),
            _texts([stream_id for _, stream_id, _ in guards]),
            _numbers([version for _, _, version in guards]),
        )
        answers: list[Appended | Exception] = [
            Appended(append.stream_id, append.expected + len(append.events), replayed=False) for append in group
        ]
        # A replay may also show as a conflict, when what it looked up has moved on: the key speaks first.
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
        found = {row[0]: Stored._make(row) for row in rows}
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
_SEPARATOR = "\x1f"
"""Unit separator: JSON holds it only escaped, and no id has it."""


def _texts(values: Sequence[str]) -> str:
    # asyncpg asks each element of an array whether it is an array itself, which costs more than sending it: so columns
    # travel as one text each.
    joined = _SEPARATOR.join(values)
    if values and joined.count(_SEPARATOR) != len(values) - 1:
        raise ValueError("a text holds a unit separator (U+001F)")
    return joined


def _numbers(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _append_group_call() -> str:
    texts, numbers = "string_to_array(${}, E'\\x1f')", "${}::text::integer[]"
    columns = [
        *(texts, texts, numbers, numbers, texts, numbers, texts),
        *(numbers, numbers, f"{texts}::uuid[]", texts, f"{numbers}::smallint[]", texts),
        *(numbers, texts, "${}::bytea[]"),
        *(numbers, texts, numbers),
    ]
    arguments = ", ".join(column.format(n) for n, column in enumerate(columns, 1))
    return f"SELECT * FROM append_group({arguments})"  # noqa: S608 - made of numbered parameters alone


APPEND_GROUP = _append_group_call()


def _touches(append: Append) -> Iterable[object]:
    yield append.stream_id
    if append.key:
        yield append.key
    for stream_id, _ in append.guards:
        yield stream_id
