"""`GET /v1/ride-offers`: which rides somebody could ride along in, for whoever looks for one.

`mobility.matching` says which, and in which order. Here the rides are read: those that depart in the time that is asked
for, at most `MOST_RIDES`, the first to depart. Nobody is named, neither who drives nor who rides along.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.language import Sentence
from contracts.mobility.ride import RideStatus
from contracts.model import PARIS
from contracts.values import (
    INSTANT,
    CarpoolAreaCode,
    Commune,
    Moment,
    Position,
    RecordId,
    RideMetres,
    RideMinutes,
    Zone,
)
from eventstore.execution import pages
from eventstore.finding import order_of
from eventstore.postgres.listing import Range, Wanted
from eventstore.postgres.store import Store
from mobility.matching import Found, Offered, Reason, ReasonCode, Wish, best
from mobility.ride import OPEN, rides
from service import clock
from service.http.auth import Caller
from service.http.problems import invalid_parameter
from service.http.routes import CurrentStore, requires
from service.http.sentences import MOMENT_MALFORMED, Said

PATH: Final = "/v1/ride-offers"
MOST_RIDES: Final = 1_000
"""How many rides are looked through at most."""
AT_ONCE: Final = 200
"""How many of them are read at a time."""
LONGEST_WINDOW: Final = timedelta(hours=24)
WINDOW_TOO_LONG: Final = Sentence(
    "a moment after `from`, and not more than {hours} hours after it",
    "un instant postérieur à « from », de {hours} heures au plus",
)


_MOMENT: Final[dict[str, JsonValue]] = {"format": "date-time"}


class AskedOffers(BaseModel):
    """From where to where, and when."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    origin_lon: Annotated[float, Field(ge=-180, le=180, examples=[2.0836])]
    """Longitude of where one comes from, in degrees (WGS 84)."""
    origin_lat: Annotated[float, Field(ge=-90, le=90, examples=[46.9481])]
    """Latitude of where one comes from, in degrees (WGS 84)."""
    destination_lon: Annotated[float, Field(ge=-180, le=180, examples=[1.974])]
    """Longitude of where one wants to."""
    destination_lat: Annotated[float, Field(ge=-90, le=90, examples=[46.952])]
    """Latitude of where one wants to."""
    earliest: Annotated[
        str, Field(alias="from", max_length=35, examples=["2024-05-14T05:00:00Z"], json_schema_extra=_MOMENT)
    ]
    """When one could depart at the earliest, as an RFC 3339 date-time."""
    latest: Annotated[
        str, Field(alias="until", max_length=35, examples=["2024-05-14T07:00:00Z"], json_schema_extra=_MOMENT)
    ]
    """When one could depart at the latest, up to 24 hours later."""
    walking: Annotated[int, Field(ge=0, le=5_000)] = 800
    """How many metres one walks at either end, as the crow flies."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """How many offers are told at most."""

    def wish(self) -> Wish:
        """What is asked for. Raises Problem."""
        earliest, latest = _moment("from", self.earliest), _moment("until", self.latest)
        if not timedelta(0) < latest - earliest <= LONGEST_WINDOW:
            hours = LONGEST_WINDOW // timedelta(hours=1)
            raise invalid_parameter("until", Said(WINDOW_TOO_LONG, hours=hours))
        origin, destination = (self.origin_lon, self.origin_lat), (self.destination_lon, self.destination_lat)
        return Wish(origin, destination, earliest, latest, self.walking)


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class OfferSentence(_Answer):
    """A reason as people say it."""

    en: Annotated[str, Field(examples=["seats left: 2"])]
    fr: Annotated[str, Field(examples=["places libres : 2"])]


class OfferReason(_Answer):
    """Why somebody could take the ride, and how well that fits."""

    code: ReasonCode
    points: Annotated[int, Field(ge=0, le=100, examples=[30])]
    """Those of all reasons add up to the offer's."""
    value: Annotated[int, Field(ge=0, examples=[2])]
    """Seats, metres or minutes."""
    sentence: OfferSentence


