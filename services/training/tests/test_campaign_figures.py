"""What answers add up to, and which figures would give a respondent away."""

from typing import Any

import pytest
from campaigns import ASKED, COMPANY, NEIGHBOUR, NOTHING, occupation, workforce
from hypothesis import given
from hypothesis import strategies as st

from contracts import codes
from contracts.training.campaign_answer import College, CourseNeeded, TradePriority, TradeView, Workforce
from contracts.training.skills_campaign import CampaignFigure, CollegeAnswers, TradeFigure, TradeNeeds
from eventstore.postgres.appending import MAX_EVENT_BYTES
from training.bounds import Plausible
from training.campaign_figures import (
    Answered,
    answers_by_college,
    company_figures,
    largest_of,
    trade_figures,
    workforces,
)

LIMITS = Plausible()
THREE = (
    workforce(42, occupation("H2902", 12, 13, 15, 16), occupation("H1404", 3, 3, 3, 4, difficulty="none")),
    workforce(60, occupation("H2902", 10, 10, 12, 14, difficulty="some"), retirements=6),
    workforce(30, occupation("H2902", 8, 9, 9, 6, difficulty="hard"), retirements=2),
)
"""Each with 42 persons whose age is told, 8 of them 55 and over."""


def of_company(company: str, told: Workforce, *, counts: bool = True) -> Answered:
    return Answered(college="companies", counts=counts, company=company, workforce=told, **NOTHING)


def of_body(*seats: int) -> list[Answered]:
    """Training bodies that each see a course for boilermakers lacking."""
    facts: dict[str, Any] = {"college": "training_bodies", "counts": True, "company": None, "workforce": None}
    return [Answered(**facts, courses=(CourseNeeded(rome="H2902", seats=each),), trades=()) for each in seats]


def of_union(*priorities: TradePriority, college: College = "unions") -> list[Answered]:
    facts: dict[str, Any] = {"college": college, "counts": True, "company": None, "workforce": None, "courses": ()}
    return [Answered(**facts, trades=(TradeView(rome="H2902", priority=each),)) for each in priorities]


def test_three_companies_add_up() -> None:
    figures = company_figures(THREE, LIMITS)
    assert figures.headcount == CampaignFigure(value=132, n=3, suppressed=None)
    # 3 × 8 of 3 × 42.
    assert figures.senior_share == CampaignFigure(value=0.1905, n=3, suppressed=None, part=24, whole=126)
    assert figures.retirements_5y == CampaignFigure(value=13, n=3, suppressed=None)
    # 12 and 8 boilermakers, of 33 persons in all trades.
    assert figures.tension_share == CampaignFigure(value=0.6061, n=3, suppressed=None, part=20, whole=33)


def test_needs_are_those_beyond_today_by_trade_and_horizon_and_may_be_negative() -> None:
    needs = company_figures(THREE, LIMITS).needs
    assert needs == (
        # A company alone has electricians: what it expects is its own.
        TradeNeeds(rome="H1404", in_1_year=None, in_3_years=None, in_5_years=None, n=1, suppressed="too_few"),
        TradeNeeds(rome="H2902", in_1_year=2, in_3_years=6, in_5_years=6, n=3, suppressed=None),
    )
    fewer = [workforce(42, occupation("H2902", 12, 11, 10, 9)) for _ in range(3)]
    (told,) = company_figures(fewer, LIMITS).needs
    assert (told.in_1_year, told.in_3_years, told.in_5_years) == (-3, -6, -9)


def test_two_companies_are_too_few_and_none_is_no_figure() -> None:
    for told in (THREE[:2], ()):
        figures = company_figures(told, LIMITS)
        nothing = CampaignFigure(value=None, n=len(told), suppressed="too_few")
        assert figures.headcount == figures.senior_share == figures.retirements_5y == figures.tension_share == nothing


