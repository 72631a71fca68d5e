"""Industry 4.0: surveys are replayed with corrections made in place, and a need counts as it stands in the end."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import Computed, Flow, Held, Recounts, Share, Stock, Stream, held, ratio


@dataclass
class Found:
    """The level of each dimension from a day on."""

    on: date
    told: Mapping[str, Any]
    levels: dict[str, Decimal]


def _found(stream: Stream) -> list[Found]:
    """What is found from each day on that finds anything else, as it should have been."""
    found: list[Found] = []
    for event in stream:
        match event.type:
            case "SurveyValidated":
                levels = {each["dimension"]: Decimal(each["level"]) for each in event.data["levels"]}
                found.append(Found(event.day(), event.data, levels))
            case "SurveyClosed":
                found.append(Found(event.day(), event.data, {}))
            case "MaturityCorrected":
                found[-1].levels[event.data["dimension"]] = Decimal(event.data["level"])
            case "SurveyDayCorrected" if event.data["step"] == "validated":
                found[-1].on = event.day("day")
    return found


def _surveyed(stream: Stream) -> Iterator[Held]:
    return held(Share(each.on, each.told, Decimal(bool(each.levels))) for each in _found(stream))


def _maturity(counts: Callable[[Decimal], Decimal]) -> Stock:
    """What each dimension comes to, by its level."""

    def moments(found: list[Found], dimension: str) -> Iterator[Share]:
        stands = False
        for each in found:
            if stands or dimension in each.levels:
                value = counts(each.levels[dimension]) if dimension in each.levels else Decimal(0)
                yield Share(each.on, {**each.told, "maturity_dimension": dimension}, value)
            stands = dimension in each.levels

    def count(stream: Stream) -> Iterator[Held]:
        found = _found(stream)
        for dimension in dict.fromkeys(dimension for each in found for dimension in each.levels):
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
