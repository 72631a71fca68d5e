"""What happens to an observation of the labour market [observation du marché du travail], the stream
`labour-observation-<id>`: the value of one series for one period.

A revision takes the place of what was known, and tells both; so what was known on any day can be asked for. Whatever is
added up over observations would mean nothing: rates are not added, and neither are stocks of several periods.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.employment.labour_series import AreaKind, Frequency, LabourKind, LabourUnit, SeekerCategory
from contracts.model import Day, Detail, Event
from contracts.values import (
    ActiveResidents,
    AreaCode,
    CalendarPeriod,
    LabourSeriesCode,
    ObservedValue,
    People,
    ShortText,
    Tally,
)

CATEGORY: Final = Category("labour-observation", service="employment", path="/v1/labour-observations")

SeekerGroup = Literal["long_term", "senior", "woman", "youth"]
"""`long_term`: registered for 12 months or more, `senior`: 50 or older, `youth`: under 26. Groups overlap, and are
never added together."""
LabourObservationStatus = Literal["observed", "revised", "withdrawn"]
RevisionReason = Literal["revised_by_source", "inputs_revised", "typing_error", "other"]
ObservationWithdrawal = Literal["entered_by_mistake", "wrong_series", "withdrawn_by_source", "other"]


class SeekersOfCategory(Detail):
    """How many job seekers of a category there were."""

    category: SeekerCategory
    seekers: People


class SeekersOfGroup(Detail):
    """How many of the job seekers whom the proxy counts belonged to a group."""

    group: SeekerGroup
    seekers: People


class _LabourObservation(Event):
    labour_series: LabourSeriesCode
    kind: LabourKind
    unit: LabourUnit
    area_kind: AreaKind
    area: AreaCode
    frequency: Frequency
    reference: bool
    """Whether its series is the published rate that stands beside the programme's proxy."""
    period: CalendarPeriod
    ends_on: Day
    """The last day of the period, from which on the value stands."""
    value: ObservedValue
    """In percent or persons, as the unit says. A proxy's is computed: 100 times the seekers divided by the active
    residents, rounded to two decimals, half up."""
    active_residents: ActiveResidents | None
    """Of a proxy: those who have work or look for it."""
    seekers: People | None
    """Of a proxy: the job seekers of those categories that it counts."""
    baseline: bool
    """Whether the programme's progress is measured from it."""


class LabourObserved(_LabourObservation, version=1):
    """What was observed for a period is known. `effective_on` is the day on which it was published."""

    definition: ShortText
    """By which it was observed."""
    counted: tuple[SeekerCategory, ...]
    """Of a proxy: the categories that it counts."""
    by_category: tuple[SeekersOfCategory, ...]
    by_group: tuple[SeekersOfGroup, ...]


class LabourObservationRevised(_LabourObservation, version=1):
    """Another value takes the place of what was known for the period."""

    value_before: ObservedValue
    active_residents_before: ActiveResidents | None
    seekers_before: People | None
    by_category_before: tuple[SeekersOfCategory, ...]
    by_category: tuple[SeekersOfCategory, ...]
    by_group_before: tuple[SeekersOfGroup, ...]
    by_group: tuple[SeekersOfGroup, ...]
    revisions: Tally
    """How often it was revised, with this once."""
    reason: RevisionReason


class LabourObservationWithdrawn(_LabourObservation, version=1):
    """It was never observed: nothing stands for the period any more."""

    reason: ObservationWithdrawal


class LabourBaselineChosen(_LabourObservation, version=1):
    """The programme's progress is measured from this value."""


class LabourBaselineDropped(_LabourObservation, version=1):
    """The programme's progress is not measured from this value any more."""
