"""Begins processes of the services, quickly, having loaded all that they need.

Reads a line of JSON for each from its input, `Told`, and answers with its process id. They all end with it, and it ends
with its input.
"""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

from pydantic import BaseModel

from devstack.host import service_of
from devstack.running import SERVICES
from programme.changes import CHANGES
from service.running.cli import main


class Told(BaseModel):
    """What a process is to be."""

    service: str
    arguments: Sequence[str]
    """Of its command line."""
    environment: Mapping[str, str]
    output: str
    """The file that its standard output goes to."""
    log: str
    """The file of its standard error."""
    ended: str
    """The file that its exit status is written to when it ends by itself."""
    changes: Sequence[str]
    """What is otherwise than in what is deployed: names of `programme.changes`."""


def become(told: Told) -> NoReturn:
    """Is the process, until it ends."""
    os.close(sys.stdin.fileno())
    for stream, name in ((sys.stdout, told.output), (sys.stderr, told.log)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), stream.fileno())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(told.environment)
    for name in told.changes:
        CHANGES[name]()
    sys.argv[1:] = told.arguments
    main(service_of(told.service))


def live(told: Told) -> NoReturn:
    """Is the process, and leaves nothing of it behind."""
    status = 1
    try:
        become(told)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        else:
            status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with open(f"{told.ended}.new", "w") as file:  # noqa: PTH123
            file.write(str(status))
        os.rename(f"{told.ended}.new", told.ended)  # noqa: PTH104
        os._exit(status)


def begin(line: str) -> NoReturn:
    """Is the process that a line tells of."""
    told = Told.model_validate_json(line)
    if "LD_PRELOAD" in told.environment:
        # That is looked at when a program begins, and by no copy of one that runs.
        command = [sys.executable, "-m", "programme.mother", line]
        os.execve(sys.executable, command, {**os.environ, **told.environment})  # noqa: S606
    live(told)


def begin_processes() -> None:
    """Begins processes until the input ends."""
    for name in SERVICES:
        service_of(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    begun = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            begin(line)
        begun.append(child)
        print(child, flush=True)
    for child in begun:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        live(Told.model_validate_json(sys.argv[1]))
    begin_processes()
