"""Shared services [services partagés] for the employees of the zones: a canteen, a food truck, a room (axis 2).

The network announces a service with the slots that it has on days of the week, opens it, suspends it for a while and
closes it. Slots, prices and what employers may give change from a day on: what is reserved stays, as long as its slot
does. Whose places they are, and who waits for one, is told by the reservations (`service_reservation.py`).
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, get_args

from pydantic import Field, JsonValue

from contracts.mobility.shared_service import (
    CATEGORY,
    ServiceDay,
    ServiceSlot,
    SharedServiceAnnounced,
    SharedServiceClosed,
    SharedServiceCorrection,
    SharedServiceDescriptionCorrected,
    SharedServiceEnd,
    SharedServiceKind,
    SharedServiceOpened,
    SharedServiceResumed,
    SharedServiceStatus,
    SharedServiceSuspended,
    SharedServiceSuspension,
    SharedServiceTermsChanged,
)
from contracts.model import Day, Model
from contracts.values import (
    Cents,
    Commune,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    People,
    SharedServiceCode,
    ShortText,
    TimeOfDay,
    Zone,
)
from eventstore.decider import Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.parking import check_corrected

DAYS: Final[tuple[ServiceDay, ...]] = get_args(ServiceDay)
"""From Monday on, as `date.weekday()` counts."""
MOST_SLOTS: Final = 24
"""Of one service."""

_SLOTS: Final[JsonValue] = [
    {"weekdays": ["monday", "tuesday", "thursday"], "starts": "12:00", "ends": "12:45", "places": 40},
    {"weekdays": ["monday", "tuesday", "thursday"], "starts": "12:45", "ends": "13:30", "places": 40},
]


class EnteredSlot(ServiceSlot, extra="forbid"):
    """A time of the day for which places are reserved, on some days of the week, as it is entered."""

    weekdays: Annotated[tuple[ServiceDay, ...], Field(min_length=1, max_length=7)]

    def recorded(self) -> ServiceSlot:
        """As events tell it: its days from Monday on."""
        return ServiceSlot(**{**self.__dict__, "weekdays": tuple(day for day in DAYS if day in self.weekdays)})


class Terms(Model):
    """When there is a service, and what it costs, as it is entered."""

    slots: Annotated[tuple[EnteredSlot, ...], Field(min_length=1, max_length=MOST_SLOTS, examples=[_SLOTS])]
    price_cents: Annotated[Cents, Field(examples=[950])] | None = None
    """Of a meal, or of whatever else is had; None where nothing is paid."""
    subsidy_cap_cents: Annotated[Cents, Field(examples=[8_000])]
    """How much employers may give towards all reservations of one guest in a calendar month, of this and of other
    services; 0 where they give nothing."""


_TERMS: Final[dict[str, JsonValue]] = {"slots": _SLOTS, "price_cents": 950, "subsidy_cap_cents": 8_000}
_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-03-04",
    "code": "cantine-limoise",
    "name": "Restaurant de la ZI la Limoise",
    "kind": "canteen",
    "commune": "36088",
    "zone": "zi-limoise",
    "place": "Hall 3, rez-de-chaussée",
    **_TERMS,
}


class Announce(Command, Terms, json_schema_extra={"examples": [_EXAMPLE]}):
    """The network will have a service for the employees of several companies."""

    code: SharedServiceCode
    """What the service is known by; it stays."""
    name: Annotated[EnteredText, Field(examples=["Restaurant de la ZI la Limoise"])]
    kind: SharedServiceKind
    commune: EnteredCommune
    zone: EnteredZone | None = None
    """The business zone it is in, if it is in one."""
    place: Annotated[EnteredText, Field(examples=["Hall 3, rez-de-chaussée"])]
    """Where people come."""


class Open(Command):
    """Places can be reserved."""


class ChangeTerms(Command, Terms, json_schema_extra={"examples": [{"on": "2024-05-13", **_TERMS, "price_cents": 980}]}):
    """Slots, price or cap are others from a day on: all are told anew.

    What is reserved stays, with its price, unless its slot is not there any more: then it is cancelled.
    """


class Suspend(Command):
    """There is none for a while. What is reserved is cancelled."""

    reason: SharedServiceSuspension


class Resume(Command):
    """It is there again."""


class Close(Command):
    """It is over, or what was announced is given up. What is reserved is cancelled."""

    reason: SharedServiceEnd


class CorrectDescription(Command):
    """Its name or its place is put right, or has changed: both are told anew."""

    name: Annotated[EnteredText, Field(examples=["Restaurant inter-entreprises"])]
    place: Annotated[EnteredText, Field(examples=["Hall 4, rez-de-chaussée"])]
    reason: SharedServiceCorrection


class SharedService(State):
    """A service that employees of several companies share."""

    shared_service: SharedServiceCode
    name: ShortText
    kind: SharedServiceKind
    commune: Commune
    zone: Zone | None
    place: ShortText
    status: SharedServiceStatus
    slots: tuple[ServiceSlot, ...]
    price_cents: Cents | None
    subsidy_cap_cents: Cents
    weekly_places: People
    """How many places it offers in a week now."""
    announced_on: Day
    opened_on: Day | None = None
    changed_on: Day | None = None
    """When slots, price or cap changed last."""
    suspended_on: Day | None = None
    """Since when it is suspended."""
    closed_on: Day | None = None
    corrected_on: Day | None = None
    reason: SharedServiceSuspension | SharedServiceEnd | None = None
    """Why it is suspended or closed."""

    def slot(self, day: date, starts: str) -> ServiceSlot | None:
        """The slot that begins on a day at that time, if there is one."""
        weekday = DAYS[day.weekday()]
        return next((slot for slot in self.slots if slot.starts == starts and weekday in slot.weekdays), None)


SLOT_REVERSED = Refusal(
    "slot-reversed",
    "a slot ends at {ends}, which is not after it starts, at {starts}",
    "un créneau finit à {ends}, ce qui n'est pas après son début, à {starts}",
    at="slots",
    starts=TimeOfDay,
    ends=TimeOfDay,
)
SLOT_TWICE = Refusal(
    "slot-twice",
    "two slots start on {weekday} at {starts}",
    "deux créneaux commencent à {starts} le même jour ({weekday})",
    at="slots",
    weekday=ServiceDay,
    starts=TimeOfDay,
)

shared_services = Decider(
    CATEGORY.name,
    SharedService,
    identified_by="code",
    final="closed",
    finding=Finding(
        found_by=("status", "kind", "commune", "zone"),
        sorted_by=("name", "weekly_places", "opened_on"),
        searched_by=("name", "shared_service", "place"),
    ),
)


@shared_services.creates(by="network", to="announced", day="announced_on")
def announce(command: Announce) -> SharedServiceAnnounced:
    slots = _checked(command)
    return tell(
        SharedServiceAnnounced,
        command,
        shared_service=command.code,
        slots=slots,
        status="announced",
        weekly_places=0,
    )


@shared_services.decides(by="network", when="announced", to="open", day="opened_on", takes=("weekly_places",))
def open_it(service: SharedService, command: Open) -> SharedServiceOpened:
    return tell(SharedServiceOpened, command, service, status="open", weekly_places=_weekly(service.slots))


@shared_services.decides(
    by="network",
    when=("announced", "open", "suspended"),
    day="changed_on",
    takes=("slots", "price_cents", "subsidy_cap_cents", "weekly_places"),
)
def change_terms(service: SharedService, command: ChangeTerms) -> SharedServiceTermsChanged | tuple[()]:
    slots = _checked(command)
    terms = (slots, command.price_cents, command.subsidy_cap_cents)
    if terms == (service.slots, service.price_cents, service.subsidy_cap_cents):
        return ()
    weekly = _weekly(slots) if service.status == "open" else 0
    return tell(SharedServiceTermsChanged, command, service, slots=slots, weekly_places=weekly)


shared_services.steps(
    Suspend,
    SharedServiceSuspended,
    by="network",
    when="open",
    to="suspended",
    day="suspended_on",
    takes=("reason", "weekly_places"),
    status="suspended",
    weekly_places=0,
)


@shared_services.decides(
    by="network", when="suspended", to="open", takes=("weekly_places",), clears=("suspended_on", "reason")
)
def resume(service: SharedService, command: Resume) -> SharedServiceResumed:
    return tell(SharedServiceResumed, command, service, status="open", weekly_places=_weekly(service.slots))


shared_services.steps(
    Close,
    SharedServiceClosed,
    by="network",
    when=("announced", "open", "suspended"),
    to="closed",
    day="closed_on",
    takes=("reason", "weekly_places"),
    clears=("suspended_on",),
    status="closed",
    weekly_places=0,
)


@shared_services.decides(by="network", takes=("name", "place"), day="corrected_on")
def correct_description(
    service: SharedService, command: CorrectDescription
) -> SharedServiceDescriptionCorrected | tuple[()]:
    if (command.name, command.place) == (service.name, service.place):
        return ()
    check_corrected(command.on, service.announced_on)
    return tell(SharedServiceDescriptionCorrected, command, service)


def _weekly(slots: Iterable[ServiceSlot]) -> int:
    return sum(len(slot.weekdays) * slot.places for slot in slots)


def _checked(terms: Terms) -> tuple[ServiceSlot, ...]:
    """The slots, each day's in their order. Raises Rejected."""
    slots = tuple(sorted((slot.recorded() for slot in terms.slots), key=lambda slot: (slot.starts, slot.weekdays)))
    begun = set()
    for slot in slots:
        if slot.ends <= slot.starts:
            raise SLOT_REVERSED(starts=slot.starts, ends=slot.ends)
        for weekday in slot.weekdays:
            if (weekday, slot.starts) in begun:
                raise SLOT_TWICE(weekday=weekday, starts=slot.starts)
            begun.add((weekday, slot.starts))
    return slots
