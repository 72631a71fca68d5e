"""`GET /v1/skills-campaigns/{id}/figures`: what a published campaign has found, for whoever reads the programme's data.

What is given was decided when the answers were added up: a figure that is not given says so, here as everywhere. The
figures without the largest respondent are for those alone who read companies' answers, or steer the programme: from
the difference anybody could tell what one company has answered.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.language import Sentence
from contracts.model import Day
from contracts.roles import Role
from contracts.training.campaign_answer import College
from contracts.training.skills_campaign import CATEGORY, CompanyFigures, Suppression, TradeFigure
from contracts.values import Rome, ShortText, Siret, SkillsCampaignCode, SomeAsked, Tally
from eventstore.execution import StreamNotFound, current
from eventstore.refusal import ROLE_MISSING, Forbidden
from service.documents.components import response
from service.http import kinds
from service.http.auth import Caller
from service.http.kinds import Kind
from service.http.problems import Problem
from service.http.reading import Readers, Reads
from service.http.routes import CurrentStore, requires
from service.http.sentences import Said
from training.skills_campaign import SkillsCampaign, skills_campaigns

WITHOUT_LARGEST: Final[tuple[Role, ...]] = ("epci", "network", "steering")
"""Who reads the figures without the largest respondent."""
NOT_PUBLISHED: Final = "campaign-not-published"
KINDS: Final[Mapping[str, Kind]] = {
    NOT_PUBLISHED: Kind(
        409,
        Sentence("The campaign is not published", "La campagne n'est pas publiée"),
        Sentence(
            "Its figures are there once it is published; its `status` says how far it is.",
            "Ses chiffres sont disponibles dès sa publication ; son `status` indique où elle en est.",
        ),
    ),
}
_NO_FIGURES: Final = Sentence(
    "the campaign {campaign} is not published, and has no figures yet",
    "la campagne {campaign} n'est pas publiée, et n'a pas encore de chiffres",
)
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    403: response(
        "training", "Not with this token.", {slug: kinds.KINDS[slug] for slug in ("scope-missing", "role-missing")}
    ),
    409: response("training", "The campaign is not published.", KINDS),
}
CompanyFigureName = Literal["headcount", "senior_share", "retirements_5y", "tension_share"]
NeedsFigureName = Literal["needs_in_1_year", "needs_in_3_years", "needs_in_5_years"]
TradeFigureName = Literal["course_seats", "high_priority"]


class AskedFigures(BaseModel):
    """Of whom the figures are."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    without: Literal["largest"] | None = None
    """`largest` leaves out the company of the greatest headcount. For `epci`, `network` and `steering` alone."""


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class CollegeResponse(_Answer):
    """Who of a college has answered."""

    college: College
    asked: SomeAsked
    answered: Tally
    set_aside: Tally
    """Of those who answered: theirs do not count, as the cleaning rules or somebody found."""
    n: Tally
    """Whose answers count."""
    non_response: Annotated[int, Field(ge=0, examples=[9])]
    """How many of those asked have not answered."""
    non_response_rate: Annotated[float, Field(ge=0, le=1, examples=[0.3])]
    """Of those asked, to 4 decimals."""


class PublishedFigure(_Answer):
    """One figure."""

    figure: CompanyFigureName | NeedsFigureName | TradeFigureName
    """`headcount` and `retirements_5y` are persons; `senior_share` (55 and over) and `tension_share` (hard or very hard
    to recruit for) are shares of the persons told of; `needs_...` how many more persons companies expect in a trade
    than on the reference day; `course_seats` seats a year that training bodies see lacking; `high_priority` how many
    respondents say so of a trade."""
    college: College
    """Whose answers it is made of."""
    rome: Rome | None
    """The trade that it is about, if it is about one."""
    value: Annotated[float, Field(examples=[0.19])] | None
    """None where it is suppressed, or there is nothing that it could be a share of."""
    n: Tally
    """Of how many respondents it is."""
    suppressed: Suppression | None
    """Why it is not given: it is of too few respondents, one of them makes nearly all of it, or all answered alike."""


