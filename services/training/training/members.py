"""Which companies are members of the network, as the events of companies tell them: who declares needs and answers
campaigns."""

from collections.abc import Mapping
from typing import Final, Literal

from contracts.companies import company
from contracts.companies.company import (
    CompanyActivated,
    CompanyLeft,
    CompanyReinstated,
    CompanySuspended,
    HeadcountReported,
)
from contracts.model import Event
from contracts.values import Commune, FullTimeEquivalents, Naf, Siret, Zone
from eventstore.decider import State
from eventstore.mirrors import Mirror
from eventstore.refusal import Refusal

Membership = Literal["active", "suspended", "left"]


class Member(State):
    """A company that is a member of the network, or was."""

    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    headcount: FullTimeEquivalents
    """As it reported it last; 0 while it is suspended, and once it has left."""
    status: Membership


NOT_A_MEMBER = Refusal(
    "not-a-member",
    "this is for active members of the network; {company} is {status}",
    "ceci est réservé aux entreprises actives du réseau ; l'état de {company} est « {status} »",
    at="company",
    company=Siret,
    # As companies lists them, whose words are said.
    status=Literal["applied", "active", "rejected", "suspended", "left", "unknown"],
)

members: Final = Mirror("member", Member, of=company.CATEGORY)

_STATUS: Final[Mapping[type[Event], Membership]] = {
    CompanyActivated: "active",
    CompanyReinstated: "active",
    CompanySuspended: "suspended",
    CompanyLeft: "left",
}


@members.evolves
def _(
    member: Member | None,
    event: CompanyActivated | CompanyReinstated | HeadcountReported | CompanySuspended | CompanyLeft,
) -> Member:
    told = member.status if member else "active"
    return Member(
        company=event.company,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        headcount=event.headcount,
        status=_STATUS.get(type(event), told),
        effective_on=event.effective_on,
    )


def active_member(member: Member | None, siret: str) -> Member:
    """The company that a decision needs as a member. Raises Rejected."""
    if member is None or member.status != "active":
        raise NOT_A_MEMBER(company=siret, status=member.status if member else "unknown")
    return member
