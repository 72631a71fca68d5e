"""Concurrent calls that ride together: whatever queued while the last group flew is the next group. No timer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from time import perf_counter
from typing import Generic, TypeVar

from eventstore.measuring import Groups

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Grouped(Generic[Ask, Answer]):
    """Calls `fly` with groups of what was asked, one group in flight at a time.

    `fly` answers each of a group by a value or an exception, in order. `touches` names what an ask must have for itself
    within a group, `looks_at` what others may look at, too, but none may have for itself. An ask that meets another on
    one of these waits for the next group, and keeps its turn.
    """

    def __init__(
        self,
        fly: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer | Exception]]],
        touches: Callable[[Ask], Iterable[object]] = lambda _: (),
        looks_at: Callable[[Ask], Iterable[object]] = lambda _: (),
        *,
        limit: int = 512,
        flown: Groups | None = None,
    ) -> None:
        self._fly = fly
        self._touches = touches
        self._looks_at = looks_at
        self._limit = limit
        self._flown = flown or Groups()
        """What has flown, those that failed included."""
        self._waiting: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._flights: asyncio.Task[None] | None = None

    async def __call__(self, ask: Ask) -> Answer:
        """The answer to one ask. A caller that gives up does not stop the group it rides in."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, future))
        if self._flights is None:
            # Of nobody's context: it flies for many.
            self._flights = asyncio.create_task(self._fly_until_empty(), context=Context())
        return await future

    async def _fly_until_empty(self) -> None:
        # No await stands between finding the queue empty and becoming idle, so no ask is left without a flight.
        try:
            while self._waiting:
                group = self._board()
                begun = perf_counter()
                answers: Sequence[Answer | Exception]
                try:
                    answers = await self._fly([ask for ask, _ in group])
                except asyncio.CancelledError:
                    self._waiting.extendleft(reversed(group))
                    raise
                except Exception as error:
                    answers = [error] * len(group)
                self._flown.sizes.add(len(group))
                self._flown.seconds.add(perf_counter() - begun)
                for (_, future), answer in zip(group, answers, strict=True):
                    if future.done():
                        continue
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
                # Callers that ask again at once catch the next flight rather than the one after.
                await asyncio.sleep(0)
        finally:
            self._flights = None
            # Only a cancelled flight leaves anybody behind: the process is going down.
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()

    def _board(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        boarded: list[tuple[Ask, asyncio.Future[Answer]]] = []
        held: list[tuple[Ask, asyncio.Future[Answer]]] = []
        taken: set[object] = set()
        looked_at: set[object] = set()
        while self._waiting and len(boarded) < self._limit:
            entry = self._waiting.popleft()
            if entry[1].cancelled():
                continue
            own, shared = set(self._touches(entry[0])), set(self._looks_at(entry[0]))
            fits = taken.isdisjoint(own) and taken.isdisjoint(shared) and looked_at.isdisjoint(own)
            (boarded if fits else held).append(entry)
            taken |= own
            looked_at |= shared
        self._waiting.extendleft(reversed(held))
        return boarded

    async def close(self) -> None:
        """Ends what is in flight; whoever still waits is cancelled."""
        if self._flights is not None:
            self._flights.cancel()
            await asyncio.gather(self._flights, return_exceptions=True)
