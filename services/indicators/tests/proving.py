"""Folding logs and proving what is made of them, as workers and verify do with topics."""

from collections.abc import Iterable, Mapping
from typing import Final

import asyncpg

from contracts.registry import REGISTRY, Registry
from devstack.log import Log, deliver
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Columns
from indicators.projection import Projection
from indicators.query import Served, snapshot
from indicators.recount import Recount
from indicators.recounts import RECOUNTS
from indicators.recounts.counting import Recounts
from indicators.topics import Topics
from indicators.verify import Asked, ask, compare, prepare

EMPTY: Final = "TRUNCATE facts, latest, slices, measures, generations, marks"
"""What is folded is forgotten."""


async def fold(pool: asyncpg.Pool, chapters: Iterable[Chapter], *logs: Log, registry: Registry = REGISTRY) -> None:
    """Each chapter folds the topics that it is made of, where nothing is in those of which there is no log."""
    messages = {log.service: log.messages for log in logs}
    async with pool.acquire() as connection:
        for chapter in chapters:
            projection = Projection(chapter)
            for name in registry.topics(chapter.events):
                folded = messages.get(name, [])
                await deliver(connection, projection.subscription, projection, folded, topic=f"test.{name}.v1")


def show(topics: Topics, recount: Recount, chapters: Mapping[str, Served], *logs: Log) -> None:
    """Goes through logs as verify does through their topics."""
    for log in logs:
        for partition in range(log.partitions):
            ends = {name: served.positions.get(log.service, {}).get(partition, 0) for name, served in chapters.items()}
            for message in log.messages:
                if message.partition == partition:
                    topics.add(message, max(ends.values()))
            for stream, events in topics.streams():
                recount.show(stream, events, ends)


async def faults(
    pool: asyncpg.Pool,
    catalogue: Catalogue,
    *logs: Log,
    recounts: Mapping[str, Recounts] = RECOUNTS,
    asked: Asked | None = None,
    registry: Registry = REGISTRY,
    columns: Columns | None = None,
) -> tuple[int, list[str]]:
    """How many answers verify compares, and what it finds, where its own questions are asked or others."""
    async with snapshot(pool, catalogue, columns=columns) as now:
        recount = Recount(recounts)
        if asked is None:
            asked = await ask(now)
        prepare(recount, asked)
        with Topics(registry) as topics:
            show(topics, recount, now.chapters, *logs)
            compared, found = await compare(now, asked, recount, topics)
            return compared, [*topics.faults, *found]
