"""What the decisions of a decider answer to the examples of their commands, found by deciding them.

From nothing on, each command is tried in every kind of state that the others lead to, the nearest first. So examples
are what a decision really answers, and nobody writes them. Where a command tells several examples of itself each is
tried; those that begin a stream each begin one of its own.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import product
from typing import Any, Final, get_args
from uuid import UUID, uuid5

from pydantic import BaseModel

from contracts.model import Event, latest
from contracts.personal import Personal
from contracts.roles import Role
from eventstore.decider import PARIS, PLATFORM, Actor, Command, Context, Decider, Decision, Lookup, State
from eventstore.execution import Outcome, moment
from eventstore.mirrors import Mirror
from eventstore.postgres.store import Recorded
from eventstore.refusal import Rejected
from service.documents.examples import DAY, ID, example_of, examples_of
from service.http.representation import Representation, written_event

_CONTEXT: Final = Context(datetime.combine(DAY, time(10, 30), PARIS), frozenset((*get_args(Role), PLATFORM)))
_MOST: Final = 2000
"""Kinds of states that are tried at most."""


@dataclass(frozen=True)
class Step:
    """A decision that was made, and where it led."""

    decider: Decider[Any]
    decision: Decision
    command: Command
    now: datetime
    """When it was made."""
    organisations: Mapping[Role, str]
    """For whom it was made, where it takes that."""
    identity: str
    before: "Step | None"
    looked_up: "Sequence[Step | Mirrored | None]"
    events: Sequence[Event]
    state: State

    @property
    def path(self) -> "Sequence[Step]":
        """The steps of this stream up to this one."""
        return (*(self.before.path if self.before else ()), self)

    def follows(self, other: "Step") -> bool:
        """Whether it was made where another one had led, or is that one."""
        return self is other or (self.before is not None and self.before.follows(other))

    @property
    def version(self) -> int:
        """The stream's version after it."""
        return sum(len(step.events) for step in self.path)

    def representation(self) -> Any:
        """The stream after it, as shown to somebody who may issue every decision."""
        owners = {role: owners[0] for role, owners in self.decider.owners(self.state).items()}
        actor = Actor("example", _CONTEXT.roles - {PLATFORM}, owners)
        state = self.state.model_dump_json()
        outcome = Outcome(self.decider.stream_id(self.identity), self.identity, self.version, self.state, state)
        return json.loads(Representation(self.decider).write(outcome, actor))

    def history(self) -> Sequence[Any]:
        """The stream's events up to it, as its history shows them."""
        events = [(event, step.now.astimezone(UTC)) for step in self.path for event in step.events]
        return [
            json.loads(
                written_event(
                    Recorded(
                        1200 + version,
                        self.decider.stream_id(self.identity),
                        version,
                        UUID(int=UUID(ID).int + version),
                        event.event_type,
                        event.schema_version,
                        event.model_dump_json(),
                        '{"actor":"frontend"}',
                        recorded_at,
                    )
                )
            )
            for version, (event, recorded_at) in enumerate(events, 1)
        ]


@dataclass(frozen=True)
class Mirrored:
    """A stream of another service, as a mirror shows it after some of its events."""

    mirror: Mirror[Any]
    identity: str
    events: Sequence[Event]
    state: State


@dataclass(frozen=True)
class Rehearsal:
    """The decisions of a decider, each made once."""

    steps: Mapping[type[Command], Step]
    refused: Mapping[tuple[type[Command], str], Rejected]
    """The refusals that were met on the way, by command and slug."""
    reached: Sequence[Step]
    """A way to every kind of state that was reached."""


@cache
def rehearse(decider: Decider[Any], named: str | None = None) -> Rehearsal:
    """Makes every decision. With `named`, on the stream of that id, where the domain gives ids.

    Raises TypeError where an example of a command is refused in every state reached.
    """
    commands = {
        (kind, number): _known(decision, kind.model_validate_json(json.dumps(example)), decider.identified_by, named)
        for kind, decision in decider.decisions.items()
        for number, example in enumerate(examples_of(kind))
    }
    made: dict[tuple[type[Command], int], Step] = {}
    idle: dict[tuple[type[Command], int], Step] = {}
    refused: dict[tuple[type[Command], str], Rejected] = {}
    reached: list[Step] = []
    shapes = set[object]()

    def try_all(before: Step | None) -> None:
        for (kind, number), command in commands.items():
            decision = decider.decisions[kind]
            if decision.creates != (before is None):
                continue
            contexts = [*_contexts(decider, decision, before)]
            again = (kind, number) in made
            for looked_up, context in product(_looked_up(decision, command, before), [*contexts]):
                if context not in contexts:
                    continue
                try:
                    step = _take(decider, decision, command, before, looked_up, context, number)
                except Rejected as rejected:
                    refused.setdefault((kind, rejected.slug), rejected)
                    if not rejected.by_rule:
                        # By the status or the day, so whatever is looked up.
                        contexts.remove(context)
                    continue
                (made if step.events else idle).setdefault((kind, number), step)
                shape = _shape(step.state)
                if shape not in shapes:
                    shapes.add(shape)
                    reached.append(step)
                if again and step.events:
                    # Whatever else it may look up was tried where it was made first: one way on is enough, and quicker.
                    contexts.remove(context)

    try_all(None)
    for before in reached:  # which grows
        if len(made) == len(commands) or len(reached) > _MOST:
            break
        try_all(before)
    steps = {**idle, **made}
    for kind, _ in commands.keys() - steps.keys():
        why = "; ".join(str(rejected) for (command, _), rejected in refused.items() if command is kind)
        raise TypeError(f"{decider.category}: the example of {kind.__name__} is never accepted: {why}")
    return Rehearsal({kind: steps[kind, 0] for kind in decider.decisions}, refused, reached)


