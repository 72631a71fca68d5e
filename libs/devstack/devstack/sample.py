"""The sample programme: what its companies did, as the requests that tell it to the platform.

Everything is fixed here or follows from the seed, so the figures are the same each time: 22,000,000 EUR and 55 jobs to
the end of 2023, 30 active members in the end. A company's requests go one after the other, those of several at once.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from contracts.values import sample_siret
from devstack.sample_network import (
    APPLICANTS,
    COMPANIES,
    FIRST_PROGRAMME,
    REGION,
    Company,
    Grant,
    Investment,
)

SEED: Final = 36100
LAST_DAY: Final = date(2026, 6, 30)
"""Nothing of the sample happened later."""
SECOND_PROGRAMME: Final = date(2024, 1, 1)

_STATE_GRANT: Final = Grant("state", "france-2030", 0.25)
_TITLES: Final = (
    "Cellule robotisée",
    "Ligne automatisée",
    "Supervision de production",
    "Extension d'atelier",
    "Machine à commande numérique",
    "Contrôle par vision",
    "Stockage automatisé",
    "Four à haut rendement",
)


@dataclass(frozen=True)
class Step:
    """A command, the day it took effect, and whose it is: the company's where `investment` is None."""

    on: date
    command: str
    """As in the path: `report-headcount`."""
    body: Mapping[str, object]
    investment: str | None = None
    """A name for one investment of the company."""


@dataclass(frozen=True)
class Story:
    """What one company did, in order."""

    siret: str
    company: Company
    steps: Sequence[Step]


def stories() -> list[Story]:
    """The sample programme."""
    return [
        *(_member(sample_siret(number), company) for number, company in enumerate(COMPANIES)),
        *(
            _applicant(sample_siret(len(COMPANIES) + number), company, reason)
            for number, (company, reason) in enumerate(APPLICANTS)
        ),
    ]


def _member(siret: str, company: Company) -> Story:
    chance = random.Random(f"{SEED}-{siret}")
    steps = [
        _application(siret, company, company.joined - timedelta(days=21)),
        Step(company.joined, "activate", {}),
    ]
    for on, command, body in company.turns:
        steps.append(_application(siret, company, on) if command == "apply" else Step(on, command, body))
    steps += _headcounts(company, chance)
    investments = [investment for investment in FIRST_PROGRAMME if investment.company == company.name]
    if not company.turns:
        investments += _second_programme(company, chance)
    for number, investment in enumerate(investments):
        steps += _way(siret, f"investment-{number}", investment)
    return Story(siret, company, sorted((step for step in steps if step.on <= LAST_DAY), key=lambda step: step.on))


def _applicant(siret: str, company: Company, reason: str) -> Story:
    refused = Step(company.joined, "reject", {"reason": reason})
    return Story(siret, company, (_application(siret, company, company.joined - timedelta(days=30)), refused))


def _application(siret: str, company: Company, on: date) -> Step:
    body: dict[str, object] = {
        "siret": siret,
        "name": company.name,
        "legal_form": company.legal_form,
        "naf": company.naf,
        "commune": company.commune,
        "headcount": company.headcount,
    }
    return Step(on, "apply", body if company.zone is None else {**body, "zone": company.zone})


def _headcounts(company: Company, chance: random.Random) -> Iterator[Step]:
    """Reports while it is a member: once a year in the first programme, every quarter in the second."""
    days = [date(year, 3, 31) for year in range(2019, 2024)]
    days += [date(year, *end) for year in range(2024, 2027) for end in ((3, 31), (6, 30), (9, 30), (12, 31))]
    for day in days:
        years = (day - company.joined).days / 365
        headcount = company.headcount * (1 + company.growth) ** years * chance.uniform(0.985, 1.015)
        if day > company.joined and _is_active(company, day):
            yield Step(day, "report-headcount", {"full_time_equivalents": round(headcount * 2) / 2})


def _is_active(company: Company, day: date) -> bool:
    status = "activate"
    for on, command, _ in company.turns:
        if company.joined < on <= day:
            status = command
    return status in ("activate", "reinstate")


