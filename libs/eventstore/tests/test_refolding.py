"""What stands beside the events is written anew where it is stale, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from contracts.model import Event
from eventstore.decider import PARIS, Actor, Command, Decider, State
from eventstore.execution import execute
from eventstore.finding import Finding
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from eventstore.refolding import refold

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=PARIS)
EPCI = Actor("test", frozenset({"epci"}))


class BenchSet(Event, version=1):
    place: str


class BenchMoved(Event, version=1):
    place: str


class SetBench(Command):
    """A bench is set."""

    place: str


class MoveBench(Command):
    """It is moved."""

    place: str


class Bench(State):
    place: str


def benches(finding: Finding) -> Decider[Bench]:
    """The same decider as a release that declares this would have it."""
    decider = Decider("bench", Bench, finding=finding)

    @decider.creates(by="epci")
    def set_(command: SetBench) -> BenchSet:
        return BenchSet(place=command.place, effective_on=command.on)

    @decider.decides(by="epci")
    def move(_bench: Bench, command: MoveBench) -> BenchMoved:
        return BenchMoved(place=command.place, effective_on=command.on)

    @decider.evolves
    def _(_bench: Bench | None, event: BenchSet) -> Bench:
        return Bench(place=event.place, effective_on=event.effective_on)

    @decider.evolves
    def _(bench: Bench, event: BenchMoved) -> Bench:
        return bench.after(event, place=event.place)

    return decider


BEFORE = benches(Finding())
NOW_FOUND = benches(Finding(found_by=("place",), sorted_by=("place",)))


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


async def run(store: Store, decider: Decider[Bench], command: Command, identity: str | None = None) -> str:
    outcome = await execute(store, decider, command, identity=identity, actor=EPCI, now=NOW, metadata="{}")
    return outcome.identity


async def found(store: Store, place: str) -> int:
    """How many benches are found there, by both ways."""
    labels = NOW_FOUND.labelling.having([("place", place)])
    listed = await store.list_streams(Wanted("bench", labels=labels, sort="place", limit=500, counted=True))
    assert listed.in_all == len(listed.streams)
    return len(listed.streams)


async def folded(store: Store, decider: Decider[Bench], *, stale_only: bool = True) -> int:
    return sum([each async for each in refold(store, decider, stale_only=stale_only)])


async def test_streams_of_before_are_found_once_they_are_folded_anew(store: Store) -> None:
    identities = await asyncio.gather(*(run(store, BEFORE, SetBench(place="quay")) for _ in range(120)))
    assert await found(store, "quay") == 0
    assert await folded(store, NOW_FOUND) == 120
    assert await found(store, "quay") == 120
    assert await folded(store, NOW_FOUND) == 0
    assert await folded(store, NOW_FOUND, stale_only=False) == 120
    assert await found(store, "quay") == 120
    # What a release that is on its way out still writes goes stale, and is found out.
    await run(store, BEFORE, MoveBench(place="park"), identities[0])
    assert await folded(store, NOW_FOUND) == 1
    assert (await found(store, "quay"), await found(store, "park")) == (119, 1)


async def test_the_first_command_on_a_stream_of_before_writes_all_that_is_declared_now(store: Store) -> None:
    identity = await run(store, BEFORE, SetBench(place="quay"))
    await run(store, NOW_FOUND, MoveBench(place="park"), identity)
    assert (await found(store, "quay"), await found(store, "park")) == (0, 1)
    assert await folded(store, NOW_FOUND) == 0


async def test_a_state_of_another_revision_is_folded_from_its_events(store: Store) -> None:
    identity = await run(store, NOW_FOUND, SetBench(place="quay"))
    await store.pool.execute("UPDATE streams SET state_revision = 0, state = '{}', labels = ''")
    assert await folded(store, NOW_FOUND) == 1
    stored = await store.load(f"bench-{identity}")
    assert stored is not None
    assert stored.is_fresh(1)
    assert await found(store, "quay") == 1
    # That of a later release is left to it.
    await store.pool.execute("UPDATE streams SET state_revision = 2, labelling = 0")
    assert await folded(store, NOW_FOUND, stale_only=False) == 0


async def test_commands_meanwhile_are_neither_lost_nor_undone(store: Store) -> None:
    identities = await asyncio.gather(*(run(store, BEFORE, SetBench(place="quay")) for _ in range(100)))

    async def move(identity: str) -> None:
        await run(store, NOW_FOUND, MoveBench(place="park"), identity)

    await asyncio.gather(folded(store, NOW_FOUND), folded(store, NOW_FOUND), *map(move, identities))
    assert (await found(store, "quay"), await found(store, "park")) == (0, 100)
    assert await folded(store, NOW_FOUND) == 0


async def test_labels_are_settled(store: Store) -> None:
    await run(store, NOW_FOUND, SetBench(place="quay"))
    await store.settle_labels()
    assert await found(store, "quay") == 1
