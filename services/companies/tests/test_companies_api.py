"""The service as a partner's frontend meets it: over HTTP, with tokens, on a real database."""

import asyncio
import json
from datetime import date
from typing import Any, Final

import pytest
from partners import COMPANIES, FOUNDRY, MILL, Partners, application, done, member, problem

from contracts import sample_siret

pytestmark = pytest.mark.anyio

INVESTMENTS: Final = "/companies/v1/investments"
FURNACE: Final = {
    "company": FOUNDRY,
    "title": "Four à induction",
    "axis": 6,
    "amount": 1_200_000,
    "jobs_planned": 8,
    "on": "2024-02-01",
}
FRANCE_RELANCE: Final = {"funder": "state", "scheme": "france-relance"}
AWARD: Final = {**FRANCE_RELANCE, "eligible_base": 1_000_000, "aid_rate": 0.3, "amount": 300_000}
EVIDENCE: Final = {"kind": "dsn", "reference": "DSN-2024-11", "dated": "2024-12-05"}
AUDIT: Final = {"created": 6, "maintained": 42, "evidence": EVIDENCE, "on": "2025-01-15"}


async def announced(partners: Partners, **changes: Any) -> str:
    """The path of an investment of the foundry."""
    created = done(await partners.post(INVESTMENTS, {**FURNACE, **changes}), 201)
    return f"{INVESTMENTS}/{created['id']}"


async def completed(partners: Partners) -> str:
    path = await announced(partners)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("approve", {"on": "2024-03-01"}),
        ("commit", {"on": "2024-04-01"}),
        ("start", {"on": "2024-05-01"}),
        ("complete", {"amount_spent": 1_150_000, "on": "2024-11-01"}),
    ]
    for step, body in steps:
        done(await partners.post(f"{path}/{step}", body, by="town_hall"))
    return path


# Journeys


async def test_a_company_joins_reports_is_suspended_reinstated_and_leaves(partners: Partners) -> None:
    answer = await partners.post(COMPANIES, application(), by="company", of=FOUNDRY)
    created = done(answer, 201)
    path = f"{COMPANIES}/{FOUNDRY}"
    assert answer.headers["location"] == path
    assert answer.headers["etag"] == '"1"'
    assert (created["id"], created["status"], created["headcount"], created["naf"]) == (FOUNDRY, "applied", 0, "24.54Z")

    active = done(await partners.post(f"{path}/activate", {"on": "2024-01-15"}))
    assert (active["status"], active["headcount"], active["size_band"]) == ("active", 42, "12")

    report = {"full_time_equivalents": 51.5, "on": "2024-04-01"}
    reported = done(await partners.post(f"{path}/report-headcount", report, by="company", of=FOUNDRY))
    assert (reported["headcount"], reported["headcount_on"], reported["size_band"]) == (51.5, "2024-04-01", "21")

    suspended = done(await partners.post(f"{path}/suspend", {"reason": "fee_unpaid", "on": "2024-05-01"}))
    assert (suspended["status"], suspended["headcount"]) == ("suspended", 0)

    reinstated = done(await partners.post(f"{path}/reinstate", {"on": "2024-06-01"}))
    assert (reinstated["status"], reinstated["headcount"]) == ("active", 51.5)

    leaving = {"reason": "moved", "on": "2024-07-01"}
    left = done(await partners.post(f"{path}/leave", leaving, by="company", of=FOUNDRY))
    assert (left["status"], left["headcount"], left["version"]) == ("left", 0, 6)

    again = done(await partners.post(COMPANIES, application(on="2024-08-01", headcount=60)), 201)
    assert (again["status"], again["version"], again["headcount_declared"]) == ("applied", 7, 60)


