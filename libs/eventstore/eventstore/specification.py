"""Decisions tested as sentences, without a database.

    given = Specification(lamps, today=date(2026, 1, 1))

    given(LampInstalled(...)).when(Light()).then(LampLit(...))
    given(LampInstalled(...), LampLit(...)).when(Light()).rejected("lamp-not-dark")
    given(LampInstalled(...)).by("epci").when(Move(...)).then(LampMoved(...))      # where the decision takes the roles

Every state met on the way is also written to JSON and read back, as the store does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic

from contracts.model import Event
from contracts.roles import Role
from eventstore.decider import Command, Decider, Rejected, Roles, S, State


@dataclass(frozen=True)
class Specification(Generic[S]):
    """Begins a test of one decider, on the day that is today in it."""

    decider: Decider[S]
    today: date

    def __call__(self, *events: Event) -> "Given[S]":
        """What has happened before."""
        return Given(self.decider, self.today, self.fold(events))

    def fold(self, events: Sequence[Event], state: S | None = None) -> S | None:
        """The state after events, having been through JSON at each step."""
        for event in events:
            written = type(event).model_validate_json(event.model_dump_json())
            evolved = self.decider.evolve(state, written)
            state = self.decider.state.model_validate_json(evolved.model_dump_json())
        return state


@dataclass(frozen=True)
class Given(Generic[S]):
    """A stream's past."""

    decider: Decider[S]
    today: date
    state: S | None
    looked_up: State | None = None
    roles: Roles = frozenset()

    def knowing(self, looked_up: State | None) -> "Given[S]":
        """The state of the other stream that the decision looks up."""
        return replace(self, looked_up=looked_up)

    def by(self, *roles: Role) -> "Given[S]":
        """The roles the command is issued in, where the decision takes them."""
        return replace(self, roles=frozenset(roles))

    def when(self, command: Command) -> "When[S]":
        """The command under test."""
        events: tuple[Event, ...] = ()
        refusal: Rejected | None = None
        try:
            events = self.decider.decide(
                self.state, command, today=self.today, looked_up=self.looked_up, roles=self.roles
            )
        except Rejected as rejected:
            refusal = rejected
        return When(self.decider, self.today, self.state, events, refusal)


@dataclass(frozen=True)
class When(Generic[S]):
    """What a command led to."""

    decider: Decider[S]
    today: date
    state: S | None
    events: tuple[Event, ...]
    refusal: Rejected | None

    def then(self, *expected: Event) -> None:
        """Exactly these events; none where nothing changes."""
        assert self.refusal is None, f"refused: {self.refusal.slug}: {self.refusal.detail}"
        assert self.events == expected
        Specification(self.decider, self.today).fold(self.events, self.state)

    def then_state(self, **fields: Any) -> None:
        """These fields of the state afterwards."""
        assert self.refusal is None, f"refused: {self.refusal.slug}: {self.refusal.detail}"
        state = Specification(self.decider, self.today).fold(self.events, self.state)
        assert {name: getattr(state, name) for name in fields} == fields

    def rejected(self, slug: str) -> None:
        """Refused for this reason."""
        assert self.refusal is not None, f"not refused: {self.events}"
        assert self.refusal.slug == slug, self.refusal.detail
