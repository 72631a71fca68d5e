"""What the sample programme adds up to, by the rules of the companies service alone."""

import doctest
import json
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

import sample
from companies.app import app
from companies.booking import Booking, bookings
from companies.company import Company, companies
from companies.equipment import Equipment
from companies.investment import Investment, investments
from contracts.companies.company import CompanyActivated
from contracts.companies.investment import JobsAudited
from contracts.model import Event
from eventstore.decider import PARIS, Context, Decider, S, State
from eventstore.specification import Specification
from indicators.action import Action, actions
from indicators.target import Target, targets
from sample import LAST_DAY, Made, Story, stories
from sample.companies import stories as told_of_companies
from sample.steering import stories as told_of_steering

TODAY = date(2026, 12, 31)
COMPANIES = told_of_companies()
ID = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
FIRST_PROGRAMME = date(2023, 12, 31)
TO_COME = ("platform", "offers")
"""The stories that go on after the day on which the sample is told."""


class Told:
    """A company and its investments once its story has been told, and the events that it took."""

    def __init__(self, story: Story, upto: date = LAST_DAY) -> None:
        self.company: Company | None = None
        self.investments: dict[str, Investment] = {}
        self.events: list[Event] = []
        for step in story.steps:
            if step.on is None or step.on > upto:
                break
            body = {**step.body, "on": step.on.isoformat()}
            if step.category.name == companies.category:
                self.company = self._decide(companies, self.company, step.command, body)
            else:
                known = self.investments.get(step.record)
                self.investments[step.record] = self._decide(investments, known, step.command, body)

    def _decide(self, decider: Decider[S], state: S | None, name: str, body: dict[str, object]) -> S:
        decision = next(decision for decision in decider.decisions.values() if decision.name == name)
        told = decision.command.model_validate_json(json.dumps(body))
        context = Context(datetime.combine(TODAY, time(), PARIS), frozenset(decision.by))
        events = decider.decide(state, told, context, [self.company for _ in decision.looks_up])
        self.events += events
        state = Specification(decider, TODAY).fold(events, state)
        assert state is not None
        return state


@pytest.fixture(scope="module")
def programme() -> list[Told]:
    return [Told(story) for story in COMPANIES]


def test_the_first_programme_is_22_million_euros_and_55_jobs_in_several_companies() -> None:
    first = [Told(story, FIRST_PROGRAMME) for story in COMPANIES]
    audited = [each for told in first for each in told.investments.values() if each.status == "audited"]

    assert sum(each.amount_spent or 0 for each in audited) == 22_000_000
    assert sum(each.jobs_created or 0 for each in audited) == 55
    assert len({each.company for each in audited}) == 10
    assert {each.status for told in first for each in told.investments.values()} == {"audited", "cancelled"}
    assert all(each.to_repay == 0 for told in first for each in told.investments.values())


def test_thirty_companies_are_active_members_in_the_end(programme: list[Told]) -> None:
    statuses = Counter(told.company.status for told in programme if told.company)

    assert statuses == {"active": 30, "left": 3, "rejected": 2, "suspended": 1}


def test_the_largest_employer_is_about_half_of_the_headcount(programme: list[Told]) -> None:
    headcounts = [told.company.headcount for told in programme if told.company and told.company.status == "active"]

    assert 0.4 < max(headcounts) / sum(headcounts) < 0.6


def test_the_second_programme_has_investments_at_every_stage(programme: list[Told]) -> None:
    second = [each for told in programme for each in told.investments.values() if each.announced_on > FIRST_PROGRAMME]

    assert {each.status for each in second} >= {"announced", "committed", "in_progress", "completed", "audited"}
    assert all(each.axis in (2, 6) for each in second)


def test_the_sample_is_the_same_each_time() -> None:
    assert stories(TODAY) == stories(TODAY)
    told, others = ([story for story in stories(day) if story.name not in TO_COME] for day in (TODAY, LAST_DAY))
    assert told == others


def test_something_is_corrected_and_something_audited_twice(programme: list[Told]) -> None:
    events = [event for told in programme for event in told.events]
    audits = [event for event in events if isinstance(event, JobsAudited)]

    assert any(event.audited_before for event in audits)
    happened = {event.event_type for event in events}
    assert happened >= {"AmountSpentCorrected", "GrantDisbursed", "GrantRepaid", "CompanyReinstated"}
    assert sum(isinstance(event, CompanyActivated) for event in events) == 34
    assert all(event.effective_on <= LAST_DAY for event in events)


