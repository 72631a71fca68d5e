"""What becomes of a travel survey: opened, answered, corrected, closed and published."""

from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from contracts import Event
from contracts.mobility.travel_survey import (
    DistanceBand,
    TravelAnswers,
    TravelAnswersCorrected,
    TravelAnswersRecorded,
    TravelMode,
    TravelSurveyAskedCorrected,
    TravelSurveyClosed,
    TravelSurveyOpened,
    TravelSurveyPublished,
    TravelSurveyStatus,
)
from eventstore.decider import Command
from eventstore.specification import Specification
from mobility.travel_survey import (
    Close,
    CorrectAnswers,
    CorrectAsked,
    EnteredAnswers,
    Open,
    Publish,
    RecordAnswers,
    travel_surveys,
)

TODAY = date(2024, 9, 2)
given = Specification(travel_surveys, today=TODAY)


def facts(answered: int = 0, **changes: Any) -> dict[str, Any]:
    told = {"travel_survey": "limoise-2024", "commune": "36088", "zone": "zi-limoise", "asked": 40}
    return {**told, "answered": answered, "effective_on": date(2024, 6, 3), **changes}


def answers(people: int, mode: TravelMode = "bike", distance: DistanceBand = "2_to_5_km") -> TravelAnswers:
    return TravelAnswers(mode=mode, distance=distance, people=people)


def record(*told: TravelAnswers) -> RecordAnswers:
    return RecordAnswers(answers=tuple(EnteredAnswers(**each.model_dump()) for each in told), on=date(2024, 6, 3))


def correct(people: int, **changes: Any) -> CorrectAnswers:
    asked: dict[str, Any] = {"mode": "bike", "distance": "2_to_5_km", "people": people, "reason": "miscounted"}
    return CorrectAnswers(**{**asked, **changes})


DRIVERS = answers(20, "drove_alone", "10_to_20_km")
opened = TravelSurveyOpened(**facts(), title="Domicile-travail 2024")
recorded = TravelAnswersRecorded(**facts(25), answers=(DRIVERS, answers(5)))
closed = TravelSurveyClosed(**facts(25, effective_on=date(2024, 7, 1)))
published = TravelSurveyPublished(
    **facts(25, effective_on=TODAY), answers=(DRIVERS, answers(5)), closed_on=date(2024, 7, 1)
)
PASTS: dict[str, tuple[Event, ...]] = {
    "opened": (opened, recorded),
    "closed": (opened, recorded, closed),
    "published": (opened, recorded, closed, published),
}


def test_a_survey_is_opened_answered_closed_and_published() -> None:
    ask = Open(
        code="limoise-2024",
        title="Domicile-travail 2024",
        commune="36088",
        zone="zi-limoise",
        asked=40,
        on=date(2024, 6, 3),
    )
    given().when(ask).then(opened)
    given(opened).when(ask).rejected("travel-survey-exists")
    given(opened).when(record(answers(5), DRIVERS)).then(recorded)
    given(opened, recorded).when(record(answers(3), answers(1, "walk", "under_2_km"))).then_state(
        answered=29, answers=(DRIVERS, answers(8), answers(1, "walk", "under_2_km"))
    )
    given(*PASTS["opened"]).when(Close(on=date(2024, 7, 1))).then(closed)
    given(*PASTS["closed"]).when(Publish()).then(published)
    given(*PASTS["closed"]).when(Publish()).then_state(status="published", published_on=TODAY, asked=40, answered=25)


def test_nobody_answers_who_was_not_asked() -> None:
    given(*PASTS["opened"]).when(record(answers(15))).then_state(answered=40)
    given(*PASTS["opened"]).when(record(answers(16))).rejected("more-answers-than-asked")
    given(*PASTS["closed"]).when(correct(21)).rejected("more-answers-than-asked")
    given(*PASTS["opened"]).when(CorrectAsked(asked=24, reason="typing_error")).rejected("more-answers-than-asked")


def test_a_way_and_a_distance_are_told_once_at_a_time() -> None:
    given(opened).when(record(answers(1), DRIVERS, answers(2))).rejected("answer-twice")


