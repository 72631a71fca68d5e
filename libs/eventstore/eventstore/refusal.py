"""Why a decision is refused: a slug for programs, a sentence for people in both languages, and what it speaks of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, get_args, get_origin

from contracts.labels import ROLES, called
from contracts.language import Language, Sentence
from contracts.model import Day, Model
from contracts.roles import Role
from contracts.values import CalendarYear, Subject


class Refusal:
    """One reason to refuse, said in one place.

        FULL = Refusal("session-full", "all {seats} seats are taken", "les {seats} places sont prises", seats=int)

        raise FULL(seats=12)

    `parameters` are the types of what it speaks of, which programs are told, too; the sentences name some of them.
    `at` is the field of the command that is at fault, where it is one alone: of several, the first that the command
    gives, or else has. Raises TypeError for a sentence that speaks of anything else.
    """

    def __init__(self, slug: str, en: str, fr: str, *, at: str | tuple[str, ...] = (), **parameters: Any) -> None:
        self.slug = slug
        self.at = at if isinstance(at, tuple) else (at,)
        self.sentence = Sentence(en, fr)
        self.parameters: Mapping[str, Any] = MappingProxyType(parameters)
        if unknown := self.sentence.places - parameters.keys():
            raise TypeError(f"{slug} speaks of {', '.join(sorted(unknown))}, whose types it does not tell")

    def __call__(self, **parameters: object) -> "Rejected":
        """The refusal as it is raised. Raises TypeError unless all that it speaks of is given."""
        return Rejected(self, parameters)

    def fields_of(self, command: type[Model]) -> tuple[str, ...]:
        """The fields of such a command that may be at fault: a refusal is shared by commands that have them or not."""
        return tuple(name for name in self.at if name in command.model_fields)

    def field_of(self, command: Model) -> str | None:
        """The field of a command that is at fault."""
        fields = self.fields_of(type(command))
        return next((name for name in fields if getattr(command, name) is not None), fields[0] if fields else None)

    def __repr__(self) -> str:
        return f"Refusal({self.slug!r})"


class Refused(Exception):
    """A refusal with what it speaks of."""

    at: str | None = None
    """The field of the command that is at fault, where it is one."""

    def __init__(self, refusal: Refusal, parameters: Mapping[str, object]) -> None:
        if parameters.keys() != refusal.parameters.keys():
            raise TypeError(f"{refusal.slug} speaks of {sorted(refusal.parameters)}, not of {sorted(parameters)}")
        self.refusal = refusal
        self.parameters = parameters
        super().__init__(self.told("en"))

    @property
    def slug(self) -> str:
        """The refusal's."""
        return self.refusal.slug

    def told(self, language: Language) -> str:
        """The sentence, with its places filled."""
        types = self.refusal.parameters
        said = {name: _said(types[name], value, language) for name, value in self.parameters.items()}
        return self.refusal.sentence.told(language, **said)


def _said(annotation: Any, value: object, language: Language) -> object:
    """A parameter as people say it: a year without marks of thousands, roles by their names, and in French all codes.

    Other codes are English words, and stay as they are in English sentences.
    """
    if isinstance(value, tuple):
        return tuple(_said(annotation, each, language) for each in value)
    if isinstance(value, int) and _is_of(annotation, CalendarYear):
        return str(value)
    codes = codes_of(annotation)
    named = isinstance(value, str) and (language != "en" or ROLES.keys() == {*codes})
    return called(codes, value, language) if named else value


def codes_of(annotation: Any) -> tuple[object, ...]:
    """The codes that a type lists, however deep."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(code for part in get_args(annotation) for code in codes_of(part))


def _is_of(annotation: Any, kind: Any) -> bool:
    """Whether a type is another, or one of several of it, or of it and None."""
    return annotation == kind or any(_is_of(part, kind) for part in get_args(annotation))


class Rejected(Refused):
    """A decision's refusal: by its rule, by the state it is for, or because something it would hold is taken."""

    by_rule: bool = False
    """Whether the decision's own rule refuses, which may rest on what it looked up; else its status or its day do."""
    collides_with: str | None = None
    """The id of the record that holds what this one would hold, or that is there already, if it is one."""


class Forbidden(Refused):
    """The actor may not issue this decision, or not on this record."""


ON_IN_THE_FUTURE: Final = Refusal(
    "on-in-the-future",
    "{on} is after today, {today}",
    "le {on} est après aujourd'hui, le {today}",
    at="on",
    on=Day,
    today=Day,
)
ON_BEFORE_PREVIOUS_STEP: Final = Refusal(
    "on-before-previous-step",
    "{on} is before the previous step, of {previous}",
    "le {on} est avant l'étape précédente, du {previous}",
    at="on",
    on=Day,
    previous=Day,
)
PERSON_ERASED: Final = Refusal(
    "person-erased",
    "a person whom this record named was erased, and it names nobody any more",
    "une personne que cet enregistrement nommait a été effacée, et il ne nomme plus personne",
)
PERSON_UNKNOWN: Final = Refusal(
    "person-unknown", "there is nobody known as {person}", "personne n'est connu comme {person}", person=Subject
)
ROLE_MISSING: Final = Refusal(
    "role-missing",
    "{decision} asks for {roles:the role|one of the roles} {roles}",
    "« {decision} » demande {roles:le rôle|l'un des rôles} {roles}",
    decision=str,
    roles=tuple[Role, ...],
)
ORGANISATION_MISSING: Final = Refusal(
    "not-your-record",
    "the token has the role {role}, but names no organisation for it",
    "le jeton porte le rôle {role}, mais ne nomme aucune organisation pour ce rôle",
    role=Role,
)
NOT_YOUR_RECORD: Final = Refusal(
    "not-your-record",
    "{decision} is only for the organisation the record belongs to",
    "« {decision} » revient à l'organisation à laquelle appartient l'enregistrement",
    decision=str,
)
NOT_YOUR_OWN: Final = Refusal(
    "not-your-record",
    "{decision} is only for a record of your own organisation: {owner} must name it",
    "« {decision} » ne vaut que pour un enregistrement de votre organisation : « {owner} » doit la désigner",
    decision=str,
    owner=str,
)
NOT_YOUR_PART: Final = Refusal(
    "not-your-record",
    "{decision} is only for the organisation that the record names as its {owner}",
    "« {decision} » revient à l'organisation que l'enregistrement désigne par « {owner} »",
    decision=str,
    owner=str,
)
