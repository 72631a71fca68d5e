"""Who works in the zones: the members of the network with their headcount, as the events of companies tell them."""

from typing import Final

from contracts.companies import company
from contracts.companies.company import (
    CompanyActivated,
    CompanyLeft,
    CompanyReinstated,
    CompanySuspended,
    HeadcountReported,
)
from contracts.values import FullTimeEquivalents, Siret, Zone
from eventstore.decider import State
from eventstore.mirrors import Mirror


class Member(State):
    """A company that is a member of the network, or was."""

    company: Siret
    zone: Zone | None
    headcount: FullTimeEquivalents
    """As it reported it last; 0 while it is suspended, and once it has left."""


members: Final = Mirror("member", Member, of=company.CATEGORY)


@members.evolves
def _(
    _member: Member | None,
    event: CompanyActivated | CompanyReinstated | HeadcountReported | CompanySuspended | CompanyLeft,
) -> Member:
    return Member(company=event.company, zone=event.zone, headcount=event.headcount, effective_on=event.effective_on)
