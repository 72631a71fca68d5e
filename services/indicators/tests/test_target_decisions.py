"""What the programme's committee may aim at, and when."""

from datetime import date
from typing import Any

import pytest

from contracts import Event, sample_siret
from contracts.indicators.target import TargetCorrected, TargetRevised, TargetSet, TargetWithdrawn
from eventstore.decider import Actor, Claim, Command
from eventstore.specification import Specification
from indicators.catalogue import catalogue
from indicators.target import DUE_BEFORE_DECIDED, TARGET_TWICE, Correct, Revise, Set, Target, Withdraw, targets

TODAY = date(2026, 6, 1)
END = date(2027, 12, 31)
given = Specification(targets, today=TODAY)


def day(month: int, day_of_month: int = 1, year: int = 2024) -> date:
    return date(year, month, day_of_month)


set_it = Set(indicator="members", axis=None, aim="at_least", value=30, due=END, on=day(1, 15))
OF: dict[str, Any] = {
    "indicator": "members",
    "title": "Active member companies",
    "unit": "companies",
    "dimensions": {},
    "axis": None,
    "aim": "at_least",
}
was_set = TargetSet(**OF, value=30, due=END, effective_on=day(1, 15))
revised = TargetRevised(**OF, value_before=30, value=32, due_before=END, due=END, effective_on=day(3))
withdrawn = TargetWithdrawn(**OF, value_before=30, due_before=END, reason="replaced", effective_on=day(6))

PASTS: dict[str, tuple[Event, ...]] = {
    "set": (was_set,),
    "revised": (was_set, revised),
    "withdrawn": (was_set, withdrawn),
}


def test_a_target_is_set_with_what_the_catalogue_says_of_its_indicator() -> None:
    given().when(set_it).then(was_set)
    given().when(set_it).then_state(status="set", value=30, due=END, since=day(1, 15), effective_on=day(1, 15))
    members = catalogue["members"]
    assert (was_set.title, was_set.unit) == (members.title, members.unit)


@pytest.mark.parametrize("name", [*catalogue])
def test_there_is_a_target_for_every_indicator_of_the_catalogue(name: str) -> None:
    asked = set_it.model_copy(update={"indicator": name})
    given().when(asked).then_state(unit=catalogue[name].unit, title=catalogue[name].title)


def test_an_indicator_that_is_not_in_the_catalogue_has_no_target() -> None:
    given().when(set_it.model_copy(update={"indicator": "happiness"})).rejected("indicator-unknown")


@pytest.mark.parametrize(
    ("indicator", "asked", "read"),
    [
        ("members", {"zone": "zi-limoise", "commune": "36088"}, {"commune": "36088", "zone": "zi-limoise"}),
        ("members", {"naf": "2562B"}, {"naf": "25.62B"}),
        ("members", {"company": sample_siret(0)}, {"company": sample_siret(0)}),
        ("invested_productive", {"axis": 6}, {"axis": 6}),
        ("placements", {"grade": "3e", "week": "2027-W05", "school": "0360024F"}, None),
        ("hires", {"rome": "H2902", "contract": "permanent"}, None),
        ("platform_use", {"equipment": "cobot-1"}, None),
        ("grants_granted", {"funder": "state"}, None),
    ],
)
def test_a_part_is_told_as_the_indicator_s_dimensions_write_it(
    indicator: str, asked: dict[str, str | int], read: dict[str, str | int] | None
) -> None:
    command = set_it.model_copy(update={"indicator": indicator, "dimensions": asked})
    given().when(command).then_state(dimensions=read or asked)


@pytest.mark.parametrize(
    ("indicator", "dimensions", "slug"),
    [
        ("members", {"axis": 2}, "dimension-unknown"),
        ("members", {"month": "2027-12"}, "dimension-unknown"),
        ("members", {"zone": "zi-limoise", "colour": "red"}, "dimension-unknown"),
        ("members", {"naf": "99.99Z"}, "dimension-value-unknown"),
        ("members", {"company": "00000001800011"}, "dimension-value-unknown"),
        ("members", {"commune": 36088}, "dimension-value-unknown"),
        ("members", {"commune": "99999"}, "dimension-value-unknown"),
        ("members", {"zone": "za-nouvelle"}, "dimension-value-unknown"),
        ("invested_productive", {"axis": 8}, "dimension-value-unknown"),
        ("invested_productive", {"axis": "2"}, "dimension-value-unknown"),
        ("placements", {"grade": "5e"}, "dimension-value-unknown"),
        ("placements", {"week": "2027-W53"}, "dimension-value-unknown"),
        ("hires", {"rome": "H9999"}, "dimension-value-unknown"),
    ],
)
def test_a_part_that_the_indicator_does_not_have_is_refused(
    indicator: str, dimensions: dict[str, str | int], slug: str
) -> None:
    given().when(set_it.model_copy(update={"indicator": indicator, "dimensions": dimensions})).rejected(slug)


