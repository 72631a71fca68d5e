"""A pure decider: how commands become events and events become state. Nothing here does I/O or reads a clock.

An aggregate is one file: its commands, its state, its decisions and its evolutions.

    lamps = Decider("lamp", Lamp)

    @lamps.creates(by="epci")
    def install(command: Install) -> LampInstalled: ...

    @lamps.decides(by="epci", when="dark")
    def light(lamp: Lamp, command: Light) -> LampLit: ...

    @lamps.evolves
    def _(lamp: Lamp, event: LampLit) -> Lamp:
        return lamp.after(event, status="lit")
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import UnionType
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import Field

from contracts.catalogue import event_model
from contracts.model import Correction, Day, EnteredDay, Event, Model
from contracts.roles import ORGANISATION_ROLES, Role
from eventstore.finding import Finding, Labelling

TODAY: Final = date.min
"""Stands in a command for the day it is handled: a model may not read a clock."""


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class Command(Model):
    """What a partner asks for."""

    on: EnteredDay = Field(default=TODAY, json_schema_extra=_without_default)
    """The day it took effect: today unless given, never in the future, never before the stream's previous step. A
    correction is no step: this is the day it was decided, and may be earlier."""


class State(Model):
    """What a stream's events add up to: just what its decisions and its readers need."""

    revision: ClassVar[int] = 1
    """Raised whenever the fold gives another result for the same events, so that stored states are folded again."""

    effective_on: Day
    """The day of the stream's latest step."""

    def after(self, event: Event, **changes: object) -> Self:
        """This state, changed by an event. A step becomes the latest one; a correction leaves that as it is.

        Where a correction moves the day of the latest step, it gives `effective_on` among its changes. Raises
        ValidationError where the result could not be read back.
        """
        step = {} if isinstance(event, Correction) else {"effective_on": event.effective_on}
        # Costs 3 µs more than a copy, which drops what it does not know and keeps what no reader could take.
        return self.model_validate({**self.__dict__, **changes, **step})


class Rejected(Exception):
    """A decision's refusal: a slug for programs, a sentence for people, and what the sentence speaks of."""

    def __init__(self, slug: str, detail: str, **parameters: object) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.parameters = parameters


class Forbidden(Exception):
    """The actor may not issue this decision, or not on this record."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail


Roles = frozenset[Role]


@dataclass(frozen=True)
class Actor:
    """Who issues a command: a client of the platform, never a person."""

    client: str
    roles: Roles = frozenset()
    organisations: Mapping[Role, str] = field(default_factory=dict)


S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)
Decide = TypeVar("Decide", bound=Callable[..., Event | Sequence[Event]])


@dataclass(frozen=True)
class Lookup:
    """Another stream of the same service whose state a decision needs.

    `key` names the field that holds its id: of the command where a stream is created, of the state otherwise. The
    decision receives that state, or None, as its last argument, and is made anew if it changes before the append.
    """

    decider: "Decider[Any]"
    key: str


@dataclass(frozen=True)
class Decision:
    """One command of an aggregate, and the rule that answers it."""

    name: str
    command: type[Command]
    function: Callable[..., Event | Sequence[Event]]
    by: tuple[Role, ...]
    when: tuple[str, ...] | None
    """The statuses in which it may be issued; None where the status does not matter."""
    creates: bool
    looks_up: Lookup | None
    takes_roles: bool
    """Whether its function is told the roles it is issued in."""
    events: frozenset[type[Event]]
    offered: Callable[[Any], bool] | None = None
    """Tells of a state whether the decision is to be among those allowed, beside its status; it decides nothing."""

    @property
    def description(self) -> str:
        """What the partner does, from the command's docstring."""
        return inspect.cleandoc(self.command.__doc__ or "")

    @cached_property
    def corrects(self) -> bool:
        """Whether it leads to corrections, and so may be of any day; otherwise it is a step."""
        return any(issubclass(event, Correction) for event in self.events)


