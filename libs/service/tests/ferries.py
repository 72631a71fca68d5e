"""Ferries that leave quays for others: a service whose events another one reacts to."""

from types import ModuleType
from typing import Final, Literal

from contracts.category import Category
from contracts.model import Event
from contracts.registry import Registry
from eventstore.decider import Command, Decider, State, tell
from service.definition import Service
from service.http.reading import EVERYBODY
from service.http.resource import Resource

CATEGORY: Final = Category("quay", service="ferries", path="/v1/quays")


class QuayOpened(Event, version=1):
    name: str


class FerryLeft(Event, version=1):
    name: str
    to: str
    crossing: int


class QuayClosed(Event, version=1):
    pass


class Open(Command):
    """A quay is opened."""

    name: str


class Leave(Command):
    """A ferry leaves it for another quay."""

    to: str


class Close(Command):
    """It is closed."""


class Quay(State):
    name: str
    status: Literal["open", "closed"]
    crossing: int = 0
    """How many ferries have left."""


quays = Decider("quay", Quay, identified_by="name", final="closed")


@quays.creates(by="town_hall", to="open")
def open_(command: Open) -> QuayOpened:
    return tell(QuayOpened, command)


@quays.decides(by="town_hall", when="open", takes=("crossing",))
def leave(quay: Quay, command: Leave) -> FerryLeft:
    return tell(FerryLeft, command, quay, crossing=quay.crossing + 1)


quays.steps(Close, QuayClosed, by="town_hall", when="open", to="closed")


_contracts = ModuleType(CATEGORY.name)
vars(_contracts).update(CATEGORY=CATEGORY, EVENTS=(QuayOpened, FerryLeft, QuayClosed))
REGISTRY: Final = Registry([_contracts])

service = Service(
    "ferries", title="Ferries", resources=(Resource(quays, CATEGORY.path, reads=EVERYBODY),), registry=REGISTRY
)
