"""Whatever is asked of surveys and needs, in any order: who knows the events alone knows what stands."""

from datetime import date, datetime, time, timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from companies.company import companies
from companies.need import ChangePriority, CorrectOutcome, Declare, Drop, Meet, Need, Reopen, needs
from companies.survey import (
    DIMENSIONS,
    Abandon,
    Answer,
    Begin,
    Close,
    Complete,
    CorrectDay,
    CorrectLevel,
    EnteredLevel,
    SendBack,
    Survey,
    Validate,
    surveys,
)
from contracts import Aside, Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanyLeft
from contracts.companies.need import (
    NeedDeclared,
    NeedDropped,
    NeedMeans,
    NeedMet,
    NeedOutcomeCorrected,
    NeedPriority,
    NeedReopened,
)
from contracts.companies.survey import (
    DimensionLevel,
    MaturityCorrected,
    MaturityDimension,
    SurveyAnswered,
    SurveyBegun,
    SurveyClosed,
    SurveyCompleted,
    SurveyDayCorrected,
    SurveyStep,
    SurveyValidated,
)
from eventstore.decider import PARIS, Command, Context
from eventstore.refusal import Rejected
from eventstore.specification import Specification

FIRST, TODAY = date(2024, 1, 1), date(2024, 12, 31)
NOW = datetime.combine(TODAY, time(), PARIS)
PLACE: dict[str, Any] = {"company": sample_siret(0), "naf": "24.54Z", "commune": "36088", "zone": None}
JOINED = (
    CompanyApplied(**PLACE, name="Fonderie", legal_form="5710", headcount=9, size_band="03", effective_on=FIRST),
    CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=FIRST),
)
LEAVING = CompanyLeft(**PLACE, headcount=0, headcount_before=9, reason="moved", effective_on=FIRST)
MEMBER, LEFT = companies.fold(JOINED), companies.fold((*JOINED, LEAVING))
SURVEYED = surveys.fold((SurveyBegun(**PLACE, effective_on=FIRST),))
days = st.integers(-2, 12).map(lambda n: timedelta(days=n))
dimensions, numbers = st.sampled_from(DIMENSIONS), st.integers(0, 5)
every = st.fixed_dictionaries(dict.fromkeys(DIMENSIONS, numbers))


def told(levels: tuple[DimensionLevel, ...]) -> dict[MaturityDimension, int]:
    return {each.dimension: each.level for each in levels}


