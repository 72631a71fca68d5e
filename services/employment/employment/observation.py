"""Observations of the labour market [observations du marché du travail]: what a series is for one period (axis 7).

The committee or France Travail records what was published, one by one or from a file (`published.py`), or both inputs
of the proxy: job seekers by category and active residents. A proxy's value is computed here, and never typed. What is
revised keeps what was known before in its history; what was entered by mistake is withdrawn, and makes room for another
of the period. The committee says from which value the programme's progress is measured.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue

from contracts.employment.labour_series import AreaKind, Frequency, LabourKind, LabourUnit, SeekerCategory
from contracts.employment.observation import (
    CATEGORY,
    LabourBaselineChosen,
    LabourBaselineDropped,
    LabourObservationRevised,
    LabourObservationStatus,
    LabourObservationWithdrawn,
    LabourObserved,
    ObservationWithdrawal,
    RevisionReason,
    SeekerGroup,
    SeekersOfCategory,
    SeekersOfGroup,
)
from contracts.model import Day
from contracts.values import (
    ActiveResidents,
    AreaCode,
    CalendarPeriod,
    EnteredText,
    LabourSeriesCode,
    ObservedValue,
    People,
    ShortText,
    Tally,
    days_of_period,
)
from employment.labour_series import OBSERVERS, LabourSeries, check_period, labour_series
from eventstore.decider import Claim, Command, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

HIGHEST_RATE: Final = 100
"""Percent."""
MOST_REVISIONS: Final = 1_000
STANDING: Final = ("observed", "revised")

_BY_CATEGORY: Final[JsonValue] = [{"category": "A", "seekers": 500}, {"category": "B", "seekers": 140}]
_BY_GROUP: Final[JsonValue] = [{"group": "long_term", "seekers": 230}, {"group": "youth", "seekers": 72}]
_PUBLISHED: Final[dict[str, JsonValue]] = {
    "labour_series": "chomage-indre",
    "source": "Insee, taux de chômage localisés",
    "definition": "Taux de chômage au sens du BIT, moyenne trimestrielle corrigée des variations saisonnières",
    "unit": "percent",
    "period": "2023-Q4",
    "value": 7.2,
}
_PROXY: Final[dict[str, JsonValue]] = {
    "labour_series": "proxy-issoudun",
    "source": "France Travail et Insee, recensement",
    "definition": "Demandeurs d'emploi de catégorie A en fin de trimestre, pour 100 actifs résidents",
    "unit": "percent",
    "period": "2023-Q4",
    "active_residents": 8_153,
    "by_category": _BY_CATEGORY,
    "by_group": _BY_GROUP,
}


class EnteredSeekersOfCategory(SeekersOfCategory, extra="forbid"):
    """How many job seekers of a category there were, as it is entered."""

    def recorded(self) -> SeekersOfCategory:
        """As events tell it."""
        return SeekersOfCategory(category=self.category, seekers=self.seekers)


class EnteredSeekersOfGroup(SeekersOfGroup, extra="forbid"):
    """How many of those whom the proxy counts belonged to a group, as it is entered."""

    def recorded(self) -> SeekersOfGroup:
        """As events tell it."""
        return SeekersOfGroup(group=self.group, seekers=self.seekers)


ByCategory = Annotated[tuple[EnteredSeekersOfCategory, ...], Field(max_length=7)]
ByGroup = Annotated[tuple[EnteredSeekersOfGroup, ...], Field(max_length=4)]


class Record(Command, json_schema_extra={"examples": [_PUBLISHED, _PROXY]}):
    """What a series is for a period is known: it was published on the day `on`, after the end of the period."""

    labour_series: LabourSeriesCode
    source: EnteredText
    """Source, definition and unit are those of the series, or what is recorded is of another."""
    definition: EnteredText
    unit: LabourUnit
    period: CalendarPeriod
    value: ObservedValue | None = None
    """What was published, in the unit of the series. A proxy's is computed of what follows."""
    active_residents: ActiveResidents | None = None
    """Of a proxy: those who have work or look for it."""
    by_category: ByCategory = ()
    """Of a proxy: the job seekers of each category, at least of those that it counts."""
    by_group: ByGroup = ()
    """Of a proxy: how many of the seekers it counts belonged to a group, as far as that is known."""


class Revise(Command, json_schema_extra={"examples": [{"value": 7.1, "reason": "revised_by_source"}]}):
    """Another value takes the place of what was known. Of a proxy, inputs that are not given stay as they are."""

    value: ObservedValue | None = None
    active_residents: ActiveResidents | None = None
    by_category: ByCategory | None = None
    by_group: ByGroup | None = None
    reason: RevisionReason


