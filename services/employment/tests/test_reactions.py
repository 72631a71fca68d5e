"""What an event asks of others: one function for each, given what it has found."""

from datetime import date
from typing import Any

import pytest
from people import APPLICATION, IMMERSION, INVESTMENT, PLACE, SEEKER, TODAY, VACANCY, record_id
from test_application_decisions import FLAGS, accepted, undone
from test_application_decisions import PASTS as APPLICATIONS
from test_hire_decisions import BEGUN, cancelled, confirmed, ended, proposed, recorded, sustained
from test_hire_decisions import FACTS as HIRED
from test_lead_decisions import FACTS as LEAD
from test_lead_decisions import PASTS as LEADS
from test_lead_decisions import let_go, linked, unlinked
from test_path_decisions import HIRE
from test_path_decisions import PASTS as PATHS
from test_vacancy_decisions import PASTS as VACANCIES
from test_vacancy_decisions import withdrawn

from contracts import Event
from contracts.companies.company import CompanyLeft
from contracts.companies.investment import InvestmentCompleted
from contracts.employment.hire import HireDayCorrected, HireOutcomeCorrected
from contracts.employment.vacancy import VacancyDivided
from contracts.erasure import PersonErased
from contracts.training.enrolment import (
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentPathNamed,
    EnrolmentPathUnnamed,
)
from contracts.values import MOST_POSTS
from contracts.youth_events.immersion import ImmersionAssessed
from employment import hire, lead, path, vacancy
from employment.application import HIRE_STANDS, PENDING, MakeObsolete, applications
from employment.hire import Cancel, hires
from employment.lead import Dismiss, leads
from employment.path import (
    ACTIVE,
    HIRE_DOES_NOT_STAND,
    HIRE_NOT_SUSTAINED,
    JOB_UNKNOWN,
    KNOWN,
    CorrectJobDay,
    EndJob,
    ReopenJob,
    StartJob,
    SustainJob,
    paths,
)
from employment.reactions import (
    add_the_skill,
    cancel_the_hire_of_a_lead,
    cancel_the_proposed_hire,
    correct_the_day_of_the_job,
    dismiss_leads_of_whom_nobody_knows,
    end_the_job,
    erase_paths,
    free_the_post,
    give_up_rivals,
    give_up_what_is_withdrawn,
    give_up_whom_nobody_knows,
    propose_the_hire,
    propose_the_hire_of_a_lead,
    propose_the_lead,
    propose_the_rest,
    propose_vacancies,
    reactions,
    reopen_the_job,
    start_the_job,
    sustain_the_job,
    take_the_post,
    withdraw_the_skill,
    withdraw_vacancies,
)
from employment.vacancy import Free, Take, Withdraw, vacancies
from eventstore.decider import Command
from eventstore.reactions import Found, Identity, Issue
from eventstore.refusal import Refusal

reopened = HireOutcomeCorrected(
    **HIRED, hired_on=BEGUN, outcome_before="ended", sustained_on=None, reason="wrong_outcome", effective_on=TODAY
)
moved = HireDayCorrected(**HIRED, hired_on_before=TODAY, hired_on=BEGUN, reason="typing_error", effective_on=TODAY)
PROPOSAL: dict[str, Any] = {**PLACE, "investment": INVESTMENT}


def completed(jobs_planned: float | None) -> InvestmentCompleted:
    return InvestmentCompleted(
        **PLACE, axis=6, amount=450_000, amount_spent=440_000, jobs_planned=jobs_planned, effective_on=TODAY
    )


@pytest.mark.parametrize(("planned", "posts"), [(4, 4), (3.2, 4), (0.5, 1), (1_000, MOST_POSTS)])
def test_a_completed_investment_proposes_its_planned_jobs_rounded_up(planned: float, posts: int) -> None:
    assert list(propose_vacancies(completed(planned), Identity(INVESTMENT))) == [
        Issue(vacancies, None, vacancy.Propose(**PROPOSAL, posts=posts))
    ]


