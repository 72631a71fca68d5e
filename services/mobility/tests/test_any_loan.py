"""Whatever is asked of stations, bikes and loans, and whenever what follows is done, what must hold still holds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from lending import GARE, LIMOISE, TODAY, at, borrower
from streams import Streams

from eventstore.decider import Command
from mobility.bike import BeginMaintenance, Bike, Commission, EndMaintenance, Move, Retire, bikes
from mobility.bike_station import BikeStation, ChangeDocks, Close, EnterService, Plan, bike_stations
from mobility.loan import Cancel, Loan, MarkOverdue, RecordLost, Request, Return, Take, loans
from mobility.reactions import reactions

BIKES = ("velo-1", "velo-2", "velo-3", "velo-4")
STATIONS = (GARE, LIMOISE)
PERSONS = tuple(f"0190a3c4-5e6f-7a8b-9c0d-00000000001{number}" for number in range(3))
OUT = ("active", "overdue")


class AnyLoan(Streams):
    """Two small stations, four bikes and three borrowers; what events ask for is done later, stream by stream."""

    reactions = reactions
    begins = TODAY

    def __init__(self) -> None:
        super().__init__()
        self.lent = 0
        """How many loans were taken."""

    @property
    def stations(self) -> Mapping[str, BikeStation]:
        return self.of(bike_stations)

    @property
    def bikes(self) -> Mapping[str, Bike]:
        return self.of(bikes)

    @property
    def loans(self) -> Mapping[str, Loan]:
        return self.of(loans)

    @initialize(docks=st.tuples(st.integers(1, 4), st.integers(1, 4)))
    def open(self, docks: tuple[int, int]) -> None:
        """Both stations are in service, and as many bikes as there are docks stand in them."""
        for name, number in zip(STATIONS, docks, strict=True):
            plan = Plan(code=name, name=name, position=(1.987, 46.949), commune="36088", docks=number)
            assert self.ask(bike_stations, name, plan) is None
            assert self.ask(bike_stations, name, EnterService()) is None
        for number, name in enumerate(BIKES):
            self.ask(bikes, name, Commission(code=name, kind="e_bike", station=STATIONS[number % 2]))

    @rule(days=st.integers(1, 40))
    def time_goes_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), times=st.integers(1, 4))
    def what_follows_is_done(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            if self.waiting:
                self.react(data.draw(st.sampled_from(self.waiting)))

    @precondition(lambda self: self.loans)
    @rule()
    def what_is_due_next_is_issued(self) -> None:
        self.at_noon_or_later()

    @rule(which=st.sampled_from(BIKES), whose=st.sampled_from(PERSONS), hours=st.integers(1, 72))
    def borrow(self, which: str, whose: str, hours: int) -> None:
        due_back = self.now + timedelta(hours=hours)
        name = f"0190a3c4-5e6f-7a8b-9c0d-{len(self.streams):012}"
        asked = self.ask(loans, name, Request(bike=which, borrower=borrower(whose), due_back=due_back))
        if asked is None and hours % 2:
            self.take(name)

    @precondition(lambda self: self.loans)
    @rule(data=st.data(), to=st.sampled_from(STATIONS))
    def take_the_next_step(self, data: st.DataObject, to: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.loans)))
        match self.loans[name].status:
            case "requested":
                self.take(name)
            case "active" | "overdue":
                self.ask(loans, name, Return(returned_to=to))

    @precondition(lambda self: self.loans)
    @rule(
        data=st.data(),
        command=st.sampled_from(
            (Cancel(reason="not_needed"), MarkOverdue(), RecordLost(reason="stolen"), Return(returned_to=GARE))
        ),
    )
    def anything(self, data: st.DataObject, command: Command) -> None:
        self.ask(loans, data.draw(st.sampled_from(sorted(self.loans))), command)

    @rule(
        which=st.sampled_from(BIKES),
        command=st.one_of(
            st.builds(Move, station=st.sampled_from(STATIONS)),
            st.builds(Commission, code=st.just("velo"), kind=st.just("bike"), station=st.sampled_from(STATIONS)),
            st.builds(BeginMaintenance, reason=st.just("repair"), in_dock=st.booleans()),
            st.builds(EndMaintenance, station=st.sampled_from((None, *STATIONS))),
            st.just(Retire(reason="sold")),
        ),
    )
    def anything_of_a_bike(self, which: str, command: Command) -> None:
        if isinstance(command, Commission):
            command = command.model_copy(update={"code": which})
        if isinstance(command, Commission) != (which in self.bikes):
            self.ask(bikes, which, command)

    @rule(
        which=st.sampled_from(STATIONS),
        command=st.one_of(st.builds(ChangeDocks, docks=st.integers(1, 4)), st.just(Close(reason="works"))),
    )
    def anything_of_a_station(self, which: str, command: Command) -> None:
        if isinstance(command, ChangeDocks) or len(self.streams) > 12:
            self.ask(bike_stations, which, command)

    @property
    def now(self) -> datetime:
        return at(12, day=self.today)

    def take(self, name: str) -> None:
        if self.ask(loans, name, Take()) is None:
            self.lent += 1

    def at_noon_or_later(self) -> None:
        """What is due next is issued at the noon after."""
        due = [each.at for loan in self.loans.values() for each in loans.due_of(loan)]
        moments = [each for each in due if isinstance(each, datetime)]
        if moments and min(moments) > self.now:
            self.today = max(self.today, min(moments).date() + timedelta(days=1))
        self.issue_next()

    def out(self, **fields: Any) -> list[Loan]:
        """The loans whose borrowers have asked for a bike or have it."""
        return [
            loan
            for loan in self.loans.values()
            if loan.status in ("requested", *OUT)
            and all(getattr(loan, name) == value for name, value in fields.items())
        ]

    def at(self, station: str) -> set[str]:
        """The bikes that really stand there: where a loan brought them, or else where they say."""
        there = {name for name, bike in self.bikes.items() if bike.station == station}
        gone = {loan.bike for loan in self.loans.values() if self.has_or_had(loan)}
        brought = (loan.bike for loan in self.loans.values() if loan.returned_to == station and not loan.settled)
        return (there - gone).union(brought)

    def has_or_had(self, loan: Loan) -> bool:
        """Whether a bike left with this loan, and has not told that it is back."""
        return loan.status in OUT or (loan.status in ("returned", "lost") and not loan.settled)

    @invariant()
    def a_bike_is_in_one_loan(self) -> None:
        for name in self.bikes:
            assert len(self.out(bike=name)) <= 1
            assert sum(self.has_or_had(loan) for loan in self.loans.values() if loan.bike == name) <= 1

    @invariant()
    def a_borrower_has_one_loan(self) -> None:
        for person in PERSONS:
            assert len(self.out(borrower=person)) <= 1

    @invariant()
    def a_bike_is_at_one_place(self) -> None:
        places = [self.at(name) for name in STATIONS]
        assert not places[0] & places[1]
        for loan in self.out():
            if loan.status in OUT:
                assert not any(loan.bike in place for place in places)

    @invariant()
    def no_more_bikes_stand_at_a_station_than_it_has_docks(self) -> None:
        for name, station in self.stations.items():
            docks = station.docks if station.status == "in_service" else 0
            assert len(self.at(name)) <= docks

    @invariant()
    def only_a_bike_in_service_is_lent(self) -> None:
        for loan in self.out():
            assert self.bikes[loan.bike].status == "in_service"
        for bike in self.bikes.values():
            assert bike.loan is None or (bike.status == "in_service" and bike.station is None)

    def teardown(self) -> None:
        """Once all that follows is done, each bike is where its last loan says, and has made as many trips as loans."""
        while self.waiting:
            self.react(self.waiting[0])
        assert sum(bike.trips for bike in self.bikes.values()) == self.lent
        for name, bike in self.bikes.items():
            (having,) = [*self.out(bike=name), None][:1]
            is_out = having is not None and having.status in OUT
            assert (bike.loan is not None) == is_out
            if bike.status == "in_service":
                assert (bike.station is None) == is_out
        for loan in self.loans.values():
            assert loan.settled == (loan.status in ("returned", "lost"))


AnyLoan.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyLoan = AnyLoan.TestCase
