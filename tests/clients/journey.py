"""A partner's way through companies and indicators with generated Python clients.

python journey.py <address of companies> <of indicators> <token> <SIRET of the company> <SIRET of another>
"""

import re
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import companies_client as companies
import indicators_client as indicators
from companies_client.api.companies import activate_company, apply_company, list_company, list_company_events
from companies_client.api.investments import (
    announce_investment,
    approve_investment,
    audit_jobs_investment,
    award_grant_investment,
    commit_investment,
    complete_investment,
    get_investment,
    list_investment_events,
    start_investment,
)
from companies_client.models import (
    ActivateCompany,
    AnnounceInvestment,
    ApplyCompany,
    ApproveInvestment,
    AuditJobsInvestment,
    AwardGrantInvestment,
    CommitInvestment,
    Company,
    CompanyExistsProblem,
    CompleteInvestment,
    EnteredEvidenceInput,
    EnteredEvidenceInputKind,
    Investment,
    InvestmentGrantAboveAidRateProblem,
    InvestmentNotAMemberProblem,
    InvestmentNotApprovedProblem,
    OnBeforePreviousStepProblem,
    Problem,
    RecordedCompanyActivated,
    RecordedCompanyApplied,
    RecordedGrantAwarded,
    RecordedInvestmentAnnounced,
    RecordedInvestmentApproved,
    RecordedInvestmentCommitted,
    RecordedInvestmentCompleted,
    RecordedInvestmentStarted,
    RecordedJobsAudited,
    StartInvestment,
)
from indicators_client.api.indicators import list_events, read_figure
from indicators_client.models import EventsBehind, Figure, ReadFigureName

address_of_companies, address_of_indicators, token, siret, other = sys.argv[1:]
client = companies.AuthenticatedClient(base_url=f"{address_of_companies}/companies", token=token)
figures = indicators.AuthenticatedClient(base_url=f"{address_of_indicators}/indicators", token=token)


def application(siret: str, name: str) -> ApplyCompany:
    return ApplyCompany(
        siret=siret, name=name, legal_form="5710", naf="24.54Z", commune="36088", headcount=42, on=date(2024, 1, 8)
    )


def pages(limit: int) -> Iterator[list[Company]]:
    cursor: Any = companies.types.UNSET
    while True:
        answer = list_company.sync_detailed(client=client, limit=limit, cursor=cursor)
        yield answer.parsed.items
        following = re.match(r'<(.*)>; rel="next"', answer.headers.get("Link", ""))
        if following is None:
            return
        cursor = parse_qs(urlsplit(following[1]).query)["cursor"][0]


# A company applies, twice with one key, and a third time with another.
foundry = application(siret, "Fonderie de la Théols")
applied = apply_company.sync_detailed(client=client, body=foundry, idempotency_key="application-1")
assert isinstance(applied.parsed, Company), applied
assert (applied.status_code, applied.headers["ETag"], applied.parsed.status) == (201, '"1"', "applied")
again = apply_company.sync_detailed(client=client, body=foundry, idempotency_key="application-1")
assert (again.headers["Idempotency-Replayed"], again.parsed) == ("true", applied.parsed)
exists = apply_company.sync(client=client, body=foundry)
assert isinstance(exists, CompanyExistsProblem), exists

# Before it is a member it announces nothing, and the refusal says why to a program.
furnace = AnnounceInvestment(company=siret, title="Four", axis=6, amount=1_200_000, jobs_planned=8, on=date(2024, 2, 1))
refused = announce_investment.sync(client=client, body=furnace)
assert isinstance(refused, InvestmentNotAMemberProblem), refused
assert (refused.parameters.company, refused.parameters.status) == (siret, "applied")

