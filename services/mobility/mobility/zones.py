"""`GET /v1/zones`: for how many employees the services of each business zone are sized, and what there is for them.

Employees are the headcount of the network's members in the zone: who joins, reports another headcount or leaves changes
it within a moment. What there is are places that are open, in the zone itself.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from contracts import codes
from contracts.roles import Role
from contracts.values import FullTimeEquivalents, Zone
from eventstore.decider import Decider, State
from eventstore.execution import pages
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from eventstore.refusal import ROLE_MISSING, Forbidden
from mobility.bike_parking import bike_parkings
from mobility.bike_station import bike_stations
from mobility.carpool_area import carpool_areas
from mobility.members import members
from service.http.auth import Caller
from service.http.routes import CurrentStore, requires

S = TypeVar("S", bound=State)

AT_ONCE: Final = 200
"""How many records are read at a time."""
PLANNERS: Final[tuple[Role, ...]] = ("network", "town_hall", "epci", "steering", "ops")
"""Who reads what a zone's only company has for a headcount."""


class ZoneServices(BaseModel):
    """A business zone, who works there, and what there is to come to work by."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    zone: Zone
    name: dict[str, str] = Field(examples=[{"en": "Limoise industrial zone", "fr": "ZI la Limoise"}])
    """In both languages."""
    staff: FullTimeEquivalents
    """The headcount of the network's members in the zone, as each reported it last."""
    companies: int = Field(ge=0, examples=[7])
    """How many members that is of."""
    carpool_places: int = Field(ge=0, examples=[24])
    """Places of open carpool areas in the zone."""
    bike_parking_places: int = Field(ge=0, examples=[12])
    """Places of bike parkings in service."""
    bike_docks: int = Field(ge=0, examples=[10])
    """Docks of bike stations in service."""
    bike_parking_places_per_100_staff: float | None = Field(examples=[4.2])
    """None where nobody works there."""


class Zones(BaseModel):
    """Every business zone, in the order of their codes."""

    items: list[ZoneServices]


def zoning() -> APIRouter:
    """The route of zones."""
    router = APIRouter(tags=["zones"])

    @router.get("/v1/zones", name="list-zones", summary="What there is in each zone for who works there")
    async def list_zones(caller: Annotated[Caller, requires("mobility:read")], store: CurrentStore) -> Zones:
        """The business zones with the staff that their services are sized for, and the places there are.

        For the roles network, town_hall, epci, steering and ops, as a zone may have a single company.
        """
        if caller.actor.roles.isdisjoint(PLANNERS):
            raise Forbidden(ROLE_MISSING, {"decision": "list-zones", "roles": PLANNERS})
        staff = [each async for each in _all(store, members) if each.headcount]
        areas = [each async for each in _all(store, carpool_areas, status="open")]
        parkings = [each async for each in _all(store, bike_parkings, status="in_service")]
        stations = [each async for each in _all(store, bike_stations, status="in_service")]
        items = []
        for zone, name in sorted(codes.zones().items()):
            there = [each.headcount for each in staff if each.zone == zone]
            places = sum(each.places for each in parkings if each.zone == zone)
            total = round(sum(there), 2)
            items.append(
                ZoneServices(
                    zone=zone,
                    name={"en": name.en, "fr": name.fr},
                    staff=total,
                    companies=len(there),
                    carpool_places=sum(each.places for each in areas if each.zone == zone),
                    bike_parking_places=places,
                    bike_docks=sum(each.docks for each in stations if each.zone == zone),
                    bike_parking_places_per_100_staff=round(100 * places / total, 1) if total else None,
                )
            )
        return Zones(items=items)

    return router


async def _all(store: Store, decider: Decider[S], **fields: Any) -> AsyncIterator[S]:
    labels = decider.labelling.having_all(fields) if fields else ""
    async for page in pages(store, decider, Wanted(decider.category, labels=labels, limit=AT_ONCE)):
        for each in page:
            yield each.state
