"""What becomes of an immersion: prepared, signed by link, edited, accepted, done, assessed; what the law refuses, who
is reminded, whom it keeps, and what follows."""

from datetime import date, datetime, time, timedelta
from typing import Any, get_args

import pytest
from beneficiaries import (
    ACCEPTED,
    ADVISER,
    AFTER,
    ASSESSED,
    BEGINS,
    BENEFICIARY,
    CANCELLED,
    COMPLETED,
    COUNTED,
    DOCUMENT,
    ENDS,
    EXPIRES,
    FACTS,
    GUARDIAN,
    HOURS,
    MINOR,
    OTHER_DOCUMENT,
    PASTS,
    PREPARE,
    PREPARE_MINOR,
    PREPARED,
    PREPARED_MINOR,
    REJECTED,
    REPRESENTATIVE,
    SIGNED,
    SOMEBODY,
    STARTED,
    TERMS,
    TUTOR,
    WHO,
    WHO_OF_A_MINOR,
    beneficiary,
    guardian,
    links,
    signed,
    tutor,
)
from pupils import COMPANY, GONE, LEFT, MEMBER, NEIGHBOUR, SUSPENDED, TODAY

from contracts.erasure import PersonErased
from contracts.model import PARIS
from contracts.youth_events.immersion import (
    ImmersionAmended,
    ImmersionCancellation,
    ImmersionLinkRenewed,
    ImmersionLinkRevoked,
    ImmersionReminded,
    Signatory,
)
from eventstore.decider import PLATFORM, Actor, By, Claim, Command, Due, Keep
from eventstore.reactions import Found, Identity
from eventstore.refusal import NOT_YOUR_OWN, Forbidden
from eventstore.specification import Specification
from youth_events.immersion import (
    BEFORE_IT_BEGINS,
    IN_ANOTHER_IMMERSION,
    MOST_LINKS,
    SIGNING,
    UNDECIDED,
    Accept,
    Amend,
    Assess,
    Cancel,
    Complete,
    Immersion,
    Reject,
    Remind,
    RenewLink,
    RevokeLink,
    Sign,
    Start,
    immersions,
)
from youth_events.reactions import cancel_immersions, cancel_what_nobody_can_be_in, reactions

given = Specification(immersions, today=TODAY)
afterwards = Specification(immersions, today=AFTER)


def on(day: date) -> Specification[Immersion]:
    return Specification(immersions, today=day)


def sign(signatory: Signatory, *, link: int | None = None, document: str = DOCUMENT, minor: bool = False) -> Sign:
    number = link or 1 + (WHO_OF_A_MINOR if minor else WHO).index(signatory)
    return Sign(signatory=signatory, link=number, document=document)


# Preparing


def test_an_agency_prepares_an_immersion_and_all_who_must_sign_have_a_link() -> None:
    given().knowing(MEMBER).when(PREPARE).then(PREPARED)
    given().knowing(MEMBER).when(PREPARE_MINOR).then(PREPARED_MINOR)
    given(PREPARED).holds()


