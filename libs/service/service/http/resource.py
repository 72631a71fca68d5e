"""A decider over HTTP.

    Resource(investments, path="/v1/investments", reads=Reads(all=("network",), own=("company",), public=("status",)))

gives `POST /v1/investments`, one `POST /v1/investments/{id}/<decision>` per decision, `GET` one and a list, and
`GET /v1/investments/{id}/events`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import to_json
from starlette.exceptions import HTTPException

from contracts.personal import Ground
from eventstore.decider import Decider, Decision
from eventstore.execution import Outcome, StreamNotFound, current, revive
from eventstore.postgres.appending import Key
from eventstore.postgres.listing import NONE
from eventstore.postgres.store import Known
from service import clock
from service.http import headers, listing, reading
from service.http.auth import Caller
from service.http.body import read_command
from service.http.deciding import decide
from service.http.exchange import JSON, Exchange
from service.http.listing import Page, Questions, plain_page, refuse_any
from service.http.problems import Problem, wrong_method
from service.http.reading import Readers, Reads
from service.http.representation import ADDED, Representation
from service.http.sentences import HISTORY_NOT_YOURS, IF_MATCH_OF_NOTHING, NOTHING_HERE, Said
from service.running.runtime import Runtime

# What is allowed differs from caller to caller, so no shared cache may keep a representation.
_UNSHARED: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))
_UNKEPT: Final = ((b"cache-control", b"no-store"), (b"vary", b"Authorization"))
"""Of what names somebody."""
_REPLAYED: Final = (b"idempotency-replayed", b"true")


@dataclass(frozen=True)
class Resource:
    """The streams of one decider, served under a path, and who may read what of them."""

    decider: Decider[Any]
    path: str
    reads: Reads
    ground: Ground | None = None
    """On what ground its records name people, where they do."""

    def __post_init__(self) -> None:
        state = self.decider.state
        problems = [*reading.problems(self.decider, self.reads), *listing.problems(self.decider)]
        problems += [
            f"{state.__name__}.{name} hides what every representation has" for name in ADDED & state.model_fields.keys()
        ]
        if self.decider.keeps_persons != (self.ground is not None):
            problems.append(
                "it names people, and does not say on what ground"
                if self.ground is None
                else "it names nobody, so there is no ground to do so on"
            )
        if not re.fullmatch(r"(/[a-z0-9-]+)+", self.path):
            problems.append("a path is made of lower-case names")
        if len([each for each in self._public if each.creates]) > 1 or not self._creating:
            problems.append("one decision creates a stream")
        if "events" in self.verbs:
            problems.append("a decision called events hides the history")
        if problems:
            raise TypeError(f"resource {self.path}: " + "; ".join(problems))

    @cached_property
    def begun_by_callers(self) -> bool:
        """Whether the path itself takes a `POST`, or the platform alone begins its streams."""
        return any(decision.creates for decision in self._public)

    @cached_property
    def creation(self) -> Decision:
        """The decision that begins a stream: what `POST` on the path itself asks for, where anybody may."""
        return next((decision for decision in self._creating if decision.roles), self._creating[0])

    @cached_property
    def verbs(self) -> dict[str, Decision]:
        """The decisions on one stream, by the last part of their path."""
        return {decision.name: decision for decision in self._public if not decision.creates}

    @property
    def _creating(self) -> Sequence[Decision]:
        return [decision for decision in self.decider.decisions.values() if decision.creates]

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
        self._knows = f"{runtime.name}:personal"
        self._readers = Readers(resource.decider, resource.reads)
        self._questions = Questions(resource.decider, self._readers)
        self._representation = Representation(resource.decider)

    async def __call__(self, exchange: Exchange, rest: Sequence[str]) -> None:
        """Answers a request; `rest` is what follows the resource's path. Raises what problems.py knows."""
        if rest and not rest[0]:
            raise Problem("not-found", Said(NOTHING_HERE))
        if rest and not rest[0].isprintable():
            raise StreamNotFound(self._decider.category, rest[0])
        match exchange.method, rest:
            case "POST", [identity, verb] if verb in self.resource.verbs:
                await self._answer(exchange, 200, *await self._execute(exchange, self.resource.verbs[verb], identity))
            case "POST", [] if self.resource.begun_by_callers:
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
                return wrong_method(("GET", "POST") if self.resource.begun_by_callers else ("GET",))
            case [_] | [_, "events"]:
                return wrong_method(("GET",))
            case [_, verb] if verb in self.resource.verbs:
                return wrong_method(("POST",))
        return Problem("not-found", Said(NOTHING_HERE))

    async def _create(self, exchange: Exchange) -> None:
        if b"if-match" in exchange.headers:
            raise Problem("malformed-header", Said(IF_MATCH_OF_NOTHING))
        outcome, caller = await self._execute(exchange, self.resource.creation, None)
        location = f"{exchange.root_path}{self.resource.path}/{quote(outcome.identity, safe='')}"
        await self._answer(exchange, 201, outcome, caller, (b"location", location.encode()))

    async def _execute(
        self, exchange: Exchange, decision: Decision, identity: str | None
    ) -> tuple[Outcome[Any], Caller]:
        runtime = self._runtime
        caller = await runtime.caller(exchange.headers.get(b"authorization"), self._write)
        try:
            expected = headers.if_match(exchange)
            named = headers.idempotency_key(exchange)
            body = await exchange.body()
            command = read_command(decision.command, exchange, body)
        except (Problem, HTTPException):
            if runtime.opened is not None:
                runtime.opened.count(self._decider.category, decision.name, "invalid")
            raise
        key = None
        if named is not None:
            # Neither a client's name nor a key holds a line break, so no two requests make the same key by chance.
            route = self.resource.path if identity is None else f"{self.resource.path}/{identity}/{decision.name}"
            key = Key(f"{caller.actor.client}\n{route}\n{named}", runtime.store.keyed(body))
        outcome = await decide(
            runtime.store,
            self._decider,
            self._readers,
            command,
            identity=identity,
            actor=caller.actor,
            now=clock.now(),
            expected=expected,
            key=key,
            metadata=metadata_of(caller, exchange),
        )
        return outcome, caller

    async def _answer(
        self, exchange: Exchange, status: int, outcome: Outcome[Any], caller: Caller, *more: tuple[bytes, bytes]
    ) -> None:
        persons = await self._persons([outcome], caller)
        representation = self._representation.write(outcome, caller.actor, persons)
        if persons is not None:
            more = (*more, *_UNKEPT)
        if outcome.replayed:
            more = (*more, _REPLAYED)
        await exchange.answer(
            status, representation.encode(), (JSON, (b"etag", headers.etag(outcome.version).encode()), *more)
        )

    async def _get(self, exchange: Exchange, identity: str) -> None:
        caller = await self._runtime.caller(exchange.headers.get(b"authorization"), self._read)
        if exchange.scope.get("query_string"):
            refuse_any(exchange.scope["query_string"])
        found = await current(self._runtime.store, self._decider, identity)
        if found is None or not self._readers.sees(found.state, caller.actor):
            raise StreamNotFound(self._decider.category, identity)
        persons = await self._persons([found], caller)
        about = (*(_UNSHARED if persons is None else _UNKEPT), (b"etag", headers.etag(found.version).encode()))
        # What is known of a person changes without the record.
        if persons is None and not headers.none_match(exchange, found.version):
            await exchange.answer(304, b"", about)
            return
        await exchange.answer(200, self._shown(found, caller, persons).encode(), (JSON, *about))

    async def _persons(self, outcomes: Sequence[Outcome[Any]], caller: Caller) -> Mapping[str, Known] | None:
        """Who those are that records name, by their pseudonyms; None for a caller who may not know."""
        if not self._decider.subjects or self._knows not in caller.scopes:
            return None
        whole = [outcome.state for outcome in outcomes if self._readers.reads_whole(outcome.state, caller.actor)]
        return await self._runtime.store.persons(
            {subject for state in whole for subject in self._decider.named_in(state)}
        )

    def _shown(self, outcome: Outcome[Any], caller: Caller, persons: Mapping[str, Known] | None) -> str:
        """What the caller may read of a record."""
        if self._readers.reads_whole(outcome.state, caller.actor):
            return self._representation.write(outcome, caller.actor, persons)
        return self._representation.write_public(outcome, caller.actor, self._readers.public)

    async def _list(self, exchange: Exchange) -> None:
        caller = await self._runtime.caller(exchange.headers.get(b"authorization"), self._read)
        question = self._questions.read(exchange.scope.get("query_string", b""))
        wanted = self._questions.wanted(question, caller.actor)
        found = await self._runtime.store.list_streams(wanted) if wanted else NONE
        streams = found.streams[: question.limit]
        outcomes = [await revive(self._runtime.store, self._decider, stream) for stream in streams]
        persons = await self._persons(outcomes, caller)
        items = [self._shown(outcome, caller, persons) for outcome in outcomes]
        last = question.told(found.places[question.limit - 1]) if len(found.streams) > question.limit else None
        creates = self.resource.creation
        more = (
            f',"allowed":{to_json([creates.name] if self._decider.may_create(creates, caller.actor) else []).decode()}'
        )
        if question.counted:
            more += f',"count":{found.in_all}'
        await self._answer_page(exchange, question, self.resource.path, items, last, more, names=persons is not None)

    async def _history(self, exchange: Exchange, identity: str) -> None:
        caller = await self._runtime.caller(exchange.headers.get(b"authorization"), self._read)
        page = plain_page(exchange.scope.get("query_string", b""))
        found = await current(self._runtime.store, self._decider, identity)
        if found is None or not self._readers.sees(found.state, caller.actor):
            raise StreamNotFound(self._decider.category, identity)
        if not self._readers.reads_whole(found.state, caller.actor):
            raise Problem("not-your-record", Said(HISTORY_NOT_YOURS))
        stream_id = self._decider.stream_id(identity)
        events = await self._runtime.store.history(stream_id, after=page.after_number(), limit=page.limit + 1)
        items = [self._representation.event(event) for event in events[: page.limit]]
        last = str(events[page.limit - 1].version) if len(events) > page.limit else None
        await self._answer_page(exchange, page, f"{self.resource.path}/{quote(identity, safe='')}/events", items, last)

    async def _answer_page(
        self,
        exchange: Exchange,
        page: Page,
        path: str,
        items: Sequence[str],
        last: str | None,
        more: str = "",
        *,
        names: bool = False,
    ) -> None:
        link = () if last is None else (page.next_link(exchange, path, last),)
        body = f'{{"items":[{",".join(items)}]{more}}}'
        await exchange.answer(200, body.encode(), (JSON, *(_UNKEPT if names else _UNSHARED), *link))


def metadata_of(caller: Caller, exchange: Exchange, correlation_id: str | None = None) -> str:
    """What is recorded beside the events: who sent the command, and what it was part of, by the client's name for that
    unless it gives none."""
    metadata: dict[str, object] = {"actor": caller.actor.client}
    if caller.sample:
        metadata["sample"] = True
    correlation_id = headers.correlation_id(exchange) or correlation_id
    if correlation_id is not None:
        metadata["correlation_id"] = correlation_id
    if exchange.about.traceparent is not None:
        metadata["traceparent"] = exchange.about.traceparent
    return to_json(metadata).decode()
