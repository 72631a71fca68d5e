"""Requests to every service while the cluster changes under them, and what became of each."""

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import httpx

CONNECTIONS: Final = 16
PAUSE: Final = 0.05
"""Seconds between an answer and the next request of a connection: a steady load, not the most there can be."""
PATIENCE: Final = 30.0
"""Seconds after which a request without an answer has failed."""
AGAIN: Final = (502, 503, 504)
LISTS: Final = (
    "companies/v1/companies",
    "mobility/v1/carpool-areas",
    "youth-events/v1/events",
    "training/v1/courses",
    "employment/v1/vacancies",
    "indicators/v1/indicators/investment_announced",
)
"""What is read of each service."""
COMMAND: Final = "companies/v1/investments"


@dataclass
class Outcome:
    """What became of the requests of a load."""

    acknowledged: int = 0
    """Commands that were answered with success."""
    answered: int = 0
    """Requests that were, of commands and of questions."""
    repeated: int = 0
    """Requests that were sent once more, under the same key where they were commands."""
    slowest: float = 0.0
    """Seconds from when a request was first sent to its answer, of the one that took longest."""
    failed: Counter[str] = field(default_factory=Counter)
    """How often a request failed in each way."""

    def __str__(self) -> str:
        failed = "; ".join(f"{count} x {how}" for how, count in self.failed.items())
        repeated = f", {self.repeated} repeated" if self.repeated else ""
        total = self.answered + self.failed.total()
        return f"{self.failed.total()} of {total} requests failed{repeated}, slowest {self.slowest:.1f} s" + (
            f": {failed}" if failed else ""
        )


@contextmanager
def load(address: str, headers: Mapping[str, str], command: Mapping[str, Any], *, again: bool) -> Iterator[Outcome]:
    """Sends requests beside the block, on connections that stay open, and has an answer to all of them at its end.

    With `again` one that fails in a way that may pass is repeated until it does; otherwise it has failed.
    """
    outcome, ends = Outcome(), threading.Event()

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(_send(address, headers, command, number, outcome, ends, again=again))

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="load")
    thread.start()
    try:
        yield outcome
    finally:
        ends.set()
        thread.join()


async def _send(
    address: str,
    headers: Mapping[str, str],
    command: Mapping[str, Any],
    number: int,
    outcome: Outcome,
    ends: threading.Event,
    *,
    again: bool,
) -> None:
    turn = number
    async with httpx.AsyncClient(base_url=address, headers=dict(headers), timeout=PATIENCE) as client:
        while not ends.is_set():
            turn += 1
            if turn % 2:
                key = {"Idempotency-Key": str(uuid.uuid4())}
                request = client.build_request("POST", f"/{COMMAND}", json=dict(command), headers=key)
            else:
                request = client.build_request("GET", f"/{LISTS[turn // 2 % len(LISTS)]}")
            begun = perf_counter()
            while (failure := await _fails(client, request)) is not None and again and failure[1]:
                outcome.repeated += 1
                await asyncio.sleep(PAUSE)
            outcome.slowest = max(outcome.slowest, perf_counter() - begun)
            if failure is None:
                outcome.answered += 1
                outcome.acknowledged += request.method == "POST"
            else:
                outcome.failed[failure[0]] += 1
            await asyncio.sleep(PAUSE)


async def _fails(client: httpx.AsyncClient, request: httpx.Request) -> tuple[str, bool] | None:
    """How a request fails, and whether that may pass; None where it does not."""
    what = f"{request.method} {request.url.path}"
    try:
        answer = await client.send(request)
    except httpx.TransportError as error:
        return f"{what} {type(error).__name__}", True
    if answer.is_success:
        return None
    slug = answer.json()["type"].rpartition("/")[2] if "json" in answer.headers.get("Content-Type", "") else ""
    return f"{what} {answer.status_code} {slug}".rstrip(), answer.status_code in AGAIN
