"""What becomes of a hire lead: an immersion proposes it, and the agency links it, undoes that, or dismisses it."""

from datetime import date
from typing import Any

import pytest
from people import COMPANY, IMMERSION, PLACE, SEEKER, TODAY, record_id, seeker
from test_application_decisions import FLAG, FLAGS

from contracts import Event
from contracts.employment.lead import (
    HireLeadDismissed,
    HireLeadLinked,
    HireLeadProposed,
    HireLeadUnlinked,
)
from contracts.roles import Role
from employment.application import HIRE_STANDS
from employment.lead import Dismiss, Lead, Link, Propose, Unlink, leads
from eventstore.decider import ITSELF, PLATFORM, Actor, By, Claim, Command, Keep
from eventstore.specification import Specification

given = Specification(leads, today=TODAY)

FACTS: dict[str, Any] = {
    **PLACE,
    "immersion": IMMERSION,
    "agency": "mission_locale",
    "rome": "H2913",
    "contract": "fixed_term",
}


def day(of_august: int) -> date:
    return date(2026, 8, of_august)


propose = Propose(**FACTS, on=day(3))
link = Link(seeker=seeker(), weekly_hours=35, flags=(FLAG,), on=day(5))
proposed = HireLeadProposed(**FACTS, effective_on=day(3))
linked = HireLeadLinked(**FACTS, seeker=SEEKER, weekly_hours=35, flags=FLAGS, effective_on=day(5))
unlinked = HireLeadUnlinked(**FACTS, seeker=SEEKER, linked_on=day(5), effective_on=day(6))
dismissed = HireLeadDismissed(
    **FACTS, seeker=None, status_before="proposed", reason="not_hired_after_all", effective_on=day(7)
)
let_go = dismissed.model_copy(update={"seeker": SEEKER, "status_before": "linked"})

PASTS: dict[str, tuple[Event, ...]] = {
    "proposed": (proposed,),
    "linked": (proposed, linked),
    "unlinked": (proposed, linked, unlinked),
    "dismissed": (proposed, dismissed),
}


def test_an_immersion_proposes_a_lead_that_is_nobodys_until_an_adviser_says_whose_it_is() -> None:
    given().when(propose).then(proposed)
    given(proposed).when(propose).rejected("hire-lead-exists")
    given().when(propose).then_state(status="proposed", seeker=None, weekly_hours=None, proposed_on=day(3))
    given(proposed).when(link).then(linked)
    given(proposed).when(link).then_state(
        status="linked", seeker=SEEKER, weekly_hours=35, flags=FLAGS, linked_on=day(5)
    )


def test_whoever_is_linked_may_be_hired_and_belongs_to_the_groups_that_are_given() -> None:
    child = link.model_copy(update={"seeker": seeker(day(6).replace(year=2011))})
    given(proposed).when(child).rejected("seeker-too-young")
    given(proposed).when(link.model_copy(update={"flags": (FLAG, FLAG)})).rejected("flag-twice")
    senior = link.model_copy(update={"flags": (FLAG.model_copy(update={"group": "senior"}),)})
    given(proposed).when(senior).rejected("flag-not-of-this-age")
    early = given(proposed).when(link.model_copy(update={"on": day(2)}))
    early.rejected("on-before-previous-step")


def test_a_link_is_undone_and_the_lead_is_of_nobody_until_it_is_linked_again() -> None:
    given(*PASTS["linked"]).when(Unlink(on=day(6))).then(unlinked)
    given(*PASTS["linked"]).when(Unlink()).then_state(
        status="proposed", seeker=None, weekly_hours=None, flags=(), linked_on=None
    )
    other = Link(seeker=seeker(subject=record_id(9)), weekly_hours=28)
    given(*PASTS["unlinked"]).when(other).then_state(status="linked", seeker=record_id(9), weekly_hours=28, flags=())


def test_a_lead_is_dismissed_with_a_reason_and_says_whom_it_was_linked_to() -> None:
    dismiss = Dismiss(reason="not_hired_after_all", on=day(7))
    given(proposed).when(dismiss).then(dismissed)
    given(*PASTS["linked"]).when(dismiss).then(let_go)
    given(*PASTS["linked"]).when(dismiss).then_state(status="dismissed", seeker=SEEKER, dismissed_on=day(7))


@pytest.mark.parametrize("role", ["mission_locale", "france_travail"])
def test_that_the_person_was_erased_is_for_the_platform_to_say(role: By) -> None:
    erased = Dismiss(reason="person_erased")
    given(*PASTS["linked"]).by(role).when(erased).rejected("reason-of-another-role")
    given(*PASTS["linked"]).by(PLATFORM).when(erased).then_state(status="dismissed", reason="person_erased")
    given(*PASTS["linked"]).by(PLATFORM).when(Dismiss(reason="other")).rejected("reason-of-another-role")


ALLOWED: list[tuple[Command, tuple[str, ...]]] = [
    (link.model_copy(update={"on": TODAY}), ("proposed", "unlinked")),
    (Unlink(), ("linked",)),
    (Dismiss(reason="other"), ("proposed", "linked", "unlinked")),
]


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_a_decision_is_for_some_statuses(command: Command, allowed: tuple[str, ...], past: str) -> None:
    asked = given(*PASTS[past]).when(command)
    if past in allowed:
        assert asked.refusal is None
    else:
        status = "proposed" if past == "unlinked" else past
        asked.rejected(leads.wrong_status(leads.decision(type(command)), status).slug)


def test_every_decision_on_a_lead_was_walked() -> None:
    assert {type(command) for command, _ in ALLOWED} | {Propose} == leads.decisions.keys()


def test_the_agency_that_prescribed_the_immersion_decides_and_no_other() -> None:
    def may(role: Role, past: str) -> list[str]:
        state = leads.fold(PASTS[past])
        assert isinstance(state, Lead)
        return leads.allowed(state, Actor("a", frozenset({role}), {"company": COMPANY}))

    assert may("mission_locale", "proposed") == ["link", "dismiss"]
    assert may("mission_locale", "linked") == ["unlink", "dismiss"]
    others: list[Role] = ["france_travail", "company", "network", "ops"]
    assert [may(role, past) for role in others for past in PASTS] == [[]] * len(others) * len(PASTS)
    assert leads.decision(Propose).by == (PLATFORM,)


def test_what_is_linked_to_nobody_keeps_hires_of_it_from_being_recorded() -> None:
    """A hire that is recorded holds the same, and so keeps its lead from being unlinked or dismissed."""
    given(*PASTS["linked"]).holds()
    for past in ("proposed", "unlinked", "dismissed"):
        given(*PASTS[past]).holds(Claim(HIRE_STANDS, ITSELF))


def test_a_person_is_known_for_two_years_after_the_agency_told_of_them_and_not_after_a_link_was_undone() -> None:
    given(proposed).keeps()
    given(*PASTS["linked"]).keeps(Keep(SEEKER, date(2028, 8, 5)))
    given(*PASTS["linked"], let_go).keeps(Keep(SEEKER, date(2028, 8, 7)))
    given(*PASTS["unlinked"]).keeps()
    given(*PASTS["dismissed"]).keeps()
