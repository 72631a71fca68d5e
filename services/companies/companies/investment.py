"""Productive investments [investissements productifs] of member companies: announced, carried out, audited for jobs.

A company, or the network for it, announces one along an axis of the programme and may cancel it until it is completed.
The network or the town hall approves it and records that it was committed, started and completed. Funders (`region`,
`state`) award grants [subventions] and disburse them. The network or the state audits the jobs it created and
maintained, each time on a document. The network corrects amounts and days, and says why.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, get_args

from pydantic import Field

from companies.company import Company, companies
from contracts.investment import (
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
    InvestmentAnnounced,
    InvestmentApproved,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentCompleted,
    InvestmentStarted,
    JobsAudited,
    Status,
    Step,
)
from contracts.model import Day, Model
from contracts.values import (
    AidRate,
    Axis,
    Commune,
    Euros,
    FullTimeEquivalents,
    Funder,
    Naf,
    Scheme,
    ShortText,
    Siret,
    SomeEuros,
    Zone,
)
from eventstore.decider import Command, Decider, Lookup, Rejected, State


class Announce(Command):
    """A member company announces a productive investment."""

    company: Siret
    title: ShortText
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


class AuditJobs(Command):
    """The jobs it created and maintained are established on evidence, for the first time or again.

    The evidence may be older than the completion, since people are hired while the works go on, and than the
    announcement, where the jobs maintained are counted from; but it is never dated after the audit.
    """

    created: FullTimeEquivalents
    maintained: FullTimeEquivalents
    evidence: Evidence


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


class CorrectAmount(Command):
    """The network corrects the eligible base. It still covers the grants."""

    amount: Annotated[SomeEuros, Field(examples=[480_000])]
    reason: CorrectionReason


class CorrectAmountSpent(Command):
    """The network corrects what was spent."""

    amount_spent: Annotated[SomeEuros, Field(examples=[440_000])]
    reason: CorrectionReason


class CorrectDay(Command):
    """The network corrects the day of a step. The steps stay in their order."""

    step: Step
    day: Annotated[Day, Field(examples=["2024-05-06"])]
    reason: CorrectionReason


class CorrectGrant(Command):
    """The network corrects what was granted; 0 takes the grant back. It is never less than what was disbursed."""

    funder: Funder
    scheme: Scheme
    amount: Annotated[Euros, Field(examples=[120_000])]
    reason: CorrectionReason


class Grant(Model):
    """An aid for an investment."""

    funder: Funder
    scheme: Scheme
    eligible_base: SomeEuros
    aid_rate: AidRate
    amount: Euros
    disbursed: Euros = 0
    awarded_on: Day

    @property
    def key(self) -> tuple[str, str]:
        """What tells apart the grants of one investment."""
        return self.funder, self.scheme


class Investment(State):
    """A productive investment, its grants and its jobs. Company, NAF, commune and zone are as when it was announced."""

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
    grants: tuple[Grant, ...] = ()
    to_repay: Euros = 0
    """What its grants had paid when it was cancelled."""
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


NOT_CANCELLED = ("announced", "approved", "committed", "in_progress", "completed", "audited")

investments = Decider("investment", Investment)


@investments.creates(by=("company", "network"), looks_up=Lookup(companies, key="company"))
def announce(command: Announce, company: Company | None) -> InvestmentAnnounced:
    if company is None or company.status != "active":
        status = company.status if company else "unknown"
        raise Rejected(
            "company-not-active",
            f"only an active member of the network announces investments; {command.company} is {status}",
            company=command.company,
            status=status,
        )
    return InvestmentAnnounced(
        company=company.siret,
        naf=company.naf,
        commune=company.commune,
        zone=company.zone,
        axis=command.axis,
        title=command.title,
        amount=command.amount,
        jobs_planned=command.jobs_planned,
        effective_on=command.on,
    )


@investments.decides(by=("network", "town_hall"), when="announced")
def approve(investment: Investment, command: Approve) -> InvestmentApproved:
    return InvestmentApproved(**_says(investment, command), amount=investment.amount)


@investments.decides(by=("network", "town_hall"), when="approved")
def commit(investment: Investment, command: Commit) -> InvestmentCommitted:
    return InvestmentCommitted(**_says(investment, command), amount=investment.amount)


@investments.decides(by=("network", "town_hall"), when="committed")
def start(investment: Investment, command: Start) -> InvestmentStarted:
    return InvestmentStarted(**_says(investment, command), amount=investment.amount)


@investments.decides(by=("network", "town_hall"), when="in_progress")
def complete(investment: Investment, command: Complete) -> InvestmentCompleted:
    return InvestmentCompleted(**_says(investment, command), amount=investment.amount)


@investments.decides(by=("network", "state"), when=("completed", "audited"))
def audit_jobs(investment: Investment, command: AuditJobs) -> JobsAudited | tuple[()]:
    if command.evidence.dated > command.on:
        raise Rejected(
            "evidence-after-audit",
            f"the evidence is dated {command.evidence.dated}, after the audit, of {command.on}",
            dated=command.evidence.dated,
            on=command.on,
        )
    before = (investment.jobs_created, investment.jobs_maintained, investment.evidence, investment.audited_on)
    if before == (command.created, command.maintained, command.evidence, command.on):
        return ()
    return JobsAudited(
        **_says(investment, command),
        created_before=investment.jobs_created or 0,
        maintained_before=investment.jobs_maintained or 0,
        audited_before=investment.audited_on,
    )


@investments.decides(by=("company", "network"), when=("announced", "approved", "committed", "in_progress"))
def cancel(investment: Investment, command: Cancel) -> InvestmentCancelled:
    return InvestmentCancelled(
        **_says(investment, command),
        status_before=investment.status,
        amount=investment.amount,
        announced_on=investment.announced_on,
        committed_on=investment.committed_on,
        grants_awarded=sum(grant.amount for grant in investment.grants),
        grants_disbursed=sum(grant.disbursed for grant in investment.grants),
        grants=tuple(
            CancelledGrant(funder=grant.funder, scheme=grant.scheme, amount=grant.amount, disbursed=grant.disbursed)
            for grant in investment.grants
        ),
    )


@investments.decides(by=("region", "state"), when=NOT_CANCELLED)
def award_grant(investment: Investment, command: AwardGrant) -> GrantAwarded:
    if investment.grant(command.funder, command.scheme):
        raise Rejected(
            "grant-already-awarded",
            f"{command.funder} has already granted an aid of {command.scheme}; the network can correct its amount",
            funder=command.funder,
            scheme=command.scheme,
        )
    grant = Grant(
        funder=command.funder,
        scheme=command.scheme,
        eligible_base=command.eligible_base,
        aid_rate=command.aid_rate,
        amount=command.amount,
        awarded_on=command.on,
    )
    _check_grants(investment.with_grant(grant), investment.amount)
    return GrantAwarded(**_says(investment, command))


@investments.decides(by=("region", "state"), when=NOT_CANCELLED)
def disburse_grant(investment: Investment, command: DisburseGrant) -> GrantDisbursed:
    grant = _awarded(investment, command)
    paid = grant.model_copy(update={"disbursed": grant.disbursed + command.amount})
    _check_grants(investment.with_grant(paid), investment.amount)
    return GrantDisbursed(**_says(investment, command), disbursed=paid.disbursed)


@investments.decides(by="network", when=NOT_CANCELLED)
def correct_amount(investment: Investment, command: CorrectAmount) -> AmountCorrected | tuple[()]:
    if command.amount == investment.amount:
        return ()
    _check_grants(investment.grants, command.amount)
    return AmountCorrected(
        **_says(investment, command),
        amount_before=investment.amount,
        announced_on=investment.announced_on,
        committed_on=investment.committed_on,
    )


@investments.decides(by="network", when=("completed", "audited"))
def correct_amount_spent(investment: Investment, command: CorrectAmountSpent) -> AmountSpentCorrected | tuple[()]:
    if command.amount_spent == investment.amount_spent:
        return ()
    assert investment.amount_spent is not None
    assert investment.completed_on is not None
    return AmountSpentCorrected(
        **_says(investment, command),
        amount_spent_before=investment.amount_spent,
        completed_on=investment.completed_on,
    )


@investments.decides(by="network", when=NOT_CANCELLED)
def correct_day(investment: Investment, command: CorrectDay) -> DayCorrected | tuple[()]:
    days = investment.days()
    place = get_args(Step).index(command.step)
    if place >= len(days):
        raise Rejected("step-not-reached", f"the investment is not {command.step} yet", step=command.step)
    if command.day == days[place]:
        return ()
    if command.day < max(days[:place], default=command.day):
        raise Rejected(
            "day-before-previous-step",
            f"{command.day} is before the step that comes before, of {days[place - 1]}",
            step=command.step,
            day=command.day,
            previous=days[place - 1],
        )
    following = [command.on, *days[place + 1 :]]
    if command.step == "announced":
        following += [grant.awarded_on for grant in investment.grants]
    if command.day > min(following):
        raise Rejected(
            "day-after-next-step",
            f"{command.day} is after what came next, on {min(following)}",
            step=command.step,
            day=command.day,
            next=min(following),
        )
    return DayCorrected(
        **_says(investment, command),
        day_before=days[place],
        amount=investment.amount,
        amount_spent=investment.amount_spent,
    )


@investments.decides(by="network", when=NOT_CANCELLED)
def correct_grant(investment: Investment, command: CorrectGrant) -> GrantCorrected | tuple[()]:
    grant = _awarded(investment, command)
    if command.amount == grant.amount:
        return ()
    _check_grants(investment.with_grant(grant.model_copy(update={"amount": command.amount})), investment.amount)
    return GrantCorrected(**_says(investment, command), amount_before=grant.amount, awarded_on=grant.awarded_on)


def _says(investment: Investment, command: Command) -> dict[str, Any]:
    """What an event of an investment says: whose it is, since when it holds, and what the command asked."""
    return {
        "company": investment.company,
        "naf": investment.naf,
        "commune": investment.commune,
        "zone": investment.zone,
        "axis": investment.axis,
        "effective_on": command.on,
        **{field: value for field, value in command if field != "on"},
    }


def _awarded(investment: Investment, command: DisburseGrant | CorrectGrant) -> Grant:
    grant = investment.grant(command.funder, command.scheme)
    if grant is None:
        raise Rejected(
            "grant-not-awarded",
            f"{command.funder} has granted no aid of {command.scheme} to this investment",
            funder=command.funder,
            scheme=command.scheme,
        )
    return grant


def _check_grants(grants: Sequence[Grant], amount: int) -> None:
    """What holds for the grants of an investment of this amount, whatever happens to either. Raises Rejected."""
    for grant in grants:
        if grant.eligible_base > amount:
            raise Rejected(
                "eligible-base-above-amount",
                f"the eligible base, {grant.eligible_base} EUR, is above the investment's amount, {amount} EUR",
                eligible_base=grant.eligible_base,
                amount=amount,
            )
        most = int(grant.eligible_base * Decimal(str(grant.aid_rate)))  # exact, as a product of floats is not
        if grant.amount > most:
            raise Rejected(
                "grant-above-aid-rate",
                f"{grant.amount} EUR is above {grant.aid_rate:.2%} of the eligible base, {most} EUR",
                granted=grant.amount,
                most=most,
            )
        if grant.disbursed > grant.amount:
            raise Rejected(
                "disbursed-above-granted",
                f"{grant.disbursed} EUR disbursed would be above the grant, {grant.amount} EUR",
                disbursed=grant.disbursed,
                granted=grant.amount,
            )
    granted = sum(grant.amount for grant in grants)
    if granted > amount:
        raise Rejected(
            "grants-above-amount",
            f"all grants together, {granted} EUR, would be above the investment's amount, {amount} EUR",
            granted=granted,
            amount=amount,
        )


@investments.evolves
def _(_investment: Investment | None, event: InvestmentAnnounced) -> Investment:
    return Investment(
        company=event.company,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        axis=event.axis,
        title=event.title,
        status="announced",
        amount=event.amount,
        jobs_planned=event.jobs_planned,
        announced_on=event.effective_on,
        effective_on=event.effective_on,
    )


@investments.evolves
def _(investment: Investment, event: InvestmentApproved) -> Investment:
    return investment.after(event, status="approved", approved_on=event.effective_on)


@investments.evolves
def _(investment: Investment, event: InvestmentCommitted) -> Investment:
    return investment.after(event, status="committed", committed_on=event.effective_on)


@investments.evolves
def _(investment: Investment, event: InvestmentStarted) -> Investment:
    return investment.after(event, status="in_progress", started_on=event.effective_on)


@investments.evolves
def _(investment: Investment, event: InvestmentCompleted) -> Investment:
    return investment.after(event, status="completed", amount_spent=event.amount_spent, completed_on=event.effective_on)


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
def _(investment: Investment, event: GrantDisbursed | GrantCorrected) -> Investment:
    changes = {"disbursed": event.disbursed} if isinstance(event, GrantDisbursed) else {"amount": event.amount}
    return investment.after(
        event,
        grants=tuple(
            grant.model_copy(update=changes) if grant.key == (event.funder, event.scheme) else grant
            for grant in investment.grants
        ),
    )


@investments.evolves
def _(investment: Investment, event: AmountCorrected) -> Investment:
    return investment.after(event, amount=event.amount)


@investments.evolves
def _(investment: Investment, event: AmountSpentCorrected) -> Investment:
    return investment.after(event, amount_spent=event.amount_spent)


@investments.evolves
def _(investment: Investment, event: DayCorrected) -> Investment:
    return investment.after(event, **{f"{event.step}_on": event.day})
