"""Companies of the network, their productive investments, the equipment that they book, and their waste."""

from typing import Final

from companies.booking import bookings
from companies.company import companies
from companies.equipment import equipments
from companies.investment import investments
from companies.licence import licences
from companies.reactions import reactions
from companies.register import register
from companies.waste_movement import waste_movements
from contracts.companies import booking, company, equipment, erasure, investment, licence, waste_movement
from contracts.roles import Role
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

PARTNERS: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "region", "state", "steering", "ops")
"""Those who carry the programme, pay for it or run it: they read every record."""
HOSTS: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "ops")
"""Those who answer for the platform of shared equipment."""
OF_WASTE: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "ops")
"""Those who answer for industrial ecology on the business zones, the community of communes first."""
SLIPS: Final = Reads(all=OF_WASTE, own=("company",))
"""Movements of waste are between them and the three companies on the slip."""

app = Service(
    "companies",
    title="Companies",
    description="Companies of the network, their headcount, the productive investments they announce, the "
    "equipment of the shared platform that they book, and the waste that they send to be treated.",
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
        Resource(equipments, equipment.CATEGORY.path, reads=EVERYBODY),
        Resource(licences, licence.CATEGORY.path, reads=Reads(all=HOSTS, own=("company",))),
        Resource(
            bookings,
            booking.CATEGORY.path,
            # When a machine is taken; by whom is the business of those two.
            reads=Reads(all=HOSTS, own=("company",), public=("equipment", "status", "starts", "ends")),
        ),
        Resource(waste_movements, waste_movement.CATEGORY.path, reads=SLIPS),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=PARTNERS)),
    ),
    router=register(SLIPS),
    reactions=reactions,
)
