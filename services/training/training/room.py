"""Training rooms [salles de formation] of AFPA's building, and when works close them (axis 5).

AFPA plans a room, opens it, closes it for works and retires it. Sessions that are in it while it is closed are to be
moved: another room is proposed for each (`reactions.py`), and one decision here accepts all. Works that are not ended
on their day go on, day by day.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from contracts.model import Day, EnteredDay
from contracts.training.room import (
    CATEGORY,
    RoomCorrected,
    RoomCorrection,
    RoomEnteredService,
    RoomEquipment,
    RoomMovesAccepted,
    RoomPlanned,
    RoomRetired,
    RoomRetirement,
    RoomStatus,
    RoomWorksBegan,
    RoomWorksEnded,
    RoomWorksPlanned,
    RoomWorksProlonged,
    RoomWorksUnplanned,
)
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredText,
    FloorArea,
    RoomCode,
    ShortText,
    SomeFloorArea,
    TrainingSeats,
)
from eventstore.decider import PLATFORM, Command, Context, Decider, Due, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

Name = Annotated[EnteredText, Field(examples=["Atelier de soudage"])]
Equipment = Annotated[tuple[RoomEquipment, ...], Field(max_length=10, examples=[["projector", "welding_booths"]])]


class Plan(Command):
    """AFPA will have a room for training."""

    code: RoomCode
    """What the room is known by; it stays."""
    name: Name
    commune: EnteredCommune
    capacity: TrainingSeats
    area: SomeFloorArea
    """In m²."""
    equipment: Equipment = ()
    """What is in it for good. A session that is moved finds the same in its other room."""


class EnterService(Command):
    """Sessions can be held in it."""


class PlanWorks(Command):
    """It will be closed for works from a day until another.

    This takes the place of what was planned before. For each session that is in it then another room is proposed, and
    on its day it closes by itself.
    """

    closed_from: Annotated[EnteredDay, Field(examples=["2030-07-01"])]
    """The first day on which it is closed: after today. What begins today is begun."""
    closed_until: Annotated[EnteredDay, Field(examples=["2030-09-02"])]
    """The first day on which it is expected to be open again."""


class UnplanWorks(Command):
    """It stays open after all. Moves that were proposed for these works are dropped."""


class BeginPlanned(Command):
    """The day has come on which it is closed."""


class BeginWorks(Command):
    """It is closed until a day; works that were planned are given up for these."""

    closed_until: Annotated[EnteredDay, Field(examples=["2030-09-02"])]
    """The first day on which it is expected to be open again."""


class ProlongWorks(Command):
    """It is closed longer than was expected."""

    closed_until: Annotated[EnteredDay, Field(examples=["2030-09-16"])]


class KeepClosed(Command):
    """Nobody has said that it is open again: it is closed for another day."""


class EndWorks(Command):
    """It is open again. Moves that were proposed and not accepted are dropped."""


class Correct(Command, json_schema_extra={"examples": [{"on": "2024-05-13", "capacity": 14, "reason": "refurbished"}]}):
    """What was said of it is put right, or is otherwise by now. What is not given stays as it is.

    For sessions that it is too small for, another room is proposed.
    """

    name: Name | None = None
    capacity: Annotated[TrainingSeats, Field(examples=[10])] | None = None
    area: Annotated[SomeFloorArea, Field(examples=[82])] | None = None
    equipment: Equipment | None = None
    reason: RoomCorrection


class AcceptMoves(Command):
    """All sessions that another room is proposed for move there.

    Where that cannot be had any more, another one is looked for.
    """


class Retire(Command):
    """It is no room for training any more. For each session that is in it from now on another room is proposed."""

    reason: RoomRetirement


class Room(State):
    """A room for training."""

    room: RoomCode
    name: ShortText
    commune: Commune
    status: RoomStatus
    capacity: TrainingSeats
    area: FloorArea
    area_in_service: FloorArea
    """How many m² of it sessions can use now."""
    equipment: tuple[RoomEquipment, ...]
    closed_from: Day | None = None
    """From when works close it, planned ones too, and until when."""
    closed_until: Day | None = None
    """The first day on which it is expected to be open again."""
    reviewed_on: Day | None = None
    """When the works go on for a day, unless they have ended or were prolonged."""
    planned_on: Day
    in_service_on: Day | None = None
    moves_accepted_on: Day | None = None
    retired_on: Day | None = None
    corrected_on: Day | None = None
    reason: RoomRetirement | None = None

    def is_closed(self, day: Day) -> bool:
        """Whether works close it on a day, as far as they are known."""
        return (
            self.closed_from is not None
            and self.closed_from <= day
            and (not self.closed_until or day < self.closed_until)
        )


WORKS_END_BEFORE_THEY_BEGIN = Refusal(
    "works-end-before-they-begin",
    "{closed_until} is not after {closed_from}, the day it is closed from",
    "le {closed_until} n'est pas après le {closed_from}, jour à partir duquel la salle est fermée",
    at="closed_until",
    closed_until=Day,
    closed_from=Day,
)
WORKS_NOT_AHEAD = Refusal(
    "works-not-ahead",
    "{closed_from} is not after today: works that begin now are begun, not planned",
    "le {closed_from} n'est pas après aujourd'hui : des travaux qui commencent maintenant ne sont pas planifiés",
    at="closed_from",
    closed_from=Day,
)
WORKS_NOT_PROLONGED = Refusal(
    "works-not-prolonged",
    "it is closed until {closed_until} already",
    "elle est déjà fermée jusqu'au {closed_until}",
    at="closed_until",
    closed_until=Day,
)
EQUIPMENT_TWICE = Refusal(
    "equipment-twice", "a piece of equipment is given twice", "un équipement est donné deux fois", at="equipment"
)
ROOM_CORRECTED_BEFORE_IT_WAS_PLANNED = Refusal(
    "room-corrected-before-it-was-planned",
    "{on} is before the room was planned, on {planned_on}",
    "le {on} est avant que la salle ait été prévue, le {planned_on}",
    at="on",
    on=Day,
    planned_on=Day,
)

rooms = Decider(
    CATEGORY.name,
    Room,
    identified_by="code",
    final="retired",
    finding=Finding(
        found_by=("status", "commune", "equipment"),
        sorted_by=("name", "capacity", "area"),
        searched_by=("name", "room"),
    ),
)

DESCRIPTION: Final = ("name", "capacity", "area", "equipment")


@rooms.creates(by="afpa", to="planned", day="planned_on")
def plan(command: Plan) -> RoomPlanned:
    _check_equipment(command.equipment)
    return tell(RoomPlanned, command, room=command.code, status="planned", area_in_service=0)


@rooms.decides(by="afpa", when="planned", to="in_service", day="in_service_on", takes=("area_in_service",))
def enter_service(room: Room, command: EnterService) -> RoomEnteredService:
    return tell(RoomEnteredService, command, room, status="in_service", area_in_service=room.area)


@rooms.decides(by="afpa", when="in_service", takes=("closed_from", "closed_until"))
def plan_works(room: Room, command: PlanWorks, context: Context) -> RoomWorksPlanned:
    if command.closed_from <= context.today:
        raise WORKS_NOT_AHEAD(closed_from=command.closed_from)
    _check_period(command.closed_from, command.closed_until)
    return tell(RoomWorksPlanned, command, room)


def _is_planned(room: Room) -> bool:
    return room.closed_from is not None


@rooms.decides(by="afpa", when="in_service", clears=("closed_from", "closed_until"), offered=_is_planned)
def unplan_works(room: Room, command: UnplanWorks) -> RoomWorksUnplanned | tuple[()]:
    return tell(RoomWorksUnplanned, command, room) if _is_planned(room) else ()


CLOSING: Final = ("closed_from", "closed_until", "reviewed_on", "area_in_service")


@rooms.decides(by=PLATFORM, when="in_service", to="works", takes=CLOSING)
def begin_planned(room: Room, command: BeginPlanned, context: Context) -> RoomWorksBegan | tuple[()]:
    if room.closed_until is None:
        return ()
    reviewed_on = _review(room.closed_until, context)
    return tell(RoomWorksBegan, command, room, status="works", reviewed_on=reviewed_on, area_in_service=0)


@rooms.decides(by="afpa", when="in_service", to="works", takes=CLOSING)
def begin_works(room: Room, command: BeginWorks, context: Context) -> RoomWorksBegan:
    _check_period(command.on, command.closed_until)
    return tell(
        RoomWorksBegan,
        command,
        room,
        status="works",
        closed_from=command.on,
        reviewed_on=_review(command.closed_until, context),
        area_in_service=0,
    )


@rooms.decides(by="afpa", when="works", takes=("closed_until", "reviewed_on"))
def prolong_works(room: Room, command: ProlongWorks, context: Context) -> RoomWorksProlonged:
    if room.closed_until and command.closed_until <= room.closed_until:
        raise WORKS_NOT_PROLONGED(closed_until=room.closed_until)
    return tell(RoomWorksProlonged, command, room, reviewed_on=_review(command.closed_until, context))


@rooms.decides(by=PLATFORM, when="works", takes=("closed_until", "reviewed_on"))
def keep_closed(room: Room, command: KeepClosed, context: Context) -> RoomWorksProlonged:
    until = max(room.closed_until or context.today, context.today) + timedelta(days=1)
    return tell(RoomWorksProlonged, command, room, closed_until=until, reviewed_on=_review(until, context))


@rooms.decides(
    by="afpa",
    when="works",
    to="in_service",
    takes=("area_in_service",),
    clears=("closed_from", "closed_until", "reviewed_on"),
)
def end_works(room: Room, command: EndWorks) -> RoomWorksEnded:
    return tell(RoomWorksEnded, command, room, status="in_service", area_in_service=room.area)


@rooms.decides(by="afpa", day="corrected_on", takes=(*DESCRIPTION, "area_in_service"))
def correct(room: Room, command: Correct) -> RoomCorrected | tuple[()]:
    said = command.model_dump(include={*DESCRIPTION}, exclude_none=True)
    if all(getattr(room, name) == value for name, value in said.items()):
        return ()
    _check_equipment(command.equipment or ())
    if command.on < room.planned_on:
        raise ROOM_CORRECTED_BEFORE_IT_WAS_PLANNED(on=command.on, planned_on=room.planned_on)
    corrected = room.model_copy(update=said)
    told = {name: getattr(corrected, name) for name in DESCRIPTION}
    since, in_service = None, 0
    if room.status == "in_service":
        since, in_service = max(command.on, room.effective_on), corrected.area
    return tell(RoomCorrected, command, room, **told, area_in_service=in_service, since=since)


@rooms.decides(by="afpa", when=("in_service", "works", "retired"), day="moves_accepted_on")
def accept_moves(room: Room, command: AcceptMoves, context: Context) -> RoomMovesAccepted:
    return tell(RoomMovesAccepted, command, room, accepted_at=context.now)


rooms.steps(
    Retire,
    RoomRetired,
    by="afpa",
    when=("planned", "in_service", "works"),
    to="retired",
    day="retired_on",
    takes=("reason", "area_in_service"),
    clears=("closed_from", "closed_until", "reviewed_on"),
    status="retired",
    area_in_service=0,
)


@rooms.due
def _(room: Room) -> Iterable[Due]:
    if room.reviewed_on:
        yield Due(room.reviewed_on, KeepClosed())
    elif room.closed_from:
        yield Due(room.closed_from, BeginPlanned())


def _check_equipment(equipment: tuple[RoomEquipment, ...]) -> None:
    if len(set(equipment)) < len(equipment):
        raise EQUIPMENT_TWICE()


def _check_period(closed_from: Day, closed_until: Day) -> None:
    if closed_until <= closed_from:
        raise WORKS_END_BEFORE_THEY_BEGIN(closed_until=closed_until, closed_from=closed_from)


def _review(until: Day, context: Context) -> Day:
    """When works go on by themselves: on the day they should end, but not on the day that was entered."""
    return max(until, context.today + timedelta(days=1))