# It is activated at the version that was seen, not at another.
stale = activate_company.sync_detailed(siret, client=client, body=ActivateCompany(), if_match='"7"')
assert isinstance(stale.parsed, Problem), stale
assert (stale.status_code, stale.parsed.type_) == (412, "/companies/problems/stale")
early = activate_company.sync(siret, client=client, body=ActivateCompany(on=date(2024, 1, 7)))
assert isinstance(early, OnBeforePreviousStepProblem), early
assert (early.parameters.on, early.parameters.previous) == (date(2024, 1, 7), date(2024, 1, 8))
active = activate_company.sync(siret, client=client, body=ActivateCompany(on=date(2024, 1, 15)), if_match='"1"')
assert isinstance(active, Company), active
assert (active.status, active.headcount, active.zone) == ("active", 42, None)

# It invests.
announced = announce_investment.sync(client=client, body=furnace)
assert isinstance(announced, Investment), announced
number = announced.id
too_early = commit_investment.sync(number, client=client, body=CommitInvestment())
assert isinstance(too_early, InvestmentNotApprovedProblem), too_early
assert too_early.parameters.status == "announced"
assert isinstance(
    approve_investment.sync(number, client=client, body=ApproveInvestment(on=date(2024, 3, 1))), Investment
)
grant = AwardGrantInvestment(
    funder="state", scheme="france-relance", eligible_base=1_000_000, aid_rate=0.3, amount=300_001, on=date(2024, 3, 15)
)
too_much = award_grant_investment.sync(number, client=client, body=grant)
assert isinstance(too_much, InvestmentGrantAboveAidRateProblem), too_much
assert too_much.parameters.most == 300_000
grant.amount = 300_000
granted = award_grant_investment.sync(number, client=client, body=grant)
assert isinstance(granted, Investment), granted
assert [(each.amount, each.disbursed) for each in granted.grants] == [(300_000, 0)]
commit_investment.sync(number, client=client, body=CommitInvestment(on=date(2024, 4, 1)))
start_investment.sync(number, client=client, body=StartInvestment(on=date(2024, 5, 1)))
complete_investment.sync(number, client=client, body=CompleteInvestment(amount_spent=1_150_000, on=date(2024, 11, 1)))
evidence = EnteredEvidenceInput(kind=EnteredEvidenceInputKind.DSN, reference="DSN-2024-11", dated=date(2024, 12, 5))
audit = AuditJobsInvestment(created=6, maintained=42, evidence=evidence, on=date(2025, 1, 15))
audited = audit_jobs_investment.sync(number, client=client, body=audit)
assert isinstance(audited, Investment), audited
assert get_investment.sync(number, client=client) == audited

# Each event of a history is of its own class.
history = [(type(event), event.data) for event in list_company_events.sync(siret, client=client).items]
assert [kind for kind, _ in history] == [RecordedCompanyApplied, RecordedCompanyActivated]
history = [(type(event), event.data) for event in list_investment_events.sync(number, client=client).items]
assert [kind for kind, _ in history] == [
    RecordedInvestmentAnnounced,
    RecordedInvestmentApproved,
    RecordedGrantAwarded,
    RecordedInvestmentCommitted,
    RecordedInvestmentStarted,
    RecordedInvestmentCompleted,
    RecordedJobsAudited,
], history
assert history[6][1].evidence.dated == date(2024, 12, 5)

# A list comes in pages.
apply_company.sync(client=client, body=application(other, "Moulin de Reuilly"))
assert [[company.name for company in page] for page in pages(1)] == [["Fonderie de la Théols"], ["Moulin de Reuilly"]]

# And the programme's figures follow.
for _ in range(600):
    figure = read_figure.sync(ReadFigureName.INVESTED_PRODUCTIVE, client=figures, by=["company", "month"])
    assert isinstance(figure, Figure), figure
    if figure.value:
        break
    time.sleep(0.1)
assert (figure.value, figure.unit, figure.n) == (1_150_000, "EUR", 1)
assert [(cell.company, cell.month, cell.value) for cell in figure.cells] == [(siret, "2024-11", 1_150_000)]
behind = list_events.sync("invested_productive", client=figures)
assert isinstance(behind, EventsBehind), behind
assert [(event.type_, event.effective_on) for event in behind.items] == [("InvestmentCompleted", date(2024, 11, 1))]
print("arrived")
