"""What becomes of a shared service: announced, opened, changed, suspended, resumed and closed."""

from datetime import date
from typing import Any, get_args

import pytest
from canteen import ANNOUNCED, CODE, OPENED, SLOT, TERMS, of_service

from contracts import Event
from contracts.mobility.shared_service import (
    ServiceSlot,
    SharedServiceClosed,
    SharedServiceDescriptionCorrected,
    SharedServiceResumed,
    SharedServiceStatus,
    SharedServiceSuspended,
    SharedServiceTermsChanged,
)
from eventstore.decider import Command
from eventstore.specification import Specification
from mobility.shared_service import (
    Announce,
    ChangeTerms,
    Close,
    CorrectDescription,
    EnteredSlot,
    Open,
    Resume,
    Suspend,
    shared_services,
)

TODAY = date(2024, 9, 2)
given = Specification(shared_services, today=TODAY)


def terms(*slots: dict[str, Any], **changes: Any) -> dict[str, Any]:
    entered = tuple(EnteredSlot(**{**SLOT, **slot}) for slot in slots or ({},))
    return {"price_cents": 950, "subsidy_cap_cents": 8_000, "slots": entered, **changes}


def announce(**changes: Any) -> Announce:
    place = {"commune": "36088", "zone": "zi-limoise", "place": "Hall 3"}
    asked = {"code": CODE, "name": "Restaurant de la ZI", "kind": "canteen", **place, "on": date(2024, 3, 4)}
    return Announce(**{**asked, **terms(), **changes})


suspended = SharedServiceSuspended(**of_service("suspended", effective_on=date(2024, 8, 1)), reason="holidays")
closed = SharedServiceClosed(**of_service("closed", effective_on=date(2024, 8, 30)), reason="provider_left")
PASTS: dict[str, tuple[Event, ...]] = {
    "announced": (ANNOUNCED,),
    "open": (ANNOUNCED, OPENED),
    "suspended": (ANNOUNCED, OPENED, suspended),
    "closed": (ANNOUNCED, OPENED, suspended, closed),
}


def test_a_service_is_announced_opened_suspended_resumed_and_closed() -> None:
    given().when(announce()).then(ANNOUNCED)
    given().when(announce()).then_state(status="announced", weekly_places=0, announced_on=date(2024, 3, 4))
    given(ANNOUNCED).when(announce()).rejected("shared-service-exists")
    given(ANNOUNCED).when(Open(on=date(2024, 4, 2))).then(OPENED)
    given(ANNOUNCED).when(Open(on=date(2024, 4, 2))).then_state(status="open", weekly_places=120)
    given(*PASTS["open"]).when(Suspend(reason="holidays", on=date(2024, 8, 1))).then(suspended)
    given(*PASTS["open"]).when(Suspend(reason="holidays", on=date(2024, 8, 1))).then_state(
        status="suspended", weekly_places=0, reason="holidays", suspended_on=date(2024, 8, 1)
    )
    resumed = SharedServiceResumed(**of_service("open", effective_on=TODAY))
    given(*PASTS["suspended"]).when(Resume()).then(resumed)
    given(*PASTS["suspended"]).when(Resume()).then_state(weekly_places=120, reason=None, suspended_on=None)
    given(*PASTS["suspended"]).when(Close(reason="provider_left", on=date(2024, 8, 30))).then(closed)
    given(*PASTS["open"]).when(Close(reason="little_used")).then_state(
        status="closed", weekly_places=0, reason="little_used", closed_on=TODAY
    )


def test_what_is_only_announced_may_be_given_up() -> None:
    given(ANNOUNCED).when(Close(reason="given_up")).then_state(status="closed", opened_on=None)


def test_a_week_has_as_many_places_as_its_slots_on_all_their_days() -> None:
    later: dict[str, Any] = {"starts": "12:45", "ends": "13:30", "places": 25, "weekdays": ("friday", "monday")}
    changed = given(*PASTS["open"]).when(ChangeTerms(**terms({}, later)))
    changed.then_state(weekly_places=3 * 40 + 2 * 25, changed_on=TODAY)
    # Days are told from Monday on, whichever order they were entered in.
    told = ServiceSlot(**{**later, "weekdays": ("monday", "friday")})
    changed.then(
        SharedServiceTermsChanged(
            **of_service("open", weekly_places=170, effective_on=TODAY),
            slots_before=TERMS["slots"],
            slots=(*TERMS["slots"], told),
            price_cents_before=950,
            price_cents=950,
            subsidy_cap_cents_before=8_000,
            subsidy_cap_cents=8_000,
        )
    )


@pytest.mark.parametrize("status", ["announced", "suspended"])
def test_terms_change_while_it_is_not_open_and_it_offers_nothing(status: str) -> None:
    given(*PASTS[status]).when(ChangeTerms(**terms(price_cents=None))).then_state(price_cents=None, weekly_places=0)


def test_terms_that_are_what_they_were_change_nothing() -> None:
    given(*PASTS["open"]).when(ChangeTerms(**terms({"weekdays": ("thursday", "monday", "tuesday")}))).then()


def test_no_slot_ends_before_it_starts_and_no_two_start_at_once() -> None:
    for ends in ("11:45", "12:00"):
        given().when(announce(**terms({"ends": ends}))).rejected("slot-reversed")
    given(*PASTS["open"]).when(ChangeTerms(**terms({}, {"weekdays": ("tuesday",)}))).rejected("slot-twice")
    given(*PASTS["open"]).when(ChangeTerms(**terms({}, {"weekdays": ("friday",)}))).then_state(weekly_places=160)


def test_name_and_place_are_put_right() -> None:
    correct = CorrectDescription(name="Restaurant inter-entreprises", place="Hall 3", reason="renamed")
    given(*PASTS["closed"]).when(correct).then(
        SharedServiceDescriptionCorrected(
            **of_service("closed", effective_on=TODAY),
            name_before="Restaurant de la ZI",
            name="Restaurant inter-entreprises",
            place_before="Hall 3",
            place="Hall 3",
            reason="renamed",
        )
    )
    same = CorrectDescription(name="Restaurant de la ZI", place="Hall 3", reason="other")
    given(*PASTS["open"]).when(same).then()
    early = correct.model_copy(update={"on": date(2024, 3, 1)})
    given(*PASTS["open"]).when(early).rejected("corrected-before-it-was-planned")


ALLOWED: dict[type[Command], tuple[Command, set[str]]] = {
    Open: (Open(), {"announced"}),
    ChangeTerms: (ChangeTerms(**terms({"places": 50})), {"announced", "open", "suspended"}),
    Suspend: (Suspend(reason="works"), {"open"}),
    Resume: (Resume(), {"suspended"}),
    Close: (Close(reason="other"), {"announced", "open", "suspended"}),
    CorrectDescription: (CorrectDescription(name="Autre", place="Hall 4", reason="moved"), {*PASTS}),
}


@pytest.mark.parametrize("status", get_args(SharedServiceStatus))
@pytest.mark.parametrize("kind", ALLOWED, ids=lambda kind: str(kind.__name__))
def test_each_command_is_for_its_states_alone(kind: type[Command], status: str) -> None:
    command, statuses = ALLOWED[kind]
    when = given(*PASTS[status]).when(command)
    if status in statuses:
        assert when.events, when.refusal
    else:
        assert when.refusal is not None
        assert when.refusal.slug.startswith("shared-service-")


def test_every_command_is_tried_in_every_state() -> None:
    assert {*ALLOWED} == shared_services.decisions.keys() - {Announce}
    assert {*PASTS} == {*get_args(SharedServiceStatus)}
