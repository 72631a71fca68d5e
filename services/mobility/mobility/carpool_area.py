"""Carpool areas [aires de covoiturage]: where employees meet to ride to work together (axis 2).

The community of communes plans an area, opens it, and closes it, for good or for a while. How many places it has
changes from a day on; what was recorded wrongly is corrected, and figures of the days since then with it.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from contracts.mobility.carpool_area import (
    CATEGORY,
    CarpoolAreaClosed,
    CarpoolAreaKind,
    CarpoolAreaOpened,
    CarpoolAreaPlanned,
    CarpoolAreaReopened,
    CarpoolAreaStatus,
    CarpoolDescription,
    CarpoolDescriptionCorrected,
    CarpoolFacts,
    CarpoolPlacesChanged,
    CarpoolPlacesCorrected,
)
from contracts.mobility.parking import DescriptionCorrection, ParkingEnd, PlacesCorrection
from contracts.model import Day, Model
from contracts.values import (
    CarpoolAreaCode,
    Commune,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    Minutes,
    NationalCarpoolId,
    OpeningHours,
    ParkingPlaces,
    Position,
    Zone,
)
from eventstore.decider import Claim, Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.parking import check_corrected, described, stood

Parked = Annotated[ParkingPlaces, Field(examples=[24])]


class EnteredFacts(Model):
    """What is told of a carpool area, as it is entered. What is not given is not known."""

    name: Annotated[EnteredText, Field(examples=["Entrée de la ZI la Limoise"])]
    kind: CarpoolAreaKind
    position: Position
    """Its entrance."""
    address: Annotated[EnteredText, Field(examples=["Rue de la Limoise, après le rond-point"])] | None = None
    lit: bool | None = None
    """Whether it is lit at night."""
    opening_hours: OpeningHours | None = None
    longest_stay: Annotated[Minutes, Field(examples=[720])] | None = None
    """How long one may park there, in minutes, where that is limited."""
    owner: Annotated[EnteredText, Field(examples=["CC Pays d'Issoudun"])] | None = None
    """The public or private body whose the ground is."""
    amenities: Annotated[EnteredText, Field(examples=["Abri, arrêt de bus"])] | None = None
    """What there is: shelter, sanitary facilities, sockets, a bus stop."""
    national_id: NationalCarpoolId | None = None
    """The number that the national access point has given it: it is in the national file once that is known."""


class Plan(Command, EnteredFacts):
    """The community of communes will make a carpool area."""

    code: CarpoolAreaCode
    """What the area is known by; it stays."""
    commune: EnteredCommune
    zone: EnteredZone | None = None
    """The business zone it is in, if it is in one."""
    places: Parked
    """How many cars may park there."""
    accessible_places: ParkingPlaces
    """How many of the places are reserved for disabled persons [places PMR]."""
    is_open: bool = False
    """Whether people meet there already: it is planned and opened at once, on the same day."""


class Open(Command):
    """People meet there."""


class ChangePlaces(Command):
    """It has more places from a day on, or fewer."""

    places: Annotated[ParkingPlaces, Field(examples=[32])]
    accessible_places: ParkingPlaces


class Close(Command):
    """Nobody parks there any more, for good or for a while; or what was planned is given up."""

    reason: ParkingEnd


class Reopen(Command):
    """It is open again."""


class CorrectPlaces(Command):
    """It has had another number of places than was recorded, since it opened last or they changed."""

    places: Annotated[ParkingPlaces, Field(examples=[26])]
    accessible_places: ParkingPlaces
    reason: PlacesCorrection


class CorrectDescription(Command, EnteredFacts):
    """What is told of it is put right, or has changed: all of it is told anew, and what is not given is not known."""

    reason: DescriptionCorrection


class CarpoolArea(CarpoolFacts, State):
    """A carpool area."""

    carpool_area: CarpoolAreaCode
    commune: Commune
    zone: Zone | None
    status: CarpoolAreaStatus
    places: ParkingPlaces
    accessible_places: ParkingPlaces
    planned_on: Day
    opened_on: Day | None = None
    """When it opened last."""
    changed_on: Day | None = None
    """When the number of places changed, if it has since it opened last."""
    closed_on: Day | None = None
    """Since when it is closed."""
    corrected_on: Day | None = None
    """When something was corrected last."""
    reason: ParkingEnd | None = None
    """Why it is closed."""


MORE_ACCESSIBLE_THAN_PLACES = Refusal(
    "more-accessible-than-places",
    "{accessible_places} of the places are for disabled persons, and there are {places}",
    "{accessible_places} places sont réservées aux personnes handicapées, pour {places} en tout",
    at="accessible_places",
    accessible_places=ParkingPlaces,
    places=ParkingPlaces,
)
NATIONAL_ID_TAKEN = Refusal(
    "national-id-taken",
    "another carpool area has this national number",
    "une autre aire de covoiturage porte ce numéro national",
    at="national_id",
)

carpool_areas = Decider(
    CATEGORY.name,
    CarpoolArea,
    identified_by="code",
    finding=Finding(
        found_by=("status", "kind", "commune", "zone"),
        sorted_by=("name", "places", "opened_on"),
        searched_by=("name", "carpool_area", "address"),
    ),
)


@carpool_areas.creates(by="epci", to=("planned", "open"))
def plan(command: Plan) -> Sequence[CarpoolAreaPlanned | CarpoolAreaOpened]:
    _check(command)
    code, description = command.code, described(CarpoolDescription, command)
    planned = tell(CarpoolAreaPlanned, command, carpool_area=code, status="planned", description=description)
    if not command.is_open:
        return (planned,)
    return planned, tell(CarpoolAreaOpened, command, carpool_area=code, status="open")


carpool_areas.steps(
    Open,
    CarpoolAreaOpened,
    by="epci",
    when="planned",
    to="open",
    day="opened_on",
    clears=("changed_on",),
    status="open",
)
carpool_areas.steps(
    Reopen,
    CarpoolAreaReopened,
    by="epci",
    when="closed",
    to="open",
    day="opened_on",
    clears=("changed_on", "closed_on", "reason"),
    status="open",
)


@carpool_areas.decides(by="epci", takes=("places", "accessible_places"), day="changed_on")
def change_places(area: CarpoolArea, command: ChangePlaces) -> CarpoolPlacesChanged | tuple[()]:
    _check(command)
    if _has(area, command):
        return ()
    return tell(CarpoolPlacesChanged, command, area)


carpool_areas.steps(
    Close,
    CarpoolAreaClosed,
    by="epci",
    when=("planned", "open"),
    to="closed",
    day="closed_on",
    takes=("reason",),
    status="closed",
)


@carpool_areas.decides(by="epci", takes=("places", "accessible_places"), day="corrected_on")
def correct_places(area: CarpoolArea, command: CorrectPlaces) -> CarpoolPlacesCorrected | tuple[()]:
    _check(command)
    if _has(area, command):
        return ()
    check_corrected(command.on, area.planned_on)
    open_from, open_until = stood(area.opened_on, area.changed_on, area.closed_on)
    return tell(CarpoolPlacesCorrected, command, area, open_from=open_from, open_until=open_until)


@carpool_areas.decides(by="epci")
def correct_description(area: CarpoolArea, command: CorrectDescription) -> CarpoolDescriptionCorrected | tuple[()]:
    was, description = (described(CarpoolDescription, source) for source in (area, command))
    if description == was:
        return ()
    check_corrected(command.on, area.planned_on)
    return tell(CarpoolDescriptionCorrected, command, area, description_before=was, description=description)


@carpool_areas.claims
def _(area: CarpoolArea) -> Iterable[Claim]:
    if area.national_id:
        yield Claim(NATIONAL_ID_TAKEN, area.national_id)


@carpool_areas.evolves
def _(_area: CarpoolArea | None, event: CarpoolAreaPlanned) -> CarpoolArea:
    return CarpoolArea(
        **event.description.__dict__,
        carpool_area=event.carpool_area,
        commune=event.commune,
        zone=event.zone,
        status="planned",
        places=event.places,
        accessible_places=event.accessible_places,
        planned_on=event.effective_on,
        effective_on=event.effective_on,
    )


@carpool_areas.evolves
def _(area: CarpoolArea, event: CarpoolDescriptionCorrected) -> CarpoolArea:
    return area.after(event, **event.description.__dict__, corrected_on=event.effective_on)


def _has(area: CarpoolArea, command: ChangePlaces | CorrectPlaces) -> bool:
    return (command.places, command.accessible_places) == (area.places, area.accessible_places)


def _check(command: Plan | ChangePlaces | CorrectPlaces) -> None:
    """Raises Rejected."""
    if command.accessible_places > command.places:
        raise MORE_ACCESSIBLE_THAN_PLACES(accessible_places=command.accessible_places, places=command.places)
