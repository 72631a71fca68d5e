"""Productive investments [investissements productifs] of member companies: announced, carried out, audited for jobs.

A company, or the network for it, announces one along an axis of the programme and may cancel it until it is completed.
The network or the town hall approves it and records that it was committed, started and completed. Funders (`region`,
`state`) award grants [subventions], disburse them and record what is paid back, each for the funds of its own role. The
network or the state audits the jobs it created and maintained, each time on a document; hires that have lasted evidence
jobs beside that. The network corrects amounts, days, grants and payments, and says why.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final, Self, get_args

from pydantic import Field

from companies.company import Company, active_member, companies
from companies.days import check_day
from contracts.companies.investment import (
    CATEGORY,
    AmountCorrected,
    AmountSpentCorrected,
    CancellationReason,
    CancelledGrant,
    CorrectionReason,
    DayCorrected,
    Evidence,
    GrantAwarded,
    GrantCorrected,
    GrantDisbursed,
    GrantRepaid,
    InvestmentAnnounced,
    InvestmentApproved,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentCompleted,
    InvestmentStarted,
    JobEvidenceCorrected,
    JobEvidenced,
    JobsAudited,
    PaymentCorrected,
    RepaymentCorrected,
    Status,
    Step,
)
from contracts.model import Correction, Day, EnteredDay, Model
from contracts.roles import FUNDERS, Role
from contracts.values import (
    AidRate,
    Axis,
    Commune,
    EnteredText,
    Euros,
    FullTimeEquivalents,
    Funder,
    Naf,
    Ordinal,
    RecordId,
    Scheme,
    ShortText,
    Siret,
    SomeEuros,
    Tally,
    Zone,
)
from eventstore.decider import PLATFORM, Command, Context, Decider, Lookup, Roles, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

MOST_GRANTS: Final = 20
"""Of one investment: several times what a project gathers. So its state, and the event that cancels it, stay small."""
MOST_PAYMENTS: Final = 50
"""Of one grant, and as many repayments: one a month over four years."""
MOST_HIRES: Final = 500
"""That evidence jobs of one investment: several times what the largest plans. As its grants, they stay in its state."""


class Announce(Command):
    """A member company announces a productive investment."""

    company: Siret
    title: EnteredText
    axis: Axis
    amount: SomeEuros
    """The eligible base [assiette éligible], in whole euros."""
    jobs_planned: FullTimeEquivalents


class Approve(Command):
    """The programme's partners approve it."""


class Commit(Command):
    """The company has committed the money: orders are placed [engagement]."""


class Start(Command):
    """Works or deliveries have begun."""


class Complete(Command):
    """It is in service."""

    amount_spent: SomeEuros


class EnteredEvidence(Evidence, extra="forbid"):
    """The document that jobs are audited on, as it is entered."""

    dated: EnteredDay
    """The day of the document."""

    def recorded(self) -> Evidence:
        """As events tell it."""
        return Evidence(kind=self.kind, reference=self.reference, dated=self.dated)


class AuditJobs(Command):
    """The jobs it created and maintained are established on evidence, for the first time or again.

    The evidence may be older than the completion, since people are hired while the works go on, and than the
    announcement, where the jobs maintained are counted from; but it is never dated after the audit.
    """

    created: FullTimeEquivalents
    maintained: FullTimeEquivalents
    evidence: EnteredEvidence


class EvidenceJob(Command):
    """A hire for a job of it has lasted six months."""

    hire: RecordId
    evidenced_on: EnteredDay
    """The day on which it had."""


class TakeBackEvidence(Command):
    """A hire had been counted that does not evidence a job."""

    hire: RecordId
    evidenced_on: Annotated[EnteredDay, Field(examples=["2024-05-13"])]
    """The day that it had been counted on."""


class Cancel(Command):
    """It will not be carried out. What its grants have paid is to be paid back."""

    reason: CancellationReason


