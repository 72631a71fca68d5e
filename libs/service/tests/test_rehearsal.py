"""Examples are decided, and what cannot be decided is found when the document is made."""

from typing import Annotated, Literal

import pytest
from lamps import Break, Dim, Inspect, Lamp, Light, PutOut, lamps
from pydantic import Field

from contracts import sample_siret
from contracts.model import Event
from contracts.values import RecordId
from eventstore.decider import Command, Context, Decider, Lookup, State
from eventstore.refusal import Refusal
from service.documents.rehearsal import Step, rehearse


class Open(Command):
    """Opens a door."""


class Knock(Command):
    """Knocks at a door."""

    times: Annotated[int, Field(examples=[2])]


class Build(Command, json_schema_extra={"examples": [{"side": "left"}, {"side": "right"}]}):
    """Builds a wall of one company, on its side."""

    side: Literal["left", "right"]


class Join(Command):
    """Joins two walls."""

    left: RecordId
    right: Annotated[RecordId, Field(examples=["0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e"])]


class Sign(Command):
    """One of the companies whose wall it is signs."""


class Arrive(Command):
    """Comes to a door by the light of a lamp."""

    lamp: RecordId


class Leave(Command):
    """Goes once the lamp is dark."""

    lamp: RecordId


class DoorOpened(Event, version=1):
    pass


class WallBuilt(Event, version=1):
    side: Literal["left", "right"]


class WallsJoined(Event, version=1):
    companies: tuple[str, ...]


class WallSigned(Event, version=1):
    signed: tuple[str, ...]


class Wall(State):
    """A wall."""

    side: Literal["left", "right"]


class Walls(State):
    """Two walls, and who of their companies has signed."""

    companies: tuple[str, ...]
    signed: tuple[str, ...] = ()


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


def test_a_stream_that_was_found_is_found_again_as_what_became_of_it() -> None:
    gates = doors()
    too_early = Refusal("too-early", "it is too early", "il est trop tôt")

    @gates.decides(by="town_hall", looks_up=Lookup(lamps, "lamp"))
    def arrive(_door: Door, command: Arrive, lamp: Lamp | None) -> DoorKnocked:
        if lamp is None or lamp.status != "lit":
            raise too_early()
        return DoorKnocked(times=1, effective_on=command.on)

    @gates.decides(by="town_hall", looks_up=Lookup(lamps, "lamp"))
    def leave(door: Door, command: Leave, lamp: Lamp | None) -> DoorKnocked:
        if lamp is None or lamp.status != "dark" or door.knocks == 0:
            raise too_early()
        return DoorKnocked(times=1, effective_on=command.on)

    _, came, left = rehearse(gates).steps[Leave].path
    assert [_ways(step) for step in (came, left)] == [["install light"], ["install light put-out"]]


def test_each_example_begins_a_stream_of_its_own_and_each_owner_may_decide() -> None:
    walls = Decider("wall", Wall)

    @walls.creates(by="town_hall")
    def build(command: Build) -> WallBuilt:
        return WallBuilt(side=command.side, effective_on=command.on)

    walls.evolves(_built)
    joined = Decider("walls", Walls, owned_by={"company": "companies"})

    @joined.creates(by="town_hall", looks_up=(Lookup(walls, "left"), Lookup(walls, "right")))
    def join(command: Join, left: Wall | None, right: Wall | None) -> WallsJoined:
        if left is None or right is None or left.side == right.side:
            raise Refusal("no-two-sides", "these are not two sides", "ce ne sont pas deux côtés")()
        return WallsJoined(companies=(sample_siret(0), sample_siret(1)), effective_on=command.on)

    @joined.decides(by="company")
    def sign(state: Walls, command: Sign, context: Context) -> WallSigned | tuple[()]:
        company = context.organisations["company"]
        return () if company in state.signed else WallSigned(signed=(*state.signed, company), effective_on=command.on)

    joined.evolves(_joined)
    joined.evolves(_signed)
    assert [step.identity[-2:] for step in rehearse(walls).reached] == ["6d", "6e"]
    assert [len(step.state.model_dump()["signed"]) for step in rehearse(joined).reached] == [0, 1, 1]


def test_an_example_beside_the_first_is_found_too_where_it_is_refused() -> None:
    walls = Decider("wall", Wall)

    @walls.creates(by="town_hall")
    def build(command: Build) -> WallBuilt:
        if command.side == "right":
            raise Refusal("no-space", "there is no space", "il n'y a pas de place")()
        return WallBuilt(side=command.side, effective_on=command.on)

    walls.evolves(_built)
    with pytest.raises(TypeError, match="the example of Build is never accepted: there is no space"):
        rehearse(walls)


def _ways(step: Step) -> list[str]:
    """The decisions that led to what a step has looked up."""
    return [" ".join(each.decision.name for each in found.path) for found in step.looked_up if isinstance(found, Step)]


def _built(_wall: Wall | None, event: WallBuilt) -> Wall:
    return Wall(side=event.side, effective_on=event.effective_on)


def _joined(_walls: Walls | None, event: WallsJoined) -> Walls:
    return Walls(companies=event.companies, effective_on=event.effective_on)


def _signed(walls: Walls, event: WallSigned) -> Walls:
    return walls.after(event, signed=event.signed)


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
