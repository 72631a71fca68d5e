"""Rehabilitations of training buildings [réhabilitations]: phases, milestones, money and energy (axis 5).

AFPA, whose building it is, and the town hall carry it together: either decides all of it. It is registered in the phase
that it has come to, and goes on phase by phase until the building is in service; it may be suspended, and until works
begin abandoned. Milestones, money and energy are no steps: each is told on its own day, in any order.

The budget has lines, by what they are for and who pays. A contract or an order commits a part of a line, is paid in
parts, and, where it is for works, done in parts that are accepted as statements of works [situations de travaux]. What
is paid or accepted is never more than what is committed, nor is that more than the line's budget. Amounts are in euros
before tax.

Of energy the record keeps what the building consumes in a year. Buildings of the tertiary sector with a floor area from
1,000 m² are to consume 40 % less by 2030 than in a reference year that is not before 2010 (Code de la construction et
de l'habitation, L174-1, R174-22 and R174-23). The law also takes a threshold in kWh per m² by activity instead, and
adjusts both to weather and use: that is for the national platform [OPERAT] to compute, and not told here.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Final, Self, TypeVar, get_args

from pydantic import Field, JsonValue

from contracts.model import FIRST_DAY, Day, EnteredDay, Model
from contracts.roles import Role
from contracts.training.rehabilitation import (
    CATEGORY,
    AbandonedLine,
    BudgetLineCorrected,
    BudgetLineEstimated,
    BudgetLineRevised,
    BudgetLineSet,
    BudgetReason,
    BuildingAreaCorrected,
    BuildingCorrection,
    BuildingEnergyCorrected,
    BuildingEnergyRead,
    BuildingFunder,
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
    DelayReason,
    EnergyReferenceChosen,
    Lot,
    MilestoneDropReason,
    Phase,
    PlannedPhase,
    Purpose,
    RehabilitationAbandoned,
    RehabilitationAbandonment,
    RehabilitationPhaseBegan,
    RehabilitationPhaseCorrected,
    RehabilitationPlanRevised,
    RehabilitationRegistered,
    RehabilitationResumed,
    RehabilitationStatus,
    RehabilitationSuspended,
    ReleaseReason,
    Spell,
    StoppedMilestone,
    WorksAccepted,
    WorksAcceptedCorrected,
)
from contracts.values import (
    CalendarYear,
    Commune,
    Consumption,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    Euros,
    Ordinal,
    Reference,
    ShortText,
    Siret,
    SomeEuros,
    SquareMetres,
    Zone,
)
from eventstore.decider import PLATFORM, Claim, Command, Decider, Due, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.building import Commitment, Line, Milestone, Part, PhaseDays, Suspension, YearOfEnergy

T = TypeVar("T")

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
UNTIL_WORKS: Final = PHASES[: PHASES.index("works") + 1]
"""In which it may be registered, and suspended."""
BEFORE_WORKS: Final = UNTIL_WORKS[:-1]
GOES_ON: Final[tuple[RehabilitationStatus, ...]] = (*PHASES, "suspended")
"""Unless it was abandoned."""
IN_CHARGE: Final[tuple[Role, ...]] = ("afpa", "town_hall")

MOST_MILESTONES: Final = 60
"""Of one rehabilitation, as the numbers below: so its state stays small. A project of five years has some thirty."""
MOST_LINES: Final = 40
"""Each purpose by several funders."""
MOST_COMMITMENTS: Final = 150
"""A dozen lots with their riders, the studies, and small orders."""
MOST_PARTS: Final = 400
"""Payments, and as many statements of works: a dozen contracts paid by the month over two years."""
MOST_YEARS: Final = 40
"""Whose energy is known."""
MOST_SUSPENSIONS: Final = 20

OBLIGED_FROM: Final = 1_000
"""m² of floor area from which the obligation to reduce holds (Code de la construction et de l'habitation, R174-22)."""
EARLIEST_REFERENCE: Final = 2010
"""The first year that may be the reference (R174-23)."""
ALLOWED_PERCENT: Final = 60
"""What may still be consumed from 2030 on, of a hundred kWh of the reference year (L174-1)."""
MOST_KWH_PER_M2: Final = 2_000
"""A year. Ten times what a school building consumes: beyond it a figure is mistyped, or in another unit."""


class EnteredPhase(Model):
    """The day on which a phase is to begin, as it is entered."""

    phase: Phase
    begins_on: EnteredDay


Plan = Annotated[tuple[EnteredPhase, ...], Field(max_length=len(PHASES))]


def _registered(phase: Phase) -> dict[str, JsonValue]:
    return {
        "title": "Réhabilitation du bâtiment de l'AFPA",
        "building": "AFPA Issoudun, bâtiment principal",
        "commune": "36088",
        "zone": None,
        "floor_area": 4_200,
        "rehabilitated_area": 3_100,
        "phase": phase,
        "plan": [{"phase": "in_service", "begins_on": "2027-09-01"}],
        "on": "2024-01-15",
    }


class Register(Command, json_schema_extra={"examples": [_registered(phase) for phase in reversed(UNTIL_WORKS)]}):
    """A building is to be rehabilitated, and has come to a phase on the day `on`."""

    title: EnteredText
    building: EnteredText
    """What the building is called. One of a commune is rehabilitated once at a time."""
    commune: EnteredCommune
    """Where it stands."""
    zone: EnteredZone | None = None
    """The business zone it stands in, if any."""
    floor_area: SquareMetres
    """Of the building [surface de plancher]."""
    rehabilitated_area: SquareMetres
    """How much of it is to be rehabilitated."""
    phase: Annotated[Phase, Field(examples=["studies"])] = "studies"
    """Which it has come to: works at most. What was done in those before need not be told."""
    plan: Plan = ()
    """When the phases to come are to begin, in their order, as far as that is planned."""


class BeginProgramme(Command):
    """The studies are there, and the client's brief [programme] is written."""


class BeginOutlineDesign(Command):
    """The brief is approved, and the architects make an outline design [avant-projet sommaire]."""


class BeginDetailedDesign(Command):
    """The outline is approved, and the detailed design begins [avant-projet définitif]."""


class ApplyForPermit(Command):
    """The application for the building permit was handed in."""


class InviteTenders(Command):
    """Companies are asked for tenders [consultation des entreprises]."""


class BeginWorks(Command):
    """The order to begin was given to the companies [ordre de service]."""


class AcceptWorks(Command):
    """The works as a whole are accepted [réception], with or without reservations."""


class PutInService(Command):
    """The building is used again."""


class Suspend(Command):
    """It waits for something."""

    reason: DelayReason


class Resume(Command):
    """It goes on in the phase that it was in."""


class Abandon(Command):
    """It is given up, before works have begun."""

    reason: RehabilitationAbandonment


class RevisePlan(
    Command,
    json_schema_extra={
        "examples": [{"plan": [{"phase": "in_service", "begins_on": "2028-01-03"}], "reason": "permit"}]
    },
):
    """The phases to come are planned anew: those that are not named are not planned any more."""

    plan: Plan
    """In the order of the phases, each beginning no earlier than the one before."""
    reason: DelayReason


class CorrectPhase(Command):
    """The day on which a phase began was recorded wrongly. The phases stay in their order."""

    phase: Annotated[Phase, Field(examples=["works"])]
    day: Annotated[EnteredDay, Field(examples=["2024-01-12"])]
    reason: BuildingCorrection


class CorrectArea(Command, json_schema_extra={"examples": [{"floor_area": 4_150, "reason": "typing_error"}]}):
    """An area was recorded wrongly. What is not given stays as it is."""

    floor_area: SquareMetres | None = None
    rehabilitated_area: SquareMetres | None = None
    reason: BuildingCorrection


class AddMilestone(Command):
    """A milestone more is planned."""

    title: Annotated[EnteredText, Field(examples=["Dépôt du permis de construire"])]
    planned_on: EnteredDay


class ReplanMilestone(Command):
    """A milestone that is not reached yet is planned for another day."""

    milestone: Ordinal
    """Which of the rehabilitation's milestones."""
    planned_on: Annotated[EnteredDay, Field(examples=["2024-09-30"])]
    reason: DelayReason


class ReachMilestone(Command):
    """A milestone was reached, on the day `on`."""

    milestone: Ordinal


class DropMilestone(Command):
    """A milestone that is not reached is given up."""

    milestone: Ordinal
    reason: MilestoneDropReason


class CorrectMilestone(Command):
    """The day on which a milestone was reached was recorded wrongly, or it was not reached at all."""

    milestone: Ordinal
    reached_on: EnteredDay | None = None
    """The right day; unless it is given, the milestone was not reached."""
    reason: BuildingCorrection


class RecordLate(Command):
    """The day that a milestone was planned for is over, and it is not reached."""

    milestone: Ordinal


class SetLine(Command):
    """The budget has a line more."""

    purpose: Annotated[Purpose, Field(examples=["works"])]
    """What it is for."""
    funder: BuildingFunder
    """Who pays for it."""
    budget: Annotated[SomeEuros, Field(examples=[1_800_000])]
    """Before tax."""


class ReviseLine(Command):
    """A line is given more money, or less, from the day `on` on; not less than is committed on it."""

    line: Ordinal
    """Which line of the budget."""
    budget: Annotated[Euros, Field(examples=[1_950_000])]
    """0 takes the line out of the budget."""
    reason: BudgetReason


class CorrectLine(Command):
    """What was decided last on a line was recorded wrongly: the right budget stands since that day."""

    line: Ordinal
    budget: Annotated[Euros, Field(examples=[1_850_000])]
    reason: BuildingCorrection


class EstimateLine(
    Command, json_schema_extra={"examples": [{"line": 1, "estimate": 1_900_000, "reason": "unforeseen_works"}]}
):
    """What a line will have cost in the end is estimated otherwise than by its budget."""

    line: Ordinal
    estimate: Euros | None = None
    """Of all that it will have cost, before tax; unless it is given, its budget is what is expected again."""
    reason: BudgetReason


_COMMITTED: Final[dict[str, JsonValue]] = {
    "line": 1,
    "reference": "2024-MT-03",
    "amount": 450_000,
    "lot": "structure",
    "supplier": "00000001800010",
    "on": "2024-02-12",
}


class Commit(Command, json_schema_extra={"examples": [_COMMITTED]}):
    """A contract was awarded or an order placed [engagement], on the day `on`. A rider is a commitment of its own."""

    line: Ordinal
    """The line of the budget that it is paid from."""
    reference: Reference
    """Of the contract or the order."""
    amount: SomeEuros
    """Before tax."""
    lot: Lot | None = None
    """The package of works, where its line is for works."""
    supplier: Siret | None = None


class CorrectCommitment(
    Command, json_schema_extra={"examples": [{"commitment": 1, "amount": 405_000, "reason": "typing_error"}]}
):
    """A commitment was recorded wrongly. What is not given stays as it is."""

    commitment: Ordinal
    """Which of the rehabilitation's commitments."""
    amount: Euros | None = None
    """0 takes the commitment back."""
    committed_on: EnteredDay | None = None
    reason: BuildingCorrection


class ReleaseCommitment(Command):
    """A commitment is at its end: what is neither paid nor done is freed on its line."""

    commitment: Ordinal
    reason: ReleaseReason


class Pay(Command):
    """A commitment, or a part of it, was paid, on the day `on`."""

    commitment: Ordinal
    amount: Annotated[SomeEuros, Field(examples=[60_000])]


class CorrectPayment(Command, json_schema_extra={"examples": [{"payment": 1, "amount": 6_000, "reason": "other"}]}):
    """A payment was recorded wrongly. What is not given stays as it is."""

    payment: Ordinal
    """Which of the rehabilitation's payments."""
    amount: Euros | None = None
    """0 takes the payment back."""
    paid_on: EnteredDay | None = None
    reason: BuildingCorrection


class AcceptSituation(Command):
    """A statement of works done [situation de travaux] was accepted, on the day `on`."""

    commitment: Ordinal
    amount: Annotated[SomeEuros, Field(examples=[75_000])]
    """What was done since the statement before."""


class CorrectSituation(Command, json_schema_extra={"examples": [{"situation": 1, "amount": 7_500, "reason": "other"}]}):
    """A statement of works was recorded wrongly. What is not given stays as it is."""

    situation: Ordinal
    """Which of the rehabilitation's statements."""
    amount: Euros | None = None
    """0 takes the statement back."""
    accepted_on: EnteredDay | None = None
    reason: BuildingCorrection


class RecordEnergy(Command):
    """It is known what the building consumed in a year that is over: final energy of all kinds, together."""

    year: Annotated[CalendarYear, Field(examples=[2019])]
    kwh: Annotated[Consumption, Field(examples=[610_000])]


class CorrectEnergy(Command, json_schema_extra={"examples": [{"year": 2019, "kwh": 601_000, "reason": "other"}]}):
    """A year's consumption was recorded wrongly."""

    year: CalendarYear
    kwh: Consumption | None = None
    """Unless it is given, nothing is known of that year."""
    reason: BuildingCorrection


class ChooseReference(Command):
    """A year whose consumption is known is the one that later years are compared with."""

    year: Annotated[CalendarYear, Field(examples=[2019])]


class Rehabilitation(State):
    """The rehabilitation of a building. Lines, commitments, payments, statements of works and milestones are known by
    their place, from 1 on."""

    title: ShortText
    building: ShortText
    commune: Commune
    zone: Zone | None
    floor_area: SquareMetres
    rehabilitated_area: SquareMetres
    status: RehabilitationStatus
    phase: Phase
    """The one that it has come to, also while it is suspended, and when it was abandoned."""
    phases: tuple[PhaseDays, ...]
    suspensions: tuple[Suspension, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    lines: tuple[Line, ...] = ()
    budget: Euros = 0
    """Of all lines together, as the next four."""
    committed: Euros = 0
    paid: Euros = 0
    accepted: Euros = 0
    """Works done, as their statements were accepted."""
    forecast: Euros = 0
    """What it will have cost in the end, line by line: what is committed, and what is still to be, up to the line's
    estimate or else its budget."""
    works_budget: Euros = 0
    """Of the lines for works, which `accepted` is a part of."""
    commitments: tuple[Commitment, ...] = ()
    payments: tuple[Part, ...] = ()
    situations: tuple[Part, ...] = ()
    """Statements of works."""
    energy: tuple[YearOfEnergy, ...] = ()
    reference_year: CalendarYear | None = None
    energy_target: Consumption | None = None
    """What it is to consume at most from 2030 on, in kWh a year: 40 % less than in the reference year."""
    energy_obliged: bool
    """Whether the law asks for that: from 1,000 m² of floor area on."""
    registered_on: Day
    abandoned_on: Day | None = None
    abandonment: RehabilitationAbandonment | None = None

    @property
    def plan(self) -> tuple[PlannedPhase, ...]:
        """When the phases to come are to begin."""
        return tuple(
            PlannedPhase(phase=each.phase, begins_on=each.planned_on)
            for each in self.phases[PHASES.index(self.phase) + 1 :]
            if each.planned_on
        )

    @property
    def planned_on(self) -> Day | None:
        """The day on which the next phase is to begin."""
        place = PHASES.index(self.phase) + 1
        return self.phases[place].planned_on if place < len(PHASES) else None

    @property
    def read_since(self) -> Day | None:
        """The last day of the first year whose energy is known."""
        return last_day(self.energy[0].year) if self.energy else None

    def with_phase(self, phase: Phase, **changes: object) -> tuple[PhaseDays, ...]:
        """Its phases, once one is changed."""
        return tuple(each.model_copy(update=changes) if each.phase == phase else each for each in self.phases)

    def with_plan(self, plan: Iterable[PlannedPhase]) -> tuple[PhaseDays, ...]:
        """Its phases, once those to come are planned so."""
        days = {each.phase: each.begins_on for each in plan}
        to_come = PHASES[PHASES.index(self.phase) + 1 :]
        return tuple(
            each.model_copy(
                update={
                    "planned_on": days.get(each.phase),
                    "first_planned_on": each.first_planned_on or days.get(each.phase),
                }
            )
            if each.phase in to_come
            else each
            for each in self.phases
        )

    def with_milestone(self, number: int, **changes: object) -> tuple[Milestone, ...]:
        """Its milestones, once one is changed."""
        return _with(self.milestones, number, self.milestones[number - 1].model_copy(update=changes))

    def with_money(
        self,
        *,
        lines: Sequence[Line] | None = None,
        commitments: Sequence[Commitment] | None = None,
        payments: Sequence[Part] | None = None,
        situations: Sequence[Part] | None = None,
    ) -> Self:
        """This rehabilitation with other money, added up."""
        payments = self.payments if payments is None else payments
        situations = self.situations if situations is None else situations
        paid, accepted = _by_commitment(payments), _by_commitment(situations)
        commitments = [
            each.model_copy(update={"paid": paid.get(number, 0), "accepted": accepted.get(number, 0)})
            for number, each in enumerate(self.commitments if commitments is None else commitments, 1)
        ]
        lines = [
            each.model_copy(
                update={
                    name: sum(getattr(one, said) for one in commitments if one.line == number)
                    for name, said in (("committed", "amount"), ("paid", "paid"), ("accepted", "accepted"))
                }
            )
            for number, each in enumerate(self.lines if lines is None else lines, 1)
        ]
        return self.model_copy(
            update={
                "lines": tuple(lines),
                "commitments": tuple(commitments),
                "payments": tuple(payments),
                "situations": tuple(situations),
                **{
                    name: sum(getattr(each, name) for each in lines)
                    for name in ("budget", "committed", "paid", "accepted", "forecast")
                },
                "works_budget": sum(each.budget for each in lines if each.purpose == "works"),
            }
        )

    def kwh(self, year: int) -> int | None:
        """What it consumed in a year, if that is known."""
        return next((each.kwh for each in self.energy if each.year == year), None)

    def with_energy(self, year: int, kwh: int | None) -> tuple[YearOfEnergy, ...]:
        """What it consumed by year, once one is known, or is no more."""
        known = {each.year: each for each in self.energy if each.year != year}
        if kwh is not None:
            known[year] = YearOfEnergy(year=year, kwh=kwh)
        return tuple(known[each] for each in sorted(known))


PUBLIC: Final = tuple(
    name for name in Rehabilitation.model_fields if name not in ("commitments", "payments", "situations")
)
"""What everybody reads: all but single contracts, and what is paid and done of them."""


def _with(places: tuple[T, ...], number: int, changed: T) -> tuple[T, ...]:
    return *places[: number - 1], changed, *places[number:]


def _by_commitment(parts: Iterable[Part]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for part in parts:
        sums[part.commitment] = sums.get(part.commitment, 0) + part.amount
    return sums


def last_day(year: int) -> date:
    """The day from which on a year's consumption stands."""
    return date(year, 12, 31)


BUILDING_TAKEN = Refusal(
    "building-taken",
    "this building of this commune is being rehabilitated already",
    "ce bâtiment de cette commune fait déjà l'objet d'une réhabilitation",
    at="building",
)
REHABILITATED_ABOVE_FLOOR_AREA = Refusal(
    "rehabilitated-above-floor-area",
    "{rehabilitated_area} m² to be rehabilitated are more than the building's floor area, {floor_area} m²",
    "{rehabilitated_area} m² à réhabiliter dépassent la surface de plancher du bâtiment, {floor_area} m²",
    at=("rehabilitated_area", "floor_area"),
    rehabilitated_area=SquareMetres,
    floor_area=SquareMetres,
)
REGISTERED_TOO_LATE = Refusal(
    "registered-too-late",
    "a rehabilitation is registered before its works are accepted, not in the phase {phase}",
    "une réhabilitation s'enregistre avant la réception des travaux, et non en phase « {phase} »",
    at="phase",
    phase=Phase,
)
PHASE_BEGUN = Refusal(
    "phase-begun",
    "the phase {phase} has begun, and is not planned any more",
    "la phase « {phase} » a commencé et ne se planifie plus",
    at="plan",
    phase=Phase,
)
PLAN_OUT_OF_ORDER = Refusal(
    "plan-out-of-order",
    "phases are planned in their order, each once, and none begins before the one that precedes it: see {phase}",
    "les phases se planifient dans leur ordre, chacune une fois, et aucune ne commence avant la précédente : voir "
    "« {phase} »",
    at="plan",
    phase=Phase,
)
PHASE_NOT_BEGUN = Refusal(
    "phase-not-begun",
    "no day is recorded on which the phase {phase} began",
    "aucun jour n'est enregistré pour le début de la phase « {phase} »",
    at="phase",
    phase=Phase,
)
PHASE_OUT_OF_ORDER = Refusal(
    "phase-out-of-order",
    "by what comes before and after it this phase began from {earliest} to {latest}, not on {day}",
    "d'après ce qui la précède et la suit, cette phase a commencé entre le {earliest} et le {latest}, non le {day}",
    at="day",
    day=Day,
    earliest=Day,
    latest=Day,
)
WORKS_BEGUN = Refusal(
    "works-begun",
    "works have begun, and a rehabilitation is abandoned before that",
    "les travaux ont commencé, et une réhabilitation s'abandonne avant",
)
WORKS_NOT_BEGUN = Refusal(
    "works-not-begun",
    "no works are accepted before they have begun: it is in the phase {phase}",
    "aucuns travaux ne s'acceptent avant leur début : la réhabilitation est en phase « {phase} »",
    phase=Phase,
)
TOO_MANY = Refusal(
    "too-many-of-a-rehabilitation",
    "a rehabilitation has at most {most} of these",
    "une réhabilitation en compte au plus {most}",
    most=int,
)
NOT_THERE = Refusal(
    "not-of-this-rehabilitation",
    "there is no number {number}: the rehabilitation has {recorded} of them",
    "il n'y a pas de numéro {number} : la réhabilitation en compte {recorded}",
    at=("milestone", "line", "commitment", "payment", "situation"),
    number=Ordinal,
    recorded=int,
)
MILESTONE_OVER = Refusal(
    "building-milestone-over",
    "milestone {milestone} was reached or dropped",
    "le jalon {milestone} a été atteint ou abandonné",
    at="milestone",
    milestone=Ordinal,
)
MILESTONE_NOT_REACHED = Refusal(
    "building-milestone-not-reached",
    "milestone {milestone} is not reached",
    "le jalon {milestone} n'est pas atteint",
    at="milestone",
    milestone=Ordinal,
)
AFTER_THE_CORRECTION = Refusal(
    "after-the-correction",
    "{day} is after the correction was decided, on {decided}",
    "le {day} suit la décision de rectifier, du {decided}",
    at=("reached_on", "committed_on", "paid_on", "accepted_on", "on"),
    day=Day,
    decided=Day,
)
BEFORE_THE_LAST_DECISION = Refusal(
    "before-the-last-decision",
    "the budget of this line was decided on {since}, and is not decided for {day}, before that",
    "le budget de cette ligne a été décidé le {since} et ne se décide pas pour le {day}, qui précède",
    at="on",
    day=Day,
    since=Day,
)
COMMITTED_ABOVE_BUDGET = Refusal(
    "committed-above-budget",
    "{committed} EUR committed would be above the budget of line {line}, {budget} EUR",
    "{committed} EUR engagés dépasseraient le budget de la ligne {line}, {budget} EUR",
    at=("amount", "budget"),
    line=Ordinal,
    committed=int,
    budget=Euros,
)
PAID_ABOVE_COMMITMENT = Refusal(
    "paid-above-commitment",
    "{paid} EUR paid would be above commitment {commitment}, {amount} EUR",
    "{paid} EUR payés dépasseraient l'engagement {commitment}, {amount} EUR",
    at="amount",
    commitment=Ordinal,
    paid=int,
    amount=Euros,
)
ACCEPTED_ABOVE_COMMITMENT = Refusal(
    "accepted-above-commitment",
    "{accepted} EUR of accepted works would be above commitment {commitment}, {amount} EUR",
    "{accepted} EUR de travaux acceptés dépasseraient l'engagement {commitment}, {amount} EUR",
    at="amount",
    commitment=Ordinal,
    accepted=int,
    amount=Euros,
)
REFERENCE_COMMITTED = Refusal(
    "reference-committed",
    "commitment {commitment} has this reference already",
    "l'engagement {commitment} porte déjà cette référence",
    at="reference",
    commitment=Ordinal,
)
LOT_MISSING = Refusal(
    "lot-missing",
    "line {line} is for works: a commitment on it tells the lot",
    "la ligne {line} finance des travaux : un engagement y indique le lot",
    at="lot",
    line=Ordinal,
)
LOT_WITHOUT_WORKS = Refusal(
    "lot-without-works",
    "a lot is of works, and this is paid from a line for {purpose}",
    "un lot est un lot de travaux, et ceci est payé sur une ligne « {purpose} »",
    at=("lot", "commitment"),
    purpose=Purpose,
)
COMMITMENT_ENDED = Refusal(
    "commitment-ended",
    "commitment {commitment} was released or taken back",
    "l'engagement {commitment} a été soldé ou annulé",
    at="commitment",
    commitment=Ordinal,
)
BEFORE_THE_COMMITMENT = Refusal(
    "before-the-commitment",
    "{day} is before the commitment, of {committed}",
    "le {day} précède l'engagement, du {committed}",
    at=("committed_on", "paid_on", "accepted_on", "on"),
    day=Day,
    committed=Day,
)
YEAR_NOT_OVER = Refusal(
    "year-not-over",
    "{year} is not over on {on}",
    "l'année {year} n'est pas terminée le {on}",
    at="year",
    year=CalendarYear,
    on=Day,
)
YEAR_KNOWN = Refusal(
    "year-known",
    "{kwh} kWh are recorded for {year} already; they can be corrected",
    "{kwh} kWh sont déjà enregistrés pour {year} ; ils peuvent être rectifiés",
    at="year",
    year=CalendarYear,
    kwh=Consumption,
)
YEAR_UNKNOWN = Refusal(
    "year-unknown",
    "nothing is recorded of the energy of {year}",
    "aucune énergie n'est enregistrée pour {year}",
    at="year",
    year=CalendarYear,
)
ENERGY_BEYOND_REASON = Refusal(
    "energy-beyond-reason",
    "{kwh} kWh a year are above {most}, the most that is taken for right on {floor_area} m²",
    "{kwh} kWh par an dépassent {most}, le maximum vraisemblable pour {floor_area} m²",
    at=("kwh", "floor_area"),
    kwh=Consumption,
    most=int,
    floor_area=SquareMetres,
)
REFERENCE_TOO_EARLY = Refusal(
    "reference-too-early",
    "the reference is {earliest} or a later year, not {year}",
    "l'année de référence est {earliest} ou une année postérieure, non {year}",
    at="year",
    year=CalendarYear,
    earliest=CalendarYear,
)
REFERENCE_IN_USE = Refusal(
    "reference-in-use",
    "{year} is the reference: another year is chosen before nothing is known of it",
    "{year} est l'année de référence : une autre se choisit avant d'en retirer la consommation",
    at="year",
    year=CalendarYear,
)


def _may_wait(rehabilitation: Rehabilitation) -> bool:
    return len(rehabilitation.suspensions) < MOST_SUSPENSIONS


def _is_before_works(rehabilitation: Rehabilitation) -> bool:
    return rehabilitation.phase in BEFORE_WORKS


def _has_works(rehabilitation: Rehabilitation) -> bool:
    return not _is_before_works(rehabilitation) and any(each.lot for each in rehabilitation.commitments)


def _has_open_milestones(rehabilitation: Rehabilitation) -> bool:
    return any(each.over_on is None for each in rehabilitation.milestones)


def _has_reached(rehabilitation: Rehabilitation) -> bool:
    return any(each.reached_on for each in rehabilitation.milestones)


def _has_lines(rehabilitation: Rehabilitation) -> bool:
    return bool(rehabilitation.lines)


def _has_commitments(rehabilitation: Rehabilitation) -> bool:
    return bool(rehabilitation.commitments)


def _has_payments(rehabilitation: Rehabilitation) -> bool:
    return bool(rehabilitation.payments)


def _has_situations(rehabilitation: Rehabilitation) -> bool:
    return bool(rehabilitation.situations)


def _knows_energy(rehabilitation: Rehabilitation) -> bool:
    return bool(rehabilitation.energy)


MOST_BUDGETED: Final = 100_000_000_000
"""Euros, of all lines of a rehabilitation."""
BUDGET_TOO_LARGE = Refusal(
    "budget-too-large",
    "the lines of a rehabilitation come to {most} euros at most",
    "les lignes d'une réhabilitation totalisent au plus {most} euros",
    at="budget",
    most=Euros,
)

rehabilitations = Decider(
    CATEGORY.name,
    Rehabilitation,
    final=("in_service", "abandoned"),
    finding=Finding(
        found_by=("status", "phase", "commune", "zone", "energy_obliged"),
        sorted_by=("title", "registered_on", "floor_area", "budget"),
        searched_by=("title", "building"),
    ),
)


@rehabilitations.creates(by=IN_CHARGE, to=UNTIL_WORKS)
def register(command: Register) -> RehabilitationRegistered:
    if command.phase not in UNTIL_WORKS:
        raise REGISTERED_TOO_LATE(phase=command.phase)
    _check_areas(command.floor_area, command.rehabilitated_area)
    return tell(
        RehabilitationRegistered, command, plan=_checked_plan(command.plan, command.phase), status=command.phase
    )


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_lines)
def commit(rehabilitation: Rehabilitation, command: Commit) -> CommitmentMade:
    line = _numbered(rehabilitation.lines, command.line)
    _check_room(rehabilitation.commitments, MOST_COMMITMENTS)
    for number, each in enumerate(rehabilitation.commitments, 1):
        if each.amount and each.reference.casefold() == command.reference.casefold():
            raise REFERENCE_COMMITTED(commitment=number)
    if line.purpose == "works" and command.lot is None:
        raise LOT_MISSING(line=command.line)
    if line.purpose != "works" and command.lot is not None:
        raise LOT_WITHOUT_WORKS(purpose=line.purpose)
    made = Commitment(
        line=command.line,
        reference=command.reference,
        lot=command.lot,
        supplier=command.supplier,
        on=command.on,
        amount=command.amount,
    )
    changed = _checked(rehabilitation.with_money(commitments=(*rehabilitation.commitments, made)))
    return tell(CommitmentMade, command, rehabilitation, **_commitment(changed, len(changed.commitments)))


@rehabilitations.decides(by=IN_CHARGE, offered=_has_commitments)
def pay(rehabilitation: Rehabilitation, command: Pay) -> CommitmentPaid:
    _numbered(rehabilitation.commitments, command.commitment)
    _check_room(rehabilitation.payments, MOST_PARTS)
    paid = Part(commitment=command.commitment, on=command.on, amount=command.amount)
    changed = _checked(rehabilitation.with_money(payments=(*rehabilitation.payments, paid)))
    number = len(changed.payments)
    return tell(CommitmentPaid, command, rehabilitation, payment=number, **_commitment(changed, command.commitment))


@rehabilitations.decides(by=IN_CHARGE, offered=_has_works)
def accept_situation(rehabilitation: Rehabilitation, command: AcceptSituation) -> WorksAccepted:
    commitment = _numbered(rehabilitation.commitments, command.commitment)
    if _is_before_works(rehabilitation):
        raise WORKS_NOT_BEGUN(phase=rehabilitation.phase)
    if commitment.lot is None:
        raise LOT_WITHOUT_WORKS(purpose=rehabilitation.lines[commitment.line - 1].purpose)
    _check_room(rehabilitation.situations, MOST_PARTS)
    done = Part(commitment=command.commitment, on=command.on, amount=command.amount)
    changed = _checked(rehabilitation.with_money(situations=(*rehabilitation.situations, done)))
    number = len(changed.situations)
    return tell(WorksAccepted, command, rehabilitation, situation=number, **_commitment(changed, command.commitment))


@rehabilitations.decides(by=IN_CHARGE, offered=_has_payments)
def correct_payment(rehabilitation: Rehabilitation, command: CorrectPayment) -> CommitmentPaymentCorrected | tuple[()]:
    before = _numbered(rehabilitation.payments, command.payment)
    right = _put_right(before, command.amount, command.paid_on, command.on)
    if right == before:
        return ()
    payments = _with(rehabilitation.payments, command.payment, right)
    changed = _checked(rehabilitation.with_money(payments=payments))
    return tell(
        CommitmentPaymentCorrected,
        command,
        rehabilitation,
        amount=right.amount,
        amount_before=before.amount,
        paid_on=right.on,
        paid_before=before.on,
        **_commitment(changed, right.commitment),
    )


@rehabilitations.decides(by=IN_CHARGE, offered=_has_situations)
def correct_situation(rehabilitation: Rehabilitation, command: CorrectSituation) -> WorksAcceptedCorrected | tuple[()]:
    before = _numbered(rehabilitation.situations, command.situation)
    right = _put_right(before, command.amount, command.accepted_on, command.on)
    if right == before:
        return ()
    situations = _with(rehabilitation.situations, command.situation, right)
    changed = _checked(rehabilitation.with_money(situations=situations))
    return tell(
        WorksAcceptedCorrected,
        command,
        rehabilitation,
        amount=right.amount,
        amount_before=before.amount,
        accepted_on=right.on,
        accepted_before=before.on,
        **_commitment(changed, right.commitment),
    )


@rehabilitations.decides(by=IN_CHARGE, offered=_has_commitments)
def correct_commitment(rehabilitation: Rehabilitation, command: CorrectCommitment) -> CommitmentCorrected | tuple[()]:
    before = _still_committed(rehabilitation, command.commitment)
    amount = before.amount if command.amount is None else command.amount
    right = before.model_copy(update={"amount": amount, "on": command.committed_on or before.on})
    if right == before:
        return ()
    _check_decided(before.on, right.on, on=command.on)
    commitments = _with(rehabilitation.commitments, command.commitment, right)
    changed = _checked(rehabilitation.with_money(commitments=commitments))
    return tell(
        CommitmentCorrected,
        command,
        rehabilitation,
        amount=right.amount,
        amount_before=before.amount,
        committed_on=right.on,
        committed_before=before.on,
        **_commitment(changed, command.commitment),
    )


@rehabilitations.decides(by=IN_CHARGE, offered=_has_commitments)
def release_commitment(rehabilitation: Rehabilitation, command: ReleaseCommitment) -> CommitmentReleased:
    before = _still_committed(rehabilitation, command.commitment)
    if command.on < before.on:
        raise BEFORE_THE_COMMITMENT(day=command.on, committed=before.on)
    amount = max(before.paid, before.accepted)
    changed = _released(rehabilitation, command.commitment, amount, command.on)
    return tell(
        CommitmentReleased,
        command,
        rehabilitation,
        amount=amount,
        amount_before=before.amount,
        **_commitment(changed, command.commitment),
    )


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON)
def set_line(rehabilitation: Rehabilitation, command: SetLine) -> BudgetLineSet:
    _check_room(rehabilitation.lines, MOST_LINES)
    _check_total(rehabilitation, command.budget)
    line = Line(purpose=command.purpose, funder=command.funder, budget=command.budget, since=command.on)
    changed = rehabilitation.with_money(lines=(*rehabilitation.lines, line))
    return tell(BudgetLineSet, command, rehabilitation, **_line(changed, len(changed.lines)))


def _check_total(rehabilitation: Rehabilitation, budget: int, before: int = 0) -> None:
    total = sum(line.budget for line in rehabilitation.lines) - before + budget
    if total > MOST_BUDGETED:
        raise BUDGET_TOO_LARGE(most=MOST_BUDGETED)


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_lines)
def revise_line(rehabilitation: Rehabilitation, command: ReviseLine) -> BudgetLineRevised | tuple[()]:
    before = _numbered(rehabilitation.lines, command.line)
    if command.budget == before.budget:
        return ()
    _check_total(rehabilitation, command.budget, before.budget)
    _check_since(before, command.on)
    changed = _checked(_budgeted(rehabilitation, command.line, command.budget, command.on))
    return tell(
        BudgetLineRevised,
        command,
        rehabilitation,
        line_budget_before=before.budget,
        **_line(changed, command.line),
    )


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_lines)
def correct_line(rehabilitation: Rehabilitation, command: CorrectLine) -> BudgetLineCorrected | tuple[()]:
    before = _numbered(rehabilitation.lines, command.line)
    if command.budget == before.budget:
        return ()
    _check_total(rehabilitation, command.budget, before.budget)
    _check_since(before, command.on)
    changed = _checked(_budgeted(rehabilitation, command.line, command.budget, before.since))
    return tell(
        BudgetLineCorrected,
        command,
        rehabilitation,
        since=before.since,
        line_budget_before=before.budget,
        **_line(changed, command.line),
    )


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_lines)
def estimate_line(rehabilitation: Rehabilitation, command: EstimateLine) -> BudgetLineEstimated | tuple[()]:
    before = _numbered(rehabilitation.lines, command.line)
    if command.estimate == before.estimate:
        return ()
    return tell(
        BudgetLineEstimated,
        command,
        rehabilitation,
        estimate_before=before.estimate,
        **_line(rehabilitation, command.line),
    )


