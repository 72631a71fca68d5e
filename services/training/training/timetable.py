"""The hours of a session: slots in rooms, how they are counted out day by day, and how they move to another room."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Annotated, Final, NamedTuple, get_args

from pydantic import Field, JsonValue

from contracts.model import PARIS, Day, EnteredDay, Model
from contracts.training.session import SessionSlot, SessionWeekday
from contracts.values import RoomCode, TimeOfDay
from eventstore.refusal import Refusal

WEEKDAYS: Final[tuple[SessionWeekday, ...]] = get_args(SessionWeekday)
"""From Monday on, as `date.weekday()` counts."""
MOST_SLOTS: Final = 600
"""Of one session, counted out: whole days of three years."""
MOST_RUNS: Final = 100
"""Of one session, as it tells them: so its events stay small however often it is moved."""
_OPENS, _CLOSES = "06:00", "23:00"
"""Between which hours there is training: so the hour that clocks skip or repeat is none of it."""


class WeeklySlot(Model):
    """Some hours on some days of each week, as they are entered."""

    weekdays: Annotated[tuple[SessionWeekday, ...], Field(min_length=1, max_length=7)]
    starts: TimeOfDay
    ends: Annotated[TimeOfDay, Field(examples=["12:00"])]


WEEK: Final[JsonValue] = [
    {"weekdays": ["monday", "tuesday", "wednesday", "thursday"], "starts": "08:30", "ends": "12:00"},
    {"weekdays": ["monday", "tuesday", "wednesday", "thursday"], "starts": "13:00", "ends": "16:30"},
]


class Timetable(Model):
    """When a session is, week by week, and where."""

    room: RoomCode | None = None
    """The room of the building that it is in; none is given where it is elsewhere."""
    slots: Annotated[tuple[WeeklySlot, ...], Field(min_length=1, max_length=14, examples=[WEEK])]
    """Its hours, the same in each week."""
    days_off: Annotated[tuple[EnteredDay, ...], Field(max_length=400)] = ()
    """Days on which there is none: holidays, weeks in a company."""


SLOT_REVERSED = Refusal(
    "slot-reversed",
    "a slot ends at {ends}, which is not after it starts, at {starts}",
    "un créneau finit à {ends}, ce qui n'est pas après son début, à {starts}",
    at="slots",
    starts=TimeOfDay,
    ends=TimeOfDay,
)
SLOT_AT_NIGHT = Refusal(
    "slot-at-night",
    "there is training between {opens} and {closes}, and a slot is from {starts} to {ends}",
    "les formations ont lieu entre {opens} et {closes}, et un créneau va de {starts} à {ends}",
    at="slots",
    opens=TimeOfDay,
    closes=TimeOfDay,
    starts=TimeOfDay,
    ends=TimeOfDay,
)
SLOTS_OVERLAP = Refusal(
    "slots-overlap",
    "two slots of the session overlap on {weekday}, at {starts}",
    "deux créneaux de la session se chevauchent le même jour ({weekday}), à {starts}",
    at="slots",
    weekday=SessionWeekday,
    starts=TimeOfDay,
)
NO_SLOT = Refusal(
    "session-without-slots",
    "none of its slots is between {starts_on} and {ends_on}, without the days off",
    "aucun de ses créneaux n'est entre le {starts_on} et le {ends_on}, hors jours sans formation",
    at="slots",
    starts_on=Day,
    ends_on=Day,
)
TOO_MANY_SLOTS = Refusal(
    "session-too-many-slots",
    "a session has {most} slots at most; several sessions may be what you plan",
    "une session compte {most} créneaux au plus ; il s'agit peut-être de plusieurs sessions",
    at="slots",
    most=int,
)


class Occurrence(NamedTuple):
    """One slot on one day."""

    day: date
    starts: datetime
    ends: datetime


def laid_out(timetable: Timetable, since: Day, until: Day, capacity: int | None) -> tuple[SessionSlot, ...]:
    """The slots of a timetable from a day until another, that included. Raises Rejected."""
    taken: list[tuple[SessionWeekday, str, str]] = []
    for slot in timetable.slots:
        if slot.ends <= slot.starts:
            raise SLOT_REVERSED(starts=slot.starts, ends=slot.ends)
        if slot.starts < _OPENS or slot.ends > _CLOSES:
            raise SLOT_AT_NIGHT(opens=_OPENS, closes=_CLOSES, starts=slot.starts, ends=slot.ends)
        for weekday in slot.weekdays:
            if any(day == weekday and starts < slot.ends and slot.starts < ends for day, starts, ends in taken):
                raise SLOTS_OVERLAP(weekday=weekday, starts=slot.starts)
            taken.append((weekday, slot.starts, slot.ends))
    slots = tuple(
        SessionSlot(
            room=timetable.room,
            weekdays=tuple(day for day in WEEKDAYS if day in slot.weekdays),
            starts=slot.starts,
            ends=slot.ends,
            since=since,
            until=until,
            capacity=capacity,
        )
        for slot in sorted(timetable.slots, key=attrgetter("starts", "weekdays"))
    )
    counted = sum(1 for slot in slots for _ in days_of(slot, timetable.days_off))
    if counted == 0:
        raise NO_SLOT(starts_on=since, ends_on=until)
    if counted > MOST_SLOTS:
        raise TOO_MANY_SLOTS(most=MOST_SLOTS)
    return slots


def days_of(slot: SessionSlot, days_off: Collection[Day]) -> Iterator[date]:
    """The days on which there is a slot."""
    day = slot.since
    while day <= slot.until:
        if WEEKDAYS[day.weekday()] in slot.weekdays and day not in days_off:
            yield day
        day += timedelta(days=1)


def occurrences(slots: Iterable[SessionSlot], days_off: Collection[Day]) -> Iterator[tuple[SessionSlot, Occurrence]]:
    """Slots counted out, day by day."""
    for slot in slots:
        starts, ends = time.fromisoformat(slot.starts), time.fromisoformat(slot.ends)
        for day in days_of(slot, days_off):
            yield slot, Occurrence(day, datetime.combine(day, starts, PARIS), datetime.combine(day, ends, PARIS))


def within(
    slots: Iterable[SessionSlot], room: str | None, since: Day, until: Day | None, days_off: Collection[Day]
) -> list[SessionSlot]:
    """The slots in a room, as far as they are from a day on and before another; without it, to the end."""
    parts = (_part(slot, since, _last(until)) for slot in slots if slot.room == room)
    return [part for part in parts if any(days_of(part, days_off))]


def moved(
    slots: Iterable[SessionSlot],
    room: str | None,
    to: str | None,
    capacity: int | None,
    since: Day,
    until: Day | None,
    days_off: Collection[Day],
) -> tuple[SessionSlot, ...]:
    """All slots, once those in a room from a day on and before another are in another room."""
    result: list[SessionSlot] = []
    for slot in slots:
        if slot.room != room:
            result.append(slot)
            continue
        there = {"room": to, "capacity": capacity}
        result += [
            _part(slot, date.min, since - timedelta(days=1)),
            _part(slot, since, _last(until)).model_copy(update=there),
            *([_part(slot, until, date.max)] if until else ()),
        ]
    return _joined([slot for slot in result if any(days_of(slot, days_off))])


def _last(until: Day | None) -> date:
    return until - timedelta(days=1) if until else date.max


def _part(slot: SessionSlot, since: date, until: date) -> SessionSlot:
    """A slot as far as it is from a day to another: where it is not, one that ends before it begins."""
    return slot.model_copy(update={"since": max(slot.since, since), "until": min(slot.until, until)})


def _joined(slots: Sequence[SessionSlot]) -> tuple[SessionSlot, ...]:
    """The same slots, as few as they can be told by."""
    joined: list[SessionSlot] = []
    hours = attrgetter("starts", "ends", "weekdays")
    for slot in sorted(slots, key=lambda each: (hours(each), each.since)):
        last = joined[-1] if joined else None
        same = last is not None and (hours(last), last.room, last.capacity) == (hours(slot), slot.room, slot.capacity)
        if last is not None and same and slot.since <= last.until + timedelta(days=1):
            joined[-1] = last.model_copy(update={"until": max(last.until, slot.until)})
        else:
            joined.append(slot)
    return tuple(joined)
