"""Neighbours who ask for street lamps: a service that knows persons, and what another one says of streets."""

from collections.abc import Iterable
from datetime import timedelta
from types import ModuleType
from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.category import Category
from contracts.erasure import PersonErased, erasures_of
from contracts.model import Day, EnteredDay, Event
from contracts.personal import Person, Personal
from contracts.registry import Registry
from contracts.values import EmailAddress, PersonName, Subject
from eventstore.decider import Command, Decider, Keep, Lookup, State, tell
from eventstore.erasure import erasing
from eventstore.finding import Finding
from eventstore.mirrors import Mirror
from eventstore.refusal import Refusal
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource

PATH: Final = "/v1/requests"
CATEGORY: Final = Category("request", service="neighbours", path=PATH, persons=True)
STREETS: Final = Category("street", service="streets", path="/v1/streets")
YEAR: Final = timedelta(days=365)


class StreetOpened(Event, version=1):
    street: str


class StreetClosed(Event, version=1):
    street: str


class Street(State):
    """A street, as far as lamps need it."""

    status: Literal["open", "closed"]


streets = Mirror("known-street", Street, of=STREETS)


@streets.evolves
def _(_: Street | None, event: StreetOpened) -> Street:
    return Street(status="open", effective_on=event.effective_on)


@streets.evolves
def _(street: Street, event: StreetClosed) -> Street:
    return street.after(event, status="closed")


class Neighbour(Person, recognised_by=("name", "born_on")):
    """Who asks."""

    name: PersonName
    born_on: EnteredDay
    email: EmailAddress | None = None
    speaks: Literal["fr", "en"] = "fr"


class Ask(Command):
    """A neighbour asks for a lamp."""

    street: Annotated[str, Field(examples=["rue-a"])]
    company: str = "A"
    neighbour: Personal[Neighbour]


class Name(Command):
    """Another neighbour asks for it instead."""

    neighbour: Personal[Neighbour]


class Close(Command):
    """It is dealt with."""


class LampAsked(Event, version=1):
    street: str
    company: str
    neighbour: Subject


class NeighbourNamed(Event, version=1):
    neighbour: Subject


class RequestClosed(Event, version=1):
    pass


class Request(State):
    """A neighbour's request."""

    street: str
    company: str
    neighbour: Subject
    status: Literal["open", "closed"]
    closed_on: Day | None = None


STREET_UNKNOWN = Refusal("street-unknown", "there is no street {street}", "il n'y a pas de rue {street}", street=str)
STREET_IS_CLOSED = Refusal("street-is-closed", "the street is closed", "la rue est fermée")

requests = Decider(
    "request",
    Request,
    final="closed",
    owned_by={"company": "company"},
    finding=Finding(found_by=("street", "neighbour"), searched_by=("street",)),
)


@requests.creates(by=("town_hall", "company"), to="open", looks_up=Lookup(streets, "street"))
def ask(command: Ask, street: Street | None) -> LampAsked:
    if street is None:
        raise STREET_UNKNOWN(street=command.street)
    if street.status == "closed":
        raise STREET_IS_CLOSED()
    return tell(LampAsked, command)


requests.steps(Name, NeighbourNamed, by=("town_hall", "company"), when="open", takes=("neighbour",))
requests.steps(Close, RequestClosed, by="town_hall", when="open", to="closed", day="closed_on")


@requests.keeps
def _(request: Request) -> Iterable[Keep]:
    yield Keep(request.neighbour, (request.closed_on or request.effective_on + 9 * YEAR) + YEAR)


erasures = erasing("ops")


def _module(category: Category, *events: type[Event]) -> ModuleType:
    """What would be in a file of contracts."""
    module = ModuleType(category.name)
    vars(module).update(CATEGORY=category, EVENTS=events)
    return module


service = Service(
    "neighbours",
    title="Neighbours",
    resources=(
        Resource(
            requests,
            PATH,
            reads=Reads(all=("town_hall",), own=("company",), public=("street", "status")),
            ground="public_task",
        ),
        Resource(erasures, erasures_of("neighbours").path, reads=Reads(all=("ops", "town_hall"))),
    ),
    mirrors=(streets,),
    registry=Registry(
        [
            _module(STREETS, StreetOpened, StreetClosed),
            _module(CATEGORY, LampAsked, NeighbourNamed, RequestClosed),
            _module(erasures_of("neighbours"), PersonErased),
        ]
    ),
)