for _command, _before, _phase in (
    (BeginProgramme, "studies", "programme"),
    (BeginOutlineDesign, "programme", "outline_design"),
    (BeginDetailedDesign, "outline_design", "detailed_design"),
    (ApplyForPermit, "detailed_design", "permit"),
    (InviteTenders, "permit", "tender"),
    (BeginWorks, "tender", "works"),
    (AcceptWorks, "works", "accepted"),
    (PutInService, "accepted", "in_service"),
):
    rehabilitations.steps(
        _command, RehabilitationPhaseBegan, by=IN_CHARGE, when=_before, to=_phase, phase=_phase, status=_phase
    )
rehabilitations.steps(
    Suspend,
    RehabilitationSuspended,
    by=IN_CHARGE,
    when=UNTIL_WORKS,
    to="suspended",
    offered=_may_wait,
    status="suspended",
)


@rehabilitations.decides(by=IN_CHARGE, when="suspended", to=UNTIL_WORKS)
def resume(rehabilitation: Rehabilitation, command: Resume) -> RehabilitationResumed:
    return tell(RehabilitationResumed, command, rehabilitation, status=rehabilitation.phase)


@rehabilitations.decides(by=IN_CHARGE, when=(*BEFORE_WORKS, "suspended"), to="abandoned", offered=_is_before_works)
def abandon(rehabilitation: Rehabilitation, command: Abandon) -> RehabilitationAbandoned:
    if not _is_before_works(rehabilitation):
        raise WORKS_BEGUN()
    for each in rehabilitation.lines:
        _check_since(each, command.on)
    return tell(
        RehabilitationAbandoned,
        command,
        rehabilitation,
        status="abandoned",
        lines=tuple(
            AbandonedLine(line=number, purpose=each.purpose, funder=each.funder, budget=each.budget)
            for number, each in enumerate(rehabilitation.lines, 1)
        ),
        milestones=tuple(
            StoppedMilestone(milestone=number, late_before=each.late, late=each.late_until(command.on))
            for number, each in enumerate(rehabilitation.milestones, 1)
            if each.over_on is None
        ),
    )


