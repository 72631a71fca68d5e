"""What becomes of a loan: asked for, taken, brought back late or in time, lost; what it holds, and what follows."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from lending import (
    AT_GARE,
    AT_LIMOISE,
    BIKE,
    BORROWER,
    BROUGHT_BACK,
    COMMISSIONED,
    GARE,
    LEFT,
    LIMOISE,
    LOAN,
    LOST,
    NOWHERE,
    SINCE,
    TODAY,
    at,
    bike,
    borrower,
    on_bike,
    station,
)

from contracts import Event
from contracts.erasure import PersonErased
from contracts.mobility.bike import BikeMaintenanceBegan, BikeMoved
from contracts.mobility.bike_station import BikeStationClosed
from contracts.mobility.loan import (
    LoanCancelled,
    LoanKilometresCorrected,
    LoanLapsed,
    LoanLost,
    LoanOverdue,
    LoanRequested,
    LoanReturned,
    LoanSettled,
    LoanTaken,
)
from eventstore.decider import PLATFORM, Claim, Command, Due, Keep
from eventstore.reactions import Found, Identity, Issue
from eventstore.specification import Specification
from mobility.bike import BIKE_TAKEN, GiveUp, LeaveDock, TakeBack, bikes
from mobility.bike_station import docked
from mobility.bounds import Plausible
from mobility.loan import (
    HAS_A_LOAN,
    Cancel,
    CorrectKilometres,
    Lapse,
    Loan,
    MarkOverdue,
    RecordLost,
    Request,
    Return,
    Settle,
    Take,
    loans,
)
from mobility.reactions import bikes_follow_their_loans, cancel_what_nobody_comes_for, settle_loans

given = Specification(loans, today=TODAY)  # at noon
DUE = at(18)
LONG_AFTER = date(2026, 6, 8)
later = Specification(loans, today=LONG_AFTER)

FACTS: dict[str, Any] = {**AT_GARE, "bike": BIKE, "kind": "e_bike", "borrower": BORROWER, "due_back": DUE}
ON: dict[str, Any] = {**FACTS, "effective_on": TODAY}
request = Request(bike=BIKE, borrower=borrower(), due_back=DUE)
requested = LoanRequested(**ON, lapses_at=at(14))
taken = LoanTaken(**ON, overdue_from=DUE)
overdue = LoanOverdue(**ON)
returned = LoanReturned(**ON, returned_to=LIMOISE, kilometres=14, taken_on=TODAY)
lost = LoanLost(**FACTS, reason="not_brought_back", taken_on=TODAY, effective_on=LONG_AFTER)
lapsed = LoanLapsed(**ON)
cancelled = LoanCancelled(**ON, reason="not_needed")
settled = LoanSettled(**ON)
PASTS: dict[str, tuple[Event, ...]] = {
    "requested": (requested,),
    "active": (requested, taken),
    "overdue": (requested, taken, overdue),
    "returned": (requested, taken, returned),
    "lost": (requested, taken, overdue, lost),
    "lapsed": (requested, lapsed),
    "cancelled": (requested, cancelled),
}
limoise = station(AT_LIMOISE)


def test_a_bike_is_asked_for_and_kept_for_two_hours() -> None:
    given().knowing(bike()).when(request).then(requested)
    given().knowing(bike()).when(request).then_state(status="requested", **FACTS, requested_on=TODAY, settled=False)
    given().knowing(bike()).under(Plausible(hours_to_take_a_bike=5)).when(request).then_state(lapses_at=at(17))


def test_a_bike_is_not_lent_before_it_was_there() -> None:
    def asked(on: date) -> Request:
        return request.model_copy(
            update={"on": on, "due_back": datetime(on.year, on.month, on.day, 18, tzinfo=DUE.tzinfo)}
        )

    given().knowing(bike()).when(asked(SINCE)).then_state(requested_on=SINCE)
    given().knowing(bike()).when(asked(SINCE - timedelta(days=1))).rejected("bike-not-yet-there")


@pytest.mark.parametrize(
    ("known", "slug"),
    [
        (None, "bike-unknown"),
        (
            bike(BikeMaintenanceBegan(**on_bike("maintenance"), reason="repair", station_before=GARE)),
            "bike-out-of-service",
        ),
        (bike(LEFT), "bike-taken"),
        (bike(LEFT, LOST), "bike-out-of-service"),
    ],
)
def test_a_bike_that_cannot_be_lent_is_not_kept(known: Any, slug: str) -> None:
    given().knowing(known).when(request).rejected(slug)


@pytest.mark.parametrize(
    ("due_back", "on", "slug"),
    [
        (at(12, 15), TODAY, None),
        (at(12), TODAY, "due-before-it-begins"),
        (at(9), TODAY, "due-before-it-begins"),
        (at(12) + timedelta(hours=72), TODAY, None),
        (at(12, 15) + timedelta(hours=72), TODAY, "loan-too-long"),
        # What is entered late may have begun with its day.
        (datetime(2026, 4, 6, 9, tzinfo=DUE.tzinfo), date(2026, 4, 6), None),
        (datetime(2026, 4, 6, 0, tzinfo=DUE.tzinfo), date(2026, 4, 6), "due-before-it-begins"),
        (datetime(2026, 4, 9, 0, tzinfo=DUE.tzinfo), date(2026, 4, 6), None),
        (datetime(2026, 4, 9, 0, 15, tzinfo=DUE.tzinfo), date(2026, 4, 6), "loan-too-long"),
    ],
)
def test_a_loan_is_due_back_after_it_begins_and_within_three_days(
    due_back: datetime, on: date, slug: str | None
) -> None:
    asked = given().knowing(bike()).when(request.model_copy(update={"due_back": due_back, "on": on}))
    if slug is None:
        asked.then_state(due_back=due_back, requested_on=on)
    else:
        asked.rejected(slug)


def test_a_deployment_says_how_long_a_bike_is_lent() -> None:
    a_day = given().knowing(bike()).under(Plausible(longest_loan_hours=24))
    a_day.when(request.model_copy(update={"due_back": at(12) + timedelta(days=1)})).then_state(status="requested")
    a_day.when(request.model_copy(update={"due_back": at(12, 15) + timedelta(days=1)})).rejected("loan-too-long")


def test_the_bike_is_taken_where_it_stands_then() -> None:
    given(requested).knowing(bike()).when(Take()).then(taken)
    given(requested).knowing(bike()).when(Take()).then_state(
        status="active", taken_on=TODAY, lapses_at=None, overdue_from=DUE
    )
    moved = BikeMoved(**on_bike(place=AT_LIMOISE), station_before=GARE)
    given(requested).knowing(bike(moved)).when(Take()).then_state(**AT_LIMOISE)
    given(requested).knowing(bike()).at(at(18)).when(Take()).rejected("due-before-it-begins")


def test_a_loan_that_was_over_when_it_was_entered_waits_a_day_for_its_return() -> None:
    late = Specification(loans, today=date(2026, 5, 11))
    a_day_later = at(12, day=date(2026, 5, 12))
    late(requested).knowing(bike()).when(Take(on=TODAY)).then(LoanTaken(**ON, overdue_from=a_day_later))
    late(requested).knowing(bike()).when(Take()).rejected("due-before-it-begins")


@pytest.mark.parametrize("status", ["active", "overdue"])
def test_the_bike_is_brought_back_to_any_station_in_service(status: str) -> None:
    give_back = Return(returned_to=LIMOISE, kilometres=14)
    given(*PASTS[status]).knowing(limoise).when(give_back).then(returned)
    given(*PASTS[status]).knowing(limoise).when(give_back).then_state(
        **AT_GARE,
        status="returned",
        returned_to=LIMOISE,
        kilometres=14,
        ended_on=TODAY,
        overdue_from=None,
        settled=False,
    )
    given(*PASTS[status]).knowing(limoise).when(Return(returned_to=LIMOISE)).then_state(kilometres=None)
    given(*PASTS[status]).knowing(None).when(give_back).rejected("station-unknown")
    facts: dict[str, Any] = {"bike_station": LIMOISE, "commune": "36088", "zone": "zi-limoise", "docks": 10}
    closed = BikeStationClosed(**facts, status="closed", reason="works", effective_on=TODAY)
    given(*PASTS[status]).knowing(station(AT_LIMOISE, closed)).when(give_back).rejected("station-not-in-service")


def test_what_is_not_brought_back_in_time_is_overdue() -> None:
    given(*PASTS["active"]).at(at(17, 59)).when(MarkOverdue()).rejected("not-due-yet")
    given(*PASTS["active"]).at(at(18)).when(MarkOverdue()).then(overdue)
    given(*PASTS["active"]).at(at(18)).when(MarkOverdue()).then_state(status="overdue", overdue_on=TODAY)


def test_what_is_overdue_for_a_month_may_be_given_up() -> None:
    give_up = RecordLost(reason="not_brought_back")
    later(*PASTS["overdue"]).when(give_up).then(lost)
    later(*PASTS["overdue"]).when(give_up).then_state(status="lost", ended_on=LONG_AFTER, reason="not_brought_back")
    since = DUE + timedelta(days=30)
    given(*PASTS["overdue"]).at(since - timedelta(minutes=1)).when(give_up).rejected("not-lost-yet")
    given(*PASTS["overdue"]).at(since).when(give_up).then_state(status="lost")
    a_week = Plausible(days_until_lost=7)
    given(*PASTS["overdue"]).under(a_week).at(DUE + timedelta(days=7)).when(give_up).then_state(status="lost")


def test_what_is_not_taken_lapses_or_is_cancelled() -> None:
    given(requested).when(Lapse()).then(lapsed)
    given(requested).when(Lapse()).then_state(status="lapsed", ended_on=TODAY, lapses_at=None)
    given(requested).by("epci").when(Cancel(reason="not_needed")).then(cancelled)
    given(requested).by("epci").when(Cancel(reason="person_erased")).rejected("reason-of-another-role")
    given(requested).by(PLATFORM).when(Cancel(reason="person_erased")).then_state(status="cancelled")


def test_a_loan_is_settled_once_when_its_bike_has_told_where_it_is() -> None:
    given(*PASTS["returned"]).when(Settle()).then(settled)
    given(*PASTS["returned"]).when(Settle()).then_state(status="returned", settled=True)
    given(*PASTS["returned"], settled).when(Settle()).then()
    later(*PASTS["lost"]).when(Settle()).then_state(status="lost", settled=True)


def test_kilometres_are_corrected() -> None:
    corrected = LoanKilometresCorrected(**ON, kilometres_before=14, kilometres=16, reason="typing_error")
    correct = CorrectKilometres(kilometres=16, reason="typing_error")
    given(*PASTS["returned"]).when(correct).then(corrected)
    given(*PASTS["returned"]).when(correct).then_state(kilometres=16, corrected_on=TODAY)
    given(*PASTS["returned"], corrected).when(correct).then()


@pytest.mark.parametrize(
    ("command", "allowed", "slug"),
    [
        (Take(), {"requested"}, "loan-not-requested"),
        (Lapse(), {"requested"}, "loan-not-requested"),
        (Cancel(reason="not_needed"), {"requested"}, "loan-not-requested"),
        (MarkOverdue(), {"active"}, "loan-not-active"),
        (Return(returned_to=LIMOISE), {"active", "overdue"}, "loan-not-active"),
        (RecordLost(reason="stolen"), {"overdue"}, "loan-not-overdue"),
        (Settle(), {"returned", "lost"}, "loan-not-returned"),
        (CorrectKilometres(kilometres=1, reason="other"), {"returned"}, "loan-not-returned"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Command) else None,
)
def test_what_is_not_for_a_status_is_refused(command: Command, allowed: set[str], slug: str) -> None:
    for status in PASTS.keys() - allowed:
        later(*PASTS[status]).when(command).rejected(slug)


def test_a_loan_holds_its_borrower_its_bike_and_for_a_moment_a_dock() -> None:
    who, what = Claim(HAS_A_LOAN, BORROWER), Claim(BIKE_TAKEN, BIKE)
    for status in ("requested", "active", "overdue"):
        given(*PASTS[status]).holds(who, what)
    given(*PASTS["returned"]).holds(what, *docked(LIMOISE))
    given(*PASTS["lost"]).holds(what)
    for past in (*PASTS["returned"], settled), (*PASTS["lost"], settled), PASTS["lapsed"], PASTS["cancelled"]:
        given(*past).holds()


def test_what_waits_is_looked_at_again() -> None:
    given(requested).is_due(Due(at(14), Lapse()))
    given(*PASTS["active"]).is_due(Due(DUE, MarkOverdue()))
    for status in ("overdue", "returned", "lost", "lapsed", "cancelled"):
        given(*PASTS[status]).is_due()


def test_the_borrower_is_known_for_a_year_after_the_end() -> None:
    a_year, two_years = (TODAY + timedelta(days=days) for days in (365, 730))
    for status in ("requested", "active", "overdue"):
        given(*PASTS[status]).keeps(Keep(BORROWER, two_years))
    for status in ("returned", "lapsed", "cancelled"):
        given(*PASTS[status]).keeps(Keep(BORROWER, a_year))
    given(*PASTS["lost"]).keeps(Keep(BORROWER, LONG_AFTER + timedelta(days=365)))


def test_a_bike_hears_of_its_loan_and_the_loan_of_its_bike() -> None:
    loan = Identity(LOAN)
    assert [*bikes_follow_their_loans(taken, loan)] == [Issue(bikes, BIKE, LeaveDock(loan=LOAN))]
    assert [*bikes_follow_their_loans(returned, loan)] == [Issue(bikes, BIKE, TakeBack(loan=LOAN, station=LIMOISE))]
    assert [*bikes_follow_their_loans(lost, loan)] == [Issue(bikes, BIKE, GiveUp(loan=LOAN))]
    for event in (BROUGHT_BACK, LOST):
        assert [*settle_loans(event)] == [Issue(loans, LOAN, Settle())]


def test_what_an_erased_borrower_asked_for_is_cancelled() -> None:
    state = loans.fold(PASTS["requested"])
    assert isinstance(state, Loan)
    (issue,) = cancel_what_nobody_comes_for(
        PersonErased(person=BORROWER, reason="request", effective_on=TODAY), [Found(LOAN, state)]
    )
    assert issue.commands == (Cancel(reason="person_erased"),)
    assert issue.expected == {"loan-not-requested"}


def test_a_bike_that_left_stands_nowhere() -> None:
    assert bike(LEFT).model_dump(include={*NOWHERE}) == NOWHERE
    assert COMMISSIONED.station == GARE
