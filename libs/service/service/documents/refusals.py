"""Every refusal a decider can give, found in the code that gives it, so that none is left out of the documentation."""

import ast
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from contracts.model import Day
from eventstore.decider import Decider, Decision
from service.documents.annotations import Annotations, any_of
from service.http.kinds import KINDS, Kind, title
from service.http.sentences import verbatim


@dataclass(frozen=True)
class Refusal(Kind):
    """A refusal: a 409 whose `parameters` have these types."""

    parameters: Mapping[str, Any]


def refusals(decider: Decider[Any]) -> Mapping[str, Refusal]:
    """By slug, what any decision of the decider may be refused for. Raises TypeError as `refusals_of` does."""
    found: dict[str, Refusal] = {}
    for decision in decider.decisions.values():
        for slug, refusal in refusals_of(decider, decision).items():
            _add(found, slug, refusal)
    return found


def refusals_of(decider: Decider[Any], decision: Decision) -> Mapping[str, Refusal]:
    """By slug, what one decision may be refused for.

    Raises TypeError where no annotation tells a parameter's type, or a slug comes with other parameters elsewhere.
    """
    found: dict[str, Refusal] = {
        "on-in-the-future": _refusal(KINDS["on-in-the-future"], on=Day, today=Day),
    }
    if not decision.corrects:
        found["on-before-previous-step"] = _refusal(KINDS["on-before-previous-step"], on=Day, previous=Day)
    if decision.creates:
        if decider.identified_by is not None:
            slug = f"{decider.category}-exists"
            found[slug] = _refusal(_kind(slug, f"this {decider.category} is already there"))
    elif decision.when is not None:
        status = decider.state.model_fields["status"].annotation
        for each in decider.statuses:
            if each not in decision.when:
                slug = decider.status_slug(decision, each)
                wanted = f"this is decided while the {decider.category} is {' or '.join(decision.when)}"
                found[slug] = _refusal(_kind(slug, wanted), status=status)
    functions = _functions(decision.function.__module__)
    waiting, seen = [decision.function.__name__], set[str]()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in seen:
            seen.add(name)
            for slug, rejection in functions[name].rejections.items():
                _add(found, slug, _refusal(_kind(slug, rejection.sentence), **rejection.parameters))
            waiting += functions[name].calls
    return found


def _add(found: dict[str, Refusal], slug: str, refusal: Refusal) -> None:
    """Adds a refusal, perhaps from a second place: it speaks of the same, which is of either type then."""
    known = found.setdefault(slug, refusal)
    if known.parameters.keys() != refusal.parameters.keys():
        raise TypeError(
            f"{slug} speaks of {', '.join(known.parameters)} here, and of {', '.join(refusal.parameters)} there"
        )
    either = {name: any_of((kind, refusal.parameters[name])) for name, kind in known.parameters.items()}
    found[slug] = replace(known, parameters=either)


def _refusal(kind: Kind, **parameters: Any) -> Refusal:
    return Refusal(kind.status, kind.title, kind.advice, parameters)


def _kind(slug: str, sentence: str) -> Kind:
    return Kind(409, title(slug), verbatim(f"{sentence[:1].upper()}{sentence[1:]}."))


@dataclass
class _Rejection:
    """What a refusal says, and the types of what it speaks of."""

    sentence: str
    parameters: Mapping[str, Any]


@dataclass
class _Function:
    """What a function of a module refuses by itself, and which others it calls."""

    rejections: dict[str, _Rejection] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)


@cache
def _functions(module: str) -> Mapping[str, _Function]:
    source = sys.modules[module]
    functions: dict[str, _Function] = {}
    for definition in ast.walk(ast.parse(inspect.getsource(source))):
        if isinstance(definition, ast.FunctionDef):
            found = functions.setdefault(definition.name, _Function())
            for node in ast.walk(definition):
                match node:
                    case ast.Call(
                        func=ast.Name(id="Rejected"), args=[ast.Constant(value=str(slug)), sentence, *_], keywords=said
                    ):
                        types = Annotations(source, definition)
                        places = {str(each.arg): types.of(each.value) for each in said}
                        found.rejections[slug] = _Rejection(_template(sentence), places)
                    case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                        found.calls.append(name)
    return functions


def _template(sentence: ast.expr) -> str:
    """A sentence without what it speaks of: `… has granted no aid`."""
    match sentence:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_template(part) for part in parts)
    return "…"
