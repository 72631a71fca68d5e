"""What the sample programme adds up to, by the rules of the companies service alone."""

import doctest
import json
from collections import Counter
from datetime import date, datetime, time

import pytest

import sample
from companies.company import Company, companies
from companies.investment import Investment, investments
from contracts.companies.company import CompanyActivated
from contracts.companies.investment import JobsAudited
from contracts.model import Event
from eventstore.decider import PARIS, Context, Decider, S
from eventstore.specification import Specification
from sample import LAST_DAY, Story, stories

TODAY = date(2026, 12, 31)
FIRST_PROGRAMME = date(2023, 12, 31)


class Told:
    """A company and its investments once its story has been told, and the events that it took."""

    def __init__(self, story: Story, upto: date = LAST_DAY) -> None:
        self.company: Company | None = None
        self.investments: dict[str, Investment] = {}
        self.events: list[Event] = []
        for step in story.steps:
            if step.on > upto:
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
    return [Told(story) for story in stories()]


def test_the_first_programme_is_22_million_euros_and_55_jobs_in_several_companies() -> None:
    first = [Told(story, FIRST_PROGRAMME) for story in stories()]
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
    assert stories() == stories()


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
    assert all(told.company and told.company.name.startswith("Exemple ") for told in programme)
    assert len({story.name for story in stories()}) == len(programme) == 36


def test_a_story_names_what_it_creates_before_it_goes_on() -> None:
    for story in stories():
        created = set[str]()
        for step in story.steps:
            assert step.creates or step.record in created, step
            created.add(step.record)


def test_the_examples_of_the_documentation_run() -> None:
    assert doctest.testmod(sample) == (0, 2)
