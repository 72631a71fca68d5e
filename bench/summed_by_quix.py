"""The peer of the fold from the shelf: Quix Streams, which keeps the same sums by company and month, exactly once.

It is a program in the peers' environment: `python -m bench.summed_by_quix BOOTSTRAP TOPIC GROUP COUNT FOLDER`. A
company's events have its own key, so it need not distribute them anew. Its last line is what all sums come to.
"""

import sys
from typing import Any

from quixstreams import Application, State


def main(bootstrap: str, topic: str, group: str, count: str, folder: str) -> None:
    """Sums so many records up, and commits."""
    application = Application(
        bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=folder,
        loglevel="WARNING",
    )
    total = 0.0

    def add(said: dict[str, Any], state: State) -> float:
        nonlocal total
        month = said["effective_on"][:7]
        growth = said["headcount"] - said.get("headcount_before", 0)
        total += growth
        grown: float = state.get(month, 0) + growth
        state.set(month, grown)
        return grown

    events = application.dataframe(application.topic(topic, key_deserializer="str", value_deserializer="json"))
    events.apply(add, stateful=True)
    application.run(count=int(count), collect=False)
    print(total)


if __name__ == "__main__":
    main(*sys.argv[1:])
