"""A pure decider: how commands become events and events become state. Nothing here does I/O or reads a clock.

An aggregate is one file: its commands, its state, its decisions and its evolutions. What can be declared is: who may
issue a decision, from which states, and to which it leads.

    lamps = Decider("lamp", Lamp)

    @lamps.creates(by="epci", to="dark")
    def install(command: Install) -> LampInstalled: ...

    lamps.steps(Light, LampLit, by="epci", when="dark", to="lit", day="lit_on")

    @lamps.decides(by="epci", when="lit", to="dark")
    def put_out(lamp: Lamp, command: PutOut, context: Context) -> LampPutOut: ...

    @lamps.evolves
    def _(lamp: Lamp, event: LampDimmed) -> Lamp:
        return lamp.after(event, watts=event.watts)

Three more functions of the state say what a stream means to others: what it holds (`claims`), when it must be looked at
again (`due`), and until when it needs the persons whom its commands named (`keeps`).
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from types import MappingProxyType, UnionType
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import Field

from contracts.labels import called
from contracts.model import PARIS as PARIS
from contracts.model import Aside, Day, EnteredDay, Event, Model, latest, refuse_persons, told_of_somebody
from contracts.personal import Person, Personal, persons_of, subjects_of
from contracts.registry import event_model
from contracts.roles import ORGANISATION_ROLES, Role
from eventstore.bounds import Bounds
from eventstore.finding import Finding, Labelling
from eventstore.refusal import (
    NOT_YOUR_OWN,
    NOT_YOUR_PART,
    NOT_YOUR_RECORD,
    ON_BEFORE_PREVIOUS_STEP,
    ON_IN_THE_FUTURE,
    ORGANISATION_MISSING,
    ROLE_MISSING,
    Forbidden,
    Refusal,
    Rejected,
    codes_of,
)

TODAY: Final = date.min
"""Stands in a command for the day it is handled: a model may not read a clock."""

PLATFORM: Final = "platform"
"""Who issues what is due, and what an event asks of another stream. No token carries this role."""

ITSELF: Final = ":itself"
"""Stands for what the id of a stream is made of, which its state does not know: in the key of a claim, and in what a
reaction finds by."""

By = Role | Literal["platform"]
Roles = frozenset[By]
B = TypeVar("B", bound=Bounds)


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
    """Raised whenever the fold gives another result for the same events, or claims or due tell otherwise of the same
    state, so that what is stored is written anew."""

    effective_on: Day
    """The day of the stream's latest step."""

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        refuse_persons(cls)

    def after(self, event: Event, **changes: object) -> Self:
        """This state, changed by an event. A step becomes the latest one; an aside leaves that as it is.

        Where a correction moves the day of the latest step, it gives `effective_on` among its changes. Raises
        ValidationError where the result could not be read back.
        """
        step = {} if isinstance(event, Aside) else {"effective_on": event.effective_on}
        # Costs 3 µs more than a copy, which drops what it does not know and keeps what no reader could take.
        return self.model_validate({**self.__dict__, **changes, **step})


