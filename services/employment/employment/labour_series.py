"""Series of the labour market [séries du marché du travail]: what the programme's aim is measured by (axis 7).

The committee or France Travail declares a series once: where it comes from, how it is defined, in which unit and of
which area. What it is stays; where its definition changes, a break says from which period on values do not compare with
those before. There is no official unemployment rate of the town, so there are two that are never mixed: the published
rate of a larger area (the reference), and a proxy of the programme's own, each at most one at a time.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts import codes
from contracts.employment.labour_series import (
    CATEGORY,
    AreaKind,
    Frequency,
    LabourKind,
    LabourSeriesClosed,
    LabourSeriesCorrected,
    LabourSeriesCorrection,
    LabourSeriesDeclared,
    LabourSeriesEnding,
    LabourSeriesStatus,
    LabourUnit,
    SeekerCategory,
    SeriesBreak,
    SeriesBreakDeclared,
    SeriesBreakReason,
    SeriesBreakWithdrawal,
    SeriesBreakWithdrawn,
)
from contracts.model import Day
from contracts.values import AreaCode, CalendarPeriod, EnteredText, LabourSeriesCode, ShortText, days_of_period
from eventstore.decider import Claim, Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

OBSERVERS: Final = ("steering", "france_travail")
MOST_BREAKS: Final = 50
"""Of one series, so that its record stays small."""
_UNITS: Final[Mapping[LabourKind, LabourUnit]] = {
    "published_rate": "percent",
    "proxy_rate": "percent",
    "seekers_abc": "persons",
    "active_residents": "persons",
}
_FORMS: Final[Mapping[AreaKind, str]] = {
    "epci": "[0-9]{9}",
    "employment_zone": "[0-9]{4}",
    "department": "[0-9]{2}|2[AB]|97[1-6]",
}

_PUBLISHED: Final[dict[str, JsonValue]] = {
    "code": "chomage-indre",
    "title": "Taux de chômage localisé de l'Indre",
    "source": "Insee, taux de chômage localisés",
    "definition": "Taux de chômage au sens du BIT, moyenne trimestrielle corrigée des variations saisonnières",
    "unit": "percent",
    "kind": "published_rate",
    "area_kind": "department",
    "area": "36",
    "frequency": "quarter",
    "reference": True,
}
_PROXY: Final[dict[str, JsonValue]] = {
    "code": "proxy-issoudun",
    "title": "Demandeurs d'emploi rapportés aux actifs, Issoudun",
    "source": "France Travail et Insee, recensement",
    "definition": "Demandeurs d'emploi de catégorie A en fin de trimestre, pour 100 actifs résidents",
    "unit": "percent",
    "kind": "proxy_rate",
    "area_kind": "commune",
    "area": "36088",
    "frequency": "quarter",
    "counted": ["A"],
}


class Declare(Command, json_schema_extra={"examples": [_PUBLISHED, _PROXY]}):
    """There is a series, of which observations are recorded from now on."""

    code: LabourSeriesCode
    """What the series is known by, also in files; it stays."""
    title: EnteredText
    source: EnteredText
    """Who publishes it, or where its inputs come from."""
    definition: EnteredText
    """What exactly is observed. Observations and files name it, and are refused where theirs is another."""
    unit: LabourUnit
    kind: LabourKind
    area_kind: AreaKind
    area: AreaCode
    """Of whom it tells."""
    frequency: Frequency
    """How long a period is."""
    reference: bool = False
    """Whether it is the published rate that stands beside the programme's proxy."""
    counted: Annotated[tuple[SeekerCategory, ...], Field(max_length=7)] = ()
    """Of a proxy: the categories whose seekers it divides by the active residents."""


class Correct(Command):
    """How the series was described was recorded wrongly. What is not given stays as it is."""

    title: Annotated[EnteredText, Field(examples=["Taux de chômage localisé, département de l'Indre"])] | None = None
    source: Annotated[EnteredText, Field(examples=["Insee, taux de chômage localisés"])] | None = None
    definition: Annotated[EnteredText, Field(examples=["Taux de chômage au sens du BIT"])] | None = None
    """Of the first observations: what a break says of later ones stays."""
    reason: LabourSeriesCorrection


class DeclareBreak(Command):
    """From a period on values do not compare with those before. It may still be to come."""

    from_period: Annotated[CalendarPeriod, Field(examples=["2025-Q1"])]
    reason: SeriesBreakReason
    definition: (
        Annotated[EnteredText, Field(examples=["Catégories A à G, depuis la loi pour le plein emploi"])] | None
    ) = None
    """By which definition is observed from then on, if that is another."""


