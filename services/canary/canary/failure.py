"""What may come of a run, and why one failed."""

from typing import Literal

Outcome = Literal["measured", "late", "unauthorised", "unrecorded", "unanswered"]
"""`late`: the figures did not know of it in time. `unauthorised`: there was no token, or a service refused it.
`unrecorded`: the command was not accepted. `unanswered`: the figures were not told."""


class Failed(Exception):
    """A run did not come to its end; the message says why, and quotes nothing that was sent."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