class Decider(Generic[S]):
    """The commands, state and events of one kind of stream.

    `category` prefixes the stream ids. `identified_by` names the creating command's field that is the stream's id,
    where the domain has one. `owned_by` maps the roles tied to an organisation to the field, of the state and of the
    creating command alike, that says whose record it is; a role maps to the field of its own name unless told. A record
    may be of several: a role may map to several fields, and such a field may hold a tuple. `finding` are the fields by
    which streams are found, sorted and searched.
    """

    def __init__(
        self,
        category: str,
        state: type[S],
        *,
        identified_by: str | None = None,
        owned_by: Mapping[Role, str | tuple[str, ...]] | None = None,
        finding: Finding = Finding(),  # noqa: B008  it is frozen
    ) -> None:
        self.category = category
        self.state = state
        self.identified_by = identified_by
        self.finding = finding
        self.decisions: dict[type[Command], Decision] = {}
        named = {**{role: str(role) for role in ORGANISATION_ROLES}, **(owned_by or {})}
        self.owner_fields: Mapping[Role, tuple[str, ...]] = {
            role: fields if isinstance(fields, tuple) else (fields,) for role, fields in named.items()
        }
        """The fields that say whose record it is, by the role that acts for one organisation."""
        self._evolutions: dict[type[Event], Callable[..., S]] = {}
        self._models: dict[tuple[str, int], type[Event]] = {}

    def stream_id(self, identity: str) -> str:
        """The id of the stream of one aggregate: `company-00000001800010`."""
        return f"{self.category}-{identity}"

    def creates(
        self,
        *,
        by: Role | tuple[Role, ...],
        when: str | tuple[str, ...] | None = None,
        looks_up: Lookup | None = None,
    ) -> Callable[[Decide], Decide]:
        """Registers the decision that begins a stream.

        With `when`, a stream in one of those statuses may begin anew: the function then takes the state (or None)
        before the command. A function that takes `Roles`, last, is told in which roles the actor issues the command.
        """
        return self._registers(by, when, looks_up, creates=True)

    def decides(
        self,
        *,
        by: Role | tuple[Role, ...],
        when: str | tuple[str, ...] | None = None,
        looks_up: Lookup | None = None,
        offered: Callable[[S], bool] | None = None,
    ) -> Callable[[Decide], Decide]:
        """Registers a decision on an existing stream: a function of its state, a command, and `Roles` if it takes them.

        It leads to steps or to corrections, as its return annotation says. `offered` tells of a state whether there is
        anything to decide about: where there is not, the decision is not among those allowed.
        """
        return self._registers(by, when, looks_up, creates=False, offered=offered)

    def evolves(self, function: Callable[[S, E], S]) -> Callable[[S, E], S]:
        """Registers how the state changes by an event, or by any of a union of events."""
        hints = list(get_type_hints(function).values())
        for event in _members(hints[1]):
            if event in self._evolutions:
                raise TypeError(f"{self.category}: {event.__name__} evolves the state twice")
            self._evolutions[event] = function
            self._models[event.__name__, event.schema_version] = event
        return function

    def decision(self, command: type[Command]) -> Decision:
        """The decision that answers a command. Raises LookupError for another aggregate's command."""
        try:
            return self.decisions[command]
        except KeyError:
            raise LookupError(f"{self.category} does not decide {command.__name__}") from None

    @property
    def events(self) -> frozenset[type[Event]]:
        """Every event the decisions can lead to."""
        return frozenset().union(*(decision.events for decision in self.decisions.values()))

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """Every status of the state, as its annotation lists them."""
        return get_args(get_type_hints(self.state).get("status"))

    def authorise(self, decision: Decision, record: State | Command, actor: Actor) -> Roles:
        """The roles in which the actor may issue the decision on this record. Raises Forbidden if there are none."""
        if roles := self.standing(record, actor).intersection(decision.by):
            return roles
        if actor.roles.isdisjoint(decision.by):
            wanted = " or ".join(decision.by)
            raise Forbidden("role-missing", f"{decision.name} is for {wanted}")
        nameless = [role for role in decision.by if role in actor.roles and role not in actor.organisations]
        if nameless:
            raise Forbidden("not-your-record", f"the token has the role {nameless[0]}, but names no {nameless[0]}")
        raise Forbidden("not-your-record", f"{decision.name} is only for the organisation the record belongs to")

    def allowed(self, state: S, actor: Actor) -> list[str]:
        """The decisions this actor may issue now."""
        status = getattr(state, "status", None)
        standing = self.standing(state, actor)
        return [
            decision.name
            for decision in self.decisions.values()
            if not decision.creates
            and (decision.when is None or status in decision.when)
            and (decision.offered is None or decision.offered(state))
            and not standing.isdisjoint(decision.by)
        ]

    def may_create(self, decision: Decision, actor: Actor) -> bool:
        """Whether the actor may begin a stream by this decision, one of his own organisation where his role is tied."""
        return any(
            role in actor.roles and (role not in self.owner_fields or role in actor.organisations)
            for role in decision.by
        )

    def standing(self, record: State | Command, actor: Actor) -> Roles:
        """The roles that count for the actor on this record: those tied to an organisation only where it is theirs."""
        tied = actor.roles & self.owner_fields.keys()
        if not tied:
            return actor.roles
        return actor.roles - {
            role
            for role in tied
            if role not in actor.organisations or actor.organisations[role] not in self._organisations(record, role)
        }

    def owners(self, record: State) -> dict[Role, str]:
        """An organisation the record belongs to for each role that has one."""
        named = {role: self._organisations(record, role) for role in self.owner_fields}
        return {role: str(organisations[0]) for role, organisations in named.items() if organisations}

    def _organisations(self, record: State | Command, role: Role) -> list[object]:
        values = [getattr(record, field, None) for field in self.owner_fields[role]]
        each = [value if isinstance(value, tuple) else (value,) for value in values]
        return [organisation for several in each for organisation in several if organisation is not None]

    @cached_property
    def labelling(self) -> Labelling[S]:
        """Writes what streams are found, sorted and searched by. Raises TypeError where the state has no such field."""
        owners = [
            field for fields in self.owner_fields.values() for field in fields if field in self.state.model_fields
        ]
        return Labelling(self.category, self.state, self.finding, owners)

    def decide(
        self,
        state: S | None,
        command: Command,
        *,
        today: date,
        looked_up: State | None = None,
        roles: Roles = frozenset(),
    ) -> tuple[Event, ...]:
        """The events a command leads to; none where it changes nothing. Raises Rejected."""
        decision = self.decision(type(command))
        self._check_status(decision, state)
        if command.on == TODAY:
            command = command.model_copy(update={"on": today})
        elif command.on > today:
            raise Rejected("on-in-the-future", f"{command.on} is after today, {today}", on=command.on, today=today)
        if state is not None and command.on < state.effective_on and not decision.corrects:
            raise Rejected(
                "on-before-previous-step",
                f"{command.on} is before the previous step, of {state.effective_on}",
                on=command.on,
                previous=state.effective_on,
            )
        arguments: list[object] = [command]
        if not decision.creates or decision.when is not None:
            arguments.insert(0, state)
        if decision.looks_up is not None:
            arguments.append(looked_up)
        if decision.takes_roles:
            arguments.append(roles)
        decided = decision.function(*arguments)
        return (decided,) if isinstance(decided, Event) else tuple(decided)

    def evolve(self, state: S | None, event: Event) -> S:
        """The state after an event."""
        evolved = self._evolutions[type(event)](state, event)
        if evolved.effective_on != event.effective_on and not isinstance(event, Correction):
            raise AssertionError(
                f"{self.category}: {type(event).__name__} does not set effective_on; use state.after()"
            )
        return evolved

    def fold(self, events: Iterable[Event], state: S | None = None) -> S | None:
        """The state that events add up to."""
        for event in events:
            state = self.evolve(state, event)
        return state

    def decode(self, event_type: str, schema_version: int, data: str) -> Event:
        """One of this aggregate's events from its JSON. Raises UnknownEvent, or ValidationError."""
        model = self._models.get((event_type, schema_version)) or event_model(event_type, schema_version)
        return model.model_validate_json(data)

    def check(self) -> None:
        """Refuses a decider that leaves anything unhandled. Called when a service is put together. Raises TypeError."""
        _ = self.labelling
        problems = [
            *(
                f"{event.__name__} is decided but never evolves the state"
                for event in self.events - self._evolutions.keys()
            ),
            *(
                f"{event.__name__} evolves the state but is never decided"
                for event in self._evolutions.keys() - self.events
            ),
            *(
                f"{command.__name__} has no decision"
                for command in _subclasses(Command)
                if command.__module__ == self.state.__module__ and command not in self.decisions
            ),
        ]
        for decision in self.decisions.values():
            if decision.corrects and not all(issubclass(event, Correction) for event in decision.events):
                problems.append(f"{decision.name}: leads to steps and to corrections")
            if decision.corrects and decision.creates:
                problems.append(f"{decision.name}: a correction begins no stream")
            problems += [
                f"{decision.name}: {self.state.__name__} is never {status}"
                for status in decision.when or ()
                if status not in self.statuses
            ]
            record = decision.command if decision.creates else self.state
            problems += [
                f"{decision.name}: {record.__name__} has no {' or '.join(self.owner_fields[role])}"
                " to tell whose record it is"
                for role in decision.by
                if role in self.owner_fields and record.model_fields.keys().isdisjoint(self.owner_fields[role])
            ]
            if decision.looks_up and decision.looks_up.key not in record.model_fields:
                problems.append(f"{decision.name}: {record.__name__} has no {decision.looks_up.key} to look up")
        if problems:
            raise TypeError(f"decider {self.category}: " + "; ".join(sorted(problems)))

    def _registers(
        self,
        by: Role | tuple[Role, ...],
        when: str | tuple[str, ...] | None,
        looks_up: Lookup | None,
        *,
        creates: bool,
        offered: Callable[[Any], bool] | None = None,
    ) -> Callable[[Decide], Decide]:
        roles: tuple[Role, ...] = by if isinstance(by, tuple) else (by,)
        statuses = (when,) if isinstance(when, str) else when

        def register(function: Decide) -> Decide:
            hints = get_type_hints(function)
            returned = hints.pop("return")
            command = next(hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, Command))
            takes_roles = Roles in hints.values()
            expected = 1 + (not creates or statuses is not None) + (looks_up is not None) + takes_roles
            if len(hints) != expected:
                raise TypeError(f"{self.category}: {function.__name__} takes {len(hints)} arguments, not {expected}")
            if command in self.decisions:
                raise TypeError(f"{self.category}: {command.__name__} is decided twice")
            self.decisions[command] = Decision(
                name=re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", command.__name__).lower(),
                command=command,
                function=function,
                by=roles,
                when=statuses,
                creates=creates,
                looks_up=looks_up,
                takes_roles=takes_roles,
                events=frozenset(_members(returned)),
                offered=offered,
            )
            return function

        return register

    def _check_status(self, decision: Decision, state: S | None) -> None:
        if decision.creates:
            if state is not None and (decision.when is None or getattr(state, "status", None) not in decision.when):
                raise Rejected(f"{self.category}-exists", f"this {self.category} is already there")
            return
        if state is None:
            raise LookupError(f"{decision.name} needs an existing {self.category}")
        if decision.when is not None:
            status = getattr(state, "status", None)
            if status not in decision.when:
                wanted = " or ".join(decision.when)
                article = "an" if self.category[0] in "aeiou" else "a"
                raise Rejected(
                    self.status_slug(decision, str(status)),
                    f"{decision.name} is for {article} {self.category} that is {wanted}, not {status}",
                    status=status,
                )

    def status_slug(self, decision: Decision, status: str) -> str:
        """The slug of the refusal of a decision in a status it is not for.

        It names the status the decision waits for, `investment-not-completed`, or, where most would do, the one that
        would not, `investment-cancelled`.
        """
        wanted = decision.when or ()
        most = 2 * len(wanted) > len(self.statuses)
        return (f"{self.category}-{status}" if most else f"{self.category}-not-{wanted[0]}").replace("_", "-")


def _members(annotation: object) -> list[type[Any]]:
    """The event classes in an annotation such as `A`, `A | B`, `tuple[A, B]`, `Sequence[A | B]` or `tuple[()]`."""
    if isinstance(annotation, type) and issubclass(annotation, Event):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, Sequence, list):
        return [member for part in get_args(annotation) if part is not Ellipsis for member in _members(part)]
    if get_origin(annotation) is Literal or annotation == ():
        return []
    raise TypeError(f"{annotation!r} is not made of event classes")


def _subclasses(parent: type[Command]) -> Iterable[type[Command]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)
