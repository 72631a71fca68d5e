"""One client's connection: HTTP/1.1 as uvicorn reads it, with bounds of its own, and whole requests or none.

What cannot be read becomes a request that the application refuses (`scope["refused"]`), so that it is answered like
every other failure: in its turn, as a problem, with what browsers need. The connection ends with that answer.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.http.exchange import Refused
from service.http.sentences import (
    HEADERS_LATE,
    HEADERS_TOO_LARGE,
    NO_PROXY,
    NOT_HTTP,
    TARGET_MALFORMED,
    TARGET_TOO_LONG,
    TOO_MANY_CONNECTIONS,
    Said,
)

if TYPE_CHECKING:
    from service.http.serving import Config

CATCH_UP: Final = 0.1
"""Seconds in which a process that stood still reads what was sent to it meanwhile."""
_SEPARATORS: Final = 4
"""Bytes around each header: a colon, a space, CR and LF."""


class Connection(HttpToolsProtocol):
    """Reads requests, and hands each to the application with all that was sent of it."""

    def __init__(
        self,
        config: "Config",
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings = config.settings
        self._unheeded = 0
        """Bytes that came since the parser last told of a head or of a part of a body: it may be keeping them."""
        self._refused = False
        self._deadline: float | None = None
        """When the head that is awaited must be there."""
        self._running: RequestResponseCycle | None = None
        """The request that is answered or was last: others may wait for their turn."""
        self._unread_since: float | None = None
        """Since when the client has not taken what was written for it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Gives the client its time for a head, or sends it away where there are too many."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > self._settings.max_connections:
            self._refuse(Refused("unavailable", Said(TOO_MANY_CONNECTIONS), headers={"Retry-After": "1"}))
            # Of these there may be any number, so none is kept until it has read that.
            self.cycle.transport = self.transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for an answer any more."""
        self._abandon()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on; what follows a refusal is thrown away until the client has read it, or its time is up."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._unheeded += len(data)
        try:
            self._read(data)
        except httptools.HttpParserError as error:
            self._refuse(_reason(error))
            return
        if self._unheeded > self._settings.max_header_bytes:
            self._refuse(self._too_large())
        elif self._deadline is None and not self._busy():
            self._await_head()

    def on_headers_complete(self) -> None:
        """Begins the request, unless it asks for another protocol: it will be read again without that."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise Refused("malformed-request", Said(NO_PROXY))
            return
        size = len(self.url)
        if size > self._settings.max_target_bytes:
            raise self._too_large()
        for name, value in self.headers:
            size += len(name) + len(value) + _SEPARATORS
        if size > self._settings.max_header_bytes:
            raise self._too_large()
        self._unheeded = 0
        self._deadline = None
        super().on_headers_complete()
        # Trailers are told like headers. Nobody reads these: or a request would depend on how it was cut on the way.
        self.headers = []
        if self.expect_100_continue:
            # Answered before it was told to continue, a client may leave the body out: the next bytes are in doubt.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        self._unheeded = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request, unless it will be read again."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def end_with_answer(self) -> None:
        """Ends the connection with the answer that is awaited, unless that has begun without saying so."""
        if self._busy() and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Called when the process listens no more.

        A request may be on its way on a connection that is idle, and lost if that is closed. So where there was time to
        drain it ends with its next answer, or when its time is up. Where there was none nobody routes by readiness.
        """
        if self._settings.drain_seconds:
            self.end_with_answer()
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Called when the connection has been idle for long enough, and ends it, unless a request has come in time.

        A process that stood still, or had no processor, looks at the time before it reads: closed at once, the
        connection would take a request with it that nobody is told of.
        """
        self.timeout_keep_alive_task = self.loop.call_later(CATCH_UP, super().timeout_keep_alive_handler)

    def sweep(self, now: float) -> None:
        """Ends the connection where the client has had its time; called every now and then."""
        if self.transport.is_closing() or self.flow.write_paused:
            if self._unread_since is None:
                self._unread_since = now
            elif now - self._unread_since > self._settings.request_timeout:
                self._abandon()
                self.transport.abort()
            return
        self._unread_since = None
        if self._deadline is not None and now > self._deadline:
            self._deadline = None
            if self._in_head():
                self._refuse(Refused("request-timeout", Said(HEADERS_LATE)))
            else:
                self.transport.close()

    def _read(self, data: bytes | memoryview) -> None:
        """Feeds the parser, which ends a request with its head where that asks for another protocol.

        A server may ignore such a wish (RFC 9110, 7.8), and the body is there all the same: so the head is read again
        without it.
        """
        while (taken := self._feed(data)) is not None:
            data = memoryview(data)[taken:]
            self._feed(self._head_without_upgrade())

    def _feed(self, data: bytes | memoryview) -> int | None:
        """How much the parser took where it left off, as it does after a head that asks for another protocol."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return int(upgrade.args[0])
        return None

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"\r\n"])

    def _await_head(self) -> None:
        self._deadline = self.loop.time() + self._settings.header_timeout

    def _busy(self) -> bool:
        """Whether a request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _in_head(self) -> bool:
        """Whether a head has begun that has not ended."""
        scope: Scope | None = cast("Scope | None", self.scope)
        return scope is not None and "method" not in scope

    def _too_large(self) -> Refused:
        target, head = self._settings.max_target_bytes, self._settings.max_header_bytes
        if self._in_head() and len(self.url) > target:
            return Refused("target-too-long", Said(TARGET_TOO_LONG, limit=target))
        return Refused("headers-too-large", Said(HEADERS_TOO_LARGE, limit=head))

    def _ending(self) -> asyncio.Transport:
        return cast(asyncio.Transport, _Ending(self.transport))

    def _abandon(self) -> None:
        """Lets go of the request that is being answered; uvicorn would only see to the one that was read last."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _refuse(self, refused: Refused) -> None:
        """Has the application answer that the request cannot be read; nothing more is read from this client."""
        self._refused = True
        self._deadline = None
        before: RequestResponseCycle | None = self.cycle
        if before is not None and before.scope is self.scope:
            # No other head has begun since.
            if before.response_complete:
                self.transport.close()
                return
            if before.more_body:
                cast(Scope, before.scope)["refused"] = refused
                before.transport = self._ending()
                before.keep_alive = False
                before.more_body = False
                before.message_event.set()
                return
        if cast("Scope | None", self.scope) is None or (before is not None and before.scope is self.scope):
            self.on_message_begin()
        scope = cast(Scope, self.scope)
        scope.update(method="GET", path="/", raw_path=b"/", query_string=b"", refused=refused)
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self._ending(),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))


class _Ending:
    """A transport that is closed for writing only.

    Closed at once, with bytes on their way, it would tell the client of that instead of the answer. It ends when the
    client does, or when the connection has been idle for too long.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = transport.write_eof


def _reason(error: httptools.HttpParserError) -> Refused:
    """Why a request cannot be read: what a callback raised, or what the parser met."""
    match error.__context__:
        case Refused() as refused:
            return refused
        case None:
            return Refused("malformed-request", Said(NOT_HTTP, reason=str(error)))
    return Refused("malformed-request", Said(TARGET_MALFORMED))
