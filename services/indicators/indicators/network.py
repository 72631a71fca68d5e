"""The company network: how many companies it has, how they come to it, and how many people they employ."""

from collections.abc import Iterator
from typing import Final

from contracts.companies.company import (
    CompanyActivated,
    CompanyLeft,
    CompanyReinstated,
    CompanySuspended,
    HeadcountReported,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, levels, mean, quantiles, series

COMPANY: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")


@levels(unit="companies", dimensions=COMPANY)
def members(event: CompanyActivated | CompanyReinstated | CompanySuspended | CompanyLeft) -> int:
    """Active member companies.

    The companies of the network that are active at the end of the day: from their activation or reinstatement until
    they are suspended or leave. A company that has only applied does not count.
    """
    return 1 if isinstance(event, CompanyActivated | CompanyReinstated) else 0


@levels(unit="FTE", dimensions=COMPANY, without_largest=True)
def headcount(
    event: CompanyActivated | CompanyReinstated | HeadcountReported | CompanySuspended | CompanyLeft,
) -> float:
    """Headcount of the active member companies.

    Full-time equivalents, as each active company last reported them up to the day. A company that is suspended or has
    left counts for 0. One employer makes about half of the total, so it is also given without the largest one:
    without=largest leaves out the company that is the largest of those asked for on that day (of equals, the one with
    the smallest SIRET), from the total and from every cell.
    """
    return event.headcount


@mean(unit="FTE", of=headcount)
def headcount_mean() -> None:
    """Headcount of the active member companies on an average day.

    The headcount of each day of the period, added up and divided by its days, which end today unless `to` asks for
    another day; rounded to two decimals, half up. What goes on day by day, such as a consumption, is told per
    full-time equivalent by it.
    """


@quantiles(unit="days", at="0.5", dimensions=COMPANY)
def days_to_membership(event: CompanyActivated) -> Iterator[Count]:
    """Median days from application to membership.

    Of the companies that became members in the period, the days from the day they applied to the day they were
    activated: half of them waited as long or less. A company that comes back counts again, from its new application.
    Activations recorded before events told the day of application are left out.
    """
    if event.applied_on is not None:
        yield Count(event.effective_on, (event.effective_on - event.applied_on).days)


@series(unit="companies", of=members)
def members_pace() -> None:
    """New active member companies a quarter.

    How much active member companies grow a quarter, taken from the ends of the last twelve quarters at most: the slope
    of the straight line that fits them best, with the interval in which it lies with 95 % probability, and the day on
    which the network reaches its target if it goes on like that.
    """


CHAPTER: Final = Chapter("network", members, headcount, headcount_mean, days_to_membership, members_pace)
