"""What a drill prints, for ops to read beside the runbook: each step, when it began, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_BEGAN: Final = time.monotonic()


def say(what: str) -> None:
    """A line, with the seconds since the drill began."""
    print(f"{time.monotonic() - _BEGAN:7.1f} s  {what}", flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is done, and how long it took."""
    say(what)
    began = time.monotonic()
    yield
    say(f"    took {time.monotonic() - began:.1f} s")
