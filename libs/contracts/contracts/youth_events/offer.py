"""What happens to an offer of observation placements [offre de stage], the stream `offer-<id>`.

A company offers places for one week and one grade. How many of them are taken is told as it is counted: by one after
another, so that for a moment it may be more than there are.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import Commune, IsoWeek, Naf, Places, RecordId, Siret, Tally, Uai, Zone

CATEGORY: Final = Category("offer", service="youth-events", path="/v1/offers")

Grade = Literal["4e", "3e", "2de", "1re", "tle"]
"""The classes whose pupils may observe work in a company: since 2019 these two of collège, at any age, and those of
lycée (Code du travail, art. L4153-1, 2°). Adapted and preparatory classes count as the class of the same year."""
OfferStatus = Literal["open", "full", "closed", "withdrawn"]
ClosingReason = Literal["enough_requests", "week_began", "other"]
OfferWithdrawal = Literal["no_tutor", "activity_stopped", "typing_error", "member_left", "other"]


class _Offer(Event):
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
    """How many there are after the event."""


class OfferOpened(_Offer, version=1):
    """A company offers places, and schools may ask for them."""

    closes_on: Day
    """The day on which it closes by itself: when its week begins, or the day after it was entered, if that is later."""


class OfferPlacesChanged(_Offer, version=1):
    """There are more places, or fewer; never fewer than are taken."""

    places_before: Places
    status: OfferStatus
    """After the event."""


class OfferPlacesCounted(_Offer, version=1):
    """A place was taken by a placement that was approved, or fell free as one was cancelled."""

    placement: RecordId
    is_taken: bool
    """Whether it has the place from now on, or had it until now."""
    taken_before: Tally
    taken: Tally
    status: OfferStatus
    """After the event; where it is `withdrawn`, the offer has just the places that are taken."""


class OfferClosed(_Offer, version=1):
    """Schools cannot ask for places any more. What they have asked for goes on."""

    reason: ClosingReason
    taken: Tally


class OfferWithdrawn(_Offer, version=1):
    """The company takes back the places that are not taken. What is approved goes on."""

    reason: OfferWithdrawal
    taken: Tally
