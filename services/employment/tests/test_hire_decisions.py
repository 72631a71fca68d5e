"""What becomes of a hire: proposed or recorded, asked about after six months, sustained, ended, and corrected."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from people import (
    APPLICATION,
    COMPANY,
    IMMERSION,
    INVESTMENT,
    MEMBER,
    NOT_ACTIVE,
    PLACE,
    PROJECT,
    PROJECT_GIVEN_UP,
    PROJECT_OF_NEIGHBOUR,
    SEEKER,
    TODAY,
    VACANCY,
    record_id,
    seeker,
)
from test_application_decisions import FLAG, FLAGS
from test_lead_decisions import PASTS as LEADS

from contracts import Event
from contracts.employment.hire import (
    HireCancellation,
    HireCancelled,
    HireConfirmed,
    HireDayCorrected,
    HireEnded,
    HireEnrolmentCorrected,
    HireFlagsCorrected,
    HireOutcomeCorrected,
    HireProposed,
    HireRecorded,
    HireSustained,
    HireTermsCorrected,
    SustainmentDue,
)
from contracts.model import PARIS
from employment.application import HIRE_STANDS
from employment.hire import (
    HIRED_ALREADY,
    Cancel,
    Confirm,
    CorrectDay,
    CorrectEnrolment,
    CorrectFlags,
    CorrectOutcome,
    CorrectTerms,
    End,
    Hire,
    Propose,
    Record,
    Remind,
    Sustain,
    hires,
)
from employment.lead import Lead, leads
from eventstore.decider import PLATFORM, Actor, By, Claim, Command, Due, Keep
from eventstore.specification import Specification

given = Specification(hires, today=TODAY)

ENROLMENT = record_id(6)
BEGUN, LASTED = date(2026, 2, 2), date(2026, 8, 2)
TERMS: dict[str, Any] = {"rome": "H2913", "contract": "permanent", "weekly_hours": 35}
FACTS: dict[str, Any] = {
    **PLACE,
    **TERMS,
    "seeker": SEEKER,
    "application": APPLICATION,
    "vacancy": VACANCY,
    "investment": INVESTMENT,
    "flags": FLAGS,
}
DIRECT: dict[str, Any] = {**FACTS, "application": None, "vacancy": None}

propose = Propose(**FACTS, on=date(2026, 1, 20))
proposed = HireProposed(**FACTS, effective_on=date(2026, 1, 20))
confirmed = HireConfirmed(**FACTS, hired_on=BEGUN, effective_on=date(2026, 2, 3))
record = Record(
    company=COMPANY,
    seeker=seeker(),
    hired_on=BEGUN,
    **TERMS,
    flags=(FLAG,),
    investment=INVESTMENT,
    on=date(2026, 8, 1),
)
recorded = HireRecorded(**DIRECT, hired_on=BEGUN, effective_on=date(2026, 8, 1))
due = SustainmentDue(**FACTS, hired_on=BEGUN, sustained_on=LASTED, effective_on=LASTED)
sustained = HireSustained(**FACTS, hired_on=BEGUN, sustained_on=LASTED, effective_on=date(2026, 8, 20))
ended = HireEnded(**FACTS, hired_on=BEGUN, ended_on=date(2026, 5, 29), reason="resigned", effective_on=date(2026, 6, 1))
cancelled = HireCancelled(**FACTS, hired_on=None, reason="did_not_start", effective_on=date(2026, 2, 3))

PASTS: dict[str, tuple[Event, ...]] = {
    "proposed": (proposed,),
    "recorded": (proposed, confirmed),
    "to_confirm": (proposed, confirmed, due),
    "sustained": (proposed, confirmed, due, sustained),
    "ended": (proposed, confirmed, ended),
    "cancelled": (proposed, cancelled),
}


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)


def test_an_accepted_application_proposes_a_hire_that_is_confirmed_once_work_has_begun() -> None:
    given().when(propose).then(proposed)
    confirm = Confirm(hired_on=BEGUN, on=date(2026, 2, 3))
    without_lead = given(proposed).knowing(None)
    without_lead.when(confirm).then(confirmed)
    without_lead.when(confirm).then_state(status="recorded", hired_on=BEGUN, recorded_on=date(2026, 2, 3))
    other = confirm.model_copy(update={"contract": "fixed_term", "weekly_hours": 28})
    without_lead.when(other).then_state(contract="fixed_term", weekly_hours=28, rome="H2913")
    ahead = confirm.model_copy(update={"hired_on": date(2026, 2, 4)})
    without_lead.when(ahead).rejected("work-not-begun")


def test_a_hire_of_a_lead_is_confirmed_while_the_lead_is_linked_to_the_same_person() -> None:
    of_lead: dict[str, Any] = {**DIRECT, "investment": None}
    proposal = HireProposed(**of_lead, lead=IMMERSION, effective_on=date(2026, 8, 5))
    given().when(Propose(**of_lead, lead=IMMERSION, on=date(2026, 8, 5))).then(proposal)
    confirm = Confirm(hired_on=date(2026, 8, 10))
    told = HireConfirmed(**of_lead, hired_on=date(2026, 8, 10), effective_on=TODAY)
    linked, unlinked, dismissed = (leads.fold(LEADS[status]) for status in ("linked", "unlinked", "dismissed"))
    assert isinstance(linked, Lead)
    given(proposal).knowing(linked).when(confirm).then(told)
    given(proposal).knowing(linked).when(confirm).then_state(status="recorded", lead=IMMERSION)
    for other in (unlinked, dismissed, linked.model_copy(update={"seeker": record_id(9)})):
        given(proposal).knowing(other).when(confirm).rejected("hire-stands")
    given(proposal).holds()
    given(proposal, told).holds(
        Claim(HIRED_ALREADY, f"{COMPANY}/{SEEKER}", during=(_at(date(2026, 8, 10)), _at(date(2027, 2, 10)))),
        Claim(HIRE_STANDS, IMMERSION),
    )


def test_a_hire_is_recorded_that_no_application_led_to() -> None:
    adviser = given().knowing(MEMBER, PROJECT).by("mission_locale")
    adviser.when(record).then(recorded)
    adviser.when(record.model_copy(update={"hired_on": date(2026, 8, 2)})).rejected("work-not-begun")
    given().knowing(NOT_ACTIVE, PROJECT).by("mission_locale").when(record).rejected("not-a-member")
    for project in (None, PROJECT_OF_NEIGHBOUR, PROJECT_GIVEN_UP):
        given().knowing(MEMBER, project).by("mission_locale").when(record).rejected("investment-unknown")
    alone = record.model_copy(update={"investment": None})
    given().knowing(MEMBER, None).by("mission_locale").when(alone).then(
        recorded.model_copy(update={"investment": None})
    )


def test_priority_groups_are_for_advisers_to_give() -> None:
    given().knowing(MEMBER, PROJECT).by("company").when(record).rejected("flags-are-for-advisers")
    without = record.model_copy(update={"flags": ()})
    given().knowing(MEMBER, PROJECT).by("company").when(without).then(recorded.model_copy(update={"flags": ()}))
    senior = record.model_copy(update={"flags": (FLAG.model_copy(update={"group": "senior"}),)})
    given().knowing(MEMBER, PROJECT).by("france_travail").when(senior).rejected("flag-not-of-this-age")


@pytest.mark.parametrize(
    ("begun", "lasted"),
    [
        (date(2026, 2, 2), date(2026, 8, 2)),
        (date(2025, 8, 31), date(2026, 2, 28)),
        (date(2023, 8, 30), date(2024, 2, 29)),
        (date(2025, 7, 1), date(2026, 1, 1)),
        (date(2025, 12, 31), date(2026, 6, 30)),
    ],
)
def test_six_months_later_somebody_is_asked_whether_it_lasted(begun: date, lasted: date) -> None:
    past = (recorded.model_copy(update={"hired_on": begun, "effective_on": begun}),)
    given(*past).is_due(Due(lasted, Remind()))
    told = SustainmentDue(**DIRECT, hired_on=begun, sustained_on=lasted, effective_on=lasted)
    given(*past).when(Remind(on=lasted)).then(told)
    given(*past, told).is_due()
    early = given(*past).when(Sustain(on=lasted - timedelta(days=1)))
    early.rejected("not-six-months")
    given(*past).when(Sustain(on=lasted)).then_state(status="sustained", sustained_on=lasted, closed_on=lasted)


def test_a_person_confirms_that_it_lasted() -> None:
    given(*PASTS["to_confirm"]).when(Sustain(on=date(2026, 8, 20))).then(sustained)
    given(*PASTS["recorded"]).when(Sustain()).then_state(status="sustained", sustained_on=LASTED)


@pytest.mark.parametrize("past", ["recorded", "to_confirm"])
@pytest.mark.parametrize(
    ("ended_on", "slug"),
    [
        (date(2026, 2, 1), "ended-outside"),
        (TODAY + timedelta(days=1), "ended-outside"),
        (LASTED, "lasted-six-months"),
        (TODAY, "lasted-six-months"),
        (BEGUN, None),
        (date(2026, 8, 1), None),
    ],
)
def test_it_ended_early_where_it_ended_before_six_months(past: str, ended_on: date, slug: str | None) -> None:
    asked = given(*PASTS[past]).when(End(ended_on=ended_on, reason="resigned"))
    if slug:
        asked.rejected(slug)
    else:
        asked.then_state(status="ended", ended_on=ended_on, closed_on=TODAY, reason="resigned")


def test_that_it_ended_may_be_told_after_somebody_was_asked() -> None:
    told = End(ended_on=date(2026, 5, 29), reason="resigned", on=date(2026, 6, 1))
    given(*PASTS["recorded"]).when(told).then(ended)
    late = told.model_copy(update={"on": date(2026, 8, 10)})
    given(*PASTS["to_confirm"]).when(late).then(ended.model_copy(update={"effective_on": date(2026, 8, 10)}))


def test_what_was_no_hire_is_cancelled_and_says_whether_it_had_counted() -> None:
    cancel = Cancel(reason="did_not_start", on=date(2026, 2, 3))
    given(proposed).when(cancel).then(cancelled)
    counted = HireCancelled(**FACTS, hired_on=BEGUN, reason="entered_by_mistake", effective_on=TODAY)
    given(*PASTS["to_confirm"]).when(Cancel(reason="entered_by_mistake")).then(counted)


@pytest.mark.parametrize("reason", ["acceptance_undone", "lead_undone"])
@pytest.mark.parametrize("role", ["company", "mission_locale", "france_travail"])
def test_that_what_led_to_it_was_undone_is_for_the_platform_to_say(role: By, reason: HireCancellation) -> None:
    undone = Cancel(reason=reason)
    given(proposed).by(role).when(undone).rejected("reason-of-another-role")
    given(proposed).by(PLATFORM).when(undone).then_state(status="cancelled", reason=reason)


def test_a_corrected_day_counts_six_months_anew() -> None:
    corrected = HireDayCorrected(
        **FACTS,
        hired_on_before=BEGUN,
        hired_on=date(2026, 3, 2),
        reason="typing_error",
        effective_on=date(2026, 2, 5),
    )
    correct = CorrectDay(hired_on=date(2026, 3, 2), reason="typing_error")
    given(*PASTS["to_confirm"]).when(correct).then(corrected.model_copy(update={"effective_on": TODAY}))
    given(*PASTS["to_confirm"]).when(correct).then_state(status="recorded", hired_on=date(2026, 3, 2))
    given(*PASTS["to_confirm"], corrected).is_due(Due(date(2026, 9, 2), Remind()))
    given(*PASTS["to_confirm"], corrected).when(Sustain()).rejected("not-six-months")
    given(*PASTS["recorded"]).when(correct.model_copy(update={"hired_on": BEGUN})).then()
    given(*PASTS["recorded"]).when(correct.model_copy(update={"on": date(2026, 3, 1)})).rejected("work-not-begun")


@pytest.mark.parametrize("past", ["recorded", "sustained", "ended"])
def test_corrected_terms_say_the_old_ones_and_whether_they_counted_as_sustained(past: str) -> None:
    corrected = HireTermsCorrected(
        **{**FACTS, "contract": "fixed_term", "weekly_hours": 28},
        rome_before="H2913",
        contract_before="permanent",
        weekly_hours_before=35,
        hired_on=BEGUN,
        sustained_on=LASTED if past == "sustained" else None,
        reason="late_document",
        effective_on=TODAY,
    )
    correct = CorrectTerms(contract="fixed_term", weekly_hours=28, reason="late_document")
    given(*PASTS[past]).when(correct).then(corrected)
    given(*PASTS[past]).when(correct).then_state(status=past, contract="fixed_term", weekly_hours=28)
    given(*PASTS[past], corrected).when(correct).then()


def test_an_adviser_corrects_the_priority_groups() -> None:
    woman = FLAG.model_copy(update={"group": "woman"})
    corrected = HireFlagsCorrected(
        **{**FACTS, "flags": (woman.recorded(),)},
        flags_before=FLAGS,
        hired_on=BEGUN,
        sustained_on=LASTED,
        reason="other",
        effective_on=TODAY,
    )
    correct = CorrectFlags(flags=(woman,), reason="other")
    given(*PASTS["sustained"]).when(correct).then(corrected)
    given(*PASTS["sustained"], corrected).when(correct).then()
    given(*PASTS["sustained"]).when(CorrectFlags(flags=(woman, woman), reason="other")).rejected("flag-twice")


def test_an_adviser_says_which_training_a_hire_came_of() -> None:
    confirm = Confirm(hired_on=BEGUN, enrolment=ENROLMENT, on=date(2026, 2, 3))
    of_enrolment = confirmed.model_copy(update={"enrolment": ENROLMENT})
    given(proposed).by("mission_locale").when(confirm).then(of_enrolment)
    given(proposed).by("company").when(confirm).rejected("enrolment-is-for-advisers")
    direct = record.model_copy(update={"enrolment": ENROLMENT, "flags": ()})
    told = recorded.model_copy(update={"enrolment": ENROLMENT, "flags": ()})
    given().knowing(MEMBER, PROJECT).by("france_travail").when(direct).then(told)
    given().knowing(MEMBER, PROJECT).by("company").when(direct).rejected("enrolment-is-for-advisers")
    ends = End(ended_on=date(2026, 5, 29), reason="resigned", on=date(2026, 6, 1))
    given(proposed, of_enrolment).when(ends).then(ended.model_copy(update={"enrolment": ENROLMENT}))


@pytest.mark.parametrize("past", ["recorded", "sustained", "ended"])
def test_which_training_it_came_of_is_corrected_and_says_whether_it_had_counted(past: str) -> None:
    corrected = HireEnrolmentCorrected(
        **FACTS,
        hired_on=BEGUN,
        enrolment_before=None,
        enrolment=ENROLMENT,
        sustained_on=LASTED if past == "sustained" else None,
        ended_on=date(2026, 5, 29) if past == "ended" else None,
        reason="late_document",
        effective_on=TODAY,
    )
    correct = CorrectEnrolment(enrolment=ENROLMENT, reason="late_document")
    given(*PASTS[past]).when(correct).then(corrected)
    given(*PASTS[past], corrected).when(correct).then()
    given(*PASTS[past], corrected).when(CorrectEnrolment(reason="typing_error")).then_state(enrolment=None, status=past)


def test_an_outcome_is_opened_again_and_another_recorded() -> None:
    correct = CorrectOutcome(reason="wrong_outcome")
    of_sustained = HireOutcomeCorrected(
        **FACTS,
        hired_on=BEGUN,
        outcome_before="sustained",
        sustained_on=LASTED,
        reason="wrong_outcome",
        effective_on=TODAY,
    )
    given(*PASTS["sustained"]).when(correct).then(of_sustained)
    given(*PASTS["sustained"]).when(correct).then_state(status="recorded", sustained_on=None, closed_on=None)
    given(*PASTS["sustained"], of_sustained).when(End(ended_on=date(2026, 7, 31), reason="resigned")).then_state(
        status="ended", ended_on=date(2026, 7, 31)
    )
    of_ended = of_sustained.model_copy(update={"outcome_before": "ended", "sustained_on": None})
    given(*PASTS["ended"]).when(correct).then(of_ended)
    given(*PASTS["ended"], of_ended).when(Sustain()).then_state(status="sustained", ended_on=None, reason=None)


ALLOWED: list[tuple[Command, tuple[str, ...]]] = [
    (Confirm(hired_on=BEGUN), ("proposed",)),
    (Remind(), ("recorded",)),
    (Sustain(), ("recorded", "to_confirm")),
    (End(ended_on=BEGUN, reason="other"), ("recorded", "to_confirm")),
    (Cancel(reason="other"), ("proposed", "recorded", "to_confirm")),
    (CorrectDay(hired_on=date(2026, 3, 2), reason="other"), ("recorded", "to_confirm")),
    (CorrectTerms(weekly_hours=20, reason="other"), ("recorded", "to_confirm", "sustained", "ended")),
    (CorrectFlags(flags=(), reason="other"), ("recorded", "to_confirm", "sustained", "ended")),
    (CorrectEnrolment(reason="other"), ("recorded", "to_confirm", "sustained", "ended")),
    (CorrectOutcome(reason="other"), ("sustained", "ended")),
]


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_a_decision_is_for_some_statuses(command: Command, allowed: tuple[str, ...], status: str) -> None:
    asked = given(*PASTS[status]).when(command)
    if status in allowed:
        assert asked.refusal is None
    else:
        asked.rejected(hires.wrong_status(hires.decision(type(command)), status).slug)


def test_every_decision_on_a_hire_was_walked() -> None:
    assert {type(command) for command, _ in ALLOWED} | {Propose, Record} == hires.decisions.keys()


def test_the_company_and_the_advisers_tell_and_advisers_alone_give_priority_groups() -> None:
    state = hires.fold(PASTS["recorded"])
    assert isinstance(state, Hire)
    telling = ["sustain", "end", "cancel", "correct-day", "correct-terms"]
    company = Actor("a", frozenset({"company"}), {"company": COMPANY})
    assert hires.allowed(state, company) == telling
    assert hires.allowed(state, Actor("b", frozenset({"mission_locale"}))) == [
        *telling,
        "correct-flags",
        "correct-enrolment",
    ]
    assert hires.allowed(state, Actor("c", frozenset({"company"}), {"company": "00000002600013"})) == []
    assert hires.allowed(state, Actor("d", frozenset({"network", "town_hall", "steering"}))) == []
    for command in (Propose, Remind):
        assert hires.decision(command).by == (PLATFORM,)


def test_one_hire_of_a_person_at_a_company_in_six_months_and_one_of_an_application() -> None:
    once = Claim(HIRED_ALREADY, f"{COMPANY}/{SEEKER}", during=(_at(BEGUN), _at(LASTED)))
    given(proposed).holds()
    given(*PASTS["cancelled"]).holds()
    for status in ("recorded", "to_confirm", "sustained"):
        given(*PASTS[status]).holds(once, Claim(HIRE_STANDS, APPLICATION))
    given(recorded).holds(once)
    until = Claim(HIRED_ALREADY, once.key, during=(_at(BEGUN), _at(date(2026, 5, 30))))
    given(*PASTS["ended"]).holds(until, Claim(HIRE_STANDS, APPLICATION))


def test_a_person_is_known_for_two_years_after_somebody_told_of_them() -> None:
    given(proposed).keeps(Keep(SEEKER, date(2028, 1, 20)))
    given(*PASTS["to_confirm"]).keeps(Keep(SEEKER, date(2028, 2, 3)))
    given(*PASTS["sustained"]).keeps(Keep(SEEKER, date(2028, 8, 20)))
    given(*PASTS["ended"]).keeps(Keep(SEEKER, date(2028, 6, 1)))
    given(*PASTS["cancelled"]).keeps(Keep(SEEKER, date(2028, 2, 3)))
