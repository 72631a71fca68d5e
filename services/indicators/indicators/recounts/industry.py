"""Industry 4.0: surveys are replayed with corrections made in place, and a need counts as it stands in the end."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import Computed, Flow, Happened, Held, Recounts, Share, Stock, Stream, held, ratio

Found = list[tuple[Happened, dict[str, Decimal]]]
"""The level of each dimension from an event on."""


def _found(stream: Stream) -> Found:
    """What is found from each event on that finds anything else, as it should have been."""
    found: Found = []
    for event in stream:
        match event.type:
            case "SurveyValidated":
                found.append((event, {each["dimension"]: Decimal(each["level"]) for each in event.data["levels"]}))
            case "SurveyClosed":
                found.append((event, {}))
            case "MaturityCorrected":
                found[-1][1][event.data["dimension"]] = Decimal(event.data["level"])
    return found


def _surveyed(stream: Stream) -> Iterator[Held]:
    return held(Share(event.day(), event.data, Decimal(bool(levels))) for event, levels in _found(stream))


def _maturity(counts: Callable[[Decimal], Decimal]) -> Stock:
    """What each dimension comes to, by its level."""

    def moments(found: Found, dimension: str) -> Iterator[Share]:
        stands = False
        for event, levels in found:
            if stands or dimension in levels:
                value = counts(levels[dimension]) if dimension in levels else Decimal(0)
                yield Share(event.day(), {**event.data, "maturity_dimension": dimension}, value)
            stands = dimension in levels

    def count(stream: Stream) -> Iterator[Held]:
        found = _found(stream)
        for dimension in dict.fromkeys(each for _, levels in found for each in levels):
            yield from held(moments(found, dimension))

    return Stock("survey", count)


def _told(stream: Stream) -> dict[str, Any]:
    data = stream[0].data
    return {**data, "maturity_dimension": data["dimension"], "need_kind": data["kind"]}


def _declared(stream: Stream) -> Iterator[Share]:
    if stream[-1].type != "NeedDropped" or stream[-1].data["reason"] != "entered_by_mistake":
        yield Share(stream[0].day(), _told(stream), Decimal(1))


def _met(stream: Stream) -> Iterator[Share]:
    met = None
    for event in stream:
        match event.type:
            case "NeedMet":
                met = event.day()
            case "NeedOutcomeCorrected":
                met = event.day("met_on")
            case "NeedReopened":
                met = None
    if met:
        yield Share(met, _told(stream), Decimal(1))


RECOUNTS: Final[Recounts] = {
    "companies_surveyed": Stock("survey", _surveyed),
    "maturity_points": _maturity(lambda level: level),
    "maturity_levels": _maturity(lambda _: Decimal(1)),
    "maturity": Computed(("maturity_levels", "maturity_points"), lambda known, points: ratio(points, known, "0.01")),
    "needs_declared": Flow("need", _declared),
    "needs_met": Flow("need", _met),
    "needs_met_rate": Computed(("needs_declared", "needs_met"), lambda declared, met: ratio(met, declared, "0.0001")),
}
