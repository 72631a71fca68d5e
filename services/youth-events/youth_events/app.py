"""Offers of observation placements, and the placements of pupils on them."""

from typing import Final

from contracts.roles import Role
from contracts.youth_events import erasure, offer, placement
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource
from youth_events.members import members
from youth_events.offer import offers
from youth_events.placement import placements
from youth_events.reactions import reactions

COORDINATORS: Final[tuple[Role, ...]] = ("network", "town_hall", "ops")
"""Those who bring schools and companies together, and who runs the platform."""

app = Service(
    "youth-events",
    title="Youth and industry",
    description="Offers of observation placements in the member companies, and the placements of pupils on them.",
    resources=(
        Resource(
            offers,
            offer.CATEGORY.path,
            # What schools may ask for; not which placements have the places.
            reads=Reads(
                all=COORDINATORS,
                own=("company",),
                public=(
                    "company",
                    "naf",
                    "commune",
                    "zone",
                    "week",
                    "grade",
                    "schools",
                    "places",
                    "taken",
                    "status",
                    "closes_on",
                    "opened_on",
                ),
            ),
        ),
        # Of a placement nothing is public: in a small town a week, a school and a company tell who it is.
        Resource(placements, placement.CATEGORY.path, reads=Reads(all=COORDINATORS, own=("school", "company"))),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=COORDINATORS)),
    ),
    mirrors=(members,),
    reactions=reactions,
)
