"""What the programme assumes of occupations, what follows of it, and which forecast stands."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from contracts import Event
from contracts.model import PARIS
from contracts.training.forecast import (
    ForecastAdopted,
    ForecastCalculated,
    ForecastDiscarded,
    ForecastDrafted,
    ForecastRevised,
    ForecastSuperseded,
    OccupationYear,
)
from eventstore.specification import Specification
from training.forecast import (
    Adopt,
    Calculate,
    Discard,
    Draft,
    Forecast,
    Revise,
    SeatsOfYear,
    Supersede,
    ToldOccupation,
    forecasts,
)
from training.forecasting import Seats, explained, figures
from training.scenarios import compared

TODAY = date(2024, 9, 2)
NOON = datetime.combine(TODAY, time(12), PARIS)
given = Specification(forecasts, today=TODAY)
ANOTHER = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0d"


def day(month: int) -> date:
    return date(2024, month, 1)


WELDERS: dict[str, Any] = {
    "rome": "H2902",
    "employed": 120,
    "growth": 0.02,
    "retirements": 4.5,
    "turnover": 0.05,
    "completion": 0.85,
    "placement": 0.7,
}
MILLERS: dict[str, Any] = {**WELDERS, "rome": "H2903", "employed": 75, "growth": -0.01, "senior_share": 0.3}
del MILLERS["retirements"]


def occupation(told: dict[str, Any]) -> ToldOccupation:
    sources = [{"assumed": name, "source": "expert"} for name in told if name != "rome"]
    return ToldOccupation.model_validate({**told, "sources": sources}, strict=False)


ASSUMED = (occupation(WELDERS), occupation(MILLERS))
TOLD: dict[str, Any] = {"title": "Reprise lente", "base_year": 2023, "years": 2}
OCCUPATIONS = tuple(each.recorded() for each in ASSUMED)
SEATS = {("H2902", 2024): Seats(12.0, 1), ("H2903", 2025): Seats(7.5, 2)}
# Worked by hand. Of H2902 in 2025: staff 120 × 1.02 = 122.4; growth 122.4 × 0.02 = 2.448; turnover 122.4 × 0.05 = 6.12;
# no session ends, so the need is 2.45 + 4.5 + 6.12 = 13.07.
FIGURES = tuple(
    OccupationYear(
        rome=rome,
        year=year,
        staff=staff,
        growth=growth,
        retirements=retirements,
        turnover=turnover,
        seats=seats,
        sessions=sessions,
        pipeline=pipeline,
        need=need,
    )
    for rome, year, staff, growth, retirements, turnover, seats, sessions, pipeline, need in (
        ("H2902", 2024, 120.0, 2.4, 4.5, 6.0, 12.0, 1, 7.14, 5.76),
        ("H2902", 2025, 122.4, 2.45, 4.5, 6.12, 0.0, 0, 0.0, 13.07),
        ("H2903", 2024, 75.0, -0.75, 2.25, 3.75, 0.0, 0, 0.0, 5.25),
        ("H2903", 2025, 74.25, -0.74, 2.25, 3.71, 7.5, 2, 4.46, 0.76),
    )
)
CALCULATE = Calculate(
    seats=tuple(
        SeatsOfYear(rome=rome, year=year, seats=there.seats, sessions=there.sessions)
        for (rome, year), there in SEATS.items()
    )
)

drafted = ForecastDrafted(**TOLD, occupations=OCCUPATIONS, effective_on=day(2))
revised = ForecastRevised(**{**TOLD, "years": 3}, occupations=OCCUPATIONS, effective_on=day(3))
of_draft = ForecastCalculated(**TOLD, status="draft", figures=FIGURES, calculated_at=NOON, effective_on=TODAY)
adopted = ForecastAdopted(**TOLD, occupations=OCCUPATIONS, adopted_at=NOON, effective_on=day(4))
of_adopted = ForecastCalculated(**TOLD, status="adopted", figures=FIGURES, calculated_at=NOON, effective_on=TODAY)
superseded = ForecastSuperseded(**TOLD, superseded_by=ANOTHER, figures=FIGURES, effective_on=day(5))
discarded = ForecastDiscarded(**TOLD, reason="not_agreed", effective_on=day(4))
PASTS: dict[str, tuple[Event, ...]] = {
    "draft": (drafted, of_draft),
    "adopted": (drafted, of_draft, adopted, of_adopted),
    "superseded": (drafted, adopted, of_adopted, superseded),
    "discarded": (drafted, discarded),
}


def state(*events: Event) -> Forecast:
    forecast = given(*events).state
    assert forecast is not None
    return forecast


def test_every_status_has_a_past() -> None:
    assert {status: state(*past).status for status, past in PASTS.items()} == {
        status: status for status in forecasts.statuses
    }


# What follows of what is assumed


def test_a_worked_example_comes_out_as_by_hand() -> None:
    assert figures(2023, 2, OCCUPATIONS, SEATS) == FIGURES


def test_halves_of_a_hundredth_are_rounded_away_from_zero() -> None:
    one = occupation({**WELDERS, "employed": 1, "growth": 0.005, "turnover": 0.015}).recorded()
    (year,) = figures(2023, 1, (one,))
    assert (year.growth, year.turnover) == (0.01, 0.02)
    (shrinking,) = figures(2023, 1, (one.model_copy(update={"growth": -0.005}),))
    assert shrinking.growth == -0.01


def test_what_is_shown_adds_up() -> None:
    for each in figures(2023, 10, OCCUPATIONS, SEATS):
        assert each.need == round(each.growth + each.retirements + each.turnover - each.pipeline, 2)


def test_each_number_tells_what_it_is_made_of() -> None:
    told = {part.name: part for part in explained(OCCUPATIONS[0], FIGURES[0])}
    assert {name: part.value for name, part in told.items()} == {
        "growth": 2.4,
        "retirements": 4.5,
        "turnover": 6.0,
        "pipeline": 7.14,
        "need": 5.76,
    }
    assert {each.name: each.value for each in told["pipeline"].inputs} == {
        "seats": 12.0,
        "sessions": 1,
        "completion": 0.85,
        "placement": 0.7,
    }
    assert told["growth"].told("en") == "staff of 120 × 2.00% a year = 2.4"
    assert told["need"].told("fr") == "2,4 + 4,5 + 6 − 7,14 = 5,76"
    of_seniors = explained(OCCUPATIONS[1], FIGURES[2])[1]
    assert of_seniors.told("en") == "75 employed × 30.00% of 55 or older ÷ 10 years = 2.25"


def test_two_forecasts_are_compared_by_occupation_and_year() -> None:
    other = figures(2023, 1, OCCUPATIONS[:1])
    first, second, *_ = compared(FIGURES, other)
    assert (first.rome, first.year) == ("H2902", 2024)
    assert (first.pipeline.ours, first.pipeline.theirs, first.pipeline.difference) == (7.14, 0.0, 7.14)
    assert (first.need.ours, first.need.theirs, first.need.difference) == (5.76, 12.9, -7.14)
    assert (second.need.ours, second.need.theirs, second.need.difference) == (13.07, None, None)
    assert len(compared(FIGURES, other)) == len(FIGURES)
    assert compared((), other)[0].need.ours is None


# Drafted and revised


def test_a_forecast_tells_what_is_assumed_and_where_it_is_from() -> None:
    given().when(Draft(**TOLD, occupations=ASSUMED, on=day(2))).then(drafted)
    given().when(Draft(**TOLD, occupations=ASSUMED, on=day(2))).then_state(
        status="draft", figures=(), drafted_on=day(2)
    )


def test_a_draft_is_told_anew_and_has_no_figures_until_they_are_calculated() -> None:
    again = Revise(**{**TOLD, "years": 3}, occupations=ASSUMED, on=day(3))
    given(drafted, of_draft).when(again).then(revised)
    given(drafted, of_draft).when(again).then_state(years=3, figures=(), calculated_at=None)
    given(drafted).when(Revise(**TOLD, occupations=ASSUMED)).then()
    for status in ("adopted", "superseded", "discarded"):
        given(*PASTS[status]).when(again).rejected("forecast-not-draft")


@pytest.mark.parametrize(
    ("occupations", "slug"),
    [
        ((WELDERS, WELDERS), "occupation-twice"),
        (({**WELDERS, "senior_share": 0.3},), "retirements-unclear"),
        (({name: value for name, value in WELDERS.items() if name != "retirements"},), "retirements-unclear"),
    ],
)
def test_an_occupation_is_told_once_and_its_retirements_by_one_number(
    occupations: tuple[dict[str, Any], ...], slug: str
) -> None:
    told = tuple(occupation(each) for each in occupations)
    given().when(Draft(**TOLD, occupations=told)).rejected(slug)
    given(drafted).when(Revise(**TOLD, occupations=told)).rejected(slug)


NUMBERS = ("employed", "growth", "retirements", "turnover", "completion", "placement")


@pytest.mark.parametrize(
    ("sources", "slug", "parameters"),
    [
        ((), "source-missing", {"missing": NUMBERS}),
        (("growth",) * 6, "source-missing", {"missing": tuple(name for name in NUMBERS if name != "growth")}),
        ((*NUMBERS, "growth"), "source-twice", {"doubled": ("growth",)}),
        ((*NUMBERS, "senior_share"), "source-of-no-number", {"untold": ("senior_share",)}),
    ],
    ids=["none", "one alone", "one twice", "one of what is not told"],
)
def test_each_number_has_one_source(sources: tuple[str, ...], slug: str, parameters: dict[str, Any]) -> None:
    said = [{"assumed": name, "source": "insee"} for name in sources]
    told = ToldOccupation.model_validate({**WELDERS, "sources": tuple(said)}, strict=False)
    answer = given().when(Draft(**TOLD, occupations=(told,)))
    answer.rejected(slug)
    assert answer.refusal is not None
    assert answer.refusal.parameters == {"rome": WELDERS["rome"], **parameters}


def test_the_base_year_has_begun() -> None:
    given().when(Draft(**{**TOLD, "base_year": 2025}, occupations=ASSUMED)).rejected("base-year-to-come")
    refusal = given().when(Draft(**{**TOLD, "base_year": 2035}, occupations=ASSUMED, on=day(2))).refusal
    assert refusal is not None
    assert refusal.told("en").startswith("2035 has not begun")
    assert refusal.told("fr").startswith("2035 n'a pas commencé")
    given().when(Draft(**{**TOLD, "base_year": 2024}, occupations=ASSUMED, on=day(2))).then_state(base_year=2024)


# Calculated


def test_what_follows_of_a_draft_is_calculated_as_often_as_it_is_told() -> None:
    given(drafted).when(CALCULATE).then(of_draft)
    given(drafted, of_draft).when(Calculate()).then_state(figures=figures(2023, 2, OCCUPATIONS))


def test_what_follows_of_an_adopted_forecast_is_calculated_once() -> None:
    given(drafted, of_draft, adopted).when(CALCULATE).then(of_adopted)
    given(*PASTS["adopted"]).when(Calculate()).then()
    for status in ("superseded", "discarded"):
        given(*PASTS[status]).when(CALCULATE).rejected("forecast-not-draft")


# Adopted


def test_an_adopted_forecast_says_when_that_was_recorded() -> None:
    given(drafted, of_draft).when(Adopt(on=day(4))).then(adopted)
    given(drafted, of_draft).when(Adopt(on=day(4))).then_state(
        status="adopted", adopted_on=day(4), adopted_at=NOON, figures=(), calculated_at=None
    )
    later = NOON + timedelta(minutes=1)
    given(drafted).at(later).when(Adopt()).then_state(adopted_at=later)
    given(*PASTS["adopted"]).when(Adopt()).rejected("forecast-not-draft")


def test_what_is_superseded_says_what_stood() -> None:
    given(*PASTS["adopted"]).when(Supersede(superseded_by=ANOTHER, on=day(5))).then(superseded)
    given(drafted, of_draft, adopted).when(Supersede(superseded_by=ANOTHER, on=day(5))).then(
        superseded.model_copy(update={"figures": ()})
    )
    given(drafted).when(Supersede(superseded_by=ANOTHER)).rejected("forecast-not-adopted")


def test_a_draft_is_discarded_with_a_reason() -> None:
    given(drafted).when(Discard(reason="not_agreed", on=day(4))).then(discarded)
    given(*PASTS["adopted"]).when(Discard(reason="not_agreed")).rejected("forecast-not-draft")