@rehabilitations.decides(by=IN_CHARGE, when=(*UNTIL_WORKS, "accepted", "suspended"))
def revise_plan(rehabilitation: Rehabilitation, command: RevisePlan) -> RehabilitationPlanRevised | tuple[()]:
    plan = _checked_plan(command.plan, rehabilitation.phase)
    if plan == rehabilitation.plan:
        return ()
    return tell(RehabilitationPlanRevised, command, rehabilitation, plan=plan)


@rehabilitations.decides(by=IN_CHARGE)
def correct_phase(rehabilitation: Rehabilitation, command: CorrectPhase) -> RehabilitationPhaseCorrected | tuple[()]:
    place = PHASES.index(command.phase)
    before = rehabilitation.phases[place].begun_on
    if before is None:
        raise PHASE_NOT_BEGUN(phase=command.phase)
    if command.day == before:
        return ()
    earlier = [each.begun_on for each in rehabilitation.phases[:place] if each.begun_on]
    later = [each.begun_on for each in rehabilitation.phases[place + 1 :] if each.begun_on]
    waited = rehabilitation.suspensions
    earlier += [each.until for each in waited if each.until and PHASES.index(each.phase) < place]
    later += [each.since for each in waited if PHASES.index(each.phase) >= place]
    later += [rehabilitation.abandoned_on] if rehabilitation.abandoned_on else []
    earliest, latest = max(earlier, default=FIRST_DAY), min([command.on, *later])
    if not earliest <= command.day <= latest:
        raise PHASE_OUT_OF_ORDER(day=command.day, earliest=earliest, latest=latest)
    return tell(RehabilitationPhaseCorrected, command, rehabilitation, day_before=before)


