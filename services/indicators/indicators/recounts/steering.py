"""Targets: each is replayed decision by decision, and a corrected one was so from its last decision on."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Held, Recounts, Share, Stock, Stream, held


def _aimed_at(stream: Stream) -> Iterator[Held]:
    decided: list[Share] = []
    for event in stream:
        if event.type == "TargetWithdrawn":
            decided.append(Share(event.day(), decided[-1].told, Decimal(0)))
            continue
        part = json.dumps(event.data["dimensions"], sort_keys=True)
        told = {**event.data, "of": part, "value": str(event.data["value"])}
        told["since"] = event.data.get("since", event.data["effective_on"])
        if event.type == "TargetCorrected":
            # What was told before stays known, if only for no day.
            decided.insert(-1, Share(event.day("since"), decided[-1].told, Decimal(0)))
            decided[-1] = Share(event.day("since"), told, Decimal(1))
        else:
            decided.append(Share(event.day(), told, Decimal(1)))
    return held(decided)


RECOUNTS: Final[Recounts] = {"targets": Stock("target", _aimed_at, contributor="indicator")}
