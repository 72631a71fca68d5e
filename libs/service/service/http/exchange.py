"""One HTTP request and its answer, as plain ASGI messages: no framework object is made on the way of a command."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from random import getrandbits
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from eventstore.tracing import About, as_id
from service.http.kinds import KINDS
from service.http.sentences import BODY_INCOMPLETE, BODY_TOO_LARGE, Said

Headers = Iterable[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")


NOT_MODIFIED = 304

_REQUEST_ID: Final = b"x-request-id"
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def _nowhere() -> None:
    return None


class Disconnected(Exception):
    """The client went away before its request was complete: nobody waits for an answer."""


class BodyTooLarge(HTTPException):
    """The body is larger than the limit, in bytes. FastAPI lets only its own kind of exceptions pass where it reads."""

    def __init__(self, limit: int) -> None:
        self.said = Said(BODY_TOO_LARGE, limit=limit)
        super().__init__(413, self.said.told("en"))
        self.limit = limit


class Refused(HTTPException):
    """The request cannot be read to its end, so the connection ends with the answer; the slug is one of `KINDS`."""

    def __init__(self, slug: str, said: Said, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(KINDS[slug].status, said.told("en"), {"Connection": "close", **(headers or {})})
        self.slug = slug
        self.said = said


class Exchange:
    """A request, and whether its answer has begun."""

    __slots__ = (
        "_announced",
        "_limit",
        "_receive",
        "_received",
        "_send",
        "about",
        "answered",
        "complete",
        "headers",
        "method",
        "root_path",
        "route",
        "scope",
        "sent",
        "status",
        "waits_for_body",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.root_path: str = scope["root_path"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.about = _about(self.headers)
        self.status: int | None = None
        """What it was answered."""
        self.sent = 0
        """Bytes of the answer's body."""
        self.answered = False
        self.complete = False
        """Whether the whole body has been read."""
        self.waits_for_body = False
        self.route: Callable[[], str | None] = _nowhere
        """Tells its path, what was sent in it left out; None where there is none such."""
        self._limit = limit
        self._announced = -1
        self._received = 0
        self._receive = receive
        self._send = send

    def header(self, name: bytes) -> str | None:
        """A header's value, without the white space around it."""
        return _text(self.headers.get(name))

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

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises BodyTooLarge as soon as it is, and Disconnected."""
        while not self.complete:
            message = await self.receive()
            if message["type"] != "http.request":
                raise Disconnected
            yield message.get("body", b"")

    async def receive(self) -> Message:
        """The next message from the client. Raises BodyTooLarge as soon as the body is, and Refused."""
        if not self._received:
            announced = self.headers.get(b"content-length", b"").lstrip(b"0")
            if announced.isdigit():
                self._announced = int(announced)
                if self._announced > self._limit:
                    raise BodyTooLarge(self._limit)
        self.waits_for_body = not self.complete
        message = await self._receive()
        self.waits_for_body = False
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise BodyTooLarge(self._limit)
            self.complete = not message.get("more_body", False)
            if self.complete:
                self._check_all_is_there()
        return message

    def _check_all_is_there(self) -> None:
        """Whatever a server makes of a request: nothing is decided on less than was announced. Raises Refused."""
        refused: Refused | None = self.scope.get("refused")
        if refused is not None:
            raise refused
        if self._announced not in (-1, self._received):
            said = Said(BODY_INCOMPLETE, received=self._received, announced=self._announced)
            raise Refused("malformed-request", said)

    async def answer(self, status: int, body: bytes, headers: Headers = (JSON,)) -> None:
        """Sends the whole answer."""
        self.answered = True
        self.status, self.sent = status, len(body)
        headers = [*headers, self._request_id]
        if status != NOT_MODIFIED:
            headers.append((b"content-length", str(len(body)).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def send(self, message: Message) -> None:
        """A message to the client, from applications that answer for themselves."""
        self.answered = True
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._request_id]
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)

    @property
    def _request_id(self) -> tuple[bytes, bytes]:
        return _REQUEST_ID, (self.about.request_id or "").encode()


def _about(given: Mapping[bytes, bytes]) -> About:
    """What a request belongs to, as its headers say."""
    request_id = as_id(_text(given.get(_REQUEST_ID))) or f"{getrandbits(128):032x}"
    return About(request_id, as_id(_text(given.get(b"x-correlation-id"))), None, _trace_of(given))


def _trace_of(given: Mapping[bytes, bytes]) -> str | None:
    """The caller's trace; None where it is malformed, as W3C Trace Context asks."""
    value = _text(given.get(b"traceparent"))
    return value if value is not None and _TRACEPARENT.fullmatch(value) else None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1").strip()
