"""What employment knows of the service companies: which companies are members, and which investments are whose."""

from typing import Final, Literal

from contracts.companies import company, investment
from contracts.companies.company import (
    CompanyActivated,
    CompanyApplied,
    CompanyLeft,
    CompanyReinstated,
    CompanyRejected,
    CompanySuspended,
)
from contracts.companies.investment import InvestmentAnnounced, InvestmentCancelled
from contracts.values import Commune, Naf, Siret, Zone
from eventstore.decider import State
from eventstore.mirrors import Mirror
from eventstore.refusal import Refusal

Membership = Literal["applied", "active", "rejected", "suspended", "left"]
"""Where a company stands in the network."""


class Member(State):
    """A company of the network, or one that asked to be."""

    company: Siret
    status: Membership
    naf: Naf
    commune: Commune
    zone: Zone | None


class Project(State):
    """A productive investment of a company."""

    company: Siret
    status: Literal["announced", "cancelled"]
    """Whether it goes on: `announced` until it is cancelled, whatever was done of it."""


NOT_A_MEMBER = Refusal(
    "not-a-member",
    "this is for active members of the network; {company} is {status}",
    "ceci est réservé aux entreprises actives du réseau ; l'état de {company} est « {status} »",
    company=Siret,
    status=Membership | Literal["unknown"],
)
INVESTMENT_OF_NOBODY = Refusal(
    "investment-unknown",
    "{company} has no such investment, or has cancelled it",
    "{company} n'a pas un tel investissement, ou l'a abandonné",
    company=Siret,
)

members: Final = Mirror("member", Member, of=company.CATEGORY)
projects: Final = Mirror("project", Project, of=investment.CATEGORY)


def active_member(member: Member | None, siret: str) -> Member:
    """The company that a decision needs as a member. Raises Rejected."""
    if member is None or member.status != "active":
        raise NOT_A_MEMBER(company=siret, status=member.status if member else "unknown")
    return member


def check_investment(investment: str | None, project: Project | None, siret: str) -> None:
    """That an investment, if one is named, is the company's and goes on. Raises Rejected."""
    if investment and (project is None or project.company != siret or project.status == "cancelled"):
        raise INVESTMENT_OF_NOBODY(company=siret)


@members.evolves
def _(_member: Member | None, event: CompanyApplied) -> Member:
    return _known(event, "applied")


@members.evolves
def _(_member: Member | None, event: CompanyActivated | CompanyReinstated) -> Member:
    return _known(event, "active")


@members.evolves
def _(_member: Member | None, event: CompanyRejected) -> Member:
    return _known(event, "rejected")


@members.evolves
def _(_member: Member | None, event: CompanySuspended) -> Member:
    return _known(event, "suspended")


@members.evolves
def _(_member: Member | None, event: CompanyLeft) -> Member:
    return _known(event, "left")


@projects.evolves
def _(_project: Project | None, event: InvestmentAnnounced) -> Project:
    return Project(company=event.company, status="announced", effective_on=event.effective_on)


@projects.evolves
def _(_project: Project | None, event: InvestmentCancelled) -> Project:
    return Project(company=event.company, status="cancelled", effective_on=event.effective_on)


def _known(
    event: CompanyApplied | CompanyActivated | CompanyRejected | CompanySuspended | CompanyReinstated | CompanyLeft,
    status: Membership,
) -> Member:
    return Member(
        company=event.company,
        status=status,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        effective_on=event.effective_on,
    )
