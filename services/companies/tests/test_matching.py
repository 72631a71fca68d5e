"""Which surpluses are matched with which needs, in which order, and what is said of it."""

import doctest
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companies import matching
from companies.flow import Flow, flows
from companies.matching import SENTENCES, Declared, Place, ReasonCode, best, distance_km, matches
from contracts import codes, sample_siret
from contracts.companies.flow import FlowDeclared, FlowDirection, FlowEnded

TODAY = date(2024, 5, 13)
FOUNDRY, GREENHOUSE, LAUNDRY = (sample_siret(number) for number in range(3))
ISSOUDUN, CHAROST, CHATEAUROUX, PARIS = "36088", "18055", "36044", "75056"


def flow(identity: str, direction: FlowDirection, company: str, *, ended: bool = False, **changes: Any) -> Declared:
    told: dict[str, Any] = {
        "naf": "24.54Z",
        "commune": ISSOUDUN,
        "zone": None,
        "kind": "heat",
        "waste": None,
        "unit": "kwh",
        "quantity": 100.0,
        "first": date(2024, 1, 1),
        "last": None,
        **changes,
    }
    events: list[Any] = [
        FlowDeclared(**told, company=company, direction=direction, description="Chaleur", effective_on=TODAY)
    ]
    if ended:
        events.append(FlowEnded(**told, company=company, direction=direction, reason="other", effective_on=TODAY))
    state = flows.fold(events)
    assert isinstance(state, Flow)
    return Declared(identity, state)


SURPLUS = flow("s", "surplus", FOUNDRY)


def pairs(*found: Declared, **asked: Any) -> list[tuple[str, str]]:
    return [(match.surplus.id, match.need.id) for match in best(found, TODAY, limit=100, **asked)]


def reasons(surplus: Declared, need: Declared) -> dict[str, tuple[int, float | None]]:
    (match,) = matches((need, surplus), TODAY)
    assert match.points == sum(each.points for each in match.reasons)
    return {each.code: (each.points, each.value) for each in match.reasons}


def test_a_surplus_matches_a_need_of_another_company() -> None:
    assert pairs(SURPLUS, flow("n", "need", GREENHOUSE)) == [("s", "n")]
    assert reasons(SURPLUS, flow("n", "need", GREENHOUSE)) == {
        "same_flow": (0, None),
        "quantity": (50, 100),
        "endless": (20, None),
        "distance": (30, 0),
    }


@pytest.mark.parametrize(
    "other",
    [
        flow("n", "need", FOUNDRY),
        flow("n", "surplus", GREENHOUSE),
        flow("n", "need", GREENHOUSE, kind="cold"),
        flow("n", "need", GREENHOUSE, unit="m3"),
        flow("n", "need", GREENHOUSE, ended=True),
        flow("n", "need", GREENHOUSE, last=date(2024, 5, 12)),
    ],
    ids=["own", "no need", "kind", "unit", "ended", "past"],
)
def test_what_is_no_match(other: Declared) -> None:
    assert pairs(SURPLUS, other) == []


def test_waste_matches_by_its_code() -> None:
    scrap = flow("s", "surplus", FOUNDRY, kind="waste", waste="120101", unit="t")
    same = flow("n", "need", GREENHOUSE, kind="waste", waste="120101", unit="t")
    other = flow("o", "need", GREENHOUSE, kind="waste", waste="120103", unit="t")
    assert pairs(scrap, same, other) == [("s", "n")]


