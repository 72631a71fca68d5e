"""What a company of the network, and its coordinator, may do, and when."""

from datetime import date
from typing import Any, get_args

import pytest

from companies.company import (
    Activate,
    Apply,
    Company,
    Leave,
    Reinstate,
    Reject,
    ReportHeadcount,
    SoleTrader,
    Suspend,
    companies,
)
from contracts import Event, sample_siret
from contracts.companies.company import (
    CompanyActivated,
    CompanyApplied,
    CompanyLeft,
    CompanyReinstated,
    CompanyRejected,
    CompanySuspended,
    HeadcountReported,
)
from contracts.personal import Personal
from eventstore.decider import Actor, Command, Keep
from eventstore.refusal import Forbidden
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(companies, today=TODAY)

FOUNDRY = sample_siret(0)
SOMEBODY = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
TRADER = Personal(SoleTrader(family_name="Exemple", given_name="Camille"), SOMEBODY)
FACTS: dict[str, Any] = {"company": FOUNDRY, "naf": "24.54Z", "commune": "36088", "zone": "zi-limoise"}


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


apply = Apply(
    siret=FOUNDRY,
    name="Fonderie de la Théols",
    legal_form="5710",
    naf="2454Z",
    commune="36088",
    zone="zi-limoise",
    headcount=42,
    on=day(1, 15),
)
applied = CompanyApplied(
    **FACTS,
    name="Fonderie de la Théols",
    legal_form="5710",
    headcount=42,
    size_band="12",
    effective_on=day(1, 15),
)
activated = CompanyActivated(**FACTS, headcount=42, size_band="12", applied_on=day(1, 15), effective_on=day(2))
rejected = CompanyRejected(**FACTS, reason="incomplete_file", effective_on=day(2))
reported = HeadcountReported(**FACTS, headcount_before=42, headcount=51.5, size_band="21", effective_on=day(4))
suspended = CompanySuspended(**FACTS, reason="fee_unpaid", headcount_before=51.5, headcount=0, effective_on=day(5))
reinstated = CompanyReinstated(**FACTS, headcount=51.5, size_band="21", effective_on=day(6))
left = CompanyLeft(**FACTS, reason="moved", headcount_before=51.5, headcount=0, effective_on=day(7))

PASTS: dict[str, tuple[Event, ...]] = {
    "applied": (applied,),
    "rejected": (applied, rejected),
    "active": (applied, activated, reported),
    "suspended": (applied, activated, reported, suspended),
    "left": (applied, activated, reported, left),
}


def test_every_command_and_event_is_handled() -> None:
    companies.check()


# Applying


def test_a_company_applies_and_does_not_count_yet() -> None:
    given().when(apply).then(applied)
    given().when(apply).then_state(status="applied", headcount=0, headcount_declared=42, headcount_on=day(1, 15))


def test_a_company_outside_any_zone_applies() -> None:
    given().when(apply.model_copy(update={"zone": None})).then_state(zone=None, status="applied")


@pytest.mark.parametrize("past", ["rejected", "left"])
def test_a_company_applies_again_after_a_refusal_or_a_departure(past: str) -> None:
    again = apply.model_copy(update={"headcount": 60, "name": "Fonderie du Berry", "on": day(8)})
    state = given(*PASTS[past]).when(again)
    state.then_state(status="applied", name="Fonderie du Berry", headcount=0, headcount_declared=60, reason=None)
    state.then_state(applied_on=day(8), activated_on=None, rejected_on=None, left_on=None)


@pytest.mark.parametrize("past", ["applied", "active", "suspended"])
def test_a_company_applies_once(past: str) -> None:
    given(*PASTS[past]).when(apply.model_copy(update={"on": day(8)})).rejected("company-exists")


def test_a_sole_trader_is_known_by_a_pseudonym_until_five_years_after_leaving() -> None:
    asked = apply.model_copy(update={"legal_form": "1000", "name": None, "trader": TRADER})
    event = applied.model_copy(update={"legal_form": "1000", "name": None, "trader": SOMEBODY})
    given().when(asked).then(event)
    given(event).keeps(Keep(SOMEBODY, until=date(2100, 12, 31)))
    given(event, rejected).keeps(Keep(SOMEBODY, until=date(2025, 2, 1)))
    given(event, activated, left).keeps(Keep(SOMEBODY, until=date(2029, 7, 1)))


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ({"legal_form": "1000"}, "sole-trader"),
        ({"legal_form": "1000", "name": None}, "sole-trader"),
        ({"legal_form": "5710", "name": None}, "company-name-missing"),
        ({"legal_form": "5710", "trader": True}, "company-name-missing"),
    ],
)
def test_only_a_sole_traders_name_is_personal(said: dict[str, object], slug: str) -> None:
    if "trader" in said:
        said = {**said, "trader": TRADER}
    given().when(apply.model_copy(update=said)).rejected(slug)


# Answering an application


def test_the_network_makes_it_a_member_who_counts_with_the_headcount_it_declared() -> None:
    given(applied).when(Activate(on=day(2))).then(activated)
    given(applied).when(Activate(on=day(2))).then_state(status="active", headcount=42, activated_on=day(2))


def test_the_network_refuses_an_application() -> None:
    given(applied).when(Reject(reason="incomplete_file", on=day(2))).then(rejected)
    given(applied).when(Reject(reason="incomplete_file")).then_state(status="rejected", reason="incomplete_file")


# Headcount


