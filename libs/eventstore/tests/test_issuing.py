"""What the platform issues: each due command and each reaction once in effect, however many replicas there are."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import asyncpg
import pytest
from towns import running, until

from contracts.model import Event
from devstack.prepared import prepare
from eventstore import reactions as asking
from eventstore.decider import PARIS, PLATFORM, Actor, Claim, Command, Decider, Due, State, tell
from eventstore.execution import Outcome, StreamNotFound, current, execute
from eventstore.finding import Finding
from eventstore.issuing import ReactionsRefused, issue_due, react
from eventstore.kafka.envelope import Message
from eventstore.postgres.confirmation import StoreUnconfirmed, confirm, withdraw
from eventstore.postgres.connection import StoreUnavailable, connect
from eventstore.postgres.derived import Derived
from eventstore.postgres.parking import Led, discard, parked, record_reaction
from eventstore.postgres.store import Recorded, Store
from eventstore.publishing.reconciliation import reconcile
from eventstore.publishing.relay import Relay
from eventstore.reactions import Found, Issue, Reactions
from eventstore.refolding import derive
from eventstore.refusal import Refusal

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 5, 4, 12, tzinfo=PARIS)
CLERK: Final = Actor("clerk", frozenset({"network"}))


class SeatReserved(Event, version=1):
    seat: str
    until: date


class SeatQueued(Event, version=1):
    seat: str


class SeatOffered(Event, version=1):
    seat: str


class SeatReleased(Event, version=1):
    seat: str


class Reserve(Command):
    """Somebody reserves a seat for some days."""

    seat: str
    until: date


class Queue(Command):
    """Somebody waits for a seat."""

    seat: str


class Offer(Command):
    """A seat that fell free is offered."""


class Release(Command):
    """A seat falls free."""


class Seat(State):
    seat: str
    status: Literal["reserved", "queued", "offered", "released"]
    until: date | None = None


TAKEN = Refusal("seat-taken", "somebody else has the seat", "quelqu'un d'autre a la place")
seats = Decider("seat", Seat, final="released", finding=Finding(found_by=("seat", "status")))


@seats.creates(by="network", to="reserved")
def reserve(command: Reserve) -> SeatReserved:
    return tell(SeatReserved, command)


@seats.creates(by=PLATFORM, to="queued")
def queue(command: Queue) -> SeatQueued:
    return tell(SeatQueued, command)


seats.steps(Offer, SeatOffered, by=PLATFORM, when="queued", to="offered")


@seats.decides(by=("network", PLATFORM), when=("reserved", "offered"), to="released")
def release(seat: Seat, command: Release) -> SeatReleased | tuple[()]:
    return () if seat.seat == "stuck" else tell(SeatReleased, command, seat)


@seats.claims
def _(seat: Seat) -> Iterable[Claim]:
    if seat.status in ("reserved", "offered"):
        yield Claim(TAKEN, seat.seat)


@seats.due
def _(seat: Seat) -> Iterable[Due]:
    if seat.status == "reserved" and seat.until:
        yield Due(seat.until, Release())


seats.check()
DECIDERS: Final[Mapping[str, Decider[Any]]] = {"seat": seats}
reactions = Reactions()


@reactions.to(finds=seats, by={"seat": "seat"}, among={"status": "queued"})
def offer_to_the_next(_event: SeatReleased, waiting: Sequence[Found[Seat]]) -> Iterable[Issue]:
    for found in waiting:
        yield Issue(seats, found.identity, Offer(), expects=(TAKEN,))


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


async def issued(
    store: Store,
    command: Command,
    identity: str | None = None,
    *,
    actor: Actor = CLERK,
    now: datetime = NOW,
    metadata: str = "{}",
) -> Outcome[Seat]:
    return await execute(store, seats, command, identity=identity, actor=actor, now=now, metadata=metadata)


async def reserved(store: Store, seat: str, *, days: int = 3, metadata: str = "{}") -> str:
    until = NOW.date() + timedelta(days=days)
    return (await issued(store, Reserve(seat=seat, until=until), metadata=metadata)).identity


async def queued(store: Store, seat: str) -> str:
    return (await issued(store, Queue(seat=seat), actor=Actor(PLATFORM, frozenset({PLATFORM})))).identity


async def state(store: Store, identity: str) -> Outcome[Seat]:
    found = await current(store, seats, identity)
    assert found is not None
    return found


async def released(store: Store, identity: str) -> tuple[Message, Event]:
    """The event that the seat fell free, as its topic would tell it."""
    stream_id = seats.stream_id(identity)
    (last,) = [each for each in await store.history(stream_id) if each.type == "SeatReleased"]
    message = Message(
        position=last.position,
        stream_id=stream_id,
        version=last.version,
        previous=0,
        event_id=last.event_id,
        type=last.type,
        schema_version=1,
        recorded_at=last.recorded_at,
        sample=True,
        data=last.data.encode(),
        source="/t/s",
        topic="t.s.v1",
        partition=0,
        offset=0,
        correlation_id="work-7",
    )
    return message, SeatReleased.model_validate_json(last.data)


async def test_what_is_due_is_issued_on_its_day_and_not_before(store: Store) -> None:
    identity = await reserved(store, "1A", metadata='{"actor":"clerk","sample":true}')
    later = NOW + timedelta(days=5)
    assert await issue_due(store, DECIDERS, NOW) == 0
    assert await issue_due(store, DECIDERS, later) == 1
    assert await issue_due(store, DECIDERS, later) == 0
    found = await state(store, identity)
    assert (found.version, found.state.status, found.state.effective_on) == (2, "released", date(2026, 5, 7))
    first, last = await store.history(seats.stream_id(identity))
    assert json.loads(last.metadata) == {"actor": PLATFORM, "sample": True, "causation_id": str(first.event_id)}


async def test_what_is_due_of_an_earlier_day_than_the_latest_step_is_of_that_day(store: Store) -> None:
    identity = await reserved(store, "1A", days=-3)
    await issue_due(store, DECIDERS, NOW)
    assert (await state(store, identity)).state.effective_on == NOW.date()


async def test_any_number_of_replicas_issue_what_is_due_once(migrated_database: str) -> None:
    later = NOW + timedelta(days=5)
    async with Store.open(migrated_database) as one, Store.open(migrated_database) as other:
        for n in range(60):
            await reserved(one, f"{n}")

        async def worker(store: Store) -> None:
            while await issue_due(store, DECIDERS, later):
                # As a worker that was frozen and wakes: what it took is another's meanwhile.
                if random.random() < 0.5:
                    await store.pool.execute("UPDATE due SET taken_until = NULL WHERE random() < 0.5")

        await asyncio.gather(*(worker((one, other)[n % 2]) for n in range(6)))
        ends = await one.pool.fetch("SELECT count(*) FROM events WHERE type = 'SeatReleased' GROUP BY stream_id")
        assert [row["count"] for row in ends] == [1] * 60
        assert await one.pool.fetchval("SELECT count(*) FROM due") == 0
        assert await parked(one.pool) == []


async def test_where_the_stream_has_moved_on_what_was_due_is_dropped(store: Store) -> None:
    identity = await reserved(store, "1A")
    stale = await store.pool.fetchrow("SELECT * FROM due")
    await issued(store, Release(), identity)
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 0
    assert stale is not None
    await store.pool.execute("INSERT INTO due (stream_id, name, body, at) VALUES ($1, $2, $3, $4)", *list(stale)[:4])
    assert await issue_due(store, DECIDERS, NOW + timedelta(days=5)) == 1
    assert (await state(store, identity)).version == 2
    assert await store.pool.fetchval("SELECT count(*) FROM due") == 0


async def test_what_is_due_waits_for_a_database_that_does_not_answer(store: Store) -> None:
    identity = await reserved(store, "1A", days=0)
    async with store.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE due IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable):
            await issue_due(store, DECIDERS, NOW)
    assert (await state(store, identity)).state.status == "reserved"


async def test_what_would_be_due_for_ever_is_parked(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await reserved(store, "stuck")
    await issue_due(store, DECIDERS, NOW + timedelta(days=5))
    (letter,) = await parked(store.pool)
    assert (letter.kind, letter.name) == ("due", "Release")
    assert "changes nothing" in letter.reason
    assert "is parked" in caplog.text
    assert await issue_due(store, DECIDERS, NOW + timedelta(days=6)) == 0
    assert await discard(store.pool, letter.id)
    assert await parked(store.pool) == []


async def test_a_reaction_is_once_in_effect_however_often_it_is_delivered(store: Store) -> None:
    identity = await reserved(store, "1A")
    waiting = [await queued(store, "1A") for _ in range(3)]
    other = await queued(store, "1B")
    await issued(store, Release(), identity)
    message, event = await released(store, identity)
    await asyncio.gather(*(react(store, reactions, message, event, NOW) for _ in range(5)))
    statuses = [(await state(store, each)).state.status for each in waiting]
    assert sorted(statuses) == ["offered", "queued", "queued"]
    assert (await state(store, other)).state.status == "queued"
    assert await parked(store.pool) == []
    (offered,) = [each for each in waiting if (await state(store, each)).state.status == "offered"]
    _, last = await store.history(seats.stream_id(offered))
    assert json.loads(last.metadata) == {
        "actor": PLATFORM,
        "sample": True,
        "causation_id": str(message.event_id),
        "correlation_id": "work-7",
        "reaction": f"{message.event_id}/offer-to-the-next/{seats.stream_id(offered)}",
    }
    # The one that had it gives it back: the same event, delivered again, offers nothing anew.
    await issued(store, Release(), offered)
    await react(store, reactions, message, event, NOW)
    assert sorted([(await state(store, each)).state.status for each in waiting]) == ["queued", "queued", "released"]


async def test_what_a_reaction_led_to_is_not_done_again_in_a_store_that_took_it_back(
    store: Store, migrated_database: str, other_database: str, kafka: str, topic: str
) -> None:
    asking = Reactions()

    @asking.to()
    def queue_for_it_and_another(event: SeatReleased) -> Iterable[Issue]:
        yield Issue(seats, None, Queue(seat=event.seat))
        yield Issue(seats, None, Queue(seat="1Z"))

    identity = await reserved(store, "1A")
    await issued(store, Release(), identity)
    message, event = await released(store, identity)
    await react(store, asking, message, event, NOW)
    everything = await store.read(0, 100)
    assert [each.type for each in everything] == ["SeatReserved", "SeatReleased", "SeatQueued", "SeatQueued"]
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=2)
    async with running(relay):
        await until(lambda: relay.mark == everything[-1].position)

    await prepare(other_database)
    connection = await asyncpg.connect(other_database)
    done = await reconcile(connection, kafka, topic, folded)
    await connection.close()
    assert len(done.taken_back) == 4
    async with Store.open(other_database) as restored:
        # Its marks were restored with it, so the event is delivered to it again.
        await react(restored, asking, message, event, NOW)
        assert [each.event_id for each in await restored.read(0, 100)] == [each.event_id for each in everything]
        *_, led = await restored.read(0, 100)
        assert json.loads(led.metadata)["causation_id"] == str(message.event_id)


async def test_what_another_process_did_on_a_day_that_has_not_begun_here_has_happened(store: Store) -> None:
    tomorrow = NOW + timedelta(days=1)
    identity, waiting = await reserved(store, "1A"), await queued(store, "1A")
    await issued(store, Release(), identity, now=tomorrow)
    message, event = await released(store, identity)
    await react(store, reactions, message, event, NOW)
    offered = (await state(store, waiting)).state
    assert (offered.status, offered.effective_on) == ("offered", tomorrow.date())
    due_now = (await issued(store, Reserve(seat="1B", until=NOW.date()), now=tomorrow)).identity
    await issue_due(store, DECIDERS, NOW)
    assert (await state(store, due_now)).state.status == "released"
    assert await parked(store.pool) == []


async def test_what_a_restored_store_lacks_refuses_nothing(store: Store, migrated_database: str) -> None:
    identity, stuck = await reserved(store, "1A"), await reserved(store, "stuck")
    waiting = await queued(store, "1A")
    await issued(store, Release(), identity)
    message, event = await released(store, identity)
    connection = await connect(migrated_database)
    await withdraw(connection)
    for attempt in (
        react(store, reactions, message, event, NOW),
        record_reaction(store.pool, Led("told", "done", waiting, 1)),
        issue_due(store, DECIDERS, NOW + timedelta(days=5)),
        issued(store, Release(), "nobody's"),
        issued(store, Release(), identity),
        issued(store, Release(), stuck),
    ):
        with pytest.raises(StoreUnconfirmed):
            await attempt
    assert await connection.fetchval("SELECT count(*) FROM reactions") == 0
    assert await parked(store.pool) == []
    await confirm(connection)
    await connection.close()
    await react(store, reactions, message, event, NOW)
    assert (await state(store, waiting)).state.status == "offered"
    with pytest.raises(StreamNotFound):
        await issued(store, Release(), "nobody's")


def folded(history: Sequence[Recorded]) -> Derived | None:
    """What the events of a seat add up to."""
    found = seats.fold(seats.decode(each.type, each.schema_version, each.data) for each in history)
    assert found is not None
    return derive(seats, seats.identity(history[0].stream_id), found)


async def test_a_refusal_that_nobody_expects_is_told_once_all_else_is_issued_and_is_tried_again(store: Store) -> None:
    strict = Reactions()
    offered = False

    @strict.to()
    def offer_blindly(event: SeatReleased) -> Iterable[Issue]:
        if not offered:
            yield Issue(seats, event.seat, Offer())
        yield Issue(seats, "nobody's", Offer())
        # What is found before it is fewer when it is tried again.
        yield Issue(seats, None, Queue(seat="1B"))

    @strict.to()
    def queue_elsewhere(_event: SeatReleased) -> Iterable[Issue]:
        yield Issue(seats, None, Queue(seat="1C"))

    blind, holder = await queued(store, "1A"), await reserved(store, "1A")
    event, message = SeatReleased(seat=blind, effective_on=NOW.date()), message_of(uuid4())
    for _ in range(2):
        with pytest.raises(ReactionsRefused) as said:
            await react(store, strict, message, event, NOW)
        assert str(said.value) == (
            f"Offer on {seats.stream_id(blind)}: seat-taken: somebody else has the seat (asked by offer-blindly); "
            "Offer on seat-nobody's: StreamNotFound: there is no seat nobody's (asked by offer-blindly)"
        )
        assert await store.pool.fetchval("SELECT count(*) FROM streams") == 4
    assert await parked(store.pool) == []
    await issued(store, Release(), holder)
    with pytest.raises(ReactionsRefused, match=r"^Offer on seat-nobody's"):
        await react(store, strict, message, event, NOW)
    assert (await state(store, blind)).state.status == "offered"
    offered = True
    with pytest.raises(ReactionsRefused, match=r"^Offer on seat-nobody's"):
        await react(store, strict, message, event, NOW)
    assert (await state(store, blind)).version == 2
    assert await store.pool.fetchval("SELECT count(*) FROM streams") == 4


async def test_of_a_stream_that_somebody_named_wrongly_nothing_is_asked(store: Store) -> None:
    naming = Reactions()

    @naming.to()
    def offer_to_whom_it_names(event: SeatReleased) -> Iterable[Issue]:
        yield Issue(seats, event.seat, Offer(), if_there=True)

    event, message = SeatReleased(seat="nobody's", effective_on=NOW.date()), message_of(uuid4())
    for _ in range(2):
        await react(store, naming, message, event, NOW)
    assert await store.pool.fetchval("SELECT count(*) FROM streams") == 0
    blind = await queued(store, "1A")
    event = SeatReleased(seat=blind, effective_on=NOW.date())
    await react(store, naming, message_of(uuid4()), event, NOW)
    assert (await state(store, blind)).state.status == "offered"


async def test_of_several_commands_the_first_that_is_not_refused_is_issued(store: Store) -> None:
    choosing = Reactions()

    @choosing.to()
    def free_or_offer(event: SeatReleased) -> Iterable[Issue]:
        yield Issue(seats, event.seat, Release(), Offer(), Release())

    blind = await queued(store, "1A")
    event = SeatReleased(seat=blind, effective_on=NOW.date())
    await react(store, choosing, message_of(uuid4()), event, NOW)
    assert (await state(store, blind)).state.status == "offered"


async def test_who_is_behind_in_a_queue_gets_nothing_that_the_first_was_told_there_is_not(store: Store) -> None:
    queueing = Reactions()

    @queueing.to(finds=seats, by={}, among={"status": "queued"})
    def offer_in_order(_event: SeatReleased, waiting: Sequence[Found[Seat]]) -> Iterable[Issue]:
        for found in sorted(waiting, key=lambda found: found.state.seat):
            yield Issue(seats, found.identity, Offer(), queue=asking.Queue(found.state.seat[:1], TAKEN))

    holder = await reserved(store, "1A")
    # Of the first row only one place is taken: it is as if the other fell free after the first was refused.
    first, behind, elsewhere = [await queued(store, seat) for seat in ("1A", "1B", "2A")]
    event, message = SeatReleased(seat="1A", effective_on=NOW.date()), message_of(uuid4())
    await react(store, queueing, message, event, NOW)
    assert [(await state(store, each)).state.status for each in (first, behind)] == ["queued", "queued"]
    assert (await state(store, elsewhere)).state.status == "offered"
    assert store.measured.reactions["offer-in-order", "full"] == 1
    await issued(store, Release(), holder)
    await react(store, queueing, message_of(uuid4()), event, NOW)
    assert [(await state(store, each)).state.status for each in (first, behind)] == ["offered", "offered"]


async def test_a_reaction_begins_a_stream_once(store: Store) -> None:
    founding = Reactions()

    @founding.to()
    def queue_again(event: SeatReleased) -> Iterable[Issue]:
        yield from (Issue(seats, None, Queue(seat=event.seat)) for _ in range(2))

    event, message = SeatReleased(seat="1A", effective_on=NOW.date()), message_of(uuid4())
    await asyncio.gather(*(react(store, founding, message, event, NOW) for _ in range(4)))
    assert await store.pool.fetchval("SELECT count(*) FROM streams") == 2


def message_of(event_id: UUID) -> Message:
    return Message(
        position=1,
        stream_id="seat-x",
        version=1,
        previous=0,
        event_id=event_id,
        type="SeatReleased",
        schema_version=1,
        recorded_at=NOW,
        sample=False,
        data=b"",
        source="/t/s",
        topic="t.s.v1",
        partition=0,
        offset=0,
    )


def test_what_a_reaction_asks_is_what_the_platform_may_ask() -> None:
    with pytest.raises(TypeError, match="reserve is not for the platform"):
        reactions.check(Issue(seats, None, Reserve(seat="1A", until=NOW.date())))
    with pytest.raises(TypeError, match="offer needs a seat"):
        reactions.check(Issue(seats, None, Offer()))


def test_a_reaction_that_finds_by_fields_there_are_not_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match="seat is not found by row; SeatReleased has no line"):

        @reactions.to(finds=seats, by={"row": "line"})
        def find_nothing(_event: SeatReleased, _found: Sequence[Found[Seat]]) -> Iterable[Issue]:
            return ()


def test_a_reaction_needs_no_database_to_be_tested() -> None:
    waiting = [Found("w1", Seat(seat="1A", status="queued", effective_on=NOW.date()))]
    event = SeatReleased(seat="1A", effective_on=NOW.date())
    assert list(offer_to_the_next(event, waiting)) == [Issue(seats, "w1", Offer(), expects=(TAKEN,))]