class ChooseBaseline(Command):
    """The committee measures the programme's progress from this value."""


class DropBaseline(Command):
    """The committee does not measure the programme's progress from this value any more."""


class Withdraw(Command):
    """It was never observed. Another may be recorded for the period."""

    reason: ObservationWithdrawal


class LabourObservation(State):
    """What a series of the labour market is for a period."""

    labour_series: LabourSeriesCode
    kind: LabourKind
    unit: LabourUnit
    area_kind: AreaKind
    area: AreaCode
    frequency: Frequency
    reference: bool
    period: CalendarPeriod
    ends_on: Day
    """The last day of the period."""
    definition: ShortText
    """By which it was observed."""
    status: LabourObservationStatus
    value: ObservedValue
    active_residents: ActiveResidents | None
    seekers: People | None
    """Of a proxy: the job seekers of those categories that it counts."""
    counted: tuple[SeekerCategory, ...]
    by_category: tuple[SeekersOfCategory, ...]
    by_group: tuple[SeekersOfGroup, ...]
    baseline: bool
    """Whether the programme's progress is measured from it."""
    revisions: Tally = 0
    observed_on: Day | None = None
    revised_on: Day | None = None
    withdrawn_on: Day | None = None
    reason: RevisionReason | ObservationWithdrawal | None = None
    """Why it was last revised, or withdrawn."""


SERIES_UNKNOWN = Refusal(
    "labour-series-unknown",
    "no series {labour_series} is declared",
    "aucune série {labour_series} n'est déclarée",
    at="labour_series",
    labour_series=LabourSeriesCode,
)
SERIES_CLOSED = Refusal(
    "labour-series-closed",
    "the series {labour_series} was closed, and nothing more is observed of it",
    "la série {labour_series} est close : plus rien n'y est observé",
    at="labour_series",
    labour_series=LabourSeriesCode,
)
SOURCE_DIFFERS = Refusal(
    "source-differs",
    "the series comes from « {expected} », and this from « {source} »: it is of another series",
    "la série provient de « {expected} », et ceci de « {source} » : c'est une autre série",
    at="source",
    expected=ShortText,
    source=ShortText,
)
DEFINITION_DIFFERS = Refusal(
    "definition-differs",
    "for {period} the series is defined as « {expected} », and this as « {definition} »: it is of another series, or a "
    "break is to be declared first",
    "pour {period}, la série se définit par « {expected} », et ceci par « {definition} » : c'est une autre série, ou "
    "une rupture est à déclarer d'abord",
    at="definition",
    period=CalendarPeriod,
    expected=ShortText,
    definition=ShortText,
)
UNIT_DIFFERS = Refusal(
    "unit-differs",
    "the series is told in {expected}, and this in {unit}",
    "la série s'exprime en « {expected} », et ceci en « {unit} »",
    at="unit",
    expected=LabourUnit,
    unit=LabourUnit,
)
PERIOD_NOT_OVER = Refusal(
    "period-not-over",
    "{period} ends on {ends_on}, and nothing is known of it on {on}",
    "{period} se termine le {ends_on}, et rien n'en est connu le {on}",
    at=("period", "on"),
    period=CalendarPeriod,
    ends_on=Day,
    on=Day,
)
PERIOD_OBSERVED = Refusal(
    "period-observed-already",
    "the series has a value for this period already; where another was published, revise it",
    "la série a déjà une valeur pour cette période ; si une autre a été publiée, révisez-la",
    at="period",
)
VALUE_MISSING = Refusal(
    "value-missing", "the value that was published is missing", "la valeur publiée manque", at="value"
)
VALUE_COMPUTED = Refusal(
    "value-computed",
    "the value of a proxy is computed of seekers and active residents, and not entered",
    "la valeur d'une série de substitution se calcule à partir des demandeurs et des actifs, et ne se saisit pas",
    at="value",
)
INPUTS_OF_A_PROXY = Refusal(
    "inputs-of-a-proxy",
    "seekers and active residents are the inputs of a proxy, and this series is published as it is",
    "demandeurs et actifs sont les données d'une série de substitution, et cette série est publiée telle quelle",
    at=("active_residents", "by_category", "by_group"),
)
INPUT_MISSING = Refusal(
    "input-missing",
    "a proxy needs the active residents and the seekers of each category that it counts: {counted}",
    "une série de substitution demande les actifs et les demandeurs de chaque catégorie comptée : {counted}",
    at=("active_residents", "by_category"),
    counted=tuple[SeekerCategory, ...],
)
CATEGORY_TWICE = Refusal(
    "seekers-twice",
    "of a category or a group seekers are told once",
    "les demandeurs d'une catégorie ou d'un groupe se donnent une seule fois",
    at=("by_category", "by_group"),
)
GROUP_ABOVE_SEEKERS = Refusal(
    "group-above-seekers",
    "{group} has {people} people, and all whom the proxy counts are {seekers}",
    "« {group} » compte {people} personnes, et la série de substitution {seekers} en tout",
    at="by_group",
    group=SeekerGroup,
    people=People,
    seekers=People,
)
RATE_ABOVE_100 = Refusal(
    "rate-above-100",
    "a rate of {rate} % is above 100 %: check what was entered",
    "un taux de {rate} % dépasse 100 % : vérifiez la saisie",
    at=("value", "active_residents", "by_category"),
    rate=ObservedValue,
)
PERSONS_NOT_WHOLE = Refusal(
    "persons-not-whole",
    "persons are whole, and {value} is not",
    "des personnes se comptent en nombre entier, et {value} ne l'est pas",
    at="value",
    value=ObservedValue,
)
TOO_MANY_REVISIONS = Refusal(
    "too-many-revisions",
    "it was revised {most} times: withdraw it, and record it anew",
    "elle a été révisée {most} fois : retirez-la et enregistrez-la à nouveau",
    most=int,
)
NO_BASELINE_OF_THIS = Refusal(
    "no-baseline-of-this",
    "progress is measured by the programme's proxy and beside it by its reference, and this is of neither",
    "les progrès se mesurent par la série de substitution du programme et, à côté, par sa référence : ceci n'est ni "
    "l'une ni l'autre",
)
BASELINE_TWICE = Refusal(
    "baseline-already-chosen",
    "progress is measured from another value already: drop that first",
    "les progrès se mesurent déjà depuis une autre valeur : abandonnez-la d'abord",
)
IS_BASELINE = Refusal(
    "observation-is-baseline",
    "the programme's progress is measured from it: choose another baseline first",
    "les progrès du programme se mesurent depuis cette valeur : choisissez d'abord une autre valeur de départ",
)


