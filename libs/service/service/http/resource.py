"""A decider over HTTP.

    Resource(investments, path="/v1/investments", filters=("status", "company"))

gives `POST /v1/investments`, one `POST /v1/investments/{id}/<decision>` per decision, `GET` one and a list, and
`GET /v1/investments/{id}/events`.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import to_json

from eventstore.decider import Decider, Decision
from eventstore.execution import Outcome, StreamNotFound, current, execute, revive
from eventstore.postgres.appending import Key
from service import clock
from service.http import headers
from service.http.auth import Caller
from service.http.body import read_command
from service.http.exchange import JSON, Exchange
from service.http.listing import UNFILTERED, Filters, Page, refuse_undeclared
from service.http.problems import Problem, wrong_method
from service.http.representation import ADDED, Representation
from service.http.sentences import IF_MATCH_OF_NOTHING, NOTHING_HERE, Said
from service.running.runtime import Runtime

# What is allowed differs from caller to caller, so no shared cache may keep a representation.
_UNSHARED: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))
_REPLAYED: Final = (b"idempotency-replayed", b"true")


@dataclass(frozen=True)
class Resource:
    """The streams of one decider, served under a path. `filters` are the fields by which they may be listed."""

    decider: Decider[Any]
    path: str
    filters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        state = self.decider.state
        problems = [
            f"{name} is no field of {state.__name__}" for name in self.filters if name not in state.model_fields
        ]
        problems += [
            f"{state.__name__}.{name} hides what every representation has" for name in ADDED & state.model_fields.keys()
        ]
        if not re.fullmatch(r"(/[a-z0-9-]+)+", self.path):
            problems.append("a path is made of lower-case names")
        if len([decision for decision in self._public if decision.creates]) != 1:
            problems.append("one decision creates a stream")
        if "events" in self.verbs:
            problems.append("a decision called events hides the history")
        if problems:
            raise TypeError(f"resource {self.path}: " + "; ".join(problems))

    @cached_property
    def creation(self) -> Decision:
        """The decision that `POST` on the path itself asks for."""
        return next(decision for decision in self._public if decision.creates)

    @cached_property
    def verbs(self) -> dict[str, Decision]:
        """The decisions on one stream, by the last part of their path."""
        return {decision.name: decision for decision in self._public if not decision.creates}

    @property
    def _public(self) -> Sequence[Decision]:
        return [decision for decision in self.decider.decisions.values() if decision.roles]


class Endpoints:
    """What a resource answers to requests under its path."""

    def __init__(self, resource: Resource, runtime: Runtime) -> None:
        self.resource = resource
        self._decider = resource.decider
        self._runtime = runtime
        self._read = f"{runtime.name}:read"
        self._write = f"{runtime.name}:write"
        self._filters = Filters(resource.decider.state, resource.filters)
        self._representation = Representation(resource.decider)

    async def __call__(self, exchange: Exchange, rest: Sequence[str]) -> None:
        """Answers a request; `rest` is what follows the resource's path. Raises what problems.py knows."""
        if rest and not rest[0]:
            raise Problem("not-found", Said(NOTHING_HERE))
        if rest and not rest[0].isprintable():
            raise StreamNotFound(self._decider.category, rest[0])
        match exchange.method, rest:
            case "POST", [identity, verb] if verb in self.resource.verbs:
                await self._decide(exchange, identity, self.resource.verbs[verb])
            case "POST", []:
                await self._create(exchange)
            case (("GET" | "HEAD"), [identity]):
                await self._get(exchange, identity)
            case (("GET" | "HEAD"), []):
                await self._list(exchange)
            case (("GET" | "HEAD"), [identity, "events"]):
                await self._history(exchange, identity)
            case _:
                raise self._mismatch(rest)

    def _mismatch(self, rest: Sequence[str]) -> Exception:
        """Why no endpoint fits: the path has other methods, or is none of ours."""
        match rest:
            case []:
                return wrong_method(("GET", "POST"))
            case [_] | [_, "events"]:
                return wrong_method(("GET",))
            case [_, verb] if verb in self.resource.verbs:
                return wrong_method(("POST",))
        return Problem("not-found", Said(NOTHING_HERE))

    async def _create(self, exchange: Exchange) -> None:
        if b"if-match" in exchange.headers:
            raise Problem("malformed-header", Said(IF_MATCH_OF_NOTHING))
        outcome, representation = await self._execute(exchange, self.resource.creation, None)
        location = f"{exchange.root_path}{self.resource.path}/{quote(outcome.identity, safe='')}"
        await self._answer(exchange, 201, outcome, representation, (b"location", location.encode()))

    async def _decide(self, exchange: Exchange, identity: str, decision: Decision) -> None:
        outcome, representation = await self._execute(exchange, decision, identity)
        await self._answer(exchange, 200, outcome, representation)

    async def _execute(self, exchange: Exchange, decision: Decision, identity: str | None) -> tuple[Outcome[Any], str]:
        runtime = self._runtime
        caller = await runtime.caller(exchange.headers.get(b"authorization"), self._write)
        expected = headers.if_match(exchange)
        named = headers.idempotency_key(exchange)
        body = await exchange.body()
        command = read_command(decision.command, exchange, body)
        key = None
        if named is not None:
            # Neither a client's name nor a key holds a line break, so no two requests make the same key by chance.
            route = self.resource.path if identity is None else f"{self.resource.path}/{identity}/{decision.name}"
            key = Key(f"{caller.actor.client}\n{route}\n{named}", hashlib.sha256(body).digest())
        outcome = await execute(
            runtime.store,
            self._decider,
            command,
            identity=identity,
            actor=caller.actor,
            now=clock.now(),
            expected=expected,
            key=key,
            metadata=_metadata(caller, exchange),
        )
        return outcome, self._representation.write(outcome, caller.actor)

    async def _answer(
        self, exchange: Exchange, status: int, outcome: Outcome[Any], representation: str, *more: tuple[bytes, bytes]
    ) -> None:
        if outcome.replayed:
            more = (*more, _REPLAYED)
        await exchange.answer(
            status, representation.encode(), (JSON, (b"etag", headers.etag(outcome.version).encode()), *more)
        )

    async def _get(self, exchange: Exchange, identity: str) -> None:
        caller = await self._runtime.caller(exchange.headers.get(b"authorization"), self._read)
        if exchange.scope.get("query_string"):
            refuse_undeclared(exchange.scope["query_string"], ())
        found = await current(self._runtime.store, self._decider, identity)
        if found is None:
            raise StreamNotFound(self._decider.category, identity)
        about = (*_UNSHARED, (b"etag", headers.etag(found.version).encode()))
        if not headers.none_match(exchange, found.version):
            await exchange.answer(304, b"", about)
            return
        written = self._representation.write(found, caller.actor)
        await exchange.answer(200, written.encode(), (JSON, *about))

    async def _list(self, exchange: Exchange) -> None:
        caller = await self._runtime.caller(exchange.headers.get(b"authorization"), self._read)
        page = self._filters.page(exchange)
        streams = await self._runtime.store.list_streams(
            self._decider.category, filters=page.filters, after=page.after or "", limit=page.limit + 1
        )
        items = []
        for stream in streams[: page.limit]:
            outcome = await revive(self._runtime.store, self._decider, stream)
            items.append(self._representation.write(outcome, caller.actor))
        last = streams[page.limit - 1].stream_id if len(streams) > page.limit else None
        await self._answer_page(exchange, page, self.resource.path, items, last)

    async def _history(self, exchange: Exchange, identity: str) -> None:
        await self._runtime.caller(exchange.headers.get(b"authorization"), self._read)
        page = UNFILTERED.page(exchange)
        stream_id = self._decider.stream_id(identity)
        after = page.after_number()
        events = await self._runtime.store.history(stream_id, after=after, limit=page.limit + 1)
        if not events and not after:
            raise StreamNotFound(self._decider.category, identity)
        items = [self._representation.event(event) for event in events[: page.limit]]
        last = str(events[page.limit - 1].version) if len(events) > page.limit else None
        await self._answer_page(exchange, page, f"{self.resource.path}/{quote(identity, safe='')}/events", items, last)

    async def _answer_page(
        self, exchange: Exchange, page: Page, path: str, items: Sequence[str], last: str | None
    ) -> None:
        more = () if last is None else (page.next_link(exchange, path, last),)
        body = f'{{"items":[{",".join(items)}]}}'
        await exchange.answer(200, body.encode(), (JSON, *_UNSHARED, *more))


def _metadata(caller: Caller, exchange: Exchange) -> str:
    """What is recorded beside the events: who sent the command, and what it was part of."""
    metadata: dict[str, object] = {"actor": caller.actor.client}
    if caller.sample:
        metadata["sample"] = True
    correlation_id = headers.correlation_id(exchange)
    if correlation_id is not None:
        metadata["correlation_id"] = correlation_id
    traceparent = headers.traceparent(exchange)
    if traceparent is not None:
        metadata["traceparent"] = traceparent
    return to_json(metadata).decode()
