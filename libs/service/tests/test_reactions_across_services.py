"""What one service's events ask of another's streams: each command once in effect, whatever is killed meanwhile."""

import asyncio
import json
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import ferries
import pytest
from blows import Workers, working
from ferries import Close, Leave, Open
from inns import FallIll, Hire, Move, Recover, porters
from lamps import settings_for
from stays import quays

from contracts.roles import Role
from devstack.issuer import Issuer
from devstack.prepared import prepare
from devstack.servers import Postgres
from devstack.topics import read_topic
from eventstore.decider import Actor, Command, Decider
from eventstore.execution import execute
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.parking import ask_for_message, parked
from eventstore.postgres.store import Recorded, Store
from service import clock
from service.running.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

TOWN: Final = Actor("town", frozenset[Role]({"town_hall"}))
PARTITIONS: Final = 3
QUAYS: Final = [f"quay-{number}" for number in range(4)]
LATER: Final = [f"late-{number}" for number in range(3)]
"""Quays that are opened while all goes on."""
CLOSED: Final = "closed"
BLOWS: Final = ("relay", "reactions", "reactions", "all but one", "all but one", "database", "illness", "mending")
FROZEN: Final = (2.0, 3.5)
"""Seconds that a worker stands still: longer than others wait for a sign of life, and most often take to take over."""
PATIENCE: Final = 60.0


@pytest.fixture
def territory() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def publishing(migrated_database: str, kafka: str, territory: str, issuer: Issuer) -> Settings:
    return settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": territory, "topic_partitions": PARTITIONS}
    )


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """The server of the inns' database, which only this test uses. It outlives what is done to it."""
    tmp_path.chmod(0o755)
    with Postgres(tmp_path / "postgres", durable=False) as postgres:
        asyncio.run(prepare(postgres.url))
        yield postgres
        if postgres.running:
            postgres.resume()


@pytest.fixture
def reacting(postgres: Postgres, publishing: Settings) -> Settings:
    return publishing.model_copy(update={"database_url": postgres.url})


@pytest.fixture
async def theirs(publishing: Settings) -> AsyncIterator[Store]:
    """The store of ferries."""
    async with Store.open(publishing.database_url) as store:
        yield store


@pytest.fixture
async def ours(reacting: Settings) -> AsyncIterator[Store]:
    """The store of inns."""
    async with Store.open(reacting.database_url) as store:
        yield store


async def until(told: Callable[[], Awaitable[object]]) -> None:
    """Waits until something is told."""
    async with asyncio.timeout(PATIENCE):
        while not await told():  # noqa: ASYNC110 -- others' work has no event
            await asyncio.sleep(0.05)


async def order(
    store: Store, decider: Decider[Any], command: Command, identity: str | None = None, **metadata: object
) -> str:
    """The town hall has something done, and is told the id of the record."""
    outcome = await execute(
        store, decider, command, identity=identity, actor=TOWN, now=clock.now(), metadata=json.dumps(metadata)
    )
    return outcome.identity


async def begin(theirs: Store, ours: Store) -> dict[str, list[str]]:
    """Opens quays, closes one of them, and hires porters: the streams of those at each quay. The first ones are ill."""
    for name in (*QUAYS, CLOSED):
        await order(theirs, ferries.quays, Open(name=name))
    await order(theirs, ferries.quays, Close(), CLOSED)
    there = defaultdict[str, list[str]](list)
    for quay in (*QUAYS, *QUAYS, *LATER, CLOSED):
        porter = await order(ours, porters, Hire(quay=quay))
        if quay in QUAYS and quay not in there:
            await order(ours, porters, FallIll(), porter)
        there[quay].append(porters.stream_id(porter))
    return there


async def sail(theirs: Store, chance: random.Random) -> AsyncIterator[None]:
    """A ferry leaves each quay, again and again, some for one that was opened that moment. Half of it is a sample."""
    late, opened = list(LATER), [*QUAYS, CLOSED]
    while True:
        for number, quay in enumerate(QUAYS):
            to = chance.choice(opened)
            if late and chance.random() < 0.15:
                opened.append(to := late.pop())
                await order(theirs, ferries.quays, Open(name=to))
            told: dict[str, Any] = {"sample": True} if number % 2 else {"correlation_id": f"work-{quay}"}
            await order(theirs, ferries.quays, Leave(to=to), quay, **told)
        yield


