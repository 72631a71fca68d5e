"""What an event asks of other records: places are counted, rivals give way, what is cancelled
takes its bookings along, who leaves the network hosts nobody and takes part in nothing, and who is erased is expected
nowhere."""

from collections.abc import Iterable, Sequence
from typing import get_args

from contracts.companies.company import CompanyLeft
from contracts.erasure import PersonErased
from contracts.youth_events.class_booking import (
    ClassAttendanceCorrected,
    ClassAttended,
    ClassBookingCancelled,
    ClassBookingChanged,
    ClassBookingRequested,
    ClassMissed,
)
from contracts.youth_events.event import ClassCounted, ClassOutcome, EventCancelled
from contracts.youth_events.immersion import (
    ImmersionAccepted,
    ImmersionAmended,
    ImmersionCancellation,
    ImmersionCancelled,
    ImmersionLinkRenewed,
    ImmersionPrepared,
    ImmersionRejected,
    ImmersionReminded,
    Signatory,
)
from contracts.youth_events.offer import OfferWithdrawn
from contracts.youth_events.placement import PlacementApproved, PlacementCancelled
from eventstore.decider import ITSELF
from eventstore.mail import Queue, mails
from eventstore.reactions import Found, Identity, Issue, Reactions
from youth_events.class_booking import PENDING as EXPECTED
from youth_events.class_booking import Cancel as CancelBooking
from youth_events.class_booking import ClassBooking, class_bookings
from youth_events.event import (
    BEFORE_IT_IS_HELD,
    NOT_TAKING_PART,
    CountBooking,
    CountBookingOfEnded,
    WithdrawCompany,
    YouthEvent,
    events,
)
from youth_events.immersion import BEFORE_IT_BEGINS as PREPARED
from youth_events.immersion import Cancel as CancelImmersion
from youth_events.immersion import Immersion, immersions
from youth_events.offer import CountPlace, CountPlaceOfEnded, Offer, Withdraw, offers
from youth_events.placement import BEFORE_IT_BEGINS, PENDING, Cancel, Placement, placements

reactions = Reactions()


@reactions.to()
def count_places(event: PlacementApproved | PlacementCancelled, placement: Identity) -> Iterable[Issue]:
    """An offer learns whose its places are: in whichever order placements tell it, it comes out the same."""
    if isinstance(event, PlacementApproved) or event.approved_on:
        taken = isinstance(event, PlacementApproved)
        count = CountPlace(placement=placement, is_taken=taken)
        yield Issue(offers, event.offer, count, CountPlaceOfEnded(placement=placement, is_taken=taken))


@reactions.to(finds=placements, by={"pupil": "pupil", "week": "week"}, among={"status": PENDING})
def cancel_rivals(_event: PlacementApproved, rivals: Sequence[Found[Placement]]) -> Iterable[Issue]:
    """Who has a place for a week needs no other."""
    for found in rivals:
        cancel = Cancel(reason="another_approved")
        yield Issue(placements, found.identity, cancel, expects=tuple(placements.not_for(Cancel)))


@reactions.to(finds=placements, by={"offer": ITSELF}, among={"status": PENDING})
def cancel_what_was_asked_for(_event: OfferWithdrawn, asked: Sequence[Found[Placement]]) -> Iterable[Issue]:
    """What is not approved of an offer that is withdrawn cannot take place. What is approved goes on."""
    for found in asked:
        cancel = Cancel(reason="offer_withdrawn")
        yield Issue(placements, found.identity, cancel, expects=tuple(placements.not_for(Cancel)))


@reactions.to(finds=offers, by={"company": "company"}, among={"status": ("open", "full", "closed")})
def withdraw_offers(_event: CompanyLeft, offered: Sequence[Found[Offer]]) -> Iterable[Issue]:
    """A company that has left the network offers nothing any more."""
    for found in offered:
        withdraw = Withdraw(reason="member_left")
        yield Issue(offers, found.identity, withdraw, expects=tuple(offers.not_for(Withdraw)))


Booked = ClassBookingRequested | ClassBookingChanged | ClassBookingCancelled
"""What tells of the places that a class has."""
Came = ClassAttended | ClassMissed | ClassAttendanceCorrected
"""What tells whether it came, and who of it."""


@reactions.to()
def count_bookings(event: Booked | Came, booking: Identity) -> Iterable[Issue]:
    """An event learns which classes have its places, and who came: in whichever order bookings tell it."""
    attendance = event.attendance if isinstance(event, ClassAttended | ClassAttendanceCorrected) else None
    outcome: ClassOutcome = "attended" if attendance else "no_show"
    if isinstance(event, Booked):
        outcome = "cancelled" if isinstance(event, ClassBookingCancelled) else "expected"
    counted = ClassCounted(
        booking=booking, level=event.level, pupils=event.pupils, outcome=outcome, attendance=attendance
    )
    yield Issue(events, event.event, CountBooking(counted=counted), CountBookingOfEnded(counted=counted))