class AnySurvey(RuleBasedStateMachine):
    """The surveys of a company, and beside them what a reader makes of their events."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Survey | None = None
        self.events: list[Event] = []
        self.member = True
        self.answers: dict[MaturityDimension, int] = {}
        self.standing: dict[MaturityDimension, int] = {}
        self.since: date | None = None
        self.before: dict[MaturityDimension, int] = {}

    def ask(self, command: Command, later: timedelta) -> None:
        """Issues a command some days after the latest step."""
        before = self.state
        latest = before.effective_on if before else FIRST
        command = command.model_copy(update={"on": min(latest + later, TODAY)})
        looked_up = [MEMBER if self.member else LEFT for _ in surveys.decision(type(command)).looks_up]
        try:
            events = surveys.decide(before, command, Context(NOW), looked_up)
        except Rejected:
            return
        self.state = Specification(surveys, TODAY).fold(events, before)
        if events:
            surveys.check_status(command, before, self.state)
        for event in events:
            assert before is None or isinstance(event, Aside) or event.effective_on >= before.effective_on
            self.events.append(event)
            self.read(event)

    def read(self, event: Event) -> None:
        """What the event changes, and that it says rightly what was before."""
        match event:
            case SurveyBegun():
                self.answers, self.before = {}, {**self.standing}
            case SurveyAnswered():
                changed = told(event.answers)
                assert told(event.answers_before) == {
                    each: self.answers[each] for each in changed if each in self.answers
                }
                assert all(self.answers.get(each) != level for each, level in changed.items())
                self.answers |= changed
            case SurveyCompleted():
                assert told(event.answers) == self.answers
            case SurveyValidated():
                assert told(event.levels_before) == self.standing
                assert told(event.levels) == self.answers
                self.standing, self.since = told(event.levels), event.effective_on
            case MaturityCorrected(dimension=dimension):
                assert event.level_before == self.standing[dimension] != event.level
                assert event.validated_on == self.since
                assert event.effective_on >= event.validated_on
                self.standing[dimension] = event.level
            case SurveyDayCorrected(step="validated"):
                assert event.day_before == self.since != event.day
                assert event.effective_on >= max(event.day_before, event.day)
                assert (told(event.levels_before), told(event.levels)) == (self.before, self.standing)
                self.since = event.day
            case SurveyDayCorrected():
                assert (event.levels_before, event.levels) == ((), ())
            case SurveyClosed():
                assert told(event.levels_before) == self.standing
                self.standing, self.since = {}, None

    @initialize()
    def begin(self) -> None:
        self.ask(Begin(company=sample_siret(0)), timedelta())

    @rule(later=days)
    def begin_anew(self, later: timedelta) -> None:
        self.ask(Begin(company=sample_siret(0)), later)

    @rule(later=days, levels=st.dictionaries(dimensions, numbers, min_size=1) | every)
    def answer(self, later: timedelta, levels: dict[MaturityDimension, int]) -> None:
        self.ask(Answer(answers=tuple(EnteredLevel(dimension=each, level=levels[each]) for each in levels)), later)

    @rule(
        later=days,
        command=st.sampled_from(
            [Complete(), Complete(), Validate(), Validate(), SendBack(reason="other"), Abandon(reason="other")]
        ),
    )
    def go_on(self, later: timedelta, command: Command) -> None:
        self.ask(command, later)

    @rule(later=days, dimension=dimensions, level=numbers)
    def correct(self, later: timedelta, dimension: MaturityDimension, level: int) -> None:
        self.ask(CorrectLevel(dimension=dimension, level=level, reason="other"), later)

    @rule(later=days, step=st.sampled_from(get_args(SurveyStep)), moved=days)
    def correct_day(self, later: timedelta, step: SurveyStep, moved: timedelta) -> None:
        if self.state:
            right = self.state.days().get(step, self.state.effective_on) + moved
            self.ask(CorrectDay(step=step, day=right, reason="other"), later)

    @invariant()
    def the_steps_of_the_latest_survey_keep_their_order(self) -> None:
        if self.state:
            in_order = [*self.state.days().values()]
            assert in_order == sorted(in_order)
            assert self.state.begun_after is None or self.state.begun_after <= self.state.begun_on
            assert in_order[-1] <= self.state.effective_on <= TODAY

    @rule(later=days, stays=st.sampled_from([True, True, False]))
    def leave(self, later: timedelta, stays: bool) -> None:
        self.member = stays
        self.ask(Close(), later)
        assert stays or self.state is None or self.state.status == "closed" or later < timedelta()
        self.member = True

    @invariant()
    def who_knows_the_events_knows_what_stands(self) -> None:
        if self.state:
            assert told(self.state.answers) == self.answers
            assert told(self.state.levels) == self.standing
            assert self.state.validated_on == self.since

    @invariant()
    def every_dimension_stands_or_none_does(self) -> None:
        if self.state:
            dimensions = tuple(each.dimension for each in self.state.levels)
            assert dimensions in ((), DIMENSIONS)
            assert self.state.points == (sum(each.level for each in self.state.levels) if dimensions else None)
            assert (self.state.status == "validated") <= bool(dimensions)
            assert (self.state.status == "closed") <= (not dimensions)

    def teardown(self) -> None:
        """The state is the fold of the events, and only of them."""
        assert surveys.fold(self.events) == self.state


class AnyNeed(RuleBasedStateMachine):
    """A need, and beside it whether and when a reader takes it to be declared, met or dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Need | None = None
        self.events: list[Event] = []
        self.met: tuple[date, NeedMeans] | None = None
        self.dropped = False
        self.steps: list[date] = []
        """The days of what stands, in the order in which it was told."""

    @property
    def need(self) -> Need:
        assert self.state
        return self.state

    def ask(self, command: Command, later: timedelta) -> None:
        """Issues a command some days after the latest step."""
        before = self.state
        command = command.model_copy(update={"on": min((before.effective_on if before else FIRST) + later, TODAY)})
        looked_up = (MEMBER, SURVEYED) if isinstance(command, Declare) else ()
        try:
            events = needs.decide(before, command, Context(NOW), looked_up)
        except Rejected:
            return
        self.state = Specification(needs, TODAY).fold(events, before)
        if events:
            needs.check_status(command, before, self.state)
        for event in events:
            self.events.append(event)
            match event:
                case NeedMet():
                    assert self.met is None
                    self.met = event.effective_on, event.means
                case NeedOutcomeCorrected():
                    assert self.met == (event.met_before, event.means_before) != (event.met_on, event.means)
                    assert event.effective_on >= max(event.met_before, event.met_on)
                    self.met = event.met_on, event.means
                    self.steps[-1] = event.met_on
                case NeedReopened():
                    assert self.met == (event.met_on, event.means)
                    assert event.effective_on >= event.met_on
                    self.met = None
                    self.steps[-1] = max(event.effective_on, *self.steps[:-1])
                case NeedDropped():
                    self.dropped = True
            if not isinstance(event, Aside):
                self.steps.append(event.effective_on)

    @initialize(priority=st.sampled_from(get_args(NeedPriority)))
    def declare(self, priority: NeedPriority) -> None:
        asked: dict[str, Any] = {"company": sample_siret(0), "dimension": "people", "kind": "training"}
        self.ask(Declare(**asked, title="Soudage", priority=priority), timedelta())

    @rule(later=days, means=st.sampled_from(get_args(NeedMeans)))
    def meet(self, later: timedelta, means: NeedMeans) -> None:
        self.ask(Meet(means=means), later)

    @rule(later=days, priority=st.sampled_from(get_args(NeedPriority)))
    def change(self, later: timedelta, priority: NeedPriority) -> None:
        self.ask(ChangePriority(priority=priority), later)

    @rule(later=days, means=st.none() | st.sampled_from(get_args(NeedMeans)), moved=st.none() | days)
    def correct(self, later: timedelta, means: NeedMeans | None, moved: timedelta | None) -> None:
        met_on = None if moved is None else self.need.effective_on + moved
        self.ask(CorrectOutcome(means=means, met_on=met_on, reason="other"), later)

    @rule(later=days)
    def reopen(self, later: timedelta) -> None:
        self.ask(Reopen(reason="not_met"), later)

    @rule(later=days, really=st.integers(0, 9))
    def drop(self, later: timedelta, really: int) -> None:
        if really == 0:
            self.ask(Drop(reason="other"), later)

    @invariant()
    def who_knows_the_events_knows_how_it_stands(self) -> None:
        if self.state:
            assert isinstance(self.events[0], NeedDeclared)
            assert self.state.status == ("met" if self.met else "dropped" if self.dropped else "declared")
            assert (self.state.met_on, self.state.means) == (self.met or (None, None))
            assert len(needs.claims_of(self.state)) == (self.state.status == "declared")

    @invariant()
    def what_stands_keeps_its_order(self) -> None:
        """A reopening counts from its day on, if that is not before what stands."""
        assert self.steps == sorted(self.steps)
        assert self.state is None or self.state.effective_on == self.steps[-1]

    @invariant()
    def it_is_met_or_dropped_from_its_declaration_on(self) -> None:
        if self.state:
            end = self.state.met_on or self.state.dropped_on
            assert self.state.declared_on <= (end or TODAY) <= TODAY
            assert self.state.declared_on <= self.state.effective_on

    def teardown(self) -> None:
        """The state is the fold of the events, and only of them."""
        assert needs.fold(self.events) == self.state


AnySurvey.TestCase.settings = settings(max_examples=50, stateful_step_count=40)
TestAnySurvey = AnySurvey.TestCase
AnyNeed.TestCase.settings = settings(max_examples=50, stateful_step_count=20)
TestAnyNeed = AnyNeed.TestCase
