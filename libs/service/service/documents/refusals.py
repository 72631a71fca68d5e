"""Every refusal a decider can give, by the values its functions name, so that none is left out of the documentation."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import CodeType, FunctionType
from typing import Any, get_args

from pydantic import BaseModel

from contracts.language import Sentence
from eventstore.decider import Command, Decider, Decision
from eventstore.refusal import ON_BEFORE_PREVIOUS_STEP, ON_IN_THE_FUTURE, PERSON_ERASED, PERSON_UNKNOWN, Refusal
from service.http.kinds import KINDS, Kind, title


@dataclass(frozen=True)
class RefusalKind(Kind):
    """A refusal as a problem: a 409 whose `parameters` have these types."""

    parameters: Mapping[str, Any]
    at: str | None
    """The field of the command that is at fault."""
    pointing: bool
    """Whether it points to a field whichever command is refused: some may not have it."""


def refusals(decider: Decider[Any]) -> Mapping[str, RefusalKind]:
    """By slug, what any decision of the decider may be refused for. Raises TypeError as `refusals_of` does."""
    found: dict[str, RefusalKind] = {}
    for decision in decider.decisions.values():
        for slug, refusal in refusals_of(decider, decision).items():
            known = found.setdefault(slug, refusal)
            _check_same(slug, known.parameters, refusal.parameters)
            found[slug] = replace(known, at=known.at or refusal.at, pointing=known.pointing and refusal.pointing)
    return found


@cache
def refusals_of(decider: Decider[Any], decision: Decision) -> Mapping[str, RefusalKind]:
    """By slug, what one decision may be refused for. Raises TypeError where a slug comes with other
    parameters, or a function takes a refusal for given."""
    given = [ON_IN_THE_FUTURE]
    if not decision.corrects:
        given.append(ON_BEFORE_PREVIOUS_STEP)
    if decision.creates:
        given += [decider.exists] if decider.identified_by is not None else []
    elif decision.when is not None:
        given += [decider.wrong_status(decision, each) for each in decider.statuses if each not in decision.when]
    if decision.reserves:
        given.append(decider.reason_of_another_role)
    if decision.persons and not decision.creates:
        given.append(PERSON_ERASED)
    if decision.erases:
        given.append(PERSON_UNKNOWN)
    for function in (decision.function, *decider.functions):
        given += _named_by(function, decider.state)
    found: dict[str, RefusalKind] = {}
    for refusal in given:
        known = found.setdefault(refusal.slug, _kind(refusal, decision.command))
        _check_same(refusal.slug, known.parameters, refusal.parameters)
    return found


def _check_same(slug: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    if one != other:
        raise TypeError(f"{slug} speaks of {dict(one)} here, and of {dict(other)} there")


def _kind(refusal: Refusal, command: type[Command]) -> RefusalKind:
    advice = Sentence(_without_places(refusal.sentence.en), _without_places(refusal.sentence.fr))
    kind = KINDS.get(refusal.slug) or Kind(409, title(refusal.slug), advice)
    at = next(iter(refusal.fields_of(command)), None)
    return RefusalKind(kind.status, kind.title, kind.advice, refusal.parameters, at, at is not None)


def _without_places(template: str) -> str:
    sentence = re.sub(r"\{[^}]*\}", "…", re.sub(r"\{[^}]*\|([^}]*)\}", r"\1", template))
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _named_by(function: Callable[..., object], state: type[BaseModel]) -> list[Refusal]:
    """The refusals that a function names, or any function or method of a state that it may call."""
    found: list[Refusal] = []
    waiting: list[object] = [function]
    seen: set[object] = set()
    models = set(_models(state))
    while waiting:
        member = waiting.pop()
        if isinstance(member, property):
            member = member.fget
        if not isinstance(member, FunctionType) or member in seen:
            continue
        seen.add(member)
        if any(isinstance(value, Refusal) for value in (member.__defaults__ or ())):
            # Whose call leaves it out does not name it.
            raise TypeError(f"{member.__qualname__} takes a refusal for given: name it where it is called")
        for name in _names(member.__code__):
            value = member.__globals__.get(name)
            if isinstance(value, Refusal):
                found.append(value)
            waiting += [value, *(vars(model).get(name) for model in models)]
    return found


def _names(code: CodeType) -> Iterator[str]:
    """The globals and attributes that a function's code names, and those of the functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """A model, and those that its fields hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for about in annotation.model_fields.values():
            yield from _models(about.annotation)
    for inner in get_args(annotation):
        yield from _models(inner)
