"""The OpenAPI paths and schemas of a resource, written from its decider."""

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from contracts.model import Model
from contracts.roles import ORGANISATION_ROLES, Role
from eventstore.decider import Actor, Decision
from service.components import SCHEMAS, Document, refer, response
from service.examples import example, example_of
from service.refusals import refusals_of
from service.resource import Resource
from service.routes import SCHEME

_READ: Final = {"401": "Unauthenticated", "403": "ScopeMissing", "500": "Internal", "503": "Unavailable"}
_LIST: Final = {**_READ, "422": "Invalid"}
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
        models: list[tuple[type[Model], JsonSchemaMode]] = [
            (self._decider.state, "serialization"),
            *((event, "serialization") for event in self._events),
            *((command, "validation") for command in self._decider.decisions),
        ]
        named, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
        self._references: Mapping[Any, Document] = {model: reference for (model, _), reference in named.items()}
        self.schemas: Document = definitions["$defs"]
        """The schemas of commands, representations and events, by name."""
        state = self.schemas[self._record]
        self._identity = self._identity_schema()
        self._example = self._representation(example_of(self._decider.state, state, self.schemas))
        self.schemas[self._record] = self._representation_schema(state)
        self.schemas[self._history] = self._history_schema()

    def paths(self) -> Document:
        """Every path of the resource."""
        path = self._resource.path
        identity = {
            "name": "id",
            "in": "path",
            "required": True,
            "description": f"The id of the {self._decider.category}.",
            "schema": self._identity,
            "example": self._example["id"],
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
        created = self._answer("Created.", self._record, self._example, "ETag", "Location", "Idempotency-Replayed")
        return self._command(decision, {"201": created}, {})

    def _decide(self, decision: Decision) -> Document:
        decided = self._answer("Decided.", self._record, self._example, "ETag", "Idempotency-Replayed")
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
        made = example_of(decision.command, schema, self.schemas)
        refused = response(self._service, "Refused.", refusals_of(self._decider, decision))
        operation = self._operation(
            f"{decision.name}-{self._decider.category}",
            summary.rstrip("."),
            "\n\n".join(filter(None, said)),
            "write",
            {**ok, "409": refused},
            {**_COMMAND, **shared},
        )
        content = {"application/json": {"schema": self._references[decision.command], "example": made}}
        return {
            **operation,
            "x-roles": list(decision.by),
            "parameters": [
                refer("parameters", name) for name in ("Idempotency-Key", "X-Correlation-Id", "traceparent")
            ],
            "requestBody": {"required": bool(schema.get("required")), "content": content},
        }

    def _get(self) -> Document:
        found = self._answer("The latest version.", self._record, self._example, "ETag")
        unchanged = {"description": "Not changed since.", "headers": {"ETag": refer("headers", "ETag")}}
        name = f"get-{self._decider.category}"
        operation = self._operation(
            name, f"Get one {self._decider.category}", "", "read", {"200": found, "304": unchanged}, {**_READ, **_GONE}
        )
        return {**operation, "parameters": [refer("parameters", "If-None-Match")]}

    def _list(self) -> Document:
        state = self.schemas[self._record]["properties"]
        filters = [
            {"name": name, "in": "query", "description": f"Only those with this {name}.", "schema": state[name]}
            for name in self._resource.filters
        ]
        page = self._page(self._record, self._example)
        summary = f"List the {self._resource.path.rpartition('/')[2]}"
        operation = self._operation(
            f"list-{self._decider.category}", summary, "In the order of their ids.", "read", {"200": page}, _LIST
        )
        return {**operation, "parameters": [*filters, refer("parameters", "limit"), refer("parameters", "cursor")]}

    def _list_events(self) -> Document:
        made = example(self.schemas[self._history], self.schemas | SCHEMAS)
        operation = self._operation(
            f"list-{self._decider.category}-events",
            f"The history of one {self._decider.category}",
            "Every event in the order of versions, as recorded.",
            "read",
            {"200": self._page(self._history, made)},
            {**_LIST, **_GONE},
        )
        return {**operation, "parameters": [refer("parameters", "limit"), refer("parameters", "cursor")]}

    def _page(self, schema: str, made: Document) -> Document:
        answer = self._answer("A page.", schema, {"items": [made]}, "Link")
        answer["content"]["application/json"]["schema"] = {
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "array", "items": refer("schemas", schema)}},
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
            "operationId": name.replace("-", "_"),
            "tags": [self._resource.path.rpartition("/")[2]],
            "summary": summary,
            **({"description": description} if description else {}),
            "security": [{SCHEME: [f"{self._service}:{scope}"]}],
            "responses": dict(sorted({**answers, **refused}.items())),
        }

    def _identity_schema(self) -> Document:
        named = self._decider.identified_by
        if named is None:
            return {"type": "string", "format": "uuid"}
        schema: Document = self.schemas[self._resource.creation.command.__name__]["properties"][named]
        return schema

    def _representation(self, state: Document) -> Document:
        """An example of a representation, for somebody who may issue every decision."""
        record = self._decider.state.model_validate_json(json.dumps(state))
        owned = {role: str(state[role]) for role in ORGANISATION_ROLES if role in state}
        allowed = self._decider.allowed(record, Actor("example", frozenset(get_args(Role)), owned))
        written = record.model_dump(mode="json")
        return {"id": example(self._identity, self.schemas), "version": 1, **written, "allowed": allowed}

    def _representation_schema(self, state: Document) -> Document:
        allowed = {
            "type": "array",
            "items": {"enum": list(self._resource.verbs)} if self._resource.verbs else {"type": "string"},
            "description": "The decisions that the caller may issue now.",
        }
        version = {"type": "integer", "minimum": 1, "description": "Grows by one with each event; the ETag."}
        properties = {"id": self._identity, "version": version, **state["properties"], "allowed": allowed}
        return {**state, "properties": properties, "required": list(properties)}

    def _history_schema(self) -> Document:
        properties = {
            "position": {"type": "integer", "minimum": 1, "description": "Orders all events of the service."},
            "version": {"type": "integer", "minimum": 1, "description": "The record's version after it."},
            "event_id": {"type": "string", "format": "uuid"},
            "type": {"enum": [event.__name__ for event in self._events]},
            "schema_version": {"type": "integer", "minimum": 1},
            "recorded_at": {"type": "string", "format": "date-time", "description": "When it was stored."},
            "data": {"anyOf": [self._references[event] for event in self._events]},
            "metadata": refer("schemas", "Metadata"),
        }
        described = f"An event of a {self._decider.category}, as recorded."
        return {"type": "object", "description": described, "required": list(properties), "properties": properties}
