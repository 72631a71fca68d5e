"""What AFPA and the town hall may do with the rehabilitation of a building, and when."""

from datetime import date
from typing import Any, get_args

import pytest

from contracts import Event, Role
from contracts.training.rehabilitation import (
    AbandonedLine,
    BudgetLineCorrected,
    BudgetLineEstimated,
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
    EnergyReferenceChosen,
    PlannedPhase,
    RehabilitationAbandoned,
    RehabilitationPhaseBegan,
    RehabilitationPhaseCorrected,
    RehabilitationPlanRevised,
    RehabilitationRegistered,
    RehabilitationResumed,
    RehabilitationSuspended,
    Spell,
    StoppedMilestone,
    WorksAccepted,
    WorksAcceptedCorrected,
)
from eventstore.decider import Actor, Claim, Command, Due
from eventstore.refusal import Forbidden
from eventstore.specification import Specification
from training import rehabilitation
from training.building import Commitment, Line, Part, PhaseDays, Suspension
from training.completion import forecast_of
from training.rehabilitation import (
    BUILDING_TAKEN,
    PHASES,
    Abandon,
    AcceptSituation,
    AcceptWorks,
    AddMilestone,
    ApplyForPermit,
    BeginDetailedDesign,
    BeginOutlineDesign,
    BeginProgramme,
    BeginWorks,
    ChooseReference,
    Commit,
    CorrectArea,
    CorrectCommitment,
    CorrectEnergy,
    CorrectLine,
    CorrectMilestone,
    CorrectPayment,
    CorrectPhase,
    CorrectSituation,
    DropMilestone,
    EnteredPhase,
    EstimateLine,
    InviteTenders,
    Pay,
    PutInService,
    ReachMilestone,
    RecordEnergy,
    RecordLate,
    Register,
    Rehabilitation,
    ReleaseCommitment,
    ReplanMilestone,
    Resume,
    ReviseLine,
    RevisePlan,
    SetLine,
    Suspend,
    rehabilitations,
)

TODAY = date(2026, 6, 1)
given = Specification(rehabilitations, today=TODAY)
IDENTITY = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c01"
SUPPLIER = "00000001800010"


def day(month: int, day_of_month: int = 1, year: int = 2025) -> date:
    return date(year, month, day_of_month)


SHEET: dict[str, Any] = {
    "title": "Réhabilitation du bâtiment de l'AFPA",
    "building": "Bâtiment principal",
    "commune": "36088",
    "zone": None,
    "floor_area": 4_200,
    "rehabilitated_area": 3_100,
}
PLACE: dict[str, Any] = {"commune": "36088", "zone": None, "floor_area": 4_200}
OF: dict[str, Any] = {**PLACE, "status": "works"}
END = PlannedPhase(phase="in_service", begins_on=day(9, year=2027))
LATER = PlannedPhase(phase="in_service", begins_on=day(1, 3, 2028))


def entered(*plan: PlannedPhase) -> tuple[EnteredPhase, ...]:
    return tuple(EnteredPhase(phase=each.phase, begins_on=each.begins_on) for each in plan)


def registered_in(phase: str) -> RehabilitationRegistered:
    return RehabilitationRegistered.model_validate(
        {**SHEET, "status": phase, "phase": phase, "plan": (END,), "effective_on": day(1)}
    )


registered = registered_in("works")
in_tender = registered_in("tender")
PURSE: dict[str, Any] = {
    "line": 1,
    "purpose": "works",
    "funder": "epci",
    "line_budget": 1_000,
    "line_committed": 0,
    "line_paid": 0,
    "line_accepted": 0,
}
COMMITTED: dict[str, Any] = {**PURSE, "line_committed": 600}
CONTRACT: dict[str, Any] = {"commitment": 1, "lot": "structure", "supplier": SUPPLIER}
line = BudgetLineSet(**OF, **PURSE, effective_on=day(1, 15))
committed = CommitmentMade(**OF, **COMMITTED, **CONTRACT, reference="2025-MT-03", amount=600, effective_on=day(2))
paid = CommitmentPaid(**OF, **{**COMMITTED, "line_paid": 200}, **CONTRACT, payment=1, amount=200, effective_on=day(3))
done = WorksAccepted(
    **OF,
    **{**COMMITTED, "line_paid": 200, "line_accepted": 250},
    **CONTRACT,
    situation=1,
    amount=250,
    effective_on=day(4),
)
SPENT: dict[str, Any] = {**COMMITTED, "line_paid": 200, "line_accepted": 250}
MONEY: tuple[Event, ...] = (registered, line, committed, paid, done)
PERMIT: dict[str, Any] = {"milestone": 1, "planned_on": day(6)}
added = BuildingMilestoneAdded(**OF, **PERMIT, title="Permis", late_before=None, late=None, effective_on=day(1))
SINCE = Spell(since=day(6, 2), until=None)
late = BuildingMilestoneLate(**OF, **PERMIT, late_before=None, late=SINCE, effective_on=day(6, 2))
reached = BuildingMilestoneReached(
    **OF, **PERMIT, late_before=SINCE, late=Spell(since=day(6, 2), until=day(6, 20)), effective_on=day(6, 20)
)
suspended = RehabilitationSuspended(
    **{**OF, "status": "suspended"}, phase="works", reason="financing", effective_on=day(3)
)
YEAR_2019: dict[str, Any] = {"year": 2019, "kwh_earlier": None, "since": day(12, 31, 2019), "until": None}
read = BuildingEnergyRead(**OF, **YEAR_2019, kwh=610_000, target=None, effective_on=day(2))
chosen = EnergyReferenceChosen(**OF, year_before=None, year=2019, kwh=610_000, target=366_000, effective_on=day(2))
abandoned = RehabilitationAbandoned(
    **{**PLACE, "status": "abandoned"},
    phase="tender",
    status_before="tender",
    reason="financing",
    lines=(),
    milestones=(),
    effective_on=day(5),
)


