"""Whom the programme hears of, axis by axis: the last event that each partner's role could decide.

A partner is known by the roles of its clients, which a record's `ce_roles` says: no organisation, and nobody. So of the
companies, the schools and the training bodies, each taken together, it is told when any of them was heard of.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final, get_args

import asyncpg

from contracts.indicators.action import Partner
from contracts.model import PARIS
from contracts.registry import REGISTRY
from contracts.values import Axis
from eventstore.kafka.envelope import Message
from eventstore.kafka.topics import name_of
from indicators.query import CatchingUp, Served
from service.definition import Subscribes

SUBSCRIPTION: Final = "partners-of-indicators"
PARTNERS: Final = "partners"
"""What stands for it where answers say what they are made of."""
SILENT_AFTER: Final = timedelta(days=92)
"""The longest quarter: whoever was not heard of for longer is silent."""

EXPECTED: Final[Mapping[Axis, tuple[Partner, ...]]] = {
    1: ("network", "epci", "company"),
    2: ("network", "town_hall", "epci", "company"),
    3: ("network", "mission_locale", "france_travail", "school", "company"),
    4: ("network", "epci", "company"),
    5: ("town_hall", "afpa", "training_body"),
    6: ("network", "region", "state", "company"),
    7: ("mission_locale", "france_travail", "company"),
}
"""By axis, whose events it lives on: the roles that decide on its records. Region and State fund investments in
industry, and answer for what they grant along with its axis."""
AXES: Final = tuple(EXPECTED)

_OF_SERVICE: Final[Mapping[str, tuple[Axis, ...]]] = {
    "mobility": (2,),
    "youth-events": (3,),
    "training": (5,),
    "employment": (7,),
}
_OF_CATEGORY: Final[Mapping[str, tuple[Axis, ...]]] = {
    **dict.fromkeys(("meter", "waste-movement", "flow", "synergy"), (1,)),
    **dict.fromkeys(("plot", "unit"), (2,)),
    **dict.fromkeys(("skill-need", "forecast", "skills-campaign", "campaign-answer"), (4,)),
    **dict.fromkeys(("equipment", "licence", "booking", "need", "survey"), (6,)),
    # What the platform owes to persons, and what it measures itself by, is no news of an axis.
    **dict.fromkeys(("erasure", "mail", "pulse"), ()),
}

Row = tuple[str, str, int, str, int, date, bool]
"""What is kept: role, topic, partition, type, axis, day, and whether it is sample data."""

_KEEP: Final = """
INSERT INTO heard (role, topic, partition, type, axis, day, sample, last_at)
SELECT *
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::int[], $6::date[], $7::bool[], $8::timestamptz[])
ON CONFLICT (role, topic, partition, type, axis, day, sample)
DO UPDATE SET last_at = greatest(heard.last_at, excluded.last_at)
"""
_LAST: Final = """
SELECT role, topic, type, axis, sample, max(last_at) AS last_at FROM heard
WHERE day <= coalesce($1, 'infinity'::date) AND role = ANY ($2::text[])
GROUP BY role, topic, type, axis, sample
"""
_ALL: Final = """
SELECT role, topic, type, axis, day, sample, max(last_at) AS last_at FROM heard
GROUP BY role, topic, type, axis, day, sample
"""
_MARKS: Final = """
SELECT topic, partition, position, caught_up FROM marks WHERE subscription = $1 AND NOT superseded ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Heard:
    """An event that was received from a partner."""

    at: datetime
    type: str
    topic: str
    """As its category names it."""
    sample: bool

    @property
    def on(self) -> date:
        """The day in Europe/Paris."""
        return self.at.astimezone(PARIS).date()

    def is_silence(self, today: date) -> bool:
        """Whether nothing was heard since for longer than a quarter."""
        return today - self.on > SILENT_AFTER


async def keep(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
    """Handles a batch: by role, kind and day, when the last event was recorded."""
    heard: dict[Row, datetime] = {}
    for message in messages:
        if message.roles:
            axis = json.loads(message.data).get("axis") or 0
            day = message.recorded_at.astimezone(PARIS).date()
            for role in message.roles.split(","):
                place = (role, name_of(message.topic), message.partition)
                row = (*place, message.type, axis, day, message.sample)
                heard[row] = max(message.recorded_at, heard.get(row, message.recorded_at))
    if heard:
        await connection.execute(_KEEP, *zip(*((*row, at) for row, at in heard.items()), strict=True))


SUBSCRIBES: Final = Subscribes(
    events=frozenset(each.model for each in REGISTRY.values()), begin=lambda _: (SUBSCRIPTION, keep), batch=1_000
)


async def served(connection: asyncpg.Connection) -> Served:
    """How far partners are heard of, as of a chapter. Raises CatchingUp."""
    marks = await connection.fetch(_MARKS, SUBSCRIPTION)
    if not marks or not all(mark["caught_up"] for mark in marks):
        raise CatchingUp(PARTNERS)
    positions: dict[str, dict[int, int]] = {}
    partitions = Counter(name_of(mark["topic"]) for mark in marks)
    for mark in marks:
        if mark["position"]:
            positions.setdefault(name_of(mark["topic"]), {})[mark["partition"]] = mark["position"]
    return Served(SUBSCRIPTION, {}, positions, partitions)


async def kept(connection: asyncpg.Connection) -> Mapping[tuple[str, str, str, int, date, bool], datetime]:
    """All that is kept, of all partitions: by role, topic, type, axis, day and whether it is sample data."""
    return {tuple(row)[:-1]: row["last_at"] for row in await connection.fetch(_ALL)}


async def last_heard(connection: asyncpg.Connection, known_on: date | None) -> Mapping[Axis, Mapping[Partner, Heard]]:
    """By axis and partner, the last event that was received, by the end of a day if one is named."""
    last: dict[Axis, dict[Partner, Heard]] = {axis: {} for axis in AXES}
    for row in await connection.fetch(_LAST, known_on, get_args(Partner)):
        heard = Heard(row["last_at"], row["type"], row["topic"], row["sample"])
        for axis in axes_of(row["topic"], row["type"], row["axis"]):
            before = last[axis].get(row["role"])
            if before is None or before.at < heard.at:
                last[axis][row["role"]] = heard
    return last


def axes_of(topic: str, event_type: str, said: int) -> Iterable[Axis]:
    """The axes that an event is of: the one that it says itself, else those of what it happens to."""
    if said:
        return (said,)
    category = _categories().get((topic, event_type))
    service = topic.partition(".")[0]
    return _OF_CATEGORY.get(category or "", _OF_SERVICE.get(service, ()))


@cache
def _categories() -> Mapping[tuple[str, str], str]:
    return {
        (category.topic, event_type): category.name
        for (event_type, _), published in REGISTRY.items()
        for category in published.categories
    }
