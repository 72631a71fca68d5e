"""The programme's aim, from what is observed to its figures: what each event counts for, and what is answered."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg
import pytest
from proving import faults, fold

from contracts.employment.labour_series import SeriesBreak, SeriesBreakDeclared, SeriesBreakWithdrawn
from contracts.employment.observation import (
    LabourBaselineChosen,
    LabourBaselineDropped,
    LabourObservationRevised,
    LabourObservationWithdrawn,
    LabourObserved,
)
from contracts.indicators.target import TargetSet
from contracts.model import Event
from contracts.values import days_of_period
from devstack.log import Log
from devstack.prepared import prepare
from indicators import aim, steering
from indicators.app import app
from indicators.chapters import Catalogue, Chapter
from indicators.lineage import Place, facts_behind
from indicators.measures import Measure
from indicators.query import Answer, snapshot
from indicators.question import Period, Question
from indicators.recounts import RECOUNTS
from indicators.trend import Ahead

pytestmark = pytest.mark.anyio

ON: Final = date(2026, 8, 3)
CATALOGUE: Final = Catalogue(aim.CHAPTER, steering.CHAPTER, targets=steering.targets)
TODAY: Final = date(2026, 6, 30)
"""The day that is asked for: six quarters are left until the end of 2027."""


def facts(measure: Measure, event: Event) -> list[tuple[date, int | Decimal]]:
    """What the event counts for, and when."""
    return [(fact.effective_on, fact.value) for fact in measure.facts(event)]


OF_SERIES: Final[dict[str, Any]] = {
    "unit": "percent",
    "area_kind": "commune",
    "area": "36088",
    "frequency": "quarter",
    "effective_on": ON,
}
OF_PROXY: Final[dict[str, Any]] = {
    **OF_SERIES,
    "labour_series": "proxy-issoudun",
    "kind": "proxy_rate",
    "reference": False,
}
OF_REFERENCE: Final[dict[str, Any]] = {
    **OF_SERIES,
    "labour_series": "chomage-indre",
    "kind": "published_rate",
    "reference": True,
}
NO_INPUTS: Final[dict[str, Any]] = {"active_residents": None, "seekers": None}
INPUTS: Final[dict[str, Any]] = {"active_residents": 8_153, "seekers": 500}
OF_PERIOD: Final[dict[str, Any]] = {"period": "2024-Q1", "ends_on": date(2024, 3, 31), "baseline": False}
TOLD: Final[dict[str, Any]] = {"definition": "BIT", "counted": (), "by_category": (), "by_group": ()}
REVISED: Final[dict[str, Any]] = {
    "by_category_before": (),
    "by_category": (),
    "by_group_before": (),
    "by_group": (),
    "revisions": 1,
    "reason": "revised_by_source",
}


def counts(measure: Measure, event: Event) -> list[tuple[date, Decimal, int]]:
    return [(fact.effective_on, fact.value, fact.times) for fact in measure.facts(event)]


def test_what_is_observed_counts_on_the_last_day_of_its_period_and_a_revision_in_its_place() -> None:
    quarter = OF_PERIOD["ends_on"]
    observed = LabourObserved(**OF_PROXY, **OF_PERIOD, **INPUTS, value=6.13, **TOLD)
    revised = LabourObservationRevised(
        **{**OF_PROXY, **OF_PERIOD, **INPUTS, "seekers": 510},
        value=6.26,
        value_before=6.13,
        seekers_before=500,
        active_residents_before=8_153,
        **REVISED,
    )
    withdrawn = LabourObservationWithdrawn(**OF_PROXY, **OF_PERIOD, **INPUTS, value=6.13, reason="wrong_series")
    for measure, value, after in (
        (aim.unemployment_proxy, Decimal("6.13"), Decimal("6.26")),
        (aim.seekers, Decimal(500), Decimal(510)),
        (aim.active_residents, Decimal(8_153), Decimal(8_153)),
    ):
        assert counts(measure, observed) == [(quarter, value, 1)]
        assert counts(measure, revised) == [(quarter, value, -1), (quarter, after, 1)]
        assert counts(measure, withdrawn) == [(quarter, value, -1)]
    assert counts(aim.unemployment_reference, observed) == []
    assert [fact.dimensions for fact in aim.seekers.facts(observed)] == [{"labour_series": "proxy-issoudun"}]


def test_the_proxy_and_the_reference_are_never_mixed_and_other_series_count_for_nothing() -> None:
    published = LabourObserved(**OF_REFERENCE, **OF_PERIOD, **NO_INPUTS, value=7.2, **TOLD)
    assert counts(aim.unemployment_reference, published) == [(OF_PERIOD["ends_on"], Decimal("7.2"), 1)]
    other = published.model_copy(update={"reference": False})
    for measure in (aim.unemployment_proxy, aim.seekers, aim.active_residents):
        assert counts(measure, published) == []
    assert counts(aim.unemployment_reference, other) == []


def test_a_baseline_stands_from_its_period_on_until_it_is_dropped() -> None:
    quarter = OF_PERIOD["ends_on"]
    told = {**OF_REFERENCE, **OF_PERIOD, **NO_INPUTS}
    chosen = LabourBaselineChosen(**{**told, "baseline": True}, value=7.2)
    dropped = LabourBaselineDropped(**told, value=7.1)
    before: dict[str, Any] = {"value_before": 7.2, "seekers_before": None, "active_residents_before": None}
    revised = LabourObservationRevised(**{**told, "baseline": True}, value=7.1, **before, **REVISED)
    assert facts(aim.reference_baseline, chosen) == [(quarter, Decimal("7.2"))]
    assert facts(aim.reference_baseline, revised) == [(quarter, Decimal("-0.1"))]
    assert facts(aim.reference_baseline, dropped) == [(quarter, Decimal("-7.1"))]
    assert facts(aim.reference_baseline, revised.model_copy(update={"baseline": False})) == []
    assert facts(aim.proxy_baseline, chosen) == []


def test_a_series_break_is_one_since_it_begins_whenever_it_is_declared() -> None:
    began = date(2025, 1, 1)
    told = SeriesBreak(from_period="2025-Q1", begins_on=began, reason="definition_changed", definition=None)
    declared = SeriesBreakDeclared(**OF_PROXY, declared=told)
    withdrawn = SeriesBreakWithdrawn(**OF_PROXY, withdrawn=told, reason="other")
    assert facts(aim.proxy_breaks, declared) == [(began, 1)]
    assert facts(aim.proxy_breaks, withdrawn) == [(began, -1)]
    assert facts(aim.reference_breaks, declared) == []
    [fact] = aim.proxy_breaks.facts(declared)
    assert fact.dimensions == {"labour_series": "proxy-issoudun", "break_on": "2025-01-01"}


def test_the_worked_figures_of_the_aim() -> None:
    ahead = Ahead(Decimal("5.0"), 6)
    assert aim.progress_2027.compute(Decimal("6.1"), Decimal("7.2"), ahead) == Decimal("0.5")
    assert aim.full_employment_gap.compute(Decimal("6.13"), ahead) == Decimal("1.13")
    assert aim.exits_needed_per_quarter.compute(Decimal(500), Decimal(8_153), ahead) == Decimal("15.39")


def test_progress_may_be_lost_and_the_aim_be_behind() -> None:
    ahead = Ahead(Decimal("5.0"), 6)
    assert aim.progress_2027.compute(Decimal("7.75"), Decimal("7.2"), ahead) == Decimal("-0.25")
    assert aim.progress_2027.compute(Decimal("4.9"), Decimal("7.2"), ahead) == Decimal("1.0455")
    assert aim.progress_2027.compute(Decimal("4.9"), Decimal("5.0"), ahead) is None, "there is no way to go"
    assert aim.progress_2027.compute(Decimal("6.1"), Decimal(0), ahead) is None, "no baseline is chosen any more"
    assert aim.full_employment_gap.compute(Decimal("4.9"), ahead) == Decimal("-0.1")
    assert aim.exits_needed_per_quarter.compute(Decimal(400), Decimal(8_153), ahead) == Decimal("-1.28")
    assert aim.exits_needed_per_quarter.compute(Decimal(500), Decimal(8_153), Ahead(Decimal(5), 0)) is None


def test_breaks_and_what_a_target_is_of_are_in_the_catalogue() -> None:
    for chapter in (
        Chapter("aim", aim.unemployment_proxy),
        Chapter("aim", aim.proxy_breaks, aim.seekers, aim.active_residents, aim.exits_needed_per_quarter),
    ):
        with pytest.raises(TypeError, match="a measure that is not in the catalogue"):
            Catalogue(chapter)


# Figures


class Observed:
    """What employment and the committee told."""

    def __init__(self) -> None:
        self.employment, self.steering = Log("employment"), Log("indicators")

    def published(self, values: Mapping[str, float], series: str = "chomage-indre") -> None:
        """Values of a published rate, by quarter."""
        for quarter, value in values.items():
            told = {**OF_REFERENCE, "labour_series": series, **NO_INPUTS, **_period(quarter)}
            self.employment.append(self.stream(series, quarter), LabourObserved(**told, value=value, **TOLD))

    def counted(self, inputs: Mapping[str, tuple[int, int]], series: str = "proxy-issoudun") -> None:
        """Seekers and active residents of a proxy, by quarter."""
        for quarter, (seekers, residents) in inputs.items():
            told = {**OF_PROXY, "labour_series": series, "seekers": seekers, "active_residents": residents}
            value = round(100 * seekers / residents, 2)
            event = LabourObserved(**told, **_period(quarter), value=value, **TOLD)
            self.employment.append(self.stream(series, quarter), event)

    def tell(self, quarter: str, event: Event) -> None:
        """What became of an observation."""
        self.employment.append(self.stream(event.labour_series, quarter), event)  # type: ignore[attr-defined]  # each has

    def aim_at(self, value: float, due: date, indicator: str = "unemployment_proxy") -> None:
        """A target of the committee."""
        target = TargetSet(
            indicator=indicator,
            title="Unemployment",
            unit="percent",
            dimensions={},
            axis=7,
            aim="at_most",
            value=value,
            due=due,
            effective_on=date(2024, 1, 15),
        )
        self.steering.append(f"target-{indicator}", target)

    @staticmethod
    def stream(series: str, quarter: str) -> str:
        """That of an observation."""
        return f"labour-observation-{series}-{quarter}"


def _period(quarter: str) -> dict[str, Any]:
    return {"period": quarter, "ends_on": days_of_period(quarter)[1], "baseline": False}


@pytest.fixture
def told() -> Observed:
    return Observed()


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare(database, app.all_migrations)
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        yield pool


async def ask(pool: asyncpg.Pool, told: Observed, name: str, **question: Any) -> Answer:
    """The answer by the end of June 2026, unless asked otherwise."""
    await fold(pool, CATALOGUE.chapters.values(), told.employment, told.steering)
    where = {dimension: (code,) for dimension, code in question.pop("where", {}).items()}
    async with snapshot(pool, CATALOGUE) as now:
        return await now.answer(CATALOGUE[name], Question(**{"last": TODAY, **question}, where=where))


async def value(pool: asyncpg.Pool, told: Observed, name: str, **question: Any) -> Decimal | None:
    return (await ask(pool, told, name, **question)).total.value


async def quarters(pool: asyncpg.Pool, told: Observed, name: str, **question: Any) -> dict[str, Decimal | None]:
    answer = await ask(pool, told, name, by=("quarter",), **question)
    return {str(quarter): cell.value for (quarter,), cell in answer.cells.items() if isinstance(quarter, Period)}


def chosen(quarter: str, rate: float) -> LabourBaselineChosen:
    return LabourBaselineChosen(**{**OF_REFERENCE, **NO_INPUTS, **_period(quarter), "baseline": True}, value=rate)


def proxy_chosen(quarter: str, seekers: int, residents: int) -> LabourBaselineChosen:
    inputs = {"seekers": seekers, "active_residents": residents}
    rate = round(100 * seekers / residents, 2)
    return LabourBaselineChosen(**{**OF_PROXY, **inputs, **_period(quarter), "baseline": True}, value=rate)


async def test_from_7_2_to_6_1_half_of_the_way_to_5_0_is_done(pool: asyncpg.Pool, told: Observed) -> None:
    told.published({"2024-Q1": 7.2, "2026-Q1": 6.1})
    told.tell("2024-Q1", chosen("2024-Q1", 7.2))
    assert await value(pool, told, "reference_progress_2027") == Decimal("0.5")
    assert await value(pool, told, "reference_gap") == Decimal("1.1")
    assert await value(pool, told, "progress_2027") is None, "of the proxy nothing is known"


async def test_500_seekers_of_8153_active_residents_are_6_13_percent_and_15_39_exits_a_quarter_are_needed(
    pool: asyncpg.Pool, told: Observed
) -> None:
    told.counted({"2024-Q1": (587, 8_153), "2026-Q2": (500, 8_153)})
    told.tell("2024-Q1", proxy_chosen("2024-Q1", 587, 8_153))
    assert await value(pool, told, "unemployment_proxy") == Decimal("6.13")
    assert await value(pool, told, "full_employment_gap") == Decimal("1.13")
    assert await value(pool, told, "exits_needed_per_quarter") == Decimal("15.39")
    # 7.2 is what 587 of 8,153 are.
    assert await value(pool, told, "proxy_baseline") == Decimal("7.2")
    assert await value(pool, told, "progress_2027") == Decimal("0.4864")
    assert await value(pool, told, "unemployment_reference") is None


async def test_what_the_committee_aims_at_takes_the_place_of_the_programmes_own_aim(
    pool: asyncpg.Pool, told: Observed
) -> None:
    told.counted({"2024-Q1": (587, 8_153), "2026-Q2": (500, 8_153)})
    told.tell("2024-Q1", proxy_chosen("2024-Q1", 587, 8_153))
    told.aim_at(5.5, date(2026, 12, 31))
    assert await value(pool, told, "full_employment_gap") == Decimal("0.63")
    assert await value(pool, told, "progress_2027") == Decimal("0.6294")
    assert await value(pool, told, "exits_needed_per_quarter") == Decimal("25.79"), "two quarters are left"
    assert await value(pool, told, "full_employment_gap", last=date(2024, 1, 14)) is None
    assert await value(pool, told, "full_employment_gap", where={"labour_series": "proxy-issoudun"}) == Decimal("1.13")


async def test_the_last_observation_counts_in_whatever_order_they_came_and_silence_is_unknown(
    pool: asyncpg.Pool, told: Observed
) -> None:
    told.published({"2025-Q4": 6.4, "2025-Q1": 7.0, "2025-Q3": 6.6})
    assert await value(pool, told, "unemployment_reference") == Decimal("6.4")
    assert await value(pool, told, "unemployment_reference", last=date(2025, 9, 29)) == Decimal("7.0")
    assert await quarters(pool, told, "unemployment_reference") == {
        "2025-Q1": Decimal("7.0"),
        "2025-Q3": Decimal("6.6"),
        "2025-Q4": Decimal("6.4"),
    }
    filled = await quarters(pool, told, "unemployment_reference", filled=True)
    assert (filled["2025-Q2"], filled["2026-Q1"]) == (None, None)


async def test_of_several_series_there_is_no_value_and_each_has_its_own(pool: asyncpg.Pool, told: Observed) -> None:
    told.counted({"2026-Q1": (500, 8_153), "2026-Q2": (490, 8_153)})
    told.counted({"2026-Q1": (900, 16_000)}, "proxy-territoire")
    both = await ask(pool, told, "unemployment_proxy", by=("labour_series",))
    assert (both.total.value, both.total.n) == (None, 2)
    assert {key: cell.value for key, cell in both.cells.items()} == {
        ("proxy-issoudun",): Decimal("6.01"),
        ("proxy-territoire",): Decimal("5.62"),
    }
    assert await value(pool, told, "seekers") is None
    assert await value(pool, told, "exits_needed_per_quarter") is None
    one = {"labour_series": "proxy-territoire"}
    assert await value(pool, told, "seekers", where=one) == 900
    assert await value(pool, told, "full_employment_gap", where=one) == Decimal("0.62")
    assert await quarters(pool, told, "unemployment_proxy") == {"2026-Q1": None, "2026-Q2": Decimal("6.01")}


async def test_a_revision_counts_in_the_place_of_what_was_known_and_that_can_be_asked_for(
    pool: asyncpg.Pool, told: Observed
) -> None:
    told.employment.now = datetime(2026, 3, 14, 8, tzinfo=UTC)
    told.published({"2025-Q3": 6.6, "2025-Q4": 6.4})
    told.employment.now = datetime(2026, 6, 12, 8, tzinfo=UTC)
    of = {**OF_REFERENCE, **NO_INPUTS, **_period("2025-Q4")}
    before: dict[str, Any] = {"value_before": 6.4, "seekers_before": None, "active_residents_before": None}
    told.tell("2025-Q4", LabourObservationRevised(**of, value=6.3, **before, **REVISED))
    assert await value(pool, told, "unemployment_reference") == Decimal("6.3")
    assert await value(pool, told, "unemployment_reference", known_on=date(2026, 6, 11)) == Decimal("6.4")
    assert await value(pool, told, "unemployment_reference", known_on=date(2026, 3, 13)) is None
    async with snapshot(pool, CATALOGUE) as now:
        indicator = CATALOGUE["unemployment_reference"]
        question, at = Question(last=TODAY), now.positions(indicator)
        behind, _ = await facts_behind(now, indicator, question, at, Place(), 50)
    assert [(fact.type, float(fact.value), fact.times) for fact in behind] == [
        ("LabourObserved", 6.4, 1),
        ("LabourObservationRevised", 6.4, -1),
        ("LabourObservationRevised", 6.3, 1),
    ]
    told.tell("2025-Q4", LabourObservationWithdrawn(**of, value=6.3, reason="withdrawn_by_source"))
    assert await value(pool, told, "unemployment_reference") == Decimal("6.6")


async def test_progress_is_told_quarter_by_quarter_from_the_baseline_that_stands(
    pool: asyncpg.Pool, told: Observed
) -> None:
    told.published({"2023-Q4": 7.4, "2024-Q1": 7.2, "2025-Q1": 7.6, "2026-Q1": 6.1})
    told.tell("2024-Q1", chosen("2024-Q1", 7.2))
    assert await quarters(pool, told, "reference_progress_2027") == {
        "2024-Q1": Decimal(0),
        "2025-Q1": Decimal("-0.1818"),
        "2026-Q1": Decimal("0.5"),
    }
    of = {**OF_REFERENCE, **NO_INPUTS, **_period("2024-Q1")}
    told.tell("2024-Q1", LabourBaselineDropped(**of, value=7.2))
    assert await value(pool, told, "reference_progress_2027") is None


FALLING: Final = {f"{2023 + n // 4}-Q{1 + n % 4}": round(8 - 0.1 * n, 1) for n in range(13)}
"""By a tenth of a point a quarter, until the first quarter of 2026."""


def broken(period: str, **of: Any) -> SeriesBreakDeclared:
    begins, _ = days_of_period(period)
    told = SeriesBreak(from_period=period, begins_on=begins, reason="definition_changed", definition=None)
    return SeriesBreakDeclared(**{**OF_REFERENCE, **of}, declared=told)


async def test_the_pace_goes_on_from_the_last_quarter_observed_and_nothing_is_carried_forward(
    pool: asyncpg.Pool, told: Observed
) -> None:
    told.published(FALLING)
    told.aim_at(5.0, date(2027, 12, 31), "unemployment_reference")
    answer = await ask(pool, told, "reference_pace", last=ON)
    assert answer.trend is not None
    assert (answer.total.value, answer.trend.points, answer.trend.since) == (Decimal("-0.10"), 12, date(2023, 6, 30))
    # 18 quarters from 6.8 in March 2026.
    assert answer.trend.arrives_on is not None
    assert abs(answer.trend.arrives_on - date(2030, 9, 30)) < timedelta(days=9)
    assert answer.trend.arrives_between is not None
    assert (answer.trend.reached, answer.trend.broken_on) == (False, None)


async def test_across_a_series_break_there_is_no_pace_and_the_break_is_told(pool: asyncpg.Pool, told: Observed) -> None:
    told.published(FALLING)
    told.employment.append("labour-series-chomage-indre", broken("2025-Q3"))
    told.employment.append("labour-series-proxy-issoudun", broken("2025-Q4", **OF_PROXY))
    found = (await ask(pool, told, "reference_pace")).trend
    assert found is not None
    assert (found.pace, found.points, found.broken_on) == (None, 3, date(2025, 7, 1))
    before = (await ask(pool, told, "reference_pace", last=date(2025, 6, 30))).trend
    assert before is not None
    assert (before.pace, before.broken_on) == (Decimal("-0.10"), None)
    assert await breaks(pool, "unemployment_reference") == [date(2025, 7, 1)]
    assert await breaks(pool, "reference_progress_2027") == [date(2025, 7, 1)]
    assert await breaks(pool, "unemployment_reference", last=date(2025, 6, 30)) == []
    assert await breaks(pool, "unemployment_proxy") == [date(2025, 10, 1)]
    assert await breaks(pool, "unemployment_proxy", where={"labour_series": ("proxy-territoire",)}) == []
    none = SeriesBreakWithdrawn(**OF_REFERENCE, withdrawn=broken("2025-Q3").declared, reason="values_recalculated")
    told.employment.append("labour-series-chomage-indre", none)
    assert await value(pool, told, "reference_pace") == Decimal("-0.10")
    assert await breaks(pool, "unemployment_reference") == []


async def breaks(pool: asyncpg.Pool, name: str, **question: Any) -> Sequence[date]:
    async with snapshot(pool, CATALOGUE) as now:
        return await now.breaks(CATALOGUE[name], Question(**{"last": TODAY, **question}))


async def test_all_of_it_is_counted_a_second_time(pool: asyncpg.Pool, told: Observed) -> None:
    told.published(FALLING)
    told.published({"2025-Q4": 7.9}, "chomage-cher")
    told.counted({"2024-Q1": (587, 8_153), "2026-Q2": (500, 8_153)})
    told.tell("2024-Q1", proxy_chosen("2024-Q1", 587, 8_153))
    told.employment.append("labour-series-chomage-indre", broken("2025-Q1"))
    told.aim_at(5.5, date(2026, 12, 31))
    await fold(pool, CATALOGUE.chapters.values(), told.employment, told.steering)
    second = {name: RECOUNTS[name] for name in CATALOGUE.chapters}
    compared, found = await faults(pool, CATALOGUE, told.employment, told.steering, recounts=second)
    assert found == []
    assert compared > 100
