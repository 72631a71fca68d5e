"""The way of a command: load the state, decide, append; again when somebody else was faster."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic

from eventstore.decider import Actor, Command, Decider, Lookup, Rejected, S, State
from eventstore.postgres.appending import Append, Appended, Key, NewEvent, VersionConflict
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.ids import new_id
from eventstore.postgres.listing import Stored
from eventstore.postgres.store import Store

ATTEMPTS = 100
"""Every lost race was won by another command, so giving up means that a stream is truly crowded."""


class StreamNotFound(Exception):
    """No such aggregate."""

    def __init__(self, category: str, identity: str) -> None:
        super().__init__(f"there is no {category} {identity}")
        self.category = category
        self.identity = identity


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """An aggregate at a version."""

    stream_id: str
    identity: str
    version: int
    state: S
    state_json: str
    replayed: bool = False


async def execute(
    store: Store,
    decider: Decider[S],
    command: Command,
    *,
    identity: str | None,
    actor: Actor,
    today: date,
    metadata: str,
    expected: int | None = None,
    key: Key | None = None,
) -> Outcome[S]:
    """Runs a command on an aggregate, or on a new one where `identity` is None, and returns where it led.

    `expected` makes it run on that version only. With a `key` it has one effect however often it is sent: the aggregate
    is returned as that effect left it.

    Raises StreamNotFound, Forbidden, Rejected, VersionConflict (only with `expected`), KeyReused, EventTooLarge, and
    StoreUnavailable, after which the effect is unknown.
    """
    decision = decider.decision(type(command))
    creates = identity is None
    if identity is None:
        named = decider.identified_by
        identity = getattr(command, named) if named else str(new_id())
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
                    raise Rejected(f"{decider.category}-exists", "a record of another kind has this id")
                stored = None
            if stored is None and not creates:
                raise StreamNotFound(decider.category, identity)
            found = await revive(store, decider, stored) if stored else None
            state = found.state if found else None
            version = found.version if found else 0
            roles = decider.authorise(decision, command if creates or state is None else state, actor)
            try:
                if expected is not None and expected != version:
                    raise VersionConflict(stream_id, expected)
                looked_up, guards = await _look_up(store, decision.looks_up, command if creates else state)
                events = decider.decide(state, command, today=today, looked_up=looked_up, roles=roles)
            except (Rejected, VersionConflict):
                # What the first sending of this command changed may be the very reason to refuse the second.
                if replayed := await _replayed(store, decider, key):
                    return replayed
                raise
            if not events and found:
                # Or the very reason that nothing is left to change.
                return await _replayed(store, decider, key) or found
            folded = decider.fold(events, state)
            if folded is None:
                raise AssertionError(f"{decision.name} begins a {decider.category} without an event")
            state_json = folded.model_dump_json()
            labelling = decider.labelling
            # What was written of another revision, or as was declared otherwise, is written anew.
            kept = stored and stored.is_fresh(decider.state.revision) and stored.labelling == labelling.mark
            labels, order = labelling.changes(state if kept else None, folded)
            try:
                appended = await store.append(
                    Append(
                        stream_id,
                        decider.category,
                        version,
                        [
                            NewEvent(type(event).__name__, event.schema_version, event.model_dump_json())
                            for event in events
                        ],
                        state_json,
                        decider.state.revision,
                        metadata,
                        key,
                        guards,
                        labels=labels,
                        labelling=labelling.mark,
                        order=order,
                    )
                )
            except VersionConflict:
                if turn is None:
                    # Losers of a race wait for each other: racing on, of N at once each would lose to N others in turn.
                    waited_for = store.turn(stream_id)
                    await waited_for.acquire()
                    # Only now: who gave up waiting has no turn to end.
                    turn = waited_for
                continue
            if appended.replayed:
                return await at_version(store, decider, appended)
            return Outcome(stream_id, identity, appended.version, folded, state_json)
        raise StoreUnavailable(f"{stream_id} is changed by too many at once")
    finally:
        if turn is not None:
            turn.release()


async def current(store: Store, decider: Decider[S], identity: str) -> Outcome[S] | None:
    """An aggregate as it stands."""
    stored = await store.load(decider.stream_id(identity))
    return await revive(store, decider, stored) if stored and stored.category == decider.category else None


async def revive(store: Store, decider: Decider[S], stored: Stored) -> Outcome[S]:
    """An aggregate from its stored state, or from its events where that is of another revision of the code."""
    if not stored.is_fresh(decider.state.revision):
        return await at_version(store, decider, Appended(stored.stream_id, stored.version, replayed=False))
    state = decider.state.model_validate_json(stored.state)
    return Outcome(stored.stream_id, _identity(decider, stored.stream_id), stored.version, state, stored.state)


async def at_version(store: Store, decider: Decider[S], at: Appended) -> Outcome[S]:
    """An aggregate as it was at a version."""
    history = await store.history(at.stream_id, upto=at.version)
    state = decider.fold(decider.decode(event.type, event.schema_version, event.data) for event in history)
    if state is None:
        raise AssertionError(f"{at.stream_id} has no events")
    return Outcome(
        at.stream_id, _identity(decider, at.stream_id), at.version, state, state.model_dump_json(), at.replayed
    )


async def _replayed(store: Store, decider: Decider[S], key: Key | None) -> Outcome[S] | None:
    known = await store.find_key(key) if key else None
    return await at_version(store, decider, known) if known else None


async def _look_up(
    store: Store, lookup: Lookup | None, record: Command | State | None
) -> tuple[State | None, Sequence[tuple[str, int]]]:
    if lookup is None:
        return None, ()
    stream_id = lookup.decider.stream_id(getattr(record, lookup.key))
    stored = await store.load(stream_id)
    seen: State | None = None
    if stored is not None and stored.category == lookup.decider.category:
        seen = (await revive(store, lookup.decider, stored)).state
    return seen, [(stream_id, stored.version if stored else 0)]


def _identity(decider: Decider[S], stream_id: str) -> str:
    return stream_id.removeprefix(f"{decider.category}-")
