"""The bike stations as the public sees them: the feeds of GBFS 3.0, a tree that needs no token and may be kept.

What a bike in a dock is known by is another after each trip, so that nobody can follow one: a hash of its code and the
number of its trips, keyed with the service's secret. Bikes on loan, in the workshop, lost or gone are in no feed, for
they stand nowhere; nor are stations before or after their time. Feeds are made of the store when they are asked for.

There is one version of them, so there is no `gbfs_versions`.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.labels import VOCABULARIES
from contracts.mobility.bike import BikeKind
from contracts.values import EmailAddress
from eventstore.bounds import Is
from eventstore.execution import pages
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from mobility.bike import FULL_CHARGE, Bike, bikes
from mobility.bike_station import BikeStation, bike_stations
from mobility.loan import loans
from service import clock
from service.http.headers import matches
from service.http.problems import Problem
from service.http.routes import OWN, CurrentSettings, CurrentStore
from service.http.sentences import NOTHING_HERE, Said
from service.running.settings import OwnSettings

VERSION: Final = "3.0"
AT_ONCE: Final = 200
"""How many records are read at a time."""
TTL: Final[Mapping[str, int]] = {
    "gbfs": 3600,
    "system_information": 3600,
    "vehicle_types": 3600,
    "station_information": 300,
    "station_status": 30,
    "vehicle_status": 30,
}
"""For how many seconds each feed may be kept. What stands where is at most five minutes old wherever it is read."""
FORMS: Final[Mapping[BikeKind, tuple[str, str]]] = {
    "bike": ("bicycle", "human"),
    "e_bike": ("bicycle", "electric_assist"),
    "cargo_bike": ("cargo_bicycle", "human"),
    "e_cargo_bike": ("cargo_bicycle", "electric_assist"),
}
"""What a kind of bike is to GBFS: its form and its propulsion."""


def _as(kind: Any) -> AfterValidator:
    """Checked as a value of the platform is."""
    adapter = TypeAdapter(kind)

    def check(value: str) -> str:
        try:
            adapter.validate_python(value, strict=True)
        except ValidationError:
            raise ValueError from None
        return value

    return AfterValidator(check)


class GbfsSettings(OwnSettings):
    """What the feeds say of the system as a whole."""

    gbfs_system_id: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$"), Is("a name of letters, digits, dots, hyphens and underscores")
    ] = "issoudun-velos"
    """What the system is known by everywhere; it never changes."""
    gbfs_name: Annotated[str, Field(min_length=1, max_length=100), Is("a text of 1 to 100 characters")] = (
        "Vélos du Pays d'Issoudun"
    )
    """What the public calls it."""
    gbfs_operator: Annotated[str, Field(min_length=1, max_length=100), Is("a text of 1 to 100 characters")] = (
        "CC Pays d'Issoudun"
    )
    """Who runs it."""
    gbfs_contact: Annotated[str, _as(EmailAddress), Is("an e-mail address")] = "velos@example.org"
    """The mailbox, of a function and no person, that riders and readers of the feeds write to."""


class GbfsFeed(BaseModel):
    """A feed of GBFS 3.0: what is in `data` is that of the standard's file of the same name."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    last_updated: datetime = Field(examples=["2026-12-01T09:00:00+01:00"])
    ttl: int = Field(ge=0, examples=[30])
    """For how many seconds it may be kept."""
    version: Literal["3.0"]
    data: dict[str, Any] = Field(examples=[{"stations": []}])


@dataclass(frozen=True)
class Fleet:
    """What there is to tell of at a moment."""

    at: datetime
    stations: Mapping[str, BikeStation]
    """Those in service, by their codes."""
    standing: Mapping[str, Bike]
    """The bikes in their docks, by what they are known by until they leave."""
    reserved: Collection[str] = ()
    """Those of them that are kept for somebody, by their codes."""


def data_of(feed: str, fleet: Fleet, settings: GbfsSettings, address: str) -> dict[str, Any]:
    """What a feed says. `address` is the tree's, as the public has it."""
    match feed:
        case "gbfs":
            return {"feeds": [{"name": name, "url": f"{address}/{name}.json"} for name in TTL]}
        case "system_information":
            return _system(settings)
        case "vehicle_types":
            return {"vehicle_types": [_type(kind) for kind in FORMS]}
        case "station_information":
            return {"stations": [_station(station) for station in fleet.stations.values()]}
        case "station_status":
            return {"stations": [_status(station, fleet) for station in fleet.stations.values()]}
        case "vehicle_status":
            return {"vehicles": [_vehicle(name, bike, fleet) for name, bike in sorted(fleet.standing.items())]}
    raise LookupError(f"there is no feed {feed}")


async def fleet_of(store: Store, at: datetime) -> Fleet:
    """The stations and bikes as they stand. Raises StoreUnavailable."""
    stations = {
        found.identity: found.state
        async for page in pages(store, bike_stations, _wanted(bike_stations, status="in_service"))
        for found in page
    }
    docked = [
        found.state
        async for page in pages(store, bikes, _wanted(bikes, status=("in_service", "maintenance")))
        for found in page
        if found.state.station in stations
    ]
    # Read last, and asked rather than the bikes, which hear of it a moment later.
    having = [
        found.state
        async for page in pages(
            store,
            loans,
            _wanted(loans, status=("requested", "active", "overdue", "returned", "lost"), settled=False),
        )
        for found in page
    ]
    gone = {loan.bike for loan in having if loan.status != "requested"}
    standing = {vehicle_id(store, bike): bike for bike in docked if bike.bike not in gone}
    return Fleet(at, stations, standing, {loan.bike for loan in having} - gone)