def _is_baseline(observation: LabourObservation) -> bool:
    return observation.baseline


def _is_no_baseline(observation: LabourObservation) -> bool:
    return not observation.baseline


def _measures_progress(observation: LabourObservation) -> bool:
    return observation.reference or observation.kind == "proxy_rate"


def _may_be_baseline(observation: LabourObservation) -> bool:
    return _measures_progress(observation) and not observation.baseline


labour_observations = Decider(
    CATEGORY.name,
    LabourObservation,
    final="withdrawn",
    finding=Finding(
        found_by=("status", "labour_series", "period", "kind", "area", "reference", "baseline"),
        sorted_by=("ends_on", "observed_on", "revised_on", "value"),
    ),
)


@labour_observations.creates(
    by=OBSERVERS, to="observed", day="observed_on", looks_up=Lookup(labour_series, "labour_series")
)
def record(command: Record, series: LabourSeries | None) -> LabourObserved:
    if series is None:
        raise SERIES_UNKNOWN(labour_series=command.labour_series)
    if series.status == "closed":
        raise SERIES_CLOSED(labour_series=command.labour_series)
    check_period(command.period, series.frequency)
    _check_described(series, command)
    _, ends_on = days_of_period(command.period)
    if command.on < ends_on:
        raise PERIOD_NOT_OVER(period=command.period, ends_on=ends_on, on=command.on)
    inputs = {
        "active_residents": command.active_residents,
        "by_category": tuple(each.recorded() for each in command.by_category),
        "by_group": tuple(each.recorded() for each in command.by_group),
    }
    observed = _observed(series, command.value, inputs)
    return tell(LabourObserved, command, series, ends_on=ends_on, baseline=False, **observed)


@labour_observations.decides(
    by=OBSERVERS,
    when=STANDING,
    to="revised",
    day="revised_on",
    takes=("value", "active_residents", "seekers", "by_category", "by_group", "revisions", "reason"),
)
def revise(observation: LabourObservation, command: Revise) -> LabourObservationRevised | tuple[()]:
    inputs = {name: getattr(observation, name) for name in _INPUTS}
    told = {name: given for name in _INPUTS if (given := getattr(command, name)) is not None}
    inputs |= {name: _recorded(given) for name, given in told.items()}
    is_proxy = observation.kind == "proxy_rate"
    observed = _observed(observation, command.value, inputs if is_proxy or told else {})
    if all(getattr(observation, name) == each for name, each in observed.items()):
        return ()
    if observation.revisions == MOST_REVISIONS:
        raise TOO_MANY_REVISIONS(most=MOST_REVISIONS)
    return tell(LabourObservationRevised, command, observation, revisions=observation.revisions + 1, **observed)


