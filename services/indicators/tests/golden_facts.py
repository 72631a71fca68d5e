"""A small log of every event that figures are made of, and the facts made of it: kept, so that none changes unnoticed.

A chapter is folded anew where a version of its definitions is raised, and only there: facts that change under the same
version would leave those of before beside those of after. `make publish` runs this file. It adds an event of each type
and version that the log has none of, those of other kinds that count elsewhere (`ALSO`), and writes down the facts of
the definitions whose version is not the one kept.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from contracts.registry import REGISTRY, decode
from indicators.catalogue import catalogue
from indicators.measures import Fact, Measure

LOG: Final = Path(__file__).parent / "golden" / "facts.json"
_STREAMS: Final = Path(__file__).parents[2]
_OF_PROXY: Final = {"kind": "proxy_rate", "reference": False}
_INPUTS: Final = {"value": 6.13, "seekers": 500, "active_residents": 8153}
_INPUTS_BEFORE: Final = {"value_before": 6.26, "seekers_before": 510, "active_residents_before": 8150}
ALSO: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("SeriesBreakDeclared", _OF_PROXY),
    ("LabourBaselineChosen", {**_OF_PROXY, **_INPUTS}),
    ("LabourObserved", {**_OF_PROXY, **_INPUTS}),
    ("LabourObservationRevised", {**_OF_PROXY, **_INPUTS, **_INPUTS_BEFORE}),
)
"""Events that count in other figures where these fields are others: one of each is in the log, too."""


def problems(log: Any) -> list[str]:
    """Why facts are not what they were, or not all there, a sentence each."""
    return [*_problems(log)]


def _problems(log: Any) -> Iterator[str]:
    told = {(each["type"], each["version"]) for each in log["events"]}
    for of, version in _read() - told:
        yield f"{of}, version {version}, is not in the log: `make publish` adds it"
    for of, changes in ALSO:
        if not any(event["type"] == of and changes.items() <= event["data"].items() for event in log["events"]):
            yield f"{of} with {changes} is not in the log: `make publish` adds it"
    for measure in catalogue.measures:
        name = measure.name
        if log["definitions"].get(name) != _definition(measure):
            yield f"{name}, version {measure.version}, has no facts: `make publish` writes them down"
            continue
        for event in log["events"]:
            made, kept = _facts(measure, event), event["facts"].get(name, [])
            if made != kept:
                yield f"{event['type']} counted in {name} for {kept}, now for {made}: raise its version, or let it be"


def publish(log: Any) -> list[str]:
    """Adds to the log what is missing; returns what was added."""
    told = {(each["type"], each["version"]) for each in log["events"]}
    added = []
    for file in sorted(_STREAMS.glob("*/tests/golden/*.json")):
        for stream in json.loads(file.read_text(encoding="utf-8")).get("streams", ()):
            for event in stream["events"]:
                if (key := (event["type"], event["version"])) in _read() - told:
                    told.add(key)
                    log["events"].append({**event, "facts": {}})
                    added.append(f"{key[0]}, version {key[1]}, to the log of figures")
    for of, changes in ALSO:
        there = [event for event in log["events"] if event["type"] == of]
        if not any(changes.items() <= event["data"].items() for event in there):
            log["events"].append({**there[0], "data": {**there[0]["data"], **changes}, "facts": {}})
            added.append(f"another {of}, to the log of figures")
    for measure in catalogue.measures:
        if log["definitions"].get(measure.name) != _definition(measure):
            log["definitions"][measure.name] = _definition(measure)
            added.append(f"the facts of {measure.name}, version {measure.version}")
    for event in log["events"]:
        event["facts"] = {measure.name: made for measure in catalogue.measures if (made := _facts(measure, event))}
    return added


def _read() -> set[tuple[str, int]]:
    """The types and versions that anything is folded from."""
    types = {event.event_type for measure in catalogue.measures for event in measure.events}
    return {key for key in REGISTRY if key[0] in types}


def _definition(measure: Measure) -> dict[str, Any]:
    return {"version": measure.version, "kind": measure.kind}


def _facts(measure: Measure, told: Any) -> list[dict[str, Any]]:
    event = decode(told["type"], told["version"], json.dumps(told["data"]))
    return [_written(fact) for fact in measure.facts(event)] if type(event) in measure.events else []


def _written(fact: Fact) -> dict[str, Any]:
    told = asdict(fact) | {"effective_on": fact.effective_on.isoformat(), "value": str(fact.value)}
    return {name: each for name, each in told.items() if each != _USUAL.get(name)}


_USUAL: Final = {"times": 1, "part": "", "is_step": False, "reaches_now": False}


def main() -> None:
    """Writes the log down."""
    log = json.loads(LOG.read_text(encoding="utf-8")) if LOG.exists() else {"definitions": {}, "events": []}
    if not problems(log):
        return
    for each in publish(log):
        print(f"Added: {each}")
    LOG.write_text(json.dumps(log, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
