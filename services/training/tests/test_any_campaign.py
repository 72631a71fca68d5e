"""Whatever is asked, and in whatever order events are reacted to: nobody answers a campaign that is closed, none is
cleaned before each answer was looked at, and its figures are those of the answers that it counts."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from campaigns import CODE, GIVEN_BY_UNION, MEMBER, REFERENCE, answering, given_by_company, workforce
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from streams import Streams
from test_campaign_answer_decisions import telling

from contracts import sample_siret
from contracts.training.campaign_answer import CampaignAnswerGiven, RestoreReason
from contracts.training.skills_campaign import AskedCollege
from eventstore.decider import Command, Lookup, State
from training.bounds import Plausible
from training.campaign_answer import (
    BEFORE_IT_COUNTS,
    CampaignAnswer,
    Correct,
    Restore,
    Revise,
    SetAside,
    Withdraw,
    campaign_answers,
)
from training.campaign_figures import company_figures
from training.members import members
from training.reactions import reactions
from training.skills_campaign import (
    Cancel,
    Clean,
    Close,
    CorrectAsked,
    Design,
    EnteredCollege,
    Open,
    Prolong,
    Publish,
    Reopen,
    ResumeCleaning,
    SkillsCampaign,
    skills_campaigns,
)

ASKED = {"companies": 3, "unions": 1}
TOLD = (workforce(), workforce(60), workforce(10), workforce(42, retirements=9))
"""Two hold together, and two do not."""
STEPS: Mapping[str, Command] = {"open": Close(), "closed": Clean(), "cleaned": Publish()}
RESTORED: RestoreReason = "right_as_it_is"


class AnyCampaign(Streams):
    """A campaign that asks three companies and a union, of which there are more."""

    reactions = reactions
    begins = date(2024, 5, 13)

    @property
    def campaign(self) -> SkillsCampaign:
        found: SkillsCampaign = self.of(skills_campaigns)[CODE]
        return found

    @property
    def answers(self) -> Mapping[str, CampaignAnswer]:
        return self.of(campaign_answers)

    def found(self, lookup: Lookup, identity: str) -> State | None:
        if lookup.decider is members:
            return MEMBER if identity else None
        return super().found(lookup, identity)

    def ask_campaign(self, command: Command) -> str | None:
        return self.ask(skills_campaigns, CODE, command)

    def one(self, data: st.DataObject) -> str:
        name: str = data.draw(st.sampled_from(sorted(self.answers)))
        return name

    @initialize()
    def open(self) -> None:
        colleges = tuple(EnteredCollege.model_validate({"college": name, "asked": n}) for name, n in ASKED.items())
        design = Design(
            code=CODE, title="Exemple", reference_on=REFERENCE, closes_on=date(2024, 6, 28), colleges=colleges
        )
        assert self.ask_campaign(design) is None
        assert self.ask_campaign(Open()) is None

    @rule(days=st.sampled_from((1, 20)))
    def time_goes_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), times=st.integers(1, 4))
    def what_follows_is_done(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            if self.waiting:
                self.react(data.draw(st.sampled_from(self.waiting)))

    @rule()
    def what_is_due_next_is_issued(self) -> None:
        self.issue_next()

    @rule(companies=st.sets(st.integers(0, 4), max_size=3), told=st.sampled_from(TOLD))
    def companies_answer(self, companies: set[int], told: Any) -> None:
        for company in sorted(companies):
            self._answer(given_by_company(told, company=sample_siret(company)))

    @rule()
    def a_union_answers(self) -> None:
        self._answer(GIVEN_BY_UNION)

    def _answer(self, given: CampaignAnswerGiven) -> None:
        name = f"0190a3c4-5e6f-7a8b-9c0d-{len(self.streams):012}"
        may = self.campaign.status == "open" and self.today <= self.campaign.closes_on
        refused = self.ask(campaign_answers, name, answering(given, on=self.today.isoformat()))
        assert may or refused == "campaign-takes-no-answers"

    @precondition(lambda self: self.answers)
    @rule(data=st.data(), told=st.sampled_from(TOLD), kind=st.sampled_from((Revise, Correct)))
    def an_answer_is_told_otherwise(self, data: st.DataObject, told: Any, kind: Any) -> None:
        reason = {"reason": "typing_error"} if kind is Correct else {}
        self.ask(campaign_answers, self.one(data), telling(kind, given_by_company(told), **reason))

    @precondition(lambda self: self.answers)
    @rule(
        data=st.data(),
        command=st.sampled_from((Withdraw(reason="other"), SetAside(reason="implausible"), Restore(reason=RESTORED))),
    )
    def an_answer_is_decided_on(self, data: st.DataObject, command: Command) -> None:
        self.ask(campaign_answers, self.one(data), command)

    @precondition(lambda self: len(self.answers) > 2)
    @rule(steps=st.integers(1, 3), reacted_to=st.booleans())
    def the_campaign_goes_on(self, steps: int, reacted_to: bool) -> None:
        """By one step or all, and everything is reacted to in between or not."""
        for _ in range(steps):
            if step := STEPS.get(self.campaign.status):
                self.ask_campaign(step)
            while reacted_to and self.waiting:
                self.react(self.waiting[0])

    @rule()
    def the_cleaning_is_resumed(self) -> None:
        self.ask_campaign(ResumeCleaning())

    @rule(asked=st.integers(1, 4), days=st.integers(0, 9))
    def the_campaign_is_changed(self, asked: int, days: int) -> None:
        until = self.today + timedelta(days=days)
        self.ask_campaign(CorrectAsked(college="companies", asked=asked, reason="other"))
        self.ask_campaign(Prolong(closes_on=until))
        self.ask_campaign(Reopen(closes_on=until))

    @precondition(lambda self: len(self.answers) > 3 and self.campaign.cleaning > 1)
    @rule()
    def the_campaign_is_cancelled(self) -> None:
        self.ask_campaign(Cancel(reason="too_few_answers"))

    @invariant()
    def no_more_answer_than_are_asked_and_each_once(self) -> None:
        standing = [each for each in self.answers.values() if each.status != "withdrawn"]
        answered = Counter(each.college for each in standing)
        for asked in self.campaign.colleges if standing else ():
            assert isinstance(asked, AskedCollege)
            assert answered[asked.college] <= asked.asked
        assert len({(each.college, each.company, each.respondent) for each in standing}) == len(standing)

    @invariant()
    def none_is_cleaned_before_each_answer_was_looked_at(self) -> None:
        if self.streams and self.campaign.status in ("cleaned", "published"):
            assert all(each.status != "given" for each in self.answers.values())

    @invariant()
    def figures_are_those_of_the_answers_that_count(self) -> None:
        if not self.streams or self.campaign.figures is None:
            return
        retained = [each for each in self.answers.values() if each.status in ("retained", "counted")]
        told = [each.workforce for each in retained if each.workforce]
        assert self.campaign.figures == company_figures(told, Plausible())
        assert sum(each.n for each in self.campaign.answers) == len(retained)
        answered = [each for each in self.answers.values() if each.status != "withdrawn"]
        assert sum(each.answered for each in self.campaign.answers) == len(answered)

    @invariant()
    def what_is_set_aside_says_why_and_nothing_counts_before_it_is_published(self) -> None:
        for each in self.answers.values():
            assert bool(each.reasons) == (each.status == "set_aside") or each.status == "withdrawn"
            assert each.status in (*BEFORE_IT_COUNTS, "withdrawn") or self.campaign.status == "published"

    def teardown(self) -> None:
        """Once all is reacted to, each answer to a closed campaign was looked at, and what a published one retained is
        counted."""
        while self.waiting:
            self.react(self.waiting[0])
        if not self.streams:
            return
        left = {each.status for each in self.answers.values()}
        if self.campaign.status == "published":
            assert left <= {"counted", "set_aside", "withdrawn"}
        if self.campaign.status in ("closed", "cleaned"):
            assert "given" not in left
        assert (self.campaign.figures is None) or self.campaign.status in ("cleaned", "published", "cancelled")


AnyCampaign.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyCampaign = AnyCampaign.TestCase
