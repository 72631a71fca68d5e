"""The OpenAPI document of every service: its examples are what the service answers, and generators can read it."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from replays import Replay, calling

from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.running import SERVICES
from eventstore.postgres.store import Store
from eventstore.refusal import Refusal
from service.definition import Service
from service.documents import openapi
from service.documents.rehearsal import rehearse

pytestmark = pytest.mark.anyio

every_service = pytest.mark.parametrize("service", [service_of(name) for name in SERVICES], ids=lambda each: each.name)


def answered(document: dict[str, Any], path: str, method: str, status: str) -> Any:
    return document["paths"][path][method]["responses"][status]["content"]["application/json"]["example"]


@every_service
async def test_the_example_of_each_decision_is_what_it_answers(
    service: Service, migrated_database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = openapi.document(service)
    async with calling(service, migrated_database, issuer) as client, Store.open(migrated_database) as store:
        replay = Replay(service, client, migrated_database, store, issuer, monkeypatch)
        for resource in service.resources:
            steps = rehearse(resource.decider).steps
            assert steps.keys() == resource.decider.decisions.keys()
            for step in steps.values():
                if step.decision.roles:
                    await replay.forget()
                    path = resource.path if step.decision.creates else f"{resource.path}/{{id}}/{step.decision.name}"
                    shown = answered(document, path, "post", "201" if step.decision.creates else "200")
                    assert shown == await replay.read(step), path


@every_service
async def test_the_example_of_a_history_is_one(
    service: Service, migrated_database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = openapi.document(service)
    async with calling(service, migrated_database, issuer) as client, Store.open(migrated_database) as store:
        replay = Replay(service, client, migrated_database, store, issuer, monkeypatch)
        for resource in service.resources:
            longest = max(rehearse(resource.decider).steps.values(), key=lambda step: step.version)
            await replay.forget()
            real = await replay.read(longest, "/events")
            shown = answered(document, f"{resource.path}/{{id}}/events", "get", "200")
            told = [[each[name] for name in ("version", "type", "schema_version", "data")] for each in shown["items"]]
            assert told == [
                [each[name] for name in ("version", "type", "schema_version", "data")] for each in real["items"]
            ]
            assert all(each.keys() == real["items"][0].keys() for each in shown["items"])


@every_service
def test_each_event_of_a_history_has_a_schema_that_its_type_picks(service: Service) -> None:
    schemas = openapi.document(service)["components"]["schemas"]
    for resource in service.resources:
        history = schemas[f"{resource.decider.state.__name__}Event"]
        mapping = history["discriminator"]["mapping"]
        assert history["discriminator"]["propertyName"] == "type"
        assert mapping.keys() == {event.event_type for event in resource.decider.events}
        assert [each["$ref"] for each in history["oneOf"]] == list(mapping.values())
        for name, reference in mapping.items():
            recorded = schemas[reference.rpartition("/")[2]]
            assert recorded["properties"]["type"] == {"type": "string", "const": name}
            assert recorded["properties"]["data"] == {"$ref": f"#/components/schemas/{name}"}


@every_service
def test_each_refusal_has_a_schema_that_its_type_picks_with_typed_parameters(service: Service) -> None:
    document = openapi.document(service)
    for path, operation in posts(document):
        refused = operation["responses"].get("409")
        if refused is None:
            continue
        content = refused["content"]["application/problem+json"]
        known, any_other = content["schema"]["anyOf"]
        assert any_other == {"$ref": "#/components/schemas/Problem"}, "for refusals of later releases"
        mapping = known["discriminator"]["mapping"]
        assert mapping.keys() == {example["value"]["type"] for example in content["examples"].values()}, path
        for slug, example in content["examples"].items():
            kind = f"/{service.name}/problems/{slug}"
            schema = document["components"]["schemas"][mapping[kind].rpartition("/")[2]]
            assert schema["properties"]["type"]["const"] == kind
            assert set(schema["required"]) <= example["value"].keys() <= schema["properties"].keys(), slug
            # A refusal may be shared by commands that do not have the field.
            assert schema["properties"].keys() - schema["required"] <= {"errors"}, slug
            if "parameters" in example["value"]:
                places = schema["properties"]["parameters"]
                assert set(places["required"]) == places["properties"].keys() == example["value"]["parameters"].keys()
                for name, place in places["properties"].items():
                    assert place.keys() & {"type", "anyOf", "enum", "const"}, (slug, name)


@every_service
def test_a_refusal_points_to_fields_that_commands_of_the_service_have(service: Service) -> None:
    commands = [command for resource in service.resources for command in resource.decider.decisions]
    for module in {sys.modules[command.__module__] for command in commands}:
        for refusal in vars(module).values():
            if isinstance(refusal, Refusal):
                pointed = {name for command in commands for name in refusal.fields_of(command)}
                assert pointed == {*refusal.at}, refusal


@every_service
def test_nothing_is_in_it_that_generators_stumble_over(service: Service) -> None:
    document = openapi.document(service)
    written = json.dumps(document)
    assert '"const": true' not in written, "openapi-python-client writes code that does not parse"
    for name, schema in document["components"]["schemas"].items():
        for field, inner in schema.get("properties", {}).items():
            assert "default" not in inner, f"TypeScript would need {name}.{field}"


@every_service
def test_commands_are_closed_and_what_is_read_is_open(service: Service) -> None:
    document = openapi.document(service)
    schemas = document["components"]["schemas"]
    for resource in service.resources:
        record = resource.decider.state.__name__
        sent = {f"{command.__name__}{record}" for command, each in resource.decider.decisions.items() if each.roles}
        closed = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
        assert sent <= closed
        read = {resource.decider.state.__name__, *(event.event_type for event in resource.decider.events)}
        assert not read & closed


def posts(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        if "post" in methods:
            yield path, methods["post"]
