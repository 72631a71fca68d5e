"""A skills campaign and what is answered to it, as the tests of decisions and of the API tell them. All made up."""

from datetime import date
from typing import Any, Final

from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanySuspended
from contracts.training.campaign_answer import (
    AgePyramid,
    CampaignAnswerGiven,
    CourseNeeded,
    Occupation,
    RecruitingDifficulty,
    TradeView,
    Workforce,
)
from contracts.training.skills_campaign import (
    AskedCollege,
    SkillsCampaignClosed,
    SkillsCampaignDesigned,
    SkillsCampaignOpened,
)
from training.campaign_answer import Answer
from training.members import members
from training.skills_campaign import skills_campaigns

CODE: Final = "gpect-2024"
COMPANY, NEIGHBOUR, BODY = sample_siret(0), sample_siret(1), sample_siret(50)
REFERENCE: Final = date(2023, 12, 31)
OPENED: Final = date(2024, 5, 13)
CLOSES: Final = date(2024, 6, 28)
TODAY: Final = date(2024, 7, 1)
"""The campaign is closed."""
PLACE: Final[dict[str, Any]] = {"naf": "25.62B", "commune": "36088", "zone": "zi-limoise"}
ASKED: Final = (
    AskedCollege(college="companies", asked=30),
    AskedCollege(college="training_bodies", asked=6),
    AskedCollege(college="unions", asked=5),
)


def joined(company: str = COMPANY) -> CompanyActivated:
    return CompanyActivated(**PLACE, company=company, headcount=42, size_band="12", effective_on=date(2024, 1, 15))


SUSPENDED: Final = CompanySuspended(
    **PLACE, company=COMPANY, reason="fee_unpaid", headcount_before=42, headcount=0, effective_on=date(2024, 4, 1)
)
MEMBER: Final = members.fold((joined(),))
NOT_ACTIVE: Final = members.fold((joined(), SUSPENDED))


def of_campaign(**changes: Any) -> dict[str, Any]:
    """What the campaign's events have in common."""
    told = {"skills_campaign": CODE, "reference_on": REFERENCE, "colleges": ASKED, "effective_on": OPENED}
    return told | changes


DESCRIBED: Final[dict[str, Any]] = {"title": "Emplois et compétences, 2024", "closes_on": CLOSES}
DESIGNED: Final = SkillsCampaignDesigned(**of_campaign(effective_on=date(2024, 4, 2)), **DESCRIBED)
OPEN: Final = SkillsCampaignOpened(**of_campaign(), **DESCRIBED)
CLOSED: Final = SkillsCampaignClosed(**of_campaign(effective_on=CLOSES))
OPEN_CAMPAIGN: Final = skills_campaigns.fold((DESIGNED, OPEN))
CLOSED_CAMPAIGN: Final = skills_campaigns.fold((DESIGNED, OPEN, CLOSED))

BANDS: Final = {
    "under_26": 4.0,
    "from_26_to_34": 9.0,
    "from_35_to_44": 11.0,
    "from_45_to_54": 10.0,
    "from_55_to_59": 6.0,
    "from_60": 2.0,
}


def occupation(
    rome: str = "H2902", persons: float = 12, *expected: float, difficulty: RecruitingDifficulty = "very_hard"
) -> Occupation:
    in_1, in_3, in_5 = expected or (persons + 1, persons + 3, persons + 4)
    return Occupation(
        rome=rome, persons=persons, in_1_year=in_1, in_3_years=in_3, in_5_years=in_5, difficulty=difficulty
    )


def workforce(headcount: float = 42, *occupations: Occupation, retirements: float = 5, **bands: float) -> Workforce:
    """A company of 42 persons, 8 of them 55 and over, unless told."""
    return Workforce(
        headcount=headcount,
        pyramid=AgePyramid(**{**BANDS, **bands}),
        retirements_5y=retirements,
        occupations=occupations or (occupation(),),
        obstacles=("few_candidates",),
        skills=("machining",),
    )


def of_answer(company: str | None = COMPANY, **changes: Any) -> dict[str, Any]:
    """What the events of a company's answer have in common."""
    told = {
        **PLACE,
        "skills_campaign": CODE,
        "reference_on": REFERENCE,
        "college": "companies",
        "company": company,
        "training_body": None,
        "respondent": None,
        "effective_on": date(2024, 6, 3),
    }
    return told | changes


NOWHERE: Final[dict[str, Any]] = {"company": None, "naf": None, "commune": None, "zone": None}
NOTHING: Final[dict[str, Any]] = {"courses": (), "trades": ()}


def given_by_company(told: Workforce | None = None, **changes: Any) -> CampaignAnswerGiven:
    return CampaignAnswerGiven(**of_answer(**changes), workforce=told or workforce(), **NOTHING)


GIVEN: Final = given_by_company()
GIVEN_BY_BODY: Final = CampaignAnswerGiven(
    **of_answer(**NOWHERE, college="training_bodies", training_body=BODY),
    workforce=None,
    courses=(CourseNeeded(rome="H2902", seats=12),),
    trades=(),
)
GIVEN_BY_UNION: Final = CampaignAnswerGiven(
    **of_answer(**NOWHERE, college="unions", respondent="acteur-07"),
    workforce=None,
    courses=(),
    trades=(TradeView(rome="H2902", priority="high"),),
)


def as_body(event: Event) -> dict[str, Any]:
    """What somebody sends who has answered so."""
    return event.model_dump(
        mode="json",
        include={
            "skills_campaign",
            "college",
            "company",
            "training_body",
            "respondent",
            "workforce",
            "courses",
            "trades",
        },
    )


def answering(event: Event, **changes: Any) -> Answer:
    """The command that leads to it."""
    told = {**as_body(event), "on": event.effective_on.isoformat(), **changes}
    return Answer.model_validate(told, strict=False)