async def test_an_investment_is_announced_carried_out_and_audited(partners: Partners) -> None:
    await member(partners)
    announcement = await partners.post(INVESTMENTS, FURNACE, by="company", of=FOUNDRY)
    created = done(announcement, 201)
    path = announcement.headers["location"]
    assert path == f"{INVESTMENTS}/{created['id']}"
    assert (created["commune"], created["zone"], created["naf"]) == ("36088", "zi-limoise", "24.54Z")

    done(await partners.post(f"{path}/approve", {"on": "2024-03-01"}, by="town_hall"))
    done(await partners.post(f"{path}/award-grant", {**AWARD, "on": "2024-03-15"}, by="state"))
    done(await partners.post(f"{path}/commit", {"on": "2024-04-01"}))
    done(await partners.post(f"{path}/start", {"on": "2024-05-01"}))
    payment = {**FRANCE_RELANCE, "amount": 100_000, "on": "2024-06-01"}
    done(await partners.post(f"{path}/disburse-grant", payment, by="state"))
    done(await partners.post(f"{path}/complete", {"amount_spent": 1_150_000, "on": "2024-11-01"}))
    audited = done(await partners.post(f"{path}/audit-jobs", AUDIT, by="state"))

    assert (audited["status"], audited["jobs_planned"], audited["jobs_created"]) == ("audited", 8, 6)
    assert audited["evidence"] == EVIDENCE
    assert audited["grants"] == [
        {
            **AWARD,
            "disbursed": 100_000,
            "repaid": 0,
            "awarded_on": "2024-03-15",
            "payments": [{"on": "2024-06-01", "amount": 100_000}],
            "repayments": [],
        }
    ]
    assert audited["to_repay"] == 0
    shown = await partners.get(path)
    assert done(shown) == {
        **audited,
        "allowed": [
            "audit-jobs",
            "correct-amount",
            "correct-amount-spent",
            "correct-day",
            "correct-grant",
            "correct-payment",
        ],
    }
    assert shown.headers["etag"] == f'"{audited["version"]}"'

    history = done(await partners.get(f"{path}/events"))
    assert [(event["version"], event["type"], event["data"]["effective_on"]) for event in history["items"]] == [
        (1, "InvestmentAnnounced", "2024-02-01"),
        (2, "InvestmentApproved", "2024-03-01"),
        (3, "GrantAwarded", "2024-03-15"),
        (4, "InvestmentCommitted", "2024-04-01"),
        (5, "InvestmentStarted", "2024-05-01"),
        (6, "GrantDisbursed", "2024-06-01"),
        (7, "InvestmentCompleted", "2024-11-01"),
        (8, "JobsAudited", "2025-01-15"),
    ]
    assert history["items"][0]["metadata"]["actor"] == "company-frontend"
    assert history["items"][7]["data"]["evidence"] == EVIDENCE


async def test_a_cancelled_investment_shows_what_is_to_be_paid_back(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)
    done(await partners.post(f"{path}/award-grant", AWARD, by="state"))
    done(await partners.post(f"{path}/disburse-grant", {**FRANCE_RELANCE, "amount": 80_000}, by="state"))
    cancelled = done(await partners.post(f"{path}/cancel", {"reason": "market"}, by="company", of=FOUNDRY))
    assert (cancelled["status"], cancelled["to_repay"], cancelled["allowed"]) == ("cancelled", 80_000, [])
    repayment = {**FRANCE_RELANCE, "amount": 80_000}
    problem(await partners.post(f"{path}/record-repayment", repayment, by="region"), 409, "funder-of-another-role")
    repaid = done(await partners.post(f"{path}/record-repayment", repayment, by="state"))
    assert (repaid["to_repay"], repaid["allowed"]) == (0, [])


async def test_what_was_typed_wrongly_is_put_right_and_forbids_no_earlier_day(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)
    done(await partners.post(f"{path}/approve", {"on": "2024-03-01"}))
    done(await partners.post(f"{path}/award-grant", {**AWARD, "on": "2024-03-15"}, by="state"))
    payment = {**FRANCE_RELANCE, "amount": 100_000, "on": "2024-06-01"}
    done(await partners.post(f"{path}/disburse-grant", payment, by="state"))
    correction = {**FRANCE_RELANCE, "payment": 1, "amount": 10_000, "reason": "typing_error"}
    corrected = done(await partners.post(f"{path}/correct-payment", correction))
    assert corrected["grants"][0]["disbursed"] == 10_000
    assert corrected["effective_on"] == "2024-06-01"
    done(await partners.post(f"{path}/commit", {"on": "2024-06-15"}))
    done(await partners.post(f"{path}/start", {"on": "2024-07-01"}))
    done(await partners.post(f"{path}/complete", {"amount_spent": 1_150_000, "on": "2024-11-01"}))
    done(await partners.post(f"{path}/audit-jobs", {**AUDIT, "on": "2025-06-15"}, by="state"))
    redated = {"step": "audited", "day": "2025-01-15", "reason": "typing_error"}
    audited = done(await partners.post(f"{path}/correct-day", redated))
    assert (audited["audited_on"], audited["effective_on"]) == ("2025-01-15", "2025-01-15")
    done(await partners.post(f"{path}/audit-jobs", {**AUDIT, "created": 7, "on": "2025-03-31"}, by="state"))


