"""What the platform issues: commands that are due, and those that reactions ask for. Any number of replicas may."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from itertools import count
from typing import Any, Final

from pydantic_core import to_json

from contracts.model import Event
from contracts.registry import REGISTRY
from eventstore import tracing
from eventstore.decider import PARIS, PLATFORM, TODAY, Actor, Command, Decider, Due, State
from eventstore.discretion import described
from eventstore.execution import AlreadyRefused, Outcome, StreamNotFound, current, execute, moment, named, pages
from eventstore.kafka.envelope import Message
from eventstore.measuring import ReactionOutcome
from eventstore.mirroring import until_current
from eventstore.postgres.appending import EventTooLarge, VersionConflict
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.postgres.listing import Wanted
from eventstore.postgres.parking import (
    Led,
    TakenDue,
    drop_due,
    is_reacted,
    park_due,
    record_reaction,
    release_due,
    take_due,
)
from eventstore.postgres.store import Store
from eventstore.reactions import Found, Identity, Issue, Queue, Reaction, Reactions
from eventstore.refusal import Refusal, Refused, Rejected
from eventstore.tracing import About

log = logging.getLogger(__name__)

AT_ONCE: Final = 100
"""Commands that are due, taken and issued together."""
MOST_FOUND: Final = 10_000
"""Streams that one event may concern: more is a mistake in what a reaction finds."""
OURS: Final = Actor(PLATFORM, frozenset({PLATFORM}))


class ReactionsRefused(Exception):
    """Commands that an event asks for were refused as no reaction expects: which ones, and why."""


async def issue_due(store: Store, deciders: Mapping[str, Decider[Any]], now: datetime) -> int:
    """Issues what is due by now; returns how many commands were looked at. Raises StoreUnavailable.

    Each is issued on the version of its stream whose due it is. Where the stream has moved on it is dropped: the stream
    has told what is due on it since. What is refused on its own version is parked.
    """
    # First: what is taken is left to whoever took it for a while.
    await store.refuse_unconfirmed()
    taken = await store.asked(take_due(store.pool, now, AT_ONCE))
    await store.asked(asyncio.gather(*(_issue(store, deciders[due.category], due, now) for due in taken)))
    return len(taken)


async def _issue(store: Store, decider: Decider[Any], taken: TakenDue, now: datetime) -> None:
    found = await current(store, decider, decider.identity(taken.stream_id))
    if found is None:
        raise AssertionError(f"{taken.stream_id} has something due, and no events")
    due = next((due for due in decider.due_of(found.state) if named(due.command) == taken[2:4]), None)
    if due is None or moment(due.at) > now:
        await drop_due(store.pool, taken, found.version)
        return
    try:
        led, metadata = await _led_by_last(store, taken.stream_id, found.version)
        command = _dated(due, found.state)
        with tracing.following(led):
            outcome = await execute(
                store,
                decider,
                command,
                identity=found.identity,
                actor=OURS,
                now=_by_now(now, command.on),
                metadata=metadata,
                expected=found.version,
            )
    except VersionConflict:
        await release_due(store.pool, taken)
    except Exception as error:
        if isinstance(error, StoreUnavailable) or is_outage(error):
            raise
        await _park(store, taken, found.version, _reason(error), error)
    else:
        if outcome.version == found.version:
            await _park(store, taken, found.version, "it changes nothing, and would be due for ever")


async def _park(store: Store, taken: TakenDue, version: int, reason: str, error: Exception | None = None) -> None:
    await park_due(store.pool, taken, version, reason)
    log.error(
        "%s, due on %s, is parked: %s",
        taken.name,
        taken.stream_id,
        reason,
        exc_info=None if _is_refusal(error) else error,
    )


def _dated(due: Due, state: State) -> Command:
    """The command on its day: the one it is due on, or the stream's latest step if that is later."""
    return due.command.model_copy(update={"on": max(_day(due.at), state.effective_on)})


