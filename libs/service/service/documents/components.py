"""The parts of the OpenAPI document that every service shares: headers, parameters, problems."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.language import LANGUAGES
from contracts.values import INSTANT
from service.http.faults import SENTENCES
from service.http.kinds import KINDS, Kind
from service.http.listing import CURSOR, GREATEST_LIMIT, LIMIT, LONGEST_CURSOR
from service.http.routes import SCHEME

Document = dict[str, Any]

PROBLEM: Final = "application/problem+json"

SECURITY_SCHEMES: Final[Document] = {
    SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the platform's OIDC issuer. Each operation names the scope it needs; a command also "
        "names the roles that may issue it (`x-roles`). The claim `roles` carries roles, and the claims `company`, "
        "`school` and `training_body` the organisation that the role of that name acts for. Tokens are checked as "
        "RFC8725 asks.",
    }
}

HEADERS: Final[Document] = {
    "Content-Language": {
        "description": "The language of the sentences.",
        "required": True,
        "schema": {"type": "string", "enum": list(LANGUAGES)},
    },
    "ETag": {
        "description": "The record's version, for If-Match and If-None-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
        "example": '"3"',
    },
    "Location": {
        "description": "The path of the new record.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Link": {
        "description": 'The next page, `<...>; rel="next"`; absent on the last one.',
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "Present where the Idempotency-Key had this effect before: nothing was stored again.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "What the token lacks, as RFC 6750 says it.",
        "required": True,
        "schema": {"type": "string"},
        "example": 'Bearer error="invalid_token"',
    },
}

PARAMETERS: Final[Document] = {
    "Accept-Language": {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language in which problems are told, English (`en`) or French (`fr`), as RFC 9110 writes "
        "preferences. English without it.",
        "schema": {"type": "string"},
        "example": "fr-FR, fr;q=0.9, en;q=0.8",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The client's own name for this request, so that a retry has no second effect. It counts for "
        "this client and this path. The same key with the same bytes gives the first answer again, another body 422. "
        "Effects are remembered for 7 days; what was refused is decided anew.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        },
        "example": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "The version the decision is made for, as the ETag gives it, or `*`. Without it the decision is "
        "made on the latest version, whatever it is.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 11, "pattern": r'^(\*|"[1-9][0-9]{0,8}")$'},
        "example": '"3"',
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of what is already known: 304 while that is the latest.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "X-Correlation-Id": {
        "name": "X-Correlation-Id",
        "in": "header",
        "description": "The client's name for the work this command is part of; recorded beside the events.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[\x21-\x7e]+$"},
    },
    "traceparent": {
        "name": "traceparent",
        "in": "header",
        "description": "The caller's trace (W3C Trace Context); recorded beside the events.",
        "schema": {"type": "string"},
        "example": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    "updated_since": {
        "name": "updated_since",
        "in": "query",
        "description": "Only those that something was recorded of since this moment. What is being stored shows a "
        "moment later under an earlier time: ask again from a minute before.",
        "schema": {"type": "string", "format": "date-time", "maxLength": 35, "pattern": INSTANT},
        "example": "2024-05-13T08:30:00Z",
    },
    "count": {
        "name": "count",
        "in": "query",
        "description": "`true` tells in `count` how many there are in all.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "The most items a page holds.",
        "schema": {"type": "integer", "minimum": 1, "maximum": GREATEST_LIMIT, "default": LIMIT},
    },
    "cursor": {
        "name": "cursor",
        "in": "query",
        "description": "Where a page begins: take it, with the rest of the address, from the header `Link`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR, "pattern": CURSOR},
    },
}

FAULTS: Final[Document] = {
    "type": "array",
    "description": "Each fault that lies in a field of the request.",
    "items": {
        "type": "object",
        "required": ["detail", "code"],
        "properties": {
            "pointer": {"type": "string", "description": "Into the body: a JSON pointer, `#/amount`."},
            "parameter": {"type": "string", "description": "The parameter's name, of the query."},
            "detail": {"type": "string", "description": "A sentence about this fault, for people."},
            "code": {"type": "string"},
            "parameters": {"type": "object", "description": "What the detail speaks of."},
        },
    },
}

SCHEMAS: Final[Document] = {
    "Metadata": {
        "description": "What is recorded beside an event.",
        "type": "object",
        "required": ["actor"],
        "properties": {
            "actor": {"type": "string", "description": "The client that sent the command.", "examples": ["frontend"]},
            "roles": {
                "type": "array",
                "items": {"type": "string"},
                "description": "In which roles the client could decide it; absent from what the platform did.",
                "examples": [["network"]],
            },
            "sample": {"type": "boolean", "description": "`true` on sample data, absent otherwise."},
            "correlation_id": {"type": "string", "description": "The client's name for the work it was part of."},
            "causation_id": {"type": "string", "description": "The event that led to it."},
            "traceparent": {"type": "string", "description": "The trace of the request (W3C Trace Context)."},
        },
    },
    "Problem": {
        "description": "What went wrong (RFC 9457). Programs go by `type`, whose last part is the slug. What the "
        "detail speaks of is beside it in `parameters`, where it speaks of anything.",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Says what the slug means."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence about this occurrence, for people."},
            "errors": FAULTS,
            "scope": {"type": "string", "description": "The scope that is missing."},
            "collides_with": {
                "type": "string",
                "description": "The id of the record that holds what was asked for, or is it.",
            },
            "limit": {"type": "integer", "description": "The most bytes a body may have."},
            "trace_id": {"type": "string", "description": "Names the fault in our logs."},
        },
    },
}

_HEADERS_OF: Final = {401: ["WWW-Authenticate"], 503: ["Retry-After"]}
_MEMBERS_OF: Final[Mapping[str, Document]] = {
    "invalid": {"errors": [{"pointer": "#/amount", "detail": SENTENCES["missing"].told("en"), "code": "missing"}]},
    "scope-missing": {"scope": "companies:write"},
    "body-too-large": {"limit": 262144},
    "internal": {"trace_id": "0af7651916cd43dd8448eb211c80319c"},
}


def refer(kind: str, name: str) -> Document:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def problem_type(service: str, slug: str) -> str:
    """What a problem gives as its type."""
    return f"/{service}/problems/{slug}"


def untyped_null(schema: Document) -> Document:
    """The schema of a parameter, which may be left out but is never null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if not kinds:
        return schema
    others = {word: value for word, value in schema.items() if word not in ("anyOf", "default")}
    return {**kinds[0], **others} if len(kinds) == 1 else {"anyOf": kinds, **others}