def test_there_is_nothing_to_publish_where_nobody_has_answered() -> None:
    unanswered = (opened, TravelSurveyClosed(**facts(effective_on=date(2024, 7, 1))))
    given(*unanswered).when(Publish()).rejected("nobody-answered")


@pytest.mark.parametrize("status", ["opened", "closed"])
def test_what_was_miscounted_is_put_right_until_it_is_published(status: str) -> None:
    given(*PASTS[status]).when(correct(7)).then(
        TravelAnswersCorrected(
            **facts(27, effective_on=TODAY),
            mode="bike",
            distance="2_to_5_km",
            people_before=5,
            people=7,
            reason="miscounted",
        )
    )
    given(*PASTS[status]).when(correct(0)).then_state(answered=20, answers=(DRIVERS,), corrected_on=TODAY)
    given(*PASTS[status]).when(correct(2, mode="walk")).then_state(answered=27)
    given(*PASTS[status]).when(correct(5)).then()
    given(*PASTS[status]).when(correct(7, on=date(2024, 6, 2))).rejected("corrected-before-it-opened")


@pytest.mark.parametrize("status", ["opened", "closed"])
def test_how_many_were_asked_is_put_right(status: str) -> None:
    ask = CorrectAsked(asked=50, reason="counted_twice")
    given(*PASTS[status]).when(ask).then(
        TravelSurveyAskedCorrected(**facts(25, asked=50, effective_on=TODAY), asked_before=40, reason="counted_twice")
    )
    given(*PASTS[status]).when(ask).then_state(asked=50, corrected_on=TODAY)
    given(*PASTS[status]).when(ask.model_copy(update={"asked": 40})).then()
    early = ask.model_copy(update={"on": date(2024, 6, 2)})
    given(*PASTS[status]).when(early).rejected("corrected-before-it-opened")


ALLOWED: dict[type[Command], tuple[Command, set[str]]] = {
    RecordAnswers: (record(answers(1)), {"opened"}),
    CorrectAnswers: (correct(7), {"opened", "closed"}),
    CorrectAsked: (CorrectAsked(asked=50, reason="other"), {"opened", "closed"}),
    Close: (Close(), {"opened"}),
    Publish: (Publish(), {"closed"}),
}


@pytest.mark.parametrize("status", get_args(TravelSurveyStatus))
@pytest.mark.parametrize("kind", ALLOWED, ids=lambda kind: str(kind.__name__))
def test_each_command_is_for_its_states_alone(kind: type[Command], status: str) -> None:
    command, statuses = ALLOWED[kind]
    when = given(*PASTS[status]).when(command.model_copy(update={"on": TODAY}))
    if status in statuses:
        assert when.events, when.refusal
    else:
        assert when.refusal is not None
        assert when.refusal.slug.startswith("travel-survey-")


def test_every_command_is_tried_in_every_state() -> None:
    assert {*ALLOWED} == travel_surveys.decisions.keys() - {Open}
    assert {*PASTS} == {*get_args(TravelSurveyStatus)}


modes, bands = st.sampled_from(get_args(TravelMode)), st.sampled_from(get_args(DistanceBand))
steps = st.one_of(
    st.builds(answers, st.integers(1, 9), modes, bands).map(record),
    st.builds(correct, st.integers(0, 9), mode=modes, distance=bands),
    st.builds(CorrectAsked, asked=st.integers(1, 60), reason=st.just("other")),
    st.just(Close()),
    st.just(Publish()),
)


@hypothesis_given(st.lists(steps, max_size=25))
def test_whatever_is_asked_answers_add_up_and_are_no_more_than_people_were_asked(commands: list[Command]) -> None:
    survey = given.fold([opened])
    for command in commands:
        when = given().__class__(travel_surveys, given().context, survey).when(command.model_copy(update={"on": TODAY}))
        before, survey = survey, given.fold(when.events, survey)
        assert survey is not None
        assert before is not None
        assert survey.answered == sum(each.people for each in survey.answers) <= survey.asked
        assert len({(each.mode, each.distance) for each in survey.answers}) == len(survey.answers)
        if before.status == "published":
            assert survey == before