async def test_corrections_tell_what_was_and_what_is(partners: Partners) -> None:
    await member(partners)
    path = await completed(partners)
    done(await partners.post(f"{path}/award-grant", AWARD, by="state"))
    corrections: list[tuple[str, dict[str, Any]]] = [
        ("correct-amount", {"amount": 1_300_000}),
        ("correct-amount-spent", {"amount_spent": 1_250_000}),
        ("correct-day", {"step": "completed", "day": "2024-10-31"}),
        ("correct-grant", {**FRANCE_RELANCE, "amount": 250_000}),
    ]
    for correction, body in corrections:
        done(await partners.post(f"{path}/{correction}", {**body, "reason": "typing_error"}))
    now = done(await partners.get(path))
    assert (now["amount"], now["amount_spent"], now["completed_on"]) == (1_300_000, 1_250_000, "2024-10-31")
    assert now["grants"][0]["amount"] == 250_000
    history = done(await partners.get(f"{path}/events"))
    said = {event["type"]: event["data"] for event in history["items"]}
    assert said["AmountCorrected"]["amount_before"] == 1_200_000
    assert said["AmountSpentCorrected"]["amount_spent_before"] == 1_150_000
    assert said["DayCorrected"]["day_before"] == "2024-11-01"
    assert said["GrantCorrected"]["amount_before"] == 300_000


# Whose record it is


async def test_a_company_acts_on_its_own_records_only(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, name="Moulin de Reuilly", commune="36171", zone=None)
    path = await announced(partners)
    mill: dict[str, Any] = {"by": "company", "of": MILL}
    for answer in (
        await partners.post(COMPANIES, application(), **mill),
        await partners.post(f"{COMPANIES}/{FOUNDRY}/report-headcount", {"full_time_equivalents": 1}, **mill),
        await partners.post(f"{COMPANIES}/{FOUNDRY}/leave", {"reason": "moved"}, **mill),
        await partners.post(INVESTMENTS, FURNACE, **mill),
        await partners.post(f"{path}/cancel", {"reason": "market"}, **mill),
    ):
        problem(answer, 403, "not-your-record")
    assert done(await partners.get(path, **mill))["allowed"] == []
    assert done(await partners.get(path, by="company", of=FOUNDRY))["allowed"] == ["cancel"]


async def test_membership_is_the_networks_to_decide(partners: Partners) -> None:
    done(await partners.post(COMPANIES, application()), 201)
    for role in ("steering", "epci", "company", "region", "town_hall"):
        problem(await partners.post(f"{COMPANIES}/{FOUNDRY}/activate", by=role, of=FOUNDRY), 403, "role-missing")
    assert done(await partners.get(f"{COMPANIES}/{FOUNDRY}"))["status"] == "applied"


async def test_a_role_without_the_scope_is_not_enough(partners: Partners) -> None:
    problem(await partners.post(COMPANIES, application(), scopes="companies:read"), 403, "scope-missing")


# Refusals


