"""Whatever is asked of immersions, in whichever order people sign, and whenever what is due or follows is done, what
must hold still holds."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

from beneficiaries import BENEFICIARY, DOCUMENT, OTHER_DOCUMENT, PREPARE, SOMEBODY, TERMS, beneficiary, guardian
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from pupils import LEFT, MEMBER, SUSPENDED
from youths import Youths

from contracts.youth_events.immersion import ImmersionCancellation, ImmersionRejection, Signatory
from eventstore.decider import Command
from eventstore.reactions import Found
from youth_events.immersion import (
    LINK_IS_GOOD,
    LONGEST,
    OVER,
    SIGNING,
    Accept,
    Amend,
    Assess,
    Cancel,
    Complete,
    Immersion,
    Reject,
    RenewLink,
    RevokeLink,
    Sign,
    Start,
    immersions,
)
from youth_events.reactions import cancel_immersions

PEOPLE = (BENEFICIARY, SOMEBODY)
SIGNATORIES: tuple[Signatory, ...] = get_args(Signatory)
HELD = ("accepted", "started", "completed", "assessed")


STEPS: Mapping[str, Command] = {
    "in_review": Accept(),
    "accepted": Start(),
    "started": Complete(),
    "completed": Assess(outcome="completed", job_obtained=False),
}


class AnyImmersion(Youths):
    """Immersions of two people, one of whom comes of age, in a company; links are used in any order, also old ones."""

    def __init__(self) -> None:
        super().__init__()
        self.used: list[Sign] = []
        """Every signature that was tried."""
        self.numbers: dict[str, set[int]] = {}
        """The numbers of all links that an immersion ever had."""

    @property
    def immersions(self) -> Mapping[str, Immersion]:
        return self.of(immersions)

    @property
    def live(self) -> Sequence[str]:
        """Those that go on."""
        return sorted(name for name, each in self.immersions.items() if each.status not in ("assessed", *OVER))

    def drawn(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.immersions)))

    def terms(self, whose: str, ahead: int, days: int) -> dict[str, Any]:
        """Those of somebody, beginning so many days from today."""
        begins_on = self.today + timedelta(days=ahead)
        # The one is seventeen until two weeks from the first day on.
        minor = whose == SOMEBODY and ahead < 14
        born_on = begins_on.replace(year=begins_on.year - (17 if minor else 19), day=1)
        return {
            **TERMS,
            "beneficiary": beneficiary(born_on, whose),
            "guardian": guardian() if minor else None,
            "begins_on": begins_on,
            "ends_on": begins_on + timedelta(days=days),
        }

    @rule(days=st.integers(1, 6))
    def time_goes_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @rule(member=st.sampled_from((*(MEMBER,) * 5, SUSPENDED)))
    def the_membership_changes(self, member: Any) -> None:
        self.member = member

    @precondition(lambda self: len(self.immersions) < 8)
    @rule(whose=st.sampled_from(PEOPLE), ahead=st.integers(0, 25), days=st.integers(6, 32))
    def prepare(self, whose: str, ahead: int, days: int) -> None:
        asked = PREPARE.model_copy(update=self.terms(whose, ahead, days))
        self.ask(immersions, f"immersion-{len(self.streams)}", asked)

    @precondition(lambda self: self.immersions)
    @rule(data=st.data(), ahead=st.integers(0, 25), days=st.integers(6, 32))
    def edit(self, data: st.DataObject, ahead: int, days: int) -> None:
        name = self.drawn(data)
        before = self.immersions[name]
        refused = self.ask(immersions, name, Amend(**self.terms(before.beneficiary, ahead, days)))
        if refused is None:
            after = self.immersions[name]
            assert after.terms == before.terms + 1
            assert not any(link.signed_on or link.revoked for link in after.links)
            assert {link.number for link in after.links}.isdisjoint(self.numbers[name])

    @precondition(lambda self: self.immersions)
    @rule(data=st.data(), times=st.integers(1, 4), document=st.sampled_from((*(DOCUMENT,) * 5, OTHER_DOCUMENT)))
    def some_sign(self, data: st.DataObject, times: int, document: str) -> None:
        name = self.drawn(data)
        for link in self.immersions[name].links[:times]:
            self.sign(name, Sign(signatory=link.signatory, link=link.number, document=document))

    @precondition(lambda self: self.immersions and self.used)
    @rule(data=st.data())
    def a_link_is_used_again(self, data: st.DataObject) -> None:
        self.sign(self.drawn(data), data.draw(st.sampled_from(self.used)))

    def sign(self, name: str, command: Sign) -> None:
        before = self.immersions[name]
        self.used.append(command)
        if self.ask(immersions, name, command, platform=True) is None:
            link = next(link for link in before.links if link.number == command.link)
            assert link.signatory == command.signatory
            assert not link.signed_on
            assert not link.revoked
            assert self.today <= link.valid_until
            assert before.document in (None, command.document)

    @precondition(lambda self: self.immersions)
    @rule(
        data=st.data(),
        command=st.one_of(
            st.builds(RenewLink, signatory=st.sampled_from(SIGNATORIES)),
            st.builds(RevokeLink, signatory=st.sampled_from(SIGNATORIES)),
        ),
    )
    def links_change(self, data: st.DataObject, command: Command) -> None:
        self.ask(immersions, self.drawn(data), command)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), times=st.integers(1, 5))
    def take_the_next_steps(self, data: st.DataObject, times: int) -> None:
        name = data.draw(st.sampled_from(self.live))
        for _ in range(times):
            immersion = self.immersions[name]
            for link in immersion.links if immersion.status in SIGNING else ():
                document = self.immersions[name].document or DOCUMENT
                self.sign(name, Sign(signatory=link.signatory, link=link.number, document=document))
            if immersion.status == "accepted":
                self.today = max(self.today, immersion.begins_on)
            if command := STEPS.get(immersion.status):
                self.ask(immersions, name, command)

    @precondition(lambda self: len(self.immersions) > 3)
    @rule(
        data=st.data(),
        command=st.one_of(
            st.builds(Reject, reason=st.sampled_from(get_args(ImmersionRejection))),
            st.builds(Cancel, reason=st.sampled_from(get_args(ImmersionCancellation))),
            st.sampled_from((Accept(), Start(), Complete())),
        ),
    )
    def anything(self, data: st.DataObject, command: Command) -> None:
        self.ask(immersions, self.drawn(data), command)

    @precondition(lambda self: len(self.immersions) > 2)
    @rule()
    def what_is_due_next_is_issued(self) -> None:
        self.issue_next()

    @precondition(lambda self: len(self.immersions) > 5)
    @rule()
    def the_company_leaves(self) -> None:
        for name, immersion in sorted(self.immersions.items()):
            begun = immersion.status in ("started", "completed", "assessed", *OVER)
            if not begun:
                (issue,) = cancel_immersions(LEFT, [Found(name, immersion)])
                assert self.ask(immersions, name, issue.commands[0], platform=True) is None
        assert not any(each.status in (*SIGNING, "in_review", "accepted") for each in self.immersions.values())

    @invariant()
    def nobody_is_in_two_immersions_on_one_day(self) -> None:
        for whose in PEOPLE:
            held = [each for each in self.immersions.values() if each.beneficiary == whose and each.status in HELD]
            days = [
                each.begins_on + timedelta(days=number)
                for each in held
                for number in range((min(each.ends_on, each.completed_on or each.ends_on) - each.begins_on).days + 1)
            ]
            assert len(days) == len({*days})

    @invariant()
    def a_link_has_a_number_of_its_own_and_a_last_day(self) -> None:
        for name, immersion in self.immersions.items():
            numbers = [link.number for link in immersion.links]
            assert len({*numbers}) == len(numbers)
            self.numbers.setdefault(name, set()).update(numbers)
            assert {*range(1, max(numbers) + 1)} == self.numbers[name], "none is left out, and none is used twice"
            for link in immersion.links:
                assert link.made_on <= link.valid_until <= link.made_on + LINK_IS_GOOD

    @invariant()
    def what_is_in_review_was_signed_by_all_who_must(self) -> None:
        for immersion in self.immersions.values():
            minor = immersion.age_band == "16_or_17"
            assert minor == (immersion.guardian is not None) == (immersion.link_of("guardian") is not None)
            have = [link for link in immersion.links if link.signed_on]
            if immersion.status not in OVER:
                assert (immersion.status in SIGNING) == (len(have) < len(immersion.links))
                assert (immersion.status == "ready_to_sign") == (not have)
            assert (immersion.document is not None) == bool(have)
            assert bool(immersion.signed_on) == (len(have) == len(immersion.links))

    @invariant()
    def an_immersion_is_as_long_as_the_law_allows(self) -> None:
        for immersion in self.immersions.values():
            assert 1 <= immersion.presence_days <= (immersion.ends_on - immersion.begins_on).days + 1 <= LONGEST
            if immersion.started_on:
                assert immersion.accepted_on
                assert immersion.accepted_on <= immersion.begins_on <= immersion.started_on <= immersion.ends_on

    @invariant()
    def only_who_has_not_signed_is_reminded_and_before_the_link_expires(self) -> None:
        for immersion in self.immersions.values():
            due = immersions.due_of(immersion)
            if immersion.status not in SIGNING:
                assert not due
            for each in due:
                assert any(not link.signed_on and each.at <= link.valid_until for link in immersion.links)


AnyImmersion.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyImmersion = AnyImmersion.TestCase
