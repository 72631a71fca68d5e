"""Skills campaigns [campagnes GPECT]: what companies, training bodies, economic actors and unions are asked about jobs
and skills (axis 4).

The network or the community of communes designs a campaign, opens it, closes it or lets it close by itself, and cleans
it: every answer counts or is set aside (`campaign_answer.py`). Then the platform adds the answers up, and they publish
the figures.

Answers are streams of their own. So that none is overlooked, each that was not looked at holds a part of what cleaning
takes whole; so that no more answer than were asked, each holds one of as many as there are (`claims`).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final, get_args

from pydantic import Field, JsonValue

from contracts.model import Day, EnteredDay
from contracts.training.campaign_answer import College
from contracts.training.skills_campaign import (
    CATEGORY,
    AskedCollege,
    AskedCorrection,
    CampaignCancellation,
    CollegeAnswers,
    CompanyFigures,
    SkillsCampaignAskedCorrected,
    SkillsCampaignCancelled,
    SkillsCampaignCleaned,
    SkillsCampaignCleaningResumed,
    SkillsCampaignClosed,
    SkillsCampaignDesigned,
    SkillsCampaignOpened,
    SkillsCampaignProlonged,
    SkillsCampaignPublished,
    SkillsCampaignReopened,
    SkillsCampaignRevised,
    SkillsCampaignStatus,
    SkillsCampaignTabulated,
    TradeFigure,
)
from contracts.values import (
    MOST_ASKED,
    EnteredText,
    Ordinal,
    ShortText,
    Siret,
    SkillsCampaignCode,
    SomeAsked,
)
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Due, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.bounds import Plausible
from training.campaign_figures import (
    Answered,
    answers_by_college,
    company_figures,
    largest_of,
    trade_figures,
    workforces,
)

COLLEGES: Final[tuple[College, ...]] = get_args(College)
MOST_ANSWERS: Final = MOST_ASKED * len(COLLEGES)
"""To one campaign."""
CAMPAIGNING: Final = ("epci", "network")
BEFORE_IT_IS_PUBLISHED: Final = ("designed", "open", "closed", "cleaned")

_COLLEGES: Final[JsonValue] = [
    {"college": "companies", "asked": 30},
    {"college": "training_bodies", "asked": 6},
    {"college": "unions", "asked": 5},
]
Title = Annotated[EnteredText, Field(examples=["Emplois et compétences de l'industrie, 2024"])]
ClosingDay = Annotated[EnteredDay, Field(examples=["2024-06-28"])]
ReferenceDay = Annotated[EnteredDay, Field(examples=["2023-12-31"])]


class EnteredCollege(AskedCollege, extra="forbid"):
    """How many respondents of a college are asked, as it is entered."""

    def recorded(self) -> AskedCollege:
        """As events tell it."""
        return AskedCollege(college=self.college, asked=self.asked)


Colleges = Annotated[tuple[EnteredCollege, ...], Field(min_length=1, max_length=len(COLLEGES), examples=[_COLLEGES])]


class Design(Command):
    """A campaign is prepared."""

    code: SkillsCampaignCode
    """What the campaign is known by, also to those who are asked; it stays."""
    title: Title
    reference_on: ReferenceDay
    """The day that is asked about: who is employed on it."""
    closes_on: ClosingDay
    """The last day on which answers are taken."""
    colleges: Colleges
    """Who is asked, and how many of each college."""


class Revise(Command):
    """The campaign is prepared otherwise. What is not given stays as it is."""

    title: Title | None = None
    reference_on: ReferenceDay | None = None
    closes_on: ClosingDay | None = None
    colleges: Colleges | None = None


class Open(Command):
    """Whoever is asked can answer."""


class Prolong(Command):
    """Answers are taken until another day."""

    closes_on: Annotated[EnteredDay, Field(examples=["2024-07-12"])]


class CorrectAsked(Command):
    """Another number of respondents of a college was asked."""

    college: College
    asked: Annotated[SomeAsked, Field(examples=[28])]
    reason: AskedCorrection


class Close(Command):
    """Answers are taken no more."""


class Reopen(Command):
    """Answers are taken again."""

    closes_on: Annotated[EnteredDay, Field(examples=["2024-07-12"])]
    """The last day on which they are."""


class Clean(Command):
    """Every answer was looked at: those that are not set aside count."""


class ResumeCleaning(Command):
    """Answers are looked at once more, to set some aside or restore them."""


class Tabulate(Command):
    """The answers to a campaign that is cleaned are added up."""

    cleaning: Ordinal
    answers: tuple[Answered, ...]
    """All that there are."""


class Publish(Command):
    """The figures can be read by whoever reads the programme's, and stay as they are."""


