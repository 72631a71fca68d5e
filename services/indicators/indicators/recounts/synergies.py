"""Synergies: what each is from which day on; of each flow that gives and each month, what was said last."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Flow, Happened, Held, Recounts, Share, Stock, Stream, held

BECOMES: Final = {
    "SynergyDetected": "detected",
    "SynergyQualified": "qualified",
    "SynergyFoundFeasible": "feasible",
    "SynergyAgreed": "agreed",
    "SynergyStarted": "operating",
    "SynergyEnded": "ended",
    "SynergyAbandoned": "abandoned",
}


def _there(stream: Stream) -> Iterator[Held]:
    return held(
        Share(event.day(), {"synergy": event.stream, "synergy_status": BECOMES[event.type]}, Decimal(1))
        for event in stream
        if event.type in BECOMES
    )


def _given(stream: Stream) -> Iterator[Happened]:
    said: dict[tuple[str, str], Happened] = {}
    for event in stream:
        if event.type in ("FlowExchanged", "ExchangeCorrected"):
            said[event.data["flow"], event.data["month"]] = event
    yield from said.values()


def _diverted(unit: str, *kinds: str) -> Flow:
    def counts(stream: Stream) -> Iterator[Share]:
        for event in _given(stream):
            if event.data["unit"] == unit and event.data["kind"] in kinds:
                yield Share(event.day("exchanged_on"), event.data, Decimal(event.data["exchanged"]))

    return Flow("synergy", counts, unknown=True)


RECOUNTS: Final[Recounts] = {
    "synergies": Stock("synergy", _there, contributor="synergy"),
    "diverted_tonnes": _diverted("t", "waste", "packaging"),
    "diverted_m3": _diverted("m3", "waste", "water"),
}
