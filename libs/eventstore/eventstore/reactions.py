"""Reactions: what an event asks of other streams, as pure functions from events to commands.

    reactions = Reactions()

    @reactions.to(finds=bookings, by={"equipment": "equipment"}, among={"status": "waiting"})
    def offer_to_the_next(event: BookingCancelled, waiting: Sequence[Found[Booking]]) -> Iterable[Issue]:
        for booking in sorted(waiting, key=lambda found: found.state.queued_at):
            yield Issue(bookings, booking.identity, Offer(), expects=(SLOT_TAKEN,))

What a reaction must find first, streams by a field, is declared, so that the function needs no database. One that takes
an `Identity` is told which stream the event is of. Whatever is delivered twice, each command has one effect.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, NewType, TypeVar, get_type_hints

from contracts.model import Event
from eventstore.decider import ITSELF, PLATFORM, Command, Decider, S, events_of
from eventstore.refusal import Refusal

React = TypeVar("React", bound=Callable[..., Iterable["Issue"]])

Identity = NewType("Identity", str)
"""What the id of the event's stream was made of, as its records are known by."""


@dataclass(frozen=True)
class Found(Generic[S]):
    """A stream that a reaction has found."""

    identity: str
    state: S


class Queue(NamedTuple):
    """Those who wait for the same, in their order. Once one is told that it is `full`, nobody behind is asked: what
    fell free in between is for the first of them, when it is heard of."""

    of: str
    """What they wait for."""
    full: Refusal


class Issue:
    """A command for a stream, or for a new one where `identity` is None: the first of some that is not refused.

    A refusal that a reaction `expects`, as where somebody else was faster, is no fault; any other parks its event. Nor
    is it one that there is no such stream, where it is asked only `if_there`: its id was entered, and may be wrong.
    That a `queue` is full is expected.
    """

    def __init__(
        self,
        decider: Decider[Any],
        identity: str | None,
        *commands: Command,
        expects: tuple[Refusal, ...] = (),
        if_there: bool = False,
        queue: Queue | None = None,
    ) -> None:
        self.decider: Final = decider
        self.identity: Final = identity
        self.commands: Final = commands
        self.queue: Final = queue
        self.expected: Final = frozenset(refusal.slug for refusal in (*expects, *((queue.full,) if queue else ())))
        self.if_there: Final = if_there

    def __repr__(self) -> str:
        return f"Issue({self.decider.category}, {self.identity}, {self.commands})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Issue) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment] # commands need not be hashable


@dataclass(frozen=True)
class Reaction:
    """What some events ask of other streams."""

    name: str
    function: Callable[..., Iterable[Issue]]
    events: tuple[type[Event], ...]
    finds: Decider[Any] | None
    by: Mapping[str, str]
    """What is found: fields of its streams, and the fields of the event that say which value they have."""
    among: Mapping[str, str | tuple[str, ...]]
    """Fields of its streams that have the same value for every event, or one of several."""
    takes_identity: bool = False
    """Whether it is told of which stream the event is."""

    @property
    def asks_identity(self) -> bool:
        """Whether it needs to know of which stream the event is."""
        return self.takes_identity or ITSELF in self.by.values()

    def filters(self, event: Event, identity: Identity) -> Mapping[str, object]:
        """The values that the streams to be found have in their fields."""
        said = {field: identity if name == ITSELF else getattr(event, name) for field, name in self.by.items()}
        return {**self.among, **said}


class Reactions:
    """The reactions of one service. Their names are kept with what they led to: a renamed one reacts anew."""

    def __init__(self) -> None:
        self.all: list[Reaction] = []

    def to(
        self,
        *,
        finds: Decider[Any] | None = None,
        by: Mapping[str, str] | None = None,
        among: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Callable[[React], React]:
        """Registers a reaction to the event of its first argument, or to any of a union of events.

        An `Identity` comes next, if it takes one. With `finds` it takes what was found, too: the streams whose fields
        have the values that `by` takes from the event and `among` gives; ITSELF in `by` is the event's own stream.
        Raises TypeError for fields that there are not.
        """

        def register(function: React) -> React:
            hints = get_type_hints(function)
            hints.pop("return", None)
            events = tuple(events_of(next(iter(hints.values()))))
            name = function.__name__.replace("_", "-")
            takes_identity = Identity in hints.values()
            reaction = Reaction(name, function, events, finds, by or {}, among or {}, takes_identity)
            problems = []
            if any(known.name == name for known in self.all):
                problems.append("there are two of this name")
            if len(hints) != (expected := 1 + takes_identity + (finds is not None)):
                problems.append(f"it takes {len(hints)} arguments, not {expected}")
            if finds is not None:
                problems += [
                    f"{finds.category} is not found by {field}"
                    for field in (*reaction.by, *reaction.among)
                    if field not in finds.labelling.found
                ]
            problems += [
                f"{event.__name__} has no {said}"
                for event in events
                for said in reaction.by.values()
                if said != ITSELF and said not in event.model_fields
            ]
            if problems:
                raise TypeError(f"reaction {name}: " + "; ".join(problems))
            self.all.append(reaction)
            return function

        return register

    def of(self, event: type[Event]) -> Sequence[Reaction]:
        """The reactions to an event."""
        return [reaction for reaction in self.all if event in reaction.events]

    @property
    def events(self) -> frozenset[type[Event]]:
        """Every event that is reacted to."""
        return frozenset(event for reaction in self.all for event in reaction.events)

    def check(self, issue: Issue) -> None:
        """Refuses a command that the platform may not issue. Raises TypeError."""
        for command in issue.commands:
            decision = issue.decider.decision(type(command))
            if PLATFORM not in decision.by:
                raise TypeError(f"{decision.name} is not for the platform to issue")
            if decision.creates != (issue.identity is None):
                raise TypeError(
                    f"{decision.name} {'begins' if decision.creates else 'needs'} a {issue.decider.category}"
                )
