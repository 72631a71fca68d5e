"""Whatever partners ask for, in any order, what must always hold still holds."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Generic, TypeVar, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companies.company import Activate, Apply, Company, Leave, Reinstate, Reject, ReportHeadcount, Suspend, companies
from companies.investment import (
    Announce,
    Approve,
    AuditJobs,
    AwardGrant,
    Cancel,
    Commit,
    Complete,
    CorrectAmount,
    CorrectAmountSpent,
    CorrectDay,
    CorrectGrant,
    CorrectPayment,
    CorrectRepayment,
    DisburseGrant,
    EnteredEvidence,
    EvidenceJob,
    Investment,
    RecordRepayment,
    Start,
    TakeBackEvidence,
    investments,
)
from contracts import FUNDERS, Aside, Event, sample_siret
from contracts.companies.company import (
    ApplicationRefusal,
    CompanyActivated,
    CompanyApplied,
    LeavingReason,
    SuspensionReason,
)
from contracts.companies.investment import CancellationReason, CorrectionReason, Step
from eventstore.decider import PARIS, Command, Context, Decider, Roles, State
from eventstore.refusal import Rejected
from eventstore.specification import Specification

S = TypeVar("S", bound=State)

FIRST, TODAY = date(2024, 1, 1), date(2024, 12, 31)
NOW = datetime.combine(TODAY, time(), PARIS)
AT_LAST = TODAY - FIRST
small_steps = st.integers(-1, 5).map(lambda n: timedelta(days=n))
headcounts = st.integers(0, 50_000).map(lambda hundredths: hundredths / 100)
amounts = st.integers(400, 1_000)
rates = st.sampled_from([1.0, 0.5, 0.125, 0.3333])
funders = st.sampled_from(list(FUNDERS))
corrections = st.sampled_from(get_args(CorrectionReason))
evidence = st.builds(
    EnteredEvidence, kind=st.just("dsn"), reference=st.just("DSN-2024"), dated=st.dates(FIRST, date(2024, 2, 1))
)

COMPANY = sample_siret(0)
PLACE: dict[str, Any] = {"company": COMPANY, "naf": "24.54Z", "commune": "18055", "zone": None}
MEMBER = companies.fold(
    (
        CompanyApplied(
            **PLACE, name="Moulin du Cher", legal_form="5710", headcount=9, size_band="03", effective_on=FIRST
        ),
        CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=FIRST),
    )
)


class Asked(RuleBasedStateMachine, Generic[S]):
    """One stream, and what was decided on it."""

    decider: Decider[S]

    def __init__(self) -> None:
        super().__init__()
        self.state: S | None = None
        self.events: list[Event] = []

    def ask(self, command: Command, later: timedelta, member: State | None = None, roles: Roles = frozenset()) -> None:
        """Issues a command some days after the last step, or before it."""
        last = self.state.effective_on if self.state else FIRST
        command = command.model_copy(update={"on": min(last + later, TODAY)})
        try:
            looked_up = [member for _ in self.decider.decision(type(command)).looks_up]
            events = self.decider.decide(self.state, command, Context(NOW, roles), looked_up)
        except Rejected:
            return
        offered = self.decider.decision(type(command)).offered
        assert self.state is None or offered is None or offered(self.state)
        for event in events:
            assert self.state is None or isinstance(event, Aside) or event.effective_on >= last
        self.state = Specification(self.decider, TODAY).fold(events, self.state)
        self.events += events

    @invariant()
    def the_state_is_the_fold_of_the_events(self) -> None:
        """And only of them."""
        assert self.decider.fold(self.events) == self.state


class AnyCompany(Asked[Company]):
    """A company that is asked anything."""

    decider = companies

    @rule(headcount=headcounts, legal_form=st.sampled_from(["5710", "1000"]), later=small_steps)
    def apply(self, headcount: float, legal_form: str, later: timedelta) -> None:
        self.ask(
            Apply(
                siret=COMPANY,
                name="Moulin du Cher",
                legal_form=legal_form,
                naf="24.54Z",
                commune="18055",
                headcount=headcount,
            ),
            later,
        )

    @precondition(lambda self: self.state)
    @rule(
        command=st.one_of(
            st.builds(Activate),
            st.builds(Reject, reason=st.sampled_from(get_args(ApplicationRefusal))),
            st.builds(ReportHeadcount, full_time_equivalents=headcounts),
            st.builds(Suspend, reason=st.sampled_from(get_args(SuspensionReason))),
            st.builds(Reinstate),
            st.builds(Leave, reason=st.sampled_from(get_args(LeavingReason))),
        ),
        later=small_steps,
    )
    def anything(self, command: Command, later: timedelta) -> None:
        self.ask(command, later)

    @invariant()
    def only_active_companies_count(self) -> None:
        if self.state is not None:
            active = self.state.status == "active"
            assert self.state.headcount == (self.state.headcount_declared if active else 0)
            assert self.state.headcount_on <= self.state.effective_on

    @invariant()
    def each_headcount_begins_where_the_last_ended(self) -> None:
        level = 0.0
        for event in self.events:
            if not isinstance(event, CompanyApplied):
                assert getattr(event, "headcount_before", level) == level
                level = getattr(event, "headcount", level)


class AnyInvestment(Asked[Investment]):
    """An investment that is asked anything."""

    decider = investments

    @initialize(amount=amounts, later=small_steps)
    def announce(self, amount: int, later: timedelta) -> None:
        self.ask(Announce(company=COMPANY, title="Presse", axis=2, amount=amount, jobs_planned=1), later, MEMBER)

    @rule(spent=amounts, later=small_steps)
    def take_the_next_step(self, spent: int, later: timedelta) -> None:
        steps = {"announced": Approve(), "approved": Commit(), "committed": Start()}
        if self.state is not None:
            self.ask(steps.get(self.state.status, Complete(amount_spent=spent)), later)

    @rule(command=st.sampled_from([Approve(), Commit(), Start(), Complete(amount_spent=900)]), later=small_steps)
    def take_any_step(self, command: Command, later: timedelta) -> None:
        self.ask(command, later)

    @rule(created=headcounts, maintained=headcounts, evidence=evidence, later=small_steps)
    def audit(self, created: float, maintained: float, evidence: EnteredEvidence, later: timedelta) -> None:
        self.ask(AuditJobs(created=created, maintained=maintained, evidence=evidence), later)

    @rule(funder=funders, base=st.integers(1, 1_000), rate=rates, share=st.floats(0.5, 1.1), later=small_steps)
    def award(self, funder: str, base: int, rate: float, share: float, later: timedelta) -> None:
        amount = max(1, round(base * rate * share))
        award = AwardGrant(funder=funder, scheme="aid", eligible_base=base, aid_rate=rate, amount=amount)
        self.ask(award, later, roles=frozenset({FUNDERS[funder]}))

    @rule(funder=funders, amount=st.integers(1, 100), later=small_steps)
    def pay(self, funder: str, amount: int, later: timedelta) -> None:
        self.ask(DisburseGrant(funder=funder, scheme="aid", amount=amount), later, roles=frozenset({FUNDERS[funder]}))

    @rule(funder=funders, amount=st.integers(1, 100), later=small_steps)
    def pay_back(self, funder: str, amount: int, later: timedelta) -> None:
        self.ask(RecordRepayment(funder=funder, scheme="aid", amount=amount), later, roles=frozenset({FUNDERS[funder]}))

    @rule(
        funder=funders,
        amount=st.none() | st.integers(0, 500),
        base=st.none() | st.integers(1, 1_000),
        rate=st.none() | rates,
        by=st.none() | small_steps,
        reason=corrections,
    )
    def correct_grant(
        self,
        funder: str,
        amount: int | None,
        base: int | None,
        rate: float | None,
        by: timedelta | None,
        reason: CorrectionReason,
    ) -> None:
        grant = self.state.grant(funder, "aid") if self.state else None
        on = grant.awarded_on + by if grant and by else None
        terms: dict[str, Any] = {"amount": amount, "eligible_base": base, "aid_rate": rate, "awarded_on": on}
        self.ask(CorrectGrant(funder=funder, scheme="aid", **terms, reason=reason), AT_LAST)

    @rule(
        funder=funders,
        number=st.integers(1, 3),
        amount=st.none() | st.integers(0, 100),
        by=st.none() | small_steps,
        back=st.booleans(),
        reason=corrections,
    )
    def correct_a_payment(
        self, funder: str, number: int, amount: int | None, by: timedelta | None, back: bool, reason: CorrectionReason
    ) -> None:
        grant = self.state.grant(funder, "aid") if self.state else None
        payments = (grant.repayments if back else grant.payments) if grant else ()
        on = payments[number - 1].on + by if by and number <= len(payments) else None
        which: dict[str, Any] = {"funder": funder, "scheme": "aid", "amount": amount, "reason": reason}
        if back:
            self.ask(CorrectRepayment(repayment=number, repaid_on=on, **which), AT_LAST)
        else:
            self.ask(CorrectPayment(payment=number, paid_on=on, **which), AT_LAST)

    @rule(step=st.sampled_from(get_args(Step)), by=small_steps, reason=corrections)
    def correct_day(self, step: Step, by: timedelta, reason: CorrectionReason) -> None:
        if self.state is not None and (day := getattr(self.state, f"{step}_on")):
            self.ask(CorrectDay(step=step, day=day + by, reason=reason), AT_LAST)

    @rule(
        command=st.one_of(
            st.builds(CorrectAmount, amount=amounts, reason=corrections),
            st.builds(CorrectAmountSpent, amount_spent=amounts, reason=corrections),
        ),
        later=small_steps,
    )
    def correct_amounts(self, command: Command, later: timedelta) -> None:
        self.ask(command, later)

    @rule(hire=st.integers(1, 3), later=small_steps, back=st.booleans())
    def evidence_a_job(self, hire: int, later: timedelta, back: bool) -> None:
        if self.state is not None:
            told: dict[str, Any] = {"hire": f"0190a3c4-5e6f-7a8b-9c0d-{hire:012x}", "evidenced_on": FIRST}
            self.ask(TakeBackEvidence(**told) if back else EvidenceJob(**told), later)

    @invariant()
    def each_hire_evidences_one_job(self) -> None:
        if self.state is not None:
            assert len({*self.state.hires}) == len(self.state.hires) == self.state.jobs_evidenced

    @precondition(lambda self: len(self.events) > 8)  # or few would come far
    @rule(reason=st.sampled_from(get_args(CancellationReason)), later=small_steps)
    def cancel(self, reason: CancellationReason, later: timedelta) -> None:
        self.ask(Cancel(reason=reason), later)

    @invariant()
    def grants_stay_within_what_they_aid(self) -> None:
        if self.state is not None:
            for grant in self.state.grants:
                assert 0 <= grant.kept <= grant.amount <= grant.eligible_base * Decimal(str(grant.aid_rate))
                assert grant.eligible_base <= self.state.amount
                assert grant.awarded_on >= self.state.announced_on
                moves = [(each.on, 0, each.amount) for each in grant.payments]
                moves += [(each.on, 1, -each.amount) for each in grant.repayments]
                assert all(on >= grant.awarded_on for on, _, _ in moves)
                assert min(accumulate(amount for _, _, amount in sorted(moves)), default=0) >= 0
                assert sum(amount for _, _, amount in moves) == grant.kept
            assert sum(grant.amount for grant in self.state.grants) <= self.state.amount

    @invariant()
    def only_a_cancelled_investment_has_grants_to_pay_back(self) -> None:
        if self.state is not None:
            paid = sum(grant.kept for grant in self.state.grants)
            assert self.state.to_repay == (paid if self.state.status == "cancelled" else 0)

    @invariant()
    def the_days_of_the_steps_follow_each_other(self) -> None:
        if self.state is not None:
            steps = self.state.days()
            assert steps == sorted(steps)
            assert steps[-1] <= self.state.effective_on

    @invariant()
    def the_latest_step_is_of_the_last_of_its_days(self) -> None:
        """Whatever was corrected since, and on whatever day."""
        if self.state is not None:
            days = re.findall(r'"\w*on":"([0-9-]{10})"', self.state.model_dump_json(exclude={"effective_on"}))
            assert self.state.effective_on.isoformat() == max(days)

    @invariant()
    def the_status_is_that_of_the_steps_taken(self) -> None:
        if self.state is not None:
            ways = ["announced", "approved", "committed", "in_progress", "completed", "audited"]
            assert self.state.status in ("cancelled", ways[len(self.state.days()) - 1])
            assert (self.state.amount_spent is not None) == (self.state.completed_on is not None)
            assert (self.state.evidence is not None) == (self.state.status == "audited")


AnyCompany.TestCase.settings = AnyInvestment.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyCompany = AnyCompany.TestCase
TestAnyInvestment = AnyInvestment.TestCase
