"""Reservations of shared services [réservations]: a guest has a place in a slot of a day, or waits for one (axis 2).

A company reserves for its people, with what it gives towards the meal, or the network does for it; companies of the
zone need not be members. Where a slot is full, a guest can wait: when a place falls free, whoever has waited longest
has it, and when the slot begins, nobody waits any more. It is told who came.

Two claims keep the places. Whoever has one claims it out of as many as the slot has. And all who have one or wait claim
that they do: who asks for a place at once, out of as many as the slot has, so that nobody takes a place that fell free
while somebody waits for it. What an employer gives is claimed out of the guest's cap of that month from when it is
asked for, also while the guest waits: moving up never fails for it.

Guests are known by pseudonyms. Slots begin by the hour, so decisions look at the clock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Final

from pydantic import JsonValue

from contracts.mobility.service_reservation import (
    CATEGORY,
    ReservationBooked,
    ReservationCancellation,
    ReservationCancelled,
    ReservationCorrection,
    ReservationExpired,
    ReservationMissed,
    ReservationMovedUp,
    ReservationOutcome,
    ReservationOutcomeCorrected,
    ReservationQueued,
    ReservationServed,
    ReservationStatus,
)
from contracts.mobility.shared_service import ServiceSlot, SharedServiceKind, SharedServiceStatus
from contracts.model import PARIS, Day, EnteredDay
from contracts.personal import Person, Personal
from contracts.values import (
    Cents,
    Commune,
    EmailAddress,
    Moment,
    PersonName,
    PhoneNumber,
    SharedServiceCode,
    Siret,
    SlotPlaces,
    Subject,
    TimeOfDay,
    Zone,
)
from eventstore.decider import PLATFORM, By, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.bounds import Plausible
from mobility.shared_service import SharedService, shared_services

RESERVING: Final = ("company", "network")
"""A company for its people; the network, which has the service, for a company."""
PENDING: Final = ("waiting", "booked")
"""The statuses in which a guest is to come, or hopes to."""
OVER: Final = ("cancelled", "expired")
MOST_WAITING: Final = 50
"""For one slot of a day: beyond it nobody hopes for a place."""
KNOWN_FOR: Final = timedelta(days=365)
"""How long after its day it is known who the guest was."""
RESERVED: Final[Mapping[By, tuple[ReservationCancellation, ...]]] = {
    "network": ("refused",),
    PLATFORM: ("service_suspended", "service_closed", "slot_dropped", "not_recorded", "person_erased"),
}
"""Why one of those who cancel reservations alone may."""

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-05-06",
    "shared_service": "cantine-limoise",
    "company": "00000001800010",
    "guest": {"family_name": "Exemple", "given_name": "Dominique", "email": "convive@example.org"},
    "day": "2024-05-07",
    "starts": "12:00",
    "subsidy_cents": 400,
}
_WAITING: Final[dict[str, JsonValue]] = {**_EXAMPLE, "on": "2024-05-13", "day": "2024-05-14", "wait": True}


class Guest(Person, recognised_by=("family_name", "given_name", "email")):
    """Who comes."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class Book(Command, json_schema_extra={"examples": [_EXAMPLE, _WAITING]}):
    """A company asks for a place in a slot for one of its people, or for one to wait for it."""

    shared_service: SharedServiceCode
    company: Siret
    """Whose employee the guest is."""
    guest: Personal[Guest]
    day: EnteredDay
    starts: TimeOfDay
    """When the slot begins."""
    subsidy_cents: Cents = 0
    """What the employer gives towards it: out of the price."""
    wait: bool = False
    """Whether to wait for a place where the slot is full: it is given as soon as there is one, at once if there is."""


class MoveUp(Command):
    """A place fell free, and the guest has it."""


class Serve(Command):
    """The guest came."""


class RecordMissed(Command):
    """The guest did not come."""


class CorrectOutcome(Command):
    """The network corrects whether the guest came."""

    outcome: ReservationOutcome
    reason: ReservationCorrection


class Cancel(Command):
    """The guest does not come, or waits no longer. Of a slot that has begun it is told whether the guest came."""

    reason: ReservationCancellation


class Review(Command):
    """The service is suspended or closed, or has other slots: where there is nothing to come to, it is cancelled."""


class Expire(Command):
    """The slot begins, and no place has fallen free."""


class Lapse(Command):
    """Nobody has told in time whether the guest came."""


