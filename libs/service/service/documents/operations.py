"""The OpenAPI paths of a resource, written from its decider."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from contracts.model import Day
from contracts.values import Moment
from eventstore.decider import Decision
from service.documents.components import Document, problem_type, refer, response, untyped_null
from service.documents.examples import example, example_of
from service.documents.refusals import refusals_of
from service.documents.rehearsal import rehearse
from service.documents.schemas import Schemas, schema_of
from service.http.faults import pointer
from service.http.listing import (
    FROM,
    GREATEST_LIMIT,
    LONGEST_SEARCH,
    MOST_VALUES,
    MOST_WORDS,
    SEARCHED,
    TO,
    ranged,
    sorts,
)
from service.http.resource import Resource
from service.http.routes import SCHEME

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
        self._rehearsal = rehearse(self._decider)
        self._first = self._rehearsal.steps[resource.creation.command].representation()
        self._schemas = Schemas(service, resource)
        self._record = self._schemas.record
        self._history = self._schemas.history
        self.schemas = self._schemas.by_name
        """The schemas of commands, representations, events and refusals, by name."""

    def paths(self) -> Document:
        """Every path of the resource."""
        path = self._resource.path
        identity = {
            "name": "id",
            "in": "path",
            "required": True,
            "description": f"The id of the {self._decider.category}.",
            "schema": self._schemas.identity,
            "example": self._first["id"],
        }
        begun = {"post": self._creation()} if self._resource.begun_by_callers else {}
        return {
            path: {"get": self._list(), **begun},
            f"{path}/{{id}}": {"parameters": [identity], "get": self._get()},
            f"{path}/{{id}}/events": {"parameters": [identity], "get": self._list_events()},
            **{
                f"{path}/{{id}}/{verb}": {"parameters": [identity], "post": self._decide(decision)}
                for verb, decision in self._resource.verbs.items()
            },
        }

    def _creation(self) -> Document:
        decision = self._resource.creation
        created = self._answer(
            "Created.", refer("schemas", self._record), self._first, "ETag", "Location", "Idempotency-Replayed"
        )
        category = self._decider.category
        names = [f"get-{category}", f"list-{category}-events"]
        names += [f"{verb}-{category}" for verb in self._resource.verbs]
        identity = {"id": "$response.body#/id"}
        created["links"] = {name: {"operationId": name, "parameters": identity} for name in map(_operation_id, names)}
        return self._command(decision, {"201": created}, {})

    def _decide(self, decision: Decision) -> Document:
        made = self._rehearsal.steps[decision.command].representation()
        decided = self._answer("Decided.", refer("schemas", self._record), made, "ETag", "Idempotency-Replayed")
        operation = self._command(decision, {"200": decided}, {**_GONE, "412": "Stale"})
        operation["parameters"].append(refer("parameters", "If-Match"))
        return operation

    def _command(self, decision: Decision, ok: Document, shared: Mapping[str, str]) -> Document:
        summary, _, rest = decision.description.partition("\n")
        own = [role for role in decision.roles if role in self._decider.owner_fields]
        said = [rest.strip(), f"For the roles {', '.join(decision.roles)}."]
        theirs = f"where it is the record's {decision.owner}" if decision.owner else "on its own records"
        said += [f"The role {own[0]} only {theirs}."] if len(own) == 1 else []
        said += [f"The roles {', '.join(own)} only on their own records."] if len(own) > 1 else []
        said += [f"While the {self._decider.category} is {' or '.join(decision.when)}."] if decision.when else []
        name = self._schemas.command(decision.command)
        schema = self.schemas[name]
        operation = self._operation(
            f"{decision.name}-{self._decider.category}",
            summary.rstrip("."),
            "\n\n".join(filter(None, said)),
            "write",
            {**ok, "409": self._refused(decision)},
            {**_COMMAND, **shared},
        )
        made = example_of(decision.command)
        content = {"application/json": {"schema": refer("schemas", name), "example": made}}
        return {
            **operation,
            "x-roles": list(decision.roles),
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
        names = {problem_type(self._service, slug): self._schemas.problem(slug) for slug in kinds}
        members: dict[str, Document] = {}
        for slug, kind in kinds.items():
            met = self._rehearsal.refused.get((decision.command, slug))
            if met is not None:
                said = {"detail": str(met), "parameters": to_jsonable_python(met.parameters)}
            else:
                said = {"parameters": {name: example(schema_of(each), {}) for name, each in kind.parameters.items()}}
            members[slug] = said if kind.parameters else {}
            if kind.at:
                fault = {"pointer": pointer([kind.at]), "detail": kind.advice.told("en"), "code": slug, **members[slug]}
                members[slug]["errors"] = [fault]
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
        found = self._answer("The latest version.", self._schemas.shown(), self._first, "ETag")
        unchanged = {"description": "Not changed since.", "headers": {"ETag": refer("headers", "ETag")}}
        name = f"get-{self._decider.category}"
        operation = self._operation(
            name,
            f"Get one {self._decider.category}",
            "\n\n".join(
                filter(None, ["As it is now, with the decisions that the caller may issue on it.", self._who_reads()])
            ),
            "read",
            {"200": found, "304": unchanged},
            {**_READ, **_GONE},
        )
        return {**operation, **self._reads, "parameters": [refer("parameters", "If-None-Match")]}

    def _list(self) -> Document:
        page = self._page("A page.", self._schemas.shown(), {"items": [self._first], "allowed": self._creates})
        content = page["content"]["application/json"]["schema"]
        content["required"].append("allowed")
        content["properties"] |= {
            "allowed": {
                "type": "array",
                "items": {"type": "string", **({"enum": self._creates} if self._creates else {})},
                "maxItems": len(self._creates),
                "description": "What the caller may begin here.",
            },
            "count": {"type": "integer", "minimum": 0, "description": "How many there are in all, where asked for."},
        }
        operation = self._operation(
            f"list-{self._decider.category}",
            f"List the {self._resource.path.rpartition('/')[2]}",
            "\n\n".join(filter(None, ["In the order of their ids, unless sorted.", self._who_reads()])),
            "read",
            {"200": page},
            _READ,
        )
        own = [*self._filters(), *self._ranges(), *self._search()]
        shared = [refer("parameters", name) for name in ("updated_since", "count", "limit", "cursor")]
        return {**operation, **self._reads, "parameters": [*own, *shared]}

    def _filters(self) -> list[Document]:
        """The parameters by which records are found: each may be given several times."""
        state = self.schemas[self._record]["properties"]
        found = []
        for name in self._decider.finding.found_by:
            schema = untyped_null(state[name])
            value = {word: said for word, said in schema.get("items", schema).items() if word != "description"}
            found.append(
                {
                    "name": name,
                    "in": "query",
                    "description": f"Only those with this {name}, or one of these.",
                    "schema": {"type": "array", "items": value, "minItems": 1, "maxItems": MOST_VALUES},
                }
            )
        return found

    def _ranges(self) -> list[Document]:
        kinds = self._decider.labelling.kinds
        number = {"type": "number"}
        schemas: dict[type, Document] = {
            date: TypeAdapter(Day).json_schema(),
            datetime: TypeAdapter(Moment).json_schema(),
            int: number,
            float: number,
        }
        return [
            {
                "name": name + end,
                "in": "query",
                "description": f"Only those whose {name} is {what}, itself included.",
                "schema": {word: said for word, said in schemas[kinds[name]].items() if word != "description"},
            }
            for name in ranged(self._decider)
            for end, what in ((FROM, "from this on"), (TO, "up to this"))
        ]

    def _search(self) -> list[Document]:
        found: list[Document] = []
        if searched := self._decider.finding.searched_by:
            found.append(
                {
                    "name": "q",
                    "in": "query",
                    "description": f"Words, or beginnings of words, that are all in {' or '.join(searched)}, whatever "
                    f"their accents and case; {MOST_WORDS} at most.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_SEARCH, "pattern": SEARCHED},
                    "example": "four",
                }
            )
        if choices := sorts(self._decider):
            found.append(
                {
                    "name": "sort",
                    "in": "query",
                    "description": "By this field, with a hyphen the greatest first. Those without a value come last.",
                    "schema": {"type": "string", "enum": [*choices]},
                }
            )
        return found

    @property
    def _creates(self) -> list[str]:
        return [self._resource.creation.name] if self._resource.begun_by_callers else []

    @property
    def _reads(self) -> Document:
        """Who reads what, for programs."""
        reads = self._resource.reads
        everybody = "everybody" if reads.all is None else [*reads.all]
        return {"x-reads": {"all": everybody, "own": [*reads.own], "public": [*reads.public]}}

    def _who_reads(self) -> str:
        """Who reads what, for people."""
        reads = self._resource.reads
        if reads.all is None:
            return ""
        said = [f"The roles {', '.join(reads.all)} read every record."]
        said += [f"The role {role} reads those of its own organisation." for role in reads.own]
        if not reads.public:
            return " ".join([*said, "For everybody else there are none."])
        said.append(f"Everybody else with the scope reads {', '.join(reads.public)}.")
        return " ".join([*said, "Found or sorted by another field, the list is of those that the caller reads whole."])

    def _list_events(self) -> Document:
        longest = max(self._rehearsal.steps.values(), key=lambda step: step.version)
        history = self._page("A page.", refer("schemas", self._history), {"items": longest.history()})
        operation = self._operation(
            f"list-{self._decider.category}-events",
            f"The history of one {self._decider.category}",
            "Every event in the order of versions, as recorded. It is for those who may read the whole record.",
            "read",
            {"200": history},
            {**_READ, **_GONE, "403": "Forbidden"},
        )
        return {
            **operation,
            **self._reads,
            "parameters": [refer("parameters", "limit"), refer("parameters", "cursor")],
        }

    def _page(self, description: str, schema: Document, made: Any) -> Document:
        answer = self._answer(description, schema, made, "Link")
        answer["content"]["application/json"]["schema"] = {
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "array", "maxItems": GREATEST_LIMIT, "items": schema}},
        }
        return answer

    def _answer(self, description: str, schema: Document, made: Any, *headers: str) -> Document:
        return {
            "description": description,
            "headers": {name: refer("headers", name) for name in headers},
            "content": {"application/json": {"schema": schema, "example": made}},
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


def _operation_id(name: str) -> str:
    return name.replace("-", "_")
