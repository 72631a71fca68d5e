"""Targets of the programme [objectifs]: the value that an indicator of the catalogue is to have reached by a day.

The programme's committee (role `steering`) sets them, for all of an indicator or for a part of it, revises and
withdraws them, and corrects what was recorded wrongly. Of one part of an indicator there is one target for a day.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from contracts.indicators.target import (
    CATEGORY,
    Aim,
    TargetCorrected,
    TargetCorrection,
    TargetRevised,
    TargetSet,
    TargetStatus,
    TargetWithdrawal,
    TargetWithdrawn,
)
from contracts.model import Day, EnteredDay
from contracts.values import Axis, Dimensions, FigureValue, IndicatorName, ShortText
from eventstore.decider import Claim, Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from indicators.catalogue import catalogue
from indicators.dimensions import DIMENSIONS, Name
from indicators.measures import Indicator

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-05-13",
    "indicator": "members",
    "dimensions": {"zone": "zi-limoise"},
    "aim": "at_least",
    "value": 12,
    "due": "2027-12-31",
}

HIGHEST_PERCENT: Final = 100


class Set(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """The committee aims at a value of an indicator by a day."""

    indicator: IndicatorName
    dimensions: Dimensions = Field(default={})
    """Which part of the indicator it is for, by its dimensions; all of it unless some are given."""
    axis: Axis | None = None
    """The axis that it is a target of, if it is one of an axis and not of the programme as a whole."""
    aim: Aim
    value: FigureValue
    """In the unit of the indicator."""
    due: EnteredDay
    """The day by which it is to be reached."""


class Revise(Command, json_schema_extra={"examples": [{"value": 15, "due": "2028-06-30"}]}):
    """The committee aims at another value, or by another day. What is not given stays as it is."""

    value: FigureValue | None = None
    due: EnteredDay | None = None


class Correct(Command, json_schema_extra={"examples": [{"value": 13, "reason": "typing_error"}]}):
    """What was last set or revised was recorded wrongly. What is not given stays as it is."""

    value: FigureValue | None = None
    due: EnteredDay | None = None
    reason: TargetCorrection


class Withdraw(Command):
    """The committee does not aim at it any more."""

    reason: TargetWithdrawal


class Target(State):
    """What the programme's committee aims at."""

    indicator: IndicatorName
    title: Annotated[ShortText, Field(examples=["Active member companies"])]
    """What the indicator was called when it was set, as its unit."""
    unit: Annotated[ShortText, Field(examples=["companies"])]
    dimensions: Dimensions
    axis: Axis | None
    aim: Aim
    value: FigureValue
    due: Day
    status: TargetStatus
    reason: TargetWithdrawal | None = None
    """Why it was withdrawn."""
    since: Day
    """The day from which value and day hold: that on which it was set, or last revised."""
    withdrawn_on: Day | None = None


INDICATOR_UNKNOWN = Refusal(
    "indicator-unknown",
    "the catalogue has no indicator {indicator}",
    "le catalogue n'a pas d'indicateur {indicator}",
    at=("indicator", "indicators"),
    indicator=IndicatorName,
)
DIMENSION_UNKNOWN = Refusal(
    "dimension-unknown",
    "{indicator} has no dimension {dimension}; it has {dimensions}",
    "{indicator} n'a pas de dimension {dimension} ; {dimensions:sa dimension est|ses dimensions sont} {dimensions}",
    at="dimensions",
    indicator=IndicatorName,
    dimension=str,
    dimensions=tuple[str, ...],
)
DIMENSION_VALUE_UNKNOWN = Refusal(
    "dimension-value-unknown",
    "{value} is no value of the dimension {dimension}",
    "{value} n'est pas une valeur de la dimension {dimension}",
    at="dimensions",
    dimension=str,
    value=str | int,
)
DUE_BEFORE_DECIDED = Refusal(
    "due-before-decided",
    "{due} is before the target is decided, on {decided}",
    "le {due} précède la décision de cet objectif, du {decided}",
    at=("due", "on"),
    due=Day,
    decided=Day,
)
TARGET_OUT_OF_RANGE = Refusal(
    "target-out-of-range",
    "{indicator} is a rate between 0 and {most} %: {value} is outside of that",
    "{indicator} est un taux compris entre 0 et {most} % : {value} est hors de ces bornes",
    at="value",
    indicator=IndicatorName,
    value=FigureValue,
    most=int,
)
TARGET_TWICE = Refusal(
    "target-already-set",
    "there is a target for this part of the indicator and this day already; it can be revised",
    "cette part de l'indicateur a déjà un objectif à cette date ; il peut être révisé",
    at="due",
)

