"""What becomes of an offer of places: opened, filled, changed, closed, withdrawn; and who may."""

from datetime import date
from typing import Any, get_args

import pytest
from pupils import (
    COMPANY,
    GONE,
    LEFT,
    MEMBER,
    MONDAY,
    NEIGHBOUR,
    OFFER,
    OPENED,
    OTHER_SCHOOL,
    PLACE,
    PLACEMENTS,
    SCHOOL,
    SUSPENDED,
    TODAY,
    WEEK,
    offer,
)
from pydantic import ValidationError

from contracts import Event, sample_siret
from contracts.companies.company import CompanyReinstated
from contracts.values import MOST_PLACES
from contracts.youth_events.offer import (
    OfferClosed,
    OfferPlacesChanged,
    OfferPlacesCounted,
    OfferStatus,
    OfferWithdrawn,
)
from eventstore.decider import ITSELF, PLATFORM, Actor, By, Claim, Command, Due
from eventstore.reactions import Found
from eventstore.specification import Specification
from youth_events.members import members
from youth_events.offer import (
    NO_PLACE_LEFT,
    ChangePlaces,
    Close,
    CountPlace,
    CountPlaceOfEnded,
    Lapse,
    Offer,
    Open,
    Withdraw,
    offers,
)
from youth_events.reactions import withdraw_offers

given = Specification(offers, today=TODAY)

open_offer = Open(company=COMPANY, week=WEEK, grade="3e", places=2)
closed = OfferClosed(**OFFER, reason="enough_requests", taken=0, effective_on=TODAY)
withdrawn = OfferWithdrawn(**OFFER, reason="no_tutor", taken=0, effective_on=TODAY)


def counted(taken_before: int, taken: int, status: OfferStatus = "open") -> OfferPlacesCounted:
    """The placements take places in their order, and leave them in the reverse one."""
    return OfferPlacesCounted(
        **OFFER,
        placement=PLACEMENTS[max(taken_before, taken) - 1],
        is_taken=taken > taken_before,
        taken_before=taken_before,
        taken=taken,
        status=status,
        effective_on=TODAY,
    )


FULL = (OPENED, counted(0, 1), counted(1, 2, "full"))
PASTS: dict[str, tuple[Event, ...]] = {
    "open": (OPENED,),
    "full": FULL,
    "closed": (OPENED, closed),
    "withdrawn": (OPENED, withdrawn),
}


def test_a_member_offers_places_for_a_week_until_it_begins() -> None:
    given().knowing(MEMBER).when(open_offer).then(OPENED)
    given(OPENED).is_due(Due(MONDAY, Lapse()))
    lapsed = OfferClosed(**OFFER, reason="week_began", taken=0, effective_on=MONDAY)
    Specification(offers, today=MONDAY)(OPENED).when(Lapse(on=MONDAY)).then(lapsed)
    given(OPENED, lapsed).is_due()


def test_what_is_entered_late_is_open_for_a_day() -> None:
    late = Specification(offers, today=date(2026, 6, 1))
    late().knowing(MEMBER).when(open_offer.model_copy(update={"on": TODAY})).then(
        OPENED.model_copy(update={"closes_on": date(2026, 6, 2)})
    )


