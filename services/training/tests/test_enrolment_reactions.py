"""What sessions, hires and erasures ask of enrolments, and enrolments of sessions and needs: one function for each,
given what it has found."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from test_enrolment_decisions import (
    CERTIFIED,
    FACTS,
    PASTS,
    admitted,
    began,
    cancelled,
    certified,
    dropped,
    moved_up,
    queued,
)
from trainees import BEGAN, ENDS, GIVEN_UP, HIRE, IS_OVER, NEED, OTHER, SESSION, STARTS, TRAINEE

from contracts.employment.hire import (
    HireCancelled,
    HireConfirmed,
    HireEnded,
    HireEnrolmentCorrected,
    HireOutcomeCorrected,
    HireRecorded,
)
from contracts.erasure import PersonErased
from contracts.model import PARIS, Event
from contracts.training.enrolment import EnrolmentCertificationUndone, EnrolmentOutcomeCorrected
from contracts.training.session import SessionRescheduled, SessionSeatsChanged, SessionTimetableChanged
from eventstore.reactions import Found, Identity, Issue, Queue
from training.enrolment import (
    ENROLMENT_HAS_BEGUN,
    PENDING,
    SESSION_NOT_OFFERED,
    Begin,
    Cancel,
    Enrolment,
    MoveUp,
    Reschedule,
    TellHired,
    TellNotHired,
    enrolments,
)
from training.reactions import (
    begin_with_the_session,
    cancel_what_the_session_did_not_take,
    cancel_whom_nobody_knows,
    cancel_with_the_session,
    cover_the_need,
    follow_the_session,
    free_the_seat,
    give_more_seats,
    give_the_seat,
    reactions,
    take_the_seat,
    tell_of_a_hire,
    tell_of_another_enrolment,
    tell_of_no_hire,
    uncover_the_need,
)
from training.session import NO_SEAT_LEFT, Admit, Leave, sessions
from training.skill_need import Cover, CoverExpired, Uncover, UncoverExpired, skill_needs

OURS = Identity("0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c31")
TODAY = date(2026, 7, 1)
HIRED: dict[str, Any] = {
    "seeker": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c32",
    "application": None,
    "vacancy": None,
    "investment": None,
    "company": "00000001800010",
    "naf": "25.62B",
    "commune": "36088",
    "zone": "zi-limoise",
    "rome": "H2913",
    "contract": "permanent",
    "weekly_hours": 35,
    "flags": (),
    "hired_on": TODAY,
    "effective_on": TODAY,
}
OUTCOME_CORRECTED = EnrolmentOutcomeCorrected(
    **FACTS, ended_on=ENDS, outcome_before="dropped", reason="wrong_outcome", effective_on=TODAY
)
UNDONE = EnrolmentCertificationUndone(
    **FACTS, ended_on=ENDS, outcome_before="certified", certified_on=CERTIFIED, reason="appeal", effective_on=TODAY
)


def found(status: str, identity: str = "e1", **changes: Any) -> Found[Enrolment]:
    state = enrolments.fold(PASTS[status])
    assert state
    return Found(identity, state.model_copy(update=changes))


@pytest.mark.parametrize("event", [admitted, moved_up, OUTCOME_CORRECTED])
def test_the_session_learns_who_has_a_seat(event: Any) -> None:
    expects = tuple(sessions.not_for(Admit))
    assert list(take_the_seat(event, OURS)) == [Issue(sessions, SESSION, Admit(enrolment=OURS), expects=expects)]


def test_who_had_stayed_until_the_end_had_kept_the_seat() -> None:
    assert list(take_the_seat(OUTCOME_CORRECTED.model_copy(update={"outcome_before": "completed"}), OURS)) == []


def test_the_session_learns_that_a_seat_is_free() -> None:
    expects = tuple(sessions.not_for(Leave))
    for event in (dropped, cancelled, cancelled.model_copy(update={"status_before": "attending"})):
        assert list(free_the_seat(event, OURS)) == [Issue(sessions, SESSION, Leave(enrolment=OURS), expects=expects)]
    for status in ("applied", "waiting"):
        assert list(free_the_seat(cancelled.model_copy(update={"status_before": status}), OURS)) == []


def test_whoever_has_waited_longest_moves_up_first() -> None:
    since = [datetime(2026, 1, day, 9, tzinfo=PARIS) for day in (27, 26, 26)]
    waiting = [found("waiting", name, queued_at=at) for name, at in zip(("a", "c", "b"), since, strict=True)]
    expects = (SESSION_NOT_OFFERED, *enrolments.not_for(MoveUp))
    queue = Queue(SESSION, NO_SEAT_LEFT)
    in_order = [Issue(enrolments, name, MoveUp(), expects=expects, queue=queue) for name in ("b", "c", "a")]
    for event in (queued, dropped, cancelled):
        assert list(give_the_seat(event, waiting)) == in_order
    more = SessionSeatsChanged(**{**BEGAN.model_dump(), "seats": 4}, seats_before=2, minimum_before=1)
    days: dict[str, Any] = {"starts_on_before": STARTS, "ends_on_before": ENDS, "decision_on": STARTS}
    again = SessionRescheduled(**{**BEGAN.model_dump(), "status": "open"}, **days, slots=(), days_off=())
    for of_session in (more, again):
        assert list(give_more_seats(of_session, waiting)) == in_order


def test_whoever_is_admitted_begins_with_the_session() -> None:
    assert list(begin_with_the_session(BEGAN, [found("admitted")])) == [
        Issue(enrolments, "e1", Begin(), expects=tuple(enrolments.not_for(Begin)))
    ]


def test_enrolments_follow_the_days_of_their_session() -> None:
    later = SessionTimetableChanged(
        **{**BEGAN.model_dump(), "ends_on": date(2026, 6, 5)}, ends_on_before=ENDS, slots=(), days_off=()
    )
    days = Reschedule(starts_on=STARTS, ends_on=date(2026, 6, 5))
    for status in (*PENDING, "attending"):
        assert list(follow_the_session(later, [found(status)])) == [
            Issue(enrolments, "e1", days, expects=tuple(enrolments.not_for(Reschedule)))
        ]


def test_enrolments_end_with_their_session_and_with_their_trainee() -> None:
    expects = (ENROLMENT_HAS_BEGUN, *enrolments.not_for(Cancel))
    erased = PersonErased(person=TRAINEE, reason="request", effective_on=TODAY)
    for issues, reason in (
        (cancel_with_the_session(GIVEN_UP, [found("attending")]), "session_cancelled"),
        (cancel_what_the_session_did_not_take(IS_OVER, [found("waiting")]), "session_over"),
        (cancel_whom_nobody_knows(erased, [found("admitted")]), "person_erased"),
    ):
        cancel = Cancel.model_validate({"reason": reason})
        assert list(issues) == [Issue(enrolments, "e1", cancel, expects=expects)]


def test_whoever_is_certified_covers_the_need_also_after_its_horizon() -> None:
    said: dict[str, Any] = {"enrolment": OURS, "certified_on": CERTIFIED}
    (issue,) = cover_the_need(certified, OURS)
    expects = (*skill_needs.not_for(Cover), *skill_needs.not_for(CoverExpired))
    assert issue == Issue(skill_needs, NEED, Cover(**said), CoverExpired(**said), expects=expects, if_there=True)
    assert list(cover_the_need(certified.model_copy(update={"need": None}), OURS)) == []


def test_a_certification_that_is_undone_covers_nothing() -> None:
    (issue,) = uncover_the_need(UNDONE, OURS)
    expects = (*skill_needs.not_for(Uncover), *skill_needs.not_for(UncoverExpired))
    assert issue == Issue(
        skill_needs, NEED, Uncover(enrolment=OURS), UncoverExpired(enrolment=OURS), expects=expects, if_there=True
    )
    for changes in ({"need": None}, {"certified_on": None}):
        assert list(uncover_the_need(UNDONE.model_copy(update=changes), OURS)) == []


def test_a_hire_tells_the_enrolment_that_an_adviser_named() -> None:
    hire = Identity(HIRE)
    corrected: dict[str, Any] = {"reason": "wrong_outcome", "outcome_before": "ended", "sustained_on": None}
    told = Issue(enrolments, OURS, TellHired(hire=HIRE), if_there=True)
    for kind, more in ((HireConfirmed, {}), (HireRecorded, {}), (HireOutcomeCorrected, corrected)):
        event = kind(**{**HIRED, **more}, enrolment=OURS)
        assert list(tell_of_a_hire(event, hire)) == [told]
        assert list(tell_of_a_hire(event.model_copy(update={"enrolment": None}), hire)) == []


def test_a_hire_that_is_none_any_more_is_taken_back() -> None:
    ended = HireEnded(**HIRED, ended_on=TODAY, reason="resigned", enrolment=OURS)
    gone = HireCancelled(**HIRED, reason="did_not_start", enrolment=OURS)
    for event, reason in ((ended, "hire_ended"), (gone, "hire_cancelled")):
        untell = TellNotHired.model_validate({"hire": HIRE, "reason": reason})
        assert list(tell_of_no_hire(event, Identity(HIRE), [found("certified", hires=(HIRE,))])) == [
            Issue(enrolments, "e1", untell)
        ]


def test_that_a_hire_came_of_another_enrolment_is_told_both() -> None:
    said: dict[str, Any] = {**HIRED, "enrolment_before": OTHER, "enrolment": OURS, "reason": "typing_error"}
    said |= {"sustained_on": None, "ended_on": None}
    undo = Issue(enrolments, OTHER, TellNotHired(hire=HIRE, reason="other_enrolment"), if_there=True)
    tell = Issue(enrolments, OURS, TellHired(hire=HIRE), if_there=True)
    for changes, issues in (
        ({}, [undo, tell]),
        ({"enrolment_before": None}, [tell]),
        ({"enrolment": None}, [undo]),
        ({"ended_on": TODAY + timedelta(days=9)}, [undo]),
    ):
        event = HireEnrolmentCorrected(**{**said, **changes})
        assert list(tell_of_another_enrolment(event, Identity(HIRE))) == issues


def test_what_is_found_is_found_by_the_event_and_its_stream() -> None:
    erased = PersonErased(person=TRAINEE, reason="request", effective_on=TODAY)
    ended = HireEnded(**HIRED, ended_on=TODAY, reason="resigned", enrolment=OURS)
    events: tuple[Event, ...] = (dropped, began, BEGAN, IS_OVER, GIVEN_UP, erased, ended)
    filters = {
        reaction.name: reaction.filters(event, OURS)
        for reaction in reactions.all
        for event in events
        if reaction.finds is enrolments and type(event) in reaction.events
    }
    assert filters == {
        "give-the-seat": {"session": SESSION, "status": "waiting"},
        "begin-with-the-session": {"session": OURS, "status": "admitted"},
        "cancel-with-the-session": {"session": OURS, "status": (*PENDING, "attending")},
        "cancel-what-the-session-did-not-take": {"session": OURS, "status": PENDING},
        "cancel-whom-nobody-knows": {"trainee": TRAINEE, "status": PENDING},
        "tell-of-no-hire": {"hires": OURS},
    }
