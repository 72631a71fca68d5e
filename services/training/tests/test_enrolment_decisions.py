"""What becomes of an enrolment: applied for, admitted or waiting, attended, completed, certified, and followed up."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from trainees import (
    BODY,
    COURSE,
    ENDS,
    HIRE,
    NEED,
    OF_COURSE,
    OTHER,
    PATH,
    SESSION,
    STARTS,
    TRAINEE,
    session,
    trainee,
)

from contracts import Event
from contracts.model import PARIS
from contracts.training.enrolment import (
    EnrolmentAdmitted,
    EnrolmentAnswerDue,
    EnrolmentApplied,
    EnrolmentBegan,
    EnrolmentCancelled,
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentCompleted,
    EnrolmentDropped,
    EnrolmentFollowedUp,
    EnrolmentFollowUpCorrected,
    EnrolmentHireUndone,
    EnrolmentHoursCorrected,
    EnrolmentHoursRecorded,
    EnrolmentLedToHire,
    EnrolmentNotCertified,
    EnrolmentOutcomeCorrected,
    EnrolmentPathNamed,
    EnrolmentPathUnnamed,
    EnrolmentQueued,
    EnrolmentRefused,
    EnrolmentRescheduled,
)
from contracts.values import MOST_SEATS
from eventstore.decider import PLATFORM, Actor, By, Claim, Command, Due, Keep
from eventstore.specification import Specification
from training.enrolment import (
    ENROLLED_ALREADY,
    OVER,
    PENDING,
    SEATED,
    Admit,
    Apply,
    Begin,
    Cancel,
    Certify,
    Complete,
    CorrectFollowUp,
    CorrectHours,
    CorrectOutcome,
    Drop,
    Enrolment,
    FollowUp,
    MoveUp,
    NamePath,
    Queue,
    RecordHours,
    RecordNotCertified,
    Refuse,
    Remind,
    Reschedule,
    TellHired,
    TellNotHired,
    UndoCertification,
    UnnamePath,
    enrolments,
)
from training.session import MOST_WAITING, NO_SEAT_LEFT, SEAT_WAITED_FOR

TODAY = date(2027, 1, 11)
given = Specification(enrolments, today=TODAY)

FACTS: dict[str, Any] = {
    **OF_COURSE,
    "session": SESSION,
    "starts_on": STARTS,
    "ends_on": ENDS,
    "trainee": TRAINEE,
    "path": None,
}
APPLIED, ADMITTED = date(2026, 1, 19), date(2026, 1, 26)
SINCE = datetime(2026, 1, 26, 12, tzinfo=PARIS)
CERTIFIED, SIX_MONTHS = date(2026, 6, 12), date(2026, 11, 29)
TOLD = date(2026, 6, 15)

apply = Apply(session=SESSION, trainee=trainee(), on=APPLIED)
applied = EnrolmentApplied(**FACTS, effective_on=APPLIED)
queued = EnrolmentQueued(**FACTS, queued_at=SINCE, effective_on=ADMITTED)
admitted = EnrolmentAdmitted(**FACTS, queued_at=None, effective_on=ADMITTED)
moved_up = EnrolmentAdmitted(**FACTS, queued_at=SINCE, effective_on=date(2026, 2, 9))
refused = EnrolmentRefused(**FACTS, reason="prerequisites", effective_on=ADMITTED)
cancelled = EnrolmentCancelled(
    **FACTS, status_before="admitted", reason="trainee_withdrew", effective_on=date(2026, 2, 9)
)
began = EnrolmentBegan(**FACTS, effective_on=STARTS)
of_march = EnrolmentHoursRecorded(
    **FACTS,
    month="2026-03",
    attended_on=date(2026, 3, 31),
    attended=122.5,
    hours_attended=122.5,
    effective_on=date(2026, 4, 2),
)
completed = EnrolmentCompleted(**FACTS, ended_on=ENDS, effective_on=date(2026, 6, 1))
dropped = EnrolmentDropped(**FACTS, ended_on=date(2026, 4, 10), reason="found_job", effective_on=date(2026, 4, 13))
certified = EnrolmentCertified(**FACTS, ended_on=ENDS, certified_on=CERTIFIED, effective_on=TOLD)
not_certified = EnrolmentNotCertified(**FACTS, ended_on=ENDS, decided_on=CERTIFIED, effective_on=TOLD)
_FOLLOWED: dict[str, Any] = {**FACTS, "ended_on": ENDS, "six_months_on": SIX_MONTHS, "effective_on": date(2026, 12, 7)}
placed = EnrolmentFollowedUp(**_FOLLOWED, situation="employed", placed=True)
not_placed = EnrolmentFollowedUp(**_FOLLOWED, situation="in_training", placed=False)

PASTS: dict[str, tuple[Event, ...]] = {
    "applied": (applied,),
    "waiting": (applied, queued),
    "admitted": (applied, admitted),
    "attending": (applied, admitted, began),
    "completed": (applied, admitted, began, of_march, completed),
    "dropped": (applied, admitted, began, of_march, dropped),
    "certified": (applied, admitted, began, of_march, completed, certified),
    "not_certified": (applied, admitted, began, completed, not_certified),
    "placed_at_6_months": (applied, admitted, began, of_march, completed, certified, placed),
    "not_placed_at_6_months": (applied, admitted, began, completed, not_certified, not_placed),
    "refused": (applied, refused),
    "cancelled": (applied, admitted, cancelled),
}


def answer_due(awaits: str, day: date) -> EnrolmentAnswerDue:
    return EnrolmentAnswerDue.model_validate({**FACTS, "awaits": awaits, "effective_on": day})


def test_an_adviser_or_the_training_body_applies_for_somebody() -> None:
    for role in ("mission_locale", "france_travail", "afpa"):
        given().knowing(session("open")).by(role).when(apply).then(applied)
    given().knowing(session("open")).when(apply).then_state(status="applied", applied_on=APPLIED, certified_on=None)


def test_nothing_that_is_kept_tells_who_it_is() -> None:
    (event,) = given().knowing(session("open")).by("afpa").when(apply).events
    assert "Camille" not in event.model_dump_json()
    assert "1990" not in event.model_dump_json()


@pytest.mark.parametrize(
    ("role", "body", "of", "slug"),
    [
        ("mission_locale", None, BODY, None),
        ("mission_locale", BODY, BODY, None),
        ("mission_locale", BODY, None, "session-of-another-body"),
        ("training_body", BODY, BODY, None),
        ("training_body", BODY, None, "session-of-another-body"),
        ("afpa", None, None, None),
        ("afpa", None, BODY, "session-of-another-body"),
    ],
)
def test_a_training_body_applies_for_its_own_sessions(
    role: By, body: str | None, of: str | None, slug: str | None
) -> None:
    asked = given().knowing(session("open", body=of)).by(role).when(apply.model_copy(update={"body": body}))
    if slug:
        asked.rejected(slug)
    else:
        asked.then(applied.model_copy(update={"body": of}))


@pytest.mark.parametrize("status", ["planned", "completed", "postponed", "cancelled"])
def test_nobody_applies_for_or_is_given_a_seat_that_is_not_offered(status: str) -> None:
    given().knowing(session(status)).by("afpa").when(apply).rejected("session-not-offered")
    for command in (Admit(), Queue()):
        given(applied).knowing(session(status)).when(command).rejected("session-not-offered")
        given(applied).knowing(None).when(command).rejected("session-unknown")
    given(applied, queued).knowing(session(status)).when(MoveUp()).rejected("session-not-offered")
    given().knowing(None).by("afpa").when(apply).rejected("session-unknown")


@pytest.mark.parametrize("status", ["open", "confirmed", "running"])
def test_seats_are_given_until_the_session_is_over(status: str) -> None:
    given(applied).knowing(session(status)).when(Admit(on=ADMITTED)).then(admitted)


@pytest.mark.parametrize(
    ("born_on", "slug"),
    [(date(2010, 3, 2), None), (date(2010, 3, 3), "trainee-too-young"), (STARTS, "trainee-too-young")],
)
def test_a_trainee_is_sixteen_on_the_first_day(born_on: date, slug: str | None) -> None:
    asked = given().knowing(session("open")).by("afpa").when(apply.model_copy(update={"trainee": trainee(born_on)}))
    if slug:
        asked.rejected(slug)
    else:
        assert asked.refusal is None


def test_who_waits_moves_up_and_it_is_told_since_when_they_waited() -> None:
    on_the_day = Specification(enrolments, today=ADMITTED)
    on_the_day(applied).knowing(session("open")).when(Queue()).then(queued)
    given(applied, queued).knowing(session("open")).when(MoveUp(on=date(2026, 2, 9))).then(moved_up)
    given(applied, queued).knowing(session("open")).when(MoveUp()).then_state(status="admitted", queued_at=SINCE)


@pytest.mark.parametrize(
    ("past", "command", "event", "status"),
    [
        ("applied", Refuse(reason="prerequisites", on=ADMITTED), refused, "refused"),
        ("admitted", Cancel(reason="trainee_withdrew", on=date(2026, 2, 9)), cancelled, "cancelled"),
        ("attending", Complete(on=date(2026, 6, 1)), completed, "completed"),
        (
            "attending",
            Drop(ended_on=date(2026, 4, 10), reason="found_job", on=date(2026, 4, 13)),
            dropped,
            "dropped",
        ),
        ("completed", Certify(certified_on=CERTIFIED, on=TOLD), certified, "certified"),
        ("completed", RecordNotCertified(decided_on=CERTIFIED, on=TOLD), not_certified, "not_certified"),
        ("certified", FollowUp(situation="employed", on=date(2026, 12, 7)), placed, "placed_at_6_months"),
        (
            "not_certified",
            FollowUp(situation="in_training", on=date(2026, 12, 7)),
            not_placed,
            "not_placed_at_6_months",
        ),
    ],
)
def test_a_step_is_told_with_its_day(past: str, command: Command, event: Event, status: str) -> None:
    given(*PASTS[past]).when(command).then(event)
    given(*PASTS[past]).when(command).then_state(status=status, effective_on=event.effective_on)


def test_the_person_is_in_the_session_once_that_has_begun() -> None:
    given(*PASTS["admitted"]).knowing(session("running")).when(Begin(on=STARTS)).then(began)
    given(*PASTS["admitted"]).knowing(session("completed")).when(Begin(on=STARTS)).then(began)
    given(*PASTS["admitted"]).knowing(session("confirmed")).when(Begin()).rejected("session-not-running")
    given(*PASTS["admitted"]).knowing(None).when(Begin()).rejected("session-unknown")


@pytest.mark.parametrize("reason", ["session_cancelled", "session_over", "person_erased"])
@pytest.mark.parametrize("role", ["afpa", "training_body", "mission_locale", "france_travail"])
def test_some_reasons_are_for_the_platform_to_say(role: By, reason: Any) -> None:
    given(*PASTS["admitted"]).by(role).when(Cancel(reason=reason)).rejected("reason-of-another-role")
    given(*PASTS["admitted"]).by(PLATFORM).when(Cancel(reason=reason)).then_state(status="cancelled", reason=reason)


def test_who_is_in_the_session_drops_out_unless_it_was_a_mistake_or_the_session_is_broken_off() -> None:
    given(*PASTS["attending"]).when(Cancel(reason="found_job")).rejected("enrolment-has-begun")
    given(*PASTS["attending"]).when(Cancel(reason="entered_by_mistake")).then_state(status="cancelled")
    given(*PASTS["attending"], of_march).when(Cancel(reason="entered_by_mistake")).rejected("hours-stand")
    broken_off = given(*PASTS["attending"], of_march).by(PLATFORM).when(Cancel(reason="session_cancelled"))
    broken_off.then_state(status="cancelled", hours_attended=122.5)


def test_other_days_of_the_session_leave_whoever_is_enrolled_in_it() -> None:
    days: dict[str, Any] = {"starts_on": date(2026, 4, 6), "ends_on": date(2026, 7, 3)}
    told = EnrolmentRescheduled(
        **{**FACTS, **days}, starts_on_before=STARTS, ends_on_before=ENDS, effective_on=date(2026, 2, 20)
    )
    for status in ("applied", "waiting", "admitted"):
        given(*PASTS[status]).when(Reschedule(**days, on=date(2026, 2, 20))).then(told)
        given(*PASTS[status], told).when(Reschedule(**days)).then()
        given(*PASTS[status], told).when(Reschedule(**days, on=date(2026, 2, 20))).then()
    later = Reschedule(starts_on=STARTS, ends_on=date(2026, 6, 12))
    asked = answer_due("outcome", ENDS + timedelta(days=1))
    given(*PASTS["attending"], asked).when(later).then_state(awaits=None, ends_on=date(2026, 6, 12), status="attending")


def test_hours_are_recorded_month_by_month_in_any_order() -> None:
    record = RecordHours(month="2026-03", attended=122.5, on=date(2026, 4, 2))
    given(*PASTS["attending"]).when(record).then(of_march)
    of_may = EnrolmentHoursRecorded(
        **FACTS, month="2026-05", attended_on=ENDS, attended=98, hours_attended=98, effective_on=date(2026, 6, 1)
    )
    late = record.model_copy(update={"on": date(2026, 6, 2)})
    given(*PASTS["attending"], of_may).when(late).then_state(hours_attended=220.5, effective_on=STARTS)
    given(*PASTS["certified"]).when(RecordHours(month="2026-04", attended=7)).then_state(hours_attended=129.5)
    given(*PASTS["attending"], of_march).when(record).rejected("hours-recorded")


@pytest.mark.parametrize(
    ("month", "attended", "on", "slug"),
    [
        ("2026-02", 7, TODAY, "month-outside-session"),
        ("2026-06", 7, TODAY, "month-outside-session"),
        ("2026-05", 7, date(2026, 5, 28), "attendance-not-over"),
        ("2026-05", 7, ENDS, None),
        ("2026-03", 7, date(2026, 3, 30), "attendance-not-over"),
        ("2026-03", 300, TODAY, None),
        ("2026-03", 300.25, TODAY, "hours-beyond-days"),
        ("2026-05", 290.01, TODAY, "hours-beyond-days"),
    ],
)
def test_hours_are_those_of_the_sessions_days(month: str, attended: float, on: date, slug: str | None) -> None:
    asked = given(*PASTS["attending"]).when(RecordHours(month=month, attended=attended, on=on))
    if slug:
        asked.rejected(slug)
    else:
        asked.then_state(hours_attended=attended)


def test_no_more_hours_are_attended_than_the_course_has() -> None:
    past = (*PASTS["attending"], of_march)
    given(*past).when(RecordHours(month="2026-04", attended=297.5)).then_state(hours_attended=420)
    given(*past).when(RecordHours(month="2026-04", attended=297.51)).rejected("hours-beyond-course")
    given(*past).when(CorrectHours(month="2026-03", attended=300, reason="checked")).then_state(hours_attended=300)


def test_after_somebody_left_there_are_no_hours() -> None:
    given(*PASTS["dropped"]).when(RecordHours(month="2026-05", attended=7)).rejected("month-outside-session")
    told = EnrolmentHoursRecorded(
        **FACTS,
        month="2026-04",
        attended_on=date(2026, 4, 10),
        attended=49,
        hours_attended=171.5,
        effective_on=date(2026, 4, 20),
    )
    given(*PASTS["dropped"]).when(RecordHours(month="2026-04", attended=49, on=date(2026, 4, 20))).then(told)
    given(*PASTS["attending"], of_march).when(Drop(ended_on=STARTS - timedelta(days=1), reason="gave_up")).rejected(
        "ended-outside-session"
    )
    of_april = told.model_copy(update={"attended_on": date(2026, 4, 30)})
    leaves = Drop(ended_on=date(2026, 3, 20), reason="gave_up")
    given(*PASTS["attending"], of_march, of_april).when(leaves).rejected("hours-after-end")


def test_hours_are_corrected_and_say_what_they_were() -> None:
    corrected = EnrolmentHoursCorrected(
        **FACTS,
        month="2026-03",
        attended_on=date(2026, 3, 31),
        attended_before=122.5,
        attended=119,
        hours_attended=119,
        reason="checked",
        effective_on=TODAY,
    )
    correct = CorrectHours(month="2026-03", attended=119, reason="checked")
    given(*PASTS["completed"]).when(correct).then(corrected)
    given(*PASTS["completed"], corrected).when(correct).then()
    given(*PASTS["attending"]).when(correct).rejected("hours-not-recorded")


@pytest.mark.parametrize(
    ("ended_on", "on", "slug"),
    [
        (None, ENDS, None),
        (None, ENDS - timedelta(days=1), "ended-outside-session"),
        (date(2026, 5, 22), date(2026, 5, 22), None),
        (date(2026, 5, 22), date(2026, 5, 21), "ended-outside-session"),
        (ENDS + timedelta(days=1), TODAY, "ended-outside-session"),
        (STARTS - timedelta(days=1), TODAY, "ended-outside-session"),
    ],
)
def test_the_last_day_is_one_of_the_session(ended_on: date | None, on: date, slug: str | None) -> None:
    asked = given(*PASTS["attending"]).when(Complete(ended_on=ended_on, on=on))
    if slug:
        asked.rejected(slug)
    else:
        asked.then_state(status="completed", ended_on=ended_on or ENDS)


@pytest.mark.parametrize("past", ["completed", "dropped"])
def test_an_outcome_is_opened_again(past: str) -> None:
    before = enrolments.fold(PASTS[past])
    assert before
    told = EnrolmentOutcomeCorrected.model_validate(
        {
            **FACTS,
            "ended_on": before.ended_on,
            "outcome_before": past,
            "reason": "wrong_outcome",
            "effective_on": TODAY,
        }
    )
    correct = CorrectOutcome(reason="wrong_outcome")
    given(*PASTS[past]).when(correct).then(told)
    given(*PASTS[past]).when(correct).then_state(status="attending", ended_on=None, reason=None)


@pytest.mark.parametrize(
    ("day", "on", "slug"),
    [
        (STARTS, TODAY, None),
        (STARTS - timedelta(days=1), TODAY, "decided-outside"),
        (ENDS + timedelta(days=365), date(2027, 12, 31), None),
        (ENDS + timedelta(days=366), date(2027, 12, 31), "decided-outside"),
        (TODAY, TODAY - timedelta(days=1), "decided-outside"),
    ],
)
def test_a_jury_decides_within_a_year(day: date, on: date, slug: str | None) -> None:
    then = Specification(enrolments, today=max(on, TODAY))
    for command in (Certify(certified_on=day, on=on), RecordNotCertified(decided_on=day, on=on)):
        asked = then(*PASTS["completed"]).when(command)
        if slug:
            asked.rejected(slug)
        else:
            assert asked.refusal is None


@pytest.mark.parametrize(("past", "certified_on"), [("certified", CERTIFIED), ("not_certified", None)])
def test_a_certification_is_undone_and_says_whether_it_had_counted(past: str, certified_on: date | None) -> None:
    told = EnrolmentCertificationUndone.model_validate(
        {
            **FACTS,
            "ended_on": ENDS,
            "outcome_before": past,
            "certified_on": certified_on,
            "reason": "appeal",
            "effective_on": TODAY,
        }
    )
    given(*PASTS[past]).when(UndoCertification(reason="appeal")).then(told)
    given(*PASTS[past]).when(UndoCertification(reason="appeal")).then_state(
        status="completed", certified_on=None, decided_on=None
    )


def test_somebody_is_asked_how_it_came_out() -> None:
    for past, awaits, day in (
        ("attending", "outcome", date(2026, 5, 30)),
        ("completed", "certification", date(2026, 7, 29)),
        ("certified", "placement", SIX_MONTHS),
        ("not_certified", "placement", SIX_MONTHS),
    ):
        given(*PASTS[past]).is_due(Due(day, Remind()))
        asked = answer_due(awaits, day)
        given(*PASTS[past]).when(Remind(on=day)).then(asked)
        given(*PASTS[past], asked).is_due()
    for past in ("applied", "waiting", "admitted", "dropped", "placed_at_6_months", "refused", "cancelled"):
        given(*PASTS[past]).is_due()


def test_what_is_told_late_is_of_its_own_day_and_is_asked_for_no_more() -> None:
    asked = (*PASTS["attending"], answer_due("outcome", date(2026, 5, 30)))
    given(*asked).when(Complete(on=ENDS)).then_state(awaits=None, effective_on=ENDS)
    given(*asked).when(Drop(ended_on=ENDS, reason="gave_up", on=ENDS)).then_state(awaits=None)
    given(*asked).when(Cancel(reason="entered_by_mistake")).then_state(awaits=None)
    certification = (*PASTS["completed"], answer_due("certification", date(2026, 7, 29)))
    given(*certification).when(Certify(certified_on=CERTIFIED, on=TOLD)).then_state(awaits=None)
    given(*certification).when(RecordNotCertified(decided_on=CERTIFIED)).then_state(awaits=None)
    placement = (*PASTS["certified"], answer_due("placement", SIX_MONTHS))
    given(*placement).when(FollowUp(situation="employed")).then_state(awaits=None)
    given(*placement).when(UndoCertification(reason="appeal")).then_state(awaits=None)


@pytest.mark.parametrize(
    ("situation", "is_placed"),
    [("employed", True), ("self_employed", True), ("in_training", False), ("without_work", False), ("unknown", False)],
)
def test_what_the_person_does_six_months_later_is_work_or_not(situation: Any, is_placed: bool) -> None:
    follow_up = FollowUp(situation=situation)
    status = "placed_at_6_months" if is_placed else "not_placed_at_6_months"
    given(*PASTS["certified"]).when(follow_up).then_state(status=status, situation=situation, placed=is_placed)


def test_six_months_are_over_before_somebody_tells_of_them() -> None:
    early = FollowUp(situation="employed", on=SIX_MONTHS - timedelta(days=1))
    given(*PASTS["certified"]).when(early).rejected("six-months-not-over")
    given(*PASTS["certified"]).when(early.model_copy(update={"on": SIX_MONTHS})).then_state(six_months_on=SIX_MONTHS)


@pytest.mark.parametrize(
    ("past", "status"), [("placed_at_6_months", "certified"), ("not_placed_at_6_months", "not_certified")]
)
def test_what_was_said_of_six_months_is_opened_again(past: str, status: str) -> None:
    told = placed if past == "placed_at_6_months" else not_placed
    corrected = EnrolmentFollowUpCorrected(
        **{**_FOLLOWED, "effective_on": TODAY},
        situation_before=told.situation,
        placed_before=told.placed,
        reason="wrong_outcome",
    )
    correct = CorrectFollowUp(reason="wrong_outcome")
    given(*PASTS[past]).when(correct).then(corrected)
    given(*PASTS[past]).when(correct).then_state(status=status, situation=None, six_months_on=None)
    given(*PASTS[past], corrected).is_due(Due(SIX_MONTHS, Remind()))


def test_an_adviser_names_the_path_and_takes_it_back() -> None:
    with_path = apply.model_copy(update={"path": PATH})
    told = applied.model_copy(update={"path": PATH})
    given().knowing(session("open")).by("mission_locale").when(with_path).then(told)
    given().knowing(session("open")).by("afpa").when(with_path).rejected("path-is-for-advisers")
    for past, certified_on in (("applied", None), ("certified", CERTIFIED)):
        facts = {**FACTS, "path": PATH, "certified_on": certified_on, "effective_on": TODAY}
        named = EnrolmentPathNamed.model_validate(facts)
        given(*PASTS[past]).when(NamePath(path=PATH)).then(named)
        given(*PASTS[past], named).when(NamePath(path=PATH)).then()
        given(*PASTS[past], named).when(NamePath(path=OTHER)).rejected("path-named-already")
        unnamed = EnrolmentPathUnnamed.model_validate({**facts, "path": None, "path_before": PATH})
        given(*PASTS[past], named).when(UnnamePath()).then(unnamed)
        given(*PASTS[past], named, unnamed).when(UnnamePath()).then()
        given(*PASTS[past], named, unnamed).when(NamePath(path=OTHER)).then_state(path=OTHER)


@pytest.mark.parametrize("past", PASTS)
def test_a_hire_that_came_of_it_is_told_and_undone(past: str) -> None:
    told = EnrolmentLedToHire(**FACTS, hire=HIRE, effective_on=date(2026, 7, 1))
    undone = EnrolmentHireUndone(**FACTS, hire=HIRE, reason="hire_ended", effective_on=TODAY)
    hired, not_hired = TellHired(hire=HIRE, on=date(2026, 7, 1)), TellNotHired(hire=HIRE, reason="hire_ended")
    given(*PASTS[past]).when(hired).then(told)
    given(*PASTS[past]).when(hired).then_state(hires=(HIRE,), status=past)
    given(*PASTS[past], told).when(hired).then()
    given(*PASTS[past], told).when(TellHired(hire=OTHER)).then_state(hires=(HIRE, OTHER))
    given(*PASTS[past]).when(not_hired).then()
    given(*PASTS[past], told).when(not_hired).then(undone)
    given(*PASTS[past], told).when(not_hired).then_state(hires=(), status=past)


BEGUN = tuple(status for status in PASTS if status not in (*PENDING, *OVER))
ALLOWED: list[tuple[Command, tuple[str, ...]]] = [
    (Admit(), ("applied",)),
    (Queue(), ("applied",)),
    (MoveUp(), ("waiting",)),
    (Refuse(reason="other"), ("applied", "waiting")),
    (Cancel(reason="entered_by_mistake"), (*PENDING, "attending")),
    (Reschedule(starts_on=STARTS, ends_on=ENDS), (*PENDING, "attending")),
    (Begin(), ("admitted",)),
    (RecordHours(month="2026-04", attended=1), BEGUN),
    (CorrectHours(month="2026-03", attended=1, reason="other"), BEGUN),
    (Complete(), ("attending",)),
    (Drop(ended_on=STARTS, reason="did_not_come"), ("attending",)),
    (CorrectOutcome(reason="other"), ("completed", "dropped")),
    (Remind(), ("attending", "completed", "certified", "not_certified")),
    (Certify(certified_on=CERTIFIED), ("completed",)),
    (RecordNotCertified(decided_on=CERTIFIED), ("completed",)),
    (UndoCertification(reason="other"), ("certified", "not_certified")),
    (FollowUp(situation="unknown"), ("certified", "not_certified")),
    (CorrectFollowUp(reason="other"), ("placed_at_6_months", "not_placed_at_6_months")),
    (NamePath(path=PATH), (*PENDING, *BEGUN)),
    (UnnamePath(), (*PENDING, *BEGUN)),
    (TellHired(hire=HIRE), tuple(PASTS)),
    (TellNotHired(hire=HIRE, reason="hire_ended"), tuple(PASTS)),
]


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_a_decision_is_for_some_statuses(command: Command, allowed: tuple[str, ...], status: str) -> None:
    decision = enrolments.decision(type(command))
    there = session("running") if decision.looks_up else None
    asked = given(*PASTS[status]).knowing(*[there] * len(decision.looks_up)).when(command)
    if status not in allowed:
        asked.rejected(enrolments.wrong_status(decision, status).slug)
    elif isinstance(command, CorrectHours) and not any(event is of_march for event in PASTS[status]):
        asked.rejected("hours-not-recorded")
    else:
        assert asked.refusal is None


def test_every_decision_on_an_enrolment_was_walked() -> None:
    assert {type(command) for command, _ in ALLOWED} | {Apply} == enrolments.decisions.keys()


def test_who_decides_what() -> None:
    state = enrolments.fold(PASTS["attending"])
    assert isinstance(state, Enrolment)
    theirs = state.model_copy(update={"body": BODY})
    body = ["cancel", "record-hours", "complete", "drop"]
    afpa = Actor("a", frozenset({"afpa"}))
    centre = Actor("b", frozenset({"training_body"}), {"training_body": BODY})
    assert enrolments.allowed(state, afpa) == enrolments.allowed(theirs, centre) == body
    assert enrolments.allowed(theirs, afpa) == enrolments.allowed(state, centre) == []
    for adviser in ("mission_locale", "france_travail"):
        advised = enrolments.allowed(state, Actor("c", frozenset({adviser})))
        assert advised == ["cancel", "name-path"]
    assert enrolments.allowed(state, Actor("d", frozenset({"network", "steering", "town_hall"}))) == []
    for command in (MoveUp, Reschedule, Remind, TellHired, TellNotHired):
        assert enrolments.decision(command).by == (PLATFORM,)


@pytest.mark.parametrize("status", PASTS)
def test_what_it_holds(status: str) -> None:
    once = Claim(ENROLLED_ALREADY, f"{SESSION}/{TRAINEE}")
    seat = Claim(NO_SEAT_LEFT, SESSION, limit=MOST_SEATS)
    asked = Claim(SEAT_WAITED_FOR, SESSION, limit=MOST_SEATS)
    waits = Claim(SEAT_WAITED_FOR, SESSION, limit=MOST_SEATS + MOST_WAITING)
    expected: tuple[Claim, ...] = (once, seat, asked)
    match status:
        case "refused" | "cancelled":
            expected = ()
        case "applied" | "dropped":
            expected = (once,)
        case "waiting":
            expected = (once, waits)
        case _:
            assert status in SEATED
    given(*PASTS[status]).holds(*expected)
    given(applied, queued, moved_up).holds(once, seat, waits)


def test_a_person_is_known_for_two_years_after_the_session_or_the_latest_step() -> None:
    for past, until in (
        ("applied", date(2028, 5, 29)),
        ("attending", date(2028, 5, 29)),
        ("dropped", date(2028, 5, 29)),
        ("completed", date(2028, 6, 1)),
        ("placed_at_6_months", date(2028, 12, 7)),
        ("refused", date(2028, 1, 26)),
        ("cancelled", date(2028, 2, 9)),
    ):
        given(*PASTS[past]).keeps(Keep(TRAINEE, until))


def test_each_event_says_what_it_counts_for() -> None:
    for past in PASTS.values():
        for event in past:
            told = event.model_dump()
            assert (told["course"], told["need"], told["certification"]) == (COURSE, NEED, "RNCP35094")