@rehabilitations.decides(by=IN_CHARGE)
def correct_area(rehabilitation: Rehabilitation, command: CorrectArea) -> BuildingAreaCorrected | tuple[()]:
    areas = {
        "floor_area": command.floor_area or rehabilitation.floor_area,
        "rehabilitated_area": command.rehabilitated_area or rehabilitation.rehabilitated_area,
    }
    if all(getattr(rehabilitation, name) == area for name, area in areas.items()):
        return ()
    _check_areas(**areas)
    for each in rehabilitation.energy:
        _check_energy(each.kwh, areas["floor_area"])
    return tell(BuildingAreaCorrected, command, rehabilitation, **areas)


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON)
def add_milestone(rehabilitation: Rehabilitation, command: AddMilestone) -> BuildingMilestoneAdded:
    _check_room(rehabilitation.milestones, MOST_MILESTONES)
    number = len(rehabilitation.milestones) + 1
    return tell(BuildingMilestoneAdded, command, rehabilitation, milestone=number, late_before=None, late=None)


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_open_milestones)
def replan_milestone(
    rehabilitation: Rehabilitation, command: ReplanMilestone
) -> BuildingMilestoneReplanned | tuple[()]:
    milestone = _still_open(rehabilitation, command.milestone)
    if command.planned_on == milestone.planned_on:
        return ()
    late = milestone.late_until(command.on)
    return tell(
        BuildingMilestoneReplanned,
        command,
        rehabilitation,
        planned_before=milestone.planned_on,
        late_before=milestone.late,
        late=late,
    )


