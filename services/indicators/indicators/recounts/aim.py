"""The programme's aim: an observation counts as it stands in the end, and a break, or a baseline, while it is one."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from indicators.recounts.counting import Computed, Held, Moving, Observed, Recounts, Share, Stock, Stream

GOAL: Final = (Decimal(5), date(2027, 12, 31))


def _is_proxy(told: Any) -> bool:
    return bool(told["kind"] == "proxy_rate")


def _is_reference(told: Any) -> bool:
    return bool(told["reference"])


def _last(of: Any, field: str = "value") -> Observed:
    """What an observation says in the end, unless it was withdrawn."""

    def count(stream: Stream) -> Iterator[Share]:
        last = stream[-1]
        if of(last.data) and last.type != "LabourObservationWithdrawn":
            yield Share(last.day("ends_on"), last.data, Decimal(str(last.data[field])))

    return Observed("labour-observation", count, contributor="labour_series")


def _baseline(of: Any) -> Stock:
    """The observation, if it is the baseline in the end. What once was one is known, and nothing."""

    def count(stream: Stream) -> Iterator[Held]:
        last = stream[-1]
        if of(last.data) and any(event.data["baseline"] for event in stream):
            value = Decimal(str(last.data["value"])) if last.data["baseline"] else Decimal(0)
            yield Held(last.day("ends_on"), None, last.data, value)

    return Stock("labour-observation", count, contributor="labour_series", unknown=True)


def _breaks(of: Any) -> Stock:
    """Those of a series that are declared in the end."""

    def count(stream: Stream) -> Iterator[Held]:
        stands: dict[str, int] = {}
        for event in stream:
            match event.type:
                case "SeriesBreakDeclared":
                    stands[event.data["declared"]["begins_on"]] = 1
                case "SeriesBreakWithdrawn":
                    stands[event.data["withdrawn"]["begins_on"]] = 0
        for day, stands_now in stands.items():
            if of(stream[-1].data):
                told = {**stream[-1].data, "break_on": day}
                yield Held(date.fromisoformat(day), None, told, Decimal(stands_now))

    return Stock("labour-series", count, contributor="labour_series")


def _gap(rate: Decimal, aim: Decimal, _due: date, _on: date) -> Decimal:
    return rate - aim


def _progress(rate: Decimal, baseline: Decimal, aim: Decimal, _due: date, _on: date) -> Decimal | None:
    way = baseline - aim
    return ((baseline - rate) / way).quantize(Decimal("0.0001"), ROUND_HALF_UP) if way > 0 else None


def _exits(seekers: Decimal, residents: Decimal, aim: Decimal, due: date, on: date) -> Decimal | None:
    if on >= due:
        return None
    # A quarter that ends on the day is over.
    begun, ends = ((day.year * 4 + (day.month - 1) // 3) for day in (date.fromordinal(on.toordinal() + 1), due))
    return ((seekers - aim * residents / 100) / (ends - begun + 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


RECOUNTS: Final[Recounts] = {
    "proxy_breaks": _breaks(_is_proxy),
    "reference_breaks": _breaks(_is_reference),
    "unemployment_proxy": _last(_is_proxy),
    "unemployment_reference": _last(_is_reference),
    "seekers": _last(_is_proxy, "seekers"),
    "active_residents": _last(_is_proxy, "active_residents"),
    "proxy_baseline": _baseline(_is_proxy),
    "reference_baseline": _baseline(_is_reference),
    "full_employment_gap": Computed(("unemployment_proxy",), _gap, "unemployment_proxy", GOAL),
    "reference_gap": Computed(("unemployment_reference",), _gap, "unemployment_reference", GOAL),
    "progress_2027": Computed(("unemployment_proxy", "proxy_baseline"), _progress, "unemployment_proxy", GOAL),
    "reference_progress_2027": Computed(
        ("unemployment_reference", "reference_baseline"), _progress, "unemployment_reference", GOAL
    ),
    "exits_needed_per_quarter": Computed(("seekers", "active_residents"), _exits, "unemployment_proxy", GOAL),
    "unemployment_pace": Moving("unemployment_proxy", broken_by="proxy_breaks"),
    "reference_pace": Moving("unemployment_reference", broken_by="reference_breaks"),
}