class SkillsCampaignFigures(_Answer):
    """What a campaign has found."""

    skills_campaign: SkillsCampaignCode
    title: ShortText
    reference_on: Day
    """The day that was asked about."""
    published_on: Day
    without: Literal["largest"] | None
    excluded: Siret | None
    """The company that `without=largest` leaves out."""
    colleges: list[CollegeResponse]
    """With the largest respondent in any case."""
    figures: list[PublishedFigure]
    suppressed: Annotated[int, Field(ge=0, examples=[2])]
    """How many of them are not given."""


def publishing(reads: Reads) -> APIRouter:
    """The route of figures. Whoever reads campaigns is told of one that is not published yet."""
    router = APIRouter(tags=["skills-campaigns"], generate_unique_id_function=lambda route: route.name)
    readers = Readers(skills_campaigns, reads)

    @router.get(
        f"{CATEGORY.path}/{{id}}/figures",
        name="get-skills-campaign-figures",
        summary="What a published campaign has found",
        responses=_REFUSED,
    )
    async def get_figures(
        id: Annotated[SkillsCampaignCode, Path(description="The campaign's code.")],  # noqa: A002 -- as in every path
        caller: Annotated[Caller, requires("training:read")],
        store: CurrentStore,
        asked: Annotated[AskedFigures, Query()],
    ) -> SkillsCampaignFigures:
        """The figures of a campaign that is published, each with n, and of each college how many have not answered.

        A figure of fewer than three respondents is suppressed, and one that a single respondent makes more than 85 %
        of, unless the deployment says otherwise; so is a share of 0 or 1. It is there, without a value, and says why.
        `without=largest` is for the roles epci, network and steering.
        """
        if asked.without and caller.actor.roles.isdisjoint(WITHOUT_LARGEST):
            raise Forbidden(ROLE_MISSING, {"decision": "without=largest", "roles": WITHOUT_LARGEST})
        found = await current(store, skills_campaigns, id)
        if found is None or not (found.state.status == "published" or readers.sees(found.state, caller.actor)):
            raise StreamNotFound(skills_campaigns.category, id)
        if found.state.status != "published":
            raise Problem(NOT_PUBLISHED, Said(_NO_FIGURES, campaign=id), kind=KINDS[NOT_PUBLISHED])
        return _shown(found.state, asked.without)

    return router


def _shown(campaign: SkillsCampaign, without: Literal["largest"] | None) -> SkillsCampaignFigures:
    of_companies = campaign.without_largest if without else campaign.figures
    assert of_companies is not None, "it is published with its figures"
    assert campaign.published_on is not None, "it is published"
    figures = [*_of_companies(of_companies), *map(_of_trade, campaign.trades)]
    return SkillsCampaignFigures(
        skills_campaign=campaign.skills_campaign,
        title=campaign.title,
        reference_on=campaign.reference_on,
        published_on=campaign.published_on,
        without=without,
        excluded=campaign.largest if without else None,
        colleges=[*_colleges(campaign)],
        figures=figures,
        suppressed=sum(figure.suppressed is not None for figure in figures),
    )


def _colleges(campaign: SkillsCampaign) -> Iterable[CollegeResponse]:
    asked = {each.college: each.asked for each in campaign.colleges}
    for each in campaign.answers:
        of = asked[each.college]
        missing = of - each.answered
        yield CollegeResponse(
            asked=of, non_response=missing, non_response_rate=round(missing / of, 4), **each.model_dump()
        )


def _of_companies(figures: CompanyFigures) -> Iterable[PublishedFigure]:
    names: tuple[CompanyFigureName, ...] = ("headcount", "senior_share", "retirements_5y", "tension_share")
    for name in names:
        yield PublishedFigure(figure=name, college="companies", rome=None, **getattr(figures, name).model_dump())
    years: tuple[tuple[NeedsFigureName, str], ...] = (
        ("needs_in_1_year", "in_1_year"),
        ("needs_in_3_years", "in_3_years"),
        ("needs_in_5_years", "in_5_years"),
    )
    for needs in figures.needs:
        for needed, year in years:
            yield PublishedFigure(
                figure=needed,
                college="companies",
                rome=needs.rome,
                value=getattr(needs, year),
                n=needs.n,
                suppressed=needs.suppressed,
            )


def _of_trade(figure: TradeFigure) -> PublishedFigure:
    name: TradeFigureName = "course_seats" if figure.college == "training_bodies" else "high_priority"
    return PublishedFigure(figure=name, **figure.model_dump())
