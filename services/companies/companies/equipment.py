"""Equipment of the shared Industry 4.0 platform [plateau technique]: machines that companies book by the hour (axis 6).

The network commissions a machine, opens it, closes it for maintenance and retires it. Whoever has booked it while it is
closed is offered another slot; maintenance that is not ended on its day goes on, day by day.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Protocol, get_args

from pydantic import Field

from contracts.companies.equipment import (
    CATEGORY,
    EquipmentCommissioned,
    EquipmentEnteredService,
    EquipmentKind,
    EquipmentRetired,
    EquipmentStatus,
    MaintenanceBegan,
    MaintenanceEnded,
    MaintenancePlanned,
    MaintenanceProlonged,
    MaintenanceUnplanned,
    OpeningChanged,
    RetirementReason,
    Weekday,
)
from contracts.model import PARIS, Day, EnteredDay
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredText,
    EquipmentCode,
    HourOfDay,
    Moment,
    MonthlyHours,
    ShortText,
    WeeklyHours,
)
from eventstore.decider import PLATFORM, Command, Context, Decider, Due, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
"""From Monday on, as `date.weekday()` counts."""


Weekdays = Annotated[
    tuple[Weekday, ...], Field(min_length=1, max_length=7, examples=[["monday", "tuesday", "wednesday", "thursday"]])
]
Closing = Annotated[HourOfDay, Field(examples=[18])]


class Opening(Protocol):
    """When a machine is open while it is in service."""

    @property
    def weekdays(self) -> tuple[Weekday, ...]:
        """The days of the week."""
        ...

    @property
    def opens(self) -> int:
        """The hour of the day in Paris."""
        ...

    @property
    def closes(self) -> int:
        """The hour of the day in Paris, 24 at its end."""
        ...


def open_on(opening: Opening, day: date) -> tuple[datetime, datetime] | None:
    """From when to when a machine is open on a day, if it is."""
    if WEEKDAYS[day.weekday()] not in opening.weekdays:
        return None
    return hour_of(day, opening.opens), hour_of(day, opening.closes)


def hour_of(day: date, hour: int) -> datetime:
    """A full hour of a day in Paris; 24 is the end of the day."""
    days, hour = divmod(hour, 24)
    return datetime.combine(day + timedelta(days=days), time(hour), PARIS)


class Commission(Command):
    """The network has got a machine. It can be booked once it is in service."""

    code: EquipmentCode
    """What the machine is known by; it stays."""
    name: Annotated[EnteredText, Field(examples=["Cobot de soudage"])]
    kind: EquipmentKind
    commune: EnteredCommune
    """Where it stands."""
    weekdays: Weekdays
    """The days of the week on which it is open."""
    opens: HourOfDay
    closes: Closing
    quota_hours: MonthlyHours
    """How much of it one company may book in a calendar month."""


class EnterService(Command):
    """It is open for bookings."""


class ChangeOpening(Command):
    """The network changes the opening hours and the quota. What is booked stays."""

    weekdays: Weekdays
    opens: HourOfDay
    closes: Closing
    quota_hours: Annotated[MonthlyHours, Field(examples=[30])]


class PlanMaintenance(Command):
    """It will be closed from a day until another.

    This takes the place of what was planned before. Whoever has booked it then is offered another slot, and on its day
    it closes by itself.
    """

    maintenance_from: Annotated[EnteredDay, Field(examples=["2030-05-06"])]
    """The first day on which it is closed: after today. What begins today is begun."""
    maintenance_until: Annotated[EnteredDay, Field(examples=["2030-05-13"])]
    """The first day on which it is expected to be open again."""


class UnplanMaintenance(Command):
    """It stays open after all."""


class BeginPlanned(Command):
    """The day has come on which it is closed."""


class BeginMaintenance(Command):
    """It is closed until a day.

    Whoever has booked it until then is offered another slot; maintenance that was planned is given up.
    """

    maintenance_until: Annotated[EnteredDay, Field(examples=["2030-05-13"])]
    """The first day on which it is expected to be open again."""


class ProlongMaintenance(Command):
    """It is closed longer than was expected."""

    maintenance_until: Annotated[EnteredDay, Field(examples=["2030-05-20"])]


class KeepClosed(Command):
    """Nobody has said that it is open again: it is closed for another day."""


class EndMaintenance(Command):
    """It is open again."""


class Retire(Command):
    """It is gone for good. What is booked from now on is cancelled."""

    reason: RetirementReason


class Equipment(State):
    """A machine of the platform."""

    equipment: EquipmentCode
    name: ShortText
    kind: EquipmentKind
    commune: Commune
    status: EquipmentStatus
    weekdays: tuple[Weekday, ...]
    opens: HourOfDay
    closes: HourOfDay
    quota_hours: MonthlyHours
    weekly_hours: WeeklyHours
    """How many hours a week it is open now."""
    planned_from: Day | None = None
    """From when it will be closed, and until when."""
    planned_until: Day | None = None
    maintenance_until: Day | None = None
    reviewed_at: Moment | None = None
    """When the maintenance goes on for a day, unless it has ended or was prolonged."""
    commissioned_on: Day
    in_service_on: Day | None = None
    maintenance_on: Day | None = None
    """The day its present maintenance began."""
    retired_on: Day | None = None
    reason: RetirementReason | None = None

    @property
    def hours(self) -> int:
        """How many hours a week it is open while it is in service."""
        return len(self.weekdays) * (self.closes - self.opens)

    def closed_until(self, day: Day) -> Day | None:
        """When it is open again, where it is, or will be, in maintenance on a day."""
        if self.maintenance_until and day < self.maintenance_until:
            return self.maintenance_until
        if self.planned_from and self.planned_until and self.planned_from <= day < self.planned_until:
            return self.planned_until
        return None


OPENING_HOURS_REVERSED = Refusal(
    "opening-hours-reversed",
    "it closes at {closes}, which is not after it opens, at {opens}",
    "la fermeture, à {closes} h, n'est pas après l'ouverture, à {opens} h",
    at="closes",
    opens=HourOfDay,
    closes=HourOfDay,
)
WEEKDAY_TWICE = Refusal(
    "weekday-twice", "a weekday is given twice", "un jour de la semaine est donné deux fois", at="weekdays"
)
MAINTENANCE_ENDS_BEFORE_IT_BEGINS = Refusal(
    "maintenance-ends-before-it-begins",
    "{maintenance_until} is not after {on}, the day it is closed from",
    "le {maintenance_until} n'est pas après le {on}, jour à partir duquel il est fermé",
    at="maintenance_until",
    maintenance_until=Day,
    on=Day,
)
MAINTENANCE_NOT_AHEAD = Refusal(
    "maintenance-not-ahead",
    "{maintenance_from} is not after today: maintenance that begins now is begun, not planned",
    "le {maintenance_from} n'est pas après aujourd'hui : une maintenance qui commence maintenant n'est pas planifiée",
    at="maintenance_from",
    maintenance_from=Day,
)
MAINTENANCE_NOT_PROLONGED = Refusal(
    "maintenance-not-prolonged",
    "it is closed until {until} already",
    "il est déjà fermé jusqu'au {until}",
    at="maintenance_until",
    until=Day,
)

equipments = Decider(
    CATEGORY.name,
    Equipment,
    identified_by="code",
    final="retired",
    finding=Finding(
        found_by=("status", "kind", "commune"),
        sorted_by=("name", "weekly_hours"),
        searched_by=("name", "equipment"),
    ),
)


@equipments.creates(by="network", to="commissioned", day="commissioned_on")
def commission(command: Commission) -> EquipmentCommissioned:
    weekdays = _checked(command)
    return tell(EquipmentCommissioned, command, equipment=command.code, weekdays=weekdays, weekly_hours=0)


@equipments.decides(by="network", when="commissioned", to="in_service", day="in_service_on", takes=("weekly_hours",))
def enter_service(equipment: Equipment, command: EnterService) -> EquipmentEnteredService:
    return tell(EquipmentEnteredService, command, equipment, weekly_hours=equipment.hours)


@equipments.decides(
    by="network",
    when=("commissioned", "in_service", "maintenance"),
    takes=("weekdays", "opens", "closes", "quota_hours", "weekly_hours"),
)
def change_opening(equipment: Equipment, command: ChangeOpening) -> OpeningChanged | tuple[()]:
    weekdays = _checked(command)
    terms = (weekdays, command.opens, command.closes, command.quota_hours)
    if terms == (equipment.weekdays, equipment.opens, equipment.closes, equipment.quota_hours):
        return ()
    hours = len(weekdays) * (command.closes - command.opens) if equipment.status == "in_service" else 0
    return tell(OpeningChanged, command, equipment, weekdays=weekdays, weekly_hours=hours)


@equipments.decides(by="network", when="in_service")
def plan_maintenance(equipment: Equipment, command: PlanMaintenance, context: Context) -> MaintenancePlanned:
    if command.maintenance_from <= context.today:
        raise MAINTENANCE_NOT_AHEAD(maintenance_from=command.maintenance_from)
    if command.maintenance_until <= command.maintenance_from:
        raise MAINTENANCE_ENDS_BEFORE_IT_BEGINS(
            maintenance_until=command.maintenance_until, on=command.maintenance_from
        )
    return tell(MaintenancePlanned, command, equipment)


def _is_planned(equipment: Equipment) -> bool:
    return equipment.planned_from is not None


@equipments.decides(by="network", when="in_service", clears=("planned_from", "planned_until"), offered=_is_planned)
def unplan_maintenance(equipment: Equipment, command: UnplanMaintenance) -> MaintenanceUnplanned | tuple[()]:
    return tell(MaintenanceUnplanned, command, equipment) if _is_planned(equipment) else ()


@equipments.decides(
    by=PLATFORM,
    when="in_service",
    to="maintenance",
    day="maintenance_on",
    takes=("maintenance_until", "reviewed_at", "weekly_hours"),
    clears=("planned_from", "planned_until"),
)
def begin_planned(equipment: Equipment, command: BeginPlanned, context: Context) -> MaintenanceBegan | tuple[()]:
    if equipment.planned_until is None:
        return ()
    reviewed_at = _review(equipment, equipment.planned_until, context.today)
    until = equipment.planned_until
    return tell(MaintenanceBegan, command, equipment, maintenance_until=until, reviewed_at=reviewed_at, weekly_hours=0)


@equipments.decides(
    by="network",
    when="in_service",
    to="maintenance",
    day="maintenance_on",
    takes=("maintenance_until", "reviewed_at", "weekly_hours"),
    clears=("planned_from", "planned_until"),
)
def begin_maintenance(equipment: Equipment, command: BeginMaintenance, context: Context) -> MaintenanceBegan:
    if command.maintenance_until <= command.on:
        raise MAINTENANCE_ENDS_BEFORE_IT_BEGINS(maintenance_until=command.maintenance_until, on=command.on)
    reviewed_at = _review(equipment, command.maintenance_until, context.today)
    return tell(MaintenanceBegan, command, equipment, reviewed_at=reviewed_at, weekly_hours=0)


@equipments.decides(by="network", when="maintenance", takes=("maintenance_until", "reviewed_at"))
def prolong_maintenance(equipment: Equipment, command: ProlongMaintenance, context: Context) -> MaintenanceProlonged:
    until = equipment.maintenance_until
    if until and command.maintenance_until <= until:
        raise MAINTENANCE_NOT_PROLONGED(until=until)
    reviewed_at = _review(equipment, command.maintenance_until, context.today)
    return tell(MaintenanceProlonged, command, equipment, reviewed_at=reviewed_at)


@equipments.decides(by=PLATFORM, when="maintenance", takes=("maintenance_until", "reviewed_at"))
def keep_closed(equipment: Equipment, command: KeepClosed, context: Context) -> MaintenanceProlonged:
    until = max(equipment.maintenance_until or context.today, context.today) + timedelta(days=1)
    reviewed_at = _review(equipment, until, context.today)
    return tell(MaintenanceProlonged, command, equipment, maintenance_until=until, reviewed_at=reviewed_at)


@equipments.decides(
    by="network",
    when="maintenance",
    to="in_service",
    takes=("weekly_hours",),
    clears=("maintenance_until", "reviewed_at", "maintenance_on"),
)
def end_maintenance(equipment: Equipment, command: EndMaintenance) -> MaintenanceEnded:
    return tell(MaintenanceEnded, command, equipment, weekly_hours=equipment.hours)


equipments.steps(
    Retire,
    EquipmentRetired,
    by="network",
    when=("commissioned", "in_service", "maintenance"),
    to="retired",
    day="retired_on",
    takes=("reason", "weekly_hours"),
    clears=("planned_from", "planned_until", "maintenance_until", "reviewed_at", "maintenance_on"),
    weekly_hours=0,
)


@equipments.due
def _(equipment: Equipment) -> Iterable[Due]:
    if equipment.reviewed_at:
        yield Due(equipment.reviewed_at, KeepClosed())
    if equipment.planned_from:
        yield Due(equipment.planned_from, BeginPlanned())


@equipments.evolves
def _(equipment: Equipment, event: MaintenancePlanned) -> Equipment:
    return equipment.after(event, planned_from=event.maintenance_from, planned_until=event.maintenance_until)


def _checked(opening: Commission | ChangeOpening) -> tuple[Weekday, ...]:
    """The weekdays of an opening, in their order. Raises Rejected."""
    if opening.closes <= opening.opens:
        raise OPENING_HOURS_REVERSED(opens=opening.opens, closes=opening.closes)
    if len(set(opening.weekdays)) < len(opening.weekdays):
        raise WEEKDAY_TWICE()
    return tuple(day for day in WEEKDAYS if day in opening.weekdays)


def _review(equipment: Equipment, until: Day, today: Day) -> datetime:
    """When maintenance goes on by itself: as the machine should open on its day, but not on the day it was entered."""
    return hour_of(max(until, today + timedelta(days=1)), equipment.opens)
