"""What becomes of an answer to a skills campaign: given, looked at, set aside or retained, and counted."""

from datetime import date
from typing import Any, get_args

import pytest
from campaigns import (
    BODY,
    CLOSED_CAMPAIGN,
    CODE,
    COMPANY,
    DESIGNED,
    GIVEN,
    GIVEN_BY_BODY,
    GIVEN_BY_UNION,
    MEMBER,
    NOT_ACTIVE,
    NOTHING,
    OPEN_CAMPAIGN,
    OPENED,
    TODAY,
    answering,
    as_body,
    given_by_company,
    occupation,
    of_answer,
    workforce,
)

from contracts import Event
from contracts.training.campaign_answer import (
    CampaignAnswerCorrected,
    CampaignAnswerCounted,
    CampaignAnswerGiven,
    CampaignAnswerRestored,
    CampaignAnswerRetained,
    CampaignAnswerRevised,
    CampaignAnswerSetAside,
    CampaignAnswerStatus,
    CampaignAnswerWithdrawn,
    CleaningRule,
)
from contracts.values import MOST_ASKED
from eventstore.decider import Claim, Command
from eventstore.specification import Specification
from training.bounds import Plausible
from training.campaign_answer import (
    ANSWERED_ALREADY,
    Answer,
    Correct,
    Count,
    Restore,
    Review,
    Revise,
    SetAside,
    Withdraw,
    campaign_answers,
)
from training.skills_campaign import ANSWERS_NOT_LOOKED_AT, MORE_ANSWERS_THAN_ASKED, MOST_ANSWERS, skills_campaigns

JUNE = date(2024, 6, 3)
during = Specification(campaign_answers, today=JUNE)
"""While the campaign is open."""
after = Specification(campaign_answers, today=TODAY)
"""Once it is closed."""
INCOHERENT = given_by_company(workforce(10))
"""42 persons have an age, of 10 who are employed."""

retained = CampaignAnswerRetained(**of_answer(effective_on=TODAY))
set_aside = CampaignAnswerSetAside(**of_answer(effective_on=TODAY), reasons=("pyramid_unlike_headcount",))
restored = CampaignAnswerRestored(
    **of_answer(effective_on=TODAY), reasons_before=("pyramid_unlike_headcount",), reason="confirmed_by_respondent"
)
counted = CampaignAnswerCounted(**of_answer(effective_on=TODAY), workforce=workforce(), **NOTHING)
withdrawn = CampaignAnswerWithdrawn(**of_answer(effective_on=JUNE), reason="respondent_asked")
PASTS: dict[str, tuple[Event, ...]] = {
    "given": (GIVEN,),
    "retained": (GIVEN, retained),
    "set_aside": (INCOHERENT, set_aside),
    "withdrawn": (GIVEN, withdrawn),
    "counted": (GIVEN, retained, counted),
}


def telling(kind: type[Revise], told: Any, **changes: Any) -> Any:
    """A command that tells what an event does."""
    parts = {name: part for name, part in as_body(told).items() if name in ("workforce", "courses", "trades")}
    return kind.model_validate({**parts, **changes}, strict=False)


def revise(**changes: Any) -> Any:
    return telling(Revise, given_by_company(workforce(50), **changes), on=JUNE.isoformat())


def correct(told: CampaignAnswerGiven, **changes: Any) -> Any:
    return telling(Correct, told, reason="typing_error", **changes)


@pytest.mark.parametrize("event", [GIVEN, GIVEN_BY_BODY, GIVEN_BY_UNION], ids=lambda event: str(event.college))
def test_each_college_answers_in_its_own_way(event: CampaignAnswerGiven) -> None:
    member = MEMBER if event.company else None
    during().knowing(OPEN_CAMPAIGN, member).when(answering(event)).then(event)


def test_only_active_members_answer_as_companies() -> None:
    during().knowing(OPEN_CAMPAIGN, None).when(answering(GIVEN)).rejected("not-a-member")
    during().knowing(OPEN_CAMPAIGN, NOT_ACTIVE).when(answering(GIVEN)).rejected("not-a-member")