class AwardGrant(Command):
    """A funder grants an aid: at most the aid rate of the eligible base, and one grant by funder and scheme."""

    funder: Funder
    scheme: Scheme
    eligible_base: SomeEuros
    """The part of the investment's amount that this aid counts."""
    aid_rate: AidRate
    amount: Annotated[SomeEuros, Field(examples=[135_000])]


class DisburseGrant(Command):
    """A funder pays a grant, or a part of it."""

    funder: Funder
    scheme: Scheme
    amount: Annotated[SomeEuros, Field(examples=[50_000])]
    """This payment."""


class RecordRepayment(Command):
    """A funder records that a grant was paid back, or a part of it: of a cancelled investment, or paid in excess."""

    funder: Funder
    scheme: Scheme
    amount: Annotated[SomeEuros, Field(examples=[20_000])]
    """This repayment."""


class CorrectAmount(Command):
    """The network corrects the eligible base. It still covers the grants."""

    amount: Annotated[SomeEuros, Field(examples=[480_000])]
    reason: CorrectionReason


class CorrectAmountSpent(Command):
    """The network corrects what was spent."""

    amount_spent: Annotated[SomeEuros, Field(examples=[440_000])]
    reason: CorrectionReason


class CorrectDay(Command):
    """The network corrects the day of a step, or of the last audit. The steps stay in their order."""

    step: Step
    day: Annotated[EnteredDay, Field(examples=["2024-05-06"])]
    reason: CorrectionReason


class CorrectGrant(Command):
    """The network corrects a grant. What is not given stays as it is."""

    funder: Funder
    scheme: Scheme
    amount: Annotated[Euros, Field(examples=[120_000])] | None = None
    """What was granted; 0 takes the grant back. It is never less than what was disbursed and not repaid."""
    eligible_base: SomeEuros | None = None
    aid_rate: AidRate | None = None
    awarded_on: EnteredDay | None = None
    reason: CorrectionReason


class CorrectPayment(Command):
    """The network corrects a payment of a grant. What is not given stays as it is."""

    funder: Funder
    scheme: Scheme
    payment: Ordinal
    """Which of the grant's payments."""
    amount: Euros | None = None
    """0 takes the payment back."""
    paid_on: EnteredDay | None = None
    reason: CorrectionReason


class CorrectRepayment(Command):
    """The network corrects a repayment of a grant. What is not given stays as it is."""

    funder: Funder
    scheme: Scheme
    repayment: Ordinal
    """Which of the grant's repayments."""
    amount: Euros | None = None
    """0 takes the repayment back."""
    repaid_on: EnteredDay | None = None
    reason: CorrectionReason


class Payment(Model):
    """What was paid, or paid back, at once. 0 where a correction took it back."""

    on: Day
    amount: Euros


