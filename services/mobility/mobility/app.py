"""How the employees of the zones come to work: carpool areas, and where they park their bikes."""

from contracts.mobility import bike_parking, carpool_area
from mobility.bike_parking import bike_parkings
from mobility.carpool_area import carpool_areas
from mobility.national import national
from service.definition import Service
from service.http.reading import EVERYBODY
from service.http.resource import Resource

app = Service(
    "mobility",
    title="Mobility",
    description="How the employees of the zones come to work: carpool areas, and where they park their bikes.",
    resources=(
        Resource(carpool_areas, carpool_area.CATEGORY.path, reads=EVERYBODY),
        Resource(bike_parkings, bike_parking.CATEGORY.path, reads=EVERYBODY),
    ),
    router=national(),
)