def test_answers_are_taken_while_the_campaign_is_open() -> None:
    ask = answering(GIVEN)
    during().knowing(None, MEMBER).when(ask).rejected("campaign-unknown")
    during().knowing(skills_campaigns.fold((DESIGNED,)), MEMBER).when(ask).rejected("campaign-takes-no-answers")
    after().knowing(CLOSED_CAMPAIGN, MEMBER).when(ask).rejected("campaign-takes-no-answers")
    # It is due to be closed, and not closed yet.
    after().knowing(OPEN_CAMPAIGN, MEMBER).when(ask).rejected("campaign-takes-no-answers")
    early = answering(GIVEN, on="2024-05-12")
    during().knowing(OPEN_CAMPAIGN, MEMBER).when(early).rejected("answered-before-it-opened")
    during().knowing(OPEN_CAMPAIGN, MEMBER).when(answering(GIVEN, on=OPENED.isoformat())).then_state(given_on=OPENED)
    during(GIVEN).knowing(CLOSED_CAMPAIGN).when(revise()).rejected("campaign-takes-no-answers")
    during(GIVEN).knowing(None).when(Withdraw(reason="other")).rejected("campaign-unknown")


def test_a_college_that_is_not_asked_does_not_answer() -> None:
    other = answering(GIVEN_BY_UNION, college="economic_actors")
    during().knowing(OPEN_CAMPAIGN, None).when(other).rejected("college-not-asked")


@pytest.mark.parametrize(
    ("event", "changes", "slug"),
    [
        (GIVEN, {"training_body": BODY}, "respondent-of-another-college"),
        (GIVEN, {"college": "unions"}, "respondent-of-another-college"),
        (GIVEN_BY_BODY, {"training_body": None, "respondent": "of-1"}, "respondent-of-another-college"),
        (GIVEN_BY_UNION, {"respondent": None}, "respondent-of-another-college"),
        (GIVEN, {"trades": [{"rome": "H2902", "priority": "high"}]}, "part-of-another-college"),
        (GIVEN, {"workforce": None}, "part-of-another-college"),
        (GIVEN_BY_BODY, {"courses": []}, "part-of-another-college"),
        (GIVEN_BY_UNION, {"trades": None, "courses": [{"rome": "H2902", "seats": 3}]}, "part-of-another-college"),
        (GIVEN_BY_BODY, {"courses": [{"rome": "H2902", "seats": 3}] * 2}, "trade-twice"),
        (GIVEN_BY_UNION, {"trades": [{"rome": "H2902", "priority": "low"}] * 2}, "trade-twice"),
    ],
)
def test_what_cannot_be_an_answer_of_the_college_is_refused(
    event: CampaignAnswerGiven, changes: dict[str, Any], slug: str
) -> None:
    member = MEMBER if event.company else None
    during().knowing(OPEN_CAMPAIGN, member).when(answering(event, **changes)).rejected(slug)


def test_an_age_pyramid_that_does_not_add_up_is_refused() -> None:
    def told(**changes: Any) -> Answer:
        body = as_body(GIVEN)["workforce"]
        pyramid = {**body["pyramid"], **changes.pop("pyramid", {})}
        return answering(GIVEN, workforce={**body, **changes, "pyramid": pyramid})

    when = during().knowing(OPEN_CAMPAIGN, MEMBER).when
    when(told(pyramid={"total": 43})).rejected("age-pyramid-does-not-add-up")
    when(told(pyramid={"total": 42})).then(GIVEN)
    when(told(pyramid={"under_26": 4.1, "from_60": 2.2, "total": 42.3})).then_state(status="given")
    nobody = dict.fromkeys(as_body(GIVEN)["workforce"]["pyramid"], 0)
    when(told(pyramid=nobody)).rejected("age-pyramid-empty")
    when(told(pyramid=nobody, headcount=0, retirements_5y=0, occupations=[])).then_state(status="given")
    twice = as_body(GIVEN)["workforce"]["occupations"] * 2
    when(told(occupations=twice)).rejected("trade-twice")


def test_obstacles_and_skills_are_told_once() -> None:
    body = {**as_body(GIVEN)["workforce"], "obstacles": ["pay", "transport", "pay"]}
    when = during().knowing(OPEN_CAMPAIGN, MEMBER).when(answering(GIVEN, workforce=body))
    (event,) = when.events
    assert isinstance(event, CampaignAnswerGiven)
    assert event.workforce is not None
    assert event.workforce.obstacles == ("pay", "transport")