@pytest.mark.parametrize(
    ("first", "last", "until", "months"),
    [
        (date(2024, 1, 1), date(2024, 5, 13), None, 1),
        (date(2024, 1, 1), date(2024, 7, 1), None, 3),
        (date(2024, 11, 30), date(2025, 1, 2), None, 3),
        (date(2024, 1, 1), date(2030, 1, 1), date(2024, 6, 2), 2),
        (date(2024, 1, 1), None, date(2025, 4, 30), 12),
        (date(2024, 8, 1), None, date(2024, 7, 31), None),
    ],
)
def test_months_in_common_count_from_today_on(first: date, last: date | None, until: date | None, months: int) -> None:
    surplus = flow("s", "surplus", FOUNDRY, last=until)
    need = flow("n", "need", GREENHOUSE, first=first, last=last)
    found = [each for match in matches((surplus, need), TODAY) for each in match.reasons if each.code == "period"]
    assert [(each.value, each.points) for each in found] == ([(months, 20 * months // 12)] if months else [])


@pytest.mark.parametrize(
    ("quantity", "percent", "points"), [(100.0, 100, 50), (99.9, 100, 50), (200.0, 50, 25), (300.0, 33, 16)]
)
def test_how_much_of_the_need_is_covered(quantity: float, percent: int, points: int) -> None:
    assert reasons(SURPLUS, flow("n", "need", GREENHOUSE, quantity=quantity))["quantity"] == (points, percent)


def test_distance_is_that_of_the_middles_of_the_communes() -> None:
    assert distance_km(ISSOUDUN, ISSOUDUN) == 0
    assert distance_km(ISSOUDUN, CHAROST) == distance_km(CHAROST, ISSOUDUN) == 10.5
    assert distance_km(ISSOUDUN, CHATEAUROUX) == pytest.approx(28, abs=2), "some 28 km as the crow flies"
    assert reasons(SURPLUS, flow("n", "need", GREENHOUSE, commune=CHAROST))["distance"] == (23, 10.5)


def test_where_a_commune_is_not_known_nothing_is_said_of_distance() -> None:
    assert "distance" not in reasons(SURPLUS, flow("n", "need", GREENHOUSE, commune=PARIS))
    in_paris = flow("s", "surplus", FOUNDRY, commune=PARIS)
    assert reasons(in_paris, flow("n", "need", GREENHOUSE, commune=PARIS))["distance"] == (30, 0)


@given(st.sampled_from(sorted(codes.centroids())), st.sampled_from(sorted(codes.centroids())))
def test_distances_are_the_same_both_ways_and_within_the_two_departments(one: str, other: str) -> None:
    km = distance_km(one, other)
    assert km is not None
    assert km == distance_km(other, one)
    assert 0 <= km < 180


def test_what_is_worked_on_is_not_proposed_again() -> None:
    needs = [flow("n1", "need", GREENHOUSE), flow("n2", "need", LAUNDRY)]
    assert pairs(SURPLUS, *needs) == [("s", "n1"), ("s", "n2")]
    assert pairs(SURPLUS, *needs, taken={"n1"}) == [("s", "n2")]
    assert pairs(SURPLUS, *needs, taken={"s"}) == []


def test_only_those_in_which_all_who_are_asked_for_take_part() -> None:
    found = [SURPLUS, flow("s2", "surplus", LAUNDRY), flow("n", "need", GREENHOUSE), flow("n2", "need", FOUNDRY)]
    assert pairs(*found) == [("s", "n"), ("s2", "n"), ("s2", "n2")]
    assert pairs(*found, companies={FOUNDRY}) == [("s", "n"), ("s2", "n2")]
    assert pairs(*found, companies={FOUNDRY, LAUNDRY}) == [("s2", "n2")]


def test_the_best_come_first_and_pages_follow_each_other() -> None:
    needs = [
        flow("half", "need", GREENHOUSE, quantity=200.0),
        flow("near", "need", GREENHOUSE),
        flow("far", "need", GREENHOUSE, commune=CHATEAUROUX),
        flow("short", "need", GREENHOUSE, last=date(2024, 6, 30)),
        flow("also-near", "need", LAUNDRY),
    ]
    every = [("s", name) for name in ("also-near", "near", "short", "far", "half")]
    assert pairs(SURPLUS, *needs) == every
    paged: list[tuple[str, str]] = []
    after: Place | None = None
    while page := best([SURPLUS, *needs], TODAY, limit=2, after=after):
        paged += [(match.surplus.id, match.need.id) for match in page]
        after = page[-1].place
    assert paged == every


anybody = st.builds(
    flow,
    st.uuids().map(str),
    st.sampled_from(["surplus", "need"]),
    st.sampled_from([FOUNDRY, GREENHOUSE, LAUNDRY]),
    kind=st.sampled_from(["heat", "cold"]),
    quantity=st.integers(1, 10**10).map(lambda thousandths: thousandths / 1_000),
    commune=st.sampled_from([ISSOUDUN, CHAROST, CHATEAUROUX, PARIS]),
    first=st.dates(date(2024, 1, 1), date(2026, 1, 1)),
    last=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
)


@given(st.lists(anybody, max_size=8))
def test_points_are_out_of_100_and_no_pair_comes_twice(found: list[Declared]) -> None:
    said = best(found, TODAY, limit=100)
    assert len({(match.surplus.id, match.need.id) for match in said}) == len(said)
    assert [match.place for match in said] == sorted(match.place for match in said)
    for match in said:
        assert 0 <= match.points <= 100
        assert match.points == sum(reason.points for reason in match.reasons)
        assert all(reason.points >= 0 for reason in match.reasons)
        assert match.surplus.flow.company != match.need.flow.company


def test_each_reason_has_a_sentence_in_both_languages() -> None:
    assert SENTENCES.keys() == {*get_args(ReasonCode)}
    (match,) = matches((SURPLUS, flow("n", "need", GREENHOUSE, quantity=300.0, commune=CHAROST)), TODAY)
    said = {each.code: (each.told("en"), each.told("fr")) for each in match.reasons}
    assert said["quantity"] == ("the surplus covers 33 % of the need", "l'excédent couvre 33 % du besoin")
    assert said["distance"] == ("10.5 km between the two communes", "10,5 km entre les deux communes")
    assert said["endless"] == ("neither has a known end", "aucun des deux n'a de fin connue")


def test_its_examples_are_true() -> None:
    assert doctest.testmod(matching).failed == 0
