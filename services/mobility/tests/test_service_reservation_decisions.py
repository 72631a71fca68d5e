"""What becomes of a reservation: booked or waiting, moved up, served or missed, cancelled or expired."""

from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest
from canteen import (
    ASKED,
    AT_ONCE,
    AT_THE_SLOT,
    BEHIND,
    BOOKED,
    CODE,
    DOMINIQUE,
    MISSED,
    MOVED_UP,
    PLACE,
    QUEUED,
    QUEUED_AT,
    RECORD_BY,
    SERVED,
    SUBSIDY,
    TODAY,
    TUESDAY,
    book,
    canteen,
    of_reservation,
)

from contracts import Event
from contracts.mobility.service_reservation import (
    ReservationCancelled,
    ReservationExpired,
    ReservationOutcomeCorrected,
    ReservationStatus,
)
from contracts.mobility.shared_service import ServiceSlot
from contracts.model import PARIS
from eventstore.decider import Command, Due, Keep
from eventstore.specification import Given, Specification
from mobility.bounds import Plausible
from mobility.service_reservation import (
    Book,
    Cancel,
    CorrectOutcome,
    Expire,
    Lapse,
    MoveUp,
    RecordMissed,
    Review,
    Serve,
    ServiceReservation,
    service_reservations,
)

given = Specification(service_reservations, today=TODAY)


def cancelled(reason: str, before: ReservationStatus = "booked", on: date = TODAY) -> ReservationCancelled:
    return ReservationCancelled(
        **of_reservation(effective_on=on),
        status_before=before,
        reason=reason,  # type: ignore[arg-type]  # a code
    )


expired = ReservationExpired(**of_reservation(effective_on=TUESDAY))
PASTS: dict[str, tuple[Event, ...]] = {
    "waiting": (QUEUED,),
    "booked": (BOOKED,),
    "served": (BOOKED, SERVED),
    "no_show": (BOOKED, MISSED),
    "cancelled": (BOOKED, cancelled("not_needed")),
    "expired": (QUEUED, expired),
}


def later(*events: Event) -> Given[ServiceReservation]:
    """When the slot has begun."""
    return given(*events).at(AT_THE_SLOT)


def test_a_guest_has_a_place_or_waits_for_one() -> None:
    given().knowing(canteen()).when(book()).then(BOOKED)
    given().knowing(canteen()).when(book()).then_state(status="booked", asked_on=TODAY, record_by=RECORD_BY)
    given().knowing(canteen()).when(book(wait=True)).then(QUEUED)
    given().knowing(canteen()).when(book(wait=True)).then_state(status="waiting", queued_at=QUEUED_AT)


def test_a_guest_who_waits_moves_up() -> None:
    given(QUEUED).knowing(canteen()).when(MoveUp(on=TODAY)).then(MOVED_UP)
    larger = canteen(slots=(ServiceSlot(weekdays=("tuesday",), starts="12:00", ends="12:45", places=60),))
    given(QUEUED).knowing(larger).when(MoveUp()).then_state(status="booked", places=60, record_by=RECORD_BY)


@pytest.mark.parametrize(
    ("service", "slug"),
    [
        (None, "shared-service-unknown"),
        (canteen(status="announced"), "shared-service-not-open-for-reservations"),
        (canteen(status="suspended"), "shared-service-not-open-for-reservations"),
        (canteen(status="closed"), "shared-service-not-open-for-reservations"),
        (canteen(slots=()), "slot-unknown"),
    ],
)
def test_places_are_had_in_slots_of_open_services(service: Any, slug: str) -> None:
    given().knowing(service).when(book()).rejected(slug)
    given(QUEUED).knowing(service).when(MoveUp()).rejected(slug)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"starts": "12:15"}, "slot-unknown"),
        ({"day": date(2024, 5, 15)}, "slot-unknown"),  # a Wednesday
        ({"day": TODAY}, "reserved-slot-begun"),
        ({"day": TODAY, "wait": True}, "reserved-slot-begun"),
        ({"day": date(2024, 5, 7), "on": date(2024, 5, 6), "wait": True}, "reserved-slot-begun"),
        ({"day": date(2024, 5, 7), "on": date(2024, 5, 8)}, "reserved-slot-begun"),
        ({"day": date(2024, 7, 15)}, "reserved-too-far-ahead"),
        ({"subsidy_cents": 951}, "subsidy-beyond-price"),
    ],
)
def test_what_cannot_be_reserved_is_refused(changes: dict[str, Any], slug: str) -> None:
    given().knowing(canteen()).when(book(**changes)).rejected(slug)


