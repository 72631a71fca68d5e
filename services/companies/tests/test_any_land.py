"""Whatever is asked of a plot or a unit, as days go by, what must always hold still holds."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from companies import plot, unit
from companies.areas import spells
from companies.plot import plots
from companies.unit import units
from contracts import Event, sample_siret
from contracts.companies.land import LandCorrection, Origin
from contracts.companies.plot import (
    OptionEnd,
    PlotAreaCorrected,
    PlotOptioned,
    PlotSaleCorrected,
    PlotSold,
    PlotSpell,
    PromiseEnd,
)
from contracts.companies.unit import (
    NoticeReason,
    ReservationEnd,
    UnitAreaCorrected,
    UnitLeaseCorrected,
    UnitLeaseEnded,
    UnitLet,
    UnitSpell,
)
from contracts.model import PARIS, Correction
from eventstore.decider import PLATFORM, Command, Context, Decider
from eventstore.refusal import Rejected
from eventstore.specification import Specification

BEGIN = date(2024, 1, 1)
END = date(2024, 12, 31)
companies = st.integers(0, 3).map(sample_siret)
origins = st.sampled_from(get_args(Origin))
corrections = st.sampled_from(get_args(LandCorrection))
areas = st.integers(1, 9)
back = st.integers(-1, 30).map(lambda n: timedelta(days=n))
steps = st.integers(-3, 12).map(lambda n: timedelta(days=n))


class AnyLand(RuleBasedStateMachine):
    """A plot or a unit that anything is asked of; what is due is issued now and then, late or not."""

    decider: Decider[Any]
    begins: Command
    spell: Any

    def __init__(self) -> None:
        super().__init__()
        self.today = BEGIN
        self.events: list[Event] = []
        self.state: Any = None
        self.was: dict[date, tuple[str, int]] = {}
        """What it was on each day, as told event by event."""
        self.ask(self.begins.model_copy(update={"on": BEGIN}))

    def ask(self, command: Command) -> bool:
        """Whether a command is not refused; what it led to is kept."""
        before = self.state
        try:
            events = self.decider.decide(
                before, command, Context(datetime.combine(self.today, time(9), PARIS), frozenset())
            )
        except Rejected:
            return False
        offered = self.decider.decision(type(command)).offered
        assert before is None or offered is None or offered(before)
        self.state = Specification(self.decider, self.today).fold(events, before)
        if events:
            self.decider.check_status(command, before, self.state)
        for event in events:
            self.tell(event)
        self.events += events
        return True

    def tell(self, event: Event) -> None:
        """Writes down what changes on which days, as whoever reads the events would."""
        status, area = getattr(event, "status"), getattr(event, "area")  # noqa: B009  each has them
        match event:
            case PlotAreaCorrected(since=since) | UnitAreaCorrected(since=since):
                for day in [day for day in self.was if day >= since]:
                    self.was[day] = (self.was[day][0], area)
            case PlotSaleCorrected(origin=None) | UnitLeaseCorrected(origin=None):
                pass
            case PlotSaleCorrected(sold_before=before, sold_on=on):
                assert event.effective_on >= max(before, on)
                self.move("promised", "sold", before, on)
            case UnitLeaseCorrected(begun_before=before, begun_on=on):
                assert event.effective_on >= max(before, on)
                self.move("reserved", "let", before, on)
            case Correction():
                pass
            case _:
                for day in (event.effective_on + timedelta(days=n) for n in range((END - event.effective_on).days + 1)):
                    self.was[day] = (status, area)

    def move(self, earlier: str, later: str, before: date, on: date) -> None:
        """A step was of another day."""
        for day, (_, area) in [*self.was.items()]:
            if min(before, on) <= day < max(before, on):
                self.was[day] = (later if on < before else earlier, area)

    @rule(by=st.integers(0, 25))
    def time_goes_by(self, by: int) -> None:
        """And nobody looks at what is due."""
        self.today = min(self.today + timedelta(days=by), END)

    @rule()
    def what_is_due_is_issued(self) -> None:
        """On the day it is due, or later. It is never refused, and nothing stays due of it."""
        for due in self.decider.due_of(self.state):
            assert isinstance(due.at, date)
            if due.at <= self.today:
                assert self.decider.decision(type(due.command)).by == (PLATFORM,)
                assert self.ask(due.command.model_copy(update={"on": max(due.at, self.state.effective_on)}))
                assert not self.decider.due_of(self.state)

    def near(self, by: timedelta) -> date:
        """A day before or after the latest step, which has come."""
        last: date = self.state.effective_on
        return min(max(last + by, BEGIN), self.today)

    @invariant()
    def what_it_was_on_each_day_is_told_by_its_events(self) -> None:
        assert self.decider.fold(self.events) == self.state
        told: Any = spells(self.spell, self.state.standings, self.state.areas, BEGIN)
        for spell in told:
            until = spell.until or END
            for day in (spell.since + timedelta(days=n) for n in range((until - spell.since).days)):
                assert self.was[day] == (spell.status, spell.area)
        assert all(one.until == other.since for one, other in pairwise(told))
        assert (told[-1].until, told[-1].status, told[-1].area) == (None, self.state.status, self.state.area)

    @invariant()
    def steps_never_go_back_and_a_correction_reaches_no_later_than_the_latest(self) -> None:
        recorded = [event.effective_on for event in self.events if not isinstance(event, Correction)]
        assert recorded == sorted(recorded)
        assert max(each.since for each in (*self.state.standings, *self.state.areas)) <= self.state.effective_on
        assert self.state.effective_on <= self.today
        for event in self.events:
            if isinstance(event, PlotAreaCorrected | UnitAreaCorrected):
                assert event.spells[0].since == event.since
                assert event.spells[-1].until is None


class AnyPlot(AnyLand):
    """A plot that is asked anything."""

    decider = plots
    spell = PlotSpell
    begins = plot.Register(
        code="limoise-12",
        name="Lot 12",
        zone="zi-limoise",
        commune="36088",
        parcels=("36088000AB0012",),
        outline=((1.972, 46.951), (1.976, 46.951), (1.976, 46.953), (1.972, 46.951)),
        area=5,
    )

    @rule(by=steps, ahead=st.integers(-5, 40), company=companies, origin=origins)
    def take_the_next_step(self, by: timedelta, ahead: int, company: str, origin: Origin) -> None:
        on = self.near(by)
        option = plot.GrantOption(company=company, option_until=on + timedelta(days=ahead))
        ways = {
            "reserve": plot.BeginServicing(),
            "servicing": plot.PutOnMarket(price_per_m2=18.5),
            "on_market": option,
            "optioned": plot.Promise(),
            "promised": plot.Sell(origin=origin),
            "sold": plot.RecordBuilt(),
        }
        if self.state.status in ways:
            self.ask(ways[self.state.status].model_copy(update={"on": on}))

    @precondition(lambda self: self.state.status == "optioned" or len(self.events) > 8)  # or few would come far
    @rule(
        command=st.one_of(
            st.builds(plot.ChangePrice, price_per_m2=st.sampled_from([16, 18.5])),
            st.builds(plot.ExtendOption, option_until=st.dates(BEGIN, END)),
            st.builds(plot.GiveUpOption, reason=st.sampled_from(get_args(OptionEnd))),
            st.builds(plot.EndPromise, reason=st.sampled_from(get_args(PromiseEnd))),
            st.just(plot.LapseOption()),
        ),
        by=steps,
    )
    def anything_else(self, command: Command, by: timedelta) -> None:
        self.ask(command.model_copy(update={"on": self.near(by)}))

    @rule(area=areas, back=back, reason=corrections)
    def correct_the_area(self, area: int, back: timedelta, reason: LandCorrection) -> None:
        self.ask(plot.CorrectArea(area=area, since=self.today - back, reason=reason, on=self.today))

    @precondition(lambda self: self.state.sold_on)
    @rule(company=st.none() | companies, origin=st.none() | origins, back=st.none() | back, reason=corrections)
    def correct_the_sale(
        self, company: str | None, origin: Origin | None, back: timedelta | None, reason: LandCorrection
    ) -> None:
        sold_on = self.today - back if back is not None else None
        self.ask(plot.CorrectSale(company=company, origin=origin, sold_on=sold_on, reason=reason, on=self.today))

    @rule(name=st.sampled_from(["A", "B"]), reason=corrections)
    def correct_the_description(self, name: str, reason: LandCorrection) -> None:
        self.ask(plot.CorrectDescription(name=name, reason=reason, on=self.today))

    @invariant()
    def somebody_has_it_from_the_option_on(self) -> None:
        assert bool(self.state.company) == (self.state.status in ("optioned", "promised", "sold", "built"))
        assert bool(self.state.option_until) == bool(self.state.lapses_on) == (self.state.status == "optioned")
        assert bool(self.state.sold_on) == bool(self.state.origin) == (self.state.status in ("sold", "built"))
        assert len(plots.due_of(self.state)) == (self.state.status == "optioned")
        for event in self.events:
            if isinstance(event, PlotOptioned):
                assert event.effective_on < event.option_until < event.lapses_on

    @invariant()
    def whoever_bought_it_is_told_once(self) -> None:
        """Whatever was corrected: what readers add up and take back leaves the one sale there is."""
        sales: dict[tuple[str, str, date], int] = {}
        for event in self.events:
            match event:
                case PlotSold():
                    sales[event.company, event.origin, event.effective_on] = 1
                case PlotSaleCorrected():
                    for origin, on, change in (
                        (event.origin_before, event.sold_before, -1),
                        (event.origin, event.sold_on, 1),
                    ):
                        if origin:
                            sales[event.company, origin, on] = sales.get((event.company, origin, on), 0) + change
        told = {sale for sale, count in sales.items() if count}
        assert set(sales.values()) <= {0, 1}
        assert told == ({(self.state.company, self.state.origin, self.state.sold_on)} if self.state.sold_on else set())


class AnyUnit(AnyLand):
    """A unit that is asked anything."""

    decider = units
    spell = UnitSpell
    begins = unit.Register(code="atelier-3", name="Atelier 3", kind="workshop", commune="36088", area=5)

    @rule(by=steps, ahead=st.integers(-5, 40), company=companies, origin=origins, works=st.booleans())
    def take_the_next_step(self, by: timedelta, ahead: int, company: str, origin: Origin, *, works: bool) -> None:
        on = self.near(by)
        later = on + timedelta(days=ahead)
        ways = {
            "available": unit.Reserve(company=company, begins_on=later, held_until=later + timedelta(days=9)),
            "reserved": unit.Let(origin=origin),
            "let": unit.GiveNotice(free_on=later, works_follow=works, reason="growth"),
            "works": unit.EndWorks(),
        }
        if self.state.status in ways:
            self.ask(ways[self.state.status].model_copy(update={"on": on}))

    @rule(
        command=st.one_of(
            st.builds(unit.ChangeRent, rent_per_m2=st.sampled_from([50, 52.5])),
            st.builds(unit.GiveUpReservation, reason=st.sampled_from(get_args(ReservationEnd))),
            st.builds(unit.GiveNotice, free_on=st.dates(BEGIN, END), reason=st.sampled_from(get_args(NoticeReason))),
            st.just(unit.BeginWorks()),
            st.just(unit.LapseReservation()),
        ),
        by=steps,
    )
    def anything_else(self, command: Command, by: timedelta) -> None:
        self.ask(command.model_copy(update={"on": self.near(by)}))

    @rule(area=areas, back=back, reason=corrections)
    def correct_the_area(self, area: int, back: timedelta, reason: LandCorrection) -> None:
        self.ask(unit.CorrectArea(area=area, since=self.today - back, reason=reason, on=self.today))

    @rule(back=st.none() | back, works_follow=st.none() | st.booleans(), reason=corrections)
    def correct_the_notice(self, back: timedelta | None, works_follow: bool | None, reason: LandCorrection) -> None:
        free_on = self.today + timedelta(days=9) - back if back is not None else None
        self.ask(unit.CorrectNotice(free_on=free_on, works_follow=works_follow, reason=reason, on=self.today))

    @precondition(lambda self: self.state.last_lease)
    @rule(company=st.none() | companies, origin=st.none() | origins, by=st.none() | steps, reason=corrections)
    def correct_the_lease(
        self, company: str | None, origin: Origin | None, by: timedelta | None, reason: LandCorrection
    ) -> None:
        begun_on = self.state.last_lease.begun_on + by if by else None
        correct = unit.CorrectLease(company=company, origin=origin, begun_on=begun_on, reason=reason)
        self.ask(correct.model_copy(update={"on": self.today}))

    @invariant()
    def somebody_has_it_while_it_is_held_or_let(self) -> None:
        status = self.state.status
        assert bool(self.state.company) == (status in ("reserved", "let", "notice"))
        assert bool(self.state.held_until) == bool(self.state.lapses_on) == (status == "reserved")
        assert bool(self.state.free_on) == (self.state.works_follow is not None) == (status == "notice")
        assert len(units.due_of(self.state)) == (status in ("reserved", "notice"))
        if status in ("let", "notice"):
            assert self.state.last_lease
            assert self.state.last_lease.company == self.state.company

    @invariant()
    def there_is_one_lease_on_a_day(self) -> None:
        """Of one company: those that follow each other never overlap, whatever is corrected."""
        leases: list[tuple[str, date, date | None]] = []
        for event in self.events:
            match event:
                case UnitLet():
                    leases.append((event.company, event.effective_on, None))
                case UnitLeaseCorrected(origin=origin) if origin:
                    leases[-1] = (event.company, event.begun_on, leases[-1][2])
                case UnitLeaseEnded():
                    leases[-1] = (*leases[-1][:2], event.effective_on)
        for (_, _, until), (_, since, _) in pairwise(leases):
            assert until
            assert until <= since
        assert all(until is None or since <= until for _, since, until in leases)
        if leases:
            assert self.state.last_lease
            last = self.state.last_lease
            assert (last.company, last.begun_on, last.ended_on) == leases[-1]
            assert (last.ended_on is None) == (self.state.status in ("let", "notice"))


AnyPlot.TestCase.settings = AnyUnit.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestAnyPlot = AnyPlot.TestCase
TestAnyUnit = AnyUnit.TestCase
