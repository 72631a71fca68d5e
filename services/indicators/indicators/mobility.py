"""How employees come to work [mobilité]: where they meet to ride together, where they park their bikes, and the bikes
that they borrow; the rides that they shared, and what these count for; where they eat, and what surveys tell (axis 2).

A ride counts on its day, once it is told that it took place; what is corrected is put right on that day. A reservation
counts on the day that it is for, and a survey, once it is published, on the day on which it was closed.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.mobility.bike import (
    BikeBroughtBack,
    BikeCommissioned,
    BikeLost,
    BikeMaintenanceBegan,
    BikeMaintenanceEnded,
    BikeMoved,
    BikeRetired,
)
from contracts.mobility.bike_parking import (
    BikeParkingEnteredService,
    BikeParkingRemoved,
    BikePlacesChanged,
    BikePlacesCorrected,
)
from contracts.mobility.carpool_area import (
    CarpoolAreaClosed,
    CarpoolAreaOpened,
    CarpoolAreaReopened,
    CarpoolPlacesChanged,
    CarpoolPlacesCorrected,
)
from contracts.mobility.loan import LoanTaken
from contracts.mobility.ride import RideCompleted, RideOutcomeCorrected
from contracts.mobility.service_reservation import (
    ReservationBooked,
    ReservationCancelled,
    ReservationMovedUp,
    ReservationOutcomeCorrected,
    ReservationServed,
)
from contracts.mobility.shared_service import (
    SharedServiceClosed,
    SharedServiceOpened,
    SharedServiceResumed,
    SharedServiceSuspended,
    SharedServiceTermsChanged,
)
from contracts.mobility.travel_survey import TravelSurveyPublished
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, Stand, durations, formula, levels, sums
from indicators.network import headcount

PLACE: Final[tuple[Name, ...]] = ("commune", "zone")
SERVICE: Final[tuple[Name, ...]] = (*PLACE, "service_kind")
MEALS: Final = ("canteen", "food_truck")
"""The kinds of shared services in which people eat."""


@levels(unit="areas", dimensions=PLACE, contributor="carpool_area")
def carpool_areas(event: CarpoolAreaOpened | CarpoolAreaReopened | CarpoolAreaClosed) -> int:
    """Carpool areas that are open.

    How many areas to meet and ride together there are at the end of the day, from the day on which each opens until the
    day before it closes; one that opens again counts again from then on. What is only planned does not count.
    """
    return 1 if event.status == "open" else 0


@levels(unit="places", dimensions=PLACE, contributor="carpool_area")
def carpool_places(
    event: CarpoolAreaOpened | CarpoolAreaReopened | CarpoolAreaClosed | CarpoolPlacesChanged | CarpoolPlacesCorrected,
) -> Iterator[Stand | Corrected]:
    """Places of the carpool areas that are open.

    How many cars may park in the open areas at the end of the day, places for disabled persons included. A corrected
    number replaces the one that was wrong on the days on which the area was open with it. n counts areas.
    """
    match event:
        case CarpoolPlacesCorrected():
            if event.open_from:
                yield Corrected(event.open_from, event.open_until, event.places_before, event.places)
        case _:
            yield Stand(event.places if event.status == "open" else 0)


@levels(unit="places", dimensions=PLACE, contributor="bike_parking")
def bike_parking_places(
    event: BikeParkingEnteredService | BikeParkingRemoved | BikePlacesChanged | BikePlacesCorrected,
) -> Iterator[Stand | Corrected]:
    """Places of the bike parkings in service.

    How many bikes may park at the end of the day, places for large bikes included, from the day on which each parking
    is in service until the day before it is removed. A corrected number replaces the one that was wrong on the days on
    which the parking was in service with it. n counts parkings.
    """
    match event:
        case BikePlacesCorrected():
            if event.in_service_from:
                yield Corrected(event.in_service_from, event.in_service_until, event.places_before, event.places)
        case _:
            yield Stand(event.places if event.status == "in_service" else 0)


Ridden = RideCompleted | RideOutcomeCorrected
"""What tells what a ride counts for."""


@sums(unit="rides", dimensions=PLACE, contributor="ride")
def rides(event: Ridden) -> Iterator[Count]:
    """Rides that were shared.

    Those that took place, on their day: a driver came, and a passenger at least. One that is found later not to have
    taken place is taken out again, and one that did after all is put in. The commune and the zone are where it began. n
    counts rides.
    """
    yield from _counts(event, 1, 1)


@sums(unit="passengers", dimensions=PLACE, contributor="ride")
def ride_passengers(event: Ridden) -> Iterator[Count]:
    """Passengers of the rides that were shared.

    Those who came, on the day of the ride, each time that they did: drivers do not count. n counts rides.
    """
    yield from _counts(event, event.passengers, getattr(event, "passengers_before", 0))


@sums(unit="seats", dimensions=PLACE, contributor="ride")
def ride_seats(event: Ridden) -> Iterator[Count]:
    """Seats of the rides that were shared.

    Seats beside the driver's that were offered in the rides that took place, taken or not, on the day of the ride. n
    counts rides.
    """
    yield from _counts(event, event.seats, event.seats)


@sums(unit="passenger-km", dimensions=PLACE, contributor="ride")
def passenger_km(event: Ridden) -> Iterator[Count]:
    """Passenger-kilometres of the rides that were shared.

    The kilometres of each ride by road, once for each passenger who came, on the day of the ride. n counts rides.
    """
    yield from _counts(event, event.passenger_km, getattr(event, "passenger_km_before", 0))


@sums(unit="kg", dimensions=PLACE, contributor="ride")
def co2_avoided_kg(event: Ridden) -> Iterator[Count]:
    """CO2 avoided by the rides that were shared.

    In kilograms, on the day of the ride: of passengers who came and would have driven alone, the kilometres by the
    factor of a car, for the driver's car runs with them or without. Each event says by which factor; one that is
    corrected is for the rides after it. Who would have come otherwise, or not at all, avoids nothing. n counts rides.
    """
    yield from _counts(event, event.co2_avoided_kg, getattr(event, "co2_avoided_kg_before", 0))


@formula(unit="share", of=(ride_seats, ride_passengers))
def seat_occupancy(seats: Decimal, passengers: Decimal) -> Decimal | None:
    """Seats of the shared rides that somebody sat in.

    ride_passengers divided by ride_seats over the same period and cells: 0.5 is one of two seats. Rounded to four
    decimals, half up; none while no ride took place.
    """
    return (passengers / seats).quantize(Decimal("0.0001"), ROUND_HALF_UP) if seats > 0 else None


def _counts(event: Ridden, value: float, before: float) -> Iterator[Count]:
    """What a ride counts for that took place, instead of what it counted for before if it did then."""
    if isinstance(event, RideOutcomeCorrected) and event.status_before == "completed" and before:
        yield Count(event.day, -before)
    if (isinstance(event, RideCompleted) or event.status == "completed") and value:
        yield Count(event.day, value)


Placed = (
    BikeCommissioned
    | BikeMoved
    | BikeMaintenanceBegan
    | BikeMaintenanceEnded
    | BikeBroughtBack
    | BikeLost
    | BikeRetired
)
"""What tells whether a bike is in service, and of which station."""


@levels(unit="bikes", dimensions=PLACE, contributor="bike")
def bikes_in_service(event: Placed) -> int:
    """Bikes of the stations that are in service.

    How many bikes may be borrowed, or are on loan, at the end of the day; bikes in maintenance, lost or retired are
    not. Commune and zone are those of the station where a bike stands, or of the last one while it is on loan.
    """
    return 1 if event.status == "in_service" else 0


@durations(unit="days", dimensions=PLACE, contributor="bike")
def bike_days(event: Placed) -> int:
    """Days on which bikes of the stations are in service.

    Each bike in bikes_in_service counts one for each day. What holds today is taken to hold on the days to come, where
    `to` asks for them; without it the days end today. n counts bikes.
    """
    return 7 if event.status == "in_service" else 0


@sums(unit="loans", dimensions=PLACE, contributor="bike")
def bike_loans(event: LoanTaken) -> Iterator[Count]:
    """Loans of bikes.

    Each bike that a borrower takes, on the day it is taken, whenever and wherever it is brought back. Commune and zone
    are those of the station where it was taken. n counts bikes, and not borrowers.
    """
    yield Count(event.effective_on, 1)


@formula(unit="loans", of=(bike_days, bike_loans))
def loans_per_bike_and_day(days: Decimal, lent: Decimal) -> Decimal | None:
    """Loans per bike and day.

    bike_loans divided by bike_days over the same days, until today unless `to` asks for another day: 1.5 is three loans
    of a bike in two days. Rounded to four decimals, half up; none while no bike is in service.
    """
    return (lent / days).quantize(Decimal("0.0001"), ROUND_HALF_UP) if days > 0 else None


@formula(unit="places/100 FTE", of=(headcount, bike_parking_places))
def bike_parking_per_100_staff(staff: Decimal, places: Decimal) -> Decimal | None:
    """Places to park a bike for each hundred who work there.

    bike_parking_places divided by headcount on the same day and in the same cells, times 100, rounded to one decimal,
    half up. The headcount is that of the active members of the network: by zone it tells more than by commune, where
    others work, too. None where nobody is employed.
    """
    return (100 * places / staff).quantize(Decimal("0.1"), ROUND_HALF_UP) if staff > 0 else None


@sums(unit="meals", dimensions=("company", *SERVICE))
def meals_served(event: ReservationServed | ReservationOutcomeCorrected) -> Iterator[Count]:
    """Meals served in shared services.

    Guests of canteens and food trucks who came, on the day; who came to a room or to a time spent together does not
    count here. What was recorded wrongly is put right on that day. The company is whose employee the guest is, commune
    and zone are those of the service. n counts companies.
    """
    if event.kind in MEALS:
        came = isinstance(event, ReservationServed) or event.outcome == "served"
        yield Count(event.day, 1 if came else -1, {"service_kind": event.kind})


@sums(unit="places", dimensions=SERVICE, contributor="shared_service")
def service_places_reserved(event: ReservationBooked | ReservationMovedUp | ReservationCancelled) -> Iterator[Count]:
    """Places reserved in shared services.

    Places that guests have, on the day that they are for, also where it is still to come; who waits for one does not
    count. A place that is given up in time is taken out again. One whose guest did not come stays in: nobody else could
    have it. n counts services.
    """
    match event:
        case ReservationBooked() | ReservationMovedUp():
            yield Count(event.day, 1, {"service_kind": event.kind})
        case ReservationCancelled(status_before="booked"):
            yield Count(event.day, -1, {"service_kind": event.kind})


@durations(unit="places", dimensions=SERVICE, contributor="shared_service")
def service_places_offered(
    event: SharedServiceOpened
    | SharedServiceTermsChanged
    | SharedServiceSuspended
    | SharedServiceResumed
    | SharedServiceClosed,
) -> Iterator[Stand]:
    """Places offered in shared services.

    The places of all slots of a week of each open service, a seventh for each day, whichever weekdays they are on. A
    day counts by the last event up to it: while a service is suspended it offers none. What holds today is taken to
    hold on the days to come, where `to` asks for them; without it the places end today. n counts services.
    """
    yield Stand(event.weekly_places, dimensions={"service_kind": event.kind})


@formula(unit="share", of=(service_places_offered, service_places_reserved))
def service_occupancy(offered: Decimal, reserved: Decimal) -> Decimal | None:
    """Places of shared services that are reserved.

    service_places_reserved divided by service_places_offered over the same days, until today unless `to` asks for
    another day: 0.25 is a quarter of the places. Rounded to four decimals, half up; none while nothing is offered.
    Places that stay reserved when a service has fewer may make it more than 1.
    """
    return (reserved / offered).quantize(Decimal("0.0001"), ROUND_HALF_UP) if offered > 0 else None


@sums(unit="people", dimensions=PLACE, contributor="travel_survey", silence="unknown")
def travel_survey_asked(event: TravelSurveyPublished) -> Iterator[Count]:
    """People who were asked how they come to work.

    How many published surveys have asked, on the day on which each was closed: who was asked in two counts twice.
    Before any is published nobody knows. n counts surveys.
    """
    yield Count(event.closed_on, event.asked)


@sums(
    unit="people",
    dimensions=(*PLACE, "travel_mode", "distance"),
    contributor="travel_survey",
    silence="unknown",
)
def travel_survey_answers(event: TravelSurveyPublished) -> Iterator[Count]:
    """People who have told how they come to work.

    The answers of published surveys, on the day on which each was closed; by=travel_mode,distance tells which. This is
    the number of people behind modal_share. Before any survey is published nobody knows. n counts surveys.
    """
    for each in event.answers:
        yield Count(event.closed_on, each.people, {"travel_mode": each.mode, "distance": each.distance})


@sums(unit="people", dimensions=(*PLACE, "distance"), contributor="travel_survey", silence="unknown")
def travel_drove_alone(event: TravelSurveyPublished) -> Iterator[Count]:
    """People who drive to work alone.

    Those of travel_survey_answers who come alone in a car on most days, on the day on which the survey was closed.
    Before any is published nobody knows. n counts surveys.
    """
    distances = {each.distance for each in event.answers}
    for distance in sorted(distances):
        alone = [each.people for each in event.answers if (each.mode, each.distance) == ("drove_alone", distance)]
        yield Count(event.closed_on, sum(alone), {"distance": distance})


@formula(unit="share", of=(travel_survey_answers, travel_drove_alone))
def modal_share(answers: Decimal, alone: Decimal) -> Decimal | None:
    """Share of the people who drive to work alone.

    travel_drove_alone divided by travel_survey_answers, which tells of how many people it is: 0.7 is seven of ten who
    have answered. Rounded to four decimals, half up; none before a survey is published. Who has not answered may travel
    otherwise: see travel_response_rate.
    """
    return (alone / answers).quantize(Decimal("0.0001"), ROUND_HALF_UP) if answers > 0 else None


@formula(unit="share", of=(travel_survey_asked, travel_survey_answers))
def travel_response_rate(asked: Decimal, answers: Decimal) -> Decimal | None:
    """Share of those asked who have told how they come to work.

    travel_survey_answers divided by travel_survey_asked: 0.5 is one of two. Rounded to four decimals, half up; none
    before a survey is published.
    """
    return (answers / asked).quantize(Decimal("0.0001"), ROUND_HALF_UP) if asked > 0 else None


CHAPTER: Final = Chapter(
    "mobility",
    carpool_areas,
    carpool_places,
    bike_parking_places,
    bike_parking_per_100_staff,
    rides,
    ride_passengers,
    ride_seats,
    seat_occupancy,
    passenger_km,
    co2_avoided_kg,
    bikes_in_service,
    bike_days,
    bike_loans,
    loans_per_bike_and_day,
    meals_served,
    service_places_reserved,
    service_places_offered,
    service_occupancy,
    travel_survey_asked,
    travel_survey_answers,
    travel_drove_alone,
    modal_share,
    travel_response_rate,
    axis=2,
)
