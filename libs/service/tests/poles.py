"""The poles that street lamps hang on: an aggregate whose id is given by the domain."""

from typing import Annotated

from pydantic import Field

from contracts.model import Event
from eventstore.decider import Command, Decider, State


class Erect(Command):
    """The town hall erects a pole, which has a number of its own."""

    number: Annotated[str, Field(pattern="^[0-9]{3}$", examples=["042"])]


class PoleErected(Event, version=1):
    number: str


class Pole(State):
    """A pole."""

    number: str


poles = Decider("pole", Pole, identified_by="number")


@poles.creates(by="town_hall")
def erect(command: Erect) -> PoleErected:
    return PoleErected(number=command.number, effective_on=command.on)


@poles.evolves
def _(_pole: Pole | None, event: PoleErected) -> Pole:
    return Pole(number=event.number, effective_on=event.effective_on)