@pytest.mark.parametrize(("member", "status"), [(None, "unknown"), (SUSPENDED, "suspended"), (GONE, "left")])
def test_only_active_members_take_anybody_in(member: Any, status: str) -> None:
    decided = given().knowing(member).when(PREPARE)
    decided.rejected("host-not-a-member")
    assert decided.refusal
    assert decided.refusal.parameters["status"] == status
    given(*SIGNED).knowing(member).when(Accept()).rejected("host-not-a-member")


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"begins_on": TODAY}, None),
        ({"begins_on": TODAY - timedelta(days=1)}, "immersion-has-begun"),
        ({"begins_on": TODAY + timedelta(days=366), "ends_on": TODAY + timedelta(days=370)}, None),
        ({"begins_on": TODAY + timedelta(days=367), "ends_on": TODAY + timedelta(days=370)}, "immersion-too-far"),
        ({"ends_on": BEGINS}, None),
        ({"ends_on": BEGINS - timedelta(days=1)}, "ends-before-it-begins"),
        ({"ends_on": BEGINS + timedelta(days=29)}, None),
        ({"ends_on": BEGINS + timedelta(days=30)}, "immersion-too-long"),
        ({"weekdays": ("saturday",), "ends_on": BEGINS + timedelta(days=4)}, "no-day-of-presence"),
        ({"guardian": guardian()}, "guardian-of-an-adult"),
        ({"weekdays": ("monday", "monday")}, "weekday-twice"),
        ({"tutor": tutor(family_name="EXEMPLE", given_name="camille")}, "tutor-is-beneficiary"),
        ({"tutor": tutor(email="Camille@example.org")}, "tutor-is-beneficiary"),
        ({"tutor": tutor(BENEFICIARY)}, "tutor-is-beneficiary"),
        ({"tutor": tutor(given_name="Camille", family_name="Modèle")}, None),
    ],
)
def test_what_cannot_be_agreed_has_a_reason_of_its_own(changes: dict[str, Any], slug: str | None) -> None:
    if changes.get("begins_on") == TODAY:
        changes = {**changes, "ends_on": TODAY + timedelta(days=4)}
    decided = given().knowing(MEMBER).when(PREPARE.model_copy(update=changes))
    assert (decided.refusal and decided.refusal.slug) == slug
    edited = given(PREPARED).when(Amend(**{**TERMS, **changes}))
    assert (edited.refusal and edited.refusal.slug) == slug


@pytest.mark.parametrize(
    ("born_on", "with_guardian", "slug", "band"),
    [
        (date(2010, 2, 3), True, "immersion-under-age", None),
        (date(2010, 2, 2), True, None, "16_or_17"),
        (date(2010, 2, 2), False, "guardian-missing", None),
        (date(2008, 2, 3), False, "guardian-missing", None),
        (date(2008, 2, 3), True, None, "16_or_17"),
        (date(2008, 2, 2), True, "guardian-of-an-adult", None),
        (date(2008, 2, 2), False, None, "adult"),
    ],
)
def test_the_age_is_that_of_the_first_day_and_no_birthday_is_kept(
    born_on: date, with_guardian: bool, slug: str | None, band: str | None
) -> None:
    told = {"beneficiary": beneficiary(born_on), "guardian": guardian() if with_guardian else None}
    decided = given().knowing(MEMBER).when(PREPARE.model_copy(update=told))
    if slug:
        decided.rejected(slug)
    else:
        decided.then_state(age_band=band, guardian=GUARDIAN if with_guardian else None)


def test_the_law_is_named_where_it_refuses() -> None:
    young = PREPARE_MINOR.model_copy(update={"beneficiary": beneficiary(date(2012, 1, 1))})
    for command, law in (
        (young, "art. L4153-1"),
        (PREPARE.model_copy(update={"ends_on": BEGINS + timedelta(days=60)}), "art. D5135-3"),
        (PREPARE_MINOR.model_copy(update={"weekdays": ("sunday",)}), "art. L3164-2"),
        (PREPARE_MINOR.model_copy(update={"leaves": "18:01"}), "art. L3162-1"),
        (PREPARE.model_copy(update={"leaves": "20:01"}), "art. L3121-18"),
    ):
        refusal = given().knowing(MEMBER).when(command).refusal
        assert refusal
        assert law in refusal.told("en")
        assert law in refusal.told("fr")


