"""Whatever is asked, and in whatever order it is reacted to: no more are accepted than there are posts, and no hire is
left of an acceptance that was undone."""

from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from memory import DECIDERS, Memory
from people import COMPANY, INVESTMENT, PLACE, record_id, seeker

from contracts import Correction
from contracts.companies.company import CompanyLeft
from contracts.companies.investment import InvestmentCompleted
from contracts.employment.application import CancellationReason, RefusalReason, UndoingReason
from contracts.employment.hire import HireCancellation, HireCorrection
from contracts.employment.vacancy import WithdrawalReason
from contracts.model import PARIS
from employment import application, hire
from employment.application import PENDING, Accept, Process, Submit, UndoAcceptance, applications
from employment.hire import Confirm, CorrectDay, CorrectOutcome, End, Record, Remind, Sustain, hires
from employment.vacancy import ChangePosts, Divide, Draft, Open, Withdraw, vacancies
from eventstore.decider import PLATFORM, Command, Decider
from eventstore.execution import moment
from eventstore.reactions import Identity
from eventstore.refusal import Rejected

BEGIN = datetime(2026, 1, 5, 9, tzinfo=PARIS)
TERMS: dict[str, Any] = {"title": "Soudeur", "rome": "H2913", "contract": "permanent", "weekly_hours": 35}
SEEKERS = [seeker(date(1990, 1, 1 + n), record_id(100 + n)) for n in range(3)]
which = st.integers(0, 100)


