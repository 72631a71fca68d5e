import re
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from contracts.model import Day, Detail, EnteredDay, Event, Model
from contracts.personal import Person, Personal, persons_of, subjects_of
from contracts.values import PersonName, Subject
from eventstore.decider import Command, State

SOMEBODY = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"


class Neighbour(Person, recognised_by=("name", "born_on")):
    name: PersonName
    born_on: EnteredDay
    door: int | None = None


class Ask(Command):
    """A neighbour asks for light."""

    neighbour: Personal[Neighbour]
    witness: Personal[Neighbour] | None = None


def asked(name: str, born_on: str = "2000-01-02", **more: str) -> Ask:
    told = "".join(f',"{field}":{value}' for field, value in more.items())
    return Ask.model_validate_json(f'{{"neighbour":{{"name":"{name}","born_on":"{born_on}"{told}}}}}')


def test_a_person_shows_in_nothing_that_is_printed_or_written() -> None:
    command = asked("Camille Exemple")
    told = f"{command!r} {command} {command.model_dump()} {command.model_dump_json()} {command.neighbour!r}"
    assert "Camille" not in told
    assert "2000" not in told
    known = command.model_copy(update={"neighbour": command.neighbour.known_as(SOMEBODY)})
    assert known.neighbour.subject == SOMEBODY
    assert known.model_dump(mode="json")["neighbour"] == SOMEBODY


def test_nobody_is_known_before_being_recognised() -> None:
    with pytest.raises(LookupError, match="Neighbour was not recognised"):
        _ = asked("Camille").neighbour.subject


@pytest.mark.parametrize(
    "name", ["  camille  exemple", "CAMILLE-EXEMPLE", "Camillé Exemple", "camille’exemple", "Camilleexemple"]
)
def test_a_person_is_recognised_however_the_name_is_written(name: str) -> None:
    assert asked(name).neighbour.told.recognition() == asked("Camille Exemple").neighbour.told.recognition()


@pytest.mark.parametrize(("name", "born_on"), [("Camille Exemples", "2000-01-02"), ("Camille Exemple", "2000-01-03")])
def test_another_person_is_not(name: str, born_on: str) -> None:
    assert asked(name, born_on).neighbour.told.recognition() != asked("Camille Exemple").neighbour.told.recognition()


def test_what_does_not_tell_anybody_apart_does_not_matter() -> None:
    assert asked("Camille", door="3").neighbour.told.recognition() == asked("Camille").neighbour.told.recognition()


def test_persons_of_different_kinds_are_different() -> None:
    class Tenant(Person, recognised_by=("name", "born_on")):
        name: PersonName
        born_on: EnteredDay

    written = '{"name":"Camille","born_on":"2000-01-02"}'
    assert Tenant.model_validate_json(written).recognition() != asked("Camille").neighbour.told.recognition()


def test_of_some_nobody_is_ever_recognised() -> None:
    class Note(Person):
        text: str

    assert Note(text="bonjour").recognition() is None


@pytest.mark.parametrize("name", ["", " ", "-", "Camille1", "Camille\u200b", "x" * 101])
def test_what_is_no_name_is_refused_without_being_repeated(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        asked(name)
    (error,) = refused.value.errors(include_input=False)
    assert (error["type"], error["loc"]) == ("person-name", ("neighbour", "name"))


def test_a_person_may_not_be_recognised_by_what_it_may_not_have() -> None:
    with pytest.raises(TypeError, match="is recognised by door, which it need not have"):

        class _Door(Person, recognised_by=("door",)):
            door: int | None = None


class Household(Model):
    persons: tuple[Neighbour, ...]


class Petition(Detail):
    signed_by: Personal[Neighbour]


@pytest.mark.parametrize(
    ("held", "what"),
    [
        (Neighbour, "Neighbour"),
        (Personal[Neighbour], "Personal"),
        (Personal[Neighbour] | None, "Personal"),
        (tuple[Neighbour, ...], "Neighbour"),
        (dict[str, list[Neighbour]], "Neighbour"),
        (Annotated[Neighbour | int, Field(description="x")], "Neighbour"),
        (Household, "Neighbour"),
        (Petition | None, "Personal"),
    ],
)
def test_no_event_and_no_state_holds_a_person(held: object, what: str) -> None:
    for base in (Event, State):
        with pytest.raises(
            TypeError, match=re.escape(f".held holds {what}: outside of commands a person is a Subject")
        ):
            type("Holding", (base,), {"__annotations__": {"held": held}, "__module__": __name__})


def test_fields_that_name_or_stand_for_somebody_are_known() -> None:
    class Asked(State):
        neighbour: Subject
        witness: Subject | None = None
        on: Day

    assert persons_of(Ask) == {"neighbour": Neighbour, "witness": Neighbour}
    assert subjects_of(Asked) == ("neighbour", "witness")
