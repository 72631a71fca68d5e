"""Plots and units of the economic sites [terrains, locaux]: what is to be had, what is let, who settles (axis 2).

Levels say what holds at the end of a day. An area that was corrected from a day on is another on all days since then,
and a sale or a lease whose day was corrected is on the right one.
"""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.companies.land import Origin, settles
from contracts.companies.plot import (
    PlotAreaCorrected,
    PlotBuilt,
    PlotOptioned,
    PlotOptionGivenUp,
    PlotOptionLapsed,
    PlotPromised,
    PlotPromiseEnded,
    PlotPutOnMarket,
    PlotRegistered,
    PlotSaleCorrected,
    PlotServicingBegan,
    PlotSold,
)
from contracts.companies.unit import (
    UnitAreaCorrected,
    UnitLeaseCorrected,
    UnitLeaseEnded,
    UnitLet,
    UnitNoticeGiven,
    UnitRegistered,
    UnitReservationGivenUp,
    UnitReservationLapsed,
    UnitReserved,
    UnitStatus,
    UnitWorksBegan,
    UnitWorksEnded,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, Stand, distinct, formula, levels

PLACE: Final[tuple[Name, ...]] = ("commune", "zone")
PlotSteps = (
    PlotRegistered
    | PlotServicingBegan
    | PlotPutOnMarket
    | PlotOptioned
    | PlotOptionLapsed
    | PlotOptionGivenUp
    | PlotPromised
    | PlotPromiseEnded
    | PlotSold
    | PlotBuilt
)
"""What makes something else of a plot."""
UnitSteps = (
    UnitRegistered
    | UnitReserved
    | UnitReservationLapsed
    | UnitReservationGivenUp
    | UnitLet
    | UnitNoticeGiven
    | UnitLeaseEnded
    | UnitWorksBegan
    | UnitWorksEnded
)
"""What makes something else of a unit."""
LET: Final[tuple[UnitStatus, ...]] = ("let", "notice")
"""While it is given notice of, somebody still has it."""


@levels(unit="m²", dimensions=PLACE, contributor="plot")
def available_land(event: PlotSteps | PlotAreaCorrected) -> Iterator[Stand | Corrected]:
    """Land that is on the market.

    The area of the plots that are for sale at the end of the day: serviced and put on the market, and under no option
    or promise. Where one lapses or comes to nothing the plot is in again. A corrected area replaces the old one from
    the day on from which it is right, as far as the plot was on the market. n counts plots.
    """
    match event:
        case PlotAreaCorrected():
            for spell in event.spells:
                if spell.status == "on_market":
                    yield Corrected(spell.since, spell.until, spell.area, event.area)
        case _:
            yield Stand(event.area if event.status == "on_market" else 0)


@levels(unit="plots", dimensions=(*PLACE, "plot_status"), contributor="plot")
def plots(event: PlotSteps | PlotSaleCorrected) -> Iterator[Stand | Corrected]:
    """Plots of the economic sites.

    How many there are at the end of the day; by=plot_status tells what they are, from the land reserve to what is
    built. A corrected day of a sale moves the plot from promised to sold on the right one.
    """
    match event:
        case PlotSaleCorrected(sold_before=before, sold_on=on) if on != before:
            was, is_ = ("promised", "sold") if on < before else ("sold", "promised")
            yield Corrected(
                min(on, before),
                max(on, before),
                before=1,
                value=1,
                dimensions={"plot_status": is_},
                dimensions_before={"plot_status": was},
            )
        case PlotSaleCorrected():
            return
        case _:
            yield Stand(1, dimensions={"plot_status": event.status})


@levels(unit="m²", dimensions=PLACE, contributor="unit")
def lettable_area(event: UnitSteps | UnitAreaCorrected) -> Iterator[Stand | Corrected]:
    """Area of the units that can be let, or are.

    The area of all units at the end of the day, but for those in works. A corrected area replaces the old one from the
    day on from which it is right. n counts units.
    """
    match event:
        case UnitAreaCorrected():
            for spell in event.spells:
                if spell.status != "works":
                    yield Corrected(spell.since, spell.until, spell.area, event.area)
        case _:
            yield Stand(0 if event.status == "works" else event.area)


@levels(unit="m²", dimensions=PLACE, contributor="unit")
def let_area(event: UnitSteps | UnitAreaCorrected | UnitLeaseCorrected) -> Iterator[Stand | Corrected]:
    """Area of the units that are let.

    The area of the units that a company has under a lease at the end of the day, from the day on which the lease begins
    until the day before it ends; notice ends none before its day. What is only reserved is not let. A corrected area,
    or day on which a lease began, counts on the right days. n counts units.
    """
    match event:
        case UnitAreaCorrected():
            for spell in event.spells:
                if spell.status in LET:
                    yield Corrected(spell.since, spell.until, spell.area, event.area)
        case UnitLeaseCorrected():
            for spell in event.spells:
                was, is_ = (spell.area, 0) if spell.status in LET else (0, spell.area)
                yield Corrected(spell.since, spell.until, was, is_)
        case _:
            yield Stand(event.area if event.status in LET else 0)


@formula(unit="share", of=(lettable_area, let_area))
def vacancy_rate(lettable: Decimal, let: Decimal) -> Decimal | None:
    """Vacancy of the units.

    The share of lettable_area that is not let at the end of the day: 0.1 is a tenth of the m². Units in works are in
    neither. Rounded to four decimals, half up; none while there is no unit. That of the law's
    inventory, of land units without activity for two years (Code de l'urbanisme, L318-8-2), is another one.
    """
    return ((lettable - let) / lettable).quantize(Decimal("0.0001"), ROUND_HALF_UP) if lettable > 0 else None


@distinct(unit="companies", dimensions=("company", *PLACE))
def companies_settled(event: PlotSold | PlotSaleCorrected | UnitLet | UnitLeaseCorrected) -> Iterator[Count]:
    """Companies that have settled on the territory.

    The companies that bought a plot or took a unit in the period, and were not on the territory before, or had just
    been founded, as who sold or let it tells: each counts once in the period, and once in every cell, on the day of the
    sale or the first of the lease. One that was told wrongly is taken out on that day. That a company leaves takes
    nothing back.
    """
    match event:
        case PlotSold() | UnitLet():
            if settles(event.origin):
                yield Count(event.effective_on, 1)
        case PlotSaleCorrected():
            yield from _put_right(event.origin_before, event.sold_before, event.origin, event.sold_on)
        case UnitLeaseCorrected():
            yield from _put_right(event.origin_before, event.begun_before, event.origin, event.begun_on)


def _put_right(was: Origin | None, before: date, is_: Origin | None, on: date) -> Iterator[Count]:
    if settles(was):
        yield Count(before, -1)
    if settles(is_):
        yield Count(on, 1)


CHAPTER: Final = Chapter(
    "land", available_land, plots, lettable_area, let_area, vacancy_rate, companies_settled, axis=2
)
