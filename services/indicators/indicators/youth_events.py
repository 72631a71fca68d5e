"""Young people and companies [rencontres, accueil des jeunes]: events, places, placements, and who hosts them; and
immersions of whoever looks for a trade or for work (axis 3).

Events, and who came to them, count on the day of the event once it was held. Places and placements count on the Monday
of the week that they are of, so that a period to come shows what is offered and agreed for it already. Immersions count
on the day they began, and what they led to on the day on which they were assessed.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, get_args

from contracts.values import monday_of
from contracts.youth_events.class_booking import ClassAttendanceCorrected, ClassAttended
from contracts.youth_events.event import ClassAttendance, CompanyPartCorrected, CompanyTookPart, EventHeld
from contracts.youth_events.immersion import ImmersionAmended, ImmersionAssessed, ImmersionSigned, ImmersionStarted
from contracts.youth_events.offer import OfferOpened, OfferPlacesChanged, OfferPlacesCounted, OfferWithdrawn
from contracts.youth_events.placement import PlacementApproved, PlacementCancelled
from indicators.chapters import Chapter
from indicators.dimensions import Gender, Name
from indicators.measures import Count, distinct, formula, quantiles, sums
from indicators.network import members

OFFER: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone", "grade", "week")
PLACEMENT: Final[tuple[Name, ...]] = (*OFFER, "school")
COMPANY: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")
EVENT: Final[tuple[Name, ...]] = ("event_kind", "commune")
GENDERS: Final[tuple[Gender, ...]] = get_args(Gender)


@sums(unit="events", dimensions=EVENT, contributor="event")
def events_held(event: EventHeld) -> Iterator[Count]:
    """Events at which young people met companies.

    Visits, forums, showcases of trades, talks and workshops that were held, on their day; by=event_kind tells which.
    One that was planned and cancelled does not count. The commune is where it was held. n counts events.
    """
    yield Count(event.day, 1, {"event_kind": event.kind})


@sums(unit="pupils", dimensions=(*EVENT, "school", "level", "gender"), contributor="school")
def pupils_reached(event: ClassAttended | ClassAttendanceCorrected) -> Iterator[Count]:
    """Pupils who met companies at events.

    Those of classes that came, as they were counted, on the day of the event: who came to two events counts twice, for
    nobody is named. What was miscounted is put right on that day. by=level,gender tells girls and boys by level; of
    some pupils it is not told which they are. The commune is where the event was held. n counts schools.
    """
    if isinstance(event, ClassAttendanceCorrected):
        yield from _pupils(event, event.attendance_before, -1)
    yield from _pupils(event, event.attendance, 1)


@distinct(unit="companies", dimensions=("company", "naf", "commune", "zone", "event_kind"))
def companies_taking_part(event: CompanyTookPart | CompanyPartCorrected) -> Iterator[Count]:
    """Companies that took part in events.

    How many member companies were at an event in the period, on its day: each counts once in it, and once in every
    cell, so that cells do not add up to the total. Who was announced and did not come is taken out again, and who came
    unannounced is put in. Activity, commune and zone are those of the company.
    """
    value = -1 if isinstance(event, CompanyPartCorrected) and not event.took_part else 1
    yield Count(event.day, value, {"event_kind": event.kind})


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


@sums(unit="immersions", dimensions=(*COMPANY, "rome"))
def immersions(event: ImmersionStarted) -> Iterator[Count]:
    """Immersions in companies.

    Those that began, on the day they did: somebody whom an agency accompanies was in a company for some days. One that
    was broken off later stays. Activity, commune and zone are those of the company when the immersion was prepared. n
    counts companies.
    """
    yield Count(event.effective_on, 1)


@sums(unit="immersions", dimensions=(*COMPANY, "rome"))
def immersions_assessed(event: ImmersionAssessed) -> Iterator[Count]:
    """Immersions that were assessed.

    On the day on which it was told how they went, those to which nobody came included. n counts companies.
    """
    yield Count(event.effective_on, 1)


@sums(unit="immersions", dimensions=(*COMPANY, "rome", "contract"))
def immersions_to_jobs(event: ImmersionAssessed) -> Iterator[Count]:
    """Immersions that led to a job.

    Those of immersions_assessed after which the company hires who was in it, on the day that this was told;
    by=contract tells the types of contract. n counts companies.
    """
    if event.job_obtained:
        yield Count(event.effective_on, 1)


@formula(unit="share", of=(immersions_assessed, immersions_to_jobs))
def immersion_to_contract_rate(assessed: Decimal, to_jobs: Decimal) -> Decimal | None:
    """Share of the immersions that led to a job.

    immersions_to_jobs divided by immersions_assessed over the same period and cells: 0.25 is one of four. Rounded to
    four decimals, half up; none while nothing was assessed.
    """
    return (to_jobs / assessed).quantize(Decimal("0.0001"), ROUND_HALF_UP) if assessed > 0 else None


@quantiles(unit="days", at="0.5", dimensions=COMPANY)
def days_to_signature(event: ImmersionSigned | ImmersionAmended) -> Iterator[Count]:
    """Median days until an immersion is signed.

    Of the immersions whose last signature was given in the period, the days from the day they were prepared to that
    one: half of them took as long or less. Where an edit makes the signatures void, it is taken out again on that day,
    and counts anew, from the first day on, once all have signed anew.
    """
    match event:
        case ImmersionSigned(complete=True):
            yield Count(event.effective_on, (event.effective_on - event.prepared_on).days)
        case ImmersionAmended(signed_on_before=signed_on) if signed_on:
            yield Count(signed_on, (signed_on - event.prepared_on).days, times=-1)


def _pupils(
    event: ClassAttended | ClassAttendanceCorrected, attendance: ClassAttendance | None, sign: Literal[1, -1]
) -> Iterator[Count]:
    for gender in GENDERS:
        if attendance and (pupils := getattr(attendance, gender)):
            yield Count(event.day, sign * pupils, {"event_kind": event.kind, "gender": gender})


CHAPTER: Final = Chapter(
    "youth-events",
    events_held,
    pupils_reached,
    companies_taking_part,
    places_offered,
    placements,
    placement_fill_rate,
    host_companies,
    host_rate,
    immersions,
    immersions_assessed,
    immersions_to_jobs,
    immersion_to_contract_rate,
    days_to_signature,
    axis=3,
)
