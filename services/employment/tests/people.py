"""What the tests of employment share: a company, its neighbour, and a job seeker who does not exist."""

from datetime import date
from typing import Any, Final

from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanySuspended
from contracts.companies.investment import InvestmentAnnounced, InvestmentCancelled
from contracts.personal import Personal
from employment.members import members, projects
from employment.priority import Seeker

TODAY: Final = date(2026, 9, 1)
COMPANY, NEIGHBOUR = sample_siret(0), sample_siret(1)
PLACE: Final[dict[str, Any]] = {"company": COMPANY, "naf": "25.62B", "commune": "36088", "zone": "zi-limoise"}
JOINED: Final[tuple[Event, ...]] = (
    CompanyApplied(
        **PLACE, name="Exemple", legal_form="5710", headcount=9, size_band="03", effective_on=date(2024, 1, 1)
    ),
    CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=date(2024, 1, 1)),
)
SUSPENDED: Final = CompanySuspended(
    **PLACE, reason="fee_unpaid", headcount_before=9, headcount=0, effective_on=date(2026, 8, 31)
)
MEMBER: Final = members.fold(JOINED)
NOT_ACTIVE: Final = members.fold((*JOINED, SUSPENDED))
ANNOUNCED: Final = InvestmentAnnounced(
    **PLACE, axis=6, title="Ligne", amount=450_000, jobs_planned=4, effective_on=date(2025, 1, 1)
)
PROJECT: Final = projects.fold((ANNOUNCED,))
PROJECT_OF_NEIGHBOUR: Final = projects.fold((ANNOUNCED.model_copy(update={"company": NEIGHBOUR}),))
PROJECT_GIVEN_UP: Final = projects.fold(
    (
        ANNOUNCED,
        InvestmentCancelled(
            **PLACE,
            axis=6,
            reason="market",
            status_before="announced",
            amount=450_000,
            announced_on=date(2025, 1, 1),
            committed_on=None,
            grants_awarded=0,
            grants_disbursed=0,
            grants=(),
            effective_on=date(2025, 2, 1),
        ),
    )
)


def record_id(number: int) -> str:
    return f"0190a3c4-5e6f-7a8b-9c0d-{number:012x}"


INVESTMENT, VACANCY, APPLICATION, SEEKER, IMMERSION = (record_id(n) for n in range(1, 6))


def seeker(born_on: date = date(1990, 5, 13), subject: str = SEEKER) -> Personal[Seeker]:
    return Personal(Seeker(family_name="Exemple", given_name="Camille", born_on=born_on), subject)
