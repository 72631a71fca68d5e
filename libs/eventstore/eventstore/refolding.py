"""What stands beside the events of a stream, written anew from these: its state, labels, order, claims, due, and keeps.

It goes stale where the code's revision of the state is another, or what streams are found by is declared otherwise.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple

from eventstore.decider import Decider, S
from eventstore.execution import at_version, due_changes, holdings, kept, revive
from eventstore.postgres.appending import Appended
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.postgres.derived import Derived, put_beside
from eventstore.postgres.listing import STORED, Stored
from eventstore.postgres.store import Store

AT_ONCE: Final = 50
"""Streams written in one commit. Appends wait for it: a few milliseconds."""


class _Refolded(NamedTuple):
    version: int
    derived: Derived


def derive(decider: Decider[S], identity: str, state: S) -> Derived:
    """All that follows from the state that a stream's events add up to."""
    labels, order = decider.labelling.changes(None, state)
    return Derived(
        decider.category,
        state.model_dump_json(),
        decider.state.revision,
        labels,
        decider.labelling.mark,
        order,
        holdings(decider, identity, state),
        due_changes(decider, None, state),
        kept(decider, state),
    )


async def refold(store: Store, decider: Decider[S], *, stale_only: bool) -> AsyncIterator[int]:
    """Folds the streams of a category anew, all or those that are stale; yields how many in each commit.

    One that an append changes meanwhile is left as that leaves it, and so is one whose state is of newer code. What
    streams hold is written even where it collides: `Store.collisions` tells, once all are. Raises StoreUnavailable, and
    UnknownEvent or ValidationError where an event cannot be read.
    """
    after = ""
    while True:
        rows = await store.fetch(
            _STALE, decider.category, after, AT_ONCE, decider.state.revision, decider.labelling.mark, not stale_only
        )
        if not rows:
            return
        folded: dict[str, _Refolded] = {}
        for stored in map(Stored._make, rows):
            # Where only the labels are stale, the state will do.
            outcome = await (
                revive(store, decider, stored)
                if stale_only
                else at_version(store, decider, Appended(stored.stream_id, stored.version, replayed=False))
            )
            folded[stored.stream_id] = _Refolded(stored.version, derive(decider, outcome.identity, outcome.state))
        await _write(store, decider, folded)
        after = rows[-1]["stream_id"]
        yield len(folded)


async def _write(store: Store, decider: Decider[S], folded: Mapping[str, _Refolded]) -> None:
    try:
        async with store.pool.acquire() as connection, connection.transaction():
            # As an append: nobody else writes until we commit.
            await connection.execute("SELECT pg_advisory_xact_lock(7220001)")
            rows = await connection.fetch(
                _PUT,
                list(folded),
                [each.version for each in folded.values()],
                [each.derived.state for each in folded.values()],
                [each.derived.labels for each in folded.values()],
                decider.state.revision,
                decider.labelling.mark,
            )
            await put_beside(connection, {stream_id: folded[stream_id].derived for (stream_id,) in rows})
    except Exception as error:
        if is_outage(error):
            raise StoreUnavailable(str(error)) from error
        raise


_STALE: Final = f"""
    SELECT {STORED} FROM streams s
    WHERE category = $1 AND stream_id > $2 AND state_revision <= $4
      AND (state_revision < $4 OR state_version < version OR labelling <> $5 OR $6)
    ORDER BY stream_id LIMIT $3
"""  # noqa: S608  made of names
_PUT: Final = """
    UPDATE streams s
    SET state = c.state::json, state_revision = $5, state_version = c.version,
        labels = coalesce(c.labels, '')::tsvector, labelling = $6
    FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[]) AS c (stream_id, version, state, labels)
    WHERE s.stream_id = c.stream_id AND s.version = c.version AND s.state_revision <= $5
    RETURNING s.stream_id
"""