async def test_a_company_applies_once_even_twenty_times_at_once(partners: Partners) -> None:
    answers = await asyncio.gather(*(partners.post(COMPANIES, application()) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 19]
    for answer in answers:
        if answer.status_code == 409:
            said = problem(answer, 409, "company-exists")
            assert [fault["pointer"] for fault in said["errors"]] == ["#/siret"]
            assert said["collides_with"] == FOUNDRY


async def test_a_sole_trader_is_taken_and_the_name_shown_to_whom_may_know_it(partners: Partners) -> None:
    problem(await partners.post(COMPANIES, application(legal_form="1000")), 409, "sole-trader")
    problem(await partners.get(f"{COMPANIES}/{FOUNDRY}"), 404, "not-found")
    body = application(legal_form="1000", trader={"family_name": "Exemple", "given_name": "Camille"})
    del body["name"]
    created = done(await partners.post(COMPANIES, body), 201)
    assert created["name"] is None
    assert "personal" not in created
    knows = "companies:read companies:write companies:personal"
    activated = done(await partners.post(f"{COMPANIES}/{FOUNDRY}/activate", {"on": "2024-02-01"}, scopes=knows))
    assert activated["personal"]["trader"] == {"family_name": "Exemple", "given_name": "Camille", "trade_name": None}


async def test_what_a_member_is_refused(partners: Partners) -> None:
    await member(partners)
    too_early = {"full_time_equivalents": 1, "on": "2024-01-14"}
    too_late = {"full_time_equivalents": 1, "on": "2099-12-31"}
    path = f"{COMPANIES}/{FOUNDRY}"
    problem(await partners.post(f"{path}/activate"), 409, "company-not-applied")
    problem(await partners.post(f"{path}/reject", {"reason": "other"}), 409, "company-not-applied")
    problem(await partners.post(f"{path}/reinstate"), 409, "company-not-suspended")
    problem(await partners.post(f"{path}/report-headcount", too_early), 409, "on-before-previous-step")
    problem(await partners.post(f"{path}/report-headcount", too_late), 409, "on-in-the-future")
    assert done(await partners.get(path))["version"] == 2


async def test_only_an_active_member_announces(partners: Partners) -> None:
    refused = problem(await partners.post(INVESTMENTS, FURNACE), 409, "not-a-member")
    assert refused["parameters"] == {"company": FOUNDRY, "status": "unknown"}
    await member(partners)
    done(await partners.post(f"{COMPANIES}/{FOUNDRY}/suspend", {"reason": "other"}))
    refused = problem(await partners.post(INVESTMENTS, FURNACE), 409, "not-a-member")
    assert refused["parameters"]["status"] == "suspended"


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("network", "approve", {}, "investment-not-announced"),
    ("network", "commit", {}, "investment-not-approved"),
    ("network", "start", {}, "investment-not-committed"),
    ("network", "complete", {"amount_spent": 1}, "investment-not-in-progress"),
    ("network", "cancel", {"reason": "market"}, "investment-completed"),
    ("state", "audit-jobs", {**AUDIT, "on": "2024-12-04"}, "evidence-after-audit"),
    ("state", "award-grant", {**AWARD, "scheme": "new", "eligible_base": 1_200_001}, "eligible-base-above-amount"),
    ("state", "award-grant", {**AWARD, "scheme": "new", "amount": 300_001}, "grant-above-aid-rate"),
    ("state", "award-grant", {**AWARD, "aid_rate": 0.5, "amount": 1}, "grant-already-awarded"),
    ("region", "award-grant", {**AWARD, "scheme": "new"}, "funder-of-another-role"),
    ("state", "award-grant", {**AWARD, "funder": "etat", "scheme": "new"}, "funder-unknown"),
    ("region", "disburse-grant", {**FRANCE_RELANCE, "amount": 1}, "funder-of-another-role"),
    ("state", "award-grant", {**AWARD, "scheme": "new", "aid_rate": 1, "amount": 900_001}, "grants-above-amount"),
    ("state", "record-repayment", {**FRANCE_RELANCE, "amount": 1}, "repaid-above-disbursed"),
    ("network", "correct-payment", {**FRANCE_RELANCE, "payment": 1, "reason": "other"}, "payment-not-recorded"),
    ("state", "disburse-grant", {**FRANCE_RELANCE, "amount": 300_001}, "disbursed-above-granted"),
    ("state", "disburse-grant", {**FRANCE_RELANCE, "scheme": "new", "amount": 1}, "grant-not-awarded"),
    ("network", "correct-amount", {"amount": 999_999, "reason": "other"}, "eligible-base-above-amount"),
    ("network", "correct-day", {"step": "started", "day": "2024-03-31", "reason": "other"}, "day-before-previous-step"),
    ("network", "correct-day", {"step": "started", "day": "2024-11-02", "reason": "other"}, "day-after-next-step"),
]


