"""What stands beside the events is written anew where it is stale, and nothing else is."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import ClassVar

import pytest

from contracts.model import Event
from eventstore.decider import PARIS, Actor, Claim, Command, Decider, Due, State
from eventstore.execution import execute
from eventstore.finding import Finding
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from eventstore.refolding import refold
from eventstore.refusal import Refusal, Rejected

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


class BenchOfLater(Bench):
    revision: ClassVar[int] = 2


class BenchOfLast(Bench):
    revision: ClassVar[int] = 3


PLACE_TAKEN = Refusal("place-taken", "there is a bench already", "il y a déjà un banc")
PLACE_CROWDED = Refusal("place-crowded", "no more than {limit}", "pas plus de {limit}", limit=int)


def benches(
    finding: Finding,
    state: type[Bench] = Bench,
    *,
    claims: Callable[[Bench], Iterable[Claim]] = lambda _: (),
    due: Callable[[Bench], Iterable[Due]] = lambda _: (),
) -> Decider[Bench]:
    """The same decider as a release that declares this would have it."""
    decider = Decider("bench", state, finding=finding)
    decider.claims(claims)
    decider.due(due)

    @decider.creates(by="epci")
    def set_(command: SetBench) -> BenchSet:
        return BenchSet(place=command.place, effective_on=command.on)

    @decider.decides(by="epci")
    def move(_bench: Bench, command: MoveBench) -> BenchMoved:
        return BenchMoved(place=command.place, effective_on=command.on)

    @decider.evolves
    def _(_bench: Bench | None, event: BenchSet) -> Bench:
        return state(place=event.place, effective_on=event.effective_on)

    @decider.evolves
    def _(bench: Bench, event: BenchMoved) -> Bench:
        return bench.after(event, place=event.place)

    return decider


BEFORE = benches(Finding())
NOW_FOUND = benches(Finding(found_by=("place",), sorted_by=("place",)))

WINTER, SPRING = datetime(2026, 11, 1, tzinfo=PARIS), datetime(2027, 3, 1, tzinfo=PARIS)


def one_to_a_place(bench: Bench) -> Iterable[Claim]:
    yield Claim(PLACE_TAKEN, bench.place)


def two_to_a_place(bench: Bench) -> Iterable[Claim]:
    yield Claim(PLACE_CROWDED, bench.place, limit=2)


def moves(**places: datetime) -> Callable[[Bench], Iterable[Due]]:
    """Benches that are to be moved there at these times."""
    return lambda _: [Due(at, MoveBench(place=place)) for place, at in places.items()]


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


async def held(store: Store) -> list[tuple[str, str, str]]:
    """Which bench holds what, by kind and key."""
    rows = await store.pool.fetch("SELECT stream_id, kind, key FROM claims ORDER BY kind, key, stream_id")
    return [(stream_id.removeprefix("bench-"), kind, key) for stream_id, kind, key in rows]


async def due_on(store: Store, identity: str) -> dict[str, datetime]:
    """When a bench is due to be moved, by where to."""
    rows = await store.pool.fetch("SELECT name, body, at FROM due WHERE stream_id = $1", f"bench-{identity}")
    assert {row["name"] for row in rows} <= {"MoveBench"}
    return {json.loads(row["body"])["place"]: row["at"] for row in rows}


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


async def test_what_is_held_is_told_anew_and_collisions_are_found(store: Store) -> None:
    one, other, third = [await run(store, BEFORE, SetBench(place=place)) for place in ("quay", "quay", "park")]
    alone = benches(Finding(), BenchOfLater, claims=one_to_a_place)
    assert await folded(store, alone) == 3
    assert await held(store) == [
        (third, "place-taken", "park"),
        *((each, "place-taken", "quay") for each in sorted((one, other))),
    ]
    (collision,) = await store.collisions()
    first, second = sorted(f"bench-{each}" for each in (one, other))
    assert str(collision) == f"place-taken: quay is held by {first} and {second}"
    for place in ("quay", "park"):
        with pytest.raises(Rejected):
            await run(store, alone, SetBench(place=place))
    await run(store, alone, MoveBench(place="quay"), one)
    await run(store, alone, MoveBench(place="pond"), other)
    assert await store.collisions() == []
    # A release that tells nothing of it any more.
    assert await folded(store, benches(Finding(), BenchOfLast)) == 3
    assert await held(store) == []


async def test_a_limit_that_is_passed_is_found(store: Store) -> None:
    crowd = [await run(store, BEFORE, SetBench(place="quay")) for _ in range(3)]
    await run(store, BEFORE, SetBench(place="park"))
    few = benches(Finding(), BenchOfLater, claims=two_to_a_place)
    await folded(store, few)
    streams = sorted(f"bench-{each}" for each in crowd)
    (collision,) = await store.collisions()
    assert collision == ("place-crowded", "quay", streams, 3, 2)
    assert str(collision) == f"place-crowded: of quay 3 are held, of at most 2, by {' and '.join(streams)}"
    await run(store, few, MoveBench(place="park"), crowd[0])
    assert await store.collisions() == []


async def test_what_is_due_is_told_anew_and_left_alone_where_it_is_as_it_was(store: Store) -> None:
    identity = await run(
        store, benches(Finding(), due=moves(shed=WINTER, loft=WINTER, barn=WINTER)), SetBench(place="quay")
    )
    await store.pool.execute(
        "UPDATE due SET taken_until = 'infinity', parked_at = now(), parked_on = 1, reason = 'stuck'"
    )
    later = benches(Finding(), BenchOfLater, due=moves(shed=WINTER, loft=SPRING, yard=WINTER))
    assert await folded(store, later) == 1
    assert await due_on(store, identity) == {"shed": WINTER, "loft": SPRING, "yard": WINTER}
    rows = await store.pool.fetch(
        "SELECT body FROM due WHERE reason = 'stuck' AND parked_on = 1 AND taken_until IS NOT NULL"
    )
    assert [json.loads(row["body"]) for row in rows] == [{"place": "shed"}]
    assert await folded(store, benches(Finding(), BenchOfLast)) == 1
    assert await due_on(store, identity) == {}


@pytest.mark.parametrize(
    "later",
    [
        benches(Finding(), BenchOfLater, claims=one_to_a_place, due=moves(shed=WINTER, loft=SPRING)),
        benches(Finding(found_by=("place",)), claims=one_to_a_place, due=moves(shed=WINTER, loft=SPRING)),
    ],
    ids=["of another revision", "of another labelling"],
)
async def test_the_first_command_on_a_stream_of_before_tells_all_that_is_held_and_due(
    store: Store, later: Decider[Bench]
) -> None:
    before = benches(Finding(), claims=two_to_a_place, due=moves(loft=WINTER, barn=WINTER))
    identity, other = [await run(store, before, SetBench(place="quay")) for _ in range(2)]
    # Where it stands already: no difference between the two states tells what is held.
    await run(store, later, MoveBench(place="quay"), identity)
    assert await held(store) == [(other, "place-crowded", "quay"), (identity, "place-taken", "quay")]
    assert await due_on(store, identity) == {"shed": WINTER, "loft": SPRING}
    assert await due_on(store, other) == {"loft": WINTER, "barn": WINTER}
    last = benches(Finding(sorted_by=("place",)), BenchOfLast)
    await run(store, last, MoveBench(place="quay"), identity)
    assert await held(store) == [(other, "place-crowded", "quay")]
    assert await due_on(store, identity) == {}


async def test_what_newer_code_told_is_left_to_it_by_a_command_that_changes_none_of_it(store: Store) -> None:
    old = benches(Finding(), claims=two_to_a_place, due=moves(loft=WINTER))
    new = benches(Finding(), BenchOfLater, claims=one_to_a_place, due=moves(shed=WINTER))
    identity = await run(store, old, SetBench(place="quay"))
    await folded(store, new)
    await run(store, old, MoveBench(place="quay"), identity)
    assert await held(store) == [(identity, "place-taken", "quay")]
    assert await due_on(store, identity) == {"shed": WINTER}


async def test_commands_meanwhile_leave_what_their_streams_hold(store: Store) -> None:
    identities = await asyncio.gather(*(run(store, BEFORE, SetBench(place=f"quay-{n}")) for n in range(100)))
    later = benches(Finding(), BenchOfLater, claims=one_to_a_place, due=moves(shed=WINTER))
    await asyncio.gather(
        folded(store, later),
        folded(store, later),
        *(run(store, later, MoveBench(place=f"park-{n}"), each) for n, each in enumerate(identities)),
    )
    assert sorted(await held(store)) == sorted((each, "place-taken", f"park-{n}") for n, each in enumerate(identities))
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 100


async def test_labels_are_settled(store: Store) -> None:
    await run(store, NOW_FOUND, SetBench(place="quay"))
    await store.settle_labels()
    assert await found(store, "quay") == 1
