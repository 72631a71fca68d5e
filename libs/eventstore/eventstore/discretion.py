"""What may be said of an error where others read it: in the log, in `/ready`. Never what somebody sent."""

from typing import Final

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from eventstore.connection import is_outage

_OURS: Final = ("contracts", "eventstore", "service")
"""Packages whose errors are in words of ours, which quote nothing."""


def described(error: BaseException) -> str:
    """An error's kind, and its words where these cannot quote a request, an event or a row."""
    return ": ".join(filter(None, (type(error).__name__, _words(error))))


def _words(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        return f"{error.title} ({', '.join(sorted({fault['type'] for fault in faults}))})"
    if isinstance(error, asyncpg.PostgresError) and not is_outage(error):
        # Its words may quote a value, its detail a row.
        named = (error.sqlstate, error.table_name, error.column_name, error.constraint_name)
        return " ".join(name for name in named if name)
    if is_outage(error) or isinstance(error, KafkaError) or type(error).__module__.partition(".")[0] in _OURS:
        return str(error).partition("\n")[0].removeprefix(f"{type(error).__name__}: ")
    return ""
