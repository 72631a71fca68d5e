"""Moments of what is agreed by the hour, as RFC 3339 writes them, told in the time of Paris; times of the day."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from contracts.language import Sentence
from contracts.model import PARIS
from contracts.values.saying import Says

INSTANT: Final = (
    r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
"""A moment as RFC 3339 writes it."""
_MINUTES: Final = 15

QUARTER_OF_AN_HOUR: Final = Sentence(
    "a slot begins on a quarter of an hour: at minute 00, 15, 30 or 45",
    "un créneau commence à un quart d'heure : à la minute 00, 15, 30 ou 45",
)
MOMENT_SKIPPED: Final = Sentence(
    "the clocks of Paris go forward over this moment: that hour does not exist on that night",
    "les horloges de Paris avancent à ce moment : cette heure n'existe pas cette nuit-là",
)
MOMENT_OFFSET: Final = Sentence(
    "this is not how far Paris is ahead of UTC at that moment; write the offset of Paris, or Z and the time of UTC",
    "ce n'est pas l'avance de Paris sur UTC à ce moment ; écrivez le décalage de Paris, ou Z et l'heure UTC",
)


class _Rfc3339:
    """Reads moments with an offset: by itself, pydantic takes a text of digits for seconds since 1970."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.datetime_schema(strict=False, tz_constraint="aware")
        return core_schema.json_or_python_schema(
            json_schema=core_schema.chain_schema([core_schema.str_schema(pattern=INSTANT), read]),
            python_schema=core_schema.datetime_schema(tz_constraint="aware"),
        )


def _in_paris(moment: datetime) -> datetime:
    return moment.astimezone(PARIS)


def _of_paris(moment: datetime) -> datetime:
    """A moment as it was entered. Raises PydanticCustomError unless Paris reads it so, or it is told in UTC."""
    offset = moment.utcoffset()
    if offset and offset != moment.astimezone(PARIS).utcoffset():
        read = moment.replace(tzinfo=PARIS)
        if read.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) != moment.replace(tzinfo=None):
            raise PydanticCustomError("moment-skipped", MOMENT_SKIPPED.en)
        raise PydanticCustomError("moment-offset", MOMENT_OFFSET.en)
    return moment


def _on_a_quarter(moment: datetime) -> datetime:
    if moment.minute % _MINUTES or moment.second or moment.microsecond:
        raise PydanticCustomError("quarter-of-an-hour", QUARTER_OF_AN_HOUR.en)
    return moment


_MOMENT: Final = Says(
    "moment",
    Sentence(
        "a moment is written with its offset, as in 2026-12-01T09:00:00+01:00",
        "un instant s'écrit avec son décalage, comme 2026-12-01T09:00:00+01:00",
    ),
    "A moment, as an RFC 3339 date-time with the offset of Paris.",
    ("2026-12-01T09:00:00+01:00",),
)


def _written(pattern: str, description: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": pattern,
            "maxLength": 35,
            "description": description,
            "examples": ["2026-12-01T09:00:00+01:00"],
        }
    )


Moment = Annotated[
    datetime,
    _Rfc3339(),
    AfterValidator(_in_paris),
    _MOMENT,
    _written(INSTANT, "A moment, as an RFC 3339 date-time. It is told with the offset of Paris."),
]
EnteredQuarter = Annotated[
    datetime,
    _Rfc3339(),
    _MOMENT,
    AfterValidator(_of_paris),
    AfterValidator(_on_a_quarter),
    AfterValidator(_in_paris),
    _written(
        r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:(00|15|30|45):00(\.0{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$",
        "A quarter of an hour, as an RFC 3339 date-time with the offset of Paris, or in UTC.",
    ),
]
"""A quarter of an hour as somebody enters it, in the time of Paris or in UTC."""
TimeOfDay = Annotated[
    str,
    Field(max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
    Says(
        "time-of-day",
        Sentence("a time of the day is written as in 08:30", "une heure de la journée s'écrit comme 08:30"),
        "A time of the day in Paris.",
        ("08:30",),
    ),
]