ALL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.mark.parametrize(
    ("minor", "changes", "slug"),
    [
        (False, {"leaves": "20:00"}, "immersion-hours-beyond-the-law"),
        (False, {"leaves": "20:00", "weekdays": ALL_DAYS[:4]}, None),
        (False, {"leaves": "20:01", "weekdays": ALL_DAYS[:4]}, "day-too-long"),
        (False, {"weekdays": ALL_DAYS[:6], "leaves": "18:00"}, None),
        (False, {"weekdays": ALL_DAYS[:6], "leaves": "18:01"}, "immersion-hours-beyond-the-law"),
        (False, {"weekdays": ALL_DAYS}, "seven-days-a-week"),
        (False, {"weekdays": ALL_DAYS[1:]}, None),
        (False, {"leaves": "15:00", "break_minutes": 0}, None),
        (False, {"leaves": "15:20", "break_minutes": 19}, "break-too-short"),
        (False, {"leaves": "15:21", "break_minutes": 20}, None),
        (False, {"arrives": "08:00", "leaves": "21:00", "break_minutes": 240}, None),
        (False, {"arrives": "08:00", "leaves": "21:01", "break_minutes": 240}, "rest-too-short"),
        (False, {"arrives": "00:00", "leaves": "07:00", "break_minutes": 30}, None),
        (False, {"leaves": "09:30"}, "hours-reversed"),
        (True, {}, None),
        (True, {"leaves": "17:01"}, "immersion-hours-beyond-the-law"),
        (True, {"leaves": "18:00", "weekdays": ALL_DAYS[:4]}, None),
        (True, {"leaves": "18:01", "weekdays": ALL_DAYS[:4]}, "day-too-long"),
        (True, {"leaves": "13:31", "break_minutes": 0}, "break-too-short"),
        (True, {"leaves": "21:01", "break_minutes": 240, "weekdays": ("monday",)}, "day-too-long"),
        (True, {"arrives": "08:00", "leaves": "20:00", "break_minutes": 240, "weekdays": ("monday",)}, None),
        (True, {"arrives": "05:59", "leaves": "12:00"}, "hours-at-night"),
        (True, {"arrives": "15:00", "leaves": "22:01"}, "hours-at-night"),
        (True, {"weekdays": ALL_DAYS[1:6]}, None),
        (True, {"weekdays": ALL_DAYS[:6], "leaves": "15:00"}, "weekly-rest-missing"),
        (True, {"weekdays": ("saturday", "monday")}, "weekly-rest-missing"),
        (True, {"weekdays": ("sunday",)}, "weekly-rest-missing"),
    ],
)
def test_hours_are_those_that_the_law_allows_at_the_age(minor: bool, changes: dict[str, Any], slug: str | None) -> None:
    command = (PREPARE_MINOR if minor else PREPARE).model_copy(update=changes)
    decided = given().knowing(MEMBER).when(command)
    assert (decided.refusal and decided.refusal.slug) == slug


@pytest.mark.parametrize(
    ("weekdays", "ends_on", "days"),
    [(("monday",), ENDS, 2), (("friday", "saturday"), ENDS, 3), (ALL_DAYS[:6], BEGINS + timedelta(days=29), 26)],
)
def test_days_of_presence_are_counted(weekdays: tuple[str, ...], ends_on: date, days: int) -> None:
    command = PREPARE.model_copy(update={"weekdays": weekdays, "ends_on": ends_on})
    given().knowing(MEMBER).when(command).then_state(presence_days=days, weekly_minutes=420 * len(weekdays))


def test_links_are_good_for_two_weeks_but_not_once_the_immersion_has_begun() -> None:
    late = on(date(2026, 1, 28))
    late().knowing(MEMBER).when(PREPARE).then_state(
        links=links(made_on=date(2026, 1, 28), valid_until=BEGINS), effective_on=date(2026, 1, 28)
    )
    # Nobody signs for days that have passed, so it is not entered late either.
    entered = PREPARE.model_copy(update={"on": TODAY})
    afterwards().knowing(MEMBER).when(entered).rejected("immersion-has-begun")


# Signing


def test_each_signs_once_and_all_sign_the_same() -> None:
    given(PREPARED).when(sign("company")).then(signed("company"))
    given(PREPARED).when(sign("company")).then_state(status="partially_signed", document=DOCUMENT, signed_on=None)
    given(PREPARED, signed("company")).when(sign("beneficiary")).then(signed("beneficiary"))
    two = given(PREPARED, signed("company"), signed("beneficiary"))
    two.when(sign("agency")).then(signed("agency", complete=True))
    two.when(sign("agency")).then_state(
        status="in_review", signed_on=TODAY, links=links(signed_on=TODAY), document=DOCUMENT
    )


