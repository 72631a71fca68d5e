"""The peer of a booking: PostgreSQL keeps slots apart by an exclusion constraint, everything else written by hand."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from bench import inserts
from bench.bookings import MONTHLY_HOURS, Slot
from bench.by_hand import POOL
from bench.runner import Action
from bench.sample import METADATA
from eventstore.postgres.ids import new_id

TABLES: Final = """
    CREATE TABLE bookings (
        id        uuid      PRIMARY KEY,
        version   integer   NOT NULL,
        machine   integer   NOT NULL,
        company   text      NOT NULL,
        during    tstzrange NOT NULL,
        cancelled boolean   NOT NULL DEFAULT false,
        state     json      NOT NULL,
        -- As it is written without btree_gist, which would compare machines by themselves.
        EXCLUDE USING gist (int4range(machine, machine, '[]') WITH &&, during WITH &&) WHERE (NOT cancelled)
    ) WITH (fillfactor = 80);
    CREATE TABLE quotas (
        machine integer NOT NULL,
        company text COLLATE "C" NOT NULL,
        month   text COLLATE "C" NOT NULL,
        hours   integer NOT NULL,
        PRIMARY KEY (machine, company, month)
    ) WITH (fillfactor = 80);
    CREATE TABLE jobs (
        booking uuid        NOT NULL,
        name    text        NOT NULL,
        run_at  timestamptz NOT NULL,
        PRIMARY KEY (booking, name)
    );
    CREATE INDEX ON jobs (run_at);
"""
BOOK: Final = """
    INSERT INTO bookings (id, version, machine, company, during, state)
    VALUES ($1, 1, $2, $3, tstzrange($4, $5), $6)
"""
SPEND: Final = """
    INSERT INTO quotas AS q (machine, company, month, hours) VALUES ($1, $2, $3, $4)
    ON CONFLICT (machine, company, month) DO UPDATE SET hours = q.hours + excluded.hours
    WHERE q.hours + excluded.hours <= $5
    RETURNING true
"""
REMIND: Final = "INSERT INTO jobs (booking, name, run_at) VALUES ($1, $2, $3)"


class SlotTaken(Exception):
    """Another booking has the machine then."""


class QuotaSpent(Exception):
    """The company has booked its hours of the month."""


class Booked(NamedTuple):
    """A booking to store, and what is told of it."""

    identity: UUID
    slot: Slot
    monthly_hours: int
    lapses_at: datetime
    state: str
    event_type: str
    event: str


async def create(url: str) -> None:
    """Creates the tables."""
    await inserts.create(url)
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()


async def book(pool: asyncpg.Pool, slot: Slot) -> None:
    """Books a slot. Raises SlotTaken and QuotaSpent."""
    identity = new_id()
    booked = Booked(
        identity,
        slot,
        MONTHLY_HOURS,
        slot.lapses_at,
        slot.state(str(identity)),
        "BookingMade",
        slot.event(str(identity)),
    )
    async with pool.acquire() as connection:
        await keep(connection, booked)


async def keep(connection: PoolConnectionProxy, booked: Booked) -> None:
    """Stores a booking, all or nothing. Raises SlotTaken and QuotaSpent."""
    slot = booked.slot
    async with connection.transaction():
        try:
            await connection.execute(
                BOOK, booked.identity, slot.machine, slot.company, slot.since, slot.until, booked.state
            )
        except asyncpg.ExclusionViolationError:
            raise SlotTaken("slot-taken") from None
        spent = (slot.machine, slot.company, slot.month, slot.hours, booked.monthly_hours)
        if not await connection.fetchval(SPEND, *spent):
            raise QuotaSpent("quota-spent")
        await connection.execute(
            inserts.INSERT, f"booking-{booked.identity}", 1, booked.event_type, booked.event, METADATA
        )
        await connection.execute(REMIND, booked.identity, "Lapse", booked.lapses_at)


@asynccontextmanager
async def booking(url: str, clients: Sequence[Iterator[Slot]]) -> AsyncIterator[Sequence[Action]]:
    """Clients that book their slots, over one pool."""
    async with asyncpg.create_pool(url, min_size=POOL, max_size=POOL) as pool:
        yield [_booker(pool, slots) for slots in clients]


def _booker(pool: asyncpg.Pool, slots: Iterator[Slot]) -> Action:
    return lambda: book(pool, next(slots))
