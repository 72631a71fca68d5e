"""What a company, the network and the platform make of a need for skills."""

from datetime import date
from typing import Any

import pytest

from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyLeft, CompanySuspended
from contracts.training.skill_need import (
    SkillNeedAdjusted,
    SkillNeedCovered,
    SkillNeedDeclared,
    SkillNeedExpired,
    SkillNeedQualified,
    SkillNeedRejected,
    SkillNeedReviewed,
    SkillNeedRevised,
    SkillNeedUncovered,
    SkillNeedWithdrawn,
)
from eventstore.decider import Claim, Command, Due
from eventstore.specification import Specification
from training.members import Member, members
from training.skill_need import (
    MOST_DECLARED,
    TOO_MANY_DECLARED,
    Adjust,
    Cover,
    CoverExpired,
    Declare,
    Expire,
    Qualify,
    Reject,
    Review,
    Revise,
    SkillNeed,
    Uncover,
    UncoverExpired,
    Withdraw,
    skill_needs,
)

TODAY = date(2024, 9, 2)
given = Specification(skill_needs, today=TODAY)
COMPANY = sample_siret(0)
PLACE: dict[str, Any] = {"company": COMPANY, "naf": "25.62B", "commune": "36088", "zone": "zi-limoise"}
FIRST, SECOND, THIRD = (f"0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0{number}" for number in range(1, 4))


def day(month: int, day_of_month: int = 1, year: int = 2024) -> date:
    return date(year, month, day_of_month)


activated = CompanyActivated(**PLACE, headcount=42, size_band="12", effective_on=day(1))
suspended = CompanySuspended(**PLACE, headcount=0, headcount_before=42, reason="other", effective_on=day(1))
left = CompanyLeft(**PLACE, headcount=0, headcount_before=42, reason="moved", effective_on=day(1))


def member(*events: Event) -> Member | None:
    found: Member | None = None
    for event in events:
        found = members.evolve(found, event)
    return found


ASKED: dict[str, Any] = {"rome": "H2902", "level": 4, "persons": 2, "horizon": 1, "cause": "retirement"}
NEED: dict[str, Any] = {**PLACE, **ASKED, "declared_on": day(2), "needed_by": day(2, year=2025)}
NOTHING: dict[str, Any] = {"covered": 0, "uncovered": 0, "status": "declared", "qualified_on": None, "covered_on": None}
QUALIFIED_ON: dict[str, Any] = {"qualified_on": day(3)}
LACKING: dict[str, Any] = {**NOTHING, **QUALIFIED_ON, "status": "qualified", "uncovered": 2}
HALF: dict[str, Any] = {**LACKING, "status": "partly_covered", "covered": 1, "uncovered": 1}
WHOLE: dict[str, Any] = {**LACKING, "status": "covered", "covered": 2, "uncovered": 0, "covered_on": day(6)}

declared = SkillNeedDeclared(**{**NEED, **NOTHING}, skills=("Soudage TIG",), effective_on=day(2))
qualified = SkillNeedQualified(**{**NEED, **LACKING}, skills=("Soudage TIG",), effective_on=day(3))
half = SkillNeedCovered(
    **{**NEED, **HALF}, enrolment=FIRST, uncovered_before=2, certified_on=day(5), effective_on=day(7)
)
whole = SkillNeedCovered(
    **{**NEED, **WHOLE}, enrolment=SECOND, uncovered_before=1, certified_on=day(6), effective_on=day(7)
)
rejected = SkillNeedRejected(**{**NEED, **NOTHING, "status": "rejected"}, reason="not_plausible", effective_on=day(3))
withdrawn = SkillNeedWithdrawn(
    **{**NEED, **HALF, "status": "withdrawn", "uncovered": 0},
    status_before="partly_covered",
    uncovered_before=1,
    reason="recruited",
    effective_on=day(7),
)
EXPIRED: dict[str, Any] = {**HALF, "status": "expired", "uncovered": 0}
expired = SkillNeedExpired(
    **{**NEED, **EXPIRED},
    status_before="partly_covered",
    uncovered_before=1,
    effective_on=day(2, 2, 2025),
)
QUALIFIED = (declared, qualified)
PASTS: dict[str, tuple[Event, ...]] = {
    "declared": (declared,),
    "qualified": QUALIFIED,
    "partly_covered": (*QUALIFIED, half),
    "covered": (*QUALIFIED, half, whole),
    "expired": (*QUALIFIED, half, expired),
    "withdrawn": (*QUALIFIED, half, withdrawn),
    "rejected": (declared, rejected),
}
later = Specification(skill_needs, today=day(6, year=2025))


