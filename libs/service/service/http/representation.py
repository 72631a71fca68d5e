"""What a client sees of a stream: its stored state with its id, its version and what the caller may do next; and whom
it names, where the caller may know."""

import json
from collections.abc import Collection, Mapping
from typing import Final, Generic

from eventstore.decider import Actor, Decider, S
from eventstore.execution import Outcome
from eventstore.postgres.store import Known, Recorded

ADDED: Final = frozenset({"id", "version", "allowed", "personal"})
"""What a representation adds to the state."""


class Representation(Generic[S]):
    """Writes the representations of one kind of stream, as JSON made from bytes: the state is not serialised again."""

    def __init__(self, decider: Decider[S]) -> None:
        self._decider = decider
        self._old = {
            (each.event_type, each.schema_version) for event in decider.events for each in event.versions()
        } - {(event.event_type, event.schema_version) for event in decider.events}
        # What is allowed depends on nothing but the status, the roles that count for this record, and what is offered.
        self._allowed: dict[tuple[object, ...], str] = {}
        self._offered = tuple({each.offered for each in decider.decisions.values() if each.offered})
        self._owners = tuple({each.owner: None for each in decider.decisions.values()})

    def write(self, outcome: Outcome[S], actor: Actor, persons: Mapping[str, Known] | None = None) -> str:
        """One stream's representation, as JSON; with `persons`, also who those are whom it names, unless erased."""
        personal = "" if persons is None else f',"personal":{self._personal(outcome.state, persons)}'
        return self._written(outcome, outcome.state_json, actor, personal)

    def _written(self, outcome: Outcome[S], state: str, actor: Actor, personal: str = "") -> str:
        allowed = self.allowed(outcome.state, actor)
        identity = json.dumps(outcome.identity)
        return f'{{"id":{identity},"version":{outcome.version},{state[1:-1]},"allowed":{allowed}{personal}}}'

    def _personal(self, state: S, persons: Mapping[str, Known]) -> str:
        told = []
        for field, named in self._decider.subjects_in(state).items():
            if isinstance(named, str):
                told += [f'"{field}":{persons[named].data}'] if named in persons else []
            else:
                each = (f'"{subject}":{persons[subject].data}' for subject in named if subject in persons)
                told.append(f'"{field}":{{{",".join(each)}}}')
        return f"{{{','.join(told)}}}"

    def write_public(self, outcome: Outcome[S], actor: Actor, public: Collection[str]) -> str:
        """The same for who may read these fields only."""
        state = outcome.state.model_dump_json(include=set(public))
        return self._written(outcome, state, actor)

    def allowed(self, state: S, actor: Actor) -> str:
        """The decisions the actor may issue now, as a JSON array."""
        status = getattr(state, "status", None)
        standing = [self._decider.standing(state, actor, owner) for owner in self._owners]
        key = (status, *standing, *(offered(state) for offered in self._offered))
        try:
            return self._allowed[key]
        except KeyError:
            allowed = self._allowed[key] = json.dumps(self._decider.allowed(state, actor), separators=(",", ":"))
            return allowed

    def event(self, event: Recorded) -> str:
        """One event of a stream's history, as JSON: of an older version as the latest one tells it."""
        if (event.type, event.schema_version) in self._old:
            told = self._decider.decode(event.type, event.schema_version, event.data)
            event = event._replace(schema_version=told.schema_version, data=told.model_dump_json())
        return written_event(event)


def written_event(event: Recorded) -> str:
    """One event of a stream's history, as JSON."""
    recorded_at = event.recorded_at.isoformat().replace("+00:00", "Z")
    return (
        f'{{"position":{event.position},"version":{event.version},"event_id":"{event.event_id}","type":"{event.type}",'
        f'"schema_version":{event.schema_version},"recorded_at":"{recorded_at}",'
        f'"data":{event.data},"metadata":{event.metadata}}}'
    )
