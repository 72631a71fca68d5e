"""What happens to equipment of the shared Industry 4.0 platform [plateau technique], the stream `equipment-<code>`.

Open hours are a level: each event that changes them carries the weekly hours from then on, 0 unless it is in service.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import Commune, EquipmentCode, HourOfDay, Moment, MonthlyHours, ShortText, WeeklyHours

CATEGORY: Final = Category("equipment", service="companies", path="/v1/equipment")

EquipmentKind = Literal[
    "additive_manufacturing", "robotics", "machining", "metrology", "vision", "simulation", "virtual_reality", "other"
]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
EquipmentStatus = Literal["commissioned", "in_service", "maintenance", "retired"]
RetirementReason = Literal["worn_out", "obsolete", "sold", "other"]


class _Equipment(Event):
    equipment: EquipmentCode
    kind: EquipmentKind
    commune: Commune
    """Where it stands."""
    weekdays: tuple[Weekday, ...]
    """The days of the week on which it is open while it is in service."""
    opens: HourOfDay
    closes: HourOfDay
    weekly_hours: WeeklyHours
    """How many hours a week it is open from now on: 0 unless it is in service."""


class EquipmentCommissioned(_Equipment, version=1):
    """The network has got a machine, which is not open yet."""

    name: ShortText
    quota_hours: MonthlyHours
    """How much of it one company may book in a calendar month."""


class EquipmentEnteredService(_Equipment, version=1):
    """It is open for bookings."""


class MaintenancePlanned(_Equipment, version=1):
    """It will be closed from a day until another; whoever has booked it then is offered another slot."""

    maintenance_from: Day
    maintenance_until: Day
    """The first day on which it is expected to be open again."""


class MaintenanceUnplanned(_Equipment, version=1):
    """It stays open after all."""


class MaintenanceBegan(_Equipment, version=1):
    """It is closed until a day; whoever has booked it until then is offered another slot."""

    maintenance_until: Day
    """The first day on which it is expected to be open again."""
    reviewed_at: Moment
    """When the maintenance goes on for another day, unless it has ended by then."""


class MaintenanceProlonged(_Equipment, version=1):
    """It is closed longer than was expected, as the network says, or as nobody has said that it is open again."""

    maintenance_until: Day
    reviewed_at: Moment


class MaintenanceEnded(_Equipment, version=1):
    """It is open again."""


class OpeningChanged(_Equipment, version=1):
    """Its opening hours or its quota are others from now on. What is booked stays."""

    quota_hours: MonthlyHours


class EquipmentRetired(_Equipment, version=1):
    """It is gone for good, and what was booked is cancelled."""

    reason: RetirementReason
