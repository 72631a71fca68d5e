"""What metrics cost a command over HTTP: counted and read once a second, against nothing counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Final

import httpx

from bench.http import CONNECTIONS, NO_KAFKA, stored_headcounts
from bench.runner import Measure, Row
from bench.sample import begin_streams
from bench.servers import Servers
from bench.services import issuing, serving, settings
from devstack.ports import free_port

ROUNDS: Final = 31
"""What is to be seen is less than what rounds differ by."""


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
                f"HTTP command with metrics, {CONNECTIONS} connections",
                "the same, with nothing counted and nothing read",
                0.97,
                partial(_read_meanwhile, metrics_port, stored_headcounts(counted, ours, token)),
                stored_headcounts(uncounted, peer, token),
                rounds=ROUNDS,
            )
        ]


async def _read_meanwhile(port: int, measure: Measure) -> float:
    async def read() -> None:
        async with httpx.AsyncClient() as client:
            while True:
                (await client.get(f"http://127.0.0.1:{port}/metrics")).raise_for_status()
                await asyncio.sleep(1)

    reading = asyncio.create_task(read())
    rate = await measure()
    reading.cancel()
    return rate
