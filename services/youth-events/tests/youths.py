"""Random sequences of commands of this service: its reactions, and a company that is a member, or was."""

from pupils import MEMBER, TODAY
from streams import Streams

from eventstore.decider import Lookup, State
from youth_events.members import members
from youth_events.reactions import reactions


class Youths(Streams):
    """What has happened so far in this service."""

    reactions = reactions
    begins = TODAY

    def __init__(self) -> None:
        super().__init__()
        self.member = MEMBER

    def found(self, lookup: Lookup, identity: str) -> State | None:
        """What a decision finds."""
        return self.member if lookup.decider is members else super().found(lookup, identity)
