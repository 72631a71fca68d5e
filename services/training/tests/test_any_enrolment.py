"""Whatever is asked of the enrolments of a session, in any order: no more have a seat than there are, none is free
while somebody waits, and who knows the events alone knows the hours and who is certified."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from trainees import ENDS, PATH, SESSION, STARTS, record_id, session, trainee

from contracts import Aside, Event
from contracts.model import PARIS
from contracts.training.enrolment import (
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentHoursCorrected,
    EnrolmentHoursRecorded,
)
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context
from eventstore.reactions import Found
from eventstore.refusal import Rejected
from eventstore.specification import Specification
from training.enrolment import (
    SEATED,
    Admit,
    Apply,
    Begin,
    Cancel,
    Certify,
    Complete,
    CorrectFollowUp,
    CorrectHours,
    CorrectOutcome,
    Drop,
    Enrolment,
    FollowUp,
    NamePath,
    Queue,
    RecordHours,
    RecordNotCertified,
    Refuse,
    UndoCertification,
    UnnamePath,
    enrolments,
)
from training.reactions import give_the_seat, reactions
from training.session import sessions

FIRST = datetime(2026, 1, 19, 9, tzinfo=PARIS)
ROLES = frozenset({"afpa", "mission_locale"})
MONTHS = ("2026-02", "2026-03", "2026-04", "2026-05")
which = st.integers(0, 5)
hours = st.sampled_from((0.0, 7.0, 112.5, 150.0))
months = st.sampled_from(MONTHS)
days = st.integers(-2, 100).map(lambda number: STARTS + timedelta(days=number))


class Taken(Exception):
    """What a stream would hold is held by others."""


class AnyEnrolments(RuleBasedStateMachine):
    """A session of two seats, its enrolments, and beside them what a reader makes of their events."""

    def __init__(self) -> None:
        super().__init__()
        self.now = FIRST
        self.session = session("open")
        self.states: dict[str, Enrolment] = {}
        self.attended: Counter[str] = Counter()
        self.certified: set[str] = set()
        self.numbers = count(1)

    def ask(self, identity: str, command: Command, roles: frozenset[Any] = ROLES) -> None:
        """Runs a command. Raises Rejected, and Taken."""
        before = self.states.get(identity)
        context = Context(self.now, roles)
        looked_up = [self.session for _ in enrolments.decision(type(command)).looks_up]
        events = enrolments.decide(before, command, context, looked_up)
        after = Specification(enrolments, self.now.date()).fold(events, before)
        assert after
        if not events:
            return
        enrolments.check_status(command, before, after)
        if before is None or enrolments.claims_of(before) != enrolments.claims_of(after):
            self.check_claims(identity, after)
        self.states[identity] = after
        for event in events:
            assert before is None or isinstance(event, Aside) or event.effective_on >= before.effective_on
            self.read(identity, event)
            self.react(event)

    def check_claims(self, identity: str, after: Enrolment) -> None:
        others = [
            claim for each, state in self.states.items() if each != identity for claim in enrolments.claims_of(state)
        ]
        others += [
            Claim(each.refusal, SESSION if each.key == ITSELF else each.key, amount=each.amount, limit=each.limit)
            for each in sessions.claims_of(self.session)
        ]
        for claim in enrolments.claims_of(after):
            taken = sum(each.amount for each in others if (each.refusal, each.key) == (claim.refusal, claim.key))
            if taken + claim.amount > (claim.limit or 1):
                raise Taken

    def react(self, event: Event) -> None:
        for reaction in reactions.all:
            if reaction.function is give_the_seat and type(event) in reaction.events:
                waiting = [Found(each, state) for each, state in self.states.items() if state.status == "waiting"]
                for issue in reaction.function(event, waiting):
                    try:
                        self.ask(issue.identity or "", issue.commands[0], frozenset({PLATFORM}))
                    except (Rejected, Taken):
                        continue

    def read(self, identity: str, event: Event) -> None:
        match event:
            case EnrolmentHoursRecorded():
                self.attended[identity] += round(100 * event.attended)
            case EnrolmentHoursCorrected():
                self.attended[identity] += round(100 * (event.attended - event.attended_before))
            case EnrolmentCertified():
                self.certified.add(identity)
            case EnrolmentCertificationUndone() if event.certified_on:
                self.certified.remove(identity)

    def try_on(self, number: int, *commands: Command) -> None:
        """Asks it of one of the enrolments."""
        if there := sorted(self.states):
            for command in commands:
                try:
                    self.ask(there[number % len(there)], command)
                except (Rejected, Taken):
                    continue

    @initialize(since=st.sampled_from((None, 0, 100, 300)))
    def there_are_some(self, since: int | None) -> None:
        for number in range(4):
            self.apply(number)
        if since is not None:
            self.begin_the_session()
            self.now += timedelta(days=since)

    @rule(who=which)
    def apply(self, who: int) -> None:
        person = trainee(subject=record_id(100 + who))
        try:
            self.ask(record_id(1000 + next(self.numbers)), Apply(session=SESSION, trainee=person))
        except (Rejected, Taken):
            return

    @rule(number=which)
    def admit(self, number: int) -> None:
        self.try_on(number, Admit())

    @rule(number=which)
    def queue(self, number: int) -> None:
        self.now += timedelta(minutes=1)
        self.try_on(number, Queue())

    @precondition(lambda self: len(self.states) > 5)
    @rule(number=which)
    def cancel(self, number: int) -> None:
        self.try_on(number, Cancel(reason="entered_by_mistake"))

    @precondition(lambda self: len(self.states) > 5)  # or few would come far
    @rule(number=which)
    def refuse(self, number: int) -> None:
        self.try_on(number, Refuse(reason="other"))

    @rule(number=which)
    def be_trained(self, number: int) -> None:
        """Whoever can goes one step further, or several."""
        certify = Certify(certified_on=ENDS + timedelta(days=10))
        self.try_on(number, Admit(), Begin(), Complete(), certify, FollowUp(situation="employed"))

    @precondition(lambda self: self.session.status == "open")
    @rule()
    def begin_the_session(self) -> None:
        self.now = datetime(STARTS.year, STARTS.month, STARTS.day, 9, tzinfo=PARIS)
        self.session = session("running")

    @rule(number=which)
    def begin(self, number: int) -> None:
        self.try_on(number, Begin())

    @precondition(lambda self: self.session.status == "running")
    @rule(later=st.sampled_from((30, 90, 300)))
    def time_passes(self, later: int) -> None:
        self.now += timedelta(days=later)

    @rule(number=which, month=months, attended=hours)
    def attend(self, number: int, month: str, attended: float) -> None:
        told: dict[str, Any] = {"month": month, "attended": attended}
        self.try_on(number, RecordHours(**told), CorrectHours(**told, reason="checked"))

    @rule(number=which, day=days)
    def end(self, number: int, day: date) -> None:
        self.try_on(number, Drop(ended_on=day, reason="gave_up"), Complete(ended_on=min(day, ENDS)))

    @rule(number=which)
    def correct_outcome(self, number: int) -> None:
        self.try_on(number, CorrectOutcome(reason="other"))

    @rule(number=which, day=days, passed=st.booleans())
    def decide(self, number: int, day: date, passed: bool) -> None:
        self.try_on(number, Certify(certified_on=day) if passed else RecordNotCertified(decided_on=day))

    @rule(number=which)
    def undo(self, number: int) -> None:
        self.try_on(number, CorrectFollowUp(reason="other"), UndoCertification(reason="appeal"))

    @rule(number=which, situation=st.sampled_from(("employed", "unknown")))
    def follow_up(self, number: int, situation: Any) -> None:
        self.try_on(number, FollowUp(situation=situation))

    @rule(number=which)
    def name(self, number: int) -> None:
        self.try_on(number, NamePath(path=PATH), UnnamePath())

    @rule()
    def what_is_due(self) -> None:
        """It is never refused."""
        for identity, state in self.states.items():
            for due in enrolments.due_of(state):
                assert isinstance(due.at, date)
                if due.at <= self.now.date():
                    on = max(due.at, state.effective_on)
                    self.ask(identity, due.command.model_copy(update={"on": on}), frozenset({PLATFORM}))

    def teardown(self) -> None:
        seats = [state for state in self.states.values() if state.status in SEATED]
        assert len(seats) <= self.session.seats
        if any(state.status == "waiting" for state in self.states.values()):
            assert len(seats) == self.session.seats
        for identity, state in self.states.items():
            assert round(100 * state.hours_attended) == self.attended[identity] <= 100 * state.hours
            assert (state.certified_on is not None) == (identity in self.certified)
            assert (state.ended_on is not None) == (
                state.status not in ("applied", "waiting", "admitted", "attending", "refused", "cancelled")
            )
            for each in state.attendance:
                assert not each.attended or each.month <= f"{state.last_day:%Y-%m}"


TestAnyEnrolments = AnyEnrolments.TestCase
TestAnyEnrolments.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
