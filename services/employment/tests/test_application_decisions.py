"""What becomes of an application: an adviser presents somebody, the company answers, and a post is taken or not."""

from datetime import date, timedelta
from typing import Any

import pytest
from people import APPLICATION, COMPANY, PLACE, SEEKER, TODAY, VACANCY, record_id, seeker
from test_vacancy_decisions import PASTS as VACANCIES
from test_vacancy_decisions import TERMS

from contracts import Event
from contracts.employment.application import (
    AcceptanceUndone,
    ApplicationAccepted,
    ApplicationCancelled,
    ApplicationObsolete,
    ApplicationPooled,
    ApplicationPostponed,
    ApplicationProcessed,
    ApplicationRefused,
    ApplicationSubmitted,
    HirePrepared,
)
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import VacancyRevised
from employment.application import (
    APPLIED_ALREADY,
    HIRE_STANDS,
    Accept,
    Application,
    Cancel,
    MakeObsolete,
    Pool,
    Postpone,
    PrepareHire,
    Process,
    Refuse,
    Submit,
    UndoAcceptance,
    applications,
)
from employment.priority import EnteredFlag
from employment.vacancy import post, vacancies
from eventstore.decider import ITSELF, PLATFORM, Actor, Claim, Command, Keep
from eventstore.specification import Specification

given = Specification(applications, today=TODAY)

OPEN = vacancies.fold(VACANCIES["open"])
VACANCY_IN = {status: vacancies.fold(past) for status, past in VACANCIES.items()}
FLAG = EnteredFlag(group="long_term", established_on=date(2026, 8, 1), source="registration")
FLAGS = (PriorityFlag(group="long_term", established_on=date(2026, 8, 1), source="registration"),)
STARTS = date(2026, 9, 7)
FACTS: dict[str, Any] = {
    **PLACE,
    "seeker": SEEKER,
    "vacancy": VACANCY,
    "investment": None,
    "rome": "H2913",
    "contract": "permanent",
    "flags": FLAGS,
}


def day(of_august: int) -> date:
    return date(2026, 8, of_august)


submit = Submit(vacancy=VACANCY, seeker=seeker(), flags=(FLAG,), on=day(10))
submitted = ApplicationSubmitted(**FACTS, effective_on=day(10))
processed = ApplicationProcessed(**FACTS, effective_on=day(11))
postponed = ApplicationPostponed(**FACTS, effective_on=day(12))
pooled = ApplicationPooled(**FACTS, effective_on=day(12))
prepared = HirePrepared(**FACTS, effective_on=day(13))
accepted = ApplicationAccepted(**FACTS, weekly_hours=35, starts_on=STARTS, effective_on=day(14))
refused = ApplicationRefused(**FACTS, reason="skills", effective_on=day(14))
cancelled = ApplicationCancelled(**FACTS, reason="found_elsewhere", effective_on=day(14))
undone = AcceptanceUndone(**FACTS, accepted_on=day(14), reason="did_not_start", effective_on=day(20))
obsolete = ApplicationObsolete(**FACTS, reason="accepted_elsewhere", effective_on=day(14))

PASTS: dict[str, tuple[Event, ...]] = {
    "new": (submitted,),
    "processing": (submitted, processed),
    "postponed": (submitted, postponed),
    "pool": (submitted, pooled),
    "prior_to_hire": (submitted, prepared),
    "accepted": (submitted, processed, accepted),
    "refused": (submitted, refused),
    "cancelled": (submitted, cancelled),
    "obsolete": (submitted, obsolete),
}
PENDING = ("new", "processing", "postponed", "pool", "prior_to_hire")


def test_an_adviser_presents_somebody_for_an_open_vacancy() -> None:
    given().knowing(OPEN).when(submit).then(submitted)
    given().knowing(OPEN).when(submit).then_state(status="new", seeker=SEEKER, company=COMPANY, flags=FLAGS)
    unknown = given().knowing(None).when(submit)
    unknown.rejected("vacancy-unknown")
    assert str(unknown.refusal) == f"there is no vacancy {submit.vacancy}"
    for status in ("proposed", "draft", "filled", "withdrawn"):
        given().knowing(VACANCY_IN[status]).when(submit).rejected("vacancy-not-open")


