"""The way of a command, raced."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal

import pytest

from contracts.model import Event
from eventstore.bounds import Bound, Bounds
from eventstore.decider import PARIS, Actor, Command, Context, Decider, Lookup, State, tell
from eventstore.execution import Outcome, StreamNotFound, current, execute
from eventstore.postgres.appending import Key, KeyReused, VersionConflict
from eventstore.postgres.store import Store
from eventstore.refusal import Forbidden, Refusal, Rejected
from eventstore.trying import Trial

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=PARIS)
TODAY = NOW.date()
EPCI = Actor("test", frozenset({"epci"}))


class StreetOpened(Event, version=1):
    name: str


class StreetClosed(Event, version=1):
    name: str


class LampInstalled(Event, version=1):
    street: str


class LampTurned(Event, version=1):
    turns: int


class Open(Command):
    """A street is opened."""

    name: str


class Close(Command):
    """A street is closed."""


class Install(Command):
    """A lamp is installed in an open street."""

    street: str


class Turn(Command):
    """The lamp is turned, at most `limit` times in all."""

    limit: int = 1_000


class TurnTo(Command):
    """The lamp is turned to a number, unless it stands there."""

    turns: int


class Plausible(Bounds):
    """What is taken for right of lamps."""

    most_turns: Bound = 1_000


class Street(State):
    name: str
    status: Literal["open", "closed"]


class Lamp(State):
    street: str
    turns: int = 0


STREET_NOT_OPEN = Refusal(
    "street-not-open", "lamps are installed in open streets", "les lampes sont posées dans les rues ouvertes"
)

TURNED_TOO_FAR = Refusal(
    "turned-too-far", "no lamp turns more than {most} times", "aucune lampe ne tourne plus de {most} fois", most=int
)

WORN_OUT = Refusal("worn-out", "the lamp was turned often enough", "la lampe a été assez tournée")

streets = Decider("street", Street, identified_by="name", final="closed")
lamps = Decider("lamp", Lamp)


@streets.creates(by="epci", to="open")
def open_street(command: Open) -> StreetOpened:
    return tell(StreetOpened, command)


streets.steps(Close, StreetClosed, by="epci", when="open", to="closed")


@lamps.creates(by="epci", looks_up=Lookup(streets, "street"))
def install(command: Install, street: Street | None) -> LampInstalled:
    if street is None or street.status != "open":
        raise STREET_NOT_OPEN()
    return LampInstalled(street=command.street, effective_on=command.on)


@lamps.decides(by="epci")
def turn_to(lamp: Lamp, command: TurnTo, context: Context) -> LampTurned | tuple[()]:
    if command.turns > (most := context.of(Plausible).most_turns):
        raise TURNED_TOO_FAR(most=most)
    return LampTurned(turns=command.turns, effective_on=command.on) if command.turns != lamp.turns else ()


@lamps.decides(by="epci")
def turn(lamp: Lamp, command: Turn) -> LampTurned | tuple[()]:
    if lamp.turns >= command.limit:
        raise WORN_OUT()
    return LampTurned(turns=lamp.turns + 1, effective_on=command.on)


@lamps.evolves
def _(_lamp: Lamp | None, event: LampInstalled) -> Lamp:
    return Lamp(street=event.street, effective_on=event.effective_on)


@lamps.evolves
def _(lamp: Lamp, event: LampTurned) -> Lamp:
    return lamp.after(event, turns=event.turns)


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


async def on_street(store: Store, command: Command, identity: str | None = None) -> Outcome[Street]:
    return await execute(store, streets, command, identity=identity, actor=EPCI, now=NOW, metadata="{}")


async def on_lamp(
    store: Store,
    command: Command,
    identity: str | None = None,
    *,
    expected: int | None = None,
    key: Key | None = None,
    actor: Actor = EPCI,
) -> Outcome[Lamp]:
    return await execute(
        store, lamps, command, identity=identity, actor=actor, now=NOW, metadata="{}", expected=expected, key=key
    )


async def a_lamp(store: Store) -> str:
    await on_street(store, Open(name="rue-de-la-republique"))
    return (await on_lamp(store, Install(street="rue-de-la-republique"))).identity


async def test_a_command_leads_from_one_state_to_the_next(store: Store) -> None:
    lamp = await a_lamp(store)
    outcome = await on_lamp(store, Turn(), lamp)
    assert (outcome.version, outcome.state.turns, outcome.replayed) == (2, 1, False)
    again = await current(store, lamps, lamp)
    assert again is not None
    assert (again.version, again.state) == (2, outcome.state)
    assert again.state.effective_on == TODAY


async def test_an_unknown_aggregate_a_refusal_and_a_missing_role_store_nothing(store: Store) -> None:
    lamp = await a_lamp(store)
    stored = len(await store.read(0, 100))
    with pytest.raises(StreamNotFound):
        await on_lamp(store, Turn(), "unknown")
    with pytest.raises(Rejected):
        await on_lamp(store, Turn(limit=0), lamp)
    with pytest.raises(Forbidden):
        await on_lamp(store, Turn(), lamp, actor=Actor("test", frozenset({"school"})))
    assert len(await store.read(0, 100)) == stored


async def test_fifty_at_once_on_one_stream_all_count_when_none_insists_on_a_version(store: Store) -> None:
    lamp = await a_lamp(store)
    outcomes = await asyncio.gather(*(on_lamp(store, Turn(), lamp) for _ in range(50)))
    assert sorted(outcome.state.turns for outcome in outcomes) == list(range(1, 51))


async def test_however_many_crowd_one_stream_none_is_turned_away(store: Store) -> None:
    lamp = await a_lamp(store)
    outcomes = await asyncio.gather(*(on_lamp(store, Turn(), lamp) for _ in range(250)))
    assert sorted(outcome.state.turns for outcome in outcomes) == list(range(1, 251))


async def test_who_gives_up_waiting_for_a_turn_ends_nobody_elses(store: Store) -> None:
    lamp = await a_lamp(store)
    async with store.turn(f"lamp-{lamp}"):
        waiting = [asyncio.create_task(on_lamp(store, Turn(), lamp)) for _ in range(10)]
        done, late = await asyncio.wait(waiting, timeout=0.5)
        assert len(done) == 1
        for each in late:
            each.cancel()
        ends = await asyncio.gather(*late, return_exceptions=True)
        assert {type(end) for end in ends} == {asyncio.CancelledError}
        assert store.turn(f"lamp-{lamp}").locked()
    assert (await on_lamp(store, Turn(), lamp)).state.turns == 2


async def test_fifty_at_once_that_insist_on_a_version_have_one_winner_each_time(store: Store) -> None:
    lamp = await a_lamp(store)
    for version in range(1, 4):
        outcomes = await asyncio.gather(
            *(on_lamp(store, Turn(), lamp, expected=version) for _ in range(50)), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Outcome"] + ["VersionConflict"] * 49


async def test_a_key_answers_as_the_first_time_whatever_happened_since(store: Store) -> None:
    lamp = await a_lamp(store)
    key = Key("client/turn", b"body")
    outcomes = await asyncio.gather(*(on_lamp(store, Turn(limit=1), lamp, key=key, expected=1) for _ in range(20)))
    assert {(outcome.version, outcome.state.turns) for outcome in outcomes} == {(2, 1)}
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    await on_lamp(store, Turn(), lamp)
    # By now the version is stale and the decision would be refused; the effect was before both.
    late = await on_lamp(store, Turn(limit=1), lamp, key=key, expected=1)
    assert (late.version, late.state.turns, late.replayed) == (2, 1, True)
    with pytest.raises(KeyReused):
        await on_lamp(store, Turn(limit=1), lamp, key=Key("client/turn", b"another"), expected=1)


async def test_a_key_answers_as_the_first_time_even_if_nothing_is_left_to_change(store: Store) -> None:
    lamp = await a_lamp(store)
    key = Key("client/turn-to", b"body")
    first = await on_lamp(store, TurnTo(turns=7), lamp, key=key)
    await on_lamp(store, Turn(), lamp)
    await on_lamp(store, TurnTo(turns=7), lamp)
    again = await on_lamp(store, TurnTo(turns=7), lamp, key=key)
    assert (again.version, again.state, again.replayed) == (first.version, first.state, True)
    with pytest.raises(KeyReused):
        await on_lamp(store, TurnTo(turns=7), lamp, key=Key("client/turn-to", b"another"))
    assert (await on_lamp(store, TurnTo(turns=7), lamp, key=Key("unused", b"body"))).version == 4


async def test_a_key_makes_one_new_aggregate_though_every_try_would_give_it_another_id(store: Store) -> None:
    await on_street(store, Open(name="rue-de-la-republique"))
    install = Install(street="rue-de-la-republique")
    outcomes = await asyncio.gather(*(on_lamp(store, install, key=Key("k", b"body")) for _ in range(20)))
    assert len({outcome.identity for outcome in outcomes}) == 1


async def test_no_lamp_is_installed_after_its_street_was_closed(store: Store) -> None:
    for n in range(20):
        name = f"street{n}"
        await on_street(store, Open(name=name))
        await asyncio.gather(
            *(on_lamp(store, Install(street=name)) for _ in range(3)),
            on_street(store, Close(), name),
            *(on_lamp(store, Install(street=name)) for _ in range(3)),
            return_exceptions=True,
        )
    closed: set[str] = set()
    for event in await store.read(0, 10_000):
        decoded = (lamps if event.stream_id.startswith("lamp") else streets).decode(event.type, 1, event.data)
        if isinstance(decoded, StreetClosed):
            closed.add(decoded.name)
        elif isinstance(decoded, LampInstalled):
            assert decoded.street not in closed
    assert len(closed) == 20


async def test_a_state_of_another_revision_is_folded_again_from_the_events(store: Store) -> None:
    lamp = await a_lamp(store)
    await on_lamp(store, Turn(), lamp)
    await store.pool.execute("UPDATE streams SET state_revision = 0, state = '{\"old\": true}'")
    revived = await current(store, lamps, lamp)
    assert revived is not None
    assert revived.state.turns == 1
    assert (await on_lamp(store, Turn(), lamp)).state.turns == 2
    with pytest.raises(VersionConflict):
        await on_lamp(store, Turn(), lamp, expected=1)


async def test_a_record_of_a_category_that_begins_alike_is_no_other(store: Store) -> None:
    posts = Decider("street-lamp", Street, identified_by="name", final="closed")
    posts.decisions, posts._evolutions, posts._derived = streets.decisions, streets._evolutions, streets._derived  # noqa: SLF001
    await execute(store, posts, Open(name="1"), identity=None, actor=EPCI, now=NOW, metadata="{}")
    assert await current(store, streets, "lamp-1") is None
    with pytest.raises(StreamNotFound):
        await on_street(store, Close(), "lamp-1")
    with pytest.raises(Rejected, match="already there") as rejected:
        await execute(store, streets, Open(name="lamp-1"), identity=None, actor=EPCI, now=NOW, metadata="{}")
    assert rejected.value.collides_with is None
    with pytest.raises(Rejected, match="already there") as rejected:
        await execute(store, posts, Open(name="1"), identity=None, actor=EPCI, now=NOW, metadata="{}")
    assert rejected.value.collides_with == "1"
    with pytest.raises(Rejected):
        await on_lamp(store, Install(street="lamp-1"))


@pytest.mark.parametrize(("bounds", "most"), [(None, 1_000), (Plausible(most_turns=3), 3)])
async def test_commands_are_judged_by_the_bounds_of_the_store_and_on_a_trial_by_the_same(
    migrated_database: str, bounds: Plausible | None, most: int
) -> None:
    async with Store.open(migrated_database, bounds=bounds) as store:
        lamp = await a_lamp(store)
        with Trial(store) as trial:
            for streams in (trial, store):
                for turns in (most + 1, most):
                    command = TurnTo(turns=turns)
                    turning = execute(streams, lamps, command, identity=lamp, actor=EPCI, now=NOW, metadata="{}")
                    if turns > most:
                        with pytest.raises(Rejected, match=f"more than {most:,} times"):
                            await turning
                    else:
                        assert (await turning).state.turns == most


async def test_a_decision_that_asks_for_other_bounds_than_the_service_has_is_a_fault(migrated_database: str) -> None:
    async with Store.open(migrated_database, bounds=Bounds()) as store:
        lamp = await a_lamp(store)
        with pytest.raises(TypeError, match="Bounds, not Plausible"):
            await on_lamp(store, TurnTo(turns=1), lamp)


async def test_what_is_recorded_says_in_which_roles_it_could_be_decided(store: Store) -> None:
    lamp = await a_lamp(store)
    town = Actor("frontend", EPCI.roles | {"state"}, EPCI.organisations)
    await on_lamp(store, Turn(), lamp, actor=town)
    (_, told) = await store.history(f"lamp-{lamp}")
    assert json.loads(told.metadata) == {"roles": ["epci"]}