def test_a_guardian_signs_for_a_minor() -> None:
    three = given(
        PREPARED_MINOR,
        signed("agency", minor=True),
        signed("company", minor=True),
        signed("beneficiary", minor=True),
    )
    three.when(sign("guardian", minor=True)).then(signed("guardian", minor=True, complete=True))
    given(PREPARED).when(sign("guardian", link=2)).rejected("signature-link-revoked")


def test_a_link_is_good_for_one_signature_until_a_day_and_for_what_others_have_signed() -> None:
    one = given(PREPARED, signed("company"))
    one.when(sign("company")).rejected("signature-link-used")
    for status in ("in_review", "accepted", "started", "completed", "assessed"):
        afterwards(*PASTS[status]).when(sign("company")).rejected("signature-link-used")
    for status in ("rejected", "cancelled"):
        given(*PASTS[status]).when(sign("company")).rejected("immersion-not-ready-to-sign")
    one.when(sign("agency", document=OTHER_DOCUMENT)).rejected("agreement-changed")
    one.when(sign("agency", link=7)).rejected("signature-link-revoked")
    one.when(sign("agency", link=1)).rejected("signature-link-revoked")
    on(EXPIRES)(PREPARED).when(sign("company")).then(signed("company", on=EXPIRES))
    on(EXPIRES + timedelta(days=1))(PREPARED).when(sign("company")).rejected("signature-link-expired")


def renewed(signatory: Signatory, number: int, day: date = TODAY) -> ImmersionLinkRenewed:
    until = min(day + timedelta(days=14), BEGINS)
    return ImmersionLinkRenewed(
        **FACTS, signatory=signatory, link=number, made_on=day, valid_until=until, effective_on=day
    )


def revoked(signatory: Signatory, number: int) -> ImmersionLinkRevoked:
    return ImmersionLinkRevoked(**FACTS, signatory=signatory, link=number, effective_on=TODAY)


def test_a_new_link_takes_the_place_of_the_one_before() -> None:
    day = EXPIRES + timedelta(days=5)
    on(day)(PREPARED).when(RenewLink(signatory="agency")).then(renewed("agency", 4, day))
    again = on(day)(PREPARED, renewed("agency", 4, day))
    again.when(sign("agency")).rejected("signature-link-revoked")
    again.when(sign("agency", link=4)).then_state(status="partially_signed")
    again.when(RenewLink(signatory="agency")).then(renewed("agency", 5, day))
    again.when(sign("company")).rejected("signature-link-expired")
    given(PREPARED, signed("company")).when(RenewLink(signatory="company")).rejected("already-signed")
    given(PREPARED).when(RenewLink(signatory="guardian")).rejected("guardian-of-an-adult")
    on(BEGINS)(PREPARED).when(RenewLink(signatory="company")).then_state(status="ready_to_sign")
    on(BEGINS + timedelta(days=1))(PREPARED).when(RenewLink(signatory="company")).rejected("immersion-has-begun")


def test_a_link_that_is_revoked_is_good_for_nothing() -> None:
    given(PREPARED).when(RevokeLink(signatory="agency")).then(revoked("agency", 3))
    without = given(PREPARED, revoked("agency", 3))
    without.when(RevokeLink(signatory="agency")).then()
    without.when(sign("agency")).rejected("signature-link-revoked")
    without.when(RenewLink(signatory="agency")).then(renewed("agency", 4))
    given(PREPARED, signed("company")).when(RevokeLink(signatory="company")).rejected("already-signed")
    given(PREPARED).when(RevokeLink(signatory="guardian")).rejected("guardian-of-an-adult")


def test_links_are_bounded() -> None:
    many = PREPARED.model_copy(update={"links": links(first=MOST_LINKS - 3)})
    given(many).when(RenewLink(signatory="agency")).then_state(terms=1)
    given(many).when(Amend(**TERMS)).rejected("too-many-links")
    last = PREPARED.model_copy(update={"links": links(first=MOST_LINKS - 2)})
    given(last).when(RenewLink(signatory="agency")).rejected("too-many-links")


