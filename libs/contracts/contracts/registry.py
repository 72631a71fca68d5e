"""Every event of the platform by type and schema version: how a reader turns JSON back into it.

>>> decode("InvestmentCommitted", 1, b'{"effective_on": "2024-05-13", "company": "00000001800010", "naf": "2562B",'
...     b'"commune": "36088", "zone": "zi-limoise", "axis": 6, "amount": 450000}').naf
'25.62B'
"""

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from inspect import isclass
from types import MappingProxyType, ModuleType
from typing import Any, Final, NamedTuple

import contracts
from contracts.model import Category, Event


class Published(NamedTuple):
    """An event of the platform: its model, and the kind of stream it happens on."""

    model: type[Event]
    category: Category


class UnknownEvent(LookupError):
    """This release knows no such event: another service, or a later release, emitted it."""

    def __init__(self, event_type: str, version: int) -> None:
        super().__init__(f"no event {event_type}, version {version}")
        self.event_type = event_type
        self.version = version


def _modules() -> Iterator[ModuleType]:
    """A module for each aggregate, in a package for each service: a new file is found by itself."""
    for package in pkgutil.iter_modules(contracts.__path__, "contracts."):
        if package.ispkg:
            of_service = import_module(package.name)
            for module in pkgutil.iter_modules(of_service.__path__, f"{package.name}."):
                yield import_module(module.name)


def registered(modules: Iterator[ModuleType]) -> Mapping[tuple[str, int], Published]:
    """Every event by type and version. Raises TypeError where one is there twice, or a module tells no category."""
    found: dict[tuple[str, int], Published] = {}
    for module in modules:
        category = getattr(module, "CATEGORY", None)
        if not isinstance(category, Category):
            raise TypeError(f"{module.__name__} tells no CATEGORY")
        if any(category.name == known.name or category.address == known.address for known in _categories(found)):
            raise TypeError(f"{module.__name__}: the name or the path of its category is another's, too")
        for model in vars(module).values():
            if isclass(model) and issubclass(model, Event) and model.__module__ == module.__name__:
                if "schema_version" not in vars(model):
                    continue
                key = (model.event_type, model.schema_version)
                if key in found:
                    raise TypeError(f"{module.__name__}: there are two events {key[0]}, version {key[1]}")
                found[key] = Published(model, category)
    return MappingProxyType(found)


def _categories(found: Mapping[tuple[str, int], Published]) -> set[Category]:
    return {published.category for published in found.values()}


REGISTRY: Final = registered(_modules())
"""Every event of the platform by type and version."""

CATEGORIES: Final[Mapping[str, Category]] = MappingProxyType(
    {category.name: category for category in sorted(_categories(REGISTRY), key=lambda category: category.name)}
)
"""Every kind of stream by its name."""


def category_of(stream_id: str) -> Category:
    """The kind of stream that has this id. Raises LookupError."""
    known = [category for category in CATEGORIES.values() if stream_id.startswith(f"{category.name}-")]
    if not known:
        raise LookupError(f"there is no kind of streams that {stream_id} could be of")
    # Of a lamp-post and a lamp, the former.
    return max(known, key=lambda category: len(category.name))


def services_of(models: Iterable[type[Event]]) -> tuple[str, ...]:
    """The services that emit these events, whose topics a subscriber to them reads."""
    published = (REGISTRY.get((model.event_type, model.schema_version)) for model in models)
    return tuple(sorted({each.category.service for each in published if each}))


def event_model(event_type: str, version: int) -> type[Event]:
    """The model of an event. Raises UnknownEvent."""
    try:
        return REGISTRY[event_type, version].model
    except KeyError:
        raise UnknownEvent(event_type, version) from None


def decode(event_type: str, version: int, data: str | bytes) -> Event:
    """An event from its JSON, as its latest version tells it.

    Raises UnknownEvent, or pydantic's ValidationError for what the model refuses.
    """
    return event_model(event_type, version).model_validate_json(data).latest()


def schema_id(event_type: str, version: int) -> str:
    """The URN of an event's JSON Schema, as `ce_dataschema` gives it."""
    return f"urn:territoires-industrie:{event_type}:{version}"


def json_schema(event_type: str, version: int) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event, open as readers need it. Raises UnknownEvent."""
    schema = event_model(event_type, version).model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id(event_type, version),
        **opened(schema),
        **({"$defs": {name: opened(inner) for name, inner in schema["$defs"].items()}} if "$defs" in schema else {}),
    }


def opened(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object as readers need it: a later release may add fields, though the model refuses others."""
    return {word: value for word, value in schema.items() if word != "additionalProperties"}
