"""Which rides somebody is offered who looks for one, in which order, and what is said of it."""

import doctest
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rides import DAY, DEPARTS, OFFERED, ON_THE_DAY, asked, paris

from contracts.mobility.ride import RideCancelled
from mobility import matching
from mobility.matching import SENTENCES, Found, Offered, ReasonCode, Wish, best, metres_between
from mobility.ride import rides

CHAROST = (2.0836, 46.9481)
LIMOISE = (1.974, 46.952)
EARLY = paris(DAY, 5)
WISH = Wish(CHAROST, LIMOISE, paris(DAY, 7), paris(DAY, 9), 800)
METRE = 1 / 111_195
"""Of latitude, in degrees."""


def ride(identity: str = "a", *events: Any, north: float = 0, **changes: Any) -> Offered:
    """A ride that begins and ends so many metres north of Chârost and of the ZI la Limoise."""
    told = {
        "origin": (CHAROST[0], CHAROST[1] + north * METRE),
        "destination": (LIMOISE[0], LIMOISE[1] + north * METRE),
        **changes,
    }
    if "departs_at" in told:
        told["arrives_at"] = told["departs_at"] + timedelta(minutes=20)
    state = rides.fold((OFFERED.model_copy(update=told), *events))
    assert state is not None
    return Offered(identity, state)


def found(*offers: Offered, wish: Wish = WISH) -> list[str]:
    return [each.offered.id for each in best(offers, wish, EARLY)]


def test_a_ride_from_here_to_there_in_that_time_is_found_with_its_reasons() -> None:
    (offer,) = best([ride(north=200)], WISH, EARLY)
    assert (offer.walk_to_origin, offer.walk_from_destination, offer.wait, offer.seats_left) == (200, 200, 20, 2)
    # 400 of 1,600 metres cost 15 of 60 points, and 20 of 120 minutes 7 of 40.
    assert [(each.code, each.points, each.value) for each in offer.reasons] == [
        ("seats_left", 0, 2),
        ("walk_to_origin", 22, 200),
        ("walk_from_destination", 22, 200),
        ("wait", 33, 20),
    ]
    assert offer.points == 77


def test_the_best_is_where_one_wants_to_be_when_one_wants_to_leave() -> None:
    (offer,) = best([ride(departs_at=WISH.earliest)], WISH, EARLY)
    assert offer.points == 100


@pytest.mark.parametrize(
    "offer",
    [
        ride(north=801),
        ride(origin=(CHAROST[0], CHAROST[1] + 801 * METRE)),
        ride(destination=(LIMOISE[0], LIMOISE[1] + 801 * METRE)),
        ride(departs_at=WISH.earliest - timedelta(minutes=1)),
        ride(departs_at=WISH.latest + timedelta(minutes=1)),
        ride("full", asked(), asked(2, "0190a3c4-5e6f-7a8b-9c0d-000000000003")),
        ride("cancelled", RideCancelled(**ON_THE_DAY, reason="other")),
        ride(origin=LIMOISE, destination=CHAROST),
    ],
)
def test_what_does_not_fit_is_not_offered(offer: Offered) -> None:
    assert found(offer) == []


def test_both_ends_of_the_time_and_of_the_walk_are_included() -> None:
    for fits in (ride(north=799), ride(departs_at=WISH.earliest), ride(departs_at=WISH.latest)):
        assert found(fits) == ["a"]
    assert found(ride("one seat left", asked())) == ["one seat left"]


def test_what_has_departed_is_not_offered() -> None:
    assert best([ride()], WISH, DEPARTS) == []
    assert len(best([ride()], WISH, DEPARTS - timedelta(seconds=1))) == 1


def test_a_short_walk_and_a_short_wait_come_first() -> None:
    near, far = ride("near", north=100), ride("far", north=700)
    soon, late = ride("soon", departs_at=paris(DAY, 7)), ride("late", departs_at=paris(DAY, 8, 50))
    assert found(far, near) == ["near", "far"]
    assert found(late, soon) == ["soon", "late"]
    assert found(ride("b"), ride("a")) == ["a", "b"]


def test_who_does_not_walk_at_all_is_offered_what_is_there() -> None:
    there = WISH._replace(walking=0)
    assert found(ride(), ride("b", north=2), wish=there) == ["a"]


@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(-30, 150), st.integers(0, 2)), max_size=12),
    st.integers(0, 900),
)
def test_whatever_is_offered_points_are_those_of_the_reasons_and_go_down(
    offers: list[tuple[int, int, int]], walking: int
) -> None:
    wish = WISH._replace(walking=walking)
    there = [
        ride(str(number), *[asked(n, f"0190a3c4-5e6f-7a8b-9c0d-00000000000{n + 1}") for n in range(1, taken + 1)],
             north=north, departs_at=WISH.earliest + timedelta(minutes=wait))
        for number, (north, wait, taken) in enumerate(offers)
    ]  # fmt: skip
    answer: list[Found] = best(there, wish, EARLY)
    points = [each.points for each in answer]
    assert points == sorted(points, reverse=True)
    for each in answer:
        assert 0 <= each.points <= 100
        assert all(reason.points >= 0 for reason in each.reasons)
        assert max(each.walk_to_origin, each.walk_from_destination) <= walking
        assert each.seats_left > 0
        assert 0 <= each.wait <= 120
    fitting = [each for each in offers if abs(each[0]) <= walking - 1 and 0 <= each[1] <= 120 and each[2] < 2]
    assert len(answer) >= len(fitting)


def test_distances_are_those_on_a_sphere() -> None:
    assert metres_between(LIMOISE, LIMOISE) == 0
    assert metres_between((2.0, 46.0), (2.0, 47.0)) == 111_195
    assert metres_between(CHAROST, LIMOISE) == metres_between(LIMOISE, CHAROST)
    assert doctest.testmod(matching).failed == 0


def test_every_reason_is_told_in_both_languages() -> None:
    assert SENTENCES.keys() == {*get_args(ReasonCode)}
    (offer,) = best([ride(north=200)], WISH, EARLY)
    told = {reason.code: (reason.told("en"), reason.told("fr")) for reason in offer.reasons}
    assert told["seats_left"] == ("seats left: 2", "places libres : 2")
    assert all(en != fr for en, fr in told.values())
