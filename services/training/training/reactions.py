"""What an event asks of other streams of this service: answers to a campaign that is closed are looked at, those to
one that is cleaned added up, and those of a published one counted."""

from collections.abc import Iterable, Sequence

from contracts.training.skills_campaign import SkillsCampaignCleaned, SkillsCampaignClosed, SkillsCampaignPublished
from eventstore.decider import ITSELF
from eventstore.reactions import Found, Identity, Issue, Reactions
from training.campaign_answer import LOOKED_AT, CampaignAnswer, Count, Review, campaign_answers
from training.campaign_figures import Answered
from training.skills_campaign import Tabulate, skills_campaigns

reactions = Reactions()


@reactions.to(finds=campaign_answers, by={"skills_campaign": ITSELF}, among={"status": "given"})
def look_at_answers(_event: SkillsCampaignClosed, given: Sequence[Found[CampaignAnswer]]) -> Iterable[Issue]:
    """The cleaning rules look at each answer that they have not seen."""
    for found in given:
        yield Issue(campaign_answers, found.identity, Review(), expects=tuple(campaign_answers.not_for(Review)))


@reactions.to(finds=campaign_answers, by={"skills_campaign": ITSELF}, among={"status": LOOKED_AT})
def add_answers_up(
    event: SkillsCampaignCleaned, campaign: Identity, there: Sequence[Found[CampaignAnswer]]
) -> Iterable[Issue]:
    """What is found is what was found when it was cleaned: until the cleaning is resumed no answer changes, and then
    this comes to nothing."""
    answers = tuple(
        Answered(
            counts=found.state.status == "retained",
            **{name: getattr(found.state, name) for name in Answered.model_fields.keys() - {"counts"}},
        )
        for found in there
    )
    tabulate = Tabulate(cleaning=event.cleaning, answers=answers)
    yield Issue(skills_campaigns, campaign, tabulate, expects=tuple(skills_campaigns.not_for(Tabulate)))


@reactions.to(finds=campaign_answers, by={"skills_campaign": ITSELF}, among={"status": "retained"})
def count_answers(_event: SkillsCampaignPublished, retained: Sequence[Found[CampaignAnswer]]) -> Iterable[Issue]:
    """Each answer tells once what it adds to the figures, for whoever counts by company or trade."""
    for found in retained:
        yield Issue(campaign_answers, found.identity, Count(), expects=tuple(campaign_answers.not_for(Count)))
