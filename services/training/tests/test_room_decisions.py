"""What AFPA may do with its rooms, and when works close them."""

from datetime import timedelta
from typing import Any

import pytest
from training_facts import (
    DESCRIBED,
    OPEN_ROOM,
    TODAY,
    WORKSHOP,
    at,
    on,
    room_opened,
    room_planned,
    room_retired,
    works,
    works_begun,
)

from contracts import Event
from contracts.training.room import (
    RoomCorrected,
    RoomMovesAccepted,
    RoomRetired,
    RoomStatus,
    RoomWorksBegan,
    RoomWorksEnded,
    RoomWorksProlonged,
    RoomWorksUnplanned,
)
from eventstore.decider import Command, Due
from eventstore.specification import Specification
from training.room import (
    AcceptMoves,
    BeginPlanned,
    BeginWorks,
    Correct,
    EndWorks,
    EnterService,
    KeepClosed,
    Plan,
    PlanWorks,
    ProlongWorks,
    Retire,
    UnplanWorks,
    rooms,
)

given = Specification(rooms, today=TODAY)
FROM, UNTIL = on(7, 1), on(9, 1)
CLOSED: dict[str, Any] = {**WORKSHOP, "status": "works", "area_in_service": 0}
IN_SERVICE: dict[str, Any] = {**WORKSHOP, "status": "in_service", "area_in_service": 85}
plan = Plan(code="salle-12", commune="36088", capacity=12, area=85, **DESCRIBED, on=on(1, 5))
PASTS: dict[str, tuple[Event, ...]] = {
    "planned": (room_planned,),
    "in_service": OPEN_ROOM,
    "works": (*OPEN_ROOM, works_begun(TODAY, UNTIL)),
    "retired": (*OPEN_ROOM, room_retired),
}


def test_a_room_is_planned_and_offers_its_area_once_it_is_in_service() -> None:
    given().when(plan).then(room_planned)
    given().when(plan).then_state(status="planned", area=85, area_in_service=0, planned_on=on(1, 5))
    given(room_planned).when(plan).rejected("room-exists")
    given(room_planned).when(EnterService(on=on(2, 2))).then(room_opened)
    given(*OPEN_ROOM).when(PlanWorks(closed_from=FROM, closed_until=UNTIL)).then_state(area_in_service=85)


def test_equipment_is_named_once() -> None:
    given().when(plan.model_copy(update={"equipment": ("projector", "projector")})).rejected("equipment-twice")


def test_planned_works_begin_on_their_day_by_themselves() -> None:
    planned = works(FROM, UNTIL)
    given(*OPEN_ROOM).when(PlanWorks(closed_from=FROM, closed_until=UNTIL, on=on(5, 4))).then(planned)
    given(*OPEN_ROOM, planned).is_due(Due(FROM, BeginPlanned()))
    began = works_begun(FROM, UNTIL)
    given(*OPEN_ROOM, planned).at(at(FROM, "00:00")).when(BeginPlanned(on=FROM)).then(began)
    given(*OPEN_ROOM, planned, began).is_due(Due(UNTIL, KeepClosed()))
    given(*OPEN_ROOM).when(BeginPlanned()).then()


def test_works_that_are_planned_anew_take_the_place_of_those_before() -> None:
    later = PlanWorks(closed_from=FROM + timedelta(days=7), closed_until=UNTIL)
    given(*OPEN_ROOM, works(FROM, UNTIL)).when(later).then_state(closed_from=FROM + timedelta(days=7))


def test_works_are_given_up_before_they_begin() -> None:
    given(*OPEN_ROOM, works(FROM, UNTIL)).when(UnplanWorks()).then(RoomWorksUnplanned(**IN_SERVICE, effective_on=TODAY))
    given(*OPEN_ROOM, works(FROM, UNTIL)).when(UnplanWorks()).then_state(closed_from=None, closed_until=None)
    given(*OPEN_ROOM).when(UnplanWorks()).then()


@pytest.mark.parametrize(
    ("command", "slug"),
    [
        (PlanWorks(closed_from=TODAY, closed_until=UNTIL), "works-not-ahead"),
        (PlanWorks(closed_from=FROM, closed_until=FROM), "works-end-before-they-begin"),
        (BeginWorks(closed_until=TODAY), "works-end-before-they-begin"),
    ],
)
def test_works_are_for_a_time_that_is_ahead(command: Command, slug: str) -> None:
    given(*OPEN_ROOM).when(command).rejected(slug)


