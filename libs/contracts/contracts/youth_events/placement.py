"""What happens to an observation placement [stage d'observation], the stream `placement-<id>`.

A pupil, known by a pseudonym, is in a company for a week. Where an event ends a placement it says whether it was
approved, so that a placement that was counted can be taken back.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import (
    BreakMinutes,
    Commune,
    IsoWeek,
    Minutes,
    Naf,
    RecordId,
    Siret,
    Subject,
    TimeOfDay,
    Uai,
    Zone,
)
from contracts.youth_events.offer import Grade

CATEGORY: Final = Category("placement", service="youth-events", path="/v1/placements", persons=True)

PlacementStatus = Literal[
    "submitted",
    "transferred",
    "employer_validated",
    "approved",
    "agreement_signed",
    "started",
    "completed",
    "assessed",
    "rejected",
    "expired",
    "cancelled",
]
AgeBand = Literal["under_15", "15", "16_or_17", "adult"]
"""How old the pupil is on the Monday of the week, as far as the law on working hours asks."""
Party = Literal["school", "company", "guardian"]
"""Who signs the agreement; a guardian for a minor."""
PlacementDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday"]
"""The days on which a pupil may come: minors have two days of rest, one after the other."""
Attendance = Literal["full", "partial", "none"]
PlacementRejection = Literal["no_capacity", "no_tutor", "unsuitable_work", "incomplete_file", "other"]
PlacementCancellation = Literal[
    "pupil_withdrew",
    "pupil_unavailable",
    "left_school",
    "no_tutor",
    "activity_stopped",
    "another_approved",
    "offer_withdrawn",
    "person_erased",
    "other",
]


class _Placement(Event):
    offer: RecordId
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the school asked."""
    commune: Commune
    zone: Zone | None
    school: Uai
    week: IsoWeek
    grade: Grade
    age_band: AgeBand
    pupil: Subject


class PlacementSubmitted(_Placement, version=1):
    """A school asked for a place for one of its pupils."""

    expires_on: Day
    """The day on which it expires unless the company answers."""


class PlacementTransferred(_Placement, version=1):
    """The company passed the request on to another of its services."""

    expires_on: Day


class PlacementValidated(_Placement, version=1):
    """The company agrees to host the pupil, and has named a tutor."""

    tutor: Subject
    expires_on: Day
    """The day on which it expires unless the school approves."""


class PlacementApproved(_Placement, version=1):
    """The school agrees, too: from now on the pupil has the place."""


class PlacementTutorChanged(_Placement, version=1):
    """Somebody else of the company looks after the pupil."""

    tutor_before: Subject
    tutor: Subject


class PlacementAgreementDrawnUp(_Placement, version=1):
    """What the agreement says of the hours. Signatures of an earlier one are void."""

    weekdays: tuple[PlacementDay, ...]
    arrives: TimeOfDay
    leaves: TimeOfDay
    break_minutes: BreakMinutes
    daily_minutes: Minutes
    """Without the break."""
    weekly_minutes: Minutes


class PlacementAgreementSigned(_Placement, version=1):
    """The school, the company or the guardian has signed."""

    party: Party
    guardian: Subject | None
    """Who signed for a minor; of the other parties none."""
    complete: bool
    """Whether all who must sign have signed now."""
    approved_on: Day


class PlacementStarted(_Placement, version=1):
    """The pupil has come."""


class PlacementCompleted(_Placement, version=1):
    """The week is over."""


class PlacementAssessed(_Placement, version=1):
    """The company tells how it went."""

    attendance: Attendance
    hosts_again: bool
    """Whether the company would host a pupil again."""


class PlacementRejected(_Placement, version=1):
    """The company or the school does not agree."""

    reason: PlacementRejection


class PlacementExpired(_Placement, version=1):
    """Nobody answered in time."""

    status_before: PlacementStatus
    """Whose answer was missing: the company's, or, once it was validated, the school's."""


class PlacementCancelled(_Placement, version=1):
    """It will not take place, or was broken off."""

    reason: PlacementCancellation
    approved_on: Day | None