@pytest.mark.parametrize(("headcount", "suppressed"), [(1_020, None), (1_021, "one_dominates")])
def test_a_company_of_more_than_85_percent_dominates(headcount: float, suppressed: str | None) -> None:
    figures = company_figures((workforce(headcount), workforce(90), workforce(90)), LIMITS)
    assert figures.headcount.suppressed == suppressed
    assert (figures.headcount.value is None) == (suppressed is not None)
    assert figures.senior_share.suppressed is None


def test_one_dominates_where_it_alone_has_what_is_counted_or_what_it_is_a_share_of() -> None:
    one_retires = (workforce(42, retirements=5), workforce(42, retirements=0), workforce(42, retirements=0))
    assert company_figures(one_retires, LIMITS).retirements_5y.suppressed == "one_dominates"
    young = {"from_55_to_59": 0.0, "from_60": 0.0}
    one_is_old = (workforce(), workforce(**young), workforce(**young))
    assert company_figures(one_is_old, LIMITS).senior_share.suppressed == "one_dominates"
    calm = occupation("H2902", 1, difficulty="none")
    one_is_large = (workforce(42, occupation("H2902", 90, difficulty="none")), workforce(42, calm), workforce(42, calm))
    assert company_figures(one_is_large, LIMITS).tension_share.suppressed == "one_dominates"
    # In one year nobody dominates, but the three years are given together.
    one_grows = (occupation("H2902", 12, 13, 14, 40), occupation("H2902", 12, 13, 14, 12))
    told = [workforce(42, each) for each in (one_grows[0], one_grows[1], one_grows[1])]
    (needs,) = company_figures(told, LIMITS).needs
    assert (needs.suppressed, needs.in_1_year, needs.n) == ("one_dominates", None, 3)


def test_a_share_of_all_or_of_nobody_tells_what_each_has_answered() -> None:
    hard = workforce(42, occupation("H2902", 12))
    calm = workforce(42, occupation("H2902", 12, difficulty="none"), from_55_to_59=0.0, from_60=0.0)
    nothing = CampaignFigure(value=None, n=3, suppressed="all_alike")
    assert company_figures([hard] * 3, LIMITS).tension_share == nothing
    figures = company_figures([calm] * 3, LIMITS)
    assert figures.tension_share == figures.senior_share == nothing
    # Two of four have only such trades: that tells of no one.
    assert company_figures([hard, hard, calm, calm], LIMITS).tension_share.value == 0.5
    # Other reasons come first.
    assert company_figures([hard] * 2, LIMITS).tension_share.suppressed == "too_few"
    large = workforce(42, occupation("H2902", 900))
    assert company_figures([hard, hard, large], LIMITS).tension_share.suppressed == "one_dominates"


def test_what_nobody_tells_of_is_no_share_and_what_is_told_to_be_none_is_0() -> None:
    nobody = dict.fromkeys(("under_26", "from_26_to_34", "from_35_to_44", "from_45_to_54"), 0.0)
    empty = workforce(0, occupation("H2902", 0, 0, 0, 0), retirements=0, **nobody, from_55_to_59=0.0, from_60=0.0)
    figures = company_figures([empty] * 3, LIMITS)
    nothing = CampaignFigure(value=None, n=3, suppressed=None, part=0, whole=0)
    assert figures.senior_share == figures.tension_share == nothing
    assert figures.retirements_5y == CampaignFigure(value=0, n=3, suppressed=None)


def test_the_largest_is_that_of_the_greatest_headcount_and_of_equals_the_first() -> None:
    assert largest_of({}) is None
    assert largest_of({NEIGHBOUR: workforce(40), COMPANY: workforce(30)}) == NEIGHBOUR
    assert largest_of({NEIGHBOUR: workforce(40), COMPANY: workforce(40)}) == min(COMPANY, NEIGHBOUR)