async def test_what_a_completed_investment_is_refused(partners: Partners) -> None:
    await member(partners)
    path = await completed(partners)
    granted = done(await partners.post(f"{path}/award-grant", {**AWARD, "on": "2024-11-15"}, by="state"))
    for role, verb, body, slug in REFUSED:
        problem(await partners.post(f"{path}/{verb}", body, by=role), 409, slug)
    assert done(await partners.get(path))["version"] == granted["version"]


async def test_what_only_other_states_are_refused(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)
    problem(await partners.post(f"{path}/audit-jobs", AUDIT), 409, "investment-not-completed")
    corrected_spent = {"amount_spent": 1, "reason": "other"}
    problem(await partners.post(f"{path}/correct-amount-spent", corrected_spent), 409, "investment-not-completed")
    not_yet = {"step": "approved", "day": "2024-02-01", "reason": "other"}
    problem(await partners.post(f"{path}/correct-day", not_yet), 409, "step-not-reached")
    done(await partners.post(f"{path}/cancel", {"reason": "market"}))
    problem(await partners.post(f"{path}/award-grant", AWARD, by="state"), 409, "investment-cancelled")
    problem(await partners.post(f"{path}/cancel", {"reason": "market"}), 409, "investment-cancelled")


async def test_bad_values_are_pointed_at_one_by_one(partners: Partners) -> None:
    bad = application(
        siret="00000001800011", legal_form="9999", naf="99.99Z", commune="Issoudun", headcount=-1, colour="red"
    )
    refused = problem(await partners.post(COMPANIES, bad), 422, "invalid")
    assert {(fault["pointer"], fault["code"]) for fault in refused["errors"]} == {
        ("#/siret", "siret"),
        ("#/legal_form", "legal-form"),
        ("#/naf", "naf"),
        ("#/commune", "commune"),
        ("#/headcount", "full-time-equivalents"),
        ("#/colour", "extra_forbidden"),
    }


async def test_a_day_inside_of_what_is_sent_is_pointed_at_itself(partners: Partners) -> None:
    evidence = {"kind": "dsn", "reference": "DSN 1", "dated": "1875-01-01"}
    audit = {"created": 1, "maintained": 1, "evidence": evidence}
    refused = problem(await partners.post(f"{INVESTMENTS}/none/audit-jobs", audit), 422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in refused["errors"]] == [
        ("#/evidence/dated", "day-out-of-range")
    ]


async def test_an_unseen_name_and_a_day_beyond_reason_are_pointed_at(partners: Partners) -> None:
    refused = problem(await partners.post(COMPANIES, application(name="\u200b", on="1000-01-01")), 422, "invalid")
    assert {(fault["pointer"], fault["code"]) for fault in refused["errors"]} == {
        ("#/name", "short-text"),
        ("#/on", "day-out-of-range"),
    }
    assert {fault["detail"] for fault in refused["errors"]} == {
        "a text has 1 to 200 characters, and each of them is seen: no control, format or zero-width character",
        "a day lies between 1900-01-01 and 2100-12-31",
    }


async def test_an_announcement_of_bad_values_is_refused(partners: Partners) -> None:
    bad: dict[str, object] = {"amount": 12.5, "axis": 8, "title": "\u0000", "jobs_planned": None, "on": "2024-02-30"}
    refused = problem(await partners.post(INVESTMENTS, {**FURNACE, **bad}), 422, "invalid")
    assert {fault["pointer"] for fault in refused["errors"]} == {f"#/{field}" for field in bad}
    assert done(await partners.get(INVESTMENTS))["items"] == []


