"""The same clients in several processes, which begin together."""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import uvloop

from bench.runner import Action, throughput

Clients = Callable[..., AbstractAsyncContextManager[Sequence[Action]]]


class Processes:
    """So many processes, each with some clients of its own, idle until asked."""

    def __init__(self, clients: Clients, url: str, count: int, *, each: int) -> None:
        self._pipes: list[Connection] = []
        context = multiprocessing.get_context("spawn")
        for number in range(count):
            ours, theirs = context.Pipe()
            options = {"clients": each, "first": number * each, "of": count * each}
            context.Process(target=_serve, args=(theirs, clients, url, options), daemon=True).start()
            theirs.close()
            self._pipes.append(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()

    async def throughput(self) -> float:
        """Calls a second of all of them together."""
        for pipe in self._pipes:
            pipe.send("begin")
        rates: list[float] = [await asyncio.to_thread(pipe.recv) for pipe in self._pipes]
        return sum(rates)


def _serve(pipe: Connection, clients: Clients, url: str, options: dict[str, Any]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            while pipe.recv():
                pipe.send(runner.run(_measure(clients, url, options)))
        except EOFError:
            return  # Nobody asks any more.


async def _measure(clients: Clients, url: str, options: dict[str, Any]) -> float:
    async with clients(url, **options) as actions:
        return await throughput(actions)