@pytest.mark.parametrize(
    ("member", "changes", "slug"),
    [
        (None, {}, "host-not-a-member"),
        (SUSPENDED, {}, "host-not-a-member"),
        (GONE, {}, "host-not-a-member"),
        (MEMBER, {"week": "2026-W02"}, "week-has-begun"),
        (MEMBER, {"week": "2025-W52"}, "week-has-begun"),
        (MEMBER, {"schools": (SCHOOL, OTHER_SCHOOL, SCHOOL)}, "school-twice"),
        (MEMBER, {"on": date(2026, 1, 6)}, "on-in-the-future"),
    ],
)
def test_an_offer_that_cannot_be_has_a_reason_of_its_own(member: Any, changes: dict[str, Any], slug: str) -> None:
    given().knowing(member).when(open_offer.model_copy(update=changes)).rejected(slug)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"week": "2027-W53"}, "iso-week"),
        ({"week": "2027-W00"}, "iso-week"),
        ({"week": "2027-05"}, "iso-week"),
        ({"schools": ["0360024G"]}, "uai"),
        ({"grade": "6e"}, "literal_error"),
        ({"places": 0}, "places"),
        ({"places": MOST_PLACES + 1}, "places"),
    ],
)
def test_what_does_not_exist_is_not_offered(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Open.model_validate({**open_offer.model_dump(mode="json", exclude={"on"}), **changes}, strict=False)
    assert [each["type"] for each in refused.value.errors()] == [error]


def test_an_offer_is_full_while_all_its_places_are_taken() -> None:
    one, two, three, _ = PLACEMENTS
    given(OPENED).when(CountPlace(placement=one, is_taken=True)).then(counted(0, 1))
    given(OPENED).when(CountPlace(placement=one, is_taken=True)).then_state(status="open", taken=1, taken_by=(one,))
    given(*FULL).when(CountPlace(placement=two, is_taken=False)).then(counted(2, 1))
    given(*FULL).when(CountPlace(placement=one, is_taken=False)).then_state(status="open", taken=1, taken_by=(two,))
    assert offer(*FULL[1:]).status == "full"
    # The place that it takes fell free, and that is counted later.
    given(*FULL).when(CountPlace(placement=three, is_taken=True)).then_state(status="full", taken=3)


def test_no_place_is_counted_twice_or_taken_back_that_never_was_counted() -> None:
    one, _, three, _ = PLACEMENTS
    given(*FULL).when(CountPlace(placement=one, is_taken=True)).then()
    given(*FULL).when(CountPlace(placement=three, is_taken=False)).then()


@pytest.mark.parametrize("past", ["closed", "withdrawn"])
def test_places_of_an_offer_that_has_ended_are_still_counted(past: OfferStatus) -> None:
    take, free = (CountPlaceOfEnded(placement=PLACEMENTS[0], is_taken=taken) for taken in (True, False))
    given(*PASTS[past]).when(take).then_state(status=past, taken=1)
    given(*PASTS[past], counted(0, 1, past)).when(free).then_state(status=past, taken=0)


def test_more_or_fewer_places_make_it_open_or_full() -> None:
    changed = OfferPlacesChanged(**{**OFFER, "places": 3}, places_before=2, status="open", effective_on=TODAY)
    given(*FULL).when(ChangePlaces(places=3)).then(changed)
    given(*FULL).when(ChangePlaces(places=3)).then_state(status="open", places=3)
    given(OPENED, counted(0, 1)).when(ChangePlaces(places=1)).then_state(status="full", places=1)
    given(OPENED).when(ChangePlaces(places=2)).then()


def test_an_offer_holds_what_it_does_not_offer_of_the_most_there_can_be() -> None:
    given(OPENED).holds(Claim(NO_PLACE_LEFT, ITSELF, amount=MOST_PLACES - 2, limit=MOST_PLACES))
    given(OPENED.model_copy(update={"places": MOST_PLACES})).holds()
    given(OPENED, withdrawn).holds(Claim(NO_PLACE_LEFT, ITSELF, amount=MOST_PLACES - 2, limit=MOST_PLACES))


def test_an_offer_is_closed_or_withdrawn() -> None:
    given(OPENED).when(Close(reason="enough_requests")).then(closed)
    given(OPENED).when(Close(reason="enough_requests")).then_state(status="closed", closed_on=TODAY)
    given(*FULL).when(Withdraw(reason="no_tutor")).then(withdrawn.model_copy(update={"taken": 2}))
    given(OPENED, closed).when(Withdraw(reason="no_tutor")).then_state(
        status="withdrawn", closed_on=TODAY, withdrawn_on=TODAY, reason="no_tutor"
    )


@pytest.mark.parametrize("role", ["company", "network"])
def test_what_the_platform_finds_is_for_it_to_say(role: By) -> None:
    for command in (Close(reason="week_began"), Withdraw(reason="member_left")):
        given(OPENED).by(role).when(command).rejected("reason-of-another-role")
    given(OPENED).by(PLATFORM).when(Withdraw(reason="member_left")).then_state(reason="member_left")


ALLOWED: dict[type[Command], set[str]] = {
    ChangePlaces: {"open", "full"},
    CountPlace: {"open", "full"},
    CountPlaceOfEnded: {"closed", "withdrawn"},
    Close: {"open", "full"},
    Lapse: {"open", "full"},
    Withdraw: {"open", "full", "closed"},
}
COMMANDS: list[tuple[Command, str]] = [
    (ChangePlaces(places=3), "offer-not-open"),
    (CountPlace(placement=PLACEMENTS[3], is_taken=True), "offer-not-open"),
    (CountPlaceOfEnded(placement=PLACEMENTS[3], is_taken=True), "offer-not-closed"),
    (Close(reason="other"), "offer-not-open"),
    (Lapse(), "offer-not-open"),
    (Withdraw(reason="other"), "offer-withdrawn"),
]


@pytest.mark.parametrize("status", get_args(Offer.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    outcome = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        assert outcome.refusal is None
    else:
        outcome.rejected(slug)


def test_every_command_and_event_is_handled() -> None:
    offers.check()
    members.check()
    assert {command for command, decision in offers.decisions.items() if not decision.creates} == ALLOWED.keys()


def test_a_company_acts_on_its_own_offers_and_the_network_for_it() -> None:
    itself = Actor("foundry", frozenset({"company"}), {"company": COMPANY})
    another = Actor("mill", frozenset({"company"}), {"company": NEIGHBOUR})
    assert offers.allowed(offer(), itself) == ["change-places", "close", "withdraw"]
    assert offers.allowed(offer(), another) == []
    assert offers.allowed(offer(), Actor("network", frozenset({"network"}))) == ["change-places", "close", "withdraw"]
    for command in (CountPlace, CountPlaceOfEnded, Lapse):
        assert offers.decision(command).by == (PLATFORM,)


# Members, as their events tell them


def test_a_member_is_one_from_activation_to_suspension_and_again_once_reinstated() -> None:
    reinstated = CompanyReinstated(**PLACE, company=COMPANY, headcount=42, size_band="12", effective_on=TODAY)
    assert MEMBER
    assert (MEMBER.status, MEMBER.zone) == ("active", "zi-limoise")
    assert SUSPENDED
    assert SUSPENDED.status == "suspended"
    assert members.fold((reinstated,), SUSPENDED) == MEMBER.model_copy(update={"effective_on": TODAY})
    assert GONE
    assert GONE.status == "left"
    assert members.shows(f"company-{sample_siret(0)}") == f"member-{sample_siret(0)}"


def test_who_leaves_the_network_offers_nothing_any_more() -> None:
    (issue,) = withdraw_offers(LEFT, [Found("one", offer())])
    assert (issue.decider, issue.identity) == (offers, "one")
    assert issue.commands == (Withdraw(reason="member_left"),)
    assert issue.expected == {"offer-withdrawn"}
