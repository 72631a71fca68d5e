"""Whatever the committee and pilots ask for, what must always hold still holds, and events alone tell it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts import Aside, Event
from contracts.indicators import action as told
from contracts.indicators.action import (
    MilestoneDropped,
    Pilot,
)
from contracts.indicators.target import TargetCorrected, TargetRevised, TargetSet, TargetWithdrawn
from eventstore.decider import PARIS, Command, Context, Decider, State
from eventstore.refusal import Rejected
from eventstore.specification import Specification
from indicators import sheets
from indicators.action import (
    Abandon,
    Action,
    AddMilestone,
    Adopt,
    ChangeBudget,
    ChangePilot,
    CorrectMilestone,
    CorrectSpending,
    DropMilestone,
    Finish,
    Hold,
    Propose,
    ReachMilestone,
    RecordSpending,
    ReplanMilestone,
    Resume,
    Revise,
    Start,
    actions,
)
from indicators.measures import Measure
from indicators.target import Correct, Set, Target, Withdraw, targets
from indicators.target import Revise as ReviseTarget

S = TypeVar("S", bound=State)

FIRST, TODAY = date(2024, 1, 1), date(2024, 6, 30)
CONTEXT = Context(datetime.combine(TODAY, time(), PARIS))
days = st.dates(FIRST - timedelta(days=10), TODAY + timedelta(days=20))
small_steps = st.integers(-1, 5).map(lambda n: timedelta(days=n))
numbers = st.integers(1, 3)


class Asked(RuleBasedStateMachine, Generic[S]):
    """One stream, and what was decided on it."""

    decider: Decider[S]

    def __init__(self) -> None:
        super().__init__()
        self.state: S | None = None
        self.events: list[Event] = []

    def ask(self, command: Command, on: date) -> None:
        command = command.model_copy(update={"on": on})
        decision = self.decider.decision(type(command))
        if decision.creates == (self.state is not None):
            return
        try:
            events = self.decider.decide(self.state, command, CONTEXT)
        except Rejected:
            return
        assert self.state is None or decision.offered is None or decision.offered(self.state)
        for event in events:
            assert self.state is None or isinstance(event, Aside) or event.effective_on >= self.state.effective_on
            self.judge(event)
        after = Specification(self.decider, TODAY).fold(events, self.state)
        if events:
            self.decider.check_status(command, self.state, after)
        self.state = after
        self.events += events

    def later(self, command: Command, by: timedelta) -> None:
        """Issues a command some days after the last step, or before it."""
        self.ask(command, min((self.state.effective_on if self.state else FIRST) + by, TODAY))

    def judge(self, event: Event) -> None:
        """What an event says of the state before it is so."""
        for name in type(event).model_fields:
            said = name.removesuffix("_before")
            if self.state is not None and said != name and said in type(self.state).model_fields:
                assert getattr(event, name) == getattr(self.state, said)

    @invariant()
    def the_state_is_the_fold_of_the_events(self) -> None:
        assert self.decider.fold(self.events) == self.state


class AnyAction(Asked[Action]):
    """An action that is asked anything."""

    decider = actions

    @initialize(budget=st.integers(100, 300), milestones=st.integers(0, 3), steps=st.integers(0, 3))
    def begin(self, budget: int, milestones: int, steps: int) -> None:
        self.ask(Propose(**self.sheet(budget)), FIRST)
        for number in range(milestones):
            self.ask(AddMilestone(title="Jalon", planned_on=FIRST + timedelta(days=30 * number)), FIRST)
        for command in (Adopt(), Start(), RecordSpending(amount=50))[:steps]:
            self.ask(command, FIRST + timedelta(days=5))

    def sheet(self, budget: int, pilot: Pilot = "epci") -> dict[str, Any]:
        plan = {"planned_from": FIRST, "planned_until": TODAY}
        return {"axis": 1, "title": "Boucle d'eau", "pilot": pilot, "partners": ("network",), "budget": budget, **plan}

    @rule(budget=st.integers(50, 300), pilot=st.sampled_from(get_args(Pilot)), by=small_steps)
    def decide_on_it(self, budget: int, pilot: Pilot, by: timedelta) -> None:
        self.later(Revise(**self.sheet(budget, pilot)), by)
        self.later(ChangeBudget(budget=budget), by)
        self.later(ChangePilot(pilot=pilot, partners=("epci",)), by)

    @rule(
        command=st.sampled_from([Adopt(), Start(), Start(), Hold(reason="staff"), Resume(), Finish()]), by=small_steps
    )
    def take_a_step(self, command: Command, by: timedelta) -> None:
        self.later(command, by)

    @rule(planned_on=days, on=days)
    def add_a_milestone(self, planned_on: date, on: date) -> None:
        if self.state is not None and len(self.state.milestones) < 4:
            self.ask(AddMilestone(title="Jalon", planned_on=planned_on), on)

    @rule(
        command=st.one_of(
            st.builds(ReplanMilestone, milestone=numbers, planned_on=days),
            st.builds(ReachMilestone, milestone=numbers),
            st.builds(ReachMilestone, milestone=numbers),
            st.builds(DropMilestone, milestone=numbers, reason=st.just("replaced")),
        ),
        on=days,
    )
    def tell_of_a_milestone(self, command: Command, on: date) -> None:
        self.ask(command, on)

    @rule(which=numbers, reached_on=st.none() | days)
    def correct_a_milestone(self, which: int, reached_on: date | None) -> None:
        there = self.state.milestones if self.state else ()
        reached = [number for number, each in enumerate(there, 1) if each.reached_on]
        if reached:
            number = reached[which % len(reached)]
            self.ask(CorrectMilestone(milestone=number, reached_on=reached_on, reason="typing_error"), TODAY)

    @rule(
        command=st.one_of(
            st.builds(RecordSpending, amount=st.integers(1, 100)),
            st.builds(
                CorrectSpending,
                spending=st.integers(1, 2),
                amount=st.none() | st.integers(0, 100),
                paid_on=st.none() | days,
                reason=st.just("late_document"),
            ),
        ),
        on=days,
    )
    def tell_of_money(self, command: Command, on: date) -> None:
        self.ask(command, on)

    @precondition(lambda self: len(self.events) > 12)  # or few would come far
    @rule(by=small_steps, on=days)
    def bring_it_to_an_end(self, by: timedelta, on: date) -> None:
        if by < timedelta(days=2):
            self.later(Abandon(reason="partner"), by)
        elif self.state is not None:
            for each in self.state.open_milestones(None):
                self.ask(ReachMilestone(milestone=each.milestone), on)
            self.ask(Finish(), TODAY)

    @invariant()
    def an_event_says_what_holds_after_it(self) -> None:
        if self.state is not None and self.events:
            event = self.events[-1]
            assert isinstance(event, told._Action)  # noqa: SLF001 -- what all of them say
            said = (event.axis, event.pilot, event.status, event.budget)
            assert said == (self.state.axis, self.state.pilot, self.state.status, self.state.budget)

    @invariant()
    def nothing_happens_outside_of_its_time(self) -> None:
        if self.state is not None:
            reached = [each.reached_on for each in self.state.milestones if each.reached_on]
            spent = [each.on for each in self.state.spendings]
            ended = self.state.done_on or self.state.abandoned_on or TODAY
            assert all(self.state.adopted_on and self.state.adopted_on <= day <= TODAY for day in reached + spent)
            assert all(each.over_on <= ended for each in self.state.milestones if each.over_on)
            assert not any(each.reached_on and each.dropped_on for each in self.state.milestones)

    @invariant()
    def the_budget_covers_what_is_spent(self) -> None:
        if self.state is not None:
            assert self.state.spent == sum(each.amount for each in self.state.spendings) <= self.state.budget

    @invariant()
    def what_is_done_has_no_open_milestone(self) -> None:
        if self.state is not None and self.state.status == "done":
            assert all(each.over_on for each in self.state.milestones)

    @invariant()
    def events_alone_tell_what_was_spent_on_each_day(self) -> None:
        counted = Counter[date]()
        for event in self.events:
            for day, more in _counted(sheets.action_spent, event):
                counted[day] += more
        if self.state is not None:
            spent = Counter[date]()
            for each in self.state.spendings:
                spent[each.on] += each.amount
            assert {day: amount for day, amount in counted.items() if amount} == {**+spent}

    @invariant()
    def events_alone_tell_how_many_milestones_are_late_on_each_day(self) -> None:
        counted = Counter[date]()
        for event in self.events:
            for day, more in _counted(sheets.action_milestones_late, event):
                counted[day] += more
        if self.state is not None:
            for day in {*counted, FIRST, TODAY, *(each.planned_on for each in self.state.milestones)}:
                assert sum(more for since, more in counted.items() if since <= day) == self.late_on(day), day

    @invariant()
    def events_alone_tell_how_many_milestones_count_and_are_reached(self) -> None:
        planned, reached = [
            sum(more for event in self.events for _, more in _counted(measure, event))
            for measure in (sheets.action_milestones_planned, sheets.action_milestones_reached)
        ]
        if self.state is not None:
            there = self.state.milestones if self.state.adopted_on else ()
            assert reached == sum(each.reached_on is not None for each in there)
            still_open = 0 if self.state.abandoned_on else sum(each.over_on is None for each in there)
            assert planned == reached + still_open

    def late_on(self, day: date) -> int:
        """How many milestones are late, as the state tells: what was dropped from a proposal never is."""
        assert self.state
        adopted, abandoned = self.state.adopted_on, self.state.abandoned_on
        if adopted is None or day < adopted or (abandoned and abandoned <= day):
            return 0
        unplanned = {
            event.milestone
            for event in self.events
            if isinstance(event, MilestoneDropped) and event.status == "proposed"
        }
        return sum(
            number not in unplanned and each.planned_on < day and not (each.over_on and each.over_on <= day)
            for number, each in enumerate(self.state.milestones, 1)
        )


def _counted(measure: Measure, event: Event) -> Iterator[tuple[date, int]]:
    """On which days an event counts for what."""
    if type(event) in measure.events:
        yield from ((fact.effective_on, int(fact.value)) for fact in measure.facts(event))


class AnyTarget(Asked[Target]):
    """A target that is asked anything."""

    decider = targets

    @initialize(value=st.integers(-10, 50), due=days)
    def begin(self, value: int, due: date) -> None:
        self.ask(Set(indicator="members", aim="at_least", value=value, due=due), FIRST)

    @rule(
        command=st.one_of(
            st.builds(ReviseTarget, value=st.none() | st.integers(-10, 50), due=st.none() | days),
            st.builds(
                Correct, value=st.none() | st.integers(-10, 50), due=st.none() | days, reason=st.just("typing_error")
            ),
        ),
        by=small_steps,
    )
    def change(self, command: Command, by: timedelta) -> None:
        self.later(command, by)

    @precondition(lambda self: len(self.events) > 6)  # or few would come far
    @rule(by=small_steps)
    def withdraw(self, by: timedelta) -> None:
        self.later(Withdraw(reason="given_up"), by)

    @invariant()
    def it_holds_its_day_until_it_is_withdrawn(self) -> None:
        if self.state is not None:
            standing = self.state.status != "withdrawn"
            assert [str(self.state.due) in claim.key for claim in targets.claims_of(self.state)] == [True] * standing
            assert self.state.since <= self.state.due
            assert self.state.since <= self.state.effective_on

    @invariant()
    def events_alone_tell_what_was_aimed_at_on_each_day(self) -> None:
        level: dict[date, float | None] = {}
        for event in self.events:
            match event:
                case TargetSet() | TargetRevised():
                    level[event.effective_on] = event.value
                case TargetCorrected():
                    level[event.since] = event.value
                case TargetWithdrawn():
                    level[event.effective_on] = None
        if self.state is not None:
            latest = level[max(level)]
            assert latest == (None if self.state.status == "withdrawn" else self.state.value)


AnyAction.TestCase.settings = AnyTarget.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestAnyAction = AnyAction.TestCase
TestAnyTarget = AnyTarget.TestCase