def state(*events: Event) -> SkillNeed:
    need = given(*events).state
    assert need is not None
    return need


def test_every_status_has_a_past() -> None:
    assert {status: state(*past).status for status, past in PASTS.items()} == {
        status: status for status in skill_needs.statuses
    }


# Declared


DECLARE = Declare(company=COMPANY, **ASKED, skills=("Soudage TIG",), on=day(2))


def test_a_member_declares_whom_it_needs_and_by_when() -> None:
    given().knowing(member(activated)).when(DECLARE).then(declared)
    given().knowing(member(activated)).when(DECLARE).then_state(
        status="declared", needed_by=day(2, year=2025), uncovered=0, certified=(), zone="zi-limoise"
    )


@pytest.mark.parametrize("known", [None, member(activated, suspended), member(activated, left)])
def test_only_an_active_member_declares(known: Member | None) -> None:
    given().knowing(known).when(DECLARE).rejected("not-a-member")


def test_a_horizon_of_a_leap_day_ends_on_the_last_of_february() -> None:
    leap = DECLARE.model_copy(update={"on": day(2, 29), "horizon": 3})
    given().knowing(member(activated)).when(leap).then_state(needed_by=day(2, 28, 2027))


def test_what_waits_for_the_network_is_bounded_for_each_company() -> None:
    given(declared).holds(Claim(TOO_MANY_DECLARED, COMPANY, limit=MOST_DECLARED))
    for status, past in PASTS.items():
        if status != "declared":
            given(*past).holds()


def test_the_company_tells_it_anew_until_somebody_has_looked_at_it() -> None:
    told: dict[str, Any] = {"rome": "H2913", "level": None, "persons": 3, "horizon": 3, "cause": "growth"}
    before = {f"{name}_before": value for name, value in ASKED.items() if name != "cause"}
    revise = Revise(**told, on=day(3))
    revised = SkillNeedRevised(
        **{**NEED, **NOTHING, **told, "needed_by": day(2, year=2027)}, **before, skills=(), effective_on=day(3)
    )
    given(declared).when(revise).then(revised)
    given(declared).when(revise).then_state(skills=(), persons=3, needed_by=day(2, year=2027), effective_on=day(3))
    given(declared).when(Revise(**ASKED, skills=("Soudage TIG",))).then()
    given(*QUALIFIED).when(revise).rejected("skill-need-not-declared")


# Looked at by the network


def test_the_network_qualifies_it_and_it_counts_from_then_on() -> None:
    given(declared).when(Qualify(on=day(3))).then(qualified)
    given(declared).when(Qualify(on=day(1))).rejected("on-before-previous-step")
    given(*QUALIFIED).when(Qualify()).rejected("skill-need-not-declared")


def test_the_network_rejects_it_with_a_reason() -> None:
    given(declared).when(Reject(reason="not_plausible", on=day(3))).then(rejected)
    given(*QUALIFIED).when(Reject(reason="told_twice")).rejected("skill-need-not-declared")


