"""Productive investment of the member companies: what is announced, committed and carried out, grants, and jobs.

Every figure is dated by the day a step took effect. A correction takes the old value back on the day it stood for and
puts the new one, so that a figure of the past becomes what it should have been; `known_on` still shows what it was.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.companies.investment import (
    AmountCorrected,
    AmountSpentCorrected,
    DayCorrected,
    GrantAwarded,
    GrantCorrected,
    GrantDisbursed,
    GrantRepaid,
    InvestmentAnnounced,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentCompleted,
    JobEvidenceCorrected,
    JobEvidenced,
    JobsAudited,
    PaymentCorrected,
    RepaymentCorrected,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, distinct, formula, sums

INVESTMENT: Final[tuple[Name, ...]] = ("company", "axis", "naf", "commune", "zone")
GRANT: Final[tuple[Name, ...]] = (*INVESTMENT, "funder")


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


@distinct(unit="companies", dimensions=INVESTMENT)
def companies_investing(event: InvestmentCompleted | DayCorrected) -> Iterator[Count]:
    """Companies that have invested.

    The companies with an investment that was completed in the period: each counts once in it, and once in each cell,
    however many investments it has completed. A corrected day of completion moves the investment to the right day.
    """
    match event:
        case InvestmentCompleted():
            yield Count(event.effective_on, 1)
        case DayCorrected(step="completed"):
            yield Count(event.day_before, -1)
            yield Count(event.day, 1)


@sums(unit="EUR", dimensions=GRANT, version=2)
def grants_granted(
    event: GrantAwarded | GrantCorrected | InvestmentCancelled | GrantRepaid | PaymentCorrected | RepaymentCorrected,
) -> Iterator[Count]:
    """Grants awarded to productive investments.

    The amount of each grant, on the day its funder awards it. When an investment is cancelled, what its grants have not
    paid yet is taken out again on that day; what they have paid stays in until it is paid back, so that in the end
    nothing is left, as in grants_disbursed. What is paid back while an investment goes on leaves its grant as it is:
    the network corrects what was granted, where it has become less. A corrected grant replaces the old one on the day
    of award, and a corrected payment or repayment of a cancelled investment what was taken out.
    """
    match event:
        case GrantAwarded():
            yield Count(event.effective_on, event.amount)
        case GrantCorrected():
            yield Count(event.awarded_before or event.awarded_on, -event.amount_before)
            yield Count(event.awarded_on, event.amount)
        case InvestmentCancelled():
            for grant in event.grants:
                yield Count(event.effective_on, grant.disbursed - grant.amount, {"funder": grant.funder})
        case GrantRepaid(cancelled_on=cancelled) if cancelled:
            yield Count(event.effective_on, -event.amount)
        case PaymentCorrected(cancelled_on=cancelled) if cancelled:
            yield Count(cancelled, -event.amount_before)
            yield Count(cancelled, event.amount)
        case RepaymentCorrected(cancelled_on=cancelled) if cancelled:
            yield Count(max(event.repaid_before, cancelled), event.amount_before)
            yield Count(max(event.repaid_on, cancelled), -event.amount)


@sums(unit="EUR", dimensions=GRANT, version=2)
def grants_disbursed(event: GrantDisbursed | GrantRepaid | PaymentCorrected | RepaymentCorrected) -> Iterator[Count]:
    """Grants paid out to productive investments, less what was paid back.

    Each payment, on the day the funder makes it; each repayment is taken out on the day the funder has it back, and a
    period with more repayments than payments is negative. What was paid for an investment that is cancelled afterwards
    stays in until it is paid back: the money went out. A corrected payment or repayment replaces the old one on the
    right day.
    """
    match event:
        case GrantDisbursed():
            yield Count(event.effective_on, event.amount)
        case GrantRepaid():
            yield Count(event.effective_on, -event.amount)
        case PaymentCorrected():
            yield Count(event.paid_before, -event.amount_before)
            yield Count(event.paid_on, event.amount)
        case RepaymentCorrected():
            yield Count(event.repaid_before, event.amount_before)
            yield Count(event.repaid_on, -event.amount)


@sums(unit="jobs", dimensions=INVESTMENT, version=2)
def jobs_created(event: JobsAudited | DayCorrected) -> Iterator[Count]:
    """Jobs created by productive investments.

    Full-time equivalents found by an audit on evidence, on the day of the audit. When an investment is audited again,
    the earlier audit is taken back on its own day; a corrected day of an audit moves them to the right day. Never added
    to the jobs maintained.
    """
    match event:
        case JobsAudited():
            if event.audited_before:
                yield Count(event.audited_before, -event.created_before)
            yield Count(event.effective_on, event.created)
        case DayCorrected(step="audited", created=created) if created is not None:
            yield Count(event.day_before, -created)
            yield Count(event.day, created)


@sums(unit="jobs", dimensions=INVESTMENT, version=2)
def jobs_maintained(event: JobsAudited | DayCorrected) -> Iterator[Count]:
    """Jobs maintained by productive investments.

    Full-time equivalents found by an audit on evidence, on the day of the audit. When an investment is audited again,
    the earlier audit is taken back on its own day; a corrected day of an audit moves them to the right day. Never added
    to the jobs created.
    """
    match event:
        case JobsAudited():
            if event.audited_before:
                yield Count(event.audited_before, -event.maintained_before)
            yield Count(event.effective_on, event.maintained)
        case DayCorrected(step="audited", maintained=maintained) if maintained is not None:
            yield Count(event.day_before, -maintained)
            yield Count(event.day, maintained)


@sums(unit="jobs", dimensions=INVESTMENT)
def jobs_evidenced(event: JobEvidenced | JobEvidenceCorrected) -> Iterator[Count]:
    """Jobs of productive investments that hires evidence.

    Each hire for a job of an investment counts one, whatever its hours, on the day on which it has lasted six months,
    once somebody has confirmed that; one that was confirmed wrongly is taken out on that day. Shown beside the jobs
    that an audit found, and never added to them: an audit may have counted the same people.
    """
    yield Count(event.evidenced_on, event.jobs_evidenced - event.jobs_evidenced_before)


@formula(unit="EUR/job", of=(invested_productive, jobs_created), version=2)
def cost_per_job(invested: Decimal, jobs: Decimal) -> Decimal | None:
    """Productive investment per job created.

    invested_productive divided by jobs_created over the same period and cells, rounded to the cent, half a cent up;
    none while no job was created. An investment and the audit of its jobs may fall in different periods.
    """
    return (invested / jobs).quantize(Decimal("0.01"), ROUND_HALF_UP) if jobs > 0 else None


CHAPTER: Final = Chapter(
    "investment",
    investment_announced,
    investment_committed,
    invested_productive,
    companies_investing,
    grants_granted,
    grants_disbursed,
    jobs_created,
    jobs_maintained,
    jobs_evidenced,
    cost_per_job,
)
