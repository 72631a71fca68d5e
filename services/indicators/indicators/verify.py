"""`python -m indicators verify`: proves every figure by counting it again from the Kafka topics alone.

The figures are read in one snapshot together with the positions they are complete up to; the topics are read up to
exactly those, and counted by `recount`. On the way each stream is checked to be without a gap.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import asyncpg
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from eventstore.connection import connect
from eventstore.kafka_clients import Consumer
from indicators.lineage import Place, facts_behind
from indicators.measures import Catalogue, Formula, Indicator, Level
from indicators.query import ZERO, Answer, CatchingUp, Question, Snapshot, snapshot
from indicators.recount import Happened, recount
from indicators.representation import link
from service.clock import PARIS
from service.settings import Settings

FIRST_PROGRAMME: Final = date(2023, 12, 31)
"""The last day of the first programme, whose figures are published."""
PATIENCE: Final = 10_000
"""Milliseconds without a record after which a topic is held to end before the projection's positions."""
NO_ANSWER: Final = 20
"""Seconds without an answer after which Kafka is given up."""


class NoAnswer(Exception):
    """Kafka does not answer."""


@dataclass
class Topics:
    """What the topics hold up to the positions of a snapshot, and what is wrong with it."""

    streams: dict[str, list[Happened]] = field(default_factory=lambda: defaultdict(list))
    events: dict[tuple[str, int], str] = field(default_factory=dict)
    """Event ids by service and position."""
    faults: list[str] = field(default_factory=list)

    def add(self, service: str, record: Any, end: int, before: int) -> int:
        """Takes a record in, unless it is beyond the end; returns its position."""
        headers = dict(record.headers)
        position, version = int(headers["ce_position"]), int(headers["ce_sequence"])
        if position > end:
            return position
        subject = headers["ce_subject"].decode()
        stream = self.streams[subject]
        where = f"{record.topic}[{record.partition}] offset {record.offset}"
        if position <= before:
            self.faults.append(f"{where}: position {position} comes after {before}")
        if version != len(stream) + 1:
            self.faults.append(f"{where}: {subject} has version {version} after {len(stream)}")
        recorded_at = datetime.fromisoformat(headers["ce_time"].decode())
        stream.append(Happened(headers["ce_type"].decode(), json.loads(record.value, parse_float=Decimal), recorded_at))
        self.events[service, position] = headers["ce_id"].decode()
        return position


async def verify(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """Prints each difference; 1 if there is any or no telling, else 0."""
    pool = await asyncpg.create_pool(
        settings.database_url,
        connect=connect,  # type: ignore[call-overload]  # the stub names each option
        min_size=1,
        max_size=1,
    )
    try:
        async with pool, snapshot(pool, catalogue) as now:
            with _quiet_client():
                topics = await read_topics(now, settings)
            compared, faults = await compare(catalogue, now, topics)
    except CatchingUp:
        print("The figures are still being folded anew under changed definitions: try again later.")
        return 1
    except NoAnswer:
        print(f"Kafka at {settings.kafka_bootstrap} does not answer: nothing for {NO_ANSWER} s.")
        return 1
    except KafkaError as error:
        print(f"The topics can't be read: {error}.")
        return 1
    for fault in [*topics.faults, *faults]:
        print(fault)
    read = ", ".join(f"{service} {max(marks.values())}" for service, marks in now.positions.items()) or "nothing yet"
    events = sum(len(stream) for stream in topics.streams.values())
    differences = len(topics.faults) + len(faults)
    print(f"{compared} answers compared with {events} events (up to {read}): {differences or 'no'} differences")
    return 1 if differences else 0


async def read_topics(now: Snapshot, settings: Settings) -> Topics:
    """Every event of the topics up to the positions of the snapshot, and no other. Raises KafkaError and NoAnswer."""
    topics = Topics()
    ends = {
        TopicPartition(settings.topic(service), partition): (service, position)
        for service, partitions in now.positions.items()
        for partition, position in partitions.items()
    }
    if not ends:
        return topics
    reached = dict.fromkeys(ends, 0)
    consumer = Consumer(bootstrap_servers=settings.kafka_bootstrap)
    try:
        async with asyncio.timeout(NO_ANSWER) as deadline:
            await consumer.start()
            consumer.assign(list(ends))
            await consumer.seek_to_beginning()
            while waiting := [place for place, (_, end) in ends.items() if reached[place] < end]:
                batches = await consumer.getmany(*waiting, timeout_ms=PATIENCE, max_records=10_000)
                if not batches:
                    # The topics end here only if Kafka still answers.
                    await consumer.end_offsets(waiting)
                    break
                deadline.reschedule(asyncio.get_running_loop().time() + NO_ANSWER)
                for place, records in batches.items():
                    service, end = ends[place]
                    for record in records:
                        if reached[place] < end:
                            reached[place] = topics.add(service, record, end, reached[place])
    except TimeoutError:
        raise NoAnswer from None
    finally:
        await consumer.discard()
    for place, (_, end) in ends.items():
        if reached[place] != end:
            topics.faults.append(
                f"{place.topic}[{place.partition}]: no event has position {end}, where the figures are"
            )
    return topics


@contextmanager
def _quiet_client() -> Iterator[None]:
    """Keeps Kafka's client from logging: what fails is said in a sentence of ours."""
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(level)


async def compare(catalogue: Catalogue, now: Snapshot, topics: Topics) -> tuple[int, list[str]]:
    """How many answers were compared, and each difference."""
    compared = 0
    faults: list[str] = []
    for indicator in catalogue.values():
        for question in questions(indicator, topics.streams):
            served = await now.answer(indicator, question)
            faults += differences(indicator, question, served, recount(indicator.name, topics.streams, question))
            compared += 1
            if not question.by and not isinstance(indicator, Formula):
                faults += await _untraceable(now, indicator, question, served, topics)
    return compared, faults


def questions(indicator: Indicator, streams: Mapping[str, Sequence[Happened]]) -> Iterator[Question]:
    """What is compared: the total and each way to break it down, as of several days, and as known on several days."""
    happened = sorted(event.day() for stream in streams.values() for event in stream)
    recorded = sorted({event.recorded_at.astimezone(PARIS).date() for stream in streams.values() for event in stream})
    days = sorted({FIRST_PROGRAMME, *_spread(happened, 3)})
    for by in [(), *((name,) for name in (*indicator.dimensions, "month")), ("zone", "month")]:
        for last in (None, *days):
            yield Question(by=by, last=last)
    yield Question(by=("company", "month"))
    for first, last in pairwise(days):
        for by in ((), ("month",)):
            yield Question(first=first, last=last, by=by)
    for known_on in _spread(recorded, 3):
        for last in (None, days[0]):
            yield Question(known_on=known_on, last=last, by=("company",))
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
        f"{where}: event {fact.event_id} is not at position {fact.position} of {fact.service}"
        for fact in facts
        if topics.events.get((fact.service, fact.position)) != str(fact.event_id)
    ]
    total = sum((fact.value for fact in facts), Decimal(0))
    if total != served.total.value:
        faults.append(f"{where}: add up to {total}, not {served.total.value}")
    return faults


def _spread(days: Sequence[date], count: int) -> Iterator[date]:
    """Some of the days, evenly spread from the first to the last."""
    return (days[(len(days) - 1) * n // (count - 1)] for n in range(count) if days)
