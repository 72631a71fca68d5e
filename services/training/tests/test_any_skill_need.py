"""Whatever is asked of a need for skills, in any order: who knows its events alone knows what it lacks, and since when
it is covered."""

from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts import Aside, Event, sample_siret
from contracts.companies.company import CompanyActivated
from contracts.training.skill_need import SkillNeedAdjusted, SkillNeedCovered, SkillNeedUncovered, SkillNeedWithdrawn
from eventstore.decider import PARIS, PLATFORM, Command, Context
from eventstore.refusal import Rejected
from eventstore.specification import Specification
from training.members import members
from training.skill_need import (
    COUNTING,
    Adjust,
    Cover,
    CoverExpired,
    Declare,
    Expire,
    Qualify,
    Review,
    Revise,
    SkillNeed,
    Uncover,
    UncoverExpired,
    Withdraw,
    skill_needs,
)

FIRST, TODAY = date(2024, 1, 1), date(2030, 12, 31)
NOW = datetime.combine(TODAY, time(), PARIS)
COMPANY = sample_siret(0)
MEMBER = members.evolve(
    None,
    CompanyActivated(
        company=COMPANY, naf="24.54Z", commune="36088", zone=None, headcount=9, size_band="03", effective_on=FIRST
    ),
)
some_days = st.integers(-3, 200).map(lambda number: timedelta(days=number))
persons = st.integers(1, 4)
horizons = st.sampled_from((1, 3, 5))
enrolments = st.integers(1, 5).map(lambda number: f"0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0{number}")


class AnySkillNeed(RuleBasedStateMachine):
    """A need, and beside it what a reader makes of its events."""

    def __init__(self) -> None:
        super().__init__()
        self.state: SkillNeed | None = None
        self.certified: dict[str, date] = {}
        self.uncovered = 0

    def ask(self, command: Command, later: timedelta = timedelta(0)) -> None:
        """Issues a command some days after the latest step, as the platform and as everybody else."""
        latest = self.state.effective_on if self.state else FIRST
        command = command.model_copy(update={"on": min(latest + later, TODAY)})
        context = Context(NOW, frozenset({PLATFORM, "company", "network"}))
        looked_up = [MEMBER for _ in skill_needs.decision(type(command)).looks_up]
        try:
            events = skill_needs.decide(self.state, command, context, looked_up)
        except Rejected:
            return
        before, self.state = self.state, Specification(skill_needs, TODAY).fold(events, self.state)
        if events:
            skill_needs.check_status(command, before, self.state)
        for event in events:
            assert before is None or isinstance(event, Aside) or event.effective_on >= before.effective_on
            self.read(event)

    def read(self, event: Event) -> None:
        """What the event changes, and that it says rightly what was before."""
        if isinstance(event, SkillNeedCovered):
            self.certified[event.enrolment] = event.certified_on
        if isinstance(event, SkillNeedUncovered):
            del self.certified[event.enrolment]
        if isinstance(event, SkillNeedAdjusted | SkillNeedWithdrawn):
            assert event.uncovered_before == self.uncovered
        told: Any = event
        assert (told.uncovered > 0) == (told.status in COUNTING and told.covered < told.persons)
        self.uncovered = told.uncovered

    @initialize(persons=persons, horizon=horizons)
    def declared(self, persons: int, horizon: int) -> None:
        self.ask(Declare(company=COMPANY, rome="H2902", persons=persons, horizon=horizon, cause="growth"))

    @rule(persons=persons, horizon=horizons, later=some_days)
    def revise(self, persons: int, horizon: int, later: timedelta) -> None:
        self.ask(Revise(rome="H2903", persons=persons, horizon=horizon, cause="turnover"), later)

    @rule(later=some_days)
    def qualify(self, later: timedelta) -> None:
        self.ask(Qualify(), later)

    @rule(persons=persons, horizon=horizons, later=some_days)
    def adjust(self, persons: int, horizon: int, later: timedelta) -> None:
        self.ask(Adjust(rome="H2902", level=3, persons=persons, horizon=horizon, reason="other"), later)

    @rule(enrolment=enrolments, certified=some_days)
    def cover(self, enrolment: str, certified: timedelta) -> None:
        told: dict[str, Any] = {"enrolment": enrolment, "certified_on": FIRST + 4 * certified}
        self.ask(Cover(**told))
        self.ask(CoverExpired(**told))

    @rule(enrolment=enrolments)
    def uncover(self, enrolment: str) -> None:
        self.ask(Uncover(enrolment=enrolment))
        self.ask(UncoverExpired(enrolment=enrolment))

    @rule(later=some_days)
    def withdraw(self, later: timedelta) -> None:
        """Rarely, as nothing comes after it."""
        if later.days > 190:
            self.ask(Withdraw(reason="recruited"), later)

    @rule()
    def what_is_due(self) -> None:
        for due in skill_needs.due_of(self.state)[:1]:
            assert isinstance(due.at, date)
            assert self.state
            self.ask(due.command, max(due.at - self.state.effective_on, timedelta(0)))

    @rule()
    def review(self) -> None:
        self.ask(Review())

    @invariant()
    def who_knows_the_events_knows_what_it_lacks(self) -> None:
        need = self.state
        if need is None:
            return
        in_time = sorted(day for day in self.certified.values() if day <= need.needed_by)
        assert {each.enrolment: each.certified_on for each in need.certified} == self.certified
        assert need.covered == len(in_time)
        assert need.uncovered == self.uncovered
        assert (need.covered_on is not None) == (need.status == "covered")
        if need.covered_on:
            assert need.covered_on == in_time[need.persons - 1]
        if need.status in COUNTING:
            assert need.uncovered == need.persons - len(in_time)
            assert any(isinstance(due.command, Expire) for due in skill_needs.due_of(need))


TestAnySkillNeed = AnySkillNeed.TestCase
TestAnySkillNeed.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
