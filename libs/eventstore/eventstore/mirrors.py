"""Mirrors: what a service knows of another one's streams, folded from their events, for its decisions to look up.

    members = Mirror("member", Member, of=company.CATEGORY)

    @members.evolves
    def _(_: Member | None, event: CompanyActivated | CompanyReinstated) -> Member:
        return Member(status="active", effective_on=event.effective_on)

    @placements.decides(by="school", looks_up=Lookup(members, "company"))

A mirror lags behind: what it does not show may have happened. Where it is known to be behind, a caller is told to come
back, and a reaction waits.
"""

from typing import Final

from contracts.category import Category
from contracts.model import Event
from eventstore.decider import Decider, S


class Mirror(Decider[S]):
    """The streams of another service's category, as far as a state of one's own tells them.

    Events that nothing evolves by are passed over. An evolution takes None where it may be the first that a stream is
    known by. A raised `revision` of the state has the mirror folded anew from the topic.
    """

    def __init__(self, category: str, state: type[S], *, of: Category) -> None:
        super().__init__(category, state)
        self.of: Final = of

    @property
    def events(self) -> frozenset[type[Event]]:
        """Every event that it is folded from."""
        return frozenset(self._evolutions)

    @property
    def subscription(self) -> str:
        """What its marks are kept under. Of another revision it begins anew."""
        return f"mirror-{self.category}-{self.state.revision}"

    def shows(self, stream_id: str) -> str | None:
        """The id of the stream that shows one of the other service; None for a stream of another category."""
        prefix = f"{self.of.name}-"
        return self.stream_id(stream_id.removeprefix(prefix)) if stream_id.startswith(prefix) else None

    def check(self) -> None:
        """Refuses a mirror of what its category does not publish. Raises TypeError."""
        if not self._evolutions:
            raise TypeError(f"mirror {self.category}: nothing evolves it")
