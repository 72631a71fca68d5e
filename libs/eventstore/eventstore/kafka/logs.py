"""Libraries log hundreds of lines a second while what they speak to is away: one of a kind in a while is enough."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

INTERVAL: Final = 60.0
"""Seconds in which a line of the same place in a library is logged once. Our own lines tell when an outage is over."""


class Throttle(logging.Filter):
    """Lets a line pass when none of its kind did for a while, and then tells how many were left out."""

    def __init__(self, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._interval = interval
        self._clock = clock
        self._kinds: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is logged."""
        kind = (record.name, record.lineno)
        now = self._clock()
        since, left_out = self._kinds.get(kind, (now - self._interval, 0))
        if now - since < self._interval:
            self._kinds[kind] = (since, left_out + 1)
            return False
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} like it)", ()
        self._kinds[kind] = (now, 0)
        return True


def throttle_kafka_logs() -> None:
    """Limits what aiokafka logs, from now on and in the whole process."""
    throttle("aiokafka")


def throttle(package: str) -> None:
    """Limits what the loggers log that a package has by now."""
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        # A filter holds for the lines of its own logger only, not for those of loggers below it.
        if name.split(".")[0] == package and not any(isinstance(known, Throttle) for known in logger.filters):
            logger.addFilter(Throttle())


@contextmanager
def quiet_kafka_logs() -> Iterator[None]:
    """Keeps aiokafka from logging inside the block: for commands that say in a sentence of their own what fails."""
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(level)
