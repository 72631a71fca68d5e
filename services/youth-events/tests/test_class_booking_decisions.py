"""What becomes of a school's booking for a class: asked for, confirmed, attended or not, corrected, cancelled."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from forums import (
    ATTENDED,
    CAME,
    CANCELLED,
    CLASS,
    CLOSED,
    CONFIRMED,
    DRAFTED,
    FORUM_DAY,
    FORUM_ID,
    HELD,
    PLANNED_ON,
    PUBLISHED,
    REQUESTED,
    counted,
    forum,
)
from pupils import OTHER_SCHOOL, SCHOOL
from pydantic import ValidationError

from contracts import Event
from contracts.values import MOST_PUPILS
from contracts.youth_events.class_booking import (
    ClassAttendanceCorrected,
    ClassBookingCancelled,
    ClassBookingChanged,
    ClassMissed,
)
from contracts.youth_events.event import ClassAttendance
from eventstore.decider import PLATFORM, Actor, By, Claim, Command
from eventstore.reactions import Found
from eventstore.specification import Specification
from youth_events.bounds import Plausible
from youth_events.class_booking import (
    CLASS_BOOKED,
    NOT_ENOUGH_PLACES,
    Cancel,
    ChangeNumbers,
    ClassBooking,
    Confirm,
    CorrectAttendance,
    RecordAttendance,
    RecordNoShow,
    Request,
    class_bookings,
)
from youth_events.event import ATTENDANCE_MISSING, CAPACITY_BELOW_BOOKED, events
from youth_events.reactions import cancel_bookings

given = Specification(class_bookings, today=PLANNED_ON)
then = Specification(class_bookings, today=FORUM_DAY)
request = Request(event=FORUM_ID, school=SCHOOL, class_label="3e B", level="3e", pupils=28, adults=2)
record = RecordAttendance(girls=13, boys=14, untold=1, adults=3)
correct = CorrectAttendance(girls=13, boys=13, untold=0, adults=3, reason="miscounted")
FULL = forum(counted(0, 0, 60, status="full"))
AFTERWARDS = forum(HELD)
MISSED = ClassMissed(**CLASS, effective_on=FORUM_DAY)
CANCELLED_BOOKING = ClassBookingCancelled(
    **CLASS, status_before="confirmed", reason="no_transport", effective_on=PLANNED_ON
)
PASTS: dict[str, tuple[Event, ...]] = {
    "requested": (REQUESTED,),
    "confirmed": (REQUESTED, CONFIRMED),
    "attended": (REQUESTED, CONFIRMED, ATTENDED),
    "no_show": (REQUESTED, CONFIRMED, MISSED),
    "cancelled": (REQUESTED, CONFIRMED, CANCELLED_BOOKING),
}


def test_a_school_books_for_a_class_and_it_is_confirmed() -> None:
    given().knowing(forum()).when(request).then(REQUESTED)
    given(REQUESTED).when(Confirm()).then(CONFIRMED)
    # Whether there are so many places is judged by what others hold.
    given().knowing(FULL).when(request).then(REQUESTED)


@pytest.mark.parametrize(
    ("event", "changes", "slug"),
    [
        (None, {}, "event-unknown"),
        (events.fold((DRAFTED,)), {}, "event-unknown"),
        (events.fold((DRAFTED, PUBLISHED)), {}, "event-takes-no-bookings"),
        (forum(CLOSED), {}, "event-takes-no-bookings"),
        (forum(CANCELLED), {}, "event-takes-no-bookings"),
        (AFTERWARDS, {}, "event-takes-no-bookings"),
        (forum(), {"level": "tle"}, "level-not-expected"),
        (forum(), {"adults": 1}, "too-few-adults"),
        (forum(), {"adults": 0}, "too-few-adults"),
        (forum(), {"pupils": 31}, "too-few-adults"),
        (forum(), {"adults": 21}, "adults-beyond-reason"),
        (forum(), {"on": PLANNED_ON + timedelta(days=1)}, "on-in-the-future"),
    ],
)
def test_a_booking_that_cannot_be_has_a_reason_of_its_own(event: Any, changes: dict[str, Any], slug: str) -> None:
    given().knowing(event).when(request.model_copy(update=changes)).rejected(slug)


def test_nobody_books_on_the_day_itself() -> None:
    then().knowing(forum()).when(request).rejected("day-has-come")
    then().knowing(forum()).when(request.model_copy(update={"on": PLANNED_ON})).then(REQUESTED)


def test_an_event_for_all_levels_takes_any() -> None:
    for_all = forum(levels=())
    given().knowing(for_all).when(request.model_copy(update={"level": "higher"})).then_state(level="higher")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"school": "0360024G"}, "uai"),
        ({"class_label": "3e B."}, "class-label"),
        ({"class_label": "Classe de Mme Exemple Camille"}, "class-label"),
        ({"level": "cm2"}, "literal_error"),
        ({"pupils": 0}, "pupils"),
        ({"pupils": MOST_PUPILS + 1}, "pupils"),
        ({"adults": -1}, "tally"),
    ],
)
def test_what_does_not_exist_is_not_booked(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Request.model_validate({**request.model_dump(mode="json", exclude={"on"}), **changes}, strict=False)
    assert [each["type"] for each in refused.value.errors()] == [error]


def test_one_adult_looks_after_as_many_as_the_deployment_says() -> None:
    strict = given().under(Plausible(pupils_per_adult=10)).knowing(forum())
    strict.when(request).rejected("too-few-adults")
    strict.when(request.model_copy(update={"adults": 3})).then_state(adults=3)
    given().under(Plausible(most_adults_a_class=2)).knowing(forum()).when(
        request.model_copy(update={"adults": 3})
    ).rejected("adults-beyond-reason")


@pytest.mark.parametrize("past", ["requested", "confirmed"])
def test_a_class_may_grow_and_shrink_while_bookings_are_taken(past: str) -> None:
    change = ChangeNumbers(pupils=26, adults=2)
    changed = ClassBookingChanged(
        **{**CLASS, "pupils": 26}, capacity=80, pupils_before=28, adults_before=2, effective_on=PLANNED_ON
    )
    larger = forum(capacity=80)
    given(*PASTS[past]).knowing(larger).when(change).then(changed)
    given(*PASTS[past]).knowing(larger).when(change).then_state(status=past, pupils=26, capacity=80)
    given(*PASTS[past]).knowing(larger).when(ChangeNumbers(pupils=28, adults=2)).then()
    given(*PASTS[past]).knowing(larger).when(ChangeNumbers(pupils=46, adults=3)).rejected("too-few-adults")
    given(*PASTS[past]).knowing(forum(CLOSED)).when(change).rejected("event-takes-no-bookings")
    given(*PASTS[past]).knowing(None).when(change).rejected("event-unknown")


def test_a_booking_holds_its_places_and_that_the_class_is_expected() -> None:
    booked = Claim(CLASS_BOOKED, f"{FORUM_ID}/{SCHOOL}/3e b")
    places = (
        Claim(NOT_ENOUGH_PLACES, FORUM_ID, amount=28, limit=60),
        Claim(CAPACITY_BELOW_BOOKED, FORUM_ID, amount=28, limit=MOST_PUPILS),
    )
    expected = Claim(ATTENDANCE_MISSING, FORUM_ID, limit=MOST_PUPILS)
    for past in ("requested", "confirmed"):
        given(*PASTS[past]).holds(booked, *places, expected)
    for past in ("attended", "no_show"):
        then(*PASTS[past]).holds(booked, *places)
    given(*PASTS["cancelled"]).holds()


# Who came


def test_who_came_is_counted_once_the_event_was_held() -> None:
    then(*PASTS["confirmed"]).knowing(AFTERWARDS).when(record).then(ATTENDED)
    then(*PASTS["confirmed"]).knowing(AFTERWARDS).when(record).then_state(
        status="attended", attended=28, attendance=CAME, adults=2, recorded_on=FORUM_DAY
    )
    then(*PASTS["confirmed"]).knowing(AFTERWARDS).when(RecordNoShow()).then(MISSED)
    late = Specification(class_bookings, today=FORUM_DAY + timedelta(days=20))
    for command in (record, RecordNoShow()):
        then(*PASTS["confirmed"]).knowing(forum()).when(command).rejected("event-not-held")
        then(*PASTS["confirmed"]).knowing(None).when(command).rejected("event-not-held")
        early = command.model_copy(update={"on": FORUM_DAY - timedelta(days=1)})
        late(*PASTS["confirmed"]).knowing(AFTERWARDS).when(early).rejected("before-its-day")
        of_the_day = command.model_copy(update={"on": FORUM_DAY})
        late(*PASTS["confirmed"]).knowing(AFTERWARDS).when(of_the_day).then_state(recorded_on=FORUM_DAY)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"girls": 0, "boys": 0, "untold": 0, "adults": 0}, "nobody-came"),
        ({"girls": 0, "boys": 0, "untold": 0}, "adults-alone"),
        ({"girls": 25}, "more-than-booked"),
        ({"adults": 21}, "adults-beyond-reason"),
    ],
)
def test_what_was_miscounted_is_told(changes: dict[str, Any], slug: str) -> None:
    then(*PASTS["confirmed"]).knowing(AFTERWARDS).when(record.model_copy(update=changes)).rejected(slug)


def test_a_few_more_than_booked_may_come() -> None:
    came = record.model_copy(update={"girls": 23})
    then(*PASTS["confirmed"]).knowing(AFTERWARDS).when(came).then_state(attended=38, pupils=28)
    fewer = then(*PASTS["confirmed"]).under(Plausible(most_beyond_booked=9)).knowing(AFTERWARDS)
    fewer.when(came).rejected("more-than-booked")


def test_who_came_is_corrected_with_a_reason() -> None:
    instead = ClassAttendance(girls=13, boys=13, untold=0, adults=3)
    corrected = ClassAttendanceCorrected(
        **CLASS,
        attended_before=28,
        attended=26,
        attendance_before=CAME,
        attendance=instead,
        reason="miscounted",
        effective_on=FORUM_DAY,
    )
    then(*PASTS["attended"]).when(correct).then(corrected)
    then(*PASTS["attended"], corrected).when(correct).then()
    nobody = CorrectAttendance(girls=0, boys=0, adults=0, reason="typing_error")
    then(*PASTS["attended"]).when(nobody).then_state(status="no_show", attended=0, attendance=None)
    then(*PASTS["no_show"]).when(correct).then_state(status="attended", attended=26, attendance=instead)
    then(*PASTS["no_show"]).when(nobody).then()
    then(*PASTS["attended"]).when(correct.model_copy(update={"girls": 40})).rejected("more-than-booked")
    early = correct.model_copy(update={"on": FORUM_DAY - timedelta(days=1)})
    then(*PASTS["attended"]).when(early).rejected("before-its-day")


def test_a_correction_is_no_step() -> None:
    week = timedelta(days=7)
    later = Specification(class_bookings, today=FORUM_DAY + 2 * week)
    recorded = ATTENDED.model_copy(update={"effective_on": FORUM_DAY + week})
    again = correct.model_copy(update={"on": FORUM_DAY + timedelta(days=1)})
    later(REQUESTED, CONFIRMED, recorded).when(again).then_state(effective_on=FORUM_DAY + week, attended=26)


# Who gives it up


def test_what_is_confirmed_is_cancelled_until_the_day_and_what_is_not_whenever() -> None:
    cancel = Cancel(reason="no_transport")
    then(*PASTS["confirmed"]).when(cancel).then(CANCELLED_BOOKING.model_copy(update={"effective_on": FORUM_DAY}))
    afterwards = Specification(class_bookings, today=FORUM_DAY + timedelta(days=1))
    afterwards(*PASTS["confirmed"]).when(cancel).rejected("event-day-passed")
    afterwards(REQUESTED).when(cancel).then_state(status="cancelled", reason="no_transport")
    # That an event did not take place may be entered late.
    no_event = Cancel(reason="event_cancelled")
    afterwards(*PASTS["confirmed"]).by(PLATFORM).when(no_event).then_state(status="cancelled")


@pytest.mark.parametrize("role", ["school", "network", "town_hall"])
def test_that_an_event_is_cancelled_is_for_the_platform_to_say(role: By) -> None:
    given(REQUESTED).by(role).when(Cancel(reason="event_cancelled")).rejected("reason-of-another-role")


def test_nobody_comes_to_an_event_that_is_cancelled() -> None:
    booking = class_bookings.fold((REQUESTED,))
    assert booking is not None
    (issue,) = cancel_bookings(CANCELLED, [Found("one", booking)])
    assert (issue.decider, issue.identity) == (class_bookings, "one")
    assert issue.commands == (Cancel(reason="event_cancelled"),)
    assert issue.expected == {"class-booking-not-requested"}


ALLOWED: dict[type[Command], set[str]] = {
    ChangeNumbers: {"requested", "confirmed"},
    Confirm: {"requested"},
    RecordAttendance: {"confirmed"},
    RecordNoShow: {"confirmed"},
    CorrectAttendance: {"attended", "no_show"},
    Cancel: {"requested", "confirmed"},
}
COMMANDS: list[tuple[Command, Any, str]] = [
    (ChangeNumbers(pupils=28, adults=2, on=PLANNED_ON), forum(), "class-booking-not-requested"),
    (Confirm(), None, "class-booking-not-requested"),
    (record, AFTERWARDS, "class-booking-not-confirmed"),
    (RecordNoShow(), AFTERWARDS, "class-booking-not-confirmed"),
    (correct, None, "class-booking-not-attended"),
    (Cancel(reason="other"), None, "class-booking-not-requested"),
]


@pytest.mark.parametrize("status", get_args(ClassBooking.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "event", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, event: Any, slug: str) -> None:
    known = [event] if class_bookings.decision(type(command)).looks_up else []
    outcome = then(*PASTS[status]).knowing(*known).when(command)
    if status in ALLOWED[type(command)]:
        assert outcome.refusal is None
    else:
        outcome.rejected(slug)


def test_every_command_and_event_is_handled() -> None:
    class_bookings.check()
    assert {command for command, each in class_bookings.decisions.items() if not each.creates} == ALLOWED.keys()


def test_a_school_decides_on_its_own_bookings_and_who_organises_on_all() -> None:
    booking = class_bookings.fold((REQUESTED,))
    assert booking is not None
    itself = Actor("school", frozenset({"school"}), {"school": SCHOOL})
    another = Actor("school", frozenset({"school"}), {"school": OTHER_SCHOOL})
    assert class_bookings.allowed(booking, itself) == ["change-numbers", "cancel"]
    assert class_bookings.allowed(booking, another) == []
    for role in ("network", "town_hall"):
        allowed = class_bookings.allowed(booking, Actor(role, frozenset({role})))
        assert allowed == ["change-numbers", "confirm", "cancel"]
