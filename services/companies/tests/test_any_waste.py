"""Whatever the companies on a slip ask of a movement of waste, in any order, what must always hold still holds."""

from datetime import date, datetime, time, timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companies.company import Company, companies
from companies.waste_movement import (
    LOT_IN_MOVEMENT,
    OPEN,
    Accept,
    Cancel,
    CorrectDay,
    CorrectTonnes,
    CorrectTreatment,
    Draft,
    Process,
    Receive,
    RecordOverdue,
    Refuse,
    Revise,
    Seal,
    Send,
    Sign,
    WasteMovement,
    waste_movements,
)
from contracts import Event, codes, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied
from contracts.companies.waste_movement import (
    TreatmentMode,
    WasteAccepted,
    WasteDayCorrected,
    WasteOverdue,
    WasteProcessed,
    WasteReceived,
    WasteRefused,
    WasteSent,
    WasteStep,
    WasteTonnesCorrected,
    WasteTreatmentCorrected,
    Weighing,
)
from eventstore.decider import PARIS, Command, Context
from eventstore.execution import moment
from eventstore.refusal import Rejected
from eventstore.specification import Specification

FIRST = date(2024, 1, 1)
PLACE: dict[str, Any] = {"company": sample_siret(0), "naf": "24.54Z", "commune": "18055", "zone": None}
MEMBER: Company | None = companies.fold(
    (
        CompanyApplied(**PLACE, name="Moulin", legal_form="5710", headcount=9, size_band="03", effective_on=FIRST),
        CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=FIRST),
    )
)

tonnes = st.integers(1, 20_000).map(lambda kilograms: kilograms / 1_000)
treatments = st.sampled_from([*codes.treatments()])
modes = st.none() | st.sampled_from(get_args(TreatmentMode))
slips = st.fixed_dictionaries(
    {
        "carrier": st.just(sample_siret(1)),
        "treatment_site": st.just(sample_siret(2)),
        "waste": st.sampled_from(["120109*", "120101"]),
        "description": st.just("Copeaux"),
        "lot": st.sampled_from(["A", "B"]),
        "slip": st.none() | st.just("BSD-1"),
        "treatment_planned": treatments,
        "tonnes_planned": tonnes,
    }
)
steps = st.one_of(
    st.sampled_from((Seal(), Sign(), Accept())),
    st.builds(Send, tonnes_sent=tonnes),
    st.builds(Receive, tonnes_received=tonnes),
    st.builds(Process, treatment=treatments, mode=modes, tonnes_processed=tonnes),
)


