"""Whatever is asked of a meter, in any order, its periods follow each other and say what its indexes say."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companies.company import companies
from companies.meter import (
    MOST_KEPT,
    CorrectReading,
    DiscardReading,
    Install,
    Meter,
    RecordReading,
    Remove,
    Replace,
    ValidateReading,
    meters,
)
from contracts import Aside, Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied
from contracts.companies.meter import (
    ConsumptionPeriod,
    MeterInstalled,
    MeterRemoved,
    MeterReplaced,
    ReadingCorrected,
    ReadingDiscarded,
    ReadingMistake,
    ReadingRecorded,
    ReadingValidated,
)
from eventstore.decider import PARIS, Command, Context
from eventstore.refusal import Rejected
from eventstore.specification import Specification

FIRST, TODAY = date(2023, 1, 1), date(2024, 12, 31)
NOW = datetime.combine(TODAY, time(), PARIS)
COMPANY = sample_siret(0)
MEMBERSHIP: dict[str, Any] = {"company": COMPANY, "naf": "24.54Z", "commune": "36088", "zone": None}
MEMBER = companies.fold(
    (
        CompanyApplied(
            **MEMBERSHIP, name="Fonderie", legal_form="5710", headcount=9, size_band="03", effective_on=FIRST
        ),
        CompanyActivated(**MEMBERSHIP, headcount=9, size_band="03", effective_on=FIRST),
    )
)
days = st.integers(-3, 40).map(lambda n: timedelta(days=n))
more = st.integers(-5, 60)
mistakes = st.sampled_from(get_args(ReadingMistake))
soon = st.sampled_from([-1, 0, 30, 1_000]).map(lambda n: timedelta(days=n))
"""When a reading is decided on, from its day on; on the day that is today, if that would be later."""


class AnyMeter(RuleBasedStateMachine):
    """A meter of which anything is asked, and beside it all that it has ever shown, in the order of the days."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Meter | None = None
        self.events: list[Event] = []
        self.shown: dict[date, tuple[int, int]] = {}
        """The index at the end of a day, and the one that it went on from."""
        self.counted: list[ConsumptionPeriod] = []
        """What a reader has added up who knows the events alone."""

    @property
    def meter(self) -> Meter:
        assert self.state
        return self.state

    def ask(self, command: Command, on: date) -> None:
        """Issues a command on a day; where it is not refused, what it led to is added up."""
        command = command.model_copy(update={"on": min(on, TODAY)})
        looked_up = [MEMBER for _ in meters.decision(type(command)).looks_up]
        try:
            events = meters.decide(self.state, command, Context(NOW), looked_up)
        except Rejected:
            return
        before = self.state
        self.state = Specification(meters, TODAY).fold(events, before)
        if events:
            meters.check_status(command, before, self.state)
        for event in events:
            assert before is None or isinstance(event, Aside) or event.effective_on >= before.effective_on
            self.events.append(event)
            self.show(event)
            for period in getattr(event, "periods_before", ()):
                self.counted.remove(period)
            self.counted += getattr(event, "periods", ())

    def show(self, event: Event) -> None:
        """What a meter shows that an event tells of."""
        match event:
            case MeterInstalled(index=index) | ReadingRecorded(index=index):
                self.shown[event.effective_on] = index, index
            case MeterReplaced(index=index, restarts_at=restarts_at):
                there = self.shown.get(event.effective_on, (index, index))
                self.shown[event.effective_on] = there[0], restarts_at
            case MeterRemoved(index=index):
                self.shown.setdefault(event.effective_on, (index, index))
            case ReadingCorrected(index=index, restarts_at=restarts_at):
                assert event.effective_on >= max(event.read_before, event.read_on)
                del self.shown[event.read_before]
                self.shown[event.read_on] = index, index if restarts_at is None else restarts_at
            case ReadingDiscarded(read_on=day):
                assert event.effective_on >= day
                del self.shown[day]
            case ReadingValidated(read_on=day):
                assert event.effective_on >= day

    @initialize(index=st.integers(0, 1_000))
    def install(self, index: int) -> None:
        asked: dict[str, Any] = {"company": COMPANY, "kind": "water", "reference": "C15FA-1", "commune": "36088"}
        self.ask(Install(**asked, index=index), FIRST)

    @rule(later=days, consumed=more)
    def read(self, later: timedelta, consumed: int) -> None:
        self.ask(RecordReading(index=max(0, self.meter.index + consumed)), self.meter.read_on + later)

    @rule(number=st.integers(0, 70), later=st.integers(1, 20), share=st.floats(-0.1, 1.1))
    def read_late(self, number: int, later: int, share: float) -> None:
        before = self.meter.readings[number % len(self.meter.readings)]
        most = next((each.index for each in self.meter.readings if each.read_on > before.read_on), before.index)
        index = before.goes_on_at + round(share * (most - before.goes_on_at))
        self.ask(RecordReading(index=max(0, index)), before.read_on + timedelta(days=later))

    @precondition(lambda self: len(self.events) < 60)
    @rule()
    def read_every_day_of_a_month(self) -> None:
        for _ in range(30):
            self.ask(RecordReading(index=self.meter.index + 1), self.meter.read_on + timedelta(days=1))

    @rule(later=days, consumed=more, restarts_at=st.integers(0, 50))
    def replace(self, later: timedelta, consumed: int, restarts_at: int) -> None:
        index = max(0, self.meter.index + consumed)
        self.ask(Replace(index=index, restarts_at=restarts_at, reason="faulty"), self.meter.read_on + later)

    @precondition(lambda self: len(self.events) > 20)
    @rule(later=days, consumed=more)
    def remove(self, later: timedelta, consumed: int) -> None:
        self.ask(Remove(index=max(0, self.meter.index + consumed), reason="other"), self.meter.read_on + later)

    @rule(
        number=st.integers(0, 70),
        index=st.none() | more,
        restarts_at=st.none() | st.none() | st.integers(0, 50),
        later=st.none() | days,
        reason=mistakes,
        decided=soon,
    )
    def correct(
        self,
        number: int,
        index: int | None,
        restarts_at: int | None,
        later: timedelta | None,
        reason: ReadingMistake,
        decided: timedelta,
    ) -> None:
        reading = self.meter.readings[number % len(self.meter.readings)]
        terms: dict[str, Any] = {
            "index": None if index is None else max(0, reading.index + index),
            "read_on": None if later is None else reading.read_on + later,
            "restarts_at": restarts_at,
        }
        self.ask(CorrectReading(reading=reading.read_on, **terms, reason=reason), reading.read_on + decided)

    @rule(number=st.integers(0, 70), reason=mistakes, decided=soon)
    def discard(self, number: int, reason: ReadingMistake, decided: timedelta) -> None:
        reading = self.meter.readings[number % len(self.meter.readings)]
        self.ask(DiscardReading(reading=reading.read_on, reason=reason), reading.read_on + decided)

    @rule(number=st.integers(0, 70), decided=soon)
    def validate(self, number: int, decided: timedelta) -> None:
        reading = self.meter.readings[number % len(self.meter.readings)]
        self.ask(ValidateReading(reading=reading.read_on), reading.read_on + decided)

    @invariant()
    def periods_follow_each_other_and_say_what_the_indexes_say(self) -> None:
        periods = sorted(self.counted, key=lambda period: period.last)
        in_order = sorted(self.shown.items())
        assert [(each.last, each.consumption) for each in periods] == [
            (day, index - onwards) for (_, (_, onwards)), (day, (index, _)) in pairwise(in_order)
        ]
        firsts = [FIRST, *(each.last + timedelta(days=1) for each in periods)]
        assert [each.first for each in periods] == firsts[: len(periods)]

    @invariant()
    def a_meter_keeps_the_latest_of_what_it_has_shown(self) -> None:
        if self.state:
            kept = [(each.read_on, (each.index, each.goes_on_at)) for each in self.state.readings]
            assert len(kept) <= MOST_KEPT
            assert kept == sorted(self.shown.items())[-len(kept) :]
            told = {each.last: each.consumption for each in self.counted}
            assert [each.consumption for each in self.state.readings] == [told.get(day, 0) for day, _ in kept]
            assert (self.state.read_on, self.state.index) == (kept[-1][0], kept[-1][1][1])
            assert self.state.to_validate == any(each.status == "recorded" for each in self.state.readings)

    def teardown(self) -> None:
        """The state is the fold of the events, and only of them."""
        assert meters.fold(self.events) == self.state

    @invariant()
    def a_removed_meter_holds_nothing_and_the_latest_step_is_of_its_day(self) -> None:
        if self.state:
            assert (self.state.status == "removed") == (self.state.removed_on is not None)
            assert self.state.removed_on in (None, self.state.read_on)
            assert len(meters.claims_of(self.state)) == (self.state.status == "in_service")
            steps = (self.state.removed_on, self.state.replaced_on, self.state.installed_on)
            assert self.state.effective_on == next(day for day in steps if day)


AnyMeter.TestCase.settings = settings(max_examples=50, stateful_step_count=30)
TestAnyMeter = AnyMeter.TestCase
