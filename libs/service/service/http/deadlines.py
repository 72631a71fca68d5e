"""How long requests may take. One timer looks after all of them: a timer for each would cost as much as a decision."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

TICK: Final = 0.25
"""Seconds between two looks: by so much a request may be late."""


class Late(Exception):
    """The time is up."""


class Deadlines:
    """The tasks whose time is limited, each to as many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._ticking = False

    @contextmanager
    def limit(self) -> Iterator[None]:
        """Raises Late in the block when its time is up."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        self._open[task] = loop.time() + self._seconds
        if not self._ticking:
            self._ticking = True
            loop.call_later(TICK, self._tick, loop)
        try:
            yield
        except asyncio.CancelledError:
            # Cancelled by others as well, it is none of ours to catch.
            if task in self._late and task.uncancel() == 0:
                raise Late from None
            raise
        finally:
            self._open.pop(task, None)
            self._late.discard(task)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task in [task for task, deadline in self._open.items() if deadline <= now]:
            del self._open[task]
            self._late.add(task)
            task.cancel()
        self._ticking = bool(self._open)
        if self._ticking:
            loop.call_later(TICK, self._tick, loop)