def test_works_begin_at_once_are_prolonged_and_end() -> None:
    began = RoomWorksBegan(**CLOSED, closed_from=TODAY, closed_until=UNTIL, reviewed_on=UNTIL, effective_on=TODAY)
    given(*OPEN_ROOM).when(BeginWorks(closed_until=UNTIL)).then(began)
    prolonged = RoomWorksProlonged(
        **CLOSED,
        closed_from=TODAY,
        closed_until_before=UNTIL,
        closed_until=on(9, 15),
        reviewed_on=on(9, 15),
        effective_on=TODAY,
    )
    given(*PASTS["works"]).when(ProlongWorks(closed_until=on(9, 15))).then(prolonged)
    given(*PASTS["works"]).when(ProlongWorks(closed_until=UNTIL)).rejected("works-not-prolonged")
    given(*PASTS["works"]).when(EndWorks()).then(RoomWorksEnded(**IN_SERVICE, effective_on=TODAY))
    given(*PASTS["works"]).when(EndWorks()).then_state(
        status="in_service", area_in_service=85, closed_from=None, closed_until=None, reviewed_on=None
    )


def test_works_that_nobody_ended_go_on_day_by_day() -> None:
    given(*PASTS["works"]).at(at(UNTIL, "00:00")).when(KeepClosed()).then_state(
        closed_until=UNTIL + timedelta(days=1), reviewed_on=UNTIL + timedelta(days=1)
    )
    late = at(UNTIL + timedelta(days=9), "00:00")
    given(*PASTS["works"]).at(late).when(KeepClosed()).then_state(closed_until=UNTIL + timedelta(days=10))


def test_works_that_are_entered_once_they_are_over_are_reviewed_the_day_after() -> None:
    entered = BeginWorks(closed_until=on(5, 20), on=on(5, 11))
    given(*OPEN_ROOM).when(entered).then_state(closed_until=on(5, 20), reviewed_on=TODAY + timedelta(days=1))


@pytest.mark.parametrize("status", PASTS)
def test_what_was_said_of_a_room_is_put_right(status: RoomStatus) -> None:
    said = WORKSHOP | {"capacity": 10, "area": 82}
    area = 82 if status == "in_service" else 0
    given(*PASTS[status]).when(Correct(capacity=10, area=82, reason="measured_again")).then(
        RoomCorrected(
            **said,
            status=status,
            area_in_service=area,
            name_before="Atelier de soudage",
            name="Atelier de soudage",
            capacity_before=12,
            area_before=85,
            equipment_before=DESCRIBED["equipment"],
            equipment=DESCRIBED["equipment"],
            since=TODAY if status == "in_service" else None,
            reason="measured_again",
            effective_on=TODAY,
        )
    )
    given(*PASTS[status]).when(Correct(capacity=12, reason="typing_error")).then()


def test_an_area_is_another_since_its_correction_but_not_before_the_latest_step() -> None:
    (*_, opened) = OPEN_ROOM
    for entered in (opened.effective_on - timedelta(days=1), opened.effective_on, TODAY):
        (event,) = given(*OPEN_ROOM).when(Correct(area=82, reason="measured_again", on=entered)).events
        assert isinstance(event, RoomCorrected)
        assert event.since == max(entered, opened.effective_on)


def test_a_room_is_not_corrected_before_it_was_planned() -> None:
    early = Correct(capacity=10, reason="typing_error", on=on(1, 4))
    given(*OPEN_ROOM).when(early).rejected("room-corrected-before-it-was-planned")
    twice = Correct(equipment=("kitchen", "kitchen"), reason="typing_error")
    given(*OPEN_ROOM).when(twice).rejected("equipment-twice")


def test_all_moves_are_accepted_at_a_moment() -> None:
    accepted = RoomMovesAccepted(**CLOSED, accepted_at=at(TODAY, "12:00"), effective_on=TODAY)
    given(*PASTS["works"]).when(AcceptMoves()).then(accepted)
    given(*PASTS["works"]).when(AcceptMoves()).then_state(moves_accepted_on=TODAY, status="works")


@pytest.mark.parametrize("status", ["planned", "in_service", "works"])
def test_a_room_is_retired_from_anywhere(status: RoomStatus) -> None:
    retired = RoomRetired(
        **WORKSHOP,
        status="retired",
        area_in_service=0,
        status_before=status,
        reason="other_use",
        effective_on=TODAY,
    )
    given(*PASTS[status]).when(Retire(reason="other_use")).then(retired)
    given(*PASTS[status], retired).is_due()


COMMANDS: dict[Command, set[str]] = {
    EnterService(): {"planned"},
    PlanWorks(closed_from=FROM, closed_until=UNTIL): {"in_service"},
    UnplanWorks(): {"in_service"},
    BeginPlanned(): {"in_service"},
    BeginWorks(closed_until=UNTIL): {"in_service"},
    ProlongWorks(closed_until=on(9, 15)): {"works"},
    KeepClosed(): {"works"},
    EndWorks(): {"works"},
    AcceptMoves(): {"in_service", "works", "retired"},
    Retire(reason="other"): {"planned", "in_service", "works"},
}


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_what_is_for_another_status_is_refused(status: str, command: Command) -> None:
    answer = given(*PASTS[status]).when(command)
    assert (answer.refusal is None) == (status in COMMANDS[command])
