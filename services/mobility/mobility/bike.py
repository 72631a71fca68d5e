"""The bikes of the stations [vélos]: each stands in a dock, is on loan, or is looked after (axis 2).

The community of communes commissions a bike, moves it between stations, takes it out of service and back, and retires
it. Between a loan that is taken and its return the bike stands nowhere.

A loan decides by itself, and the bike follows: it leaves its dock when it hears that it was taken, and stands in the
next one when it hears that it was brought back. Two streams cannot be written at once, so what is scarce is held over
each such moment by both rather than by neither. A loan holds its bike from the request until the bike has told that it
is back, so nobody else asks for it meanwhile, and bikes hear of one loan after the other. The dock that a bike has left
is held until it hears of that; the one that it is brought back to is held by the loan until the bike holds it, too. For
as long as that takes a station may seem fuller than it is, and never emptier. Claims alone would not do: what the bike
itself holds must change hands. A bike that is not in service holds itself: so it is not lent, nor taken out of service
while it is.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import Field

from contracts.mobility.bike import (
    CATEGORY,
    BikeBroughtBack,
    BikeCommissioned,
    BikeCorrection,
    BikeEnd,
    BikeKind,
    BikeKindCorrected,
    BikeLeft,
    BikeLost,
    BikeMaintenance,
    BikeMaintenanceBegan,
    BikeMaintenanceEnded,
    BikeMoved,
    BikeRangeReported,
    BikeRetired,
    BikeStatus,
)
from contracts.model import Day
from contracts.values import MOST_DOCKS, BikeCode, BikeRange, BikeStationCode, Commune, RecordId, Trips, Zone
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.bike_station import BikeStation, bike_stations, docked, open_station

FULL_CHARGE: Final[Mapping[BikeKind, int]] = {"e_bike": 60_000, "e_cargo_bike": 40_000}
"""How far the battery of a kind assists it when it is full, in metres: what makers tell of such bikes, rather less."""


class Commission(
    Command,
    json_schema_extra={
        "examples": [{"on": "2024-03-04", "code": "velo-07", "kind": "e_bike", "station": "gare-velos"}]
    },
):
    """The community of communes has got a bike, and puts it into a dock, to be lent."""

    code: BikeCode
    """What the bike is known by; it stays."""
    kind: BikeKind
    station: BikeStationCode


class Move(Command):
    """It is taken to another station, or back to one."""

    station: BikeStationCode


class BeginMaintenance(Command):
    """It is not lent for a while."""

    reason: BikeMaintenance
    in_dock: Annotated[bool, Field(examples=[False])] = True
    """Whether it stays in its dock; otherwise it is taken to the workshop."""


class EndMaintenance(Command):
    """It is lent again."""

    station: BikeStationCode | None = None
    """The station whose dock it is put into; none where it stands in one."""


class ReportRange(Command):
    """How far the battery assists it still."""

    metres_left: Annotated[BikeRange, Field(examples=[35_000])]


class CorrectKind(Command):
    """It is of another kind than was recorded."""

    kind: Annotated[BikeKind, Field(examples=["e_bike"])]
    reason: BikeCorrection


class Retire(Command):
    """It is gone for good."""

    reason: BikeEnd


class LeaveDock(Command):
    """A loan tells that the borrower has taken it."""

    loan: RecordId


class TakeBack(Command):
    """A loan tells that the borrower has put it into a dock."""

    loan: RecordId
    station: BikeStationCode


class GiveUp(Command):
    """A loan tells that it was not brought back."""

    loan: RecordId


class Bike(State):
    """A bike of the stations."""

    bike: BikeCode
    kind: BikeKind
    status: BikeStatus
    station: BikeStationCode | None
    """Where it stands in a dock; none while it is on loan, in the workshop, lost or gone."""
    commune: Commune
    """With the zone, of the station where it stands, or stood last."""
    zone: Zone | None
    trips: Trips = 0
    """How many times it has been lent."""
    metres_left: BikeRange | None
    """How far its battery assists it, as reported last; none where it has none."""
    loan: RecordId | None = None
    """The loan that it is on."""
    brought_by: RecordId | None = None
    """The loan that it was brought to its dock by, if it was."""
    is_lost: bool = False
    """Whether the loan that it was on was given up, and it was not found since."""
    commissioned_on: Day
    maintenance_on: Day | None = None
    """Since when it is not lent."""
    retired_on: Day | None = None
    corrected_on: Day | None = None
    """When something was corrected last."""
    reason: BikeMaintenance | BikeEnd | None = None
    """Why it is not lent."""


BIKE_TAKEN = Refusal(
    "bike-taken",
    "the bike is on loan, kept for somebody who asked for it, or out of service",
    "le vélo est prêté, gardé pour quelqu'un qui l'a demandé, ou hors service",
    at="bike",
)
BIKE_NOT_DOCKED = Refusal(
    "bike-not-docked",
    "the bike stands in no dock: tell the station whose dock it is put into",
    "le vélo n'est dans aucune bornette : indiquez la station où il est remis",
    at="station",
)
NO_MOTOR = Refusal(
    "bike-without-motor",
    "this bike has no motor, so no battery",
    "ce vélo n'a pas de moteur, donc pas de batterie",
    at="metres_left",
)
BEYOND_FULL_CHARGE = Refusal(
    "beyond-full-charge",
    "a bike of this kind goes {full} metres on a full charge",
    "un vélo de ce type parcourt {full} mètres avec une batterie pleine",
    at="metres_left",
    full=BikeRange,
)

bikes = Decider(
    CATEGORY.name,
    Bike,
    identified_by="code",
    final="retired",
    finding=Finding(
        found_by=("status", "kind", "station", "commune", "zone", "is_lost"),
        sorted_by=("trips", "metres_left", "commissioned_on"),
        searched_by=("bike",),
    ),
)

AT = Lookup(bike_stations, "station")


@bikes.creates(by="epci", to="in_service", day="commissioned_on", looks_up=AT)
def commission(command: Commission, station: BikeStation | None) -> BikeCommissioned:
    there = open_station(station, command.station)
    return tell(
        BikeCommissioned,
        command,
        bike=command.code,
        status="in_service",
        commune=there.commune,
        zone=there.zone,
        trips=0,
        metres_left=FULL_CHARGE.get(command.kind),
    )


@bikes.decides(by="epci", when=("in_service", "maintenance"), looks_up=AT)
def move(bike: Bike, command: Move, station: BikeStation | None) -> BikeMoved | tuple[()]:
    if command.station == bike.station:
        return ()
    _check_free(bike)
    there = open_station(station, command.station)
    return tell(BikeMoved, command, bike, commune=there.commune, zone=there.zone)


@bikes.decides(by="epci", when="in_service", to="maintenance")
def begin_maintenance(bike: Bike, command: BeginMaintenance) -> BikeMaintenanceBegan:
    _check_free(bike)
    station = bike.station if command.in_dock else None
    return tell(BikeMaintenanceBegan, command, bike, status="maintenance", station=station)


@bikes.decides(by="epci", when="maintenance", to="in_service", looks_up=AT)
def end_maintenance(bike: Bike, command: EndMaintenance, station: BikeStation | None) -> BikeMaintenanceEnded:
    code = command.station or bike.station
    if code is None:
        raise BIKE_NOT_DOCKED()
    there = bike if code == bike.station else open_station(station, code)
    return tell(
        BikeMaintenanceEnded, command, bike, status="in_service", station=code, commune=there.commune, zone=there.zone
    )


@bikes.decides(by="epci", when=("in_service", "maintenance"), takes=("metres_left",))
def report_range(bike: Bike, command: ReportRange) -> BikeRangeReported | tuple[()]:
    full = FULL_CHARGE.get(bike.kind)
    if full is None:
        raise NO_MOTOR()
    if command.metres_left > full:
        raise BEYOND_FULL_CHARGE(full=full)
    return () if command.metres_left == bike.metres_left else tell(BikeRangeReported, command, bike)


@bikes.decides(by="epci", takes=("kind", "metres_left"), day="corrected_on")
def correct_kind(bike: Bike, command: CorrectKind) -> BikeKindCorrected | tuple[()]:
    if command.kind == bike.kind:
        return ()
    full = FULL_CHARGE.get(command.kind)
    left = full if bike.metres_left is None or full is None else min(bike.metres_left, full)
    return tell(BikeKindCorrected, command, bike, metres_left=left)


@bikes.decides(by="epci", when=("in_service", "maintenance"), to="retired")
def retire(bike: Bike, command: Retire) -> BikeRetired:
    _check_free(bike)
    return tell(BikeRetired, command, bike, status="retired", station=None)


@bikes.decides(by=PLATFORM, when="in_service")
def leave_dock(bike: Bike, command: LeaveDock) -> BikeLeft | tuple[()]:
    if bike.loan == command.loan:
        return ()
    return tell(BikeLeft, command, bike, station=None, trips=bike.trips + 1)


@bikes.decides(by=PLATFORM, when="in_service", looks_up=AT)
def take_back(bike: Bike, command: TakeBack, station: BikeStation | None) -> BikeBroughtBack | tuple[()]:
    if bike.loan != command.loan:
        return ()
    there = open_station(station, command.station)
    return tell(BikeBroughtBack, command, bike, commune=there.commune, zone=there.zone)


@bikes.decides(by=PLATFORM, when="in_service", to="maintenance")
def give_up(bike: Bike, command: GiveUp) -> BikeLost | tuple[()]:
    if bike.loan != command.loan:
        return ()
    return tell(BikeLost, command, bike, status="maintenance", station=None)


@bikes.evolves
def _(bike: Bike, event: BikeMoved | BikeMaintenanceEnded) -> Bike:
    moved = {"brought_by": bike.brought_by if event.station == bike.station else None, "is_lost": False}
    if event.status == "in_service":
        moved |= {"maintenance_on": None, "reason": None}
    return bike.after(event, **_place(event), **moved)


@bikes.evolves
def _(bike: Bike, event: BikeMaintenanceBegan) -> Bike:
    brought_by = bike.brought_by if event.station else None
    return bike.after(
        event, **_place(event), brought_by=brought_by, maintenance_on=event.effective_on, reason=event.reason
    )


@bikes.evolves
def _(bike: Bike, event: BikeRetired) -> Bike:
    ended = {"brought_by": None, "maintenance_on": None, "retired_on": event.effective_on, "reason": event.reason}
    return bike.after(event, **_place(event), **ended, is_lost=False)


@bikes.evolves
def _(bike: Bike, event: BikeLeft) -> Bike:
    return bike.after(event, **_place(event), trips=event.trips, loan=event.loan, brought_by=None)


@bikes.evolves
def _(bike: Bike, event: BikeBroughtBack) -> Bike:
    return bike.after(event, **_place(event), loan=None, brought_by=event.loan)


@bikes.evolves
def _(bike: Bike, event: BikeLost) -> Bike:
    return bike.after(event, **_place(event), loan=None, is_lost=True, maintenance_on=event.effective_on)


@bikes.claims
def _(bike: Bike) -> Iterable[Claim]:
    if bike.station:
        # The loan that brought it holds the dock, too, until it hears that the bike is there.
        yield from docked(bike.station, 2 * MOST_DOCKS if bike.brought_by else MOST_DOCKS)
    if bike.status != "in_service" and not bike.is_lost:
        yield Claim(BIKE_TAKEN, ITSELF)


def _check_free(bike: Bike) -> None:
    """Raises Rejected where it is known to be on loan; whether it is lent just now is decided by what a loan holds."""
    if bike.loan:
        raise BIKE_TAKEN()


def _place(
    event: BikeMoved
    | BikeMaintenanceBegan
    | BikeMaintenanceEnded
    | BikeRetired
    | BikeLeft
    | BikeBroughtBack
    | BikeLost,
) -> dict[str, object]:
    """What it is and where it stands, as an event of it tells."""
    return {name: getattr(event, name) for name in ("status", "station", "commune", "zone")}
