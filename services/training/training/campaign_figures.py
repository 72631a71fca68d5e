"""What the answers to a skills campaign add up to, and which of it is not given.

A figure of fewer than three respondents is not given, nor one of which a single respondent makes more than 85 %: it
would tell what that one has answered. Both thresholds are settings. Nor is a share of 0 or 1, which would tell what
each has answered. There are no totals over trades, from which a trade that is not given could be found by subtraction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from contracts.model import Model
from contracts.training.campaign_answer import College, CourseNeeded, TradeView, Workforce
from contracts.training.skills_campaign import (
    AskedCollege,
    CampaignFigure,
    CollegeAnswers,
    CompanyFigures,
    Suppression,
    TradeFigure,
    TradeNeeds,
)
from contracts.values import Rome, Siret
from training.bounds import Plausible

WITH_PRIORITIES: Final[tuple[College, ...]] = ("economic_actors", "unions")


class Answered(Model):
    """An answer, as it is added up."""

    college: College
    counts: bool
    """Otherwise it is set aside."""
    company: Siret | None
    workforce: Workforce | None
    courses: tuple[CourseNeeded, ...]
    trades: tuple[TradeView, ...]


def answers_by_college(asked: Iterable[AskedCollege], given: Iterable[Answered]) -> tuple[CollegeAnswers, ...]:
    """How many have answered, of each college that is asked."""
    told = [(each.college, each.counts) for each in given]
    counts = ((each.college, told.count((each.college, True)), told.count((each.college, False))) for each in asked)
    return tuple(
        CollegeAnswers(college=college, answered=n + set_aside, set_aside=set_aside, n=n)
        for college, n, set_aside in counts
    )


def workforces(given: Iterable[Answered]) -> Mapping[Siret, Workforce]:
    """What the companies have told whose answers count."""
    return {each.company: each.workforce for each in given if each.counts and each.company and each.workforce}


def largest_of(told: Mapping[Siret, Workforce]) -> Siret | None:
    """The company of the greatest headcount: of equals, the one of the smallest SIRET."""
    return min(told, key=lambda company: (-told[company].headcount, company), default=None)


def company_figures(told: Iterable[Workforce], plausible: Plausible) -> CompanyFigures:
    """What companies' answers add up to."""
    every = [*told]
    return CompanyFigures(
        headcount=_total([each.headcount for each in every], plausible),
        senior_share=_share([(each.pyramid.seniors, each.pyramid.persons) for each in every], plausible),
        retirements_5y=_total([each.retirements_5y for each in every], plausible),
        tension_share=_share(
            [(each.persons_in_tension, each.persons_by_trade) for each in every if each.occupations], plausible
        ),
        needs=tuple(_needs(every, plausible)),
    )


def trade_figures(given: Iterable[Answered], plausible: Plausible) -> tuple[TradeFigure, ...]:
    """What the other colleges say of trades, in the order of colleges and codes."""
    every = [each for each in given if each.counts]
    return (*_courses(every, plausible), *_priorities(every, plausible))


def _needs(told: Sequence[Workforce], plausible: Plausible) -> Iterable[TradeNeeds]:
    by_trade: dict[Rome, list[tuple[float, float, float]]] = {}
    for each in (occupation for workforce in told for occupation in workforce.occupations):
        years = (each.in_1_year, each.in_3_years, each.in_5_years)
        more = tuple(round(expected - each.persons, 2) for expected in years)
        by_trade.setdefault(each.rome, []).append((more[0], more[1], more[2]))
    for rome, rows in sorted(by_trade.items()):
        years_told = [*zip(*rows, strict=True)]
        suppressed = _suppressed(len(rows), years_told, plausible)
        in_1, in_3, in_5 = (None if suppressed else round(sum(year), 2) for year in years_told)
        yield TradeNeeds(
            rome=rome, in_1_year=in_1, in_3_years=in_3, in_5_years=in_5, n=len(rows), suppressed=suppressed
        )


def _courses(given: Sequence[Answered], plausible: Plausible) -> Iterable[TradeFigure]:
    seats: dict[Rome, list[float]] = {}
    for course in (course for each in given for course in each.courses):
        seats.setdefault(course.rome, []).append(course.seats)
    for rome, told in sorted(seats.items()):
        figure = _total(told, plausible)
        yield TradeFigure(college="training_bodies", rome=rome, **figure.model_dump())


def _priorities(given: Sequence[Answered], plausible: Plausible) -> Iterable[TradeFigure]:
    for college in WITH_PRIORITIES:
        high: dict[Rome, list[bool]] = {}
        for view in (view for each in given if each.college == college for view in each.trades):
            high.setdefault(view.rome, []).append(view.priority == "high")
        for rome, told in sorted(high.items()):
            # Each has one voice, so none dominates.
            suppressed = _suppressed(len(told), (), plausible)
            value = None if suppressed else sum(told)
            yield TradeFigure(college=college, rome=rome, value=value, n=len(told), suppressed=suppressed)


def _total(told: Sequence[float], plausible: Plausible) -> CampaignFigure:
    suppressed = _suppressed(len(told), (told,), plausible)
    return CampaignFigure(value=None if suppressed else round(sum(told), 2), n=len(told), suppressed=suppressed)


def _share(told: Sequence[tuple[float, float]], plausible: Plausible) -> CampaignFigure:
    parts, wholes = [part for part, _ in told], [whole for _, whole in told]
    if suppressed := _suppressed(len(told), (parts, wholes), plausible):
        return CampaignFigure(value=None, n=len(told), suppressed=suppressed)
    part, whole = round(sum(parts), 2), round(sum(wholes), 2)
    value = round(part / whole, 4) if whole else None
    if value in (0, 1):
        return CampaignFigure(value=None, n=len(told), suppressed="all_alike")
    return CampaignFigure(value=value, n=len(told), suppressed=None, part=part, whole=whole)


def _suppressed(n: int, several: Iterable[Sequence[float]], plausible: Plausible) -> Suppression | None:
    """Why what some respondents have told is not given."""
    if n < plausible.figure_least_respondents:
        return "too_few"
    sizes = [[abs(number) for number in told] for told in several]
    dominated = any(100 * max(told) > plausible.figure_most_percent_of_one * sum(told) for told in sizes)
    return "one_dominates" if dominated else None
