"""Synergies between companies (axis 1): how far they have come, and what one gave to another instead of it being lost.

What was given is told by month and by the flow that gives, and counts for the company whose flow that is. Where nothing
was recorded, nobody knows: that is no figure of 0. A synergy itself is several companies', so it counts for none.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from contracts.companies.flow import FlowKind, FlowUnit
from contracts.companies.synergy import (
    ExchangeCorrected,
    FlowExchanged,
    SynergyAbandoned,
    SynergyAgreed,
    SynergyDetected,
    SynergyEnded,
    SynergyFoundFeasible,
    SynergyQualified,
    SynergyStarted,
    SynergyStatus,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, Stand, levels, sums

GIVEN: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")
Exchanged = FlowExchanged | ExchangeCorrected
"""What tells of what was exchanged."""
Steps = (
    SynergyDetected
    | SynergyQualified
    | SynergyFoundFeasible
    | SynergyAgreed
    | SynergyStarted
    | SynergyEnded
    | SynergyAbandoned
)
"""What makes something else of a synergy."""
STATES: Final[Mapping[type[Steps], SynergyStatus]] = {
    SynergyDetected: "detected",
    SynergyQualified: "qualified",
    SynergyFoundFeasible: "feasible",
    SynergyAgreed: "agreed",
    SynergyStarted: "operating",
    SynergyEnded: "ended",
    SynergyAbandoned: "abandoned",
}
"""What each makes of it."""


@levels(unit="synergies", dimensions=("synergy_status",), contributor="synergy")
def synergies(event: Steps) -> Iterator[Stand]:
    """Synergies between companies.

    How many have been detected by the end of the day, also those that have ended or were abandoned;
    by=synergy_status tells how far each has come. It counts once, however many companies take part. A further flow, or
    the agreement of one company while others have not agreed, leaves it in its state.
    """
    yield Stand(1, dimensions={"synergy_status": STATES[type(event)]})


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


CHAPTER: Final = Chapter("synergies", synergies, diverted_tonnes, diverted_m3, axis=1)
