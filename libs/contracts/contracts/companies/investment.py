"""What happens to a productive investment [investissement productif], the stream `investment-<id>`.

Each event carries what it takes to count it, and a correction the old value, the new one, and the days of the steps
whose figures it changes. Fields with a default came later than their event: what was recorded before lacks them.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import (
    AidRate,
    Axis,
    Commune,
    Euros,
    FullTimeEquivalents,
    Funder,
    Naf,
    Ordinal,
    RecordId,
    Reference,
    Scheme,
    ShortText,
    Siret,
    SomeEuros,
    Tally,
    Zone,
)

CATEGORY: Final = Category("investment", service="companies", path="/v1/investments")

CancellationReason = Literal["financing", "permit", "market", "change_of_plan", "company_closed", "other"]
CorrectionReason = Literal["typing_error", "late_document", "audit_finding", "recalculation", "other"]

Status = Literal["announced", "approved", "committed", "in_progress", "completed", "audited", "cancelled"]
"""Where an investment stands."""

Step = Literal["announced", "approved", "committed", "started", "completed", "audited"]
"""A dated step on the way of an investment."""


class Evidence(Detail):
    """The document that jobs are audited on."""

    kind: Literal["dsn", "contract", "payroll_extract", "audit_report"]
    """`dsn` is the payroll declaration [déclaration sociale nominative]."""
    reference: Reference
    dated: Day
    """The day of the document."""


class _Investment(Event):
    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    """The business zone of the company at the announcement, as its NAF and commune, if any."""
    axis: Axis


class InvestmentAnnounced(_Investment, version=1):
    """A member company announced an investment."""

    title: ShortText
    amount: SomeEuros
    """The eligible base [assiette éligible]."""
    jobs_planned: FullTimeEquivalents


class InvestmentApproved(_Investment, version=1):
    """The partners approved it."""

    amount: SomeEuros


class InvestmentCommitted(_Investment, version=1):
    """The company committed the money [engagement]."""

    amount: SomeEuros


class InvestmentStarted(_Investment, version=1):
    """The works or deliveries began."""

    amount: SomeEuros


class InvestmentCompleted(_Investment, version=1):
    """It is in service."""

    amount: SomeEuros
    amount_spent: SomeEuros
    """What was spent in the end."""
    jobs_planned: FullTimeEquivalents | None = None
    """As announced."""


class JobsAudited(_Investment, version=1):
    """The jobs it created and maintained were established on evidence, for the first time or again."""

    created_before: FullTimeEquivalents
    """0 at the first audit, as `maintained_before`."""
    created: FullTimeEquivalents
    maintained_before: FullTimeEquivalents
    maintained: FullTimeEquivalents
    audited_before: Day | None
    """The day of the audit that this one replaces."""
    evidence: Evidence


class JobEvidenced(_Investment, Aside, version=1):
    """Somebody was hired for a job of it, and it has lasted six months: one job more that hires evidence."""

    hire: RecordId
    """Which hire, of the service employment. Each counts once."""
    evidenced_on: Day
    """The day on which it had lasted six months."""
    jobs_evidenced_before: Tally
    jobs_evidenced: Tally


class JobEvidenceCorrected(_Investment, Correction, version=1):
    """A hire had been counted that does not evidence a job: one job fewer."""

    hire: RecordId
    evidenced_on: Day
    """The day that it had been counted on."""
    jobs_evidenced_before: Tally
    jobs_evidenced: Tally


class CancelledGrant(Detail):
    """A grant of an investment that was cancelled."""

    funder: Funder
    scheme: Scheme
    amount: Euros
    """As awarded."""
    disbursed: Euros
    """What it has paid and not been repaid: to be paid back."""


class InvestmentCancelled(_Investment, version=1):
    """It will not be carried out. Grants disbursed until then are to be paid back."""

    reason: CancellationReason
    status_before: Status
    amount: SomeEuros
    announced_on: Day
    committed_on: Day | None
    grants_awarded: Euros
    """The total of its grants."""
    grants_disbursed: Euros
    """The total to be paid back."""
    grants: tuple[CancelledGrant, ...]
    """Each of its grants, so that a reader can take them out again by funder."""


class GrantAwarded(_Investment, version=1):
    """A funder granted an aid [subvention]."""

    funder: Funder
    scheme: Scheme
    eligible_base: SomeEuros
    aid_rate: AidRate
    amount: SomeEuros


class GrantDisbursed(_Investment, version=1):
    """A funder paid a grant, or a part of it."""

    funder: Funder
    scheme: Scheme
    amount: SomeEuros
    """This payment."""
    disbursed: SomeEuros
    """What this grant has paid in all, this payment included."""


class GrantRepaid(_Investment, version=1):
    """A grant, or a part of it, was paid back to its funder."""

    funder: Funder
    scheme: Scheme
    amount: SomeEuros
    """This repayment."""
    repaid: SomeEuros
    """What has been paid back of this grant in all, this repayment included."""
    cancelled_on: Day | None
    """The day its investment was cancelled, if it was."""


class _Correction(_Investment, Correction):
    reason: CorrectionReason


class AmountCorrected(_Correction, version=1):
    """The eligible base was corrected."""

    amount_before: SomeEuros
    amount: SomeEuros
    announced_on: Day
    committed_on: Day | None


class AmountSpentCorrected(_Correction, version=1):
    """What was spent was corrected."""

    amount_spent_before: SomeEuros
    amount_spent: SomeEuros
    completed_on: Day


class DayCorrected(_Correction, version=1):
    """The day of a step was corrected."""

    step: Step
    day_before: Day
    day: Day
    amount: SomeEuros
    amount_spent: SomeEuros | None
    """Of a completed investment."""
    created: FullTimeEquivalents | None = None
    """Of an audited investment, as `maintained`: what the audit found."""
    maintained: FullTimeEquivalents | None = None


class GrantCorrected(_Correction, version=1):
    """A grant was corrected: its amount, where 0 takes it back, what it is counted of, or the day of its award."""

    funder: Funder
    scheme: Scheme
    amount_before: Euros
    amount: Euros
    awarded_on: Day
    awarded_before: Day | None = None
    """The day of the award until now, where that was corrected."""
    eligible_base: SomeEuros | None = None
    """Where that was corrected, as `aid_rate`."""
    aid_rate: AidRate | None = None


class PaymentCorrected(_Correction, version=1):
    """A payment of a grant was corrected: its amount, where 0 takes it back, or its day."""

    funder: Funder
    scheme: Scheme
    payment: Ordinal
    """Which payment of this grant."""
    amount_before: Euros
    amount: Euros
    paid_before: Day
    paid_on: Day
    disbursed: Euros
    """What this grant has paid in all, with this correction."""
    cancelled_on: Day | None
    """The day its investment was cancelled, if it was."""


class RepaymentCorrected(_Correction, version=1):
    """A repayment of a grant was corrected: its amount, where 0 takes it back, or its day."""

    funder: Funder
    scheme: Scheme
    repayment: Ordinal
    """Which repayment of this grant."""
    amount_before: Euros
    amount: Euros
    repaid_before: Day
    repaid_on: Day
    repaid: Euros
    """What has been paid back of this grant in all, with this correction."""
    cancelled_on: Day | None
    """The day its investment was cancelled, if it was."""
