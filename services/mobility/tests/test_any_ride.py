"""Whatever is asked of rides, and whenever the platform looks at them, what must hold still holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from rides import DAY, DRIVER, OTHER, PASSENGER, ROUTE, THIRD, paris, rider

from contracts.mobility.ride import Otherwise, PassengerRelease, RideCancellation
from eventstore.decider import PLATFORM, Claim, Command, Context
from eventstore.execution import moment
from eventstore.refusal import Rejected
from eventstore.specification import Specification
from mobility.ride import (
    BETWEEN,
    MATCHING,
    MOST_RIDES,
    Ask,
    Came,
    Cancel,
    Complete,
    ConfirmDriver,
    ConfirmPassenger,
    CorrectOutcome,
    Lapse,
    Match,
    Offer,
    RecordDriverMissed,
    RecordMissed,
    Release,
    Ride,
    rides,
)

PEOPLE: Final = (DRIVER, PASSENGER, OTHER, THIRD)
people = st.sampled_from(PEOPLE)
numbers = st.integers(1, 3)
came = st.lists(st.builds(Came, number=numbers, otherwise=st.sampled_from(get_args(Otherwise))), max_size=3).map(tuple)


class AnyRide(RuleBasedStateMachine):
    """Four people who drive and ride along on two days, with the clock going on by hours."""

    def __init__(self) -> None:
        super().__init__()
        self.now = paris(DAY - timedelta(days=1), 12)
        self.rides: dict[str, Ride] = {}

    def ask(self, name: str, command: Command, platform: bool = False) -> str | None:
        """Issues a command; returns the slug of what refused it."""
        state = self.rides.get(name)
        decision = rides.decision(type(command))
        context = Context(self.now, frozenset((PLATFORM,) if platform else MATCHING))
        try:
            events = rides.decide(state, command, context, [None] * len(decision.looks_up))
        except Rejected as rejected:
            return rejected.slug
        after = Specification(rides, self.now.date()).fold(events, state)
        if events:
            rides.check_status(command, state, after)
        if taken := self.collision(name, rides.claims_of(after)):
            return taken
        if after:
            self.rides[name] = after
        return None

    def collision(self, name: str, wanted: Iterable[Claim]) -> str | None:
        """What the append would refuse."""
        held = [claim for other, ride in self.rides.items() if other != name for claim in rides.claims_of(ride)]
        for claim in wanted:
            alike = [each for each in held if (each.refusal, each.key) == (claim.refusal, claim.key)]
            if claim.limit is not None:
                if len(alike) + 1 > claim.limit:
                    return claim.refusal.slug
            elif any(_overlap(each, claim) for each in alike):
                return claim.refusal.slug
        return None

    @rule(hours=st.integers(1, 9))
    def time_goes_by(self, hours: int) -> None:
        """And nobody looks at what is due."""
        self.now += timedelta(hours=hours)

    @rule(
        driver=people,
        ahead=st.integers(0, 1),
        hour=st.integers(5, 22),
        minutes=st.sampled_from((10, 40, 90)),
        seats=st.integers(1, 3),
    )
    def somebody_drives(self, driver: str, ahead: int, hour: int, minutes: int, seats: int) -> None:
        day: date = self.now.date() + timedelta(days=ahead)
        told = {**ROUTE, "day": day, "departs": f"{hour:02}:00", "minutes": minutes, "seats": seats}
        self.ask(f"ride-{len(self.rides)}", Offer(**told, driver=rider(driver)))

    @precondition(lambda self: self.rides)
    @rule(data=st.data(), asking=st.lists(people, min_size=1, max_size=4))
    def some_ask(self, data: st.DataObject, asking: list[str]) -> None:
        name = self.one(data)
        for person in asking:
            self.ask(name, Ask(passenger=rider(person)))

    @precondition(lambda self: self.rides)
    @rule(data=st.data(), told=came)
    def a_ride_goes_its_way(self, data: st.DataObject, told: tuple[Came, ...]) -> None:
        """All that asked are agreed to and confirm; if it has departed, it is told how it was."""
        name = self.one(data)
        for number in [place.number for place in self.rides[name].places]:
            self.ask(name, Match(number=number))
            self.ask(name, ConfirmPassenger(number=number))
        self.ask(name, ConfirmDriver())
        if told:
            self.ask(name, Complete(came=told))
        self.ask(name, CorrectOutcome(came=told, reason="checked"))

    @precondition(lambda self: self.rides)
    @rule(
        data=st.data(),
        command=st.one_of(
            st.sampled_from((ConfirmDriver(), RecordDriverMissed())),
            st.builds(Match, number=numbers),
            st.builds(ConfirmPassenger, number=numbers),
            st.builds(RecordMissed, number=numbers),
            st.builds(Release, number=numbers, reason=st.sampled_from(get_args(PassengerRelease))),
            st.builds(Cancel, reason=st.sampled_from(get_args(RideCancellation))),
            st.builds(CorrectOutcome, came=came, reason=st.just("other")),
            came.filter(bool).map(lambda told: Complete(came=told)),
        ),
    )
    def anything(self, data: st.DataObject, command: Command) -> None:
        self.ask(self.one(data), command)

    @precondition(lambda self: self.rides)
    @rule()
    def what_is_due_next_is_issued(self) -> None:
        """It is never refused, and something changes."""
        due = [(moment(each.at), name) for name, ride in self.rides.items() for each in rides.due_of(ride)]
        at, name = min(due, default=(self.now, ""))
        if name and at <= self.now + timedelta(days=2):
            self.now = max(self.now, at)
            before = self.rides[name]
            on = max(at.date(), before.effective_on)
            assert self.ask(name, Lapse(on=on), platform=True) is None
            assert self.rides[name] != before

    def one(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.rides)))

    @property
    def times(self) -> Mapping[str, list[tuple[datetime, datetime]]]:
        """When each person is in a ride, or is expected in one."""
        times: dict[str, list[tuple[datetime, datetime]]] = {person: [] for person in PEOPLE}
        for ride in self.rides.values():
            if ride.status not in ("cancelled", "no_show"):
                there = [place.passenger for place in ride.places if place.status != "no_show"]
                for person in (ride.driver, *there):
                    times[person].append((ride.departs_at, ride.arrives_at))
        return {person: sorted(each) for person, each in times.items()}

    @invariant()
    def no_seat_is_sold_twice_and_nobody_has_two(self) -> None:
        for ride in self.rides.values():
            assert len(ride.places) == ride.seats_taken <= ride.seats
            assert ride.passengers == tuple(place.passenger for place in ride.places)
            assert len({ride.driver, *ride.passengers}) == 1 + len(ride.passengers)
            assert len({place.number for place in ride.places}) == len(ride.places)

    @invariant()
    def nobody_is_in_two_rides_and_there_are_thirty_minutes_between_two(self) -> None:
        for times in self.times.values():
            for (_, arrives), (departs, _) in pairwise(times):
                assert departs - arrives >= BETWEEN

    @invariant()
    def nobody_is_in_more_than_four_rides_a_day(self) -> None:
        for times in self.times.values():
            days = Counter(departs.date() for departs, _ in times)
            assert max(days.values(), default=0) <= MOST_RIDES

    @invariant()
    def the_status_is_that_of_who_has_got_furthest(self) -> None:
        for ride in self.rides.values():
            statuses = {place.status for place in ride.places}
            match ride.status:
                case "offered":
                    assert statuses <= {"requested"}
                case "matched":
                    assert "matched" in statuses
                    assert not statuses & {"confirmed", "came", "no_show"}
                case "confirmed":
                    assert "confirmed" in statuses
                    assert ride.driver_confirmed_on
                case "completed":
                    assert "came" in statuses <= {"came", "no_show"}
                case "no_show":
                    assert "came" not in statuses

    @invariant()
    def a_ride_counts_for_who_came_and_co2_for_who_would_have_driven(self) -> None:
        for ride in self.rides.values():
            came = [place for place in ride.places if place.status == "came"]
            assert {each.number: each.otherwise for each in ride.came} == {each.number: each.otherwise for each in came}
            assert round(1000 * ride.passenger_km) == ride.metres * len(came)
            alone = sum(place.otherwise == "drove_alone" for place in came)
            assert round(1_000_000 * ride.co2_avoided_kg) == ride.metres * alone * 192

    @invariant()
    def what_is_still_to_be_told_is_looked_at_and_nothing_else(self) -> None:
        for ride in self.rides.values():
            assert bool(rides.due_of(ride)) == (ride.status in ("offered", "matched", "confirmed"))


def _overlap(one: Claim, other: Claim) -> bool:
    assert one.during
    assert other.during
    return one.during[0] < other.during[1] and other.during[0] < one.during[1]


AnyRide.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyRide = AnyRide.TestCase
