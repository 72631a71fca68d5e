"""What an event asks of other streams of this service: posts taken and freed, rivals given up, leads and hires
proposed, paths that follow hires."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from contracts.companies.company import CompanyLeft
from contracts.companies.investment import InvestmentCompleted
from contracts.employment.application import AcceptanceUndone, ApplicationAccepted
from contracts.employment.hire import (
    HireCancelled,
    HireConfirmed,
    HireDayCorrected,
    HireEnded,
    HireOutcomeCorrected,
    HireRecorded,
    HireSustained,
)
from contracts.employment.lead import HireLeadDismissed, HireLeadLinked, HireLeadUnlinked
from contracts.employment.vacancy import VacancyDivided, VacancyWithdrawn
from contracts.erasure import PersonErased
from contracts.model import Event
from contracts.training.enrolment import (
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentPathNamed,
    EnrolmentPathUnnamed,
)
from contracts.values import MOST_POSTS
from contracts.youth_events.immersion import ImmersionAssessed
from employment import hire, lead, path, vacancy
from employment.application import HIRE_STANDS, PENDING, Application, MakeObsolete, applications
from employment.hire import Cancel, Hire, hires
from employment.lead import Dismiss, Lead, leads
from employment.path import (
    ACTIVE,
    HIRE_DOES_NOT_STAND,
    HIRE_NOT_SUSTAINED,
    JOB_UNKNOWN,
    KNOWN,
    TOO_MANY_SKILLS,
    AddSkill,
    CorrectJobDay,
    EndJob,
    Path,
    ReopenJob,
    StartJob,
    SustainJob,
    WithdrawSkillOf,
    paths,
)
from employment.vacancy import Free, Take, Vacancy, Withdraw, vacancies
from eventstore.decider import ITSELF, Command
from eventstore.reactions import Found, Identity, Issue, Reactions
from eventstore.refusal import Refusal

reactions = Reactions()


@reactions.to()
def propose_vacancies(event: InvestmentCompleted, investment: Identity) -> Iterable[Issue]:
    """The jobs that an investment planned are proposed as posts, for the company to open.

    Beyond what one vacancy may have, the company drafts others itself. What was recorded before investments told their
    planned jobs proposes nothing.
    """
    if posts := min(ceil(event.jobs_planned or 0), MOST_POSTS):
        yield Issue(
            vacancies,
            None,
            vacancy.Propose(
                company=event.company,
                naf=event.naf,
                commune=event.commune,
                zone=event.zone,
                investment=investment,
                posts=posts,
            ),
        )


@reactions.to()
def propose_the_rest(event: VacancyDivided) -> Iterable[Issue]:
    """The posts for another trade are a proposed vacancy of their own."""
    if event.investment:
        yield Issue(
            vacancies,
            None,
            vacancy.Propose(
                company=event.company,
                naf=event.naf,
                commune=event.commune,
                zone=event.zone,
                investment=event.investment,
                posts=event.divided,
            ),
        )


@reactions.to()
def take_the_post(event: ApplicationAccepted, application: Identity) -> Iterable[Issue]:
    """The vacancy learns who was accepted. One that was withdrawn meanwhile need not know."""
    take = Take(application=application)
    yield Issue(vacancies, event.vacancy, take, expects=tuple(vacancies.not_for(Take)))


@reactions.to()
def free_the_post(event: AcceptanceUndone, application: Identity) -> Iterable[Issue]:
    """The vacancy is open again."""
    free = Free(application=application)
    yield Issue(vacancies, event.vacancy, free, expects=tuple(vacancies.not_for(Free)))


@reactions.to()
def propose_the_hire(event: ApplicationAccepted, application: Identity) -> Iterable[Issue]:
    """Whoever is accepted is to be hired: somebody confirms it once work has begun."""
    yield Issue(hires, None, hire.Propose(application=application, **_told(hire.Propose, event)))


@reactions.to(finds=hires, by={"application": ITSELF}, among={"status": "proposed"})
def cancel_the_proposed_hire(_event: AcceptanceUndone, proposed: Sequence[Found[Hire]]) -> Iterable[Issue]:
    """There is nothing left to confirm. What is recorded already kept the acceptance from being undone."""
    for found in proposed:
        cancel = Cancel(reason="acceptance_undone")
        yield Issue(hires, found.identity, cancel, expects=tuple(hires.not_for(Cancel)))


@reactions.to()
def propose_the_lead(event: ImmersionAssessed, immersion: Identity) -> Iterable[Issue]:
    """An immersion led to a job. The pseudonym of whoever was in it stays in the other service."""
    if event.job_obtained:
        yield Issue(leads, None, lead.Propose(immersion=immersion, **_told(lead.Propose, event)))


@reactions.to()
def propose_the_hire_of_a_lead(event: HireLeadLinked, lead: Identity) -> Iterable[Issue]:
    """Whose job it is, is to be hired: somebody confirms it once work has begun."""
    yield Issue(hires, None, hire.Propose(lead=lead, **_told(hire.Propose, event)))


@reactions.to(finds=hires, by={"lead": ITSELF}, among={"status": "proposed"})
def cancel_the_hire_of_a_lead(
    _event: HireLeadUnlinked | HireLeadDismissed, proposed: Sequence[Found[Hire]]
) -> Iterable[Issue]:
    """There is nothing left to confirm. What is recorded already kept the lead from being unlinked or dismissed."""
    for found in proposed:
        cancel = Cancel(reason="lead_undone")
        yield Issue(hires, found.identity, cancel, expects=tuple(hires.not_for(Cancel)))


@reactions.to(finds=leads, by={"seeker": "person"}, among={"status": "linked"})
def dismiss_leads_of_whom_nobody_knows(_event: PersonErased, linked: Sequence[Found[Lead]]) -> Iterable[Issue]:
    """Nobody can confirm the hire of somebody whom nobody knows any more. One that is recorded goes on, under the
    pseudonym."""
    for found in linked:
        dismiss = Dismiss(reason="person_erased")
        yield Issue(leads, found.identity, dismiss, expects=(HIRE_STANDS, *leads.not_for(Dismiss)))


@reactions.to(finds=applications, by={"seeker": "seeker"}, among={"status": PENDING})
def give_up_rivals(_event: ApplicationAccepted, rivals: Sequence[Found[Application]]) -> Iterable[Issue]:
    """Whatever else the person has applied for."""
    for found in rivals:
        yield _obsolete(found, MakeObsolete(reason="accepted_elsewhere"))


@reactions.to(finds=applications, by={"vacancy": ITSELF}, among={"status": PENDING})
def give_up_what_is_withdrawn(_event: VacancyWithdrawn, pending: Sequence[Found[Application]]) -> Iterable[Issue]:
    """Nobody will answer what was applied for."""
    for found in pending:
        yield _obsolete(found, MakeObsolete(reason="vacancy_withdrawn"))


@reactions.to(finds=applications, by={"seeker": "person"}, among={"status": PENDING})
def give_up_whom_nobody_knows(_event: PersonErased, pending: Sequence[Found[Application]]) -> Iterable[Issue]:
    """Somebody whom nobody knows any more cannot be answered."""
    for found in pending:
        yield _obsolete(found, MakeObsolete(reason="person_erased"))


@reactions.to(finds=vacancies, by={"company": "company"}, among={"status": ("proposed", "draft", "open")})
def withdraw_vacancies(_event: CompanyLeft, there: Sequence[Found[Vacancy]]) -> Iterable[Issue]:
    """A company that has left the network offers nothing in it. One that is suspended keeps what it had opened."""
    for found in there:
        withdraw = Withdraw(reason="member_left")
        yield Issue(vacancies, found.identity, withdraw, expects=tuple(vacancies.not_for(Withdraw)))


@reactions.to(finds=paths, by={"seeker": "seeker"}, among={"status": ACTIVE})
def start_the_job(
    _event: HireConfirmed | HireRecorded, hire: Identity, active: Sequence[Found[Path]]
) -> Iterable[Issue]:
    """Whoever is hired has a job, in whatever way it came. Of a hire that was cancelled meanwhile nothing is told."""
    for found in active:
        yield _of_path(found, StartJob(hire=hire), HIRE_DOES_NOT_STAND)


@reactions.to(finds=paths, by={"seeker": "seeker"}, among={"status": ACTIVE})
def sustain_the_job(_event: HireSustained, hire: Identity, active: Sequence[Found[Path]]) -> Iterable[Issue]:
    """The job has lasted six months. Where that was corrected meanwhile, what came of it is told next."""
    for found in active:
        yield _of_path(found, SustainJob(hire=hire), JOB_UNKNOWN, HIRE_NOT_SUSTAINED)


@reactions.to(finds=paths, by={"seeker": "seeker"}, among={"status": ACTIVE})
def end_the_job(_event: HireEnded | HireCancelled, hire: Identity, active: Sequence[Found[Path]]) -> Iterable[Issue]:
    """The path goes on where it was."""
    for found in active:
        yield _of_path(found, EndJob(hire=hire), JOB_UNKNOWN)


@reactions.to(finds=paths, by={"seeker": "seeker"}, among={"status": ACTIVE})
def reopen_the_job(_event: HireOutcomeCorrected, hire: Identity, active: Sequence[Found[Path]]) -> Iterable[Issue]:
    """The job goes on, whatever was told of it."""
    for found in active:
        yield _of_path(found, ReopenJob(hire=hire), JOB_UNKNOWN)


@reactions.to(finds=paths, by={"seeker": "seeker"}, among={"status": ACTIVE})
def correct_the_day_of_the_job(
    event: HireDayCorrected, hire: Identity, active: Sequence[Found[Path]]
) -> Iterable[Issue]:
    """How long it took is counted anew."""
    for found in active:
        yield _of_path(found, CorrectJobDay(hire=hire, reason=event.reason), JOB_UNKNOWN)


@reactions.to(finds=paths, by={"seeker": "person"}, among={"status": KNOWN})
def erase_paths(_event: PersonErased, known: Sequence[Found[Path]]) -> Iterable[Issue]:
    """Somebody whom nobody knows any more is not accompanied. What the path was counted for stays."""
    for found in known:
        yield _of_path(found, path.Erase())


@reactions.to()
def add_the_skill(event: EnrolmentCertified | EnrolmentPathNamed, enrolment: Identity) -> Iterable[Issue]:
    """Whoever is certified has the skill, on the path that an adviser named. One that is over takes no skills."""
    if event.path and event.certified_on:
        add = AddSkill(
            romes=event.romes,
            source="certification",
            certification=event.certification,
            acquired_on=event.certified_on,
            enrolment=enrolment,
            on=max(event.effective_on, event.certified_on),
        )
        yield Issue(paths, event.path, add, expects=(TOO_MANY_SKILLS, *paths.not_for(AddSkill)), if_there=True)


@reactions.to()
def withdraw_the_skill(
    event: EnrolmentCertificationUndone | EnrolmentPathUnnamed, enrolment: Identity
) -> Iterable[Issue]:
    """The certification was undone, or the enrolment is not on that path."""
    named = event.path if isinstance(event, EnrolmentCertificationUndone) else event.path_before
    if named and event.certified_on:
        withdraw = WithdrawSkillOf(enrolment=enrolment, reason="not_certified" if event.path else "other")
        yield Issue(paths, named, withdraw, expects=tuple(paths.not_for(WithdrawSkillOf)), if_there=True)


def _told(command: type[Command], event: Event) -> dict[str, Any]:
    """What an event says of what a command asks for under the same names."""
    return {name: getattr(event, name) for name in command.model_fields.keys() & type(event).model_fields.keys()}


def _obsolete(found: Found[Application], command: MakeObsolete) -> Issue:
    return Issue(applications, found.identity, command, expects=tuple(applications.not_for(MakeObsolete)))


def _of_path(found: Found[Path], command: Command, *expects: Refusal) -> Issue:
    """That a path which has ended, or is not there yet, has nothing to do with it is no fault."""
    return Issue(paths, found.identity, command, expects=(*expects, *paths.not_for(type(command))))
