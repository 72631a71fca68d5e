"""A command as its sender may see what it meets: no record is told of that is not there for him."""

from datetime import datetime
from typing import Any

from eventstore.decider import Actor, Command, Decider
from eventstore.execution import Outcome, StreamNotFound, current, execute
from eventstore.postgres.appending import Key
from eventstore.refusal import Forbidden, Rejected
from eventstore.streams import Streams
from service.http.reading import Readers


async def decide(
    store: Streams,
    decider: Decider[Any],
    readers: Readers,
    command: Command,
    *,
    identity: str | None,
    actor: Actor,
    now: datetime,
    metadata: str,
    expected: int | None = None,
    key: Key | None = None,
    begins: str | None = None,
) -> Outcome[Any]:
    """Runs a command, as `execute` does, and raises what that does. Who may not decide on a record that is not there
    for him is told so (StreamNotFound), and a refusal does not name a record that it collides with and that is not; it
    names the field that is at fault."""
    try:
        return await execute(
            store,
            decider,
            command,
            identity=identity,
            actor=actor,
            now=now,
            metadata=metadata,
            expected=expected,
            key=key,
            begins=begins,
        )
    except Forbidden:
        if identity is not None and not await _sees(store, decider, readers, identity, actor):
            raise StreamNotFound(decider.category, identity) from None
        raise
    except Rejected as rejected:
        rejected.at = rejected.refusal.field_of(command)
        collides = rejected.collides_with
        if collides is not None and not await _sees(store, decider, readers, collides, actor):
            rejected.collides_with = None
        raise


async def _sees(store: Streams, decider: Decider[Any], readers: Readers, identity: str, actor: Actor) -> bool:
    found = await current(store, decider, identity)
    return found is not None and readers.sees(found.state, actor)
