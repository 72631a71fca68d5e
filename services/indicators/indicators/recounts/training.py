"""Training: a session and an enrolment count as they stand in the end, a room for its area from day to day."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import (
    Computed,
    Flow,
    Happened,
    Held,
    Recounts,
    Share,
    Stock,
    Stream,
    Weekly,
    held,
    ratio,
)

OFFERED: Final = ("open", "confirmed", "running")
OFFERING: Final = (
    *("SessionOpened", "SessionSeatsChanged", "SessionConfirmed", "SessionBegan", "SessionCompleted"),
    *("SessionPostponed", "SessionRescheduled", "SessionCancelled"),
)
"""What changes how many seats a session offers."""


def _courses(stream: Stream) -> Iterator[Held]:
    told = {**stream[0].data, "course": stream[0].stream}
    return held(
        Share(event.day(), told, Decimal(event.type == "CourseRegistered"))
        for event in stream
        if event.type in ("CourseRegistered", "CourseWithdrawn")
    )


def _open(stream: Stream) -> Iterator[Held]:
    """The seats of a session, dealt out one by one among its occupations."""
    moments: dict[str, list[Share]] = defaultdict(list)
    for event in stream:
        if event.type in OFFERING:
            seats, romes = event.data["seats"] if event.data["status"] in OFFERED else 0, event.data["romes"]
            for place, rome in enumerate(romes):
                told = {**event.data, "session": event.stream, "rome": rome}
                moments[rome].append(Share(event.day(), told, Decimal(len(range(place, seats, len(romes))))))
    for each in moments.values():
        yield from held(each)


def _held(number: Callable[[Mapping[str, Any]], int]) -> Flow:
    """What sessions come to that have begun and were not broken off, on their first day."""

    def counts(stream: Stream) -> Iterator[Share]:
        began = any(event.type == "SessionBegan" for event in stream)
        if began and not any(event.type == "SessionCancelled" for event in stream):
            last = stream[-1].data
            yield Share(stream[-1].day("starts_on"), {**last, "session": stream[0].stream}, Decimal(number(last)))

    return Flow("session", counts, contributor="session")


class Enrolment:
    """An enrolment as it stands in the end."""

    def __init__(self, events: Stream) -> None:
        self.told = events[0].data
        self.began: date | None = None
        self.ended: date | None = None
        self.completed = False
        self.certified: bool | None = None
        self.situation = "unknown"
        self.hours: dict[str, tuple[date, Decimal]] = {}
        for event in events:
            self.replay(event)

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        match event.type:
            case "EnrolmentBegan":
                self.began = event.day("starts_on")
            case "EnrolmentCancelled":
                self.began = None
            case "EnrolmentCompleted" | "EnrolmentDropped":
                self.ended, self.completed = event.day("ended_on"), event.type == "EnrolmentCompleted"
            case "EnrolmentOutcomeCorrected":
                self.ended = None
            case "EnrolmentCertified" | "EnrolmentNotCertified":
                self.certified = event.type == "EnrolmentCertified"
            case "EnrolmentCertificationUndone":
                self.certified = None
            case "EnrolmentFollowedUp":
                self.situation = event.data["situation"]
            case "EnrolmentFollowUpCorrected":
                self.situation = "unknown"
            case "EnrolmentHoursRecorded" | "EnrolmentHoursCorrected":
                self.hours[event.data["month"]] = event.day("attended_on"), Decimal(str(event.data["attended"]))


def _once(counts: Callable[[Enrolment], bool]) -> Flow:
    """Those whose training has ended, on their last day, of whom something is so."""

    def shares(stream: Stream) -> Iterator[Share]:
        enrolment = Enrolment(stream)
        if enrolment.ended and counts(enrolment):
            yield Share(enrolment.ended, enrolment.told, Decimal(1))

    return Flow("enrolment", shares, contributor="trainee")


def _began(stream: Stream) -> Iterator[Share]:
    enrolment = Enrolment(stream)
    if enrolment.began:
        yield Share(enrolment.began, enrolment.told, Decimal(1))


def _hours(stream: Stream, *, afpa_only: bool = False) -> Iterator[Share]:
    enrolment = Enrolment(stream)
    if enrolment.told["body"] is None or not afpa_only:
        for on, attended in enrolment.hours.values():
            yield Share(on, enrolment.told, attended)


def _area(stream: Stream, *, times: int = 1) -> Iterator[Held]:
    """What each event changes of the area in service, from its day on: a correction is no step, and may be of any."""
    area, latest = Decimal(0), stream[0].day()
    for event in stream:
        since = event.day()
        if event.type == "RoomCorrected":
            since = max(since, latest)
        else:
            latest = since
        now = Decimal(str(event.data["area"])) if event.data["status"] == "in_service" else Decimal(0)
        if now != area:
            yield Held(since, None, stream[0].data, times * (now - area))
        area = now


RECOUNTS: Final[Recounts] = {
    "courses": Stock("course", _courses, contributor="course"),
    "seats_open": Stock("session", _open, contributor="session"),
    "sessions": _held(lambda _: 1),
    "seats_offered": _held(lambda session: session["seats"]),
    "enrolments": Flow("enrolment", _began, contributor="trainee"),
    "seat_fill_rate": Computed(("seats_offered", "enrolments"), lambda seats, began: ratio(began, seats, "0.0001")),
    "training_ended": _once(lambda _: True),
    "training_completed": _once(lambda enrolment: enrolment.completed),
    "completion_rate": Computed(
        ("training_ended", "training_completed"), lambda ended, completed: ratio(completed, ended, "0.0001")
    ),
    "certification_decided": _once(lambda enrolment: enrolment.certified is not None),
    "certified": _once(lambda enrolment: enrolment.certified is True),
    "certification_rate": Computed(
        ("certification_decided", "certified"), lambda decided, there: ratio(there, decided, "0.0001")
    ),
    "followed_up": _once(lambda enrolment: enrolment.situation != "unknown"),
    "placed_6_months": _once(lambda enrolment: enrolment.situation in ("employed", "self_employed")),
    "placement_rate_6_months": Computed(
        ("followed_up", "placed_6_months"), lambda known, placed: ratio(placed, known, "0.0001")
    ),
    "trainee_hours": Flow("enrolment", _hours, contributor="trainee"),
    "trainee_hours_afpa": Flow("enrolment", lambda stream: _hours(stream, afpa_only=True), contributor="trainee"),
    "room_area": Stock("room", _area, contributor="room"),
    "room_area_days": Weekly("room", lambda stream: _area(stream, times=7), contributor="room"),
    "training_density": Computed(
        ("room_area_days", "trainee_hours_afpa"), lambda area_days, hours: ratio(365 * hours, area_days, "0.01")
    ),
}
