"""What becomes of a unit: reserved, let, given notice of, in works, and what is put right."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from companies.areas import MOST_CHANGES, Measured
from companies.unit import (
    BeginWorks,
    ChangeRent,
    CorrectArea,
    CorrectLease,
    CorrectNotice,
    EndLease,
    EndWorks,
    GiveNotice,
    GiveUpReservation,
    LapseReservation,
    Lease,
    Let,
    Register,
    Reserve,
    Unit,
    UnitStanding,
    units,
)
from contracts import Event, Role, sample_siret
from contracts.companies.unit import (
    UnitAreaCorrected,
    UnitLeaseCorrected,
    UnitLeaseEnded,
    UnitLet,
    UnitNoticeCorrected,
    UnitNoticeGiven,
    UnitRegistered,
    UnitRentChanged,
    UnitReservationGivenUp,
    UnitReservationLapsed,
    UnitReserved,
    UnitSpell,
    UnitStatus,
    UnitWorksBegan,
    UnitWorksEnded,
)
from eventstore.decider import PLATFORM, Actor, Command, Due
from eventstore.refusal import Forbidden
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(units, today=TODAY)
FOUNDRY, MILL, OWNER = sample_siret(0), sample_siret(1), sample_siret(2)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


def facts(status: UnitStatus, area: int = 420, owner: str | None = None) -> dict[str, Any]:
    place = {"commune": "36088", "zone": "zi-limoise"}
    return {"unit": "atelier-3", "kind": "workshop", **place, "owner": owner, "status": status, "area": area}


register = Register(
    code="atelier-3", name="Atelier 3", kind="workshop", zone="zi-limoise", commune="36088", area=420, on=day(1)
)
registered = UnitRegistered(**facts("available"), name="Atelier 3", rent_per_m2=None, effective_on=day(1))
reserved = UnitReserved(
    **facts("reserved"),
    company=FOUNDRY,
    begins_on=day(3),
    held_until=day(12, 1),
    lapses_on=day(12, 2),
    effective_on=day(2),
)
let = UnitLet(**facts("let"), company=FOUNDRY, origin="newly_founded", effective_on=day(3))
noticed = UnitNoticeGiven(
    **facts("notice"),
    company=FOUNDRY,
    free_on=day(12, 1),
    works_follow=False,
    reason="growth",
    effective_on=day(6),
)
ended = UnitLeaseEnded(**facts("available"), company=FOUNDRY, effective_on=day(7))
works = UnitWorksBegan(**facts("works"), effective_on=day(8))

PASTS: dict[str, tuple[Event, ...]] = {
    "available": (registered,),
    "reserved": (registered, reserved),
    "let": (registered, reserved, let),
    "notice": (registered, reserved, let, noticed),
    "works": (registered, reserved, let, noticed, ended, works),
}


def test_a_unit_is_registered_by_the_zones_manager_or_by_the_company_that_owns_it() -> None:
    given().when(register).then(registered)
    given().when(register).then_state(
        status="available",
        last_lease=None,
        standings=(UnitStanding(since=day(1), status="available"),),
        areas=(Measured(since=day(1), area=420),),
    )
    given(registered).when(register).rejected("unit-exists")
    own = register.model_copy(update={"owner": OWNER, "zone": None, "rent_per_m2": 52.5})
    given().when(own).then_state(owner=OWNER, zone=None, rent_per_m2=52.5)


def test_a_company_acts_on_the_units_that_it_owns_alone() -> None:
    owned = units.fold((registered.model_copy(update={"owner": OWNER}),))
    ours = units.fold((registered,))
    assert owned is not None
    assert ours is not None
    owner, tenant = (company_of(siret) for siret in (OWNER, FOUNDRY))
    assert "reserve" in units.allowed(owned, owner)
    for state, actor in ((owned, tenant), (ours, owner), (ours, tenant)):
        assert units.allowed(state, actor) == []
    assert "reserve" in units.allowed(owned, Actor("zone", frozenset({"epci"})))
    decision = units.decision(Register)
    assert units.authorise(decision, register.model_copy(update={"owner": OWNER}), owner) == {"company"}
    for command in (register, register.model_copy(update={"owner": FOUNDRY})):
        with pytest.raises(Forbidden):
            units.authorise(decision, command, owner)


def company_of(siret: str) -> Actor:
    role: Role = "company"
    return Actor("company", frozenset({role}), {role: siret})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"area": 0}, "square-metres"),
        ({"rent_per_m2": 0}, "euros-per-square-metre"),
        ({"rent_per_m2": 52.123}, "euros-per-square-metre"),
        ({"owner": "1"}, "siret"),
        ({"kind": "castle"}, "literal_error"),
        ({"code": "Atelier 3"}, "unit-code"),
    ],
)
def test_what_is_no_unit_is_told_by_its_field(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Register(**{**dict(register), **changes})
    assert [(fault["loc"][0], fault["type"]) for fault in refused.value.errors()] == [(next(iter(changes)), error)]


def test_the_rent_that_is_asked_for_changes() -> None:
    changed = UnitRentChanged(**facts("available"), rent_per_m2_before=None, rent_per_m2=55, effective_on=TODAY)
    given(registered).when(ChangeRent(rent_per_m2=55)).then(changed)
    given(registered, changed).when(ChangeRent(rent_per_m2=55)).then()


# A reservation


def reserve(**changes: Any) -> Reserve:
    return Reserve(**{"company": FOUNDRY, "begins_on": day(3), "held_until": day(12, 1), "on": day(2), **changes})


def test_a_unit_is_held_for_a_company_whose_lease_is_to_begin() -> None:
    given(registered).when(reserve()).then(reserved)
    ahead = reserve(begins_on=date(2025, 1, 1), held_until=date(2025, 1, 15), on=TODAY)
    given(registered).when(ahead).then_state(status="reserved", begins_on=date(2025, 1, 1), company=FOUNDRY)
    given(*PASTS["reserved"]).is_due(Due(day(12, 2), LapseReservation()))


def test_a_reservation_that_is_entered_late_leaves_a_day_to_enter_the_lease() -> None:
    given(registered).when(reserve(held_until=day(3))).then_state(held_until=day(3), lapses_on=day(9, 3))


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"begins_on": day(1, 31)}, "lease-before-reservation"),
        ({"held_until": day(2, 29)}, "reservation-lapses-before-lease"),
        ({"held_until": date(2026, 2, 2)}, "too-far-ahead"),
    ],
)
def test_a_reservation_comes_before_its_lease_and_holds_until_then(changes: dict[str, Any], slug: str) -> None:
    given(registered).when(reserve(**changes)).rejected(slug)


def test_a_reservation_lapses_or_is_given_up() -> None:
    lapsed = UnitReservationLapsed(**facts("available"), company=FOUNDRY, effective_on=TODAY)
    given(*PASTS["reserved"]).when(LapseReservation()).then(lapsed)
    given(*PASTS["reserved"], lapsed).is_due()
    given_up = UnitReservationGivenUp(**facts("available"), company=FOUNDRY, reason="other_unit", effective_on=TODAY)
    given(*PASTS["reserved"]).when(GiveUpReservation(reason="other_unit")).then(given_up)
    for event in (lapsed, given_up):
        state = given(*PASTS["reserved"], event).state
        assert state is not None
        assert (state.status, state.company, state.begins_on, state.held_until) == ("available", None, None, None)
        given(*PASTS["reserved"], event).when(reserve(company=MILL, on=TODAY, begins_on=TODAY)).then_state(company=MILL)
    assert units.decision(LapseReservation).by == (PLATFORM,)


# A lease


def test_a_lease_begins_on_its_day_and_says_where_the_company_was() -> None:
    given(*PASTS["reserved"]).when(Let(origin="newly_founded", on=day(3))).then(let)
    given(*PASTS["reserved"]).when(Let(origin="newly_founded", on=day(3))).then_state(
        status="let",
        company=FOUNDRY,
        lapses_on=None,
        begins_on=None,
        held_until=None,
        last_lease=Lease(company=FOUNDRY, origin="newly_founded", begun_on=day(3)),
    )
    given(*PASTS["let"]).is_due()
    given(*PASTS["reserved"]).when(Let(origin="on_territory", on=day(9, 3))).rejected("on-in-the-future")


def test_a_notice_ends_the_lease_on_its_day() -> None:
    notice = GiveNotice(free_on=day(12, 1), reason="growth", on=day(6))
    given(*PASTS["let"]).when(notice).then(noticed)
    given(*PASTS["notice"]).is_due(Due(day(12, 1), EndLease()))
    later = Specification(units, today=day(12, 1))(*PASTS["notice"])
    later.when(EndLease(on=day(12, 1))).then(
        UnitLeaseEnded(**facts("available"), company=FOUNDRY, effective_on=day(12, 1))
    )
    later.when(EndLease()).then_state(
        status="available",
        company=None,
        free_on=None,
        works_follow=None,
        last_lease=LAST_LEASE.model_copy(update={"ended_on": day(12, 1)}),
    )
    assert units.decision(EndLease).by == (PLATFORM,)


LAST_LEASE = Lease(company=FOUNDRY, origin="newly_founded", begun_on=day(3))


def test_works_may_follow_a_lease() -> None:
    notice = GiveNotice(free_on=TODAY, works_follow=True, reason="closing", on=day(6))
    given(*PASTS["let"]).when(notice).then_state(status="notice", free_on=TODAY, works_follow=True)
    past = noticed.model_copy(update={"free_on": TODAY, "works_follow": True})
    given(*PASTS["let"], past).when(EndLease()).then_state(status="works", company=None)
    given(*PASTS["available"]).when(BeginWorks(on=day(8))).then(works)
    given(*PASTS["works"]).when(EndWorks()).then(UnitWorksEnded(**facts("available"), effective_on=TODAY))


@pytest.mark.parametrize(
    ("free_on", "slug"),
    [
        (day(6), "lease-ends-before-notice"),
        (day(5), "lease-ends-before-notice"),
        (date(2026, 6, 3), "too-far-ahead"),
    ],
)
def test_a_notice_leaves_some_time_and_not_too_much(free_on: date, slug: str) -> None:
    given(*PASTS["let"]).when(GiveNotice(free_on=free_on, reason="moving", on=day(6))).rejected(slug)
    given(*PASTS["notice"]).when(CorrectNotice(free_on=free_on, reason="other")).rejected(slug)


def test_a_notice_is_put_right() -> None:
    corrected = UnitNoticeCorrected(
        **facts("notice"),
        company=FOUNDRY,
        free_on_before=day(12, 1),
        free_on=day(10, 1),
        works_follow=False,
        reason="typing_error",
        effective_on=TODAY,
    )
    correct = CorrectNotice(free_on=day(10, 1), reason="typing_error")
    given(*PASTS["notice"]).when(correct).then(corrected)
    given(*PASTS["notice"], corrected).when(correct).then()
    given(*PASTS["notice"], corrected).is_due(Due(day(10, 1), EndLease()))
    given(*PASTS["notice"]).when(CorrectNotice(works_follow=True, reason="other")).then_state(
        works_follow=True, free_on=day(12, 1)
    )


def lease_corrected(**changes: Any) -> UnitLeaseCorrected:
    told: dict[str, Any] = {
        **facts("let"),
        "company": FOUNDRY,
        "origin_before": "newly_founded",
        "origin": "newly_founded",
        "begun_before": day(3),
        "begun_on": day(3),
        "spells": (),
        "reason": "typing_error",
        "effective_on": TODAY,
    }
    return UnitLeaseCorrected(**{**told, **changes})


def test_a_lease_is_put_right_and_says_what_the_unit_was_on_the_days_between() -> None:
    past = given(*PASTS["let"])
    past.when(CorrectLease(origin="on_territory", reason="typing_error")).then(lease_corrected(origin="on_territory"))
    earlier = UnitSpell(since=day(2, 10), until=day(3), area=420, status="reserved")
    past.when(CorrectLease(begun_on=day(2, 10), reason="typing_error")).then(
        lease_corrected(begun_on=day(2, 10), spells=(earlier,))
    )
    later = UnitSpell(since=day(3), until=day(3, 15), area=420, status="let")
    moved = lease_corrected(begun_on=day(3, 15), spells=(later,))
    past.when(CorrectLease(begun_on=day(3, 15), reason="typing_error")).then(moved)
    past.when(CorrectLease(begun_on=day(3, 15), reason="other")).then_state(
        effective_on=day(3, 15), standings=(*past_standings(), UnitStanding(since=day(3, 15), status="let"))
    )
    past.when(CorrectLease(begun_on=day(3), company=FOUNDRY, reason="other")).then()
    given(*PASTS["let"], moved).when(GiveNotice(free_on=day(12, 1), reason="moving", on=day(3, 14))).rejected(
        "on-before-previous-step"
    )


def past_standings() -> tuple[UnitStanding, ...]:
    return UnitStanding(since=day(1), status="available"), UnitStanding(since=day(2), status="reserved")


def test_a_lease_of_another_company_is_taken_back_of_the_one_and_told_of_the_other() -> None:
    correction = CorrectLease(company=MILL, reason="typing_error")
    taken_back, put_right = lease_corrected(origin=None), lease_corrected(company=MILL, origin_before=None)
    given(*PASTS["let"]).when(correction).then(taken_back, put_right)
    given(*PASTS["let"]).when(correction).then_state(
        company=MILL, last_lease=Lease(company=MILL, origin="newly_founded", begun_on=day(3))
    )


def test_a_lease_that_has_ended_is_put_right_until_the_next_begins() -> None:
    past = given(*PASTS["notice"], ended)
    past.when(CorrectLease(company=MILL, reason="other")).then_state(
        status="available",
        company=None,
        last_lease=Lease(company=MILL, origin="newly_founded", begun_on=day(3), ended_on=ended.effective_on),
    )
    next_ = UnitReserved(
        **facts("reserved"), company=MILL, begins_on=day(8), held_until=day(12, 1), lapses_on=day(12, 2),
        effective_on=day(8),
    )  # fmt: skip
    again = given(*PASTS["notice"], ended, next_)
    again.when(CorrectLease(origin="on_territory", reason="other")).then_state(
        company=MILL,
        last_lease=Lease(company=FOUNDRY, origin="on_territory", begun_on=day(3), ended_on=ended.effective_on),
    )
    second = let.model_copy(update={"company": MILL, "effective_on": day(8, 5)})
    given(*PASTS["notice"], ended, next_, second).when(CorrectLease(begun_on=day(8), reason="other")).then_state(
        last_lease=Lease(company=MILL, origin="newly_founded", begun_on=day(8))
    )


@pytest.mark.parametrize(
    ("begun_on", "slug"),
    [(day(1, 31), "day-before-previous-step"), (day(6, 2), "day-after-next-step")],
)
def test_a_lease_stays_between_its_reservation_and_what_came_next(begun_on: date, slug: str) -> None:
    correct = CorrectLease(begun_on=begun_on, reason="other")
    given(*PASTS["notice"]).when(correct).rejected(slug)
    given(*PASTS["notice"], ended).when(correct).rejected(slug)
    given(*PASTS["let"]).when(CorrectLease(begun_on=day(8), reason="other", on=day(7))).rejected("day-after-next-step")


def test_what_was_never_let_has_no_lease_to_put_right() -> None:
    correct = CorrectLease(company=MILL, reason="other")
    for status in ("available", "reserved"):
        given(*PASTS[status]).when(correct).rejected("unit-never-let")
    manager = Actor("zone", frozenset({"epci"}))
    for status, offered in (("reserved", False), ("let", True)):
        state = given(*PASTS[status]).state
        assert state is not None
        assert ("correct-lease" in units.allowed(state, manager)) is offered


# Areas


def test_an_area_is_corrected_from_a_day_on_and_says_what_the_unit_was_since() -> None:
    corrected = UnitAreaCorrected(
        **facts("let", 405),
        area_before=420,
        since=day(2, 15),
        spells=(
            UnitSpell(since=day(2, 15), until=day(3), area=420, status="reserved"),
            UnitSpell(since=day(3), until=None, area=420, status="let"),
        ),
        reason="survey",
        effective_on=TODAY,
    )
    correct = CorrectArea(area=405, since=day(2, 15), reason="survey")
    given(*PASTS["let"]).when(correct).then(corrected)
    given(*PASTS["let"], corrected).when(correct).then()
    spell = UnitSpell(since=day(2, 10), until=day(2, 15), area=420, status="reserved")
    given(*PASTS["let"], corrected).when(CorrectLease(begun_on=day(2, 10), reason="other")).then(
        lease_corrected(
            begun_on=day(2, 10),
            area=405,
            reason="other",
            spells=(spell, UnitSpell(since=day(2, 15), until=day(3), area=405, status="reserved")),
        )
    )


@pytest.mark.parametrize(
    ("since", "slug"),
    [(date(2023, 12, 31), "area-before-registration"), (date(2024, 9, 3), "area-ahead")],
)
def test_an_area_is_corrected_on_days_of_the_unit(since: date, slug: str) -> None:
    for status in PASTS:
        given(*PASTS[status]).when(CorrectArea(area=1, since=since, reason="other")).rejected(slug)


def test_neither_a_lease_nor_a_notice_is_corrected_before_it_was_recorded() -> None:
    noticed_on = noticed.effective_on
    for command, on in (
        (CorrectLease(origin="on_territory", reason="other"), day(3)),
        (CorrectNotice(works_follow=True, reason="other"), noticed_on),
    ):
        assert given(*PASTS["notice"]).when(command.model_copy(update={"on": on})).events
        early = command.model_copy(update={"on": on - timedelta(days=1)})
        given(*PASTS["notice"]).when(early).rejected("corrected-before-it-happened")


def test_a_record_holds_so_many_changes_and_no_more() -> None:
    unit = given(registered).state
    assert unit is not None
    full = replace(given(), state=unit.model_copy(update={"standings": unit.standings * MOST_CHANGES}))
    full.when(reserve()).rejected("history-full")
    full.when(BeginWorks()).rejected("history-full")
    measured = replace(given(), state=unit.model_copy(update={"areas": unit.areas * MOST_CHANGES}))
    measured.when(CorrectArea(area=1, since=day(2), reason="other")).rejected("history-full")


ALLOWED: dict[type[Command], set[str]] = {
    ChangeRent: {*PASTS},
    Reserve: {"available"},
    LapseReservation: {"reserved"},
    GiveUpReservation: {"reserved"},
    Let: {"reserved"},
    GiveNotice: {"let"},
    CorrectNotice: {"notice"},
    EndLease: {"notice"},
    BeginWorks: {"available"},
    EndWorks: {"works"},
    CorrectArea: {*PASTS},
    CorrectLease: {"let", "notice", "works"},
}
TAKEN: dict[tuple[type[Command], str], str] = {
    **{
        (taking, status): slug
        for taking in (Reserve, BeginWorks)
        for status, slug in (("reserved", "unit-reserved"), ("let", "unit-let"), ("notice", "unit-on-notice"))
    },
    (Let, "let"): "unit-let",
    (Let, "notice"): "unit-on-notice",
}
"""How it is told who has what a command is after."""
COMMANDS: list[tuple[Command, str]] = [
    (ChangeRent(rent_per_m2=60), "unused"),
    (reserve(on=TODAY, begins_on=TODAY), "unit-not-available"),
    (LapseReservation(), "unit-not-reserved"),
    (GiveUpReservation(reason="other"), "unit-not-reserved"),
    (Let(origin="on_territory"), "unit-not-reserved"),
    (GiveNotice(free_on=day(12, 1), reason="other"), "unit-not-let"),
    (CorrectNotice(works_follow=True, reason="other"), "unit-not-notice"),
    (EndLease(), "unit-not-notice"),
    (BeginWorks(), "unit-not-available"),
    (EndWorks(), "unit-not-works"),
    (CorrectArea(area=1, since=day(1), reason="other"), "unused"),
    (CorrectLease(origin="on_territory", reason="other"), "unit-never-let"),
]


@pytest.mark.parametrize("status", get_args(UnitStatus))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        decided.then_state()
    else:
        decided.rejected(TAKEN.get((type(command), status), slug))


@pytest.mark.parametrize(
    ("status", "parameters", "french"),
    [
        ("reserved", {"held_until": day(12, 1)}, f"il est réservé à {FOUNDRY} jusqu'au 01/12/2024"),
        ("let", {"let_since": day(3)}, f"il est loué à {FOUNDRY} depuis le 01/03/2024"),
        ("notice", {"free_on": day(12, 1)}, f"il est loué à {FOUNDRY}, qui le libère le 01/12/2024"),
    ],
)
def test_whoever_comes_second_is_told_who_has_it(status: str, parameters: dict[str, Any], french: str) -> None:
    refusal = given(*PASTS[status]).when(reserve(company=MILL, begins_on=TODAY, on=TODAY)).refusal
    assert refusal is not None
    assert refusal.parameters == {"company": FOUNDRY, **parameters}
    assert refusal.told("fr") == french


def test_who_has_it_is_told_as_corrected() -> None:
    correct = CorrectLease(company=MILL, begun_on=day(2, 20), reason="other")
    past = given(*PASTS["let"])
    corrected = given(*PASTS["let"], *past.when(correct).events)
    refusal = corrected.when(Let(origin="on_territory")).refusal
    assert refusal is not None
    assert refusal.parameters == {"company": MILL, "let_since": day(2, 20)}


@pytest.mark.parametrize(("command", "_slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_nothing_is_of_a_day_to_come_and_steps_keep_their_order(command: Command, _slug: str) -> None:
    status = min(ALLOWED[type(command)])
    given(*PASTS[status]).when(command.model_copy(update={"on": day(9, 3)})).rejected("on-in-the-future")
    if not units.decision(type(command)).corrects:
        given(*PASTS[status]).when(command.model_copy(update={"on": date(2023, 12, 31)})).rejected(
            "on-before-previous-step"
        )


def test_every_command_and_event_is_handled() -> None:
    units.check()
    assert ALLOWED.keys() | {Register} == units.decisions.keys()
    assert isinstance(units.fold(PASTS["works"]), Unit)