class Cancel(Command):
    """The campaign comes to nothing. What was answered stays with who reads answers, and counts for nothing."""

    reason: CampaignCancellation


class SkillsCampaign(State):
    """A campaign about jobs and skills."""

    skills_campaign: SkillsCampaignCode
    title: ShortText
    reference_on: Day
    closes_on: Day
    colleges: tuple[AskedCollege, ...]
    status: SkillsCampaignStatus
    cleaning: int = 0
    """How many times it was cleaned."""
    answers: tuple[CollegeAnswers, ...] = ()
    """With what follows: once the platform has added up the answers, a moment after it was cleaned."""
    figures: CompanyFigures | None = None
    without_largest: CompanyFigures | None = None
    """The same without the company of the greatest headcount."""
    largest: Siret | None = None
    trades: tuple[TradeFigure, ...] = ()
    designed_on: Day
    opened_on: Day | None = None
    closed_on: Day | None = None
    cleaned_on: Day | None = None
    published_on: Day | None = None
    cancelled_on: Day | None = None
    corrected_on: Day | None = None
    reason: CampaignCancellation | None = None


COLLEGE_TWICE = Refusal(
    "college-twice",
    "{college} is told twice: tell once how many are asked",
    "« {college} » est donné deux fois : indiquez une seule fois combien de répondants sont sollicités",
    at="colleges",
    college=College,
)
COLLEGE_NOT_ASKED = Refusal(
    "college-not-asked",
    "the campaign does not ask {college}; it asks {colleges}",
    "la campagne ne s'adresse pas au collège « {college} », mais à : {colleges}",
    at="college",
    college=College,
    colleges=tuple[College, ...],
)
CLOSING_DAY_PASSED = Refusal(
    "closing-day-passed",
    "answers would be taken until {closes_on}, which is before {on}",
    "la clôture des réponses serait fixée au {closes_on}, avant le {on}",
    at="closes_on",
    closes_on=Day,
    on=Day,
)
REFERENCE_AFTER_CLOSING = Refusal(
    "reference-after-closing",
    "nobody can tell by {closes_on} how it is on {reference_on}",
    "nul ne peut dire avant le {closes_on} ce qu'il en est au {reference_on}",
    at="reference_on",
    closes_on=Day,
    reference_on=Day,
)
CORRECTED_BEFORE_IT_OPENED = Refusal(
    "corrected-before-it-opened",
    "the campaign was opened on {opened_on}, and is not corrected before that, on {on}",
    "la campagne a été ouverte le {opened_on} et ne se rectifie pas avant, le {on}",
    at="on",
    on=Day,
    opened_on=Day,
)
MORE_ANSWERS_THAN_ASKED = Refusal(
    "more-answers-than-asked",
    "more respondents of a college would have answered than were asked",
    "dans un collège, il y aurait plus de réponses que de répondants sollicités",
    at=("asked", "college"),
)
ANSWERS_NOT_LOOKED_AT = Refusal(
    "answers-not-looked-at",
    "the platform is still looking at answers: try again in a moment",
    "la plateforme examine encore des réponses : réessayez dans un instant",
)
FIGURES_NOT_READY = Refusal(
    "figures-not-ready",
    "the platform is still adding up the answers: try again in a moment",
    "la plateforme additionne encore les réponses : réessayez dans un instant",
)
NO_ANSWER_COUNTS = Refusal(
    "no-answer-counts",
    "no answer counts: there is nothing to publish",
    "aucune réponse n'est retenue : il n'y a rien à publier",
)

skills_campaigns = Decider(
    CATEGORY.name,
    SkillsCampaign,
    identified_by="code",
    final=("published", "cancelled"),
    finding=Finding(
        found_by=("status",),
        sorted_by=("reference_on", "closes_on", "published_on"),
        searched_by=("title", "skills_campaign"),
    ),
)
_NO_FIGURES: Final = {"answers": (), "figures": None, "without_largest": None, "largest": None, "trades": ()}