async def test_nothing_is_decided_on_what_is_not_there(partners: Partners) -> None:
    problem(await partners.post(f"{COMPANIES}/{FOUNDRY}/activate"), 404, "not-found")
    problem(await partners.post(f"{INVESTMENTS}/none/approve"), 404, "not-found")
    problem(await partners.get(f"{INVESTMENTS}/none/events"), 404, "not-found")
    problem(await partners.post(f"{COMPANIES}/{FOUNDRY}/promote"), 404, "not-found")


# Retries and races


async def test_a_retried_announcement_is_one_investment(partners: Partners) -> None:
    await member(partners)
    sent = [partners.post(INVESTMENTS, FURNACE, Idempotency_Key="furnace-2024") for _ in range(20)]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await partners.post(INVESTMENTS, {**FURNACE, "amount": 1}, Idempotency_Key="furnace-2024")
    problem(other, 422, "idempotency-key-reused")
    listed = done(await partners.get(INVESTMENTS))
    assert len(listed["items"]) == 1


async def test_a_retry_answers_as_at_the_first_time(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)
    first = done(await partners.post(f"{path}/approve", Idempotency_Key="approve-it"))
    done(await partners.post(f"{path}/commit"))
    answer = await partners.post(f"{path}/approve", Idempotency_Key="approve-it")
    again = done(answer)
    assert (again["status"], again["version"]) == (first["status"], first["version"]) == ("approved", 2)
    assert answer.headers["etag"] == '"2"'


async def test_a_decision_on_what_has_changed_meanwhile_is_refused_where_the_caller_asks_so(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)
    done(await partners.post(f"{path}/approve", If_Match='"1"'))
    problem(await partners.post(f"{path}/cancel", {"reason": "market"}, If_Match='"1"'), 412, "stale")
    done(await partners.post(f"{path}/cancel", {"reason": "market"}, If_Match='"2"'))


