"""The street lamps, served by a process that is killed when a command of the correlation id `fatal` has been stored.

It dies between the commit and the answer.
"""

import os
import signal

from lamps import service

from eventstore.postgres.appending import Append, Appended
from eventstore.postgres.store import Store
from service.running.cli import main

_append = Store.append


async def _append_and_die(self: Store, append: Append) -> Appended:
    appended = await _append(self, append)
    if '"fatal"' in append.metadata:
        os.kill(os.getpid(), signal.SIGKILL)
    return appended


Store.append = _append_and_die  # type: ignore[method-assign]
main(service)
