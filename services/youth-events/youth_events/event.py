"""Events at which young people meet companies [rencontres]: visits, forums, showcases of trades, talks (axis 3).

The network or the town hall plans an event, announces it, and opens it to schools, which book places for their classes.
It is full while all its places are booked, and open again when some fall free; bookings close when its day comes. Once
it was held, and of each class it is known whether it came, its report is closed. Member companies take part.

Nobody is named: pupils and adults are counts.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.model import Day, EnteredDay
from contracts.values import (
    MOST_PUPILS,
    Commune,
    EnteredCommune,
    EnteredRome,
    EnteredText,
    People,
    Pupils,
    Rome,
    ShortText,
    Siret,
    TimeOfDay,
)
from contracts.youth_events.event import (
    CATEGORY,
    ClassCounted,
    CompanyPartCorrected,
    CompanyTookPart,
    EventBookingCounted,
    EventCancellation,
    EventCancelled,
    EventCapacityChanged,
    EventClosed,
    EventClosing,
    EventCompany,
    EventCompanyAdded,
    EventCompanyWithdrawn,
    EventDrafted,
    EventHeld,
    EventKind,
    EventOpened,
    EventPublished,
    EventReported,
    EventRevised,
    EventStatus,
    Level,
    LevelAttendance,
    PartCorrection,
    ParticipationEnd,
)
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, Due, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from youth_events.members import PARTICIPANT_NOT_A_MEMBER, Member, active_member, members

AHEAD: Final = timedelta(days=731)
"""How far ahead an event is planned, at most: two years."""
MOST_COMPANIES: Final = 100
"""Of one event: three times the network."""
ORGANISERS: Final = ("network", "town_hall")
BOOKABLE: Final = ("open", "full")
BEFORE_IT_IS_HELD: Final = ("draft", "published", *BOOKABLE, "closed")
TERMS: Final = ("title", "kind", "rome", "commune", "place", "day", "starts", "ends", "levels", "capacity")
"""What an event says of itself, and may be changed before schools can book."""

Title = Annotated[EnteredText, Field(examples=["Forum des métiers de l'industrie"])]
Place = Annotated[EnteredText, Field(examples=["Halle des expositions"])]
Trades = Annotated[tuple[EnteredRome, ...], Field(min_length=1, max_length=20)]
Levels = Annotated[tuple[Level, ...], Field(max_length=9)]
EventDay = Annotated[EnteredDay, Field(examples=["2024-05-16"])]
_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-03-04",
    "title": "Forum des métiers de l'industrie",
    "kind": "forum",
    "rome": ["H2902", "H2903"],
    "commune": "36088",
    "place": "Halle des expositions",
    "day": "2024-05-13",
    "starts": "09:00",
    "ends": "12:00",
    "levels": ["4e", "3e"],
    "capacity": 120,
}


class Draft(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """The network or the town hall plans an event. Nobody else reads it until it is published."""

    title: Title
    kind: EventKind
    rome: Trades
    """The occupations that it shows."""
    commune: EnteredCommune
    place: Place | None = None
    """Where in the commune."""
    day: EventDay
    starts: TimeOfDay
    ends: Annotated[TimeOfDay, Field(examples=["12:00"])]
    levels: Levels = ()
    """The levels that it is for; all unless some are named."""
    capacity: Pupils
    """How many pupils it has places for."""


class Revise(Command, json_schema_extra={"examples": [{"on": "2024-03-05", "capacity": 150}]}):
    """What the event says is changed, before schools can book. What is not given stays as it is."""

    title: Title | None = None
    kind: EventKind | None = None
    rome: Trades | None = None
    commune: EnteredCommune | None = None
    place: Place | None = None
    day: EventDay | None = None
    starts: TimeOfDay | None = None
    ends: Annotated[TimeOfDay, Field(examples=["12:00"])] | None = None
    levels: Levels | None = None
    capacity: Pupils | None = None


class Publish(Command, json_schema_extra={"examples": [{"on": "2024-03-05"}]}):
    """It is announced: everybody reads it."""


class Open(Command, json_schema_extra={"examples": [{"on": "2024-03-11"}]}):
    """Schools may book."""


class ChangeCapacity(Command):
    """There are more places, or fewer, but not fewer than are booked."""

    capacity: Annotated[Pupils, Field(examples=[150])]


class CountBooking(Command):
    """A class has booked, has other places, has come or not, or has given its places up."""

    counted: ClassCounted


class CountBookingOfEnded(Command):
    """The same, where schools cannot book any more."""

    counted: ClassCounted


class Close(Command):
    """Schools cannot book any more. What they have booked stays."""

    reason: EventClosing


class Lapse(Command):
    """Its day has come."""


class RecordHeld(Command):
    """It has taken place, with the companies that are to take part."""


class Report(Command):
    """Its report is closed, once of each class it is known whether it came."""


class Cancel(Command):
    """It does not take place. What is booked is cancelled."""

    reason: EventCancellation


class AddCompany(Command):
    """A member company is to take part."""

    company: Siret


class WithdrawCompany(Command):
    """A company does not take part after all."""

    company: Siret
    reason: ParticipationEnd


class CorrectCompany(Command):
    """Whether a company took part in what was held had been recorded wrongly."""

    company: Siret
    took_part: bool
    reason: PartCorrection


class YouthEvent(State):
    """An event, its places and the companies that take part."""

    title: ShortText
    kind: EventKind
    rome: tuple[Rome, ...]
    """The occupations that it shows."""
    commune: Commune
    place: ShortText | None
    day: Day
    starts: TimeOfDay
    ends: TimeOfDay
    levels: tuple[Level, ...]
    """The levels that it is for; none is named where it is for all."""
    capacity: Pupils
    status: EventStatus
    booked: People = 0
    """How many places are booked, as far as they are counted yet."""
    classes: tuple[ClassCounted, ...] = ()
    """Whose they are, and who of them came. Kept by booking, none is counted twice."""
    attended: People = 0
    """How many pupils came, as far as they are counted yet."""
    companies: tuple[Siret, ...] = ()
    """Which take part, each once."""
    participants: tuple[EventCompany, ...] = ()
    """The same with where they are."""
    closes_on: Day | None = None
    """The day on which bookings close by themselves."""
    drafted_on: Day
    published_on: Day | None = None
    opened_on: Day | None = None
    closed_on: Day | None = None
    held_on: Day | None = None
    reported_on: Day | None = None
    cancelled_on: Day | None = None
    reason: EventClosing | EventCancellation | None = None

    def participant(self, company: str) -> EventCompany | None:
        """A company that takes part."""
        return next((each for each in self.participants if each.company == company), None)


ENDS_BEFORE_IT_STARTS = Refusal(
    "ends-before-it-starts",
    "it ends at {ends}, which is not after it starts, at {starts}",
    "la fin, à {ends}, n'est pas après le début, à {starts}",
    at="ends",
    starts=TimeOfDay,
    ends=TimeOfDay,
)
OCCUPATION_TWICE = Refusal(
    "occupation-twice", "an occupation is named twice", "un métier est nommé deux fois", at="rome"
)
LEVEL_TWICE = Refusal("level-twice", "a level is named twice", "un niveau est nommé deux fois", at="levels")
EVENT_TOO_FAR = Refusal(
    "event-too-far",
    "events are planned {days} days ahead at most, and this one is on {day}",
    "les rencontres se préparent {days} jours à l'avance au plus, et celle-ci est le {day}",
    at="day",
    days=int,
    day=Day,
)
DAY_HAS_COME = Refusal(
    "day-has-come",
    "the event is on {day}, and this is for the days before",
    "la rencontre a lieu le {day}, et ceci se fait avant",
    at="day",
    day=Day,
)
BEFORE_ITS_DAY = Refusal(
    "before-its-day",
    "the event is on {day}, and what happened at it is recorded of that day or later, not of {on}",
    "la rencontre a lieu le {day}, et ce qui s'y est passé se note à cette date ou après, pas au {on}",
    at="on",
    day=Day,
    on=Day,
)
CAPACITY_BELOW_BOOKED = Refusal(
    "capacity-below-booked",
    "{taken} {taken:place is|places are} booked, and there cannot be fewer",
    "{taken} {taken:place est réservée|places sont réservées}, et il ne peut pas y en avoir moins",
    at="capacity",
    taken=int,
)
ATTENDANCE_MISSING = Refusal(
    "attendance-missing",
    "of {taken} {taken:class|classes} it is not recorded yet who came",
    "pour {taken} {taken:classe|classes}, la présence n'est pas encore enregistrée",
    taken=int,
)
COMPANIES_FULL = Refusal(
    "event-companies-full",
    "at most {most} companies take part in an event",
    "{most} entreprises au plus participent à une rencontre",
    at="company",
    most=int,
)
NOT_TAKING_PART = Refusal(
    "company-not-taking-part",
    "{company} does not take part in this event",
    "{company} ne participe pas à cette rencontre",
    at="company",
    company=Siret,
)

events = Decider(
    CATEGORY.name,
    YouthEvent,
    final=("reported", "cancelled"),
    finding=Finding(
        found_by=("status", "kind", "rome", "commune", "levels", "companies"),
        sorted_by=("day", "capacity", "title"),
        searched_by=("title", "place"),
    ),
)


@events.creates(by=ORGANISERS, to="draft", day="drafted_on")
def draft(command: Draft) -> EventDrafted:
    _check_terms(command, command.on)
    return tell(EventDrafted, command)


@events.decides(by=ORGANISERS, when=("draft", "published"), takes=TERMS)
def revise(event: YouthEvent, command: Revise) -> EventRevised | tuple[()]:
    said = command.model_dump(include={*TERMS}, exclude_none=True)
    if all(getattr(event, name) == value for name, value in said.items()):
        return ()
    revised = event.model_copy(update=said)
    _check_terms(revised, command.on)
    return tell(EventRevised, command, event, **{name: getattr(revised, name) for name in TERMS})


@events.decides(by=ORGANISERS, when="draft", to="published", day="published_on")
def publish(event: YouthEvent, command: Publish) -> EventPublished:
    check_ahead(event.day, command.on)
    return tell(EventPublished, command, event)


@events.decides(by=ORGANISERS, when="published", to="open", day="opened_on", takes=("closes_on",))
def open_event(event: YouthEvent, command: Open, context: Context) -> EventOpened:
    check_ahead(event.day, command.on)
    # What is entered late is open for a day, so that what was booked can be entered, too.
    return tell(EventOpened, command, event, closes_on=max(event.day, context.today + timedelta(days=1)))


@events.decides(by=ORGANISERS, when=BOOKABLE, to=BOOKABLE)
def change_capacity(event: YouthEvent, command: ChangeCapacity) -> EventCapacityChanged | tuple[()]:
    if command.capacity == event.capacity:
        return ()
    return tell(EventCapacityChanged, command, event, status=_status(event, command.capacity, event.booked))


# What bookings tell comes in any order, so for a while more may seem booked than there is.
@events.decides(by=PLATFORM, when=BOOKABLE, to=BOOKABLE)
def count_booking(event: YouthEvent, command: CountBooking) -> EventBookingCounted | tuple[()]:
    return _counted(event, command)


@events.decides(by=PLATFORM, when=("closed", "held", "reported", "cancelled"))
def count_booking_of_ended(event: YouthEvent, command: CountBookingOfEnded) -> EventBookingCounted | tuple[()]:
    return _counted(event, command)


events.steps(
    Close,
    EventClosed,
    by=ORGANISERS,
    when=BOOKABLE,
    to="closed",
    day="closed_on",
    takes=("reason",),
    reserves={PLATFORM: ("day_came",)},
)
events.steps(
    Lapse,
    EventClosed,
    by=PLATFORM,
    when=BOOKABLE,
    to="closed",
    day="closed_on",
    takes=("reason",),
    reason="day_came",
)


@events.decides(by=ORGANISERS, when=(*BOOKABLE, "closed"), to="held")
def record_held(event: YouthEvent, command: RecordHeld) -> tuple[EventHeld | CompanyTookPart, ...]:
    check_since(event.day, command.on)
    parts = (tell(CompanyTookPart, command, event, **each.model_dump()) for each in event.participants)
    return (tell(EventHeld, command, event), *parts)


@events.decides(by=ORGANISERS, when="held", to="reported", day="reported_on")
def report(event: YouthEvent, command: Report) -> EventReported:
    came = [each.attendance for each in event.classes if each.attendance]
    return tell(
        EventReported,
        command,
        event,
        classes=len(came),
        classes_missed=sum(each.outcome == "no_show" for each in event.classes),
        attended=event.attended,
        adults=sum(each.adults for each in came),
        levels_attended=_by_level(event.classes),
    )


events.steps(
    Cancel,
    EventCancelled,
    by=ORGANISERS,
    when=BEFORE_IT_IS_HELD,
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
)


@events.decides(by=ORGANISERS, when=BEFORE_IT_IS_HELD, looks_up=Lookup(members, "company"))
def add_company(event: YouthEvent, command: AddCompany, member: Member | None) -> EventCompanyAdded | tuple[()]:
    if command.company in event.companies:
        return ()
    company = active_member(member, command.company, PARTICIPANT_NOT_A_MEMBER)
    _check_room(event)
    return tell(EventCompanyAdded, command, company, event)


@events.decides(
    by=(*ORGANISERS, PLATFORM),
    when=BEFORE_IT_IS_HELD,
    reserves={PLATFORM: ("member_left",)},
)
def withdraw_company(event: YouthEvent, command: WithdrawCompany) -> EventCompanyWithdrawn:
    if (participant := event.participant(command.company)) is None:
        raise NOT_TAKING_PART(company=command.company)
    return tell(EventCompanyWithdrawn, command, event, **participant.model_dump())


@events.decides(by=ORGANISERS, when=("held", "reported"), looks_up=Lookup(members, "company"))
def correct_company(
    event: YouthEvent, command: CorrectCompany, member: Member | None
) -> CompanyPartCorrected | tuple[()]:
    participant = event.participant(command.company)
    if command.took_part == (participant is not None):
        return ()
    check_since(event.day, command.on)
    if participant is not None:
        return tell(CompanyPartCorrected, command, event, **participant.model_dump(), took_part_before=True)
    company = active_member(member, command.company, PARTICIPANT_NOT_A_MEMBER)
    _check_room(event)
    return tell(CompanyPartCorrected, command, company, event, took_part_before=False)


@events.evolves
def _(event: YouthEvent, changed: EventCapacityChanged) -> YouthEvent:
    return event.after(changed, capacity=changed.capacity, status=changed.status)


@events.evolves
def _(event: YouthEvent, counted: EventBookingCounted) -> YouthEvent:
    classes = _with(event.classes, counted.counted)
    came = [each.attendance for each in classes if each.attendance]
    attended = sum(each.girls + each.boys + each.untold for each in came)
    return event.after(counted, classes=classes, booked=counted.booked, attended=attended, status=counted.status)


@events.evolves
def _(event: YouthEvent, held: EventHeld) -> YouthEvent:
    return event.after(held, status="held", held_on=held.effective_on)


@events.evolves
def _(event: YouthEvent, part: CompanyTookPart) -> YouthEvent:
    return event.after(part)


@events.evolves
def _(event: YouthEvent, told: EventCompanyAdded | EventCompanyWithdrawn | CompanyPartCorrected) -> YouthEvent:
    participants = [each for each in event.participants if each.company != told.company]
    if isinstance(told, EventCompanyAdded) or (isinstance(told, CompanyPartCorrected) and told.took_part):
        participants.append(EventCompany(**told.model_dump(include={*EventCompany.model_fields})))
    companies = tuple(each.company for each in participants)
    return event.after(told, participants=tuple(participants), companies=companies)


@events.claims
def _(event: YouthEvent) -> Iterable[Claim]:
    # The event itself holds what it has no places for of the most there can be, and each booking its places. A class
    # that is expected holds that, so that a report is closed only when none is.
    if event.capacity < MOST_PUPILS:
        yield Claim(CAPACITY_BELOW_BOOKED, ITSELF, amount=MOST_PUPILS - event.capacity, limit=MOST_PUPILS)
    if event.status == "reported":
        yield Claim(ATTENDANCE_MISSING, ITSELF, amount=MOST_PUPILS, limit=MOST_PUPILS)


@events.due
def _(event: YouthEvent) -> Iterable[Due]:
    if event.closes_on and event.status in BOOKABLE:
        yield Due(event.closes_on, Lapse())


def check_ahead(day: Day, on: Day) -> None:
    """Refuses what is decided on the day of an event, or later. Raises Rejected."""
    if on >= day:
        raise DAY_HAS_COME(day=day)


def check_since(day: Day, on: Day) -> None:
    """Refuses what is said to have happened at an event before its day. Raises Rejected."""
    if on < day:
        raise BEFORE_ITS_DAY(day=day, on=on)


def _check_terms(said: Draft | YouthEvent, on: Day) -> None:
    check_ahead(said.day, on)
    if said.day - on > AHEAD:
        raise EVENT_TOO_FAR(days=AHEAD.days, day=said.day)
    if said.ends <= said.starts:
        raise ENDS_BEFORE_IT_STARTS(starts=said.starts, ends=said.ends)
    if len(set(said.rome)) < len(said.rome):
        raise OCCUPATION_TWICE()
    if len(set(said.levels)) < len(said.levels):
        raise LEVEL_TWICE()


def _check_room(event: YouthEvent) -> None:
    if len(event.companies) == MOST_COMPANIES:
        raise COMPANIES_FULL(most=MOST_COMPANIES)


def _counted(event: YouthEvent, command: CountBooking | CountBookingOfEnded) -> EventBookingCounted | tuple[()]:
    classes = _with(event.classes, command.counted)
    if set(classes) == set(event.classes):
        return ()
    booked = sum(each.pupils for each in classes)
    return tell(EventBookingCounted, command, event, booked=booked, status=_status(event, event.capacity, booked))


def _with(classes: Sequence[ClassCounted], counted: ClassCounted) -> tuple[ClassCounted, ...]:
    """The classes that have places, once one more is counted."""
    others = tuple(each for each in classes if each.booking != counted.booking)
    return others if counted.outcome == "cancelled" else (*others, counted)


def _status(event: YouthEvent, capacity: int, booked: int) -> EventStatus:
    if event.status not in BOOKABLE:
        return event.status
    return "full" if booked >= capacity else "open"


def _by_level(classes: Sequence[ClassCounted]) -> tuple[LevelAttendance, ...]:
    """How many came, level by level."""
    came = [(each.level, each.attendance) for each in classes if each.attendance]
    return tuple(
        LevelAttendance(
            level=level,
            girls=sum(each.girls for of, each in came if of == level),
            boys=sum(each.boys for of, each in came if of == level),
            untold=sum(each.untold for of, each in came if of == level),
        )
        for level in dict.fromkeys(of for of, _ in came)
    )
