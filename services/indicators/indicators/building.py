"""The rehabilitation of training buildings: money, works, milestones and energy (axis 5).

All are levels: what holds at the end of a day. What is told of an earlier day, or put right, changes the days since
then. Amounts are in euros before tax. n counts rehabilitations.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.model import Day
from contracts.training.rehabilitation import (
    BudgetLineCorrected,
    BudgetLineRevised,
    BudgetLineSet,
    BuildingAreaCorrected,
    BuildingEnergyCorrected,
    BuildingEnergyRead,
    BuildingMilestoneAdded,
    BuildingMilestoneCorrected,
    BuildingMilestoneDropped,
    BuildingMilestoneLate,
    BuildingMilestoneReached,
    BuildingMilestoneReplanned,
    CommitmentCorrected,
    CommitmentMade,
    CommitmentPaid,
    CommitmentPaymentCorrected,
    CommitmentReleased,
    RehabilitationAbandoned,
    Spell,
    WorksAccepted,
    WorksAcceptedCorrected,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, formula, levels

PLACE: Final[tuple[Name, ...]] = ("commune", "zone")
MONEY: Final[tuple[Name, ...]] = (*PLACE, "funder")

Budgeted = BudgetLineSet | BudgetLineRevised | BudgetLineCorrected | RehabilitationAbandoned
"""What changes a budget."""
Milestones = (
    BuildingMilestoneAdded
    | BuildingMilestoneReplanned
    | BuildingMilestoneLate
    | BuildingMilestoneReached
    | BuildingMilestoneDropped
    | BuildingMilestoneCorrected
    | RehabilitationAbandoned
)
"""What says when milestones are late."""


@levels(unit="EUR", dimensions=MONEY, contributor="rehabilitation")
def rehabilitation_budget(event: Budgeted) -> Iterator[Corrected]:
    """Budget of rehabilitations.

    All lines of the budgets at the end of the day, for studies and equipment as for works. A line counts from the day
    on which it was set or revised; one that was recorded wrongly has the right amount since that day. What is abandoned
    has no budget any more.
    """
    yield from _budget(event, works_only=False)


@levels(unit="EUR", dimensions=MONEY, contributor="rehabilitation")
def works_budget(event: Budgeted) -> Iterator[Corrected]:
    """Budget for the works of rehabilitations.

    The lines for works of the budgets at the end of the day, counted as all lines are in rehabilitation_budget, which
    has them too: equipment and contingencies are lines of their own.
    """
    yield from _budget(event, works_only=True)


@levels(unit="EUR", dimensions=MONEY, contributor="rehabilitation")
def works_accepted(event: WorksAccepted | WorksAcceptedCorrected) -> Iterator[Corrected]:
    """Works of rehabilitations that are done.

    All statements of works [situations de travaux] that were accepted by the end of the day, each from its own day on.
    One that was recorded wrongly is taken out on the day that it stood for, and put in on the right one.
    """
    match event:
        case WorksAccepted():
            yield _more(event.effective_on, event.amount)
        case WorksAcceptedCorrected():
            yield _more(event.accepted_before, -event.amount_before)
            yield _more(event.accepted_on, event.amount)


@formula(unit="share", of=(works_accepted, works_budget))
def works_progress(accepted: Decimal, budget: Decimal) -> Decimal | None:
    """Progress of works.

    works_accepted divided by works_budget at the end of the day: 0.25 is a quarter of the works. Rounded to four
    decimals, half up; none while there is no budget for works.
    """
    return (accepted / budget).quantize(Decimal("0.0001"), ROUND_HALF_UP) if budget > 0 else None


@levels(unit="EUR", dimensions=MONEY, contributor="rehabilitation")
def budget_committed(event: CommitmentMade | CommitmentCorrected | CommitmentReleased) -> Iterator[Corrected]:
    """Budget of rehabilitations that is committed.

    All contracts and orders at the end of the day, each from the day of its commitment [engagement] on. What is freed
    of one is taken out on the day on which that is decided; one that was recorded wrongly, on the day that it stood
    for. What was committed stays in when a rehabilitation is abandoned, until it is freed.
    """
    match event:
        case CommitmentMade():
            yield _more(event.effective_on, event.amount)
        case CommitmentReleased():
            yield _more(event.effective_on, event.amount - event.amount_before)
        case CommitmentCorrected():
            yield _more(event.committed_before, -event.amount_before)
            yield _more(event.committed_on, event.amount)


@levels(unit="EUR", dimensions=MONEY, contributor="rehabilitation")
def budget_paid(event: CommitmentPaid | CommitmentPaymentCorrected) -> Iterator[Corrected]:
    """Budget of rehabilitations that is paid.

    All payments by the end of the day, each from its own day on. One that was recorded wrongly is taken out on the day
    that it stood for, and put in on the right one.
    """
    match event:
        case CommitmentPaid():
            yield _more(event.effective_on, event.amount)
        case CommitmentPaymentCorrected():
            yield _more(event.paid_before, -event.amount_before)
            yield _more(event.paid_on, event.amount)


@levels(unit="milestones", dimensions=PLACE, contributor="rehabilitation")
def milestones_late(event: Milestones) -> Iterator[Corrected]:
    """Milestones of rehabilitations that are late.

    Those that are neither reached nor dropped at the end of the day, and were planned for an earlier one. One that is
    planned anew is late no more until it is again; of what is abandoned none is. The day on which one was reached
    counts as it was corrected.
    """
    match event:
        case RehabilitationAbandoned():
            for each in event.milestones:
                yield from _late(each.late_before, each.late)
        case _:
            yield from _late(event.late_before, event.late)


@levels(unit="kWh", dimensions=PLACE, contributor="rehabilitation", silence="unknown")
def building_energy(event: BuildingEnergyRead | BuildingEnergyCorrected) -> Iterator[Corrected]:
    """Energy that rehabilitated buildings consume in a year.

    Final energy of all kinds, of the latest year that is known by the end of the day: a year's stands from its last day
    on. Of a building whose energy was never told nobody knows; where all that was told of it was taken back it is 0.
    """
    before = event.kwh_earlier if isinstance(event, BuildingEnergyRead) else event.kwh_before
    after = event.kwh_earlier if event.kwh is None else event.kwh
    yield Corrected(event.since, event.until, before or 0, after or 0)


@levels(unit="m²", dimensions=PLACE, contributor="rehabilitation", silence="unknown")
def energy_area(event: BuildingEnergyRead | BuildingEnergyCorrected | BuildingAreaCorrected) -> Iterator[Corrected]:
    """Floor area of the rehabilitated buildings whose energy is known.

    The whole floor area of each, from the last day of the first year on whose energy is known. A corrected area
    replaces the old one on all of these days.
    """
    match event:
        case BuildingAreaCorrected(read_since=since) if since:
            yield Corrected(since, None, event.floor_area_before, event.floor_area)
        case BuildingEnergyRead(kwh_earlier=None):
            yield Corrected(event.since, event.until, 0, event.floor_area)
        case BuildingEnergyCorrected(kwh_earlier=None, kwh=None):
            yield Corrected(event.since, event.until, event.floor_area, 0)


@formula(unit="kWh/m²", of=(building_energy, energy_area))
def energy_per_m2(energy: Decimal, area: Decimal) -> Decimal | None:
    """Energy that rehabilitated buildings consume per square metre and year.

    building_energy divided by energy_area at the end of the day, rounded to two decimals, half up; none where no
    building's energy is known. It is compared with that of the reference year: 40 % less is what the law asks for by
    2030 from 1,000 m² on (Code de la construction et de l'habitation, L174-1).
    """
    return (energy / area).quantize(Decimal("0.01"), ROUND_HALF_UP) if area > 0 else None


def _more(on: Day, amount: int) -> Corrected:
    """There is so much more from a day on."""
    return Corrected(on, None, 0, amount)


def _budget(event: Budgeted, *, works_only: bool) -> Iterator[Corrected]:
    if isinstance(event, RehabilitationAbandoned):
        for line in event.lines:
            if line.purpose == "works" or not works_only:
                yield Corrected(event.effective_on, None, line.budget, 0, dimensions={"funder": line.funder})
    elif event.purpose == "works" or not works_only:
        match event:
            case BudgetLineSet():
                yield _more(event.effective_on, event.line_budget)
            case BudgetLineRevised():
                yield Corrected(event.effective_on, None, event.line_budget_before, event.line_budget)
            case BudgetLineCorrected():
                yield Corrected(event.since, None, event.line_budget_before, event.line_budget)


def _late(before: Spell | None, after: Spell | None) -> Iterator[Corrected]:
    if before:
        yield Corrected(before.since, before.until, 1, 0)
    if after:
        yield Corrected(after.since, after.until, 0, 1)


CHAPTER: Final = Chapter(
    "building",
    rehabilitation_budget,
    works_budget,
    works_accepted,
    works_progress,
    budget_committed,
    budget_paid,
    milestones_late,
    building_energy,
    energy_area,
    energy_per_m2,
    axis=5,
)
