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
from dataclasses import dataclass, field
from typing import Final, Literal

from devstack.ports import free_port

CHUNK: Final = 65_536
_RESETS: Final = struct.pack("ii", 1, 0)
"""Of SO_LINGER: closing resets the connection, and what was not sent is dropped."""


_Deed = Literal["halve", "hold", "hold all", "silence"]


@dataclass
class _Meeting:
    """What is done to the connection on which something chosen comes to the server."""

    chosen: Callable[[bytes], bool]
    does: _Deed
    met: threading.Event = field(default_factory=threading.Event)
    over: bool = False


@dataclass
class _Line:
    """A connection that is forwarded."""

    silenced: bool = False


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
        self.lost = 0
        """How many of them were cut because of `losses`."""
        self._meetings: list[_Meeting] = []
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

    def forward(self) -> None:
        """Forwards at once, what was kept back too."""
        self.to_server = self.to_client = True
        self.delay = self.losses = 0.0
        for meeting in self._meetings:
            meeting.over = True
        self._meetings = []
        self._loop.call_soon_threadsafe(self._changed.set)

    def cut(self) -> None:
        """Resets every connection; what was kept back is lost."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._cut, done)
        done.wait()

    def halve(self, chosen: Callable[[bytes], bool]) -> threading.Event:
        """Of the next chunk to the server that is chosen forwards a half, and nothing more on its connection.

        Returns what tells that it has, as the next three do.
        """
        return self._meet(chosen, "halve")

    def hold_back(self, chosen: Callable[[bytes], bool]) -> threading.Event:
        """Keeps back the next chunk to the server that is chosen, and what follows it on its connection."""
        return self._meet(chosen, "hold")

    def hold_all(self, chosen: Callable[[bytes], bool]) -> threading.Event:
        """Keeps back all that comes to the server, from the next chunk that is chosen on."""
        return self._meet(chosen, "hold all")

    def silence(self, chosen: Callable[[bytes], bool]) -> threading.Event:
        """Forwards the next chunk to the server that is chosen, and of what this answers nothing more."""
        return self._meet(chosen, "silence")

    def _meet(self, chosen: Callable[[bytes], bool], does: _Deed) -> threading.Event:
        meeting = _Meeting(chosen, does)
        self._meetings = [*self._meetings, meeting]
        return meeting.met

    def _run(self, begun: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._changed = asyncio.Event()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512)
        )
        self._loop.call_soon(begun.set)
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Sockets are closed in the loop's next turns.
        await asyncio.sleep(0.05)

    def _cut(self, done: threading.Event) -> None:
        for writer in self._writers:
            _reset(writer)
        self._writers.clear()
        self._changed.set()
        done.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        both, line = {writer}, _Line()
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._target())
            both.add(to_server[1])
            self._writers |= both
            there = asyncio.create_task(self._pass_on(reader, to_server[1], line, towards_server=True))
            back = asyncio.create_task(self._pass_on(to_server[0], writer, line, towards_server=False))
            # Each side may say that it has no more to say, and listen.
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        except OSError:
            _reset(writer)
        finally:
            self._writers -= both
            for each in both:
                with contextlib.suppress(OSError):
                    each.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line, *, towards_server: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.chance.uniform(0, self.delay))
                if self.losses and self.chance.random() < self.losses:
                    self.lost += 1
                    _reset(writer)
                    return
                while not (self.to_server if towards_server else self.to_client):
                    await self._change()
                if not towards_server and line.silenced:
                    continue
                meeting = self._next_meeting(chunk) if towards_server else None
                if meeting is not None and meeting.does == "halve":
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    meeting.met.set()
                    while await reader.read(CHUNK):
                        pass
                    return
                if meeting is not None:
                    line.silenced = meeting.does == "silence"
                    self.to_server &= meeting.does != "hold all"
                    meeting.met.set()
                while towards_server and not self.to_server:
                    await self._change()
                while meeting is not None and meeting.does == "hold" and not meeting.over:
                    await self._change()
                writer.write(chunk)
                await writer.drain()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _next_meeting(self, chunk: bytes) -> _Meeting | None:
        """The first that waits for this chunk. It waits for no other."""
        return next((each for each in self._meetings if not each.met.is_set() and each.chosen(chunk)), None)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
    writer.transport.abort()
