"""Waiting for the database where a process starts before it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from eventstore.postgres.connection import DatabaseRefused, StoreUnavailable, is_outage

PAUSE: Final = 1.0
"""Seconds between two attempts."""
REMINDER: Final = 60.0
"""Seconds after which the log says once more what is waited for."""

T = TypeVar("T")

log = logging.getLogger(__name__)


async def once_the_database_answers(attempt: Callable[[], Awaitable[T]], *, patience: float | None = None) -> T:
    """What an attempt returns, made again while the database is away, for `patience` seconds where given.

    Raises whatever else the attempt does, DatabaseRefused, and its StoreUnavailable once patience is at an end.
    """
    loop = asyncio.get_running_loop()
    begun, said = loop.time(), float("-inf")
    while True:
        try:
            found = await attempt()
        except Exception as error:
            if isinstance(error, DatabaseRefused) or not (isinstance(error, StoreUnavailable) or is_outage(error)):
                raise
            now = loop.time()
            if patience is not None and now - begun > patience:
                raise
            if now - said >= REMINDER:
                said = now
                log.warning("waiting for the database: %s", error)
            await asyncio.sleep(PAUSE)
        else:
            if said > begun:
                log.info("the database answers, after %.0f s", loop.time() - begun)
            return found
