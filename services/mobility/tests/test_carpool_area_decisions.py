"""What becomes of a carpool area: planned, opened, closed and reopened, and what is put right."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from contracts import Event
from contracts.mobility.carpool_area import (
    CarpoolAreaClosed,
    CarpoolAreaOpened,
    CarpoolAreaPlanned,
    CarpoolAreaReopened,
    CarpoolAreaStatus,
    CarpoolDescription,
    CarpoolDescriptionCorrected,
    CarpoolPlacesChanged,
    CarpoolPlacesCorrected,
)
from eventstore.decider import Claim, Command
from eventstore.specification import Specification
from mobility.carpool_area import (
    NATIONAL_ID_TAKEN,
    CarpoolArea,
    ChangePlaces,
    Close,
    CorrectDescription,
    CorrectPlaces,
    Open,
    Plan,
    Reopen,
    carpool_areas,
)

TODAY = date(2024, 9, 2)
given = Specification(carpool_areas, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


def facts(status: CarpoolAreaStatus, places: int = 24) -> dict[str, Any]:
    return {
        "carpool_area": "limoise-entree",
        "commune": "36088",
        "zone": "zi-limoise",
        "status": status,
        "places": places,
        "accessible_places": 2,
    }


DESCRIBED: dict[str, Any] = {
    "name": "Entrée de la ZI la Limoise",
    "kind": "carpool_area",
    "position": (1.974, 46.952),
    "lit": True,
}
UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("address", "opening_hours", "longest_stay", "owner", "amenities", "national_id")
)
DESCRIPTION = CarpoolDescription(**DESCRIBED, **UNKNOWN)
plan = Plan(
    **DESCRIBED,
    code="limoise-entree",
    commune="36088",
    zone="zi-limoise",
    places=24,
    accessible_places=2,
    on=day(1),
)
planned = CarpoolAreaPlanned(**facts("planned"), description=DESCRIPTION, effective_on=day(1))
opened = CarpoolAreaOpened(**facts("open"), effective_on=day(3))
closed = CarpoolAreaClosed(**facts("closed"), reason="works", effective_on=day(6))
reopened = CarpoolAreaReopened(**facts("open"), effective_on=day(8))

WAY: tuple[Event, ...] = (planned, opened, closed)
PASTS: dict[str, tuple[Event, ...]] = {
    status: WAY[: place + 1] for place, status in enumerate(get_args(CarpoolAreaStatus))
}


def test_an_area_is_planned_opened_closed_and_reopened() -> None:
    given().when(plan).then(planned)
    given().when(plan).then_state(**facts("planned"), **DESCRIBED, **UNKNOWN, planned_on=day(1), opened_on=None)
    given(planned).when(plan).rejected("carpool-area-exists")
    given(planned).when(Open(on=day(3))).then(opened)
    given(planned).when(Open(on=day(3))).then_state(status="open", opened_on=day(3))
    given(*PASTS["open"]).when(Close(reason="works", on=day(6))).then(closed)
    given(*PASTS["open"]).when(Close(reason="works", on=day(6))).then_state(
        status="closed", closed_on=day(6), reason="works", opened_on=day(3)
    )
    given(*PASTS["closed"]).when(Reopen(on=day(8))).then(reopened)
    given(*PASTS["closed"]).when(Reopen(on=day(8))).then_state(
        status="open", opened_on=day(8), closed_on=None, reason=None
    )


def test_an_area_that_is_open_already_is_planned_and_opened_at_once() -> None:
    existing = plan.model_copy(update={"is_open": True})
    given().when(existing).then(planned, CarpoolAreaOpened(**facts("open"), effective_on=day(1)))
    given().when(existing).then_state(status="open", planned_on=day(1), opened_on=day(1))
    given(planned).when(existing).rejected("carpool-area-exists")
    given().when(existing.model_copy(update={"accessible_places": 25})).rejected("more-accessible-than-places")


def test_what_is_only_planned_may_be_given_up_and_taken_up_again() -> None:
    given_up = CarpoolAreaClosed(**facts("closed"), reason="given_up", effective_on=TODAY)
    given(planned).when(Close(reason="given_up")).then(given_up)
    given(planned, given_up).when(Reopen()).then_state(status="open", opened_on=TODAY, closed_on=None)


@pytest.mark.parametrize(
    "command",
    [
        plan.model_copy(update={"accessible_places": 25}),
        ChangePlaces(places=1, accessible_places=2),
        CorrectPlaces(places=0, accessible_places=1, reason="count"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_no_more_places_are_for_disabled_persons_than_there_are(command: Command) -> None:
    given(*(() if isinstance(command, Plan) else PASTS["open"])).when(command).rejected("more-accessible-than-places")


def test_places_change_from_a_day_on() -> None:
    changed = CarpoolPlacesChanged(
        **facts("open", 32), places_before=24, accessible_places_before=2, effective_on=day(5)
    )
    change = ChangePlaces(places=32, accessible_places=2, on=day(5))
    given(*PASTS["open"]).when(change).then(changed)
    given(*PASTS["open"]).when(change).then_state(places=32, accessible_places=2, changed_on=day(5))
    given(*PASTS["open"], changed).when(change).then()
    given(*PASTS["open"]).when(ChangePlaces(places=24, accessible_places=3)).then_state(accessible_places=3)


def changed_on(on: date, status: CarpoolAreaStatus) -> CarpoolPlacesChanged:
    return CarpoolPlacesChanged(**facts(status, 32), places_before=24, accessible_places_before=2, effective_on=on)


@pytest.mark.parametrize(
    ("past", "status", "open_from", "open_until"),
    [
        ((planned,), "planned", None, None),
        ((planned, opened), "open", day(3), None),
        ((planned, opened, closed), "closed", day(3), day(6)),
        ((planned, changed_on(day(2), "planned"), opened), "open", day(3), None),
        ((planned, opened, changed_on(day(4), "open")), "open", day(4), None),
        ((planned, opened, changed_on(day(4), "open"), closed), "closed", day(4), day(6)),
        ((planned, opened, changed_on(day(6), "open"), closed), "closed", None, None),
        ((planned, opened, closed, changed_on(day(7), "closed")), "closed", None, None),
        (
            (planned, opened, closed, changed_on(day(7), "closed"), reopened),
            "open",
            day(8),
            None,
        ),
    ],
)
def test_places_are_corrected_on_the_days_on_which_it_was_open_with_as_many(
    past: tuple[Event, ...], status: CarpoolAreaStatus, open_from: date | None, open_until: date | None
) -> None:
    before = given(*past).state
    assert before is not None
    correct = CorrectPlaces(places=26, accessible_places=2, reason="count")
    decided = given(*past).when(correct)
    corrected = CarpoolPlacesCorrected(
        **facts(status, 26),
        places_before=before.places,
        accessible_places_before=2,
        open_from=open_from,
        open_until=open_until,
        reason="count",
        effective_on=TODAY,
    )
    decided.then(corrected)
    decided.then_state(places=26, corrected_on=TODAY, effective_on=before.effective_on)
    given(*past, corrected).when(correct).then()


def test_a_description_is_told_anew_and_what_is_not_given_is_not_known_any_more() -> None:
    told = {**DESCRIBED, "kind": "park_and_ride", "national_id": "36088-C-001"}
    del told["lit"]
    correct = CorrectDescription(**told, reason="changed")
    description = CarpoolDescription(**{**UNKNOWN, **told, "lit": None})
    corrected = CarpoolDescriptionCorrected(
        **facts("open"),
        description_before=DESCRIPTION,
        description=description,
        reason="changed",
        effective_on=TODAY,
    )
    given(*PASTS["open"]).when(correct).then(corrected)
    given(*PASTS["open"]).when(correct).then_state(
        kind="park_and_ride", national_id="36088-C-001", lit=None, places=24, effective_on=day(3), corrected_on=TODAY
    )
    given(*PASTS["open"], corrected).when(correct).then()


@pytest.mark.parametrize(
    "command",
    [
        CorrectPlaces(places=26, accessible_places=2, reason="count"),
        CorrectDescription(**{**DESCRIBED, "lit": False}, reason="typing_error"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_corrected_before_it_was_planned(command: Command) -> None:
    given(*PASTS["open"]).when(command.model_copy(update={"on": day(1)})).then_state(corrected_on=day(1))
    early = command.model_copy(update={"on": date(2023, 12, 31)})
    given(*PASTS["open"]).when(early).rejected("corrected-before-it-was-planned")


def test_no_two_areas_have_one_national_number() -> None:
    given(planned).holds()
    numbered = plan.model_copy(update={"national_id": "36088-C-001"})
    given(*given().when(numbered).events).holds(Claim(NATIONAL_ID_TAKEN, "36088-C-001"))


ALLOWED: dict[type[Command], set[str]] = {
    Open: {"planned"},
    Close: {"planned", "open"},
    Reopen: {"closed"},
    ChangePlaces: {*PASTS},
    CorrectPlaces: {*PASTS},
    CorrectDescription: {*PASTS},
}
COMMANDS: list[tuple[Command, str]] = [
    (Open(), "carpool-area-not-planned"),
    (Close(reason="unsafe"), "carpool-area-closed"),
    (Reopen(), "carpool-area-not-closed"),
    (ChangePlaces(places=30, accessible_places=2), "unused"),
    (CorrectPlaces(places=30, accessible_places=2, reason="count"), "unused"),
    (CorrectDescription(**{**DESCRIBED, "name": "Entrée nord"}, reason="typing_error"), "unused"),
]


@pytest.mark.parametrize("status", get_args(CarpoolAreaStatus))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        decided.then_state()
    else:
        decided.rejected(slug)


@pytest.mark.parametrize(("command", "_slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_nothing_is_of_a_day_to_come_and_steps_keep_their_order(command: Command, _slug: str) -> None:
    status = min(ALLOWED[type(command)])
    given(*PASTS[status]).when(command.model_copy(update={"on": day(9, 3)})).rejected("on-in-the-future")
    if not carpool_areas.decision(type(command)).corrects:
        given(*PASTS[status]).when(command.model_copy(update={"on": date(2023, 12, 31)})).rejected(
            "on-before-previous-step"
        )


@hypothesis_given(
    st.lists(
        st.one_of(
            st.just(Open()),
            st.just(Reopen()),
            st.just(Close(reason="works")),
            st.builds(ChangePlaces, places=st.integers(2, 9), accessible_places=st.integers(0, 3)),
            st.builds(
                CorrectPlaces, places=st.integers(2, 9), accessible_places=st.integers(0, 3), reason=st.just("count")
            ),
        ),
        max_size=20,
    )
)
def test_whatever_is_asked_figures_are_put_right_where_they_were_wrong(commands: list[Command]) -> None:
    """A command each day. Who counts the places as events tell meets, where one corrects, what it says was known."""
    counted: dict[date, int] = {}
    events: list[Event] = [planned]
    for number, command in enumerate(commands):
        on = day(1, 2) + timedelta(days=number)
        decided = given(*events).when(command.model_copy(update={"on": on}))
        for event in decided.events if decided.refusal is None else ():
            events.append(event)
            if isinstance(event, CarpoolPlacesCorrected):
                wrong = [
                    each
                    for each in counted
                    if event.open_from and event.open_from <= each < (event.open_until or TODAY)
                ]
                assert all(counted[each] == event.places_before for each in wrong)
                counted |= dict.fromkeys(wrong, event.places)
        state = given(*events).state
        assert state is not None
        assert state.accessible_places <= state.places
        counted[on] = state.places if state.status == "open" else 0


def test_every_command_and_event_is_handled() -> None:
    carpool_areas.check()
    assert ALLOWED.keys() | {Plan} == carpool_areas.decisions.keys()
    assert isinstance(carpool_areas.fold(WAY), CarpoolArea)
