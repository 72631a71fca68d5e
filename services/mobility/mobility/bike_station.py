"""Bike stations [stations de vélos]: where bikes are lent and brought back, each in a dock (axis 2).

The community of communes plans a station, puts it in service and closes it. How many docks it has changes from a day
on; what was recorded wrongly is corrected.

A dock is held by what stands in it (`docked`): so no more bikes come than there are docks, and neither does a station
have fewer docks than bikes, nor close while there is one.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from contracts.mobility.bike_station import (
    CATEGORY,
    BikeDocksChanged,
    BikeDocksCorrected,
    BikeStationClosed,
    BikeStationDescription,
    BikeStationDescriptionCorrected,
    BikeStationEnteredService,
    BikeStationFacts,
    BikeStationPlanned,
    BikeStationStatus,
)
from contracts.mobility.parking import DescriptionCorrection, ParkingEnd, PlacesCorrection
from contracts.model import Day, Model
from contracts.values import (
    MOST_DOCKS,
    BikeStationCode,
    Commune,
    Docks,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    Position,
    Zone,
)
from eventstore.decider import ITSELF, Claim, Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.parking import check_corrected, described

OtherDocks = Annotated[Docks, Field(examples=[12])]


class EnteredFacts(Model):
    """What is told of a bike station, as it is entered."""

    name: Annotated[EnteredText, Field(examples=["Gare d'Issoudun"])]
    position: Position
    """Its middle."""


class Plan(Command, EnteredFacts):
    """The community of communes will put up a bike station."""

    code: BikeStationCode
    """What the station is known by; it stays."""
    commune: EnteredCommune
    zone: EnteredZone | None = None
    """The business zone it is in, if it is in one."""
    docks: Docks


class EnterService(Command):
    """Bikes are lent and brought back there."""


class ChangeDocks(Command):
    """It has more docks from a day on, or fewer, but not fewer than bikes that stand in them."""

    docks: OtherDocks


class Close(Command):
    """It is gone, or what was planned is given up. First the bikes that stand there are moved."""

    reason: ParkingEnd


class CorrectDocks(Command):
    """It has another number of docks than was recorded."""

    docks: OtherDocks
    reason: PlacesCorrection


class CorrectDescription(Command, EnteredFacts):
    """What is told of it is put right, or has changed."""

    reason: DescriptionCorrection


class BikeStation(BikeStationFacts, State):
    """A bike station."""

    bike_station: BikeStationCode
    commune: Commune
    zone: Zone | None
    status: BikeStationStatus
    docks: Docks
    planned_on: Day
    in_service_on: Day | None = None
    closed_on: Day | None = None
    corrected_on: Day | None = None
    """When something was corrected last."""
    reason: ParkingEnd | None = None
    """Why it is closed."""


STATION_FULL = Refusal(
    "station-full",
    "a bike stands in each dock of the station, or will in a moment: another station has one that is free",
    "un vélo occupe ou va occuper chaque bornette de la station : une autre station en a une de libre",
    at=("station", "returned_to"),
)
DOCKS_TAKEN = Refusal(
    "docks-taken",
    "{taken} {taken:bike stands|bikes stand} in docks of the station, and there cannot be fewer docks",
    "{taken} {taken:vélo occupe une bornette|vélos occupent des bornettes} de la station, il ne peut pas y en avoir "
    "moins",
    at="docks",
    taken=int,
)
STATION_UNKNOWN = Refusal(
    "station-unknown",
    "there is no bike station {station}",
    "il n'y a pas de station de vélos {station}",
    at=("station", "returned_to"),
    station=BikeStationCode,
)
STATION_NOT_IN_SERVICE = Refusal(
    "station-not-in-service",
    "no bike is put into the docks of {station}: it is {status}",
    "aucun vélo n'est mis dans les bornettes de {station} : son état est « {status} »",
    at=("station", "returned_to"),
    station=BikeStationCode,
    status=BikeStationStatus,
)

bike_stations = Decider(
    CATEGORY.name,
    BikeStation,
    identified_by="code",
    final="closed",
    finding=Finding(
        found_by=("status", "commune", "zone"),
        sorted_by=("name", "docks", "in_service_on"),
        searched_by=("name", "bike_station"),
    ),
)


@bike_stations.creates(by="epci", to="planned")
def plan(command: Plan) -> BikeStationPlanned:
    description = described(BikeStationDescription, command)
    return tell(BikeStationPlanned, command, bike_station=command.code, status="planned", description=description)


bike_stations.steps(
    EnterService,
    BikeStationEnteredService,
    by="epci",
    when="planned",
    to="in_service",
    day="in_service_on",
    status="in_service",
)
bike_stations.steps(
    Close,
    BikeStationClosed,
    by="epci",
    when=("planned", "in_service"),
    to="closed",
    day="closed_on",
    takes=("reason",),
    status="closed",
)


@bike_stations.decides(by="epci", when=("planned", "in_service"), takes=("docks",))
def change_docks(station: BikeStation, command: ChangeDocks) -> BikeDocksChanged | tuple[()]:
    return () if command.docks == station.docks else tell(BikeDocksChanged, command, station)


@bike_stations.decides(by="epci", takes=("docks",), day="corrected_on")
def correct_docks(station: BikeStation, command: CorrectDocks) -> BikeDocksCorrected | tuple[()]:
    if command.docks == station.docks:
        return ()
    check_corrected(command.on, station.planned_on)
    return tell(BikeDocksCorrected, command, station)


@bike_stations.decides(by="epci")
def correct_description(
    station: BikeStation, command: CorrectDescription
) -> BikeStationDescriptionCorrected | tuple[()]:
    was, description = (described(BikeStationDescription, source) for source in (station, command))
    if description == was:
        return ()
    check_corrected(command.on, station.planned_on)
    return tell(BikeStationDescriptionCorrected, command, station, description_before=was, description=description)


@bike_stations.evolves
def _(_station: BikeStation | None, event: BikeStationPlanned) -> BikeStation:
    return BikeStation(
        **event.description.__dict__,
        bike_station=event.bike_station,
        commune=event.commune,
        zone=event.zone,
        status="planned",
        docks=event.docks,
        planned_on=event.effective_on,
        effective_on=event.effective_on,
    )


@bike_stations.evolves
def _(station: BikeStation, event: BikeStationDescriptionCorrected) -> BikeStation:
    return station.after(event, **event.description.__dict__, corrected_on=event.effective_on)


@bike_stations.claims
def _(station: BikeStation) -> Iterable[Claim]:
    # The station itself holds what it does not have of the most docks there can be, and each bike one.
    if not_there := MOST_DOCKS - (station.docks if station.status == "in_service" else 0):
        for refusal in (DOCKS_TAKEN, STATION_FULL):
            yield Claim(refusal, ITSELF, amount=not_there, limit=MOST_DOCKS)


def docked(station: str, limit: int = MOST_DOCKS) -> Iterable[Claim]:
    """What holds a dock of a station claims: twice the same, the first of which tells who brings a bike that there is
    no dock, the second who takes docks away that there are bikes."""
    for refusal in (STATION_FULL, DOCKS_TAKEN):
        yield Claim(refusal, station, limit=limit)


def open_station(station: BikeStation | None, code: str) -> BikeStation:
    """The station whose docks bikes are put into. Raises Rejected."""
    if station is None:
        raise STATION_UNKNOWN(station=code)
    if station.status != "in_service":
        raise STATION_NOT_IN_SERVICE(station=code, status=station.status)
    return station
