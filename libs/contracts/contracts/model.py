"""What every message of the platform is made of: frozen, strict models; what is entered is read more strictly than what
was recorded."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Final, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from contracts.language import Sentence

PARIS: Final = ZoneInfo("Europe/Paris")
"""Where days are days."""

_FULL_DATE: Final = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
DAY: Final = Sentence(
    "a day of the calendar is written as in 2024-05-13", "une date du calendrier s'écrit comme 2024-05-13"
)


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
            custom_error_message=DAY.en,
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
DAY_OUT_OF_RANGE: Final = Sentence(
    f"a day lies between {FIRST_DAY} and {LAST_DAY}", f"une date se situe entre le {FIRST_DAY} et le {LAST_DAY}"
)


def within_reason(day: date) -> date:
    """A day as entered. Raises PydanticCustomError where it can only be a mistake."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("day-out-of-range", DAY_OUT_OF_RANGE.en)
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

    model_config = ConfigDict(defer_build=True, frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)


class TellsOfSomebody:
    """What only commands may hold (see `contracts.personal`)."""


class Detail(Model, extra="ignore"):
    """A part of an event, read as tolerantly as the event."""


class Event(Model, extra="ignore"):
    """Something that happened, in the words of the domain.

        class CompanyLeft(_Company, version=1): ...

    A class that says its `version` is published: streams and topics keep it for ever. Its type is its name unless
    `type` gives another; a class without a version is abstract. Fields that this release does not know are passed over,
    for a later one may add some. What an old reader could not understand is a new version, which says which class it
    `replaces`, and that class how it becomes the new one:

        class LampLit1(Event, type="LampLit", version=1):
            def upcast(self) -> "LampLit": ...

        class LampLit(Event, version=2, replaces=LampLit1): ...

    Raises TypeError for a class that does not follow the one it replaces.
    """

    event_type: ClassVar[str]
    schema_version: ClassVar[int]
    replaces: ClassVar["type[Event] | None"] = None
    """The version before this one."""
    is_published: ClassVar[bool] = False
    """Whether it says its version."""

    effective_on: Day
    """The day it took effect, as opposed to `recorded_at`, when the store learnt of it."""

    def __init_subclass__(
        cls,
        *,
        version: int | None = None,
        type: str | None = None,  # noqa: A002 -- the word that events are declared with
        replaces: "type[Event] | None" = None,
    ) -> None:
        super().__init_subclass__()
        if cls.is_published:
            raise TypeError(f"{cls.__name__} derives from a published event: let both derive from an abstract one")
        if version is None:
            if type is not None or replaces is not None:
                raise TypeError(f"{cls.__name__} says no version")
            return
        cls.event_type = type or cls.__name__
        cls.schema_version = version
        cls.replaces = replaces
        cls.is_published = True
        if version != (1 if replaces is None else replaces.schema_version + 1):
            raise TypeError(f"{cls.__name__} is version {version}, which replaces version {version - 1} and no other")
        if replaces is not None and replaces.event_type != cls.event_type:
            raise TypeError(f"{cls.__name__} replaces {replaces.__name__}, which is of the type {replaces.event_type}")
        if replaces is not None and replaces.upcast is Event.upcast:
            raise TypeError(f"{cls.__name__} replaces {replaces.__name__}, which does not say how: it has no `upcast`")

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        refuse_persons(cls)

    def upcast(self) -> "Event":
        """This event as the next version of its type says it; itself if it is of the latest."""
        return self

    @classmethod
    def versions(cls) -> "Iterator[type[Event]]":
        """This version of its type, and all before it."""
        version: type[Event] | None = cls
        while version is not None:
            yield version
            version = version.replaces


def told_of_somebody(model: type[Model]) -> Mapping[str, str]:
    """The fields of a model that hold what tells of somebody, however deep, each with what."""
    told = {name: _told_of(about.annotation, ()) for name, about in model.model_fields.items()}
    return {name: held for name, held in told.items() if held}


def refuse_persons(model: type[Model]) -> None:
    """Raises TypeError where a model holds what tells of somebody, however deep."""
    for name, held in told_of_somebody(model).items():
        raise TypeError(f"{model.__name__}.{name} holds {held}: outside of commands a person is a Subject")


def _told_of(annotation: Any, seen: tuple[type, ...]) -> str | None:
    """What tells of somebody in an annotation."""
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, TellsOfSomebody):
        return kind.__name__
    parts = get_args(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen = (*seen, kind)
        parts = (*parts, *(about.annotation for about in kind.model_fields.values()))
    return next((held for part in parts if (held := _told_of(part, seen))), None)


def latest(event: Event) -> Event:
    """An event as the latest version of its type says it."""
    while (newer := event.upcast()) is not event:
        event = newer
    return event


class Aside(Event):
    """Is not a step of its stream: it may come in any order, and what comes next may be of an earlier day.

    So what another service tells of a stream does not forbid its partners to enter late what they did before.
    """


class Correction(Aside):
    """Puts right what was recorded wrongly: takes the old value back on the day it stood for, and puts the new one.

    Its `effective_on` is the day it was decided.
    """