def test_nothing_that_is_kept_tells_who_it_is() -> None:
    (event,) = given().knowing(OPEN).when(submit).events
    assert "Camille" not in event.model_dump_json()
    assert "1990" not in event.model_dump_json()


@pytest.mark.parametrize(
    ("born_on", "groups", "slug"),
    [
        (date(1976, 8, 1), ("senior",), None),
        (date(1976, 8, 2), ("senior",), "flag-not-of-this-age"),
        (date(2000, 8, 2), ("youth",), None),
        (date(2000, 8, 1), ("youth",), "flag-not-of-this-age"),
        (date(2000, 8, 2), ("youth", "woman", "long_term", "very_long_term"), None),
        (date(1990, 1, 1), ("woman", "woman"), "flag-twice"),
        (date(2026, 8, 2), ("woman",), "seeker-too-young"),
        (date(2011, 8, 11), ("youth",), "seeker-too-young"),
        (date(2004, 2, 29), ("youth",), None),
    ],
)
def test_priority_groups_are_those_of_the_persons_age(born_on: date, groups: tuple[Any, ...], slug: str | None) -> None:
    flags = tuple(FLAG.model_copy(update={"group": group}) for group in groups)
    asked = given().knowing(OPEN).when(submit.model_copy(update={"seeker": seeker(born_on), "flags": flags}))
    if slug:
        asked.rejected(slug)
    else:
        assert asked.refusal is None


def test_a_priority_group_is_not_of_a_day_to_come() -> None:
    flags = (FLAG.model_copy(update={"established_on": day(11)}),)
    given().knowing(OPEN).when(submit.model_copy(update={"flags": flags})).rejected("flag-dated-after")


@pytest.mark.parametrize(
    ("past", "command", "event", "status"),
    [
        ("new", Process(on=day(11)), processed, "processing"),
        ("new", Postpone(on=day(12)), postponed, "postponed"),
        ("new", Pool(on=day(12)), pooled, "pool"),
        ("new", PrepareHire(on=day(13)), prepared, "prior_to_hire"),
        ("new", Refuse(reason="skills", on=day(14)), refused, "refused"),
        ("new", Cancel(reason="found_elsewhere", on=day(14)), cancelled, "cancelled"),
        ("new", MakeObsolete(reason="accepted_elsewhere", on=day(14)), obsolete, "obsolete"),
        ("accepted", UndoAcceptance(reason="did_not_start", on=day(20)), undone, "cancelled"),
    ],
)
def test_a_step_is_told_with_its_day(past: str, command: Command, event: Event, status: str) -> None:
    given(*PASTS[past]).when(command).then(event)
    given(*PASTS[past]).when(command).then_state(status=status, effective_on=event.effective_on)


@pytest.mark.parametrize("status", PENDING)
def test_it_is_accepted_before_there_is_an_answer_on_the_vacancys_terms_of_that_day(status: str) -> None:
    given(*PASTS[status]).knowing(OPEN).when(Accept(on=day(14), starts_on=STARTS)).then(accepted)
    told = {**TERMS, "rome": "H2902", "contract": "fixed_term", "weekly_hours": 28}
    told |= {**PLACE, "investment": None, "posts": 2, "open_posts": 2, "effective_on": day(9)}
    revised = vacancies.fold((*VACANCIES["open"], VacancyRevised(**told)))
    given(*PASTS[status]).knowing(revised).when(Accept(starts_on=STARTS)).then_state(
        status="accepted", rome="H2902", contract="fixed_term", weekly_hours=28, accepted_on=TODAY, starts_on=STARTS
    )


def test_whoever_is_accepted_is_told_when_work_begins() -> None:
    pending = given(submitted).knowing(OPEN)
    pending.when(Accept()).rejected("acceptance-without-start-day")
    for starts_on in (submitted.effective_on, TODAY + timedelta(days=366)):
        pending.when(Accept(starts_on=starts_on)).then_state(status="accepted", starts_on=starts_on)
    for starts_on in (submitted.effective_on - timedelta(days=1), TODAY + timedelta(days=367)):
        pending.when(Accept(starts_on=starts_on)).rejected("start-day-not-near")