def _known(decision: Decision, command: Command, identified_by: str | None, named: str | None) -> Command:
    """The command with whom it names under pseudonyms, another for each; one that begins a stream, that of an id."""
    if decision.creates and identified_by and named:
        command = command.model_copy(update={identified_by: named})
    told = {field: getattr(command, field) for field in decision.persons}
    return command.model_copy(
        update={
            field: Personal(personal.told, str(uuid5(UUID(ID), personal.told.recognition() or field)))
            for field, personal in told.items()
            if personal is not None
        }
    )


def _looked_up(decision: Decision, command: Command, before: Step | None) -> Iterator[Sequence[Step | Mirrored | None]]:
    """The streams that the decision may find, and none. Of one that this stream has found: what became of it."""
    yield from product(*(_found(lookup, command, before) for lookup in decision.looks_up))


def _found(lookup: Lookup, command: Command, before: Step | None) -> Sequence[Step | Mirrored | None]:
    asked = lookup.key in type(command).model_fields or before is None
    identity = getattr(command if asked or before is None else before.state, lookup.key)
    if identity is not None and isinstance(lookup.decider, Mirror):
        return [*(replace(each, identity=identity) for each in _mirrored(lookup.decider)), None]
    if identity is None:
        return [None]
    there = rehearse(lookup.decider, identity) if lookup.decider.identified_by else rehearse(lookup.decider)
    found = _found_before(lookup, identity, before)
    if found is None:
        return [*(step for step in there.reached if step.identity == identity), None]
    # What leads back to a kind of state that was reached before is in the steps alone.
    each_once = {id(step): step for step in (*there.reached, *there.steps.values())}
    return [*(step for step in each_once.values() if step.follows(found)), None]


def _found_before(lookup: Lookup, identity: str, before: Step | None) -> Step | None:
    """The stream of this id as the steps so far have found it last."""
    while before is not None:
        for found in before.looked_up:
            if isinstance(found, Step) and found.decider is lookup.decider and found.identity == identity:
                return found
        before = before.before
    return None


@cache
def _mirrored(mirror: Mirror[Any]) -> Sequence[Mirrored]:
    """A way to every kind of state of a mirror: that of each of its events, and of those that may follow it."""
    events = [
        latest(event.model_validate_json(json.dumps(example_of(event))))
        for event in sorted(mirror.events, key=lambda each: each.event_type)
    ]
    found: dict[object, Mirrored] = {}
    for path in (*((event,) for event in events), *product(events, events)):
        try:
            state = mirror.fold(path)
        except (AttributeError, TypeError):
            continue  # No stream begins with this event.
        if state is not None:
            found.setdefault(_shape(state), Mirrored(mirror, ID, path, state))
    return [*found.values()]


def _contexts(decider: Decider[Any], decision: Decision, before: Step | None) -> Iterator[Context]:
    """When a decision may be made: on the day of the examples, or else when something is due on the stream; and for
    whom, where it takes that."""
    state = before.state if before else None
    owners = decider.owners(state) if state and decision.takes_context else {}
    organisations = [dict(zip(owners, each, strict=True)) for each in product(*owners.values())]
    for now in (_CONTEXT.now, *(moment(due.at) for due in decider.due_of(state))):
        yield from (replace(_CONTEXT, now=now, organisations=each) for each in organisations)


def _take(
    decider: Decider[Any],
    decision: Decision,
    command: Command,
    before: Step | None,
    looked_up: Sequence[Step | Mirrored | None],
    context: Context,
    number: int,
) -> Step:
    state = before.state if before else None
    try:
        events = decider.decide(state, command, context, [found.state if found else None for found in looked_up])
        after = decider.fold(events, state)
        if events:
            decider.check_status(command, state, after)
    except Rejected:
        raise
    except Exception as error:
        raise TypeError(f"{decider.category}: {decision.name} fails on its example: {error!r}") from error
    if after is None:
        raise TypeError(f"{decider.category}: {decision.name} begins nothing")
    named = decider.identified_by
    identity = before.identity if before else getattr(command, named) if named else _id(number)
    return Step(
        decider, decision, command, context.now, context.organisations, identity, before, looked_up, events, after
    )


def _id(number: int) -> str:
    """The id of the stream that an example of this number begins."""
    return str(UUID(int=UUID(ID).int + number))


def _shape(value: object) -> object:
    """What is left of a state without its numbers and days: whether there are any, whether its latest step is after the
    day of the examples, and what else it holds."""
    match value:
        case BaseModel():
            late = isinstance(value, State) and value.effective_on > DAY
            return (late, *((name, _shape(inner)) for name, inner in value))
        case Mapping():
            return frozenset((name, _shape(inner)) for name, inner in value.items())
        case tuple() | list() | frozenset() | set():
            return frozenset(_shape(inner) for inner in value)
        case int() | float():
            return bool(value)
        case date():
            return True
    return value
