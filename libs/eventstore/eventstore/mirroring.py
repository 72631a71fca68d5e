"""Mirrors in the store: kept as streams without events, by a subscription, and known to be behind or not."""

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


async def refuse_behind(store: Store, lookups: Iterable[Lookup]) -> None:
    """Raises MirrorBehind where one of the mirrors that are looked up is behind: what it showed may be no longer so."""
    for lookup in lookups:
        if isinstance(lookup.decider, Mirror):
            rows = await store.fetch(_BEHIND, lookup.decider.subscription, LAG)
            if rows[0]["behind"]:
                raise MirrorBehind(f"the mirror {lookup.decider.category} is behind")


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
