"""Whether stores and topics hold what clients were told, by what these remember and nothing else."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx

from devstack.host import service_of
from devstack.running import SERVICES
from devstack.topics import read_topics
from eventstore.kafka.envelope import Message
from eventstore.kafka.topics import name_of
from indicators.projection import PREFIX
from programme.clients import Sent
from programme.running import PATIENCE, Programme

TEMPORARY: Final = (408, 429, 503, 504, 507)
_EVENTS: Final = """
    SELECT position, event_id, stream_id, metadata ->> 'correlation_id' AS key, metadata ->> 'causation_id' AS cause
    FROM events
"""


@dataclass
class Verdict:
    """What became of the commands that clients sent."""

    faults: list[str] = field(default_factory=list)
    """What must never be."""
    kept: list[Sent] = field(default_factory=list)
    """Acknowledged, and in the store."""
    listed: list[Sent] = field(default_factory=list)
    """Acknowledged, and recorded as lost: ops were shown each."""
    forgotten: list[Sent] = field(default_factory=list)
    """Acknowledged, and neither in the store nor in a topic: it was lost before it was published."""
    unknown: int = 0
    """Of no known outcome: had its effect or not, and never twice."""

    def __str__(self) -> str:
        return (
            f"{len(self.kept)} acknowledged commands are there, {len(self.listed)} are listed as lost, "
            f"{len(self.forgotten)} had not been published; {self.unknown} had no clear answer; "
            f"{len(self.faults) or 'no'} faults"
        )


async def topics_of(programme: Programme, service: str) -> list[Message]:
    """All that the topics of a service hold."""
    return await read_topics(programme.kafka.bootstrap, programme.topics(service))


async def settle(programme: Programme) -> None:
    """Waits until all that is stored is published, and every subscription has handled all that is."""
    left: list[str] = []
    quiet = 0
    try:
        async with asyncio.timeout(PATIENCE):
            # What was handled last may have led to something: so twice.
            while quiet < 2:
                left = [each for service in SERVICES for each in await _left(programme, service)]
                quiet = 0 if left else quiet + 1
                await asyncio.sleep(0.5)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE:.0f} s: {left}") from None


async def _left(programme: Programme, service: str) -> list[str]:
    """What is not published yet of a service, and which subscriptions have not handled all of it."""
    messages = await topics_of(programme, service)
    ends = {(message.topic, message.partition): message.position for message in messages}
    ((stored,),) = await programme.fetch(service, "SELECT coalesce(max(position), 0) FROM events")
    left = [f"{service} up to {stored}"] if stored > max(ends.values(), default=0) else []
    topics = {name_of(topic): topic for topic in programme.topics(service)}
    for reader in SERVICES:
        rows = await programme.fetch(reader, "SELECT subscription, topic, partition, position FROM marks")
        reached = {(name, (topic, partition)): position for name, topic, partition, position in rows}
        # Of another version of a topic there may be no marks yet. A chapter goes by another name there.
        follows = {(name, topics.get(name_of(topic))) for name, (topic, _) in reached if not name.startswith(PREFIX)}
        asked = {(name, place) for name, topic in follows for place in ends if place[0] == topic}
        for name, place in asked | reached.keys():
            if reached.get((name, place), 0) < ends.get(place, 0):
                left.append(f"{name} of {reader} is at {reached.get((name, place), 0)} of {place}")
    return left


async def judge(programme: Programme, sent: Sequence[Sent]) -> Verdict:
    """Compares what clients remember with all stores and topics."""
    verdict = Verdict(_unclear(sent))
    for service in SERVICES:
        messages = await topics_of(programme, service)
        rows = await programme.fetch(service, _EVENTS)
        lost = {row["event_id"] for row in await programme.fetch(service, "SELECT event_id FROM lost_events")}
        verdict.faults += _disorder(messages, lost)
        stored = {row["event_id"]: row["position"] for row in rows}
        published = {message.event_id: message.position for message in messages if message.event_id not in lost}
        if stored != published:
            verdict.faults.append(f"{service}: {len(stored)} events are stored, and {len(published)} of them published")
        effects: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            # What a reaction led to has the key of what it was to.
            if row["key"] and not row["cause"]:
                effects[row["key"]].append(row["stream_id"])
        was_lost = {message.correlation_id for message in messages if message.event_id in lost}
        for each in sent:
            if each.service == service:
                _place(verdict, each, effects.get(each.key, []), was_lost=each.key in was_lost)
    return verdict


def _unclear(sent: Sequence[Sent]) -> list[str]:
    """Answers that do not say what is wrong, or whether to try again."""
    faults = []
    for each in sent:
        for answer in each.answers:
            if (problem := answer.problem) is None:
                continue
            slug = str(problem.get("type", "")).removeprefix(f"/{each.service}/problems/")
            if slug not in service_of(each.service).problems or not {"title", "status", "detail"} <= problem.keys():
                faults.append(f"{each} was answered {problem}")
            if answer.status in TEMPORARY and "Retry-After" not in answer.headers:
                faults.append(f"{each} was answered {problem}, and not when to come back")
            if answer.status == httpx.codes.INTERNAL_SERVER_ERROR:
                faults.append(f"{each} met a fault of ours: {problem}")
    return faults


def _place(verdict: Verdict, sent: Sent, effects: Sequence[str], *, was_lost: bool) -> None:
    if len(effects) > 1:
        verdict.faults.append(f"{sent} had {len(effects)} effects, on {effects}")
    match sent.outcome:
        case "failed" if effects or was_lost:
            verdict.faults.append(f"{sent} was refused, and had an effect")
        case "unknown":
            verdict.unknown += 1
        case "ok" if effects:
            verdict.kept.append(sent)
        case "ok" if was_lost:
            verdict.listed.append(sent)
        case "ok":
            verdict.forgotten.append(sent)


def _disorder(messages: Sequence[Message], lost: set[UUID]) -> list[str]:
    """Whatever is there twice or out of order. A stream of which some was lost goes on behind what was not."""
    times = Counter(message.event_id for message in messages)
    faults = [f"event {event} is there {number} times" for event, number in times.items() if number > 1]
    reached: dict[tuple[str, int], int] = defaultdict(int)
    versions: dict[str, int] = defaultdict(int)
    for message in messages:
        place = (message.topic, message.partition)
        if message.previous != reached[place] or message.position <= reached[place]:
            faults.append(f"{message}: position {message.position} follows {message.previous}, not {reached[place]}")
        reached[place] = message.position
        if message.event_id in lost:
            continue
        if message.version != versions[message.stream_id] + 1:
            faults.append(f"{message}: version {message.version} comes after {versions[message.stream_id]}")
        versions[message.stream_id] = message.version
    return faults
