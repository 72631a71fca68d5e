"""Decisions tested as sentences, without a database.

    given = Specification(lamps, today=date(2026, 1, 1))

    given(LampInstalled(...)).when(Light()).then(LampLit(...))
    given(LampInstalled(...), LampLit(...)).when(Light()).rejected("lamp-not-dark")
    given(LampInstalled(...)).by("epci").when(Move(...)).then(LampMoved(...))      # where the decision takes the roles
    given(LampInstalled(...)).by(company=SIRET).when(...).then(...)                # or whom the actor acts for
    given(LampInstalled(...)).under(Plausible(most_watts=9)).when(...).then(...)   # where a deployment says so
    given(LampInstalled(...)).holds(Claim(POLE_TAKEN, "12"))
    given(LampInstalled(...)).is_due(Due(date(2027, 1, 1), Inspect()))
    given(LampInstalled(...)).keeps(Keep(neighbour, until=date(2027, 1, 1)))

A command that names somebody is given with the pseudonym: `Move(asked_by=Personal(Neighbour(...), subject))`.

Every state met on the way is also written to JSON and read back, as the store does, and every change of status is one
that is declared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Generic

from contracts.model import Event
from contracts.roles import Role
from eventstore.bounds import Bounds
from eventstore.decider import PARIS, By, Claim, Command, Context, Decider, Due, Keep, S, State
from eventstore.refusal import Rejected


@dataclass(frozen=True)
class Specification(Generic[S]):
    """Begins a test of one decider, at noon of the day that is today in it, or at another moment of it."""

    decider: Decider[S]
    today: date
    at: time = time(12)

    def __call__(self, *events: Event) -> "Given[S]":
        """What has happened before."""
        now = datetime.combine(self.today, self.at, PARIS)
        return Given(self.decider, Context(now), self.fold(events))

    def fold(self, events: Sequence[Event], state: S | None = None) -> S | None:
        """The state after events, having been through JSON at each step."""
        for event in events:
            written = type(event).model_validate_json(event.model_dump_json())
            evolved = self.decider.evolve(state, written)
            state = self.decider.state.model_validate_json(evolved.model_dump_json())
            kept = {keep.subject for keep in self.decider.keeps_of(state)}
            assert kept == {*self.decider.named_in(state)}, "it tells of each person until when it needs it"
        return state


@dataclass(frozen=True)
class Given(Generic[S]):
    """A stream's past."""

    decider: Decider[S]
    context: Context
    state: S | None
    looked_up: tuple[State | None, ...] | None = None

    def knowing(self, *looked_up: State | None) -> "Given[S]":
        """The states of the other streams that the decision looks up, in their order; by itself, none is there."""
        return replace(self, looked_up=looked_up)

    def by(self, *roles: By, company: str | None = None) -> "Given[S]":
        """The roles the command is issued in, where the decision takes them, and for which company."""
        organisations: dict[Role, str] = {"company": company} if company else {}
        all_roles = frozenset((*roles, *organisations))
        return replace(self, context=replace(self.context, roles=all_roles, organisations=organisations))

    def under(self, bounds: Bounds) -> "Given[S]":
        """What is taken for right; by itself, what is declared."""
        return replace(self, context=replace(self.context, bounds=bounds))

    def at(self, now: datetime) -> "Given[S]":
        """The moment it is."""
        return replace(self, context=replace(self.context, now=now.astimezone(PARIS)))

    def when(self, command: Command) -> "When[S]":
        """The command under test."""
        events: tuple[Event, ...] = ()
        refusal: Rejected | None = None
        looked_up = self.looked_up
        if looked_up is None:
            looked_up = (None,) * len(self.decider.decision(type(command)).looks_up)
        try:
            events = self.decider.decide(self.state, command, self.context, looked_up)
        except Rejected as rejected:
            refusal = rejected
        return When(self.decider, self.context, self.state, command, events, refusal)

    def holds(self, *expected: Claim) -> None:
        """Exactly this is what the stream holds, over all streams of the service."""
        assert list(self.decider.claims_of(self.state)) == list(expected)

    def keeps(self, *expected: Keep) -> None:
        """Exactly these are the persons whom the stream needs to know, and until when."""
        assert list(self.decider.keeps_of(self.state)) == list(expected)

    def is_due(self, *expected: Due) -> None:
        """Exactly this is due on the stream, now or later."""
        assert list(self.decider.due_of(self.state)) == list(expected)


@dataclass(frozen=True)
class When(Generic[S]):
    """What a command led to."""

    decider: Decider[S]
    context: Context
    state: S | None
    command: Command
    events: tuple[Event, ...]
    refusal: Rejected | None

    def then(self, *expected: Event) -> None:
        """Exactly these events; none where nothing changes."""
        assert self.refusal is None, f"refused: {self.refusal.slug}: {self.refusal}"
        assert self.events == expected
        self._after()

    def then_state(self, **fields: Any) -> None:
        """These fields of the state afterwards."""
        assert self.refusal is None, f"refused: {self.refusal.slug}: {self.refusal}"
        state = self._after()
        assert {name: getattr(state, name) for name in fields} == fields

    def rejected(self, slug: str) -> None:
        """Refused for this reason, which both languages can tell."""
        assert self.refusal is not None, f"not refused: {self.events}"
        assert self.refusal.slug == slug, str(self.refusal)
        assert self.refusal.told("fr") != self.refusal.told("en")

    def _after(self) -> S | None:
        state = Specification(self.decider, self.context.today).fold(self.events, self.state)
        if self.events:
            self.decider.check_status(self.command, self.state, state)
        return state
