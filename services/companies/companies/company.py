"""Companies of the network [réseau d'entreprises]: they apply, become members, and report their headcount.

A company applies by itself or through the network's coordinator (role `network`), who activates, rejects, suspends and
reinstates; either reports the headcount and says that the company leaves. Members and their headcount are the active
companies: a suspension or a departure takes the headcount to 0, a reinstatement brings it back.

A sole trader's company [entreprise individuelle] has the name of a person, who is known until five years after it left,
when claims from its membership are barred (Code civil, art. 2224), or a year after it was refused.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue

from contracts.companies.company import (
    CATEGORY,
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
from contracts.model import LAST_DAY, Day
from contracts.personal import Person, Personal
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredLegalForm,
    EnteredNaf,
    EnteredText,
    EnteredZone,
    FullTimeEquivalents,
    LegalForm,
    Naf,
    PersonName,
    ShortText,
    Siret,
    SizeBand,
    Subject,
    Zone,
    size_band,
)
from eventstore.decider import Command, Decider, Keep, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

Membership = Literal["applied", "active", "rejected", "suspended", "left"]
"""Where a company stands in the network."""


class SoleTrader(Person):
    """A sole trader [entrepreneur individuel], whose company has no other name than this person's."""

    family_name: PersonName
    given_name: PersonName
    trade_name: EnteredText | None = None
    """What the business is called besides [nom commercial]."""


_EXAMPLE: Final[dict[str, JsonValue]] = {
    "siret": "00000001800010",
    "name": "Fonderie d'Exemple",
    "legal_form": "5710",
    "naf": "25.62B",
    "commune": "36088",
    "headcount": 45,
}


class Apply(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """A company asks to join the network, for the first time or again after a refusal or a departure."""

    siret: Siret
    name: Annotated[EnteredText, Field(examples=["Fonderie d'Exemple"])] | None = None
    """The company's name; of a sole trader (legal form 1…) `trader` is told instead."""
    trader: Personal[SoleTrader] | None = None
    legal_form: EnteredLegalForm
    naf: EnteredNaf
    commune: EnteredCommune
    zone: EnteredZone | None = None
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
    name: Annotated[ShortText, Field(examples=["Fonderie d'Exemple"])] | None
    """None of a sole trader, whose name is personal."""
    trader: Subject | None = None
    """The sole trader, if it is one's."""
    legal_form: LegalForm
    naf: Naf
    commune: Commune
    zone: Zone | None
    status: Membership
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

    @property
    def company(self) -> Siret:
        """What its events call it."""
        return self.siret


SOLE_TRADER = Refusal(
    "sole-trader",
    "a sole trader's name is personal: of the legal form {legal_form} a trader is told, and no name",
    "le nom d'un entrepreneur individuel est une donnée personnelle : pour la forme juridique {legal_form}, indiquez "
    "trader, et non name",
    legal_form=LegalForm,
)
NAME_MISSING = Refusal(
    "company-name-missing",
    "of the legal form {legal_form} a name is told, and no trader",
    "pour la forme juridique {legal_form}, indiquez name, et non trader",
    legal_form=LegalForm,
)
NOT_A_MEMBER = Refusal(
    "not-a-member",
    "this is for active members of the network; {company} is {status}",
    "ceci est réservé aux entreprises actives du réseau ; l'état de {company} est « {status} »",
    at="company",
    company=Siret,
    status=Membership | Literal["unknown"],
)


def active_member(company: Company | None, siret: str) -> Company:
    """The company that another aggregate's decision needs as a member. Raises Rejected."""
    if company is None or company.status != "active":
        raise NOT_A_MEMBER(company=siret, status=company.status if company else "unknown")
    return company


companies = Decider(
    CATEGORY.name,
    Company,
    identified_by="siret",
    owned_by={"company": "siret"},
    finding=Finding(
        found_by=("status", "naf", "commune", "zone", "size_band"),
        sorted_by=("name", "headcount", "applied_on"),
        searched_by=("name", "siret"),
    ),
)


@companies.creates(by=("company", "network"), when=("rejected", "left"), to="applied")
def apply(_company: Company | None, command: Apply) -> CompanyApplied:
    if command.legal_form.startswith("1"):
        if command.trader is None or command.name is not None:
            raise SOLE_TRADER(legal_form=command.legal_form)
    elif command.name is None or command.trader is not None:
        raise NAME_MISSING(legal_form=command.legal_form)
    return tell(CompanyApplied, command, company=command.siret, size_band=size_band(command.headcount))


@companies.decides(by="network", when="applied", to="active", day="activated_on", takes=("headcount",))
def activate(company: Company, command: Activate) -> CompanyActivated:
    return tell(CompanyActivated, command, company, headcount=company.headcount_declared)


companies.steps(
    Reject, CompanyRejected, by="network", when="applied", to="rejected", day="rejected_on", takes=("reason",)
)


@companies.decides(by=("company", "network"), when="active")
def report_headcount(company: Company, command: ReportHeadcount) -> HeadcountReported | tuple[()]:
    headcount = command.full_time_equivalents
    if (headcount, command.on) == (company.headcount_declared, company.headcount_on):
        return ()
    return tell(HeadcountReported, command, company, headcount=headcount, size_band=size_band(headcount))


companies.steps(
    Suspend,
    CompanySuspended,
    by="network",
    when="active",
    to="suspended",
    day="suspended_on",
    takes=("reason", "headcount"),
    headcount=0,
)


@companies.decides(by="network", when="suspended", to="active", takes=("headcount",), clears=("reason", "suspended_on"))
def reinstate(company: Company, command: Reinstate) -> CompanyReinstated:
    return tell(CompanyReinstated, command, company, headcount=company.headcount_declared)


companies.steps(
    Leave,
    CompanyLeft,
    by=("company", "network"),
    when=("active", "suspended"),
    to="left",
    day="left_on",
    takes=("reason", "headcount"),
    clears=("suspended_on",),
    reserves={"network": ("excluded",)},
    headcount=0,
)


@companies.keeps
def _(company: Company) -> Iterable[Keep]:
    if company.trader is None:
        return
    match company.status:
        case "rejected":
            yield Keep(company.trader, _years_after(company.effective_on, 1))
        case "left":
            yield Keep(company.trader, _years_after(company.effective_on, 5))
        case _:
            yield Keep(company.trader, LAST_DAY)


@companies.evolves
def _(_company: Company | None, event: CompanyApplied) -> Company:
    return Company(
        siret=event.company,
        name=event.name,
        trader=event.trader,
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
def _(company: Company, event: HeadcountReported) -> Company:
    return company.after(
        event,
        headcount=event.headcount,
        headcount_declared=event.headcount,
        headcount_on=event.effective_on,
        size_band=event.size_band,
    )


def _years_after(day: Day, years: int) -> Day:
    """The same day of a later year; of a leap day the one before."""
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)
