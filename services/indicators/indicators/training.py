"""Training [formation]: sessions and their seats, who was trained and how it came out, and the rooms (axis 5).

Sessions, seats and who began count on the session's first day, so that they are of the same sessions; how it came out
counts on each person's last day, whenever it is known: what is told of a period is of those whose training ended in it.
Enrolments are counted: whoever is trained twice counts twice, but once in n, and no pseudonym comes into a figure. No
training body (`body`) is AFPA Issoudun.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.training.course import CourseRegistered, CourseWithdrawn
from contracts.training.enrolment import (
    EnrolmentBegan,
    EnrolmentCancelled,
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentCompleted,
    EnrolmentDropped,
    EnrolmentFollowedUp,
    EnrolmentFollowUpCorrected,
    EnrolmentHoursCorrected,
    EnrolmentHoursRecorded,
    EnrolmentNotCertified,
    EnrolmentOutcomeCorrected,
)
from contracts.training.room import RoomCorrected, RoomEnteredService, RoomRetired, RoomWorksBegan, RoomWorksEnded
from contracts.training.session import (
    SessionBegan,
    SessionCancelled,
    SessionCompleted,
    SessionCompletionCorrected,
    SessionConfirmed,
    SessionOpened,
    SessionPostponed,
    SessionRescheduled,
    SessionSeatsChanged,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, Stand, durations, formula, levels, sums

SESSION: Final[tuple[Name, ...]] = ("commune", "certification", "body")
ROOM: Final[tuple[Name, ...]] = ("commune",)
DAYS_A_YEAR: Final = 365

RoomSteps = RoomEnteredService | RoomWorksBegan | RoomWorksEnded | RoomRetired | RoomCorrected
"""What changes how much area sessions can use."""


@levels(unit="courses", dimensions=("body",), contributor="course")
def courses(event: CourseRegistered | CourseWithdrawn) -> int:
    """Courses that training bodies have.

    Those that are registered and not withdrawn at the end of the day, whether a session is held or not, and also where
    the certification is to be renewed before another one starts. n counts courses.
    """
    return 1 if isinstance(event, CourseRegistered) else 0


@levels(unit="seats", dimensions=("rome", "certification", "body"), contributor="session")
def seats_open(
    event: SessionOpened
    | SessionSeatsChanged
    | SessionConfirmed
    | SessionBegan
    | SessionCompleted
    | SessionPostponed
    | SessionRescheduled
    | SessionCancelled,
) -> Iterator[Stand]:
    """Seats of the sessions that are open or running.

    All seats, taken or not, of the sessions that people can enrol for, that are confirmed or are being held at the end
    of the day. by=rome parts the seats of a session equally among the occupations that it leads to, as whoever is
    trained takes up one, and what is left over one by one among the first; so occupations add up. n counts sessions.
    """
    each, left = divmod(event.seats_offered, len(event.romes))
    for place, rome in enumerate(event.romes):
        yield Stand(each + (place < left), rome, {"rome": rome})


@sums(unit="sessions", dimensions=SESSION, contributor="session")
def sessions(event: SessionBegan | SessionCancelled) -> Iterator[Count]:
    """Training sessions that were held.

    Those that have begun, on their first day. One that is broken off is taken out on that day. The commune is where a
    session is held; without a training body it is AFPA Issoudun's. n counts sessions.
    """
    match event:
        case SessionBegan():
            yield Count(event.starts_on, 1)
        case SessionCancelled(status_before="running"):
            yield Count(event.starts_on, -1)


@sums(unit="seats", dimensions=SESSION, contributor="session")
def seats_offered(
    event: SessionBegan | SessionSeatsChanged | SessionCompletionCorrected | SessionCancelled,
) -> Iterator[Count]:
    """Seats of the training sessions that were held.

    The seats of sessions, on the first day of each. More seats, or fewer, of a session that is being held count on that
    day, too, and so do those that were recorded wrongly. n counts sessions.
    """
    match event:
        case SessionBegan():
            yield Count(event.starts_on, event.seats)
        case SessionSeatsChanged(status="running") | SessionCompletionCorrected():
            yield Count(event.starts_on, event.seats - event.seats_before)
        case SessionCancelled(status_before="running"):
            yield Count(event.starts_on, -event.seats)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def enrolments(event: EnrolmentBegan | EnrolmentCancelled) -> Iterator[Count]:
    """People who began a training session.

    Those who were in a session once it had begun, on its first day, also where they came later or left before the end.
    Who was in it by mistake, or in one that is broken off, is taken out on that day. n counts persons.
    """
    match event:
        case EnrolmentBegan():
            yield Count(event.starts_on, 1)
        case EnrolmentCancelled(status_before="attending"):
            yield Count(event.starts_on, -1)


@formula(unit="share", of=(seats_offered, enrolments))
def seat_fill_rate(seats: Decimal, began: Decimal) -> Decimal | None:
    """Seats of training sessions that are filled.

    enrolments divided by seats_offered, of the sessions that began in the period: 0.75 is three of four seats. Rounded
    to four decimals, half up; none where no session began. It is more than 1 where a seat that fell free was given
    again.
    """
    return _share(seats, began)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def training_ended(event: EnrolmentCompleted | EnrolmentDropped | EnrolmentOutcomeCorrected) -> Iterator[Count]:
    """People whose training has ended.

    Those who stayed until the end of a session or left before it, on their last day. What was recorded wrongly is taken
    out on that day. n counts persons.
    """
    yield Count(event.ended_on, -1 if isinstance(event, EnrolmentOutcomeCorrected) else 1)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def training_completed(event: EnrolmentCompleted | EnrolmentOutcomeCorrected) -> Iterator[Count]:
    """People who completed their training.

    Those of training_ended who stayed until the end, on their last day in the session. That it was recorded wrongly
    takes one out on that day. n counts persons.
    """
    match event:
        case EnrolmentCompleted():
            yield Count(event.ended_on, 1)
        case EnrolmentOutcomeCorrected(outcome_before="completed"):
            yield Count(event.ended_on, -1)


@formula(unit="share", of=(training_ended, training_completed))
def completion_rate(ended: Decimal, completed: Decimal) -> Decimal | None:
    """Share of the people who completed their training.

    training_completed divided by training_ended, of those whose last day of training is in the period: 0.9 is nine of
    ten. Rounded to four decimals, half up; none where nobody's is.
    """
    return _share(ended, completed)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def certification_decided(
    event: EnrolmentCertified | EnrolmentNotCertified | EnrolmentCertificationUndone,
) -> Iterator[Count]:
    """People on whose certification a jury has decided.

    Those who have the certification or do not get it, on their last day of training and not on that of the jury. A
    decision that was recorded wrongly, or is taken anew, is taken out on that day. n counts persons.
    """
    yield Count(event.ended_on, -1 if isinstance(event, EnrolmentCertificationUndone) else 1)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def certified(event: EnrolmentCertified | EnrolmentCertificationUndone) -> Iterator[Count]:
    """People who were certified.

    Those of certification_decided who have the certification, on their last day of training. n counts persons.
    """
    match event:
        case EnrolmentCertified():
            yield Count(event.ended_on, 1)
        case EnrolmentCertificationUndone(outcome_before="certified"):
            yield Count(event.ended_on, -1)


@formula(unit="share", of=(certification_decided, certified))
def certification_rate(decided: Decimal, there: Decimal) -> Decimal | None:
    """Share of the people who were certified.

    certified divided by certification_decided, of those whose last day of training is in the period and on whom a jury
    has decided since: who left before the end, or waits for the jury, is in neither. Rounded to four decimals, half up;
    none where no jury has decided.
    """
    return _share(decided, there)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def followed_up(event: EnrolmentFollowedUp | EnrolmentFollowUpCorrected) -> Iterator[Count]:
    """People of whom it is known what they did six months after their training.

    Those on whom a jury has decided, certified or not, and of whom somebody has told whether they had work six months
    later, on their last day of training. Of whom it was asked in vain does not count; what was recorded wrongly is
    taken out on that day. n counts persons.
    """
    match event:
        case EnrolmentFollowedUp() if event.situation != "unknown":
            yield Count(event.ended_on, 1)
        case EnrolmentFollowUpCorrected() if event.situation_before != "unknown":
            yield Count(event.ended_on, -1)


@sums(unit="persons", dimensions=SESSION, contributor="trainee")
def placed_6_months(event: EnrolmentFollowedUp | EnrolmentFollowUpCorrected) -> Iterator[Count]:
    """People who had work six months after their training.

    Those of followed_up who were employed or self-employed six months after their last day of training, on that last
    day. n counts persons.
    """
    match event:
        case EnrolmentFollowedUp(placed=True):
            yield Count(event.ended_on, 1)
        case EnrolmentFollowUpCorrected(placed_before=True):
            yield Count(event.ended_on, -1)


@formula(unit="share", of=(followed_up, placed_6_months))
def placement_rate_6_months(known: Decimal, placed: Decimal) -> Decimal | None:
    """Share of the people who had work six months after their training.

    placed_6_months divided by followed_up: of those whose last day of training is in the period, on whom a jury has
    decided, certified or not, and of whom it is known. So of a period that ended less than six months ago there is
    none, or little. Rounded to four decimals, half up.
    """
    return _share(known, placed)


@sums(unit="hours", dimensions=SESSION, contributor="trainee")
def trainee_hours(event: EnrolmentHoursRecorded | EnrolmentHoursCorrected) -> Iterator[Count]:
    """Hours that trainees attended.

    As training bodies record them month by month, on the last day of the session in that month: also of whoever left
    before the end. Hours that were recorded wrongly are put right on that day. n counts persons.
    """
    if isinstance(event, EnrolmentHoursCorrected):
        yield Count(event.attended_on, -event.attended_before)
    yield Count(event.attended_on, event.attended)


@sums(unit="hours", dimensions=ROOM, contributor="trainee")
def trainee_hours_afpa(event: EnrolmentHoursRecorded | EnrolmentHoursCorrected) -> Iterator[Count]:
    """Hours that trainees of AFPA Issoudun attended.

    Those of trainee_hours in sessions of AFPA Issoudun, which are what its rooms are for. n counts persons.
    """
    if event.body is None:
        yield from trainee_hours.counts(event)


@levels(unit="m²", dimensions=ROOM, contributor="room")
def room_area(event: RoomSteps) -> Iterator[Corrected]:
    """Area of the training rooms in service.

    The m² of AFPA's rooms that sessions can use at the end of the day: a room that works close, or that is retired, is
    not in it. A corrected area counts from the day of the correction on, as far as the room is in service since. n
    counts rooms.
    """
    yield from _area(event)


@durations(unit="m²·days", dimensions=ROOM, contributor="room")
def room_area_days(event: RoomSteps) -> Iterator[Corrected]:
    """Area of the training rooms, day by day.

    room_area added up over the days of the period. What holds today is taken to hold on the days to come, where `to`
    asks for them; without it the days end today. n counts rooms.
    """
    for each in _area(event):
        yield Corrected(each.since, each.until, 7 * each.before, 7 * each.value)


@formula(unit="h/m²·year", of=(room_area_days, trainee_hours_afpa))
def training_density(area_days: Decimal, hours: Decimal) -> Decimal | None:
    """Hours of training per m² and year.

    trainee_hours_afpa per m² of room_area on an average day of the period, by the year: those of a month are taken
    times 365 divided by its days, so that months and years compare. Until today unless `to` asks for another day.
    Rounded to two decimals, half up; none while no room is in service. Hours of the current month are recorded once it
    is over.
    """
    return (DAYS_A_YEAR * hours / area_days).quantize(Decimal("0.01"), ROUND_HALF_UP) if area_days > 0 else None


def _share(whole: Decimal, part: Decimal) -> Decimal | None:
    return (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole > 0 else None


def _area(event: RoomSteps) -> Iterator[Corrected]:
    """How the area that sessions can use changes, and from when on."""
    match event:
        case RoomEnteredService() | RoomWorksEnded():
            yield Corrected(event.effective_on, None, 0, event.area)
        case RoomWorksBegan() | RoomRetired(status_before="in_service"):
            yield Corrected(event.effective_on, None, event.area, 0)
        case RoomCorrected(since=since) if since:
            yield Corrected(since, None, event.area_before, event.area)


CHAPTER: Final = Chapter(
    "training",
    courses,
    seats_open,
    sessions,
    seats_offered,
    enrolments,
    seat_fill_rate,
    training_ended,
    training_completed,
    completion_rate,
    certification_decided,
    certified,
    certification_rate,
    followed_up,
    placed_6_months,
    placement_rate_6_months,
    trainee_hours,
    trainee_hours_afpa,
    room_area,
    room_area_days,
    training_density,
    axis=5,
)
