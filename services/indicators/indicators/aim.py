"""The programme's aim: full employment by the end of 2027, and how far it is (axis 7).

There is no official unemployment rate of the town. So there are two rates that are never mixed, each with indicators of
its own: the proxy, of the town's seekers and active residents, by which progress is measured, and beside it the
reference, which somebody else publishes for a larger area. Rates are not added, and neither are stocks of areas that
lie within each other: of several series together there is no value.
"""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from contracts.employment.labour_series import SeriesBreakDeclared, SeriesBreakWithdrawn
from contracts.employment.observation import (
    LabourBaselineChosen,
    LabourBaselineDropped,
    LabourObservationRevised,
    LabourObservationWithdrawn,
    LabourObserved,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, Goal, formula, levels, observed, series
from indicators.trend import Ahead

SERIES: Final[tuple[Name, ...]] = ("labour_series",)
FULL_EMPLOYMENT: Final = Decimal("5.0")
"""Percent: the unemployment rate at which the programme speaks of full employment."""
BY: Final = date(2027, 12, 31)
Observing = LabourObserved | LabourObservationRevised | LabourObservationWithdrawn
Baselining = LabourBaselineChosen | LabourBaselineDropped | LabourObservationRevised
Breaking = SeriesBreakDeclared | SeriesBreakWithdrawn


@levels(unit="breaks", dimensions=(*SERIES, "break_on"), contributor="labour_series", shown=False)
def proxy_breaks(event: Breaking) -> Iterator[Corrected]:
    """Series breaks of the proxy.

    Each that is declared, from the day on from which values do not compare with those before, whenever it was declared,
    until it is withdrawn.
    """
    if event.kind == "proxy_rate":
        yield _broken(event)


@levels(unit="breaks", dimensions=(*SERIES, "break_on"), contributor="labour_series", shown=False)
def reference_breaks(event: Breaking) -> Iterator[Corrected]:
    """Series breaks of the reference.

    As proxy_breaks, of the published rate that stands beside the proxy.
    """
    if event.reference:
        yield _broken(event)


@observed(unit="percent", dimensions=SERIES, contributor="labour_series", broken_by=proxy_breaks)
def unemployment_proxy(event: Observing) -> Iterator[Count]:
    """Unemployment rate of the town, by the programme's proxy.

    100 times the job seekers of the categories that the proxy counts, divided by the active residents, to two decimals:
    500 of 8,153 are 6.13. The value of the last period that was observed, on the last day of that period; a revision
    takes the place of what was known. It is no official rate, and is never mixed with unemployment_reference.
    """
    if event.kind == "proxy_rate":
        yield from _observed(event, "value")


@observed(unit="percent", dimensions=SERIES, contributor="labour_series", broken_by=reference_breaks)
def unemployment_reference(event: Observing) -> Iterator[Count]:
    """Unemployment rate that is published, of the programme's reference.

    The rate that somebody else publishes for a larger area, as the series says, of the last period that was observed,
    on the last day of that period; a revision takes the place of what was known. It stands beside unemployment_proxy.
    """
    if event.reference:
        yield from _observed(event, "value")


@observed(unit="persons", dimensions=SERIES, contributor="labour_series", broken_by=proxy_breaks)
def seekers(event: Observing) -> Iterator[Count]:
    """Job seekers whom the proxy counts.

    Those of the categories that the proxy counts, of the last period that was observed: one of the two inputs of
    unemployment_proxy. Job seekers are counted otherwise since 2025: see the series breaks.
    """
    if event.kind == "proxy_rate":
        yield from _observed(event, "seekers")


@observed(unit="persons", dimensions=SERIES, contributor="labour_series", broken_by=proxy_breaks)
def active_residents(event: Observing) -> Iterator[Count]:
    """Active residents by whom the proxy divides.

    Those who have work or look for it, of the last period that was observed: one of the two inputs of
    unemployment_proxy.
    """
    if event.kind == "proxy_rate":
        yield from _observed(event, "active_residents")


@levels(unit="percent", dimensions=SERIES, contributor="labour_series", silence="unknown")
def proxy_baseline(event: Baselining) -> Iterator[Corrected]:
    """Rate that progress is measured from, of the proxy.

    The observation that the programme's committee chose, one at a time, from the last day of its period on; revised, it
    is the new value since that day. 0 where none is chosen any more.
    """
    if event.kind == "proxy_rate":
        yield from _baseline(event)


@levels(unit="percent", dimensions=SERIES, contributor="labour_series", silence="unknown")
def reference_baseline(event: Baselining) -> Iterator[Corrected]:
    """Rate that progress is measured from, of the reference.

    As proxy_baseline, of the published rate that stands beside the proxy: the observation that the committee chose, one
    at a time, from the last day of its period on.
    """
    if event.reference:
        yield from _baseline(event)


_PROXY_GOAL: Final = Goal(unemployment_proxy, FULL_EMPLOYMENT, BY)
_REFERENCE_GOAL: Final = Goal(unemployment_reference, FULL_EMPLOYMENT, BY)


@formula(unit="points", of=(unemployment_proxy,), goal=_PROXY_GOAL)
def full_employment_gap(rate: Decimal, ahead: Ahead) -> Decimal:
    """How far the town is from full employment, by the proxy.

    unemployment_proxy less its next target, and while the committee has set none, less the programme's 5.0 percent: a
    rate of 6.13 is 1.13 points away. Below 0 where the rate is below.
    """
    return rate - ahead.value


@formula(unit="points", of=(unemployment_reference,), goal=_REFERENCE_GOAL)
def reference_gap(rate: Decimal, ahead: Ahead) -> Decimal:
    """How far the published rate is from full employment.

    As full_employment_gap, of unemployment_reference and its own target: of a larger area, and beside the proxy.
    """
    return rate - ahead.value


@formula(unit="share", of=(unemployment_proxy, proxy_baseline), goal=_PROXY_GOAL)
def progress_2027(rate: Decimal, baseline: Decimal, ahead: Ahead) -> Decimal | None:
    """How much of the way to full employment is done, by the proxy.

    The baseline less the rate now, divided by the baseline less the target (5.0 percent while the committee has set
    none): from 7.2 to 5.0, a rate of 6.1 is half of the way, 0.5. Below 0 where the rate is above the baseline, above 1
    beyond the target. Rounded to four decimals, half up; none without a baseline above the target. Where a series break
    lies between the baseline and now the two do not compare: the breaks are told beside it.
    """
    return _done(rate, baseline, ahead)


@formula(unit="share", of=(unemployment_reference, reference_baseline), goal=_REFERENCE_GOAL)
def reference_progress_2027(rate: Decimal, baseline: Decimal, ahead: Ahead) -> Decimal | None:
    """How much of the way to full employment is done, by the published rate.

    As progress_2027, of unemployment_reference and its own baseline and target: of a larger area, and beside the proxy.
    """
    return _done(rate, baseline, ahead)


@formula(unit="persons a quarter", of=(seekers, active_residents), goal=_PROXY_GOAL)
def exits_needed_per_quarter(people: Decimal, residents: Decimal, ahead: Ahead) -> Decimal | None:
    """Exits from unemployment that are needed a quarter, beyond entries.

    The seekers now, less those whom the target of unemployment_proxy leaves (5.0 percent of the active residents while
    the committee has set none), divided by the quarters that are not over on the last day, up to the one in which the
    target is due: (500 - 0.05 * 8,153) / 6 = 15.39 with 6 quarters left. Below 0 where the target is reached; none once
    it has been due. Rounded to two decimals, half up.
    """
    if not ahead.quarters:
        return None
    needed = (people - residents * ahead.value / 100) / ahead.quarters
    return needed.quantize(Decimal("0.01"), ROUND_HALF_UP)


@series(unit="points", of=unemployment_proxy)
def unemployment_pace() -> None:
    """Points by which the proxy rises a quarter.

    How much unemployment_proxy rises a quarter, below 0 where it falls, taken from the last observation of each of the
    last twelve quarters at most, since the last series break: the slope of the straight line that fits them best, with
    the interval in which it lies with 95 % probability, and the day on which the rate reaches its target if it goes on
    like that from the last quarter observed. Quarters without an observation are left out.
    """


@series(unit="points", of=unemployment_reference)
def reference_pace() -> None:
    """Points by which the published rate rises a quarter.

    As unemployment_pace, of unemployment_reference: of a larger area, and beside the proxy. Below 0 where it falls,
    with its interval, and the day on which the rate reaches its own target.
    """


def _observed(event: Observing, name: Literal["value", "seekers", "active_residents"]) -> Iterator[Count]:
    """What it says under a name, in the place of what was known before."""
    if isinstance(event, LabourObservationRevised):
        yield Count(event.ends_on, getattr(event, f"{name}_before"), times=-1)
    yield Count(event.ends_on, getattr(event, name), times=-1 if isinstance(event, LabourObservationWithdrawn) else 1)


def _baseline(event: Baselining) -> Iterator[Corrected]:
    match event:
        case LabourBaselineChosen():
            yield Corrected(event.ends_on, None, 0, event.value)
        case LabourBaselineDropped():
            yield Corrected(event.ends_on, None, event.value, 0)
        case LabourObservationRevised(baseline=True):
            yield Corrected(event.ends_on, None, event.value_before, event.value)


def _broken(event: Breaking) -> Corrected:
    """A break there is, or is not, since it begins."""
    told, before, after = (event.declared, 0, 1) if isinstance(event, SeriesBreakDeclared) else (event.withdrawn, 1, 0)
    on = told.begins_on
    return Corrected(on, None, before, after, told.from_period, dimensions={"break_on": on.isoformat()})


def _done(rate: Decimal, baseline: Decimal, ahead: Ahead) -> Decimal | None:
    if baseline <= ahead.value:
        return None
    return ((baseline - rate) / (baseline - ahead.value)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


CHAPTER: Final = Chapter(
    "aim",
    proxy_breaks,
    reference_breaks,
    unemployment_proxy,
    unemployment_reference,
    seekers,
    active_residents,
    proxy_baseline,
    reference_baseline,
    full_employment_gap,
    reference_gap,
    progress_2027,
    reference_progress_2027,
    exits_needed_per_quarter,
    unemployment_pace,
    reference_pace,
    axis=7,
)
