"""Whatever is asked of events and bookings, and whenever what follows is done, what must hold still holds."""

from collections.abc import Mapping
from datetime import timedelta
from typing import get_args

from forums import FORUM_DAY, TERMS
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from pupils import COMPANY, MEMBER, OTHER_SCHOOL, SCHOOL, SUSPENDED
from youths import Youths

from contracts.youth_events.class_booking import AttendanceCorrection, ClassBookingCancellation
from contracts.youth_events.event import EventCancellation, EventClosing, PartCorrection, ParticipationEnd
from eventstore.decider import Command
from youth_events.class_booking import (
    PENDING,
    Cancel,
    ChangeNumbers,
    ClassBooking,
    Confirm,
    CorrectAttendance,
    RecordAttendance,
    RecordNoShow,
    Request,
    class_bookings,
)
from youth_events.event import (
    BOOKABLE,
    AddCompany,
    ChangeCapacity,
    Close,
    CorrectCompany,
    Draft,
    Open,
    Publish,
    RecordHeld,
    Report,
    Revise,
    WithdrawCompany,
    YouthEvent,
    events,
)
from youth_events.event import Cancel as CancelEvent

EVENTS = ("0190a3c4-5e6f-7a8b-9c0d-00000000000a", "0190a3c4-5e6f-7a8b-9c0d-00000000000b")
STEPS: Mapping[str, Command] = {
    "requested": Confirm(),
    "confirmed": RecordAttendance(girls=4, boys=5, adults=1),
    "attended": CorrectAttendance(girls=5, boys=5, adults=1, reason="miscounted"),
}
"""What takes a booking further."""
counts = st.integers(0, 8)


