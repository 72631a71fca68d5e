"""What becomes of a series of the labour market: declared, corrected, broken, closed."""

from datetime import date
from typing import Any

import pytest
from observing import (
    BREAK,
    DECLARED_ON,
    DESCRIBED,
    OF_PROXY,
    PROXY,
    REFERENCE,
    break_declared,
    proxy_declared,
    reference_declared,
    series,
)

from contracts import Event
from contracts.employment.labour_series import (
    LabourSeriesClosed,
    LabourSeriesCorrected,
    LabourSeriesDeclared,
    SeriesBreak,
    SeriesBreakDeclared,
    SeriesBreakWithdrawn,
)
from employment.labour_series import (
    MOST_BREAKS,
    PROXY_TWICE,
    REFERENCE_TWICE,
    Close,
    Correct,
    Declare,
    DeclareBreak,
    WithdrawBreak,
    labour_series,
)
from eventstore.decider import Claim, Command
from eventstore.specification import Specification

TODAY = date(2026, 9, 1)
given = Specification(labour_series, today=TODAY)
closed = LabourSeriesClosed(**REFERENCE, reason="discontinued", effective_on=TODAY)
proxy_closed = LabourSeriesClosed(**PROXY, reason="replaced", effective_on=TODAY)


def declare(**changes: Any) -> Declare:
    asked = {"code": "chomage-indre", **REFERENCE, **DESCRIBED, "on": DECLARED_ON, **changes}
    del asked["labour_series"]
    return Declare(**asked)


def declare_proxy(**changes: Any) -> Declare:
    return declare(**{**PROXY, **OF_PROXY, "code": "proxy-issoudun", "counted": ("A",), **changes})


def test_a_series_is_declared_once() -> None:
    given().when(declare()).then(reference_declared)
    given().when(declare_proxy()).then(proxy_declared)
    given().when(declare()).then_state(status="open", declared_on=DECLARED_ON, breaks=())
    given(reference_declared).when(declare()).rejected("labour-series-exists")


def test_the_kind_says_the_unit_unless_it_is_another_one() -> None:
    given().when(declare(unit="persons")).rejected("unit-of-another-kind")
    counted = declare(kind="seekers_abc", reference=False)
    given().when(counted).rejected("unit-of-another-kind")
    given().when(counted.model_copy(update={"unit": "persons"})).then_state(unit="persons")
    for unit in ("percent", "persons"):
        given().when(declare(kind="other", reference=False, unit=unit)).then_state(unit=unit)


@pytest.mark.parametrize(
    ("area_kind", "right", "wrong"),
    [
        ("commune", "36088", "36999"),
        ("epci", "243600236", "36088"),
        ("employment_zone", "2405", "36088"),
        ("department", "36", "2405"),
        ("department", "2A", "243600236"),
    ],
)
def test_the_code_of_an_area_is_one_of_its_kind(area_kind: str, right: str, wrong: str) -> None:
    given().when(declare(area_kind=area_kind, area=right)).then_state(area=right)
    given().when(declare(area_kind=area_kind, area=wrong)).rejected("area-of-another-kind")


def test_the_reference_is_published_by_somebody_else() -> None:
    given().when(declare_proxy(reference=True)).rejected("reference-not-published")
    given().when(declare(kind="other", reference=True)).rejected("reference-not-published")


def test_a_proxy_says_which_seekers_it_counts() -> None:
    given().when(declare_proxy(counted=())).rejected("categories-of-a-proxy")
    given().when(declare_proxy(counted=("A", "A"))).rejected("categories-of-a-proxy")
    given().when(declare(counted=("A",))).rejected("categories-of-a-proxy")
    given().when(declare_proxy(counted=("C", "A"))).then_state(counted=("A", "C"))


def test_of_the_reference_and_of_the_proxy_there_is_one_at_a_time() -> None:
    given(reference_declared).holds(Claim(REFERENCE_TWICE, "reference"))
    given(proxy_declared).holds(Claim(PROXY_TWICE, "proxy"))
    other = LabourSeriesDeclared(**{**REFERENCE, "reference": False}, **DESCRIBED, counted=(), effective_on=DECLARED_ON)
    given(other).holds()
    given(reference_declared, closed).holds()
    given(proxy_declared, proxy_closed).holds()