class WithdrawBreak(Command):
    """A break was none, or is none any more."""

    from_period: Annotated[CalendarPeriod, Field(examples=["2025-Q1"])]
    reason: SeriesBreakWithdrawal


class Close(Command):
    """Nothing more is observed. What was stays."""

    reason: LabourSeriesEnding


class LabourSeries(State):
    """A series of the labour market."""

    labour_series: LabourSeriesCode
    title: ShortText
    source: ShortText
    definition: ShortText
    """Of its first observations; breaks say what it is later."""
    unit: LabourUnit
    kind: LabourKind
    area_kind: AreaKind
    area: AreaCode
    frequency: Frequency
    reference: bool
    counted: tuple[SeekerCategory, ...]
    status: LabourSeriesStatus
    breaks: tuple[SeriesBreak, ...] = ()
    """In the order of their periods."""
    reason: LabourSeriesEnding | None = None
    """Why it was closed."""
    declared_on: Day | None = None
    closed_on: Day | None = None

    def find(self, period: str) -> SeriesBreak | None:
        """The break from this period on, if there is one."""
        return next((each for each in self.breaks if each.from_period == period), None)

    def definition_of(self, period: str) -> str:
        """By which definition a period is observed."""
        first, _ = days_of_period(period)
        told = [each.definition for each in self.breaks if each.begins_on <= first and each.definition]
        return told[-1] if told else self.definition


UNIT_OF_ANOTHER_KIND = Refusal(
    "unit-of-another-kind",
    "a series of the kind {kind} is told in {expected}, not in {unit}",
    "une série de nature « {kind} » s'exprime en « {expected} », non en « {unit} »",
    at="unit",
    kind=LabourKind,
    expected=LabourUnit,
    unit=LabourUnit,
)
AREA_OF_ANOTHER_KIND = Refusal(
    "area-of-another-kind",
    "{area} is no code of the kind {area_kind}",
    "{area} n'est pas un code de nature « {area_kind} »",
    at="area",
    area=AreaCode,
    area_kind=AreaKind,
)
REFERENCE_NOT_PUBLISHED = Refusal(
    "reference-not-published",
    "the reference is a rate that somebody else publishes, not a series of the kind {kind}",
    "la référence est un taux publié par un tiers, non une série de nature « {kind} »",
    at="reference",
    kind=LabourKind,
)
CATEGORIES_OF_A_PROXY = Refusal(
    "categories-of-a-proxy",
    "a proxy says which categories of seekers it counts, each once, and no other series does",
    "une série de substitution dit quelles catégories de demandeurs elle compte, chacune une fois, et elle seule",
    at="counted",
)
REFERENCE_TWICE = Refusal(
    "reference-already-declared",
    "another series is the programme's reference already: close it first",
    "une autre série est déjà la référence du programme : clôturez-la d'abord",
    at="reference",
)
PROXY_TWICE = Refusal(
    "proxy-already-declared",
    "another series is the programme's proxy already: close it first",
    "une autre série est déjà la série de substitution du programme : clôturez-la d'abord",
    at="kind",
)
PERIOD_OF_ANOTHER_LENGTH = Refusal(
    "period-of-another-length",
    "{period} is no {frequency}, and the series tells of each {frequency}",
    "{period} n'est pas un « {frequency} », la périodicité de la série",
    at=("period", "from_period"),
    period=CalendarPeriod,
    frequency=Frequency,
)
BREAK_TWICE = Refusal(
    "break-declared-already",
    "a break from {from_period} on is declared already; withdraw it to declare it otherwise",
    "une rupture à partir de {from_period} est déjà déclarée ; retirez-la pour la déclarer autrement",
    at="from_period",
    from_period=CalendarPeriod,
)
TOO_MANY_BREAKS = Refusal(
    "too-many-breaks",
    "a series has {most} breaks at most: this one is better closed, and another declared",
    "une série compte au plus {most} ruptures : mieux vaut clôturer celle-ci et en déclarer une autre",
    at="from_period",
    most=int,
)
BREAK_UNKNOWN = Refusal(
    "break-unknown",
    "no break from {from_period} on is declared",
    "aucune rupture à partir de {from_period} n'est déclarée",
    at="from_period",
    from_period=CalendarPeriod,
)


