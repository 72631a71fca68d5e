"""What was published stays as it is: each version of each event has the schema it had, and its examples are read."""

import copy
import json
import types
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contracts import REGISTRY, Event
from contracts.category import Category
from contracts.model import latest
from contracts.registry import Registry
from devstack.publishing import breaks, kept, plain, problems, publish

PUBLISHED = Path(__file__).parents[1] / "published"


def test_every_event_is_what_was_published() -> None:
    assert not problems(PUBLISHED, REGISTRY)


@pytest.mark.parametrize(("event_type", "version", "told"), list(kept(PUBLISHED)), ids=str)
def test_every_example_is_read_as_the_latest_version(event_type: str, version: int, told: Any) -> None:
    newest = max(number for known, number in REGISTRY if known == event_type)
    for example in told["examples"].values():
        event = REGISTRY.decode(event_type, version, json.dumps(example))
        assert (event.event_type, event.schema_version) == (event_type, newest)
        assert latest(event) is event


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda schema: schema["properties"].pop("axis"), "/axis is not there any more"),
        (lambda schema: schema["required"].remove("axis"), "/axis is not always there any more"),
        (lambda schema: schema["required"].append("later"), "/later must be there now"),
        (lambda schema: schema["properties"]["axis"].update(maximum=8), "/axis maximum was 7, and is 8"),
        (
            lambda schema: schema["properties"]["axis"].update(type="string"),
            '/axis type was "integer", and is "string"',
        ),
        (lambda schema: schema["properties"]["reason"]["enum"].remove("permit"), "/reason is never permit any more"),
        (
            lambda schema: schema["properties"]["grants"]["items"]["properties"].pop("funder"),
            "/grants items/funder is not there any more",
        ),
    ],
)
def test_what_readers_rely_on_does_not_change(change: Any, why: str) -> None:
    schema = plain(REGISTRY["InvestmentCancelled", 1].model.model_json_schema(mode="serialization"))
    changed = copy.deepcopy(schema)
    change(changed)
    assert why in list(breaks(schema, changed))


def test_a_published_version_gains_optional_fields_and_values() -> None:
    schema = plain(REGISTRY["InvestmentCancelled", 1].model.model_json_schema(mode="serialization"))
    grown = copy.deepcopy(schema)
    grown["properties"]["later"] = {"type": "string"}
    grown["properties"]["reason"]["enum"].append("weather")
    assert not list(breaks(schema, grown))


def _filled(body: Mapping[str, object], made: dict[str, object]) -> None:
    made.update(body)


def declared(*, persons: bool = False, **fields: Any) -> Registry:
    """A registry of events of these names, with a field each."""
    module = ModuleType("bells")
    vars(module)["CATEGORY"] = Category("bell", service="youth-events", path="/v1/bells", persons=persons)
    for name, (field, kind) in fields.items():
        body = {"__annotations__": {field: kind}, "__module__": module.__name__}
        vars(module)[name] = types.new_class(name, (Event,), {"version": 1}, partial(_filled, body))
    return Registry([module])


def test_one_command_adds_what_is_new_and_leaves_the_rest(tmp_path: Path) -> None:
    rung = declared(Rung=("times", int))
    assert problems(tmp_path, rung) == ["Rung, version 1, is not published yet: `make publish` adds it"]
    assert publish(tmp_path, rung) == ["Rung, version 1"]
    assert not problems(tmp_path, rung)
    file = tmp_path / "youth-events" / "bell.json"
    written = file.read_text()
    assert not publish(tmp_path, rung)

    both = declared(Rung=("times", str), Cast=("weight", int | None))
    assert set(problems(tmp_path, both)) == {
        'Rung, version 1: /times type was "integer", and is "string"; make it version 2',
        "Cast, version 1, is not published yet: `make publish` adds it",
    }
    assert publish(tmp_path, both) == ["Cast, version 1"]
    assert json.loads(file.read_text())["Rung"] == json.loads(written)["Rung"]
    assert problems(tmp_path, rung) == ["Cast, version 1, was published, and there is no model of it any more"]


def test_what_was_gained_is_written_down_and_then_kept(tmp_path: Path) -> None:
    publish(tmp_path, declared(Rung=("times", int)))
    grown = ModuleType("bells")

    class Rung(Event, version=1):
        times: int
        hour: int | None = None

    Rung.__module__ = "bells"
    vars(grown).update(CATEGORY=Category("bell", service="youth-events", path="/v1/bells"), Rung=Rung)
    registry = Registry([grown])
    assert problems(tmp_path, registry) == ["Rung, version 1, has grown: `make publish` writes that down"]
    examples = [told["examples"] for _, _, told in kept(tmp_path)]
    assert publish(tmp_path, registry) == ["Rung, version 1"]
    assert [told["examples"] for _, _, told in kept(tmp_path)] == examples
    assert not problems(tmp_path, registry)
    assert problems(tmp_path, declared(Rung=("times", int))) == [
        "Rung, version 1: /hour is not there any more; make it version 2"
    ]


def test_an_event_stays_in_the_topic_it_was_published_in(tmp_path: Path) -> None:
    for persons in (False, True):
        there, elsewhere = (declared(persons=about, Rung=("times", int)) for about in (persons, not persons))
        folder = tmp_path / str(persons)
        publish(folder, there)
        assert not problems(folder, there)
        topic = "youth-events" if persons else "youth-events.persons"
        assert problems(folder, elsewhere) == [f"Rung, version 1, was published to another topic than {topic}"]
        assert not publish(folder, elsewhere)
