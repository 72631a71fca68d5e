"""How the employees of the zones come to work: carpool areas, and where they park their bikes."""

from typing import Final

from contracts.mobility import bike_parking, carpool_area, erasure
from contracts.roles import Role
from eventstore.erasure import erasing
from mobility.bike_parking import bike_parkings
from mobility.carpool_area import carpool_areas
from mobility.national import national
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource

COORDINATORS: Final[tuple[Role, ...]] = ("network", "town_hall", "ops")
"""Those who bring people together, and who runs the platform."""

app = Service(
    "mobility",
    title="Mobility",
    description="How the employees of the zones come to work: carpool areas, and where they park their bikes.",
    resources=(
        Resource(carpool_areas, carpool_area.CATEGORY.path, reads=EVERYBODY),
        Resource(bike_parkings, bike_parking.CATEGORY.path, reads=EVERYBODY),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=COORDINATORS)),
    ),
    router=national(),
)
