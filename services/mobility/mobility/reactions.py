"""What an event asks of rides, bikes, loans and reservations: days of regular rides are offered, bikes follow their
loans, loans let go of what their bikes have, a place that falls free goes to who waits, and who is erased is not
expected any more."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contracts.erasure import PersonErased
from contracts.mobility.bike import BikeBroughtBack, BikeLost
from contracts.mobility.loan import LoanLost, LoanReturned, LoanTaken
from contracts.mobility.regular_ride import RegularRideScheduled
from contracts.mobility.service_reservation import ReservationCancelled, ReservationQueued
from contracts.mobility.shared_service import (
    SharedServiceClosed,
    SharedServiceSuspended,
    SharedServiceTermsChanged,
)
from eventstore.reactions import Found, Identity, Issue, Queue, Reactions
from mobility.bike import GiveUp, LeaveDock, TakeBack, bikes
from mobility.loan import Cancel as CancelLoan
from mobility.loan import Loan, Settle, loans
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
from mobility.service_reservation import (
    PENDING,
    SHARED_SERVICE_NOT_OPEN,
    SLOT_BEGUN,
    SLOT_FULL,
    SLOT_UNKNOWN,
    MoveUp,
    Review,
    ServiceReservation,
    service_reservations,
)
from mobility.service_reservation import Cancel as CancelReservation

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


@reactions.to()
def bikes_follow_their_loans(event: LoanTaken | LoanReturned | LoanLost, loan: Identity) -> Iterable[Issue]:
    """A bike leaves its dock with the borrower, stands in another one, or is lost: in the order of its loan's events,
    and of no other loan before that one is settled."""
    match event:
        case LoanTaken():
            yield Issue(bikes, event.bike, LeaveDock(loan=loan))
        case LoanReturned():
            yield Issue(bikes, event.bike, TakeBack(loan=loan, station=event.returned_to))
        case LoanLost():
            yield Issue(bikes, event.bike, GiveUp(loan=loan))


@reactions.to()
def settle_loans(event: BikeBroughtBack | BikeLost) -> Iterable[Issue]:
    """What a loan holds is its bike's from now on: the dock, and itself."""
    yield Issue(loans, event.loan, Settle())


@reactions.to(finds=loans, by={"borrower": "person"}, among={"status": "requested"})
def cancel_what_nobody_comes_for(_event: PersonErased, asked: Sequence[Found[Loan]]) -> Iterable[Issue]:
    """Who is known no more does not get the bike. A loan that has begun goes on, under the pseudonym."""
    for found in asked:
        cancel = CancelLoan(reason="person_erased")
        yield Issue(loans, found.identity, cancel, expects=tuple(loans.not_for(CancelLoan)))


@reactions.to(
    finds=service_reservations,
    by={"shared_service": "shared_service", "day": "day", "starts": "starts"},
    among={"status": "waiting"},
)
def give_the_place(
    _event: ReservationQueued | ReservationCancelled, waiting: Sequence[Found[ServiceReservation]]
) -> Iterable[Issue]:
    """A place that is free is for whoever has waited longest; the others are told that there is none."""
    yield from _in_order(waiting)


@reactions.to(finds=service_reservations, by={"shared_service": "shared_service"}, among={"status": PENDING})
def review_what_is_reserved(
    _event: SharedServiceSuspended | SharedServiceClosed | SharedServiceTermsChanged,
    reserved: Sequence[Found[ServiceReservation]],
) -> Iterable[Issue]:
    """Where there is nothing to come to any more, it is cancelled; where a slot has more places, those who wait have
    them."""
    for found in reserved:
        yield Issue(service_reservations, found.identity, Review(), expects=tuple(service_reservations.not_for(Review)))
    yield from _in_order([found for found in reserved if found.state.status == "waiting"])


@reactions.to(finds=service_reservations, by={"guest": "person"}, among={"status": PENDING})
def cancel_what_nobody_comes_to(_event: PersonErased, reserved: Sequence[Found[ServiceReservation]]) -> Iterable[Issue]:
    """A guest whom nobody knows any more cannot be expected. What has begun goes on, under the pseudonym."""
    for found in reserved:
        cancel = CancelReservation(reason="person_erased")
        expects = (SLOT_BEGUN, *service_reservations.not_for(CancelReservation))
        yield Issue(service_reservations, found.identity, cancel, expects=expects)


def _in_order(waiting: Sequence[Found[ServiceReservation]]) -> Iterable[Issue]:
    expects = (
        SLOT_BEGUN,
        SLOT_UNKNOWN,
        SHARED_SERVICE_NOT_OPEN,
        *service_reservations.not_for(MoveUp),
    )
    for found in sorted(waiting, key=_waited):
        queue = Queue(found.state.slot, SLOT_FULL)
        yield Issue(service_reservations, found.identity, MoveUp(), expects=expects, queue=queue)


def _waited(found: Found[ServiceReservation]) -> tuple[datetime, str]:
    return found.state.queued_at or found.state.begins, found.identity
