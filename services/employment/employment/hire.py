"""Hires [embauches]: proposed by an accepted application or a linked lead, or recorded, and confirmed after six months
(axis 7).

The company or an adviser confirms a proposed hire once work has begun, or records one that nothing here led to. Six
months later somebody is asked whether it lasted: it is sustained, or it ended early. What was recorded wrongly is
corrected with a reason, an outcome by opening it again; so whoever counts hires can put right what was counted.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Annotated, Final

from pydantic import Field

from contracts.employment.hire import (
    CATEGORY,
    EndReason,
    HireCancellation,
    HireCancelled,
    HireConfirmed,
    HireCorrection,
    HireDayCorrected,
    HireEnded,
    HireEnrolmentCorrected,
    HireFlagsCorrected,
    HireOutcomeCorrected,
    HireProposed,
    HireRecorded,
    HireStatus,
    HireSustained,
    HireTermsCorrected,
    SustainmentDue,
)
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import ContractType
from contracts.model import PARIS, Day, EnteredDay
from contracts.personal import Personal
from contracts.values import Commune, EnteredRome, Naf, RecordId, Rome, Siret, Subject, WorkingHours, Zone, months_later
from employment.application import ADVISERS, HIRE_STANDS, kept_until
from employment.bounds import Plausible
from employment.lead import Lead, leads
from employment.members import Member, Project, active_member, check_investment, members, projects
from employment.priority import EnteredFlags, Seeker, check_age, checked
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

MONTHS: Final = 6
"""How long a hire has to last to count as sustained."""


class Propose(Command):
    """An application was accepted, or a lead linked to a person."""

    seeker: Subject
    application: RecordId | None = None
    vacancy: RecordId | None = None
    lead: RecordId | None = None
    investment: RecordId | None = None
    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    rome: Rome
    contract: ContractType
    weekly_hours: WorkingHours
    flags: tuple[PriorityFlag, ...]


class Confirm(Command):
    """Work has begun as it was proposed. What is not given is as the vacancy said, or the lead."""

    hired_on: EnteredDay
    """The first day of work."""
    contract: ContractType | None = None
    weekly_hours: WorkingHours | None = None
    enrolment: RecordId | None = None
    """The enrolment in training that it came of, by its id, where an adviser names it."""


class Record(Command):
    """Somebody was hired without an application or a lead here. Priority groups are for advisers to give."""

    company: Siret
    seeker: Personal[Seeker]
    hired_on: EnteredDay
    """The first day of work."""
    rome: EnteredRome
    contract: ContractType
    weekly_hours: WorkingHours
    flags: EnteredFlags = ()
    investment: RecordId | None = None
    """The company's productive investment that it is a job of, if any."""
    enrolment: RecordId | None = None
    """The enrolment in training that it came of, by its id, where an adviser names it."""


class Remind(Command):
    """Six months have gone by: somebody is to say whether it lasted."""


class Sustain(Command):
    """It has lasted six months."""


class End(Command):
    """It ended before it had lasted six months."""

    ended_on: EnteredDay
    """The last day of work."""
    reason: EndReason


class Cancel(Command):
    """There was no hire after all."""

    reason: HireCancellation


class CorrectDay(Command):
    """The first day of work is corrected. Six months are counted anew; an outcome is opened again first."""

    hired_on: Annotated[EnteredDay, Field(examples=["2024-05-06"])]
    reason: HireCorrection


class CorrectTerms(Command):
    """The occupation, the contract or the hours are corrected. What is not given stays as it is."""

    rome: EnteredRome | None = None
    contract: Annotated[ContractType, Field(examples=["fixed_term"])] | None = None
    weekly_hours: Annotated[WorkingHours, Field(examples=[28])] | None = None
    reason: HireCorrection


class CorrectFlags(Command):
    """An adviser gives the priority groups of the person, or corrects them."""

    flags: EnteredFlags
    reason: HireCorrection


class CorrectEnrolment(
    Command,
    json_schema_extra={
        "examples": [
            {"on": "2024-05-13", "enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", "reason": "late_document"}
        ]
    },
):
    """An adviser names the enrolment in training that it came of, or another one; none, where none is given."""

    enrolment: RecordId | None = None
    reason: HireCorrection


class CorrectOutcome(Command):
    """That it was sustained, or had ended, was recorded wrongly: the outcome is open again."""

    reason: HireCorrection