def adjusted(on: date, past: dict[str, Any], **changes: Any) -> SkillNeedAdjusted:
    before = {f"{name}_before": NEED[name] for name in ("rome", "level", "persons", "horizon")}
    return SkillNeedAdjusted(
        **{**NEED, **past, **changes},
        **before,
        uncovered_before=past["uncovered"],
        covered_on_before=past["covered_on"],
        reason="overestimated",
        effective_on=on,
    )


def adjust(on: date, **changes: Any) -> Adjust:
    told = {name: NEED[name] for name in ("rome", "level", "persons", "horizon")}
    return Adjust.model_validate({**told, **changes, "reason": "overestimated", "on": on})


def test_the_network_puts_right_how_many_it_is_for() -> None:
    given(*PASTS["partly_covered"]).when(adjust(day(8), persons=1)).then(
        adjusted(day(8), HALF, persons=1, status="covered", uncovered=0, covered_on=day(5))
    )
    given(*PASTS["covered"]).when(adjust(day(8), persons=5)).then(
        adjusted(day(8), WHOLE, persons=5, status="partly_covered", uncovered=3, covered_on=None)
    )
    given(*PASTS["covered"]).when(adjust(day(8), persons=5)).then_state(status="partly_covered", covered_on=None)


def test_the_network_puts_right_whom_it_is_for_and_by_when() -> None:
    told: dict[str, Any] = {"rome": "H2913", "level": None, "horizon": 5}
    given(*QUALIFIED).when(adjust(day(8), **told)).then(adjusted(day(8), LACKING, **told, needed_by=day(2, year=2029)))
    given(*QUALIFIED).when(adjust(day(8))).then()
    for status in ("declared", "expired", "withdrawn", "rejected"):
        refused = "skill-need-not-qualified"
        later(*PASTS[status]).when(adjust(day(3, year=2025))).rejected(refused)


# Covered


def test_whoever_is_certified_covers_it_one_after_the_other() -> None:
    given(*QUALIFIED).when(Cover(enrolment=FIRST, certified_on=day(5), on=day(7))).then(half)
    given(*QUALIFIED, half).when(Cover(enrolment=SECOND, certified_on=day(6), on=day(7))).then(whole)
    given(*QUALIFIED, half).when(Cover(enrolment=FIRST, certified_on=day(6))).then()


def test_it_is_covered_since_as_many_were_certified_as_it_is_for_in_whichever_order_that_is_told() -> None:
    early = Cover(enrolment=THIRD, certified_on=day(4), on=day(8))
    given(*PASTS["covered"]).when(early).then_state(status="covered", covered=3, covered_on=day(5), uncovered=0)


def test_who_was_certified_after_its_horizon_does_not_cover_it() -> None:
    late = Cover(enrolment=SECOND, certified_on=day(3, year=2025), on=day(3, year=2025))
    later(*PASTS["partly_covered"]).when(late).then_state(status="partly_covered", covered=1, uncovered=1)


def test_what_is_told_late_counts_by_the_day_of_the_certification() -> None:
    told: dict[str, Any] = {"enrolment": SECOND, "on": day(3, year=2025)}
    later(*PASTS["expired"]).when(CoverExpired(certified_on=day(1, year=2025), **told)).then_state(
        status="covered", covered=2, covered_on=day(1, year=2025), uncovered=0
    )
    later(*PASTS["expired"]).when(CoverExpired(certified_on=day(3, year=2025), **told)).then_state(
        status="expired", covered=1, covered_on=None, uncovered=0
    )
    never_qualified = expired.model_copy(update={**NOTHING, "status": "expired", "status_before": "declared"})
    later(declared, never_qualified).when(CoverExpired(certified_on=day(1, year=2025), **told)).then()
    later(*PASTS["expired"]).when(Cover(certified_on=day(1, year=2025), **told)).rejected("skill-need-not-qualified")
    later(*PASTS["covered"]).when(CoverExpired(certified_on=day(1, year=2025), **told)).rejected(
        "skill-need-not-expired"
    )


