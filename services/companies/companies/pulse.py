"""Pulses: what whoever runs the platform sends on the way of every command, to see how long it takes.

A pulse is sent again and again; its name is chosen by who sends it. Nothing is made of it.
"""

from typing import Annotated

from pydantic import Field

from contracts.companies.pulse import CATEGORY, PulseSent, PulseStatus
from contracts.model import Day
from contracts.values import Slug
from eventstore.decider import Command, Decider, State, tell


class Send(Command):
    """The way from a command to the figures is measured."""

    pulse: Annotated[Slug, Field(examples=["canary-2026-11-30-07"])]
    """Its name, also of one that was sent before. A history is read whole, so better have another one every hour."""


class Pulse(State):
    """What was sent to measure how long it takes."""

    pulse: Slug
    status: PulseStatus
    sent_on: Day
    """The last time."""


pulses = Decider(CATEGORY.name, Pulse, identified_by="pulse", final="sent")


@pulses.creates(by="ops", when="sent", to="sent", day="sent_on")
def send(_: Pulse | None, command: Send) -> PulseSent:
    return tell(PulseSent, command)
