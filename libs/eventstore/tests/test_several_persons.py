"""A stream may name several persons: each of them is known, kept and told."""

from collections.abc import Iterable
from datetime import date
from typing import Final

import pytest

from contracts.model import Event
from contracts.personal import Person, Personal
from contracts.values import PersonName, Subject
from eventstore.decider import Command, Decider, Keep, State, tell
from eventstore.specification import Specification

TODAY: Final = date(2026, 5, 4)


class Neighbour(Person, recognised_by=("name",)):
    name: PersonName


class Begin(Command):
    """Somebody begins a petition, and signs it."""

    neighbour: Personal[Neighbour]


class Sign(Begin):
    """Somebody else signs it, too."""


class PetitionSigned(Event, version=1):
    neighbour: Subject


class Petition(State):
    neighbours: tuple[Subject, ...]


def _petitions() -> Decider[Petition]:
    petitions = Decider("petition", Petition)

    @petitions.creates(by="epci")
    def begin(command: Begin) -> PetitionSigned:
        return tell(PetitionSigned, command)

    @petitions.decides(by="epci")
    def sign(petition: Petition, command: Sign) -> PetitionSigned:
        return tell(PetitionSigned, command, petition)

    @petitions.evolves
    def _(petition: Petition | None, event: PetitionSigned) -> Petition:
        before = petition.neighbours if petition else ()
        return Petition(neighbours=(*before, event.neighbour), effective_on=event.effective_on)

    return petitions


def test_a_stream_that_names_several_persons_names_each_of_them() -> None:
    petitions = _petitions()
    told = ["0190a3c4-5e6f-7a8b-9c0d-000000000001", "0190a3c4-5e6f-7a8b-9c0d-000000000002"]
    signed = [PetitionSigned(neighbour=subject, effective_on=TODAY) for subject in told]
    petition = petitions.fold(signed)
    assert petitions.subjects == {"neighbours": "neighbour"}
    assert petitions.subjects_in(petition) == {"neighbours": (*told,)}
    assert petitions.named_in(petition) == told
    with pytest.raises(TypeError, match="nothing tells until when it needs the neighbours"):
        petitions.check()

    @petitions.keeps
    def _(petition: Petition) -> Iterable[Keep]:
        return (Keep(subject, TODAY) for subject in petition.neighbours[:1])

    petitions.check()
    with pytest.raises(AssertionError, match="it tells of each person until when it needs it"):
        Specification(petitions, TODAY)(*signed)
