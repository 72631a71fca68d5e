"""What becomes of a skills campaign: designed, opened, closed, cleaned, tabulated and published, or cancelled."""

from datetime import date
from typing import Any, get_args

import pytest
from campaigns import (
    ASKED,
    CLOSED,
    CLOSES,
    CODE,
    DESCRIBED,
    DESIGNED,
    NOTHING,
    OPEN,
    OPENED,
    REFERENCE,
    TODAY,
    of_campaign,
    workforce,
)

from contracts import Event, sample_siret
from contracts.training.campaign_answer import TradeView
from contracts.training.skills_campaign import (
    AskedCollege,
    CollegeAnswers,
    SkillsCampaignAskedCorrected,
    SkillsCampaignCancelled,
    SkillsCampaignCleaned,
    SkillsCampaignCleaningResumed,
    SkillsCampaignClosed,
    SkillsCampaignDesigned,
    SkillsCampaignProlonged,
    SkillsCampaignPublished,
    SkillsCampaignReopened,
    SkillsCampaignRevised,
    SkillsCampaignStatus,
    SkillsCampaignTabulated,
    TradeFigure,
)
from contracts.values import MOST_ASKED
from eventstore.decider import Claim, Command, Due
from eventstore.specification import Specification
from training.bounds import Plausible
from training.campaign_figures import Answered, company_figures
from training.skills_campaign import (
    ANSWERS_NOT_LOOKED_AT,
    MORE_ANSWERS_THAN_ASKED,
    MOST_ANSWERS,
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
    Revise,
    Tabulate,
    skills_campaigns,
)

given = Specification(skills_campaigns, today=TODAY)
BIG, SMALL, SMALLER = (sample_siret(n) for n in (3, 1, 2))
LATER = date(2024, 7, 12)


def entered(*told: AskedCollege) -> tuple[EnteredCollege, ...]:
    return tuple(EnteredCollege(**each.model_dump()) for each in told)


def answered(company: str, headcount: float = 42, *, counts: bool = True) -> Answered:
    return Answered(college="companies", counts=counts, company=company, workforce=workforce(headcount), **NOTHING)


def union(number: int) -> Answered:
    trades = (TradeView(rome="H2902", priority="high" if number else "low"),)
    return Answered(college="unions", counts=True, company=None, workforce=None, courses=(), trades=trades)


ANSWERS = (
    answered(BIG, 60),
    answered(SMALL, 40),
    answered(SMALLER, 40),
    answered(sample_siret(4), 42, counts=False),
    *map(union, range(3)),
)
COUNTED = (
    CollegeAnswers(college="companies", answered=4, set_aside=1, n=3),
    CollegeAnswers(college="training_bodies", answered=0, set_aside=0, n=0),
    CollegeAnswers(college="unions", answered=3, set_aside=0, n=3),
)
FIGURED: dict[str, Any] = {
    "answers": COUNTED,
    "figures": company_figures([workforce(60), workforce(40), workforce(40)], Plausible()),
    "without_largest": company_figures([workforce(40), workforce(40)], Plausible()),
    "largest": BIG,
    "trades": (TradeFigure(college="unions", rome="H2902", value=2, n=3, suppressed=None),),
}
design = Design(
    code=CODE,
    title="Emplois et compétences, 2024",
    reference_on=REFERENCE,
    closes_on=CLOSES,
    colleges=entered(*ASKED[::-1]),
    on=date(2024, 4, 2),
)
cleaned = SkillsCampaignCleaned(**of_campaign(effective_on=TODAY), cleaning=1)
tabulate = Tabulate(cleaning=1, answers=ANSWERS)
tabulated = SkillsCampaignTabulated(**of_campaign(effective_on=TODAY), cleaning=1, **FIGURED)
published = SkillsCampaignPublished(**of_campaign(effective_on=TODAY), **FIGURED)
resumed = SkillsCampaignCleaningResumed(**of_campaign(effective_on=TODAY))


def cancelled(before: SkillsCampaignStatus) -> SkillsCampaignCancelled:
    return SkillsCampaignCancelled(**of_campaign(effective_on=TODAY), status_before=before, reason="postponed")


PASTS: dict[str, tuple[Event, ...]] = {
    "designed": (DESIGNED,),
    "open": (DESIGNED, OPEN),
    "closed": (DESIGNED, OPEN, CLOSED),
    "cleaned": (DESIGNED, OPEN, CLOSED, cleaned, tabulated),
    "published": (DESIGNED, OPEN, CLOSED, cleaned, tabulated, published),
    "cancelled": (DESIGNED, OPEN, cancelled("open")),
}


def test_a_campaign_is_designed_opened_closed_cleaned_and_published() -> None:
    given().when(design).then(DESIGNED)
    given(DESIGNED).when(design).rejected("skills-campaign-exists")
    given(DESIGNED).when(Open(on=OPENED)).then(OPEN)
    given(*PASTS["open"]).when(Close(on=CLOSES)).then(CLOSED)
    given(*PASTS["closed"]).when(Clean()).then(cleaned)
    given(*PASTS["closed"], cleaned).when(tabulate).then(tabulated)
    given(*PASTS["cleaned"]).when(Publish()).then(published)
    given(*PASTS["cleaned"]).when(Publish()).then_state(status="published", published_on=TODAY, answers=COUNTED)


