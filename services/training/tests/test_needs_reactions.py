"""What needs and forecasts ask of sessions and of each other, and which occupations lack people."""

from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from test_forecast_decisions import PASTS as FORECASTS
from test_forecast_decisions import adopted, drafted, revised
from test_skill_need_decisions import COMPANY, LACKING, NEED, PASTS, PLACE, WHOLE, adjusted, day, qualified, withdrawn

from contracts.companies.company import CompanyLeft
from contracts.model import PARIS
from contracts.training.session import SessionCancelled
from contracts.training.skill_need import SkillNeedReviewed
from eventstore.reactions import Found, Identity, Issue
from training.forecast import Calculate, Forecast, SeatsOfYear, Supersede, forecasts
from training.forecasting import Seats, seats_of
from training.lacking import Gap, Sum, gaps
from training.reactions import (
    calculate_the_forecast,
    dismiss_what_nobody_needs,
    look_again_without_the_session,
    propose_a_session,
    reactions,
    supersede_all_but_the_last,
    withdraw_needs,
)
from training.session import Dismiss, Propose, Session, sessions
from training.skill_need import OPEN, Review, SkillNeed, Withdraw, skill_needs

NEED_ID = Identity("0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c21")
OTHER_NEED = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c22"
SESSION = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c23"
FORECAST = Identity("0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c24")
TODAY = day(3)


def session(**said: Any) -> Session:
    told: dict[str, Any] = {
        "status": "planned",
        "romes": ("H2902",),
        "level": 4,
        "commune": "36088",
        "seats": 12,
        "starts_on": day(9),
        "ends_on": day(12),
        "effective_on": day(1),
    }
    return Session(**{**told, **said})


def found(**said: Any) -> Found[Session]:
    return Found(SESSION, session(**said))


PROPOSED: dict[str, Any] = {"status": "proposed", "level": None, "starts_on": None, "ends_on": None}
PROPOSAL = Issue(sessions, None, Propose(need=NEED_ID, romes=("H2902",), seats=2, commune="36088"))
reviewed = SkillNeedReviewed(**{**NEED, **LACKING}, effective_on=day(9))


# A session for each need


@pytest.mark.parametrize(
    "there",
    [
        {"romes": ("H2903",)},
        {"level": 3},
        {"level": None},
        {"starts_on": day(3, 2, 2025)},
        {"starts_on": day(2)},
        {"status": "running", "starts_on": day(2)},
        {"status": "postponed"},
        {**PROPOSED, "romes": ("H2903",), "need": OTHER_NEED},
        None,
    ],
    ids=[
        "other trade",
        "other level",
        "without level",
        "too late",
        "too early",
        "begun",
        "without days",
        "proposed for another trade",
        "none",
    ],
)
def test_a_need_that_no_session_answers_proposes_one(there: dict[str, Any] | None) -> None:
    sessions_there = [] if there is None else [found(**there)]
    assert list(propose_a_session(qualified, NEED_ID, sessions_there)) == [PROPOSAL]


@pytest.mark.parametrize(
    "there",
    [
        {},
        {"status": "open"},
        {"status": "confirmed", "starts_on": day(3, year=2025)},
        {"starts_on": day(3)},
        {**PROPOSED, "need": OTHER_NEED},
        {**PROPOSED, "romes": ("H2903",), "need": NEED_ID},
        {"status": "running", "starts_on": day(2), "need": NEED_ID},
        {"level": 3, "need": NEED_ID},
        {"status": "postponed", "need": NEED_ID},
        {"romes": ("H2903", "H2902")},
    ],
)
def test_a_need_that_a_session_is_to_answer_proposes_none(there: dict[str, Any]) -> None:
    assert list(propose_a_session(qualified, NEED_ID, [found(**there)])) == []


def test_a_need_for_any_level_is_answered_by_a_session_of_any() -> None:
    of_any = qualified.model_copy(update={"level": None})
    for level in (3, None):
        assert list(propose_a_session(of_any, NEED_ID, [found(level=level)])) == []


def test_an_older_code_answers_what_was_part_of_it_and_siblings_do_not() -> None:
    of_part = qualified.model_copy(update={"rome": "H2916"})
    assert list(propose_a_session(of_part, NEED_ID, [found(romes=("H2913",))])) == []
    assert (
        list(propose_a_session(qualified.model_copy(update={"rome": "H2913"}), NEED_ID, [found(romes=("H2916",))]))
        == []
    )
    assert len(list(propose_a_session(of_part, NEED_ID, [found(romes=("H2917",))]))) == 1