def test_how_it_is_described_is_corrected() -> None:
    given(reference_declared).when(Correct(title="Chômage, Indre", reason="unclear")).then(
        LabourSeriesCorrected(
            **{f"{name}_before": each for name, each in DESCRIBED.items()},
            **REFERENCE,
            **{**DESCRIBED, "title": "Chômage, Indre"},
            reason="unclear",
            effective_on=TODAY,
        )
    )
    ask = Correct(source="Insee, 2024", definition="BIT", reason="typing_error", on=date(2024, 1, 1))
    given(reference_declared).when(ask).then_state(
        source="Insee, 2024", definition="BIT", title=DESCRIBED["title"], effective_on=DECLARED_ON
    )
    given(reference_declared).when(Correct(**DESCRIBED, reason="other")).then()


def test_a_break_is_declared_also_ahead_and_in_any_order() -> None:
    ask = DeclareBreak(
        from_period="2025-Q1",
        reason="definition_changed",
        definition="Catégorie A, depuis 2025",
        on=date(2024, 12, 2),
    )
    given(proxy_declared).when(ask).then(break_declared)
    earlier = SeriesBreak(from_period="2021-Q1", begins_on=date(2021, 1, 1), reason="source_changed", definition=None)
    given(proxy_declared, break_declared).when(DeclareBreak(from_period="2021-Q1", reason="source_changed")).then(
        SeriesBreakDeclared(**PROXY, declared=earlier, effective_on=TODAY)
    )
    given(proxy_declared, break_declared).when(DeclareBreak(from_period="2021-Q1", reason="source_changed")).then_state(
        breaks=(earlier, BREAK)
    )
    given(proxy_declared, break_declared).when(DeclareBreak(from_period="2025-Q1", reason="other")).rejected(
        "break-declared-already"
    )
    for period in ("2025", "2025-01"):
        given(proxy_declared).when(DeclareBreak(from_period=period, reason="other")).rejected(
            "period-of-another-length"
        )


def test_a_break_that_was_none_is_withdrawn() -> None:
    ask = WithdrawBreak(from_period="2025-Q1", reason="values_recalculated")
    given(proxy_declared, break_declared).when(ask).then(
        SeriesBreakWithdrawn(**PROXY, withdrawn=BREAK, reason="values_recalculated", effective_on=TODAY)
    )
    given(proxy_declared, break_declared).when(ask).then_state(breaks=())
    given(proxy_declared).when(ask).rejected("break-unknown")
    assert "withdraw-break" not in [
        each.name
        for each in labour_series.decisions.values()
        if each.offered is not None and each.offered(series(proxy_declared))
    ]


def test_a_series_has_so_many_breaks_and_no_more() -> None:
    told = [
        SeriesBreakDeclared(
            **PROXY,
            declared=SeriesBreak(
                from_period=f"{1950 + number}-Q1", begins_on=date(1950 + number, 1, 1), reason="other", definition=None
            ),
            effective_on=DECLARED_ON,
        )
        for number in range(MOST_BREAKS)
    ]
    given(proxy_declared, *told).when(DeclareBreak(from_period="2025-Q1", reason="other")).rejected("too-many-breaks")
    given(proxy_declared, *told[1:]).when(DeclareBreak(from_period="2025-Q1", reason="other")).then_state(status="open")


def test_a_period_is_observed_by_the_definition_of_its_time() -> None:
    source_changed = SeriesBreak(
        from_period="2026-Q1", begins_on=date(2026, 1, 1), reason="source_changed", definition=None
    )
    broken = series(
        proxy_declared, break_declared, SeriesBreakDeclared(**PROXY, declared=source_changed, effective_on=TODAY)
    )
    assert broken.definition_of("2024-Q4") == OF_PROXY["definition"]
    assert broken.definition_of("2025-Q1") == "Catégorie A, depuis 2025"
    assert broken.definition_of("2026-Q2") == "Catégorie A, depuis 2025"


def test_a_series_ends() -> None:
    given(reference_declared).when(Close(reason="discontinued")).then(closed)
    given(reference_declared).when(Close(reason="discontinued")).then_state(status="closed", closed_on=TODAY)


@pytest.mark.parametrize(
    "command",
    [
        Correct(title="Chômage", reason="other"),
        DeclareBreak(from_period="2025-Q1", reason="other"),
        WithdrawBreak(from_period="2025-Q1", reason="other"),
        Close(reason="other"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_becomes_of_a_closed_series(command: Command) -> None:
    past: tuple[Event, ...] = (reference_declared, closed)
    given(*past).when(command).rejected("labour-series-not-open")


def test_nothing_is_due_on_a_series() -> None:
    given(reference_declared).is_due()