@reactions.to(finds=class_bookings, by={"event": ITSELF}, among={"status": EXPECTED})
def cancel_bookings(_event: EventCancelled, booked: Sequence[Found[ClassBooking]]) -> Iterable[Issue]:
    """Nobody comes to an event that is cancelled."""
    for found in booked:
        cancel = CancelBooking(reason="event_cancelled")
        yield Issue(class_bookings, found.identity, cancel, expects=tuple(class_bookings.not_for(CancelBooking)))


@reactions.to(finds=events, by={"companies": "company"}, among={"status": BEFORE_IT_IS_HELD})
def withdraw_participants(event: CompanyLeft, planned: Sequence[Found[YouthEvent]]) -> Iterable[Issue]:
    """A company that has left the network takes part in nothing that is still to be held."""
    for found in planned:
        withdraw = WithdrawCompany(company=event.company, reason="member_left")
        expects = (NOT_TAKING_PART, *events.not_for(WithdrawCompany))
        yield Issue(events, found.identity, withdraw, expects=expects)


@reactions.to(finds=placements, by={"pupil": "person"}, among={"status": BEFORE_IT_BEGINS})
def cancel_what_nobody_can_come_to(_event: PersonErased, agreed: Sequence[Found[Placement]]) -> Iterable[Issue]:
    """A pupil whom nobody knows any more cannot be expected. What has begun goes on, under the pseudonym."""
    for found in agreed:
        cancel = Cancel(reason="person_erased")
        yield Issue(placements, found.identity, cancel, expects=tuple(placements.not_for(Cancel)))


@reactions.to(finds=immersions, by={"company": "company"}, among={"status": PREPARED})
def cancel_immersions(_event: CompanyLeft, prepared: Sequence[Found[Immersion]]) -> Iterable[Issue]:
    """A company that has left the network takes nobody in any more. What has begun goes on."""
    yield from _cancelled(prepared, "member_left")


@reactions.to(finds=immersions, by={"beneficiary": "person"}, among={"status": PREPARED})
def cancel_what_nobody_can_be_in(_event: PersonErased, prepared: Sequence[Found[Immersion]]) -> Iterable[Issue]:
    """A beneficiary whom nobody knows any more cannot be expected. What has begun goes on, under the pseudonym."""
    yield from _cancelled(prepared, "person_erased")


def _cancelled(prepared: Sequence[Found[Immersion]], reason: ImmersionCancellation) -> Iterable[Issue]:
    for found in prepared:
        cancel = CancelImmersion(reason=reason)
        yield Issue(immersions, found.identity, cancel, expects=tuple(immersions.not_for(CancelImmersion)))


@reactions.to()
def ask_for_signatures(event: ImmersionPrepared | ImmersionAmended, immersion: Identity) -> Iterable[Issue]:
    """Whoever must sign is sent a link; who had signed what was changed is told that this is void."""
    voided = event.voided if isinstance(event, ImmersionAmended) else ()
    for link in event.links:
        template = "signature_voided" if link.signatory in voided else "signature_requested"
        yield _queued(template, event, immersion, link.signatory)


@reactions.to()
def send_another_link(event: ImmersionLinkRenewed, immersion: Identity) -> Iterable[Issue]:
    """A new link is sent to whom it is for."""
    yield _queued("signature_requested", event, immersion, event.signatory)


@reactions.to()
def remind_of_signing(event: ImmersionReminded, immersion: Identity) -> Iterable[Issue]:
    """Who has not signed is reminded."""
    for signatory in event.signatories:
        yield _queued("signature_reminder", event, immersion, signatory)


@reactions.to()
def tell_how_it_came_out(
    event: ImmersionAccepted | ImmersionRejected | ImmersionCancelled, immersion: Identity
) -> Iterable[Issue]:
    """Whoever was asked to sign is told whether the immersion takes place."""
    template = "immersion_accepted" if isinstance(event, ImmersionAccepted) else "immersion_ended"
    for signatory in get_args(Signatory):
        if _person(event, signatory):
            yield _queued(template, event, immersion, signatory)


OfImmersion = (
    ImmersionPrepared
    | ImmersionAmended
    | ImmersionLinkRenewed
    | ImmersionReminded
    | ImmersionAccepted
    | ImmersionRejected
    | ImmersionCancelled
)


def _queued(template: str, event: OfImmersion, immersion: Identity, signatory: Signatory) -> Issue:
    to = _person(event, signatory)
    assert to is not None, f"nobody signs as {signatory}"
    return Issue(mails, None, Queue(template=template, about=immersion, role=signatory, to=to))


def _person(event: OfImmersion, signatory: Signatory) -> str | None:
    """Who signs as that."""
    signing = {
        "beneficiary": event.beneficiary,
        "guardian": event.guardian,
        "company": event.representative,
        "agency": event.adviser,
    }
    return signing[signatory]
