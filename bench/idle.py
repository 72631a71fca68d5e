"""What `make up` uses while nobody asks it anything: every process of it, read from Linux's /proc."""

import asyncio
import os
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.runner import Row
from bench.servers import Servers
from bench.up import up

LIMIT: Final = 0.25
"""Of a core."""
_SETTLING: Final = 30.0
"""Seconds until what was begun with the sample is done."""
_WINDOW: Final = 60.0


@asynccontextmanager
async def rows(_: Servers) -> AsyncIterator[list[Row]]:
    """The system with its sample programme."""
    with tempfile.TemporaryDirectory() as folder, up(Path(folder)) as process:
        await asyncio.sleep(_SETTLING)

        async def cores() -> float:
            before, begun = _seconds(process.pid), perf_counter()
            await asyncio.sleep(_WINDOW)
            return (_seconds(process.pid) - before) / (perf_counter() - begun)

        async def limit() -> float:
            return LIMIT

        work = "all of `make up`, of which nothing is asked"
        yield [Row(work, "a quarter of a core", 1, cores, limit, unit=" cores", at_most=True, rounds=2)]


def _seconds(root: int) -> float:
    """What a process and its descendants have used of the processors."""
    children: dict[int, list[int]] = defaultdict(list)
    used: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = file.read_text("utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # It has just ended.
        process = int(file.parent.name)
        children[int(told[1])].append(process)
        used[process] = int(told[11]) + int(told[12])
    ticks, found = 0, [root]
    while found:
        process = found.pop()
        ticks += used.get(process, 0)
        found += children[process]
    return ticks / os.sysconf("SC_CLK_TCK")
