"""What companies consume, as their meters tell: water, electricity and gas (axis 1).

What was consumed between two readings belongs to the days between them, whenever somebody reads. So each month gets the
part of its days, and a month compares with the year before and with what is aimed at; a reading at the end of a quarter
does not make one month of three. Whole amounts are parted: what makes no whole one up to the end of a month is the next
one's. Events tell the periods, and not the months, so that this is ours to decide, and may be decided otherwise.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.companies.meter import (
    ConsumptionPeriod,
    MeterInstalled,
    MeterKind,
    MeterRemoved,
    MeterReplaced,
    ReadingCorrected,
    ReadingDiscarded,
    ReadingRecorded,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, Stand, durations, formula, sums
from indicators.network import headcount_mean

PLACE: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")
METER: Final[tuple[Name, ...]] = (*PLACE, "resource")

Read = ReadingRecorded | ReadingCorrected | ReadingDiscarded | MeterReplaced | MeterRemoved
"""What changes periods."""


@sums(unit="m³", dimensions=PLACE, silence="unknown")
def water(event: Read) -> Iterator[Count]:
    """Water consumed.

    What the water meters of companies have counted between two readings, parted over the months by their days, in whole
    m³: each part counts on its last day, the end of the month or the day of the reading. A reading counts as soon as it
    is recorded; one that comes late parts its period anew, and one that is corrected or discarded takes back what was
    counted and puts in what is right. Where nothing was read nobody knows; reading_coverage says how much that is. Days
    whose only reading was discarded count 0. Commune and zone are where the meter stands, the activity is the company's
    when it was installed.
    """
    yield from _consumed(event, "water")


@sums(unit="kWh", dimensions=PLACE, silence="unknown")
def electricity(event: Read) -> Iterator[Count]:
    """Electricity consumed.

    What the electricity meters of companies have counted between two readings, parted over the months by their days, in
    whole kWh, and counted as water is.
    """
    yield from _consumed(event, "electricity")


@sums(unit="kWh", dimensions=PLACE, silence="unknown")
def gas(event: Read) -> Iterator[Count]:
    """Gas consumed.

    What the gas meters of companies have counted between two readings, parted over the months by their days, in whole
    kWh, and counted as water is.
    """
    yield from _consumed(event, "gas")


@formula(unit="m³/FTE", of=(water, headcount_mean))
def water_per_fte(consumed: Decimal, staff: Decimal) -> Decimal | None:
    """Water consumed per full-time equivalent.

    water divided by headcount_mean over the same period and cells, rounded to two decimals, half up. The headcount is
    that of all active members asked for, those without a meter, too: by company, or where reading_coverage says that
    little is missing, it tells more. None where nothing was read, or nobody is employed.
    """
    return _per_fte(consumed, staff)


@formula(unit="kWh/FTE", of=(electricity, headcount_mean))
def electricity_per_fte(consumed: Decimal, staff: Decimal) -> Decimal | None:
    """Electricity consumed per full-time equivalent.

    electricity divided by headcount_mean over the same period and cells, rounded to two decimals, half up, and to be
    read as water_per_fte is.
    """
    return _per_fte(consumed, staff)


@formula(unit="kWh/FTE", of=(gas, headcount_mean))
def gas_per_fte(consumed: Decimal, staff: Decimal) -> Decimal | None:
    """Gas consumed per full-time equivalent.

    gas divided by headcount_mean over the same period and cells, rounded to two decimals, half up, and to be read as
    water_per_fte is.
    """
    return _per_fte(consumed, staff)


@durations(unit="days", dimensions=METER)
def metered_days(event: MeterInstalled | MeterRemoved) -> Iterator[Stand | Corrected]:
    """Days on which meters are in service.

    One for each meter and day, from that of its installation to that of its removal, both included, and until today
    unless `to` asks for another day. n counts companies.
    """
    resource: dict[Name, str | int | None] = {"resource": event.kind}
    if isinstance(event, MeterRemoved):
        day = event.effective_on
        yield Corrected(since=day, until=day + timedelta(days=1), before=0, value=_A_DAY, dimensions=resource)
    yield Stand(_A_DAY if isinstance(event, MeterInstalled) else 0, dimensions=resource)


@sums(unit="days", dimensions=METER)
def read_days(event: Read) -> Iterator[Count]:
    """Days of which readings tell the consumption.

    One for each meter and day between its installation and its latest reading, counted as what was consumed on it is.
    n counts companies.
    """
    for on, days, _ in _changes(event):
        yield Count(on, days, {"resource": event.kind})


@formula(unit="share", of=(metered_days, read_days))
def reading_coverage(metered: Decimal, read: Decimal) -> Decimal | None:
    """Share of what meters count that readings tell.

    read_days divided by metered_days over the same days, until today unless `to` asks for another day: of a month, 0.9
    says that of one day in ten nobody knows yet what was consumed. Rounded to four decimals, half up; none while no
    meter is in service.
    """
    return (read / metered).quantize(Decimal("0.0001"), ROUND_HALF_UP) if metered > 0 else None


_A_DAY: Final = 7
"""Of a meter, told a week."""


def _consumed(event: Read, kind: MeterKind) -> Iterator[Count]:
    if event.kind == kind:
        for on, _, consumption in _changes(event):
            yield Count(on, consumption)


def _changes(event: Read) -> Iterator[tuple[date, int, int]]:
    """What its periods add, month by month, and what those before it no longer do: days, and consumption."""
    for sign, periods in ((-1, event.periods_before), (1, event.periods)):
        for period in periods:
            for on, days, consumption in _parts(period):
                yield on, sign * days, sign * consumption


def _parts(period: ConsumptionPeriod) -> Iterator[tuple[date, int, int]]:
    """Of each month, the last day of the period in it, how many of its days there are, and what was consumed then."""
    in_all = (period.last - period.first).days + 1
    days = consumption = 0
    while days < in_all:
        begins = period.first + timedelta(days=days)
        ends = min(begins.replace(day=monthrange(begins.year, begins.month)[1]), period.last)
        days_then = (ends - period.first).days + 1
        consumption_then = period.consumption * days_then // in_all
        yield ends, days_then - days, consumption_then - consumption
        days, consumption = days_then, consumption_then


def _per_fte(consumed: Decimal, staff: Decimal) -> Decimal | None:
    return (consumed / staff).quantize(Decimal("0.01"), ROUND_HALF_UP) if staff > 0 else None


CHAPTER: Final = Chapter(
    "resources",
    water,
    electricity,
    gas,
    water_per_fte,
    electricity_per_fte,
    gas_per_fte,
    metered_days,
    read_days,
    reading_coverage,
    axis=1,
)
