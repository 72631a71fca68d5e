"""What becomes of an event: planned, announced, opened, filled, closed, held, reported or cancelled; and who may."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from forums import (
    ADDED,
    BOOKINGS,
    CAME,
    CANCELLED,
    CLASS,
    CLOSED,
    DRAFTED,
    FORUM,
    FORUM_DAY,
    HELD,
    OPEN,
    OPENED,
    PART,
    PLANNED_ON,
    PUBLISHED,
    REPORTED,
    TERMS,
    THIRD_YEAR,
    TOOK_PART,
    booked,
    counted,
    forum,
)
from pupils import COMPANY, GONE, LEFT, MEMBER, NEIGHBOUR, PLACE, SCHOOL, SUSPENDED
from pydantic import ValidationError

from contracts import Event, sample_siret
from contracts.values import MOST_PUPILS
from contracts.youth_events.class_booking import (
    ClassAttendanceCorrected,
    ClassAttended,
    ClassBookingCancelled,
    ClassBookingChanged,
    ClassBookingRequested,
    ClassMissed,
)
from contracts.youth_events.event import (
    ClassOutcome,
    CompanyPartCorrected,
    EventCapacityChanged,
    EventClosed,
    EventCompany,
    EventCompanyWithdrawn,
    EventRevised,
    EventStatus,
)
from eventstore.decider import ITSELF, PLATFORM, Actor, By, Claim, Command, Due
from eventstore.reactions import Found, Identity
from eventstore.specification import Specification
from youth_events.event import (
    AHEAD,
    ATTENDANCE_MISSING,
    CAPACITY_BELOW_BOOKED,
    MOST_COMPANIES,
    AddCompany,
    Cancel,
    ChangeCapacity,
    Close,
    CorrectCompany,
    CountBooking,
    CountBookingOfEnded,
    Draft,
    Lapse,
    Open,
    Publish,
    RecordHeld,
    Report,
    Revise,
    WithdrawCompany,
    YouthEvent,
    events,
)
from youth_events.reactions import count_bookings, withdraw_participants

given = Specification(events, today=PLANNED_ON)
then = Specification(events, today=FORUM_DAY)
draft = Draft(**TERMS)
FULL = (*OPEN, counted(0, 0, 28), counted(1, 28, 60, pupils=32, status="full"))
PASTS: dict[str, tuple[Event, ...]] = {
    "draft": (DRAFTED,),
    "published": (DRAFTED, PUBLISHED),
    "open": OPEN,
    "full": FULL,
    "closed": (*OPEN, CLOSED),
    "held": (*OPEN, HELD),
    "reported": (*OPEN, HELD, REPORTED),
    "cancelled": (*OPEN, CANCELLED),
}


def count(number: int, outcome: ClassOutcome = "expected", pupils: int = 28) -> CountBooking:
    return CountBooking(counted=booked(number, outcome, pupils))


def test_an_event_is_planned_announced_and_opened_until_its_day() -> None:
    given().when(draft).then(DRAFTED)
    given(DRAFTED).when(Publish()).then(PUBLISHED)
    given(DRAFTED, PUBLISHED).when(Open()).then(OPENED)
    given(*OPEN).is_due(Due(FORUM_DAY, Lapse()))
    lapsed = EventClosed(**FORUM, reason="day_came", booked=0, effective_on=FORUM_DAY)
    then(*OPEN).when(Lapse()).then(lapsed)
    then(*OPEN, lapsed).is_due()


def test_what_is_entered_late_is_open_for_a_day() -> None:
    late = Specification(events, today=date(2026, 6, 1))
    late(DRAFTED, PUBLISHED).when(Open(on=PLANNED_ON)).then(OPENED.model_copy(update={"closes_on": date(2026, 6, 2)}))


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"day": PLANNED_ON}, "day-has-come"),
        ({"day": PLANNED_ON - timedelta(days=1)}, "day-has-come"),
        ({"day": PLANNED_ON + AHEAD + timedelta(days=1)}, "event-too-far"),
        ({"ends": "09:00"}, "ends-before-it-starts"),
        ({"rome": ("H2902", "H2902")}, "occupation-twice"),
        ({"levels": ("3e", "4e", "3e")}, "level-twice"),
    ],
)
def test_an_event_that_cannot_be_has_a_reason_of_its_own(changes: dict[str, Any], slug: str) -> None:
    given().when(draft.model_copy(update=changes)).rejected(slug)
    given(DRAFTED).when(Revise(**changes)).rejected(slug)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"capacity": 0}, "pupils"),
        ({"capacity": MOST_PUPILS + 1}, "pupils"),
        ({"rome": []}, "too_short"),
        ({"rome": ["H9999"]}, "rome"),
        ({"levels": ["cm2"]}, "literal_error"),
        ({"kind": "party"}, "literal_error"),
        ({"commune": "3608"}, "commune"),
        ({"starts": "24:00"}, "time-of-day"),
        ({"title": " "}, "short-text"),
    ],
)
def test_what_does_not_exist_is_not_planned(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Draft.model_validate({**draft.model_dump(mode="json", exclude={"on"}), **changes}, strict=False)
    assert refused.value.errors()[0]["type"] == error


@pytest.mark.parametrize("past", ["draft", "published"])
def test_what_it_says_is_changed_before_schools_can_book(past: str) -> None:
    later = FORUM_DAY + timedelta(days=7)
    revised = EventRevised(
        **{**TERMS, "day": later, "capacity": 80}, day_before=FORUM_DAY, capacity_before=60, effective_on=PLANNED_ON
    )
    given(*PASTS[past]).when(Revise(day=later, capacity=80)).then(revised)
    given(*PASTS[past]).when(Revise(day=later, capacity=80)).then_state(day=later, capacity=80, title=TERMS["title"])
    given(*PASTS[past]).when(Revise(capacity=60, levels=("4e", "3e"))).then()


def test_an_event_is_full_while_all_its_places_are_booked() -> None:
    given(*OPEN).when(count(0)).then(counted(0, 0, 28))
    given(*OPEN, counted(0, 0, 28)).when(count(1, pupils=32)).then_state(status="full", booked=60)
    given(*FULL).when(count(0, "cancelled")).then_state(status="open", booked=32)
    # Another school was faster: that its places fell free is counted later.
    given(*FULL).when(count(2)).then_state(status="full", booked=88)
    # Fewer pupils come.
    given(*FULL).when(count(1, pupils=30)).then_state(status="open", booked=58)
    given(*FULL).when(count(0)).then()
    given(*FULL).when(count(3, "cancelled")).then()


@pytest.mark.parametrize("past", ["closed", "held", "reported", "cancelled"])
def test_bookings_of_an_event_that_takes_no_more_are_still_counted(past: EventStatus) -> None:
    ended = CountBookingOfEnded(counted=booked(0, "attended"))
    given(*PASTS[past]).when(ended.model_copy(update={"on": FORUM_DAY})).rejected("on-in-the-future")
    then(*PASTS[past]).when(ended).then_state(status=past, booked=28)


def test_more_or_fewer_places_make_it_open_or_full() -> None:
    changed = EventCapacityChanged(
        **{**FORUM, "capacity": 90}, capacity_before=60, booked=60, status="open", effective_on=PLANNED_ON
    )
    given(*FULL).when(ChangeCapacity(capacity=90)).then(changed)
    given(*FULL).when(ChangeCapacity(capacity=90)).then_state(status="open", capacity=90)
    given(*OPEN, counted(0, 0, 28)).when(ChangeCapacity(capacity=28)).then_state(status="full")
    given(*OPEN).when(ChangeCapacity(capacity=60)).then()


def test_an_event_holds_what_it_has_no_places_for_and_once_reported_that_nobody_is_expected() -> None:
    unplaced = Claim(CAPACITY_BELOW_BOOKED, ITSELF, amount=MOST_PUPILS - 60, limit=MOST_PUPILS)
    given(*OPEN).holds(unplaced)
    given(DRAFTED.model_copy(update={"capacity": MOST_PUPILS})).holds()
    nobody = Claim(ATTENDANCE_MISSING, ITSELF, amount=MOST_PUPILS, limit=MOST_PUPILS)
    then(*PASTS["reported"]).holds(unplaced, nobody)


@pytest.mark.parametrize("past", ["open", "full", "closed"])
def test_an_event_is_held_from_its_day_on(past: str) -> None:
    given(*PASTS[past]).when(RecordHeld()).rejected("before-its-day")
    late = Specification(events, today=FORUM_DAY + timedelta(days=9))
    late(*PASTS[past]).when(RecordHeld(on=FORUM_DAY - timedelta(days=1))).rejected("before-its-day")
    late(*PASTS[past]).when(RecordHeld(on=FORUM_DAY)).then_state(status="held", held_on=FORUM_DAY)


def test_of_each_company_that_took_part_an_event_of_its_own_tells() -> None:
    then(*OPEN, ADDED).when(RecordHeld()).then(HELD.model_copy(update={"companies": (COMPANY,)}), TOOK_PART)


def test_a_report_adds_up_who_came_as_far_as_it_is_counted() -> None:
    came = counted(0, 60, 60, "attended", status="held", effective_on=FORUM_DAY)
    missed = counted(1, 60, 60, "no_show", pupils=32, status="held", effective_on=FORUM_DAY)
    told = {"classes": 1, "classes_missed": 1, "attended": 28, "adults": 3, "levels_attended": (THIRD_YEAR,)}
    then(*FULL, HELD, came, missed).when(Report()).then(REPORTED.model_copy(update=told))
    then(*FULL, HELD, came, missed).when(Report()).then_state(status="reported", attended=28)
    then(*FULL, HELD, missed).when(Report()).then(REPORTED.model_copy(update={"classes_missed": 1}))
    # What is counted once the report is closed counts, too.
    later = CountBookingOfEnded(counted=booked(0, "attended"))
    then(*FULL, HELD, missed, REPORTED).when(later).then_state(status="reported", attended=28)


def test_an_event_that_is_cancelled_says_how_far_it_was() -> None:
    given(*OPEN).when(Cancel(reason="no_companies")).then(CANCELLED)
    given(*FULL).when(Cancel(reason="no_companies")).then(
        CANCELLED.model_copy(update={"status_before": "full", "booked": 60})
    )


# Companies


def test_a_member_company_takes_part_until_it_is_withdrawn() -> None:
    given(*OPEN).knowing(MEMBER).when(AddCompany(company=COMPANY)).then(ADDED)
    given(*OPEN).knowing(MEMBER).when(AddCompany(company=COMPANY)).then_state(
        companies=(COMPANY,),
        participants=(EventCompany(**PLACE, company=COMPANY),),
    )
    given(*OPEN, ADDED).knowing(MEMBER).when(AddCompany(company=COMPANY)).then()
    withdraw = WithdrawCompany(company=COMPANY, reason="unavailable")
    given(*OPEN, ADDED).when(withdraw).then(
        EventCompanyWithdrawn(**PART, reason="unavailable", effective_on=PLANNED_ON)
    )
    given(*OPEN, ADDED).when(withdraw).then_state(companies=(), participants=())
    given(*OPEN).when(withdraw).rejected("company-not-taking-part")


@pytest.mark.parametrize("member", [None, SUSPENDED, GONE])
def test_who_is_no_active_member_takes_part_in_nothing(member: Any) -> None:
    given(*OPEN).knowing(member).when(AddCompany(company=COMPANY)).rejected("participant-not-a-member")
    correct = CorrectCompany(company=COMPANY, took_part=True, reason="came_unannounced")
    then(*PASTS["held"]).knowing(member).when(correct).rejected("participant-not-a-member")


def test_no_more_companies_take_part_than_there_is_room_for() -> None:
    many = [ADDED.model_copy(update={"company": sample_siret(10 + number)}) for number in range(MOST_COMPANIES)]
    given(*OPEN, *many).knowing(MEMBER).when(AddCompany(company=COMPANY)).rejected("event-companies-full")
    given(*OPEN, *many[1:]).knowing(MEMBER).when(AddCompany(company=COMPANY)).then(ADDED)


@pytest.mark.parametrize("past", ["held", "reported"])
def test_who_took_part_is_corrected_once_it_was_held(past: str) -> None:
    came = CorrectCompany(company=COMPANY, took_part=True, reason="came_unannounced")
    corrected = CompanyPartCorrected(
        **PART, took_part_before=False, took_part=True, reason="came_unannounced", effective_on=FORUM_DAY
    )
    then(*PASTS[past]).knowing(MEMBER).when(came).then(corrected)
    then(*PASTS[past], corrected).knowing(MEMBER).when(came).then()
    missed = CorrectCompany(company=COMPANY, took_part=False, reason="did_not_come")
    then(*PASTS[past], corrected).when(missed).then_state(status=past, companies=(), participants=())
    then(*PASTS[past]).when(missed).then()
    early = missed.model_copy(update={"on": FORUM_DAY - timedelta(days=1)})
    then(*PASTS[past], corrected).when(early).rejected("before-its-day")


@pytest.mark.parametrize("role", ["network", "town_hall"])
def test_what_the_platform_finds_is_for_it_to_say(role: By) -> None:
    for command in (Close(reason="day_came"), WithdrawCompany(company=COMPANY, reason="member_left")):
        given(*OPEN, ADDED).by(role).when(command).rejected("reason-of-another-role")
    left = WithdrawCompany(company=COMPANY, reason="member_left")
    given(*OPEN, ADDED).by(PLATFORM).when(left).then_state(companies=())


# What is refused, and to whom

ALLOWED: dict[type[Command], set[str]] = {
    Revise: {"draft", "published"},
    Publish: {"draft"},
    Open: {"published"},
    ChangeCapacity: {"open", "full"},
    CountBooking: {"open", "full"},
    CountBookingOfEnded: {"closed", "held", "reported", "cancelled"},
    Close: {"open", "full"},
    Lapse: {"open", "full"},
    RecordHeld: {"open", "full", "closed"},
    Report: {"held"},
    Cancel: {"draft", "published", "open", "full", "closed"},
    AddCompany: {"draft", "published", "open", "full", "closed"},
    WithdrawCompany: {"draft", "published", "open", "full", "closed"},
    CorrectCompany: {"held", "reported"},
}
COMMANDS: list[tuple[Command, str]] = [
    (Revise(capacity=40, on=PLANNED_ON), "event-not-draft"),
    (Publish(on=PLANNED_ON), "event-not-draft"),
    (Open(on=PLANNED_ON), "event-not-published"),
    (ChangeCapacity(capacity=90), "event-not-open"),
    (count(3), "event-not-open"),
    (CountBookingOfEnded(counted=booked(3)), "event-not-closed"),
    (Close(reason="other"), "event-not-open"),
    (Lapse(), "event-not-open"),
    (RecordHeld(), "event-not-open"),
    (Report(), "event-not-held"),
    (Cancel(reason="other"), "event-{}"),
    (AddCompany(company=COMPANY), "event-{}"),
    (WithdrawCompany(company=NEIGHBOUR, reason="other"), "event-{}"),
    (CorrectCompany(company=COMPANY, took_part=True, reason="other"), "event-not-held"),
]


@pytest.mark.parametrize("status", get_args(YouthEvent.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    neighbour = ADDED.model_copy(update={"company": NEIGHBOUR})
    past = PASTS[status]
    if isinstance(command, WithdrawCompany):
        past = (past[0], neighbour, *past[1:])
    known = [MEMBER] if events.decision(type(command)).looks_up else []
    outcome = then(*past).knowing(*known).when(command)
    if status in ALLOWED[type(command)]:
        assert outcome.refusal is None
    else:
        outcome.rejected(slug.format(status))


@pytest.mark.parametrize("command", [Publish(), Open(), Revise(capacity=40)])
def test_nothing_is_announced_once_the_day_has_come(command: Command) -> None:
    past = (DRAFTED, PUBLISHED) if isinstance(command, Open) else (DRAFTED,)
    then(*past).when(command).rejected("day-has-come")


def test_every_command_and_event_is_handled() -> None:
    events.check()
    assert {command for command, decision in events.decisions.items() if not decision.creates} == ALLOWED.keys()


def test_the_network_and_the_town_hall_decide_and_nobody_else() -> None:
    open_ones = ["change-capacity", "close", "cancel", "add-company", "withdraw-company"]
    for role in ("network", "town_hall"):
        assert set(open_ones) <= {*events.allowed(forum(), Actor(role, frozenset({role})))}
    assert events.allowed(forum(), Actor("school", frozenset({"school"}), {"school": SCHOOL})) == []
    assert events.allowed(forum(), Actor("steering", frozenset({"steering"}))) == []
    for command in (CountBooking, CountBookingOfEnded, Lapse):
        assert events.decision(command).by == (PLATFORM,)


# What other events ask of it


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (ClassBookingRequested(**CLASS, capacity=60, effective_on=PLANNED_ON), "expected"),
        (
            ClassBookingChanged(**CLASS, capacity=60, pupils_before=20, adults_before=2, effective_on=PLANNED_ON),
            "expected",
        ),
        (
            ClassBookingCancelled(**CLASS, status_before="requested", reason="other", effective_on=PLANNED_ON),
            "cancelled",
        ),
        (ClassMissed(**CLASS, effective_on=FORUM_DAY), "no_show"),
        (
            ClassAttended(**CLASS, attended=28, attendance=CAME, effective_on=FORUM_DAY),
            "attended",
        ),
        (
            ClassAttendanceCorrected(
                **CLASS,
                attended_before=28,
                attended=0,
                attendance_before=CAME,
                attendance=None,
                reason="typing_error",
                effective_on=FORUM_DAY,
            ),
            "no_show",
        ),
    ],
)
def test_an_event_learns_what_becomes_of_its_bookings(event: Any, outcome: ClassOutcome) -> None:
    (issue,) = count_bookings(event, Identity(BOOKINGS[0]))
    assert (issue.decider, issue.identity) == (events, CLASS["event"])
    told = booked(0, outcome)
    assert issue.commands == (CountBooking(counted=told), CountBookingOfEnded(counted=told))


def test_who_leaves_the_network_takes_part_in_nothing_any_more() -> None:
    (issue,) = withdraw_participants(LEFT, [Found("one", forum(ADDED))])
    assert (issue.decider, issue.identity) == (events, "one")
    assert issue.commands == (WithdrawCompany(company=COMPANY, reason="member_left"),)
    assert issue.expected == {
        "company-not-taking-part", "event-held", "event-reported", "event-cancelled",
    }  # fmt: skip
