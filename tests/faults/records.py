"""A record that each service begins with one command and that looks at no other, and how it is corrected."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Final

from programme.clients import Clients, Sent, today

Body = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """What a service keeps of something."""

    path: str
    begins: Callable[[], Body]
    """What a new one is told as, each otherwise."""
    corrected_by: str
    """What corrects it, any number of times."""
    corrects: Callable[[int], Body]
    """That, otherwise with each number."""


_NUMBERS: Final = count()


def _code() -> str:
    return f"exemple-{uuid.uuid4().hex[:12]}"


def _plot() -> Body:
    outline = [[1.972, 46.951], [1.976, 46.951], [1.976, 46.953], [1.972, 46.951]]
    where = {"zone": "zi-limoise", "commune": "36088", "parcels": ["36088000AB0012"], "outline": outline}
    return {"code": _code(), "name": "Exemple", "area": 8500, **where}


def _event() -> Body:
    what = {"title": _code(), "kind": "forum", "levels": ["3e"], "rome": ["H2902"], "capacity": 120}
    when = {"day": (today() + timedelta(days=60)).isoformat(), "starts": "09:00", "ends": "12:00"}
    return {**what, **when, "place": "Halle", "commune": "36088"}


def _series() -> Body:
    what = {"title": "Exemple", "definition": "Exemple", "source": "Exemple", "kind": "published_rate"}
    return {"code": _code(), **what, "area": "36", "area_kind": "department", "frequency": "quarter", "unit": "percent"}


def _station() -> Body:
    return {"code": _code(), **_described(0), "commune": "36088", "docks": 10}


def _described(number: int) -> Body:
    return {"name": f"Exemple {number}", "position": [1.974, 46.952]}


def _course() -> Body:
    valid = {"valid_from": "2024-01-01", "valid_until": "2040-12-31"}
    return {"certification": "RNCP35094", "hours": 560, "level": 3, "romes": ["H2913"], "title": _code(), **valid}


def _target() -> Body:
    # There is one for a day. Those nearer are left to daily work.
    due = today() + timedelta(days=5_000 + next(_NUMBERS))
    return {"indicator": "members", "aim": "at_least", "value": 100, "due": due.isoformat()}


def _redescribed(number: int) -> Body:
    return {**_described(number), "reason": "typing_error"}


def _as(field: str, written: Callable[[int], object]) -> Callable[[int], Body]:
    return lambda number: {field: written(number), "reason": "typing_error"}


RECORDS: Final[Mapping[str, Record]] = {
    "companies": Record("/v1/plots", _plot, "correct-description", _as("name", "Exemple {}".format)),
    "mobility": Record("/v1/bike-stations", _station, "correct-description", _redescribed),
    "youth-events": Record("/v1/events", _event, "revise", lambda number: {"capacity": 120 + number}),
    "training": Record("/v1/courses", _course, "correct", _as("hours", lambda n: 560 + n)),
    "employment": Record("/v1/labour-series", _series, "correct", _as("title", "Exemple {}".format)),
    "indicators": Record("/v1/targets", _target, "correct", _as("value", lambda n: 100 + n)),
}
"""By the service."""


async def begin(clients: Clients, service: str, *, key: str | None = None, port: int | None = None) -> Sent:
    """A new record of a service. The command, once it has a clear answer."""
    record = RECORDS[service]
    return await clients.send(service, record.path, record.begins(), key=key, port=port)
