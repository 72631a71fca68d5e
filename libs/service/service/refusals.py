"""Every refusal a decider can give, found in the code that gives it, so that none is left out of the documentation."""

import ast
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from eventstore.decider import Decider, Decision
from service.catalogue import KINDS, Kind, title


def refusals(decider: Decider[Any]) -> Mapping[str, Kind]:
    """By slug, what any decision of the decider may be refused for."""
    return {
        slug: kind for decision in decider.decisions.values() for slug, kind in refusals_of(decider, decision).items()
    }


def refusals_of(decider: Decider[Any], decision: Decision) -> Mapping[str, Kind]:
    """By slug, what one decision may be refused for; each is a 409."""
    sentences: dict[str, str] = {}
    if decision.creates:
        if decider.identified_by is not None:
            sentences[f"{decider.category}-exists"] = f"this {decider.category} is already there"
    elif decision.when is not None:
        for status in decider.statuses:
            if status not in decision.when:
                wanted = f"this is decided while the {decider.category} is {' or '.join(decision.when)}"
                sentences[decider.status_slug(decision, status)] = wanted
    functions = _functions(decision.function.__module__)
    waiting, seen = [decision.function.__name__], set[str]()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in seen:
            seen.add(name)
            sentences.update(functions[name].rejections)
            waiting += functions[name].calls
    return {
        "on-in-the-future": KINDS["on-in-the-future"],
        **({} if decision.corrects else {"on-before-previous-step": KINDS["on-before-previous-step"]}),
        **{slug: Kind(409, title(slug), f"{said[:1].upper()}{said[1:]}.") for slug, said in sentences.items()},
    }


@dataclass
class _Function:
    """What a function of a module refuses by itself, and which others it calls."""

    rejections: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)


@cache
def _functions(module: str) -> Mapping[str, _Function]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    functions: dict[str, _Function] = {}
    for definition in ast.walk(tree):
        if isinstance(definition, ast.FunctionDef):
            found = functions.setdefault(definition.name, _Function())
            for node in ast.walk(definition):
                match node:
                    case ast.Call(func=ast.Name(id="Rejected"), args=[ast.Constant(value=str(slug)), sentence, *_]):
                        found.rejections[slug] = _template(sentence)
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