# An edit


def amended(voided: tuple[Signatory, ...] = (), **changes: Any) -> ImmersionAmended:
    told = {
        **FACTS,
        **HOURS,
        **COUNTED,
        "terms": 2,
        "links": links(first=4),
        "signed_on_before": None,
        "effective_on": TODAY,
        **changes,
    }
    return ImmersionAmended(**told, voided=voided)


def test_an_edit_makes_signatures_void_and_says_whose() -> None:
    shorter = Amend(**{**TERMS, "leaves": "16:00"})
    told: dict[str, Any] = {"leaves": "16:00", "daily_minutes": 360, "weekly_minutes": 1800}
    given(PREPARED).when(shorter).then(amended(**told))
    given(PREPARED, signed("company")).when(shorter).then(amended(("company",), **told))
    given(*SIGNED).when(shorter).then(amended(WHO, **told, signed_on_before=TODAY))
    given(*SIGNED, ACCEPTED).when(shorter).then_state(
        status="ready_to_sign",
        leaves="16:00",
        document=None,
        signed_on=None,
        accepted_on=None,
        terms=2,
        links=links(first=4),
    )
    after = given(*SIGNED, amended(WHO, **told, signed_on_before=TODAY))
    after.holds()
    after.when(sign("company")).rejected("signature-link-revoked")
    after.when(sign("company", link=5, document=OTHER_DOCUMENT)).then_state(
        status="partially_signed", document=OTHER_DOCUMENT
    )


def test_the_same_terms_told_anew_are_an_edit_too_for_an_address_may_be_another() -> None:
    given(PREPARED, signed("company")).when(Amend(**TERMS)).then(amended(("company",)))


def test_an_edit_may_make_a_minor_of_age_but_nobody_else_of_the_beneficiary() -> None:
    later = Amend(**{**TERMS, "begins_on": date(2026, 3, 2), "ends_on": date(2026, 3, 13)})
    adult = later.model_copy(update={"beneficiary": beneficiary(date(2008, 3, 1))})
    minor = PREPARED_MINOR
    given(minor).when(adult).then_state(age_band="adult", guardian=None, links=links(first=5), terms=2)
    given(minor).when(adult.model_copy(update={"guardian": guardian()})).rejected("guardian-of-an-adult")
    other = Amend(**{**TERMS, **MINOR, "beneficiary": beneficiary(subject=SOMEBODY)})
    given(minor).when(other).rejected("another-beneficiary")


# Reminders


def reminded(*signatories: Signatory, day: date) -> ImmersionReminded:
    return ImmersionReminded(**FACTS, signatories=signatories, effective_on=day)


def test_who_has_not_signed_is_reminded_after_three_days_after_seven_and_before_the_last() -> None:
    days = [TODAY + timedelta(days=number) for number in (3, 7, 13)]
    past: list[Any] = [PREPARED]
    for number, day in enumerate(days):
        given(*past).is_due(Due(day, Remind()))
        told = reminded(*WHO[number:], day=day)
        on(day)(*past).when(Remind(on=day)).then(told)
        past += [told, signed(WHO[number], on=day)]
    past.pop()
    given(*past).is_due()


def test_nobody_is_reminded_of_a_link_that_is_no_good() -> None:
    only = given(PREPARED, revoked("company", 2), signed("beneficiary"))
    only.is_due(Due(TODAY + timedelta(days=3), Remind()))
    day = TODAY + timedelta(days=3)
    on(day)(PREPARED, revoked("company", 2), signed("beneficiary")).when(Remind(on=day)).then(
        reminded("agency", day=day)
    )
    for status in PASTS:
        if status not in SIGNING:
            given(*PASTS[status]).is_due()
    # A link that had expired by the latest step is the agency's to renew, and the new one is reminded of in its days.
    late = EXPIRES + timedelta(days=3)
    given(PREPARED, renewed("agency", 4, late)).is_due(Due(late + timedelta(days=3), Remind()))
    on(late)(PREPARED).when(Remind(on=late)).then()


