"""Whatever is asked, and in whatever order it is reacted to: a hire that stands is of whom its lead is linked to."""

from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from memory import DECIDERS, Memory
from people import record_id, seeker
from test_reactions import assessed

from contracts.erasure import PersonErased
from contracts.model import PARIS
from employment import hire
from employment.hire import STANDING, Confirm, Hire, hires
from employment.lead import Dismiss, Link, Unlink, leads
from eventstore.decider import PLATFORM, Command, Decider
from eventstore.reactions import Identity
from eventstore.refusal import Rejected

BEGIN = datetime(2026, 1, 5, 9, tzinfo=PARIS)
SEEKERS = [seeker(date(1990, 1, 1 + n), record_id(100 + n)) for n in range(2)]
which = st.integers(0, 100)


def long_enough(machine: "AnyLead") -> bool:
    """Or few leads would come far: these two end them."""
    return sum(map(len, machine.memory.events.values())) > 15


class AnyLead(RuleBasedStateMachine):
    """One or two jobs that immersions led to, whoever they are linked to, and the hires that come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(BEGIN)

    def ask(self, decider: Decider[Any], command: Command, which: int) -> None:
        """A command of some adviser on one of its streams, which may be refused."""
        there = sorted(self.memory.of(decider))
        roles = frozenset(decider.decision(type(command)).by) - {PLATFORM}
        if there:
            with suppress(Rejected):
                self.memory.ask(decider, there[which % len(there)], command, roles)

    @initialize(number=st.integers(1, 2))
    def begin(self, number: int) -> None:
        for immersion in range(number):
            event = assessed(job_obtained=True).model_copy(update={"effective_on": BEGIN.date()})
            self.memory.deliver(event, Identity(record_id(immersion)))
        assert {each.status for each in self.memory.of(leads).values()} == {"proposed"}

    @rule(days=st.integers(0, 60))
    def time_goes_by(self, days: int) -> None:
        self.memory.now += timedelta(days=days)

    @rule(which=which)
    def what_was_decided_is_reacted_to(self, which: int) -> None:
        waiting = sorted(self.memory.waiting)
        if waiting:
            self.memory.react(waiting[which % len(waiting)])

    @rule(which=which, who=st.sampled_from(SEEKERS), anew=st.booleans())
    def link(self, which: int, who: Any, anew: bool) -> None:
        if anew:
            self.ask(leads, Unlink(), which)
        self.ask(leads, Link(seeker=who, weekly_hours=35), which)

    @rule(which=which)
    def unlink(self, which: int) -> None:
        self.ask(leads, Unlink(), which)

    @precondition(long_enough)
    @rule(which=which)
    def dismiss(self, which: int) -> None:
        self.ask(leads, Dismiss(reason="other"), which)

    @rule(which=which, back=st.integers(0, 3))
    def confirm(self, which: int, back: int) -> None:
        self.ask(hires, Confirm(hired_on=self.memory.now.date() - timedelta(days=back)), which)

    @rule(which=which, command=st.sampled_from([hire.Cancel(reason="did_not_start"), hire.Sustain()]))
    def tell_of_a_hire(self, which: int, command: Command) -> None:
        self.ask(hires, command, which)

    @precondition(long_enough)
    @rule(who=st.sampled_from(SEEKERS))
    def forget(self, who: Any) -> None:
        erased = PersonErased(person=who.subject, reason="request", effective_on=self.memory.now.date())
        self.memory.deliver(erased, Identity(who.subject))

    def standing(self) -> list[Hire]:
        return [each for each in self.memory.of(hires).values() if each.status in STANDING]

    @invariant()
    def a_hire_that_stands_is_of_the_person_whom_its_lead_is_linked_to(self) -> None:
        there = self.memory.of(leads)
        for each in self.standing():
            assert each.lead
            assert (there[each.lead].status, there[each.lead].seeker) == ("linked", each.seeker)

    @invariant()
    def a_lead_has_one_hire_that_stands(self) -> None:
        assert max(Counter(each.lead for each in self.standing()).values(), default=1) == 1

    @invariant()
    def a_lead_says_whose_it_is_while_it_is_linked_and_nothing_of_whom_it_was_linked_to_before(self) -> None:
        for each in self.memory.of(leads).values():
            assert (each.seeker is None) == (each.linked_on is None) == (each.weekly_hours is None)
            assert each.seeker is None if each.status == "proposed" else True
            assert each.seeker if each.status == "linked" else True

    @invariant()
    def states_are_the_fold_of_their_events(self) -> None:
        for (category, identity), events in self.memory.events.items():
            assert DECIDERS[category].fold(events) == self.memory.states[category, identity]

    @rule(which=which)
    def once_all_is_reacted_to_hires_are_proposed_of_leads_that_are_linked_alone(self, which: int) -> None:
        while waiting := sorted(self.memory.waiting):
            self.memory.react(waiting[which % len(waiting)])
        for identity, each in self.memory.of(leads).items():
            of_it = [one for one in self.memory.of(hires).values() if one.lead == identity]
            left = {one.seeker for one in of_it if one.status != "cancelled"}
            assert left <= {each.seeker} if each.status == "linked" else not left
            links = [
                event for event in self.memory.events["hire-lead", identity] if event.event_type == "HireLeadLinked"
            ]
            assert len(of_it) == len(links)


AnyLead.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyLead = AnyLead.TestCase