class ServiceReservation(State):
    """A place of a guest in a slot of a day, or the wish for one."""

    shared_service: SharedServiceCode
    kind: SharedServiceKind
    """With commune and zone: of the service, as when it was asked for."""
    commune: Commune
    zone: Zone | None
    company: Siret
    guest: Subject
    day: Day
    starts: TimeOfDay
    ends: TimeOfDay
    places: SlotPlaces
    """How many places the slot had when the guest asked or moved up."""
    price_cents: Cents | None
    subsidy_cents: Cents
    subsidy_cap_cents: Cents
    """How much employers could give towards one guest's reservations in a calendar month when it was asked for."""
    status: ReservationStatus
    asked_on: Day
    queued_at: Moment | None = None
    """Since when the guest waited for a place, if it was full."""
    record_by: Day | None = None
    """The last day on which it may be told whether the guest came."""
    recorded_on: Day | None = None
    """The day on which it was told."""
    ended_on: Day | None = None
    """The day on which it was cancelled or expired."""
    reason: ReservationCancellation | None = None

    @property
    def begins(self) -> datetime:
        """When the slot begins."""
        return _moment(self.day, self.starts)

    @property
    def slot(self) -> str:
        """Which slot of which day."""
        return f"{self.shared_service}/{self.day}/{self.starts}"


SHARED_SERVICE_UNKNOWN = Refusal(
    "shared-service-unknown",
    "there is no shared service {shared_service}",
    "il n'y a pas de service partagé {shared_service}",
    at="shared_service",
    shared_service=SharedServiceCode,
)
SHARED_SERVICE_NOT_OPEN = Refusal(
    "shared-service-not-open-for-reservations",
    "no place of {shared_service} can be reserved: it is {status}",
    "aucune place de {shared_service} ne peut être réservée : son état est « {status} »",
    at="shared_service",
    shared_service=SharedServiceCode,
    status=SharedServiceStatus,
)
SLOT_UNKNOWN = Refusal(
    "slot-unknown",
    "{shared_service} has no slot on {day} at {starts}",
    "{shared_service} n'a pas de créneau le {day} à {starts}",
    at="starts",
    shared_service=SharedServiceCode,
    day=Day,
    starts=TimeOfDay,
)
SLOT_BEGUN = Refusal(
    "reserved-slot-begun",
    "the slot began on {day} at {starts}: places are reserved, waited for and given up before",
    "le créneau a commencé le {day} à {starts} : une place se réserve, s'attend et se rend avant",
    day=Day,
    starts=TimeOfDay,
)
SLOT_NOT_BEGUN = Refusal(
    "reserved-slot-not-begun",
    "the slot begins only on {day} at {starts}",
    "le créneau ne commence que le {day} à {starts}",
    day=Day,
    starts=TimeOfDay,
)
TOO_FAR_AHEAD = Refusal(
    "reserved-too-far-ahead",
    "places are reserved {days} days ahead at most, and this one is on {day}",
    "les places se réservent {days} jours à l'avance au plus, et celle-ci est le {day}",
    at="day",
    days=int,
    day=Day,
)
RECORDED_BEFORE_THE_DAY = Refusal(
    "recorded-before-the-day",
    "{on} is before the day that was reserved, {day}",
    "le {on} précède le jour réservé, le {day}",
    at="on",
    on=Day,
    day=Day,
)
CORRECTED_BEFORE_IT_WAS_RECORDED = Refusal(
    "corrected-before-it-was-recorded",
    "it was recorded on {recorded_on}, and is not corrected before that, on {on}",
    "l'enregistrement date du {recorded_on} et ne se rectifie pas avant, le {on}",
    at="on",
    on=Day,
    recorded_on=Day,
)
SUBSIDY_BEYOND_PRICE = Refusal(
    "subsidy-beyond-price",
    "an employer gives {subsidy} cents towards a price of {price}",
    "un employeur donne {subsidy} centimes pour un prix de {price}",
    at="subsidy_cents",
    subsidy=Cents,
    price=Cents,
)
SUBSIDY_EXHAUSTED = Refusal(
    "subsidy-exhausted",
    "employers may give {limit} cents towards one guest's reservations in a month, and {left} {left:is|are} left",
    "les employeurs peuvent donner {limit} centimes par convive et par mois, et il en reste {left}",
    at="subsidy_cents",
    limit=Cents,
    left=int,
)
GUEST_HAS_ASKED = Refusal(
    "guest-has-asked",
    "the guest has a place in this slot already, or waits for one",
    "le convive a déjà une place dans ce créneau, ou en attend une",
    at="guest",
)
SLOT_FULL = Refusal(
    "slot-full",
    "all {limit} places of this slot are taken; with `wait` the guest waits for one",
    "les {limit} places de ce créneau sont prises ; avec `wait`, le convive en attend une",
    at="starts",
    limit=SlotPlaces,
)
SLOT_WAITED_FOR = Refusal(
    "slot-waited-for",
    "{taken} guests have a place in this slot or wait for one, and {limit} may; with `wait` one waits behind them",
    "{taken} convives ont une place dans ce créneau ou en attendent une, et {limit} le peuvent ; avec `wait`, on "
    "attend derrière eux",
    at="starts",
    taken=int,
    limit=int,
)

