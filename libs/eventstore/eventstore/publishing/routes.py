"""Which topic each event of a store goes into, and what a topic lacks."""

from collections.abc import Mapping
from typing import Final

import asyncpg

LOOK_EVENTS: Final = 100_000
"""How many events are looked through in a statement, at most: no index knows their types."""

_LOOK: Final = """
    SELECT max(position) AS last, min(position) FILTER (WHERE $3::text[] IS NULL OR type = ANY ($3)) AS first
    FROM (SELECT position, type FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $4) AS e
"""
_LAST_OF_ALL: Final = 2**63 - 1


class UnknownDestination(LookupError):
    """There is no telling which topic an event belongs in."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"the topic of events of the type {event_type} is not known to this release, and may be one that few may "
            "read: nothing is published before a release that knows it leads"
        )


class Routes:
    """The topics of a store, its own first. By the types of events, or, without them, one for whatever there is."""

    def __init__(self, topic: str, types: Mapping[str, str] | None = None) -> None:
        self._types = types
        self.topics = (topic, *sorted({*(types or {}).values()} - {topic}))

    def topic_of(self, event_type: str) -> str:
        """The topic of a type of event. Raises UnknownDestination."""
        if self._types is None:
            return self.topics[0]
        if event_type not in self._types:
            raise UnknownDestination(event_type)
        return self._types[event_type]

    async def lacking(self, connection: asyncpg.Connection, reached: Mapping[str, int]) -> dict[str, int]:
        """The topics that lack what the store has, each with the position of the first such event.

        `reached` is the greatest position in each. Transactions hold both topics, so one that is behind what another
        has come to was lost, and perhaps not filled again to its end; or it is empty.
        """
        greatest = max(reached.values())
        lacking = {}
        for topic, position in reached.items():
            types = None if self._types is None else [name for name, of in self._types.items() if of == topic]
            first = await _first(connection, types, position, greatest if position else _LAST_OF_ALL)
            if first is not None:
                lacking[topic] = first
        return lacking


async def _first(connection: asyncpg.Connection, types: list[str] | None, after: int, until: int) -> int | None:
    """The position of the first event of some types behind a position, up to another."""
    while after < until:
        row = await connection.fetchrow(_LOOK, after, until, types, LOOK_EVENTS)
        assert row is not None  # It is an aggregate.
        first: int | None = row["first"]
        if first is not None or row["last"] is None:
            return first
        after = row["last"]
    return None
