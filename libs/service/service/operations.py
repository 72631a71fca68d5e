"""The OpenAPI paths and schemas of a resource, written from its decider."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema
from pydantic_core import to_jsonable_python

from contracts.catalogue import opened
from contracts.model import Event
from contracts.roles import ORGANISATION_ROLES
from eventstore.decider import Decision
from service.catalogue import KINDS
from service.components import Document, problem_type, refer, response, untyped_null
from service.examples import example, example_of
from service.listing import GREATEST_LIMIT
from service.refusals import Refusal, refusals, refusals_of
from service.rehearsal import rehearse
from service.resource import Resource
from service.routes import SCHEME

_SCHEMA: Final = "#/components/schemas/{model}"
_READ: Final = {
    "401": "Unauthenticated",
    "403": "ScopeMissing",
    "422": "Invalid",
    "500": "Internal",
    "503": "Unavailable",
}
_COMMAND: Final = {
    **_READ,
    "400": "MalformedHeader",
    "403": "Forbidden",
    "408": "RequestTimeout",
    "413": "TooLarge",
    "415": "UnsupportedMediaType",
    "422": "InvalidOrKeyReused",
}
_GONE: Final = {"404": "NotFound"}


class Operations:
    """Writes what the document says of one resource of a service."""

    def __init__(self, service: str, resource: Resource) -> None:
        self._service = service
        self._resource = resource
        self._decider = resource.decider
        self._record = resource.decider.state.__name__
        self._history = f"{self._record}Event"
        first = resource.creation.events
        self._events = sorted(self._decider.events, key=lambda event: (event not in first, event.__name__))
        self._rehearsal = rehearse(self._decider)
        self._refusals = refusals(self._decider)
        self.schemas: Document = {**self._inputs(), **self._outputs()}
        """The schemas of commands, representations, events and refusals, by name."""
        self._identity = self._identity_schema()
        self._first = self._rehearsal.steps[resource.creation.command].representation()
        self.schemas[self._record] = self._representation_schema(self.schemas[self._record])
        self.schemas |= {_recorded(event): self._recorded_schema(event) for event in self._events}
        self.schemas[self._history] = self._history_schema()
        self.schemas |= {self._problem(slug): self._problem_schema(slug) for slug in self._refusals}

    def paths(self) -> Document:
        """Every path of the resource."""
        path = self._resource.path
        identity = {
            "name": "id",
            "in": "path",
            "required": True,
            "description": f"The id of the {self._decider.category}.",
            "schema": self._identity,
            "example": self._first["id"],
        }
        return {
            path: {"get": self._list(), "post": self._creation()},
            f"{path}/{{id}}": {"parameters": [identity], "get": self._get()},
            f"{path}/{{id}}/events": {"parameters": [identity], "get": self._list_events()},
            **{
                f"{path}/{{id}}/{verb}": {"parameters": [identity], "post": self._decide(decision)}
                for verb, decision in self._resource.verbs.items()
            },
        }

    def _creation(self) -> Document:
        decision = self._resource.creation
        created = self._answer("Created.", self._record, self._first, "ETag", "Location", "Idempotency-Replayed")
        category = self._decider.category
        names = [f"get-{category}", f"list-{category}-events"]
        names += [f"{verb}-{category}" for verb in self._resource.verbs]
        identity = {"id": "$response.body#/id"}
        created["links"] = {name: {"operationId": name, "parameters": identity} for name in map(_operation_id, names)}
        return self._command(decision, {"201": created}, {})

    def _decide(self, decision: Decision) -> Document:
        made = self._rehearsal.steps[decision.command].representation()
        decided = self._answer("Decided.", self._record, made, "ETag", "Idempotency-Replayed")
        operation = self._command(decision, {"200": decided}, {**_GONE, "412": "Stale"})
        operation["parameters"].append(refer("parameters", "If-Match"))
        return operation

    def _command(self, decision: Decision, ok: Document, shared: Mapping[str, str]) -> Document:
        summary, _, rest = decision.description.partition("\n")
        own = [role for role in decision.by if role in ORGANISATION_ROLES]
        said = [rest.strip(), f"For the roles {', '.join(decision.by)}."]
        said += [f"The role {role} only on its own records." for role in own]
        said += [f"While the {self._decider.category} is {' or '.join(decision.when)}."] if decision.when else []
        schema = self.schemas[decision.command.__name__]
        operation = self._operation(
            f"{decision.name}-{self._decider.category}",
            summary.rstrip("."),
            "\n\n".join(filter(None, said)),
            "write",
            {**ok, "409": self._refused(decision)},
            {**_COMMAND, **shared},
        )
        made = example_of(decision.command)
        content = {"application/json": {"schema": refer("schemas", decision.command.__name__), "example": made}}
        return {
            **operation,
            "x-roles": list(decision.by),
            "parameters": [
                refer("parameters", name) for name in ("Idempotency-Key", "X-Correlation-Id", "traceparent")
            ],
            "requestBody": {"required": bool(schema.get("required")), "content": content},
        }

    def _refused(self, decision: Decision) -> Document:
        """The 409 of a decision: a schema for each of its refusals, with what was met where one was.

        The last one is any problem's, so that a client generated today also reads a refusal of a later release.
        """
        kinds = refusals_of(self._decider, decision)
        names = {problem_type(self._service, slug): self._problem(slug) for slug in kinds}
        members: dict[str, Document] = {}
        for slug, kind in kinds.items():
            met = self._rehearsal.refused.get((decision.command, slug))
            if met is not None:
                said = {"detail": met.detail, "parameters": to_jsonable_python(met.parameters)}
            else:
                said = {"parameters": {name: example(_schema_of(each), {}) for name, each in kind.parameters.items()}}
            members[slug] = said if kind.parameters else {}
        known = {
            "oneOf": [refer("schemas", name) for name in names.values()],
            "discriminator": {
                "propertyName": "type",
                "mapping": {of: refer("schemas", name)["$ref"] for of, name in names.items()},
            },
        }
        schema = {"anyOf": [known, refer("schemas", "Problem")]}
        return response(self._service, "Refused.", kinds, schema=schema, members=members)

    def _get(self) -> Document:
        found = self._answer("The latest version.", self._record, self._first, "ETag")
        unchanged = {"description": "Not changed since.", "headers": {"ETag": refer("headers", "ETag")}}
        name = f"get-{self._decider.category}"
        operation = self._operation(
            name,
            f"Get one {self._decider.category}",
            "As it is now, with the decisions that the caller may issue on it.",
            "read",
            {"200": found, "304": unchanged},
            {**_READ, **_GONE},
        )
        return {**operation, "parameters": [refer("parameters", "If-None-Match")]}

    def _list(self) -> Document:
        state = self.schemas[self._record]["properties"]
        filters = [
            {
                "name": name,
                "in": "query",
                "description": f"Only those with this {name}.",
                "schema": untyped_null(state[name]),
            }
            for name in self._resource.filters
        ]
        page = self._page(self._record, [self._first])
        summary = f"List the {self._resource.path.rpartition('/')[2]}"
        operation = self._operation(
            f"list-{self._decider.category}", summary, "In the order of their ids.", "read", {"200": page}, _READ
        )
        return {**operation, "parameters": [*filters, refer("parameters", "limit"), refer("parameters", "cursor")]}

    def _list_events(self) -> Document:
        longest = max(self._rehearsal.steps.values(), key=lambda step: step.version)
        operation = self._operation(
            f"list-{self._decider.category}-events",
            f"The history of one {self._decider.category}",
            "Every event in the order of versions, as recorded.",
            "read",
            {"200": self._page(self._history, longest.history())},
            {**_READ, **_GONE},
        )
        return {**operation, "parameters": [refer("parameters", "limit"), refer("parameters", "cursor")]}

    def _page(self, schema: str, made: Sequence[Any]) -> Document:
        answer = self._answer("A page.", schema, {"items": made}, "Link")
        answer["content"]["application/json"]["schema"] = {
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "array", "maxItems": GREATEST_LIMIT, "items": refer("schemas", schema)}},
        }
        return answer

    def _answer(self, description: str, schema: str, made: Any, *headers: str) -> Document:
        return {
            "description": description,
            "headers": {name: refer("headers", name) for name in headers},
            "content": {"application/json": {"schema": refer("schemas", schema), "example": made}},
        }

    def _operation(
        self, name: str, summary: str, description: str, scope: str, answers: Document, shared: Mapping[str, str]
    ) -> Document:
        refused = {status: refer("responses", component) for status, component in shared.items()}
        return {
            "operationId": _operation_id(name),
            "tags": [self._resource.path.rpartition("/")[2]],
            "summary": summary,
            **({"description": description} if description else {}),
            "security": [{SCHEME: [f"{self._service}:{scope}"]}],
            "responses": dict(sorted({**answers, **refused}.items())),
        }

    def _inputs(self) -> Document:
        """The schemas of the commands, closed: what a field does that we do not know is to be found out at once."""
        commands = list(self._decider.decisions)
        _, written = models_json_schema(
            [(command, "validation") for command in commands], ref_template=f"{_SCHEMA}Input"
        )
        names = {command.__name__ for command in commands}
        return {name if name in names else f"{name}Input": told(schema) for name, schema in written["$defs"].items()}

    def _outputs(self) -> Document:
        """The schemas of what is read, open: every field is there, and a later release may add others."""
        models = [self._decider.state, *self._events]
        _, written = models_json_schema([(model, "serialization") for model in models], ref_template=_SCHEMA)
        return {
            name: opened(
                {**told(schema), **({"required": list(schema["properties"])} if schema.get("properties") else {})}
            )
            for name, schema in written["$defs"].items()
        }

    def _identity_schema(self) -> Document:
        named = self._decider.identified_by
        if named is None:
            return {"type": "string", "format": "uuid", "maxLength": 36}
        schema: Document = self.schemas[self._resource.creation.command.__name__]["properties"][named]
        return schema

    def _representation_schema(self, state: Document) -> Document:
        allowed = {
            "type": "array",
            "items": {"type": "string", **({"enum": list(self._resource.verbs)} if self._resource.verbs else {})},
            "maxItems": len(self._resource.verbs),
            "description": "The decisions that the caller may issue now.",
        }
        version = {"type": "integer", "minimum": 1, "description": "Grows by one with each event; the ETag."}
        properties = {"id": self._identity, "version": version, **state["properties"], "allowed": allowed}
        return {**state, "properties": properties, "required": list(properties)}

    def _history_schema(self) -> Document:
        names = {event.__name__: refer("schemas", _recorded(event)) for event in self._events}
        return {
            "description": f"An event of a {self._decider.category}, as recorded.",
            "oneOf": list(names.values()),
            "discriminator": {
                "propertyName": "type",
                "mapping": {name: reference["$ref"] for name, reference in names.items()},
            },
        }

    def _recorded_schema(self, event: type[Event]) -> Document:
        properties = {
            "position": {"type": "integer", "minimum": 1, "description": "Orders all events of the service."},
            "version": {"type": "integer", "minimum": 1, "description": "The record's version after it."},
            "event_id": {"type": "string", "format": "uuid"},
            "type": {"type": "string", "const": event.__name__},
            "schema_version": {"type": "integer", "minimum": 1},
            "recorded_at": {"type": "string", "format": "date-time", "description": "When it was stored."},
            "data": refer("schemas", event.__name__),
            "metadata": refer("schemas", "Metadata"),
        }
        described = f"{event.__name__}, as recorded."
        return {"type": "object", "description": described, "required": list(properties), "properties": properties}

    def _problem(self, slug: str) -> str:
        """The name of a refusal's schema. One slug may speak of more where another kind of record is refused for it."""
        name = slug if slug in KINDS or slug.startswith(f"{self._decider.category}-") else f"{self._record}-{slug}"
        return "".join(part[:1].upper() + part[1:] for part in name.split("-")) + "Problem"

    def _problem_schema(self, slug: str) -> Document:
        kind: Refusal = self._refusals[slug]
        places = {name: _schema_of(each) for name, each in kind.parameters.items()}
        properties: Document = {
            "type": {"type": "string", "const": problem_type(self._service, slug)},
            "title": {"type": "string"},
            "status": {"type": "integer", "const": kind.status},
            "detail": {"type": "string", "description": "A sentence about this occurrence, for people."},
        }
        if places:
            properties["parameters"] = {
                "type": "object",
                "description": "What the detail speaks of.",
                "required": list(places),
                "properties": places,
            }
        return {
            "type": "object",
            "description": kind.advice,
            "required": list(properties),
            "properties": properties,
        }


def told(schema: Document) -> Document:
    """The schema of a model as generators of clients need it.

    They take a field with a default for one that is always there, so a default is said in words; and they name classes
    by titles, which pydantic makes of names that others may have.
    """
    written = {word: value for word, value in schema.items() if word not in ("default", "title")}
    if "properties" in schema:
        written["properties"] = {name: told(field) for name, field in schema["properties"].items()}
    if schema.get("default") is not None:
        said = f"`{json.dumps(schema['default'], ensure_ascii=False)}` unless given."
        written["description"] = " ".join(filter(None, (schema.get("description"), said)))
    return written


def _operation_id(name: str) -> str:
    return name.replace("-", "_")


def _recorded(event: type[Event]) -> str:
    return f"Recorded{event.__name__}"


def _schema_of(annotation: Any) -> Document:
    """The schema of a refusal's parameter. Raises TypeError for what is no plain value."""
    schema: Document = TypeAdapter(annotation).json_schema(mode="serialization")
    if "$defs" in schema:
        raise TypeError(f"a refusal speaks of plain values, not of {annotation}")
    return schema
