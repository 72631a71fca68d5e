"""Who may host pupils and take part in events: the members of the network, as the events of companies tell them."""

from collections.abc import Mapping
from typing import Final, Literal

from contracts.companies import company
from contracts.companies.company import CompanyActivated, CompanyLeft, CompanyReinstated, CompanySuspended
from contracts.model import Event
from contracts.values import Commune, Naf, Siret, Zone
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
    status: Membership


HOST_NOT_A_MEMBER = Refusal(
    "host-not-a-member",
    "only active members of the network take anybody in; {company} is {status}",
    "seules les entreprises actives du réseau accueillent quelqu'un ; l'état de {company} est « {status} »",
    at="company",
    company=Siret,
    # As companies lists them, whose words are said.
    status=Literal["applied", "active", "rejected", "suspended", "left", "unknown"],
)

PARTICIPANT_NOT_A_MEMBER = Refusal(
    "participant-not-a-member",
    "only active members of the network take part in events; {company} is {status}",
    "seules les entreprises actives du réseau participent aux rencontres ; l'état de {company} est « {status} »",
    at="company",
    company=Siret,
    status=Literal["applied", "active", "rejected", "suspended", "left", "unknown"],
)

members = Mirror("member", Member, of=company.CATEGORY)

_STATUS: Final[Mapping[type[Event], Membership]] = {
    CompanyActivated: "active",
    CompanyReinstated: "active",
    CompanySuspended: "suspended",
    CompanyLeft: "left",
}


@members.evolves
def _(_member: Member | None, event: CompanyActivated | CompanyReinstated | CompanySuspended | CompanyLeft) -> Member:
    return Member(
        company=event.company,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        status=_STATUS[type(event)],
        effective_on=event.effective_on,
    )


def active_member(member: Member | None, siret: str, refusal: Refusal) -> Member:
    """The company that hosts or takes part, as an active member. Raises Rejected."""
    if member is None or member.status != "active":
        raise refusal(company=siret, status=member.status if member else "unknown")
    return member
