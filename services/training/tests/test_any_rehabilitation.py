"""Whatever AFPA and the town hall ask for, what must always hold still holds, and events alone tell it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts import Aside, Event
from contracts.training.rehabilitation import (
    BudgetLineCorrected,
    BudgetLineRevised,
    BudgetLineSet,
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
from eventstore.decider import PARIS, Command, Context, Due
from eventstore.issuing import OURS
from eventstore.refusal import Rejected
from eventstore.specification import Specification
from training.rehabilitation import (
    PHASES,
    UNTIL_WORKS,
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
    SetLine,
    Suspend,
    allowed,
    rehabilitations,
)

FIRST, TODAY = date(2024, 1, 1), date(2024, 6, 30)
CONTEXT = Context(datetime.combine(TODAY, time(), PARIS), OURS.roles)
days = st.dates(FIRST - timedelta(days=10), TODAY + timedelta(days=20))
small_steps = st.integers(-1, 8).map(lambda n: timedelta(days=n))
numbers = st.integers(1, 2)
amounts = st.integers(0, 120)
years = st.integers(2008, 2014)
STEPS: tuple[Command, ...] = (
    BeginProgramme(),
    BeginOutlineDesign(),
    BeginDetailedDesign(),
    ApplyForPermit(),
    InviteTenders(),
    BeginWorks(),
    AcceptWorks(),
    PutInService(),
)


class AnyRehabilitation(RuleBasedStateMachine):
    """A rehabilitation that is asked anything."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Rehabilitation | None = None
        self.events: list[Event] = []

    def ask(self, command: Command, on: date) -> None:
        command = command.model_copy(update={"on": on})
        try:
            events = rehabilitations.decide(self.state, command, CONTEXT)
        except Rejected:
            return
        offered = rehabilitations.decision(type(command)).offered
        assert self.state is None or offered is None or offered(self.state)
        for event in events:
            assert self.state is None or isinstance(event, Aside) or event.effective_on >= self.state.effective_on
        after = Specification(rehabilitations, TODAY).fold(events, self.state)
        if events:
            rehabilitations.check_status(command, self.state, after)
        self.state = after
        self.events += events

    @property
    def now(self) -> Rehabilitation:
        assert self.state is not None
        return self.state

    @initialize(phase=st.sampled_from(("studies", "tender", *["works"] * 3)), milestones=st.integers(0, 2))
    def begin(self, phase: Any, milestones: int) -> None:
        sheet: dict[str, Any] = {"title": "AFPA", "building": "A", "commune": "36088"}
        self.ask(Register(**sheet, floor_area=2_000, rehabilitated_area=900, phase=phase), FIRST)
        for number in range(milestones):
            self.ask(AddMilestone(title="Jalon", planned_on=FIRST + timedelta(days=40 * number)), FIRST)
        self.ask(SetLine(purpose="works", funder="epci", budget=200), FIRST)
        self.ask(SetLine(purpose="studies", funder="state", budget=100), FIRST)
        self.ask(Commit(line=1, reference="A", lot="roofing", amount=120), FIRST)

    @rule(command=st.sampled_from([*STEPS, *STEPS, Suspend(reason="permit"), Resume(), Resume()]), by=small_steps)
    def take_a_step(self, command: Command, by: timedelta) -> None:
        self.ask(command, min(self.now.effective_on + by, TODAY))

    @rule(phase=st.sampled_from(PHASES), day=days)
    def correct_a_phase(self, phase: Any, day: date) -> None:
        self.ask(CorrectPhase(phase=phase, day=day, reason="typing_error"), TODAY)

    @precondition(lambda self: len(self.events) > 14)  # or few would come far
    @rule(on=days)
    def give_it_up(self, on: date) -> None:
        self.ask(Abandon(reason="financing"), on)

    @rule(planned_on=days, on=days)
    def add_a_milestone(self, planned_on: date, on: date) -> None:
        if len(self.now.milestones) < 3:
            self.ask(AddMilestone(title="Jalon", planned_on=planned_on), on)

    @rule(
        command=st.one_of(
            st.builds(ReplanMilestone, milestone=numbers, planned_on=days, reason=st.just("permit")),
            st.builds(ReachMilestone, milestone=numbers),
            st.builds(DropMilestone, milestone=numbers, reason=st.just("replaced")),
            st.builds(CorrectMilestone, milestone=numbers, reached_on=st.none() | days, reason=st.just("typing_error")),
        ),
        on=days,
    )
    def tell_of_a_milestone(self, command: Command, on: date) -> None:
        self.ask(command, on)

    @rule()
    def issue_what_is_due(self) -> None:
        for due in rehabilitations.due_of(self.now):
            if _day(due) <= TODAY:
                self.ask(due.command, max(_day(due), self.now.effective_on))

    @rule(
        command=st.one_of(
            st.builds(ReviseLine, line=numbers, budget=st.integers(0, 300), reason=st.just("other")),
            st.builds(CorrectLine, line=numbers, budget=st.integers(0, 300), reason=st.just("other")),
            st.builds(EstimateLine, line=numbers, estimate=st.none() | amounts, reason=st.just("other")),
            st.builds(
                Commit,
                line=numbers,
                reference=st.sampled_from("ABCD"),
                amount=st.integers(1, 90),
                lot=st.sampled_from((None, "facades")),
            ),
            st.builds(Pay, commitment=numbers, amount=st.integers(1, 60)),
            st.builds(AcceptSituation, commitment=numbers, amount=st.integers(1, 60)),
        ),
        on=days,
    )
    def tell_of_money(self, command: Command, on: date) -> None:
        self.ask(command, on)

    @rule(
        command=st.one_of(
            st.builds(
                CorrectCommitment,
                commitment=numbers,
                amount=st.none() | amounts,
                committed_on=st.none() | days,
                reason=st.just("other"),
            ),
            st.builds(ReleaseCommitment, commitment=numbers, reason=st.just("final_account")),
            st.builds(
                CorrectPayment,
                payment=numbers,
                amount=st.none() | amounts,
                paid_on=st.none() | days,
                reason=st.just("other"),
            ),
            st.builds(
                CorrectSituation,
                situation=numbers,
                amount=st.none() | amounts,
                accepted_on=st.none() | days,
                reason=st.just("other"),
            ),
        )
    )
    def correct_money(self, command: Command) -> None:
        self.ask(command, TODAY)

    @rule(
        command=st.one_of(
            st.builds(RecordEnergy, year=years, kwh=amounts),
            st.builds(RecordEnergy, year=years, kwh=amounts),
            st.builds(CorrectEnergy, year=years, kwh=st.none() | amounts, reason=st.just("other")),
            st.builds(ChooseReference, year=years),
            st.builds(CorrectArea, floor_area=st.integers(900, 1_100), reason=st.just("other")),
        ),
        on=days,
    )
    def tell_of_energy(self, command: Command, on: date) -> None:
        self.ask(command, on)

    @invariant()
    def the_state_is_the_fold_of_the_events(self) -> None:
        assert rehabilitations.fold(self.events) == self.state

    @invariant()
    def phases_are_in_their_order(self) -> None:
        begun = [each.begun_on for each in self.now.phases if each.begun_on]
        assert begun == sorted(begun)
        assert max(begun) <= self.now.effective_on
        assert self.now.status in (self.now.phase, "suspended", "abandoned")
        assert self.now.status != "suspended" or self.now.phase in UNTIL_WORKS
        assert self.now.status == "suspended" or all(each.until for each in self.now.suspensions)

    @invariant()
    def what_is_paid_and_done_is_committed_and_that_is_budgeted(self) -> None:
        for number, line in enumerate(self.now.lines, 1):
            of_line = [each for each in self.now.commitments if each.line == number]
            assert line.committed == sum(each.amount for each in of_line) <= line.budget
            assert line.forecast >= line.committed
        for number, each in enumerate(self.now.commitments, 1):
            for parts, said in ((self.now.payments, each.paid), (self.now.situations, each.accepted)):
                of_it = [part for part in parts if part.commitment == number]
                assert sum(part.amount for part in of_it) == said <= each.amount
                assert all(part.on >= each.on for part in of_it if part.amount)
        assert self.now.accepted <= self.now.works_budget <= self.now.budget
        assert (self.now.paid, self.now.committed) <= (self.now.committed, self.now.budget)

    @invariant()
    def events_alone_tell_the_money_of_each_day(self) -> None:
        counted = {kind: Counter[date]() for kind in ("budget", "committed", "paid", "accepted")}
        for event in self.events:
            for kind, on, amount in _money(event):
                counted[kind][on] += amount
        there = self.now
        assert _added(counted["paid"]) == _added(_by_day((each.on, each.amount) for each in there.payments))
        assert _added(counted["accepted"]) == _added(_by_day((each.on, each.amount) for each in there.situations))
        assert sum(counted["committed"].values()) == there.committed
        assert sum(counted["budget"].values()) == (0 if there.status == "abandoned" else there.budget)
        running = 0
        for on in sorted(counted["budget"]):
            running += counted["budget"][on]
            assert running >= 0, on

    @invariant()
    def events_alone_tell_which_milestones_are_late_on_each_day(self) -> None:
        late: dict[int, Counter[date]] = {}
        for event in self.events:
            for number, before, after in _lateness(event):
                for sign, spell in ((-1, before), (1, after)):
                    if spell:
                        days = late.setdefault(number, Counter())
                        days[spell.since] += sign
                        if spell.until:
                            days[spell.until] -= sign
        for changes in late.values():
            running = 0
            for on in sorted(changes):
                running += changes[on]
                assert running in (0, 1), on
        due = {due.command for due in rehabilitations.due_of(self.now) if _day(due) <= TODAY}
        for number, each in enumerate(self.now.milestones, 1):
            is_late = sum(late.get(number, Counter()).values())
            awaited = each.over_on is None and self.now.status != "abandoned" and each.late_from <= TODAY
            assert is_late == (awaited and RecordLate(milestone=number) not in due)

    @invariant()
    def events_alone_tell_what_energy_stands_on_each_day(self) -> None:
        standing: dict[date, int | None] = {}
        for event in self.events:
            if isinstance(event, BuildingEnergyRead | BuildingEnergyCorrected):
                for year in range(2008, 2025):
                    on = date(year, 12, 31)
                    if event.since <= on and (event.until is None or on < event.until):
                        standing[on] = event.kwh_earlier if event.kwh is None else event.kwh
        for year in range(2008, 2025):
            known = [each.kwh for each in self.now.energy if each.year <= year]
            assert standing.get(date(year, 12, 31)) == (known[-1] if known else None)
        reference = self.now.reference_year
        assert self.now.energy_target == (allowed(self.now.kwh(reference) or 0) if reference else None)
        assert self.now.energy_obliged == (self.now.floor_area >= 1_000)


