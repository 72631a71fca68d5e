"""Deciding commands without storing anything, each upon the ones before: what an import is checked by.

    with Trial(store) as trial:
        await execute(trial, lamps, install, ...)  # decided by what is stored
        await execute(trial, lamps, light, ...)    # and by what was decided before

What was decided is kept in a file of this process that nobody else sees and that is gone with it, so that memory stays
bounded however much there is. It holds states and claims; of persons, the pseudonyms.
"""

import asyncio
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import Any, Final, NamedTuple, Self

from eventstore.measuring import CommandOutcome
from eventstore.postgres.appending import Append, Appended, ClaimTaken, Holding, Key, PersonUnknown, refuse_large
from eventstore.postgres.listing import Stored
from eventstore.postgres.store import Recorded, Store


class Touched(NamedTuple):
    """What commands looked at, and what they changed: streams, claims, and whom they recognised."""

    seen: Collection[str]
    changed: Collection[str]


class Trial:
    """A store to decide on: what is appended is seen by what comes after, here alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.bounds = store.bounds
        self._forgotten = sqlite3.connect("", isolation_level=None)
        self._forgotten.executescript(_TABLES)
        self._claims_of: set[str] = set()
        """The kinds of claims that were copied: all that are held of a kind, when it is first asked for."""
        self._loaded: dict[str, Stored | None] = {}
        self._seen: set[str] = set()
        self._changed: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forgotten.close()

    async def prefetch(self, stream_ids: Collection[str]) -> None:
        """Loads at once what is about to be asked for, instead of what was before."""
        ids = list(stream_ids)
        self._loaded = dict(zip(ids, await self._store.load_all(ids), strict=True))

    def touched(self) -> Touched:
        """What was looked at and changed since the last call."""
        touched = Touched(self._seen - self._changed, self._changed)
        self._seen, self._changed = set(), set()
        return touched

    async def load(self, stream_id: str) -> Stored | None:
        """The stream as it would stand."""
        return (await self.load_all((stream_id,)))[0]

    async def load_all(self, stream_ids: Sequence[str]) -> Sequence[Stored | None]:
        """Streams as they would stand, in the order asked."""
        self._seen.update(stream_ids)
        found: dict[str, Stored | None] = {}
        for stream_id in stream_ids:
            row = self._forgotten.execute(_STREAM, (stream_id,)).fetchone()
            if row is not None:
                found[stream_id] = Stored(*row)
            elif stream_id in self._loaded:
                found[stream_id] = self._loaded[stream_id]
        if missing := [stream_id for stream_id in stream_ids if stream_id not in found]:
            found |= zip(missing, await self._store.load_all(missing), strict=True)
        return [found[stream_id] for stream_id in stream_ids]

    async def append(self, append: Append) -> Appended:
        """What storing it would lead to. Raises ClaimTaken, PersonUnknown and EventTooLarge."""
        refuse_large(append.events)
        if append.erases is not None and not await self._is_known(append.erases, append.stream_id):
            raise PersonUnknown(append.erases)
        if append.holds is not None:
            await self._hold(append.stream_id, append.holds)
        version = append.expected + len(append.events)
        self._forgotten.execute(
            "INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?)",
            (append.stream_id, append.category, version, append.state, append.state_revision, append.labelling),
        )
        self._changed.add(append.stream_id)
        for person in append.persons:
            if person.recognition:
                self._changed.add(person.recognition.hex())
                self._forgotten.execute(
                    "INSERT OR REPLACE INTO persons VALUES (?, ?)", (person.recognition, person.subject)
                )
        if append.erases is not None:
            self._forgotten.execute("DELETE FROM persons WHERE subject = ?", (append.erases,))
            self._forgotten.execute("INSERT OR IGNORE INTO erased VALUES (?)", (append.erases,))
        return Appended(append.stream_id, version, replayed=False)

    async def find_key(self, key: Key) -> Appended | None:
        """Nothing: what was not stored is not repeated."""
        del key
        return None

    async def history(
        self, stream_id: str, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> list[Recorded]:
        """What is stored of a stream."""
        return await self._store.history(stream_id, after=after, upto=upto, limit=limit)

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """The rows of a statement, of what is stored."""
        return await self._store.fetch(query, *arguments)

    async def refuse_unconfirmed(self) -> None:
        """Nothing: whoever keeps what was refused here asks the store."""

    async def recognised(self, recognitions: Sequence[bytes]) -> Mapping[bytes, tuple[str, str]]:
        """Those persons who would be known, with nothing of what was told of those whom commands here named."""
        self._seen.update(recognition.hex() for recognition in recognitions)
        known = {
            by: told
            for by, told in (await self._store.recognised(recognitions)).items()
            if not self._is_erased(told[0])
        }
        for recognition in recognitions:
            row = self._forgotten.execute(
                "SELECT subject FROM persons WHERE recognition = ?", (recognition,)
            ).fetchone()
            if row is not None:
                known[recognition] = (row[0], "{}")
        return known

    def keyed(self, text: bytes) -> bytes:
        """A hash from which nobody who lacks the key can tell the text by trying."""
        return self._store.keyed(text)

    def turn(self, stream_id: str) -> asyncio.Lock:
        """Nobody else is here to wait for."""
        del stream_id
        return asyncio.Lock()

    def count(self, category: str, decision: str, outcome: CommandOutcome) -> None:
        """Counts what goes no further than being tried: the others are counted when they are carried out."""
        if outcome not in ("accepted", "unchanged"):
            self._store.count(category, decision, outcome)

    def _is_erased(self, subject: str) -> bool:
        return self._forgotten.execute("SELECT 1 FROM erased WHERE subject = ?", (subject,)).fetchone() is not None

    async def _is_known(self, subject: str, erasure: str) -> bool:
        # Who is erased already has the stream of that.
        return bool(await self._store.persons([subject])) or await self.load(erasure) is not None

    async def _hold(self, stream_id: str, holds: Sequence[Holding]) -> None:
        """Holds this and no more, as `append_group` judges it. Raises ClaimTaken."""
        for kind in {holding.kind for holding in holds} - self._claims_of:
            await self._store.asked(self._copy_claims(kind))
        wanted = [_Held.of(holding) for holding in holds]
        had = [_Held(*row) for row in self._forgotten.execute(_HELD_BY, (stream_id,))]
        for holding, held in zip(holds, wanted, strict=True):
            # What it holds already it keeps.
            if sum(each.amount for each in wanted if each[:4] == held[:4]) <= sum(
                each.amount for each in had if each[:4] == held[:4]
            ):
                continue
            others = self._forgotten.execute(_OTHERS, (*held[:4], stream_id)).fetchall()
            if holding.limit is None:
                if others:
                    raise ClaimTaken(holding.kind, by=others[0][0], taken=0)
            else:
                asked = sum(each.amount for each in wanted if each[:2] == held[:2])
                taken = sum(amount for _, amount in others)
                if taken + asked > holding.limit:
                    raise ClaimTaken(holding.kind, by=None, taken=taken)
        self._forgotten.execute("DELETE FROM claims WHERE stream_id = ?", (stream_id,))
        self._forgotten.execute("INSERT OR IGNORE INTO holders VALUES (?)", (stream_id,))
        self._forgotten.executemany(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)", [(*held, stream_id) for held in wanted]
        )
        self._changed.update(f"{held.kind}\n{held.key}" for held in (*had, *wanted))

    async def _copy_claims(self, kind: str) -> None:
        async with self._store.pool.acquire() as connection, connection.transaction():
            rows = await connection.cursor(_CLAIMS, kind)
            while some := await rows.fetch(_AT_ONCE):
                self._forgotten.executemany(
                    "INSERT INTO claims SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?6 NOT IN (SELECT stream_id FROM holders)",
                    [tuple(row) for row in some],
                )
        self._claims_of.add(kind)


class _Held(NamedTuple):
    """A claim, with its period in seconds since 1970."""

    kind: str
    key: str
    since: float
    until: float
    amount: int

    @classmethod
    def of(cls, holding: Holding) -> Self:
        return cls(
            holding.kind, holding.key, _seconds(holding.since, -inf), _seconds(holding.until, inf), holding.amount
        )


def _seconds(moment: datetime | None, ever: float) -> float:
    return ever if moment is None else moment.timestamp()


_AT_ONCE: Final = 5_000
_TABLES: Final = """
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
    CREATE TABLE streams (
        stream_id TEXT PRIMARY KEY, category TEXT, version INTEGER, state TEXT, revision INTEGER, labelling INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE claims (kind TEXT, key TEXT, since REAL, until REAL, amount INTEGER, stream_id TEXT);
    CREATE INDEX claims_by_key ON claims (kind, key);
    CREATE INDEX claims_by_stream ON claims (stream_id);
    CREATE TABLE holders (stream_id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE persons (recognition BLOB PRIMARY KEY, subject TEXT) WITHOUT ROWID;
    CREATE INDEX persons_by_subject ON persons (subject);
    CREATE TABLE erased (subject TEXT PRIMARY KEY) WITHOUT ROWID;
    BEGIN;
"""
_STREAM: Final = (
    "SELECT stream_id, category, version, state, revision, version, labelling FROM streams WHERE stream_id = ?"
)
_HELD_BY: Final = "SELECT kind, key, since, until, amount FROM claims WHERE stream_id = ?"
_OTHERS: Final = """
    SELECT stream_id, amount FROM claims
    WHERE kind = ?1 AND key = ?2 AND until > ?3 AND since < ?4 AND stream_id <> ?5
    ORDER BY since, stream_id
"""
_CLAIMS: Final = """
    SELECT kind, key, extract(epoch FROM since)::float8, extract(epoch FROM until)::float8, amount, stream_id
    FROM claims WHERE kind = $1
"""
