"""Every event of the platform by type and schema version: how a reader turns JSON back into it.

>>> decode("InvestmentCommitted", 1, b'{"effective_on": "2024-05-13", "company": "00000001800010", "naf": "2562B",'
...     b'"commune": "36088", "zone": "zi-limoise", "axis": 6, "amount": 450000}').naf
'25.62B'
"""

from collections.abc import Mapping
from inspect import isclass
from types import MappingProxyType
from typing import Any, Final

from contracts import company, investment
from contracts.model import Event

CATALOGUE: Final[Mapping[tuple[str, int], type[Event]]] = MappingProxyType(
    {
        (name, model.schema_version): model
        for module in (company, investment)
        for name, model in vars(module).items()
        if isclass(model) and issubclass(model, Event) and model.__module__ == module.__name__ and name[0] != "_"
    }
)


class UnknownEvent(LookupError):
    """This release knows no such event: another service, or a later release, emitted it."""

    def __init__(self, event_type: str, version: int) -> None:
        super().__init__(f"no event {event_type}, version {version}")
        self.event_type = event_type
        self.version = version


def event_model(event_type: str, version: int) -> type[Event]:
    """The model of an event. Raises UnknownEvent."""
    try:
        return CATALOGUE[event_type, version]
    except KeyError:
        raise UnknownEvent(event_type, version) from None


def decode(event_type: str, version: int, data: str | bytes) -> Event:
    """An event from its JSON. Raises UnknownEvent, or pydantic's ValidationError for what the model refuses."""
    return event_model(event_type, version).model_validate_json(data)


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
