"""Streams that random sequences of commands are decided on; what events ask for is done later, stream by stream."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from contracts import Event
from contracts.model import PARIS
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, Lookup, State
from eventstore.execution import moment
from eventstore.reactions import Found, Identity, Reactions
from eventstore.refusal import Rejected
from eventstore.specification import Specification


class Streams(RuleBasedStateMachine):
    """What has happened so far, on one day after the other: of a service, with its reactions."""

    reactions: ClassVar[Reactions]
    begins: ClassVar[date]

    def __init__(self) -> None:
        super().__init__()
        self.today = self.begins
        self.streams: dict[str, tuple[Decider[Any], Any]] = {}
        self.to_react_to: dict[str, deque[Event]] = defaultdict(deque)

    def of(self, decider: Decider[Any]) -> Mapping[str, Any]:
        """The streams of a decider, by the ids of their records."""
        return {name: state for name, (of, state) in self.streams.items() if of is decider}

    def ask(self, decider: Decider[Any], name: str, command: Command, platform: bool = False) -> str | None:
        """Issues a command; returns the slug of what refused it."""
        decision = decider.decision(type(command))
        state = self.streams[name][1] if name in self.streams else None
        context = Context(
            datetime.combine(self.today, time(12), PARIS), frozenset((PLATFORM,) if platform else decision.roles)
        )
        try:
            events = decider.decide(state, command, context, self.looked_up(decider, command, state))
        except Rejected as rejected:
            return rejected.slug
        after = Specification(decider, self.today).fold(events, state)
        if events:
            decider.check_status(command, state, after)
        taken = self.collision(name, decider.claims_of(state), decider.claims_of(after))
        if taken is None:
            self.streams[name] = (decider, after)
            self.to_react_to[name].extend(events)
        return taken

    def looked_up(self, decider: Decider[Any], command: Command, state: State | None) -> list[State | None]:
        known: list[State | None] = []
        for lookup in decider.decision(type(command)).looks_up:
            asked = getattr(command if lookup.key in type(command).model_fields else state, lookup.key)
            known.append(self.found(lookup, asked))
        return known

    def found(self, lookup: Lookup, identity: str) -> State | None:
        """What a decision finds."""
        found: State | None = self.of(lookup.decider).get(identity)
        return found

    def collision(self, name: str, before: Iterable[Claim], after: Iterable[Claim]) -> str | None:
        """What the append would refuse: what all hold together, unless a stream holds as much already."""
        for claim in after:
            held = sum(other.amount for other in before if alike(name, other, name, claim))
            others = [
                other.amount
                for stream, (decider, state) in self.streams.items()
                if stream != name
                for other in decider.claims_of(state)
                if alike(stream, other, name, claim)
            ]
            too_much = bool(others) if claim.limit is None else sum(others) + claim.amount > claim.limit
            if too_much and claim.amount > held:
                return claim.refusal.slug
        return None

    def react(self, name: str) -> None:
        """Does what the next event of a stream asks for. Whatever refuses it is expected."""
        event = self.to_react_to[name].popleft()
        for reaction in self.reactions.of(type(event)):
            found = []
            if reaction.finds is not None:
                wanted = reaction.filters(event, Identity(name)).items()
                found.append(
                    [
                        Found(stream, state)
                        for stream, (decider, state) in self.streams.items()
                        if decider is reaction.finds
                        and all(
                            getattr(state, key) in (value if isinstance(value, tuple) else (value,))
                            for key, value in wanted
                        )
                    ]
                )
            told = [Identity(name)] if reaction.takes_identity else []
            for issue in reaction.function(event, *told, *found):
                self.reactions.check(issue)
                assert issue.identity is not None
                for command in issue.commands:
                    refused = self.ask(issue.decider, issue.identity, command, platform=True)
                    if refused is None:
                        break
                else:
                    assert refused in issue.expected, refused

    def issue_next(self) -> None:
        """What is due next is issued: it is never refused, and something changes."""
        due = [
            (moment(each.at).date(), name, each.command)
            for name, (decider, state) in self.streams.items()
            for each in decider.due_of(state)
        ]
        day, name, command = min(due, key=lambda each: each[:2], default=(self.today, "", None))
        if command is None:
            return
        self.today = max(self.today, day)
        decider, state = self.streams[name]
        on = max(day, state.effective_on)
        assert self.ask(decider, name, command.model_copy(update={"on": on}), platform=True) is None
        assert self.streams[name][1] != state

    @property
    def waiting(self) -> Sequence[str]:
        """The streams whose events are not reacted to yet."""
        return sorted(name for name, events in self.to_react_to.items() if events)


def alike(stream: str, claim: Claim, other_stream: str, other: Claim) -> bool:
    """Whether two streams claim the same."""
    keys = [stream if claim.key == ITSELF else claim.key, other_stream if other.key == ITSELF else other.key]
    return claim.refusal.slug == other.refusal.slug and keys[0] == keys[1]
