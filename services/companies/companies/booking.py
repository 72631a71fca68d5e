"""Bookings of the platform's equipment [réservations]: a member company books a machine by the hour (axis 6).

A company asks for a slot with the licence of a trained operator, and the network approves. Nobody else holds the slot
meanwhile, and a company has at most so many hours of a machine in a month. Where a slot is taken, a company can wait
for it: if it falls free, it is held for the company that has waited longest, which has a day to take it.

Slots are agreed by the hour, so decisions look at the clock: whatever is not approved, used or taken in time lapses.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from companies.company import Company, active_member, companies
from companies.days import check_corrected
from companies.equipment import Equipment, equipments, hour_of, open_on
from companies.licence import EQUIPMENT_UNKNOWN, Licence, licences
from contracts.companies.booking import (
    CATEGORY,
    BookingApproved,
    BookingCancellation,
    BookingCancelled,
    BookingDisplaced,
    BookingDone,
    BookingLapsed,
    BookingMissed,
    BookingOffered,
    BookingOutcomeCorrected,
    BookingPutBack,
    BookingQueued,
    BookingRequested,
    BookingStatus,
    LapseReason,
    OfferAccepted,
    Outcome,
    OutcomeCorrection,
    UseBegan,
)
from contracts.companies.equipment import EquipmentStatus, Weekday
from contracts.model import PARIS, Day
from contracts.values import (
    Commune,
    EnteredQuarter,
    EquipmentCode,
    HourOfDay,
    Moment,
    MonthlyHours,
    Naf,
    RecordId,
    Siret,
    SlotHours,
    Zone,
)
from eventstore.decider import PLATFORM, By, Claim, Command, Context, Decider, Due, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

TIME_TO_TAKE: Final = timedelta(days=1)
"""How long an offer is held."""
AHEAD: Final = timedelta(days=366)
"""How far ahead a slot is booked, at most."""
TIME_TO_RECORD: Final = timedelta(days=1)
"""How long after its end a slot that nobody recorded the use of counts as missed."""
HOLDING: Final = ("requested", "offered", "approved", "in_use")
"""The statuses in which a booking holds its slot."""
RESERVED: Final[Mapping[By, tuple[BookingCancellation, ...]]] = {
    "network": ("refused",),
    PLATFORM: ("equipment_retired", "licence_withdrawn", "member_left"),
}
"""Why one of those who cancel bookings alone may."""


class Request(Command):
    """A member company asks for a slot of a machine, or waits for it."""

    company: Siret
    equipment: EquipmentCode
    licence: RecordId
    """The number of the licence that the operator has for this machine."""
    starts: Annotated[EnteredQuarter, Field(examples=["2024-06-04T09:00:00+02:00"])]
    hours: SlotHours
    wait: bool = False
    """Whether to wait for the slot in a queue instead: it is offered as soon as it is free, at once if it is."""


class Offer(Command):
    """The slot fell free: it is held for the company for a day, or until it begins."""


class Displace(Command):
    """Maintenance closes the machine: another slot is held for the company, or, without one, it waits for its own."""

    starts: Annotated[Moment, Field(examples=["2024-06-06T14:00:00+02:00"])] | None = None


class Review(Command):
    """The company has left, or a licence of its was withdrawn: what it may not use any more is cancelled."""


class Accept(Command):
    """The company takes the slot that it is offered."""


class Decline(Command):
    """The company does not take the slot that it is offered."""


class Approve(Command):
    """The network agrees to the booking."""


class BeginUse(Command):
    """The company has come, and uses the machine."""


class Finish(Command):
    """The slot was used."""


class RecordMissed(Command):
    """The company did not come. The rest of the slot is free."""


class CorrectOutcome(Command):
    """The network corrects whether the slot was used."""

    outcome: Outcome
    reason: OutcomeCorrection


class Cancel(Command):
    """The company or the network gives the booking up. A slot that has begun is finished or missed instead."""

    reason: BookingCancellation


class Lapse(Command):
    """Its time has passed: to be approved, to take an offer, or to wait."""


class Booking(State):
    """A slot of a machine that a company holds, held, or waits for."""

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it asked."""
    commune: Commune
    zone: Zone | None
    equipment: EquipmentCode
    licence: RecordId
    status: BookingStatus
    starts: Moment
    ends: Moment
    hours: SlotHours
    quota_hours: MonthlyHours
    """How many hours of the machine a company could book in a month when it asked."""
    requested_on: Day
    queued_at: Moment | None = None
    """Since when it waits for the slot."""
    offered_until: Moment | None = None
    moved_from: Moment | None = None
    """When the slot began that maintenance took from it, while it is offered another."""
    approved_on: Day | None = None
    used_on: Day | None = None
    missed_on: Day | None = None
    cancelled_on: Day | None = None
    lapsed_on: Day | None = None
    reason: BookingCancellation | LapseReason | None = None

    @property
    def month(self) -> str:
        """The calendar month whose quota it counts for."""
        return f"{self.starts.astimezone(PARIS):%Y-%m}"


