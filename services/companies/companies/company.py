"""Companies of the network [réseau d'entreprises]: they apply, become members, and report their headcount.

A company applies by itself or through the network's coordinator (role `network`), who activates, rejects, suspends and
reinstates; either reports the headcount and says that the company leaves. Members and their headcount are the active
companies: a suspension or a departure takes the headcount to 0, a reinstatement brings it back.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.company import (
    ApplicationRefusal,
    CompanyActivated,
    CompanyApplied,
    CompanyLeft,
    CompanyReinstated,
    CompanyRejected,
    CompanySuspended,
    HeadcountReported,
    LeavingReason,
    SuspensionReason,
)
from contracts.model import Day
from contracts.values import (
    Commune,
    EnteredText,
    FullTimeEquivalents,
    LegalForm,
    Naf,
    ShortText,
    Siret,
    SizeBand,
    Zone,
    size_band,
)
from eventstore.decider import Command, Decider, Rejected, State
from eventstore.finding import Finding


class Apply(Command):
    """A company asks to join the network, for the first time or again after a refusal or a departure."""

    siret: Siret
    name: Annotated[EnteredText, Field(examples=["Fonderie d'Exemple"])]
    """The company's name; sole traders, whose name is their own, cannot be recorded."""
    legal_form: LegalForm
    naf: Naf
    commune: Commune
    zone: Zone | None = None
    """The business zone it is in, if any."""
    headcount: FullTimeEquivalents


class Activate(Command):
    """The network makes the company a member."""


class Reject(Command):
    """The network refuses the application."""

    reason: ApplicationRefusal


class ReportHeadcount(Command):
    """A member tells its headcount on the day `on`."""

    full_time_equivalents: Annotated[FullTimeEquivalents, Field(examples=[45])]


class Suspend(Command):
    """The network suspends the membership."""

    reason: SuspensionReason


class Reinstate(Command):
    """The network ends the suspension."""


class Leave(Command):
    """The company leaves the network."""

    reason: LeavingReason


class Company(State):
    """A company of the network, or one that asked to be."""

    siret: Siret
    name: Annotated[ShortText, Field(examples=["Fonderie d'Exemple"])]
    legal_form: LegalForm
    naf: Naf
    commune: Commune
    zone: Zone | None
    status: Literal["applied", "active", "rejected", "suspended", "left"]
    reason: ApplicationRefusal | SuspensionReason | LeavingReason | None = None
    """Why it is rejected or suspended, or left."""
    headcount: FullTimeEquivalents
    """What counts now: 0 unless it is active."""
    headcount_declared: FullTimeEquivalents
    """The last it told, whether it counts or not."""
    headcount_on: Day
    """The day `headcount_declared` was true."""
    size_band: SizeBand
    """INSEE's band of `headcount_declared`."""
    applied_on: Day
    activated_on: Day | None = None
    rejected_on: Day | None = None
    suspended_on: Day | None = None
    """The day its present suspension began."""
    left_on: Day | None = None


companies = Decider(
    "company",
    Company,
    identified_by="siret",
    owned_by={"company": "siret"},
    finding=Finding(
        found_by=("status", "naf", "commune", "zone", "size_band"),
        sorted_by=("name", "headcount", "applied_on"),
        searched_by=("name", "siret"),
    ),
)


@companies.creates(by=("company", "network"), when=("rejected", "left"))
def apply(_company: Company | None, command: Apply) -> CompanyApplied:
    if command.legal_form.startswith("1"):
        raise Rejected(
            "sole-trader",
            "a sole trader's name is personal, and personal data cannot be recorded yet",
            legal_form=command.legal_form,
        )
    return CompanyApplied(
        company=command.siret,
        name=command.name,
        legal_form=command.legal_form,
        naf=command.naf,
        commune=command.commune,
        zone=command.zone,
        headcount=command.headcount,
        size_band=size_band(command.headcount),
        effective_on=command.on,
    )


@companies.decides(by="network", when="applied")
def activate(company: Company, command: Activate) -> CompanyActivated:
    return CompanyActivated(
        **_facts(company, command), headcount=company.headcount_declared, size_band=company.size_band
    )


@companies.decides(by="network", when="applied")
def reject(company: Company, command: Reject) -> CompanyRejected:
    return CompanyRejected(**_facts(company, command), reason=command.reason)


@companies.decides(by=("company", "network"), when="active")
def report_headcount(company: Company, command: ReportHeadcount) -> HeadcountReported | tuple[()]:
    headcount = command.full_time_equivalents
    if (headcount, command.on) == (company.headcount_declared, company.headcount_on):
        return ()
    return HeadcountReported(
        **_facts(company, command),
        headcount_before=company.headcount,
        headcount=headcount,
        size_band=size_band(headcount),
    )


@companies.decides(by="network", when="active")
def suspend(company: Company, command: Suspend) -> CompanySuspended:
    return CompanySuspended(
        **_facts(company, command), reason=command.reason, headcount_before=company.headcount, headcount=0
    )


@companies.decides(by="network", when="suspended")
def reinstate(company: Company, command: Reinstate) -> CompanyReinstated:
    return CompanyReinstated(
        **_facts(company, command), headcount=company.headcount_declared, size_band=company.size_band
    )


@companies.decides(by=("company", "network"), when=("active", "suspended"))
def leave(company: Company, command: Leave) -> CompanyLeft:
    return CompanyLeft(
        **_facts(company, command), reason=command.reason, headcount_before=company.headcount, headcount=0
    )


def _facts(company: Company, command: Command) -> dict[str, Any]:
    """What every event of a company says."""
    return {
        "company": company.siret,
        "naf": company.naf,
        "commune": company.commune,
        "zone": company.zone,
        "effective_on": command.on,
    }


@companies.evolves
def _(_company: Company | None, event: CompanyApplied) -> Company:
    return Company(
        siret=event.company,
        name=event.name,
        legal_form=event.legal_form,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        status="applied",
        headcount=0,
        headcount_declared=event.headcount,
        headcount_on=event.effective_on,
        size_band=event.size_band,
        applied_on=event.effective_on,
        effective_on=event.effective_on,
    )


@companies.evolves
def _(company: Company, event: CompanyActivated) -> Company:
    return company.after(event, status="active", headcount=event.headcount, activated_on=event.effective_on)


@companies.evolves
def _(company: Company, event: CompanyRejected) -> Company:
    return company.after(event, status="rejected", reason=event.reason, rejected_on=event.effective_on)


@companies.evolves
def _(company: Company, event: HeadcountReported) -> Company:
    return company.after(
        event,
        headcount=event.headcount,
        headcount_declared=event.headcount,
        headcount_on=event.effective_on,
        size_band=event.size_band,
    )


@companies.evolves
def _(company: Company, event: CompanySuspended) -> Company:
    return company.after(
        event, status="suspended", reason=event.reason, headcount=event.headcount, suspended_on=event.effective_on
    )


@companies.evolves
def _(company: Company, event: CompanyReinstated) -> Company:
    return company.after(event, status="active", reason=None, headcount=event.headcount, suspended_on=None)


@companies.evolves
def _(company: Company, event: CompanyLeft) -> Company:
    return company.after(
        event,
        status="left",
        reason=event.reason,
        headcount=event.headcount,
        suspended_on=None,
        left_on=event.effective_on,
    )
