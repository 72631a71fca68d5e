"""Examples are decided, and what cannot be decided is found when the document is made."""

from typing import Annotated

import pytest
from lamps import Break, Dim, Inspect, Light, PutOut, lamps
from pydantic import Field

from contracts.model import Event
from eventstore.decider import Command, Decider, State
from eventstore.refusal import Refusal
from service.documents.rehearsal import rehearse


class Open(Command):
    """Opens a door."""


class Knock(Command):
    """Knocks at a door."""

    times: Annotated[int, Field(examples=[2])]


class DoorOpened(Event, version=1):
    pass


class DoorKnocked(Event, version=1):
    times: int


class Door(State):
    """A door."""

    knocks: int = 0


def doors() -> Decider[Door]:
    """Doors without a rule for knocking."""
    doors = Decider("door", Door)

    @doors.creates(by="town_hall")
    def open_(command: Open) -> DoorOpened:
        return DoorOpened(effective_on=command.on)

    @doors.evolves
    def _(_door: Door | None, event: DoorOpened) -> Door:
        return Door(effective_on=event.effective_on)

    @doors.evolves
    def _(door: Door, event: DoorKnocked) -> Door:
        return door.after(event, knocks=door.knocks + event.times)

    return doors


def test_each_decision_is_made_in_the_nearest_state_that_allows_it() -> None:
    steps = rehearse(lamps).steps
    assert [step.decision.name for step in steps[PutOut].path] == ["install", "light", "put-out"]
    assert [step.decision.name for step in steps[Dim].path] == ["install", "dim"]
    assert (steps[Light].version, steps[Light].representation()["status"]) == (2, "lit")
    shown = steps[PutOut].representation()
    assert (shown["version"], shown["status"], "light" in shown["allowed"]) == (3, "dark", True)


def test_a_decision_that_changes_nothing_answers_what_was() -> None:
    steps = rehearse(lamps).steps
    for idle in (Inspect, Break):
        assert (steps[idle].version, steps[idle].events) == (1, ())


def test_refusals_on_the_way_are_kept_by_their_command() -> None:
    refused = rehearse(lamps).refused
    assert refused[PutOut, "lamp-not-lit"].parameters == {"status": "dark"}
    assert (Light, "lamp-not-lit") not in refused


def test_a_decision_may_need_what_others_have_done_several_times() -> None:
    gates = doors()

    @gates.decides(by="town_hall")
    def knock(door: Door, command: Knock) -> DoorKnocked:
        if command.times != 2 or door.knocks > 0:
            raise Refusal("answered", "somebody is at the door", "il y a quelqu'un à la porte")()
        return DoorKnocked(times=command.times, effective_on=command.on)

    assert rehearse(gates).steps[Knock].representation()["knocks"] == 2


def test_an_example_that_is_refused_everywhere_is_found() -> None:
    gates = doors()

    @gates.decides(by="town_hall")
    def knock(_door: Door, _command: Knock) -> DoorKnocked:
        raise Refusal("nobody-home", "nobody is at home", "personne n'est là")()

    with pytest.raises(TypeError, match="the example of Knock is never accepted: nobody is at home"):
        rehearse(gates)


def test_a_decision_that_breaks_is_found() -> None:
    gates = doors()

    @gates.decides(by="town_hall")
    def knock(_door: Door, command: Knock) -> DoorKnocked:
        return DoorKnocked(times=1 // (command.times - 2), effective_on=command.on)

    with pytest.raises(TypeError, match="knock fails on its example: ZeroDivisionError"):
        rehearse(gates)