def test_a_respondent_answers_otherwise_while_the_campaign_is_open() -> None:
    revised = CampaignAnswerRevised(**of_answer(), workforce=workforce(50), **NOTHING)
    during(GIVEN).knowing(OPEN_CAMPAIGN).when(revise()).then(revised)
    during(GIVEN, revised).knowing(OPEN_CAMPAIGN).when(revise()).then()
    # The campaign was closed, and opened again: the answer is looked at once more.
    early = {"effective_on": JUNE}
    for past in (
        (GIVEN, retained.model_copy(update=early)),
        (INCOHERENT, set_aside.model_copy(update=early), restored.model_copy(update=early)),
        (INCOHERENT, set_aside.model_copy(update=early)),
    ):
        during(*past).knowing(OPEN_CAMPAIGN).when(revise()).then_state(status="given", reasons=(), restored=None)


def test_a_respondent_who_withdraws_may_answer_anew() -> None:
    during(GIVEN).knowing(OPEN_CAMPAIGN).when(Withdraw(reason="respondent_asked")).then(withdrawn)
    during(GIVEN, withdrawn).holds()


def test_one_answer_of_each_respondent_and_none_beyond_those_asked() -> None:
    def held(college: str, who: str) -> tuple[Claim, ...]:
        return (
            Claim(ANSWERED_ALREADY, f"{CODE}/{college}/{who}"),
            Claim(MORE_ANSWERS_THAN_ASKED, f"{CODE}/{college}", limit=MOST_ASKED),
        )

    unseen = Claim(ANSWERS_NOT_LOOKED_AT, CODE, limit=MOST_ANSWERS)
    during(GIVEN).holds(*held("companies", COMPANY), unseen)
    during(GIVEN_BY_BODY).holds(*held("training_bodies", BODY), unseen)
    during(GIVEN_BY_UNION).holds(*held("unions", "acteur-07"), unseen)
    for status in ("retained", "set_aside", "counted"):
        during(*PASTS[status]).holds(*held("companies", COMPANY))


def test_what_holds_together_is_retained_and_what_does_not_set_aside() -> None:
    after(GIVEN).when(Review()).then(retained)
    after(INCOHERENT).when(Review()).then(set_aside)
    after(GIVEN_BY_BODY).when(Review()).then_state(status="retained")
    after(GIVEN_BY_UNION).when(Review()).then_state(status="retained")


@pytest.mark.parametrize(
    ("told", "reasons"),
    [
        (workforce(84), ()),
        (workforce(21), ()),
        (workforce(84.5), ("pyramid_unlike_headcount", "fractions_of_persons")),
        (workforce(85), ("pyramid_unlike_headcount",)),
        (workforce(20), ("pyramid_unlike_headcount",)),
        (workforce(0), ("pyramid_unlike_headcount", "trades_beyond_headcount")),
        (workforce(42, under_26=4.5, from_26_to_34=8.5), ("fractions_of_persons",)),
        (workforce(42, retirements=2.5), ("fractions_of_persons",)),
        (workforce(42, occupation("H2902", 12, 12, 12.5, 13)), ("fractions_of_persons",)),
        (workforce(42, retirements=8), ()),
        (workforce(42, retirements=9), ("retirements_beyond_seniors",)),
        (workforce(42, occupation("H2902", 3, 0, 0, -1)), ("fewer_than_none_expected",)),
        (workforce(42, occupation("H2902", 44), occupation("H2901", 40)), ()),
        (workforce(42, occupation("H2902", 45), occupation("H2901", 40)), ("trades_beyond_headcount",)),
    ],
)
def test_each_cleaning_rule_finds_what_it_is_for(told: Any, reasons: tuple[CleaningRule, ...]) -> None:
    status = "set_aside" if reasons else "retained"
    after(given_by_company(told)).when(Review()).then_state(status=status, reasons=reasons)


def test_a_deployment_says_how_far_a_pyramid_may_be_from_the_headcount() -> None:
    strict = Plausible(pyramid_least_percent=90, pyramid_most_percent=110)
    after(given_by_company(workforce(50))).under(strict).when(Review()).then_state(
        reasons=("pyramid_unlike_headcount",)
    )
    after(INCOHERENT).under(Plausible(pyramid_most_percent=500)).when(Review()).then_state(status="retained")


