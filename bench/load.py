"""A lean client of HTTP: connections that stay open, and send requests made beforehand as soon as they may."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Final, cast

from bench.runner import WARM_UP, WINDOW

Requests = Callable[[], bytes]
"""Gives the next request of a connection."""

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "
_SUCCESS: Final = b"2"
"""What the status begins with of an answer to what was done."""


class UnexpectedAnswer(Exception):
    """The server did not do what was asked; the message is its answer."""


class Connection(asyncio.Protocol):
    """A connection, which sends its next request when the last one was answered."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._received = b""
        self.answered = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ending = False
        self._transport: asyncio.Transport

    def end(self) -> None:
        """Lets the request under way be the last."""
        self._ending = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._requests())

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head = received.find(_END)
        if head < 0:
            self._received = received
            return
        begin = received.find(_LENGTH, 0, head) + len(_LENGTH)
        length = int(received[begin : received.find(b"\r", begin)])
        if len(received) < head + len(_END) + length:
            self._received = received
            return
        self._received = b""
        if received[9:10] != _SUCCESS:
            self.closed.set_exception(UnexpectedAnswer(received.decode()))
            self._transport.close()
            return
        self.answered += 1
        if self._ending:
            self._transport.close()
        else:
            self._transport.write(self._requests())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            if self._ending:
                self.closed.set_result(None)
            else:
                self.closed.set_exception(error or UnexpectedAnswer("the connection was closed"))


async def load(port: int, connections: list[Requests]) -> tuple[float, int]:
    """Answers a second while so many connections send, and how many answers there were in all."""
    loop = asyncio.get_running_loop()
    opened = []
    for requests in connections:
        _, connection = await loop.create_connection(partial(Connection, requests), "127.0.0.1", port)
        opened.append(connection)
    await asyncio.sleep(WARM_UP)
    before, begun = sum(connection.answered for connection in opened), perf_counter()
    await asyncio.sleep(WINDOW)
    rate = (sum(connection.answered for connection in opened) - before) / (perf_counter() - begun)
    for connection in opened:
        connection.end()
    await asyncio.gather(*(connection.closed for connection in opened))
    return rate, sum(connection.answered for connection in opened)


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST of JSON."""
    head = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def reading(path: str, headers: dict[str, str]) -> bytes:
    """The bytes of a GET."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {"host": "localhost", **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Callers:
    """Connections that stay open, for requests that are sent when it is time."""

    def __init__(self) -> None:
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int, count: int) -> "AsyncIterator[Callers]":
        """So many connections to a server."""
        callers = cls()
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
        for stream in streams:
            callers._free.put_nowait(stream)
        try:
            yield callers
        finally:
            for _, writer in streams:
                writer.close()

    async def call(self, sent: bytes) -> bytes:
        """Sends a request and returns the body of its answer. Raises UnexpectedAnswer."""
        reader, writer = await self._free.get()
        writer.write(sent)
        head = await reader.readuntil(_END)
        begin = head.find(_LENGTH) + len(_LENGTH)
        body = await reader.readexactly(int(head[begin : head.find(b"\r", begin)]))
        self._free.put_nowait((reader, writer))
        if head[9:10] != _SUCCESS:
            raise UnexpectedAnswer((head + body).decode())
        return body
