"""Reads topics a partition at a time, stream by stream, in memory that does not grow with them.

A partition's events are put into a file, and read back in the order of their streams. Where each event was is kept
there, too. Whatever is in a topic that its relay cannot have written, or that nobody knows, is told.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self
from uuid import UUID

from aiokafka import TopicPartition

from contracts.registry import REGISTRY, Registry
from eventstore.kafka.clients import Consumer
from eventstore.kafka.envelope import Message, NotAnEvent, Origin
from eventstore.kafka.topics import name_of
from indicators.partners import PARTNERS
from indicators.query import Served
from indicators.recount import Recount
from indicators.recounts.counting import Happened
from indicators.recounts.partners import Heard
from service.running.settings import Settings

NO_ANSWER: Final = 20
"""Seconds without an answer after which Kafka is given up."""

_TABLES: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE waiting (stream TEXT, version INTEGER, position INTEGER, type TEXT, recorded_at TEXT, data BLOB);
CREATE TABLE found (topic TEXT, position INTEGER, event_id TEXT, PRIMARY KEY (topic, position)) WITHOUT ROWID;
"""


class NoAnswer(Exception):
    """Kafka does not answer."""


class Topics:
    """What was read of them, and what is wrong with it."""

    def __init__(self, registry: Registry = REGISTRY) -> None:
        self.faults: list[str] = []
        self.events = 0
        """How many are counted."""
        self.heard = Heard()
        """Whom they come from."""
        self._registry = registry
        self._reached = 0
        self._folder = TemporaryDirectory()
        self._file = sqlite3.connect(Path(self._folder.name) / "events")
        self._file.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._folder.cleanup()

    def add(self, message: Message, end: int) -> None:
        """Takes in what comes next in a partition, which is counted up to the position `end`."""
        if message.position <= self._reached:
            self.faults.append(f"{message}: position {message.position} comes after {self._reached}")
        self._reached = max(self._reached, message.position)
        known = self._registry.get((message.type, message.schema_version))
        topic = name_of(message.topic)
        if known is None:
            self.faults.append(f"{message}: there is no event {message.type}, version {message.schema_version}")
        elif topic not in {category.topic for category in known.categories}:
            self.faults.append(f"{message}: it does not belong in this topic")
        if message.position > end:
            return
        self.events += 1
        row = (message.stream_id, message.version, message.position, message.type)
        moment = message.recorded_at.isoformat()
        self._file.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?)", (*row, moment, message.data))
        place = (topic, message.position, str(message.event_id))
        self._file.execute("INSERT OR IGNORE INTO found VALUES (?, ?, ?)", place)

    def streams(self) -> Iterator[tuple[str, Sequence[Happened]]]:
        """The streams of the partition that was taken in, each up to a gap if there is one; the next may begin."""
        stream, events, whole = "", list[Happened](), True
        for row in self._file.execute("SELECT * FROM waiting ORDER BY stream, rowid"):
            if row[0] != stream:
                if events:
                    yield stream, events
                stream, events, whole = row[0], [], True
            if not whole:
                continue
            _, version, position, kind, moment, data = row
            if whole := version == len(events) + 1:
                data = json.loads(data, parse_float=Decimal)
                events.append(Happened(kind, data, datetime.fromisoformat(moment), position, stream))
            else:
                self.faults.append(f"{stream} has version {version} after {len(events)}, at position {position}")
        if events:
            yield stream, events
        self._file.execute("DELETE FROM waiting")
        self._reached = 0

    def holds(self, topic: str, position: int, event_id: UUID | None = None) -> bool:
        """Whether an event, which may be any, is at a position of a topic, up to where it is counted."""
        statement = "SELECT event_id FROM found WHERE topic = ? AND position = ?"
        found = self._file.execute(statement, (topic, position)).fetchone()
        return found is not None and event_id in (None, UUID(found[0]))


@asynccontextmanager
async def consuming(settings: Settings) -> AsyncIterator[Consumer]:
    """A consumer that Kafka has answered. Raises KafkaError and NoAnswer."""
    consumer = Consumer(settings.brokers)
    try:
        async with _answering():
            await consumer.start()
        yield consumer
    finally:
        await consumer.discard()


async def read(
    topics: Topics, recount: Recount, chapters: Mapping[str, Served], consumer: Consumer, settings: Settings
) -> None:
    """Shows the streams of all topics that chapters are made of, each partition up to where they are. Who is heard of
    is folded as a chapter is, and named like one.

    Raises KafkaError and NoAnswer.
    """
    partitions = {name: number for served in chapters.values() for name, number in served.partitions.items()}
    for name, number in sorted(partitions.items()):
        origin = Origin(settings.topic(name), number)
        for partition in range(number):
            ends = {chapter: served.positions.get(name, {}).get(partition, 0) for chapter, served in chapters.items()}
            await _take_in(topics, consumer, origin, partition, max(ends.values()), ends.get(PARTNERS, 0))
            for stream, events in topics.streams():
                recount.show(stream, events, ends)
            for end in sorted({*ends.values()} - {0}):
                if not topics.holds(name, end):
                    where = f"{origin.topic}[{partition}]"
                    topics.faults.append(f"{where}: no event has position {end}, where the figures are")


async def _take_in(topics: Topics, consumer: Consumer, origin: Origin, partition: int, end: int, heard_to: int) -> None:
    """Takes in a partition to its end, of which what is up to the position `end` counts; whom it comes from is heard of
    up to another one."""
    place = TopicPartition(origin.topic, partition)
    async with _answering() as deadline:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        behind = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < behind:
            for records in (await consumer.getmany(place, timeout_ms=1000, max_records=1_000)).values():
                deadline.reschedule(asyncio.get_running_loop().time() + NO_ANSWER)
                for record in records:
                    try:
                        message = origin.read(record)
                        topics.add(message, end)
                        if message.position <= heard_to:
                            topics.heard.add(message)
                    except NotAnEvent as foreign:
                        topics.faults.append(str(foreign))


@asynccontextmanager
async def _answering() -> AsyncIterator[asyncio.Timeout]:
    """Raises NoAnswer where there is none for too long."""
    try:
        async with asyncio.timeout(NO_ANSWER) as deadline:
            yield deadline
    except TimeoutError:
        raise NoAnswer from None
