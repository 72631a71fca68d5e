"""Employment: a vacancy is replayed by who has its posts, and a hire counts by what it says in the end."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import (
    Computed,
    Flow,
    Happened,
    Held,
    Recounts,
    Share,
    Stock,
    Stream,
    held,
    ratio,
)


@dataclass
class Posts:
    """A vacancy at one moment."""

    number: int = 0
    accepted: set[str] = field(default_factory=set)
    is_open: bool = False

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        self.number = event.data["posts"]
        match event.type:
            case "VacancyOpened":
                self.is_open = True
            case "VacancyWithdrawn":
                self.is_open = False
            case "PostTaken":
                self.accepted.add(event.data["application"])
            case "PostFreed":
                self.accepted.remove(event.data["application"])

    @property
    def left(self) -> Decimal:
        """How many posts are open."""
        return Decimal(max(0, self.number - len(self.accepted)) if self.is_open else 0)

    @property
    def filled(self) -> bool:
        """Whether none is left of those there were."""
        return self.is_open and not self.left


def _open(stream: Stream) -> Iterator[Held]:
    vacancy, moments = Posts(), []
    for event in stream:
        vacancy.replay(event)
        moments.append(Share(event.day(), event.data, vacancy.left))
    return held(moments)


def _filled(stream: Stream) -> Iterator[Share]:
    vacancy = Posts()
    for event in stream:
        before = vacancy.filled
        vacancy.replay(event)
        if vacancy.filled != before:
            yield Share(event.day(), event.data, Decimal(vacancy.filled - before))


class Hire:
    """A hire as it stands in the end."""

    def __init__(self, events: Stream) -> None:
        self.told = events[-1].data
        self.begun = self.sustained = self.cancelled = False
        for event in events:
            self.begun = self.begun or event.type in ("HireConfirmed", "HireRecorded")
            self.cancelled = self.cancelled or event.type == "HireCancelled"
            if event.type in ("HireSustained", "HireOutcomeCorrected"):
                self.sustained = event.type == "HireSustained"

    def of(self, *groups: str) -> Iterator[Share]:
        """It, if it is of one of these groups; without any, whomever it is of."""
        told = {flag["group"] for flag in self.told.get("flags", ())}
        if self.begun and not self.cancelled and (not groups or told & {*groups}):
            yield Share(date.fromisoformat(self.told["hired_on"]), self.told, Decimal(1))

    def six_months_over(self) -> Iterator[Share]:
        """It, six months later."""
        for share in self.of():
            yield Share(six_months_after(share.on), share.told, share.value)

    def lasting(self) -> Iterator[Share]:
        """It, once it has lasted six months."""
        if self.sustained:
            yield Share(date.fromisoformat(self.told["sustained_on"]), self.told, Decimal(1))


def six_months_after(day: date) -> date:
    """The same day of the month, or else the last one."""
    year, month = (day.year, day.month + 6) if day.month <= 6 else (day.year + 1, day.month - 6)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _hires(counts: Callable[[Hire], Iterable[Share]], *, so_far: bool = False) -> Flow:
    return Flow("hire", lambda stream: counts(Hire(stream)), so_far=so_far)


RECOUNTS: Final[Recounts] = {
    "vacancies_open": Stock("vacancy", _open),
    "vacancies_filled": Flow("vacancy", _filled),
    "hires": _hires(Hire.of),
    "hires_priority": _hires(lambda hire: hire.of("long_term", "very_long_term", "senior", "woman", "youth")),
    "hires_long_term": _hires(lambda hire: hire.of("long_term")),
    "hires_very_long_term": _hires(lambda hire: hire.of("very_long_term")),
    "hires_senior": _hires(lambda hire: hire.of("senior")),
    "hires_women": _hires(lambda hire: hire.of("woman")),
    "hires_youth": _hires(lambda hire: hire.of("youth")),
    "hires_sustained": _hires(Hire.lasting),
    "hires_over_6m": _hires(Hire.six_months_over, so_far=True),
    "sustained_rate_6m": Computed(
        ("hires_over_6m", "hires_sustained"), lambda over, sustained: ratio(sustained, over, "0.0001")
    ),
}
