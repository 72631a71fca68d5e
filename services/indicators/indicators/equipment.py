"""The shared Industry 4.0 platform [plateau technique]: how long its machines are open, booked, and by whom (axis 6).

Hours count on the Paris day on which their slot begins, so that a period to come shows what is booked in it already.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.companies.booking import BookingApproved, BookingCancelled, BookingDisplaced, BookingPutBack
from contracts.companies.equipment import (
    EquipmentEnteredService,
    EquipmentRetired,
    MaintenanceBegan,
    MaintenanceEnded,
    OpeningChanged,
)
from contracts.model import PARIS
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, distinct, durations, formula, sums

BOOKING: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone", "equipment")


@sums(unit="h", dimensions=BOOKING)
def platform_hours_booked(
    event: BookingApproved | BookingCancelled | BookingDisplaced | BookingPutBack,
) -> Iterator[Count]:
    """Hours booked on the shared Industry 4.0 platform.

    The hours of approved bookings, on the day their slot begins, also where it is still to come. A booking that is
    cancelled is taken out again on that day, and so is one that maintenance moves to another slot or puts back in the
    queue, until it is approved anew. A slot that was missed stays in: nobody else could book it. Activity, commune and
    zone are those of the company when it asked for the slot.
    """
    match event:
        case BookingApproved():
            yield Count(_day(event.starts), event.hours)
        case BookingDisplaced(approved_on=approved) if approved:
            yield Count(_day(event.starts_before), -event.hours)
        case BookingCancelled(approved_on=approved) | BookingPutBack(approved_on=approved) if approved:
            yield Count(_day(event.starts), -event.hours)


@distinct(unit="companies", dimensions=BOOKING)
def platform_companies(
    event: BookingApproved | BookingCancelled | BookingDisplaced | BookingPutBack,
) -> Iterator[Count]:
    """Companies that use the shared Industry 4.0 platform.

    How many companies have hours in platform_hours_booked: each counts once in the period, and once in every cell, so
    that cells do not add up to the total. A company that missed its slot counts; one whose bookings were all cancelled
    does not.
    """
    yield from platform_hours_booked.counts(event)


@durations(unit="h", dimensions=("equipment",), contributor="equipment")
def platform_open_hours(
    event: EquipmentEnteredService | MaintenanceBegan | MaintenanceEnded | OpeningChanged | EquipmentRetired,
) -> int:
    """Hours the shared Industry 4.0 platform is open.

    The weekly opening hours of each machine in service, a seventh for each day, whichever weekdays it is open on, and
    rounded to the hundredth of an hour, half a hundredth up. A day counts by the last event up to it: from the day on
    which maintenance begins until the day before it ends a machine is not open. What holds today is taken to hold on
    the days to come, where `to` asks for them; without it the hours end today. n counts machines.
    """
    return event.weekly_hours


@formula(unit="share", of=(platform_open_hours, platform_hours_booked))
def platform_use(opened: Decimal, booked: Decimal) -> Decimal | None:
    """Use of the shared Industry 4.0 platform.

    platform_hours_booked divided by platform_open_hours over the same days, until today unless `to` asks for another
    day: 0.25 is a quarter of the hours it is open. Rounded to four decimals, half up; none while nothing is open.
    Bookings that stay when a machine's hours become fewer may make it more than 1.
    """
    return (booked / opened).quantize(Decimal("0.0001"), ROUND_HALF_UP) if opened > 0 else None


def _day(starts: datetime) -> date:
    return starts.astimezone(PARIS).date()


CHAPTER: Final = Chapter(
    "equipment", platform_hours_booked, platform_companies, platform_open_hours, platform_use, axis=6
)
