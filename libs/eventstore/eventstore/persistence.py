"""Work that goes on until it is told to end: begun again after an error, ever later, and never all at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from eventstore.kafka.clients import is_cancelled

GOOD: Final = 20.0
"""Seconds after which work is held to have gone well, so that the next pause is a short one again."""


def pause_after(failures: int, longest: float) -> float:
    """Seconds to wait after so many failures in a row: doubled each time up to a longest, less a part by chance."""
    return random.uniform(0.5, 1.0) * min(longest, 0.1 * 2.0 ** min(failures, 10))


async def persist(
    work: Callable[[], Awaitable[None]], report: Callable[[BaseException, float], None], *, longest: float
) -> NoReturn:
    """Does work over and over. An error is reported, with the seconds until it is begun again."""
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        begun = loop.time()
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            failures = failures + 1 if loop.time() - begun < GOOD else 1
            seconds = pause_after(failures, longest)
            report(error, seconds)
            await asyncio.sleep(seconds)
