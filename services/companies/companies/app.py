"""What companies do: network, investments, meters, waste, synergies, shared equipment, surveys, and their land."""

from typing import Final

from fastapi import APIRouter

from companies.booking import bookings
from companies.bounds import Plausible
from companies.company import companies
from companies.equipment import equipments
from companies.flow import flows
from companies.inventory import inventory
from companies.investment import investments
from companies.licence import licences
from companies.matches import matching
from companies.meter import meters
from companies.need import needs
from companies.plot import plots
from companies.pulse import pulses
from companies.reactions import reactions
from companies.register import register
from companies.survey import surveys
from companies.synergy import synergies
from companies.unit import units
from companies.waste_movement import waste_movements
from contracts.companies import (
    booking,
    company,
    equipment,
    erasure,
    flow,
    investment,
    licence,
    meter,
    need,
    plot,
    pulse,
    survey,
    synergy,
    unit,
    waste_movement,
)
from contracts.roles import Role
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

PARTNERS: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "region", "state", "steering", "ops")
"""Those who carry the programme, pay for it or run it: they read every record."""
HOSTS: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "ops")
"""Those who answer for the zones, for what companies take and leave there, and for the platform of shared equipment."""
OF_ITS_OWN: Final = Reads(all=HOSTS, own=("company",))
"""Between a company and those who answer for its zone: of a slip of waste, all three companies on it."""
OF_SYNERGIES: Final = Reads(all=("network", "town_hall", "epci"), own=("company",))
"""Flows are their companies' business, and synergies that of those which take part."""
OF_PLOTS: Final = Reads(
    all=HOSTS,
    # What a company that looks for a place asks; who else wants it, and who paid what, is between those two.
    public=("plot", "name", "zone", "commune", "parcels", "outline", "area", "status", "price_per_m2"),
)

app = Service(
    "companies",
    title="Companies",
    description="Companies of the network, their headcount, the productive investments they announce, "
    "what their meters read, the waste that they send to be treated, what one of them gives to another, the shared "
    "equipment that they book, what they need on their way to industry 4.0, and the plots and units of the economic "
    "sites.",
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
            ground="contract",
        ),
        Resource(
            investments,
            investment.CATEGORY.path,
            # That a company invests along an axis; what in, for how much and with whose aid is its business.
            reads=Reads(all=PARTNERS, own=("company",), public=("company", "naf", "commune", "zone", "axis", "status")),
        ),
        Resource(meters, meter.CATEGORY.path, reads=OF_ITS_OWN),
        Resource(waste_movements, waste_movement.CATEGORY.path, reads=OF_ITS_OWN),
        Resource(flows, flow.CATEGORY.path, reads=OF_SYNERGIES),
        Resource(synergies, synergy.CATEGORY.path, reads=OF_SYNERGIES),
        Resource(equipments, equipment.CATEGORY.path, reads=EVERYBODY),
        Resource(licences, licence.CATEGORY.path, reads=OF_ITS_OWN),
        Resource(
            bookings,
            booking.CATEGORY.path,
            # When a machine is taken; by whom is the business of those two.
            reads=Reads(all=HOSTS, own=("company",), public=("equipment", "status", "starts", "ends")),
        ),
        Resource(surveys, survey.CATEGORY.path, reads=OF_ITS_OWN),
        Resource(needs, need.CATEGORY.path, reads=OF_ITS_OWN),
        Resource(plots, plot.CATEGORY.path, reads=OF_PLOTS),
        Resource(
            units,
            unit.CATEGORY.path,
            # As of plots; a company reads whole what it owns. A tenant does not: the history tells of those before it.
            reads=Reads(
                all=HOSTS,
                own=("company",),
                public=("unit", "name", "kind", "zone", "commune", "area", "rent_per_m2", "status", "free_on"),
            ),
        ),
        Resource(pulses, pulse.CATEGORY.path, reads=Reads(all=("ops",))),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=PARTNERS)),
    ),
    router=APIRouter(
        routes=[*register(OF_ITS_OWN).routes, *matching(OF_SYNERGIES).routes, *inventory(OF_PLOTS).routes]
    ),
    reactions=reactions,
    bounds=Plausible,
)