# Phases


def test_a_rehabilitation_is_registered_in_the_phase_it_has_come_to() -> None:
    command = Register(**SHEET, phase="works", plan=entered(END), on=day(1))
    given().when(command).then(registered)
    given().when(command).then_state(status="works", phase="works", registered_on=day(1), energy_obliged=True)
    phases = (
        *(PhaseDays(phase=each) for each in PHASES[:6]),
        PhaseDays(phase="works", begun_on=day(1)),
        PhaseDays(phase="accepted"),
        PhaseDays(phase="in_service", first_planned_on=day(9, year=2027), planned_on=day(9, year=2027)),
    )
    given().when(command).then_state(phases=phases)
    given().when(Register(**SHEET, on=day(1))).then_state(status="studies")


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"phase": "accepted"}, "registered-too-late"),
        ({"rehabilitated_area": 4_201}, "rehabilitated-above-floor-area"),
        ({"phase": "in_service"}, "registered-too-late"),
        ({"phase": "works", "plan": entered(PlannedPhase(phase="works", begins_on=day(2)))}, "phase-begun"),
        ({"plan": entered(END, PlannedPhase(phase="accepted", begins_on=day(8, year=2027)))}, "plan-out-of-order"),
        ({"plan": entered(END, END)}, "plan-out-of-order"),
        ({"plan": entered(PlannedPhase(phase="accepted", begins_on=day(10, year=2027)), END)}, "plan-out-of-order"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(changes: dict[str, Any], slug: str) -> None:
    given().when(Register(**{**SHEET, **changes}, on=day(1))).rejected(slug)


def test_the_law_asks_for_less_energy_from_a_thousand_square_metres_on() -> None:
    for area, obliged in ((999, False), (1_000, True)):
        sheet = {**SHEET, "floor_area": area, "rehabilitated_area": 500}
        given().when(Register(**sheet)).then_state(energy_obliged=obliged)


def test_it_goes_on_phase_by_phase() -> None:
    steps: tuple[Command, ...] = (
        BeginProgramme(),
        BeginOutlineDesign(),
        BeginDetailedDesign(),
        ApplyForPermit(),
        InviteTenders(),
        BeginWorks(),
        AcceptWorks(),
        PutInService(),
    )
    past: tuple[Event, ...] = (registered_in("studies"),)
    for number, (command, before, phase) in enumerate(zip(steps, PHASES, PHASES[1:], strict=False), 2):
        on = day(number)
        began = RehabilitationPhaseBegan(
            **{**PLACE, "status": phase},
            phase_before=before,
            phase=phase,
            planned_on=END.begins_on if phase == "in_service" else None,
            effective_on=on,
        )
        given(*past).when(command.model_copy(update={"on": on})).then(began)
        past = (*past, began)
        for other in steps:
            if type(other) is not type(command):
                given(*past[:-1]).when(other).rejected(f"rehabilitation-not-{before_of(other)}")
    given(*past).when(BeginWorks()).rejected("rehabilitation-not-tender")
    given(*past).holds()
    assert [each.begun_on for each in state(*past).phases] == [day(number) for number in range(1, 10)]


def before_of(command: Command) -> str:
    (when,) = rehabilitations.decision(type(command)).when or ()
    return when.replace("_", "-")


def state(*past: Event) -> Rehabilitation:
    found = given.fold(past)
    assert found is not None
    return found


def test_it_waits_and_goes_on_in_its_phase() -> None:
    given(registered).when(Suspend(reason="financing", on=day(3))).then(suspended)
    resumed = RehabilitationResumed(**OF, phase="works", effective_on=day(4))
    given(registered, suspended).when(Resume(on=day(4))).then(resumed)
    waited = Suspension(phase="works", reason="financing", since=day(3), until=day(4))
    given(registered, suspended).when(Resume(on=day(4))).then_state(status="works", suspensions=(waited,))
    given(registered, suspended).when(AcceptWorks()).rejected("rehabilitation-not-works")
    given(registered).when(Resume()).rejected("rehabilitation-not-suspended")
    given(registered, suspended).when(Resume(on=day(2))).rejected("on-before-previous-step")


def test_it_is_abandoned_before_works_begin() -> None:
    in_the_tender = {**PLACE, "status": "tender"}
    past = (in_tender, BudgetLineSet(**in_the_tender, **PURSE, effective_on=day(2)), *of_tender(added, late))
    given(*past).when(Abandon(reason="financing", on=day(7))).then(
        RehabilitationAbandoned(
            **{**PLACE, "status": "abandoned"},
            phase="tender",
            status_before="tender",
            reason="financing",
            lines=(AbandonedLine(line=1, purpose="works", funder="epci", budget=1_000),),
            milestones=(StoppedMilestone(milestone=1, late_before=SINCE, late=Spell(since=day(6, 2), until=day(7))),),
            effective_on=day(7),
        )
    )
    given(*past).when(Abandon(reason="financing", on=day(1, 10))).rejected("before-the-last-decision")
    given(registered).when(Abandon(reason="financing")).rejected("rehabilitation-works")
    given(registered, suspended).when(Abandon(reason="financing")).rejected("works-begun")
    given(in_tender, abandoned).is_due()
    given(in_tender, abandoned).holds()
    for command in (
        Suspend(reason="permit"),
        SetLine(purpose="works", funder="epci", budget=1),
        Abandon(reason="other"),
    ):
        given(in_tender, abandoned).when(command).rejected(rejected_when_abandoned(command))


def rejected_when_abandoned(command: Command) -> str:
    decision = rehabilitations.decision(type(command))
    return rehabilitations.wrong_status(decision, "abandoned").slug


def of_tender(*events: Event) -> tuple[Event, ...]:
    return tuple(each.model_copy(update={"status": "tender"}) for each in events)


def test_the_phases_to_come_are_planned_anew() -> None:
    given(registered).when(RevisePlan(plan=entered(LATER), reason="permit", on=day(2))).then(
        RehabilitationPlanRevised(**OF, plan_before=(END,), plan=(LATER,), reason="permit", effective_on=day(2))
    )
    given(registered).when(RevisePlan(plan=entered(END), reason="permit")).then()
    revised = state(
        registered,
        RehabilitationPlanRevised(**OF, plan_before=(END,), plan=(LATER,), reason="permit", effective_on=day(2)),
    )
    assert revised.phases[-1] == PhaseDays(
        phase="in_service", first_planned_on=END.begins_on, planned_on=LATER.begins_on
    )
    begun = PlannedPhase(phase="works", begins_on=day(2))
    given(registered).when(RevisePlan(plan=entered(begun), reason="permit")).rejected("phase-begun")


def test_the_day_of_a_phase_is_corrected_between_what_is_around_it() -> None:
    accepted = RehabilitationPhaseBegan(
        **{**PLACE, "status": "accepted"}, phase_before="works", phase="accepted", planned_on=None, effective_on=day(9)
    )
    resumed = RehabilitationResumed(**OF, phase="works", effective_on=day(4))
    past = (registered, suspended, resumed, accepted)
    right = RehabilitationPhaseCorrected(
        **{**PLACE, "status": "accepted"},
        phase="accepted",
        day_before=day(9),
        day=day(8),
        reason="typing_error",
        effective_on=TODAY,
    )
    given(*past).when(CorrectPhase(phase="accepted", day=day(8), reason="typing_error")).then(right)
    given(*past).when(CorrectPhase(phase="accepted", day=day(8), reason="typing_error")).then_state(effective_on=day(8))
    given(*past).when(CorrectPhase(phase="accepted", day=day(9), reason="typing_error")).then()
    for phase, wrong in (("accepted", day(3, 31)), ("works", day(3, 2)), ("accepted", day(6, 2, 2026))):
        command = CorrectPhase.model_validate({"phase": phase, "day": wrong, "reason": "other"})
        given(*past).when(command).rejected("phase-out-of-order")
    given(*past).when(CorrectPhase(phase="permit", day=day(1), reason="other")).rejected("phase-not-begun")
    given(in_tender, abandoned).when(CorrectPhase(phase="tender", day=day(5, 2), reason="other")).rejected(
        "phase-out-of-order"
    )


def test_areas_are_corrected() -> None:
    given(registered, read).when(CorrectArea(floor_area=900, rehabilitated_area=800, reason="typing_error")).then(
        BuildingAreaCorrected(
            **{**OF, "floor_area": 900},
            floor_area_before=4_200,
            rehabilitated_area_before=3_100,
            rehabilitated_area=800,
            read_since=day(12, 31, 2019),
            reason="typing_error",
            effective_on=TODAY,
        )
    )
    given(registered).when(CorrectArea(floor_area=900, rehabilitated_area=800, reason="other")).then_state(
        energy_obliged=False
    )
    given(registered).when(CorrectArea(floor_area=4_200, reason="other")).then()
    given(registered).when(CorrectArea(floor_area=3_000, reason="other")).rejected("rehabilitated-above-floor-area")
    given(registered, read).when(CorrectArea(floor_area=304, rehabilitated_area=1, reason="other")).rejected(
        "energy-beyond-reason"
    )


# Milestones


def test_a_milestone_is_late_from_the_day_after_its_own() -> None:
    command = AddMilestone(title="Permis", planned_on=day(6), on=day(1))
    given(registered).when(command).then(added)
    given(registered, added).is_due(Due(day(6, 2), RecordLate(milestone=1)))
    given(registered, added).when(RecordLate(milestone=1, on=day(6, 2))).then(late)
    given(registered, added).when(RecordLate(milestone=1, on=day(6))).then()
    given(registered, added, late).is_due()
    given(registered, added, late).when(RecordLate(milestone=1)).then()
    given(registered, added, late).when(ReachMilestone(milestone=1, on=day(6, 20))).then(reached)
    given(registered, added, late, reached).is_due()


def test_nobody_is_late_for_what_was_not_planned_yet() -> None:
    command = AddMilestone(title="Permis", planned_on=day(1), on=day(3))
    given(registered).when(command).then_state(milestones=state(registered, planned_late()).milestones)
    given(registered, planned_late()).is_due(Due(day(3), RecordLate(milestone=1)))


def planned_late() -> BuildingMilestoneAdded:
    return added.model_copy(update={"planned_on": day(1), "effective_on": day(3)})


@pytest.mark.parametrize(("on", "until"), [(day(5), None), (day(6, 2), None), (day(6, 3), day(6, 3)), (day(7), day(7))])
def test_what_is_reached_late_says_for_how_long(on: date, until: date | None) -> None:
    spell = Spell(since=day(6, 2), until=until) if until else None
    given(registered, added).when(ReachMilestone(milestone=1, on=on)).then(
        BuildingMilestoneReached(**OF, **PERMIT, late_before=None, late=spell, effective_on=on)
    )
    given(registered, added).when(DropMilestone(milestone=1, reason="replaced", on=on)).then(
        BuildingMilestoneDropped(**OF, **PERMIT, late_before=None, late=spell, reason="replaced", effective_on=on)
    )


def test_a_late_milestone_that_is_replanned_is_late_no_more_until_it_is_again() -> None:
    replanned = BuildingMilestoneReplanned(
        **OF,
        milestone=1,
        planned_before=day(6),
        planned_on=day(9),
        late_before=SINCE,
        late=Spell(since=day(6, 2), until=day(7)),
        reason="tender",
        effective_on=day(7),
    )
    past = (registered, added, late)
    given(*past).when(ReplanMilestone(milestone=1, planned_on=day(9), reason="tender", on=day(7))).then(replanned)
    given(*past, replanned).is_due(Due(day(9, 2), RecordLate(milestone=1)))
    given(*past).when(ReplanMilestone(milestone=1, planned_on=day(6), reason="tender")).then()
    assert state(*past, replanned).milestones[0].first_planned_on == day(6)
    # What is told later of an earlier day does not make it late twice for the same days.
    again = ReplanMilestone(milestone=1, planned_on=day(6, 5), reason="tender", on=day(6, 10))
    (event,) = rehabilitations.decide(state(*past, replanned), again, given().context)
    given(*past, replanned, event).is_due(Due(day(7), RecordLate(milestone=1)))


def test_the_day_of_a_milestone_is_corrected() -> None:
    past = (registered, added, late, reached)
    spell = Spell(since=day(6, 2), until=day(6, 20))

    def corrected(on: date | None, late_now: Spell | None) -> BuildingMilestoneCorrected:
        return BuildingMilestoneCorrected(
            **OF,
            **PERMIT,
            reached_before=day(6, 20),
            reached_on=on,
            late_before=spell,
            late=late_now,
            reason="other",
            effective_on=TODAY,
        )

    for on, now in (
        (day(5, 30), None),
        (day(6, 10), Spell(since=day(6, 2), until=day(6, 10))),
        (None, SINCE),
    ):
        given(*past).when(CorrectMilestone(milestone=1, reached_on=on, reason="other")).then(corrected(on, now))
    given(*past).when(CorrectMilestone(milestone=1, reached_on=day(6, 20), reason="other")).then()
    given(*past).when(CorrectMilestone(milestone=1, reached_on=day(6, 21), reason="other", on=day(6, 20))).rejected(
        "after-the-correction"
    )
    given(registered, added).when(CorrectMilestone(milestone=1, reason="other")).rejected(
        "building-milestone-not-reached"
    )
    early = CorrectMilestone(milestone=1, reason="other", on=day(5))
    early_reached = BuildingMilestoneReached(**OF, **PERMIT, late_before=None, late=None, effective_on=day(5))
    given(registered, added, early_reached).when(early).then_state(milestones=state(registered, added).milestones)


def test_a_milestone_that_is_not_there_or_over_is_refused() -> None:
    past = (registered, added, late, reached)
    for command in (
        ReachMilestone(milestone=1),
        DropMilestone(milestone=1, reason="other"),
        ReplanMilestone(milestone=1, planned_on=day(9), reason="other"),
        RecordLate(milestone=1),
    ):
        given(*past).when(command).rejected("building-milestone-over")
        given(registered).when(command).rejected("not-of-this-rehabilitation")


# Money


def test_all_lines_together_have_a_bound() -> None:
    most = rehabilitation.MOST_BUDGETED
    beyond = SetLine(purpose="works", funder="epci", budget=most, on=day(2))
    given(registered, line).when(beyond).rejected("budget-too-large")
    given(registered, line).when(ReviseLine(line=1, budget=most + 1, reason="tender_results", on=day(2))).rejected(
        "budget-too-large"
    )


def test_a_budget_has_lines_that_are_revised() -> None:
    given(registered).when(SetLine(purpose="works", funder="epci", budget=1_000, on=day(1, 15))).then(line)
    given(registered, line).when(ReviseLine(line=1, budget=1_200, reason="tender_results", on=day(2))).then(
        BudgetLineRevised(
            **OF,
            **{**PURSE, "line_budget": 1_200},
            line_budget_before=1_000,
            reason="tender_results",
            effective_on=day(2),
        )
    )
    given(registered, line).when(ReviseLine(line=1, budget=1_200, reason="other")).then_state(
        budget=1_200, works_budget=1_200, forecast=1_200
    )
    given(registered, line).when(ReviseLine(line=1, budget=1_000, reason="other")).then()
    given(registered, line).when(ReviseLine(line=1, budget=1, reason="other", on=day(1, 14))).rejected(
        "before-the-last-decision"
    )
    given(*MONEY).when(ReviseLine(line=1, budget=599, reason="other")).rejected("committed-above-budget")
    given(*MONEY).when(ReviseLine(line=1, budget=600, reason="other")).then_state(budget=600)
    given(registered).when(ReviseLine(line=1, budget=600, reason="other")).rejected("not-of-this-rehabilitation")


def test_what_was_decided_on_a_line_is_corrected_since_that_day() -> None:
    given(registered, line).when(CorrectLine(line=1, budget=1_100, reason="typing_error")).then(
        BudgetLineCorrected(
            **OF,
            **{**PURSE, "line_budget": 1_100},
            since=day(1, 15),
            line_budget_before=1_000,
            reason="typing_error",
            effective_on=TODAY,
        )
    )
    given(registered, line).when(CorrectLine(line=1, budget=1_000, reason="other")).then()
    given(*MONEY).when(CorrectLine(line=1, budget=599, reason="other")).rejected("committed-above-budget")
    given(registered, line).when(CorrectLine(line=1, budget=1, reason="other", on=day(1))).rejected(
        "before-the-last-decision"
    )


def test_a_line_is_estimated_otherwise_than_its_budget() -> None:
    estimated = BudgetLineEstimated(
        **OF, **SPENT, estimate_before=None, estimate=1_300, reason="unforeseen_works", effective_on=TODAY
    )
    command = EstimateLine(line=1, estimate=1_300, reason="unforeseen_works")
    given(*MONEY).when(command).then(estimated)
    given(*MONEY).when(command).then_state(forecast=1_300, budget=1_000)
    given(*MONEY, estimated).when(command).then()
    given(*MONEY, estimated).when(EstimateLine(line=1, reason="other")).then_state(forecast=1_000)
    # What is committed is spent, whatever is estimated.
    given(*MONEY).when(EstimateLine(line=1, estimate=10, reason="other")).then_state(forecast=600)


def commit(**changes: Any) -> Commit:
    told = {"line": 1, "reference": "2025-MT-03", "amount": 600, "lot": "structure", "supplier": SUPPLIER, "on": day(2)}
    return Commit(**{**told, **changes})


def test_a_contract_commits_a_part_of_a_line() -> None:
    given(registered, line).when(commit()).then(committed)
    given(registered, line).when(commit()).then_state(
        committed=600,
        commitments=(
            Commitment(line=1, reference="2025-MT-03", lot="structure", supplier=SUPPLIER, on=day(2), amount=600),
        ),
        lines=(Line(purpose="works", funder="epci", budget=1_000, since=day(1, 15), committed=600),),
    )
    other = {"reference": "2025-MT-04"}
    given(*MONEY).when(commit(**other, amount=401)).rejected("committed-above-budget")
    given(*MONEY).when(commit(**other, amount=400)).then_state(committed=1_000)
    given(*MONEY).when(commit(reference="2025-mt-03", amount=1)).rejected("reference-committed")
    given(*MONEY).when(commit(**other, lot=None)).rejected("lot-missing")
    given(registered).when(commit()).rejected("not-of-this-rehabilitation")
    studies = line.model_copy(update={"purpose": "studies"})
    given(registered, studies).when(commit()).rejected("lot-without-works")
    given(registered, studies).when(commit(lot=None)).then_state(works_budget=0, committed=600)


def test_no_more_is_paid_or_done_than_is_committed() -> None:
    given(registered, line, committed).when(Pay(commitment=1, amount=200, on=day(3))).then(paid)
    given(registered, line, committed, paid).when(AcceptSituation(commitment=1, amount=250, on=day(4))).then(done)
    given(*MONEY[:4]).when(AcceptSituation(commitment=1, amount=250, on=day(4))).then_state(
        paid=200, accepted=250, situations=(Part(commitment=1, on=day(4), amount=250),)
    )
    given(*MONEY).when(Pay(commitment=1, amount=400)).then_state(paid=600)
    given(*MONEY).when(Pay(commitment=1, amount=401)).rejected("paid-above-commitment")
    given(*MONEY).when(AcceptSituation(commitment=1, amount=350)).then_state(accepted=600)
    given(*MONEY).when(AcceptSituation(commitment=1, amount=351)).rejected("accepted-above-commitment")
    for early in (Pay(commitment=1, amount=1, on=day(1, 31)), AcceptSituation(commitment=1, amount=1, on=day(1, 31))):
        given(*MONEY).when(early).rejected("before-the-commitment")
    for command in (Pay(commitment=2, amount=1), AcceptSituation(commitment=2, amount=1)):
        given(*MONEY).when(command).rejected("not-of-this-rehabilitation")


def test_works_are_done_of_contracts_for_works_once_these_have_begun() -> None:
    past = (in_tender, *of_tender(line, committed))
    given(*past).when(AcceptSituation(commitment=1, amount=1)).rejected("works-not-begun")
    studies = line.model_copy(update={"purpose": "studies"})
    plain = committed.model_copy(update={"lot": None})
    given(registered, studies, plain).when(AcceptSituation(commitment=1, amount=1)).rejected("lot-without-works")


def test_a_payment_is_taken_back_and_put_right() -> None:
    command = CorrectPayment(payment=1, amount=150, paid_on=day(3, 5), reason="typing_error")
    given(*MONEY).when(command).then(
        CommitmentPaymentCorrected(
            **OF,
            **{**SPENT, "line_paid": 150},
            **CONTRACT,
            payment=1,
            amount_before=200,
            amount=150,
            paid_before=day(3),
            paid_on=day(3, 5),
            reason="typing_error",
            effective_on=TODAY,
        )
    )
    given(*MONEY).when(CorrectPayment(payment=1, amount=0, reason="other")).then_state(paid=0)
    given(*MONEY).when(CorrectPayment(payment=1, amount=200, reason="other")).then()
    given(*MONEY).when(CorrectPayment(payment=1, amount=601, reason="other")).rejected("paid-above-commitment")
    given(*MONEY).when(CorrectPayment(payment=2, amount=1, reason="other")).rejected("not-of-this-rehabilitation")
    for wrong, slug in ((day(1, 31), "before-the-commitment"), (day(6, 2, 2026), "after-the-correction")):
        given(*MONEY).when(CorrectPayment(payment=1, paid_on=wrong, reason="other")).rejected(slug)
    given(*MONEY).when(CorrectPayment(payment=1, amount=1, reason="other", on=day(2, 28))).rejected(
        "after-the-correction"
    )


def test_a_statement_of_works_is_taken_back_and_put_right() -> None:
    command = CorrectSituation(situation=1, amount=260, accepted_on=day(4, 5), reason="late_document")
    given(*MONEY).when(command).then(
        WorksAcceptedCorrected(
            **OF,
            **{**SPENT, "line_accepted": 260},
            **CONTRACT,
            situation=1,
            amount_before=250,
            amount=260,
            accepted_before=day(4),
            accepted_on=day(4, 5),
            reason="late_document",
            effective_on=TODAY,
        )
    )
    given(*MONEY).when(CorrectSituation(situation=1, amount=0, reason="other")).then_state(accepted=0)
    given(*MONEY).when(CorrectSituation(situation=1, amount=250, reason="other")).then()
    given(*MONEY).when(CorrectSituation(situation=1, amount=601, reason="other")).rejected("accepted-above-commitment")
    given(*MONEY).when(CorrectSituation(situation=2, reason="other")).rejected("not-of-this-rehabilitation")


def test_a_commitment_is_taken_back_and_put_right() -> None:
    command = CorrectCommitment(commitment=1, amount=650, committed_on=day(1, 20), reason="typing_error")
    given(*MONEY).when(command).then(
        CommitmentCorrected(
            **OF,
            **{**SPENT, "line_committed": 650},
            **CONTRACT,
            amount_before=600,
            amount=650,
            committed_before=day(2),
            committed_on=day(1, 20),
            reason="typing_error",
            effective_on=TODAY,
        )
    )
    given(*MONEY).when(CorrectCommitment(commitment=1, amount=600, reason="other")).then()
    for told, slug in (
        ({"amount": 1_001}, "committed-above-budget"),
        ({"amount": 199}, "paid-above-commitment"),
        ({"amount": 249}, "accepted-above-commitment"),
        ({"committed_on": day(3, 2)}, "before-the-commitment"),
        ({"amount": 601, "on": day(1, 31)}, "after-the-correction"),
    ):
        given(*MONEY).when(CorrectCommitment(commitment=1, reason="other", **told)).rejected(slug)
    taken_back = CommitmentCorrected(
        **OF,
        **PURSE,
        **CONTRACT,
        amount_before=600,
        amount=0,
        committed_before=day(2),
        committed_on=day(2),
        reason="other",
        effective_on=TODAY,
    )
    past = (registered, line, committed)
    given(*past).when(CorrectCommitment(commitment=1, amount=0, reason="other")).then(taken_back)
    given(*past, taken_back).when(commit()).then_state(committed=600)
    given(*past, taken_back).when(CorrectCommitment(commitment=1, amount=1, reason="other")).rejected(
        "commitment-ended"
    )


def test_what_is_left_of_a_commitment_is_freed() -> None:
    released = CommitmentReleased(
        **OF,
        **{**SPENT, "line_committed": 250},
        **CONTRACT,
        amount_before=600,
        amount=250,
        reason="final_account",
        effective_on=day(5),
    )
    given(*MONEY).when(ReleaseCommitment(commitment=1, reason="final_account", on=day(5))).then(released)
    given(*MONEY, released).when(commit(reference="2025-MT-05", amount=750)).then_state(committed=1_000)
    given(*MONEY, released).when(Pay(commitment=1, amount=50)).then_state(paid=250)
    given(*MONEY, released).when(Pay(commitment=1, amount=51)).rejected("paid-above-commitment")
    given(*MONEY, released).when(ReleaseCommitment(commitment=1, reason="other")).rejected("commitment-ended")
    given(*MONEY).when(ReleaseCommitment(commitment=1, reason="other", on=day(1, 31))).rejected("before-the-commitment")
    given(*MONEY).when(ReleaseCommitment(commitment=2, reason="other")).rejected("not-of-this-rehabilitation")


def test_what_was_committed_before_it_was_abandoned_is_still_paid() -> None:
    past = (in_tender, *of_tender(line, committed), abandoned)
    given(*past).when(Pay(commitment=1, amount=600)).then_state(paid=600, status="abandoned")
    given(*past).when(ReleaseCommitment(commitment=1, reason="not_awarded")).then_state(committed=0)
    given(*past).when(commit(reference="2025-MT-09")).rejected("rehabilitation-abandoned")


def test_a_rehabilitation_keeps_a_bounded_number_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_MILESTONES", "MOST_LINES", "MOST_COMMITMENTS", "MOST_PARTS", "MOST_YEARS"):
        monkeypatch.setattr(rehabilitation, name, 1)
    for command in (
        AddMilestone(title="Travaux", planned_on=day(6)),
        SetLine(purpose="works", funder="state", budget=1),
        commit(reference="2025-MT-04", amount=1),
        Pay(commitment=1, amount=1),
        AcceptSituation(commitment=1, amount=1),
        RecordEnergy(year=2020, kwh=1),
    ):
        given(*MONEY, added, read).when(command).rejected("too-many-of-a-rehabilitation")


# Energy


def test_a_year_that_is_over_is_read_once() -> None:
    given(registered).when(RecordEnergy(year=2019, kwh=610_000, on=day(2))).then(read)
    given(registered, read).when(RecordEnergy(year=2019, kwh=610_000)).then()
    given(registered, read).when(RecordEnergy(year=2019, kwh=610_001)).rejected("year-known")
    given(registered).when(RecordEnergy(year=2025, kwh=1, on=day(12, 31))).rejected("year-not-over")
    given(registered).when(RecordEnergy(year=2025, kwh=8_400_001)).rejected("energy-beyond-reason")
    given(registered).when(RecordEnergy(year=2025, kwh=8_400_000)).then_state(energy_target=None)


def test_a_year_says_what_stands_around_it() -> None:
    later = BuildingEnergyRead(
        **OF,
        year=2024,
        kwh_earlier=610_000,
        since=day(12, 31, 2024),
        until=None,
        kwh=400_000,
        target=None,
        effective_on=day(3),
    )
    given(registered, read).when(RecordEnergy(year=2024, kwh=400_000, on=day(3))).then(later)
    given(registered, read, later).when(RecordEnergy(year=2021, kwh=500_000, on=day(3))).then(
        BuildingEnergyRead(
            **OF,
            year=2021,
            kwh_earlier=610_000,
            since=day(12, 31, 2021),
            until=day(12, 31, 2024),
            kwh=500_000,
            target=None,
            effective_on=day(3),
        )
    )


def test_the_target_is_forty_percent_below_the_reference() -> None:
    given(registered, read).when(ChooseReference(year=2019, on=day(2))).then(chosen)
    given(registered, read).when(ChooseReference(year=2019)).then_state(reference_year=2019, energy_target=366_000)
    given(registered, read, chosen).when(ChooseReference(year=2019)).then()
    given(registered).when(ChooseReference(year=2019)).rejected("year-unknown")
    old = read.model_copy(update={"year": 2009, "since": day(12, 31, 2009)})
    given(registered, old).when(ChooseReference(year=2009)).rejected("reference-too-early")


def test_a_corrected_reference_has_another_target() -> None:
    def corrected(kwh: int | None, target: int | None) -> BuildingEnergyCorrected:
        return BuildingEnergyCorrected(
            **OF, **YEAR_2019, kwh_before=610_000, kwh=kwh, target=target, reason="other", effective_on=TODAY
        )

    command = CorrectEnergy(year=2019, kwh=600_001, reason="other")
    given(registered, read, chosen).when(command).then(corrected(600_001, 360_000))
    given(registered, read).when(command).then(corrected(600_001, None))
    given(registered, read).when(CorrectEnergy(year=2019, reason="other")).then(corrected(None, None))
    given(registered, read).when(CorrectEnergy(year=2019, reason="other")).then_state(energy=())
    given(registered, read).when(CorrectEnergy(year=2019, kwh=610_000, reason="other")).then()
    given(registered, read, chosen).when(CorrectEnergy(year=2019, reason="other")).rejected("reference-in-use")
    given(registered, read).when(CorrectEnergy(year=2020, reason="other")).rejected("year-unknown")
    given(registered, read).when(CorrectEnergy(year=2019, kwh=8_400_001, reason="other")).rejected(
        "energy-beyond-reason"
    )


# Who, and what it holds


def test_a_building_is_rehabilitated_once_at_a_time() -> None:
    given(registered).holds(Claim(BUILDING_TAKEN, "36088/bâtiment principal"))


@pytest.mark.parametrize("role", get_args(Role))
def test_afpa_and_the_town_hall_decide(role: Role) -> None:
    actor = Actor("client", frozenset({role}))
    for decision in rehabilitations.decisions.values():
        record = Register(**SHEET) if decision.creates else state(registered)
        if role in decision.by:
            assert role in ("afpa", "town_hall")
            assert rehabilitations.authorise(decision, record, actor) == {role}
        else:
            with pytest.raises(Forbidden):
                rehabilitations.authorise(decision, record, actor)


def test_what_there_is_to_decide_is_offered() -> None:
    afpa = Actor("client", frozenset({"afpa"}))
    nothing = {*rehabilitations.allowed(state(registered), afpa)}
    assert nothing == {
        "set-line", "accept-works", "suspend", "revise-plan", "correct-phase", "correct-area", "add-milestone",
        "record-energy",
    }  # fmt: skip
    everything = {*rehabilitations.allowed(state(*MONEY, added, late, reached, read), afpa)}
    assert everything - nothing == {
        "commit", "pay", "accept-situation", "correct-payment", "correct-situation", "correct-commitment",
        "release-commitment", "revise-line", "correct-line", "estimate-line", "correct-milestone", "correct-energy",
        "choose-reference",
    }  # fmt: skip
    assert "abandon" in rehabilitations.allowed(state(in_tender), afpa)


# The forecast


def test_the_forecast_adds_up_line_by_line() -> None:
    small = BudgetLineSet(
        **OF, **{**PURSE, "line": 2, "purpose": "studies", "line_budget": 100}, effective_on=day(1, 15)
    )
    estimated = BudgetLineEstimated(
        **OF, **SPENT, estimate_before=None, estimate=1_300, reason="unforeseen_works", effective_on=TODAY
    )
    forecast = forecast_of(IDENTITY, state(*MONEY, small, estimated), TODAY)
    assert [(each.to_commit, each.forecast, each.overrun) for each in forecast.lines] == [
        (700, 1_300, 300),
        (100, 100, 0),
    ]
    assert (forecast.budget, forecast.committed, forecast.paid, forecast.accepted) == (1_100, 600, 200, 250)
    assert (forecast.to_commit, forecast.forecast, forecast.overrun) == (800, 1_400, 300)
    assert (forecast.works_budget, forecast.progress) == (1_000, 0.25)
    assert forecast_of(IDENTITY, state(registered), TODAY).progress is None


def test_the_end_slips_with_its_plan_or_with_the_most_delayed_milestone() -> None:
    on_time = forecast_of(IDENTITY, state(registered, added), day(6))
    assert (on_time.slippage, on_time.milestones_late, on_time.end_forecast) == (0, 0, END.begins_on)
    delayed = forecast_of(IDENTITY, state(registered, added, late), day(7))
    assert (delayed.slippage, delayed.largest_delay, delayed.milestones_late) == (30, 30, 1)
    assert delayed.end_forecast == day(10, year=2027)
    # It is late whether or not that is recorded yet; what was reached delays nothing any more.
    assert forecast_of(IDENTITY, state(registered, added), day(7)).milestones_late == 1
    assert forecast_of(IDENTITY, state(registered, added, late, reached), day(7)).slippage == 0
    revised = RehabilitationPlanRevised(**OF, plan_before=(END,), plan=(LATER,), reason="permit", effective_on=day(2))
    assert forecast_of(IDENTITY, state(registered, added, revised), day(7)).slippage == 124
    unplanned = registered.model_copy(update={"plan": ()})
    nothing = forecast_of(IDENTITY, state(unplanned, added), day(7))
    assert (nothing.slippage, nothing.end_forecast, nothing.largest_delay) == (None, None, 30)


def test_what_is_in_service_or_abandoned_is_not_forecast_any_more() -> None:
    accepted = RehabilitationPhaseBegan(
        **{**PLACE, "status": "accepted"}, phase_before="works", phase="accepted", planned_on=None, effective_on=day(3)
    )
    in_service = RehabilitationPhaseBegan(
        **{**PLACE, "status": "in_service"},
        phase_before="accepted",
        phase="in_service",
        planned_on=END.begins_on,
        effective_on=day(4),
    )
    ended = forecast_of(IDENTITY, state(registered, added, accepted, in_service), TODAY)
    assert (ended.end_forecast, ended.slippage) == (day(4), (day(4) - END.begins_on).days)
    given_up = forecast_of(IDENTITY, state(in_tender, *of_tender(added), abandoned), TODAY)
    assert (given_up.end_forecast, given_up.slippage, given_up.milestones_late) == (None, None, 0)
