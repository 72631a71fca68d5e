"""A command over HTTP: one worker, 64 connections."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from itertools import cycle
from typing import Final

import asyncpg

from bench import by_hand, platform, requested_by_hand
from bench.load import Requests, load, request
from bench.runner import Row
from bench.sample import begin_streams, sirets
from bench.servers import Servers
from bench.services import issuing, serving, settings
from devstack.issuer import Issuer

CONNECTIONS = 64

NO_KAFKA: Final = "localhost:9"
EVENTS: Final = "SELECT count(*) FROM events"
_BOOKINGS: Final = """
    SELECT count(*) FROM events e JOIN claims c USING (stream_id) JOIN due d USING (stream_id)
    WHERE c.kind = 'slot-taken'
"""
"""Events of bookings that hold a slot and are due."""


class EventsMissing(Exception):
    """Some answers stand for nothing stored: what was measured is not what was meant."""


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of HTTP."""
    ours, hand = await servers.store(), await servers.database()
    await begin_streams(ours)
    await platform.begin(ours, CONNECTIONS)
    await by_hand.create(hand)
    await requested_by_hand.create(hand, CONNECTIONS)
    with ExitStack() as stack:
        issuer = stack.enter_context(issuing())
        companies = stack.enter_context(
            serving("companies", servers.folder, ["companies", "api"], settings(ours, NO_KAFKA, issuer), "/ready")
        )
        uvicorn = ["uvicorn", "bench.by_hand_app:app", "--port", "PORT", "--http", "httptools", "--no-access-log"]
        peer = stack.enter_context(
            serving("by hand", servers.folder, uvicorn, settings(hand, NO_KAFKA, issuer), "/openapi.json")
        )
        reports = headcounts(issuer.token("companies:write", ["network"]))
        command = partial(_stored, EVENTS, ours, companies, reports)
        work = f"HTTP command, one worker, {CONNECTIONS} connections, with token, role, validation, ETag"
        yield [
            Row(
                work,
                "FastAPI endpoint that loads, decides and appends by hand",
                3,
                command,
                partial(_stored, EVENTS, hand, peer, _requests("/companies/{}/report-headcount", {})),
            ),
            Row(
                work,
                "empty FastAPI endpoint that validates the same body",
                0.9,
                command,
                partial(_answered, peer, _requests("/validate?{}", {})),
            ),
            Row(
                f"HTTP command: a booking requested, {CONNECTIONS} connections",
                "the same by hand in FastAPI: token, rules, exclusion constraint, quota, job",
                2.5,
                partial(_stored, _BOOKINGS, ours, companies, _bookings(issuer)),
                partial(_stored, requested_by_hand.COUNT, hand, peer, _bookings(issuer)),
            ),
        ]


def headcounts(token: str) -> list[Requests]:
    """Per connection the headcounts that it reports to a companies service."""
    return _requests("/v1/companies/{}/report-headcount", {"authorization": f"Bearer {token}"})


async def loaded(counting: str, url: str, port: int, connections: list[Requests]) -> tuple[float, int]:
    """Commands answered a second, and in all, each of which has stored what is counted."""
    connection = await asyncpg.connect(url)
    before = await connection.fetchval(counting)
    rate, answers = await load(port, connections)
    stored = await connection.fetchval(counting) - before
    await connection.close()
    if stored != answers:
        raise EventsMissing(f"{answers} commands were answered and {stored} stored")
    return rate, answers


async def _stored(counting: str, url: str, port: int, connections: list[Requests]) -> float:
    rate, _ = await loaded(counting, url, port, connections)
    return rate


async def _answered(port: int, connections: list[Requests]) -> float:
    rate, _ = await load(port, connections)
    return rate


def _requests(path: str, headers: dict[str, str]) -> list[Requests]:
    """Per connection its share of all companies, in turn, each time with another headcount than the last."""
    return [_in_turn(path, headers, sirets()[number::CONNECTIONS]) for number in range(CONNECTIONS)]


def _bookings(issuer: Issuer) -> list[Requests]:
    """Per connection the bookings of a company of its own, by its own token."""

    def token(company: str) -> str:
        return issuer.token("companies:write", ["company"], company=company)

    return [platform.requests(number, token) for number in range(CONNECTIONS)]


def _in_turn(path: str, headers: dict[str, str], share: Sequence[str]) -> Callable[[], bytes]:
    bodies = (b'{"full_time_equivalents":41.5}', b'{"full_time_equivalents":43.25}')
    turns = cycle([request(path.format(siret), body, headers) for body in bodies for siret in share])
    return lambda: next(turns)
