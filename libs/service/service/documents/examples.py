"""Examples made from JSON Schemas: each field's own example where it has one, else something its schema allows."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ValidationError

DAY: Final = date(2024, 5, 13)
"""The day on which examples happen."""
ID: Final = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
_STRINGS: Final = {"date": DAY.isoformat(), "date-time": f"{DAY}T08:30:00Z", "uuid": ID}


def example_of(model: type[BaseModel]) -> Any:
    """An example that the model accepts. Raises TypeError where its fields must say more: `Field(examples=[...])`."""
    schema = model.model_json_schema()
    made = example(schema, schema.get("$defs", {}))
    try:
        model.model_validate_json(json.dumps(made))
    except ValidationError as error:
        raise TypeError(f"{model.__name__} needs examples for its fields: {error}") from None
    return made


def examples_of(model: type[BaseModel]) -> Sequence[Any]:
    """The examples that a model tells of itself, or the one that is made. Raises TypeError as `example_of` does."""
    first = example_of(model)
    return model.model_json_schema().get("examples") or [first]


def example(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """Something the schema allows, as far as types, bounds and formats say."""
    match schema:
        case {"examples": [first, *_]} | {"const": first} | {"enum": [first, *_]} | {"default": first}:
            return first
        case {"$ref": str(reference)}:
            return example(definitions[reference.rpartition("/")[2]], definitions)
        case {"anyOf": [first, *_]} | {"oneOf": [first, *_]} | {"allOf": [first, *_]}:
            return example(first, definitions)
        case {"type": "object"}:
            required = schema.get("required", ())
            properties = schema.get("properties", {})
            return {name: example(inner, definitions) for name, inner in properties.items() if name in required}
        case {"type": "array"}:
            return [example(schema["items"], definitions)] if "items" in schema else []
        case {"type": "integer" | "number"}:
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case {"type": "boolean"}:
            return True
        case {"type": "string"}:
            return _STRINGS.get(schema.get("format", ""), "text")
    return None