class RideOffer(_Answer):
    """A ride with a seat left."""

    id: RecordId
    """Of the ride, which a seat is asked for of."""
    status: RideStatus
    departs_at: Moment
    arrives_at: Moment
    commune: Commune
    zone: Zone | None
    origin: Position
    destination: Position
    meeting_point: CarpoolAreaCode | None
    metres: RideMetres
    minutes: RideMinutes
    seats_left: Annotated[int, Field(ge=1, le=8, examples=[2])]
    walk_to_origin: Annotated[int, Field(ge=0, le=5_000, examples=[320])]
    """Metres from where one comes from to where it begins, as the crow flies."""
    walk_from_destination: Annotated[int, Field(ge=0, le=5_000, examples=[150])]
    """Metres from where it ends to where one wants to."""
    wait: Annotated[int, Field(ge=0, le=1_440, examples=[20])]
    """Minutes from `from` to its departure."""
    points: Annotated[int, Field(ge=0, le=100, examples=[78])]
    reasons: list[OfferReason]


class RideOffers(_Answer):
    """The rides that fit, those with the most points first."""

    items: list[RideOffer]
    complete: bool
    """Whether these are all: otherwise there are more than `limit`, or more rides in that time than are looked
    through."""


def searching() -> APIRouter:
    """The route of offers, for whoever reads rides."""
    router = APIRouter(tags=["rides"], generate_unique_id_function=lambda route: route.name)

    @router.get(PATH, summary="Rides that somebody could ride along in")
    async def list_ride_offers(
        _caller: Annotated[Caller, requires("mobility:read")],
        store: CurrentStore,
        asked: Annotated[AskedOffers, Query()],
    ) -> RideOffers:
        """Rides with a seat left that depart in the time asked for, and begin and end within walking distance.

        Each with its reasons: seats left, how far one walks at both ends, as the crow flies, and how long one waits.
        Points are 60 for the walk and 40 for the wait; of several with as many, the shorter walk comes first.
        """
        wish = asked.wish()
        offers, all_read = await _offers(store, wish)
        found = best(offers, wish, clock.now())
        return RideOffers(
            items=[_shown(each) for each in found[: asked.limit]], complete=all_read and len(found) <= asked.limit
        )

    return router


async def _offers(store: Store, wish: Wish) -> tuple[list[Offered], bool]:
    """The rides that are still to be and depart in a time, the first to depart first, and whether these are all."""
    wanted = Wanted(
        rides.category,
        labels=rides.labelling.having_all({"status": OPEN}),
        ranges=(Range("departs_at", order_of(wish.earliest), order_of(wish.latest)),),
        sort="departs_at",
        limit=AT_ONCE,
    )
    offers: list[Offered] = []
    async for page in pages(store, rides, wanted):
        offers += [Offered(each.identity, each.state) for each in page]
        if len(offers) >= MOST_RIDES:
            return offers[:MOST_RIDES], False
    return offers, True


def _moment(name: str, value: str) -> datetime:
    """Raises Problem."""
    try:
        if re.fullmatch(INSTANT, value):
            return datetime.fromisoformat(value).astimezone(PARIS)
    except ValueError:
        pass
    raise invalid_parameter(name, Said(MOMENT_MALFORMED))


def _shown(found: Found) -> RideOffer:
    ride = found.offered.ride
    # What is public of a ride, and nobody's pseudonym.
    public = ride.model_dump(include={*RideOffer.model_fields} & {*type(ride).model_fields})
    return RideOffer(
        id=found.offered.id,
        seats_left=found.seats_left,
        walk_to_origin=found.walk_to_origin,
        walk_from_destination=found.walk_from_destination,
        wait=found.wait,
        points=found.points,
        reasons=[_reason(reason) for reason in found.reasons],
        **public,
    )


def _reason(reason: Reason) -> OfferReason:
    sentence = OfferSentence(en=reason.told("en"), fr=reason.told("fr"))
    return OfferReason(code=reason.code, points=reason.points, value=reason.value, sentence=sentence)
