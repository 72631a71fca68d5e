"""Every request watched from its first byte to its last: its ids, its span, and its line in the log."""

import logging
from contextlib import ExitStack
from time import perf_counter
from types import TracebackType
from typing import Final

from opentelemetry.trace import Span, SpanKind, StatusCode

from eventstore import tracing
from service.http.exchange import Exchange

NO_PATH: Final = "a path that is none"
"""Stands for the route of what is asked at none."""
_FAULT: Final = 500

log = logging.getLogger("service.requests")
# Asked for by a setting of its own, whatever the level of the others.
log.setLevel(logging.INFO)


class Watched:
    """A block in which a request is answered. Each command passes here, so there is nothing but what is wanted."""

    __slots__ = ("_begun", "_exchange", "_logs", "_span", "_stack")

    def __init__(self, exchange: Exchange, *, logs: bool) -> None:
        """With `logs`, the request has a line in the log."""
        self._exchange = exchange
        self._logs = logs
        self._begun = perf_counter()
        self._stack: ExitStack | None = None
        self._span: Span | None = None

    def __enter__(self) -> None:
        about, method = self._exchange.about, self._exchange.method
        if not tracing.is_on():
            tracing.enter(about)
            return
        said = {"http.request.method": method, "url.scheme": self._exchange.scope.get("scheme", "http")}
        self._stack = ExitStack()
        self._stack.enter_context(tracing.following(about))
        self._span = self._stack.enter_context(tracing.span(method, said, kind=SpanKind.SERVER))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._logs:
            self._tell()
        if self._stack is None:
            tracing.leave()
            return
        if self._span is not None:
            self._describe(self._span)
        self._stack.__exit__(kind, error, trace)

    def _describe(self, span: Span) -> None:
        route, status = self._exchange.route(), self._exchange.status
        if route is not None:
            span.update_name(f"{self._exchange.method} {route}")
            span.set_attribute("http.route", route)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            if status >= _FAULT:
                span.set_attribute("error.type", str(status))
                span.set_status(StatusCode.ERROR)

    def _tell(self) -> None:
        exchange = self._exchange
        fields = {
            "method": exchange.method,
            "route": exchange.route(),
            "status": exchange.status,
            "duration_ms": round(1000 * (perf_counter() - self._begun), 1),
            "bytes": exchange.sent,
            "client": exchange.about.client,
        }
        log.info(
            "%s %s: %s in %.1f ms, %d bytes, %s",
            exchange.method,
            fields["route"] or NO_PATH,
            exchange.status or "not answered",
            fields["duration_ms"],
            exchange.sent,
            f"client {exchange.about.client}" if exchange.about.client else "no client",
            extra={"fields": fields},
        )
