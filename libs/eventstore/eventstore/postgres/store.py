"""The event store of one service: streams, their events in commit order, and the state the events add up to.

async with Store.open(url) as store:
    await store.append(Append("lamp-1", "lamp", 0, [NewEvent("LampInstalled", 1, "{}")], "{}", 1, "{}"))
    events = await store.read(after=0, limit=100)
"""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Self, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
from opentelemetry.trace import SpanKind

from eventstore import tracing
from eventstore.bounds import Bounds
from eventstore.discretion import described
from eventstore.files import Told
from eventstore.measuring import CommandOutcome, Measured
from eventstore.postgres.appending import (
    APPEND_GROUP,
    Append,
    Appended,
    ClaimTaken,
    Key,
    KeyReused,
    PersonUnknown,
    VersionConflict,
    answers,
    looks_at,
    refuse_large,
    touches,
    written,
)
from eventstore.postgres.confirmation import STANDING, TELL_PLACE, UNCONFIRMED, StoreUnconfirmed
from eventstore.postgres.connection import LISTING, Line, StoreUnavailable, is_outage, open_pool
from eventstore.postgres.derived import Collision, collisions
from eventstore.postgres.grouping import Grouped
from eventstore.postgres.listing import STORED, Listed, Stored, Wanted, listed
from eventstore.postgres.standing import Standing, standing

T = TypeVar("T")

log = logging.getLogger(__name__)

CHANNEL = "appended"
FORGET_AT_ONCE = 5_000
LISTS_AT_ONCE = 5
"""The others wait, so that however much is searched, commands and histories have the pool to themselves."""
NOTIFY_EVERY = 0.01
"""Seconds between two NOTIFYs: each is a commit of its own, so under load one stands for several groups."""


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


class Known(NamedTuple):
    """What is known of a person."""

    kind: str
    """Of what was told: the name of its model."""
    data: str
    """What was told, as JSON."""
    recorded_at: datetime


