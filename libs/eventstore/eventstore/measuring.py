"""What a process has done with a store: counted where it is done, read by whoever asks, and sent nowhere."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

CommandOutcome = Literal[
    "accepted",
    "unchanged",
    "replayed",
    "refused",
    "invalid",
    "forbidden",
    "stale",
    "conflict",
    "unavailable",
    "failed",
]
"""What came of a command: events; nothing, as there was nothing to change; what the same key led to before; a refusal
by a rule; a command that cannot be one, or of no such record; a caller who may not; another version than it was meant
for; a key that was used for something else; no database in time, so that nobody knows; a bug."""
ReactionOutcome = Literal["issued", "unchanged", "passed", "full", "known", "refused"]
"""What came of what a reaction asks: events; nothing, as there was nothing to change; a refusal that it expects;
one that says that there is nothing for a queue; what it led to before; a refusal that it does not expect, which parks
the event."""

SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Of groups, of which the greatest has 512."""
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
"""Of statements, which are given up after 1.5 s."""


class Distribution:
    """How many values were up to each of some bounds and above the one before, and what all come to."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds: Final = bounds
        self.counts: Final = [0] * (len(bounds) + 1)
        """The last is of values above all bounds."""
        self.total = 0.0

    def add(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(frozen=True)
class Groups:
    """Calls that rode together: how many in a group, and how many seconds each group took."""

    sizes: Distribution = field(default_factory=lambda: Distribution(SIZES))
    seconds: Distribution = field(default_factory=lambda: Distribution(SECONDS))


@dataclass(frozen=True)
class Measured:
    """What one store of this process was asked for, since it was opened."""

    appends: Groups = field(default_factory=Groups)
    loads: Groups = field(default_factory=Groups)
    commands: Counter[tuple[str, str, CommandOutcome]] = field(default_factory=Counter)
    """By category and decision."""
    reactions: Counter[tuple[str, ReactionOutcome]] = field(default_factory=Counter)
    """By the reaction's name."""
