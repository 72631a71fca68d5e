"""Every request watched from its first byte to its last: its id, its span, and its line in the log."""

import logging
from secrets import token_hex
from time import perf_counter
from typing import Final

from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eventstore import tracing
from eventstore.tracing import About, as_id
from service.http import headers
from service.http.exchange import Exchange

_FAULT: Final = 500

log = logging.getLogger("service.requests")
# Asked for by a setting of its own, whatever the level of the others.
log.setLevel(logging.INFO)


class Watched:
    """An application whose requests have an id, which is the caller's where that is one, and is told in the answer."""

    def __init__(self, application: ASGIApp, *, logs: bool) -> None:
        """With `logs`, each request has a line in the log."""
        self._application = application
        self._logs = logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        begun = perf_counter()
        given = dict(scope["headers"])
        request_id = as_id(_text(given, b"x-request-id")) or token_hex(16)
        about = About(request_id, as_id(_text(given, b"x-correlation-id")), None, headers.trace_of(given))
        answer = _Answer(send, request_id)
        method: str = scope["method"]
        said = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
        with tracing.following(about), tracing.span(method, said, kind=SpanKind.SERVER) as span:
            try:
                await self._application(scope, receive, answer.send)
            finally:
                exchange: Exchange | None = scope.get("exchange")
                route = exchange.route() if exchange else None
                if span is not None:
                    _describe(span, method, route, answer.status)
                if self._logs:
                    _tell(method, route, answer, about.client, 1000 * (perf_counter() - begun))


class _Answer:
    """What was answered, while it is on its way."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode()
        self.status: int | None = None
        self.sent = 0
        """Bytes of its body."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._request_id)]
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)


def _describe(span: Span, method: str, route: str | None, status: int | None) -> None:
    if route is not None:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    if status is not None:
        span.set_attribute("http.response.status_code", status)
        if status >= _FAULT:
            span.set_attribute("error.type", str(status))
            span.set_status(StatusCode.ERROR)


def _tell(method: str, route: str | None, answer: _Answer, client: str | None, milliseconds: float) -> None:
    fields = {
        "method": method,
        "route": route,
        "status": answer.status,
        "duration_ms": round(milliseconds, 1),
        "bytes": answer.sent,
        "client": client,
    }
    log.info(
        "%s %s: %s in %.1f ms, %d bytes, %s",
        method,
        route or "a path that is none",
        answer.status or "not answered",
        milliseconds,
        answer.sent,
        f"client {client}" if client else "no client",
        extra={"fields": fields},
    )


def _text(given: dict[bytes, bytes], name: bytes) -> str | None:
    value = given.get(name)
    return None if value is None else value.decode("latin-1")