def test_every_company_is_a_sample(programme: list[Told]) -> None:
    assert all(told.company and told.company.siret.startswith("000000") for told in programme)
    assert all(told.company and (told.company.name or "").startswith("Exemple ") for told in programme)
    assert len({story.name for story in COMPANIES}) == len(programme) == 36


def test_a_story_names_what_it_creates_before_it_goes_on() -> None:
    created = set[tuple[str, str]]()
    for story in sorted(stories(TODAY), key=lambda each: each.follows):
        for step in story.steps:
            assert step.creates or (story.name, step.record) in created, step
            created.add((story.name, step.record))
            made = (each for each in step.body.values() if isinstance(each, Made))
            assert {(each.story or story.name, each.record) for each in made} <= created


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 28), date(2026, 10, 18), date(2027, 1, 3)])
def test_the_platform_is_booked_in_the_week_that_follows(programme: list[Told], today: date) -> None:
    deciders = {each.decider.category: each.decider for each in app.resources}
    states: dict[tuple[str, str], State] = {
        (companies.category, told.company.siret): told.company for told in programme if told.company
    }
    (story,) = (story for story in stories(today) if story.name == "platform")
    for step in story.steps:
        decider = deciders[step.category.name]
        decision = next(each for each in decider.decisions.values() if each.name == step.command)
        body = {name: ID if isinstance(value, Made) else value for name, value in step.body.items()}
        on = step.on or today
        command = decision.command.model_validate_json(json.dumps({**body, "on": on.isoformat()}))
        looked_up = []
        for lookup in decision.looks_up:
            named = step.body[lookup.key]
            name = named.record if isinstance(named, Made) else str(named)
            looked_up.append(states.get((lookup.decider.category, name)))
        key = decider.category, step.record
        context = Context(datetime.combine(today, time(23), PARIS), frozenset(decision.by))
        events = decider.decide(states.get(key), command, context, looked_up)
        state = decider.fold(events, states.get(key))
        assert state is not None
        states[key] = state
    booked = [state for state in states.values() if isinstance(state, Booking)]
    claims = [claim for state in booked for claim in bookings.claims_of(state)]
    assert all(today < each.starts.date() <= today + timedelta(days=12) for each in booked)
    assert Counter(each.status for each in booked) == {"approved": 9, "requested": 2, "waiting": 1, "cancelled": 1}
    slots = sorted((claim.key, claim.during) for claim in claims if claim.during)
    assert all(one[0] != other[0] or one[1][1] <= other[1][0] for one, other in pairwise(slots))
    assert {each.status for each in states.values() if isinstance(each, Equipment)} == {"in_service", "retired"}


def test_the_committee_has_targets_and_an_action_along_each_axis() -> None:
    states: dict[tuple[str, str], State] = {}
    for story in told_of_steering():
        for step in story.steps:
            assert step.on
            assert step.on <= LAST_DAY
            decider: Decider[Any] = {each.category: each for each in (targets, actions)}[step.category.name]
            decision = next(each for each in decider.decisions.values() if each.name == step.command)
            assert "steering" in decision.by
            command = decision.command.model_validate_json(json.dumps({**step.body, "on": step.on.isoformat()}))
            key = story.name, step.record
            events = decider.decide(states.get(key), command, Context(datetime.combine(TODAY, time(), PARIS)))
            assert events, "each step changes something"
            state = Specification(decider, TODAY).fold(events, states.get(key))
            assert state is not None
            states[key] = state
    aimed_at = [each for each in states.values() if isinstance(each, Target)]
    done_about = [each for each in states.values() if isinstance(each, Action)]
    assert {(each.indicator, each.value, each.due) for each in aimed_at} >= {("members", 30, date(2027, 12, 31))}
    assert {each.status for each in aimed_at} == {"set", "revised", "withdrawn"}
    held = [claim.key for each in aimed_at for claim in targets.claims_of(each)]
    assert len({*held}) == len(held)
    assert {each.axis for each in done_about if each.status != "abandoned"} == {*range(1, 8)}
    assert {each.status for each in done_about} == {"in_progress", "on_hold", "done", "abandoned"}
    assert all(each.title.startswith("Exemple ") for each in done_about)


def test_the_examples_of_the_documentation_run() -> None:
    assert doctest.testmod(sample) == (0, 2)