async def strike(
    blow: str, publishers: Workers, reactors: Workers, postgres: Postgres, ours: Store, chance: random.Random
) -> None:
    """Kills or freezes workers, takes the database away for a while, or has half of the porters fall ill or recover."""
    match blow:
        case "relay":
            publishers.strike(chance, FROZEN)
        case "reactions":
            reactors.strike(chance, FROZEN)
        case "all but one":
            for worker in reactors.standing[1:]:
                reactors.freeze(worker, chance.uniform(*FROZEN))
        case "database":
            away, back = chance.choice([(postgres.kill, postgres.start), (postgres.pause, postgres.resume)])
            await asyncio.to_thread(away)
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            await asyncio.to_thread(back)
        case "illness":
            with suppress(StoreUnavailable):
                rows = await ours.fetch("SELECT stream_id FROM streams WHERE state ->> 'status' = 'well' ORDER BY 1")
                for row in rows[::2]:
                    await order(ours, porters, FallIll(), porters.identity(row["stream_id"]))
        case _:
            await mend(ours)


async def mend(ours: Store) -> set[str]:
    """Has the porters recover, and asks for what is parked to be tried again; returns why it was parked."""
    reasons = set[str]()
    with suppress(StoreUnavailable):
        letters = await ours.asked(parked(ours.pool))
        reasons = {letter.reason for letter in letters}
        for row in await ours.fetch("SELECT stream_id FROM streams WHERE state ->> 'status' = 'ill'"):
            await order(ours, porters, Recover(), porters.identity(row["stream_id"]))
        for letter in letters:
            await ours.asked(ask_for_message(ours.pool, letter.id))
    return reasons


async def all_handled(theirs: Store, ours: Store, kafka: str, topic: str) -> set[str]:
    """Waits until all is relayed, mirrored, reacted to and mended; returns why things were parked."""
    reasons = set[str]()
    async with asyncio.timeout(PATIENCE):
        while True:
            reasons |= await mend(ours)
            messages = await read_topic(kafka, topic)
            ends = {message.partition: message.position for message in messages}
            marks = await ours.fetch("SELECT partition, position FROM marks WHERE topic = $1", topic)
            there = [mark for mark in marks if mark["position"] >= ends.get(mark["partition"], 0)]
            recorded = len(await theirs.read(0, 100_000))
            # Those of the reactions and of the mirror.
            if len(messages) >= recorded and len(there) == 2 * PARTITIONS and not await parked(ours.pool):
                return reasons
            await asyncio.sleep(0.2)


class Effect(NamedTuple):
    """What an event of ferries led to."""

    event_id: str
    type: str
    porter: str = ""
    """The stream that it is in, unless it began one."""


def effect(event: Recorded) -> Effect:
    """What a recorded event is the effect of."""
    cause = json.loads(event.metadata)["causation_id"]
    return Effect(cause, event.type, event.stream_id if event.type == "LuggageCarried" else "")


def asked_for(told: Sequence[Recorded], there: Mapping[str, Sequence[str]]) -> Counter[Effect]:
    """What the events of ferries should have led to, by whom there is at each quay."""
    asked = Counter[Effect]()
    for event in told:
        if event.type == "FerryLeft":
            event_id, to = str(event.event_id), json.loads(event.data)["to"]
            asked[Effect(event_id, "MealCooked")] += 1
            asked[Effect(event_id, "RoomLet")] += to != CLOSED
            asked.update(Effect(event_id, "LuggageCarried", porter) for porter in there[to])
    return +asked


def faults(told: Sequence[Recorded], led: Sequence[Recorded]) -> list[str]:
    """Each way in which what the events of ferries led to is not in their order, or not marked as they are."""
    found = []
    causes = {str(event.event_id): event for event in told}
    last: dict[tuple[str, ...], int] = defaultdict(int)
    for event in led:
        event_id, *kind = effect(event)
        cause = causes[event_id]
        travels = {name: told for name, told in json.loads(cause.metadata).items() if name != "roles"}
        said = json.loads(event.metadata)
        reaction = said.pop("reaction", "")
        if said != {"actor": "platform", "causation_id": event_id, **travels} or not reaction.startswith(event_id):
            found.append(f"{event.type} says {event.metadata}, and is of what says {cause.metadata}")
        before = last[cause.stream_id, *kind]
        if cause.version <= before:
            found.append(f"{event.type} of version {cause.version} of {cause.stream_id} comes after {before}")
        last[cause.stream_id, *kind] = cause.version
        if event.type != "LuggageCarried" and event.version != 1:
            found.append(f"{event.type} is version {event.version} of its stream")
    return found


async def led_to(ours: Store) -> list[Recorded]:
    """What reactions led to."""
    return [event for event in await ours.read(0, 100_000) if "causation_id" in json.loads(event.metadata)]