def _has_breaks(series: LabourSeries) -> bool:
    return bool(series.breaks)


labour_series = Decider(
    CATEGORY.name,
    LabourSeries,
    identified_by="code",
    final="closed",
    finding=Finding(
        found_by=("status", "kind", "unit", "area_kind", "area", "frequency", "reference"),
        sorted_by=("labour_series", "declared_on"),
        searched_by=("title", "source", "labour_series"),
    ),
)


@labour_series.creates(by=OBSERVERS, to="open", day="declared_on")
def declare(command: Declare) -> LabourSeriesDeclared:
    expected = _UNITS.get(command.kind, command.unit)
    if command.unit != expected:
        raise UNIT_OF_ANOTHER_KIND(kind=command.kind, expected=expected, unit=command.unit)
    if not _is_of(command.area_kind, command.area):
        raise AREA_OF_ANOTHER_KIND(area=command.area, area_kind=command.area_kind)
    if command.reference and command.kind != "published_rate":
        raise REFERENCE_NOT_PUBLISHED(kind=command.kind)
    counted = tuple(sorted({*command.counted}))
    if len(counted) < len(command.counted) or bool(counted) != (command.kind == "proxy_rate"):
        raise CATEGORIES_OF_A_PROXY()
    return tell(LabourSeriesDeclared, command, labour_series=command.code, counted=counted)


@labour_series.decides(by=OBSERVERS, when="open", takes=("title", "source", "definition"))
def correct(series: LabourSeries, command: Correct) -> LabourSeriesCorrected | tuple[()]:
    terms = {name: getattr(command, name) or getattr(series, name) for name in ("title", "source", "definition")}
    if terms == series.model_dump(include={*terms}):
        return ()
    return tell(LabourSeriesCorrected, command, series, **terms)


@labour_series.decides(by=OBSERVERS, when="open")
def declare_break(series: LabourSeries, command: DeclareBreak) -> SeriesBreakDeclared:
    check_period(command.from_period, series.frequency)
    if series.find(command.from_period):
        raise BREAK_TWICE(from_period=command.from_period)
    if len(series.breaks) == MOST_BREAKS:
        raise TOO_MANY_BREAKS(most=MOST_BREAKS)
    begins_on, _ = days_of_period(command.from_period)
    told = SeriesBreak(
        from_period=command.from_period, begins_on=begins_on, reason=command.reason, definition=command.definition
    )
    return tell(SeriesBreakDeclared, command, series, declared=told)


@labour_series.decides(by=OBSERVERS, when="open", offered=_has_breaks)
def withdraw_break(series: LabourSeries, command: WithdrawBreak) -> SeriesBreakWithdrawn:
    withdrawn = series.find(command.from_period)
    if withdrawn is None:
        raise BREAK_UNKNOWN(from_period=command.from_period)
    return tell(SeriesBreakWithdrawn, command, series, withdrawn=withdrawn)


labour_series.steps(
    Close, LabourSeriesClosed, by=OBSERVERS, when="open", to="closed", day="closed_on", takes=("reason",)
)


@labour_series.evolves
def _(series: LabourSeries, event: SeriesBreakDeclared) -> LabourSeries:
    breaks = sorted((*series.breaks, event.declared), key=lambda each: each.begins_on)
    return series.after(event, breaks=tuple(breaks))


@labour_series.evolves
def _(series: LabourSeries, event: SeriesBreakWithdrawn) -> LabourSeries:
    return series.after(event, breaks=tuple(each for each in series.breaks if each != event.withdrawn))


@labour_series.claims
def _(series: LabourSeries) -> Iterable[Claim]:
    if series.status == "open" and series.reference:
        yield Claim(REFERENCE_TWICE, "reference")
    if series.status == "open" and series.kind == "proxy_rate":
        yield Claim(PROXY_TWICE, "proxy")


def check_period(period: str, frequency: Frequency) -> None:
    """Refuses a quarter where months are told, and the like. Raises Rejected."""
    _, _, part = period.partition("-")
    if frequency != ("quarter" if part.startswith("Q") else "month" if part else "year"):
        raise PERIOD_OF_ANOTHER_LENGTH(period=period, frequency=frequency)


def _is_of(area_kind: AreaKind, area: str) -> bool:
    if area_kind == "commune":
        return area in codes.communes()
    return re.fullmatch(_FORMS[area_kind], area) is not None
