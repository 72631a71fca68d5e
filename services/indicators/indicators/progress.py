"""How far chapters are folded, and what answers for them meanwhile: `python -m indicators chapters`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from aiokafka import TopicPartition

from contracts.registry import REGISTRY
from eventstore.kafka.envelope import Origin
from eventstore.kafka.logs import quiet_kafka_logs
from eventstore.kafka.places import Places
from eventstore.kafka.topics import existing_topics
from eventstore.postgres.connection import connect
from indicators.chapters import Catalogue, Chapter
from indicators.projection import generations_of, subscription_of
from indicators.query import Served, serving
from service.running.settings import Settings


@dataclass(frozen=True)
class Progress:
    """How far the generation of a chapter's definitions is folded."""

    subscription: str
    """Names the generation."""
    folded: float
    """The share of what the topics hold, from 0 to 1."""
    since: datetime | None
    """When its first event was folded."""
    served: str | None
    """The generation that answers, if any does."""

    def left(self, now: datetime) -> timedelta | None:
        """How long it still takes if it goes on like that. None where there is no telling, or nothing left."""
        if self.since is None or not 0 < self.folded < 1:
            return None
        return (now - self.since) * ((1 - self.folded) / self.folded)

    def line(self, chapter: str, now: datetime) -> str:
        """As the command says it."""
        told = f"{chapter:14} {self.subscription}: "
        if self.served == self.subscription:
            return told + "serves"
        told += f"{self.folded:.1%} folded"
        if (left := self.left(now)) is not None:
            told += (
                f" since {self.since:%Y-%m-%d %H:%M:%S %Z}, about {timedelta(seconds=round(left.total_seconds()))} left"
            )
        return told + (f"; {self.served} serves meanwhile" if self.served else "; nothing serves meanwhile")


async def progress(connection: asyncpg.Connection, catalogue: Catalogue, settings: Settings) -> Mapping[str, Progress]:
    """Of each chapter, against the ends of its topics now. Raises KafkaError."""
    topics = {chapter: [settings.topic(name) for name in _topics(chapter)] for chapter in catalogue.chapters.values()}
    existing = await existing_topics(settings.brokers, {topic for each in topics.values() for topic in each})
    places = [TopicPartition(topic, number) for topic, count in existing.items() for number in range(count)]
    ends: dict[TopicPartition, int] = {}
    if places:
        origins = [Origin(*topic) for topic in existing.items()]
        async with Places.open(settings.brokers, places, origins) as found:
            ends = {place: message.position for place, message in (await found.last()).items()}
    generations = generations_of(catalogue, settings)
    served: Mapping[str, Served] = await serving(connection, catalogue, generations)
    began = {row["generation"]: row["began_at"] for row in await connection.fetch("SELECT * FROM generations")}
    told: dict[str, Progress] = {}
    for name, chapter in catalogue.chapters.items():
        subscription = subscription_of(chapter, generations[name])
        rows = await connection.fetch("SELECT * FROM marks WHERE subscription = $1", subscription)
        marks = {TopicPartition(row["topic"], row["partition"]): row["position"] for row in rows}
        asked = {place: end for place, end in ends.items() if place.topic in topics[chapter]}
        done = sum(min(marks.get(place, 0), end) for place, end in asked.items())
        told[name] = Progress(
            subscription,
            done / sum(asked.values()) if asked else 1.0,
            began.get(subscription),
            served[name].generation if name in served else None,
        )
    return told


def _topics(chapter: Chapter) -> tuple[str, ...]:
    return REGISTRY.topics(chapter.events)


async def chapters(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """`python -m indicators chapters`: a line for each; 1 while any is not answered from its own generation."""
    connection = await connect(settings.database_url)
    try:
        now: datetime = await connection.fetchval("SELECT now()")
        with quiet_kafka_logs():
            told = await progress(connection, catalogue, settings)
    finally:
        await connection.close()
    for name, each in told.items():
        print(each.line(name, now))
    return 0 if all(each.served == each.subscription for each in told.values()) else 1