@rehabilitations.decides(by=PLATFORM, when=GOES_ON)
def record_late(rehabilitation: Rehabilitation, command: RecordLate) -> BuildingMilestoneLate | tuple[()]:
    milestone = _still_open(rehabilitation, command.milestone)
    if milestone.late or command.on < milestone.late_from:
        return ()
    late = Spell(since=milestone.late_from, until=None)
    return tell(BuildingMilestoneLate, command, rehabilitation, **_lateness(milestone, late))


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_open_milestones)
def reach_milestone(rehabilitation: Rehabilitation, command: ReachMilestone) -> BuildingMilestoneReached:
    milestone = _still_open(rehabilitation, command.milestone)
    late = milestone.late_until(command.on)
    return tell(BuildingMilestoneReached, command, rehabilitation, **_lateness(milestone, late))


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_open_milestones)
def drop_milestone(rehabilitation: Rehabilitation, command: DropMilestone) -> BuildingMilestoneDropped:
    milestone = _still_open(rehabilitation, command.milestone)
    late = milestone.late_until(command.on)
    return tell(BuildingMilestoneDropped, command, rehabilitation, **_lateness(milestone, late))


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_has_reached)
def correct_milestone(
    rehabilitation: Rehabilitation, command: CorrectMilestone
) -> BuildingMilestoneCorrected | tuple[()]:
    milestone = _numbered(rehabilitation.milestones, command.milestone)
    before = milestone.reached_on
    if before is None:
        raise MILESTONE_NOT_REACHED(milestone=command.milestone)
    if command.reached_on == before:
        return ()
    late = None
    if command.reached_on is not None:
        _check_decided(before, command.reached_on, on=command.on)
        late = milestone.late_until(command.reached_on)
    elif milestone.late_from <= command.on:
        late = Spell(since=milestone.late_from, until=None)
    return tell(
        BuildingMilestoneCorrected, command, rehabilitation, reached_before=before, **_lateness(milestone, late)
    )


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON)
def record_energy(rehabilitation: Rehabilitation, command: RecordEnergy) -> BuildingEnergyRead | tuple[()]:
    if command.on.year <= command.year:
        raise YEAR_NOT_OVER(year=command.year, on=command.on)
    there = rehabilitation.kwh(command.year)
    if there == command.kwh:
        return ()
    if there is not None:
        raise YEAR_KNOWN(year=command.year, kwh=there)
    _check_room(rehabilitation.energy, MOST_YEARS)
    _check_energy(command.kwh, rehabilitation.floor_area)
    target = rehabilitation.energy_target
    return tell(BuildingEnergyRead, command, rehabilitation, target=target, **_around(rehabilitation, command.year))


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_knows_energy)
def correct_energy(rehabilitation: Rehabilitation, command: CorrectEnergy) -> BuildingEnergyCorrected | tuple[()]:
    before = _known(rehabilitation, command.year)
    if command.kwh == before:
        return ()
    target = rehabilitation.energy_target
    if command.kwh is not None:
        _check_energy(command.kwh, rehabilitation.floor_area)
    if command.year == rehabilitation.reference_year:
        if command.kwh is None:
            raise REFERENCE_IN_USE(year=command.year)
        target = allowed(command.kwh)
    return tell(
        BuildingEnergyCorrected,
        command,
        rehabilitation,
        kwh_before=before,
        target=target,
        **_around(rehabilitation, command.year),
    )


