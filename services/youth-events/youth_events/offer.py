"""Offers of observation placements [offres de stage]: a member company offers places for a week and a grade (axis 3).

The company, or the network's coordinator for it, says how many pupils it can host, and of which schools if not of all.
An offer is full while all its places are taken, and open again when one falls free; it closes when its week begins.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.model import Day
from contracts.values import (
    MOST_PLACES,
    Commune,
    IsoWeek,
    Naf,
    Places,
    RecordId,
    Siret,
    Tally,
    Uai,
    Zone,
    monday_of,
)
from contracts.youth_events.offer import (
    CATEGORY,
    ClosingReason,
    Grade,
    OfferClosed,
    OfferOpened,
    OfferPlacesChanged,
    OfferPlacesCounted,
    OfferStatus,
    OfferWithdrawal,
    OfferWithdrawn,
)
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, Due, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from youth_events.members import HOST_NOT_A_MEMBER, Member, active_member, members

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-04-22",
    "company": "00000001800010",
    "week": "2024-W20",
    "grade": "3e",
    "places": 2,
}


class Open(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """A member company offers places for a week."""

    company: Siret
    week: IsoWeek
    grade: Grade
    schools: Annotated[tuple[Uai, ...], Field(max_length=50)] = ()
    """The schools it is for; all unless some are named."""
    places: Places


class ChangePlaces(Command):
    """There are more places, or fewer, but not fewer than are taken."""

    places: Annotated[Places, Field(examples=[3])]


class Close(Command):
    """Schools cannot ask for places any more. What they have asked for goes on."""

    reason: ClosingReason


class Withdraw(Command):
    """The company takes back what is not taken: what is not approved yet is cancelled, and what is approved goes on."""

    reason: OfferWithdrawal


class Lapse(Command):
    """Its week has begun."""


class CountPlace(Command):
    """A placement was approved, and takes a place; or one that was approved was cancelled, and a place falls free."""

    placement: RecordId
    is_taken: bool


class CountPlaceOfEnded(Command):
    """The same, where schools cannot ask for places any more."""

    placement: RecordId
    is_taken: bool


class Offer(State):
    """Places that a company offers, or offered, for a week."""

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it made the offer."""
    commune: Commune
    zone: Zone | None
    week: IsoWeek
    grade: Grade
    schools: tuple[Uai, ...]
    """The schools it is for; none is named where it is for all."""
    places: Places
    taken: Tally = 0
    """How many placements on it are approved, as far as they are counted yet."""
    taken_by: tuple[RecordId, ...] = ()
    """These are they. Kept by id, none is counted twice, or taken back that never was counted."""
    status: OfferStatus
    closes_on: Day
    """The day on which it closes by itself."""
    opened_on: Day
    closed_on: Day | None = None
    withdrawn_on: Day | None = None
    reason: ClosingReason | OfferWithdrawal | None = None


WEEK_HAS_BEGUN = Refusal(
    "week-has-begun",
    "week {week} began on {monday}, and this is for the days before",
    "la semaine {week} a commencé le {monday}, et ceci se fait avant",
    week=IsoWeek,
    monday=Day,
)
SCHOOL_TWICE = Refusal("school-twice", "a school is named twice", "un établissement est nommé deux fois")
NO_PLACE_LEFT = Refusal(
    "no-place-left",
    "there are not so many free places: the others are taken by placements that are approved",
    "il n'y a pas autant de places libres : les autres sont prises par des stages approuvés",
)

offers = Decider(
    CATEGORY.name,
    Offer,
    final="withdrawn",
    finding=Finding(
        found_by=("status", "company", "week", "grade", "schools", "naf", "commune", "zone"),
        sorted_by=("week", "places", "opened_on"),
        searched_by=("company",),
    ),
)


