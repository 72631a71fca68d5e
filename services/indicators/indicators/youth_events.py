"""Young people in the member companies [accueil des jeunes]: places offered, placements, and who hosts them (axis 3).

Places and placements count on the Monday of the week that they are of, so that a period to come shows what is offered
and agreed for it already.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.values import monday_of
from contracts.youth_events.offer import OfferOpened, OfferPlacesChanged, OfferPlacesCounted, OfferWithdrawn
from contracts.youth_events.placement import PlacementApproved, PlacementCancelled
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, distinct, formula, sums
from indicators.network import members

OFFER: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone", "grade", "week")
PLACEMENT: Final[tuple[Name, ...]] = (*OFFER, "school")


@sums(unit="places", dimensions=OFFER)
def places_offered(
    event: OfferOpened | OfferPlacesChanged | OfferPlacesCounted | OfferWithdrawn,
) -> Iterator[Count]:
    """Places offered for observation placements.

    The places of offers, on the Monday of their week, also where it is still to come. More places, or fewer, are added
    or taken out on that day. Of an offer that is withdrawn only the places that are taken stay in, as many as there are
    afterwards, too. n counts companies.
    """
    monday = monday_of(event.week)
    match event:
        case OfferOpened():
            yield Count(monday, event.places)
        case OfferPlacesChanged():
            yield Count(monday, event.places - event.places_before)
        case OfferWithdrawn():
            yield Count(monday, event.taken - event.places)
        case OfferPlacesCounted(status="withdrawn"):
            yield Count(monday, event.taken - event.taken_before)


@sums(unit="placements", dimensions=PLACEMENT)
def placements(event: PlacementApproved | PlacementCancelled) -> Iterator[Count]:
    """Observation placements.

    Placements that company and school have agreed to, on the Monday of their week, also where it is still to come. One
    that is cancelled is taken out again on that day, also where it was broken off. Activity, commune and zone are those
    of the company when the school asked. n counts companies.
    """
    match event:
        case PlacementApproved():
            yield Count(monday_of(event.week), 1)
        case PlacementCancelled(approved_on=approved) if approved:
            yield Count(monday_of(event.week), -1)


@formula(unit="share", of=(places_offered, placements))
def placement_fill_rate(offered: Decimal, placed: Decimal) -> Decimal | None:
    """Places that are filled by observation placements.

    placements divided by places_offered over the same period and cells: 0.75 is three of four places. Rounded to four
    decimals, half up; none while nothing is offered.
    """
    return (placed / offered).quantize(Decimal("0.0001"), ROUND_HALF_UP) if offered > 0 else None


@distinct(unit="companies", dimensions=PLACEMENT)
def host_companies(event: PlacementApproved | PlacementCancelled) -> Iterator[Count]:
    """Companies that host young people.

    How many companies have placements in the period: each counts once in it, and once in every cell, so that cells do
    not add up to the total. A company whose placements were all cancelled does not count.
    """
    yield from placements.counts(event)


@formula(unit="share", of=(members, host_companies))
def host_rate(of: Decimal, hosts: Decimal) -> Decimal | None:
    """Share of the members that host young people.

    host_companies in the period divided by the members at its end, of today unless `to` asks for another day: 0.4 is
    two members of five. Rounded to four decimals, half up; none while there is no member. A company that hosted
    somebody and has left since is a host and no member.
    """
    return (hosts / of).quantize(Decimal("0.0001"), ROUND_HALF_UP) if of > 0 else None


CHAPTER: Final = Chapter("youth-events", places_offered, placements, placement_fill_rate, host_companies, host_rate)
