"""What happens to a skills campaign [campagne GPECT], the stream `skills-campaign-<code>`.

Companies, training bodies, economic actors and unions are asked about jobs and skills. Its answers are streams of their
own (`campaign_answer.py`).
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.training.campaign_answer import College
from contracts.values import FigureValue, Ordinal, Rome, ShortText, Siret, SkillsCampaignCode, SomeAsked, Tally

CATEGORY: Final = Category("skills-campaign", service="training", path="/v1/skills-campaigns", persons=True)

SkillsCampaignStatus = Literal["designed", "open", "closed", "cleaned", "published", "cancelled"]
CampaignCancellation = Literal["too_few_answers", "postponed", "designed_by_mistake", "other"]
AskedCorrection = Literal["typing_error", "counted_twice", "list_completed", "other"]
Suppression = Literal["too_few", "one_dominates", "all_alike"]
"""Why a figure is not given: of too few respondents, or one makes nearly all of it, or it is a share of all or of
nobody, which tells what each respondent has answered."""


class AskedCollege(Detail):
    """How many respondents of a college are asked."""

    college: College
    asked: SomeAsked


class CollegeAnswers(Detail):
    """How many respondents of a college have answered."""

    college: College
    answered: Tally
    set_aside: Tally
    """Of those who have answered: theirs do not count."""
    n: Tally
    """Whose answers count: the others."""


class CampaignFigure(Detail):
    """A figure, or that it is not given."""

    value: FigureValue | None
    """None where it is not given, or there is nothing that it could be a share of."""
    n: Tally
    """Of how many respondents it is."""
    suppressed: Suppression | None
    part: FigureValue | None = None
    """Of a share that is given: the persons that it counts, of those told of (`whole`)."""
    whole: FigureValue | None = None


class TradeNeeds(Detail):
    """How many more persons companies expect to have in a trade than on the reference day, or fewer."""

    rome: Rome
    in_1_year: FigureValue | None
    in_3_years: FigureValue | None
    in_5_years: FigureValue | None
    n: Tally
    """How many companies have told of the trade."""
    suppressed: Suppression | None
    """All three years are given, or none."""


class CompanyFigures(Detail):
    """What the companies' answers add up to."""

    headcount: CampaignFigure
    """Persons."""
    senior_share: CampaignFigure
    """Persons of 55 and over, of those whose age is told: 0.25 is a quarter."""
    retirements_5y: CampaignFigure
    """Persons who are expected to retire within five years."""
    tension_share: CampaignFigure
    """Persons of trades that it is hard or very hard to recruit for, of those whose trade is told."""
    needs: tuple[TradeNeeds, ...]


class TradeFigure(Detail):
    """What another college says of a trade."""

    college: College
    rome: Rome
    value: FigureValue | None
    """Seats a year that training bodies see lacking; of the others, how many say that it has a high priority."""
    n: Tally
    """How many respondents have told of the trade."""
    suppressed: Suppression | None


class _SkillsCampaign(Event):
    skills_campaign: SkillsCampaignCode
    reference_on: Day
    """The day that is asked about."""
    colleges: tuple[AskedCollege, ...]
    """Who is asked, each college once."""


class _Described(_SkillsCampaign):
    title: ShortText
    closes_on: Day
    """The last day on which answers are taken."""


class _Figured(_SkillsCampaign):
    answers: tuple[CollegeAnswers, ...]
    """Of each college that is asked."""
    figures: CompanyFigures
    without_largest: CompanyFigures
    """The same without the company of the greatest headcount: the difference is one company's answer."""
    largest: Siret | None
    """That company: of equals, the one of the smallest SIRET; None where no company's answer counts."""
    trades: tuple[TradeFigure, ...]


class SkillsCampaignDesigned(_Described, version=1):
    """Somebody prepares a campaign."""


class SkillsCampaignRevised(_Described, version=1):
    """It is prepared otherwise."""


class SkillsCampaignOpened(_Described, version=1):
    """Answers are taken."""


class SkillsCampaignProlonged(_Described, version=1):
    """Answers are taken until another day."""

    closes_on_before: Day


class SkillsCampaignAskedCorrected(_SkillsCampaign, Correction, version=1):
    """Another number of respondents of a college had been asked."""

    college: College
    asked_before: SomeAsked
    asked: SomeAsked
    reason: AskedCorrection


class SkillsCampaignClosed(_SkillsCampaign, version=1):
    """Answers are taken no more. The platform looks at each of them."""


class SkillsCampaignReopened(_Described, version=1):
    """Answers are taken again."""


class SkillsCampaignCleaned(_SkillsCampaign, version=1):
    """Every answer was looked at: it counts, or is set aside."""

    cleaning: Ordinal
    """The first time is 1; there are more where the cleaning was resumed."""


class SkillsCampaignCleaningResumed(_SkillsCampaign, version=1):
    """Answers are looked at once more."""


class SkillsCampaignTabulated(_Figured, version=1):
    """The platform has added up the answers that count. Nothing is published by that."""

    cleaning: Ordinal


class SkillsCampaignPublished(_Figured, version=1):
    """The figures are given to whoever may read the programme's, and stay as they are."""


class SkillsCampaignCancelled(_SkillsCampaign, version=1):
    """The campaign comes to nothing, whatever was answered."""

    status_before: SkillsCampaignStatus
    reason: CampaignCancellation
