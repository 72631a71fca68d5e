"""Streams, claims and reactions of employment in memory, for histories of any length: in a page what the store does."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from people import COMPANY, MEMBER, record_id

from contracts import REGISTRY, Event
from employment.application import applications
from employment.hire import hires
from employment.lead import leads
from employment.members import members
from employment.path import paths
from employment.reactions import reactions
from employment.vacancy import vacancies
from eventstore.decider import ITSELF, PLATFORM, TODAY, Claim, Command, Context, Decider, Roles
from eventstore.reactions import Found, Identity, Issue, Reaction
from eventstore.refusal import Rejected
from eventstore.specification import Specification

DECIDERS: Mapping[str, Decider[Any]] = {each.category: each for each in (vacancies, applications, leads, hires, paths)}


class Memory:
    """What was decided, and what is still to be reacted to: in the order of each stream, and in any between them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.states: dict[tuple[str, str], Any] = {(members.category, COMPANY): MEMBER}
        self.events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self.waiting: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._begun = 0

    def of(self, decider: Decider[Any]) -> dict[str, Any]:
        """The streams of a kind by their identity."""
        return {identity: state for (category, identity), state in self.states.items() if category == decider.category}

    def ask(self, decider: Decider[Any], identity: str | None, command: Command, roles: Roles | None = None) -> str:
        """Runs a command; returns the identity of its stream. Raises Rejected."""
        decision = decider.decision(type(command))
        if identity is None:
            self._begun += 1
            named = decider.identified_by
            identity = getattr(command, named) if named else record_id(1000 + self._begun)
        stream = decider.category, identity
        state = self.states.get(stream)
        looked_up = []
        for lookup in decision.looks_up:
            named = getattr(command if lookup.key in type(command).model_fields else state, lookup.key)
            looked_up.append(self.states.get((lookup.decider.category, named)))
        context = Context(self.now, roles if roles is not None else frozenset(decision.by))
        events = decider.decide(state, command, context, looked_up)
        after = Specification(decider, self.now.date()).fold(events, state)
        if not events:
            return identity
        decider.check_status(command, state, after)
        self._check_claims(stream, decider.claims_of(state), decider.claims_of(after))
        self.states[stream] = after
        self.events[stream] += events
        self.waiting[stream] += events
        return identity

    def _check_claims(self, stream: tuple[str, str], had: Any, wanted: Any) -> None:
        """As the store: what a stream holds already it keeps, and more than that it is refused. Raises Rejected."""
        for claim in wanted:
            if sum(each.amount for each in had if _same(each, claim)) >= claim.amount:
                continue
            mine = _key(claim, stream[1])
            others = [each for key, each in self._held(stream) if key == mine and _meet(each, claim)]
            if claim.limit is None:
                if others:
                    raise claim.refusal()
            elif sum(each.amount for each in others) + claim.amount > claim.limit:
                raise claim.refusal()

    def _held(self, but: tuple[str, str]) -> Iterator[tuple[tuple[str, str], Claim]]:
        for stream, state in self.states.items():
            if stream != but and stream[0] in DECIDERS:
                for claim in DECIDERS[stream[0]].claims_of(state):
                    yield _key(claim, stream[1]), claim

    def react(self, stream: tuple[str, str]) -> None:
        """Reacts to the first event of a stream that waits for it. Raises AssertionError where a refusal is a fault."""
        event = self.waiting[stream].pop(0)
        if not self.waiting[stream]:
            del self.waiting[stream]
        self.deliver(event, Identity(stream[1]))

    def deliver(self, event: Event, identity: Identity) -> None:
        """Issues what an event asks for."""
        assert REGISTRY.published(event.event_type, event.schema_version)
        for reaction in reactions.of(type(event)):
            arguments: list[Any] = [identity] if reaction.takes_identity else []
            if reaction.finds:
                arguments.append(self._found(reaction, event, identity))
            for issue in reaction.function(event, *arguments):
                reactions.check(issue)
                self._issue(issue, event)

    def _found(self, reaction: Reaction, event: Event, identity: Identity) -> list[Found[Any]]:
        assert reaction.finds
        filters = reaction.filters(event, identity).items()
        return [
            Found(each, state)
            for each, state in self.of(reaction.finds).items()
            if all(getattr(state, name) in (value if isinstance(value, tuple) else (value,)) for name, value in filters)
        ]

    def _issue(self, issue: Issue, event: Event) -> None:
        (command,) = issue.commands
        state = self.states.get((issue.decider.category, issue.identity or ""))
        on = max(event.effective_on, state.effective_on) if state else event.effective_on
        dated = command if command.on != TODAY else command.model_copy(update={"on": on})
        try:
            self.ask(issue.decider, issue.identity, dated, frozenset({PLATFORM}))
        except Rejected as refused:
            if refused.slug not in issue.expected:
                raise AssertionError(f"{issue} is refused") from refused


def _key(claim: Claim, identity: str) -> tuple[str, str]:
    return claim.refusal.slug, identity if claim.key == ITSELF else claim.key


def _same(one: Claim, other: Claim) -> bool:
    return (one.refusal.slug, one.key, one.during) == (other.refusal.slug, other.key, other.during)


def _meet(one: Claim, other: Claim) -> bool:
    if one.during is None or other.during is None:
        return True
    return one.during[0] < other.during[1] and other.during[0] < one.during[1]