def test_a_reminder_is_no_step_so_what_happened_before_it_can_still_be_entered() -> None:
    day = TODAY + timedelta(days=3)
    on(day)(PREPARED, reminded(*WHO, day=day)).when(
        Sign(signatory="company", link=2, document=DOCUMENT, on=TODAY)
    ).then(signed("company"))


def test_nobody_is_reminded_where_the_immersion_begins_at_once() -> None:
    soon = PREPARE.model_copy(update={"begins_on": TODAY, "ends_on": TODAY})
    decided = given().knowing(MEMBER).when(soon)
    given(*decided.events).is_due()


# Agreeing


def test_the_agency_accepts_what_all_have_signed_until_the_first_day() -> None:
    given(*SIGNED).knowing(MEMBER).when(Accept()).then(ACCEPTED)
    on(BEGINS)(*SIGNED).knowing(MEMBER).when(Accept()).then_state(status="accepted", accepted_on=BEGINS)
    on(BEGINS + timedelta(days=1))(*SIGNED).knowing(MEMBER).when(Accept()).rejected("immersion-has-begun")


def test_from_then_on_the_beneficiary_is_in_no_other_in_these_days() -> None:
    def until(day: date) -> Claim:
        during = tuple(datetime.combine(each, time(), PARIS) for each in (BEGINS, day + timedelta(days=1)))
        return Claim(IN_ANOTHER_IMMERSION, BENEFICIARY, during=(during[0], during[1]))

    for status in ("accepted", "started", "completed", "assessed"):
        given(*PASTS[status]).holds(until(ENDS))
    for status in ("ready_to_sign", "partially_signed", "in_review", "rejected", "cancelled"):
        given(*PASTS[status]).holds()
    given(*SIGNED, ACCEPTED, CANCELLED).holds()
    early = COMPLETED.model_copy(update={"effective_on": BEGINS})
    given(*PASTS["started"], early).holds(until(BEGINS))
    given(*PASTS["started"], COMPLETED.model_copy(update={"effective_on": AFTER})).holds(until(ENDS))


# The days


def test_the_beneficiary_comes_in_the_days_and_it_is_told_how_it_went() -> None:
    on(BEGINS)(*PASTS["accepted"]).when(Start()).then(STARTED)
    afterwards(*PASTS["started"]).when(Complete(on=ENDS)).then(COMPLETED)
    assess = Assess(outcome="completed", job_obtained=True, contract="fixed_term", on=ENDS)
    afterwards(*PASTS["completed"]).when(assess).then(ASSESSED)
    afterwards(*PASTS["completed"]).when(Assess(outcome="partial", job_obtained=False)).then_state(
        status="assessed", outcome="partial", job_obtained=False, contract=None, assessed_on=AFTER
    )


@pytest.mark.parametrize(
    ("day", "slug"), [(-1, "outside-the-period"), (0, None), (11, None), (12, "outside-the-period")]
)
def test_nobody_comes_on_other_days(day: int, slug: str | None) -> None:
    decided = on(AFTER)(*PASTS["accepted"]).when(Start(on=BEGINS + timedelta(days=day)))
    assert (decided.refusal and decided.refusal.slug) == slug


@pytest.mark.parametrize(
    ("told", "slug"),
    [
        ({"outcome": "completed", "job_obtained": True}, "contract-missing"),
        ({"outcome": "completed", "job_obtained": False, "contract": "permanent"}, "contract-without-job"),
        ({"outcome": "no_show", "job_obtained": True, "contract": "permanent"}, "job-of-a-no-show"),
    ],
)
def test_a_job_has_a_contract_and_somebody_who_came(told: dict[str, Any], slug: str) -> None:
    afterwards(*PASTS["completed"]).when(Assess(**told)).rejected(slug)


# Ending