async def mirrored(ours: Store) -> dict[str, tuple[str, int]]:
    """How the mirror shows each quay: its status, and how many of its events."""
    rows = await ours.fetch("SELECT * FROM streams WHERE category = 'known-quay'")
    states = {quays.identity(row["stream_id"]): json.loads(row["state"]) for row in rows}
    return {quay: (state["status"], state["events"]) for quay, state in states.items()}


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 9))])
async def test_whatever_is_killed_frozen_away_or_refused_each_command_has_one_effect_in_order(
    publishing: Settings,
    reacting: Settings,
    postgres: Postgres,
    theirs: Store,
    ours: Store,
    issuer: Issuer,
    kafka: str,
    seed: int,
) -> None:
    chance, topic = random.Random(seed), publishing.topic("ferries")
    there = await begin(theirs, ours)
    with (
        working("ferries", publishing, issuer, 2) as publishers,
        working("inns", reacting, issuer, 3) as reactors,
    ):
        sailing = sail(theirs, chance)
        await anext(sailing)
        await until(lambda: parked(ours.pool))
        for blow in chance.sample(BLOWS, len(BLOWS)):
            await anext(sailing)
            # What happened a moment ago is just being handled.
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            await strike(blow, publishers, reactors, postgres, ours, chance)
        await asyncio.gather(publishers.thawed(), reactors.thawed())
        # What a worker had in mind while it was frozen it does now.
        await asyncio.sleep(1)
        reasons = await all_handled(theirs, ours, kafka, topic)

        told, led = await theirs.read(0, 100_000), await led_to(ours)
        assert Counter(map(effect, led)) == asked_for(told, there)
        assert faults(told, led) == []
        quays_told = Counter(event.stream_id.removeprefix("quay-") for event in told)
        assert await mirrored(ours) == {
            quay: ("closed" if quay == CLOSED else "open", count) for quay, count in quays_told.items()
        }
        assert all("porter-ill" in reason or reason == "it is about to be tried" for reason in reasons), reasons

        # All of it is delivered again, where there are others now to be found.
        for quay in there:
            await order(ours, porters, Hire(quay=quay))
        before = await ours.read(0, 100_000)
        await ours.pool.execute("UPDATE marks SET position = 0 WHERE subscription = 'inns-reactions'")
        for worker in list(reactors.standing):
            reactors.kill(worker)
        assert await all_handled(theirs, ours, kafka, topic) == set()
        assert await ours.read(0, 100_000) == before


async def test_what_was_found_for_an_event_is_not_found_otherwise_when_it_is_tried_again(
    publishing: Settings, reacting: Settings, theirs: Store, ours: Store, issuer: Issuer, kafka: str
) -> None:
    with working("ferries", publishing, issuer, 1), working("inns", reacting, issuer, 1):
        stays, leaves, elsewhere = [await order(ours, porters, Hire(quay=quay)) for quay in ("b", "b", "c")]
        await order(theirs, ferries.quays, Open(name="a"))
        await order(theirs, ferries.quays, Leave(to="b"), "a")
        # The room is refused, for there is no such quay. The meal is cooked, and the luggage carried.
        await until(lambda: parked(ours.pool))
        before = await led_to(ours)
        await order(ours, porters, Move(quay="c"), leaves)
        await order(ours, porters, Move(quay="b"), elsewhere)
        await order(ours, porters, FallIll(), stays)
        await order(ours, porters, Hire(quay="b"))
        await order(theirs, ferries.quays, Open(name="b"))
        await all_handled(theirs, ours, kafka, publishing.topic("ferries"))
    *carried_and_cooked, let = await led_to(ours)
    assert carried_and_cooked == before
    assert sorted(event.type for event in before) == ["LuggageCarried", "LuggageCarried", "MealCooked"]
    assert let.type == "RoomLet"


async def test_what_a_mirror_does_not_show_yet_is_waited_for(
    publishing: Settings, reacting: Settings, theirs: Store, ours: Store, issuer: Issuer, kafka: str
) -> None:
    with working("ferries", publishing, issuer, 1), working("inns", reacting, issuer, 1):
        await order(theirs, ferries.quays, Open(name="a"))
        await all_handled(theirs, ours, kafka, publishing.topic("ferries"))
        async with ours.pool.acquire() as connection, connection.transaction():
            # Whoever folds the mirror waits for this.
            await connection.execute("SELECT FROM marks WHERE subscription = $1 FOR UPDATE", quays.subscription)
            await order(theirs, ferries.quays, Open(name="b"))
            await order(theirs, ferries.quays, Leave(to="b"), "a")
            await until(lambda: led_to(ours))
            # Longer than one attempt waits.
            await asyncio.sleep(5)
            assert [event.type for event in await led_to(ours)] == ["MealCooked"]
            assert await parked(ours.pool) == []
        assert await all_handled(theirs, ours, kafka, publishing.topic("ferries")) == set()
    assert [event.type for event in await led_to(ours)] == ["MealCooked", "RoomLet"]