@skills_campaigns.creates(by=CAMPAIGNING, to="designed", day="designed_on")
def design(command: Design) -> SkillsCampaignDesigned:
    colleges = _asked(command.colleges)
    _check_reference(command.reference_on, command.closes_on)
    return tell(SkillsCampaignDesigned, command, skills_campaign=command.code, colleges=colleges)


@skills_campaigns.decides(by=CAMPAIGNING, when="designed", takes=("title", "reference_on", "closes_on", "colleges"))
def revise(campaign: SkillsCampaign, command: Revise) -> SkillsCampaignRevised | tuple[()]:
    told = {name: getattr(command, name) for name in ("title", "reference_on", "closes_on")}
    changed = {name: getattr(campaign, name) if said is None else said for name, said in told.items()}
    colleges = campaign.colleges if command.colleges is None else _asked(command.colleges)
    _check_reference(changed["reference_on"], changed["closes_on"])
    if colleges == campaign.colleges and all(getattr(campaign, name) == said for name, said in changed.items()):
        return ()
    return tell(SkillsCampaignRevised, command, campaign, colleges=colleges, **changed)


@skills_campaigns.decides(by=CAMPAIGNING, when="designed", to="open", day="opened_on")
def open_it(campaign: SkillsCampaign, command: Open) -> SkillsCampaignOpened:
    _check_closing(campaign.closes_on, command)
    return tell(SkillsCampaignOpened, command, campaign)


@skills_campaigns.decides(by=CAMPAIGNING, when="open", takes=("closes_on",))
def prolong(campaign: SkillsCampaign, command: Prolong) -> SkillsCampaignProlonged | tuple[()]:
    if command.closes_on == campaign.closes_on:
        return ()
    _check_until(campaign, command.closes_on, command)
    return tell(SkillsCampaignProlonged, command, campaign)


@skills_campaigns.decides(by=CAMPAIGNING, when=("open", "closed", "cleaned"))
def correct_asked(campaign: SkillsCampaign, command: CorrectAsked) -> SkillsCampaignAskedCorrected | tuple[()]:
    before = asked_of(campaign, command.college)
    if before == command.asked:
        return ()
    if campaign.opened_on is not None and command.on < campaign.opened_on:
        raise CORRECTED_BEFORE_IT_OPENED(on=command.on, opened_on=campaign.opened_on)
    right = AskedCollege(college=command.college, asked=command.asked)
    colleges = tuple(right if each.college == command.college else each for each in campaign.colleges)
    return tell(SkillsCampaignAskedCorrected, command, campaign, colleges=colleges, asked_before=before)


skills_campaigns.steps(
    Close, SkillsCampaignClosed, by=(*CAMPAIGNING, PLATFORM), when="open", to="closed", day="closed_on"
)


@skills_campaigns.decides(by=CAMPAIGNING, when="closed", to="open", takes=("closes_on",), clears=("closed_on",))
def reopen(campaign: SkillsCampaign, command: Reopen) -> SkillsCampaignReopened:
    _check_until(campaign, command.closes_on, command)
    return tell(SkillsCampaignReopened, command, campaign)


@skills_campaigns.decides(by=CAMPAIGNING, when="closed", to="cleaned", day="cleaned_on", takes=("cleaning",))
def clean(campaign: SkillsCampaign, command: Clean) -> SkillsCampaignCleaned:
    return tell(SkillsCampaignCleaned, command, campaign, cleaning=campaign.cleaning + 1)


skills_campaigns.steps(ResumeCleaning, SkillsCampaignCleaningResumed, by=CAMPAIGNING, when="cleaned", to="closed")


