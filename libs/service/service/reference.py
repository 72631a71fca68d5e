"""`GET /v1/reference`: the lists that a service's commands take codes from, with labels, for frontends to offer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts import codes, labels
from contracts.language import Sentence
from eventstore.finding import words
from service.definition import Service
from service.http.listing import LONGEST_SEARCH, SEARCHED
from service.http.problems import Problem
from service.http.routes import requires
from service.http.sentences import NO_LIST, Said

KEPT: Final = "private, max-age=3600"
"""How long a frontend may keep a list: one changes with a release at most."""

Code = str | int


class ReferenceLabel(BaseModel):
    """What a code is called."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    fr: str = Field(examples=["Cotisation impayée"])
    en: str | None = Field(examples=["Fee unpaid"])
    """None where the list is published in French only."""


class ReferenceItem(BaseModel):
    """One code of a list."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: Code = Field(examples=["fee_unpaid"])
    """As commands and filters take it."""
    label: ReferenceLabel


class ReferenceItems(BaseModel):
    """The codes of a list, in its order."""

    items: list[ReferenceItem]


class ReferenceList(BaseModel):
    """A list that there is."""

    name: str = Field(examples=["suspension-reasons"])
    codes: int = Field(examples=[5], description="How many codes it has.")


class ReferenceLists(BaseModel):
    """The lists of a service."""

    items: list[ReferenceList]


@dataclass(frozen=True)
class _Entry:
    item: ReferenceItem
    words: frozenset[str]


def lists(service: Service) -> Mapping[str, list[ReferenceItem]]:
    """The lists of a service by name: those of the platform, and the vocabularies of its own commands and states."""
    own = {frozenset(vocabulary) for vocabulary in vocabularies(service)}
    return _shared() | {
        name: [_item(code, sentence) for code, sentence in labelled.items()]
        for name, labelled in labels.VOCABULARIES.items()
        if frozenset(labelled) in own
    }


def vocabularies(service: Service) -> set[tuple[str, ...]]:
    """The closed vocabularies that the commands and states of a service are written in."""
    models: Iterator[type[BaseModel]] = (
        model for each in service.resources for model in (each.decider.state, *each.decider.decisions)
    )
    return {vocabulary for model in models for vocabulary in _of_model(model)}


@cache
def _of_model(model: type[BaseModel]) -> frozenset[tuple[str, ...]]:
    fields = get_type_hints(model, include_extras=True)
    return frozenset(vocabulary for name in model.model_fields for vocabulary in _literals(fields[name]))


def _literals(annotation: Any) -> Iterator[tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        yield get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _of_model(annotation)
    else:
        for part in get_args(annotation):
            yield from _literals(part)


@cache
def _shared() -> dict[str, list[ReferenceItem]]:
    """The lists that are the same for every service."""
    bands = codes.size_bands()
    return {
        "axes": [_item(code, sentence) for code, sentence in labels.AXES.items()],
        "communes": [_item(code, _name(name)) for code, name in codes.territory().items()],
        "funders": [_item(code, sentence) for code, sentence in labels.FUNDERS.items()],
        "grounds": [_item(code, sentence) for code, sentence in labels.GROUNDS.items()],
        "legal-forms": [_french(code, label) for code, label in codes.legal_forms().items()],
        "naf": [_french(code, label) for code, label in codes.naf().items()],
        "rome": [_french(code, label) for code, label in codes.rome().items()],
        "schools": [_item(uai, _name(name)) for uai, name in codes.schools().items()],
        "size-bands": [
            ReferenceItem(code=code, label=ReferenceLabel(fr=bands[code], en=english))
            for code, english in labels.SIZE_BANDS.items()
        ],
        "treatments": [_item(code, sentence) for code, sentence in labels.TREATMENTS.items()],
        "waste": [_french(code, label) for code, label in codes.waste().items()],
        "zones": [_item(code, sentence) for code, sentence in codes.zones().items()],
    }


def _item(code: Code, sentence: Sentence) -> ReferenceItem:
    return ReferenceItem(code=code, label=ReferenceLabel(fr=sentence.fr, en=sentence.en))


def _name(name: str) -> Sentence:
    return Sentence(name, name)


def _french(code: str, label: str) -> ReferenceItem:
    return ReferenceItem(code=code, label=ReferenceLabel(fr=label.strip(), en=None))


@cache
def _words(text: str) -> frozenset[str]:
    """Folding those of all lists takes longer than all else of an application's start: it is done once in a process."""
    return frozenset(words(text))


def router(service: Service) -> APIRouter:
    """The routes of a service's lists."""
    routes = APIRouter(prefix="/v1/reference", tags=["reference"], dependencies=[requires(f"{service.name}:read")])
    known = {
        name: [_Entry(item, _words(f"{item.code} {item.label.fr} {item.label.en or ''}")) for item in items]
        for name, items in sorted(lists(service).items())
    }
    named = Annotated[str, Path(description="The name of a list.", json_schema_extra={"enum": list(known)})]
    asked = Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=LONGEST_SEARCH,
            pattern=SEARCHED,
            description="Words, or beginnings of words, of the code and its labels, accents ignored.",
        ),
    ]

    @routes.get("", summary="The lists there are")
    async def list_reference(response: Response) -> ReferenceLists:
        """Code lists, and the vocabularies of this service's commands and records."""
        response.headers["Cache-Control"] = KEPT
        return ReferenceLists(items=[ReferenceList(name=name, codes=len(entries)) for name, entries in known.items()])

    @routes.get("/{name}", summary="The codes of a list, with what they are called")
    async def read_reference(name: named, response: Response, q: asked = None) -> ReferenceItems:
        """All of them, in the order of the list, or those whose code and labels have the words asked for."""
        if name not in known:
            raise Problem("not-found", Said(NO_LIST))
        response.headers["Cache-Control"] = KEPT
        sought = words(q or "")
        return ReferenceItems(
            items=[
                entry.item
                for entry in known[name]
                if all(any(word.startswith(begins) for word in entry.words) for begins in sought)
            ]
        )

    return routes
