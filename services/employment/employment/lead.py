"""Hire leads [pistes d'embauche]: an immersion led to a job, and an adviser says whose it is (axis 7).

Youth-events tells that an immersion was assessed with a job, and its pseudonym of whoever was in it is not taken over.
The agency that prescribed the immersion knows the person, and links the lead to them; the hire is proposed by that, as
by an accepted application. The link is undone as long as no hire is recorded of it, and the lead linked to another.
"""

from collections.abc import Iterable
from typing import Final

from contracts.employment.lead import (
    CATEGORY,
    HireLeadDismissed,
    HireLeadLinked,
    HireLeadProposed,
    HireLeadUnlinked,
    LeadDismissal,
    LeadStatus,
)
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import ContractType
from contracts.model import Day
from contracts.personal import Personal
from contracts.values import Commune, Naf, RecordId, Rome, Siret, Subject, WorkingHours, Zone
from contracts.youth_events.immersion import Agency
from employment.application import ADVISERS, HIRE_STANDS, kept_until
from employment.bounds import Plausible
from employment.priority import EnteredFlags, Seeker, check_age, checked
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, Keep, State, tell
from eventstore.finding import Finding


class Propose(Command):
    """An immersion was assessed with a job."""

    immersion: RecordId
    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    agency: Agency
    rome: Rome
    contract: ContractType


class Link(Command):
    """The agency says whose job it is. The hire is proposed, to be confirmed once work has begun."""

    seeker: Personal[Seeker]
    weekly_hours: WorkingHours
    flags: EnteredFlags = ()
    """The priority groups that the person belongs to."""


class Unlink(Command):
    """It is not this person's job. Where a hire is recorded already, that is cancelled first."""


class Dismiss(Command):
    """No hire comes of it, or it is recorded already. Where one of this lead is, that is cancelled first."""

    reason: LeadDismissal


class Lead(State):
    """A job that an immersion led to."""

    immersion: RecordId
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the immersion was prepared."""
    commune: Commune
    zone: Zone | None
    agency: Agency
    """Who prescribed the immersion: it alone decides."""
    rome: Rome
    contract: ContractType
    status: LeadStatus
    seeker: Subject | None = None
    """Whose job it is, as the agency says."""
    weekly_hours: WorkingHours | None = None
    flags: tuple[PriorityFlag, ...] = ()
    proposed_on: Day | None = None
    linked_on: Day | None = None
    dismissed_on: Day | None = None
    reason: LeadDismissal | None = None


leads = Decider(
    CATEGORY.name,
    Lead,
    identified_by="immersion",
    # Who prescribed the immersion knows who was in it.
    owned_by=dict.fromkeys(ADVISERS, "agency"),
    final="dismissed",
    finding=Finding(
        found_by=("status", "agency", "company", "seeker", "rome", "contract"),
        sorted_by=("proposed_on", "linked_on"),
    ),
)

LINKED: Final = ("seeker", "weekly_hours", "flags")
"""What an adviser says of it."""


@leads.creates(by=PLATFORM, to="proposed", day="proposed_on")
def propose(command: Propose) -> HireLeadProposed:
    return tell(HireLeadProposed, command)


@leads.decides(by=ADVISERS, when="proposed", to="linked", day="linked_on", takes=LINKED)
def link(lead: Lead, command: Link, context: Context) -> HireLeadLinked:
    born_on = command.seeker.told.born_on
    check_age(born_on, command.on)
    flags = checked(command.flags, command.on, context.of(Plausible), born_on=born_on)
    return tell(HireLeadLinked, command, lead, flags=flags)


@leads.decides(by=ADVISERS, when="linked", to="proposed")
def unlink(lead: Lead, command: Unlink) -> HireLeadUnlinked:
    return tell(HireLeadUnlinked, command, lead)


leads.steps(
    Dismiss,
    HireLeadDismissed,
    by=(*ADVISERS, PLATFORM),
    when=("proposed", "linked"),
    to="dismissed",
    day="dismissed_on",
    takes=("reason",),
    reserves={PLATFORM: ("person_erased",)},
)


@leads.evolves
def _(lead: Lead, event: HireLeadUnlinked) -> Lead:
    return lead.after(event, status="proposed", seeker=None, weekly_hours=None, flags=(), linked_on=None)


@leads.claims
def _(lead: Lead) -> Iterable[Claim]:
    if lead.status != "linked":
        yield Claim(HIRE_STANDS, ITSELF)


@leads.keeps
def _(lead: Lead) -> Iterable[Keep]:
    if lead.seeker and lead.linked_on:
        yield Keep(lead.seeker, kept_until(max(lead.linked_on, lead.dismissed_on or lead.linked_on)))