@pytest.mark.parametrize("planned", [0, None])
def test_an_investment_that_planned_no_job_or_did_not_tell_proposes_nothing(planned: float | None) -> None:
    assert list(propose_vacancies(completed(planned), Identity(INVESTMENT))) == []


def test_what_is_divided_from_a_proposal_is_proposed_again() -> None:
    divided = VacancyDivided(
        **PROPOSAL, rome=None, contract=None, posts_before=4, posts=1, divided=3, open_posts=0, effective_on=TODAY
    )
    assert list(propose_the_rest(divided)) == [Issue(vacancies, None, vacancy.Propose(**PROPOSAL, posts=3))]


def test_an_acceptance_takes_a_post_and_its_undoing_frees_it() -> None:
    application = Identity(APPLICATION)
    assert list(take_the_post(accepted, application)) == [
        Issue(vacancies, VACANCY, Take(application=APPLICATION), expects=tuple(vacancies.not_for(Take)))
    ]
    assert list(free_the_post(undone, application)) == [
        Issue(vacancies, VACANCY, Free(application=APPLICATION), expects=tuple(vacancies.not_for(Free)))
    ]


def test_an_acceptance_proposes_the_hire_and_its_undoing_cancels_that() -> None:
    told: dict[str, Any] = {
        "seeker": SEEKER,
        "application": APPLICATION,
        "vacancy": VACANCY,
        "investment": None,
        "flags": FLAGS,
    }
    terms: dict[str, Any] = {"rome": "H2913", "contract": "permanent", "weekly_hours": 35}
    (issue,) = propose_the_hire(accepted, Identity(APPLICATION))
    assert issue == Issue(hires, None, hire.Propose(**PLACE, **told, **terms))
    found = Found("h1", hires.evolve(None, proposed))
    assert list(cancel_the_proposed_hire(undone, [found])) == [
        Issue(hires, "h1", Cancel(reason="acceptance_undone"), expects=tuple(hires.not_for(Cancel)))
    ]


def assessed(*, job_obtained: bool) -> ImmersionAssessed:
    persons: dict[str, Any] = {
        name: record_id(n) for n, name in enumerate(("beneficiary", "tutor", "representative", "adviser"), 20)
    }
    told = {name: value for name, value in LEAD.items() if name not in ("immersion", "contract")}
    return ImmersionAssessed(
        **told,
        **persons,
        age_band="adult",
        guardian=None,
        objective="start_recruitment",
        begins_on=TODAY,
        ends_on=TODAY,
        prepared_on=TODAY,
        terms=1,
        outcome="completed",
        job_obtained=job_obtained,
        contract="fixed_term" if job_obtained else None,
        effective_on=TODAY,
    )


def test_an_immersion_with_a_job_proposes_a_lead_without_anybody_who_was_in_it() -> None:
    (issue,) = propose_the_lead(assessed(job_obtained=True), Identity(IMMERSION))
    assert issue == Issue(leads, None, lead.Propose(**LEAD))
    assert list(propose_the_lead(assessed(job_obtained=False), Identity(IMMERSION))) == []


def test_a_link_proposes_the_hire_and_what_ends_it_cancels_that() -> None:
    told: dict[str, Any] = {"seeker": SEEKER, "lead": IMMERSION, "flags": FLAGS, "weekly_hours": 35}
    (issue,) = propose_the_hire_of_a_lead(linked, Identity(IMMERSION))
    assert issue == Issue(hires, None, hire.Propose(**PLACE, **told, rome="H2913", contract="fixed_term"))
    found = Found("h1", hires.evolve(None, proposed))
    expects = tuple(hires.not_for(Cancel))
    for event in (unlinked, let_go):
        assert list(cancel_the_hire_of_a_lead(event, [found])) == [
            Issue(hires, "h1", Cancel(reason="lead_undone"), expects=expects)
        ]