def test_until_it_is_accepted_it_can_be_rejected() -> None:
    for status in UNDECIDED:
        given(*PASTS[status]).when(Reject(reason="no_capacity")).then(REJECTED)
        given(*PASTS[status]).when(Reject(reason="no_capacity")).then_state(
            status="rejected", ended_on=TODAY, reason="no_capacity"
        )


def test_until_it_is_over_it_can_be_given_up_and_says_how_far_it_was() -> None:
    for status in (*BEFORE_IT_BEGINS, "started"):
        told = CANCELLED.model_copy(update={"status_before": status, "effective_on": AFTER})
        afterwards(*PASTS[status]).by("mission_locale").when(Cancel(reason="beneficiary_withdrew")).then(told)


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("mission_locale", "no_tutor"),
        ("france_travail", "member_left"),
        ("company", "person_erased"),
        (PLATFORM, "other"),
        (PLATFORM, "found_work"),
    ],
)
def test_each_says_reasons_of_its_own(role: By, reason: ImmersionCancellation) -> None:
    given(PREPARED).by(role).when(Cancel(reason=reason)).rejected("reason-of-another-role")


# Whom it keeps


def test_persons_are_kept_until_a_year_after_the_school_year_and_no_longer_than_needed() -> None:
    year_after = date(2027, 8, 31)
    everybody = (BENEFICIARY, TUTOR, REPRESENTATIVE, ADVISER)
    for status in ("ready_to_sign", "in_review", "accepted", "assessed"):
        given(*PASTS[status]).keeps(*(Keep(each, year_after) for each in everybody))
    for status in ("rejected", "cancelled"):
        given(*PASTS[status]).keeps(*(Keep(each, date(2026, 8, 31)) for each in everybody))
    of_a_minor = (BENEFICIARY, GUARDIAN, TUTOR, REPRESENTATIVE, ADVISER)
    given(PREPARED_MINOR).keeps(*(Keep(each, year_after) for each in of_a_minor))
    autumn = PREPARED.model_copy(update={"begins_on": date(2026, 8, 24), "ends_on": date(2026, 9, 4)})
    given(autumn).keeps(*(Keep(each, date(2028, 8, 31)) for each in everybody))


def test_one_person_in_two_parts_is_kept_once() -> None:
    both = PREPARED.model_copy(update={"representative": TUTOR})
    given(both).keeps(*(Keep(each, date(2027, 8, 31)) for each in (BENEFICIARY, TUTOR, ADVISER)))


# Anything else

ALLOWED: dict[type[Command], set[str]] = {
    Amend: {*BEFORE_IT_BEGINS},
    RenewLink: {*SIGNING},
    RevokeLink: {*SIGNING},
    Remind: {*SIGNING},
    Sign: {*SIGNING},
    Accept: {"in_review"},
    Reject: {*UNDECIDED},
    Start: {"accepted"},
    Complete: {"started"},
    Assess: {"completed"},
    Cancel: {*BEFORE_IT_BEGINS, "started"},
}
COMMANDS: list[tuple[Command, str]] = [
    (Amend(**{**TERMS, "begins_on": ENDS}), "immersion-not-ready-to-sign"),
    (RenewLink(signatory="beneficiary"), "immersion-not-ready-to-sign"),
    (RevokeLink(signatory="beneficiary"), "immersion-not-ready-to-sign"),
    (Remind(), "immersion-not-ready-to-sign"),
    (Sign(signatory="agency", link=3, document=DOCUMENT), "signature-link-used"),
    (Accept(), "immersion-not-in-review"),
    (Reject(reason="other"), "immersion-not-ready-to-sign"),
    (Start(), "immersion-not-accepted"),
    (Complete(), "immersion-not-started"),
    (Assess(outcome="partial", job_obtained=False), "immersion-not-completed"),
    (Cancel(reason="other"), "immersion-{status}"),
]