@rehabilitations.decides(by=IN_CHARGE, when=GOES_ON, offered=_knows_energy)
def choose_reference(rehabilitation: Rehabilitation, command: ChooseReference) -> EnergyReferenceChosen | tuple[()]:
    kwh = _known(rehabilitation, command.year)
    if command.year < EARLIEST_REFERENCE:
        raise REFERENCE_TOO_EARLY(year=command.year, earliest=EARLIEST_REFERENCE)
    if command.year == rehabilitation.reference_year:
        return ()
    year_before = rehabilitation.reference_year
    return tell(EnergyReferenceChosen, command, rehabilitation, year_before=year_before, kwh=kwh, target=allowed(kwh))


def allowed(kwh: int) -> int:
    """What may still be consumed a year from 2030 on, of the consumption of the reference year; whole kWh."""
    return kwh * ALLOWED_PERCENT // 100


def _check_areas(floor_area: int, rehabilitated_area: int) -> None:
    if rehabilitated_area > floor_area:
        raise REHABILITATED_ABOVE_FLOOR_AREA(rehabilitated_area=rehabilitated_area, floor_area=floor_area)


def _check_energy(kwh: int, floor_area: int) -> None:
    if kwh > (most := floor_area * MOST_KWH_PER_M2):
        raise ENERGY_BEYOND_REASON(kwh=kwh, most=most, floor_area=floor_area)


