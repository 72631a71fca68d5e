"""What a surveyed company lacks: declared, met or dropped, and put right."""

from datetime import date, timedelta
from typing import Any

import pytest

from companies.company import companies
from companies.need import (
    MOST_DECLARED,
    TOO_MANY_NEEDS,
    ChangePriority,
    CorrectOutcome,
    Declare,
    Drop,
    Meet,
    Need,
    Reopen,
    needs,
)
from companies.reactions import reactions
from companies.survey import surveys
from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanyLeft
from contracts.companies.need import (
    NeedDeclared,
    NeedDropped,
    NeedMet,
    NeedOutcomeCorrected,
    NeedPriorityChanged,
    NeedReopened,
)
from contracts.companies.survey import SurveyBegun, SurveyClosed
from eventstore.decider import PLATFORM, Actor, By, Claim, Command
from eventstore.reactions import Found, Issue
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(needs, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


COMPANY = sample_siret(0)
PLACE: dict[str, Any] = {"company": COMPANY, "naf": "25.62B", "commune": "36088", "zone": "zi-limoise"}
NEED: dict[str, Any] = {**PLACE, "kind": "equipment", "dimension": "machines_and_data"}
applied = CompanyApplied(**PLACE, name="Fonderie", legal_form="5710", headcount=42, size_band="12", effective_on=day(1))
activated = CompanyActivated(**PLACE, headcount=42, size_band="12", effective_on=day(1))
left = CompanyLeft(**PLACE, headcount=0, headcount_before=42, reason="moved", effective_on=day(6))
APPLICANT, MEMBER, LEFT = (companies.fold((applied, *more)) for more in ((), (activated,), (activated, left)))
survey_begun = SurveyBegun(**PLACE, effective_on=day(2))
SURVEYED = surveys.fold((survey_begun,))
CLOSED = surveys.fold((survey_begun, SurveyClosed(**PLACE, levels_before=(), effective_on=day(6))))

declare = Declare(
    company=COMPANY,
    dimension="machines_and_data",
    kind="equipment",
    title="Capteurs de vibration",
    priority="medium",
    on=day(3),
)
declared = NeedDeclared(**NEED, title="Capteurs de vibration", priority="medium", effective_on=day(3))
told: dict[str, Any] = {**NEED, "priority": "medium", "declared_on": day(3)}
met = NeedMet(**told, means="grant", effective_on=day(5))
dropped = NeedDropped(**told, reason="too_costly", effective_on=day(5))
PASTS: dict[str, tuple[Event, ...]] = {
    "declared": (declared,),
    "met": (declared, met),
    "dropped": (declared, dropped),
}


def state(*events: Event) -> Need:
    need = given(*events).state
    assert need is not None
    return need


def test_a_surveyed_member_declares_what_it_lacks() -> None:
    given().knowing(MEMBER, SURVEYED).when(declare).then(declared)
    given().knowing(MEMBER, SURVEYED).when(declare).then_state(
        status="declared", kind="equipment", priority="medium", declared_on=day(3), zone="zi-limoise", naf="25.62B"
    )
    tomorrow = declare.model_copy(update={"on": TODAY + timedelta(days=1)})
    given().knowing(MEMBER, SURVEYED).when(tomorrow).rejected("on-in-the-future")


@pytest.mark.parametrize("company", [None, APPLICANT, LEFT])
def test_only_an_active_member_declares(company: Any) -> None:
    given().knowing(company, SURVEYED).when(declare).rejected("not-a-member")


@pytest.mark.parametrize("survey", [None, CLOSED])
def test_only_who_is_surveyed_declares(survey: Any) -> None:
    given().knowing(MEMBER, survey).when(declare).rejected("not-surveyed")


def test_a_company_has_a_bounded_number_of_needs_that_wait() -> None:
    given(declared).holds(Claim(TOO_MANY_NEEDS, COMPANY, limit=MOST_DECLARED))
    given(declared, met).holds()
    given(declared, dropped).holds()


def test_it_may_matter_more_or_less() -> None:
    more = NeedPriorityChanged(**NEED, priority_before="medium", priority="high", effective_on=day(4))
    given(declared).when(ChangePriority(priority="high", on=day(4))).then(more)
    given(declared).when(ChangePriority(priority="high", on=day(4))).then_state(priority="high")
    given(declared).when(ChangePriority(priority="medium")).then()
    given(declared, more).when(Meet(means="grant", on=day(5))).then(met.model_copy(update={"priority": "high"}))


def test_a_need_is_met_on_a_day_by_something() -> None:
    given(declared).when(Meet(means="grant", on=day(5))).then(met)
    given(declared).when(Meet(means="grant", on=day(5))).then_state(status="met", means="grant", met_on=day(5))
    given(declared).when(Meet(means="grant", on=day(2))).rejected("on-before-previous-step")


def test_a_need_is_dropped_for_a_reason() -> None:
    given(declared).when(Drop(reason="too_costly", on=day(5))).then(dropped)
    given(declared).when(Drop(reason="too_costly", on=day(5))).then_state(
        status="dropped", dropped_on=day(5), reason="too_costly"
    )


def corrected(**changes: Any) -> NeedOutcomeCorrected:
    told: dict[str, Any] = {
        **NEED,
        "means_before": "grant",
        "means": "grant",
        "met_before": day(5),
        "met_on": day(5),
        "reason": "typing_error",
        "effective_on": TODAY,
    }
    return NeedOutcomeCorrected(**told | changes)


def test_what_met_it_and_when_are_corrected_each_by_itself() -> None:
    past = PASTS["met"]
    given(*past).when(CorrectOutcome(means="expert", reason="typing_error")).then(corrected(means="expert"))
    given(*past).when(CorrectOutcome(met_on=day(4), reason="typing_error")).then(corrected(met_on=day(4)))
    given(*past).when(CorrectOutcome(met_on=day(3), reason="other")).then_state(
        status="met", means="grant", met_on=day(3), effective_on=day(3)
    )
    given(*past).when(CorrectOutcome(means="grant", met_on=day(5), reason="other")).then()
    given(*past).when(CorrectOutcome(reason="other")).then()


def test_a_need_is_met_neither_before_it_was_declared_nor_after_that_is_corrected() -> None:
    past = PASTS["met"]
    before = CorrectOutcome(met_on=day(3) - timedelta(days=1), reason="other")
    given(*past).when(before).rejected("day-before-previous-step")
    given(*past).when(CorrectOutcome(met_on=day(8), reason="other", on=day(8))).then_state(met_on=day(8))
    after = CorrectOutcome(met_on=day(8, 2), reason="other", on=day(8))
    given(*past).when(after).rejected("day-after-next-step")


def test_a_need_is_not_met_before_its_priority_was_changed() -> None:
    more = NeedPriorityChanged(**NEED, priority_before="medium", priority="high", effective_on=day(4))
    past = (declared, more, met)
    given(*past).when(CorrectOutcome(met_on=day(4), reason="other")).then_state(met_on=day(4), changed_on=day(4))
    before = CorrectOutcome(met_on=day(4) - timedelta(days=1), reason="other")
    given(*past).when(before).rejected("day-before-previous-step")


def test_what_was_not_met_is_declared_still_and_may_be_met_from_the_day_that_is_known_of() -> None:
    reopen = Reopen(reason="not_met", on=day(6))
    reopened = NeedReopened(**NEED, means="grant", met_on=day(5), reason="not_met", effective_on=day(6))
    given(declared, met).when(reopen).then(reopened)
    given(declared, met).when(reopen).then_state(status="declared", means=None, met_on=None, effective_on=day(6))
    again = given(declared, met, reopened)
    again.holds(Claim(TOO_MANY_NEEDS, COMPANY, limit=MOST_DECLARED))
    again.when(Meet(means="expert", on=day(6))).then(NeedMet(**told, means="expert", effective_on=day(6)))
    for command in (Meet(means="expert"), Drop(reason="other"), ChangePriority(priority="low")):
        early = command.model_copy(update={"on": day(6) - timedelta(days=1)})
        again.when(early).rejected("on-before-previous-step")
    met_again = NeedMet(**told, means="expert", effective_on=day(7))
    correct = CorrectOutcome(met_on=day(5), reason="other")
    given(declared, met, reopened, met_again).when(correct).rejected("day-before-previous-step")


def test_that_it_was_met_is_not_corrected_before_it_was() -> None:
    for command in (Reopen(reason="not_met"), CorrectOutcome(means="expert", reason="other")):
        early = command.model_copy(update={"on": day(5) - timedelta(days=1)})
        given(*PASTS["met"]).when(early).rejected("corrected-before-it-happened")
        given(*PASTS["met"]).when(command.model_copy(update={"on": day(5)})).then_state(effective_on=day(5))


def test_what_a_company_lacks_that_has_left_is_dropped() -> None:
    (reaction,) = [each for each in reactions.of(CompanyLeft) if each.finds is needs]
    (issue,) = reaction.function(left, [Found("need-1", state(declared))])
    drop = Drop(reason="member_left")
    assert issue == Issue(needs, "need-1", drop, expects=tuple(needs.not_for(Drop)))
    given(declared).by(PLATFORM).when(drop).then_state(status="dropped", reason="member_left", dropped_on=TODAY)


@pytest.mark.parametrize("role", ["company", "network"])
def test_that_a_company_has_left_is_for_the_platform_to_say(role: By) -> None:
    given(declared).by(role).when(Drop(reason="member_left")).rejected("reason-of-another-role")


COMMANDS: dict[type[Command], Command] = {
    ChangePriority: ChangePriority(priority="low"),
    Meet: Meet(means="purchase"),
    Drop: Drop(reason="other"),
    CorrectOutcome: CorrectOutcome(means="partnership", reason="other"),
    Reopen: Reopen(reason="not_met"),
}


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: type(command).__name__)
def test_what_is_not_for_a_status_is_refused(status: str, command: Command) -> None:
    when = given(*PASTS[status]).when(command)
    is_for = {"declared": (ChangePriority, Meet, Drop), "met": (CorrectOutcome, Reopen), "dropped": ()}[status]
    assert (when.refusal is None) == isinstance(command, is_for)
    if when.refusal is not None:
        assert when.refusal.slug in {refusal.slug for refusal in needs.not_for(type(command))}
        assert when.refusal.told("fr") != when.refusal.told("en")


@pytest.mark.parametrize(
    ("role", "status", "allowed"),
    [
        ("company", "declared", ["change-priority", "meet", "drop"]),
        ("company", "met", []),
        ("network", "declared", ["change-priority", "meet", "drop"]),
        ("network", "met", ["correct-outcome", "reopen"]),
        ("network", "dropped", []),
        ("epci", "declared", []),
    ],
)
def test_who_decides(role: Any, status: str, allowed: list[str]) -> None:
    assert needs.allowed(state(*PASTS[status]), Actor("client", frozenset({role}), {"company": COMPANY})) == allowed
    another = Actor("client", frozenset({"company"}), {"company": sample_siret(1)})
    assert needs.allowed(state(*PASTS[status]), another) == []
