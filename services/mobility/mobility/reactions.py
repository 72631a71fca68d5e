"""What an event asks of rides: the days of regular ones are offered, and who is erased is not expected any more."""

from collections.abc import Iterable, Sequence

from contracts.erasure import PersonErased
from contracts.mobility.regular_ride import RegularRideScheduled
from eventstore.reactions import Found, Identity, Issue, Reactions
from mobility.regular_ride import End, RegularRide, regular_rides
from mobility.ride import (
    OPEN,
    PASSENGER_UNKNOWN,
    RIDE_DEPARTED,
    Cancel,
    EnteredTerms,
    OfferScheduled,
    Release,
    Ride,
    SkipScheduled,
    rides,
)

reactions = Reactions()


@reactions.to()
def offer_the_day(event: RegularRideScheduled, regular_ride: Identity) -> Iterable[Issue]:
    """A day of a regular ride is a ride of its own. Where that cannot be, it says so itself: it is cancelled at once.

    So whoever looks for a day finds why nobody drives, and a driver who is in another ride then stops no other day.
    """
    terms = event.model_dump(include={*EnteredTerms.model_fields, "day", "driver"})
    yield Issue(
        rides,
        None,
        OfferScheduled(**terms, regular_ride=regular_ride),
        SkipScheduled(**terms, regular_ride=regular_ride),
    )


@reactions.to(finds=rides, by={"driver": "person"}, among={"status": OPEN})
def cancel_what_nobody_drives(_event: PersonErased, driven: Sequence[Found[Ride]]) -> Iterable[Issue]:
    """A driver whom nobody knows any more cannot be expected. What has departed goes on, under the pseudonym."""
    for found in driven:
        cancel = Cancel(reason="person_erased")
        yield Issue(rides, found.identity, cancel, expects=(RIDE_DEPARTED, *rides.not_for(Cancel)))


@reactions.to(finds=rides, by={"passengers": "person"}, among={"status": OPEN})
def release_who_is_nobody(event: PersonErased, joined: Sequence[Found[Ride]]) -> Iterable[Issue]:
    """Nor can a passenger: the seat is free."""
    for found in joined:
        numbers = [place.number for place in found.state.places if place.passenger == event.person]
        release = Release(number=numbers[0], reason="person_erased")
        expects = (RIDE_DEPARTED, PASSENGER_UNKNOWN, *rides.not_for(Release))
        yield Issue(rides, found.identity, release, expects=expects)


@reactions.to(finds=regular_rides, by={"driver": "person"}, among={"status": ("active", "suspended")})
def end_what_nobody_drives(_event: PersonErased, driven: Sequence[Found[RegularRide]]) -> Iterable[Issue]:
    """And nothing more is offered for a driver whom nobody knows."""
    for found in driven:
        end = End(reason="person_erased")
        yield Issue(regular_rides, found.identity, end, expects=tuple(regular_rides.not_for(End)))
