"""What becomes of an observation of the labour market: recorded, revised, a baseline, withdrawn."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, get_args

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from observing import (
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
from contracts.employment.labour_series import LabourSeriesClosed, LabourSeriesDeclared
from contracts.employment.observation import (
    LabourBaselineChosen,
    LabourBaselineDropped,
    LabourObservationRevised,
    LabourObservationStatus,
    LabourObservationWithdrawn,
    LabourObserved,
    SeekersOfCategory,
    SeekersOfGroup,
)
from employment.labour_series import LabourSeries
from employment.observation import (
    BASELINE_TWICE,
    MOST_REVISIONS,
    PERIOD_OBSERVED,
    ChooseBaseline,
    DropBaseline,
    EnteredSeekersOfCategory,
    EnteredSeekersOfGroup,
    LabourObservation,
    Record,
    Revise,
    Withdraw,
    labour_observations,
)
from eventstore.decider import Actor, Claim, Command
from eventstore.specification import Specification

TODAY: Final = date(2026, 9, 1)
PUBLISHED_ON: Final = date(2024, 3, 14)
given = Specification(labour_observations, today=TODAY)
OF_2023: Final[dict[str, Any]] = {"period": "2023-Q4", "ends_on": date(2023, 12, 31)}
NO_INPUTS: Final[dict[str, Any]] = {"active_residents": None, "seekers": None}
PUBLISHED: Final[dict[str, Any]] = {**REFERENCE, **OF_2023, **NO_INPUTS, "value": 7.2, "baseline": False}
COMPUTED: Final[dict[str, Any]] = {
    **PROXY,
    **OF_2023,
    "active_residents": 8_153,
    "seekers": 500,
    "value": 6.13,
    "baseline": False,
}
SEEKERS: Final = (SeekersOfCategory(category="A", seekers=500), SeekersOfCategory(category="B", seekers=140))
YOUTH: Final = (SeekersOfGroup(group="youth", seekers=72),)
published = LabourObserved(
    **PUBLISHED,
    definition=DESCRIBED["definition"],
    counted=(),
    by_category=(),
    by_group=(),
    effective_on=PUBLISHED_ON,
)
computed = LabourObserved(
    **COMPUTED,
    definition=OF_PROXY["definition"],
    counted=("A",),
    by_category=SEEKERS,
    by_group=YOUTH,
    effective_on=PUBLISHED_ON,
)
revised = LabourObservationRevised(
    **{**PUBLISHED, "value": 7.1},
    value_before=7.2,
    active_residents_before=None,
    seekers_before=None,
    by_category_before=(),
    by_category=(),
    by_group_before=(),
    by_group=(),
    revisions=1,
    reason="revised_by_source",
    effective_on=TODAY,
)
withdrawn = LabourObservationWithdrawn(**PUBLISHED, reason="entered_by_mistake", effective_on=TODAY)
chosen = LabourBaselineChosen(**{**PUBLISHED, "baseline": True}, effective_on=TODAY)
dropped = LabourBaselineDropped(**PUBLISHED, effective_on=TODAY)
PASTS: Final[dict[str, tuple[Event, ...]]] = {
    "observed": (published,),
    "revised": (published, revised),
    "withdrawn": (published, withdrawn),
}


def record(**changes: Any) -> Record:
    asked = {
        "labour_series": "chomage-indre",
        "source": "Insee",
        "definition": "Au sens du BIT",
        "unit": "percent",
        "period": "2023-Q4",
        "value": 7.2,
        "on": PUBLISHED_ON,
    }
    return Record(**{**asked, **changes})


def by_category(*seekers: int) -> tuple[EnteredSeekersOfCategory, ...]:
    """How many of A, B, C and so on."""
    categories = "ABCDEFG"
    return tuple(
        EnteredSeekersOfCategory.model_validate({"category": category, "seekers": each})
        for category, each in zip(categories, seekers, strict=False)
    )


def by_group(**seekers: int) -> tuple[EnteredSeekersOfGroup, ...]:
    return tuple(
        EnteredSeekersOfGroup.model_validate({"group": group, "seekers": each}) for group, each in seekers.items()
    )


def record_proxy(**changes: Any) -> Record:
    asked = {
        "labour_series": "proxy-issoudun",
        "source": "France Travail",
        "definition": "Catégorie A en fin de trimestre",
        "value": None,
        "active_residents": 8_153,
        "by_category": by_category(500, 140),
        "by_group": by_group(youth=72),
    }
    return record(**{**asked, **changes})


def refusal_of(command: Record, of: LabourSeries | None) -> str | None:
    refused = given().knowing(of).when(command).refusal
    return refused.slug if refused else None


reference, proxy = series(reference_declared), series(proxy_declared)
broken = series(proxy_declared, break_declared)


def test_a_published_rate_is_recorded_as_it_is() -> None:
    given().knowing(reference).when(record()).then(published)
    given().knowing(reference).when(record()).then_state(status="observed", observed_on=PUBLISHED_ON, revisions=0)


def test_a_proxy_is_computed_of_both_inputs_which_are_kept() -> None:
    given().knowing(proxy).when(record_proxy()).then(computed)
    of_two = series(proxy_declared.model_copy(update={"counted": ("A", "B")}))
    given().knowing(of_two).when(record_proxy(by_group=())).then_state(seekers=640, value=7.85)


@pytest.mark.parametrize(
    ("seekers", "residents", "rate"),
    [(500, 8_153, 6.13), (1, 800, 0.13), (1, 8_000, 0.01), (1, 20_001, 0.0), (0, 1, 0.0), (7, 7, 100.0)],
)
def test_a_proxy_is_rounded_to_two_decimals_half_up(seekers: int, residents: int, rate: float) -> None:
    ask = record_proxy(by_category=by_category(seekers), active_residents=residents, by_group=())
    given().knowing(proxy).when(ask).then_state(value=rate)


def test_what_is_recorded_comes_from_where_the_series_does_and_is_told_as_it_is() -> None:
    assert refusal_of(record(), None) == "labour-series-unknown"
    assert refusal_of(record(source="Dares"), reference) == "source-differs"
    assert refusal_of(record(definition="Au sens du recensement"), reference) == "definition-differs"
    assert refusal_of(record(unit="persons"), reference) == "unit-differs"
    closed = LabourSeriesClosed(**REFERENCE, reason="discontinued", effective_on=TODAY)
    assert refusal_of(record(), series(reference_declared, closed)) == "labour-series-closed"


def test_after_a_break_the_definition_is_another() -> None:
    later = {"period": "2025-Q1", "on": date(2025, 5, 6)}
    assert refusal_of(record_proxy(), broken) is None
    assert refusal_of(record_proxy(**later), broken) == "definition-differs"
    assert refusal_of(record_proxy(definition="Catégorie A, depuis 2025"), broken) == "definition-differs"
    given().knowing(broken).when(record_proxy(**later, definition="Catégorie A, depuis 2025")).then_state(
        definition="Catégorie A, depuis 2025", ends_on=date(2025, 3, 31)
    )


def test_a_period_is_as_long_as_those_of_the_series_and_over() -> None:
    assert refusal_of(record(period="2023"), reference) == "period-of-another-length"
    assert refusal_of(record(period="2023-12"), reference) == "period-of-another-length"
    assert refusal_of(record(on=date(2023, 12, 30)), reference) == "period-not-over"
    assert refusal_of(record(period="2026-Q3", on=TODAY), reference) == "period-not-over"
    assert refusal_of(record(on=date(2023, 12, 31)), reference) is None


@pytest.mark.parametrize(("frequency", "period"), [("month", "2023-12"), ("year", "2023")])
def test_there_are_series_of_months_and_of_years(frequency: str, period: str) -> None:
    told = {**REFERENCE, **DESCRIBED, "frequency": frequency, "counted": (), "effective_on": PUBLISHED_ON}
    given().knowing(series(LabourSeriesDeclared(**told))).when(record(period=period)).then_state(
        ends_on=date(2023, 12, 31)
    )


def test_a_rate_is_at_most_100_percent_and_persons_are_whole() -> None:
    assert refusal_of(record(value=100.01), reference) == "rate-above-100"
    assert refusal_of(record(value=100), reference) is None
    assert refusal_of(record_proxy(active_residents=499, by_group=()), proxy) == "rate-above-100"
    persons = {**REFERENCE, "kind": "seekers_abc", "unit": "persons", "reference": False}
    seekers = series(LabourSeriesDeclared(**persons, **DESCRIBED, counted=(), effective_on=PUBLISHED_ON))
    assert refusal_of(record(unit="persons", value=640.5), seekers) == "persons-not-whole"
    assert refusal_of(record(unit="persons", value=640), seekers) is None


def test_a_value_is_published_or_computed_and_never_both() -> None:
    assert refusal_of(record(value=None), reference) == "value-missing"
    assert refusal_of(record_proxy(value=6.13), proxy) == "value-computed"
    for inputs in ({"active_residents": 8_153}, {"by_category": by_category(1)}, {"by_group": by_group(youth=1)}):
        assert refusal_of(record(**inputs), reference) == "inputs-of-a-proxy"
    assert refusal_of(record_proxy(active_residents=None), proxy) == "input-missing"
    assert refusal_of(record_proxy(by_category=by_category(500)[1:]), proxy) == "input-missing"


def test_seekers_of_a_category_or_a_group_are_told_once_and_a_group_is_a_part_of_all() -> None:
    assert refusal_of(record_proxy(by_category=by_category(500) * 2), proxy) == "seekers-twice"
    assert refusal_of(record_proxy(by_group=by_group(youth=1) * 2), proxy) == "seekers-twice"
    assert refusal_of(record_proxy(by_group=by_group(woman=501)), proxy) == "group-above-seekers"
    # They overlap: together they may well be more.
    assert refusal_of(record_proxy(by_group=by_group(woman=500, senior=500)), proxy) is None


def test_a_period_comes_once_in_a_series() -> None:
    given(published).holds(Claim(PERIOD_OBSERVED, "chomage-indre/2023-Q4"))
    given(published, revised).holds(Claim(PERIOD_OBSERVED, "chomage-indre/2023-Q4"))
    given(published, withdrawn).holds()


@pytest.mark.parametrize("status", ["observed", "revised"])
def test_a_revision_takes_the_place_of_what_was_known(status: str) -> None:
    given(*PASTS[status]).when(Revise(value=6.9, reason="revised_by_source")).then_state(
        status="revised", value=6.9, revised_on=TODAY, revisions=len(PASTS[status]), reason="revised_by_source"
    )


def test_a_revision_tells_what_was_known_before() -> None:
    given(published).when(Revise(value=7.1, reason="revised_by_source")).then(revised)
    given(published).when(Revise(value=7.2, reason="revised_by_source")).then()
    given(published).when(Revise(value=101, reason="other")).rejected("rate-above-100")
    given(published).when(Revise(reason="other")).rejected("value-missing")
    given(published).when(Revise(value=7.1, active_residents=1, reason="other")).rejected("inputs-of-a-proxy")
    given(published).when(Revise(value=7.1, reason="other", on=date(2024, 3, 13))).rejected("on-before-previous-step")


def test_inputs_of_a_proxy_are_revised_one_by_one_and_its_value_with_them() -> None:
    given(computed).when(Revise(by_category=by_category(510), reason="inputs_revised")).then(
        LabourObservationRevised(
            **{**COMPUTED, "value": 6.26, "seekers": 510},
            value_before=6.13,
            active_residents_before=8_153,
            seekers_before=500,
            by_category_before=SEEKERS,
            by_category=(SeekersOfCategory(category="A", seekers=510),),
            by_group_before=YOUTH,
            by_group=YOUTH,
            revisions=1,
            reason="inputs_revised",
            effective_on=TODAY,
        )
    )
    given(computed).when(Revise(active_residents=8_000, reason="inputs_revised")).then_state(value=6.25, seekers=500)
    given(computed).when(Revise(by_group=(), reason="inputs_revised")).then_state(value=6.13, by_group=())
    given(computed).when(Revise(value=6.0, reason="other")).rejected("value-computed")
    given(computed).when(Revise(by_category=by_category(71), reason="other")).rejected("group-above-seekers")
    given(computed).when(Revise(reason="other")).then()


def test_so_many_revisions_and_no_more() -> None:
    often = revised.model_copy(update={"revisions": MOST_REVISIONS})
    given(published, often).when(Revise(value=6.9, reason="other")).rejected("too-many-revisions")


def test_the_committee_chooses_from_where_progress_is_measured() -> None:
    given(published).when(ChooseBaseline()).then(chosen)
    given(published, chosen).when(ChooseBaseline()).then()
    given(published, chosen).holds(
        Claim(PERIOD_OBSERVED, "chomage-indre/2023-Q4"), Claim(BASELINE_TWICE, "published_rate")
    )
    of_proxy = LabourBaselineChosen(**{**COMPUTED, "baseline": True}, effective_on=TODAY)
    given(computed).when(ChooseBaseline()).then(of_proxy)
    given(computed, of_proxy).holds(
        Claim(PERIOD_OBSERVED, "proxy-issoudun/2023-Q4"), Claim(BASELINE_TWICE, "proxy_rate")
    )
    given(published, chosen).when(DropBaseline()).then(dropped)
    given(published, chosen, dropped).holds(Claim(PERIOD_OBSERVED, "chomage-indre/2023-Q4"))
    given(published).when(DropBaseline()).then()


def test_progress_is_measured_by_the_proxy_or_the_reference_alone() -> None:
    other = published.model_copy(update={"reference": False})
    given(other).when(ChooseBaseline()).rejected("no-baseline-of-this")


@pytest.mark.parametrize(
    ("past", "offered"),
    [
        ((published,), True),
        ((computed,), True),
        ((published.model_copy(update={"reference": False}),), False),
        ((published, chosen), False),
    ],
)
def test_only_what_may_be_a_baseline_and_is_none_is_offered_as_one(past: tuple[Event, ...], *, offered: bool) -> None:
    state = labour_observations.fold(past)
    assert state is not None
    allowed = labour_observations.allowed(state, Actor("c", frozenset({"steering"})))
    assert ("choose-baseline" in allowed) is offered


def test_a_baseline_is_revised_as_one_and_not_withdrawn() -> None:
    given(published, chosen).when(Revise(value=7.1, reason="revised_by_source")).then(
        revised.model_copy(update={"baseline": True})
    )
    given(published, chosen).when(Withdraw(reason="entered_by_mistake")).rejected("observation-is-baseline")


@pytest.mark.parametrize("status", ["observed", "revised"])
def test_what_was_never_observed_is_withdrawn(status: str) -> None:
    given(*PASTS[status]).when(Withdraw(reason="entered_by_mistake")).then_state(
        status="withdrawn", withdrawn_on=TODAY, reason="entered_by_mistake"
    )


ALLOWED: Final[dict[type[Command], tuple[Command, set[str]]]] = {
    Revise: (Revise(value=6.8, reason="other"), {"observed", "revised"}),
    ChooseBaseline: (ChooseBaseline(), {"observed", "revised"}),
    DropBaseline: (DropBaseline(), {"observed", "revised"}),
    Withdraw: (Withdraw(reason="other"), {"observed", "revised"}),
}


@pytest.mark.parametrize("status", get_args(LabourObservationStatus))
@pytest.mark.parametrize("kind", ALLOWED, ids=lambda kind: str(kind.__name__))
def test_each_command_is_for_its_states_alone(kind: type[Command], status: str) -> None:
    command, statuses = ALLOWED[kind]
    when = given(*PASTS[status]).when(command)
    assert (when.refusal is None) == (status in statuses)
    if when.refusal is not None:
        assert when.refusal.slug == "labour-observation-withdrawn"


def test_every_command_is_tried_in_every_state() -> None:
    assert {*ALLOWED} == labour_observations.decisions.keys() - {Record}
    assert {*PASTS} == {*get_args(LabourObservationStatus)}


def test_nothing_is_due_on_an_observation() -> None:
    given(published).is_due()


counts = st.integers(0, 9_000)
commands = st.one_of(
    st.builds(
        lambda seekers, residents: Revise(
            by_category=by_category(*seekers), active_residents=residents, by_group=(), reason="inputs_revised"
        ),
        st.lists(counts, min_size=1, max_size=7),
        st.integers(1, 9_000),
    ),
    st.builds(lambda residents: Revise(active_residents=residents, reason="inputs_revised"), st.integers(1, 9_000)),
    st.just(ChooseBaseline()),
    st.just(DropBaseline()),
    st.just(Withdraw(reason="other")),
)


@hypothesis_given(st.lists(commands, max_size=20))
def test_whatever_is_asked_a_proxy_is_what_its_inputs_make_of_it(asked: Sequence[Command]) -> None:
    observation = given.fold([computed])
    for command in asked:
        when = given().__class__(labour_observations, given().context, observation).when(command)
        before, observation = observation, given.fold(when.events, observation)
        assert observation is not None
        _check_consistent(observation)
        assert before is not None
        if before.status == "withdrawn":
            assert observation == before


def _check_consistent(observation: LabourObservation) -> None:
    assert observation.active_residents is not None
    assert observation.seekers == sum(each.seekers for each in observation.by_category if each.category == "A")
    exact = Decimal(100 * observation.seekers) / Decimal(observation.active_residents)
    assert Decimal(str(observation.value)) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert 0 <= observation.value <= 100
    assert not (observation.baseline and observation.status == "withdrawn")
