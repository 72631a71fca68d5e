"""What happens to an action of the programme [fiche-action], the stream `action-<id>`.

Each event says the axis, the pilot, and the status and the budget after it. What happens to its milestones and its
spending is no step: it may be told in any order, each on its own day.

A milestone is late from its `late_from` on, until it is reached or dropped, or the action is abandoned. Whoever counts
one more on that day, and one less on the day that ends it (on `late_from`, where that is later), knows how many are
late on any day.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import Axis, Euros, IndicatorName, Ordinal, ShortText, SomeEuros

CATEGORY: Final = Category("action", service="indicators", path="/v1/actions")

ActionStatus = Literal["proposed", "adopted", "in_progress", "on_hold", "done", "abandoned"]
Pilot = Literal["network", "town_hall", "epci", "region", "state", "afpa", "mission_locale", "france_travail"]
"""The organisations that may pilot an action: roles that there is one organisation of."""
Partner = Literal[Pilot, "company", "school", "training_body"]
"""Who may take part: these, and companies, schools and training bodies, which are not told apart."""
HoldReason = Literal["financing", "permit", "partner", "staff", "other"]
AbandonmentReason = Literal["financing", "permit", "partner", "change_of_plan", "entered_by_mistake", "other"]
DropReason = Literal["not_needed", "replaced", "entered_by_mistake", "other"]
ActionCorrection = Literal["typing_error", "late_document", "other"]


class _Action(Event):
    axis: Axis
    pilot: Pilot
    """Who answers for it, after the event."""
    status: ActionStatus
    """After the event. What is no step leaves it as it is when that is recorded."""
    budget: Euros
    """After the event. It counts from the adoption on."""


class PlannedMilestone(Detail):
    """A milestone that is still to be reached."""

    milestone: Ordinal
    title: ShortText
    planned_on: Day
    late_from: Day | None
    """As of other milestones' events."""


class _Sheet(_Action):
    title: ShortText
    partners: tuple[Partner, ...]
    planned_from: Day
    """The first day that it is planned for."""
    planned_until: Day
    """The last one."""
    indicators: tuple[IndicatorName, ...]
    """Those that it is to move."""


class ActionProposed(_Sheet, version=1):
    """An action was proposed to the committee."""


class ActionRevised(_Sheet, version=1):
    """The sheet of a proposed action was written anew."""

    axis_before: Axis
    pilot_before: Pilot
    budget_before: Euros


class ActionAdopted(_Action, version=1):
    """The committee adopted it: its budget counts, and its milestones are expected."""

    planned_from: Day
    planned_until: Day
    milestones: tuple[PlannedMilestone, ...]
    """All that are planned by then."""


class ActionStarted(_Action, version=1):
    """Work on it has begun."""

    planned_from: Day
    """The day on which it was to begin."""


class ActionHeld(_Action, version=1):
    """It waits for something. Its milestones are still expected on their days."""

    reason: HoldReason


class ActionResumed(_Action, version=1):
    """It goes on."""


class ActionDone(_Action, version=1):
    """It is done: each of its milestones was reached or dropped."""

    planned_until: Day
    """The day by which it was to be done."""
    spent: Euros
    """What was spent on it so far."""


class ActionAbandoned(_Action, version=1):
    """It will not be done. Its budget does not count any more, and what was spent stays spent."""

    reason: AbandonmentReason
    status_before: ActionStatus
    spent: Euros
    milestones: tuple[PlannedMilestone, ...]
    """Those that had not been reached: nobody expects them any more."""


class PilotChanged(_Action, version=1):
    """Another organisation pilots it, or others take part."""

    pilot_before: Pilot
    partners: tuple[Partner, ...]


class BudgetChanged(_Action, version=1):
    """The committee gives it more money, or less."""

    budget_before: Euros
    spent: Euros
    """What was spent on it so far; never more than the budget."""


class _Milestone(_Action):
    milestone: Ordinal
    """Which milestone of this action."""
    planned_on: Day
    """The day that it is planned for."""
    late_from: Day | None
    """The day after it, or that on which the action was adopted if that is later; none before it is adopted."""


class MilestoneAdded(_Milestone, Aside, version=1):
    """There is a milestone more."""

    title: ShortText


class MilestoneReplanned(_Milestone, Aside, version=1):
    """A milestone that had not been reached is planned for another day."""

    planned_before: Day
    late_before: Day | None
    """From when on it would have been late."""


class MilestoneReached(_Milestone, Aside, version=1):
    """A milestone was reached, on the day on which this took effect."""


class MilestoneDropped(_Milestone, Aside, version=1):
    """A milestone that had not been reached is given up."""

    reason: DropReason


class MilestoneCorrected(_Milestone, Correction, version=1):
    """The day on which a milestone was reached was recorded wrongly, or it was not reached at all."""

    reached_before: Day
    reached_on: Day | None
    """None where it was not reached."""
    reason: ActionCorrection


class SpendingRecorded(_Action, Aside, version=1):
    """Money of the budget was spent, on the day on which this took effect."""

    spending: Ordinal
    """Which spending of this action."""
    amount: SomeEuros
    """This spending."""
    spent: Euros
    """What was spent on it in all, this included."""


class SpendingCorrected(_Action, Correction, version=1):
    """A spending was recorded wrongly: its amount, where 0 takes it back, or its day."""

    spending: Ordinal
    amount_before: Euros
    amount: Euros
    paid_before: Day
    """The day that it had been recorded for."""
    paid_on: Day
    spent: Euros
    """What was spent on it in all, with this correction."""
    reason: ActionCorrection