class AnyApplication(RuleBasedStateMachine):
    """Two vacancies or more, whoever applies for them, and the hires that come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(BEGIN)

    def ask(self, decider: Decider[Any], command: Command, which: int | None = None, *roles: Any) -> bool:
        """Whether a command on one of its streams, or on a new one, is not refused."""
        there = sorted(self.memory.of(decider))
        if which is not None and not there:
            return False
        identity = None if which is None else there[which % len(there)]
        try:
            self.memory.ask(decider, identity, command, frozenset(roles) if roles else None)
        except Rejected:
            return False
        return True

    @initialize(posts=st.integers(1, 2), planned=st.sampled_from([0, 0.5, 1.2]))
    def begin(self, posts: int, planned: float) -> None:
        draft = Draft(company=COMPANY, **TERMS, posts=posts)
        assert self.ask(vacancies, draft)
        assert self.ask(vacancies, Open(), 0)
        completed = InvestmentCompleted(
            **PLACE, axis=6, amount=1_000, amount_spent=1_000, jobs_planned=planned, effective_on=date(2026, 1, 2)
        )
        self.memory.deliver(completed, Identity(INVESTMENT))
        proposed = [each.posts for each in self.memory.of(vacancies).values() if each.investment]
        assert proposed == {0: [], 0.5: [1], 1.2: [2]}[planned]

    @rule(days=st.integers(0, 60))
    def time_goes_by(self, days: int) -> None:
        self.memory.now += timedelta(days=days)

    @rule(which=which)
    def what_was_decided_is_reacted_to(self, which: int) -> None:
        waiting = sorted(self.memory.waiting)
        if waiting:
            self.memory.react(waiting[which % len(waiting)])

    @rule()
    def what_is_due_is_issued(self) -> None:
        """It is never refused."""
        for identity, state in self.memory.of(hires).items():
            for due in hires.due_of(state):
                if moment(due.at) <= self.memory.now:
                    assert isinstance(due.command, Remind)
                    on = max(moment(due.at).date(), state.effective_on)
                    self.memory.ask(hires, identity, due.command.model_copy(update={"on": on}), frozenset({PLATFORM}))

    @rule(which=which, posts=st.integers(1, 3))
    def change_a_vacancy(self, which: int, posts: int) -> None:
        self.ask(vacancies, ChangePosts(posts=posts), which)
        self.ask(vacancies, Divide(posts=posts), which)
        self.ask(vacancies, Open(**TERMS), which)

    @precondition(lambda self: sum(map(len, self.memory.events.values())) > 20)  # or few would come far
    @rule(which=which, reason=st.sampled_from(get_args(WithdrawalReason)))
    def withdraw(self, which: int, reason: WithdrawalReason) -> None:
        self.ask(vacancies, Withdraw(reason=reason), which)

    @rule(which=which, who=st.sampled_from(SEEKERS))
    def submit(self, which: int, who: Any) -> None:
        there = sorted(self.memory.of(vacancies))
        self.ask(applications, Submit(vacancy=there[which % len(there)], seeker=who))

    @rule(which=which)
    def accept(self, which: int) -> None:
        self.ask(applications, Accept(starts_on=self.memory.now.date()), which)

    @rule(
        which=which,
        command=st.one_of(
            st.just(Process()),
            st.builds(application.Refuse, reason=st.sampled_from(get_args(RefusalReason))),
            st.builds(application.Cancel, reason=st.sampled_from(get_args(CancellationReason))),
        ),
    )
    def answer(self, which: int, command: Command) -> None:
        self.ask(applications, command, which)

    @rule(which=which, reason=st.sampled_from(get_args(UndoingReason)))
    def undo_an_acceptance(self, which: int, reason: UndoingReason) -> None:
        accepted = sorted(one for one, each in self.memory.of(applications).items() if each.status == "accepted")
        if accepted:
            with suppress(Rejected):
                self.memory.ask(applications, accepted[which % len(accepted)], UndoAcceptance(reason=reason))

    @rule(which=which, back=st.integers(0, 40))
    def confirm(self, which: int, back: int) -> None:
        self.ask(hires, Confirm(hired_on=self.memory.now.date() - timedelta(days=back)), which)

    @rule(who=st.sampled_from(SEEKERS), back=st.integers(0, 250))
    def record(self, who: Any, back: int) -> None:
        terms = {name: said for name, said in TERMS.items() if name != "title"}
        on = self.memory.now.date() - timedelta(days=back)
        self.ask(hires, Record(company=COMPANY, seeker=who, hired_on=on, **terms), None, "company")

    @rule(
        which=which,
        command=st.one_of(
            st.just(Sustain()),
            st.builds(hire.Cancel, reason=st.sampled_from(get_args(HireCancellation))),
            st.builds(CorrectOutcome, reason=st.sampled_from(get_args(HireCorrection))),
            st.builds(End, ended_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)), reason=st.just("other")),
            st.builds(CorrectDay, hired_on=st.dates(date(2025, 9, 1), date(2026, 12, 31)), reason=st.just("other")),
        ),
    )
    def tell_of_a_hire(self, which: int, command: Command) -> None:
        self.ask(hires, command, which)

    @invariant()
    def no_more_are_accepted_than_there_are_posts(self) -> None:
        of = Counter(each.vacancy for each in self.memory.of(applications).values() if each.status == "accepted")
        for identity, vacancy in self.memory.of(vacancies).items():
            assert of[identity] <= vacancy.posts

    @invariant()
    def a_person_has_one_application_for_a_vacancy_that_was_not_given_up(self) -> None:
        alive = [each for each in self.memory.of(applications).values() if each.status not in ("cancelled", "obsolete")]
        assert len({(each.vacancy, each.seeker) for each in alive}) == len(alive)

    @invariant()
    def a_hire_lasts_six_months_or_ends_before(self) -> None:
        for each in self.memory.of(hires).values():
            assert bool(each.sustained_on) == (each.status == "sustained")
            assert bool(each.ended_on) == (each.status == "ended")
            assert bool(each.closed_on) == (each.status in ("sustained", "ended"))
            if each.sustained_on:
                assert each.sustained_on <= each.closed_on
                assert 181 <= (each.sustained_on - each.hired_on).days <= 184
            if each.ended_on:
                assert each.hired_on <= each.ended_on <= each.closed_on

    @invariant()
    def no_hire_stands_of_an_acceptance_that_was_undone(self) -> None:
        there = self.memory.of(applications)
        of = Counter[str]()
        for each in self.memory.of(hires).values():
            if each.application and each.status not in ("proposed", "cancelled"):
                assert there[each.application].status == "accepted"
                of[each.application] += 1
        assert max(of.values(), default=1) == 1

    @invariant()
    def steps_never_go_back_and_states_are_the_fold_of_their_events(self) -> None:
        for (category, identity), events in self.memory.events.items():
            days = [event.effective_on for event in events if not isinstance(event, Correction)]
            assert days == sorted(days)
            assert DECIDERS[category].fold(events) == self.memory.states[category, identity]

    @rule(which=which)
    def once_all_is_reacted_to_the_streams_agree(self, which: int) -> None:
        while waiting := sorted(self.memory.waiting):
            self.memory.react(waiting[which % len(waiting)])
        there = self.memory.of(applications)
        for identity, vacancy in self.memory.of(vacancies).items():
            accepted = {one for one, each in there.items() if (each.vacancy, each.status) == (identity, "accepted")}
            if vacancy.status in ("open", "filled"):
                assert {*vacancy.accepted} == accepted
                assert (vacancy.status == "filled") == (len(accepted) == vacancy.posts)
                assert vacancy.open_posts == vacancy.posts - len(accepted)
            else:
                assert vacancy.open_posts == 0
                assert not any(each.vacancy == identity and each.status in PENDING for each in there.values())
        proposed = Counter(each.application for each in self.memory.of(hires).values() if each.application)
        once_accepted = {one for one, each in there.items() if each.accepted_on}
        assert proposed == dict.fromkeys(once_accepted, 1)

    @precondition(lambda self: sum(map(len, self.memory.events.values())) > 40)
    @rule()
    def the_company_leaves(self) -> None:
        left = CompanyLeft(
            **PLACE, reason="moved", headcount_before=9, headcount=0, effective_on=self.memory.now.date()
        )
        self.memory.deliver(left, Identity(COMPANY))
        assert {each.status for each in self.memory.of(vacancies).values()} <= {"filled", "withdrawn"}


AnyApplication.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyApplication = AnyApplication.TestCase
