"""The bells' workers as processes of their own, for a test that kills and freezes them. They are in a hurry.

Begins a worker, of the service that the environment tells of, for each line of its input, and answers with its process
id. They all end with it, and it ends with its input. What a worker took is left to it for half a second only, and the
partitions that it reads for a second: one that is frozen for longer goes on with what others have taken over from it.
"""

import contextlib
import os
import signal
import sys
from datetime import timedelta
from functools import partial

from bells import service

from eventstore.postgres import parking
from eventstore.subscribing.subscription import Subscription
from service.running import work
from service.running.cli import main

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