class Hire(State):
    """A hire of a person at a company."""

    seeker: Subject
    application: RecordId | None
    vacancy: RecordId | None
    lead: RecordId | None = None
    """The lead that it comes of, if any, by the id of the immersion."""
    investment: RecordId | None
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was proposed or recorded."""
    commune: Commune
    zone: Zone | None
    rome: Rome
    contract: ContractType
    weekly_hours: WorkingHours
    flags: tuple[PriorityFlag, ...]
    enrolment: RecordId | None = None
    """The enrolment in training that it came of, if an adviser named one."""
    status: HireStatus
    proposed_on: Day | None = None
    """The day on which its application was accepted, or its lead linked."""
    recorded_on: Day | None = None
    """The day on which somebody said that work had begun."""
    hired_on: Day | None = None
    """The first day of work."""
    sustained_on: Day | None = None
    """The day on which it had lasted six months, once somebody has confirmed that."""
    ended_on: Day | None = None
    """The last day of work, of a hire that did not last six months."""
    closed_on: Day | None = None
    """The day on which somebody said how it came out."""
    cancelled_on: Day | None = None
    reason: EndReason | HireCancellation | None = None

    @property
    def last_contact(self) -> Day:
        """The day of the latest step that somebody took."""
        return max(day for day in (self.proposed_on, self.recorded_on, self.closed_on, self.cancelled_on) if day)


FLAGS_ARE_FOR_ADVISERS = Refusal(
    "flags-are-for-advisers",
    "priority groups are for an adviser to give",
    "les publics prioritaires sont indiqués par un conseiller",
)
ENROLMENT_IS_FOR_ADVISERS = Refusal(
    "enrolment-is-for-advisers",
    "which training a hire came of is for an adviser to say",
    "la formation dont vient une embauche est indiquée par un conseiller",
    at="enrolment",
)
HIRED_ALREADY = Refusal(
    "hired-already",
    "this person was hired by this company within six months already",
    "cette personne a déjà une embauche dans cette entreprise à moins de six mois",
)
WORK_NOT_BEGUN = Refusal(
    "work-not-begun",
    "a hire is recorded once work has begun: {hired_on} is after {on}",
    "une embauche s'enregistre une fois le travail commencé : le {hired_on} suit le {on}",
    at="hired_on",
    hired_on=Day,
    on=Day,
)
NOT_SIX_MONTHS = Refusal(
    "not-six-months",
    "it will have lasted six months on {sustained_on}",
    "elle aura duré six mois le {sustained_on}",
    sustained_on=Day,
)
LASTED_SIX_MONTHS = Refusal(
    "lasted-six-months",
    "until {ended_on} it had lasted six months: it is sustained",
    "au {ended_on} elle avait duré six mois : elle est durable",
    ended_on=Day,
)
ENDED_OUTSIDE = Refusal(
    "ended-outside",
    "{ended_on} is not between the first day of work, {hired_on}, and {on}",
    "le {ended_on} n'est pas compris entre le premier jour de travail, le {hired_on}, et le {on}",
    ended_on=Day,
    hired_on=Day,
    on=Day,
)

hires = Decider(
    CATEGORY.name,
    Hire,
    final="cancelled",
    finding=Finding(
        found_by=(
            "status",
            "company",
            "seeker",
            "application",
            "vacancy",
            "lead",
            "investment",
            "enrolment",
            "rome",
            "contract",
        ),
        sorted_by=("hired_on", "sustained_on"),
    ),
)

TELLING: Final = ("company", *ADVISERS)
STANDING: Final = ("recorded", "to_confirm", "sustained", "ended")
"""The statuses in which work has begun."""


@hires.creates(by=PLATFORM, to="proposed", day="proposed_on")
def propose(command: Propose) -> HireProposed:
    return tell(HireProposed, command)


@hires.decides(
    by=TELLING,
    when="proposed",
    to="recorded",
    day="recorded_on",
    takes=("hired_on", "contract", "weekly_hours", "enrolment"),
    looks_up=Lookup(leads, "lead"),
)
def confirm(hire: Hire, command: Confirm, lead: Lead | None, context: Context) -> HireConfirmed:
    if lead and lead.seeker != hire.seeker:
        raise HIRE_STANDS()
    _check_enrolment(command, context)
    _check_begun(command.hired_on, command.on)
    return tell(
        HireConfirmed,
        command,
        hire,
        contract=command.contract or hire.contract,
        weekly_hours=command.weekly_hours or hire.weekly_hours,
    )


@hires.creates(
    by=TELLING,
    to="recorded",
    day="recorded_on",
    looks_up=(Lookup(members, "company"), Lookup(projects, "investment")),
)
def record(command: Record, member: Member | None, project: Project | None, context: Context) -> HireRecorded:
    company = active_member(member, command.company)
    check_investment(command.investment, project, command.company)
    if command.flags and context.roles.isdisjoint(ADVISERS):
        raise FLAGS_ARE_FOR_ADVISERS()
    _check_enrolment(command, context)
    _check_begun(command.hired_on, command.on)
    born_on = command.seeker.told.born_on
    check_age(born_on, command.on)
    flags = checked(command.flags, command.on, context.of(Plausible), born_on=born_on)
    return tell(HireRecorded, command, company, flags=flags, application=None, vacancy=None)


@hires.decides(by=PLATFORM, when="recorded", to="to_confirm")
def remind(hire: Hire, command: Remind) -> SustainmentDue:
    return tell(SustainmentDue, command, hire, sustained_on=_lasted(hire))


@hires.decides(by=TELLING, when=("recorded", "to_confirm"), to="sustained", day="closed_on", takes=("sustained_on",))
def sustain(hire: Hire, command: Sustain) -> HireSustained:
    if command.on < _lasted(hire):
        raise NOT_SIX_MONTHS(sustained_on=_lasted(hire))
    return tell(HireSustained, command, hire, sustained_on=_lasted(hire))


@hires.decides(by=TELLING, when=("recorded", "to_confirm"), to="ended", day="closed_on", takes=("ended_on", "reason"))
def end(hire: Hire, command: End) -> HireEnded:
    if not _begun(hire) <= command.ended_on <= command.on:
        raise ENDED_OUTSIDE(ended_on=command.ended_on, hired_on=_begun(hire), on=command.on)
    if command.ended_on >= _lasted(hire):
        raise LASTED_SIX_MONTHS(ended_on=command.ended_on)
    return tell(HireEnded, command, hire)


hires.steps(
    Cancel,
    HireCancelled,
    by=(*TELLING, PLATFORM),
    when=("proposed", "recorded", "to_confirm"),
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
    reserves={PLATFORM: ("acceptance_undone", "lead_undone")},
)


@hires.decides(by=TELLING, when=("recorded", "to_confirm"), to="recorded", takes=("hired_on",))
def correct_day(hire: Hire, command: CorrectDay) -> HireDayCorrected | tuple[()]:
    if command.hired_on == hire.hired_on:
        return ()
    _check_begun(command.hired_on, command.on)
    return tell(HireDayCorrected, command, hire)


@hires.decides(by=TELLING, when=STANDING, takes=("rome", "contract", "weekly_hours"))
def correct_terms(hire: Hire, command: CorrectTerms) -> HireTermsCorrected | tuple[()]:
    terms = {name: getattr(command, name) or getattr(hire, name) for name in ("rome", "contract", "weekly_hours")}
    if all(getattr(hire, name) == said for name, said in terms.items()):
        return ()
    before = {f"{name}_before": getattr(hire, name) for name in terms}
    return tell(HireTermsCorrected, command, hire, **terms, **before)


@hires.decides(by=ADVISERS, when=STANDING, takes=("flags",))
def correct_flags(hire: Hire, command: CorrectFlags, context: Context) -> HireFlagsCorrected | tuple[()]:
    flags = checked(command.flags, command.on, context.of(Plausible))
    return tell(HireFlagsCorrected, command, hire, flags=flags) if flags != hire.flags else ()


@hires.decides(by=ADVISERS, when=STANDING, takes=("enrolment",))
def correct_enrolment(hire: Hire, command: CorrectEnrolment) -> HireEnrolmentCorrected | tuple[()]:
    return tell(HireEnrolmentCorrected, command, hire) if command.enrolment != hire.enrolment else ()


@hires.decides(
    by=TELLING,
    when=("sustained", "ended"),
    to="recorded",
    clears=("sustained_on", "ended_on", "closed_on", "reason"),
)
def correct_outcome(hire: Hire, command: CorrectOutcome) -> HireOutcomeCorrected:
    return tell(HireOutcomeCorrected, command, hire, outcome_before=hire.status)


@hires.claims
def _(hire: Hire) -> Iterable[Claim]:
    if hire.status in STANDING:
        ends = hire.ended_on + timedelta(days=1) if hire.ended_on else _lasted(hire)
        yield Claim(HIRED_ALREADY, f"{hire.company}/{hire.seeker}", during=(_midnight(_begun(hire)), _midnight(ends)))
        if led := hire.application or hire.lead:
            yield Claim(HIRE_STANDS, led)


@hires.due
def _(hire: Hire) -> Iterable[Due]:
    if hire.status == "recorded":
        yield Due(_lasted(hire), Remind())


@hires.keeps
def _(hire: Hire) -> Iterable[Keep]:
    yield Keep(hire.seeker, kept_until(hire.last_contact))


def _check_enrolment(command: Confirm | Record, context: Context) -> None:
    if command.enrolment and context.roles.isdisjoint(ADVISERS):
        raise ENROLMENT_IS_FOR_ADVISERS()


def _check_begun(hired_on: Day, on: Day) -> None:
    if hired_on > on:
        raise WORK_NOT_BEGUN(hired_on=hired_on, on=on)


def _begun(hire: Hire) -> Day:
    assert hire.hired_on  # by every decision that leads to the statuses it is asked in
    return hire.hired_on


def _lasted(hire: Hire) -> Day:
    """The day on which it will have lasted six months: of that month the last, where it has no such day."""
    return months_later(_begun(hire), MONTHS)


def _midnight(day: Day) -> datetime:
    return datetime.combine(day, time(), PARIS)
