"""What a company and the network make of a survey: how mature the company is, and since when."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest

from companies.company import Company, companies
from companies.reactions import reactions
from companies.survey import (
    DIMENSIONS,
    Abandon,
    Answer,
    Begin,
    Close,
    Complete,
    CorrectDay,
    CorrectLevel,
    EnteredLevel,
    SendBack,
    Stood,
    Survey,
    Validate,
    surveys,
)
from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanyLeft, CompanySuspended
from contracts.companies.survey import (
    DimensionLevel,
    MaturityCorrected,
    MaturityDimension,
    SurveyAbandoned,
    SurveyAnswered,
    SurveyBegun,
    SurveyClosed,
    SurveyCompleted,
    SurveyDayCorrected,
    SurveyReturned,
    SurveyStep,
    SurveyValidated,
)
from eventstore.decider import Actor, Command
from eventstore.reactions import Found, Identity, Issue
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(surveys, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


ASKED = day(2)
COMPANY = sample_siret(0)
PLACE: dict[str, Any] = {"company": COMPANY, "naf": "25.62B", "commune": "36088", "zone": "zi-limoise"}
applied = CompanyApplied(**PLACE, name="Fonderie", legal_form="5710", headcount=42, size_band="12", effective_on=day(1))
activated = CompanyActivated(**PLACE, headcount=42, size_band="12", effective_on=day(1))
suspended = CompanySuspended(**PLACE, headcount=0, headcount_before=42, reason="other", effective_on=day(2))
left = CompanyLeft(**PLACE, headcount=0, headcount_before=42, reason="moved", effective_on=day(6))


def company(*events: Event) -> Company | None:
    return companies.fold((applied, *events))


MEMBER, LEFT = company(activated), company(activated, left)


def levels(*numbers: int) -> tuple[DimensionLevel, ...]:
    """Of every dimension, in their order."""
    return tuple(
        DimensionLevel(dimension=dimension, level=level) for dimension, level in zip(DIMENSIONS, numbers, strict=True)
    )


def answered(*answers: DimensionLevel, before: tuple[DimensionLevel, ...] = (), on: date = ASKED) -> SurveyAnswered:
    return SurveyAnswered(**PLACE, answers_before=before, answers=answers, effective_on=on)


def answer(on: date = ASKED, **told: int) -> Answer:
    return Answer.model_validate(
        {"on": on, "answers": tuple({"dimension": each, "level": level} for each, level in told.items())}
    )


def level(dimension: MaturityDimension, level: int) -> DimensionLevel:
    return DimensionLevel(dimension=dimension, level=level)


def validation(levels_now: tuple[DimensionLevel, ...], on: date, before: tuple[DimensionLevel, ...] = ()) -> Event:
    return SurveyValidated(**PLACE, levels_before=before, levels=levels_now, effective_on=on)


FOUND = levels(1, 0, 2, 3, 2, 5)
BETTER = levels(2, 2, 2, 4, 3, 5)
begun = SurveyBegun(**PLACE, effective_on=day(2))
completed = SurveyCompleted(**PLACE, answers=FOUND, effective_on=day(3))
validated = validation(FOUND, day(4))
BEGUN = (begun, answered(*FOUND))
COMPLETED = (*BEGUN, completed)
VALIDATED = (*COMPLETED, validated)
anew = SurveyBegun(**PLACE, effective_on=day(5))
ANEW = (*VALIDATED, anew)
abandoned = SurveyAbandoned(**PLACE, reason="postponed", effective_on=day(6))
closed = SurveyClosed(**PLACE, levels_before=FOUND, effective_on=day(6))
PASTS: dict[str, tuple[Event, ...]] = {
    "begun": BEGUN,
    "completed": COMPLETED,
    "validated": VALIDATED,
    "abandoned": (*ANEW, abandoned),
    "closed": (*VALIDATED, closed),
}


def state(*events: Event) -> Survey:
    survey = given(*events).state
    assert survey is not None
    return survey


def test_every_status_has_a_past() -> None:
    assert {status: state(*past).status for status, past in PASTS.items()} == {
        status: status for status in surveys.statuses
    }


# Begun


def test_a_member_is_surveyed_with_the_place_that_it_has() -> None:
    given().knowing(MEMBER).when(Begin(company=COMPANY, on=day(2))).then(begun)
    given().knowing(MEMBER).when(Begin(company=COMPANY, on=day(2))).then_state(
        status="begun", naf="25.62B", zone="zi-limoise", answers=(), levels=(), points=None, begun_on=day(2)
    )


@pytest.mark.parametrize("known", [None, company(), company(activated, suspended), LEFT])
def test_only_an_active_member_is_surveyed(known: Company | None) -> None:
    given().knowing(known).when(Begin(company=COMPANY)).rejected("not-a-member")


@pytest.mark.parametrize("status", PASTS)
def test_a_company_has_one_survey_under_way(status: str) -> None:
    again = given(*PASTS[status]).knowing(MEMBER).when(Begin(company=COMPANY, on=day(7)))
    if status in ("begun", "completed"):
        again.rejected("survey-exists")
    else:
        again.then(SurveyBegun(**PLACE, effective_on=day(7)))


def test_what_was_found_before_stands_while_it_is_surveyed_anew() -> None:
    given(*VALIDATED).knowing(MEMBER).when(Begin(company=COMPANY, on=day(5))).then_state(
        status="begun", answers=(), levels=FOUND, points=13, begun_on=day(5), completed_on=None, validated_on=day(4)
    )
    after = (*PASTS["abandoned"], SurveyBegun(**PLACE, effective_on=day(7)))
    assert (state(*after).levels, state(*after).abandoned_on, state(*after).reason) == (FOUND, None, None)


def test_surveys_follow_each_other_in_the_order_of_their_days() -> None:
    given(*VALIDATED).knowing(MEMBER).when(Begin(company=COMPANY, on=day(3))).rejected("on-before-previous-step")
    late = Begin(company=COMPANY, on=TODAY + timedelta(days=1))
    given().knowing(MEMBER).when(late).rejected("on-in-the-future")


# Answered and completed


def test_a_dimension_is_answered_until_the_survey_is_completed_and_the_last_answer_counts() -> None:
    given(begun).when(answer(people=0, strategy=4)).then(answered(level("people", 0), level("strategy", 4)))
    past = (begun, answered(level("people", 0), level("strategy", 4)))
    given(*past).when(answer(people=0)).then()
    other = answered(level("people", 3), level("products", 1), before=(level("people", 0),), on=day(3))
    given(*past).when(answer(day(3), people=3, strategy=4, products=1)).then(other)
    given(*past).when(answer(day(3), people=3, strategy=4, products=1)).then_state(
        answers=(level("strategy", 4), level("products", 1), level("people", 3)), levels=(), points=None
    )


def test_a_dimension_has_one_answer() -> None:
    twice = Answer(answers=(EnteredLevel(dimension="people", level=1), EnteredLevel(dimension="people", level=2)))
    given(begun).when(twice).rejected("dimension-twice")


def test_a_survey_is_complete_once_every_dimension_is_answered() -> None:
    given(*BEGUN).when(Complete(on=day(3))).then(completed)
    given(*BEGUN).when(Complete(on=day(3))).then_state(status="completed", completed_on=day(3), levels=())
    given(*BEGUN).when(Complete(on=day(1))).rejected("on-before-previous-step")


@pytest.mark.parametrize("missing", DIMENSIONS)
def test_it_is_told_which_dimension_is_missing(missing: MaturityDimension) -> None:
    when = given(begun, answered(*[each for each in FOUND if each.dimension != missing])).when(Complete())
    when.rejected("dimensions-missing")
    assert when.refusal is not None
    assert when.refusal.parameters == {"dimensions": (missing,)}


# Validated, sent back, abandoned


def test_what_the_network_validates_is_the_companys_maturity() -> None:
    given(*COMPLETED).when(Validate(on=day(4))).then(validated)
    given(*COMPLETED).when(Validate(on=day(4))).then_state(
        status="validated", levels=FOUND, points=13, validated_on=day(4), answers=FOUND
    )
    second: tuple[Event, ...] = (*ANEW, answered(*BETTER, on=day(5)))
    second = (*second, SurveyCompleted(**PLACE, answers=BETTER, effective_on=day(5)))
    given(*second).when(Validate(on=day(6))).then(validation(BETTER, day(6), before=FOUND))
    given(*second).when(Validate(on=day(6))).then_state(levels=BETTER, points=18, validated_on=day(6))


def test_what_is_sent_back_keeps_its_answers_and_is_completed_again() -> None:
    returned = SurveyReturned(**PLACE, reason="implausible", effective_on=day(3))
    given(*COMPLETED).when(SendBack(reason="implausible", on=day(3))).then(returned)
    given(*COMPLETED).when(SendBack(reason="implausible", on=day(3))).then_state(
        status="begun", answers=FOUND, completed_on=None, reason="implausible"
    )
    given(*COMPLETED, returned).when(answer(TODAY, strategy=2)).then_state(reason="implausible")
    given(*COMPLETED, returned).when(Complete()).then_state(status="completed", completed_on=TODAY, reason=None)


@pytest.mark.parametrize("past", [BEGUN, COMPLETED, ANEW])
def test_what_is_abandoned_leaves_what_was_found_before(past: tuple[Event, ...]) -> None:
    given(*past).when(Abandon(reason="postponed", on=day(6))).then(abandoned)
    given(*past).when(Abandon(reason="postponed", on=day(6))).then_state(
        status="abandoned", abandoned_on=day(6), reason="postponed", levels=state(*past).levels
    )


# Corrected


def test_a_validated_level_is_corrected_from_its_day_on() -> None:
    corrected = MaturityCorrected(
        **PLACE,
        dimension="processes",
        level_before=0,
        level=4,
        validated_on=day(4),
        reason="late_document",
        effective_on=day(8),
    )
    command = CorrectLevel(dimension="processes", level=4, reason="late_document", on=day(8))
    given(*VALIDATED).when(command).then(corrected)
    given(*VALIDATED).when(command).then_state(
        levels=levels(1, 4, 2, 3, 2, 5), points=17, answers=FOUND, validated_on=day(4), effective_on=day(4)
    )
    given(*VALIDATED, corrected).when(command).then()


def test_nothing_is_corrected_before_it_happened() -> None:
    level = CorrectLevel(dimension="processes", level=4, reason="late_document", on=day(4))
    begun_on = CorrectDay(step="begun", day=day(1), reason="late_document", on=day(2))
    for command in (level, begun_on):
        assert given(*VALIDATED).when(command).events
        early = command.model_copy(update={"on": command.on - timedelta(days=1)})
        given(*VALIDATED).when(early).rejected("corrected-before-it-happened")


def moved(step: SurveyStep, before: date, right: date, stood: Stood | None = None, **told: Any) -> SurveyDayCorrected:
    """A step whose day is another one, and what stood before where it is the validation."""
    found: dict[str, Any] = {"levels": FOUND if step == "validated" else (), **told}
    return SurveyDayCorrected(
        **PLACE,
        **found,
        step=step,
        day_before=before,
        day=right,
        levels_before=stood.levels if stood else (),
        naf_before=stood.naf if stood else None,
        commune_before=stood.commune if stood else None,
        zone_before=stood.zone if stood else None,
        reason="late_document",
        effective_on=TODAY,
    )


def correct(step: SurveyStep, right: date) -> CorrectDay:
    return CorrectDay(step=step, day=right, reason="late_document")


@pytest.mark.parametrize(
    ("past", "step", "before", "right"),
    [
        (BEGUN, "begun", day(2), day(1)),
        (BEGUN, "begun", day(2), TODAY),
        (COMPLETED, "begun", day(2), day(3)),
        (COMPLETED, "completed", day(3), day(2)),
        (VALIDATED, "begun", day(2), day(1)),
        (VALIDATED, "completed", day(3), day(4)),
        (VALIDATED, "validated", day(4), day(3)),
        (VALIDATED, "validated", day(4), TODAY),
    ],
)
def test_the_day_of_a_step_is_corrected_between_those_around_it(
    past: tuple[Event, ...], step: SurveyStep, before: date, right: date
) -> None:
    corrected, latest = moved(step, before, right), state(*past).effective_on
    given(*past).when(correct(step, right)).then(corrected)
    given(*past).when(correct(step, right)).then_state(
        **{f"{step}_on": right}, status=state(*past).status, effective_on=max(latest, right)
    )
    given(*past, corrected).when(correct(step, right)).then()


@pytest.mark.parametrize(
    ("past", "step", "wrong", "slug"),
    [
        (VALIDATED, "begun", day(3, 2), "day-after-next-step"),
        (VALIDATED, "completed", day(1, 31), "day-before-previous-step"),
        (VALIDATED, "completed", day(4, 2), "day-after-next-step"),
        (VALIDATED, "validated", day(2, 29), "day-before-previous-step"),
        (VALIDATED, "validated", day(9, 3), "day-after-next-step"),
        (ANEW, "begun", day(3, 31), "day-before-previous-step"),
        # What stands is that of the survey before, whose days stay.
        (ANEW, "validated", day(4), "survey-not-there-yet"),
        (BEGUN, "completed", day(3), "survey-not-there-yet"),
    ],
)
def test_steps_keep_their_order_when_a_day_is_corrected(
    past: tuple[Event, ...], step: SurveyStep, wrong: date, slug: str
) -> None:
    given(*past).when(correct(step, wrong)).rejected(slug)


def test_a_corrected_validation_tells_what_stood_until_then_and_where() -> None:
    elsewhere = {**PLACE, "zone": None}
    second: tuple[Event, ...] = (
        *VALIDATED,
        SurveyBegun(**elsewhere, effective_on=day(5)),
        SurveyAnswered(**elsewhere, answers_before=(), answers=BETTER, effective_on=day(5)),
        SurveyCompleted(**elsewhere, answers=BETTER, effective_on=day(5)),
        SurveyValidated(**elsewhere, levels_before=FOUND, levels=BETTER, effective_on=day(7)),
    )
    stood = Stood(levels=FOUND, naf="25.62B", commune="36088", zone="zi-limoise")
    corrected = moved("validated", day(7), day(6), stood, levels=BETTER).model_copy(update={"zone": None})
    given(*second).when(correct("validated", day(6))).then(corrected)
    given(*second).when(correct("validated", day(6))).then_state(validated_on=day(6), effective_on=day(7))
    put_right = CorrectLevel(dimension="people", level=1, reason="reassessment")
    told = given(*second, corrected).when(put_right).events
    assert [event.validated_on for event in told if isinstance(event, MaturityCorrected)] == [day(6)]


# Closed


@pytest.mark.parametrize("status", ["begun", "completed", "validated", "abandoned"])
@pytest.mark.parametrize("known", [None, LEFT, company()])
def test_who_has_left_has_no_maturity(status: str, known: Company | None) -> None:
    past = PASTS[status]
    expected = SurveyClosed(**PLACE, levels_before=state(*past).levels, effective_on=day(6))
    given(*past).knowing(known).when(Close(on=day(6))).then(expected)
    given(*past).knowing(known).when(Close(on=day(6))).then_state(
        status="closed", levels=(), points=None, validated_on=None, closed_on=day(6)
    )


@pytest.mark.parametrize("known", [MEMBER, company(activated, suspended)])
def test_who_is_a_member_again_or_suspended_keeps_it(known: Company | None) -> None:
    given(*VALIDATED).knowing(known).when(Close(on=day(6))).then()


def test_whoever_leaves_is_closed_from_that_day_on_or_from_today_where_it_was_surveyed_since() -> None:
    (reaction,) = [each for each in reactions.of(CompanyLeft) if each.finds is surveys]
    survey = state(*VALIDATED)
    (issue,) = reaction.function(left, [Found(COMPANY, survey)])
    assert issue == Issue(surveys, COMPANY, Close(on=day(6)), Close(), expects=tuple(surveys.not_for(Close)))
    assert reaction.filters(left, Identity(COMPANY))["company"] == COMPANY
    given(*VALIDATED).knowing(LEFT).when(Close(on=day(3))).rejected("on-before-previous-step")
    given(*VALIDATED).knowing(LEFT).when(Close()).then_state(status="closed", closed_on=TODAY)


# What is refused


COMMANDS: dict[type[Command], Command] = {
    Answer: answer(TODAY, people=4),
    Complete: Complete(),
    SendBack: SendBack(reason="other"),
    Validate: Validate(),
    Abandon: Abandon(reason="other"),
    CorrectLevel: CorrectLevel(dimension="people", level=4, reason="other"),
    CorrectDay: correct("begun", day(2)),
    Close: Close(),
}


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: type(command).__name__)
def test_what_is_not_for_a_status_is_refused(status: str, command: Command) -> None:
    decision = surveys.decision(type(command))
    when = given(*PASTS[status]).when(command)
    if decision.when is not None and status not in decision.when:
        assert when.refusal is not None
        assert when.refusal.slug in {refusal.slug for refusal in surveys.not_for(type(command))}
        assert when.refusal.told("fr") != when.refusal.told("en")
    else:
        assert when.refusal is None


def test_the_statuses_that_each_decision_is_for() -> None:
    assert {command: surveys.decision(command).when for command in COMMANDS} == {
        Answer: ("begun",),
        Complete: ("begun",),
        SendBack: ("completed",),
        Validate: ("completed",),
        Abandon: ("begun", "completed"),
        CorrectLevel: ("validated",),
        CorrectDay: ("begun", "completed", "validated"),
        Close: ("begun", "completed", "validated", "abandoned"),
    }


NETWORK = Actor("coordinator", frozenset({"network"}))
ITSELF = Actor("erp", frozenset({"company"}), {"company": COMPANY})
ANOTHER = Actor("erp", frozenset({"company"}), {"company": sample_siret(1)})


@pytest.mark.parametrize(
    ("actor", "status", "allowed"),
    [
        (ITSELF, "begun", ["answer", "complete", "abandon"]),
        (ITSELF, "completed", ["abandon"]),
        (ITSELF, "validated", []),
        (NETWORK, "begun", ["answer", "complete", "abandon", "correct-day"]),
        (NETWORK, "completed", ["send-back", "validate", "abandon", "correct-day"]),
        (NETWORK, "validated", ["correct-level", "correct-day"]),
        (NETWORK, "closed", []),
        (ANOTHER, "begun", []),
        (Actor("zone", frozenset({"epci"})), "completed", []),
    ],
)
def test_who_decides(actor: Actor, status: str, allowed: list[str]) -> None:
    assert surveys.allowed(state(*PASTS[status]), actor) == allowed


def test_there_are_six_dimensions() -> None:
    assert get_args(MaturityDimension) == DIMENSIONS
    assert len(DIMENSIONS) == 6
