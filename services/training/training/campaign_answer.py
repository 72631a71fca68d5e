"""Answers to skills campaigns [réponses aux campagnes GPECT]: one for each respondent (axis 4).

A member company answers for itself, and so does a training body; the network and the community of communes enter what
anybody has answered, and alone what economic actors and unions have. While the campaign is open the respondent may
answer otherwise, or withdraw. Once it is closed the platform looks at each answer by the cleaning rules (`cleaning.py`)
and retains it or sets it aside, which the network and the community of communes may reverse, or do by hand, until the
campaign is cleaned. What is retained is counted when the campaign is published.

What cannot be an answer is refused; what does not hold together is taken, and set aside.
"""

from collections.abc import Iterable
from typing import Annotated, Final, TypedDict, get_args

from pydantic import Field, JsonValue

from contracts.model import Day
from contracts.training.campaign_answer import (
    CATEGORY,
    AgePyramid,
    AnswerCorrection,
    AnswerWithdrawal,
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
    College,
    CourseNeeded,
    Occupation,
    RecruitingObstacle,
    RestoreReason,
    SetAsideChoice,
    SkillFamily,
    TradeView,
    Workforce,
)
from contracts.training.skills_campaign import SkillsCampaignStatus
from contracts.values import (
    Commune,
    EnteredRome,
    Naf,
    RespondentCode,
    Rome,
    Siret,
    SkillsCampaignCode,
    ToldPersons,
    Zone,
)
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.bounds import Plausible
from training.cleaning import broken_rules
from training.members import Member, active_member, members
from training.skills_campaign import (
    CAMPAIGNING,
    SkillsCampaign,
    answer_to_look_at,
    asked_of,
    place_of_answer,
    skills_campaigns,
)

ANSWERING: Final = ("company", "training_body", *CAMPAIGNING)
"""A company and a training body for themselves; who runs campaigns for anybody."""
LOOKED_AT: Final = ("retained", "set_aside")
BEFORE_IT_COUNTS: Final = ("given", *LOOKED_AT)
MOST_TRADES: Final = 60
"""In one answer: so that it stays what somebody has filled in."""

_WORKFORCE: Final[JsonValue] = {
    "headcount": 42,
    "pyramid": {
        "under_26": 4,
        "from_26_to_34": 9,
        "from_35_to_44": 11,
        "from_45_to_54": 10,
        "from_55_to_59": 6,
        "from_60": 2,
        "total": 42,
    },
    "retirements_5y": 5,
    "occupations": [
        {
            "rome": "H2902",
            "persons": 12,
            "in_1_year": 13,
            "in_3_years": 15,
            "in_5_years": 16,
            "difficulty": "very_hard",
        }
    ],
    "obstacles": ["few_candidates", "transport"],
    "skills": ["welding_and_boilermaking", "automation_and_robotics"],
}
_COURSES: Final[JsonValue] = [{"rome": "H2902", "seats": 12}]
_TRADES: Final[JsonValue] = [{"rome": "H2902", "priority": "high"}]
_OF_A_COMPANY: Final[dict[str, JsonValue]] = {
    "skills_campaign": "gpect-2026",
    "college": "companies",
    "company": "00000001800010",
    "workforce": _WORKFORCE,
}
_OF_A_TRAINING_BODY: Final[dict[str, JsonValue]] = {
    "skills_campaign": "gpect-2026",
    "college": "training_bodies",
    "training_body": "00000002600013",
    "courses": _COURSES,
}
_OF_A_UNION: Final[dict[str, JsonValue]] = {
    "skills_campaign": "gpect-2026",
    "college": "unions",
    "respondent": "acteur-07",
    "trades": _TRADES,
}


class EnteredPyramid(AgePyramid, extra="forbid"):
    """How many of those employed are how old, as it is entered."""

    total: ToldPersons | None = None
    """Of all ages, where the form says so: the bands must add up to it."""


class EnteredOccupation(Occupation, extra="forbid"):
    """A trade in a company, as it is entered."""

    rome: EnteredRome