def test_a_member_reports_its_headcount_for_a_day() -> None:
    report = ReportHeadcount(full_time_equivalents=51.5, on=day(4))
    given(applied, activated).when(report).then(reported)
    given(applied, activated).when(report).then_state(headcount=51.5, headcount_on=day(4), size_band="21")


def test_a_report_of_the_same_headcount_on_a_later_day_is_news() -> None:
    given(applied, activated).when(ReportHeadcount(full_time_equivalents=42, on=day(3))).then(
        HeadcountReported(**FACTS, headcount_before=42, headcount=42, size_band="12", effective_on=day(3))
    )


def test_the_same_report_twice_changes_nothing() -> None:
    given(*PASTS["active"]).when(ReportHeadcount(full_time_equivalents=51.5, on=day(4))).then()


def test_a_headcount_can_be_put_right_on_the_same_day() -> None:
    given(*PASTS["active"]).when(ReportHeadcount(full_time_equivalents=50.5, on=day(4))).then(
        HeadcountReported(**FACTS, headcount_before=51.5, headcount=50.5, size_band="21", effective_on=day(4))
    )


def test_a_headcount_of_before_the_membership_is_refused() -> None:
    given(applied, activated).when(ReportHeadcount(full_time_equivalents=42, on=day(1, 20))).rejected(
        "on-before-previous-step"
    )


def test_a_headcount_of_tomorrow_is_refused() -> None:
    given(applied, activated).when(ReportHeadcount(full_time_equivalents=42, on=date(2024, 9, 3))).rejected(
        "on-in-the-future"
    )


# Suspending, reinstating, leaving


def test_a_suspended_member_does_not_count() -> None:
    given(*PASTS["active"]).when(Suspend(reason="fee_unpaid", on=day(5))).then(suspended)
    given(*PASTS["suspended"]).when(Reinstate()).then_state(headcount=51.5)
    given(*PASTS["active"]).when(Suspend(reason="fee_unpaid", on=day(5))).then_state(
        status="suspended", headcount=0, headcount_declared=51.5, reason="fee_unpaid", suspended_on=day(5)
    )


def test_a_reinstated_member_counts_again_with_the_headcount_it_had() -> None:
    given(*PASTS["suspended"]).when(Reinstate(on=day(6))).then(reinstated)
    given(*PASTS["suspended"]).when(Reinstate(on=day(6))).then_state(
        status="active", headcount=51.5, reason=None, suspended_on=None
    )


def test_a_member_leaves_and_counts_no_more() -> None:
    given(*PASTS["active"]).when(Leave(reason="moved", on=day(7))).then(left)
    given(*PASTS["active"]).when(Leave(reason="moved", on=day(7))).then_state(
        status="left", headcount=0, reason="moved", left_on=day(7)
    )


def test_only_the_network_excludes_a_member() -> None:
    exclude = Leave(reason="excluded", on=day(7))
    given(*PASTS["active"]).by(company=FACTS["company"]).when(exclude).rejected("reason-of-another-role")
    given(*PASTS["active"]).by("network").when(exclude).then_state(status="left", reason="excluded")


def test_a_suspended_member_leaves_with_nothing_left_to_take_away() -> None:
    given(*PASTS["suspended"]).when(Leave(reason="closed", on=day(7))).then(
        CompanyLeft(**FACTS, reason="closed", headcount_before=0, headcount=0, effective_on=day(7))
    )


ALLOWED: dict[type[Command], set[str]] = {
    Activate: {"applied"},
    Reject: {"applied"},
    ReportHeadcount: {"active"},
    Suspend: {"active"},
    Reinstate: {"suspended"},
    Leave: {"active", "suspended"},
}
COMMANDS: list[tuple[Command, str]] = [
    (Activate(), "company-not-applied"),
    (Reject(reason="other"), "company-not-applied"),
    (ReportHeadcount(full_time_equivalents=1), "company-not-active"),
    (Suspend(reason="other"), "company-not-active"),
    (Reinstate(), "company-not-suspended"),
    (Leave(reason="other"), "company-not-active"),
]


@pytest.mark.parametrize("status", get_args(Company.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        assert decided.refusal is None
    else:
        decided.rejected(slug)


# Who may


THE_COMPANY = Actor("foundry", frozenset({"company"}), {"company": FOUNDRY})
ITS_NEIGHBOUR = Actor("neighbour", frozenset({"company"}), {"company": sample_siret(1)})
THE_NETWORK = Actor("network", frozenset({"network"}))
A_FUNDER = Actor("region", frozenset({"region"}))


def test_a_company_speaks_for_itself_only() -> None:
    active = given(*PASTS["active"]).state
    assert active is not None
    assert companies.allowed(active, THE_COMPANY) == ["report-headcount", "leave"]
    assert companies.allowed(active, THE_NETWORK) == ["report-headcount", "suspend", "leave"]
    assert companies.allowed(active, ITS_NEIGHBOUR) == []
    assert companies.allowed(active, A_FUNDER) == []


def test_a_company_applies_for_itself_only() -> None:
    decision = companies.decision(Apply)
    companies.authorise(decision, apply, THE_COMPANY)
    companies.authorise(decision, apply, THE_NETWORK)
    with pytest.raises(Forbidden, match="organisation"):
        companies.authorise(decision, apply, ITS_NEIGHBOUR)
    with pytest.raises(Forbidden, match="asks for one of the roles Company, Company network"):
        companies.authorise(decision, apply, A_FUNDER)


@pytest.mark.parametrize("command", [Activate, Reject, Suspend, Reinstate])
def test_membership_is_for_the_network_to_decide(command: type[Command]) -> None:
    assert companies.decision(command).by == ("network",)
