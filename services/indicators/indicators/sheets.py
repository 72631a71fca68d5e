"""How the actions of each axis get on [fiches-actions]: their states, milestones, budgets and spending.

They are not shown as figures: the programme's line of each axis is made of them. Whatever is told of an action counts
from its adoption on, but for its state.
"""

from collections.abc import Iterator
from typing import Final

from contracts.indicators.action import (
    ActionAbandoned,
    ActionAdopted,
    ActionDone,
    ActionHeld,
    ActionProposed,
    ActionResumed,
    ActionRevised,
    ActionStarted,
    BudgetChanged,
    MilestoneAdded,
    MilestoneCorrected,
    MilestoneDropped,
    MilestoneReached,
    MilestoneReplanned,
    SpendingCorrected,
    SpendingRecorded,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, Stand, levels, sums

AXIS: Final[tuple[Name, ...]] = ("axis",)


@levels(unit="actions", dimensions=("axis", "status"), contributor="action", shown=False)
def actions(
    event: ActionProposed
    | ActionRevised
    | ActionAdopted
    | ActionStarted
    | ActionHeld
    | ActionResumed
    | ActionDone
    | ActionAbandoned,
) -> Iterator[Stand]:
    """Actions of the programme.

    Every action that was ever proposed, in the state and along the axis that it has at the end of the day.
    """
    yield Stand(1, dimensions={"status": event.status})


@sums(unit="milestones", dimensions=AXIS, contributor="action", shown=False)
def action_milestones_planned(
    event: ActionAdopted | ActionAbandoned | MilestoneAdded | MilestoneDropped,
) -> Iterator[Count]:
    """Milestones that count.

    Those of actions that are adopted, reached or still to be reached; neither one that was dropped, nor what was still
    to be reached when its action was abandoned.
    """
    match event:
        case ActionAdopted():
            yield Count(event.effective_on, len(event.milestones))
        case ActionAbandoned():
            adopted = [each for each in event.milestones if each.late_from]
            yield Count(event.effective_on, -len(adopted))
        case MilestoneAdded(late_from=late) if late:
            yield Count(event.effective_on, 1)
        case MilestoneDropped(late_from=late) if late:
            yield Count(event.effective_on, -1)


@sums(unit="milestones", dimensions=AXIS, contributor="action", shown=False)
def action_milestones_reached(event: MilestoneReached | MilestoneCorrected) -> Iterator[Count]:
    """Milestones reached.

    On the day on which each was; where that was recorded wrongly, on the right one, or not at all.
    """
    if isinstance(event, MilestoneReached):
        yield Count(event.effective_on, 1)
        return
    yield Count(event.reached_before, -1)
    if event.reached_on:
        yield Count(event.reached_on, 1)


@sums(unit="milestones", dimensions=AXIS, contributor="action", shown=False)
def action_milestones_late(
    event: ActionAdopted
    | ActionAbandoned
    | MilestoneAdded
    | MilestoneReplanned
    | MilestoneReached
    | MilestoneDropped
    | MilestoneCorrected,
) -> Iterator[Count]:
    """Milestones that are late.

    Up to a day, one more from the day on which each is late by its plan as it was decided last, and one less from that
    on which it is reached or dropped, or its action abandoned. So what is added up to a day that is past, or is today,
    tells how many are late on it; what becomes late later is of a day to come.
    """
    match event:
        case ActionAdopted():
            yield from (Count(each.late_from, 1) for each in event.milestones if each.late_from)
        case ActionAbandoned():
            for each in event.milestones:
                if each.late_from:
                    yield Count(max(each.late_from, event.effective_on), -1)
        case MilestoneAdded(late_from=late) if late:
            yield Count(late, 1)
        case MilestoneReplanned(late_from=late, late_before=before) if late and before:
            yield Count(before, -1)
            yield Count(late, 1)
        case MilestoneReached(late_from=late) | MilestoneDropped(late_from=late) if late:
            yield Count(max(late, event.effective_on), -1)
        case MilestoneCorrected(late_from=late) if late:
            yield Count(max(late, event.reached_before), 1)
            if event.reached_on:
                yield Count(max(late, event.reached_on), -1)


@levels(unit="EUR", dimensions=AXIS, contributor="action", shown=False)
def action_budget(event: ActionAdopted | BudgetChanged | ActionAbandoned) -> int:
    """Budgets of the programme's actions.

    That of each action from its adoption on, until it is abandoned.
    """
    return 0 if isinstance(event, ActionAbandoned) else event.budget


@sums(unit="EUR", dimensions=AXIS, contributor="action", shown=False)
def action_spent(event: SpendingRecorded | SpendingCorrected) -> Iterator[Count]:
    """What was spent on the programme's actions.

    On the day on which it was; what was recorded wrongly is put right on the days that it was, and is, of. What was
    spent on an action that is abandoned stays spent.
    """
    if isinstance(event, SpendingRecorded):
        yield Count(event.effective_on, event.amount)
        return
    yield Count(event.paid_before, -event.amount_before)
    yield Count(event.paid_on, event.amount)


CHAPTER: Final = Chapter(
    "actions",
    actions,
    action_milestones_planned,
    action_milestones_reached,
    action_milestones_late,
    action_budget,
    action_spent,
)
