"""`python -m indicators verify`: proves every figure by counting it again from the Kafka topics alone.

The figures are read in one snapshot together with the positions they are complete up to; the topics are counted up to
exactly those, by `recount`. On the way each stream is checked to be without a gap. The topics are read to their end,
and whatever is in them that their relays cannot have written, or that nobody knows, is told.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

import asyncpg
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from contracts.registry import REGISTRY
from eventstore.decider import PARIS
from eventstore.kafka.clients import Consumer
from eventstore.kafka.envelope import Message, NotAnEvent, Origin
from eventstore.kafka.logs import quiet_kafka_logs
from eventstore.kafka.topics import name_of
from eventstore.postgres.connection import connect
from indicators.chapters import Catalogue
from indicators.lineage import Place, facts_behind
from indicators.measures import Derived, Duration, Indicator, Level
from indicators.projection import generation_of
from indicators.query import ZERO, Answer, CatchingUp, Snapshot, snapshot
from indicators.question import Question
from indicators.recount import Happened, recount
from indicators.representation import link
from service.clock import today
from service.running.settings import Settings

FIRST_PROGRAMME: Final = date(2023, 12, 31)
"""The last day of the first programme, whose figures are published."""
NO_ANSWER: Final = 20
"""Seconds without an answer after which Kafka is given up."""


class NoAnswer(Exception):
    """Kafka does not answer."""


@dataclass
class Topics:
    """What the topics hold up to the positions of a snapshot, and what is wrong with it."""

    streams: dict[str, list[Happened]] = field(default_factory=lambda: defaultdict(list))
    events: dict[tuple[str, int], str] = field(default_factory=dict)
    """Event ids by topic, as categories name it, and position."""
    faults: list[str] = field(default_factory=list)

    def add(self, message: Message, *, end: int, before: int) -> None:
        """Takes in what follows the event of position `before` in its partition. It counts up to the position `end`."""
        if message.position <= before:
            self.faults.append(f"{message}: position {message.position} comes after {before}")
        known = REGISTRY.get((message.type, message.schema_version))
        if known is None:
            self.faults.append(f"{message}: there is no event {message.type}, version {message.schema_version}")
        elif name_of(message.topic) not in {category.topic for category in known.categories}:
            self.faults.append(f"{message}: it does not belong in this topic")
        if message.position > end:
            return
        stream = self.streams[message.stream_id]
        if message.version != len(stream) + 1:
            self.faults.append(f"{message}: {message.stream_id} has version {message.version} after {len(stream)}")
        happened = json.loads(message.data, parse_float=Decimal)
        stream.append(Happened(message.type, happened, message.recorded_at))
        self.events[name_of(message.topic), message.position] = str(message.event_id)


async def verify(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """Prints each difference; 1 if there is any or no telling, else 0."""
    pool = await asyncpg.create_pool(
        settings.database_url,
        connect=connect,  # type: ignore[call-overload]  # the stub names each option
        min_size=1,
        max_size=1,
    )
    try:
        async with pool, snapshot(pool, generation_of(catalogue, settings)) as now:
            with quiet_kafka_logs():
                topics = await read_topics(now, settings)
            compared, faults = await compare(catalogue, now, topics)
    except CatchingUp:
        print("The events are still being folded into the figures: try again later.")
        return 1
    except NoAnswer:
        print(f"Kafka at {settings.kafka_bootstrap} does not answer: nothing for {NO_ANSWER} s.")
        return 1
    except KafkaError as error:
        print(f"The topics can't be read: {error}.")
        return 1
    for fault in [*topics.faults, *faults]:
        print(fault)
    read = ", ".join(f"{topic} {max(marks.values())}" for topic, marks in now.positions.items()) or "nothing yet"
    events = sum(len(stream) for stream in topics.streams.values())
    differences = len(topics.faults) + len(faults)
    print(f"{compared} answers compared with {events} events (up to {read}): {differences or 'no'} differences")
    return 1 if differences else 0


async def read_topics(now: Snapshot, settings: Settings) -> Topics:
    """The topics, counted up to the positions of the snapshot and looked at to their end.

    Raises KafkaError and NoAnswer.
    """
    topics = Topics()
    origins = {name: Origin(settings.topic(name), partitions) for name, partitions in now.partitions.items()}
    counted = {
        TopicPartition(origin.topic, partition): now.positions.get(name, {}).get(partition, 0)
        for name, origin in origins.items()
        for partition in range(origin.partitions)
    }
    by_topic = {origin.topic: origin for origin in origins.values()}
    reached = dict.fromkeys(counted, 0)
    consumer = Consumer(bootstrap_servers=settings.kafka_bootstrap)
    try:
        async with asyncio.timeout(NO_ANSWER) as deadline:
            await consumer.start()
            consumer.assign(list(counted))
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(list(counted))
            while waiting := [place for place, end in ends.items() if await consumer.position(place) < end]:
                for place, records in (await consumer.getmany(*waiting, timeout_ms=1000, max_records=10_000)).items():
                    deadline.reschedule(asyncio.get_running_loop().time() + NO_ANSWER)
                    for record in records:
                        try:
                            message = by_topic[place.topic].read(record)
                        except NotAnEvent as foreign:
                            topics.faults.append(str(foreign))
                            continue
                        topics.add(message, end=counted[place], before=reached[place])
                        reached[place] = max(reached[place], message.position)
    except TimeoutError:
        raise NoAnswer from None
    finally:
        await consumer.discard()
    for place, position in counted.items():
        if position and (name_of(place.topic), position) not in topics.events:
            topics.faults.append(
                f"{place.topic}[{place.partition}]: no event has position {position}, where the figures are"
            )
    return topics


async def compare(catalogue: Catalogue, now: Snapshot, topics: Topics) -> tuple[int, list[str]]:
    """How many answers were compared, and each difference."""
    compared = 0
    faults: list[str] = []
    for indicator in catalogue.values():
        for question in questions(indicator, topics.streams):
            served = await now.answer(indicator, question)
            faults += differences(indicator, question, served, recount(indicator.name, topics.streams, question))
            compared += 1
            if not question.by and not isinstance(indicator, Derived):
                faults += await _untraceable(now, indicator, question, served, topics)
    return compared, faults


def questions(indicator: Indicator, streams: Mapping[str, Sequence[Happened]]) -> Iterator[Question]:
    """What is compared: the total and each way to break it down, as of several days, of days to come, and as known on
    several days."""
    happened = sorted(event.day() for stream in streams.values() for event in stream)
    recorded = sorted({event.recorded_at.astimezone(PARIS).date() for stream in streams.values() for event in stream})
    days = sorted({FIRST_PROGRAMME, *_spread(happened, 3)})
    whose = indicator.dimensions[0]
    with_month = [(name, "month") for name in ("zone", "equipment", "grade") if name in indicator.dimensions]
    for by in [(), *((name,) for name in (*indicator.dimensions, "month")), *with_month]:
        for last in (None, *days):
            yield Question(by=by, last=last)
    yield Question(by=(whose, "month"))
    for first, last in [*pairwise(days), (today(), today() + timedelta(days=45))]:
        for by in ((), ("month",)):
            yield Question(first=first, last=last, by=by)
    for known_on in _spread(recorded, 3):
        for last in (None, days[0]):
            yield Question(known_on=known_on, last=last, by=(whose,))
    if isinstance(indicator, Level) and indicator.without_largest:
        for last in (None, *days):
            yield Question(last=last, by=("zone",), without_largest=True)


def differences(indicator: Indicator, question: Question, served: Answer, counted: Answer) -> Iterator[str]:
    """What is served otherwise than it was counted."""
    asked = link(indicator, question) + (f" by {', '.join(question.by)}" if question.by else "")
    if served.excluded != counted.excluded:
        yield f"{asked}: without {served.excluded}, counted without {counted.excluded}"
    keys = dict.fromkeys([*served.cells, *counted.cells])
    for what, one, other in [
        ("", served.total, counted.total),
        *((f" {key}", served.cells.get(key, ZERO), counted.cells.get(key, ZERO)) for key in keys),
    ]:
        if (one.value, one.n) != (other.value, other.n):
            yield f"{asked}{what}: served {one.value} (n={one.n}), counted {other.value} (n={other.n})"


async def _untraceable(
    now: Snapshot, indicator: Indicator, question: Question, served: Answer, topics: Topics
) -> list[str]:
    """Whether the events shown behind a figure are in the topics and add up to it."""
    facts, _ = await facts_behind(now, indicator, question, now.positions, Place(), limit=2**31)
    where = link(indicator, question, events=True)
    faults = [
        f"{where}: event {fact.event_id} is not at position {fact.position} of {fact.topic}"
        for fact in facts
        if topics.events.get((fact.topic, fact.position)) != str(fact.event_id)
    ]
    total = sum((fact.value for fact in facts), Decimal(0))
    if isinstance(indicator, Duration):
        total = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if total != served.total.value:
        faults.append(f"{where}: add up to {total}, not {served.total.value}")
    return faults


def _spread(days: Sequence[date], count: int) -> Iterator[date]:
    """Some of the days, evenly spread from the first to the last."""
    return (days[(len(days) - 1) * n // (count - 1)] for n in range(count) if days)
