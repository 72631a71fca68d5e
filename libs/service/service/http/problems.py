"""What goes wrong, told as RFC 9457 problems: the one place where refusals and failures meet HTTP, and a language."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException

from contracts.language import Language
from eventstore.execution import StreamNotFound
from eventstore.mirroring import MirrorBehind
from eventstore.postgres.appending import EventTooLarge, KeyReused, VersionConflict
from eventstore.postgres.confirmation import StoreUnconfirmed
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.refusal import Forbidden, Rejected
from service.http import sentences
from service.http.auth import IssuerUnavailable, ScopeMissing, Unauthenticated
from service.http.exchange import BodyTooLarge, Exchange, Refused
from service.http.faults import Fault, Faults, fault_of, pointer
from service.http.kinds import KINDS, Kind, title
from service.http.languages import VARIES, language_of
from service.http.sentences import Said, Told

RETRY_AFTER: Final = 1
"""Seconds after which a client may try again when something we need is away."""

_OF_STATUS: Final = {
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
    detail: Told
    members: Mapping[str, Any] = field(default_factory=dict)
    """What else a program may want to know."""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    """Of the slug's kind unless given."""
    faults: Sequence[Fault] = ()
    """Each fault that lies in a field of the request."""
    kind: Kind | None = None
    """Where it is one of the service's own (`Service.kinds`)."""

    def __post_init__(self) -> None:
        self.kind = self.kind or KINDS.get(self.slug)
        if not self.status:
            self.status = (self.kind or KINDS[self.slug]).status

    def __str__(self) -> str:
        return self.detail.told("en")

    def written(self, root_path: str, language: Language) -> bytes:
        """The document. Its type is a path of the service that says what the slug means."""
        document = {
            "type": f"{root_path}/problems/{self.slug}",
            "title": (self.kind.title if self.kind else title(self.slug)).told(language),
            "status": self.status,
            "detail": self.detail.told(language),
            **self.members,
        }
        if self.detail.parameters:
            document["parameters"] = to_jsonable_python(self.detail.parameters)
        if self.faults:
            document["errors"] = [fault.written(language) for fault in self.faults]
        return json.dumps(document, ensure_ascii=False).encode()

    async def answer(self, exchange: Exchange) -> None:
        """Sends it, in the language that is asked for."""
        language = language_of(exchange.scope["headers"])
        headers = {
            "Content-Type": "application/problem+json",
            "Content-Language": language,
            "Cache-Control": "no-store",
            "Vary": VARIES,
            **self.headers,
        }
        await exchange.answer(
            self.status,
            self.written(exchange.root_path, language),
            [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        )


def problem_of(error: Exception) -> Problem | None:
    """The problem an exception stands for; None if it stands for a bug."""
    match error:
        case Problem():
            return error
        case Rejected():
            members = {"collides_with": error.collides_with} if error.collides_with else {}
            return Problem(error.slug, error, members, status=409, faults=_faults(error))
        case Forbidden():
            return Problem(error.slug, error, status=403, faults=_faults(error))
        case StreamNotFound():
            said = Said(sentences.NO_RECORD, category=error.category, identity=error.identity)
            return Problem("not-found", said)
        case VersionConflict():
            if error.expected <= 0:
                return Problem("stale", Said(sentences.NEVER_A_VERSION))
            return Problem("stale", Said(sentences.NOT_AT_VERSION, version=error.expected))
        case KeyReused():
            return Problem("idempotency-key-reused", Said(sentences.KEY_REUSED))
        case EventTooLarge():
            return Problem("event-too-large", Said(sentences.EVENT_TOO_LARGE))
        case RequestValidationError():
            return invalid(map(fault_of, error.errors()))
        case BodyTooLarge():
            return Problem("body-too-large", error.said, {"limit": error.limit})
        case Refused():
            return Problem(error.slug, error.said, headers=error.headers or {})
        case Unauthenticated():
            challenge = f'Bearer error="{error.error}"' if error.error else "Bearer"
            return Problem("unauthenticated", error.said, headers={"WWW-Authenticate": challenge})
        case ScopeMissing():
            challenge = f'Bearer error="insufficient_scope", scope="{error.scope}"'
            return Problem("scope-missing", error.said, {"scope": error.scope}, {"WWW-Authenticate": challenge})
        case IssuerUnavailable():
            return unavailable(error.said, retry_after=5)
        case StoreUnconfirmed():
            return unavailable(Said(sentences.STORE_UNCONFIRMED), slug="store-unconfirmed", retry_after=5)
        case MirrorBehind():
            return unavailable(Said(sentences.MIRROR_BEHIND), slug="mirror-behind", retry_after=5)
        case StoreUnavailable():
            return unavailable(Said(sentences.DATABASE_AWAY))
        case HTTPException():
            return _of_http(error)
    if is_outage(error):
        return unavailable(Said(sentences.DATABASE_AWAY))
    return None


def _faults(error: Rejected | Forbidden) -> Sequence[Fault]:
    """The field that is at fault, where it is one."""
    return [Fault({"pointer": pointer([error.at])}, error.slug, error)] if error.at else []


def unavailable(detail: Told, *, slug: str = "unavailable", retry_after: int = RETRY_AFTER) -> Problem:
    """Something the service needs is away; the client is told when to try again."""
    return Problem(slug, detail, headers={"Retry-After": str(retry_after)})


def invalid(faults: Iterable[Fault]) -> Problem:
    """The request does not have the form it needs."""
    listed = tuple(faults)
    return Problem("invalid", Faults(listed), faults=listed)


def invalid_parameter(name: str, said: Said) -> Problem:
    """A parameter of the query does not have the form it needs."""
    return invalid([parameter_fault(name, said)])


def parameter_fault(name: str, said: Said) -> Fault:
    """What is wrong with a parameter of the query."""
    return Fault({"parameter": name}, "invalid_parameter", said)


def wrong_method(methods: Collection[str]) -> Problem:
    """The path has other methods; where it has GET, it has HEAD."""
    allowed = sorted({*methods, *(("HEAD",) if "GET" in methods else ())})
    return Problem(
        "method-not-allowed", Said(sentences.OTHER_METHODS, methods=allowed), headers={"Allow": ", ".join(allowed)}
    )


def _of_http(error: HTTPException) -> Problem:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return wrong_method(error.headers["Allow"].split(", "))
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # So FastAPI answers to a body that is no text.
        return invalid([fault_of({"loc": (), "type": "json_invalid"})])
    slug = _OF_STATUS.get(error.status_code) or HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    if slug == "not-found":
        said = Said(sentences.NOTHING_HERE)
    elif slug in KINDS:
        said = Said(KINDS[slug].advice)
    else:
        said = Said(sentences.OTHER_STATUS, status=error.status_code)
    return Problem(slug, said, headers=error.headers or {}, status=error.status_code)
