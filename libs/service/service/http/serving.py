"""How HTTP is served: one way for every service, alone or behind `make up`'s one port.

Told to end, a process says so in `/ready`, and serves on for `drain_seconds`, until whoever routes by that sends it
nothing any more. Each answer then ends its connection, and says so; none ends that a request may be on its way on. At
last it listens no more, and requests under way have `grace_seconds` to end.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import FrameType
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp

from service.http.connection import Connection
from service.metrics.serving import Connections, Metrics, served
from service.running.garbage import look_seldom
from service.running.runtime import Runtime
from service.running.settings import Settings

_TICK: Final = 0.1
"""Seconds between two of uvicorn's ticks."""
_TICKS: Final = 3
"""How many of them are between two looks at the connections."""
_CLOSE: Final = (b"connection", b"close")

log = logging.getLogger(__name__)


class Config(uvicorn.Config):
    """uvicorn as a service needs it."""

    def __init__(self, application: ASGIApp, settings: Settings) -> None:
        super().__init__(
            application,
            http=Connection,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            # Nothing here depends on the client's address or scheme.
            proxy_headers=False,
            timeout_keep_alive=settings.idle_timeout,
            timeout_graceful_shutdown=settings.grace_seconds,
        )
        self.settings = settings


class _Server(uvicorn.Server):
    """uvicorn's server, which also looks after the time that clients take, and ends in steps."""

    def __init__(self, config: Config, listener: socket.socket) -> None:
        super().__init__(config)
        self._settings = config.settings
        self._make = partial(Connection, config, self.server_state)
        self._listener = listener
        self._told_to_end = False
        self._exits_at: float | None = None
        """When it listens no more, by the loop's clock."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """A signal asks it to end: in order, or at once where one did before."""
        self._captured_signals.append(sig)
        if self._told_to_end:
            self.should_exit = self.force_exit = True
        self._told_to_end = True

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        now = asyncio.get_running_loop().time()
        if counter % _TICKS == 0:
            self._sweep(now)
        if self._told_to_end and self._exits_at is None:
            self._exits_at = now + self._settings.drain_seconds
            self._begin_to_end()
        if self._exits_at is not None and now >= self._exits_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what is left, looking after the time of those who still have some."""
        if self._settings.drain_seconds:
            await self._accept_who_waits()
        sweeping = asyncio.create_task(self._sweep_on(), name="sweep")
        try:
            await super().shutdown(sockets)
        finally:
            sweeping.cancel()

    def _begin_to_end(self) -> None:
        self.lifespan.state["ending"] = True
        # Of requests that come from now on, in every tick's headers and in those of this one.
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        for connection in self._connections():
            connection.end_with_answer()

    async def _accept_who_waits(self) -> None:
        """Takes the connections that were made already: they would be cut off with the requests on them."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = self._listener.accept()
            except BlockingIOError:
                return
            accepted.setblocking(False)  # noqa: FBT003  # The name of the parameter cannot be given.
            await loop.connect_accepted_socket(partial(self._make, self.lifespan.state), accepted)

    async def _sweep_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._sweep(loop.time())
            await asyncio.sleep(_TICK * _TICKS)

    def _sweep(self, now: float) -> None:
        for connection in self._connections():
            connection.sweep(now)

    def _connections(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]


def is_ending(request: Request) -> bool:
    """Whether the process that answers was told to end."""
    return getattr(request.state, "ending", False)


async def serve(
    name: str,
    application: ASGIApp,
    settings: Settings,
    *,
    usable: asyncio.Task[None] | None = None,
    told: Sequence[Runtime] = (),
) -> int:
    """Serves until told to end, and gives the exit status.

    Metrics are told of the running services that are given, on a port of their own where one is set.

    `usable` is done when a database that was away at the start may be used, and raises where it may not.
    """
    listener = _listening(settings.host, settings.port)
    if listener is None:
        return 1
    server = _Server(Config(application, settings), listener)
    async with AsyncExitStack() as stack:
        stack.enter_context(listener)
        log.info("%s listens on port %d", name, listener.getsockname()[1])
        if settings.metrics_port is not None:
            beside = _listening(settings.host, settings.metrics_port)
            if beside is None:
                return 1
            stack.enter_context(beside)
            connections = Connections(name, settings.max_connections, lambda: len(server.server_state.connections))
            await stack.enter_async_context(served(Metrics(told, connections), beside))
            log.info("%s tells metrics on port %d", name, beside.getsockname()[1])
        if usable is not None:
            usable.add_done_callback(partial(_stop_unless_usable, server))
        look_seldom()
        await server.serve(sockets=[listener])
    if usable is not None and usable.done() and not usable.cancelled():
        usable.result()
    return 0 if server.started else 1


def _listening(host: str, port: int) -> socket.socket | None:
    """A socket that listens; None where it cannot, which is said."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        print(f"Cannot listen on {host}:{port}: {error.strerror}.", file=sys.stderr)
        return None


def _stop_unless_usable(server: uvicorn.Server, usable: asyncio.Task[None]) -> None:
    server.should_exit = server.should_exit or usable.cancelled() or usable.exception() is not None
