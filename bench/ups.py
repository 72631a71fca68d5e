"""How long `make up` takes until it says that it runs: on nothing, and on what it left behind."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.runner import Measure, Row
from bench.servers import Servers
from bench.up import up

COLD: Final = 60.0
"""Seconds, with the sample programme: README promises a minute or two with the installing, which is done already."""
WARM: Final = 10.0
"""Seconds: README promises some ten."""
ROUNDS: Final = 3


@asynccontextmanager
async def rows(_: Servers) -> AsyncIterator[list[Row]]:
    """The rows of both."""
    with _new_folder() as left:
        _seconds(left)
        yield [
            _row("cold: a new state, installed before", COLD, _cold),
            _row("warm: on the state of the last time", WARM, lambda: _seconds(left)),
        ]


def _row(work: str, limit: float, measure: Callable[[], float]) -> Row:
    return Row(
        f"`make up`, {work}",
        f"{limit:.0f} s",
        1,
        _told(measure),
        _told(lambda: limit),
        " s",
        at_most=True,
        rounds=ROUNDS,
    )


def _told(measure: Callable[[], float]) -> Measure:
    async def told() -> float:
        return measure()

    return told


def _cold() -> float:
    with _new_folder() as folder:
        return _seconds(folder)


def _seconds(folder: Path) -> float:
    """From the command until it runs; it is stopped then."""
    begun = perf_counter()
    with up(folder):
        return perf_counter() - begun


@contextmanager
def _new_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
