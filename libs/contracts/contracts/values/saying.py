"""How a value type speaks for itself: the error of whatever breaks its rule, and its words in the JSON Schema."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from contracts.language import Sentence


@dataclass(frozen=True)
class Says:
    """What a value type says of itself. Of one slug there is one sentence."""

    slug: str
    """The type of its errors."""
    sentence: Sentence
    description: str
    examples: tuple[object, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(
            handler(source), custom_error_type=self.slug, custom_error_message=self.sentence.en
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "description": self.description, "examples": list(self.examples)}