service_reservations = Decider(
    CATEGORY.name,
    ServiceReservation,
    final=OVER,
    finding=Finding(
        found_by=("status", "shared_service", "day", "starts", "company", "guest", "kind", "commune", "zone"),
        sorted_by=("day", "queued_at"),
    ),
)


@service_reservations.creates(by=RESERVING, to=PENDING, looks_up=Lookup(shared_services, "shared_service"))
def book(command: Book, service: SharedService | None, context: Context) -> ReservationBooked | ReservationQueued:
    if service is None:
        raise SHARED_SERVICE_UNKNOWN(shared_service=command.shared_service)
    slot = _slot(service, command.day, command.starts)
    begun = _moment(command.day, command.starts) <= context.now
    # What was asked for before the slot began may be entered late, but nobody waits for it any more.
    if begun and (command.wait or command.on >= context.today or command.on > command.day):
        raise SLOT_BEGUN(day=command.day, starts=command.starts)
    if command.day > context.today + timedelta(days=(days := context.of(Plausible).reservation_days_ahead)):
        raise TOO_FAR_AHEAD(days=days, day=command.day)
    if command.subsidy_cents > (price := service.price_cents or 0):
        raise SUBSIDY_BEYOND_PRICE(subsidy=command.subsidy_cents, price=price)
    told = {"ends": slot.ends, "places": slot.places}
    if command.wait:
        return tell(ReservationQueued, command, service, queued_at=context.now, **told)
    return tell(ReservationBooked, command, service, record_by=_record_by(command.day, context), **told)


@service_reservations.decides(
    by=PLATFORM,
    when="waiting",
    to="booked",
    takes=("places", "record_by"),
    looks_up=Lookup(shared_services, "shared_service"),
)
def move_up(
    reservation: ServiceReservation, command: MoveUp, service: SharedService | None, context: Context
) -> ReservationMovedUp:
    if service is None:
        raise SHARED_SERVICE_UNKNOWN(shared_service=reservation.shared_service)
    slot = _slot(service, reservation.day, reservation.starts)
    _check_ahead(reservation, context)
    record_by = _record_by(reservation.day, context)
    return tell(ReservationMovedUp, command, reservation, places=slot.places, record_by=record_by)


@service_reservations.decides(by=RESERVING, when="booked", to="served", day="recorded_on", clears=("record_by",))
def serve(reservation: ServiceReservation, command: Serve, context: Context) -> ReservationServed:
    _check_begun(reservation, command, context)
    return tell(ReservationServed, command, reservation)


@service_reservations.decides(by=RESERVING, when="booked", to="no_show", day="recorded_on", clears=("record_by",))
def record_missed(reservation: ServiceReservation, command: RecordMissed, context: Context) -> ReservationMissed:
    _check_begun(reservation, command, context)
    return tell(ReservationMissed, command, reservation)


@service_reservations.decides(by="network", when=("served", "no_show"), to=("served", "no_show"))
def correct_outcome(
    reservation: ServiceReservation, command: CorrectOutcome
) -> ReservationOutcomeCorrected | tuple[()]:
    if command.outcome == reservation.status:
        return ()
    if reservation.recorded_on and command.on < reservation.recorded_on:
        raise CORRECTED_BEFORE_IT_WAS_RECORDED(on=command.on, recorded_on=reservation.recorded_on)
    return tell(ReservationOutcomeCorrected, command, reservation, outcome_before=reservation.status)