SLOT_TAKEN = Refusal(
    "slot-taken",
    "another booking holds this slot, or a part of it; with `wait` one waits for it",
    "une autre réservation occupe ce créneau, en tout ou en partie ; avec `wait`, on peut l'attendre",
    at="starts",
)
QUOTA_EXHAUSTED = Refusal(
    "quota-exhausted",
    "a company may book {limit} {limit:hour|hours} of this equipment in a month, and {taken} {taken:is|are} booked",
    "une entreprise peut réserver {limit} {limit:heure|heures} de cet équipement par mois, et {taken} "
    "{taken:est réservée|sont réservées}",
    at="hours",
    limit=MonthlyHours,
    taken=int,
)
SLOT_IN_THE_PAST = Refusal(
    "slot-in-the-past",
    "the slot begins at {starts:%Y-%m-%d %H:%M}, which has passed",
    "le créneau commence le {starts:%d/%m/%Y à %H:%M}, ce moment est passé",
    at="starts",
    starts=Moment,
)
SLOT_TOO_FAR = Refusal(
    "slot-too-far",
    "slots are booked {days} days ahead at most, and this one is on {day}",
    "les créneaux se réservent {days} jours à l'avance au plus, et celui-ci est le {day}",
    at="starts",
    days=int,
    day=Day,
)
ALREADY_WAITING = Refusal(
    "already-waiting",
    "the company waits for this slot already, or for a part of it",
    "l'entreprise attend déjà ce créneau, en tout ou en partie",
    at="starts",
)
SLOT_NOT_BEGUN = Refusal(
    "slot-not-begun",
    "the slot begins only at {starts:%Y-%m-%d %H:%M}",
    "le créneau ne commence que le {starts:%d/%m/%Y à %H:%M}",
    starts=Moment,
)
USED_BEFORE_SLOT = Refusal(
    "used-before-slot",
    "{on} is before the day of the slot, {day}",
    "le {on} précède le jour du créneau, le {day}",
    at="on",
    on=Day,
    day=Day,
)
SLOT_BEGUN = Refusal(
    "slot-begun",
    "the slot began at {starts:%Y-%m-%d %H:%M}: it is finished or missed, and not cancelled",
    "le créneau a commencé le {starts:%d/%m/%Y à %H:%M} : il est terminé ou manqué, et non annulé",
    starts=Moment,
)
SLOT_OUTSIDE_OPENING = Refusal(
    "slot-outside-opening",
    "{equipment} is open on {weekdays} from {opens}:00 to {closes}:00, and the slot is not within these hours of a day",
    "{equipment} est ouvert ({weekdays}) de {opens} h à {closes} h, et le créneau n'est pas dans ces heures d'un jour",
    at="starts",
    equipment=EquipmentCode,
    weekdays=tuple[Weekday, ...],
    opens=HourOfDay,
    closes=HourOfDay,
)
EQUIPMENT_NOT_OPEN = Refusal(
    "equipment-not-open",
    "{equipment} cannot be booked: it is {status}",
    "{equipment} ne se réserve pas : son état est « {status} »",
    at="equipment",
    equipment=EquipmentCode,
    status=EquipmentStatus,
)
EQUIPMENT_IN_MAINTENANCE = Refusal(
    "equipment-in-maintenance",
    "{equipment} is in maintenance until {until}",
    "{equipment} est en maintenance jusqu'au {until}",
    at="starts",
    equipment=EquipmentCode,
    until=Day,
)
LICENCE_UNKNOWN = Refusal(
    "licence-unknown",
    "{company} has no licence {licence} for {equipment}",
    "{company} n'a pas d'habilitation {licence} pour {equipment}",
    at="licence",
    company=Siret,
    licence=RecordId,
    equipment=EquipmentCode,
)
LICENCE_ENDED = Refusal(
    "licence-ended",
    "the licence is valid until {valid_until}, and the slot is on {day}",
    "l'habilitation est valable jusqu'au {valid_until}, et le créneau est le {day}",
    at="starts",
    valid_until=Day,
    day=Day,
)
LICENCE_IS_WITHDRAWN = Refusal(
    "licence-is-withdrawn",
    "the licence was withdrawn on {on}",
    "l'habilitation a été retirée le {on}",
    at="licence",
    on=Day,
)
OFFER_OVER = Refusal(
    "offer-over",
    "the offer was held until {until:%Y-%m-%d %H:%M}",
    "l'offre tenait jusqu'au {until:%d/%m/%Y à %H:%M}",
    until=Moment,
)

