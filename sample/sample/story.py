"""What a sample is made of: stories, each a row of requests to the public API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from contracts.category import Category

LAST_DAY: Final = date(2026, 6, 30)
"""Nothing of the sample happened later, but for what lies ahead on whichever day it is told."""


@dataclass(frozen=True)
class Made:
    """Stands in a body for the id that the service gave a record, of the same story unless told."""

    record: str
    story: str | None = None


@dataclass(frozen=True)
class Step:
    """A command, and the day it took effect."""

    on: date | None
    """None: the day it is sent, as of what is agreed by the hour, or held until a day to come."""
    category: Category
    record: str
    """The record's id, or, of one whose id the service gives, our name for it in the story."""
    command: str
    """As in the path: `report-headcount`."""
    body: Mapping[str, object]
    creates: bool = False
    """Whether it begins the record, for the first time or anew."""
    acts_for: Mapping[str, str] = field(default_factory=dict)
    """The organisations that whoever sends it acts for, by role: `{"company": "00000001800010"}`."""
    waits: bool = False
    """Whether it is refused until the platform has done by itself what follows of the steps before it."""


@dataclass(frozen=True)
class Story:
    """What happened to a company, or whoever it is about, in order."""

    name: str
    """Another for each story."""
    steps: Sequence[Step]
    follows: bool = False
    """Whether it needs what other stories tell, and so is told after them."""
