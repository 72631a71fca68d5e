"""Companies of the network and their productive investments."""

from companies.company import companies
from companies.investment import investments
from contracts.companies import company, investment
from service.definition import Service
from service.http.resource import Resource

app = Service(
    "companies",
    title="Companies",
    description="Companies of the network, their headcount, and the productive investments they announce.",
    resources=(
        Resource(companies, company.CATEGORY.path, filters=("status", "naf", "commune", "zone", "size_band")),
        Resource(
            investments, investment.CATEGORY.path, filters=("status", "company", "axis", "naf", "commune", "zone")
        ),
    ),
)