@dataclass(frozen=True)
class Actor:
    """Who issues a command: a client of the platform, never a person."""

    client: str
    roles: Roles = frozenset()
    organisations: Mapping[Role, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a decision may know beside its command and the states it is made on."""

    now: datetime
    """Aware, in Europe/Paris."""
    roles: Roles = frozenset()
    """In which the actor issues the command."""
    organisations: Mapping[Role, str] = field(default_factory=dict)
    """Whom the actor acts for, by the role that is tied to it: where a record is several organisations', which of them
    decides."""
    bounds: Bounds | None = None
    """What is taken for right where the deployment says; asked for by `of`."""

    @cached_property
    def today(self) -> date:
        """The day of `now`."""
        return self.now.date()

    def of(self, kind: type[B]) -> B:
        """What is taken for right: as the deployment says, or else as declared."""
        if self.bounds is None:
            return kind()
        if not isinstance(self.bounds, kind):
            raise TypeError(f"the service has {type(self.bounds).__name__}, not {kind.__name__}")
        return self.bounds


S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)
Decide = TypeVar("Decide", bound=Callable[..., Event | Sequence[Event]])


@dataclass(frozen=True)
class Lookup:
    """Another stream of the same service whose state a decision needs.

    `key` names what holds its id: a field of the command, or else of the state. The decision receives that state, or
    None, and is made anew if it changes before the append. Where the key is None there is nothing to look up.
    """

    decider: "Decider[Any]"
    key: str


@dataclass(frozen=True)
class Claim:
    """Something that a stream holds, over all streams of the service.

    Nobody else holds it, or, with a `limit`, all who hold it do not exceed that together; from the first of `during`
    until before the last, or for ever. Who would is refused by `refusal`, whose slug tells kinds of claims apart. With
    a limit it may speak of `limit`, `taken`, how much others hold, and `left`, how much they do not. With a limit and a
    period, all that overlaps the period counts, also where it does not meet.
    """

    refusal: Refusal
    key: str
    during: tuple[datetime, datetime] | None = None
    amount: int = 1
    limit: int | None = None


@dataclass(frozen=True)
class Due:
    """When a stream must be looked at again (a day is due as it begins), and by which of the platform's commands."""

    at: datetime | date
    command: Command


@dataclass(frozen=True)
class Keep:
    """A person whom a stream names, and the last day on which it needs to know who that is."""

    subject: str
    until: date


@dataclass(frozen=True)
class Decision:
    """One command of an aggregate, and the rule that answers it."""

    name: str
    command: type[Command]
    function: Callable[..., Event | Sequence[Event]]
    by: tuple[By, ...]
    when: tuple[str, ...] | None
    """The statuses in which it may be issued; None where the status does not matter."""
    to: tuple[str, ...] | None
    """The statuses it leads to; None where it leaves the status as it is."""
    creates: bool
    looks_up: tuple[Lookup, ...]
    takes_context: bool
    events: frozenset[type[Event]]
    offered: Callable[[Any], bool] | None
    """Whether there is anything to decide, as far as the state tells: otherwise it is not among what is allowed."""
    erases: str | None = None
    """The command's field that holds the pseudonym of a person, of whom nothing is kept from then on."""
    owner: str | None = None
    """The one of the fields that say whose record it is that counts here; None where any of them does."""
    refuses: Mapping[str, Refusal] = field(default_factory=dict, hash=False)
    """How it is refused in statuses that it is not for, where more is to be told than the status."""
    reserves: Mapping[By, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """The reasons that one role alone may give for it; the platform gives no others."""

    @property
    def description(self) -> str:
        """What the partner does, from the command's docstring."""
        return inspect.cleandoc(self.command.__doc__ or "")

    @cached_property
    def persons(self) -> Mapping[str, type[Person]]:
        """The command's fields that name a person."""
        return persons_of(self.command)

    @cached_property
    def corrects(self) -> bool:
        """Whether it leads to corrections or other asides, and so may be of any day; otherwise it is a step."""
        return any(issubclass(event, Aside) for event in self.events)

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """Who may issue it, but the platform itself; nobody else where there are none."""
        return tuple(role for role in self.by if role != PLATFORM)


_GENERALLY: Final[Mapping[str, Refusal]] = MappingProxyType({})
"""Refused by what is said of any wrong status."""
_NONE: Final[Mapping[By, tuple[str, ...]]] = MappingProxyType({})
"""No reason is one role's alone."""


class _Changes(NamedTuple):
    """What a decision declares to change by its event, beside the status."""

    day: str | None = None
    takes: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()

    @property
    def fields(self) -> Iterable[str]:
        """The fields of the state that it changes."""
        return (*((self.day,) if self.day else ()), *self.takes, *self.clears)


def tell(model: type[E], command: Command, *states: State | None, **given: object) -> E:
    """An event of what is given, and of what the command, then the states, say under the same names.

    Its `effective_on` is the command's `on`, `amount_before` is what the first state says of `amount`, and a person is
    told by the pseudonym. Raises TypeError where nothing says what the event needs.
    """
    sources = (command, *states)
    says: dict[str, object] = {"effective_on": command.on, **given}
    for name, place, field_name in _told(model, tuple(given), tuple(map(type, sources))):
        value = getattr(sources[place], field_name)
        says[name] = value.subject if isinstance(value, Personal) else value
    return model.model_validate(says)


@cache
def _told(
    model: type[Event], given: tuple[str, ...], kinds: tuple[type[Model] | type[None], ...]
) -> Sequence[tuple[str, int, str]]:
    """The fields of an event that are not given, each with which of the sources says it, and under which name.

    Found out once: a model that is asked for what it does not say takes as long as one that is read from JSON.
    """
    told = []
    for name, about in model.model_fields.items():
        if name == "effective_on" or name in given:
            continue
        before = name.removesuffix("_before")
        saying = [(name, place, name) for place, kind in enumerate(kinds) if _says(kind, name)]
        if before != name and len(kinds) > 1 and _says(kinds[1], before):
            saying.append((name, 1, before))
        if saying:
            told.append(saying[0])
        elif about.is_required():
            raise TypeError(f"nothing says the {name} of {model.__name__}")
    return told


class Decider(Generic[S]):
    """The commands, state and events of one kind of stream.

    `category` prefixes the stream ids. `identified_by` names the creating command's field that is the stream's id,
    where the domain has one. `owned_by` maps the roles tied to an organisation to the fields, of the state and of the
    creating command alike, that say whose record it is; a role maps to the field of its own name unless told. Where it
    is several organisations' each may decide, unless a decision says whose part it is (`owner`). Any other role that is
    told stands for itself, and acts only on records whose field names it, or, of the one role that is `unnamed`, whose
    field names nobody. `final` are the statuses in which a stream ends, `finding` the fields by which streams are
    found, sorted and searched.
    """

    def __init__(
        self,
        category: str,
        state: type[S],
        *,
        identified_by: str | None = None,
        owned_by: Mapping[Role, str | tuple[str, ...]] | None = None,
        unnamed: Role | None = None,
        final: str | tuple[str, ...] = (),
        finding: Finding = Finding(),  # noqa: B008  it is frozen
    ) -> None:
        self.category = category
        self.state = state
        self.identified_by = identified_by
        self.unnamed = unnamed
        self.final = _several(final)
        self.finding = finding
        self.decisions: dict[type[Command], Decision] = {}
        self.owner_fields: Mapping[Role, tuple[str, ...]] = {
            **{role: (str(role),) for role in ORGANISATION_ROLES},
            **{role: _several(fields) for role, fields in (owned_by or {}).items()},
        }
        """The fields that say whose record it is, by the role that acts only on its own."""
        self._evolutions: dict[type[Event], Callable[..., S]] = {}
        self._derived: dict[type[Event], tuple[bool, tuple[str, ...] | None, _Changes]] = {}
        self._derived_otherwise = set[type[Event]]()
        """Of which two decisions declare different changes."""
        self._models: dict[tuple[str, int], type[Event]] = {}
        self._claims: Callable[[S], Iterable[Claim]] | None = None
        self._due: Callable[[S], Iterable[Due]] | None = None
        self._keeps: Callable[[S], Iterable[Keep]] | None = None
        self._problems: list[str] = []
        """What was found wrong while it was declared."""

    def stream_id(self, identity: str) -> str:
        """The id of the stream of one aggregate: `company-00000001800010`."""
        return f"{self.category}-{identity}"

    def identity(self, stream_id: str) -> str:
        """What `stream_id` was made of."""
        return stream_id.removeprefix(f"{self.category}-")

    def creates(
        self,
        *,
        by: By | tuple[By, ...],
        when: str | tuple[str, ...] | None = None,
        to: str | tuple[str, ...] | None = None,
        day: str | None = None,
        looks_up: Lookup | tuple[Lookup, ...] = (),
        erases: str | None = None,
        owner: str | None = None,
    ) -> Callable[[Decide], Decide]:
        """Registers the decision that begins a stream, and the status it begins in.

        With `when`, a stream in one of those statuses may begin anew: the function then takes the state (or None)
        before the command. What is looked up follows, and a `Context` if it takes one.

        Unless an evolution is registered, the state is what the event says under the same names, with the status `to`
        and the event's day in the field `day`. With `erases`, a field of the command that holds a pseudonym, nothing is
        kept of that person from then on.
        """
        changes = _Changes(day)
        return self._registers(by, when, to, _several(looks_up), changes, creates=True, erases=erases, owner=owner)

    def decides(
        self,
        *,
        by: By | tuple[By, ...],
        when: str | tuple[str, ...] | None = None,
        to: str | tuple[str, ...] | None = None,
        day: str | None = None,
        takes: tuple[str, ...] = (),
        clears: tuple[str, ...] = (),
        looks_up: Lookup | tuple[Lookup, ...] = (),
        offered: Callable[[Any], bool] | None = None,
        owner: str | None = None,
        refuses: Mapping[str, Refusal] = _GENERALLY,
        reserves: Mapping[By, tuple[str, ...]] = _NONE,
    ) -> Callable[[Decide], Decide]:
        """Registers a decision on an existing stream: a function of its state, a command, what is looked up, and a
        `Context` if it takes one.

        It leads to steps or to corrections, as its return annotation says. Unless an evolution is registered, the state
        changes to the status `to`, has the event's day in the field `day`, takes over the event's fields `takes`, and
        has nothing any more in the fields `clears`. With `owner`, of all whose record it is only the organisation that
        this field names decides. With `refuses`, it is refused in these statuses by refusals of their own, which speak
        of fields of the state: of who has what the command is after, and until when. With `reserves`, these of the
        reasons that the command may give are for one role alone.
        """
        changes = _Changes(day, takes, clears)
        return self._registers(
            by,
            when,
            to,
            _several(looks_up),
            changes,
            offered=offered,
            owner=owner,
            refuses=refuses,
            reserves=reserves,
        )

    def steps(
        self,
        command: type[Command],
        event: type[Event],
        *,
        by: By | tuple[By, ...],
        when: str | tuple[str, ...] | None,
        to: str | None = None,
        day: str | None = None,
        takes: tuple[str, ...] = (),
        clears: tuple[str, ...] = (),
        offered: Callable[[Any], bool] | None = None,
        owner: str | None = None,
        refuses: Mapping[str, Refusal] = _GENERALLY,
        reserves: Mapping[By, tuple[str, ...]] = _NONE,
        **given: object,
    ) -> None:
        """Registers a decision without a rule of its own: `tell` makes its event, of the command, the state and what is
        given. The state changes as `decides` says.
        """

        def step(state: State, command: Command) -> Event:
            return tell(event, command, state, **given)

        for name, about in event.model_fields.items():
            said = name in {"effective_on", *given, *command.model_fields}
            told = said or self._says(name) or (name.endswith("_before") and self._says(name.removesuffix("_before")))
            if not told and about.is_required():
                self._problems.append(f"{command.__name__}: nothing says the {name} of {event.__name__}")
        changes = _Changes(day, takes, clears)
        self._register(
            step,
            command,
            (event,),
            by,
            when,
            to,
            (),
            changes,
            offered=offered,
            takes_context=False,
            owner=owner,
            refuses=refuses,
            reserves=reserves,
        )

    def evolves(self, function: Callable[[S, E], S]) -> Callable[[S, E], S]:
        """Registers how the state changes by an event, or by any of a union of events."""
        hints = list(get_type_hints(function).values())
        for event in events_of(hints[1]):
            if event in self._evolutions:
                raise TypeError(f"{self.category}: {event.__name__} evolves the state twice")
            self._evolutions[event] = function
            self._models.update({(each.event_type, each.schema_version): each for each in event.versions()})
        return function

    def claims(self, function: Callable[[S], Iterable[Claim]]) -> Callable[[S], Iterable[Claim]]:
        """Registers what a stream holds in a state. Where it comes to tell otherwise, raise the state's `revision`."""
        if self._claims is not None:
            raise TypeError(f"{self.category}: its claims are told twice")
        self._claims = function
        return function

    def due(self, function: Callable[[S], Iterable[Due]]) -> Callable[[S], Iterable[Due]]:
        """Registers when a stream in a state must be looked at again. As with claims, `revision` tells of a change."""
        if self._due is not None:
            raise TypeError(f"{self.category}: what is due is told twice")
        self._due = function
        return function

    def keeps(self, function: Callable[[S], Iterable[Keep]]) -> Callable[[S], Iterable[Keep]]:
        """Registers until when a stream needs whom it names. As with claims, `revision` tells of a change."""
        if self._keeps is not None:
            raise TypeError(f"{self.category}: whom it keeps is told twice")
        self._keeps = function
        return function

    @cached_property
    def subjects(self) -> Mapping[str, str]:
        """The fields of the state that hold the pseudonym of a person, or those of several, each with the field of the
        commands that name one: of `passengers` that is `passenger`."""
        return {name: name if name in self.persons else name.removesuffix("s") for name in subjects_of(self.state)}

    @cached_property
    def persons(self) -> Mapping[str, type[Person]]:
        """Whom its commands name, by their fields; a state's of the same name holds the pseudonym."""
        return {name: kind for decision in self.decisions.values() for name, kind in decision.persons.items()}

    def subjects_in(self, state: S | None) -> Mapping[str, str | tuple[str, ...]]:
        """The pseudonyms that a state holds, by its fields; of a field that holds several, all of them."""
        if state is None:
            return {}
        return {name: subject for name in self.subjects if (subject := getattr(state, name)) is not None}

    def named_in(self, state: S | None) -> Sequence[str]:
        """Everybody whom a state names."""
        named = self.subjects_in(state).values()
        return [subject for each in named for subject in ((each,) if isinstance(each, str) else each)]

    def keeps_of(self, state: S | None) -> Sequence[Keep]:
        """Until when a stream in this state needs whom."""
        return tuple(self._keeps(state)) if self._keeps and state is not None else ()

    def claims_of(self, state: S | None) -> Sequence[Claim]:
        """What a stream in this state holds."""
        return tuple(self._claims(state)) if self._claims and state is not None else ()

    def due_of(self, state: S | None) -> Sequence[Due]:
        """What is due on a stream in this state, now or later."""
        return tuple(self._due(state)) if self._due and state is not None else ()

    @property
    def has_due(self) -> bool:
        """Whether anything is ever due on its streams."""
        return self._due is not None

    @property
    def keeps_persons(self) -> bool:
        """Whether its streams ever need to know who somebody is."""
        return self._keeps is not None

    @property
    def functions(self) -> Sequence[Callable[..., object]]:
        """What may refuse any decision, beside its own function: what its claims are made by."""
        return (self._claims,) if self._claims else ()

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

    @property
    def transitions(self) -> Sequence[tuple[str | None, Decision, str]]:
        """Every change of status: from (None where a stream begins), by which decision, to."""
        return [
            (status, decision, to)
            for decision in self.decisions.values()
            for to in decision.to or ()
            for status in (*((None,) if decision.creates else ()), *self._from(decision))
        ]

    def _from(self, decision: Decision) -> Sequence[str]:
        if decision.when is not None:
            return decision.when
        return () if decision.creates else self.statuses

    def authorise(self, decision: Decision, record: State | Command, actor: Actor) -> Roles:
        """The roles in which the actor may issue the decision on this record. Raises Forbidden if there are none."""
        if roles := self.standing(record, actor, decision.owner).intersection(decision.by):
            return roles
        if actor.roles.isdisjoint(decision.by):
            raise Forbidden(ROLE_MISSING, {"decision": decision.name, "roles": decision.roles})
        for role in decision.roles:
            if role in actor.roles and _organisation(actor, role) is None:
                raise Forbidden(ORGANISATION_MISSING, {"role": role})
        if decision.creates:
            tied = (role for role in decision.roles if role in actor.roles)
            owner = decision.owner or next(name for role in tied for name in self.owner_fields[role])
            forbidden = Forbidden(NOT_YOUR_OWN, {"decision": decision.name, "owner": owner})
            forbidden.at = owner
            raise forbidden
        if decision.owner is not None:
            raise Forbidden(NOT_YOUR_PART, {"decision": decision.name, "owner": decision.owner})
        raise Forbidden(NOT_YOUR_RECORD, {"decision": decision.name})

    def allowed(self, state: S, actor: Actor) -> list[str]:
        """The decisions this actor may issue now."""
        status = getattr(state, "status", None)
        return [
            decision.name
            for decision in self.decisions.values()
            if not decision.creates
            and (decision.when is None or status in decision.when)
            and not self.standing(state, actor, decision.owner).isdisjoint(decision.by)
            and (decision.offered is None or decision.offered(state))
        ]

    def may_create(self, decision: Decision, actor: Actor) -> bool:
        """Whether the actor may begin a stream by this decision, one of his own organisation where his role is tied."""
        return any(
            role in actor.roles and (role not in self.owner_fields or _organisation(actor, role) is not None)
            for role in decision.roles
        )

    def standing(self, record: State | Command, actor: Actor, owner: str | None = None) -> Roles:
        """The roles that count for the actor on this record: those that own records only where it is theirs.

        With `owner`, only where this one of the fields that say so names them.
        """
        if actor.roles.isdisjoint(self.owner_fields):
            return actor.roles
        return actor.roles - {
            role for role in self.owner_fields if _organisation(actor, role) not in self._owners(record, role, owner)
        }

    def owners(self, record: State) -> dict[Role, tuple[str, ...]]:
        """The organisations the record belongs to, by the role of each; a record may have several of one."""
        named = {role: self._owners(record, role) for role in self.owner_fields if role in ORGANISATION_ROLES}
        return {role: organisations for role, organisations in named.items() if organisations}

    def _owners(self, record: State | Command, role: Role, owner: str | None = None) -> tuple[str, ...]:
        found: list[str] = []
        for name in self.owner_fields[role]:
            value = getattr(record, name, None)
            if value is None and role == self.unnamed:
                value = role
            if value is not None and owner in (None, name):
                found += value if isinstance(value, tuple) else (str(value),)
        return tuple(found)

    @cached_property
    def labelling(self) -> Labelling[S]:
        """Writes what streams are found, sorted and searched by. Raises TypeError where the state has no such field."""
        owners = [name for names in self.owner_fields.values() for name in names if name in self.state.model_fields]
        return Labelling(self.category, self.state, self.finding, owners)

    def decide(
        self, state: S | None, command: Command, context: Context, looked_up: Sequence[State | None] = ()
    ) -> tuple[Event, ...]:
        """The events a command leads to; none where it changes nothing. Raises Rejected."""
        decision = self.decision(type(command))
        self._check_status(decision, state)
        if command.on == TODAY:
            command = command.model_copy(update={"on": context.today})
        elif command.on > context.today:
            raise ON_IN_THE_FUTURE(on=command.on, today=context.today)
        if state is not None and command.on < state.effective_on and not decision.corrects:
            raise ON_BEFORE_PREVIOUS_STEP(on=command.on, previous=state.effective_on)
        if decision.reserves:
            self._check_reason(decision, command, context.roles)
        arguments: list[object] = [command, *looked_up]
        if not decision.creates or decision.when is not None:
            arguments.insert(0, state)
        if decision.takes_context:
            arguments.append(context)
        try:
            decided = decision.function(*arguments)
        except Rejected as rejected:
            rejected.by_rule = True
            raise
        return (decided,) if isinstance(decided, Event) else tuple(decided)

    def evolve(self, state: S | None, event: Event) -> S:
        """The state after an event."""
        kind = type(event)
        evolution = self._evolutions.get(kind)
        evolved = evolution(state, event) if evolution else self._derive(state, event)
        if evolved.effective_on != event.effective_on and not isinstance(event, Aside):
            raise AssertionError(f"{self.category}: {event.event_type} does not set effective_on; use state.after()")
        return evolved

    def fold(self, events: Iterable[Event], state: S | None = None) -> S | None:
        """The state that events add up to."""
        for event in events:
            state = self.evolve(state, event)
        return state

    def check_status(self, command: Command, before: S | None, after: S | None) -> None:
        """Raises AssertionError where a command led to a status that its decision does not declare."""
        decision = self.decision(type(command))
        was, became = getattr(before, "status", None), getattr(after, "status", None)
        declared = decision.to or (was,)
        if became not in declared:
            raise AssertionError(f"{self.category}: {decision.name} leads to {became}, and declares {declared}")

    def decode(self, event_type: str, schema_version: int, data: str) -> Event:
        """One of this aggregate's events from its JSON, as the latest version of its type.

        Raises UnknownEvent, or ValidationError.
        """
        model = self._models.get((event_type, schema_version)) or event_model(event_type, schema_version)
        return latest(model.model_validate_json(data))

    def check(self) -> None:
        """Refuses a decider that leaves anything unhandled. Called when a service is put together. Raises TypeError."""
        _ = self.labelling
        problems = [
            *self._problems,
            *(
                f"{event.__name__} is decided but never evolves the state"
                for event in self.events - self._evolutions.keys() - self._derived.keys()
            ),
            *(
                f"{event.__name__} evolves the state but is never decided"
                for event in self._evolutions.keys() - self.events
            ),
            *(
                f"{event.__name__} is told by two decisions: register its evolution"
                for event in self._derived_otherwise - self._evolutions.keys()
            ),
            *(
                f"{command.__name__} has no decision"
                for command in _subclasses(Command)
                if command.__module__ == self.state.__module__ and command not in self.decisions
            ),
            *(
                f"{event.__name__}: its evolution is registered, so its decision says no day, takes or clears"
                for event, (_, _, changes) in self._derived.items()
                if event in self._evolutions and any(changes)
            ),
            *self._problems_of_statuses(),
        ]
        problems += [
            f"no command says who the {name} is" for name, one in self.subjects.items() if one not in self.persons
        ]
        if self.subjects and self._keeps is None:
            problems.append(f"nothing tells until when it needs the {' and the '.join(self.subjects)}")
        for decision in self.decisions.values():
            problems += [f"{decision.name}: {problem}" for problem in self._problems_of(decision)]
        if problems:
            raise TypeError(f"decider {self.category}: " + "; ".join(sorted(problems)))

    def _problems_of(self, decision: Decision) -> Iterable[str]:
        if decision.corrects and not all(issubclass(event, Aside) for event in decision.events):
            yield "leads to steps and to corrections"
        if decision.corrects and decision.creates:
            yield "a correction begins no stream"
        for name in told_of_somebody(decision.command):
            if name not in decision.persons:
                yield f"{name} tells of somebody, and is not a person of its own"
        if decision.persons and not decision.roles:
            yield "the platform knows nobody's name"
        for status in (*(decision.when or ()), *(decision.to or ())):
            if status not in self.statuses:
                yield f"{self.state.__name__} is never {status}"
        record = decision.command if decision.creates else self.state
        owners = [name for role in decision.roles for name in self.owner_fields.get(role, ())]
        for name in owners:
            if not _says(record, name):
                yield f"{record.__name__} has no {name} to tell whose record it is"
        if decision.owner is not None and decision.owner not in owners:
            yield f"no field that says whose record it is is called {decision.owner}"
        for status, refusal in decision.refuses.items():
            if decision.when is None or status in decision.when or status not in self.statuses:
                yield f"it is never refused for being {status}"
            yield from (
                f"{self.state.__name__} has no {name}, which {refusal.slug} speaks of"
                for name in refusal.parameters
                if not self._says(name)
            )
        for reason in (each for reasons in decision.reserves.values() for each in reasons):
            if reason not in _reasons(decision):
                yield f"{reason}, which it reserves, is no reason of {decision.command.__name__}"
        for lookup in decision.looks_up:
            if lookup.key not in decision.command.model_fields and (decision.creates or not self._says(lookup.key)):
                yield f"{record.__name__} has no {lookup.key} to look up"

    def _problems_of_statuses(self) -> Iterable[str]:
        """What the declared ways between statuses leave out."""
        if not self.statuses:
            return
        reached = {to for _, _, to in self.transitions}
        left = {status for status, _, to in self.transitions if status != to}
        yield from (f"{status} is reached by no decision" for status in self.statuses if status not in reached)
        for status in self.statuses:
            if status in self.final and status in left:
                yield f"{status} is final, and left"
            if status not in self.final and status not in left:
                yield f"{status} is never left, and not declared final"
        yield from (f"{self.state.__name__} is never {status}" for status in self.final if status not in self.statuses)

    def _says(self, name: str) -> bool:
        return _says(self.state, name)

    def _registers(
        self,
        by: By | tuple[By, ...],
        when: str | tuple[str, ...] | None,
        to: str | tuple[str, ...] | None,
        looks_up: tuple[Lookup, ...],
        changes: "_Changes",
        *,
        creates: bool = False,
        offered: Callable[[Any], bool] | None = None,
        erases: str | None = None,
        owner: str | None = None,
        refuses: Mapping[str, Refusal] = _GENERALLY,
        reserves: Mapping[By, tuple[str, ...]] = _NONE,
    ) -> Callable[[Decide], Decide]:
        def register(function: Decide) -> Decide:
            hints = get_type_hints(function)
            returned = hints.pop("return")
            command = next(hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, Command))
            takes_context = Context in hints.values()
            expected = 1 + (not creates or when is not None) + len(looks_up) + takes_context
            if len(hints) != expected:
                raise TypeError(f"{self.category}: {function.__name__} takes {len(hints)} arguments, not {expected}")
            self._register(
                function,
                command,
                tuple(events_of(returned)),
                by,
                when,
                to,
                looks_up,
                changes,
                offered=offered,
                takes_context=takes_context,
                creates=creates,
                erases=erases,
                owner=owner,
                refuses=refuses,
                reserves=reserves,
            )
            return function

        return register

    def _register(
        self,
        function: Callable[..., Event | Sequence[Event]],
        command: type[Command],
        events: tuple[type[Event], ...],
        by: By | tuple[By, ...],
        when: str | tuple[str, ...] | None,
        to: str | tuple[str, ...] | None,
        looks_up: tuple[Lookup, ...],
        changes: "_Changes",
        *,
        offered: Callable[[Any], bool] | None,
        takes_context: bool,
        creates: bool = False,
        erases: str | None = None,
        owner: str | None = None,
        refuses: Mapping[str, Refusal] = _GENERALLY,
        reserves: Mapping[By, tuple[str, ...]] = _NONE,
    ) -> None:
        if command in self.decisions:
            raise TypeError(f"{self.category}: {command.__name__} is decided twice")
        statuses = None if to is None else _several(to)
        self.decisions[command] = Decision(
            name=re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", command.__name__).lower(),
            command=command,
            function=function,
            by=_several(by),
            when=None if when is None else _several(when),
            to=statuses,
            creates=creates,
            looks_up=looks_up,
            takes_context=takes_context,
            events=frozenset(events),
            offered=offered,
            erases=erases,
            owner=owner,
            refuses=refuses,
            reserves=reserves,
        )
        for event in events:
            self._models.update({(each.event_type, each.schema_version): each for each in event.versions()})
            # Those of decisions that lead to several events or statuses are registered.
            if len(events) == 1 and len(statuses or ("",)) == 1 and (statuses or any(changes)):
                if self._derived.setdefault(event, (creates, statuses, changes)) != (creates, statuses, changes):
                    self._derived_otherwise.add(event)
            elif any(changes):
                self._problems.append(f"{command.__name__} has several ends: register the evolutions of its events")
        self._problems += [
            f"{command.__name__}: {self.state.__name__} has no {name}"
            for name in changes.fields
            if name not in self.state.model_fields
        ]

    def _derive(self, state: S | None, event: Event) -> S:
        """The state after an event whose decision declares what it changes."""
        creates, statuses, (day, takes, clears) = self._derived[type(event)]
        changed: dict[str, object] = {"status": statuses[0]} if statuses else {}
        if day:
            changed[day] = event.effective_on
        if creates or state is None:
            told = {name: value for name, value in event if name in self.state.model_fields}
            return self.state.model_validate({**told, **changed})
        return state.after(event, **changed, **{name: getattr(event, name) for name in takes}, **dict.fromkeys(clears))

    def _check_status(self, decision: Decision, state: S | None) -> None:
        if decision.creates:
            if state is not None and (decision.when is None or getattr(state, "status", None) not in decision.when):
                raise self.exists()
            return
        if state is None:
            raise LookupError(f"{decision.name} needs an existing {self.category}")
        if decision.when is not None:
            status = getattr(state, "status", None)
            if status not in decision.when:
                refusal = self.wrong_status(decision, str(status))
                raise refusal(**{name: getattr(state, name) for name in refusal.parameters})

    def _check_reason(self, decision: Decision, command: Command, roles: Roles) -> None:
        """Raises Rejected."""
        reason: object = command.reason  # type: ignore[attr-defined]  # as `check` has found
        reserved = {each: role for role, reasons in decision.reserves.items() for each in reasons}
        told = tuple(
            each
            for each in _reasons(decision)
            if (reserved[each] in roles if each in reserved else roles != {PLATFORM})
        )
        if reason not in told:
            raise self.reason_of_another_role(reason=reason, reasons=told)

    @cached_property
    def reason_of_another_role(self) -> Refusal:
        """The reason that a command gives is for another role alone."""
        reserving = [decision for decision in self.decisions.values() if decision.reserves]
        kind: Any = Literal[tuple(dict.fromkeys(reason for decision in reserving for reason in _reasons(decision)))]
        return Refusal(
            "reason-of-another-role",
            "{reason} is not for this role to say; it may say {reasons}",
            "ce rôle ne peut pas donner le motif « {reason} » ; il peut donner : {reasons}",
            at="reason",
            reason=kind,
            reasons=tuple[kind, ...],
        )

    @cached_property
    def exists(self) -> Refusal:
        """The stream that a command would begin has begun: it has the identity that the command gives."""
        return Refusal(
            f"{self.category}-exists",
            "this record is already there",
            "cet enregistrement existe déjà",
            at=self.identified_by or (),
        )

    def wrong_status(self, decision: Decision, status: str) -> Refusal:
        """The refusal of a decision in a status it is not for, which speaks of fields of the state.

        Unless the decision has one of its own, its slug names the status the decision waits for,
        `investment-not-completed`, or, where most would do, the one that would not, `investment-cancelled`.
        """
        if own := decision.refuses.get(status):
            return own
        wanted = decision.when or ()
        most = 2 * len(wanted) > len(self.statuses)
        french = [called(self.statuses, each, "fr") for each in wanted]
        article = "an" if self.category[0] in "aeiou" else "a"
        return Refusal(
            (f"{self.category}-{status}" if most else f"{self.category}-not-{wanted[0]}").replace("_", "-"),
            f"{decision.name} is for {article} {self.category} that is {' or '.join(wanted)}, not {{status}}",
            f"« {decision.name} » suppose l'état {' ou '.join(f'« {each} »' for each in french)}, non « {{status}} »",
            status=self.state.model_fields["status"].annotation,
        )

    def not_for(self, command: type[Command]) -> Sequence[Refusal]:
        """The refusals of a command in the statuses that it is not for."""
        decision = self.decision(command)
        refusals = [
            self.wrong_status(decision, status) for status in self.statuses if status not in self._from(decision)
        ]
        return [*{refusal.slug: refusal for refusal in refusals}.values()]


T = TypeVar("T")


def _organisation(actor: Actor, role: By) -> str | None:
    """Whom an actor acts for in a role, if the token says: a role that is not tied to an organisation is one itself."""
    return actor.organisations.get(role) if role in ORGANISATION_ROLES else role


def _several(given: T | tuple[T, ...]) -> tuple[T, ...]:
    return given if isinstance(given, tuple) else (given,)


def _status(to: tuple[str, ...] | None) -> dict[str, object]:
    return {"status": to[0]} if to else {}


def _reasons(decision: Decision) -> tuple[object, ...]:
    """The reasons that its command may give."""
    reason = decision.command.model_fields.get("reason")
    return codes_of(reason.annotation) if reason else ()


def _says(model: type[Model] | type[None], name: str) -> bool:
    """Whether a model has a field or a property of this name."""
    return name in getattr(model, "model_fields", ()) or isinstance(getattr(model, name, None), property)


def events_of(annotation: object) -> list[type[Any]]:
    """The event classes in an annotation such as `A`, `A | B`, `tuple[A, B]`, `Sequence[A | B]` or `tuple[()]`."""
    if isinstance(annotation, type) and issubclass(annotation, Event):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, Sequence, list):
        return [member for part in get_args(annotation) if part is not Ellipsis for member in events_of(part)]
    if get_origin(annotation) is Literal or annotation == ():
        return []
    raise TypeError(f"{annotation!r} is not made of event classes")


def _subclasses(parent: type[Command]) -> Iterable[type[Command]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)