def _checked_plan(plan: Sequence[EnteredPhase], phase: Phase) -> tuple[PlannedPhase, ...]:
    """A plan of the phases after this one. Raises Rejected."""
    place, day = PHASES.index(phase), FIRST_DAY
    for each in plan:
        if (next_place := PHASES.index(each.phase)) <= PHASES.index(phase):
            raise PHASE_BEGUN(phase=each.phase)
        if next_place <= place or each.begins_on < day:
            raise PLAN_OUT_OF_ORDER(phase=each.phase)
        place, day = next_place, each.begins_on
    return tuple(PlannedPhase(phase=each.phase, begins_on=each.begins_on) for each in plan)


def _check_room(there: Sequence[object], most: int) -> None:
    if len(there) >= most:
        raise TOO_MANY(most=most)


def _numbered(there: Sequence[T], number: int) -> T:
    if number > len(there):
        raise NOT_THERE(number=number, recorded=len(there))
    return there[number - 1]


def _still_open(rehabilitation: Rehabilitation, number: int) -> Milestone:
    milestone = _numbered(rehabilitation.milestones, number)
    if milestone.over_on:
        raise MILESTONE_OVER(milestone=number)
    return milestone


def _lateness(milestone: Milestone, late: Spell | None) -> dict[str, object]:
    """What the events of a milestone say of its plan."""
    return {"planned_on": milestone.planned_on, "late_before": milestone.late, "late": late}


def _still_committed(rehabilitation: Rehabilitation, number: int) -> Commitment:
    commitment = _numbered(rehabilitation.commitments, number)
    if commitment.released_on or not commitment.amount:
        raise COMMITMENT_ENDED(commitment=number)
    return commitment


def _check_decided(*days: Day, on: Day) -> None:
    """Nothing is corrected before it happened. Raises Rejected."""
    if max(days) > on:
        raise AFTER_THE_CORRECTION(day=max(days), decided=on)


def _put_right(part: Part, amount: int | None, day: Day | None, on: Day) -> Part:
    """A payment or a statement as it is corrected. Raises Rejected."""
    right = part.model_copy(update={"amount": part.amount if amount is None else amount, "on": day or part.on})
    if right != part:
        _check_decided(part.on, right.on, on=on)
    return right


def _check_since(line: Line, day: Day) -> None:
    if day < line.since:
        raise BEFORE_THE_LAST_DECISION(day=day, since=line.since)


def _checked(rehabilitation: Rehabilitation) -> Rehabilitation:
    """What holds of its money, whatever happens to it. Raises Rejected."""
    for number, line in enumerate(rehabilitation.lines, 1):
        if line.committed > line.budget:
            raise COMMITTED_ABOVE_BUDGET(line=number, committed=line.committed, budget=line.budget)
    for number, each in enumerate(rehabilitation.commitments, 1):
        if each.paid > each.amount:
            raise PAID_ABOVE_COMMITMENT(commitment=number, paid=each.paid, amount=each.amount)
        if each.accepted > each.amount:
            raise ACCEPTED_ABOVE_COMMITMENT(commitment=number, accepted=each.accepted, amount=each.amount)
    for part in (*rehabilitation.payments, *rehabilitation.situations):
        committed = rehabilitation.commitments[part.commitment - 1].on
        if part.amount and part.on < committed:
            raise BEFORE_THE_COMMITMENT(day=part.on, committed=committed)
    return rehabilitation


def _budgeted(rehabilitation: Rehabilitation, number: int, budget: int, since: Day) -> Rehabilitation:
    line = rehabilitation.lines[number - 1].model_copy(update={"budget": budget, "since": since})
    return rehabilitation.with_money(lines=_with(rehabilitation.lines, number, line))


def _released(rehabilitation: Rehabilitation, number: int, amount: int, on: Day) -> Rehabilitation:
    released = rehabilitation.commitments[number - 1].model_copy(update={"amount": amount, "released_on": on})
    return rehabilitation.with_money(commitments=_with(rehabilitation.commitments, number, released))


def _line(rehabilitation: Rehabilitation, number: int) -> dict[str, Any]:
    """What events say of a line."""
    line = rehabilitation.lines[number - 1]
    return {
        "line": number,
        "purpose": line.purpose,
        "funder": line.funder,
        "line_budget": line.budget,
        "line_committed": line.committed,
        "line_paid": line.paid,
        "line_accepted": line.accepted,
    }


def _commitment(rehabilitation: Rehabilitation, number: int) -> dict[str, Any]:
    """What events say of a commitment, and of its line."""
    commitment = rehabilitation.commitments[number - 1]
    return {
        "commitment": number,
        "lot": commitment.lot,
        "supplier": commitment.supplier,
        **_line(rehabilitation, commitment.line),
    }


def _known(rehabilitation: Rehabilitation, year: int) -> int:
    kwh = rehabilitation.kwh(year)
    if kwh is None:
        raise YEAR_UNKNOWN(year=year)
    return kwh


def _around(rehabilitation: Rehabilitation, year: int) -> dict[str, Any]:
    """From when until when a year's consumption stands, and what stands there without it."""
    earlier = [each.kwh for each in rehabilitation.energy if each.year < year]
    later = [each.year for each in rehabilitation.energy if each.year > year]
    return {
        "kwh_earlier": earlier[-1] if earlier else None,
        "since": last_day(year),
        "until": last_day(later[0]) if later else None,
    }


@rehabilitations.claims
def _(rehabilitation: Rehabilitation) -> Iterable[Claim]:
    if rehabilitation.status not in rehabilitations.final:
        yield Claim(BUILDING_TAKEN, f"{rehabilitation.commune}/{rehabilitation.building.casefold()}")