def _day(due: Due) -> date:
    assert not isinstance(due.at, datetime)
    return due.at


def _by_day(amounts: Iterator[tuple[date, int]]) -> Counter[date]:
    found = Counter[date]()
    for on, amount in amounts:
        found[on] += amount
    return found


def _added(counted: Counter[date]) -> dict[date, int]:
    return {on: amount for on, amount in counted.items() if amount}


def _money(event: Event) -> Iterator[tuple[str, date, int]]:
    """What an event adds to, or takes from, which money, and on which day."""
    match event:
        case BudgetLineSet():
            yield "budget", event.effective_on, event.line_budget
        case BudgetLineRevised():
            yield "budget", event.effective_on, event.line_budget - event.line_budget_before
        case BudgetLineCorrected():
            yield "budget", event.since, event.line_budget - event.line_budget_before
        case RehabilitationAbandoned():
            yield "budget", event.effective_on, -sum(each.budget for each in event.lines)
        case CommitmentMade():
            yield "committed", event.effective_on, event.amount
        case CommitmentReleased():
            yield "committed", event.effective_on, event.amount - event.amount_before
        case CommitmentCorrected():
            yield "committed", event.committed_before, -event.amount_before
            yield "committed", event.committed_on, event.amount
        case CommitmentPaid():
            yield "paid", event.effective_on, event.amount
        case CommitmentPaymentCorrected():
            yield "paid", event.paid_before, -event.amount_before
            yield "paid", event.paid_on, event.amount
        case WorksAccepted():
            yield "accepted", event.effective_on, event.amount
        case WorksAcceptedCorrected():
            yield "accepted", event.accepted_before, -event.amount_before
            yield "accepted", event.accepted_on, event.amount


def _lateness(event: Event) -> Iterator[tuple[int, Spell | None, Spell | None]]:
    match event:
        case RehabilitationAbandoned():
            yield from ((each.milestone, each.late_before, each.late) for each in event.milestones)
        case (
            BuildingMilestoneAdded()
            | BuildingMilestoneReplanned()
            | BuildingMilestoneLate()
            | BuildingMilestoneReached()
            | BuildingMilestoneDropped()
            | BuildingMilestoneCorrected()
        ):
            yield event.milestone, event.late_before, event.late


AnyRehabilitation.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestAnyRehabilitation = AnyRehabilitation.TestCase
