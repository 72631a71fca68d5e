"""What becomes of a placement: asked for, agreed, done, assessed; what ends it, whom it keeps, and what follows."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from pupils import (
    COMPANY,
    GONE,
    GUARDIAN,
    MEMBER,
    MONDAY,
    NEIGHBOUR,
    OFFER,
    OFFER_ID,
    OTHER_PUPIL,
    OTHER_SCHOOL,
    OTHER_TUTOR,
    PLACE,
    PLACEMENTS,
    PUPIL,
    SCHOOL,
    SUSPENDED,
    TODAY,
    TUTOR,
    WEEK,
    guardian,
    offer,
    pupil,
    tutor,
)

from contracts import Event
from contracts.erasure import PersonErased
from contracts.values import MOST_PLACES
from contracts.youth_events.offer import Grade, OfferClosed, OfferPlacesCounted, OfferWithdrawn
from contracts.youth_events.placement import (
    AgeBand,
    PlacementAgreementDrawnUp,
    PlacementAgreementSigned,
    PlacementApproved,
    PlacementAssessed,
    PlacementCancellation,
    PlacementCancelled,
    PlacementCompleted,
    PlacementExpired,
    PlacementRejected,
    PlacementStarted,
    PlacementSubmitted,
    PlacementTransferred,
    PlacementTutorChanged,
    PlacementValidated,
)
from eventstore.decider import PLATFORM, Actor, By, Claim, Command, Due, Keep
from eventstore.reactions import Found, Identity
from eventstore.specification import Given, Specification
from youth_events.offer import NO_PLACE_LEFT, CountPlace, CountPlaceOfEnded, offers
from youth_events.placement import (
    ALREADY_ASKED,
    PENDING,
    PUPIL_PLACED,
    Approve,
    Assess,
    Cancel,
    ChangeTutor,
    Complete,
    DrawUpAgreement,
    Expire,
    Placement,
    RecordGuardianSignature,
    Reject,
    SignForCompany,
    SignForSchool,
    Start,
    Submit,
    Transfer,
    Validate,
    placements,
)
from youth_events.reactions import (
    cancel_rivals,
    cancel_what_nobody_can_come_to,
    cancel_what_was_asked_for,
    count_places,
    reactions,
)

given = Specification(placements, today=TODAY)
in_the_week = Specification(placements, today=MONDAY)

FACTS: dict[str, Any] = {
    **PLACE,
    "company": COMPANY,
    "offer": OFFER_ID,
    "school": SCHOOL,
    "week": WEEK,
    "grade": "3e",
    "age_band": "under_15",
    "pupil": PUPIL,
}
HOURS: dict[str, Any] = {
    "weekdays": ("monday", "tuesday", "thursday", "friday"),
    "arrives": "09:00",
    "leaves": "16:30",
    "break_minutes": 60,
}
submit = Submit(offer=OFFER_ID, company=COMPANY, school=SCHOOL, pupil=pupil())
submitted = PlacementSubmitted(**FACTS, expires_on=date(2026, 1, 20), effective_on=TODAY)
transferred = PlacementTransferred(**FACTS, expires_on=MONDAY, effective_on=TODAY)
validated = PlacementValidated(**FACTS, tutor=TUTOR, expires_on=MONDAY, effective_on=TODAY)
approved = PlacementApproved(**FACTS, effective_on=TODAY)
drawn_up = PlacementAgreementDrawnUp(
    **FACTS, **HOURS, daily_minutes=6 * 60 + 30, weekly_minutes=26 * 60, effective_on=TODAY
)


def signed(party: Any, *, complete: bool = False) -> PlacementAgreementSigned:
    by = GUARDIAN if party == "guardian" else None
    return PlacementAgreementSigned(
        **FACTS, party=party, guardian=by, complete=complete, approved_on=TODAY, effective_on=TODAY
    )


AGREED = (submitted, validated, approved, drawn_up)
SIGNED = (*AGREED, signed("company"), signed("school"), signed("guardian", complete=True))
started = PlacementStarted(**FACTS, effective_on=MONDAY)
completed = PlacementCompleted(**FACTS, effective_on=MONDAY)
assessed = PlacementAssessed(**FACTS, attendance="partial", hosts_again=True, effective_on=MONDAY)
rejected = PlacementRejected(**FACTS, reason="no_capacity", effective_on=TODAY)
expired = PlacementExpired(**FACTS, status_before="submitted", effective_on=date(2026, 1, 20))
cancelled = PlacementCancelled(**FACTS, reason="pupil_withdrew", approved_on=None, effective_on=TODAY)
given_up = cancelled.model_copy(update={"approved_on": TODAY})

PASTS: dict[str, tuple[Event, ...]] = {
    "submitted": (submitted,),
    "transferred": (submitted, transferred),
    "employer_validated": (submitted, validated),
    "approved": AGREED,
    "agreement_signed": SIGNED,
    "started": (*SIGNED, started),
    "completed": (*SIGNED, started, completed),
    "assessed": (*SIGNED, started, completed, assessed),
    "rejected": (submitted, rejected),
    "expired": (submitted, expired),
    "cancelled": (submitted, cancelled),
}


def of_age(band: AgeBand, *events: Event) -> Given[Placement]:
    """A placement of a pupil of another age."""
    return given(*(event.model_copy(update={"age_band": band}) for event in events))


# Asking


def test_a_school_asks_for_a_place_for_a_pupil_and_nothing_is_held_yet() -> None:
    given().knowing(MEMBER, offer()).when(submit).then(submitted)
    given(submitted).holds(Claim(ALREADY_ASKED, f"{OFFER_ID}/{PUPIL}"))
    given(submitted).is_due(Due(date(2026, 1, 20), Expire()))


FILLED = OfferPlacesCounted(
    **OFFER, placement=PLACEMENTS[1], is_taken=True, taken_before=1, taken=2, status="full", effective_on=TODAY
)
CLOSED = OfferClosed(**OFFER, reason="enough_requests", taken=0, effective_on=TODAY)
WITHDRAWN = OfferWithdrawn(**OFFER, reason="no_tutor", taken=0, effective_on=TODAY)


@pytest.mark.parametrize(
    ("member", "asked_for", "changes", "slug"),
    [
        (MEMBER, None, {}, "offer-unknown"),
        (MEMBER, offer(company=NEIGHBOUR), {}, "offer-unknown"),
        (None, offer(), {}, "host-not-a-member"),
        (SUSPENDED, offer(), {}, "host-not-a-member"),
        (GONE, offer(), {}, "host-not-a-member"),
        (MEMBER, offer(FILLED), {}, "offer-takes-no-requests"),
        (MEMBER, offer(CLOSED), {}, "offer-takes-no-requests"),
        (MEMBER, offer(WITHDRAWN), {}, "offer-takes-no-requests"),
        (MEMBER, offer(schools=(OTHER_SCHOOL,)), {}, "offer-of-other-schools"),
        (MEMBER, offer(week="2026-W02"), {}, "week-has-begun"),
        (MEMBER, offer(), {"pupil": pupil(date(2014, 2, 3))}, "pupil-too-young"),
        (MEMBER, offer(), {"pupil": pupil(date(2026, 12, 31))}, "pupil-too-young"),
    ],
)
def test_what_cannot_be_asked_for_has_a_reason_of_its_own(
    member: Any, asked_for: Any, changes: dict[str, Any], slug: str
) -> None:
    given().knowing(member, asked_for).when(submit.model_copy(update=changes)).rejected(slug)


def test_a_school_that_is_named_may_ask() -> None:
    named = offer(schools=(OTHER_SCHOOL, SCHOOL))
    given().knowing(MEMBER, named).when(submit).then(submitted)


@pytest.mark.parametrize(
    ("born_on", "band"),
    [
        (date(2014, 2, 2), "under_15"),  # twelve on that Monday
        (date(2011, 2, 3), "under_15"),  # fifteen on the Tuesday
        (date(2011, 2, 2), "15"),
        (date(2010, 2, 3), "15"),
        (date(2010, 2, 2), "16_or_17"),
        (date(2008, 2, 3), "16_or_17"),
        (date(2008, 2, 2), "adult"),
        (date(2008, 2, 29), "16_or_17"),
    ],
)
def test_a_pupil_is_as_old_as_on_the_monday_and_no_birthday_is_kept(born_on: date, band: str) -> None:
    asked = given().knowing(MEMBER, offer()).when(submit.model_copy(update={"pupil": pupil(born_on)}))
    asked.then(submitted.model_copy(update={"age_band": band}))


@pytest.mark.parametrize(("grade", "born"), [("4e", 2015), ("3e", 2014), ("2de", 2013), ("1re", 2012), ("tle", 2011)])
def test_each_grade_has_an_age_that_nobody_in_it_is_below(grade: Grade, born: int) -> None:
    of_grade = given().knowing(MEMBER, offer(grade=grade))
    asked = submit.model_copy(update={"pupil": pupil(date(born, 2, 2))})
    of_grade.when(asked).then_state(grade=grade, status="submitted")
    too_young = submit.model_copy(update={"pupil": pupil(date(born, 2, 3))})
    of_grade.when(too_young).rejected("pupil-too-young")


# Answering in time


def test_a_company_has_fifteen_days_thirty_once_it_passed_the_request_on_but_none_of_the_week() -> None:
    far = offer(week="2026-W20", closes_on=date(2026, 5, 11))
    asked = given().knowing(MEMBER, far).when(submit)
    asked.then_state(expires_on=TODAY + timedelta(days=15))
    passed_on = given(submitted.model_copy(update={"week": "2026-W20"})).when(Transfer())
    passed_on.then_state(status="transferred", expires_on=TODAY + timedelta(days=30))
    given(submitted).when(Transfer()).then(transferred)
    near = Specification(placements, today=date(2026, 1, 28))
    near().knowing(MEMBER, offer()).when(submit).then_state(expires_on=MONDAY)


def test_what_is_entered_late_does_not_expire_between_two_entries() -> None:
    late = Specification(placements, today=date(2026, 6, 1))
    asked = late().knowing(MEMBER, offer()).when(submit.model_copy(update={"on": TODAY}))
    asked.then_state(submitted_on=TODAY, expires_on=date(2026, 6, 16))
    late(submitted).when(Transfer(on=TODAY)).then_state(expires_on=date(2026, 7, 1))
    agreed = late(submitted).knowing(MEMBER, offer()).when(Validate(tutor=tutor(), on=TODAY))
    agreed.then_state(expires_on=date(2026, 6, 16))


@pytest.mark.parametrize("status", PENDING)
def test_what_nobody_answers_expires_and_says_whose_answer_was_missing(status: str) -> None:
    past = given(*PASTS[status])
    assert past.state
    assert past.state.expires_on
    past.is_due(Due(past.state.expires_on, Expire()))
    day = past.state.expires_on
    told = expired.model_copy(update={"status_before": status, "effective_on": day})
    Specification(placements, today=day)(*PASTS[status]).when(Expire(on=day)).then(told)
    given(*PASTS[status], told).is_due()
    given(*PASTS[status], told).holds()


# Agreeing


def test_the_company_validates_with_a_tutor_and_the_school_approves() -> None:
    given(submitted).knowing(MEMBER, offer()).when(Validate(tutor=tutor())).then(validated)
    given(submitted, transferred).knowing(MEMBER, offer()).when(Validate(tutor=tutor())).then_state(
        status="employer_validated", tutor=TUTOR, validated_on=TODAY, expires_on=MONDAY
    )
    given(submitted, validated).knowing(MEMBER, offer(CLOSED)).when(Approve()).then(approved)
    given(submitted, validated, approved).is_due()


def test_once_approved_the_pupil_has_the_place_and_the_week() -> None:
    holds = (
        Claim(ALREADY_ASKED, f"{OFFER_ID}/{PUPIL}"),
        Claim(PUPIL_PLACED, f"{PUPIL}/{WEEK}"),
        Claim(NO_PLACE_LEFT, OFFER_ID, limit=MOST_PLACES),
    )
    for status in ("approved", "agreement_signed", "started", "completed", "assessed"):
        given(*PASTS[status]).holds(*holds)
    for status in PENDING:
        given(*PASTS[status]).holds(holds[0])
    for status in ("rejected", "expired", "cancelled"):
        given(*PASTS[status]).holds()
    given(*AGREED, given_up).holds()


@pytest.mark.parametrize(
    ("member", "asked_for", "slug"),
    [
        (None, offer(), "host-not-a-member"),
        (SUSPENDED, offer(), "host-not-a-member"),
        (GONE, offer(), "host-not-a-member"),
        (MEMBER, offer(WITHDRAWN), "offer-takes-no-requests"),
    ],
)
def test_who_cannot_host_any_more_agrees_to_nothing_new(member: Any, asked_for: Any, slug: str) -> None:
    given(submitted).knowing(member, asked_for).when(Validate(tutor=tutor())).rejected(slug)
    given(submitted, validated).knowing(member, asked_for).when(Approve()).rejected(slug)


def test_another_tutor_takes_over_and_the_former_is_needed_no_longer() -> None:
    changed = PlacementTutorChanged(**FACTS, tutor_before=TUTOR, tutor=OTHER_TUTOR, effective_on=TODAY)
    given(*AGREED).when(ChangeTutor(tutor=tutor(OTHER_TUTOR))).then(changed)
    until = date(2027, 8, 31)
    given(*AGREED, changed).keeps(Keep(PUPIL, until), Keep(OTHER_TUTOR, until))


# The agreement


def test_the_agreement_states_the_hours() -> None:
    given(submitted, validated, approved).when(DrawUpAgreement(**HOURS)).then(drawn_up)
    given(*AGREED).when(DrawUpAgreement(**HOURS)).then()


ALL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.mark.parametrize(
    ("band", "changes", "slug"),
    [
        ("under_15", {"leaves": "17:00"}, None),
        ("under_15", {"leaves": "17:01"}, "day-too-long"),
        ("15", {"leaves": "17:01"}, "day-too-long"),
        ("16_or_17", {"leaves": "18:00"}, None),
        ("16_or_17", {"leaves": "18:01"}, "day-too-long"),
        ("adult", {"leaves": "18:01"}, "day-too-long"),
        ("under_15", {"weekdays": ALL_DAYS, "leaves": "16:00"}, None),
        ("under_15", {"weekdays": ALL_DAYS, "leaves": "16:01"}, "week-too-long"),
        ("15", {"weekdays": ALL_DAYS, "leaves": "17:00"}, None),
        ("16_or_17", {"weekdays": ALL_DAYS, "leaves": "17:01"}, "week-too-long"),
        ("under_15", {"leaves": "13:30", "break_minutes": 0}, None),
        ("under_15", {"leaves": "13:31", "break_minutes": 0}, "break-too-short"),
        ("adult", {"leaves": "14:00", "break_minutes": 29}, "break-too-short"),
        ("adult", {"leaves": "14:01", "break_minutes": 30}, None),
        ("under_15", {"leaves": "19:00", "break_minutes": 180}, None),
        ("under_15", {"leaves": "19:01", "break_minutes": 181}, "rest-too-short"),
        ("16_or_17", {"leaves": "19:01", "break_minutes": 181}, None),
        ("16_or_17", {"leaves": "21:01", "break_minutes": 240}, "day-too-long"),
        ("under_15", {"arrives": "13:00", "leaves": "20:00"}, None),
        ("under_15", {"arrives": "13:00", "leaves": "20:01"}, "hours-at-night"),
        ("under_15", {"arrives": "05:59", "leaves": "12:00"}, "hours-at-night"),
        ("16_or_17", {"arrives": "13:00", "leaves": "22:00"}, None),
        ("16_or_17", {"arrives": "13:00", "leaves": "22:01"}, "hours-at-night"),
        ("adult", {"arrives": "05:59", "leaves": "12:00"}, "hours-at-night"),
        ("adult", {"leaves": "10:00"}, "hours-reversed"),
        ("adult", {"leaves": "08:00"}, "hours-reversed"),
        ("adult", {"weekdays": ("monday", "friday", "monday")}, "weekday-twice"),
    ],
)
def test_hours_are_those_that_the_law_allows_at_the_age(
    band: AgeBand, changes: dict[str, Any], slug: str | None
) -> None:
    decided = of_age(band, submitted, validated, approved).when(DrawUpAgreement(**{**HOURS, **changes}))
    assert (decided.refusal and decided.refusal.slug) == slug


@pytest.mark.parametrize(("band", "source"), [("15", "ministère de l'Éducation nationale"), ("adult", "art. L3162-1")])
def test_who_says_so_is_named(band: AgeBand, source: str) -> None:
    too_long = DrawUpAgreement(**{**HOURS, "leaves": "18:01"})
    refusal = of_age(band, submitted, validated, approved).when(too_long).refusal
    assert refusal
    assert source in refusal.told("en")
    assert source in refusal.told("fr")


def test_a_minor_has_an_agreement_once_school_company_and_guardian_have_signed() -> None:
    given(*AGREED).when(SignForCompany()).then(signed("company"))
    given(*AGREED, signed("company")).when(SignForSchool()).then(signed("school"))
    both = given(*AGREED, signed("company"), signed("school"))
    both.when(RecordGuardianSignature(guardian=guardian())).then(signed("guardian", complete=True))
    both.when(RecordGuardianSignature(guardian=guardian())).then_state(
        status="agreement_signed",
        guardian=GUARDIAN,
        school_signed_on=TODAY,
        company_signed_on=TODAY,
        guardian_signed_on=TODAY,
    )


def test_signatures_come_in_any_order_and_each_counts_once() -> None:
    first = given(*AGREED, signed("guardian"))
    first.when(SignForSchool()).then(signed("school"))
    first.when(RecordGuardianSignature(guardian=guardian())).then()
    last = given(*AGREED, signed("guardian"), signed("school"))
    last.when(SignForSchool()).then()
    last.when(SignForCompany()).then(signed("company", complete=True))


def test_who_is_of_age_needs_no_guardian() -> None:
    adult = of_age("adult", *AGREED)
    adult.when(RecordGuardianSignature(guardian=guardian())).rejected("guardian-not-needed")
    of_age("adult", *AGREED, signed("company")).when(SignForSchool()).then_state(
        status="agreement_signed", guardian=None
    )


@pytest.mark.parametrize(
    "command",
    [SignForSchool(), SignForCompany(), RecordGuardianSignature(guardian=guardian())],
    ids=lambda each: type(each).__name__,
)
def test_what_is_not_drawn_up_is_not_signed(command: Command) -> None:
    given(submitted, validated, approved).when(command).rejected("agreement-not-drawn-up")


def test_other_hours_make_the_signatures_void() -> None:
    other = DrawUpAgreement(**{**HOURS, "leaves": "16:00"})
    given(*SIGNED).when(other).then_state(
        status="approved",
        leaves="16:00",
        daily_minutes=360,
        weekly_minutes=1440,
        school_signed_on=None,
        company_signed_on=None,
        guardian_signed_on=None,
        guardian=None,
    )
    given(*SIGNED).when(DrawUpAgreement(**HOURS)).then()


# The week


def test_the_pupil_comes_in_the_week_and_the_company_tells_how_it_went() -> None:
    in_the_week(*SIGNED).when(Start()).then(started)
    in_the_week(*SIGNED, started).when(Complete()).then(completed)
    in_the_week(*SIGNED, started, completed).when(Assess(attendance="partial", hosts_again=True)).then(assessed)
    in_the_week(*SIGNED, started, completed).when(Assess(attendance="none", hosts_again=False)).then_state(
        status="assessed", attendance="none", hosts_again=False, assessed_on=MONDAY
    )


@pytest.mark.parametrize(("day", "slug"), [(-1, "outside-the-week"), (0, None), (6, None), (7, "outside-the-week")])
def test_nobody_comes_in_another_week(day: int, slug: str | None) -> None:
    later = Specification(placements, today=MONDAY + timedelta(days=30))
    decided = later(*SIGNED).when(Start(on=MONDAY + timedelta(days=day)))
    assert (decided.refusal and decided.refusal.slug) == slug


# Ending


@pytest.mark.parametrize("status", PENDING)
def test_what_is_not_approved_yet_is_rejected(status: str) -> None:
    given(*PASTS[status]).when(Reject(reason="no_capacity")).then(rejected)
    given(*PASTS[status]).when(Reject(reason="no_capacity")).then_state(
        status="rejected", ended_on=TODAY, reason="no_capacity", expires_on=None
    )


def test_what_is_cancelled_says_whether_it_was_approved() -> None:
    given(submitted).by("school").when(Cancel(reason="pupil_withdrew")).then(cancelled)
    given(*AGREED).by("school").when(Cancel(reason="pupil_withdrew")).then(given_up)
    in_the_week(*SIGNED, started).by("company").when(Cancel(reason="activity_stopped")).then(
        given_up.model_copy(update={"reason": "activity_stopped", "effective_on": MONDAY})
    )


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("school", "no_tutor"),
        ("school", "another_approved"),
        ("company", "pupil_withdrew"),
        ("company", "offer_withdrawn"),
        (PLATFORM, "other"),
    ],
)
def test_each_says_reasons_of_its_own(role: By, reason: PlacementCancellation) -> None:
    given(submitted).by(role).when(Cancel(reason=reason)).rejected("reason-of-another-role")


# Whom it keeps


def test_persons_are_kept_until_a_year_after_the_school_year_and_no_longer_than_needed() -> None:
    year_after = date(2027, 8, 31)
    given(submitted).keeps(Keep(PUPIL, year_after))
    given(*SIGNED).keeps(Keep(PUPIL, year_after), Keep(TUTOR, year_after), Keep(GUARDIAN, year_after))
    given(*PASTS["assessed"]).keeps(Keep(PUPIL, year_after), Keep(TUTOR, year_after), Keep(GUARDIAN, year_after))
    given(submitted, rejected).keeps(Keep(PUPIL, date(2026, 8, 31)))
    given(submitted, expired).keeps(Keep(PUPIL, date(2026, 8, 31)))
    given(*AGREED, given_up).keeps(Keep(PUPIL, date(2026, 8, 31)), Keep(TUTOR, date(2026, 8, 31)))
    autumn = submitted.model_copy(update={"week": "2026-W40"})
    given(autumn).keeps(Keep(PUPIL, date(2028, 8, 31)))


def test_one_person_in_two_parts_is_kept_once() -> None:
    given(submitted, validated.model_copy(update={"tutor": PUPIL})).keeps(Keep(PUPIL, date(2027, 8, 31)))


# Anything else

ALLOWED: dict[type[Command], set[str]] = {
    Transfer: {"submitted"},
    Validate: {"submitted", "transferred"},
    Approve: {"employer_validated"},
    ChangeTutor: {"employer_validated", "approved", "agreement_signed", "started"},
    DrawUpAgreement: {"approved", "agreement_signed"},
    SignForSchool: {"approved"},
    SignForCompany: {"approved"},
    RecordGuardianSignature: {"approved"},
    Start: {"agreement_signed"},
    Complete: {"started"},
    Assess: {"completed"},
    Reject: {*PENDING},
    Cancel: {*PENDING, "approved", "agreement_signed", "started"},
    Expire: {*PENDING},
}
COMMANDS: list[tuple[Command, str]] = [
    (Transfer(), "placement-not-submitted"),
    (Validate(tutor=tutor()), "placement-not-submitted"),
    (Approve(), "placement-not-employer-validated"),
    (ChangeTutor(tutor=tutor(OTHER_TUTOR)), "placement-not-employer-validated"),
    (DrawUpAgreement(**HOURS), "placement-not-approved"),
    (SignForSchool(), "placement-not-approved"),
    (SignForCompany(), "placement-not-approved"),
    (RecordGuardianSignature(guardian=guardian()), "placement-not-approved"),
    (Start(), "placement-not-agreement-signed"),
    (Complete(), "placement-not-started"),
    (Assess(attendance="full", hosts_again=True), "placement-not-completed"),
    (Reject(reason="other"), "placement-not-submitted"),
    (Cancel(reason="other"), "placement-{status}"),
    (Expire(), "placement-not-submitted"),
]


@pytest.mark.parametrize("status", get_args(Placement.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    known = {"company": MEMBER, "offer": offer()}
    looked_up = [known[lookup.key] for lookup in placements.decision(type(command)).looks_up]
    outcome = in_the_week(*PASTS[status]).knowing(*looked_up).by("school").when(command)
    if status in ALLOWED[type(command)]:
        assert outcome.refusal is None
    else:
        outcome.rejected(slug.format(status=status))


def test_every_command_and_event_is_handled() -> None:
    placements.check()
    assert {command for command, decision in placements.decisions.items() if not decision.creates} == ALLOWED.keys()


# Who may


def test_the_school_asks_and_approves_the_company_validates_and_both_record() -> None:
    school = Actor("lycee", frozenset({"school"}), {"school": SCHOOL})
    company = Actor("foundry", frozenset({"company"}), {"company": COMPANY})

    def allowed(actor: Actor, status: str) -> list[str]:
        state = given(*PASTS[status]).state
        assert state is not None
        return placements.allowed(state, actor)

    assert allowed(school, "submitted") == ["reject", "cancel"]
    assert allowed(company, "submitted") == ["transfer", "validate", "reject", "cancel"]
    assert allowed(school, "employer_validated") == ["approve", "reject", "cancel"]
    assert allowed(company, "employer_validated") == ["change-tutor", "reject", "cancel"]
    assert "sign-for-school" not in allowed(company, "approved")
    assert "sign-for-company" not in allowed(school, "approved")
    assert allowed(school, "agreement_signed") == ["draw-up-agreement", "start", "cancel"]
    assert allowed(company, "completed") == ["assess"]
    assert allowed(school, "completed") == []
    for stranger in (
        Actor("college", frozenset({"school"}), {"school": OTHER_SCHOOL}),
        Actor("mill", frozenset({"company"}), {"company": NEIGHBOUR}),
        Actor("network", frozenset({"network", "town_hall", "ops"})),
    ):
        assert [allowed(stranger, status) for status in PASTS] == [[] for _ in PASTS]
    assert placements.decision(Expire).by == (PLATFORM,)


# What follows


def found(name: str, *events: Event) -> Found[Placement]:
    state = given(*events).state
    assert state is not None
    return Found(name, state)


def test_a_place_is_counted_once_it_is_approved_and_taken_back_if_that_is_given_up() -> None:
    placement = Identity(PLACEMENTS[0])
    (taken,) = count_places(approved, placement)
    assert (taken.decider, taken.identity) == (offers, OFFER_ID)
    told: dict[str, Any] = {"placement": PLACEMENTS[0], "is_taken": True}
    assert taken.commands == (CountPlace(**told), CountPlaceOfEnded(**told))
    (freed,) = count_places(given_up, placement)
    told = {"placement": PLACEMENTS[0], "is_taken": False}
    assert freed.commands == (CountPlace(**told), CountPlaceOfEnded(**told))
    assert [*count_places(cancelled, placement)] == []
    assert not taken.expected


def test_who_has_a_place_for_a_week_gives_up_what_else_was_asked_for() -> None:
    rivals = [found("one", submitted), found("two", submitted, validated)]
    issues = [*cancel_rivals(approved, rivals)]
    assert [issue.identity for issue in issues] == ["one", "two"]
    assert all(issue.commands == (Cancel(reason="another_approved"),) for issue in issues)
    given(submitted).by(PLATFORM).when(Cancel(reason="another_approved")).then_state(reason="another_approved")
    # Whoever ended it meanwhile was faster.
    assert issues[0].expected == {
        f"placement-{status}" for status in ("completed", "assessed", "rejected", "expired")
    } | {"placement-cancelled"}


def test_nobody_waits_for_a_pupil_who_was_erased() -> None:
    erased = PersonErased(person=submitted.pupil, reason="request", effective_on=submitted.effective_on)
    (reaction,) = [each for each in reactions.all if each.function is cancel_what_nobody_can_come_to]
    assert reaction.filters(erased, Identity(submitted.pupil))["pupil"] == submitted.pupil
    (issue,) = cancel_what_nobody_can_come_to(erased, [found("one", submitted, validated)])
    assert issue.commands == (Cancel(reason="person_erased"),)
    given(submitted, validated).by(PLATFORM).when(Cancel(reason="person_erased")).then_state(status="cancelled")


def test_an_offer_that_is_withdrawn_cancels_what_is_not_approved() -> None:
    other = submitted.model_copy(update={"pupil": OTHER_PUPIL})
    issues = [*cancel_what_was_asked_for(WITHDRAWN, [found("one", submitted), found("two", other)])]
    assert [issue.identity for issue in issues] == ["one", "two"]
    assert all(issue.commands == (Cancel(reason="offer_withdrawn"),) for issue in issues)
