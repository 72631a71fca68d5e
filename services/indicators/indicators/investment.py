"""Productive investment of the member companies: what is announced, committed and carried out, grants, and jobs.

Every figure is dated by the day a step took effect. A correction takes the old value back on the day it stood for and
puts the new one, so that a figure of the past becomes what it should have been; `known_on` still shows what it was.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.investment import (
    AmountCorrected,
    AmountSpentCorrected,
    DayCorrected,
    GrantAwarded,
    GrantCorrected,
    GrantDisbursed,
    InvestmentAnnounced,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentCompleted,
    JobsAudited,
)
from indicators.measures import Count, Dimension, formula, sums

INVESTMENT: Final[tuple[Dimension, ...]] = ("company", "axis", "naf", "commune", "zone")
GRANT: Final[tuple[Dimension, ...]] = (*INVESTMENT, "funder")


@sums(unit="EUR", dimensions=INVESTMENT)
def investment_announced(
    event: InvestmentAnnounced | AmountCorrected | DayCorrected | InvestmentCancelled,
) -> Iterator[Count]:
    """Productive investment announced.

    The amount (eligible base) of investments, on the day they are announced. An investment that is cancelled is taken
    out again on the day it is cancelled. A corrected amount replaces the old one on the day of announcement; a
    corrected day of announcement moves the amount to the right day.
    """
    match event:
        case InvestmentAnnounced():
            yield Count(event.effective_on, event.amount)
        case AmountCorrected():
            yield Count(event.announced_on, -event.amount_before)
            yield Count(event.announced_on, event.amount)
        case DayCorrected(step="announced"):
            yield Count(event.day_before, -event.amount)
            yield Count(event.day, event.amount)
        case InvestmentCancelled():
            yield Count(event.effective_on, -event.amount)


@sums(unit="EUR", dimensions=INVESTMENT)
def investment_committed(
    event: InvestmentCommitted | AmountCorrected | DayCorrected | InvestmentCancelled,
) -> Iterator[Count]:
    """Productive investment committed.

    The amount (eligible base) of investments, on the day their company commits to them. A committed investment that is
    cancelled is taken out again on the day it is cancelled. A corrected amount replaces the old one on the day of
    commitment; a corrected day of commitment moves the amount to the right day.
    """
    match event:
        case InvestmentCommitted():
            yield Count(event.effective_on, event.amount)
        case AmountCorrected(committed_on=on) if on:
            yield Count(on, -event.amount_before)
            yield Count(on, event.amount)
        case DayCorrected(step="committed"):
            yield Count(event.day_before, -event.amount)
            yield Count(event.day, event.amount)
        case InvestmentCancelled(committed_on=on) if on:
            yield Count(event.effective_on, -event.amount)


@sums(unit="EUR", dimensions=INVESTMENT)
def invested_productive(event: InvestmentCompleted | AmountSpentCorrected | DayCorrected) -> Iterator[Count]:
    """Productive investment carried out.

    The amount really spent on investments, on the day they are completed. A corrected amount replaces the old one on
    the day of completion; a corrected day of completion moves the amount to the right day.
    """
    match event:
        case InvestmentCompleted():
            yield Count(event.effective_on, event.amount_spent)
        case AmountSpentCorrected():
            yield Count(event.completed_on, -event.amount_spent_before)
            yield Count(event.completed_on, event.amount_spent)
        case DayCorrected(step="completed", amount_spent=spent) if spent is not None:
            yield Count(event.day_before, -spent)
            yield Count(event.day, spent)


@sums(unit="EUR", dimensions=GRANT)
def grants_granted(event: GrantAwarded | GrantCorrected | InvestmentCancelled) -> Iterator[Count]:
    """Grants awarded to productive investments.

    The amount of each grant, on the day its funder awards it. When an investment is cancelled, what its grants have not
    paid yet is taken out again on that day; what they have paid stays in, as it does in grants_disbursed, and is to be
    paid back. A corrected amount replaces the old one on the day of award.
    """
    match event:
        case GrantAwarded():
            yield Count(event.effective_on, event.amount)
        case GrantCorrected():
            yield Count(event.awarded_on, -event.amount_before)
            yield Count(event.awarded_on, event.amount)
        case InvestmentCancelled():
            for grant in event.grants:
                yield Count(event.effective_on, grant.disbursed - grant.amount, {"funder": grant.funder})


@sums(unit="EUR", dimensions=GRANT)
def grants_disbursed(event: GrantDisbursed) -> Iterator[Count]:
    """Grants paid out to productive investments.

    Each payment, on the day the funder makes it. What was paid for an investment that is cancelled afterwards stays
    in: the money went out. It is to be paid back, and the event of the cancellation says how much.
    """
    yield Count(event.effective_on, event.amount)


@sums(unit="jobs", dimensions=INVESTMENT)
def jobs_created(event: JobsAudited) -> Iterator[Count]:
    """Jobs created by productive investments.

    Full-time equivalents found by an audit on evidence, on the day of the audit. When an investment is audited again,
    the earlier audit is taken back on its own day. Never added to the jobs maintained.
    """
    if event.audited_before:
        yield Count(event.audited_before, -event.created_before)
    yield Count(event.effective_on, event.created)


@sums(unit="jobs", dimensions=INVESTMENT)
def jobs_maintained(event: JobsAudited) -> Iterator[Count]:
    """Jobs maintained by productive investments.

    Full-time equivalents found by an audit on evidence, on the day of the audit. When an investment is audited again,
    the earlier audit is taken back on its own day. Never added to the jobs created.
    """
    if event.audited_before:
        yield Count(event.audited_before, -event.maintained_before)
    yield Count(event.effective_on, event.maintained)


@formula(unit="EUR/job", of=(invested_productive, jobs_created), version=2)
def cost_per_job(invested: Decimal, jobs: Decimal) -> Decimal | None:
    """Productive investment per job created.

    invested_productive divided by jobs_created over the same period and cells, rounded to the cent, half a cent up;
    none while no job was created. An investment and the audit of its jobs may fall in different periods.
    """
    return (invested / jobs).quantize(Decimal("0.01"), ROUND_HALF_UP) if jobs > 0 else None