class EnteredWorkforce(Workforce, extra="forbid"):
    """What a company tells of whom it employs, as it is entered."""

    pyramid: EnteredPyramid
    occupations: Annotated[tuple[EnteredOccupation, ...], Field(max_length=MOST_TRADES)] = ()
    obstacles: Annotated[tuple[RecruitingObstacle, ...], Field(max_length=len(get_args(RecruitingObstacle)))] = ()
    skills: Annotated[tuple[SkillFamily, ...], Field(max_length=len(get_args(SkillFamily)))] = ()

    def recorded(self) -> Workforce:
        """As events tell it: each obstacle and each skill once."""
        told = {**self.model_dump(), "obstacles": _once(self.obstacles), "skills": _once(self.skills)}
        return Workforce.model_validate(told)


class EnteredCourse(CourseNeeded, extra="forbid"):
    """For how many people a year a course is lacking, as it is entered."""

    rome: EnteredRome


class EnteredView(TradeView, extra="forbid"):
    """How much a trade matters, as it is entered."""

    rome: EnteredRome


class Revise(Command, json_schema_extra={"examples": [{"workforce": _WORKFORCE}]}):
    """The respondent answers otherwise: all of it anew, as what is not given is not told any more."""

    workforce: EnteredWorkforce | None = None
    """Of a company."""
    courses: Annotated[tuple[EnteredCourse, ...], Field(max_length=MOST_TRADES)] | None = None
    """Of a training body: each trade that lacks one."""
    trades: Annotated[tuple[EnteredView, ...], Field(max_length=MOST_TRADES)] | None = None
    """Of an economic actor or a union: each trade it has a view of."""


class Answer(Revise, json_schema_extra={"examples": [_OF_A_COMPANY, _OF_A_TRAINING_BODY, _OF_A_UNION]}):
    """A respondent answers."""

    skills_campaign: SkillsCampaignCode
    college: College
    company: Siret | None = None
    """Of the college `companies`: the member that answers."""
    training_body: Siret | None = None
    """Of the college `training_bodies`."""
    respondent: RespondentCode | None = None
    """Of the two other colleges: a code for it."""


class Correct(Revise, json_schema_extra={"examples": [{"workforce": _WORKFORCE, "reason": "typing_error"}]}):
    """It had been entered wrongly what the respondent told. The cleaning rules look at it again."""

    reason: AnswerCorrection


class Withdraw(Command):
    """The respondent has not answered, and may do so anew."""

    reason: AnswerWithdrawal


class Review(Command):
    """The campaign is closed: the cleaning rules look at the answer."""


class SetAside(Command):
    """The answer does not count."""

    reason: SetAsideChoice


class Restore(Command):
    """An answer that was set aside counts."""

    reason: RestoreReason


class Count(Command):
    """The campaign is published, and the answer is part of its figures."""


class CampaignAnswer(State):
    """What a respondent has answered to a campaign."""

    skills_campaign: SkillsCampaignCode
    reference_on: Day
    """The day that the campaign asks about."""
    college: College
    company: Siret | None
    naf: Naf | None
    """Activity, commune and zone of the company are as when it answered."""
    commune: Commune | None
    zone: Zone | None
    training_body: Siret | None
    respondent: RespondentCode | None
    status: CampaignAnswerStatus
    workforce: Workforce | None
    courses: tuple[CourseNeeded, ...]
    trades: tuple[TradeView, ...]
    reasons: tuple[CleaningRule | SetAsideChoice, ...] = ()
    """Why it is set aside."""
    restored: RestoreReason | None = None
    """Why it counts all the same, where it had been set aside."""
    withdrawn: AnswerWithdrawal | None = None
    given_on: Day
    corrected_on: Day | None = None


