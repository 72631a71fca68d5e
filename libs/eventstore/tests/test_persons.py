"""Persons in the store: recognised, kept with the events that name them, erased, and never in two minds about it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal

import pytest

from contracts.erasure import PersonErased
from contracts.model import Day, EnteredDay, Event
from contracts.personal import Person, Personal
from contracts.values import PersonName, Subject
from eventstore.decider import PARIS, PLATFORM, Actor, Command, Decider, Keep, State, tell
from eventstore.erasure import Erase, Erasure, erasing
from eventstore.execution import Outcome, execute
from eventstore.persons import expiring, naming
from eventstore.postgres.appending import Key
from eventstore.postgres.confirmation import StoreUnconfirmed
from eventstore.postgres.store import Store
from eventstore.refolding import refold
from eventstore.refusal import Rejected
from eventstore.specification import Specification

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 5, 4, 12, tzinfo=PARIS)
PERSONAL_KEY: Final = "a secret of at least thirty-two characters"
YEAR: Final = timedelta(days=365)


class Neighbour(Person, recognised_by=("name", "born_on")):
    name: PersonName
    born_on: EnteredDay
    floor: int | None = None


class Note(Person):
    text: str


class Ask(Command):
    """Somebody asks for a lamp."""

    street: str
    neighbour: Personal[Neighbour]
    note: Personal[Note] | None = None


class Name(Command):
    """Another neighbour asks for it instead."""

    neighbour: Personal[Neighbour]


class Close(Command):
    """It is dealt with."""


class LampAsked(Event, version=1):
    street: str
    neighbour: Subject
    note: Subject | None


class NeighbourNamed(Event, version=1):
    neighbour: Subject


class RequestClosed(Event, version=1):
    pass


class Request(State):
    street: str
    neighbour: Subject
    note: Subject | None = None
    status: Literal["open", "closed"]
    closed_on: Day | None = None


requests = Decider("request", Request, final="closed")


@requests.creates(by="epci", to="open")
def ask(command: Ask) -> LampAsked:
    return tell(LampAsked, command, note=command.note.subject if command.note else None)


requests.steps(Name, NeighbourNamed, by="epci", when="open", takes=("neighbour",))
requests.steps(Close, RequestClosed, by="epci", when="open", to="closed", day="closed_on")


@requests.keeps
def _(request: Request) -> Iterable[Keep]:
    until = (request.closed_on or NOW.date() + 9 * YEAR) + YEAR
    yield Keep(request.neighbour, until)
    if request.note:
        yield Keep(request.note, until)


requests.check()
erasures = erasing("ops")
erasures.check()


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database, personal_key=PERSONAL_KEY) as store:
        yield store


def somebody(name: str = "Camille Exemple", born_on: date = date(2000, 1, 2), **more: int) -> Personal[Neighbour]:
    return Personal(Neighbour(name=name, born_on=born_on, **more))


async def run(store: Store, command: Command, identity: str | None = None, key: str | None = None) -> Outcome[Request]:
    return await execute(
        store,
        requests,
        command,
        identity=identity,
        actor=Actor("frontend", frozenset({"epci"})),
        now=NOW,
        metadata='{"actor":"frontend"}',
        key=Key(key, b"body") if key else None,
    )


async def erase(store: Store, subject: str) -> Outcome[Erasure]:
    return await execute(
        store,
        erasures,
        Erase(person=subject, reason="request"),
        identity=None,
        actor=Actor(PLATFORM, frozenset({PLATFORM})),
        now=NOW,
        metadata="{}",
    )


async def test_whoever_is_named_again_is_the_same_and_what_was_told_last_is_kept(store: Store) -> None:
    first = await run(store, Ask(street="rue A", neighbour=somebody(floor=1)))
    second = await run(store, Ask(street="rue B", neighbour=somebody("camille  EXEMPLE", floor=2)))
    other = await run(store, Ask(street="rue C", neighbour=somebody("Dominique Exemple")))
    assert first.state.neighbour == second.state.neighbour != other.state.neighbour
    known = await store.persons([first.state.neighbour, other.state.neighbour])
    assert json.loads(known[first.state.neighbour].data)["floor"] == 2
    assert known[first.state.neighbour].kind == "Neighbour"
    streams = (await naming(store, [first.state.neighbour]))[first.state.neighbour]
    assert [each.stream_id for each in streams] == sorted([first.stream_id, second.stream_id])


async def test_what_is_left_out_when_somebody_is_named_again_stays_known(store: Store) -> None:
    subject = (await run(store, Ask(street="rue A", neighbour=somebody(floor=1)))).state.neighbour
    await run(store, Ask(street="rue B", neighbour=somebody("Camille EXEMPLE")))
    told = json.loads((await store.persons([subject]))[subject].data)
    assert (told["name"], told["floor"]) == ("Camille EXEMPLE", 1)
    gone = Personal(Neighbour(name="Camille Exemple", born_on=date(2000, 1, 2), floor=None))
    await run(store, Ask(street="rue C", neighbour=gone))
    assert json.loads((await store.persons([subject]))[subject].data)["floor"] is None


async def test_of_fifty_at_once_who_name_somebody_new_all_mean_one(migrated_database: str) -> None:
    async with (
        Store.open(migrated_database, personal_key=PERSONAL_KEY) as one,
        Store.open(migrated_database, personal_key=PERSONAL_KEY) as other,
    ):
        asked = [
            run((one, other)[n % 2], Ask(street=f"rue {n}", neighbour=somebody(floor=n), note=Personal(Note(text="x"))))
            for n in range(50)
        ]
        outcomes = await asyncio.gather(*asked)
        assert len({outcome.state.neighbour for outcome in outcomes}) == 1
        # Notes are never recognised.
        assert len({outcome.state.note for outcome in outcomes}) == 50
        assert await one.pool.fetchval("SELECT count(*) FROM personal_data") == 51


async def test_with_another_secret_nobody_is_recognised(migrated_database: str, store: Store) -> None:
    first = await run(store, Ask(street="rue A", neighbour=somebody()))
    async with Store.open(migrated_database, personal_key="another") as stranger:
        assert (await run(stranger, Ask(street="rue A", neighbour=somebody()))).state.neighbour != first.state.neighbour


async def test_nothing_is_kept_of_whom_a_refused_command_names(store: Store) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    await run(store, Close(), asked.identity)
    with pytest.raises(Rejected, match="request that is open"):
        await run(store, Name(neighbour=somebody("Dominique Exemple")), asked.identity)
    assert await store.pool.fetchval("SELECT count(*) FROM personal_data") == 1


async def test_a_retry_names_nobody_anew(store: Store) -> None:
    command = Ask(street="rue A", neighbour=somebody(), note=Personal(Note(text="x")))
    first = await run(store, command, key="k")
    again = await run(store, command, key="k")
    assert (again.replayed, again.state) == (True, first.state)
    assert await store.pool.fetchval("SELECT count(*) FROM personal_data") == 2


async def test_whoever_was_erased_is_not_named_again_where_it_was_and_returns_as_somebody_new(store: Store) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    subject = asked.state.neighbour
    erased = await erase(store, subject)
    assert erased.state.erased_on == NOW.date()
    assert not await store.persons([subject])
    with pytest.raises(Rejected) as refused:
        await run(store, Name(neighbour=somebody()), asked.identity)
    assert refused.value.slug == "person-erased"
    # What names nobody goes on.
    assert (await run(store, Close(), asked.identity)).state.status == "closed"
    returned = await run(store, Ask(street="rue B", neighbour=somebody()))
    assert returned.state.neighbour != subject


async def test_erasing_twice_is_erasing_once_and_nobody_is_nobody(store: Store) -> None:
    subject = (await run(store, Ask(street="rue A", neighbour=somebody()))).state.neighbour
    assert (await erase(store, subject)).version == (await erase(store, subject)).version == 1
    with pytest.raises(Rejected) as refused:
        await erase(store, "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")
    assert refused.value.slug == "person-unknown"


@pytest.mark.parametrize("seed", range(5))
async def test_naming_and_erasing_race_and_nothing_is_left_of_an_erased_person(
    migrated_database: str, store: Store, seed: int
) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    subject = asked.state.neighbour

    async def name(n: int) -> Outcome[Request] | Rejected:
        try:
            if n % 2:
                return await run(store, Ask(street=f"rue {n}", neighbour=somebody()))
            return await run(store, Name(neighbour=somebody()), asked.identity)
        except Rejected as rejected:
            return rejected

    async with Store.open(migrated_database, personal_key=PERSONAL_KEY) as other:

        async def erase_soon() -> None:
            await asyncio.sleep(seed / 500)
            await erase(other, subject)

        outcomes, _ = await asyncio.gather(asyncio.gather(*map(name, range(20))), erase_soon())
    assert {outcome.slug for outcome in outcomes if isinstance(outcome, Rejected)} <= {"person-erased"}
    assert not await store.persons([subject])
    events = await store.read(after=0, limit=1000)
    (erased,) = [event.position for event in events if event.type == PersonErased.event_type]
    assert not [event for event in events if event.position > erased and subject in event.data]
    # Those who came after it all mean the same new person.
    since = {json.loads(event.data)["neighbour"] for event in events if event.position > erased}
    assert len(since) <= 1


async def test_who_is_needed_no_more_is_told_before_and_after_it(store: Store) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    again = await run(store, Ask(street="rue B", neighbour=somebody()))
    await run(store, Close(), asked.identity)
    last_day = NOW.date() + YEAR
    assert not await expiring(store, last_day + timedelta(days=1))
    await run(store, Close(), again.identity)
    assert not await expiring(store, last_day)
    assert await expiring(store, last_day + timedelta(days=1)) == [(asked.state.neighbour, last_day)]
    await erase(store, asked.state.neighbour)
    assert not await expiring(store, last_day + timedelta(days=1))


async def test_somebody_whom_no_stream_names_any_more_is_not_needed(store: Store) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    await run(store, Name(neighbour=somebody("Dominique Exemple")), asked.identity)
    assert [each.subject for each in await expiring(store, NOW.date())] == [asked.state.neighbour]


async def test_a_refold_writes_who_is_needed_anew(store: Store) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    before = await naming(store, [asked.state.neighbour])
    await store.pool.execute("UPDATE kept SET until = '2000-01-01'")
    assert [count async for count in refold(store, requests, stale_only=False)] == [1]
    assert await naming(store, [asked.state.neighbour]) == before


async def test_a_store_that_may_have_been_restored_tells_of_nobody(store: Store) -> None:
    asked = await run(store, Ask(street="rue A", neighbour=somebody()))
    await store.pool.execute("DELETE FROM confirmation")
    with pytest.raises(StoreUnconfirmed):
        await store.persons([asked.state.neighbour])


def test_a_stream_tells_of_each_person_until_when_it_is_needed() -> None:
    given = Specification(requests, NOW.date())
    subject = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
    asked = LampAsked(effective_on=NOW.date(), street="rue A", neighbour=subject, note=None)
    given().when(Ask(street="rue A", neighbour=somebody().known_as(subject))).then(asked)
    given(asked, RequestClosed(effective_on=NOW.date())).keeps(Keep(subject, NOW.date() + YEAR))


def test_what_names_persons_tells_until_when_it_needs_them() -> None:
    class Forgetful(State):
        neighbour: Subject

    with pytest.raises(TypeError, match="nothing tells until when it needs the neighbour"):
        Decider("forgetful", Forgetful).check()
