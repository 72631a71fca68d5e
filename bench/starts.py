"""The start of a service that has recorded much, beside one that has recorded little."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Any, Final

import httpx

from bench.runner import Row
from bench.servers import Servers
from bench.services import issuing, serving, settings
from bench.sizes import LEAST
from bench.stored import Stored, stored
from bench.visible import MILLISECONDS
from devstack.issuer import Issuer

ROUNDS: Final = 5
"""A process begins in each, twice."""


def _accepts(told: dict[str, Any]) -> bool:
    return bool(told["commands"] == "accepted")


def _works(told: dict[str, Any]) -> bool:
    work = told["work"]
    return bool(work["relay"].startswith("leading") and work["refolding"].startswith("all streams are"))


@asynccontextmanager
async def rows(servers: Servers, events: int, least: int = LEAST) -> AsyncIterator[list[Row]]:
    """The rows of a service that has so many events, in its store and in its topic."""
    few, many = await stored(servers, least), await stored(servers, events)
    with issuing() as issuer:
        yield [
            Row(
                f"start of a service until {until}, with {events:,} events",
                f"the same with {least:,} events",
                1.25,
                partial(_start, servers, issuer, many, reached),
                partial(_start, servers, issuer, few, reached),
                unit=" ms",
                at_most=True,
                rounds=ROUNDS,
            )
            for until, reached in (
                ("it accepts commands", _accepts),
                ("its relay leads and its streams were looked through", _works),
            )
        ]


async def _start(servers: Servers, issuer: Issuer, filled: Stored, reached: Callable[[dict[str, Any]], bool]) -> float:
    """Milliseconds from the start of its process until it says of itself what is waited for."""
    told = {**settings(filled.url, servers.kafka, issuer), "TERRITORY": filled.territory}

    def ready(answer: httpx.Response) -> bool:
        return answer.is_success and reached(answer.json())

    begun = perf_counter()
    with serving(filled.territory, servers.folder, ["companies", "all"], told, "/ready", ready):
        return (perf_counter() - begun) * MILLISECONDS