@offers.creates(by=("company", "network"), to="open", day="opened_on", looks_up=Lookup(members, "company"))
def open_offer(command: Open, member: Member | None, context: Context) -> OfferOpened:
    host = active_member(member, command.company, HOST_NOT_A_MEMBER)
    check_ahead(command.week, command.on)
    if len(set(command.schools)) < len(command.schools):
        raise SCHOOL_TWICE()
    # What is entered late is open for a day, so that what was asked for can be entered, too.
    closes_on = max(monday_of(command.week), context.today + timedelta(days=1))
    return tell(OfferOpened, command, host, closes_on=closes_on)


@offers.decides(by=("company", "network"), when=("open", "full"), to=("open", "full"))
def change_places(offer: Offer, command: ChangePlaces) -> OfferPlacesChanged | tuple[()]:
    if command.places == offer.places:
        return ()
    return tell(OfferPlacesChanged, command, offer, status=_status(offer, command.places, offer.taken))


@offers.decides(by=PLATFORM, when=("open", "full"), to=("open", "full"))
def count_place(offer: Offer, command: CountPlace) -> OfferPlacesCounted | tuple[()]:
    return _counted(offer, command)


@offers.decides(by=PLATFORM, when=("closed", "withdrawn"))
def count_place_of_ended(offer: Offer, command: CountPlaceOfEnded) -> OfferPlacesCounted | tuple[()]:
    return _counted(offer, command)


offers.steps(
    Close,
    OfferClosed,
    by=("company", "network"),
    when=("open", "full"),
    to="closed",
    day="closed_on",
    takes=("reason",),
    reserves={PLATFORM: ("week_began",)},
)
offers.steps(
    Lapse,
    OfferClosed,
    by=PLATFORM,
    when=("open", "full"),
    to="closed",
    day="closed_on",
    takes=("reason",),
    reason="week_began",
)
offers.steps(
    Withdraw,
    OfferWithdrawn,
    by=("company", "network", PLATFORM),
    when=("open", "full", "closed"),
    to="withdrawn",
    day="withdrawn_on",
    takes=("reason",),
    reserves={PLATFORM: ("member_left",)},
)


@offers.evolves
def _(offer: Offer, event: OfferPlacesChanged) -> Offer:
    return offer.after(event, places=event.places, status=event.status)


@offers.evolves
def _(offer: Offer, event: OfferPlacesCounted) -> Offer:
    others = tuple(placement for placement in offer.taken_by if placement != event.placement)
    taken_by = (*others, event.placement) if event.is_taken else others
    return offer.after(event, taken=event.taken, taken_by=taken_by, status=event.status)


@offers.claims
def _(offer: Offer) -> Iterable[Claim]:
    # The offer itself holds what it does not offer of the most there can be, and each placement that is approved one:
    # so neither is there a placement too many, nor are there fewer places than are taken.
    if offer.places < MOST_PLACES:
        yield Claim(NO_PLACE_LEFT, ITSELF, amount=MOST_PLACES - offer.places, limit=MOST_PLACES)


@offers.due
def _(offer: Offer) -> Iterable[Due]:
    if offer.status in ("open", "full"):
        yield Due(offer.closes_on, Lapse())


def check_ahead(week: str, on: Day) -> None:
    """Refuses what is decided on a day on which its week has begun. Raises Rejected."""
    if on >= monday_of(week):
        raise WEEK_HAS_BEGUN(week=week, monday=monday_of(week))


def _counted(offer: Offer, command: CountPlace | CountPlaceOfEnded) -> OfferPlacesCounted | tuple[()]:
    if command.is_taken == (command.placement in offer.taken_by):
        return ()
    taken = offer.taken + (1 if command.is_taken else -1)
    return tell(OfferPlacesCounted, command, offer, taken=taken, status=_status(offer, offer.places, taken))


def _status(offer: Offer, places: int, taken: int) -> OfferStatus:
    if offer.status in ("closed", "withdrawn"):
        return offer.status
    return "full" if taken >= places else "open"