@labour_observations.decides(by="steering", when=STANDING, takes=("baseline",), offered=_may_be_baseline)
def choose_baseline(observation: LabourObservation, command: ChooseBaseline) -> LabourBaselineChosen | tuple[()]:
    if observation.baseline:
        return ()
    if not _measures_progress(observation):
        raise NO_BASELINE_OF_THIS()
    return tell(LabourBaselineChosen, command, observation, baseline=True)


@labour_observations.decides(by="steering", when=STANDING, takes=("baseline",), offered=_is_baseline)
def drop_baseline(observation: LabourObservation, command: DropBaseline) -> LabourBaselineDropped | tuple[()]:
    return tell(LabourBaselineDropped, command, observation, baseline=False) if observation.baseline else ()


@labour_observations.decides(
    by=OBSERVERS, when=STANDING, to="withdrawn", day="withdrawn_on", takes=("reason",), offered=_is_no_baseline
)
def withdraw(observation: LabourObservation, command: Withdraw) -> LabourObservationWithdrawn:
    if observation.baseline:
        raise IS_BASELINE()
    return tell(LabourObservationWithdrawn, command, observation)


@labour_observations.claims
def _(observation: LabourObservation) -> Iterable[Claim]:
    if observation.status != "withdrawn":
        yield Claim(PERIOD_OBSERVED, f"{observation.labour_series}/{observation.period}")
    if observation.baseline:
        # Of the proxy and of the reference there is one each: they are never mixed.
        yield Claim(BASELINE_TWICE, observation.kind)


_INPUTS: Final = ("active_residents", "by_category", "by_group")


def _recorded(given: Any) -> Any:
    return tuple(each.recorded() for each in given) if isinstance(given, tuple) else given


def _check_described(series: LabourSeries, command: Record) -> None:
    """What is recorded comes from where the series does, and is defined and told as it is. Raises Rejected."""
    if command.source != series.source:
        raise SOURCE_DIFFERS(expected=series.source, source=command.source)
    if command.definition != (expected := series.definition_of(command.period)):
        raise DEFINITION_DIFFERS(period=command.period, expected=expected, definition=command.definition)
    if command.unit != series.unit:
        raise UNIT_DIFFERS(expected=series.unit, unit=command.unit)


def _observed(
    of: LabourSeries | LabourObservation, value: float | None, inputs: Mapping[str, Any]
) -> Mapping[str, object]:
    """The value, with the inputs that it is computed of where it is one of a proxy. Raises Rejected."""
    if of.kind == "proxy_rate":
        if value is not None:
            raise VALUE_COMPUTED()
        seekers = _seekers(of.counted, **inputs)
        return {**inputs, "seekers": seekers, "value": _possible(of.unit, _rate(seekers, inputs["active_residents"]))}
    if any(inputs.values()):
        raise INPUTS_OF_A_PROXY()
    if value is None:
        raise VALUE_MISSING()
    nothing = {"active_residents": None, "by_category": (), "by_group": (), "seekers": None}
    return {**nothing, "value": _possible(of.unit, value)}


def _seekers(
    counted: Sequence[SeekerCategory],
    active_residents: int | None,
    by_category: Sequence[SeekersOfCategory],
    by_group: Sequence[SeekersOfGroup],
) -> int:
    """How many seekers a proxy counts. Raises Rejected where its inputs do not tell, or do not go together."""
    told = {each.category: each.seekers for each in by_category}
    groups = {each.group for each in by_group}
    if len(told) < len(by_category) or len(groups) < len(by_group):
        raise CATEGORY_TWICE()
    if active_residents is None or not {*counted} <= told.keys():
        raise INPUT_MISSING(counted=tuple(counted))
    seekers = sum(told[category] for category in counted)
    for each in by_group:
        if each.seekers > seekers:
            raise GROUP_ABOVE_SEEKERS(group=each.group, people=each.seekers, seekers=seekers)
    return seekers


def _rate(seekers: int, active_residents: int) -> float:
    """In percent, to two decimals, half up: 500 of 8,153 are 6.13."""
    exact = Decimal(100 * seekers) / active_residents
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _possible(unit: LabourUnit, value: float) -> float:
    if unit == "percent" and value > HIGHEST_RATE:
        raise RATE_ABOVE_100(rate=value)
    if unit == "persons" and not float(value).is_integer():
        raise PERSONS_NOT_WHOLE(value=value)
    return value
