"""The pace of a level and when it reaches what is aimed at, from values, without a database."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from indicators.question import Period, Question
from indicators.trend import Ahead, Aim, Trend, trend

ENDS: Final = [period.last for period in Period.between("quarter", date(2022, 1, 1), date(2024, 12, 31))]
"""Of twelve quarters."""


def aim(value: float, due: date = date(2027, 12, 31), *, at_least: bool = True) -> Aim:
    return Aim(Decimal(str(value)), due, at_least, {})


def along(days: list[date], start: float, a_day: float) -> list[tuple[date, Decimal]]:
    """Values on a straight line."""
    return [(day, Decimal(str(start + a_day * (day - days[0]).days))) for day in days]


def told(points: list[tuple[date, Decimal]], *aims: Aim, breaks: tuple[date, ...] = ()) -> Trend:
    return trend(points, points[-1], aims, breaks)


def test_a_straight_line_has_its_slope_and_no_doubt() -> None:
    found = told(along(ENDS, 10, 0.1), aim(300))
    assert (found.pace, found.pace_between) == (Decimal("9.13"), (Decimal("9.13"), Decimal("9.13")))
    assert (found.points, found.since, found.broken_on) == (12, ENDS[0], None)
    days = (300 - (10 + 0.1 * (ENDS[-1] - ENDS[0]).days)) / 0.1
    assert found.arrives_on == ENDS[-1] + timedelta(days=round(days))
    assert found.arrives_between == (found.arrives_on, found.arrives_on)


def test_the_interval_is_that_of_students_distribution() -> None:
    days = [date(2024, 1, 1) + timedelta(days=90 * place) for place in range(5)]
    found = trend([*zip(days, map(Decimal, (1, 3, 2, 5, 4)), strict=True)], (days[-1], Decimal(4)), (), ())
    # Slope 0.8 a step; residuals add up to 3.6 in squares; three degrees of freedom, whose 97.5 % quantile is 3.18245.
    margin = 3.18245 * (3.6 / 3 / 10) ** 0.5
    quarter = 365.25 / 4 / 90
    low, high = (Decimal(str(round((0.8 + each) * quarter, 2))) for each in (-margin, margin))
    assert found.pace == Decimal(str(round(0.8 * quarter, 2)))
    assert found.pace_between == (low, high)


def test_where_the_slowest_pace_does_not_lead_there_the_arrival_has_no_end() -> None:
    values = (3, 9, 2, 8, 4, 11, 3, 9, 5, 12, 4, 11)
    found = told([*zip(ENDS, map(Decimal, values), strict=True)], aim(30))
    assert found.pace_between is not None
    assert found.pace_between[0] < 0 < found.pace_between[1]
    assert found.arrives_between is not None
    assert found.arrives_on is not None
    soonest, latest = found.arrives_between
    assert soonest < found.arrives_on
    assert latest is None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_from_few_quarters_no_pace_is_told_but_whether_the_target_is_reached(count: int) -> None:
    points = along(ENDS[:count], 10, 0.1)
    found = trend(points, (ENDS[-1], Decimal(31)), (aim(30),), ())
    assert found == Trend(points=count, since=ENDS[0] if count else None, target=aim(30), reached=True, arrives_on=None)


def test_values_before_a_series_break_do_not_count_and_the_break_is_told() -> None:
    broken_on = date(2023, 4, 1)
    before, after = along(ENDS[:5], 500, -1), along(ENDS[5:], 10, 0.1)
    found = told([*before, *after], aim(100), breaks=(date(2021, 1, 1), broken_on, date(2030, 1, 1)))
    assert (found.pace, found.points, found.since, found.broken_on) == (Decimal("9.13"), 7, ENDS[5], broken_on)


@pytest.mark.parametrize(
    ("a_day", "target", "reached", "arrives"),
    [
        (0.1, aim(90), True, False),
        (0.1, aim(500), False, True),
        (-0.01, aim(500), False, False),
        (0.00001, aim(500), False, False),
        (0.1, aim(90, at_least=False), False, False),
        (-0.01, aim(5, at_least=False), False, True),
        (-0.01, aim(60, at_least=False), True, False),
        (0.0, aim(60), False, False),
    ],
    ids=["reached", "ahead", "away", "in thousands of years", "below, rising", "below, falling", "below", "still"],
)
def test_a_target_is_reached_from_its_side(a_day: float, target: Aim, arrives: bool, reached: bool) -> None:
    found = told(along(ENDS, 50, a_day), target)
    assert (found.target, found.reached) == (target, reached)
    assert (found.arrives_on is not None, found.arrives_between is not None) == (arrives, arrives)


def test_the_next_target_counts_and_where_all_are_due_the_last() -> None:
    points = along(ENDS, 10, 0.1)
    past, near, far = aim(1, date(2024, 1, 1)), aim(2, ENDS[-1]), aim(3, date(2030, 1, 1))
    assert told(points, past, near, far).target == near
    assert told(points, past).target == past


@pytest.mark.parametrize(
    ("of", "question", "is_of"),
    [
        ({}, {}, True),
        ({}, {"by": ("zone",)}, True),
        ({}, {"where": {"zone": ("a",)}}, False),
        ({"zone": "a"}, {}, False),
        ({"zone": "a"}, {"where": {"zone": ("a",)}}, True),
        ({"zone": "a"}, {"where": {"zone": ("a", "b")}}, False),
        ({"zone": "a"}, {"by": ("zone", "month")}, True),
        ({"zone": "a"}, {"by": ("zone",), "where": {"zone": ("a", "b")}}, True),
        ({"zone": "c"}, {"by": ("zone",), "where": {"zone": ("a", "b")}}, False),
        ({}, {"by": ("zone",), "where": {"zone": ("a", "b")}}, False),
        ({"zone": "a", "axis": 2}, {"by": ("zone",)}, False),
        ({"zone": "a", "axis": 2}, {"by": ("zone",), "where": {"axis": (2,)}}, True),
    ],
)
def test_a_target_is_of_what_is_asked_for_or_of_a_cell_of_it(
    of: dict[str, str | int], question: dict[str, Any], is_of: bool
) -> None:
    assert Aim(Decimal(1), ENDS[-1], at_least=True, of=of).is_of(Question(**question)) == is_of


def test_what_is_observed_goes_on_from_the_day_it_is_of_and_its_target_is_the_next_from_now() -> None:
    falling, earlier = along(ENDS, 30, -0.01), aim(10, date(2025, 3, 31), at_least=False)
    later, now = aim(5, at_least=False), date(2025, 6, 30)
    found = trend(falling, (now, falling[-1][1]), (earlier, later), known_on=ENDS[-1])
    assert found.target == later
    left = 30 - 0.01 * (ENDS[-1] - ENDS[0]).days - 5
    assert found.arrives_on == ENDS[-1] + timedelta(days=round(left / 0.01))


@pytest.mark.parametrize(
    ("on", "due", "quarters"),
    [
        (date(2026, 6, 30), date(2027, 12, 31), 6),
        (date(2026, 7, 1), date(2027, 12, 31), 6),
        (date(2026, 9, 29), date(2027, 12, 31), 6),
        (date(2026, 9, 30), date(2027, 12, 31), 5),
        (date(2027, 12, 30), date(2027, 12, 31), 1),
        (date(2027, 12, 31), date(2027, 12, 31), 0),
        (date(2028, 1, 1), date(2027, 12, 31), 0),
        (date(2027, 11, 1), date(2027, 11, 15), 1),
        (date(2027, 11, 20), date(2027, 11, 15), 0),
    ],
)
def test_the_quarters_left_are_those_that_are_not_over(on: date, due: date, quarters: int) -> None:
    assert Ahead.seen(Decimal(5), due, on) == Ahead(Decimal(5), quarters)