def test_a_target_is_due_when_it_is_decided_or_later() -> None:
    given().when(set_it.model_copy(update={"due": day(1, 15)})).then_state(due=day(1, 15))
    given().when(set_it.model_copy(update={"due": day(1, 14)})).rejected("due-before-decided")
    given(was_set).when(Revise(due=day(3), on=day(3, 2))).rejected("due-before-decided")
    given(was_set, revised).when(Correct(due=day(2, 28), reason="other")).rejected("due-before-decided")
    given(was_set, revised).when(Correct(due=day(3), reason="other")).then_state(due=day(3))
    assert DUE_BEFORE_DECIDED.field_of(Revise(value=32, due=day(3), on=day(3, 2))) == "due"
    assert DUE_BEFORE_DECIDED.field_of(Revise(value=32, on=day(1, 1, 2028))) == "on"


@pytest.mark.parametrize(
    ("indicator", "value", "fits"),
    [
        ("unemployment_proxy", 0, True),
        ("unemployment_proxy", 100, True),
        ("unemployment_proxy", 100.01, False),
        ("unemployment_reference", -0.01, False),
        ("progress_2027", 1.2, True),
        ("progress_2027", -0.5, True),
        ("members", 500, True),
    ],
)
def test_a_rate_is_aimed_at_from_0_to_100_percent(indicator: str, value: float, *, fits: bool) -> None:
    unit, title = catalogue[indicator].unit, catalogue[indicator].title
    of_indicator = was_set.model_copy(update={"indicator": indicator, "unit": unit, "title": title, "value": 7})
    revise, correct = Revise(value=value, on=day(3)), Correct(value=value, reason="typing_error", on=day(3))
    for asked in (
        given().when(set_it.model_copy(update={"indicator": indicator, "value": value})),
        given(of_indicator).when(revise),
        given(of_indicator).when(correct),
    ):
        if fits:
            asked.then_state(value=value)
        else:
            asked.rejected("target-out-of-range")


def test_a_revision_says_what_was_aimed_at_before() -> None:
    given(was_set).when(Revise(value=32, on=day(3))).then(revised)
    later = TargetRevised(
        **OF, value_before=32, value=32, due_before=END, due=day(6, 30, 2028), effective_on=day(9, year=2025)
    )
    given(was_set, revised).when(Revise(due=day(6, 30, 2028), on=day(9, year=2025))).then(later)
    given(was_set, revised, later).when(Revise(value=32)).then()
    given(was_set, revised, later).when(Withdraw(reason="other")).then_state(value=32, due=day(6, 30, 2028))
    given(was_set).when(Revise(value=32, on=day(3))).then_state(status="revised", since=day(3), effective_on=day(3))
    given(was_set, revised).when(Revise(value=33, on=day(2))).rejected("on-before-previous-step")


def test_a_correction_says_since_when_the_right_value_holds_and_is_no_step() -> None:
    corrected = TargetCorrected(
        **OF,
        value_before=32,
        value=31,
        due_before=END,
        due=END,
        since=day(3),
        reason="typing_error",
        effective_on=day(1, 20),
    )
    correct = Correct(value=31, reason="typing_error", on=day(1, 20))
    given(was_set, revised).when(correct).then(corrected)
    given(was_set, revised).when(correct).then_state(value=31, status="revised", since=day(3), effective_on=day(3))
    given(was_set, revised, corrected).when(correct).then()
    given(was_set).when(Correct(value=28, reason="other")).then_state(value=28, status="set", since=day(1, 15))


def test_a_target_is_withdrawn_with_what_it_was() -> None:
    given(was_set).when(Withdraw(reason="replaced", on=day(6))).then(withdrawn)
    given(was_set).when(Withdraw(reason="replaced", on=day(6))).then_state(
        status="withdrawn", reason="replaced", withdrawn_on=day(6)
    )


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize("command", [Revise(value=31), Correct(value=31, reason="other"), Withdraw(reason="given_up")])
def test_a_withdrawn_target_is_over(status: str, command: Command) -> None:
    decided = given(*PASTS[status]).when(command)
    if status == "withdrawn":
        decided.rejected("target-withdrawn")
    else:
        assert decided.refusal is None


def test_nobody_sets_a_second_target_for_the_same_part_and_day() -> None:
    given(was_set).holds(Claim(TARGET_TWICE, "members {} 2027-12-31"))
    one, other = (
        set_it.model_copy(update={"dimensions": dimensions})
        for dimensions in ({"zone": "zi-limoise", "naf": "2562B"}, {"naf": "25.62B", "zone": "zi-limoise"})
    )
    held = [targets.claims_of(targets.fold(given().when(each).events)) for each in (one, other)]
    assert held[0] == held[1] != targets.claims_of(targets.fold([was_set]))
    moved = TargetRevised(**OF, value_before=30, value=30, due_before=END, due=day(1, 1, 2029), effective_on=day(3))
    given(was_set, moved).holds(Claim(TARGET_TWICE, "members {} 2029-01-01"))
    given(was_set, withdrawn).holds()


def test_only_the_committee_decides() -> None:
    state = targets.fold([was_set])
    assert isinstance(state, Target)
    assert targets.allowed(state, Actor("c", frozenset({"steering"}))) == ["revise", "correct", "withdraw"]
    assert targets.allowed(state, Actor("c", frozenset({"network", "state", "ops"}))) == []


def test_every_command_and_event_is_handled() -> None:
    targets.check()
