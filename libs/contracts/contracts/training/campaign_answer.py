"""What happens to an answer to a skills campaign [réponse à une campagne GPECT], the stream `campaign-answer-<id>`.

A respondent is a member company, a training body, or, under a code that names nobody, an economic actor or a union. A
company tells how many it employs, how old they are, in which trades and with which prospects; the others tell which
trades matter. Nobody is named: all are numbers of persons.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.values import (
    Commune,
    ExpectedPersons,
    Naf,
    RespondentCode,
    Rome,
    Siret,
    SkillsCampaignCode,
    SomePeople,
    ToldPersons,
    Zone,
)

CATEGORY: Final = Category("campaign-answer", service="training", path="/v1/campaign-answers", persons=True)

College = Literal["companies", "training_bodies", "economic_actors", "unions"]
CampaignAnswerStatus = Literal["given", "retained", "set_aside", "withdrawn", "counted"]
RecruitingDifficulty = Literal["none", "some", "hard", "very_hard"]
"""How hard it is to recruit for a trade: a scale of four."""
IN_TENSION: Final[tuple[RecruitingDifficulty, ...]] = ("hard", "very_hard")
"""From where on a trade is in tension [métier en tension]."""
RecruitingObstacle = Literal[
    "few_candidates",
    "lack_of_skills",
    "pay",
    "working_hours",
    "working_conditions",
    "image_of_the_trade",
    "transport",
    "housing",
    "other",
]
SkillFamily = Literal[
    "machining",
    "welding_and_boilermaking",
    "maintenance",
    "automation_and_robotics",
    "quality_and_methods",
    "logistics",
    "digital",
    "ecological_transition",
    "safety",
    "management",
    "languages",
    "basic_skills",
    "other",
]
"""The programme's own families of what people in industry can do: codes, as a free text might name somebody."""
TradePriority = Literal["low", "medium", "high"]
CleaningRule = Literal[
    "pyramid_unlike_headcount",
    "fractions_of_persons",
    "retirements_beyond_seniors",
    "fewer_than_none_expected",
    "trades_beyond_headcount",
]
"""Why an answer does not hold together, as the platform finds by itself."""
SetAsideChoice = Literal["entered_by_mistake", "out_of_scope", "implausible", "other"]
"""Why somebody sets an answer aside."""
RestoreReason = Literal["confirmed_by_respondent", "right_as_it_is", "set_aside_by_mistake", "other"]
AnswerWithdrawal = Literal["entered_by_mistake", "respondent_asked", "other"]
AnswerCorrection = Literal["typing_error", "corrected_by_respondent", "late_document", "other"]


class AgePyramid(Detail):
    """How many of those employed are how old, on the campaign's reference day."""

    under_26: ToldPersons
    from_26_to_34: ToldPersons
    from_35_to_44: ToldPersons
    from_45_to_54: ToldPersons
    from_55_to_59: ToldPersons
    from_60: ToldPersons

    @property
    def persons(self) -> float:
        """Of all ages."""
        bands = (self.under_26, self.from_26_to_34, self.from_35_to_44, self.from_45_to_54)
        return round(sum(bands) + self.seniors, 2)

    @property
    def seniors(self) -> float:
        """Persons of 55 and over."""
        return round(self.from_55_to_59 + self.from_60, 2)


class Occupation(Detail):
    """A trade in a company: how many have it, and how many the company expects to."""

    rome: Rome
    persons: ToldPersons
    """Who have it on the reference day."""
    in_1_year: ExpectedPersons
    in_3_years: ExpectedPersons
    in_5_years: ExpectedPersons
    difficulty: RecruitingDifficulty
    """Of recruiting for it."""


class Workforce(Detail):
    """What a company tells of whom it employs."""

    headcount: ToldPersons
    """Persons on the reference day, however long they work."""
    pyramid: AgePyramid
    retirements_5y: ToldPersons
    """Who are expected to retire within five years."""
    occupations: tuple[Occupation, ...]
    """Each trade once."""
    obstacles: tuple[RecruitingObstacle, ...]
    """What recruiting fails at."""
    skills: tuple[SkillFamily, ...]
    """What the company needs people to be able to do."""

    @property
    def persons_by_trade(self) -> float:
        """Persons of the trades that are told of."""
        return round(sum(each.persons for each in self.occupations), 2)

    @property
    def persons_in_tension(self) -> float:
        """Persons of the trades for which it is hard or very hard to recruit."""
        return round(sum(each.persons for each in self.occupations if each.difficulty in IN_TENSION), 2)


class CourseNeeded(Detail):
    """For how many people a year a training body sees a course lacking."""

    rome: Rome
    """The trade that it would lead to."""
    seats: SomePeople


class TradeView(Detail):
    """How much a trade matters for the territory, as an economic actor or a union sees it."""

    rome: Rome
    priority: TradePriority


class _CampaignAnswer(Event):
    skills_campaign: SkillsCampaignCode
    reference_on: Day
    """The day that the campaign asks about."""
    college: College
    company: Siret | None
    """Of the college `companies` alone, as are activity, commune and zone: as when it answered."""
    naf: Naf | None
    commune: Commune | None
    zone: Zone | None
    training_body: Siret | None
    """Of the college `training_bodies` alone."""
    respondent: RespondentCode | None
    """Of the two other colleges: a code that says nobody's name."""


class _Told(_CampaignAnswer):
    workforce: Workforce | None
    """Of a company alone."""
    courses: tuple[CourseNeeded, ...]
    """Of a training body alone, each trade once."""
    trades: tuple[TradeView, ...]
    """Of an economic actor or a union alone, each trade once."""


class CampaignAnswerGiven(_Told, version=1):
    """A respondent has answered."""


class CampaignAnswerRevised(_Told, version=1):
    """The respondent answers otherwise, while the campaign is open: this takes the place of what was told before."""


class CampaignAnswerRetained(_CampaignAnswer, version=1):
    """The campaign is closed, and the answer holds together."""


class CampaignAnswerSetAside(_CampaignAnswer, version=1):
    """The answer does not count, as it does not hold together or somebody says so."""

    reasons: tuple[CleaningRule | SetAsideChoice, ...]


class CampaignAnswerRestored(_CampaignAnswer, version=1):
    """Somebody has looked at an answer that was set aside: it counts."""

    reasons_before: tuple[CleaningRule | SetAsideChoice, ...]
    reason: RestoreReason


class CampaignAnswerCorrected(_Told, Correction, version=1):
    """It had been recorded wrongly what the respondent told. The cleaning rules have looked at it again."""

    workforce_before: Workforce | None
    courses_before: tuple[CourseNeeded, ...]
    trades_before: tuple[TradeView, ...]
    reasons: tuple[CleaningRule | SetAsideChoice, ...]
    """Why it is set aside; none where it counts."""
    reason: AnswerCorrection


class CampaignAnswerWithdrawn(_CampaignAnswer, version=1):
    """The respondent has not answered, and may do so anew."""

    reason: AnswerWithdrawal


class CampaignAnswerCounted(_Told, version=1):
    """The campaign is published, and this answer is part of its figures."""
