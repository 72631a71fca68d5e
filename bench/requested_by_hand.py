"""The peer of a booking over HTTP: what it is decided on is read in one statement, everything written by hand."""

from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from bench import booked_by_hand
from bench.booked_by_hand import Booked, keep
from bench.bookings import Slot
from bench.by_hand import PARIS
from bench.platform import begun_streams
from companies.booking import Booking, Request
from companies.company import Company
from companies.equipment import Equipment, open_on
from companies.licence import Licence
from contracts.companies.booking import BookingRequested
from eventstore.decider import TODAY
from eventstore.postgres.ids import new_id

TABLES: Final = """
    CREATE TABLE machines (
        id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        code  text COLLATE "C" NOT NULL UNIQUE,
        state json             NOT NULL
    );
    CREATE TABLE licences (
        id    text COLLATE "C" PRIMARY KEY,
        state json NOT NULL
    );
"""
LOAD: Final = """
    SELECT m.id, m.state AS machine, l.state AS licence, c.state AS company
    FROM machines m, licences l, companies c
    WHERE m.code = $1 AND l.id = $2 AND c.siret = $3
"""
COUNT: Final = """
    SELECT count(*) FROM bookings b JOIN events e ON e.stream_id = 'booking-' || b.id JOIN jobs j ON j.booking = b.id
"""
"""Bookings with an event and a job."""


class Refused(Exception):
    """The rules say no; the message is the reason."""


async def create(url: str, clients: int) -> None:
    """Creates the tables beside those of `by_hand`, with the machines and licences."""
    connection = await asyncpg.connect(url)
    await connection.execute(booked_by_hand.TABLES)
    await connection.execute(TABLES)
    for append in begun_streams(clients):
        identity = append.stream_id.removeprefix(f"{append.category}-")
        if append.category == "licence":
            await connection.execute("INSERT INTO licences (id, state) VALUES ($1, $2)", identity, append.state)
        else:
            await connection.execute("INSERT INTO machines (code, state) VALUES ($1, $2)", identity, append.state)
    await connection.execute("VACUUM ANALYZE machines, licences")
    await connection.close()


async def request(pool: asyncpg.Pool, asked: Request) -> tuple[str, Booking]:
    """Loads, decides and books; the booking with its id. Raises Refused, SlotTaken and QuotaSpent."""
    now = datetime.now(PARIS)
    on = now.date() if asked.on == TODAY else asked.on
    async with pool.acquire() as connection:
        row = await connection.fetchrow(LOAD, asked.equipment, asked.licence, asked.company)
        if row is None:
            raise Refused("unknown")
        machine = Equipment.model_validate_json(row["machine"])
        licence = Licence.model_validate_json(row["licence"])
        company = Company.model_validate_json(row["company"])
        ends = (asked.starts.astimezone(UTC) + timedelta(hours=asked.hours)).astimezone(PARIS)
        if on > now.date():
            raise Refused("on-in-the-future")
        if asked.starts <= now:
            raise Refused("slot-in-the-past")
        if machine.status not in ("in_service", "maintenance"):
            raise Refused("equipment-not-open")
        if machine.maintenance_until and asked.starts.date() < machine.maintenance_until:
            raise Refused("equipment-in-maintenance")
        open_hours = open_on(machine, asked.starts.date())
        if open_hours is None or asked.starts < open_hours[0] or ends > open_hours[1]:
            raise Refused("slot-outside-opening")
        if company.status != "active":
            raise Refused("not-a-member")
        if (licence.company, licence.equipment) != (asked.company, asked.equipment):
            raise Refused("licence-unknown")
        if licence.withdrawn_on:
            raise Refused("licence-is-withdrawn")
        if licence.valid_until < asked.starts.date():
            raise Refused("licence-ended")
        event = BookingRequested(
            effective_on=on,
            company=company.siret,
            naf=company.naf,
            commune=company.commune,
            zone=company.zone,
            equipment=machine.equipment,
            licence=asked.licence,
            starts=asked.starts,
            ends=ends,
            hours=asked.hours,
            quota_hours=machine.quota_hours,
        )
        booking = Booking(
            effective_on=on,
            company=company.siret,
            naf=company.naf,
            commune=company.commune,
            zone=company.zone,
            equipment=machine.equipment,
            licence=asked.licence,
            status="requested",
            starts=asked.starts,
            ends=ends,
            hours=asked.hours,
            quota_hours=machine.quota_hours,
            requested_on=on,
        )
        identity = new_id()
        await keep(
            connection,
            Booked(
                identity,
                Slot(row["id"], company.siret, asked.starts, asked.hours),
                machine.quota_hours,
                asked.starts,
                booking.model_dump_json(),
                event.event_type,
                event.model_dump_json(),
            ),
        )
    return str(identity), booking
