"""Needs [besoins] of companies that are surveyed: what they lack on their way to industry 4.0 (axis 6).

A member company, or the network for it, declares a need once its survey has begun, and says when it is met and by what,
or that it is dropped. The network corrects what met it, and when, or that it was not met. Needs outlive the survey that
they came up in: the next finds them as they are.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final

from pydantic import Field

from companies.company import Company, active_member, companies
from companies.days import check_corrected, check_day
from companies.survey import Survey, surveys
from contracts.companies.need import (
    CATEGORY,
    NeedCorrection,
    NeedDeclared,
    NeedDrop,
    NeedDropped,
    NeedKind,
    NeedMeans,
    NeedMet,
    NeedOutcomeCorrected,
    NeedPriority,
    NeedPriorityChanged,
    NeedReopened,
    NeedStatus,
)
from contracts.companies.survey import MaturityDimension
from contracts.model import Day, EnteredDay
from contracts.values import Commune, EnteredText, Naf, ShortText, Siret, Zone
from eventstore.decider import PLATFORM, Claim, Command, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

MOST_DECLARED: Final = 30
"""Needs of one company that are neither met nor dropped: five a dimension. Who declares more has not chosen."""


class Declare(Command):
    """A surveyed company lacks something."""

    company: Siret
    dimension: MaturityDimension
    """What it would make the company more mature in."""
    kind: NeedKind
    title: Annotated[EnteredText, Field(examples=["Capteurs de vibration sur les presses"])]
    priority: NeedPriority


class ChangePriority(Command):
    """It matters more, or less."""

    priority: NeedPriority


class Meet(Command):
    """The company has what it lacked, since the day `on`."""

    means: NeedMeans
    """What it was met by."""


class Drop(Command):
    """It will not be met, or never was one."""

    reason: NeedDrop


class CorrectOutcome(Command):
    """The network corrects what has met the need, or when. What is not given stays as it is."""

    means: NeedMeans | None = None
    met_on: Annotated[EnteredDay, Field(examples=["2024-05-13"])] | None = None
    reason: NeedCorrection


class Reopen(Command):
    """The network corrects that the need was met: it was not, at least until the day `on`."""

    reason: NeedCorrection


class Need(State):
    """Something that a company lacks, or lacked."""

    revision: ClassVar[int] = 2

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it declared the need."""
    commune: Commune
    zone: Zone | None
    dimension: MaturityDimension
    kind: NeedKind
    title: ShortText
    priority: NeedPriority
    status: NeedStatus
    means: NeedMeans | None = None
    declared_on: Day
    changed_on: Day | None = None
    """The day of its latest change of priority, or until which it was not met, as a reopening says."""
    met_on: Day | None = None
    dropped_on: Day | None = None
    reason: NeedDrop | None = None

    @property
    def unmet_until(self) -> Day:
        """The day before which it was not met, as far as is known."""
        return self.changed_on or self.declared_on


NOT_SURVEYED = Refusal(
    "not-surveyed",
    "{company} has not been surveyed since it is a member: needs are declared once its survey has begun",
    "{company} n'a pas de diagnostic depuis son adhésion : un besoin se déclare une fois le diagnostic commencé",
    at="company",
    company=Siret,
)
TOO_MANY_NEEDS = Refusal(
    "too-many-needs",
    "a company has at most {limit} needs that are neither met nor dropped",
    "une entreprise a au plus {limit} besoins ni satisfaits ni abandonnés",
    limit=int,
)

needs = Decider(
    CATEGORY.name,
    Need,
    final="dropped",
    finding=Finding(
        found_by=("status", "company", "dimension", "kind", "priority", "means", "naf", "commune", "zone"),
        sorted_by=("declared_on", "met_on", "title"),
        searched_by=("title",),
    ),
)


@needs.creates(
    by=("company", "network"),
    to="declared",
    day="declared_on",
    looks_up=(Lookup(companies, "company"), Lookup(surveys, "company")),
)
def declare(command: Declare, company: Company | None, survey: Survey | None) -> NeedDeclared:
    member = active_member(company, command.company)
    if survey is None or survey.status == "closed":
        raise NOT_SURVEYED(company=command.company)
    return tell(NeedDeclared, command, member)


@needs.decides(by=("company", "network"), when="declared", day="changed_on", takes=("priority",))
def change_priority(need: Need, command: ChangePriority) -> NeedPriorityChanged | tuple[()]:
    return () if command.priority == need.priority else tell(NeedPriorityChanged, command, need)


needs.steps(Meet, NeedMet, by=("company", "network"), when="declared", to="met", day="met_on", takes=("means",))
needs.steps(
    Drop,
    NeedDropped,
    by=("company", "network", PLATFORM),
    when="declared",
    to="dropped",
    day="dropped_on",
    takes=("reason",),
    reserves={PLATFORM: ("member_left",)},
)


@needs.decides(by="network", when="met")
def correct_outcome(need: Need, command: CorrectOutcome) -> NeedOutcomeCorrected | tuple[()]:
    means, met_on = command.means or need.means, command.met_on or need.met_on
    if (means, met_on) == (need.means, need.met_on):
        return ()
    check_corrected(command.on, need.met_on)
    if met_on and met_on != need.met_on:
        check_day(met_on, after=need.unmet_until, before=command.on)
    return tell(NeedOutcomeCorrected, command, need, means=means, met_on=met_on, met_before=need.met_on)


@needs.decides(by="network", when="met", to="declared")
def reopen(need: Need, command: Reopen) -> NeedReopened:
    check_corrected(command.on, need.met_on)
    return tell(NeedReopened, command, need)


@needs.claims
def _(need: Need) -> Iterable[Claim]:
    if need.status == "declared":
        yield Claim(TOO_MANY_NEEDS, need.company, limit=MOST_DECLARED)


@needs.evolves
def _(need: Need, event: NeedOutcomeCorrected) -> Need:
    return need.after(event, means=event.means, met_on=event.met_on, effective_on=event.met_on)


@needs.evolves
def _(need: Need, event: NeedReopened) -> Need:
    changed_on = max(event.effective_on, need.unmet_until)
    return need.after(event, status="declared", means=None, met_on=None, changed_on=changed_on, effective_on=changed_on)
