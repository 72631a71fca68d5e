"""What becomes of a bike parking: planned, in service and removed, and what is put right."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from contracts import Event
from contracts.mobility.bike_parking import (
    BikeParkingDescription,
    BikeParkingDescriptionCorrected,
    BikeParkingEnteredService,
    BikeParkingPlanned,
    BikeParkingRemoved,
    BikeParkingStatus,
    BikePlacesChanged,
    BikePlacesCorrected,
)
from eventstore.decider import Command
from eventstore.specification import Specification
from mobility.bike_parking import (
    BikeParking,
    ChangePlaces,
    CorrectDescription,
    CorrectPlaces,
    EnterService,
    Plan,
    Remove,
    bike_parkings,
)

TODAY = date(2024, 9, 2)
given = Specification(bike_parkings, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


def facts(status: BikeParkingStatus, places: int = 12) -> dict[str, Any]:
    return {
        "bike_parking": "gare-nord",
        "commune": "36088",
        "zone": None,
        "status": status,
        "places": places,
        "cargo_places": 2,
    }


DESCRIBED: dict[str, Any] = {
    "name": "Gare, côté nord",
    "position": (1.987, 46.949),
    "fastening": "frame_and_wheel",
    "rack": "hoop",
    "covered": True,
}
UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("access", "free_of_charge", "protection", "watched", "lit", "website", "owner", "operator", "remarks", "osm_id")
)
DESCRIPTION = BikeParkingDescription(**DESCRIBED, **UNKNOWN)
plan = Plan(**DESCRIBED, code="gare-nord", commune="36088", places=12, cargo_places=2, on=day(1))
planned = BikeParkingPlanned(**facts("planned"), description=DESCRIPTION, effective_on=day(1))
in_service = BikeParkingEnteredService(**facts("in_service"), effective_on=day(3))
removed = BikeParkingRemoved(**facts("removed"), reason="replaced", effective_on=day(6))

WAY: tuple[Event, ...] = (planned, in_service, removed)
PASTS: dict[str, tuple[Event, ...]] = {
    status: WAY[: place + 1] for place, status in enumerate(get_args(BikeParkingStatus))
}


def test_a_parking_is_planned_put_in_service_and_removed() -> None:
    given().when(plan).then(planned)
    given().when(plan).then_state(**facts("planned"), **DESCRIBED, **UNKNOWN, planned_on=day(1), in_service_on=None)
    given(planned).when(plan).rejected("bike-parking-exists")
    given(planned).when(EnterService(on=day(3))).then(in_service)
    given(planned).when(EnterService(on=day(3))).then_state(status="in_service", in_service_on=day(3))
    given(*PASTS["in_service"]).when(Remove(reason="replaced", on=day(6))).then(removed)
    given(*PASTS["in_service"]).when(Remove(reason="replaced", on=day(6))).then_state(
        status="removed", removed_on=day(6), reason="replaced"
    )
    given(planned).when(Remove(reason="given_up")).then_state(status="removed", removed_on=TODAY, in_service_on=None)


def test_a_parking_where_bikes_stand_already_is_planned_and_put_in_service_at_once() -> None:
    existing = plan.model_copy(update={"is_in_service": True})
    given().when(existing).then(planned, BikeParkingEnteredService(**facts("in_service"), effective_on=day(1)))
    given().when(existing).then_state(status="in_service", planned_on=day(1), in_service_on=day(1))
    given(planned).when(existing).rejected("bike-parking-exists")
    given().when(existing.model_copy(update={"cargo_places": 13})).rejected("more-for-cargo-than-places")


@pytest.mark.parametrize(
    "command",
    [
        plan.model_copy(update={"is_in_service": True}),
        CorrectDescription(**DESCRIBED, reason="late_document", on=day(5)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_bikes_have_parked_there_since_a_year_that_has_begun(command: Command) -> None:
    past = () if isinstance(command, Plan) else PASTS["in_service"]
    decided = given(*past).when(command.model_copy(update={"in_service_since": 2017}))
    decided.then_state(status="in_service", in_service_since=2017)
    given(*past).when(command.model_copy(update={"in_service_since": 2024})).then_state(in_service_since=2024)
    late = command.model_copy(update={"in_service_since": 2025})
    given(*past).when(late).rejected("in-service-since-a-year-to-come")


@pytest.mark.parametrize(
    "command",
    [
        plan.model_copy(update={"cargo_places": 13}),
        ChangePlaces(places=1, cargo_places=2),
        CorrectPlaces(places=1, cargo_places=2, reason="count"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_no_more_places_are_for_large_bikes_than_there_are(command: Command) -> None:
    past = () if isinstance(command, Plan) else PASTS["in_service"]
    given(*past).when(command).rejected("more-for-cargo-than-places")


def test_all_places_may_be_for_large_bikes() -> None:
    given(*PASTS["in_service"]).when(ChangePlaces(places=2, cargo_places=2)).then_state(places=2, cargo_places=2)


def changed_on(on: date, status: BikeParkingStatus) -> BikePlacesChanged:
    return BikePlacesChanged(**facts(status, 20), places_before=12, cargo_places_before=2, effective_on=on)


def test_places_change_from_a_day_on() -> None:
    changed = changed_on(day(5), "in_service")
    change = ChangePlaces(places=20, cargo_places=2, on=day(5))
    given(*PASTS["in_service"]).when(change).then(changed)
    given(*PASTS["in_service"]).when(change).then_state(places=20, cargo_places=2, changed_on=day(5))
    given(*PASTS["in_service"], changed).when(change).then()


@pytest.mark.parametrize(
    ("past", "status", "since", "until"),
    [
        ((planned,), "planned", None, None),
        ((planned, in_service), "in_service", day(3), None),
        ((planned, in_service, removed), "removed", day(3), day(6)),
        ((planned, changed_on(day(2), "planned"), in_service), "in_service", day(3), None),
        ((planned, in_service, changed_on(day(4), "in_service")), "in_service", day(4), None),
        ((planned, in_service, changed_on(day(4), "in_service"), removed), "removed", day(4), day(6)),
        ((planned, in_service, changed_on(day(6), "in_service"), removed), "removed", None, None),
    ],
)
def test_places_are_corrected_on_the_days_on_which_it_was_in_service_with_as_many(
    past: tuple[Event, ...], status: BikeParkingStatus, since: date | None, until: date | None
) -> None:
    before = given(*past).state
    assert before is not None
    corrected = BikePlacesCorrected(
        **facts(status, 14),
        places_before=before.places,
        cargo_places_before=2,
        in_service_from=since,
        in_service_until=until,
        reason="count",
        effective_on=TODAY,
    )
    correct = CorrectPlaces(places=14, cargo_places=2, reason="count")
    given(*past).when(correct).then(corrected)
    given(*past).when(correct).then_state(places=14, corrected_on=TODAY, effective_on=before.effective_on)
    given(*past, corrected).when(correct).then()


def test_a_description_is_told_anew_and_what_is_not_given_is_not_known_any_more() -> None:
    told = {**DESCRIBED, "protection": "shared_shelter", "website": "https://www.example.org/velos"}
    del told["covered"]
    correct = CorrectDescription(**told, reason="changed")
    corrected = BikeParkingDescriptionCorrected(
        **facts("in_service"),
        description_before=DESCRIPTION,
        description=BikeParkingDescription(**{**UNKNOWN, **told, "covered": None}),
        reason="changed",
        effective_on=TODAY,
    )
    given(*PASTS["in_service"]).when(correct).then(corrected)
    given(*PASTS["in_service"]).when(correct).then_state(
        protection="shared_shelter", covered=None, places=12, effective_on=day(3), corrected_on=TODAY
    )
    given(*PASTS["in_service"], corrected).when(correct).then()


@pytest.mark.parametrize(
    "command",
    [
        CorrectPlaces(places=14, cargo_places=2, reason="count"),
        CorrectDescription(**{**DESCRIBED, "covered": False}, reason="typing_error"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_corrected_before_it_was_planned(command: Command) -> None:
    given(*PASTS["removed"]).when(command.model_copy(update={"on": day(1)})).then_state(corrected_on=day(1))
    early = command.model_copy(update={"on": date(2023, 12, 31)})
    given(*PASTS["removed"]).when(early).rejected("corrected-before-it-was-planned")


ALLOWED: dict[type[Command], set[str]] = {
    EnterService: {"planned"},
    Remove: {"planned", "in_service"},
    ChangePlaces: {"planned", "in_service"},
    CorrectPlaces: {*PASTS},
    CorrectDescription: {*PASTS},
}
COMMANDS: list[tuple[Command, str]] = [
    (EnterService(), "bike-parking-not-planned"),
    (Remove(reason="unsafe"), "bike-parking-removed"),
    (ChangePlaces(places=20, cargo_places=2), "bike-parking-removed"),
    (CorrectPlaces(places=20, cargo_places=2, reason="count"), "unused"),
    (CorrectDescription(**{**DESCRIBED, "name": "Gare, côté sud"}, reason="typing_error"), "unused"),
]


@pytest.mark.parametrize("status", get_args(BikeParkingStatus))
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
    if not bike_parkings.decision(type(command)).corrects:
        given(*PASTS[status]).when(command.model_copy(update={"on": date(2023, 12, 31)})).rejected(
            "on-before-previous-step"
        )


@hypothesis_given(
    st.lists(
        st.one_of(
            st.just(EnterService()),
            st.just(Remove(reason="works")),
            st.builds(ChangePlaces, places=st.integers(2, 9), cargo_places=st.integers(0, 3)),
            st.builds(CorrectPlaces, places=st.integers(2, 9), cargo_places=st.integers(0, 3), reason=st.just("count")),
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
            if isinstance(event, BikePlacesCorrected):
                first, until = event.in_service_from or TODAY, event.in_service_until or TODAY
                wrong = [each for each in counted if first <= each < until]
                assert all(counted[each] == event.places_before for each in wrong)
                counted |= dict.fromkeys(wrong, event.places)
        state = given(*events).state
        assert state is not None
        assert 0 <= state.cargo_places <= state.places
        counted[on] = state.places if state.status == "in_service" else 0


def test_every_command_and_event_is_handled() -> None:
    bike_parkings.check()
    assert ALLOWED.keys() | {Plan} == bike_parkings.decisions.keys()
    assert isinstance(bike_parkings.fold(WAY), BikeParking)
