"""How HTTP is served: one way for every service, alone or behind `make up`'s one port."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from service.http.connection import Connection
from service.metrics.serving import Connections, Metrics, served
from service.running.runtime import Runtime
from service.running.settings import Settings

_TICKS: Final = 3
"""How many of uvicorn's ticks, ten a second, are between two looks at the connections."""

log = logging.getLogger(__name__)


class Config(uvicorn.Config):
    """uvicorn as a service needs it."""

    def __init__(self, application: ASGIApp, settings: Settings, *, grace: int) -> None:
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
            timeout_graceful_shutdown=grace,
        )
        self.settings = settings


class _Server(uvicorn.Server):
    """uvicorn's server, which also looks after the time that clients take."""

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.sweep(now)
        return await super().on_tick(counter)


async def serve(
    name: str,
    application: ASGIApp,
    settings: Settings,
    *,
    grace: int,
    usable: asyncio.Task[None] | None = None,
    told: Sequence[Runtime] = (),
) -> int:
    """Serves until told to stop, and gives the exit status. Requests under way then have `grace` seconds to end.

    Metrics are told of the running services that are given, on a port of their own where one is set.

    `usable` is done when a database that was away at the start may be used, and raises where it may not.
    """
    listener = _listening(settings.host, settings.port)
    if listener is None:
        return 1
    server = _Server(Config(application, settings, grace=grace))
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
        # What is there by now stays. Looking whether it is still used, again and again, costs a tenth of all commands.
        gc.collect()
        gc.freeze()
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
