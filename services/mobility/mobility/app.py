"""How the employees of the zones come to work: rides, carpool areas, and where they park their bikes."""

from typing import Final

from fastapi import APIRouter

from contracts.mobility import bike_parking, carpool_area, erasure, regular_ride, ride
from contracts.roles import Role
from eventstore.erasure import erasing
from mobility.bike_parking import bike_parkings
from mobility.bounds import Plausible
from mobility.carpool_area import carpool_areas
from mobility.national import national
from mobility.reactions import reactions
from mobility.regular_ride import regular_rides
from mobility.ride import OPEN, rides
from mobility.search import searching
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

COORDINATORS: Final[tuple[Role, ...]] = ("network", "town_hall", "ops")
"""Those who bring people together, and who runs the platform."""

app = Service(
    "mobility",
    title="Mobility",
    description="How the employees of the zones come to work: rides that they share, carpool areas, and where they "
    "park their bikes.",
    resources=(
        Resource(carpool_areas, carpool_area.CATEGORY.path, reads=EVERYBODY),
        Resource(bike_parkings, bike_parking.CATEGORY.path, reads=EVERYBODY),
        Resource(
            rides,
            ride.CATEGORY.path,
            # What somebody chooses from who looks for a ride; not who drives or rides along.
            reads=Reads(
                all=COORDINATORS,
                own=("company",),
                public=(
                    "commune",
                    "zone",
                    "day",
                    "departs",
                    "departs_at",
                    "arrives_at",
                    "origin",
                    "destination",
                    "meeting_point",
                    "metres",
                    "minutes",
                    "seats",
                    "seats_taken",
                    "status",
                ),
                public_when=OPEN,
            ),
        ),
        # Who drives where, week by week, tells who it is: what is offered of it are the rides.
        Resource(regular_rides, regular_ride.CATEGORY.path, reads=Reads(all=COORDINATORS, own=("company",))),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=COORDINATORS)),
    ),
    router=APIRouter(routes=[*national().routes, *searching().routes]),
    reactions=reactions,
    bounds=Plausible,
)
