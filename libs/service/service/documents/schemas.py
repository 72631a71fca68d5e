"""The schemas of a resource as the OpenAPI document has them: its commands, record, events and refusals."""

import json
from collections.abc import Collection
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from contracts.model import Event
from contracts.registry import opened
from eventstore.decider import Command
from service.documents.components import FAULTS, Document, problem_type, refer
from service.documents.refusals import refusals
from service.http.kinds import KINDS
from service.http.resource import Resource

_REFERENCE: Final = "#/components/schemas/{model}"


class Schemas:
    """Writes the schemas of one resource of a service."""

    def __init__(self, service: str, resource: Resource) -> None:
        self._service = service
        self._resource = resource
        self._decider = resource.decider
        self._refusals = refusals(self._decider)
        first = resource.creation.events
        self._events = sorted(self._decider.events, key=lambda event: (event not in first, event.event_type))
        self.record = self._decider.state.__name__
        """The name of the schema of a record."""
        self.history = f"{self.record}Event"
        """The name of the schema of an event of its history."""
        self.public = f"Public{self.record}" if resource.reads.public else None
        """The name of the schema of what everybody reads of a record; None where nobody reads but a part."""
        self.by_name: Document = {**self._inputs(), **self._outputs()}
        self.identity = self._identity_schema()
        """The schema of an id."""
        state = self.by_name[self.record]
        self.by_name[self.record] = self._representation_schema(state)
        if self._decider.subjects:
            self.by_name[self.record]["properties"]["personal"] = self._personal_schema()
        if self.public:
            self.by_name[self.public] = self._representation_schema(_part(state, resource.reads.public))
        self.by_name |= {_recorded(event): self._recorded_schema(event) for event in self._events}
        self.by_name[self.history] = self._history_schema()
        self.by_name |= {self.problem(slug): self._problem_schema(slug) for slug in self._refusals}

    def _inputs(self) -> Document:
        """The schemas of the commands, closed: what a field does that we do not know is to be found out at once."""
        commands = [decision.command for decision in self._decider.decisions.values() if decision.roles]
        _, written = models_json_schema(
            [(command, "validation") for command in commands], ref_template=f"{_REFERENCE}Input"
        )
        names = {command.__name__: self.command(command) for command in commands}
        return {names.get(name, f"{name}Input"): told(schema) for name, schema in written["$defs"].items()}

    def _outputs(self) -> Document:
        """The schemas of what is read, open: every field is there, and a later release may add others."""
        models = [self._decider.state, *self._events]
        _, written = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
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
        # Where the platform alone begins a record, no command is an input that says how it is known.
        begun = self.command(self._resource.creation.command) if self._resource.begun_by_callers else self.record
        schema: Document = self.by_name[begun]["properties"][named]
        return schema

    def _representation_schema(self, state: Document) -> Document:
        allowed = {
            "type": "array",
            "items": {"type": "string", **({"enum": list(self._resource.verbs)} if self._resource.verbs else {})},
            "maxItems": len(self._resource.verbs),
            "description": "The decisions that the caller may issue now.",
        }
        version = {"type": "integer", "minimum": 1, "description": "Grows by one with each event; the ETag."}
        properties = {"id": self.identity, "version": version, **state["properties"], "allowed": allowed}
        return {**state, "properties": properties, "required": list(properties)}

    def _personal_schema(self) -> Document:
        """Who those are whom a record names: beside the record only for some."""
        persons = {
            name: opened(told(TypeAdapter(self._decider.persons[one]).json_schema(mode="serialization")))
            for name, one in self._decider.subjects.items()
        }
        return {
            "type": "object",
            "description": f"Who those are whom it names, for the scope `{self._service}:personal` alone, and without "
            "whoever was erased.",
            "properties": {
                name: person
                if name in self._decider.persons
                else {
                    "type": "object",
                    "description": "By their pseudonyms.",
                    "additionalProperties": person,
                }
                for name, person in persons.items()
            },
        }

    def _history_schema(self) -> Document:
        names = {event.event_type: refer("schemas", _recorded(event)) for event in self._events}
        return {
            "description": f"An event of a {self._decider.category}, as the latest version of its type tells it.",
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
            "type": {"type": "string", "const": event.event_type},
            "schema_version": {"type": "integer", "minimum": 1},
            "recorded_at": {"type": "string", "format": "date-time", "description": "When it was stored."},
            "data": refer("schemas", event.__name__),
            "metadata": refer("schemas", "Metadata"),
        }
        described = f"{event.event_type}, with where and when it was recorded."
        return {"type": "object", "description": described, "required": list(properties), "properties": properties}

    def shown(self) -> Document:
        """What a reader is shown of a record: all of it, or what is public."""
        whole = refer("schemas", self.record)
        return {"anyOf": [whole, refer("schemas", self.public)]} if self.public else whole

    def command(self, command: type[Command]) -> str:
        """The name of a command's schema, `ApproveBooking`: other records of a service may have one of its name."""
        return f"{command.__name__}{self.record}"

    def problem(self, slug: str) -> str:
        """The name of a refusal's schema. One slug may speak of more where another kind of record is refused for it."""
        name = slug if slug in KINDS or slug.startswith(f"{self._decider.category}-") else f"{self.record}-{slug}"
        return "".join(part[:1].upper() + part[1:] for part in name.split("-")) + "Problem"

    def _problem_schema(self, slug: str) -> Document:
        kind = self._refusals[slug]
        places = {name: schema_of(each) for name, each in kind.parameters.items()}
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
        if kind.at:
            properties["errors"] = FAULTS
        return {
            "type": "object",
            "description": kind.advice.told("en"),
            "required": [name for name in properties if name != "errors" or kind.pointing],
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


def _part(state: Document, fields: Collection[str]) -> Document:
    """What of a record is public."""
    return {
        **state,
        "description": "What everybody with the scope reads of such a record.",
        "properties": {name: schema for name, schema in state["properties"].items() if name in fields},
    }


def _recorded(event: type[Event]) -> str:
    return f"Recorded{event.__name__}"


def schema_of(annotation: Any) -> Document:
    """The schema of a refusal's parameter. Raises TypeError for what is no plain value."""
    schema: Document = TypeAdapter(annotation).json_schema(mode="serialization")
    if "$defs" in schema:
        raise TypeError(f"a refusal speaks of plain values, not of {annotation}")
    return schema
