"""What becomes of a bike station: planned, in service and closed, and what is put right."""

from datetime import date
from typing import Any, get_args

import pytest
from lending import DESCRIPTION

from contracts import Event
from contracts.mobility.bike_station import (
    BikeDocksChanged,
    BikeDocksCorrected,
    BikeStationClosed,
    BikeStationDescription,
    BikeStationDescriptionCorrected,
    BikeStationEnteredService,
    BikeStationPlanned,
    BikeStationStatus,
)
from eventstore.decider import ITSELF, Claim, Command
from eventstore.specification import Specification
from mobility.bike_station import (
    DOCKS_TAKEN,
    STATION_FULL,
    ChangeDocks,
    Close,
    CorrectDescription,
    CorrectDocks,
    EnterService,
    Plan,
    bike_stations,
    docked,
)

TODAY = date(2024, 9, 2)
given = Specification(bike_stations, today=TODAY)


def day(month: int) -> date:
    return date(2024, month, 1)


def facts(status: BikeStationStatus, docks: int = 10) -> dict[str, Any]:
    return {"bike_station": "gare-velos", "commune": "36088", "zone": None, "status": status, "docks": docks}


plan = Plan(**dict(DESCRIPTION), code="gare-velos", commune="36088", docks=10, on=day(1))
planned = BikeStationPlanned(**facts("planned"), description=DESCRIPTION, effective_on=day(1))
in_service = BikeStationEnteredService(**facts("in_service"), effective_on=day(3))
closed = BikeStationClosed(**facts("closed"), reason="replaced", effective_on=day(6))
WAY: tuple[Event, ...] = (planned, in_service, closed)
PASTS: dict[str, tuple[Event, ...]] = {
    status: WAY[: place + 1] for place, status in enumerate(get_args(BikeStationStatus))
}


def test_a_station_is_planned_put_in_service_and_closed() -> None:
    given().when(plan).then(planned)
    given().when(plan).then_state(**facts("planned"), **dict(DESCRIPTION), planned_on=day(1), in_service_on=None)
    given(planned).when(plan).rejected("bike-station-exists")
    given(planned).when(EnterService(on=day(3))).then(in_service)
    given(planned).when(EnterService(on=day(3))).then_state(status="in_service", in_service_on=day(3))
    given(*PASTS["in_service"]).when(Close(reason="replaced", on=day(6))).then(closed)
    given(*PASTS["in_service"]).when(Close(reason="works")).then_state(closed_on=TODAY, reason="works")
    given(planned).when(Close(reason="given_up")).then_state(status="closed", in_service_on=None)


@pytest.mark.parametrize("status", ["planned", "in_service"])
def test_docks_change_from_a_day_on(status: BikeStationStatus) -> None:
    changed = BikeDocksChanged(**facts(status, 12), docks_before=10, effective_on=day(4))
    given(*PASTS[status]).when(ChangeDocks(docks=12, on=day(4))).then(changed)
    given(*PASTS[status], changed).when(ChangeDocks(docks=12, on=day(5))).then()


@pytest.mark.parametrize("status", get_args(BikeStationStatus))
def test_docks_and_description_are_corrected_also_of_what_is_closed(status: BikeStationStatus) -> None:
    past = PASTS[status]
    corrected = BikeDocksCorrected(**facts(status, 8), docks_before=10, reason="count", effective_on=day(2))
    given(*past).when(CorrectDocks(docks=8, reason="count", on=day(2))).then(corrected)
    given(*past).when(CorrectDocks(docks=8, reason="count", on=day(2))).then_state(docks=8, corrected_on=day(2))
    given(*past).when(CorrectDocks(docks=10, reason="count")).then()
    anew = BikeStationDescription(name="Gare, parvis", position=(1.9872, 46.9491))
    correct = CorrectDescription(**dict(anew), reason="changed")
    given(*past).when(correct).then(
        BikeStationDescriptionCorrected(
            **facts(status), description_before=DESCRIPTION, description=anew, reason="changed", effective_on=TODAY
        )
    )
    given(*past).when(correct).then_state(**dict(anew), corrected_on=TODAY, effective_on=past[-1].effective_on)
    given(*past).when(CorrectDescription(**dict(DESCRIPTION), reason="changed")).then()


@pytest.mark.parametrize(
    "command",
    [
        CorrectDocks(docks=8, reason="count", on=date(2023, 12, 31)),
        CorrectDescription(name="Gare", position=(1.9, 46.9), reason="changed", on=date(2023, 12, 31)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_corrected_before_it_was_planned(command: Command) -> None:
    given(planned).when(command).rejected("corrected-before-it-was-planned")


@pytest.mark.parametrize(
    ("command", "status", "slug"),
    [
        (EnterService(), "in_service", "bike-station-not-planned"),
        (EnterService(), "closed", "bike-station-not-planned"),
        (Close(reason="works"), "closed", "bike-station-closed"),
        (ChangeDocks(docks=3), "closed", "bike-station-closed"),
    ],
)
def test_what_is_not_for_a_status_is_refused(command: Command, status: str, slug: str) -> None:
    given(*PASTS[status]).when(command).rejected(slug)


def test_steps_are_in_the_order_of_their_days_and_not_ahead() -> None:
    given(*PASTS["in_service"]).when(Close(reason="works", on=day(2))).rejected("on-before-previous-step")
    given(planned).when(EnterService(on=date(2024, 9, 3))).rejected("on-in-the-future")


@pytest.mark.parametrize(("status", "not_there"), [("planned", 100), ("in_service", 90), ("closed", 100)])
def test_a_station_holds_the_docks_that_it_does_not_have(status: str, not_there: int) -> None:
    given(*PASTS[status]).holds(
        Claim(DOCKS_TAKEN, ITSELF, amount=not_there, limit=100),
        Claim(STATION_FULL, ITSELF, amount=not_there, limit=100),
    )


def test_a_station_of_all_docks_holds_none_and_a_bike_holds_one_in_both_ways() -> None:
    given(
        *PASTS["in_service"], BikeDocksChanged(**facts("in_service", 100), docks_before=10, effective_on=day(4))
    ).holds()
    assert [*docked("gare-velos")] == [
        Claim(STATION_FULL, "gare-velos", amount=1, limit=100),
        Claim(DOCKS_TAKEN, "gare-velos", amount=1, limit=100),
    ]
