"""Inns that await ferries: a service that reacts to what happens in another one, each time in three ways."""

from collections.abc import Iterable, Sequence
from typing import Literal

from ferries import REGISTRY, FerryLeft
from stays import QUAY_IS_CLOSED, Cook, Let, quays, stays

from contracts.model import Event
from eventstore.decider import PLATFORM, Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.reactions import Found, Issue, Reactions
from eventstore.refusal import Refusal
from service.definition import Service
from service.http.reading import EVERYBODY
from service.http.resource import Resource


class PorterHired(Event, version=1):
    quay: str


class PorterMoved(Event, version=1):
    quay: str


class PorterFellIll(Event, version=1):
    pass


class PorterRecovered(Event, version=1):
    pass


class LuggageCarried(Event, version=1):
    crossing: int


class Hire(Command):
    """A porter is hired for a quay."""

    quay: str


class Move(Command):
    """A porter is sent to another one."""

    quay: str


class FallIll(Command):
    """A porter falls ill."""


class Recover(Command):
    """A porter is well again."""


class Carry(Command):
    """A porter carries the luggage of those who land."""

    crossing: int


class Porter(State):
    quay: str
    status: Literal["well", "ill"]
    crossing: int = 0
    """The last one whose luggage was carried."""


ILL = Refusal("porter-ill", "the porter is ill", "le porteur est malade")

porters = Decider("porter", Porter, finding=Finding(found_by=("quay",)))


@porters.creates(by="town_hall", to="well")
def hire(command: Hire) -> PorterHired:
    return tell(PorterHired, command)


porters.steps(Move, PorterMoved, by="town_hall", when=("well", "ill"), takes=("quay",))
porters.steps(FallIll, PorterFellIll, by="town_hall", when="well", to="ill")
porters.steps(Recover, PorterRecovered, by="town_hall", when="ill", to="well")


@porters.decides(by=PLATFORM, takes=("crossing",))
def carry(porter: Porter, command: Carry) -> LuggageCarried:
    if porter.status == "ill":
        raise ILL()
    return tell(LuggageCarried, command)


reactions = Reactions()


@reactions.to()
def cook_a_meal(event: FerryLeft) -> Iterable[Issue]:
    yield Issue(stays, None, Cook(crossing=event.crossing))


@reactions.to(finds=porters, by={"quay": "to"})
def call_the_porters(event: FerryLeft, there: Sequence[Found[Porter]]) -> Iterable[Issue]:
    for found in there:
        yield Issue(porters, found.identity, Carry(crossing=event.crossing))


@reactions.to()
def let_a_room(event: FerryLeft) -> Iterable[Issue]:
    yield Issue(stays, None, Let(quay=event.to), expects=(QUAY_IS_CLOSED,))


service = Service(
    "inns",
    title="Inns",
    resources=(
        Resource(stays, "/v1/stays", reads=EVERYBODY),
        Resource(porters, "/v1/porters", reads=EVERYBODY),
    ),
    mirrors=(quays,),
    reactions=reactions,
    registry=REGISTRY,
)