class AnyWasteMovement(RuleBasedStateMachine):
    """A movement that is asked anything, as days go by; what is due is issued now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.today = FIRST
        self.state: WasteMovement | None = None
        self.events: list[Event] = []

    def ask(self, command: Command, days_ago: int = 0) -> bool:
        """Whether a command of some day is not refused; what it led to is kept."""
        command = command.model_copy(update={"on": self.today - timedelta(days=days_ago)})
        decision = waste_movements.decision(type(command))
        now = datetime.combine(self.today, time(12), PARIS)
        try:
            events = waste_movements.decide(self.state, command, Context(now), [MEMBER for _ in decision.looks_up])
        except Rejected:
            return False
        after = Specification(waste_movements, self.today).fold(events, self.state)
        if events:
            waste_movements.check_status(command, self.state, after)
        self.state = after
        self.events += events
        return True

    @initialize(slip=slips)
    def draft(self, slip: dict[str, Any]) -> None:
        self.ask(Draft(company=sample_siret(0), **slip))

    @rule(days=st.integers(1, 20))
    def days_go_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @rule()
    def what_is_due_is_issued(self) -> None:
        """It is never refused, and something changes."""
        for due in waste_movements.due_of(self.state):
            if self.today >= moment(due.at).date():
                before = self.state
                assert self.ask(due.command)
                assert self.state != before

    @precondition(lambda self: self.state)
    @rule(step=steps, days_ago=st.integers(-1, 9))
    def any_step(self, step: Command, days_ago: int) -> None:
        self.ask(step, days_ago)

    @precondition(lambda self: self.state)
    @rule(weight=tonnes, treatment=treatments)
    def the_next_step(self, weight: float, treatment: str) -> None:
        assert self.state
        mode: Any = next(iter(codes.treatments()[treatment]), None)
        following: dict[str, Command] = {
            "draft": Seal(),
            "sealed": Sign(),
            "producer_signed": Send(tonnes_sent=weight),
            "sent": Receive(tonnes_received=weight),
            "received": Accept(),
            "accepted": Process(
                treatment=treatment, mode=mode, tonnes_processed=min(weight, self.state.tonnes_received or weight)
            ),
        }
        if self.state.status in following:
            assert self.ask(following[self.state.status])

    @precondition(lambda self: self.state)
    @rule(slip=slips)
    def revise(self, slip: dict[str, Any]) -> None:
        self.ask(Revise(**slip))

    @precondition(lambda self: len(self.events) > 3)  # or few would come far
    @rule(ending=st.sampled_from((Cancel(reason="other"), Refuse(reason="other"))))
    def end(self, ending: Command) -> None:
        self.ask(ending)

    @precondition(lambda self: self.state)
    @rule(weighing=st.sampled_from(get_args(Weighing)), weight=tonnes)
    def correct_tonnes(self, weighing: Weighing, weight: float) -> None:
        self.ask(CorrectTonnes(weighing=weighing, tonnes=weight, reason="other"))

    @precondition(lambda self: self.state)
    @rule(step=st.sampled_from(get_args(WasteStep)), days_ago=st.integers(-1, 30))
    def correct_day(self, step: WasteStep, days_ago: int) -> None:
        self.ask(CorrectDay(step=step, day=self.today - timedelta(days=days_ago), reason="other"))

    @precondition(lambda self: self.state)
    @rule(treatment=treatments, mode=modes)
    def correct_treatment(self, treatment: str, mode: TreatmentMode | None) -> None:
        self.ask(CorrectTreatment(treatment=treatment, mode=mode, reason="other"))

    @precondition(lambda self: self.state)
    @rule()
    def it_is_marked_late_once_it_is_due(self) -> None:
        assert self.state
        if self.state.late_from and self.today >= self.state.late_from:
            self.ask(RecordOverdue())

    @invariant()
    def hazardous_waste_has_a_number(self) -> None:
        if self.state:
            assert self.state.hazardous == self.state.waste.endswith("*")
            assert self.state.slip or not self.state.hazardous

    @invariant()
    def what_is_treated_was_received_and_its_mode_is_one_of_its_treatment(self) -> None:
        if self.state and self.state.treatment:
            assert self.state.status == "processed"
            allowed = codes.treatments()[self.state.treatment]
            assert self.state.mode in (allowed or (None,))
            assert self.state.is_final == bool(allowed)
            assert self.state.tonnes_processed
            assert self.state.tonnes_received
            assert self.state.tonnes_processed <= self.state.tonnes_received

    @invariant()
    def the_difference_is_that_of_what_was_weighed(self) -> None:
        if self.state and self.state.tonnes_received is not None:
            assert self.state.tonnes_sent
            assert self.state.tonnes_difference == round(self.state.tonnes_received - self.state.tonnes_sent, 3)

    @invariant()
    def what_goes_on_holds_its_lot_and_only_what_is_accepted_is_late(self) -> None:
        if self.state:
            lots = [claim for claim in waste_movements.claims_of(self.state) if claim.refusal is LOT_IN_MOVEMENT]
            assert bool(lots) == (self.state.status in OPEN)
            waits = self.state.status == "accepted"
            assert bool(waste_movements.due_of(self.state)) == (waits and not self.state.late)
            assert waits or not self.state.late

    @invariant()
    def a_reader_of_the_events_alone_knows_what_was_weighed_and_how_it_was_treated(self) -> None:
        """Each correction takes the place of what it tells as before."""
        told: dict[str, Any] = {}
        for event in self.events:
            match event:
                case WasteSent():
                    told["sent"] = event.tonnes_sent
                case WasteReceived():
                    assert event.tonnes_sent == told["sent"]
                    told["received"] = event.tonnes_received
                case WasteProcessed():
                    told |= {"processed": event.tonnes_processed, "treated": (event.treatment, event.mode)}
                case WasteTonnesCorrected():
                    assert event.tonnes_before == told[event.weighing]
                    told[event.weighing] = event.tonnes
                case WasteTreatmentCorrected():
                    assert (event.treatment_before, event.mode_before) == told["treated"]
                    told["treated"] = event.treatment, event.mode
        if self.state:
            assert self.state.weighed() == {name: weight for name, weight in told.items() if name != "treated"}
            assert (self.state.treatment, self.state.mode) == told.get("treated", (None, None))

    @invariant()
    def a_reader_of_the_events_alone_knows_on_which_days_it_was_done(self) -> None:
        """Steps keep their order, also where a day is corrected."""
        days: dict[WasteStep, date] = {}
        steps: dict[type[Event], WasteStep] = {
            WasteSent: "sent",
            WasteReceived: "received",
            WasteAccepted: "accepted",
            WasteRefused: "refused",
            WasteProcessed: "processed",
        }
        for event in self.events:
            if step := steps.get(type(event)):
                days[step] = event.effective_on
            elif isinstance(event, WasteDayCorrected):
                assert event.day_before == days[event.step] != event.day
                assert event.effective_on >= max(event.day_before, event.day)
                days[event.step] = event.day
            assert [*days.values()] == sorted(days.values())
        if self.state:
            assert self.state.days() == days
            assert not days or self.state.effective_on == max(days.values())

    @invariant()
    def nothing_is_of_a_day_to_come(self) -> None:
        if self.state:
            assert self.state.effective_on <= self.today
            assert waste_movements.fold(self.events) == self.state
            assert sum(isinstance(event, WasteOverdue) for event in self.events) <= 1


AnyWasteMovement.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyWasteMovement = AnyWasteMovement.TestCase
