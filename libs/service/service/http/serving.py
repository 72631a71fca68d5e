"""How HTTP is served: one way for every service, alone or behind `make up`'s one port."""

import asyncio
import gc
import logging
import socket
import sys
from functools import partial
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from service.http.connection import Connection
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
    name: str, application: ASGIApp, settings: Settings, *, grace: int, usable: asyncio.Task[None] | None = None
) -> int:
    """Serves until told to stop, and gives the exit status. Requests under way then have `grace` seconds to end.

    `usable` is done when a database that was away at the start may be used, and raises where it may not.
    """
    try:
        listener = socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
            backlog=2048,
        )
    except OSError as error:
        print(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.", file=sys.stderr)
        return 1
    server = _Server(Config(application, settings, grace=grace))
    with listener:
        log.info("%s listens on port %d", name, listener.getsockname()[1])
        if usable is not None:
            usable.add_done_callback(partial(_stop_unless_usable, server))
        # What is there by now stays. Looking whether it is still used, again and again, costs a tenth of all commands.
        gc.collect()
        gc.freeze()
        await server.serve(sockets=[listener])
    if usable is not None and usable.done() and not usable.cancelled():
        usable.result()
    return 0 if server.started else 1


def _stop_unless_usable(server: uvicorn.Server, usable: asyncio.Task[None]) -> None:
    server.should_exit = server.should_exit or usable.cancelled() or usable.exception() is not None
