"""What fails again and again, told of as one: when it begins, once a minute while it lasts, and when it is over."""

import asyncio
import logging
from contextvars import Context
from typing import Final

REMINDER: Final = 60.0
"""Seconds after which an outage that lasts is told of again."""
QUIET: Final = 10.0
"""Seconds without a failure after which an outage is over, where nothing else tells so."""
_MOST_REASONS: Final = 10
"""What fails for more reasons than these is told of once a minute all the same."""


class Outage:
    """Failures of one kind, until these are over.

    `over` is how the end is told, of `times` and `seconds`: "%(times)d requests were answered 503 in %(seconds).0f s".
    With `quiet` it is over by itself, so many seconds after the last failure; else when `end` is called.
    """

    def __init__(self, log: logging.Logger, over: str, *, quiet: float | None = None) -> None:
        self._log = log
        self._over = over
        self._quiet = quiet
        self._times = 0
        self._begun = self._last = self._told = 0.0
        self._reasons: set[str] = set()

    def fail(self, reason: str, *, level: int = logging.WARNING, error: BaseException | None = None) -> None:
        """Tells of a failure that is the first for this reason, or when a minute has passed; the others are counted."""
        loop = asyncio.get_running_loop()
        now = self._last = loop.time()
        if not self._times:
            self._begun = now
            if self._quiet is not None:
                # Of nobody's context: it tells of many.
                loop.call_later(self._quiet, self._look, context=Context())
        self._times += 1
        if reason not in self._reasons and len(self._reasons) < _MOST_REASONS:
            self._reasons.add(reason)
            self._log.log(level, "%s", reason, exc_info=error)
        elif now - self._told >= REMINDER:
            self._log.log(level, "%s (%d failures in %.0f s)", reason, self._times, now - self._begun)
        else:
            return
        self._told = now

    def end(self) -> None:
        """Tells that it is over, if it is one."""
        if self._times:
            now = asyncio.get_running_loop().time()
            seconds = (self._last if self._quiet is not None else now) - self._begun
            self._log.warning(self._over, {"times": self._times, "seconds": seconds})
            self._times = 0
            self._reasons.clear()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._quiet is not None
        left = self._last + self._quiet - loop.time()
        if left > 0:
            loop.call_later(left, self._look)
        else:
            self.end()
