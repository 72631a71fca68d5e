"""What happens to a target of the programme [objectif], the stream `target-<id>`.

A target is a level: from the day on which it is set or revised its value is the one that the event says, and there is
none any more from the day on which it is withdrawn. A correction changes it back to the day from which it held.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Event
from contracts.values import Axis, Dimensions, FigureValue, IndicatorName, ShortText

CATEGORY: Final = Category("target", service="indicators", path="/v1/targets")

Aim = Literal["at_least", "at_most"]
"""From which side a target is reached: `at_least` 30 companies, `at_most` 5 % of unemployment."""
TargetStatus = Literal["set", "revised", "withdrawn"]
TargetCorrection = Literal["typing_error", "late_document", "other"]
TargetWithdrawal = Literal["replaced", "given_up", "not_measured", "entered_by_mistake", "other"]


class _Target(Event):
    indicator: IndicatorName
    title: ShortText
    """What the indicator is called in the catalogue, in English."""
    unit: ShortText
    """That of the indicator, and so of the values."""
    dimensions: Dimensions
    """Which part of the indicator it is for; all of it where there are none."""
    axis: Axis | None
    """The axis that it is a target of; none of a target of the programme as a whole."""
    aim: Aim


class TargetSet(_Target, version=1):
    """The committee aims at a value by a day."""

    value: FigureValue
    due: Day
    """The day by which it is to be reached."""


class TargetRevised(_Target, version=1):
    """The committee aims at another value, or by another day."""

    value_before: FigureValue
    value: FigureValue
    due_before: Day
    due: Day


class TargetCorrected(_Target, Correction, version=1):
    """The value or the day were recorded wrongly when they were last decided."""

    value_before: FigureValue
    value: FigureValue
    due_before: Day
    due: Day
    since: Day
    """The day of that decision: the right ones hold from then on."""
    reason: TargetCorrection


class TargetWithdrawn(_Target, version=1):
    """The committee does not aim at it any more."""

    value_before: FigureValue
    due_before: Day
    reason: TargetWithdrawal
