"""What becomes of a bike: lent from docks, moved, looked after, retired; and what it holds meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from lending import (
    AT_GARE,
    AT_LIMOISE,
    BIKE,
    BROUGHT_BACK,
    COMMISSIONED,
    GARE,
    LEFT,
    LIMOISE,
    LOAN,
    LOST,
    NOWHERE,
    OTHER_LOAN,
    SINCE,
    TODAY,
    on_bike,
    station,
)

from contracts import Event
from contracts.mobility.bike import (
    BikeCommissioned,
    BikeKindCorrected,
    BikeLeft,
    BikeMaintenanceBegan,
    BikeMaintenanceEnded,
    BikeMoved,
    BikeRangeReported,
    BikeRetired,
)
from contracts.mobility.bike_station import BikeStationClosed
from eventstore.decider import ITSELF, Claim, Command
from eventstore.specification import Specification
from mobility.bike import (
    BIKE_TAKEN,
    BeginMaintenance,
    Commission,
    CorrectKind,
    EndMaintenance,
    GiveUp,
    LeaveDock,
    Move,
    ReportRange,
    Retire,
    TakeBack,
    bikes,
)
from mobility.bike_station import docked

given = Specification(bikes, today=TODAY)
limoise = station(AT_LIMOISE)
closed = station(
    AT_LIMOISE,
    BikeStationClosed(
        bike_station=LIMOISE,
        commune="36088",
        zone="zi-limoise",
        docks=10,
        status="closed",
        reason="works",
        effective_on=TODAY,
    ),
)
in_dock = BikeMaintenanceBegan(**on_bike("maintenance"), reason="battery", station_before=GARE)
in_workshop = BikeMaintenanceBegan(**on_bike("maintenance", NOWHERE), reason="repair", station_before=GARE)
retired = BikeRetired(**on_bike("retired", NOWHERE), reason="sold", station_before=GARE)


def test_a_bike_is_commissioned_at_a_station_with_a_full_battery() -> None:
    commission = Commission(code=BIKE, kind="e_bike", station=GARE)
    entered = commission.model_copy(update={"on": SINCE})
    given().knowing(station()).when(entered).then(COMMISSIONED)
    given().knowing(station()).when(entered).then_state(
        **AT_GARE, status="in_service", metres_left=60_000, trips=0, loan=None, commissioned_on=SINCE
    )
    given(COMMISSIONED).knowing(station()).when(commission).rejected("bike-exists")
    plain = commission.model_copy(update={"kind": "bike"})
    given().knowing(station()).when(plain).then(BikeCommissioned(**on_bike(kind="bike"), metres_left=None))


@pytest.mark.parametrize(
    ("past", "command"),
    [
        ((), Commission(code=BIKE, kind="bike", station=LIMOISE)),
        ((COMMISSIONED,), Move(station=LIMOISE)),
        ((COMMISSIONED, in_workshop), EndMaintenance(station=LIMOISE)),
        ((COMMISSIONED, LEFT), TakeBack(loan=LOAN, station=LIMOISE)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_bikes_are_put_into_docks_of_stations_in_service(past: tuple[Event, ...], command: Command) -> None:
    given(*past).knowing(None).when(command).rejected("station-unknown")
    given(*past).knowing(closed).when(command).rejected("station-not-in-service")


def test_a_bike_is_moved_between_stations() -> None:
    moved = BikeMoved(**on_bike(place=AT_LIMOISE), station_before=GARE)
    given(COMMISSIONED).knowing(limoise).when(Move(station=LIMOISE)).then(moved)
    given(COMMISSIONED).knowing(limoise).when(Move(station=LIMOISE)).then_state(**AT_LIMOISE)
    given(COMMISSIONED).knowing(station()).when(Move(station=GARE)).then()
    given(COMMISSIONED, LEFT, BROUGHT_BACK).knowing(station()).when(Move(station=GARE)).then_state(brought_by=None)


def test_a_bike_is_looked_after_in_its_dock_or_in_the_workshop() -> None:
    given(COMMISSIONED).when(BeginMaintenance(reason="battery")).then(in_dock)
    given(COMMISSIONED).when(BeginMaintenance(reason="repair", in_dock=False)).then(in_workshop)
    given(COMMISSIONED).when(BeginMaintenance(reason="repair", in_dock=False)).then_state(
        status="maintenance", station=None, maintenance_on=TODAY, reason="repair", commune="36088"
    )
    given(COMMISSIONED, in_dock).when(EndMaintenance()).then(BikeMaintenanceEnded(**on_bike()))
    given(COMMISSIONED, in_dock).when(EndMaintenance()).then_state(
        **AT_GARE, status="in_service", maintenance_on=None, reason=None
    )
    given(COMMISSIONED, in_dock).knowing(closed).when(EndMaintenance(station=GARE)).then_state(**AT_GARE)
    given(COMMISSIONED, in_workshop).when(EndMaintenance()).rejected("bike-not-docked")
    given(COMMISSIONED, in_workshop).knowing(limoise).when(EndMaintenance(station=LIMOISE)).then(
        BikeMaintenanceEnded(**on_bike(place=AT_LIMOISE))
    )
    given(COMMISSIONED, in_workshop).knowing(limoise).when(Move(station=LIMOISE)).then_state(
        **AT_LIMOISE, status="maintenance", reason="repair"
    )


@pytest.mark.parametrize("past", [(COMMISSIONED,), (COMMISSIONED, in_dock), (COMMISSIONED, in_workshop)])
def test_a_bike_that_nobody_has_is_retired(past: tuple[Event, ...]) -> None:
    before = None if in_workshop in past else GARE
    given(*past).when(Retire(reason="sold")).then(retired.model_copy(update={"station_before": before}))
    given(*past).when(Retire(reason="sold")).then_state(status="retired", retired_on=TODAY, reason="sold")


def test_a_bike_follows_its_loan() -> None:
    leave, back = LeaveDock(loan=LOAN), TakeBack(loan=LOAN, station=LIMOISE)
    given(COMMISSIONED).when(leave).then(LEFT)
    given(COMMISSIONED).when(leave).then_state(**NOWHERE, trips=1, loan=LOAN, status="in_service")
    given(COMMISSIONED, LEFT).when(leave).then()
    given(COMMISSIONED, LEFT).knowing(limoise).when(back).then(BROUGHT_BACK)
    given(COMMISSIONED, LEFT).knowing(limoise).when(back).then_state(**AT_LIMOISE, loan=None, brought_by=LOAN, trips=1)
    given(COMMISSIONED, LEFT, BROUGHT_BACK).knowing(limoise).when(back).then()
    again = BikeLeft(**on_bike(place={**AT_LIMOISE, "station": None}, trips=2), loan=OTHER_LOAN, station_before=LIMOISE)
    given(COMMISSIONED, LEFT, BROUGHT_BACK).when(LeaveDock(loan=OTHER_LOAN)).then(again)


def test_a_bike_that_is_not_brought_back_is_lost_until_it_is_found() -> None:
    given(COMMISSIONED, LEFT).when(GiveUp(loan=LOAN)).then(LOST)
    given(COMMISSIONED, LEFT).when(GiveUp(loan=LOAN)).then_state(status="maintenance", is_lost=True, loan=None)
    given(COMMISSIONED, LEFT).when(GiveUp(loan=OTHER_LOAN)).then()
    given(COMMISSIONED, LEFT, LOST).knowing(limoise).when(Move(station=LIMOISE)).then_state(
        **AT_LIMOISE, status="maintenance", is_lost=False
    )
    given(COMMISSIONED, LEFT, LOST).knowing(limoise).when(EndMaintenance(station=LIMOISE)).then_state(
        **AT_LIMOISE, status="in_service", is_lost=False
    )
    given(COMMISSIONED, LEFT, LOST).when(Retire(reason="lost")).then_state(status="retired", is_lost=False)


@pytest.mark.parametrize(
    "command", [Move(station=LIMOISE), BeginMaintenance(reason="repair"), Retire(reason="sold")], ids=repr
)
def test_a_bike_on_loan_is_not_touched(command: Command) -> None:
    known = (limoise,) if isinstance(command, Move) else ()
    given(COMMISSIONED, LEFT).knowing(*known).when(command).rejected("bike-taken")


@pytest.mark.parametrize(
    ("command", "past", "slug"),
    [
        (Move(station=LIMOISE), (retired,), "bike-retired"),
        (Retire(reason="sold"), (retired,), "bike-retired"),
        (ReportRange(metres_left=1), (retired,), "bike-retired"),
        (BeginMaintenance(reason="repair"), (in_dock,), "bike-not-in-service"),
        (BeginMaintenance(reason="repair"), (retired,), "bike-not-in-service"),
        (EndMaintenance(), (), "bike-not-maintenance"),
        (EndMaintenance(), (retired,), "bike-not-maintenance"),
        (LeaveDock(loan=LOAN), (in_dock,), "bike-not-in-service"),
        (TakeBack(loan=LOAN, station=GARE), (retired,), "bike-not-in-service"),
        (GiveUp(loan=LOAN), (retired,), "bike-not-in-service"),
    ],
)
def test_what_is_not_for_a_status_is_refused(command: Command, past: tuple[Event, ...], slug: str) -> None:
    given(COMMISSIONED, *past).when(command).rejected(slug)


def test_the_range_is_reported_of_bikes_with_a_motor_up_to_a_full_charge() -> None:
    reported = BikeRangeReported(**on_bike(), metres_left_before=60_000, metres_left=12_000)
    given(COMMISSIONED).when(ReportRange(metres_left=12_000)).then(reported)
    given(COMMISSIONED, reported).when(ReportRange(metres_left=12_000)).then()
    given(COMMISSIONED, LEFT).when(ReportRange(metres_left=12_000)).then_state(metres_left=12_000, loan=LOAN)
    given(COMMISSIONED).when(ReportRange(metres_left=60_001)).rejected("beyond-full-charge")
    plain = BikeCommissioned(**on_bike(kind="bike"), metres_left=None)
    given(plain).when(ReportRange(metres_left=0)).rejected("bike-without-motor")


@pytest.mark.parametrize(("kind", "left"), [("bike", None), ("e_cargo_bike", 40_000), ("cargo_bike", None)])
def test_a_wrong_kind_is_corrected_with_the_range(kind: Any, left: int | None) -> None:
    corrected = BikeKindCorrected(**on_bike(kind=kind), kind_before="e_bike", metres_left=left, reason="typing_error")
    given(COMMISSIONED).when(CorrectKind(kind=kind, reason="typing_error")).then(corrected)
    given(COMMISSIONED, retired).when(CorrectKind(kind=kind, reason="typing_error")).then_state(kind=kind)
    given(COMMISSIONED, corrected).when(CorrectKind(kind=kind, reason="typing_error")).then()
    given(COMMISSIONED, corrected).when(CorrectKind(kind="e_bike", reason="other")).then_state(
        metres_left=60_000 if left is None else left
    )


def test_steps_are_in_the_order_of_their_days() -> None:
    early = Retire(reason="sold", on=SINCE - timedelta(days=1))
    given(COMMISSIONED).when(early).rejected("on-before-previous-step")


def test_a_bike_holds_its_dock_and_itself_unless_it_is_in_service() -> None:
    itself = Claim(BIKE_TAKEN, ITSELF)
    given(COMMISSIONED).holds(*docked(GARE))
    given(COMMISSIONED, LEFT).holds()
    given(COMMISSIONED, in_dock).holds(*docked(GARE), itself)
    given(COMMISSIONED, in_workshop).holds(itself)
    given(COMMISSIONED, retired).holds(itself)


def test_what_a_loan_holds_for_the_bike_does_not_stand_in_its_way() -> None:
    """While both hold the dock there may be twice as many as docks; a lost bike holds nothing that the loan holds."""
    given(COMMISSIONED, LEFT, BROUGHT_BACK).holds(*docked(LIMOISE, 200))
    given(COMMISSIONED, LEFT, LOST).holds()
    found = BikeMoved(**on_bike("maintenance", AT_LIMOISE, trips=1), station_before=None)
    given(COMMISSIONED, LEFT, LOST, found).holds(*docked(LIMOISE), Claim(BIKE_TAKEN, ITSELF))
