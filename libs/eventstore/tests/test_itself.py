"""What a stream says of itself without knowing its id, what reactions find by that, and what is no step of it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from contracts.companies.company import CompanyLeft
from contracts.model import Aside, Event
from contracts.values import sample_siret
from eventstore.decider import ITSELF, PARIS, PLATFORM, Actor, Claim, Command, Decider, State, tell
from eventstore.execution import Outcome, current, execute
from eventstore.finding import Finding
from eventstore.issuing import react
from eventstore.kafka.envelope import Message
from eventstore.postgres.store import Store
from eventstore.reactions import Found, Identity, Issue, Reactions
from eventstore.refolding import refold
from eventstore.refusal import Refusal, Rejected
from eventstore.specification import Specification

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 5, 4, 12, tzinfo=PARIS)
CLERK: Final = Actor("clerk", frozenset({"network"}))
MOST: Final = 5


class TableLaid(Event, version=1):
    seats: int


class SeatsRemoved(Event, version=1):
    seats: int


class TableSeen(Aside, version=1):
    by: str


class GuestSeated(Event, version=1):
    table: str


class Lay(Command):
    """A table is laid."""

    seats: int


class Remove(Command):
    """It has fewer seats."""

    seats: int


class See(Command):
    """Somebody has seen it, and says so later."""

    by: str


class Seat(Command):
    """A guest takes a seat."""

    table: str


class Table(State):
    seats: int
    seen_by: str | None = None


class Guest(State):
    table: str


FULL = Refusal("table-full", "every seat is taken", "toutes les places sont prises")
tables = Decider("table", Table)
guests = Decider("guest", Guest, finding=Finding(found_by=("table",)))


@tables.creates(by="network")
def lay(command: Lay) -> TableLaid:
    return tell(TableLaid, command)


tables.steps(Remove, SeatsRemoved, by="network", when=None, takes=("seats",))
tables.steps(See, TableSeen, by=("network", PLATFORM), when=None)


@guests.creates(by="network")
def seat(command: Seat) -> GuestSeated:
    return tell(GuestSeated, command)


@tables.evolves
def _(_table: Table | None, event: TableLaid) -> Table:
    return Table(seats=event.seats, effective_on=event.effective_on)


@tables.evolves
def _(table: Table, event: TableSeen) -> Table:
    return table.after(event, seen_by=event.by)


@guests.evolves
def _(_guest: Guest | None, event: GuestSeated) -> Guest:
    return Guest(table=event.table, effective_on=event.effective_on)


@tables.claims
def _(table: Table) -> Iterable[Claim]:
    if table.seats < MOST:
        yield Claim(FULL, ITSELF, amount=MOST - table.seats, limit=MOST)


@guests.claims
def _(guest: Guest) -> Iterable[Claim]:
    yield Claim(FULL, guest.table, limit=MOST)


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


async def issued(store: Store, command: Command, identity: str | None = None) -> Outcome[Any]:
    decider: Decider[Any] = guests if isinstance(command, Seat) else tables
    return await execute(store, decider, command, identity=identity, actor=CLERK, now=NOW, metadata="{}")


async def test_guests_and_missing_seats_hold_no_more_than_there_may_be_however_they_race(store: Store) -> None:
    laid = [(await issued(store, Lay(seats=4))).identity for _ in range(3)]
    asked = [issued(store, Seat(table=table)) for table in laid for _ in range(4)]
    asked += [issued(store, Remove(seats=seats), table) for table in laid for seats in (3, 2)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert {each.slug for each in outcomes if isinstance(each, Rejected)} == {"table-full"}
    for table in laid:
        found = await current(store, tables, table)
        assert found
        seated = await store.pool.fetchval("SELECT count(*) FROM claims WHERE key = $1 AND stream_id ^@ 'guest'", table)
        assert 0 < seated <= found.state.seats


async def test_what_it_holds_is_the_same_once_it_is_folded_anew(store: Store) -> None:
    table = (await issued(store, Lay(seats=4))).identity
    held = await store.pool.fetch("SELECT * FROM claims")
    assert [row["key"] for row in held] == [table]
    assert [done async for done in refold(store, tables, stale_only=False)] == [1]
    assert await store.pool.fetch("SELECT * FROM claims") == held


async def test_a_reaction_is_told_whose_event_it_is_and_finds_by_that(store: Store) -> None:
    siret = sample_siret(1)
    told = Reactions()

    @told.to(finds=guests, by={"table": ITSELF})
    def see_tables(event: CompanyLeft, company: Identity, there: Sequence[Found[Guest]]) -> Iterable[Issue]:
        assert event.company == company == siret
        for found in there:
            yield Issue(tables, table, See(by=f"{company} {found.state.table}"))

    table = (await issued(store, Lay(seats=4))).identity
    await issued(store, Seat(table=siret))
    await issued(store, Seat(table=table))
    event = CompanyLeft(
        company=siret,
        naf="25.62B",
        commune="36088",
        zone=None,
        reason="moved",
        headcount_before=9,
        headcount=0,
        effective_on=date(2026, 5, 1),
    )
    message = Message(
        position=1,
        stream_id=f"company-{siret}",
        version=1,
        previous=0,
        event_id=uuid4(),
        type="CompanyLeft",
        schema_version=1,
        recorded_at=NOW,
        sample=False,
        data=b"",
        source="/t/companies",
        topic="t.companies.v1",
        partition=0,
        offset=0,
    )
    await react(store, told, message, event, NOW)
    found = await current(store, tables, table)
    assert found
    assert found.state.seen_by == f"{siret} {siret}"


def test_an_aside_forbids_no_earlier_step() -> None:
    given = Specification(tables, today=date(2026, 5, 4))
    laid = TableLaid(seats=4, effective_on=date(2026, 4, 1))
    seen = TableSeen(by="x", effective_on=date(2026, 5, 3))
    given(laid, seen).when(Remove(seats=3, on=date(2026, 4, 2))).then_state(effective_on=date(2026, 4, 2), seats=3)
    given(laid).when(See(by="x", on=date(2026, 3, 1))).then_state(effective_on=date(2026, 4, 1), seen_by="x")
    given(laid, seen).when(Remove(seats=3, on=date(2026, 3, 1))).rejected("on-before-previous-step")


def test_a_reaction_says_what_it_takes() -> None:
    told = Reactions()
    with pytest.raises(TypeError, match="it takes 2 arguments, not 3"):

        @told.to(finds=guests, by={"table": ITSELF})
        def forget_what_was_found(_event: CompanyLeft, _company: Identity) -> Iterable[Issue]:
            return ()