CAMPAIGN_UNKNOWN = Refusal(
    "campaign-unknown",
    "there is no campaign {skills_campaign}",
    "il n'y a pas de campagne {skills_campaign}",
    at="skills_campaign",
    skills_campaign=SkillsCampaignCode,
)
CAMPAIGN_TAKES_NO_ANSWERS = Refusal(
    "campaign-takes-no-answers",
    "answers are taken while the campaign is open, until {closes_on}; it is {status}",
    "les réponses sont prises tant que la campagne est ouverte, jusqu'au {closes_on} ; son état est « {status} »",
    at="skills_campaign",
    status=SkillsCampaignStatus,
    closes_on=Day,
)
CAMPAIGN_NOT_BEING_CLEANED = Refusal(
    "campaign-not-being-cleaned",
    "answers are looked at from the day the campaign is closed until it is cleaned; it is {status}",
    "les réponses s'examinent entre la clôture de la campagne et la fin de sa vérification ; son état est « {status} »",
    status=SkillsCampaignStatus,
)
ANSWERED_BEFORE_IT_OPENED = Refusal(
    "answered-before-it-opened",
    "the campaign was opened on {opened_on}, so nobody answered it on {on}",
    "la campagne a été ouverte le {opened_on} : personne n'a pu y répondre le {on}",
    at="on",
    opened_on=Day,
    on=Day,
)
RESPONDENT_OF_ANOTHER_COLLEGE = Refusal(
    "respondent-of-another-college",
    "who answers in the college {college} is told by `{field}`, and by nothing else",
    "le répondant du collège « {college} » se désigne par « {field} », et par rien d'autre",
    at="college",
    college=College,
    field=str,
)
PART_OF_ANOTHER_COLLEGE = Refusal(
    "part-of-another-college",
    "the college {college} answers by `{part}`, and by nothing else",
    "le collège « {college} » répond par « {part} », et par rien d'autre",
    at=("college", "workforce"),
    college=College,
    part=str,
)
TRADE_TWICE = Refusal(
    "trade-twice",
    "the trade {rome} is told twice: add it up, or leave one out",
    "le métier {rome} est donné deux fois : additionnez, ou n'en gardez qu'un",
    at=("workforce", "courses", "trades"),
    rome=Rome,
)
AGE_PYRAMID_DOES_NOT_ADD_UP = Refusal(
    "age-pyramid-does-not-add-up",
    "the bands of the age pyramid add up to {persons}, and its total is given as {total}",
    "les tranches de la pyramide des âges totalisent {persons}, et son total indiqué est {total}",
    at="workforce",
    persons=ToldPersons,
    total=ToldPersons,
)
AGE_PYRAMID_EMPTY = Refusal(
    "age-pyramid-empty",
    "of the {headcount} persons employed, none has an age: an age pyramid tells of every person",
    "aucune des {headcount} personnes employées n'a d'âge : la pyramide des âges porte sur chacune",
    at="workforce",
    headcount=ToldPersons,
)
ANSWERED_ALREADY = Refusal(
    "answered-already",
    "this respondent has answered the campaign already: that answer may be revised",
    "ce répondant a déjà répondu à la campagne : sa réponse peut être modifiée",
    at=("company", "training_body", "respondent"),
)
CORRECTED_BEFORE_IT_WAS_GIVEN = Refusal(
    "corrected-before-it-was-given",
    "the answer was given on {given_on}, and is not corrected before that, on {on}",
    "la réponse a été donnée le {given_on} et ne se rectifie pas avant, le {on}",
    at="on",
    on=Day,
    given_on=Day,
)

campaign_answers = Decider(
    CATEGORY.name,
    CampaignAnswer,
    final=("withdrawn", "counted"),
    finding=Finding(
        found_by=("status", "skills_campaign", "college", "company", "training_body", "naf", "commune", "zone"),
        sorted_by=("given_on",),
    ),
)
_CAMPAIGN: Final = Lookup(skills_campaigns, "skills_campaign")
_PARTS: Final = ("workforce", "courses", "trades")


@campaign_answers.creates(by=ANSWERING, to="given", day="given_on", looks_up=(_CAMPAIGN, Lookup(members, "company")))
def answer(
    command: Answer, campaign: SkillsCampaign | None, member: Member | None, context: Context
) -> CampaignAnswerGiven:
    open_one = _check_open(command.skills_campaign, campaign, command, context)
    asked_of(open_one, command.college)
    _check_respondent(command)
    company = active_member(member, command.company) if command.company else None
    # Of any other respondent there is nothing to tell where it is.
    place = {name: getattr(company, name, None) for name in ("naf", "commune", "zone")}
    told = _told(command.college, command)
    return tell(CampaignAnswerGiven, command, reference_on=open_one.reference_on, **place, **told)


