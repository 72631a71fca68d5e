"""A way to a server that can be held, slowed down and cut: what lies between a service and its servers.

Bytes go through a thread of its own, whatever the test is at.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from devstack.ports import free_port

CHUNK: Final = 65_536
_RESETS: Final = struct.pack("ii", 1, 0)
"""Of SO_LINGER: closing resets the connection, and what was not sent is dropped."""


class Proxy:
    """Forwards connections from `port` to a server's, as it is told.

    Without being told it forwards at once. `chance` decides what is left to it.
    """

    def __init__(self, target: Callable[[], int]) -> None:
        self.port = free_port()
        self._target = target
        self.to_server = True
        """Whether what clients send is forwarded. What is not is kept, and forwarded later."""
        self.to_client = True
        """Whether what the server answers is."""
        self.delay = 0.0
        """Seconds that a chunk is late, at most."""
        self.losses = 0.0
        """How likely it is that a connection is cut when a chunk comes."""
        self.chance = random.Random(0)
        self.connected = 0
        """How many connections were opened so far."""
        self._halving: Callable[[bytes], bool] | None = None
        self._halved = threading.Event()
        self._holding: Callable[[bytes], bool] | None = None
        self._held = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._changed: asyncio.Event
        self._server: asyncio.Server

    @contextmanager
    def open(self) -> Iterator["Proxy"]:
        """Forwards as long as the block lasts."""
        begun = threading.Event()
        thread = threading.Thread(target=self._run, args=[begun], name=f"proxy {self.port}", daemon=True)
        thread.start()
        begun.wait()
        try:
            yield self
        finally:
            self.cut()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def hold(self, *, to_server: bool = True, to_client: bool = True) -> None:
        """Keeps back what comes in these directions. Nobody is told: connections stay open."""
        self.to_server, self.to_client = not to_server, not to_client

    def hold_at(self, chosen: Callable[[bytes], bool]) -> threading.Event:
        """Keeps back what comes to the server from the next chunk that is chosen on. Returns what tells so."""
        self._held = threading.Event()
        self._holding = chosen
        return self._held

    def forward(self) -> None:
        """Forwards at once, what was kept back too."""
        self.to_server = self.to_client = True
        self.delay = self.losses = 0.0
        self._halving = self._holding = None
        self._loop.call_soon_threadsafe(self._changed.set)

    def cut(self) -> None:
        """Resets every connection; what was kept back is lost."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._cut, done)
        done.wait()

    def halve(self, chosen: Callable[[bytes], bool]) -> threading.Event:
        """Of the next chunk to the server that is chosen forwards a half, and nothing more on its connection.

        Returns what tells that it has.
        """
        self._halved = threading.Event()
        self._halving = chosen
        return self._halved

    def _run(self, begun: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._changed = asyncio.Event()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512)
        )
        self._loop.call_soon(begun.set)
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(self._loop), return_exceptions=True))
        self._loop.close()

    def _cut(self, done: threading.Event) -> None:
        for writer in self._writers:
            _reset(writer)
        self._writers.clear()
        self._changed.set()
        done.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._target())
        except OSError:
            _reset(writer)
            return
        both = {writer, to_server[1]}
        self._writers |= both
        try:
            there = asyncio.create_task(self._pass_on(reader, to_server[1], towards_server=True))
            back = asyncio.create_task(self._pass_on(to_server[0], writer, towards_server=False))
            # Each side may say that it has no more to say, and listen.
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        finally:
            self._writers -= both
            for each in both:
                with contextlib.suppress(OSError):
                    each.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, towards_server: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.chance.uniform(0, self.delay))
                if self.losses and self.chance.random() < self.losses:
                    _reset(writer)
                    return
                if towards_server and self._holding is not None and self._holding(chunk):
                    self._holding = None
                    self.to_server = False
                    self._held.set()
                while not (self.to_server if towards_server else self.to_client):
                    self._changed.clear()
                    await self._changed.wait()
                if towards_server and self._halving is not None and self._halving(chunk):
                    self._halving = None
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    self._halved.set()
                    await asyncio.Event().wait()
                writer.write(chunk)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
    writer.transport.abort()
