"""Companies of the network and their productive investments."""

from companies.company import companies
from companies.investment import investments
from service.definition import Service
from service.http.resource import Resource

app = Service(
    "companies",
    title="Companies",
    description="Companies of the network, their headcount, and the productive investments they announce.",
    resources=(
        Resource(companies, "/v1/companies", filters=("status", "naf", "commune", "zone", "size_band")),
        Resource(investments, "/v1/investments", filters=("status", "company", "axis", "naf", "commune", "zone")),
    ),
)