def test_a_lead_of_somebody_who_was_erased_is_dismissed_unless_a_hire_is_recorded() -> None:
    there = leads.fold(LEADS["linked"])
    assert there
    erased = PersonErased(person=SEEKER, reason="request", effective_on=TODAY)
    (reaction,) = [each for each in reactions.all if each.function is dismiss_leads_of_whom_nobody_knows]
    assert reaction.filters(erased, Identity("x")) == {"seeker": SEEKER, "status": "linked"}
    assert list(dismiss_leads_of_whom_nobody_knows(erased, [Found(IMMERSION, there)])) == [
        Issue(leads, IMMERSION, Dismiss(reason="person_erased"), expects=(HIRE_STANDS, *leads.not_for(Dismiss)))
    ]


@pytest.mark.parametrize(
    ("reaction", "events", "command", "expects"),
    [
        (start_the_job, (confirmed, recorded), StartJob(hire=HIRE), (HIRE_DOES_NOT_STAND,)),
        (sustain_the_job, (sustained,), SustainJob(hire=HIRE), (JOB_UNKNOWN, HIRE_NOT_SUSTAINED)),
        (end_the_job, (ended, cancelled), EndJob(hire=HIRE), (JOB_UNKNOWN,)),
        (reopen_the_job, (reopened,), ReopenJob(hire=HIRE), (JOB_UNKNOWN,)),
        (correct_the_day_of_the_job, (moved,), CorrectJobDay(hire=HIRE, reason="typing_error"), (JOB_UNKNOWN,)),
    ],
)
def test_a_path_follows_the_hires_of_its_person(
    reaction: Any, events: tuple[Event, ...], command: Command, expects: tuple[Refusal, ...]
) -> None:
    there = paths.fold(PATHS["engaged"])
    assert there
    (declared,) = [each for each in reactions.all if each.function is reaction]
    assert {*declared.events} == {*map(type, events)}
    for event in events:
        assert declared.filters(event, Identity(HIRE)) == {"seeker": SEEKER, "status": ACTIVE}
        (issue,) = reaction(event, Identity(HIRE), [Found("p1", there)])
        assert issue == Issue(paths, "p1", command, expects=(*expects, *paths.not_for(type(command))))


def test_somebody_who_was_erased_is_not_accompanied() -> None:
    there = paths.fold(PATHS["exited"])
    assert there
    gone = PersonErased(person=SEEKER, reason="request", effective_on=TODAY)
    (reaction,) = [each for each in reactions.all if each.function is erase_paths]
    assert reaction.filters(gone, Identity("x")) == {"seeker": SEEKER, "status": KNOWN}
    (issue,) = erase_paths(gone, [Found("p1", there)])
    assert issue == Issue(paths, "p1", path.Erase(), expects=tuple(paths.not_for(path.Erase)))


OF_TRAINING: dict[str, Any] = {
    "trainee": record_id(90),
    "session": record_id(91),
    "course": record_id(92),
    "certification": "RNCP35094",
    "romes": ("H2913",),
    "level": 3,
    "body": None,
    "commune": "36088",
    "need": None,
    "hours": 420,
    "starts_on": date(2026, 3, 2),
    "ends_on": date(2026, 5, 29),
    "path": record_id(93),
    "certified_on": date(2026, 6, 12),
    "effective_on": date(2026, 6, 15),
}
ENROLMENT = Identity(record_id(94))


def test_whoever_is_certified_has_the_skill_on_the_path_that_was_named() -> None:
    certified = EnrolmentCertified(**OF_TRAINING, ended_on=date(2026, 5, 29))
    named_early = EnrolmentPathNamed(**{**OF_TRAINING, "effective_on": date(2026, 3, 2)})
    for event, on in ((certified, date(2026, 6, 15)), (named_early, date(2026, 6, 12))):
        add = path.AddSkill(
            romes=("H2913",),
            source="certification",
            certification="RNCP35094",
            acquired_on=date(2026, 6, 12),
            enrolment=ENROLMENT,
            on=on,
        )
        expects = (path.TOO_MANY_SKILLS, *paths.not_for(path.AddSkill))
        assert list(add_the_skill(event, ENROLMENT)) == [
            Issue(paths, record_id(93), add, expects=expects, if_there=True)
        ]
    assert list(add_the_skill(certified.model_copy(update={"path": None}), ENROLMENT)) == []
    assert list(add_the_skill(named_early.model_copy(update={"certified_on": None}), ENROLMENT)) == []


