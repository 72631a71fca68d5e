"""What every message of the platform is made of: frozen, strict models that refuse fields they do not know."""

from datetime import date
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

_FULL_DATE: Final = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"


class _FullDate:
    """Reads days as RFC 3339 writes them: by itself, pydantic takes a text of digits for seconds since 1970."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.str_schema(pattern=_FULL_DATE)
        return core_schema.custom_error_schema(
            core_schema.json_or_python_schema(
                json_schema=core_schema.chain_schema([written, core_schema.date_schema(strict=False)]),
                python_schema=handler(source),
            ),
            custom_error_type="day",
            custom_error_message="a day of the calendar is written as in 2024-05-13",
        )


Day = Annotated[
    date,
    _FullDate(),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "pattern": _FULL_DATE,
            "maxLength": 10,
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
