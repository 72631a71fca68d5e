"""What happens to a reservation of a shared service [réservation], the stream `service-reservation-<id>`.

A guest, known by a pseudonym, has a place in a slot of a day, or waits for one.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.mobility.shared_service import SharedServiceKind
from contracts.model import Correction, Day, Event
from contracts.values import Cents, Commune, Moment, SharedServiceCode, Siret, SlotPlaces, Subject, TimeOfDay, Zone

CATEGORY: Final = Category("service-reservation", service="mobility", path="/v1/service-reservations", persons=True)

ReservationStatus = Literal["waiting", "booked", "served", "no_show", "cancelled", "expired"]
ReservationCancellation = Literal[
    "not_needed",
    "absent",
    "refused",
    "entered_by_mistake",
    "service_suspended",
    "service_closed",
    "slot_dropped",
    "not_recorded",
    "person_erased",
    "other",
]
"""`not_recorded`: nobody has told in time whether the guest came."""
ReservationOutcome = Literal["served", "no_show"]
ReservationCorrection = Literal["typing_error", "late_list", "checked", "other"]


class _Reservation(Event):
    shared_service: SharedServiceCode
    kind: SharedServiceKind
    """With commune and zone: of the service, as when it was asked for."""
    commune: Commune
    zone: Zone | None
    company: Siret
    """Whose employee the guest is."""
    guest: Subject
    day: Day
    starts: TimeOfDay
    ends: TimeOfDay
    price_cents: Cents | None
    """As when it was asked for."""
    subsidy_cents: Cents
    """What the employer gives towards it."""


class ReservationBooked(_Reservation, version=1):
    """A guest has a place in a slot."""

    places: SlotPlaces
    """How many places the slot had then."""
    subsidy_cap_cents: Cents
    """How much employers could give towards one guest's reservations in a calendar month then."""
    record_by: Day
    """The last day on which it may be told whether the guest came."""


class ReservationQueued(_Reservation, version=1):
    """A guest waits for a place in a slot that is full."""

    places: SlotPlaces
    subsidy_cap_cents: Cents
    queued_at: Moment


class ReservationMovedUp(_Reservation, version=1):
    """A place fell free, and the guest who had waited longest has it."""

    places: SlotPlaces
    record_by: Day


class ReservationServed(_Reservation, version=1):
    """The guest came."""


class ReservationMissed(_Reservation, version=1):
    """The guest did not come. The place is not offered again."""


class ReservationOutcomeCorrected(_Reservation, Correction, version=1):
    """Whether the guest came had been recorded wrongly."""

    outcome_before: ReservationOutcome
    outcome: ReservationOutcome
    reason: ReservationCorrection


class ReservationCancelled(_Reservation, version=1):
    """The guest does not come, or waits no longer; or there is nothing to come to."""

    status_before: ReservationStatus
    """Whether there is a place free now."""
    reason: ReservationCancellation


class ReservationExpired(_Reservation, version=1):
    """The slot has begun, and no place had fallen free."""
