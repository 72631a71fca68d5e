"""What happens to a booking of equipment [réservation], the stream `booking-<id>`.

A slot is an hour or several, from `starts` until before `ends`. Where an event ends a booking of a slot, it says that
slot and whether it was approved, so that hours counted as booked can be taken back.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Event
from contracts.values import Commune, EquipmentCode, Moment, MonthlyHours, Naf, RecordId, Siret, SlotHours, Zone

CATEGORY: Final = Category("booking", service="companies", path="/v1/bookings")

BookingStatus = Literal[
    "requested", "waiting", "offered", "approved", "in_use", "done", "no_show", "cancelled", "lapsed"
]
BookingCancellation = Literal[
    "not_needed", "operator_absent", "refused", "equipment_retired", "licence_withdrawn", "member_left", "other"
]
LapseReason = Literal["not_approved", "offer_unanswered", "offer_declined", "slot_passed"]
Outcome = Literal["done", "no_show"]
OutcomeCorrection = Literal["typing_error", "use_not_recorded", "not_used", "other"]


class _Booking(Event):
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it asked."""
    commune: Commune
    zone: Zone | None
    equipment: EquipmentCode
    starts: Moment
    ends: Moment
    hours: SlotHours


class BookingRequested(_Booking, version=1):
    """A company asked for a slot, and holds it until it is approved or lapses."""

    licence: RecordId
    quota_hours: MonthlyHours
    """How many hours of the equipment a company could book in a month at that time."""


class BookingQueued(_Booking, version=1):
    """A company waits for a slot that another holds."""

    licence: RecordId
    quota_hours: MonthlyHours
    queued_at: Moment


class BookingOffered(_Booking, version=1):
    """A slot that fell free is held for a company that waits for it."""

    offered_until: Moment


class BookingDisplaced(_Booking, version=1):
    """Maintenance closes the equipment: the company is offered another slot, which is held for it."""

    starts_before: Moment
    ends_before: Moment
    approved_on: Day | None
    """The day its former slot was approved, if it was."""
    offered_until: Moment


class BookingPutBack(_Booking, version=1):
    """Maintenance closes the equipment, and no other slot is free: the company waits for its own."""

    approved_on: Day | None
    queued_at: Moment


class OfferAccepted(_Booking, version=1):
    """The company takes the slot that it is offered, and waits for approval."""


class BookingApproved(_Booking, version=1):
    """The network agreed to the booking."""


class UseBegan(_Booking, version=1):
    """The company has begun to use the equipment."""


class BookingDone(_Booking, version=1):
    """The slot was used."""


class BookingMissed(_Booking, version=1):
    """The company did not come."""


class BookingOutcomeCorrected(_Booking, Correction, version=1):
    """Whether the slot was used had been recorded wrongly."""

    outcome_before: Outcome
    outcome: Outcome
    reason: OutcomeCorrection


class BookingCancelled(_Booking, version=1):
    """The company or the network gave the booking up."""

    approved_on: Day | None
    reason: BookingCancellation


class BookingLapsed(_Booking, version=1):
    """Time went by: it was not approved, or an offer was not taken, or nothing fell free."""

    reason: LapseReason