def test_what_was_asked_for_in_time_may_be_entered_late() -> None:
    late = book(day=date(2024, 5, 7), on=date(2024, 5, 6))
    # It is told whether the guest came within a month of today, not of that day.
    given().knowing(canteen()).when(late).then_state(status="booked", record_by=TODAY + timedelta(days=30))
    given().knowing(canteen()).when(book(day=date(2024, 5, 7), on=date(2024, 5, 7))).then_state(status="booked")


def test_how_far_ahead_is_a_setting() -> None:
    assert Plausible().reservation_days_ahead == 60
    far = book(day=TODAY + timedelta(days=63))
    given().knowing(canteen()).under(Plausible(reservation_days_ahead=63)).when(far).then_state(status="booked")


def test_nothing_is_given_towards_what_has_no_price() -> None:
    free = canteen(price_cents=None)
    given().knowing(free).when(book()).rejected("subsidy-beyond-price")
    given().knowing(free).when(book(subsidy_cents=0)).then_state(price_cents=None, subsidy_cents=0)


def test_it_is_told_who_came_once_the_slot_has_begun() -> None:
    for record in (Serve(on=TUESDAY), RecordMissed(on=TUESDAY)):
        given(BOOKED).at(AT_THE_SLOT - timedelta(minutes=1)).when(record).rejected("reserved-slot-not-begun")
        later(BOOKED).when(record.model_copy(update={"on": TODAY})).rejected("recorded-before-the-day")
    later(BOOKED).when(Serve(on=TUESDAY)).then(SERVED)
    later(BOOKED).when(Serve(on=TUESDAY)).then_state(status="served", recorded_on=TUESDAY, record_by=None)
    later(BOOKED).when(RecordMissed(on=TUESDAY)).then(MISSED)
    later(QUEUED, MOVED_UP).when(Serve(on=TUESDAY)).then(SERVED)


def test_whether_the_guest_came_is_put_right() -> None:
    wrong = CorrectOutcome(outcome="served", reason="late_list", on=TUESDAY)
    told = of_reservation(effective_on=TUESDAY)
    later(BOOKED, MISSED).when(wrong).then(
        ReservationOutcomeCorrected(**told, outcome_before="no_show", outcome="served", reason="late_list")
    )
    later(BOOKED, MISSED).when(wrong).then_state(status="served")
    later(BOOKED, SERVED).when(wrong).then()
    early = CorrectOutcome(outcome="no_show", reason="typing_error", on=TODAY)
    later(BOOKED, SERVED).when(early).rejected("corrected-before-it-was-recorded")


def test_a_place_is_given_up_before_the_slot_begins() -> None:
    given(BOOKED).by("company").when(Cancel(reason="absent")).then(cancelled("absent"))
    given(QUEUED).by("company").when(Cancel(reason="absent")).then(cancelled("absent", "waiting"))
    later(BOOKED).by("company").when(Cancel(reason="absent")).rejected("reserved-slot-begun")
    given(BOOKED).by("network").when(Cancel(reason="refused")).then_state(reason="refused", ended_on=TODAY)
    given(BOOKED).by("company").when(Cancel(reason="refused")).rejected("reason-of-another-role")
    given(BOOKED).by("platform").when(Cancel(reason="person_erased")).then(cancelled("person_erased"))


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (canteen(status="closed"), "service_closed"),
        (canteen(status="suspended"), "service_suspended"),
        (canteen(slots=()), "slot_dropped"),
    ],
)
def test_where_there_is_nothing_to_come_to_it_is_cancelled(service: Any, reason: str) -> None:
    given(BOOKED).knowing(service).when(Review(on=TODAY)).then(cancelled(reason))
    given(QUEUED).knowing(service).when(Review(on=TODAY)).then(cancelled(reason, "waiting"))
    later(BOOKED).knowing(service).when(Review(on=TUESDAY)).then()


