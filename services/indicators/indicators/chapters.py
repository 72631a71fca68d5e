"""Chapters: the indicators of one file, folded together and apart from all others.

A chapter has a generation, a subscription and marks of its own. One whose definitions have changed is folded anew
beside the one that serves, and no other chapter notices.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from contracts.model import Event
from indicators.measures import Formula, Indicator, Level, Measure, Observed, measures_of

FORMAT: Final = 2
"""Of the facts. Another one begins all generations anew."""


class Chapter:
    """The indicators of one file, in the order they are shown."""

    def __init__(self, name: str, *indicators: Indicator, axis: int | None = None) -> None:
        self.name = name
        self.axis = axis
        """The axis of the programme whose figures it has; None where they are of several, or of none."""
        self.indicators = indicators
        self.measures = tuple(each for each in indicators if isinstance(each, Measure))

    @cached_property
    def events(self) -> frozenset[type[Event]]:
        """What its facts are made of."""
        return frozenset[type[Event]]().union(*(measure.events for measure in self.measures))

    @property
    def definitions(self) -> Mapping[str, Mapping[str, Any]]:
        """How its measures are folded."""
        return {
            each.name: {"version": each.version, "kind": each.kind, "dimensions": each.dimensions}
            for each in self.measures
        }

    @property
    def generation(self) -> str:
        """Names the definitions as a whole: facts of one generation never mix with those of another."""
        versions = sorted((measure.name, measure.version) for measure in self.measures)
        return sha256(repr((FORMAT, versions)).encode()).hexdigest()[:8]


class Catalogue(Mapping[str, Indicator]):
    """The indicators by name, chapter by chapter. TypeError where two collide or an input is missing."""

    targets: Level | None
    """What is aimed at, of all indicators."""

    def __init__(self, *chapters: Chapter, targets: Level | None = None) -> None:
        self.targets = targets
        self.chapters = {chapter.name: chapter for chapter in chapters}
        if len(self.chapters) != len(chapters):
            raise TypeError("two chapters have the same name")
        indicators = [indicator for chapter in chapters for indicator in chapter.indicators]
        if len({indicator.name for indicator in indicators}) != len(indicators):
            raise TypeError("two indicators have the same name")
        self.measures = tuple(measure for chapter in chapters for measure in chapter.measures)
        for indicator in (*indicators, *((targets,) if targets else ())):
            if not {*measures_of(indicator), *_told_beside(indicator)} <= set(self.measures):
                raise TypeError(f"{indicator.name} is computed of a measure that is not in the catalogue")
        self._axes = {each.name: chapter.axis for chapter in chapters for each in chapter.indicators}
        self._shown = {each.name: each for each in indicators if not isinstance(each, Measure) or each.shown}
        self._chapter_of = {measure.name: chapter for chapter in chapters for measure in chapter.measures}

    def chapter_of(self, measure: Measure) -> Chapter:
        """The chapter that a measure is folded in."""
        return self._chapter_of[measure.name]

    def axis_of(self, name: str) -> int | None:
        """The axis that an indicator is of, if it is there and of one."""
        return self._axes.get(name)

    def __getitem__(self, name: str) -> Indicator:
        return self._shown[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)


def _told_beside(indicator: Indicator) -> Iterator[Measure]:
    """What is read beside an indicator's own values: its breaks, and what its target is of."""
    if isinstance(indicator, Observed) and indicator.broken_by:
        yield indicator.broken_by
    if isinstance(indicator, Formula) and indicator.goal:
        yield from measures_of(indicator.goal.of)
