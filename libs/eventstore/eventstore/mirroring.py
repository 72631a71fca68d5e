"""Mirrors in the store: kept as streams without events, by a subscription, and known to be behind or not."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg

from contracts.model import Event
from eventstore.decider import Lookup
from eventstore.kafka.envelope import Message
from eventstore.mirrors import Mirror
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.streams import Streams

LAG: Final = timedelta(seconds=10)
"""A mirror that was not found at the end of each of its partitions for so long is behind."""


class MirrorBehind(StoreUnavailable):
    """What a decision must know of another service is not known yet."""


async def mirror_messages(connection: asyncpg.Connection, mirror: Mirror[Any], messages: Sequence[Message]) -> None:
    """Folds events into the streams that show theirs, in the transaction of the connection."""
    kinds = {(each.event_type, each.schema_version) for event in mirror.events for each in event.versions()}
    told: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    for message in messages:
        shown = mirror.shows(message.stream_id)
        if shown is not None and (message.type, message.schema_version) in kinds:
            event = mirror.decode(message.type, message.schema_version, message.data.decode())
            told[shown].append((message.version, event))
    if not told:
        return
    rows = await connection.fetch(_FRESH, list(told), mirror.state.revision)
    states = {row["stream_id"]: mirror.state.model_validate_json(row["state"]) for row in rows}
    folded = []
    for shown, events in told.items():
        state = mirror.fold((event for _, event in events), states.get(shown))
        if state is not None:
            folded.append((shown, mirror.category, events[-1][0], state.model_dump_json(), mirror.state.revision))
    await connection.executemany(_PUT, folded)


async def refuse_behind(store: Streams, lookups: Iterable[Lookup]) -> None:
    """Raises MirrorBehind where one of the mirrors that are looked up is behind: what it showed may be no longer so."""
    for lookup in lookups:
        if isinstance(lookup.decider, Mirror):
            rows = await store.fetch(_BEHIND, lookup.decider.subscription, LAG)
            if rows[0]["behind"]:
                raise MirrorBehind(f"the mirror {lookup.decider.category} is behind")


async def until_current(store: Store, lookups: Iterable[Lookup]) -> bool:
    """Waits until the mirrors that are looked up have been at the ends of their topics; whether there are any.

    What happened before an event that was read already is shown from then on. Raises MirrorBehind where that takes too
    long.
    """
    mirrors = [lookup.decider for lookup in lookups if isinstance(lookup.decider, Mirror)]
    for mirror in mirrors:
        # By the one clock that `current_at` goes by.
        since = (await store.fetch("SELECT clock_timestamp() AS now"))[0]["now"]
        try:
            async with asyncio.timeout(LAG.total_seconds()):
                while not (await store.fetch(_CURRENT, mirror.subscription, since))[0]["current"]:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise MirrorBehind(f"the mirror {mirror.category} is behind") from None
    return bool(mirrors)


_LOOK: Final = 0.1
"""Seconds between two looks whether a mirror is at its end."""
_FRESH: Final = """
    SELECT stream_id, state FROM streams WHERE stream_id = ANY ($1::text[]) AND state_revision = $2 FOR UPDATE
"""
_PUT: Final = """
    INSERT INTO streams (stream_id, category, version, state_version, state, state_revision, updated_at)
    VALUES ($1, $2, $3, $3, $4, $5, now())
    ON CONFLICT (stream_id) DO UPDATE
    SET version = excluded.version, state_version = excluded.state_version, state = excluded.state,
        state_revision = excluded.state_revision, updated_at = excluded.updated_at
    WHERE streams.state_revision <= excluded.state_revision
"""
_BEHIND: Final = """
    SELECT coalesce(bool_or(coalesce(current_at < clock_timestamp() - $2::interval, true)), true) AS behind
    FROM marks WHERE subscription = $1 AND NOT superseded
"""
_CURRENT: Final = """
    SELECT coalesce(bool_and(current_at >= $2), false) AS current
    FROM marks WHERE subscription = $1 AND NOT superseded
"""