def response(
    service: str,
    description: str,
    kinds: Mapping[str, Kind],
    *,
    schema: Document | None = None,
    members: Mapping[str, Document] = _MEMBERS_OF,
) -> Document:
    """A response by any of some problems of one status, with an example of each and its further members."""
    status = next(iter(kinds.values())).status
    headers = {name: refer("headers", name) for name in ("Content-Language", *_HEADERS_OF.get(status, ()))}
    examples = {
        slug: {
            "summary": kind.advice.told("en"),
            "value": {
                "type": problem_type(service, slug),
                "title": kind.title.told("en"),
                "status": kind.status,
                "detail": kind.advice.told("en"),
                **members.get(slug, {}),
            },
        }
        for slug, kind in kinds.items()
    }
    content = {PROBLEM: {"schema": schema or refer("schemas", "Problem"), "examples": examples}}
    return {"description": description, "headers": headers, "content": content}


def responses(service: str, own: Mapping[str, Kind]) -> Document:
    """The responses that operations share, by the name of the component; `own` are the service's own kinds."""

    invalid = [slug for slug, kind in own.items() if kind.status == KINDS["invalid"].status]

    def of(description: str, *slugs: str) -> Document:
        return response(service, description, {slug: (own.get(slug) or KINDS[slug]) for slug in slugs})

    return {
        "MalformedHeader": of("A header can't be read.", "malformed-header"),
        "Unauthenticated": of("No valid token.", "unauthenticated"),
        "ScopeMissing": of("The token lacks the scope.", "scope-missing"),
        "Forbidden": of("Not with this token.", "scope-missing", "role-missing", "not-your-record"),
        "NotFound": of("Nothing is there.", "not-found"),
        "RequestTimeout": of("The request came too slowly.", "request-timeout"),
        "Stale": of("The record is no longer at the version of If-Match.", "stale"),
        "TooLarge": of("Too large.", "body-too-large", "event-too-large"),
        "UnsupportedMediaType": of("The body is not in a form that is read here.", "unsupported-media-type"),
        "Invalid": of("The request does not have the form it needs.", "invalid", *invalid),
        "InvalidOrKeyReused": of("The request does not have the form it needs.", "invalid", "idempotency-key-reused"),
        "Internal": of("A fault of ours.", "internal"),
        "Unavailable": of(
            "Something the service needs is away.", "unavailable", "timed-out", "store-unconfirmed", "mirror-behind"
        ),
    }
