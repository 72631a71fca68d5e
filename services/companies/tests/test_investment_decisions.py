"""What partners may do with a productive investment, and when."""

from datetime import date
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from companies.company import Company, companies
from companies.investment import (
    MOST_GRANTS,
    MOST_HIRES,
    MOST_PAYMENTS,
    Announce,
    Approve,
    AuditJobs,
    AwardGrant,
    Cancel,
    Commit,
    Complete,
    CorrectAmount,
    CorrectAmountSpent,
    CorrectDay,
    CorrectGrant,
    CorrectPayment,
    CorrectRepayment,
    DisburseGrant,
    EnteredEvidence,
    EvidenceJob,
    Grant,
    Investment,
    Payment,
    RecordRepayment,
    Start,
    TakeBackEvidence,
    investments,
)
from companies.reactions import evidence_a_job, take_evidence_back
from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanySuspended
from contracts.companies.investment import (
    AmountCorrected,
    AmountSpentCorrected,
    CancelledGrant,
    DayCorrected,
    GrantAwarded,
    GrantCorrected,
    GrantDisbursed,
    GrantRepaid,
    InvestmentAnnounced,
    InvestmentApproved,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentCompleted,
    InvestmentStarted,
    JobEvidenceCorrected,
    JobEvidenced,
    JobsAudited,
    PaymentCorrected,
    RepaymentCorrected,
    Step,
)
from contracts.employment.hire import HireOutcomeCorrected, HireSustained
from eventstore.decider import PLATFORM, Actor, Command
from eventstore.postgres.appending import MAX_EVENT_BYTES
from eventstore.reactions import Identity, Issue
from eventstore.refusal import Forbidden
from eventstore.specification import Specification