class Store:
    """One service's database. Every method raises StoreUnavailable while it cannot be reached."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        lists: asyncpg.Pool,
        writer: Line,
        loader: Line,
        personal_key: bytes,
        bounds: Bounds | None,
    ) -> None:
        self.pool = pool
        self.bounds = bounds
        """What is taken for right by whatever is decided on this store; None where that is as declared."""
        self._personal_key = personal_key
        self._lists = lists
        self.wakers: set[Callable[[], None]] = set()
        """Called after each group of this process. While empty, other processes are told by NOTIFY instead."""
        self._writer = writer
        self._loader = loader
        self.measured = Measured()
        self._append = Grouped(self._fly_appends, touches, looks_at, flown=self.measured.appends)
        self._load = Grouped(self._fly_loads, flown=self.measured.loads)
        self._untold = asyncio.Event()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: Told, *, personal_key: str = "", bounds: Bounds | None = None) -> AsyncIterator[Self]:
        """A store on the database at `url`. Opening needs no server: one that is away is found out by the calls.

        With the `personal_key` hashes are made by which persons are recognised, and what was asked under a key.
        By the `bounds` is judged what is decided on it.
        """
        async with open_pool(url) as pool, open_pool(url, LISTS_AT_ONCE, LISTING) as lists:
            writer, loader = Line(url, "append", begins=TELL_PLACE), Line(url, "load")
            store = cls(pool, lists, writer, loader, personal_key.encode(), bounds)
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

        Raises VersionConflict, KeyReused, ClaimTaken, PersonUnknown, EventTooLarge and StoreUnconfirmed, with nothing
        stored; after StoreUnavailable it is unknown whether anything was, and a retry with the same key is safe.
        """
        refuse_large(append.events)
        appending = self._append(append)
        return await tracing.spanned(
            appending, "SELECT append_group", _APPENDS, kind=SpanKind.CLIENT, expects=_NOT_APPENDED
        )

    async def load(self, stream_id: str) -> Stored | None:
        """The stream as it stands."""
        return (await tracing.spanned(self._load((stream_id,)), "SELECT streams", _LOADS, kind=SpanKind.CLIENT))[0]

    async def load_all(self, stream_ids: Sequence[str]) -> Sequence[Stored | None]:
        """Streams as they stood at one moment, in the order asked."""
        return await tracing.spanned(self._load(stream_ids), "SELECT streams", _LOADS, kind=SpanKind.CLIENT)

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
        rows = await self.fetch(
            f"{SELECT_EVENTS} WHERE stream_id = $1 AND version > $2 AND version <= coalesce($3, version)"
            " ORDER BY version LIMIT $4",
            stream_id,
            after,
            upto,
            limit,
        )
        return [Recorded._make(row) for row in rows]

    async def read(self, after: int, limit: int) -> list[Recorded]:
        """The service's events after a position, in the one order they have."""
        rows = await self.fetch(READ_EVENTS, after, limit)
        return [Recorded._make(row) for row in rows]

    def keyed(self, text: bytes) -> bytes:
        """A hash from which nobody who lacks the key can tell the text by trying."""
        return hmac.digest(self._personal_key, text, "sha256")

    async def recognised(self, recognitions: Sequence[bytes]) -> Mapping[bytes, tuple[str, str]]:
        """Those persons who are known, by the hashes that they are recognised by: the pseudonym, and what was told."""
        rows = await self.fetch(
            "SELECT recognition, subject, data FROM personal_data WHERE recognition = ANY ($1::bytea[])", recognitions
        )
        return {row["recognition"]: (row["subject"], row["data"]) for row in rows}

    async def persons(self, subjects: Collection[str]) -> Mapping[str, Known]:
        """What is known of persons, by their pseudonyms; nothing of those who were erased.

        Raises StoreUnconfirmed, too: a store that was restored may still know who was erased since.
        """
        rows = await self.fetch(PERSONS, list(subjects))
        if any(not row["confirmed"] for row in rows):
            raise StoreUnconfirmed("who was erased after this store was saved is not known yet")
        return {row["subject"]: Known(row["kind"], row["data"], row["recorded_at"]) for row in rows}

    async def refuse_unconfirmed(self) -> None:
        """Raises StoreUnconfirmed where the store may lack what its topic has: what is not found may be there all the
        same, and what was decided on what is found was perhaps decided otherwise. Raises StoreUnavailable, too."""
        (row,) = await self.fetch(STANDING)
        if row["replica"]:
            raise StoreUnavailable("the database is a replica")
        if not row["confirmed"]:
            raise StoreUnconfirmed("the store has not been found to hold what its topic ends with")

    def turn(self, stream_id: str) -> asyncio.Lock:
        """Held by the one, of this process's commands that lost a race on a stream, whose turn it is to try again."""
        return self._turns.setdefault(stream_id, asyncio.Lock())

    def count(self, category: str, decision: str, outcome: CommandOutcome) -> None:
        """Counts a command that has come to its end."""
        self.measured.commands[category, decision, outcome] += 1

    async def list_streams(self, wanted: Wanted) -> Listed:
        """A page of the streams that are wanted."""

        async def ask() -> Listed:
            async with self._lists.acquire() as connection:
                return await listed(connection, wanted)

        return await self.asked(ask())

    async def collisions(self) -> Sequence[Collision]:
        """What streams hold together though they may not, after a refold or a restore."""
        return await self.asked(collisions(self.pool))

    async def settle_labels(self) -> None:
        """Puts the labels that were written lately into their index: until then, each search reads them one by one."""
        await self.fetch("SELECT gin_clean_pending_list('streams_by_label')")

    async def forget_keys(self, older_than: timedelta) -> int:
        """Deletes the idempotency keys of effects older than this, unless an import may need them; returns how many."""
        forgotten = 0
        while True:
            # In slices: however many there are, none takes long.
            slice_ = await self.fetch(
                """
                DELETE FROM idempotency_keys
                WHERE key IN (
                    SELECT key FROM idempotency_keys
                    WHERE recorded_at < least(
                        now() - $1::interval, (SELECT min(received_at) FROM imports WHERE ended_at IS NULL)
                    )
                    LIMIT $2
                )
                RETURNING 1
                """,
                older_than,
                FORGET_AT_ONCE,
            )
            forgotten += len(slice_)
            if len(slice_) < FORGET_AT_ONCE:
                return forgotten

    async def standing(self, behind: int | None) -> Standing:
        """How it stands, and for how long what is `behind` a position waits to be published."""
        return await self.asked(standing(self.pool, behind))

    async def asked(self, answer: Awaitable[T]) -> T:
        """What the database answers to something that goes straight to the pool, as `parking` does."""
        try:
            return await answer
        except Exception as error:
            if is_outage(error):
                raise StoreUnavailable(str(error)) from error
            raise

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of a statement."""
        try:
            return await self.pool.fetch(query, *arguments)
        except Exception as error:
            if is_outage(error):
                raise StoreUnavailable(str(error)) from error
            raise

    async def _fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def _fly_appends(self, group: Sequence[Append]) -> Sequence[Appended | Exception]:
        try:
            outcomes = answers(group, await self._writer.fetch(APPEND_GROUP, *written(group)))
        except StoreUnavailable:
            raise
        except (asyncpg.PostgresError, ValueError) as error:
            if isinstance(error, asyncpg.PostgresError) and error.sqlstate == UNCONFIRMED:
                # It may lead elsewhere since: a replica that it was connected to may have been promoted.
                self._writer.terminate()
                raise StoreUnconfirmed(str(error)) from None
            # Something one of them holds is at fault: run singly, so that only the culprit gets the error.
            if len(group) == 1:
                return [error]
            return [(await self._fly_appends([append]))[0] for append in group]
        self._tell()
        return outcomes

    async def _fly_loads(self, group: Sequence[Sequence[str]]) -> Sequence[Sequence[Stored | None]]:
        rows = await self._loader.fetch(LOAD_STREAMS, list({stream_id for asked in group for stream_id in asked}))
        found = {row[0]: Stored._make(row) for row in rows}
        return [[found.get(stream_id) for stream_id in asked] for asked in group]

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
                log.warning("could not notify of appended events: %s", described(error))
            await asyncio.sleep(NOTIFY_EVERY)


_APPENDS: Final[tracing.Attributes] = {
    "db.system.name": "postgresql",
    "db.operation.name": "SELECT",
    "db.stored_procedure.name": "append_group",
}
_LOADS: Final[tracing.Attributes] = {
    "db.system.name": "postgresql",
    "db.operation.name": "SELECT",
    "db.collection.name": "streams",
}
_NOT_APPENDED: Final = (VersionConflict, ClaimTaken, KeyReused, PersonUnknown)
"""What the database answers where nothing is at fault."""
SELECT_EVENTS = (
    "SELECT position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at FROM events"
)
READ_EVENTS = f"{SELECT_EVENTS} WHERE position > $1 ORDER BY position LIMIT $2"
PERSONS = """
    SELECT d.subject, d.kind, d.data, d.recorded_at,
           EXISTS (SELECT FROM confirmation c
                   WHERE c.place = connected_place() AND c.events_table = 'events'::regclass) AS confirmed
    FROM personal_data d WHERE d.subject = ANY ($1::text[])
"""
LOAD_STREAMS = f"SELECT {STORED} FROM streams s WHERE s.stream_id = ANY($1::text[])"  # noqa: S608  made of names
