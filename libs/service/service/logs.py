"""The log of a process: lines on standard error, which hold nothing of what clients send."""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from eventstore.discretion import described

LINES: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def begin_log(level: str) -> None:
    """Writes lines of this level and above from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(LINES))
    logging.basicConfig(level=level, handlers=[handler])


class Discreet(logging.Formatter):
    """Tells where an error arose and of which kind it is; its words only where they quote nothing."""

    def formatException(  # noqa: N802 -- the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The traceback of an error and of those that led to it."""
        return "" if ei[1] is None else "\n".join(_told(ei[1]))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line itself. Of asyncio only the first: the others show tasks with the words of their errors."""
        if record.name == "asyncio":
            record.message = record.message.partition("\n")[0]
        return super().formatMessage(record)


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
