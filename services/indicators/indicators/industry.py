"""Industry 4.0 in the member companies: how mature they are, as surveys find, and which needs are met (axis 6).

Levels of maturity are not added up over companies or dimensions, but for their mean: that is what is shown.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.companies.need import NeedDeclared, NeedDropped, NeedMet, NeedOutcomeCorrected, NeedReopened
from contracts.companies.survey import (
    DimensionLevel,
    MaturityCorrected,
    SurveyClosed,
    SurveyDayCorrected,
    SurveyValidated,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, Stand, formula, levels, sums

COMPANY: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")
MATURITY: Final[tuple[Name, ...]] = (*COMPANY, "maturity_dimension")
NEED: Final[tuple[Name, ...]] = (*MATURITY, "need_kind")


@levels(unit="companies", dimensions=COMPANY)
def companies_surveyed(event: SurveyValidated | SurveyDayCorrected | SurveyClosed) -> Iterator[Stand | Corrected]:
    """Companies whose maturity is known.

    The companies with a needs survey that the network has validated, from the first one on until they leave the
    network. One that is surveyed anew counts once. Activity, commune and zone are those of the company when its survey
    began. A corrected day of the validation is the day from which on it counts.
    """
    match event:
        case SurveyValidated():
            yield Stand(1)
        case SurveyDayCorrected():
            yield from _moved(event, 1 if event.levels_before else 0, 1)
        case SurveyClosed():
            yield Stand(0)


@levels(unit="points", dimensions=MATURITY, shown=False)
def maturity_points(
    event: SurveyValidated | MaturityCorrected | SurveyDayCorrected | SurveyClosed,
) -> Iterator[Stand | Corrected]:
    """Levels of maturity, added up.

    Of each company surveyed the level from 0 to 5 in each dimension, as its latest validated survey found. A corrected
    level replaces the old one from the day of the validation on; where that day is corrected, they stand from the right
    one on.
    """
    match event:
        case SurveyValidated():
            for each in event.levels:
                yield Stand(each.level, each.dimension, _in(each))
        case MaturityCorrected():
            where: Mapping[Name, str] = {"maturity_dimension": event.dimension}
            yield Corrected(event.validated_on, None, event.level_before, event.level, event.dimension, where)
        case SurveyDayCorrected():
            before = {each.dimension: each.level for each in event.levels_before}
            for each in event.levels:
                yield from _moved(event, before.get(each.dimension, 0), each.level, each)
        case SurveyClosed():
            for each in event.levels_before:
                yield Stand(0, each.dimension, _in(each))


@levels(unit="levels", dimensions=MATURITY, shown=False)
def maturity_levels(event: SurveyValidated | SurveyDayCorrected | SurveyClosed) -> Iterator[Stand | Corrected]:
    """Levels of maturity that are known.

    One for each company surveyed and dimension.
    """
    match event:
        case SurveyValidated():
            for each in event.levels:
                yield Stand(1, each.dimension, _in(each))
        case SurveyDayCorrected():
            for each in event.levels:
                yield from _moved(event, 1 if event.levels_before else 0, 1, each)
        case SurveyClosed():
            for each in event.levels_before:
                yield Stand(0, each.dimension, _in(each))


@formula(unit="level", of=(maturity_levels, maturity_points))
def maturity(known: Decimal, points: Decimal) -> Decimal | None:
    """Mean maturity in industry 4.0.

    The mean level, from 0 to 5, of the companies surveyed at the end of the day, each as its latest validated survey
    found: of one dimension with by=maturity_dimension, otherwise of all six, each counting the same. Rounded to the
    hundredth, half a hundredth up; none while no company is surveyed. It moves by who is surveyed, too:
    companies_surveyed says how many are. n counts companies above level 0.
    """
    return (points / known).quantize(Decimal("0.01"), ROUND_HALF_UP) if known > 0 else None


@sums(unit="needs", dimensions=NEED)
def needs_declared(event: NeedDeclared | NeedDropped) -> Iterator[Count]:
    """Needs of industry 4.0 that companies have declared.

    Each need on the day it was declared, also where it was dropped since; one that was entered by mistake is taken out
    again on that day. Activity, commune and zone are those of the company when it declared it.
    """
    match event:
        case NeedDeclared():
            yield Count(event.effective_on, 1, _of(event))
        case NeedDropped(reason="entered_by_mistake"):
            yield Count(event.declared_on, -1, _of(event))


@sums(unit="needs", dimensions=NEED)
def needs_met(event: NeedMet | NeedOutcomeCorrected | NeedReopened) -> Iterator[Count]:
    """Needs of industry 4.0 that were met.

    Each need on the day it was met. A corrected day moves it to the right one; one that had not been met is taken out
    again on the day it was told to be.
    """
    match event:
        case NeedMet():
            yield Count(event.effective_on, 1, _of(event))
        case NeedOutcomeCorrected():
            yield Count(event.met_before, -1, _of(event))
            yield Count(event.met_on, 1, _of(event))
        case NeedReopened():
            yield Count(event.met_on, -1, _of(event))


@formula(unit="share", of=(needs_declared, needs_met))
def needs_met_rate(declared: Decimal, met: Decimal) -> Decimal | None:
    """Share of the needs of industry 4.0 that were met.

    needs_met divided by needs_declared of the same days: 0.25 is one of four. Without `from` it is the share of all
    needs declared so far that were met; in a shorter period needs are met that were declared before it, so that it may
    be more than 1. Rounded to four decimals, half up; none while nothing is declared.
    """
    return (met / declared).quantize(Decimal("0.0001"), ROUND_HALF_UP) if declared > 0 else None


def _moved(
    event: SurveyDayCorrected, stood: int, found: int, level: DimensionLevel | None = None
) -> Iterator[Corrected]:
    """Between the wrong day and the right one it was what was found, and not what stood before, or the other way."""
    if event.step != "validated":
        return
    where = _in(level) if level else {}
    place: Mapping[Name, str | None] = {
        "naf": event.naf_before,
        "commune": event.commune_before,
        "zone": event.zone_before,
    }
    states = [(stood, {**where, **place} if event.levels_before else where), (found, where)]
    (was, there), (value, here) = states if event.day < event.day_before else reversed(states)
    since, until = sorted((event.day_before, event.day))
    yield Corrected(since, until, was, value, level.dimension if level else "", here, None if there == here else there)


def _in(level: DimensionLevel) -> Mapping[Name, str]:
    return {"maturity_dimension": level.dimension}


def _of(event: NeedDeclared | NeedDropped | NeedMet | NeedOutcomeCorrected | NeedReopened) -> Mapping[Name, str]:
    return {"maturity_dimension": event.dimension, "need_kind": event.kind}


CHAPTER: Final = Chapter(
    "industry",
    companies_surveyed,
    maturity_points,
    maturity_levels,
    maturity,
    needs_declared,
    needs_met,
    needs_met_rate,
    axis=6,
)
