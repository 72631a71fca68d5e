"""Whatever is asked of offers and placements, and whenever what follows is done, what must hold still holds."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from pupils import COMPANY, MEMBER, MONDAY, SCHOOL, SUSPENDED, WEEK, guardian, pupil, tutor
from youths import Youths

from contracts.youth_events.offer import ClosingReason, OfferWithdrawal
from contracts.youth_events.placement import PlacementApproved, PlacementCancellation, PlacementRejection
from eventstore.decider import Command
from youth_events.offer import ChangePlaces, Close, Offer, Open, Withdraw, offers
from youth_events.placement import (
    PENDING,
    Approve,
    Assess,
    Cancel,
    ChangeTutor,
    Complete,
    DrawUpAgreement,
    Placement,
    RecordGuardianSignature,
    Reject,
    SignForCompany,
    SignForSchool,
    Start,
    Submit,
    Transfer,
    Validate,
    placements,
)

ID = "0190a3c4-5e6f-7a8b-9c0d-00000000000"
OFFERS = (f"{ID}a", f"{ID}b")
NINE_TO_THREE: dict[str, Any] = {"arrives": "09:00", "leaves": "15:00", "break_minutes": 60}
STEPS: Mapping[str, tuple[Command, ...]] = {
    "submitted": (Validate(tutor=tutor()),),
    "transferred": (Validate(tutor=tutor()),),
    "employer_validated": (Approve(),),
    "approved": (
        DrawUpAgreement(weekdays=("monday",), **NINE_TO_THREE),
        SignForSchool(),
        SignForCompany(),
        RecordGuardianSignature(guardian=guardian()),
    ),
    "agreement_signed": (Start(),),
    "started": (Complete(),),
    "completed": (Assess(attendance="full", hosts_again=True),),
}
"""What takes a placement further."""


def _record_id(number: int) -> str:
    return f"0190a3c4-5e6f-7a8b-9c0d-{number:012}"


class AnyPlacement(Youths):
    """Two offers of a company for one week, and three pupils; what events ask for is done later, stream by stream."""

    @property
    def offers(self) -> Mapping[str, Offer]:
        return self.of(offers)

    @property
    def placements(self) -> Mapping[str, Placement]:
        return self.of(placements)

    @initialize(places=st.tuples(st.integers(1, 2), st.integers(1, 3)), asked=st.integers(0, 6))
    def open(self, places: tuple[int, int], asked: int) -> None:
        """Some pupils have asked already, and the company agrees."""
        for name, number in zip(OFFERS, places, strict=True):
            opened = Open(company=COMPANY, week=WEEK, grade="3e", places=number)
            assert self.ask(offers, name, opened) is None
        for number in range(asked):
            self.submit(OFFERS[number // 3], 1 + number % 3, 0)
            assert self.ask(placements, _record_id(2 + number), Validate(tutor=tutor())) is None

    @rule(days=st.integers(1, 5))
    def time_goes_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @rule(member=st.sampled_from((*(MEMBER,) * 5, SUSPENDED)))
    def the_membership_changes(self, member: Any) -> None:
        self.member = member

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def what_follows_is_done(self, data: st.DataObject) -> None:
        self.react(data.draw(st.sampled_from(self.waiting)))

    @precondition(lambda self: len(self.streams) > 5)
    @rule()
    def what_is_due_next_is_issued(self) -> None:
        self.issue_next()

    @rule(which=st.sampled_from(OFFERS), whose=st.integers(1, 3), late=st.integers(0, 9))
    def submit(self, which: str, whose: int, late: int) -> None:
        asked = Submit(
            offer=which,
            company=COMPANY,
            school=SCHOOL,
            pupil=pupil(date(2008 + whose, 6, 1), f"{ID}{whose}"),
            on=self.today - timedelta(days=late),
        )
        self.ask(placements, _record_id(len(self.streams)), asked)

    @precondition(lambda self: self.placements)
    @rule(data=st.data(), times=st.integers(1, 3))
    def take_the_next_steps(self, data: st.DataObject, times: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.placements)))
        for _ in range(times):
            if self.placements[name].status == "agreement_signed":
                self.today = max(self.today, MONDAY)
            for command in STEPS.get(self.placements[name].status, ()):
                self.ask(placements, name, command)

    @precondition(lambda self: self.approved())
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        approved = self.approved()
        names = sorted(name for name, each in self.placements.items() if each in approved)
        self.ask(placements, data.draw(st.sampled_from(names)), Cancel(reason="left_school"))

    @precondition(lambda self: self.placements)
    @rule(
        data=st.data(),
        command=st.one_of(
            st.sampled_from((Transfer(), Approve(), SignForSchool(), Start(), Complete())),
            st.builds(Reject, reason=st.sampled_from(get_args(PlacementRejection))),
            st.builds(Cancel, reason=st.sampled_from(get_args(PlacementCancellation))),
            st.builds(ChangeTutor, tutor=st.sampled_from((tutor(), tutor(f"{ID}9")))),
            st.just(DrawUpAgreement(weekdays=("tuesday",), **NINE_TO_THREE)),
        ),
    )
    def anything(self, data: st.DataObject, command: Command) -> None:
        self.ask(placements, data.draw(st.sampled_from(sorted(self.placements))), command)

    @rule(
        which=st.sampled_from(OFFERS),
        command=st.one_of(
            st.builds(ChangePlaces, places=st.integers(1, 4)),
            st.builds(Close, reason=st.sampled_from(get_args(ClosingReason))),
            st.builds(Withdraw, reason=st.sampled_from(get_args(OfferWithdrawal))),
        ),
    )
    def anything_of_an_offer(self, which: str, command: Command) -> None:
        if isinstance(command, ChangePlaces) or len(self.streams) > 4:
            self.ask(offers, which, command)

    def approved(self, **fields: str) -> list[Placement]:
        return [
            each
            for each in self.placements.values()
            if each.approved_on
            and each.status != "cancelled"
            and all(getattr(each, name) == value for name, value in fields.items())
        ]

    @invariant()
    def an_offer_never_has_fewer_places_than_are_taken(self) -> None:
        for name, offer in self.offers.items():
            assert len(self.approved(offer=name)) <= offer.places

    @invariant()
    def a_pupil_is_in_one_company_a_week(self) -> None:
        for whose in range(1, 4):
            assert len(self.approved(pupil=f"{ID}{whose}")) <= 1

    @invariant()
    def an_offer_is_full_while_as_many_are_counted_as_it_has(self) -> None:
        for offer in self.offers.values():
            assert offer.taken == len({*offer.taken_by}) == len(offer.taken_by)
            if offer.status in ("open", "full"):
                assert (offer.status == "full") == (offer.taken >= offer.places)

    @invariant()
    def what_waits_for_an_answer_is_looked_at_again_and_nothing_else(self) -> None:
        for placement in self.placements.values():
            assert bool(placements.due_of(placement)) == (placement.status in PENDING) == bool(placement.expires_on)
        for offer in self.offers.values():
            ended = offer.status in ("closed", "withdrawn")
            assert bool(offers.due_of(offer)) != ended

    @invariant()
    def an_agreement_is_signed_by_all_who_must(self) -> None:
        for placement in self.placements.values():
            if placement.status in ("agreement_signed", "started", "completed", "assessed"):
                assert all(placement.signed.values())
                assert bool(placement.guardian) == (placement.age_band != "adult")
            if placement.started_on:
                assert MONDAY <= placement.started_on <= MONDAY + timedelta(days=6)

    def teardown(self) -> None:
        """Once all that follows is done, what is counted is what there is, and who has a place asks for no other."""
        asked_before = {name for name, each in self.placements.items() if each.status in PENDING}
        placed_before = {each.pupil for each in self.approved()}
        undone = {
            event.pupil
            for events in self.to_react_to.values()
            for event in events
            if isinstance(event, PlacementApproved)
        }
        while self.waiting:
            self.react(self.waiting[0])
        for name, offer in self.offers.items():
            agreed = {each for each, placement in self.placements.items() if placement in self.approved(offer=name)}
            assert (offer.taken, {*offer.taken_by}) == (len(agreed), agreed)
            if offer.status == "withdrawn":
                assert not [each for each in self.placements.values() if each.offer == name and each.status in PENDING]
        for name in asked_before:
            placement = self.placements[name]
            assert not (placement.pupil in placed_before & undone and placement.status in PENDING)


AnyPlacement.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyPlacement = AnyPlacement.TestCase
