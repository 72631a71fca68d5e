"""Bells that ring when it is time, and are answered: a service of what happens without a caller."""

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

from contracts.category import Category
from contracts.model import Event
from contracts.values import Moment
from eventstore.decider import PLATFORM, Claim, Command, Decider, Due, State, tell
from eventstore.reactions import Issue, Reactions
from eventstore.refusal import Refusal
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource

PATH: Final = "/v1/bells"
CATEGORY: Final = Category("bell", service="bells", path=PATH)


class BellHung(Event, version=1):
    tower: str
    company: str
    rings_at: Moment | None = None


class BellEchoed(Event, version=1):
    tower: str


class BellRung(Event, version=1):
    tower: str


class Hang(Command):
    """A bell is hung in a tower, and rings at once unless told when."""

    tower: str
    company: str = "A"
    rings_at: Moment | None = None


class Echo(Command):
    """Another tower answers."""

    tower: str


class Ring(Command):
    """The bell rings."""


class Bell(State):
    tower: str
    company: str = "A"
    status: Literal["hung", "rung", "echoed"]
    hung_on: date | None = None
    rings_at: Moment | None = None


TOWER_TAKEN = Refusal("tower-taken", "another bell hangs there", "une autre cloche y est suspendue")
CRACKED = Refusal("bell-cracked", "the bell of {tower} is cracked", "la cloche de {tower} est fêlée", tower=str)
bells = Decider("bell", Bell, final=("rung", "echoed"))


@bells.creates(by=("town_hall", "company"), to="hung", day="hung_on")
def hang(command: Hang) -> BellHung:
    return tell(BellHung, command)


@bells.creates(by=PLATFORM, to="echoed")
def echo(command: Echo) -> BellEchoed:
    return tell(BellEchoed, command)


# A bell may ring any number of times: that it does once is for what issues it to see to.
@bells.decides(by=PLATFORM, when=("hung", "rung"), to="rung")
def ring(bell: Bell, command: Ring) -> BellRung:
    if bell.tower == "cracked":
        raise CRACKED(tower=bell.tower)
    return tell(BellRung, command, bell)


@bells.claims
def _(bell: Bell) -> Iterable[Claim]:
    if bell.status == "hung":
        yield Claim(TOWER_TAKEN, bell.tower)


@bells.due
def _(bell: Bell) -> Iterable[Due]:
    if bell.status == "hung" and bell.hung_on and bell.tower != "silent":
        yield Due(bell.rings_at or bell.hung_on, Ring())


reactions = Reactions()


@reactions.to()
def answer(event: BellRung) -> Iterable[Issue]:
    yield Issue(bells, None, Echo(tower=f"beyond {event.tower}"))


service = Service(
    "bells",
    title="Bells",
    resources=(Resource(bells, PATH, reads=Reads(all=("town_hall",), own=("company",))),),
    reactions=reactions,
)
