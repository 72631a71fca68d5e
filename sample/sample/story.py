"""What a sample is made of: stories, each a row of requests to the public API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.category import Category

LAST_DAY: Final = date(2026, 6, 30)
"""Nothing of the sample happened later."""


@dataclass(frozen=True)
class Step:
    """A command, and the day it took effect."""

    on: date
    category: Category
    record: str
    """The record's id, or, of one whose id the service gives, our name for it in the story."""
    command: str
    """As in the path: `report-headcount`."""
    body: Mapping[str, object]
    creates: bool = False
    """Whether it begins the record, for the first time or anew."""


@dataclass(frozen=True)
class Story:
    """What happened to a company, or whoever it is about, in order."""

    name: str
    """Another for each story."""
    steps: Sequence[Step]
