"""Needs surveys [diagnostics 4.0]: how mature a member company is in each dimension of industry 4.0 (axis 6).

The company, or the network for it, begins a survey, answers each dimension by a level from 0 to 5, and completes it.
The network validates it, or sends it back. What is validated stands until the next survey is, so that a company has one
maturity at any time; and it has one survey under way, for they all are in one stream. What it needs is declared beside
it (`need.py`).
"""

from collections.abc import Iterable
from typing import Annotated, Final, get_args

from pydantic import Field, JsonValue

from companies.company import Company, active_member, companies
from companies.days import check_corrected, check_day
from contracts.companies.survey import (
    CATEGORY,
    AbandonReason,
    DimensionLevel,
    LevelCorrection,
    MaturityCorrected,
    MaturityDimension,
    ReturnReason,
    SurveyAbandoned,
    SurveyAnswered,
    SurveyBegun,
    SurveyClosed,
    SurveyCompleted,
    SurveyDayCorrected,
    SurveyDayCorrection,
    SurveyReturned,
    SurveyStatus,
    SurveyStep,
    SurveyValidated,
)
from contracts.model import FIRST_DAY, Day, EnteredDay, Model
from contracts.values import Commune, MaturityLevel, Naf, Siret, Tally, Zone
from eventstore.decider import PLATFORM, Command, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

DIMENSIONS: Final[tuple[MaturityDimension, ...]] = get_args(MaturityDimension)


class Begin(Command):
    """A member company is surveyed, for the first time or anew."""

    company: Siret


class EnteredLevel(DimensionLevel, extra="forbid"):
    """How mature a company is in one dimension, as it is entered."""

    def recorded(self) -> DimensionLevel:
        """As events tell it."""
        return DimensionLevel(dimension=self.dimension, level=self.level)


_ANSWERS: Final[JsonValue] = [
    {"dimension": dimension, "level": level} for dimension, level in zip(DIMENSIONS, (2, 1, 3, 0, 2, 1), strict=True)
]


class Answer(Command):
    """How mature the company is in some dimensions. Until the survey is completed, other answers take their place."""

    answers: Annotated[tuple[EnteredLevel, ...], Field(max_length=len(DIMENSIONS), examples=[_ANSWERS])]
    """One for each dimension at most; the others stay as they are."""


class Complete(Command):
    """Every dimension is answered."""


class SendBack(Command):
    """The network asks for other answers."""

    reason: ReturnReason


class Validate(Command):
    """The network agrees with the answers. They are the company's maturity from then on."""


class Abandon(Command):
    """The survey comes to nothing. What an earlier one found stands."""

    reason: AbandonReason


class CorrectLevel(Command):
    """The network puts a level right that it has validated, unless another survey was begun since."""

    dimension: MaturityDimension
    level: Annotated[MaturityLevel, Field(examples=[4])]
    reason: LevelCorrection


class CorrectDay(Command):
    """The network corrects the day of a step of the latest survey. The steps stay in their order."""

    step: SurveyStep
    day: Annotated[EnteredDay, Field(examples=["2024-05-13"])]
    reason: SurveyDayCorrection


class Close(Command):
    """The company has left the network, and its maturity counts no more."""


class Stood(Model):
    """What the survey before has found, and where: until the latest one is validated it stands."""

    levels: tuple[DimensionLevel, ...]
    naf: Naf
    commune: Commune
    zone: Zone | None


