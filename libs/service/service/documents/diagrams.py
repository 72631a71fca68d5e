"""The states of an aggregate drawn, from what its decisions declare: a state diagram that Markdown viewers show."""

from collections import defaultdict
from typing import Any

from eventstore.decider import Decider


def diagram(decider: Decider[Any]) -> str:
    """A Mermaid state diagram: each status, and the decisions that lead from one to another."""
    ways: dict[tuple[str, str], list[str]] = defaultdict(list)
    for status, decision, to in decider.transitions:
        if status != to:
            ways[status or "[*]", to].append(decision.name)
    ways |= {(status, "[*]"): [] for status in decider.final}
    lines = [
        f"    {status} --> {to}" + (f": {', '.join(sorted(names))}" if names else "")
        for (status, to), names in ways.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
