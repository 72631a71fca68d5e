"""What every message of the platform is made of: frozen, strict models that refuse fields they do not know."""

from datetime import date
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

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


FIRST_DAY: Final = date(1900, 1, 1)
"""Nothing that partners record is older: an earlier day is a mistake, and a series by month would begin with it."""
LAST_DAY: Final = date(2100, 12, 31)


def within_reason(day: date) -> date:
    """A day as entered. Raises PydanticCustomError where it can only be a mistake."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("day-out-of-range", f"a day lies between {FIRST_DAY} and {LAST_DAY}")
    return day


EnteredDay = Annotated[
    Day,
    AfterValidator(within_reason),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "pattern": r"^(19[0-9]{2}|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}$",
            "maxLength": 10,
            "description": f"A day in Europe/Paris from {FIRST_DAY} to {LAST_DAY}, as an RFC 3339 full-date.",
            "examples": ["2024-05-13"],
        }
    ),
]
"""A day as somebody enters it. What was recorded is a `Day`, and stays readable whatever the bounds become."""


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


class Correction(Event):
    """Puts right what was recorded wrongly: takes the old value back on the day it stood for, and puts the new one.

    It is not a step of its stream: it may be entered in any order, and what comes next may be of an earlier day. Its
    `effective_on` is the day it was decided.
    """
