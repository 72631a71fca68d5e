"""What every message of the platform is made of: frozen, strict models that refuse fields they do not know."""

import builtins
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Final, Unpack

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


class Detail(Model, extra="ignore"):
    """A part of an event, read as tolerantly as the event."""


class Event(Model, extra="ignore"):
    """Something that happened, in the words of the domain: `class LampLit(Event, version=1)`.

    Fields that this release does not know are passed over, so that a later one may add some. A change that an old
    reader could not understand gets a new version, beside the old one, which says how it becomes the new one:

        class LampLit1(Event, type="LampLit", version=1):
            watts: int

            def upcast(self) -> "LampLit":
                return LampLit(lumens=12 * self.watts, effective_on=self.effective_on)

        class LampLit(Event, version=2, replaces=LampLit1):
            lumens: int

    The type is the name of the class unless told. A class without a version is a base of others and never published.
    Raises TypeError, when the class is defined, where a version does not follow the one that it replaces.
    """

    event_type: ClassVar[str]
    schema_version: ClassVar[int]
    replaces: "ClassVar[type[Event] | None]" = None

    effective_on: Day
    """The day it took effect, as opposed to `recorded_at`, when the store learnt of it."""

    def __init_subclass__(
        cls,
        *,
        version: int | None = None,
        type: str | None = None,  # noqa: A002 - as the field's own word
        replaces: "builtins.type[Event] | None" = None,
        **config: Unpack[ConfigDict],
    ) -> None:
        super().__init_subclass__(**config)
        if version is None:
            return
        cls.event_type = type or cls.__name__
        cls.schema_version = version
        cls.replaces = replaces
        if replaces is not None and (
            (replaces.event_type, replaces.schema_version + 1) != (cls.event_type, version)
            or not hasattr(replaces, "upcast")
        ):
            raise TypeError(
                f"{cls.__name__} does not follow {replaces.__name__}: the same type, one version more, upcast"
            )

    @classmethod
    def versions(cls) -> "Iterator[builtins.type[Event]]":
        """This model, and those of the versions before."""
        model: builtins.type[Event] | None = cls
        while model is not None:
            yield model
            model = model.replaces

    def latest(self) -> "Event":
        """This event as its latest version tells it."""
        upcast: Callable[[], Event] | None = getattr(self, "upcast", None)
        return self if upcast is None else upcast().latest()


class Correction(Event):
    """Puts right what was recorded wrongly: takes the old value back on the day it stood for, and puts the new one.

    It is not a step of its stream: it may be entered in any order, and what comes next may be of an earlier day. Its
    `effective_on` is the day it was decided.
    """


@dataclass(frozen=True)
class Category:
    """One kind of stream: what its ids begin with, the service that has it, and the path of its records there.

    Raises TypeError for names that cannot stand in ids and addresses.
    """

    name: str
    service: str
    path: str

    def __post_init__(self) -> None:
        for name in (self.name, self.service):
            if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
                raise TypeError(f"a name is made of lower-case letters, digits and hyphens, not {name!r}")
        if not re.fullmatch(r"(/[a-z0-9-]+)+", self.path):
            raise TypeError(f"a path is made of lower-case names, not {self.path!r}")

    @property
    def address(self) -> str:
        """The path of its records on the host of all services: `/companies/v1/investments`."""
        return f"/{self.service}{self.path}"
