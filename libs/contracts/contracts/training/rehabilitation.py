"""What happens to the rehabilitation of a building [réhabilitation], the stream `rehabilitation-<id>`.

It goes through the phases of a public building project, each of which begins on a day; what happens to its milestones,
its money and its energy is no step, and is told in any order, each on its own day.

Whoever counts money takes `..._before` out on the day that it stood for, and puts the new amount in on its own. Amounts
are in whole euros before tax, as public contracts are awarded and budgeted. Where a milestone is late, or a year's
energy stands, events say from which day until which (`Spell`, `until`), as it was before and as it is now.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import (
    CalendarYear,
    Commune,
    Consumption,
    Euros,
    Ordinal,
    Reference,
    ShortText,
    Siret,
    SomeEuros,
    SquareMetres,
    Zone,
)

CATEGORY: Final = Category("rehabilitation", service="training", path="/v1/rehabilitations")

Phase = Literal[
    "studies",
    "programme",
    "outline_design",
    "detailed_design",
    "permit",
    "tender",
    "works",
    "accepted",
    "in_service",
]
"""In their order: studies of feasibility, the client's brief [programme], outline and detailed design [APS, APD], the
building permit, the call for tenders, works, their acceptance [réception], and the building in service."""
RehabilitationStatus = Literal[Phase, "suspended", "abandoned"]
DelayReason = Literal[
    "studies", "permit", "tender", "company_default", "site_conditions", "financing", "scope_changed", "other"
]
"""Why something is later than planned, or waits."""
RehabilitationAbandonment = Literal["financing", "permit", "change_of_plan", "entered_by_mistake", "other"]
MilestoneDropReason = Literal["not_needed", "replaced", "entered_by_mistake", "other"]
BuildingCorrection = Literal["typing_error", "late_document", "other"]
Purpose = Literal["studies", "project_management", "works", "equipment", "insurance", "contingencies", "other"]
"""What a line of the budget is for; `project_management` is architects and engineers [maîtrise d'œuvre]."""
BuildingFunder = Literal[
    "state", "region-centre-val-de-loire", "europe", "department", "epci", "town_hall", "afpa", "other"
]
"""Who pays for a line of the budget."""
BudgetReason = Literal[
    "tender_results", "price_indexation", "unforeseen_works", "funding_changed", "scope_changed", "other"
]
Lot = Literal[
    "demolition",
    "asbestos_removal",
    "structure",
    "roofing",
    "facades",
    "joinery",
    "partitions",
    "electricity",
    "heating_ventilation",
    "plumbing",
    "finishes",
    "lifts",
    "external_works",
    "other",
]
"""The package of works [lot] that a contract is for."""
ReleaseReason = Literal["final_account", "contract_ended", "not_awarded", "replaced", "entered_by_mistake", "other"]
"""`final_account`: the contract's final account [décompte général] is below what was committed."""


class _Rehabilitation(Event):
    commune: Commune
    """Where the building stands."""
    zone: Zone | None
    """The business zone it stands in, if any."""
    floor_area: SquareMetres
    """The building's floor area [surface de plancher], after the event."""
    status: RehabilitationStatus
    """After the event. What is no step leaves it as it is when that is recorded."""


class PlannedPhase(Detail):
    """The day on which a phase is to begin."""

    phase: Phase
    begins_on: Day


class Spell(Detail):
    """Days on which a milestone is late: from one on, until another on which it is no more."""

    since: Day
    until: Day | None
    """None while it goes on."""


class StoppedMilestone(Detail):
    """A milestone that nobody expects any more."""

    milestone: Ordinal
    late_before: Spell | None
    late: Spell | None


class AbandonedLine(Detail):
    """A line of the budget that does not count any more."""

    line: Ordinal
    purpose: Purpose
    funder: BuildingFunder
    budget: Euros


class RehabilitationRegistered(_Rehabilitation, version=1):
    """A building is to be rehabilitated. It may have come to a later phase than the first by then."""

    title: ShortText
    building: ShortText
    rehabilitated_area: SquareMetres
    """How much of the floor area is to be rehabilitated."""
    phase: Phase
    """Which it has come to."""
    plan: tuple[PlannedPhase, ...]
    """Of the phases to come, as far as they are planned."""


class RehabilitationPhaseBegan(_Rehabilitation, version=1):
    """It has come to the next phase, which is its status now."""

    phase_before: Phase
    phase: Phase
    planned_on: Day | None
    """The day on which it was to begin, if that was planned."""


class RehabilitationSuspended(_Rehabilitation, version=1):
    """It waits. Its milestones are still expected on their days."""

    phase: Phase
    reason: DelayReason


class RehabilitationResumed(_Rehabilitation, version=1):
    """It goes on in the phase that it was in."""

    phase: Phase


class RehabilitationAbandoned(_Rehabilitation, version=1):
    """It will not be carried out. Its budget does not count any more; what was committed is still to be paid."""

    phase: Phase
    status_before: RehabilitationStatus
    reason: RehabilitationAbandonment
    lines: tuple[AbandonedLine, ...]
    milestones: tuple[StoppedMilestone, ...]
    """Those that had not been reached."""


class RehabilitationPlanRevised(_Rehabilitation, Aside, version=1):
    """Phases that have not begun are planned for other days."""

    plan_before: tuple[PlannedPhase, ...]
    plan: tuple[PlannedPhase, ...]
    reason: DelayReason


class RehabilitationPhaseCorrected(_Rehabilitation, Correction, version=1):
    """The day on which a phase began was recorded wrongly."""

    phase: Phase
    day_before: Day
    day: Day
    reason: BuildingCorrection


class BuildingAreaCorrected(_Rehabilitation, Correction, version=1):
    """The building's areas were recorded wrongly, from the first day on."""

    floor_area_before: SquareMetres
    rehabilitated_area_before: SquareMetres
    rehabilitated_area: SquareMetres
    read_since: Day | None
    """The last day of the first year whose energy is known, since which the area counts beside it."""
    reason: BuildingCorrection


class _Milestone(_Rehabilitation):
    milestone: Ordinal
    """Which milestone of this rehabilitation."""
    planned_on: Day
    """The day that it is planned for, after the event."""
    late_before: Spell | None
    """When it was late, as far as was told before."""
    late: Spell | None
    """When it is late, as far as is told now. It is from the day after the one it is planned for on."""


class BuildingMilestoneAdded(_Milestone, Aside, version=1):
    """There is a milestone more."""

    title: ShortText


class BuildingMilestoneReplanned(_Milestone, Aside, version=1):
    """A milestone that had not been reached is planned for another day."""

    planned_before: Day
    reason: DelayReason


class BuildingMilestoneLate(_Milestone, Aside, version=1):
    """The day that a milestone was planned for is over, and it is not reached."""


class BuildingMilestoneReached(_Milestone, Aside, version=1):
    """A milestone was reached, on the day on which this took effect."""


class BuildingMilestoneDropped(_Milestone, Aside, version=1):
    """A milestone that had not been reached is given up."""

    reason: MilestoneDropReason


class BuildingMilestoneCorrected(_Milestone, Correction, version=1):
    """The day on which a milestone was reached was recorded wrongly, or it was not reached at all."""

    reached_before: Day
    reached_on: Day | None
    """None where it was not reached."""
    reason: BuildingCorrection


class _Line(_Rehabilitation):
    line: Ordinal
    """Which line of this rehabilitation's budget."""
    purpose: Purpose
    funder: BuildingFunder
    line_budget: Euros
    """Of this line, after the event, as the next three."""
    line_committed: Euros
    """What is committed on it; never more than its budget."""
    line_paid: Euros
    line_accepted: Euros
    """Works done on it, as their monthly statements [situations de travaux] were accepted."""


class BudgetLineSet(_Line, Aside, version=1):
    """The budget has a line more."""


class BudgetLineRevised(_Line, Aside, version=1):
    """A line is given more money, or less, from the day on which this took effect."""

    line_budget_before: Euros
    reason: BudgetReason


class BudgetLineCorrected(_Line, Correction, version=1):
    """What was decided last on a line was recorded wrongly."""

    since: Day
    """The day of that decision, from which on the right budget stands."""
    line_budget_before: Euros
    reason: BuildingCorrection


class BudgetLineEstimated(_Line, Aside, version=1):
    """What a line will have cost in the end is estimated otherwise than by its budget."""

    estimate_before: Euros | None
    estimate: Euros | None
    """None where its budget is what is expected again."""
    reason: BudgetReason


class _Commitment(_Line):
    commitment: Ordinal
    """Which commitment of this rehabilitation."""
    lot: Lot | None
    """Of a contract for works."""
    supplier: Siret | None


class CommitmentMade(_Commitment, Aside, version=1):
    """A contract was awarded or an order placed [engagement], on the day on which this took effect."""

    reference: Reference
    amount: SomeEuros


class CommitmentCorrected(_Commitment, Correction, version=1):
    """A commitment was recorded wrongly: its amount, where 0 takes it back, or its day."""

    amount_before: Euros
    amount: Euros
    committed_before: Day
    committed_on: Day
    reason: BuildingCorrection


class CommitmentReleased(_Commitment, Aside, version=1):
    """What is neither paid nor done of a commitment is freed on its line, on the day on which this took effect."""

    amount_before: Euros
    amount: Euros
    """What remains committed: the greater of what was paid and what was accepted."""
    reason: ReleaseReason


class CommitmentPaid(_Commitment, Aside, version=1):
    """A commitment, or a part of it, was paid, on the day on which this took effect."""

    payment: Ordinal
    """Which payment of this rehabilitation."""
    amount: SomeEuros
    """This payment."""


class CommitmentPaymentCorrected(_Commitment, Correction, version=1):
    """A payment was recorded wrongly: its amount, where 0 takes it back, or its day."""

    payment: Ordinal
    amount_before: Euros
    amount: Euros
    paid_before: Day
    paid_on: Day
    reason: BuildingCorrection


class WorksAccepted(_Commitment, Aside, version=1):
    """A statement of works done [situation de travaux] was accepted, on the day on which this took effect."""

    situation: Ordinal
    """Which statement of this rehabilitation."""
    amount: SomeEuros
    """What was done since the statement before."""


class WorksAcceptedCorrected(_Commitment, Correction, version=1):
    """A statement of works was recorded wrongly: its amount, where 0 takes it back, or its day."""

    situation: Ordinal
    amount_before: Euros
    amount: Euros
    accepted_before: Day
    accepted_on: Day
    reason: BuildingCorrection


class _Energy(_Rehabilitation):
    year: CalendarYear
    kwh_earlier: Consumption | None
    """Of the latest year before it that is known: what stands where nothing is known of this one."""
    since: Day
    """The last day of the year, from which on its consumption stands."""
    until: Day | None
    """The last day of the next year that is known."""
    target: Consumption | None
    """What the building is to consume at most from 2030 on, in kWh a year; None without a reference."""


class BuildingEnergyRead(_Energy, Aside, version=1):
    """It is known what the building consumed in a year: final energy, of all kinds together, in kWh."""

    kwh: Consumption


class BuildingEnergyCorrected(_Energy, Correction, version=1):
    """A year's consumption was recorded wrongly."""

    kwh_before: Consumption
    kwh: Consumption | None
    """None where nothing is known of that year."""
    reason: BuildingCorrection


class EnergyReferenceChosen(_Rehabilitation, Aside, version=1):
    """The year that the building's consumption is compared with."""

    year_before: CalendarYear | None
    year: CalendarYear
    kwh: Consumption
    target: Consumption
    """What it is to consume at most from 2030 on, in kWh a year: 40 % less."""
