"""What an event asks of streams of this service: slots that fall free, machines that close, members that leave, hires
that last."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from companies.booking import (
    EQUIPMENT_IN_MAINTENANCE,
    EQUIPMENT_NOT_OPEN,
    LICENCE_ENDED,
    LICENCE_IS_WITHDRAWN,
    QUOTA_EXHAUSTED,
    SLOT_BEGUN,
    SLOT_IN_THE_PAST,
    SLOT_OUTSIDE_OPENING,
    SLOT_TAKEN,
    SLOT_TOO_FAR,
    Booking,
    Cancel,
    Displace,
    Offer,
    Review,
    bookings,
)
from companies.equipment import hour_of, open_on
from companies.investment import EvidenceJob, TakeBackEvidence, investments
from companies.need import Drop, Need, needs
from companies.survey import Close, Survey, surveys
from contracts.companies.booking import (
    BookingCancelled,
    BookingDisplaced,
    BookingDone,
    BookingLapsed,
    BookingMissed,
    BookingPutBack,
    BookingQueued,
)
from contracts.companies.company import CompanyLeft
from contracts.companies.equipment import (
    EquipmentRetired,
    MaintenanceBegan,
    MaintenanceEnded,
    MaintenancePlanned,
    MaintenanceProlonged,
    MaintenanceUnplanned,
)
from contracts.companies.licence import LicenceWithdrawn
from contracts.employment.hire import HireOutcomeCorrected, HireSustained
from contracts.model import PARIS
from eventstore.reactions import Found, Identity, Issue, Reactions

SEARCHED: Final = timedelta(weeks=4)
"""How far ahead another slot is looked for, from the day that a machine is open again."""

MOST_TRIED: Final = 10
"""Slots that are tried one after the other, where others take them meanwhile."""

reactions = Reactions()


_NOT_FREE: Final = (
    SLOT_TAKEN,
    QUOTA_EXHAUSTED,
    SLOT_IN_THE_PAST,
    SLOT_OUTSIDE_OPENING,
    SLOT_TOO_FAR,
    EQUIPMENT_IN_MAINTENANCE,
    EQUIPMENT_NOT_OPEN,
    LICENCE_ENDED,
    LICENCE_IS_WITHDRAWN,
)
"""Why a slot cannot be held for a company: somebody was faster, the machine is closed, or its licence ends before."""


@reactions.to(finds=bookings, by={"equipment": "equipment"}, among={"status": "waiting"})
def offer_what_is_free(
    event: BookingQueued
    | BookingCancelled
    | BookingLapsed
    | BookingDisplaced
    | BookingPutBack
    | BookingMissed
    | BookingDone
    | MaintenanceEnded
    | MaintenanceUnplanned,
    waiting: Sequence[Found[Booking]],
) -> Iterable[Issue]:
    """A slot that may be free is held for whoever has waited longest for it, or for a part of it.

    The hours that a company is given back may do for another slot that it waits for.
    """
    for found in sorted(waiting, key=_waited):
        match event:
            case MaintenanceEnded() | MaintenanceUnplanned():
                wants = True
            case BookingDisplaced():
                wants = _overlaps(found.state, event.starts_before, event.ends_before)
            case _:
                wants = _overlaps(found.state, event.starts, event.ends) or found.state.company == event.company
        if not wants:
            continue
        yield Issue(bookings, found.identity, Offer(), expects=(*_NOT_FREE, *bookings.not_for(Offer)))


@reactions.to(finds=bookings, by={"equipment": "equipment"}, among={"status": ("requested", "offered", "approved")})
def offer_other_slots(
    event: MaintenancePlanned | MaintenanceBegan | MaintenanceProlonged, booked: Sequence[Found[Booking]]
) -> Iterable[Issue]:
    """Whoever has booked a machine that is closed is offered a slot of the same length, as near as one is free."""
    open_again = hour_of(event.maintenance_until, 0)
    closes = hour_of(event.maintenance_from, 0) if isinstance(event, MaintenancePlanned) else None
    held = [(each.state.starts, each.state.ends) for each in booked if each.state.starts >= open_again]
    displaced = [
        each for each in booked if each.state.starts < open_again and (closes is None or closes <= each.state.starts)
    ]
    for found in sorted(displaced, key=lambda each: (each.state.starts, each.identity)):
        slots = [*islice(_free(event, found.state, held), MOST_TRIED)]
        held += [(slot, slot + _length(found.state)) for slot in slots[:1]]
        offers = [*(Displace(starts=starts) for starts in slots), Displace()]
        yield Issue(bookings, found.identity, *offers, expects=(*_NOT_FREE, *bookings.not_for(Displace)))


@reactions.to(
    finds=bookings, by={"equipment": "equipment"}, among={"status": ("waiting", "requested", "offered", "approved")}
)
def cancel_what_is_booked(_event: EquipmentRetired, booked: Sequence[Found[Booking]]) -> Iterable[Issue]:
    """A machine that is gone cannot be used."""
    for found in booked:
        cancel = Cancel(reason="equipment_retired")
        yield Issue(bookings, found.identity, cancel, expects=(SLOT_BEGUN, *bookings.not_for(Cancel)))


@reactions.to(
    finds=bookings,
    by={"company": "company"},
    among={"status": ("waiting", "requested", "offered", "approved")},
)
def review_what_is_booked(_event: LicenceWithdrawn | CompanyLeft, booked: Sequence[Found[Booking]]) -> Iterable[Issue]:
    """A company that has left, or whose licence was withdrawn, cannot use what it has booked."""
    for found in booked:
        yield Issue(bookings, found.identity, Review(), expects=tuple(bookings.not_for(Review)))


@reactions.to(
    finds=surveys,
    by={"company": "company"},
    among={"status": ("begun", "completed", "validated", "abandoned")},
)
def close_its_survey(event: CompanyLeft, there: Sequence[Found[Survey]]) -> Iterable[Issue]:
    """The maturity of a company that has left counts no more: from that day on, unless it was surveyed since."""
    for found in there:
        on_its_day = Close(on=event.effective_on)
        yield Issue(surveys, found.identity, on_its_day, Close(), expects=tuple(surveys.not_for(Close)))


@reactions.to(finds=needs, by={"company": "company"}, among={"status": "declared"})
def drop_its_needs(_event: CompanyLeft, there: Sequence[Found[Need]]) -> Iterable[Issue]:
    """A company that has left is not waited for."""
    for found in there:
        drop = Drop(reason="member_left")
        yield Issue(needs, found.identity, drop, expects=tuple(needs.not_for(Drop)))


@reactions.to()
def evidence_a_job(event: HireSustained, hire: Identity) -> Iterable[Issue]:
    """A hire that has lasted six months evidences a job of its investment."""
    if event.investment:
        yield Issue(investments, event.investment, EvidenceJob(hire=hire, evidenced_on=event.sustained_on))


@reactions.to()
def take_evidence_back(event: HireOutcomeCorrected, hire: Identity) -> Iterable[Issue]:
    """It had not, or not yet."""
    if event.investment and event.sustained_on:
        yield Issue(investments, event.investment, TakeBackEvidence(hire=hire, evidenced_on=event.sustained_on))


def _waited(found: Found[Booking]) -> tuple[datetime, str]:
    return found.state.queued_at or found.state.starts, found.identity


def _overlaps(booking: Booking, starts: datetime, ends: datetime) -> bool:
    return booking.starts < ends and starts < booking.ends


def _length(booking: Booking) -> timedelta:
    return timedelta(hours=booking.hours)


def _free(
    event: MaintenancePlanned | MaintenanceBegan | MaintenanceProlonged,
    booking: Booking,
    held: Sequence[tuple[datetime, datetime]],
) -> Iterator[datetime]:
    """When a booking could begin instead: day by day, at first as near as can be to the hour that it had."""
    had = booking.starts.astimezone(PARIS)
    for days in range(SEARCHED.days):
        day = event.maintenance_until + timedelta(days=days)
        hours = open_on(event, day)
        if hours is None:
            continue
        opens, last = hours[0].astimezone(UTC), hours[1].astimezone(UTC) - _length(booking)
        wanted = datetime.combine(day, had.time(), PARIS).astimezone(UTC)
        starts = [wanted, *(opens + timedelta(hours=hour) for hour in range(24))]
        for start in sorted(
            {each for each in starts if opens <= each <= last}, key=lambda each: (abs(each - wanted), each)
        ):
            if all(start >= until or start + _length(booking) <= since for since, until in held):
                yield start.astimezone(PARIS)
