"""`make up`, as whoever tries the platform begins it."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.services import ROOT
from devstack.child import Child
from devstack.ports import free_port

PATIENCE: Final = 180.0
"""Seconds until it runs, at most."""


@contextmanager
def up(folder: Path) -> Iterator[Child]:
    """Runs it with its state in a folder, from when it says that it runs."""
    log = folder / "up.log"
    log.write_bytes(b"")
    make = shutil.which("make")
    assert make, "make is not installed"
    environment = {**os.environ, "STATE": str(folder / "state"), "PORT": str(free_port())}
    child = Child("make up", [make, "-C", ROOT, "up"], log=log, marker=str(ROOT), environment=environment)
    try:
        child.await_ready(lambda: "Ctrl-C stops everything" in log.read_text("utf-8"), seconds=PATIENCE)
        yield child
    finally:
        child.stop(signal.SIGTERM, seconds=30)