def test_it_is_looked_again_when_the_need_is_reviewed_or_adjusted() -> None:
    assert list(propose_a_session(reviewed, NEED_ID, [])) == [PROPOSAL]
    assert list(propose_a_session(reviewed, NEED_ID, [found(starts_on=day(8))])) == [PROPOSAL]
    more = adjusted(day(8), LACKING, persons=5, uncovered=5)
    (issue,) = propose_a_session(more, NEED_ID, [])
    assert issue.commands == (Propose(need=NEED_ID, romes=("H2902",), seats=5, commune="36088"),)
    assert list(propose_a_session(adjusted(day(8), WHOLE), NEED_ID, [])) == []


def test_what_is_running_counts_for_its_own_need_alone() -> None:
    (reaction,) = [each for each in reactions.all if each.function is propose_a_session]
    assert reaction.among == {"status": ("proposed", "planned", "open", "confirmed", "running", "postponed")}


def cancelled(need: str | None) -> SessionCancelled:
    return SessionCancelled(
        course=SESSION,
        certification="RNCP35094",
        romes=("H2902",),
        level=3,
        hours=560,
        body=None,
        need=need,
        commune="36088",
        starts_on=day(9),
        ends_on=day(12),
        status="cancelled",
        seats=12,
        minimum=6,
        admitted=0,
        seats_offered=0,
        status_before="open",
        reason="financing",
        effective_on=TODAY,
    )


def test_a_need_is_looked_at_again_when_its_session_is_cancelled() -> None:
    assert list(look_again_without_the_session(cancelled(NEED_ID))) == [
        Issue(skill_needs, NEED_ID, Review(), expects=tuple(skill_needs.not_for(Review)))
    ]
    assert list(look_again_without_the_session(cancelled(None))) == []


def test_what_was_proposed_for_a_need_that_is_withdrawn_is_dismissed() -> None:
    assert list(dismiss_what_nobody_needs(withdrawn, [found(**PROPOSED, need=NEED_ID)])) == [
        Issue(sessions, SESSION, Dismiss(reason="need_withdrawn"), expects=tuple(sessions.not_for(Dismiss)))
    ]


def test_needs_of_a_company_that_leaves_are_withdrawn() -> None:
    left = CompanyLeft(**PLACE, headcount=0, headcount_before=9, reason="moved", effective_on=TODAY)
    assert list(withdraw_needs(left, [Found(NEED_ID, need())])) == [
        Issue(skill_needs, NEED_ID, Withdraw(reason="member_left"), expects=tuple(skill_needs.not_for(Withdraw)))
    ]
    (reaction,) = reactions.of(CompanyLeft)
    assert reaction.filters(left, Identity(COMPANY)) == {"status": OPEN, "company": COMPANY}


# Forecasts


def test_a_session_counts_for_each_occupation_that_it_leads_to_with_an_equal_part() -> None:
    held = [
        session(romes=("H2902", "H2903", "H2913"), seats=10),
        session(status="completed", seats=8),
        session(ends_on=day(1, year=2025)),
        session(status="postponed"),
        session(status="cancelled"),
        session(**PROPOSED),
    ]
    assert seats_of(held) == {
        ("H2902", 2024): Seats(11.33, 2),
        ("H2903", 2024): Seats(3.33, 1),
        ("H2913", 2024): Seats(3.33, 1),
        ("H2902", 2025): Seats(12.0, 1),
    }


@pytest.mark.parametrize(("event", "last"), [(drafted, 2025), (revised, 2026), (adopted, 2025)])
def test_a_forecast_is_calculated_with_the_seats_of_its_occupations_and_years(event: Any, last: int) -> None:
    there = [
        Found(SESSION, session(ends_on=date(year, 6, 1), romes=("H2902", "H1101"))) for year in (2023, 2024, last, 2030)
    ]
    seats = tuple(SeatsOfYear(rome="H2902", year=year, seats=6.0, sessions=1) for year in (2024, last))
    assert list(calculate_the_forecast(event, FORECAST, there)) == [
        Issue(forecasts, FORECAST, Calculate(seats=seats), expects=tuple(forecasts.not_for(Calculate)))
    ]


