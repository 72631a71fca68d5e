"""The way of a command: load the state, decide, append; again when somebody else was faster."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec

from pydantic_core import from_json, to_json

from eventstore import tracing
from eventstore.decider import (
    ITSELF,
    PARIS,
    PLATFORM,
    Actor,
    Claim,
    Command,
    Context,
    Decider,
    Decision,
    Due,
    Lookup,
    Roles,
    S,
    State,
)
from eventstore.measuring import CommandOutcome
from eventstore.mirroring import MirrorBehind, refuse_behind
from eventstore.mirrors import Mirror
from eventstore.persons import Introduced, introduce
from eventstore.postgres.appending import (
    Append,
    Appended,
    ClaimTaken,
    DueAt,
    EventTooLarge,
    Holding,
    KeptUntil,
    Key,
    KeyReused,
    NewEvent,
    PersonUnknown,
    VersionConflict,
)
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.postgres.ids import new_id
from eventstore.postgres.listing import Stored, Wanted
from eventstore.postgres.store import Store
from eventstore.refusal import PERSON_UNKNOWN, Forbidden, Refused, Rejected
from eventstore.streams import Streams

ATTEMPTS = 100
"""Every lost race was won by another command, so giving up means that a stream is truly crowded."""


class StreamNotFound(Exception):
    """No such aggregate."""

    def __init__(self, category: str, identity: str) -> None:
        super().__init__(f"there is no {category} {identity}")
        self.category = category
        self.identity = identity


class AlreadyRefused(Exception):
    """What a reaction asks was refused before, and that stands."""


_NO_FAULTS: Final = (Refused, StreamNotFound, AlreadyRefused, VersionConflict, KeyReused, EventTooLarge)
"""What a command is answered where nothing is at fault."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """An aggregate at a version."""

    stream_id: str
    identity: str
    version: int
    state: S
    state_json: str
    replayed: bool = False
    unchanged: bool = False
    """Whether a command led here that found nothing to change."""


Arguments = ParamSpec("Arguments")
Run = Callable[Concatenate[Streams, Decider[S], Command, Arguments], Coroutine[Any, Any, Outcome[S]]]


def _counted(run: Run[S, Arguments]) -> Run[S, Arguments]:
    """Counts what comes of each command."""

    @wraps(run)
    async def counting(
        store: Streams, decider: Decider[S], command: Command, /, *args: Arguments.args, **asked: Arguments.kwargs
    ) -> Outcome[S]:
        decision = decider.decision(type(command)).name
        try:
            led = await run(store, decider, command, *args, **asked)
        except BaseException as error:
            store.count(decider.category, decision, _came_of(error))
            raise
        outcome: CommandOutcome = "replayed" if led.replayed else "unchanged" if led.unchanged else "accepted"
        store.count(decider.category, decision, outcome)
        return led

    return counting


def _came_of(error: BaseException) -> CommandOutcome:
    match error:
        case Forbidden():
            return "forbidden"
        case Refused():
            return "refused"
        case StreamNotFound() | EventTooLarge():
            return "invalid"
        case VersionConflict():
            return "stale"
        case KeyReused():
            return "conflict"
        case AlreadyRefused():
            return "replayed"
        case StoreUnavailable() | asyncio.CancelledError():
            return "unavailable"
    return "unavailable" if is_outage(error) else "failed"


@_counted
def execute(
    store: Streams,
    decider: Decider[S],
    command: Command,
    *,
    identity: str | None,
    actor: Actor,
    now: datetime,
    metadata: str,
    expected: int | None = None,
    key: Key | None = None,
    reaction: str | None = None,
    begins: str | None = None,
) -> Coroutine[Any, Any, Outcome[S]]:
    """Runs a command on an aggregate, or on a new one where `identity` is None, and returns where it led.

    A new one is known by what its command says, else as `begins`, or by an id that is made up.

    Beside the events, `metadata` is recorded with the roles in which the actor may issue the command on this record;
    the platform's own have none.

    `expected` makes it run on that version only. With a `key` it has one effect however often it is sent: the aggregate
    is returned as that effect left it; a `reaction` is such a key that is kept for ever. `now` is aware, in
    Europe/Paris.

    Raises StreamNotFound, Forbidden, Rejected, VersionConflict (only with `expected`), AlreadyRefused (only with
    `reaction`), KeyReused, EventTooLarge, and StoreUnavailable, after which the effect is unknown;
    of these MirrorBehind before it, where a refusal may rest on what another service has changed since, and
    StoreUnconfirmed, as what a restored store lacks refuses nothing.
    """
    decision = decider.decision(type(command))
    work = _execute(store, decider, decision, command, identity, actor, now, metadata, expected, key, reaction, begins)
    told = {"eventstore.category": decider.category, "eventstore.decision": decision.name}
    return tracing.spanned(work, f"{decider.category} {decision.name}", told, expects=_NO_FAULTS)


async def _execute(
    store: Streams,
    decider: Decider[S],
    decision: Decision,
    command: Command,
    identity: str | None,
    actor: Actor,
    now: datetime,
    metadata: str,
    expected: int | None,
    key: Key | None,
    reaction: str | None,
    begins: str | None,
) -> Outcome[S]:
    creates = identity is None
    if identity is None:
        named = decider.identified_by
        identity = getattr(command, named) if named else begins or str(new_id())
    stream_id = decider.stream_id(identity)
    # A stream whose id was just made need not be looked for.
    may_exist = not creates or decider.identified_by is not None
    turn: asyncio.Lock | None = None
    try:
        for _ in range(ATTEMPTS):
            stored = await store.load(stream_id) if may_exist else None
            if stored is not None and stored.category != decider.category:
                # Of a category whose name goes on where this one's ends: `lamp-post-1` is no lamp called post-1.
                if creates:
                    raise decider.exists()
                stored = None
            if stored is None and not creates:
                await store.refuse_unconfirmed()
                raise StreamNotFound(decider.category, identity)
            found = await revive(store, decider, stored) if stored else None
            state = found.state if found else None
            version = found.version if found else 0
            try:
                roles = decider.authorise(decision, command if creates or state is None else state, actor)
                if expected is not None and expected != version:
                    raise VersionConflict(stream_id, expected)
                asked = Introduced(command)
                if decision.persons:
                    asked = await introduce(store, decision, command, decider.named_in(state))
                looked_up, guards = await _look_up(store, decision.looks_up, command, state)
                context = Context(now, roles, actor.organisations, store.bounds)
                events = decider.decide(state, asked.command, context, looked_up)
            except Forbidden:
                if found:
                    # It may be another's by now.
                    await store.refuse_unconfirmed()
                raise
            except (Rejected, VersionConflict) as refused:
                # What the first sending of this command changed may be the very reason to refuse the second.
                if replayed := await _replayed(store, decider, key):
                    return replayed
                await store.refuse_unconfirmed()
                if isinstance(refused, Rejected) and refused.by_rule:
                    await refuse_behind(store, decision.looks_up)
                if isinstance(refused, Rejected) and refused.refusal is decider.exists:
                    refused.collides_with = identity
                raise
            if not events and found:
                # Or the very reason that nothing is left to change.
                if replayed := await _replayed(store, decider, key):
                    return replayed
                await store.refuse_unconfirmed()
                return replace(found, unchanged=True)
            folded = decider.fold(events, state)
            if folded is None:
                raise AssertionError(f"{decision.name} begins a {decider.category} without an event")
            state_json = folded.model_dump_json()
            labelling = decider.labelling
            # What was written of another revision, or as was declared otherwise, is written anew.
            stale = stored is not None and stored.is_stale(decider.state.revision, labelling.mark)
            before = None if stale else state
            labels, order = labelling.changes(before, folded)
            try:
                appended = await store.append(
                    Append(
                        stream_id,
                        decider.category,
                        version,
                        [NewEvent(event.event_type, event.schema_version, event.model_dump_json()) for event in events],
                        state_json,
                        decider.state.revision,
                        _completed(metadata, roles),
                        key,
                        [*guards, *asked.guards],
                        reaction,
                        labels,
                        labelling.mark,
                        order,
                        holds=holdings(decider, identity, folded)
                        if stale
                        else _holds(decider, identity, before, folded),
                        due=due_changes(decider, before, folded),
                        due_anew=stale,
                        persons=asked.persons,
                        keeps=kept(decider, folded) if stale else _keeps(decider, before, folded),
                        erases=getattr(command, decision.erases) if decision.erases else None,
                    )
                )
            except ClaimTaken as taken:
                raise _collision(decider, folded, taken) from None
            except PersonUnknown as unknown:
                raise PERSON_UNKNOWN(person=str(unknown)) from None
            except VersionConflict:
                if turn is None:
                    # Losers of a race wait for each other: racing on, of N at once each would lose to N others in turn.
                    waited_for = store.turn(stream_id)
                    await waited_for.acquire()
                    # Only now: who gave up waiting has no turn to end.
                    turn = waited_for
                continue
            if appended.replayed and not appended.version:
                raise AlreadyRefused(reaction)
            if appended.replayed:
                return await at_version(store, decider, appended)
            return Outcome(stream_id, identity, appended.version, folded, state_json)
        raise StoreUnavailable(f"{stream_id} is changed by too many at once")
    finally:
        if turn is not None:
            turn.release()


def _completed(metadata: str, roles: Roles) -> str:
    """With the roles, unless these are the platform's own; and with the decision's own span, where it is traced, as the
    one that its events come from."""
    more: dict[str, object] = {} if roles == {PLATFORM} else {"roles": sorted(roles)}
    if traceparent := tracing.traceparent():
        more["traceparent"] = traceparent
    return to_json({**from_json(metadata), **more}).decode() if more else metadata


async def current(store: Streams, decider: Decider[S], identity: str) -> Outcome[S] | None:
    """An aggregate as it stands."""
    stored = await store.load(decider.stream_id(identity))
    return await revive(store, decider, stored) if stored and stored.category == decider.category else None


async def revive(store: Streams, decider: Decider[S], stored: Stored) -> Outcome[S]:
    """An aggregate from its stored state, or from its events where that is of another revision of the code."""
    if not stored.is_fresh(decider.state.revision):
        return await at_version(store, decider, Appended(stored.stream_id, stored.version, replayed=False))
    state = decider.state.model_validate_json(stored.state)
    return Outcome(stored.stream_id, decider.identity(stored.stream_id), stored.version, state, stored.state)


async def pages(store: Store, decider: Decider[S], wanted: Wanted) -> AsyncIterator[Sequence[Outcome[S]]]:
    """The streams of a decider that are wanted, as they stand: all of them, `wanted.limit` at a time.

    What changes its place in the order meanwhile may be met twice, or not at all. Raises StoreUnavailable.
    """
    while True:
        page = await store.list_streams(wanted)
        if page.streams:
            yield [await revive(store, decider, stored) for stored in page.streams]
        if len(page.streams) < wanted.limit:
            return
        wanted = replace(wanted, after=page.places[-1])


async def at_version(store: Streams, decider: Decider[S], at: Appended) -> Outcome[S]:
    """An aggregate as it was at a version."""
    history = await store.history(at.stream_id, upto=at.version)
    state = decider.fold(decider.decode(event.type, event.schema_version, event.data) for event in history)
    if state is None:
        raise AssertionError(f"{at.stream_id} has no events")
    return Outcome(
        at.stream_id, decider.identity(at.stream_id), at.version, state, state.model_dump_json(), at.replayed
    )


async def _replayed(store: Streams, decider: Decider[S], key: Key | None) -> Outcome[S] | None:
    known = await store.find_key(key) if key else None
    return await at_version(store, decider, known) if known else None


async def _look_up(
    store: Streams, lookups: Sequence[Lookup], command: Command, state: State | None
) -> tuple[Sequence[State | None], Sequence[tuple[str, int]]]:
    if not lookups:
        return (), ()
    wanted: dict[Lookup, str] = {}
    for lookup in lookups:
        identity = getattr(command if lookup.key in type(command).model_fields else state, lookup.key)
        if identity is not None:
            wanted[lookup] = lookup.decider.stream_id(identity)
    # All at once: a task for each would cost more than reading what they find.
    found = dict(zip(wanted, await store.load_all(list(wanted.values())), strict=True)) if wanted else {}
    states: list[State | None] = []
    for lookup in lookups:
        stored = found.get(lookup)
        if stored is None or stored.category != lookup.decider.category:
            states.append(None)
            continue
        if isinstance(lookup.decider, Mirror) and not stored.is_fresh(lookup.decider.state.revision):
            raise MirrorBehind(f"the mirror {lookup.decider.category} is being folded anew")
        states.append((await revive(store, lookup.decider, stored)).state)
    return states, [(stream_id, at.version if (at := found[lookup]) else 0) for lookup, stream_id in wanted.items()]


def _holds(decider: Decider[S], identity: str, before: S | None, after: S) -> Sequence[Holding] | None:
    """What a stream holds from now on; None where that is what it held."""
    claims = decider.claims_of(after)
    return None if decider.claims_of(before) == claims else [_holding(claim, identity) for claim in claims]


def _keeps(decider: Decider[S], before: S | None, after: S) -> Sequence[KeptUntil] | None:
    """Whom a stream needs to know from now on; None where that is whom it needed."""
    return None if decider.keeps_of(before) == decider.keeps_of(after) else kept(decider, after)


def kept(decider: Decider[S], state: S) -> Sequence[KeptUntil]:
    """All whom a stream needs to know in a state, and until when."""
    return [KeptUntil(keep.subject, keep.until) for keep in decider.keeps_of(state)]


def holdings(decider: Decider[S], identity: str, state: S) -> Sequence[Holding]:
    """All that a stream holds in a state."""
    return [_holding(claim, identity) for claim in decider.claims_of(state)]


def _holding(claim: Claim, identity: str) -> Holding:
    since, until = claim.during or (None, None)
    return Holding(
        claim.refusal.slug, identity if claim.key == ITSELF else claim.key, since, until, claim.amount, claim.limit
    )


def _collision(decider: Decider[S], wanted: S, taken: ClaimTaken) -> Rejected:
    """The refusal of what would be held, by the claim's own refusal."""
    claim = next(claim for claim in decider.claims_of(wanted) if claim.refusal.slug == taken.kind)
    left = None if claim.limit is None else max(0, claim.limit - taken.taken)
    says = {"limit": claim.limit, "taken": taken.taken, "left": left}
    rejected = claim.refusal(**{name: says[name] for name in claim.refusal.parameters})
    rejected.collides_with = taken.by and decider.identity(taken.by)
    return rejected


def due_changes(decider: Decider[S], before: S | None, after: S) -> Sequence[DueAt]:
    """What is due otherwise than it was; all, where there was no state before."""
    was, becomes = decider.due_of(before), decider.due_of(after)
    if was == becomes:
        return ()
    old, new = _by_command(was), _by_command(becomes)
    gone = [DueAt(*command, None) for command in old.keys() - new.keys()]
    return [*gone, *(DueAt(*command, at) for command, at in new.items() if old.get(command) != at)]


def _by_command(due: Iterable[Due]) -> dict[tuple[str, str], datetime]:
    """When each command is due, by its name and its JSON."""
    return {named(each.command): moment(each.at) for each in due}


def named(command: Command) -> tuple[str, str]:
    """What tells apart the commands that are due on a stream: the name, and the JSON without the day."""
    return type(command).__name__, command.model_dump_json(exclude={"on"})


def moment(at: datetime | date) -> datetime:
    """When it is time: a day is as it begins in Paris."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(), PARIS)