def _second_programme(company: Company, chance: random.Random) -> Iterator[Investment]:
    """A plausible investment or two, the latest of which are still under way on the last day."""
    first = max(SECOND_PROGRAMME, company.joined + timedelta(days=90))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2))):
        announced = first + timedelta(days=chance.randrange(30, (LAST_DAY - first).days))
        amount = round(company.headcount * chance.uniform(2.5, 12)) * 1000
        completed = announced + timedelta(days=chance.randrange(200, 600))
        jobs = max(0.5, round(amount / 400_000 * chance.uniform(0.6, 1.8) * 2) / 2)
        yield Investment(
            company=company.name,
            title=chance.choice(_TITLES),
            axis=chance.choice((2, 6, 6)),
            amount=amount,
            spent=round(amount * chance.uniform(0.92, 1.08) / 100) * 100,
            jobs_planned=jobs,
            created=round(jobs * chance.uniform(0.4, 1.2) * 2) / 2,
            maintained=float(round(company.headcount * chance.uniform(0.02, 0.15))),
            announced=announced,
            completed=completed,
            audited=completed + timedelta(days=chance.randrange(60, 150)),
            grants=chance.choice(((), (REGION,), (_STATE_GRANT,), (_STATE_GRANT, REGION))),
            given_up=announced + timedelta(days=150) if chance.random() < 0.12 else None,
        )


def _way(siret: str, name: str, investment: Investment) -> Iterator[Step]:
    """The steps of an investment from its announcement to its audit, or to where it was given up."""
    announced, completed = investment.announced, investment.completed

    def after(share: float) -> date:
        return announced + timedelta(days=int((completed - announced).days * share))

    announcement = {
        "company": siret,
        "title": investment.title,
        "axis": investment.axis,
        "amount": investment.amount,
        "jobs_planned": investment.jobs_planned,
    }
    steps = [
        Step(announced, "announce", announcement),
        Step(after(0.12), "approve", {}),
        Step(after(0.22), "commit", {}),
        Step(after(0.30), "start", {}),
        Step(completed, "complete", {"amount_spent": investment.spent_at_first or investment.spent}),
        Step(investment.audited, "audit-jobs", _audit(investment, investment.created, investment.audited)),
    ]
    if investment.spent_at_first:
        correction = {"amount_spent": investment.spent, "reason": "late_document"}
        steps.append(Step(completed + timedelta(days=45), "correct-amount-spent", correction))
    if investment.created_at_first:
        earlier = investment.audited - timedelta(days=91)
        steps.append(Step(earlier, "audit-jobs", _audit(investment, investment.created_at_first, earlier)))
    for grant in investment.grants:
        steps += _granted(grant, investment, after(0.18), after(0.45), completed + timedelta(days=30))
    if investment.given_up:
        steps = [step for step in steps if step.on < investment.given_up]
        paid = [step for step in steps if step.command == "disburse-grant"]
        steps.append(Step(investment.given_up, "cancel", {"reason": "market"}))
        paid_back = investment.given_up + timedelta(days=180)
        steps += [Step(paid_back, "record-repayment", step.body) for step in paid]
    for step in steps:
        yield replace(step, investment=name)


def _granted(grant: Grant, investment: Investment, awarded: date, first: date, last: date) -> Iterator[Step]:
    whose = {"funder": grant.funder, "scheme": grant.scheme}
    amount = investment.amount * round(grant.rate * 100) // 100
    award = {**whose, "eligible_base": investment.amount, "aid_rate": grant.rate, "amount": amount}
    yield Step(awarded, "award-grant", award)
    yield Step(first, "disburse-grant", {**whose, "amount": amount // 2})
    yield Step(last, "disburse-grant", {**whose, "amount": amount - amount // 2})


def _audit(investment: Investment, created: float, on: date) -> Mapping[str, object]:
    document = on - timedelta(days=10)
    return {
        "created": created,
        "maintained": investment.maintained,
        "evidence": {"kind": "dsn", "reference": f"DSN-{document:%Y-%m}", "dated": document.isoformat()},
    }
