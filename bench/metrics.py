"""What metrics cost a command over HTTP: counted and read once a second, against nothing counted.

In the time of the processor, of which the few percent in question are seen; commands a second differ by more than that
from one second to the next.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Final

from bench.http import CONNECTIONS, EVENTS, NO_KAFKA, headcounts, loaded
from bench.load import Callers, Requests
from bench.runner import Measure, Row
from bench.sample import begin_streams
from bench.servers import Servers
from bench.services import issuing, process_at, serving, settings
from devstack.ports import free_port

ROUNDS: Final = 40
"""As many begin with ours as with the peer."""
MICROSECONDS: Final = 1_000_000

_READ: Final = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n"


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The row of metrics."""
    counted, uncounted = await servers.store(), await servers.store()
    for store in (counted, uncounted):
        await begin_streams(store)
    with ExitStack() as stack:
        issuer = stack.enter_context(issuing())
        metrics_port = free_port()
        told = settings(counted, NO_KAFKA, issuer) | {"METRICS_PORT": str(metrics_port)}
        ours = stack.enter_context(serving("counted", servers.folder, ["companies", "api"], told, "/ready"))
        untold = settings(uncounted, NO_KAFKA, issuer)
        peer = stack.enter_context(serving("uncounted", servers.folder, ["bench.uncounted", "api"], untold, "/ready"))
        token = issuer.token("companies:write", ["network"])
        yield [
            Row(
                f"processor time of an HTTP command with metrics, {CONNECTIONS} connections",
                "the same, with nothing counted and nothing read",
                1.03,
                partial(_read_meanwhile, metrics_port, partial(_used, counted, ours, headcounts(token))),
                partial(_used, uncounted, peer, headcounts(token)),
                unit=" µs",
                at_most=True,
                rounds=ROUNDS,
            )
        ]


async def _used(url: str, port: int, requests: list[Requests]) -> float:
    """Microseconds that the process which serves at a port takes of the processor for each command."""
    process = process_at(port)
    before = process.cpu_times()
    _, answers = await loaded(EVENTS, url, port, requests)
    after = process.cpu_times()
    used: float = after.user + after.system - before.user - before.system
    return used / answers * MICROSECONDS


async def _read_meanwhile(port: int, measure: Measure) -> float:
    async def read() -> None:
        while True:
            await prometheus.call(_READ)
            await asyncio.sleep(1)

    async with Callers.open(port, 1) as prometheus:
        reading = asyncio.create_task(read())
        used = await measure()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return used
