"""The bells' workers as processes of their own, for a test that kills and freezes them. They are in a hurry.

Begins a worker, of the service that the environment tells of, for each line of its input, and answers with its process
id. They all end with it, and it ends with its input. What a worker took is left to it for half a second only, and the
partitions that it reads for a second: one that is frozen for longer goes on with what others have taken over from it.
They hesitate before each deed, which is when a blow may do harm.
"""

import asyncio
import contextlib
import os
import signal
import sys
from datetime import timedelta
from functools import partial
from typing import Any

from bells import service

from eventstore import issuing
from eventstore.execution import Outcome, execute
from eventstore.postgres import parking
from eventstore.subscribing.subscription import Subscription
from service.running import work
from service.running.cli import main


async def hesitate_and_execute(*given: Any, **named: Any) -> Outcome[Any]:
    """Runs a command a moment after it was decided to."""
    await asyncio.sleep(0.03)
    return await execute(*given, **named)


vars(issuing)["execute"] = hesitate_and_execute
vars(parking)["LEASE"] = timedelta(seconds=0.5)
vars(work)["UNTIL_NEXT"] = 0.1
vars(work)["Subscription"] = partial(Subscription, session=1.0)

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