def test_what_is_still_there_stays() -> None:
    given(BOOKED).knowing(canteen(price_cents=1_200)).when(Review()).then()


def test_what_it_holds_while_it_waits_and_once_it_has_a_place() -> None:
    given(BOOKED).holds(ASKED, PLACE, AT_ONCE, SUBSIDY)
    given(QUEUED).holds(ASKED, BEHIND, SUBSIDY)
    # Who waited has asked as before: only the place is new.
    given(QUEUED, MOVED_UP).holds(ASKED, PLACE, BEHIND, SUBSIDY)
    given(BOOKED, SERVED).holds(ASKED, PLACE, AT_ONCE, SUBSIDY)
    given(BOOKED, MISSED).holds(ASKED, PLACE, AT_ONCE)
    given(*PASTS["cancelled"]).holds()
    given(*PASTS["expired"]).holds()
    free = BOOKED.model_copy(update={"subsidy_cents": 0})
    given(free).holds(ASKED, PLACE, AT_ONCE)


def test_what_is_due_and_what_then_follows() -> None:
    given(QUEUED).is_due(Due(AT_THE_SLOT, Expire()))
    later(QUEUED).when(Expire(on=TUESDAY)).then(expired)
    later(QUEUED).when(Expire(on=TUESDAY)).then_state(status="expired", ended_on=TUESDAY)
    given(BOOKED).is_due(Due(RECORD_BY + timedelta(days=1), Lapse()))
    on = RECORD_BY + timedelta(days=1)
    lapsed = given(BOOKED).at(datetime(2024, 6, 14, 3, tzinfo=PARIS)).when(Lapse(on=on))
    lapsed.then(cancelled("not_recorded", on=on))
    for status in ("served", "no_show", "cancelled", "expired"):
        given(*PASTS[status]).is_due()


def test_the_guest_is_known_for_a_year_after_the_day() -> None:
    for past in PASTS.values():
        given(*past).keeps(Keep(DOMINIQUE, date(2025, 5, 14)))


ALLOWED: dict[type[Command], tuple[Command, set[str]]] = {
    MoveUp: (MoveUp(), {"waiting"}),
    Serve: (Serve(on=TUESDAY), {"booked"}),
    RecordMissed: (RecordMissed(on=TUESDAY), {"booked"}),
    CorrectOutcome: (CorrectOutcome(outcome="served", reason="other", on=TUESDAY), {"served", "no_show"}),
    Cancel: (Cancel(reason="not_needed"), {"booked", "waiting"}),
    Review: (Review(), {"booked", "waiting"}),
    Expire: (Expire(on=TUESDAY), {"waiting"}),
    Lapse: (Lapse(on=TUESDAY), {"booked"}),
}


@pytest.mark.parametrize("status", get_args(ReservationStatus))
@pytest.mark.parametrize("kind", ALLOWED, ids=lambda kind: str(kind.__name__))
def test_each_command_is_for_its_states_alone(kind: type[Command], status: str) -> None:
    command, statuses = ALLOWED[kind]
    when = (given if kind in (MoveUp, Cancel, Review) else later)(*PASTS[status]).by("company")
    asked = when.knowing(canteen()).when(command) if kind in (MoveUp, Review) else when.when(command)
    if status in statuses:
        assert asked.refusal is None, asked.refusal
    else:
        assert asked.refusal is not None
        assert asked.refusal.slug.startswith("service-reservation-")


def test_every_command_is_tried_in_every_state() -> None:
    assert {*ALLOWED} == service_reservations.decisions.keys() - {Book}
    assert {*PASTS} == {*get_args(ReservationStatus)}
    assert canteen().shared_service == CODE
