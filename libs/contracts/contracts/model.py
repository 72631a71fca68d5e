"""What every message of the platform is made of: frozen, strict models that refuse fields they do not know."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, WithJsonSchema

Day = Annotated[
    date,
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "description": "A day in Europe/Paris, as an RFC 3339 full-date.",
            "examples": ["2024-05-13"],
        }
    ),
]


class Model(BaseModel):
    """An immutable value. Unknown fields and lossy conversions (`"12"` for a number) are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)


class Event(Model):
    """Something that happened, in the words of the domain. Its type is the name of its class.

    A change that an old reader could not understand gets a new `schema_version`.
    """

    schema_version: ClassVar[int] = 1

    effective_on: Day
    """The day it took effect, as opposed to `recorded_at`, when the store learnt of it."""
