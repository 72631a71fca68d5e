"""Whatever the network and its companies ask of a synergy, in any order, what must always hold still holds."""

from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companies.flow import Flow, flows
from companies.synergy import (
    OPEN,
    Abandon,
    AddFlow,
    Agree,
    CorrectExchange,
    Detect,
    End,
    FindFeasible,
    Qualify,
    RecordExchange,
    Start,
    Synergy,
    synergies,
)
from contracts import Aside, Event, sample_siret
from contracts.companies.flow import FlowDeclared
from contracts.companies.synergy import CompanyAgreed, ExchangeCorrected, FlowExchanged, SynergyAgreed
from eventstore.decider import PARIS, Command, Context
from eventstore.refusal import Rejected
from eventstore.specification import Specification

FIRST = date(2024, 1, 1)
COMPANIES = [sample_siret(number) for number in range(3)]


def declared(number: int) -> tuple[str, Flow]:
    """A flow that is there: surpluses have even numbers, and every third flow is one company's."""
    told: dict[str, Any] = {"naf": "24.54Z", "commune": "36088", "zone": None, "waste": None, "description": "Eau"}
    event = FlowDeclared(
        **told,
        company=COMPANIES[number % 3],
        direction="need" if number % 2 else "surplus",
        kind="heat" if number == 5 else "water",
        unit="kwh" if number == 5 else "m3",
        quantity=100 + number,
        first=FIRST,
        last=None,
        effective_on=FIRST,
    )
    flow = flows.fold([event])
    assert flow
    return f"0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c{number:02}", flow


FLOWS = dict(map(declared, range(6)))
ids = st.sampled_from([*FLOWS])
months = st.integers(0, 11).map(lambda number: f"2024-{number + 1:02}")
quantities = st.integers(0, 400).map(lambda tenths: tenths / 10)
steps = st.one_of(
    st.sampled_from((Qualify(), Start())),
    st.builds(FindFeasible, quantity=st.integers(1, 300).map(float)),
    st.builds(AddFlow, flow=ids),
    st.sampled_from((End(reason="other"), Abandon(reason="other"))),
)


