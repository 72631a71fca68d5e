"""What was published of each event: its JSON Schema without prose, and examples that stay readable for ever.

`make publish` writes down what is new in `libs/contracts/published/<service>/<category>.json`, and a test holds the
models to what is written there: a published version may gain optional fields and values of enumerations, nothing else.
Whether it is about persons stays, too, for its topic depends on it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from contracts.model import Event
from contracts.registry import Published, Registry

COMMAND: Final = "make publish"

_PROSE: Final = frozenset({"description", "title", "examples", "additionalProperties", "$defs"})


def plain(schema: Mapping[str, Any], defined: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A JSON Schema without its prose, and with what it refers to in place, whatever that is called."""
    defined = schema.get("$defs", {}) if defined is None else defined
    if "$ref" in schema:
        return plain(defined[schema["$ref"].rpartition("/")[2]], defined)
    written: dict[str, Any] = {}
    for word, value in schema.items():
        if word == "properties":
            written[word] = {name: plain(each, defined) for name, each in value.items()}
        elif word == "required":
            written[word] = sorted(value)
        elif word == "const":
            written["enum"] = [value]
        elif word not in _PROSE:
            written[word] = _plain_value(value, defined)
    return written


def _plain_value(value: Any, defined: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return plain(value, defined)
    if isinstance(value, list):
        return [plain(each, defined) if isinstance(each, Mapping) else each for each in value]
    return value


def breaks(published: Any, today: Any, where: str = "") -> Iterator[str]:
    """What readers of the published schema could not rely on any more."""
    if not (isinstance(published, Mapping) and isinstance(today, Mapping)):
        if published != today:
            yield f"{where or 'it'} was {json.dumps(published)}, and is {json.dumps(today)}"
        return
    for word in published.keys() | today.keys():
        was, is_ = published.get(word), today.get(word)
        match word:
            case "properties" if was is not None and is_ is not None:
                for name in was.keys() | is_.keys():
                    field = f"{where}/{name}"
                    if name not in is_:
                        yield f"{field} is not there any more"
                    elif name in was:
                        yield from breaks(was[name], is_[name], field)
            case "enum" if was is not None and is_ is not None:
                if lost := [each for each in was if each not in is_]:
                    yield f"{where} is never {', '.join(map(str, lost))} any more"
            case "required":
                yield from (f"{where}/{name} is not always there any more" for name in set(was or ()) - set(is_ or ()))
                yield from (f"{where}/{name} must be there now" for name in set(is_ or ()) - set(was or ()))
            case "anyOf" if isinstance(was, list) and isinstance(is_, list) and len(was) == len(is_):
                for one, other in zip(was, is_, strict=True):
                    yield from breaks(one, other, where)
            case _:
                yield from breaks(was, is_, f"{where} {word}".strip())


def example(schema: Mapping[str, Any], defined: Mapping[str, Any], *, full: bool) -> Any:
    """A value of a schema, from its own examples: with all that may be there, or with no more than must be."""
    if "$ref" in schema:
        return example(defined[schema["$ref"].rpartition("/")[2]], defined, full=full)
    if "anyOf" in schema:
        none = [each for each in schema["anyOf"] if each.get("type") == "null"]
        some = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return None if none and not full else example({**some[0], **_examples(schema)}, defined, full=full)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    match schema.get("type"):
        case "object":
            names = schema["properties"] if full else schema.get("required", ())
            return {name: example(schema["properties"][name], defined, full=full) for name in names}
        case "array":
            return [example(schema["items"], defined, full=full)] if full else []
        case "string":
            return "a text"
        case "boolean":
            return full
    return 1


def _examples(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"examples": schema["examples"]} if "examples" in schema else {}


def _schema(model: type[Event]) -> dict[str, Any]:
    return model.model_json_schema(mode="serialization")


def examples_of(model: type[Event]) -> dict[str, Any]:
    """An event as JSON, `full` and `minimal`. Raises ValidationError where its examples make none."""
    schema = _schema(model)
    written = {
        name: example(schema, schema.get("$defs", {}), full=full) for name, full in (("full", True), ("minimal", False))
    }
    for each in written.values():
        model.model_validate_json(json.dumps(each))
    return written


def _file(folder: Path, published: Published) -> Path:
    # An event of several services is written down where the first has it.
    category = published.categories[0]
    return folder / category.service / f"{category.name}.json"


def _read(file: Path) -> dict[str, dict[str, Any]]:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def kept(folder: Path) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """All that was published: type, version, and its `schema` and `examples`."""
    for file in sorted(folder.glob("*/*.json")):
        for event_type, versions in _read(file).items():
            yield from ((event_type, int(version), told) for version, told in versions.items())


def problems(folder: Path, registry: Registry) -> list[str]:
    """Why the models are not what was published, a sentence each."""
    found = []
    known = set[tuple[str, int]]()
    for event_type, version, told in kept(folder):
        known.add((event_type, version))
        if (event_type, version) not in registry:
            found.append(f"{event_type}, version {version}, was published, and there is no model of it any more")
            continue
        model, categories = registry[event_type, version]
        found += [
            f"{event_type}, version {version}, was published to another topic than {category.topic}"
            for category in categories
            if told.get("persons", False) != category.persons
        ]
        today = plain(_schema(model))
        broken = sorted(breaks(told["schema"], today))
        found += [f"{event_type}, version {version}: {why}; make it version {version + 1}" for why in broken]
        if not broken and today != told["schema"]:
            found.append(f"{event_type}, version {version}, has grown: `{COMMAND}` writes that down")
    found += [
        f"{event_type}, version {version}, is not published yet: `{COMMAND}` adds it"
        for event_type, version in registry.keys() - known
    ]
    return found


def publish(folder: Path, registry: Registry) -> list[str]:
    """Writes down what is new, and never changes what is there but for what it gained; returns what was added."""
    added = []
    for (event_type, version), published in registry.items():
        file = _file(folder, published)
        there = _read(file)
        told = there.get(event_type, {}).get(str(version))
        schema = plain(_schema(published.model))
        if told is None:
            told = {"schema": schema, "examples": examples_of(published.model)}
            told |= {"persons": True} if published.categories[0].persons else {}
        elif told["schema"] == schema or any(breaks(told["schema"], schema)):
            continue
        there.setdefault(event_type, {})[str(version)] = {**told, "schema": schema}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(there, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        added.append(f"{event_type}, version {version}")
    return added