bookings = Decider(
    CATEGORY.name,
    Booking,
    final=("cancelled", "lapsed"),
    finding=Finding(found_by=("status", "equipment", "company", "licence"), sorted_by=("starts", "hours")),
)


@bookings.creates(
    by=("company", "network"),
    to=("requested", "waiting"),
    looks_up=(Lookup(equipments, "equipment"), Lookup(licences, "licence"), Lookup(companies, "company")),
)
def request(
    command: Request,
    equipment: Equipment | None,
    licence: Licence | None,
    company: Company | None,
    context: Context,
) -> BookingRequested | BookingQueued:
    ends = _after(command.starts, command.hours)
    machine = _bookable(equipment, command.equipment, command.starts, ends, context)
    member = active_member(company, command.company)
    _check_licence(licence, command, command.starts.date())
    if command.wait:
        return tell(BookingQueued, command, member, machine, ends=ends, queued_at=context.now)
    return tell(BookingRequested, command, member, machine, ends=ends)


@bookings.decides(
    by=PLATFORM, when="waiting", to="offered", takes=("offered_until",), looks_up=Lookup(equipments, "equipment")
)
def offer(booking: Booking, command: Offer, equipment: Equipment | None, context: Context) -> BookingOffered:
    _bookable(equipment, booking.equipment, booking.starts, booking.ends, context)
    return tell(BookingOffered, command, booking, offered_until=_offer_end(booking.starts, context.now))


@bookings.decides(
    by=PLATFORM,
    when=("requested", "offered", "approved"),
    to=("offered", "waiting"),
    looks_up=(Lookup(equipments, "equipment"), Lookup(licences, "licence")),
)
def displace(
    booking: Booking, command: Displace, equipment: Equipment | None, licence: Licence | None, context: Context
) -> BookingDisplaced | BookingPutBack | tuple[()]:
    if booking.starts <= context.now:
        return ()
    if command.starts is None:
        # Before all who began to wait while it held the slot.
        since = hour_of(booking.requested_on, 0)
        return tell(BookingPutBack, command, booking, starts=booking.starts, queued_at=since)
    ends = _after(command.starts, booking.hours)
    _bookable(equipment, booking.equipment, command.starts, ends, context)
    _check_licence(licence, booking, command.starts.date())
    offered_until = _offer_end(command.starts, context.now)
    return tell(BookingDisplaced, command, booking, ends=ends, offered_until=offered_until)