def vehicle_id(store: Store, bike: Bike) -> str:
    """What the public knows a bike by until its next trip."""
    return store.keyed(f"gbfs {bike.bike} {bike.trips}".encode()).hex()[:32]


def gbfs() -> APIRouter:
    """The routes of the feeds."""
    router = APIRouter(prefix="/gbfs", tags=["gbfs"])

    @router.get(
        "/{feed}.json",
        name="read-gbfs",
        summary="A feed of GBFS 3.0, for everybody",
        response_model=GbfsFeed,
        responses={200: {"headers": _ETAG}, 304: {"description": "The answer that is kept is still right."}},
    )
    async def read_gbfs(
        feed: Annotated[str, Path(description="The name of a feed.", json_schema_extra={"enum": list(TTL)})],
        request: Request,
        store: CurrentStore,
        settings: CurrentSettings,
        own: Annotated[GbfsSettings, OWN],
        if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        """Bike stations and the bikes that stand in them, as the General Bikeshare Feed Specification tells them.

        `gbfs` lists the feeds. No token is needed, and whoever reads may keep an answer for its `ttl`.
        """
        if feed not in TTL:
            raise Problem("not-found", Said(NOTHING_HERE))
        ttl = TTL[feed]
        at = _floor(clock.now())
        fleet = await fleet_of(store, at) if ttl < TTL["gbfs"] else Fleet(at, {}, {})
        # Without the public address, the one that it was asked at: right where nothing stands in between.
        host = settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
        data = data_of(feed, fleet, own, f"{host}{request.scope['root_path']}/gbfs")
        told = {"last_updated": at.isoformat(), "ttl": ttl, "version": VERSION, "data": data}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        headers = {
            "ETag": tag,
            "Cache-Control": f"public, max-age={ttl}",
            # Scripts of any page may read what everybody may.
            "Access-Control-Allow-Origin": "*",
        }
        if feed == "gbfs" and settings.public_url is None:
            headers["Vary"] = "Host"
        if matches(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    return router


def _wanted(decider: Any, **fields: object) -> Wanted:
    return Wanted(decider.category, labels=decider.labelling.having_all(fields), limit=AT_ONCE)


def _floor(moment: datetime) -> datetime:
    """The half of a minute that it is in, so that what has not changed meanwhile is told alike."""
    return moment.replace(second=moment.second - moment.second % 30, microsecond=0)


def _system(settings: GbfsSettings) -> dict[str, Any]:
    return {
        "system_id": settings.gbfs_system_id,
        "languages": ["fr", "en"],
        "name": _same(settings.gbfs_name),
        "operator": _same(settings.gbfs_operator),
        "opening_hours": "24/7",
        "email": settings.gbfs_contact,
        "feed_contact_email": settings.gbfs_contact,
        "timezone": "Europe/Paris",
    }


def _type(kind: BikeKind) -> dict[str, Any]:
    form, propulsion = FORMS[kind]
    label = VOCABULARIES["bike-kinds"][kind]
    full = {"max_range_meters": FULL_CHARGE[kind]} if kind in FULL_CHARGE else {}
    return {
        "vehicle_type_id": kind,
        "form_factor": form,
        "propulsion_type": propulsion,
        "rider_capacity": 1,
        "name": [{"text": label.fr, "language": "fr"}, {"text": label.en, "language": "en"}],
        "return_constraint": "any_station",
        **full,
    }


def _station(station: BikeStation) -> dict[str, Any]:
    longitude, latitude = station.position
    return {
        "station_id": station.bike_station,
        "name": _same(station.name),
        "lat": latitude,
        "lon": longitude,
        "capacity": station.docks,
        "is_virtual_station": False,
    }


def _status(station: BikeStation, fleet: Fleet) -> dict[str, Any]:
    there = [bike for bike in fleet.standing.values() if bike.station == station.bike_station]
    available = [bike for bike in there if bike.status == "in_service" and bike.bike not in fleet.reserved]
    return {
        "station_id": station.bike_station,
        "num_vehicles_available": len(available),
        "vehicle_types_available": [
            {"vehicle_type_id": kind, "count": sum(bike.kind == kind for bike in available)} for kind in FORMS
        ],
        "num_vehicles_disabled": sum(bike.status == "maintenance" for bike in there),
        "num_docks_available": max(0, station.docks - len(there)),
        "is_installed": True,
        "is_renting": True,
        "is_returning": True,
        "last_reported": fleet.at.isoformat(),
    }


def _vehicle(name: str, bike: Bike, fleet: Fleet) -> dict[str, Any]:
    left = {} if bike.metres_left is None else {"current_range_meters": bike.metres_left}
    return {
        "vehicle_id": name,
        "vehicle_type_id": bike.kind,
        "station_id": bike.station,
        "is_reserved": bike.bike in fleet.reserved,
        "is_disabled": bike.status != "in_service",
        "last_reported": fleet.at.isoformat(),
        **left,
    }


def _same(text: str) -> Iterable[dict[str, str]]:
    """A name that is the same in every language."""
    return [{"text": text, "language": language} for language in ("fr", "en")]


_ETAG: Final = {
    "ETag": {
        "description": "Tells the answer, for If-None-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    }
}
