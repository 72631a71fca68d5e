"""A command over HTTP: one worker, 64 connections."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from itertools import cycle

import asyncpg

from bench import by_hand
from bench.load import Requests, load, request
from bench.runner import Row
from bench.sample import begin_streams, sirets
from bench.servers import Servers
from bench.services import issuing, serving, settings

CONNECTIONS = 64


class EventsMissing(Exception):
    """Some answers stand for no event: what was measured is not what was meant."""


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of HTTP."""
    ours, hand = await servers.store(), await servers.database()
    await begin_streams(ours)
    await by_hand.create(hand)
    with ExitStack() as stack:
        issuer = stack.enter_context(issuing())
        companies = stack.enter_context(
            serving("companies", servers.folder, ["companies", "api"], settings(ours, "localhost:9", issuer), "/ready")
        )
        uvicorn = ["uvicorn", "bench.by_hand_app:app", "--port", "PORT", "--http", "httptools", "--no-access-log"]
        peer = stack.enter_context(serving("by hand", servers.folder, uvicorn, {"DATABASE_URL": hand}, "/openapi.json"))
        token = issuer.token("companies:write", ["network"])
        command = partial(
            _stored,
            ours,
            companies,
            _requests("/v1/companies/{}/report-headcount", {"authorization": f"Bearer {token}"}),
        )
        work = f"HTTP command, one worker, {CONNECTIONS} connections, with token, role, validation, ETag"
        yield [
            Row(
                work,
                "FastAPI endpoint that loads, decides and appends by hand",
                3,
                command,
                partial(_stored, hand, peer, _requests("/companies/{}/report-headcount", {})),
            ),
            Row(
                work,
                "empty FastAPI endpoint that validates the same body",
                0.9,
                command,
                partial(_answered, peer, _requests("/validate?{}", {})),
            ),
        ]


async def _stored(url: str, port: int, connections: list[Requests]) -> float:
    """Commands answered a second, each of which has stored an event."""
    connection = await asyncpg.connect(url)
    before = await connection.fetchval("SELECT count(*) FROM events")
    rate, answers = await load(port, connections)
    stored = await connection.fetchval("SELECT count(*) FROM events") - before
    await connection.close()
    if stored != answers:
        raise EventsMissing(f"{answers} commands were answered and {stored} events stored")
    return rate


async def _answered(port: int, connections: list[Requests]) -> float:
    rate, _ = await load(port, connections)
    return rate


def _requests(path: str, headers: dict[str, str]) -> list[Requests]:
    """Per connection its share of all companies, in turn, each time with another headcount than the last."""
    return [_in_turn(path, headers, sirets()[number::CONNECTIONS]) for number in range(CONNECTIONS)]


def _in_turn(path: str, headers: dict[str, str], share: Sequence[str]) -> Callable[[], bytes]:
    bodies = (b'{"full_time_equivalents":41.5}', b'{"full_time_equivalents":43.25}')
    turns = cycle([request(path.format(siret), body, headers) for body in bodies for siret in share])
    return lambda: next(turns)
