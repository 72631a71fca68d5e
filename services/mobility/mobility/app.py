"""How the employees of the zones come to work, and what they share there: rides, carpool areas, where they park bikes,
bikes that are lent, shared services, and travel surveys."""

from typing import Final

from fastapi import APIRouter

from contracts.mobility import (
    bike,
    bike_parking,
    bike_station,
    carpool_area,
    erasure,
    loan,
    regular_ride,
    ride,
    service_reservation,
    shared_service,
    travel_survey,
)
from contracts.roles import Role
from eventstore.erasure import erasing
from mobility.bike import bikes
from mobility.bike_parking import bike_parkings
from mobility.bike_station import bike_stations
from mobility.bounds import Plausible
from mobility.carpool_area import carpool_areas
from mobility.gbfs import GbfsSettings, gbfs
from mobility.loan import loans
from mobility.members import members
from mobility.national import TABLES, national
from mobility.reactions import reactions
from mobility.regular_ride import regular_rides
from mobility.ride import OPEN, rides
from mobility.search import searching
from mobility.service_reservation import service_reservations
from mobility.shared_service import shared_services
from mobility.travel_survey import travel_surveys
from mobility.zones import zoning
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

COORDINATORS: Final[tuple[Role, ...]] = ("network", "town_hall", "ops")
"""Those who bring people together, and who runs the platform."""

app = Service(
    "mobility",
    title="Mobility",
    description="How the employees of the zones come to work, and what they share there: rides, carpool areas, where "
    "they park their bikes, bikes that are lent, shared services with reservations, and travel surveys.",
    resources=(
        Resource(carpool_areas, carpool_area.CATEGORY.path, reads=EVERYBODY),
        Resource(bike_parkings, bike_parking.CATEGORY.path, reads=EVERYBODY),
        Resource(bike_stations, bike_station.CATEGORY.path, reads=EVERYBODY),
        # Which bikes there are and where they stand; not on which loan one is, or was.
        Resource(
            bikes,
            bike.CATEGORY.path,
            reads=Reads(
                all=("epci", "ops"),
                public=(
                    "bike",
                    "kind",
                    "status",
                    "station",
                    "commune",
                    "zone",
                    "trips",
                    "metres_left",
                    "commissioned_on",
                    "retired_on",
                ),
            ),
        ),
        # Of a loan nothing is public: in a small town a station and an hour tell who it is.
        Resource(loans, loan.CATEGORY.path, reads=Reads(all=("epci", "ops")), ground="contract"),
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
            ground="contract",
        ),
        # Who drives where, week by week, tells who it is: what is offered of it are the rides.
        Resource(
            regular_rides,
            regular_ride.CATEGORY.path,
            reads=Reads(all=COORDINATORS, own=("company",)),
            ground="contract",
        ),
        Resource(shared_services, shared_service.CATEGORY.path, reads=EVERYBODY),
        # Who eats where, and what the employer gives, is between the guest, the company and the network.
        Resource(
            service_reservations,
            service_reservation.CATEGORY.path,
            reads=Reads(all=("network", "ops"), own=("company",)),
            ground="contract",
        ),
        Resource(
            travel_surveys,
            travel_survey.CATEGORY.path,
            # What is not published may still be corrected.
            reads=Reads(
                all=("network", "epci", "town_hall", "steering", "ops"),
                public=(
                    "travel_survey",
                    "title",
                    "commune",
                    "zone",
                    "status",
                    "asked",
                    "answered",
                    "answers",
                    "opened_on",
                    "closed_on",
                    "published_on",
                ),
                public_when=("published",),
            ),
        ),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=COORDINATORS)),
    ),
    router=APIRouter(routes=[*national().routes, *searching().routes, *gbfs().routes, *zoning().routes]),
    mirrors=(members,),
    reactions=reactions,
    tables=TABLES,
    bounds=Plausible,
    settings=GbfsSettings,
)