# What was found for a cleaning that was resumed since is of no concern.
@skills_campaigns.decides(
    by=PLATFORM,
    when=("open", "closed", "cleaned"),
    takes=("answers", "figures", "without_largest", "largest", "trades"),
)
def tabulate(campaign: SkillsCampaign, command: Tabulate, context: Context) -> SkillsCampaignTabulated | tuple[()]:
    if campaign.status != "cleaned" or command.cleaning != campaign.cleaning or campaign.figures is not None:
        return ()
    plausible = context.of(Plausible)
    told = workforces(command.answers)
    largest = largest_of(told)
    others = [workforce for company, workforce in told.items() if company != largest]
    return tell(
        SkillsCampaignTabulated,
        command,
        campaign,
        answers=answers_by_college(campaign.colleges, command.answers),
        figures=company_figures(told.values(), plausible),
        without_largest=company_figures(others, plausible),
        largest=largest,
        trades=trade_figures(command.answers, plausible),
    )


@skills_campaigns.decides(by=CAMPAIGNING, when="cleaned", to="published", day="published_on")
def publish(campaign: SkillsCampaign, command: Publish) -> SkillsCampaignPublished:
    if campaign.figures is None:
        raise FIGURES_NOT_READY()
    if not any(each.n for each in campaign.answers):
        raise NO_ANSWER_COUNTS()
    return tell(SkillsCampaignPublished, command, campaign)


skills_campaigns.steps(
    Cancel,
    SkillsCampaignCancelled,
    by=CAMPAIGNING,
    when=BEFORE_IT_IS_PUBLISHED,
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
)


@skills_campaigns.evolves
def _(campaign: SkillsCampaign, event: SkillsCampaignAskedCorrected) -> SkillsCampaign:
    return campaign.after(event, colleges=event.colleges, corrected_on=event.effective_on)


@skills_campaigns.evolves
def _(campaign: SkillsCampaign, event: SkillsCampaignCleaningResumed) -> SkillsCampaign:
    return campaign.after(event, status="closed", cleaned_on=None, **_NO_FIGURES)


@skills_campaigns.claims
def _(campaign: SkillsCampaign) -> Iterable[Claim]:
    for each in campaign.colleges:
        if each.asked < MOST_ASKED:
            key = f"{campaign.skills_campaign}/{each.college}"
            yield Claim(MORE_ANSWERS_THAN_ASKED, key, amount=MOST_ASKED - each.asked, limit=MOST_ASKED)
    if campaign.status in ("cleaned", "published"):
        yield Claim(ANSWERS_NOT_LOOKED_AT, campaign.skills_campaign, amount=MOST_ANSWERS, limit=MOST_ANSWERS)


@skills_campaigns.due
def _(campaign: SkillsCampaign) -> Iterable[Due]:
    if campaign.status == "open":
        yield Due(campaign.closes_on + timedelta(days=1), Close())


def place_of_answer(campaign: str, college: College) -> Claim:
    """One of as many answers as respondents of a college were asked."""
    return Claim(MORE_ANSWERS_THAN_ASKED, f"{campaign}/{college}", limit=MOST_ASKED)


def answer_to_look_at(campaign: str) -> Claim:
    """What an answer holds that nobody has looked at."""
    return Claim(ANSWERS_NOT_LOOKED_AT, campaign, limit=MOST_ANSWERS)


def asked_of(campaign: SkillsCampaign, college: College) -> int:
    """How many respondents of a college are asked. Raises Rejected where it is not."""
    asked = {each.college: each.asked for each in campaign.colleges}
    if college not in asked:
        raise COLLEGE_NOT_ASKED(college=college, colleges=tuple(asked))
    return asked[college]


def _asked(entered: Iterable[EnteredCollege]) -> tuple[AskedCollege, ...]:
    """Who is asked, in the order of the colleges. Raises Rejected."""
    told: dict[College, AskedCollege] = {}
    for each in entered:
        if each.college in told:
            raise COLLEGE_TWICE(college=each.college)
        told[each.college] = each.recorded()
    return tuple(told[college] for college in COLLEGES if college in told)


def _check_until(campaign: SkillsCampaign, closes_on: Day, command: Command) -> None:
    _check_closing(closes_on, command)
    _check_reference(campaign.reference_on, closes_on)


def _check_closing(closes_on: Day, command: Command) -> None:
    if closes_on < command.on:
        raise CLOSING_DAY_PASSED(closes_on=closes_on, on=command.on)


def _check_reference(reference_on: Day, closes_on: Day) -> None:
    if reference_on > closes_on:
        raise REFERENCE_AFTER_CLOSING(reference_on=reference_on, closes_on=closes_on)
