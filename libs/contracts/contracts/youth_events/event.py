"""What happens to an event at which young people meet companies [rencontre], the stream `event-<id>`.

Schools book places at it for their classes. Nobody is named: pupils and adults are counts. How many places are booked,
and who came, is told as it is counted: by one booking after another.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.values import (
    Commune,
    Naf,
    People,
    Pupils,
    RecordId,
    Rome,
    ShortText,
    Siret,
    Tally,
    TimeOfDay,
    Zone,
)

CATEGORY: Final = Category("event", service="youth-events", path="/v1/events")

Level = Literal["6e", "5e", "4e", "3e", "2de", "1re", "tle", "cap", "higher"]
"""The classes of collège and lycée, those that prepare a CAP, and those after the baccalauréat (BTS, BUT ...). Adapted
and preparatory classes count as the class of the same year."""
EventKind = Literal["visit", "forum", "showcase", "talk", "workshop", "other"]
EventStatus = Literal["draft", "published", "open", "full", "closed", "held", "reported", "cancelled"]
EventClosing = Literal["enough_bookings", "day_came", "other"]
EventCancellation = Literal[
    "too_few_bookings", "no_companies", "venue_unavailable", "organiser_unavailable", "entered_by_mistake", "other"
]
ParticipationEnd = Literal["unavailable", "entered_by_mistake", "member_left", "other"]
PartCorrection = Literal["came_unannounced", "did_not_come", "typing_error", "other"]
ClassOutcome = Literal["expected", "attended", "no_show", "cancelled"]
"""What became of a class's booking, as far as an event counts it."""


class EventCompany(Detail):
    """A company that takes part."""

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was added."""
    commune: Commune
    zone: Zone | None


class ClassAttendance(Detail):
    """Who of a class came, as counts."""

    girls: Tally
    boys: Tally
    untold: Tally
    """Pupils who came, and of whom it is not told whether they are girls or boys."""
    adults: Tally
    """Who came with them."""


class ClassCounted(Detail):
    """A class that has places at an event, as far as they are counted."""

    booking: RecordId
    level: Level
    pupils: Pupils
    """How many places it has."""
    outcome: ClassOutcome
    attendance: ClassAttendance | None
    """None unless it has come."""


class LevelAttendance(Detail):
    """How many pupils of a level came."""

    level: Level
    girls: People
    boys: People
    untold: People


class _Meeting(Event):
    kind: EventKind
    rome: tuple[Rome, ...]
    """The occupations that it shows."""
    commune: Commune
    """Where it is held."""
    day: Day
    """On which it is held."""
    capacity: Pupils
    """How many pupils it has places for after the event."""


class _Terms(_Meeting):
    title: ShortText
    place: ShortText | None
    starts: TimeOfDay
    ends: TimeOfDay
    levels: tuple[Level, ...]
    """The levels that it is for; none is named where it is for all."""


class EventDrafted(_Terms, version=1):
    """The network or the town hall plans it. Nobody else reads it yet."""


class EventRevised(_Terms, version=1):
    """What it says was changed, before schools could book."""

    day_before: Day
    capacity_before: Pupils


class EventPublished(_Meeting, version=1):
    """It is announced."""


class EventOpened(_Meeting, version=1):
    """Schools may book."""

    closes_on: Day
    """The day on which bookings close by themselves: its own, or the day after it was entered, if that is later."""


class EventCapacityChanged(_Meeting, version=1):
    """There are more places, or fewer; never fewer than are booked."""

    capacity_before: Pupils
    booked: People
    status: EventStatus
    """After the event."""


class EventBookingCounted(_Meeting, version=1):
    """A class has booked places, has other ones, has come or not, or has given its places up."""

    counted: ClassCounted
    booked_before: People
    booked: People
    status: EventStatus
    """After the event."""


class EventClosed(_Meeting, version=1):
    """Schools cannot book any more. What they have booked stays."""

    reason: EventClosing
    booked: People


class EventHeld(_Meeting, version=1):
    """It has taken place. Of each company that took part an event of its own tells."""

    booked: People
    companies: tuple[Siret, ...]


class EventReported(_Meeting, version=1):
    """Its report is closed: of each class it is known whether it came. Who came is told as far as it was counted then;
    what is counted or corrected later tells so itself."""

    classes: Tally
    """How many classes came."""
    classes_missed: Tally
    attended: People
    """How many pupils came."""
    adults: People
    levels_attended: tuple[LevelAttendance, ...]


class EventCancelled(_Meeting, version=1):
    """It does not take place. What is booked is cancelled."""

    status_before: EventStatus
    booked: People
    reason: EventCancellation


class _Part(Event):
    kind: EventKind
    rome: tuple[Rome, ...]
    day: Day
    """Of the event."""
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was added."""
    commune: Commune
    zone: Zone | None


class EventCompanyAdded(_Part, version=1):
    """A company is to take part."""


class EventCompanyWithdrawn(_Part, version=1):
    """A company does not take part after all."""

    reason: ParticipationEnd


class CompanyTookPart(_Part, version=1):
    """A company was at an event that was held."""


class CompanyPartCorrected(_Part, Correction, version=1):
    """Whether a company took part had been recorded wrongly."""

    took_part_before: bool
    took_part: bool
    reason: PartCorrection
