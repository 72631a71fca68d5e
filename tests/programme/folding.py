"""Whether all that stands beside the events is what these add up to: states, labels, order, claims, what is due, whom
streams name, and what mirrors show. Read and folded anew, from the first event on.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from contracts.model import Event
from devstack.host import service_of
from devstack.running import SERVICES
from eventstore.decider import Decider
from eventstore.kafka.envelope import Message
from eventstore.mirrors import Mirror
from eventstore.postgres.derived import Derived, collisions
from eventstore.refolding import derive

Beside = Mapping[str, Collection[tuple[object, ...]]]
"""What a table says of each stream."""

_EVENTS: Final = "SELECT stream_id, version, type, schema_version, data FROM events ORDER BY position"
_STREAMS: Final = """
    SELECT stream_id, category, version, state_version, state, state_revision, labels::text FROM streams
"""
_BESIDE: Final = {
    "order": "SELECT stream_id, field, value FROM ordered",
    "claims": "SELECT stream_id, kind, key, since, until, amount, most FROM claims",
    "due": "SELECT stream_id, name, body, at FROM due",
    "keeps": "SELECT stream_id, subject, until FROM kept",
}


_EVER: Final = datetime.min  # noqa: DTZ901  as infinity is read
_FOR_EVER: Final = datetime.max  # noqa: DTZ901


async def faults_of_folds(url: str, service: str, published: Mapping[str, Sequence[Message]]) -> list[str]:
    """What is otherwise in the database of a service than its events, and those of others that are published, say."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_EVENTS)
        streams: dict[str, asyncpg.Record] = {row["stream_id"]: row for row in await connection.fetch(_STREAMS)}
        stands = {name: _by_stream(await connection.fetch(query)) for name, query in _BESIDE.items()}
        held = [f"{service}: {each}" for each in await collisions(connection)]
        known = {subject for (subject,) in await connection.fetch("SELECT subject FROM personal_data")}
        deciders = service_of(service).deciders
        events: dict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in rows:
            events[row["stream_id"]].append(row)
        wrong = _versions(events)
        told: dict[str, dict[str, set[tuple[object, ...]]]] = {name: {} for name in _BESIDE}
        labels = {}
        for stream_id, history in events.items():
            if stream_id not in streams:
                wrong.append(f"{stream_id} has events, and no state")
                continue
            row = streams.pop(stream_id)
            derived = _derived(deciders[row["category"]], stream_id, history)
            if (row["version"], row["state_version"]) != (len(history), len(history)):
                wrong.append(f"{stream_id} is at {row['version']}, and has {len(history)} events")
            if json.loads(row["state"]) != json.loads(derived.state):
                wrong.append(f"{stream_id} is {row['state']}, and its events say {derived.state}")
            labels[stream_id] = (row["labels"], derived.labels or "")
            for name, said in _said(derived, known).items():
                told[name][stream_id] = said
        wrong += await _labels(connection, labels)
        for name, beside in told.items():
            wrong += _differences(name, stands[name], beside, known)
        wrong += _mirrors(service, streams, published)
        return [*held, *(f"{service}: {each}" for each in wrong)]
    finally:
        await connection.close()


async def faults_of_all_folds(databases: Mapping[str, str], published: Mapping[str, Sequence[Message]]) -> list[str]:
    """The same of every service; `published` is what the topics of each hold."""
    return [each for name in SERVICES for each in await faults_of_folds(databases[name], name, published)]


def _by_stream(rows: Iterable[asyncpg.Record]) -> dict[str, set[tuple[object, ...]]]:
    found: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for stream_id, *rest in rows:
        found[stream_id].add(tuple(rest))
    return found


def _versions(events: Mapping[str, Sequence[asyncpg.Record]]) -> list[str]:
    return [
        f"{stream_id} has the versions {[row['version'] for row in history]}"
        for stream_id, history in events.items()
        if [row["version"] for row in history] != list(range(1, len(history) + 1))
    ]


def _derived(decider: Decider[Any], stream_id: str, history: Iterable[asyncpg.Record]) -> Derived:
    events: Iterable[Event] = (decider.decode(row["type"], row["schema_version"], row["data"]) for row in history)
    state = decider.fold(events)
    assert state is not None
    return derive(decider, decider.identity(stream_id), state)


def _said(derived: Derived, known: Collection[str]) -> dict[str, set[tuple[object, ...]]]:
    """What a stream's tables have to say, as they write it."""
    return {
        "order": set(derived.order),
        "claims": {
            (held.kind, held.key, held.since or _EVER, held.until or _FOR_EVER, held.amount, held.limit)
            for held in derived.holds
        },
        "due": {(due.name, due.body, due.at) for due in derived.due},
        "keeps": {(keep.subject, keep.until) for keep in derived.keeps if keep.subject in known},
    }


async def _labels(connection: asyncpg.Connection, labels: Mapping[str, tuple[str, str]]) -> list[str]:
    """Compared as the database writes them."""
    query = "SELECT l::tsvector::text FROM unnest($1::text[]) WITH ORDINALITY AS t (l, n) ORDER BY n"
    rows = await connection.fetch(query, [derived for _, derived in labels.values()])
    return [
        f"{stream_id} is found by {stands}, and its events say {told}"
        for (stream_id, (stands, _)), (told,) in zip(labels.items(), rows, strict=True)
        if stands != told
    ]


def _differences(what: str, stands: Beside, told: Beside, known: Collection[str]) -> list[str]:
    found = []
    for stream_id in stands.keys() | told.keys():
        there = stands.get(stream_id, set())
        if what == "keeps":
            there = {keep for keep in there if keep[0] in known}
        if set(there) != set(told.get(stream_id, set())):
            found.append(f"{stream_id}: {what} are {there}, and its events say {told.get(stream_id)}")
    return found


def _mirrors(service: str, rest: Mapping[str, asyncpg.Record], published: Mapping[str, Sequence[Message]]) -> list[str]:
    """Streams without events are those of mirrors."""
    wrong = []
    shown: dict[str, str] = {}
    for mirror in service_of(service).mirrors:
        shown |= _shown(mirror, published)
    for stream_id in rest.keys() | shown.keys():
        stands = rest[stream_id]["state"] if stream_id in rest else None
        told = shown.get(stream_id)
        if (stands and json.loads(stands)) != (told and json.loads(told)):
            wrong.append(f"the mirror shows {stream_id} as {stands}, and the topic says {told}")
    return wrong


def _shown(mirror: Mirror[Any], published: Mapping[str, Sequence[Message]]) -> dict[str, str]:
    kinds = {(each.event_type, each.schema_version) for event in mirror.events for each in event.versions()}
    states: dict[str, Any] = {}
    for message in (message for messages in published.values() for message in messages):
        stream_id = mirror.shows(message.stream_id)
        if stream_id is not None and (message.type, message.schema_version) in kinds:
            event = mirror.decode(message.type, message.schema_version, message.data.decode())
            states[stream_id] = mirror.evolve(states.get(stream_id), event)
    return {stream_id: state.model_dump_json() for stream_id, state in states.items()}
