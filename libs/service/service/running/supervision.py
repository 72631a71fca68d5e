"""Background work that is kept running: begun again after a failure, and visible in `/ready`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from eventstore.discretion import described
from eventstore.outages import Outage

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds before failed work is begun again: doubled with each failure, back to the first after as long a good run."""

log = logging.getLogger(__name__)


class Supervised:
    """One piece of work that should run as long as the service does."""

    def __init__(
        self, name: str, run: Callable[[], Awaitable[None]], describe: Callable[[], str], part: object = None
    ) -> None:
        """`part` is what does the work, for those who ask it how it fares."""
        self.name = name
        self.part = part
        self.failures = 0
        """How often it was begun again."""
        self._state = "stopped"
        self._run = run
        self._describe = describe
        over = f"{name} goes on, after %(times)d failures in %(seconds).0f s"
        self._outage = Outage(log, over, quiet=2 * LONGEST_PAUSE)

    @property
    def state(self) -> str:
        """How it fares, in its own words while it runs."""
        return self._describe() if self.running else self._state

    @property
    def running(self) -> bool:
        """Whether it goes on, not waiting to be begun again."""
        return self._state == "running"

    async def supervise(self) -> None:
        """Runs until cancelled."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        try:
            while True:
                self._state = "running"
                begun = loop.time()
                try:
                    await self._run()
                    self._outage.fail(f"{self.name} ended by itself; it is begun again", level=logging.ERROR)
                except Exception as error:
                    failed = f"{self.name} failed, and is begun again: {described(error)}"
                    self._outage.fail(failed, level=logging.ERROR, error=error)
                self._state = "failed"
                self.failures += 1
                if loop.time() - begun > LONGEST_PAUSE:
                    pause = FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self._state = "stopped"


@contextlib.asynccontextmanager
async def supervised(tasks: Sequence[Supervised]) -> AsyncIterator[None]:
    """Keeps work running inside the block, and ends it, in the reverse order, with the block."""
    running = [asyncio.create_task(task.supervise(), name=task.name) for task in tasks]
    try:
        yield
    finally:
        for task in reversed(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
