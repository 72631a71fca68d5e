"""Workers of a service as processes of their own, for tests that kill and freeze them. They are in a hurry.

Its argument is the module that has the service. It begins a worker, of the settings in the environment, for each line
of its input, and answers with its process id. They all end with it, and it ends with its input. What a worker took is
left to it for half a second only, and the partitions that it reads for a second: one that is frozen for longer goes on
with what others have taken over from it. They hesitate before each deed, which is when a blow may do harm.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

from eventstore import issuing, mirroring
from eventstore.execution import execute
from eventstore.postgres import parking
from eventstore.subscribing import membership, subscription
from eventstore.subscribing.marks import move_marks
from service.running import work
from service.running.cli import main


def hesitating(deed: Callable[..., Awaitable[Any]], seconds: float) -> Callable[..., Awaitable[Any]]:
    """The same, a moment after it was decided to."""

    async def hesitate_and_do(*given: Any, **named: Any) -> Any:
        await asyncio.sleep(seconds)
        return await deed(*given, **named)

    return hesitate_and_do


vars(issuing)["execute"] = hesitating(execute, 0.03)
vars(subscription)["move_marks"] = hesitating(move_marks, 0.3)
vars(subscription).update(LONGEST_PAUSE=0.5, TOLD=0.3, LOOK=0.2)
vars(membership)["POLL"] = 0.3
vars(mirroring)["LAG"] = timedelta(seconds=4)
vars(parking)["LEASE"] = timedelta(seconds=0.5)
vars(work)["UNTIL_NEXT"] = 0.1
vars(work)["Subscription"] = partial(subscription.Subscription, session=1.0)

service = vars(import_module(sys.argv[1]))["service"]
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
begun = []
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        os.close(sys.stdin.fileno())
        sys.argv[1:] = ["worker"]
        main(service)
    begun.append(child)
    print(child, flush=True)
for child in begun:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