class AnyEvent(Youths):
    """Two events on one day, and six classes; what events ask for is done later, stream by stream."""

    @property
    def events(self) -> Mapping[str, YouthEvent]:
        return self.of(events)

    @property
    def bookings(self) -> Mapping[str, ClassBooking]:
        return self.of(class_bookings)

    @initialize(capacities=st.tuples(st.integers(10, 40), st.integers(10, 40)))
    def open(self, capacities: tuple[int, int]) -> None:
        """Both are open for bookings."""
        for name, capacity in zip(EVENTS, capacities, strict=True):
            assert self.ask(events, name, Draft(**{**TERMS, "capacity": capacity})) is None
            assert self.ask(events, name, Publish()) is None
            assert self.ask(events, name, Open()) is None

    @rule(days=st.sampled_from((1, 7, 40, 70)))
    def time_goes_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @rule(member=st.sampled_from((*(MEMBER,) * 5, SUSPENDED)))
    def the_membership_changes(self, member: object) -> None:
        self.member = member  # type: ignore[assignment]  # it is a member, or was

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), times=st.integers(1, 4))
    def what_follows_is_done(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            if self.waiting:
                self.react(data.draw(st.sampled_from(self.waiting)))

    @precondition(lambda self: len(self.streams) > 4)
    @rule()
    def what_is_due_next_is_issued(self) -> None:
        self.issue_next()

    @rule(
        which=st.sampled_from(EVENTS),
        school=st.sampled_from((SCHOOL, OTHER_SCHOOL)),
        label=st.sampled_from(("3e A", "3e a", "3e B")),
        pupils=st.integers(1, 16),
        late=st.integers(0, 90),
    )
    def book(self, which: str, school: str, label: str, pupils: int, late: int) -> None:
        asked = Request(
            event=which,
            school=school,
            class_label=label,
            level="3e",
            pupils=pupils,
            adults=2,
            on=self.today - timedelta(days=late),
        )
        self.ask(class_bookings, f"0190a3c4-5e6f-7a8b-9c0d-{len(self.streams):012}", asked)

    @precondition(lambda self: self.bookings)
    @rule(data=st.data(), times=st.integers(1, 3))
    def take_the_next_steps(self, data: st.DataObject, times: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.bookings)))
        for _ in range(times):
            if command := STEPS.get(self.bookings[name].status):
                self.ask(class_bookings, name, command)

    @precondition(lambda self: self.bookings)
    @rule(
        data=st.data(),
        command=st.one_of(
            st.sampled_from((Confirm(), RecordNoShow())),
            st.builds(ChangeNumbers, pupils=st.integers(1, 20), adults=st.just(2)),
            st.builds(Cancel, reason=st.sampled_from(get_args(ClassBookingCancellation))),
            st.builds(RecordAttendance, girls=counts, boys=counts, adults=st.just(1)),
            st.builds(
                CorrectAttendance,
                girls=counts,
                boys=counts,
                adults=st.just(0),
                reason=st.sampled_from(get_args(AttendanceCorrection)),
            ),
        ),
    )
    def anything(self, data: st.DataObject, command: Command) -> None:
        self.ask(class_bookings, data.draw(st.sampled_from(sorted(self.bookings))), command)

    @rule(
        which=st.sampled_from(EVENTS),
        command=st.one_of(
            st.sampled_from((RecordHeld(), Report(), AddCompany(company=COMPANY), Revise(capacity=9))),
            st.builds(ChangeCapacity, capacity=st.integers(1, 50)),
            st.builds(Close, reason=st.sampled_from(get_args(EventClosing))),
            st.builds(WithdrawCompany, company=st.just(COMPANY), reason=st.sampled_from(get_args(ParticipationEnd))),
            st.builds(
                CorrectCompany,
                company=st.just(COMPANY),
                took_part=st.booleans(),
                reason=st.sampled_from(get_args(PartCorrection)),
            ),
        ),
    )
    def anything_of_an_event(self, which: str, command: Command) -> None:
        self.ask(events, which, command)

    @precondition(lambda self: len(self.streams) > 6)
    @rule(which=st.sampled_from(EVENTS), reason=st.sampled_from(get_args(EventCancellation)))
    def an_event_is_cancelled(self, which: str, reason: EventCancellation) -> None:
        self.ask(events, which, CancelEvent(reason=reason))

    @precondition(lambda self: len(self.streams) > 5)
    @rule(which=st.sampled_from(EVENTS), came=st.lists(st.booleans(), max_size=6))
    def an_event_takes_place(self, which: str, came: list[bool]) -> None:
        """It is recorded of some classes whether they came, and then who organised it closes the report."""
        self.today = max(self.today, FORUM_DAY)
        self.ask(events, which, RecordHeld())
        theirs = [name for name, booking in self.bookings.items() if booking.event == which]
        for name, has_come in zip(theirs, came, strict=False):
            self.ask(class_bookings, name, Confirm())
            self.ask(class_bookings, name, STEPS["confirmed"] if has_come else RecordNoShow())
        self.ask(events, which, Report())

    def booked(self, event: str) -> list[ClassBooking]:
        return [each for each in self.bookings.values() if each.event == event and each.status != "cancelled"]

    @invariant()
    def no_more_places_are_booked_than_there_are(self) -> None:
        for name, event in self.events.items():
            assert sum(each.pupils for each in self.booked(name)) <= event.capacity

    @invariant()
    def a_class_books_an_event_once(self) -> None:
        for name in self.events:
            classes = [(each.school, each.class_label.lower()) for each in self.booked(name)]
            assert len(set(classes)) == len(classes)

    @invariant()
    def an_event_is_full_while_as_many_are_counted_as_it_has_places(self) -> None:
        for event in self.events.values():
            assert event.booked == sum(each.pupils for each in event.classes)
            assert len({each.booking for each in event.classes}) == len(event.classes)
            assert event.companies == tuple(each.company for each in event.participants)
            if event.status in BOOKABLE:
                assert (event.status == "full") == (event.booked >= event.capacity)

    @invariant()
    def what_takes_bookings_is_looked_at_on_its_day_and_nothing_else(self) -> None:
        for event in self.events.values():
            assert bool(events.due_of(event)) == (event.status in BOOKABLE)

    @invariant()
    def nobody_comes_before_the_day_or_to_what_was_not_held(self) -> None:
        for booking in self.bookings.values():
            assert (booking.status in ("attended", "no_show")) == bool(booking.recorded_on)
            if booking.recorded_on:
                assert booking.recorded_on >= FORUM_DAY
                assert self.events[booking.event].status in ("held", "reported")
            came = booking.attendance
            assert booking.attended == (came.girls + came.boys + came.untold if came else 0)
            assert (booking.status == "attended") == bool(came)

    @invariant()
    def a_report_expects_nobody(self) -> None:
        for name, event in self.events.items():
            if event.status == "reported":
                assert not [each for each in self.booked(name) if each.status in PENDING]

    def teardown(self) -> None:
        """Once all that follows is done, what is counted is what there is, and nobody comes to what is cancelled."""
        while self.waiting:
            self.react(self.waiting[0])
        for name, event in self.events.items():
            booked = {known: each for known, each in self.bookings.items() if each in self.booked(name)}
            if event.status == "cancelled":
                assert not booked
            assert {each.booking: (each.pupils, each.attendance) for each in event.classes} == {
                known: (each.pupils, each.attendance) for known, each in booked.items()
            }


AnyEvent.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyEvent = AnyEvent.TestCase
