"""Persons: named in commands alone, and known to everything else by a pseudonym.

    class Pupil(Person, recognised_by=("family_name", "given_name", "born_on")):
        family_name: PersonName
        given_name: PersonName
        born_on: EnteredDay

    class Submit(Command):
        pupil: Personal[Pupil]

    class PlacementSubmitted(Event, version=1):
        pupil: Subject

Before a command is decided, the person it names is recognised among those whom the service knows, and becomes a
subject, which is what events and states hold. They cannot hold the person: such a class is refused when it is defined.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar, get_args, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from contracts.language import folded_words
from contracts.model import Model, TellsOfSomebody
from contracts.values.persons import Pseudonym

Ground = Literal["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]
"""On what ground it is lawful to know somebody: those of the GDPR, art. 6(1), (a) to (f), in its order."""


class Person(Model, TellsOfSomebody):
    """What is told of somebody.

    `recognised_by` names the fields that tell two persons apart, compared without case, accents, spaces and
    punctuation. Where there are none, nobody is ever recognised: whoever is named is a subject of its own. Raises
    TypeError for a field that there is not, or that may be left out.
    """

    recognised_by: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, recognised_by: tuple[str, ...] = (), **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.recognised_by = recognised_by

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        for name in cls.recognised_by:
            if name not in cls.model_fields or not cls.model_fields[name].is_required():
                raise TypeError(f"{cls.__name__} is recognised by {name}, which it need not have")

    def recognition(self) -> str | None:
        """What tells this person apart, to be hashed with a key; None where nobody is ever recognised."""
        if not self.recognised_by:
            return None
        told = ["".join(folded_words(str(getattr(self, name)))) for name in self.recognised_by]
        return json.dumps([type(self).__name__, *told], ensure_ascii=False)


P = TypeVar("P", bound=Person)


class Personal(TellsOfSomebody, Generic[P]):
    """A person as a command holds it. Shown and written, it is the pseudonym or nothing.

    `told` is what was told, for the decision to judge by; `subject` is the pseudonym, once the person is recognised.
    """

    __slots__ = ("_subject", "_told")

    def __init__(self, told: P, subject: str | None = None) -> None:
        self._told = told
        self._subject = subject

    @property
    def told(self) -> P:
        """What was told. Nothing of it may be kept, but what does not tell anybody apart: an age, a grade."""
        return self._told

    @property
    def subject(self) -> str:
        """The pseudonym. Raises LookupError before the person was recognised."""
        if self._subject is None:
            raise LookupError(f"the {type(self._told).__name__} was not recognised yet")
        return self._subject

    def known_as(self, subject: str) -> Self:
        """The same person under a pseudonym."""
        return type(self)(self._told, subject)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and (self._told, self._subject) == (other._told, other._subject)

    __hash__ = None  # type: ignore[assignment]  # nothing is looked up by a person

    def __repr__(self) -> str:
        return f"Personal({self._subject or '...'})"

    def _written(self) -> str | None:
        return self._subject

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        (person,) = get_args(source)
        read = core_schema.no_info_after_validator_function(cls, handler(person))
        return core_schema.json_or_python_schema(
            json_schema=read,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), read]),
            serialization=core_schema.plain_serializer_function_ser_schema(cls._written),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema["json_schema"])


def persons_of(model: type[Model]) -> Mapping[str, type[Person]]:
    """The fields of a command that name a person, each with what is told of whom."""
    return _persons_of(model)


@cache
def _persons_of(model: type[Model]) -> Mapping[str, type[Person]]:
    found = {}
    for name, about in model.model_fields.items():
        for part in (about.annotation, *get_args(about.annotation)):
            if get_origin(part) is Personal:
                (found[name],) = get_args(part)
    return found


@cache
def subjects_of(model: type[Model]) -> tuple[str, ...]:
    """The fields of an event or a state that hold a pseudonym."""
    return tuple(
        name for name, about in model.model_fields.items() if any(map(_names, (*about.metadata, about.annotation)))
    )


def _names(part: object) -> bool:
    return isinstance(part, Pseudonym) or any(map(_names, get_args(part)))
