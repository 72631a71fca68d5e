"""The rules of the programme's line: what is late, at risk, behind; which way a headline goes; who is silent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from contracts.language import LANGUAGES
from contracts.registry import REGISTRY
from indicators.catalogue import catalogue
from indicators.partners import AXES, EXPECTED, Heard, axes_of
from indicators.programme import HEADLINES, REASONS, Headline, Plan, Target, Trend
from indicators.query import Value
from indicators.question import Period, Question
from indicators.trend import Aim

TODAY: Final = date(2026, 7, 1)
SET: Final = date(2026, 1, 1)
DUE: Final = date(2026, 12, 31)
"""182 of 364 days are gone: half of the way."""
NOTHING: Final = Plan({}, 0, 0, 0, Decimal(0), Decimal(0))
GOING: Final = Plan({"in_progress": 1, "adopted": 1}, 4, 2, 0, Decimal(100_000), Decimal(20_000))


def target(value: float | None, before: float | None = 10, of: float = 20, **changes: Any) -> Target:
    """One that goes from 10 to 20 in a year, unless it is another."""
    aim = Aim(Decimal(str(of)), DUE, at_least=True, of={})
    known = None if value is None else Decimal(str(value))
    was = None if before is None else Decimal(str(before))
    return replace(Target("members", aim, SET, "companies", Value(known, 1, None), was), **changes)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (target(20), "reached"),
        (target(15), "on_track"),
        (target(14.9), "behind"),
        (target(None), "unknown"),
        (target(15, before=None), "unknown"),
        (target(20, before=None), "reached"),
        (target(19, since=DUE, aim=Aim(Decimal(20), DUE, at_least=True, of={})), "behind"),
        (target(14, aim=Aim(Decimal(20), date(2026, 6, 30), at_least=True, of={})), "missed"),
        (target(14, aim=Aim(Decimal(20), TODAY, at_least=True, of={})), "behind"),
        # Downwards: from 30 to 20 it should be at 25 by now.
        (target(25, before=30, aim=Aim(Decimal(20), DUE, at_least=False, of={})), "on_track"),
        (target(25.1, before=30, aim=Aim(Decimal(20), DUE, at_least=False, of={})), "behind"),
        (target(20, before=30, aim=Aim(Decimal(20), DUE, at_least=False, of={})), "reached"),
        # Two quarters are left. The pace counts, and not the line.
        (target(14, pace=Decimal("3.1"), goes_on_from=TODAY), "on_track"),
        (target(19, pace=Decimal("0.1"), goes_on_from=TODAY), "behind"),
        (target(19, before=None, pace=Decimal(-1), goes_on_from=TODAY), "behind"),
    ],
)
def test_a_target_is_judged_by_its_value_its_day_its_pace_and_its_line(told: Target, status: str) -> None:
    assert told.status(TODAY) == status


def test_a_target_tells_where_the_line_and_the_pace_lead() -> None:
    assert target(12).line(TODAY) == Decimal("14.9725")
    assert target(12).line(DUE) == 20
    assert target(12, before=None).line(TODAY) is None
    assert target(12, pace=Decimal(2), goes_on_from=DUE).at_due() == 12
    # From the day that the value is of, which may be long before today where it is observed.
    assert target(12, pace=Decimal(2), goes_on_from=date(2026, 10, 1)).at_due() == Decimal("13.9932")
    assert target(12).at_due() is target(None, pace=Decimal(2), goes_on_from=TODAY).at_due() is None


@pytest.mark.parametrize(
    ("plan", "status", "reasons"),
    [
        (NOTHING, "no_plan", {"nothing-adopted": {"proposed": 0}}),
        (replace(NOTHING, actions={"proposed": 2, "abandoned": 1}), "no_plan", {"nothing-adopted": {"proposed": 2}}),
        (replace(NOTHING, targets=[target(None)]), "not_started", {"nothing-measured": {}}),
        (replace(NOTHING, targets=[target(16)]), "on_track", {"as-planned": {}}),
        (replace(GOING, actions={"adopted": 2}, reached=0), "not_started", {"nothing-begun": {}}),
        (replace(GOING, actions={"adopted": 2}), "on_track", {"as-planned": {}}),
        (GOING, "on_track", {"as-planned": {}}),
        (replace(GOING, actions={"done": 1}, targets=[target(20)]), "on_track", {"as-planned": {}}),
        (replace(GOING, late=2), "late", {"milestones-late": {"milestones": 2}}),
        (replace(GOING, targets=[target(11)]), "at_risk", {"targets-behind": {"targets": ["members"]}}),
        (replace(GOING, actions={"on_hold": 1}), "at_risk", {"actions-on-hold": {"actions": 1}}),
        (
            replace(GOING, spent=Decimal(90_000)),
            "at_risk",
            {"budget-nearly-spent": {"share": 0.9, "milestones": 2}},
        ),
        (replace(GOING, spent=Decimal(90_000), reached=4), "on_track", {"as-planned": {}}),
        (replace(GOING, spent=Decimal(89_999)), "on_track", {"as-planned": {}}),
        (
            replace(
                GOING,
                actions={"on_hold": 1},
                targets=[target(11), target(12), target(11, aim=Aim(Decimal(20), SET, at_least=True, of={}))],
            ),
            "late",
            {
                "targets-missed": {"targets": ["members"]},
                "targets-behind": {"targets": ["members"]},
                "actions-on-hold": {"actions": 1},
            },
        ),
    ],
)
def test_a_line_is_judged_by_what_was_planned(plan: Plan, status: str, reasons: dict[str, Any]) -> None:
    assert plan.judged(TODAY) == (status, reasons)
    for code, places in reasons.items():
        assert {REASONS[code].told(language, **places) for language in LANGUAGES}


def test_sentences_are_as_people_read_them() -> None:
    assert REASONS["targets-missed"].told("fr", targets=["members", "water"]) == (
        "objectifs non atteints à leur échéance : members, water"
    )
    share = {"share": 0.925, "milestones": 1}
    assert REASONS["budget-nearly-spent"].told("en", **share) == (
        "92% of the budget is spent, and 1 milestone is to be reached"
    )
    assert REASONS["budget-nearly-spent"].told("fr", **share) == (
        "92\u00a0% du budget est dépensé et 1 jalon reste à atteindre"
    )


@pytest.mark.parametrize(
    ("values", "aim", "direction", "favourable"),
    [
        ((1, 5, 2, 3), "at_least", "rising", True),
        ((1, None, None, 3), "at_most", "rising", False),
        ((None, 4, 3, None), "at_most", "falling", True),
        ((2, 5, 1, 2), "at_least", "steady", None),
        ((None, None, None, 3), "at_least", None, None),
    ],
)
def test_a_headline_goes_from_the_first_value_that_is_known_to_the_last(
    values: tuple[int | None, ...], aim: Any, direction: str | None, favourable: bool | None
) -> None:
    quarters = Period.between("quarter", date(2025, 7, 1), date(2026, 6, 30))
    points = [
        (quarter, Value(None if value is None else Decimal(value), 1, None))
        for quarter, value in zip(quarters, values, strict=True)
    ]
    trend = Trend(Headline("hires", aim), Question(), points)
    assert (trend.direction, trend.favourable) == (direction, favourable)


def test_who_was_not_heard_of_for_longer_than_a_quarter_is_silent() -> None:
    # In Paris it is the day after.
    heard = Heard(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), "HireRecorded", "employment.persons", sample=False)
    assert heard.on == date(2026, 4, 1)
    assert not heard.is_silence(date(2026, 7, 2))
    assert heard.is_silence(date(2026, 7, 3))


def test_every_axis_has_partners_and_what_stands_for_an_axis_is_one_of_its_figures() -> None:
    assert [*EXPECTED] == [*AXES] == [1, 2, 3, 4, 5, 6, 7]
    for axis, headline in HEADLINES.items():
        assert catalogue.axis_of(headline.indicator) == axis
        assert headline.indicator in catalogue


def test_each_chapter_is_of_an_axis_or_said_to_be_of_none() -> None:
    none = {name for name, chapter in catalogue.chapters.items() if chapter.axis is None}
    assert none == {"network", "investment", "steering", "actions"}
    assert catalogue.axis_of("happiness") is None


def test_an_event_is_of_the_axis_that_it_says_or_of_its_streams() -> None:
    assert axes_of("companies", "InvestmentCompleted", 6) == (6,)
    assert axes_of("companies", "CompanyActivated", 0) == ()
    assert axes_of("companies", "ReadingRecorded", 0) == (1,)
    assert axes_of("employment.persons", "HireRecorded", 0) == (7,)
    assert axes_of("employment.persons", "PersonErased", 0) == ()
    assert axes_of("youth-events", "OfferOpened", 0) == (3,)
    for (event_type, _), published in REGISTRY.items():
        for category in published.categories:
            axes = axes_of(category.topic, event_type, 0)
            without = category.name in ("company", "investment", "action", "target", "erasure", "mail", "pulse")
            assert without != bool(axes), f"{category.name} is of no axis"