@campaign_answers.decides(by=ANSWERING, when=BEFORE_IT_COUNTS, to="given", looks_up=_CAMPAIGN)
def revise(
    given: CampaignAnswer, command: Revise, campaign: SkillsCampaign | None, context: Context
) -> CampaignAnswerRevised | tuple[()]:
    _check_open(given.skills_campaign, campaign, command, context)
    told = _told(given.college, command)
    if all(getattr(given, name) == said for name, said in told.items()):
        return ()
    return tell(CampaignAnswerRevised, command, given, **told)


@campaign_answers.decides(by=ANSWERING, when=BEFORE_IT_COUNTS, to="withdrawn", looks_up=_CAMPAIGN)
def withdraw(
    given: CampaignAnswer, command: Withdraw, campaign: SkillsCampaign | None, context: Context
) -> CampaignAnswerWithdrawn:
    _check_open(given.skills_campaign, campaign, command, context)
    return tell(CampaignAnswerWithdrawn, command, given)


@campaign_answers.decides(by=PLATFORM, when="given", to=LOOKED_AT)
def review(given: CampaignAnswer, command: Review, context: Context) -> CampaignAnswerRetained | CampaignAnswerSetAside:
    if reasons := broken_rules(given.workforce, context.of(Plausible)):
        return tell(CampaignAnswerSetAside, command, given, reasons=reasons)
    return tell(CampaignAnswerRetained, command, given)


@campaign_answers.decides(by=CAMPAIGNING, when="retained", to="set_aside", looks_up=_CAMPAIGN)
def set_aside(given: CampaignAnswer, command: SetAside, campaign: SkillsCampaign | None) -> CampaignAnswerSetAside:
    _check_being_cleaned(given, campaign)
    return tell(CampaignAnswerSetAside, command, given, reasons=(command.reason,))


@campaign_answers.decides(by=CAMPAIGNING, when="set_aside", to="retained", looks_up=_CAMPAIGN)
def restore(given: CampaignAnswer, command: Restore, campaign: SkillsCampaign | None) -> CampaignAnswerRestored:
    _check_being_cleaned(given, campaign)
    return tell(CampaignAnswerRestored, command, given)


@campaign_answers.decides(by=CAMPAIGNING, when=LOOKED_AT, to=LOOKED_AT, looks_up=_CAMPAIGN)
def correct(
    given: CampaignAnswer, command: Correct, campaign: SkillsCampaign | None, context: Context
) -> CampaignAnswerCorrected | tuple[()]:
    _check_being_cleaned(given, campaign)
    told = _told(given.college, command)
    if all(getattr(given, name) == said for name, said in told.items()):
        return ()
    if command.on < given.given_on:
        raise CORRECTED_BEFORE_IT_WAS_GIVEN(on=command.on, given_on=given.given_on)
    reasons = broken_rules(told["workforce"], context.of(Plausible))
    return tell(CampaignAnswerCorrected, command, given, reasons=reasons, **told)


@campaign_answers.decides(by=PLATFORM, when="retained", to="counted")
def count(given: CampaignAnswer, command: Count) -> CampaignAnswerCounted:
    return tell(CampaignAnswerCounted, command, given)


@campaign_answers.evolves
def _(given: CampaignAnswer, event: CampaignAnswerRevised) -> CampaignAnswer:
    parts = {name: getattr(event, name) for name in _PARTS}
    return given.after(event, status="given", reasons=(), restored=None, **parts)


@campaign_answers.evolves
def _(given: CampaignAnswer, event: CampaignAnswerWithdrawn) -> CampaignAnswer:
    return given.after(event, status="withdrawn", withdrawn=event.reason)


@campaign_answers.evolves
def _(given: CampaignAnswer, event: CampaignAnswerRetained) -> CampaignAnswer:
    return given.after(event, status="retained")


@campaign_answers.evolves
def _(given: CampaignAnswer, event: CampaignAnswerSetAside) -> CampaignAnswer:
    return given.after(event, status="set_aside", reasons=event.reasons, restored=None)