def _by_now(now: datetime, on: date) -> datetime:
    """The moment it is: that day has begun, if only by the clock of the process that told what is answered here."""
    return max(now, datetime.combine(on, time.min, PARIS))


def _day(at: datetime | date) -> date:
    return at.astimezone(PARIS).date() if isinstance(at, datetime) else at


async def _led_by_last(store: Store, stream_id: str, version: int) -> tuple[About, str]:
    """What a due command belongs to, and what goes with its events: the stream's last event led to them."""
    (last,) = await store.history(stream_id, after=version - 1, upto=version)
    led = About(causation_id=str(last.event_id))
    return led, _metadata(led, sample='"sample":true' in last.metadata.replace(" ", ""))


def _metadata(led: About, *, sample: bool, correlation_id: str | None = None, reaction: str | None = None) -> str:
    said = {
        "actor": PLATFORM,
        "sample": sample or None,
        "causation_id": led.causation_id,
        "correlation_id": correlation_id,
        "traceparent": led.traceparent,
        "reaction": reaction,
    }
    return to_json({name: value for name, value in said.items() if value is not None}).decode()


async def react(store: Store, reactions: Reactions, message: Message, event: Event, now: datetime) -> None:
    """Issues what an event asks for, each command with one effect however often it is delivered.

    A reaction that finds streams finds them once: when all that it asked of those is done, it asks nothing of others.
    In a queue it asks nobody behind one who was told that it is full.
    Raises ReactionsRefused, once all were issued, where any is refused and its reaction does not expect that: those are
    issued again when the event is delivered again. Raises StoreUnavailable, also where a mirror is behind, or where the
    store is not confirmed: what is to be found may not be there yet.
    """
    refusals: list[str] = []
    with tracing.following(message.leads_to()):
        for reaction in reactions.of(type(event)):
            with tracing.span(f"react {reaction.name}"):
                refusals += await _react(store, reactions, reaction, message, event, now)
    if refusals:
        raise ReactionsRefused("; ".join(refusals))


async def _react(
    store: Store, reactions: Reactions, reaction: Reaction, message: Message, event: Event, now: datetime
) -> Sequence[str]:
    """Issues what one reaction asks for; returns what was refused, and why."""
    done = f"{message.event_id}/{reaction.name}"
    if reaction.finds is not None and await is_reacted(store.pool, done):
        store.measured.reactions[reaction.name, "known"] += 1
        return ()
    refusals: list[str] = []
    identity = _identity(message) if reaction.asks_identity else Identity("")
    arguments = (*((identity,) if reaction.takes_identity else ()), *await _found(store, reaction, event, identity))
    # An ordinal only of those that begin a stream: what is found may be fewer when the event is delivered again.
    ordinals = count()
    full = set[Queue | None]()
    for issue in reaction.function(event, *arguments):
        reactions.check(issue)
        if issue.queue in full:
            continue
        target = str(next(ordinals)) if issue.identity is None else issue.decider.stream_id(issue.identity)
        outcome, refusal = await _answer(store, issue, f"{done}/{target}", message, event, now)
        store.measured.reactions[reaction.name, outcome] += 1
        if refusal is not None:
            refusals.append(f"{refusal} (asked by {reaction.name})")
        if outcome == "full":
            full.add(issue.queue)
    if reaction.finds is not None and not refusals:
        # Whatever may be found when the event is delivered again, days later, is none of its concern.
        await record_reaction(store.pool, Led(done, "done", message.stream_id, message.version))
    return refusals


def _identity(message: Message) -> Identity:
    """What the id of an event's stream was made of. Raises UnknownEvent."""
    published = REGISTRY.published(message.type, message.schema_version)
    return Identity(published.category.identity(message.stream_id))


