"""Bike parkings [stationnements cyclables]: where those who come to work by bike leave it (axis 2).

The community of communes plans a parking, puts it in service and removes it. How many places it has changes from a day
on; what was recorded wrongly is corrected, and figures of the days since then with it.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from contracts.mobility.bike_parking import (
    CATEGORY,
    BikeFastening,
    BikeParkingAccess,
    BikeParkingDescription,
    BikeParkingDescriptionCorrected,
    BikeParkingEnteredService,
    BikeParkingFacts,
    BikeParkingPlanned,
    BikeParkingRemoved,
    BikeParkingStatus,
    BikePlacesChanged,
    BikePlacesCorrected,
    BikeProtection,
    BikeRack,
)
from contracts.mobility.parking import DescriptionCorrection, ParkingEnd, PlacesCorrection
from contracts.model import Day, Model
from contracts.values import (
    BikeParkingCode,
    CalendarYear,
    Commune,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    OsmId,
    ParkingPlaces,
    Position,
    SomePlaces,
    WebAddress,
    Zone,
)
from eventstore.decider import Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.parking import check_corrected, described, stood


class EnteredFacts(Model):
    """What is told of a bike parking, as it is entered. What is not given is not known."""

    name: Annotated[EnteredText, Field(examples=["Gare, côté nord"])]
    position: Position
    """Its middle."""
    fastening: Annotated[BikeFastening, Field(examples=["frame_and_wheel"])]
    rack: BikeRack | None = None
    access: BikeParkingAccess | None = None
    free_of_charge: bool | None = None
    protection: BikeProtection | None = None
    covered: bool | None = None
    """Whether it is sheltered from rain, snow and hail."""
    watched: bool | None = None
    """Whether a guard or cameras watch it."""
    lit: bool | None = None
    """Whether it is lit at night."""
    website: WebAddress | None = None
    """Where one subscribes, or reads more."""
    owner: Annotated[EnteredText, Field(examples=["CC Pays d'Issoudun"])] | None = None
    """The body whose it is."""
    operator: Annotated[EnteredText, Field(examples=["Ville d'Issoudun"])] | None = None
    """The body that looks after it."""
    remarks: Annotated[EnteredText, Field(examples=["Sous l'auvent, à droite de l'entrée"])] | None = None
    osm_id: OsmId | None = None
    in_service_since: CalendarYear | None = None
    """The year in which bikes came to park there, where that was before the day on which it is put in service here."""


class Plan(Command, EnteredFacts):
    """The community of communes will put up a bike parking."""

    code: BikeParkingCode
    """What the parking is known by; it stays."""
    commune: EnteredCommune
    zone: EnteredZone | None = None
    """The business zone it is in, if it is in one."""
    places: SomePlaces
    """How many bikes may park there."""
    cargo_places: ParkingPlaces
    """How many of the places are for cargo bikes and others that are large."""
    is_in_service: bool = False
    """Whether bikes park there already: it is planned and put in service at once, on the same day."""


class EnterService(Command):
    """Bikes park there."""


class ChangePlaces(Command):
    """It has more places from a day on, or fewer."""

    places: Annotated[SomePlaces, Field(examples=[20])]
    cargo_places: ParkingPlaces


class Remove(Command):
    """It is gone, or what was planned is given up."""

    reason: ParkingEnd


class CorrectPlaces(Command):
    """It has had another number of places than was recorded, since it is in service or they changed."""

    places: Annotated[SomePlaces, Field(examples=[14])]
    cargo_places: ParkingPlaces
    reason: PlacesCorrection


class CorrectDescription(Command, EnteredFacts):
    """What is told of it is put right, or has changed: all of it is told anew, and what is not given is not known."""

    reason: DescriptionCorrection


class BikeParking(BikeParkingFacts, State):
    """A bike parking."""

    bike_parking: BikeParkingCode
    commune: Commune
    zone: Zone | None
    status: BikeParkingStatus
    places: SomePlaces
    cargo_places: ParkingPlaces
    planned_on: Day
    in_service_on: Day | None = None
    changed_on: Day | None = None
    """When the number of places changed, if it has since it is in service."""
    removed_on: Day | None = None
    corrected_on: Day | None = None
    """When something was corrected last."""
    reason: ParkingEnd | None = None
    """Why it was removed."""


MORE_FOR_CARGO_THAN_PLACES = Refusal(
    "more-for-cargo-than-places",
    "{cargo_places} of the places are for cargo bikes, and there are {places}",
    "{cargo_places} places sont réservées aux vélos de grande taille, pour {places} en tout",
    at="cargo_places",
    cargo_places=ParkingPlaces,
    places=SomePlaces,
)
IN_SERVICE_SINCE_A_YEAR_TO_COME = Refusal(
    "in-service-since-a-year-to-come",
    "bikes have parked there since {in_service_since}, which is to come on {on}",
    "des vélos y stationnent depuis {in_service_since}, année encore à venir au {on}",
    at="in_service_since",
    in_service_since=CalendarYear,
    on=Day,
)

bike_parkings = Decider(
    CATEGORY.name,
    BikeParking,
    identified_by="code",
    final="removed",
    finding=Finding(
        found_by=("status", "access", "protection", "covered", "commune", "zone"),
        sorted_by=("name", "places", "in_service_on"),
        searched_by=("name", "bike_parking"),
    ),
)


@bike_parkings.creates(by="epci", to=("planned", "in_service"))
def plan(command: Plan) -> Sequence[BikeParkingPlanned | BikeParkingEnteredService]:
    _check(command)
    _check_since(command)
    code, description = command.code, described(BikeParkingDescription, command)
    planned = tell(BikeParkingPlanned, command, bike_parking=code, status="planned", description=description)
    if not command.is_in_service:
        return (planned,)
    return planned, tell(BikeParkingEnteredService, command, bike_parking=code, status="in_service")


bike_parkings.steps(
    EnterService,
    BikeParkingEnteredService,
    by="epci",
    when="planned",
    to="in_service",
    day="in_service_on",
    clears=("changed_on",),
    status="in_service",
)
bike_parkings.steps(
    Remove,
    BikeParkingRemoved,
    by="epci",
    when=("planned", "in_service"),
    to="removed",
    day="removed_on",
    takes=("reason",),
    status="removed",
)


@bike_parkings.decides(by="epci", when=("planned", "in_service"), takes=("places", "cargo_places"), day="changed_on")
def change_places(parking: BikeParking, command: ChangePlaces) -> BikePlacesChanged | tuple[()]:
    _check(command)
    if _has(parking, command):
        return ()
    return tell(BikePlacesChanged, command, parking)


@bike_parkings.decides(by="epci", takes=("places", "cargo_places"), day="corrected_on")
def correct_places(parking: BikeParking, command: CorrectPlaces) -> BikePlacesCorrected | tuple[()]:
    _check(command)
    if _has(parking, command):
        return ()
    check_corrected(command.on, parking.planned_on)
    since, until = stood(parking.in_service_on, parking.changed_on, parking.removed_on)
    return tell(BikePlacesCorrected, command, parking, in_service_from=since, in_service_until=until)


@bike_parkings.decides(by="epci")
def correct_description(
    parking: BikeParking, command: CorrectDescription
) -> BikeParkingDescriptionCorrected | tuple[()]:
    _check_since(command)
    was, description = (described(BikeParkingDescription, source) for source in (parking, command))
    if description == was:
        return ()
    check_corrected(command.on, parking.planned_on)
    return tell(BikeParkingDescriptionCorrected, command, parking, description_before=was, description=description)


@bike_parkings.evolves
def _(_parking: BikeParking | None, event: BikeParkingPlanned) -> BikeParking:
    return BikeParking(
        **event.description.__dict__,
        bike_parking=event.bike_parking,
        commune=event.commune,
        zone=event.zone,
        status="planned",
        places=event.places,
        cargo_places=event.cargo_places,
        planned_on=event.effective_on,
        effective_on=event.effective_on,
    )


@bike_parkings.evolves
def _(parking: BikeParking, event: BikeParkingDescriptionCorrected) -> BikeParking:
    return parking.after(event, **event.description.__dict__, corrected_on=event.effective_on)


def _has(parking: BikeParking, command: ChangePlaces | CorrectPlaces) -> bool:
    return (command.places, command.cargo_places) == (parking.places, parking.cargo_places)


def _check(command: Plan | ChangePlaces | CorrectPlaces) -> None:
    """Raises Rejected."""
    if command.cargo_places > command.places:
        raise MORE_FOR_CARGO_THAN_PLACES(cargo_places=command.cargo_places, places=command.places)


def _check_since(command: Plan | CorrectDescription) -> None:
    """Raises Rejected."""
    if command.in_service_since is not None and command.in_service_since > command.on.year:
        raise IN_SERVICE_SINCE_A_YEAR_TO_COME(in_service_since=command.in_service_since, on=command.on)
