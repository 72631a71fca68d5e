"""Whatever is asked, and in whatever order it is reacted to: a path says of its jobs what became of their hires."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from memory import DECIDERS, Memory
from people import COMPANY, NEIGHBOUR, record_id, seeker

from contracts.erasure import PersonErased
from contracts.model import PARIS
from employment import hire, path
from employment.hire import STANDING, hires
from employment.members import Member
from employment.path import ACTIVE, Path, paths
from eventstore.decider import Command, Decider, Roles
from eventstore.reactions import Identity
from eventstore.refusal import Rejected

BEGIN = datetime(2026, 1, 5, 9, tzinfo=PARIS)
ADVISER: Roles = frozenset({"mission_locale"})
SOMEBODY = seeker(date(1990, 1, 1), record_id(100))
OUTCOME = {"recorded": "running", "to_confirm": "running", "sustained": "sustained", "ended": "ended"}
which = st.integers(0, 100)


class AnyPath(RuleBasedStateMachine):
    """The paths of one person, and hires at two companies."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(BEGIN)
        member = self.memory.states["member", COMPANY]
        assert isinstance(member, Member)
        self.memory.states["member", NEIGHBOUR] = member.model_copy(update={"company": NEIGHBOUR})

    @property
    def today(self) -> date:
        return self.memory.now.date()

    def ask(self, decider: Decider[Any], command: Command, which: int) -> None:
        """A command of an adviser on one of its streams, which may be refused."""
        there = sorted(self.memory.of(decider))
        if there:
            with suppress(Rejected):
                self.memory.ask(decider, there[which % len(there)], command, ADVISER)

    @initialize()
    def begin(self) -> None:
        self.refer()

    @rule()
    def refer(self) -> None:
        with suppress(Rejected):
            command = path.Refer(agency="mission_locale", seeker=SOMEBODY, residence="town")
            self.memory.ask(paths, None, command, ADVISER)

    @rule(days=st.integers(0, 60))
    def time_goes_by(self, days: int) -> None:
        self.memory.now += timedelta(days=days)

    @rule(which=which)
    def what_was_decided_is_reacted_to(self, which: int) -> None:
        waiting = sorted(self.memory.waiting)
        if waiting:
            self.memory.react(waiting[which % len(waiting)])

    @rule(company=st.sampled_from([COMPANY, NEIGHBOUR]), back=st.integers(0, 90))
    def somebody_is_hired(self, company: str, back: int) -> None:
        told: dict[str, Any] = {"rome": "H2913", "contract": "permanent", "weekly_hours": 35}
        command = hire.Record(company=company, seeker=SOMEBODY, hired_on=self.today - timedelta(days=back), **told)
        with suppress(Rejected):
            self.memory.ask(hires, None, command, ADVISER)

    @rule(
        which=which,
        command=st.sampled_from([hire.Sustain(), hire.Cancel(reason="other"), hire.CorrectOutcome(reason="other")]),
    )
    def tell_of_a_hire(self, which: int, command: Command) -> None:
        self.ask(hires, command, which)

    @rule(which=which, back=st.integers(0, 5))
    def end_a_hire(self, which: int, back: int) -> None:
        self.ask(hires, hire.End(ended_on=self.today - timedelta(days=back), reason="other"), which)

    @rule(which=which, back=st.integers(0, 90))
    def correct_a_hire(self, which: int, back: int) -> None:
        self.ask(hires, hire.CorrectDay(hired_on=self.today - timedelta(days=back), reason="other"), which)

    @rule(
        which=which,
        command=st.sampled_from(
            [
                path.Diagnose(needs=("training",), romes=("H2913",), available_from=BEGIN.date(), weekly_hours=35),
                path.Engage(),
                path.Pause(reason="away"),
                path.Resume(),
                path.Exit(reason="other"),
            ]
        ),
    )
    def tell_of_a_path(self, which: int, command: Command) -> None:
        self.ask(paths, command, which)

    @rule(which=which, of=which, command=st.sampled_from([path.StartJob, path.SustainJob]))
    def name_a_hire(self, which: int, of: int, command: Any) -> None:
        there = sorted(self.memory.of(hires))
        if there:
            self.ask(paths, command(hire=there[of % len(there)]), which)

    @rule(back=st.integers(0, 60))
    def correct_a_referral(self, back: int) -> None:
        day = self.today - timedelta(days=back)
        self.ask(paths, path.CorrectReferral(referred_on=day, reason="other"), 0)

    @rule(really=st.integers(0, 9))
    def forget(self, really: int) -> None:
        if really == 0:
            erased = PersonErased(person=SOMEBODY.subject, reason="request", effective_on=self.today)
            self.memory.deliver(erased, Identity(SOMEBODY.subject))
            assert not self.active()

    def active(self) -> list[Path]:
        return [each for each in self.memory.of(paths).values() if each.status in ACTIVE]

    @invariant()
    def a_person_has_one_active_path(self) -> None:
        assert len(self.active()) <= 1

    @invariant()
    def who_is_in_a_job_has_one_and_who_has_none_is_not(self) -> None:
        for each in self.active():
            outcomes = {job.status for job in each.jobs}
            if each.status in ("in_job", "sustained_6_months"):
                assert ("running" if each.status == "in_job" else "sustained") in outcomes
            else:
                assert "running" not in outcomes

    @invariant()
    def the_access_is_to_the_first_job_since_the_referral(self) -> None:
        for each in self.memory.of(paths).values():
            since = [job.hired_on for job in each.jobs if job.hired_on >= each.referred_on]
            assert (each.access.hired_on if each.access else None) == min(since, default=None)
            if each.access:
                assert each.access.days == (each.access.hired_on - each.referred_on).days

    @invariant()
    def events_take_back_what_those_before_them_said(self) -> None:
        for (category, _), events in self.memory.events.items():
            if category == paths.category:
                for before, after in pairwise(events):
                    told: Any = before
                    assert getattr(after, "access_before", told.access) == told.access
                    assert getattr(after, "status_before", told.status) == told.status
                    assert getattr(after, "flags_before", told.flags) == told.flags

    @invariant()
    def states_are_the_fold_of_their_events(self) -> None:
        for (category, identity), events in self.memory.events.items():
            assert DECIDERS[category].fold(events) == self.memory.states[category, identity]

    @rule(which=which)
    def once_all_is_reacted_to_jobs_are_what_their_hires_are(self, which: int) -> None:
        while waiting := sorted(self.memory.waiting):
            self.memory.react(waiting[which % len(waiting)])
        there = self.memory.of(hires)
        for identity, each in self.memory.of(paths).items():
            # Once a job has lasted, the path does not follow others.
            events = self.memory.events[paths.category, identity]
            if each.status not in ACTIVE or any(event.event_type == "PathJobSustained" for event in events):
                continue
            for job in each.jobs:
                known = there[job.hire]
                assert known.status in STANDING
                assert (job.status, job.hired_on) == (OUTCOME[known.status], known.hired_on)


AnyPath.TestCase.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
TestAnyPath = AnyPath.TestCase