@bookings.decides(
    by=PLATFORM,
    when=("waiting", "offered", "requested", "approved"),
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
    looks_up=(Lookup(licences, "licence"), Lookup(companies, "company")),
)
def review(
    booking: Booking, command: Review, licence: Licence | None, company: Company | None, context: Context
) -> BookingCancelled | tuple[()]:
    if booking.starts <= context.now:
        return ()
    if company is None or company.status == "left":
        return tell(BookingCancelled, command, booking, reason="member_left")
    if licence is None or licence.withdrawn_on:
        return tell(BookingCancelled, command, booking, reason="licence_withdrawn")
    return ()


@bookings.decides(
    by=("company", "network"), when="offered", to="requested", clears=("offered_until", "queued_at", "moved_from")
)
def accept(booking: Booking, command: Accept, context: Context) -> OfferAccepted:
    if booking.offered_until and booking.offered_until <= context.now:
        raise OFFER_OVER(until=booking.offered_until)
    return tell(OfferAccepted, command, booking)


bookings.steps(
    Decline,
    BookingLapsed,
    by=("company", "network"),
    when="offered",
    to="lapsed",
    day="lapsed_on",
    takes=("reason",),
    reason="offer_declined",
)
bookings.steps(Approve, BookingApproved, by="network", when="requested", to="approved", day="approved_on")


@bookings.decides(by=("company", "network"), when="approved", to="in_use")
def begin_use(booking: Booking, command: BeginUse, context: Context) -> UseBegan:
    _check_begun(booking, command, context)
    return tell(UseBegan, command, booking)


@bookings.decides(by=("company", "network", PLATFORM), when=("approved", "in_use"), to="done", day="used_on")
def finish(booking: Booking, command: Finish, context: Context) -> BookingDone:
    _check_begun(booking, command, context)
    return tell(BookingDone, command, booking)


@bookings.decides(by=("network", PLATFORM), when="approved", to="no_show", day="missed_on")
def record_missed(booking: Booking, command: RecordMissed, context: Context) -> BookingMissed:
    _check_begun(booking, command, context)
    return tell(BookingMissed, command, booking)


@bookings.decides(by="network", when=("done", "no_show"), to=("done", "no_show"))
def correct_outcome(booking: Booking, command: CorrectOutcome) -> BookingOutcomeCorrected | tuple[()]:
    if command.outcome == booking.status:
        return ()
    check_corrected(command.on, booking.used_on or booking.missed_on)
    return tell(BookingOutcomeCorrected, command, booking, outcome_before=booking.status)


@bookings.decides(
    by=("company", "network", PLATFORM),
    when=("waiting", "offered", "requested", "approved"),
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
    reserves=RESERVED,
)
def cancel(booking: Booking, command: Cancel, context: Context) -> BookingCancelled:
    if booking.starts <= context.now:
        raise SLOT_BEGUN(starts=booking.starts)
    return tell(BookingCancelled, command, booking)


@bookings.decides(
    by=PLATFORM, when=("requested", "offered", "waiting"), to="lapsed", day="lapsed_on", takes=("reason",)
)
def lapse(booking: Booking, command: Lapse) -> BookingLapsed:
    reasons: Mapping[str, LapseReason] = {"requested": "not_approved", "offered": "offer_unanswered"}
    return tell(BookingLapsed, command, booking, reason=reasons.get(booking.status, "slot_passed"))


@bookings.evolves
def _(_booking: Booking | None, event: BookingRequested | BookingQueued) -> Booking:
    return Booking(
        company=event.company,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        equipment=event.equipment,
        licence=event.licence,
        status="waiting" if isinstance(event, BookingQueued) else "requested",
        starts=event.starts,
        ends=event.ends,
        hours=event.hours,
        quota_hours=event.quota_hours,
        requested_on=event.effective_on,
        queued_at=event.queued_at if isinstance(event, BookingQueued) else None,
        effective_on=event.effective_on,
    )


@bookings.evolves
def _(booking: Booking, event: BookingDisplaced) -> Booking:
    return booking.after(
        event,
        status="offered",
        starts=event.starts,
        ends=event.ends,
        offered_until=event.offered_until,
        moved_from=booking.moved_from or event.starts_before,
        approved_on=None,
    )


