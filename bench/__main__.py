"""`python -m bench [--json FILE] [--rounds N] [--facts N] [--events N] [--minutes N] [subject ...]`"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from bench import (
    claims,
    figures,
    fold,
    http,
    idle,
    imports,
    lists,
    metrics,
    reactions,
    relay,
    sizes,
    soak,
    starts,
    store,
    ups,
    visible,
)
from bench.runner import Result, Row, compare, table, write_json
from bench.servers import Servers, running

Subject = Callable[[Servers], AbstractAsyncContextManager[list[Row]]]
SUBJECTS: Final[Mapping[str, Subject]] = {
    "store": store.rows,
    "claims": claims.rows,
    "lists": lists.rows,
    "http": http.rows,
    "metrics": metrics.rows,
    "imports": imports.rows,
    "relay": relay.rows,
    "visible": visible.rows,
    "reactions": reactions.rows,
    "idle": idle.rows,
    "ups": ups.rows,
    "figures": figures.rows,
    "fold": fold.rows,
    "sizes": partial(sizes.rows, events=fold.EVENTS),
    "starts": partial(starts.rows, events=fold.EVENTS),
    "soak": soak.rows,
}
UNASKED: Final = [subject for subject in SUBJECTS if subject != "soak"]
"""What is measured unless something is asked for. The other takes an hour."""


async def measure(subjects: list[Subject], rounds: int | None) -> AsyncIterator[Result]:
    """The results of some subjects, one by one."""
    with running() as servers:
        for subject in subjects:
            async with subject(servers) as rows:
                for row in rows:
                    yield await compare(row, rounds)


async def main() -> None:
    """Measures what the command line asks for, prints the table, and writes the file."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ours and its peers, side by side.")
    parser.add_argument("subject", nargs="*", help=f"{', '.join(SUBJECTS)}: all but `soak` unless given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--rounds", type=int, default=os.environ.get("ROUNDS") or None, help="of every row")
    parser.add_argument("--facts", type=int, default=figures.FACTS, help="of a level and of a sum, for `figures`")
    parser.add_argument("--events", type=int, default=fold.EVENTS, help="for `fold`, `sizes` and `starts`")
    parser.add_argument("--minutes", type=float, default=soak.MINUTES, help="for `soak`")
    asked = parser.parse_args()
    unknown = set(asked.subject) - SUBJECTS.keys()
    if unknown or (asked.rounds is not None and asked.rounds < 1):
        parser.error(f"no such subject: {', '.join(unknown)}" if unknown else "at least one round is needed")
    sized = {
        "figures": partial(figures.rows, facts=asked.facts),
        "fold": partial(fold.rows, events=asked.events),
        "sizes": partial(sizes.rows, events=asked.events),
        "starts": partial(starts.rows, events=asked.events),
        "soak": partial(soak.rows, minutes=asked.minutes),
    }
    subjects = [sized.get(subject, SUBJECTS[subject]) for subject in asked.subject or UNASKED]
    results = []
    async for result in measure(subjects, asked.rounds):
        print(f"{result.row.work}: {result.ratio:.2f}x", file=sys.stderr)
        results.append(result)
    print(table(results))
    if asked.json:
        write_json(asked.json, results)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
