"""The log of a process: lines on standard error, which hold nothing of what clients send."""

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Literal

from eventstore import tracing
from eventstore.discretion import described

LINES: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
Format = Literal["text", "json"]
_SHORT: Final = 8
"""Letters that a line of text shows of an id: the last ones, as the first of some are a time."""


def begin_log(level: str, form: Format = "text", *, service: str = "") -> None:
    """Writes lines of this level and above from now on, in JSON with the name of the service."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json(service) if form == "json" else Discreet(LINES))
    logging.basicConfig(level=level, handlers=[handler])
    logging.captureWarnings(capture=True)
    # It tells of each request, as the issuer's keys are asked for again and again; what fails is told by whoever asked.
    logging.getLogger("httpx").setLevel(logging.WARNING)


class Discreet(logging.Formatter):
    """Tells where an error arose and of which kind it is; its words only where they quote nothing."""

    def formatException(  # noqa: N802 -- the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The traceback of an error and of those that led to it."""
        return "" if ei[1] is None else "\n".join(_told(ei[1]))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line itself, with the ends of its ids."""
        record.message = _words(record)
        ids = tracing.ids()
        ids.pop("span_id", None)
        short = ", ".join(f"{name.removesuffix('_id')} {value[-_SHORT:]}" for name, value in ids.items())
        return super().formatMessage(record) + (f" [{short}]" if short else "")


class Json(Discreet):
    """The same, as an object of JSON a line."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The object."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _words(record),
            "service": self._service,
            **tracing.ids(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def _words(record: logging.LogRecord) -> str:
    """What a line says. Of asyncio only the first line: the others show tasks with the words of their errors."""
    words = record.getMessage()
    return words.partition("\n")[0] if record.name == "asyncio" else words


def _told(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    yield described(error)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _told(inner)