class Grant(Model):
    """An aid for an investment."""

    funder: Funder
    scheme: Scheme
    eligible_base: SomeEuros
    aid_rate: AidRate
    amount: Euros
    disbursed: Euros = 0
    """The total of its payments."""
    repaid: Euros = 0
    """The total of its repayments."""
    awarded_on: Day
    payments: tuple[Payment, ...] = ()
    repayments: tuple[Payment, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What tells apart the grants of one investment."""
        return self.funder, self.scheme

    @property
    def kept(self) -> int:
        """What it has paid and not been repaid."""
        return self.disbursed - self.repaid

    def with_payment(self, payment: Payment, number: int | None = None) -> Self:
        """This grant with one payment more, or with another one of that number."""
        payments = _with(self.payments, payment, number)
        return self.model_copy(update={"payments": payments, "disbursed": sum(each.amount for each in payments)})

    def with_repayment(self, repayment: Payment, number: int | None = None) -> Self:
        """This grant with one repayment more, or with another one of that number."""
        repayments = _with(self.repayments, repayment, number)
        return self.model_copy(update={"repayments": repayments, "repaid": sum(each.amount for each in repayments)})


def _with(payments: tuple[Payment, ...], payment: Payment, number: int | None) -> tuple[Payment, ...]:
    place = len(payments) if number is None else number - 1
    return *payments[:place], payment, *payments[place + 1 :]


class Investment(State):
    """A productive investment, its grants and its jobs. Company, NAF, commune and zone are as when it was announced."""

    revision = 2
    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    axis: Axis
    title: ShortText
    status: Status
    amount: SomeEuros
    """The eligible base."""
    amount_spent: SomeEuros | None = None
    jobs_planned: FullTimeEquivalents
    jobs_created: FullTimeEquivalents | None = None
    """As audited, like `jobs_maintained`."""
    jobs_maintained: FullTimeEquivalents | None = None
    evidence: Evidence | None = None
    jobs_evidenced: Tally = 0
    """How many hires for jobs of it have lasted six months. Beside the audit's jobs, and never added to them."""
    hires: tuple[RecordId, ...] = ()
    """Which, of the service employment."""
    grants: tuple[Grant, ...] = ()
    to_repay: Euros = 0
    """What the grants of a cancelled investment have paid and not been repaid."""
    cancellation_reason: CancellationReason | None = None
    announced_on: Day
    approved_on: Day | None = None
    committed_on: Day | None = None
    started_on: Day | None = None
    completed_on: Day | None = None
    audited_on: Day | None = None
    cancelled_on: Day | None = None

    def days(self) -> list[Day]:
        """The days of the steps it has reached, in their order."""
        steps = (
            self.announced_on,
            self.approved_on,
            self.committed_on,
            self.started_on,
            self.completed_on,
            self.audited_on,
        )
        return [day for day in steps if day]

    def grant(self, funder: str, scheme: str) -> Grant | None:
        """The grant of a funder and scheme."""
        return next((grant for grant in self.grants if grant.key == (funder, scheme)), None)

    def with_grant(self, grant: Grant) -> tuple[Grant, ...]:
        """Its grants, once this one is added or changed."""
        return tuple({**{each.key: each for each in self.grants}, grant.key: grant}.values())

    def corrected(self, event: Correction, **changes: object) -> Self:
        """This state after a correction, which may have moved the day of its latest step."""
        changed = self.after(event, **changes)
        days = [*changed.days(), *([changed.cancelled_on] if changed.cancelled_on else [])]
        for grant in changed.grants:
            days += [grant.awarded_on, *(each.on for each in (*grant.payments, *grant.repayments))]
        return changed.model_copy(update={"effective_on": max(days)})


NOT_CANCELLED = ("announced", "approved", "committed", "in_progress", "completed", "audited")

FUNDER_UNKNOWN = Refusal(
    "funder-unknown",
    "{funder} is none of the programme's funders: {funders}",
    "{funder} n'est pas un financeur du programme : {funders}",
    funder=Funder,
    funders=tuple[Funder, ...],
)
FUNDER_OF_ANOTHER_ROLE = Refusal(
    "funder-of-another-role",
    "{funder} is for the role {role} to decide for",
    "les fonds de {funder} relèvent du rôle {role}",
    funder=Funder,
    role=Role,
)
GRANT_ALREADY_AWARDED = Refusal(
    "grant-already-awarded",
    "{funder} has already granted an aid of {scheme}; the network can correct its amount",
    "{funder} a déjà accordé une aide de {scheme} ; le réseau peut en corriger le montant",
    funder=Funder,
    scheme=Scheme,
)
GRANT_NOT_AWARDED = Refusal(
    "grant-not-awarded",
    "{funder} has granted no aid of {scheme} to this investment",
    "{funder} n'a accordé aucune aide de {scheme} à cet investissement",
    funder=Funder,
    scheme=Scheme,
)
TOO_MANY_GRANTS = Refusal(
    "too-many-grants",
    "an investment has at most {most} grants",
    "un investissement reçoit au plus {most} subventions",
    most=int,
)
TOO_MANY_PAYMENTS = Refusal(
    "too-many-payments",
    "a grant has at most {most} payments, and as many repayments",
    "une subvention compte au plus {most} versements, et autant de reversements",
    most=int,
)
TOO_MANY_HIRES = Refusal(
    "too-many-hires",
    "at most {most} hires evidence jobs of one investment",
    "au plus {most} embauches attestent les emplois d'un investissement",
    most=int,
)
PAYMENT_NOT_RECORDED = Refusal(
    "payment-not-recorded",
    "there is no number {number}: the grant has {recorded} of them",
    "il n'y a pas de numéro {number} : la subvention en compte {recorded}",
    number=Ordinal,
    recorded=int,
)
STEP_NOT_REACHED = Refusal(
    "step-not-reached",
    "the investment is not {step} yet",
    "l'investissement n'a pas encore atteint l'étape « {step} »",
    step=Step,
)
EVIDENCE_AFTER_AUDIT = Refusal(
    "evidence-after-audit",
    "the evidence is dated {dated}, after the audit, of {on}",
    "le justificatif est daté du {dated}, après l'audit, du {on}",
    dated=Day,
    on=Day,
)
ELIGIBLE_BASE_ABOVE_AMOUNT = Refusal(
    "eligible-base-above-amount",
    "the eligible base, {eligible_base} EUR, is above the investment's amount, {amount} EUR",
    "l'assiette éligible, {eligible_base} EUR, dépasse le montant de l'investissement, {amount} EUR",
    eligible_base=Euros,
    amount=Euros,
)
GRANT_ABOVE_AID_RATE = Refusal(
    "grant-above-aid-rate",
    "{granted} EUR is above {most} EUR, which is {aid_rate:.2%} of the eligible base, {eligible_base} EUR",
    "{granted} EUR dépasse {most} EUR, soit {aid_rate:.2%} de l'assiette éligible, {eligible_base} EUR",
    granted=Euros,
    most=Euros,
    aid_rate=AidRate,
    eligible_base=Euros,
)
DISBURSED_ABOVE_GRANTED = Refusal(
    "disbursed-above-granted",
    "{disbursed} EUR disbursed and not repaid would be above the grant, {granted} EUR",
    "{disbursed} EUR versés et non reversés dépasseraient la subvention, {granted} EUR",
    disbursed=Euros,
    granted=Euros,
)
REPAID_ABOVE_DISBURSED = Refusal(
    "repaid-above-disbursed",
    "{repaid} EUR repaid by {on} would be above what was disbursed by then, {disbursed} EUR",
    "{repaid} EUR reversés au {on} dépasseraient ce qui était versé à ce jour, {disbursed} EUR",
    repaid=Euros,
    disbursed=Euros,
    on=Day,
)
GRANTS_ABOVE_AMOUNT = Refusal(
    "grants-above-amount",
    "all grants together, {granted} EUR, would be above the investment's amount, {amount} EUR",
    "l'ensemble des subventions, {granted} EUR, dépasserait le montant de l'investissement, {amount} EUR",
    granted=Euros,
    amount=Euros,
)


def _may_gather(investment: Investment) -> bool:
    return len(investment.grants) < MOST_GRANTS


def _has_grants(investment: Investment) -> bool:
    return bool(investment.grants)


def _is_owed(investment: Investment) -> bool:
    return any(grant.kept < grant.amount for grant in investment.grants)


def _has_paid(investment: Investment) -> bool:
    return any(grant.kept > 0 for grant in investment.grants)


def _has_payments(investment: Investment) -> bool:
    return any(grant.payments for grant in investment.grants)


def _has_repayments(investment: Investment) -> bool:
    return any(grant.repayments for grant in investment.grants)


investments = Decider(
    CATEGORY.name,
    Investment,
    final=("audited", "cancelled"),
    finding=Finding(
        found_by=("status", "company", "axis", "naf", "commune", "zone"),
        sorted_by=("amount", "announced_on", "title"),
        searched_by=("title",),
    ),
)


@investments.creates(
    by=("company", "network"), to="announced", day="announced_on", looks_up=Lookup(companies, key="company")
)
def announce(command: Announce, company: Company | None) -> InvestmentAnnounced:
    return tell(InvestmentAnnounced, command, active_member(company, command.company))


PARTNERS: Final = ("network", "town_hall")
investments.steps(Approve, InvestmentApproved, by=PARTNERS, when="announced", to="approved", day="approved_on")
investments.steps(Commit, InvestmentCommitted, by=PARTNERS, when="approved", to="committed", day="committed_on")
investments.steps(Start, InvestmentStarted, by=PARTNERS, when="committed", to="in_progress", day="started_on")
investments.steps(
    Complete,
    InvestmentCompleted,
    by=PARTNERS,
    when="in_progress",
    to="completed",
    day="completed_on",
    takes=("amount_spent",),
)


@investments.decides(by=("network", "state"), when=("completed", "audited"), to="audited")
def audit_jobs(investment: Investment, command: AuditJobs) -> JobsAudited | tuple[()]:
    evidence = command.evidence.recorded()
    _check_evidence(evidence, command.on)
    before = (investment.jobs_created, investment.jobs_maintained, investment.evidence, investment.audited_on)
    if before == (command.created, command.maintained, evidence, command.on):
        return ()
    return tell(
        JobsAudited,
        command,
        investment,
        created_before=investment.jobs_created or 0,
        maintained_before=investment.jobs_maintained or 0,
        audited_before=investment.audited_on,
        evidence=evidence,
    )


# The hires are kept, rather than their number: so each counts once and is taken back once, whatever is delivered anew.
@investments.decides(by=PLATFORM)
def evidence_job(investment: Investment, command: EvidenceJob) -> JobEvidenced | tuple[()]:
    if command.hire in investment.hires:
        return ()
    if len(investment.hires) >= MOST_HIRES:
        raise TOO_MANY_HIRES(most=MOST_HIRES)
    return tell(JobEvidenced, command, investment, **_evidenced(investment, 1))


@investments.decides(by=PLATFORM)
def take_back_evidence(investment: Investment, command: TakeBackEvidence) -> JobEvidenceCorrected | tuple[()]:
    if command.hire not in investment.hires:
        return ()
    return tell(JobEvidenceCorrected, command, investment, **_evidenced(investment, -1))


@investments.decides(
    by=("company", "network"), when=("announced", "approved", "committed", "in_progress"), to="cancelled"
)
def cancel(investment: Investment, command: Cancel) -> InvestmentCancelled:
    return tell(
        InvestmentCancelled,
        command,
        investment,
        grants_awarded=sum(grant.amount for grant in investment.grants),
        grants_disbursed=sum(grant.kept for grant in investment.grants),
        grants=tuple(
            CancelledGrant(funder=grant.funder, scheme=grant.scheme, amount=grant.amount, disbursed=grant.kept)
            for grant in investment.grants
        ),
    )


@investments.decides(by=("region", "state"), when=NOT_CANCELLED, offered=_may_gather)
def award_grant(investment: Investment, command: AwardGrant, context: Context) -> GrantAwarded:
    if command.funder not in FUNDERS:
        raise FUNDER_UNKNOWN(funder=command.funder, funders=tuple(FUNDERS))
    _check_funder(command.funder, context.roles)
    if investment.grant(command.funder, command.scheme):
        raise GRANT_ALREADY_AWARDED(funder=command.funder, scheme=command.scheme)
    if len(investment.grants) >= MOST_GRANTS:
        raise TOO_MANY_GRANTS(most=MOST_GRANTS)
    grant = Grant(
        funder=command.funder,
        scheme=command.scheme,
        eligible_base=command.eligible_base,
        aid_rate=command.aid_rate,
        amount=command.amount,
        awarded_on=command.on,
    )
    _check_grants(investment.with_grant(grant), investment.amount)
    return tell(GrantAwarded, command, investment)


@investments.decides(by=("region", "state"), when=NOT_CANCELLED, offered=_is_owed)
def disburse_grant(investment: Investment, command: DisburseGrant, context: Context) -> GrantDisbursed:
    _check_funder(command.funder, context.roles)
    grant = _awarded(investment, command)
    _check_count(grant.payments)
    paid = grant.with_payment(Payment(on=command.on, amount=command.amount))
    _check_grants(investment.with_grant(paid), investment.amount)
    return tell(GrantDisbursed, command, investment, disbursed=paid.disbursed)


@investments.decides(by=("region", "state"), offered=_has_paid)
def record_repayment(investment: Investment, command: RecordRepayment, context: Context) -> GrantRepaid:
    _check_funder(command.funder, context.roles)
    grant = _awarded(investment, command)
    _check_count(grant.repayments)
    repaid = grant.with_repayment(Payment(on=command.on, amount=command.amount))
    _check_grants(investment.with_grant(repaid), investment.amount)
    return tell(GrantRepaid, command, investment, repaid=repaid.repaid)


@investments.decides(by="network", when=NOT_CANCELLED)
def correct_amount(investment: Investment, command: CorrectAmount) -> AmountCorrected | tuple[()]:
    if command.amount == investment.amount:
        return ()
    _check_grants(investment.grants, command.amount)
    return tell(AmountCorrected, command, investment)


@investments.decides(by="network", when=("completed", "audited"))
def correct_amount_spent(investment: Investment, command: CorrectAmountSpent) -> AmountSpentCorrected | tuple[()]:
    if command.amount_spent == investment.amount_spent:
        return ()
    return tell(AmountSpentCorrected, command, investment)


@investments.decides(by="network", when=NOT_CANCELLED)
def correct_day(investment: Investment, command: CorrectDay) -> DayCorrected | tuple[()]:
    days = investment.days()
    place = get_args(Step).index(command.step)
    if place >= len(days):
        raise STEP_NOT_REACHED(step=command.step)
    if command.day == days[place]:
        return ()
    following = [command.on, *days[place + 1 :]]
    if command.step == "announced":
        following += [grant.awarded_on for grant in investment.grants]
    check_day(command.day, after=max(days[:place], default=command.day), before=min(following))
    if command.step == "audited" and investment.evidence:
        _check_evidence(investment.evidence, command.day)
    return tell(
        DayCorrected,
        command,
        investment,
        day_before=days[place],
        created=investment.jobs_created,
        maintained=investment.jobs_maintained,
    )


@investments.decides(by="network", when=NOT_CANCELLED, offered=_has_grants)
def correct_grant(investment: Investment, command: CorrectGrant) -> GrantCorrected | tuple[()]:
    grant = _awarded(investment, command)
    terms = command.model_dump(include={"amount", "eligible_base", "aid_rate", "awarded_on"}, exclude_none=True)
    corrected = grant.model_copy(update=terms)
    if corrected == grant:
        return ()
    if moved := corrected.awarded_on != grant.awarded_on:
        paid = [payment.on for payment in (*grant.payments, *grant.repayments)]
        check_day(corrected.awarded_on, after=investment.announced_on, before=min([command.on, *paid]))
    _check_grants(investment.with_grant(corrected), investment.amount)
    return tell(
        GrantCorrected,
        command,
        investment,
        amount=corrected.amount,
        awarded_on=corrected.awarded_on,
        amount_before=grant.amount,
        awarded_before=grant.awarded_on if moved else None,
    )


@investments.decides(by="network", offered=_has_payments)
def correct_payment(investment: Investment, command: CorrectPayment) -> PaymentCorrected | tuple[()]:
    grant = _awarded(investment, command)
    before = _numbered(grant.payments, command.payment)
    payment = _corrected(before, command.amount, command.paid_on)
    if payment == before:
        return ()
    if payment.on != before.on:
        check_day(payment.on, after=grant.awarded_on, before=min(command.on, investment.cancelled_on or command.on))
    corrected = grant.with_payment(payment, command.payment)
    _check_grants(investment.with_grant(corrected), investment.amount)
    return tell(
        PaymentCorrected,
        command,
        investment,
        amount=payment.amount,
        paid_on=payment.on,
        amount_before=before.amount,
        paid_before=before.on,
        disbursed=corrected.disbursed,
    )


@investments.decides(by="network", offered=_has_repayments)
def correct_repayment(investment: Investment, command: CorrectRepayment) -> RepaymentCorrected | tuple[()]:
    grant = _awarded(investment, command)
    before = _numbered(grant.repayments, command.repayment)
    repayment = _corrected(before, command.amount, command.repaid_on)
    if repayment == before:
        return ()
    if repayment.on != before.on:
        check_day(repayment.on, after=grant.awarded_on, before=command.on)
    corrected = grant.with_repayment(repayment, command.repayment)
    _check_grants(investment.with_grant(corrected), investment.amount)
    return tell(
        RepaymentCorrected,
        command,
        investment,
        amount=repayment.amount,
        repaid_on=repayment.on,
        amount_before=before.amount,
        repaid_before=before.on,
        repaid=corrected.repaid,
    )


def _evidenced(investment: Investment, more: int) -> dict[str, int]:
    return {"jobs_evidenced_before": len(investment.hires), "jobs_evidenced": len(investment.hires) + more}


def _check_funder(funder: str, roles: Roles) -> None:
    """A funder acts in its own role; what was awarded by one that is no longer listed is either's. Raises Rejected."""
    role: Role | None = FUNDERS.get(funder)
    if role and role not in roles:
        raise FUNDER_OF_ANOTHER_ROLE(funder=funder, role=role)


def _check_evidence(evidence: Evidence, audited: Day) -> None:
    if evidence.dated > audited:
        raise EVIDENCE_AFTER_AUDIT(dated=evidence.dated, on=audited)


def _check_count(payments: Sequence[Payment]) -> None:
    if len(payments) >= MOST_PAYMENTS:
        raise TOO_MANY_PAYMENTS(most=MOST_PAYMENTS)


def _numbered(payments: Sequence[Payment], number: int) -> Payment:
    if number > len(payments):
        raise PAYMENT_NOT_RECORDED(number=number, recorded=len(payments))
    return payments[number - 1]


def _corrected(payment: Payment, amount: int | None, on: Day | None) -> Payment:
    return Payment(on=on or payment.on, amount=payment.amount if amount is None else amount)


def _awarded(
    investment: Investment,
    command: DisburseGrant | RecordRepayment | CorrectGrant | CorrectPayment | CorrectRepayment,
) -> Grant:
    grant = investment.grant(command.funder, command.scheme)
    if grant is None:
        raise GRANT_NOT_AWARDED(funder=command.funder, scheme=command.scheme)
    return grant


def _check_grants(grants: Sequence[Grant], amount: int) -> None:
    """What holds for the grants of an investment of this amount, whatever happens to either. Raises Rejected."""
    for grant in grants:
        if grant.eligible_base > amount:
            raise ELIGIBLE_BASE_ABOVE_AMOUNT(eligible_base=grant.eligible_base, amount=amount)
        most = int(grant.eligible_base * Decimal(str(grant.aid_rate)))  # exact, as a product of floats is not
        if grant.amount > most:
            raise GRANT_ABOVE_AID_RATE(
                granted=grant.amount, most=most, aid_rate=grant.aid_rate, eligible_base=grant.eligible_base
            )
        if grant.kept > grant.amount:
            raise DISBURSED_ABOVE_GRANTED(disbursed=grant.kept, granted=grant.amount)
        days: set[Day] = {repayment.on for repayment in grant.repayments}
        for day in sorted(days):
            disbursed = _until(day, grant.payments)
            repaid = _until(day, grant.repayments)
            if repaid > disbursed:
                raise REPAID_ABOVE_DISBURSED(repaid=repaid, disbursed=disbursed, on=day)
    granted = sum(grant.amount for grant in grants)
    if granted > amount:
        raise GRANTS_ABOVE_AMOUNT(granted=granted, amount=amount)


def _until(day: Day, payments: Sequence[Payment]) -> int:
    return sum(payment.amount for payment in payments if payment.on <= day)


@investments.evolves
def _(investment: Investment, event: JobEvidenced) -> Investment:
    hires = (*investment.hires, event.hire)
    return investment.after(event, hires=hires, jobs_evidenced=len(hires))


@investments.evolves
def _(investment: Investment, event: JobEvidenceCorrected) -> Investment:
    hires = tuple(each for each in investment.hires if each != event.hire)
    return investment.after(event, hires=hires, jobs_evidenced=len(hires))


@investments.evolves
def _(investment: Investment, event: JobsAudited) -> Investment:
    return investment.after(
        event,
        status="audited",
        jobs_created=event.created,
        jobs_maintained=event.maintained,
        evidence=event.evidence,
        audited_on=event.effective_on,
    )


@investments.evolves
def _(investment: Investment, event: InvestmentCancelled) -> Investment:
    return investment.after(
        event,
        status="cancelled",
        to_repay=event.grants_disbursed,
        cancellation_reason=event.reason,
        cancelled_on=event.effective_on,
    )


@investments.evolves
def _(investment: Investment, event: GrantAwarded) -> Investment:
    grant = Grant(
        funder=event.funder,
        scheme=event.scheme,
        eligible_base=event.eligible_base,
        aid_rate=event.aid_rate,
        amount=event.amount,
        awarded_on=event.effective_on,
    )
    return investment.after(event, grants=investment.with_grant(grant))


@investments.evolves
def _(investment: Investment, event: GrantDisbursed | GrantRepaid) -> Investment:
    payment = Payment(on=event.effective_on, amount=event.amount)
    grant = _grant(investment, event)
    paid = grant.with_payment(payment) if isinstance(event, GrantDisbursed) else grant.with_repayment(payment)
    return investment.after(event, **_paid(investment, paid))


@investments.evolves
def _(investment: Investment, event: GrantCorrected) -> Investment:
    terms = event.model_dump(include={"amount", "awarded_on", "eligible_base", "aid_rate"}, exclude_none=True)
    grant = _grant(investment, event).model_copy(update=terms)
    return investment.corrected(event, grants=investment.with_grant(grant))


@investments.evolves
def _(investment: Investment, event: PaymentCorrected) -> Investment:
    payment = Payment(on=event.paid_on, amount=event.amount)
    grant = _grant(investment, event).with_payment(payment, event.payment)
    return investment.corrected(event, **_paid(investment, grant))


@investments.evolves
def _(investment: Investment, event: RepaymentCorrected) -> Investment:
    repayment = Payment(on=event.repaid_on, amount=event.amount)
    grant = _grant(investment, event).with_repayment(repayment, event.repayment)
    return investment.corrected(event, **_paid(investment, grant))


def _grant(
    investment: Investment,
    event: GrantDisbursed | GrantRepaid | GrantCorrected | PaymentCorrected | RepaymentCorrected,
) -> Grant:
    return next(grant for grant in investment.grants if grant.key == (event.funder, event.scheme))


def _paid(investment: Investment, grant: Grant) -> dict[str, object]:
    """What changes once a grant has paid, or was repaid."""
    grants = investment.with_grant(grant)
    cancelled = investment.status == "cancelled"
    return {"grants": grants, "to_repay": sum(each.kept for each in grants) if cancelled else 0}


@investments.evolves
def _(investment: Investment, event: AmountCorrected) -> Investment:
    return investment.after(event, amount=event.amount)


@investments.evolves
def _(investment: Investment, event: AmountSpentCorrected) -> Investment:
    return investment.after(event, amount_spent=event.amount_spent)


@investments.evolves
def _(investment: Investment, event: DayCorrected) -> Investment:
    return investment.corrected(event, **{f"{event.step}_on": event.day})
