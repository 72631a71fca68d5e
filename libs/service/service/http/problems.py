"""What goes wrong, told as RFC 9457 problems: the one place where refusals and failures meet HTTP."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException

from eventstore.execution import StreamNotFound
from eventstore.postgres.appending import EventTooLarge, KeyReused, VersionConflict
from eventstore.postgres.confirmation import StoreUnconfirmed
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.refusal import Forbidden, Rejected
from service.http.auth import IssuerUnavailable, ScopeMissing, Unauthenticated
from service.http.exchange import BodyTooLarge, Exchange, Refused
from service.http.kinds import KINDS, title

RETRY_AFTER: Final = 1
"""Seconds after which a client may try again when something we need is away."""

_OF_STATUS: Final = {
    400: "malformed-header",
    401: "unauthenticated",
    403: "role-missing",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "invalid",
    503: "unavailable",
}


@dataclass(eq=False)
class Problem(Exception):
    """A problem that can be raised as it is, and sent."""

    slug: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    """What else a program may want to know."""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    """Of the slug's kind unless given."""

    def __post_init__(self) -> None:
        self.status = self.status or KINDS[self.slug].status

    def written(self, root_path: str) -> bytes:
        """The document. Its type is a path of the service that says what the slug means."""
        kind = KINDS.get(self.slug)
        document = {
            "type": f"{root_path}/problems/{self.slug}",
            "title": kind.title if kind else title(self.slug),
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return json.dumps(document, ensure_ascii=False).encode()

    async def answer(self, exchange: Exchange) -> None:
        """Sends it."""
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        await exchange.answer(
            self.status,
            self.written(exchange.root_path),
            [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store"), *headers],
        )


def problem_of(error: Exception) -> Problem | None:
    """The problem an exception stands for; None if it stands for a bug."""
    match error:
        case Problem():
            return error
        case Rejected():
            members = {"parameters": to_jsonable_python(error.parameters)} if error.parameters else {}
            if error.collides_with is not None:
                members["collides_with"] = error.collides_with
            return Problem(error.slug, str(error), members, status=409)
        case Forbidden():
            return Problem(error.slug, str(error), status=403)
        case StreamNotFound():
            return Problem("not-found", str(error))
        case VersionConflict():
            if error.expected <= 0:
                return Problem(
                    "stale", "the value of If-Match is not a tag this record has had: send its ETag as it is"
                )
            return Problem("stale", f"the record is not at version {error.expected} (any more)")
        case KeyReused():
            return Problem("idempotency-key-reused", "this Idempotency-Key was sent before with another body")
        case EventTooLarge():
            return Problem("event-too-large", "the event would be larger than 256 kB")
        case RequestValidationError():
            return invalid(error.errors())
        case BodyTooLarge():
            return Problem("body-too-large", error.detail, {"limit": error.limit})
        case Refused():
            return Problem(error.slug, error.detail, headers=error.headers or {})
        case Unauthenticated():
            challenge = f'Bearer error="{error.error}"' if error.error else "Bearer"
            return Problem("unauthenticated", str(error), headers={"WWW-Authenticate": challenge})
        case ScopeMissing():
            challenge = f'Bearer error="insufficient_scope", scope="{error.scope}"'
            return Problem("scope-missing", str(error), {"scope": error.scope}, {"WWW-Authenticate": challenge})
        case IssuerUnavailable():
            return unavailable(str(error), retry_after=5)
        case StoreUnconfirmed():
            return unavailable(
                "nothing is recorded until the store is confirmed: if the worker does not do that within seconds, its "
                "log says why, and `reconcile` puts it right",
                slug="store-unconfirmed",
                retry_after=5,
            )
        case StoreUnavailable():
            return unavailable("the database does not answer")
        case HTTPException():
            return _of_http(error)
    if is_outage(error):
        return unavailable("the database does not answer")
    return None


def unavailable(detail: str, *, slug: str = "unavailable", retry_after: int = RETRY_AFTER) -> Problem:
    """Something the service needs is away; the client is told when to try again."""
    return Problem(slug, detail, headers={"Retry-After": str(retry_after)})


def invalid(errors: Sequence[Any]) -> Problem:
    """The request does not have the form it needs, from pydantic's list of errors."""
    faults = [_fault(error) for error in errors]
    first = faults[0]
    others = len(faults) - 1
    more = f" (and {others} more fault{'s' if others > 1 else ''})" if others else ""
    where = first.get("pointer", first.get("parameter"))
    return Problem("invalid", f"{where}: {first['detail']}{more}", {"errors": faults})


def invalid_parameter(name: str, detail: str) -> Problem:
    """A parameter of the query does not have the form it needs."""
    return invalid([{"loc": ("query", name), "msg": detail, "type": "invalid_parameter"}])


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    # What a validator of ours raises is a sentence already; pydantic puts its kind before it.
    sentence = error["msg"].removeprefix("Value error, ")
    said = {"detail": sentence, "code": error["type"]}
    location: Sequence[str | int] = error["loc"]
    if error["type"] == "json_invalid":
        return {"pointer": "#", **said}
    match location:
        case ("query" | "path" | "header" | "cookie", name, *_):
            return {"parameter": str(name), **said}
        case ("body", *inside):
            return {"pointer": pointer(inside), **said}
    return {"pointer": pointer(location), **said}


def pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer in its URI fragment form, as RFC 9457 writes them: `#/evidence/dated`."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def wrong_method(methods: Collection[str]) -> Problem:
    """The path has other methods; where it has GET, it has HEAD."""
    allow = ", ".join(sorted({*methods, *(("HEAD",) if "GET" in methods else ())}))
    return Problem("method-not-allowed", f"the methods here are {allow}", headers={"Allow": allow})


def _of_http(error: HTTPException) -> Problem:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return wrong_method(error.headers["Allow"].split(", "))
    slug = _OF_STATUS.get(error.status_code, "")
    phrase = HTTPStatus(error.status_code).phrase
    detail = str(error.detail)
    if slug and detail == phrase:
        detail = KINDS[slug].advice if slug != "not-found" else "nothing is at this path"
    return Problem(
        slug or phrase.lower().replace(" ", "-"), detail, headers=error.headers or {}, status=error.status_code
    )