def test_whoever_runs_the_campaign_reverses_what_the_rules_found_until_it_is_cleaned() -> None:
    past = PASTS["set_aside"]
    restore = Restore(reason="confirmed_by_respondent")
    after(*past).knowing(CLOSED_CAMPAIGN).when(restore).then(restored)
    after(*past).knowing(CLOSED_CAMPAIGN).when(restore).then_state(
        status="retained", reasons=(), restored="confirmed_by_respondent"
    )
    by_hand = CampaignAnswerSetAside(**of_answer(effective_on=TODAY), reasons=("implausible",))
    after(*past, restored).knowing(CLOSED_CAMPAIGN).when(SetAside(reason="implausible")).then(by_hand)
    after(*past, restored).knowing(CLOSED_CAMPAIGN).when(SetAside(reason="implausible")).then_state(restored=None)
    for campaign, slug in ((OPEN_CAMPAIGN, "campaign-not-being-cleaned"), (None, "campaign-unknown")):
        after(*past).knowing(campaign).when(restore).rejected(slug)
        after(*PASTS["retained"]).knowing(campaign).when(SetAside(reason="other")).rejected(slug)
        after(*past).knowing(campaign).when(correct(GIVEN)).rejected(slug)


def test_what_was_entered_wrongly_is_put_right_and_looked_at_again() -> None:
    def corrected(before: Any, told: Any, *reasons: CleaningRule) -> CampaignAnswerCorrected:
        parts = {"courses_before": (), "trades_before": (), **NOTHING}
        facts = of_answer(effective_on=TODAY)
        return CampaignAnswerCorrected(
            **facts, **parts, workforce_before=before, workforce=told, reasons=reasons, reason="typing_error"
        )

    right = corrected(workforce(10), workforce())
    after(*PASTS["set_aside"]).knowing(CLOSED_CAMPAIGN).when(correct(GIVEN)).then(right)
    after(*PASTS["set_aside"]).knowing(CLOSED_CAMPAIGN).when(correct(GIVEN)).then_state(
        status="retained", reasons=(), corrected_on=TODAY
    )
    wrong = corrected(workforce(), workforce(10), "pyramid_unlike_headcount")
    after(*PASTS["retained"]).knowing(CLOSED_CAMPAIGN).when(correct(INCOHERENT)).then(wrong)
    after(*PASTS["retained"]).knowing(CLOSED_CAMPAIGN).when(correct(INCOHERENT)).then_state(status="set_aside")
    after(*PASTS["retained"]).knowing(CLOSED_CAMPAIGN).when(correct(GIVEN)).then()
    early = correct(INCOHERENT, on="2024-06-02")
    after(*PASTS["retained"]).knowing(CLOSED_CAMPAIGN).when(early).rejected("corrected-before-it-was-given")
    other = correct(GIVEN_BY_UNION)
    after(*PASTS["retained"]).knowing(CLOSED_CAMPAIGN).when(other).rejected("part-of-another-college")


def test_what_is_retained_is_counted_once_the_campaign_is_published() -> None:
    after(*PASTS["retained"]).when(Count()).then(counted)


ALLOWED: dict[type[Command], tuple[Command, Any, set[str]]] = {
    Revise: (revise(), OPEN_CAMPAIGN, {"given", "retained", "set_aside"}),
    Withdraw: (Withdraw(reason="other"), OPEN_CAMPAIGN, {"given", "retained", "set_aside"}),
    Review: (Review(), None, {"given"}),
    SetAside: (SetAside(reason="other"), CLOSED_CAMPAIGN, {"retained"}),
    Restore: (Restore(reason="other"), CLOSED_CAMPAIGN, {"set_aside"}),
    Correct: (correct(given_by_company(workforce(45))), CLOSED_CAMPAIGN, {"retained", "set_aside"}),
    Count: (Count(), None, {"retained"}),
}


@pytest.mark.parametrize("status", get_args(CampaignAnswerStatus))
@pytest.mark.parametrize("kind", ALLOWED, ids=lambda kind: str(kind.__name__))
def test_each_command_is_for_its_states_alone(kind: type[Command], status: str) -> None:
    command, campaign, statuses = ALLOWED[kind]
    # All on one day, for the campaign may have been closed on it, and opened again.
    past = [event.model_copy(update={"effective_on": JUNE}) for event in PASTS[status]]
    looked_up = (campaign,) if campaign else ()
    when = during(*past).knowing(*looked_up).when(command.model_copy(update={"on": JUNE}))
    if status in statuses:
        assert when.events, when.refusal
    else:
        assert when.refusal is not None
        assert when.refusal.slug.startswith("campaign-answer-")


def test_every_command_is_tried_in_every_state() -> None:
    assert {*ALLOWED} == campaign_answers.decisions.keys() - {Answer}
    assert {*PASTS} == {*get_args(CampaignAnswerStatus)}