class AnySynergy(RuleBasedStateMachine):
    """A synergy that is asked anything, by any of its companies, as days go by."""

    def __init__(self) -> None:
        super().__init__()
        self.today = FIRST
        self.state: Synergy | None = None
        self.events: list[Event] = []

    def ask(self, command: Command, company: str = "", days_ago: int = 0) -> bool:
        """Whether a command of some day is not refused; what it led to is kept."""
        command = command.model_copy(update={"on": self.today - timedelta(days=days_ago)})
        looked_up = [FLOWS[getattr(command, each.key)] for each in synergies.decision(type(command)).looks_up]
        context = Context(datetime.combine(self.today, time(12), PARIS), organisations={"company": company})
        try:
            events = synergies.decide(self.state, command, context, looked_up)
        except Rejected:
            return False
        after = Specification(synergies, self.today).fold(events, self.state)
        if events:
            synergies.check_status(command, self.state, after)
        self.state = after
        self.events += events
        return True

    @initialize(surplus=ids, need=ids)
    def detect(self, surplus: str, need: str) -> None:
        self.ask(Detect(title="Eau", surplus=surplus, need=need))

    @rule(days=st.integers(1, 40))
    def days_go_by(self, days: int) -> None:
        self.today += timedelta(days=days)

    @precondition(lambda self: self.state is None)
    @rule()
    def the_first_two_make_one(self) -> None:
        surplus, need, *_ = FLOWS
        assert self.ask(Detect(title="Eau", surplus=surplus, need=need))

    @precondition(lambda self: self.state)
    @rule(step=steps, days_ago=st.integers(-1, 9))
    def any_step(self, step: Command, days_ago: int) -> None:
        self.ask(step, days_ago=days_ago)

    @precondition(lambda self: self.state)
    @rule()
    def the_next_step(self) -> None:
        assert self.state
        following: dict[str, Command] = {
            "detected": Qualify(),
            "qualified": FindFeasible(quantity=self.state.quantity),
            "agreed": Start(),
        }
        if self.state.status in following:
            assert self.ask(following[self.state.status])

    @precondition(lambda self: self.state and self.state.status == "feasible")
    @rule(number=st.integers(0, 9))
    def one_agrees(self, number: int) -> None:
        assert self.state
        assert self.ask(Agree(), self.state.companies[number % len(self.state.companies)])

    @precondition(lambda self: self.state)
    @rule(flow=ids, month=months, exchanged=quantities, days_ago=st.integers(0, 40))
    def record(self, flow: str, month: str, exchanged: float, days_ago: int) -> None:
        self.ask(RecordExchange(flow=flow, month=month, exchanged=exchanged), COMPANIES[0], days_ago)

    @precondition(lambda self: self.state and self.state.status == "operating")
    @rule(exchanged=quantities)
    def record_the_first_month(self, exchanged: float) -> None:
        """Once, as soon as it is over."""
        assert self.state
        assert self.state.started_on
        month = f"{self.state.started_on:%Y-%m}"
        flow = next(each.flow for each in self.state.participants if each.direction == "surplus")
        over = f"{self.today:%Y-%m}" > month
        fresh = self.state.exchange(flow, month) is None
        command = RecordExchange(flow=flow, month=month, exchanged=exchanged)
        assert self.ask(command, COMPANIES[0]) == (over and fresh)

    @precondition(lambda self: self.state and self.state.exchanges)
    @rule(exchanged=quantities, number=st.integers(0, 9), days_ago=st.integers(0, 99))
    def correct(self, exchanged: float, number: int, days_ago: int) -> None:
        assert self.state
        one = self.state.exchanges[number % len(self.state.exchanges)]
        command = CorrectExchange(flow=one.flow, month=one.month, exchanged=exchanged, reason="other")
        same, known = exchanged == one.exchanged, self.today - timedelta(days=days_ago) >= one.exchanged_on
        assert self.ask(command, days_ago=days_ago) == (same or known)

    @invariant()
    def two_companies_and_one_kind(self) -> None:
        if self.state:
            assert len(self.state.companies) >= 2
            assert len({*self.state.flows}) == len(self.state.flows) == len(self.state.participants)
            assert {FLOWS[flow].kind for flow in self.state.flows} == {self.state.kind}
            assert {each.direction for each in self.state.participants} == {"surplus", "need"}

    @invariant()
    def what_is_to_be_exchanged_is_there_and_needed(self) -> None:
        if self.state:
            for direction in ("surplus", "need"):
                of = [each.quantity for each in self.state.participants if each.direction == direction]
                assert self.state.quantity <= sum(of)

    @invariant()
    def it_goes_on_only_with_all_who_take_part(self) -> None:
        if self.state:
            everybody = {*self.state.agreed} == {*self.state.companies}
            assert everybody == any(isinstance(event, SynergyAgreed) for event in self.events)
            assert everybody or self.state.status not in ("agreed", "operating", "ended")
            said = [event.company for event in self.events if isinstance(event, CompanyAgreed)]
            assert said == [*self.state.agreed]

    @invariant()
    def an_open_synergy_holds_its_flows(self) -> None:
        if self.state:
            held = [claim.key for claim in synergies.claims_of(self.state)]
            assert held == ([*self.state.flows] if self.state.status in OPEN else [])

    @invariant()
    def a_reader_of_the_events_alone_knows_what_was_exchanged(self) -> None:
        """Each correction takes the place of what it tells as before; nothing is of a day outside the operation."""
        told: dict[tuple[str, str], float] = {}
        for event in self.events:
            match event:
                case FlowExchanged():
                    assert (event.flow, event.month) not in told
                    assert event.effective_on >= event.exchanged_on
                    told[event.flow, event.month] = event.exchanged
                    assert event.company == FLOWS[event.flow].company
                case ExchangeCorrected():
                    assert event.exchanged_before == told[event.flow, event.month]
                    assert event.effective_on >= event.exchanged_on
                    told[event.flow, event.month] = event.exchanged
        if self.state:
            assert {(each.flow, each.month): each.exchanged for each in self.state.exchanges} == told
            for each in self.state.exchanges:
                assert self.state.started_on
                assert self.state.started_on <= each.exchanged_on <= self.today
                assert FLOWS[each.flow].direction == "surplus"
                assert self.state.ended_on is None or each.month <= f"{self.state.ended_on:%Y-%m}"

    @invariant()
    def steps_never_go_back(self) -> None:
        days = [event.effective_on for event in self.events if not isinstance(event, Aside)]
        assert days == sorted(days)
        assert synergies.fold(self.events) == self.state


AnySynergy.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAnySynergy = AnySynergy.TestCase
