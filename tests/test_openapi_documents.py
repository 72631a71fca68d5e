"""The OpenAPI document of every service: its examples are what the service answers, and generators can read it."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import httpx
import pytest

from contracts.roles import ORGANISATION_ROLES
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY
from devstack.running import SERVICES
from eventstore.execution import execute
from eventstore.issuing import OURS
from eventstore.kafka.envelope import Message
from eventstore.mirroring import mirror_messages
from eventstore.postgres.store import Store
from service import clock
from service.application import build
from service.definition import Service
from service.documents import openapi
from service.documents.rehearsal import Mirrored, Step, rehearse
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

every_service = pytest.mark.parametrize("service", [service_of(name) for name in SERVICES], ids=lambda each: each.name)


@asynccontextmanager
async def calling(service: Service, database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        database_url=database,
        kafka_bootstrap="127.0.0.1:9",
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
        personal_key=PERSONAL_KEY,
    )
    application = build(service, settings, worker=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://territory.test") as client,
    ):
        yield client


class Replay:
    """Sends the commands of steps to a service, each at its moment; what only the platform issues is issued by it."""

    def __init__(
        self,
        service: Service,
        client: httpx.AsyncClient,
        store: Store,
        issuer: Issuer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self._paths = {id(resource.decider): resource.path for resource in service.resources}
        self._client = client
        self._store = store
        self._scopes = f"{service.name}:read {service.name}:write"
        self._issuer = issuer
        self._monkeypatch = monkeypatch
        self._ways: dict[tuple[int, str], tuple[Sequence[Step], str]] = {}
        """The steps that each stream has taken, and the id that the service gave it."""
        self._subjects: dict[str, str] = {}
        """The pseudonyms of examples, by those that the service gave."""

    def bearer(self, step: Step) -> dict[str, str]:
        """The header of a caller of every role, for the organisations that the record belongs to."""
        owners = step.decider.owners(step.state)
        claims: dict[str, Any] = {str(role): owners[role][0] if role in owners else None for role in ORGANISATION_ROLES}
        return {"Authorization": f"Bearer {self._issuer.token(self._scopes, **claims)}"}

    async def lead_to(self, last: Step | Mirrored) -> str:
        """Takes the steps of a way that its stream has not taken yet. Returns the id of the stream."""
        if isinstance(last, Mirrored):
            await self._mirror(last)
            return last.identity
        key = id(last.decider), last.identity
        taken, identity = self._ways.get(key, ((), ""))
        both = min(len(taken), len(last.path))
        assert taken[:both] == last.path[:both]
        for step in last.path[both:]:
            known = dict[str, str]()
            for lookup, found in zip(step.decision.looks_up, step.looked_up, strict=True):
                if found is not None:
                    known[lookup.key] = await self.lead_to(found)
            identity = await self._take(step, identity, known)
        self._ways[key] = max(taken, last.path, key=len), identity
        return identity

    async def _take(self, step: Step, identity: str, known: Mapping[str, str]) -> str:
        named = {name: known[name] for name in known.keys() & type(step.command).model_fields.keys()}
        command = step.command.model_copy(update={**named, "on": step.now.date()})
        await self._know(step)
        self._monkeypatch.setattr(clock, "now", lambda: step.now)
        if not step.decision.roles:
            outcome = await execute(
                self._store, step.decider, command, identity=identity or None, actor=OURS, now=step.now, metadata="{}"
            )
            return outcome.identity
        path = self._paths[id(step.decider)]
        where = path if step.decision.creates else f"{path}/{identity}/{step.decision.name}"
        persons = {field: getattr(command, field) for field in step.decision.persons}
        told = {field: person and person.told.model_dump(mode="json") for field, person in persons.items()}
        body = {**command.model_dump(mode="json"), **told}
        answer = await self._client.post(where, json=body, headers=self.bearer(step))
        assert answer.is_success, (step.decision.name, answer.text)
        made: dict[str, Any] = answer.json()
        self._subjects |= {made[field]: shown for field, shown in step.decider.subjects_in(step.state).items()}
        return str(made["id"])

    async def _know(self, step: Step) -> None:
        """Lets there be whom a step erases."""
        if step.decision.erases:
            await self._store.pool.execute(
                "INSERT INTO personal_data (subject, kind, data, recorded_at) VALUES ($1, 'Person', '{}', now())"
                " ON CONFLICT DO NOTHING",
                getattr(step.command, step.decision.erases),
            )

    async def _mirror(self, shown: Mirrored) -> None:
        """Lets a mirror show what it is to show."""
        messages = [
            Message(
                position=version,
                stream_id=f"{shown.mirror.of.name}-{shown.identity}",
                version=version,
                previous=0,
                event_id=uuid.uuid4(),
                type=event.event_type,
                schema_version=event.schema_version,
                recorded_at=datetime.now(UTC),
                sample=False,
                data=event.model_dump_json().encode(),
                source="",
                topic="",
                partition=0,
                offset=version,
            )
            for version, event in enumerate(shown.events, 1)
        ]
        async with self._store.pool.acquire() as connection:
            await connection.execute("DELETE FROM streams WHERE category = $1", shown.mirror.category)
            await mirror_messages(cast(asyncpg.Connection, connection), shown.mirror, messages)

    async def read(self, step: Step, path: str = "") -> Any:
        """What the service says of the stream that a step led to, in the ids of the examples."""
        identity = await self.lead_to(step)
        answer = await self._client.get(f"{self._paths[id(step.decider)]}/{identity}{path}", headers=self.bearer(step))
        text = answer.text
        for (_, shown), (_, real) in self._ways.items():
            text = text.replace(real, shown)
        for real, shown in self._subjects.items():
            text = text.replace(real, shown)
        return json.loads(text)

    async def forget(self) -> None:
        """Empties the store."""
        self._ways.clear()
        await self._store.pool.execute(
            "TRUNCATE streams, events, idempotency_keys, ordered, claims, due, reactions, personal_data, kept"
        )


def answered(document: dict[str, Any], path: str, method: str, status: str) -> Any:
    return document["paths"][path][method]["responses"][status]["content"]["application/json"]["example"]


@every_service
async def test_the_example_of_each_decision_is_what_it_answers(
    service: Service, migrated_database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = openapi.document(service)
    async with calling(service, migrated_database, issuer) as client, Store.open(migrated_database) as store:
        replay = Replay(service, client, store, issuer, monkeypatch)
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
        replay = Replay(service, client, store, issuer, monkeypatch)
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
            assert set(schema["required"]) == example["value"].keys(), slug
            if "parameters" in example["value"]:
                places = schema["properties"]["parameters"]
                assert set(places["required"]) == places["properties"].keys() == example["value"]["parameters"].keys()
                for name, place in places["properties"].items():
                    assert place.keys() & {"type", "anyOf", "enum", "const"}, (slug, name)


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