targets = Decider(
    CATEGORY.name,
    Target,
    final="withdrawn",
    finding=Finding(
        found_by=("status", "indicator", "axis"), sorted_by=("due", "since"), searched_by=("title", "indicator")
    ),
)


@targets.creates(by="steering", to="set", day="since")
def set_target(command: Set) -> TargetSet:
    indicator = of_catalogue(command.indicator)
    _check_due(command.due, command.on)
    _check_range(command.value, indicator.name, indicator.unit)
    dimensions = _read(indicator, command.dimensions)
    return tell(TargetSet, command, title=indicator.title, unit=indicator.unit, dimensions=dimensions)


@targets.decides(by="steering", when=("set", "revised"), to="revised", takes=("value", "due"), day="since")
def revise(target: Target, command: Revise) -> TargetRevised | tuple[()]:
    changed = _changed(target, command)
    if not changed:
        return ()
    _check_due(changed["due"], command.on)
    _check_range(command.value, target.indicator, target.unit)
    return tell(TargetRevised, command, target, **changed)


@targets.decides(by="steering", when=("set", "revised"), takes=("value", "due"))
def correct(target: Target, command: Correct) -> TargetCorrected | tuple[()]:
    changed = _changed(target, command)
    if not changed:
        return ()
    _check_due(changed["due"], target.since)
    _check_range(command.value, target.indicator, target.unit)
    return tell(TargetCorrected, command, target, **changed)


targets.steps(
    Withdraw,
    TargetWithdrawn,
    by="steering",
    when=("set", "revised"),
    to="withdrawn",
    takes=("reason",),
    day="withdrawn_on",
)


@targets.claims
def _(target: Target) -> Iterable[Claim]:
    if target.status != "withdrawn":
        part = json.dumps(target.dimensions, sort_keys=True)
        yield Claim(TARGET_TWICE, f"{target.indicator} {part} {target.due}")


def of_catalogue(name: str) -> Indicator:
    """An indicator that is named by its name. Raises Rejected."""
    if name not in catalogue:
        raise INDICATOR_UNKNOWN(indicator=name)
    return catalogue[name]


def _read(indicator: Indicator, dimensions: Mapping[str, str | int]) -> Mapping[str, str | int]:
    """Values as the indicator's dimensions write them, in the order of their names. Raises Rejected."""
    read: dict[str, str | int] = {}
    for name, value in sorted(dimensions.items()):
        if name not in indicator.dimensions:
            raise DIMENSION_UNKNOWN(indicator=indicator.name, dimension=name, dimensions=indicator.dimensions)
        try:
            read[name] = _values_of(name).validate_python(value, strict=True)
        except ValidationError:
            raise DIMENSION_VALUE_UNKNOWN(dimension=name, value=value) from None
    return read


@cache
def _values_of(dimension: Name) -> TypeAdapter[Any]:
    known = DIMENSIONS[dimension]
    return TypeAdapter(known.entered or known.asked)


def _changed(target: Target, command: Revise | Correct) -> dict[str, Any]:
    """Value and day as they are to be; nothing where they are so already."""
    value = target.value if command.value is None else command.value
    due = command.due or target.due
    return {} if (value, due) == (target.value, target.due) else {"value": value, "due": due}


def _check_due(due: Day, decided: Day) -> None:
    if due < decided:
        raise DUE_BEFORE_DECIDED(due=due, decided=decided)


def _check_range(value: float | None, indicator: str, unit: str) -> None:
    """Refuses a rate that there cannot be. What is told as a share may be below 0 or above 1, as progress is."""
    if unit == "percent" and value is not None and not 0 <= value <= HIGHEST_PERCENT:
        raise TARGET_OUT_OF_RANGE(indicator=indicator, value=value, most=HIGHEST_PERCENT)