async def _found(store: Store, reaction: Reaction, event: Event, identity: Identity) -> Sequence[Sequence[Found[Any]]]:
    if reaction.finds is None:
        return ()
    decider, found = reaction.finds, list[Found[Any]]()
    wanted = Wanted(decider.category, decider.labelling.having_all(reaction.filters(event, identity)), limit=200)
    async for page in pages(store, decider, wanted):
        found += [Found(outcome.identity, outcome.state) for outcome in page]
        if len(found) > MOST_FOUND:
            raise AssertionError(f"the reaction {reaction.name} finds more than {MOST_FOUND} streams")
    return (found,)


async def _answer(
    store: Store, issue: Issue, key: str, message: Message, event: Event, now: datetime
) -> tuple[ReactionOutcome, str | None]:
    """Issues the first of some commands that is not refused. Returns what came of it; and, unless that is
    expected, what is refused and why."""
    if await is_reacted(store.pool, key):
        return "known", None
    # With the key a store that takes the event back from its topic knows again that this was done.
    metadata = _metadata(message.leads_to(), sample=message.sample, correlation_id=message.correlation_id, reaction=key)
    refused: list[tuple[Command, Exception]] = []
    for command in issue.commands:
        dated = command if command.on != TODAY else command.model_copy(update={"on": event.effective_on})
        try:
            led = await _try(store, issue.decider, issue.identity, dated, key, metadata, now)
        except AlreadyRefused:
            return "known", None
        except (Refused, StreamNotFound, EventTooLarge) as error:
            refused.append((dated, error))
        else:
            return ("known" if led.replayed else "unchanged" if led.unchanged else "issued"), None
    if await is_reacted(store.pool, key):
        # By another replica, whose effect is what was refused here.
        return "known", None
    for command, refusal in refused:
        if not _is_expected(refusal, issue):
            target = issue.decider.stream_id(issue.identity) if issue.identity else f"a new {issue.decider.category}"
            return "refused", f"{type(command).__name__} on {target}: {_reason(refusal)}"
    if issue.queue and any(_is_of(refusal, issue.queue.full) for _, refusal in refused):
        # Not recorded: whoever is behind would be asked first when the event is delivered again.
        return "full", None
    await record_reaction(store.pool, Led(key, "passed", issue.decider.stream_id(issue.identity or ""), 0))
    return "passed", None


async def _try(
    store: Store,
    decider: Decider[Any],
    identity: str | None,
    command: Command,
    key: str,
    metadata: str,
    now: datetime,
) -> Outcome[Any]:
    """Issues a reaction's command, and returns where it led.

    Raises Refused, StreamNotFound, EventTooLarge and StoreUnavailable.
    """
    found = None if identity is None else await current(store, decider, identity)
    if found is not None and command.on < found.state.effective_on:
        command = command.model_copy(update={"on": found.state.effective_on})
    attempt = partial(
        execute,
        store,
        decider,
        command,
        identity=identity,
        actor=OURS,
        now=_by_now(now, command.on),
        metadata=metadata,
        reaction=key,
    )
    try:
        outcome = await attempt()
    except Rejected as refused:
        # What happened before the event may be on its way to a mirror still: nobody asks again, as a caller would.
        if not (refused.by_rule and await until_current(store, decider.decision(type(command)).looks_up)):
            raise
        outcome = await attempt()
    if found is not None and outcome.version == found.version:
        await record_reaction(store.pool, Led(key, "unchanged", outcome.stream_id, outcome.version))
    return outcome


def _is_refusal(error: Exception | None) -> bool:
    return isinstance(error, Refused | StreamNotFound | EventTooLarge)


def _is_of(error: Exception, refusal: Refusal) -> bool:
    return isinstance(error, Refused) and error.slug == refusal.slug


def _is_expected(error: Exception, issue: Issue) -> bool:
    if isinstance(error, StreamNotFound):
        return issue.if_there
    return isinstance(error, Refused) and error.slug in issue.expected


def _reason(error: Exception) -> str:
    return f"{error.slug}: {error}" if isinstance(error, Refused) else described(error)
