"""Whatever is asked of a machine and of a booking of it, as time goes by, what must always hold still holds."""

from datetime import date, datetime, timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companies.booking import (
    SLOT_TAKEN,
    Accept,
    Approve,
    BeginUse,
    Booking,
    Cancel,
    CorrectOutcome,
    Decline,
    Displace,
    Finish,
    Offer,
    RecordMissed,
    Request,
    Review,
    bookings,
)
from companies.company import Company, companies
from companies.equipment import (
    WEEKDAYS,
    BeginMaintenance,
    ChangeOpening,
    Commission,
    EndMaintenance,
    EnterService,
    Equipment,
    PlanMaintenance,
    ProlongMaintenance,
    Retire,
    UnplanMaintenance,
    equipments,
    hour_of,
)
from companies.licence import Licence, licences
from contracts import Event, sample_siret
from contracts.companies.booking import BookingCancellation
from contracts.companies.company import CompanyActivated, CompanyApplied
from contracts.companies.equipment import RetirementReason
from contracts.companies.licence import LicenceIssued
from contracts.model import PARIS, Correction
from eventstore.decider import PLATFORM, Command, Context, Decider, State
from eventstore.execution import moment
from eventstore.refusal import Rejected
from eventstore.specification import Specification

BEGIN = datetime(2024, 10, 21, 6, tzinfo=PARIS)
"""The Monday before the clocks go back."""
COMPANY = sample_siret(0)
LICENCE = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
PLACE: dict[str, Any] = {"company": COMPANY, "naf": "24.54Z", "commune": "18055", "zone": None}
MEMBER: Company | None = companies.fold(
    (
        CompanyApplied(
            **PLACE, name="Moulin", legal_form="5710", headcount=9, size_band="03", effective_on=date(2024, 1, 1)
        ),
        CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=date(2024, 1, 1)),
    )
)
LICENSED: Licence | None = licences.fold(
    (
        LicenceIssued(
            **PLACE,
            equipment="cobot-1",
            valid_until=date(2024, 11, 2),
            expires_on=date(2024, 11, 3),
            effective_on=date(2024, 1, 1),
        ),
    )
)
later = st.integers(0, 40).map(lambda hours: timedelta(hours=hours / 2))