@campaign_answers.evolves
def _(given: CampaignAnswer, event: CampaignAnswerRestored) -> CampaignAnswer:
    return given.after(event, status="retained", reasons=(), restored=event.reason)


@campaign_answers.evolves
def _(given: CampaignAnswer, event: CampaignAnswerCorrected) -> CampaignAnswer:
    parts = {name: getattr(event, name) for name in _PARTS}
    status = "set_aside" if event.reasons else "retained"
    return given.after(
        event, status=status, reasons=event.reasons, restored=None, corrected_on=event.effective_on, **parts
    )


@campaign_answers.claims
def _(given: CampaignAnswer) -> Iterable[Claim]:
    if given.status == "withdrawn":
        return
    who = given.company or given.training_body or given.respondent
    yield Claim(ANSWERED_ALREADY, f"{given.skills_campaign}/{given.college}/{who}")
    yield place_of_answer(given.skills_campaign, given.college)
    if given.status == "given":
        yield answer_to_look_at(given.skills_campaign)


def _once(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


class _Parts(TypedDict):
    workforce: Workforce | None
    courses: tuple[CourseNeeded, ...]
    trades: tuple[TradeView, ...]


def _told(college: College, command: Revise) -> _Parts:
    """What is answered, as events tell it. Raises Rejected where that cannot be an answer of the college."""
    part = {"companies": "workforce", "training_bodies": "courses"}.get(college, "trades")
    if {name for name in _PARTS if getattr(command, name)} != {part}:
        raise PART_OF_ANOTHER_COLLEGE(college=college, part=part)
    workforce, courses, trades = command.workforce, command.courses or (), command.trades or ()
    if workforce is not None:
        _check_pyramid(workforce)
        _check_trades(each.rome for each in workforce.occupations)
    _check_trades(each.rome for each in courses)
    _check_trades(each.rome for each in trades)
    return {
        "workforce": workforce and workforce.recorded(),
        "courses": tuple(CourseNeeded(rome=each.rome, seats=each.seats) for each in courses),
        "trades": tuple(TradeView(rome=each.rome, priority=each.priority) for each in trades),
    }


def _check_pyramid(workforce: EnteredWorkforce) -> None:
    persons, total = workforce.pyramid.persons, workforce.pyramid.total
    if total is not None and total != persons:
        raise AGE_PYRAMID_DOES_NOT_ADD_UP(persons=persons, total=total)
    if workforce.headcount and not persons:
        raise AGE_PYRAMID_EMPTY(headcount=workforce.headcount)


def _check_trades(romes: Iterable[Rome]) -> None:
    seen: set[Rome] = set()
    for rome in romes:
        if rome in seen:
            raise TRADE_TWICE(rome=rome)
        seen.add(rome)


def _check_respondent(command: Answer) -> None:
    field = {"companies": "company", "training_bodies": "training_body"}.get(command.college, "respondent")
    told = {name for name in ("company", "training_body", "respondent") if getattr(command, name) is not None}
    if told != {field}:
        raise RESPONDENT_OF_ANOTHER_COLLEGE(college=command.college, field=field)


def _check_open(code: str, campaign: SkillsCampaign | None, command: Command, context: Context) -> SkillsCampaign:
    if campaign is None:
        raise CAMPAIGN_UNKNOWN(skills_campaign=code)
    if campaign.status != "open" or campaign.opened_on is None or context.today > campaign.closes_on:
        raise CAMPAIGN_TAKES_NO_ANSWERS(status=campaign.status, closes_on=campaign.closes_on)
    if command.on < campaign.opened_on:
        raise ANSWERED_BEFORE_IT_OPENED(opened_on=campaign.opened_on, on=command.on)
    return campaign


def _check_being_cleaned(given: CampaignAnswer, campaign: SkillsCampaign | None) -> None:
    if campaign is None:
        raise CAMPAIGN_UNKNOWN(skills_campaign=given.skills_campaign)
    if campaign.status != "closed":
        raise CAMPAIGN_NOT_BEING_CLEANED(status=campaign.status)