class Survey(State):
    """Where the survey of a company stands, and what the last one that was validated has found."""

    revision = 2

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the survey began."""
    commune: Commune
    zone: Zone | None
    status: SurveyStatus
    answers: tuple[DimensionLevel, ...] = ()
    """Of the latest survey."""
    levels: tuple[DimensionLevel, ...] = ()
    """Of the latest survey that was validated: every dimension, or none."""
    points: Tally | None = None
    """What `levels` add up to, from 0 to 5 for each dimension."""
    before: Stood | None = None
    """What stood when the latest survey began, if anything did."""
    begun_after: Day | None = None
    """The day of the last step of the survey before, if there was one."""
    begun_on: Day
    completed_on: Day | None = None
    validated_on: Day | None = None
    """Since when `levels` stand."""
    abandoned_on: Day | None = None
    closed_on: Day | None = None
    reason: ReturnReason | AbandonReason | None = None
    """Why it was sent back, or abandoned."""

    def days(self) -> dict[SurveyStep, Day]:
        """The days of the steps of the latest survey, in their order."""
        told: dict[SurveyStep, Day | None] = {
            "begun": self.begun_on,
            "completed": self.completed_on,
            "validated": self.validated_on if self.status == "validated" else None,
        }
        return {step: day for step, day in told.items() if day is not None}


DIMENSION_TWICE = Refusal(
    "dimension-twice", "a dimension is answered twice", "une dimension reçoit deux réponses", at="answers"
)
DIMENSIONS_MISSING = Refusal(
    "dimensions-missing",
    "not answered yet: {dimensions}",
    "sans réponse à ce jour : {dimensions}",
    dimensions=tuple[MaturityDimension, ...],
)
SURVEY_NOT_THERE_YET = Refusal(
    "survey-not-there-yet",
    "the survey is not {step} yet",
    "le diagnostic n'en est pas encore à l'étape « {step} »",
    at="step",
    step=SurveyStep,
)

surveys = Decider(
    CATEGORY.name,
    Survey,
    identified_by="company",
    finding=Finding(
        found_by=("status", "naf", "commune", "zone"),
        sorted_by=("begun_on", "completed_on", "validated_on", "points"),
    ),
)


@surveys.creates(
    by=("company", "network"),
    when=("validated", "abandoned", "closed"),
    to="begun",
    looks_up=Lookup(companies, "company"),
)
def begin(_survey: Survey | None, command: Begin, company: Company | None) -> SurveyBegun:
    return tell(SurveyBegun, command, active_member(company, command.company))


@surveys.decides(by=("company", "network"), when="begun")
def answer(survey: Survey, command: Answer) -> SurveyAnswered | tuple[()]:
    told = {each.dimension: each.recorded() for each in command.answers}
    if len(told) < len(command.answers):
        raise DIMENSION_TWICE()
    answers = tuple(each for each in told.values() if each not in survey.answers)
    if not answers:
        return ()
    changed = {each.dimension for each in answers}
    before = tuple(each for each in survey.answers if each.dimension in changed)
    return tell(SurveyAnswered, command, survey, answers_before=before, answers=answers)


@surveys.decides(by=("company", "network"), when="begun", to="completed", day="completed_on", clears=("reason",))
def complete(survey: Survey, command: Complete) -> SurveyCompleted:
    answered = {answer.dimension for answer in survey.answers}
    if missing := tuple(dimension for dimension in DIMENSIONS if dimension not in answered):
        raise DIMENSIONS_MISSING(dimensions=missing)
    return tell(SurveyCompleted, command, survey)


surveys.steps(
    SendBack,
    SurveyReturned,
    by="network",
    when="completed",
    to="begun",
    takes=("reason",),
    clears=("completed_on",),
)


@surveys.decides(by="network", when="completed", to="validated")
def validate(survey: Survey, command: Validate) -> SurveyValidated:
    return tell(SurveyValidated, command, survey, levels=survey.answers)


surveys.steps(
    Abandon,
    SurveyAbandoned,
    by=("company", "network"),
    when=("begun", "completed"),
    to="abandoned",
    day="abandoned_on",
    takes=("reason",),
)


@surveys.decides(by="network", when="validated")
def correct_level(survey: Survey, command: CorrectLevel) -> MaturityCorrected | tuple[()]:
    (before,) = [each.level for each in survey.levels if each.dimension == command.dimension]
    if before == command.level:
        return ()
    check_corrected(command.on, survey.validated_on)
    return tell(MaturityCorrected, command, survey, level_before=before)


@surveys.decides(by="network", when=("begun", "completed", "validated"))
def correct_day(survey: Survey, command: CorrectDay) -> SurveyDayCorrected | tuple[()]:
    days = survey.days()
    if command.step not in days:
        raise SURVEY_NOT_THERE_YET(step=command.step)
    if command.day == days[command.step]:
        return ()
    check_corrected(command.on, days[command.step])
    place = [*days].index(command.step)
    in_order = [survey.begun_after or FIRST_DAY, *days.values(), command.on]
    check_day(command.day, after=in_order[place], before=min(in_order[place + 2 :]))
    validated = command.step == "validated"
    before = survey.before if validated else None
    return tell(
        SurveyDayCorrected,
        command,
        survey,
        day_before=days[command.step],
        levels=survey.levels if validated else (),
        levels_before=before.levels if before else (),
        naf_before=before and before.naf,
        commune_before=before and before.commune,
        zone_before=before and before.zone,
    )


@surveys.decides(
    by=PLATFORM,
    when=("begun", "completed", "validated", "abandoned"),
    to="closed",
    looks_up=Lookup(companies, "company"),
)
def close(survey: Survey, command: Close, company: Company | None) -> SurveyClosed | tuple[()]:
    if company is not None and company.status in ("active", "suspended"):
        return ()
    return tell(SurveyClosed, command, survey)


@surveys.evolves
def _(survey: Survey | None, event: SurveyBegun) -> Survey:
    stands = survey.model_dump(include={"points", "validated_on"}) if survey else {}
    return Survey(
        company=event.company,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        status="begun",
        levels=survey.levels if survey else (),
        before=Stood.model_validate(survey.model_dump(include={*Stood.model_fields}))
        if survey and survey.levels
        else None,
        begun_after=survey.effective_on if survey else None,
        begun_on=event.effective_on,
        effective_on=event.effective_on,
        **stands,
    )


@surveys.evolves
def _(survey: Survey, event: SurveyAnswered) -> Survey:
    return survey.after(event, answers=_with(survey.answers, *event.answers))


@surveys.evolves
def _(survey: Survey, event: SurveyValidated) -> Survey:
    return survey.after(event, status="validated", validated_on=event.effective_on, **_stands(event.levels))


@surveys.evolves
def _(survey: Survey, event: MaturityCorrected) -> Survey:
    return survey.after(
        event, **_stands(_with(survey.levels, DimensionLevel(dimension=event.dimension, level=event.level)))
    )


@surveys.evolves
def _(survey: Survey, event: SurveyDayCorrected) -> Survey:
    # Never earlier: figures have been told what stands from the wrong day on, and nothing comes before it.
    return survey.after(event, effective_on=max(survey.effective_on, event.day), **{f"{event.step}_on": event.day})


@surveys.evolves
def _(survey: Survey, event: SurveyClosed) -> Survey:
    nothing: dict[str, object] = {"levels": (), "points": None, "validated_on": None}
    return survey.after(event, status="closed", closed_on=event.effective_on, **nothing)


def _with(levels: Iterable[DimensionLevel], *changed: DimensionLevel) -> tuple[DimensionLevel, ...]:
    """The levels with these, in the order of the dimensions."""
    known = {each.dimension: each for each in (*levels, *changed)}
    return tuple(known[dimension] for dimension in DIMENSIONS if dimension in known)


def _stands(levels: tuple[DimensionLevel, ...]) -> dict[str, object]:
    return {"levels": levels, "points": sum(each.level for each in levels)}