class AnyBooking(RuleBasedStateMachine):
    """A machine and a booking of it, of which anything is asked; what is due is issued now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.machine: Equipment | None = None
        self.booking: Booking | None = None
        self.events: list[Event] = []
        self.ask(
            equipments,
            Commission(
                code="cobot-1",
                name="Cobot",
                kind="robotics",
                commune="36088",
                weekdays=WEEKDAYS,
                opens=0,
                closes=24,
                quota_hours=20,
            ),
        )
        self.ask(equipments, EnterService())

    def ask(self, decider: Decider[Any], command: Command) -> bool:
        """Whether a command is not refused; what it led to is kept."""
        state = self.machine if decider is equipments else self.booking
        decision = decider.decision(type(command))
        known: dict[str, State | None] = {"equipment": self.machine, "licence": LICENSED, "company": MEMBER}
        try:
            looked_up = [known[lookup.key] for lookup in decision.looks_up]
            events = decider.decide(state, command, Context(self.now, frozenset(decision.by)), looked_up)
        except Rejected:
            return False
        after = Specification(decider, self.now.date()).fold(events, state)
        if events:
            decider.check_status(command, state, after)
        if decider is equipments:
            assert after is None or isinstance(after, Equipment)
            self.machine = after
        else:
            assert after is None or isinstance(after, Booking)
            self.booking = after
            self.events += events
        return True

    @rule(by=later)
    def time_goes_by(self, by: timedelta) -> None:
        """And nobody looks at what is due."""
        self.now = datetime.fromtimestamp(self.now.timestamp() + by.total_seconds(), PARIS)

    @rule()
    def what_is_due_next_is_issued(self) -> None:
        """It is never refused, and something changes."""
        streams: list[tuple[Decider[Any], Any]] = [(equipments, self.machine), (bookings, self.booking)]
        for decider, state in streams:
            for due in decider.due_of(state):
                at = moment(due.at)
                if at <= self.now + timedelta(hours=4):
                    self.now = max(self.now, at.astimezone(PARIS))
                    day = at.astimezone(PARIS).date()
                    on = max(day, state.effective_on if state else day)
                    assert PLATFORM in decider.decision(type(due.command)).by
                    assert self.ask(decider, due.command.model_copy(update={"on": on}))
                    assert (self.machine if decider is equipments else self.booking) != state

    @initialize(ahead=st.integers(1, 500), hours=st.integers(1, 24), wait=st.booleans())
    def request(self, ahead: int, hours: int, wait: bool) -> None:
        quarter = datetime.fromtimestamp(self.now.timestamp() + 900 * ahead, PARIS)
        starts = quarter if quarter.hour + hours <= 24 else hour_of(quarter.date(), 0)
        asked = Request(company=COMPANY, equipment="cobot-1", licence=LICENCE, starts=starts, hours=hours, wait=wait)
        self.ask(bookings, asked)

    @precondition(lambda self: self.booking is not None)
    @rule()
    def take_the_next_step(self) -> None:
        assert self.booking
        if self.booking.status == "approved":
            self.now = max(self.now, self.booking.starts)
        steps = {"waiting": Offer(), "offered": Accept(), "requested": Approve(), "approved": BeginUse()}
        self.ask(bookings, steps.get(self.booking.status, Finish()))

    @precondition(lambda self: self.booking is not None)
    @rule(
        command=st.one_of(
            st.sampled_from((Offer(), Accept(), Decline(), Approve(), Approve(), BeginUse(), Finish(), RecordMissed())),
            st.builds(Cancel, reason=st.sampled_from(get_args(BookingCancellation))),
            st.just(Review()),
            st.builds(CorrectOutcome, outcome=st.sampled_from(("done", "no_show")), reason=st.just("other")),
        )
    )
    def anything(self, command: Command) -> None:
        self.ask(bookings, command)

    @precondition(lambda self: self.booking is not None)
    @rule(hours=st.none() | st.integers(1, 200))
    def displace(self, hours: int | None) -> None:
        starts = hours and datetime.fromtimestamp(self.now.timestamp() + 3600 * hours, PARIS)
        self.ask(bookings, Displace(starts=starts or None))

    @rule(
        command=st.one_of(
            st.builds(BeginMaintenance, maintenance_until=st.dates(date(2024, 10, 20), date(2024, 11, 5))),
            st.builds(ProlongMaintenance, maintenance_until=st.dates(date(2024, 10, 20), date(2024, 11, 8))),
            st.builds(
                PlanMaintenance,
                maintenance_from=st.dates(date(2024, 10, 21), date(2024, 11, 1)),
                maintenance_until=st.dates(date(2024, 10, 22), date(2024, 11, 5)),
            ),
            st.just(UnplanMaintenance()),
            st.just(EndMaintenance()),
            st.builds(
                ChangeOpening,
                weekdays=st.just(("sunday", "monday")),
                opens=st.integers(0, 12),
                closes=st.integers(10, 24),
                quota_hours=st.integers(1, 9),
            ),
        )
    )
    def anything_of_the_machine(self, command: Command) -> None:
        self.ask(equipments, command)

    @precondition(lambda self: len(self.events) > 4)
    @rule(reason=st.sampled_from(get_args(RetirementReason)))
    def retire(self, reason: RetirementReason) -> None:
        self.ask(equipments, Retire(reason=reason))

    @invariant()
    def a_machine_counts_as_open_while_it_is_in_service(self) -> None:
        assert self.machine
        in_service = self.machine.status == "in_service"
        assert self.machine.weekly_hours == (self.machine.hours if in_service else 0)
        in_maintenance = self.machine.status == "maintenance"
        assert bool(self.machine.maintenance_until) == in_maintenance
        assert bool(equipments.due_of(self.machine)) == in_maintenance or self.machine.planned_from
        assert not self.machine.planned_from or in_service

    @invariant()
    def what_has_begun_and_is_not_over_is_looked_at_again(self) -> None:
        if self.booking:
            over = self.booking.status in ("done", "no_show", "cancelled", "lapsed")
            assert len(bookings.due_of(self.booking)) == (0 if over else 1)

    @invariant()
    def a_slot_is_held_from_the_request_to_its_end(self) -> None:
        if self.booking:
            slots = [claim for claim in bookings.claims_of(self.booking) if claim.refusal is SLOT_TAKEN]
            assert bool(slots) == (self.booking.status in ("requested", "offered", "approved", "in_use"))
            assert all(claim.during == (self.booking.starts, self.booking.ends) for claim in slots)

    @invariant()
    def a_slot_lasts_its_hours_and_an_offer_ends_before_it_begins(self) -> None:
        if self.booking:
            assert self.booking.ends.timestamp() - self.booking.starts.timestamp() == 3600 * self.booking.hours
            if self.booking.status == "offered":
                assert self.booking.offered_until
                assert self.booking.offered_until <= self.booking.starts
            if self.booking.status in ("done", "no_show"):
                assert bool(self.booking.used_on) == (self.booking.status == "done")
                assert bool(self.booking.missed_on) == (self.booking.status == "no_show")

    @invariant()
    def steps_never_go_back(self) -> None:
        days = [event.effective_on for event in self.events if not isinstance(event, Correction)]
        assert days == sorted(days)
        assert bookings.fold(self.events) == self.booking


AnyBooking.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestAnyBooking = AnyBooking.TestCase
