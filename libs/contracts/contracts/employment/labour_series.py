"""What happens to a series of the labour market [série du marché du travail], the stream `labour-series-<code>`.

A series is what is observed again and again by one definition: a rate that INSEE publishes, the job seekers whom France
Travail counts, or the proxy that the programme computes of its own seekers and active residents. Where its definition
or its source changes, the values before do not compare with those after: that is a break, declared by somebody.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.values import AreaCode, CalendarPeriod, LabourSeriesCode, ShortText

CATEGORY: Final = Category("labour-series", service="employment", path="/v1/labour-series")

LabourKind = Literal["published_rate", "proxy_rate", "seekers_abc", "active_residents", "other"]
"""What is observed. `proxy_rate`: seekers divided by active residents, both known here; every other one is published by
somebody else. `seekers_abc`: job seekers of the categories A, B and C."""
LabourUnit = Literal["percent", "persons"]
Frequency = Literal["month", "quarter", "year"]
AreaKind = Literal["commune", "epci", "employment_zone", "department"]
SeekerCategory = Literal["A", "B", "C", "D", "E", "F", "G"]
"""The categories of job seekers of France Travail: A has not worked in the month, B and C have, D and E need not look
for work; since 2025, F is in social support and G waits for guidance."""
LabourSeriesStatus = Literal["open", "closed"]
SeriesBreakReason = Literal["definition_changed", "source_changed", "area_changed", "method_changed", "other"]
SeriesBreakWithdrawal = Literal["entered_by_mistake", "values_recalculated", "other"]
"""`values_recalculated`: the publisher has recalculated the values before, which compare again."""
LabourSeriesCorrection = Literal["typing_error", "unclear", "other"]
LabourSeriesEnding = Literal["discontinued", "replaced", "entered_by_mistake", "other"]


class SeriesBreak(Detail):
    """From when on values of a series do not compare with those before."""

    from_period: CalendarPeriod
    begins_on: Day
    """The first day of that period."""
    reason: SeriesBreakReason
    definition: ShortText | None
    """By which definition is observed from then on, if that is another."""


class _LabourSeries(Event):
    labour_series: LabourSeriesCode
    kind: LabourKind
    unit: LabourUnit
    area_kind: AreaKind
    area: AreaCode
    """Of whom it tells, by INSEE's code."""
    frequency: Frequency
    reference: bool
    """Whether it is the published rate that stands beside the programme's proxy."""


class LabourSeriesDeclared(_LabourSeries, version=1):
    """A series is known here, and what is observed can be recorded."""

    title: ShortText
    source: ShortText
    """Who publishes it, or where its inputs come from."""
    definition: ShortText
    """What exactly is observed, in the words of its source."""
    counted: tuple[SeekerCategory, ...]
    """Of a proxy: the categories whose seekers it divides by the active residents."""


class LabourSeriesCorrected(_LabourSeries, Correction, version=1):
    """What a series is called, where it comes from or how it is defined was recorded wrongly. It was so always."""

    title_before: ShortText
    title: ShortText
    source_before: ShortText
    source: ShortText
    definition_before: ShortText
    definition: ShortText
    reason: LabourSeriesCorrection


class SeriesBreakDeclared(_LabourSeries, version=1):
    """From a period on values do not compare with those before."""

    declared: SeriesBreak


class SeriesBreakWithdrawn(_LabourSeries, version=1):
    """A break was none, or is none any more: values before and after compare."""

    withdrawn: SeriesBreak
    reason: SeriesBreakWithdrawal


class LabourSeriesClosed(_LabourSeries, version=1):
    """Nothing more is observed. What was stays."""

    reason: LabourSeriesEnding
