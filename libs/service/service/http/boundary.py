"""Where a request enters a service and every failure leaves it: pure ASGI around the FastAPI application."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from secrets import token_hex
from time import perf_counter
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from eventstore import tracing
from eventstore.discretion import described
from eventstore.outages import QUIET, Outage
from service.http.counting import Requests
from service.http.deadlines import Deadlines, Late
from service.http.exchange import Disconnected, Exchange
from service.http.problems import Problem, problem_of, unavailable, wrong_method
from service.http.resource import Endpoints
from service.http.sentences import BODY_LATE, BUG, NO_ANSWER_IN_TIME, NOTHING_HERE, STOPPING, Said
from service.http.watching import NO_PATH, Watched
from service.running.settings import Settings

_WRONG_METHOD: Final = HTTPStatus.METHOD_NOT_ALLOWED
DEPTH: Final = 3
"""A resource's path is followed by at most two parts: an id, and a decision or `events`."""

log = logging.getLogger(__name__)


class Boundary:
    """Leads requests to the resources, and the others to the application; bounds their time; tells what went wrong.

    A service answers under its name, as behind the host it shares with others, and also without it.
    """

    def __init__(
        self,
        application: ASGIApp,
        *,
        name: str,
        resources: Mapping[str, Endpoints],
        settings: Settings,
        routes: Collection[str] = (),
        files: Collection[str] = (),
        requests: Requests | None = None,
    ) -> None:
        """`routes` are paths of the application's own, also where they lie below a resource's, with `{}` for the id of
        a record; to `files` whole files are sent, which may be larger and take longer, and a GET lists them."""
        self._application = application
        self._root_path = f"/{name}"
        self._resources = resources
        self._routes = frozenset(routes)
        self._files = frozenset(files)
        self._requests = requests or Requests()
        self._limits = settings.max_body_bytes, Deadlines(settings.request_timeout)
        self._limits_of_files = settings.max_import_bytes, Deadlines(settings.import_timeout)
        self._outages = _Outages(name)
        self._logs = settings.log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, whatever happens."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        root_path = scope["root_path"] = scope.get("root_path") or self._root_path
        path: str = scope["path"]
        if path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/"):
            path = path[len(root_path) :]
            if not path:
                scope["path"] = f"{root_path}/"
        is_file = path in self._files and scope["method"] == "POST"
        limit, deadlines = self._limits_of_files if is_file else self._limits
        exchange = scope["exchange"] = Exchange(scope, receive, send, limit=limit)
        begun = perf_counter()
        self._requests.active += 1
        try:
            with Watched(exchange, logs=self._logs):
                await self._answer(exchange, scope, path, deadlines)
        finally:
            self._requests.active -= 1
            if exchange.status is not None:
                self._requests.count(exchange.method, exchange.route() or "", exchange.status, perf_counter() - begun)

    async def _answer(self, exchange: Exchange, scope: Scope, path: str, deadlines: Deadlines) -> None:
        try:
            if "refused" in scope:
                raise scope["refused"]
            with deadlines.limit():
                found = self._find(path)
                if found is None and exchange.method == "HEAD":
                    # Answered as GET is; the server leaves the body out, by the request as it came.
                    scope = {**scope, "method": "GET"}
                exchange.route = partial(_route, scope, found)
                if found is None:
                    if not path.isprintable():
                        # The framework's patterns overlook a line break at the end.
                        raise Problem("not-found", Said(NOTHING_HERE))
                    await self._application(scope, exchange.receive, exchange.send)
                else:
                    endpoints, rest = found
                    await endpoints(exchange, rest)
        except Disconnected:
            return
        except asyncio.CancelledError:
            if not exchange.answered:
                await unavailable(Said(STOPPING)).answer(exchange)
            raise
        except Exception as error:
            if path in self._files and isinstance(error, HTTPException) and error.status_code == _WRONG_METHOD:
                # The framework knows of the first one of a path's routes alone.
                error = wrong_method(("GET", "POST"))
            problem = self._problem(exchange, error)
            if exchange.answered:
                # Too late for another answer: closing the connection is all that tells the client.
                raise
            await problem.answer(exchange)

    def _find(self, path: str) -> tuple[Endpoints, Sequence[str]] | None:
        """The resource a path leads to, and what follows the resource's own path."""
        rest: tuple[str, ...] = ()
        if path in self._routes:
            return None
        for _ in range(DEPTH):
            if path in self._resources:
                if "/".join((path, "{}", *rest[1:])) in self._routes:
                    return None
                return self._resources[path], rest
            path, _, last = path.rpartition("/")
            rest = (last, *rest)
        return None

    def _problem(self, exchange: Exchange, error: Exception) -> Problem:
        """The problem to answer with; what is ours to mend, or to know of, is logged."""
        if isinstance(error, Late):
            if exchange.waits_for_body:
                return Problem("request-timeout", Said(BODY_LATE), headers={"Connection": "close"})
            self._outages[Late].fail(f"{_named(exchange)} took too long")
            return unavailable(Said(NO_ANSWER_IN_TIME), slug="timed-out")
        problem = problem_of(error)
        if problem is None:
            trace_id = tracing.ids().get("trace_id") or token_hex(16)
            tracing.note(error)
            log.error("%s failed, trace %s", _named(exchange), trace_id, exc_info=error)
            return Problem("internal", Said(BUG), {"trace_id": trace_id})
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            tracing.note(error)
            self._outages[type(error)].fail(f"{_named(exchange)}: {described(error)}")
        return problem


class _Outages(dict[type[Exception], Outage]):
    """By the kind of an error, what is told of requests that meet it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, kind: type[Exception]) -> Outage:
        over = f"{self._name}: %(times)d requests were answered 503 in %(seconds).0f s, {kind.__name__}"
        outage = self[kind] = Outage(log, over, quiet=QUIET)
        return outage


def _named(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.route() or NO_PATH}"


def _route(scope: Scope, found: tuple[Endpoints, Sequence[str]] | None) -> str | None:
    """A request's path for the log, its parts that were sent left out: `/v1/lamps/{id}/light`."""
    if found is None:
        return getattr(scope.get("route"), "path", None)
    endpoints, rest = found
    known = [part if part in ("events", *endpoints.resource.verbs) else "…" for part in rest[1:]]
    return "/".join([endpoints.resource.path, *(["{id}"] if rest else []), *known])
