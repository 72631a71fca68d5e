"""Paths: each is replayed to what it was on every day, as was said last; persons are hired by the hires they have."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final

from indicators.recounts.counting import (
    Computed,
    Distinct,
    Flow,
    Held,
    Quantile,
    Recounts,
    Share,
    Stock,
    Stream,
    ratio,
)
from indicators.recounts.employment import Hire, six_months_after

ANY: Final = ("long_term", "very_long_term", "senior", "woman", "youth")
ONE: Final = Decimal(1)


@dataclass
class Stay:
    """Since when a path was with an agency, and its person in some groups."""

    since: date
    agency: str
    flags: list[Any]


class Path:
    """A path as it stands in the end."""

    def __init__(self, events: Stream) -> None:
        self.told = events[-1].data
        self.stays: list[Stay] = []
        self.over: date | None = None
        self.exited: date | None = None
        self.reason: str | None = None
        for event in events:
            said = event.data
            match event.type:
                case "PathReferred" | "PathHandedOver" | "PathFlagsGiven":
                    if self.stays and self.stays[-1].since == event.day():
                        self.stays.pop()
                    self.stays.append(Stay(event.day(), said["agency"], said["flags"]))
                case "PathReferralCorrected":
                    self.stays[0].since = event.day("referred_on")
                case "PathFlagsCorrected":
                    self._put_right(said["flags"])
                case "PathExited":
                    self.over = self.exited = event.day()
                    self.reason = said["reason"]
                case "PathExitCorrected":
                    self.reason = said["exit_reason"]
                case "PathErased":
                    self.over = self.over or event.day()

    def _put_right(self, flags: list[Any]) -> None:
        """What holds last had never been so."""
        wrong = self.stays[-1].flags
        for stay in takewhile(lambda stay: stay.flags == wrong, reversed(self.stays)):
            stay.flags = flags

    @property
    def is_one(self) -> bool:
        """Whether it was not entered by mistake."""
        return self.reason != "entered_by_mistake"

    @property
    def six_months_on(self) -> date:
        """The day six months after the referral."""
        return six_months_after(date.fromisoformat(self.told["referred_on"]))

    def active(self, groups: tuple[str, ...] = ()) -> Iterator[Held]:
        """When it was active, in one of these groups if there are any."""
        ends = [*(stay.since for stay in self.stays[1:]), self.over]
        for stay, until in zip(self.stays, ends, strict=True):
            is_of = not groups or any(flag["group"] in groups for flag in stay.flags)
            if is_of and stay.since != until:
                yield Held(stay.since, until, {**self.told, "agency": stay.agency}, ONE)

    def referred(self) -> Iterator[Share]:
        """It, on the day of the referral."""
        if self.is_one:
            yield Share(date.fromisoformat(self.told["referred_on"]), self.told, ONE)

    def six_months_over(self) -> Iterator[Share]:
        """It, six months later."""
        if self.is_one:
            yield Share(self.six_months_on, self.told, ONE)

    def reached(self) -> Iterator[Share]:
        """It, where a job began until then."""
        access = self.told["access"]
        if self.is_one and access and date.fromisoformat(access["hired_on"]) <= self.six_months_on:
            yield Share(self.six_months_on, self.told, ONE)

    def days(self) -> Iterator[Share]:
        """How many it took until the first job."""
        if self.is_one and (access := self.told["access"]):
            hired_on = date.fromisoformat(access["hired_on"])
            yield Share(hired_on, self.told, Decimal((hired_on - date.fromisoformat(self.told["referred_on"])).days))

    def left(self) -> Iterator[Share]:
        """It, on the day of the exit."""
        if self.is_one and self.exited:
            yield Share(self.exited, {**self.told, "exit_reason": self.reason}, ONE)


def _active(*groups: str) -> Stock:
    return Stock("path", lambda stream: Path(stream).active(groups), contributor="seeker")


def _paths(counts: Callable[[Path], Iterable[Share]], *, so_far: bool = False) -> Flow:
    return Flow("path", lambda stream: counts(Path(stream)), contributor="seeker", so_far=so_far)


def _persons(*groups: str) -> Distinct:
    return Distinct("hire", lambda stream: Hire(stream).of(*groups), contributor="seeker")


RECOUNTS: Final[Recounts] = {
    "paths_active": _active(),
    "paths_active_priority": _active(*ANY),
    "paths_active_long_term": _active("long_term"),
    "paths_active_very_long_term": _active("very_long_term"),
    "paths_active_senior": _active("senior"),
    "paths_active_women": _active("woman"),
    "paths_active_youth": _active("youth"),
    "referrals": _paths(Path.referred),
    "referrals_over_6m": _paths(Path.six_months_over, so_far=True),
    "referrals_to_jobs_6m": _paths(Path.reached, so_far=True),
    "access_to_employment_6m": Computed(
        ("referrals_over_6m", "referrals_to_jobs_6m"), lambda over, reached: ratio(reached, over, "0.0001")
    ),
    "days_to_hire": Quantile("path", lambda stream: Path(stream).days(), contributor="seeker"),
    "path_exits": _paths(Path.left),
    "persons_hired": _persons(),
    "persons_hired_priority": _persons(*ANY),
    "persons_hired_long_term": _persons("long_term"),
    "persons_hired_very_long_term": _persons("very_long_term"),
    "persons_hired_senior": _persons("senior"),
    "persons_hired_women": _persons("woman"),
    "persons_hired_youth": _persons("youth"),
}