def test_a_college_is_told_once_and_somebody_asked_later_than_asked_about() -> None:
    twice = design.model_copy(update={"colleges": entered(ASKED[0], ASKED[0])})
    given().when(twice).rejected("college-twice")
    given().when(design.model_copy(update={"reference_on": date(2024, 6, 29)})).rejected("reference-after-closing")
    given(DESIGNED).when(Revise(reference_on=date(2024, 6, 29))).rejected("reference-after-closing")
    given(DESIGNED).when(Revise(colleges=entered(ASKED[1], ASKED[1]))).rejected("college-twice")


def test_what_is_designed_may_be_designed_otherwise() -> None:
    given(DESIGNED).when(Revise(title="Autre titre", colleges=entered(ASKED[0]))).then(
        SkillsCampaignRevised(
            **of_campaign(effective_on=TODAY, colleges=ASKED[:1]), title="Autre titre", closes_on=CLOSES
        )
    )
    given(DESIGNED).when(Revise(closes_on=LATER)).then_state(closes_on=LATER, colleges=ASKED)
    given(DESIGNED).when(Revise(title="Emplois et compétences, 2024", colleges=entered(*ASKED))).then()


def test_it_closes_by_itself_after_its_last_day_unless_prolonged() -> None:
    given(DESIGNED).is_due()
    given(*PASTS["open"]).is_due(Due(date(2024, 6, 29), Close()))
    prolonged = SkillsCampaignProlonged(
        **of_campaign(effective_on=TODAY), **{**DESCRIBED, "closes_on": LATER}, closes_on_before=CLOSES
    )
    given(*PASTS["open"]).when(Prolong(closes_on=LATER)).then(prolonged)
    given(*PASTS["open"], prolonged).is_due(Due(date(2024, 7, 13), Close()))
    given(*PASTS["closed"]).is_due()
    given(*PASTS["open"]).when(Prolong(closes_on=CLOSES)).then()
    by_itself = Close(on=date(2024, 6, 29))
    given(*PASTS["open"]).when(by_itself).then(SkillsCampaignClosed(**of_campaign(effective_on=date(2024, 6, 29))))


def test_answers_are_never_taken_until_a_day_that_has_passed() -> None:
    given(DESIGNED).when(Open()).rejected("closing-day-passed")
    given(*PASTS["open"]).when(Prolong(closes_on=date(2024, 6, 30))).rejected("closing-day-passed")
    given(*PASTS["closed"]).when(Reopen(closes_on=date(2024, 6, 30))).rejected("closing-day-passed")
    early = of_campaign(reference_on=CLOSES)
    past = (SkillsCampaignDesigned(**early, **DESCRIBED), OPEN.model_copy(update=early))
    given(*past).when(Prolong(closes_on=date(2024, 6, 27), on=OPENED)).rejected("reference-after-closing")


def test_one_that_was_closed_too_early_is_opened_again() -> None:
    reopened = SkillsCampaignReopened(**of_campaign(effective_on=TODAY), **{**DESCRIBED, "closes_on": LATER})
    given(*PASTS["closed"]).when(Reopen(closes_on=LATER)).then(reopened)
    given(*PASTS["closed"], reopened).is_due(Due(date(2024, 7, 13), Close()))
    given(*PASTS["closed"]).when(Reopen(closes_on=LATER)).then_state(status="open", closes_on=LATER, closed_on=None)


def test_how_many_were_asked_is_put_right_until_it_is_published() -> None:
    correct = CorrectAsked(college="unions", asked=7, reason="list_completed")
    right = (*ASKED[:2], AskedCollege(college="unions", asked=7))
    corrected = SkillsCampaignAskedCorrected(
        **of_campaign(effective_on=TODAY, colleges=right),
        college="unions",
        asked_before=5,
        asked=7,
        reason="list_completed",
    )
    given(*PASTS["open"]).when(correct).then(corrected)
    given(*PASTS["cleaned"]).when(correct).then_state(colleges=right, corrected_on=TODAY, answers=COUNTED)
    given(*PASTS["open"], corrected).when(correct).then()
    given(*PASTS["open"]).when(correct.model_copy(update={"college": "economic_actors"})).rejected("college-not-asked")
    given(*PASTS["open"]).when(correct.model_copy(update={"on": date(2024, 5, 12)})).rejected(
        "corrected-before-it-opened"
    )
    published_right = given(*PASTS["cleaned"], corrected).when(Publish()).events
    assert [event.colleges for event in published_right if isinstance(event, SkillsCampaignPublished)] == [right]


