"""What happens to a training room [salle de formation], the stream `room-<code>`.

`area_in_service` is a level: how many square metres sessions can use from the event on, 0 unless the room is in
service.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Event
from contracts.values import Commune, FloorArea, Moment, RoomCode, ShortText, TrainingSeats

CATEGORY: Final = Category("room", service="training", path="/v1/rooms")

RoomStatus = Literal["planned", "in_service", "works", "retired"]
RoomEquipment = Literal[
    "projector",
    "computers",
    "welding_booths",
    "machine_tools",
    "robot_cell",
    "electrical_benches",
    "automation_benches",
    "lifting_gear",
    "kitchen",
    "other",
]
RoomCorrection = Literal["typing_error", "measured_again", "refurbished", "renamed", "other"]
RoomRetirement = Literal["demolished", "other_use", "given_back", "unsafe", "entered_by_mistake", "other"]


class _Room(Event):
    room: RoomCode
    commune: Commune
    """Where it is."""
    status: RoomStatus
    """What it is from now on."""
    capacity: TrainingSeats
    """How many trainees it has seats for after the event."""
    area: FloorArea
    """How large it is after the event, in m²."""
    area_in_service: FloorArea
    """How much of that sessions can use from now on, in m²: all, or 0 unless it is in service."""


class RoomPlanned(_Room, version=1):
    """There will be a room for training."""

    name: ShortText
    equipment: tuple[RoomEquipment, ...]


class RoomEnteredService(_Room, version=1):
    """Sessions can be held in it."""


class RoomWorksPlanned(_Room, version=1):
    """It will be closed for works from a day until another; sessions that are in it then are to be moved."""

    closed_from: Day
    closed_until: Day
    """The first day on which it is expected to be open again."""


class RoomWorksUnplanned(_Room, version=1):
    """It stays open after all."""


class RoomWorksBegan(_Room, version=1):
    """It is closed for works; sessions that are in it until their end are to be moved."""

    closed_from: Day
    closed_until: Day
    reviewed_on: Day
    """The day on which the works go on by a day, unless they have ended by then."""


class RoomWorksProlonged(_Room, version=1):
    """It is closed longer than was expected, as is said, or as nobody has said that it is open again."""

    closed_from: Day
    closed_until_before: Day
    closed_until: Day
    reviewed_on: Day


class RoomWorksEnded(_Room, version=1):
    """It is open again."""


class RoomCorrected(_Room, Correction, version=1):
    """What it was said to be was put right. Sessions for which it is too small then are to be moved."""

    name_before: ShortText
    name: ShortText
    capacity_before: TrainingSeats
    area_before: FloorArea
    equipment_before: tuple[RoomEquipment, ...]
    equipment: tuple[RoomEquipment, ...]
    since: Day | None = None
    """From when on its area in service is another: the day of the correction, or of the latest step if that is later.
    None unless it is in service."""
    reason: RoomCorrection


class RoomMovesAccepted(_Room, version=1):
    """All moves out of the room that were proposed by then are accepted at once."""

    accepted_at: Moment


class RoomRetired(_Room, version=1):
    """It is no room for training any more; sessions that are in it from now on are to be moved."""

    status_before: RoomStatus
    reason: RoomRetirement
