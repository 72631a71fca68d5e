"""What a campaign asks of its answers as it goes on, and what these ask of it: one function for each."""

from campaigns import CLOSED, CODE, GIVEN, GIVEN_BY_UNION, TODAY, of_answer
from test_campaign_answer_decisions import INCOHERENT, retained, set_aside
from test_skills_campaign_decisions import cleaned, published

from contracts import Event
from contracts.training.campaign_answer import CampaignAnswerRetained
from eventstore.reactions import Found, Identity, Issue
from training.campaign_answer import CampaignAnswer, Count, Review, campaign_answers
from training.campaign_figures import Answered
from training.reactions import add_answers_up, count_answers, look_at_answers
from training.skills_campaign import Tabulate, skills_campaigns

FIRST, SECOND, THIRD = (f"0190a3c4-5e6f-7a8b-9c0d-{number:012}" for number in range(3))


def found(identity: str, *events: Event) -> Found[CampaignAnswer]:
    state = campaign_answers.fold(events)
    assert state is not None
    return Found(identity, state)


RETAINED = found(FIRST, GIVEN, retained)
SET_ASIDE = found(SECOND, INCOHERENT, set_aside)
OF_A_UNION = found(
    THIRD,
    GIVEN_BY_UNION,
    CampaignAnswerRetained(**of_answer(college="unions", company=None, respondent="acteur-07", effective_on=TODAY)),
)


def test_a_campaign_that_is_closed_has_its_answers_looked_at() -> None:
    given = [found(FIRST, GIVEN), found(SECOND, INCOHERENT)]
    expects = tuple(campaign_answers.not_for(Review))
    assert list(look_at_answers(CLOSED, given)) == [
        Issue(campaign_answers, identity, Review(), expects=expects) for identity in (FIRST, SECOND)
    ]


def test_a_campaign_that_is_cleaned_has_its_answers_added_up() -> None:
    answers = (
        Answered(counts=True, **GIVEN.model_dump(include={*Answered.model_fields})),
        Answered(counts=False, **INCOHERENT.model_dump(include={*Answered.model_fields})),
        Answered(counts=True, **GIVEN_BY_UNION.model_dump(include={*Answered.model_fields})),
    )
    assert list(add_answers_up(cleaned, Identity(CODE), [RETAINED, SET_ASIDE, OF_A_UNION])) == [
        Issue(
            skills_campaigns,
            CODE,
            Tabulate(cleaning=1, answers=answers),
            expects=tuple(skills_campaigns.not_for(Tabulate)),
        )
    ]


def test_a_campaign_that_is_published_has_what_it_retains_counted() -> None:
    expects = tuple(campaign_answers.not_for(Count))
    assert list(count_answers(published, [RETAINED, OF_A_UNION])) == [
        Issue(campaign_answers, identity, Count(), expects=expects) for identity in (FIRST, THIRD)
    ]
