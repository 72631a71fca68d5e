"""Synergies between companies (axis 1): what one gave to another, instead of it being lost.

All is told by month and by the flow that gives, and counts for the company whose flow that is. Where nothing was
recorded, nobody knows: that is no figure of 0.
"""

from collections.abc import Collection, Iterator
from typing import Final

from contracts.companies.flow import FlowKind, FlowUnit
from contracts.companies.synergy import ExchangeCorrected, FlowExchanged
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, sums

GIVEN: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")
Exchanged = FlowExchanged | ExchangeCorrected
"""What tells of what was exchanged."""


@sums(unit="t", dimensions=GIVEN, silence="unknown")
def diverted_tonnes(event: Exchanged) -> Iterator[Count]:
    """Waste and packaging that synergies divert, in tonnes.

    What the surpluses of synergies gave to other companies, on the last day of each month on which the synergy
    operated. Corrected quantities replace the old ones on that day. What is told in m³ or in pieces does not count.
    Activity, commune and zone are those of the flow that gives.
    """
    return _diverted(event, "t", ("waste", "packaging"))


@sums(unit="m³", dimensions=GIVEN, silence="unknown")
def diverted_m3(event: Exchanged) -> Iterator[Count]:
    """Waste and water that synergies divert, in cubic metres.

    What the surpluses of synergies gave to other companies, on the last day of each month on which the synergy
    operated. Corrected quantities replace the old ones on that day. Compressed air does not count, nor what is told in
    tonnes. Activity, commune and zone are those of the flow that gives.
    """
    return _diverted(event, "m3", ("waste", "water"))


def _diverted(event: Exchanged, unit: FlowUnit, kinds: Collection[FlowKind]) -> Iterator[Count]:
    if event.unit == unit and event.kind in kinds:
        if isinstance(event, ExchangeCorrected):
            yield Count(event.exchanged_on, -event.exchanged_before)
        yield Count(event.exchanged_on, event.exchanged)


CHAPTER: Final = Chapter("synergies", diverted_tonnes, diverted_m3)
