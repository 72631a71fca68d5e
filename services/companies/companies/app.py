"""Companies of the network and their productive investments."""

from typing import Final

from companies.company import companies
from companies.investment import investments
from contracts.companies import company, investment
from contracts.roles import Role
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource

PARTNERS: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "region", "state", "steering", "ops")
"""Those who carry the programme, pay for it or run it: they read every record."""

app = Service(
    "companies",
    title="Companies",
    description="Companies of the network, their headcount, and the productive investments they announce.",
    resources=(
        Resource(
            companies,
            company.CATEGORY.path,
            # A directory of the network.
            reads=Reads(
                all=PARTNERS,
                own=("company",),
                public=("siret", "name", "naf", "commune", "zone", "status", "size_band"),
            ),
        ),
        Resource(
            investments,
            investment.CATEGORY.path,
            # That a company invests along an axis; what in, for how much and with whose aid is its business.
            reads=Reads(all=PARTNERS, own=("company",), public=("company", "naf", "commune", "zone", "axis", "status")),
        ),
    ),
)