def test_a_certification_that_is_undone_covers_nothing() -> None:
    uncovered = SkillNeedUncovered(
        **{**NEED, **HALF, "covered": 1},
        enrolment=SECOND,
        uncovered_before=0,
        covered_on_before=day(6),
        effective_on=day(8),
    )
    given(*PASTS["covered"]).when(Uncover(enrolment=SECOND, on=day(8))).then(uncovered)
    given(*PASTS["partly_covered"]).when(Uncover(enrolment=FIRST)).then_state(status="qualified", covered=0)
    given(*PASTS["partly_covered"]).when(Uncover(enrolment=THIRD)).then()
    later(*PASTS["expired"]).when(UncoverExpired(enrolment=FIRST)).then_state(status="expired", covered=0, uncovered=0)
    later(*PASTS["expired"]).when(UncoverExpired(enrolment=THIRD)).then()


def test_what_is_certified_does_not_keep_anybody_from_entering_late_what_was_before() -> None:
    certified = Cover(enrolment=FIRST, certified_on=day(5), on=day(7))
    given(*QUALIFIED).when(certified).then_state(effective_on=day(3))


# Ended


@pytest.mark.parametrize("status", ["declared", "qualified", "partly_covered"])
def test_the_company_withdraws_it(status: str) -> None:
    given(*PASTS[status]).when(Withdraw(reason="not_needed")).then_state(
        status="withdrawn", uncovered=0, reason="not_needed", withdrawn_on=TODAY
    )


def test_a_withdrawal_says_what_it_takes_back() -> None:
    given(*PASTS["partly_covered"]).when(Withdraw(reason="recruited", on=day(7))).then(withdrawn)
    given(*PASTS["covered"]).when(Withdraw(reason="recruited")).rejected("skill-need-not-declared")


def test_only_the_platform_says_that_the_company_has_left() -> None:
    left_network = Withdraw(reason="member_left")
    given(*QUALIFIED).by("company", company=COMPANY).when(left_network).rejected("reason-of-another-role")
    given(*QUALIFIED).by("platform").when(left_network).then_state(status="withdrawn")


def test_it_expires_the_day_after_its_horizon() -> None:
    later(*PASTS["partly_covered"]).when(Expire(on=day(2, 2, 2025))).then(expired)
    over = Due(day(2, 2, 2025), Expire())
    given(declared).is_due(over)
    given(*QUALIFIED).is_due(over, Due(day(9), Review()))
    for status in ("covered", "expired", "withdrawn", "rejected"):
        given(*PASTS[status]).is_due()


def test_it_is_looked_at_again_every_six_months_until_its_horizon() -> None:
    reviewed = SkillNeedReviewed(**{**NEED, **LACKING}, effective_on=day(9))
    given(*QUALIFIED).when(Review(on=day(9))).then(reviewed)
    given(*QUALIFIED, reviewed).is_due(Due(day(2, 2, 2025), Expire()))
    longer = adjusted(day(8), LACKING, horizon=3, needed_by=day(2, year=2027))
    given(*QUALIFIED, longer, reviewed).is_due(Due(day(2, 2, 2027), Expire()), Due(day(3, year=2025), Review()))
    earlier = SkillNeedReviewed(**{**NEED, **LACKING}, effective_on=day(8))
    assert state(*QUALIFIED, reviewed, earlier).reviewed_on == day(9)
    given(declared).when(Review()).rejected("skill-need-not-qualified")


@pytest.mark.parametrize(
    "command", [Qualify(), Withdraw(reason="other"), Expire(), Review(), Cover(enrolment=FIRST, certified_on=TODAY)]
)
@pytest.mark.parametrize("status", ["withdrawn", "rejected"])
def test_nothing_comes_after_the_end(status: str, command: Command) -> None:
    given(*PASTS[status]).when(command).rejected(
        "skill-need-not-declared" if isinstance(command, Qualify | Withdraw | Expire) else "skill-need-not-qualified"
    )