def forecast(minute: int, number: int) -> Found[Forecast]:
    state = forecasts.fold(FORECASTS["adopted"])
    assert state is not None
    moment = datetime(2024, 5, 13, 9, 0, tzinfo=PARIS) + timedelta(minutes=minute)
    identity = f"0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c3{number}"
    return Found(identity, state.model_copy(update={"adopted_at": moment}))


def test_of_forecasts_that_are_adopted_the_last_stands_in_whichever_order_that_is_told() -> None:
    first, second, third, last = forecast(0, 4), forecast(1, 3), forecast(2, 1), forecast(2, 2)
    for there in permutations((first, second, third, last)):
        superseded = {issue.identity for issue in supersede_all_but_the_last(adopted, there)}
        assert superseded == {first.identity, second.identity, third.identity}
        for issue in supersede_all_but_the_last(adopted, there):
            assert issue.commands == (Supersede(superseded_by=last.identity),)
    assert list(supersede_all_but_the_last(adopted, [last])) == []


# Gaps


def need(**said: Any) -> SkillNeed:
    state = skill_needs.fold(PASTS["qualified"])
    assert state is not None
    return state.model_copy(update={"level": None, "needed_by": day(9), **said})


def gap(found: list[Gap], rome: str, level: int | None = None, horizon: int = 1) -> Gap:
    (one,) = [each for each in found if (each.rome, each.level, each.horizon) == (rome, level, horizon)]
    return one


IN_TIME: dict[str, Any] = {"ends_on": day(9)}
LATE: dict[str, Any] = {"ends_on": day(9, year=2026)}


def test_what_needs_lack_is_set_against_the_seats_that_end_in_time() -> None:
    needs = [need(), need(uncovered=20), need(status="covered", uncovered=0), need(status="expired", uncovered=0)]
    held = [session(**IN_TIME), session(**LATE), session(**PROPOSED), session(status="completed", **IN_TIME)]
    (found,) = gaps(needs, held, TODAY)
    assert found.total == Sum(needs=2, persons=22, seats=12, free=12)
    assert (found.rome, found.level, found.horizon, found.total.uncovered) == ("H2902", None, 1, 10)


def test_seats_count_whether_somebody_has_them_or_not() -> None:
    (found,) = gaps([need()], [session(status="open", enrolments=(SESSION,), seats=3, **IN_TIME)], TODAY)
    assert (found.total.seats, found.total.free, found.total.uncovered) == (3, 2, 0)


def test_a_longer_horizon_counts_what_is_needed_sooner() -> None:
    needs = [need(uncovered=10), need(uncovered=15, needed_by=day(9, year=2026))]
    found = gaps(needs, [session(**IN_TIME), session(**LATE)], TODAY)
    assert gap(found, "H2902").total == Sum(1, 10, 12, 12)
    assert gap(found, "H2902", horizon=3).total == Sum(2, 25, 24, 24)
    assert [each.horizon for each in found] == [3, 1]


def test_a_level_is_answered_by_sessions_of_that_level_and_any_level_by_all() -> None:
    needs = [need(uncovered=13), need(level=5)]
    found = gaps(needs, [session(level=3, **IN_TIME), session(level=5, seats=1, **IN_TIME)], TODAY)
    assert gap(found, "H2902").total == Sum(1, 13, 13, 13)
    assert gap(found, "H2902", level=5).total == Sum(1, 2, 1, 1)


def test_a_session_of_several_occupations_counts_once_for_their_family_and_their_domain() -> None:
    needs = [need(rome="H2916"), need(rome="H2917"), need(rome="H2902")]
    found = gaps(needs, [session(romes=("H2916", "H2917", "H2902"), seats=3, **IN_TIME)], TODAY)
    assert [each.total.uncovered for each in found] == [0, 0, 0]
    family, domain = gap(found, "H2916").groups
    assert (family.kind, family.code, family.total) == ("family", "H2913", Sum(2, 4, 3, 3))
    assert (domain.kind, domain.code, domain.total) == ("domain", "H29", Sum(3, 6, 3, 3))
    assert domain.total.uncovered == 3


def test_those_that_lack_most_come_first() -> None:
    needs = [need(rome="H2903", uncovered=1), need(rome="H2913", uncovered=5), need(rome="H2902", uncovered=12)]
    found = gaps(needs, [session(**IN_TIME)], TODAY)
    assert [(each.rome, each.total.uncovered) for each in found] == [("H2913", 5), ("H2903", 1), ("H2902", 0)]