def test_it_holds_the_answers_that_nobody_was_asked_for_and_once_cleaned_all_that_would_be_looked_at() -> None:
    unasked = (
        Claim(MORE_ANSWERS_THAN_ASKED, f"{CODE}/companies", amount=MOST_ASKED - 30, limit=MOST_ASKED),
        Claim(MORE_ANSWERS_THAN_ASKED, f"{CODE}/training_bodies", amount=MOST_ASKED - 6, limit=MOST_ASKED),
        Claim(MORE_ANSWERS_THAN_ASKED, f"{CODE}/unions", amount=MOST_ASKED - 5, limit=MOST_ASKED),
    )
    looked_at = Claim(ANSWERS_NOT_LOOKED_AT, CODE, amount=MOST_ANSWERS, limit=MOST_ANSWERS)
    given(*PASTS["closed"]).holds(*unasked)
    given(*PASTS["cleaned"]).holds(*unasked, looked_at)
    given(*PASTS["published"]).holds(*unasked, looked_at)
    most = (AskedCollege(college="companies", asked=MOST_ASKED),)
    given(DESIGNED.model_copy(update={"colleges": most})).holds()


def test_a_cleaning_may_be_resumed_and_then_figures_are_added_up_anew() -> None:
    given(*PASTS["cleaned"]).when(ResumeCleaning()).then(resumed)
    past = (*PASTS["cleaned"], resumed)
    given(*PASTS["cleaned"]).when(ResumeCleaning()).then_state(
        status="closed", figures=None, without_largest=None, answers=(), trades=(), largest=None, cleaned_on=None
    )
    again = SkillsCampaignCleaned(**of_campaign(effective_on=TODAY), cleaning=2)
    given(*past).when(Clean()).then(again)
    # What was found for the first one comes late.
    given(*past).when(tabulate).then()
    given(*past, again).when(tabulate).then()
    given(*past, again).when(tabulate.model_copy(update={"cleaning": 2})).then_state(answers=COUNTED)
    given(*PASTS["cleaned"]).when(tabulate).then()


def test_there_are_figures_to_publish_only_once_answers_count() -> None:
    given(*PASTS["closed"], cleaned).when(Publish()).rejected("figures-not-ready")
    nothing = given(*PASTS["closed"], cleaned).when(Tabulate(cleaning=1, answers=ANSWERS[3:4])).events
    given(*PASTS["closed"], cleaned, *nothing).when(Publish()).rejected("no-answer-counts")
    (event,) = nothing
    assert isinstance(event, SkillsCampaignTabulated)
    assert event.largest is None
    assert event.figures.headcount.suppressed == "too_few"


def test_of_equals_the_largest_has_the_smallest_siret() -> None:
    equals = (answered(BIG), answered(SMALL), answered(SMALLER))
    given(*PASTS["closed"], cleaned).when(Tabulate(cleaning=1, answers=equals)).then_state(
        largest=min(BIG, SMALL, SMALLER)
    )


def test_a_deployment_says_when_a_figure_is_not_given() -> None:
    strict = given(*PASTS["closed"], cleaned).under(Plausible(figure_least_respondents=4))
    events = strict.when(tabulate).events
    assert [event.figures.headcount.suppressed for event in events if isinstance(event, SkillsCampaignTabulated)] == [
        "too_few"
    ]


@pytest.mark.parametrize("status", ["designed", "open", "closed", "cleaned"])
def test_it_may_be_cancelled_until_it_is_published(status: SkillsCampaignStatus) -> None:
    given(*PASTS[status]).when(Cancel(reason="postponed")).then(cancelled(status))
    given(*PASTS[status]).when(Cancel(reason="postponed")).then_state(
        status="cancelled", cancelled_on=TODAY, reason="postponed"
    )


ALLOWED: dict[type[Command], tuple[Command, set[str]]] = {
    Revise: (Revise(title="Autre titre"), {"designed"}),
    Open: (Open(), {"designed"}),
    Prolong: (Prolong(closes_on=LATER), {"open"}),
    CorrectAsked: (CorrectAsked(college="unions", asked=7, reason="other"), {"open", "closed", "cleaned"}),
    Close: (Close(), {"open"}),
    Reopen: (Reopen(closes_on=LATER), {"closed"}),
    Clean: (Clean(), {"closed"}),
    ResumeCleaning: (ResumeCleaning(), {"cleaned"}),
    Tabulate: (tabulate, {"open", "closed", "cleaned"}),
    Publish: (Publish(), {"cleaned"}),
    Cancel: (Cancel(reason="other"), {"designed", "open", "closed", "cleaned"}),
}


@pytest.mark.parametrize("status", get_args(SkillsCampaignStatus))
@pytest.mark.parametrize("kind", ALLOWED, ids=lambda kind: str(kind.__name__))
def test_each_command_is_for_its_states_alone(kind: type[Command], status: str) -> None:
    command, statuses = ALLOWED[kind]
    when = given(*PASTS[status]).when(command.model_copy(update={"on": TODAY}))
    if status not in statuses:
        assert when.refusal is not None
        assert when.refusal.slug.startswith("skills-campaign-")
    elif kind is Open:
        when.rejected("closing-day-passed")
    else:
        assert when.refusal is None, when.refusal


def test_every_command_is_tried_in_every_state() -> None:
    assert {*ALLOWED} == skills_campaigns.decisions.keys() - {Design}
    assert {*PASTS} == {*get_args(SkillsCampaignStatus)}
