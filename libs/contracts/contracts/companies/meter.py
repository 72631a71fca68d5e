"""What happens to a meter [compteur] of water, electricity or gas, the stream `meter-<id>`.

A meter is read at the end of a day, and what was consumed since it was read before is a period. Periods follow each
other without a gap, and never overlap. Each event that changes any says them as they were and as they are now, so that
whoever adds them up takes the ones back and puts the others in their place. Water is told in m³, electricity and gas in
kWh.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import Commune, Consumption, MeterIndex, Naf, Reference, Siret, Zone

CATEGORY: Final = Category("meter", service="companies", path="/v1/meters")

MeterKind = Literal["water", "electricity", "gas"]
MeterStatus = Literal["in_service", "removed"]
ReadingStatus = Literal["recorded", "validated", "corrected"]
ReplacementReason = Literal["smart_meter", "worn_out", "faulty", "rolled_over", "other"]
"""`rolled_over`: the same meter has passed its highest index, and begins anew."""
RemovalReason = Literal["site_closed", "supply_ended", "entered_by_mistake", "other"]
ReadingMistake = Literal["typing_error", "misread", "wrong_day", "wrong_meter", "other"]


class ConsumptionPeriod(Detail):
    """What was consumed from a day to another, both included."""

    first: Day
    """The day after the reading before, or the day on which the meter was installed."""
    last: Day
    """The day of the reading that ends it."""
    consumption: Consumption


class _Meter(Event):
    company: Siret
    naf: Naf
    """The activity of the company when the meter was installed."""
    commune: Commune
    """Where the meter stands."""
    zone: Zone | None
    """The business zone it stands in, if any."""
    kind: MeterKind
    """What it measures, which says its unit: m³ of water, kWh of electricity or gas."""


class MeterInstalled(_Meter, version=1):
    """A company has a meter; what it counts from then on is told by its readings."""

    reference: Reference
    index: MeterIndex
    """What it showed then."""


class _Changing(_Meter):
    periods_before: tuple[ConsumptionPeriod, ...]
    """The periods that this changes, as they were: none where it only adds one."""
    periods: tuple[ConsumptionPeriod, ...]
    """The same days as they are now, and those that it adds."""


class ReadingRecorded(_Changing, Aside, version=1):
    """The meter was read, on the day `effective_on`. Between two readings it parts their period."""

    index: MeterIndex


class ReadingValidated(_Meter, Aside, version=1):
    """The manager of the zone has found a reading to be right."""

    read_on: Day
    """Which reading."""
    index: MeterIndex


class ReadingCorrected(_Changing, Correction, version=1):
    """A reading was put right: its index, its day, or what the meter that replaced the old one began with."""

    read_before: Day
    read_on: Day
    index_before: MeterIndex
    index: MeterIndex
    restarts_before: MeterIndex | None
    """What the new meter began with, where the reading is the last of a meter that was replaced."""
    restarts_at: MeterIndex | None
    reason: ReadingMistake


class ReadingDiscarded(_Changing, Aside, version=1):
    """A reading was none of this meter. The periods on both sides of it become one; without a later one, it is gone."""

    read_on: Day
    index: MeterIndex
    reason: ReadingMistake


class MeterReplaced(_Changing, version=1):
    """Another meter has taken its place, or it has begun anew: the index need not rise from the one to the other."""

    reference_before: Reference
    reference: Reference
    index: MeterIndex
    """The last one of the old meter."""
    restarts_at: MeterIndex
    """What the new one began with."""
    reason: ReplacementReason


class MeterRemoved(_Changing, version=1):
    """It is out of service for good, at the end of the day."""

    index: MeterIndex
    """The last one."""
    reason: RemovalReason