@rehabilitations.due
def _(rehabilitation: Rehabilitation) -> Iterable[Due]:
    if rehabilitation.status == "abandoned":
        return
    for number, each in enumerate(rehabilitation.milestones, 1):
        if each.over_on is None and each.late is None:
            yield Due(each.late_from, RecordLate(milestone=number))


@rehabilitations.evolves
def _(_rehabilitation: Rehabilitation | None, event: RehabilitationRegistered) -> Rehabilitation:
    begun = PhaseDays(phase=event.phase, begun_on=event.effective_on)
    registered = Rehabilitation(
        title=event.title,
        building=event.building,
        commune=event.commune,
        zone=event.zone,
        floor_area=event.floor_area,
        rehabilitated_area=event.rehabilitated_area,
        status=event.status,
        phase=event.phase,
        phases=tuple(begun if phase == event.phase else PhaseDays(phase=phase) for phase in PHASES),
        energy_obliged=event.floor_area >= OBLIGED_FROM,
        registered_on=event.effective_on,
        effective_on=event.effective_on,
    )
    return registered.model_copy(update={"phases": registered.with_plan(event.plan)})


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: RehabilitationPhaseBegan) -> Rehabilitation:
    phases = rehabilitation.with_phase(event.phase, begun_on=event.effective_on)
    return rehabilitation.after(event, status=event.phase, phase=event.phase, phases=phases)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: RehabilitationSuspended) -> Rehabilitation:
    waits = Suspension(phase=event.phase, reason=event.reason, since=event.effective_on)
    return rehabilitation.after(event, status="suspended", suspensions=(*rehabilitation.suspensions, waits))


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: RehabilitationResumed) -> Rehabilitation:
    return rehabilitation.after(event, status=event.phase, suspensions=_waited(rehabilitation, event.effective_on))


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: RehabilitationAbandoned) -> Rehabilitation:
    late = {each.milestone: each.late for each in event.milestones}
    return rehabilitation.after(
        event,
        status="abandoned",
        suspensions=_waited(rehabilitation, event.effective_on),
        milestones=tuple(
            each.model_copy(update={"late": late.get(number, each.late)})
            for number, each in enumerate(rehabilitation.milestones, 1)
        ),
        abandoned_on=event.effective_on,
        abandonment=event.reason,
    )


def _waited(rehabilitation: Rehabilitation, until: Day) -> tuple[Suspension, ...]:
    """Its suspensions, none of which goes on any more."""
    return tuple(
        each if each.until else each.model_copy(update={"until": until}) for each in rehabilitation.suspensions
    )


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: RehabilitationPlanRevised) -> Rehabilitation:
    return rehabilitation.after(event, phases=rehabilitation.with_plan(event.plan))


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: RehabilitationPhaseCorrected) -> Rehabilitation:
    phases = rehabilitation.with_phase(event.phase, begun_on=event.day)
    steps = [each.begun_on for each in phases if each.begun_on]
    steps += [day for each in rehabilitation.suspensions for day in (each.since, each.until) if day]
    steps += [rehabilitation.abandoned_on] if rehabilitation.abandoned_on else []
    return rehabilitation.after(event, phases=phases, effective_on=max(steps))


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BuildingAreaCorrected) -> Rehabilitation:
    return rehabilitation.after(
        event,
        floor_area=event.floor_area,
        rehabilitated_area=event.rehabilitated_area,
        energy_obliged=event.floor_area >= OBLIGED_FROM,
    )


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BuildingMilestoneAdded) -> Rehabilitation:
    milestone = Milestone(
        title=event.title,
        first_planned_on=event.planned_on,
        planned_on=event.planned_on,
        expected_since=event.effective_on,
    )
    return rehabilitation.after(event, milestones=(*rehabilitation.milestones, milestone))


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BuildingMilestoneReplanned) -> Rehabilitation:
    # When it was late by the plan before stays in its events; by the new one it is not late yet.
    since = max(event.effective_on, rehabilitation.milestones[event.milestone - 1].expected_since)
    changes = {"planned_on": event.planned_on, "expected_since": since, "late": None}
    return rehabilitation.after(event, milestones=rehabilitation.with_milestone(event.milestone, **changes))


@rehabilitations.evolves
def _(
    rehabilitation: Rehabilitation,
    event: BuildingMilestoneLate | BuildingMilestoneReached | BuildingMilestoneDropped | BuildingMilestoneCorrected,
) -> Rehabilitation:
    changes: dict[str, object] = {"late": event.late}
    match event:
        case BuildingMilestoneReached():
            changes["reached_on"] = event.effective_on
        case BuildingMilestoneDropped():
            changes["dropped_on"] = event.effective_on
        case BuildingMilestoneCorrected():
            changes["reached_on"] = event.reached_on
    return rehabilitation.after(event, milestones=rehabilitation.with_milestone(event.milestone, **changes))


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BudgetLineSet) -> Rehabilitation:
    line = Line(purpose=event.purpose, funder=event.funder, budget=event.line_budget, since=event.effective_on)
    return rehabilitation.with_money(lines=(*rehabilitation.lines, line)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BudgetLineRevised | BudgetLineCorrected) -> Rehabilitation:
    since = event.since if isinstance(event, BudgetLineCorrected) else event.effective_on
    return _budgeted(rehabilitation, event.line, event.line_budget, since).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BudgetLineEstimated) -> Rehabilitation:
    line = rehabilitation.lines[event.line - 1].model_copy(update={"estimate": event.estimate})
    return rehabilitation.with_money(lines=_with(rehabilitation.lines, event.line, line)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: CommitmentMade) -> Rehabilitation:
    made = Commitment(
        line=event.line,
        reference=event.reference,
        lot=event.lot,
        supplier=event.supplier,
        on=event.effective_on,
        amount=event.amount,
    )
    return rehabilitation.with_money(commitments=(*rehabilitation.commitments, made)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: CommitmentCorrected) -> Rehabilitation:
    there = rehabilitation.commitments
    right = there[event.commitment - 1].model_copy(update={"amount": event.amount, "on": event.committed_on})
    return rehabilitation.with_money(commitments=_with(there, event.commitment, right)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: CommitmentReleased) -> Rehabilitation:
    return _released(rehabilitation, event.commitment, event.amount, event.effective_on).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: CommitmentPaid) -> Rehabilitation:
    paid = Part(commitment=event.commitment, on=event.effective_on, amount=event.amount)
    return rehabilitation.with_money(payments=(*rehabilitation.payments, paid)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: CommitmentPaymentCorrected) -> Rehabilitation:
    right = Part(commitment=event.commitment, on=event.paid_on, amount=event.amount)
    return rehabilitation.with_money(payments=_with(rehabilitation.payments, event.payment, right)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: WorksAccepted) -> Rehabilitation:
    done = Part(commitment=event.commitment, on=event.effective_on, amount=event.amount)
    return rehabilitation.with_money(situations=(*rehabilitation.situations, done)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: WorksAcceptedCorrected) -> Rehabilitation:
    right = Part(commitment=event.commitment, on=event.accepted_on, amount=event.amount)
    return rehabilitation.with_money(situations=_with(rehabilitation.situations, event.situation, right)).after(event)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: BuildingEnergyRead | BuildingEnergyCorrected) -> Rehabilitation:
    energy = rehabilitation.with_energy(event.year, event.kwh)
    return rehabilitation.after(event, energy=energy, energy_target=event.target)


@rehabilitations.evolves
def _(rehabilitation: Rehabilitation, event: EnergyReferenceChosen) -> Rehabilitation:
    return rehabilitation.after(event, reference_year=event.year, energy_target=event.target)
