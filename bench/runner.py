"""Runs ours and a peer in turn, and says how they compare."""

import asyncio
import json
import statistics
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any, Final

WARM_UP: Final = 0.3
WINDOW: Final = 0.8
"""Seconds that calls are counted, after those of the warm-up."""

Action = Callable[[], Awaitable[object]]
Measure = Callable[[], Awaitable[float]]
"""What is counted in a second, or, where less is better, milliseconds."""


@dataclass(frozen=True)
class Row:
    """A line of the table: the ratio of ours to the peer's is to reach the goal, or to stay below it."""

    work: str
    against: str
    goal: float
    ours: Measure
    peer: Measure
    unit: str = "/s"
    at_most: bool = False
    rounds: int = 7
    """Unless another number is asked for."""


@dataclass(frozen=True)
class Result:
    """A row's figures, one of each per round."""

    row: Row
    ours: Sequence[float]
    peer: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """Ours to the peer's, round by round."""
        return [ours / peer for ours, peer in zip(self.ours, self.peer, strict=True)]

    @property
    def ratio(self) -> float:
        """The median."""
        return statistics.median(self.ratios)

    @property
    def reached(self) -> bool:
        """Whether the median reaches the goal."""
        return self.ratio <= self.row.goal if self.row.at_most else self.ratio >= self.row.goal


async def compare(row: Row, rounds: int | None) -> Result:
    """Measures ours and the peer alternately; who begins changes from round to round."""
    ours: list[float] = []
    peer: list[float] = []
    for number in range(rounds or row.rounds):
        turns = [(ours, row.ours), (peer, row.peer)]
        for figures, measure in turns if number % 2 == 0 else reversed(turns):
            figures.append(await measure())
    return Result(row, ours, peer)


async def throughput(actions: Iterable[Action]) -> float:
    """Calls a second, by as many clients as there are actions, each of which repeats its own without a pause."""
    done = 0
    running = True

    async def repeat(action: Action) -> None:
        nonlocal done
        while running:
            await action()
            done += 1

    async with asyncio.TaskGroup() as clients:
        for action in actions:
            clients.create_task(repeat(action))
        await asyncio.sleep(WARM_UP)
        before, begun = done, perf_counter()
        await asyncio.sleep(WINDOW)
        rate = (done - before) / (perf_counter() - begun)
        running = False
    return rate


async def milliseconds(actions: Sequence[Action], window: float) -> float:
    """What one of some calls takes, at the median: each once, then one after the other for so many seconds."""
    for action in actions:
        await action()
    taken: list[float] = []
    begun = perf_counter()
    for action in cycle(actions):
        before = perf_counter()
        await action()
        taken.append(perf_counter() - before)
        if perf_counter() - begun > window:
            return statistics.median(taken) * 1000
    raise ValueError("there is nothing to call")


async def paced(act: Callable[[], Coroutine[Any, Any, None]], count: int, pace: float) -> None:
    """Acts so many times, so often a second, whether the last act is done or not."""
    begun = perf_counter()
    async with asyncio.TaskGroup() as acts:
        for number in range(count):
            await asyncio.sleep(begun + number / pace - perf_counter())
            acts.create_task(act())


def table(results: Sequence[Result]) -> str:
    """The results as Markdown."""
    lines = ["| work | against | ratio | goal | spread | ours | peer |", "|---|---|--:|--:|--:|--:|--:|"]
    for result in results:
        row = result.row
        lines.append(
            f"| {row.work} | {row.against} | {result.ratio:.2f}x{'' if result.reached else ' (short)'}"
            f" | {'≤' if row.at_most else '≥'} {row.goal:g}x | {min(result.ratios):.2f}..{max(result.ratios):.2f}"
            f" | {_figure(result.ours, row.unit)} | {_figure(result.peer, row.unit)} |"
        )
    return "\n".join(lines)


def _figure(figures: Sequence[float], unit: str) -> str:
    middle = statistics.median(figures)
    return f"{middle:,.{0 if middle >= 100 else 1}f}{unit}"


def write_json(path: Path, results: Sequence[Result]) -> None:
    """The results as a list of objects. `spread` is the least and the greatest ratio."""
    path.write_text(
        json.dumps(
            [
                {
                    "work": result.row.work + (" (less is better)" if result.row.at_most else ""),
                    "against": result.row.against,
                    "ratio": round(result.ratio, 3),
                    "goal": result.row.goal,
                    "rounds": len(result.ratios),
                    "spread": [round(min(result.ratios), 3), round(max(result.ratios), 3)],
                }
                for result in results
            ],
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )
