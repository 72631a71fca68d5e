"""Whatever is asked of offers and placements, and whenever what follows is done, what must hold still holds."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pupils import COMPANY, MEMBER, MONDAY, SCHOOL, SUSPENDED, TODAY, WEEK, guardian, pupil, tutor

from contracts import Event
from contracts.model import PARIS
from contracts.youth_events.offer import ClosingReason, OfferWithdrawal
from contracts.youth_events.placement import PlacementApproved, PlacementCancellation, PlacementRejection
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, State
from eventstore.execution import moment
from eventstore.reactions import Found, Identity
from eventstore.refusal import Rejected
from eventstore.specification import Specification
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
from youth_events.reactions import reactions

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


class AnyPlacement(RuleBasedStateMachine):
    """Two offers of a company for one week, and three pupils; what events ask for is done later, stream by stream."""

    def __init__(self) -> None:
        super().__init__()
        self.today = TODAY
        self.member = MEMBER
        self.streams: dict[str, tuple[Decider[Any], Any]] = {}
        self.to_react_to: dict[str, deque[Event]] = defaultdict(deque)

    @property
    def offers(self) -> Mapping[str, Offer]:
        return {name: state for name, (decider, state) in self.streams.items() if decider is offers}

    @property
    def placements(self) -> Mapping[str, Placement]:
        return {name: state for name, (decider, state) in self.streams.items() if decider is placements}

    def ask(self, decider: Decider[Any], name: str, command: Command, platform: bool = False) -> str | None:
        """Issues a command; returns the slug of what refused it."""
        decision = decider.decision(type(command))
        state = self.streams[name][1] if name in self.streams else None
        context = Context(
            datetime.combine(self.today, time(12), PARIS), frozenset((PLATFORM,) if platform else decision.roles)
        )
        try:
            events = decider.decide(state, command, context, self.looked_up(decider, command, state))
        except Rejected as rejected:
            return rejected.slug
        after = Specification(decider, self.today).fold(events, state)
        if events:
            decider.check_status(command, state, after)
        taken = self.collision(name, decider.claims_of(state), decider.claims_of(after))
        if taken is None:
            self.streams[name] = (decider, after)
            self.to_react_to[name].extend(events)
        return taken

    def looked_up(self, decider: Decider[Any], command: Command, state: State | None) -> list[State | None]:
        known: list[State | None] = []
        for lookup in decider.decision(type(command)).looks_up:
            asked = getattr(command if lookup.key in type(command).model_fields else state, lookup.key)
            known.append(self.offers.get(asked) if lookup.decider is offers else self.member)
        return known

    def collision(self, name: str, before: Iterable[Claim], after: Iterable[Claim]) -> str | None:
        """What the append would refuse: what all hold together, unless a stream holds as much already."""
        for claim in after:
            held = sum(other.amount for other in before if alike(name, other, name, claim))
            others = [
                other.amount
                for stream, (decider, state) in self.streams.items()
                if stream != name
                for other in decider.claims_of(state)
                if alike(stream, other, name, claim)
            ]
            too_much = bool(others) if claim.limit is None else sum(others) + claim.amount > claim.limit
            if too_much and claim.amount > held:
                return claim.refusal.slug
        return None

    def react(self, name: str) -> None:
        """Does what the next event of a stream asks for. Whatever refuses it is expected."""
        event = self.to_react_to[name].popleft()
        for reaction in reactions.of(type(event)):
            found = []
            if reaction.finds is not None:
                wanted = reaction.filters(event, Identity(name)).items()
                found.append(
                    [
                        Found(stream, state)
                        for stream, (decider, state) in self.streams.items()
                        if decider is reaction.finds
                        and all(
                            getattr(state, key) in (value if isinstance(value, tuple) else (value,))
                            for key, value in wanted
                        )
                    ]
                )
            told = [Identity(name)] if reaction.takes_identity else []
            for issue in reaction.function(event, *told, *found):
                reactions.check(issue)
                assert issue.identity is not None
                for command in issue.commands:
                    refused = self.ask(issue.decider, issue.identity, command, platform=True)
                    if refused is None:
                        break
                else:
                    assert refused in issue.expected, refused

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

    @precondition(lambda self: any(self.to_react_to.values()))
    @rule(data=st.data())
    def what_follows_is_done(self, data: st.DataObject) -> None:
        self.react(data.draw(st.sampled_from(sorted(name for name, events in self.to_react_to.items() if events))))

    @precondition(lambda self: len(self.streams) > 5)
    @rule()
    def what_is_due_next_is_issued(self) -> None:
        """It is never refused, and something changes."""
        due = [
            (moment(each.at).date(), name, each.command)
            for name, (decider, state) in self.streams.items()
            for each in decider.due_of(state)
        ]
        day, name, command = min(due, key=lambda each: each[:2], default=(self.today, "", None))
        if command is None:
            return
        self.today = max(self.today, day)
        decider, state = self.streams[name]
        on = max(day, state.effective_on)
        assert self.ask(decider, name, command.model_copy(update={"on": on}), platform=True) is None
        assert self.streams[name][1] != state

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
        while waiting := [name for name, events in self.to_react_to.items() if events]:
            self.react(waiting[0])
        for name, offer in self.offers.items():
            agreed = {each for each, placement in self.placements.items() if placement in self.approved(offer=name)}
            assert (offer.taken, {*offer.taken_by}) == (len(agreed), agreed)
            if offer.status == "withdrawn":
                assert not [each for each in self.placements.values() if each.offer == name and each.status in PENDING]
        for name in asked_before:
            placement = self.placements[name]
            assert not (placement.pupil in placed_before & undone and placement.status in PENDING)


def alike(stream: str, claim: Claim, other_stream: str, other: Claim) -> bool:
    """Whether two streams claim the same."""
    keys = [stream if claim.key == ITSELF else claim.key, other_stream if other.key == ITSELF else other.key]
    return claim.refusal.slug == other.refusal.slug and keys[0] == keys[1]


AnyPlacement.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyPlacement = AnyPlacement.TestCase