def test_an_acceptance_of_before_the_start_day_was_told_still_stands() -> None:
    told = accepted.model_dump(exclude={"starts_on"})
    given(submitted, ApplicationAccepted(**told)).when(UndoAcceptance(reason="other")).then_state(starts_on=None)


def test_of_a_vacancy_that_is_filled_or_withdrawn_nobody_is_accepted() -> None:
    given(submitted).knowing(VACANCY_IN["filled"]).when(Accept(starts_on=STARTS)).rejected("no-post-left")
    given(submitted).knowing(VACANCY_IN["withdrawn"]).when(Accept(starts_on=STARTS)).rejected("vacancy-not-open")
    given(submitted).knowing(None).when(Accept(starts_on=STARTS)).rejected("vacancy-unknown")


ALLOWED: list[tuple[Command, tuple[str, ...]]] = [
    (Process(), ("new", "postponed", "pool")),
    (Postpone(), ("new", "processing", "prior_to_hire")),
    (Pool(), ("new", "processing", "postponed")),
    (PrepareHire(), ("new", "processing", "postponed", "pool")),
    (Accept(starts_on=STARTS), PENDING),
    (Refuse(reason="other"), PENDING),
    (Cancel(reason="other"), PENDING),
    (UndoAcceptance(reason="other"), ("accepted",)),
    (MakeObsolete(reason="vacancy_withdrawn"), PENDING),
]


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_a_decision_is_for_some_statuses(command: Command, allowed: tuple[str, ...], status: str) -> None:
    asked = given(*PASTS[status]).knowing(*[OPEN] * len(applications.decision(type(command)).looks_up)).when(command)
    if status in allowed:
        assert asked.refusal is None
    else:
        asked.rejected(applications.wrong_status(applications.decision(type(command)), status).slug)


def test_every_decision_on_an_application_was_walked() -> None:
    assert {type(command) for command, _ in ALLOWED} | {Submit} == applications.decisions.keys()


def test_who_may_answer_and_who_may_give_it_up() -> None:
    state = applications.fold(PASTS["new"])
    assert isinstance(state, Application)
    answers = ["process", "postpone", "pool", "prepare-hire", "accept", "refuse"]
    company = Actor("a", frozenset({"company"}), {"company": COMPANY})
    neighbour = Actor("b", frozenset({"company"}), {"company": "00000002600013"})
    assert applications.allowed(state, company) == answers
    assert applications.allowed(state, neighbour) == []
    for adviser in ("mission_locale", "france_travail"):
        assert applications.allowed(state, Actor("c", frozenset({adviser}))) == [*answers, "cancel"]
    assert applications.allowed(state, Actor("d", frozenset({"network", "town_hall"}))) == []
    assert applications.decision(MakeObsolete).by == (PLATFORM,)
    assert set(applications.decision(Submit).by) == {"mission_locale", "france_travail"}


@pytest.mark.parametrize("status", PASTS)
def test_what_it_holds(status: str) -> None:
    once = Claim(APPLIED_ALREADY, f"{VACANCY}/{SEEKER}")
    claims = [once] if status not in ("cancelled", "obsolete") else []
    given(*PASTS[status]).holds(*claims, *([post(VACANCY)] if status == "accepted" else []))


def test_an_acceptance_that_was_undone_keeps_a_hire_from_being_recorded() -> None:
    given(*PASTS["accepted"], undone).holds(Claim(HIRE_STANDS, ITSELF))


def test_a_person_is_known_for_two_years_after_the_last_contact() -> None:
    given(submitted).keeps(Keep(SEEKER, date(2028, 8, 10)))
    given(*PASTS["accepted"]).keeps(Keep(SEEKER, date(2028, 8, 14)))
    given(*PASTS["obsolete"]).keeps(Keep(SEEKER, date(2028, 8, 10)))
    leap = submitted.model_copy(update={"effective_on": date(2024, 2, 29)})
    given(leap).keeps(Keep(SEEKER, date(2026, 2, 28)))


def test_an_event_tells_of_the_application_nothing_but_its_own() -> None:
    assert APPLICATION not in accepted.model_dump_json()
    assert record_id(9) not in applications.state.model_fields