def test_a_certification_that_is_undone_or_of_another_path_is_no_skill() -> None:
    undone = EnrolmentCertificationUndone(
        **OF_TRAINING, ended_on=date(2026, 5, 29), outcome_before="certified", reason="appeal"
    )
    unnamed = EnrolmentPathUnnamed(**{**OF_TRAINING, "path": None}, path_before=record_id(93))
    for event, reason in ((undone, "not_certified"), (unnamed, "other")):
        withdraw = path.WithdrawSkillOf.model_validate({"enrolment": ENROLMENT, "reason": reason})
        expects = tuple(paths.not_for(path.WithdrawSkillOf))
        assert list(withdraw_the_skill(event, ENROLMENT)) == [
            Issue(paths, record_id(93), withdraw, expects=expects, if_there=True)
        ]
        assert list(withdraw_the_skill(event.model_copy(update={"certified_on": None}), ENROLMENT)) == []
    assert list(withdraw_the_skill(undone.model_copy(update={"path": None}), ENROLMENT)) == []


def test_what_nobody_will_answer_is_made_obsolete() -> None:
    pending = applications.fold(APPLICATIONS["new"])
    assert pending
    expects = tuple(applications.not_for(MakeObsolete))
    assert list(give_up_rivals(accepted, [Found("a1", pending)])) == [
        Issue(applications, "a1", MakeObsolete(reason="accepted_elsewhere"), expects=expects)
    ]
    assert list(give_up_what_is_withdrawn(withdrawn, [Found("a1", pending), Found("a2", pending)])) == [
        Issue(applications, each, MakeObsolete(reason="vacancy_withdrawn"), expects=expects) for each in ("a1", "a2")
    ]


def test_somebody_who_was_erased_is_not_answered() -> None:
    pending = applications.fold(APPLICATIONS["new"])
    assert pending
    erased = PersonErased(person=pending.seeker, reason="request", effective_on=TODAY)
    (reaction,) = [each for each in reactions.all if each.function is give_up_whom_nobody_knows]
    assert reaction.filters(erased, Identity("x")) == {"seeker": pending.seeker, "status": PENDING}
    (issue,) = give_up_whom_nobody_knows(erased, [Found("a1", pending)])
    assert issue.commands == (MakeObsolete(reason="person_erased"),)


def test_a_company_that_leaves_looks_for_nobody() -> None:
    left = CompanyLeft(**PLACE, reason="moved", headcount_before=9, headcount=0, effective_on=TODAY)
    there = vacancies.fold(VACANCIES["open"])
    assert there
    assert list(withdraw_vacancies(left, [Found("v1", there)])) == [
        Issue(vacancies, "v1", Withdraw(reason="member_left"), expects=tuple(vacancies.not_for(Withdraw)))
    ]


def test_what_is_found_is_found_by_the_event_and_its_stream() -> None:
    own = Identity(record_id(77))
    filters = {
        reaction.name: reaction.filters(event, own)
        for reaction in reactions.all
        for event in (accepted, undone, withdrawn, unlinked)
        if reaction.finds and type(event) in reaction.events
    }
    assert filters == {
        "cancel-the-hire-of-a-lead": {"lead": own, "status": "proposed"},
        "cancel-the-proposed-hire": {"application": own, "status": "proposed"},
        "give-up-rivals": {"seeker": SEEKER, "status": PENDING},
        "give-up-what-is-withdrawn": {"vacancy": own, "status": PENDING},
    }
