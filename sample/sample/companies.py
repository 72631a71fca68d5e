"""What the companies of the sample did: they joined, reported, invested, were granted aids, and some left.

Everything is fixed here or follows from the seed, so the figures are the same each time: 22,000,000 EUR and 55 jobs to
the end of 2023, 30 active members in the end.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from contracts.companies.company import CATEGORY as COMPANY
from contracts.companies.investment import CATEGORY as INVESTMENT
from contracts.values import sample_siret
from sample.companies_data import (
    APPLICANTS,
    COMPANIES,
    FIRST_PROGRAMME,
    REGION,
    Company,
    Grant,
    Investment,
)
from sample.story import LAST_DAY, Step, Story

SEED: Final = 36100
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


def stories() -> list[Story]:
    """What each company did."""
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
        Step(company.joined, COMPANY, siret, "activate", {}),
    ]
    for on, command, body in company.turns:
        steps.append(
            _application(siret, company, on) if command == "apply" else Step(on, COMPANY, siret, command, body)
        )
    steps += _headcounts(siret, company, chance)
    investments = [investment for investment in FIRST_PROGRAMME if investment.company == company.name]
    if not company.turns:
        investments += _second_programme(company, chance)
    for number, investment in enumerate(investments):
        steps += _way(siret, f"investment-{number}", investment)
    return Story(siret, sorted((step for step in steps if _day(step) <= LAST_DAY), key=_day))


def _day(step: Step) -> date:
    """All that companies do is told with its day."""
    return step.on or LAST_DAY


def _applicant(siret: str, company: Company, reason: str) -> Story:
    refused = Step(company.joined, COMPANY, siret, "reject", {"reason": reason})
    return Story(siret, (_application(siret, company, company.joined - timedelta(days=30)), refused))


def _application(siret: str, company: Company, on: date) -> Step:
    body: dict[str, object] = {
        "siret": siret,
        "name": company.name,
        "legal_form": company.legal_form,
        "naf": company.naf,
        "commune": company.commune,
        "headcount": company.headcount,
    }
    told = body if company.zone is None else {**body, "zone": company.zone}
    return Step(on, COMPANY, siret, "apply", told, creates=True)


def _headcounts(siret: str, company: Company, chance: random.Random) -> Iterator[Step]:
    """Reports while it is a member: once a year in the first programme, every quarter in the second."""
    days = [date(year, 3, 31) for year in range(2019, 2024)]
    days += [date(year, *end) for year in range(2024, 2027) for end in ((3, 31), (6, 30), (9, 30), (12, 31))]
    for day in days:
        years = (day - company.joined).days / 365
        headcount = company.headcount * (1 + company.growth) ** years * chance.uniform(0.985, 1.015)
        if day > company.joined and _is_active(company, day):
            yield Step(day, COMPANY, siret, "report-headcount", {"full_time_equivalents": round(headcount * 2) / 2})


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
        Step(announced, INVESTMENT, name, "announce", announcement, creates=True),
        Step(after(0.12), INVESTMENT, name, "approve", {}),
        Step(after(0.22), INVESTMENT, name, "commit", {}),
        Step(after(0.30), INVESTMENT, name, "start", {}),
        Step(completed, INVESTMENT, name, "complete", {"amount_spent": investment.spent_at_first or investment.spent}),
        Step(
            investment.audited,
            INVESTMENT,
            name,
            "audit-jobs",
            _audit(investment, investment.created, investment.audited),
        ),
    ]
    if investment.spent_at_first:
        correction = {"amount_spent": investment.spent, "reason": "late_document"}
        steps.append(Step(completed + timedelta(days=45), INVESTMENT, name, "correct-amount-spent", correction))
    if investment.created_at_first:
        earlier = investment.audited - timedelta(days=91)
        steps.append(
            Step(earlier, INVESTMENT, name, "audit-jobs", _audit(investment, investment.created_at_first, earlier))
        )
    for grant in investment.grants:
        steps += _granted(name, grant, investment, after(0.18), after(0.45), completed + timedelta(days=30))
    if investment.given_up:
        steps = [step for step in steps if _day(step) < investment.given_up]
        paid = [step for step in steps if step.command == "disburse-grant"]
        steps.append(Step(investment.given_up, INVESTMENT, name, "cancel", {"reason": "market"}))
        paid_back = investment.given_up + timedelta(days=180)
        steps += [Step(paid_back, INVESTMENT, name, "record-repayment", step.body) for step in paid]
    yield from steps


def _granted(name: str, grant: Grant, investment: Investment, awarded: date, first: date, last: date) -> Iterator[Step]:
    whose = {"funder": grant.funder, "scheme": grant.scheme}
    amount = investment.amount * round(grant.rate * 100) // 100
    award = {**whose, "eligible_base": investment.amount, "aid_rate": grant.rate, "amount": amount}
    yield Step(awarded, INVESTMENT, name, "award-grant", award)
    yield Step(first, INVESTMENT, name, "disburse-grant", {**whose, "amount": amount // 2})
    yield Step(last, INVESTMENT, name, "disburse-grant", {**whose, "amount": amount - amount // 2})


def _audit(investment: Investment, created: float, on: date) -> Mapping[str, object]:
    document = on - timedelta(days=10)
    return {
        "created": created,
        "maintained": investment.maintained,
        "evidence": {"kind": "dsn", "reference": f"DSN-{document:%Y-%m}", "dated": document.isoformat()},
    }