@service_reservations.decides(
    by=(*RESERVING, PLATFORM),
    when=PENDING,
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    clears=("record_by",),
    reserves=RESERVED,
)
def cancel(reservation: ServiceReservation, command: Cancel, context: Context) -> ReservationCancelled:
    _check_ahead(reservation, context)
    return tell(ReservationCancelled, command, reservation)


@service_reservations.decides(
    by=PLATFORM,
    when=PENDING,
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    clears=("record_by",),
    looks_up=Lookup(shared_services, "shared_service"),
)
def review(
    reservation: ServiceReservation, command: Review, service: SharedService | None, context: Context
) -> ReservationCancelled | tuple[()]:
    reason: ReservationCancellation
    if reservation.begins <= context.now or service is None or service.opened_on is None:
        return ()
    if service.status == "closed":
        reason = "service_closed"
    elif service.status == "suspended":
        reason = "service_suspended"
    elif service.slot(reservation.day, reservation.starts) is None:
        reason = "slot_dropped"
    else:
        return ()
    return tell(ReservationCancelled, command, reservation, reason=reason)


service_reservations.steps(Expire, ReservationExpired, by=PLATFORM, when="waiting", to="expired", day="ended_on")
service_reservations.steps(
    Lapse,
    ReservationCancelled,
    by=PLATFORM,
    when="booked",
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    clears=("record_by",),
    reason="not_recorded",
)


@service_reservations.evolves
def _(_reservation: ServiceReservation | None, event: ReservationBooked | ReservationQueued) -> ServiceReservation:
    told = {name: value for name, value in event if name in ServiceReservation.model_fields}
    status = "waiting" if isinstance(event, ReservationQueued) else "booked"
    return ServiceReservation.model_validate({**told, "status": status, "asked_on": event.effective_on})


@service_reservations.evolves
def _(reservation: ServiceReservation, event: ReservationOutcomeCorrected) -> ServiceReservation:
    return reservation.after(event, status=event.outcome)


@service_reservations.claims
def _(reservation: ServiceReservation) -> Iterable[Claim]:
    if reservation.status in OVER:
        return
    yield Claim(GUEST_HAS_ASKED, f"{reservation.slot}/{reservation.guest}")
    if reservation.status != "waiting":
        yield Claim(SLOT_FULL, reservation.slot, limit=reservation.places)
    may_ask = reservation.places + (MOST_WAITING if reservation.queued_at else 0)
    yield Claim(SLOT_WAITED_FOR, reservation.slot, limit=may_ask)
    if reservation.subsidy_cents and reservation.status != "no_show":
        yield Claim(
            SUBSIDY_EXHAUSTED,
            f"{reservation.guest}/{reservation.day:%Y-%m}",
            amount=reservation.subsidy_cents,
            limit=reservation.subsidy_cap_cents,
        )


@service_reservations.due
def _(reservation: ServiceReservation) -> Iterable[Due]:
    if reservation.status == "waiting":
        yield Due(reservation.begins, Expire())
    if reservation.status == "booked" and reservation.record_by:
        yield Due(reservation.record_by + timedelta(days=1), Lapse())


@service_reservations.keeps
def _(reservation: ServiceReservation) -> Iterable[Keep]:
    yield Keep(reservation.guest, reservation.day + KNOWN_FOR)


def _moment(day: Day, starts: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(starts), PARIS)


def _record_by(day: Day, context: Context) -> Day:
    """Until when it may be told whether the guest came: also of what is entered long after its day."""
    return max(day, context.today) + timedelta(days=context.of(Plausible).reservation_days_to_record)


def _slot(service: SharedService, day: Day, starts: str) -> ServiceSlot:
    """The slot of an open service in which a place can be had. Raises Rejected."""
    if service.status != "open":
        raise SHARED_SERVICE_NOT_OPEN(shared_service=service.shared_service, status=service.status)
    slot = service.slot(day, starts)
    if slot is None:
        raise SLOT_UNKNOWN(shared_service=service.shared_service, day=day, starts=starts)
    return slot


def _check_ahead(reservation: ServiceReservation, context: Context) -> None:
    if reservation.begins <= context.now:
        raise SLOT_BEGUN(day=reservation.day, starts=reservation.starts)


def _check_begun(reservation: ServiceReservation, command: Command, context: Context) -> None:
    if context.now < reservation.begins:
        raise SLOT_NOT_BEGUN(day=reservation.day, starts=reservation.starts)
    if command.on < reservation.day:
        raise RECORDED_BEFORE_THE_DAY(on=command.on, day=reservation.day)
