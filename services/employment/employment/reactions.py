"""What an event asks of other streams of this service: posts taken and freed, rivals given up, leads and hires
proposed."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from contracts.companies.company import CompanyLeft
from contracts.companies.investment import InvestmentCompleted
from contracts.employment.application import AcceptanceUndone, ApplicationAccepted
from contracts.employment.lead import HireLeadDismissed, HireLeadLinked, HireLeadUnlinked
from contracts.employment.vacancy import VacancyDivided, VacancyWithdrawn
from contracts.erasure import PersonErased
from contracts.model import Event
from contracts.values import MOST_POSTS
from contracts.youth_events.immersion import ImmersionAssessed
from employment import hire, lead, vacancy
from employment.application import HIRE_STANDS, PENDING, Application, MakeObsolete, applications
from employment.hire import Cancel, Hire, hires
from employment.lead import Dismiss, Lead, leads
from employment.vacancy import Free, Take, Vacancy, Withdraw, vacancies
from eventstore.decider import ITSELF, Command
from eventstore.reactions import Found, Identity, Issue, Reactions

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


def _told(command: type[Command], event: Event) -> dict[str, Any]:
    """What an event says of what a command asks for under the same names."""
    return {name: getattr(event, name) for name in command.model_fields.keys() & type(event).model_fields.keys()}


def _obsolete(found: Found[Application], command: MakeObsolete) -> Issue:
    return Issue(applications, found.identity, command, expects=tuple(applications.not_for(MakeObsolete)))
