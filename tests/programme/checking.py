"""Whether stores and topics hold what clients were told, by what these remember and nothing else."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg
import httpx

from contracts import REGISTRY
from devstack.host import service_of
from devstack.running import SERVICES
from devstack.topics import read_topics
from eventstore.kafka.envelope import Message, source_of
from eventstore.kafka.partitioning import partition_of
from eventstore.kafka.topics import name_of
from indicators.projection import PREFIX
from programme.clients import Clients, Sent
from programme.running import PARTITIONS, PATIENCE, Programme

TEMPORARY: Final = (408, 429, 503, 504, 507)
_TOLD: Final = (
    "position",
    "stream_id",
    "version",
    "type",
    "schema_version",
    "data",
    "recorded_at",
    "correlation_id",
    "causation_id",
    "reaction",
)
"""What a store says of an event and a record says of it."""
_EVENTS: Final = """
    SELECT position, event_id, stream_id, version, type, schema_version, convert_to(data::text, 'UTF8') AS data,
           recorded_at, metadata ->> 'correlation_id' AS correlation_id, metadata ->> 'causation_id' AS causation_id,
           metadata ->> 'reaction' AS reaction
    FROM events ORDER BY position
"""
_PARKED: Final = "SELECT id, stream_id, reason FROM dead_letters"
_PERSONS: Final = "SELECT subject, data FROM personal_data WHERE subject = ANY ($1::text[])"


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
                left = await _left(programme)
                quiet = 0 if left else quiet + 1
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE:.0f} s: {left}") from None


async def _left(programme: Programme) -> list[str]:
    """What is not published yet, and which subscriptions have not handled all of it."""
    left: list[str] = []
    ends: dict[tuple[str, int], int] = {}
    for service in SERVICES:
        messages = await topics_of(programme, service)
        ends |= {(message.topic, message.partition): message.position for message in messages}
        stored = {row["event_id"] for row in await programme.fetch(service, "SELECT event_id FROM events")}
        if unpublished := stored - {message.event_id for message in messages}:
            left.append(f"{len(unpublished)} events of {service}")
    topics = {name_of(topic): topic for service in SERVICES for topic in programme.topics(service)}
    for reader in SERVICES:
        rows = await programme.fetch(reader, "SELECT subscription, topic, partition, position, caught_up FROM marks")
        current = [row for row in rows if topics.get(name_of(row["topic"])) == row["topic"]]
        left += await _unplaced(programme, reader, current)
        reached = {(row["subscription"], (row["topic"], row["partition"])): row["position"] for row in rows}
        # Of another version of a topic there may be no marks yet. A chapter goes by another name there.
        follows = {(name, topics.get(name_of(topic))) for name, (topic, _) in reached if not name.startswith(PREFIX)}
        asked = {(name, place) for name, topic in follows for place in ends if place[0] == topic}
        for name, place in asked | reached.keys():
            if reached.get((name, place), 0) < ends.get(place, 0):
                left.append(f"{name} of {reader} is at {reached.get((name, place), 0)} of {place}")
    return left


async def _unplaced(programme: Programme, service: str, marks: Sequence[asyncpg.Record]) -> list[str]:
    """The subscriptions of a service that have not come to the end of what they follow since they began."""
    try:
        told = await programme.ready(service)
    except httpx.TransportError:
        return [f"{service} does not answer"]
    names = {name.removeprefix("subscription ") for name in told["work"] if name.startswith("subscription ")}
    names |= {mirror.subscription for mirror in service_of(service).mirrors}
    names |= {f"{service}-reactions"} if "reactions" in told["work"] else set()
    began = names - {row["subscription"] for row in marks}
    coming = names & {row["subscription"] for row in marks if not row["caught_up"]}
    return [f"{name} of {service} has begun" for name in sorted(began | coming)]


async def judge(programme: Programme, clients: Clients) -> Verdict:
    """Compares what clients remember with all stores and topics."""
    verdict = Verdict(_unclear(clients))
    published = {service: await topics_of(programme, service) for service in SERVICES}
    causes = {
        str(each.event_id): (each.stream_id, each.version) for messages in published.values() for each in messages
    }
    for service, messages in published.items():
        rows = await programme.fetch(service, _EVENTS)
        lost = {row["event_id"] for row in await programme.fetch(service, "SELECT event_id FROM lost_events")}
        verdict.faults += _disorder(messages, lost)
        verdict.faults += _elsewhere(programme, service, messages)
        verdict.faults += _differences(service, rows, [each for each in messages if each.event_id not in lost])
        verdict.faults += _reacted_again(rows, causes)
        effects: dict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in rows:
            # What a reaction led to has the key of what it was to.
            if not row["causation_id"]:
                effects[row["correlation_id"]].append(row)
        unasked = [each for key in effects.keys() - clients.keys for each in effects[key]]
        verdict.faults += [f"nobody asked for the {each['type']} of {each['stream_id']}" for each in unasked]
        was_lost = {message.correlation_id for message in messages if message.event_id in lost}
        for sent in clients.sent:
            if sent.service == service:
                _place(verdict, sent, effects.get(sent.key, []), was_lost=sent.key in was_lost)
    return verdict


async def faults_of_persons(programme: Programme, clients: Clients) -> list[str]:
    """Who is not known to a service that was told of them, and who is though they were erased."""
    faults = []
    for service in {each.service for each in clients.persons}:
        persons = [each for each in clients.persons if each.service == service]
        rows = await programme.fetch(service, _PERSONS, [each.subject for each in persons])
        known = {row["subject"]: row["data"] for row in rows}
        for each in persons:
            if each.erased is False and each.name not in known.get(each.subject, ""):
                faults.append(f"{service} does not know {each}")
            if each.erased is True and each.subject in known:
                faults.append(f"{service} still knows {each}")
    return faults


async def faults_of_work_behind(programme: Programme) -> list[str]:
    """What services put aside, which they handle only when somebody says so."""
    return [
        f"{service} has parked {row['id']} of {row['stream_id']}: {row['reason']}"
        for service in SERVICES
        for row in await programme.fetch(service, _PARKED)
    ]


def _elsewhere(programme: Programme, service: str, messages: Sequence[Message]) -> list[str]:
    """Events that are in another topic or partition than they belong in, or that say they come from elsewhere."""
    topics = dict(zip(REGISTRY.topics_of(service), programme.topics(service), strict=True))
    types = REGISTRY.topic_by_type(service)
    return [
        f"{each} is in the wrong place"
        for each in messages
        if (each.topic, each.partition, each.source)
        != (
            topics[types.get(each.type, service)],
            partition_of(each.stream_id.encode(), PARTITIONS),
            source_of(each.topic),
        )
    ]


def _differences(service: str, rows: Sequence[asyncpg.Record], messages: Sequence[Message]) -> list[str]:
    """Where topics do not hold what the store does, field by field."""
    stored = {row["event_id"]: tuple(row[name] for name in _TOLD) for row in rows}
    published = {each.event_id: tuple(getattr(each, name) for name in _TOLD) for each in messages}
    return [
        f"{service} has stored {stored.get(event)}, and published {published.get(event)}"
        for event in stored.keys() | published.keys()
        if stored.get(event) != published.get(event)
    ]


def _reacted_again(rows: Sequence[asyncpg.Record], causes: Mapping[str, tuple[str, int]]) -> list[str]:
    """What a reaction led to twice, and what it led to before what an earlier event of the same stream led it to."""
    faults = []
    effects: dict[str, set[tuple[str, int]]] = defaultdict(set)
    reached: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if (reaction := row["reaction"]) is None:
            continue
        effects[reaction].add((row["stream_id"], row["recorded_at"]))
        name = reaction.split("/")[1]
        stream_id, version = causes.get(row["causation_id"], ("", 0))
        if version < reached[name, stream_id]:
            faults.append(
                f"{reaction}: version {version} of {stream_id} was reacted to after {reached[name, stream_id]}"
            )
        reached[name, stream_id] = max(version, reached[name, stream_id])
    return faults + [f"{reaction} led to {of}" for reaction, of in effects.items() if len(of) > 1]


def _unclear(clients: Clients) -> list[str]:
    """Answers that do not say what is wrong, or whether to try again."""
    faults = [
        f"a list was refused: {each}"
        for each in clients.looked_up
        if any(answer.problem and answer.status not in TEMPORARY for answer in each.answers)
    ]
    for each in [*clients.sent, *clients.looked_up]:
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


def _place(verdict: Verdict, sent: Sent, effects: Sequence[asyncpg.Record], *, was_lost: bool) -> None:
    if len(effects) > 1:
        verdict.faults.append(f"{sent} had {len(effects)} effects, on {[each['stream_id'] for each in effects]}")
    for each in effects:
        if sent.outcome == "ok" and not _is_told_of(sent, each):
            verdict.faults.append(f"{sent} led to version {each['version']} of {each['stream_id']}: {sent.answer}")
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


def _is_told_of(sent: Sent, effect: asyncpg.Record) -> bool:
    """Whether the answer to a command is of the record and version that it led to."""
    named = [name for name in ("id", "code", "siret") if effect["stream_id"].endswith(f"-{sent.answer.get(name)}")]
    return bool(named) and sent.answers[-1].headers.get("ETag") == f'"{effect["version"]}"'


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
