"""Licences to operate equipment of the platform [habilitations]: whoever books it has a trained operator (axis 6).

The network trains somebody of a member company and issues a licence for a piece of equipment, with an end. The licence
is known by its number; whom it was issued to is known to the network alone, and nobody is named here.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from companies.company import Company, active_member, companies
from companies.equipment import Equipment, equipments
from contracts.companies.licence import (
    CATEGORY,
    LicenceExpired,
    LicenceIssued,
    LicenceRenewed,
    LicenceStatus,
    LicenceWithdrawn,
    WithdrawalReason,
)
from contracts.model import Day, EnteredDay
from contracts.values import Commune, EquipmentCode, Naf, Siret, Zone
from eventstore.decider import PLATFORM, Command, Context, Decider, Due, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal


class Issue(Command):
    """Somebody of a member company was trained, and may operate a piece of equipment."""

    equipment: EquipmentCode
    company: Siret
    valid_until: Annotated[EnteredDay, Field(examples=["2030-12-31"])]
    """The last day on which it is valid."""


class Renew(Command):
    """It is valid longer, or again."""

    valid_until: Annotated[EnteredDay, Field(examples=["2031-12-31"])]


class Expire(Command):
    """Its last day has passed."""


class Withdraw(Command):
    """The network takes it back."""

    reason: WithdrawalReason


class Licence(State):
    """A licence to operate a piece of equipment. Its id is its number."""

    equipment: EquipmentCode
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was issued."""
    commune: Commune
    zone: Zone | None
    status: LicenceStatus
    valid_until: Day
    expires_on: Day
    """The day on which it expires unless it is renewed."""
    issued_on: Day
    renewed_on: Day | None = None
    expired_on: Day | None = None
    withdrawn_on: Day | None = None
    reason: WithdrawalReason | None = None


EQUIPMENT_UNKNOWN = Refusal(
    "equipment-unknown", "there is no equipment {equipment}", "il n'y a pas d'équipement {equipment}", equipment=str
)
EQUIPMENT_IS_RETIRED = Refusal(
    "equipment-is-retired",
    "{equipment} was retired on {on}",
    "{equipment} a été retiré le {on}",
    equipment=EquipmentCode,
    on=Day,
)
LICENCE_ENDS_BEFORE_IT_BEGINS = Refusal(
    "licence-ends-before-it-begins",
    "{valid_until} is before {on}, the day it is valid from",
    "le {valid_until} précède le {on}, jour à partir duquel elle est valable",
    valid_until=Day,
    on=Day,
)
LICENCE_NOT_PROLONGED = Refusal(
    "licence-not-prolonged",
    "it is valid until {valid_until} already",
    "elle est déjà valable jusqu'au {valid_until}",
    valid_until=Day,
)

licences = Decider(
    CATEGORY.name,
    Licence,
    final="withdrawn",
    finding=Finding(found_by=("status", "equipment", "company"), sorted_by=("valid_until",)),
)


@licences.creates(
    by="network",
    to="valid",
    day="issued_on",
    looks_up=(Lookup(equipments, "equipment"), Lookup(companies, "company")),
)
def issue(command: Issue, equipment: Equipment | None, company: Company | None, context: Context) -> LicenceIssued:
    if equipment is None:
        raise EQUIPMENT_UNKNOWN(equipment=command.equipment)
    if equipment.retired_on:
        raise EQUIPMENT_IS_RETIRED(equipment=equipment.equipment, on=equipment.retired_on)
    member = active_member(company, command.company)
    if command.valid_until < command.on:
        raise LICENCE_ENDS_BEFORE_IT_BEGINS(valid_until=command.valid_until, on=command.on)
    return tell(LicenceIssued, command, member, expires_on=_expiry(command.valid_until, context.today))


@licences.decides(
    by="network",
    when=("valid", "expired"),
    to="valid",
    day="renewed_on",
    takes=("valid_until", "expires_on"),
    clears=("expired_on",),
)
def renew(licence: Licence, command: Renew, context: Context) -> LicenceRenewed:
    if command.valid_until <= licence.valid_until:
        raise LICENCE_NOT_PROLONGED(valid_until=licence.valid_until)
    if command.valid_until < command.on:
        raise LICENCE_ENDS_BEFORE_IT_BEGINS(valid_until=command.valid_until, on=command.on)
    return tell(LicenceRenewed, command, licence, expires_on=_expiry(command.valid_until, context.today))


licences.steps(Expire, LicenceExpired, by=PLATFORM, when="valid", to="expired", day="expired_on")
licences.steps(
    Withdraw,
    LicenceWithdrawn,
    by="network",
    when=("valid", "expired"),
    to="withdrawn",
    day="withdrawn_on",
    takes=("reason",),
)


@licences.due
def _(licence: Licence) -> Iterable[Due]:
    if licence.status == "valid":
        yield Due(licence.expires_on, Expire())


def _expiry(valid_until: Day, today: Day) -> Day:
    """The day after its last; where it is entered late, the day after that, so that it can be renewed until then."""
    return max(valid_until, today) + timedelta(days=1)
