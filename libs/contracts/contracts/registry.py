"""Every event of the platform by type and schema version, found in the packages of the services below `contracts`.

A module `contracts/<service>/<aggregate>.py` says its `CATEGORY` and declares its events; nothing lists it. What reads
events (subscriptions, histories, topics, schemas, documents) is derived from here.

>>> decode("InvestmentCommitted", 1, b'{"effective_on": "2024-05-13", "company": "00000001800010", "naf": "25.62B",'
...     b'"commune": "36088", "zone": "zi-limoise", "axis": 6, "amount": 450000}').naf
'25.62B'
>>> REGISTRY["InvestmentCommitted", 1].category.public_path
'/companies/v1/investments'
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from inspect import isclass
from itertools import permutations
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Final, NamedTuple

import contracts
from contracts.category import Category, package_of
from contracts.model import Event, latest


class Published(NamedTuple):
    """One version of an event, and the streams that it happens in: of one category, or of one in several services."""

    model: type[Event]
    categories: tuple[Category, ...]

    @property
    def category(self) -> Category:
        """The one category that it happens in. Raises LookupError where there are several."""
        if len(self.categories) > 1:
            raise LookupError(f"{self.model.__name__} happens in several services")
        return self.categories[0]


class UnknownEvent(LookupError):
    """This release knows no such event: another service, or a later release, emitted it."""

    def __init__(self, event_type: str, version: int) -> None:
        super().__init__(f"no event {event_type}, version {version}")
        self.event_type = event_type
        self.version = version


class Registry(Mapping[tuple[str, int], Published]):
    """The events that modules declare, by type and version.

    A module's `EVENTS` are declared elsewhere, for several services.
    Raises TypeError where two are of one type and version, a service has a type in two categories, a module has events
    and no `CATEGORY`, a module below `contracts` is not in its service's package, or two categories of a service share
    a name or a path.
    """

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._published: dict[tuple[str, int], Published] = {}
        self._category_of: dict[tuple[str, str], Category] = {}
        self.categories: tuple[Category, ...] = ()
        """Of every module that says one."""
        for module in modules:
            self._add(module)
        pairs: Iterable[tuple[Category, Category]] = permutations(self.categories, 2)
        for one, other in pairs:
            alike = one.path == other.path or one.name == other.name
            if alike and one.service == other.service:
                raise TypeError(f"{one.service} has {one.name} at {one.path} and {other.name} at {other.path}")

    def __getitem__(self, key: tuple[str, int]) -> Published:
        return self._published[key]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._published)

    def __len__(self) -> int:
        return len(self._published)

    def services(self) -> tuple[str, ...]:
        """The services that publish anything, in order."""
        return tuple(sorted({category.service for category in self.categories}))

    def published_by(self, service: str) -> Mapping[tuple[str, int], Published]:
        """What a service publishes; the categories say of which streams."""
        return {
            key: each
            for key, each in self._published.items()
            if any(category.service == service for category in each.categories)
        }

    def topics(self, events: Iterable[type[Event]]) -> tuple[str, ...]:
        """The topics that hold these events, in order, each as its categories name it. Raises UnknownEvent."""
        published = [self.published(each.event_type, each.schema_version) for each in events]
        return tuple(sorted({category.topic for each in published for category in each.categories}))

    def topics_of(self, service: str) -> tuple[str, ...]:
        """The topics of a service, its own first: `("companies", "companies.persons")`."""
        return (service, *sorted({*self.topic_by_type(service).values()} - {service}))

    def topic_by_type(self, service: str) -> Mapping[str, str]:
        """The topic that each type of event of a service goes into: `{"InvestmentCommitted": "companies", ...}`."""
        return {name: category.topic for (of, name), category in self._category_of.items() if of == service}

    def published(self, event_type: str, version: int) -> Published:
        """An event's model and category. Raises UnknownEvent."""
        try:
            return self._published[event_type, version]
        except KeyError:
            raise UnknownEvent(event_type, version) from None

    def decode(self, event_type: str, version: int, data: str | bytes) -> Event:
        """An event from its JSON, as the latest version of its type.

        Raises UnknownEvent, or pydantic's ValidationError for what the model refuses.
        """
        return latest(self.published(event_type, version).model.model_validate_json(data))

    def record(self, service: str, stream_id: str) -> str:
        """Where a stream's record is behind the shared host: `/companies/v1/investments/1`. Raises LookupError."""
        # Of a lamp-post and a lamp, the former.
        for category in sorted(self.categories, key=lambda each: len(each.name), reverse=True):
            if category.service == service and stream_id.startswith(f"{category.name}-"):
                return f"{category.public_path}/{stream_id.removeprefix(f'{category.name}-')}"
        raise LookupError(f"{service} has no stream {stream_id}")

    def _add(self, module: ModuleType) -> None:
        events = [
            each
            for each in vars(module).values()
            if isclass(each) and issubclass(each, Event) and each.__module__ == module.__name__ and each.is_published
        ]
        shared: Iterable[type[Event]] = vars(module).get("EVENTS", ())
        category = vars(module).get("CATEGORY")
        if not isinstance(category, Category):
            if events:
                raise TypeError(f"{module.__name__} has events, and no CATEGORY")
            return
        package = module.__name__.split(".")[1:2]
        if module.__name__.startswith(f"{contracts.__name__}.") and package != [package_of(category.service)]:
            raise TypeError(f"{module.__name__} is of the service {category.service}, and not in its package")
        self.categories = (*self.categories, category)
        for model in events:
            key = model.event_type, model.schema_version
            if key in self._published:
                raise TypeError(f"{module.__name__}: {model.event_type}, version {model.schema_version}, is twice")
            self._happens_in(category, model.event_type)
            self._published[key] = Published(model, (category,))
        for model in shared:
            key = model.event_type, model.schema_version
            known = self._published.get(key, Published(model, ()))
            if known.model is not model:
                raise TypeError(f"{module.__name__}: {model.event_type}, version {model.schema_version}, is twice")
            self._happens_in(category, model.event_type)
            self._published[key] = Published(model, (*known.categories, category))

    def _happens_in(self, category: Category, event_type: str) -> None:
        """Notes where a type of event of a service happens, for all its versions. Raises TypeError."""
        of = self._category_of.setdefault((category.service, event_type), category)
        if of != category:
            raise TypeError(f"{category.service}: {event_type} happens in {of.name} and in {category.name}")


def _modules() -> Iterator[ModuleType]:
    for package in iter_modules(contracts.__path__, f"{contracts.__name__}."):
        if package.ispkg:
            for module in iter_modules(import_module(package.name).__path__, f"{package.name}."):
                yield import_module(module.name)


REGISTRY: Final = Registry(_modules())

decode: Final = REGISTRY.decode


def event_model(event_type: str, version: int) -> type[Event]:
    """The model of an event, of just this version. Raises UnknownEvent."""
    return REGISTRY.published(event_type, version).model


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
    """The schema of an object as readers need it, open for the fields of later releases."""
    return {word: value for word, value in schema.items() if word != "additionalProperties"}
