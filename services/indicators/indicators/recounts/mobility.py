"""Carpool areas and bike parkings: each is replayed as how many places it had from which day on, and whether one could
park there; a correction rewrites the latest of these. A bike is in service as its last event says, a loan counts
once it is taken, a ride and a reservation for what was told of them last, a shared service for its slots while it is
open, and a survey for all that it was told until it was published."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import (
    Computed,
    Flow,
    Happened,
    Held,
    Recounts,
    Share,
    Stock,
    Stream,
    Weekly,
    held,
    ratio,
)

OPENS: Final = ("CarpoolAreaOpened", "CarpoolAreaReopened", "BikeParkingEnteredService")
CLOSES: Final = ("CarpoolAreaClosed", "BikeParkingRemoved")
STAYS: Final = ("CarpoolAreaPlanned", "CarpoolPlacesChanged", "BikeParkingPlanned", "BikePlacesChanged")
"""Whether one can park there stays as it was."""
PLACED: Final = (
    *("BikeCommissioned", "BikeMoved", "BikeMaintenanceBegan", "BikeMaintenanceEnded", "BikeLeft", "BikeBroughtBack"),
    *("BikeLost", "BikeRetired"),
)
"""What tells where a bike is, and whether it is in service."""


@dataclass
class Moment:
    """What it was from a day on."""

    on: date
    is_open: bool
    places: int


def _replayed(stream: Stream) -> Iterator[Moment]:
    moments: list[Moment] = []
    last: Happened | None = None
    for event in stream:
        if event.type in (*OPENS, *CLOSES, *STAYS):
            is_open = event.type in OPENS or (event.type not in CLOSES and bool(moments) and moments[-1].is_open)
            moments.append(Moment(event.day(), is_open, event.data["places"]))
            last = event
        elif event.type in ("CarpoolPlacesCorrected", "BikePlacesCorrected"):
            # Once it is closed, the number that was wrong is the one before: unless it has changed since.
            at = -2 if last and last.type in CLOSES else -1
            moments[at].places = event.data["places"]
    yield from moments


def _stock(category: str, contributor: str, size: Callable[[Moment], int]) -> Stock:
    """What it comes to while one can park there."""

    def count(stream: Stream) -> Iterator[Held]:
        return held(
            Share(moment.on, stream[0].data, Decimal(size(moment) if moment.is_open else 0))
            for moment in _replayed(stream)
        )

    return Stock(category, count, contributor=contributor)


def _ridden(value: Callable[[dict[str, Any]], float]) -> Flow:
    """What a ride comes to that took place in the end."""

    def count(stream: Stream) -> Iterator[Share]:
        said = [event for event in stream if event.type in ("RideCompleted", "RideOutcomeCorrected")]
        if said and said[-1].data["came"]:
            told = {**said[-1].data, "ride": said[-1].stream}
            if counts := Decimal(str(value(told))):
                yield Share(said[-1].day("day"), told, counts)

    return Flow("ride", count, contributor="ride")


def _lent_from(each: int) -> Callable[[Stream], Iterator[Held]]:
    """A bike, from each event on, as long as it is in service: so much each.

    Streams of parkings and stations begin like those of bikes.
    """

    def count(stream: Stream) -> Iterator[Held]:
        steps = [event for event in stream if event.type in PLACED]
        out = ("maintenance", "retired")
        return held(
            Share(event.day(), event.data, Decimal(0 if event.data["status"] in out else each)) for event in steps
        )

    return count


def _taken(stream: Stream) -> Iterator[Share]:
    for event in stream:
        if event.type == "LoanTaken":
            yield Share(event.day(), event.data, Decimal(1))


def _served(stream: Stream) -> Iterator[Share]:
    came = False
    for event in stream:
        came = event.type == "ReservationServed" or event.data.get("outcome") == "served"
    if came and stream[0].data["kind"] in ("canteen", "food_truck"):
        yield _reservation(stream)


def _reserved(stream: Stream) -> Iterator[Share]:
    told = {event.type for event in stream}
    if told & {"ReservationBooked", "ReservationMovedUp"} and "ReservationCancelled" not in told:
        yield _reservation(stream)


def _reservation(stream: Stream) -> Share:
    told = {**stream[0].data, "service_kind": stream[0].data["kind"]}
    return Share(stream[0].day("day"), told, Decimal(1))


def _offered(stream: Stream) -> Iterator[Held]:
    moments = []
    slots: list[Any] = []
    is_open = False
    for event in stream:
        if event.type.endswith("Corrected"):
            continue
        slots = event.data.get("slots", slots)
        is_open = event.type in ("SharedServiceOpened", "SharedServiceResumed") or (
            is_open and event.type == "SharedServiceTermsChanged"
        )
        week = sum(len(slot["weekdays"]) * slot["places"] for slot in slots)
        told = {**event.data, "service_kind": event.data["kind"]}
        moments.append(Share(event.day(), told, Decimal(week * is_open)))
    return held(moments[1:])


def _surveyed(stream: Stream) -> dict[tuple[str, str], int] | None:
    """How many answered what, of a survey that was published; None of another."""
    people: dict[tuple[str, str], int] = {}
    for event in stream:
        for each in event.data.get("answers", ()) if event.type == "TravelAnswersRecorded" else ():
            key = each["mode"], each["distance"]
            people[key] = people.get(key, 0) + each["people"]
        if event.type == "TravelAnswersCorrected":
            people[event.data["mode"], event.data["distance"]] = event.data["people"]
    return people if stream[-1].type == "TravelSurveyPublished" else None


def _closed(stream: Stream) -> date:
    return next(event.day() for event in stream if event.type == "TravelSurveyClosed")


def _asked(stream: Stream) -> Iterator[Share]:
    if _surveyed(stream):
        yield Share(_closed(stream), stream[-1].data, Decimal(stream[-1].data["asked"]))


def _answers(stream: Stream) -> Iterator[Share]:
    for (mode, distance), people in (_surveyed(stream) or {}).items():
        if people:
            told = {**stream[0].data, "travel_mode": mode, "distance": distance}
            yield Share(_closed(stream), told, Decimal(people))


def _alone(stream: Stream) -> Iterator[Share]:
    for share in _answers(stream):
        drove = share.told["travel_mode"] == "drove_alone"
        yield Share(share.on, share.told, share.value if drove else Decimal(0))


RECOUNTS: Final[Recounts] = {
    "carpool_areas": _stock("carpool-area", "carpool_area", lambda _: 1),
    "carpool_places": _stock("carpool-area", "carpool_area", lambda moment: moment.places),
    "bike_parking_places": _stock("bike-parking", "bike_parking", lambda moment: moment.places),
    "bike_parking_per_100_staff": Computed(
        ("headcount", "bike_parking_places"), lambda staff, places: ratio(100 * places, staff, "0.1")
    ),
    "rides": _ridden(lambda _: 1),
    "ride_passengers": _ridden(lambda ride: len(ride["came"])),
    "ride_seats": _ridden(lambda ride: ride["seats"]),
    "seat_occupancy": Computed(
        ("ride_seats", "ride_passengers"), lambda seats, passengers: ratio(passengers, seats, "0.0001")
    ),
    "passenger_km": _ridden(lambda ride: ride["passenger_km"]),
    "co2_avoided_kg": _ridden(lambda ride: ride["co2_avoided_kg"]),
    "bikes_in_service": Stock("bike", _lent_from(1), contributor="bike"),
    "bike_days": Weekly("bike", _lent_from(7), contributor="bike"),
    "bike_loans": Flow("loan", _taken, contributor="bike"),
    "loans_per_bike_and_day": Computed(("bike_days", "bike_loans"), lambda days, lent: ratio(lent, days, "0.0001")),
    "meals_served": Flow("service-reservation", _served),
    "service_places_reserved": Flow("service-reservation", _reserved, contributor="shared_service"),
    "service_places_offered": Weekly("shared-service", _offered, contributor="shared_service"),
    "service_occupancy": Computed(
        ("service_places_offered", "service_places_reserved"), lambda offered, held: ratio(held, offered, "0.0001")
    ),
    "travel_survey_asked": Flow("travel-survey", _asked, contributor="travel_survey", unknown=True),
    "travel_survey_answers": Flow("travel-survey", _answers, contributor="travel_survey", unknown=True),
    "travel_drove_alone": Flow("travel-survey", _alone, contributor="travel_survey", unknown=True),
    "modal_share": Computed(
        ("travel_survey_answers", "travel_drove_alone"), lambda answers, alone: ratio(alone, answers, "0.0001")
    ),
    "travel_response_rate": Computed(
        ("travel_survey_asked", "travel_survey_answers"), lambda asked, answers: ratio(answers, asked, "0.0001")
    ),
}