async def test_two_payments_at_once_never_exceed_the_grant(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)
    done(await partners.post(f"{path}/award-grant", AWARD, by="state"))
    payment = {**FRANCE_RELANCE, "amount": 100_000}
    answers = await asyncio.gather(*(partners.post(f"{path}/disburse-grant", payment, by="state") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, *[409] * 5]
    assert done(await partners.get(path))["grants"][0]["disbursed"] == 300_000


async def test_a_command_that_changes_nothing_is_no_new_version(partners: Partners) -> None:
    await member(partners)
    report = {"full_time_equivalents": 51.5, "on": "2024-04-01"}
    for _ in range(2):
        reported = done(await partners.post(f"{COMPANIES}/{FOUNDRY}/report-headcount", report))
        assert reported["version"] == 3


# Lists


async def test_companies_are_listed_by_what_they_are_and_where(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, name="Moulin de Reuilly", commune="36171", zone=None, headcount=9)
    third = sample_siret(2)
    done(await partners.post(COMPANIES, application(third, commune="18055", naf="25.62B")), 201)

    async def found(**query: str) -> list[str]:
        listed = done(await partners.get(COMPANIES, **query))
        return [item["id"] for item in listed["items"]]

    assert await found() == sorted([FOUNDRY, MILL, third])
    assert await found(status="active") == sorted([FOUNDRY, MILL])
    assert await found(commune="18055") == [third]
    assert await found(naf="25.62B") == [third]
    assert await found(zone="zi-limoise", status="active") == [FOUNDRY]
    assert await found(size_band="03") == [MILL]
    assert await found(status="left") == []
    problem(await partners.get(COMPANIES, status="retired"), 422, "invalid")
    problem(await partners.get(COMPANIES, colour="red"), 422, "invalid")


async def test_investments_are_listed_page_by_page(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL)
    for number in range(5):
        await announced(partners, company=FOUNDRY if number < 3 else MILL, axis=2 if number == 0 else 6)
    assert len(done(await partners.get(INVESTMENTS, company=FOUNDRY))["items"]) == 3
    assert len(done(await partners.get(INVESTMENTS, axis=6, company=FOUNDRY))["items"]) == 2
    seen: list[str] = []
    path: str | None = f"{INVESTMENTS}?limit=2"
    while path is not None:
        answer = await partners.get(path)
        seen += [item["id"] for item in done(answer)["items"]]
        link = answer.links.get("next")
        path = link["url"] if link else None
    assert len(seen) == len(set(seen)) == 5


# Today, and the document


async def test_a_command_without_a_day_takes_effect_today(partners: Partners) -> None:
    body = application()
    del body["on"]
    created = done(await partners.post(COMPANIES, body), 201)
    assert abs((date.fromisoformat(created["applied_on"]) - date.today()).days) <= 1  # noqa: DTZ011 -- either side of midnight


async def test_the_document_names_every_command_refusal_and_value(partners: Partners) -> None:
    document = (await partners.get("/companies/openapi.json")).json()
    for verb in ("audit-jobs", "award-grant", "disburse-grant", "correct-day", "cancel"):
        assert "post" in document["paths"][f"/v1/investments/{{id}}/{verb}"]
    written = json.dumps(document)
    for slug in (
        "sole-trader",
        "company-not-active",
        "grant-above-aid-rate",
        "evidence-after-audit",
        "day-after-next-step",
        "funder-of-another-role",
        "too-many-grants",
        "repaid-above-disbursed",
    ):
        assert slug in written


async def test_a_field_nobody_knows_is_refused_in_the_parts_of_a_command_too(partners: Partners) -> None:
    """Though events, which have the same parts, pass it over."""
    evidence = {"kind": "dsn", "reference": "DSN-2024-06", "dated": "2024-06-30", "signed": True}
    body = {"created": 1, "maintained": 2, "evidence": evidence}
    refused = problem(
        await partners.post(f"{INVESTMENTS}/00000000-0000-4000-8000-000000000000/audit-jobs", body), 422, "invalid"
    )
    assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [("#/evidence/signed", "extra_forbidden")]


async def test_a_company_reads_the_directory_and_what_is_its_own(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, name="Moulin de l'Étang")
    path = await announced(partners)
    directory = done(await partners.get(COMPANIES, by="company", of=MILL, sort="name"))
    assert [item["siret"] for item in directory["items"]] == [FOUNDRY, MILL]
    foundry, mill = directory["items"]
    public = {"siret", "name", "naf", "commune", "zone", "status", "size_band"}
    assert {*foundry} == {"id", "version", "allowed", *public}
    assert {*mill} > {*foundry, "headcount", "applied_on"}
    assert directory["allowed"] == ["apply"]
    # Sorted by a headcount that is not public, it is a list of its own alone.
    sized = done(await partners.get(COMPANIES, by="company", of=MILL, sort="-headcount"))
    assert [item["siret"] for item in sized["items"]] == [MILL]
    assert [item["id"] for item in done(await partners.get(COMPANIES, by="school", q="etang mou"))["items"]] == [MILL]

    shown = done(await partners.get(path, by="company", of=MILL))
    assert {*shown} == {"id", "version", "allowed", "company", "naf", "commune", "zone", "axis", "status"}
    problem(await partners.get(f"{path}/events", by="company", of=MILL), 403, "not-your-record")
    problem(await partners.post(f"{path}/cancel", {"reason": "other"}, by="company", of=MILL), 403, "not-your-record")
    assert done(await partners.get(INVESTMENTS, by="company", of=MILL, amount_from=1))["items"] == []
    assert done(await partners.get(path, by="company", of=FOUNDRY))["amount"] == FURNACE["amount"]


async def test_what_there_is_nothing_to_decide_about_is_not_allowed(partners: Partners) -> None:
    await member(partners)
    path = await announced(partners)

    async def allowed(by: str) -> set[str]:
        return {*done(await partners.get(path, by=by))["allowed"]}

    about_grants = {"disburse-grant", "record-repayment", "correct-grant", "correct-payment", "correct-repayment"}
    assert not await allowed("state") & about_grants
    done(await partners.post(f"{path}/award-grant", AWARD, by="state"))
    assert await allowed("state") & about_grants == {"disburse-grant"}
    assert await allowed("network") & about_grants == {"correct-grant"}
    done(await partners.post(f"{path}/disburse-grant", {**FRANCE_RELANCE, "amount": 300_000}, by="state"))
    assert await allowed("state") & about_grants == {"record-repayment"}
    assert await allowed("network") & about_grants == {"correct-grant", "correct-payment"}
