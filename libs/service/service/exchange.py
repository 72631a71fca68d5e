"""One HTTP request and its answer, as plain ASGI messages: no framework object is made on the way of a command."""

from collections.abc import Iterable, Mapping

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

Headers = Iterable[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")


NOT_MODIFIED = 304


class Disconnected(Exception):
    """The client went away before its request was complete: nobody waits for an answer."""


class BodyTooLarge(HTTPException):
    """The body is larger than the limit, in bytes. FastAPI lets only its own kind of exceptions pass where it reads."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit} bytes")
        self.limit = limit


class Exchange:
    """A request, and whether its answer has begun."""

    __slots__ = (
        "_limit",
        "_receive",
        "_received",
        "_send",
        "answered",
        "complete",
        "headers",
        "method",
        "root_path",
        "scope",
        "waits_for_body",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.root_path: str = scope["root_path"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.answered = False
        self.complete = False
        """Whether the whole body has been read."""
        self.waits_for_body = False
        self._limit = limit
        self._received = 0
        self._receive = receive
        self._send = send

    def header(self, name: bytes) -> str | None:
        """A header's value, without the white space around it."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()

    async def body(self) -> bytes:
        """The whole body. Raises BodyTooLarge as soon as it is, and Disconnected."""
        message = await self.receive()
        body: bytes = message.get("body", b"")
        if self.complete:
            return body
        chunks = [body]
        while not self.complete:
            if message["type"] != "http.request":
                raise Disconnected
            message = await self.receive()
            chunks.append(message.get("body", b""))
        return b"".join(chunks)

    async def receive(self) -> Message:
        """The next message from the client. Raises BodyTooLarge as soon as the body is."""
        if not self._received:
            announced = self.headers.get(b"content-length", b"")
            if announced.isdigit() and int(announced) > self._limit:
                raise BodyTooLarge(self._limit)
        self.waits_for_body = not self.complete
        message = await self._receive()
        self.waits_for_body = False
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise BodyTooLarge(self._limit)
            self.complete = not message.get("more_body", False)
        return message

    async def answer(self, status: int, body: bytes, headers: Headers = (JSON,)) -> None:
        """Sends the whole answer."""
        self.answered = True
        if status != NOT_MODIFIED:
            headers = [*headers, (b"content-length", str(len(body)).encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def send(self, message: Message) -> None:
        """A message to the client, from applications that answer for themselves."""
        self.answered = True
        await self._send(message)
