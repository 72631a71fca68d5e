"""Streams as they were once recorded, and the states they add up to: kept, so that a fold does not change unnoticed.

`make publish` writes down a stream for each event and version that none has yet, in `<tests of the service>/golden`,
and folds all of them anew where the state's `revision` was raised.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.model import Event
from contracts.registry import REGISTRY, Registry
from devstack.publishing import COMMAND, examples_of
from eventstore.decider import Decider, S
from service.documents.rehearsal import rehearse


def problems(decider: Decider[S], folder: Path, *, registry: Registry = REGISTRY) -> list[str]:
    """Why the streams do not add up to what they did, or are not all, a sentence each."""
    there = _read(decider, folder)
    found = [
        f"{event_type}, version {version}, is in no golden stream: `{COMMAND}` adds one"
        for event_type, version in _published(decider, registry) - _told(there["streams"])
    ]
    if there["revision"] != decider.state.revision:
        found.append(f"the revision of {decider.state.__name__} was raised: `{COMMAND}` folds the golden streams anew")
        return found
    for stream in there["streams"]:
        folded = _fold(decider, stream["events"])
        try:
            kept = decider.state.model_validate_json(json.dumps(stream["state"]))
        except ValidationError:
            kept = None
        if folded != kept:
            found.append(
                f"{stream['events'][-1]['type']} leads to another state than it did: "
                f"raise the revision of {decider.state.__name__}, or states that are stored stay as they were"
            )
    return found


def publish(decider: Decider[S], folder: Path, *, registry: Registry = REGISTRY) -> list[str]:
    """Adds streams of the events that none has; returns what was added."""
    there = _read(decider, folder)
    added = []
    if there["revision"] != decider.state.revision:
        there["revision"] = decider.state.revision
        for stream in there["streams"]:
            stream["state"] = _state(decider, stream["events"])
        added = [f"the states of {decider.state.__name__}, revision {decider.state.revision}"] * bool(there["streams"])
    paths = [_events(event for each in step.path for event in each.events) for step in rehearse(decider).steps.values()]
    for key in sorted(_published(decider, registry)):
        if key in _told(there["streams"]):
            continue
        events = _stream(decider, registry[key].model, paths)
        there["streams"].append({"events": events, "state": _state(decider, events)})
        added.append(f"a stream with {key[0]}, version {key[1]}")
    if added:
        folder.mkdir(exist_ok=True)
        _file(decider, folder).write_text(json.dumps(there, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return added


def _file(decider: Decider[S], folder: Path) -> Path:
    return folder / f"{decider.category}.json"


def _read(decider: Decider[S], folder: Path) -> dict[str, Any]:
    file = _file(decider, folder)
    if not file.exists():
        return {"revision": decider.state.revision, "streams": []}
    there: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return there


def _published(decider: Decider[S], registry: Registry) -> set[tuple[str, int]]:
    return {
        key
        for key, published in registry.items()
        if any(category.name == decider.category for category in published.categories)
    }


def _told(streams: Sequence[Mapping[str, Any]]) -> set[tuple[str, int]]:
    return {(event["type"], event["version"]) for stream in streams for event in stream["events"]}


def _events(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [
        {"type": event.event_type, "version": event.schema_version, "data": json.loads(event.model_dump_json())}
        for event in events
    ]


def _stream(decider: Decider[S], model: type[Event], paths: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A stream with an event: as a decision leads to it on its example, or else the event's own one after a path."""
    key = (model.event_type, model.schema_version)
    for path in paths:
        if key in _told([{"events": path}]):
            return path
    example = {"type": key[0], "version": key[1], "data": examples_of(model)["full"]}
    for path in sorted(paths, key=len, reverse=True):
        # A fold may fail in any way on what never follows.
        with suppress(Exception):
            _fold(decider, [*path, example])
            return [*path, example]
    raise TypeError(f"{key[0]}, version {key[1]}, follows none of the streams that {decider.category} is rehearsed on")


def _fold(decider: Decider[S], events: Sequence[Mapping[str, Any]]) -> S | None:
    return decider.fold(decider.decode(each["type"], each["version"], json.dumps(each["data"])) for each in events)


def _state(decider: Decider[S], events: Sequence[Mapping[str, Any]]) -> Any:
    state = _fold(decider, events)
    assert state is not None  # a path has events
    return json.loads(state.model_dump_json())
