"""How labels and order are written: what finds a stream, and what does not."""

from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.model import Day
from eventstore.decider import State
from eventstore.finding import ABSENT, NOTHING, Changes, Finding, Labelling, order_of, words


class Shed(State):
    """Something to be found."""

    name: str
    status: Literal["open", "shut"] = "open"
    kinds: tuple[str, ...] = ()
    area: float | None = None
    built_on: Day | None = None
    heated: bool = False
    owners: tuple[str, ...] = ()
    measures: dict[str, int] | None = None


EVERYTHING = Finding(found_by=("status", "kinds", "heated"), sorted_by=("area", "built_on"), searched_by=("name",))


def shed(**changes: object) -> Shed:
    return Shed.model_validate({"name": "Cœur d'Étang", "effective_on": date(2024, 5, 13), **changes})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("L'Étang du Bœuf", ["l", "etang", "du", "boeuf"]),
        ("Straße & Søn, 2e étage", ["strasse", "son", "2e", "etage"]),
        ("ＡＢＣ ½", ["abc", "1", "2"]),
        ("— …", []),
        ("ÉTÉ été e\u0301te\u0301", ["ete", "ete", "ete"]),
        ("x" * 100, ["x" * 64]),
    ],
)
def test_words_are_told_apart_and_folded(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_numbers_are_written_in_their_order(one: float, other: float) -> None:
    assert (order_of(one) < order_of(other)) == (one < other)
    assert (order_of(one) == order_of(other)) == (one == other)


@given(st.dates(), st.dates())
def test_days_are_written_in_their_order(one: date, other: date) -> None:
    assert (order_of(one) < order_of(other)) == (one < other)


def test_what_is_absent_comes_before_all_else() -> None:
    assert order_of(None) == order_of("—") == ABSENT
    assert max(ABSENT, order_of("a"), order_of("0"), order_of(float("-inf")), order_of(date.min)) != ABSENT


def test_a_change_of_what_is_declared_is_written_and_no_other() -> None:
    labelling = Labelling("shed", Shed, EVERYTHING, ("owners",))
    before = shed(kinds=("wood", "it's"), owners=("7", "8"), area=12.5)
    labels = (
        r"'shed/status:open' 'shed/kinds:wood' 'shed/kinds:it''s' 'shed/heated:false' 'shed/owners:7' 'shed/owners:8'"
        " 'shed/~coeur' 'shed/~d' 'shed/~etang'"
    )
    order = (("area", order_of(12.5)), ("built_on", ABSENT))
    assert labelling.changes(None, before) == Changes(labels, order)
    assert labelling.changes(before, shed(kinds=("wood", "it's"), owners=("7", "8"), area=12.5, measures={"x": 1})) == (
        NOTHING
    )
    grown = before.model_copy(update={"area": 13.0})
    assert labelling.changes(before, grown) == Changes(None, (("area", order_of(13.0)),))
    shut = before.model_copy(update={"status": "shut"})
    assert labelling.changes(before, shut) == Changes(labels.replace("open", "shut"), ())


def test_what_is_not_declared_costs_nothing() -> None:
    labelling = Labelling("shed", Shed, Finding())
    assert labelling.changes(None, shed()) == labelling.changes(shed(), shed(name="other")) == NOTHING
    assert labelling.mark == 0


def test_each_declaration_has_a_mark_of_its_own() -> None:
    declared = [EVERYTHING, Finding(found_by=("status",)), Finding(sorted_by=("area",)), Finding(searched_by=("name",))]
    assert len({Labelling("shed", Shed, finding).mark for finding in declared}) == len(declared)


def test_what_is_long_or_cannot_be_printed_is_found_by_a_hash() -> None:
    labelling = Labelling("shed", Shed, Finding(found_by=("name",)))
    for name in ("x" * 1000, "a\x1fb", "a\nb"):
        labels = labelling.changes(None, shed(name=name)).labels
        assert labels is not None
        assert len(labels) < 100
        assert labels.isprintable()
        assert labelling.having([("name", name)]) == f"({labels})"


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding(found_by=("colour",)), "Shed has no colour"),
        (Finding(found_by=("measures",)), "cannot be found by measures"),
        (Finding(sorted_by=("kinds",)), "cannot be found by kinds"),
        (Finding(searched_by=("area",)), "cannot be found by area"),
    ],
)
def test_what_cannot_be_found_by_is_refused(finding: Finding, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Labelling("shed", Shed, finding)