@bookings.evolves
def _(booking: Booking, event: BookingPutBack) -> Booking:
    waits = {"queued_at": event.queued_at, "offered_until": None, "moved_from": None, "approved_on": None}
    return booking.after(event, status="waiting", **waits)


@bookings.evolves
def _(booking: Booking, event: BookingOutcomeCorrected) -> Booking:
    day = booking.used_on or booking.missed_on
    used = event.outcome == "done"
    return booking.after(event, status=event.outcome, used_on=day if used else None, missed_on=None if used else day)


@bookings.claims
def _(booking: Booking) -> Iterable[Claim]:
    if booking.status == "waiting":
        waits = f"{booking.equipment}/{booking.company}"
        yield Claim(ALREADY_WAITING, waits, during=(booking.starts, booking.ends))
    if booking.status in HOLDING:
        yield Claim(SLOT_TAKEN, booking.equipment, during=(booking.starts, booking.ends))
    if booking.status in (*HOLDING, "done", "no_show"):
        key = f"{booking.equipment}/{booking.company}/{booking.month}"
        yield Claim(QUOTA_EXHAUSTED, key, amount=booking.hours, limit=booking.quota_hours)


@bookings.due
def _(booking: Booking) -> Iterable[Due]:
    match booking.status:
        case "waiting" | "requested":
            yield Due(booking.starts, Lapse())
        case "offered" if booking.offered_until:
            yield Due(booking.offered_until, Lapse())
        case "approved":
            yield Due(booking.ends + TIME_TO_RECORD, RecordMissed())
        case "in_use":
            yield Due(booking.ends, Finish())


def _after(starts: datetime, hours: int) -> datetime:
    """So many hours later, also where the clocks change in between."""
    return (starts.astimezone(UTC) + timedelta(hours=hours)).astimezone(PARIS)


def _offer_end(starts: datetime, now: datetime) -> datetime:
    return min(now + TIME_TO_TAKE, starts).replace(microsecond=0)


def _bookable(equipment: Equipment | None, code: str, starts: datetime, ends: datetime, context: Context) -> Equipment:
    """A machine that can be booked for a slot, as far as it goes. Raises Rejected."""
    if starts <= context.now:
        raise SLOT_IN_THE_PAST(starts=starts)
    if starts > context.now + AHEAD:
        raise SLOT_TOO_FAR(days=AHEAD.days, day=starts.astimezone(PARIS).date())
    if equipment is None:
        raise EQUIPMENT_UNKNOWN(equipment=code)
    if equipment.status in ("commissioned", "retired"):
        raise EQUIPMENT_NOT_OPEN(equipment=code, status=equipment.status)
    day = starts.astimezone(PARIS).date()
    if until := equipment.closed_until(day):
        raise EQUIPMENT_IN_MAINTENANCE(equipment=code, until=until)
    hours = open_on(equipment, day)
    if hours is None or starts < hours[0] or ends > hours[1]:
        raise SLOT_OUTSIDE_OPENING(
            equipment=code, weekdays=equipment.weekdays, opens=equipment.opens, closes=equipment.closes
        )
    return equipment


def _check_licence(licence: Licence | None, asked: Request | Booking, day: Day) -> None:
    """A licence of the company for the machine, valid on the day of the slot. Raises Rejected."""
    if licence is None or (licence.company, licence.equipment) != (asked.company, asked.equipment):
        raise LICENCE_UNKNOWN(company=asked.company, licence=asked.licence, equipment=asked.equipment)
    if licence.withdrawn_on:
        raise LICENCE_IS_WITHDRAWN(on=licence.withdrawn_on)
    if licence.valid_until < day:
        raise LICENCE_ENDED(valid_until=licence.valid_until, day=day)


def _check_begun(booking: Booking, command: BeginUse | Finish | RecordMissed, context: Context) -> None:
    if context.now < booking.starts:
        raise SLOT_NOT_BEGUN(starts=booking.starts)
    if command.on < (day := booking.starts.astimezone(PARIS).date()):
        raise USED_BEFORE_SLOT(on=command.on, day=day)
