"""The cleaning rules of skills campaigns: which answers of companies do not hold together, and why.

They refuse nothing: an answer that breaks one was given, and is set aside until somebody has asked the company.
"""

from collections.abc import Iterable

from contracts.training.campaign_answer import CleaningRule, Workforce
from training.bounds import Plausible


def broken_rules(workforce: Workforce | None, plausible: Plausible) -> tuple[CleaningRule, ...]:
    """The rules that an answer breaks. What other colleges than companies tell breaks none."""
    return () if workforce is None else tuple(_broken(workforce, plausible))


def _broken(told: Workforce, plausible: Plausible) -> Iterable[CleaningRule]:
    least, most = plausible.pyramid_least_percent, plausible.pyramid_most_percent
    if not least * told.headcount <= 100 * told.pyramid.persons <= most * told.headcount:
        yield "pyramid_unlike_headcount"
    if any(number != int(number) for number in _numbers(told)):
        yield "fractions_of_persons"
    if told.retirements_5y > told.pyramid.seniors:
        yield "retirements_beyond_seniors"
    if any(min(each.in_1_year, each.in_3_years, each.in_5_years) < 0 for each in told.occupations):
        yield "fewer_than_none_expected"
    if 100 * told.persons_by_trade > most * told.headcount:
        yield "trades_beyond_headcount"


def _numbers(told: Workforce) -> Iterable[float]:
    yield told.headcount
    yield told.retirements_5y
    yield from told.pyramid.model_dump().values()
    for each in told.occupations:
        yield from (each.persons, each.in_1_year, each.in_3_years, each.in_5_years)
