"""The company network: how many companies it has, and how many people they employ."""

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
from indicators.measures import levels

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


CHAPTER: Final = Chapter("network", members, headcount)