@pytest.mark.parametrize("status", get_args(Immersion.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    looked_up = [MEMBER for _ in immersions.decision(type(command)).looks_up]
    day = TODAY if status in UNDECIDED else BEGINS if status == "accepted" else AFTER
    outcome = on(day)(*PASTS[status]).knowing(*looked_up).by("mission_locale").when(command)
    if status in ALLOWED[type(command)]:
        assert outcome.refusal is None
    elif isinstance(command, Sign) and status in ("rejected", "cancelled"):
        outcome.rejected("immersion-not-ready-to-sign")
    else:
        outcome.rejected(slug.format(status=status))


def test_every_command_and_event_is_handled() -> None:
    immersions.check()
    assert {command for command, decision in immersions.decisions.items() if not decision.creates} == ALLOWED.keys()


# Who may


def test_an_agency_acts_on_what_it_has_prescribed_the_company_on_its_own_and_nobody_else() -> None:
    ours = Actor("mission-locale", frozenset({"mission_locale"}))
    theirs = Actor("france-travail", frozenset({"france_travail"}))
    company = Actor("foundry", frozenset({"company"}), {"company": COMPANY})

    def allowed(actor: Actor, status: str) -> list[str]:
        state = given(*PASTS[status]).state
        assert state is not None
        return immersions.allowed(state, actor)

    assert allowed(ours, "ready_to_sign") == ["amend", "renew-link", "revoke-link", "reject", "cancel"]
    assert allowed(company, "ready_to_sign") == ["reject", "cancel"]
    assert allowed(ours, "in_review") == ["amend", "accept", "reject", "cancel"]
    assert allowed(ours, "accepted") == ["amend", "start", "cancel"]
    assert allowed(company, "accepted") == ["start", "cancel"]
    assert allowed(company, "completed") == allowed(ours, "completed") == ["assess"]
    for stranger in (
        theirs,
        Actor("mill", frozenset({"company"}), {"company": NEIGHBOUR}),
        Actor("network", frozenset({"network", "town_hall", "ops"})),
    ):
        assert [allowed(stranger, status) for status in PASTS] == [[] for _ in PASTS]
    prepare = immersions.decision(type(PREPARE))
    assert immersions.authorise(prepare, PREPARE, ours) == {"mission_locale"}
    with pytest.raises(Forbidden) as forbidden:
        immersions.authorise(prepare, PREPARE, theirs)
    assert (forbidden.value.refusal, forbidden.value.at) == (NOT_YOUR_OWN, "agency")
    assert immersions.decision(Sign).by == immersions.decision(Remind).by == (PLATFORM,)


# What follows


def found(name: str, *events: Any) -> Found[Immersion]:
    state = given(*events).state
    assert state is not None
    return Found(name, state)


def test_a_company_that_leaves_takes_nobody_in() -> None:
    (issue,) = cancel_immersions(LEFT, [found("one", PREPARED)])
    assert (issue.decider, issue.identity, issue.commands) == (immersions, "one", (Cancel(reason="member_left"),))
    (reaction,) = [each for each in reactions.all if each.function is cancel_immersions]
    wanted = reaction.filters(LEFT, Identity(COMPANY))
    assert (wanted["company"], wanted["status"]) == (COMPANY, BEFORE_IT_BEGINS)
    given(*SIGNED, ACCEPTED).by(PLATFORM).when(Cancel(reason="member_left")).then_state(reason="member_left")
    # Whoever began or ended it meanwhile was faster.
    assert issue.expected == {f"immersion-{status}" for status in ("completed", "assessed", "rejected", "cancelled")}


def test_nobody_waits_for_a_beneficiary_who_was_erased() -> None:
    erased = PersonErased(person=BENEFICIARY, reason="request", effective_on=TODAY)
    (reaction,) = [each for each in reactions.all if each.function is cancel_what_nobody_can_be_in]
    assert reaction.filters(erased, Identity(BENEFICIARY))["beneficiary"] == BENEFICIARY
    (issue,) = cancel_what_nobody_can_be_in(erased, [found("one", PREPARED)])
    assert issue.commands == (Cancel(reason="person_erased"),)
    given(PREPARED).by(PLATFORM).when(Cancel(reason="person_erased")).then_state(status="cancelled")