def test_what_is_set_aside_is_told_and_adds_nothing() -> None:
    answers = [
        of_company(COMPANY, workforce()),
        of_company(NEIGHBOUR, workforce(), counts=False),
        *of_union("high", "low"),
        *(each.model_copy(update={"counts": False}) for each in (*of_union("high"), *of_body(12))),
    ]
    assert answers_by_college(ASKED, answers) == (
        CollegeAnswers(college="companies", answered=2, set_aside=1, n=1),
        CollegeAnswers(college="training_bodies", answered=1, set_aside=1, n=0),
        CollegeAnswers(college="unions", answered=3, set_aside=1, n=2),
    )
    assert [*workforces(answers)] == [COMPANY]
    assert trade_figures(answers, LIMITS) == (
        TradeFigure(college="unions", rome="H2902", value=None, n=2, suppressed="too_few"),
    )


def test_other_colleges_say_which_trades_lack_courses_and_which_matter() -> None:
    answers = [
        *of_body(12, 8, 10),
        *of_union("high", "low", "high"),
        *of_union("medium", "low", "low", college="economic_actors"),
    ]
    assert trade_figures(answers, LIMITS) == (
        TradeFigure(college="training_bodies", rome="H2902", value=30, n=3, suppressed=None),
        TradeFigure(college="economic_actors", rome="H2902", value=0, n=3, suppressed=None),
        TradeFigure(college="unions", rome="H2902", value=2, n=3, suppressed=None),
    )
    assert trade_figures(of_body(90, 5, 5), LIMITS)[0].suppressed == "one_dominates"


companies = st.lists(
    st.builds(
        workforce,
        st.integers(0, 2_000).map(float),
        st.builds(
            occupation,
            st.sampled_from(["H2902", "H1404"]),
            st.integers(0, 90).map(float),
            *[st.integers(0, 90).map(float)] * 3,
            difficulty=st.sampled_from(["none", "very_hard"]),
        ),
        retirements=st.integers(0, 60).map(float),
        from_60=st.integers(0, 60).map(float),
    ),
    max_size=8,
)


@given(companies, st.randoms())
def test_whatever_is_told_no_figure_is_of_too_few_or_of_one_and_the_order_does_not_matter(
    told: list[Workforce], random: Any
) -> None:
    figures = company_figures(told, LIMITS)
    assert company_figures(random.sample(told, len(told)), LIMITS) == figures
    by_name = {"headcount": [each.headcount for each in told], "retirements_5y": [each.retirements_5y for each in told]}
    for name, numbers in by_name.items():
        figure: CampaignFigure = getattr(figures, name)
        safe = len(numbers) >= 3 and 100 * max(numbers) <= 85 * sum(numbers)
        assert (figure.suppressed is None, figure.n) == (safe, len(numbers))
        assert figure.value == (sum(numbers) if safe else None)
    for share in (figures.senior_share, figures.tension_share):
        assert share.value not in (0, 1)
        assert share.suppressed is None or (share.value, share.part, share.whole) == (None, None, None)
    for needs in figures.needs:
        of_trade = [each for workforce in told for each in workforce.occupations if each.rome == needs.rome]
        assert needs.n == len(of_trade)
        more = sum(each.in_5_years - each.persons for each in of_trade)
        assert needs.in_5_years == (None if needs.suppressed else more)
        assert needs.n >= 3 or needs.suppressed == "too_few"


def test_the_figures_of_nine_hundred_trades_fit_into_an_event() -> None:
    """Far more than the companies of a territory have."""
    romes = [*codes.rome()][:900]
    figures = company_figures([workforce(42, *(occupation(rome, 1_234.25) for rome in romes))] * 3, LIMITS)
    facts: dict[str, Any] = {"counts": True, "company": None, "workforce": None, "courses": ()}
    trades = tuple(TradeView(rome=rome, priority="low") for rome in romes)
    views = trade_figures([Answered(college="unions", trades=trades, **facts)] * 3, LIMITS)
    assert len(figures.needs) == len(views) == 900
    written = 2 * len(figures.model_dump_json()) + sum(len(each.model_dump_json()) for each in views)
    assert written < MAX_EVENT_BYTES