TODAY = date(2024, 12, 20)
given = Specification(investments, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


FOUNDRY = sample_siret(0)
PLACE: dict[str, Any] = {"company": FOUNDRY, "naf": "24.54Z", "commune": "36088", "zone": "zi-limoise"}
FACTS: dict[str, Any] = {**PLACE, "axis": 6}
FRANCE_RELANCE: dict[str, Any] = {"funder": "state", "scheme": "france-relance"}
REGION: dict[str, Any] = {"funder": "region-centre-val-de-loire", "scheme": "cap-developpement"}


def member(*more: Event) -> Company:
    applied = CompanyApplied(
        **PLACE, name="Fonderie de la Théols", legal_form="5710", headcount=42, size_band="12", effective_on=day(1)
    )
    activated = CompanyActivated(**PLACE, headcount=42, size_band="12", effective_on=day(1))
    company = companies.fold((applied, activated, *more))
    assert company is not None
    return company


announce = Announce(company=FOUNDRY, title="Four à induction", axis=6, amount=1_200_000, jobs_planned=8, on=day(1, 15))
announced = InvestmentAnnounced(
    **FACTS, title="Four à induction", amount=1_200_000, jobs_planned=8, effective_on=day(1, 15)
)
approved = InvestmentApproved(**FACTS, amount=1_200_000, effective_on=day(2))
granted = GrantAwarded(
    **FACTS, **FRANCE_RELANCE, eligible_base=1_000_000, aid_rate=0.3, amount=300_000, effective_on=day(2, 10)
)
paid = GrantDisbursed(**FACTS, **FRANCE_RELANCE, amount=100_000, disbursed=100_000, effective_on=day(2, 20))
committed = InvestmentCommitted(**FACTS, amount=1_200_000, effective_on=day(3))
started = InvestmentStarted(**FACTS, amount=1_200_000, effective_on=day(4))
completed = InvestmentCompleted(**FACTS, amount=1_200_000, amount_spent=1_150_000, jobs_planned=8, effective_on=day(6))
SENT = EnteredEvidence(kind="dsn", reference="DSN-2024-06", dated=day(6, 30))
DSN = SENT.recorded()
audited = JobsAudited(
    **FACTS,
    created_before=0,
    created=6,
    maintained_before=0,
    maintained=42,
    audited_before=None,
    evidence=DSN,
    effective_on=day(7),
)
cancelled = InvestmentCancelled(
    **FACTS,
    reason="market",
    status_before="approved",
    amount=1_200_000,
    announced_on=day(1, 15),
    committed_on=None,
    grants_awarded=300_000,
    grants_disbursed=100_000,
    grants=(CancelledGrant(**FRANCE_RELANCE, amount=300_000, disbursed=100_000),),
    effective_on=day(5),
)

WITH_GRANT = (announced, approved, granted, paid)
PASTS: dict[str, tuple[Event, ...]] = {
    "announced": (announced,),
    "approved": WITH_GRANT,
    "committed": (*WITH_GRANT, committed),
    "in_progress": (*WITH_GRANT, committed, started),
    "completed": (*WITH_GRANT, committed, started, completed),
    "audited": (*WITH_GRANT, committed, started, completed, audited),
    "cancelled": (*WITH_GRANT, cancelled),
}
NOT_CANCELLED = PASTS.keys() - {"cancelled"}


def test_every_command_and_event_is_handled() -> None:
    investments.check()


# Announcing


def test_an_active_member_announces_an_investment_placed_where_the_company_is() -> None:
    given().knowing(member()).when(announce).then(announced)
    given().knowing(member()).when(announce).then_state(
        status="announced", commune="36088", zone="zi-limoise", naf="24.54Z", announced_on=day(1, 15), to_repay=0
    )


def test_an_unknown_company_announces_nothing() -> None:
    given().knowing(None).when(announce).rejected("not-a-member")


def test_a_suspended_company_announces_nothing() -> None:
    suspension = CompanySuspended(
        **PLACE, reason="fee_unpaid", headcount_before=42, headcount=0, effective_on=day(1, 10)
    )
    given().knowing(member(suspension)).when(announce).rejected("not-a-member")


# From approval to service


def test_the_steps_follow_each_other_and_each_tells_the_amount() -> None:
    given(announced).when(Approve(on=day(2))).then(approved)
    given(announced, approved).when(Commit(on=day(3))).then(committed)
    given(announced, approved, committed).when(Start(on=day(4))).then(started)
    given(announced, approved, committed, started).when(Complete(amount_spent=1_150_000, on=day(6))).then(completed)
    given(*PASTS["completed"]).when(CorrectAmount(amount=1_200_000, reason="other")).then_state(
        status="completed",
        amount=1_200_000,
        amount_spent=1_150_000,
        approved_on=day(2),
        committed_on=day(3),
        started_on=day(4),
        completed_on=day(6),
    )


def test_a_step_is_not_entered_before_the_previous_one() -> None:
    given(announced, approved).when(Commit(on=day(1, 20))).rejected("on-before-previous-step")


# Auditing jobs


def test_jobs_are_audited_on_evidence_once_the_investment_is_completed() -> None:
    given(*PASTS["completed"]).when(AuditJobs(created=6, maintained=42, evidence=SENT, on=day(7))).then(audited)
    given(*PASTS["completed"]).when(AuditJobs(created=6, maintained=42, evidence=SENT, on=day(7))).then_state(
        status="audited", jobs_planned=8, jobs_created=6, jobs_maintained=42, evidence=DSN, audited_on=day(7)
    )


def test_a_later_audit_tells_the_old_figures_and_the_new() -> None:
    report = EnteredEvidence(kind="audit_report", reference="AUDIT 2024/11", dated=day(11, 15))
    given(*PASTS["audited"]).when(AuditJobs(created=8.5, maintained=41, evidence=report, on=day(12))).then(
        JobsAudited(
            **FACTS,
            created_before=6,
            created=8.5,
            maintained_before=42,
            maintained=41,
            audited_before=day(7),
            evidence=report.recorded(),
            effective_on=day(12),
        )
    )
    given(*PASTS["audited"]).when(AuditJobs(created=8.5, maintained=41, evidence=report, on=day(12))).then_state(
        status="audited", jobs_created=8.5, jobs_maintained=41, evidence=report.recorded(), audited_on=day(12)
    )


def test_the_same_audit_twice_changes_nothing() -> None:
    given(*PASTS["audited"]).when(AuditJobs(created=6, maintained=42, evidence=SENT, on=day(7))).then()


def test_an_audit_may_rest_on_contracts_signed_while_the_works_went_on() -> None:
    contract = EnteredEvidence(kind="contract", reference="CDI-118", dated=day(4, 2))
    given(*PASTS["completed"]).when(AuditJobs(created=1, maintained=0, evidence=contract)).then_state(jobs_created=1)


def test_an_audit_does_not_rest_on_what_is_dated_after_it() -> None:
    given(*PASTS["completed"]).when(AuditJobs(created=6, maintained=42, evidence=SENT, on=day(6, 29))).rejected(
        "evidence-after-audit"
    )


def test_a_document_of_a_day_beyond_reason_is_no_evidence() -> None:
    with pytest.raises(ValidationError, match="a day lies between 1900-01-01 and 2100-12-31"):
        EnteredEvidence(kind="contract", reference="CDI-1", dated=date(1000, 1, 1))


def test_jobs_are_not_audited_before_the_investment_is_completed() -> None:
    given(announced).when(AuditJobs(created=6, maintained=42, evidence=SENT)).rejected("investment-not-completed")


# Cancelling


def test_a_cancelled_investment_has_its_disbursed_grants_to_pay_back() -> None:
    given(*WITH_GRANT).when(Cancel(reason="market", on=day(5))).then(cancelled)
    given(*WITH_GRANT).when(Cancel(reason="market", on=day(5))).then_state(
        status="cancelled", to_repay=100_000, cancellation_reason="market", cancelled_on=day(5)
    )


def test_a_committed_investment_that_is_cancelled_says_when_it_was_committed() -> None:
    given(announced, approved, committed).when(Cancel(reason="financing", on=day(5))).then(
        InvestmentCancelled(
            **FACTS,
            reason="financing",
            status_before="committed",
            amount=1_200_000,
            announced_on=day(1, 15),
            committed_on=day(3),
            grants_awarded=0,
            grants_disbursed=0,
            grants=(),
            effective_on=day(5),
        )
    )


# Grants


def award(base: int, rate: float, amount: int, grant: dict[str, Any] = REGION) -> AwardGrant:
    return AwardGrant(**grant, eligible_base=base, aid_rate=rate, amount=amount)


def test_a_funder_awards_a_grant() -> None:
    given(announced, approved).by("region", "state").when(
        AwardGrant(**FRANCE_RELANCE, eligible_base=1_000_000, aid_rate=0.3, amount=300_000, on=day(2, 10))
    ).then(granted)
    given(announced, approved, granted).by("region", "state").when(award(500_000, 0.2, 80_000)).then_state(
        grants=(
            Grant(**FRANCE_RELANCE, eligible_base=1_000_000, aid_rate=0.3, amount=300_000, awarded_on=day(2, 10)),
            Grant(**REGION, eligible_base=500_000, aid_rate=0.2, amount=80_000, awarded_on=TODAY),
        )
    )


def test_a_grant_may_reach_the_aid_rate_of_its_base_to_the_euro() -> None:
    given(announced).by("region", "state").when(award(1_000_010, 0.1, 100_001)).then_state(status="announced")
    given(announced).by("region", "state").when(award(1_000_010, 0.1, 100_002)).rejected("grant-above-aid-rate")
    given(announced).by("region", "state").when(award(1_000_000, 0.29, 290_000)).then_state(
        status="announced"
    )  # 0.29 * 1e6 < 290000 in floats


def test_a_grant_above_its_rate_is_told_what_the_base_and_the_most_were() -> None:
    refusal = given(announced).by("region", "state").when(award(10, 0.3, 9)).refusal
    assert refusal is not None
    assert str(refusal) == "9 EUR is above 3 EUR, which is 30.00% of the eligible base, 10 EUR"
    assert refusal.parameters == {"granted": 9, "most": 3, "aid_rate": 0.3, "eligible_base": 10}


def test_a_part_of_a_euro_is_not_granted() -> None:
    given(announced).by("region", "state").when(award(1_000_001, 0.3, 300_001)).rejected("grant-above-aid-rate")


def test_a_grant_aids_no_more_than_the_investment() -> None:
    given(announced).by("region", "state").when(award(1_200_001, 0.3, 1)).rejected("eligible-base-above-amount")


def test_grants_together_never_pay_more_than_the_investment() -> None:
    given(announced, granted).by("region", "state").when(award(1_200_000, 0.75, 900_000)).then_state(status="announced")
    given(announced, granted).by("region", "state").when(award(1_200_000, 0.8, 900_001)).rejected("grants-above-amount")


def test_a_funder_grants_once_by_scheme() -> None:
    given(announced, granted).by("region", "state").when(award(100_000, 0.3, 1, FRANCE_RELANCE)).rejected(
        "grant-already-awarded"
    )
    given(announced, granted).by("region", "state").when(
        award(100_000, 0.3, 1, {**FRANCE_RELANCE, "scheme": "france-2030"})
    ).then_state(status="announced")


def test_a_grant_is_disbursed_in_parts_up_to_what_was_granted() -> None:
    given(announced, approved, granted).by("region", "state").when(
        DisburseGrant(**FRANCE_RELANCE, amount=100_000, on=day(2, 20))
    ).then(paid)
    given(*WITH_GRANT).by("region", "state").when(DisburseGrant(**FRANCE_RELANCE, amount=200_000, on=day(3))).then(
        GrantDisbursed(**FACTS, **FRANCE_RELANCE, amount=200_000, disbursed=300_000, effective_on=day(3))
    )
    given(*WITH_GRANT).by("region", "state").when(DisburseGrant(**FRANCE_RELANCE, amount=200_001)).rejected(
        "disbursed-above-granted"
    )


def test_a_grant_nobody_awarded_is_not_disbursed() -> None:
    given(*WITH_GRANT).by("region", "state").when(DisburseGrant(**REGION, amount=1)).rejected("grant-not-awarded")


def test_a_payment_changes_its_own_grant_alone() -> None:
    other = GrantAwarded(**FACTS, **REGION, eligible_base=500_000, aid_rate=0.2, amount=80_000, effective_on=day(2, 15))
    state = given(announced, granted, other, paid).state
    assert state is not None
    assert [(grant.key, grant.disbursed) for grant in state.grants] == [
        (("state", "france-relance"), 100_000),
        (("region-centre-val-de-loire", "cap-developpement"), 0),
    ]


# Jobs that hires evidence

HIRES = [f"0190a3c4-5e6f-7a8b-9c0d-{number:012x}" for number in range(MOST_HIRES + 1)]


def evidenced(hire: str, number: int, on: date) -> JobEvidenced:
    return JobEvidenced(
        **FACTS,
        hire=hire,
        evidenced_on=day(6, 3),
        jobs_evidenced_before=number - 1,
        jobs_evidenced=number,
        effective_on=on,
    )


@pytest.mark.parametrize("status", PASTS)
def test_a_hire_that_has_lasted_evidences_one_job_beside_the_audit_whatever_became_of_it(status: str) -> None:
    past = PASTS[status]
    evidence = EvidenceJob(hire=HIRES[0], evidenced_on=day(6, 3), on=day(6, 5))
    given(*past).when(evidence).then(evidenced(HIRES[0], 1, day(6, 5)))
    before = investments.fold(past)
    assert before
    given(*past).when(evidence).then_state(
        status=status, jobs_evidenced=1, hires=(HIRES[0],), jobs_created=before.jobs_created
    )
    given(*past, evidenced(HIRES[0], 1, day(6, 5))).when(evidence).then()


def test_evidence_is_no_step_so_what_was_done_before_is_entered_late() -> None:
    told = evidenced(HIRES[0], 1, day(12))
    given(*PASTS["in_progress"], told).when(Complete(amount_spent=1_150_000, on=day(6))).then(completed)
    given(*PASTS["completed"]).when(EvidenceJob(hire=HIRES[0], evidenced_on=day(5), on=day(5))).then_state(
        effective_on=day(6), jobs_evidenced=1
    )


def test_a_job_that_was_none_is_taken_back_once_and_may_be_evidenced_again() -> None:
    first, second = evidenced(HIRES[0], 1, day(6, 5)), evidenced(HIRES[1], 2, day(6, 5))
    taken_back = JobEvidenceCorrected(
        **FACTS,
        hire=HIRES[0],
        evidenced_on=day(6, 3),
        jobs_evidenced_before=2,
        jobs_evidenced=1,
        effective_on=TODAY,
    )
    past = (*PASTS["audited"], first, second)
    given(*past).when(TakeBackEvidence(hire=HIRES[0], evidenced_on=day(6, 3))).then(taken_back)
    given(*past, taken_back).when(TakeBackEvidence(hire=HIRES[0], evidenced_on=day(6, 3))).then()
    given(*past, taken_back).when(EvidenceJob(hire=HIRES[0], evidenced_on=day(6, 3))).then_state(
        hires=(HIRES[1], HIRES[0]), jobs_evidenced=2, status="audited"
    )


def test_an_investment_keeps_so_many_hires_and_stays_small() -> None:
    past = [*PASTS["completed"], *(evidenced(hire, n, day(7)) for n, hire in enumerate(HIRES[:MOST_HIRES], 1))]
    full = investments.fold(past)
    assert full
    assert full.jobs_evidenced == len(full.hires) == MOST_HIRES
    assert len(full.model_dump_json()) < 25_000
    given(*past).when(EvidenceJob(hire=HIRES[-1], evidenced_on=day(7))).rejected("too-many-hires")


def test_hires_of_employment_evidence_the_jobs_of_their_investment() -> None:
    hire, investment = Identity(HIRES[0]), HIRES[1]
    facts: dict[str, Any] = {
        **PLACE,
        "seeker": HIRES[2],
        "application": None,
        "vacancy": None,
        "investment": investment,
        "rome": "H2902",
        "contract": "permanent",
        "weekly_hours": 35,
        "flags": (),
        "hired_on": day(1, 3),
        "sustained_on": day(7, 3),
        "effective_on": day(8),
    }
    sustained = HireSustained(**facts)
    assert list(evidence_a_job(sustained, hire)) == [
        Issue(investments, investment, EvidenceJob(hire=hire, evidenced_on=day(7, 3)))
    ]
    corrected = HireOutcomeCorrected(**facts, outcome_before="sustained", reason="wrong_outcome")
    assert list(take_evidence_back(corrected, hire)) == [
        Issue(investments, investment, TakeBackEvidence(hire=hire, evidenced_on=day(7, 3)))
    ]
    alone = {"investment": None}
    assert list(evidence_a_job(sustained.model_copy(update=alone), hire)) == []
    assert list(take_evidence_back(corrected.model_copy(update=alone), hire)) == []
    ended = corrected.model_copy(update={"outcome_before": "ended", "sustained_on": None})
    assert list(take_evidence_back(ended, hire)) == []
    for command in (EvidenceJob, TakeBackEvidence):
        assert investments.decision(command).by == (PLATFORM,)


# Corrections


def test_the_network_corrects_the_amount_and_tells_where_it_was_counted() -> None:
    given(announced, approved, committed).when(CorrectAmount(amount=1_250_000, reason="typing_error", on=day(4))).then(
        AmountCorrected(
            **FACTS,
            reason="typing_error",
            amount_before=1_200_000,
            amount=1_250_000,
            announced_on=day(1, 15),
            committed_on=day(3),
            effective_on=day(4),
        )
    )
    given(announced).when(CorrectAmount(amount=1_250_000, reason="typing_error")).then_state(amount=1_250_000)


def test_a_corrected_amount_still_covers_what_grants_count() -> None:
    given(*WITH_GRANT).when(CorrectAmount(amount=1_000_000, reason="recalculation")).then_state(amount=1_000_000)
    given(*WITH_GRANT).when(CorrectAmount(amount=999_999, reason="recalculation")).rejected(
        "eligible-base-above-amount"
    )


def test_a_corrected_amount_still_covers_all_grants_together() -> None:
    other = GrantAwarded(
        **FACTS, **REGION, eligible_base=1_000_000, aid_rate=0.8, amount=800_000, effective_on=day(2, 25)
    )
    given(*WITH_GRANT, other).when(CorrectAmount(amount=1_099_999, reason="recalculation")).rejected(
        "grants-above-amount"
    )


def test_the_network_corrects_what_was_spent() -> None:
    given(*PASTS["audited"]).when(CorrectAmountSpent(amount_spent=1_175_000, reason="late_document", on=day(9))).then(
        AmountSpentCorrected(
            **FACTS,
            reason="late_document",
            amount_spent_before=1_150_000,
            amount_spent=1_175_000,
            completed_on=day(6),
            effective_on=day(9),
        )
    )
    given(*PASTS["audited"]).when(CorrectAmountSpent(amount_spent=1_175_000, reason="late_document")).then_state(
        amount_spent=1_175_000, status="audited"
    )


def test_the_network_corrects_the_day_of_a_step() -> None:
    given(*PASTS["completed"]).when(
        CorrectDay(step="completed", day=day(5, 28), reason="typing_error", on=day(7))
    ).then(
        DayCorrected(
            **FACTS,
            reason="typing_error",
            step="completed",
            day_before=day(6),
            day=day(5, 28),
            amount=1_200_000,
            amount_spent=1_150_000,
            effective_on=day(7),
        )
    )


def test_the_day_of_an_audit_is_corrected_like_the_others_and_tells_what_it_found() -> None:
    redated = CorrectDay(step="audited", day=day(7, 3), reason="typing_error", on=day(12))
    given(*PASTS["audited"]).when(redated).then(
        DayCorrected(
            **FACTS,
            reason="typing_error",
            step="audited",
            day_before=day(7),
            day=day(7, 3),
            amount=1_200_000,
            amount_spent=1_150_000,
            created=6,
            maintained=42,
            effective_on=day(12),
        )
    )
    when = given(*PASTS["audited"]).when
    when(CorrectDay(step="audited", day=day(6, 29), reason="other")).rejected("evidence-after-audit")
    when(CorrectDay(step="audited", day=day(5, 31), reason="other")).rejected("day-before-previous-step")
    given(*PASTS["completed"]).when(CorrectDay(step="audited", day=day(7), reason="other")).rejected("step-not-reached")


def test_a_later_audit_takes_back_the_one_before_on_its_corrected_day() -> None:
    redated = DayCorrected(
        **FACTS,
        reason="typing_error",
        step="audited",
        day_before=day(7),
        day=day(7, 3),
        amount=1_200_000,
        amount_spent=1_150_000,
        created=6,
        maintained=42,
        effective_on=TODAY,
    )
    again = AuditJobs(created=8, maintained=42, evidence=SENT, on=day(7, 10))
    [event] = given(*PASTS["audited"], redated).when(again).events
    assert isinstance(event, JobsAudited)
    assert (event.audited_before, event.created_before) == (day(7, 3), 6)


def test_a_correction_of_today_forbids_no_step_of_an_earlier_day() -> None:
    corrected = AmountCorrected(
        **FACTS,
        reason="typing_error",
        amount_before=1_200_000,
        amount=1_250_000,
        announced_on=day(1, 15),
        committed_on=None,
        effective_on=TODAY,
    )
    given(announced, approved, corrected).when(Commit(on=day(3))).then_state(status="committed", effective_on=day(3))


def test_a_step_entered_for_the_wrong_day_forbids_earlier_ones_until_it_is_corrected() -> None:
    today = InvestmentApproved(**FACTS, amount=1_200_000, effective_on=TODAY)
    given(announced, today).when(Commit(on=day(3))).rejected("on-before-previous-step")
    moved = DayCorrected(
        **FACTS,
        reason="typing_error",
        step="approved",
        day_before=TODAY,
        day=day(2),
        amount=1_200_000,
        amount_spent=None,
        effective_on=TODAY,
    )
    given(announced, today, moved).when(Commit(on=day(3))).then_state(status="committed")


def test_a_correction_may_be_entered_for_a_day_before_the_latest_step() -> None:
    given(*PASTS["audited"]).when(CorrectAmount(amount=1_250_000, reason="typing_error", on=day(4))).then_state(
        amount=1_250_000, effective_on=day(7)
    )


@pytest.mark.parametrize("step", get_args(Step))
def test_each_step_has_its_day_corrected(step: Step) -> None:
    before = {"announced": day(1, 14), "approved": day(2, 2), "committed": day(3, 2), "started": day(4, 2)}
    corrected = before.get(step, day(6, 2) if step == "completed" else day(7, 3))
    decided = given(*PASTS["audited"]).when(CorrectDay(step=step, day=corrected, reason="typing_error"))
    latest = corrected if step == "audited" else day(7)
    decided.then_state(**{f"{step}_on": corrected}, status="audited", effective_on=latest)


def test_a_later_correction_speaks_of_the_corrected_day() -> None:
    moved = DayCorrected(
        **FACTS,
        reason="typing_error",
        step="announced",
        day_before=day(1, 15),
        day=day(1, 12),
        amount=1_200_000,
        amount_spent=None,
        effective_on=day(2),
    )
    given(announced, moved).when(CorrectAmount(amount=1, reason="other", on=day(2))).then(
        AmountCorrected(
            **FACTS,
            reason="other",
            amount_before=1_200_000,
            amount=1,
            announced_on=day(1, 12),
            committed_on=None,
            effective_on=day(2),
        )
    )


@pytest.mark.parametrize(
    ("step", "wrong", "slug"),
    [
        ("announced", day(2, 2), "day-after-next-step"),
        ("approved", day(1, 14), "day-before-previous-step"),
        ("approved", day(3, 2), "day-after-next-step"),
        ("committed", day(1, 31), "day-before-previous-step"),
        ("started", day(6, 2), "day-after-next-step"),
        ("completed", day(3, 31), "day-before-previous-step"),
        ("completed", day(7, 2), "day-after-next-step"),  # the audit
    ],
)
def test_corrected_days_keep_the_steps_in_order(step: Step, wrong: date, slug: str) -> None:
    given(*PASTS["audited"]).when(CorrectDay(step=step, day=wrong, reason="other")).rejected(slug)


def test_a_corrected_day_is_not_after_the_correction() -> None:
    given(announced).when(CorrectDay(step="announced", day=day(4, 2), reason="other", on=day(4))).rejected(
        "day-after-next-step"
    )


def test_an_investment_is_announced_before_its_first_grant() -> None:
    given(announced, granted).when(CorrectDay(step="announced", day=day(2, 11), reason="other")).rejected(
        "day-after-next-step"
    )


def test_the_day_of_a_step_not_reached_is_not_corrected() -> None:
    given(announced).when(CorrectDay(step="committed", day=day(2), reason="other")).rejected("step-not-reached")


def test_the_network_corrects_a_grant_and_tells_where_it_was_counted() -> None:
    given(*WITH_GRANT).when(CorrectGrant(**FRANCE_RELANCE, amount=250_000, reason="recalculation", on=day(3))).then(
        GrantCorrected(
            **FACTS,
            **FRANCE_RELANCE,
            reason="recalculation",
            amount_before=300_000,
            amount=250_000,
            awarded_on=day(2, 10),
            effective_on=day(3),
        )
    )


def test_a_corrected_grant_keeps_every_rule_of_grants() -> None:
    when = given(*WITH_GRANT).when
    when(CorrectGrant(**FRANCE_RELANCE, amount=100_000, reason="other")).then_state(to_repay=0)
    when(CorrectGrant(**FRANCE_RELANCE, amount=99_999, reason="other")).rejected("disbursed-above-granted")
    when(CorrectGrant(**FRANCE_RELANCE, amount=300_001, reason="other")).rejected("grant-above-aid-rate")
    when(CorrectGrant(**REGION, amount=1, reason="other")).rejected("grant-not-awarded")


def test_a_grant_awarded_by_mistake_is_taken_back() -> None:
    given(announced, granted).when(CorrectGrant(**FRANCE_RELANCE, amount=0, reason="typing_error")).then_state(
        grants=(Grant(**FRANCE_RELANCE, eligible_base=1_000_000, aid_rate=0.3, amount=0, awarded_on=day(2, 10)),)
    )


def test_what_a_grant_is_counted_of_and_its_day_are_corrected_too() -> None:
    corrected = CorrectGrant(
        **FRANCE_RELANCE, eligible_base=1_100_000, aid_rate=0.25, amount=275_000, awarded_on=day(2, 5), reason="other"
    )
    given(*WITH_GRANT).when(corrected).then(
        GrantCorrected(
            **FACTS,
            **FRANCE_RELANCE,
            reason="other",
            amount_before=300_000,
            amount=275_000,
            awarded_on=day(2, 5),
            awarded_before=day(2, 10),
            eligible_base=1_100_000,
            aid_rate=0.25,
            effective_on=TODAY,
        )
    )
    given(*WITH_GRANT).when(corrected).then_state(
        grants=(
            Grant(
                **FRANCE_RELANCE,
                eligible_base=1_100_000,
                aid_rate=0.25,
                amount=275_000,
                disbursed=100_000,
                awarded_on=day(2, 5),
                payments=(Payment(on=day(2, 20), amount=100_000),),
            ),
        ),
        effective_on=day(2, 20),
    )


@pytest.mark.parametrize(
    ("terms", "slug"),
    [
        ({"eligible_base": 999_999}, "grant-above-aid-rate"),
        ({"aid_rate": 0.29}, "grant-above-aid-rate"),
        ({"eligible_base": 1_200_001}, "eligible-base-above-amount"),
        ({"awarded_on": day(1, 14)}, "day-before-previous-step"),  # the announcement
        ({"awarded_on": day(2, 21)}, "day-after-next-step"),  # the payment
    ],
)
def test_a_grant_with_other_terms_keeps_every_rule_of_grants(terms: dict[str, Any], slug: str) -> None:
    given(*WITH_GRANT).when(CorrectGrant(**FRANCE_RELANCE, **terms, reason="other")).rejected(slug)


def test_a_payment_of_100000_typed_for_10000_is_corrected() -> None:
    corrected = CorrectPayment(**FRANCE_RELANCE, payment=1, amount=10_000, reason="typing_error", on=day(12))
    given(*WITH_GRANT).when(corrected).then(
        PaymentCorrected(
            **FACTS,
            **FRANCE_RELANCE,
            reason="typing_error",
            payment=1,
            amount_before=100_000,
            amount=10_000,
            paid_before=day(2, 20),
            paid_on=day(2, 20),
            disbursed=10_000,
            cancelled_on=None,
            effective_on=day(12),
        )
    )
    state = given(*WITH_GRANT).when(corrected)
    state.then_state(effective_on=day(2, 20))
    given(*PASTS["cancelled"]).when(corrected).then_state(to_repay=10_000, effective_on=day(5))


def test_the_day_of_a_payment_is_corrected_between_the_award_and_the_correction() -> None:
    def on(paid_on: date) -> CorrectPayment:
        return CorrectPayment(**FRANCE_RELANCE, payment=1, paid_on=paid_on, reason="other", on=day(6))

    given(*WITH_GRANT).when(on(day(2, 15))).then_state(effective_on=day(2, 15))
    given(*WITH_GRANT).when(on(day(2, 9))).rejected("day-before-previous-step")
    given(*WITH_GRANT).when(on(day(6, 2))).rejected("day-after-next-step")
    given(*PASTS["cancelled"]).when(on(day(5, 2))).rejected("day-after-next-step")  # the cancellation


def test_a_corrected_payment_keeps_every_rule_of_grants() -> None:
    def of(amount: int, payment: int = 1) -> CorrectPayment:
        return CorrectPayment(**FRANCE_RELANCE, payment=payment, amount=amount, reason="other")

    given(*WITH_GRANT).when(of(0)).then_state(to_repay=0)
    given(*WITH_GRANT).when(of(300_001)).rejected("disbursed-above-granted")
    given(*WITH_GRANT).when(of(1, payment=2)).rejected("payment-not-recorded")
    given(*WITH_GRANT, repaid).when(of(59_999)).rejected("repaid-above-disbursed")


def test_one_of_several_payments_is_corrected() -> None:
    second = GrantDisbursed(**FACTS, **FRANCE_RELANCE, amount=50_000, disbursed=150_000, effective_on=day(3))
    when = given(*WITH_GRANT, second).when
    when(CorrectPayment(**FRANCE_RELANCE, payment=2, amount=5_000, reason="typing_error")).then_state(
        grants=(
            Grant(
                **FRANCE_RELANCE,
                eligible_base=1_000_000,
                aid_rate=0.3,
                amount=300_000,
                disbursed=105_000,
                awarded_on=day(2, 10),
                payments=(Payment(on=day(2, 20), amount=100_000), Payment(on=day(3), amount=5_000)),
            ),
        )
    )


# Repayments


repaid = GrantRepaid(
    **FACTS, **FRANCE_RELANCE, amount=60_000, repaid=60_000, cancelled_on=None, effective_on=day(4, 10)
)
repaid_after_all = repaid.model_copy(update={"cancelled_on": day(5), "effective_on": day(9)})


def repay(amount: int, on: date = TODAY) -> RecordRepayment:
    return RecordRepayment(**FRANCE_RELANCE, amount=amount, on=on)


def test_what_a_cancelled_investment_was_paid_is_paid_back() -> None:
    given(*PASTS["cancelled"]).by("state").when(repay(60_000, on=day(9))).then(repaid_after_all)
    given(*PASTS["cancelled"]).by("state").when(repay(60_000)).then_state(status="cancelled", to_repay=40_000)
    given(*PASTS["cancelled"], repaid_after_all).by("state").when(repay(40_000)).then_state(to_repay=0)
    given(*PASTS["cancelled"], repaid_after_all).by("state").when(repay(40_001)).rejected("repaid-above-disbursed")


def test_what_was_paid_in_excess_is_paid_back_and_the_grant_reduced() -> None:
    given(*WITH_GRANT).by("state").when(repay(60_000, on=day(4, 10))).then(repaid)
    given(*WITH_GRANT, repaid).when(CorrectGrant(**FRANCE_RELANCE, amount=40_000, reason="recalculation")).then_state(
        to_repay=0, effective_on=day(4, 10)
    )
    given(*WITH_GRANT, repaid).when(CorrectGrant(**FRANCE_RELANCE, amount=39_999, reason="other")).rejected(
        "disbursed-above-granted"
    )


def test_what_was_repaid_before_a_cancellation_is_not_to_be_repaid_again() -> None:
    given(*WITH_GRANT, repaid).when(Cancel(reason="market", on=day(5))).then(
        cancelled.model_copy(
            update={
                "grants_disbursed": 40_000,
                "grants": (CancelledGrant(**FRANCE_RELANCE, amount=300_000, disbursed=40_000),),
            }
        )
    )


def test_a_grant_nobody_awarded_is_not_repaid() -> None:
    given(*WITH_GRANT).by("region").when(RecordRepayment(**REGION, amount=1)).rejected("grant-not-awarded")


def test_a_repayment_is_corrected() -> None:
    corrected = CorrectRepayment(
        **FRANCE_RELANCE, repayment=1, amount=6_000, repaid_on=day(8, 30), reason="typing_error", on=day(12)
    )
    given(*PASTS["cancelled"], repaid_after_all).when(corrected).then(
        RepaymentCorrected(
            **FACTS,
            **FRANCE_RELANCE,
            reason="typing_error",
            repayment=1,
            amount_before=60_000,
            amount=6_000,
            repaid_before=day(9),
            repaid_on=day(8, 30),
            repaid=6_000,
            cancelled_on=day(5),
            effective_on=day(12),
        )
    )
    given(*PASTS["cancelled"], repaid_after_all).when(corrected).then_state(to_repay=94_000, effective_on=day(8, 30))


def test_nothing_is_paid_back_before_it_was_paid() -> None:
    when = given(*WITH_GRANT, repaid).when
    early = CorrectRepayment(**FRANCE_RELANCE, repayment=1, repaid_on=day(2, 19), reason="other")
    when(early).rejected("repaid-above-disbursed")
    when(CorrectPayment(**FRANCE_RELANCE, payment=1, paid_on=day(4, 11), reason="other")).rejected(
        "repaid-above-disbursed"
    )
    when(CorrectRepayment(**FRANCE_RELANCE, repayment=2, amount=1, reason="other")).rejected("payment-not-recorded")
    when(CorrectRepayment(**FRANCE_RELANCE, repayment=1, repaid_on=day(12, 20), reason="other", on=day(5))).rejected(
        "day-after-next-step"
    )


# Whose funds


def test_a_region_does_not_act_for_the_state_nor_the_state_for_a_region() -> None:
    for_the_state, for_the_region = award(1_000, 0.3, 300, FRANCE_RELANCE), award(1_000, 0.3, 300)
    given(announced).by("state").when(for_the_state).then_state(status="announced")
    given(announced).by("region").when(for_the_region).then_state(status="announced")
    given(announced).by("region").when(for_the_state).rejected("funder-of-another-role")
    given(announced).by("state").when(for_the_region).rejected("funder-of-another-role")
    given(*WITH_GRANT).by("region").when(DisburseGrant(**FRANCE_RELANCE, amount=1)).rejected("funder-of-another-role")
    given(*WITH_GRANT).by("region").when(repay(1)).rejected("funder-of-another-role")


def test_a_funder_nobody_knows_awards_nothing() -> None:
    unknown = award(1_000, 0.3, 300, {"funder": "etat", "scheme": "france-relance"})
    given(announced).by("region", "state").when(unknown).rejected("funder-unknown")


def test_a_grant_of_a_funder_that_is_not_listed_any_more_is_still_paid() -> None:
    former: dict[str, Any] = {"funder": "region-centre", "scheme": "cap-developpement"}
    awarded = GrantAwarded(**FACTS, **former, eligible_base=1_000, aid_rate=0.3, amount=300, effective_on=day(2))
    given(announced, awarded).by("region").when(DisburseGrant(**former, amount=300)).then_state(status="announced")


# What an investment may hold


def granted_by(scheme: int) -> GrantAwarded:
    return GrantAwarded(
        **FACTS,
        funder="f" * 64,
        scheme=f"{scheme:064d}",
        eligible_base=1_200_000,
        aid_rate=0.0001,
        amount=1,
        effective_on=day(2),
    )


def test_an_investment_has_so_many_grants_and_no_more() -> None:
    past = (announced, *(granted_by(scheme) for scheme in range(MOST_GRANTS - 1)))
    given(*past).by("region").when(award(1_000, 0.3, 300)).then_state(status="announced")
    given(*past, granted_by(MOST_GRANTS)).by("region").when(award(1_000, 0.3, 300)).rejected("too-many-grants")


def test_a_grant_has_so_many_payments_and_repayments_and_no_more() -> None:
    payments = [paid.model_copy(update={"amount": 2}) for _ in range(MOST_PAYMENTS)]
    repayments = [repaid.model_copy(update={"amount": 1}) for _ in range(MOST_PAYMENTS)]
    past = (announced, approved, granted, *payments[1:], *repayments[1:])
    given(*past).by("state").when(DisburseGrant(**FRANCE_RELANCE, amount=1)).then_state(status="approved")
    given(*past, payments[0]).by("state").when(DisburseGrant(**FRANCE_RELANCE, amount=1)).rejected("too-many-payments")
    given(*past).by("state").when(repay(1)).then_state(status="approved")
    given(*past, repayments[0]).by("state").when(repay(1)).rejected("too-many-payments")


def test_whatever_an_investment_holds_it_can_be_cancelled() -> None:
    past = (announced, *(granted_by(scheme) for scheme in range(MOST_GRANTS)))
    [event] = given(*past).when(Cancel(reason="market")).events
    assert len(event.model_dump_json()) < MAX_EVENT_BYTES // 10


@pytest.mark.parametrize(
    "command",
    [
        CorrectAmount(amount=1_200_000, reason="other"),
        CorrectAmountSpent(amount_spent=1_150_000, reason="other"),
        CorrectDay(step="approved", day=day(2), reason="other"),
        CorrectGrant(**FRANCE_RELANCE, amount=300_000, reason="other"),
        CorrectGrant(**FRANCE_RELANCE, reason="other"),
        CorrectPayment(**FRANCE_RELANCE, payment=1, amount=100_000, paid_on=day(2, 20), reason="other"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_correction_to_what_it_was_changes_nothing(command: Command) -> None:
    given(*PASTS["completed"]).when(command).then()


# Every command in every status


ALLOWED: list[tuple[Command, set[str], str]] = [
    (Approve(), {"announced"}, "investment-not-announced"),
    (Commit(), {"approved"}, "investment-not-approved"),
    (Start(), {"committed"}, "investment-not-committed"),
    (Complete(amount_spent=1), {"in_progress"}, "investment-not-in-progress"),
    (AuditJobs(created=1, maintained=1, evidence=SENT), {"completed", "audited"}, "investment-not-completed"),
    (Cancel(reason="other"), {"announced", "approved", "committed", "in_progress"}, "investment-{status}"),
    (award(1000, 0.1, 100), set(NOT_CANCELLED), "investment-cancelled"),
    (DisburseGrant(**FRANCE_RELANCE, amount=1), NOT_CANCELLED - {"announced"}, "investment-cancelled"),
    (CorrectAmount(amount=2_000_000, reason="other"), set(NOT_CANCELLED), "investment-cancelled"),
    (CorrectAmountSpent(amount_spent=1, reason="other"), {"completed", "audited"}, "investment-not-completed"),
    (CorrectDay(step="announced", day=day(1), reason="other"), set(NOT_CANCELLED), "investment-cancelled"),
    (
        CorrectGrant(**FRANCE_RELANCE, amount=200_000, reason="other"),
        NOT_CANCELLED - {"announced"},
        "investment-cancelled",
    ),
    (RecordRepayment(**FRANCE_RELANCE, amount=1), PASTS.keys() - {"announced"}, ""),
    (CorrectPayment(**FRANCE_RELANCE, payment=1, amount=1, reason="other"), PASTS.keys() - {"announced"}, ""),
]


@pytest.mark.parametrize("status", get_args(Investment.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "statuses", "slug"), ALLOWED, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, statuses: set[str], slug: str) -> None:
    decided = given(*PASTS[status]).by("region", "state").when(command)
    if status in statuses:
        assert decided.refusal is None
    elif status == "announced" and isinstance(command, DisburseGrant | RecordRepayment | CorrectGrant | CorrectPayment):
        decided.rejected("grant-not-awarded")
    else:
        decided.rejected(slug.format(status=status))


# Who may


THE_COMPANY = Actor("foundry", frozenset({"company"}), {"company": FOUNDRY})
ITS_NEIGHBOUR = Actor("neighbour", frozenset({"company"}), {"company": sample_siret(1)})
THE_NETWORK = Actor("network", frozenset({"network"}))
THE_TOWN_HALL = Actor("town-hall", frozenset({"town_hall"}))


@pytest.mark.parametrize(
    ("command", "roles"),
    [
        (Approve, {"network", "town_hall"}),
        (Commit, {"network", "town_hall"}),
        (Start, {"network", "town_hall"}),
        (Complete, {"network", "town_hall"}),
        (AuditJobs, {"network", "state"}),
        (Cancel, {"company", "network"}),
        (AwardGrant, {"region", "state"}),
        (DisburseGrant, {"region", "state"}),
        (RecordRepayment, {"region", "state"}),
        (CorrectAmount, {"network"}),
        (CorrectAmountSpent, {"network"}),
        (CorrectDay, {"network"}),
        (CorrectGrant, {"network"}),
        (CorrectPayment, {"network"}),
        (CorrectRepayment, {"network"}),
    ],
)
def test_each_partner_decides_what_is_theirs(command: type[Command], roles: set[str]) -> None:
    assert set(investments.decision(command).by) == roles


def test_a_company_announces_for_itself_only() -> None:
    decision = investments.decision(Announce)
    investments.authorise(decision, announce, THE_COMPANY)
    investments.authorise(decision, announce, THE_NETWORK)
    with pytest.raises(Forbidden, match="organisation"):
        investments.authorise(decision, announce, ITS_NEIGHBOUR)
    with pytest.raises(Forbidden, match="asks for one of the roles Company, Company network"):
        investments.authorise(decision, announce, THE_TOWN_HALL)


def test_a_company_cancels_its_own_only() -> None:
    state = given(announced).state
    assert state is not None
    assert investments.allowed(state, THE_COMPANY) == ["cancel"]
    assert investments.allowed(state, ITS_NEIGHBOUR) == []
    assert investments.allowed(state, THE_NETWORK) == [
        "approve",
        "cancel",
        "correct-amount",
        "correct-day",
    ]
    awarded = given(announced, granted).state
    assert awarded is not None
    assert "correct-grant" in investments.allowed(awarded, THE_NETWORK)
    assert "correct-payment" not in investments.allowed(awarded, THE_NETWORK)
